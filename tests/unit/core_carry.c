/* SPDX-License-Identifier: Apache-2.0
 * Consignments that go by hand: what a file holds, what is taken of one that is late, repeated, without a proof from
 * the head seen last, or by somebody who is not the partner; what is ended or unlawful meanwhile. */
#include "core_ask.h"
#include "core_lost.h"

enum { FILE_CONSIGNMENTS = 64 };
struct file {
  size_t count;
  int fds[FILE_CONSIGNMENTS];
};

static int64_t begin(struct pair_node *from, const struct pair_node *to) {
  char request[96];
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"to\":\"%s\"}", to->name);
  struct told begun = tell(from, LINK_CARRY_BEGIN, request);
  int64_t id = number(begun.json, "file");
  forget(&begun);
  return id;
}

/* False at the end of the file. */
static bool next(struct pair_node *from, int64_t id, struct file *file) {
  char request[96];
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"file\":%lld}", (long long)id);
  struct pair_answer answer = pair_ask(from, LINK_CARRY_NEXT, request, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  bool more = answer.payload.size > 0;
  if (more) {
    assert_true(file->count < FILE_CONSIGNMENTS);
    file->fds[file->count++] = base_memfd_sealed("consignment", base_buf_view(&answer.payload), NULL);
  }
  pair_answer_free(&answer);
  return more;
}

static struct file file_for(struct pair_node *from, const struct pair_node *to) {
  struct file file = {0};
  int64_t id = begin(from, to);
  while (next(from, id, &file))
    ;
  return file;
}

static void file_free(struct file *file) {
  for (size_t i = 0; i < file->count; i++)
    close(file->fds[i]);
}

struct sum {
  int64_t messages, taken, receipts, records;
  bool proved, older;
};

static struct sum take(struct pair_node *to, const struct file *file) {
  struct sum sum = {0};
  for (size_t i = 0; i < file->count; i++) {
    struct pair_answer answer = pair_ask(to, LINK_CARRY_TAKE, "{\"actor\":\"amal\"}", file->fds[i]);
    if (answer.status != BASE_OK)
      fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
    struct wire_json *json = NULL;
    assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "answer", &json, NULL), BASE_OK);
    sum.messages += number(json, "messages");
    sum.taken += number(json, "taken");
    sum.receipts += number(json, "receipts");
    sum.records += number(json, "records");
    sum.proved = wire_json_true(wire_json_get(json, "proved"));
    sum.older = wire_json_true(wire_json_get(json, "older"));
    wire_json_free(json);
    pair_answer_free(&answer);
  }
  return sum;
}

static struct sum carry(struct pair_node *from, struct pair_node *to) {
  struct file file = file_for(from, to);
  struct sum sum = take(to, &file);
  file_free(&file);
  return sum;
}

static unsigned faults(struct pair_node *node) {
  unsigned found = 0;
  char request[96];
  for (uint64_t i = 0; i < node->core->reg.size; i++) {
    snprintf(request, sizeof request, "{\"actor\":\"amal\",\"n\":%llu}", (unsigned long long)i);
    struct told leaf = tell(node, LINK_REGISTER_SHOW, request);
    struct base_view text = wire_json_text(wire_json_get(leaf.json, "leaf"));
    found += memmem(text.data, text.size, "\"fault\"", 7) != NULL;
    forget(&leaf);
  }
  return found;
}

/* Two under an agreement, with nothing open. */
static void agreed(struct pair_node *a, struct pair_node *b) {
  char agreement[65];
  ask_two(a, b);
  pair_agree(a, b, agreement);
}

/* A case of this kind with the kind's example, and a part of so many octets. */
static void open_with(struct pair_node *from, const struct pair_node *to, const char *kind, const char *members, size_t part,
                      char id[65]) {
  char request[96], name[24];
  struct base_buf json = {0};
  struct base_hash sha256;
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"kind\":\"%s\"}", kind);
  struct pair_answer example = pair_ask(from, LINK_KIND_EXAMPLE, request, -1);
  base_buf_printf(&json, "{\"actor\":\"amal\",%s\"kind\":\"%s\",\"to\":[\"%s\"],\"fields\":%.*s", members, kind, to->name,
                  (int)example.payload.size, (const char *)example.payload.data);
  pair_answer_free(&example);
  if (part > 0) {
    stage(from, part, name, &sha256);
    base_buf_printf(&json, ",\"parts\":[{\"stage\":\"%s\",\"name\":\"p\",\"type\":\"text/plain\"}]", name);
  }
  base_buf_printf(&json, "}%c", 0);
  pair_id(from, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
}

