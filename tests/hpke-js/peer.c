/* SPDX-License-Identifier: Apache-2.0
 * The C side of the cross-check with @hpke/core. All arguments and lines of output are hexadecimal, origins excepted.
 *   peer seal PUBLIC KEY_ID FROM TO ENTROPY PLAIN ANSWER_NONCE ANSWER   prints the consignment, and the answer sealed
 *   peer open PRIVATE CONSIGNMENT ANSWER                                prints the content, and the answer opened */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/library.h"
#include "seal/seal.h"

static void fail(const char *what) {
  fprintf(stderr, "peer: %s\n", what);
  exit(1);
}

static struct base_view unhex(const char *text, struct base_buf *out) {
  size_t size = strlen(text) / 2;
  base_buf_init(out, WIRE_CONSIGNMENT_MAX);
  uint8_t *bytes = size > 0 ? base_buf_reserve(out, size) : NULL;
  if (size > 0 && (bytes == NULL || !base_hex_parse(base_view_text(text), bytes, size)))
    fail("an argument is not hexadecimal");
  return base_buf_view(out);
}

static void unhex_exactly(const char *text, void *out, size_t size) {
  if (!base_hex_parse(base_view_text(text), out, size))
    fail("an argument is not hexadecimal of its size");
}

static void print(struct base_view bytes) {
  for (size_t i = 0; i < bytes.size; i++)
    printf("%02x", bytes.data[i]);
  printf("\n");
}

/* As HPKE writes it: a point of P-256 whole. */
static void read_public(struct base_view octets, struct wire_key *out) {
  struct wire_enc whole;
  uint8_t point[WIRE_KEY];
  if (!wire_enc_of_octets(octets, &whole))
    fail("no public key");
  if (whole.p256) {
    point[0] = (whole.bytes[WIRE_ENC_P256 - 1] & 1) == 0 ? 2 : 3;
    memcpy(point + 1, whole.bytes + 1, sizeof point - 1);
    octets = base_view_of(point, sizeof point);
  }
  if (!wire_key_of_octets(octets, out))
    fail("no public key");
}

static int seal(char **words) {
  struct wire_seal_key receiver = {0};
  uint8_t entropy[32], nonce[WIRE_ANSWER_NONCE];
  struct seal_hpke_context context;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf public = {0}, plain = {0}, sealed = {0}, answer = {0}, answered = {0};
  read_public(unhex(words[0], &public), &receiver.key);
  unhex_exactly(words[1], receiver.id, sizeof receiver.id);
  unhex_exactly(words[4], entropy, sizeof entropy);
  unhex_exactly(words[6], nonce, sizeof nonce);
  base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
  base_buf_init(&answered, WIRE_CONSIGNMENT_MAX);
  if (seal_consignment(&receiver, base_view_text(words[2]), base_view_text(words[3]), false, unhex(words[5], &plain), entropy,
                       &sealed, &context, &err) != BASE_OK)
    fail(err.text);
  seal_answer(&context, nonce, unhex(words[7], &answer), &answered);
  print(base_buf_view(&sealed));
  print(base_buf_view(&answered));
  return 0;
}

static void decapsulate_p256(const char *private_hex, const struct wire_enc *enc, uint8_t out_shared[32]) {
  uint8_t private[32], dh[32];
  struct wire_enc whole;
  struct wire_key public;
  unhex_exactly(private_hex, private, sizeof private);
  if (!seal_p256_public(private, &whole) || !seal_p256_agree(private, base_view_of(enc->bytes, WIRE_ENC_P256), dh))
    fail("P-256");
  read_public(base_view_of(whole.bytes, WIRE_ENC_P256), &public);
  seal_kem_extract_expand(dh, enc, &public, out_shared);
}

static void decapsulate(const char *private_hex, const struct wire_enc *enc, uint8_t out_shared[32]) {
  uint8_t private[32], dh[32];
  struct wire_key public = {0};
  size_t size = 32, public_size = 32;
  unhex_exactly(private_hex, private, sizeof private);
  EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, 32);
  EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, enc->bytes, 32);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(mine, NULL);
  if (context == NULL || EVP_PKEY_get_raw_public_key(mine, public.bytes, &public_size) != 1 ||
      EVP_PKEY_derive_init(context) != 1 || EVP_PKEY_derive_set_peer(context, peer) != 1 ||
      EVP_PKEY_derive(context, dh, &size) != 1)
    fail("X25519");
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  EVP_PKEY_free(mine);
  seal_kem_extract_expand(dh, enc, &public, out_shared);
}

static int open_it(char **words) {
  struct wire_envelope envelope;
  struct seal_hpke_context context;
  struct base_error err;
  uint8_t shared[32];
  BASE_AUTO_BUF struct base_buf sealed = {0}, plain = {0}, answered = {0}, answer = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  base_buf_init(&answer, WIRE_CONSIGNMENT_MAX);
  if (wire_envelope_parse(unhex(words[1], &sealed), &envelope, &err) != BASE_OK)
    fail(err.text);
  (envelope.enc.p256 ? decapsulate_p256 : decapsulate)(words[0], &envelope.enc, shared);
  if (seal_consignment_open(&envelope, shared, false, &plain, &context, &err) != BASE_OK ||
      seal_answer_open(&context, unhex(words[2], &answered), &answer, &err) != BASE_OK)
    fail(err.text);
  print(base_buf_view(&plain));
  print(base_buf_view(&answer));
  return 0;
}

int main(int count, char **words) {
  if (count == 10 && strcmp(words[1], "seal") == 0)
    return seal(words + 2);
  if (count == 5 && strcmp(words[1], "open") == 0)
    return open_it(words + 2);
  fail("usage: peer seal … | peer open …");
}
