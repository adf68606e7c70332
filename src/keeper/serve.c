/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/serve.h"

enum { ANSWER_MAX = WIRE_KEEPER_CARD_MAX }; /* the longest answer, in bytes */
_Static_assert((size_t)ANSWER_MAX >= 2 * (WIRE_NOTE_MAX + 4), "two notes fit");
_Static_assert((size_t)ANSWER_MAX >= 4 + 2 + KEEPER_WRAP_MAX * KEEPER_WRAPPED, "as many keys as are allowed fit");

static enum base_code serve_info(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                 struct base_error *err) {
  if (request.size != 0)
    return base_fail(err, BASE_SYNTAX, "keeper.info: %zu bytes too many", request.size);
  struct wire_keeper_info info;
  keeper_describe(keeper, &info);
  wire_keeper_info_write(&info, answer);
  return BASE_OK;
}

static enum base_code serve_remembers(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                      struct base_error *err) {
  struct wire_keeper_memory memory;
  enum base_code code = keeper_remembers(keeper, request, &memory, err);
  if (code == BASE_OK)
    wire_keeper_memory_write(&memory, answer);
  return code;
}

static enum base_code serve_attest(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                   struct base_error *err) {
  struct wire_keeper_attest form;
  enum base_code code = wire_keeper_attest_parse(request, &form, err);
  return code == BASE_OK ? keeper_attest(keeper, form.size, &form.root, form.proof, form.count, answer, err) : code;
}

static enum base_code serve_cosign(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                   struct base_error *err) {
  struct wire_keeper_cosign form;
  enum base_code code = wire_keeper_cosign_parse(request, &form, err);
  return code == BASE_OK
             ? keeper_cosign(keeper, &form.log_key, form.note, form.old_size, form.proof, form.count, answer, err)
             : code;
}

static enum base_code serve_renew(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                  struct base_error *err) {
  unsigned types;
  enum base_code code = wire_keeper_renew_parse(request, &types, err);
  if (code == BASE_OK)
    code = keeper_renew(keeper, types, err);
  return code == BASE_OK ? serve_info(keeper, (struct base_view){0}, answer, err) : code;
}

static enum base_code serve_succeed(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                    struct base_error *err) {
  struct wire_keeper_succeed form;
  BASE_AUTO_BUF struct base_buf succession = {0}, note = {0};
  enum base_code code = wire_keeper_succeed_parse(request, &form, err);
  if (code == BASE_OK)
    code = keeper_succeed(keeper, form.head.size, &form.head.root, form.head.proof, form.head.count, form.card,
                          &succession, &note, err);
  if (code == BASE_OK)
    wire_keeper_succeeded_write(&(struct wire_keeper_succeeded){base_buf_view(&succession), base_buf_view(&note)},
                                answer);
  return code;
}

static enum base_code serve_card(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                 struct base_error *err) {
  uint32_t generation;
  enum base_code code = wire_keeper_generation_parse(request, &generation, err);
  return code == BASE_OK ? keeper_card(keeper, generation, answer, err) : code;
}

static enum base_code serve_follow(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                   struct base_error *err) {
  struct wire_keeper_follow form;
  (void)answer;
  enum base_code code = wire_keeper_follow_parse(request, &form, err);
  return code == BASE_OK ? keeper_follow(keeper, &form.old_key, &form.new_key, form.succession, err) : code;
}

static enum base_code serve_forget(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                   struct base_error *err) {
  enum wire_keeper_type type;
  uint32_t number;
  (void)answer;
  enum base_code code = wire_keeper_forget_parse(request, &type, &number, err);
  return code == BASE_OK ? keeper_forget(keeper, (enum keeper_key_type)type, number, err) : code;
}

static enum base_code serve_decapsulate(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                        struct base_error *err) {
  struct wire_keeper_decapsulate form;
  uint8_t shared[32];
  enum base_code code = wire_keeper_decapsulate_parse(request, &form, err);
  if (code == BASE_OK)
    code = keeper_decapsulate(keeper, form.key_id, &form.enc, shared, err);
  if (code == BASE_OK)
    base_buf_add(answer, shared, sizeof shared);
  base_wipe(shared, sizeof shared);
  return code;
}

