/* SPDX-License-Identifier: Apache-2.0
 * What changes at the node, line by line for as long as somebody listens. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

enum { LINE_MAX_OCTETS = 8 << 10 };

struct listening {
  struct cli *cli;
  struct base_buf line, id, event, data; /* of the event that is being read */
  uint64_t left;                         /* events until it is enough; 0: without end */
  bool enough;
};

static void show_member(struct cli *cli, const struct wire_json *data, const char *key) {
  const struct wire_json *member = wire_json_get(data, key);
  struct base_view value = cli_string(data, key);
  if (wire_json_type(member) == WIRE_JSON_INTEGER)
    base_buf_printf(&cli->out, "  %lld", (long long)wire_json_integer(member));
  if (value.size == 0)
    return;
  base_buf_text(&cli->out, "  ");
  base_time time;
  if ((strcmp(key, "due") == 0 || strcmp(key, "week") == 0) && cli_moment(member, &time))
    cli_time(cli, &cli->out, time);
  else if (strcmp(key, "state") == 0 || strcmp(key, "what") == 0)
    cli_text(cli, cli_code_word(cli, value));
  else
    cli_id(cli, &cli->out, value);
}

static enum base_code show(struct listening *listening, struct base_error *err) {
  static const char *const members[] = {"release", "message", "case", "partner", "state", "what", "clock", "party", "due",
                                        "kind",    "series",  "week", "cases",   "most"};
  struct cli *cli = listening->cli;
  WIRE_AUTO_JSON struct wire_json *data = NULL;
  enum base_code code =
      wire_json_parse(base_buf_view(&listening->data), LINE_MAX_OCTETS, "the node's event", &data, err);
  if (code != BASE_OK)
    return code;
  if (cli->json) {
    struct wire_writer writer;
    wire_writer_init(&writer, &cli->out);
    wire_write_object(&writer);
    wire_write_member_buf(&writer, "id", &listening->id);
    wire_write_member_buf(&writer, "event", &listening->event);
    wire_write_key(&writer, "data");
    wire_write_value(&writer, data);
    wire_write_end(&writer, '}');
  } else {
    cli_exercise_mark(cli, &cli->out, data);
    cli_text(cli, cli_code_word(cli, base_buf_view(&listening->event)));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
      show_member(cli, data, members[i]);
  }
  base_buf_text(&cli->out, "\n");
  code = base_buf_check(&cli->out, "the event", err);
  if (code == BASE_OK)
    code = base_write_all(STDOUT_FILENO, base_buf_view(&cli->out), err);
  base_buf_reset(&cli->out);
  listening->enough = listening->left > 0 && --listening->left == 0;
  return code;
}

static bool begins(struct base_view line, const char *name, struct base_buf *value) {
  size_t size = strlen(name);
  if (line.size < size || memcmp(line.data, name, size) != 0)
    return false;
  base_buf_reset(value);
  base_buf_add(value, line.data + size, line.size - size);
  return true;
}

static enum base_code end_line(struct listening *listening, struct base_error *err) {
  struct base_view line = base_buf_view(&listening->line);
  enum base_code code = BASE_OK;
  if (line.size == 0 && listening->data.size > 0)
    code = show(listening, err);
  if (line.size == 0) {
    base_buf_reset(&listening->event);
    base_buf_reset(&listening->data);
  } else if (!begins(line, "id: ", &listening->id) && !begins(line, "event: ", &listening->event))
    (void)begins(line, "data: ", &listening->data); /* what else stands there is a heartbeat */
  base_buf_reset(&listening->line);
  return code;
}

static enum base_code hear(void *context, struct base_view piece, struct base_error *err) {
  struct listening *listening = context;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < piece.size && code == BASE_OK && !listening->enough; i++) {
    if (piece.data[i] == '\n')
      code = end_line(listening, err);
    else
      base_buf_u8(&listening->line, piece.data[i]);
    if (code == BASE_OK)
      code = base_buf_check(&listening->line, "a line of an event", err);
  }
  return code == BASE_OK && listening->enough ? base_fail(err, BASE_EXISTS, "it is enough") : code;
}

enum base_code cli_events(struct cli *cli, struct base_error *err) {
  const char *after = cli_option(cli, "--after"), *count = cli_option(cli, "--count"),
             *lane = cli_option(cli, "--lane");
  struct listening listening = {.cli = cli};
  BASE_AUTO_BUF struct base_buf path = {0};
  if (count != NULL && (!base_decimal_parse(base_view_text(count), &listening.left) || listening.left == 0))
    return cli_usage(cli, err, "--count takes a number from 1");
  base_buf_text(&path, "/v1/events");
  if (after != NULL)
    base_buf_printf(&path, "?after=%s", cli_piece(base_view_text(after)).text);
  if (lane != NULL)
    base_buf_printf(&path, "%clane=%s", after != NULL ? '&' : '?', cli_piece(base_view_text(lane)).text);
  base_buf_u8(&path, 0);
  struct base_buf *bufs[] = {&listening.line, &listening.id, &listening.event, &listening.data};
  for (size_t i = 0; i < 4; i++)
    base_buf_init(bufs[i], LINE_MAX_OCTETS);
  enum base_code code = cli_listen(cli, (const char *)path.data, (struct cli_sink){&listening, hear}, err);
  if (listening.enough)
    code = BASE_OK;
  else if (code == BASE_OK)
    code = base_fail(err, BASE_NOT_RUNNING, "the node stops; when it runs again, listen anew%s%.*s",
                     listening.id.size > 0 ? " with --after " : "", (int)listening.id.size,
                     (const char *)listening.id.data);
  for (size_t i = 0; i < 4; i++)
    base_buf_free(bufs[i]);
  return code;
}
