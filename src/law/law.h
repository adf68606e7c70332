/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LAW_H
#define WASL_LAW_H

#include "wire/kind.h"
#include "wire/marking.h"

/* May this message go to this partner now? Pure functions: no clock, no store. spec/agreement.md. */

enum {
  LAW_ROWS_MAX = 1024,
  LAW_AUTHORITIES_MAX = 256,
  LAW_RETENTION_DAYS_MAX = 36525,
  LAW_REPLY_HOURS_MAX = 8784,
  LAW_NOTICE_DAYS_MAX = 3660,
  LAW_HIDER_QUESTIONS = 1 << 18, /* of either row, to find the rows of an agreement that are never used */
  LAW_CLAUSE_MAX = 64 + 1 + 64 + 1 + WIRE_CODE_MAX + 10 + WIRE_CODE_MAX + 9 + 64, /* the last four: " transfer ", its basis,
                                                                       " consent " and the message that gave it */
  LAW_REFERENCE_MAX = 300,
};

/* The words of the columns that have a list. The order of each is its strength. */
enum law_direction { LAW_BOTH, LAW_FROM_PROPOSER, LAW_TO_PROPOSER, LAW_DIRECTIONS };
enum law_handling { LAW_CLEAR, LAW_GREEN, LAW_AMBER, LAW_AMBER_STRICT, LAW_RED, LAW_HANDLINGS };
enum law_onward { LAW_ONWARD_NO, LAW_ONWARD_CONSENT, LAW_ONWARD_PARTIES, LAW_ONWARDS };
enum law_assurance { LAW_NO_DEATH_PENALTY, LAW_NO_TORTURE, LAW_FAIR_TRIAL, LAW_NOT_POLITICAL, LAW_NO_PERSECUTION, LAW_ASSURANCES };
enum law_approval { LAW_OFFICER, LAW_SUPERVISOR, LAW_AUTHORITY, LAW_APPROVALS };
/* Under which law of data protection a party stands, and on which basis of Directive (EU) 2016/680 personal data may leave
 * its area: spec/transfer.md, law/transfer.h. */
enum law_regime {
  LAW_REGIME_UNSAID,
  LAW_REGIME_LED, /* the Directive binds it */
  LAW_REGIME_THIRD_COUNTRY,
  LAW_REGIME_ORGANISATION, /* an international one */
  LAW_REGIMES
};
enum law_transfer {
  LAW_TRANSFER_NONE,
  LAW_TRANSFER_ADEQUACY,   /* article 36 */
  LAW_TRANSFER_INSTRUMENT, /* 37(1)(a) */
  LAW_TRANSFER_ASSESSMENT, /* 37(1)(b) */
  LAW_TRANSFER_VITAL_INTERESTS, /* from here on 38(1)(a) to (e), in that order */
  LAW_TRANSFER_LEGITIMATE_INTERESTS,
  LAW_TRANSFER_IMMEDIATE_THREAT,
  LAW_TRANSFER_INDIVIDUAL_CASE,
  LAW_TRANSFER_LEGAL_CLAIMS,
  LAW_TRANSFERS
};
extern const char *const law_direction_names[LAW_DIRECTIONS]; /* "both", "from_proposer" … as in the terms */
extern const char *const law_handling_names[LAW_HANDLINGS];
extern const char *const law_onward_names[LAW_ONWARDS];
extern const char *const law_approval_names[LAW_APPROVALS];
extern const char *const law_assurance_names[LAW_ASSURANCES];
extern const char *const law_personal_names[WIRE_PERSONAL_SPECIAL + 1];

