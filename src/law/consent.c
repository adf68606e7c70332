/* SPDX-License-Identifier: Apache-2.0
 * The originator's consent to passing on: what it covers. */
#include "law/consent.h"

#include <string.h>

#include "wire/message.h"

/* The next piece up to a blank, and what is left; false at the end. A blank at either end or two together make an empty
 * one. */
static bool next_piece(struct base_view *rest, struct base_view *piece) {
  if (rest->data == NULL)
    return false;
  const uint8_t *blank = rest->size > 0 ? memchr(rest->data, ' ', rest->size) : NULL;
  size_t size = blank != NULL ? (size_t)(blank - rest->data) : rest->size;
  *piece = base_view_of(rest->data, size);
  *rest = blank != NULL ? base_view_of(blank + 1, rest->size - size - 1) : (struct base_view){0};
  return true;
}

bool law_recipients_name(struct base_view list, struct base_view origin) {
  struct base_view piece;
  while (next_piece(&list, &piece))
    if (piece.size > 0 && base_view_equal(piece, origin))
      return true;
  return false;
}

bool law_recipients_valid(struct base_view list) {
  struct base_view rest = list, piece;
  size_t count = 0;
  while (next_piece(&rest, &piece)) {
    struct base_view before = base_view_of(list.data, (size_t)(piece.data - list.data));
    if (++count > LAW_RECIPIENTS_MAX || !wire_origin_valid(piece) || law_recipients_name(before, piece))
      return false;
  }
  return count > 0;
}

bool law_recipients_within(struct base_view list, struct base_view other) {
  struct base_view piece;
  while (next_piece(&list, &piece))
    if (!law_recipients_name(other, piece))
      return false;
  return true;
}

enum law_cover law_consent_covers(const struct law_consent *consent, const struct law_passing *passing) {
  if (!base_id_equal(&consent->message, &passing->message) || !base_view_equal(consent->asker, passing->by))
    return LAW_COVER_ELSE;
  switch (consent->state) {
  case LAW_CONSENT_ASKED:
    return LAW_COVER_ASKED;
  case LAW_CONSENT_DENIED:
    return LAW_COVER_DENIED;
  case LAW_CONSENT_REVOKED:
    return LAW_COVER_REVOKED;
  default:
    break;
  }
  /* Another party of the case may have answered: only the originator can give it. */
  if (!base_view_equal(consent->giver, passing->originator))
    return LAW_COVER_ELSE;
  if (passing->now >= consent->until || passing->now >= consent->asked_until)
    return LAW_COVER_EXPIRED;
  bool purpose = passing->purpose.size > 0 && base_view_equal(consent->purpose, passing->purpose) &&
                 base_view_equal(consent->asked_purpose, passing->purpose);
  if (!purpose)
    return LAW_COVER_PURPOSE;
  if (!law_recipients_name(consent->to, passing->to) || !law_recipients_name(consent->asked_to, passing->to))
    return LAW_COVER_RECIPIENT;
  return LAW_COVERED;
}
