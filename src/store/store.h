/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_STORE_H
#define WASL_STORE_H

#include "wire/backup.h"
#include "wire/consignment.h"
#include "wire/kind.h"

/* The only SQL. Verbs in business words; no cryptography: what is secret arrives encrypted. One writer. spec/store.md
 * has the schema. Views in results point into the arena handed in and are valid as long as it is. A missing row is
 * BASE_NOT_FOUND, a row that must be new and is not BASE_EXISTS. What an `each` without an arena is told ends with its
 * call; it may use other verbs, not the one that calls it, and what it returns other than BASE_OK ends the telling and
 * is returned, with err as it left it. A `next` tells the first row above *key and moves *key there; INT64_MIN begins;
 * BASE_NOT_FOUND ends. BASE_CORRUPT
 * with *key moved: that row holds what it cannot, or names an id that is not there, and the walk may go on. */

struct store;

/* --- a PostgreSQL server, reached before the process gives up its network; then store_open takes it over. A store
 * without one is core.db, a SQLite file. */
struct store_server;
enum { STORE_URI_MAX = 1024, STORE_PASSWORD_MAX = 1024, STORE_FILES_MAX = 8 };
#define STORE_PASSWORD_FILE "database.password"
/* Connects to the database of a libpq URI (postgresql://…). A password that is not in it is that of STORE_PASSWORD_FILE
 * in the folder dir (refused when others may read the file), else libpq's own ways are tried (~/.pgpass).
 * BASE_NOT_RUNNING: no server answers, or it starts or stops just now: worth another try. Anything else is not:
 * BASE_FIELD for a URI that is none, BASE_PERMISSION when the server refuses the connection. No error text holds a
 * password. */
BASE_NODISCARD enum base_code store_server_connect(int dir, struct base_view uri, struct store_server **out,
                                                   struct base_error *err);
void store_server_close(struct store_server *server);
/* Its socket, to be watched for reading: that is how a core learns that the connection is gone. */
int store_server_fd(const struct store_server *server);
/* The files that connecting may read (keys and certificates that the URI names, or libpq's defaults): their number, at
 * most STORE_FILES_MAX. 0 for a URI that is none. */
size_t store_server_files(struct base_view uri, char out[STORE_FILES_MAX][256]);

/* server NULL: opens or makes core.db in the folder `dir` (SQLite WAL, synchronous FULL, a VFS that keeps relative
 * names so that no folder above need be readable). dir becomes the working folder, here and in store_close; it is not
 * kept, and may be AT_FDCWD. Else the server is taken over, whatever comes of it, and dir is not used. Locks against a
 * second writer; waits up to 5 s for a dying one (BASE_BUSY). Refused: a newer schema (BASE_CONFLICT), a damaged file
 * or another program's database (BASE_CORRUPT), a server that does not keep what it confirmed (BASE_POLICY). */
BASE_NODISCARD enum base_code store_open(int dir, struct store_server *server, struct store **out,
                                         struct base_error *err);
/* core.db is in the folder, whatever it holds; also true when that cannot be seen. */
bool store_file_there(int dir);
/* Such a database as the target of store_copy: not yet a core's. */
BASE_NODISCARD enum base_code store_open_target(struct store_server *server, struct store **out,
                                                struct base_error *err);
void store_close(struct store *store);
/* "core.db", or the database's address without secrets. */
const char *store_name(const struct store *store);
/* False: the connection is gone, or another core took the register over. Every verb fails from then on. */
bool store_alive(struct store *store);
/* One transaction at a time; nothing is written outside one. commit returns only when durable. A verb that failed for
 * any other reason than a missing row, one that exists or one out of order leaves the transaction to be rolled back;
 * commit then refuses. A verb that only writes may fail late (store_message_add, store_delivery_add and
 * store_arrival_add also with BASE_EXISTS): the failure is that of a later verb, or of the commit, and the transaction
 * has failed. After a failed commit roll back, too; when it failed with BASE_NOT_RUNNING, only a new store_open can
 * tell whether the transaction is kept. */
BASE_NODISCARD enum base_code store_begin(struct store *store, struct base_error *err);
BASE_NODISCARD enum base_code store_commit(struct store *store, struct base_error *err);
void store_rollback(struct store *store);
/* Checkpoint of SQLite's log outside the commits; cheap when there is nothing to do. tight: room is short, so the log
 * is kept small. */
void store_tidy(struct store *store, bool tight);
/* Can all of it be read? For `register check`. SQLite: PRAGMA quick_check. */
BASE_NODISCARD enum base_code store_check(struct store *store, struct base_error *err);

/* --- small facts: name → bytes */
BASE_NODISCARD enum base_code store_fact_get(struct store *store, const char *name, struct base_buf *out,
                                             struct base_error *err);
BASE_NODISCARD enum base_code store_fact_set(struct store *store, const char *name, struct base_view value,
                                             struct base_error *err);
/* The first whose name stands behind this one, in the order of octets; BASE_NOT_FOUND at the end. */
BASE_NODISCARD enum base_code store_fact_next(struct store *store, const char *after, struct base_arena *arena,
                                              struct base_view *name, struct base_view *value, struct base_error *err);

/* --- the register */
struct store_leaf {
  uint64_t index;
  struct base_view entry;   /* the exact leaf */
  struct base_view opening; /* encrypted; empty: erased */
  int64_t opening_key;      /* of store_opening_key */
};
/* In order: index is the number of leaves before it, else BASE_CONFLICT. */
BASE_NODISCARD enum base_code store_leaf_add(struct store *store, const struct store_leaf *leaf,
                                             struct base_error *err);
BASE_NODISCARD enum base_code store_leaf_get(struct store *store, uint64_t index, struct base_arena *arena,
                                             struct store_leaf *out, struct base_error *err);
/* The number of leaves, from the rows. */
BASE_NODISCARD enum base_code store_leaf_count(struct store *store, uint64_t *out, struct base_error *err);
/* Keys of openings, one per group commit, wrapped by the keeper. Returns the row's number. */
BASE_NODISCARD enum base_code store_opening_key_add(struct store *store, uint32_t epoch, struct base_view wrapped,
                                                    int64_t *out, struct base_error *err);
BASE_NODISCARD enum base_code store_opening_key_get(struct store *store, int64_t number, uint32_t *epoch,
                                                    struct base_arena *arena, struct base_view *wrapped,
                                                    struct base_error *err);
/* Keys wrapped by the keeper, in the order of their rows: those under this epoch key after the row `after`. At most max,
 * and fewer when their rows are together larger than max_bytes, for each is written anew as a whole; *count 0: none. */
enum store_wrapped_table { STORE_WRAPPED_MESSAGES, STORE_WRAPPED_OPENINGS, STORE_WRAPPED_TABLES };
enum { STORE_WRAPPED_MAX = 64 };
struct store_wrapped {
  int64_t number;
  size_t size; /* 0: a message whose content was dropped. Above STORE_WRAPPED_MAX: damaged, and the bytes are left out */
  uint8_t bytes[STORE_WRAPPED_MAX];
};
BASE_NODISCARD enum base_code store_wrapped_under(struct store *store, enum store_wrapped_table table, uint32_t epoch,
                                                  int64_t after, uint64_t max_bytes, struct store_wrapped *out,
                                                  size_t max, size_t *count, struct base_error *err);
