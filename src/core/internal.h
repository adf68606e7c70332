/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_INTERNAL_H
#define WASL_CORE_INTERNAL_H

#include "engine/engine.h"
#include "core/core.h"
#include "kinds/kinds.h"
#include "law/law.h"

/* What core's files share: its structures, and what all of them call; the other headers have the rest by theme. Not for others. A request is handled in two phases: everything that can refuse it is
 * checked before anything is written; a failure while writing (disk, memory) undoes the whole transaction of this step
 * and the memory is loaded anew from the store (core_reload). */

enum {
  CORE_RETRY_FIRST_MS = 250,
  CORE_RETRY_MOST_MS = 25000,       /* plus at most a fifth of jitter: never above 30 s */
  CORE_DISPUTE_SECONDS = 120,       /* receipts further off our clock are marked disputed (DESIGN 3) */
  CORE_CONSIGNMENT_BYTES = 4 << 20, /* plaintext aimed at: messages first, then records */
  CORE_COSIGN_DELAY_MS = 40,        /* a cosignature owed waits that long for a message to travel with */
  CORE_HELD_POLL_MS = 2000,         /* asks again for what the partner holds back for a predecessor, … */
  CORE_HELD_DOUBLED = 4,            /* … with pauses that double so often while nothing changes: at most 32 s */
  CORE_KEY_POOL = 128,              /* keys wrapped ahead, in one request to the keeper */
  CORE_KEYS_FRESH = 1024,           /* keys of messages just written, kept until these go out for the first time */
  CORE_KEYS_AHEAD = 256,            /* keys of openings unwrapped in one request while leaves are checked */
  CORE_TILES_CACHED = 64,
  CORE_CASES_CACHED = 384,
  CORE_CACHED_BYTES = 64 << 20, /* of their headers, above which fewer are kept, … */
  CORE_CASES_SPARED = 4,        /* … but never fewer than the last so many */
  CORE_CASE_BYTES = 128 << 20,           /* of headers in memory above which a case takes no message more */
  CORE_CASE_ARENA = 2 * CORE_CASE_BYTES, /* reading them anew may take a little more than adding them one by one */
  CORE_STAGES_MAX = 256,                 /* uploads not yet named by a message */
  CORE_STAGE_SECONDS = 3600,
  CORE_ARRIVING_MAX = 64, /* parts coming in whose running hash is kept in memory */
  CORE_STAGE_SYNC = 16,   /* records after which an upload is pushed to the disk, so that no sync takes long */
  CORE_CROSSED_MAX = 4,   /* heads that cross so often in a row are asked for with pauses */
  CORE_SHOWN = 4,         /* heads per partner kept in memory until he cosigns one */
  CORE_REASON_MAX = 1000, /* bytes of a person's reason; it is kept in the register */
  CORE_HINT_MEMORY = 5 << 20,  /* bytes: four for each octet of a part 0, and a little */
  CORE_RECALL_TEXT_MAX = 4000, /* bytes of the words that go with a recall, or its answer */
  CORE_PARTNERS_MAX = 1024,
  CORE_EVIDENCE_MAX = WIRE_HEADER_MAX + WIRE_NOTE_MAX, /* octets kept with a fault */
  CORE_FAULT_SECONDS = 60,          /* one fault leaf per partner in that time, the rest are counted */
  CORE_LIST_MESSAGES = 1024,        /* of a case above which a list leaves its clocks to case.show */
  CORE_LIST_PAGE = 100,             /* cases by deadline in one answer, unless another number is asked for */
  CORE_CHECK_STEP = 1024,           /* leaves per register.check */
  CORE_STATISTICS_STEP = 512,       /* leaves, and messages of cases, per statistics.make */
  CORE_STATISTICS_IDLE_MS = 5000,   /* statistics that nobody goes on with for so long give way to others */
  CORE_STATISTICS_CLOSED_DAYS = 31, /* after a year's end its numbers can be published, as they stand then */
  CORE_DISK_WARN_SHARE = 20,        /* room is short below this part of the disk, 5 %: said, and nothing else … */
  CORE_DISK_WARN_LEAST = 512 << 20, /* … but at least below so many bytes free, … */
  CORE_DISK_LOW = 64 << 20,         /* bytes free below which nothing new is sent or taken in */
  CORE_DISK_REST = 16 << 20,        /* bytes free below which the exchange rests: the rest is for officers */
  CORE_RESERVE = 8 << 20,           /* kept in a file of its own … */
  CORE_RESERVE_BELOW = 4 << 20,     /* … and given back when so little is free */
  CORE_ROOM_LOOK_MS = 30000,        /* how often the room is looked at without need, … */
  CORE_ROOM_SOON_MS = 1000,         /* … and while it is short */
  CORE_CHECK_IDLE_MS = 5000,        /* a check that nobody goes on with for so long gives way to another */
  CORE_COMPARE_SECONDS = 86400,     /* between two statements to one partner, when anything was exchanged */
  CORE_COMPARE_FRESH_SECONDS = 60,  /* a statement of ours so young answers his */
  CORE_COMPARE_STEP = 1024,         /* numbers per step and direction */
  CORE_COMPARE_AGAIN_MS = 5000,     /* answers of his that he counted are on their way */
  CORE_COMPARE_SHOWN = 16,          /* differing numbers that are named */
  CORE_CARRIES_MAX = 8,             /* files being made at once */
  CORE_CARRY_SECONDS = 3600,        /* one that nobody goes on with is forgotten */
  CORE_BACKUPS_MAX = 4,             /* being made at once */
  CORE_BACKUP_SECONDS = 600,        /* one that nobody goes on with is given up */
  CORE_DOCUMENT_MAX = 2 << 20,      /* a submitted form */
  CORE_KINDS_MAX = 1024,            /* kinds, each version for itself, that are added to a node */
  CORE_KINDS_TOLD = 8,              /* of those that are left out, by node.status */
  CORE_STUCK_MAX = 256,             /* damaged messages per partner that are remembered … */
  CORE_BACK_RANGES = 128,           /* rows of numbers that cannot come back, named for each partner */
  CORE_BACK_STEP = 1024,            /* numbers that are here already, passed over in one step */
  CORE_BACK_PAUSE_MS = 30000,  /* a partner who tells nothing of what was asked is asked again after so long, … */
  CORE_BACK_AGAIN_MS = 600000, /* … and so for what he himself still waits for */
  CORE_HANDED_MAX = 250,       /* numbers in one answer: below WIRE_CONSIGNMENT_MESSAGES_MAX */
  CORE_STUCK_AGAIN_MS = 60000, /* … and looked at again after so long: the file may have been put back */
};