/* What is kept apart goes in one file, each in consignments of its own: exercises and what is real, what is humanitarian and
 * the rest, with their parts. */
static void apart_in_one_file(void **state) {
  (void)state;
  struct pair_node a, b;
  char drill[65], real[65], second[65], tracing[65];
  agreed(&a, &b);
  open_with(&a, &b, "request", "\"exercise\":true,", 2 * WIRE_RECORD_MAX, drill);
  open_with(&a, &b, "request", "", WIRE_RECORD_MAX + 1, real);
  open_with(&a, &b, "request", "\"exercise\":true,", 0, second);
  open_with(&a, &b, "tracing", "\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\"r\"},", 1, tracing);
  struct sum sum = carry(&a, &b);
  assert_true(sum.taken == 4 && sum.records == 4); /* the notice of the emergency; the message once it is known to be there */
  assert_int_equal(carry(&b, &a).receipts, 4);
  sum = carry(&a, &b);
  assert_true(sum.taken == 1 && sum.records == 1);
  assert_int_equal(carry(&b, &a).receipts, 1);
  const char *const ids[] = {drill, real, second, tracing};
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(pair_outbox(&a, ids[i], NULL), STORE_RECEIPTED);
  assert_true(faults(&a) == 0 && faults(&b) == 0);
  ask_remove(&a, &b);
}

static void files_alone(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], reply[65];
  struct base_hash sha256;
  agreed(&a, &b);
  pair_request(&a, &b, id);
  struct file lost = file_for(&a, &b);
  struct sum sum = carry(&a, &b);
  assert_true(sum.taken == 1 && sum.messages == 1 && sum.proved && !sum.older);
  sum = take(&b, &lost);
  assert_true(sum.older && sum.taken == 0);
  send_in(&b, id, "answer", 5 * WIRE_RECORD_MAX + 1, reply, &sha256);
  sum = carry(&b, &a);
  assert_true(sum.receipts == 1 && sum.taken == 1 && sum.records == 6);
  assert_int_equal(pair_outbox(&a, id, NULL), STORE_RECEIPTED);
  sum = carry(&a, &b);
  assert_true(sum.receipts == 1 && sum.messages == 0);
  assert_int_equal(pair_outbox(&b, reply, NULL), STORE_RECEIPTED);
  /* Answers go with every file until a newer one shows that they came. */
  sum = carry(&a, &b);
  assert_true(sum.receipts == 1);
  assert_int_equal(carry(&b, &a).messages, 0);
  assert_int_equal(carry(&a, &b).receipts, 0);
  assert_true(faults(&a) == 0 && faults(&b) == 0);
  file_free(&lost);
  ask_remove(&a, &b);
}

