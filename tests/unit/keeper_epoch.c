/* SPDX-License-Identifier: Apache-2.0
 * A new epoch of the register, as the keeper signs it: opened by a person alone, never twice, never back. */
#include "keeper/retired.h"
#include "keeper_try.h"

struct node {
  struct try_world world;
  char path[TRY_PATH];
  int dir;
  struct keeper *keeper;
  struct try_info info;
  struct base_buf note;
};

static void node_start(struct node *node) {
  struct base_error err;
  struct try_register log = {0};
  memset(node, 0, sizeof *node);
  try_world_init(&node->world, 7);
  node->dir = try_folder(node->path);
  node->keeper = try_new(node->dir, &node->world, "rabat");
  try_expect(try_attest(node->keeper, &log, 0, 9, &node->note, &err), &err, BASE_OK, "");
}

static void node_end(struct node *node) {
  keeper_close(node->keeper);
  base_buf_free(&node->note);
  try_folder_remove(node->path, node->dir);
}

static enum base_code epoch(struct node *node, uint32_t number, char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  keeper_close(node->keeper);
  node->keeper = NULL;
  enum base_code code = keeper_epoch_open(node->dir, number, &(struct keeper_data){0}, &node->world.world, out, err);
  node->keeper = try_open(node->dir, &node->world);
  try_describe(node->keeper, &node->info);
  return code;
}

/* The head that was signed last, as a checkpoint of this origin by the log key under it. */
static void expect_head(struct node *node, const char *origin, uint64_t size) {
  struct wire_note note;
  struct wire_checkpoint head;
  struct base_error err;
  try_expect(wire_note_parse(base_buf_view(&node->note), &note, &err), &err, BASE_OK, "");
  try_expect(wire_checkpoint_parse(note.text, &head, &err), &err, BASE_OK, "");
  assert_true(base_view_is(head.origin, origin));
  assert_int_equal(head.size, size);
  assert_int_equal(note.signatures[0].id, seal_vkey_id(head.origin, WIRE_VKEY_LOG, &node->info.log));
}

static void begins_anew(void **state) {
  (void)state;
  struct node rabat;
  struct try_register log = {0};
  struct base_error err;
  char first[WIRE_ORIGIN_MAX + 1], origin[WIRE_ORIGIN_MAX + 1], expected[WIRE_ORIGIN_MAX + 1];
  node_start(&rabat);
  try_describe(rabat.keeper, &rabat.info);
  snprintf(first, sizeof first, "%s", rabat.info.origin);
  try_expect(keeper_whose(rabat.dir, origin, &err), &err, BASE_OK, "");
  assert_string_equal(origin, first);
  try_expect(epoch(&rabat, 0, origin, &err), &err, BASE_OK, "");
  snprintf(expected, sizeof expected, "%.60s/2", first);
  assert_string_equal(origin, expected);
  assert_string_equal(rabat.info.origin, expected);
  assert_int_equal(rabat.info.size, 0); /* a smaller head than was signed in the one before */
  try_expect(epoch(&rabat, 0, origin, &err), &err, BASE_CONFLICT, "has not begun");
  assert_string_equal(rabat.info.origin, expected);
  try_expect(try_attest(rabat.keeper, &log, 0, 5, &rabat.note, &err), &err, BASE_OK, "");
  expect_head(&rabat, expected, 5);
  try_expect(try_attest(rabat.keeper, &log, 0, 4, &rabat.note, &err), &err, BASE_ROLLBACK, "was signed before");
  try_expect(epoch(&rabat, 2, origin, &err), &err, BASE_FIELD, "signed already");
  try_expect(epoch(&rabat, 1, origin, &err), &err, BASE_FIELD, "signed already");
  assert_int_equal(rabat.info.size, 5);
  try_expect(epoch(&rabat, WIRE_EPOCHS_MAX + 1, origin, &err), &err, BASE_TOO_LARGE, "at most");
  try_expect(epoch(&rabat, WIRE_EPOCHS_MAX, origin, &err), &err, BASE_OK, "");
  try_expect(epoch(&rabat, 0, origin, &err), &err, BASE_TOO_LARGE, "at most");
  node_end(&rabat);
}

