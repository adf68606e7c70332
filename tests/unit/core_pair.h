/* SPDX-License-Identifier: Apache-2.0
 * Two real cores with real keepers in one process, and the line between them in the test's hand: time, loss and repetition are
 * the test's to choose. */
#ifndef WASL_TESTS_CORE_PAIR_H
#define WASL_TESTS_CORE_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"
#include "core/internal.h"
#include "core/submit.h"
#include "keeper/keeper.h"
#include "store_place.h"

enum { PAIR_TAKE = 1, PAIR_FIRST = 100, PAIR_ANSWERS = 64 };

struct pair_answer {
  uint64_t token;
  enum base_code status;
  struct base_buf payload;
  int fd;
};
struct pair_node {
  char dir[128];
  const char *name;
  base_time now;
  int64_t ms;
  uint64_t room; /* bytes free on its disk, of a tebibyte */
  struct base_world world;
  struct keeper *keeper;
  struct core *core;
  struct core_shipped *apart; /* kinds of its own */
  int root, keeper_root; /* the folders that hold core/ and keeper/, on a real disk one and the same */
  int core_dir, keeper_dir;
  struct base_buf card;
  struct base_hash pin;
  uint64_t next_token;
  bool take_parked;
  size_t count;
  struct pair_answer answers[PAIR_ANSWERS];
  enum base_code fatal;
};

static inline base_time pair_now(void *context) { return ((struct pair_node *)context)->now; }
static inline int64_t pair_ms(void *context) { return ((struct pair_node *)context)->ms; }
static inline bool pair_room(void *context, uint64_t *free_bytes, uint64_t *size) {
  *free_bytes = ((struct pair_node *)context)->room;
  *size = (uint64_t)1 << 40;
  return true;
}
static inline void pair_random(void *context, void *out, size_t size) {
  (void)context;
  assert_int_equal(getrandom(out, size, 0), (ssize_t)size);
}

/* --- the keeper, called directly */
static inline enum base_code pair_info(void *context, struct wire_keeper_info *out, struct base_error *err) {
  (void)err;
  keeper_describe(((struct pair_node *)context)->keeper, out);
  return BASE_OK;
}
static inline enum base_code pair_renew(void *context, unsigned types, struct wire_keeper_info *out,
                                        struct base_error *err) {
  enum base_code code = keeper_renew(((struct pair_node *)context)->keeper, types, err);
  return code == BASE_OK ? pair_info(context, out, err) : code;
}
static inline enum base_code pair_succeed(void *context, const struct wire_keeper_succeed *form,
                                          struct base_buf *succession, struct base_buf *note, struct base_error *err) {
  return keeper_succeed(((struct pair_node *)context)->keeper, form->head.size, &form->head.root, form->head.proof,
                        form->head.count, form->card, succession, note, err);
}
static inline enum base_code pair_card(void *context, uint32_t generation, struct base_buf *out,
                                       struct base_error *err) {
  return keeper_card(((struct pair_node *)context)->keeper, generation, out, err);
}
static inline enum base_code pair_follow(void *context, const struct wire_keeper_follow *form, struct base_error *err) {
  return keeper_follow(((struct pair_node *)context)->keeper, &form->old_key, &form->new_key, form->succession, err);
}
static inline enum base_code pair_forget(void *context, enum wire_keeper_type type, uint32_t number,
                                         struct base_error *err) {
  return keeper_forget(((struct pair_node *)context)->keeper, (enum keeper_key_type)type, number, err);
}
static inline enum base_code pair_attest(void *context, uint64_t size, const struct base_hash *root,
                                         const struct base_hash *proof, size_t count, struct base_buf *out,
                                         struct base_error *err) {
  return keeper_attest(((struct pair_node *)context)->keeper, size, root, proof, count, out, err);
}
static inline enum base_code pair_cosign(void *context, const struct wire_key *key, struct base_view note, uint64_t old,
                                         const struct base_hash *proof, size_t count, struct base_buf *out,
                                         struct base_error *err) {
  return keeper_cosign(((struct pair_node *)context)->keeper, key, note, old, proof, count, out, err);
}
static inline enum base_code pair_remembers(void *context, struct base_view origin, struct wire_keeper_memory *out,
                                            struct base_error *err) {
  return keeper_remembers(((struct pair_node *)context)->keeper, origin, out, err);
}
static inline enum base_code pair_decapsulate(void *context, const uint8_t id[8], const struct wire_enc *enc,
                                              uint8_t out[32], struct base_error *err) {
  return keeper_decapsulate(((struct pair_node *)context)->keeper, id, enc, out, err);
}
static inline enum base_code pair_wrap(void *context, const struct base_secret *keys, size_t count,
                                       uint8_t (*out)[CORE_WRAPPED], uint32_t *epoch, struct base_error *err) {
  return keeper_wrap(((struct pair_node *)context)->keeper, keys, count, out, epoch, err);
}
static inline enum base_code pair_unwrap(void *context, uint32_t epoch, const uint8_t (*wrapped)[CORE_WRAPPED],
                                         size_t count, struct base_secret *out, struct base_error *err) {
  return keeper_unwrap(((struct pair_node *)context)->keeper, epoch, wrapped, count, out, err);
}
static inline enum base_code pair_retire(void *context, const struct wire_keeper_erased *list, size_t count,
                                         struct wire_keeper_retired *out, struct base_error *err) {
  return keeper_retire(((struct pair_node *)context)->keeper, list, count, out, err);
}
static inline enum base_code pair_list(void *context, uint64_t from, size_t most, struct wire_keeper_listed *out,
                                       struct base_error *err) {
  return keeper_list(((struct pair_node *)context)->keeper, from, most, out, err);
}

