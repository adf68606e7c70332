/* SPDX-License-Identifier: Apache-2.0
 * A message for people: its fields by their labels, its parts, what became of it. */
#include <stdio.h>

#include "cli/cli.h"
#include "wire/kind.h"

struct shown {
  struct cli *cli;
  struct cli_kinds *kinds;
  const struct wire_json *kind;
  unsigned indent;
};

static void show_value(const struct shown *shown, const struct wire_json *field, const struct wire_json *value);

/* "label: " */
static void show_label(const struct shown *shown, const struct wire_json *field, struct base_view name) {
  base_buf_printf(&shown->cli->out, "%*s", (int)shown->indent, "");
  cli_text(shown->cli, cli_label(shown->cli, field, name));
  base_buf_text(&shown->cli->out, ":");
}

static const struct wire_json *column_of(const struct wire_json *field, struct base_view name) {
  const struct wire_json *columns = wire_json_get(field, "columns");
  for (size_t i = 0; i < wire_json_size(columns); i++)
    if (base_view_equal(cli_string(wire_json_at(columns, i), "name"), name))
      return wire_json_at(columns, i);
  return NULL;
}

static void show_rows(const struct shown *shown, const struct wire_json *field, const struct wire_json *rows) {
  struct shown inner = *shown;
  inner.indent += 2;
  base_buf_text(&shown->cli->out, "\n");
  for (size_t i = 0; i < wire_json_size(rows); i++) {
    void *cursor = NULL;
    struct base_view key;
    const struct wire_json *value;
    base_buf_printf(&shown->cli->out, "%*s%zu.\n", (int)inner.indent, "", i + 1);
    inner.indent += 2;
    while (wire_json_next(wire_json_at(rows, i), &cursor, &key, &value)) {
      const struct wire_json *column = column_of(field, key);
      show_label(&inner, column, key);
      show_value(&inner, column, value);
    }
    inner.indent -= 2;
  }
}

static void show_list(const struct shown *shown, const struct wire_json *field, const struct wire_json *list) {
  for (size_t i = 0; i < wire_json_size(list); i++) {
    base_buf_text(&shown->cli->out, i == 0 ? " " : ", ");
    cli_text(shown->cli,
             cli_code_label(shown->cli, shown->kind, cli_string(field, "list"), wire_json_text(wire_json_at(list, i))));
  }
  base_buf_text(&shown->cli->out, "\n");
}

static bool long_text(struct base_view text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] == '\n')
      return true;
  return cli_width(text) > 60;
}

static void show_text(const struct shown *shown, const struct wire_json *field, struct base_view text) {
  struct base_view list = cli_string(field, "list");
  BASE_AUTO_BUF struct base_buf names = {0};
  base_buf_init(&names, BASE_BUF_DEFAULT_LIMIT);
  if (list.size > 0)
    text = cli_code_label(shown->cli, shown->kind, list, text);
  else if (cli_origins(shown->cli, shown->kinds, text, &names))
    text = base_buf_view(&names);
  if (long_text(text)) {
    base_buf_text(&shown->cli->out, "\n");
    cli_block(shown->cli, text, shown->indent + 2);
    return;
  }
  base_buf_text(&shown->cli->out, " ");
  if (base_view_is(cli_string(field, "type"), "message"))
    cli_id(shown->cli, &shown->cli->out, text);
  else
    cli_text(shown->cli, text);
  base_buf_text(&shown->cli->out, "\n");
}

static void show_value(const struct shown *shown, const struct wire_json *field, const struct wire_json *value) {
  switch (wire_json_type(value)) {
  case WIRE_JSON_TEXT:
    show_text(shown, field, wire_json_text(value));
    break;
  case WIRE_JSON_ARRAY:
    if (wire_json_type(wire_json_at(value, 0)) == WIRE_JSON_OBJECT)
      show_rows(shown, field, value);
    else
      show_list(shown, field, value);
    break;
  case WIRE_JSON_INTEGER:
    cli_line(shown->cli, " %lld\n", (long long)wire_json_integer(value));
    break;
  case WIRE_JSON_BOOL:
    cli_line(shown->cli, " %s\n", cli_word(shown->cli, wire_json_true(value) ? CLI_YES : CLI_NO));
    break;
  default:
    base_buf_text(&shown->cli->out, "\n");
  }
}

