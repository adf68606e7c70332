/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "seal/seal.h"

/* The example of C2SP signed-note. */
#define VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define NOTE                                                                                                           \
  "This is an example message.\n\n"                                                                                    \
  "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

static void published_note(void **state) {
  (void)state;
  struct wire_vkey vkey;
  struct wire_note note;
  assert_int_equal(wire_vkey_parse(BASE_VIEW(VKEY), &vkey, NULL), BASE_OK);
  assert_int_equal(wire_note_parse(BASE_VIEW(NOTE), &note, NULL), BASE_OK);
  assert_int_equal(seal_vkey_id(vkey.name, vkey.type, &vkey.key), vkey.id);
  assert_int_equal(note.signatures[0].id, vkey.id);
  assert_true(seal_verify(&vkey.key, note.text, note.signatures[0].bytes));
  note.signatures[0].bytes[7] ^= 1;
  assert_false(seal_verify(&vkey.key, note.text, note.signatures[0].bytes));
}

/* RFC 8032 section 7.1, test 1: the empty message. */
static void published_signature(void **state) {
  (void)state;
  struct wire_key key = {0};
  uint8_t signature[64];
  assert_true(base_hex_parse(BASE_VIEW("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), key.bytes,
                             sizeof key.bytes));
  assert_true(
      base_hex_parse(BASE_VIEW("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                               "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
                     signature, sizeof signature));
  assert_true(seal_verify(&key, BASE_VIEW(""), signature));
  assert_false(seal_verify(&key, BASE_VIEW("x"), signature));
}

#define P256_X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"

static struct wire_key p256_key(void) {
  struct wire_key key = {.sign = 3};
  assert_true(base_hex_parse(BASE_VIEW(P256_X), key.bytes, sizeof key.bytes));
  return key;
}

/* RFC 6979 section A.2.5, SHA-256, the message "sample". */
static void published_signature_of_p256(void **state) {
  (void)state;
  struct wire_key key = p256_key(), other = key;
  uint8_t signature[64];
  assert_true(base_hex_parse(BASE_VIEW("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                       "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
                             signature, sizeof signature));
  assert_true(seal_verify(&key, BASE_VIEW("sample"), signature));
  assert_false(seal_verify(&key, BASE_VIEW("sampl"), signature));
  other.sign = 2; /* the other point of this x */
  assert_true(seal_key_valid(&other));
  assert_false(seal_verify(&other, BASE_VIEW("sample"), signature));
  for (size_t i = 0; i < sizeof signature; i++) {
    signature[i] ^= 0x80;
    assert_false(seal_verify(&key, BASE_VIEW("sample"), signature));
    signature[i] ^= 0x80;
  }
  static const uint8_t nothing[64], most[64] = {[0 ... 63] = 0xff};
  assert_false(seal_verify(&key, BASE_VIEW("sample"), nothing));
  assert_false(seal_verify(&key, BASE_VIEW("sample"), most));
}

/* One INTEGER of an ECDSA-Sig-Value, with zeroes before it up to 32 bytes. */
static const uint8_t *take_number(const uint8_t *at, uint8_t out[32]) {
  size_t size = at[1], skip = size > 32 ? size - 32 : 0;
  memset(out, 0, 32);
  memcpy(out + 32 - (size - skip), at + 2 + skip, size - skip);
  return at + 2 + size;
}

/* What OpenSSL signs, r and s of every length among it. */
static void signatures_of_p256_of_every_length(void **state) {
  (void)state;
  EVP_PKEY *private = EVP_EC_gen("P-256");
  struct wire_key key;
  uint8_t whole[65], octets[WIRE_KEY], der[80], signature[64];
  size_t size = 0, shorter = 0;
  assert_int_equal(EVP_PKEY_get_octet_string_param(private, "encoded-pub-key", whole, sizeof whole, &size), 1);
  octets[0] = (whole[64] & 1) == 0 ? 2 : 3;
  memcpy(octets + 1, whole + 1, 32);
  assert_true(wire_key_of_octets(base_view_of(octets, sizeof octets), &key));
  for (uint32_t i = 0; i < 2000 && shorter < 3; i++) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size = sizeof der;
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, private), 1);
    assert_int_equal(EVP_DigestSign(context, der, &size, (const uint8_t *)&i, sizeof i), 1);
    EVP_MD_CTX_free(context);
    (void)take_number(take_number(der + 2, signature), signature + 32);
    shorter += signature[0] == 0 || signature[32] == 0;
    assert_true(seal_verify(&key, base_view_of(&i, sizeof i), signature));
  }
  assert_int_equal(shorter, 3);
  EVP_PKEY_free(private);
}

