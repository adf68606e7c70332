/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/epoch.h"
#include "core/partners.h"
#include "core/people.h"

/* A partner's register in a later epoch: noticed by the origin of his head, believed when an officer here compared its
 * digits with him by voice, held against the newest head of the epoch before that both still know. What he lost of ours
 * goes to him again; what we hold of his stays proved by the heads of the epoch in which he signed it. */

enum { KEY_SHIFT = WIRE_HEAD_SIZE_BITS }; /* a key is the number of the epoch less one, and a size */

uint64_t core_head_key(const struct core_partner *partner, uint64_t size) {
  return wire_head_position(partner->renewed.number, size);
}

uint64_t core_head_key_size(uint64_t key) {
  return key & (((uint64_t)1 << KEY_SHIFT) - 1);
}

uint32_t core_head_key_epoch(uint64_t key) {
  return (uint32_t)(key >> KEY_SHIFT) + 1;
}

/* --- stored */

static void fact_name(const struct core_partner *partner, const char *what, char out[64]) {
  (void)snprintf(out, 64, "epoch-%s/%lld", what, (long long)partner->row.number);
}

enum base_code core_renewed_save(struct core *core, const struct core_partner *partner, struct base_error *err) {
  char name[64];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 512);
  const struct core_renewed *renewed = &partner->renewed;
  fact_name(partner, "his", name);
  base_buf_u32(&fact, renewed->number);
  base_buf_u64(&fact, renewed->start);
  base_buf_add(&fact, renewed->first.bytes, sizeof renewed->first.bytes);
  base_buf_add(&fact, renewed->told.bytes, sizeof renewed->told.bytes);
  base_buf_u64(&fact, renewed->base);
  base_buf_u64(&fact, renewed->named);
  base_buf_u64(&fact, renewed->again_from);
  base_buf_u64(&fact, renewed->again_to);
  base_buf_u64(&fact, renewed->taken);
  base_buf_u8(&fact, renewed->handed);
  return store_fact_set(core->store, name, base_buf_view(&fact), err);
}

static enum base_code renewed_read(struct core *core, struct core_partner *partner, struct base_error *err) {
  char name[64];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 512);
  struct core_renewed renewed = {.number = 1};
  partner->renewed = renewed;
  fact_name(partner, "his", name);
  enum base_code code = store_fact_get(core->store, name, &fact, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  renewed.number = base_read_u32(&reader);
  renewed.start = base_read_u64(&reader);
  base_read_hash(&reader, &renewed.first);
  base_read_hash(&reader, &renewed.told);
  renewed.base = base_read_u64(&reader);
  renewed.named = base_read_u64(&reader);
  renewed.again_from = base_read_u64(&reader);
  renewed.again_to = base_read_u64(&reader);
  renewed.taken = base_read_u64(&reader);
  renewed.handed = base_read_u8(&reader) != 0;
  code = base_reader_end(&reader, name, err);
  if (code == BASE_OK && renewed.number == 0)
    code = base_fail(err, BASE_CORRUPT, "%s: epoch 0", name);
  if (code == BASE_OK)
    partner->renewed = renewed;
  return code;
}

static enum base_code heard_save(struct core *core, const struct core_partner *partner, struct base_error *err) {
  char name[64];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 512);
  const struct core_heard *heard = &partner->heard;
  fact_name(partner, "heard", name);
  base_buf_u32(&fact, heard->number);
  base_buf_u64(&fact, heard->start);
  base_buf_u64(&fact, heard->given);
  base_buf_u64(&fact, heard->named);
  base_buf_add(&fact, heard->first.bytes, sizeof heard->first.bytes);
  base_buf_add(&fact, heard->told.bytes, sizeof heard->told.bytes);
  base_buf_add(&fact, heard->given_leaf.bytes, sizeof heard->given_leaf.bytes);
  base_buf_add(&fact, heard->named_root.bytes, sizeof heard->named_root.bytes);
  base_buf_block(&fact, base_view_text(heard->digits));
  base_buf_u8(&fact, heard->behind);
  return store_fact_set(core->store, name, base_buf_view(&fact), err);
}

