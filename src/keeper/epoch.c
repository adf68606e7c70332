/* SPDX-License-Identifier: Apache-2.0
 * A new epoch of our own register: done once, offline, by wasl node epoch. spec/epoch.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/internal.h"

/* What a partner took stays taken: of each card he takes one successor. Data without the last card has nothing that
 * could follow it, and closing the register would leave no way back. */
static enum base_code card_lost(const char *which, struct base_error *err) {
  return base_fail(
      err, BASE_ROLLBACK,
      "%s, and the newest card of the data in core/ is another: it is from before that, and partners would "
      "take nothing more of this node; look for data that has that card (a newer backup, the old core/). "
      "Without it the node cannot go on: make a new one, whose card partners compare by voice "
      "(docs/backup.md). Nothing was changed",
      which);
}

/* card: of the data. Which one the memory signed last it knows by its hash; zeroes before any. */
static enum base_code check_signed(const struct keeper_head *own, struct base_view card, struct base_error *err) {
  char which[80];
  struct base_hash hash = seal_sha256(card);
  if (card.size == 0 || wire_key_none(&own->bound) || memcmp(own->bound.bytes, hash.bytes, sizeof hash.bytes) == 0)
    return BASE_OK;
  (void)snprintf(which, sizeof which, "the keeper signed the card of generation %u last", (unsigned)own->generation);
  return card_lost(which, err);
}

/* Without the memory: the newest keys must be those on the card. */
static enum base_code check_named(const struct keeper *keeper, struct base_view bytes, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_card card;
  if (bytes.size == 0)
    return BASE_OK;
  if (wire_card_parse(bytes, &arena, &card, err) != BASE_OK)
    return base_fail_within(err, "the card of the data");
  const struct {
    enum keeper_key_type type;
    const struct wire_key *key;
  } named[] = {
      {KEEPER_KEY_LOG, &card.log_key}, {KEEPER_KEY_WITNESS, &card.witness_key}, {KEEPER_KEY_SEAL, &card.seals[0].key}};
  for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
    const struct keeper_held *held = keeper_ring_newest(keeper, named[i].type);
    char which[80];
    (void)snprintf(which, sizeof which, "the keeper holds %s", keeper_key_name(held->type, held->number).text);
    if (!wire_key_equal(&held->public_key, named[i].key))
      return card_lost(which, err);
  }
  return BASE_OK;
}

/* The next one of a memory that is there. */
static enum base_code go_on(int dir, uint32_t number, struct base_view card, const struct base_world *world,
                            char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  struct keeper *keeper = NULL;
  enum base_code code = keeper_open(dir, world, &keeper, err);
  if (code != BASE_OK)
    return code;
  uint32_t epoch = keeper_heads_epoch(keeper->heads);
  uint32_t next = number == 0 ? epoch + 1 : number;
  struct keeper_head own = *keeper_heads_own(keeper->heads);
  if (next <= epoch)
    code = base_fail(err, BASE_FIELD, "epoch %u is signed already: the next one is %u", (unsigned)epoch,
                     (unsigned)epoch + 1);
  else if (next > WIRE_EPOCHS_MAX)
    code = base_fail(err, BASE_TOO_LARGE, "a register has at most %d epochs", WIRE_EPOCHS_MAX);
  else if (number == 0 && epoch > 1 && own.size == 0) /* a number that is said is meant: that one was the wrong one */
    code = base_fail(err, BASE_CONFLICT, "epoch %u is open already and has not begun: start the node, and it begins",
                     (unsigned)epoch);
  if (code == BASE_OK)
    code = check_signed(&own, card, err);
  if (code == BASE_OK) {
    own.origin = keeper_register_hash(keeper->origin, next);
    own.size = 0;
    own.root = (struct base_hash){0};
    code = keeper_heads_store(keeper->heads, 0, &own, err);
  }
  if (code == BASE_OK)
    keeper_register_origin(keeper->origin, next, out);
  keeper_close(keeper);
  return code;
}

/* The file is the keeper's, whoever runs this. */
static enum base_code give_to_owner(int dir, struct base_error *err) {
  struct stat folder;
  if (fstat(dir, &folder) != 0 ||
      (geteuid() == 0 && fchownat(dir, KEEPER_HEADS_FILE, folder.st_uid, folder.st_gid, AT_SYMLINK_NOFOLLOW) != 0))
    return base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be given to the keeper's user");
  return BASE_OK;
}

/* The newest keys that are held are in force; core compares them with the card. */
static enum base_code make_memory(struct keeper *keeper, int dir, uint32_t number, struct base_view card,
                                  char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  keeper->dir = dir;
  enum base_code code = keeper_ring_load(keeper, err);
  const struct keeper_held *log = code == BASE_OK ? keeper_ring_newest(keeper, KEEPER_KEY_LOG) : NULL;
  const struct keeper_held *witness = code == BASE_OK ? keeper_ring_newest(keeper, KEEPER_KEY_WITNESS) : NULL;
  for (enum keeper_key_type type = KEEPER_KEY_LOG; code == BASE_OK && type < KEEPER_KEY_TYPES; type++)
    if (keeper_ring_newest(keeper, type) == NULL)
      code = base_fail(err, BASE_NOT_FOUND, "%s is missing, and no later one is there; put its offline copy back",
                       keeper_key_name(type, 1).text);
  if (code == BASE_OK)
    code = check_named(keeper, card, err);
  if (code == BASE_OK)
    code = keeper_heads_init(dir, keeper->origin, number, log->number, witness->number, err);
  if (code == BASE_OK) {
    keeper_register_origin(keeper->origin, number, out);
    code = give_to_owner(dir, err);
  }
  keeper_ring_free(keeper);
  return code;
}

/* Without the memory nobody here knows which epochs there were: whoever runs the node must say it. */
static enum base_code begin_anew(int dir, uint32_t number, struct base_view card, const struct base_world *world,
                                 char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  if (number < 2 || number > WIRE_EPOCHS_MAX)
    return base_fail(err, BASE_FIELD,
                     KEEPER_HEADS_FILE
                     " is missing: say the number of the new epoch (--number 2 when this is the first "
                     "loss, else one more than the last; from 2 to %d)",
                     WIRE_EPOCHS_MAX);
  struct keeper *keeper = calloc(1, sizeof *keeper);
  if (keeper == NULL)
    return base_fail(err, BASE_MEMORY, "keeper: out of memory");
  keeper->world = world;
  enum base_code code = make_memory(keeper, dir, number, card, out, err);
  free(keeper);
  return code;
}

enum base_code keeper_epoch_open(int dir, uint32_t number, struct base_view card, const struct base_world *world,
                                 char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  struct stat status;
  if (fstatat(dir, KEEPER_HEADS_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0)
    return go_on(dir, number, card, world, out, err);
  return errno == ENOENT ? begin_anew(dir, number, card, world, out, err)
                         : base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be examined");
}