/* A verifier key of P-256 has an id of its own for each use; neither is that of the other. */
static void verifier_keys_of_p256(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct wire_vkey key = {.name = BASE_VIEW("a/b"),
                            .type = i == 0 ? WIRE_VKEY_LOG : WIRE_VKEY_WITNESS,
                            .key = p256_key()},
                     back;
    BASE_AUTO_BUF struct base_buf text = {0};
    /* python3: hashlib.sha256(b"a/b\n\xff" + identifier + b"\x03" + x) */
    key.id = i == 0 ? 0x61213fb4 : 0x69e32454;
    assert_true(seal_vkey_valid(&key));
    wire_vkey_write(&key, &text);
    assert_int_equal(wire_vkey_parse(base_buf_view(&text), &back, NULL), BASE_OK);
    assert_int_equal(back.type, key.type);
    assert_int_equal(back.id, key.id);
    assert_true(wire_key_equal(&back.key, &key.key));
    key.type = i == 0 ? WIRE_VKEY_WITNESS : WIRE_VKEY_LOG;
    assert_false(seal_vkey_valid(&key));
    key.type = back.type;
    key.key.bytes[31] ^= 1; /* no point has this x */
    key.id = seal_vkey_id(key.name, key.type, &key.key);
    assert_false(seal_vkey_valid(&key));
  }
}

/* --- checkpoints signed here, by keys from fixed seeds */

struct signer {
  EVP_PKEY *private;
  struct wire_vkey vkey;
};

static struct signer make_signer(const char *name, uint8_t type, uint8_t seed) {
  uint8_t bytes[32];
  memset(bytes, seed, sizeof bytes);
  struct signer signer = {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, sizeof bytes), {.type = type}};
  size_t size = 32;
  assert_int_equal(EVP_PKEY_get_raw_public_key(signer.private, signer.vkey.key.bytes, &size), 1);
  signer.vkey.name = base_view_text(name);
  signer.vkey.id = seal_vkey_id(signer.vkey.name, type, &signer.vkey.key);
  return signer;
}

static void sign(const struct signer *signer, struct base_view message, uint8_t out[64]) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  size_t size = 64;
  assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, signer->private), 1);
  assert_int_equal(EVP_DigestSign(context, out, &size, message.data, message.size), 1);
  EVP_MD_CTX_free(context);
}

static void add_log_line(const struct signer *signer, struct base_view text, struct base_buf *note) {
  struct wire_signature line = {.name = signer->vkey.name, .id = signer->vkey.id, .size = 64};
  sign(signer, text, line.bytes);
  wire_signature_write(&line, note);
}

static void add_witness_line(const struct signer *signer, struct base_view text, base_time time,
                             struct base_buf *note) {
  struct wire_signature line = {.name = signer->vkey.name, .id = signer->vkey.id, .size = 72};
  BASE_AUTO_BUF struct base_buf message = {0};
  base_buf_init(&message, 1 << 14);
  seal_cosign_message(text, time, &message);
  for (int i = 0; i < 8; i++)
    line.bytes[i] = (uint8_t)((uint64_t)time >> (56 - 8 * i));
  sign(signer, base_buf_view(&message), line.bytes + 8);
  wire_signature_write(&line, note);
}

#define ORIGIN "wasl/rabat/0123456789abcdef"
#define WITNESS "wasl/paris/fedcba9876543210"
#define TEXT ORIGIN "\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
enum { COSIGNED = 1795248000 };

struct fixture {
  struct signer log, witness, stranger;
  struct base_buf note;
};

