/* SPDX-License-Identifier: Apache-2.0
 * `register check`: whatever is changed behind the node's back is found and named by its place; what is whole is found
 * whole, also while the exchange goes on. */
#include "core/messages.h"
#include "core_damage.h"

#include "core/check.h"

/* --- two nodes with a history: an agreement, a request with parts and its answer, one refused, one ended, one open */

struct history {
  struct pair_node a, b;
  char agreement[65], request[65], answer[65], refused[65], ended[65], lost[65], open[65];
};

static void kind_moves(struct pair_node *node) {
  for (size_t i = 0; i < node->core->kind_count; i++)
    if (base_view_is(node->core->kinds[i]->kind.name, "request"))
      node->core->kinds[i]->kind.hash.bytes[0] ^= 1;
}

static void make_history(struct history *history) {
  struct pair_node *a = &history->a, *b = &history->b;
  struct base_buf parts = {0};
  pair_kinds_apart = true;
  try_partners(a, b);
  pair_kinds_apart = false;
  pair_agree(a, b, history->agreement);
  try_upload(a, 1000, 1, &parts);
  try_upload(a, 2 * WIRE_RECORD_MAX + 5, 2, &parts);
  try_request_with(a, b, try_parts_end(&parts), history->request);
  pair_rest(a, b);
  base_buf_reset(&parts);
  try_upload(b, 0, 3, &parts);
  try_send_with(b, history->request, "answer", try_answer, try_parts_end(&parts), history->answer);
  pair_rest(a, b);
  base_buf_free(&parts);
  struct pair_answer rotated = pair_ask(b, LINK_KEY_ROTATE, "{\"actor\":\"test\",\"sign\":true}", -1);
  assert_int_equal(rotated.status, BASE_OK); /* what comes is signed by other keys than what came */
  pair_answer_free(&rotated);
  pair_rest(a, b);
  kind_moves(b); /* as if it did not know this version */
  pair_request(a, b, history->refused);
  pair_rest(a, b);
  kind_moves(b);
  try_no_gate(a);
  pair_request(a, b, history->ended);
  try_end(a, history->ended);
  pair_rest(a, b);
  base_buf_reset(&parts);
  try_upload(a, 3 * WIRE_RECORD_MAX, 4, &parts);
  try_request_with(a, b, try_parts_end(&parts), history->lost);
  pair_send(a, b); /* some of it arrives, then it is ended: refused there */
  try_no_gate(a);
  try_end(a, history->lost);
  pair_rest(a, b);
  pair_request(a, b, history->open);
  pair_rest(a, b);
  base_buf_free(&parts);
}

/* A copy of a node that stands still, as a node of its own. */
static void copy_node(const struct pair_node *node, struct pair_node *out) {
  char command[600];
  *out = *node;
  out->core = NULL;
  out->keeper = NULL;
  out->count = 0;
  assert_true((size_t)snprintf(out->dir, sizeof out->dir, "%.100s-copy", node->dir) < sizeof out->dir);
  snprintf(command, sizeof command, "cd / && rm -rf '%.128s' && cp -a '%.128s' '%.128s'", out->dir, node->dir,
           out->dir);
  assert_int_equal(system(command), 0);
  out->root = out->keeper_root = open(out->dir, O_RDONLY | O_DIRECTORY);
  struct place_name from = damage_place(node), to = damage_place(out);
  place_copy(&from, &to);
}

static void drop_copy(struct pair_node *copy) {
  char command[200];
  struct place_name place = damage_place(copy);
  pair_close(copy);
  place_leave(&place);
  close(copy->root);
  snprintf(command, sizeof command, "cd / && rm -rf '%s'", copy->dir);
  assert_int_equal(system(command), 0);
}

static bool names(const struct base_buf *found, const char *place, const char *words) {
  char begin[300];
  snprintf(begin, sizeof begin, "\n%s", place);
  for (const char *line = (const char *)found->data; (line = strstr(line, begin)) != NULL; line++) {
    const char *end = strchr(line + 1, '\n'), *match = strstr(line, words);
    if (match != NULL && match < end)
      return true;
  }
  return false;
}