void core_renewed_say(struct core_partner *partner) {
  struct base_view he = partner->card.name;
  if (partner->heard.number == 0)
    return;
  (void)snprintf(
      partner->trouble, sizeof partner->trouble,
      "%.*s lost leaves of its register and began epoch %u of it. Nothing is exchanged until you confirm it: "
      "compare these digits with them by voice: %s; then: wasl partner epoch %.*s --fingerprint 'DIGITS'",
      (int)he.size, (const char *)he.data, (unsigned)partner->heard.number, partner->heard.digits, (int)he.size,
      (const char *)he.data);
  partner->trouble_code = BASE_SUSPENDED;
}

static enum base_code heard_read(struct core *core, struct core_partner *partner, struct base_error *err) {
  char name[64];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 512);
  struct core_heard heard = {0};
  partner->heard = heard;
  fact_name(partner, "heard", name);
  enum base_code code = store_fact_get(core->store, name, &fact, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  heard.number = base_read_u32(&reader);
  heard.start = base_read_u64(&reader);
  heard.given = base_read_u64(&reader);
  heard.named = base_read_u64(&reader);
  base_read_hash(&reader, &heard.first);
  base_read_hash(&reader, &heard.told);
  base_read_hash(&reader, &heard.given_leaf);
  base_read_hash(&reader, &heard.named_root);
  struct base_view digits = base_read_block(&reader, sizeof heard.digits - 1);
  heard.behind = base_read_u8(&reader) != 0;
  code = base_reader_end(&reader, name, err);
  if (code != BASE_OK)
    return code;
  (void)snprintf(heard.digits, sizeof heard.digits, "%.*s", (int)digits.size, (const char *)digits.data);
  partner->heard = heard;
  return BASE_OK;
}

/* The head of his that the next one must extend: the keeper's memory counts; where that holds none of this register,
 * the store's, and core checks the proof itself. */
