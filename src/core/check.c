/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

/* register.check: every leaf against its tile, its opening, its place in the row of its partner and what the outbox and
 * the arrivals say, and a root made anew from the leaves against the one that was attested. Some leaves per request, so
 * that the exchange goes on meanwhile. What differs is named with its leaf: BASE_CORRUPT. */

enum { LEVELS = 64, TILE_LEVELS = 8, TILE_BITS = 8, TILE_HASHES = 256 };

struct chain { /* the numbers given to one partner, in order of partners */
  int64_t partner;
  uint64_t number;
  struct base_hash previous;
};
struct tile_copy { /* as the store holds it, past the register's cache */
  uint64_t index;
  size_t count;
  struct base_hash hashes[TILE_HASHES];
};
struct core_check {
  uint64_t next, size;               /* leaves checked, and those to check */
  base_time time;                    /* of the last leaf */
  struct base_hash complete[LEVELS]; /* roots of complete subtrees, by the bits of next */
  struct tile_copy tiles[TILE_LEVELS];
  uint64_t erased; /* sent leaves without opening whose number no chain has met yet */
  size_t chain_count;
  struct chain *chains;
};

void core_check_free(struct core *core) {
  if (core->check != NULL)
    free(core->check->chains);
  free(core->check);
  core->check = NULL;
}

static unsigned long long number_of(const struct core_check *check) {
  return (unsigned long long)check->next;
}

/* Keeps what a failure of the machine is; anything else found while reading is damage. */
static enum base_code damaged(const struct core_check *check, enum base_code code, struct base_error *err) {
  bool refused = base_code_class(code) == BASE_REFUSED;
  return refused ? base_fail(err, BASE_CORRUPT, "register: leaf %llu: %s", number_of(check), err->text) : code;
}

/* --- the tree, from the leaves alone (RFC 6962 section 2.1) */

static enum base_code tile_load(struct core *core, unsigned level, uint64_t index, struct base_error *err) {
  struct tile_copy *tile = &core->check->tiles[level];
  BASE_AUTO_BUF struct base_buf hashes = {0};
  base_buf_init(&hashes, sizeof tile->hashes);
  enum base_code code = store_tile_get(core->store, level, index, &hashes, err);
  if (code != BASE_OK)
    return damaged(core->check, code, err);
  tile->index = index;
  tile->count = hashes.size / sizeof tile->hashes[0];
  memcpy(tile->hashes, hashes.data, tile->count * sizeof tile->hashes[0]);
  return BASE_OK;
}

static enum base_code tile_holds(struct core *core, unsigned level, uint64_t position, const struct base_hash *hash,
                                 struct base_error *err) {
  const struct core_check *check = core->check;
  const struct tile_copy *tile = &check->tiles[level];
  size_t slot = (size_t)(position % TILE_HASHES);
  enum base_code code = BASE_OK;
  if (tile->index != position / TILE_HASHES || slot >= tile->count)
    code = tile_load(core, level, position / TILE_HASHES, err);
  if (code != BASE_OK)
    return code;
  return slot < tile->count && base_hash_equal(&tile->hashes[slot], hash)
             ? BASE_OK
             : base_fail(err, BASE_CORRUPT, "register: leaf %llu: hash %zu of tile %u/%llu is not what the leaves give",
                         number_of(check), slot, level, (unsigned long long)(position / TILE_HASHES));
}

/* Adds the next leaf, and compares what it completes with the tiles. */
static enum base_code tree_add(struct core *core, struct base_hash hash, struct base_error *err) {
  struct core_check *check = core->check;
  unsigned level = 0;
  enum base_code code = tile_holds(core, 0, check->next, &hash, err);
  for (uint64_t size = check->next; (size & 1) == 1 && code == BASE_OK; size >>= 1) {
    hash = seal_node_hash(&check->complete[level++], &hash);
    if (level % TILE_BITS == 0)
      code = tile_holds(core, level / TILE_BITS, check->next >> level, &hash, err);
  }
  check->complete[level] = hash;
  return code;
}

static struct base_hash tree_root(const struct core_check *check) {
  struct base_hash root = seal_empty_root();
  bool any = false;
  for (unsigned level = 0; level < LEVELS; level++) {
    if ((check->next >> level & 1) == 0)
      continue;
    root = any ? seal_node_hash(&check->complete[level], &root) : check->complete[level];
    any = true;
  }
  return root;
}