BASE_NODISCARD enum base_code store_wrapped_set(struct store *store, enum store_wrapped_table table, int64_t number,
                                                uint32_t epoch, struct base_view wrapped, struct base_error *err);
/* C2SP tlog-tiles: up to 256 hashes of 32 bytes each. put replaces. */
BASE_NODISCARD enum base_code store_tile_put(struct store *store, unsigned level, uint64_t index,
                                             struct base_view hashes, struct base_error *err);
BASE_NODISCARD enum base_code store_tile_get(struct store *store, unsigned level, uint64_t index, struct base_buf *out,
                                             struct base_error *err);
/* Our own attested heads (the signed note) by size; put of the same size replaces the note. */
BASE_NODISCARD enum base_code store_head_put(struct store *store, uint64_t size, const struct base_hash *root,
                                             struct base_view note, struct base_error *err);
BASE_NODISCARD enum base_code store_head_last(struct store *store, uint64_t *size, struct base_hash *root,
                                              struct base_buf *note, struct base_error *err);
/* The smallest head of at least this size that the partner cosigned: its note with our signature, and his line. */
BASE_NODISCARD enum base_code store_head_cosigned(struct store *store, int64_t partner, uint64_t at_least,
                                                  uint64_t *size, struct base_buf *note, struct base_buf *line,
                                                  struct base_error *err);
BASE_NODISCARD enum base_code store_head_cosign(struct store *store, int64_t partner, uint64_t size,
                                                struct base_view line, struct base_error *err);
BASE_NODISCARD enum base_code store_head_next(struct store *store, int64_t *key /* size */, struct base_hash *root,
                                              struct base_buf *note, struct base_error *err);
struct store_pair {
  int64_t first, second;
}; /* a key of two numbers */
/* key: partner, size. */
BASE_NODISCARD enum base_code store_cosignature_next(struct store *store, struct store_pair *key, struct base_buf *line,
                                                     struct base_error *err);
BASE_NODISCARD enum base_code store_head_get(struct store *store, uint64_t size, struct base_hash *root,
                                             struct base_buf *note, struct base_error *err);

/* --- partners */
enum store_partner_state { STORE_PARTNER_ACTIVE, STORE_PARTNER_SUSPENDED };
struct store_partner {
  int64_t number;                                   /* the row; 0 when new */
  struct base_view origin, name, card, fingerprint; /* name: unique here */
  enum store_partner_state state;
  uint64_t sent_number;           /* the last number given to this partner; 0: none */
  struct base_hash sent_previous; /* SHA-256 of that sent or voided leaf */
  uint64_t received_number;       /* the last number taken from him */
  struct base_hash received_previous;
  uint64_t cosigned_size; /* the newest head of ours whose cosignature by him is kept, 0: none */
  uint64_t head_size;     /* the newest head of his that is kept, 0: none */
  struct base_hash head_root;
  bool owes_cosign;       /* we hold a cosignature on his head that he has not been told */
  base_time last_contact; /* last good exchange, 0: never */
  uint64_t leaf_index;    /* of the last leaf about him: card and state */
};
BASE_NODISCARD enum base_code store_partner_add(struct store *store, struct store_partner *partner,
                                                struct base_error *err);
/* Everything but origin and number is written. */
BASE_NODISCARD enum base_code store_partner_update(struct store *store, const struct store_partner *partner,
                                                   struct base_error *err);
/* Core keeps them in memory. key: number. */
BASE_NODISCARD enum base_code store_partner_next(struct store *store, int64_t *key, struct base_arena *arena,
                                                 struct store_partner *out, struct base_error *err);
/* How many of his cosignatures and of his heads are kept, as counted when they were written. */
BASE_NODISCARD enum base_code store_partner_kept(struct store *store, int64_t partner, uint64_t *cosignatures,
                                                 uint64_t *heads, struct base_error *err);
/* Heads of a partner that prove what we hold of him, with his signature and our cosignature. */
BASE_NODISCARD enum base_code store_partner_head_put(struct store *store, int64_t partner, uint64_t size,
                                                     struct base_view note, struct base_error *err);
/* key: partner, size. */
BASE_NODISCARD enum base_code store_partner_head_next(struct store *store, struct store_pair *key,
                                                     struct base_buf *note, struct base_error *err);
/* The one of the largest size up to `most`. */
BASE_NODISCARD enum base_code store_partner_head_upto(struct store *store, int64_t partner, uint64_t most,
                                                      uint64_t *out_size,
                                                      struct base_buf *note, struct base_error *err);
BASE_NODISCARD enum base_code store_partner_head_get(struct store *store, int64_t partner, uint64_t size,
                                                     struct base_buf *note, struct base_error *err);

/* --- cases */
/* cases.due of one whose clock is paused and none of whose clocks runs: by deadline it stands before what has ended. */
#define STORE_DUE_PAUSED (INT64_MAX - 1)
struct store_case {
  struct base_id id;
  struct base_view kind, state, opener; /* state: the kind's code */
  struct base_hash kind_hash;
  bool flagged; /* equivocation or another fault: a person decides */
  uint64_t message_count;
  base_time opened, changed;
  base_time due;  /* when the first of its running clocks is due; STORE_DUE_PAUSED; INT64_MAX: it has neither */
  base_time look; /* when something of its clocks is to be told next; INT64_MAX: never; 0: both are not known yet */
  enum wire_lane lane;
  bool exercise;
};
/* due and look are written in a new row alone: store_case_clocks_set changes them. */
BASE_NODISCARD enum base_code store_case_put(struct store *store, const struct store_case *kase,
                                             struct base_error *err);
BASE_NODISCARD enum base_code store_case_get(struct store *store, const struct base_id *id, struct base_arena *arena,
                                             struct store_case *out, struct base_error *err);
/* key: the number of the case's id. */
BASE_NODISCARD enum base_code store_case_next(struct store *store, int64_t *key, struct base_arena *arena,
                                              struct store_case *out, struct base_error *err);
struct store_case_filter {
  struct base_view kind, state; /* empty: all */
  bool apart;                   /* what is humanitarian, and nothing else; false: all but that */
  int without;                  /* of these a lane that is left out; -1: none is */
  bool unknown;                 /* of these also what nobody can tell the lane of */
  bool exercise;                /* exercises alone; false: what is real alone */
};
/* Newest change first; the filter's state is not asked. limit 0: all. */
BASE_NODISCARD enum base_code store_case_list(struct store *store, const struct store_case_filter *filter, uint64_t limit,
                                              enum base_code (*each)(void *context, const struct store_case *),
                                              void *context, struct base_error *err);
