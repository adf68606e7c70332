/* SPDX-License-Identifier: Apache-2.0
 * Core's side of the keeper: what it asks, and answers that a sane keeper would not give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/keeperlink.h"
#include "wire/keeperform.h"

/* A keeper that answers every request with the same bytes and keeps what it was asked. */
struct fake {
  int ends[2];
  struct link_channel *core;
  struct core_keeper keeper;
  pthread_t thread;
  enum base_code status;
  struct base_buf answer, asked;
  enum link_request_code verb;
};

static void answer(void *context, struct link_channel *channel, struct link_message *message) {
  struct fake *fake = context;
  fake->verb = message->code;
  base_buf_reset(&fake->asked);
  base_buf_add_view(&fake->asked, message->payload);
  link_answer(channel, message->id, fake->status, base_buf_view(&fake->answer), -1);
}

static void *serve(void *context) {
  struct fake *fake = context;
  struct link_loop *loop = link_loop_new(base_world_system());
  struct link_channel *channel = link_channel_new(fake->ends[1], LINK_ROLE_KEEPER, LINK_ROLE_CORE);
  link_loop_add(loop, channel, (struct link_handlers){.context = fake, .on_request = answer});
  while (link_loop_turn(loop, -1))
    ;
  link_channel_free(channel);
  link_loop_free(loop);
  return NULL;
}

static void fake_start(struct fake *fake) {
  *fake = (struct fake){0};
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fake->ends), 0);
  fake->core = link_channel_new(fake->ends[0], LINK_ROLE_CORE, LINK_ROLE_KEEPER);
  fake->keeper = core_keeper_over(fake->core);
  assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
}

static void fake_end(struct fake *fake) {
  link_channel_free(fake->core);
  pthread_join(fake->thread, NULL);
  base_buf_free(&fake->answer);
  base_buf_free(&fake->asked);
}

static void asks_by_the_forms(void **state) {
  (void)state;
  struct fake fake;
  fake_start(&fake);
  void *context = fake.keeper.context;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf out = {0};
  struct base_hash root = {{1}}, proof[2] = {{{2}}, {{3}}};
  struct wire_key key = {.bytes = {4}};
  base_buf_text(&fake.answer, "note");
  assert_int_equal(fake.keeper.attest(context, 9, &root, proof, 2, &out, &err), BASE_OK);
  assert_true(base_view_is(base_buf_view(&out), "note"));
  assert_int_equal(fake.verb, LINK_KEEPER_ATTEST);
  struct wire_keeper_attest attest;
  assert_int_equal(wire_keeper_attest_parse(base_buf_view(&fake.asked), &attest, &err), BASE_OK);
  assert_int_equal(attest.size, 9);
  assert_int_equal(attest.count, 2);
  assert_memory_equal(attest.proof, proof, sizeof proof);
  assert_int_equal(fake.keeper.cosign(context, &key, BASE_VIEW("text"), 7, proof, 1, &out, &err), BASE_OK);
  struct wire_keeper_cosign cosign;
  assert_int_equal(wire_keeper_cosign_parse(base_buf_view(&fake.asked), &cosign, &err), BASE_OK);
  assert_int_equal(cosign.old_size, 7);
  assert_true(base_view_is(cosign.note, "text"));
  assert_true(base_view_is(base_buf_view(&out), "notenote"));

  struct wire_keeper_info info = {.origin = "wasl/rabat/0123456789abcdef",
                                  .generation = 2,
                                  .size = 12,
                                  .root = {{5}},
                                  .count = 1,
                                  .keys = {{.type = WIRE_KEEPER_EPOCH, .number = 3, .state = WIRE_KEEPER_IN_FORCE}}};
  base_buf_reset(&fake.answer);
  wire_keeper_info_write(&info, &fake.answer);
  struct wire_keeper_info got;
  assert_int_equal(fake.keeper.info(context, &got, &err), BASE_OK);
  assert_string_equal(got.origin, info.origin);
  assert_int_equal(got.generation, 2);
  assert_int_equal(wire_keeper_key_in_force(&got, WIRE_KEEPER_EPOCH)->number, 3);
  assert_null(wire_keeper_key_in_force(&got, WIRE_KEEPER_LOG));
  assert_int_equal(got.size, 12);
  base_buf_reset(&fake.answer);
  struct wire_keeper_memory memory = {.size = 44, .root = root, .log = key}, read;
  wire_keeper_memory_write(&memory, &fake.answer);
  assert_int_equal(fake.keeper.remembers(context, BASE_VIEW("wasl/x"), &read, &err), BASE_OK);
  assert_int_equal(read.size, 44);
  assert_true(base_hash_equal(&read.root, &root));
  assert_memory_equal(&read.log, &key, sizeof key);
  assert_true(base_view_is(base_buf_view(&fake.asked), "wasl/x"));
  fake_end(&fake);
}

static void passes_errors_on(void **state) {
  (void)state;
  struct fake fake;
  fake_start(&fake);
  struct base_error err;
  BASE_AUTO_BUF struct base_buf out = {0};
  struct base_hash root = {{1}};
  fake.status = BASE_FORK;
  base_buf_text(&fake.answer, "two heads");
  assert_int_equal(fake.keeper.attest(fake.keeper.context, 9, &root, NULL, 0, &out, &err), BASE_FORK);
  assert_string_equal(err.text, "two heads");
  assert_int_equal(out.size, 0);
  fake_end(&fake);
}

static void refuses_odd_answers(void **state) {
  (void)state;
  struct fake fake;
  fake_start(&fake);
  void *context = fake.keeper.context;
  struct base_error err;
  static const struct base_secret keys[CORE_WRAP_MAX + 1];
  static uint8_t wrapped[CORE_WRAP_MAX + 1][CORE_WRAPPED];
  struct base_secret back[2];
  struct wire_keeper_info info;
  uint8_t shared[32], id[8] = {0};
  struct wire_enc enc = {.bytes = {0}};
  uint32_t epoch;
  /* another number of keys than were asked for */
  wire_keeper_wrapped_write(1, (const uint8_t(*)[CORE_WRAPPED])wrapped, 3, &fake.answer);
  assert_int_equal(fake.keeper.wrap(context, keys, 2, wrapped, &epoch, &err), BASE_PROTOCOL);
  assert_int_equal(fake.keeper.wrap(context, keys, 3, wrapped, &epoch, &err), BASE_OK);
  base_buf_reset(&fake.answer);
  wire_keeper_keys_write(keys, 1, &fake.answer);
  assert_int_equal(fake.keeper.unwrap(context, 1, (const uint8_t(*)[CORE_WRAPPED])wrapped, 2, back, &err),
                   BASE_PROTOCOL);
  /* what is no form */
  assert_int_equal(fake.keeper.decapsulate(context, id, &enc, shared, &err), BASE_SYNTAX);
  assert_int_equal(fake.keeper.info(context, &info, &err), BASE_SYNTAX);
  /* too many keys never leave */
  fake.verb = LINK_NO_REQUEST;
  assert_int_equal(fake.keeper.wrap(context, keys, CORE_WRAP_MAX + 1, wrapped, &epoch, &err), BASE_TOO_LARGE);
  assert_int_equal(fake.verb, LINK_NO_REQUEST);
  fake_end(&fake);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(asks_by_the_forms),
      cmocka_unit_test(passes_errors_on),
      cmocka_unit_test(refuses_odd_answers),
  };
  return cmocka_run_group_tests_name("core_keeperlink", tests, NULL, NULL);
}
