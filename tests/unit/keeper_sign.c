/* SPDX-License-Identifier: Apache-2.0
 * The keeper signs heads that extend what it signed, and nothing else; also after its restart. */
#include "keeper_try.h"

struct node {
  struct try_world world;
  char path[TRY_PATH];
  int dir;
  struct keeper *keeper;
  struct try_info info;
  struct base_buf note;
};

static void node_start(struct node *node, const char *name, uint64_t seed) {
  memset(node, 0, sizeof *node);
  try_world_init(&node->world, seed);
  node->dir = try_folder(node->path);
  node->keeper = try_new(node->dir, &node->world, name);
  try_describe(node->keeper, &node->info);
}

static void node_restart(struct node *node) {
  keeper_close(node->keeper);
  node->keeper = try_open(node->dir, &node->world);
}

static void node_end(struct node *node) {
  keeper_close(node->keeper);
  base_buf_free(&node->note);
  try_folder_remove(node->path, node->dir);
}

static struct wire_vkey vkey(const struct node *node, uint8_t type) {
  struct base_view name = base_view_text(node->info.origin);
  const struct wire_key *key = type == WIRE_VKEY_LOG ? &node->info.log : &node->info.witness;
  return (struct wire_vkey){.name = name, .id = seal_vkey_id(name, type, key), .type = type, .key = *key};
}

static void attests_growth(void **state) {
  (void)state;
  struct node rabat;
  struct try_register log = {0};
  struct base_error err;
  node_start(&rabat, "rabat", 1);
  assert_int_equal(rabat.info.size, 0);
  uint64_t last = 0;
  for (uint64_t size = 1; size < 70; size += size % 3 + 1) {
    try_expect(try_attest(rabat.keeper, &log, last, size, &rabat.note, &err), &err, BASE_OK, "");
    struct wire_vkey key = vkey(&rabat, WIRE_VKEY_LOG);
    struct wire_checkpoint checkpoint;
    try_expect(
        seal_checkpoint_verify(base_buf_view(&rabat.note), (struct seal_signer){.log = &key}, &checkpoint, NULL, &err),
        &err, BASE_OK, "");
    assert_int_equal(checkpoint.size, size);
    assert_true(base_view_is(checkpoint.origin, rabat.info.origin));
    last = size;
    if (size % 5 == 0)
      node_restart(&rabat);
    try_describe(rabat.keeper, &rabat.info);
    assert_int_equal(rabat.info.size, size);
  }
  /* the same head again, signed alike */
  BASE_AUTO_BUF struct base_buf again = {0};
  try_expect(try_attest(rabat.keeper, &log, last, last, &again, &err), &err, BASE_OK, "");
  assert_true(base_view_equal(base_buf_view(&again), base_buf_view(&rabat.note)));
  node_end(&rabat);
}

/* A fork in every form in which core could ask for it, before and after a restart. */
static void refuses_a_fork(void **state) {
  (void)state;
  struct node rabat;
  struct try_register log = {0}, fork = {.parts = 5, .salt = 1};
  struct base_error err;
  node_start(&rabat, "rabat", 2);
  try_expect(try_attest(rabat.keeper, &log, 0, 9, &rabat.note, &err), &err, BASE_OK, "");
  for (unsigned pass = 0; pass < 2; pass++) {
    /* same size, other root */
    try_expect(try_attest(rabat.keeper, &fork, 0, 9, &rabat.note, &err), &err, BASE_FORK, "different roots");
    /* smaller, of the very same past */
    try_expect(try_attest(rabat.keeper, &log, 0, 8, &rabat.note, &err), &err, BASE_ROLLBACK, "size 9");
    /* grown, with the honest proof of the other branch */
    try_expect(try_attest(rabat.keeper, &fork, 9, 14, &rabat.note, &err), &err, BASE_CONSISTENCY, "");
    /* grown, with the proof of another base, and without any */
    try_expect(try_attest(rabat.keeper, &fork, 5, 14, &rabat.note, &err), &err, BASE_CONSISTENCY, "");
    struct base_hash root = try_root(&fork, 14);
    try_expect(keeper_attest(rabat.keeper, 14, &root, NULL, 0, &rabat.note, &err), &err, BASE_CONSISTENCY, "");
    assert_int_equal(rabat.note.size, 0);
    node_restart(&rabat);
  }
  /* and is none the worse for it */
  try_expect(try_attest(rabat.keeper, &log, 9, 14, &rabat.note, &err), &err, BASE_OK, "");
  node_end(&rabat);
}

