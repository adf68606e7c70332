/* SPDX-License-Identifier: Apache-2.0 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "seal/seal.h"
#include "wire/json.h"

enum { SIZES = 130, LEVELS = 9 };

/* --- published vectors */

struct tally {
  size_t files, accepted, refused, unreadable;
};
static struct tally tally; /* nftw hands no context */

/* Roots and hashes that are no SHA-256 are refused input; the one good vector that has such roots compares them as they
 * stand, so they are filled up with zeros there. */
static bool take_hash(struct base_view text, bool fill, struct base_hash *out) {
  BASE_AUTO_BUF struct base_buf raw = {0};
  base_buf_init(&raw, 4096);
  if (base_base64_parse(text, &raw, NULL) != BASE_OK || raw.size > 32 || (raw.size != 32 && !fill))
    return false;
  memset(out, 0, sizeof *out);
  if (raw.size > 0)
    memcpy(out->bytes, raw.data, raw.size);
  return true;
}

static bool take_proof(const struct wire_json *list, struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count) {
  *count = wire_json_size(list);
  if (*count > WIRE_PROOF_HASHES_MAX)
    return false;
  for (size_t i = 0; i < *count; i++)
    if (!take_hash(wire_json_text(wire_json_at(list, i)), false, &proof[i]))
      return false;
  return true;
}

static bool verify_vector(const struct wire_json *vector, bool fill) {
  struct base_hash proof[WIRE_PROOF_HASHES_MAX], one, two;
  size_t count;
  if (!take_proof(wire_json_get(vector, "proof"), proof, &count))
    return false;
  if (wire_json_get(vector, "leafIdx") != NULL) {
    if (!take_hash(wire_json_text(wire_json_get(vector, "leafHash")), fill, &one) ||
        !take_hash(wire_json_text(wire_json_get(vector, "root")), fill, &two))
      return false;
    return seal_inclusion_verify(&one, (uint64_t)wire_json_integer(wire_json_get(vector, "leafIdx")),
                                 (uint64_t)wire_json_integer(wire_json_get(vector, "treeSize")), proof, count, &two,
                                 NULL) == BASE_OK;
  }
  if (!take_hash(wire_json_text(wire_json_get(vector, "root1")), fill, &one) ||
      !take_hash(wire_json_text(wire_json_get(vector, "root2")), fill, &two))
    return false;
  return seal_consistency_verify((uint64_t)wire_json_integer(wire_json_get(vector, "size1")), &one,
                                 (uint64_t)wire_json_integer(wire_json_get(vector, "size2")), &two, proof, count,
                                 NULL) == BASE_OK;
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *where) {
  (void)status;
  (void)where;
  if (type != FTW_F)
    return 0;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 1 << 20);
  assert_int_equal(base_file_read(-100 /* AT_FDCWD */, path, 1 << 20, &text, NULL), BASE_OK);
  tally.files++;
  WIRE_AUTO_JSON struct wire_json *vector = NULL;
  struct base_error err;
  if (wire_json_parse(base_buf_view(&text), 1 << 20, "vector", &vector, &err) != BASE_OK) {
    /* leafIdx 2^64-1: no integer of ours, so refused input, as it must be */
    assert_non_null(strstr((const char *)text.data, "18446744073709551615"));
    tally.unreadable++;
    return 0;
  }
  bool must_fail = wire_json_true(wire_json_get(vector, "wantErr"));
  if (verify_vector(vector, !must_fail) == must_fail)
    fail_msg("%s: should be %s", path, must_fail ? "refused" : "accepted");
  tally.accepted += !must_fail;
  tally.refused += must_fail;
  return 0;
}

static void published_vectors(void **state) {
  (void)state;
  assert_int_equal(nftw(WASL_SOURCE_DIR "/tests/vectors/merkle", visit, 8, FTW_PHYS), 0);
  assert_int_equal(tally.files, 196);
  assert_int_equal(tally.accepted, 12);
  assert_int_equal(tally.unreadable, 2);
  assert_int_equal(tally.refused, 182);
}

/* --- proofs of our own, for every size up to SIZES */

struct forest {
  struct base_hash nodes[LEVELS][SIZES];
  struct base_hash roots[SIZES + 1];
  struct seal_tree tree;
};

static enum base_code forest_node(void *context, unsigned level, uint64_t index, struct base_hash *out,
                                  struct base_error *err) {
  (void)err;
  struct forest *forest = context;
  assert_true(level < LEVELS);
  assert_true((index + 1) << level <= SIZES); /* only complete subtrees are asked for */
  *out = forest->nodes[level][index];
  return BASE_OK;
}

