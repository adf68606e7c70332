/* SPDX-License-Identifier: Apache-2.0
 * Key files, the seal (vectors of RFC 9180), key wrap (vector of RFC 3394), and the TLS key. */
#include "keeper_try.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "keeper/tls.h"

struct node {
  struct try_world world;
  char path[TRY_PATH];
  int dir;
};

static void node_start(struct node *node, uint64_t seed) {
  struct base_error err;
  try_world_init(&node->world, seed);
  node->dir = try_folder(node->path);
  try_expect(keeper_init(node->dir, BASE_VIEW("rabat"), &node->world.world, &err), &err, BASE_OK, "");
}

static void node_end(struct node *node) {
  try_folder_remove(node->path, node->dir);
}

static void expect_open(struct node *node, enum base_code expected, const char *words) {
  struct keeper *keeper = NULL;
  struct base_error err;
  enum base_code code = keeper_open(node->dir, &node->world.world, &keeper, &err);
  keeper_close(keeper);
  try_expect(code, &err, expected, words);
}

static void init_is_whole_or_nothing(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  node_start(&node, 1);
  expect_open(&node, BASE_OK, "");
  struct keeper *keeper = try_open(node.dir, &node.world);
  struct try_info info;
  try_describe(keeper, &info);
  keeper_close(keeper);
  assert_int_equal(info.seal.from, 1800000000);
  assert_int_equal(info.seal.until - info.seal.from, 120 * 86400);
  assert_int_equal(info.epoch, 1);
  struct stat status;
  for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++) {
    assert_int_equal(fstatat(node.dir, keeper_key_name(type, 1).text, &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
  }
  try_expect(keeper_init(node.dir, BASE_VIEW("rabat"), &node.world.world, &err), &err, BASE_EXISTS, "not empty");
  expect_open(&node, BASE_OK, "");
  keeper_remove(node.dir);
  try_expect(keeper_init(node.dir, BASE_VIEW("Rabat"), &node.world.world, &err), &err, BASE_FIELD, "name");
  expect_open(&node, BASE_NOT_FOUND, "log.key");
  node_end(&node);
}

static void read_file(const struct node *node, enum keeper_key_type type, struct base_buf *out) {
  base_buf_reset(out);
  assert_int_equal(base_file_read(node->dir, keeper_key_name(type, 1).text, 4096, out, NULL), BASE_OK);
}

static void write_file(const struct node *node, enum keeper_key_type type, struct base_view bytes) {
  assert_int_equal(base_file_replace(node->dir, keeper_key_name(type, 1).text, bytes, 0600, NULL), BASE_OK);
}

static void refuses_damaged_key_files(void **state) {
  (void)state;
  struct node node;
  node_start(&node, 2);
  for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++) {
    BASE_AUTO_BUF struct base_buf good = {0}, bad = {0};
    read_file(&node, type, &good);
    for (size_t i = 0; i < good.size; i++) {
      struct keeper_key key;
      good.data[i] ^= 0x20;
      assert_int_equal(keeper_key_parse(base_buf_view(&good), type, &key, NULL), BASE_CORRUPT);
      good.data[i] ^= 0x20;
      assert_int_equal(keeper_key_parse(base_view_of(good.data, i), type, &key, NULL), BASE_CORRUPT);
    }
    good.data[9] ^= 1;
    write_file(&node, type, base_buf_view(&good));
    expect_open(&node, BASE_CORRUPT, keeper_key_name(type, 1).text);
    good.data[9] ^= 1;
    base_buf_add_view(&bad, base_buf_view(&good));
    for (size_t i = 0; i < KEEPER_KEY_FILE_MAX; i++)
      base_buf_u8(&bad, 0);
    write_file(&node, type, base_buf_view(&bad));
    expect_open(&node, BASE_CORRUPT, "too long");
    write_file(&node, type, base_buf_view(&good));
    expect_open(&node, BASE_OK, "");
  }
  node_end(&node);
}

