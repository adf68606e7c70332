/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LAW_EMERGENCY_H
#define WASL_LAW_EMERGENCY_H

#include "law/law.h"

/* The one way around a missing row: an emergency transfer, on a ground from a closed list. spec/emergency.md. Pure
 * functions. */

enum { LAW_EMERGENCY_GROUNDS = 3 };
/* In the words of the kind's list `ground`, after Directive (EU) 2016/680: article 38(1)(a), 38(1)(c) with 35(2),
 * 35(2). */
extern const char *const law_emergency_grounds[LAW_EMERGENCY_GROUNDS];
bool law_emergency_known(struct base_view ground);
/* "emergency/GROUND"; false, and nothing is written, for a ground that is none of these. */
bool law_emergency_clause(struct base_view ground, char out[LAW_CLAUSE_MAX + 1]);
/* The ground of such a clause, whatever consent follows in it; empty for every other clause. */
struct base_view law_emergency_ground(struct base_view clause);

#endif