struct tampering {
  char side;         /* whose folder */
  const char *sql;   /* %1..: see fill */
  const char *shell; /* in core/, instead */
  const char *place, *words;
};

/* MESSAGE(x) in SQL: the number of a message's id. */
#define ID(letter) "(SELECT number FROM ids WHERE hex(id) = upper('$" letter "'))"
#define PART_FILE "$p" /* the largest */

static const struct tampering tamperings[] = {
    /* messages */
    {'a',
     "UPDATE messages SET header = CAST(replace(CAST(header AS TEXT), 'request', 'requests') AS BLOB) WHERE id = " ID(
         "r"),
     NULL, "message $r", "its header is not the one"},
    {'b', "UPDATE messages SET author = 'wasl/nobody/0123456789abcdef' WHERE id = " ID("r"), NULL, "message $r",
     "but its header says"},
    {'b', "UPDATE messages SET type = 'answer' WHERE id = " ID("r"), NULL, "message $r", "but its header says"},
    {'b', "UPDATE messages SET ours = 1 WHERE id = " ID("r"), NULL, "message $r", "stored as our own"},
    {'a', "UPDATE messages SET part_count = 1 WHERE id = " ID("r"), NULL, "message $r", "its content names 2"},
    {'a', "UPDATE messages SET part0 = CAST(x'00' || part0 AS BLOB) WHERE id = " ID("r"), NULL, "message $r",
     "does not open"},
    {'a', "UPDATE messages SET part0 = x'', wrapped_key = x'' WHERE id = " ID("r"), NULL, "message $r",
     "content is missing"},
    {'a', "UPDATE messages SET wrapped_key = zeroblob(40) WHERE id = " ID("r"), NULL, "message $r", "does not unwrap"},
    {'a',
     "UPDATE messages SET wrapped_key = (SELECT wrapped_key FROM messages WHERE id = " ID("o") ") WHERE id = " ID("r"),
     NULL, "message $r", "does not open"},
    {'a', "UPDATE messages SET case_id = " ID("o") " WHERE id = " ID("n"), NULL, "message $n", "but its header says"},
    {'b', "UPDATE messages SET state = 0 WHERE id = " ID("r"), NULL, "message $r", "it is stored as not complete"},
    {'b', "UPDATE messages SET state = 2 WHERE id = " ID("r"), NULL, "message $r", "answered as taken"},
    {'a', "UPDATE messages SET state = 2 WHERE id = " ID("r"), NULL, "message $r", "1 receipts say otherwise"},
    {'a', "UPDATE messages SET ours = 7 WHERE id = " ID("r"), NULL, "database", "a row of messages cannot be read"},
    {'a', "DELETE FROM messages WHERE id = " ID("n"), NULL, "leaf", "which it acknowledges, is not here any more"},
    {'b', "DELETE FROM messages WHERE id = " ID("n"), NULL, "leaf", "which it sends, is not here any more"},
    {'a', "DELETE FROM messages WHERE id = " ID("r"), NULL, "case $r", "the message that opens it is missing"},
    {'a', "DELETE FROM ids WHERE number = " ID("r"), NULL, "database", "cannot be read"},
    {'a', "UPDATE ids SET prefix = prefix + 1 WHERE number = " ID("r"), NULL, "database", "a row of ids"},
    {'a',
     "INSERT INTO message_waits VALUES(" ID(
         "r") ", (SELECT number FROM ids WHERE number NOT IN (SELECT id FROM messages)"
              " UNION ALL SELECT 99 LIMIT 1))",
     NULL, "database", "a row of message_waits"},
    /* cases */
    {'a', "DELETE FROM cases WHERE id = " ID("r"), NULL, "message $r", "is not here any more; decide nothing"},
    {'a', "UPDATE cases SET state = 'asked' WHERE id = " ID("r"), NULL, "case $r",
     "stored as 'asked', but its messages give"},
    {'a', "UPDATE cases SET message_count = 3 WHERE id = " ID("r"), NULL, "case $r",
     "stored with 3 messages, but has 2"},
    {'a', "UPDATE cases SET opener = 'wasl/nobody/0123456789abcdef' WHERE id = " ID("r"), NULL, "case $r",
     "as opened by"},
    {'a', "UPDATE cases SET flagged = 1 WHERE id = " ID("r"), NULL, "case $r", "flagged"},
    {'a', "UPDATE cases SET kind = 'agreement' WHERE id = " ID("r"), NULL, "case $r", "of the kind 'agreement'"},
    {'a', "UPDATE cases SET opened = opened + 1 WHERE id = " ID("r"), NULL, "case $r", "its times"},
    /* deliveries and receipts */
    {'a', "UPDATE deliveries SET state = 2, reason = '' WHERE message = " ID("f"), NULL, "message $f", "is 'refused'"},
    {'a', "UPDATE deliveries SET state = 3 WHERE message = " ID("r"), NULL, "message $r", "is 'received'"},
    {'a', "UPDATE deliveries SET state = 0 WHERE message = " ID("r"), NULL, "message $r", "an answer to it is kept"},
    {'a', "UPDATE deliveries SET reason = 'because' WHERE message = " ID("f"), NULL, "message $f",
     "not the one paris gave"},
    {'a', "UPDATE deliveries SET reason = 'because' WHERE message = " ID("e"), NULL, "message $e",
     "the reason stored for its end"},
    {'a', "UPDATE deliveries SET reason = 'because' WHERE message = " ID("r"), NULL, "message $r",
     "what was noted then"},
    {'a',
     "UPDATE receipts SET learned = learned - 9000 WHERE delivery = (SELECT entry FROM deliveries WHERE message = " ID(
         "r") ")",
     NULL, "message $r", "its deadlines may be shown wrong"},
    {'a', "UPDATE deliveries SET voided_index = 0 WHERE message = " ID("e"), NULL, "message $e", "no leaf ends it"},
    {'a', "UPDATE deliveries SET voided_told = 0 WHERE message = " ID("r"), NULL, "message $r", "still to be told"},
    {'a',
     "UPDATE deliveries SET sent_index = (SELECT sent_index FROM deliveries WHERE message = " ID(
         "f") ") WHERE message = " ID("r"),
     NULL, "message $r", "which says something else"},
    {'a', "UPDATE deliveries SET case_id = " ID("o") " WHERE message = " ID("r"), NULL, "message $r",
     "its header does not say"},
    {'a', "DELETE FROM deliveries WHERE message = " ID("r"), NULL, "leaf", "the outbox has no such message"},
    {'a',
     "INSERT INTO deliveries(entry, partner, number, message, case_id, state, sent_index, voided_index, voided_told, "
     "reason)"
     " SELECT 1000, 1, 99, " ID("n") ", " ID("r") ", 0, 3, 0, 0, ''",
     NULL, "message $n", "which says something else"},
    {'a', "DELETE FROM receipts WHERE delivery = (SELECT entry FROM deliveries WHERE message = " ID("r") ")", NULL,
     "message $r", "no receipt is kept"},
    {'a',
     "UPDATE receipts SET proof = zeroblob(length(proof)) WHERE delivery = (SELECT entry FROM deliveries WHERE message "
     "= " ID("r") ")",
     NULL, "message $r", "does not verify"},
    {'a',
     "UPDATE receipts SET leaf_index = leaf_index + 1 WHERE delivery = (SELECT entry FROM deliveries WHERE message "
     "= " ID("r") ")",
     NULL, "message $r", "does not verify"},
    {'a',
     "UPDATE receipts SET opening = zeroblob(10) WHERE delivery = (SELECT entry FROM deliveries WHERE message = " ID(
         "r") ")",
     NULL, "message $r", "not what the leaf commits to"},
    {'a',
     "UPDATE receipts SET (leaf, opening, proof, leaf_index, head_size) = (SELECT leaf, opening, proof, leaf_index, "
     "head_size"
     " FROM receipts WHERE delivery = (SELECT entry FROM deliveries WHERE message = " ID(
         "g") ")) WHERE delivery ="
              " (SELECT entry FROM deliveries WHERE message = " ID("r") ")",
     NULL, "message $r", "is for something else"},
    {'a', "UPDATE receipts SET head_size = head_size + 1000", NULL, "message $r", "is not kept"},
    {'a', "UPDATE delivery_counts SET deliveries = deliveries + 1 WHERE state = 2", NULL, "partner paris",
     "the count says"},
    {'a', "INSERT INTO delivery_counts VALUES(77, 0, 4)", NULL, "database", "a partner that is not here"},
    /* arrivals */
    {'b', "DELETE FROM arrivals WHERE message = " ID("r"), NULL, "leaf", "whose arrival is not there"},
    {'b', "DELETE FROM arrivals WHERE message = " ID("r"), NULL, "message $f", "was the last one before it"},
    {'b', "UPDATE arrivals SET refused = 1 WHERE message = " ID("r"), NULL, "message $r", "which says something else"},
    {'b', "UPDATE arrivals SET answered = 0 WHERE message = " ID("r"), NULL, "message $r", "and yet with an answer"},
    {'b', "UPDATE arrivals SET answer_index = answer_index - 1 WHERE message = " ID("r"), NULL, "message $r",
     "says something else"},
    {'b', "UPDATE arrivals SET sent_hash = zeroblob(32) WHERE message = " ID("r"), NULL, "message $r",
     "proved something else"},
    {'b',
     "UPDATE arrivals SET leaf = CAST(replace(CAST(leaf AS TEXT), 'sent', 'void') AS BLOB) WHERE message = " ID("r"),
     NULL, "message $r", "does not verify"},
    {'b', "UPDATE arrivals SET message = " ID("o") " WHERE message = " ID("r"), NULL, "message $o",
     "proved something else"},
    {'b', "UPDATE arrivals SET proof = x'' WHERE message = " ID("r"), NULL, "message $r", "does not verify"},
    /* partners */
    {'a', "UPDATE partners SET card = CAST(replace(CAST(card AS TEXT), ':7443', ':7444') AS BLOB)", NULL,
     "partner paris", "its card has the fingerprint"},
    {'a', "UPDATE partners SET fingerprint = 'x' || substr(fingerprint, 2)", NULL, "partner paris",
     "its card has the fingerprint"},
    {'a', "UPDATE partners SET name = 'lyon'", NULL, "partner lyon", "named lyon"},
    {'a', "UPDATE partners SET state = 1", NULL, "partner paris", "is stored as suspended"},
    {'a', "UPDATE partners SET leaf_index = 0", NULL, "partner paris", "is not about it"},
    {'a', "DELETE FROM partner_progress", NULL, "database", "partner_progress"},
    {'a', "PRAGMA foreign_keys = OFF; DELETE FROM partners", NULL, "leaf 1", "which is not stored"},
    {'a', "UPDATE partner_progress SET sent_number = 1", NULL, "partner paris", "is the last sent to it"},
    {'a', "UPDATE partner_progress SET received_number = 1", NULL, "partner paris", "is the last taken from it"},
    {'a', "UPDATE partner_progress SET received_previous = zeroblob(32)", NULL, "partner paris",
     "or another statement"},
    {'a', "UPDATE partner_progress SET head_root = zeroblob(32)", NULL, "partner paris", "is not the one that is kept"},
    {'a', "UPDATE partner_progress SET head_size = head_size + 5", NULL, "partner paris",
     "the keeper remembers another head"},
    {'a', "UPDATE partner_progress SET cosigned_size = cosigned_size + 1", NULL, "partner paris",
     "is not kept any more"},
    /* heads and cosignatures */
    {'a', "UPDATE heads SET note = CAST(replace(CAST(note AS TEXT), 'wasl', 'wasm') AS BLOB)", NULL, "head",
     "it is not a head of this register"},
    {'a', "UPDATE heads SET root = zeroblob(32) WHERE size = (SELECT min(size) FROM heads)", NULL, "head",
     "or of another root than is stored"},
    {'a', "DELETE FROM heads WHERE size = (SELECT min(size) FROM heads)", NULL, "head", "does not verify"},
    {'a',
     "UPDATE cosignatures SET line = CAST(replace(CAST(line AS TEXT), substr(CAST(line AS TEXT), 60, 4), 'AAAA') AS "
     "BLOB)",
     NULL, "head", "the cosignature of paris on it does not verify"},
    {'a', "DELETE FROM cosignatures WHERE size = (SELECT min(size) FROM cosignatures)", NULL, "partner paris",
     "cosignatures of it were kept"},
    {'a', "DELETE FROM cosignatures", NULL, "partner paris", "none is here any more"},
    {'a', "DELETE FROM partner_heads WHERE size = (SELECT min(size) FROM partner_heads)", NULL, "partner paris",
     "heads of it were kept"},
    {'a', "DELETE FROM partner_heads", NULL, "partner paris", "none is here any more"},
    {'a', "UPDATE partner_heads SET note = CAST(replace(CAST(note AS TEXT), 'paris', 'parin') AS BLOB)", NULL,
     "partner paris", "does not verify"},
    /* the register */
    {'a', "UPDATE leaves SET opening = x'' WHERE leaf_index = 3", NULL, "leaf 3", "its opening is missing"},
    {'a', "UPDATE leaves SET opening = substr(opening, 2) WHERE leaf_index = 3", NULL, "leaf 3", "does not decrypt"},
    {'a', "UPDATE leaves SET entry = CAST(replace(CAST(entry AS TEXT), 'T', 't') AS BLOB) WHERE leaf_index = 3", NULL,
     "leaf 3", "is not what the leaves give"},
    {'a', "DELETE FROM leaves WHERE leaf_index = 3", NULL, "leaf 3", "it is not there"},
    {'a', "DELETE FROM opening_keys WHERE number = 3", NULL, "leaf", "no opening key"},
    {'a', "UPDATE opening_keys SET wrapped = zeroblob(40) WHERE number = 3", NULL, "leaf 2", "wrapped key"},
    {'a', "UPDATE tiles SET hashes = zeroblob(length(hashes))", NULL, "leaf", "of tile 0/0"},
    /* facts */
    {'a', "DELETE FROM facts WHERE name = 'part-token-key'", NULL, "fact part-token-key", "missing or damaged"},
    {'a', "DELETE FROM facts WHERE name = 'login-key'", NULL, "fact login-key", "missing or damaged"},
    {'a', "DELETE FROM facts WHERE name = 'match-key'", NULL, "fact match-key", "missing or damaged"},
    {'a', "UPDATE facts SET value = x'00' WHERE name = 'part-token-key'", NULL, "fact part-token-key",
     "missing or damaged"},
    {'a', "DELETE FROM facts WHERE name = 'card-1'", NULL, "card", "generation 1 is not kept"},
    {'a', "DELETE FROM facts WHERE name = 'partner-1-card-1'", NULL, "partner paris", "its head kept as of"},
    {'a',
     "UPDATE facts SET value = CAST(substr(value, 1, length(value) - 20) || 'AAAA' || substr(value, length(value) - 15)"
     " AS BLOB) WHERE name = 'partner-1-card-2'",
     NULL, "partner paris", "the card of generation 2: "},
    {'b',
     "UPDATE facts SET value = CAST(substr(value, 1, length(value) - 20) || 'AAAA' || substr(value, length(value) - 15)"
     " AS BLOB) WHERE name = 'card-2'",
     NULL, "card", "the card of generation 2: "},
    {'a', "INSERT INTO facts VALUES('stopped-1', x'62')", NULL, "partner paris", "was not stopped"},
    /* parts */
    {'a', "UPDATE parts SET size = size + 1 WHERE part = 1", NULL, "part ", "but its message says"},
    {'a', "UPDATE parts SET token = zeroblob(32) WHERE part = 1", NULL, "part ", "under another hash"},
    {'a', "UPDATE parts SET token_prefix = token_prefix + 1", NULL, "part ", "is not found by its hash"},
    {'a', "UPDATE parts SET records_held = 1 WHERE part = 1", NULL, "message $r",
     "its part 1 is said to have 1 of 3 records"},
    {'a', "DELETE FROM parts WHERE part = 1", NULL, "message $r", "its part 1 has no row"},
    {'a', "UPDATE parts SET file = '../core.db' WHERE part = 1", NULL, "part ../core.db", "no name of a file"},
    {'b', "UPDATE parts SET records_held = 1 WHERE message = " ID("l"), NULL, "part ", "its message was refused"},
    /* many octets: one alone is the same already in one of 256 runs */
    {'a', NULL, "printf XXXXXXXXXXXXXXXX | dd of=parts/" PART_FILE " bs=1 seek=1500000 conv=notrunc 2>&1", "part ",
     "its record 1"},
    {'a', NULL, "truncate -s -1 parts/" PART_FILE, "part ", "octets instead of"},
    {'a', NULL, "truncate -s +1 parts/" PART_FILE, "part ", "octets instead of"},
    {'a', NULL, "rm parts/" PART_FILE, "part ", "its file is missing"},
    {'a', NULL, "rm parts/" PART_FILE "; mkdir parts/" PART_FILE, "part ", "its file is missing, or no file"},
};