/* Those of all lanes, for the node itself. Newest change first; kind empty: all. limit 0: all. */
BASE_NODISCARD enum base_code store_case_each(struct store *store, struct base_view kind, uint64_t limit,
                                              enum base_code (*each)(void *context, const struct store_case *),
                                              void *context, struct base_error *err);
/* By the time when they are due, those behind the case `after` that was told with this time; after NULL: from this time
 * on (INT64_MIN: from the first). BASE_NOT_FOUND: there is no such case. limit 0: all. */
BASE_NODISCARD enum base_code store_case_each_due(struct store *store, const struct store_case_filter *filter,
                                                  base_time due, const struct base_id *after, uint64_t limit,
                                                  enum base_code (*each)(void *context, const struct store_case *),
                                                  void *context, struct base_error *err);
BASE_NODISCARD enum base_code store_case_clocks_set(struct store *store, const struct base_id *id, base_time due,
                                                    base_time look, struct base_error *err);
/* Whether a case is of this version of the kind. */
BASE_NODISCARD enum base_code store_case_of_kind(struct store *store, struct base_view kind, const struct base_hash *hash,
                                                 bool *out, struct base_error *err);
/* How many have a running clock that was due before this time, counted up to `most`; and how many of these are of that
 * kind. */
BASE_NODISCARD enum base_code store_case_late(struct store *store, base_time now, struct base_view kind, uint64_t most,
                                              uint64_t *out, uint64_t *out_of_kind, struct base_error *err);
/* Those to be looked at next, the first first, each with its time; at most max. */
BASE_NODISCARD enum base_code store_case_look(struct store *store, struct base_id *out, size_t max, size_t *count,
                                              base_time *look, struct base_error *err);
/* What was told of the clocks of a case, and of its items, of which there may be any number. A put takes the place of the row
 * of the same item, party, clock and level. */
enum { STORE_ALARM_SOON = 1, STORE_ALARM_OVERDUE = 2, STORE_ALARM_CLOCKS = 16, STORE_ALARMS_MAX = 512 };
struct store_alarm {
  unsigned party, clock; /* which of the opening message's parties, which of the kind's clocks */
  unsigned level;
  base_time due;
  uint64_t leaf;
  bool of_item;        /* a clock of this item, not of the case */
  struct base_id item; /* by the message that made it */
};
typedef enum base_code store_alarm_row(void *context, const struct store_alarm *row);
BASE_NODISCARD enum base_code store_alarm_put(struct store *store, const struct base_id *kase,
                                              const struct store_alarm *alarm, struct base_error *err);
BASE_NODISCARD enum base_code store_alarms(struct store *store, const struct base_id *kase,
                                           struct store_alarm out[STORE_ALARMS_MAX], size_t *count,
                                           struct base_error *err);
/* Of one clock of an item: out[level - 1], with the level 0 where nothing was told. */
BASE_NODISCARD enum base_code store_alarms_of_item(struct store *store, const struct base_id *kase,
                                                   const struct base_id *item, unsigned party, unsigned clock,
                                                   struct store_alarm out[STORE_ALARM_OVERDUE], struct base_error *err);
/* The latest moment of which anything was told of the items of a case; 0: nothing was. */
BASE_NODISCARD enum base_code store_alarms_latest(struct store *store, const struct base_id *kase, base_time *due,
                                                  struct base_error *err);
/* Of the items of a case. */
BASE_NODISCARD enum base_code store_alarm_each_item(struct store *store, const struct base_id *kase, store_alarm_row *row,
                                                    void *context, struct base_error *err);
/* Cases ("case") or messages ("message") whose id begins with these 4 to 64 lowercase hex digits (else BASE_USAGE); at
 * most two are told, so that people may shorten ids. */
BASE_NODISCARD enum base_code store_id_complete(struct store *store, const char *table_word,
                                                struct base_view hex_prefix, struct base_id out[2], size_t *count,
                                                struct base_error *err);

/* key: the number of the id. BASE_CORRUPT also when its first bytes are not those it is looked up by. */
BASE_NODISCARD enum base_code store_id_next(struct store *store, int64_t *key, struct base_id *out,
                                            struct base_error *err);

/* --- messages */
enum store_message_state {
  STORE_MESSAGE_PENDING, /* from a partner, or our own that comes back: parts or predecessors missing, no effect yet */
  STORE_MESSAGE_HELD,    /* complete and receipted (or our own) */
  STORE_MESSAGE_REFUSED, /* refused: content dropped, header kept */
  STORE_MESSAGE_DRAFT,   /* our own, held until a second person releases it, or it was: never in its case, and never sent so */
};
struct store_message {
  int64_t number; /* the row: order of arrival here */
  struct base_id id, case_id;
  enum store_message_state state;
  bool ours;
  struct base_view type, author;
  struct base_view header;      /* exact bytes */
  struct base_view part0;       /* encrypted; empty: dropped */
  struct base_view wrapped_key; /* of this message, wrapped by the epoch key */
  uint32_t epoch;
  base_time stored;
  uint16_t part_count;
};
BASE_NODISCARD enum base_code store_message_add(struct store *store, struct store_message *message,
                                                struct base_error *err); /* sets number */
BASE_NODISCARD enum base_code store_message_state_set(struct store *store, const struct base_id *id,
                                                      enum store_message_state state, struct base_error *err);
/* Empties part0 and the wrapped key; what a cross-check found of it goes too. */
BASE_NODISCARD enum base_code store_message_drop_content(struct store *store, const struct base_id *id,
                                                         struct base_error *err);
BASE_NODISCARD enum base_code store_message_get(struct store *store, const struct base_id *id, struct base_arena *arena,
                                                struct store_message *out, struct base_error *err);
/* Without part0, whose pages are not read. */
BASE_NODISCARD enum base_code store_message_header(struct store *store, const struct base_id *id,
                                                   struct base_arena *arena, struct store_message *out,
                                                   struct base_error *err);
/* With part0. key: number. */
BASE_NODISCARD enum base_code store_message_next(struct store *store, int64_t *key, struct base_arena *arena,
                                                 struct store_message *out, struct base_error *err);
/* Without part0; in the order of arrival, those of every state. */
BASE_NODISCARD enum base_code store_message_each(struct store *store, const struct base_id *case_id,
                                                 enum base_code (*each)(void *context, const struct store_message *),
                                                 void *context, struct base_error *err);
/* What the state of a case is computed from, and no more of each message: a case may have a hundred thousand. In the order of
 * arrival, whatever their state; header is valid during the call. */
struct store_header {
  struct base_id id;
  enum store_message_state state;
  bool ours;
  struct base_view header;
};
BASE_NODISCARD enum base_code store_message_headers(struct store *store, const struct base_id *case_id,
                                                    enum base_code (*each)(void *context, const struct store_header *),
                                                    void *context, struct base_error *err);
