/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dated.h"

#include "core/cases.h"
#include "core/partners.h"

/* Ends, deadlines that a message names and rules of a form count from the time that its author says. It is kept as he says it,
 * so that all parties reckon alike, whose clocks are not: that it cannot be true is put on record. */

static bool is_later(base_time time, base_time than) {
  return time > than + CORE_DISPUTE_SECONDS;
}

/* What came back to a node that began a new epoch goes to who never got it under a new number and leaf (given.c): there a
 * leaf may be as much later as it will. */
static bool is_apart(struct core *core, const struct wire_header *header, base_time sent) {
  const struct core_partner *author = core_partner_of(core, header->author);
  bool renewed = author != NULL && author->renewed.number > 1;
  return is_later(header->time, sent) || (!renewed && is_later(sent, header->time));
}

/* Of others only their word is known; of this node's own what it follows, and the opening, which all of a case follows. */
static bool is_answered(const struct core *core, const struct core_case *kase, const struct wire_header *header) {
  const struct engine_message *message = &kase->messages[0];
  for (size_t i = 0; i <= header->follow_count; i++) {
    if (message != NULL && base_view_equal(message->header->author, core->card.origin) &&
        is_later(message->header->time, header->time))
      return true;
    message = i < header->follow_count ? core_case_message_of(kase, &header->follows[i]) : NULL;
  }
  return false;
}

enum core_dated core_dated(struct core *core, const struct core_case *kase, const struct wire_header *header,
                           base_time stored, const struct store_arrival *arrival) {
  struct wire_leaf sent;
  if (is_later(header->time, stored))
    return CORE_DATED_AHEAD;
  if (wire_leaf_parse(arrival->leaf, &sent, NULL) == BASE_OK && is_apart(core, header, sent.time))
    return CORE_DATED_APART;
  return kase != NULL && kase->count > 0 && is_answered(core, kase, header) ? CORE_DATED_BEFORE : CORE_DATED_WELL;
}

const char *core_dated_name(enum core_dated dated) {
  static const char *const names[] = {
      [CORE_DATED_AHEAD] = "ahead", [CORE_DATED_APART] = "apart", [CORE_DATED_BEFORE] = "before"};
  return names[dated];
}

enum base_code core_dated_flag(struct core *core, const struct core_case *kase, const struct wire_header *header,
                               const struct store_message *row, const struct store_arrival *arrival,
                               struct base_error *err) {
  static const char *const says[] = {[CORE_DATED_AHEAD] = "after it came here",
                                     [CORE_DATED_APART] = "and the register of its sender committed to it at another time",
                                     [CORE_DATED_BEFORE] = "before what it answers"};
  enum core_dated dated = core_dated(core, kase, header, row->stored, arrival);
  struct core_partner *author = core_partner_of(core, header->author);
  struct base_error fault = {0};
  if (dated == CORE_DATED_WELL || author == NULL)
    return BASE_OK;
  (void)base_fail(&fault, BASE_CLOCK, "message %s is dated %s, %s", base_id_text(&arrival->message).text,
                  base_time_format(header->time).text, says[dated]);
  return core_partner_fault(core, author, &fault, row->header, err);
}