static void without_its_memory(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  char origin[WIRE_ORIGIN_MAX + 1];
  struct stat status;
  node_start(&rabat);
  keeper_close(rabat.keeper);
  assert_int_equal(unlinkat(rabat.dir, KEEPER_HEADS_FILE, 0), 0);
  static const uint32_t wrong[] = {0, 1, WIRE_EPOCHS_MAX + 1};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    try_expect(keeper_epoch_open(rabat.dir, wrong[i], &(struct keeper_data){0}, &rabat.world.world, origin, &err), &err,
               BASE_FIELD, "say the number");
  assert_int_not_equal(fstatat(rabat.dir, KEEPER_HEADS_FILE, &status, 0), 0);
  try_expect(keeper_epoch_open(rabat.dir, 4, &(struct keeper_data){0}, &rabat.world.world, origin, &err), &err, BASE_OK,
             "");
  assert_int_equal(fstatat(rabat.dir, KEEPER_HEADS_FILE, &status, 0), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
  rabat.keeper = try_open(rabat.dir, &rabat.world);
  try_describe(rabat.keeper, &rabat.info);
  assert_string_equal(rabat.info.origin, origin);
  assert_non_null(strstr(origin, "/4"));
  assert_int_equal(rabat.info.size, 0);
  node_end(&rabat);
}

static void over_data(struct node *node, uint32_t number, uint32_t oldest, uint32_t newest, enum base_code want,
                      const char *says) {
  struct base_error err;
  char origin[WIRE_ORIGIN_MAX + 1];
  const struct keeper_data data = {.oldest = oldest, .newest = newest};
  try_expect(keeper_epoch_open(node->dir, number, &data, &node->world.world, origin, &err), &err, want, says);
}

/* Data that core could not open, and would not start with: nothing is closed for them. */
static void over_data_whose_key_is_gone(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  node_start(&rabat);
  for (uint32_t old = 1; old < 3; old++) {
    try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_EPOCH, &err), &err, BASE_OK, "");
    try_expect(keeper_forget(rabat.keeper, KEEPER_KEY_EPOCH, old, &err), &err, BASE_OK, "");
  }
  try_expect(keeper_renew(rabat.keeper, 1u << KEEPER_KEY_EPOCH, &err), &err, BASE_OK, "");
  keeper_close(rabat.keeper); /* it holds 3 and 4 */
  over_data(&rabat, 0, 2, 3, BASE_ROLLBACK, "under epoch-2.key, which was replaced and destroyed");
  over_data(&rabat, 0, 1, 1, BASE_ROLLBACK, "when epoch-3.key replaced it");
  over_data(&rabat, 5, 1, 4, BASE_ROLLBACK, "Nothing was changed"); /* nor with a number */
  over_data(&rabat, 0, 4, 5, BASE_ROLLBACK, "epoch-5.key, which is not here: the keys in keeper/ are an older copy");
  rabat.keeper = try_open(rabat.dir, &rabat.world);
  try_describe(rabat.keeper, &rabat.info);
  assert_null(strchr(strchr(rabat.info.origin, '/') + 1 + strlen("rabat/"), '/')); /* the first */
  assert_int_equal(rabat.info.size, 9);
  keeper_close(rabat.keeper);
  rabat.keeper = NULL;
  over_data(&rabat, 0, 3, 4, BASE_OK, "");
  assert_int_equal(unlinkat(rabat.dir, KEEPER_HEADS_FILE, 0), 0);
  over_data(&rabat, 3, 2, 2, BASE_ROLLBACK, "under epoch-2.key");
  assert_int_not_equal(faccessat(rabat.dir, KEEPER_HEADS_FILE, F_OK, 0), 0);
  over_data(&rabat, 3, 4, 4, BASE_OK, "");
  for (uint32_t number = 3; number <= 4; number++)
    assert_int_equal(unlinkat(rabat.dir, keeper_key_name(KEEPER_KEY_EPOCH, number).text, 0), 0);
  node_end(&rabat);
}