/* Erasures: a row for each message whose content was erased, here or not. */
struct store_erasure {
  struct base_id message;
  uint64_t leaf;             /* of the erased leaf; 0: the message is not here, and was before a restore */
  bool elsewhere;            /* it came without its content, which another node had erased */
  bool cleared;              /* nothing of it is here but this: it was erased with its case, its header too … */
  struct base_id case_id;    /* … which is this one */
  bool owed;                 /* its author is still to be given the certificate */
  bool untold;               /* the keeper is still to be told … */
  uint32_t epoch;            /* … and what its key was wrapped by, 0: there was none … */
  struct base_view wrapped;  /* … with the key; empty once it was told */
};
/* New, or instead of the row that there is. */
BASE_NODISCARD enum base_code store_erasure_put(struct store *store, const struct store_erasure *erasure,
                                                struct base_error *err);
BASE_NODISCARD enum base_code store_erasure_get(struct store *store, const struct base_id *message,
                                                struct base_arena *arena, struct store_erasure *out,
                                                struct base_error *err);
/* key: the number of the message's id. */
enum store_erasures { STORE_ERASURES_ALL, STORE_ERASURES_UNTOLD, STORE_ERASURES_OWED };
BASE_NODISCARD enum base_code store_erasure_next(struct store *store, enum store_erasures which, int64_t *key,
                                                 struct base_arena *arena, struct store_erasure *out,
                                                 struct base_error *err);
/* Of one that is there. */
BASE_NODISCARD enum base_code store_erasure_owe(struct store *store, const struct base_id *message, bool owed,
                                                struct base_error *err);
/* The keeper knows: nothing of the key is left. */
BASE_NODISCARD enum base_code store_erasure_told(struct store *store, const struct base_id *message,
                                                 struct base_error *err);
/* What else is kept of a case and of each of its messages goes, their headers too, and the rows of their erasures say so:
 * each must have one. draft: as what one of them was held for release before, whose row goes with them. */
BASE_NODISCARD enum base_code store_case_clear_draft(struct store *store, const struct base_id *case_id,
                                                     const struct base_id *draft, struct base_error *err);
BASE_NODISCARD enum base_code store_case_clear(struct store *store, const struct base_id *case_id,
                                               struct base_error *err);
BASE_NODISCARD enum base_code store_mention_drop(struct store *store, const struct base_id *target,
                                                 const struct base_id *message, struct base_error *err);
/* Mentions: message names target in a field of the type reference. Adding one twice is once. */
BASE_NODISCARD enum base_code store_mention_add(struct store *store, const struct base_id *target,
                                                const struct base_id *message, struct base_error *err);
BASE_NODISCARD enum base_code store_mention_find(struct store *store, const struct base_id *target,
                                                 const struct base_id *message, bool *out, struct base_error *err);
/* The next message that names it, in the order in which their ids became known. key: the number of the message's id. */
BASE_NODISCARD enum base_code store_mention_next(struct store *store, const struct base_id *target, int64_t *key,
                                                 struct base_id *out, struct base_error *err);
/* When the personal data of a case ends. */
struct store_ends {
  struct base_id case_id;
  base_time since; /* when the case came into a state that ends it; 0: it is in none */
  base_time ends;
  int64_t done;    /* up to which row of messages it was noted of them; INT64_MAX: of all */
  base_time look;  /* when something of it is to be done next; INT64_MAX: never */
};
BASE_NODISCARD enum base_code store_ends_put(struct store *store, const struct store_ends *ends, struct base_error *err);
/* BASE_NOT_FOUND: it has no end yet. */
BASE_NODISCARD enum base_code store_ends_get(struct store *store, const struct base_id *case_id, struct store_ends *out,
                                             struct base_error *err);
/* The one that is to be looked at first; BASE_NOT_FOUND: none. */
BASE_NODISCARD enum base_code store_ends_next(struct store *store, struct store_ends *out, struct base_error *err);
BASE_NODISCARD enum base_code store_ends_drop(struct store *store, const struct base_id *case_id, struct base_error *err);
/* The messages of a case, held or refused, behind the row `after`, with their rows; at most max. */
BASE_NODISCARD enum base_code store_case_after(struct store *store, const struct base_id *case_id, int64_t after,
                                               struct base_id *out, int64_t *numbers, size_t max, size_t *count,
                                               struct base_error *err);
/* Whose certificate is outstanding that a message of ours was erased. Fine when it is noted, or not noted, already. */
BASE_NODISCARD enum base_code store_due_put(struct store *store, const struct base_id *message,
                                            const struct base_id *case_id, int64_t partner, struct base_error *err);
BASE_NODISCARD enum base_code store_due_drop(struct store *store, const struct base_id *message, int64_t partner,
                                             struct base_error *err);
BASE_NODISCARD enum base_code store_due_there(struct store *store, const struct base_id *message, int64_t partner,
                                              bool *out, struct base_error *err);
struct store_due {
  int64_t partner;
  uint64_t messages;
};
/* Of how many messages of the case, by partner; at most max partners. */
BASE_NODISCARD enum base_code store_due_count(struct store *store, const struct base_id *case_id, struct store_due *out,
                                              size_t max, size_t *count, struct base_error *err);
/* Retention: until when the content of a message may be kept. The earliest end that was put stays. */
BASE_NODISCARD enum base_code store_retention_put(struct store *store, const struct base_id *message, base_time ends,
                                                  struct base_error *err);
/* BASE_NOT_FOUND: nothing says until when. */
BASE_NODISCARD enum base_code store_retention_get(struct store *store, const struct base_id *message, base_time *ends,
                                                  struct base_error *err);
/* The one that ends next behind key; BASE_NOT_FOUND at the end. key: its end, and the number of its id. */
BASE_NODISCARD enum base_code store_retention_next(struct store *store, struct store_pair *key, struct base_id *message,
                                                   struct base_error *err);
BASE_NODISCARD enum base_code store_retention_done(struct store *store, const struct base_id *message,
                                                   struct base_error *err);
/* What is held until a second person releases it: a message of ours in the state STORE_MESSAGE_DRAFT for each. */
enum store_release_state { STORE_RELEASE_WAITING, STORE_RELEASE_GIVEN, STORE_RELEASE_REFUSED, STORE_RELEASE_WITHDRAWN, STORE_RELEASE_EXPIRED, STORE_RELEASE_ERASED };
struct store_release {
  int64_t number;                 /* of the row, from 1 */
  struct base_id message, sent;   /* as it was held; as it went out, zero when it did not */
  enum store_release_state state;
  unsigned asks;                  /* who must release it, or did: of law */
  base_time until;
  struct base_view person;        /* who submitted it */
  uint64_t held, ended;           /* leaves; ended is 0 while it waits */
};
/* The number that the next one gets. */
BASE_NODISCARD enum base_code store_release_number(struct store *store, int64_t *out, struct base_error *err);
BASE_NODISCARD enum base_code store_release_add(struct store *store, const struct store_release *row,
                                                struct base_error *err);
/* It waits no longer: state, asks, sent and ended of the row with this number. */
BASE_NODISCARD enum base_code store_release_end(struct store *store, const struct store_release *row,
                                                struct base_error *err);