static int setup(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  fixture->log = make_signer(ORIGIN, WIRE_VKEY_LOG, 1);
  fixture->witness = make_signer(WITNESS, WIRE_VKEY_WITNESS, 2);
  fixture->stranger = make_signer("wasl/eve/0000000000000000", WIRE_VKEY_LOG, 3);
  base_buf_init(&fixture->note, 1 << 14);
  *state = fixture;
  return 0;
}

static int teardown(void **state) {
  struct fixture *fixture = *state;
  EVP_PKEY_free(fixture->log.private);
  EVP_PKEY_free(fixture->witness.private);
  EVP_PKEY_free(fixture->stranger.private);
  base_buf_free(&fixture->note);
  free(fixture);
  return 0;
}

static void begin(struct fixture *fixture, const char *text) {
  base_buf_reset(&fixture->note);
  base_buf_text(&fixture->note, text);
  base_buf_text(&fixture->note, "\n");
}

static enum base_code verify(const struct fixture *fixture, bool log, bool witness) {
  struct seal_signer signer = {log ? &fixture->log.vkey : NULL, witness ? &fixture->witness.vkey : NULL};
  return seal_checkpoint_verify(base_buf_view(&fixture->note), signer, NULL, NULL, NULL);
}

static void checkpoint_with_both(void **state) {
  struct fixture *fixture = *state;
  begin(fixture, TEXT);
  add_log_line(&fixture->log, BASE_VIEW(TEXT), &fixture->note);
  add_witness_line(&fixture->witness, BASE_VIEW(TEXT), COSIGNED, &fixture->note);
  struct wire_checkpoint checkpoint;
  base_time time;
  struct seal_signer both = {&fixture->log.vkey, &fixture->witness.vkey};
  struct base_view note = base_buf_view(&fixture->note);
  assert_int_equal(seal_checkpoint_verify(note, both, &checkpoint, &time, NULL), BASE_OK);
  assert_int_equal(checkpoint.size, 5);
  assert_int_equal(time, COSIGNED);
  /* exactly these and no other */
  assert_int_equal(verify(fixture, true, false), BASE_SIGNATURE);
  assert_int_equal(verify(fixture, false, true), BASE_SIGNATURE);
  assert_int_equal(verify(fixture, false, false), BASE_SIGNATURE);
  add_log_line(&fixture->log, BASE_VIEW(TEXT), &fixture->note);
  assert_int_equal(verify(fixture, true, true), BASE_SIGNATURE); /* twice */
}

static void every_changed_byte_is_refused(void **state) {
  struct fixture *fixture = *state;
  begin(fixture, TEXT);
  add_log_line(&fixture->log, BASE_VIEW(TEXT), &fixture->note);
  add_witness_line(&fixture->witness, BASE_VIEW(TEXT), COSIGNED, &fixture->note);
  assert_int_equal(verify(fixture, true, true), BASE_OK);
  for (size_t i = 0; i < fixture->note.size; i++) {
    fixture->note.data[i] ^= 1;
    assert_int_not_equal(verify(fixture, true, true), BASE_OK);
    fixture->note.data[i] ^= 1;
  }
}

static void checkpoint_with_one(void **state) {
  struct fixture *fixture = *state;
  begin(fixture, TEXT);
  add_log_line(&fixture->log, BASE_VIEW(TEXT), &fixture->note);
  assert_int_equal(verify(fixture, true, false), BASE_OK);
  assert_int_equal(verify(fixture, true, true), BASE_SIGNATURE); /* the cosignature is missing */
  add_log_line(&fixture->stranger, BASE_VIEW(TEXT), &fixture->note);
  assert_int_equal(verify(fixture, true, false), BASE_SIGNATURE);
  begin(fixture, TEXT);
  add_witness_line(&fixture->witness, BASE_VIEW(TEXT), COSIGNED, &fixture->note);
  assert_int_equal(verify(fixture, false, true), BASE_OK);
  assert_int_equal(verify(fixture, true, true), BASE_SIGNATURE);
}

