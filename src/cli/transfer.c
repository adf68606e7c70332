/* SPDX-License-Identifier: Apache-2.0
 * Personal data that leave the area of Directive (EU) 2016/680: a derogation asked for with what is sent, the basis told. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum base_code cli_derogation_write(struct cli *cli, struct wire_writer *writer, struct base_error *err) {
  const char *code = cli_option(cli, "--derogation"), *reason = cli_option(cli, "--reason");
  if (code == NULL)
    return BASE_OK;
  if (!base_utf8_valid(base_view_text(code)) || !base_utf8_valid(base_view_text(reason)))
    return base_fail(err, BASE_UTF8, "--derogation or --reason is not UTF-8");
  wire_write_key(writer, "derogation");
  wire_write_object(writer);
  wire_write_member_string(writer, "code", code);
  wire_write_member_string(writer, "reason", reason);
  wire_write_end(writer, '}');
  return BASE_OK;
}

void cli_derogation_said(struct cli *cli, const struct wire_json *answer) {
  BASE_AUTO_BUF struct base_buf text = {0};
  const struct wire_json *to = wire_json_get(answer, "derogated");
  if (cli_option(cli, "--derogation") == NULL)
    return;
  if (wire_json_size(to) == 0) {
    cli_note(cli, "%s", cli_word(cli, CLI_DEROGATION_NONE));
    return;
  }
  base_buf_init(&text, 4096);
  for (size_t i = 0; i < wire_json_size(to); i++) {
    base_buf_text(&text, i > 0 ? ", " : "");
    cli_isolated(cli, &text, wire_json_text(wire_json_at(to, i)));
  }
  base_buf_u8(&text, 0);
  if (base_buf_check(&text, "a note", NULL) == BASE_OK)
    cli_note(cli, "%s: %s", cli_word(cli, CLI_DEROGATION_GOES), (const char *)text.data);
}

void cli_transfer_basis(struct cli *cli, struct base_view basis) {
  char code[64];
  (void)snprintf(code, sizeof code, "transfer_%.*s", (int)basis.size, (const char *)basis.data);
  cli_text(cli, cli_code_word(cli, base_view_text(code)));
}

void cli_transfer_assurances(struct cli *cli, const struct wire_json *assurances) {
  for (size_t i = 0; i < wire_json_size(assurances); i++) {
    base_buf_text(&cli->out, i > 0 ? " + " : "; ");
    cli_isolated(cli, &cli->out, wire_json_text(wire_json_at(assurances, i)));
  }
}

void cli_transfer_show(struct cli *cli, const struct wire_json *message, unsigned indent) {
  const struct wire_json *transfers = wire_json_get(message, "transfers");
  const struct wire_json *waits = wire_json_get(wire_json_get(message, "release"), "derogation");
  for (size_t i = 0; i < wire_json_size(transfers); i++) {
    const struct wire_json *one = wire_json_at(transfers, i);
    struct base_view reference = cli_string(one, "reference"), by = cli_string(one, "by");
    base_buf_printf(&cli->out, "%*s%s ", (int)indent, "", cli_word(cli, CLI_TRANSFER));
    cli_isolated(cli, &cli->out, cli_string(one, "to"));
    base_buf_text(&cli->out, ": ");
    cli_transfer_basis(cli, cli_string(one, "basis"));
    if (reference.size > 0) {
      base_buf_text(&cli->out, "; ");
      cli_isolated(cli, &cli->out, reference);
    }
    cli_transfer_assurances(cli, wire_json_get(one, "assurances"));
    if (by.size > 0) {
      base_buf_text(&cli->out, "; ");
      cli_isolated(cli, &cli->out, by);
      base_buf_text(&cli->out, ": ");
      cli_isolated(cli, &cli->out, cli_string(one, "reason"));
    }
    base_buf_text(&cli->out, "\n");
  }
  if (wire_json_size(transfers) > 0 || wire_json_type(waits) != WIRE_JSON_OBJECT)
    return;
  base_buf_printf(&cli->out, "%*s%s: ", (int)indent, "", cli_word(cli, CLI_DEROGATION));
  cli_transfer_basis(cli, cli_string(waits, "code"));
  base_buf_text(&cli->out, "; ");
  cli_isolated(cli, &cli->out, cli_string(waits, "reason"));
  base_buf_text(&cli->out, "\n");
}

void cli_transfer_explain(struct cli *cli, const struct wire_json *answer) {
  struct base_view basis = cli_string(answer, "basis");
  const struct wire_json *row = wire_json_get(answer, "row");
  bool personal = !base_view_is(cli_string(answer, "personal"), "none");
  if (personal && base_view_is(cli_string(answer, "leaves"), "unsaid"))
    cli_line(cli, "    %s\n", cli_word(cli, CLI_TRANSFER_UNSAID));
  if (basis.size == 0)
    return;
  cli_line(cli, "    %s ", cli_word(cli, CLI_TRANSFER));
  cli_isolated(cli, &cli->out, cli_string(answer, "to"));
  base_buf_text(&cli->out, ": ");
  cli_transfer_basis(cli, basis);
  base_buf_text(&cli->out, "; ");
  cli_isolated(cli, &cli->out, cli_string(row, "transfer_reference"));
  base_buf_text(&cli->out, "\n");
}

void cli_transfer_regimes(struct cli *cli, const struct wire_json *answer) {
  const struct wire_json *regimes = wire_json_get(answer, "regimes");
  if (wire_json_size(regimes) == 0)
    cli_line(cli, "%s\n", cli_word(cli, CLI_TRANSFER_UNSAID));
  for (size_t i = 0; i < wire_json_size(regimes); i++) {
    const struct wire_json *one = wire_json_at(regimes, i);
    char code[64];
    struct base_view regime = cli_string(one, "regime");
    (void)snprintf(code, sizeof code, "regime_%.*s", (int)regime.size, (const char *)regime.data);
    base_buf_text(&cli->out, i > 0 ? "; " : "");
    cli_isolated(cli, &cli->out, cli_string(one, "party"));
    base_buf_text(&cli->out, ": ");
    cli_text(cli, cli_code_word(cli, base_view_text(code)));
    base_buf_text(&cli->out, i + 1 == wire_json_size(regimes) ? "\n" : "");
  }
}