/* A permission row of an agreement. An empty kind, type or purpose list covers nothing; "*" covers all. */
struct law_row {
  struct base_view id;               /* the article, a code or "12.3": [A-Za-z0-9.-]{1,32} */
  struct base_view kind;
  size_t type_count, purpose_count;
  struct base_view *types, *purposes;
  enum law_direction direction;
  struct base_view recipient;        /* origin of the one party that it may go to; empty: any party */
  enum wire_personal personal;       /* the highest class of personal data that it permits */
  struct base_view note;
  bool has_handling;
  enum law_handling handling;        /* has_handling: the ceiling of what a message may be marked with */
  bool has_onward;
  enum law_onward onward;            /* has_onward: whether what came under this row may be passed on; else its mark says it */
  enum law_approval approval;        /* who must release it */
  int64_t retention_days;            /* how long its receiver may keep it; 0: the row says nothing of it */
  enum law_transfer transfer;        /* on which basis of articles 36 and 37 personal data may leave under it; else on none … */
  struct base_view transfer_reference; /* … and where that stands: the decision, the instrument's article, the assessment */
  unsigned assurances;               /* bit per law_assurance_names: the receiver's, who accepted the terms */
  /* Read, checked and shown. No message carries what they could be held against yet: spec/agreement.md. */
  int64_t reply_hours;               /* 0: the row says nothing of it */
  struct base_view authority;        /* code of a competent authority of these terms; empty: none is named. approval
                                        authority: that one releases it */
};
/* A competent authority that the terms name. */
struct law_authority {
  struct base_view code, party, name; /* party: an origin */
};
struct law_party_regime {
  struct base_view party; /* an origin */
  enum law_regime regime;
};
struct law_agreement {
  struct base_id id;                 /* its case */
  struct base_id terms;              /* the message whose terms these are */
  struct base_view proposer;         /* origin: of the author of the terms in force */
  size_t party_count;
  struct base_view parties[WIRE_PARTIES_MAX];
  bool accepted;                     /* state of the case */
  bool disputed;                     /* of two, and its case is flagged: nothing leaves under it */
  const char *closed;                /* why it will never be in force, to stand after its name; NULL: it may be */
  base_time from, until;             /* in force from <= now < until */
  base_time ends;                    /* from when on an `end` frees its parties; 0: none was declared */
  base_time review;                  /* when its parties mean to review it; 0: they did not say */
  int64_t notice_days;               /* of an end; 0: they did not say */
  size_t row_count, authority_count, regime_count; /* regimes: one of each party, or none at all */
  struct law_row *rows;
  struct law_authority *authorities;
  struct law_party_regime *regimes;
};
/* Reads the terms from the fields (part 0) and state of an agreement's propose, counter or amend message. from defaults to the
 * last acceptance, handed in as accepted_at. Everything lives in the arena. Fills proposer, parties, from, until, review,
 * notice_days, rows, authorities, regimes; id only when the header has a case (else it is the message's own id); terms, accepted and
 * ends are the caller's. BASE_FIELD or BASE_DATE with the path: such terms cover nothing. */
BASE_NODISCARD enum base_code law_terms_parse(const struct wire_json *fields, const struct wire_header *header,
                                              base_time accepted_at, struct base_arena *arena,
                                              struct law_agreement *out, struct base_error *err);

struct law_question {
  struct base_view kind, type, purpose; /* purpose: "" when the kind has none */
  bool needs_row;                       /* the kind's */
  bool apart;                           /* it is humanitarian: a row that says `*` is not about it */
  struct base_view from, to;            /* origins */
  enum wire_personal personal;          /* the highest class of personal data in its form */
  enum wire_level level;                /* how it is marked (wire_marking_level); WIRE_LEVEL_NONE: that is not asked */
  bool release;                         /* the type's own word: a second person must release it */
  bool partner_suspended;
  base_time now;
  struct base_view emergency; /* the ground of an emergency transfer (law/emergency.h); empty: it is none */
  struct base_view derogation; /* of article 38(1), by which a person lets it leave where no row has a basis; empty: none */
  bool transfer; /* for law_row_lacks, as law_transfers says it; law_decide finds it out by itself */
  base_time period;           /* until when the case is meant, where its kind says so and binds the type by it; 0: it does not */
  bool arrived;               /* it is here already, from whoever may not know of what is disputed here */
  bool emergency_went;        /* it was sent on that ground, and is on its way: no row that came since holds it up */
};
struct law_answer {
  char clause[LAW_CLAUSE_MAX + 1];      /* "AGREEMENT-ID/ROW", "AGREEMENT-ID@TERMS-ID/ROW" when the terms are not those of the
                                           agreement's first message, then " transfer BASIS" where personal data leave; the
                                           kind that needs no row, or "emergency/GROUND" */
  const struct law_agreement *agreement; /* whose row it is, and the row; NULL when none is needed or covers */
  const struct law_row *row;
  enum law_transfer transfer;            /* on which basis personal data leave; LAW_TRANSFER_NONE: none leave */
  enum law_approval basis;               /* who must release it, by the row and the type … */
  enum law_approval approval;            /* … and by what it holds: special personal data ask for a supervisor at least */
};
/* agreements: in any order; the covering one with the smallest id is named, and its first row that covers. Where none
 * covers it, what goes on a ground of emergency goes under that, but where a row in force covers all but its mark.
 * BASE_OK and the clause, or BASE_LAW / BASE_SUSPENDED with one sentence that names the missing row
 * ("no row {kind request, type answer, purpose terrorism, from paris to rabat}; agreement 3f… ended on …"). */
