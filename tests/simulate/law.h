/* SPDX-License-Identifier: Apache-2.0
 * What people at the nodes agreed on, wrote, passed on and called back, as the simulator itself remembers it. It is
 * noted where people write, never read from a node and never shown to one: the judge goes by this and by spec/, and
 * asks nothing of src/law. */
#ifndef WASL_TESTS_SIM_LAW_H
#define WASL_TESTS_SIM_LAW_H

#include "simulate/sim.h"

enum {
  SIM_ROWS_MAX = 3,
  SIM_PARTIES_MAX = SIM_RECEIVERS_MAX + 1,
  SIM_CLAUSE = 240,
  SIM_NOBODY = UINT32_MAX,
  SIM_FOR_EVER = 10 * 365 * 86400,
  SIM_RETAIN_GRACE = 300, /* seconds: a node looks again each minute at what was still on its way */
  SIM_WRONG_MARK = 80,    /* permille: who means the real writes in an exercise, or the other way round */
  SIM_PICTURED_MAX = 8,   /* kinds that are in the picture */
  SIM_TOKEN_SECONDS = 29 * 86400,
  SIM_CROSSCHECKS = 6,    /* cases of a node that are held against its others in the end */
};

/* Of the special class. */
#define SIM_PERSONS_JSON                                                                                               \
  "\"persons\":[{\"name\":\"n\",\"class\":\"suspect\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:B/3\","        \
  "\"as_of\":\"2020-06-30\"}]"

enum sim_onward { SIM_ONWARD_OPEN, SIM_ONWARD_NO, SIM_ONWARD_CONSENT, SIM_ONWARD_PARTIES };
struct sim_row {
  const char *kind;             /* a code or "*" */
  const char *types, *purposes; /* as in JSON: "\"ask\",\"answer\"" */
  const char *direction;
  unsigned recipient; /* SIM_NOBODY: any */
  unsigned personal;  /* enum wire_personal */
  const char *handling;
  unsigned ceiling; /* 0 clear … 4 red */
  enum sim_onward onward;
};
struct sim_terms {
  base_time from, until; /* from 0: as accepted */
  size_t row_count;
  struct sim_row rows[SIM_ROWS_MAX]; /* the ids are "1", "2", "3" */
};

/* A message that people at a node wrote. */
struct sim_written {
  struct base_id id, kase;
  unsigned by;
  size_t party_count;
  unsigned parties[SIM_PARTIES_MAX];    /* with the author */
  char kind[24], type[24], purpose[40]; /* purpose: of the case */
  bool opens;
  bool apart;    /* its kind is humanitarian: a row of any kind is not about it */
  bool ends;     /* its kind says when its personal data ends */
  bool exercise; /* as its case was meant from the beginning */
  unsigned personal, level;
  bool marked_for_consent; /* the mark asks for the originator's consent before it is passed on */
  bool passes;
  struct base_id source; /* what it passes on, or what its consent is about */
  size_t whom_count;     /* for whom its consent is asked */
  unsigned whom[SIM_RECEIVERS_MAX];
  base_time keep_until; /* 0: for ever */
  base_time period;     /* its case is meant to end before this, and terms are asked to last as long as that; 0: it is not */
  bool has_terms;
  struct sim_terms terms;
  char clauses[SIM_PARTIES_MAX][SIM_CLAUSE]; /* by which law let it go to each party */
};
struct sim_recalled { /* a recall that a person opened, and that was acknowledged */
  unsigned node;
  struct base_id message;
  char measure[16];
};

struct sim_held { /* a message that waits for a second person, or did */
  unsigned node;
  int64_t number;
  struct base_id message; /* as it waits; it goes under another id */
  struct sim_written draft;
  size_t part_count;
  uint64_t part_size, part_seed;
  bool withheld; /* refused or withdrawn, and that was acknowledged */
};

struct sim_law {
  size_t count, room;
  struct sim_written *written;
  size_t recalled_count, recalled_room;
  struct sim_recalled *recalled;
  bool begun;               /* terms are drawn wide and narrow from now on, not plain */
  bool writing;             /* a person's message is being submitted … */
  struct sim_written draft; /* … this one, whose id is not known yet */
  size_t held_count, held_room;
  struct sim_held *held;
  bool releasing;           /* that message is one that another person lets go */
  uint64_t judged, refused; /* for the totals */
};

/* laws.c: the memory */
struct sim_written *sim_law_find(struct sim *sim, const struct base_id *id);
bool sim_law_party(const struct sim_written *written, unsigned node);
/* Before a person's submission, and after it. A message in a case that others opened takes parties and purpose from its
 * opening. */
void sim_law_writes(struct sim *sim, const struct sim_written *draft);
void sim_law_wrote(struct sim *sim);
/* The draft became this message. NULL: nobody was writing. */
struct sim_written *sim_law_named(struct sim *sim, const struct base_id *id);
void sim_law_recalls(struct sim *sim, unsigned node, const struct base_id *message, const char *measure);
/* Its time to be kept is over at this node, or may have been while its clock was ahead. */
bool sim_law_may_end(const struct sim *sim, unsigned node, const struct base_id *message);
void sim_law_begin(struct sim *sim);
void sim_law_free(struct sim *sim);
unsigned sim_named(const struct sim *sim, struct base_view origin); /* node_count: nobody */