/* --- answers */
/* Defined by who makes a node's allocations and calls fail: what follows is not the node's. */
#ifndef PAIR_OUTSIDE
#define PAIR_OUTSIDE(outside) ((void)0)
#endif
static inline void pair_take_answer(void *context, uint64_t token, enum base_code status, struct base_view payload, int fd) {
  PAIR_OUTSIDE(true);
  struct pair_node *node = context;
  assert_true(node->count < PAIR_ANSWERS);
  struct pair_answer *answer = &node->answers[node->count++];
  memset(answer, 0, sizeof *answer);
  answer->token = token;
  answer->status = status;
  base_buf_init(&answer->payload, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add_view(&answer->payload, payload);
  answer->fd = fd >= 0 ? dup(fd) : -1;
  PAIR_OUTSIDE(false);
}
static inline bool pair_find(struct pair_node *node, uint64_t token, struct pair_answer *out) {
  for (size_t i = 0; i < node->count; i++)
    if (node->answers[i].token == token) {
      *out = node->answers[i];
      node->answers[i] = node->answers[--node->count];
      return true;
    }
  return false;
}
static inline void pair_answer_free(struct pair_answer *answer) {
  base_buf_free(&answer->payload);
  base_close_fd(&answer->fd);
}

/* --- a node */
/* The program's kinds are read once for all nodes of a process. A test that changes one sets pair_kinds_apart: a node that
 * starts then has its own. */
static struct core_shipped *pair_kinds;
static bool pair_kinds_apart;
static uint64_t pair_kinds_print; /* of them, as they were read */
static inline uint64_t pair_print(uint64_t print, const void *data, size_t size) {
  for (size_t at = 0; at + sizeof print <= size; at += sizeof print) {
    uint64_t word;
    memcpy(&word, (const uint8_t *)data + at, sizeof word);
    print = (print ^ word) * 1099511628211u;
  }
  return print;
}
static inline uint64_t pair_print_kinds(void) {
  uint64_t print = 14695981039346656037u;
  for (size_t i = 0; pair_kinds != NULL && i < pair_kinds->count; i++) {
    const struct wire_kind *kind = &pair_kinds->kinds[i]->kind;
    print = pair_print(print, kind, sizeof *kind);
    print = pair_print(print, kind->types, kind->type_count * sizeof *kind->types);
    for (size_t k = 0; k < kind->type_count; k++)
      print = pair_print(print, kind->types[k].fields, kind->types[k].field_count * sizeof *kind->types[k].fields);
    print = pair_print(print, kind->clocks, kind->clock_count * sizeof *kind->clocks);
  }
  return print;
}
static inline const struct core_shipped *pair_shipped(struct pair_node *node) {
  struct base_error err = {0};
  struct core_shipped **kinds = pair_kinds_apart ? &node->apart : &pair_kinds;
  if (*kinds == NULL && core_shipped_load(kinds, &err) != BASE_OK)
    fail_msg("%s", err.text);
  if (pair_kinds_print == 0 && pair_kinds != NULL)
    pair_kinds_print = pair_print_kinds();
  return *kinds;
}
/* After a failure pair_close takes back what was opened. */
static inline enum base_code pair_start(struct pair_node *node, struct base_error *err) {
  node->keeper_dir = openat(node->keeper_root, "keeper", O_RDONLY | O_DIRECTORY);
  node->core_dir = openat(node->root, "core", O_RDONLY | O_DIRECTORY);
  struct core_environment environment = {
      .world = &node->world,
      .keeper = {.context = node, .info = pair_info, .attest = pair_attest, .cosign = pair_cosign,
                 .remembers = pair_remembers, .renew = pair_renew, .succeed = pair_succeed, .card = pair_card,
                 .follow = pair_follow,
                 .forget = pair_forget, .decapsulate = pair_decapsulate, .wrap = pair_wrap, .unwrap = pair_unwrap,
                 .retire = pair_retire, .list = pair_list},
      .dir = node->core_dir,
      .database = place_server(node->core_dir),
      .card = base_buf_view(&node->card),
      .shipped = pair_shipped(node),
      .room = pair_room,
      .context = node,
      .answer = pair_take_answer};
  enum base_code code = keeper_open(node->keeper_dir, &node->world, &node->keeper, err);
  if (code == BASE_OK)
    code = core_open(&environment, &node->core, err);
  node->take_parked = false;
  return code;
}
static inline void pair_open(struct pair_node *node) {
  struct base_error err = {0};
  if (pair_start(node, &err) != BASE_OK)
    fail_msg("%s", err.text);
}
static inline void pair_close(struct pair_node *node) {
  for (size_t i = 0; i < node->count; i++)
    pair_answer_free(&node->answers[i]);
  node->count = 0;
  core_close(node->core);
  core_shipped_free(node->apart);
  keeper_close(node->keeper);
  node->core = NULL;
  node->apart = NULL;
  node->keeper = NULL;
  close(node->core_dir);
  close(node->keeper_dir);
}
/* Keys and card of a node in these two folders, which stay the caller's; not opened yet. line: whoever has the same has
 * the same TLS key. */
static inline void pair_make_at(struct pair_node *node, const char *name, const char *line, int root, int keeper_root) {
  struct base_error err = {0};
  node->name = name;
  node->root = root;
  node->keeper_root = keeper_root;
  node->now = 1790000000;
  node->ms = 1000;
  node->room = (uint64_t)1 << 39;
  node->next_token = PAIR_FIRST;
  node->world = (struct base_world){node, pair_now, pair_ms, pair_random};
  assert_int_equal(mkdirat(keeper_root, "keeper", 0700), 0);
  assert_int_equal(mkdirat(root, "core", 0700), 0);
  int keeper_dir = openat(keeper_root, "keeper", O_RDONLY | O_DIRECTORY);
  if (keeper_init(keeper_dir, base_view_text(name), &node->world, &err) != BASE_OK)
    fail_msg("%s", err.text);
  struct keeper *keeper = NULL;
  assert_int_equal(keeper_open(keeper_dir, &node->world, &keeper, &err), BASE_OK);
  struct wire_keeper_info info;
  keeper_describe(keeper, &info);
  keeper_close(keeper);
  close(keeper_dir);
  struct wire_card card = {
      .name = base_view_text(name), .generation = 1, .address_count = 1, .seal_count = 1, .pin_count = 1};
  for (int i = 0; i < WIRE_LANGUAGES; i++)
    card.org[i] = base_view_text(name);
  card.addresses[0] = BASE_VIEW("127.0.0.1:7443");
  struct base_view origin = base_view_text(info.origin);
  struct base_buf log = {0}, witness = {0};
  const struct wire_key *log_key = &wire_keeper_key_in_force(&info, WIRE_KEEPER_LOG)->public_key;
  const struct wire_key *witness_key = &wire_keeper_key_in_force(&info, WIRE_KEEPER_WITNESS)->public_key;
  struct wire_vkey vkey = {origin, seal_vkey_id(origin, WIRE_VKEY_LOG, log_key), WIRE_VKEY_LOG, *log_key};
  wire_vkey_write(&vkey, &log);
  vkey = (struct wire_vkey){origin, seal_vkey_id(origin, WIRE_VKEY_WITNESS, witness_key), WIRE_VKEY_WITNESS, *witness_key};
  wire_vkey_write(&vkey, &witness);
  card.log = base_buf_view(&log);
  card.witness = base_buf_view(&witness);
  const struct wire_keeper_key *seal = wire_keeper_key_in_force(&info, WIRE_KEEPER_SEAL);
  struct base_hash seal_id = seal_key_hash(&seal->public_key);
  card.seals[0] = (struct wire_seal_key){.key = seal->public_key, .from = seal->from, .until = seal->until};
  memcpy(card.seals[0].id, seal_id.bytes, sizeof card.seals[0].id);
  card.pins[0] = node->pin = seal_sha256(base_view_text(line));
  card.made = node->now;
  base_buf_init(&node->card, WIRE_CARD_MAX);
  if (wire_card_write(&card, &node->card, &err) != BASE_OK)
    fail_msg("%s", err.text);
  base_buf_free(&log);
  base_buf_free(&witness);
}
static inline void pair_make_line(struct pair_node *node, const char *name, const char *line) {
  memset(node, 0, sizeof *node);
  const char *tmp = getenv("WASL_TEST_TMP");
  snprintf(node->dir, sizeof node->dir, "%s/pair-%s-XXXXXX", tmp != NULL ? tmp : "/tmp", name);
  assert_non_null(mkdtemp(node->dir));
  int root = open(node->dir, O_RDONLY | O_DIRECTORY);
  pair_make_at(node, name, line, root, root);
  pair_open(node);
}
static inline void pair_make(struct pair_node *node, const char *name) {
  pair_make_line(node, name, name);
}
static inline void pair_remove(struct pair_node *node) {
  char command[200];
  pair_close(node);
  close(node->root);
  base_buf_free(&node->card);
  snprintf(command, sizeof command, "%.127s/core", node->dir);
  struct place_name place = place_of(command);
  place_leave(&place);
  if (pair_kinds != NULL && pair_print_kinds() != pair_kinds_print)
    fail_msg("a test changed a kind of the program's for all nodes: it must set pair_kinds_apart");
  snprintf(command, sizeof command, "rm -rf '%.127s'", node->dir);
  assert_int_equal(system(command), 0);
}

/* --- requests */
static inline int64_t pair_settle(struct pair_node *node) {
  struct base_error err = {0};
  int64_t due = core_settle(node->core, &node->fatal, &err);
  return due;
}
static inline struct pair_answer pair_ask(struct pair_node *node, enum link_request_code code, const char *json, int fd) {
  uint64_t token = node->next_token++;
  core_input(node->core, code, token, base_view_text(json), fd);
  pair_settle(node);
  struct pair_answer answer = {0};
  if (!pair_find(node, token, &answer))
    fail_msg("no answer to %s", json);
  return answer;
}
/* The text of a member of the answer, or "" */
static inline void pair_text(const struct pair_answer *answer, const char *key, char *out, size_t size) {
  struct wire_json *json = NULL;
  out[0] = '\0';
  if (wire_json_parse(base_buf_view(&answer->payload), BASE_BUF_DEFAULT_LIMIT, "answer", &json, NULL) == BASE_OK) {
    struct base_view text = wire_json_text(wire_json_get(json, key));
    snprintf(out, size, "%.*s", (int)text.size, (const char *)text.data);
    wire_json_free(json);
  }
}
/* Asks, expects success, gives the id that was answered. */
static inline void pair_id(struct pair_node *node, enum link_request_code code, const char *json, char id[65]) {
  struct pair_answer answer = pair_ask(node, code, json, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_text(&answer, "id", id, 65);
  pair_answer_free(&answer);
}
static inline void pair_refused(struct pair_node *node, enum link_request_code code, const char *json, enum base_code want) {
  struct pair_answer answer = pair_ask(node, code, json, -1);
  if (answer.status != want)
    fail_msg("%s instead of %s: %.*s", base_code_name(answer.status), base_code_name(want), (int)answer.payload.size,
             (const char *)answer.payload.data);
  pair_answer_free(&answer);
}
/* The request that adds this node as a partner. */
static inline void pair_partner_json(const struct pair_node *other, struct base_buf *json) {
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  struct wire_writer writer;
  seal_fingerprint(base_buf_view(&other->card), fingerprint);
  wire_writer_init(&writer, json);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "actor", "test");
  wire_write_member_text(&writer, "card", base_buf_view(&other->card));
  wire_write_member_string(&writer, "fingerprint", fingerprint);
  wire_write_end(&writer, '}');
  base_buf_u8(json, 0);
}
static inline void pair_partner(struct pair_node *node, const struct pair_node *other) {
  struct base_buf json = {0};
  pair_partner_json(other, &json);
  struct pair_answer answer = pair_ask(node, LINK_PARTNER_ADD, (const char *)json.data, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
  base_buf_free(&json);
}

/* --- the line */
struct pair_parcel { int64_t exchange; int fd; }; /* a sealed consignment on its way */

/* What from hands over now; false when it has nothing. */
static inline bool pair_take(struct pair_node *from, struct pair_parcel *out) {
  if (!from->take_parked)
    core_input(from->core, LINK_EXCHANGE_TAKE, PAIR_TAKE, (struct base_view){0}, -1);
  from->take_parked = true;
  pair_settle(from);
  struct pair_answer answer;
  if (!pair_find(from, PAIR_TAKE, &answer))
    return false;
  from->take_parked = false;
  assert_int_equal(answer.status, BASE_OK);
  struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "take", &json, NULL), BASE_OK);
  out->exchange = wire_json_integer(wire_json_get(json, "exchange"));
  out->fd = dup(answer.fd);
  wire_json_free(json);
  pair_answer_free(&answer);
  return true;
}
static inline struct pair_answer pair_give(struct pair_node *from, struct pair_node *to, int fd) {
  char json[128];
  snprintf(json, sizeof json, "{\"pin\":\"%s\"}", base_hash_text(&from->pin).text);
  return pair_ask(to, LINK_EXCHANGE_GIVE, json, fd);
}
static inline void pair_done(struct pair_node *from, int64_t exchange, const struct pair_answer *answer) {
  char json[BASE_ERROR_TEXT_MAX + 128];
  int fd = -1;
  if (answer != NULL && answer->status == BASE_OK) {
    fd = base_memfd_sealed("answer", base_buf_view(&answer->payload), NULL);
    snprintf(json, sizeof json, "{\"exchange\":%lld,\"status\":200}", (long long)exchange);
  } else {
    snprintf(json, sizeof json, "{\"exchange\":%lld,\"status\":%d,\"code\":\"%s\",\"detail\":\"the test says so\"}",
             (long long)exchange, answer == NULL ? 0 : base_code_http(answer->status),
             answer == NULL ? "unreachable" : base_code_name(answer->status));
  }
  struct pair_answer done = pair_ask(from, LINK_EXCHANGE_DONE, json, fd);
  assert_int_equal(done.status, BASE_OK);
  pair_answer_free(&done);
  base_close_fd(&fd);
}
/* One consignment there and its answer back; false when there was none. */
static inline bool pair_send(struct pair_node *from, struct pair_node *to) {
  struct pair_parcel parcel;
  if (!pair_take(from, &parcel))
    return false;
  struct pair_answer answer = pair_give(from, to, parcel.fd);
  pair_done(from, parcel.exchange, &answer);
  pair_answer_free(&answer);
  close(parcel.fd);
  return true;
}
/* Until both are at rest, which two idle nodes must come to. Returns the number of consignments. */
static inline unsigned pair_rest(struct pair_node *a, struct pair_node *b) {
  unsigned sent = 0, quiet = 0;
  while (quiet < 4) {
    a->ms += 100;
    b->ms += 100;
    bool any = pair_send(a, b);
    any = pair_send(b, a) || any;
    quiet = any ? 0 : quiet + 1;
    sent += any;
    if (sent > 2000)
      fail_msg("the nodes do not come to rest");
  }
  return sent;
}

