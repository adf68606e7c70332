/* SPDX-License-Identifier: Apache-2.0
 * Every call to a keeper fails once, and both nodes are killed at random moments: what was acknowledged is there,
 * nothing has effect twice, numbers have no gap, both sides agree. */
#include "core_fails.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* --- a keeper one of whose calls fails */
struct failing {
  struct pair_node *node;
  int calls, at; /* the call that fails, counted from 0 */
};
static bool fails(void *context, struct base_error *err) {
  struct failing *failing = context;
  bool now = failing->calls++ == failing->at;
  if (now)
    (void)base_fail(err, BASE_IO, "the keeper does not answer, says the test");
  return now;
}
static void *node_of(void *context) {
  return ((struct failing *)context)->node;
}
static enum base_code fail_info(void *context, struct wire_keeper_info *out, struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_info(node_of(context), out, err);
}
static enum base_code fail_attest(void *context, uint64_t size, const struct base_hash *root,
                                  const struct base_hash *proof, size_t count, struct base_buf *out,
                                  struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_attest(node_of(context), size, root, proof, count, out, err);
}
static enum base_code fail_cosign(void *context, const struct wire_key *key, struct base_view note, uint64_t old_size,
                                  const struct base_hash *proof, size_t count, struct base_buf *out,
                                  struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_cosign(node_of(context), key, note, old_size, proof, count, out, err);
}
static enum base_code fail_remembers(void *context, struct base_view origin, struct wire_keeper_memory *out,
                                     struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_remembers(node_of(context), origin, out, err);
}
static enum base_code fail_renew(void *context, unsigned types, struct wire_keeper_info *out, struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_renew(node_of(context), types, out, err);
}
static enum base_code fail_succeed(void *context, const struct wire_keeper_succeed *form, struct base_buf *succession,
                                   struct base_buf *note, struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_succeed(node_of(context), form, succession, note, err);
}
static enum base_code fail_follow(void *context, const struct wire_keeper_follow *form, struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_follow(node_of(context), form, err);
}
static enum base_code fail_forget(void *context, enum wire_keeper_type type, uint32_t number, struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_forget(node_of(context), type, number, err);
}
static enum base_code fail_decapsulate(void *context, const uint8_t id[8], const struct wire_enc *enc, uint8_t out[32],
                                       struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_decapsulate(node_of(context), id, enc, out, err);
}
static enum base_code fail_wrap(void *context, const struct base_secret *keys, size_t count,
                                uint8_t (*out)[CORE_WRAPPED], uint32_t *epoch, struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_wrap(node_of(context), keys, count, out, epoch, err);
}
static enum base_code fail_unwrap(void *context, uint32_t epoch, const uint8_t (*wrapped)[CORE_WRAPPED], size_t count,
                                  struct base_secret *out, struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_unwrap(node_of(context), epoch, wrapped, count, out, err);
}
static enum base_code fail_retire(void *context, const struct wire_keeper_erased *list, size_t count,
                                  struct wire_keeper_retired *out, struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_retire(node_of(context), list, count, out, err);
}
static enum base_code fail_list(void *context, uint64_t from, size_t most, struct wire_keeper_listed *out,
                                struct base_error *err) {
  return fails(context, err) ? BASE_IO : pair_list(node_of(context), from, most, out, err);
}
static void make_failing(struct failing *failing) {
  failing->node->core->env.keeper = (struct core_keeper){.context = failing,
                                                         .info = fail_info,
                                                         .attest = fail_attest,
                                                         .cosign = fail_cosign,
                                                         .remembers = fail_remembers,
                                                         .renew = fail_renew,
                                                         .succeed = fail_succeed,
                                                         .follow = fail_follow,
                                                         .forget = fail_forget,
                                                         .decapsulate = fail_decapsulate,
                                                         .wrap = fail_wrap,
                                                         .unwrap = fail_unwrap,
                                                         .retire = fail_retire,
                                                         .list = fail_list};
  failing->node->core->pool_count = 0; /* so that keys are asked for, too */
}

