/* Demo service "upper": answers a line in upper case. */
#include "line-server.h"

#include <ctype.h>

static long to_upper(char *line, size_t length) {
  for (size_t i = 0; i < length; i++) line[i] = (char)toupper((unsigned char)line[i]);
  return (long)length;
}

int main(void) {
  return serve_lines("upperstring", 8010, to_upper);
}
