/* SPDX-License-Identifier: Apache-2.0
 * The clause of a `sent` leaf, which law wrote (decide.c), read again: it comes from a partner's register. */
#include <string.h>

#include "law/law.h"

/* Takes the 64 digits of an id from the front. */
static bool take_id(struct base_view *rest, struct base_id *out) {
  if (rest->size < BASE_HEX_ID || !base_id_parse(base_view_of(rest->data, BASE_HEX_ID), out))
    return false;
  *rest = base_view_of(rest->data + BASE_HEX_ID, rest->size - BASE_HEX_ID);
  return true;
}

static bool take_sign(struct base_view *rest, char sign) {
  if (rest->size == 0 || rest->data[0] != (uint8_t)sign)
    return false;
  *rest = base_view_of(rest->data + 1, rest->size - 1);
  return true;
}

bool law_clause_read(struct base_view clause, struct law_clause *out) {
  struct base_view rest = clause;
  if (!take_id(&rest, &out->agreement))
    return false;
  out->terms = out->agreement;
  if (take_sign(&rest, '@') && !take_id(&rest, &out->terms))
    return false;
  if (!take_sign(&rest, '/') || rest.size == 0)
    return false;
  const uint8_t *blank = memchr(rest.data, ' ', rest.size); /* before a consent */
  out->row = base_view_of(rest.data, blank != NULL ? (size_t)(blank - rest.data) : rest.size);
  return out->row.size > 0;
}

const struct law_row *law_row_named(const struct law_agreement *agreement, struct base_view id) {
  for (size_t i = 0; i < agreement->row_count; i++)
    if (base_view_equal(agreement->rows[i].id, id))
      return &agreement->rows[i];
  return NULL;
}

base_time law_row_keeps(const struct law_row *row, base_time received) {
  enum { DAY = 86400 };
  return row->retention_days > 0 ? received + row->retention_days * DAY : 0;
}
