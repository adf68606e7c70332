/* SPDX-License-Identifier: Apache-2.0
 * Personal data that is to be reviewed: which cases, and what a person found. */
#include <stdio.h>

#include "cli/cli.h"
#include "wire/kind.h"

void cli_show_review(struct cli *cli, const struct wire_json *review, const struct wire_json *ends) {
  const struct wire_json *reviewed = wire_json_get(review, "reviewed");
  base_time due = 0, at = 0, gone = 0;
  if (!cli_moment(wire_json_get(review, "due"), &due))
    return;
  if (cli_moment(wire_json_get(ends, "ends"), &gone) && gone <= due)
    return; /* nothing is left to review by then: when it is erased is told alone */
  cli_line(cli, "%s ", cli_word(cli, wire_json_true(wire_json_get(review, "overdue")) ? CLI_REVIEW_SINCE : CLI_REVIEW_BY));
  cli_time(cli, &cli->out, due);
  base_buf_text(&cli->out, "\n");
  if (!cli_moment(wire_json_get(reviewed, "at"), &at))
    return;
  cli_line(cli, "    %s: ", cli_word(cli, CLI_REVIEWED));
  cli_time(cli, &cli->out, at);
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, cli_string(reviewed, "by"));
  base_buf_text(&cli->out, "  ");
  cli_text(cli, cli_string(reviewed, "reason"));
  cli_line(cli, "  (%s %lld)\n", cli_word(cli, CLI_LEAF), (long long)cli_number(reviewed, "leaf"));
}

void cli_show_personal_ends(struct cli *cli, const struct wire_json *ends) {
  const struct wire_json *outstanding = wire_json_get(ends, "outstanding");
  base_time at = 0;
  if (!cli_moment(wire_json_get(ends, "ends"), &at))
    return;
  cli_line(cli, "%s ", cli_word(cli, wire_json_true(wire_json_get(ends, "ended")) ? CLI_PERSONAL_ENDED : CLI_PERSONAL_ENDS));
  cli_time(cli, &cli->out, at);
  base_buf_text(&cli->out, "\n");
  for (size_t i = 0; i < wire_json_size(outstanding); i++) {
    const struct wire_json *due = wire_json_at(outstanding, i);
    cli_line(cli, "    %s ", cli_word(cli, CLI_RECEIPTS_DUE));
    cli_isolated(cli, &cli->out, cli_string(due, "by"));
    cli_line(cli, ": %lld%s%s\n", (long long)cli_number(due, "messages"),
             wire_json_true(wire_json_get(due, "overdue")) ? "  " : "",
             wire_json_true(wire_json_get(due, "overdue")) ? cli_word(cli, CLI_OVERDUE) : "");
  }
}

static void write_last(struct cli *cli, struct base_buf *out, const struct wire_json *reviewed) {
  base_time at;
  if (cli_moment(wire_json_get(reviewed, "at"), &at)) {
    cli_time(cli, out, at);
    base_buf_text(out, "  ");
    cli_isolated(cli, out, cli_string(reviewed, "by"));
    base_buf_text(out, "  ");
    base_buf_add_view(out, cli_string(reviewed, "reason"));
  }
  base_buf_u8(out, 0);
}

static enum base_code list(struct cli *cli, struct base_error *err) {
  enum { PAGE = 100 };
  static const enum cli_word heads[] = {CLI_CASE, CLI_KIND, CLI_STATE, CLI_CHANGED, CLI_REVIEW, CLI_REVIEWED};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  const char *limit = cli_option(cli, "--limit"), *after = cli_option(cli, "--after");
  uint64_t number = PAGE;
  if (limit != NULL && !base_decimal_parse(base_view_text(limit), &number))
    return cli_usage(cli, err, "--limit takes a number");
  enum base_code code = cli_get(cli, &answer, err, "/v1/reviews?limit=%llu%s%s%s", (unsigned long long)number,
                                cli_has(cli, "--due") ? "&due=true" : "", after != NULL ? "&after=" : "",
                                after != NULL ? cli_piece(base_view_text(after)).text : "");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 6, heads);
  size_t count = wire_json_size(answer.json);
  for (size_t i = 0; i < count; i++) {
    const struct wire_json *row = wire_json_at(answer.json, i), *review = wire_json_get(row, "review");
    const struct wire_json *kind = cli_kind_of(cli, &kinds, row);
    base_time due = 0;
    cli_cell_id(&table, cli_string(row, "id"));
    cli_exercise_mark(cli, &table.cells, row);
    cli_cell(&table, cli_label(cli, kind, cli_string(row, "kind")));
    cli_cell(&table, cli_state_label(cli, kind, cli_string(row, "state")));
    cli_cell_time(&table, wire_json_get(row, "changed"));
    if (wire_json_true(wire_json_get(review, "overdue")))
      base_buf_printf(&table.cells, "%s ", cli_word(cli, CLI_OVERDUE));
    if (cli_moment(wire_json_get(review, "due"), &due))
      cli_time(cli, &table.cells, due);
    base_buf_u8(&table.cells, 0);
    write_last(cli, &table.cells, wire_json_get(review, "reviewed"));
  }
  cli_table_end(&table);
  struct base_view cursor = count > 0 ? cli_string(wire_json_at(answer.json, count - 1), "cursor") : BASE_VIEW("");
  if (cursor.size > 0 && count >= (number == 0 ? PAGE : number))
    cli_line(cli, "%s: --after %.*s\n", cli_word(cli, CLI_MORE), (int)cursor.size, (const char *)cursor.data);
  return BASE_OK;
}

static enum base_code keep(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  struct wire_writer writer;
  const char *reason, *next = cli_option(cli, "--next");
  char path[64 + sizeof id.text];
  base_time until;
  enum base_code code = cli_need(cli, "--reason", &reason, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK && (!base_utf8_valid(base_view_text(reason)) ||
                          (next != NULL && !base_utf8_valid(base_view_text(next)))))
    code = base_fail(err, BASE_UTF8, "--reason, --next: not UTF-8");
  if (code != BASE_OK)
    return code;
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "reason", reason);
  if (next != NULL)
    wire_write_member_string(&writer, "next", next);
  wire_write_end(&writer, '}');
  (void)snprintf(path, sizeof path, "/v1/cases/%s/review", id.text);
  code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  cli_line(cli, "%s ", cli_word(cli, CLI_REVIEW_KEPT));
  if (cli_moment(wire_json_get(answer.json, "next"), &until))
    cli_time(cli, &cli->out, until);
  base_buf_text(&cli->out, "\n");
  return BASE_OK;
}

enum base_code cli_case_review(struct cli *cli, struct base_error *err) {
  bool keeps = cli_has(cli, "--keep"), lists = cli_has(cli, "--due") || cli_has(cli, "--limit") || cli_has(cli, "--after");
  bool records = keeps || cli_has(cli, "--reason") || cli_has(cli, "--next");
  if (cli->word_count == 0 && !records)
    return list(cli, err);
  if (cli->word_count == 1 && keeps && !lists)
    return keep(cli, err);
  return cli_usage(cli, err, "a review is recorded with CASE --keep --reason TEXT; without CASE the cases are listed");
}
