/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_RETIRED_H
#define WASL_KEEPER_RETIRED_H

#include "keeper/keeper.h"

/* What was erased: the file retired.state, a list that only grows. spec/keeper.md, "Memory of erasures". Each record
 * has the message's id and what its key is known by; a record follows from all before it, so that two lists are the
 * same up to a place when their marks there are. How far the list is durable stands in two slots, of which one that was
 * made durable is never being written: what lies behind that end was never answered for, and any damage before it is
 * told from an append that was cut off. */

#define KEEPER_RETIRED_FILE "retired.state"
enum {
  KEEPER_RETIRED_MAX = WIRE_KEEPER_ERASED_MAX, /* records: 64 MiB in the file, and about as much memory */
  KEEPER_RETIRED_KEY = 16,                     /* octets of a key's hash */
  KEEPER_RETIRED_BODY = 32 + KEEPER_RETIRED_KEY,
  KEEPER_RETIRED_RECORD = KEEPER_RETIRED_BODY + WIRE_KEEPER_MARK,
  KEEPER_RETIRED_SLOT_BODY = 8 + 8 + 8 + WIRE_KEEPER_MARK,
  KEEPER_RETIRED_SLOT = KEEPER_RETIRED_SLOT_BODY + 32,
  KEEPER_RETIRED_AT = 3 * 4096, /* where the first record stands */
};

/* Where the durable list ends. */
struct keeper_retired_end {
  uint64_t sequence, count;
  struct wire_keeper_mark mark;
};
void keeper_retired_slot_write(const struct keeper_retired_end *end, uint8_t out[KEEPER_RETIRED_SLOT]);
/* False unless these are exactly the bytes that keeper_retired_slot_write makes. */
bool keeper_retired_slot_parse(const uint8_t bytes[KEEPER_RETIRED_SLOT], struct keeper_retired_end *out);

struct keeper_retired_entry {
  struct base_id message;
  uint8_t key[KEEPER_RETIRED_KEY]; /* zeroes: it was gone already, or did not open */
};
/* What a key is known by. */
void keeper_retired_key(const struct base_secret *key, uint8_t out[KEEPER_RETIRED_KEY]);

struct keeper_retired;
/* Makes the file, empty, for the node of this origin. */
BASE_NODISCARD enum base_code keeper_retired_init(int dir, const char *origin, struct base_error *err);
/* Opens it and reads it whole; a missing one is made anew, and the log says so, for the node goes on knowing less.
 * most: records that it may hold. BASE_CORRUPT: damaged, or another node's. */
BASE_NODISCARD enum base_code keeper_retired_open(int dir, const char *origin, size_t most, struct keeper_retired **out,
                                                  struct base_error *err);
void keeper_retired_close(struct keeper_retired *retired);
/* Adds those that are not in it; on disk when it returns BASE_OK, and none of them when it does not. BASE_TOO_LARGE:
 * there is no room in the list. BASE_DISK_FULL: nothing was changed, and it may be tried again; after any other failure
 * of the disk every later call fails, until the keeper is started anew. */
BASE_NODISCARD enum base_code keeper_retired_add(struct keeper_retired *retired,
                                                 const struct keeper_retired_entry *entries, size_t count,
                                                 struct base_error *err);
uint64_t keeper_retired_count(const struct keeper_retired *retired);
const struct base_id *keeper_retired_at(const struct keeper_retired *retired, uint64_t index);
/* The mark of the list's first so many records, as the file has it. */
BASE_NODISCARD enum base_code keeper_retired_mark(const struct keeper_retired *retired, uint64_t count,
                                                  struct wire_keeper_mark *out, struct base_error *err);
bool keeper_retired_holds(const struct keeper_retired *retired, const struct base_secret *key);
/* A write failed. */
bool keeper_retired_broken(const struct keeper_retired *retired);

#endif
