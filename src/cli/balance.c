/* SPDX-License-Identifier: Apache-2.0
 * Needs against what is offered, accepted, under way and there, as tables. */
#include "cli/cli.h"

/* The words of a line's code, where the kind has a list for it. */
static struct base_view what_label(const struct cli *cli, const struct wire_json *kind, const struct wire_json *rule,
                                   struct base_view what) {
  const struct wire_json *needs = cli_kind_field(kind, cli_string(kind, "opening"), cli_string(rule, "needs"));
  const struct wire_json *columns = wire_json_get(needs, "columns");
  for (size_t i = 0; i < wire_json_size(columns); i++) {
    const struct wire_json *column = wire_json_at(columns, i);
    if (base_view_equal(cli_string(column, "name"), cli_string(rule, "what")) && cli_string(column, "list").size > 0)
      return cli_code_label(cli, kind, cli_string(column, "list"), what);
  }
  return what;
}

static const struct wire_json *rule_of(const struct wire_json *kind, struct base_view name) {
  const struct wire_json *rules = wire_json_get(kind, "balances");
  for (size_t i = 0; i < wire_json_size(rules); i++)
    if (base_view_equal(cli_string(wire_json_at(rules, i), "name"), name))
      return wire_json_at(rules, i);
  return NULL;
}

/* What the line is for; of what nobody asked for, that. */
static void cell_what(struct cli_table *table, const struct cli *cli, const struct wire_json *line, struct base_view what) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add(&text, what.data, what.size);
  if (!wire_json_true(wire_json_get(line, "asked")))
    base_buf_printf(&text, what.size > 0 ? " (%s)" : "%s", cli_word(cli, CLI_BALANCE_NOT_ASKED));
  cli_cell(table, base_buf_view(&text));
}

static void show_balance(struct cli *cli, const struct wire_json *kind, const struct wire_json *balance) {
  static const enum cli_word heads[] = {CLI_BALANCE_LINE, CLI_BALANCE_WHAT, CLI_BALANCE_UNIT, CLI_BALANCE_NEEDED,
                                        CLI_BALANCE_OFFERED, CLI_BALANCE_ACCEPTED, CLI_BALANCE_UNDER_WAY,
                                        CLI_BALANCE_ARRIVED, CLI_BALANCE_LEFT, CLI_BALANCE_MISSING, CLI_BALANCE_SURPLUS};
  static const char *const numbers[] = {"needed", "offered", "accepted", "under_way", "arrived", "left", "missing", "surplus"};
  const struct wire_json *lines = wire_json_get(balance, "lines");
  const struct wire_json *rule = rule_of(kind, cli_string(balance, "name"));
  CLI_AUTO_TABLE struct cli_table table;
  cli_text(cli, cli_kind_label(cli, kind, "balances", cli_string(balance, "name")));
  base_buf_text(&cli->out, "\n");
  cli_table_begin(&table, cli, sizeof heads / sizeof *heads, heads);
  for (size_t i = 0; i < wire_json_size(lines); i++) {
    const struct wire_json *line = wire_json_at(lines, i);
    cli_cell(&table, cli_string(line, "line"));
    cell_what(&table, cli, line, what_label(cli, kind, rule, cli_string(line, "what")));
    cli_cell(&table, cli_string(line, "unit"));
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
      cli_cell_number(&table, cli_number(line, numbers[k]));
  }
  cli_table_end(&table);
  if (cli_number(balance, "unread") > 0)
    cli_line(cli, "%s: %lld\n", cli_word(cli, CLI_BALANCE_UNREAD), (long long)cli_number(balance, "unread"));
  if (cli_number(balance, "unclear") > 0)
    cli_line(cli, "%s: %lld\n", cli_word(cli, CLI_BALANCE_UNCLEAR), (long long)cli_number(balance, "unclear"));
}

enum base_code cli_case_balance(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  struct cli_piece id;
  struct cli_purpose purpose;
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_purpose(cli, (struct cli_reading){0}, &purpose, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/cases/%s/balance%s", id.text, purpose.text);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *kind = cli_kind_of(cli, &kinds, answer.json), *balances = wire_json_get(answer.json, "balances");
  bool exercise = wire_json_true(wire_json_get(answer.json, "exercise"));
  cli_exercise_line(cli, exercise);
  for (size_t i = 0; i < wire_json_size(balances); i++)
    show_balance(cli, kind, wire_json_at(balances, i));
  cli_exercise_line(cli, exercise);
  return BASE_OK;
}
