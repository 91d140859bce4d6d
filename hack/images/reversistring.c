/* Demo service "reversi": answers a line reversed. */
#include "line-server.h"

static long reverse(char *line, size_t length) {
  for (size_t i = 0; i < length / 2; i++) {
    char first = line[i];
    line[i] = line[length - 1 - i];
    line[length - 1 - i] = first;
  }
  return (long)length;
}

int main(void) {
  return serve_lines("reversistring", 8005, reverse);
}
