/* SPDX-License-Identifier: Apache-2.0 */
#include "store_help.h"

#include "store/postgresql.h"
#include "store/sqlite.h"

/* Each verb: what is missing, what is written, what is written again. */

struct box {
  struct store *store;
  struct base_arena arena;
  int dir;
  char path[256];
};

static int set_up(void **state) {
  static struct box box;
  box.dir = new_folder(box.path);
  base_arena_init(&box.arena, 1 << 20);
  ok(place_open(box.dir, &box.store, &error));
  ok(store_begin(box.store, &error));
  *state = &box;
  return 0;
}

/* A verb that may be refused late, and then costs the transaction: it gets one of its own. */
#define refused(store, wanted, expression)                                                                             \
  do {                                                                                                                 \
    uint64_t count_;                                                                                                   \
    ok(store_commit(store, &error));                                                                                   \
    ok(store_begin(store, &error));                                                                                    \
    if (place_postgresql()) {                                                                                          \
      ok(expression);                                                                                                  \
      fails(wanted, store_leaf_count(store, &count_, &error));                                                         \
      fails(BASE_INTERNAL, store_commit(store, &error));                                                               \
    } else {                                                                                                           \
      fails(wanted, expression);                                                                                       \
    }                                                                                                                  \
    store_rollback(store);                                                                                             \
    ok(store_begin(store, &error));                                                                                    \
  } while (0)

static int tear_down(void **state) {
  struct box *box = *state;
  ok(store_check(box->store, &error));
  store_close(box->store);
  base_arena_free(&box->arena);
  remove_folder(box->dir, box->path);
  return 0;
}

static void facts(void **state) {
  struct store *store = ((struct box *)*state)->store;
  BASE_AUTO_BUF struct base_buf out = {0};
  fails(BASE_NOT_FOUND, store_fact_get(store, "clock", &out, &error));
  char sentence[300];
  snprintf(sentence, sizeof sentence, "%s: no fact \"clock\"", store_name(store));
  assert_string_equal(error.text, sentence);
  ok(store_fact_set(store, "clock", BASE_VIEW("one"), &error));
  ok(store_fact_set(store, "empty", (struct base_view){0}, &error));
  ok(store_fact_get(store, "clock", &out, &error));
  assert_true(same(base_buf_view(&out), "one"));
  ok(store_fact_set(store, "clock", BASE_VIEW("\0two"), &error));
  base_buf_reset(&out);
  ok(store_fact_get(store, "clock", &out, &error));
  assert_true(base_view_equal(base_buf_view(&out), BASE_VIEW("\0two")));
  base_buf_reset(&out);
  ok(store_fact_get(store, "empty", &out, &error));
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 16);
  struct base_view name, value;
  ok(store_fact_next(store, "", &arena, &name, &value, &error));
  assert_true(base_view_is(name, "clock") && value.size == 4);
  ok(store_fact_next(store, "clock", &arena, &name, &value, &error));
  assert_true(base_view_is(name, "empty") && value.size == 0);
  fails(BASE_NOT_FOUND, store_fact_next(store, "empty", &arena, &name, &value, &error));
  assert_int_equal(out.size, 0);
}

static void leaves_follow_each_other(void **state) {
  struct box *box = *state;
  uint64_t count = 9;
  struct store_leaf leaf = {.entry = BASE_VIEW("leaf"), .opening = BASE_VIEW("secret"), .opening_key = 4}, read;
  ok(store_leaf_count(box->store, &count, &error));
  assert_int_equal(count, 0);
  fails(BASE_NOT_FOUND, store_leaf_get(box->store, 0, &box->arena, &read, &error));
  leaf.index = 1;
  fails(BASE_CONFLICT, store_leaf_add(box->store, &leaf, &error));
  for (leaf.index = 0; leaf.index < 3; leaf.index++)
    ok(store_leaf_add(box->store, &leaf, &error));
  leaf.index = 1;
  fails(BASE_CONFLICT, store_leaf_add(box->store, &leaf, &error));
  leaf.index = UINT64_MAX;
  fails(BASE_TOO_LARGE, store_leaf_add(box->store, &leaf, &error));
  ok(store_leaf_count(box->store, &count, &error));
  assert_int_equal(count, 3);
  ok(store_leaf_get(box->store, 2, &box->arena, &read, &error));
  assert_int_equal(read.index, 2);
  assert_int_equal(read.opening_key, 4);
  assert_true(same(read.entry, "leaf") && same(read.opening, "secret"));
}

static void opening_keys(void **state) {
  struct box *box = *state;
  int64_t first, second;
  uint32_t epoch;
  struct base_view wrapped;
  ok(store_opening_key_add(box->store, UINT32_MAX, BASE_VIEW("wrapped"), &first, &error));
  ok(store_opening_key_add(box->store, 8, BASE_VIEW("again"), &second, &error));
  assert_int_not_equal(first, second);
  ok(store_opening_key_get(box->store, first, &epoch, &box->arena, &wrapped, &error));
  assert_int_equal(epoch, UINT32_MAX);
  assert_true(same(wrapped, "wrapped"));
  fails(BASE_NOT_FOUND, store_opening_key_get(box->store, 77, &epoch, &box->arena, &wrapped, &error));
}

static void tiles(void **state) {
  struct store *store = ((struct box *)*state)->store;
  static uint8_t hashes[8192];
  BASE_AUTO_BUF struct base_buf out = {0};
  fails(BASE_NOT_FOUND, store_tile_get(store, 0, 0, &out, &error));
  ok(store_tile_put(store, 0, 5, BASE_VIEW("zero five"), &error));
  ok(store_tile_put(store, 63, ((uint64_t)1 << 56) - 1, BASE_VIEW("the last"), &error));
  ok(store_tile_put(store, 0, 5, base_view_of(hashes, sizeof hashes), &error));
  ok(store_tile_get(store, 0, 5, &out, &error));
  assert_int_equal(out.size, sizeof hashes);
  base_buf_reset(&out);
  ok(store_tile_get(store, 63, ((uint64_t)1 << 56) - 1, &out, &error));
  assert_true(same(base_buf_view(&out), "the last"));
  fails(BASE_NOT_FOUND, store_tile_get(store, 1, 5, &out, &error));
  fails(BASE_TOO_LARGE, store_tile_put(store, 64, 0, BASE_VIEW("x"), &error));
  fails(BASE_TOO_LARGE, store_tile_get(store, 0, (uint64_t)1 << 56, &out, &error));
}

static int64_t add_partner(struct store *store, const char *name) {
  char origin[64];
  snprintf(origin, sizeof origin, "wasl/%s/0123456789abcdef", name);
  struct store_partner partner = {.origin = base_view_text(origin),
                                  .name = base_view_text(name),
                                  .card = BASE_VIEW("{card}"),
                                  .fingerprint = BASE_VIEW("words")};
  ok(store_partner_add(store, &partner, &error));
  return partner.number;
}

