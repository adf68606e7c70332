/* SPDX-License-Identifier: Apache-2.0
 * Kinds of case: shown, and their labels for the other commands. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "wire/kind.h"

enum {
  HASH_SHOWN = 16,
  LABEL_COLUMN = 3, /* of a type's fields, the last but for what a cross-check looks for */
  KINDS_KEPT = sizeof((struct cli_kinds *)0)->known / sizeof((struct cli_kinds *)0)->known[0]
};

void cli_kinds_free(struct cli_kinds *kinds) {
  for (size_t i = 0; i < kinds->count; i++)
    cli_answer_free(&kinds->known[i].answer);
  cli_answer_free(&kinds->partners);
  cli_answer_free(&kinds->self);
  kinds->nodes_asked = false;
  kinds->count = 0;
}

/* A version in words, when it is there: else 0, the one that new cases are of. */
static enum base_code version_word(const struct cli *cli, size_t index, int64_t *out, struct base_error *err) {
  uint64_t number = 0;
  if (index >= cli->word_count)
    return BASE_OK;
  if (!base_decimal_parse(base_view_text(cli->words[index]), &number) || number < 1 || number > INT32_MAX)
    return cli_usage(cli, err, "VERSION is a whole number from 1: wasl kind list shows those there are");
  *out = (int64_t)number;
  return BASE_OK;
}

enum base_code cli_kind_get(struct cli *cli, struct base_view name, int64_t version, struct cli_answer *out,
                            struct base_error *err) {
  return version > 0 ? cli_get(cli, out, err, "/v1/kinds/%s?version=%lld", cli_piece(name).text, (long long)version)
                     : cli_get(cli, out, err, "/v1/kinds/%s", cli_piece(name).text);
}

/* Without the kind, codes are shown as they are; so a failure to get it is none. */
static const struct wire_json *keep(struct cli *cli, struct cli_kinds *kinds, struct base_view name, int64_t version) {
  for (size_t i = 0; i < kinds->count; i++)
    if (base_view_equal(kinds->known[i].name, name) && kinds->known[i].version == version)
      return kinds->known[i].answer.json;
  if (kinds->count == KINDS_KEPT)
    return NULL;
  struct cli_answer *answer = &kinds->known[kinds->count].answer;
  if (cli_kind_get(cli, name, version, answer, NULL) != BASE_OK) {
    cli_answer_free(answer);
    return NULL;
  }
  kinds->known[kinds->count].version = version;
  kinds->known[kinds->count++].name = cli_string(answer->json, "name");
  return answer->json;
}

const struct wire_json *cli_kind(struct cli *cli, struct cli_kinds *kinds, struct base_view name) {
  return keep(cli, kinds, name, 0);
}

const struct wire_json *cli_kind_of(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *told) {
  return keep(cli, kinds, cli_string(told, "kind"), cli_number(told, "kind_version"));
}

struct base_view cli_label(const struct cli *cli, const struct wire_json *labelled, struct base_view otherwise) {
  struct base_view label = cli_string(wire_json_get(labelled, "label"), wire_language_codes[cli->language]);
  return label.size > 0 ? label : otherwise;
}

static const struct wire_json *named(const struct wire_json *array, const char *key, struct base_view name) {
  for (size_t i = 0; i < wire_json_size(array); i++)
    if (base_view_equal(cli_string(wire_json_at(array, i), key), name))
      return wire_json_at(array, i);
  return NULL;
}

struct base_view cli_kind_label(const struct cli *cli, const struct wire_json *kind, const char *list,
                                struct base_view name) {
  return cli_label(cli, named(wire_json_get(kind, list), "name", name), name);
}

struct base_view cli_state_label(const struct cli *cli, const struct wire_json *kind, struct base_view state) {
  struct base_view label = cli_kind_label(cli, kind, "states", state);
  return base_view_equal(label, state) ? cli_code_word(cli, state) : label;
}

struct base_view cli_item_label(const struct cli *cli, const struct wire_json *kind, struct base_view item,
                                struct base_view state) {
  const struct wire_json *described = named(wire_json_get(kind, "items"), "name", item);
  return state.size == 0 ? cli_label(cli, described, item) : cli_kind_label(cli, described, "states", state);
}

