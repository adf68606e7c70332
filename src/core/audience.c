/* SPDX-License-Identifier: Apache-2.0
 * To whom a message goes: the partners that its author names for a new case, or the parties of one that stands. */
#include <stdlib.h>
#include <string.h>

#include "core/epoch.h"
#include "core/partners.h"
#include "core/submission.h"

static int origin_order(const void *a, const void *b) {
  const struct base_view *left = a, *right = b;
  size_t common = left->size < right->size ? left->size : right->size;
  int order = memcmp(left->data, right->data, common);
  return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

enum base_code core_submission_audience(struct core *core, const struct wire_json *request,
                                        struct core_submission *submission, struct base_error *err) {
  const struct wire_json *to = wire_json_get(request, "to");
  size_t count = wire_json_size(to);
  if (count == 0)
    return base_fail(err, BASE_FIELD, "to: name at least one partner; an empty audience means nobody");
  if (count >= WIRE_PARTIES_MAX)
    return base_fail(err, BASE_FIELD, "to: at most %d partners", WIRE_PARTIES_MAX - 1);
  submission->header.parties[0] = core->card.origin;
  for (size_t i = 0; i < count; i++) {
    struct base_view name = wire_json_text(wire_json_at(to, i));
    struct core_partner *partner = core_partner_named(core, name);
    if (partner == NULL)
      return base_fail(err, BASE_UNKNOWN_NODE, "there is no partner named %.*s; wasl partner list shows them",
                       (int)name.size, (const char *)name.data);
    for (size_t k = 0; k < i; k++)
      if (submission->to[k] == partner)
        return base_fail(err, BASE_FIELD, "to: %.*s is named twice", (int)name.size, (const char *)name.data);
    if (partner->damaged[0] != '\0')
      return base_fail(err, BASE_POLICY, "%.*s: %s", (int)name.size, (const char *)name.data, partner->damaged);
    enum base_code code = core_epoch_allows(core, partner, INT64_MAX, err);
    if (code != BASE_OK)
      return code;
    submission->to[i] = partner;
    submission->header.parties[i + 1] = partner->card.origin;
  }
  submission->to_count = count;
  submission->header.party_count = count + 1;
  qsort(submission->header.parties, count + 1, sizeof submission->header.parties[0], origin_order);
  return BASE_OK;
}

/* Everybody in a case hears of every message in it, from its author alone. */
static enum base_code fail_no_pair(const struct core *core, struct base_view origin, struct base_error *err) {
  struct base_view other = wire_origin_name(origin), we = core->card.name;
  return base_fail(err, BASE_UNKNOWN_NODE,
                   "%.*s and %.*s are both parties of this case, and must be partners of each other: add the card of "
                   "%.*s (%.*s) here with wasl partner add, and have the card of %.*s added there",
                   (int)we.size, (const char *)we.data, (int)other.size, (const char *)other.data, (int)other.size,
                   (const char *)other.data, (int)origin.size, (const char *)origin.data, (int)we.size,
                   (const char *)we.data);
}

enum base_code core_submission_parties(struct core *core, const struct wire_header *opening, base_time opened,
                                       struct core_submission *submission, struct base_error *err) {
  submission->header.party_count = opening->party_count;
  for (size_t i = 0; i < opening->party_count; i++) {
    submission->header.parties[i] = base_arena_copy(&submission->arena, opening->parties[i]);
    if (base_view_equal(opening->parties[i], core->card.origin))
      continue;
    struct core_partner *partner = core_partner_of(core, opening->parties[i]);
    if (partner == NULL)
      return fail_no_pair(core, opening->parties[i], err);
    if (partner->damaged[0] != '\0')
      return base_fail(err, BASE_POLICY, "%.*s: %s", (int)partner->card.name.size,
                       (const char *)partner->card.name.data, partner->damaged);
    enum base_code code = core_epoch_allows(core, partner, opened, err);
    if (code != BASE_OK)
      return code;
    submission->to[submission->to_count++] = partner;
  }
  return BASE_OK;
}