/* True when the failing call was reached. */
static bool fail_at(int at, bool sender) {
  struct pair_node a, b;
  char request[65], answer[65];
  struct base_buf json = {0};
  try_agreed(&a, &b);
  struct failing failing = {.node = sender ? &a : &b, .at = at};
  make_failing(&failing);
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\","
                         "\"urgency\":\"normal\","
                         "\"purpose\":\"trafficking\",\"question\":\"q\",\"language\":\"fr\"}}");
  base_buf_u8(&json, 0);
  fails_send_surely(&a, LINK_CASE_OPEN, (const char *)json.data, request);
  fails_carry(&a, &b);
  try_receipted(&a, request);
  base_buf_reset(&json);
  try_send_json(request, "answer", try_answer, NULL, &json);
  fails_send_surely(&b, LINK_CASE_SEND, (const char *)json.data, answer);
  base_buf_free(&json);
  fails_carry(&a, &b);
  bool reached = failing.calls > at;
  failing.at = -1; /* what the test reads is no part of it */
  try_receipted(&b, answer);
  try_state(&a, request, "answered");
  try_agree(&a, &b);
  assert_int_equal(try_count(&b, WIRE_ACT_RECEIVED), try_partner(&a)->row.sent_number);
  assert_int_equal(try_count(&a, WIRE_ACT_RECEIVED), try_partner(&b)->row.sent_number);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
  return reached;
}
static void test_keeper_fails(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    int at = 0;
    while (fail_at(at, side == 0))
      at++;
    assert_true(at > 5);
  }
}

/* --- killed */
enum { KILLS = 20, ACKNOWLEDGED_MAX = 4096 };
struct acknowledged {
  volatile uint32_t count;
  char ids[ACKNOWLEDGED_MAX][65]; /* even: a's requests, odd: b's answers to them */
};

/* Requests and their answers without end, each written down once it is acknowledged. */
static void work(struct pair_node *a, struct pair_node *b, struct acknowledged *acknowledged) {
  pair_open(a);
  pair_open(b);
  while (acknowledged->count + 2 < ACKNOWLEDGED_MAX) {
    uint32_t at = acknowledged->count;
    a->ms += 31000;
    b->ms += 31000;
    try_request_with(a, b, "[]", acknowledged->ids[at]);
    acknowledged->count = at + 1;
    while (pair_outbox(a, acknowledged->ids[at], NULL) != STORE_RECEIPTED) {
      pair_send(a, b);
      a->ms += 1000;
    }
    try_send(b, acknowledged->ids[at], "answer", try_answer, acknowledged->ids[at + 1]);
    acknowledged->count = at + 2;
    if (at % 4 == 0)
      pair_send(b, a);
  }
}

static void test_killed(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  struct acknowledged *acknowledged =
      mmap(NULL, sizeof *acknowledged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(acknowledged != MAP_FAILED);
  for (int i = 0; i < KILLS; i++) {
    uint32_t wait = 0;
    pair_random(NULL, &wait, sizeof wait);
    pair_close(&a);
    pair_close(&b);
    acknowledged->count = 0;
    pid_t child = fork();
    if (child == 0) {
      work(&a, &b, acknowledged);
      _exit(0);
    }
    usleep(20000 + wait % 150000);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    pair_open(&a);
    pair_open(&b);
    pair_rest(&a, &b);
    for (uint32_t k = 0; k < acknowledged->count; k++)
      try_receipted(k % 2 == 0 ? &a : &b, acknowledged->ids[k]);
    try_agree(&a, &b);
    assert_int_equal(try_count(&b, WIRE_ACT_RECEIVED), try_partner(&a)->row.sent_number);
    assert_int_equal(try_count(&a, WIRE_ACT_RECEIVED), try_partner(&b)->row.sent_number);
    assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  }
  munmap(acknowledged, sizeof *acknowledged);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_keeper_fails),
      cmocka_unit_test(test_killed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
