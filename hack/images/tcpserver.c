/* Demo service "tcpserver": has a line turned into upper case by the Service "upper", reversed by the Service "reversi",
 * and answers its client. It finds the two by the variables that Kubernetes gives to every container, never by a fixed address. */
#include "line-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { UPSTREAM_SECONDS = 5 };

struct upstream {
  const char *name;
  const char *host_variable;
  const char *port_variable;
  struct sockaddr_in address;
};

static struct upstream upper = {.name = "upper", .host_variable = "UPPER_SERVICE_HOST", .port_variable = "UPPER_SERVICE_PORT"};
static struct upstream reversi = {
    .name = "reversi", .host_variable = "REVERSI_SERVICE_HOST", .port_variable = "REVERSI_SERVICE_PORT"};

static const char *variable(const struct upstream *service, const char *name) {
  const char *value = getenv(name);
  if (value == NULL) {
    fprintf(stderr, "tcpserver: %s is not set: the Service \"%s\" must exist before this container starts; ending, to be restarted\n",
            name, service->name);
    exit(1);
  }
  return value;
}

static void find(struct upstream *service) {
  const char *host = variable(service, service->host_variable);
  const char *port = variable(service, service->port_variable);
  int number = atoi(port);
  service->address.sin_family = AF_INET;
  service->address.sin_port = htons((unsigned short)number);
  if (number < 1 || number > 65535 || inet_pton(AF_INET, host, &service->address.sin_addr) != 1) {
    fprintf(stderr, "tcpserver: %s=%s, %s=%s: expected an IPv4 address and a port\n", service->host_variable, host,
            service->port_variable, port);
    exit(1);
  }
}

/* Replaces the line by the Service's answer; returns its length, or -1 after logging why there is none. */
static long ask(const struct upstream *service, char *line, long length) {
  struct timeval limit = {.tv_sec = UPSTREAM_SECONDS};
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  long answered = -1;
  if (connect(connection, (const struct sockaddr *)&service->address, sizeof service->address) == 0 &&
      write_line(connection, line, (size_t)length) == 0)
    answered = read_line(connection, line, LINE_CAPACITY);
  if (answered < 0) {
    int reason = errno == EAGAIN || errno == EINPROGRESS ? ETIMEDOUT : errno;
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &service->address.sin_addr, host, sizeof host);
    fprintf(stderr, "tcpserver: the Service \"%s\" at %s:%d gave no answer: %s; closing the client's connection without one\n",
            service->name, host, ntohs(service->address.sin_port), strerror(reason));
  }
  close(connection);
  return answered;
}

static long upper_then_reverse(char *line, size_t length) {
  long answered = ask(&upper, line, (long)length);
  return answered < 0 ? -1 : ask(&reversi, line, answered);
}

int main(void) {
  find(&upper);
  find(&reversi);
  return serve_lines("tcpserver", 8000, upper_then_reverse);
}
