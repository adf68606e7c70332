/* SPDX-License-Identifier: Apache-2.0
 * Evidence made by a test: two registers with keys known to everybody, so that the same bytes come out each time. */
#ifndef WASL_TESTS_UNIT_CLI_MAKE_H
#define WASL_TESTS_UNIT_CLI_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "cli/evidence.h"

enum { MADE_MEMBERS = 640, MADE_LEAVES = 7, MADE_AT = 3, MADE_CHANGED = 5, MADE_TIME = 1795248000 };

struct made_node {
  char name[16], origin[WIRE_ORIGIN_MAX + 1];
  uint8_t log_seed[32], witness_seed[32];
  struct wire_vkey log, witness;
  struct base_buf card;
  struct base_buf later; /* the card that follows, when it has one: log and witness are its keys then */
  uint32_t epoch;        /* of its register, for what is signed next; 0: the first */
  uint64_t changes_at;   /* the size at which the first card follows; 0: MADE_CHANGED */
};
struct made_member {
  char name[WIRE_TAR_NAME_MAX + 1];
  struct base_buf bytes;
};
struct made {
  struct made_node author, receiver;
  struct base_id message;
  size_t count;
  struct made_member list[MADE_MEMBERS];
};

static inline void made_public(const uint8_t seed[32], struct wire_key *out) {
  size_t size = sizeof out->bytes;
  *out = (struct wire_key){0};
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
  assert_non_null(key);
  assert_int_equal(EVP_PKEY_get_raw_public_key(key, out->bytes, &size), 1);
  EVP_PKEY_free(key);
}

static inline void made_sign(const uint8_t seed[32], struct base_view message, uint8_t out[64]) {
  size_t size = 64;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
  assert_int_equal(EVP_DigestSign(context, out, &size, message.data, message.size), 1);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
}

__attribute__((format(printf, 2, 3))) static inline struct base_buf *made_add(struct made *made, const char *format,
                                                                              ...) {
  va_list args;
  assert_true(made->count < MADE_MEMBERS);
  struct made_member *member = &made->list[made->count++];
  va_start(args, format);
  (void)vsnprintf(member->name, sizeof member->name, format, args);
  va_end(args);
  base_buf_init(&member->bytes, 1 << 20);
  return &member->bytes;
}

/* A card of the node's keys as they are now; after: the one that it follows. */
static inline void made_card(struct made_node *node, uint8_t first, const struct wire_card *after,
                             const struct base_buf *after_bytes, struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf log = {0}, witness = {0};
  struct wire_card card = {.name = base_view_text(node->name),
                           .generation = 1,
                           .address_count = 1,
                           .seal_count = 1,
                           .pin_count = 1,
                           .made = MADE_TIME};
  if (after != NULL) {
    card.generation = after->generation + 1;
    card.previous = seal_sha256(base_buf_view(after_bytes));
    card.first = after->first;
  }
  node->log.name = node->witness.name = base_view_text(node->origin);
  node->log.type = WIRE_VKEY_LOG;
  node->witness.type = WIRE_VKEY_WITNESS;
  node->log.id = seal_vkey_id(node->log.name, node->log.type, &node->log.key);
  node->witness.id = seal_vkey_id(node->witness.name, node->witness.type, &node->witness.key);
  wire_vkey_write(&node->log, &log);
  wire_vkey_write(&node->witness, &witness);
  for (int i = 0; i < WIRE_LANGUAGES; i++)
    card.org[i] = base_view_text(i == WIRE_AR ? "مركز مختلق" : "Centre inventé");
  card.addresses[0] = BASE_VIEW("127.0.0.1:7443");
  card.log = base_buf_view(&log);
  card.witness = base_buf_view(&witness);
  memset(card.seals[0].key.bytes, first + 2, 32);
  struct base_hash id = seal_sha256(base_view_of(card.seals[0].key.bytes, 32));
  memcpy(card.seals[0].id, id.bytes, sizeof card.seals[0].id);
  card.seals[0].from = MADE_TIME;
  card.seals[0].until = MADE_TIME + 86400;
  memset(card.pins[0].bytes, first + 3, 32);
  base_buf_init(out, WIRE_CARD_MAX);
  assert_int_equal(wire_card_write(&card, out, NULL), BASE_OK);
}

