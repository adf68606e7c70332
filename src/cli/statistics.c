/* SPDX-License-Identifier: Apache-2.0
 * `wasl statistics`: some leaves per call, so that the node serves others meanwhile; then the numbers, for people, as
 * CSV or as the node gave them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

enum { AGAIN_MAX = 5, COLUMNS = 9, HEADING = 7 };

/* As the node names them; those that a heading is made of first. */
static const char *const columns[COLUMNS] = {"section", "direction", "partner", "month", "kind",
                                             "clock",   "limit",     "measure", "detail"};

/* --- asking */

static void add_parameter(struct base_buf *query, const char *name, const char *value) {
  if (value != NULL)
    base_buf_printf(query, "%s%s=%s", query->size == 0 ? "?" : "&", name, cli_piece(base_view_text(value)).text);
}

/* A call that continues says where the last one stood, and no more than that. */
static enum base_code ask(struct cli *cli, int64_t next, struct cli_answer *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf query = {0};
  base_buf_init(&query, 4096);
  if (next > 0) {
    base_buf_printf(&query, "?next=%lld", (long long)next);
  } else {
    add_parameter(&query, "from", cli_option(cli, "--from"));
    add_parameter(&query, "to", cli_option(cli, "--to"));
    add_parameter(&query, "partner", cli_option(cli, "--partner"));
    add_parameter(&query, "kind", cli_option(cli, "--kind"));
    add_parameter(&query, "lane", cli_option(cli, "--lane"));
    add_parameter(&query, "publish", cli_option(cli, "--publish"));
  }
  base_buf_u8(&query, 0);
  enum base_code code = base_buf_check(&query, "what is asked for", err);
  return code == BASE_OK ? cli_get(cli, out, err, "/v1/statistics%s", (const char *)query.data) : code;
}

static enum base_code make(struct cli *cli, struct cli_answer *out, struct base_error *err) {
  struct cli_progress progress = {.cli = cli, .label = cli_word(cli, CLI_STATISTICS)};
  unsigned again = 0;
  enum base_code code = BASE_OK;
  for (int64_t next = 0; code == BASE_OK;) {
    CLI_AUTO_ANSWER struct cli_answer answer = {0};
    code = ask(cli, next, &answer, err);
    if (code == BASE_CONFLICT && again++ < AGAIN_MAX) { /* a restart, or a step that the node took back, ended it */
      next = 0;
      code = BASE_OK;
      continue;
    }
    if (code == BASE_BUSY) { /* others are being made: ours come after them */
      cli_progress_at(&progress, 0, 0);
      nanosleep(&(struct timespec){.tv_nsec = 200 * 1000000}, NULL);
      code = BASE_OK;
      continue;
    }
    if (code != BASE_OK)
      break;
    if (wire_json_true(wire_json_get(answer.json, "done"))) {
      *out = answer;
      answer = (struct cli_answer){0};
      break;
    }
    int64_t reached = cli_number(answer.json, "next");
    if (reached <= next)
      code = base_fail(err, BASE_PROTOCOL, "the statistics do not advance beyond leaf %lld", (long long)next);
    next = reached;
    cli_progress_at(&progress, (uint64_t)reached, (uint64_t)cli_number(answer.json, "end"));
  }
  cli_progress_end(&progress);
  return code;
}

/* --- CSV (RFC 4180): a line per number */

static void csv_field(struct base_buf *out, struct base_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size; i++)
    quoted = quoted || strchr("\",\r\n", text.data[i]) != NULL;
  base_buf_text(out, quoted ? "\"" : "");
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '"')
      base_buf_u8(out, '"');
    base_buf_u8(out, text.data[i]);
  }
  base_buf_text(out, quoted ? "\"" : "");
}

/* Eurostat's mark of a confidential number stands where one is hidden. */
static void print_csv(struct cli *cli, const struct wire_json *answer) {
  const struct wire_json *cells = wire_json_get(answer, "cells");
  for (size_t i = 0; i < COLUMNS; i++)
    base_buf_printf(&cli->out, "%s,", columns[i]);
  base_buf_text(&cli->out, "count\r\n");
  for (size_t i = 0; i < wire_json_size(cells); i++) {
    const struct wire_json *cell = wire_json_at(cells, i), *value = wire_json_get(cell, "count");
    for (size_t j = 0; j < COLUMNS; j++) {
      csv_field(&cli->out, cli_string(cell, columns[j]));
      base_buf_text(&cli->out, ",");
    }
    if (wire_json_type(value) == WIRE_JSON_INTEGER)
      base_buf_printf(&cli->out, "%lld\r\n", (long long)wire_json_integer(value));
    else
      base_buf_text(&cli->out, ":c\r\n");
  }
}

