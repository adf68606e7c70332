/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_TESTS_UNIT_KEEPER_TRY_H
#define WASL_TESTS_UNIT_KEEPER_TRY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/heads.h"
#include "keeper/keeper.h"
#include "keeper/key.h"

/* A folder, a clock that the test sets, randomness that repeats, and a register to make heads and proofs of. */
struct try_world {
  struct base_world world;
  base_time now;
  uint64_t random;
};

static inline base_time try_now(void *context) {
  return ((struct try_world *)context)->now;
}

static inline int64_t try_monotonic(void *context) {
  (void)context;
  return 0;
}

static inline void try_random(void *context, void *out, size_t size) {
  struct try_world *world = context;
  for (size_t i = 0; i < size; i++) {
    world->random = world->random * 6364136223846793005u + 1442695040888963407u;
    ((uint8_t *)out)[i] = (uint8_t)(world->random >> 56);
  }
}

static inline void try_world_init(struct try_world *world, uint64_t seed) {
  *world = (struct try_world){.now = 1800000000, .random = seed};
  world->world =
      (struct base_world){.context = world, .now = try_now, .monotonic_ms = try_monotonic, .random = try_random};
}

enum { TRY_PATH = 256 };

static inline int try_folder(char path[TRY_PATH]) {
  const char *within = getenv("WASL_TEST_TMP"); /* the runner's, removed by it */
  snprintf(path, TRY_PATH, "%s/keeper-XXXXXX", within != NULL ? within : "/tmp");
  assert_non_null(mkdtemp(path));
  int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(dir >= 0);
  return dir;
}

static inline void try_folder_remove(const char *path, int dir) {
  keeper_remove(dir);
  close(dir);
  assert_int_equal(rmdir(path), 0);
}

static inline void try_expect(enum base_code code, const struct base_error *err, enum base_code expected,
                              const char *words) {
  if (code != expected)
    fail_msg("%s instead of %s (%s)", base_code_name(code), base_code_name(expected), code ? err->text : "");
  if (code && strstr(err->text, words) == NULL)
    fail_msg("the error \"%s\" lacks \"%s\"", err->text, words);
}

static inline struct keeper *try_open(int dir, const struct try_world *world) {
  struct keeper *keeper = NULL;
  struct base_error err;
  try_expect(keeper_open(dir, &world->world, &keeper, &err), &err, BASE_OK, "");
  return keeper;
}

static inline struct keeper *try_new(int dir, const struct try_world *world, const char *name) {
  struct base_error err;
  try_expect(keeper_init(dir, base_view_text(name), &world->world, &err), &err, BASE_OK, "");
  return try_open(dir, world);
}

/* What the keeper says of itself, as the tests look at it. */
struct try_info {
  char origin[WIRE_ORIGIN_MAX + 1];
  struct wire_key log, witness;
  struct wire_seal_key seal; /* the newest */
  uint32_t epoch;
  uint64_t size;
  struct base_hash root;
  struct wire_keeper_info all;
};

static inline void try_describe_form(const struct wire_keeper_info *form, struct try_info *out) {
  *out = (struct try_info){.size = form->size, .root = form->root, .all = *form};
  memcpy(out->origin, form->origin, sizeof out->origin);
  for (size_t i = 0; i < form->count; i++) {
    const struct wire_keeper_key *key = &form->keys[i];
    if (key->type == WIRE_KEEPER_SEAL) {
      struct base_hash id = seal_key_hash(&key->public_key);
      out->seal = (struct wire_seal_key){.key = key->public_key, .from = key->from, .until = key->until};
      memcpy(out->seal.id, id.bytes, sizeof out->seal.id);
    } else if (key->state == WIRE_KEEPER_IN_FORCE && key->type == WIRE_KEEPER_EPOCH) {
      out->epoch = key->number;
    } else if (key->state == WIRE_KEEPER_IN_FORCE) {
      *(key->type == WIRE_KEEPER_LOG ? &out->log : &out->witness) = key->public_key;
    }
  }
}

static inline void try_describe(const struct keeper *keeper, struct try_info *out) {
  struct wire_keeper_info form;
  keeper_describe(keeper, &form);
  try_describe_form(&form, out);
}

/* A register: leaf number i is a text of i and salt; two with different salts are forks from the leaf on where they
 * part. */
struct try_register {
  uint64_t parts; /* leaves below are of the common past */
  unsigned salt;
};

static inline enum base_code try_node(void *context, unsigned level, uint64_t index, struct base_hash *out,
                                      struct base_error *err) {
  const struct try_register *log = context;
  if (level == 0) {
    char leaf[48];
    int size = snprintf(leaf, sizeof leaf, "%llu/%u", (unsigned long long)index, index < log->parts ? 0 : log->salt);
    *out = seal_leaf_hash(base_view_of(leaf, (size_t)size));
    return BASE_OK;
  }
  struct base_hash left, right;
  enum base_code code = try_node(context, level - 1, 2 * index, &left, err);
  if (code == BASE_OK)
    code = try_node(context, level - 1, 2 * index + 1, &right, err);
  *out = seal_node_hash(&left, &right);
  return code;
}

static inline struct base_hash try_root(struct try_register *log, uint64_t size) {
  struct seal_tree tree = {log, try_node};
  struct base_hash root;
  assert_int_equal(seal_tree_root(&tree, size, &root, NULL), BASE_OK);
  return root;
}

struct try_proof {
  size_t count;
  struct base_hash hashes[WIRE_PROOF_HASHES_MAX];
};

static inline struct try_proof try_consistency(struct try_register *log, uint64_t old_size, uint64_t size) {
  struct seal_tree tree = {log, try_node};
  struct try_proof proof = {0};
  if (old_size > 0 && old_size < size)
    assert_int_equal(seal_tree_consistency(&tree, old_size, size, proof.hashes, &proof.count, NULL), BASE_OK);
  return proof;
}

static inline enum base_code try_attest(struct keeper *keeper, struct try_register *log, uint64_t old_size,
                                        uint64_t size, struct base_buf *note, struct base_error *err) {
  struct try_proof proof = try_consistency(log, old_size, size);
  struct base_hash root = try_root(log, size);
  base_buf_reset(note);
  return keeper_attest(keeper, size, &root, proof.hashes, proof.count, note, err);
}

#endif
