/* SPDX-License-Identifier: Apache-2.0
 * Emergency transfers: asked for with what is sent, said, shown, followed up. */
#include "cli/cli.h"
#include "wire/kind.h"

enum base_code cli_emergency_options(struct cli *cli, struct base_error *err) {
  const char *reason;
  bool urgent = cli_option(cli, "--emergency") != NULL, derogated = cli_option(cli, "--derogation") != NULL;
  bool asked = urgent || derogated;
  if (urgent && derogated)
    return cli_usage(cli, err, "--derogation goes with no --emergency, whose ground is one where it can be");
  if (!asked && cli_option(cli, "--reason") != NULL)
    return cli_usage(cli, err, "--reason goes with --emergency or --derogation");
  return asked ? cli_need(cli, "--reason", &reason, err) : BASE_OK;
}

enum base_code cli_emergency_write(struct cli *cli, struct wire_writer *writer, struct base_error *err) {
  const char *ground = cli_option(cli, "--emergency"), *reason = cli_option(cli, "--reason");
  if (ground == NULL)
    return BASE_OK;
  if (!base_utf8_valid(base_view_text(ground)) || !base_utf8_valid(base_view_text(reason)))
    return base_fail(err, BASE_UTF8, "--emergency or --reason is not UTF-8");
  wire_write_key(writer, "emergency");
  wire_write_object(writer);
  wire_write_member_string(writer, "ground", ground);
  wire_write_member_string(writer, "reason", reason);
  wire_write_end(writer, '}');
  return BASE_OK;
}

void cli_emergency_said(struct cli *cli, const struct wire_json *answer) {
  BASE_AUTO_BUF struct base_buf text = {0};
  const struct wire_json *said = wire_json_get(answer, "emergency"), *to = wire_json_get(said, "to");
  if (cli_option(cli, "--emergency") == NULL)
    return;
  base_buf_init(&text, 4096);
  if (wire_json_type(said) != WIRE_JSON_OBJECT) {
    cli_note(cli, "%s", cli_word(cli, CLI_EMERGENCY_NONE));
    return;
  }
  for (size_t i = 0; i < wire_json_size(to); i++) {
    base_buf_text(&text, i > 0 ? ", " : "");
    cli_isolated(cli, &text, wire_json_text(wire_json_at(to, i)));
  }
  base_buf_printf(&text, "; %s: wasl emergency resolve %.12s", cli_word(cli, CLI_EMERGENCY_NEXT),
                  (const char *)cli_string(said, "case").data);
  base_buf_u8(&text, 0);
  if (base_buf_check(&text, "a note", NULL) == BASE_OK)
    cli_note(cli, "%s: %s", cli_word(cli, CLI_EMERGENCY_GOES), (const char *)text.data);
}

void cli_emergency_show(struct cli *cli, struct cli_kinds *kinds, const struct wire_json *message, unsigned indent) {
  const struct wire_json *emergency = wire_json_get(message, "emergency");
  if (wire_json_type(emergency) != WIRE_JSON_OBJECT)
    return;
  const struct wire_json *kind = cli_kind(cli, kinds, BASE_VIEW(WIRE_KIND_EMERGENCY));
  struct base_view kase = cli_string(emergency, "case");
  base_buf_printf(&cli->out, "%*s%s: ", (int)indent, "", cli_word(cli, CLI_EMERGENCY));
  cli_text(cli, cli_code_label(cli, kind, BASE_VIEW("ground"), cli_string(emergency, "ground")));
  base_buf_text(&cli->out, "  ");
  if (kase.size == 0) {
    base_buf_text(&cli->out, cli_word(cli, CLI_EMERGENCY_UNTOLD));
  } else {
    cli_isolated(cli, &cli->out, kase);
    base_buf_text(&cli->out, "  ");
    cli_text(cli, cli_state_label(cli, kind, cli_string(emergency, "state")));
  }
  base_buf_text(&cli->out, "\n");
}

enum base_code cli_emergency_resolve(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fields = {0};
  struct cli_piece id;
  const char *basis;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--basis", &basis, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "CASE", &id, err);
  if (code == BASE_OK)
    code = cli_body(&fields, err, "basis", basis, "authority", cli_option(cli, "--authority"), "note",
                    cli_option(cli, "--note"), NULL);
  return code == BASE_OK ? cli_send(cli, id.text, "follow_up", base_buf_view(&fields), (struct base_view){0}, err)
                         : code;
}
