/* SPDX-License-Identifier: Apache-2.0
 * A new epoch of our own register: done once, offline, by wasl node epoch. spec/epoch.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/internal.h"

/* The next one of a memory that is there. */
static enum base_code go_on(int dir, uint32_t number, const struct base_world *world, char out[WIRE_ORIGIN_MAX + 1],
                            struct base_error *err) {
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
static enum base_code make_memory(struct keeper *keeper, int dir, uint32_t number, char out[WIRE_ORIGIN_MAX + 1],
                                  struct base_error *err) {
  keeper->dir = dir;
  enum base_code code = keeper_ring_load(keeper, err);
  const struct keeper_held *log = code == BASE_OK ? keeper_ring_newest(keeper, KEEPER_KEY_LOG) : NULL;
  const struct keeper_held *witness = code == BASE_OK ? keeper_ring_newest(keeper, KEEPER_KEY_WITNESS) : NULL;
  for (enum keeper_key_type type = KEEPER_KEY_LOG; code == BASE_OK && type < KEEPER_KEY_TYPES; type++)
    if (keeper_ring_newest(keeper, type) == NULL)
      code = base_fail(err, BASE_NOT_FOUND, "%s is missing, and no later one is there; put its offline copy back",
                       keeper_key_name(type, 1).text);
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
static enum base_code begin_anew(int dir, uint32_t number, const struct base_world *world,
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
  enum base_code code = make_memory(keeper, dir, number, out, err);
  free(keeper);
  return code;
}

enum base_code keeper_epoch_open(int dir, uint32_t number, const struct base_world *world,
                                 char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  struct stat status;
  if (fstatat(dir, KEEPER_HEADS_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0)
    return go_on(dir, number, world, out, err);
  return errno == ENOENT ? begin_anew(dir, number, world, out, err)
                         : base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be examined");
}
