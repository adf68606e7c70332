/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "keeper/internal.h"

enum { CLOCK_SLACK = 120 }; /* seconds */

/* A signature that does not verify never leaves: who made it is not asked again. */
static enum base_code sign_in_token(struct keeper *keeper, const struct keeper_held *held, struct base_view message,
                                    uint8_t out[KEEPER_SIGNATURE], struct base_error *err) {
  bool p256 = wire_key_p256(&held->public_key);
  enum base_code code = keeper_token_sign(keeper->token, held->object, p256, message, out, err);
  if (code == BASE_OK && !seal_verify(&held->public_key, message, out))
    code = keeper_token_distrust(keeper->token, "it made a signature that does not verify", err);
  return code;
}

enum base_code keeper_sign(struct keeper *keeper, const struct keeper_held *held, struct base_view message,
                           uint8_t out[KEEPER_SIGNATURE], struct base_error *err) {
  size_t size = KEEPER_SIGNATURE;
  if (held->in_token)
    return sign_in_token(keeper, held, message, out, err);
  if (EVP_MD_CTX_reset(keeper->signing) != 1 || EVP_DigestSignInit(keeper->signing, NULL, NULL, NULL, held->key) != 1 ||
      EVP_DigestSign(keeper->signing, out, &size, message.data, message.size) != 1 || size != KEEPER_SIGNATURE)
    return base_fail(err, BASE_INTERNAL, "the cryptographic library cannot sign");
  return BASE_OK;
}

enum base_code keeper_sign_line(struct keeper *keeper, const struct keeper_held *held, struct base_view text,
                                struct base_buf *out, struct base_error *err) {
  struct base_view origin = base_view_text(keeper->register_origin);
  struct wire_signature line = {
      .name = origin, .id = seal_vkey_id(origin, WIRE_VKEY_LOG, &held->public_key), .size = KEEPER_SIGNATURE};
  enum base_code code = keeper_sign(keeper, held, text, line.bytes, err);
  if (code == BASE_OK)
    wire_signature_write(&line, out);
  return code;
}

enum base_code keeper_follows(const struct keeper_head *last, uint64_t size, const struct base_hash *root,
                              uint64_t old_size, const struct base_hash *proof, size_t count, struct base_error *err) {
  if (size < last->size)
    return base_fail(err, BASE_ROLLBACK, "a head of size %" PRIu64 ", but one of size %" PRIu64 " was signed before",
                     size, last->size);
  if (size == last->size && size > 0)
    return base_hash_equal(root, &last->root)
               ? BASE_OK
               : base_fail(err, BASE_FORK, "two heads of size %" PRIu64 " with different roots: %s was signed, not %s",
                           size, base_hash_text(&last->root).text, base_hash_text(root).text);
  struct base_hash empty = seal_empty_root();
  if (size == 0)
    return base_hash_equal(root, &empty) ? BASE_OK
                                         : base_fail(err, BASE_FORK, "a head of size 0 with a root of something");
  if (old_size != last->size)
    return base_fail(err, BASE_CONSISTENCY,
                     "the consistency proof starts from size %" PRIu64 "; the head signed last has size %" PRIu64,
                     old_size, last->size);
  return seal_consistency_verify(last->size, &last->root, size, root, proof, count, err);
}

/* The machine's clock, but never before a time that was signed. */
static base_time clock_of(struct keeper *keeper) {
  base_time now = keeper->world->now(keeper->world->context);
  base_time last = keeper_heads_time(keeper->heads);
  bool behind = now < last - CLOCK_SLACK;
  if (behind && !keeper->clock_told)
    base_log(BASE_LOG_WARNING, "keeper.clock",
             "the clock says %s, but %s was signed before; signing with that until the clock is past it",
             base_time_format(now).text, base_time_format(last).text);
  keeper->clock_told = behind;
  return now > last ? now : last;
}