/* $r and the like in a text: the ids of the history; $p: the file of its largest part. */
static void fill(const struct history *history, const struct pair_node *node, const char *text, struct base_buf *out) {
  char part[65] = "";
  damage_text(node, "SELECT file FROM parts ORDER BY size DESC, part DESC LIMIT 1", part);
  base_buf_reset(out);
  for (; *text != '\0'; text++) {
    const char *id = text[0] != '$'   ? NULL
                     : text[1] == 'g' ? history->agreement
                     : text[1] == 'r' ? history->request
                     : text[1] == 'n' ? history->answer
                     : text[1] == 'f' ? history->refused
                     : text[1] == 'e' ? history->ended
                     : text[1] == 'l' ? history->lost
                     : text[1] == 'o' ? history->open
                     : text[1] == 'p' ? part
                                      : NULL;
    if (id != NULL)
      text++;
    base_buf_add(out, id != NULL ? id : text, id != NULL ? strlen(id) : 1);
  }
  base_buf_u8(out, 0);
}

static void tamper(const struct history *history, const struct tampering *tampering, unsigned *missed) {
  struct pair_node copy;
  struct base_buf text = {0}, place = {0}, found = {0};
  copy_node(tampering->side == 'a' ? &history->a : &history->b, &copy);
  fill(history, &copy, tampering->sql != NULL ? tampering->sql : tampering->shell, &text);
  fill(history, &copy, tampering->place, &place);
  if (tampering->sql != NULL) {
    if (!damage_change(&copy, (const char *)text.data))
      fail_msg("%s: changes nothing", (const char *)text.data);
  } else {
    struct base_buf command = {0};
    base_buf_printf(&command, "cd '%s/core' && %s >/dev/null%c", copy.dir, (const char *)text.data, 0);
    assert_int_equal(system((const char *)command.data), 0);
    base_buf_free(&command);
  }
  pair_open(&copy);
  int64_t count = try_check(&copy, &found);
  base_buf_u8(&found, 0);
  if (count == 0 || !names(&found, (const char *)place.data, tampering->words)) {
    print_message("not found: %s\n  wanted: %s … %s\n  found: %s\n", (const char *)text.data, (const char *)place.data,
                  tampering->words, (const char *)found.data);
    ++*missed;
  }
  base_buf_free(&text);
  base_buf_free(&place);
  base_buf_free(&found);
  drop_copy(&copy);
}

