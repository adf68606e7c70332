/* SPDX-License-Identifier: Apache-2.0
 * What the tests of the exchange say again and again: two partners under an agreement, a message, a part, and what must
 * hold between two honest nodes whatever happened on the line. */
#ifndef WASL_TESTS_CORE_TRY_H
#define WASL_TESTS_CORE_TRY_H

#include "core/back.h"
#include "core/cases.h"
#include "core/register.h"
#include "core_pair.h"

#include <inttypes.h>

/* --- nodes */
static inline void try_partners(struct pair_node *a, struct pair_node *b) {
  pair_make(a, "rabat");
  pair_make(b, "paris");
  pair_partner(a, b);
  pair_partner(b, a);
}
static inline void try_agreed(struct pair_node *a, struct pair_node *b) {
  char agreement[65];
  try_partners(a, b);
  pair_agree(a, b, agreement);
}
static inline void try_sound(struct pair_node *node);
/* Whatever happened to them, what they have stored fits together. */
static inline void try_remove(struct pair_node *a, struct pair_node *b) {
  try_sound(a);
  try_sound(b);
  pair_remove(a);
  pair_remove(b);
}
static inline void try_restart(struct pair_node *node) {
  pair_close(node);
  pair_open(node);
}
static inline struct core_partner *try_partner(struct pair_node *node) {
  return node->core->partners[0];
}
static inline void try_suspend(struct pair_node *node, const struct pair_node *other, const char *state) {
  char json[160];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"name\":\"%s\",\"state\":\"%s\"}", other->name, state);
  struct pair_answer answer = pair_ask(node, LINK_PARTNER_STATE, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
}

/* --- messages */
static inline struct base_id try_id(const char *hex) {
  struct base_id id = {{0}};
  assert_true(base_id_parse(base_view_text(hex), &id));
  return id;
}
/* parts: the JSON of the request's member, or NULL */
static inline void try_send_json(const char *kase, const char *type, const char *fields, const char *parts,
                                 struct base_buf *out) {
  base_buf_printf(out, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":%s%s%s}", kase, type, fields,
                  parts != NULL ? ",\"parts\":" : "", parts != NULL ? parts : "");
  base_buf_u8(out, 0);
}
static inline void try_send_with(struct pair_node *from, const char *kase, const char *type, const char *fields,
                                 const char *parts, char id[65]) {
  struct base_buf json = {0};
  try_send_json(kase, type, fields, parts, &json);
  pair_id(from, LINK_CASE_SEND, (const char *)json.data, id);
  base_buf_free(&json);
}
static inline void try_send(struct pair_node *from, const char *kase, const char *type, const char *fields,
                            char id[65]) {
  try_send_with(from, kase, type, fields, NULL, id);
}
static const char try_answer[] = "{\"answer\":\"نعم · oui\"}", 
                  try_question[] = "{\"ground\":\"facts_insufficient\",\"question\":\"متى؟ · quand ?\"}";

static inline void try_request_json(const struct pair_node *b, const char *parts, struct base_buf *json) {
  base_buf_printf(
      json,
      "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"normal\","
      "\"purpose\":\"trafficking\",\"question\":\"q\",\"language\":\"fr\"},\"parts\":%s}",
      b->name, parts);
  base_buf_u8(json, 0);
}
static inline void try_request_with(struct pair_node *a, const struct pair_node *b, const char *parts, char id[65]) {
  struct base_buf json = {0};
  try_request_json(b, parts, &json);
  pair_id(a, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
}
static inline void try_end(struct pair_node *node, const char *id) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"no longer needed\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_OUTBOX_END, json, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* outbox.list has the message in this state, with these words in its state and reason. */
static inline void try_outbox_says(struct pair_node *node, const char *id, const char *state, const char *words) {
  struct pair_answer answer = pair_ask(node, LINK_OUTBOX_LIST, "{\"actor\":\"test\"}", -1);
  struct wire_json *list = NULL;
  bool found = false;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 1 << 20, "list", &list, NULL), BASE_OK);
  for (size_t i = 0; i < wire_json_size(list); i++) {
    const struct wire_json *row = wire_json_at(list, i);
    if (!base_view_is(wire_json_text(wire_json_get(row, "id")), id))
      continue;
    char reason[1000];
    struct base_view said = wire_json_text(wire_json_get(row, "state")), why = wire_json_text(wire_json_get(row, "reason"));
    snprintf(reason, sizeof reason, "%.*s: %.*s", (int)said.size, (const char *)said.data, (int)why.size,
             (const char *)why.data);
    found = true;
    if (!base_view_is(said, state) || strstr(reason, words) == NULL)
      fail_msg("%s", reason);
  }
  assert_true(found);
  wire_json_free(list);
  pair_answer_free(&answer);
}

