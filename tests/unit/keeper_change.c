/* SPDX-License-Identifier: Apache-2.0
 * Keys that change: made, announced on a card, followed by partners, destroyed; and what a captured core may not get.
 */
#include "keeper_try.h"

#include <dirent.h>

struct node {
  char path[TRY_PATH];
  int dir;
  struct try_world world;
  struct keeper *keeper;
  struct try_info info;
  struct try_register log;
  struct base_buf card, before; /* the newest that was composed, and the one before */
};

static void look(struct node *node) {
  try_describe(node->keeper, &node->info);
}

static struct base_view name_key(const struct node *node, uint8_t type, const struct wire_key *key,
                                 struct base_buf *out) {
  struct base_view name = wire_origin_node(base_view_text(node->info.origin));
  struct wire_vkey vkey = {.name = name, .id = seal_vkey_id(name, type, key), .type = type, .key = *key};
  wire_vkey_write(&vkey, out);
  return base_buf_view(out);
}

static const struct wire_keeper_key *newest(const struct node *node, enum wire_keeper_type type) {
  const struct wire_keeper_key *found = NULL;
  for (size_t i = 0; i < node->info.all.count; i++)
    if (node->info.all.keys[i].type == type)
      found = &node->info.all.keys[i];
  return found;
}

/* A card of the node's newest keys that follows the one composed before; changed by the test before it is written. */
struct draft {
  struct wire_card card;
  struct base_buf log, witness;
};
static void draft(struct node *node, uint32_t generation, struct draft *out) {
  look(node);
  const struct wire_keeper_key *seal = newest(node, WIRE_KEEPER_SEAL);
  struct base_hash id = seal_key_hash(&seal->public_key);
  memset(out, 0, sizeof *out);
  out->card = (struct wire_card){.name = BASE_VIEW("rabat"),
                                 .generation = generation,
                                 .address_count = 1,
                                 .seal_count = 1,
                                 .pin_count = 1,
                                 .made = node->world.now};
  for (int i = 0; i < WIRE_LANGUAGES; i++)
    out->card.org[i] = BASE_VIEW("x");
  out->card.addresses[0] = BASE_VIEW("127.0.0.1:7443");
  out->card.log = name_key(node, WIRE_VKEY_LOG, &newest(node, WIRE_KEEPER_LOG)->public_key, &out->log);
  out->card.witness = name_key(node, WIRE_VKEY_WITNESS, &newest(node, WIRE_KEEPER_WITNESS)->public_key, &out->witness);
  out->card.seals[0] = (struct wire_seal_key){.key = seal->public_key, .from = seal->from, .until = seal->until};
  memcpy(out->card.seals[0].id, id.bytes, sizeof out->card.seals[0].id);
  out->card.previous = seal_sha256(base_buf_view(&node->card));
}
static void draft_write(struct node *node, struct draft *draft, struct base_buf *out) {
  struct base_error err;
  base_buf_free(out);
  base_buf_init(out, WIRE_CARD_MAX);
  try_expect(wire_card_write(&draft->card, out, &err), &err, BASE_OK, "");
  base_buf_free(&draft->log);
  base_buf_free(&draft->witness);
  (void)node;
}

static struct wire_key first_key;

static void node_start(struct node *node, uint64_t seed) {
  struct base_error err;
  struct draft first;
  BASE_AUTO_BUF struct base_buf note = {0};
  memset(node, 0, sizeof *node);
  node->dir = try_folder(node->path);
  try_world_init(&node->world, seed);
  node->keeper = try_new(node->dir, &node->world, "rabat");
  draft(node, 1, &first);
  first_key = node->info.log;
  draft_write(node, &first, &node->card);
  try_expect(try_attest(node->keeper, &node->log, 0, 3, &note, &err), &err, BASE_OK, "");
}

static void empty(int dir) {
  DIR *folder = fdopendir(dup(dir));
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (entry->d_name[0] != '.')
      assert_int_equal(unlinkat(dir, entry->d_name, 0), 0);
  closedir(folder);
}

static void node_end(struct node *node) {
  keeper_close(node->keeper);
  base_buf_free(&node->card);
  base_buf_free(&node->before);
  empty(node->dir);
  close(node->dir);
  assert_int_equal(rmdir(node->path), 0);
}

static void node_restart(struct node *node) {
  keeper_close(node->keeper);
  node->keeper = try_open(node->dir, &node->world);
  look(node);
}

/* The next card, written into node->card. */
static void next_card(struct node *node, uint32_t generation) {
  struct draft next;
  draft(node, generation, &next);
  next.card.first = first_key;
  base_buf_free(&node->before);
  node->before = node->card;
  node->card = (struct base_buf){0};
  draft_write(node, &next, &node->card);
}

struct notes {
  struct base_buf succession, note;
};
static void notes_free(struct notes *notes) {
  base_buf_free(&notes->succession);
  base_buf_free(&notes->note);
}
static enum base_code succeed(struct node *node, uint64_t old_size, uint64_t size, struct base_view card,
                              struct notes *out, struct base_error *err) {
  struct try_proof proof = try_consistency(&node->log, old_size, size);
  struct base_hash root = try_root(&node->log, size);
  notes_free(out);
  *out = (struct notes){0};
  return keeper_succeed(node->keeper, size, &root, proof.hashes, proof.count, card, &out->succession, &out->note, err);
}

