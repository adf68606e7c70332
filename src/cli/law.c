/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "wire/kind.h"

/* What law says of a planned send, and what became of an agreement's rows, in plain words. The node answers in codes.
 */

struct asking {
  struct cli *cli;
  struct cli_piece kind, type, purpose, personal, handling, kase;
  bool has_personal, first;
  unsigned refused;
};

/* "  name: value" for each member of an object: what nothing is held against. */
static void say_unheld(struct cli *cli, const struct wire_json *unheld) {
  const struct wire_json *value;
  struct base_view key;
  const char *between = "";
  if (wire_json_size(unheld) == 0)
    return;
  cli_line(cli, "    %s: ", cli_word(cli, CLI_LAW_UNHELD));
  for (void *cursor = NULL; wire_json_next(unheld, &cursor, &key, &value); between = ", ") {
    base_buf_text(&cli->out, between);
    cli_isolated(cli, &cli->out, key);
    base_buf_text(&cli->out, " ");
    if (wire_json_type(value) == WIRE_JSON_INTEGER)
      base_buf_printf(&cli->out, "%lld", (long long)wire_json_integer(value));
    else if (wire_json_type(value) == WIRE_JSON_TEXT)
      cli_isolated(cli, &cli->out, wire_json_text(value));
    for (size_t i = 0; i < wire_json_size(value); i++) {
      base_buf_text(&cli->out, i > 0 ? " + " : "");
      cli_isolated(cli, &cli->out, wire_json_text(wire_json_at(value, i)));
    }
  }
  base_buf_text(&cli->out, "\n");
}

/* What the row says of marks, of passing on and of how long its receiver keeps it, as it says it. */
static void say_handling(struct cli *cli, const struct wire_json *row) {
  static const char *const columns[] = {"handling", "onward"};
  const char *between = "    ";
  for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
    struct base_view value = cli_string(row, columns[i]);
    if (value.size == 0)
      continue;
    cli_line(cli, "%s%s ", between, columns[i]);
    cli_isolated(cli, &cli->out, value);
    between = ", ";
  }
  int64_t days = cli_number(row, "retention_days");
  if (days > 0) {
    cli_line(cli, "%sretention_days %lld", between, (long long)days);
    between = ", ";
  }
  base_buf_text(&cli->out, between[0] == ',' ? "\n" : "");
}

/* "article 2.1" */
static void say_article(struct cli *cli, const struct wire_json *row, const char *member) {
  base_buf_printf(&cli->out, "%s ", cli_word(cli, CLI_LAW_ARTICLE));
  cli_isolated(cli, &cli->out, cli_string(row, member));
}

/* Of a row that is never used, by which one before it. */
static void say_hider(struct cli *cli, const struct wire_json *unused) {
  base_buf_printf(&cli->out, "%s ", cli_word(cli, CLI_LAW_HIDDEN));
  say_article(cli, unused, "hidden_by");
}

void cli_law_unused(struct cli *cli, const struct wire_json *answer) {
  const struct wire_json *unused = wire_json_get(answer, "unused_rows");
  for (size_t i = 0; i < wire_json_size(unused); i++) {
    const struct wire_json *one = wire_json_at(unused, i);
    struct base_view row = cli_string(one, "row"), hider = cli_string(one, "hidden_by");
    cli_note(cli, "%s: %s %.*s: %s %s %.*s", cli_word(cli, CLI_HINT), cli_word(cli, CLI_LAW_ARTICLE), (int)row.size,
             (const char *)row.data, cli_word(cli, CLI_LAW_HIDDEN), cli_word(cli, CLI_LAW_ARTICLE), (int)hider.size,
             (const char *)hider.data);
  }
}

/* "The agreement ends on 2026-11-23, before the notice that was agreed is over; days agreed: 30" */
static bool say_end(const struct cli *cli, const struct wire_json *of, struct base_buf *out) {
  const struct wire_json *end = wire_json_get(of, "end");
  base_time on;
  if (wire_json_type(end) != WIRE_JSON_OBJECT || !cli_moment(wire_json_get(end, "on"), &on))
    return false;
  base_buf_printf(out, "%s ", cli_word(cli, CLI_LAW_ENDS));
  cli_time(cli, out, on);
  if (wire_json_true(wire_json_get(end, "shorter")))
    base_buf_printf(out, ", %s %lld", cli_word(cli, CLI_LAW_SHORTER), (long long)cli_number(end, "notice_days"));
  return true;
}

