/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "wire/register.h"

static const char *const act_names[WIRE_ACT_COUNT] = {
#define ACT_NAME(code, name) name,
    WIRE_ACTS(ACT_NAME)
#undef ACT_NAME
};

const char *wire_act_name(enum wire_act act) {
  return (unsigned)act < WIRE_ACT_COUNT ? act_names[act] : "unknown";
}

bool wire_act_by_name(struct base_view name, enum wire_act *out) {
  for (unsigned act = 0; act < WIRE_ACT_COUNT; act++)
    if (base_view_is(name, act_names[act])) {
      *out = (enum wire_act)act;
      return true;
    }
  return false;
}

/* --- leaf: three members of fixed form, so it is matched and not parsed: whatever passes is the one spelling. */

static bool skip(struct base_view *rest, const char *text) {
  size_t size = strlen(text);
  if (rest->size < size || memcmp(rest->data, text, size) != 0)
    return false;
  *rest = base_view_of(rest->data + size, rest->size - size);
  return true;
}

static bool take(struct base_view *rest, size_t size, struct base_view *out) {
  if (rest->size < size)
    return false;
  *out = base_view_of(rest->data, size);
  *rest = base_view_of(rest->data + size, rest->size - size);
  return true;
}

static bool take_to_quote(struct base_view *rest, struct base_view *out) {
  size_t size = 0;
  while (size < rest->size && rest->data[size] != '"')
    size++;
  return size < rest->size && take(rest, size, out);
}

enum base_code wire_leaf_parse(struct base_view bytes, struct wire_leaf *out, struct base_error *err) {
  if (bytes.size > WIRE_LEAF_MAX)
    return base_fail(err, BASE_TOO_LARGE, "leaf: %zu bytes, at most %d are allowed", bytes.size, WIRE_LEAF_MAX);
  struct base_view rest = bytes, act, time, commitment;
  struct wire_leaf leaf;
  if (!skip(&rest, "{\"act\":\"") || !take_to_quote(&rest, &act) || !skip(&rest, "\",\"time\":\"") ||
      !take_to_quote(&rest, &time) || !skip(&rest, "\",\"commitment\":\"") || !take_to_quote(&rest, &commitment) ||
      !skip(&rest, "\"}"))
    return base_fail(err, BASE_SYNTAX,
                     "leaf: byte %zu departs from the one form {\"act\":…,\"time\":…,\"commitment\":…}",
                     bytes.size - rest.size);
  if (rest.size != 0)
    return base_fail(err, BASE_SYNTAX, "leaf: %zu bytes too many after its end", rest.size);
  if (!wire_act_by_name(act, &leaf.act))
    return base_fail(err, BASE_FIELD, "leaf: $.act is none of the acts of a register");
  if (!base_time_parse(time, &leaf.time))
    return base_fail(err, BASE_DATE, "leaf: $.time is not a moment like 2026-11-21T08:00:00Z");
  if (!base_hash_parse(commitment, &leaf.commitment))
    return base_fail(err, BASE_FIELD, "leaf: $.commitment is not 64 lowercase hexadecimal digits");
  *out = leaf;
  return BASE_OK;
}

void wire_leaf_write(const struct wire_leaf *leaf, struct base_buf *out) {
  base_buf_text(out, "{\"act\":\"");
  base_buf_text(out, wire_act_name(leaf->act));
  base_buf_text(out, "\",\"time\":\"");
  base_buf_text(out, base_time_format(leaf->time).text);
  base_buf_text(out, "\",\"commitment\":\"");
  base_buf_text(out, base_hash_text(&leaf->commitment).text);
  base_buf_text(out, "\"}");
}

/* --- opening */

/* The fields, in the order in which they stand. */
enum field {
  SALT = 1 << 0,
  MESSAGE = 1 << 1,
  FROM = 1 << 2,
  ACTOR = 1 << 3,
  TO = 1 << 4,
  NUMBER = 1 << 5,
  PREVIOUS = 1 << 6,
  CLAUSE = 1 << 7,
  CARDS = 1 << 11, /* two of them, after the clause */
  SENT = 1 << 8,
  SUBJECT = 1 << 9,
  REASON = 1 << 10,
  CARD = 1 << 12,      /* one, after the subject */
  STATEMENT = 1 << 13, /* eight members, after `to` */
  EVIDENCE = 1 << 14,  /* last */
};