static void test_tampered(void **state) {
  (void)state;
  struct history history;
  unsigned missed = 0;
  base_log_level(BASE_LOG_ERROR);
  make_history(&history);
  try_sound(&history.a);
  try_sound(&history.b);
  pair_close(&history.a);
  pair_close(&history.b);
  unsigned stride = (unsigned)try_stride(1), first = (unsigned)getpid() % stride;
  if (stride > 1)
    print_message("every %u. tampering, from %u on\n", stride, first);
  for (size_t i = first; i < sizeof tamperings / sizeof tamperings[0]; i += stride)
    tamper(&history, &tamperings[i], &missed);
  pair_open(&history.a);
  pair_open(&history.b);
  try_remove(&history.a, &history.b); /* what was copied is whole */
  assert_int_equal(missed, 0);
}

/* Content that opens, but is not the one that the header names: whoever has the keeper's keys can make it. */
static void test_made_up(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  struct base_secret key;
  uint8_t wrapped[CORE_WRAPPED];
  uint32_t epoch = 0;
  struct base_buf sealed = {0}, found = {0};
  struct base_arena arena = {0};
  struct core_content content = {0};
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  struct base_id message = try_id(id);
  base_arena_init(&arena, 16 << 20);
  assert_int_equal(core_content_bytes(a.core, &message, &arena, &content, NULL), BASE_OK);
  ((uint8_t *)content.row.part0.data)[30] ^= 1; /* a digit of the nonce */
  assert_int_equal(core_key(a.core, &key, wrapped, &epoch, NULL), BASE_OK);
  core_content_seal(&key, &message, false, content.row.part0, &sealed);
  pair_close(&a);
  struct base_buf sql = {0};
  BASE_AUTO_FREE char *digits = calloc(2, 2 * sealed.size + 2 * CORE_WRAPPED + 2);
  assert_non_null(digits);
  base_buf_init(&sql, BASE_BUF_DEFAULT_LIMIT);
  base_hex(sealed.data, sealed.size, digits);
  base_buf_printf(&sql, "UPDATE messages SET part0 = x'%s'", digits);
  base_hex(wrapped, sizeof wrapped, digits);
  base_buf_printf(&sql, ", wrapped_key = x'%s' WHERE number = 3%c", digits, 0);
  assert_true(damage_change(&a, (const char *)sql.data));
  base_buf_free(&sql);
  pair_open(&a);
  assert_int_equal(try_check(&a, &found), 1);
  base_buf_u8(&found, 0);
  assert_true(names(&found, "message ", "its content is not the one that its header names"));
  core_content_free(&content);
  base_arena_free(&arena);
  base_buf_free(&sealed);
  base_buf_free(&found);
  pair_remove(&a);
  pair_remove(&b);
}

