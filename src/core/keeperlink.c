/* SPDX-License-Identifier: Apache-2.0 */
#include "core/keeperlink.h"

#include <string.h>

_Static_assert(CORE_WRAPPED == (int)WIRE_KEEPER_WRAPPED && CORE_WRAP_MAX == (int)WIRE_KEEPER_WRAP_MAX,
               "core and keeper count alike");

/* Asks, and wipes the request: it may hold message keys. answer is freed by forget. */
static enum base_code ask(void *channel, enum link_request_code verb, struct base_buf *request, struct base_buf *answer,
                          struct base_error *err) {
  enum base_code code = base_buf_check(request, link_row(verb)->name, err);
  if (code == BASE_OK)
    code = link_call(channel, verb, base_buf_view(request), answer, err);
  base_wipe(request->data, request->size);
  return code;
}

static void forget(struct base_buf *answer) {
  base_wipe(answer->data, answer->size);
  base_buf_free(answer);
}
#define AUTO_FORGET __attribute__((cleanup(forget)))

static enum base_code remote_info(void *context, struct wire_keeper_info *out, struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  enum base_code code = ask(context, LINK_KEEPER_INFO, &request, &answer, err);
  return code == BASE_OK ? wire_keeper_info_parse(base_buf_view(&answer), out, err) : code;
}

static enum base_code remote_attest(void *context, uint64_t size, const struct base_hash *root,
                                    const struct base_hash *proof, size_t count, struct base_buf *out_note,
                                    struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_attest_write(size, root, proof, count, &request);
  enum base_code code = ask(context, LINK_KEEPER_ATTEST, &request, &answer, err);
  if (code != BASE_OK)
    return code;
  base_buf_add_buf(out_note, &answer);
  return base_buf_check(out_note, "checkpoint", err);
}

static enum base_code remote_cosign(void *context, const struct wire_key *log_key, struct base_view note,
                                    uint64_t old_size, const struct base_hash *proof, size_t count,
                                    struct base_buf *out_line, struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_cosign_write(log_key, note, old_size, proof, count, &request);
  enum base_code code = ask(context, LINK_KEEPER_COSIGN, &request, &answer, err);
  if (code != BASE_OK)
    return code;
  base_buf_add_buf(out_line, &answer);
  return base_buf_check(out_line, "cosignature", err);
}

static enum base_code remote_remembers(void *context, struct base_view origin, struct wire_keeper_memory *out,
                                       struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  base_buf_add_view(&request, origin);
  enum base_code code = ask(context, LINK_KEEPER_REMEMBERS, &request, &answer, err);
  return code == BASE_OK ? wire_keeper_memory_parse(base_buf_view(&answer), out, err) : code;
}

static enum base_code remote_renew(void *context, unsigned types, struct wire_keeper_info *out,
                                   struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_renew_write(types, &request);
  enum base_code code = ask(context, LINK_KEEPER_RENEW, &request, &answer, err);
  return code == BASE_OK ? wire_keeper_info_parse(base_buf_view(&answer), out, err) : code;
}

static enum base_code remote_succeed(void *context, const struct wire_keeper_succeed *form,
                                     struct base_buf *out_succession, struct base_buf *out_note,
                                     struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  struct wire_keeper_succeeded succeeded;
  wire_keeper_succeed_write(form, &request);
  enum base_code code = ask(context, LINK_KEEPER_SUCCEED, &request, &answer, err);
  if (code == BASE_OK)
    code = wire_keeper_succeeded_parse(base_buf_view(&answer), &succeeded, err);
  if (code != BASE_OK)
    return code;
  base_buf_add_view(out_succession, succeeded.succession);
  base_buf_add_view(out_note, succeeded.note);
  code = base_buf_check(out_succession, "succession", err);
  return code == BASE_OK ? base_buf_check(out_note, "checkpoint", err) : code;
}

static enum base_code remote_card(void *context, uint32_t generation, struct base_buf *out, struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_generation_write(generation, &request);
  enum base_code code = ask(context, LINK_KEEPER_CARD, &request, &answer, err);
  if (code != BASE_OK)
    return code;
  base_buf_add_buf(out, &answer);
  return base_buf_check(out, "card", err);
}

static enum base_code remote_follow(void *context, const struct wire_keeper_follow *form, struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_follow_write(form, &request);
  return ask(context, LINK_KEEPER_FOLLOW, &request, &answer, err);
}