static inline void made_keys(struct made_node *node, uint8_t first) {
  memset(node->log_seed, first, 32);
  memset(node->witness_seed, first + 1, 32);
  made_public(node->log_seed, &node->log.key);
  made_public(node->witness_seed, &node->witness.key);
}

static inline void made_node(struct made_node *node, const char *name, uint8_t first) {
  (void)snprintf(node->name, sizeof node->name, "%s", name);
  made_keys(node, first);
  seal_origin(base_view_text(node->name), &node->log.key, node->origin);
  made_card(node, first, NULL, NULL, &node->card);
}

/* The log key under the origin of the epoch that is signed. */
static inline struct wire_vkey made_register(const struct made_node *node, char origin[WIRE_ORIGIN_MAX + 1]) {
  struct wire_vkey log = node->log;
  if (node->epoch < 2)
    (void)snprintf(origin, WIRE_ORIGIN_MAX + 1, "%s", node->origin);
  else
    (void)snprintf(origin, WIRE_ORIGIN_MAX + 1, "%.50s/%u", node->origin, (unsigned)node->epoch);
  log.name = base_view_text(origin);
  log.id = seal_vkey_id(log.name, log.type, &log.key);
  return log;
}

struct made_tree {
  struct base_hash leaves[MADE_LEAVES];
};
static inline enum base_code made_tree_node(void *context, unsigned level, uint64_t index, struct base_hash *out,
                                            struct base_error *err) {
  const struct made_tree *tree = context;
  struct base_hash left, right;
  (void)err;
  if (level == 0) {
    *out = tree->leaves[index];
    return BASE_OK;
  }
  assert_int_equal(made_tree_node(context, level - 1, 2 * index, &left, NULL), BASE_OK);
  assert_int_equal(made_tree_node(context, level - 1, 2 * index + 1, &right, NULL), BASE_OK);
  *out = seal_node_hash(&left, &right);
  return BASE_OK;
}

/* A head of MADE_LEAVES leaves with the entry at MADE_AT, signed by log, cosigned by witness; and the proof. */
static inline void made_proof(const struct made_node *log, const struct made_node *witness, struct base_view entry,
                              struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf text = {0}, message = {0};
  struct made_tree leaves;
  struct seal_tree tree = {&leaves, made_tree_node};
  struct wire_proof proof = {.index = MADE_AT};
  char origin[WIRE_ORIGIN_MAX + 1];
  struct wire_vkey key = made_register(log, origin);
  struct wire_checkpoint head = {.origin = key.name, .size = MADE_LEAVES};
  struct wire_signature own = {.name = head.origin, .id = key.id, .size = 64},
                        other = {.name = base_view_text(witness->origin), .id = witness->witness.id, .size = 72};
  for (uint8_t i = 0; i < MADE_LEAVES; i++)
    leaves.leaves[i] = i == MADE_AT ? seal_leaf_hash(entry) : seal_leaf_hash(base_view_of(&i, 1));
  assert_int_equal(seal_tree_root(&tree, MADE_LEAVES, &head.root, NULL), BASE_OK);
  assert_int_equal(seal_tree_inclusion(&tree, MADE_AT, MADE_LEAVES, proof.hashes, &proof.hash_count, NULL), BASE_OK);
  wire_checkpoint_write(&head, &text);
  made_sign(log->log_seed, base_buf_view(&text), own.bytes);
  seal_cosign_message(base_buf_view(&text), MADE_TIME + 2, &message);
  for (int i = 0; i < 8; i++)
    other.bytes[i] = (uint8_t)((uint64_t)(MADE_TIME + 2) >> (56 - 8 * i));
  made_sign(witness->witness_seed, base_buf_view(&message), other.bytes + 8);
  base_buf_text(&text, "\n");
  wire_signature_write(&own, &text);
  wire_signature_write(&other, &text);
  proof.checkpoint = base_buf_view(&text);
  wire_proof_write(&proof, out);
}

