/* SPDX-License-Identifier: Apache-2.0
 * Keys in a token: SoftHSM with a token of this test's own, and, for what a token does wrong, its calls one by one
 * replaced.
 */
#include "keeper_hsm.h"

#include <dirent.h>

#include "keeper/internal.h"
#include "keeper/tokeninside.h"

/* SoftHSM 2.6.1 leaves the octets of each point behind. The sanitizer sees of that no more than who of OpenSSL made
 * them. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:CRYPTO_zalloc\nleak:ASN1_STRING_set\n";
}

static struct hsm hsm;

static int make_token(void **state) {
  (void)state;
  /* In memory where there is such a place: nothing here is about what a disk keeps. */
  if (access("/dev/shm", W_OK | X_OK) == 0)
    setenv("WASL_TEST_TMP", "/dev/shm", 1);
  hsm_make(&hsm);
  setenv("WASL_TEST_TMP", hsm.place, 1);
  return 0;
}

static int remove_token(void **state) {
  (void)state;
  hsm_run((const char *[]){"rm", "-rf", hsm.place, NULL});
  return 0;
}

static const char *conf_text(const char *label) {
  return hsm_conf(&hsm, label);
}

struct node {
  struct try_world world;
  char path[TRY_PATH];
  int dir;
  struct keeper *keeper;
  struct try_info info;
  struct try_register log;
};

static void start(struct node *node, uint64_t seed) {
  struct base_error err;
  memset(node, 0, sizeof *node);
  try_world_init(&node->world, seed);
  node->dir = try_folder(node->path);
  try_expect(keeper_init_in_token(node->dir, BASE_VIEW("rabat"), base_view_text(conf_text("wasl%20test")),
                                  &node->world.world, &err),
             &err, BASE_OK, "");
  node->keeper = try_open(node->dir, &node->world);
  try_describe(node->keeper, &node->info);
}

static void restart(struct node *node) {
  keeper_close(node->keeper);
  node->keeper = try_open(node->dir, &node->world);
  try_describe(node->keeper, &node->info);
}

/* The token is emptied too: SoftHSM looks at each object's file again and again. */
static void empty_token(struct keeper_token *token) {
  CK_OBJECT_HANDLE found[64];
  CK_ULONG count = 0;
  assert_int_equal(token->call->C_FindObjectsInit(token->session, NULL, 0), CKR_OK);
  assert_int_equal(token->call->C_FindObjects(token->session, found, 64, &count), CKR_OK);
  assert_int_equal(token->call->C_FindObjectsFinal(token->session), CKR_OK);
  for (CK_ULONG i = 0; i < count; i++)
    assert_int_equal(token->call->C_DestroyObject(token->session, found[i]), CKR_OK);
}

static void end(struct node *node) {
  if (node->keeper != NULL && node->keeper->token != NULL && !keeper_without_token(node->keeper))
    empty_token(node->keeper->token);
  keeper_close(node->keeper);
  node->keeper = NULL;
  DIR *folder = fdopendir(dup(node->dir));
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (entry->d_name[0] != '.')
      assert_int_equal(unlinkat(node->dir, entry->d_name, 0), 0);
  closedir(folder);
  close(node->dir);
  assert_int_equal(rmdir(node->path), 0);
}

static void expect_open(struct node *node, enum base_code expected, const char *words) {
  struct keeper *keeper = NULL;
  struct base_error err;
  keeper_close(node->keeper);
  node->keeper = NULL;
  enum base_code code = keeper_open(node->dir, &node->world.world, &keeper, &err);
  keeper_close(keeper);
  try_expect(code, &err, expected, words);
}

static void attest(struct node *node, uint64_t old_size, uint64_t size) {
  struct base_error err;
  BASE_AUTO_BUF struct base_buf note = {0};
  try_expect(try_attest(node->keeper, &node->log, old_size, size, &note, &err), &err, BASE_OK, "");
  struct base_view name = base_view_text(node->info.origin);
  struct wire_vkey key = {.name = name,
                          .id = seal_vkey_id(name, WIRE_VKEY_LOG, &node->info.log),
                          .type = WIRE_VKEY_LOG,
                          .key = node->info.log};
  try_expect(seal_checkpoint_verify(base_buf_view(&note), (struct seal_signer){.log = &key}, NULL, NULL, &err), &err,
             BASE_OK, "");
}

/* How many objects the token holds. */
static CK_ULONG objects(const struct node *node) {
  struct keeper_token *token = node->keeper->token;
  CK_OBJECT_HANDLE found[512];
  CK_ULONG count = 0;
  assert_int_equal(token->call->C_FindObjectsInit(token->session, NULL, 0), CKR_OK);
  assert_int_equal(token->call->C_FindObjects(token->session, found, 512, &count), CKR_OK);
  assert_int_equal(token->call->C_FindObjectsFinal(token->session), CKR_OK);
  return count;
}