#define CORE_DISK_WARN_MOST ((uint64_t)8 << 30) /* … and at most below so many */

/* --- room.c */
enum core_room_level { CORE_ROOM_ENOUGH, CORE_ROOM_WARNING, CORE_ROOM_LOW, CORE_ROOM_FULL };
struct core_room {
  enum core_room_level level; /* as it was said last */
  uint64_t free, size;        /* bytes, when it was looked at last */
  int fd;                     /* the reserve; -1: there is none */
  bool reserved, denied;      /* it holds its room; a write found none, whatever the disk says of itself */
  int64_t try_ms;             /* when to take the reserve again */
};

/* --- register.c */
struct core_tile {
  bool used, dirty;
  unsigned level; /* tile level: its hashes are nodes of level 8*level */
  uint64_t index;
  unsigned count; /* hashes held */
  uint64_t touched;
  struct base_hash nodes[512]; /* a heap-ordered tree: 256+i are the hashes, i is the parent of 2i and 2i+1 */
};
struct core_register {
  uint64_t size;     /* leaves, those of this step included */
  uint64_t attested; /* of the last head that the keeper signed */
  struct base_hash attested_root;
  struct base_buf note;    /* that head */
  base_time last_time;     /* of the last leaf: never decreasing */
  struct core_tile *tiles; /* CORE_TILES_CACHED */
  uint64_t clock;          /* for the cache */
  int64_t opening_key;     /* row of this step's key, 0: none yet */
  struct base_secret opening_secret;
  int64_t read_key; /* last key read back */
  struct base_secret read_secret;
  bool ahead; /* leaves are read one after the other: keys are asked for ahead of need */
  size_t ahead_count;
  int64_t ahead_keys[CORE_KEYS_AHEAD]; /* ascending */
  struct base_secret ahead_secrets[CORE_KEYS_AHEAD];
};

