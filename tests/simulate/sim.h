/* SPDX-License-Identifier: Apache-2.0
 * The simulator: real cores, keepers and stores in one process; network, clocks, randomness and disks are simulated.
 * One seed is one run, and the same seed is the same run, octet for octet. HACKING.md, "The simulator", says how to use
 * it.
 *
 *   run.c      one run: draws its faults, keeps the order of events, their trace, and what was violated
 *   node.c     a node's life: made, started, one step of its core, ended, killed, cut from power
 *   line.c     what gates and network do with a consignment and its answer
 *   officer.c  what people do at a node
 *   kinds.c    cases of all other kinds, which the kinds themselves say how to write
 *   parley.c   what they agree on, pass on, consent to, call back (law.h)
 *   laws.c     the simulator's own memory of that
 *   judge.c    holds each hand-over and each refusal against it
 *   items.c    what all parties see of a case: standing, items, due moments; and that nothing is stuck
 *   after.c    what must hold in the end of recalls, of what was to be kept until a time, and of deadlines
 *   feed.c     what an item became goes on into another case, once
 *   release.c  what waits for a second person
 *   exercise.c exercises and what is real: drawn, and never joined
 *   ends.c     that what is personal in a case is gone with it, everywhere, and certified
 *   trouble.c  what goes wrong: lines, power, disks, clocks
 *   villain.c  nodes that are not what they seem: rolled back, copied, lying, of another version
 *   ledger.c   the simulator's own memory: every leaf, every signed head, what was acknowledged
 *   check.c    what must hold in the end
 *   main.c     the command line */
#ifndef WASL_TESTS_SIM_H
#define WASL_TESTS_SIM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/back.h"
#include "keeper/keeper.h"
#include "sim/disk.h"

enum {
  SIM_NODES_MAX = 512,
  SIM_PLACES = 4,        /* exchanges a gate has under way; GATE_TAKES_MAX is more than a run needs */
  SIM_PARTNERS_MAX = 16, /* of one node: a mesh of many would only cost time */
  SIM_RECEIVERS_MAX = 4, /* so cases have two to five parties */
  SIM_EVENTS_SHOWN = 60,
  SIM_LINE = 240,
  SIM_START = 1790000000,  /* when every run begins, UTC */
  SIM_EXCHANGE_MS = 60000, /* as gate/limits.c: the sender's gate gives an exchange up */
  SIM_CONNECT_MS = 5000,
  SIM_TAKE_PAUSE_MS = 1000, /* a gate whose exchange.take was refused asks again */
  SIM_BRANCHES_MAX = 8,
};
#define SIM_NEVER INT64_MAX

/* --- what a run may suffer; all chances in permille */
enum sim_villain {
  SIM_HONEST,      /* nobody */
  SIM_OLD_CORE,    /* an older core folder is put in place, the keeper's memory is not: must refuse to start */
  SIM_OLD_KEEPER,  /* an older memory of heads alone: must do no harm */
  SIM_OLD_NODE,    /* both: partners must notice */
  SIM_COPY,        /* a copy of the whole node takes turns with it: a forked register, replays */
  SIM_EQUIVOCATES, /* a party with two successors of one message of its own */
  SIM_BACKDATES,   /* a party that writes times at will */
  SIM_RESTORED,    /* an older core folder, and a new epoch: what partners hold must come back */
  SIM_VERSION,     /* a node that speaks a consignment of the version before or after, until it is brought up to date */
  SIM_VILLAINS,
};
const char *sim_villain_name(enum sim_villain villain);