/* The three files of one act. Returns the hash of the leaf. */
static inline struct base_hash made_triple(struct made *made, enum wire_act act, const struct made_node *log,
                                           const struct made_node *witness, struct wire_opening opening) {
  struct wire_leaf leaf = {.act = act, .time = MADE_TIME + 1};
  const char *folder = made->receiver.name, *stem = wire_act_name(act);
  memset(opening.salt, 0x5a, sizeof opening.salt);
  opening.has_message = true;
  opening.message = made->message;
  opening.from = base_view_text(made->author.origin);
  opening.to = base_view_text(made->receiver.origin);
  struct base_buf *bytes = made_add(made, "%s/%s.opening", folder, stem);
  assert_int_equal(wire_opening_write(act, &opening, bytes, NULL), BASE_OK);
  leaf.commitment = seal_sha256(base_buf_view(bytes));
  struct base_buf *entry = made_add(made, "%s/%s.leaf", folder, stem);
  wire_leaf_write(&leaf, entry);
  made_proof(log, witness, base_buf_view(entry), made_add(made, "%s/%s.tlog-proof", folder, stem));
  return seal_sha256(base_buf_view(entry));
}

/* header.json, part 0 and two parts (one of them of two tar blocks). third: the origin of one more party, the last in
 * order, or NULL. */
static inline void made_message(struct made *made, bool content, const char *third) {
  BASE_AUTO_BUF struct base_buf part0_bytes = {0}, long_part = {0};
  for (int i = 0; i < 900; i++)
    base_buf_text(&long_part, i % 60 == 59 ? "\n" : "x");
  const struct base_view parts[2] = {BASE_VIEW("تقرير مختلق\n"), base_buf_view(&long_part)};
  struct wire_part0 part0 = {.handling = BASE_VIEW("restricted"), .part_count = 2};
  memset(part0.nonce, 7, sizeof part0.nonce);
  for (size_t i = 0; i < 2; i++) {
    part0.parts[i] = (struct wire_part){.name = i == 0 ? BASE_VIEW("rapport.txt") : BASE_VIEW("x.bin"),
                                        .media_type = BASE_VIEW("text/plain"),
                                        .size = parts[i].size,
                                        .sha256 = seal_sha256(parts[i])};
    memset(part0.parts[i].key.bytes, (int)(9 + i), 32);
  }
  assert_int_equal(wire_part0_write(&part0, BASE_VIEW("{\"question\":\"أين السفينة؟\"}"), &part0_bytes, NULL), BASE_OK);
  struct wire_header header = {.opens = true,
                               .kind = BASE_VIEW("request"),
                               .type = BASE_VIEW("ask"),
                               .author = base_view_text(made->author.origin),
                               .party_count = 2,
                               .time = MADE_TIME,
                               .part0 = seal_sha256(base_buf_view(&part0_bytes))};
  bool order = strcmp(made->author.origin, made->receiver.origin) < 0;
  header.parties[0] = base_view_text(order ? made->author.origin : made->receiver.origin);
  header.parties[1] = base_view_text(order ? made->receiver.origin : made->author.origin);
  if (third != NULL)
    header.parties[header.party_count++] = base_view_text(third);
  struct base_buf *bytes = made_add(made, "header.json");
  assert_int_equal(wire_header_write(&header, bytes, NULL), BASE_OK);
  made->message = seal_message_id(base_buf_view(bytes));
  for (size_t i = 0; content && i < 2; i++)
    base_buf_add_view(made_add(made, "parts/%s", base_hash_text(&part0.parts[i].sha256).text), parts[i]);
  if (content)
    base_buf_add_view(made_add(made, "parts/%s", base_hash_text(&header.part0).text), base_buf_view(&part0_bytes));
}

static inline void made_begin_of_three(struct made *made, bool refused, bool content, const char *third) {
  struct wire_opening sent = {.number = 1, .clause = BASE_VIEW("agreement")}, answer = {0};
  memset(made, 0, sizeof *made);
  made_node(&made->author, "rabat", 10);
  made_node(&made->receiver, "paris", 20);
  made_message(made, content, third);
  base_buf_add_view(made_add(made, "cards/rabat.card"), base_buf_view(&made->author.card));
  base_buf_add_view(made_add(made, "cards/paris.card"), base_buf_view(&made->receiver.card));
  sent.from_card = seal_sha256(base_buf_view(&made->author.card));
  sent.to_card = seal_sha256(base_buf_view(&made->receiver.card));
  answer.sent = made_triple(made, WIRE_ACT_SENT, &made->author, &made->receiver, sent);
  answer.subject = BASE_VIEW("civil");
  answer.reason = BASE_VIEW("hash: invented");
  made_triple(made, refused ? WIRE_ACT_REFUSED : WIRE_ACT_RECEIVED, &made->receiver, &made->author, answer);
}

