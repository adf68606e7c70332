/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Sends messages through a node's local API and waits until each is receipted.
 *
 *   load pipelined SOCKET BODY CONNECTIONS WINDOW SECONDS   opens cases for SECONDS
 *   load count     SOCKET BODY CONNECTIONS WINDOW MESSAGES  opens that many
 *   load single    SOCKET BODY MESSAGES                     one at a time, the next when the last is receipted
 *
 * BODY is a file with the JSON of POST /v1/cases; each connection has up to WINDOW requests unanswered. Prints one flat
 * JSON object. The summary of the outbox says when all is receipted: nothing else may be sent at the same time. At most
 * BACKLOG_MAX messages are without a receipt at any time, as with a broker's unconfirmed ones. */

enum {
  BACKLOG_MAX = 2048,
  WATCH_S_PARTS = 20,
  CONNECTIONS_MAX = 250,
  WINDOW_MAX = 64,
  ANSWER_MAX = 64 << 10,
  TIMES_MAX = 100000,
  PATIENCE_S = 120,
  /* Between two questions of `single` for the outbox. Each costs the sender about as much as a tenth of a message: one
   * asked five times as often took a third of a processor from what is measured. */
  SINGLE_PAUSE_US = 1000
};

static const char post_head[] = "POST /v1/cases HTTP/1.1\r\nHost: wasl\r\nContent-Type: application/json\r\n"
                                "Content-Length: %zu\r\n\r\n";
static const char summary_request[] = "GET /v1/outbox/summary HTTP/1.1\r\nHost: wasl\r\n\r\n";

struct text {
  char *data;
  size_t size;
};
struct connection {
  int fd;
  unsigned unanswered;
  size_t to_send, sent; /* whole requests, one after the other: to_send octets of repeated text */
  size_t held;
  char answer[ANSWER_MAX];
};
struct outbox {
  long long open, receipted, refused;
};

__attribute__((noreturn, format(printf, 1, 2))) static void stop(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("bench/load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static unsigned long number(const char *text, unsigned long most) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value == 0 || value > most)
    stop("%s: a number from 1 to %lu is wanted", text, most);
  return value;
}

/* The request as it goes over the socket. */
static struct text read_request(const char *path) {
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &status) != 0)
    stop("%s: %s", path, strerror(errno));
  size_t size = (size_t)status.st_size, room = size + sizeof post_head + 32;
  char *data = malloc(room);
  if (data == NULL)
    stop("out of memory");
  int head = snprintf(data, room, post_head, size);
  if (read(fd, data + head, size) != (ssize_t)size)
    stop("%s: cannot be read", path);
  close(fd);
  return (struct text){data, (size_t)head + size};
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >= sizeof address.sun_path)
    stop("%s: too long for the name of a socket", path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
    stop("%s: %s", path, strerror(errno));
  return fd;
}

/* --- answers */

/* The size of the first answer in the text, 0 while it is not whole. */
static size_t answer_size(const char *text, size_t size, size_t *out_body) {
  const char *end = memmem(text, size, "\r\n\r\n", 4);
  if (end == NULL)
    return 0;
  size_t head = (size_t)(end - text) + 4, length = 0;
  for (const char *at = text; at < end; at = (const char *)memchr(at, '\n', head - (size_t)(at - text)) + 1)
    if (strncasecmp(at, "Content-Length:", 15) == 0)
      length = strtoul(at + 15, NULL, 10);
  *out_body = head;
  return size >= head + length ? head + length : 0;
}

static void check_status(const char *text, size_t size) {
  static const char good[] = "HTTP/1.1 20";
  if (size < sizeof good || memcmp(text, good, sizeof good - 1) != 0)
    stop("the node refused: %.*s", (int)(size < 1000 ? size : 1000), text);
}

static void receive_some(struct connection *connection) {
  if (connection->held == sizeof connection->answer)
    stop("an answer of more than %zu octets", sizeof connection->answer);
  ssize_t got =
      read(connection->fd, connection->answer + connection->held, sizeof connection->answer - connection->held);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (got <= 0)
    stop("the node ended a connection: %s", got < 0 ? strerror(errno) : "end of file");
  connection->held += (size_t)got;
}

/* How many answers came. */
static unsigned take_answers(struct connection *connection) {
  unsigned count = 0;
  size_t at = 0, size, body;
  while ((size = answer_size(connection->answer + at, connection->held - at, &body)) > 0) {
    check_status(connection->answer + at, size);
    at += size;
    count++;
  }
  memmove(connection->answer, connection->answer + at, connection->held - at);
  connection->held -= at;
  connection->unanswered -= count;
  return count;
}