struct sim_profile {
  unsigned nodes;
  enum sim_villain villain;
  int64_t chaos_ms;   /* how long things go wrong and people work */
  int64_t officer_ms; /* mean time between two actions of the people of one node */
  int64_t trouble_ms; /* mean time between two troubles of the run */
  int64_t latency_ms;
  unsigned drop, duplicate, delay, garble, misdeliver;               /* each consignment, each answer */
  unsigned cut, split, kill, power, crash, clock, full, sync;        /* shares of the troubles */
  unsigned parts, many_parts, ends, suspends, erases, rotates, laws; /* of what people do … */
  unsigned kinds;                                                    /* … and of cases of all other kinds */
  unsigned exercises;                                                /* of the cases that are opened */
  unsigned feeds, persons;                                           /* of what people do else */
  int64_t later_s;                                                   /* clocks go on by that before the end … */
  unsigned months;                                                   /* … and so often by a month, until cases have ended */
};

/* --- events */
enum sim_what {
  SIM_STEP,
  SIM_CONSIGNMENT,
  SIM_ANSWER,
  SIM_GIVE_UP,
  SIM_ASK_AGAIN,
  SIM_OFFICER,
  SIM_TROUBLE,
  SIM_VILLAINY,
  SIM_START_NODE,
  SIM_MEND
};

/* A consignment on its way, and its answer on the way back. */
struct sim_mail {
  unsigned from, to;
  uint64_t life; /* of the sender: a gate that was ended waits for nothing */
  unsigned place;
  uint64_t exchange;
  uint8_t speaks; /* the version in its envelope */
  bool echo;      /* a second delivery of the same octets: nobody waits for its answer */
  struct base_buf bytes;
  enum base_code status; /* of the answer */
};
struct sim_event {
  int64_t at;
  uint64_t order; /* of those at the same time, the first planned comes first */
  enum sim_what what;
  unsigned node;
  uint64_t a, b;
  struct sim_mail *mail; /* owned */
};

/* --- nodes */
struct sim_place {
  bool parked;
  uint64_t exchange; /* 0: none under way */
  unsigned to;
};
struct sim_input {
  enum link_request_code code;
  uint64_t token;
  struct base_buf payload;
  int fd;
  struct sim_mail *mail; /* of an exchange.give: whom the answer goes to */
};
struct sim_reply { /* to a person's request */
  bool came;
  enum base_code status;
  struct base_buf payload;
};
struct sim_node {
  struct sim *sim;
  unsigned index;
  char name[8];
  uint64_t random;
  base_time clock_off, clock_most; /* most: the latest time that its clock ever said */
  struct base_world world;
  struct disk *core_disk, *keeper_disk;
  int core_dir, keeper_dir;
  struct keeper *keeper;
  struct core *core; /* NULL: the node does not run */
  struct base_view card, origin;
  struct base_hash pin;
  uint64_t life; /* how often it was started */
  int64_t step_at, busy_until;
  size_t input_count, input_room;
  struct sim_input *inputs;
  size_t give_count, give_room;
  struct sim_mail **gives; /* of the step under way */
  struct sim_place places[SIM_PLACES];
  char second[128]; /* the token of another person than the one who sends; "": none is known */
  struct sim_reply reply;
  size_t partner_count;
  unsigned partners[SIM_PARTNERS_MAX];
  uint64_t crash_at;             /* write point of the two disks together at which the power goes, 0: none */
  uint64_t points;               /* write points until now */
  int sync_error;                /* the next sync fails with it, 0: none */
  bool disk_trouble;             /* a disk failed since the node started: a lost step or a new start is no violation */
  bool old_data;                 /* an older core folder lies in its place, its keeper knows a later head */
  bool refused;                  /* does not start for that, and should not */
  bool faithful;                 /* what it says and holds must fit in every respect */
  uint8_t speaks;                /* version of consignments, normally 1 */
  uint64_t taken[SIM_NODES_MAX]; /* the last number whose taking this node acknowledged to each other one */
};