/* --- parts */
static inline uint8_t try_octet(uint64_t seed, uint64_t at) {
  return (uint8_t)((at * 2654435761u + seed * 2246822519u) >> 13);
}
/* Uploads octets that the seed decides and appends the part's member of a request to parts. */
static inline void try_upload(struct pair_node *node, uint64_t size, uint64_t seed, struct base_buf *parts) {
  char stage[24], json[96];
  struct pair_answer answer = pair_ask(node, LINK_PART_BEGIN, "{\"actor\":\"test\"}", -1);
  pair_text(&answer, "stage", stage, sizeof stage);
  pair_answer_free(&answer);
  uint8_t *piece = malloc(WIRE_RECORD_MAX);
  uint64_t at = 0;
  for (uint32_t index = 0; index == 0 || at < size; index++) {
    size_t length = size - at < WIRE_RECORD_MAX ? (size_t)(size - at) : WIRE_RECORD_MAX;
    for (size_t i = 0; i < length; i++)
      piece[i] = try_octet(seed, at + i);
    at += length;
    int fd = base_memfd_sealed("piece", base_view_of(piece, length), NULL);
    snprintf(json, sizeof json, "{\"stage\":\"%s\",\"index\":%u,\"last\":%s}", stage, index,
             at == size ? "true" : "false");
    answer = pair_ask(node, LINK_PART_CHUNK, json, fd);
    if (answer.status != BASE_OK)
      fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
    pair_answer_free(&answer);
    close(fd);
  }
  free(piece);
  base_buf_printf(parts, "%s{\"stage\":\"%s\",\"name\":\"part-%" PRIu64 ".bin\",\"type\":\"application/octet-stream\"}",
                  parts->size == 0 ? "[" : ",", stage, seed);
}
static inline const char *try_parts_end(struct base_buf *parts) {
  base_buf_text(parts, "]");
  base_buf_u8(parts, 0);
  return (const char *)parts->data;
}
/* The part is there byte for byte: read back through the requests of the local gate. */
static inline void try_part_arrived(struct pair_node *node, uint64_t size, uint64_t seed) {
  struct seal_hasher *hasher = seal_hasher_new();
  for (uint64_t at = 0; at < size; at++) {
    uint8_t octet = try_octet(seed, at);
    seal_hasher_add(hasher, base_view_of(&octet, 1));
  }
  struct base_hash sha256 = seal_hasher_end(hasher);
  char json[200], message[65];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"sha256\":\"%s\"}", base_hash_text(&sha256).text);
  struct pair_answer answer = pair_ask(node, LINK_PART_OPEN, json, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  struct wire_json *opened = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "part", &opened, NULL), BASE_OK);
  pair_text(&answer, "message", message, sizeof message);
  int64_t part = wire_json_integer(wire_json_get(opened, "part")),
          records = wire_json_integer(wire_json_get(opened, "records"));
  assert_int_equal(wire_json_integer(wire_json_get(opened, "size")), size);
  wire_json_free(opened);
  pair_answer_free(&answer);
  for (int64_t record = 0; record < records; record++) {
    snprintf(json, sizeof json, "{\"message\":\"%s\",\"part\":%" PRId64 ",\"record\":%" PRId64 "}", message, part,
             record);
    answer = pair_ask(node, LINK_PART_READ, json, -1);
    assert_int_equal(answer.status, BASE_OK);
    seal_hasher_add(hasher, base_buf_view(&answer.payload));
    pair_answer_free(&answer);
  }
  struct base_hash read = seal_hasher_end(hasher);
  assert_true(base_hash_equal(&read, &sha256));
  seal_hasher_free(hasher);
}
/* Files in the node's folder of parts. */
static inline unsigned try_part_files(const struct pair_node *node) {
  char command[256];
  snprintf(command, sizeof command, "ls '%s/core/parts' | wc -l", node->dir);
  FILE *pipe = popen(command, "r");
  unsigned count = 0;
  assert_int_equal(fscanf(pipe, "%u", &count), 1);
  pclose(pipe);
  return count;
}