/* --- as files do */

static void unseals(struct node *node) {
  struct base_error err;
  struct wire_enc enc;
  uint8_t entropy[32] = {7}, sent[32], got[32];
  try_expect(seal_hpke_encap(&node->info.seal.key, entropy, &enc, sent, &err), &err, BASE_OK, "");
  try_expect(keeper_decapsulate(node->keeper, node->info.seal.id, &enc, got, &err), &err, BASE_OK, "");
  assert_memory_equal(sent, got, sizeof got);
}

static void signs_cosigns_opens_and_wraps(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf note = {0}, line = {0};
  start(&rabat, 1);
  attest(&rabat, 0, 5);
  restart(&rabat);
  assert_int_equal(rabat.info.size, 5);
  attest(&rabat, 5, 9);
  try_expect(try_attest(rabat.keeper, &rabat.log, 0, 4, &note, &err), &err, BASE_ROLLBACK, "size 9");
  unseals(&rabat);

  struct base_secret keys[3] = {{{1}}, {{2}}, {{3}}}, back[3];
  uint8_t wrapped[3][KEEPER_WRAPPED];
  uint32_t epoch;
  try_expect(keeper_wrap(rabat.keeper, keys, 3, wrapped, &epoch, &err), &err, BASE_OK, "");
  restart(&rabat);
  try_expect(keeper_unwrap(rabat.keeper, epoch, (const uint8_t(*)[KEEPER_WRAPPED])wrapped, 3, back, &err), &err,
             BASE_OK, "");
  assert_memory_equal(keys, back, sizeof keys);

  /* A partner's head, by a keeper of files. */
  struct node paris = {0};
  try_world_init(&paris.world, 2);
  paris.dir = try_folder(paris.path);
  paris.keeper = try_new(paris.dir, &paris.world, "paris");
  try_describe(paris.keeper, &paris.info);
  try_expect(try_attest(paris.keeper, &paris.log, 0, 3, &note, &err), &err, BASE_OK, "");
  try_expect(keeper_cosign(rabat.keeper, &paris.info.log, base_buf_view(&note), 0, NULL, 0, &line, &err), &err, BASE_OK,
             "");
  base_buf_add_view(&note, base_buf_view(&line));
  struct base_view name = base_view_text(paris.info.origin), mine = base_view_text(rabat.info.origin);
  struct wire_vkey log = {.name = name,
                          .id = seal_vkey_id(name, WIRE_VKEY_LOG, &paris.info.log),
                          .type = WIRE_VKEY_LOG,
                          .key = paris.info.log};
  struct wire_vkey witness = {.name = mine,
                              .id = seal_vkey_id(mine, WIRE_VKEY_WITNESS, &rabat.info.witness),
                              .type = WIRE_VKEY_WITNESS,
                              .key = rabat.info.witness};
  try_expect(seal_checkpoint_verify(base_buf_view(&note), (struct seal_signer){.log = &log, .witness = &witness}, NULL,
                                    NULL, &err),
             &err, BASE_OK, "");
  end(&paris);
  end(&rabat);
}

/* What a partner makes up as an ephemeral key never reaches the token, and never ends the keeper. */
static void small_orders_are_refused(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  struct wire_enc enc = {.bytes = {0}};
  uint8_t got[32];
  start(&rabat, 3);
  try_expect(keeper_decapsulate(rabat.keeper, rabat.info.seal.id, &enc, got, &err), &err, BASE_UNSEAL, "not a valid");
  enc.bytes[0] = 1;
  try_expect(keeper_decapsulate(rabat.keeper, rabat.info.seal.id, &enc, got, &err), &err, BASE_UNSEAL, "not a valid");
  memset(enc.bytes, 0xff, sizeof enc.bytes); /* not reduced, the highest bit set: RFC 7748 takes it */
  try_expect(keeper_decapsulate(rabat.keeper, rabat.info.seal.id, &enc, got, &err), &err, BASE_OK, "");
  assert_false(keeper_broken(rabat.keeper));
  unseals(&rabat);
  end(&rabat);
}

/* --- change and end of keys */

