/* SPDX-License-Identifier: Apache-2.0
 * What is read after a restart may be in the system's memory alone: because a core was killed before its sync, or
 * because the sync failed. Nothing may be built on it that the next power cut takes away. */
#include "../unit/core_try.h"

#include <errno.h>

#include "core/partners.h"
#include "disk.h"
#include "keeper/heads.h"

enum { SEEDS = 60 };

struct rig {
  struct pair_node node;
  struct disk *disk;
};
static struct rig partner; /* whose card is known */

static void start(struct rig *rig) {
  rig->node.root = rig->node.keeper_root = disk_open(rig->disk, ".");
  pair_open(&rig->node);
}
static void stop(struct rig *rig) {
  pair_close(&rig->node);
  close(rig->node.root);
}
static void make(struct rig *rig, const char *name) {
  memset(rig, 0, sizeof *rig);
  rig->disk = disk_new(name);
  int root = disk_open(rig->disk, ".");
  pair_make_at(&rig->node, name, name, root, root);
  fsync(root);
  close(root);
  start(rig);
}
static void unmake(struct rig *rig) {
  stop(rig);
  base_buf_free(&rig->node.card);
  disk_free(rig->disk);
}
static void make_known(struct rig *rig, uint64_t seed) {
  disk_seed(seed);
  make(rig, "rabat");
  assert_int_equal(fchdir(rig->node.core_dir), 0);
  pair_partner(&rig->node, &partner.node);
}
static void kill_it(struct rig *rig) {
  disk_power_off(rig->disk);
  stop(rig);
  disk_wake(rig->disk);
}
static void cut_power(struct rig *rig, uint64_t seed) {
  disk_power_off(rig->disk);
  stop(rig);
  disk_power_on(rig->disk, seed);
}
/* A request that leaves a leaf. False when it was not answered well. */
static bool leave_leaf(struct rig *rig) {
  struct pair_node *node = &rig->node;
  struct pair_answer answer;
  char json[100];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"name\":\"paris\",\"state\":\"%s\"}",
           core_partner_named(node->core, BASE_VIEW("paris"))->row.state == STORE_PARTNER_SUSPENDED ? "active"
                                                                                                    : "suspended");
  assert_int_equal(fchdir(node->core_dir), 0);
  uint64_t token = node->next_token++;
  core_input(node->core, LINK_PARTNER_STATE, token, base_view_text(json), -1);
  pair_settle(node);
  bool answered = pair_find(node, token, &answer), good = answered && answer.status == BASE_OK;
  if (answered)
    pair_answer_free(&answer);
  return good;
}

/* --- one call goes wrong */
static struct {
  const char *name;
  enum disk_call call;
  int verdict; /* DISK_GO once it has happened */
} wanted;
static int at_wanted(void *context, const struct disk_event *event) {
  (void)context;
  if (event->call != wanted.call || strcmp(event->name, wanted.name) != 0)
    return DISK_GO;
  int verdict = wanted.verdict;
  wanted.verdict = DISK_GO;
  return verdict;
}
static void next(const char *name, enum disk_call call, int verdict) {
  wanted.name = name;
  wanted.call = call;
  wanted.verdict = verdict;
  disk_set_watch(at_wanted, NULL);
}
static void happened(void) {
  assert_int_equal(wanted.verdict, DISK_GO);
  disk_set_watch(NULL, NULL);
}

/* --- the database's log: what is attested after a restart is there after a power cut */
static void log_not_durable(int verdict) {
  unsigned kept = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct rig rig;
    make_known(&rig, seed);
    uint64_t size = rig.node.core->reg.attested;
    next("core.db-wal", DISK_SYNC, verdict);
    assert_false(leave_leaf(&rig));
    happened();
    kill_it(&rig);
    start(&rig);
    uint64_t attested = rig.node.core->reg.attested;
    assert_in_range(attested, size, size + 1);
    kept += attested > size;
    if (seed % 2 == 0) {
      assert_true(leave_leaf(&rig));
      attested++;
    }
    cut_power(&rig, seed);
    start(&rig);
    assert_int_equal(rig.node.core->reg.attested, attested);
    unmake(&rig);
  }
  assert_true(kept > 0);
}
static void test_log_killed(void **state) {
  (void)state;
  log_not_durable(DISK_CUT);
}
static void test_log_failed(void **state) {
  (void)state;
  log_not_durable(EIO);
}

