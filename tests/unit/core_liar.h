/* SPDX-License-Identifier: Apache-2.0
 * A dishonest partner: somebody with the node's keeper, who writes his own register and his own frames. He begins where
 * the node's honest core left off; that core takes no further part. */
#ifndef WASL_TESTS_CORE_LIAR_H
#define WASL_TESTS_CORE_LIAR_H

#include "core/cases.h"
#include "core/register.h"
#include "core_try.h"

enum { LIAR_LEAVES = 512, LIAR_FRAMES = 64 };

struct liar {
  struct pair_node *node, *victim;
  uint64_t size, attested;
  struct base_hash leaves[LIAR_LEAVES];
  struct base_arena arena; /* what frames point into */
  struct base_view entries[LIAR_LEAVES], openings[LIAR_LEAVES];
  struct base_buf note;
  struct base_hash root; /* of the attested head */
  uint64_t number;       /* the last one used for the victim */
  struct base_hash previous;
  size_t count;
  struct wire_frame frames[LIAR_FRAMES];
  struct seal_hpke_context context;
  bool exercise; /* he seals as what is of exercises */
};

/* What came back. */
struct liar_answer {
  enum base_code status, fault;
  struct base_buf plain;
  char text[600];
  uint64_t want_number, want_proof;
  unsigned receipts, refusals, pendings;
  char reason[600]; /* of the last refusal */
};

static inline struct base_view liar_keep(struct liar *liar, struct base_view bytes) {
  return base_arena_copy(&liar->arena, bytes);
}

/* --- his register */
static inline enum base_code liar_node_hash(void *context, unsigned level, uint64_t index, struct base_hash *out,
                                            struct base_error *err) {
  struct liar *liar = context;
  if (level == 0) {
    *out = liar->leaves[index];
    return BASE_OK;
  }
  struct base_hash left, right;
  enum base_code code = liar_node_hash(liar, level - 1, 2 * index, &left, err);
  if (code == BASE_OK)
    code = liar_node_hash(liar, level - 1, 2 * index + 1, &right, err);
  *out = seal_node_hash(&left, &right);
  return code;
}
static inline uint64_t liar_leaf(struct liar *liar, enum wire_act act, struct wire_opening *opening) {
  struct base_buf text = {0}, entry = {0};
  memset(opening->salt, (int)liar->size, sizeof opening->salt);
  assert_int_equal(wire_opening_write(act, opening, &text, NULL), BASE_OK);
  struct wire_leaf leaf = {.act = act, .time = liar->node->now, .commitment = seal_sha256(base_buf_view(&text))};
  wire_leaf_write(&leaf, &entry);
  uint64_t at = liar->size++;
  assert_true(at < LIAR_LEAVES);
  liar->entries[at] = liar_keep(liar, base_buf_view(&entry));
  liar->openings[at] = liar_keep(liar, base_buf_view(&text));
  liar->leaves[at] = seal_leaf_hash(liar->entries[at]);
  base_buf_free(&text);
  base_buf_free(&entry);
  return at;
}
static inline struct seal_tree liar_tree(struct liar *liar) {
  return (struct seal_tree){liar, liar_node_hash};
}
/* His keeper signs the head, as it would for a core. */
static inline void liar_attest(struct liar *liar) {
  struct base_error err = {0};
  struct seal_tree tree = liar_tree(liar);
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  size_t count = 0;
  assert_int_equal(seal_tree_root(&tree, liar->size, &liar->root, NULL), BASE_OK);
  if (liar->attested > 0 && liar->attested < liar->size)
    assert_int_equal(seal_tree_consistency(&tree, liar->attested, liar->size, proof, &count, NULL), BASE_OK);
  base_buf_reset(&liar->note);
  if (keeper_attest(liar->node->keeper, liar->size, &liar->root, proof, count, &liar->note, &err) != BASE_OK)
    fail_msg("%s", err.text);
  liar->attested = liar->size;
}
static inline void liar_begin(struct liar *liar, struct pair_node *node, struct pair_node *victim) {
  memset(liar, 0, sizeof *liar);
  liar->node = node;
  liar->victim = victim;
  base_arena_init(&liar->arena, 256 << 20);
  base_buf_init(&liar->note, WIRE_NOTE_MAX);
  liar->size = liar->attested = node->core->reg.attested;
  for (uint64_t i = 0; i < liar->size; i++) {
    assert_int_equal(core_register_read(node->core, i, &liar->arena, &liar->entries[i], &liar->openings[i], NULL),
                     BASE_OK);
    liar->leaves[i] = seal_leaf_hash(liar->entries[i]);
  }
  liar->number = try_partner(node)->row.sent_number;
  liar->previous = try_partner(node)->row.sent_previous;
  liar_attest(liar);
}
static inline void liar_end(struct liar *liar) {
  base_arena_free(&liar->arena);
  base_buf_free(&liar->note);
}
static inline struct wire_frame_proof liar_prove(struct liar *liar, uint64_t index) {
  struct wire_frame_proof proof = {.index = index, .leaf = liar->entries[index], .opening = liar->openings[index]};
  struct seal_tree tree = liar_tree(liar);
  assert_int_equal(seal_tree_inclusion(&tree, index, liar->attested, proof.hashes, &proof.hash_count, NULL), BASE_OK);
  return proof;
}

