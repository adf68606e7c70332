/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "seal/library.h"
#include "seal/seal.h"

enum { SIGNATURE = 64, COSIGNATURE = 8 + SIGNATURE };

static bool verify_ed25519(const struct wire_key *key, struct base_view message, const uint8_t signature[64]) {
  EVP_PKEY *public = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key->bytes, sizeof key->bytes);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (public == NULL || context == NULL || EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, public, NULL) != 1)
    seal_broken("preparing Ed25519");
  static const uint8_t nothing[1];
  bool good =
      EVP_DigestVerify(context, signature, SIGNATURE, message.size > 0 ? message.data : nothing, message.size) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(public);
  return good;
}

bool seal_verify(const struct wire_key *key, struct base_view message, const uint8_t signature[64]) {
  return wire_key_p256(key) ? seal_p256_verify(key, message, signature) : verify_ed25519(key, message, signature);
}

bool seal_vkey_valid(const struct wire_vkey *vkey) {
  return vkey->id == seal_vkey_id(vkey->name, vkey->type, &vkey->key) && seal_key_valid(&vkey->key);
}

uint32_t seal_vkey_id(struct base_view name, uint8_t type, const struct wire_key *key) {
  uint8_t tail[1 + WIRE_VKEY_OCTETS_MAX] = {'\n'};
  size_t size = 1 + wire_vkey_octets(type, key, tail + 1);
  struct seal_hasher *hasher = seal_hasher_new();
  if (hasher == NULL)
    seal_broken("hashing a key");
  seal_hasher_add(hasher, name);
  seal_hasher_add(hasher, base_view_of(tail, size));
  struct base_hash hash = seal_hasher_end(hasher);
  seal_hasher_free(hasher);
  return ((uint32_t)hash.bytes[0] << 24) | ((uint32_t)hash.bytes[1] << 16) | ((uint32_t)hash.bytes[2] << 8) |
         (uint32_t)hash.bytes[3];
}

void seal_cosign_message(struct base_view note_text, base_time time, struct base_buf *out) {
  base_buf_printf(out, "cosignature/v1\ntime %lld\n", (long long)time);
  base_buf_add_view(out, note_text);
}

/* --- checkpoints */

static bool made_by(const struct wire_signature *signature, const struct wire_vkey *vkey) {
  return vkey != NULL && signature->id == vkey->id && base_view_equal(signature->name, vkey->name);
}

static enum base_code fail_line(struct base_error *err, const struct wire_signature *signature, const char *why) {
  BASE_AUTO_BUF struct base_buf name = {0};
  base_buf_init(&name, 4 * WIRE_KEY_NAME_MAX);
  base_buf_printable(&name, signature->name);
  return base_fail(err, BASE_SIGNATURE, "checkpoint: the signature of %.*s (key %08x) %s", (int)name.size,
                   (const char *)name.data, (unsigned)signature->id, why);
}

static enum base_code verify_log(const struct wire_note *note, const struct wire_signature *signature,
                                 const struct wire_vkey *vkey, struct base_error *err) {
  if (signature->size != SIGNATURE || !seal_verify(&vkey->key, note->text, signature->bytes))
    return fail_line(err, signature, "does not verify");
  return BASE_OK;
}

static enum base_code verify_cosignature(const struct wire_note *note, const struct wire_signature *signature,
                                         const struct wire_vkey *vkey, base_time *out_time, struct base_error *err) {
  struct base_reader reader = base_reader_of(base_view_of(signature->bytes, signature->size));
  uint64_t time = base_read_u64(&reader);
  if (signature->size != COSIGNATURE || time > INT64_MAX)
    return fail_line(err, signature, "is no cosignature");
  BASE_AUTO_BUF struct base_buf message = {0};
  base_buf_init(&message, WIRE_NOTE_MAX + 64);
  seal_cosign_message(note->text, (base_time)time, &message);
  enum base_code code = base_buf_check(&message, "cosigned message", err);
  if (code != BASE_OK)
    return code;
  if (!seal_verify(&vkey->key, base_buf_view(&message), reader.rest.data))
    return fail_line(err, signature, "does not verify");
  *out_time = (base_time)time;
  return BASE_OK;
}

struct seen {
  bool log, witness;
};

