/* The demo services' common part: accept, fork, read a line, hand it to the service's handler, answer, close.
 * It runs as PID 1 of its container, so that it must handle SIGTERM itself; it never keeps state between connections. */
#include "line-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { IDLE_CLIENT_SECONDS = 60, LAST_BYTES_SECONDS = 1 };

/* The other processes of the container end with PID 1: the kernel sees to it. */
static void stop(int signal_number) {
  (void)signal_number;
  _exit(0);
}

static void limit_waiting(int socket, int seconds) {
  struct timeval limit = {.tv_sec = seconds};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

long read_line(int socket, char *line, size_t capacity) {
  size_t length = 0;
  while (length < capacity) {
    ssize_t count = recv(socket, line + length, capacity - length, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0 && length == 0) {
      errno = ECONNRESET;
      return -1;
    }
    char *end = memchr(line + length, '\n', (size_t)count);
    length += (size_t)count;
    if (end != NULL) length = (size_t)(end - line);
    if (end != NULL || count == 0) {
      if (length > 0 && line[length - 1] == '\r') length--;
      return (long)length;
    }
  }
  errno = EMSGSIZE;
  return -1;
}

int write_line(int socket, const char *line, size_t length) {
  for (size_t sent = 0; sent < length;) {
    ssize_t count = send(socket, line + sent, length - sent, MSG_NOSIGNAL | MSG_MORE);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    sent += (size_t)count;
  }
  return send(socket, "\n", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* Closing with unread bytes would reset the connection and could destroy the answer on its way: read them first, for a moment. */
static void finish(int client) {
  char rest[4096];
  shutdown(client, SHUT_WR);
  limit_waiting(client, LAST_BYTES_SECONDS);
  while (recv(client, rest, sizeof rest, 0) > 0) {
  }
}

static void answer(int client, line_handler handler) {
  static char line[LINE_CAPACITY];
  limit_waiting(client, IDLE_CLIENT_SECONDS);
  long length = read_line(client, line, sizeof line);
  if (length < 0) return;
  length = handler(line, (size_t)length);
  if (length >= 0) write_line(client, line, (size_t)length);
  finish(client);
}

int serve_lines(const char *name, int port, line_handler handler) {
  struct sigaction on_stop = {.sa_handler = stop};
  sigaction(SIGTERM, &on_stop, NULL);
  sigaction(SIGINT, &on_stop, NULL);
  signal(SIGCHLD, SIG_IGN); /* children reap themselves */

  int yes = 1;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, SOMAXCONN) < 0) {
    fprintf(stderr, "%s: cannot listen on TCP port %d: %s\n", name, port, strerror(errno));
    return 1;
  }
  printf("%s: listening on TCP port %d\n", name, port);
  fflush(stdout);

  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) usleep(10000);
      continue;
    }
    pid_t child = fork();
    if (child == 0) {
      close(listener);
      answer(client, handler);
      _exit(0);
    }
    if (child < 0) fprintf(stderr, "%s: cannot serve a connection: %s\n", name, strerror(errno));
    close(client);
  }
}
