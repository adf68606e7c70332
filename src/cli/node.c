/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

static void row_number(struct cli_table *table, const char *key, int64_t value) {
  cli_cell(table, base_view_text(key));
  cli_cell_number(table, value);
}

/* What waits for people here, and the command that lists it. */
static void row_waiting(struct cli_table *table, enum cli_word word, int64_t count, const char *next) {
  cli_cell(table, base_view_text(cli_word(table->cli, word)));
  base_buf_printf(&table->cells, "%lld", (long long)count);
  if (count > 0) {
    base_buf_text(&table->cells, "  ");
    cli_isolated(table->cli, &table->cells, base_view_text(next));
  }
  base_buf_u8(&table->cells, 0);
}

static void show_listening(struct cli_table *table, const struct wire_json *listening) {
  cli_cell(table, base_view_text(cli_word(table->cli, CLI_LISTENING)));
  if (wire_json_type(listening) == WIRE_JSON_TEXT)
    cli_isolated(table->cli, &table->cells, wire_json_text(listening));
  for (size_t i = 0; i < wire_json_size(listening); i++) {
    base_buf_text(&table->cells, i > 0 ? ", " : "");
    cli_isolated(table->cli, &table->cells, wire_json_text(wire_json_at(listening, i)));
  }
  if (wire_json_type(listening) == WIRE_JSON_BOOL)
    base_buf_text(&table->cells, cli_word(table->cli, wire_json_true(listening) ? CLI_YES : CLI_NO));
  base_buf_u8(&table->cells, 0);
}

static void show_counts(struct cli *cli, struct cli_table *table, enum cli_word word, const struct wire_json *counts) {
  struct base_view key;
  const struct wire_json *value;
  const char *between = "";
  cli_cell(table, base_view_text(cli_word(cli, word)));
  for (void *cursor = NULL; wire_json_next(counts, &cursor, &key, &value); between = ", ") {
    base_buf_text(&table->cells, between);
    base_buf_printable(&table->cells, cli_code_word(cli, key));
    base_buf_printf(&table->cells, " %lld", (long long)wire_json_integer(value));
  }
  base_buf_u8(&table->cells, 0);
}

/* The sealing key is renewed by the node itself; the others by a person, who is told when. */
static void show_keys_due(struct cli_table *table, const struct wire_json *keys) {
  static const struct {
    const char *member, *code;
  } dates[] = {{"seal_due", "seal"}, {"sign_due", "log"}, {"tls_due", "tls"}};
  base_time date;
  if (keys == NULL)
    return;
  row_number(table, cli_word(table->cli, CLI_GENERATION), cli_number(keys, "generation"));
  cli_cell(table, base_view_text(cli_word(table->cli, CLI_RENEWAL)));
  for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
    if (cli_moment(wire_json_get(keys, dates[i].member), &date)) {
      base_buf_text(&table->cells, i > 0 ? ", " : "");
      base_buf_printable(&table->cells, cli_code_word(table->cli, base_view_text(dates[i].code)));
      base_buf_printf(&table->cells, " %.10s", base_time_format(date).text);
    }
  base_buf_u8(&table->cells, 0);
}