static void refuses_a_broken_proof(void **state) {
  (void)state;
  struct node rabat;
  struct try_register log = {0};
  struct base_error err;
  node_start(&rabat, "rabat", 3);
  try_expect(try_attest(rabat.keeper, &log, 0, 6, &rabat.note, &err), &err, BASE_OK, "");
  struct try_proof proof = try_consistency(&log, 6, 13);
  struct base_hash root = try_root(&log, 13);
  base_buf_reset(&rabat.note);
  for (size_t i = 0; i < proof.count; i++)
    for (size_t byte = 0; byte < 32; byte += 5) {
      proof.hashes[i].bytes[byte] ^= 1;
      try_expect(keeper_attest(rabat.keeper, 13, &root, proof.hashes, proof.count, &rabat.note, &err), &err,
                 BASE_CONSISTENCY, "");
      proof.hashes[i].bytes[byte] ^= 1;
    }
  try_expect(keeper_attest(rabat.keeper, 13, &root, proof.hashes, proof.count - 1, &rabat.note, &err), &err,
             BASE_CONSISTENCY, "");
  try_expect(keeper_attest(rabat.keeper, 13, &root, proof.hashes, proof.count + 1, &rabat.note, &err), &err,
             BASE_CONSISTENCY, "");
  struct base_hash zero = {0};
  try_expect(keeper_attest(rabat.keeper, 0, &zero, NULL, 0, &rabat.note, &err), &err, BASE_ROLLBACK, "");
  assert_int_equal(rabat.note.size, 0);
  try_expect(keeper_attest(rabat.keeper, 13, &root, proof.hashes, proof.count, &rabat.note, &err), &err, BASE_OK, "");
  node_end(&rabat);
}

static enum base_code cosign(struct node *witness, const struct node *log, uint64_t old_size, uint64_t proof_from,
                             struct try_register *tree, uint64_t size, struct base_buf *line, struct base_error *err) {
  struct try_proof proof = try_consistency(tree, proof_from, size);
  base_buf_reset(line);
  return keeper_cosign(witness->keeper, &log->info.log, base_buf_view(&log->note), old_size, proof.hashes, proof.count,
                       line, err);
}

/* The time that a line says, after both signatures were verified. */
static base_time cosigned(const struct node *witness, const struct node *log, const struct base_buf *line) {
  BASE_AUTO_BUF struct base_buf whole = {0};
  base_buf_add_view(&whole, base_buf_view(&log->note));
  base_buf_add_view(&whole, base_buf_view(line));
  struct wire_vkey log_key = vkey(log, WIRE_VKEY_LOG), witness_key = vkey(witness, WIRE_VKEY_WITNESS);
  base_time time = 0;
  struct base_error err;
  try_expect(seal_checkpoint_verify(base_buf_view(&whole),
                                    (struct seal_signer){.log = &log_key, .witness = &witness_key}, NULL, &time, &err),
             &err, BASE_OK, "");
  return time;
}

