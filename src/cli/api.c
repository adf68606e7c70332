/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/http.h"

enum { PATH_MAX_BYTES = 4 << 10 };

void cli_answer_free(struct cli_answer *answer) {
  wire_json_free(answer->json);
  base_buf_free(&answer->text);
  *answer = (struct cli_answer){0};
}

static void percent(struct base_view text, char *out, size_t room) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  size_t at = 0;
  for (size_t i = 0; i < text.size && at + 3 < room; i++)
    if (text.data[i] != 0 && strchr(plain, text.data[i]) != NULL)
      out[at++] = (char)text.data[i];
    else
      at += (size_t)snprintf(out + at, 4, "%%%02X", text.data[i]);
  out[at] = '\0';
}

struct cli_piece cli_piece(struct base_view text) {
  struct cli_piece piece;
  percent(text, piece.text, sizeof piece.text);
  return piece;
}

enum base_code cli_purpose(const struct cli *cli, struct cli_reading reading, struct cli_purpose *out,
                           struct base_error *err) {
  const char *reason = cli_option(cli, "--reason"), *message = reading.message;
  if (reason != NULL && (reason[0] == '\0' || strlen(reason) > CLI_REASON_MAX))
    return cli_usage(cli, err, "--reason takes 1 to %d bytes", CLI_REASON_MAX);
  int said = snprintf(out->text, sizeof out->text, "%s%s%s%s", reading.exports ? "&export=true" : "",
                      message != NULL ? "&message=" : "", message != NULL ? message : "",
                      reason != NULL ? "&reason=" : "");
  if (reason != NULL)
    percent(base_view_text(reason), out->text + said, sizeof out->text - (size_t)said);
  if (out->text[0] == '&')
    out->text[0] = '?';
  return BASE_OK;
}

static enum base_code keep(void *context, struct base_view piece, struct base_error *err) {
  struct base_buf *text = context;
  base_buf_add_view(text, piece);
  return base_buf_check(text, "the node's answer", err);
}

/* Root may act on everybody's node, but the register then names root and no person. */
static void note_root(const struct cli *cli) {
  struct stat status;
  static bool noted;
  if (noted || geteuid() != 0 || stat(cli->node, &status) != 0 || status.st_uid == 0)
    return;
  noted = true;
  cli_note(
      cli, "wasl: note: this node belongs to another user, and the register will say that root did this; sudo -u '#%u' says "
      "who it was",
      (unsigned)status.st_uid);
}

/* A request that may have been carried out although its answer did not come: what shows it. NULL: to ask again does no
 * harm. The longer beginnings come first. */