static void show_fields(const struct shown *shown, const struct wire_json *message) {
  const struct wire_json *fields = wire_json_get(message, "fields"), *value;
  struct base_view key, type = cli_string(message, "type");
  for (void *cursor = NULL; wire_json_next(fields, &cursor, &key, &value);) {
    const struct wire_json *field = cli_kind_field(shown->kind, type, key);
    show_label(shown, field, key);
    show_value(shown, field, value);
  }
}

/* "indicator 12, malware 1": the objects of one STIX part by type. */
static void show_types(struct cli *cli, const struct wire_json *report) {
  struct base_view type;
  const struct wire_json *count;
  const char *between = "";
  for (void *cursor = NULL; wire_json_next(wire_json_get(report, "types"), &cursor, &type, &count); between = ", ") {
    base_buf_text(&cli->out, between);
    cli_isolated(cli, &cli->out, type);
    base_buf_printf(&cli->out, " %lld", (long long)wire_json_integer(count));
  }
}

static bool json_part(struct base_view type) {
  return wire_media_type_is(type, "application/json") || wire_media_type_is(type, "application/stix+json");
}

static void show_stix(const struct shown *shown, struct base_view sha256, struct base_view message) {
  CLI_AUTO_ANSWER struct cli_answer report = {0};
  if (cli_get(shown->cli, &report, NULL, "/v1/parts/%s/stix?message=%s", cli_piece(sha256).text,
              cli_piece(message).text) != BASE_OK ||
      !wire_json_true(wire_json_get(report.json, "stix")))
    return;
  cli_line(shown->cli, "%*s%s: ", (int)shown->indent + 2, "", cli_word(shown->cli, CLI_OBJECTS));
  show_types(shown->cli, report.json);
  base_buf_text(&shown->cli->out, "\n");
}

static void show_parts(const struct shown *shown, const struct wire_json *message, bool stix) {
  const struct wire_json *parts = wire_json_get(message, "parts");
  struct base_buf *out = &shown->cli->out;
  for (size_t i = 0; i < wire_json_size(parts); i++) {
    const struct wire_json *part = wire_json_at(parts, i);
    base_buf_printf(out, "%*s%s: ", (int)shown->indent, "", cli_word(shown->cli, CLI_PART));
    cli_isolated(shown->cli, out, cli_string(part, "name"));
    base_buf_text(out, "  ");
    cli_isolated(shown->cli, out, cli_string(part, "type"));
    base_buf_text(out, "  ");
    cli_size(shown->cli, out, (uint64_t)cli_number(part, "size"));
    base_buf_text(out, "  ");
    cli_isolated(shown->cli, out, cli_string(part, "sha256"));
    base_buf_text(out, "\n");
    struct base_view why = cli_string(wire_json_get(part, "stix"), "why");
    if (why.size > 0) {
      cli_line(shown->cli, "%*s%s: ", (int)shown->indent + 2, "", cli_word(shown->cli, CLI_PART_UNREAD));
      cli_sentence(shown->cli, out, why);
      base_buf_text(out, "\n");
    }
    if (stix && json_part(cli_string(part, "type")))
      show_stix(shown, cli_string(part, "sha256"), cli_string(message, "id"));
  }
}