/* --- his messages */
struct liar_message {
  struct wire_header header;
  struct base_id follows[WIRE_FOLLOWS_MAX];
  struct wire_opening opening; /* of the sent leaf */
  struct base_view header_bytes, part0;
  struct base_id id;
};
/* A `clarify` in a case that the victim opened, right in every respect: tests change it before liar_commit. */
static inline void liar_draft(struct liar *liar, const char *kase, struct liar_message *out) {
  static const char fields[] = "{\"question\":\"?\"}";
  const struct core_kind *kind = core_kind_named(liar->node->core, BASE_VIEW("request"));
  struct core_case *found = NULL;
  struct base_id id = try_id(kase);
  memset(out, 0, sizeof *out);
  assert_int_equal(core_case_load(liar->victim->core, &id, &found, NULL), BASE_OK);
  const struct wire_header *opening = found->messages[0].header;
  out->header = (struct wire_header){.case_id = id,
                                     .kind = BASE_VIEW("request"),
                                     .type = BASE_VIEW("clarify"),
                                     .kind_hash = kind->kind.hash,
                                     .author = liar->node->core->card.origin,
                                     .time = liar->node->now,
                                     .party_count = 2,
                                     .state_count = 1,
                                     .state = {{BASE_VIEW("ground"), BASE_VIEW("scope_too_wide")}}};
  for (size_t i = 0; i < 2; i++)
    out->header.parties[i] = liar_keep(liar, opening->parties[i]);
  out->header.follows = out->follows;
  out->header.follow_count = engine_follows(found->messages, found->count, out->header.author, out->header.follows);
  struct wire_part0 part0 = {.part_count = 0};
  struct base_buf bytes = {0};
  pair_random(NULL, part0.nonce, sizeof part0.nonce);
  assert_int_equal(wire_part0_write(&part0, base_view_of(fields, sizeof fields - 1), &bytes, NULL), BASE_OK);
  out->part0 = liar_keep(liar, base_buf_view(&bytes));
  base_buf_free(&bytes);
  out->header.part0 = seal_sha256(out->part0);
  char clause[LAW_CLAUSE_MAX + 1] = "agreement"; /* in this alone he is honest */
  if (liar->victim->core->law_count > 0)
    snprintf(clause, sizeof clause, "%s/2", base_id_text(&liar->victim->core->law[0].id).text);
  out->opening = (struct wire_opening){.has_message = true,
                                       .from = liar->node->core->card.origin,
                                       .to = liar->victim->core->card.origin,
                                       .number = liar->number + 1,
                                       .previous = liar->previous,
                                       .clause = liar_keep(liar, base_view_text(clause)),
                                       .from_card = seal_sha256(base_buf_view(&liar->node->card)),
                                       .to_card = seal_sha256(base_buf_view(&liar->victim->card))};
}
static inline void liar_write(struct liar *liar, struct liar_message *message) {
  struct base_buf bytes = {0};
  struct base_error err = {0};
  if (wire_header_write(&message->header, &bytes, &err) != BASE_OK)
    fail_msg("%s", err.text);
  message->header_bytes = liar_keep(liar, base_buf_view(&bytes));
  base_buf_free(&bytes);
  message->id = message->opening.message = seal_message_id(message->header_bytes);
}
/* The sent leaf, and a head over it. Returns its index. */
static inline uint64_t liar_commit(struct liar *liar, struct liar_message *message) {
  if (message->header_bytes.size == 0)
    liar_write(liar, message);
  uint64_t index = liar_leaf(liar, WIRE_ACT_SENT, &message->opening);
  liar->number = message->opening.number;
  liar->previous = seal_sha256(liar->entries[index]);
  return index;
}

