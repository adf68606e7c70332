/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum base_code cli_case_open(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fields = {0}, parts = {0};
  CLI_AUTO_ANSWER struct cli_answer kind = {0};
  const char *to;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&parts, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--to", &to, err);
  if (code == BASE_OK)
    code = cli_emergency_options(cli, err);
  if (code == BASE_OK)
    code = cli_get(cli, &kind, err, "/v1/kinds/%s", cli_piece(base_view_text(cli->words[0])).text);
  if (code == BASE_OK)
    code = cli_fields(cli, kind.json, cli_string(kind.json, "opening"), &fields, err);
  if (code == BASE_OK)
    code = cli_parts(cli, &parts, err);
  if (code == BASE_OK)
    code = cli_open(cli, cli->words[0], to, base_buf_view(&fields), base_buf_view(&parts), err);
  return code;
}

/* Types of fields are the kind's, so the case is asked for its kind; without --field nobody needs it. */
static enum base_code kind_of_case(struct cli *cli, const char *id, struct cli_answer *kind, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer kase = {0};
  if (!cli_has(cli, "--field"))
    return BASE_OK;
  enum base_code code = cli_get(cli, &kase, err, "/v1/cases/%s?bare=true", id);
  if (code == BASE_OK)
    code = cli_kind_get(cli, cli_string(kase.json, "kind"), cli_number(kase.json, "kind_version"), kind, err);
  return code;
}