static void show_delivery(const struct shown *shown, const struct wire_json *delivery) {
  struct cli *cli = shown->cli;
  base_time received;
  base_buf_printf(&cli->out, "%*s%s ", (int)shown->indent, "", cli_word(cli, CLI_TO));
  cli_isolated(cli, &cli->out, cli_string(delivery, "to"));
  base_buf_printf(&cli->out, " %s %lld: ", cli_word(cli, CLI_NUMBER), (long long)cli_number(delivery, "n"));
  cli_text(cli, cli_code_word(cli, cli_string(delivery, "state")));
  if (cli_moment(wire_json_get(delivery, "received"), &received)) {
    base_buf_text(&cli->out, "  ");
    cli_time(cli, &cli->out, received);
  }
  if (wire_json_true(wire_json_get(delivery, "disputed")))
    cli_line(cli, "  (%s)", cli_word(cli, CLI_DISPUTED));
  struct base_view reason = cli_string(delivery, "reason");
  if (reason.size > 0) {
    base_buf_text(&cli->out, "  ");
    cli_sentence(cli, &cli->out, reason);
  }
  base_buf_text(&cli->out, "\n");
}

static void show_arrival(const struct shown *shown, const struct wire_json *arrival) {
  struct cli *cli = shown->cli;
  base_time received;
  if (wire_json_type(arrival) != WIRE_JSON_OBJECT)
    return;
  base_buf_printf(&cli->out, "%*s%s ", (int)shown->indent, "", cli_word(cli, CLI_FROM));
  cli_isolated(cli, &cli->out, cli_string(arrival, "from"));
  base_buf_printf(&cli->out, " %s %lld", cli_word(cli, CLI_NUMBER), (long long)cli_number(arrival, "n"));
  if (cli_moment(wire_json_get(arrival, "received"), &received)) {
    base_buf_printf(&cli->out, ": %s ", cli_word(cli, CLI_RECEIPT));
    cli_time(cli, &cli->out, received);
  }
  base_buf_text(&cli->out, "\n");
  struct base_view misdated = cli_string(arrival, "misdated");
  if (misdated.size > 0) {
    char code[32];
    (void)snprintf(code, sizeof code, "dated_%.*s", (int)misdated.size, (const char *)misdated.data);
    base_buf_printf(&cli->out, "%*s%s: ", (int)shown->indent, "", cli_word(cli, CLI_MISDATED));
    cli_text(cli, cli_code_word(cli, base_view_text(code)));
    base_buf_text(&cli->out, "\n");
  }
  struct base_view behind = cli_string(arrival, "behind");
  if (behind.size > 0) {
    base_buf_printf(&cli->out, "%*s%s: ", (int)shown->indent, "", cli_word(cli, CLI_BEHIND));
    cli_isolated(cli, &cli->out, behind);
    base_buf_text(&cli->out, "\n");
  }
  if (cli_string(arrival, "outside").size == 0)
    return;
  base_buf_printf(&cli->out, "%*s%s: ", (int)shown->indent, "", cli_word(cli, CLI_OUTSIDE));
  cli_text(cli, cli_string(arrival, "outside"));
  base_buf_text(&cli->out, "\n");
}

/* Content that was erased: when, by whom, why. */
static void show_erased(const struct shown *shown, const struct wire_json *erased) {
  struct cli *cli = shown->cli;
  struct base_view by = cli_string(erased, "by");
  base_time at;
  if (wire_json_type(erased) != WIRE_JSON_OBJECT)
    return;
  base_buf_printf(&cli->out, "%*s%s: ", (int)shown->indent, "", cli_word(cli, CLI_CONTENT_ERASED));
  if (cli_moment(wire_json_get(erased, "at"), &at))
    cli_time(cli, &cli->out, at);
  base_buf_text(&cli->out, "  ");
  if (by.size > 0)
    cli_isolated(cli, &cli->out, by);
  else
    base_buf_text(&cli->out, cli_word(cli, CLI_THIS_NODE));
  base_buf_text(&cli->out, "  ");
  cli_text(cli, cli_string(erased, "reason"));
  base_buf_text(&cli->out, "\n");
  struct base_view given = cli_string(erased, "certificate");
  if (given.size == 0)
    return;
  base_buf_printf(&cli->out, "%*s%s: ", (int)shown->indent, "", cli_word(cli, CLI_CERTIFIED_HERE));
  cli_isolated(cli, &cli->out, given);
  base_buf_text(&cli->out, "\n");
}

