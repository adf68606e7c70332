/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/seal.h"

/* RFC 6962 section 2.1; verification as RFC 9162 section 2.1.3.2 and 2.1.4.2 spell it out. */

/* One step of a proof: which way node `first` of a level whose last node is `last` is joined, and the level above. */
static void climb(uint64_t *first, uint64_t *last) {
  *first >>= 1;
  *last >>= 1;
}

static bool joins_left(uint64_t first, uint64_t last) {
  return (first & 1) != 0 || first == last;
}

/* A node without a sibling on its right stands in for its parents until it has one on its left. */
static void skip_ragged(uint64_t *first, uint64_t *last) {
  while ((*first & 1) == 0 && *first != 0)
    climb(first, last);
}

enum base_code seal_inclusion_verify(const struct base_hash *leaf_hash, uint64_t index, uint64_t size,
                                     const struct base_hash *proof, size_t count, const struct base_hash *root,
                                     struct base_error *err) {
  if (index >= size)
    return base_fail(err, BASE_INCLUSION, "inclusion proof: leaf %llu does not exist in a tree of %llu",
                     (unsigned long long)index, (unsigned long long)size);
  uint64_t first = index, last = size - 1;
  struct base_hash hash = *leaf_hash;
  for (size_t i = 0; i < count; i++) {
    if (last == 0)
      return base_fail(err, BASE_INCLUSION, "inclusion proof of leaf %llu: %zu hashes too many",
                       (unsigned long long)index, count - i);
    if (joins_left(first, last)) {
      hash = seal_node_hash(&proof[i], &hash);
      skip_ragged(&first, &last);
    } else {
      hash = seal_node_hash(&hash, &proof[i]);
    }
    climb(&first, &last);
  }
  if (last != 0)
    return base_fail(err, BASE_INCLUSION, "inclusion proof of leaf %llu: cut short after %zu hashes",
                     (unsigned long long)index, count);
  if (!base_hash_equal(&hash, root))
    return base_fail(err, BASE_INCLUSION, "inclusion proof of leaf %llu: it leads to another root than the head's",
                     (unsigned long long)index);
  return BASE_OK;
}

/* 0 < old_size < new_size */
static enum base_code verify_growth(uint64_t old_size, const struct base_hash *old_root, uint64_t new_size,
                                    const struct base_hash *new_root, const struct base_hash *proof, size_t count,
                                    struct base_error *err) {
  uint64_t first = old_size - 1, last = new_size - 1;
  while ((first & 1) != 0)
    climb(&first, &last);
  /* When the old tree is complete it is itself the first node of the proof, which then leaves it out. */
  size_t next = first == 0 ? 0 : 1;
  if (count == 0)
    return base_fail(err, BASE_CONSISTENCY, "consistency proof: empty");
  struct base_hash old_hash = first == 0 ? *old_root : proof[0], new_hash = old_hash;
  for (; next < count; next++) {
    if (last == 0)
      return base_fail(err, BASE_CONSISTENCY, "consistency proof: %zu hashes too many", count - next);
    if (joins_left(first, last)) {
      old_hash = seal_node_hash(&proof[next], &old_hash);
      new_hash = seal_node_hash(&proof[next], &new_hash);
      skip_ragged(&first, &last);
    } else {
      new_hash = seal_node_hash(&new_hash, &proof[next]);
    }
    climb(&first, &last);
  }
  if (last != 0)
    return base_fail(err, BASE_CONSISTENCY, "consistency proof: cut short after %zu hashes", count);
  if (!base_hash_equal(&old_hash, old_root))
    return base_fail(err, BASE_CONSISTENCY, "consistency proof: it does not lead to the old head's root");
  if (!base_hash_equal(&new_hash, new_root))
    return base_fail(err, BASE_CONSISTENCY, "consistency proof: it does not lead to the new head's root");
  return BASE_OK;
}

enum base_code seal_consistency_verify(uint64_t old_size, const struct base_hash *old_root, uint64_t new_size,
                                       const struct base_hash *new_root, const struct base_hash *proof, size_t count,
                                       struct base_error *err) {
  if (old_size > new_size)
    return base_fail(err, BASE_CONSISTENCY, "consistency proof: the new head has %llu leaves, the old one %llu",
                     (unsigned long long)new_size, (unsigned long long)old_size);
  if (old_size > 0 && old_size < new_size)
    return verify_growth(old_size, old_root, new_size, new_root, proof, count, err);
  if (count != 0)
    return base_fail(err, BASE_CONSISTENCY, "consistency proof: %zu hashes where none is needed", count);
  struct base_hash empty = seal_empty_root();
  const struct base_hash *must = old_size == 0 ? &empty : old_root;
  if (old_size == new_size && !base_hash_equal(must, new_root))
    return base_fail(err, BASE_CONSISTENCY, "two heads of %llu leaves have different roots",
                     (unsigned long long)new_size);
  return BASE_OK;
}