/* A signature of one sort does not pass for the other, nor a negative time for a time. */
static void sorts_are_not_mixed(void **state) {
  struct fixture *fixture = *state;
  begin(fixture, TEXT);
  add_witness_line(&fixture->log, BASE_VIEW(TEXT), COSIGNED, &fixture->note);
  assert_int_equal(verify(fixture, true, false), BASE_SIGNATURE);
  begin(fixture, TEXT);
  add_log_line(&fixture->witness, BASE_VIEW(TEXT), &fixture->note);
  assert_int_equal(verify(fixture, false, true), BASE_SIGNATURE);
  begin(fixture, TEXT);
  add_witness_line(&fixture->witness, BASE_VIEW(TEXT), -1, &fixture->note);
  assert_int_equal(verify(fixture, false, true), BASE_SIGNATURE);
}

static void foreign_and_empty_registers(void **state) {
  struct fixture *fixture = *state;
  const char *foreign = WITNESS "\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  begin(fixture, foreign);
  add_log_line(&fixture->log, base_view_text(foreign), &fixture->note);
  assert_int_equal(verify(fixture, true, false), BASE_WRONG_KEY);
  const char *empty = ORIGIN "\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  begin(fixture, empty);
  add_log_line(&fixture->log, base_view_text(empty), &fixture->note);
  assert_int_equal(verify(fixture, true, false), BASE_FIELD);
  empty = ORIGIN "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
  begin(fixture, empty);
  add_log_line(&fixture->log, base_view_text(empty), &fixture->note);
  assert_int_equal(verify(fixture, true, false), BASE_OK);
}

static void cosigned_message(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf message = {0};
  base_buf_init(&message, 4096);
  seal_cosign_message(BASE_VIEW(TEXT), 1679315147, &message);
  assert_true(base_view_is(base_buf_view(&message), "cosignature/v1\ntime 1679315147\n" TEXT));
}

/* --- cards */

struct card_texts {
  struct base_buf log, witness;
  char origin[WIRE_ORIGIN_MAX + 1];
};

static struct wire_card make_card(struct card_texts *texts) {
  struct signer log = make_signer("x", WIRE_VKEY_LOG, 1), witness = make_signer("x", WIRE_VKEY_WITNESS, 2);
  struct wire_card card = {
      .name = BASE_VIEW("rabat"), .generation = 1, .first = log.vkey.key, .seal_count = 1, .log_key = log.vkey.key};
  seal_origin(card.name, &log.vkey.key, texts->origin);
  card.origin = base_view_text(texts->origin);
  log.vkey.name = witness.vkey.name = card.origin;
  log.vkey.id = seal_vkey_id(card.origin, WIRE_VKEY_LOG, &log.vkey.key);
  witness.vkey.id = seal_vkey_id(card.origin, WIRE_VKEY_WITNESS, &witness.vkey.key);
  base_buf_init(&texts->log, 4096);
  base_buf_init(&texts->witness, 4096);
  wire_vkey_write(&log.vkey, &texts->log);
  wire_vkey_write(&witness.vkey, &texts->witness);
  card.log = base_buf_view(&texts->log);
  card.witness = base_buf_view(&texts->witness);
  struct base_hash hash = seal_sha256(base_view_of(card.seals[0].key.bytes, 32));
  memcpy(card.seals[0].id, hash.bytes, sizeof card.seals[0].id);
  EVP_PKEY_free(log.private);
  EVP_PKEY_free(witness.private);
  return card;
}