/* From when on an agreement is ended by what was just sent, or waits for a second person. */
void cli_law_end(struct cli *cli, const struct wire_json *answer) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 512);
  if (say_end(cli, answer, &text))
    cli_note(cli, "%s: %.*s", cli_word(cli, CLI_HINT), (int)text.size, (const char *)text.data);
}

void cli_law_end_of(struct cli *cli, const struct wire_json *message, unsigned indent) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 512);
  if (say_end(cli, message, &text))
    cli_line(cli, "%*s%.*s\n", (int)indent, "", (int)text.size, (const char *)text.data);
}

/* Why one agreement does not serve: how it stands, and what its nearest row is short of. */
static void say_agreement(struct cli *cli, const struct wire_json *agreement) {
  const struct wire_json *lacks = wire_json_get(agreement, "lacks"), *row = wire_json_get(agreement, "nearest");
  base_buf_printf(&cli->out, "  %s ", cli_word(cli, CLI_LAW_AGREEMENT));
  cli_id(cli, &cli->out, cli_string(agreement, "id"));
  base_buf_text(&cli->out, " (");
  cli_text(cli, cli_code_word(cli, cli_string(agreement, "standing")));
  base_buf_text(&cli->out, ")");
  if (wire_json_type(row) == WIRE_JSON_OBJECT) {
    base_buf_text(&cli->out, ", ");
    say_article(cli, row, "id");
  }
  for (size_t i = 0; i < wire_json_size(lacks); i++) {
    char code[32];
    struct base_view lack = wire_json_text(wire_json_at(lacks, i));
    (void)snprintf(code, sizeof code, "lacks_%.*s", (int)lack.size, (const char *)lack.data);
    base_buf_text(&cli->out, i == 0 ? ": " : ", ");
    cli_text(cli, cli_code_word(cli, base_view_text(code)));
  }
  base_buf_text(&cli->out, "\n");
}

/* Whether somebody else must say yes: "    must be released by a second person: supervisor" */
static void say_approval(struct cli *cli, const struct wire_json *answer) {
  struct base_view approval = cli_string(answer, "approval"), authority = cli_string(wire_json_get(answer, "row"), "authority");
  if (approval.size == 0 || base_view_is(approval, "officer"))
    return;
  cli_line(cli, "    %s: ", cli_word(cli, CLI_RELEASE_ASKED));
  cli_text(cli, cli_code_word(cli, approval));
  if (authority.size > 0) {
    base_buf_text(&cli->out, " ");
    cli_isolated(cli, &cli->out, authority);
  }
  base_buf_text(&cli->out, "\n");
}

static void say_answer(struct cli *cli, const struct wire_json *answer) {
  const struct wire_json *row = wire_json_get(answer, "row"), *agreements = wire_json_get(answer, "agreements");
  bool allowed = wire_json_true(wire_json_get(answer, "allowed"));
  bool covered = wire_json_type(row) == WIRE_JSON_OBJECT;
  base_buf_printf(&cli->out, "%s ", cli_word(cli, CLI_TO));
  cli_isolated(cli, &cli->out, cli_string(answer, "to"));
  bool over = wire_json_true(wire_json_get(answer, "over"));
  cli_line(cli, ": %s", cli_word(cli, over ? CLI_LAW_OVER : !allowed ? CLI_LAW_NO : covered ? CLI_LAW_YES : CLI_LAW_NO_ROW));
  if (covered) {
    base_buf_text(&cli->out, " ");
    say_article(cli, row, "id");
    base_buf_text(&cli->out, " (");
    cli_isolated(cli, &cli->out, cli_string(answer, "clause"));
    base_buf_text(&cli->out, ")");
  }
  base_time end;
  if (over && cli_moment(wire_json_get(answer, "period"), &end)) {
    base_buf_text(&cli->out, " (");
    cli_time(cli, &cli->out, end);
    base_buf_text(&cli->out, ")");
  }
  base_buf_text(&cli->out, "\n");
  if (allowed)
    say_approval(cli, answer);
  if (allowed && covered)
    cli_transfer_explain(cli, answer);
  const struct wire_json *unused = wire_json_get(answer, "unused_rows");
  for (size_t i = 0; i < wire_json_size(unused); i++) {
    base_buf_text(&cli->out, "    ");
    say_article(cli, wire_json_at(unused, i), "row");
    base_buf_text(&cli->out, ": ");
    say_hider(cli, wire_json_at(unused, i));
    base_buf_text(&cli->out, "\n");
  }
  if (covered) {
    say_handling(cli, row);
    say_unheld(cli, wire_json_get(row, "unheld"));
  }
  for (size_t i = 0; i < wire_json_size(agreements); i++)
    say_agreement(cli, wire_json_at(agreements, i));
  if (allowed)
    return;
  base_buf_text(&cli->out, "  ");
  cli_sentence(cli, &cli->out, cli_string(answer, "why"));
  base_buf_text(&cli->out, "\n");
}