/* Of another node, or in an epoch that the new one would not be above: nothing is closed for them. */
static void over_data_of_elsewhere(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  char own[WIRE_ORIGIN_MAX + 1], origin[WIRE_ORIGIN_MAX + 1];
  node_start(&rabat);
  try_expect(keeper_whose(rabat.dir, own, &err), &err, BASE_OK, "");
  keeper_close(rabat.keeper);
  rabat.keeper = NULL;
  const struct keeper_data others = {.epoch = 1, .origin = BASE_VIEW("wasl/paris/0123456789abcdef")};
  const struct keeper_data third = {.epoch = 3, .origin = base_view_text(own)};
  const struct keeper_data last = {.epoch = WIRE_EPOCHS_MAX, .origin = base_view_text(own)};
  for (uint32_t memory = 0; memory < 2; memory++) { /* with it, and without */
    uint32_t number = memory == 0 ? 0 : 2;
    try_expect(keeper_epoch_open(rabat.dir, number, &others, &rabat.world.world, origin, &err), &err, BASE_WRONG_KEY,
               "are of wasl/paris/0123456789abcdef, and the keys in keeper/ of wasl/rabat/");
    for (number = 2; number <= 3; number++)
      try_expect(keeper_epoch_open(rabat.dir, number, &third, &rabat.world.world, origin, &err), &err, BASE_FIELD,
                 "the data in place are in epoch 3");
    try_expect(keeper_epoch_open(rabat.dir, 2, &third, &rabat.world.world, origin, &err), &err, BASE_FIELD,
               "the least number is 4 (--number 4). Nothing was changed");
    try_expect(keeper_epoch_open(rabat.dir, WIRE_EPOCHS_MAX, &last, &rabat.world.world, origin, &err), &err,
               BASE_TOO_LARGE, "at most");
    if (memory == 0) {
      rabat.keeper = try_open(rabat.dir, &rabat.world);
      try_describe(rabat.keeper, &rabat.info);
      assert_string_equal(rabat.info.origin, own);
      assert_int_equal(rabat.info.size, 9);
      keeper_close(rabat.keeper);
      rabat.keeper = NULL;
      assert_int_equal(unlinkat(rabat.dir, KEEPER_HEADS_FILE, 0), 0);
    }
  }
  assert_int_not_equal(faccessat(rabat.dir, KEEPER_HEADS_FILE, F_OK, 0), 0);
  try_expect(keeper_epoch_open(rabat.dir, 4, &third, &rabat.world.world, origin, &err), &err, BASE_OK, "");
  try_expect(keeper_epoch_open(rabat.dir, 4, &third, &rabat.world.world, origin, &err), &err, BASE_FIELD,
             "epoch 4 is opened already");
  node_end(&rabat);
}

/* Root runs it for a keeper with a user of its own: what it makes is that user's. */
static void files_are_the_keepers(void **state) {
  (void)state;
  static const char *const made[] = {KEEPER_HEADS_FILE, KEEPER_RETIRED_FILE};
  enum { KEEPER_USER = 1719000001 };
  struct node rabat;
  struct stat status;
  if (geteuid() != 0)
    skip();
  node_start(&rabat);
  keeper_close(rabat.keeper);
  rabat.keeper = NULL;
  assert_int_equal(fchown(rabat.dir, KEEPER_USER, KEEPER_USER), 0);
  assert_int_equal(unlinkat(rabat.dir, KEEPER_RETIRED_FILE, 0), 0);
  over_data(&rabat, 0, 0, 0, BASE_OK, "");
  assert_int_equal(unlinkat(rabat.dir, KEEPER_HEADS_FILE, 0), 0);
  over_data(&rabat, 3, 0, 0, BASE_OK, "");
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
    assert_int_equal(fstatat(rabat.dir, made[i], &status, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(status.st_uid, KEEPER_USER);
    assert_int_equal(status.st_gid, KEEPER_USER);
  }
  node_end(&rabat);
}

/* While a keeper runs nobody tells it another epoch. */
static void not_while_it_runs(void **state) {
  (void)state;
  struct node rabat;
  struct base_error err;
  char origin[WIRE_ORIGIN_MAX + 1];
  node_start(&rabat);
  try_expect(keeper_epoch_open(rabat.dir, 0, &(struct keeper_data){0}, &rabat.world.world, origin, &err), &err,
             BASE_BUSY, "another keeper");
  node_end(&rabat);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(begins_anew),
                                     cmocka_unit_test(without_its_memory),
                                     cmocka_unit_test(over_data_whose_key_is_gone),
                                     cmocka_unit_test(over_data_of_elsewhere),
                                     cmocka_unit_test(files_are_the_keepers),
                                     cmocka_unit_test(not_while_it_runs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