static void heads_and_cosignatures(void **state) {
  struct store *store = ((struct box *)*state)->store;
  BASE_AUTO_BUF struct base_buf note = {0};
  BASE_AUTO_BUF struct base_buf line = {0};
  struct base_hash root, seven = hash_of(7), nine = hash_of(9);
  uint64_t size;
  fails(BASE_NOT_FOUND, store_head_last(store, &size, &root, &note, &error));
  ok(store_head_put(store, 7, &seven, BASE_VIEW("note 7"), &error));
  ok(store_head_put(store, 9, &nine, BASE_VIEW("note nine"), &error));
  ok(store_head_put(store, 9, &nine, BASE_VIEW("note 9"), &error));
  ok(store_head_last(store, &size, &root, &note, &error));
  assert_int_equal(size, 9);
  assert_true(base_hash_equal(&root, &nine) && same(base_buf_view(&note), "note 9"));
  base_buf_reset(&note);
  ok(store_head_get(store, 7, &root, &note, &error));
  assert_true(base_hash_equal(&root, &seven) && same(base_buf_view(&note), "note 7"));
  fails(BASE_NOT_FOUND, store_head_get(store, 8, &root, &note, &error));

  int64_t paris = add_partner(store, "paris"), rabat = add_partner(store, "rabat");
  fails(BASE_NOT_FOUND, store_head_cosign(store, paris, 8, BASE_VIEW("line"), &error));
  fails(BASE_NOT_FOUND, store_head_cosign(store, 99, 7, BASE_VIEW("line"), &error));
  ok(store_head_cosign(store, paris, 7, BASE_VIEW("old"), &error));
  ok(store_head_cosign(store, paris, 7, BASE_VIEW("paris 7"), &error));
  ok(store_head_cosign(store, rabat, 9, BASE_VIEW("rabat 9"), &error));
  base_buf_reset(&note);
  ok(store_head_cosigned(store, paris, 3, &size, &note, &line, &error));
  assert_int_equal(size, 7);
  assert_true(same(base_buf_view(&note), "note 7") && same(base_buf_view(&line), "paris 7"));
  fails(BASE_NOT_FOUND, store_head_cosigned(store, paris, 8, &size, &note, &line, &error));
  base_buf_reset(&line);
  ok(store_head_cosigned(store, rabat, 3, &size, &note, &line, &error));
  assert_int_equal(size, 9);

  ok(store_partner_head_put(store, paris, 40, BASE_VIEW("his"), &error));
  ok(store_partner_head_put(store, paris, 40, BASE_VIEW("his 40"), &error));
  base_buf_reset(&note);
  ok(store_partner_head_get(store, paris, 40, &note, &error));
  assert_true(same(base_buf_view(&note), "his 40"));
  fails(BASE_NOT_FOUND, store_partner_head_get(store, rabat, 40, &note, &error));
  ok(store_evidence_add(store, 7, paris, BASE_VIEW("fork"), BASE_VIEW("two heads"), 1700000000, &error));
  fails(BASE_NOT_FOUND, store_evidence_add(store, 8, 99, BASE_VIEW("fork"), BASE_VIEW("x"), 1, &error));
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 16);
  struct store_evidence evidence;
  int64_t key = INT64_MIN;
  ok(store_evidence_next(store, &key, &arena, &evidence, &error));
  assert_true(key == 7 && evidence.leaf == 7 && evidence.partner == paris && evidence.kept == 1700000000);
  assert_true(base_view_is(evidence.name, "fork") && base_view_is(evidence.bytes, "two heads"));
  fails(BASE_NOT_FOUND, store_evidence_next(store, &key, &arena, &evidence, &error));
  ok(store_evidence_get(store, 7, &arena, &evidence, &error));
  fails(BASE_NOT_FOUND, store_evidence_get(store, 6, &arena, &evidence, &error));
}

struct told {
  size_t count, stop_at; /* stop_at: at which one it is told to stop; 0: at none */
  struct store_partner partners[4];
  char list[512];
};

static void tell_partners(struct box *box, struct told *told) {
  int64_t key = INT64_MIN;
  enum base_code code;
  for (told->count = 0;
       (code = store_partner_next(box->store, &key, &box->arena, &told->partners[told->count], &error)) == BASE_OK;
       told->count++)
    assert_int_equal(key, told->partners[told->count].number);
  assert_int_equal(code, BASE_NOT_FOUND);
}

static void partners(void **state) {
  struct box *box = *state;
  struct told told = {0};
  tell_partners(box, &told);
  assert_int_equal(told.count, 0);
  int64_t rabat = add_partner(box->store, "rabat");
  add_partner(box->store, "paris");
  struct store_partner twin = {.origin = BASE_VIEW("wasl/other/0123456789abcdef"), .name = BASE_VIEW("rabat")};
  fails(BASE_EXISTS, store_partner_add(box->store, &twin, &error));
  assert_int_equal(twin.number, 0);
  tell_partners(box, &told);
  assert_int_equal(told.count, 2);
  assert_true(same(told.partners[0].name, "rabat") && same(told.partners[1].name, "paris"));

  struct store_partner changed = told.partners[0];
  assert_int_equal(changed.number, rabat);
  changed.card = BASE_VIEW("{new card}");
  changed.state = STORE_PARTNER_SUSPENDED;
  changed.sent_number = 12;
  changed.sent_previous = hash_of(1);
  changed.received_number = 13;
  changed.received_previous = hash_of(2);
  changed.cosigned_size = 14;
  changed.head_size = INT64_MAX;
  changed.head_root = hash_of(3);
  changed.owes_cosign = true;
  changed.last_contact = 1700000000;
  ok(store_partner_update(box->store, &changed, &error));
  tell_partners(box, &told);
  const struct store_partner *read = &told.partners[0];
  assert_true(same(read->card, "{new card}") && same(read->fingerprint, "words"));
  assert_true(same(read->origin, "wasl/rabat/0123456789abcdef"));
  assert_int_equal(read->state, STORE_PARTNER_SUSPENDED);
  assert_int_equal(read->sent_number, 12);
  assert_int_equal(read->received_number, 13);
  assert_int_equal(read->cosigned_size, 14);
  assert_int_equal(read->head_size, INT64_MAX);
  assert_int_equal(read->last_contact, 1700000000);
  assert_true(read->owes_cosign && base_hash_equal(&read->sent_previous, &changed.sent_previous));
  assert_true(base_hash_equal(&read->received_previous, &changed.received_previous));
  assert_true(base_hash_equal(&read->head_root, &changed.head_root));

  changed.name = BASE_VIEW("paris");
  fails(BASE_EXISTS, store_partner_update(box->store, &changed, &error));
  changed.number = 99;
  changed.name = BASE_VIEW("nobody");
  fails(BASE_NOT_FOUND, store_partner_update(box->store, &changed, &error));
}

