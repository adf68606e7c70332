/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_KIND_H
#define WASL_WIRE_KIND_H

#include "wire/message.h"
#include "wire/card.h"
#include "wire/marking.h"

/* A kind of case as data: semantics (whose SHA-256 is the kind's hash) and labels in five languages beside it.
 * spec/kind.md. Nothing in the code knows a kind by name but `agreement`, whose content law reads, and `recall`, which
 * core obeys. */

#define WIRE_KIND_AGREEMENT "agreement"
#define WIRE_KIND_RECALL "recall"
#define WIRE_RECALL_WITHDRAWN "withdrawn" /* its state */
#define WIRE_KIND_CONSENT "consent"
#define WIRE_KIND_EMERGENCY "emergency"
#define WIRE_KIND_ERASURE "erasure"

enum {
  WIRE_KIND_MAX = 256 << 10,
  WIRE_KIND_ARENA = 8 << 20,
  WIRE_LABEL_MAX = 400,              /* bytes */
  WIRE_KIND_TYPES_MAX = 48,
  WIRE_KIND_FIELDS_MAX = 48,         /* per type, and per table */
  WIRE_KIND_STATES_MAX = 48,
  WIRE_KIND_TOGETHER_MAX = 16,
  WIRE_KIND_TRANSITIONS_MAX = 256,
  WIRE_KIND_LISTS_MAX = 48,
  WIRE_KIND_CODES_MAX = 256,         /* per list */
  WIRE_KIND_CLOCKS_MAX = 16,
  WIRE_KIND_ITEMS_MAX = 16,
  WIRE_KIND_ENDS_DAYS_MAX = 3660,    /* after which personal data ends */
  WIRE_ITEM_STATES_MAX = 24,
  WIRE_ITEM_TRANSITIONS_MAX = 64,
  WIRE_ITEM_ALL_MAX = 4,             /* types of an item whose transitions have `all` */
  WIRE_KIND_BALANCES_MAX = 4,
  WIRE_KIND_ANSWERS_MAX = 8,
  WIRE_KIND_APARTS_MAX = 8,
  WIRE_BALANCE_QUANTITY_MAX = 1000000000, /* in one row: the sums of a case stay far from what an integer holds */
  WIRE_KIND_TEXT_MAX = 64 << 10,     /* the longest text of a field, characters, whatever the kind says */
  WIRE_STATE_TEXT_MAX = 512,         /* of one that goes into the header, characters */
  WIRE_KIND_ROWS_MAX = 256,          /* of a table field */
  WIRE_BOUNDS_MAX = 3,               /* of one field's not_before, and of its not_after */
  WIRE_BOUND_TYPES_MAX = 4,          /* of which one of these names the last */
  WIRE_BOUND_DAYS_MAX = 54787,       /* 150 years */
  WIRE_NOW_SLACK = 300,              /* seconds: so much may the watch of who writes and the node's clock differ */
  WIRE_KEY_SLOTS = 2 * WIRE_KIND_ROWS_MAX,
  WIRE_KIND_MATCHES_MAX = 1024,      /* values in one message that a cross-check looks for, by what its type allows */
};