static enum base_code serve_wrap(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                 struct base_error *err) {
  const struct base_secret *keys;
  size_t count;
  uint32_t epoch;
  uint8_t wrapped[KEEPER_WRAP_MAX][KEEPER_WRAPPED];
  enum base_code code = wire_keeper_keys_parse(request, &keys, &count, err);
  if (code == BASE_OK)
    code = keeper_wrap(keeper, keys, count, wrapped, &epoch, err);
  if (code == BASE_OK)
    wire_keeper_wrapped_write(epoch, (const uint8_t(*)[KEEPER_WRAPPED])wrapped, count, answer);
  return code;
}

static enum base_code serve_unwrap(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                   struct base_error *err) {
  const uint8_t(*wrapped)[KEEPER_WRAPPED];
  size_t count;
  uint32_t epoch;
  struct base_secret keys[KEEPER_WRAP_MAX];
  enum base_code code = wire_keeper_wrapped_parse(request, &epoch, &wrapped, &count, err);
  if (code != BASE_OK)
    return code;
  code = keeper_unwrap(keeper, epoch, wrapped, count, keys, err);
  if (code == BASE_OK)
    wire_keeper_keys_write(keys, count, answer);
  base_wipe(keys, count * sizeof *keys);
  return code;
}

static enum base_code serve_retire(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                   struct base_error *err) {
  struct wire_keeper_erased list[KEEPER_WRAP_MAX];
  struct wire_keeper_retired retired;
  size_t count;
  enum base_code code = wire_keeper_retire_parse(request, list, &count, err);
  if (code == BASE_OK)
    code = keeper_retire(keeper, list, count, &retired, err);
  if (code == BASE_OK)
    wire_keeper_retired_write(&retired, answer);
  return code;
}

static enum base_code serve_retired(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                                    struct base_error *err) {
  struct wire_keeper_listed listed;
  uint64_t from;
  size_t most;
  enum base_code code = wire_keeper_list_parse(request, &from, &most, err);
  if (code == BASE_OK)
    code = keeper_list(keeper, from, most, &listed, err);
  if (code == BASE_OK)
    wire_keeper_listed_write(&listed, answer);
  return code;
}

static const struct {
  enum link_request_code code;
  enum base_code (*serve)(struct keeper *keeper, struct base_view request, struct base_buf *answer,
                          struct base_error *err);
} verbs[] = {
    {LINK_KEEPER_INFO, serve_info},     {LINK_KEEPER_REMEMBERS, serve_remembers},
    {LINK_KEEPER_ATTEST, serve_attest}, {LINK_KEEPER_COSIGN, serve_cosign},
    {LINK_KEEPER_RENEW, serve_renew},   {LINK_KEEPER_SUCCEED, serve_succeed},
    {LINK_KEEPER_CARD, serve_card},     {LINK_KEEPER_FOLLOW, serve_follow},
    {LINK_KEEPER_FORGET, serve_forget}, {LINK_KEEPER_DECAPSULATE, serve_decapsulate},
    {LINK_KEEPER_WRAP, serve_wrap},     {LINK_KEEPER_UNWRAP, serve_unwrap},
    {LINK_KEEPER_RETIRE, serve_retire}, {LINK_KEEPER_RETIRED, serve_retired},
};

void keeper_serve(void *keeper, struct link_channel *channel, struct link_message *message) {
  struct base_error err = {.code = BASE_INTERNAL, .text = "the keeper has no such verb"};
  enum base_code code = BASE_INTERNAL;
  BASE_AUTO_BUF struct base_buf answer;
  base_buf_init(&answer, ANSWER_MAX);
  /* One piece from the start, so that no copy of a secret stays behind in freed memory. */
  bool room = base_buf_reserve(&answer, ANSWER_MAX) != NULL;
  base_buf_reset(&answer);
  for (size_t i = 0; room && i < sizeof verbs / sizeof *verbs; i++)
    if (verbs[i].code == message->code)
      code = verbs[i].serve(keeper, message->payload, &answer, &err);
  if (!room)
    code = base_fail(&err, BASE_MEMORY, "the keeper is out of memory");
  else if (keeper_without_token(keeper)) /* what the token said is in the log; a partner may see this one */
    code = base_fail(&err, BASE_IO, "the node's keys cannot be used at the moment");
  else if (code == BASE_OK)
    code = base_buf_check(&answer, "the keeper's answer", &err);
  link_answer(channel, message->id, code, code == BASE_OK ? base_buf_view(&answer) : base_view_text(err.text), -1);
  base_wipe(answer.data, answer.size);
}