static enum base_code ask(void *context, struct base_view piece, struct base_error *err) {
  struct asking *asking = context;
  struct cli *cli = asking->cli;
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code =
      cli_get(cli, &answer, err, "/v1/law?to=%s&kind=%s&type=%s&purpose=%s&handling=%s%s%s%s%s", cli_piece(piece).text,
              asking->kind.text, asking->type.text, asking->purpose.text, asking->handling.text,
              asking->has_personal ? "&personal=" : "", asking->has_personal ? asking->personal.text : "",
              asking->kase.text[0] != '\0' ? "&case=" : "", asking->kase.text);
  if (code != BASE_OK)
    return code;
  if (cli->json) {
    base_buf_text(&cli->out, asking->first ? "[" : ",");
    base_buf_add_buf(&cli->out, &answer.text);
  } else {
    say_answer(cli, answer.json);
  }
  asking->first = false;
  return BASE_OK;
}

enum base_code cli_law_explain(struct cli *cli, struct base_error *err) {
  const char *to, *purpose = cli_option(cli, "--purpose"), *personal = cli_option(cli, "--personal");
  struct asking asking = {.cli = cli, .first = true, .has_personal = personal != NULL};
  enum base_code code = cli_need(cli, "--to", &to, err);
  if (code != BASE_OK)
    return code;
  asking.kind = cli_piece(base_view_text(cli->words[0]));
  asking.type = cli_piece(base_view_text(cli->words[1]));
  asking.purpose = cli_piece(base_view_text(purpose != NULL ? purpose : ""));
  const char *handling = cli_option(cli, "--handling");
  asking.handling = cli_piece(base_view_text(handling != NULL ? handling : ""));
  asking.personal = cli_piece(base_view_text(personal != NULL ? personal : ""));
  asking.kase = cli_piece(base_view_text(cli_option(cli, "--case") != NULL ? cli_option(cli, "--case") : ""));
  code = cli_split(cli, to, "--to", ask, &asking, err);
  if (code == BASE_OK && cli->json)
    base_buf_text(&cli->out, "]\n");
  return code;
}

/* --- review: the node looks through some leaves at a time, and it is added up here */

enum { TALLIES_MAX = 4096, DEROGATIONS_FREQUENT = 5 };

struct tally {
  char what[WIRE_ORIGIN_MAX * 8];
  int64_t count;
  base_time last;
};
struct tallies {
  const char *list, *name;
  size_t count;
  struct tally all[TALLIES_MAX];
};

/* BASE_TOO_LARGE when there are more different ones than anybody would read. */
static enum base_code add_up(struct tallies *tallies, const struct wire_json *answer, struct base_error *err) {
  const struct wire_json *list = wire_json_get(answer, tallies->list);
  for (size_t i = 0; i < wire_json_size(list); i++) {
    const struct wire_json *one = wire_json_at(list, i);
    struct base_view what = cli_string(one, tallies->name);
    struct tally *found = NULL;
    base_time last = 0;
    for (size_t k = 0; k < tallies->count && found == NULL; k++)
      if (base_view_is(what, tallies->all[k].what))
        found = &tallies->all[k];
    if (found == NULL && (tallies->count == TALLIES_MAX || what.size >= sizeof tallies->all[0].what))
      return base_fail(err, BASE_TOO_LARGE, "more than %d different %s: this review does not hold them", TALLIES_MAX,
                       tallies->list);
    if (found == NULL) {
      found = &tallies->all[tallies->count++];
      memcpy(found->what, what.data, what.size);
      found->what[what.size] = 0;
    }
    found->count += cli_number(one, "count");
    if (cli_moment(wire_json_get(one, "last"), &last) && last > found->last)
      found->last = last;
  }
  return BASE_OK;
}