BASE_NODISCARD enum base_code store_release_get(struct store *store, int64_t number, struct base_arena *arena,
                                                struct store_release *out, struct base_error *err);
/* sent: by the message as it went out, else as it was held. BASE_NOT_FOUND: it needed no release. */
BASE_NODISCARD enum base_code store_release_of(struct store *store, const struct base_id *message, bool sent,
                                               struct base_arena *arena, struct store_release *out,
                                               struct base_error *err);
/* waiting: those alone. key: the number. */
BASE_NODISCARD enum base_code store_release_next(struct store *store, bool waiting, int64_t *key,
                                                 struct base_arena *arena, struct store_release *out,
                                                 struct base_error *err);
/* Reviews: when the personal data of a case is to be reviewed. */
struct store_review {
  struct base_id case_id;
  base_time due;  /* when next */
  base_time told; /* the moment for which that was told; 0: for none */
  base_time kept; /* until when the last review kept it; INT64_MAX: there was none */
  uint64_t leaf;  /* of that review; 0: there was none */
};
/* Something came into the case, of which content is here (else nothing is done): it is due then, or when its last review
 * says if that is earlier. */
BASE_NODISCARD enum base_code store_review_move(struct store *store, const struct base_id *case_id, base_time due,
                                                struct base_error *err);
/* Of one that is there. */
BASE_NODISCARD enum base_code store_review_put(struct store *store, const struct store_review *review,
                                               struct base_error *err);
BASE_NODISCARD enum base_code store_review_get(struct store *store, const struct base_id *case_id,
                                               struct store_review *out, struct base_error *err);
/* The one that is due next behind key; BASE_NOT_FOUND at the end. key: the moment, and the number of its id. */
BASE_NODISCARD enum base_code store_review_next(struct store *store, struct store_pair *key, struct store_review *out,
                                                struct base_error *err);
/* How many are due by now; counted up to `most`. */
BASE_NODISCARD enum base_code store_review_due(struct store *store, base_time now, uint64_t most, uint64_t *out,
                                               struct base_error *err);
/* The first whose moment was not told; BASE_NOT_FOUND: none. */
BASE_NODISCARD enum base_code store_review_untold(struct store *store, struct store_review *out,
                                                  struct base_error *err);
BASE_NODISCARD enum base_code store_review_done(struct store *store, const struct base_id *case_id,
                                                struct base_error *err);
/* Whether content of any of its messages is here. */
BASE_NODISCARD enum base_code store_case_content(struct store *store, const struct base_id *case_id, bool *out,
                                                 struct base_error *err);
/* The picture: cases of a kind, by the week in which they were opened here (its Monday) and … */
enum store_picture_axis { STORE_PICTURE_ALL, STORE_PICTURE_FIELD, STORE_PICTURE_REGION, STORE_PICTURE_AUTHOR,
                          STORE_PICTURE_SERIES, /* "field/region" */
                          STORE_PICTURE_AXES };
enum { STORE_PICTURE_CODE_MAX = 256 };
struct store_pictured {
  base_time week;
  struct base_view kind, field, region, author;
};
struct store_picture_code {
  char text[STORE_PICTURE_CODE_MAX];
};
struct store_picture_code store_picture_code(const struct store_pictured *row, enum store_picture_axis axis);
/* Counted by all axes; BASE_EXISTS when the case is counted already, or later (store_begin). */
BASE_NODISCARD enum base_code store_pictured_add(struct store *store, const struct base_id *case_id,
                                                 const struct store_pictured *row, struct base_error *err);
BASE_NODISCARD enum base_code store_pictured_get(struct store *store, const struct base_id *case_id,
                                                 struct base_arena *arena, struct store_pictured *out,
                                                 struct base_error *err);
/* Counted no more; fine when it is not. A row that cannot be read goes, and its counts stay, for the check. */
BASE_NODISCARD enum base_code store_pictured_drop(struct store *store, const struct base_id *case_id,
                                                  struct base_error *err);
/* Each case counted in a week. */
BASE_NODISCARD enum base_code store_pictured_each(struct store *store, base_time week,
                                                  enum base_code (*each)(void *context, const struct store_pictured *),
                                                  void *context, struct base_error *err);
/* The next week with anything in it; BASE_NOT_FOUND: none. */
BASE_NODISCARD enum base_code store_picture_next(struct store *store, base_time *week, struct base_error *err);
struct store_picture {
  struct base_view kind; /* of store_picture_week alone */
  enum store_picture_axis axis;
  struct base_view code;
  base_time week;
  uint64_t cases;
};
/* By this axis, in the order of codes and weeks. code: of this one alone, from this week on; empty: all. */
BASE_NODISCARD enum base_code store_picture_each(struct store *store, struct base_view kind,
                                                 enum store_picture_axis axis, struct base_view code, base_time from,
                                                 enum base_code (*each)(void *context, const struct store_picture *),
                                                 void *context, struct base_error *err);
/* The first week of the kind; BASE_NOT_FOUND: none of its cases is counted. */
BASE_NODISCARD enum base_code store_picture_first(struct store *store, struct base_view kind, base_time *week,
                                                  struct base_error *err);
/* All of a week, in the order of kinds, axes and codes. */
BASE_NODISCARD enum base_code store_picture_week(struct store *store, base_time week,
                                                 enum base_code (*each)(void *context, const struct store_picture *),
                                                 void *context, struct base_error *err);
/* The week's counts go; store_picture_put writes them anew. */
BASE_NODISCARD enum base_code store_picture_drop(struct store *store, base_time week, struct base_error *err);
BASE_NODISCARD enum base_code store_picture_put(struct store *store, const struct store_picture *row,
                                                struct base_error *err);
struct store_picture_alert {
  base_time week;
  struct base_view kind, code;
  uint64_t cases, most, leaf;
};
BASE_NODISCARD enum base_code store_picture_alert_add(struct store *store, const struct store_picture_alert *alert,
                                                      struct base_error *err);
BASE_NODISCARD enum base_code store_picture_alert_find(struct store *store, base_time week, struct base_view kind,
                                                       struct base_view code, bool *out, struct base_error *err);
/* Those of the weeks from … to before `to`, at most so many. */
BASE_NODISCARD enum base_code store_picture_alerts(struct store *store, base_time from, base_time to, uint64_t most,
                                                   enum base_code (*each)(void *context,
                                                                          const struct store_picture_alert *),
                                                   void *context, struct base_error *err);
/* What a cross-check finds: a token of a value of a message, and its place there, as core means it. */
enum { STORE_MATCH_TOKEN = 16 };
struct store_match_token { uint8_t bytes[STORE_MATCH_TOKEN]; };
struct store_match {
  struct base_id message, case_id;
  uint32_t place;
  struct base_view type, author, kind, state; /* of the message; of its case. Valid in the call alone */
  struct base_hash kind_hash;
  base_time stored;
};
BASE_NODISCARD enum base_code store_match_add(struct store *store, const struct base_id *message,
                                              const struct store_match_token *token, uint32_t place,
                                              struct base_error *err);