/* --- cards.c */
struct core_card { /* one generation, our own or a partner's; views into the history's arena */
  struct base_view bytes;
  struct base_hash hash; /* SHA-256 of the bytes, which every sent leaf commits to */
  struct wire_card card;
  struct wire_vkey log, witness;
  struct base_view succession; /* the head that names it; empty: the first one held, or not signed yet */
  uint64_t position;           /* of that head (wire_checkpoint_position): from there on its key signs */
  uint64_t leaf;               /* of our own: the index of its leaf */
  char fingerprint[SEAL_FINGERPRINT_TEXT];
};
struct core_cards { /* oldest first, generations in a row */
  struct base_arena arena;
  size_t count, room;
  struct core_card *list;
};

/* --- partners.c */
struct core_transfer { /* a message whose records are going out */
  struct base_id message;
  uint64_t number;
  uint16_t part_count;
  uint32_t wants[WIRE_PARTS_MAX];
};
/* --- stuck.c */
struct core_stuck { /* a message that cannot be handed over */
  struct base_id message;
  uint64_t holds; /* its number, when those behind it cannot go either; 0: only its parts are missing */
  int64_t again_ms;
  char why[BASE_ERROR_TEXT_MAX];
};
struct core_flight { /* a consignment at the gate */
  uint64_t exchange; /* 0: none */
  struct seal_hpke_context context;
  uint64_t head_size;   /* of our head in it */
  uint64_t known;       /* the partner's head that we had cosigned when it was made: his answer shows no older one */
  uint64_t cosign_size; /* cosignature that travels, 0: none */
  uint64_t last_number; /* of the messages in it, 0: none */
  uint64_t statement;   /* the leaf of our statement in it, 0: none */
  bool asks;            /* for what was lost with our register */
};
struct core_shown { /* a head of ours that the partner was shown and may cosign */
  uint64_t size;
  struct base_buf note;
};
/* --- compare.c */
struct core_walk { /* over the numbers given to, or taken from, a partner, up to the first open one */
  uint64_t at;
  struct base_hash hash; /* running, over what became of 1 … at */
  uint64_t target;       /* the number that his statement speaks of, and the hash there */
  struct base_hash target_hash;
  bool done, target_met;
};
struct core_compare {
  bool running, make; /* a walk is under way; a statement of ours is made at its end */
  bool all;           /* every number is asked for, whatever the statements say */
  bool his_waits;     /* a statement of his has not been compared yet */
  struct core_walk out, in;
  int64_t again_ms; /* when to look again, 0: not */
  uint64_t rounds;  /* comparisons in this run */
  /* of the row */
  bool known_row, told, open;
  base_time made, compared;
  uint64_t index, given, taken;
  char difference[BASE_ERROR_TEXT_MAX];
  char chains[200]; /* what differs of the last numbers */
  /* which numbers differ */
  bool want, want_taken, want_both; /* asked for; of the numbers he took; and after these, of those he gave */
  uint64_t want_from, want_to, both_to;
  unsigned found;
};
/* --- epoch.c: our register with him, when it is not in its first epoch */
struct core_told {
  uint64_t leaf;               /* what our present epoch began with about him; 0: he knew no earlier one */
  struct base_hash hash;       /* of that leaf */
  bool joined;                 /* his officer confirmed it: he cosigned a head of it */
  uint64_t lost_from, lost_to; /* our numbers that he holds, among which this register lost some; lost_to 0: none */
  base_time lost_time; /* in cases opened until then nothing of ours is written: what was lost may belong there */
};
/* --- back.c: what was lost with our register, as it comes back */
struct core_back_range {
  uint64_t from, to;
  char why; /* a letter of BACK */
};
struct core_back {
  uint64_t next;     /* our number that is asked for next; 0: not begun; beyond the last one: all were */
  uint64_t receipts; /* his number for which our receipt is asked for next; 0: none are asked for */
  uint64_t came;     /* messages that are here again */
  size_t count;      /* numbers that are not; when there are too many rows the last one is of all kinds ('n') */
  struct core_back_range missing[CORE_BACK_RANGES];
  /* not kept */
  bool moved, ended; /* the answer under way told something; all was told just now */
  int64_t not_before_ms;
};
/* --- renewed.c: his register. heard: an epoch that he began, and no officer here confirmed yet; number 0: none. */
struct core_renewed {
  uint32_t number;              /* 1: the first epoch */
  uint64_t start;               /* index of the first leaf that is of this epoch alone */
  struct base_hash first, told; /* that leaf, and the one about us */
  uint64_t base;                /* key of his head of the epoch before that the new one must extend, 0: none */
  uint64_t named; /* key of an older one that must do when it does not: the last that he knows of; 0: none */
  uint64_t again_from, again_to; /* our numbers that he lost: handed over again. again_to: the last one when he was
                                  * confirmed; again_from: 0 when he has not said from where, beyond it for none */
  uint64_t taken;                /* the last of his numbers when he was confirmed */
  bool handed;                   /* a leaf says that he was handed back what he had sent */
};
struct core_heard {
  uint32_t number;
  uint64_t start, given, named; /* named: size of the last head that he knows we cosigned */
  struct base_hash first, told;
  struct base_hash given_leaf, named_root; /* the statement of the number `given`, the root of that head */
  char digits[SEAL_FINGERPRINT_TEXT];
  bool behind; /* he did not show the card of his that is held here: he lost it */
};
struct core_partner {
  struct store_partner row; /* views into the arena of cards */
  struct core_cards cards;  /* what he had and has; the newest one is pinned */
  struct wire_card card;    /* that one */
  struct base_hash card_hash;
  struct core_cards given;  /* a later card that an officer confirmed: where he is reached until his own word comes */
  bool cards_damaged;       /* the history does not stand: only the card in the row is known */
  uint32_t told;            /* the generation of our card that he says he holds; 0: not known */
  struct wire_key followed; /* the log key that our keeper follows his register under; zeroes: none yet */
  uint64_t seen_size;       /* the last head of his that the keeper cosigned; the row has the last one kept */
  struct base_hash seen_root;
  bool unheld; /* the keeper remembers no head of his present register: that one is of the store, core itself checks the
                  proof */
  struct core_told epoch_told;
  struct core_back back;
  struct core_renewed renewed;
  struct core_heard heard;
  bool contradicts; /* what he shows is older than that head, or beside it: he is shown it … */
  bool shown_seen;  /* … and it is on its way */
  uint64_t shown_above; /* … with his cards behind this head, which he may have lost */
  uint64_t base;    /* the last head of ours that he cosigned, as he says; the row has the last one proved */
  struct core_flight flight;
  uint64_t shipped; /* no number above this one ever went to the gate */
  uint64_t handed;  /* numbers up to this were answered for in this run (receipt or pending) */
  bool again_done;  /* so were all of those that he lost: asking again for held ones goes past them */
  size_t transfer_count, transfer_room;
  struct core_transfer *transfers;
  size_t stuck_count;
  struct core_stuck *stuck;
  struct core_shown shown[CORE_SHOWN];
  size_t shown_next;
  unsigned crossed;      /* answers in a row whose heads crossed on the way */
  unsigned failures;     /* in a row */
  int64_t not_before_ms; /* back-off, monotonic */
  int64_t cosign_at_ms;  /* when an owed cosignature goes alone */
  int64_t held_at_ms;    /* when to ask again for held ones, 0: none are held */
  unsigned held_asked;   /* answers in a row that held something back and settled nothing */
  bool revoke;           /* law said no at hand-over: to be written in the next step */
  struct base_id revoke_message;
  struct base_error revoke_why;
  struct core_compare compare;
  char zone[BASE_ZONE_MAX + 1];      /* time zone, as an officer here set it; "": none */
  uint64_t carried_number;           /* the last number in a file that was made for him, 0: none */
  char carried[96];                  /* what is said of those in it */
  char trouble[BASE_ERROR_TEXT_MAX]; /* why nothing goes, in plain words; "" when all is well */
  bool trouble_room;                 /* he has no room: it is tried again */
  enum base_code trouble_code;
  bool stopped;                      /* fork or roll-back: a person decides; why is in trouble … */
  base_time stopped_at;              /* … and this is since when, 0: not known */
  char damaged[BASE_ERROR_TEXT_MAX]; /* what is stored about him contradicts the register: nothing is exchanged; "" */
  bool maybe;                        /* there may be something to hand over */
  base_time fault_since;
  uint64_t faults_counted;
};

