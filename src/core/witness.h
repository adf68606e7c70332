/* SPDX-License-Identifier: Apache-2.0
 * Witnesses of our own register (witnesses.c: the list; witness.c: heads that go to them), and registers of partners
 * that this node is a witness of (witnessing.c). spec/witness.md. */
#ifndef WASL_CORE_WITNESS_H
#define WASL_CORE_WITNESS_H

#include "core/exchange.h"
#include "wire/witness.h"

enum {
  CORE_WITNESSES_MAX = 8,
  CORE_WITNESSED_MAX = 256,     /* partners whose registers this node is a witness of */
  CORE_WITNESS_TAKES_MAX = 8,   /* parked requests for work */
  CORE_WITNESS_URL_MAX = 512,   /* bytes */
  CORE_WITNESS_PAUSE_MS = 1000, /* from one head that goes to the witnesses to the next one */
  CORE_WITNESS_RETRY_MS = 500,  /* after a failure, then twice as long each time … */
  CORE_WITNESS_RETRY_MOST_MS = 30000,
  CORE_WITNESS_SIZES_MAX = 3, /* sizes in a row that a witness may name before it counts as trouble */
  CORE_WITNESSES_DOCUMENT_MAX = 64 << 10,
};
#define CORE_WITNESS_PATH "/wasl/v1/witness"

struct core_witness {
  char name[BASE_NAME_MAX + 1];
  bool partner;                       /* its key, addresses and pins are those of its card */
  char key[WIRE_VKEY_MAX + 1];        /* else the verifier key … */
  char url[CORE_WITNESS_URL_MAX + 1]; /* … and the submission prefix */
  bool pinned;
  struct base_hash pin; /* of the TLS key there; without one the system's authorities decide */
  uint64_t known;       /* leaves of the head that it cosigned last, as far as is known here; 0: none */
  bool asked;           /* in this run: whether it knows more than what is here shows only so */
  bool under_way;
  uint64_t head;  /* leaves of the head under way */
  unsigned sizes; /* that it named in a row */
  unsigned failures;
  int64_t not_before_ms; /* monotonic */
  base_time last;        /* when it cosigned last, by its own clock; 0: not in this list's notes */
  bool contradicts;      /* what it cosigned is no head of this register: a person decides */
  char trouble[BASE_ERROR_TEXT_MAX];
};
/* A head of ours with cosignatures of witnesses. */
struct core_witnessed {
  uint64_t size;         /* 0: none */
  struct base_buf head;  /* the note as our keeper signed it */
  struct base_buf lines; /* of witnesses */
};
struct core_witnesses {
  uint64_t leaf;   /* that commits to the list; 0: there is none */
  bool damaged;    /* what is stored is not what that leaf commits to: no list */
  unsigned quorum; /* cosignatures without which no evidence is given out */
  size_t count;
  struct core_witness list[CORE_WITNESSES_MAX];
  size_t witnessed_count;
  char witnessed[CORE_WITNESSED_MAX][WIRE_ORIGIN_MAX + 1]; /* origins of partners */
  struct core_witnessed round;                             /* the head that goes to all of them … */
  struct core_witnessed done; /* … and the last one before it that enough of them cosigned */
  bool done_news;             /* done is not stored yet */
  int64_t next_round_ms;      /* monotonic */
  size_t take_count;
  uint64_t takes[CORE_WITNESS_TAKES_MAX];
};

/* --- witnesses.c */
/* The list, as the register commits to it; what was parked stays. */
BASE_NODISCARD enum base_code core_witnesses_load(struct core *core, struct base_error *err);
void core_witnesses_free(struct core *core);
void core_witness_change(struct core *core, uint64_t token, const struct wire_json *request);
BASE_NODISCARD enum base_code core_show_witnesses(struct core *core, const struct wire_json *request,
                                                  struct base_buf *out, struct base_error *err);
/* Members "quorum" and "witnesses" of the node's status. */
void core_witnesses_status(struct core *core, struct wire_writer *writer);
/* Those whose trouble a person has to look at. */
void core_witnesses_unsound(const struct core *core, struct wire_writer *writer);
/* This node is a witness of the partner's register, because a person said so. */
bool core_witness_of(const struct core *core, const struct core_partner *partner);
/* The key that it cosigns with; false: it is a partner who is not there any more. Views into the list or the card. */
bool core_witness_key(struct core *core, const struct core_witness *witness, struct wire_vkey *out);

/* --- witness.c */
/* The heads that were witnessed, as stored; what does not verify is as good as none. */
BASE_NODISCARD enum base_code core_witnessed_load(struct core *core, struct base_error *err);
/* Parked; the answer is a head to take to a witness. */
void core_witness_take(struct core *core, uint64_t token);
void core_witness_done(struct core *core, uint64_t token, const struct wire_json *request);
/* For core_forget. */
void core_witness_forget(struct core *core, bool (*gone)(void *context, uint64_t token), void *context);
/* After the attestation: answers parked takes. The ms until something is due, -1: nothing is. */
int64_t core_witness_hand_over(struct core *core);
/* Whether this witness's line is on the head. */
bool core_witness_signed(struct core *core, const struct core_witness *witness, const struct core_witnessed *head,
                         base_time *out_time);
/* The head of at least this many leaves that most of our witnesses cosigned; NULL: none of them cosigned such a one.
 * BASE_NOT_FOUND, with who is missing in why, when they are fewer than the policy wants. */
BASE_NODISCARD enum base_code core_witnessed_head(struct core *core, uint64_t at_least,
                                                  const struct core_witnessed **out, char why[BASE_ERROR_TEXT_MAX],
                                                  struct base_error *err);

/* --- witnessing.c */
/* add-checkpoint of a partner's gate. */
void core_witness_give(struct core *core, uint64_t token, const struct wire_json *request, int fd);

#endif