static enum base_code verify_line(const struct wire_note *note, const struct wire_signature *signature,
                                  struct seal_signer signer, struct seen *seen, base_time *out_time,
                                  struct base_error *err) {
  bool by_log = made_by(signature, signer.log);
  if (!by_log && !made_by(signature, signer.witness))
    return fail_line(err, signature, "is by none of the keys expected here");
  bool *once = by_log ? &seen->log : &seen->witness;
  if (*once)
    return fail_line(err, signature, "stands twice");
  *once = true;
  return by_log ? verify_log(note, signature, signer.log, err)
                : verify_cosignature(note, signature, signer.witness, out_time, err);
}

static enum base_code check_text(const struct wire_note *note, struct seal_signer signer,
                                 struct wire_checkpoint *checkpoint, struct base_error *err) {
  enum base_code code = wire_checkpoint_parse(note->text, checkpoint, err);
  if (code != BASE_OK)
    return code;
  if (signer.log != NULL && !base_view_equal(checkpoint->origin, signer.log->name) &&
      !base_view_equal(wire_origin_node(checkpoint->origin), signer.log->name))
    return base_fail(err, BASE_WRONG_KEY, "checkpoint: its origin is not the name of the register's key");
  struct base_hash empty = seal_empty_root();
  if (checkpoint->size == 0 && !base_hash_equal(&checkpoint->root, &empty))
    return base_fail(err, BASE_FIELD, "checkpoint: an empty register with a root that is not the empty one");
  return BASE_OK;
}

/* A later epoch of the register is signed by the same key under that epoch's origin. */
static struct wire_vkey of_epoch(const struct wire_vkey *log, struct base_view origin) {
  struct wire_vkey later = *log;
  if (!base_view_equal(origin, log->name)) {
    later.name = origin;
    later.id = seal_vkey_id(origin, WIRE_VKEY_LOG, &later.key);
  }
  return later;
}

enum base_code seal_checkpoint_verify(struct base_view bytes, struct seal_signer signer,
                                      struct wire_checkpoint *out_checkpoint, base_time *out_cosigned,
                                      struct base_error *err) {
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  enum base_code code = wire_note_parse(bytes, &note, err);
  if (code != BASE_OK || (code = check_text(&note, signer, &checkpoint, err)) != BASE_OK)
    return code;
  struct wire_vkey later;
  if (signer.log != NULL) {
    later = of_epoch(signer.log, checkpoint.origin);
    signer.log = &later;
  }
  struct seen seen = {false, false};
  base_time time = 0;
  for (size_t i = 0; i < note.signature_count; i++)
    if ((code = verify_line(&note, &note.signatures[i], signer, &seen, &time, err)) != BASE_OK)
      return code;
  if (signer.log != NULL && !seen.log)
    return base_fail(err, BASE_SIGNATURE, "checkpoint: the register's own signature is missing");
  if (signer.witness != NULL && !seen.witness)
    return base_fail(err, BASE_SIGNATURE, "checkpoint: the witness's cosignature is missing");
  if (out_checkpoint != NULL)
    *out_checkpoint = checkpoint;
  if (out_cosigned != NULL)
    *out_cosigned = time;
  return BASE_OK;
}

/* One line: of the register, of one of the witnesses, or of somebody else. */
static enum base_code witnessed_line(const struct wire_note *note, const struct wire_signature *line,
                                     const struct wire_vkey *log, bool *seen_log, const struct wire_vkey *witnesses,
                                     size_t count, base_time *times, size_t *others, struct base_error *err) {
  if (made_by(line, log)) {
    if (*seen_log)
      return fail_line(err, line, "stands twice");
    *seen_log = true;
    return verify_log(note, line, log, err);
  }
  for (size_t i = 0; i < count; i++)
    if (made_by(line, &witnesses[i]))
      return times[i] >= 0 ? fail_line(err, line, "stands twice")
                           : verify_cosignature(note, line, &witnesses[i], &times[i], err);
  (*others)++;
  return BASE_OK;
}