enum base_code keeper_attest(struct keeper *keeper, uint64_t size, const struct base_hash *root,
                             const struct base_hash *proof, size_t count, struct base_buf *out_note,
                             struct base_error *err) {
  const struct keeper_head *last = keeper_heads_own(keeper->heads);
  enum base_code code = keeper_follows(last, size, root, last->size, proof, count, err);
  if (code != BASE_OK)
    return base_fail_within(err, "our own register");
  struct wire_checkpoint checkpoint = {.origin = base_view_text(keeper->register_origin), .size = size, .root = *root};
  BASE_AUTO_BUF struct base_buf text = {0}, line = {0};
  wire_checkpoint_write(&checkpoint, &text);
  code = base_buf_check(&text, "checkpoint", err);
  if (code == BASE_OK)
    code =
        keeper_sign_line(keeper, keeper_ring_find(keeper, KEEPER_KEY_LOG, last->log), base_buf_view(&text), &line, err);
  /* Durable before it leaves: a keeper that forgot this head could be led to sign another in its place. */
  struct keeper_head head = *last;
  head.size = size;
  head.root = *root;
  if (code == BASE_OK && size > last->size)
    code = keeper_heads_store(keeper->heads, 0, &head, err);
  if (code != BASE_OK)
    return code;
  base_buf_add_buf(out_note, &text);
  base_buf_text(out_note, "\n");
  base_buf_add_buf(out_note, &line);
  return base_buf_check(out_note, "checkpoint", err);
}

bool keeper_origin_fits(struct base_view origin, const struct wire_key *log_key) {
  if (!wire_origin_valid(origin))
    return false;
  char first[WIRE_ORIGIN_MAX + 1];
  seal_origin(wire_origin_name(origin), log_key, first);
  size_t size = strlen(first);
  return origin.size >= size && memcmp(origin.data, first, size) == 0 &&
         (origin.size == size || origin.data[size] == '/');
}

uint32_t keeper_epoch_before(const struct keeper *keeper, struct base_view origin) {
  char node[WIRE_ORIGIN_MAX + 1] = "";
  struct base_view name = wire_origin_node(origin);
  uint32_t found = KEEPER_NO_RECORD;
  memcpy(node, name.data, name.size < sizeof node ? name.size : 0);
  for (uint32_t epoch = wire_origin_epoch(origin); epoch > 1 && found == KEEPER_NO_RECORD; epoch--) {
    struct base_hash hash = keeper_register_hash(node, epoch - 1);
    found = keeper_heads_find(keeper->heads, &hash);
  }
  return found;
}

/* last: what is remembered of the register, once its origin is known. The first key must be the one to which the
 * origin's digits belong; afterwards it is the one that is remembered, until keeper_follow changes it. */
static enum base_code read_note(const struct keeper *keeper, const struct wire_key *log_key, struct base_view bytes,
                                struct wire_note *note, struct wire_checkpoint *checkpoint, uint32_t *record,
                                struct keeper_head *last, struct base_error *err) {
  enum base_code code = wire_note_parse(bytes, note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note->text, checkpoint, err);
  if (code != BASE_OK)
    return code;
  struct base_view origin = checkpoint->origin;
  *last = (struct keeper_head){.kind = KEEPER_HEAD_PARTNER, .origin = seal_sha256(origin)};
  last->bound = *log_key;
  *record = keeper_heads_find(keeper->heads, &last->origin);
  uint32_t before = *record == KEEPER_NO_RECORD ? keeper_epoch_before(keeper, origin) : KEEPER_NO_RECORD;
  if (*record != KEEPER_NO_RECORD)
    *last = *keeper_heads_at(keeper->heads, *record);
  else if (before != KEEPER_NO_RECORD) /* a new epoch begins under the key that the one before ended with */
    last->bound = keeper_heads_at(keeper->heads, before)->bound;
  else if (!keeper_origin_fits(origin, log_key))
    return base_fail(err, BASE_WRONG_KEY, "the checkpoint's origin %.*s does not carry the digits of the partner's key",
                     (int)origin.size, (const char *)origin.data);
  if (!wire_key_equal(&last->bound, log_key))
    return base_fail(err, BASE_WRONG_KEY, "%.*s is followed under another key", (int)origin.size,
                     (const char *)origin.data);
  struct wire_vkey log = {
      .name = origin, .type = WIRE_VKEY_LOG, .key = *log_key, .id = seal_vkey_id(origin, WIRE_VKEY_LOG, log_key)};
  return seal_checkpoint_verify(bytes, (struct seal_signer){.log = &log}, NULL, NULL, err);
}