/* Checksum right, content wrong: a key in another's file, a public part of another key, another node's key. */
static void refuses_mixed_key_files(void **state) {
  (void)state;
  struct node node, other;
  struct base_error err;
  struct keeper_key key, log;
  BASE_AUTO_BUF struct base_buf log_file = {0}, witness_file = {0};
  node_start(&node, 3);
  node_start(&other, 4);
  read_file(&node, KEEPER_KEY_LOG, &log_file);
  read_file(&node, KEEPER_KEY_WITNESS, &witness_file);
  write_file(&node, KEEPER_KEY_WITNESS, base_buf_view(&log_file));
  expect_open(&node, BASE_CORRUPT, "another type");
  write_file(&node, KEEPER_KEY_WITNESS, base_buf_view(&witness_file));

  try_expect(keeper_key_read(node.dir, KEEPER_KEY_LOG, 1, &log, &err), &err, BASE_OK, "");
  key = log;
  key.public_key.bytes[0] ^= 1;
  try_expect(keeper_key_write(node.dir, &key, &err), &err, BASE_OK, "");
  expect_open(&node, BASE_CORRUPT, "does not fit the secret");
  /* a fresh key under the old origin */
  key = log;
  key.secret.bytes[0] ^= 1;
  try_expect(keeper_key_derive(key.type, &key.secret, &key.public_key, &err), &err, BASE_OK, "");
  try_expect(keeper_key_write(node.dir, &key, &err), &err, BASE_OK, "");
  expect_open(&node, BASE_CORRUPT, "does not fit the key");
  try_expect(keeper_key_write(node.dir, &log, &err), &err, BASE_OK, "");
  expect_open(&node, BASE_OK, "");

  try_expect(keeper_key_read(other.dir, KEEPER_KEY_SEAL, 1, &key, &err), &err, BASE_OK, "");
  try_expect(keeper_key_write(node.dir, &key, &err), &err, BASE_OK, "");
  expect_open(&node, BASE_CORRUPT, "seal.key");
  node_end(&node);
  node_end(&other);
}

static void refuses_readable_key_files(void **state) {
  (void)state;
  struct node node;
  node_start(&node, 5);
  static const unsigned modes[] = {0604, 0640, 0620, 0601, 0644};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    assert_int_equal(fchmodat(node.dir, "witness.key", modes[i], 0), 0);
    expect_open(&node, BASE_PERMISSION, "witness.key: others than its owner");
  }
  assert_int_equal(fchmodat(node.dir, "witness.key", 0400, 0), 0);
  expect_open(&node, BASE_OK, "");
  assert_int_equal(renameat(node.dir, "witness.key", node.dir, "elsewhere"), 0);
  assert_int_equal(symlinkat("elsewhere", node.dir, "witness.key"), 0);
  expect_open(&node, BASE_IO, "witness.key");
  assert_int_equal(unlinkat(node.dir, "witness.key", 0), 0);
  assert_int_equal(mkdirat(node.dir, "witness.key", 0700), 0);
  expect_open(&node, BASE_CORRUPT, "not an ordinary file");
  assert_int_equal(unlinkat(node.dir, "witness.key", AT_REMOVEDIR), 0);
  assert_int_equal(unlinkat(node.dir, "elsewhere", 0), 0);
  node_end(&node);
}

/* --- the seal */

static bool take_hex(const char *line, const char *name, uint8_t out[32]) {
  size_t size = strlen(name);
  return strncmp(line, name, size) == 0 && base_hex_parse(base_view_of(line + size, 64), out, 32);
}

/* Decap with the receiver's key of each X25519 vector put into a keeper. */
static void decapsulates_vectors(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  node_start(&node, 6);
  FILE *file = fopen(WASL_SOURCE_DIR "/tests/vectors/hpke-base.txt", "r");
  assert_non_null(file);
  char line[4096];
  struct keeper_key key;
  try_expect(keeper_key_read(node.dir, KEEPER_KEY_SEAL, 1, &key, &err), &err, BASE_OK, "");
  struct wire_enc enc = {0};
  struct wire_key expected_public = {0};
  bool ours = false;
  unsigned tried = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    uint8_t expected[32], shared[32];
    if (line[0] == '#')
      ours = strstr(line, "DHKEM(X25519, HKDF-SHA256)") != NULL;
    if (!ours)
      continue;
    take_hex(line, "pkRm: ", expected_public.bytes);
    take_hex(line, "skRm: ", key.secret.bytes);
    take_hex(line, "enc: ", enc.bytes);
    if (!take_hex(line, "shared_secret: ", expected))
      continue;
    try_expect(keeper_key_derive(KEEPER_KEY_SEAL, &key.secret, &key.public_key, &err), &err, BASE_OK, "");
    assert_memory_equal(key.public_key.bytes, expected_public.bytes, 32);
    try_expect(keeper_key_write(node.dir, &key, &err), &err, BASE_OK, "");
    struct keeper *keeper = try_open(node.dir, &node.world);
    struct try_info info;
    try_describe(keeper, &info);
    try_expect(keeper_decapsulate(keeper, info.seal.id, &enc, shared, &err), &err, BASE_OK, "");
    assert_memory_equal(shared, expected, 32);
    keeper_close(keeper);
    tried++;
  }
  fclose(file);
  assert_true(tried >= 2);
  node_end(&node);
}