/* --- asking one thing */

static void send_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t put = write(fd, data, size);
    if (put < 0)
      stop("cannot send: %s", strerror(errno));
    data += put;
    size -= (size_t)put;
  }
}

/* Blocking; the answer's body, ended by NUL. */
static const char *ask(struct connection *connection, const char *data, size_t size) {
  size_t whole, body;
  connection->held = 0;
  send_all(connection->fd, data, size);
  while ((whole = answer_size(connection->answer, connection->held, &body)) == 0)
    receive_some(connection);
  check_status(connection->answer, whole);
  if (whole == sizeof connection->answer)
    stop("an answer of %zu octets", whole);
  connection->answer[whole] = '\0';
  return connection->answer + body;
}

static long long member(const char *json, const char *name) {
  char key[32];
  snprintf(key, sizeof key, "\"%s\"", name);
  const char *at = strstr(json, key);
  if (at == NULL)
    stop("the summary of the outbox has no %s: %s", name, json);
  at += strlen(key);
  return strtoll(at + strspn(at, ": "), NULL, 10);
}

static struct outbox outbox_of(const char *json) {
  return (struct outbox){member(json, "waiting") + member(json, "under_way"), member(json, "receipted"),
                         member(json, "refused")};
}

static struct outbox summary(struct connection *connection) {
  return outbox_of(ask(connection, summary_request, sizeof summary_request - 1));
}

static void pause_us(long microseconds) {
  const struct timespec time = {.tv_nsec = microseconds * 1000};
  nanosleep(&time, NULL);
}

/* Until `count` more than before are receipted. */
static void await_receipts(struct connection *connection, const struct outbox *before, long long count, long pause) {
  double give_up = now() + PATIENCE_S;
  for (;;) {
    struct outbox at = summary(connection);
    if (at.receipted - before->receipted >= count)
      return;
    if (at.refused > before->refused)
      stop("the partner refused a message; `wasl outbox list` says why");
    if (now() > give_up)
      stop("%lld of %lld messages are not receipted after %d s", count - (at.receipted - before->receipted), count,
           PATIENCE_S);
    pause_us(pause);
  }
}

/* --- many at a time */

struct load {
  struct text request;
  size_t count;
  struct connection *connections;
  unsigned window;
  unsigned long begun, answered, most, receipted;
  double until;
  struct connection *watch; /* asks for the summary, WATCH_S_PARTS times a second */
  long long receipted_before;
  double watched;
};

static bool may_begin(const struct load *load) {
  return load->begun < load->most && load->begun - load->receipted < BACKLOG_MAX && now() < load->until;
}

/* Fills the connection's window; what the socket does not take goes on when it is writable. */
static void send_some(struct load *load, struct connection *connection) {
  for (;;) {
    if (connection->to_send == connection->sent) {
      if (connection->unanswered == load->window || !may_begin(load))
        return;
      connection->sent = 0;
      connection->to_send = load->request.size;
      connection->unanswered++;
      load->begun++;
    }
    ssize_t put = write(connection->fd, load->request.data + connection->sent, connection->to_send - connection->sent);
    if (put < 0 && errno == EAGAIN)
      return;
    if (put < 0)
      stop("cannot send: %s", strerror(errno));
    connection->sent += (size_t)put;
  }
}

static void watch_receipts(struct load *load, bool answered) {
  struct connection *watch = load->watch;
  size_t size = 0, body;
  if (answered)
    receive_some(watch);
  if (watch->unanswered > 0 && (size = answer_size(watch->answer, watch->held, &body)) > 0 &&
      size < sizeof watch->answer) {
    check_status(watch->answer, size);
    watch->answer[size] = '\0';
    load->receipted = (unsigned long)(outbox_of(watch->answer + body).receipted - load->receipted_before);
    watch->held = 0;
    watch->unanswered = 0;
  }
  if (watch->unanswered == 0 && now() - load->watched > 1.0 / WATCH_S_PARTS) {
    load->watched = now();
    watch->unanswered = 1;
    send_all(watch->fd, summary_request, sizeof summary_request - 1);
  }
}

/* Whether there is, or will be, something to do here. */
static bool unfinished(const struct load *load) {
  return load->answered < load->begun || load->watch->unanswered > 0 ||
         (load->begun < load->most && now() < load->until);
}

