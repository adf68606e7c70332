/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/cards.h"
#include "core/epoch.h"
#include "core/register.h"

/* The register: leaves in rows, hashes in tiles of 256 (C2SP tlog-tiles), both written in the step's transaction; the
 * head is signed by the keeper after the commit. In memory: a cache of tiles with their inner nodes, so that a proof
 * costs a look-up per node. An append costs one hash per finished node, a proof log2(size) look-ups. */

enum { TILE_HASHES = 256, TILE_BITS = 8 };

/* --- tiles */

static void tile_complete(struct core_tile *tile, unsigned slot) {
  /* the parents of a hash that fell into place, as far as they are complete */
  unsigned node = TILE_HASHES + slot;
  while (node > 1 && (node & 1) == 1) {
    tile->nodes[node / 2] = seal_node_hash(&tile->nodes[node - 1], &tile->nodes[node]);
    node /= 2;
  }
}

static struct core_tile *tile_slot(struct core *core) {
  struct core_tile *oldest = NULL;
  for (size_t i = 0; i < CORE_TILES_CACHED; i++) {
    struct core_tile *tile = &core->reg.tiles[i];
    if (!tile->used)
      return tile;
    if (!tile->dirty && (oldest == NULL || tile->touched < oldest->touched))
      oldest = tile;
  }
  return oldest; /* NULL only if all were dirty: flushed by then, see tile_get */
}

static enum base_code tiles_write(struct core *core, struct base_error *err) {
  for (size_t i = 0; i < CORE_TILES_CACHED; i++) {
    struct core_tile *tile = &core->reg.tiles[i];
    if (!tile->used || !tile->dirty)
      continue;
    struct base_view hashes = base_view_of(&tile->nodes[TILE_HASHES], (size_t)tile->count * sizeof tile->nodes[0]);
    enum base_code code = store_tile_put(core->store, tile->level, tile->index, hashes, err);
    if (code != BASE_OK)
      return code;
    tile->dirty = false;
  }
  return BASE_OK;
}

/* What a person can do: tiles are not made anew, for they must be those that were signed. */
#define TILE_HELP "stop the node and put the newest backup of it back (wasl backup restore)"

static enum base_code tile_read(struct core *core, struct core_tile *tile, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf hashes = {0};
  base_buf_init(&hashes, TILE_HASHES * sizeof(struct base_hash));
  enum base_code code = store_tile_get(core->store, tile->level, tile->index, &hashes, err);
  if (code != BASE_OK)
    return code;
  if (hashes.size % sizeof(struct base_hash) != 0)
    return base_fail(err, BASE_CORRUPT, "register: tile %u/%llu is cut short; %s", tile->level,
                     (unsigned long long)tile->index, TILE_HELP);
  tile->count = (unsigned)(hashes.size / sizeof(struct base_hash));
  memcpy(&tile->nodes[TILE_HASHES], hashes.data, hashes.size);
  for (unsigned i = 0; i < tile->count; i++)
    tile_complete(tile, i);
  return BASE_OK;
}

/* fresh: a tile that begins now, not in the store yet */
static enum base_code tile_get(struct core *core, unsigned level, uint64_t index, bool fresh, struct core_tile **out,
                               struct base_error *err) {
  for (size_t i = 0; i < CORE_TILES_CACHED; i++) {
    struct core_tile *tile = &core->reg.tiles[i];
    if (tile->used && tile->level == level && tile->index == index) {
      tile->touched = ++core->reg.clock;
      *out = tile;
      return BASE_OK;
    }
  }
  struct core_tile *tile = tile_slot(core);
  if (tile == NULL) {
    enum base_code code = tiles_write(core, err);
    if (code != BASE_OK)
      return code;
    tile = tile_slot(core);
  }
  tile->used = false;
  tile->level = level;
  tile->index = index;
  tile->count = 0;
  tile->dirty = false;
  if (!fresh) {
    enum base_code code = tile_read(core, tile, err);
    if (code != BASE_OK)
      return code == BASE_NOT_FOUND ? base_fail(err, BASE_CORRUPT, "register: tile %u/%llu is missing; %s", level,
                                                (unsigned long long)index, TILE_HELP)
                                    : code;
  }
  tile->used = true;
  tile->touched = ++core->reg.clock;
  *out = tile;
  return BASE_OK;
}