enum wire_field_type {
  WIRE_FIELD_TEXT,      /* one line or many, at most `most` bytes */
  WIRE_FIELD_LINE,      /* the same in one line: what lists show */
  WIRE_FIELD_CODE,      /* one of a list */
  WIRE_FIELD_CODES,     /* several of a list, each once */
  WIRE_FIELD_DATE,      /* YYYY-MM-DD */
  WIRE_FIELD_TIME,      /* RFC 3339, UTC; or a date, meaning its midnight UTC */
  WIRE_FIELD_INTEGER,
  WIRE_FIELD_BOOL,
  WIRE_FIELD_MESSAGE,   /* a message id of this case */
  WIRE_FIELD_REFERENCE, /* a message id of whatever case */
  WIRE_FIELD_TABLE,     /* rows of fields (columns), no table, message or reference within */
  WIRE_FIELD_NAME,      /* a code that another kind defines, or "*" */
  WIRE_FIELD_NAMES,     /* an array of such codes, each once, or ["*"] alone */
  WIRE_FIELD_PARTY,     /* the origin of a party of the case */
  WIRE_FIELD_HASH,      /* SHA-256: 64 lowercase hex digits */
  WIRE_FIELD_TYPES
};
extern const char *const wire_field_type_names[WIRE_FIELD_TYPES]; /* "text", "code" … as in the file */
/* What a field holds that a cross-check looks for: spec/crosscheck.md. */
enum wire_match {
  WIRE_MATCH_NONE,
  WIRE_MATCH_NAME,       /* of a person; several in one row are one name */
  WIRE_MATCH_BORN,       /* the day of birth of who is named in the same row */
  WIRE_MATCH_DOCUMENT,
  WIRE_MATCH_PHONE,
  WIRE_MATCH_ACCOUNT,    /* an IBAN, a number of an account */
  WIRE_MATCH_VEHICLE,    /* a plate, the number of a chassis */
  WIRE_MATCH_MAIL,
  WIRE_MATCH_IDENTIFIER, /* whatever else is known by letters and digits */
  WIRE_MATCHES
};
extern const char *const wire_match_names[WIRE_MATCHES]; /* "name", "born" … as in the file */
enum wire_personal { WIRE_PERSONAL_NONE, WIRE_PERSONAL_ORDINARY, WIRE_PERSONAL_SPECIAL };

/* What a value must be to others of its form: spec/kind.md, "Values against each other". */
struct wire_bound {
  bool after;                          /* not after; else not before */
  struct base_view name;               /* the field beside it; empty: the moment at which the message is written */
  const struct wire_kind_field *field; /* NULL likewise */
  int64_t days;                        /* added to it */
  struct base_view of;                 /* of what an earlier message of this type says in that field; empty: beside it */
  const struct wire_kind_type *type;   /* that one; NULL likewise */
  bool or_next;                        /* what holds is this one or the next, by which of the two types was sent last */
};
struct wire_when {
  struct base_view name;
  const struct wire_kind_field *field; /* beside it, BOOL or CODE */
  bool bools;                          /* `is` holds "true" or "false" */
  size_t count;                        /* 0: there is no condition */
  struct base_view *is;
};
struct wire_rules {
  size_t bound_count;
  struct wire_bound bounds[2 * WIRE_BOUNDS_MAX];
  size_t earlier_count;
  struct wire_bound earlier[2 * WIRE_BOUNDS_MAX * WIRE_BOUND_TYPES_MAX]; /* those with `of`, of fields alone */
  struct wire_when absent, required; /* must not be there when it holds; must be there */
  bool joined;                            /* the fields that they name were found: not before is any of it checked */
};
struct wire_kind_list { struct base_view name; size_t count; struct base_view *codes; };
struct wire_kind_field {
  struct base_view name;
  enum wire_field_type type;
  bool required, state;              /* state: goes into the header (TEXT, LINE, CODE, DATE, TIME, MESSAGE, REFERENCE, PARTY, HASH only) */
  enum wire_personal personal;
  enum wire_match match;             /* LINE, TEXT, and DATE alone for BORN; never of a state field */
  const struct wire_kind_list *list; /* CODE, CODES */
  int64_t least, most;               /* INTEGER: the range; TEXT, LINE: most bytes; TABLE, NAMES: of rows, of codes */
  size_t column_count;               /* TABLE */
  struct wire_kind_field *columns;
  int64_t multiple;                  /* INTEGER: only its multiples; 0: any */
  bool must_be;                      /* BOOL: only true */
  bool other;                        /* PARTY: not the one that writes the message */
  struct wire_rules *rules;          /* NULL: none */
  const struct wire_kind_field *key; /* TABLE: the required LINE or CODE column that differs in each row; NULL: none */
  struct base_view item;             /* MESSAGE: the item that it names; empty: any message */
  struct base_view example;          /* JSON text of the value; empty: none */
  bool example_relative;             /* DATE, TIME: the example is now + example_days instead */
  int64_t example_days;
};
/* A supervisor, on every node; or one where the node has two persons who can: it binds nodes of one person, too. */
enum wire_release { WIRE_RELEASE_NONE, WIRE_RELEASE_SUPERVISOR, WIRE_RELEASE_IF_ANY, WIRE_RELEASES };
extern const char *const wire_release_names[WIRE_RELEASES];
struct wire_kind_type {
  struct base_view name;
  enum wire_release release;         /* whether a second person must release it before it goes */
  bool no_parts;                     /* its form is all that it says: no file goes along */
  struct wire_rules *written;        /* when it may be written, by earlier messages; NULL: at any time */
  size_t field_count;
  struct wire_kind_field *fields;
  bool matched;                      /* a field of it, or a column, has `match` */
  bool moves_case;                   /* a transition of the case is on it */
  const struct wire_kind_item *opens; /* the item that it opens; NULL: none */
  const struct wire_kind_item *moves; /* the item that it names … */
  struct base_view names_item;        /* … in this state field; empty: none */
  const struct wire_kind_apart *apart; /* its messages are about periods that lie apart; NULL: not */
};
enum wire_who { WIRE_WHO_ANY, WIRE_WHO_OPENER, WIRE_WHO_OTHERS, /* a party that did not open the case */
                WIRE_WHO_NOT_LAST, /* not the author of the message that made the present state */
                WIRE_WHO_CASE,     /* so many of them a transition of the case may ask for; the others are of items */
                WIRE_WHO_OWNER = WIRE_WHO_CASE, WIRE_WHO_NOT_OWNER, WIRE_WHO_ASSIGNEE,
                WIRE_WHO_PAIR,     /* the owner or the assignee */
                WIRE_WHOS };