/* The cosignature's line of a tlog-cosignature v1: time, then the signature over time and text. */
static enum base_code make_cosignature(struct keeper *keeper, struct base_view text, base_time time,
                                       struct wire_signature *line, struct base_error *err) {
  const struct keeper_held *witness =
      keeper_ring_find(keeper, KEEPER_KEY_WITNESS, keeper_heads_own(keeper->heads)->witness);
  struct base_view name = base_view_text(keeper->origin);
  *line = (struct wire_signature){
      .name = name, .id = seal_vkey_id(name, WIRE_VKEY_WITNESS, &witness->public_key), .size = 8 + KEEPER_SIGNATURE};
  for (unsigned i = 0; i < 8; i++)
    line->bytes[i] = (uint8_t)((uint64_t)time >> (56 - 8 * i));
  BASE_AUTO_BUF struct base_buf message = {0};
  seal_cosign_message(text, time, &message);
  enum base_code code = base_buf_check(&message, "cosignature", err);
  return code == BASE_OK ? keeper_sign(keeper, witness, base_buf_view(&message), line->bytes + 8, err) : code;
}

enum base_code keeper_cosign(struct keeper *keeper, const struct wire_key *log_key, struct base_view bytes,
                             uint64_t old_size, const struct base_hash *proof, size_t count, struct base_buf *out_line,
                             struct base_error *err) {
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  uint32_t record = KEEPER_NO_RECORD;
  struct keeper_head last;
  enum base_code code = read_note(keeper, log_key, bytes, &note, &checkpoint, &record, &last, err);
  if (code != BASE_OK)
    return code;
  code = keeper_follows(&last, checkpoint.size, &checkpoint.root, old_size, proof, count, err);
  if (code != BASE_OK)
    return base_fail_within(err, "%.*s", (int)checkpoint.origin.size, (const char *)checkpoint.origin.data);
  struct keeper_head head = last;
  head.size = checkpoint.size;
  head.root = checkpoint.root;
  head.time = clock_of(keeper);
  struct wire_signature line;
  code = make_cosignature(keeper, note.text, head.time, &line, err);
  /* Also when only the time moved on: after a restart no cosignature may be older than one that left. */
  if (code == BASE_OK && (record == KEEPER_NO_RECORD || last.size != head.size || last.time != head.time))
    code = keeper_heads_put(keeper->heads, record, &head, err);
  if (code != BASE_OK)
    return code;
  wire_signature_write(&line, out_line);
  return base_buf_check(out_line, "cosignature", err);
}

enum base_code keeper_remembers(const struct keeper *keeper, struct base_view origin, struct wire_keeper_memory *out,
                                struct base_error *err) {
  if (!wire_origin_valid(origin))
    return base_fail(err, BASE_FIELD, "keeper.remembers: the origin is none");
  struct base_hash hash = seal_sha256(origin);
  uint32_t record = keeper_heads_find(keeper->heads, &hash);
  uint32_t before = record == KEEPER_NO_RECORD ? keeper_epoch_before(keeper, origin) : record;
  *out = (struct wire_keeper_memory){0};
  if (record != KEEPER_NO_RECORD) {
    const struct keeper_head *head = keeper_heads_at(keeper->heads, record);
    out->size = head->size;
    out->root = head->root;
  }
  if (before != KEEPER_NO_RECORD)
    out->log = keeper_heads_at(keeper->heads, before)->bound;
  return BASE_OK;
}