static void keys_change_and_are_destroyed_in_the_token(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  struct keeper_key key;
  BASE_AUTO_BUF struct base_buf old = {0};
  start(&rabat, 4);
  CK_ULONG before = objects(&rabat);
  try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_SEAL | 1u << KEEPER_KEY_EPOCH, &err), &err, BASE_OK, "");
  assert_int_equal(objects(&rabat), before + 3);
  base_buf_reset(&old);
  assert_int_equal(base_file_read(rabat.dir, "epoch.key", 4096, &old, NULL), BASE_OK);
  try_expect(keeper_forget(rabat.keeper, KEEPER_KEY_SEAL, 1, &err), &err, BASE_OK, "");
  try_expect(keeper_forget(rabat.keeper, KEEPER_KEY_EPOCH, 1, &err), &err, BASE_OK, "");
  assert_int_equal(objects(&rabat), before);
  restart(&rabat);
  unseals(&rabat);
  /* A copy of the file is worth nothing now. */
  assert_int_equal(base_file_replace(rabat.dir, "epoch.key", base_buf_view(&old), 0600, NULL), BASE_OK);
  expect_open(&rabat, BASE_NOT_FOUND, "epoch.key: the token wasl test has no key");
  unlinkat(rabat.dir, "epoch.key", 0);
  expect_open(&rabat, BASE_OK, "");
  /* Nothing of a secret is in the files. */
  try_expect(keeper_key_read(rabat.dir, KEEPER_KEY_EPOCH, 2, &key, &err), &err, BASE_OK, "");
  static const struct base_secret nothing;
  assert_true(key.in_token);
  assert_memory_equal(key.secret.bytes, nothing.bytes, sizeof nothing.bytes);
  end(&rabat);
}

/* Said in the file first: cut off before or after the token did it, the next start finishes it. */
static void a_destruction_that_was_cut_off_is_finished(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  struct keeper_key key;
  for (int gone = 0; gone < 2; gone++) {
    start(&rabat, 5 + (uint64_t)gone);
    try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_SEAL, &err), &err, BASE_OK, "");
    CK_ULONG before = objects(&rabat);
    try_expect(keeper_key_read(rabat.dir, KEEPER_KEY_SEAL, 1, &key, &err), &err, BASE_OK, "");
    key.going = true;
    try_expect(keeper_key_write(rabat.dir, &key, &err), &err, BASE_OK, "");
    if (gone)
      try_expect(keeper_token_destroy(rabat.keeper->token, key.id, &err), &err, BASE_OK, "");
    restart(&rabat);
    assert_int_equal(objects(&rabat), before - 2);
    assert_int_equal(faccessat(rabat.dir, "seal.key", F_OK, 0), -1);
    unseals(&rabat);
    end(&rabat);
  }
}

/* What begins in files may go on in a token: new keys are made there. */
static void a_node_of_files_moves_into_the_token(void **state) {
  (void)state;
  struct node rabat = {0};
  struct base_error err;
  try_world_init(&rabat.world, 7);
  rabat.dir = try_folder(rabat.path);
  rabat.keeper = try_new(rabat.dir, &rabat.world, "rabat");
  keeper_close(rabat.keeper);
  const char *text = conf_text("wasl%20test");
  assert_int_equal(base_file_replace(rabat.dir, KEEPER_TOKEN_FILE, base_view_text(text), 0600, NULL), BASE_OK);
  rabat.keeper = try_open(rabat.dir, &rabat.world);
  try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_SEAL, &err), &err, BASE_OK, "");
  try_expect(keeper_forget(rabat.keeper, KEEPER_KEY_SEAL, 1, &err), &err, BASE_OK, "");
  restart(&rabat);
  unseals(&rabat);
  attest(&rabat, 0, 3);
  assert_int_equal(fchmodat(rabat.dir, KEEPER_TOKEN_FILE, 0644, 0), 0);
  expect_open(&rabat, BASE_PERMISSION, "others than its owner");
  assert_int_equal(fchmodat(rabat.dir, KEEPER_TOKEN_FILE, 0600, 0), 0);
  expect_open(&rabat, BASE_OK, "");
  /* And without token.conf it does not start. */
  keeper_close(rabat.keeper);
  rabat.keeper = NULL;
  unlinkat(rabat.dir, KEEPER_TOKEN_FILE, 0);
  expect_open(&rabat, BASE_NOT_FOUND, "token.conf");
  end(&rabat);
}

static void another_key_under_the_id_is_refused(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  struct keeper_key key, witness;
  start(&rabat, 8);
  try_expect(keeper_key_read(rabat.dir, KEEPER_KEY_LOG, 1, &key, &err), &err, BASE_OK, "");
  try_expect(keeper_key_read(rabat.dir, KEEPER_KEY_WITNESS, 1, &witness, &err), &err, BASE_OK, "");
  memcpy(key.id, witness.id, sizeof key.id);
  try_expect(keeper_key_write(rabat.dir, &key, &err), &err, BASE_OK, "");
  expect_open(&rabat, BASE_CORRUPT, "log.key: the token holds another key");
  end(&rabat);
}