BASE_NODISCARD enum base_code store_match_drop(struct store *store, const struct base_id *message,
                                               struct base_error *err);
/* Those of a message, in the order of places. */
BASE_NODISCARD enum base_code store_match_of(struct store *store, const struct base_id *message,
                                             enum base_code (*each)(void *context, const struct store_match_token *,
                                                                    uint32_t place),
                                             void *context, struct base_error *err);
BASE_NODISCARD enum base_code store_match_there(struct store *store, const struct base_id *message, uint32_t place,
                                                bool *out, struct base_error *err);
/* The messages HELD in other cases than this, those of the lane `hidden` (enum wire_lane; WIRE_LANES: none is) left out, that have
 * the token; the last ones first, at most so many. */
BASE_NODISCARD enum base_code store_match_each(struct store *store, const struct store_match_token *token,
                                               const struct base_id *other_than, int hidden, uint64_t most,
                                               enum base_code (*each)(void *context, const struct store_match *),
                                               void *context, struct base_error *err);
/* Pending messages of all cases that name this id among those they wait for. */
BASE_NODISCARD enum base_code store_message_wait(struct store *store, const struct base_id *pending,
                                                 const struct base_id *for_id, struct base_error *err);
BASE_NODISCARD enum base_code store_message_waiting(struct store *store, const struct base_id *for_id,
                                                    struct base_id *out, size_t max, size_t *count,
                                                    struct base_error *err);
BASE_NODISCARD enum base_code store_message_waits(struct store *store, const struct base_id *pending,
                                                  const struct base_id *for_id, bool *out, struct base_error *err);
/* key: the numbers of both ids. */
BASE_NODISCARD enum base_code store_wait_next(struct store *store, struct store_pair *key, struct base_id *for_id,
                                              struct base_id *pending, struct base_error *err);
/* Fine when it did not wait. */
BASE_NODISCARD enum base_code store_message_wait_done(struct store *store, const struct base_id *pending,
                                                      const struct base_id *for_id, struct base_error *err);

/* --- parts: the sealed records lie in files of core's folder, named at random */
struct store_part {
  struct base_id message;
  uint16_t part;                  /* index in part 0 */
  struct base_hash token;         /* keyed token of the plaintext's SHA-256, for look-up */
  struct base_view file;          /* name below parts/ */
  uint64_t size;                  /* of the plaintext */
  uint32_t records, records_held; /* all, and those that are durable here in order from 0 */
};
BASE_NODISCARD enum base_code store_part_put(struct store *store, const struct store_part *part,
                                             struct base_error *err);
BASE_NODISCARD enum base_code store_part_get(struct store *store, const struct base_id *message, uint16_t part,
                                             struct base_arena *arena, struct store_part *out, struct base_error *err);
/* A complete one, of any message: the next behind key, as store_part_next goes. */
BASE_NODISCARD enum base_code store_part_by_token(struct store *store, const struct base_hash *token,
                                                  struct store_pair *key, struct base_arena *arena,
                                                  struct store_part *out, struct base_error *err);
/* key: the number of the message's id, part. */
BASE_NODISCARD enum base_code store_part_next(struct store *store, struct store_pair *key, struct base_arena *arena,
                                              struct store_part *out, struct base_error *err);
/* Whether a row before this key, as store_part_next goes, names this file. */
BASE_NODISCARD enum base_code store_part_shared(struct store *store, struct base_view file, const struct store_pair *key,
                                                bool *out, struct base_error *err);
/* Whether a row names this file. */
BASE_NODISCARD enum base_code store_part_named(struct store *store, struct base_view file, bool *out,
                                               struct base_error *err);

/* --- the outbox: one row per message and partner */
enum store_delivery_state { STORE_WAITING, STORE_UNDER_WAY, STORE_RECEIPTED, STORE_REFUSED, STORE_ENDED };
struct store_delivery {
  struct base_id message, case_id;
  int64_t partner;
  uint64_t number;                 /* n for this partner */
  enum store_delivery_state state; /* UNDER_WAY: handed over, receipt not here yet */
  struct base_view reason;         /* refused, ended; or why it waits */
  uint64_t sent_index;             /* of the sent leaf in our register */
  uint64_t voided_index;           /* of the voided leaf, when it was ended */
  bool voided_told;                /* the partner knows */
  /* the receipt, once there */
  struct base_view leaf, opening, proof; /* proof: the hashes, 32 bytes each */
  uint64_t index, head_size;
  base_time learned; /* what our clock said when it came */
};
BASE_NODISCARD enum base_code store_delivery_add(struct store *store, const struct store_delivery *delivery,
                                                 struct base_error *err);
/* Writes state, reason, sent_index, voided_index and voided_told; the receipt when leaf is not empty. */
BASE_NODISCARD enum base_code store_delivery_update(struct store *store, const struct store_delivery *delivery,
                                                    struct base_error *err);
BASE_NODISCARD enum base_code store_delivery_get(struct store *store, const struct base_id *message, int64_t partner,
                                                 struct base_arena *arena, struct store_delivery *out,
                                                 struct base_error *err);
/* In the order in which they were added. key: the row. */
BASE_NODISCARD enum base_code store_delivery_next(struct store *store, int64_t *key, struct base_arena *arena,
                                                  struct store_delivery *out, struct base_error *err);
/* While somebody counts deliveries in steps he is told when the state of one changes; changed NULL: no longer. */
void store_delivery_watch(struct store *store,
                          void (*changed)(void *context, int64_t key, int64_t partner, enum store_delivery_state from,
                                          enum store_delivery_state to),
                          void *context);
/* Open ones (waiting, under way, or ended but not told) of a partner with number > after, ascending, at most limit. */
BASE_NODISCARD enum base_code store_delivery_open(struct store *store, int64_t partner, uint64_t after, size_t limit,
                                                  enum base_code (*each)(void *context, const struct store_delivery *),
                                                  void *context, struct base_error *err);
BASE_NODISCARD enum base_code store_delivery_by_number(struct store *store, int64_t partner, uint64_t number,
                                                       struct base_arena *arena, struct store_delivery *out,
                                                       struct base_error *err);
/* Newest first; open_only: waiting, under way and refused ones; message NULL: all. limit 0: all. */
BASE_NODISCARD enum base_code store_delivery_each(struct store *store, const struct base_id *message, bool open_only,
                                                  uint64_t limit,
                                                  enum base_code (*each)(void *context, const struct store_delivery *),
                                                  void *context, struct base_error *err);
BASE_NODISCARD enum base_code store_delivery_count(struct store *store, int64_t partner /* 0: all */,
                                                   enum store_delivery_state state, uint64_t *out,
                                                   struct base_error *err);

