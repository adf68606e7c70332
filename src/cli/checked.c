/* SPDX-License-Identifier: Apache-2.0
 * What may be sent, told before it is: `case open` and `case send` with --check. */
#include "cli/cli.h"

/* "To paris: may go, covered by 878501e5…/1" */
static void say_partner(struct cli *cli, const struct wire_json *to) {
  struct base_view clause = cli_string(to, "clause");
  cli_line(cli, "%s ", cli_word(cli, CLI_TO));
  cli_isolated(cli, &cli->out, cli_string(to, "partner"));
  cli_line(cli, ": %s", cli_word(cli, clause.size > 0 ? CLI_LAW_YES : CLI_LAW_NO_ROW));
  if (clause.size > 0) {
    base_buf_text(&cli->out, " ");
    cli_isolated(cli, &cli->out, clause);
  }
  base_buf_text(&cli->out, "\n");
}

void cli_checked(struct cli *cli, const struct cli_answer *answer) {
  const struct wire_json *check = wire_json_get(answer->json, "check"), *to = wire_json_get(check, "to");
  struct base_view asks = cli_string(check, "asks");
  if (cli_print_json(cli, answer))
    return;
  for (size_t i = 0; i < wire_json_size(to); i++)
    say_partner(cli, wire_json_at(to, i));
  if (!base_view_is(asks, "officer")) {
    cli_line(cli, "%s: ", cli_word(cli, CLI_RELEASE_ASKED));
    cli_text(cli, cli_code_word(cli, asks));
    base_buf_text(&cli->out, "\n");
  }
  cli_line(cli, "%s\n", cli_word(cli, CLI_CHECKED));
}
