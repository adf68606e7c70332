/* SPDX-License-Identifier: Apache-2.0 */
#include "law/emergency.h"

#include <stdio.h>
#include <string.h>

const char *const law_emergency_grounds[LAW_EMERGENCY_GROUNDS] = {"vital_interests", "immediate_threat",
                                                                  "essential_interests"};
static const char start[] = "emergency/";

bool law_emergency_known(struct base_view ground) {
  for (size_t i = 0; i < LAW_EMERGENCY_GROUNDS; i++)
    if (base_view_is(ground, law_emergency_grounds[i]))
      return true;
  return false;
}

bool law_emergency_clause(struct base_view ground, char out[LAW_CLAUSE_MAX + 1]) {
  if (!law_emergency_known(ground))
    return false;
  (void)snprintf(out, LAW_CLAUSE_MAX + 1, "%s%.*s", start, (int)ground.size, (const char *)ground.data);
  return true;
}

struct base_view law_emergency_ground(struct base_view clause) {
  enum { SIZE = sizeof start - 1 };
  struct base_view none = {0};
  if (clause.size <= SIZE || memcmp(clause.data, start, SIZE) != 0)
    return none;
  struct base_view ground = base_view_of(clause.data + SIZE, clause.size - SIZE);
  const uint8_t *blank = memchr(ground.data, ' ', ground.size); /* before a consent */
  if (blank != NULL)
    ground.size = (size_t)(blank - ground.data);
  return law_emergency_known(ground) ? ground : none;
}
