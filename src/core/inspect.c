/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/backup.h"
#include "core/cards.h"
#include "core/parts.h"
#include "core/register.h"

/* What a restored folder holds, without a keeper: every leaf against the root, the tiles against the root, the root
 * against the signed head, the head against the card; parts against their rows. What is sealed stays closed: `wasl
 * register check` looks into it when the node runs. */

enum { LEVELS = 64 };

/* The keeper that a core asks when its register is loaded; here it knows what the backup's head says. */
static enum base_code paper_info(void *context, struct wire_keeper_info *out, struct base_error *err) {
  const struct wire_backup_frame *head = context;
  struct wire_note note;
  struct wire_checkpoint said = {.origin = {0}};
  *out = (struct wire_keeper_info){.size = head->size, .root = head->root};
  enum base_code code = wire_note_parse(head->note, &note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note.text, &said, err);
  if (code == BASE_OK && wire_origin_valid(said.origin)) /* it names the epoch */
    memcpy(out->origin, said.origin.data, said.origin.size);
  return code;
}

/* --- the tree, from the leaves alone (RFC 6962 section 2.1) */

struct tree {
  uint64_t size;
  struct base_hash complete[LEVELS]; /* roots of complete subtrees, by the bits of size */
};

static void tree_add(struct tree *tree, struct base_hash hash) {
  unsigned level = 0;
  for (uint64_t size = tree->size++; (size & 1) == 1; size >>= 1)
    hash = seal_node_hash(&tree->complete[level++], &hash);
  tree->complete[level] = hash;
}

static struct base_hash tree_root(const struct tree *tree) {
  struct base_hash root = seal_empty_root();
  bool any = false;
  for (unsigned level = 0; level < LEVELS; level++) {
    if ((tree->size >> level & 1) == 0)
      continue;
    root = any ? seal_node_hash(&tree->complete[level], &root) : tree->complete[level];
    any = true;
  }
  return root;
}

static enum base_code take_leaf(struct core *core, struct tree *tree, base_time *last, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_leaf row;
  struct wire_leaf leaf;
  enum base_code code = store_leaf_get(core->store, tree->size, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(row.entry, &leaf, err);
  if (code == BASE_OK && leaf.time < *last)
    code = base_fail(err, BASE_CORRUPT, "it is of an earlier time than the one before it");
  if (code != BASE_OK)
    return base_fail_within(err, "leaf %llu", (unsigned long long)tree->size);
  *last = leaf.time;
  tree_add(tree, seal_leaf_hash(row.entry));
  return BASE_OK;
}

/* --- the head */

/* The keys of the card that signs heads of its size. Without the database later cards are not here: then only a head by
 * the first card's key can be verified, and nothing that is restored hangs on another. */
static enum base_code check_head(struct core *core, const struct wire_backup_frame *head, bool database,
                                 struct base_error *err) {
  struct wire_checkpoint said;
  struct seal_signer signer;
  enum base_code code = core_head_signers(&core->cards, NULL, head->note, &signer, err);
  if (code == BASE_OK)
    code = seal_checkpoint_verify(head->note, signer, &said, NULL, err);
  if (code == BASE_SIGNATURE && !database)
    return BASE_OK;
  if (code == BASE_OK && (said.size != head->size || !base_hash_equal(&said.root, &head->root)))
    code = base_fail(err, BASE_CORRUPT, "its note is of another size or root");
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "the backup's head");
}

/* The first card, which the backup has apart. */
static enum base_code check_card(const struct wire_backup_header *header, struct core *core,
                                 const struct wire_backup_frame *head, struct base_error *err) {
  enum base_code code = core_cards_add(&core->cards, head->card, (struct base_view){0}, 0, err);
  if (code != BASE_OK)
    return base_fail_within(err, "the backup's card");
  core->card = core->cards.list[0].card;
  code = seal_card_check(&core->card, err);
  if (code == BASE_OK && !base_view_equal(core->card.origin, header->origin))
    code = base_fail(err, BASE_CORRUPT, "it is of another node than the backup's header");
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "the backup's card");
}