static void show_status(struct cli *cli, const struct wire_json *status) {
  static const enum cli_word heads[] = {CLI_NAME, CLI_FINGERPRINT};
  const struct wire_json *reg = wire_json_get(status, "register"), *disk = wire_json_get(status, "disk_free");
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 2, heads);
  cli_cell_id(&table, cli_string(status, "name"));
  cli_cell_id(&table, cli_string(status, "fingerprint"));
  cli_cell(&table, base_view_text(cli_word(cli, CLI_VERSION)));
  cli_cell(&table, cli_string(status, "version"));
  cli_cell(&table, base_view_text(cli_word(cli, CLI_SINCE)));
  cli_cell_time(&table, wire_json_get(status, "started"));
  show_listening(&table, wire_json_get(status, "listening"));
  cli_cell(&table, base_view_text(cli_word(cli, CLI_STORE)));
  cli_cell(&table, cli_string(status, "store"));
  row_number(&table, cli_word(cli, CLI_REGISTER), cli_number(reg, "size"));
  show_counts(cli, &table, CLI_PARTNERS, wire_json_get(status, "partners"));
  show_counts(cli, &table, CLI_OUTBOX, wire_json_get(status, "outbox"));
  row_waiting(&table, CLI_OVERDUE_CASES, cli_number(status, "overdue"), "wasl case list --by deadline");
  row_waiting(&table, CLI_RECALLS_OVERDUE, cli_number(status, "recalls_overdue"), "wasl recall list");
  row_waiting(&table, CLI_REVIEWS_DUE, cli_number(status, "reviews_due"), "wasl case review --due");
  row_waiting(&table, CLI_ALERTS, cli_number(status, "alerts"), "wasl picture");
  show_keys_due(&table, wire_json_get(status, "keys"));
  if (wire_json_type(disk) == WIRE_JSON_INTEGER) {
    cli_cell(&table, base_view_text(cli_word(cli, CLI_DISK_FREE)));
    cli_size(cli, &table.cells, (uint64_t)wire_json_integer(disk));
    struct base_view level = cli_string(status, "disk");
    if (level.size > 0 && !base_view_is(level, "enough")) {
      base_buf_text(&table.cells, ", ");
      base_buf_printable(&table.cells, cli_code_word(cli, level));
    }
    base_buf_u8(&table.cells, 0);
  }
  cli_table_end(&table);
}

/* What is missing for the node to be whole: nothing when it is. */
static void find_missing(const struct wire_json *status, struct base_buf *out) {
  struct base_view role;
  const struct wire_json *life, *processes = wire_json_get(status, "processes");
  for (void *cursor = NULL; wire_json_next(processes, &cursor, &role, &life);) {
    if (base_view_is(wire_json_text(life), "serves"))
      continue;
    base_buf_text(out, out->size > 0 ? ", " : "");
    base_buf_printable(out, role);
    base_buf_text(out, base_view_is(wire_json_text(life), "halted")     ? " is halted by a signal"
                       : base_view_is(wire_json_text(life), "starting") ? " is starting"
                                                                        : " is gone");
  }
  if (wire_json_size(processes) == 0)
    base_buf_text(out, "it does not tell of its processes");
  else if (out->size == 0 && wire_json_size(wire_json_get(status, "listening")) == 0)
    base_buf_text(out, "it does not listen for partners");
}

/* What keeps it from doing its work, though all of it serves: a line for each, for they name what is to be done. How
 * many. */
static size_t note_unsound(const struct cli *cli, const struct wire_json *status) {
  const struct wire_json *unsound = wire_json_get(status, "unsound");
  size_t count = wire_json_size(unsound);
  for (size_t i = 0; i < count; i++) {
    struct base_view text = wire_json_text(wire_json_at(unsound, i));
    cli_note(cli, "wasl: wrong: %.*s", (int)text.size, (const char *)text.data);
  }
  return count;
}

static void note_missing(const struct cli *cli, const struct wire_json *missing, struct base_view name) {
  for (size_t i = 0; i < wire_json_size(missing); i++) {
    const struct wire_json *row = wire_json_at(missing, i);
    struct base_view why = cli_string(row, "why");
    cli_note(cli, "numbers %lld to %lld for %.*s are not here: %.*s", (long long)cli_number(row, "from_number"),
             (long long)cli_number(row, "to_number"), (int)name.size, (const char *)name.data, (int)why.size,
             (const char *)why.data);
  }
}