enum base_code cli_case_send(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fields = {0}, parts = {0};
  CLI_AUTO_ANSWER struct cli_answer kind = {0};
  struct cli_piece id;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&parts, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_emergency_options(cli, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = kind_of_case(cli, id.text, &kind, err);
  if (code == BASE_OK)
    code = cli_fields(cli, kind.json, base_view_text(cli->words[1]), &fields, err);
  if (code == BASE_OK)
    code = cli_parts(cli, &parts, err);
  if (code == BASE_OK)
    code = cli_send(cli, id.text, cli->words[1], base_buf_view(&fields), base_buf_view(&parts), err);
  return code;
}

/* --- lists */

static void write_parties(struct cli *cli, struct base_buf *out, const struct wire_json *parties) {
  for (size_t i = 0; i < wire_json_size(parties); i++) {
    base_buf_text(out, i > 0 ? ", " : "");
    cli_isolated(cli, out, wire_json_text(wire_json_at(parties, i)));
  }
}

static bool a_number(const char *text) {
  uint64_t number;
  return text == NULL || base_decimal_parse(base_view_text(text), &number);
}

/* A list that left some out says so: what is overdue is never hidden by a filter, a limit or a page. */
static enum base_code note_hidden(struct cli *cli, size_t shown, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer status = {0};
  enum base_code code = cli_get(cli, &status, err, "/v1/status");
  if (code != BASE_OK)
    return code;
  int64_t late = cli_number(status.json, "overdue");
  if (late > (int64_t)shown)
    cli_line(cli, "%s: %lld%s (wasl case list --by deadline)\n", cli_word(cli, CLI_OVERDUE_HIDDEN),
             (long long)late - (long long)shown, wire_json_true(wire_json_get(status.json, "overdue_more")) ? "+" : "");
  return BASE_OK;
}

/* The query of a list: what was asked for, and nothing else. */
static enum base_code list_query(struct cli *cli, struct base_buf *out, struct base_error *err) {
  static const char *const options[] = {"--kind", "--state", "--by", "--after", "--limit", "--lane"};
  const char *state = cli_option(cli, "--state"), *by = cli_option(cli, "--by"), *after = cli_option(cli, "--after");
  if (!a_number(cli_option(cli, "--limit")))
    return cli_usage(cli, err, "--limit takes a number");
  if (by != NULL && strcmp(by, "deadline") != 0)
    return cli_usage(cli, err, "--by takes deadline; without it the last changed come first");
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (cli_option(cli, options[i]) != NULL)
      base_buf_printf(out, "%s%s=%s", out->size == 0 ? "?" : "&", options[i] + 2,
                      cli_piece(base_view_text(cli_option(cli, options[i]))).text);
  if (cli_has(cli, "--exercise"))
    base_buf_printf(out, "%sexercise=true", out->size == 0 ? "?" : "&");
  if (by == NULL && (state != NULL || after != NULL))
    base_buf_text(out, "&by=deadline");
  base_buf_u8(out, 0);
  return base_buf_check(out, "the query of the list", err);
}

/* When an item of the case is due, before or without any clock of the case itself; wasl case items CASE says which. */
static void write_item_due(struct cli *cli, struct base_buf *out, const struct wire_json *kind,
                           const struct wire_json *kase) {
  const struct wire_json *clocks = wire_json_get(kase, "clocks");
  for (size_t i = 0; i < wire_json_size(clocks); i++)
    if (base_view_equal(cli_string(wire_json_at(clocks, i), "due"), cli_string(kase, "due")))
      return;
  if (cli_string(kase, "due").size == 0)
    return;
  base_buf_printf(out, "%s%s: ", wire_json_size(clocks) > 0 ? ", " : "", cli_word(cli, CLI_ITEM));
  cli_write_clock(cli, out, kind, kase);
}

static size_t show_list(struct cli *cli, const struct wire_json *cases) {
  static const enum cli_word heads[] = {CLI_CASE, CLI_KIND, CLI_STATE, CLI_CHANGED, CLI_PARTIES, CLI_DEADLINE};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  CLI_AUTO_TABLE struct cli_table table;
  size_t late = 0;
  cli_table_begin(&table, cli, 6, heads);
  for (size_t i = 0; i < wire_json_size(cases); i++) {
    const struct wire_json *kase = wire_json_at(cases, i);
    const struct wire_json *described = cli_kind_of(cli, &kinds, kase);
    late += wire_json_true(wire_json_get(kase, "overdue"));
    cli_cell_id(&table, cli_string(kase, "id"));
    cli_exercise_mark(cli, &table.cells, kase);
    cli_cell(&table, cli_label(cli, described, cli_string(kase, "kind")));
    cli_cell(&table, wire_json_get(kase, "damaged") != NULL ? base_view_text(cli_word(cli, CLI_DAMAGED))
                     : wire_json_true(wire_json_get(kase, "flagged"))
                         ? base_view_text(cli_word(cli, CLI_FLAGGED))
                         : cli_state_label(cli, described, cli_string(kase, "state")));
    cli_cell_time(&table, wire_json_get(kase, "changed"));
    write_parties(cli, &table.cells, wire_json_get(kase, "parties"));
    base_buf_u8(&table.cells, 0);
    cli_write_clocks(cli, &table.cells, described, wire_json_get(kase, "clocks"));
    write_item_due(cli, &table.cells, described, kase);
    base_buf_u8(&table.cells, 0);
  }
  cli_table_end(&table);
  return late;
}

enum base_code cli_case_list(struct cli *cli, struct base_error *err) {
  enum { PAGE = 100 }; /* of a list by deadline, when no other limit is said */
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  BASE_AUTO_BUF struct base_buf query = {0};
  base_buf_init(&query, 4096);
  enum base_code code = list_query(cli, &query, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/cases%s", (const char *)query.data);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  uint64_t limit = PAGE;
  size_t count = wire_json_size(answer.json), late = show_list(cli, answer.json);
  if (cli_option(cli, "--limit") != NULL)
    (void)base_decimal_parse(base_view_text(cli_option(cli, "--limit")), &limit);
  struct base_view cursor = count > 0 ? cli_string(wire_json_at(answer.json, count - 1), "cursor") : BASE_VIEW("");
  if (cursor.size > 0 && count >= (limit == 0 ? PAGE : limit))
    cli_line(cli, "%s: --after %.*s\n", cli_word(cli, CLI_MORE), (int)cursor.size, (const char *)cursor.data);
  /* What is overdue in an exercise stands for nothing that is. */
  return note_hidden(cli, cli_has(cli, "--exercise") ? 0 : late, err);
}

/* --- show */

/* What the node told of the deadlines, each once, and by which leaf. */
static void show_alarms(struct cli *cli, const struct wire_json *kase, const struct wire_json *kind) {
  const struct wire_json *alarms = wire_json_get(kase, "alarms");
  for (size_t i = 0; i < wire_json_size(alarms); i++) {
    const struct wire_json *alarm = wire_json_at(alarms, i);
    base_time due = 0, told = 0;
    if (!cli_moment(wire_json_get(alarm, "due"), &due) || !cli_moment(wire_json_get(alarm, "told"), &told))
      continue;
    cli_line(cli, "    ");
    cli_time(cli, &cli->out, told);
    cli_line(cli, ": %s, ",
             cli_word(cli, base_view_is(cli_string(alarm, "what"), "soon") ? CLI_DUE_SOON : CLI_OVERDUE));
    cli_text(cli, cli_kind_label(cli, kind, "clocks", cli_string(alarm, "clock")));
    if (wire_json_get(alarm, "item") != NULL) {
      base_buf_text(&cli->out, " ");
      cli_id(cli, &cli->out, cli_string(alarm, "item"));
    }
    base_buf_text(&cli->out, ", ");
    cli_isolated(cli, &cli->out, cli_string(alarm, "party"));
    cli_line(cli, ", %s ", cli_word(cli, CLI_DUE));
    cli_time(cli, &cli->out, due);
    cli_line(cli, " (%s %lld)\n", cli_word(cli, CLI_LEAF), (long long)cli_number(alarm, "leaf"));
  }
}

/* For how long it is meant, where its kind has a period. */
static void show_period(struct cli *cli, const struct wire_json *kase) {
  base_time from, to;
  if (!cli_moment(wire_json_get(kase, "from"), &from) || !cli_moment(wire_json_get(kase, "to"), &to))
    return;
  cli_line(cli, "%s: ", cli_word(cli, CLI_PERIOD));
  cli_time(cli, &cli->out, from);
  base_buf_text(&cli->out, " / ");
  cli_time(cli, &cli->out, to);
  base_buf_text(&cli->out, "\n");
}

static void show_head(struct cli *cli, const struct wire_json *kase, const struct wire_json *kind) {
  const struct wire_json *possible = wire_json_get(kase, "possible"), *clocks = wire_json_get(kase, "clocks");
  const struct wire_json *standing = wire_json_get(kase, "standing");
  cli_line(cli, "%s ", cli_word(cli, CLI_CASE));
  cli_isolated(cli, &cli->out, cli_string(kase, "id"));
  base_buf_text(&cli->out, "\n");
  cli_text(cli, cli_label(cli, kind, cli_string(kase, "kind")));
  base_buf_text(&cli->out, ": ");
  cli_text(cli, cli_state_label(cli, kind, cli_string(kase, "state")));
  if (wire_json_true(wire_json_get(kase, "flagged")))
    cli_line(cli, "  (%s)", cli_word(cli, CLI_FLAGGED));
  cli_line(cli, "\n%s: ", cli_word(cli, CLI_PARTIES));
  write_parties(cli, &cli->out, wire_json_get(kase, "parties"));
  base_buf_text(&cli->out, "\n");
  show_period(cli, kase);
  for (size_t i = 0; i < wire_json_size(standing) && wire_json_size(standing) > 1; i++) {
    cli_line(cli, "    ");
    cli_isolated(cli, &cli->out, cli_string(wire_json_at(standing, i), "party"));
    base_buf_text(&cli->out, ": ");
    cli_text(cli, cli_kind_label(cli, kind, "states", cli_string(wire_json_at(standing, i), "state")));
    base_buf_text(&cli->out, "\n");
  }
  for (size_t i = 0; i < wire_json_size(clocks); i++) {
    const struct wire_json *clock = wire_json_at(clocks, i);
    cli_text(cli, cli_kind_label(cli, kind, "clocks", cli_string(clock, "name")));
    base_buf_text(&cli->out, ": ");
    cli_write_whose(cli, &cli->out, clocks, i);
    cli_write_clock(cli, &cli->out, kind, clock);
    base_buf_text(&cli->out, "\n");
  }
  cli_show_lacks(cli, kind, kase);
  show_alarms(cli, kase, kind);
  cli_show_review(cli, wire_json_get(kase, "review"), wire_json_get(kase, "personal_ends"));
  cli_show_personal_ends(cli, wire_json_get(kase, "personal_ends"));
  if (wire_json_size(possible) == 0)
    return;
  cli_line(cli, "%s:", cli_word(cli, CLI_POSSIBLE));
  for (size_t i = 0; i < wire_json_size(possible); i++) {
    struct base_view type = wire_json_text(wire_json_at(possible, i));
    base_buf_text(&cli->out, i > 0 ? ", " : " ");
    cli_isolated(cli, &cli->out, type);
    base_buf_text(&cli->out, " (");
    cli_text(cli, cli_kind_label(cli, kind, "types", type));
    base_buf_text(&cli->out, ")");
  }
  base_buf_text(&cli->out, "\n");
}

/* Whether anything waits for a message of this type to be settled. */
static bool settles(const struct wire_json *kind, struct base_view type) {
  const struct wire_json *transitions = wire_json_get(kind, "transitions");
  for (size_t i = 0; i < wire_json_size(transitions); i++) {
    const struct wire_json *transition = wire_json_at(transitions, i);
    if (base_view_equal(cli_string(transition, "on"), type) && wire_json_true(wire_json_get(transition, "settles")))
      return true;
  }
  return false;
}

static void show_message(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *kase,
                         const struct wire_json *message) {
  struct base_view type = cli_string(message, "type");
  const struct wire_json *effective = wire_json_get(message, "effective"), *settled = wire_json_get(message, "settled");
  const struct wire_json *described = cli_kind_of(cli, kinds, kase);
  base_time time;
  base_buf_text(&cli->out, "\n");
  cli_text(cli, cli_kind_label(cli, described, "types", type));
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, cli_string(message, "author"));
  base_buf_text(&cli->out, "  ");
  if (cli_moment(wire_json_get(message, "time"), &time))
    cli_time(cli, &cli->out, time);
  base_buf_text(&cli->out, "\n    ");
  cli_isolated(cli, &cli->out, cli_string(message, "id"));
  base_buf_text(&cli->out, "\n");
  if (wire_json_type(effective) == WIRE_JSON_BOOL && !wire_json_true(effective)) {
    cli_line(cli, "    %s: ", cli_word(cli, CLI_WITHOUT_EFFECT));
    cli_text(cli, cli_string(message, "why"));
    base_buf_text(&cli->out, "\n");
  } else if (wire_json_true(wire_json_get(message, "agrees"))) {
    cli_line(cli, "    %s\n", cli_word(cli, CLI_AGREES));
  } else if (wire_json_type(settled) == WIRE_JSON_BOOL && !wire_json_true(settled) && settles(described, type)) {
    cli_line(cli, "    %s\n", cli_word(cli, CLI_UNSETTLED));
  }
  cli_show_markings(cli, message, 4);
  cli_show_content(cli, kinds, kase, message, false);
}

enum base_code cli_case_show(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  struct cli_piece id;
  struct cli_purpose purpose;
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_purpose(cli, (struct cli_reading){0}, &purpose, err);
  if (code == BASE_OK && cli_has(cli, "--bare") && purpose.text[0] != '\0')
    code = cli_usage(cli, err, "--bare reads nothing, so there is no reason to be kept");
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/cases/%s%s", id.text, cli_has(cli, "--bare") ? "?bare=true" : purpose.text);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *messages = wire_json_get(answer.json, "messages"), *items = wire_json_get(answer.json, "items");
  const struct wire_json *kind = cli_kind_of(cli, &kinds, answer.json);
  bool exercise = wire_json_true(wire_json_get(answer.json, "exercise"));
  cli_exercise_line(cli, exercise);
  show_head(cli, answer.json, kind);
  base_buf_text(&cli->out, wire_json_size(items) > 0 ? "\n" : "");
  cli_show_items(cli, kind, items);
  for (size_t i = 0; i < wire_json_size(messages); i++)
    show_message(cli, &kinds, answer.json, wire_json_at(messages, i));
  cli_exercise_line(cli, exercise);
  return BASE_OK;
}