static void put_case(struct store *store, uint64_t seed, const char *kind, base_time changed) {
  struct store_case kase = {.id = id_of(seed),
                            .kind = base_view_text(kind),
                            .state = BASE_VIEW("asked"),
                            .opener = BASE_VIEW("wasl/paris/0123456789abcdef"),
                            .kind_hash = hash_of(seed),
                            .message_count = 1,
                            .opened = 5,
                            .changed = changed};
  ok(store_case_put(store, &kase, &error));
}

static enum base_code tell_case(void *context, const struct store_case *kase) {
  struct told *told = context;
  told->count++;
  size_t used = strlen(told->list);
  snprintf(told->list + used, sizeof told->list - used, "%.*s %lld;", (int)kase->kind.size,
           (const char *)kase->kind.data, (long long)kase->changed);
  return BASE_OK;
}

static void cases(void **state) {
  struct box *box = *state;
  struct store_case read;
  struct base_id second = id_of(2), none = id_of(9);
  fails(BASE_NOT_FOUND, store_case_get(box->store, &second, &box->arena, &read, &error));
  put_case(box->store, 1, "request", 10);
  put_case(box->store, 2, "request", 20);
  put_case(box->store, 3, "agreement", 15);
  put_case(box->store, 1, "request", 30);
  ok(store_case_get(box->store, &second, &box->arena, &read, &error));
  assert_true(base_id_equal(&read.id, &second) && same(read.kind, "request") && same(read.state, "asked"));
  assert_true(same(read.opener, "wasl/paris/0123456789abcdef") && !read.flagged);
  struct base_hash kind_hash = hash_of(2);
  assert_true(base_hash_equal(&read.kind_hash, &kind_hash));
  assert_int_equal(read.opened, 5);
  assert_int_equal(read.message_count, 1);
  fails(BASE_NOT_FOUND, store_case_get(box->store, &none, &box->arena, &read, &error));
  struct told told = {0};
  ok(store_case_each(box->store, (struct base_view){0}, 0, tell_case, &told, &error));
  assert_string_equal(told.list, "request 30;request 20;agreement 15;");
  told = (struct told){0};
  ok(store_case_each(box->store, BASE_VIEW("request"), 1, tell_case, &told, &error));
  assert_string_equal(told.list, "request 30;");
  told = (struct told){0};
  ok(store_case_each(box->store, BASE_VIEW("crisis"), 0, tell_case, &told, &error));
  assert_string_equal(told.list, "");
}

static void add_message(struct store *store, uint64_t seed, uint64_t case_seed, enum store_message_state state) {
  struct store_message message = {.id = id_of(seed),
                                  .case_id = id_of(case_seed),
                                  .state = state,
                                  .ours = seed % 2,
                                  .type = BASE_VIEW("answer"),
                                  .author = BASE_VIEW("wasl/paris/0123456789abcdef"),
                                  .header = BASE_VIEW("{header}"),
                                  .part0 = BASE_VIEW("sealed"),
                                  .wrapped_key = BASE_VIEW("key"),
                                  .epoch = 3,
                                  .stored = 1700000000,
                                  .part_count = 2};
  ok(store_message_add(store, &message, &error));
  assert_true(message.number > 0);
}

static enum base_code tell_message(void *context, const struct store_message *message) {
  struct told *told = context;
  told->count++;
  assert_int_equal(message->part0.size, 0);
  assert_true(same(message->header, "{header}"));
  size_t used = strlen(told->list);
  snprintf(told->list + used, sizeof told->list - used, "%lld/%d;", (long long)message->number, (int)message->state);
  return BASE_OK;
}

static enum base_code tell_header(void *context, const struct store_header *row) {
  struct told *told = context;
  size_t used = strlen(told->list);
  struct base_id id = id_of(row->ours ? 1 : 2);
  assert_true(same(row->header, "{header}") && base_id_equal(&row->id, &id));
  snprintf(told->list + used, sizeof told->list - used, "%d/%d;", row->ours ? 1 : 2, (int)row->state);
  return ++told->count == told->stop_at ? BASE_BUSY : BASE_OK;
}

static void messages(void **state) {
  struct box *box = *state;
  struct store_message read;
  struct base_id first = id_of(1), second = id_of(2), other = id_of(8), none = id_of(99);
  fails(BASE_NOT_FOUND, store_message_get(box->store, &first, &box->arena, &read, &error));
  /* The case's id is known before its first message arrives: the order of arrival is the messages' own. */
  add_message(box->store, 2, 1, STORE_MESSAGE_PENDING);
  add_message(box->store, 8, 8, STORE_MESSAGE_HELD);
  add_message(box->store, 1, 1, STORE_MESSAGE_HELD);
  struct store_message again = {.id = first, .case_id = first};
  refused(box->store, BASE_EXISTS, store_message_add(box->store, &again, &error));
  ok(store_message_get(box->store, &first, &box->arena, &read, &error));
  assert_int_equal(read.number, 3);
  assert_true(base_id_equal(&read.id, &first) && base_id_equal(&read.case_id, &first) && read.ours);
  assert_true(same(read.header, "{header}") && same(read.part0, "sealed") && same(read.wrapped_key, "key"));
  assert_true(same(read.type, "answer") && same(read.author, "wasl/paris/0123456789abcdef"));
  assert_true(read.epoch == 3 && read.stored == 1700000000 && read.part_count == 2);
  struct told told = {0};
  ok(store_message_each(box->store, &first, tell_message, &told, &error));
  assert_string_equal(told.list, "1/0;3/1;");
  told = (struct told){0};
  ok(store_message_headers(box->store, &first, tell_header, &told, &error));
  ok(store_message_headers(box->store, &none, tell_header, &told, &error));
  assert_string_equal(told.list, "2/0;1/1;");
  told = (struct told){.stop_at = 1};
  assert_int_equal(store_message_headers(box->store, &first, tell_header, &told, &error), BASE_BUSY);
  assert_string_equal(told.list, "2/0;");
  ok(store_message_state_set(box->store, &second, STORE_MESSAGE_HELD, &error));
  ok(store_message_state_set(box->store, &other, STORE_MESSAGE_REFUSED, &error));
  told = (struct told){0};
  ok(store_message_each(box->store, &first, tell_message, &told, &error));
  assert_string_equal(told.list, "1/1;3/1;");
  told = (struct told){0};
  ok(store_message_each(box->store, &other, tell_message, &told, &error));
  assert_string_equal(told.list, "2/2;");
  told = (struct told){0};
  ok(store_message_each(box->store, &none, tell_message, &told, &error));
  assert_string_equal(told.list, "");
  ok(store_message_drop_content(box->store, &second, &error));
  ok(store_message_get(box->store, &second, &box->arena, &read, &error));
  assert_true(read.part0.size == 0 && read.wrapped_key.size == 0 && same(read.header, "{header}"));
  fails(BASE_NOT_FOUND, store_message_drop_content(box->store, &none, &error));
  fails(BASE_NOT_FOUND, store_message_state_set(box->store, &none, STORE_MESSAGE_HELD, &error));
}

struct matched {
  char list[400];
  size_t used;
};