struct wire_kind_transition {
  const struct wire_kind_type *on;
  uint64_t from;                     /* bit per state; 0: opens the case */
  bool stays;                        /* without `to`: the state goes on as it was, and what was agreed counts */
  size_t to;                         /* index of a state; the same state is allowed */
  enum wire_who who;
  bool all;                          /* takes effect once every party agreed: sent this type since the state began, or
                                        authored the message that began it */
  bool anew;                         /* of `all`: who made the state has to send it like everybody else */
  bool each;                         /* moves only its author's own state, the opener's that of every party that is in
                                        `from`; what the case is then, `together` says */
  bool settles;                      /* cannot be undone: waits until settled before core acts on it */
  struct base_view names;            /* a MESSAGE state field that must name the message that made the present state, else
                                        no effect; empty: none */
  struct base_view after;            /* a DATE or TIME state field of the opening type: no effect before it is over; empty: none */
};
extern const char *const wire_who_names[WIRE_WHOS]; /* "any", "opener", "others", "not_last" … as in the file */
struct wire_item_transition {
  const struct wire_kind_type *on;
  uint32_t from;                     /* bit per state of the item; 0: it begins */
  bool stays;                        /* without `to`: its state goes on as it was */
  size_t to;
  enum wire_who who;
  bool all, anew;
  uint64_t in;                       /* bit per state of the case; never 0 */
};
/* A thing in a case with a life of its own. */
struct wire_kind_item {
  struct base_view name;
  const struct wire_kind_type *opened_by;
  size_t state_count, transition_count;
  struct base_view *states;
  struct wire_item_transition *transitions; /* each item has one without `from` at least */
  size_t all_count;
  const struct wire_kind_type *all[WIRE_ITEM_ALL_MAX]; /* the types that all must have sent */
  struct base_view assignee_field;                     /* a PARTY state field; empty: nobody is assigned */
};
enum wire_owes { WIRE_OWES_ASKED, WIRE_OWES_OPENER, WIRE_OWES_OTHERS, /* each party but the case's opener */
                 WIRE_OWES_OWNER, WIRE_OWES_ASSIGNEE, WIRE_OWES_EACH,
                 WIRE_OWES_NOT_OWNER, /* each party but the item's owner */ WIRE_OWES };
