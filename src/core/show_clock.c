/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/show.h"

/* A clock, of a case or of an item of it. */

/* Of both sides, ours first, in which people are told when it is due; one that is not set is left out. */
static void write_zones(const struct core *core, struct wire_writer *writer, const struct core_partner *other) {
  wire_write_key(writer, "zones");
  wire_write_array(writer);
  if (core->zone[0] != '\0')
    wire_write_string(writer, core->zone);
  if (other != NULL && other->zone[0] != '\0' && strcmp(other->zone, core->zone) != 0)
    wire_write_string(writer, other->zone);
  wire_write_end(writer, ']');
}

void core_show_clock(struct core *core, struct wire_writer *writer, struct base_view party, const struct core_partner *other,
                     const struct law_clock *clock) {
  wire_write_object(writer);
  wire_write_member_text(writer, "name", clock->name);
  wire_write_member_text(writer, "party", core_show_name(core, party));
  core_show_time(writer, "started", clock->started);
  core_show_time(writer, "due", clock->due);
  wire_write_member_bool(writer, "running", clock->running);
  wire_write_member_bool(writer, "paused", clock->paused);
  if (clock->paused) {
    wire_write_member_text(writer, "ground", clock->ground);
    wire_write_member_text(writer, "paused_by", core_show_name(core, clock->paused_by->author));
    core_show_time(writer, "paused_since", clock->paused_since);
  }
  core_show_time(writer, "soon", clock->running && clock->soon < clock->due ? clock->soon : 0);
  wire_write_member_bool(writer, "overdue", clock->running && clock->due < core_now(core));
  wire_write_member_bool(writer, "stopped", clock->stopped);
  core_show_time(writer, "ended", clock->stopped ? clock->ended : 0);
  if (clock->late > 0)
    wire_write_member_integer(writer, "late_seconds", clock->late);
  write_zones(core, writer, other);
  wire_write_member_bool(writer, "disputed", clock->disputed);
  core_show_time(writer, "receipt", clock->receipt);
  core_show_time(writer, "ours", clock->ours);
  wire_write_end(writer, '}');
}
