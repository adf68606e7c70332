/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli.h"

/* --field is not asked for: an agreement is a text that people have negotiated. */
static enum base_code terms_of_file(struct cli *cli, const char *type, struct base_buf *out, struct base_error *err) {
  const char *file;
  enum base_code code = cli_need(cli, "--file", &file, err);
  if (code != BASE_OK)
    return code;
  cli->options[cli->option_count < CLI_OPTIONS_MAX ? cli->option_count++ : CLI_OPTIONS_MAX - 1] =
      (struct cli_option){"--fields", file};
  return cli_fields(cli, NULL, base_view_text(type), out, err);
}

/* The example as it is, or the file. */
static enum base_code propose_fields(struct cli *cli, struct base_buf *out, struct base_error *err) {
  if (cli_has(cli, "--file") == cli_has(cli, "--example"))
    return cli_usage(cli, err, "either --file FILE or --example");
  if (cli_has(cli, "--file"))
    return terms_of_file(cli, "propose", out, err);
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/kinds/agreement/example");
  if (code != BASE_OK)
    return code;
  base_buf_add_buf(out, &answer.text);
  return base_buf_check(out, "the agreement", err);
}

static enum base_code agreement_case(struct cli *cli, const char *id, struct cli_answer *kase, struct base_error *err) {
  enum base_code code = cli_get(cli, kase, err, "/v1/cases/%s?bare=true", id);
  if (code == BASE_OK && !base_view_is(cli_string(kase->json, "kind"), "agreement"))
    code = base_fail(err, BASE_KIND, "case %s is no agreement", id);
  return code;
}

enum base_code cli_agreement_propose(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fields = {0}, parts = {0};
  const char *to;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&parts, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--to", &to, err);
  if (code == BASE_OK)
    code = propose_fields(cli, &fields, err);
  if (code == BASE_OK)
    code = cli_parts(cli, &parts, err);
  if (code == BASE_OK)
    code = cli_open(cli, "agreement", to, base_buf_view(&fields), base_buf_view(&parts), err);
  if ((code == BASE_OK || code == BASE_RELEASE) && cli_has(cli, "--example"))
    cli_note(cli, "%s: %s", cli_word(cli, CLI_HINT), cli_word(cli, CLI_LAW_EXAMPLE));
  return code;
}

/* What goes in place of the terms that were proposed, or that are in force, is looked at as an agreement before it goes: CASE may
 * be any case of the node, and another kind may have a message of that type. */
static enum base_code send_terms(struct cli *cli, const char *type, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer kase = {0};
  BASE_AUTO_BUF struct base_buf fields = {0}, parts = {0};
  struct cli_piece id;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&parts, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = terms_of_file(cli, type, &fields, err);
  if (code == BASE_OK)
    code = cli_parts(cli, &parts, err);
  if (code == BASE_OK)
    code = agreement_case(cli, id.text, &kase, err);
  return code == BASE_OK ? cli_send(cli, id.text, type, base_buf_view(&fields), base_buf_view(&parts), err) : code;
}

enum base_code cli_agreement_counter(struct cli *cli, struct base_error *err) {
  return send_terms(cli, "counter", err);
}

enum base_code cli_agreement_amend(struct cli *cli, struct base_error *err) {
  return send_terms(cli, "amend", err);
}

enum base_code cli_agreement_end(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer kase = {0};
  BASE_AUTO_BUF struct base_buf fields = {0};
  const char *reason;
  struct cli_piece id;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--reason", &reason, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = agreement_case(cli, id.text, &kase, err);
  if (code == BASE_OK)
    code = cli_body(&fields, err, "reason", reason, "on", cli_option(cli, "--on"), NULL);
  return code == BASE_OK ? cli_send(cli, id.text, "end", base_buf_view(&fields), (struct base_view){0}, err) : code;
}