const struct wire_json *cli_kind_field(const struct wire_json *kind, struct base_view type, struct base_view field) {
  return named(wire_json_get(named(wire_json_get(kind, "types"), "name", type), "fields"), "name", field);
}

struct base_view cli_code_label(const struct cli *cli, const struct wire_json *kind, struct base_view list,
                                struct base_view code) {
  return cli_label(cli, named(wire_json_get(named(wire_json_get(kind, "lists"), "name", list), "codes"), "code", code),
                   code);
}

struct base_view cli_ground_label(const struct cli *cli, const struct wire_json *kind, struct base_view clock,
                                  struct base_view ground) {
  const struct wire_json *described = named(wire_json_get(kind, "clocks"), "name", clock);
  struct base_view type = wire_json_text(wire_json_at(wire_json_get(described, "pauses"), 0));
  const struct wire_json *field = cli_kind_field(kind, type, cli_string(described, "ground"));
  return cli_code_label(cli, kind, cli_string(field, "list"), ground);
}

enum base_code cli_kind_list(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/kinds");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  static const enum cli_word heads[] = {CLI_NAME, CLI_VERSION, CLI_KIND_FROM, CLI_KIND_NEW, CLI_KIND_HASH, CLI_TITLE};
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 6, heads);
  for (size_t i = 0; i < wire_json_size(answer.json); i++) {
    const struct wire_json *kind = wire_json_at(answer.json, i);
    bool added = wire_json_true(wire_json_get(kind, "added")), opens = wire_json_true(wire_json_get(kind, "opens"));
    struct base_view hash = cli_string(kind, "hash");
    cli_cell(&table, cli_string(kind, "name"));
    cli_cell_number(&table, cli_number(kind, "version"));
    cli_cell(&table, base_view_text(cli_word(cli, added ? CLI_KIND_ADDED : CLI_KIND_OWN)));
    cli_cell(&table, base_view_text(cli_word(cli, opens ? CLI_YES : CLI_NO)));
    cli_cell_id(&table, base_view_of(hash.data, hash.size < HASH_SHOWN ? hash.size : HASH_SHOWN));
    cli_cell(&table, cli_label(cli, kind, cli_string(kind, "name")));
  }
  cli_table_end(&table);
  return BASE_OK;
}

static bool any_matched(const struct wire_json *fields) {
  bool any = false;
  for (size_t i = 0; i < wire_json_size(fields) && !any; i++) {
    const struct wire_json *field = wire_json_at(fields, i);
    any = cli_string(field, "match").size > 0 || any_matched(wire_json_get(field, "columns"));
  }
  return any;
}