/* Each of several has a clock for himself. */
bool wire_owes_several(enum wire_owes owes);
extern const char *const wire_owes_names[WIRE_OWES]; /* "asked" for the first one, which a file leaves out */
/* How an item stands to what is needed: one in no state that says so, because it was declined, counts for nothing. */
enum wire_standing { WIRE_STANDS_OFFERED, WIRE_STANDS_ACCEPTED, WIRE_STANDS_UNDER_WAY, WIRE_STANDS_ARRIVED,
                     WIRE_STANDS_LEFT, /* it did what it came for */
                     WIRE_STANDINGS };
extern const char *const wire_standing_names[WIRE_STANDINGS]; /* "offered", "accepted" … as in the file */
/* Lines of need against what items bring. */
struct wire_kind_balance {
  struct base_view name;
  const struct wire_kind_item *item;
  struct base_view needs, gives;                /* the table fields, see below */
  struct base_view line, what, quantity, unit;  /* their columns */
  uint32_t stands[WIRE_STANDINGS];              /* bit per state of the item; none in two of them */
};
/* What an item became goes on as a message in a case of another kind. */
struct wire_kind_feed {
  const struct wire_kind_item *item;    /* none has two */
  uint32_t states;                      /* in which it goes on: bit per state, never 0 */
  struct base_view kind, type;          /* of that message */
  struct base_view reference;           /* the state field of it that names the item */
  size_t field_count;
  struct { struct base_view to; const struct wire_kind_field *from; } *fields; /* from: of the type that opens the item */
};
/* Rows of a message that answer rows of the opening message, by the keys of both tables. */
struct wire_kind_answer {
  const struct wire_kind_type *type;
  const struct wire_kind_field *table, *asked; /* of this type; of the opening type */
  bool all;                                    /* each row that was asked has an answer; else some may */
};
/* No two messages of this type that have an effect are about periods that overlap. */
struct wire_kind_apart {
  const struct wire_kind_type *type;
  struct base_view from, to; /* its required state fields of type date or time */
};
struct wire_kind_clock {
  struct base_view name;
  const struct wire_kind_type *starts;  /* runs from the receipt of this type, per receiver */
  struct base_view field;               /* state field whose code gives the length; empty: fixed */
  size_t length_count;
  struct { struct base_view code; int64_t seconds; } lengths[WIRE_KIND_CODES_MAX]; /* fixed: one, code empty */
  uint64_t stops, pauses, resumes;      /* bit per type */
  struct base_view ground;              /* state field whose code every pausing type must bear; set when any pauses */
  int64_t soon;                         /* per cent of the length that are left when it is called due soon; 0: never */
  enum wire_owes owes;                  /* who must end it in time */
  bool at;                              /* due at the moment in the state field `field` plus `offset`, not by a length: */
  int64_t offset, before;               /* seconds; before: told as due soon so many before that; 0: never */
  int64_t least;                        /* at least so many seconds from the writing of what names the moment; 0: not so */
  const struct wire_kind_item *item;    /* runs for each of these items alone; NULL: for each asked party */
  uint64_t moves, again, stops_all;     /* of an item: types that bear the field anew; that let one run again that was
                                           stopped; that stop it for all who owe it, where `stops` is each one's own */
  uint64_t from;                        /* of an item: types before the first of which nobody owes anything; 0: at once */
};
/* The state of a case whose parties are in states of their own: the first that fits, the last always does. */
struct wire_kind_together {
  uint64_t any, all;                    /* bit per state: a party is in one of them; every party is. 0: not asked */
  size_t state;
};
/* When the personal data of a case ends by itself. */
struct wire_kind_ends {
  int64_t days;                         /* 0: it does not */
  uint64_t states;                      /* bit per state: so many days after the case came into one of them */
  struct base_view field;               /* or after the day that this DATE or TIME state field has; empty: none */
};
/* For how long a case is meant. */
struct wire_kind_period {
  struct base_view from, to;             /* state fields of type date or time of the opening type; empty: there is none */
  const struct wire_kind_type *moved_by; /* a type that has both and says it anew; NULL: none does */
  uint64_t after;                        /* bit per type: what may be sent when it is over */
};
/* Between what is humanitarian and all others stands a wall: no message, list, count or person's right joins them. */
enum wire_lane { WIRE_LANE_ENFORCEMENT, WIRE_LANE_HUMANITARIAN, WIRE_LANE_CIVIL, WIRE_LANES,
                 WIRE_LANE_NONE = WIRE_LANES, /* of the kinds that need no row: they make law for all */
                 WIRE_LANE_UNKNOWN /* it has one, and nothing here says which any more: for nobody who has not all of them */ };