/* --- cases.c */
struct core_case {
  struct base_id id;
  const struct core_kind *kind;
  struct base_arena arena; /* headers */
  size_t count, room;
  struct engine_message *messages; /* sorted; headers in arena */
  struct engine_state state;
  struct store_case row; /* views into arena or static */
};
/* --- casecache.c */
struct core_cases {
  struct core_case slots[CORE_CASES_CACHED];
  uint64_t keys[CORE_CASES_CACHED];    /* the first octets of the case's id */
  uint64_t touched[CORE_CASES_CACHED]; /* by the clock below; 0: the slot is free */
  size_t weights[CORE_CASES_CACHED];   /* octets that the case held when it was touched last */
  uint64_t clock;
  size_t count, weight;
};
/* --- kinds.c */
struct core_kind {
  struct wire_kind kind;
  struct wire_labels labels; /* of the program's own; of the others they are read when they are asked for */
  struct base_view titles[WIRE_LANGUAGES];
  bool local; /* added to this node; else the program's, which belongs to its struct core_shipped */
  struct base_arena arena, texts; /* of the kind; of its titles */
};
struct core_shipped {
  size_t count;
  struct core_kind *kinds[];
};
struct core_kind_out { /* one that was added, and cannot be read */
  char subject[WIRE_CODE_MAX + 16];
  struct base_error why;
};
struct core_agreement {
  struct base_id id;
  struct base_arena arena;
  struct law_agreement law;
  struct law_agreement before; /* what an amendment that has not begun yet replaces */
  struct base_view title;
  size_t state; /* of its kind */
  bool has_terms, has_before;
  bool not_taken; /* a proposal of ours that was ended or refused for every party, so that nobody can accept it */
  bool damaged;   /* its case cannot be read: it permits nothing */
};