BASE_NODISCARD enum base_code law_decide(const struct law_question *question, const struct law_agreement *agreements,
                                         size_t count, struct law_answer *out, struct base_error *err);

/* --- the period of a case */
struct law_period {
  base_time from, to;
};
/* What a message says of it. A date begins with its midnight UTC, and as an end it ends with the next. False: it does not say. */
bool law_period_read(const struct wire_kind *kind, const struct wire_header *header, struct law_period *out);
/* The same of two of its dates or times, by name. */
bool law_period_said(const struct wire_header *header, struct base_view from, struct base_view to, struct law_period *out);
/* When what this date or time of a message is over: of a date, with its next midnight. INT64_MAX: it does not say. */
base_time law_period_over(const struct wire_header *header, struct base_view field);
/* What both said: from the later on, to the earlier. */
struct law_period law_period_both(struct law_period one, struct law_period other);
/* law_question.period of a message of this type in a case that is meant until `to` (0: there is none yet): of one that says the period,
 * its own; 0 for what may be sent afterwards, and in a kind without a period. header NULL: it is not written yet. */
base_time law_period_binds(const struct wire_kind *kind, const struct wire_header *header, struct base_view type,
                           base_time to);

/* --- what it was sent under */
struct law_clause {
  struct base_id agreement, terms;      /* terms: the message that holds them */
  struct base_view row;
};
/* A clause as law_decide wrote it, with the consent that may follow. False for the kind of what needs no row, and for what is
 * no clause. The row is a view into it. */
bool law_clause_read(struct base_view clause, struct law_clause *out);
/* The row with this id; NULL: there is none. */
const struct law_row *law_row_named(const struct law_agreement *agreement, struct base_view id);
/* Until when the row lets its receiver keep what he received then; 0: it says nothing of it. */
base_time law_row_keeps(const struct law_row *row, base_time received);

/* --- why, and why not */
/* What of a question a row does not cover; 0: it covers it. */
enum law_lack {
  LAW_LACKS_KIND = 1,
  LAW_LACKS_TYPE = 2,
  LAW_LACKS_PURPOSE = 4,
  LAW_LACKS_DIRECTION = 8,
  LAW_LACKS_RECIPIENT = 16,
  LAW_LACKS_PERSONAL = 32,
  LAW_LACKS_HANDLING = 64, /* its ceiling is lower */
  LAW_LACKS_TRANSFER = 128, /* personal data leave, and neither it nor a derogation is a basis of that */
  LAW_LACKS_ALL = 255
};
enum law_standing {
  LAW_IN_FORCE,
  LAW_TOO_SHORT,    /* in force, and ends before the period of the case does */
  LAW_NOT_BETWEEN,  /* sender or receiver is no party of it */
  LAW_NOT_ACCEPTED,
  LAW_NOT_YET,
  LAW_EXPIRED,
  LAW_ENDED,
  LAW_CLOSED,       /* declined, withdrawn, never taken: `closed` says it */
  LAW_DISPUTED      /* messages of its case contradict each other */
};
/* Whether the authority of `from` that the answer's row wants for its release has this code: the one that the row names,
 * or, where it names none, any of the terms' authorities that belong to it. */
