/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/http.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* --- connecting */

static void set_patience(int fd, int which, unsigned seconds) {
  struct timeval patience = {.tv_sec = seconds};
  (void)setsockopt(fd, SOL_SOCKET, which, &patience, sizeof patience);
}

/* The folder's path may be longer than a socket's name may be, so the way goes through an open descriptor. */
static int connect_in(int dir) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/api.sock", dir);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  set_patience(fd, SO_SNDTIMEO, CLI_HTTP_CONNECT_S);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  base_close_fd(&fd);
  return -1;
}

struct user_name {
  char text[80];
};
static struct user_name user_name(uid_t uid) {
  struct user_name name;
  const struct passwd *found = getpwuid(uid);
  if (found != NULL)
    (void)snprintf(name.text, sizeof name.text, "%s", found->pw_name);
  else
    (void)snprintf(name.text, sizeof name.text, "number %u", (unsigned)uid);
  return name;
}

/* As sudo -u takes it. */
static struct user_name sudo_name(uid_t uid) {
  struct user_name name = user_name(uid);
  if (getpwuid(uid) == NULL)
    (void)snprintf(name.text, sizeof name.text, "'#%u'", (unsigned)uid);
  return name;
}

enum base_code cli_node_mine(int dir, const char *node, struct base_error *err) {
  struct stat status;
  uid_t me = geteuid();
  if (me == 0 || fstat(dir, &status) != 0 || status.st_uid == me)
    return BASE_OK;
  return base_fail(err, BASE_PERMISSION,
                   "the node in %s belongs to the user %s, and you are %s: only its owner and root may use it; ask its "
                   "owner, or say sudo -u %s wasl …",
                   node, user_name(status.st_uid).text, user_name(me).text, sudo_name(status.st_uid).text);
}

enum base_code cli_http_connect(const char *node, int *out, struct base_error *err) {
  BASE_AUTO_FD int dir = open(node, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return base_fail_errno(err, "the node's folder %s cannot be opened", node);
  enum base_code code = cli_node_mine(dir, node, err);
  if (code != BASE_OK)
    return code;
  int fd = connect_in(dir);
  if (fd >= 0) {
    *out = fd;
    return BASE_OK;
  }
  if (errno == EACCES || errno == EPERM)
    return base_fail_errno(
        err, "the node in %s does not let you in, although its folder is yours: api.sock has other rights", node);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS)
    return base_fail(err, BASE_TIMEOUT,
                     "the node in %s took no connection within %d s: its local gate may be halted (by a signal or a "
                     "debugger) or flooded; look at its log, and start it again if it stays so",
                     node, CLI_HTTP_CONNECT_S);
  if (faccessat(dir, "node.card", F_OK, 0) != 0)
    return base_fail(err, BASE_NOT_RUNNING, "there is no node in %s; make one with: wasl node init %s …", node, node);
  return base_fail(err, BASE_NOT_RUNNING, "the node in %s does not run; start it with: wasld %s", node, node);
}

/* --- sending */

static bool gone(void) {
  return errno == EPIPE || errno == ECONNRESET;
}

static enum base_code fail_socket(struct base_error *err, unsigned seconds, const char *doing) {
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return base_fail(
        err, BASE_TIMEOUT,
        "the node did nothing for %u s while %s: a process of it may be halted (by a signal or a debugger), or "
        "the machine is overloaded; look at the node's log, and start it again if it stays so",
        seconds, doing);
  return base_fail_errno(err, "the node went away while %s", doing);
}

/* *out_gone: the other side stopped reading; it may still have answered why. */
static enum base_code send_all(int fd, unsigned idle_s, struct base_view data, bool *out_gone, struct base_error *err) {
  while (data.size > 0) {
    ssize_t sent = send(fd, data.data, data.size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && gone()) {
      *out_gone = true;
      return BASE_OK;
    }
    if (sent < 0)
      return fail_socket(err, idle_s, "the request was sent");
    data = base_view_of(data.data + sent, data.size - (size_t)sent);
  }
  return BASE_OK;
}