/* --- the PIN */

static void a_wrong_pin_is_said_once(void **state) {
  (void)state;
  struct node rabat;
  start(&rabat, 9);
  keeper_close(rabat.keeper);
  rabat.keeper = NULL;
  hsm_put(hsm.pin, "111111\n");
  expect_open(&rabat, BASE_PERMISSION, "refuses the PIN");
  expect_open(&rabat, BASE_POLICY, "not tried again");
  expect_open(&rabat, BASE_POLICY, "not tried again");
  hsm_put(hsm.pin, HSM_PIN);
  expect_open(&rabat, BASE_OK, "");
  end(&rabat);
}

static void a_pin_file_is_for_its_owner_and_holds_one_line(void **state) {
  (void)state;
  struct node rabat;
  char text[KEEPER_TOKEN_PIN_MAX + 2];
  start(&rabat, 10);
  keeper_close(rabat.keeper);
  rabat.keeper = NULL;
  assert_int_equal(chmod(hsm.pin, 0640), 0);
  expect_open(&rabat, BASE_PERMISSION, "others than its owner");
  memset(text, '1', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  static const char *const wrong[] = {"", "\n", "1\n2\n"};
  for (size_t i = 0; i <= sizeof wrong / sizeof wrong[0]; i++) {
    hsm_put(hsm.pin, i < 3 ? wrong[i] : text);
    expect_open(&rabat, BASE_FIELD, "one line");
  }
  hsm_put(hsm.pin, HSM_PIN "\r\n");
  expect_open(&rabat, BASE_OK, "");
  unlink(hsm.pin);
  expect_open(&rabat, BASE_NOT_FOUND, "pin");
  hsm_put(hsm.pin, HSM_PIN "\n");
  end(&rabat);
}

/* --- a token that is not there, or not as it should be. Its calls are replaced one by one. */

static CK_FUNCTION_LIST real, false_one;
static CK_RV answered;
static unsigned asked;

static CK_RV no_sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG size, CK_BYTE_PTR out,
                     CK_ULONG_PTR out_size) {
  asked++;
  if (answered != CKR_OK)
    return answered;
  CK_RV answer = real.C_Sign(session, data, size, out, out_size);
  out[40] ^= 1;
  return answer;
}
static CK_RV no_derive(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key,
                       CK_ATTRIBUTE_PTR wanted, CK_ULONG count, CK_OBJECT_HANDLE_PTR out) {
  (void)session;
  (void)mechanism;
  (void)key;
  (void)wanted;
  (void)count;
  (void)out;
  return answered;
}
static CK_RV no_session(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info) {
  (void)session;
  (void)info;
  return CKR_SESSION_HANDLE_INVALID;
}

static CK_RV loose_pair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR open, CK_ULONG opens,
                        CK_ATTRIBUTE_PTR secret, CK_ULONG secrets, CK_OBJECT_HANDLE_PTR out_open,
                        CK_OBJECT_HANDLE_PTR out_secret) {
  static CK_BBOOL yes = CK_TRUE;
  for (CK_ULONG i = 0; i < secrets; i++)
    if (secret[i].type == CKA_EXTRACTABLE)
      secret[i].pValue = &yes;
  return real.C_GenerateKeyPair(session, mechanism, open, opens, secret, secrets, out_open, out_secret);
}
static CK_RV no_destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  return asked++ == 0 ? real.C_DestroyObject(session, key) : CKR_DEVICE_REMOVED;
}

static void replace(struct node *node) {
  real = *node->keeper->token->call;
  false_one = real;
  node->keeper->token->call = &false_one;
  asked = 0;
}

/* The head is not remembered as signed, nothing leaves, and the keeper ends; the next one signs the same. */
static void a_token_that_goes_away_ends_the_keeper(void **state) {
  (void)state;
  static const CK_RV answers[] = {CKR_OK /* a wrong signature */, CKR_DEVICE_REMOVED,     CKR_TOKEN_NOT_PRESENT,
                                  CKR_SESSION_HANDLE_INVALID,     CKR_USER_NOT_LOGGED_IN, CKR_GENERAL_ERROR};
  struct node rabat;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf note = {0};
  start(&rabat, 11);
  attest(&rabat, 0, 3);
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    replace(&rabat);
    false_one.C_Sign = no_sign;
    answered = answers[i];
    try_expect(try_attest(rabat.keeper, &rabat.log, 3 + i, 4 + i, &note, &err), &err, BASE_IO, "the token wasl test");
    assert_int_equal(note.size, 0);
    assert_true(keeper_broken(rabat.keeper) && keeper_without_token(rabat.keeper));
    assert_int_equal(asked, 1);
    restart(&rabat);
    assert_int_equal(rabat.info.size, 3 + i);
    attest(&rabat, 3 + i, 4 + i);
  }
  end(&rabat);
}

