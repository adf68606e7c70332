/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "seal/seal.h"

#define RABAT "wasl/rabat/0123456789abcdef"
#define PARIS "wasl/paris/fedcba9876543210"

static const uint8_t receiver_entropy[32] = {1}, entropy[32] = {2}, nonce[WIRE_ANSWER_NONCE] = {3};

static struct wire_seal_key receiver(void) {
  struct wire_seal_key key = {.id = "ABCDEFGH"};
  seal_kem_derive_public(receiver_entropy, &key.key);
  return key;
}

/* What the keeper does. */
static void decapsulate(const struct wire_enc *enc, uint8_t out_shared[32]) {
  uint8_t private[32], dh[32];
  seal_kem_derive_private(receiver_entropy, private);
  EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, 32);
  EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, enc->bytes, 32);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(mine, NULL);
  size_t size = sizeof dh;
  assert_int_equal(EVP_PKEY_derive_init(context), 1);
  assert_int_equal(EVP_PKEY_derive_set_peer(context, peer), 1);
  assert_int_equal(EVP_PKEY_derive(context, dh, &size), 1);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  EVP_PKEY_free(mine);
  struct wire_seal_key to = receiver();
  seal_kem_extract_expand(dh, enc, &to.key, out_shared);
}

static void seal(struct base_view plain, struct base_buf *out, struct seal_hpke_context *context) {
  struct wire_seal_key to = receiver();
  base_buf_init(out, WIRE_CONSIGNMENT_MAX);
  assert_int_equal(seal_consignment(&to, BASE_VIEW(RABAT), BASE_VIEW(PARIS), false, plain, entropy, out, context, NULL),
                   BASE_OK);
}

static enum base_code open_it(struct base_view bytes, struct base_buf *plain, struct seal_hpke_context *context) {
  struct wire_envelope envelope;
  enum base_code code = wire_envelope_parse(bytes, &envelope, NULL);
  if (code != BASE_OK)
    return code;
  uint8_t shared[32];
  decapsulate(&envelope.enc, shared);
  return seal_consignment_open(&envelope, shared, false, plain, context, NULL);
}

/* What is real does not open as an exercise's, nor the other way round, whatever the same key holds. */
static void an_exercise_opens_as_one_alone(void **state) {
  (void)state;
  struct wire_seal_key to = receiver();
  for (int exercise = 0; exercise < 2; exercise++) {
    BASE_AUTO_BUF struct base_buf sealed = {0}, plain = {0}, answer = {0};
    struct seal_hpke_context mine, theirs;
    struct wire_envelope envelope;
    uint8_t shared[32];
    base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
    base_buf_init(&plain, 4096);
    base_buf_init(&answer, 4096);
    assert_int_equal(seal_consignment(&to, BASE_VIEW(RABAT), BASE_VIEW(PARIS), exercise, BASE_VIEW("frames"), entropy, &sealed,
                                      &mine, NULL),
                     BASE_OK);
    assert_int_equal(wire_envelope_parse(base_buf_view(&sealed), &envelope, NULL), BASE_OK);
    decapsulate(&envelope.enc, shared);
    assert_int_equal(seal_consignment_open(&envelope, shared, !exercise, &plain, &theirs, NULL), BASE_UNSEAL);
    assert_int_equal(plain.size, 0);
    assert_int_equal(seal_consignment_open(&envelope, shared, exercise, &plain, &theirs, NULL), BASE_OK);
    assert_true(base_view_is(base_buf_view(&plain), "frames"));
    assert_memory_equal(mine.exporter, theirs.exporter, sizeof mine.exporter);
  }
}

static void there_and_back(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf sealed = {0}, plain = {0}, answer = {0}, heard = {0};
  struct seal_hpke_context mine, theirs;
  seal(BASE_VIEW("frames"), &sealed, &mine);
  base_buf_init(&plain, 4096);
  assert_int_equal(open_it(base_buf_view(&sealed), &plain, &theirs), BASE_OK);
  assert_true(base_view_is(base_buf_view(&plain), "frames"));
  base_buf_init(&answer, 4096);
  base_buf_init(&heard, 4096);
  seal_answer(&theirs, nonce, BASE_VIEW("receipts"), &answer);
  assert_int_equal(answer.code, BASE_OK);
  assert_int_equal(answer.size, 8 + WIRE_ANSWER_NONCE + 8 + SEAL_TAG);
  assert_int_equal(seal_answer_open(&mine, base_buf_view(&answer), &heard, NULL), BASE_OK);
  assert_true(base_view_is(base_buf_view(&heard), "receipts"));
}

static void nothing_to_say(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf sealed = {0}, plain = {0}, answer = {0};
  struct seal_hpke_context mine, theirs;
  seal(BASE_VIEW(""), &sealed, &mine);
  base_buf_init(&plain, 4096);
  assert_int_equal(open_it(base_buf_view(&sealed), &plain, &theirs), BASE_OK);
  assert_int_equal(plain.size, 0);
  base_buf_init(&answer, 4096);
  seal_answer(&theirs, nonce, BASE_VIEW(""), &answer);
  assert_int_equal(seal_answer_open(&mine, base_buf_view(&answer), &plain, NULL), BASE_OK);
  assert_int_equal(plain.size, 0);
}

