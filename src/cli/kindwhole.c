/* SPDX-License-Identifier: Apache-2.0
 * What a kind says of its cases as a whole, and what its clocks wait for, as `kind show` tells it. */
#include "cli/cli.h"

/* ", "-joined, each isolated, after a blank. */
static void show_names(struct cli *cli, const struct wire_json *names) {
  for (size_t i = 0; i < wire_json_size(names); i++) {
    base_buf_text(&cli->out, i > 0 ? ", " : " ");
    cli_isolated(cli, &cli->out, wire_json_text(wire_json_at(names, i)));
  }
}

/* "Owed from: task_accept" and "At least: 2 d". */
void cli_kind_clock_waits(struct cli *cli, const struct wire_json *clock) {
  const struct wire_json *from = wire_json_get(clock, "from"), *at = wire_json_get(clock, "at");
  if (from != NULL) {
    cli_line(cli, "  %s:", cli_word(cli, CLI_OWED_FROM));
    show_names(cli, from);
    base_buf_text(&cli->out, "\n");
  }
  if (wire_json_get(at, "least") != NULL) {
    cli_line(cli, "  %s: ", cli_word(cli, CLI_AT_LEAST));
    cli_duration(cli, &cli->out, cli_number(at, "least"));
    base_buf_text(&cli->out, "\n");
  }
}

/* "Lowest mark: red" */
static void show_mark(struct cli *cli, struct base_view mark) {
  if (mark.size == 0)
    return;
  cli_line(cli, "\n%s: ", cli_word(cli, CLI_LOWEST_MARK));
  cli_isolated(cli, &cli->out, mark);
  base_buf_text(&cli->out, "\n");
}

/* "Periods that do not overlap: statistics (from / to)" */
static void show_aparts(struct cli *cli, const struct wire_json *aparts) {
  for (size_t i = 0; i < wire_json_size(aparts); i++) {
    const struct wire_json *apart = wire_json_at(aparts, i);
    cli_line(cli, "\n%s: ", cli_word(cli, CLI_PERIODS_APART));
    cli_isolated(cli, &cli->out, cli_string(apart, "type"));
    base_buf_text(&cli->out, " (");
    cli_isolated(cli, &cli->out, cli_string(apart, "from"));
    base_buf_text(&cli->out, " / ");
    cli_isolated(cli, &cli->out, cli_string(apart, "to"));
    base_buf_text(&cli->out, ")\n");
  }
}

/* "Personal data is erased on: 30 days after ended, evaluated, ends" */
static void show_ends(struct cli *cli, const struct wire_json *ends) {
  const struct wire_json *states = wire_json_get(ends, "state");
  struct base_view field = cli_string(ends, "field");
  if (ends == NULL)
    return;
  cli_line(cli, "\n%s: %lld %s", cli_word(cli, CLI_PERSONAL_ENDS), (long long)cli_number(ends, "days"),
           cli_word(cli, CLI_DAYS_AFTER));
  show_names(cli, states);
  base_buf_text(&cli->out, field.size > 0 ? ", " : "");
  cli_isolated(cli, &cli->out, field);
  base_buf_text(&cli->out, "\n");
}

/* "Period: starts / ends (extend)", and what goes when it is over. */
static void show_period(struct cli *cli, const struct wire_json *period) {
  const struct wire_json *after = wire_json_get(period, "after");
  struct base_view moved_by = cli_string(period, "moved_by");
  if (period == NULL)
    return;
  cli_line(cli, "\n%s: ", cli_word(cli, CLI_PERIOD));
  cli_isolated(cli, &cli->out, cli_string(period, "from"));
  base_buf_text(&cli->out, " / ");
  cli_isolated(cli, &cli->out, cli_string(period, "to"));
  if (moved_by.size > 0) {
    base_buf_text(&cli->out, " (");
    cli_isolated(cli, &cli->out, moved_by);
    base_buf_text(&cli->out, ")");
  }
  cli_line(cli, "\n%s:", cli_word(cli, CLI_AFTER_PERIOD));
  show_names(cli, after);
  base_buf_text(&cli->out, "\n");
}

void cli_kind_whole(struct cli *cli, const struct wire_json *kind) {
  show_mark(cli, cli_string(kind, "mark"));
  show_aparts(cli, wire_json_get(kind, "apart"));
  show_period(cli, wire_json_get(kind, "period"));
  show_ends(cli, wire_json_get(kind, "personal_ends"));
}