/* The newest proposal that has effect stands: the deepest, since the node's order (depth, id) is the case's own. */
static struct base_view standing_terms(const struct wire_json *messages, size_t *proposals) {
  struct base_view terms = {0};
  int64_t depth = -1;
  *proposals = 0;
  for (size_t i = 0; i < wire_json_size(messages); i++) {
    const struct wire_json *message = wire_json_at(messages, i);
    struct base_view type = cli_string(message, "type");
    if (!base_view_is(type, "propose") && !base_view_is(type, "counter") && !base_view_is(type, "amend"))
      continue;
    ++*proposals;
    if (wire_json_true(wire_json_get(message, "effective")) && cli_number(message, "depth") >= depth) {
      depth = cli_number(message, "depth");
      terms = cli_string(message, "id");
    }
  }
  return terms;
}

enum base_code cli_agreement_terms(const struct wire_json *kase, const char *read, struct base_id *out,
                                   struct base_error *err) {
  size_t proposals = 0;
  struct base_view stands = standing_terms(wire_json_get(kase, "messages"), &proposals), id = cli_string(kase, "id");
  if (!base_id_parse(stands, out))
    return base_fail(err, BASE_NOT_FOUND, "case %.*s holds no proposal that has effect", (int)id.size,
                     (const char *)id.data);
  if (read == NULL && proposals == 1)
    return BASE_OK;
  if (read == NULL)
    return base_fail(err, BASE_CONFLICT,
                     "%zu terms were proposed in this case, one in place of the other: read what stands now (wasl case "
                     "show), then accept that by its id: --terms %.*s",
                     proposals, (int)stands.size, (const char *)stands.data);
  if (strlen(read) <= stands.size && memcmp(read, stands.data, strlen(read)) == 0)
    return BASE_OK;
  return base_fail(err, BASE_CONFLICT,
                   "the terms %s do not stand (any more), and nothing was accepted: %.*s do, read them first (wasl case "
                   "show)",
                   read, (int)stands.size, (const char *)stands.data);
}

enum base_code cli_agreement_accept(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer kase = {0};
  BASE_AUTO_BUF struct base_buf fields = {0};
  struct cli_piece id;
  struct base_id terms;
  const char *read = cli_option(cli, "--terms");
  enum base_code code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK && read != NULL && !cli_id_like(read))
    code = cli_usage(cli, err, "--terms is 64 lowercase hex digits, or its first ones (at least 4)");
  if (code == BASE_OK)
    code = agreement_case(cli, id.text, &kase, err);
  if (code == BASE_OK)
    code = cli_agreement_terms(kase.json, read, &terms, err);
  if (code != BASE_OK)
    return code;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  code = cli_body(&fields, err, "terms", base_id_text(&terms).text, "note", cli_option(cli, "--note"), NULL);
  return code == BASE_OK ? cli_send(cli, id.text, "accept", base_buf_view(&fields), (struct base_view){0}, err) : code;
}

enum base_code cli_agreement_list(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_CASE, CLI_STATE, CLI_IN_FORCE, CLI_FROM, CLI_UNTIL, CLI_PARTIES, CLI_TITLE};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/agreements");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 7, heads);
  for (size_t i = 0; i < wire_json_size(answer.json); i++) {
    const struct wire_json *agreement = wire_json_at(answer.json, i);
    const struct wire_json *parties = wire_json_get(agreement, "parties");
    bool in_force = wire_json_true(wire_json_get(agreement, "in_force"));
    cli_cell_id(&table, cli_string(agreement, "id"));
    cli_cell(&table,
             cli_state_label(cli, cli_kind(cli, &kinds, BASE_VIEW("agreement")), cli_string(agreement, "state")));
    cli_cell(&table, base_view_text(cli_word(cli, in_force ? CLI_YES : CLI_NO)));
    cli_cell_time(&table, wire_json_get(agreement, "from"));
    cli_cell_time(&table, wire_json_get(agreement, "until"));
    for (size_t j = 0; j < wire_json_size(parties); j++) {
      base_buf_text(&table.cells, j > 0 ? ", " : "");
      cli_isolated(cli, &table.cells, wire_json_text(wire_json_at(parties, j)));
    }
    base_buf_u8(&table.cells, 0);
    cli_cell(&table, cli_string(agreement, "title"));
  }
  cli_table_end(&table);
  return BASE_OK;
}