/* --- parts.c */
struct core_stage { /* an upload */
  bool used, finished;
  bool taken; /* a message of this step names it */
  uint64_t id;
  char by[BASE_NAME_MAX + 1]; /* whose it is: nobody else names it (people.h) */
  base_time begun;
  int fd;
  char file[33];
  struct base_secret key;
  struct seal_hasher *hasher;
  uint32_t records;
  uint64_t size;
  struct base_hash sha256;
};
struct core_files { /* names in parts/ */
  size_t count, room;
  char (*names)[33];
};
struct core_arriving { /* a part coming in */
  struct base_id message;
  uint16_t part;
  int fd;
  struct base_secret key;
  struct seal_hasher *hasher;
  uint64_t size, expected;
  struct base_hash sha256;
  uint32_t records, held;
  bool dirty;
  struct core_arriving *next;
};

struct core_reading { /* the part read last, for the next record of it */
  bool used;
  struct base_id message;
  uint16_t part;
  struct base_secret key;
  int fd;
  uint32_t records;
  uint64_t size;
};

/* --- carry.c */
struct core_carry { /* a file for a partner that is being made, one consignment per request */
  uint64_t id;      /* 0: unused */
  char by[BASE_NAME_MAX + 1]; /* who began it: nobody else goes on with it (people.h) */
  int64_t partner;
  base_time touched;
  uint64_t size; /* of the head that proves all of it; 0: not begun */
  struct base_buf note;
  struct store_carried carried;
  size_t bases_told;         /* of carried.bases, for which a proof is in the file */
  uint64_t answered, number; /* the last of the partner's numbers answered, and of ours put in */
  uint64_t recorded;         /* the last of our numbers whose parts are in it whole */
  uint16_t part;             /* of the number after that one … */
  uint32_t record;           /* … the next record */
  bool statements_told, done;
};

struct core_damage { /* a record that did not open when it was read last */
  bool used;
  struct base_id message;
  uint16_t part;
  uint32_t record;
};