static void renew(struct node *node, unsigned types) {
  struct base_error err;
  try_expect(keeper_renew(node->keeper, types, &err), &err, BASE_OK, "");
  look(node);
}
static const unsigned SIGNING = 1u << WIRE_KEEPER_LOG | 1u << WIRE_KEEPER_WITNESS;

static bool signed_by(const struct node *node, const struct base_buf *note, const struct wire_key *key) {
  struct base_view name = base_view_text(node->info.origin);
  struct wire_vkey vkey = {
      .name = name, .id = seal_vkey_id(name, WIRE_VKEY_LOG, key), .type = WIRE_VKEY_LOG, .key = *key};
  return seal_checkpoint_verify(base_buf_view(note), (struct seal_signer){.log = &vkey}, NULL, NULL, NULL) == BASE_OK;
}

static size_t held(const struct node *node, enum wire_keeper_type type, enum wire_keeper_state state) {
  size_t count = 0;
  for (size_t i = 0; i < node->info.all.count; i++)
    count += node->info.all.keys[i].type == type && node->info.all.keys[i].state == state;
  return count;
}

/* --- our own */

static void both_keys_sign_the_change(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  struct notes notes = {0};
  BASE_AUTO_BUF struct base_buf note = {0};
  node_start(&node, 1);
  struct wire_key old = node.info.log;
  renew(&node, SIGNING | 1u << WIRE_KEEPER_SEAL);
  renew(&node, SIGNING); /* one waits already */
  assert_int_equal(held(&node, WIRE_KEEPER_LOG, WIRE_KEEPER_WAITING), 1);
  /* the old one signs until a card names the new one */
  try_expect(try_attest(node.keeper, &node.log, 3, 4, &note, &err), &err, BASE_OK, "");
  assert_true(signed_by(&node, &note, &old));
  next_card(&node, 2);
  struct wire_key new = newest(&node, WIRE_KEEPER_LOG)->public_key;
  node_restart(&node);
  try_expect(succeed(&node, 4, 7, base_buf_view(&node.card), &notes, &err), &err, BASE_OK, "");
  struct wire_succession said;
  try_expect(seal_succession_signed(base_buf_view(&notes.succession), &old, &new, &said, &err), &err, BASE_OK, "");
  struct base_hash hash = seal_sha256(base_buf_view(&node.card));
  assert_true(base_hash_equal(&said.card, &hash));
  assert_int_equal(said.generation, 2);
  assert_int_equal(said.checkpoint.size, 7);
  assert_true(signed_by(&node, &notes.note, &new));
  assert_false(signed_by(&node, &notes.note, &old));
  /* not kept: the same again, also after a restart, also over more leaves */
  node_restart(&node);
  assert_int_equal(held(&node, WIRE_KEEPER_LOG, WIRE_KEEPER_OLD), 1);
  try_expect(succeed(&node, 7, 7, base_buf_view(&node.card), &notes, &err), &err, BASE_OK, "");
  try_expect(succeed(&node, 7, 9, base_buf_view(&node.card), &notes, &err), &err, BASE_OK, "");
  try_expect(seal_succession_signed(base_buf_view(&notes.succession), &old, &new, &said, &err), &err, BASE_OK, "");
  /* kept: the old ones go, and the same is not signed again */
  try_expect(keeper_forget(node.keeper, KEEPER_KEY_LOG, 1, &err), &err, BASE_OK, "");
  try_expect(keeper_forget(node.keeper, KEEPER_KEY_WITNESS, 1, &err), &err, BASE_OK, "");
  try_expect(succeed(&node, 9, 9, base_buf_view(&node.card), &notes, &err), &err, BASE_WRONG_KEY, "destroyed");
  try_expect(try_attest(node.keeper, &node.log, 9, 12, &note, &err), &err, BASE_OK, "");
  node_restart(&node);
  assert_true(signed_by(&node, &note, &node.info.log));
  assert_int_equal(node.info.all.generation, 2);
  assert_memory_equal(node.info.log.bytes, new.bytes, sizeof new.bytes);
  notes_free(&notes);
  node_end(&node);
}