extern const char *const wire_lane_names[WIRE_LANES]; /* "enforcement", "humanitarian", "civil" */
/* False: it is none. */
bool wire_lane_named(struct base_view name, enum wire_lane *out);
/* Whether the wall stands between them: also where of one nobody knows on which side it is. */
bool wire_lanes_apart(enum wire_lane a, enum wire_lane b);
struct wire_kind {
  struct base_view name;
  int64_t version;
  struct base_hash hash;                /* handed in */
  size_t list_count, type_count, state_count, transition_count, clock_count, item_count, balance_count, feed_count,
      answer_count, apart_count;
  struct wire_kind_list *lists;
  struct wire_kind_type *types;
  struct base_view *states;
  struct wire_kind_transition *transitions;
  struct wire_kind_clock *clocks;
  struct wire_kind_item *items;
  struct wire_kind_balance *balances;
  struct wire_kind_feed *feeds;
  struct wire_kind_answer *answers;
  struct wire_kind_apart *aparts;
  size_t together_count;                /* 0: no transition has `each` */
  struct wire_kind_together *together;
  struct wire_kind_period period;
  size_t opening;                       /* index of the type that opens a case */
  struct base_view purpose_field;       /* state field of the opening message that law takes as the purpose; may be empty */
  struct wire_kind_ends personal_ends;
  struct base_view picture_field, picture_region; /* the state fields by which its cases are counted in the picture; empty: not */
  enum wire_lane lane;
  enum wire_level mark;                 /* the lowest of its messages; WIRE_LEVEL_NONE: it says none */
  bool named_readers;                   /* its content is for persons who are named for each case, and is not given out */
  bool needs_row;                       /* false only for `agreement`, `recall`, `consent`, `emergency` and `erasure` */
};
/* bytes: the semantics file. Everything lives in the arena (WIRE_KIND_ARENA is always enough); names, codes and states have a
 * NUL behind their view. Errors name the JSON path and what is allowed. */
BASE_NODISCARD enum base_code wire_kind_parse(struct base_view bytes, const struct base_hash *hash,
                                              struct base_arena *arena, struct wire_kind *out, struct base_error *err);
/* The same file, by the same reader, for whoever wrote it: all that is wrong with it at once. An element (a field, a transition, a
 * clock, …) is named by its first fault, and what names an unsound list, type or state is looked at when those are
 * sound. *out is set when there is no fault. */
void wire_kind_faults(struct base_view bytes, const struct base_hash *hash, struct base_arena *arena,
                      struct wire_kind *out, struct wire_faults *faults);
const struct wire_kind_type *wire_kind_type_named(const struct wire_kind *kind, struct base_view name);
const struct wire_kind_field *wire_kind_field_named(const struct wire_kind_type *type, struct base_view name);
/* Whether the content of such a message may hold personal data, by the classes of its fields. */
bool wire_kind_type_personal(const struct wire_kind_type *type);
/* NULL when there is none. */
const struct wire_kind_item *wire_kind_item_named(const struct wire_kind *kind, struct base_view name);
/* How this item goes on; NULL: it does not. */
const struct wire_kind_feed *wire_kind_feed_of(const struct wire_kind *kind, const struct wire_kind_item *item);
/* The table in which a message of this type says what is needed, or what the item that it opens or moves brings; NULL when
 * it says nothing of it. Each has the columns line and quantity, that of needs also what and unit; one that gives may
 * lack these. */