static unsigned seed_of(const struct base_id *id) {
  unsigned seed = 1;
  for (struct base_id one = id_of(1); seed < 9 && !base_id_equal(&one, id); one = id_of(seed))
    seed++;
  return seed;
}

static enum base_code tell_match(void *context, const struct store_match *match) {
  struct matched *matched = context;
  matched->used += (size_t)snprintf(matched->list + matched->used, sizeof matched->list - matched->used, "%u/%u/%u %.*s %.*s;",
                                    seed_of(&match->message), seed_of(&match->case_id), match->place, (int)match->type.size,
                                    (const char *)match->type.data, (int)match->kind.size, (const char *)match->kind.data);
  return BASE_OK;
}

static enum base_code tell_token(void *context, const struct store_match_token *token, uint32_t place) {
  struct matched *matched = context;
  matched->used += (size_t)snprintf(matched->list + matched->used, sizeof matched->list - matched->used, "%02x%02x/%u;",
                                    token->bytes[0], token->bytes[15], place);
  return BASE_OK;
}

static void matches_are(struct store *store, const struct store_match_token *token, uint8_t other_than, int hidden, uint64_t most,
                        const char *want) {
  struct matched matched = {0};
  struct base_id id = id_of(other_than);
  ok(store_match_each(store, token, &id, hidden, most, tell_match, &matched, &error));
  assert_string_equal(matched.list, want);
}

/* Found by the whole token, in other cases alone, complete ones, of the asker's lanes and never of the humanitarian one. */
static void matches(void **state) {
  struct store *store = ((struct box *)*state)->store;
  struct store_match_token token = {{0xfe, 1, 2}}, other = token;
  struct matched matched = {0};
  static const struct {
    uint8_t id, kase;
    enum store_message_state state;
  } rows[] = {{1, 1, STORE_MESSAGE_HELD}, {2, 1, STORE_MESSAGE_PENDING}, {3, 3, STORE_MESSAGE_HELD}, {4, 4, STORE_MESSAGE_HELD},
              {5, 5, STORE_MESSAGE_HELD}, {6, 6, STORE_MESSAGE_HELD}};
  static const char *const kinds[] = {[1] = "request", [3] = "desk", [4] = "tracing", [5] = "threat", [6] = "threat"};
  static const int64_t lanes[] = {[1] = 0, [3] = 2, [4] = 1, [5] = 0, [6] = 0};
  other.bytes[15] = 0xff;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct base_id id = id_of(rows[i].id);
    struct store_case kase = {.id = id_of(rows[i].kase), .kind = base_view_text(kinds[rows[i].kase]), .state = BASE_VIEW("open"),
                              .opener = BASE_VIEW("a"), .lane = (enum wire_lane)lanes[rows[i].kase]};
    add_message(store, rows[i].id, rows[i].kase, rows[i].state);
    ok(store_case_put(store, &kase, &error));
    ok(store_match_add(store, &id, rows[i].id == 6 ? &other : &token, 18, &error));
  }
  struct base_id third = id_of(3), fifth = id_of(5);
  ok(store_match_add(store, &fifth, &token, 34, &error));
  ok(store_match_add(store, &fifth, &token, 34, &error)); /* once */
  matches_are(store, &token, 6, 3, 9, "5/5/34 answer threat;5/5/18 answer threat;3/3/18 answer desk;1/1/18 answer request;");
  matches_are(store, &token, 5, 3, 9, "3/3/18 answer desk;1/1/18 answer request;");
  matches_are(store, &token, 5, 2, 9, "1/1/18 answer request;");
  matches_are(store, &token, 5, 0, 9, "3/3/18 answer desk;");
  matches_are(store, &token, 6, 3, 2, "5/5/34 answer threat;5/5/18 answer threat;");
  matches_are(store, &other, 1, 3, 9, "6/6/18 answer threat;");
  ok(store_match_of(store, &fifth, tell_token, &matched, &error));
  assert_string_equal(matched.list, "fe00/18;fe00/34;");
  bool there = false;
  ok(store_match_there(store, &fifth, 34, &there, &error));
  assert_true(there);
  ok(store_match_there(store, &fifth, 35, &there, &error));
  assert_false(there);
  ok(store_match_drop(store, &fifth, &error));
  ok(store_message_drop_content(store, &third, &error)); /* what is erased is found no more */
  matches_are(store, &token, 6, 3, 9, "1/1/18 answer request;");
}

static void erasures(void **state) {
  struct box *box = *state;
  struct store *store = box->store;
  struct store_erasure read, first = {.message = id_of(1), .leaf = 7, .untold = true, .epoch = 3},
                             second = {.message = id_of(2), .elsewhere = true, .leaf = 8};
  struct base_id none = id_of(9);
  int64_t key = INT64_MIN;
  first.wrapped = BASE_VIEW("wrapped");
  ok(store_erasure_put(store, &second, &error));
  ok(store_erasure_put(store, &first, &error));
  fails(BASE_NOT_FOUND, store_erasure_get(store, &none, &box->arena, &read, &error));
  ok(store_erasure_next(store, STORE_ERASURES_UNTOLD, &key, &box->arena, &read, &error));
  assert_true(base_id_equal(&read.message, &first.message) && read.leaf == 7 && read.untold && !read.elsewhere);
  assert_true(read.epoch == 3 && same(read.wrapped, "wrapped"));
  fails(BASE_NOT_FOUND, store_erasure_next(store, STORE_ERASURES_UNTOLD, &key, &box->arena, &read, &error));
  ok(store_erasure_told(store, &first.message, &error));
  ok(store_erasure_get(store, &first.message, &box->arena, &read, &error));
  assert_true(!read.untold && read.epoch == 0 && read.wrapped.size == 0 && read.leaf == 7);
  key = INT64_MIN;
  fails(BASE_NOT_FOUND, store_erasure_next(store, STORE_ERASURES_UNTOLD, &key, &box->arena, &read, &error));
  ok(store_erasure_next(store, STORE_ERASURES_ALL, &key, &box->arena, &read, &error));
  assert_true(base_id_equal(&read.message, &second.message) && read.elsewhere);
  ok(store_erasure_next(store, STORE_ERASURES_ALL, &key, &box->arena, &read, &error));
  fails(BASE_NOT_FOUND, store_erasure_next(store, STORE_ERASURES_ALL, &key, &box->arena, &read, &error));
  key = INT64_MIN;
  fails(BASE_NOT_FOUND, store_erasure_next(store, STORE_ERASURES_OWED, &key, &box->arena, &read, &error));
  ok(store_erasure_owe(store, &first.message, true, &error));
  ok(store_erasure_next(store, STORE_ERASURES_OWED, &key, &box->arena, &read, &error));
  assert_true(base_id_equal(&read.message, &first.message) && read.owed && !read.untold);
  fails(BASE_NOT_FOUND, store_erasure_next(store, STORE_ERASURES_OWED, &key, &box->arena, &read, &error));
  ok(store_erasure_owe(store, &first.message, false, &error));
  key = INT64_MIN;
  fails(BASE_NOT_FOUND, store_erasure_next(store, STORE_ERASURES_OWED, &key, &box->arena, &read, &error));
  second.leaf = 9; /* once more is instead */
  ok(store_erasure_put(store, &second, &error));
  ok(store_erasure_get(store, &second.message, &box->arena, &read, &error));
  assert_int_equal(read.leaf, 9);
}