/* A partner chooses what is agreed with: what the token does not take is his fault as long as the session is there. */
static void what_a_partner_makes_up_does_not_end_the_keeper(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  struct wire_enc enc;
  uint8_t entropy[32] = {8}, sent[32], got[32];
  start(&rabat, 12);
  try_expect(seal_hpke_encap(&rabat.info.seal.key, entropy, &enc, sent, &err), &err, BASE_OK, "");
  replace(&rabat);
  false_one.C_DeriveKey = no_derive;
  answered = CKR_FUNCTION_FAILED;
  try_expect(keeper_decapsulate(rabat.keeper, rabat.info.seal.id, &enc, got, &err), &err, BASE_UNSEAL, "0x6");
  assert_false(keeper_broken(rabat.keeper));
  false_one.C_GetSessionInfo = no_session;
  try_expect(keeper_decapsulate(rabat.keeper, rabat.info.seal.id, &enc, got, &err), &err, BASE_IO,
             "tries again by itself");
  assert_true(keeper_without_token(rabat.keeper));
  end(&rabat);
}

static void a_key_that_could_leave_is_not_taken(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  start(&rabat, 16);
  CK_ULONG before = objects(&rabat);
  replace(&rabat);
  false_one.C_GenerateKeyPair = loose_pair;
  try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_SEAL, &err), &err, BASE_CORRUPT, "would give the key away");
  assert_int_equal(objects(&rabat), before);
  assert_int_equal(faccessat(rabat.dir, "seal-2.key", F_OK, 0), -1);
  end(&rabat);
}

/* One half is destroyed, and the token is gone: at the next start this is no key that was lost. */
static void a_token_that_goes_away_while_it_destroys(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  start(&rabat, 17);
  try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_SEAL, &err), &err, BASE_OK, "");
  CK_ULONG before = objects(&rabat);
  replace(&rabat);
  false_one.C_DestroyObject = no_destroy;
  try_expect(keeper_forget(rabat.keeper, KEEPER_KEY_SEAL, 1, &err), &err, BASE_IO, "does not destroy");
  assert_true(keeper_without_token(rabat.keeper));
  restart(&rabat);
  assert_int_equal(objects(&rabat), before - 2);
  unseals(&rabat);
  end(&rabat);
}

static void a_token_that_vanishes_and_comes_back(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  char away[HSM_PATH + 8];
  BASE_AUTO_BUF struct base_buf note = {0};
  start(&rabat, 13);
  attest(&rabat, 0, 3);
  snprintf(away, sizeof away, "%s.away", hsm.tokens);
  assert_int_equal(rename(hsm.tokens, away), 0);
  try_expect(try_attest(rabat.keeper, &rabat.log, 3, 4, &note, &err), &err, BASE_IO, "the token wasl test");
  assert_true(keeper_without_token(rabat.keeper));
  expect_open(&rabat, BASE_NOT_RUNNING, "");
  assert_int_equal(rename(away, hsm.tokens), 0);
  rabat.keeper = try_open(rabat.dir, &rabat.world);
  try_describe(rabat.keeper, &rabat.info);
  assert_int_equal(rabat.info.size, 3);
  attest(&rabat, 3, 4);
  end(&rabat);
}