/* Whatever core asks for: no card with a key that is not the keeper's, no second successor, nothing out of its row. */
static void signs_no_other_card(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  struct notes notes = {0};
  struct draft other;
  BASE_AUTO_BUF struct base_buf text = {0};
  node_start(&node, 2);
  renew(&node, SIGNING);
  /* keys of somebody else */
  struct try_world thief;
  struct keeper_key key;
  try_world_init(&thief, 77);
  try_expect(keeper_key_make(KEEPER_KEY_LOG, 1, &thief.world, &key, &err), &err, BASE_OK, "");
  for (int which = 0; which < 3; which++) {
    draft(&node, 2, &other);
    other.card.first = first_key;
    BASE_AUTO_BUF struct base_buf line = {0};
    if (which == 0)
      other.card.log = name_key(&node, WIRE_VKEY_LOG, &key.public_key, &line);
    else if (which == 1)
      other.card.witness = name_key(&node, WIRE_VKEY_WITNESS, &key.public_key, &line);
    else {
      other.card.seals[0].key = key.public_key;
      struct base_hash id = seal_key_hash(&key.public_key);
      memcpy(other.card.seals[0].id, id.bytes, 8);
    }
    draft_write(&node, &other, &text);
    try_expect(succeed(&node, 3, 5, base_buf_view(&text), &notes, &err), &err, BASE_WRONG_KEY, "");
    assert_int_equal(notes.succession.size + notes.note.size, 0);
  }
  /* a sealing key for longer than it was made; a generation out of the row; no card at all; another first key */
  draft(&node, 2, &other);
  other.card.first = first_key;
  other.card.seals[0].until++;
  draft_write(&node, &other, &text);
  try_expect(succeed(&node, 3, 5, base_buf_view(&text), &notes, &err), &err, BASE_FIELD, "longer");
  draft(&node, 3, &other);
  other.card.first = first_key;
  draft_write(&node, &other, &text);
  try_expect(succeed(&node, 3, 5, base_buf_view(&text), &notes, &err), &err, BASE_FORK, "generation 3");
  try_expect(succeed(&node, 3, 5, BASE_VIEW("{}"), &notes, &err), &err, BASE_FIELD, "");
  draft(&node, 2, &other);
  other.card.first = key.public_key;
  draft_write(&node, &other, &text);
  try_expect(succeed(&node, 3, 5, base_buf_view(&text), &notes, &err), &err, BASE_WRONG_KEY, "");
  /* not without the proof that every head needs */
  next_card(&node, 2);
  try_expect(succeed(&node, 2, 5, base_buf_view(&node.card), &notes, &err), &err, BASE_CONSISTENCY, "");
  try_expect(succeed(&node, 2, 2, base_buf_view(&node.card), &notes, &err), &err, BASE_ROLLBACK, "");
  try_expect(succeed(&node, 3, 5, base_buf_view(&node.card), &notes, &err), &err, BASE_OK, "");
  /* one successor of each card */
  draft(&node, 2, &other);
  other.card.first = first_key;
  other.card.previous = seal_sha256(base_buf_view(&node.before));
  other.card.addresses[0] = BASE_VIEW("192.0.2.1:7443");
  draft_write(&node, &other, &text);
  try_expect(succeed(&node, 5, 8, base_buf_view(&text), &notes, &err), &err, BASE_FORK, "generation 2");
  draft(&node, 3, &other);
  other.card.first = first_key;
  other.card.previous = seal_sha256(base_buf_view(&node.before));
  draft_write(&node, &other, &text);
  try_expect(succeed(&node, 5, 8, base_buf_view(&text), &notes, &err), &err, BASE_FORK, "another one");
  next_card(&node, 3);
  try_expect(succeed(&node, 5, 8, base_buf_view(&node.card), &notes, &err), &err, BASE_OK, "");
  notes_free(&notes);
  node_end(&node);
}

static void destroys_what_is_over(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  struct stat status;
  node_start(&node, 3);
  /* in force, or the last of its kind */
  for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++)
    try_expect(keeper_forget(node.keeper, type, 1, &err), &err, BASE_POLICY, "in force");
  try_expect(keeper_forget(node.keeper, KEEPER_KEY_SEAL, 9, &err), &err, BASE_OK, "");
  struct wire_seal_key old = node.info.seal;
  uint8_t shared[32], entropy[32] = {5};
  struct wire_enc enc;
  assert_int_equal(seal_hpke_encap(&old.key, entropy, &enc, shared, &err), BASE_OK);
  renew(&node, 1u << WIRE_KEEPER_SEAL | 1u << WIRE_KEEPER_EPOCH);
  try_expect(keeper_decapsulate(node.keeper, old.id, &enc, shared, &err), &err, BASE_OK, "");
  int copy = openat(node.dir, "seal.key", O_RDONLY); /* what is left of the file, once its name is gone */
  try_expect(keeper_forget(node.keeper, KEEPER_KEY_SEAL, 1, &err), &err, BASE_OK, "");
  assert_int_equal(fstatat(node.dir, "seal.key", &status, 0), -1);
  uint8_t left[KEEPER_KEY_FILE_MAX], none[KEEPER_KEY_FILE_MAX] = {0};
#ifndef IN_TOKEN /* there the file holds no secret, and another takes its place before */
  assert_int_equal(pread(copy, left, sizeof left, 0), (ssize_t)sizeof left);
  assert_memory_equal(left, none, sizeof left);
#else
  (void)left;
#endif
  close(copy);
  char id[17];
  base_hex(old.id, 8, id);
  try_expect(keeper_decapsulate(node.keeper, old.id, &enc, shared, &err), &err, BASE_WRONG_KEY, id);
  /* cut off before it was written over, or halfway: it is no key any more */
  for (size_t written = 0; written <= sizeof none; written += sizeof none / 2) {
    int cut = openat(node.dir, "seal.key.gone", O_WRONLY | O_CREAT | O_EXCL, 0600);
    memset(left, 7, sizeof left);
    memset(left, 0, written);
    assert_int_equal(write(cut, left, sizeof left), (ssize_t)sizeof left);
    copy = openat(node.dir, "seal.key.gone", O_RDONLY);
    close(cut);
    node_restart(&node);
    assert_int_equal(fstatat(node.dir, "seal.key.gone", &status, 0), -1);
    assert_int_equal(pread(copy, left, sizeof left, 0), (ssize_t)sizeof left);
    assert_memory_equal(left, none, sizeof left);
    close(copy);
  }
  try_expect(keeper_decapsulate(node.keeper, old.id, &enc, shared, &err), &err, BASE_WRONG_KEY, "destroyed");
  node_end(&node);
}