static enum base_code tiles_append(struct core *core, unsigned level, uint64_t position, const struct base_hash *hash,
                                   struct base_error *err) {
  struct core_tile *tile = NULL;
  unsigned slot = (unsigned)(position % TILE_HASHES);
  enum base_code code = tile_get(core, level, position / TILE_HASHES, slot == 0, &tile, err);
  if (code != BASE_OK)
    return code;
  if (tile->count != slot)
    return base_fail(err, BASE_CORRUPT, "register: tile %u/%llu holds %u hashes instead of %u; %s", level,
                     (unsigned long long)tile->index, tile->count, slot, TILE_HELP);
  tile->nodes[TILE_HASHES + slot] = *hash;
  tile->count = slot + 1;
  tile->dirty = true;
  tile_complete(tile, slot);
  if (tile->count < TILE_HASHES)
    return BASE_OK;
  struct base_hash full = tile->nodes[1];
  return tiles_append(core, level + 1, position / TILE_HASHES, &full, err);
}

static enum base_code tree_node(void *context, unsigned level, uint64_t index, struct base_hash *out,
                                struct base_error *err) {
  struct core *core = context;
  unsigned inner = level % TILE_BITS;
  uint64_t first = index << inner; /* position of its first hash at the tile's level */
  struct core_tile *tile = NULL;
  enum base_code code = tile_get(core, level / TILE_BITS, first / TILE_HASHES, false, &tile, err);
  if (code != BASE_OK)
    return code;
  unsigned slot = (unsigned)(first % TILE_HASHES);
  if (slot + (1u << inner) > tile->count)
    return base_fail(err, BASE_CORRUPT, "register: tile %u/%llu holds %u hashes, node %u of level %u was asked for",
                     tile->level, (unsigned long long)tile->index, tile->count, slot, level);
  *out = tile->nodes[(TILE_HASHES + slot) >> inner];
  return BASE_OK;
}

static struct seal_tree tree_of(struct core *core) {
  return (struct seal_tree){core, tree_node};
}

enum base_code core_register_root(struct core *core, uint64_t size, struct base_hash *out, struct base_error *err) {
  struct seal_tree tree = tree_of(core);
  return seal_tree_root(&tree, size, out, err);
}

enum base_code core_register_inclusion(struct core *core, uint64_t index, uint64_t size,
                                       struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count,
                                       struct base_error *err) {
  struct seal_tree tree = tree_of(core);
  return seal_tree_inclusion(&tree, index, size, proof, count, err);
}

enum base_code core_register_consistency(struct core *core, uint64_t old_size, uint64_t new_size,
                                         struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count,
                                         struct base_error *err) {
  struct seal_tree tree = tree_of(core);
  return seal_tree_consistency(&tree, old_size, new_size, proof, count, err);
}

enum base_code core_register_leaf_hash(struct core *core, uint64_t index, struct base_hash *out,
                                       struct base_error *err) {
  return tree_node(core, 0, index, out, err);
}

/* --- life */

enum base_code core_register_none(const struct core *core, struct base_error *err) {
  return base_fail(
      err, BASE_ROLLBACK,
      "the database holds no leaf, but the keeper signed a head of %llu: it is empty (core/ was emptied, or core.db "
      "removed), or another one than it was (wasl.conf names another database): put it back, or restore a backup (wasl "
      "backup restore). Only when neither is left, as the last resort, go on with a new epoch (wasl node epoch)",
      (unsigned long long)core->info.size);
}