static void which_token_and_what_it_can_is_asked_first(void **state) {
  (void)state;
  struct try_world world;
  struct base_error err;
  char path[TRY_PATH];
  int dir = try_folder(path);
  try_world_init(&world, 14);
  try_expect(keeper_init_in_token(dir, BASE_VIEW("rabat"), base_view_text(conf_text("another")), &world.world, &err),
             &err, BASE_NOT_RUNNING, "another is not there");
  try_expect(keeper_init_in_token(dir, BASE_VIEW("rabat"), base_view_text(conf_text("wasl%20test;serial=0")),
                                  &world.world, &err),
             &err, BASE_NOT_RUNNING, "not there");
  static const struct {
    const char *mechanisms, *words;
  } lacking[] = {{"CKM_EC_KEY_PAIR_GEN,CKM_EDDSA,CKM_ECDH1_DERIVE," HSM_AES, "CKM_EC_KEY_PAIR_GEN, CKM_ECDSA"},
                 {"CKM_EC_EDWARDS_KEY_PAIR_GEN,CKM_ECDSA,CKM_ECDH1_DERIVE," HSM_AES, "CKM_EC_KEY_PAIR_GEN, CKM_ECDSA"},
                 {"CKM_EC_KEY_PAIR_GEN,CKM_ECDSA," HSM_AES, "CKM_ECDH1_DERIVE"},
                 {"CKM_EC_KEY_PAIR_GEN,CKM_ECDSA,CKM_ECDH1_DERIVE,CKM_AES_CBC", "CKM_AES_KEY_GEN"},
                 {"CKM_EC_KEY_PAIR_GEN,CKM_ECDSA,CKM_ECDH1_DERIVE,CKM_AES_KEY_GEN", "CKM_AES_CBC"}};
  for (size_t i = 0; i < sizeof lacking / sizeof lacking[0]; i++) {
    hsm_can(&hsm, lacking[i].mechanisms);
    try_expect(
        keeper_init_in_token(dir, BASE_VIEW("rabat"), base_view_text(conf_text("wasl%20test")), &world.world, &err),
        &err, BASE_KIND, lacking[i].words);
  }
  hsm_can(&hsm, HSM_ALL);
  try_expect(keeper_init_in_token(dir, BASE_VIEW("rabat"),
                                  BASE_VIEW("pkcs11 = pkcs11:token=x?module-path=/etc/passwd&pin-source=file:/x"),
                                  &world.world, &err),
             &err, BASE_NOT_FOUND, "cannot be loaded");
  assert_int_equal(rmdir(path), 0); /* nothing was left in it */
  close(dir);
}

/* --- a token that has P-256 alone, or only for some of the keys */

static CK_RV count_derive(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key,
                          CK_ATTRIBUTE_PTR wanted, CK_ULONG count, CK_OBJECT_HANDLE_PTR out) {
  asked++;
  return real.C_DeriveKey(session, mechanism, key, wanted, count, out);
}

/* It makes Edwards keys, but knows this one curve only. */
static CK_RV no_x25519(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR open, CK_ULONG opens,
                       CK_ATTRIBUTE_PTR secret, CK_ULONG secrets, CK_OBJECT_HANDLE_PTR out_open,
                       CK_OBJECT_HANDLE_PTR out_secret) {
  for (CK_ULONG i = 0; i < opens; i++)
    if (open[i].type == CKA_EC_PARAMS && open[i].ulValueLen == 5 && ((const uint8_t *)open[i].pValue)[4] == 0x6e)
      return answered;
  return real.C_GenerateKeyPair(session, mechanism, open, opens, secret, secrets, out_open, out_secret);
}

static void expect_kinds(const struct node *node, bool signs, bool seals) {
  assert_int_equal(wire_key_p256(&node->info.log), signs);
  assert_int_equal(wire_key_p256(&node->info.witness), signs);
  assert_int_equal(wire_key_p256(&node->info.seal.key), seals);
}

static void without_ed25519_and_x25519_the_keys_are_of_p256(void **state) {
  hsm_can(&hsm, HSM_P256);
  signs_cosigns_opens_and_wraps(state);
  keys_change_and_are_destroyed_in_the_token(state);
  a_token_that_goes_away_ends_the_keeper(state);
  struct node rabat;
  start(&rabat, 18);
  expect_kinds(&rabat, true, true);
  /* Keys are what they are, whatever the token learns. */
  hsm_can(&hsm, HSM_ALL);
  restart(&rabat);
  expect_kinds(&rabat, true, true);
  attest(&rabat, 0, 2);
  unseals(&rabat);
  end(&rabat);
}

/* Only what the token lacks is of P-256. */
static void a_token_with_one_of_them_keeps_it(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  static const CK_RV answers[] = {CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID};
  hsm_can(&hsm, "CKM_EC_EDWARDS_KEY_PAIR_GEN," HSM_P256);
  start(&rabat, 19);
  expect_kinds(&rabat, true, false);
  attest(&rabat, 0, 2);
  unseals(&rabat);
  end(&rabat);
  hsm_can(&hsm, HSM_ALL);
  start(&rabat, 20);
  expect_kinds(&rabat, false, false);
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    replace(&rabat);
    false_one.C_GenerateKeyPair = no_x25519;
    answered = answers[i];
    try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_SEAL, &err), &err, BASE_OK, "");
    restart(&rabat);
    expect_kinds(&rabat, false, true);
    unseals(&rabat);
    try_expect(keeper_forget(rabat.keeper, KEEPER_KEY_SEAL, 1 + (uint32_t)i, &err), &err, BASE_OK, "");
  }
  /* Another failure is one, and no reason to take less. */
  replace(&rabat);
  false_one.C_GenerateKeyPair = no_x25519;
  answered = CKR_DEVICE_MEMORY;
  try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_SEAL, &err), &err, BASE_IO, "makes no X25519 key");
  end(&rabat);
}

