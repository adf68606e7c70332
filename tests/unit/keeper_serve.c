/* SPDX-License-Identifier: Apache-2.0
 * The keeper behind its channel: each verb as core's bytes reach it, and requests that are no forms. */
#include "keeper_try.h"

#include <pthread.h>
#include <sys/socket.h>

#include "keeper/serve.h"

/* The keeper's loop in a thread; the test is core and calls. */
struct served {
  struct try_world world;
  char path[TRY_PATH];
  int dir, ends[2];
  struct keeper *keeper;
  struct link_channel *core;
  pthread_t thread;
};

static void *serve(void *context) {
  struct served *served = context;
  struct link_loop *loop = link_loop_new(base_world_system());
  struct link_channel *channel = link_channel_new(served->ends[1], LINK_ROLE_KEEPER, LINK_ROLE_CORE);
  link_loop_add(loop, channel, (struct link_handlers){.context = served->keeper, .on_request = keeper_serve});
  while (link_loop_turn(loop, -1))
    ;
  link_channel_free(channel);
  link_loop_free(loop);
  return NULL;
}

static void served_start(struct served *served) {
  try_world_init(&served->world, 1);
  served->dir = try_folder(served->path);
  served->keeper = try_new(served->dir, &served->world, "rabat");
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, served->ends), 0);
  served->core = link_channel_new(served->ends[0], LINK_ROLE_CORE, LINK_ROLE_KEEPER);
  assert_int_equal(pthread_create(&served->thread, NULL, serve, served), 0);
}

static void served_end(struct served *served) {
  link_channel_free(served->core);
  pthread_join(served->thread, NULL);
  keeper_close(served->keeper);
  try_folder_remove(served->path, served->dir);
}

static enum base_code call(struct served *served, enum link_request_code verb, const struct base_buf *request,
                           struct base_buf *answer, struct base_error *err) {
  return link_call(served->core, verb, base_buf_view(request), answer, err);
}

static void answers_each_verb(void **state) {
  (void)state;
  struct served served;
  struct base_error err;
  served_start(&served);
  BASE_AUTO_BUF struct base_buf request = {0}, answer = {0}, note = {0};
  struct wire_keeper_info form;
  struct try_info info;
  try_expect(call(&served, LINK_KEEPER_INFO, &request, &answer, &err), &err, BASE_OK, "");
  try_expect(wire_keeper_info_parse(base_buf_view(&answer), &form, &err), &err, BASE_OK, "");
  try_describe_form(&form, &info);
  assert_int_equal(info.size, 0);

  struct try_register log = {0}, fork = {.salt = 1};
  struct base_hash root = try_root(&log, 5), other = try_root(&fork, 5);
  wire_keeper_attest_write(5, &root, NULL, 0, &request);
  try_expect(call(&served, LINK_KEEPER_ATTEST, &request, &note, &err), &err, BASE_OK, "");
  struct base_view name = base_view_text(info.origin);
  struct wire_vkey key = {
      .name = name, .id = seal_vkey_id(name, WIRE_VKEY_LOG, &info.log), .type = WIRE_VKEY_LOG, .key = info.log};
  try_expect(seal_checkpoint_verify(base_buf_view(&note), (struct seal_signer){.log = &key}, NULL, NULL, &err), &err,
             BASE_OK, "");
  base_buf_reset(&request);
  wire_keeper_attest_write(5, &other, NULL, 0, &request);
  try_expect(call(&served, LINK_KEEPER_ATTEST, &request, &answer, &err), &err, BASE_FORK, "different roots");

  base_buf_reset(&request);
  wire_keeper_cosign_write(&info.log, base_buf_view(&note), 0, NULL, 0, &request);
  try_expect(call(&served, LINK_KEEPER_COSIGN, &request, &answer, &err), &err, BASE_OK, "");
  struct wire_signature line;
  try_expect(wire_signature_parse(base_buf_view(&answer), &line, &err), &err, BASE_OK, "");
  assert_int_equal(line.size, 72);
  base_buf_reset(&request);
  base_buf_text(&request, info.origin);
  struct wire_keeper_memory memory;
  try_expect(call(&served, LINK_KEEPER_REMEMBERS, &request, &answer, &err), &err, BASE_OK, "");
  try_expect(wire_keeper_memory_parse(base_buf_view(&answer), &memory, &err), &err, BASE_OK, "");
  assert_int_equal(memory.size, 5);
  assert_true(base_hash_equal(&root, &memory.root));
  assert_memory_equal(memory.log.bytes, info.log.bytes, sizeof info.log.bytes);

  uint8_t entropy[32] = {3}, shared[32], expected[32];
  struct wire_enc enc;
  try_expect(seal_hpke_encap(&info.seal.key, entropy, &enc, expected, &err), &err, BASE_OK, "");
  base_buf_reset(&request);
  wire_keeper_decapsulate_write(info.seal.id, &enc, &request);
  try_expect(call(&served, LINK_KEEPER_DECAPSULATE, &request, &answer, &err), &err, BASE_OK, "");
  try_expect(wire_keeper_shared_parse(base_buf_view(&answer), shared, &err), &err, BASE_OK, "");
  assert_memory_equal(shared, expected, 32);
  served_end(&served);
}