static const unsigned act_fields[WIRE_ACT_COUNT] = {
    [WIRE_ACT_CARD] = SALT | SUBJECT,
    [WIRE_ACT_PARTNER] = SALT | ACTOR | SUBJECT | CARD | REASON,
    [WIRE_ACT_SENT] = SALT | MESSAGE | FROM | TO | NUMBER | PREVIOUS | CLAUSE | CARDS,
    [WIRE_ACT_RECEIVED] = SALT | MESSAGE | FROM | TO | SENT,
    [WIRE_ACT_REFUSED] = SALT | MESSAGE | FROM | TO | SENT | SUBJECT | REASON,
    [WIRE_ACT_VOIDED] = SALT | MESSAGE | FROM | TO | NUMBER | PREVIOUS | REASON,
    [WIRE_ACT_DENIED] = SALT | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_READ] = SALT | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_EXPORTED] = SALT | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_FAULT] = SALT | SUBJECT | REASON | EVIDENCE,
    [WIRE_ACT_FLOOD] = SALT | SUBJECT | REASON,
    [WIRE_ACT_ENDED] = SALT | MESSAGE | ACTOR | TO | REASON,
    [WIRE_ACT_STATEMENT] = SALT | FROM | TO | STATEMENT,
    [WIRE_ACT_EPOCH] = SALT | FROM | TO | STATEMENT | NUMBER | SUBJECT,
    [WIRE_ACT_KEY] = SALT | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_WITNESS] = SALT | ACTOR | SUBJECT | REASON | EVIDENCE,
    [WIRE_ACT_RETURNED] = SALT | MESSAGE | FROM | TO | NUMBER | SENT,
    [WIRE_ACT_HANDED] = SALT | TO | NUMBER | SUBJECT,
    [WIRE_ACT_ERASED] = SALT | MESSAGE | ACTOR | REASON,
    [WIRE_ACT_DEADLINE] = SALT | MESSAGE | TO | SUBJECT | REASON,
    [WIRE_ACT_PERSON] = SALT | ACTOR | SUBJECT | REASON | EVIDENCE,
    [WIRE_ACT_TOKEN] = SALT | ACTOR | SUBJECT | REASON | EVIDENCE,
    [WIRE_ACT_WRITTEN] = SALT | MESSAGE | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_ZONE] = SALT | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_EMERGENCY] = SALT | MESSAGE | FROM | ACTOR | TO | SUBJECT,
    [WIRE_ACT_LOGIN] = SALT | ACTOR | SUBJECT | REASON | EVIDENCE,
    [WIRE_ACT_HELD] = SALT | MESSAGE | ACTOR | NUMBER | SUBJECT | EVIDENCE,
    [WIRE_ACT_RELEASED] = SALT | MESSAGE | ACTOR | NUMBER | PREVIOUS | SUBJECT | EVIDENCE,
    [WIRE_ACT_WITHHELD] = SALT | MESSAGE | ACTOR | NUMBER | PREVIOUS | SUBJECT | REASON,
    [WIRE_ACT_REVIEWED] = SALT | MESSAGE | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_CLEARED] = SALT | MESSAGE | ACTOR | NUMBER | SUBJECT | REASON,
    [WIRE_ACT_KIND] = SALT | ACTOR | SUBJECT | REASON | EVIDENCE,
    [WIRE_ACT_ALERT] = SALT | MESSAGE | NUMBER | SUBJECT | REASON,
    [WIRE_ACT_CROSSCHECK] = SALT | MESSAGE | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_DEROGATION] = SALT | MESSAGE | ACTOR | SUBJECT | REASON,
    [WIRE_ACT_READER] = SALT | MESSAGE | ACTOR | SUBJECT | REASON | EVIDENCE,
};

static struct base_view take_text(struct wire_object *object, const char *key, struct base_arena *arena) {
  struct base_view text = wire_object_text(object, key, WIRE_OPENING_MAX, true);
  struct base_view copy = base_arena_copy(arena, text);
  if (copy.data == NULL && text.size > 0)
    wire_object_fail(object, BASE_MEMORY, key, "no memory");
  return copy;
}