/* What is no point of the curve, or of another suite, never reaches the token. */
static void points_off_the_curve_are_refused(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  struct wire_enc enc, other = {.bytes = {9}};
  uint8_t entropy[32] = {7}, sent[32], got[32];
  hsm_can(&hsm, HSM_P256);
  start(&rabat, 21);
  try_expect(seal_hpke_encap(&rabat.info.seal.key, entropy, &enc, sent, &err), &err, BASE_OK, "");
  replace(&rabat);
  false_one.C_DeriveKey = count_derive;
  enc.bytes[WIRE_ENC_P256 - 1] ^= 1;
  try_expect(keeper_decapsulate(rabat.keeper, rabat.info.seal.id, &enc, got, &err), &err, BASE_UNSEAL, "not a valid");
  try_expect(keeper_decapsulate(rabat.keeper, rabat.info.seal.id, &other, got, &err), &err, BASE_UNSEAL,
             "another suite");
  assert_int_equal(asked, 0);
  enc.bytes[WIRE_ENC_P256 - 1] ^= 1;
  try_expect(keeper_decapsulate(rabat.keeper, rabat.info.seal.id, &enc, got, &err), &err, BASE_OK, "");
  assert_memory_equal(sent, got, sizeof got);
  assert_int_equal(asked, 1);
  assert_false(keeper_broken(rabat.keeper));
  end(&rabat);
  hsm_can(&hsm, HSM_ALL);
}

static void init_takes_back_what_it_made(void **state) {
  (void)state;
  struct node rabat, other = {0};
  struct base_error err;
  start(&rabat, 15);
  CK_ULONG before = objects(&rabat);
  keeper_close(rabat.keeper);
  other.dir = try_folder(other.path);
  try_expect(keeper_init_in_token(other.dir, BASE_VIEW("paris"), base_view_text(conf_text("wasl%20test")),
                                  &rabat.world.world, &err),
             &err, BASE_OK, "");
  keeper_remove(other.dir);
  close(other.dir);
  assert_int_equal(rmdir(other.path), 0);
  rabat.keeper = try_open(rabat.dir, &rabat.world);
  assert_int_equal(objects(&rabat), before);
  end(&rabat);
}

/* --- token.conf */

static void expect_conf(const char *text, enum base_code expected, const char *words) {
  struct keeper_token_conf conf;
  struct base_error err;
  try_expect(keeper_token_conf_parse(base_view_text(text), &conf, &err), &err, expected, words);
}

static void configuration_is_read_strictly(void **state) {
  (void)state;
  struct keeper_token_conf conf;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf text = {0};
  keeper_token_conf_write("pkcs11:token=a%20b;serial=7;manufacturer=m;model=n?module-path=/m.so&pin-source=file:///p",
                          "A=b,C=", "/r,/s", "/w", &text);
  try_expect(keeper_token_conf_parse(base_buf_view(&text), &conf, &err), &err, BASE_OK, "");
  assert_string_equal(conf.label, "a b");
  assert_string_equal(conf.serial, "7");
  assert_string_equal(conf.manufacturer, "m");
  assert_string_equal(conf.model, "n");
  assert_string_equal(conf.module, "/m.so");
  assert_string_equal(conf.pin, "/p");
  assert_int_equal(conf.environment_count, 2);
  assert_string_equal(conf.environment[1], "C=");
  assert_int_equal(conf.path_count, 3);
  assert_true(!conf.paths[1].write && conf.paths[2].write);
#define GOOD "pkcs11 = pkcs11:token=t?module-path=/m&pin-source=file:/p\n"
  expect_conf(GOOD, BASE_OK, "");
  expect_conf("# nothing\n", BASE_FIELD, "missing");
  expect_conf(GOOD GOOD, BASE_FIELD, "twice");
  expect_conf("pkcs12 = x", BASE_FIELD, "line 1: pkcs12 is no setting");
  expect_conf("pkcs11 = token=t", BASE_FIELD, "not a PKCS#11 URI");
  expect_conf("pkcs11 = pkcs11:?module-path=/m&pin-source=file:/p", BASE_FIELD, "which token");
  expect_conf("pkcs11 = pkcs11:token=t?pin-source=file:/p", BASE_FIELD, "module is missing");
  expect_conf("pkcs11 = pkcs11:token=t?module-path=/m", BASE_FIELD, "PIN stands is missing");
  expect_conf("pkcs11 = pkcs11:token=t?module-path=/m&pin-value=1234", BASE_FIELD, "take it as known");
  expect_conf("pkcs11 = pkcs11:token=t;pin-value=1234?module-path=/m", BASE_FIELD, "take it as known");
  expect_conf("pkcs11 = pkcs11:token=t;module-path=/m", BASE_FIELD, "question mark");
  expect_conf("pkcs11 = pkcs11:token=t;object=o?module-path=/m&pin-source=file:/p", BASE_FIELD, "says nothing");
  expect_conf("pkcs11 = pkcs11:token=t;token=u?module-path=/m&pin-source=file:/p", BASE_FIELD, "token stands twice");
  expect_conf("pkcs11 = pkcs11:token=%4?module-path=/m&pin-source=file:/p", BASE_FIELD, "two hex digits");
  expect_conf("pkcs11 = pkcs11:token=%00?module-path=/m&pin-source=file:/p", BASE_FIELD, "control");
  expect_conf("pkcs11 = pkcs11:token=?module-path=/m&pin-source=file:/p", BASE_FIELD, "1 to 32 bytes");
  expect_conf("pkcs11 = pkcs11:token=t?module-path=m&pin-source=file:/p", BASE_FIELD, "begin with /");
  expect_conf("pkcs11 = pkcs11:token=t?module-path=/m&pin-source=%7ccat", BASE_FIELD, "file:/PATH");
  expect_conf(GOOD "read = r", BASE_FIELD, "line 2: read r");
  expect_conf(GOOD "environment = A", BASE_FIELD, "NAME=VALUE");
  expect_conf(GOOD "environment = LD_PRELOAD=/x", BASE_FIELD, "none of the module's");
}