/* --- keys.c */
struct core_keys {
  bool changed;           /* what the keeper holds is to be compared with what is written down */
  char actor[128];        /* who asked for the last change, "" when the node made it by itself */
  int64_t try_ms;         /* not before, monotonic: a change by itself failed */
  struct base_hash shown; /* the TLS key that the gate was told to present */
  struct base_hash shown_card; /* and the card on which it was told that they are */
  size_t told_count, lost_count;
  struct base_hash told[WIRE_CARD_PINS_MAX]; /* those that the last table named … */
  struct base_hash lost[WIRE_CARD_PINS_MAX]; /* … and those of which the gate said that it has no file */
  char missing[BASE_ERROR_TEXT_MAX]; /* which sealing keys of the card are not there, "" for none */
  char unkept[BASE_ERROR_TEXT_MAX];  /* which cards the keeper does not keep any more, "" for none */
};

/* --- rewrap.c */
struct core_rewrap {
  int64_t after[STORE_WRAPPED_TABLES]; /* the rows seen: what is still under the old key up to here does not open */
  uint64_t damaged;                    /* so many of them */
  int64_t not_before_ms;               /* monotonic */
};

/* --- erase.c */
struct core_erasing {
  uint64_t untold;              /* erasures that the keeper does not know yet */
  uint64_t listed;              /* records of the keeper's list that are done here … */
  struct wire_keeper_mark mark; /* … and its mark there */
  bool has_list;                /* false: that was never written down */
  bool forgotten;               /* at the start of this run the keeper knew less than this database */
  int64_t not_before_ms;        /* monotonic: the keeper had no room */
};

/* --- clocks.c */
struct core_clocks {
  size_t count, room;
  struct base_id *touched; /* cases whose clocks may have moved in this step */
  bool known;
  base_time next; /* when something of a case is to be told; INT64_MAX: never */
};

/* --- recall.c */
struct core_recalls { /* recalls that are to be looked after */
  size_t count, room;
  struct core_recall_task {
    struct base_id id;
    int64_t not_before_ms; /* monotonic */
  } *tasks;
};

/* --- release.c */
enum { CORE_RELEASE_OPENED = 256 }; /* readings that are remembered; one more pushes out the oldest */
struct core_releases {
  uint64_t waiting; /* so many wait for a second person */
  size_t opened_next;
  struct core_release_opened {
    struct base_id message;
    char person[BASE_NAME_MAX + 1];
  } opened[CORE_RELEASE_OPENED]; /* what waits and by whom it was read, since the node started */
  base_time next;   /* when the first of them is over; INT64_MAX: none waits */
  int64_t again_ms; /* before that, monotonic, the register or the disk has no room to write it down */
};

/* --- revoke.c */
enum { CORE_REVOKE_MESSAGES = 64 };
/* Consents that hang on others are looked through. Zeroed, as at the start: all of them, at once. */
struct core_revoking {
  int64_t at_ms; /* when, monotonic; INT64_MAX: not at all */
  bool some;     /* those on the content of these messages alone, as long as they fit */
  size_t count;
  struct base_id messages[CORE_REVOKE_MESSAGES];
};

/* --- stix.c */
struct core_stix {
  bool some;                   /* parts may wait to be looked into */
  bool parked;                 /* the local gate waits for one … */
  uint64_t token;              /* … with this request */
  bool out;                    /* one is given out: */
  struct store_stix_wait task; /* as it waits */
  int64_t not_before_ms;       /* monotonic: the disk had no room, or it rests */
  int64_t begun_ms;            /* monotonic: this process began */
};

struct core_fresh { /* id zero: none */
  struct base_id id;
  struct base_secret key;
};

/* --- answers held back until the step is durable and attested */
struct core_give;
struct core_witnesses;
struct core_events;
struct core_people;
struct core_reply {
  uint64_t token;
  enum base_code status;
  struct base_buf payload;
  int fd;                 /* owned */
  struct core_give *give; /* an exchange.give: the payload is made after the attestation */
  bool erases;            /* what it says is so once the keeper was told */
  struct core_reply *next;
};