static inline void made_begin(struct made *made, bool refused, bool content) {
  made_begin_of_three(made, refused, content, NULL);
}

static inline void made_log_line(const struct made_node *node, struct base_view text, struct base_buf *out) {
  char origin[WIRE_ORIGIN_MAX + 1];
  struct wire_vkey key = made_register(node, origin);
  struct wire_signature line = {.name = key.name, .id = key.id, .size = 64};
  made_sign(node->log_seed, text, line.bytes);
  wire_signature_write(&line, out);
}

/* The node changes all its keys at a head of MADE_CHANGED leaves: a card, and the note that both log keys signed.
 * Called again it changes them at the next leaf. */
static inline void made_change(struct made *made, struct made_node *node, uint8_t first) {
  BASE_AUTO_BUF struct base_buf text = {0}, before = node->later;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  const struct base_buf *followed = before.size > 0 ? &before : &node->card;
  struct made_node old = *node;
  struct wire_card card;
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(wire_card_parse(base_buf_view(followed), &arena, &card, NULL), BASE_OK);
  made_keys(node, first);
  made_card(node, first, &card, followed, &node->later);
  char origin[WIRE_ORIGIN_MAX + 1];
  uint64_t size = node->changes_at > 0 ? node->changes_at : MADE_CHANGED;
  struct wire_succession change = {
      .checkpoint = {.origin = made_register(node, origin).name, .size = size + card.generation - 1},
      .generation = card.generation + 1,
      .card = seal_sha256(base_buf_view(&node->later))};
  memset(change.checkpoint.root.bytes, first, sizeof change.checkpoint.root.bytes);
  wire_succession_write(&change, &text);
  base_buf_add_view(made_add(made, "cards/%s.%u.card", node->name, change.generation), base_buf_view(&node->later));
  struct base_buf *note = made_add(made, "cards/%s.%u.note", node->name, change.generation);
  base_buf_add_view(note, base_buf_view(&text));
  base_buf_text(note, "\n");
  made_log_line(&old, base_buf_view(&text), note);
  made_log_line(node, base_buf_view(&text), note);
}

/* As made_begin, but both changed their keys before the heads that prove it, the author so often: the sent leaf names
 * the cards before. */
static inline void made_begin_changed(struct made *made, unsigned changes) {
  struct wire_opening sent = {.number = 1, .clause = BASE_VIEW("agreement")}, answer = {0};
  memset(made, 0, sizeof *made);
  made_node(&made->author, "rabat", 10);
  made_node(&made->receiver, "paris", 20);
  made_message(made, true, NULL);
  base_buf_add_view(made_add(made, "cards/rabat.card"), base_buf_view(&made->author.card));
  base_buf_add_view(made_add(made, "cards/paris.card"), base_buf_view(&made->receiver.card));
  sent.from_card = seal_sha256(base_buf_view(&made->author.card));
  sent.to_card = seal_sha256(base_buf_view(&made->receiver.card));
  struct made_node author = {0}; /* with the keys that sign heads of MADE_LEAVES leaves */
  for (unsigned i = 0; i < changes; i++) {
    made_change(made, &made->author, (uint8_t)(110 + i % 2 * 20));
    if (MADE_CHANGED + i <= MADE_LEAVES)
      author = made->author;
  }
  made_change(made, &made->receiver, 120);
  answer.sent = made_triple(made, WIRE_ACT_SENT, &author, &made->receiver, sent);
  made_triple(made, WIRE_ACT_RECEIVED, &made->receiver, &author, answer);
}
static inline void made_begin_later(struct made *made) {
  made_begin_changed(made, 1);
}

/* As made_begin, but the author's register lost leaves and is in the second epoch. It changed its keys at so many
 * leaves of the one or the other epoch, and the head over the sent leaf, of MADE_LEAVES leaves, is of one of them, by
 * the key after or before. */
