/* SPDX-License-Identifier: Apache-2.0
 * Passing on what somebody else gave: his consent asked for, given, denied, revoked, listed. */
#include "cli/cli.h"

/* Recipients are written as origins, which name the same node everywhere. */
struct naming {
  struct cli *cli;
  struct base_buf *out;
};

static enum base_code add_recipient(void *context, struct base_view piece, struct base_error *err) {
  struct naming *naming = context;
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  if (!base_name_valid(piece)) { /* an origin of a node that is no partner here; the node checks it */
    base_buf_text(naming->out, naming->out->size > 0 ? " " : "");
    base_buf_add_view(naming->out, piece);
    return BASE_OK;
  }
  enum base_code code = cli_get(naming->cli, &answer, err, "/v1/partners/%s", cli_piece(piece).text);
  if (code != BASE_OK)
    return code;
  base_buf_text(naming->out, naming->out->size > 0 ? " " : "");
  base_buf_add_view(naming->out, cli_string(answer.json, "origin"));
  return BASE_OK;
}

/* "rabat,madrid" as origins between blanks, with a final NUL. */
static enum base_code recipients(struct cli *cli, const char *to, struct base_buf *out, struct base_error *err) {
  struct naming naming = {cli, out};
  base_buf_init(out, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_split(cli, to, "--to", add_recipient, &naming, err);
  base_buf_u8(out, 0);
  return code == BASE_OK ? base_buf_check(out, "the recipients", err) : code;
}

enum base_code cli_consent_ask(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer message = {0};
  BASE_AUTO_BUF struct base_buf to = {0}, fields = {0}, author = {0};
  struct cli_piece id;
  struct base_id whole;
  const char *names, *purpose, *until;
  enum base_code code = cli_need(cli, "--to", &names, err);
  if (code == BASE_OK)
    code = cli_need(cli, "--purpose", &purpose, err);
  if (code == BASE_OK)
    code = cli_need(cli, "--until", &until, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "MESSAGE", &id, err);
  if (code == BASE_OK)
    code = cli_get(cli, &message, err, "/v1/messages/%s", id.text);
  if (code == BASE_OK)
    code = recipients(cli, names, &to, err);
  if (code != BASE_OK)
    return code;
  if (!base_id_parse(cli_string(message.json, "id"), &whole))
    return base_fail(err, BASE_PROTOCOL, "the node's answer holds no id");
  if (wire_json_type(wire_json_get(message.json, "arrival")) != WIRE_JSON_OBJECT)
    return base_fail(err, BASE_POLICY, "message %s is this node's own: nobody's consent is needed", id.text);
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&author, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add_view(&author, cli_string(message.json, "author"));
  base_buf_u8(&author, 0);
  code = cli_body(&fields, err, "message", base_id_text(&whole).text, "to", (const char *)to.data, "purpose", purpose,
                  "until", until, "reason", cli_option(cli, "--reason"), NULL);
  if (code == BASE_OK)
    code = base_buf_check(&author, "the author", err);
  return code == BASE_OK
             ? cli_open(cli, "consent", (const char *)author.data, base_buf_view(&fields), (struct base_view){0}, err)
             : code;
}

/* The consent whose case this is. */
static enum base_code find(struct cli *cli, struct cli_answer *list, const struct wire_json **out, struct cli_piece *id,
                           struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer kase = {0};
  enum base_code code = cli_id_word(cli, 0, "CASE", id, err);
  if (code == BASE_OK)
    code = cli_get(cli, &kase, err, "/v1/cases/%s?bare=true", id->text);
  if (code == BASE_OK)
    code = cli_get(cli, list, err, "/v1/consents");
  for (size_t i = 0; code == BASE_OK && i < wire_json_size(list->json); i++)
    if (base_view_equal(cli_string(wire_json_at(list->json, i), "id"), cli_string(kase.json, "id"))) {
      *out = wire_json_at(list->json, i);
      return BASE_OK;
    }
  return code == BASE_OK ? base_fail(err, BASE_KIND, "case %s is no consent", id->text) : code;
}

/* What was asked, where nothing narrower is said. */
enum base_code cli_consent_give(struct cli *cli, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer list = {0};
  BASE_AUTO_BUF struct base_buf to = {0}, rest = {0}, fields = {0};
  const struct wire_json *consent = NULL;
  struct cli_piece id;
  struct base_id asked;
  const char *names = cli_option(cli, "--to"), *until = cli_option(cli, "--until");
  enum base_code code = find(cli, &list, &consent, &id, err);
  if (code == BASE_OK && names != NULL)
    code = recipients(cli, names, &to, err);
  if (code != BASE_OK)
    return code;
  if (!base_id_parse(cli_string(consent, "id"), &asked))
    return base_fail(err, BASE_PROTOCOL, "the node's answer holds no id");
  if (names == NULL) {
    base_buf_init(&to, BASE_BUF_DEFAULT_LIMIT);
    base_buf_add_view(&to, cli_string(consent, "to"));
    base_buf_u8(&to, 0);
  }
  base_buf_init(&rest, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add_view(&rest, cli_string(consent, "purpose"));
  base_buf_u8(&rest, 0);
  size_t at = rest.size;
  base_buf_add_view(&rest, cli_string(consent, "until"));
  base_buf_u8(&rest, 0);
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  code = base_buf_check(&rest, "the consent", err);
  if (code == BASE_OK)
    code = base_buf_check(&to, "the recipients", err);
  if (code == BASE_OK)
    code = cli_body(&fields, err, "asked", base_id_text(&asked).text, "to", (const char *)to.data, "purpose",
                    (const char *)rest.data, "until", until != NULL ? until : (const char *)rest.data + at, "note",
                    cli_option(cli, "--note"), NULL);
  return code == BASE_OK ? cli_send(cli, id.text, "give", base_buf_view(&fields), (struct base_view){0}, err) : code;
}

static enum base_code answer_no(struct cli *cli, const char *type, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer list = {0};
  BASE_AUTO_BUF struct base_buf fields = {0};
  const struct wire_json *consent = NULL;
  struct cli_piece id;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = find(cli, &list, &consent, &id, err);
  if (code == BASE_OK)
    code = cli_body(&fields, err, "reason", cli_option(cli, "--reason"), NULL);
  return code == BASE_OK ? cli_send(cli, id.text, type, base_buf_view(&fields), (struct base_view){0}, err) : code;
}

enum base_code cli_consent_deny(struct cli *cli, struct base_error *err) {
  return answer_no(cli, "deny", err);
}

enum base_code cli_consent_revoke(struct cli *cli, struct base_error *err) {
  return answer_no(cli, "revoke", err);
}

enum base_code cli_consent_list(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_CASE,       CLI_STATE, CLI_MESSAGE, CLI_ASKER,
                                        CLI_ORIGINATOR, CLI_TO,    CLI_PURPOSE, CLI_UNTIL};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  CLI_AUTO_KINDS struct cli_kinds kinds = {0};
  enum base_code code = cli_get(cli, &answer, err, "/v1/consents");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 8, heads);
  for (size_t i = 0; i < wire_json_size(answer.json); i++) {
    const struct wire_json *consent = wire_json_at(answer.json, i);
    cli_cell_id(&table, cli_string(consent, "id"));
    cli_exercise_mark(cli, &table.cells, consent);
    cli_cell(&table, cli_code_word(cli, cli_string(consent, "state")));
    cli_cell_id(&table, cli_string(consent, "message"));
    cli_cell(&table, cli_string(consent, "asker"));
    cli_cell(&table, cli_string(consent, "originator"));
    BASE_AUTO_BUF struct base_buf names = {0};
    base_buf_init(&names, BASE_BUF_DEFAULT_LIMIT);
    bool origins = cli_origins(cli, &kinds, cli_string(consent, "to"), &names);
    cli_cell(&table, origins ? base_buf_view(&names) : cli_string(consent, "to"));
    cli_cell(&table, cli_string(consent, "purpose"));
    cli_cell_time(&table, wire_json_get(consent, "until"));
  }
  cli_table_end(&table);
  return BASE_OK;
}