bool law_authority_is(const struct law_answer *answer, struct base_view from, struct base_view code);
unsigned law_row_lacks(const struct law_agreement *agreement, const struct law_row *row,
                       const struct law_question *question);
/* The first row before this one, which is one of the agreement's, that alone covers all that it covers: so it is never
 * used, however strict it is. NULL: there is none, or it was not found before `left` questions were asked, which it counts down:
 * begin with LAW_HIDER_QUESTIONS for all rows of an agreement. apart: its kind is humanitarian. It only helps people: law_decide does not ask
 * for it. */
const struct law_row *law_row_hider(const struct law_agreement *agreement, const struct law_row *row, bool apart,
                                    size_t *left);
/* The last moment that it may be in force: the end of its terms, or the one that was declared. */
base_time law_agreement_until(const struct law_agreement *agreement);
/* Whether the agreement can permit anything of the question now, its rows aside. */
enum law_standing law_standing(const struct law_agreement *agreement, const struct law_question *question);

/* --- clocks of a case */
struct law_clock_event {
  const struct wire_kind_type *type;
  base_time at;                         /* of the receipt */
  base_time ours;                       /* what our clock said when a disputed one came; 0: it is not disputed */
  const struct wire_header *header;
  bool agrees;                          /* it only agrees to what has not taken effect */
  bool by_opener;                       /* of the case, not by the asked party */
};
struct law_clock {
  struct base_view name;
  base_time started, due;               /* UTC; while paused, due as if it went on at once */
  base_time soon;                       /* from when on it is due soon; due itself when the kind names no share */
  const struct wire_header *paused_by;  /* while paused: the message that did it, … */
  struct base_view ground;              /* … the code of its ground … */
  base_time paused_since;               /* … and since when; 0: it is not paused */
  bool running, paused, stopped;
  base_time ended;                      /* when stopped, … */
  int64_t late;                         /* … and by how many seconds too late, whoever stopped it; 0: it was not */
  bool disputed;                        /* the receipt that started it: the earlier of both times counts, so the stricter */
  base_time receipt, ours;              /* these two */
};
/* The clocks of one asked party. events: effective messages between the opener and it, in the case's order with the times of their receipts (0: no receipt yet, does not start).
 * What only agrees ends, pauses or resumes a clock of whoever owes it, who has done his part; it starts none.
 * 8 hours are elapsed seconds; 3 and 7 days are multiples of 24 hours, whatever local time does meanwhile
 * (spec/agreement.md, "Clocks"). A pause moves the due time by its length. A message that would pause names a ground of
 * its kind, else it pauses nothing; nor does one that comes when the time is over. A clock whose message came again starts again. One that
 * did not start is left out, and so are those of items; the count of the others. */
size_t law_clocks(const struct wire_kind *kind, const struct law_clock_event *events, size_t count,
                  struct law_clock out[WIRE_KIND_CLOCKS_MAX]);
/* One clock, of an item or not, by the messages about what it runs for; false: it has not started. One that is due at a
 * moment is moved by each message that names another one, also after its end. One that waits for an agreement (`from`) has
 * not started before that came, and who agreed to what was overdue is late from then on. */
bool law_clock_run(const struct wire_kind *kind, const struct wire_kind_clock *clock,
                   const struct law_clock_event *events, size_t count, struct law_clock *out);
/* Seconds of the length that the starting message chose; 0 when it chose none that the kind knows. */
int64_t law_clock_length(const struct wire_kind_clock *clock, const struct wire_header *header);
/* One of these clocks, told after each event as it stands then; NULL: it has not started. */
void law_clock_walk(const struct wire_kind *kind, const struct wire_kind_clock *clock,
                    const struct law_clock_event *events, size_t count,
                    void (*after)(void *context, const struct law_clock_event *event, const struct law_clock *now),
                    void *context);

#endif