static enum base_code seen_read(struct core *core, struct core_partner *partner, struct base_error *err) {
  char origin[WIRE_ORIGIN_MAX + 16];
  const struct core_renewed *renewed = &partner->renewed;
  struct base_view node = partner->card.origin;
  (void)snprintf(origin, sizeof origin, renewed->number == 1 ? "%.*s" : "%.*s/%u", (int)node.size,
                 (const char *)node.data, (unsigned)renewed->number);
  partner->unheld = false;
  struct wire_keeper_memory memory;
  enum base_code code = core->env.keeper.remembers(core->env.keeper.context, base_view_text(origin), &memory, err);
  if (code != BASE_OK)
    return code;
  partner->seen_size = memory.size;
  partner->seen_root = memory.root;
  partner->followed = memory.log;
  if (memory.size > 0)
    return BASE_OK;
  bool ours = partner->row.head_size >> KEY_SHIFT == renewed->number - 1 && partner->row.head_size > 0;
  uint64_t key = ours ? partner->row.head_size : renewed->base;
  if (key == 0)
    return BASE_OK;
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  struct wire_note parsed;
  struct wire_checkpoint head;
  code = store_partner_head_get(core->store, partner->row.number, key, &note, err);
  if (code == BASE_OK)
    code = wire_note_parse(base_buf_view(&note), &parsed, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(parsed.text, &head, err);
  if (code != BASE_OK)
    return core_damage(code) ? base_fail_within(err, "the last head of his that was kept") : code;
  partner->seen_size = head.size;
  partner->seen_root = head.root;
  partner->unheld = true;
  return BASE_OK;
}

enum base_code core_renewed_load(struct core *core, struct core_partner *partner, struct base_error *err) {
  enum base_code code = renewed_read(core, partner, err);
  if (code == BASE_OK)
    code = heard_read(core, partner, err);
  if (code == BASE_OK)
    code = seen_read(core, partner, err);
  partner->handed = 0;
  partner->again_done = false;
  return code;
}

/* --- noticed */

/* SIZE and ROOT. */
static bool read_named(struct base_view subject, uint64_t *size, struct base_hash *root) {
  const uint8_t *space = subject.size > 0 ? memchr(subject.data, ' ', subject.size) : NULL;
  if (space == NULL)
    return false;
  size_t digits = (size_t)(space - subject.data);
  return base_decimal_parse(base_view_of(subject.data, digits), size) && *size >> KEY_SHIFT == 0 &&
         base_hash_parse(base_view_of(space + 1, subject.size - digits - 1), root);
}

/* The two leaves under his head: the first of the epoch, and what it says about us. */
static enum base_code read_leaves(const struct core *core, const struct core_partner *partner,
                                  const struct core_heads *heads, const struct wire_checkpoint *checkpoint,
                                  struct core_heard *out, struct base_error *err) {
  uint32_t epoch = wire_origin_epoch(checkpoint->origin);
  bool first = false, told = false;
  for (size_t i = 0; i < heads->epoch_count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct wire_leaf leaf;
    struct wire_opening opening;
    const struct wire_frame_proof *proof = &heads->epoch[i].proof;
    enum base_code code = core_proof_take(proof, checkpoint, &arena, &leaf, &opening, err);
    if (code != BASE_OK)
      return code;
    if (leaf.act != WIRE_ACT_EPOCH || opening.number != epoch || !base_view_equal(opening.from, partner->card.origin))
      return base_fail(err, BASE_PROTOCOL, "a leaf of something else stands for the beginning of epoch %u",
                       (unsigned)epoch);
    if (base_view_equal(opening.to, partner->card.origin)) {
      first = true;
      out->start = proof->index;
      out->first = seal_sha256(proof->leaf);
      seal_fingerprint(proof->leaf, out->digits);
    } else if (base_view_equal(opening.to, core->card.origin)) {
      told = true;
      out->told = seal_sha256(proof->leaf);
      out->given = opening.statement.given;
      out->given_leaf = opening.statement.given_leaf;
      if (!read_named(opening.subject, &out->named, &out->named_root))
        return base_fail(err, BASE_PROTOCOL, "what begins epoch %u names no head as the last one that was cosigned",
                         (unsigned)epoch);
    }
  }
  out->number = epoch;
  return first && told ? BASE_OK
                       : base_fail(err, BASE_PROTOCOL,
                                   "a head of epoch %u of the register came without the leaves that it begins with",
                                   (unsigned)epoch);
}

static enum base_code hear(struct core *core, struct core_partner *partner, const struct core_heads *heads,
                           uint32_t generation, const struct wire_checkpoint *checkpoint, struct base_error *err) {
  struct core_heard heard = {0};
  enum base_code code = read_leaves(core, partner, heads, checkpoint, &heard, err);
  if (code != BASE_OK)
    return code;
  heard.behind = generation < partner->card.generation;
  if (heard.behind != partner->heard.behind || heard.number != partner->heard.number ||
      !base_hash_equal(&heard.first, &partner->heard.first) || !base_hash_equal(&heard.told, &partner->heard.told)) {
    partner->heard = heard;
    code = core_write(core, err);
    if (code == BASE_OK)
      code = heard_save(core, partner, err);
    if (code != BASE_OK)
      return core_lose(core, code, err);
    base_log(BASE_LOG_WARNING, "partner.epoch", "%.*s began epoch %u of its register, with the digits %s",
             (int)partner->card.name.size, (const char *)partner->card.name.data, (unsigned)heard.number, heard.digits);
  }
  core_renewed_say(partner);
  return base_fail(err, BASE_SUSPENDED, "%s", partner->trouble);
}

/* The first head after an officer confirmed: it must hold the very leaf whose digits were compared. */
static enum base_code begins(const struct core *core, const struct core_partner *partner,
                             const struct core_heads *heads, const struct wire_checkpoint *checkpoint,
                             struct base_error *err) {
  struct core_heard heard = {0};
  enum base_code code = read_leaves(core, partner, heads, checkpoint, &heard, err);
  if (code == BASE_OK &&
      (heard.start != partner->renewed.start || !base_hash_equal(&heard.first, &partner->renewed.first)))
    code = base_fail(err, BASE_FORK, "epoch %u began otherwise than was confirmed", (unsigned)heard.number);
  return code;
}

enum base_code core_renewed_take(struct core *core, struct core_partner *partner, const struct core_heads *heads,
                                 uint32_t generation, const struct wire_checkpoint *checkpoint,
                                 struct base_error *err) {
  uint32_t epoch = wire_origin_epoch(checkpoint->origin);
  struct core_renewed *renewed = &partner->renewed;
  /* A head that the keeper cosigned just before a crash was not kept: he was a partner all the same. */
  bool fresh = partner->row.head_size == 0 && partner->row.received_number == 0 && partner->seen_size == 0;
  if (epoch < renewed->number)
    return base_fail(err, BASE_ROLLBACK, "a head of epoch %u of the register came, which was closed: epoch %u goes on",
                     (unsigned)epoch, (unsigned)renewed->number);
  if (epoch > renewed->number && fresh) { /* he was no partner in the one before */
    *renewed = (struct core_renewed){.number = epoch};
    enum base_code code = core_write(core, err);
    if (code == BASE_OK)
      code = core_renewed_save(core, partner, err);
    return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
  }
  if (epoch > renewed->number)
    return hear(core, partner, heads, generation, checkpoint, err);
  bool first =
      epoch > 1 && renewed->start > 0 && (partner->row.head_size >> KEY_SHIFT != epoch - 1 || partner->seen_size == 0);
  return first ? begins(core, partner, heads, checkpoint, err) : BASE_OK;
}

static void chain_fact(const struct core_partner *partner, bool given, uint64_t number, char out[96]) {
  (void)snprintf(out, 96, "epoch-%s/%lld/%llu", given ? "given" : "taken", (long long)partner->row.number,
                 (unsigned long long)number);
}

/* One for each epoch that began there: a copy of a time between two may be put back, which knows the older one alone.
 */
enum { CHAINS_MOST = WIRE_EPOCHS_MAX * sizeof(struct base_hash) };

static bool chains_hold(const struct base_buf *fact, const struct base_hash *hash) {
  for (size_t at = 0; at + sizeof hash->bytes <= fact->size; at += sizeof hash->bytes)
    if (memcmp(fact->data + at, hash->bytes, sizeof hash->bytes) == 0)
      return true;
  return false;
}

enum base_code core_epoch_chain(struct core *core, const struct core_partner *partner, bool given, uint64_t number,
                                const struct base_hash *hash, struct base_error *err) {
  char name[96];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, CHAINS_MOST);
  chain_fact(partner, given, number, name);
  enum base_code code = store_fact_get(core->store, name, &fact, err);
  if ((code != BASE_OK && code != BASE_NOT_FOUND) || chains_hold(&fact, hash))
    return code;
  base_buf_add(&fact, hash->bytes, sizeof hash->bytes);
  code = base_buf_check(&fact, name, err);
  return code == BASE_OK ? store_fact_set(core->store, name, base_buf_view(&fact), err) : code;
}