static void decapsulate_refuses(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  node_start(&node, 7);
  struct keeper *keeper = try_open(node.dir, &node.world);
  struct try_info info;
  try_describe(keeper, &info);
  uint8_t shared[32], untouched[32], entropy[32] = {1}, expected[32];
  struct wire_enc enc;
  try_expect(seal_hpke_encap(&info.seal.key, entropy, &enc, expected, &err), &err, BASE_OK, "");
  try_expect(keeper_decapsulate(keeper, info.seal.id, &enc, shared, &err), &err, BASE_OK, "");
  assert_memory_equal(shared, expected, 32);
  uint8_t id[8];
  memcpy(id, info.seal.id, sizeof id);
  id[7] ^= 1;
  memset(shared, 7, sizeof shared);
  memset(untouched, 7, sizeof untouched);
  try_expect(keeper_decapsulate(keeper, id, &enc, shared, &err), &err, BASE_WRONG_KEY, "is not held here");
  /* points of small order: 0, 1, and p - 1 (RFC 7748 section 6.1) */
  struct wire_enc small[3] = {{.bytes = {0}}, {.bytes = {1}}, {.bytes = {0}}};
  memset(small[2].bytes, 0xff, 32);
  small[2].bytes[0] = 0xec;
  small[2].bytes[31] = 0x7f;
  for (size_t i = 0; i < 3; i++)
    try_expect(keeper_decapsulate(keeper, info.seal.id, &small[i], shared, &err), &err, BASE_UNSEAL, "ephemeral");
  /* a point of P-256, which is no fault of its own, for a key that is none of that curve */
  struct wire_key p256 = {.sign = 3};
  assert_true(base_hex_parse(BASE_VIEW("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"), p256.bytes,
                             sizeof p256.bytes));
  try_expect(seal_hpke_encap(&p256, entropy, &enc, expected, &err), &err, BASE_OK, "");
  try_expect(keeper_decapsulate(keeper, info.seal.id, &enc, shared, &err), &err, BASE_UNSEAL, "another suite");
  assert_memory_equal(shared, untouched, 32);
  keeper_close(keeper);
  node_end(&node);
}

/* --- key wrap */

static void wraps_as_rfc_3394(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  node_start(&node, 8);
  struct keeper_key key;
  try_expect(keeper_key_read(node.dir, KEEPER_KEY_EPOCH, 1, &key, &err), &err, BASE_OK, "");
  /* section 4.6: 256 bits of key data with a 256-bit KEK */
  for (size_t i = 0; i < 32; i++)
    key.secret.bytes[i] = (uint8_t)i;
  try_expect(keeper_key_derive(key.type, &key.secret, &key.public_key, &err), &err, BASE_OK, "");
  try_expect(keeper_key_write(node.dir, &key, &err), &err, BASE_OK, "");
  struct keeper *keeper = try_open(node.dir, &node.world);
  struct base_secret data, back;
  assert_true(
      base_hex_parse(BASE_VIEW("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"), data.bytes, 32));
  uint8_t wrapped[1][KEEPER_WRAPPED], expected[KEEPER_WRAPPED];
  assert_true(base_hex_parse(
      BASE_VIEW("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"), expected, 40));
  uint32_t epoch;
  for (unsigned i = 0; i < 3; i++) { /* one context for all: nothing carries over */
    try_expect(keeper_wrap(keeper, &data, 1, wrapped, &epoch, &err), &err, BASE_OK, "");
    assert_memory_equal(wrapped[0], expected, KEEPER_WRAPPED);
    try_expect(keeper_unwrap(keeper, epoch, (const uint8_t(*)[KEEPER_WRAPPED])wrapped, 1, &back, &err), &err, BASE_OK,
               "");
    assert_memory_equal(back.bytes, data.bytes, 32);
  }
  keeper_close(keeper);
  node_end(&node);
}

