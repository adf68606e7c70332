/* SPDX-License-Identifier: Apache-2.0
 * `wasl stix`: which STIX objects are here, in which parts of which messages. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "wire/kind.h"

/* id NULL: none. The query of an answer's page: "?type=…&case=…". */
static enum base_code write_query(const struct cli *cli, const char *id, struct base_buf *out, struct base_error *err) {
  static const char *const options[] = {"--type", "--id", "--case", "--message", "--limit", "--after", "--lane"};
  struct cli_purpose purpose;
  enum base_code code = cli_purpose(cli, (struct cli_reading){0}, &purpose, err);
  if (code != BASE_OK)
    return code;
  base_buf_init(out, 8192);
  if (id != NULL)
    base_buf_printf(out, "?id=%s", cli_piece(base_view_text(id)).text);
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (cli_option(cli, options[i]) != NULL)
      base_buf_printf(out, "%s%s=%s", out->size == 0 ? "?" : "&", options[i] + 2,
                      cli_piece(base_view_text(cli_option(cli, options[i]))).text);
  if (purpose.text[0] != '\0')
    base_buf_printf(out, "%s%s", out->size == 0 ? "?" : "&", purpose.text + 1);
  base_buf_u8(out, 0);
  return base_buf_check(out, "what is asked for", err);
}

static const struct wire_json *recall_of(const struct wire_json *objects, size_t index) {
  const struct wire_json *recalled = wire_json_get(wire_json_at(objects, index), "recalled");
  return wire_json_type(recalled) == WIRE_JSON_OBJECT ? recalled : NULL;
}

/* Behind the others what the author asks for who called the message back; without one of these no such column. */
static void show_objects(struct cli *cli, const struct wire_json *objects) {
  static const enum cli_word heads[] = {CLI_OBJECT, CLI_CHANGED, CLI_PART, CLI_MESSAGE, CLI_CASE, CLI_RECALLED};
  CLI_AUTO_TABLE struct cli_table table;
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  bool any = false;
  for (size_t i = 0; i < wire_json_size(objects) && !any; i++)
    any = recall_of(objects, i) != NULL;
  cli_table_begin(&table, cli, sizeof heads / sizeof *heads - !any, heads);
  for (size_t i = 0; i < wire_json_size(objects); i++) {
    const struct wire_json *object = wire_json_at(objects, i), *recall = recall_of(objects, i);
    cli_cell_id(&table, cli_string(object, "id"));
    cli_cell_id(&table, cli_string(object, "modified"));
    cli_cell(&table, cli_string(object, "part"));
    cli_cell_id(&table, cli_string(object, "message"));
    cli_cell_id(&table, cli_string(object, "case"));
    if (any)
      cli_cell(&table, recall == NULL ? BASE_VIEW("")
                                      : cli_code_label(cli, cli_kind(cli, &kinds, BASE_VIEW(WIRE_KIND_RECALL)), BASE_VIEW("measure"),
                                                       cli_string(recall, "measure")));
  }
  cli_table_end(&table);
}

/* Whether parts are still to be looked into, and how many. */
static bool show_waiting(struct cli *cli, const struct wire_json *answer) {
  int64_t waiting = cli_number(answer, "waiting");
  if (waiting > 0)
    cli_line(cli, "%s: %lld\n", cli_word(cli, CLI_PARTS_WAITING), (long long)waiting);
  return waiting > 0;
}

static enum base_code list(struct cli *cli, const char *id, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  BASE_AUTO_BUF struct base_buf query = {0};
  enum base_code code = write_query(cli, id, &query, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/stix%s", (const char *)query.data);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *objects = wire_json_get(answer.json, "objects");
  struct base_view next = cli_string(answer.json, "next");
  if (wire_json_size(objects) > 0 || next.size > 0)
    show_objects(cli, objects);
  if (!show_waiting(cli, answer.json) && wire_json_size(objects) == 0 && next.size == 0)
    cli_line(cli, "%s\n", cli_word(cli, CLI_NO_OBJECTS));
  if (next.size > 0)
    cli_line(cli, "%s: --after %.*s\n", cli_word(cli, CLI_MORE), (int)next.size, (const char *)next.data);
  return BASE_OK;
}

enum base_code cli_stix_list(struct cli *cli, struct base_error *err) {
  return list(cli, NULL, err);
}

enum base_code cli_stix_find(struct cli *cli, struct base_error *err) {
  return list(cli, cli->words[0], err);
}

enum base_code cli_stix_count(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_TYPE, CLI_OBJECTS, CLI_PARTS};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  BASE_AUTO_BUF struct base_buf query = {0};
  enum base_code code = write_query(cli, NULL, &query, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/stix/counts%s", (const char *)query.data);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *types = wire_json_get(answer.json, "types");
  if (wire_json_size(types) > 0) {
    CLI_AUTO_TABLE struct cli_table table;
    cli_table_begin(&table, cli, sizeof heads / sizeof *heads, heads);
    for (size_t i = 0; i < wire_json_size(types); i++) {
      const struct wire_json *type = wire_json_at(types, i);
      cli_cell_id(&table, cli_string(type, "type"));
      cli_cell_number(&table, cli_number(type, "objects"));
      cli_cell_number(&table, cli_number(type, "parts"));
    }
    cli_table_end(&table);
  }
  if (!show_waiting(cli, answer.json) && wire_json_size(types) == 0)
    cli_line(cli, "%s\n", cli_word(cli, CLI_NO_OBJECTS));
  if (wire_json_true(wire_json_get(answer.json, "more")))
    cli_line(cli, "%s\n", cli_word(cli, CLI_SAME_MORE));
  if (cli_number(answer.json, "unread") > 0)
    cli_line(cli, "%s: %lld\n", cli_word(cli, CLI_PARTS_UNREAD), (long long)cli_number(answer.json, "unread"));
  return BASE_OK;
}

/* Some messages per call, so that the node serves others meanwhile. */
enum base_code cli_stix_again(struct cli *cli, struct base_error *err) {
  struct cli_progress progress = {.cli = cli, .label = cli_word(cli, CLI_MESSAGES)};
  int64_t messages = 0, parts = 0, next = 0;
  bool done = false;
  enum base_code code = BASE_OK;
  while (code == BASE_OK && !done) {
    CLI_AUTO_ANSWER struct cli_answer answer = {0};
    char body[64];
    (void)snprintf(body, sizeof body, "{\"from\":%lld}", (long long)next);
    code = cli_post(cli, "/v1/stix/again", base_view_text(body), &answer, err);
    if (code != BASE_OK)
      break;
    int64_t reached = cli_number(answer.json, "next");
    done = wire_json_true(wire_json_get(answer.json, "done"));
    if (!done && reached <= next)
      code = base_fail(err, BASE_PROTOCOL, "the index is not made anew beyond message %lld", (long long)next);
    next = reached;
    messages += cli_number(answer.json, "messages");
    parts += cli_number(answer.json, "parts");
    cli_progress_at(&progress, (uint64_t)messages, 0);
  }
  cli_progress_end(&progress);
  if (code == BASE_OK && cli->json)
    base_buf_printf(&cli->out, "{\"messages\":%lld,\"parts\":%lld}\n", (long long)messages, (long long)parts);
  else if (code == BASE_OK)
    cli_line(cli, "%s: %lld (%s: %lld)\n", cli_word(cli, CLI_PARTS_AGAIN), (long long)parts, cli_word(cli, CLI_MESSAGES),
             (long long)messages);
  return code;
}