static void epochs_go_on(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  static const struct base_secret keys[2] = {{{1}}, {{2}}};
  struct base_secret back[2];
  uint8_t wrapped[2][KEEPER_WRAPPED], anew[2][KEEPER_WRAPPED];
  uint32_t epoch;
  node_start(&node, 4);
  try_expect(keeper_wrap(node.keeper, keys, 2, wrapped, &epoch, &err), &err, BASE_OK, "");
  assert_int_equal(epoch, 1);
  renew(&node, 1u << WIRE_KEEPER_EPOCH);
  try_expect(keeper_renew(node.keeper, 1u << WIRE_KEEPER_EPOCH, &err), &err, BASE_CONFLICT, "anew");
  try_expect(keeper_wrap(node.keeper, keys, 2, anew, &epoch, &err), &err, BASE_OK, "");
  assert_int_equal(epoch, 2);
  for (int pass = 0; pass < 2; pass++) {
    try_expect(keeper_unwrap(node.keeper, 1, (const uint8_t(*)[KEEPER_WRAPPED])wrapped, 2, back, &err), &err, BASE_OK,
               "");
    assert_memory_equal(back, keys, sizeof keys);
    try_expect(keeper_unwrap(node.keeper, 2, (const uint8_t(*)[KEEPER_WRAPPED])wrapped, 2, back, &err), &err,
               BASE_UNSEAL, "");
    node_restart(&node);
  }
  try_expect(keeper_forget(node.keeper, KEEPER_KEY_EPOCH, 2, &err), &err, BASE_POLICY, "");
  try_expect(keeper_forget(node.keeper, KEEPER_KEY_EPOCH, 1, &err), &err, BASE_OK, "");
  try_expect(keeper_unwrap(node.keeper, 1, (const uint8_t(*)[KEEPER_WRAPPED])wrapped, 2, back, &err), &err,
             BASE_WRONG_KEY, "destroyed");
  node_restart(&node);
  try_expect(keeper_unwrap(node.keeper, 1, (const uint8_t(*)[KEEPER_WRAPPED])wrapped, 2, back, &err), &err,
             BASE_WRONG_KEY, "destroyed");
  try_expect(keeper_unwrap(node.keeper, 2, (const uint8_t(*)[KEEPER_WRAPPED])anew, 2, back, &err), &err, BASE_OK, "");
  node_end(&node);
}

static void limits(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  node_start(&node, 5);
  for (int i = 1; i < WIRE_CARD_SEALS_MAX; i++)
    renew(&node, 1u << WIRE_KEEPER_SEAL);
  try_expect(keeper_renew(node.keeper, 1u << WIRE_KEEPER_SEAL, &err), &err, BASE_POLICY, "4 sealing keys");
  node_restart(&node);
  assert_int_equal(held(&node, WIRE_KEEPER_SEAL, WIRE_KEEPER_IN_FORCE), WIRE_CARD_SEALS_MAX);
  /* more files than a keeper holds */
  struct keeper_key key;
  try_expect(keeper_key_read(node.dir, KEEPER_KEY_SEAL, 1, &key, &err), &err, BASE_OK, "");
  keeper_close(node.keeper);
  for (uint32_t number = 10; number < 10 + WIRE_KEEPER_KEYS_MAX; number++) {
    key.number = number;
    try_expect(keeper_key_write(node.dir, &key, &err), &err, BASE_OK, "");
  }
  try_expect(keeper_open(node.dir, &node.world.world, &node.keeper, &err), &err, BASE_CORRUPT, "more than 16");
  for (uint32_t number = 10; number < 10 + WIRE_KEEPER_KEYS_MAX; number++)
    try_expect(keeper_key_destroy(node.dir, KEEPER_KEY_SEAL, number, &err), &err, BASE_OK, "");
  /* a key under another number than its own */
  try_expect(base_file_replace(node.dir, "seal-9.key", BASE_VIEW("x"), 0600, &err), &err, BASE_OK, "");
  try_expect(keeper_open(node.dir, &node.world.world, &node.keeper, &err), &err, BASE_CORRUPT, "seal-9.key");
  assert_int_equal(renameat(node.dir, "seal-2.key", node.dir, "seal-9.key"), 0);
  try_expect(keeper_open(node.dir, &node.world.world, &node.keeper, &err), &err, BASE_CORRUPT, "another number");
  assert_int_equal(renameat(node.dir, "seal-9.key", node.dir, "seal-2.key"), 0);
  node.keeper = try_open(node.dir, &node.world);
  node_end(&node);
}

