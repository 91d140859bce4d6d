/*
 * slow-wire PORT TAP DELAY_MS LOSS_PERCENT: stands between a machine's port and the wire, for kernels without netem. What comes in by PORT goes
 * out by TAP, a new interface, after the delay, and some of it never; what comes in by TAP goes out by PORT at once. Prints "ready", then works
 * until it is killed. The caller plugs TAP into the bridge in place of PORT. Frames keep their offload headers, so large ones stay whole.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_BYTES (65536 + 256)
/* Beyond these a frame is lost, as on a wire that is full. */
#define MOST_WAITING 20000

struct frame {
  struct frame *next;
  int64_t due_ns;
  size_t length;
  char bytes[];
};

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int open_tap(const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (tap < 0) die("/dev/net/tun");
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(tap, TUNSETIFF, &request) < 0) die(name);
  return tap;
}

static int open_port(const char *name) {
  int yes = 1, room = 16 << 20;
  struct sockaddr_ll place = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  int port = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
  if (port < 0) die("packet socket");
  place.sll_ifindex = (int)if_nametoindex(name);
  if (place.sll_ifindex == 0) die(name);
  if (setsockopt(port, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof yes) < 0) die("PACKET_VNET_HDR");
  if (setsockopt(port, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) < 0) die("PACKET_IGNORE_OUTGOING");
  setsockopt(port, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (bind(port, (struct sockaddr *)&place, sizeof place) < 0) die(name);
  return port;
}

int main(int argc, char **argv) {
  static char bytes[MOST_BYTES];
  struct frame *first = NULL, **last = &first;
  int waiting = 0;
  if (argc != 5) {
    fprintf(stderr, "usage: slow-wire PORT TAP DELAY_MS LOSS_PERCENT\n");
    return 2;
  }
  int port = open_port(argv[1]), tap = open_tap(argv[2]);
  int64_t delay_ns = atoll(argv[3]) * 1000000;
  double loss = atof(argv[4]) / 100;
  srand48(getpid());
  printf("ready\n");
  fflush(stdout);

  for (;;) {
    struct pollfd sides[] = {{.fd = port, .events = POLLIN}, {.fd = tap, .events = POLLIN}};
    struct timespec patience, *until = NULL;
    if (first != NULL) {
      int64_t left = first->due_ns - now_ns();
      if (left < 0) left = 0;
      patience = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
      until = &patience;
    }
    if (ppoll(sides, 2, until, NULL) < 0 && errno != EINTR) die("poll");

    ssize_t length;
    while ((length = read(port, bytes, sizeof bytes)) > 0) {
      struct frame *frame;
      if (drand48() < loss || waiting >= MOST_WAITING) continue;
      frame = malloc(sizeof *frame + (size_t)length);
      if (frame == NULL) die("malloc");
      *frame = (struct frame){.due_ns = now_ns() + delay_ns, .length = (size_t)length};
      memcpy(frame->bytes, bytes, (size_t)length);
      *last = frame;
      last = &frame->next;
      waiting++;
    }
    while ((length = read(tap, bytes, sizeof bytes)) > 0) {
      if (write(port, bytes, (size_t)length) < 0 && errno == ENXIO) die("port");
    }
    for (int64_t now = now_ns(); first != NULL && first->due_ns <= now; waiting--) {
      struct frame *sent = first;
      /* One that the interface does not take is lost, as on any wire. */
      if (write(tap, sent->bytes, sent->length) < 0 && errno == EBADFD) die("tap");
      first = sent->next;
      if (first == NULL) last = &first;
      free(sent);
    }
  }
}
