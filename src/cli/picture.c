/* SPDX-License-Identifier: Apache-2.0
 * `wasl picture`: how many cases were opened, by one axis, and what left its range. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* "&from=…" of the options that are there. */
static void write_query(const struct cli *cli, struct base_buf *out) {
  static const char *const options[] = {"--by", "--from", "--to", "--kind"};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (cli_option(cli, options[i]) != NULL)
      base_buf_printf(out, "%s%s=%s", out->size == 0 ? "?" : "&", options[i] + 2,
                      cli_piece(base_view_text(cli_option(cli, options[i]))).text);
  base_buf_u8(out, 0);
}

/* The list that a state field of the opening type chooses from. */
static struct base_view list_of(const struct wire_json *kind, struct base_view field) {
  const struct wire_json *types = wire_json_get(kind, "types");
  for (size_t i = 0; i < wire_json_size(types); i++) {
    const struct wire_json *type = wire_json_at(types, i), *fields = wire_json_get(type, "fields");
    if (!base_view_equal(cli_string(type, "name"), cli_string(kind, "opening")))
      continue;
    for (size_t k = 0; k < wire_json_size(fields); k++)
      if (base_view_equal(cli_string(wire_json_at(fields, k), "name"), field))
        return cli_string(wire_json_at(fields, k), "list");
  }
  return (struct base_view){0};
}

/* axis: "field" or "region", which names a field of the kind. */
static struct base_view label_of(struct cli *cli, const struct wire_json *kind, const char *axis, struct base_view code) {
  return cli_code_label(cli, kind, list_of(kind, cli_string(wire_json_get(kind, "picture"), axis)), code);
}

/* By the first of the kinds that has the code. */
static struct base_view label_in(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *names,
                                 const char *axis, struct base_view code) {
  struct base_view label = code;
  for (size_t i = 0; i < wire_json_size(names) && base_view_equal(label, code); i++)
    label = label_of(cli, cli_kind(cli, kinds, wire_json_text(wire_json_at(names, i))), axis, code);
  return label;
}

static void show_rows(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *picture, const char *by) {
  bool coded = strcmp(by, "field") == 0 || strcmp(by, "region") == 0;
  enum cli_word axis = strcmp(by, "region") == 0    ? CLI_REGION
                       : strcmp(by, "week") == 0    ? CLI_WEEK
                       : strcmp(by, "partner") == 0 ? CLI_PARTNERS
                                                    : CLI_SUBJECT_FIELD;
  const enum cli_word heads[] = {axis, CLI_CASES, CLI_CASES_BEFORE};
  const struct wire_json *rows = wire_json_get(picture, "rows");
  if (wire_json_size(rows) == 0) {
    cli_line(cli, "%s\n", cli_word(cli, CLI_NO_CASES));
    return;
  }
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, sizeof heads / sizeof *heads, heads);
  for (size_t i = 0; i < wire_json_size(rows); i++) {
    const struct wire_json *row = wire_json_at(rows, i);
    struct base_view code = cli_string(row, "code");
    if (coded)
      cli_cell(&table, label_in(cli, kinds, wire_json_get(picture, "kinds"), by, code));
    else
      cli_cell_id(&table, code);
    cli_cell_number(&table, cli_number(row, "cases"));
    cli_cell_number(&table, cli_number(row, "before"));
  }
  cli_table_end(&table);
}

static void show_alerts(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *alerts) {
  static const enum cli_word heads[] = {CLI_WEEK,  CLI_KIND,     CLI_SUBJECT_FIELD, CLI_REGION,
                                        CLI_CASES, CLI_IN_RANGE, CLI_LEAF};
  if (wire_json_size(alerts) == 0)
    return;
  cli_line(cli, "\n%s\n", cli_word(cli, CLI_ALERTS));
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, sizeof heads / sizeof *heads, heads);
  for (size_t i = 0; i < wire_json_size(alerts); i++) {
    const struct wire_json *alert = wire_json_at(alerts, i);
    const struct wire_json *kind = cli_kind(cli, kinds, cli_string(alert, "kind"));
    struct base_view series = cli_string(alert, "series");
    const uint8_t *slash = series.size > 0 ? memchr(series.data, '/', series.size) : NULL;
    size_t size = slash != NULL ? (size_t)(slash - series.data) : series.size;
    size_t rest = slash != NULL ? size + 1 : size;
    cli_cell_id(&table, cli_string(alert, "week"));
    cli_cell(&table, cli_label(cli, kind, cli_string(alert, "kind")));
    cli_cell(&table, label_of(cli, kind, "field", base_view_of(series.data, size)));
    cli_cell(&table, label_of(cli, kind, "region", base_view_of(series.data + rest, series.size - rest)));
    cli_cell_number(&table, cli_number(alert, "cases"));
    cli_cell_number(&table, cli_number(alert, "most"));
    cli_cell_number(&table, cli_number(alert, "leaf"));
  }
  cli_table_end(&table);
}

enum base_code cli_picture(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  BASE_AUTO_BUF struct base_buf query = {0};
  const char *by = cli_option(cli, "--by");
  base_buf_init(&query, 4096);
  write_query(cli, &query);
  enum base_code code = base_buf_check(&query, "what is asked for", err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/picture%s", (const char *)query.data);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  cli_isolated(cli, &cli->out, cli_string(answer.json, "from"));
  base_buf_text(&cli->out, " – ");
  cli_isolated(cli, &cli->out, cli_string(answer.json, "to"));
  base_buf_text(&cli->out, "\n");
  show_rows(cli, &kinds, answer.json, by != NULL ? by : "field");
  show_alerts(cli, &kinds, wire_json_get(answer.json, "alerts"));
  return BASE_OK;
}