/* An older copy of the keys: the memory says that later ones are in force. */
static void wants_the_keys_in_force(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  struct notes notes = {0};
  node_start(&node, 6);
  renew(&node, SIGNING);
  next_card(&node, 2);
  try_expect(succeed(&node, 3, 4, base_buf_view(&node.card), &notes, &err), &err, BASE_OK, "");
  keeper_close(node.keeper);
  assert_int_equal(renameat(node.dir, "log-2.key", node.dir, "kept"), 0);
  node.keeper = NULL;
  try_expect(keeper_open(node.dir, &node.world.world, &node.keeper, &err), &err, BASE_NOT_FOUND, "log-2.key");
  assert_int_equal(renameat(node.dir, "kept", node.dir, "log-2.key"), 0);
  node.keeper = try_open(node.dir, &node.world);
  notes_free(&notes);
  node_end(&node);
}

/* --- a partner's */

static enum base_code cosign(struct keeper *keeper, const struct wire_key *key, const struct base_buf *note,
                             struct try_register *log, uint64_t old_size, uint64_t size, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf line = {0};
  struct try_proof proof = try_consistency(log, old_size, size);
  return keeper_cosign(keeper, key, base_buf_view(note), old_size, proof.hashes, proof.count, &line, err);
}

static void follows_from_key_to_key(void **state) {
  (void)state;
  struct node rabat, paris;
  struct base_error err;
  struct notes first = {0}, second = {0};
  BASE_AUTO_BUF struct base_buf note = {0};
  node_start(&rabat, 7);
  node_start(&paris, 8);
  look(&rabat);
  struct wire_key keys[3] = {rabat.info.log};
  struct base_view origin = base_view_text(rabat.info.origin);
  try_expect(try_attest(rabat.keeper, &rabat.log, 3, 5, &note, &err), &err, BASE_OK, "");
  try_expect(cosign(paris.keeper, &keys[0], &note, &rabat.log, 0, 5, &err), &err, BASE_OK, "");
  first_key = keys[0];
  for (int i = 0; i < 2; i++) {
    renew(&rabat, SIGNING);
    keys[i + 1] = newest(&rabat, WIRE_KEEPER_LOG)->public_key;
    next_card(&rabat, (uint32_t)i + 2);
    struct notes *notes = i == 0 ? &first : &second;
    try_expect(succeed(&rabat, 5 + 5 * (uint64_t)i, 10 + 5 * (uint64_t)i, base_buf_view(&rabat.card), notes, &err),
               &err, BASE_OK, "");
    try_expect(keeper_forget(rabat.keeper, KEEPER_KEY_LOG, (uint32_t)i + 1, &err), &err, BASE_OK, "");
  }
  /* the new key without the note; the note for another pair of keys; a later one before its time */
  try_expect(cosign(paris.keeper, &keys[1], &first.note, &rabat.log, 5, 10, &err), &err, BASE_WRONG_KEY, "another key");
  try_expect(keeper_follow(paris.keeper, &keys[0], &keys[2], base_buf_view(&first.succession), &err), &err,
             BASE_SIGNATURE, "");
  try_expect(keeper_follow(paris.keeper, &keys[1], &keys[2], base_buf_view(&second.succession), &err), &err,
             BASE_WRONG_KEY, "another key");
  try_expect(keeper_follow(paris.keeper, &keys[0], &keys[1], base_buf_view(&first.note), &err), &err, BASE_SYNTAX, "");
  for (int pass = 0; pass < 2; pass++) { /* once more is no error */
    try_expect(keeper_follow(paris.keeper, &keys[0], &keys[1], base_buf_view(&first.succession), &err), &err, BASE_OK,
               "");
    node_restart(&paris);
  }
  struct wire_keeper_memory memory;
  try_expect(keeper_remembers(paris.keeper, origin, &memory, &err), &err, BASE_OK, "");
  assert_int_equal(memory.size, 5);
  assert_memory_equal(memory.log.bytes, keys[1].bytes, sizeof memory.log.bytes);
  /* the old key is over, the proof is asked for as before */
  try_expect(cosign(paris.keeper, &keys[0], &note, &rabat.log, 5, 5, &err), &err, BASE_WRONG_KEY, "");
  try_expect(cosign(paris.keeper, &keys[1], &first.note, &rabat.log, 4, 10, &err), &err, BASE_CONSISTENCY, "size 5");
  try_expect(cosign(paris.keeper, &keys[1], &first.note, &rabat.log, 5, 10, &err), &err, BASE_OK, "");
  try_expect(keeper_follow(paris.keeper, &keys[1], &keys[2], base_buf_view(&second.succession), &err), &err, BASE_OK,
             "");
  try_expect(cosign(paris.keeper, &keys[2], &second.note, &rabat.log, 10, 15, &err), &err, BASE_OK, "");
  /* our own register is no partner's */
  try_expect(keeper_follow(rabat.keeper, &keys[0], &keys[1], base_buf_view(&first.succession), &err), &err, BASE_FIELD,
             "partner");
  notes_free(&first);
  notes_free(&second);
  node_end(&rabat);
  node_end(&paris);
}