/* --- for people */

/* "count_" before a measure's name is its code in the catalogue; a name that is not there stands as it is. */
static struct base_view measure_label(const struct cli *cli, struct base_view measure) {
  char code[64];
  if (measure.size > sizeof code - sizeof "count_")
    return measure;
  snprintf(code, sizeof code, "count_%.*s", (int)measure.size, (const char *)measure.data);
  struct base_view label = cli_code_word(cli, base_view_text(code));
  return base_view_is(label, code) ? measure : label;
}

/* The label of a code of the message's own lists; else the code. */
static struct base_view ground_label(const struct cli *cli, const struct wire_json *kind, struct base_view type,
                                     struct base_view code) {
  const struct wire_json *types = wire_json_get(kind, "types");
  for (size_t i = 0; i < wire_json_size(types); i++) {
    const struct wire_json *fields = wire_json_get(wire_json_at(types, i), "fields");
    if (!base_view_equal(cli_string(wire_json_at(types, i), "name"), type))
      continue;
    for (size_t j = 0; j < wire_json_size(fields); j++) {
      struct base_view list = cli_string(wire_json_at(fields, j), "list");
      struct base_view label = list.size == 0 ? code : cli_code_label(cli, kind, list, code);
      if (!base_view_equal(label, code))
        return label;
    }
  }
  return code;
}

/* " (refusal: no competence)": a type of the kind with its grounds, a state of the outbox, or what is neither as it is.
 */
static void write_detail(struct cli *cli, const struct wire_json *kind, struct base_view detail) {
  if (detail.size == 0)
    return;
  const uint8_t *slash = memchr(detail.data, '/', detail.size);
  size_t size = slash == NULL ? detail.size : (size_t)(slash - detail.data);
  struct base_view type = base_view_of(detail.data, size), label = cli_kind_label(cli, kind, "types", type);
  base_buf_text(&cli->out, " (");
  if (slash == NULL && !base_view_equal(cli_code_word(cli, detail), detail)) {
    cli_text(cli, cli_code_word(cli, detail));
  } else if (base_view_equal(label, type)) {
    cli_isolated(cli, &cli->out, detail);
  } else {
    cli_text(cli, label);
    if (slash != NULL) {
      base_buf_text(&cli->out, ": ");
      cli_text(cli, ground_label(cli, kind, type, base_view_of(slash + 1, detail.size - size - 1)));
    }
  }
  base_buf_text(&cli->out, ")");
}

static void write_value(struct cli *cli, struct base_view measure, const struct wire_json *value) {
  if (wire_json_type(value) != WIRE_JSON_INTEGER)
    base_buf_text(&cli->out, cli_word(cli, CLI_WITHHELD));
  else if (base_view_is(measure, "late_median") || base_view_is(measure, "late_longest"))
    cli_duration(cli, &cli->out, wire_json_integer(value));
  else
    cli_line(cli, "%lld", (long long)wire_json_integer(value));
}

static bool same_heading(const struct wire_json *a, const struct wire_json *b) {
  for (size_t i = 0; i < HEADING; i++)
    if (!base_view_equal(cli_string(a, columns[i]), cli_string(b, columns[i])))
      return false;
  return true;
}

static void write_piece(struct cli *cli, bool *any, struct base_view text, bool isolated) {
  if (text.size == 0)
    return;
  base_buf_text(&cli->out, *any ? " · " : "");
  if (isolated)
    cli_isolated(cli, &cli->out, text);
  else
    cli_text(cli, text);
  *any = true;
}

static void write_heading(struct cli *cli, const struct wire_json *cell, const struct wire_json *kind) {
  bool any = false;
  struct base_view named = cli_string(cell, "kind"), limit = cli_string(cell, "limit");
  struct base_view direction = cli_string(cell, "direction");
  if (direction.size > 0)
    direction = measure_label(cli, direction);
  base_buf_text(&cli->out, "  ");
  write_piece(cli, &any, direction, false);
  write_piece(cli, &any, cli_string(cell, "partner"), true);
  write_piece(cli, &any, cli_string(cell, "month"), true);
  write_piece(cli, &any, named.size == 0 ? named : cli_label(cli, kind, named), false);
  write_piece(cli, &any, cli_kind_label(cli, kind, "clocks", cli_string(cell, "clock")), false);
  const struct wire_json *lists = wire_json_get(kind, "lists");
  struct base_view label = limit;
  for (size_t i = 0; i < wire_json_size(lists) && base_view_equal(label, limit); i++)
    label = cli_code_label(cli, kind, cli_string(wire_json_at(lists, i), "name"), limit);
  write_piece(cli, &any, label, false);
  base_buf_text(&cli->out, any ? "" : cli_word(cli, CLI_ALL_TOGETHER));
}