static const char *where_to_look(const struct cli_http_request *request) {
  static const struct {
    const char *path, *look;
  } rows[] = {{"/v1/persons", "wasl person list"},   {"/v1/tokens", "wasl token list"},
              {"/v1/password", "wasl login"},        {"/v1/factor", "wasl person list"},
              {"/v1/partners", "wasl partner list"}, {"/v1/keys/", "wasl key list"},
              {"/v1/card", "wasl key list"},         {"/v1/outbox/", "wasl outbox list"},
              {"/v1/cases/", "wasl case show CASE"}, {"/v1/cases", "wasl case list and wasl outbox list"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows && strcmp(request->method, "POST") == 0; i++)
    if (strncmp(request->path, rows[i].path, strlen(rows[i].path)) == 0)
      return rows[i].look;
  return NULL;
}

/* The node went away, or fell silent, after it was asked. Who repeats blindly what was done would do it twice. */
static enum base_code fail_unanswered(const struct cli_http_request *request, struct base_error *err) {
  struct base_error why = *err;
  const char *look = where_to_look(request);
  if (look == NULL)
    return base_fail(err, why.code, "%s; to give the command again does no harm", why.text);
  return base_fail(err, why.code,
                   "%s. It is not known whether the node did what was asked: when it runs, look at %s first, and give "
                   "the command again only if it was not done",
                   why.text, look);
}

static enum base_code exchange(struct cli *cli, struct cli_http_request *request, struct cli_sink sink,
                               struct base_error *err) {
  if (cli->node == NULL)
    return cli_usage(cli, err, "which node? Say -n DIR or set WASL_NODE");
  BASE_AUTO_FD int socket = -1;
  BASE_AUTO_BUF struct base_buf problem = {0}, token = {0};
  int status = 0;
  base_buf_init(&problem, CLI_PROBLEM_MAX);
  enum base_code code = request->as_nobody ? BASE_OK : cli_token_read(&token, err);
  if (code == BASE_OK)
    code = cli_http_connect(cli->node, &socket, err);
  if (code == BASE_OK && !request->as_nobody && strcmp(request->method, "POST") == 0 && token.size == 0)
    note_root(cli);
  request->token = base_buf_view(&token);
  if (code == BASE_OK)
    code = cli_http_exchange(socket, request, sink, &problem, &status, err);
  request->token = (struct base_view){0};
  if (socket >= 0 && (code == BASE_NOT_RUNNING || code == BASE_TIMEOUT))
    code = fail_unanswered(request, err);
  if (code == BASE_OK && status >= 300)
    code = cli_http_problem(status, base_buf_view(&problem), err);
  return code;
}

static enum base_code exchange_json(struct cli *cli, struct cli_http_request *request, struct cli_answer *out,
                                    struct base_error *err) {
  base_buf_init(&out->text, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = exchange(cli, request, (struct cli_sink){&out->text, keep}, err);
  if (code == BASE_OK)
    code = wire_json_parse(base_buf_view(&out->text), BASE_BUF_DEFAULT_LIMIT, "the node's answer", &out->json, err);
  return code;
}

enum base_code cli_get(struct cli *cli, struct cli_answer *out, struct base_error *err, const char *format, ...) {
  char path[PATH_MAX_BYTES];
  va_list args;
  va_start(args, format);
  int size = vsnprintf(path, sizeof path, format, args);
  va_end(args);
  if (size < 0 || (size_t)size >= sizeof path)
    return cli_usage(cli, err, "a word is too long");
  struct cli_http_request request = {.method = "GET", .path = path, .fd = -1};
  if (strcmp(path, "/v1/status") == 0)
    request.first_s = CLI_HTTP_STATUS_S;
  return exchange_json(cli, &request, out, err);
}

enum base_code cli_post(struct cli *cli, const char *path, struct base_view body, struct cli_answer *out,
                        struct base_error *err) {
  struct cli_http_request request = {
      .method = "POST", .path = path, .type = "application/json", .body = body, .fd = -1};
  return exchange_json(cli, &request, out, err);
}

enum base_code cli_post_as_nobody(struct cli *cli, const char *path, struct base_view body, struct cli_answer *out,
                                  struct base_error *err) {
  struct cli_http_request request = {
      .method = "POST", .path = path, .type = "application/json", .body = body, .fd = -1, .as_nobody = true};
  return exchange_json(cli, &request, out, err);
}

enum base_code cli_post_octets(struct cli *cli, const char *path, struct base_view body, struct cli_answer *out,
                               struct base_error *err) {
  struct cli_http_request request = {
      .method = "POST", .path = path, .type = "application/octet-stream", .body = body, .fd = -1};
  return exchange_json(cli, &request, out, err);
}

static enum base_code add_piece(void *context, struct base_view piece, struct base_error *err) {
  struct base_buf *out = context;
  base_buf_add_view(out, piece);
  return base_buf_check(out, "the answer", err);
}

enum base_code cli_fetch(struct cli *cli, const char *path, struct base_buf *out, struct base_error *err) {
  struct cli_http_request request = {.method = "POST", .path = path, .fd = -1};
  return exchange(cli, &request, (struct cli_sink){out, add_piece}, err);
}

enum base_code cli_upload(struct cli *cli, const char *path, int fd, uint64_t size, const char *label,
                          struct cli_answer *out, struct base_error *err) {
  struct cli_progress progress = {.cli = cli, .label = label};
  struct cli_http_request request = {.method = "POST",
                                     .path = path,
                                     .type = "application/octet-stream",
                                     .fd = fd,
                                     .size = size,
                                     .progress = &progress,
                                     .first_s = CLI_HTTP_UPLOADED_S};
  enum base_code code = exchange_json(cli, &request, out, err);
  cli_progress_end(&progress);
  return code;
}

struct counted {
  struct cli_sink sink;
  struct cli_progress progress;
  uint64_t done, all;
};

static enum base_code take_counted(void *context, struct base_view piece, struct base_error *err) {
  struct counted *counted = context;
  counted->done += piece.size;
  cli_progress_at(&counted->progress, counted->done, counted->all);
  return counted->sink.take(counted->sink.context, piece, err);
}

enum base_code cli_download(struct cli *cli, const char *path, struct cli_sink sink, uint64_t size, const char *label,
                            struct base_error *err) {
  struct counted counted = {.sink = sink, .progress = {.cli = cli, .label = label}, .all = size};
  struct cli_http_request request = {.method = "GET", .path = path, .fd = -1};
  enum base_code code = exchange(cli, &request, (struct cli_sink){&counted, take_counted}, err);
  cli_progress_end(&counted.progress);
  return code;
}

enum base_code cli_listen(struct cli *cli, const char *path, struct cli_sink sink, struct base_error *err) {
  struct cli_http_request request = {.method = "GET", .path = path, .fd = -1};
  return exchange(cli, &request, sink, err);
}

struct hashed {
  int fd;
  uint64_t size;
  struct seal_hasher *hasher;
};

static enum base_code write_hashed(void *context, struct base_view piece, struct base_error *err) {
  struct hashed *hashed = context;
  hashed->size += piece.size;
  seal_hasher_add(hashed->hasher, piece);
  return base_write_all(hashed->fd, piece, err);
}

static enum base_code take_nothing(void *context, struct base_view piece, struct base_error *err) {
  (void)context;
  (void)piece;
  return base_fail(err, BASE_INTERNAL, "only the beginning was wanted");
}

/* An answer that breaks off cannot say why. Asked again, the node says at once when its copy is damaged. */
static enum base_code why_cut(struct cli *cli, const char *path, enum base_code code, struct base_error *err) {
  struct base_error why = {0};
  struct cli_http_request request = {.method = "GET", .path = path, .fd = -1};
  if (exchange(cli, &request, (struct cli_sink){NULL, take_nothing}, &why) != BASE_CORRUPT)
    return code;
  *err = why;
  return why.code;
}

enum base_code cli_part_fetch(struct cli *cli, struct cli_reading reading, const struct base_hash *sha256,
                              uint64_t size, int fd, uint64_t *out_size, struct base_error *err) {
  char path[32 + BASE_HEX_ID + sizeof(struct cli_purpose)];
  struct cli_purpose purpose;
  enum base_code code = cli_purpose(cli, reading, &purpose, err);
  if (code != BASE_OK)
    return code;
  struct hashed hashed = {.fd = fd, .hasher = seal_hasher_new()};
  if (hashed.hasher == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a hash");
  (void)snprintf(path, sizeof path, "/v1/parts/%s%s", base_hash_text(sha256).text, purpose.text);
  code = cli_download(cli, path, (struct cli_sink){&hashed, write_hashed}, size, "part", err);
  if (code == BASE_NOT_RUNNING)
    code = why_cut(cli, path, code, err);
  struct base_hash hash = seal_hasher_end(hashed.hasher);
  seal_hasher_free(hashed.hasher);
  if (code == BASE_OK && !base_hash_equal(&hash, sha256))
    code = base_fail(err, BASE_HASH, "what the node gave for part %s has the hash %s; run: wasl -n %s register check",
                     base_hash_text(sha256).text, base_hash_text(&hash).text, cli->node);
  if (code == BASE_OK)
    *out_size = hashed.size;
  return code;
}

/* core/node.card is there from the second card on; node.card is the first one. */
static enum base_code card_from_folder(struct cli *cli, struct base_buf *bytes, struct base_error *err) {
  BASE_AUTO_FD int dir = open(cli->node, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return base_fail_errno(err, "the node's folder %s cannot be opened", cli->node);
  enum base_code code = cli_node_mine(dir, cli->node, err);
  if (code != BASE_OK)
    return code;
  code = base_file_read(dir, "core/node.card", WIRE_CARD_MAX, bytes, err);
  if (code == BASE_NOT_FOUND) {
    base_buf_reset(bytes);
    code = base_file_read(dir, "node.card", WIRE_CARD_MAX, bytes, err);
  }
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "%s", cli->node);
}

enum base_code cli_own_card(struct cli *cli, struct base_buf *bytes, struct base_arena *arena, struct wire_card *out,
                            struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  const char *generation = cli_option(cli, "--generation");
  if (cli->node == NULL)
    return cli_usage(cli, err, "which node? Say -n DIR or set WASL_NODE");
  enum base_code code = generation != NULL ? cli_get(cli, &answer, err, "/v1/card?generation=%s",
                                                     cli_piece(base_view_text(generation)).text)
                                           : cli_get(cli, &answer, err, "/v1/card");
  if (code == BASE_OK)
    base_buf_add_view(bytes, cli_string(answer.json, "card"));
  else if (code == BASE_NOT_RUNNING && generation == NULL)
    code = card_from_folder(cli, bytes, err);
  if (code == BASE_OK)
    code = base_buf_check(bytes, "the card", err);
  if (code == BASE_OK)
    code = wire_card_parse(base_buf_view(bytes), arena, out, err);
  return code == BASE_OK ? seal_card_check(out, err) : code;
}

bool cli_print_json(struct cli *cli, const struct cli_answer *answer) {
  if (!cli->json)
    return false;
  base_buf_add_buf(&cli->out, &answer->text);
  if (answer->text.size == 0 || answer->text.data[answer->text.size - 1] != '\n')
    base_buf_text(&cli->out, "\n");
  return true;
}

/* --- small helpers */

struct base_view cli_string(const struct wire_json *object, const char *key) {
  return wire_json_text(wire_json_get(object, key));
}

int64_t cli_number(const struct wire_json *object, const char *key) {
  return wire_json_integer(wire_json_get(object, key));
}

bool cli_moment(const struct wire_json *value, base_time *out) {
  return base_time_parse(wire_json_text(value), out);
}

bool cli_id_like(const char *text) {
  size_t size = strlen(text);
  return size >= 4 && size <= BASE_HEX_ID && strspn(text, "0123456789abcdef") == size;
}

enum base_code cli_id_word(const struct cli *cli, size_t index, const char *what, struct cli_piece *out,
                           struct base_error *err) {
  if (!cli_id_like(cli->words[index]))
    return cli_usage(cli, err, "%s is 64 lowercase hex digits, or its first ones (at least 4)", what);
  *out = cli_piece(base_view_text(cli->words[index]));
  return BASE_OK;
}

enum base_code cli_body(struct base_buf *out, struct base_error *err, ...) {
  struct wire_writer writer;
  va_list args;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  va_start(args, err);
  for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
    const char *value = va_arg(args, const char *);
    if (value != NULL && !base_utf8_valid(base_view_text(value))) {
      va_end(args);
      return base_fail(err, BASE_UTF8, "%s is not UTF-8", key);
    }
    if (value != NULL)
      wire_write_member_string(&writer, key, value);
  }
  va_end(args);
  wire_write_end(&writer, '}');
  return base_buf_check(out, "the request", err);
}