static void cosigns_growth(void **state) {
  (void)state;
  struct node rabat, paris;
  struct try_register log = {0};
  struct base_error err;
  BASE_AUTO_BUF struct base_buf line = {0};
  node_start(&rabat, "rabat", 4);
  node_start(&paris, "paris", 5);
  try_expect(try_attest(rabat.keeper, &log, 0, 3, &rabat.note, &err), &err, BASE_OK, "");
  try_expect(cosign(&paris, &rabat, 0, 0, &log, 3, &line, &err), &err, BASE_OK, "");
  assert_int_equal(cosigned(&paris, &rabat, &line), 1800000000);
  try_expect(try_attest(rabat.keeper, &log, 3, 11, &rabat.note, &err), &err, BASE_OK, "");
  /* a proof from elsewhere is asked for anew, by the size that is wanted */
  try_expect(cosign(&paris, &rabat, 2, 2, &log, 11, &line, &err), &err, BASE_CONSISTENCY, "size 3");
  try_expect(cosign(&paris, &rabat, 0, 0, &log, 11, &line, &err), &err, BASE_CONSISTENCY, "size 3");
  try_expect(cosign(&paris, &rabat, 3, 2, &log, 11, &line, &err), &err, BASE_CONSISTENCY, "");
  assert_int_equal(line.size, 0);
  try_expect(cosign(&paris, &rabat, 3, 3, &log, 11, &line, &err), &err, BASE_OK, "");
  /* again, whatever the base */
  try_expect(cosign(&paris, &rabat, 3, 11, &log, 11, &line, &err), &err, BASE_OK, "");
  struct wire_keeper_memory memory;
  struct base_hash expected = try_root(&log, 11);
  try_expect(keeper_remembers(paris.keeper, base_view_text(rabat.info.origin), &memory, &err), &err, BASE_OK, "");
  assert_int_equal(memory.size, 11);
  assert_true(base_hash_equal(&memory.root, &expected));
  assert_memory_equal(memory.log.bytes, rabat.info.log.bytes, sizeof memory.log.bytes);
  try_expect(keeper_remembers(paris.keeper, base_view_text(paris.info.origin), &memory, &err), &err, BASE_OK, "");
  assert_int_equal(memory.size, 0);
  try_expect(keeper_remembers(paris.keeper, BASE_VIEW("x"), &memory, &err), &err, BASE_FIELD, "origin");
  node_end(&rabat);
  node_end(&paris);
}

/* A partner that lost its memory signs a fork: its own signature is good, our keeper refuses it all the same. */
static void refuses_a_partners_fork(void **state) {
  (void)state;
  struct node rabat, twin, paris;
  struct try_register log = {0}, fork = {.parts = 4, .salt = 7};
  struct base_error err;
  BASE_AUTO_BUF struct base_buf line = {0};
  node_start(&rabat, "rabat", 6);
  node_start(&twin, "rabat", 6); /* the same keys */
  node_start(&paris, "paris", 7);
  assert_string_equal(rabat.info.origin, twin.info.origin);
  try_expect(try_attest(rabat.keeper, &log, 0, 8, &rabat.note, &err), &err, BASE_OK, "");
  try_expect(cosign(&paris, &rabat, 0, 0, &log, 8, &line, &err), &err, BASE_OK, "");
  for (unsigned pass = 0; pass < 2; pass++) {
    try_expect(try_attest(twin.keeper, &log, 0, 7, &twin.note, &err), &err, BASE_OK, "");
    try_expect(cosign(&paris, &twin, 8, 8, &log, 7, &line, &err), &err, BASE_ROLLBACK, "rabat");
    try_expect(try_attest(twin.keeper, &log, 7, 7, &twin.note, &err), &err, BASE_OK, "");
    keeper_close(twin.keeper);
    keeper_remove(twin.dir);
    try_world_init(&twin.world, 6);
    twin.keeper = try_new(twin.dir, &twin.world, "rabat");
    try_expect(try_attest(twin.keeper, &fork, 0, 8, &twin.note, &err), &err, BASE_OK, "");
    try_expect(cosign(&paris, &twin, 8, 8, &fork, 8, &line, &err), &err, BASE_FORK, "different roots");
    try_expect(try_attest(twin.keeper, &fork, 8, 12, &twin.note, &err), &err, BASE_OK, "");
    try_expect(cosign(&paris, &twin, 8, 8, &fork, 12, &line, &err), &err, BASE_CONSISTENCY, "");
    assert_int_equal(line.size, 0);
    node_restart(&paris);
    keeper_close(twin.keeper);
    keeper_remove(twin.dir);
    try_world_init(&twin.world, 6);
    twin.keeper = try_new(twin.dir, &twin.world, "rabat");
  }
  node_end(&rabat);
  node_end(&twin);
  node_end(&paris);
}