static struct base_view take_origin(struct wire_object *object, const char *key, struct base_arena *arena) {
  struct base_view origin = take_text(object, key, arena);
  if (object->code == BASE_OK && !wire_origin_valid(origin))
    wire_object_fail(object, BASE_FIELD, key, "not an origin like wasl/paris/0123456789abcdef");
  return origin;
}

static void take_statement(struct wire_object *object, struct wire_statement *statement) {
  statement->given = (uint64_t)wire_object_integer(object, "given", 0, INT64_MAX, true);
  wire_object_hash(object, "given_leaf", &statement->given_leaf, true);
  statement->known = (uint64_t)wire_object_integer(object, "known", 0, INT64_MAX, true);
  wire_object_hash(object, "known_outcomes", &statement->known_outcomes, true);
  statement->taken = (uint64_t)wire_object_integer(object, "taken", 0, INT64_MAX, true);
  wire_object_hash(object, "taken_leaf", &statement->taken_leaf, true);
  statement->answered = (uint64_t)wire_object_integer(object, "answered", 0, INT64_MAX, true);
  wire_object_hash(object, "answered_outcomes", &statement->answered_outcomes, true);
}

static void write_statement(const struct wire_statement *statement, struct wire_writer *writer) {
  wire_write_member_integer(writer, "given", (int64_t)statement->given);
  wire_write_member_hash(writer, "given_leaf", &statement->given_leaf);
  wire_write_member_integer(writer, "known", (int64_t)statement->known);
  wire_write_member_hash(writer, "known_outcomes", &statement->known_outcomes);
  wire_write_member_integer(writer, "taken", (int64_t)statement->taken);
  wire_write_member_hash(writer, "taken_leaf", &statement->taken_leaf);
  wire_write_member_integer(writer, "answered", (int64_t)statement->answered);
  wire_write_member_hash(writer, "answered_outcomes", &statement->answered_outcomes);
}

static void take_fields(struct wire_object *object, unsigned fields, struct base_arena *arena,
                        struct wire_opening *opening) {
  struct base_hash salt = {{0}};
  wire_object_hash(object, "salt", &salt, true);
  memcpy(opening->salt, salt.bytes, sizeof opening->salt);
  if (fields & MESSAGE)
    opening->has_message = wire_object_id(object, "message", &opening->message, true);
  if (fields & FROM)
    opening->from = take_origin(object, "from", arena);
  if (fields & ACTOR)
    opening->actor = take_text(object, "actor", arena);
  if (fields & TO)
    opening->to = take_origin(object, "to", arena);
  if (fields & STATEMENT)
    take_statement(object, &opening->statement);
  if (fields & NUMBER)
    opening->number = (uint64_t)wire_object_integer(object, "n", 1, INT64_MAX, true);
  if (fields & PREVIOUS)
    wire_object_hash(object, "previous", &opening->previous, true);
  if (fields & CLAUSE)
    opening->clause = take_text(object, "clause", arena);
  if (fields & CARDS) {
    wire_object_hash(object, "from_card", &opening->from_card, true);
    wire_object_hash(object, "to_card", &opening->to_card, true);
  }
  if (fields & SENT)
    wire_object_hash(object, "sent", &opening->sent, true);
  if (fields & SUBJECT)
    opening->subject = take_text(object, "subject", arena);
  if (fields & CARD)
    wire_object_hash(object, "card", &opening->card, true);
  if (fields & REASON)
    opening->reason = take_text(object, "reason", arena);
  if (fields & EVIDENCE)
    wire_object_hash(object, "evidence", &opening->evidence, true);
}