/* A register that lost leaves: what people have still to do about it, and what does not come back by itself. */
static void note_epoch(const struct cli *cli, const struct wire_json *reg) {
  const struct wire_json *unconfirmed = wire_json_get(reg, "unconfirmed"), *lost = wire_json_get(reg, "lost");
  struct base_view digits = cli_string(reg, "digits");
  for (size_t i = 0; i < wire_json_size(unconfirmed); i++) {
    struct base_view name = wire_json_text(wire_json_at(unconfirmed, i));
    cli_note(
        cli, "wasl: warning: epoch %lld of this register is not confirmed by %.*s yet, and nothing is exchanged before: "
        "call their officer; the digits to compare by voice: %.*s",
        (long long)cli_number(reg, "epoch"), (int)name.size, (const char *)name.data, (int)digits.size,
        (const char *)digits.data);
  }
  for (size_t i = 0; i < wire_json_size(lost); i++) {
    const struct wire_json *row = wire_json_at(lost, i);
    struct base_view name = cli_string(row, "to");
    cli_note(cli, "numbers %lld to %lld, which this node sent to %.*s, were lost here; messages that came back: %lld",
             (long long)cli_number(row, "from_number"), (long long)cli_number(row, "to_number"), (int)name.size,
             (const char *)name.data, (long long)cli_number(row, "returned"));
    note_missing(cli, wire_json_get(row, "missing"), name);
  }
}

/* It is under keys that are destroyed in their time; and older data need the cards that were signed since. */
static void warn_of_backup(const struct cli *cli, const struct wire_json *keys) {
  const struct wire_json *opens = wire_json_get(keys, "backup_opens");
  if (opens != NULL && !wire_json_true(opens))
    cli_note(
        cli, "wasl: warning: the newest backup cannot bring this node back any more: keys that it needs were replaced and "
        "destroyed since; make a new one (wasl backup create)");
  struct base_view unkept = cli_string(keys, "unkept");
  if (unkept.size > 0)
    cli_note(cli, "wasl: warning: %.*s", (int)unkept.size, (const char *)unkept.data);
}

/* Scripts rely on it: 0 only while all processes serve, partners are listened to with the TLS key loaded, and core
 * answers and finds nothing wrong with itself; else 1, whatever the reason, or 5 when there is no such folder. */
enum base_code cli_node_status(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  BASE_AUTO_BUF struct base_buf missing = {0};
  struct base_error why = {BASE_OK, ""};
  if (cli->node == NULL)
    return cli_usage(cli, err, "which node? Say -n DIR or set WASL_NODE");
  enum base_code code = cli_get(cli, &answer, &why, "/v1/status");
  if (code != BASE_OK) /* a folder that is not there is a wrong name, not a node that does not serve */
    return base_fail(err, code == BASE_NOT_FOUND ? code : BASE_NOT_RUNNING, "%s", why.text);
  const struct wire_json *warnings = wire_json_get(answer.json, "warnings");
  if (!cli_print_json(cli, &answer)) {
    show_status(cli, answer.json);
    cli_witnesses_show(cli, wire_json_get(answer.json, "witnesses"));
    note_epoch(cli, wire_json_get(answer.json, "register"));
  }
  for (size_t i = 0; i < wire_json_size(warnings) && !cli->json; i++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_printable(&text, wire_json_text(wire_json_at(warnings, i)));
    cli_note(cli, "wasl: warning: %.*s", (int)text.size, (const char *)text.data);
  }
  if (!cli->json)
    warn_of_backup(cli, wire_json_get(answer.json, "keys"));
  find_missing(answer.json, &missing);
  size_t unsound = note_unsound(cli, answer.json);
  if (missing.size == 0 && unsound > 0)
    return base_fail(err, BASE_CORRUPT, "the node in %s serves, but something is wrong with it (above)", cli->node);
  return missing.size == 0 ? BASE_OK
                           : base_fail(err, BASE_NOT_RUNNING,
                                       "the node in %s answers, but not all of it serves: %.*s; "
                                       "its log says why",
                                       cli->node, (int)missing.size, (const char *)missing.data);
}