static void refuses_the_wrong_key(void **state) {
  (void)state;
  struct node rabat, paris, madrid;
  struct try_register log = {0};
  struct base_error err;
  BASE_AUTO_BUF struct base_buf line = {0};
  node_start(&rabat, "rabat", 8);
  node_start(&paris, "paris", 9);
  node_start(&madrid, "madrid", 10);
  try_expect(try_attest(rabat.keeper, &log, 0, 2, &rabat.note, &err), &err, BASE_OK, "");
  /* madrid's key does not fit rabat's digits */
  try_expect(keeper_cosign(paris.keeper, &madrid.info.log, base_buf_view(&rabat.note), 0, NULL, 0, &line, &err), &err,
             BASE_WRONG_KEY, "digits");
  /* the digits are rabat's, the signature is not */
  struct wire_note note;
  try_expect(wire_note_parse(base_buf_view(&rabat.note), &note, &err), &err, BASE_OK, "");
  BASE_AUTO_BUF struct base_buf forged = {0};
  base_buf_add_view(&forged, note.text);
  base_buf_text(&forged, "\n");
  note.signatures[0].bytes[5] ^= 1;
  wire_signature_write(&note.signatures[0], &forged);
  try_expect(keeper_cosign(paris.keeper, &rabat.info.log, base_buf_view(&forged), 0, NULL, 0, &line, &err), &err,
             BASE_SIGNATURE, "");
  try_expect(keeper_cosign(paris.keeper, &rabat.info.log, BASE_VIEW("no note\n"), 0, NULL, 0, &line, &err), &err,
             BASE_SYNTAX, "");
  assert_int_equal(line.size, 0);
  node_end(&rabat);
  node_end(&paris);
  node_end(&madrid);
}

static void time_never_decreases(void **state) {
  (void)state;
  struct node rabat, paris, madrid;
  struct try_register log = {0};
  struct base_error err;
  BASE_AUTO_BUF struct base_buf line = {0};
  node_start(&rabat, "rabat", 11);
  node_start(&paris, "paris", 12);
  node_start(&madrid, "madrid", 13);
  try_expect(try_attest(rabat.keeper, &log, 0, 2, &rabat.note, &err), &err, BASE_OK, "");
  try_expect(try_attest(madrid.keeper, &log, 0, 4, &madrid.note, &err), &err, BASE_OK, "");
  try_expect(cosign(&paris, &rabat, 0, 0, &log, 2, &line, &err), &err, BASE_OK, "");
  paris.world.now += 500;
  try_expect(cosign(&paris, &rabat, 2, 2, &log, 2, &line, &err), &err, BASE_OK, "");
  assert_int_equal(cosigned(&paris, &rabat, &line), 1800000500);
  paris.world.now -= 5000;
  for (unsigned pass = 0; pass < 2; pass++) {
    try_expect(cosign(&paris, &rabat, 2, 2, &log, 2, &line, &err), &err, BASE_OK, "");
    assert_int_equal(cosigned(&paris, &rabat, &line), 1800000500);
    /* nor for another partner */
    try_expect(cosign(&paris, &madrid, 0, 0, &log, 4, &line, &err), &err, BASE_OK, "");
    assert_int_equal(cosigned(&paris, &madrid, &line), 1800000500);
    node_restart(&paris);
  }
  paris.world.now += 6000;
  try_expect(cosign(&paris, &madrid, 4, 4, &log, 4, &line, &err), &err, BASE_OK, "");
  assert_int_equal(cosigned(&paris, &madrid, &line), 1800001500);
  node_end(&rabat);
  node_end(&paris);
  node_end(&madrid);
}

int main(void) {
  base_log_level(BASE_LOG_ERROR);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(attests_growth),          cmocka_unit_test(refuses_a_fork),
      cmocka_unit_test(refuses_a_broken_proof),  cmocka_unit_test(cosigns_growth),
      cmocka_unit_test(refuses_a_partners_fork), cmocka_unit_test(refuses_the_wrong_key),
      cmocka_unit_test(time_never_decreases),
  };
  return cmocka_run_group_tests_name("keeper_sign", tests, NULL, NULL);
}