/* --- his consignments */
static inline struct wire_frame *liar_frame(struct liar *liar, struct wire_frame frame) {
  assert_true(liar->count < LIAR_FRAMES);
  liar->frames[liar->count] = frame;
  return &liar->frames[liar->count++];
}
/* Head, its consistency with what the victim cosigned last, and what he believes of the victim. */
static inline void liar_heads(struct liar *liar) {
  uint64_t known = try_partner(liar->victim)->seen_size;
  struct seal_tree tree = liar_tree(liar);
  liar->count = 0;
  if (liar->attested != liar->size)
    liar_attest(liar);
  liar_frame(liar, (struct wire_frame){.type = WIRE_FRAME_HEAD, .head = base_buf_view(&liar->note)});
  if (known > 0 && known < liar->attested) {
    struct wire_frame frame = {.type = WIRE_FRAME_CONSISTENCY, .old_size = known, .new_size = liar->attested};
    assert_int_equal(seal_tree_consistency(&tree, known, liar->attested, frame.hashes, &frame.hash_count, NULL),
                     BASE_OK);
    liar_frame(liar, frame);
  }
  liar_frame(liar, (struct wire_frame){.type = WIRE_FRAME_WANT_PROOF, .new_size = liar->victim->core->reg.attested});
}
static inline struct wire_frame *liar_add(struct liar *liar, const struct liar_message *message, uint64_t index) {
  return liar_frame(liar, (struct wire_frame){.type = WIRE_FRAME_MESSAGE,
                                              .proof = liar_prove(liar, index),
                                              .header = message->header_bytes,
                                              .part0 = message->part0});
}
static inline struct wire_frame *liar_made(struct liar *liar, struct liar_message *message) {
  uint64_t index = liar_commit(liar, message);
  liar_heads(liar);
  return liar_add(liar, message, index);
}