/* Who certifies that he erased it, and whether that is proved. */
static void show_certified(const struct shown *shown, const struct wire_json *list) {
  struct cli *cli = shown->cli;
  for (size_t i = 0; i < wire_json_size(list); i++) {
    const struct wire_json *one = wire_json_at(list, i);
    base_time at;
    bool sound = wire_json_true(wire_json_get(one, "sound"));
    cli_line(cli, "%*s%s ", (int)shown->indent, "", cli_word(cli, sound ? CLI_ERASED_AT : CLI_NOT_CERTIFIED));
    cli_isolated(cli, &cli->out, cli_string(one, "by"));
    if (cli_moment(wire_json_get(one, "erased"), &at)) {
      base_buf_text(&cli->out, "  ");
      cli_time(cli, &cli->out, at);
    }
    base_buf_text(&cli->out, "  ");
    cli_isolated(cli, &cli->out, cli_string(one, "message"));
    if (!sound) {
      base_buf_text(&cli->out, "  ");
      cli_sentence(cli, &cli->out, cli_string(one, "why"));
    }
    base_buf_text(&cli->out, "\n");
  }
}

/* Who held it until then, and has not certified that he erased it. */
static void show_certificates_due(const struct shown *shown, const struct wire_json *list) {
  struct cli *cli = shown->cli;
  for (size_t i = 0; i < wire_json_size(list); i++) {
    const struct wire_json *one = wire_json_at(list, i);
    base_time since;
    cli_line(cli, "%*s%s ", (int)shown->indent, "", cli_word(cli, CLI_CERTIFICATE_DUE));
    cli_isolated(cli, &cli->out, cli_string(one, "by"));
    if (cli_moment(wire_json_get(one, "since"), &since)) {
      base_buf_text(&cli->out, "  ");
      cli_time(cli, &cli->out, since);
    }
    base_buf_text(&cli->out, "\n");
  }
}

/* From then on this node erases it by itself. */
static void show_kept(const struct shown *shown, const struct wire_json *until) {
  base_time at;
  if (!cli_moment(until, &at))
    return;
  cli_line(shown->cli, "%*s%s: ", (int)shown->indent, "", cli_word(shown->cli, CLI_KEPT_UNTIL));
  cli_time(shown->cli, &shown->cli->out, at);
  base_buf_text(&shown->cli->out, "\n");
}

/* Its author calls it back: what he asks for, and the case. */
static void show_recalled(const struct shown *shown, struct cli_kinds *kinds, const struct wire_json *recalled) {
  struct cli *cli = shown->cli;
  if (wire_json_type(recalled) != WIRE_JSON_OBJECT)
    return;
  base_buf_printf(&cli->out, "%*s%s: ", (int)shown->indent, "", cli_word(cli, CLI_RECALLED));
  cli_text(cli, cli_code_label(cli, cli_kind(cli, kinds, BASE_VIEW(WIRE_KIND_RECALL)), BASE_VIEW("measure"),
                               cli_string(recalled, "measure")));
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, cli_string(recalled, "case"));
  base_buf_text(&cli->out, "\n");
}