/* Every byte counts: suite, key id, origins (in info and aad), enc, ciphertext. */
static void every_changed_byte_is_refused(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf sealed = {0}, plain = {0}, answer = {0};
  struct seal_hpke_context mine, context;
  seal(BASE_VIEW("frames"), &sealed, &mine);
  base_buf_init(&plain, 4096);
  for (size_t i = 0; i < sealed.size; i++) {
    sealed.data[i] ^= 1;
    assert_int_not_equal(open_it(base_buf_view(&sealed), &plain, &context), BASE_OK);
    assert_int_equal(plain.size, 0);
    sealed.data[i] ^= 1;
  }
  for (size_t size = 0; size < sealed.size; size++)
    assert_int_not_equal(open_it(base_view_of(sealed.data, size), &plain, &context), BASE_OK);
  base_buf_init(&answer, 4096);
  seal_answer(&mine, nonce, BASE_VIEW("receipts"), &answer);
  for (size_t i = 0; i < answer.size; i++) {
    answer.data[i] ^= 1;
    assert_int_not_equal(seal_answer_open(&mine, base_buf_view(&answer), &plain, NULL), BASE_OK);
    assert_int_equal(plain.size, 0);
    answer.data[i] ^= 1;
  }
  for (size_t size = 0; size < answer.size; size++)
    assert_int_not_equal(seal_answer_open(&mine, base_view_of(answer.data, size), &plain, NULL), BASE_OK);
  /* The answer to one consignment is none to another. */
  struct wire_seal_key to = receiver();
  struct seal_hpke_context other;
  const uint8_t other_entropy[32] = {9};
  base_buf_reset(&sealed);
  assert_int_equal(seal_consignment(&to, BASE_VIEW(RABAT), BASE_VIEW(PARIS), false, BASE_VIEW("frames"), other_entropy,
                                    &sealed, &other, NULL),
                   BASE_OK);
  assert_int_equal(seal_answer_open(&other, base_buf_view(&answer), &plain, NULL), BASE_UNSEAL);
}

static void bounded(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf sealed = {0};
  struct wire_seal_key to = receiver();
  struct seal_hpke_context context;
  size_t overhead = 8 + 6 + 8 + 2 + strlen(RABAT PARIS) + 32 + WIRE_SEAL_OVERHEAD;
  BASE_AUTO_FREE uint8_t *plain = calloc(1, WIRE_CONSIGNMENT_MAX);
  assert_non_null(plain);
  base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
  assert_int_equal(seal_consignment(&to, BASE_VIEW(RABAT), BASE_VIEW(PARIS), false,
                                    base_view_of(plain, WIRE_CONSIGNMENT_MAX - overhead), entropy, &sealed, &context,
                                    NULL),
                   BASE_OK);
  assert_int_equal(sealed.size, WIRE_CONSIGNMENT_MAX);
  base_buf_reset(&sealed);
  assert_int_equal(seal_consignment(&to, BASE_VIEW(RABAT), BASE_VIEW(PARIS), false,
                                    base_view_of(plain, WIRE_CONSIGNMENT_MAX - overhead + 1), entropy, &sealed,
                                    &context, NULL),
                   BASE_TOO_LARGE);
  BASE_AUTO_BUF struct base_buf large = {0}, heard = {0};
  base_buf_init(&large, 2 * (size_t)WIRE_CONSIGNMENT_MAX);
  base_buf_init(&heard, 4096);
  seal_answer(&context, nonce, base_view_of(plain, WIRE_CONSIGNMENT_MAX), &large);
  assert_int_equal(seal_answer_open(&context, base_buf_view(&large), &heard, NULL), BASE_TOO_LARGE);
}

static void what_cannot_be_sealed(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf sealed = {0};
  struct wire_seal_key to = receiver(), low = {.id = "low"};
  struct seal_hpke_context context;
  base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
  assert_int_equal(
      seal_consignment(&low, BASE_VIEW(RABAT), BASE_VIEW(PARIS), false, BASE_VIEW("x"), entropy, &sealed, &context, NULL),
      BASE_WRONG_KEY);
  base_buf_reset(&sealed);
  assert_int_equal(
      seal_consignment(&to, BASE_VIEW("rabat"), BASE_VIEW(PARIS), false, BASE_VIEW("x"), entropy, &sealed, &context, NULL),
      BASE_INTERNAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(there_and_back),
      cmocka_unit_test(an_exercise_opens_as_one_alone),
      cmocka_unit_test(nothing_to_say),
      cmocka_unit_test(every_changed_byte_is_refused),
      cmocka_unit_test(bounded),
      cmocka_unit_test(what_cannot_be_sealed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
