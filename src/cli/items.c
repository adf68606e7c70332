/* SPDX-License-Identifier: Apache-2.0
 * The items of a case: what has a state of its own in it, as a table. */
#include "cli/cli.h"

void cli_show_items(struct cli *cli, const struct wire_json *kind, const struct wire_json *items) {
  static const enum cli_word heads[] = {CLI_ITEM,  CLI_MESSAGE, CLI_STATE,    CLI_OWNER, CLI_ASSIGNEE, CLI_SINCE, CLI_DEADLINE,
                                        CLI_POSSIBLE};
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, sizeof heads / sizeof *heads, heads);
  for (size_t i = 0; i < wire_json_size(items); i++) {
    const struct wire_json *item = wire_json_at(items, i), *possible = wire_json_get(item, "possible");
    struct base_view name = cli_string(item, "item");
    cli_cell(&table, cli_item_label(cli, kind, name, (struct base_view){0}));
    cli_cell_id(&table, cli_string(item, "id"));
    cli_cell(&table, cli_item_label(cli, kind, name, cli_string(item, "state")));
    cli_cell(&table, cli_string(item, "owner"));
    cli_cell(&table, cli_string(item, "assignee"));
    cli_cell_time(&table, wire_json_get(item, "since"));
    cli_write_clocks(cli, &table.cells, kind, wire_json_get(item, "clocks"));
    base_buf_u8(&table.cells, 0);
    for (size_t k = 0; k < wire_json_size(possible); k++) {
      base_buf_text(&table.cells, k > 0 ? ", " : "");
      base_buf_printable(&table.cells, wire_json_text(wire_json_at(possible, k)));
    }
    base_buf_u8(&table.cells, 0);
  }
  cli_table_end(&table);
  for (size_t i = 0; i < wire_json_size(items); i++) {
    const struct wire_json *item = wire_json_at(items, i);
    if (wire_json_size(wire_json_get(item, "lacks")) == 0)
      continue;
    cli_isolated(cli, &cli->out, cli_string(item, "id"));
    base_buf_text(&cli->out, "  ");
    cli_show_lacks(cli, kind, item);
  }
  cli_show_feeds(cli, kind, items);
  cli_show_origins(cli, items);
}

void cli_show_lacks(struct cli *cli, const struct wire_json *kind, const struct wire_json *of) {
  const struct wire_json *lacks = wire_json_get(of, "lacks");
  for (size_t i = 0; i < wire_json_size(lacks); i++) {
    const struct wire_json *one = wire_json_at(lacks, i), *parties = wire_json_get(one, "parties");
    cli_text(cli, cli_kind_label(cli, kind, "types", cli_string(one, "type")));
    cli_line(cli, ": %s ", cli_word(cli, CLI_LACKS));
    for (size_t k = 0; k < wire_json_size(parties); k++) {
      base_buf_text(&cli->out, k > 0 ? ", " : "");
      cli_isolated(cli, &cli->out, wire_json_text(wire_json_at(parties, k)));
    }
    base_buf_text(&cli->out, "\n");
  }
}

/* "?item=offer&state=made", of the options that are there. */
static void write_query(const struct cli *cli, struct base_buf *out) {
  static const char *const options[] = {"--item", "--state"};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (cli_option(cli, options[i]) != NULL)
      base_buf_printf(out, "%s%s=%s", out->size == 0 ? "?" : "&", options[i] + 2,
                      cli_piece(base_view_text(cli_option(cli, options[i]))).text);
  base_buf_u8(out, 0);
}

enum base_code cli_case_items(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  BASE_AUTO_BUF struct base_buf query = {0};
  struct cli_piece id;
  base_buf_init(&query, 4096);
  write_query(cli, &query);
  enum base_code code = base_buf_check(&query, "the query of the list", err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/cases/%s/items%s", id.text, (const char *)query.data);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  bool exercise = wire_json_true(wire_json_get(answer.json, "exercise"));
  cli_exercise_line(cli, exercise);
  cli_show_items(cli, cli_kind_of(cli, &kinds, answer.json), wire_json_get(answer.json, "items"));
  cli_exercise_line(cli, exercise);
  return BASE_OK;
}
