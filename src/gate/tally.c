/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/tally.h"

void gate_tally_log(struct gate_tally *tally, const struct base_world *world, const char *event, const char *text) {
  int64_t minute = world->monotonic_ms(world->context) / 60000;
  if (minute != tally->minute) {
    if (tally->lines > GATE_LOG_LINES_MAX)
      base_log(BASE_LOG_NOTICE, "gate.quiet", "%u more lines like these were left out",
               tally->lines - GATE_LOG_LINES_MAX);
    *tally = (struct gate_tally){.minute = minute};
  }
  if (tally->lines++ < GATE_LOG_LINES_MAX)
    base_log(BASE_LOG_NOTICE, event, "%s", text);
}