static enum base_code take_one(struct pair_node *to, const struct file *file, const char *says) {
  struct pair_answer answer = pair_ask(to, LINK_CARRY_TAKE, "{\"actor\":\"amal\"}", file->fds[0]);
  enum base_code code = answer.status;
  base_buf_u8(&answer.payload, 0);
  if (strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s", (const char *)answer.payload.data);
  pair_answer_free(&answer);
  return code;
}

/* b's whole folder is put back, and no line leads to anybody: the next file tells it; it goes on in a new epoch, which
 * is told, confirmed and gone on with by files, too. */
static void told_by_a_file(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  char id[65], request[64];
  agreed(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/old-core");
  copy(&b, "/keeper", "/old-keeper");
  pair_open(&b);
  pair_request(&b, &a, id);
  assert_int_equal(carry(&b, &a).taken, 1);
  struct file older = file_for(&a, &b); /* with the receipt */
  pair_request(&a, &b, id);
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  copy(&b, "/old-keeper", "/keeper");
  pair_open(&b);
  assert_int_equal(take_one(&b, &older, "this node lost leaves of its register"), BASE_ROLLBACK);
  assert_non_null(strstr(b.core->lost, "--number 2)"));
  assert_int_equal(take_one(&b, &older, "this node lost leaves of its register"), BASE_ROLLBACK);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"to\":\"%s\"}", a.name);
  pair_refused(&b, LINK_CARRY_BEGIN, request, BASE_POLICY);
  assert_true(faults(&b) == 0);
  file_free(&older);
  pair_close(&b);
  assert_int_equal(keeper_epoch(&b, 2, &err), BASE_OK);
  pair_open(&b);
  struct file file = file_for(&b, &a);
  assert_int_equal(file.count, 1);
  assert_int_equal(take_one(&a, &file, b.core->epoch_digits), BASE_SUSPENDED);
  confirm(&a, &b, BASE_OK);
  struct sum sum = take(&a, &file);
  assert_true(sum.proved && sum.messages == 0 && !sum.older);
  file_free(&file);
  assert_false(try_partner(&b)->epoch_told.joined);
  sum = carry(&a, &b);
  assert_true(try_partner(&b)->epoch_told.joined && sum.taken == 1);
  assert_true(try_partner(&b)->epoch_told.lost_from == 2 && try_partner(&b)->epoch_told.lost_to == 2);
  pair_request(&b, &a, id);
  assert_int_equal(carry(&b, &a).taken, 1);
  assert_int_equal(carry(&a, &b).receipts, 1);
  try_receipted(&b, id);
  assert_true(faults(&a) == 0 && faults(&b) == 0);
  ask_remove(&a, &b);
}

/* The heads that are kept to prove from are bounded; a node that saw an older one last asks for a file by a file. */
static void bases(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  agreed(&a, &b);
  for (int i = 0; i < STORE_CARRIED_BASES_MAX + 2; i++) {
    struct file lost = file_for(&a, &b);
    assert_true(lost.count <= 1 + STORE_CARRIED_BASES_MAX / WIRE_CONSISTENCIES_MAX);
    file_free(&lost);
    pair_close(&a); /* the heads shown on the line are forgotten */
    pair_open(&a);
    a.core->partners[0]->row.cosigned_size = 0;
  }
  struct store_carried carried;
  assert_int_equal(store_carried_get(a.core->store, a.core->partners[0]->row.number, &carried, NULL), BASE_OK);
  assert_int_equal(carried.base_count, STORE_CARRIED_BASES_MAX);
  pair_request(&a, &b, id);
  struct sum sum = carry(&a, &b);
  assert_true(!sum.proved && sum.taken == 0);
  assert_true(carry(&b, &a).proved); /* with b's cosignature on the head that he saw last */
  sum = carry(&a, &b);
  assert_true(sum.proved && sum.taken == 1);
  assert_true(faults(&a) == 0 && faults(&b) == 0);
  ask_remove(&a, &b);
}

static void change_keys(struct pair_node *node, enum link_request_code what, const char *json) {
  struct told told = tell(node, what, json);
  forget(&told);
}

/* Keys change while files are on their way: the new card comes by file, and one that was sealed to a key that is
 * destroyed is asked for again. */
static void other_keys(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65], third[65];
  agreed(&a, &b);
  pair_request(&a, &b, first);
  struct file before = file_for(&a, &b);
  change_keys(&a, LINK_KEY_ROTATE, "{\"actor\":\"amal\",\"sign\":true,\"seal\":true}");
  pair_request(&a, &b, second);
  struct sum sum = carry(&a, &b);
  assert_true(sum.taken == 2 && sum.proved && !sum.older);
  assert_int_equal(b.core->partners[0]->card.generation, 2);
  assert_true(take(&b, &before).older);
  file_free(&before);
  sum = carry(&b, &a);
  assert_true(sum.receipts == 2 && sum.proved);
  assert_int_equal(pair_outbox(&a, first, NULL), STORE_RECEIPTED);
  assert_int_equal(a.core->partners[0]->told, 2);
  /* b's key goes while a's file is on its way */
  pair_request(&a, &b, third);
  struct file late = file_for(&a, &b);
  change_keys(&b, LINK_KEY_ROTATE, "{\"actor\":\"amal\",\"seal\":true}");
  change_keys(&b, LINK_KEY_RETIRE, "{\"actor\":\"amal\",\"seal\":true,\"force\":true}");
  pair_settle(&b); /* destroyed once the new card is in force */
  struct pair_answer answer = pair_ask(&b, LINK_CARRY_TAKE, "{\"actor\":\"amal\"}", late.fds[0]);
  assert_int_equal(answer.status, BASE_WRONG_KEY);
  pair_answer_free(&answer);
  file_free(&late);
  (void)carry(&b, &a); /* the card */
  sum = carry(&a, &b);
  assert_int_equal(sum.taken, 1);
  assert_int_equal(carry(&b, &a).receipts, 1);
  assert_int_equal(pair_outbox(&a, third, NULL), STORE_RECEIPTED);
  assert_true(faults(&a) == 0 && faults(&b) == 0);
  ask_remove(&a, &b);
}

