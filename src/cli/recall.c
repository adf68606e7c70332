/* SPDX-License-Identifier: Apache-2.0
 * Recalls: opened, answered, listed, certified. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"
#include "wire/kind.h"

static enum base_code utf8_options(struct cli *cli, struct base_error *err) {
  for (size_t i = 0; i < cli->option_count; i++)
    if (cli->options[i].value != NULL && !base_utf8_valid(base_view_text(cli->options[i].value)))
      return base_fail(err, BASE_UTF8, "%s: not UTF-8", cli->options[i].name);
  return BASE_OK;
}

/* To this path: the options that are there, each as the member of its name. */
__attribute__((format(printf, 5, 6))) static enum base_code post_options(struct cli *cli, const char *const *options,
                                                                         struct cli_answer *answer,
                                                                         struct base_error *err, const char *format,
                                                                         ...) {
  BASE_AUTO_BUF struct base_buf body = {0};
  struct wire_writer writer;
  char path[64 + sizeof(struct cli_piece)];
  va_list args;
  enum base_code code = utf8_options(cli, err);
  if (code != BASE_OK)
    return code;
  va_start(args, format);
  (void)vsnprintf(path, sizeof path, format, args);
  va_end(args);
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  for (; *options != NULL; options++)
    if (cli_option(cli, *options) != NULL)
      wire_write_member_string(&writer, *options + 2, cli_option(cli, *options));
  wire_write_end(&writer, '}');
  return cli_post(cli, path, base_buf_view(&body), answer, err);
}

/* How many were asked, then the cases, one a line. */
static void show_asked(struct cli *cli, const struct wire_json *answer) {
  const struct wire_json *cases = wire_json_get(answer, "recalls");
  cli_exercise_note(cli, answer);
  cli_line(cli, "%s %lld\n", cli_word(cli, CLI_RECALL_ASKED), (long long)cli_number(answer, "asked"));
  if (cli_number(answer, "ended") > 0)
    cli_line(cli, "%s %lld\n", cli_word(cli, CLI_RECALL_ENDED), (long long)cli_number(answer, "ended"));
  for (size_t i = 0; i < wire_json_size(cases); i++) {
    cli_isolated(cli, &cli->out, wire_json_text(wire_json_at(cases, i)));
    base_buf_text(&cli->out, "\n");
  }
}

enum base_code cli_recall_open(struct cli *cli, struct base_error *err) {
  static const char *const options[] = {"--measure", "--ground", "--reason", "--correction", NULL};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  const char *needed;
  enum base_code code = cli_need(cli, "--measure", &needed, err);
  if (code == BASE_OK)
    code = cli_need(cli, "--ground", &needed, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "MESSAGE", &id, err);
  if (code == BASE_OK)
    code = post_options(cli, options, &answer, err, "/v1/messages/%s/recall", id.text);
  if (code == BASE_OK && !cli_print_json(cli, &answer))
    show_asked(cli, answer.json);
  return code;
}

static void show_sent(struct cli *cli, const struct cli_answer *answer) {
  if (cli_print_json(cli, answer))
    return;
  cli_exercise_note(cli, answer->json);
  cli_isolated(cli, &cli->out, cli_string(answer->json, "id"));
  base_buf_text(&cli->out, "\n");
}