/* --- the simulator's own memory */
struct sim_head {
  uint64_t size;
  struct base_hash root;
};
struct sim_branch { /* a register; a rolled back or copied node has more than one, with a common beginning */
  size_t leaf_count, leaf_room, head_count, head_room;
  struct base_hash *leaves;
  struct base_hash peaks[64];
  struct sim_head *heads; /* signed, in the order of signing; checked up to head_checked */
  size_t head_checked;
  uint64_t begun; /* leaves that it shares with the branch it came from, attested there */
};
struct sim_register {
  size_t branch_count, current;
  struct sim_branch branches[SIM_BRANCHES_MAX];
};
struct sim_cosigned { /* the last head of one that another one's keeper cosigned */
  bool any;
  uint32_t epoch;
  size_t branch;
  uint64_t size;
};
struct sim_acked { /* a message whose submission was acknowledged to a person */
  unsigned node;
  struct base_id id;
  size_t part_count;
  uint64_t part_size, part_seed;
};

struct sim_erased { /* a person at the node asked for it */
  unsigned node;
  struct base_id id;
  bool done; /* and was answered */
};

struct sim_counts {
  uint64_t events, consignments, exchanges, messages, denied, parts, starts, kills, power_cuts, crashes, cuts, jumps,
      disk_errors, restores, returned, erased, rotated, noticed, lies, refused_versions, judged, unlawful, passed,
      recalls, drawn, certified, exercises, fed, held;
};

struct sim {
  uint64_t seed, random;
  struct sim_profile profile;
  int64_t now_ms;
  int64_t later_s; /* added to all clocks */
  bool healed, verbose;
  size_t event_count, event_room;
  uint64_t event_order;
  struct sim_event *events; /* a heap */
  unsigned node_count;
  struct sim_node *nodes;
  uint8_t *cuts; /* [from * node_count + to]: how many troubles keep this direction silent */
  struct sim_register *registers;
  struct sim_cosigned *cosigned; /* [by * node_count + of] */
  size_t acked_count, acked_room;
  struct sim_acked *acked;
  size_t erased_count, erased_room;
  struct sim_erased *erased;
  struct sim_law *law; /* law.h */
  unsigned villain;    /* the node, where there is one */
  struct disk *old_core, *old_keeper, *new_core, *new_keeper;
  size_t old_branch, new_branch;
  uint64_t old_keys;         /* which keys the copy of the keeper has */
  uint32_t old_epoch_key;    /* under which the copy of the core wraps */
  struct sim_node *stepping; /* whose core is running, for log lines */
  uint64_t trace;
  size_t shown_count;
  char shown[SIM_EVENTS_SHOWN][SIM_LINE];
  bool violated;
  char invariant[96], violation[1200];
  struct sim_counts counts;
};

/* run.c */
uint64_t sim_draw(struct sim *sim, uint64_t below); /* 0 … below - 1 */
bool sim_chance(struct sim *sim, unsigned permille);
int64_t sim_time_about(struct sim *sim, int64_t mean_ms); /* at least 1, seldom above four times the mean */
void sim_plan(struct sim *sim, int64_t at, enum sim_what what, unsigned node, uint64_t a, uint64_t b,
              struct sim_mail *mail);
