/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_HEADS_H
#define WASL_KEEPER_HEADS_H

#include "keeper/keeper.h"

/* The memory of heads: the file heads.state. spec/keeper.md, "Memory of heads". Record 0 is our own register's, each
 * other one a partner's or free. A record has two slots in blocks of their own; an update is durable in one of them
 * before the other is touched, so a power cut at any byte leaves the older head or the newer one, never none. */

#define KEEPER_HEADS_FILE "heads.state"
enum {
  KEEPER_BLOCK = 4096, /* bytes: what a disk writes as one, so that no write endangers a neighbour */
  KEEPER_SLOT_BODY = 8 + 4 + 8 + 1 + 32 + 8 + 32 + 8 + WIRE_KEY + 6 * 4,
  KEEPER_SLOT = KEEPER_SLOT_BODY + 32, /* bytes used of a slot's block, checksum included */
  KEEPER_RECORDS = 1 + KEEPER_PARTNERS_MAX,
  KEEPER_NO_RECORD = KEEPER_RECORDS,
};

enum keeper_head_kind { KEEPER_HEAD_FREE, KEEPER_HEAD_OWN, KEEPER_HEAD_PARTNER, KEEPER_HEAD_KINDS };
struct keeper_head {
  enum keeper_head_kind kind;
  uint64_t sequence;       /* counts the updates of this record */
  struct base_hash origin; /* SHA-256 of the origin; zero when free */
  uint64_t size;
  struct base_hash root;
  base_time time;        /* the keeper's clock when this was signed */
  struct wire_key bound; /* a partner's log key; of our own register as its bytes the SHA-256 of the card signed last,
                            zero: none yet */
  /* our own: the card's generation; the numbers of the keys in force, and of the log key before that card */
  uint32_t generation, log, log_before, witness;
  uint32_t seal, epoch_key; /* the newest that were made of these kinds */
};
void keeper_slot_write(const struct keeper_head *head, uint32_t record, uint8_t out[KEEPER_SLOT]);
/* False unless these are exactly the bytes that keeper_slot_write makes for this record. */
bool keeper_slot_parse(const uint8_t bytes[KEEPER_SLOT], uint32_t record, struct keeper_head *out);
/* Where a slot (0 or 1) of a record stands in the file. */
int64_t keeper_slot_offset(uint32_t record, unsigned slot);

struct keeper_heads;
/* The origin of an epoch of the register, and its hash. */
void keeper_register_origin(const char *origin, uint32_t epoch, char out[WIRE_ORIGIN_MAX + 1]);
struct base_hash keeper_register_hash(const char *origin, uint32_t epoch);
/* Makes the file, every block written, for this epoch of the register of this origin: no head signed yet. begin: the
 * card signed last (bound, zero for none, and generation), and the numbers of the keys in force (log, witness). */
BASE_NODISCARD enum base_code keeper_heads_init(int dir, const char *origin, uint32_t epoch,
                                                const struct keeper_head *begin, struct base_error *err);
/* Opens and reads it whole, and locks it against a second keeper (BASE_BUSY). A missing file, one of another node, or a
 * record with both slots damaged is an error: it is never taken for "nothing signed yet". */
BASE_NODISCARD enum base_code keeper_heads_open(int dir, const char *origin, struct keeper_heads **out,
                                                struct base_error *err);
void keeper_heads_close(struct keeper_heads *heads);

/* Our own register's head. */
const struct keeper_head *keeper_heads_own(const struct keeper_heads *heads);
/* The epoch of our own register that is signed. */
uint32_t keeper_heads_epoch(const struct keeper_heads *heads);
/* The record of a partner's origin, KEEPER_NO_RECORD when there is none. */
uint32_t keeper_heads_find(const struct keeper_heads *heads, const struct base_hash *origin);
const struct keeper_head *keeper_heads_at(const struct keeper_heads *heads, uint32_t record);
/* A free record, KEEPER_NO_RECORD when all are taken. */
uint32_t keeper_heads_free(const struct keeper_heads *heads);
/* The latest time in any record. */
base_time keeper_heads_time(const struct keeper_heads *heads);
/* Replaces a record; on disk when it returns BASE_OK. sequence is set by this function. After a failure what the disk
 * holds is not known: every later store fails too, until the keeper is started anew. */
BASE_NODISCARD enum base_code keeper_heads_store(struct keeper_heads *heads, uint32_t record,
                                                 const struct keeper_head *head, struct base_error *err);
/* A store failed. */
bool keeper_heads_broken(const struct keeper_heads *heads);
/* The same for a partner: of KEEPER_NO_RECORD a free one is taken, BASE_TOO_LARGE when there is none. */
BASE_NODISCARD enum base_code keeper_heads_put(struct keeper_heads *heads, uint32_t record,
                                               const struct keeper_head *head, struct base_error *err);

#endif