static void wraps_in_batches(void **state) {
  (void)state;
  struct node node;
  struct base_error err;
  node_start(&node, 9);
  struct keeper *keeper = try_open(node.dir, &node.world);
  static struct base_secret keys[KEEPER_WRAP_MAX], back[KEEPER_WRAP_MAX];
  static uint8_t wrapped[KEEPER_WRAP_MAX][KEEPER_WRAPPED];
  try_random(&node.world, keys, sizeof keys);
  uint32_t epoch;
  try_expect(keeper_wrap(keeper, keys, KEEPER_WRAP_MAX, wrapped, &epoch, &err), &err, BASE_OK, "");
  const uint8_t(*view)[KEEPER_WRAPPED] = (const uint8_t(*)[KEEPER_WRAPPED])wrapped;
  try_expect(keeper_unwrap(keeper, epoch, view, KEEPER_WRAP_MAX, back, &err), &err, BASE_OK, "");
  assert_memory_equal(keys, back, sizeof keys);
  try_expect(keeper_wrap(keeper, keys, 0, wrapped, &epoch, &err), &err, BASE_OK, "");
  try_expect(keeper_wrap(keeper, keys, KEEPER_WRAP_MAX + 1, wrapped, &epoch, &err), &err, BASE_TOO_LARGE, "512");
  try_expect(keeper_unwrap(keeper, epoch, view, KEEPER_WRAP_MAX + 1, back, &err), &err, BASE_TOO_LARGE, "512");
  try_expect(keeper_unwrap(keeper, epoch + 1, view, 1, back, &err), &err, BASE_WRONG_KEY, "epoch key 2");
  /* one changed bit anywhere, and no key of the batch is given */
  wrapped[300][17] ^= 4;
  try_expect(keeper_unwrap(keeper, epoch, view, KEEPER_WRAP_MAX, back, &err), &err, BASE_UNSEAL, "wrapped key 300");
  static const struct base_secret zero[KEEPER_WRAP_MAX];
  assert_memory_equal(back, zero, sizeof back);
  wrapped[300][17] ^= 4;
  try_expect(keeper_unwrap(keeper, epoch, view, KEEPER_WRAP_MAX, back, &err), &err, BASE_OK, "");
  keeper_close(keeper);
  node_end(&node);
}

/* --- the TLS key */

static void makes_a_certificate(void **state) {
  (void)state;
  static const char origin[] = "wasl/a2345678901234567890123456789012/0123456789abcdef"; /* the longest name */
  char path[TRY_PATH];
  int dir = try_folder(path);
  struct try_world world;
  struct base_error err;
  struct base_hash pin;
  try_world_init(&world, 10);
  try_expect(keeper_tls_init(dir, origin, &world.world, &pin, &err), &err, BASE_OK, "");
  struct stat status;
  assert_int_equal(fstatat(dir, KEEPER_TLS_KEY, &status, 0), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
  BASE_AUTO_BUF struct base_buf key_text = {0}, certificate_text = {0};
  assert_int_equal(base_file_read(dir, KEEPER_TLS_KEY, 4096, &key_text, NULL), BASE_OK);
  assert_int_equal(base_file_read(dir, KEEPER_TLS_CERTIFICATE, 4096, &certificate_text, NULL), BASE_OK);
  BIO *key_bio = BIO_new_mem_buf(key_text.data, (int)key_text.size);
  BIO *certificate_bio = BIO_new_mem_buf(certificate_text.data, (int)certificate_text.size);
  EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
  X509 *certificate = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
  assert_int_equal(X509_check_private_key(certificate, key), 1);
  assert_int_equal(X509_verify(certificate, key), 1);
  assert_int_equal(X509_get_version(certificate), X509_VERSION_3);
  assert_int_equal(X509_check_ca(certificate), 0);
  char name[128];
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  assert_string_equal(name, origin);
  int days, seconds;
  ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate));
  assert_int_equal(days, 50 * 365 + 1);
  uint8_t *spki = NULL;
  int size = i2d_PUBKEY(key, &spki);
  struct base_hash expected = seal_sha256(base_view_of(spki, (size_t)size));
  assert_true(base_hash_equal(&pin, &expected));
  OPENSSL_free(spki);
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(key_bio);
  BIO_free(certificate_bio);
  try_expect(keeper_tls_init(dir, origin, &world.world, &pin, &err), &err, BASE_EXISTS, "never overwritten");
  assert_int_equal(unlinkat(dir, KEEPER_TLS_KEY, 0), 0);
  try_expect(keeper_tls_init(dir, origin, &world.world, &pin, &err), &err, BASE_EXISTS, KEEPER_TLS_CERTIFICATE);
  assert_int_equal(faccessat(dir, KEEPER_TLS_KEY, F_OK, 0), -1);
  keeper_tls_remove(dir);
  close(dir);
  assert_int_equal(rmdir(path), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(init_is_whole_or_nothing), cmocka_unit_test(refuses_damaged_key_files),
      cmocka_unit_test(refuses_mixed_key_files),  cmocka_unit_test(refuses_readable_key_files),
      cmocka_unit_test(decapsulates_vectors),     cmocka_unit_test(decapsulate_refuses),
      cmocka_unit_test(wraps_as_rfc_3394),        cmocka_unit_test(wraps_in_batches),
      cmocka_unit_test(makes_a_certificate),
  };
  return cmocka_run_group_tests_name("keeper_keys", tests, NULL, NULL);
}