static void message_waits(void **state) {
  struct store *store = ((struct box *)*state)->store;
  struct base_id awaited = id_of(1), first = id_of(2), second = id_of(3), out[4];
  size_t count = 9;
  ok(store_message_waiting(store, &awaited, out, 4, &count, &error));
  assert_int_equal(count, 0);
  ok(store_message_wait(store, &first, &awaited, &error));
  ok(store_message_wait(store, &first, &awaited, &error));
  ok(store_message_wait(store, &second, &awaited, &error));
  ok(store_message_waiting(store, &awaited, out, 4, &count, &error));
  assert_int_equal(count, 2);
  ok(store_message_waiting(store, &awaited, out, 1, &count, &error));
  assert_int_equal(count, 1);
  assert_true(base_id_equal(&out[0], &first));
  ok(store_message_waiting(store, &awaited, out, 0, &count, &error));
  assert_int_equal(count, 0);
  ok(store_message_wait_done(store, &first, &awaited, &error));
  ok(store_message_wait_done(store, &first, &awaited, &error));
  ok(store_message_waiting(store, &awaited, out, 4, &count, &error));
  assert_int_equal(count, 1);
  assert_true(base_id_equal(&out[0], &second));
}

static void ids_are_completed(void **state) {
  struct store *store = ((struct box *)*state)->store;
  struct base_id twins[3], out[2];
  size_t count = 9;
  for (size_t i = 0; i < 3; i++) {
    /* The same first 8 bytes, with the sign bit: what differs stands beyond the index. */
    twins[i] = id_of(5);
    twins[i].bytes[0] = 0xFF;
    twins[i].bytes[20] = (uint8_t)i;
    struct store_message message = {.id = twins[i], .case_id = id_of(7)};
    ok(store_message_add(store, &message, &error));
  }
  put_case(store, 7, "request", 1);
  struct base_hex_text text = base_id_text(&twins[1]);
  ok(store_id_complete(store, "message", base_view_of(text.text, 4), out, &count, &error));
  assert_int_equal(count, 2);
  ok(store_id_complete(store, "message", base_view_of(text.text, 41), out, &count, &error));
  assert_int_equal(count, 2);
  ok(store_id_complete(store, "message", base_view_of(text.text, 42), out, &count, &error));
  assert_int_equal(count, 1);
  assert_true(base_id_equal(&out[0], &twins[1]));
  ok(store_id_complete(store, "message", base_view_of(text.text, 64), out, &count, &error));
  assert_int_equal(count, 1);
  ok(store_id_complete(store, "case", base_view_of(text.text, 4), out, &count, &error));
  assert_int_equal(count, 0);
  struct base_id seven = id_of(7);
  text = base_id_text(&seven);
  ok(store_id_complete(store, "case", base_view_of(text.text, 5), out, &count, &error));
  assert_int_equal(count, 1);
  assert_true(base_id_equal(&out[0], &seven));
  /* The case's first message is not here. */
  ok(store_id_complete(store, "message", base_view_of(text.text, 5), out, &count, &error));
  assert_int_equal(count, 0);
  fails(BASE_USAGE, store_id_complete(store, "message", BASE_VIEW("abc"), out, &count, &error));
  fails(BASE_USAGE, store_id_complete(store, "message", BASE_VIEW("ABCD"), out, &count, &error));
  fails(BASE_USAGE, store_id_complete(store, "message", BASE_VIEW("abc%"), out, &count, &error));
  fails(BASE_INTERNAL, store_id_complete(store, "part", BASE_VIEW("abcd"), out, &count, &error));
}

static void parts(void **state) {
  struct box *box = *state;
  struct store_part part = {.message = id_of(1),
                            .part = 3,
                            .token = hash_of(1),
                            .file = BASE_VIEW("f1"),
                            .size = (uint64_t)1 << 40,
                            .records = 1 << 20},
                    read;
  struct store_pair from = {INT64_MIN, INT64_MIN};
  fails(BASE_NOT_FOUND, store_part_get(box->store, &part.message, 3, &box->arena, &read, &error));
  ok(store_part_put(box->store, &part, &error));
  fails(BASE_NOT_FOUND, store_part_by_token(box->store, &part.token, &from, &box->arena, &read, &error));
  part.records_held = part.records;
  ok(store_part_put(box->store, &part, &error));
  ok(store_part_get(box->store, &part.message, 3, &box->arena, &read, &error));
  assert_true(base_id_equal(&read.message, &part.message) && read.part == 3 && same(read.file, "f1"));
  assert_true(read.size == (uint64_t)1 << 40 && read.records == 1 << 20 && read.records_held == 1 << 20);
  ok(store_part_by_token(box->store, &part.token, &from, &box->arena, &read, &error));
  assert_true(base_hash_equal(&read.token, &part.token));
  fails(BASE_NOT_FOUND, store_part_by_token(box->store, &part.token, &from, &box->arena, &read, &error));
  from = (struct store_pair){INT64_MIN, INT64_MIN};
  struct base_hash near = part.token;
  near.bytes[31] ^= 1;
  fails(BASE_NOT_FOUND, store_part_by_token(box->store, &near, &from, &box->arena, &read, &error));
  part.part = 4;
  part.file = BASE_VIEW("f2");
  ok(store_part_put(box->store, &part, &error));
  bool named = false;
  ok(store_part_named(box->store, BASE_VIEW("f2"), &named, &error));
  assert_true(named);
  ok(store_part_named(box->store, BASE_VIEW("f"), &named, &error));
  assert_false(named);
  struct store_pair key = {INT64_MIN, INT64_MIN};
  ok(store_part_next(box->store, &key, &box->arena, &read, &error));
  assert_true(read.part == 3 && key.second == 3);
  ok(store_part_next(box->store, &key, &box->arena, &read, &error));
  assert_true(read.part == 4 && same(read.file, "f2"));
  fails(BASE_NOT_FOUND, store_part_next(box->store, &key, &box->arena, &read, &error));
  struct base_arena narrow;
  base_arena_init(&narrow, 1);
  fails(BASE_MEMORY, store_part_get(box->store, &part.message, 3, &narrow, &read, &error));
  base_arena_free(&narrow);
}

static enum base_code tell_delivery(void *context, const struct store_delivery *delivery) {
  struct told *told = context;
  size_t used = strlen(told->list);
  snprintf(told->list + used, sizeof told->list - used, "%lld.%llu/%d;", (long long)delivery->partner,
           (unsigned long long)delivery->number, (int)delivery->state);
  return BASE_OK;
}