/* --- while the exchange goes on */

/* One request of the check; false when it is done. Nothing may be found. */
static bool step(struct pair_node *node, int64_t *next, int64_t *rows) {
  char request[96];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"from\":%" PRId64 "}", *next);
  struct pair_answer answer = pair_ask(node, LINK_REGISTER_CHECK, request, -1);
  struct wire_json *json = NULL;
  if (answer.status != BASE_OK ||
      wire_json_parse(base_buf_view(&answer.payload), 1 << 20, "check", &json, NULL) != BASE_OK ||
      wire_json_integer(wire_json_get(json, "found")) != 0)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  bool done = wire_json_true(wire_json_get(json, "done"));
  int64_t reached = wire_json_integer(wire_json_get(json, "next"));
  *rows = reached - *next;
  *next = reached;
  wire_json_free(json);
  pair_answer_free(&answer);
  return !done;
}

static void test_meanwhile(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  struct base_buf parts = {0};
  try_agreed(&a, &b);
  for (int i = 0; i < 100; i++) {
    try_request_with(&a, &b, "[]", id);
    if (i % 25 == 24)
      pair_rest(&a, &b);
  }
  int64_t next[2] = {0, 0}, rows = 0;
  unsigned requests = 0;
  for (bool on = true; on; requests++) {
    on = step(&a, &next[0], &rows);
    assert_in_range(rows, 0, CORE_CHECK_STEP + CORE_CHECK_BATCH);
    if (requests % 2 == 0)
      (void)step(&b, &next[1], &rows);
    /* what may change between two requests: something new, something delivered, something ended, an upload */
    try_no_gate(&a);
    base_buf_reset(&parts);
    try_upload(&a, 10, requests, &parts);
    try_request_with(&a, &b, try_parts_end(&parts), id);
    if (requests % 3 == 0)
      try_end(&a, id);
    pair_send(&a, &b);
    pair_send(&b, &a);
    if (requests > 200)
      fail_msg("the check does not come to its end");
  }
  if (requests <= 3)
    fail_msg("only %u requests: nothing could come between them", requests);
  base_buf_free(&parts);
  pair_rest(&a, &b);
  try_remove(&a, &b);
}