void sim_trace(struct sim *sim, const void *data, size_t size);
/* A line of the trace, and of --verbose. */
void sim_say(struct sim *sim, const struct sim_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The run ends here: invariant in plain words, and what was seen. The first one counts. */
void sim_violate(struct sim *sim, const char *invariant, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Runs one seed; nodes 0: as the seed says. The caller frees with sim_end. */
void sim_run(struct sim *sim, uint64_t seed, unsigned nodes, bool verbose);
void sim_end(struct sim *sim);
/* Until nothing is planned that matters or the time is over; false: it was over. */
bool sim_until(struct sim *sim, int64_t end_ms);
struct sim_node *sim_of_disk(struct sim *sim, const struct disk *disk);

/* node.c */
void sim_node_make(struct sim_node *node); /* from a node made before, with its keys */
void sim_node_free(struct sim_node *node);
bool sim_node_dark(const struct sim_node *node);
/* Starts core and keeper; false when they did not start. */
bool sim_node_start(struct sim_node *node);
enum sim_ending { SIM_ENDS, SIM_KILLED, SIM_POWER };
/* The processes end: of themselves, by kill -9, or with the power. */
void sim_node_stop(struct sim_node *node, enum sim_ending ending);
void sim_node_input(struct sim_node *node, enum link_request_code code, uint64_t token, const char *json, int fd,
                    struct sim_mail *mail);
void sim_node_step(struct sim_node *node);
/* A person asks, and the answer is in node->reply; false when the node ended meanwhile or did not run. */
bool sim_ask(struct sim_node *node, enum link_request_code code, int fd, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct core_partner *sim_partner(const struct sim_node *node, unsigned other);
void sim_pool_free(void);

/* line.c */
void sim_gate_open(struct sim_node *node); /* parks what a gate parks at its start */
void sim_gate_close(struct sim_node *node);
void sim_gate_ask(struct sim_node *node, unsigned place);
/* What core handed over for a place. */
void sim_line_send(struct sim_node *node, unsigned place, struct base_view work, int fd);
void sim_line_arrives(struct sim *sim, struct sim_mail *mail);
void sim_line_answer(struct sim_node *node, struct sim_mail *mail, enum base_code status, struct base_view payload);
void sim_line_answered(struct sim *sim, struct sim_mail *mail);
void sim_line_given_up(struct sim_node *node, unsigned place, uint64_t exchange);
void sim_mail_free(struct sim_mail *mail);

/* officer.c */
void sim_officer_acts(struct sim_node *node);
/* Proposes an agreement to these; true when it was acknowledged. */
bool sim_officer_propose(struct sim_node *node, const unsigned *to, size_t count);
void sim_officer_resume(struct sim_node *node);
/* Asks for the content of some message to be erased, also of one that may not be; true when it was. */
bool sim_officer_erases(struct sim_node *node);
uint8_t sim_octet(uint64_t seed, uint64_t at);

/* trouble.c */
void sim_trouble_begin(struct sim *sim); /* before any node is made */
void sim_trouble(struct sim *sim);
void sim_mend(struct sim *sim, uint64_t what, uint64_t detail);
void sim_heal(struct sim *sim);

/* villain.c */
void sim_villain_plan(struct sim *sim);
void sim_villain_acts(struct sim *sim, uint64_t act);
void sim_villain_heals(struct sim *sim);
void sim_villain_final(struct sim *sim);

/* ledger.c */
void sim_ledger_signed(struct sim_node *node, uint64_t size, const struct base_hash *root);
void sim_ledger_cosigned(struct sim_node *node, struct base_view note);
/* Copies the new leaves and checks the signed heads over them. anew: also that the old leaves are still the same. */
void sim_ledger_follow(struct sim_node *node, bool anew);
/* The node goes on from an older state: a branch of its own from leaf_count on. */
void sim_ledger_branch(struct sim_node *node, uint64_t leaf_count);
bool sim_ledger_consistent(const struct sim *sim, unsigned node, size_t branch_a, uint64_t size_a, size_t branch_b,
                           uint64_t size_b);
void sim_ledger_acked(struct sim_node *node, const struct base_id *id, size_t part_count, uint64_t part_size,
                      uint64_t part_seed);
/* A person asks that a message's content be erased; done: it was answered that it is. */
void sim_ledger_erased(struct sim_node *node, const struct base_id *id, bool done);
bool sim_ledger_asked(const struct sim *sim, unsigned node, const struct base_id *id);
/* An answer leaves the node. */
void sim_ledger_answers(struct sim_node *node);
/* After a start: whatever was acknowledged is there. */
void sim_ledger_kept(struct sim_node *node);
void sim_ledger_free(struct sim *sim);

/* check.c */
void sim_check(struct sim *sim);
/* Both go by their rules, and nothing keeps them apart now. */
bool sim_pair_clear(const struct sim_node *a, const struct sim_node *b);

#endif