enum base_code seal_witnessed_verify(struct base_view bytes, const struct wire_vkey *log,
                                     const struct wire_vkey *witnesses, size_t count,
                                     struct wire_checkpoint *out_checkpoint, base_time *out_times, size_t *out_others,
                                     struct base_error *err) {
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  bool seen_log = false;
  size_t others = 0;
  for (size_t i = 0; i < count; i++)
    out_times[i] = -1;
  enum base_code code = wire_note_parse(bytes, &note, err);
  if (code == BASE_OK)
    code = check_text(&note, (struct seal_signer){.log = log}, &checkpoint, err);
  if (code != BASE_OK)
    return code;
  struct wire_vkey key = of_epoch(log, checkpoint.origin);
  for (size_t i = 0; code == BASE_OK && i < note.signature_count; i++)
    code = witnessed_line(&note, &note.signatures[i], &key, &seen_log, witnesses, count, out_times, &others, err);
  if (code == BASE_OK && !seen_log)
    code = base_fail(err, BASE_SIGNATURE, "checkpoint: the register's own signature is missing");
  if (code != BASE_OK)
    return code;
  *out_checkpoint = checkpoint;
  *out_others = others;
  return BASE_OK;
}

/* --- a card that follows another */

static struct wire_vkey log_vkey(struct base_view origin, const struct wire_key *key) {
  return (struct wire_vkey){
      .name = origin, .type = WIRE_VKEY_LOG, .key = *key, .id = seal_vkey_id(origin, WIRE_VKEY_LOG, key)};
}

enum base_code seal_succession_signed(struct base_view bytes, const struct wire_key *old_key,
                                      const struct wire_key *new_key, struct wire_succession *out,
                                      struct base_error *err) {
  struct wire_note note;
  struct wire_succession succession;
  enum base_code code = wire_note_parse(bytes, &note, err);
  if (code == BASE_OK)
    code = wire_succession_parse(note.text, &succession, err);
  if (code != BASE_OK)
    return code;
  bool same = wire_key_equal(old_key, new_key), seen[2] = {false, same};
  struct wire_vkey keys[2] = {log_vkey(succession.checkpoint.origin, old_key),
                              log_vkey(succession.checkpoint.origin, new_key)};
  for (size_t i = 0; i < note.signature_count; i++) {
    const struct wire_signature *line = &note.signatures[i];
    size_t by = made_by(line, &keys[0]) ? 0 : 1;
    if (by == 1 && (same || !made_by(line, &keys[1])))
      return fail_line(err, line, "is by none of the keys expected here");
    if (seen[by])
      return fail_line(err, line, "stands twice");
    seen[by] = true;
    if ((code = verify_log(&note, line, &keys[by], err)) != BASE_OK)
      return code;
  }
  if (!seen[0] || !seen[1])
    return base_fail(err, BASE_SIGNATURE, "succession: the signature of the %s log key is missing",
                     seen[0] ? "new" : "old");
  *out = succession;
  return BASE_OK;
}

enum base_code seal_succession_verify(struct base_view note, const struct wire_card *before,
                                      struct base_view before_bytes, const struct wire_card *card,
                                      struct base_view card_bytes, struct wire_succession *out,
                                      struct base_error *err) {
  struct base_hash previous = seal_sha256(before_bytes), hash = seal_sha256(card_bytes);
  struct wire_succession succession;
  if (card->generation != before->generation + 1)
    return base_fail(err, BASE_PROTOCOL, "succession: a card of generation %u after one of generation %u",
                     (unsigned)card->generation, (unsigned)before->generation);
  if (!base_hash_equal(&card->previous, &previous))
    return base_fail(err, BASE_WRONG_KEY, "succession: the card of generation %u names another card before it",
                     (unsigned)card->generation);
  if (!base_view_equal(card->origin, before->origin) || !wire_key_equal(&card->first, &before->first))
    return base_fail(err, BASE_WRONG_KEY, "succession: the card of generation %u is of another node",
                     (unsigned)card->generation);
  enum base_code code = seal_succession_signed(note, &before->log_key, &card->log_key, &succession, err);
  if (code != BASE_OK)
    return code;
  if (!base_view_equal(wire_origin_node(succession.checkpoint.origin), card->origin) ||
      succession.generation != card->generation || !base_hash_equal(&succession.card, &hash))
    return base_fail(err, BASE_WRONG_KEY, "succession: the head names another card than that of generation %u",
                     (unsigned)card->generation);
  if (out != NULL)
    *out = succession;
  return BASE_OK;
}