/* A register never seen is followed from the key of its digits, and not when the old key signed on. */
static void follows_from_the_first_key(void **state) {
  (void)state;
  struct node rabat, paris;
  struct base_error err;
  struct notes notes = {0}, next = {0};
  BASE_AUTO_BUF struct base_buf note = {0};
  node_start(&rabat, 9);
  node_start(&paris, 10);
  look(&rabat);
  struct wire_key keys[3] = {rabat.info.log};
  first_key = keys[0];
  for (int i = 0; i < 2; i++) {
    renew(&rabat, SIGNING);
    keys[i + 1] = newest(&rabat, WIRE_KEEPER_LOG)->public_key;
    next_card(&rabat, (uint32_t)i + 2);
    try_expect(
        succeed(&rabat, 3 + (uint64_t)i, 4 + (uint64_t)i, base_buf_view(&rabat.card), i == 0 ? &notes : &next, &err),
        &err, BASE_OK, "");
    try_expect(keeper_forget(rabat.keeper, KEEPER_KEY_LOG, (uint32_t)i + 1, &err), &err, BASE_OK, "");
  }
  try_expect(keeper_follow(paris.keeper, &keys[1], &keys[2], base_buf_view(&next.succession), &err), &err,
             BASE_WRONG_KEY, "digits");
  try_expect(cosign(paris.keeper, &keys[2], &next.note, &rabat.log, 0, 5, &err), &err, BASE_WRONG_KEY, "digits");
  try_expect(keeper_follow(paris.keeper, &keys[0], &keys[1], base_buf_view(&notes.succession), &err), &err, BASE_OK,
             "");
  try_expect(keeper_follow(paris.keeper, &keys[1], &keys[2], base_buf_view(&next.succession), &err), &err, BASE_OK, "");
  try_expect(cosign(paris.keeper, &keys[2], &next.note, &rabat.log, 0, 5, &err), &err, BASE_OK, "");
  node_end(&paris);
  /* a head under the old key that is as large as the change: somebody went on with it */
  node_start(&paris, 11);
  struct node twin;
  node_start(&twin, 9); /* the same keys, before the change */
  try_expect(try_attest(twin.keeper, &twin.log, 3, 4, &note, &err), &err, BASE_OK, "");
  try_expect(cosign(paris.keeper, &keys[0], &note, &twin.log, 0, 4, &err), &err, BASE_OK, "");
  try_expect(keeper_follow(paris.keeper, &keys[0], &keys[1], base_buf_view(&notes.succession), &err), &err, BASE_FORK,
             "changed its key");
  notes_free(&notes);
  notes_free(&next);
  node_end(&twin);
  node_end(&rabat);
  node_end(&paris);
}

static void put(struct node *node, const char *name, const char *as, bool gone) {
  char command[3 * TRY_PATH];
  snprintf(command, sizeof command, "cd '%s' && %s %s %s", node->path, gone ? "mv" : "cp -p", name, as);
  assert_int_equal(system(command), 0);
}
static void refused(struct node *node, const char *names) {
  struct base_error err;
  node->keeper = NULL;
  try_expect(keeper_open(node->dir, &node->world.world, &node->keeper, &err), &err, BASE_NOT_FOUND, names);
}

/* Each kind of key: the file in force is gone, an older one is back; the sentence names the very file. */
static void older_files_in_the_place_of_newer(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  struct notes notes = {0};
  node_start(&node, 9);
  put(&node, "epoch.key", "kept-epoch", false);
  renew(&node, SIGNING | 1u << WIRE_KEEPER_SEAL | 1u << WIRE_KEEPER_EPOCH);
  next_card(&node, 2);
  try_expect(succeed(&node, 3, 5, base_buf_view(&node.card), &notes, &err), &err, BASE_OK, "");
  for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++)
    try_expect(keeper_forget(node.keeper, type, 1, &err), &err, BASE_OK, "");
  keeper_close(node.keeper);
  for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++) {
    struct keeper_key_name name = keeper_key_name(type, 2);
    put(&node, name.text, "away", true);
    refused(&node, name.text);
    put(&node, "away", name.text, true);
  }
#ifndef IN_TOKEN /* where what an older file names is destroyed */
  put(&node, "epoch-2.key", "away", true);
  put(&node, "kept-epoch", "epoch.key", false);
  refused(&node, "epoch-2.key");
  put(&node, "away", "epoch-2.key", true);
#endif
  node.keeper = try_open(node.dir, &node.world);
  /* a number that was given is not given again, whatever became of its key */
  renew(&node, 1u << WIRE_KEEPER_SEAL);
  try_expect(keeper_forget(node.keeper, KEEPER_KEY_SEAL, 3, &err), &err, BASE_OK, "");
  renew(&node, 1u << WIRE_KEEPER_SEAL);
  assert_int_equal(newest(&node, WIRE_KEEPER_SEAL)->number, 4);
  notes_free(&notes);
  node_end(&node);
}

static void must_epoch(struct node *node, uint32_t number, const struct base_buf *card, enum base_code want,
                       const char *says) {
  struct base_error err;
  char origin[WIRE_ORIGIN_MAX + 1];
  const struct keeper_data data = {.card = base_buf_view(card)};
  try_expect(keeper_epoch_open(node->dir, number, &data, &node->world.world, origin, &err), &err, want, says);
}

