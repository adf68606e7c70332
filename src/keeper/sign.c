/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "keeper/internal.h"

enum { ED25519_SIGNATURE = 64, CLOCK_SLACK = 120 }; /* bytes; seconds */

static enum base_code sign(struct keeper *keeper, EVP_PKEY *key, struct base_view message,
                           uint8_t out[ED25519_SIGNATURE], struct base_error *err) {
  size_t size = ED25519_SIGNATURE;
  if (EVP_MD_CTX_reset(keeper->signing) != 1 || EVP_DigestSignInit(keeper->signing, NULL, NULL, NULL, key) != 1 ||
      EVP_DigestSign(keeper->signing, out, &size, message.data, message.size) != 1 || size != ED25519_SIGNATURE)
    return base_fail(err, BASE_INTERNAL, "the cryptographic library cannot sign");
  return BASE_OK;
}

/* May a signature follow the remembered head with this one? Both signers of heads ask here and nowhere else. old_size:
 * what the proof starts from. */
static enum base_code check_follows(const struct keeper_head *last, uint64_t size, const struct base_hash *root,
                                    uint64_t old_size, const struct base_hash *proof, size_t count,
                                    struct base_error *err) {
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
  enum base_code code = check_follows(last, size, root, last->size, proof, count, err);
  if (code != BASE_OK)
    return base_fail_within(err, "our own register");
  struct wire_checkpoint checkpoint = {.origin = base_view_text(keeper->origin), .size = size, .root = *root};
  BASE_AUTO_BUF struct base_buf note = {0};
  wire_checkpoint_write(&checkpoint, &note);
  struct wire_signature line = {.name = checkpoint.origin,
                                .id = seal_vkey_id(checkpoint.origin, WIRE_VKEY_LOG, &keeper->log),
                                .size = ED25519_SIGNATURE};
  code = base_buf_check(&note, "checkpoint", err);
  if (code == BASE_OK)
    code = sign(keeper, keeper->log_key, base_buf_view(&note), line.bytes, err);
  /* Durable before it leaves: a keeper that forgot this head could be led to sign another in its place. */
  struct keeper_head head = *last;
  head.size = size;
  head.root = *root;
  if (code == BASE_OK && size > last->size)
    code = keeper_heads_store(keeper->heads, 0, &head, err);
  if (code != BASE_OK)
    return code;
  base_buf_text(&note, "\n");
  wire_signature_write(&line, &note);
  base_buf_add_view(out_note, base_buf_view(&note));
  return base_buf_check(out_note, "checkpoint", err);
}

/* The register that a key may sign heads of: wasl/NAME/ and the key's digits, or a later epoch of it. */
static bool origin_fits(struct base_view origin, const struct wire_key *log_key) {
  if (!wire_origin_valid(origin))
    return false;
  char first[WIRE_ORIGIN_MAX + 1];
  seal_origin(wire_origin_name(origin), log_key, first);
  size_t size = strlen(first);
  return origin.size >= size && memcmp(origin.data, first, size) == 0 &&
         (origin.size == size || origin.data[size] == '/');
}

static enum base_code read_note(const struct wire_key *log_key, struct base_view bytes, struct wire_note *note,
                                struct wire_checkpoint *checkpoint, struct base_error *err) {
  enum base_code code = wire_note_parse(bytes, note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note->text, checkpoint, err);
  if (code != BASE_OK)
    return code;
  struct base_view origin = checkpoint->origin;
  if (!origin_fits(origin, log_key))
    return base_fail(err, BASE_WRONG_KEY, "the checkpoint's origin %.*s does not carry the digits of the partner's key",
                     (int)origin.size, (const char *)origin.data);
  struct wire_vkey log = {
      .name = origin, .type = WIRE_VKEY_LOG, .key = *log_key, .id = seal_vkey_id(origin, WIRE_VKEY_LOG, log_key)};
  return seal_checkpoint_verify(bytes, (struct seal_signer){.log = &log}, NULL, NULL, err);
}

/* The cosignature's line of a tlog-cosignature v1: time, then the signature over time and text. */
static enum base_code make_cosignature(struct keeper *keeper, struct base_view text, base_time time,
                                       struct wire_signature *line, struct base_error *err) {
  struct base_view name = base_view_text(keeper->origin);
  *line = (struct wire_signature){
      .name = name, .id = seal_vkey_id(name, WIRE_VKEY_WITNESS, &keeper->witness), .size = 8 + ED25519_SIGNATURE};
  for (unsigned i = 0; i < 8; i++)
    line->bytes[i] = (uint8_t)((uint64_t)time >> (56 - 8 * i));
  BASE_AUTO_BUF struct base_buf message = {0};
  seal_cosign_message(text, time, &message);
  enum base_code code = base_buf_check(&message, "cosignature", err);
  return code == BASE_OK ? sign(keeper, keeper->witness_key, base_buf_view(&message), line->bytes + 8, err) : code;
}

enum base_code keeper_cosign(struct keeper *keeper, const struct wire_key *log_key, struct base_view bytes,
                             uint64_t old_size, const struct base_hash *proof, size_t count, struct base_buf *out_line,
                             struct base_error *err) {
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  enum base_code code = read_note(log_key, bytes, &note, &checkpoint, err);
  if (code != BASE_OK)
    return code;
  struct keeper_head head = {.kind = KEEPER_HEAD_PARTNER, .origin = seal_sha256(checkpoint.origin)};
  uint32_t record = keeper_heads_find(keeper->heads, &head.origin);
  struct keeper_head last = record == KEEPER_NO_RECORD ? head : *keeper_heads_at(keeper->heads, record);
  code = check_follows(&last, checkpoint.size, &checkpoint.root, old_size, proof, count, err);
  if (code != BASE_OK)
    return base_fail_within(err, "%.*s", (int)checkpoint.origin.size, (const char *)checkpoint.origin.data);
  if (record == KEEPER_NO_RECORD)
    record = keeper_heads_free(keeper->heads);
  if (record == KEEPER_NO_RECORD)
    return base_fail(err, BASE_TOO_LARGE, "the keeper remembers the heads of %d registers and has no room for another",
                     KEEPER_PARTNERS_MAX);
  head.size = checkpoint.size;
  head.root = checkpoint.root;
  head.time = clock_of(keeper);
  struct wire_signature line;
  code = make_cosignature(keeper, note.text, head.time, &line, err);
  /* Also when only the time moved on: after a restart no cosignature may be older than one that left. */
  if (code == BASE_OK && (last.size != head.size || last.time != head.time))
    code = keeper_heads_store(keeper->heads, record, &head, err);
  if (code != BASE_OK)
    return code;
  wire_signature_write(&line, out_line);
  return base_buf_check(out_line, "cosignature", err);
}

enum base_code keeper_remembers(const struct keeper *keeper, struct base_view origin, uint64_t *out_size,
                                struct base_hash *out_root, struct base_error *err) {
  if (!wire_origin_valid(origin))
    return base_fail(err, BASE_FIELD, "keeper.remembers: the origin is none");
  struct base_hash hash = seal_sha256(origin);
  uint32_t record = keeper_heads_find(keeper->heads, &hash);
  bool known = record != KEEPER_NO_RECORD;
  *out_size = known ? keeper_heads_at(keeper->heads, record)->size : 0;
  *out_root = known ? keeper_heads_at(keeper->heads, record)->root : (struct base_hash){0};
  return BASE_OK;
}