/* parley.c: what people do about agreements, consents, recalls */
void sim_write_terms(struct sim_node *node, const unsigned *parties, size_t count, struct sim_terms *out, char *json,
                     size_t size);
void sim_parley_acts(struct sim_node *node);
/* Some agreements are in force before anything goes wrong. */
void sim_parley_begin(struct sim *sim);
/* The fields of a consent that is given, within what was asked or not. */
void sim_write_consent(struct sim_node *node, const struct core_case *kase, char *out, size_t size);

/* officer.c */
bool sim_open_case(struct sim_node *node, const struct sim_written *draft, const unsigned *to, size_t count,
                   const char *fields, const char *handling);
bool sim_send_in(struct sim_node *node, const struct base_id *kase, const struct sim_written *draft, const char *fields);
/* Notes what was acknowledged, or what was refused and may be. */
bool sim_submitted(struct sim_node *node, const char *what, size_t part_count, uint64_t part_size, uint64_t part_seed);
/* Writes in some case of this kind, NULL: of any; false: there is none, or nothing to write. */
bool sim_act_in_case(struct sim_node *node, const char *kind);
void sim_accept(struct sim_node *node, const struct base_id *agreement);
size_t sim_draw_receivers(struct sim_node *node, unsigned out[SIM_RECEIVERS_MAX]);
/* How far it may go: a handling code, or NULL, and what the draft then says of it. */
const char *sim_draw_handling(struct sim *sim, struct sim_written *draft);

/* kinds.c */
/* Whether its cases are written as the kind says; the others people write by hand. */
bool sim_kind_drawn(const struct wire_kind *kind);
void sim_kinds_act(struct sim_node *node);
/* all: to all partners. */
void sim_open_drawn(struct sim_node *node, const struct wire_kind *kind, bool all);
/* Writes in a case whose personal data ends, or has ended. */
void sim_kinds_act_late(struct sim_node *node);
/* Writes in this case what may be written in it; false: nothing may, by this node. */
bool sim_move_case(struct sim_node *node, const struct base_id *kase);

/* items.c: of a case whose messages both hold. whole: all of them were receipted by everybody. */
void sim_items_same(struct sim_node *node, struct sim_node *other, const struct core_case *mine,
                    const struct core_case *theirs, bool whole);
/* Of every case. It may push the case out of the cache. */
void sim_items_alone(struct sim_node *node, const struct core_case *kase);

/* judge.c: each hand-over and each refusal is held against what was agreed, at that moment, by what that node knows */
void sim_judge_begin(struct sim *sim);

/* after.c: recalls, ends of keeping and clocks, when all has come to rest */
struct sim_told {
  size_t count, room;
  struct base_hash *told;
};
/* A leaf that tells a deadline: each is told once. */
void sim_after_told(struct sim_node *node, struct sim_told *told, const struct wire_opening *opening);
void sim_after_check(struct sim_node *node, const struct sim_told *told);
/* Its author has the receipt; *out: how it stands. */
bool sim_delivered(struct sim_node *from, unsigned to, const struct base_id *id, enum store_delivery_state *out);
/* When the receiver's register says that it received this; 0: it did not. */
base_time sim_receipt(struct sim *sim, unsigned author, unsigned receiver, const struct base_id *id);
/* Receipts were written by true clocks, so that everybody reckons the same. */
bool sim_true_clocks(const struct sim *sim);
/* A person ended a message of this case before it was handed over: what it would have said nobody hears. */
bool sim_ended_in(struct sim_node *node, const struct base_id *kase);
/* The content is there. */
bool sim_readable(struct sim_node *node, const struct base_id *id);

/* ends.c: what is personal in a case ends with it, everywhere */
/* Its case has ended at this node, or may have. */
bool sim_ends_may(struct sim *sim, unsigned node, const struct sim_written *written);
void sim_ends_check(struct sim_node *node);

/* exercise.c: exercises and what is real */
/* What somebody who opens a case says of it; it is as what it passes on, or asks about. True: he is wrong, and the node
 * knows. */
bool sim_exercise_draw(struct sim_node *node, struct sim_written *draft);
/* wrong: it was taken though its mark is not that of its case, or of what it names. */
void sim_exercise_taken(struct sim_node *node, const char *what, bool wrong);
struct sim_side {
  bool any, exercise;
};
/* A frame about this message goes along with those before it. */
void sim_exercise_goes_along(struct sim_node *node, const struct wire_frame *frame, const struct base_id *id,
                             struct sim_side *side);
void sim_exercise_check(struct sim_node *node);

/* feed.c: items that go on into another case */
/* How often this type is chosen: more often where it lets such an item go on, seldom where that ends it. */
unsigned sim_feed_share(const struct wire_kind *kind, const struct wire_kind_type *type, unsigned usual);
void sim_feed_begin(struct sim *sim);
void sim_feed_acts(struct sim_node *node);
void sim_feed_check(struct sim_node *node);

/* release.c: what waits for a second person */
void sim_release_begin(struct sim *sim);
bool sim_release_needed(const struct sim_node *node, const struct sim_written *written);
/* The draft was answered by this in place of an id. True: it was let go at once. */
bool sim_release_held(struct sim_node *node, const struct wire_json *release, size_t part_count, uint64_t part_size,
                      uint64_t part_seed);
void sim_release_acts(struct sim_node *node);
void sim_release_check(struct sim_node *node);

#endif