/* Consignments go to whom they are for: one step each. NULL among others: away. */
static inline bool pair_deliver(struct pair_node *from, struct pair_node **others, size_t other_count) {
  struct pair_parcel parcel;
  bool any = false;
  while (pair_take(from, &parcel)) {
    struct pair_node *to = NULL;
    struct base_view sealed;
    struct wire_envelope envelope;
    assert_int_equal(base_map_sealed(parcel.fd, WIRE_CONSIGNMENT_MAX, &sealed, NULL), BASE_OK);
    assert_int_equal(wire_envelope_parse(sealed, &envelope, NULL), BASE_OK);
    for (size_t i = 0; i < other_count && to == NULL; i++)
      if (others[i] != NULL && base_view_equal(envelope.to, others[i]->core->card.origin))
        to = others[i];
    base_unmap(&sealed);
    if (to != NULL) {
      struct pair_answer answer = pair_give(from, to, parcel.fd);
      pair_done(from, parcel.exchange, &answer);
      pair_answer_free(&answer);
    } else {
      pair_done(from, parcel.exchange, NULL);
    }
    close(parcel.fd);
    any = true;
  }
  return any;
}

/* --- common openings */
static inline void pair_propose(struct pair_node *a, const struct pair_node *b, char agreement[65]) {
  struct pair_answer example = pair_ask(a, LINK_KIND_EXAMPLE, "{\"actor\":\"test\",\"kind\":\"agreement\"}", -1);
  assert_int_equal(example.status, BASE_OK);
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":%.*s}", b->name,
                  (int)example.payload.size, (const char *)example.payload.data);
  base_buf_u8(&json, 0);
  pair_id(a, LINK_CASE_OPEN, (const char *)json.data, agreement);
  base_buf_free(&json);
  pair_answer_free(&example);
}
static inline void pair_agree(struct pair_node *a, struct pair_node *b, char agreement[65]) {
  char terms[65], text[256];
  pair_propose(a, b, agreement);
  pair_rest(a, b);
  snprintf(terms, sizeof terms, "%s", agreement);
  snprintf(text, sizeof text, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"accept\",\"fields\":{\"terms\":\"%s\"}}",
           agreement, terms);
  pair_id(b, LINK_CASE_SEND, text, terms);
  pair_rest(a, b);
}
static inline void pair_request(struct pair_node *a, const struct pair_node *b, char id[65]) {
  struct pair_answer example = pair_ask(a, LINK_KIND_EXAMPLE, "{\"actor\":\"test\",\"kind\":\"request\"}", -1);
  assert_int_equal(example.status, BASE_OK);
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":%.*s}", b->name,
                  (int)example.payload.size, (const char *)example.payload.data);
  base_buf_u8(&json, 0);
  pair_id(a, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
  pair_answer_free(&example);
}
static inline enum store_delivery_state pair_outbox(struct pair_node *node, const char *id, struct base_buf *reason) {
  struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_id message;
  struct store_delivery delivery;
  assert_true(base_id_parse(base_view_text(id), &message));
  assert_int_equal(store_delivery_get(node->core->store, &message, node->core->partners[0]->row.number, &arena, &delivery, NULL),
                   BASE_OK);
  if (reason != NULL)
    base_buf_add_view(reason, delivery.reason);
  enum store_delivery_state state = core_delivery_state(node->core->partners[0], &delivery);
  base_arena_free(&arena);
  return state;
}

#endif