/* The total of a row stands behind its heading. */
static void write_total(struct cli *cli, const struct wire_json *cells, size_t from) {
  for (size_t i = from; i < wire_json_size(cells) && same_heading(wire_json_at(cells, from), wire_json_at(cells, i));
       i++)
    if (base_view_is(cli_string(wire_json_at(cells, i), "measure"), "requests")) {
      base_buf_text(&cli->out, ": ");
      write_value(cli, (struct base_view){0}, wire_json_get(wire_json_at(cells, i), "count"));
    }
  base_buf_text(&cli->out, "\n");
}

static void show_section(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *cells, const char *section,
                         enum cli_word head) {
  const struct wire_json *last = NULL;
  for (size_t i = 0; i < wire_json_size(cells); i++) {
    const struct wire_json *cell = wire_json_at(cells, i);
    struct base_view named = cli_string(cell, "kind"), measure = cli_string(cell, "measure");
    if (!base_view_is(cli_string(cell, "section"), section))
      continue;
    const struct wire_json *kind = named.size == 0 ? NULL : cli_kind(cli, kinds, named);
    if (last == NULL)
      cli_line(cli, "\n%s\n", cli_word(cli, head));
    if (last == NULL || !same_heading(last, cell)) {
      write_heading(cli, cell, kind);
      write_total(cli, cells, i);
    }
    last = cell;
    if (base_view_is(measure, "requests"))
      continue;
    base_buf_text(&cli->out, "    ");
    cli_text(cli, measure_label(cli, measure));
    write_detail(cli, kind, cli_string(cell, "detail"));
    base_buf_text(&cli->out, ": ");
    write_value(cli, measure, wire_json_get(cell, "count"));
    base_buf_text(&cli->out, "\n");
  }
}

static void write_moment(struct cli *cli, enum cli_word word, const struct wire_json *value) {
  base_time time;
  if (!cli_moment(value, &time))
    return;
  cli_line(cli, "%s  ", cli_word(cli, word));
  cli_time(cli, &cli->out, time);
  base_buf_text(&cli->out, "\n");
}

static void show(struct cli *cli, const struct wire_json *answer) {
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  const struct wire_json *made = wire_json_get(answer, "register"), *cells = wire_json_get(answer, "cells");
  write_moment(cli, CLI_COUNTED_FROM, wire_json_get(answer, "from"));
  write_moment(cli, CLI_COUNTED_TO, wire_json_get(answer, "to"));
  write_moment(cli, CLI_COUNTED_AT, wire_json_get(answer, "at"));
  cli_line(cli, "%s  ", cli_word(cli, CLI_ORIGIN));
  cli_isolated(cli, &cli->out, cli_string(made, "origin"));
  base_buf_text(&cli->out, "\n");
  if (wire_json_type(wire_json_get(answer, "published")) == WIRE_JSON_INTEGER) {
    cli_line(cli, "%s\n", cli_word(cli, CLI_WITHHELD_WHY));
  } else {
    cli_line(cli, "%s  %lld\n%s  ", cli_word(cli, CLI_SIZE), (long long)cli_number(made, "size"),
             cli_word(cli, CLI_HEAD));
    cli_isolated(cli, &cli->out, cli_string(made, "root"));
    base_buf_text(&cli->out, "\n");
  }
  show_section(cli, &kinds, cells, "requests", CLI_COUNTED_REQUESTS);
  show_section(cli, &kinds, cells, "messages", CLI_COUNTED_MESSAGES);
  show_section(cli, &kinds, cells, "acts", CLI_COUNTED_ACTS);
}

enum base_code cli_statistics(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  const char *year = cli_option(cli, "--publish");
  uint64_t number;
  if (cli->json && cli_has(cli, "--csv"))
    return cli_usage(cli, err, "--json or --csv, not both");
  if (year != NULL && !base_decimal_parse(base_view_text(year), &number))
    return cli_usage(cli, err, "--publish takes a year");
  enum base_code code = make(cli, &answer, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  if (cli_has(cli, "--csv"))
    print_csv(cli, answer.json);
  else
    show(cli, answer.json);
  return BASE_OK;
}
