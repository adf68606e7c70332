/* SPDX-License-Identifier: Apache-2.0
 * Who reads a case of a kind whose content is for named persons alone. */
#include <stdio.h>

#include "cli/cli.h"

static enum base_code show(struct cli *cli, const struct cli_answer *answer) {
  static const enum cli_word heads[] = {CLI_PERSON, CLI_STATE, CLI_LEAF};
  const struct wire_json *readers = wire_json_get(answer->json, "readers");
  if (cli_print_json(cli, answer))
    return BASE_OK;
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 3, heads);
  for (size_t i = 0; i < wire_json_size(readers); i++) {
    const struct wire_json *reader = wire_json_at(readers, i);
    char leaf[24];
    (void)snprintf(leaf, sizeof leaf, "%lld", (long long)cli_number(reader, "leaf"));
    cli_cell_id(&table, cli_string(reader, "person"));
    cli_cell(&table, cli_code_word(cli, cli_string(reader, "state")));
    cli_cell(&table, base_view_text(leaf));
  }
  cli_table_end(&table);
  if (wire_json_size(readers) == 0)
    cli_note(cli, "%s: wasl -n %s reader add CASE PERSON --reason TEXT", cli_word(cli, CLI_READER_NOBODY), cli->node);
  return BASE_OK;
}

enum base_code cli_reader_list(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/cases/%s/readers", id.text);
  return code == BASE_OK ? show(cli, &answer) : code;
}

static enum base_code change(struct cli *cli, const char *what, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  const char *reason;
  char path[64 + sizeof id.text];
  enum base_code code = cli_need(cli, "--reason", &reason, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_body(&body, err, "do", what, "person", cli->words[1], "reason", reason, NULL);
  if (code != BASE_OK)
    return code;
  (void)snprintf(path, sizeof path, "/v1/cases/%s/readers", id.text);
  code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  return code == BASE_OK ? show(cli, &answer) : code;
}

enum base_code cli_reader_add(struct cli *cli, struct base_error *err) {
  return change(cli, "add", err);
}

enum base_code cli_reader_remove(struct cli *cli, struct base_error *err) {
  return change(cli, "remove", err);
}