const struct wire_kind_field *wire_balance_needs(const struct wire_kind_balance *balance,
                                                 const struct wire_kind_type *type);
const struct wire_kind_field *wire_balance_gives(const struct wire_kind_balance *balance,
                                                 const struct wire_kind_type *type);
const struct wire_kind_field *wire_table_column(const struct wire_kind_field *table, struct base_view name);
/* The key of a row in a table that has one; empty when the row, a stranger's, has none. */
struct base_view wire_row_key(const struct wire_kind_field *table, const struct wire_json *row);
/* Keys of rows, each once, in the order in which they came. Whose they are must stay. */
struct wire_keys {
  size_t count;
  struct base_view keys[WIRE_KIND_ROWS_MAX];
  uint16_t slots[WIRE_KEY_SLOTS]; /* a place among them and 1; 0: empty */
};
void wire_keys_begin(struct wire_keys *keys);
/* False: it is there already, or WIRE_KIND_ROWS_MAX are. */
bool wire_keys_add(struct wire_keys *keys, struct base_view key);
/* Its place; count when it is none of them. */
size_t wire_keys_find(const struct wire_keys *keys, struct base_view key);
/* The state that these of the parties make together. together_count is not 0. */
size_t wire_kind_together(const struct wire_kind *kind, const uint8_t *states, size_t count);
size_t wire_kind_state_named(const struct wire_kind *kind, struct base_view name); /* state_count when none */

/* Labels: keys "kind", "type.ask", "field.ask.urgency", "column.propose.rows.purpose", "list.urgency", "code.urgency.normal",
 * "state.asked", "item.offer", "state.offer.made", "balance.needs", "clock.answer"; each in five languages. Every key that the kind needs must be there, and no other. */
struct wire_labels { const struct wire_json *texts; struct wire_json *document; };
BASE_NODISCARD enum base_code wire_labels_parse(struct base_view bytes, const struct wire_kind *kind,
                                                struct wire_labels *out, struct base_error *err);
/* Likewise: each text that is missing, too long or surplus. */
void wire_labels_faults(struct base_view bytes, const struct wire_kind *kind, struct wire_faults *faults);
/* Each key that the kind needs, in the order of a file; false stops. */
void wire_labels_keys(const struct wire_kind *kind, bool (*each)(void *context, const char *key), void *context);
void wire_labels_free(struct wire_labels *labels);
struct base_view wire_label(const struct wire_labels *labels, const char *key, enum wire_language language);

/* What is allowed and yet probably a slip: states without a way out, clocks that no end stops, data that looks personal and is
 * not called so, lists and texts that differ from what others have. others: the kinds whose common lists count; labels
 * may be NULL. Adds to out. */
void wire_kind_doubts(const struct wire_kind *kind, const struct wire_labels *labels,
                      const struct wire_kind *const *others, size_t other_count, struct wire_faults *out);

/* Checks a filled form: fields is one JSON object with all fields of the type, state fields included. strict (local
 * submission) refuses unknown fields and wrong values with the path and what is allowed. On success *out_state holds the
 * state fields as texts and out_rest the JSON text of the other fields, in the kind's order. parties: NULL when the type
 * has no PARTY field. now: when it is written, for what may not be before or after that. */