static void submit(struct load *load) {
  struct pollfd polled[CONNECTIONS_MAX + 1];
  for (size_t i = 0; i < load->count; i++)
    send_some(load, &load->connections[i]);
  while (unfinished(load)) {
    polled[load->count] = (struct pollfd){.fd = load->watch->fd, .events = POLLIN};
    for (size_t i = 0; i < load->count; i++) {
      const struct connection *connection = &load->connections[i];
      bool sending = connection->sent < connection->to_send;
      polled[i] = (struct pollfd){.fd = connection->fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0))};
    }
    if (poll(polled, load->count + 1, 1000 / WATCH_S_PARTS) < 0)
      stop("cannot wait: %s", strerror(errno));
    if (now() - load->watched > PATIENCE_S)
      stop("no answer for %d s", PATIENCE_S);
    watch_receipts(load, polled[load->count].revents != 0);
    for (size_t i = 0; i < load->count; i++) {
      if ((polled[i].revents & ~POLLOUT) != 0) {
        receive_some(&load->connections[i]);
        load->answered += take_answers(&load->connections[i]);
      }
      send_some(load, &load->connections[i]);
    }
  }
}

static int run_many(char **arguments, bool timed) {
  struct load load = {.request = read_request(arguments[1]),
                      .count = number(arguments[2], CONNECTIONS_MAX),
                      .window = (unsigned)number(arguments[3], WINDOW_MAX)};
  load.connections = calloc(load.count, sizeof *load.connections);
  struct connection *watch = calloc(1, sizeof *watch);
  if (load.connections == NULL || watch == NULL)
    stop("out of memory");
  watch->fd = connect_to(arguments[0]);
  for (size_t i = 0; i < load.count; i++) {
    load.connections[i].fd = connect_to(arguments[0]);
    fcntl(load.connections[i].fd, F_SETFL, O_NONBLOCK);
  }
  struct outbox before = summary(watch);
  watch->held = 0;
  load.watch = watch;
  load.receipted_before = before.receipted;
  double begun = now();
  load.watched = begun;
  load.until = begun + (timed ? (double)number(arguments[4], 86400) : 1e9);
  load.most = timed ? (unsigned long)-1 : number(arguments[4], 1000000000);
  submit(&load);
  double submitted = now();
  await_receipts(watch, &before, (long long)load.begun, 20000);
  double ended = now();
  printf("{\"messages\": %lu, \"submit_s\": %.6f, \"seconds\": %.6f}\n", load.begun, submitted - begun, ended - begun);
  for (size_t i = 0; i < load.count; i++)
    close(load.connections[i].fd);
  close(watch->fd);
  free(watch);
  free(load.connections);
  free(load.request.data);
  return 0;
}

/* --- one at a time */

static int by_size(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static int run_single(char **arguments) {
  struct text request = read_request(arguments[1]);
  size_t count = number(arguments[2], TIMES_MAX);
  double *times = calloc(count, sizeof *times), committed = 0;
  struct connection *connection = calloc(1, sizeof *connection);
  if (times == NULL || connection == NULL)
    stop("out of memory");
  connection->fd = connect_to(arguments[0]);
  struct outbox before = summary(connection);
  for (size_t i = 0; i < count; i++) {
    double begun = now();
    ask(connection, request.data, request.size);
    committed += now() - begun;
    await_receipts(connection, &before, 1, SINGLE_PAUSE_US);
    times[i] = now() - begun;
    before.receipted++;
  }
  qsort(times, count, sizeof *times, by_size);
  printf("{\"messages\": %zu, \"committed_ms\": %.4f, \"median_ms\": %.4f, \"p99_ms\": %.4f, \"most_ms\": %.4f}\n",
         count, committed / (double)count * 1e3, times[count / 2] * 1e3, times[count * 99 / 100] * 1e3,
         times[count - 1] * 1e3);
  close(connection->fd);
  free(connection);
  free(times);
  free(request.data);
  return 0;
}

int main(int count, char **arguments) {
  if (count == 7 && strcmp(arguments[1], "pipelined") == 0)
    return run_many(arguments + 2, true);
  if (count == 7 && strcmp(arguments[1], "count") == 0)
    return run_many(arguments + 2, false);
  if (count == 5 && strcmp(arguments[1], "single") == 0)
    return run_single(arguments + 2);
  fprintf(stderr, "usage: load pipelined|count SOCKET BODY CONNECTIONS WINDOW SECONDS|MESSAGES\n"
                  "       load single SOCKET BODY MESSAGES\n");
  return 2;
}