static void cards(void **state) {
  (void)state;
  struct card_texts texts;
  struct wire_card card = make_card(&texts);
  struct base_error err;
  if (seal_card_check(&card, &err) != BASE_OK)
    fail_msg("%s", err.text);
  assert_int_equal(strlen(texts.origin), strlen("wasl/rabat/") + 16);
  card.seals[0].id[7] ^= 1;
  assert_int_equal(seal_card_check(&card, NULL), BASE_WRONG_KEY);
  card.seals[0].id[7] ^= 1;
  card.name = BASE_VIEW("paris");
  assert_int_equal(seal_card_check(&card, NULL), BASE_WRONG_KEY);
  card.name = BASE_VIEW("rabat");
  card.first.bytes[0] ^= 1;
  assert_int_equal(seal_card_check(&card, NULL), BASE_WRONG_KEY);
  card.first.bytes[0] ^= 1;
  struct base_buf *vkeys[] = {&texts.log, &texts.witness};
  for (int i = 0; i < 2; i++) {
    uint8_t *digit = (uint8_t *)memchr(vkeys[i]->data, '+', vkeys[i]->size) + 1;
    uint8_t was = *digit;
    *digit = was == '0' ? '1' : '0';
    assert_int_equal(seal_card_check(&card, NULL), BASE_WRONG_KEY);
    *digit = was;
  }
  for (int off = 0; off < 2; off++) { /* a sealing key of P-256, then one that is none */
    card.seals[0].key = p256_key();
    card.seals[0].key.bytes[31] ^= off == 0 ? 0 : 1;
    struct base_hash its = seal_key_hash(&card.seals[0].key);
    memcpy(card.seals[0].id, its.bytes, sizeof card.seals[0].id);
    assert_int_equal(seal_card_check(&card, &err), off == 0 ? BASE_OK : BASE_WRONG_KEY);
  }
  assert_string_equal(err.text, "card: $.seal[0].key: its key is no point of P-256");
  card.seals[0].key = p256_key();
  struct base_hash its = seal_key_hash(&card.seals[0].key);
  memcpy(card.seals[0].id, its.bytes, sizeof card.seals[0].id);
  char epoch[WIRE_ORIGIN_MAX + 1];
  snprintf(epoch, sizeof epoch, "%s/2", texts.origin);
  card.origin = base_view_text(epoch);
  assert_int_equal(seal_card_check(&card, NULL), BASE_OK);
  base_buf_free(&texts.log);
  base_buf_free(&texts.witness);
}

static void fingerprints(void **state) {
  (void)state;
  char one[SEAL_FINGERPRINT_TEXT], two[SEAL_FINGERPRINT_TEXT];
  seal_fingerprint(BASE_VIEW("card"), one);
  /* python3: hashlib.sha512(b"wasl card fingerprint/1\ncard"), each 8 bytes big-endian modulo 100000 */
  assert_string_equal(one, "36354 97554 71141 59038 16443 34308 67132 42335");
  seal_fingerprint(BASE_VIEW("carD"), two);
  assert_string_not_equal(one, two);
  assert_true(seal_fingerprint_equal(one, base_view_text(one)));
  assert_false(seal_fingerprint_equal(one, base_view_text(two)));
  assert_true(seal_fingerprint_equal("01234 56789 01234 56789 01234 56789 01234 56789",
                                     BASE_VIEW("0123456789-01234.56789 01234  56789 0123456789 ")));
  assert_true(seal_fingerprint_equal("01234 56789 01234 56789 01234 56789 01234 56789",
                                     BASE_VIEW("٠١٢٣٤ ٥٦٧٨٩ ٠١٢٣٤ ٥٦٧٨٩ ۰۱۲۳۴ ۵۶۷۸۹ 01234 56789")));
  static const char *const bad[] = {
      "",
      "01234 56789 01234 56789 01234 56789 01234 5678",
      "01234 56789 01234 56789 01234 56789 01234 567890",
      "01234 56789 01234 56789 01234 56789 01234 5678o",
      "01234 56789 01234 56789 01234 56789 01234 5678\xd9",
      "01234\n56789 01234 56789 01234 56789 01234 56789",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(seal_fingerprint_equal("01234 56789 01234 56789 01234 56789 01234 56789", base_view_text(bad[i])));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_note),
      cmocka_unit_test(published_signature),
      cmocka_unit_test(published_signature_of_p256),
      cmocka_unit_test(signatures_of_p256_of_every_length),
      cmocka_unit_test(verifier_keys_of_p256),
      cmocka_unit_test_setup_teardown(checkpoint_with_both, setup, teardown),
      cmocka_unit_test_setup_teardown(every_changed_byte_is_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(checkpoint_with_one, setup, teardown),
      cmocka_unit_test_setup_teardown(sorts_are_not_mixed, setup, teardown),
      cmocka_unit_test_setup_teardown(foreign_and_empty_registers, setup, teardown),
      cmocka_unit_test(cosigned_message),
      cmocka_unit_test(cards),
      cmocka_unit_test(fingerprints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