/* Requests that wait, many in each step. */
static void many_waiting(struct pair_node *a, const struct pair_node *b, unsigned count) {
  struct base_buf json = {0};
  base_buf_printf(&json,
                  "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":"
                  "\"normal\",\"purpose\":\"trafficking\",\"question\":\"q\",\"language\":\"fr\"}}%c",
                  b->name, 0);
  while (count > 0) {
    uint64_t first = a->next_token;
    for (unsigned i = 0; i < 50 && count > 0; i++, count--)
      core_input(a->core, LINK_CASE_OPEN, a->next_token++, base_view_text((const char *)json.data), -1);
    pair_settle(a);
    for (struct pair_answer answer; first < a->next_token; first++) {
      assert_true(pair_find(a, first, &answer));
      assert_int_equal(answer.status, BASE_OK);
      pair_answer_free(&answer);
    }
  }
  base_buf_free(&json);
}

/* Deliveries that were counted as waiting are receipted before the last of them is counted. */
static void test_counted_meanwhile(void **state) {
  (void)state;
  enum { MANY = 2 * CORE_CHECK_STEP / CORE_CHECK_COST_PROVED };
  struct pair_node a, b;
  int64_t next = 0, rows = 0;
  try_agreed(&a, &b);
  try_no_gate(&a);
  many_waiting(&a, &b, MANY);
  while (a.core->check == NULL || a.core->check->tallied < MANY / 2)
    assert_true(step(&a, &next, &rows));
  assert_true(a.core->check->tallied < MANY);
  pair_rest(&a, &b);
  while (step(&a, &next, &rows))
    ;
  try_remove(&a, &b);
}