/* It waits for a second person, or one let it go: who, and when. */
static void show_release(const struct shown *shown, const struct wire_json *release) {
  struct cli *cli = shown->cli;
  base_time time;
  if (wire_json_type(release) != WIRE_JSON_OBJECT)
    return;
  bool waits = base_view_is(cli_string(release, "state"), "waiting");
  struct base_view who = cli_string(release, waits ? "asks" : "by");
  base_buf_printf(&cli->out, "%*s", (int)shown->indent, "");
  if (waits)
    base_buf_printf(&cli->out, "%s %lld: ", cli_word(cli, CLI_RELEASE_WAITS), (long long)cli_number(release, "number"));
  else if (base_view_is(cli_string(release, "state"), "released"))
    base_buf_printf(&cli->out, "%s: ", cli_word(cli, CLI_RELEASE_GIVEN));
  else {
    cli_text(cli, cli_code_word(cli, cli_string(release, "state")));
    base_buf_text(&cli->out, ": ");
  }
  if (waits)
    cli_text(cli, cli_code_word(cli, who));
  else
    cli_isolated(cli, &cli->out, who);
  base_buf_printf(&cli->out, "  %s: ", cli_word(cli, CLI_RELEASE_PERSON));
  cli_isolated(cli, &cli->out, cli_string(release, "person"));
  base_buf_text(&cli->out, "  ");
  if (cli_moment(wire_json_get(release, waits ? "until" : "at"), &time))
    cli_time(cli, &cli->out, time);
  base_buf_text(&cli->out, "\n");
}

void cli_show_content(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *of,
                      const struct wire_json *message, bool stix) {
  struct shown shown = {cli, kinds, cli_kind_of(cli, kinds, of), 4};
  cli_emergency_show(cli, kinds, message, shown.indent);
  cli_transfer_show(cli, message, shown.indent);
  show_recalled(&shown, kinds, wire_json_get(message, "recalled"));
  show_release(&shown, wire_json_get(message, "release"));
  cli_law_end_of(cli, message, shown.indent);
  show_erased(&shown, wire_json_get(message, "erased"));
  show_kept(&shown, wire_json_get(message, "kept_until"));
  show_certified(&shown, wire_json_get(message, "certificates"));
  show_certificates_due(&shown, wire_json_get(message, "certificates_due"));
  show_fields(&shown, message);
  show_parts(&shown, message, stix);
  const struct wire_json *deliveries = wire_json_get(message, "deliveries");
  for (size_t i = 0; i < wire_json_size(deliveries); i++)
    show_delivery(&shown, wire_json_at(deliveries, i));
  show_arrival(&shown, wire_json_get(message, "arrival"));
}

enum base_code cli_message_show(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  struct cli_piece id;
  struct cli_purpose purpose;
  enum base_code code = cli_id_word(cli, 0, "ID", &id, err);
  if (code == BASE_OK)
    code = cli_purpose(cli, (struct cli_reading){0}, &purpose, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/messages/%s%s", id.text, purpose.text);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  const struct wire_json *message = answer.json;
  struct base_view kind = cli_string(message, "kind"), type = cli_string(message, "type");
  bool exercise = wire_json_true(wire_json_get(message, "exercise"));
  base_time time;
  cli_exercise_line(cli, exercise);
  cli_line(cli, "%s ", cli_word(cli, CLI_MESSAGE));
  cli_isolated(cli, &cli->out, cli_string(message, "id"));
  cli_line(cli, "\n%s ", cli_word(cli, CLI_CASE));
  cli_isolated(cli, &cli->out, cli_string(message, "case"));
  base_buf_text(&cli->out, "\n");
  const struct wire_json *described = cli_kind_of(cli, &kinds, message);
  cli_text(cli, cli_label(cli, described, kind));
  base_buf_text(&cli->out, " / ");
  cli_text(cli, cli_kind_label(cli, described, "types", type));
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, cli_string(message, "author"));
  base_buf_text(&cli->out, "  ");
  if (cli_moment(wire_json_get(message, "time"), &time))
    cli_time(cli, &cli->out, time);
  base_buf_text(&cli->out, "\n");
  cli_show_markings(cli, message, 0);
  cli_show_content(cli, &kinds, message, message, true);
  cli_exercise_line(cli, exercise);
  return BASE_OK;
}