/* --- arrivals: one row per number taken from a partner */
struct store_arrival {
  struct base_id message; /* zero: none is known */
  int64_t partner;
  uint64_t number;
  struct base_hash sent_hash;            /* SHA-256 of the sent (or voided) leaf */
  struct base_view leaf, opening, proof; /* of the partner's sent leaf, with its proof */
  uint64_t index, head_size;
  bool voided;
  bool answered; /* a received or refused leaf stands */
  bool refused;
  uint64_t answer_index; /* of that leaf in our register */
};
BASE_NODISCARD enum base_code store_arrival_add(struct store *store, const struct store_arrival *arrival,
                                                struct base_error *err);
BASE_NODISCARD enum base_code store_arrival_answer(struct store *store, int64_t partner, uint64_t number, bool refused,
                                                   uint64_t answer_index, struct base_error *err);
BASE_NODISCARD enum base_code store_arrival_get(struct store *store, int64_t partner, uint64_t number,
                                                struct base_arena *arena, struct store_arrival *out,
                                                struct base_error *err);
BASE_NODISCARD enum base_code store_arrival_of(struct store *store, const struct base_id *message, int64_t partner,
                                               struct base_arena *arena, struct store_arrival *out,
                                               struct base_error *err);

/* In the order in which they came. key: the row. */
BASE_NODISCARD enum base_code store_arrival_next(struct store *store, int64_t *key, struct base_arena *arena,
                                                 struct store_arrival *out, struct base_error *err);

/* --- what goes by hand: files with consignments (spec/carried.md) */
enum { STORE_CARRIED_BASES_MAX = 64 };
struct store_carried {
  base_time made;  /* the last file for this partner, 0: none */
  uint64_t number; /* the last number in it */
  size_t base_count;
  uint64_t bases[STORE_CARRIED_BASES_MAX]; /* sizes of our heads that his node may have seen last, oldest first */
};
/* Zeroes when nothing ever went by hand. */
BASE_NODISCARD enum base_code store_carried_get(struct store *store, int64_t partner, struct store_carried *out,
                                                struct base_error *err);
BASE_NODISCARD enum base_code store_carried_put(struct store *store, int64_t partner,
                                                const struct store_carried *carried, struct base_error *err);
/* Numbers of a partner's that came by hand and whose answer goes with the next file; adding one twice is once. */
BASE_NODISCARD enum base_code store_carried_answer_add(struct store *store, int64_t partner, uint64_t number,
                                                       struct base_error *err);
/* Those above after, ascending, at most max. */
BASE_NODISCARD enum base_code store_carried_answers(struct store *store, int64_t partner, uint64_t after, uint64_t *out,
                                                    size_t max, size_t *count, struct base_error *err);
BASE_NODISCARD enum base_code store_carried_answers_clear(struct store *store, int64_t partner, struct base_error *err);

/* --- statements: where the comparison with a partner stands (spec/reconcile.md) */
struct store_comparison {
  base_time made;                         /* when we made our last one, or the exchange began; 0: no row */
  uint64_t index;                         /* its leaf; 0: none yet */
  bool told;                              /* the partner has it */
  base_time compared;                     /* his last one with ours, 0: never */
  uint64_t given, known, taken, answered; /* of our last one: wire_statement */
  uint64_t equal_known, equal_answered;   /* up to these both were equal … */
  struct base_hash equal_known_outcomes, equal_answered_outcomes; /* … with these running hashes */
  struct base_view leaf, opening, proof; /* his last one; empty: none yet. proof: the hashes, 32 bytes each */
  uint64_t his_index, his_head;
  struct base_view difference; /* in plain words; "" */
};
/* Zeroes when there is no row. */
BASE_NODISCARD enum base_code store_comparison_get(struct store *store, int64_t partner, struct base_arena *arena,
                                                   struct store_comparison *out, struct base_error *err);
BASE_NODISCARD enum base_code store_comparison_put(struct store *store, int64_t partner,
                                                   const struct store_comparison *row, struct base_error *err);

/* --- evidence of faults: signed heads that contradict and the like, kept as they came, by the leaf that says so */
struct store_evidence {
  uint64_t leaf;
  int64_t partner;
  base_time kept;
  struct base_view name, bytes; /* the error's name */
};
BASE_NODISCARD enum base_code store_evidence_add(struct store *store, uint64_t leaf, int64_t partner,
                                                 struct base_view name, struct base_view bytes, base_time time,
                                                 struct base_error *err);
BASE_NODISCARD enum base_code store_evidence_get(struct store *store, uint64_t leaf, struct base_arena *arena,
                                                 struct store_evidence *out, struct base_error *err);
/* The first of a leaf behind *leaf; BASE_NOT_FOUND at the end. */
BASE_NODISCARD enum base_code store_evidence_next(struct store *store, int64_t *leaf, struct base_arena *arena,
                                                  struct store_evidence *out, struct base_error *err);

/* --- moving to another database */
struct store_copied {
  uint64_t tables, rows;
};
/* BASE_EXISTS unless store_copy may write to it. */
BASE_NODISCARD enum base_code store_target_empty(struct store *target, struct base_error *err);
/* Copies everything within the target's transaction, which the caller began, then reads it again from there and
 * compares number and checksum of the rows of each table (BASE_CORRUPT). The target must be empty, or hold what an
 * earlier copy left that no core has used yet (BASE_EXISTS). */
BASE_NODISCARD enum base_code store_copy(struct store *from, struct store *target, struct store_copied *out,
                                         struct base_error *err);

/* --- STIX objects in parts of messages. spec/stix.md */
#define STORE_STIX_ANY "*"    /* in place of a type: of all; … */
#define STORE_STIX_UNREAD "?" /* … a part that could not be listed */
/* A message whose parts are to be looked into. */
struct store_stix_wait {
  struct base_id message;
  uint16_t part;  /* the first that was not … */
  uint32_t tries; /* … and how often it was given out */
};
/* One that is here with parts waits, unless it does already. */
BASE_NODISCARD enum base_code store_stix_wait(struct store *store, const struct base_id *message, uint32_t lane,
                                              struct base_error *err);
/* How many parts wait in this lane, those of at most so many messages. */
BASE_NODISCARD enum base_code store_stix_wait_left(struct store *store, uint32_t lane, uint64_t most, uint64_t *out,
                                                   struct base_error *err);
/* The one known longest; BASE_NOT_FOUND: none waits. */
BASE_NODISCARD enum base_code store_stix_waiting(struct store *store, struct store_stix_wait *out, struct base_error *err);
/* Of this message. */
BASE_NODISCARD enum base_code store_stix_waits(struct store *store, const struct base_id *message,
                                               struct store_stix_wait *out, struct base_error *err);
BASE_NODISCARD enum base_code store_stix_wait_put(struct store *store, const struct store_stix_wait *row,
                                                  struct base_error *err);
BASE_NODISCARD enum base_code store_stix_wait_done(struct store *store, const struct base_id *message,
                                                   struct base_error *err);
struct store_stix_part { /* a part that was looked into */
  struct base_id message, case_id;
  uint16_t part;
  uint32_t lane;
  uint64_t objects;
  struct base_view why;    /* empty: its objects are listed … */
  struct base_view sealed; /* … here */
};
BASE_NODISCARD enum base_code store_stix_part_put(struct store *store, const struct store_stix_part *row,
                                                  struct base_error *err);