/* What is kept of the card of this generation. */
static enum base_code kept(struct node *node, uint32_t generation, const struct base_buf *card,
                           const struct base_buf *succession, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  struct wire_keeper_card form;
  base_buf_init(&bytes, WIRE_KEEPER_CARD_MAX);
  enum base_code code = keeper_card(node->keeper, generation, &bytes, err);
  if (code != BASE_OK)
    return code;
  assert_int_equal(wire_keeper_card_parse(base_buf_view(&bytes), &form, err), BASE_OK);
  assert_true(base_view_equal(form.card, base_buf_view(card)));
  assert_true(base_view_equal(form.succession, base_buf_view(succession)));
  return BASE_OK;
}

/* Generations 2 and 3 are signed; first and second: the cards before. */
static void three_cards(struct node *node, struct base_buf *first, struct base_buf *second) {
  struct base_error err;
  struct notes notes = {0};
  node_start(node, 10);
  base_buf_init(first, WIRE_CARD_MAX);
  base_buf_init(second, WIRE_CARD_MAX);
  base_buf_add_buf(first, &node->card);
  renew(node, 1u << WIRE_KEEPER_SEAL);
  next_card(node, 2);
  try_expect(succeed(node, 3, 5, base_buf_view(&node->card), &notes, &err), &err, BASE_OK, "");
  base_buf_add_buf(second, &node->card);
  try_expect(kept(node, 2, second, &notes.succession, &err), &err, BASE_OK, "");
  renew(node, SIGNING);
  next_card(node, 3);
  try_expect(succeed(node, 5, 7, base_buf_view(&node->card), &notes, &err), &err, BASE_OK, "");
  try_expect(kept(node, 3, &node->card, &notes.succession, &err), &err, BASE_OK, "");
  try_expect(kept(node, 1, first, &notes.succession, &err), &err, BASE_NOT_FOUND, "was not signed here");
  try_expect(kept(node, 4, first, &notes.succession, &err), &err, BASE_NOT_FOUND, "was not signed here");
  notes_free(&notes);
  keeper_close(node->keeper);
  node->keeper = NULL;
}

/* Data from before the last card: the register is closed over them only as long as what follows their card is kept. */
static void an_epoch_over_an_older_card(void **state) {
  (void)state;
  struct node node;
  struct base_buf first, second;
  three_cards(&node, &first, &second);
  put(&node, "card-2.signed", "away", true);
  must_epoch(&node, 0, &first, BASE_ROLLBACK, "card-2.signed is missing");
  put(&node, "card-3.signed", "card-2.signed", false);
  must_epoch(&node, 0, &first, BASE_ROLLBACK, "card-2.signed does not follow");
  put(&node, "away", "card-2.signed", false);
  struct stat status;
  char octet = 0;
  int file = openat(node.dir, "card-2.signed", O_RDWR);
  assert_int_equal(fstat(file, &status), 0);
  assert_int_equal(pread(file, &octet, 1, status.st_size - 12), 1); /* in its last signature */
  octet = octet == 'A' ? 'B' : 'A';
  assert_int_equal(pwrite(file, &octet, 1, status.st_size - 12), 1);
  close(file);
  must_epoch(&node, 0, &first, BASE_ROLLBACK, "card-2.signed does not follow");
  file = openat(node.dir, "card-2.signed", O_WRONLY);
  assert_int_equal(ftruncate(file, 40), 0);
  close(file);
  must_epoch(&node, 0, &first, BASE_ROLLBACK, "card-2.signed is damaged");
  file = openat(node.dir, "card-2.signed", O_WRONLY);
  assert_int_equal(ftruncate(file, WIRE_KEEPER_CARD_MAX + 1), 0);
  close(file);
  must_epoch(&node, 0, &first, BASE_ROLLBACK, "card-2.signed is damaged");
  must_epoch(&node, 0, &second, BASE_OK, ""); /* nothing before it is asked for */
  put(&node, "away", "card-2.signed", true);
  must_epoch(&node, 3, &first, BASE_OK, "");
  must_epoch(&node, 4, &node.card, BASE_OK, "");
  put(&node, "card-3.signed", "away", true);
  must_epoch(&node, 5, &second, BASE_ROLLBACK, "signed the card of generation 3 last");
  put(&node, "away", "card-3.signed", true);
  node.keeper = try_open(node.dir, &node.world);
  base_buf_free(&first);
  base_buf_free(&second);
  node_end(&node);
}

/* A keeper of a time before the card of the data: the keys are what has to be put back. */
static void an_epoch_by_an_older_keeper(void **state) {
  (void)state;
  struct node node;
  struct notes notes = {0};
  struct base_error err;
  static const char older[] = "keeper/ knows nothing of it: it is an older copy";
  node_start(&node, 10);
  for (uint32_t generation = 2; generation <= 3; generation++) {
    put(&node, "heads.state", "heads-1", false);
    renew(&node, SIGNING);
    next_card(&node, generation);
    try_expect(succeed(&node, 2 * generation - 1, 2 * generation + 1, base_buf_view(&node.card), &notes, &err), &err,
               BASE_OK, "");
  }
  keeper_close(node.keeper);
  node.keeper = NULL;
  put(&node, "heads.state", "heads-2", true);
  put(&node, "heads-1", "heads.state", false);
  static const char *const made[] = {"card-3.signed", "log-3.key", "witness-3.key"};
  static const char *const aside[] = {"kept-card", "kept-log", "kept-witness"};
  for (int i = 0; i < 3; i++)
    put(&node, made[i], aside[i], true);
  must_epoch(&node, 0, &node.card, BASE_ROLLBACK, older);
  must_epoch(&node, 7, &node.card, BASE_ROLLBACK, older);
  put(&node, "heads.state", "heads-0", true); /* nor one that is made anew, over keys that are none of the card's */
  must_epoch(&node, 2, &node.card, BASE_ROLLBACK, older);
  put(&node, "heads-1", "heads.state", true);
  for (int i = 0; i < 3; i++)
    put(&node, aside[i], made[i], true);
  must_epoch(&node, 0, &node.card, BASE_OK, ""); /* the card is kept here: only the memory is old, and it takes it */
  node.keeper = try_open(node.dir, &node.world);
  look(&node);
  assert_int_equal(node.info.all.generation, 3);
  notes_free(&notes);
  node_end(&node);
}