/* --- the keeper's memory: it never goes back, whatever happens after a sync of it failed */
static void read_slot(const struct rig *rig, unsigned slot, uint8_t out[KEEPER_SLOT]) {
  uint8_t *bytes;
  size_t size;
  assert_true(disk_peek(rig->disk, "keeper/heads.state", false, &bytes, &size));
  memcpy(out, bytes + keeper_slot_offset(0, slot), KEEPER_SLOT);
  free(bytes);
}
/* Of our own record, as it is read. */
static unsigned older_slot(const struct rig *rig) {
  struct keeper_head heads[2];
  for (unsigned slot = 0; slot < 2; slot++) {
    uint8_t bytes[KEEPER_SLOT];
    read_slot(rig, slot, bytes);
    assert_true(keeper_slot_parse(bytes, 0, &heads[slot]));
  }
  assert_true(heads[0].sequence != heads[1].sequence);
  return heads[0].sequence < heads[1].sequence ? 0 : 1;
}
static unsigned writes_left;
static int cut_a_write(void *context, const struct disk_event *event) {
  (void)context;
  bool memory = event->call == DISK_WRITE && strcmp(event->name, "heads.state") == 0;
  return memory && writes_left > 0 && --writes_left == 0 ? DISK_CUT : DISK_GO;
}
static void test_memory_failed(void **state) {
  (void)state;
  unsigned damaged = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct rig rig;
    struct wire_keeper_info signed_last, after;
    struct base_error err;
    uint8_t was[KEEPER_SLOT], is[KEEPER_SLOT];
    make_known(&rig, seed);
    assert_true(leave_leaf(&rig));
    keeper_describe(rig.node.keeper, &signed_last);
    next("heads.state", DISK_SYNC, EIO);
    assert_false(leave_leaf(&rig));
    happened();
    assert_true(keeper_broken(rig.node.keeper));
    assert_int_not_equal(rig.node.fatal, BASE_OK);
    kill_it(&rig);
    /* It starts again, and the power goes at one of its writes. The copy which that overwrites with something else is
     * torn within its sector: then the other copy must be on the disk. */
    unsigned older = older_slot(&rig);
    read_slot(&rig, older, was);
    writes_left = 1 + (unsigned)seed % 3;
    disk_set_watch(cut_a_write, NULL);
    rig.node.root = rig.node.keeper_root = disk_open(rig.disk, ".");
    if (pair_start(&rig.node, &err) == BASE_OK)
      (void)leave_leaf(&rig);
    disk_set_watch(NULL, NULL);
    read_slot(&rig, older, is);
    cut_power(&rig, seed);
    if (writes_left == 0 && seed % 3 < 2 && memcmp(was, is, sizeof was) != 0) {
      assert_true(disk_damage(rig.disk, "keeper/heads.state", (uint64_t)keeper_slot_offset(0, older) + 40, 1));
      damaged++;
    }
    int dir = disk_open(rig.disk, "keeper");
    struct keeper *keeper = NULL;
    assert_int_equal(keeper_open(dir, &rig.node.world, &keeper, &err), BASE_OK);
    keeper_describe(keeper, &after); /* before core, which would have the present head signed */
    keeper_close(keeper);
    close(dir);
    assert_true(after.size >= signed_last.size);
    start(&rig);
    unmake(&rig);
  }
  assert_true(damaged > 0);
}

/* --- names: a folder of parts that was made is there, and with it what lies in it */
static void test_folder_of_parts(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct rig rig;
    make_known(&rig, seed);
    cut_power(&rig, seed);
    int dir = disk_open(rig.disk, "core");
    struct stat status;
    assert_int_equal(fstatat(dir, "parts", &status, 0), 0);
    close(dir);
    start(&rig);
    unmake(&rig);
  }
}

/* What our own disk refuses is no fault of the partner's. */
static void test_read_only_is_ours(void **state) {
  (void)state;
  struct rig rig;
  make_known(&rig, 1);
  assert_int_equal(fchdir(partner.node.core_dir), 0);
  pair_partner(&partner.node, &rig.node);
  struct pair_parcel parcel = {0};
  char agreement[65];
  pair_propose(&partner.node, &rig.node, agreement);
  assert_true(pair_take(&partner.node, &parcel));
  assert_int_equal(fchdir(rig.node.core_dir), 0);
  next("heads.state", DISK_WRITE, EROFS);
  struct pair_answer answer = pair_give(&partner.node, &rig.node, parcel.fd);
  happened();
  assert_int_not_equal(answer.status, BASE_OK);
  assert_true(keeper_broken(rig.node.keeper));
  pair_answer_free(&answer);
  close(parcel.fd);
  kill_it(&rig);
  start(&rig);
  assert_int_equal(try_count(&rig.node, WIRE_ACT_FAULT), 0);
  unmake(&rig);
}

static int make_partner(void **state) {
  (void)state;
  disk_seed(0);
  make(&partner, "paris");
  return 0;
}
static int unmake_partner(void **state) {
  (void)state;
  unmake(&partner);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_log_killed),        cmocka_unit_test(test_log_failed),
      cmocka_unit_test(test_memory_failed),     cmocka_unit_test(test_folder_of_parts),
      cmocka_unit_test(test_read_only_is_ours),
  };
  return cmocka_run_group_tests(tests, make_partner, unmake_partner);
}