/* --- what is in a register */
static inline unsigned try_leaves(struct pair_node *node, enum wire_act act, char *reason, size_t room) {
  unsigned count = 0;
  for (uint64_t i = 0; i < node->core->reg.size; i++) {
    struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct base_view entry, opening;
    struct wire_leaf leaf;
    struct wire_opening opened;
    assert_int_equal(core_register_read(node->core, i, &arena, &entry, &opening, NULL), BASE_OK);
    assert_int_equal(wire_leaf_parse(entry, &leaf, NULL), BASE_OK);
    assert_int_equal(wire_opening_parse(leaf.act, opening, &arena, &opened, NULL), BASE_OK);
    if (leaf.act == act) {
      count++;
      if (reason != NULL)
        snprintf(reason, room, "%.*s", (int)opened.reason.size, (const char *)opened.reason.data);
    }
    base_arena_free(&arena);
  }
  return count;
}
static inline unsigned try_count(struct pair_node *node, enum wire_act act) {
  return try_leaves(node, act, NULL, 0);
}
/* There are so many leaves of the act, and the reason of the last begins so. */
static inline void try_expect(struct pair_node *node, enum wire_act act, unsigned count, const char *reason) {
  char last[600] = "";
  unsigned found = try_leaves(node, act, last, sizeof last);
  if (found != count || (reason != NULL && strncmp(last, reason, strlen(reason)) != 0))
    fail_msg("%s: %u leaves \"%s\" of the act %s instead of %u \"%s\"", node->name, found, last, wire_act_name(act),
             count, reason == NULL ? "" : reason);
}

/* --- cases */
static inline void try_state(struct pair_node *node, const char *kase, const char *want) {
  struct base_id id = try_id(kase);
  struct core_case *found = NULL;
  struct base_error err = {0};
  if (core_case_load(node->core, &id, &found, &err) != BASE_OK)
    fail_msg("%s: %s", node->name, err.text);
  if (!base_view_is(core_case_state_name(found), want))
    fail_msg("%s: the case is %.*s, not %s", node->name, (int)core_case_state_name(found).size,
             (const char *)core_case_state_name(found).data, want);
}
static inline void try_receipted(struct pair_node *node, const char *id) {
  struct base_buf reason = {0};
  enum store_delivery_state state = pair_outbox(node, id, &reason);
  if (state != STORE_RECEIPTED)
    fail_msg("%s: %s is in state %d: %.*s", node->name, id, (int)state, (int)reason.size, (const char *)reason.data);
  base_buf_free(&reason);
}

struct try_cases {
  struct pair_node *other;
  unsigned count;
};
static inline enum base_code try_same_case(void *context, const struct store_case *row) {
  struct try_cases *cases = context;
  struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case there;
  assert_int_equal(store_case_get(cases->other->core->store, &row->id, &arena, &there, NULL), BASE_OK);
  if (!base_view_equal(row->state, there.state) || row->message_count != there.message_count ||
      row->flagged != there.flagged)
    fail_msg("case %s: %.*s with %" PRIu64 " messages here, %.*s with %" PRIu64 " at %s", base_id_text(&row->id).text,
             (int)row->state.size, (const char *)row->state.data, row->message_count, (int)there.state.size,
             (const char *)there.state.data, there.message_count, cases->other->name);
  cases->count++;
  base_arena_free(&arena);
  return BASE_OK;
}
/* What both hold of each number is the same statement, and no number is missing. */
static inline void try_same_numbers(struct pair_node *from, struct pair_node *to) {
  assert_int_equal(try_partner(from)->row.sent_number, try_partner(to)->row.received_number);
  for (uint64_t n = 1; n <= try_partner(from)->row.sent_number; n++) {
    struct base_arena arena = {0};
    base_arena_init(&arena, 4 << 20);
    struct store_delivery sent;
    struct store_arrival arrival;
    struct base_hash hash;
    assert_int_equal(store_delivery_by_number(from->core->store, try_partner(from)->row.number, n, &arena, &sent, NULL),
                     BASE_OK);
    assert_int_equal(store_arrival_get(to->core->store, try_partner(to)->row.number, n, &arena, &arrival, NULL),
                     BASE_OK);
    assert_int_equal(core_delivery_sent(from->core, try_partner(from), &sent, &hash, NULL), BASE_OK);
    assert_true(base_hash_equal(&hash, &arrival.sent_hash));
    if (sent.leaf.size > 0)
      assert_true(arrival.answered);
    if (sent.state == STORE_RECEIPTED)
      assert_true(arrival.answered && !arrival.refused && !arrival.voided);
    base_arena_free(&arena);
  }
}
/* Both sides know the same cases in the same states, and the ledgers of both directions reconcile. Returns the number
 * of cases. */