static void write_tallies(struct wire_writer *writer, const struct tallies *tallies) {
  wire_write_key(writer, tallies->list);
  wire_write_array(writer);
  for (size_t i = 0; i < tallies->count; i++) {
    wire_write_object(writer);
    wire_write_member_string(writer, tallies->name, tallies->all[i].what);
    wire_write_member_integer(writer, "count", tallies->all[i].count);
    wire_write_member_time(writer, "last", tallies->all[i].last);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static void write_json(struct cli *cli, const struct wire_json *answer, const struct tallies *used,
                       const struct tallies *refused, const struct tallies *transfers,
                       const struct tallies *emergencies) {
  static const char *const kept[] = {"id", "terms", "title", "review", "until", "regimes", "rows", "unused_rows",
                                     "lanes", "untold"};
  struct wire_writer writer;
  wire_writer_init(&writer, &cli->out);
  wire_write_object(&writer);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    wire_write_key(&writer, kept[i]);
    wire_write_value(&writer, wire_json_get(answer, kept[i]));
  }
  write_tallies(&writer, used);
  write_tallies(&writer, refused);
  write_tallies(&writer, transfers);
  write_tallies(&writer, emergencies);
  wire_write_end(&writer, '}');
  base_buf_text(&cli->out, "\n");
}

/* "12 ×, last 2026-11-21 …" */
static void say_count(struct cli *cli, const struct tally *tally) {
  base_buf_printf(&cli->out, "%lld × (%s ", (long long)tally->count, cli_word(cli, CLI_LAW_LAST));
  cli_time(cli, &cli->out, tally->last);
  base_buf_text(&cli->out, ")");
}

/* The clause of a row of the terms in force: ID/ROW, or ID@TERMS/ROW. */
static bool clause_is(const char *clause, const struct wire_json *answer, struct base_view row) {
  struct base_view id = cli_string(answer, "id"), terms = cli_string(answer, "terms");
  char want[256];
  bool first = base_view_equal(id, terms);
  (void)snprintf(want, sizeof want, "%.*s%s%.*s/%.*s", (int)id.size, (const char *)id.data, first ? "" : "@",
                 first ? 0 : (int)terms.size, (const char *)terms.data, (int)row.size, (const char *)row.data);
  return strcmp(clause, want) == 0;
}

static bool is_untold(const struct wire_json *answer, const struct wire_json *row) {
  const struct wire_json *untold = wire_json_get(answer, "untold");
  for (size_t i = 0; i < wire_json_size(untold); i++)
    if (base_view_equal(wire_json_text(wire_json_at(untold, i)), cli_string(row, "id")))
      return true;
  return false;
}

/* Of which lanes the counts are, where they are not of all. */
static void say_lanes(struct cli *cli, const struct wire_json *lanes) {
  if (wire_json_size(lanes) == WIRE_LANES)
    return;
  cli_line(cli, "%s ", cli_word(cli, CLI_LAW_LANES));
  for (size_t i = 0; i < wire_json_size(lanes); i++) {
    struct base_view lane = cli_code_word(cli, wire_json_text(wire_json_at(lanes, i)));
    base_buf_printf(&cli->out, "%s%.*s", i > 0 ? " + " : "", (int)lane.size, (const char *)lane.data);
  }
  base_buf_text(&cli->out, "\n");
}

static void say_rows(struct cli *cli, const struct wire_json *answer, const struct tallies *used, bool *shown) {
  const struct wire_json *rows = wire_json_get(answer, "rows"), *unused = wire_json_get(answer, "unused_rows");
  for (size_t i = 0; i < wire_json_size(rows); i++) {
    const struct wire_json *row = wire_json_at(rows, i);
    size_t k = 0;
    while (k < used->count && !clause_is(used->all[k].what, answer, cli_string(row, "id")))
      k++;
    base_buf_text(&cli->out, "  ");
    say_article(cli, row, "id");
    base_buf_text(&cli->out, ": ");
    if (k < used->count) {
      say_count(cli, &used->all[k]);
      shown[k] = true;
    } else {
      base_buf_text(&cli->out, cli_word(cli, is_untold(answer, row) ? CLI_LAW_UNTOLD : CLI_LAW_NEVER));
    }
    for (size_t u = 0; u < wire_json_size(unused); u++)
      if (base_view_equal(cli_string(wire_json_at(unused, u), "row"), cli_string(row, "id"))) {
        base_buf_text(&cli->out, "; ");
        say_hider(cli, wire_json_at(unused, u));
      }
    base_buf_text(&cli->out, "\n");
  }
}

static void say_tallies(struct cli *cli, enum cli_word head, const struct tallies *tallies) {
  cli_line(cli, "%s%s\n", cli_word(cli, head), tallies->count == 0 ? " -" : "");
  for (size_t i = 0; i < tallies->count; i++) {
    base_buf_text(&cli->out, "  ");
    cli_isolated(cli, &cli->out, base_view_text(tallies->all[i].what));
    base_buf_text(&cli->out, ": ");
    say_count(cli, &tallies->all[i]);
    base_buf_text(&cli->out, "\n");
  }
}

/* Those of articles 36 and 37 are meant for every day; a derogation that is used as often ought to be a row. */
static bool is_frequent(const struct tally *tally) {
  static const char *const daily[] = {"adequacy", "instrument", "assessment"};
  for (size_t i = 0; i < sizeof daily / sizeof *daily; i++)
    if (strcmp(tally->what, daily[i]) == 0)
      return false;
  return tally->count >= DEROGATIONS_FREQUENT;
}

static void say_transfers(struct cli *cli, const struct tallies *transfers) {
  cli_line(cli, "%s\n", cli_word(cli, CLI_LAW_TRANSFERS));
  for (size_t i = 0; i < transfers->count; i++) {
    base_buf_text(&cli->out, "  ");
    cli_transfer_basis(cli, base_view_text(transfers->all[i].what));
    base_buf_text(&cli->out, ": ");
    say_count(cli, &transfers->all[i]);
    if (is_frequent(&transfers->all[i]))
      cli_line(cli, "  %s", cli_word(cli, CLI_LAW_FREQUENT));
    base_buf_text(&cli->out, "\n");
  }
}

static void say_review(struct cli *cli, const struct wire_json *answer, const struct tallies *used,
                       const struct tallies *refused, const struct tallies *transfers,
                       const struct tallies *emergencies) {
  static bool shown[TALLIES_MAX];
  base_time review;
  base_buf_printf(&cli->out, "%s ", cli_word(cli, CLI_LAW_AGREEMENT));
  cli_id(cli, &cli->out, cli_string(answer, "id"));
  base_buf_text(&cli->out, "  ");
  cli_text(cli, cli_string(answer, "title"));
  base_buf_text(&cli->out, "\n");
  if (cli_moment(wire_json_get(answer, "review"), &review)) {
    cli_line(cli, "%s ", cli_word(cli, CLI_LAW_REVIEW_DUE));
    cli_time(cli, &cli->out, review);
    base_buf_text(&cli->out, "\n");
  }
  cli_transfer_regimes(cli, answer);
  say_lanes(cli, wire_json_get(answer, "lanes"));
  say_rows(cli, answer, used, shown);
  for (size_t i = 0; i < used->count; i++)
    if (!shown[i]) { /* under terms that were amended since */
      base_buf_text(&cli->out, "  ");
      cli_isolated(cli, &cli->out, base_view_text(used->all[i].what));
      base_buf_text(&cli->out, ": ");
      say_count(cli, &used->all[i]);
      base_buf_text(&cli->out, "\n");
    }
  say_tallies(cli, CLI_LAW_WANTED, refused);
  if (transfers->count > 0)
    say_transfers(cli, transfers);
  if (emergencies->count > 0)
    say_tallies(cli, CLI_LAW_EMERGENCIES, emergencies);
}

enum base_code cli_agreement_review(struct cli *cli, struct base_error *err) {
  static struct tallies used = {.list = "used", .name = "clause"}, refused = {.list = "refused", .name = "wanted"},
                        transfers = {.list = "transfers", .name = "basis"},
                        emergencies = {.list = "emergencies", .name = "sent"};
  struct cli_piece id;
  int64_t from = 0;
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  for (bool more = true; more && code == BASE_OK;) {
    CLI_AUTO_ANSWER struct cli_answer answer = {0};
    code = cli_get(cli, &answer, err, "/v1/agreements/%s/review?from=%lld", id.text, (long long)from);
    if (code == BASE_OK)
      code = add_up(&used, answer.json, err);
    if (code == BASE_OK)
      code = add_up(&refused, answer.json, err);
    if (code == BASE_OK)
      code = add_up(&transfers, answer.json, err);
    if (code == BASE_OK)
      code = add_up(&emergencies, answer.json, err);
    const struct wire_json *next = wire_json_get(answer.json, "next");
    more = wire_json_type(next) == WIRE_JSON_INTEGER && wire_json_integer(next) > from;
    from = more ? wire_json_integer(next) : from;
    if (code == BASE_OK && !more && cli->json)
      write_json(cli, answer.json, &used, &refused, &transfers, &emergencies);
    else if (code == BASE_OK && !more)
      say_review(cli, answer.json, &used, &refused, &transfers, &emergencies);
  }
  return code;
}