struct wire_form_parties { /* of the case: a PARTY field names one of them, by either; its origin goes out */
  size_t count;
  struct { struct base_view name, origin; } all[WIRE_PARTIES_MAX]; /* the first one is the node's own, also "self"; of two the second is "other" */
};
struct wire_form {
  size_t state_count;
  struct wire_state_field state[WIRE_STATE_FIELDS_MAX]; /* views into arena */
  enum wire_personal personal;                          /* the highest class of personal data in it */
};
/* The same of a message that is written already: the highest class among the fields of part 0 and the header's state fields. */
enum wire_personal wire_form_personal(const struct wire_kind_type *type, const struct wire_header *header,
                                      const struct wire_json *fields);
BASE_NODISCARD enum base_code wire_form_check(const struct wire_form_parties *parties,
                                              const struct wire_kind_type *type, const struct wire_json *fields,
                                              base_time now, struct base_arena *arena, struct wire_form *out,
                                              struct base_buf *out_rest, struct base_error *err);
/* As it arrived from a partner: the header's state fields against the type, each other and its own time, and that it opens
 * a case if and only if its type does. BASE_KIND, BASE_FIELD, BASE_UNKNOWN_FIELD or BASE_DATE. */
BASE_NODISCARD enum base_code wire_form_check_header(const struct wire_kind *kind, const struct wire_header *header,
                                                     struct base_error *err);
/* Is this value of a field, the text of a date or time, what it must be to another's, which an earlier message has? BASE_FIELD. What is
 * neither is held to nothing. */
BASE_NODISCARD enum base_code wire_earlier_check(const struct wire_kind_field *field, const struct wire_bound *bound,
                                                 struct base_view value, struct base_view other, struct base_error *err);
/* May a message of a type be written now, by this bound of `written` and what an earlier message says there? BASE_TRANSITION. Of a time
 * to the second: both stand at one node. */
BASE_NODISCARD enum base_code wire_written_check(const struct wire_kind_type *type, const struct wire_bound *bound, base_time now,
                                                 struct base_view other, struct base_error *err);
/* How many parts it has: BASE_FIELD where its type has none. Of what is to be sent, and of what arrived. */
BASE_NODISCARD enum base_code wire_form_check_parts(const struct wire_kind_type *type, size_t count, struct base_error *err);
/* The same of the restriction in words of its handling (marking.h), as part 0 has that; what cannot be read is one. */
BASE_NODISCARD enum base_code wire_form_check_handling(const struct wire_kind_type *type, struct base_view handling,
                                                       struct base_error *err);
/* Of what arrived: BASE_UNKNOWN_FIELD where part 0 has a member, or a row of a table one, that the type has not there. Law looked at
 * the form that the type has, and knows nothing of what stands beside it. */
BASE_NODISCARD enum base_code wire_form_check_members(const struct wire_kind_type *type, const struct wire_json *fields,
                                                      struct base_error *err);
/* A valid filled form as JSON for --fields; with `reference` where a MESSAGE or REFERENCE field needs an id (may be
 * NULL: zeroes).
 * Examples stand in the semantics file beside the fields. now: dates are made relative to it. */
BASE_NODISCARD enum base_code wire_form_example(const struct wire_kind *kind, const struct wire_kind_type *type,
                                                base_time now, const struct base_id *reference, struct base_buf *out,
                                                struct base_error *err);
/* `wasl kind show`: the kind with each text as {"ar","fr","en","es","pt"}; labels may be NULL: no texts. */
void wire_kind_write(const struct wire_kind *kind, const struct wire_labels *labels, struct wire_writer *writer);

/* The level that law goes by in messages of this kind: that of the mark, and no lower than the kind's own. marking NULL: there is none,
 * or it cannot be read. */
enum wire_level wire_kind_level(const struct wire_kind *kind, const struct wire_marking *marking);
/* Whether the kind's own is higher than that of the mark. */
bool wire_kind_raises(const struct wire_kind *kind, const struct wire_marking *marking);
/* Of a message that is to be sent: one without a level takes the kind's. BASE_POLICY: it has a lower one. */
BASE_NODISCARD enum base_code wire_kind_marks(const struct wire_kind *kind, struct wire_marking *marking, struct base_error *err);

#endif