static enum base_code write_fields(enum wire_act act, const struct wire_opening *opening, struct base_buf *out,
                                   struct base_error *err) {
  unsigned fields = act_fields[act];
  struct base_hash salt;
  memcpy(salt.bytes, opening->salt, sizeof salt.bytes);
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_hash(&writer, "salt", &salt);
  if (fields & MESSAGE)
    wire_write_member_id(&writer, "message", &opening->message);
  if (fields & FROM)
    wire_write_member_text(&writer, "from", opening->from);
  if (fields & ACTOR)
    wire_write_member_text(&writer, "actor", opening->actor);
  if (fields & TO)
    wire_write_member_text(&writer, "to", opening->to);
  if (fields & STATEMENT)
    write_statement(&opening->statement, &writer);
  if (fields & NUMBER)
    wire_write_member_integer(&writer, "n", (int64_t)opening->number);
  if (fields & PREVIOUS)
    wire_write_member_hash(&writer, "previous", &opening->previous);
  if (fields & CLAUSE)
    wire_write_member_text(&writer, "clause", opening->clause);
  if (fields & CARDS) {
    wire_write_member_hash(&writer, "from_card", &opening->from_card);
    wire_write_member_hash(&writer, "to_card", &opening->to_card);
  }
  if (fields & SENT)
    wire_write_member_hash(&writer, "sent", &opening->sent);
  if (fields & SUBJECT)
    wire_write_member_text(&writer, "subject", opening->subject);
  if (fields & CARD)
    wire_write_member_hash(&writer, "card", &opening->card);
  if (fields & REASON)
    wire_write_member_text(&writer, "reason", opening->reason);
  if (fields & EVIDENCE)
    wire_write_member_hash(&writer, "evidence", &opening->evidence);
  wire_write_end(&writer, '}');
  base_wipe(salt.bytes, sizeof salt.bytes);
  return base_buf_check(out, "opening", err);
}

/* --- the one spelling, matched without a JSON reader: openings are read for every message and every receipt. Texts
 * with an escape, and whatever is wrong, are left to the reader below, which also finds the words for what is wrong. */

static bool match_key(struct base_view *rest, bool first, const char *key) {
  return skip(rest, first ? "{\"" : ",\"") && skip(rest, key) && skip(rest, "\":");
}

static bool match_hex(struct base_view *rest, bool first, const char *key, uint8_t out[32]) {
  struct base_view digits;
  return match_key(rest, first, key) && skip(rest, "\"") && take(rest, 64, &digits) &&
         base_hex_parse(digits, out, 32) && skip(rest, "\"");
}

static bool match_text(struct base_view *rest, const char *key, struct base_arena *arena, struct base_view *out) {
  struct base_view text;
  if (!match_key(rest, false, key) || !skip(rest, "\"") || !take_to_quote(rest, &text) || !skip(rest, "\""))
    return false;
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] < 0x20 || text.data[i] == '\\')
      return false;
  *out = base_arena_copy(arena, text);
  return base_utf8_valid(text) && (out->data != NULL || text.size == 0);
}

static bool match_number(struct base_view *rest, uint64_t *out) {
  if (!match_key(rest, false, "n"))
    return false;
  struct base_view digits = {rest->data, 0};
  while (digits.size < rest->size && rest->data[digits.size] >= '0' && rest->data[digits.size] <= '9')
    digits.size++;
  return take(rest, digits.size, &digits) && base_decimal_parse(digits, out) && *out > 0 && *out <= INT64_MAX;
}

static bool match_origin(struct base_view *rest, const char *key, struct base_arena *arena, struct base_view *out) {
  return match_text(rest, key, arena, out) && wire_origin_valid(*out);
}

static bool match_opening(unsigned fields, struct base_view rest, struct base_arena *arena, struct wire_opening *out) {
  out->has_message = (fields & MESSAGE) != 0;
  return match_hex(&rest, true, "salt", out->salt) &&
         (!(fields & MESSAGE) || match_hex(&rest, false, "message", out->message.bytes)) &&
         (!(fields & FROM) || match_origin(&rest, "from", arena, &out->from)) &&
         (!(fields & ACTOR) || match_text(&rest, "actor", arena, &out->actor)) &&
         (!(fields & TO) || match_origin(&rest, "to", arena, &out->to)) &&
         (!(fields & NUMBER) || match_number(&rest, &out->number)) &&
         (!(fields & PREVIOUS) || match_hex(&rest, false, "previous", out->previous.bytes)) &&
         (!(fields & CLAUSE) || match_text(&rest, "clause", arena, &out->clause)) &&
         (!(fields & CARDS) || (match_hex(&rest, false, "from_card", out->from_card.bytes) &&
                                match_hex(&rest, false, "to_card", out->to_card.bytes))) &&
         (!(fields & SENT) || match_hex(&rest, false, "sent", out->sent.bytes)) &&
         (!(fields & SUBJECT) || match_text(&rest, "subject", arena, &out->subject)) &&
         (!(fields & CARD) || match_hex(&rest, false, "card", out->card.bytes)) &&
         (!(fields & REASON) || match_text(&rest, "reason", arena, &out->reason)) &&
         (!(fields & EVIDENCE) || match_hex(&rest, false, "evidence", out->evidence.bytes)) && skip(&rest, "}") &&
         rest.size == 0;
}