/* BASE_NOT_FOUND: it was not looked into. */
BASE_NODISCARD enum base_code store_stix_part_get(struct store *store, const struct base_id *message, uint16_t part,
                                                  struct base_arena *arena, struct store_stix_part *out,
                                                  struct base_error *err);
BASE_NODISCARD enum base_code store_stix_part_there(struct store *store, const struct base_id *message, uint16_t part,
                                                    bool *out, struct base_error *err);
/* For the check: the next place of which any table of the index knows; the part that was looked into there (BASE_NOT_FOUND: none
 * was); the message whose place it is (BASE_NOT_FOUND: of none). */
BASE_NODISCARD enum base_code store_stix_place_next(struct store *store, int64_t *place, struct base_error *err);
BASE_NODISCARD enum base_code store_stix_part_at(struct store *store, int64_t place, struct base_arena *arena,
                                                 struct store_stix_part *out, struct base_error *err);
BASE_NODISCARD enum base_code store_stix_message_at(struct store *store, int64_t place, struct base_id *out,
                                                    struct base_error *err);
/* Of a part that is there: so many objects are of this type; counted. */
BASE_NODISCARD enum base_code store_stix_type_add(struct store *store, const struct store_stix_part *row,
                                                  struct base_view type, uint64_t objects, struct base_error *err);
struct store_stix_count {
  uint32_t lane;
  struct base_view type;
  uint64_t objects, parts;
};
/* Of one part, as they were added. */
BASE_NODISCARD enum base_code store_stix_types(struct store *store, const struct store_stix_part *row,
                                               enum base_code (*each)(void *context, const struct store_stix_count *),
                                               void *context, struct base_error *err);
/* In all, after this lane and type; the view of *at is in the arena. */
BASE_NODISCARD enum base_code store_stix_count_next(struct store *store, struct base_arena *arena,
                                                    struct store_stix_count *at, struct base_error *err);
/* The same of this lane and type as the parts give it, from their index alone: *row's numbers. */
BASE_NODISCARD enum base_code store_stix_count_sum(struct store *store, struct store_stix_count *row,
                                                   struct base_error *err);
/* After this lane and type the next that is counted, or that a part has; as it is counted, 0 where it is not. */
BASE_NODISCARD enum base_code store_stix_counted_next(struct store *store, struct base_arena *arena,
                                                      struct store_stix_count *at, struct base_error *err);
/* In place of what was counted; of no parts nothing is. */
BASE_NODISCARD enum base_code store_stix_count_put(struct store *store, const struct store_stix_count *row,
                                                   struct base_error *err);
/* token: a keyed hash of an object's id. */
BASE_NODISCARD enum base_code store_stix_id_add(struct store *store, const struct store_stix_part *row,
                                                const struct base_hash *token, struct base_error *err);
/* Whether it is found by other ids than these; they are put in order. */
BASE_NODISCARD enum base_code store_stix_ids_differ(struct store *store, const struct store_stix_part *row,
                                                    struct base_hash *tokens, size_t count, bool *out,
                                                    struct base_error *err);
/* How many of its rows are of another case or lane than the part. */
BASE_NODISCARD enum base_code store_stix_apart(struct store *store, const struct store_stix_part *row, uint64_t *out,
                                               struct base_error *err);
/* All of a message goes, what waits too; likewise of the one, whichever it is, that has this place. */
BASE_NODISCARD enum base_code store_stix_drop(struct store *store, const struct base_id *message, struct base_error *err);
BASE_NODISCARD enum base_code store_stix_drop_at(struct store *store, int64_t place, struct base_error *err);
/* For making it anew: the next message with parts behind the one of this key, and how many objects are listed of it; all numbers from
 * what is listed of parts. */
BASE_NODISCARD enum base_code store_stix_message_next(struct store *store, int64_t *key, struct base_id *out, uint64_t *objects,
                                                      struct base_error *err);
/* How many objects are listed of this message. */
BASE_NODISCARD enum base_code store_stix_objects(struct store *store, const struct base_id *message, uint64_t *out,
                                                 struct base_error *err);
BASE_NODISCARD enum base_code store_stix_recount(struct store *store, struct base_error *err);
/* Parts that hold something, the newest first. */
enum store_stix_by { STORE_STIX_BY_LANE, STORE_STIX_BY_CASE, STORE_STIX_BY_MESSAGE, STORE_STIX_BY_ID };
struct store_stix_query {
  enum store_stix_by by;
  uint32_t lane;          /* of BY_LANE and BY_ID */
  struct base_id id;      /* of BY_CASE and BY_MESSAGE */
  struct base_view type;  /* not of BY_ID */
  struct base_hash token; /* of BY_ID */
};
struct store_stix_found {
  int64_t place;
  struct base_id message, case_id;
  uint16_t part;
};
/* The first before this place; BASE_NOT_FOUND at the end. */
BASE_NODISCARD enum base_code store_stix_find(struct store *store, const struct store_stix_query *query, int64_t before,
                                              struct store_stix_found *out, struct base_error *err);

/* --- backups: rows as the frames of spec/backup.md */
struct store_dump;
struct store_load;
/* What is committed now, to be read while the store goes on. *out NULL: the database is on a server, whose own tools make
 * its copy. A dump keeps the log from beginning anew: it is to be closed soon, and before its store. */
BASE_NODISCARD enum base_code store_dump_open(struct store *store, struct store_dump **out, struct base_error *err);
void store_dump_close(struct store_dump *dump);
/* The same moment for the verbs that read; ends with the dump. */
struct store *store_dump_view(struct store_dump *dump);
/* Appends at most one frame: a table's beginning or a row. */
BASE_NODISCARD enum base_code store_dump_next(struct store_dump *dump, struct base_buf *out, bool *out_end,
                                              struct base_error *err);
uint64_t store_dump_rows(const struct store_dump *dump); /* told until now */
uint32_t store_schema_version(void);
/* Makes core.db in the folder, where none may be (BASE_EXISTS), with the tables of that schema (BASE_CONFLICT: a newer
 * one). It counts only after store_load_end; until then the folder is to be thrown away. */
BASE_NODISCARD enum base_code store_load_open(int dir, uint32_t schema, struct store_load **out,
                                              struct base_error *err);
/* Of the rows that follow. What the schema does not know is BASE_SYNTAX; so is a row that the table cannot hold. */
BASE_NODISCARD enum base_code store_load_table(struct store_load *load, struct base_view name, struct base_error *err);
BASE_NODISCARD enum base_code store_load_row(struct store_load *load, const struct wire_backup_value *values,
                                             size_t count, struct base_error *err);
/* All rows name what is there, and all of it is durable. */
BASE_NODISCARD enum base_code store_load_end(struct store_load *load, struct base_error *err);
void store_load_close(struct store_load *load);

#endif
