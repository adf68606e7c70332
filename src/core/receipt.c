/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "core/exchange.h"
#include "core/lane.h"
#include "core/partners.h"
#include "core/parts.h"
#include "core/register.h"

/* What is said of a message for good: the leaf that receipts or refuses it, and who waited for that. */

enum base_code core_give_settle(struct core_give *give, const struct base_id *message, struct base_error *err) {
  if (give->settled_count == give->settled_room) {
    size_t room = give->settled_room == 0 ? 64 : 2 * give->settled_room;
    struct base_id *grown = realloc(give->settled, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for an answer");
    give->settled = grown;
    give->settled_room = room;
  }
  give->settled[give->settled_count++] = *message;
  return BASE_OK;
}

/* subject, reason: of one that is refused; else empty. */
static enum base_code answer_leaf(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                                  struct base_view subject, struct base_view reason, struct base_error *err) {
  enum wire_act act = subject.size > 0 ? WIRE_ACT_REFUSED : WIRE_ACT_RECEIVED;
  struct core_partner *partner = core_partner_numbered(core, arrival->partner);
  struct wire_opening opening = {.has_message = true,
                                 .message = arrival->message,
                                 .from = partner->card.origin,
                                 .to = core->card.origin,
                                 .sent = arrival->sent_hash,
                                 .subject = subject,
                                 .reason = reason};
  struct core_leaf leaf;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, act, &opening, &leaf, err);
  if (code == BASE_OK)
    code =
        store_arrival_answer(core->store, arrival->partner, arrival->number, act == WIRE_ACT_REFUSED, leaf.index, err);
  if (code == BASE_OK && partner == give->partner)
    code = core_give_add(give, arrival->number, &arrival->message, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_message_receipt(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                                    struct base_error *err) {
  return answer_leaf(core, give, arrival, (struct base_view){0}, (struct base_view){0}, err);
}

enum base_code core_message_void(struct core *core, struct core_give *give, const struct base_id *message,
                                 struct base_error *err) {
  enum base_code code = core_give_settle(give, message, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* The leaf says of which lane it was: the reason may name what is not for everybody. */
static enum base_code refuse(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                             struct base_view bytes, const struct wire_json *fields, const struct base_error *why,
                             struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  BASE_AUTO_BUF struct base_buf subject = {0};
  base_buf_init(&subject, 256);
  struct wire_header header = {0};
  struct base_error unread = {0};
  enum wire_lane lane = WIRE_LANE_UNKNOWN;
  char reason[BASE_ERROR_TEXT_MAX + 40];
  enum base_code code = wire_header_parse(bytes, &arena, &header, &unread);
  code = code == BASE_OK ? core_lane_refused(core, &header, fields, &lane, err) : BASE_OK;
  core_lane_refused_write(lane, header.exercise, &subject);
  (void)snprintf(reason, sizeof reason, "%s: %s", base_code_name(why->code), why->text);
  if (code == BASE_OK)
    code = base_buf_check(&subject, "a subject", err);
  if (code == BASE_OK)
    code = answer_leaf(core, give, arrival, base_buf_view(&subject), base_view_text(reason), err);
  return code;
}

enum base_code core_message_refuse(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                                   uint16_t part_count, const struct base_error *why, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row = {0};
  struct base_error why_not = {0};
  enum base_code code = store_message_header(core->store, &arrival->message, &arena, &row, &why_not);
  if (code != BASE_OK && !core_damage(code))
    *err = why_not;
  else
    code = refuse(core, give, arrival, row.header, NULL, why, err);
  if (code == BASE_OK)
    code = core_parts_drop(core, &arrival->message, part_count, err);
  if (code == BASE_OK)
    code = store_message_drop_content(core->store, &arrival->message, err);
  if (code == BASE_OK)
    code = store_message_state_set(core->store, &arrival->message, STORE_MESSAGE_REFUSED, err);
  if (code == BASE_OK)
    code = core_give_settle(give, &arrival->message, err); /* who follows it is refused in turn */
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_message_turn_away(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                                      struct base_view header, const struct wire_json *fields,
                                      const struct base_error *why, struct base_error *err) {
  enum base_code code = refuse(core, give, arrival, header, fields, why, err);
  if (code == BASE_OK)
    code = core_give_settle(give, &arrival->message, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}
