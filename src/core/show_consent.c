/* SPDX-License-Identifier: Apache-2.0 */
#include "core/consent.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/show.h"

/* The cases of the kind `consent`, as law has them. */

struct showing {
  struct core *core;
  struct wire_writer writer;
};

static const char *state_word(const struct law_consent *consent, base_time now) {
  base_time until = consent->until < consent->asked_until ? consent->until : consent->asked_until;
  switch (consent->state) {
  case LAW_CONSENT_ASKED:
    return "asked";
  case LAW_CONSENT_GIVEN:
    return now < until ? "given" : "expired";
  case LAW_CONSENT_DENIED:
    return "denied";
  default:
    return "revoked";
  }
}

static enum base_code show(void *context, const struct law_consent *consent, struct base_error *err) {
  struct showing *showing = context;
  struct core *core = showing->core;
  struct wire_writer *writer = &showing->writer;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct store_message row;
  base_arena_init(&arena, 16 << 20);
  enum wire_lane lane = WIRE_LANE_NONE;
  enum base_code known = core_lane_of_case(core, &consent->id, &lane, err);
  if (known != BASE_OK || !core_lane_sees(core, lane))
    return known;
  enum base_code code = store_message_get(core->store, &consent->message, &arena, &row, err);
  if (code != BASE_OK && code != BASE_NOT_FOUND)
    return code;
  bool given = consent->giver.size > 0;
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &consent->id);
  wire_write_member_id(writer, "message", &consent->message);
  known = core_exercise_show(core, writer, &consent->id, err);
  if (known != BASE_OK)
    return known;
  wire_write_member_string(writer, "state", state_word(consent, core_now(core)));
  wire_write_member_text(writer, "asker", core_show_name(core, consent->asker));
  core_show_text(writer, "originator", code == BASE_OK ? core_show_name(core, row.author) : (struct base_view){0});
  core_show_text(writer, "to", given ? consent->to : consent->asked_to);
  core_show_text(writer, "purpose", consent->asked_purpose);
  core_show_time(writer, "until", given ? consent->until : consent->asked_until);
  wire_write_key(writer, "by");
  if (given)
    wire_write_text(writer, base_view_text(base_id_text(&consent->by).text));
  else
    wire_write_null(writer);
  wire_write_end(writer, '}');
  return BASE_OK;
}

enum base_code core_show_consents(struct core *core, const struct wire_json *request, struct base_buf *out,
                                  struct base_error *err) {
  (void)request;
  struct showing showing = {.core = core};
  wire_writer_init(&showing.writer, out);
  wire_write_array(&showing.writer);
  enum base_code code = core_consent_each(core, show, &showing, err);
  wire_write_end(&showing.writer, ']');
  return code;
}