/* More than can be named is counted. */
static void test_many(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  struct base_buf found = {0};
  try_agreed(&a, &b);
  for (int i = 0; i < 60; i++)
    try_request_with(&a, &b, "[]", id);
  pair_rest(&a, &b);
  damage_sql(&a, "UPDATE messages SET type = 'x'; UPDATE cases SET flagged = 1");
  base_log_level((enum base_level)0);
  int64_t count = try_check(&a, &found);
  base_log_level(BASE_LOG_ERROR);
  unsigned lines = 0;
  for (size_t i = 0; i < found.size; i++)
    lines += found.data[i] == '\n';
  assert_true(count > CORE_CHECK_PROBLEMS_MAX);
  assert_int_equal(lines, CORE_CHECK_PROBLEMS_MAX + 1);
  base_buf_free(&found);
  damage_remove(&a, &b);
}

/* One at a time: a second one waits for the first, or for its being left. */
static void test_one_at_a_time(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  for (int i = 0; i < 100; i++)
    try_request_with(&a, &b, "[]", id);
  int64_t next = 0, rows = 0;
  assert_true(step(&a, &next, &rows));
  struct pair_answer answer = pair_ask(&a, LINK_REGISTER_CHECK, "{\"actor\":\"other\"}", -1);
  base_buf_u8(&answer.payload, 0);
  assert_int_equal(answer.status, BASE_BUSY);
  assert_non_null(strstr((const char *)answer.payload.data, "a check by test is going on, at row "));
  assert_non_null(strstr((const char *)answer.payload.data, "): this one can begin when that has ended"));
  pair_answer_free(&answer);
  assert_true(step(&a, &next, &rows)); /* the first goes on */
  a.ms += CORE_CHECK_IDLE_MS;
  next = 0;
  assert_true(step(&a, &next, &rows));
  pair_remove(&a);
  pair_remove(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tampered),          cmocka_unit_test(test_made_up),       cmocka_unit_test(test_meanwhile),
      cmocka_unit_test(test_counted_meanwhile), cmocka_unit_test(test_one_at_a_time), cmocka_unit_test(test_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