struct core {
  struct core_environment env;
  struct store *store;
  struct wire_keeper_info info;
  struct core_cards cards; /* our own; the newest one is in force */
  struct wire_card card;   /* that one */
  struct base_hash card_hash;
  const char *fingerprint; /* of it */
  struct core_keys keys;
  struct core_rewrap rewrap;
  struct core_erasing erasing;
  struct core_clocks clocks;
  char zone[BASE_ZONE_MAX + 1]; /* this node's time zone; "": none was set */
  struct core_recalls recalls;
  struct core_releases releases;
  struct core_revoking revoking;
  struct core_stix stix;
  base_time review_at; /* when it is next to be told that a case is to be reviewed; INT64_MAX: never */
  base_time ends_at; /* when the personal data of a case is next to end; INT64_MAX: of none is */
  int64_t certify_at_ms; /* when certificates that are owed are looked through, monotonic; INT64_MAX: none is */
  base_time retain_at; /* when a message is next to be erased because its time is over; INT64_MAX: none is */
  int64_t retain_again_ms; /* when what could not be erased then is tried again, monotonic; INT64_MAX: there is none */
  base_time started;

  bool in_transaction, wrote;
  enum base_code failed; /* the step cannot be committed */
  struct base_error failure;
  struct core_reply *replies, **replies_end;

  struct core_register reg;
  size_t partner_count;
  struct core_partner **partners; /* in order of their names */
  uint64_t partner_version;
  size_t kind_count, kind_room, kinds_added; /* all; the arrays' room; those that were added */
  struct core_kind **kinds, **kinds_hashed;  /* by name; by hash */
  bool kinds_touched;                        /* in this step */
  size_t kinds_out;                          /* left out, of which the first are told */
  struct core_kind_out kinds_told[CORE_KINDS_TOLD];
  size_t agreement_count;
  struct core_agreement *agreements;
  size_t law_count;
  struct law_agreement *law; /* the same, as law wants them: with those that an amendment has not replaced yet */
  struct core_cases cases;

  struct core_stage stages[CORE_STAGES_MAX];
  uint64_t next_stage;
  struct core_arriving *arriving;
  size_t arriving_count;
  struct core_reading reading;
  struct core_damage damage;
  int parts_dir;
  struct core_files doomed;                 /* of dropped parts */
  size_t doomed_kept;                       /* the first of them: dropped for good, but a backup may still want them */
  struct core_files made;                   /* of parts that began to arrive in this step */
  bool parts_dir_dirty;                     /* files were made or named since the last sync of the folder */
  struct base_secret token_key;             /* for tokens of parts' hashes */
  struct base_secret login_key;             /* for what a login compares */
  struct base_secret match_key;             /* for tokens of what a cross-check looks for */
  uint32_t epoch;                           /* of our register, from 1; spec/epoch.md */
  uint64_t epoch_start;                     /* index of its first leaf, when it is a later one … */
  base_time epoch_time;                     /* … and its time */
  char epoch_digits[SEAL_FINGERPRINT_TEXT]; /* of that leaf, to be compared by voice */
  char lost[BASE_ERROR_TEXT_MAX];           /* this register lost leaves, as partners proved; "": it did not */
  uint32_t lost_epoch;                      /* no epoch up to this one goes on, by that proof */
  uint32_t lost_generation;                 /* of the newest card that this data does not have, likewise; 0: none */
  bool token_key_lost, login_key_lost, match_key_lost; /* the fact of it is damaged: this one ends with the run */
  bool login_key_fresh;                     /* made in this step */

  size_t pool_count; /* keys wrapped ahead */
  struct base_secret pool[CORE_KEY_POOL];
  uint8_t pool_wrapped[CORE_KEY_POOL][CORE_WRAPPED];
  uint32_t pool_epoch;
  struct core_fresh fresh[CORE_KEYS_FRESH];

  struct core_carry carries[CORE_CARRIES_MAX];
  uint64_t next_carry;
  struct core_backup *backups; /* CORE_BACKUPS_MAX; NULL: none was made yet (backup.c) */
  uint64_t next_backup;
  struct { /* the last one that was told to its end in this run; id 0: none */
    uint64_t id, missing; /* parts whose files are not in it whole */
    base_time at;
  } saved;
  uint32_t backup_key;  /* the oldest epoch key that the newest backup needs; 0: none was made with the database in it */
  bool back_moved;      /* what partners hand back may be known whole now (given.c) */
  uint32_t regained;    /* the first generation that came back from the keeper at this start; 0: none did */
  uint64_t next_exchange;
  size_t take_count, take_room; /* parked exchange.take */
  uint64_t *takes;
  bool table_parked;
  uint64_t table_token, table_version; /* parked peer.table */
  struct core_check *check;            /* a register.check under way */
  struct core_statistics *statistics;  /* a statistics.make under way */
  uint64_t strangers;                  /* consignments of unknown senders, counted only */
  struct core_room room;
  struct core_witnesses *witnesses; /* witness.h */
  struct core_events *events;       /* events.h; NULL while the node opens */
  struct core_people *people;       /* people.h */
};