bool core_epoch_chains(struct core *core, const struct core_partner *partner, bool given, uint64_t number,
                       const struct base_hash *hash) {
  char name[96];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, CHAINS_MOST);
  chain_fact(partner, given, number, name);
  return number > 0 && store_fact_get(core->store, name, &fact, NULL) == BASE_OK && chains_hold(&fact, hash);
}

enum base_code core_renewed_again(struct core *core, struct core_partner *partner, uint64_t wanted, bool *out,
                                  struct base_error *err) {
  struct core_renewed *renewed = &partner->renewed;
  *out = wanted <= renewed->again_to;
  uint64_t from = *out ? wanted : renewed->again_to + 1;
  if (renewed->again_to == 0 || (renewed->again_from != 0 && renewed->again_from <= from))
    return BASE_OK;
  renewed->again_from = from;
  partner->again_done = false;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_renewed_save(core, partner, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_renewed_step_back(struct core *core, struct core_partner *partner, struct base_error *err) {
  struct core_renewed *renewed = &partner->renewed;
  uint64_t seen = partner->seen_size;
  if (renewed->named == renewed->base || partner->row.head_size >> KEY_SHIFT == renewed->number - 1)
    return BASE_CONSISTENCY;
  renewed->base = renewed->named;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_renewed_save(core, partner, err);
  if (code == BASE_OK)
    code = seen_read(core, partner, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  base_log(
      BASE_LOG_WARNING, "partner.epoch",
      "%.*s wrote other leaves than those that it lost before it began epoch %u: of its %llu leaves that this node "
      "cosigned, the first %llu are left",
      (int)partner->card.name.size, (const char *)partner->card.name.data, (unsigned)renewed->number,
      (unsigned long long)seen, (unsigned long long)partner->seen_size);
  return base_fail(err, BASE_CONFLICT, "no proof from the head of %llu leaves that it names as the last one came along",
                   (unsigned long long)partner->seen_size);
}

/* --- confirmed */

static enum base_code check_confirmed(struct core_partner *partner, struct base_view name, struct base_view typed,
                                      struct base_error *err) {
  if (partner == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "there is no partner named %.*s; wasl partner list shows them",
                     (int)name.size, (const char *)name.data);
  if (partner->damaged[0] != '\0')
    return base_fail(err, BASE_POLICY, "%s", partner->damaged);
  if (partner->heard.number <= partner->renewed.number)
    return base_fail(err, BASE_CONFLICT, "%.*s has shown no new epoch of its register: there is nothing to confirm",
                     (int)name.size, (const char *)name.data);
  if (partner->heard.behind)
    return base_fail(err, BASE_CONFLICT,
                     "%.*s does not have the card of generation %u any more that it gave before: it must put back the "
                     "copy of its keys that has that card and open the next epoch, or be added anew as another node",
                     (int)name.size, (const char *)name.data, (unsigned)partner->card.generation);
  if (!seal_fingerprint_equal(partner->heard.digits, typed))
    return base_fail(err, BASE_WRONG_KEY,
                     "the digits given are not those that came: do not confirm; ask %.*s again, by voice, for theirs",
                     (int)name.size, (const char *)name.data);
  return BASE_OK;
}

/* The newest head with so many leaves or fewer, of the newest epoch that has one; 0: there is none. */
static enum base_code find_head(struct core *core, const struct core_partner *partner, uint64_t size, uint64_t *out,
                                struct base_error *err) {
  uint64_t most = core_head_key(partner, size);
  for (;;) {
    BASE_AUTO_BUF struct base_buf note = {0};
    base_buf_init(&note, WIRE_NOTE_MAX);
    uint64_t key = 0;
    enum base_code code = store_partner_head_upto(core->store, partner->row.number, most, &key, &note, err);
    *out = 0;
    if (code != BASE_OK)
      return code == BASE_NOT_FOUND ? BASE_OK : code;
    *out = key;
    if (core_head_key_size(key) <= size)
      return BASE_OK;
    most = key - core_head_key_size(key) + size; /* an epoch before, of which more was taken */
  }
}

/* *out: the head of this size that is kept under one of his epochs has this root. */
static enum base_code head_is(struct core *core, const struct core_partner *partner, uint64_t key,
                              const struct base_hash *root, bool *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_NOTE_MAX);
  struct wire_note note;
  struct wire_checkpoint head;
  *out = false;
  enum base_code code = store_partner_head_get(core->store, partner->row.number, key, &bytes, err);
  if (code == BASE_OK)
    code = wire_note_parse(base_buf_view(&bytes), &note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note.text, &head, err);
  *out = code == BASE_OK && base_hash_equal(&head.root, root);
  return core_damage(code) ? BASE_OK : code;
}

/* The head that he names as the last one that was cosigned, whichever epoch it is of: a folder that was put back knows
 * nothing of those that followed. One that is not held here: the newest that is no newer. */
static enum base_code find_named(struct core *core, const struct core_partner *partner, const struct core_heard *heard,
                                 uint64_t *out, struct base_error *err) {
  bool found = false;
  enum base_code code = BASE_OK;
  for (uint64_t epoch = partner->renewed.number; epoch > 0 && heard->named > 0 && code == BASE_OK; epoch--) {
    *out = ((epoch - 1) << KEY_SHIFT) | heard->named;
    code = head_is(core, partner, *out, &heard->named_root, &found, err);
    if (found)
      return BASE_OK;
  }
  return code == BASE_OK ? find_head(core, partner, heard->named, out, err) : code;
}

/* What his next statement names as the one before it. He goes on after the last number that was taken here: from its
 * own statement or from what an earlier epoch put in its place, if that is left to him; else from the leaf about us. */
static enum base_code find_previous(struct core *core, const struct core_partner *partner,
                                    const struct core_heard *heard, struct base_hash *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_arrival last = {.partner = 0};
  uint64_t number = partner->row.received_number;
  enum base_code code =
      number > 0 ? store_arrival_get(core->store, partner->row.number, number, &arena, &last, err) : BASE_OK;
  if (code != BASE_OK)
    return code;
  *out = last.sent_hash;
  if (heard->given < number)
    *out = heard->told;
  else if (heard->given == number && !base_hash_equal(&heard->given_leaf, &last.sent_hash))
    *out = core_epoch_chains(core, partner, false, number, &heard->given_leaf) ? heard->given_leaf : heard->told;
  return BASE_OK;
}

static enum base_code confirm(struct core *core, struct core_partner *partner, struct base_view actor,
                              struct base_error *err) {
  char reason[96];
  const struct core_heard heard = partner->heard;
  struct core_renewed renewed = {
      .number = heard.number, .start = heard.start, .first = heard.first, .told = heard.told};
  struct base_hash previous;
  enum base_code code = find_head(core, partner, heard.start, &renewed.base, err);
  renewed.named = renewed.base;
  if (code == BASE_OK && heard.named <= heard.start)
    code = find_named(core, partner, &heard, &renewed.named, err);
  if (code == BASE_OK)
    code = find_previous(core, partner, &heard, &previous, err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code != BASE_OK)
    return code;
  partner->row.received_previous = previous;
  /* Also where he gave as many: they may be others than those that are held here. */
  code = core_epoch_chain(core, partner, false, partner->row.received_number, &heard.told, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  renewed.again_to = partner->row.sent_number;
  renewed.taken = partner->row.received_number;
  partner->renewed = renewed;
  partner->heard = (struct core_heard){0};
  (void)snprintf(reason, sizeof reason, "%s: epoch %u of its register, first leaf %llu",
                 partner->row.state == STORE_PARTNER_SUSPENDED ? "suspended" : "resumed", (unsigned)renewed.number,
                 (unsigned long long)renewed.start);
  code = core_partner_leaf(core, partner, actor, base_view_text(reason), err);
  if (code == BASE_OK)
    code = core_compare_renewed(core, partner, err);
  if (code == BASE_OK)
    code = core_renewed_save(core, partner, err);
  if (code == BASE_OK)
    code = heard_save(core, partner, err);
  if (code == BASE_OK && partner->stopped)
    code = core_partner_stop_write(core, partner, (struct base_view){0}, err);
  if (code == BASE_OK)
    code = core_partner_save(core, partner, err);
  if (code == BASE_OK)
    code = core_renewed_load(core, partner, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

void core_partner_epoch(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_view name = core_request_text(request, "name");
  struct core_partner *partner = core_partner_named(core, name);
  enum base_code code = check_confirmed(partner, name, core_request_text(request, "fingerprint"), &err);
  if (code == BASE_OK)
    code = confirm(core, partner, core_actor(core), &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  partner->contradicts = partner->stopped = false;
  partner->maybe = true;
  partner->failures = 0;
  core_partner_well(partner);
  core_partner_answer(core, token, partner);
}
