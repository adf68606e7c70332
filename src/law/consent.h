/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LAW_CONSENT_H
#define WASL_LAW_CONSENT_H

#include "law/law.h"

/* May what somebody else gave be passed on? His consent, asked for and given by messages: scoped, expiring, revocable.
 * spec/handling.md. Pure functions. */

enum { LAW_RECIPIENTS_MAX = 16, LAW_CONSENT_CLAUSE = sizeof " consent " - 1 + 64 };

enum law_consent_state { LAW_CONSENT_ASKED, LAW_CONSENT_GIVEN, LAW_CONSENT_DENIED, LAW_CONSENT_REVOKED };
/* One case of the kind `consent`, as its headers have it. */
struct law_consent {
  struct base_id id;      /* its case */
  struct base_id message; /* what is to be passed on */
  struct base_id by;      /* the message that gave it */
  struct base_view asker, giver;
  enum law_consent_state state;
  struct base_view asked_to, to; /* origins between blanks; an empty one is nobody */
  struct base_view asked_purpose, purpose;
  base_time asked_until, until; /* exclusive */
};
struct law_passing {
  struct base_id message;
  struct base_view by;          /* who passes it on */
  struct base_view originator;  /* who gave it to him */
  struct base_view to, purpose; /* purpose: "" is covered by nothing */
  base_time now;
};
/* Whether the consent lets it be passed on; if not, why. */
enum law_cover {
  LAW_COVER_ELSE, /* of another message, of another asker, or given by somebody else */
  LAW_COVER_ASKED,
  LAW_COVER_DENIED,
  LAW_COVER_REVOKED,
  LAW_COVER_EXPIRED,
  LAW_COVER_PURPOSE,   /* for another one */
  LAW_COVER_RECIPIENT, /* for others */
  LAW_COVERED
};
enum law_cover law_consent_covers(const struct law_consent *consent, const struct law_passing *passing);
/* Whether a list of origins between single blanks names this one; nothing else in it matches. */
bool law_recipients_name(struct base_view list, struct base_view origin);
/* Whether each of a list is a valid origin, none twice, 1 to LAW_RECIPIENTS_MAX. */
bool law_recipients_valid(struct base_view list);
/* Whether everybody in the list, which is valid, is named in the other. */
bool law_recipients_within(struct base_view list, struct base_view other);

#endif