static enum base_code send_file(int socket, const struct cli_http_request *request, bool *out_gone,
                                struct base_error *err) {
  uint8_t piece[CLI_HTTP_PIECE];
  for (uint64_t done = 0; done < request->size && !*out_gone;) {
    uint64_t left = request->size - done;
    ssize_t got = read(request->fd, piece, left < sizeof piece ? (size_t)left : sizeof piece);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "the file cannot be read");
    if (got == 0)
      return base_fail(err, BASE_CONFLICT, "the file became shorter while it was read; send it again");
    enum base_code code = send_all(socket, request->idle_s, base_view_of(piece, (size_t)got), out_gone, err);
    if (code != BASE_OK)
      return code;
    done += (uint64_t)got;
    if (request->progress != NULL)
      cli_progress_at(request->progress, done, request->size);
  }
  return BASE_OK;
}

static enum base_code send_request(int socket, const struct cli_http_request *request, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf head = {0};
  bool broken = false;
  base_buf_init(&head, CLI_HTTP_HEAD_MAX);
  base_buf_printf(&head, "%s %s HTTP/1.1\r\nHost: wasl\r\nConnection: close\r\n", request->method, request->path);
  if (request->token.size > 0)
    base_buf_printf(&head, "Authorization: Bearer %.*s\r\n", (int)request->token.size,
                    (const char *)request->token.data);
  if (request->type != NULL)
    base_buf_printf(&head, "Content-Type: %s\r\nContent-Length: %llu\r\n", request->type,
                    (unsigned long long)(request->fd < 0 ? request->body.size : request->size));
  base_buf_text(&head, "\r\n");
  enum base_code code = base_buf_check(&head, "the request's head", err);
  if (code == BASE_OK)
    code = send_all(socket, request->idle_s, base_buf_view(&head), &broken, err);
  base_wipe(head.data, head.size);
  if (code != BASE_OK || broken || request->type == NULL)
    return code;
  return request->fd < 0 ? send_all(socket, request->idle_s, request->body, &broken, err)
                         : send_file(socket, request, &broken, err);
}

/* --- reading */

struct reader {
  int socket;
  unsigned patience_s, idle_s; /* for the next byte; after the first one */
  size_t at, end, head;        /* head: bytes of lines read so far */
  uint8_t data[CLI_HTTP_PIECE];
};

static enum base_code fill(struct reader *reader, struct base_error *err) {
  ssize_t got;
  do
    got = recv(reader->socket, reader->data, sizeof reader->data, 0);
  while (got < 0 && errno == EINTR);
  if (got < 0 && !gone())
    return fail_socket(err, reader->patience_s, "it was to answer");
  if (reader->patience_s != reader->idle_s) {
    reader->patience_s = reader->idle_s;
    set_patience(reader->socket, SO_RCVTIMEO, reader->idle_s);
  }
  reader->at = 0;
  reader->end = got < 0 ? 0 : (size_t)got;
  return BASE_OK;
}

static enum base_code cut_short(struct base_error *err) {
  return base_fail(err, BASE_NOT_RUNNING, "the node's answer was cut short: it may have been stopped");
}

/* A line without its CR LF, NUL-terminated. */
static enum base_code read_line(struct reader *reader, char line[CLI_HTTP_LINE_MAX], struct base_error *err) {
  size_t size = 0;
  for (;;) {
    if (reader->at == reader->end) {
      enum base_code code = fill(reader, err);
      if (code != BASE_OK)
        return code;
      if (reader->end == 0)
        return cut_short(err);
    }
    char byte = (char)reader->data[reader->at++];
    if (++reader->head > CLI_HTTP_HEAD_MAX || size + 1 >= CLI_HTTP_LINE_MAX || byte == 0)
      return base_fail(err, BASE_PROTOCOL, "the node's answer is no HTTP: a head that is too long or holds a NUL");
    if (byte == '\n')
      break;
    line[size++] = byte;
  }
  if (size > 0 && line[size - 1] == '\r')
    size--;
  line[size] = 0;
  return BASE_OK;
}