static enum base_code remote_forget(void *context, enum wire_keeper_type type, uint32_t number,
                                    struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_forget_write(type, number, &request);
  return ask(context, LINK_KEEPER_FORGET, &request, &answer, err);
}

static enum base_code remote_decapsulate(void *context, const uint8_t key_id[8], const struct wire_enc *enc,
                                         uint8_t out_shared[32], struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_decapsulate_write(key_id, enc, &request);
  enum base_code code = ask(context, LINK_KEEPER_DECAPSULATE, &request, &answer, err);
  return code == BASE_OK ? wire_keeper_shared_parse(base_buf_view(&answer), out_shared, err) : code;
}

/* An answer with another number of keys than were asked for would shift keys from message to message. */
static enum base_code check_count(size_t count, size_t expected, struct base_error *err) {
  return count == expected
             ? BASE_OK
             : base_fail(err, BASE_PROTOCOL, "the keeper answered with %zu keys, not %zu", count, expected);
}

static enum base_code remote_wrap(void *context, const struct base_secret *keys, size_t count,
                                  uint8_t (*out)[CORE_WRAPPED], uint32_t *out_epoch, struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  const uint8_t(*wrapped)[WIRE_KEEPER_WRAPPED];
  size_t got;
  uint32_t epoch;
  wire_keeper_keys_write(keys, count, &request);
  enum base_code code = ask(context, LINK_KEEPER_WRAP, &request, &answer, err);
  if (code == BASE_OK)
    code = wire_keeper_wrapped_parse(base_buf_view(&answer), &epoch, &wrapped, &got, err);
  if (code == BASE_OK)
    code = check_count(got, count, err);
  if (code != BASE_OK)
    return code;
  if (count > 0)
    memcpy(out, wrapped, count * sizeof *wrapped);
  *out_epoch = epoch;
  return BASE_OK;
}

static enum base_code remote_unwrap(void *context, uint32_t epoch, const uint8_t (*wrapped)[CORE_WRAPPED], size_t count,
                                    struct base_secret *out, struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  const struct base_secret *keys;
  size_t got;
  wire_keeper_wrapped_write(epoch, wrapped, count, &request);
  enum base_code code = ask(context, LINK_KEEPER_UNWRAP, &request, &answer, err);
  if (code == BASE_OK)
    code = wire_keeper_keys_parse(base_buf_view(&answer), &keys, &got, err);
  if (code == BASE_OK)
    code = check_count(got, count, err);
  if (code != BASE_OK)
    return code;
  if (count > 0)
    memcpy(out, keys, count * sizeof *keys);
  return BASE_OK;
}

static enum base_code remote_retire(void *context, const struct wire_keeper_erased *list, size_t count,
                                    struct wire_keeper_retired *out, struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_retire_write(list, count, &request);
  enum base_code code = ask(context, LINK_KEEPER_RETIRE, &request, &answer, err);
  return code == BASE_OK ? wire_keeper_retired_parse(base_buf_view(&answer), out, err) : code;
}

static enum base_code remote_list(void *context, uint64_t from, size_t most, struct wire_keeper_listed *out,
                                  struct base_error *err) {
  AUTO_FORGET struct base_buf request = {0}, answer = {0};
  wire_keeper_list_write(from, most, &request);
  enum base_code code = ask(context, LINK_KEEPER_RETIRED, &request, &answer, err);
  if (code == BASE_OK)
    code = wire_keeper_listed_parse(base_buf_view(&answer), out, err);
  return code == BASE_OK && out->count > most
             ? base_fail(err, BASE_PROTOCOL, "the keeper answered with %zu erasures, more than the %zu asked for",
                         out->count, most)
             : code;
}

struct core_keeper core_keeper_over(struct link_channel *channel) {
  return (struct core_keeper){.context = channel,
                              .info = remote_info,
                              .attest = remote_attest,
                              .cosign = remote_cosign,
                              .remembers = remote_remembers,
                              .renew = remote_renew,
                              .succeed = remote_succeed,
                              .card = remote_card,
                              .follow = remote_follow,
                              .forget = remote_forget,
                              .decapsulate = remote_decapsulate,
                              .wrap = remote_wrap,
                              .unwrap = remote_unwrap,
                              .retire = remote_retire,
                              .list = remote_list};
}