enum base_code core_register_load(struct core *core, struct base_error *err) {
  struct core_register *reg = &core->reg;
  reg->tiles = calloc(CORE_TILES_CACHED, sizeof *reg->tiles);
  if (reg->tiles == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the register");
  base_buf_init(&reg->note, WIRE_NOTE_MAX);
  enum base_code code = store_leaf_count(core->store, &reg->size, err);
  if (code != BASE_OK)
    return code;
  code = store_head_last(core->store, &reg->attested, &reg->attested_root, &reg->note, err);
  if (code != BASE_OK && !core_damage(code))
    return code;
  if (code != BASE_OK) {
    reg->attested = 0;
    base_buf_reset(&reg->note);
  }
  /* The keeper is asked, because our row of the last head may be older than what it signed. */
  code = core_epoch_ask(core, err);
  if (code == BASE_OK)
    code = core_data_check(core, err);
  if (code != BASE_OK)
    return code;
  if (core->info.size > 0 && reg->size == 0)
    return core_register_none(core, err);
  if (core->info.size > reg->size)
    return base_fail(
        err, BASE_ROLLBACK,
        "the register holds %llu leaves, but the keeper signed a head of %llu: this database is older than what "
        "was proved to partners; put the newer one back, or, when there is none, go on with a new epoch (wasl node "
        "epoch)",
        (unsigned long long)reg->size, (unsigned long long)core->info.size);
  if (core->info.size != reg->attested || !base_hash_equal(&core->info.root, &reg->attested_root)) {
    reg->attested = core->info.size;
    reg->attested_root = core->info.root;
    base_buf_reset(&reg->note);
  }
  if (reg->size == 0)
    return BASE_OK;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_leaf last;
  struct wire_leaf leaf;
  code = store_leaf_get(core->store, reg->size - 1, &arena, &last, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(last.entry, &leaf, err);
  if (code == BASE_OK)
    reg->last_time = leaf.time;
  return core_damage(code)
             ? base_fail(err, BASE_CORRUPT,
                         "the last leaf of the register, %llu, cannot be read (%.200s): nothing can follow "
                         "it; put back a backup of core/ or its database that is as new as the last head",
                         (unsigned long long)reg->size - 1, err->text)
             : code;
}

void core_register_verify(struct core *core) {
  struct wire_checkpoint head;
  struct core_register *reg = &core->reg;
  if (reg->note.size == 0)
    return;
  struct seal_signer signer = {.log = &core_cards_signing(core, reg->attested)->log};
  if (seal_checkpoint_verify(base_buf_view(&reg->note), signer, &head, NULL, NULL) != BASE_OK ||
      head.size != reg->attested || !base_hash_equal(&head.root, &reg->attested_root) ||
      wire_origin_epoch(head.origin) != core->epoch)
    base_buf_reset(&reg->note);
}

void core_register_free(struct core *core) {
  struct core_register *reg = &core->reg;
  free(reg->tiles);
  base_buf_free(&reg->note);
  base_wipe(reg, sizeof *reg);
}

/* --- leaves */

static enum base_code step_key(struct core *core, struct base_error *err) {
  uint8_t wrapped[CORE_WRAPPED];
  uint32_t epoch = 0;
  enum base_code code = core_key(core, &core->reg.opening_secret, wrapped, &epoch, err);
  if (code != BASE_OK)
    return code;
  return store_opening_key_add(core->store, epoch, base_view_of(wrapped, sizeof wrapped), &core->reg.opening_key, err);
}

static void opening_nonce(uint64_t index, uint8_t nonce[SEAL_NONCE]) {
  memset(nonce, 0, SEAL_NONCE);
  for (int i = 0; i < 8; i++)
    nonce[SEAL_NONCE - 1 - i] = (uint8_t)(index >> (8 * i));
}

static const char opening_aad[] = "wasl opening/1";

static enum base_code leaf_store(struct core *core, struct base_view entry, struct base_view opening,
                                 struct base_error *err) {
  uint8_t sealed[WIRE_OPENING_MAX + SEAL_TAG], nonce[SEAL_NONCE];
  struct core_register *reg = &core->reg;
  if (reg->opening_key == 0) {
    enum base_code code = step_key(core, err);
    if (code != BASE_OK)
      return code;
  }
  opening_nonce(reg->size, nonce);
  seal_aead_encrypt(&reg->opening_secret, nonce, base_view_text(opening_aad), opening, sealed);
  struct store_leaf row = {.index = reg->size,
                           .entry = entry,
                           .opening = base_view_of(sealed, opening.size + SEAL_TAG),
                           .opening_key = reg->opening_key};
  enum base_code code = store_leaf_add(core->store, &row, err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_leaf_hash(entry);
  code = tiles_append(core, 0, reg->size, &hash, err);
  if (code == BASE_OK)
    reg->size++;
  return code;
}

enum base_code core_register_add(struct core *core, enum wire_act act, struct wire_opening *opening,
                                 struct core_leaf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf entry = {0}, text = {0};
  base_buf_init(&entry, WIRE_LEAF_MAX);
  base_buf_init(&text, WIRE_OPENING_MAX);
  core->env.world->random(core->env.world->context, opening->salt, sizeof opening->salt);
  enum base_code code = wire_opening_write(act, opening, &text, err);
  if (code == BASE_OK)
    code = base_buf_check(&text, "opening", err);
  if (code != BASE_OK)
    return code;
  base_time now = core_now(core);
  if (now < core->reg.last_time)
    now = core->reg.last_time;
  struct wire_leaf leaf = {.act = act, .time = now, .commitment = seal_sha256(base_buf_view(&text))};
  wire_leaf_write(&leaf, &entry);
  code = base_buf_check(&entry, "leaf", err);
  if (code != BASE_OK)
    return code;
  uint64_t index = core->reg.size;
  code = leaf_store(core, base_buf_view(&entry), base_buf_view(&text), err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core->reg.last_time = now;
  if (out != NULL)
    *out = (struct core_leaf){.index = index, .time = now, .hash = seal_sha256(base_buf_view(&entry))};
  return BASE_OK;
}

enum base_code core_register_flush(struct core *core, struct base_error *err) {
  /* The key of this step's openings ends with the step. */
  core->reg.opening_key = 0;
  base_wipe(&core->reg.opening_secret, sizeof core->reg.opening_secret);
  return tiles_write(core, err);
}

enum base_code core_register_attest(struct core *core, struct base_error *err) {
  struct core_register *reg = &core->reg;
  if (core_card_waits(core))
    return core_card_attest(core, err);
  if (reg->size == reg->attested && reg->note.size > 0)
    return BASE_OK;
  struct base_hash root, proof[WIRE_PROOF_HASHES_MAX];
  size_t count = 0;
  enum base_code code = core_register_root(core, reg->size, &root, err);
  if (code == BASE_OK && reg->attested > 0 && reg->attested < reg->size)
    code = core_register_consistency(core, reg->attested, reg->size, proof, &count, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  code = core->env.keeper.attest(core->env.keeper.context, reg->size, &root, proof, count, &note, err);
  if (code == BASE_OK)
    code = base_buf_check(&note, "head", err);
  return code == BASE_OK ? core_register_attested(core, &root, base_buf_view(&note), err) : code;
}

enum base_code core_register_attested(struct core *core, const struct base_hash *root, struct base_view note,
                                      struct base_error *err) {
  struct core_register *reg = &core->reg;
  reg->attested = reg->size;
  reg->attested_root = *root;
  base_buf_reset(&reg->note);
  base_buf_add_view(&reg->note, note);
  /* Outside a transaction this is its own small commit; heads that are only ever looked at last need none: they are
   * written with the next step, and the keeper gives the last one again after a restart. */
  return base_buf_check(&reg->note, "head", err);
}

/* --- reading back */

void core_register_ahead(struct core *core, bool on) {
  core->reg.ahead = on;
  core->reg.ahead_count = 0;
  base_wipe(core->reg.ahead_secrets, sizeof core->reg.ahead_secrets);
}

/* The keys from this one on, as many as there are, in one request to the keeper. When one of them does not unwrap, none
 * is here, and each is asked for by itself. */
static void ahead_load(struct core *core, int64_t first) {
  struct core_register *reg = &core->reg;
  static const size_t each = CORE_WRAPPED;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  uint8_t wrapped[CORE_KEYS_AHEAD][CORE_WRAPPED];
  uint32_t epoch = 0, of = 0;
  struct base_view bytes;
  size_t count = 0;
  for (int64_t key = first; count < CORE_KEYS_AHEAD; key++) {
    if (store_opening_key_get(core->store, key, &of, &arena, &bytes, NULL) != BASE_OK || bytes.size != each ||
        (count > 0 && of != epoch))
      break;
    epoch = of;
    memcpy(wrapped[count], bytes.data, each);
    reg->ahead_keys[count++] = key;
  }
  bool unwrapped = count > 0 && core->env.keeper.unwrap(core->env.keeper.context, epoch, wrapped, count,
                                                        reg->ahead_secrets, NULL) == BASE_OK;
  reg->ahead_count = unwrapped ? count : 0;
}

static const struct base_secret *ahead_find(struct core *core, int64_t key) {
  struct core_register *reg = &core->reg;
  bool within = reg->ahead_count > 0 && key >= reg->ahead_keys[0] && key <= reg->ahead_keys[reg->ahead_count - 1];
  if (reg->ahead && !within)
    ahead_load(core, key);
  size_t at = reg->ahead_count > 0 ? (size_t)(key - reg->ahead_keys[0]) : 0;
  return at < reg->ahead_count && reg->ahead_keys[at] == key ? &reg->ahead_secrets[at] : NULL;
}

static enum base_code opening_read(struct core *core, const struct store_leaf *row, struct base_arena *arena,
                                   struct base_view *out, struct base_error *err) {
  struct core_register *reg = &core->reg;
  const struct base_secret *ahead = reg->ahead ? ahead_find(core, row->opening_key) : NULL;
  const struct base_secret *key = &reg->read_secret;
  if (row->opening_key == reg->opening_key && reg->opening_key != 0) {
    key = &reg->opening_secret;
  } else if (ahead != NULL) {
    key = ahead;
  } else if (row->opening_key != reg->read_key) {
    uint32_t epoch = 0;
    struct base_view wrapped;
    enum base_code code = store_opening_key_get(core->store, row->opening_key, &epoch, arena, &wrapped, err);
    if (code == BASE_OK)
      code = core_key_unwrap(core, epoch, wrapped, &reg->read_secret, err);
    if (code != BASE_OK)
      return code;
    reg->read_key = row->opening_key;
  }
  uint8_t nonce[SEAL_NONCE];
  if (row->opening.size < SEAL_TAG)
    return base_fail(err, BASE_CORRUPT, "register: the opening of leaf %llu is cut short",
                     (unsigned long long)row->index);
  uint8_t *plain = base_arena_alloc(arena, row->opening.size);
  if (plain == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for an opening");
  opening_nonce(row->index, nonce);
  enum base_code code = seal_aead_decrypt(key, nonce, base_view_text(opening_aad), row->opening, plain, err);
  if (code != BASE_OK)
    return base_fail(err, BASE_CORRUPT, "register: the opening of leaf %llu does not decrypt",
                     (unsigned long long)row->index);
  *out = base_view_of(plain, row->opening.size - SEAL_TAG);
  return BASE_OK;
}

enum base_code core_register_read(struct core *core, uint64_t index, struct base_arena *arena, struct base_view *entry,
                                  struct base_view *opening, struct base_error *err) {
  struct store_leaf row;
  enum base_code code = store_leaf_get(core->store, index, arena, &row, err);
  if (code != BASE_OK)
    return code;
  *entry = row.entry;
  *opening = (struct base_view){0};
  return row.opening.size == 0 ? BASE_OK : opening_read(core, &row, arena, opening, err);
}

enum base_code core_register_commits(struct core *core, uint64_t index, enum wire_act act, struct base_view document,
                                     struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view entry, opened;
  struct wire_leaf leaf;
  struct wire_opening opening;
  struct base_hash hash = seal_sha256(document);
  enum base_code code = core_register_read(core, index, &arena, &entry, &opened, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK)
    code = wire_opening_parse(leaf.act, opened, &arena, &opening, err);
  if (code == BASE_OK && (leaf.act != act || !base_hash_equal(&opening.evidence, &hash)))
    code = base_fail(err, BASE_CORRUPT, "leaf %llu does not commit to it", (unsigned long long)index);
  return code;
}

enum base_code core_register_prove(struct core *core, uint64_t index, uint64_t size, struct base_arena *arena,
                                   struct wire_frame_proof *out, struct base_error *err) {
  out->index = index;
  enum base_code code = core_register_read(core, index, arena, &out->leaf, &out->opening, err);
  return code == BASE_OK ? core_register_inclusion(core, index, size, out->hashes, &out->hash_count, err) : code;
}