enum base_code wire_opening_parse(enum wire_act act, struct base_view bytes, struct base_arena *arena,
                                  struct wire_opening *out, struct base_error *err) {
  if ((unsigned)act >= WIRE_ACT_COUNT)
    return base_fail(err, BASE_INTERNAL, "opening: act %u is none", (unsigned)act);
  struct wire_opening matched = {0};
  /* Statements are rare: they are left to the reader. */
  if (bytes.size <= WIRE_OPENING_MAX && (act_fields[act] & STATEMENT) == 0 &&
      match_opening(act_fields[act], bytes, arena, &matched)) {
    *out = matched;
    return BASE_OK;
  }
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  enum base_code code = wire_json_parse(bytes, WIRE_OPENING_MAX, "opening", &json, err);
  if (code != BASE_OK)
    return code;
  struct wire_opening opening = {0};
  struct wire_object object;
  wire_object_begin(&object, json, "opening", "$");
  take_fields(&object, act_fields[act], arena, &opening);
  if (opening.statement.known > opening.statement.given || opening.statement.answered > opening.statement.taken)
    wire_object_fail(&object, BASE_FIELD, "known", "more is answered than was given");
  code = wire_object_end(&object, err);
  if (code != BASE_OK)
    return code;
  /* One spelling: what we would write ourselves. So two openings of one leaf never differ in form alone. */
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, WIRE_OPENING_MAX);
  if (write_fields(act, &opening, &again, NULL) != BASE_OK || !base_view_equal(base_buf_view(&again), bytes)) {
    base_wipe(again.data, again.size);
    return base_fail(err, BASE_SYNTAX,
                     "opening: not in its one spelling (no spaces, members in order, no needless escapes)");
  }
  base_wipe(again.data, again.size);
  *out = opening;
  return BASE_OK;
}

static enum base_code check_writable(enum wire_act act, const struct wire_opening *opening, struct base_error *err) {
  if ((unsigned)act >= WIRE_ACT_COUNT)
    return base_fail(err, BASE_INTERNAL, "opening: act %u is none", (unsigned)act);
  unsigned fields = act_fields[act];
  const char *name = act_names[act];
  if ((fields & MESSAGE) && !opening->has_message)
    return base_fail(err, BASE_FIELD, "opening of %s: no message given", name);
  if ((fields & FROM) && !wire_origin_valid(opening->from))
    return base_fail(err, BASE_FIELD, "opening of %s: from is not an origin", name);
  if ((fields & TO) && !wire_origin_valid(opening->to))
    return base_fail(err, BASE_FIELD, "opening of %s: to is not an origin", name);
  const struct wire_statement *statement = &opening->statement;
  if ((fields & STATEMENT) && (statement->given > INT64_MAX || statement->taken > INT64_MAX ||
                               statement->known > statement->given || statement->answered > statement->taken))
    return base_fail(err, BASE_FIELD, "opening of %s: more is answered than was given", name);
  if ((fields & NUMBER) && (opening->number == 0 || opening->number > INT64_MAX))
    return base_fail(err, BASE_FIELD, "opening of %s: n must count from 1", name);
  if (!base_utf8_valid(opening->clause) || !base_utf8_valid(opening->actor) || !base_utf8_valid(opening->subject) ||
      !base_utf8_valid(opening->reason))
    return base_fail(err, BASE_UTF8, "opening of %s: a text is not UTF-8", name);
  return BASE_OK;
}

enum base_code wire_opening_write(enum wire_act act, const struct wire_opening *opening, struct base_buf *out,
                                  struct base_error *err) {
  enum base_code code = check_writable(act, opening, err);
  if (code != BASE_OK)
    return code;
  size_t before = out->size;
  code = write_fields(act, opening, out, err);
  if (code == BASE_OK && out->size - before > WIRE_OPENING_MAX)
    return base_fail(err, BASE_TOO_LARGE, "opening of %s: %zu bytes, at most %d are allowed: shorten its texts",
                     act_names[act], out->size - before, WIRE_OPENING_MAX);
  return code;
}
