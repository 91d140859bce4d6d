/* A TCP server that reads one line per connection, answers one line and closes; the three demo services are built on it. */
#ifndef LINE_SERVER_H
#define LINE_SERVER_H

#include <stddef.h>

/* The longest line that is accepted, in bytes, with its end. */
enum { LINE_CAPACITY = 64 * 1024 };

/* Answers `line` (`length` bytes, no line end) in place; returns the answer's length, or -1 for "close without an answer". */
typedef long (*line_handler)(char *line, size_t length);

/* Listens on `port` on every address, a process for each connection, until SIGTERM. Returns only on an error, which is logged. */
int serve_lines(const char *name, int port, line_handler handler);

/* Reads up to the first line end or the peer's end of sending; returns the line's length without its end, -1 on an error. */
long read_line(int socket, char *line, size_t capacity);

/* Writes the line and a line end; returns -1 on an error. */
int write_line(int socket, const char *line, size_t length);

#endif