static void ended_and_unlawful(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], request[160];
  agreed(&a, &b);
  pair_request(&a, &b, id);
  struct file before = file_for(&a, &b);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"not needed\"}", id);
  struct told ended = tell(&a, LINK_OUTBOX_END, request);
  forget(&ended);
  struct sum sum = carry(&a, &b); /* the void, not the message */
  assert_true(sum.messages == 1 && sum.taken == 1);
  assert_int_equal(b.core->partners[0]->row.received_number, a.core->partners[0]->row.sent_number);
  assert_true(take(&b, &before).older);
  pair_request(&a, &b, id);
  int64_t file = begin(&a, &b);
  a.now += 2 * 366 * 86400ll; /* the agreement has ended */
  b.now = a.now;
  struct pair_answer answer;
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"file\":%lld}", (long long)file);
  answer = pair_ask(&a, LINK_CARRY_NEXT, request, -1);
  assert_int_equal(answer.status, BASE_NOT_FOUND); /* nobody went on with it */
  pair_answer_free(&answer);
  ask_remove(&a, &b);
}

/* Whoever can write a file can seal one: nothing in it is held against the partner whose name it bears. */
static void not_the_partner(void **state) {
  (void)state;
  struct pair_node a, b, c;
  char id[65];
  agreed(&a, &b);
  pair_make(&c, "madrid");
  pair_request(&a, &b, id);
  struct file file = file_for(&a, &b);
  struct pair_answer answer = pair_ask(&c, LINK_CARRY_TAKE, "{\"actor\":\"amal\"}", file.fds[0]);
  assert_int_equal(answer.status, BASE_UNKNOWN_NODE);
  pair_answer_free(&answer);
  struct base_view sealed = {0};
  assert_int_equal(base_map_sealed(file.fds[0], WIRE_CONSIGNMENT_MAX, &sealed, NULL), BASE_OK);
  uint8_t *bytes = malloc(sealed.size);
  memcpy(bytes, sealed.data, sealed.size);
  bytes[sealed.size - 1] ^= 1;
  int fd = base_memfd_sealed("changed", base_view_of(bytes, sealed.size), NULL);
  uint64_t size = b.core->reg.size;
  answer = pair_ask(&b, LINK_CARRY_TAKE, "{\"actor\":\"amal\"}", fd);
  assert_int_equal(answer.status, BASE_UNSEAL);
  pair_answer_free(&answer);
  close(fd);
  /* Sealed by somebody who has only what anybody can have: no head, then a head that a did not sign. */
  for (int headed = 0; headed < 2; headed++) {
    struct base_buf plain = {0}, out = {0};
    base_buf_init(&plain, 1 << 16);
    base_buf_init(&out, 1 << 16);
    struct wire_frame frame = {.type = WIRE_FRAME_HEAD, .head = base_buf_view(&c.core->reg.note)};
    if (headed)
      wire_frame_write(&frame, &plain);
    frame = (struct wire_frame){.type = WIRE_FRAME_WANT_PROOF, .new_size = 1 << 20};
    wire_frame_write(&frame, &plain);
    uint8_t entropy[32] = {7};
    struct seal_hpke_context context;
    assert_int_equal(seal_consignment(&b.core->card.seals[0], a.core->card.origin, b.core->card.origin, false,
                                      base_buf_view(&plain), entropy, &out, &context, NULL),
                     BASE_OK);
    fd = base_memfd_sealed("forged", base_buf_view(&out), NULL);
    answer = pair_ask(&b, LINK_CARRY_TAKE, "{\"actor\":\"amal\"}", fd);
    assert_int_equal(answer.status, headed ? BASE_WRONG_KEY : BASE_PROTOCOL);
    pair_answer_free(&answer);
    close(fd);
    base_buf_free(&plain);
    base_buf_free(&out);
  }
  assert_int_equal(b.core->reg.size, size);
  assert_false(b.core->partners[0]->stopped);
  assert_int_equal(take(&b, &file).taken, 1);
  base_unmap(&sealed);
  free(bytes);
  file_free(&file);
  pair_remove(&c);
  ask_remove(&a, &b);
}

