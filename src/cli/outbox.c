/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"

enum { WAIT_DEFAULT = 600, WAIT_MAX = 7 * 86400, POLL_MS = 50, POLL_MOST_MS = 500, UNTOLD_MOST_MS = 2000 };

enum base_code cli_outbox_list(struct cli *cli, struct base_error *err) {
  static const enum cli_word heads[] = {CLI_MESSAGE, CLI_TO, CLI_NUMBER, CLI_STATE, CLI_CASE, CLI_REASON};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  const char *limit = cli_option(cli, "--limit");
  bool open = cli_has(cli, "--open");
  uint64_t number;
  if (limit != NULL && !base_decimal_parse(base_view_text(limit), &number))
    return cli_usage(cli, err, "--limit takes a number");
  enum base_code code =
      cli_get(cli, &answer, err, "/v1/outbox%s%s%s%s", open || limit ? "?" : "", open ? "open=true" : "",
              limit ? (open ? "&limit=" : "limit=") : "", limit ? limit : "");
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  CLI_AUTO_TABLE struct cli_table table;
  cli_table_begin(&table, cli, 6, heads);
  for (size_t i = 0; i < wire_json_size(answer.json); i++) {
    const struct wire_json *row = wire_json_at(answer.json, i);
    cli_cell_id(&table, cli_string(row, "id"));
    cli_cell_id(&table, cli_string(row, "to"));
    cli_cell_number(&table, cli_number(row, "n"));
    cli_exercise_mark(cli, &table.cells, row);
    cli_cell(&table, cli_code_word(cli, cli_string(row, "state")));
    cli_cell_id(&table, cli_string(row, "case"));
    cli_sentence(cli, &table.cells, cli_string(row, "reason"));
    cli_cell(&table, BASE_VIEW(""));
  }
  cli_table_end(&table);
  return BASE_OK;
}

static void pause_for(int64_t milliseconds) {
  struct timespec rest = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
    ;
}

/* What is said when time is up: which partners, or how many are on their way. */
static enum base_code too_late(const struct wire_json *summary, int64_t seconds, struct base_error *err) {
  const struct wire_json *unreachable = wire_json_get(summary, "unreachable");
  long long open = (long long)(cli_number(summary, "waiting") + cli_number(summary, "under_way"));
  const char *are = open == 1 ? "message is" : "messages are";
  if (wire_json_size(unreachable) == 0)
    return base_fail(err, BASE_TIMEOUT, "after %lld s %lld %s still waiting or under way; see: wasl outbox list",
                     (long long)seconds, open, are);
  BASE_AUTO_BUF struct base_buf names = {0};
  base_buf_init(&names, BASE_ERROR_TEXT_MAX);
  for (size_t i = 0; i < wire_json_size(unreachable); i++) {
    base_buf_text(&names, i > 0 ? ", " : "");
    base_buf_printable(&names, wire_json_text(wire_json_at(unreachable, i)));
  }
  return base_fail(err, BASE_UNREACHABLE, "after %lld s %lld %s still waiting or under way, and %.*s cannot be reached",
                   (long long)seconds, open, are, (int)names.size, (const char *)names.data);
}

enum base_code cli_outbox_wait(struct cli *cli, struct base_error *err) {
  const char *timeout = cli_option(cli, "--timeout");
  uint64_t seconds = WAIT_DEFAULT;
  struct cli_progress progress = {.cli = cli, .label = cli_word(cli, CLI_OUTBOX)};
  if (timeout != NULL && (!base_decimal_parse(base_view_text(timeout), &seconds) || seconds > WAIT_MAX))
    return cli_usage(cli, err, "--timeout takes seconds, at most %d", WAIT_MAX);
  int64_t end = cli->world->monotonic_ms(cli->world->context) + (int64_t)seconds * 1000, step = POLL_MS,
          waited_told = 0;
  for (;;) {
    CLI_AUTO_ANSWER struct cli_answer summary = {0};
    enum base_code code = cli_get(cli, &summary, err, "/v1/outbox/summary");
    if (code != BASE_OK)
      return code;
    int64_t open = cli_number(summary.json, "waiting") + cli_number(summary.json, "under_way");
    int64_t left = end - cli->world->monotonic_ms(cli->world->context);
    /* The receivers' own evidence is whole once they have our cosignature too: that takes a moment more, and is not
     * waited for when it takes longer. */
    bool told = cli_number(summary.json, "untold") == 0 || waited_told >= UNTOLD_MOST_MS || left <= 0;
    if (open == 0 && !told) {
      waited_told += POLL_MS;
      pause_for(POLL_MS);
      continue;
    }
    if (open == 0) {
      cli_progress_end(&progress);
      cli_print_json(cli, &summary);
      return BASE_OK;
    }
    if (left <= 0) {
      cli_progress_end(&progress);
      return too_late(summary.json, (int64_t)seconds, err);
    }
    cli_progress_at(&progress, (uint64_t)open, 0);
    pause_for(left < step ? left : step);
    step = step * 2 < POLL_MOST_MS ? step * 2 : POLL_MOST_MS;
  }
}

enum base_code cli_outbox_end(struct cli *cli, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct cli_piece id;
  const char *reason;
  char path[64 + sizeof id.text];
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_need(cli, "--reason", &reason, err);
  if (code == BASE_OK)
    code = cli_id_word(cli, 0, "ID", &id, err);
  if (code == BASE_OK)
    code = cli_body(&body, err, "reason", reason, "to", cli_option(cli, "--to"), NULL);
  if (code != BASE_OK)
    return code;
  (void)snprintf(path, sizeof path, "/v1/outbox/%s/end", id.text);
  code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  if (code == BASE_OK && !cli_print_json(cli, &answer))
    cli_line(cli, "%s: %lld\n", cli_word(cli, CLI_ENDED), (long long)cli_number(answer.json, "ended"));
  return code;
}