/* MTH as RFC 6962 defines it, by recursion: another way than the one under test. */
static struct base_hash defined_root(const struct base_hash *leaves, size_t size) {
  if (size == 0)
    return seal_sha256(BASE_VIEW(""));
  if (size == 1)
    return leaves[0];
  size_t left = 1;
  while (left * 2 < size)
    left *= 2;
  struct base_hash one = defined_root(leaves, left), two = defined_root(leaves + left, size - left);
  return seal_node_hash(&one, &two);
}

static int grow(void **state) {
  struct forest *forest = calloc(1, sizeof *forest);
  assert_non_null(forest);
  for (size_t i = 0; i < SIZES; i++) {
    char leaf[16];
    snprintf(leaf, sizeof leaf, "leaf %zu", i);
    forest->nodes[0][i] = seal_leaf_hash(base_view_text(leaf));
  }
  for (size_t level = 1; level < LEVELS; level++)
    for (size_t i = 0; (i + 1) << level <= SIZES; i++)
      forest->nodes[level][i] = seal_node_hash(&forest->nodes[level - 1][2 * i], &forest->nodes[level - 1][2 * i + 1]);
  for (size_t size = 0; size <= SIZES; size++)
    forest->roots[size] = defined_root(forest->nodes[0], size);
  forest->tree = (struct seal_tree){forest, forest_node};
  *state = forest;
  return 0;
}

static int fell(void **state) {
  free(*state);
  return 0;
}

static void roots(void **state) {
  struct forest *forest = *state;
  for (uint64_t size = 0; size <= SIZES; size++) {
    struct base_hash root;
    assert_int_equal(seal_tree_root(&forest->tree, size, &root, NULL), BASE_OK);
    assert_true(base_hash_equal(&root, &forest->roots[size]));
  }
}

static bool included(const struct forest *forest, uint64_t leaf, uint64_t index, uint64_t size,
                     const struct base_hash *proof, size_t count) {
  return seal_inclusion_verify(&forest->nodes[0][leaf], index, size, proof, count, &forest->roots[size], NULL) ==
         BASE_OK;
}

static void hostile_inclusion(const struct forest *forest, uint64_t index, uint64_t size, struct base_hash *proof,
                              size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint8_t *byte = &proof[i].bytes[(index + i) % 32];
    *byte ^= (uint8_t)(1 << (size % 8));
    assert_false(included(forest, index, index, size, proof, count));
    *byte ^= (uint8_t)(1 << (size % 8));
  }
  if (count > 0) {
    assert_false(included(forest, index, index, size, proof, count - 1));
    assert_false(included(forest, index, index, size, proof + 1, count - 1));
    if (!base_hash_equal(&proof[0], &forest->nodes[0][index]))
      assert_false(included(forest, index, index ^ 1, size, proof, count));
  }
  proof[count] = forest->roots[size];
  assert_false(included(forest, index, index, size, proof, count + 1));
  assert_false(included(forest, index, size, size, proof, count));
  assert_false(included(forest, index, UINT64_MAX, size, proof, count));
  if (size > 1) /* another size needs another root */
    assert_false(seal_inclusion_verify(&forest->nodes[0][index], index, size, proof, count, &forest->roots[size - 1],
                                       NULL) == BASE_OK);
}

static void every_inclusion(void **state) {
  struct forest *forest = *state;
  for (uint64_t size = 1; size <= SIZES; size++)
    for (uint64_t index = 0; index < size; index++) {
      struct base_hash proof[WIRE_PROOF_HASHES_MAX + 1];
      size_t count = 0;
      assert_int_equal(seal_tree_inclusion(&forest->tree, index, size, proof, &count, NULL), BASE_OK);
      assert_true(included(forest, index, index, size, proof, count));
      hostile_inclusion(forest, index, size, proof, count);
    }
}

static bool consistent(const struct forest *forest, uint64_t old_size, uint64_t new_size, uint64_t old_root,
                       uint64_t new_root, const struct base_hash *proof, size_t count) {
  return seal_consistency_verify(old_size, &forest->roots[old_root], new_size, &forest->roots[new_root], proof, count,
                                 NULL) == BASE_OK;
}