static void refused(struct pair_node *to, const struct file *file, enum base_code want, const char *says) {
  struct pair_answer answer = pair_ask(to, LINK_CARRY_TAKE, "{\"actor\":\"amal\"}", file->fds[0]);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* He forked by file. From then on a person decides: what he sends, by file or by line, is read for where his register
 * stands, and nothing else of it is taken; the import says why, and he is told to ask. */
static void of_one_who_was_stopped(void **state) {
  (void)state;
  static const char says[] = "rabat contradicts what was signed before", next_step[] = "wasl partner resume rabat";
  struct pair_node a, b;
  char id[2][65];
  agreed(&a, &b);
  pair_close(&a);
  copy(&a, "/core", "/old-core");
  copy(&a, "/keeper", "/old-keeper");
  pair_open(&a);
  pair_request(&a, &b, id[0]);
  struct file first = file_for(&a, &b);
  assert_int_equal(carry(&a, &b).taken, 1);
  pair_close(&a);
  copy(&a, "/core", "/new-core");
  copy(&a, "/keeper", "/new-keeper");
  copy(&a, "/old-core", "/core");
  copy(&a, "/old-keeper", "/keeper");
  pair_open(&a);
  a.now += 1000;
  pair_request(&a, &b, id[1]);
  struct file same = file_for(&a, &b), forked = file_for(&a, &b); /* as many leaves as the true one */
  refused(&b, &forked, BASE_FORK, says);
  assert_true(try_partner(&b)->stopped);
  refused(&b, &forked, BASE_FORK, next_step);
  pair_close(&a);
  copy(&a, "/new-core", "/core");
  copy(&a, "/new-keeper", "/keeper");
  pair_open(&a);
  pair_request(&a, &b, id[1]);
  struct file sound = file_for(&a, &b);
  uint64_t taken = try_partner(&b)->row.received_number;
  for (int again = 0; again < 2; again++) {
    refused(&b, &first, BASE_SUSPENDED, says); /* older than what was seen */
    refused(&b, &sound, BASE_SUSPENDED, next_step);
    try_restart(&b);
  }
  for (int i = 0; i < 4; i++) { /* the line is open beside it */
    a.ms += 31000;
    (void)pair_send(&a, &b);
  }
  assert_non_null(strstr(try_partner(&a)->trouble, "paris has suspended the exchange with rabat"));
  assert_true(try_partner(&b)->stopped);
  assert_int_equal(try_partner(&b)->row.received_number, taken);
  assert_int_equal(try_partner(&b)->seen_size, a.core->reg.attested); /* where he stands is known */
  try_suspend(&b, &a, "active");
  assert_int_equal(take(&b, &sound).taken, 1);
  assert_int_equal(carry(&b, &a).receipts, 2);
  assert_int_equal(pair_outbox(&a, id[1], NULL), STORE_RECEIPTED);
  try_sound(&b);
  file_free(&first);
  file_free(&same);
  file_free(&forked);
  file_free(&sound);
  pair_remove(&a);
  pair_remove(&b);
}

static void limits(void **state) {
  (void)state;
  struct pair_node a, b;
  agreed(&a, &b);
  for (int i = 0; i < CORE_CARRIES_MAX; i++)
    (void)begin(&a, &b);
  pair_refused(&a, LINK_CARRY_BEGIN, "{\"actor\":\"amal\",\"to\":\"paris\"}", BASE_BUSY);
  a.now += CORE_CARRY_SECONDS + 1;
  (void)begin(&a, &b);
  pair_refused(&a, LINK_CARRY_NEXT, "{\"actor\":\"amal\",\"file\":1}", BASE_NOT_FOUND);
  pair_refused(&a, LINK_CARRY_NEXT, "{\"actor\":\"amal\",\"file\":\"1\"}", BASE_NOT_FOUND);
  pair_refused(&a, LINK_CARRY_BEGIN, "{\"actor\":\"amal\",\"to\":\"madrid\"}", BASE_UNKNOWN_NODE);
  /* More than fits one consignment: numbers and receipts in order, in as many as it takes. */
  char id[65];
  for (int i = 0; i < WIRE_CONSIGNMENT_MESSAGES_MAX + 40; i++)
    pair_request(&a, &b, id);
  struct file file = file_for(&a, &b);
  assert_int_equal(file.count, 2);
  assert_int_equal(take(&b, &file).taken, WIRE_CONSIGNMENT_MESSAGES_MAX + 40);
  file_free(&file);
  assert_int_equal(carry(&b, &a).receipts, WIRE_CONSIGNMENT_MESSAGES_MAX + 40);
  assert_int_equal(pair_outbox(&a, id, NULL), STORE_RECEIPTED);
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_alone), cmocka_unit_test(told_by_a_file),        cmocka_unit_test(bases),
      cmocka_unit_test(other_keys),  cmocka_unit_test(ended_and_unlawful),    cmocka_unit_test(not_the_partner),
      cmocka_unit_test(limits),      cmocka_unit_test(of_one_who_was_stopped), cmocka_unit_test(apart_in_one_file)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
