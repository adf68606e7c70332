/* SPDX-License-Identifier: Apache-2.0
 * Moments in the time zones of both sides, by the machine's time zone database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define ZONES "/usr/share/zoneinfo/"

bool cli_zone_known(struct base_view name) {
  char path[sizeof ZONES + BASE_ZONE_MAX];
  if (!base_zone_valid(name))
    return false;
  (void)snprintf(path, sizeof path, ZONES "%.*s", (int)name.size, (const char *)name.data);
  return access(path, R_OK) == 0;
}

/* The C library computes in one zone at a time, the one that TZ names: it is put back afterwards. This program has one
 * thread. */
static bool broken_down(struct base_view zone, time_t moment, struct tm *out) {
  char name[BASE_ZONE_MAX + 2], before[256];
  const char *set = getenv("TZ");
  bool had = set != NULL && snprintf(before, sizeof before, "%s", set) < (int)sizeof before;
  (void)snprintf(name, sizeof name, ":%.*s", (int)zone.size, (const char *)zone.data);
  bool done = setenv("TZ", name, 1) == 0;
  tzset();
  done = done && localtime_r(&moment, out) != NULL;
  if (had ? setenv("TZ", before, 1) != 0 : unsetenv("TZ") != 0)
    done = false;
  tzset();
  return done;
}

bool cli_zone_time(struct base_buf *out, struct base_view zone, base_time time) {
  struct tm local;
  char text[32];
  if (!cli_zone_known(zone) || !broken_down(zone, (time_t)time, &local) ||
      strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0)
    return false;
  long minutes = local.tm_gmtoff / 60, off = minutes < 0 ? -minutes : minutes;
  base_buf_printf(out, "%s %c%02ld:%02ld ", text, minutes < 0 ? '-' : '+', off / 60, off % 60);
  base_buf_printable(out, zone);
  return true;
}

enum base_code cli_zone_check(const char *zone, struct base_error *err) {
  if (cli_zone_known(base_view_text(zone)))
    return BASE_OK;
  return base_fail(err, BASE_FIELD,
                   "%.100s is no time zone that this machine knows (" ZONES "): a name as "
                   "Africa/Casablanca, Europe/Paris or UTC",
                   zone);
}

static enum base_code set_zone(struct cli *cli, const char *name, const char *zone, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = cli_zone_check(zone, err);
  if (code == BASE_OK)
    code = cli_body(&body, err, "name", name, "zone", zone, NULL);
  if (code == BASE_OK)
    code = cli_post(cli, "/v1/zones", base_buf_view(&body), &answer, err);
  if (code != BASE_OK || cli_print_json(cli, &answer))
    return code;
  cli_isolated(cli, &cli->out, cli_string(answer.json, "name"));
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, cli_string(answer.json, "zone"));
  base_buf_text(&cli->out, "\n");
  return BASE_OK;
}

enum base_code cli_node_zone(struct cli *cli, struct base_error *err) {
  return set_zone(cli, NULL, cli->words[0], err);
}

enum base_code cli_partner_zone(struct cli *cli, struct base_error *err) {
  return set_zone(cli, cli->words[0], cli->words[1], err);
}