/* Without the memory the cards that are kept say which one is in force. */
static void an_epoch_without_memory_over_an_older_card(void **state) {
  (void)state;
  struct node node;
  struct base_buf first, second;
  three_cards(&node, &first, &second);
  struct base_hash newest_hash = seal_sha256(base_buf_view(&node.card));
  assert_int_equal(unlinkat(node.dir, "heads.state", 0), 0);
  put(&node, "card-3.signed", "away", true);
  must_epoch(&node, 3, &first, BASE_ROLLBACK, "card-3.signed is missing");
  put(&node, "away", "card-3.signed", true);
  must_epoch(&node, 3, &first, BASE_OK, "");
  node.keeper = try_open(node.dir, &node.world);
  look(&node);
  assert_int_equal(node.info.all.generation, 3);
  assert_true(base_hash_equal(&node.info.all.card, &newest_hash));
  keeper_close(node.keeper);
  node.keeper = NULL;
  assert_int_equal(unlinkat(node.dir, "heads.state", 0), 0);
  must_epoch(&node, 4, &node.card, BASE_OK, ""); /* also when the data have it */
  node.keeper = try_open(node.dir, &node.world);
  look(&node);
  assert_int_equal(node.info.all.generation, 3);
  keeper_close(node.keeper);
  node.keeper = NULL;
  /* One that is missing before others is no end of the row, and none that is damaged. */
  assert_int_equal(unlinkat(node.dir, "heads.state", 0), 0);
  put(&node, "card-2.signed", "away", true);
  must_epoch(&node, 4, &first, BASE_ROLLBACK, "keeps a card of generation 3");
  must_epoch(&node, 4, &first, BASE_ROLLBACK, "card-2.signed is missing");
  put(&node, "card-3.signed", "card-2.signed", false);
  must_epoch(&node, 4, &first, BASE_ROLLBACK, "card-2.signed does not follow");
  put(&node, "away", "card-2.signed", true);
  must_epoch(&node, 4, &first, BASE_OK, "");
  put(&node, "card-3.signed", "away", false);
  /* The data have the newest, and it is kept nowhere else: that is their word alone, and the memory knows none. */
  assert_int_equal(unlinkat(node.dir, "heads.state", 0), 0);
  assert_int_equal(unlinkat(node.dir, "card-3.signed", 0), 0);
  must_epoch(&node, 4, &node.card, BASE_OK, "");
  node.keeper = try_open(node.dir, &node.world);
  look(&node);
  assert_int_equal(node.info.all.generation, 1);
  /* Such a memory signs no second card of a generation, and takes what turns up again with the next epoch. */
  struct notes notes = {0};
  struct base_error err;
  struct base_buf newest = {0};
  base_buf_init(&newest, WIRE_CARD_MAX);
  base_buf_add_buf(&newest, &node.card);
  next_card(&node, 4);
  put(&node, "away", "card-4.signed", false);
  try_expect(succeed(&node, 0, 9, base_buf_view(&node.card), &notes, &err), &err, BASE_FORK,
             "another card of generation 4 was signed before");
  assert_int_equal(unlinkat(node.dir, "card-4.signed", 0), 0);
  base_buf_free(&newest);
  notes_free(&notes);
  keeper_close(node.keeper);
  node.keeper = NULL;
  put(&node, "away", "card-3.signed", true);
  must_epoch(&node, 5, &first, BASE_OK, "");
  node.keeper = try_open(node.dir, &node.world);
  look(&node);
  assert_int_equal(node.info.all.generation, 3);
  base_buf_free(&first);
  base_buf_free(&second);
  node_end(&node);
}

int main(void) {
  (void)follows_from_the_first_key;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_keys_sign_the_change),
      cmocka_unit_test(signs_no_other_card),
      cmocka_unit_test(older_files_in_the_place_of_newer),
      cmocka_unit_test(an_epoch_over_an_older_card),
      cmocka_unit_test(an_epoch_by_an_older_keeper),
      cmocka_unit_test(an_epoch_without_memory_over_an_older_card),
      cmocka_unit_test(destroys_what_is_over),
      cmocka_unit_test(epochs_go_on),
      cmocka_unit_test(limits),
      cmocka_unit_test(wants_the_keys_in_force),
      cmocka_unit_test(follows_from_key_to_key),
#ifndef IN_TOKEN /* its twins have one seed, and so one key */
      cmocka_unit_test(follows_from_the_first_key),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