struct head {
  int status;
  bool chunked, has_length;
  uint64_t length;
};

static enum base_code bad_head(struct base_error *err, const char *what) {
  return base_fail(err, BASE_PROTOCOL, "the node's answer is no HTTP: %s", what);
}

static bool names(const char *line, const char *name, const char **value) {
  size_t size = strlen(name);
  if (strncasecmp(line, name, size) != 0 || line[size] != ':')
    return false;
  *value = line + size + 1 + strspn(line + size + 1, " \t");
  return true;
}

static enum base_code read_field(const char *line, struct head *head, struct base_error *err) {
  const char *value;
  if (names(line, "Content-Length", &value)) {
    if (head->has_length || !base_decimal_parse(base_view_text(value), &head->length))
      return bad_head(err, "a wrong Content-Length");
    head->has_length = true;
  } else if (names(line, "Transfer-Encoding", &value)) {
    if (head->chunked || strcasecmp(value, "chunked") != 0)
      return bad_head(err, "an unknown Transfer-Encoding");
    head->chunked = true;
  }
  return BASE_OK;
}

/* Answers of class 1xx announce the real one. */
static enum base_code read_head(struct reader *reader, struct head *head, struct base_error *err) {
  char line[CLI_HTTP_LINE_MAX];
  do {
    *head = (struct head){0};
    enum base_code code = read_line(reader, line, err);
    if (code != BASE_OK)
      return code;
    uint64_t status;
    if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12 ||
        !base_decimal_parse(base_view_of(line + 9, 3), &status) || status < 100 || status > 599)
      return bad_head(err, "its first line is no status");
    head->status = (int)status;
    while ((code = read_line(reader, line, err)) == BASE_OK && line[0] != 0)
      if ((code = read_field(line, head, err)) != BASE_OK)
        return code;
    if (code != BASE_OK)
      return code;
  } while (head->status < 200);
  return head->chunked && head->has_length ? bad_head(err, "two lengths for one body") : BASE_OK;
}

/* Hands on size bytes; UINT64_MAX: all until the end. */
static enum base_code pass(struct reader *reader, uint64_t size, struct cli_sink sink, struct base_error *err) {
  while (size > 0) {
    if (reader->at == reader->end) {
      enum base_code code = fill(reader, err);
      if (code != BASE_OK)
        return code;
      if (reader->end == 0)
        return size == UINT64_MAX ? BASE_OK : cut_short(err);
    }
    size_t piece = reader->end - reader->at;
    if (size < piece)
      piece = (size_t)size;
    enum base_code code = sink.take(sink.context, base_view_of(reader->data + reader->at, piece), err);
    if (code != BASE_OK)
      return code;
    reader->at += piece;
    if (size != UINT64_MAX)
      size -= piece;
  }
  return BASE_OK;
}

/* A chunk's size in hexadecimal digits, perhaps with an extension after a semicolon. */
static bool chunk_size(const char *line, uint64_t *out) {
  uint64_t value = 0;
  size_t digits = strspn(line, "0123456789abcdefABCDEF");
  if (digits == 0 || digits > 15 || (line[digits] != 0 && line[digits] != ';' && line[digits] != ' '))
    return false;
  for (size_t i = 0; i < digits; i++)
    value = value << 4 | (uint64_t)(line[i] <= '9' ? line[i] - '0' : (line[i] | 0x20) - 'a' + 10);
  *out = value;
  return true;
}