static inline unsigned try_agree(struct pair_node *a, struct pair_node *b) {
  struct try_cases there = {b, 0}, back = {a, 0};
  assert_int_equal(store_case_each(a->core->store, (struct base_view){0}, 0, try_same_case, &there, NULL), BASE_OK);
  assert_int_equal(store_case_each(b->core->store, (struct base_view){0}, 0, try_same_case, &back, NULL), BASE_OK);
  assert_int_equal(there.count, back.count);
  try_same_numbers(a, b);
  try_same_numbers(b, a);
  return there.count;
}

/* --- the check of everything */
/* Each difference as a line "PLACE: WHAT", after a line break; returns how many there are. */
static inline int64_t try_check(struct pair_node *node, struct base_buf *out) {
  char request[96];
  int64_t next = 0, found = 0;
  node->ms += CORE_CHECK_IDLE_MS; /* one that was begun and left gives way */
  for (bool done = false; !done;) {
    snprintf(request, sizeof request, "{\"actor\":\"test\",\"from\":%" PRId64 "}", next);
    struct pair_answer answer = pair_ask(node, LINK_REGISTER_CHECK, request, -1);
    if (answer.status != BASE_OK)
      fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
    struct wire_json *json = NULL;
    assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 1 << 20, "check", &json, NULL), BASE_OK);
    const struct wire_json *problems = wire_json_get(json, "problems");
    for (size_t i = 0; i < wire_json_size(problems); i++) {
      struct base_view place = wire_json_text(wire_json_get(wire_json_at(problems, i), "place")),
                       what = wire_json_text(wire_json_get(wire_json_at(problems, i), "what"));
      base_buf_printf(out, "\n%.*s: %.*s", (int)place.size, (const char *)place.data, (int)what.size,
                      (const char *)what.data);
    }
    done = wire_json_true(wire_json_get(json, "done"));
    assert_true(done || wire_json_integer(wire_json_get(json, "next")) > next);
    next = wire_json_integer(wire_json_get(json, "next"));
    found = wire_json_integer(wire_json_get(json, "found"));
    if (done) {
      assert_int_equal(wire_json_integer(wire_json_get(json, "checked")), node->core->reg.attested);
      assert_int_equal(wire_json_integer(wire_json_get(json, "size")), node->core->reg.attested);
    }
    wire_json_free(json);
    pair_answer_free(&answer);
  }
  base_buf_text(out, "\n");
  return found;
}
static inline void try_sound(struct pair_node *node) {
  struct base_buf found = {0};
  if (try_check(node, &found) != 0)
    fail_msg("%s:%.*s", node->name, (int)found.size, (const char *)found.data);
  base_buf_free(&found);
}

/* --- the line */
/* Lets this much time pass, the line working. Returns the number of consignments. */
static inline unsigned try_run(struct pair_node *a, struct pair_node *b, int64_t ms) {
  unsigned sent = 0;
  for (int64_t passed = 0; passed < ms; passed += 50) {
    a->ms += 50;
    b->ms += 50;
    sent += pair_send(a, b);
    sent += pair_send(b, a);
  }
  return sent;
}
/* A consignment arrives and its answer is lost. */
static inline bool try_answer_lost(struct pair_node *from, struct pair_node *to) {
  struct pair_parcel parcel;
  if (!pair_take(from, &parcel))
    return false;
  struct pair_answer answer = pair_give(from, to, parcel.fd);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  pair_done(from, parcel.exchange, NULL);
  close(parcel.fd);
  return true;
}
/* The gate goes, and its parked request for work with it: what is sent now waits in the outbox. */
static inline bool try_any(void *context, uint64_t token) {
  (void)context;
  (void)token;
  return true;
}
static inline void try_no_gate(struct pair_node *node) {
  core_forget(node->core, try_any, NULL);
  node->take_parked = false;
}
/* A consignment is lost on its way. */
static inline bool try_lost(struct pair_node *from) {
  struct pair_parcel parcel;
  if (!pair_take(from, &parcel))
    return false;
  pair_done(from, parcel.exchange, NULL);
  close(parcel.fd);
  return true;
}

/* A test that fails something at every place tries each of them in make soak; else one of so many, and fewer where all is
 * slower. */
static inline int try_stride(int usual) {
  const char *soak = getenv("WASL_SOAK");
  if (soak != NULL && *soak != '\0' && strcmp(soak, "0") != 0)
    return 1;
  return getenv("WASL_TEST_SANITIZED") != NULL || place_postgresql() ? 3 * usual : usual;
}

#endif
