/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/erase.h"
#include "core/exchange.h"
#include "core/retain.h"

/* What may be kept until a day is erased by the node itself from then on, with a leaf that says so. */

base_time core_retain_until(const struct wire_header *header) {
  struct base_view text = wire_header_state(header, "keep_until");
  base_time until = 0;
  return base_time_parse(text, &until) || base_date_parse(text, &until) ? until : 0;
}

enum base_code core_retain_note(struct core *core, const struct base_id *id, const struct wire_header *header,
                                struct base_error *err) {
  base_time until = core_retain_until(header);
  if (until == 0)
    return BASE_OK;
  enum base_code code = store_retention_put(core->store, id, until, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (until < core->retain_at)
    core->retain_at = until;
  return BASE_OK;
}

static enum base_code done(struct core *core, const struct base_id *id, struct base_error *err) {
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_retention_done(core->store, id, err) : code;
}

/* *out_later: it has to wait, for it is still on its way. */
static enum base_code end_one(struct core *core, const struct base_id *id, base_time ends, bool *out_later,
                              struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct wire_header header;
  struct base_error why = {0};
  char reason[64];
  enum base_code code = store_message_header(core->store, id, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  if (core_damage(code)) /* register.check names it */
    return done(core, id, err);
  if (code != BASE_OK)
    return code;
  enum base_code may = core_message_dropped(&row) ? BASE_POLICY : core_erase_may(core, &row, &header, &why);
  *out_later = may == BASE_CONFLICT || may == BASE_TOO_LARGE;
  if (*out_later)
    return BASE_OK;
  if (may != BASE_OK && core_ours(may)) {
    *err = why;
    return may;
  }
  (void)snprintf(reason, sizeof reason, "kept until %s, as it says", base_time_format(ends).text);
  if (may == BASE_OK)
    code = core_erase_write(core, &row, (struct base_view){0}, base_view_text(reason), false, err);
  return code == BASE_OK ? done(core, id, err) : code;
}

enum base_code core_retain_settle(struct core *core, struct base_error *err) {
  base_time now = core_now(core), again = now + CORE_RETAIN_AGAIN_SECONDS;
  struct store_pair key = {.first = INT64_MIN, .second = INT64_MIN};
  enum base_code code = BASE_OK;
  if (core->retain_at > now)
    return BASE_OK;
  bool rests = core->lost[0] != '\0' || core_disk_low(core, NULL);
  core->retain_at = rests ? again : INT64_MAX;
  for (unsigned ended = 0; code == BASE_OK && !rests;) {
    struct base_id id;
    bool later = false;
    code = store_retention_next(core->store, &key, &id, err);
    if (code != BASE_OK)
      break;
    base_time next = key.first > now ? key.first : ended == CORE_RETAIN_STEP ? now : 0;
    if (next != 0) {
      core->retain_at = next < core->retain_at ? next : core->retain_at;
      break;
    }
    code = end_one(core, &id, key.first, &later, err);
    ended += !later;
    if (later)
      core->retain_at = again;
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

int64_t core_retain_due_ms(const struct core *core) {
  enum { MOST_SECONDS = 3600 };
  if (core->retain_at == INT64_MAX)
    return -1;
  base_time left = core->retain_at - core_now(core);
  return left <= 0 ? 0 : (left < MOST_SECONDS ? left : MOST_SECONDS) * 1000;
}