static void expect_deliveries(struct store *store, const struct base_id *message, bool open_only, uint64_t limit,
                              const char *wanted) {
  struct told told = {0};
  ok(store_delivery_each(store, message, open_only, limit, tell_delivery, &told, &error));
  assert_string_equal(told.list, wanted);
}

static void expect_due(struct store *store, int64_t partner, uint64_t after, size_t limit, const char *wanted) {
  struct told told = {0};
  ok(store_delivery_open(store, partner, after, limit, tell_delivery, &told, &error));
  assert_string_equal(told.list, wanted);
}

static void expect_count(struct store *store, int64_t partner, enum store_delivery_state wanted_state,
                         uint64_t wanted) {
  uint64_t count;
  ok(store_delivery_count(store, partner, wanted_state, &count, &error));
  assert_int_equal(count, wanted);
}

static void outbox(void **state) {
  struct box *box = *state;
  struct store *store = box->store;
  struct store_delivery delivery = {.case_id = id_of(1), .reason = BASE_VIEW("")}, read;
  struct base_id third = id_of(3), none = id_of(99);
  add_partner(store, "paris");
  add_partner(store, "rabat");
  for (delivery.number = 1; delivery.number <= 5; delivery.number++) {
    delivery.message = id_of(delivery.number);
    delivery.partner = 1;
    delivery.sent_index = delivery.number * 10;
    ok(store_delivery_add(store, &delivery, &error));
  }
  delivery.message = third;
  delivery.partner = 2;
  delivery.number = 1;
  ok(store_delivery_add(store, &delivery, &error));
  refused(store, BASE_EXISTS, store_delivery_add(store, &delivery, &error));
  delivery.message = none;
  refused(store, BASE_EXISTS, store_delivery_add(store, &delivery, &error));
  delivery.partner = 99;
  refused(store, BASE_NOT_FOUND, store_delivery_add(store, &delivery, &error));
  expect_count(store, 0, STORE_WAITING, 6);
  expect_count(store, 1, STORE_WAITING, 5);
  expect_count(store, 2, STORE_RECEIPTED, 0);

  /* 1 under way, 2 receipted, 3 refused, 4 ended, 5 waits */
  fails(BASE_NOT_FOUND, store_delivery_get(store, &none, 1, &box->arena, &read, &error));
  fails(BASE_NOT_FOUND, store_delivery_by_number(store, 1, 6, &box->arena, &read, &error));
  static const enum store_delivery_state states[] = {STORE_UNDER_WAY, STORE_RECEIPTED, STORE_REFUSED, STORE_ENDED};
  for (uint64_t n = 1; n <= 4; n++) {
    ok(store_delivery_by_number(store, 1, n, &box->arena, &read, &error));
    struct base_id id = id_of(n);
    assert_true(base_id_equal(&read.message, &id) && read.sent_index == n * 10 && read.leaf.size == 0);
    read.state = states[n - 1];
    read.reason = BASE_VIEW("because");
    if (n == 2 || n == 3) {
      read.leaf = BASE_VIEW("leaf");
      read.opening = BASE_VIEW("opening");
      read.proof = BASE_VIEW("proof");
      read.index = 70;
      read.head_size = 71;
    }
    if (n == 4)
      read.voided_index = 55;
    ok(store_delivery_update(store, &read, &error));
  }
  ok(store_delivery_get(store, &third, 1, &box->arena, &read, &error));
  assert_true(same(read.leaf, "leaf") && same(read.opening, "opening") && same(read.proof, "proof"));
  assert_true(read.index == 70 && read.head_size == 71 && same(read.reason, "because"));
  assert_int_equal(read.state, STORE_REFUSED);
  expect_due(store, 1, 0, 0, "1.1/1;1.4/4;1.5/0;");
  expect_due(store, 1, 1, 1, "1.4/4;");
  expect_due(store, 1, 5, 9, "");
  expect_deliveries(store, NULL, true, 0, "2.1/0;1.5/0;1.3/3;1.1/1;");
  expect_deliveries(store, NULL, true, 2, "2.1/0;1.5/0;");
  expect_deliveries(store, NULL, false, 0, "2.1/0;1.5/0;1.4/4;1.3/3;1.2/2;1.1/1;");
  expect_deliveries(store, &third, false, 0, "2.1/0;1.3/3;");
  expect_deliveries(store, &third, true, 1, "2.1/0;");
  expect_deliveries(store, &none, false, 0, "");
  ok(store_delivery_by_number(store, 1, 4, &box->arena, &read, &error));
  assert_true(read.voided_index == 55 && !read.voided_told);
  read.voided_told = true;
  ok(store_delivery_update(store, &read, &error));
  expect_due(store, 1, 0, 0, "1.1/1;1.5/0;");
  expect_count(store, 1, STORE_WAITING, 1);
  expect_count(store, 0, STORE_WAITING, 2);
  expect_count(store, 1, STORE_ENDED, 1);
  expect_count(store, 1, STORE_REFUSED, 1);
  read.message = none;
  fails(BASE_NOT_FOUND, store_delivery_update(store, &read, &error));
}

static void arrivals(void **state) {
  struct box *box = *state;
  struct store_arrival arrival = {.message = id_of(1),
                                  .number = 1,
                                  .sent_hash = hash_of(1),
                                  .leaf = BASE_VIEW("leaf"),
                                  .opening = BASE_VIEW("opening"),
                                  .proof = BASE_VIEW("proof"),
                                  .index = 8,
                                  .head_size = 9},
                       read;
  static const struct base_id zero;
  int64_t paris = add_partner(box->store, "paris");
  arrival.partner = paris;
  fails(BASE_NOT_FOUND, store_arrival_get(box->store, paris, 1, &box->arena, &read, &error));
  fails(BASE_NOT_FOUND, store_arrival_of(box->store, &arrival.message, paris, &box->arena, &read, &error));
  fails(BASE_NOT_FOUND, store_arrival_answer(box->store, paris, 1, true, 5, &error));
  ok(store_arrival_add(box->store, &arrival, &error));
  refused(box->store, BASE_EXISTS, store_arrival_add(box->store, &arrival, &error));
  ok(store_arrival_of(box->store, &arrival.message, paris, &box->arena, &read, &error));
  assert_true(same(read.leaf, "leaf") && same(read.opening, "opening") && same(read.proof, "proof"));
  assert_true(base_hash_equal(&read.sent_hash, &arrival.sent_hash) && read.index == 8 && read.head_size == 9);
  assert_true(!read.answered && !read.refused && !read.voided && read.number == 1 && read.partner == paris);
  ok(store_arrival_answer(box->store, paris, 1, true, 5, &error));
  ok(store_arrival_get(box->store, paris, 1, &box->arena, &read, &error));
  assert_true(read.answered && read.refused && read.answer_index == 5 && same(read.leaf, "leaf"));
  arrival.message = zero;
  arrival.number = 2;
  arrival.voided = true;
  ok(store_arrival_add(box->store, &arrival, &error));
  ok(store_arrival_get(box->store, paris, 2, &box->arena, &read, &error));
  assert_true(read.voided && base_id_equal(&read.message, &zero));
  fails(BASE_NOT_FOUND, store_arrival_of(box->store, &zero, paris, &box->arena, &read, &error));
}