/* core.c */
base_time core_now(const struct core *core);
int64_t core_now_ms(const struct core *core);
/* The smaller of two times to wait; below 0: not at all. */
int64_t core_soonest(int64_t a, int64_t b);
/* Begins the step's transaction if it has not begun. */
BASE_NODISCARD enum base_code core_write(struct core *core, struct base_error *err);
/* A failure while writing: the step is lost. Returns the code. */
enum base_code core_lose(struct core *core, enum base_code code, const struct base_error *err);
struct core_reply *core_reply(struct core *core, uint64_t token, enum base_code status);
void core_reply_error(struct core *core, uint64_t token, enum base_code code, const struct base_error *err);
/* Instead of what it was to say. */
void core_reply_fail(struct core_reply *reply, enum base_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The parts and changed tiles, then the transaction: durable, not attested yet. A failure loses the step
 * (core->failed). */
enum base_code core_commit(struct core *core, struct base_error *err);
void core_replies_free(struct core *core);
/* A fresh key with its wrapped form, from the pool. */
BASE_NODISCARD enum base_code core_key(struct core *core, struct base_secret *key, uint8_t wrapped[CORE_WRAPPED],
                                       uint32_t *epoch, struct base_error *err);
/* The keys of parts' tokens and of logins, wrapped anew; *done: none is under the old epoch key any more. open.c */
BASE_NODISCARD enum base_code core_node_keys_anew(struct core *core, uint32_t old, bool *done, struct base_error *err);
/* Where the key of logins is lost a new one, for the password that is set now; what was set before opens no more. */
BASE_NODISCARD enum base_code core_login_key_renew(struct core *core, struct base_error *err);
BASE_NODISCARD enum base_code core_key_unwrap(struct core *core, uint32_t epoch, struct base_view wrapped,
                                              struct base_secret *out, struct base_error *err);
/* What was read here contradicts itself or is not there: no failure of the machine, which may pass. */
bool core_damage(enum base_code code);

/* room.c */
/* Too little for anything new; *out_free (may be NULL): bytes. Asked of the disk at each call. */
bool core_disk_low(const struct core *core, uint64_t *out_free);
/* So little that the exchange rests. */
bool core_disk_rests(const struct core *core);
/* "enough", "warning", "low", "full" */
const char *core_room_name(enum core_room_level level);
/* Before the store: a full disk must not keep it from opening. */
void core_room_open(struct core *core);
void core_room_close(struct core *core);
/* Before the commit: says when a level was passed, gives the reserve back or takes it again. The ms until it wants to
 * be called again. */
int64_t core_room_look(struct core *core);
/* The disk took no more. */
void core_room_denied(struct core *core);

/* open.c */
/* All that memory holds, anew from the store. */
BASE_NODISCARD enum base_code core_reload(struct core *core, struct base_error *err);

/* show.c and check.c: what the local gate asks without changing anything but `read` leaves */
void core_show(struct core *core, enum link_request_code code, uint64_t token, const struct wire_json *request);
void core_register_check(struct core *core, uint64_t token, const struct wire_json *request);
void core_check_free(struct core *core);

/* statistics.c */
void core_statistics_make(struct core *core, uint64_t token, const struct wire_json *request);
void core_statistics_free(struct core *core);
void core_proof_get(struct core *core, uint64_t token, const struct wire_json *request);

/* request helpers (core.c) */
struct base_view core_request_text(const struct wire_json *request, const char *key);
/* BASE_FIELD with the place when the text of a person holds what does not belong in it (wire_prose_check). */
BASE_NODISCARD enum base_code core_request_prose(struct base_view text, const char *what, struct base_error *err);
/* A full id or a unique beginning; table_word "case" or "message". */
BASE_NODISCARD enum base_code core_request_id(struct core *core, const struct wire_json *request, const char *key,
                                              const char *table_word, struct base_id *out, struct base_error *err);
bool core_hash_zero(const struct base_hash *hash);

#endif
