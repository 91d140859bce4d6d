/* A small HTTP/1.1 server for benchmarks and rollout tests: every request is answered 200 with the container's hostname.
 * One process, epoll, keep-alive and pipelining; request bodies are not read. The port is the first argument, 8080 without one.
 * It exits at once on SIGTERM; with the second argument "finish" as a well-behaved server does: each further answer says that
 * its connection is closed, and it exits when the last one is, or after five seconds. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 65536, REQUEST_CAPACITY = 8192, EVENTS_AT_ONCE = 256, FINISH_SECONDS = 5, ONE_LOOK_MS = 50 };

struct client {
  size_t length; /* bytes of an unfinished request */
  char request[REQUEST_CAPACITY];
};

static struct client *clients[MAX_CLIENTS]; /* by file descriptor */
static int client_count;
static char response[512], last_response[512];
static size_t response_length, last_response_length;
static volatile sig_atomic_t finishing;

static void stop(int signal_number) {
  (void)signal_number;
  _exit(0);
}

static void finish(int signal_number) {
  (void)signal_number;
  finishing = 1;
  alarm(FINISH_SECONDS);
}

static void forget(int socket) {
  free(clients[socket]);
  clients[socket] = NULL;
  client_count--;
  close(socket); /* leaves the epoll set by itself */
}

/* HTTP/1.0 clients (ab without -k) expect the server to close, as does anyone who sends "Connection: close". */
static int wants_close(const char *request) {
  const char *line_end = strstr(request, "\r\n");
  int old = line_end != NULL && line_end - request > 8 && strncmp(line_end - 8, "HTTP/1.0", 8) == 0;
  if (old) return strcasestr(request, "\r\nConnection: keep-alive") == NULL;
  return strcasestr(request, "\r\nConnection: close") != NULL;
}

/* Answers every complete request in the buffer; returns 0 when the connection is finished. */
static int answer_requests(int socket, struct client *client) {
  char *start = client->request;
  char *end;
  client->request[client->length] = '\0';
  while ((end = strstr(start, "\r\n\r\n")) != NULL) {
    end[2] = '\0';
    int last = finishing || wants_close(start);
    const char *answer = finishing ? last_response : response;
    size_t length = finishing ? last_response_length : response_length;
    if (send(socket, answer, length, MSG_NOSIGNAL) != (ssize_t)length || last) return 0;
    start = end + 4;
  }
  client->length -= (size_t)(start - client->request);
  memmove(client->request, start, client->length);
  return client->length < REQUEST_CAPACITY - 1;
}

static void serve(int socket) {
  struct client *client = clients[socket];
  ssize_t count = recv(socket, client->request + client->length, REQUEST_CAPACITY - 1 - client->length, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) client->length += (size_t)count;
  if (count <= 0 || !answer_requests(socket, client)) forget(socket);
}

static void welcome(int listener, int poller) {
  int yes = 1, socket;
  while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = socket};
    if (socket >= MAX_CLIENTS || (clients[socket] = calloc(1, sizeof(struct client))) == NULL) {
      close(socket);
      continue;
    }
    client_count++;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    epoll_ctl(poller, EPOLL_CTL_ADD, socket, &readable);
  }
}

int main(int argc, char **argv) {
  int finishes = argc > 2 && strcmp(argv[2], "finish") == 0;
  struct sigaction on_stop = {.sa_handler = finishes ? finish : stop}, on_alarm = {.sa_handler = stop};
  sigaction(SIGTERM, &on_stop, NULL);
  sigaction(SIGINT, &on_stop, NULL);
  sigaction(SIGALRM, &on_alarm, NULL);

  char hostname[256] = "";
  gethostname(hostname, sizeof hostname - 1);
  const char *format = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n%sContent-Length: %zu\r\n\r\n%s\n";
  size_t length = strlen(hostname) + 1;
  response_length = (size_t)snprintf(response, sizeof response, format, "", length, hostname);
  last_response_length =
      (size_t)snprintf(last_response, sizeof last_response, format, "Connection: close\r\n", length, hostname);

  int yes = 1, port = argc > 1 ? atoi(argv[1]) : 8080;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int poller = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  struct epoll_event readable = {.events = EPOLLIN, .data.fd = listener};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, SOMAXCONN) < 0 ||
      epoll_ctl(poller, EPOLL_CTL_ADD, listener, &readable) < 0) {
    fprintf(stderr, "bench-http: cannot listen on TCP port %d: %s\n", port, strerror(errno));
    return 1;
  }
  printf("bench-http: %s listening on TCP port %d\n", hostname, port);
  fflush(stdout);

  for (;;) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(poller, events, EVENTS_AT_ONCE, finishing ? ONE_LOOK_MS : -1);
    if (finishing && count == 0 && client_count == 0) return 0;
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listener)
        welcome(listener, poller);
      else
        serve(events[i].data.fd);
    }
  }
}
