/* SPDX-License-Identifier: Apache-2.0
 * `wasl case crosscheck`: in which other cases this node holds the same, as a table. */
#include "cli/cli.h"

/* What is the same, in words. */
static const char *what(const struct cli *cli, const struct wire_json *hit) {
  static const struct {
    const char *sort, *born;
    enum cli_word word;
  } rows[] = {{"name", "same", CLI_SAME_BORN},       {"name", "other", CLI_SAME_NAME_OTHER},
              {"name", "unknown", CLI_SAME_NAME},    {"document", "", CLI_SAME_DOCUMENT},
              {"phone", "", CLI_SAME_PHONE},         {"account", "", CLI_SAME_ACCOUNT},
              {"vehicle", "", CLI_SAME_VEHICLE},     {"mail", "", CLI_SAME_MAIL},
              {"identifier", "", CLI_SAME_IDENTIFIER}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (base_view_is(cli_string(hit, "sort"), rows[i].sort) && base_view_is(cli_string(hit, "born"), rows[i].born))
      return cli_word(cli, rows[i].word);
  return "";
}

/* "Persons concerned 2", of the form of this type. */
static void cell_field(struct cli_table *table, const struct wire_json *kind, const struct wire_json *place) {
  struct base_view name = cli_string(place, "field");
  base_buf_printable(&table->cells,
                     cli_label(table->cli, cli_kind_field(kind, cli_string(place, "type"), name), name));
  if (cli_number(place, "row") > 0)
    base_buf_printf(&table->cells, " %lld", (long long)cli_number(place, "row"));
  base_buf_u8(&table->cells, 0);
}

static void show_hits(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *answer) {
  static const enum cli_word heads[] = {CLI_SAME, CLI_IN_THIS_CASE, CLI_CASE, CLI_KIND, CLI_STATE, CLI_MESSAGE, CLI_FIELD,
                                        CLI_AUTHOR, CLI_HERE_SINCE};
  const struct wire_json *hits = wire_json_get(answer, "hits"), *own = cli_kind_of(cli, kinds, answer);
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, sizeof heads / sizeof *heads, heads);
  for (size_t i = 0; i < wire_json_size(hits); i++) {
    const struct wire_json *hit = wire_json_at(hits, i), *kind = cli_kind_of(cli, kinds, hit);
    cli_cell(&table, base_view_text(what(cli, hit)));
    cell_field(&table, own, wire_json_get(hit, "same"));
    cli_cell_id(&table, cli_string(hit, "case"));
    cli_cell(&table, cli_label(cli, kind, cli_string(hit, "kind")));
    cli_cell(&table, cli_state_label(cli, kind, cli_string(hit, "state")));
    cli_cell_id(&table, cli_string(hit, "message"));
    cell_field(&table, kind, hit);
    cli_cell(&table, cli_string(hit, "by"));
    cli_cell_time(&table, wire_json_get(hit, "stored"));
  }
  cli_table_end(&table);
}

enum base_code cli_case_crosscheck(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  struct cli_piece id;
  struct cli_purpose purpose;
  const char *reason;
  enum base_code code = cli_need(cli, "--reason", &reason, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_purpose(cli, (struct cli_reading){0}, &purpose, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/cases/%s/crosscheck%s", id.text, purpose.text);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  bool exercise = wire_json_true(wire_json_get(answer.json, "exercise"));
  cli_exercise_line(cli, exercise);
  show_hits(cli, &kinds, answer.json);
  cli_line(cli, "%s: %lld\n", cli_word(cli, CLI_SAME_CASES), (long long)cli_number(answer.json, "cases"));
  if (wire_json_true(wire_json_get(answer.json, "more")))
    cli_line(cli, "%s\n", cli_word(cli, CLI_SAME_MORE));
  if (cli_number(answer.json, "unsought") > 0)
    cli_line(cli, "%s: %lld\n", cli_word(cli, CLI_SAME_UNSOUGHT), (long long)cli_number(answer.json, "unsought"));
  cli_line(cli, "%s\n", cli_word(cli, CLI_SAME_EXACT));
  cli_exercise_line(cli, exercise);
  return BASE_OK;
}
