/* SPDX-License-Identifier: Apache-2.0
 * When something is due, of a case or of an item of it, and by whom. */
#include "cli/cli.h"

/* The same moment as the clocks on both walls show it. */
static void write_zones(struct cli *cli, struct base_buf *out, const struct wire_json *zones, base_time due) {
  for (size_t i = 0; i < wire_json_size(zones); i++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_init(&text, 256);
    if (!cli_zone_time(&text, wire_json_text(wire_json_at(zones, i)), due))
      continue;
    base_buf_text(out, " = ");
    cli_isolated(cli, out, base_buf_view(&text));
  }
}

/* Since when it stands, why, and by whom: "paused since 2026-… (The scope or the period is too wide, paris)". Nobody
 * reminds of it: whoever reads how long it has been decides. */
static void write_paused(struct cli *cli, struct base_buf *out, const struct wire_json *kind,
                         const struct wire_json *clock) {
  struct base_view ground = cli_string(clock, "ground");
  base_time since;
  base_buf_printf(out, "%s ", cli_word(cli, CLI_PAUSED));
  if (cli_moment(wire_json_get(clock, "paused_since"), &since)) {
    cli_time(cli, out, since);
    base_buf_text(out, " ");
  }
  base_buf_text(out, "(");
  base_buf_printable(out, cli_ground_label(cli, kind, cli_string(clock, "name"), ground));
  base_buf_text(out, ", ");
  cli_isolated(cli, out, cli_string(clock, "paused_by"));
  base_buf_text(out, ")");
}

/* "stopped", or "stopped, late by 2 d 3 h": that it ended makes it no less late */
static void write_stopped(struct cli *cli, struct base_buf *out, const struct wire_json *clock) {
  int64_t late = cli_number(clock, "late_seconds");
  base_buf_printf(out, "%s", cli_word(cli, CLI_STOPPED));
  if (late <= 0)
    return;
  base_buf_printf(out, ", %s ", cli_word(cli, CLI_LATE_BY));
  cli_duration(cli, out, late);
}

void cli_write_clock(struct cli *cli, struct base_buf *out, const struct wire_json *kind,
                     const struct wire_json *clock) {
  base_time due, now = cli->world->now(cli->world->context);
  if (wire_json_true(wire_json_get(clock, "paused")))
    write_paused(cli, out, kind, clock);
  else if (wire_json_true(wire_json_get(clock, "stopped")) || wire_json_true(wire_json_get(clock, "ended")))
    write_stopped(cli, out, clock);
  else if (cli_moment(wire_json_get(clock, "due"), &due)) {
    /* What the node says counts, too: a wrong clock in front of an officer hides nothing. */
    bool late = due < now || wire_json_true(wire_json_get(clock, "overdue"));
    if (late)
      base_buf_printf(out, "%s, ", cli_word(cli, CLI_OVERDUE));
    base_buf_printf(out, "%s ", cli_word(cli, CLI_DUE));
    cli_time(cli, out, due);
    write_zones(cli, out, wire_json_get(clock, "zones"), due);
    if (late != (due >= now)) {
      base_buf_printf(out, " (%s ", cli_word(cli, late ? CLI_LATE_BY : CLI_IN));
      cli_duration(cli, out, late ? now - due : due - now);
      base_buf_text(out, ")");
    }
  }
  base_time receipt, ours;
  if (wire_json_true(wire_json_get(clock, "disputed")) && cli_moment(wire_json_get(clock, "receipt"), &receipt) &&
      cli_moment(wire_json_get(clock, "ours"), &ours)) {
    base_buf_printf(out, " (%s: ", cli_word(cli, CLI_DISPUTED));
    cli_time(cli, out, receipt);
    base_buf_text(out, " / ");
    cli_time(cli, out, ours);
    base_buf_text(out, ")");
  }
}

void cli_write_whose(struct cli *cli, struct base_buf *out, const struct wire_json *clocks, size_t at) {
  struct base_view party = cli_string(wire_json_at(clocks, at), "party");
  for (size_t i = 0; i < wire_json_size(clocks); i++)
    if (!base_view_equal(cli_string(wire_json_at(clocks, i), "party"), party)) {
      cli_isolated(cli, out, party);
      base_buf_text(out, ": ");
      return;
    }
}

/* Which clock it is, where its kind has several: of one date alone nobody would know what is due. */
static void write_which(struct cli *cli, struct base_buf *out, const struct wire_json *kind,
                        const struct wire_json *clock) {
  if (wire_json_size(wire_json_get(kind, "clocks")) < 2)
    return;
  base_buf_printable(out, cli_kind_label(cli, kind, "clocks", cli_string(clock, "name")));
  base_buf_text(out, ": ");
}

void cli_write_clocks(struct cli *cli, struct base_buf *out, const struct wire_json *kind,
                      const struct wire_json *clocks) {
  for (size_t i = 0; i < wire_json_size(clocks); i++) {
    base_buf_text(out, i > 0 ? ", " : "");
    write_which(cli, out, kind, wire_json_at(clocks, i));
    cli_write_whose(cli, out, clocks, i);
    cli_write_clock(cli, out, kind, wire_json_at(clocks, i));
  }
}