static inline void liar_read(struct base_view plain, struct liar_answer *out) {
  struct base_reader reader = base_reader_of(plain);
  struct wire_frame frame;
  bool end = false;
  while (wire_frame_read(&reader, &frame, &end, NULL) == BASE_OK && !end) {
    struct wire_leaf leaf;
    struct wire_opening opening;
    struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    char name[64];
    switch (frame.type) {
    case WIRE_FRAME_FAULT:
      snprintf(name, sizeof name, "%.*s", (int)frame.name.size, (const char *)frame.name.data);
      out->fault = base_code_by_name(name);
      snprintf(out->text, sizeof out->text, "%.*s", (int)frame.head.size, (const char *)frame.head.data);
      break;
    case WIRE_FRAME_WANT_NUMBER:
      out->want_number = frame.new_size;
      break;
    case WIRE_FRAME_WANT_PROOF:
      out->want_proof = frame.new_size;
      break;
    case WIRE_FRAME_PENDING:
      out->pendings++;
      break;
    case WIRE_FRAME_RECEIPT:
      assert_int_equal(wire_leaf_parse(frame.proof.leaf, &leaf, NULL), BASE_OK);
      assert_int_equal(wire_opening_parse(leaf.act, frame.proof.opening, &arena, &opening, NULL), BASE_OK);
      out->receipts += leaf.act == WIRE_ACT_RECEIVED;
      if (leaf.act == WIRE_ACT_REFUSED) {
        out->refusals++;
        snprintf(out->reason, sizeof out->reason, "%.*s", (int)opening.reason.size, (const char *)opening.reason.data);
      }
      break;
    default:
      break;
    }
    base_arena_free(&arena);
  }
}
/* Seals this plaintext to the victim and reads the answer. */
static inline struct liar_answer liar_give_plain(struct liar *liar, struct base_view plain) {
  struct liar_answer out = {.fault = BASE_OK};
  struct base_buf sealed = {0};
  uint8_t entropy[32];
  pair_random(NULL, entropy, sizeof entropy);
  base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
  assert_int_equal(seal_consignment(&liar->victim->core->card.seals[0], liar->node->core->card.origin,
                                    liar->victim->core->card.origin, liar->exercise, plain, entropy, &sealed,
                                    &liar->context, NULL),
                   BASE_OK);
  int fd = base_memfd_sealed("lie", base_buf_view(&sealed), NULL);
  base_buf_free(&sealed);
  struct pair_answer answer = pair_give(liar->node, liar->victim, fd);
  close(fd);
  out.status = answer.status;
  base_buf_init(&out.plain, WIRE_CONSIGNMENT_MAX);
  if (answer.status == BASE_OK) {
    assert_int_equal(seal_answer_open(&liar->context, base_buf_view(&answer.payload), &out.plain, NULL), BASE_OK);
    liar_read(base_buf_view(&out.plain), &out);
  } else {
    snprintf(out.text, sizeof out.text, "%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  }
  base_buf_free(&out.plain);
  pair_answer_free(&answer);
  return out;
}
static inline struct liar_answer liar_give(struct liar *liar) {
  struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  for (size_t i = 0; i < liar->count; i++)
    wire_frame_write(&liar->frames[i], &plain);
  assert_int_equal(base_buf_check(&plain, "lie", NULL), BASE_OK);
  struct liar_answer answer = liar_give_plain(liar, base_buf_view(&plain));
  base_buf_free(&plain);
  return answer;
}
/* A view's bytes with one of them changed. */
static inline struct base_view liar_flip(struct liar *liar, struct base_view bytes, size_t at) {
  struct base_view copy = liar_keep(liar, bytes);
  ((uint8_t *)(uintptr_t)copy.data)[at] ^= 1;
  return copy;
}

/* --- his answers */
/* Takes what the victim hands over; the frames of the consignment are read into plain. False: nothing came. */
static inline bool liar_take(struct liar *liar, int64_t *exchange, struct base_buf *plain) {
  struct pair_parcel parcel;
  if (!pair_take(liar->victim, &parcel))
    return false;
  struct base_view sealed;
  struct wire_envelope envelope;
  uint8_t shared[32];
  assert_int_equal(base_map_sealed(parcel.fd, WIRE_CONSIGNMENT_MAX, &sealed, NULL), BASE_OK);
  assert_int_equal(wire_envelope_parse(sealed, &envelope, NULL), BASE_OK);
  assert_int_equal(keeper_decapsulate(liar->node->keeper, envelope.key_id, &envelope.enc, shared, NULL), BASE_OK);
  base_buf_init(plain, WIRE_CONSIGNMENT_MAX);
  assert_int_equal(seal_consignment_open(&envelope, shared, false, plain, &liar->context, NULL), BASE_OK);
  base_unmap(&sealed);
  close(parcel.fd);
  *exchange = parcel.exchange;
  return true;
}
/* Answers with the frames made so far. */
static inline void liar_answer(struct liar *liar, int64_t exchange, bool tampered) {
  struct base_buf plain = {0};
  struct pair_answer answer = {.status = BASE_OK};
  uint8_t nonce[WIRE_ANSWER_NONCE] = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  base_buf_init(&answer.payload, WIRE_CONSIGNMENT_MAX);
  for (size_t i = 0; i < liar->count; i++)
    wire_frame_write(&liar->frames[i], &plain);
  assert_int_equal(base_buf_check(&plain, "lie", NULL), BASE_OK);
  seal_answer(&liar->context, nonce, base_buf_view(&plain), &answer.payload);
  if (tampered)
    answer.payload.data[answer.payload.size / 2] ^= 1;
  pair_done(liar->victim, exchange, &answer);
  base_buf_free(&plain);
  pair_answer_free(&answer);
}

#endif