struct made_epochs {
  uint32_t change, head;
  uint64_t at;
  bool after;
};
static inline void made_begin_epochs(struct made *made, const struct made_epochs *epochs) {
  struct wire_opening sent = {.number = 1, .clause = BASE_VIEW("agreement")}, answer = {0};
  memset(made, 0, sizeof *made);
  made_node(&made->author, "rabat", 10);
  made_node(&made->receiver, "paris", 20);
  made_message(made, true, NULL);
  base_buf_add_view(made_add(made, "cards/rabat.card"), base_buf_view(&made->author.card));
  base_buf_add_view(made_add(made, "cards/paris.card"), base_buf_view(&made->receiver.card));
  sent.from_card = seal_sha256(base_buf_view(&made->author.card));
  sent.to_card = seal_sha256(base_buf_view(&made->receiver.card));
  struct made_node author = made->author;
  made->author.epoch = epochs->change;
  made->author.changes_at = epochs->at;
  made_change(made, &made->author, 110);
  if (epochs->after)
    author = made->author;
  author.epoch = epochs->head;
  answer.sent = made_triple(made, WIRE_ACT_SENT, &author, &made->receiver, sent);
  made_triple(made, WIRE_ACT_RECEIVED, &made->receiver, &author, answer);
}

/* 0: as usual; 1: under later cards. */
enum { MADE_VARIANTS = 2 };
static inline void made_variant(struct made *made, unsigned variant) {
  if (variant == 0)
    made_begin(made, false, true);
  else
    made_begin_later(made);
}

/* The sent leaf once more, under a head that somebody else cosigned. */
static inline void made_witnessed(struct made *made, struct made_node *witness, bool answer) {
  const char *stem = answer ? "received" : "sent";
  char name[64];
  struct base_view entry = {0};
  (void)snprintf(name, sizeof name, "%s/%s.leaf", made->receiver.name, stem);
  for (size_t i = 0; i < made->count; i++)
    if (strcmp(made->list[i].name, name) == 0)
      entry = base_buf_view(&made->list[i].bytes);
  assert_true(entry.size > 0);
  made_node(witness, "madrid", 90);
  made_proof(answer ? &made->receiver : &made->author, witness, entry,
             made_add(made, "%s/%s.witnessed.tlog-proof", made->receiver.name, stem));
}

static inline void made_free(struct made *made) {
  for (size_t i = 0; i < MADE_MEMBERS; i++)
    base_buf_free(&made->list[i].bytes);
  base_buf_free(&made->author.card);
  base_buf_free(&made->receiver.card);
  base_buf_free(&made->author.later);
  base_buf_free(&made->receiver.later);
}

static inline struct made_member *made_member(struct made *made, const char *name) {
  for (size_t i = 0; i < made->count; i++)
    if (strcmp(made->list[i].name, name) == 0)
      return &made->list[i];
  fail_msg("no member %s", name);
  return NULL;
}

static inline void made_tar_member(const struct made_member *member, struct base_buf *out) {
  uint8_t block[WIRE_TAR_BLOCK];
  static const uint8_t zeros[WIRE_TAR_BLOCK];
  assert_int_equal(wire_tar_header(member->name, member->bytes.size, MADE_TIME, block, NULL), BASE_OK);
  base_buf_add(out, block, sizeof block);
  base_buf_add_view(out, base_buf_view(&member->bytes));
  base_buf_add(out, zeros, wire_tar_padding(member->bytes.size));
}

static inline void made_tar(const struct made *made, struct base_buf *out) {
  static const uint8_t zeros[2 * WIRE_TAR_BLOCK];
  base_buf_reset(out);
  for (size_t i = 0; i < made->count; i++)
    made_tar_member(&made->list[i], out);
  base_buf_add(out, zeros, sizeof zeros);
}

static inline enum base_code made_read(void *context, uint64_t offset, uint8_t *out, size_t size,
                                       struct base_error *err) {
  const struct base_buf *tar = context;
  (void)err;
  assert_true(offset + size <= tar->size);
  memcpy(out, tar->data + offset, size);
  return BASE_OK;
}

static inline enum base_code made_verify(struct base_buf *tar, const struct cli_given_card *given, size_t count,
                                         struct base_error *err) {
  struct cli_source source = {tar, tar->size, made_read};
  struct cli_evidence evidence = {0};
  struct cli_trust trust = {.card_count = count};
  for (size_t i = 0; i < count; i++)
    trust.cards[i] = given[i];
  enum base_code code = cli_evidence_verify(&source, &trust, &evidence, err);
  cli_evidence_free(&evidence);
  return code;
}

#endif