enum base_code cli_recall_answer(struct cli *cli, struct base_error *err) {
  static const char *const options[] = {"--outcome", "--ground", "--note", NULL};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  const char *needed;
  enum base_code code = cli_need(cli, "--outcome", &needed, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = post_options(cli, options, &answer, err, "/v1/recalls/%s/answer", id.text);
  if (code == BASE_OK)
    show_sent(cli, &answer);
  return code;
}

enum base_code cli_recall_withdraw(struct cli *cli, struct base_error *err) {
  static const char *const options[] = {"--reason", NULL};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  const char *needed;
  enum base_code code = cli_need(cli, "--reason", &needed, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = post_options(cli, options, &answer, err, "/v1/recalls/%s/withdraw", id.text);
  if (code == BASE_OK)
    show_sent(cli, &answer);
  return code;
}

/* What is said of one that is not simply waiting. */
static void write_remark(struct cli *cli, struct base_buf *out, const struct wire_json *kind,
                         const struct wire_json *row) {
  struct base_view below = cli_string(row, "below"), without = cli_string(row, "without_effect");
  base_time due = 0;
  if (without.size > 0) {
    base_buf_add_view(out, without);
    return;
  }
  if (wire_json_true(wire_json_get(row, "does_not_fit")))
    base_buf_printf(out, "%s ", cli_word(cli, CLI_DOES_NOT_FIT));
  if (cli_moment(wire_json_get(row, "due"), &due)) {
    base_buf_printf(out, "%s ",
                    cli_word(cli, wire_json_true(wire_json_get(row, "overdue")) ? CLI_RECALL_OVERDUE : CLI_DUE));
    cli_time(cli, out, due);
  }
  if (below.size == 0 || base_view_is(below, "nobody"))
    return;
  base_buf_printf(out, "%s%s: ", due != 0 ? "; " : "", cli_word(cli, CLI_BELOW));
  base_buf_add_view(out, cli_code_label(cli, kind, BASE_VIEW("below"), below));
}

enum base_code cli_recall_list(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_CASE, CLI_MESSAGE, CLI_PARTY, CLI_STATE, CLI_OUTCOME, CLI_REMARK};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  const char *limit = cli_option(cli, "--limit");
  uint64_t number;
  if (limit != NULL && !base_decimal_parse(base_view_text(limit), &number))
    return cli_usage(cli, err, "--limit takes a number");
  enum base_code code =
      cli_get(cli, &answer, err, "/v1/recalls%s%s", limit != NULL ? "?limit=" : "", limit != NULL ? limit : "");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 6, heads);
  for (size_t i = 0; i < wire_json_size(answer.json); i++) {
    const struct wire_json *row = wire_json_at(answer.json, i);
    const struct wire_json *kind = cli_kind(cli, &kinds, BASE_VIEW(WIRE_KIND_RECALL));
    bool kept = base_view_is(cli_string(row, "state"), "kept");
    cli_cell_id(&table, cli_string(row, "id"));
    cli_cell_id(&table, cli_string(row, "message"));
    cli_exercise_mark(cli, &table.cells, row);
    base_buf_printf(&table.cells, "%s ", cli_word(cli, wire_json_true(wire_json_get(row, "ours")) ? CLI_TO : CLI_FROM));
    cli_isolated(cli, &table.cells, cli_string(row, "party"));
    base_buf_u8(&table.cells, 0);
    bool damaged = wire_json_get(row, "damaged") != NULL, without = cli_string(row, "without_effect").size > 0;
    if (damaged || without)
      cli_cell(&table, base_view_text(cli_word(cli, damaged ? CLI_DAMAGED : CLI_WITHOUT_EFFECT)));
    else
      cli_cell(&table, cli_state_label(cli, kind, cli_string(row, "state")));
    cli_cell(&table, cli_code_label(cli, kind, kept ? BASE_VIEW("keep_ground") : BASE_VIEW("outcome"),
                                    cli_string(row, "outcome")));
    write_remark(cli, &table.cells, kind, row);
    base_buf_u8(&table.cells, 0);
  }
  cli_table_end(&table);
  return BASE_OK;
}

/* The evidence of the case's certificate, which either side holds. */
enum base_code cli_recall_certificate(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer kase = {0};
  struct cli_piece id;
  char message[BASE_HEX_ID + 1] = "";
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_get(cli, &kase, err, "/v1/cases/%s?bare=true", id.text);
  if (code != BASE_OK)
    return code;
  const struct wire_json *messages = wire_json_get(kase.json, "messages");
  for (size_t i = 0; i < wire_json_size(messages); i++) {
    const struct wire_json *one = wire_json_at(messages, i);
    struct base_view name = cli_string(one, "id");
    if (base_view_is(cli_string(one, "type"), "certificate") && wire_json_true(wire_json_get(one, "effective")))
      (void)snprintf(message, sizeof message, "%.*s", (int)name.size, (const char *)name.data);
  }
  if (message[0] == '\0' || !base_view_is(cli_string(kase.json, "kind"), WIRE_KIND_RECALL))
    return base_fail(err, BASE_NOT_FOUND, "case %s has no erasure certificate (yet); see: wasl recall list", id.text);
  return cli_proof_export_of(cli, message, err);
}