/* Writes past the verbs, as a hand in the database would, within the transaction of the test. */
static void by_hand(struct box *box, const char *sql) {
  char *why = NULL;
  uint64_t count;
  if (!place_postgresql()) {
    if (sqlite3_exec(((struct store_sqlite *)box->store)->db, sql, NULL, NULL, &why) != SQLITE_OK)
      fail_msg("%s: %s", sql, why);
    return;
  }
  PGconn *link = ((struct store_postgresql *)box->store)->link;
  ok(store_leaf_count(box->store, &count, &error)); /* so that nothing is on its way any more */
  assert_true(PQsendQueryParams(link, sql, 0, NULL, NULL, NULL, NULL, 1) == 1 && PQpipelineSync(link) == 1);
  for (bool end = false; !end;) {
    PGresult *result = PQgetResult(link);
    end = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    assert_true(result == NULL || end || PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
  }
}

/* Each walk tells every row in order, goes on behind one that cannot be read, and ends. */
static void walks(void **state) {
  struct box *box = *state;
  struct store *store = box->store;
  struct store_message message;
  struct store_case kase;
  struct store_arrival arrival = {.number = 1, .message = id_of(1), .sent_hash = hash_of(1)};
  struct base_id id, other;
  struct base_hash root = hash_of(7);
  BASE_AUTO_BUF struct base_buf note = {0};
  int64_t key = INT64_MIN;
  struct store_pair pair = {INT64_MIN, INT64_MIN};
  arrival.partner = add_partner(store, "paris");
  for (uint64_t i = 1; i <= 3; i++)
    add_message(store, i, 1, STORE_MESSAGE_HELD);
  put_case(store, 1, "request", 1);
  ok(store_message_wait(store, &(struct base_id){{1}}, &(struct base_id){{2}}, &error));
  ok(store_arrival_add(store, &arrival, &error));
  by_hand(box, "UPDATE messages SET ours = 7 WHERE number = 2");
  ok(store_message_next(store, &key, &box->arena, &message, &error));
  assert_true(message.number == 1 && message.part0.size > 0);
  fails(BASE_CORRUPT, store_message_next(store, &key, &box->arena, &message, &error));
  assert_int_equal(key, 2);
  ok(store_message_next(store, &key, &box->arena, &message, &error));
  assert_int_equal(message.number, 3);
  fails(BASE_NOT_FOUND, store_message_next(store, &key, &box->arena, &message, &error));
  id = id_of(3);
  ok(store_message_header(store, &id, &box->arena, &message, &error));
  assert_true(message.number == 3 && message.part0.size == 0 && message.header.size > 0);
  key = INT64_MIN;
  ok(store_case_next(store, &key, &box->arena, &kase, &error));
  fails(BASE_NOT_FOUND, store_case_next(store, &key, &box->arena, &kase, &error));
  key = INT64_MIN;
  ok(store_arrival_next(store, &key, &box->arena, &arrival, &error));
  fails(BASE_NOT_FOUND, store_arrival_next(store, &key, &box->arena, &arrival, &error));
  ok(store_wait_next(store, &pair, &other, &id, &error));
  assert_true(other.bytes[0] == 2 && id.bytes[0] == 1);
  fails(BASE_NOT_FOUND, store_wait_next(store, &pair, &other, &id, &error));
  bool waits = false;
  ok(store_message_waits(store, &id, &other, &waits, &error));
  assert_true(waits);
  ok(store_message_waits(store, &other, &id, &waits, &error));
  assert_false(waits);
  by_hand(box, "UPDATE ids SET prefix = prefix + 1 WHERE number = 2");
  key = INT64_MIN;
  ok(store_id_next(store, &key, &id, &error));
  fails(BASE_CORRUPT, store_id_next(store, &key, &id, &error));
  by_hand(box, "DELETE FROM ids WHERE number = 1");
  key = INT64_MIN;
  fails(BASE_CORRUPT, store_arrival_next(store, &key, &box->arena, &arrival, &error));
  key = INT64_MIN;
  fails(BASE_CORRUPT, store_case_next(store, &key, &box->arena, &kase, &error));
  /* heads and cosignatures, counted when they are new */
  uint64_t cosignatures = 9, heads = 9;
  ok(store_head_put(store, 7, &root, BASE_VIEW("note 7"), &error));
  for (int again = 0; again < 2; again++) {
    ok(store_head_cosign(store, arrival.partner, 7, BASE_VIEW("line"), &error));
    ok(store_partner_head_put(store, arrival.partner, 5, BASE_VIEW("his 5"), &error));
  }
  ok(store_partner_head_put(store, arrival.partner, 6, BASE_VIEW("his 6"), &error));
  ok(store_partner_kept(store, arrival.partner, &cosignatures, &heads, &error));
  assert_true(cosignatures == 1 && heads == 2);
  fails(BASE_NOT_FOUND, store_partner_kept(store, 99, &cosignatures, &heads, &error));
  key = INT64_MIN;
  ok(store_head_next(store, &key, &root, &note, &error));
  assert_true(key == 7 && same(base_buf_view(&note), "note 7"));
  fails(BASE_NOT_FOUND, store_head_next(store, &key, &root, &note, &error));
  pair = (struct store_pair){INT64_MIN, INT64_MIN};
  base_buf_reset(&note);
  ok(store_cosignature_next(store, &pair, &note, &error));
  assert_true(pair.first == arrival.partner && pair.second == 7 && same(base_buf_view(&note), "line"));
  fails(BASE_NOT_FOUND, store_cosignature_next(store, &pair, &note, &error));
  pair = (struct store_pair){arrival.partner, 5};
  base_buf_reset(&note);
  ok(store_partner_head_next(store, &pair, &note, &error));
  assert_true(pair.second == 6 && same(base_buf_view(&note), "his 6"));
}

struct watched {
  int64_t key;
  int count, from, to;
};

static void watch_one(void *context, int64_t key, int64_t partner, enum store_delivery_state from,
                      enum store_delivery_state to) {
  *(struct watched *)context =
      (struct watched){key, ((struct watched *)context)->count + 1, (int)from, (int)to + (partner > 0 ? 0 : 100)};
}

static void deliveries_are_watched(void **state) {
  struct box *box = *state;
  struct watched watched = {0};
  int64_t key = INT64_MIN;
  struct store_delivery delivery = {.message = id_of(1), .case_id = id_of(1), .number = 1}, read;
  delivery.partner = add_partner(box->store, "paris");
  store_delivery_watch(box->store, watch_one, &watched);
  ok(store_delivery_add(box->store, &delivery, &error));
  assert_int_equal(watched.count, 0);
  ok(store_delivery_next(box->store, &key, &box->arena, &read, &error));
  assert_true(read.number == 1 && key > 0);
  ok(store_delivery_update(box->store, &delivery, &error));
  assert_int_equal(watched.count, 0);
  delivery.state = STORE_ENDED;
  ok(store_delivery_update(box->store, &delivery, &error));
  assert_true(watched.count == 1 && watched.key == key && watched.from == STORE_WAITING && watched.to == STORE_ENDED);
  store_delivery_watch(box->store, NULL, NULL);
  delivery.state = STORE_REFUSED;
  ok(store_delivery_update(box->store, &delivery, &error));
  assert_int_equal(watched.count, 1);
  fails(BASE_NOT_FOUND, store_delivery_next(box->store, &key, &box->arena, &read, &error));
}

/* A million rows must not be walked: every query finds its rows by a key or an index, in order, but for these. */
static void no_query_scans_a_table(void **state) {
  struct store *store = ((struct box *)*state)->store;
  static const struct {
    enum store_statement statement;
    const char *walks;
  } known[] = {
      {STORE_SQL_CASE_EACH, "in the order of an index"},  {STORE_SQL_CASE_LIST, "in the order of an index"},
      {STORE_SQL_CASE_LIST_APART, "in the order of an index"},  {STORE_SQL_DELIVERY_EACH, "in the order of rows"},
      {STORE_SQL_CASE_LIST_EXERCISE, "in the order of an index"},
      {STORE_SQL_HEAD_LAST, "one row, from the end"},     {STORE_SQL_DELIVERY_COUNT_ALL, "five rows for each partner"},
      {STORE_SQL_ID_LAST, "one row, from the end"},       {STORE_SQL_MESSAGE_LAST, "one row, from the end"},
      {STORE_SQL_DELIVERY_LAST, "one row, from the end"},
  };
  for (enum store_statement i = 0; i < STORE_STATEMENTS; i++) {
    bool walks = false, sorts = false;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
      walks |= known[k].statement == i;
    sorts = i == STORE_SQL_DELIVERY_EACH_OPEN || i == STORE_SQL_DELIVERY_EACH_MESSAGE ||
            i == STORE_SQL_DELIVERY_EACH_OPEN_MESSAGE || i == STORE_SQL_ARRIVAL_OF;
    char sql[2048];
    snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", store_statement_sql(i));
    sqlite3_stmt *plan = NULL;
    if (sqlite3_strnicmp(store_statement_sql(i), "SELECT", 6) != 0 &&
        sqlite3_strnicmp(store_statement_sql(i), "WITH", 4) != 0)
      continue;
    assert_int_equal(sqlite3_prepare_v2(((struct store_sqlite *)store)->db, sql, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
      const char *detail = (const char *)sqlite3_column_text(plan, 3);
      bool whole =
          strncmp(detail, "SCAN", 4) == 0 && strstr(detail, "CONSTANT ROW") == NULL && strcmp(detail, "SCAN l") != 0;
      if ((whole && !walks) || (strstr(detail, "TEMP B-TREE") != NULL && !sorts))
        fail_msg("%s: %s", store_statement_name(i), detail);
    }
    sqlite3_finalize(plan);
  }
}

/* PostgreSQL walks small tables whatever indexes there are, unless it is told not to: then it must find one. */
static void no_query_lacks_an_index(void **state) {
  struct box *box = *state;
  struct place_name name = place_of_folder(box->dir);
  for (enum store_statement i = 0; i < STORE_STATEMENTS; i++) {
    char sql[4096], plan[4096], arguments[64] = "";
    const char *text = store_statement_sql(i);
    if (strncmp(text, "SELECT", 6) != 0 && strncmp(text, "WITH", 4) != 0)
      continue;
    for (char digit = '1'; digit <= '9'; digit++) {
      const char parameter[] = {'?', digit, '\0'};
      if (strstr(text, parameter) != NULL)
        strcat(arguments, arguments[0] == '\0' ? "(NULL" : ", NULL");
    }
    snprintf(sql, sizeof sql,
             "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE asked AS %s;"
             " EXPLAIN (FORMAT JSON) EXECUTE asked%s%s",
             text, arguments, arguments[0] == '\0' ? "" : ")");
    for (char *at = sql; *at != '\0'; at++)
      *at = *at == '?' ? '$' : *at;
    place_ask(&name, sql, plan, sizeof plan);
    if (strstr(plan, "Seq Scan") != NULL && i != STORE_SQL_DELIVERY_COUNT_ALL)
      fail_msg("%s: %s", store_statement_name(i), plan);
  }
}

static void rollback_takes_all_back(void **state) {
  struct store *store = ((struct box *)*state)->store;
  struct told told = {0};
  struct base_id first = id_of(1);
  fails(BASE_INTERNAL, store_begin(store, &error));
  add_message(store, 1, 1, STORE_MESSAGE_HELD);
  store_rollback(store);
  store_rollback(store);
  ok(store_message_each(store, &first, tell_message, &told, &error));
  assert_int_equal(told.count, 0);
  fails(BASE_INTERNAL, store_fact_set(store, "a", BASE_VIEW("b"), &error));
  fails(BASE_INTERNAL, store_commit(store, &error));
  ok(store_begin(store, &error));
  add_message(store, 1, 1, STORE_MESSAGE_HELD);
  ok(store_commit(store, &error));
  ok(store_message_each(store, &first, tell_message, &told, &error));
  assert_int_equal(told.count, 1);
}

static enum base_code nest(void *context, const struct store_case *kase) {
  (void)kase;
  struct told told = {0};
  return store_case_each(context, (struct base_view){0}, 0, tell_case, &told, &error);
}

static void rows_within_the_same_rows_are_refused(void **state) {
  struct store *store = ((struct box *)*state)->store;
  put_case(store, 1, "request", 1);
  fails(BASE_INTERNAL, store_case_each(store, (struct base_view){0}, 0, nest, store, &error));
}

#define verb(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest on_sqlite[] = {verb(no_query_scans_a_table)};
  const struct CMUnitTest on_postgresql[] = {verb(no_query_lacks_an_index)};
  const struct CMUnitTest tests[] = {
      verb(facts),
      verb(leaves_follow_each_other),
      verb(opening_keys),
      verb(tiles),
      verb(heads_and_cosignatures),
      verb(partners),
      verb(cases),
      verb(messages),
      verb(message_waits),
      verb(matches),
      verb(erasures),
      verb(ids_are_completed),
      verb(parts),
      verb(outbox),
      verb(arrivals),
      verb(walks),
      verb(deliveries_are_watched),
      verb(rollback_takes_all_back),
      verb(rows_within_the_same_rows_are_refused),
  };
  int failed = place_postgresql() ? cmocka_run_group_tests_name("store verbs on PostgreSQL", on_postgresql, NULL, NULL)
                                  : cmocka_run_group_tests_name("store verbs on SQLite", on_sqlite, NULL, NULL);
  return failed + cmocka_run_group_tests_name("store verbs", tests, NULL, NULL);
}