/* All that followed it, each signed by the one before. */
static enum base_code check_cards(struct core *core, const struct wire_backup_frame *head, struct base_error *err) {
  enum base_code code = core_cards_check(core, 0, 1, err);
  core_cards_free(&core->cards);
  if (code == BASE_OK)
    code = core_cards_load(core, 0, 0, &core->cards, err);
  if (code == BASE_OK && !base_view_equal(core->cards.list[0].bytes, head->card))
    code = base_fail(err, BASE_CORRUPT, "the first of them is not the one that the backup has apart");
  if (code != BASE_OK)
    return base_fail_within(err, "the backup's cards");
  core->card = core->cards.list[0].card;
  return BASE_OK;
}

/* As a node leaves it beside its data: the newest that is in force. */
static enum base_code write_newest(const struct core *core, int dir, struct base_error *err) {
  size_t count = core->cards.count - core_card_waits(core);
  return count > 1 ? base_file_replace(dir, CORE_NEWEST_CARD, core->cards.list[count - 1].bytes, 0644, err) : BASE_OK;
}

static enum base_code check_register(struct core *core, const struct wire_backup_frame *head, base_time *out_last,
                                     struct base_error *err) {
  struct tree tree = {0};
  struct base_hash leaves, tiles;
  enum base_code code = core_register_load(core, err);
  if (code == BASE_OK && core->reg.size != head->size)
    code = base_fail(err, BASE_CORRUPT, "the backup holds %llu leaves, and its head is of %llu",
                     (unsigned long long)core->reg.size, (unsigned long long)head->size);
  while (code == BASE_OK && tree.size < head->size)
    code = take_leaf(core, &tree, out_last, err);
  if (code == BASE_OK)
    code = core_register_root(core, head->size, &tiles, err);
  if (code != BASE_OK)
    return code;
  leaves = tree_root(&tree);
  return base_hash_equal(&leaves, &head->root) && base_hash_equal(&tiles, &head->root)
             ? BASE_OK
             : base_fail(err, BASE_CORRUPT, "the backup's leaves or tiles give another root than its signed head has");
}

/* --- parts */

static enum base_code check_parts(int dir, struct core *core, struct core_restored *found, struct base_error *err) {
  struct store_pair key = {INT64_MIN, INT64_MIN};
  for (;;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part row;
    enum base_code code = store_part_next(core->store, &key, &arena, &row, err);
    if (code != BASE_OK)
      return code == BASE_NOT_FOUND ? BASE_OK : code;
    char name[sizeof "parts/" + WIRE_BACKUP_FILE];
    struct stat status;
    snprintf(name, sizeof name, "parts/%.*s", (int)row.file.size, (const char *)row.file.data);
    uint64_t octets = core_part_octets(&row);
    if (octets > 0 && (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || (uint64_t)status.st_size != octets))
      found->missing++;
  }
}

enum base_code core_inspect(const struct wire_backup_header *header, int dir, const struct wire_backup_frame *head,
                            struct core_restored *found, struct base_error *err) {
  struct core *core = calloc(1, sizeof *core); /* a card, a register and a store; the rest of it stays empty */
  if (core == NULL)
    return base_fail(err, BASE_MEMORY, "no memory to look at the backup");
  struct wire_backup_frame said = *head;
  core->env.keeper = (struct core_keeper){.context = &said, .info = paper_info};
  enum base_code code = check_card(header, core, head, err);
  if (code == BASE_OK && found->database)
    code = store_open(dir, NULL, &core->store, err);
  if (code == BASE_OK && found->database)
    code = check_cards(core, head, err);
  if (code == BASE_OK && found->database)
    code = write_newest(core, dir, err);
  if (code == BASE_OK)
    code = check_head(core, head, found->database, err);
  if (code == BASE_OK && found->database) {
    code = check_register(core, head, &found->head_time, err);
    if (code == BASE_OK)
      code = check_parts(dir, core, found, err);
    if (code == BASE_OK)
      code = store_check(core->store, err);
    if (code == BASE_OK)
      code = core_backup_key_restored(core->store, err);
  }
  core_register_free(core);
  store_close(core->store);
  core_cards_free(&core->cards);
  free(core);
  return code;
}