static enum base_code pass_chunks(struct reader *reader, struct cli_sink sink, struct base_error *err) {
  char line[CLI_HTTP_LINE_MAX];
  for (;;) {
    uint64_t size;
    reader->head = 0;
    enum base_code code = read_line(reader, line, err);
    if (code != BASE_OK)
      return code;
    if (!chunk_size(line, &size))
      return bad_head(err, "a chunk without a size");
    if (size == 0)
      return BASE_OK; /* what may follow are trailer fields of a connection that ends */
    code = pass(reader, size, sink, err);
    if (code == BASE_OK)
      code = read_line(reader, line, err);
    if (code != BASE_OK)
      return code;
    if (line[0] != 0)
      return bad_head(err, "a chunk longer than its size");
  }
}

static enum base_code keep_problem(void *context, struct base_view piece, struct base_error *err) {
  struct base_buf *problem = context;
  base_buf_add_view(problem, piece);
  return base_buf_check(problem, "the node's problem document", err);
}

enum base_code cli_http_exchange(int socket, const struct cli_http_request *asked, struct cli_sink sink,
                                 struct base_buf *problem, int *out_status, struct base_error *err) {
  struct cli_http_request request = *asked;
  struct head head;
  request.first_s = request.first_s > 0 ? request.first_s : CLI_HTTP_FIRST_S;
  request.idle_s = request.idle_s > 0 ? request.idle_s : CLI_HTTP_IDLE_S;
  struct reader reader = {.socket = socket, .patience_s = request.first_s, .idle_s = request.idle_s};
  set_patience(socket, SO_SNDTIMEO, request.idle_s);
  set_patience(socket, SO_RCVTIMEO, request.first_s);
  enum base_code code = send_request(socket, &request, err);
  if (code == BASE_OK)
    code = read_head(&reader, &head, err);
  if (code != BASE_OK)
    return code;
  if (head.status >= 300)
    sink = (struct cli_sink){problem, keep_problem};
  code = head.chunked ? pass_chunks(&reader, sink, err)
                      : pass(&reader, head.has_length ? head.length : UINT64_MAX, sink, err);
  if (code == BASE_OK)
    *out_status = head.status;
  return code;
}

/* --- problems */

/* A status without a document of ours: the HTTP library refused the request before the gate saw it, or another program
 * answers at the socket. */
static enum base_code plain_problem(int status, struct base_error *err) {
  switch (status) {
  case 404:
    return base_fail(err, BASE_NOT_FOUND,
                     "the node does not know this request (HTTP status 404): is wasl newer than it?");
  case 413:
  case 414:
  case 431:
    return base_fail(
        err, BASE_TOO_LARGE,
        "the request is longer than the node reads (HTTP status %d): shorten the longest word of the command", status);
  case 400:
  case 405:
  case 501:
  case 505:
    return base_fail(err, BASE_PROTOCOL,
                     "the node did not understand the request (HTTP status %d): are wasl and the node of one version?",
                     status);
  default:
    return base_fail(err, BASE_PROTOCOL, "the node failed at the request (HTTP status %d); its log may say why",
                     status);
  }
}

enum base_code cli_http_problem(int status, struct base_view document, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, CLI_PROBLEM_MAX * 4);
  if (wire_json_parse(document, CLI_PROBLEM_MAX, "problem document", &json, NULL) != BASE_OK)
    return plain_problem(status, err);
  BASE_AUTO_BUF struct base_buf name = {0};
  base_buf_init(&name, CLI_PROBLEM_MAX);
  base_buf_add_view(&name, cli_string(json, "code"));
  base_buf_u8(&name, 0);
  enum base_code code =
      base_buf_check(&name, "", NULL) == BASE_OK ? base_code_by_name((const char *)name.data) : BASE_CODES;
  if (code == BASE_CODES || code == BASE_OK)
    code = status == 404 ? BASE_NOT_FOUND : BASE_PROTOCOL;
  struct base_view detail = cli_string(json, "detail");
  base_buf_printable(&text, detail.size > 0 ? detail : cli_string(json, "title"));
  if (text.size == 0)
    return base_fail(err, code, "the node answered with HTTP status %d: %s", status, base_code_text(code));
  return base_fail(err, code, "%.*s", (int)text.size, (const char *)text.data);
}