/* As what a cross-check looks for it, in words. */
static struct base_view matched_as(const struct cli *cli, struct base_view match) {
  static const struct {
    const char *match;
    enum cli_word word;
  } rows[] = {{"name", CLI_MATCH_NAME},    {"born", CLI_MATCH_BORN},       {"document", CLI_SAME_DOCUMENT},
              {"phone", CLI_SAME_PHONE},   {"account", CLI_SAME_ACCOUNT},  {"vehicle", CLI_SAME_VEHICLE},
              {"mail", CLI_SAME_MAIL},     {"identifier", CLI_SAME_IDENTIFIER}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (base_view_is(match, rows[i].match))
      return base_view_text(cli_word(cli, rows[i].word));
  return match;
}

/* within: the table of which they are the columns; empty: the fields of a type. */
static void show_fields(struct cli *cli, struct cli_table *table, const struct wire_json *fields,
                        struct base_view within) {
  for (size_t i = 0; i < wire_json_size(fields); i++) {
    const struct wire_json *field = wire_json_at(fields, i);
    struct base_view list = cli_string(field, "list"), name = cli_string(field, "name");
    base_buf_printable(&table->cells, within);
    base_buf_text(&table->cells, within.size > 0 ? "." : "");
    cli_cell(table, name);
    cli_cell(table, list.size > 0 ? list : cli_string(field, "type"));
    cli_cell(table, base_view_text(cli_word(cli, wire_json_true(wire_json_get(field, "required")) ? CLI_YES : CLI_NO)));
    cli_cell(table, cli_label(cli, field, name));
    if (table->columns > LABEL_COLUMN + 1)
      cli_cell(table, matched_as(cli, cli_string(field, "match")));
    if (within.size == 0)
      show_fields(cli, table, wire_json_get(field, "columns"), name);
  }
}

/* "begins", "today + 30 d", of an earlier message "depart.at" */
static void show_bound(struct cli *cli, const struct wire_json *bound, bool day) {
  BASE_AUTO_BUF struct base_buf other = {0};
  int64_t days = cli_number(bound, "days");
  const struct wire_json *of = wire_json_get(bound, "of");
  for (size_t i = 0; i < wire_json_size(of); i++) { /* whichever of them was sent last */
    base_buf_text(&other, i > 0 ? "/" : "");
    base_buf_add_view(&other, wire_json_text(wire_json_at(of, i)));
  }
  base_buf_add_view(&other, wire_json_text(of));
  base_buf_text(&other, other.size > 0 ? "." : "");
  base_buf_add_view(&other, cli_string(bound, "field"));
  if (other.size > 0)
    cli_isolated(cli, &cli->out, base_buf_view(&other));
  else
    base_buf_text(&cli->out, cli_word(cli, day ? CLI_RULE_TODAY : CLI_RULE_NOW));
  if (days == 0)
    return;
  base_buf_text(&cli->out, days < 0 ? " - " : " + ");
  cli_duration(cli, &cli->out, (days < 0 ? -days : days) * 86400);
}

/* "may_tell = no", "answer = yes, later" */
static void show_when(struct cli *cli, const struct wire_json *when) {
  const struct wire_json *is = wire_json_get(when, "is");
  cli_isolated(cli, &cli->out, cli_string(when, "field"));
  for (size_t i = 0; i < wire_json_size(is); i++) {
    const struct wire_json *value = wire_json_at(is, i);
    base_buf_text(&cli->out, i > 0 ? ", " : " = ");
    if (wire_json_type(value) == WIRE_JSON_BOOL)
      base_buf_text(&cli->out, cli_word(cli, wire_json_true(value) ? CLI_YES : CLI_NO));
    else
      cli_isolated(cli, &cli->out, wire_json_text(value));
  }
}

/* What it must be to the others: "ends: not before begins". */
static void show_rule(struct cli *cli, const struct wire_json *field, struct base_view within, const char *key,
                      enum cli_word word) {
  const struct wire_json *rule = wire_json_get(field, key);
  bool bounds = wire_json_type(rule) == WIRE_JSON_ARRAY;
  for (size_t i = 0; rule != NULL && i < (bounds ? wire_json_size(rule) : 1); i++) {
    BASE_AUTO_BUF struct base_buf name = {0};
    base_buf_add_view(&name, within);
    base_buf_text(&name, within.size > 0 ? "." : "");
    base_buf_add_view(&name, cli_string(field, "name"));
    base_buf_text(&cli->out, "  ");
    cli_isolated(cli, &cli->out, base_buf_view(&name));
    base_buf_printf(&cli->out, ": %s ", cli_word(cli, word));
    if (bounds)
      show_bound(cli, wire_json_at(rule, i), base_view_is(cli_string(field, "type"), "date"));
    else if (wire_json_type(rule) == WIRE_JSON_INTEGER)
      base_buf_printf(&cli->out, "%lld", (long long)wire_json_integer(rule));
    else if (wire_json_type(rule) == WIRE_JSON_BOOL)
      base_buf_text(&cli->out, cli_word(cli, CLI_YES));
    else
      show_when(cli, rule);
    base_buf_text(&cli->out, "\n");
  }
}

/* When such a message may be written: "accept: not after offer.valid_until". */
static void show_written(struct cli *cli, const struct wire_json *type) {
  show_rule(cli, type, (struct base_view){0}, "not_before", CLI_RULE_NOT_BEFORE);
  show_rule(cli, type, (struct base_view){0}, "not_after", CLI_RULE_NOT_AFTER);
}

static void show_rules(struct cli *cli, const struct wire_json *fields, struct base_view within) {
  for (size_t i = 0; i < wire_json_size(fields); i++) {
    const struct wire_json *field = wire_json_at(fields, i);
    show_rule(cli, field, within, "not_before", CLI_RULE_NOT_BEFORE);
    show_rule(cli, field, within, "not_after", CLI_RULE_NOT_AFTER);
    show_rule(cli, field, within, "absent_when", CLI_RULE_ABSENT_WHEN);
    show_rule(cli, field, within, "required_when", CLI_RULE_REQUIRED_WHEN);
    show_rule(cli, field, within, "multiple", CLI_RULE_MULTIPLE);
    show_rule(cli, field, within, "must_be", CLI_RULE_MUST_BE);
    show_rule(cli, field, within, "other", CLI_RULE_OTHER);
    if (within.size == 0)
      show_rules(cli, wire_json_get(field, "columns"), cli_string(field, "name"));
  }
}

static void show_type(struct cli *cli, const struct wire_json *type) {
  static const enum cli_word heads[] = {CLI_FIELD, CLI_TYPE, CLI_REQUIRED, CLI_LABEL, CLI_MATCHED};
  CLI_AUTO_TABLE struct cli_table table;
  base_buf_text(&cli->out, "\n");
  cli_isolated(cli, &cli->out, cli_string(type, "name"));
  base_buf_text(&cli->out, "  ");
  cli_text(cli, cli_label(cli, type, (struct base_view){0}));
  if (!wire_json_true(wire_json_get(type, "parts")))
    base_buf_printf(&cli->out, " (%s)", cli_word(cli, CLI_NO_PARTS));
  base_buf_text(&cli->out, "\n");
  const struct wire_json *fields = wire_json_get(type, "fields");
  cli_table_begin(&table, cli, any_matched(fields) ? LABEL_COLUMN + 2 : LABEL_COLUMN + 1, heads);
  show_fields(cli, &table, fields, (struct base_view){0});
  cli_table_end(&table);
  show_written(cli, type);
  show_rules(cli, wire_json_get(type, "fields"), (struct base_view){0});
}

static void show_codes(struct cli *cli, const struct wire_json *list, const char *items, const char *key) {
  static const enum cli_word heads[] = {CLI_CODE, CLI_LABEL};
  CLI_AUTO_TABLE struct cli_table table;
  const struct wire_json *codes = wire_json_get(list, items);
  base_buf_text(&cli->out, "\n");
  cli_table_begin(&table, cli, 2, heads);
  for (size_t i = 0; i < wire_json_size(codes); i++) {
    const struct wire_json *code = wire_json_at(codes, i);
    cli_cell(&table, cli_string(code, key));
    cli_cell(&table, cli_label(cli, code, cli_string(code, key)));
  }
  cli_table_end(&table);
}

/* Which message leads from which states to which. */
static void show_transitions(struct cli *cli, const struct wire_json *transitions) {
  static const enum cli_word heads[] = {CLI_TYPE, CLI_FROM, CLI_TO};
  CLI_AUTO_TABLE struct cli_table table;
  base_buf_text(&cli->out, "\n");
  cli_table_begin(&table, cli, 3, heads);
  for (size_t i = 0; i < wire_json_size(transitions); i++) {
    const struct wire_json *transition = wire_json_at(transitions, i), *from = wire_json_get(transition, "from");
    cli_cell(&table, cli_string(transition, "on"));
    for (size_t k = 0; k < wire_json_size(from); k++) {
      base_buf_text(&table.cells, k > 0 ? ", " : "");
      base_buf_printable(&table.cells, wire_json_text(wire_json_at(from, k)));
    }
    base_buf_u8(&table.cells, 0);
    cli_cell(&table, cli_string(transition, "to"));
  }
  cli_table_end(&table);
}

static void show_item(struct cli *cli, const struct wire_json *item) {
  base_buf_text(&cli->out, "\n");
  cli_isolated(cli, &cli->out, cli_string(item, "name"));
  base_buf_text(&cli->out, "  ");
  cli_text(cli, cli_label(cli, item, (struct base_view){0}));
  base_buf_printf(&cli->out, "\n%s", cli_word(cli, CLI_STATE));
  show_codes(cli, item, "states", "name");
  show_transitions(cli, wire_json_get(item, "transitions"));
}

static void clock_row(const struct cli *cli, struct cli_table *table, struct base_view code, int64_t seconds) {
  cli_cell(table, code);
  cli_duration(cli, &table->cells, seconds);
  base_buf_u8(&table->cells, 0);
}

static void show_clock(struct cli *cli, const struct wire_json *clock, const struct wire_json *kind) {
  static const enum cli_word heads[] = {CLI_CODE, CLI_DEADLINE};
  CLI_AUTO_TABLE struct cli_table table;
  struct base_view starts = cli_string(clock, "starts");
  const struct wire_json *lengths = wire_json_get(clock, "lengths"), *at = wire_json_get(clock, "at");
  int64_t offset = at != NULL ? cli_number(at, "offset") : 0;
  struct base_view list = cli_string(cli_kind_field(kind, starts, cli_string(clock, "field")), "list");
  const struct wire_json *codes = wire_json_get(named(wire_json_get(kind, "lists"), "name", list), "codes");
  base_buf_text(&cli->out, "\n");
  cli_isolated(cli, &cli->out, cli_string(clock, "name"));
  base_buf_text(&cli->out, "  ");
  cli_text(cli, cli_label(cli, clock, (struct base_view){0}));
  base_buf_text(&cli->out, "\n");
  cli_table_begin(&table, cli, 2, heads);
  if (at != NULL) {
    cli_cell(&table, cli_string(at, "field"));
    base_buf_printf(&table.cells, "%s", offset < 0 ? "-" : "+");
    cli_duration(cli, &table.cells, offset < 0 ? -offset : offset);
    base_buf_u8(&table.cells, 0);
  } else if (lengths == NULL) {
    clock_row(cli, &table, starts, cli_number(clock, "length"));
  }
  for (size_t i = 0; lengths != NULL && i < wire_json_size(codes); i++) {
    struct cli_piece code = cli_piece(cli_string(wire_json_at(codes, i), "code"));
    clock_row(cli, &table, base_view_text(code.text), cli_number(lengths, code.text));
  }
  cli_table_end(&table);
  cli_kind_clock_waits(cli, clock);
}

enum base_code cli_kind_show(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  int64_t version = 0;
  enum base_code code = version_word(cli, 1, &version, err);
  if (code == BASE_OK)
    code = cli_kind_get(cli, base_view_text(cli->words[0]), version, &answer, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *types = wire_json_get(answer.json, "types"), *lists = wire_json_get(answer.json, "lists");
  cli_isolated(cli, &cli->out, cli_string(answer.json, "name"));
  base_buf_text(&cli->out, "  ");
  cli_text(cli, cli_label(cli, answer.json, (struct base_view){0}));
  base_buf_text(&cli->out, "\n");
  for (size_t i = 0; i < wire_json_size(types); i++)
    show_type(cli, wire_json_at(types, i));
  for (size_t i = 0; i < wire_json_size(lists); i++) {
    base_buf_text(&cli->out, "\n");
    cli_isolated(cli, &cli->out, cli_string(wire_json_at(lists, i), "name"));
    show_codes(cli, wire_json_at(lists, i), "codes", "code");
  }
  base_buf_printf(&cli->out, "\n%s", cli_word(cli, CLI_STATE));
  show_codes(cli, answer.json, "states", "name");
  show_transitions(cli, wire_json_get(answer.json, "transitions"));
  const struct wire_json *clocks = wire_json_get(answer.json, "clocks"), *items = wire_json_get(answer.json, "items");
  for (size_t i = 0; i < wire_json_size(items); i++)
    show_item(cli, wire_json_at(items, i));
  for (size_t i = 0; i < wire_json_size(clocks); i++)
    show_clock(cli, wire_json_at(clocks, i), answer.json);
  cli_kind_whole(cli, answer.json);
  return BASE_OK;
}

enum base_code cli_kind_example(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece kind = cli_piece(base_view_text(cli->words[0]));
  struct cli_piece type = cli_piece(base_view_text(cli->word_count > 1 ? cli->words[1] : ""));
  int64_t version = 0;
  enum base_code code = version_word(cli, 2, &version, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/kinds/%s/example?version=%lld%s%s", kind.text, (long long)version,
                   cli->word_count > 1 ? "&type=" : "", type.text);
  cli->json = true; /* the form is a JSON document, for people too */
  if (code == BASE_OK)
    cli_print_json(cli, &answer);
  return code;
}

/* --- of this node's own */

/* Beside KIND.json lies KIND.labels.json. */
static enum base_code labels_beside(const char *file, char out[PATH_MAX], struct base_error *err) {
  static const char json[] = ".json";
  size_t size = strlen(file), stem = size - (sizeof json - 1);
  if (size < sizeof json || strcmp(file + stem, json) != 0)
    return base_fail(err, BASE_USAGE, "%s: its name does not end in .json, so its LABELS must be named too", file);
  if (snprintf(out, PATH_MAX, "%.*s.labels.json", (int)stem, file) >= PATH_MAX)
    return base_fail(err, BASE_FIELD, "%.100s…: the name is too long", file);
  return BASE_OK;
}

enum base_code cli_kind_files_read(const struct cli *cli, struct base_buf *file, struct base_buf *labels,
                                   struct base_error *err) {
  char beside[PATH_MAX];
  base_buf_init(file, WIRE_KIND_MAX + 1);
  base_buf_init(labels, WIRE_KIND_MAX + 1);
  enum base_code code = cli->word_count < 2 ? labels_beside(cli->words[0], beside, err) : BASE_OK;
  if (code == BASE_OK)
    code = cli_input_read(cli->words[0], WIRE_KIND_MAX, file, err);
  if (code == BASE_OK)
    code = cli_input_read(cli->word_count < 2 ? beside : cli->words[1], WIRE_KIND_MAX, labels, err);
  if (code == BASE_OK && (!base_utf8_valid(base_buf_view(file)) || !base_utf8_valid(base_buf_view(labels))))
    code = base_fail(err, BASE_UTF8, "%s and its labels must be UTF-8", cli->words[0]);
  return code;
}

static void show_change(struct cli *cli, const struct wire_json *change) {
  struct base_view done = cli_string(change, "done");
  cli_isolated(cli, &cli->out, cli_string(change, "name"));
  cli_line(cli, " %lld  ", (long long)cli_number(change, "version"));
  cli_isolated(cli, &cli->out, cli_string(change, "hash"));
  cli_line(cli, "  %s\n",
           cli_word(cli, base_view_is(done, "added")    ? CLI_KIND_DONE_ADDED
                         : base_view_is(done, "labels") ? CLI_KIND_DONE_LABELS
                                                        : CLI_KIND_DONE_REMOVED));
}

enum base_code cli_kind_add(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  BASE_AUTO_BUF struct base_buf file = {0}, labels = {0}, body = {0};
  enum base_code code = cli_kind_files_read(cli, &file, &labels, err);
  if (code != BASE_OK)
    return code;
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  struct wire_writer writer;
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  wire_write_member_buf(&writer, "file", &file);
  wire_write_member_buf(&writer, "labels", &labels);
  wire_write_end(&writer, '}');
  code = base_buf_check(&body, "the request", err);
  if (code == BASE_OK)
    code = cli_post(cli, "/v1/kinds", base_buf_view(&body), &answer, err);
  if (code == BASE_OK && !cli_print_json(cli, &answer))
    show_change(cli, answer.json);
  return code;
}

enum base_code cli_kind_remove(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  BASE_AUTO_BUF struct base_buf body = {0};
  char path[400];
  int64_t version = 0;
  enum base_code code = version_word(cli, 1, &version, err);
  if (code != BASE_OK)
    return code;
  base_buf_init(&body, 256);
  struct wire_writer writer;
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  if (version > 0)
    wire_write_member_integer(&writer, "version", version);
  wire_write_end(&writer, '}');
  (void)snprintf(path, sizeof path, "/v1/kinds/%.300s/remove", cli_piece(base_view_text(cli->words[0])).text);
  code = base_buf_check(&body, "the request", err);
  if (code == BASE_OK)
    code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  if (code == BASE_OK && !cli_print_json(cli, &answer))
    show_change(cli, answer.json);
  return code;
}