/* --- proofs made */

enum { LEVELS = 64 };

/* The largest power of two below size; size > 1. */
static uint64_t split(uint64_t size) {
  return (uint64_t)1 << (63 - __builtin_clzll(size - 1));
}

/* The tree hash over leaves [begin, begin + size), size > 0, where begin is a multiple of a power of two >= size: so it
 * falls into complete subtrees from left to right, ever smaller. */
static enum base_code range_hash(const struct seal_tree *tree, uint64_t begin, uint64_t size, struct base_hash *out,
                                 struct base_error *err) {
  struct base_hash nodes[LEVELS];
  size_t count = 0;
  for (unsigned level = LEVELS; level-- > 0;) {
    if ((size >> level & 1) == 0)
      continue;
    enum base_code code = tree->node(tree->context, level, begin >> level, &nodes[count], err);
    if (code != BASE_OK)
      return code;
    count++;
    begin += (uint64_t)1 << level;
  }
  struct base_hash hash = nodes[count - 1];
  for (size_t i = count - 1; i-- > 0;)
    hash = seal_node_hash(&nodes[i], &hash);
  *out = hash;
  return BASE_OK;
}

enum base_code seal_tree_root(const struct seal_tree *tree, uint64_t size, struct base_hash *out,
                              struct base_error *err) {
  if (size > 0)
    return range_hash(tree, 0, size, out, err);
  *out = seal_empty_root();
  return BASE_OK;
}

/* Siblings met on the way down; a proof has them from below. */
struct descent {
  struct base_hash hashes[LEVELS];
  size_t count;
};

static enum base_code meet(struct descent *descent, const struct seal_tree *tree, uint64_t begin, uint64_t size,
                           struct base_error *err) {
  enum base_code code = range_hash(tree, begin, size, &descent->hashes[descent->count], err);
  descent->count += code == BASE_OK;
  return code;
}

static void turn_over(const struct descent *descent, struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count) {
  for (size_t i = 0; i < descent->count; i++)
    proof[i] = descent->hashes[descent->count - 1 - i];
  *count = descent->count;
}

/* The way down from the whole tree: to the leaf `target`, or, for a consistency proof, to the subtree that the old tree
 * of `target` leaves ends with. *out_begin and *out_size say where it ended. */
static enum base_code descend(const struct seal_tree *tree, uint64_t size, uint64_t target, bool to_leaf,
                              struct descent *descent, uint64_t *out_begin, uint64_t *out_size,
                              struct base_error *err) {
  uint64_t begin = 0;
  while (to_leaf ? size > 1 : target != size) {
    uint64_t left = split(size);
    bool go_left = to_leaf ? target < left : target <= left;
    enum base_code code =
        go_left ? meet(descent, tree, begin + left, size - left, err) : meet(descent, tree, begin, left, err);
    if (code != BASE_OK)
      return code;
    begin += go_left ? 0 : left;
    target -= go_left ? 0 : left;
    size = go_left ? left : size - left;
  }
  *out_begin = begin;
  *out_size = size;
  return BASE_OK;
}

enum base_code seal_tree_inclusion(const struct seal_tree *tree, uint64_t index, uint64_t size,
                                   struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count,
                                   struct base_error *err) {
  if (index >= size || size > WIRE_TREE_SIZE_MAX)
    return base_fail(err, BASE_NOT_FOUND, "no leaf %llu in a register of %llu", (unsigned long long)index,
                     (unsigned long long)size);
  struct descent descent = {.count = 0};
  uint64_t begin, width;
  enum base_code code = descend(tree, size, index, true, &descent, &begin, &width, err);
  if (code == BASE_OK)
    turn_over(&descent, proof, count);
  return code;
}

enum base_code seal_tree_consistency(const struct seal_tree *tree, uint64_t old_size, uint64_t new_size,
                                     struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count,
                                     struct base_error *err) {
  if (old_size > new_size || new_size > WIRE_TREE_SIZE_MAX)
    return base_fail(err, BASE_NOT_FOUND, "no way from %llu leaves to %llu", (unsigned long long)old_size,
                     (unsigned long long)new_size);
  struct descent descent = {.count = 0};
  if (old_size == 0 || old_size == new_size) {
    *count = 0;
    return BASE_OK;
  }
  uint64_t begin, width;
  enum base_code code = descend(tree, new_size, old_size, false, &descent, &begin, &width, err);
  if (code == BASE_OK && begin > 0)
    code = meet(&descent, tree, begin, width, err);
  if (code == BASE_OK)
    turn_over(&descent, proof, count);
  return code;
}