static void hostile_consistency(const struct forest *forest, uint64_t old_size, uint64_t new_size,
                                struct base_hash *proof, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint8_t *byte = &proof[i].bytes[(old_size + i) % 32];
    *byte ^= (uint8_t)(1 << (new_size % 8));
    assert_false(consistent(forest, old_size, new_size, old_size, new_size, proof, count));
    *byte ^= (uint8_t)(1 << (new_size % 8));
  }
  if (count > 0) {
    assert_false(consistent(forest, old_size, new_size, old_size, new_size, proof, count - 1));
    assert_false(consistent(forest, old_size, new_size, old_size, new_size, proof + 1, count - 1));
    assert_false(consistent(forest, old_size, new_size, old_size, new_size, NULL, 0));
  }
  proof[count] = forest->roots[new_size];
  assert_false(consistent(forest, old_size, new_size, old_size, new_size, proof, count + 1));
  if (old_size > 0 && old_size < new_size) {
    assert_false(consistent(forest, old_size, new_size, new_size, old_size, proof, count));
    assert_false(consistent(forest, old_size, new_size, old_size - 1, new_size, proof, count));
    assert_false(consistent(forest, old_size, new_size, old_size, new_size - 1, proof, count));
    assert_false(consistent(forest, new_size, old_size, new_size, old_size, proof, count));
    assert_false(consistent(forest, new_size, new_size, old_size, new_size, NULL, 0)); /* a fork */
  }
}

static void every_consistency(void **state) {
  struct forest *forest = *state;
  for (uint64_t new_size = 0; new_size <= SIZES; new_size++)
    for (uint64_t old_size = 0; old_size <= new_size; old_size++) {
      struct base_hash proof[WIRE_PROOF_HASHES_MAX + 1];
      size_t count = 0;
      assert_int_equal(seal_tree_consistency(&forest->tree, old_size, new_size, proof, &count, NULL), BASE_OK);
      assert_true(consistent(forest, old_size, new_size, old_size, new_size, proof, count));
      hostile_consistency(forest, old_size, new_size, proof, count);
    }
}

static void empty_is_consistent_with_anything(void **state) {
  struct forest *forest = *state;
  assert_int_equal(seal_consistency_verify(0, NULL, 7, &forest->roots[7], NULL, 0, NULL), BASE_OK);
  assert_int_equal(seal_consistency_verify(0, NULL, 0, &forest->roots[7], NULL, 0, NULL), BASE_CONSISTENCY);
}

static void what_does_not_exist(void **state) {
  struct forest *forest = *state;
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  size_t count;
  assert_int_equal(seal_tree_inclusion(&forest->tree, 5, 5, proof, &count, NULL), BASE_NOT_FOUND);
  assert_int_equal(seal_tree_inclusion(&forest->tree, 0, WIRE_TREE_SIZE_MAX + 1, proof, &count, NULL), BASE_NOT_FOUND);
  assert_int_equal(seal_tree_consistency(&forest->tree, 6, 5, proof, &count, NULL), BASE_NOT_FOUND);
  assert_int_equal(seal_tree_consistency(&forest->tree, 6, WIRE_TREE_SIZE_MAX + 1, proof, &count, NULL),
                   BASE_NOT_FOUND);
}

/* The largest tree there can be: its proofs fit WIRE_PROOF_HASHES_MAX. */
static enum base_code same_node(void *context, unsigned level, uint64_t index, struct base_hash *out,
                                struct base_error *err) {
  (void)context;
  (void)index;
  (void)err;
  memset(out, (int)level, sizeof *out);
  return BASE_OK;
}

static void the_largest_tree(void **state) {
  (void)state;
  const struct seal_tree tree = {NULL, same_node};
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  size_t count = 0;
  assert_int_equal(seal_tree_inclusion(&tree, 0, WIRE_TREE_SIZE_MAX, proof, &count, NULL), BASE_OK);
  assert_int_equal(count, 63);
  assert_int_equal(seal_tree_consistency(&tree, WIRE_TREE_SIZE_MAX - 1, WIRE_TREE_SIZE_MAX, proof, &count, NULL),
                   BASE_OK);
  assert_true(count <= WIRE_PROOF_HASHES_MAX);
}

static enum base_code broken_node(void *context, unsigned level, uint64_t index, struct base_hash *out,
                                  struct base_error *err) {
  (void)context;
  (void)level;
  (void)index;
  (void)out;
  return base_fail(err, BASE_IO, "no such tile");
}

static void a_store_that_fails(void **state) {
  (void)state;
  const struct seal_tree tree = {NULL, broken_node};
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  size_t count = 77;
  assert_int_equal(seal_tree_root(&tree, 3, proof, NULL), BASE_IO);
  assert_int_equal(seal_tree_inclusion(&tree, 1, 3, proof, &count, NULL), BASE_IO);
  assert_int_equal(seal_tree_consistency(&tree, 1, 3, proof, &count, NULL), BASE_IO);
  assert_int_equal(count, 77);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_vectors),
      cmocka_unit_test(roots),
      cmocka_unit_test(every_inclusion),
      cmocka_unit_test(every_consistency),
      cmocka_unit_test(empty_is_consistent_with_anything),
      cmocka_unit_test(what_does_not_exist),
      cmocka_unit_test(the_largest_tree),
      cmocka_unit_test(a_store_that_fails),
  };
  return cmocka_run_group_tests(tests, grow, fell);
}
