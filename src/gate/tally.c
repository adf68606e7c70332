/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/tally.h"

static const struct {
  const char *event, *limit, *text;
} notices[GATE_NOTICES] = {
#define GATE_NOTICE(name, event, limit, text) [GATE_##name] = {event, limit, text},
#include "gate/notices.def"
#undef GATE_NOTICE
};

static void flush(struct gate_tally *tally, enum gate_notice notice, int64_t now) {
  if (tally->notices[notice].until == 0 || now < tally->notices[notice].until)
    return;
  unsigned more = tally->notices[notice].more;
  tally->notices[notice].until = 0;
  tally->notices[notice].more = 0;
  if (more > 0)
    base_log(BASE_LOG_NOTICE, notices[notice].event, "%u times more within %d s: %s%s", more, GATE_LOG_SECONDS,
             notices[notice].text, notices[notice].limit);
}

void gate_tally_log(struct gate_tally *tally, const struct base_world *world, enum gate_notice notice,
                    const char *detail) {
  int64_t now = world->monotonic_ms(world->context);
  flush(tally, notice, now);
  if (tally->notices[notice].until != 0) {
    tally->notices[notice].more++;
    return;
  }
  tally->notices[notice].until = now + GATE_LOG_SECONDS * 1000;
  base_log(BASE_LOG_NOTICE, notices[notice].event, "%s%s%s%s", notices[notice].text, notices[notice].limit,
           detail[0] != '\0' ? ": " : "", detail);
}

bool gate_tally_flush(struct gate_tally *tally, const struct base_world *world) {
  int64_t now = world->monotonic_ms(world->context);
  bool waiting = false;
  for (enum gate_notice notice = 0; notice < GATE_NOTICES; notice++) {
    flush(tally, notice, now);
    waiting = waiting || tally->notices[notice].until != 0;
  }
  return waiting;
}
