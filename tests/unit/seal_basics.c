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

/* --- hashes: FIPS 180-4 examples, RFC 6962 */

static void assert_hash(struct base_hash hash, const char *expected) {
  assert_string_equal(base_hash_text(&hash).text, expected);
}

static void sha256(void **state) {
  (void)state;
  seal_start();
  assert_hash(seal_sha256(BASE_VIEW("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert_hash(seal_empty_root(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert_hash(seal_leaf_hash(BASE_VIEW("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  struct base_hash left = seal_leaf_hash(BASE_VIEW("")), right = seal_leaf_hash(base_view_of("\0", 1));
  assert_hash(seal_node_hash(&left, &right), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  struct base_id id = seal_message_id(BASE_VIEW("abc"));
  assert_string_equal(base_id_text(&id).text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void running_hash(void **state) {
  (void)state;
  struct seal_hasher *hasher = seal_hasher_new();
  assert_non_null(hasher);
  for (int round = 0; round < 2; round++) {
    seal_hasher_add(hasher, BASE_VIEW("a"));
    struct base_hash other = seal_sha256(BASE_VIEW("between")); /* another hash does not disturb it */
    (void)other;
    seal_hasher_add(hasher, BASE_VIEW("bc"));
    seal_hasher_add(hasher, BASE_VIEW(""));
    assert_hash(seal_hasher_end(hasher), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
  seal_hasher_free(hasher);
  seal_hasher_free(NULL);
}

/* --- AES-256-GCM: test case 16 of the GCM specification */

static void gcm_vector(void **state) {
  (void)state;
  struct base_secret key;
  uint8_t nonce[SEAL_NONCE], aad[20], plain[60], expected[76], out[76], back[60];
  assert_true(base_hex_parse(BASE_VIEW("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"), key.bytes,
                             sizeof key.bytes));
  assert_true(base_hex_parse(BASE_VIEW("cafebabefacedbaddecaf888"), nonce, sizeof nonce));
  assert_true(base_hex_parse(BASE_VIEW("feedfacedeadbeeffeedfacedeadbeefabaddad2"), aad, sizeof aad));
  assert_true(
      base_hex_parse(BASE_VIEW("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
                               "2fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
                     plain, sizeof plain));
  assert_true(
      base_hex_parse(BASE_VIEW("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3d"
                               "a7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"),
                     expected, sizeof expected));
  struct base_view bound = base_view_of(aad, sizeof aad);
  seal_aead_encrypt(&key, nonce, bound, base_view_of(plain, sizeof plain), out);
  assert_memory_equal(out, expected, sizeof out);
  assert_int_equal(seal_aead_decrypt(&key, nonce, bound, base_view_of(out, sizeof out), back, NULL), BASE_OK);
  assert_memory_equal(back, plain, sizeof back);
  for (size_t i = 0; i < sizeof out; i++) {
    out[i] ^= 1;
    memset(back, 0xaa, sizeof back);
    assert_int_equal(seal_aead_decrypt(&key, nonce, bound, base_view_of(out, sizeof out), back, NULL), BASE_UNSEAL);
    assert_int_equal(back[0] | back[sizeof back - 1], 0); /* wiped */
    out[i] ^= 1;
  }
  assert_int_equal(seal_aead_decrypt(&key, nonce, BASE_VIEW("other"), base_view_of(out, sizeof out), back, NULL),
                   BASE_UNSEAL);
  assert_int_equal(seal_aead_decrypt(&key, nonce, bound, base_view_of(out, SEAL_TAG - 1), back, NULL), BASE_UNSEAL);
}

static void nothing_sealed(void **state) {
  (void)state;
  const struct base_secret key = {{1}};
  const uint8_t nonce[SEAL_NONCE] = {0};
  uint8_t tag[SEAL_TAG], none[1];
  seal_aead_encrypt(&key, nonce, BASE_VIEW("x"), BASE_VIEW(""), tag);
  assert_int_equal(seal_aead_decrypt(&key, nonce, BASE_VIEW("x"), base_view_of(tag, SEAL_TAG), none, NULL), BASE_OK);
  tag[0] ^= 1;
  assert_int_equal(seal_aead_decrypt(&key, nonce, BASE_VIEW("x"), base_view_of(tag, SEAL_TAG), none, NULL),
                   BASE_UNSEAL);
}

/* --- records */

static uint8_t plain[WIRE_RECORD_MAX], sealed[WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD], back[WIRE_RECORD_MAX];

static enum base_code open_record(const struct base_secret *key, uint32_t index, bool last, size_t size) {
  return seal_record_decrypt(key, index, last, base_view_of(sealed, size), back, NULL);
}

static void records_are_bound_to_their_place(void **state) {
  (void)state;
  const struct base_secret key = {{1}}, other = {{2}};
  memset(plain, 'p', sizeof plain);
  seal_record_encrypt(&key, 5, false, base_view_of(plain, sizeof plain), sealed);
  assert_int_equal(open_record(&key, 5, false, sizeof sealed), BASE_OK);
  assert_memory_equal(back, plain, sizeof plain);
  assert_int_equal(open_record(&key, 4, false, sizeof sealed), BASE_UNSEAL);
  assert_int_equal(open_record(&key, 5, true, sizeof sealed), BASE_UNSEAL);
  assert_int_equal(open_record(&other, 5, false, sizeof sealed), BASE_UNSEAL);
  assert_int_equal(open_record(&key, 5, false, sizeof sealed - 1), BASE_PROTOCOL); /* only the last may be short */
  seal_record_encrypt(&key, 6, true, base_view_of(plain, 10), sealed);
  assert_int_equal(open_record(&key, 6, true, 10 + WIRE_RECORD_OVERHEAD), BASE_OK);
  assert_int_equal(open_record(&key, 6, true, WIRE_RECORD_OVERHEAD), BASE_PROTOCOL); /* empty, and not the only one */
  assert_int_equal(open_record(&key, 6, true, WIRE_RECORD_OVERHEAD - 1), BASE_PROTOCOL);
  assert_int_equal(open_record(&key, 6, true, sizeof sealed + 1), BASE_PROTOCOL);
  seal_record_encrypt(&key, 0, true, BASE_VIEW(""), sealed);
  assert_int_equal(open_record(&key, 0, true, WIRE_RECORD_OVERHEAD), BASE_OK);
}

static void counting_records(void **state) {
  (void)state;
  assert_int_equal(seal_record_count(0), 1);
  assert_int_equal(seal_record_count(1), 1);
  assert_int_equal(seal_record_count(WIRE_RECORD_MAX), 1);
  assert_int_equal(seal_record_count((uint64_t)WIRE_RECORD_MAX + 1), 2);
  assert_int_equal(seal_record_count(WIRE_PART_SIZE_MAX), WIRE_RECORDS_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sha256),
      cmocka_unit_test(running_hash),
      cmocka_unit_test(gcm_vector),
      cmocka_unit_test(nothing_sealed),
      cmocka_unit_test(records_are_bound_to_their_place),
      cmocka_unit_test(counting_records),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
