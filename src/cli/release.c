/* SPDX-License-Identifier: Apache-2.0
 * What waits for a second person: listed, read, let go, refused, withdrawn. spec/release.md. */
#include <stdio.h>

#include "cli/cli.h"

/* The number that a person was told. */
static enum base_code number_word(struct cli *cli, uint64_t *out, struct base_error *err) {
  return base_decimal_parse(base_view_text(cli->words[0]), out) && *out > 0
             ? BASE_OK
             : cli_usage(cli, err, "NUMBER is a whole number from 1: wasl release list shows those that wait");
}

static void show_row(struct cli *cli, struct cli_table *table, struct cli_kinds *kinds, const struct wire_json *row) {
  struct base_view kind = cli_string(row, "kind");
  const struct wire_json *described = cli_kind_of(cli, kinds, row), *parties = wire_json_get(row, "parties");
  cli_cell_number(table, cli_number(row, "number"));
  cli_cell(table, cli_code_word(cli, cli_string(row, "state")));
  cli_cell(table, cli_code_word(cli, cli_string(row, "asks")));
  cli_cell_id(table, cli_string(row, "person"));
  cli_exercise_mark(cli, &table->cells, row);
  base_buf_printable(&table->cells, cli_label(cli, described, kind));
  base_buf_text(&table->cells, " / ");
  base_buf_printable(&table->cells, cli_kind_label(cli, described, "types", cli_string(row, "type")));
  base_buf_u8(&table->cells, 0);
  for (size_t i = 0; i < wire_json_size(parties); i++) {
    base_buf_text(&table->cells, i > 0 ? ", " : "");
    cli_isolated(cli, &table->cells, wire_json_text(wire_json_at(parties, i)));
  }
  base_buf_u8(&table->cells, 0);
  cli_cell_time(table, wire_json_get(row, "until"));
}

enum base_code cli_release_list(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_RELEASE_NUMBER, CLI_STATE,   CLI_RELEASE_ASKS, CLI_RELEASE_PERSON,
                                        CLI_KIND,           CLI_PARTIES, CLI_UNTIL};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  const char *after = cli_option(cli, "--after");
  uint64_t number = 0;
  if (after != NULL && !base_decimal_parse(base_view_text(after), &number))
    return cli_usage(cli, err, "--after takes a number");
  enum base_code code = cli_get(cli, &answer, err, "/v1/releases?all=%s&above=%llu",
                                cli_has(cli, "--all") ? "true" : "false", (unsigned long long)number);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *list = wire_json_get(answer.json, "releases");
  if (wire_json_size(list) == 0) {
    cli_line(cli, "%s\n", cli_word(cli, CLI_RELEASE_NONE));
    return BASE_OK;
  }
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 7, heads);
  for (size_t i = 0; i < wire_json_size(list); i++)
    show_row(cli, &table, &kinds, wire_json_at(list, i));
  cli_table_end(&table);
  return BASE_OK;
}

/* The message itself, which is a `read` leaf: what is decided on is looked at. */
enum base_code cli_release_show(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  uint64_t number = 0;
  enum base_code code = number_word(cli, &number, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/releases/%llu", (unsigned long long)number);
  if (code != BASE_OK)
    return code;
  const struct wire_json *row = wire_json_at(wire_json_get(answer.json, "releases"), 0);
  struct base_view id = cli_string(row, "message"), sent = cli_string(row, "sent");
  static char word[BASE_HEX_ID + 1];
  (void)snprintf(word, sizeof word, "%.*s", (int)(sent.size > 0 ? sent.size : id.size),
                 (const char *)(sent.size > 0 ? sent.data : id.data));
  cli->words[0] = word;
  return cli_message_show(cli, err);
}

enum base_code cli_release_give(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  uint64_t number = 0;
  char path[64];
  enum base_code code = number_word(cli, &number, err);
  (void)snprintf(path, sizeof path, "/v1/releases/%llu/give", (unsigned long long)number);
  if (code == BASE_OK)
    code = cli_post(cli, path, BASE_VIEW("{}"), &answer, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  cli_exercise_note(cli, answer.json);
  cli_isolated(cli, &cli->out, cli_string(answer.json, "id"));
  base_buf_text(&cli->out, "\n");
  return BASE_OK;
}

static enum base_code withhold(struct cli *cli, const char *path, enum cli_word said, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  const char *reason = cli_option(cli, "--reason");
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_body(&body, err, reason != NULL ? "reason" : NULL, reason, NULL);
  if (code == BASE_OK)
    code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  if (code == BASE_OK && !cli_print_json(cli, &answer))
    cli_line(cli, "%s\n", cli_word(cli, said));
  return code;
}

enum base_code cli_release_refuse(struct cli *cli, struct base_error *err) {
  const char *reason;
  uint64_t number = 0;
  char path[64];
  enum base_code code = cli_need(cli, "--reason", &reason, err);
  if (code == BASE_OK)
    code = number_word(cli, &number, err);
  (void)snprintf(path, sizeof path, "/v1/releases/%llu/refuse", (unsigned long long)number);
  return code == BASE_OK ? withhold(cli, path, CLI_RELEASE_REFUSED_NOW, err) : code;
}

enum base_code cli_release_withdraw(struct cli *cli, struct base_error *err) {
  uint64_t number = 0;
  char path[64];
  enum base_code code = number_word(cli, &number, err);
  (void)snprintf(path, sizeof path, "/v1/releases/%llu/withdraw", (unsigned long long)number);
  return code == BASE_OK ? withhold(cli, path, CLI_RELEASE_WITHDRAWN_NOW, err) : code;
}