/* --- the numbers given to each partner */

static enum base_code chain_of(struct core_check *check, const struct core_partner *partner, struct chain **out,
                               struct base_error *err) {
  for (size_t i = 0; i < check->chain_count; i++)
    if (check->chains[i].partner == partner->row.number) {
      *out = &check->chains[i];
      return BASE_OK;
    }
  struct chain *grown = realloc(check->chains, (check->chain_count + 1) * sizeof *grown);
  if (grown == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the check");
  check->chains = grown;
  *out = &grown[check->chain_count++];
  **out = (struct chain){.partner = partner->row.number};
  return BASE_OK;
}

static enum base_code check_sent(struct core *core, const struct core_partner *partner,
                                 const struct wire_opening *opening, struct base_view entry,
                                 const struct store_delivery *delivery, struct base_error *err) {
  struct core_check *check = core->check;
  struct chain *chain = NULL;
  enum base_code code = chain_of(check, partner, &chain, err);
  if (code != BASE_OK)
    return code;
  uint64_t skipped = opening->number > chain->number ? opening->number - chain->number - 1 : 0;
  if (opening->number <= chain->number || skipped > check->erased)
    return base_fail(err, BASE_CORRUPT, "register: leaf %llu is number %llu for %.*s, %llu was the last one",
                     number_of(check), (unsigned long long)opening->number, (int)partner->card.name.size,
                     (const char *)partner->card.name.data, (unsigned long long)chain->number);
  if (skipped == 0 && !base_hash_equal(&opening->previous, &chain->previous))
    return base_fail(err, BASE_CORRUPT, "register: leaf %llu does not name the sent leaf before it for %.*s",
                     number_of(check), (int)partner->card.name.size, (const char *)partner->card.name.data);
  if (delivery->sent_index != check->next)
    return base_fail(err, BASE_CORRUPT, "register: leaf %llu: the outbox names leaf %llu for the same number",
                     number_of(check), (unsigned long long)delivery->sent_index);
  check->erased -= skipped;
  chain->number = opening->number;
  chain->previous = seal_sha256(entry);
  return BASE_OK;
}

static enum base_code check_voided(struct core *core, const struct wire_opening *opening,
                                   const struct store_delivery *delivery, struct base_arena *arena,
                                   struct base_error *err) {
  struct core_check *check = core->check;
  struct store_leaf sent;
  if (delivery->voided_index != check->next || delivery->sent_index >= check->next)
    return base_fail(err, BASE_CORRUPT,
                     "register: leaf %llu ends a message, but the outbox names another leaf for that",
                     number_of(check));
  enum base_code code = store_leaf_get(core->store, delivery->sent_index, arena, &sent, err);
  if (code != BASE_OK)
    return damaged(check, code, err);
  struct base_hash hash = seal_sha256(sent.entry);
  return base_hash_equal(&hash, &opening->previous)
             ? BASE_OK
             : base_fail(err, BASE_CORRUPT,
                         "register: leaf %llu ends a message, but names another sent leaf than its own",
                         number_of(check));
}

static enum base_code check_outgoing(struct core *core, enum wire_act act, const struct wire_opening *opening,
                                     struct base_view entry, struct base_arena *arena, struct base_error *err) {
  struct core_check *check = core->check;
  const struct core_partner *partner = core_partner_of(core, opening->to);
  struct store_delivery delivery;
  if (partner == NULL || !base_view_equal(opening->from, core->card.origin))
    return base_fail(err, BASE_CORRUPT, "register: leaf %llu is between nodes that are not this one and a partner",
                     number_of(check));
  enum base_code code =
      store_delivery_by_number(core->store, partner->row.number, opening->number, arena, &delivery, err);
  if (code == BASE_NOT_FOUND || (code == BASE_OK && !base_id_equal(&delivery.message, &opening->message)))
    return base_fail(err, BASE_CORRUPT, "register: leaf %llu: the outbox has no such message of number %llu for %.*s",
                     number_of(check), (unsigned long long)opening->number, (int)partner->card.name.size,
                     (const char *)partner->card.name.data);
  if (code != BASE_OK)
    return code;
  return act == WIRE_ACT_SENT ? check_sent(core, partner, opening, entry, &delivery, err)
                              : check_voided(core, opening, &delivery, arena, err);
}

/* --- what was received */

static enum base_code check_incoming(struct core *core, enum wire_act act, const struct wire_opening *opening,
                                     struct base_arena *arena, struct base_error *err) {
  struct core_check *check = core->check;
  const struct core_partner *partner = core_partner_of(core, opening->from);
  struct store_arrival arrival;
  enum base_code code =
      partner == NULL ? BASE_NOT_FOUND
                      : store_arrival_of(core->store, &opening->message, partner->row.number, arena, &arrival, err);
  if (code == BASE_NOT_FOUND)
    return base_fail(err, BASE_CORRUPT, "register: leaf %llu answers message %s, whose arrival is not there",
                     number_of(check), base_id_text(&opening->message).text);
  if (code != BASE_OK)
    return code;
  /* A message sent again under another number is refused by a leaf of its own: then the arrival found is the first
   * one's. */
  bool another = act == WIRE_ACT_REFUSED && !base_hash_equal(&opening->sent, &arrival.sent_hash);
  bool same = arrival.answered && arrival.refused == (act == WIRE_ACT_REFUSED) && arrival.answer_index == check->next &&
              base_hash_equal(&opening->sent, &arrival.sent_hash);
  return same || another
             ? BASE_OK
             : base_fail(err, BASE_CORRUPT, "register: leaf %llu answers message %s otherwise than its arrival says",
                         number_of(check), base_id_text(&opening->message).text);
}

/* --- a leaf */

static enum base_code check_opening(struct core *core, const struct wire_leaf *leaf, struct base_view entry,
                                    struct base_view bytes, struct base_arena *arena, struct base_error *err) {
  struct core_check *check = core->check;
  if (bytes.size == 0) { /* erased: the leaf stands */
    check->erased += leaf->act == WIRE_ACT_SENT;
    return BASE_OK;
  }
  struct wire_opening opening;
  struct base_hash commitment = seal_sha256(bytes);
  if (!base_hash_equal(&commitment, &leaf->commitment))
    return base_fail(err, BASE_CORRUPT, "register: leaf %llu does not commit to its stored opening", number_of(check));
  enum base_code code = wire_opening_parse(leaf->act, bytes, arena, &opening, err);
  if (code != BASE_OK)
    return damaged(check, code, err);
  switch (leaf->act) {
  case WIRE_ACT_SENT:
  case WIRE_ACT_VOIDED:
    return check_outgoing(core, leaf->act, &opening, entry, arena, err);
  case WIRE_ACT_RECEIVED:
  case WIRE_ACT_REFUSED:
    return check_incoming(core, leaf->act, &opening, arena, err);
  default:
    return BASE_OK;
  }
}

static enum base_code check_leaf(struct core *core, struct base_error *err) {
  struct core_check *check = core->check;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view entry, opening;
  struct wire_leaf leaf;
  enum base_code code = core_register_read(core, check->next, &arena, &entry, &opening, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code != BASE_OK)
    return damaged(check, code, err);
  if (leaf.time < check->time)
    return base_fail(err, BASE_CORRUPT, "register: leaf %llu is of %s, the one before it of %s", number_of(check),
                     base_time_format(leaf.time).text, base_time_format(check->time).text);
  code = tree_add(core, seal_leaf_hash(entry), err);
  if (code == BASE_OK)
    code = check_opening(core, &leaf, entry, opening, &arena, err);
  if (code != BASE_OK)
    return code;
  check->time = leaf.time;
  check->next++;
  return BASE_OK;
}

/* --- the end */

static enum base_code check_note(struct core *core, struct base_error *err) {
  struct wire_vkey log;
  struct wire_checkpoint head;
  struct base_hash root;
  enum base_code code = wire_vkey_parse(core->card.log, &log, err);
  if (code == BASE_OK)
    code = seal_checkpoint_verify(base_buf_view(&core->reg.note), (struct seal_signer){.log = &log}, &head, NULL, err);
  if (code == BASE_OK)
    code = core_register_root(core, core->reg.attested, &root, err);
  if (code != BASE_OK)
    return base_code_class(code) == BASE_REFUSED ? base_fail(err, BASE_CORRUPT, "register: its head: %s", err->text)
                                                 : code;
  if (head.size != core->reg.attested || !base_hash_equal(&head.root, &root) ||
      !base_hash_equal(&root, &core->reg.attested_root))
    return base_fail(err, BASE_CORRUPT,
                     "register: the root of %llu leaves is not the one in the head that was signed over them",
                     (unsigned long long)core->reg.attested);
  return BASE_OK;
}

/* The last numbers given, when nothing was sent since the check began. */
static enum base_code check_numbers(struct core *core, struct base_error *err) {
  const struct core_check *check = core->check;
  for (size_t i = 0; i < core->partner_count && check->size == core->reg.size && check->erased == 0; i++) {
    const struct core_partner *partner = core->partners[i];
    struct chain none = {0};
    const struct chain *chain = &none;
    for (size_t k = 0; k < check->chain_count; k++)
      if (check->chains[k].partner == partner->row.number)
        chain = &check->chains[k];
    if (chain->number != partner->row.sent_number || !base_hash_equal(&chain->previous, &partner->row.sent_previous))
      return base_fail(err, BASE_CORRUPT,
                       "register: number %llu is the last sent to %.*s, but its row says %llu, or another leaf",
                       (unsigned long long)chain->number, (int)partner->card.name.size,
                       (const char *)partner->card.name.data, (unsigned long long)partner->row.sent_number);
  }
  return BASE_OK;
}

static enum base_code check_end(struct core *core, struct base_hash *out_root, struct base_error *err) {
  struct core_check *check = core->check;
  struct base_hash tiles;
  *out_root = tree_root(check);
  enum base_code code = core_register_root(core, check->size, &tiles, err);
  if (code == BASE_OK && !base_hash_equal(&tiles, out_root))
    code = base_fail(err, BASE_CORRUPT, "register: the tiles give another root over %llu leaves than the leaves do",
                     (unsigned long long)check->size);
  if (code == BASE_OK)
    code = check_note(core, err);
  if (code == BASE_OK)
    code = check_numbers(core, err);
  return code == BASE_OK ? store_check(core->store, err) : code;
}

/* --- the request */

/* 0 begins anew, over what is attested now; where the check stands goes on, over what came since when it had ended. */
static enum base_code check_begin(struct core *core, const struct wire_json *request, struct base_error *err) {
  const struct wire_json *member = wire_json_get(request, "from");
  int64_t from = wire_json_integer(member);
  if (member != NULL && (wire_json_type(member) != WIRE_JSON_INTEGER || from < 0))
    return base_fail(err, BASE_FIELD, "from: a whole number from 0");
  if (from == 0) {
    core_check_free(core);
    core->check = calloc(1, sizeof *core->check);
    if (core->check == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for the check");
    core->check->size = core->reg.attested;
    return BASE_OK;
  }
  if (core->check == NULL || core->check->next != (uint64_t)from)
    return base_fail(err, BASE_CONFLICT, "no check stands at leaf %lld: begin anew, with from=0", (long long)from);
  if (core->check->next == core->check->size)
    core->check->size = core->reg.attested;
  return BASE_OK;
}

static void check_answer(struct core *core, uint64_t token, bool done, const struct base_hash *root) {
  const struct core_check *check = core->check;
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "checked", (int64_t)check->next);
  wire_write_member_integer(&writer, "next", (int64_t)check->next);
  wire_write_member_integer(&writer, "size", (int64_t)check->size);
  if (done) {
    wire_write_member_hash(&writer, "root", root);
  } else {
    wire_write_key(&writer, "root");
    wire_write_null(&writer);
  }
  wire_write_member_bool(&writer, "done", done);
  wire_write_end(&writer, '}');
}

void core_register_check(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_hash root = {0};
  enum base_code code = check_begin(core, request, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct core_check *check = core->check;
  for (int i = 0; i < CORE_CHECK_STEP && check->next < check->size && code == BASE_OK; i++)
    code = check_leaf(core, &err);
  bool done = code == BASE_OK && check->next == check->size;
  if (done)
    code = check_end(core, &root, &err);
  if (code == BASE_OK) {
    check_answer(core, token, done, &root);
    return;
  }
  if (code == BASE_CORRUPT)
    base_log(BASE_LOG_ERROR, "register.corrupt", "%s", err.text);
  core_check_free(core);
  core_reply_error(core, token, code, &err);
}