enum base_code cli_message_pass_on(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fields = {0};
  CLI_AUTO_ANSWER struct cli_answer kind = {0};
  struct cli_piece id;
  const char *to;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--to", &to, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "MESSAGE", &id, err);
  if (code == BASE_OK)
    code = cli_get(cli, &kind, err, "/v1/kinds/information");
  if (code == BASE_OK)
    code = cli_fields(cli, kind.json, cli_string(kind.json, "opening"), &fields, err);
  return code == BASE_OK ? cli_pass_on(cli, id.text, to, base_buf_view(&fields), err) : code;
}

/* path: with the id in it. What is printed says that it is done. */
static enum base_code erase(struct cli *cli, const char *path, enum cli_word done, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  const char *reason;
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--reason", &reason, err);
  if (code == BASE_OK)
    code = cli_body(&body, err, "reason", reason, NULL);
  if (code == BASE_OK)
    code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  if (code == BASE_OK && !cli_print_json(cli, &answer))
    cli_line(cli, "%s\n", cli_word(cli, done));
  return code;
}

enum base_code cli_message_erase(struct cli *cli, struct base_error *err) {
  struct cli_piece id;
  char path[64 + sizeof id.text];
  enum base_code code = cli_id_word(cli, 0, "ID", &id, err);
  if (code != BASE_OK)
    return code;
  (void)snprintf(path, sizeof path, "/v1/messages/%s/erase", id.text);
  return erase(cli, path, CLI_ERASED_NOW, err);
}

enum base_code cli_case_erase(struct cli *cli, struct base_error *err) {
  struct cli_piece id;
  char path[64 + sizeof id.text];
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code != BASE_OK)
    return code;
  (void)snprintf(path, sizeof path, "/v1/cases/%s/erase", id.text);
  return erase(cli, path, CLI_CLEARED_NOW, err);
}

enum base_code cli_message_certificate(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  char path[64 + sizeof id.text], given[BASE_HEX_ID + 1];
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_id_word(cli, 0, "ID", &id, err);
  if (code == BASE_OK)
    code = cli_body(&body, err, "by", cli_option(cli, "--by"), NULL);
  if (code != BASE_OK)
    return code;
  (void)snprintf(path, sizeof path, "/v1/messages/%s/certificate", id.text);
  code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  if (code != BASE_OK)
    return code;
  struct base_view certificate = cli_string(answer.json, "certificate");
  (void)snprintf(given, sizeof given, "%.*s", (int)certificate.size, (const char *)certificate.data);
  if (cli_option(cli, "-o") != NULL)
    return cli_proof_export_of(cli, given, err);
  if (!cli_print_json(cli, &answer))
    cli_line(cli, "%s\n", given);
  return BASE_OK;
}

enum base_code cli_part_stix(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_TYPE, CLI_COUNT};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  struct cli_purpose purpose;
  const char *message;
  enum base_code code = cli_id_word(cli, 0, "SHA256", &id, err);
  if (code == BASE_OK)
    code = cli_part_named(cli, &message, err);
  if (code == BASE_OK)
    code = cli_purpose(cli, (struct cli_reading){.message = message}, &purpose, err);
  if (code == BASE_OK)
    code = cli_get(cli, &answer, err, "/v1/parts/%s/stix%s", id.text, purpose.text);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  CLI_AUTO_TABLE struct cli_table table;
  struct base_view type;
  const struct wire_json *count, *warnings = wire_json_get(answer.json, "warnings");
  cli_table_begin(&table, cli, 2, heads);
  for (void *cursor = NULL; wire_json_next(wire_json_get(answer.json, "types"), &cursor, &type, &count);) {
    cli_cell_id(&table, type);
    cli_cell_number(&table, wire_json_integer(count));
  }
  cli_table_end(&table);
  for (size_t i = 0; i < wire_json_size(warnings); i++)
    cli_warn(cli, NULL, wire_json_text(wire_json_at(warnings, i)));
  return BASE_OK;
}