static void configuration_has_limits(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf text = {0};
  struct keeper_token_conf conf;
  struct base_error err;
  for (int one_more = 0; one_more < 2; one_more++) {
    for (int which = 0; which < 2; which++) {
      base_buf_reset(&text);
      base_buf_text(&text, GOOD);
      int most = which == 0 ? KEEPER_TOKEN_PATHS_MAX : KEEPER_TOKEN_ENVIRONMENT_MAX;
      for (int i = 0; i < most + one_more; i++)
        base_buf_printf(&text, which == 0 ? "read = /%d\n" : "environment = A=%d\n", i);
      try_expect(keeper_token_conf_parse(base_buf_view(&text), &conf, &err), &err, one_more ? BASE_FIELD : BASE_OK,
                 one_more ? "more than 8" : "");
    }
    base_buf_reset(&text);
    base_buf_text(&text, GOOD "write = ");
    for (int i = 0; i < KEEPER_TOKEN_TEXT_MAX + one_more; i++)
      base_buf_text(&text, "/");
    try_expect(keeper_token_conf_parse(base_buf_view(&text), &conf, &err), &err, one_more ? BASE_FIELD : BASE_OK,
               one_more ? "1 to 255 bytes" : "");
    base_buf_reset(&text);
    base_buf_text(&text, GOOD "#");
    while (text.size < KEEPER_TOKEN_FILE_MAX + (size_t)one_more)
      base_buf_text(&text, "x");
    try_expect(keeper_token_conf_parse(base_buf_view(&text), &conf, &err), &err, one_more ? BASE_TOO_LARGE : BASE_OK,
               one_more ? "8192" : "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(configuration_is_read_strictly),
      cmocka_unit_test(configuration_has_limits),
      cmocka_unit_test(signs_cosigns_opens_and_wraps),
      cmocka_unit_test(small_orders_are_refused),
      cmocka_unit_test(keys_change_and_are_destroyed_in_the_token),
      cmocka_unit_test(a_destruction_that_was_cut_off_is_finished),
      cmocka_unit_test(a_node_of_files_moves_into_the_token),
      cmocka_unit_test(another_key_under_the_id_is_refused),
      cmocka_unit_test(a_wrong_pin_is_said_once),
      cmocka_unit_test(a_pin_file_is_for_its_owner_and_holds_one_line),
      cmocka_unit_test(a_token_that_goes_away_ends_the_keeper),
      cmocka_unit_test(what_a_partner_makes_up_does_not_end_the_keeper),
      cmocka_unit_test(a_key_that_could_leave_is_not_taken),
      cmocka_unit_test(a_token_that_goes_away_while_it_destroys),
      cmocka_unit_test(a_token_that_vanishes_and_comes_back),
      cmocka_unit_test(which_token_and_what_it_can_is_asked_first),
      cmocka_unit_test(without_ed25519_and_x25519_the_keys_are_of_p256),
      cmocka_unit_test(a_token_with_one_of_them_keeps_it),
      cmocka_unit_test(points_off_the_curve_are_refused),
      cmocka_unit_test(init_takes_back_what_it_made),
  };
  return cmocka_run_group_tests(tests, make_token, remove_token);
}
