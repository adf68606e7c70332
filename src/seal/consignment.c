/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "seal/seal.h"

#define INFO_LABEL "wasl consignment/1"
#define EXERCISE_LABEL "wasl exercise consignment/1"
#define ANSWER_LABEL "wasl answer/1"
enum { ANSWER_MAGIC = 8, ANSWER_CLEAR = ANSWER_MAGIC + WIRE_ANSWER_NONCE, INFO_MAX = 512 };

/* info = label || clear: the suite, both origins and the key's id. */
static enum base_code schedule(uint16_t kem, const uint8_t shared[32], bool exercise, struct base_view clear,
                               struct seal_hpke_context *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf info = {0};
  base_buf_init(&info, INFO_MAX);
  base_buf_text(&info, exercise ? EXERCISE_LABEL : INFO_LABEL);
  base_buf_add_view(&info, clear);
  enum base_code code = base_buf_check(&info, "consignment's info", err);
  if (code == BASE_OK)
    seal_hpke_schedule(kem, SEAL_AEAD_AES256, shared, base_buf_view(&info), out);
  return code;
}

/* Appends enc and the ciphertext to the clear bytes in out, which begin at start. */
static enum base_code seal_after(struct base_buf *out, size_t start, const struct wire_key *receiver, bool exercise,
                                 struct base_view plain, const uint8_t entropy[32], struct seal_hpke_context *context,
                                 struct base_error *err) {
  size_t clear_size = out->size - start;
  struct wire_enc enc;
  uint8_t shared[32];
  enum base_code code = seal_hpke_encap(receiver, entropy, &enc, shared, err);
  if (code == BASE_OK)
    code = schedule(seal_kem_of(receiver), shared, exercise, base_view_of(out->data + start, clear_size), context, err);
  base_wipe(shared, sizeof shared);
  if (code != BASE_OK)
    return code;
  base_buf_add(out, enc.bytes, wire_enc_size(&enc));
  uint8_t *ciphertext = base_buf_reserve(out, plain.size + SEAL_TAG);
  if (ciphertext != NULL) /* the buffer may have moved: the aad is taken anew */
    seal_hpke_seal(context, base_view_of(out->data + start, clear_size), plain, ciphertext);
  return base_buf_check(out, "consignment", err);
}

enum base_code seal_consignment(const struct wire_seal_key *receiver, struct base_view from, struct base_view to,
                                bool exercise, struct base_view plain, const uint8_t entropy[32], struct base_buf *out,
                                struct seal_hpke_context *out_context, struct base_error *err) {
  struct wire_envelope envelope = {.kem = seal_kem_of(&receiver->key),
                                   .kdf = WIRE_KDF_SHA256,
                                   .aead = WIRE_AEAD_AES256,
                                   .from = from,
                                   .to = to,
                                   .enc.p256 = wire_key_p256(&receiver->key)};
  memcpy(envelope.key_id, receiver->id, sizeof envelope.key_id);
  size_t start = out->size;
  wire_envelope_write_clear(&envelope, out);
  enum base_code code = base_buf_check(out, "consignment", err);
  if (code != BASE_OK)
    return code;
  size_t overhead = out->size - start + wire_enc_size(&envelope.enc) + SEAL_TAG;
  if (plain.size > WIRE_CONSIGNMENT_MAX - overhead)
    return base_fail(err, BASE_TOO_LARGE, "consignment: %zu bytes to seal, at most %zu are allowed", plain.size,
                     WIRE_CONSIGNMENT_MAX - overhead);
  struct seal_hpke_context context;
  code = seal_after(out, start, &receiver->key, exercise, plain, entropy, &context, err);
  if (code == BASE_OK)
    *out_context = context;
  base_wipe(&context, sizeof context);
  return code;
}

enum base_code seal_consignment_open(const struct wire_envelope *envelope, const uint8_t shared[32], bool exercise,
                                     struct base_buf *out_plain, struct seal_hpke_context *out_context,
                                     struct base_error *err) {
  if (envelope->ciphertext.size < SEAL_TAG)
    return base_fail(err, BASE_SYNTAX, "consignment: no room for a seal");
  struct seal_hpke_context context = {0};
  enum base_code code = schedule(envelope->kem, shared, exercise, envelope->clear, &context, err);
  size_t before = out_plain->size, size = envelope->ciphertext.size - SEAL_TAG;
  uint8_t none[1], *plain = none;
  if (code == BASE_OK && size > 0 && (plain = base_buf_reserve(out_plain, size)) == NULL)
    code = base_buf_check(out_plain, "consignment's content", err);
  if (code == BASE_OK) {
    code = seal_hpke_open(&context, envelope->clear, envelope->ciphertext, plain, err);
    if (code == BASE_OK)
      *out_context = context;
    else
      out_plain->size = before;
  }
  base_wipe(&context, sizeof context);
  return code;
}

/* --- answers */

static void answer_key(const struct seal_hpke_context *context, struct base_secret *out) {
  seal_hpke_export(context, BASE_VIEW(ANSWER_LABEL), out->bytes, sizeof out->bytes);
}

void seal_answer(const struct seal_hpke_context *context, const uint8_t nonce[WIRE_ANSWER_NONCE],
                 struct base_view plain, struct base_buf *out) {
  struct base_secret key;
  uint8_t clear[ANSWER_CLEAR];
  memcpy(clear, WIRE_ANSWER_MAGIC, ANSWER_MAGIC);
  memcpy(clear + ANSWER_MAGIC, nonce, WIRE_ANSWER_NONCE);
  base_buf_add(out, clear, sizeof clear);
  uint8_t *sealed = base_buf_reserve(out, plain.size + SEAL_TAG);
  if (sealed == NULL)
    return; /* the buffer keeps the reason */
  answer_key(context, &key);
  seal_aead_encrypt(&key, nonce, base_view_of(clear, sizeof clear), plain, sealed);
  base_wipe(&key, sizeof key);
}

enum base_code seal_answer_open(const struct seal_hpke_context *context, struct base_view sealed,
                                struct base_buf *out_plain, struct base_error *err) {
  if (sealed.size > WIRE_CONSIGNMENT_MAX)
    return base_fail(err, BASE_TOO_LARGE, "answer: %zu bytes, at most %d are allowed", sealed.size,
                     WIRE_CONSIGNMENT_MAX);
  if (sealed.size < ANSWER_CLEAR + SEAL_TAG || memcmp(sealed.data, WIRE_ANSWER_MAGIC, ANSWER_MAGIC) != 0)
    return base_fail(err, BASE_SYNTAX, "answer: it does not begin with %s or is cut short", WIRE_ANSWER_MAGIC);
  struct base_view ciphertext = base_view_of(sealed.data + ANSWER_CLEAR, sealed.size - ANSWER_CLEAR);
  size_t before = out_plain->size, size = ciphertext.size - SEAL_TAG;
  uint8_t none[1], *plain = none;
  if (size > 0 && (plain = base_buf_reserve(out_plain, size)) == NULL)
    return base_buf_check(out_plain, "answer's content", err);
  struct base_secret key;
  answer_key(context, &key);
  enum base_code code = seal_aead_decrypt(&key, sealed.data + ANSWER_MAGIC, base_view_of(sealed.data, ANSWER_CLEAR),
                                          ciphertext, plain, err);
  base_wipe(&key, sizeof key);
  if (code == BASE_OK)
    return BASE_OK;
  out_plain->size = before;
  base_fail_within(err, "answer");
  return code;
}