static void wraps_full_batches(void **state) {
  (void)state;
  struct served served;
  struct base_error err;
  served_start(&served);
  BASE_AUTO_BUF struct base_buf request = {0}, wrapped_answer = {0}, answer = {0};
  static struct base_secret keys[KEEPER_WRAP_MAX];
  try_random(&served.world, keys, sizeof keys);
  wire_keeper_keys_write(keys, KEEPER_WRAP_MAX, &request);
  try_expect(call(&served, LINK_KEEPER_WRAP, &request, &wrapped_answer, &err), &err, BASE_OK, "");
  /* the answer of wrap is, byte for byte, the request of unwrap */
  try_expect(call(&served, LINK_KEEPER_UNWRAP, &wrapped_answer, &answer, &err), &err, BASE_OK, "");
  assert_true(base_view_equal(base_buf_view(&request), base_buf_view(&answer)));
  wrapped_answer.data[wrapped_answer.size - 1] ^= 1;
  try_expect(call(&served, LINK_KEEPER_UNWRAP, &wrapped_answer, &answer, &err), &err, BASE_UNSEAL, "wrapped key 511");
  served_end(&served);
}

/* Every verb with requests cut short, too long, or of noise: an error each time, and the keeper serves on. */
static void refuses_what_is_no_form(void **state) {
  (void)state;
  struct served served;
  struct base_error err;
  served_start(&served);
  static const enum link_request_code verbs[] = {LINK_KEEPER_INFO,       LINK_KEEPER_REMEMBERS, LINK_KEEPER_ATTEST,
                                                 LINK_KEEPER_COSIGN,     LINK_KEEPER_WRAP,      LINK_KEEPER_UNWRAP,
                                                 LINK_KEEPER_DECAPSULATE};
  BASE_AUTO_BUF struct base_buf request = {0}, answer = {0};
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    for (size_t size = 1; size < 64; size++) {
      uint8_t noise[64];
      try_random(&served.world, noise, sizeof noise);
      noise[0] |= 0x80;
      base_buf_reset(&request);
      base_buf_add(&request, noise, size);
      if (call(&served, verbs[i], &request, &answer, &err) == BASE_OK)
        fail_msg("%s took noise of %zu bytes", link_row(verbs[i])->name, size);
    }
  base_buf_reset(&request);
  try_expect(call(&served, LINK_KEEPER_INFO, &request, &answer, &err), &err, BASE_OK, "");
  served_end(&served);
}

int main(void) {
  base_log_level(BASE_LOG_ERROR);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_each_verb),
      cmocka_unit_test(wraps_full_batches),
      cmocka_unit_test(refuses_what_is_no_form),
  };
  return cmocka_run_group_tests_name("keeper_serve", tests, NULL, NULL);
}
