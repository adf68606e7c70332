/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "core/back.h"
#include "core/cases.h"
#include "core/clocks.h"
#include "core/crosscheck.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/picture.h"
#include "core/register.h"
#include "core/release.h"
#include "core/review.h"
#include "core/show.h"
#include "core/stix.h"
#include "core/witness.h"

/* What is asked without changing anything: node, partners, agreements here; kinds, cases, outbox, register beside it.
 * What opens content writes one `read` leaf, and its answer goes out when that leaf is attested. spec/api.md. */

/* --- shared */

struct base_view core_show_name(struct core *core, struct base_view origin) {
  if (base_view_equal(origin, core->card.origin))
    return core->card.name;
  const struct core_partner *partner = core_partner_of(core, origin);
  return partner != NULL ? partner->card.name : origin;
}

void core_show_time(struct wire_writer *writer, const char *key, base_time time) {
  static const base_time last = 253402300799; /* 9999-12-31T23:59:59Z */
  if (time > 0 && time <= last) {
    wire_write_member_time(writer, key, time);
    return;
  }
  wire_write_key(writer, key);
  wire_write_null(writer);
}

void core_show_text(struct wire_writer *writer, const char *key, struct base_view text) {
  BASE_AUTO_BUF struct base_buf clean = {0};
  base_buf_init(&clean, BASE_BUF_DEFAULT_LIMIT);
  base_buf_printable(&clean, text);
  wire_write_member_buf(writer, key, &clean);
}

void core_show_names(struct wire_writer *writer, struct core *core, const char *key, const struct base_view *origins,
                     size_t count) {
  wire_write_key(writer, key);
  wire_write_array(writer);
  for (size_t i = 0; i < count; i++)
    wire_write_text(writer, core_show_name(core, origins[i]));
  wire_write_end(writer, ']');
}

enum base_code core_show_leaf_time(struct core *core, uint64_t index, base_time *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_leaf row;
  struct wire_leaf leaf;
  enum base_code code = store_leaf_get(core->store, index, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(row.entry, &leaf, err);
  if (code == BASE_OK)
    *out = leaf.time;
  return code;
}

enum base_code core_show_limit(const struct wire_json *request, uint64_t *out, struct base_error *err) {
  const struct wire_json *limit = wire_json_get(request, "limit");
  if (limit != NULL && (wire_json_type(limit) != WIRE_JSON_INTEGER || wire_json_integer(limit) < 0))
    return base_fail(err, BASE_FIELD, "limit: a whole number, 0 for all");
  *out = (uint64_t)wire_json_integer(limit);
  return BASE_OK;
}

enum base_code core_show_page(const struct wire_json *request, uint64_t page, uint64_t most, uint64_t *out,
                              struct base_error *err) {
  const struct wire_json *limit = wire_json_get(request, "limit");
  int64_t number = limit == NULL ? (int64_t)page : wire_json_integer(limit);
  if (number >= 1 && (uint64_t)number <= most) {
    *out = (uint64_t)number;
    return BASE_OK;
  }
  return most == INT64_MAX ? base_fail(err, BASE_FIELD, "limit: a whole number from 1; %llu when it is left out",
                                       (unsigned long long)page)
                           : base_fail(err, BASE_FIELD, "limit: a whole number from 1 to %llu", (unsigned long long)most);
}

void core_show_answer(struct core *core, uint64_t token, struct base_buf *out) {
  struct core_reply *reply = core_reply(core, token, BASE_OK);
  base_buf_free(&reply->payload);
  reply->payload = *out;
  *out = (struct base_buf){0};
}

/* --- the node and its partners */

static void write_unsound(struct wire_writer *writer, const struct core_partner *partner) {
  BASE_AUTO_BUF struct base_buf text = {0}, clean = {0};
  base_buf_printf(&text, "%.*s: %s", (int)partner->card.name.size, (const char *)partner->card.name.data,
                  partner->damaged);
  base_buf_printable(&clean, base_buf_view(&text));
  wire_write_text(writer, base_buf_view(&clean));
}

static void show_addresses(struct wire_writer *writer, const struct wire_card *card) {
  wire_write_key(writer, "addresses");
  wire_write_array(writer);
  for (size_t i = 0; i < card->address_count; i++)
    wire_write_text(writer, card->addresses[i]);
  wire_write_end(writer, ']');
}

/* Why numbers of ours are not here again. */
static struct base_view missing_why(const struct core *core, const struct core_partner *partner, char why,
                                    char room[CORE_SHOW_REASON]) {
  const char *text = NULL;
  switch (why) {
  case WIRE_OUTCOME_REFUSED:
    text = "refused them when they came, and kept nothing";
    break;
  case WIRE_OUTCOME_VOIDED:
    text = "was told that they were ended: they never were messages there";
    break;
  case WIRE_OUTCOME_OPEN:
    text = "waits itself for parts of them or for what they follow: asked again";
    break;
  case WIRE_BACK_DAMAGED:
    text = "cannot read them or a part of them, what it kept is damaged: asked again";
    break;
  case WIRE_BACK_ERASED:
    text = "erased their content: they are here again without it";
    break;
  case CORE_BACK_DISPLACED:
    text = "holds other messages of this node under these numbers, which were given once more: ask for them (wasl "
           "proof export)";
    break;
  case WIRE_BACK_NOTHING:
    text = "does not hold them (any more)";
    break;
  default: {
    struct base_view trouble = core_show_trouble(core, partner, room);
    return trouble.size > 0 ? trouble : BASE_VIEW("they are being asked for");
  }
  }
  int length = snprintf(room, CORE_SHOW_REASON, "%.*s %s", (int)partner->card.name.size,
                        (const char *)partner->card.name.data, text);
  return base_view_of(room, length < CORE_SHOW_REASON ? (size_t)length : CORE_SHOW_REASON - 1);
}

static void write_missing(const struct core *core, struct wire_writer *writer, const struct core_partner *partner,
                          uint64_t from, uint64_t to, char why) {
  char room[CORE_SHOW_REASON];
  wire_write_object(writer);
  wire_write_member_integer(writer, "from_number", (int64_t)from);
  wire_write_member_integer(writer, "to_number", (int64_t)to);
  core_show_text(writer, "why", missing_why(core, partner, why, room));
  wire_write_end(writer, '}');
}

/* How much of it is here again, and what is not: number by number, and why. */
static void write_back(const struct core *core, struct wire_writer *writer, const struct core_partner *partner) {
  const struct core_back *back = &partner->back;
  uint64_t next = back->next > 0 ? back->next : partner->epoch_told.lost_from;
  wire_write_member_integer(writer, "returned", (int64_t)back->came);
  wire_write_key(writer, "missing");
  wire_write_array(writer);
  for (size_t i = 0; i < back->count; i++)
    write_missing(core, writer, partner, back->missing[i].from, back->missing[i].to, back->missing[i].why);
  if (next <= partner->epoch_told.lost_to)
    write_missing(core, writer, partner, next, partner->epoch_told.lost_to, '\0');
  wire_write_end(writer, ']');
}

/* Of a register that lost leaves: which epoch it is in, who has still to confirm it, and what cannot come back. */
static void write_epoch(const struct core *core, struct wire_writer *writer) {
  if (core->epoch == 1)
    return;
  wire_write_member_integer(writer, "epoch", core->epoch);
  wire_write_member_integer(writer, "first", (int64_t)core->epoch_start);
  wire_write_member_string(writer, "digits", core->epoch_digits);
  wire_write_key(writer, "unconfirmed");
  wire_write_array(writer);
  for (size_t i = 0; i < core->partner_count; i++)
    if (core_epoch_waits(core->partners[i]))
      wire_write_text(writer, core->partners[i]->card.name);
  wire_write_end(writer, ']');
  wire_write_key(writer, "lost");
  wire_write_array(writer);
  for (size_t i = 0; i < core->partner_count; i++) {
    const struct core_told *told = &core->partners[i]->epoch_told;
    if (told->lost_to == 0)
      continue;
    wire_write_object(writer);
    wire_write_member_text(writer, "to", core->partners[i]->card.name);
    wire_write_member_integer(writer, "from_number", (int64_t)told->lost_from);
    wire_write_member_integer(writer, "to_number", (int64_t)told->lost_to);
    write_back(core, writer, core->partners[i]);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

/* Of erasures: what the keeper does not know, or did not at the start of this run. */
static void write_forgotten(const struct core *core, struct wire_writer *writer) {
  if (core->erasing.untold > 0)
    wire_write_string(writer, "what was erased is not known to the keeper yet, which has no room for it: until then an "
                              "older copy of the database could show it");
  if (core->erasing.forgotten)
    wire_write_string(writer,
                      "the keeper had forgotten what was erased, and was told again: put back the newest copy of "
                      "keeper/retired.state, if there is one, and start again");
}

/* What waits for people here. */
static enum base_code write_late(struct core *core, struct wire_writer *writer, struct base_error *err) {
  uint64_t cases = 0, recalls = 0, reviews = 0;
  base_time now = core_now(core);
  enum base_code code = store_case_late(core->store, now, BASE_VIEW(WIRE_KIND_RECALL), CORE_CLOCKS_LATE_MAX, &cases,
                                        &recalls, err);
  if (code == BASE_OK)
    code = store_review_due(core->store, now, CORE_CLOCKS_LATE_MAX, &reviews, err);
  wire_write_member_integer(writer, "overdue", (int64_t)cases);
  wire_write_member_bool(writer, "overdue_more", cases == CORE_CLOCKS_LATE_MAX);
  wire_write_member_integer(writer, "recalls_overdue", (int64_t)recalls);
  wire_write_member_integer(writer, "reviews_due", (int64_t)reviews);
  return code == BASE_OK ? core_picture_status(core, writer, err) : code;
}

static enum base_code show_status(struct core *core, const struct wire_json *request, struct base_buf *out,
                                  struct base_error *err) {
  (void)request;
  size_t active = 0, stopped = 0;
  for (size_t i = 0; i < core->partner_count; i++) {
    stopped += core_partner_stopped(core->partners[i]);
    active += core->partners[i]->row.state == STORE_PARTNER_ACTIVE && !core_partner_stopped(core->partners[i]);
  }
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "name", core->card.name);
  wire_write_member_text(&writer, "origin", core->card.origin);
  wire_write_member_string(&writer, "fingerprint", core->fingerprint);
  show_addresses(&writer, &core->card);
  wire_write_member_string(&writer, "version", BASE_VERSION);
  wire_write_member_string(&writer, "store", store_name(core->store));
  core_show_time(&writer, "started", core->started);
  core_show_time(&writer, "time", core_now(core));
  wire_write_member_string(&writer, "zone", core->zone);
  wire_write_key(&writer, "register");
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "size", (int64_t)core->reg.attested);
  wire_write_member_hash(&writer, "root", &core->reg.attested_root);
  write_epoch(core, &writer);
  wire_write_end(&writer, '}');
  wire_write_key(&writer, "partners");
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "active", (int64_t)active);
  wire_write_member_integer(&writer, "suspended", (int64_t)(core->partner_count - active - stopped));
  wire_write_member_integer(&writer, "stopped", (int64_t)stopped);
  wire_write_end(&writer, '}');
  wire_write_key(&writer, "outbox");
  wire_write_object(&writer);
  enum base_code code = core_show_counts(core, &writer, err);
  wire_write_end(&writer, '}');
  if (code == BASE_OK)
    code = write_late(core, &writer, err);
  if (core->saved.id != 0) {
    wire_write_key(&writer, "backup");
    wire_write_object(&writer);
    wire_write_member_integer(&writer, "backup", (int64_t)core->saved.id);
    core_show_time(&writer, "at", core->saved.at);
    wire_write_member_integer(&writer, "missing", (int64_t)core->saved.missing);
    wire_write_end(&writer, '}');
  }
  (void)core_room_look(core);
  wire_write_member_integer(&writer, "disk_free", core->room.free > INT64_MAX ? INT64_MAX : (int64_t)core->room.free);
  wire_write_member_string(&writer, "disk", core_room_name(core->room.level));
  /* What keeps it from doing its work, though all its processes serve. */
  wire_write_key(&writer, "unsound");
  wire_write_array(&writer);
  if (core->lost[0] != '\0')
    wire_write_string(&writer, core->lost);
  if (core->room.level >= CORE_ROOM_LOW)
    wire_write_string(&writer,
                      core->room.level == CORE_ROOM_FULL
                          ? "the disk is full: nothing is sent or taken in, and the exchange rests; make room, "
                            "and it goes on by itself"
                          : "the disk is nearly full: nothing new is sent or taken in; make room, and it goes on "
                            "by itself");
  for (size_t i = 0; i < core->partner_count; i++)
    if (core->partners[i]->damaged[0] != '\0')
      write_unsound(&writer, core->partners[i]);
  core_witnesses_unsound(core, &writer);
  core_people_unsound(core, &writer);
  core_kinds_unsound(core, &writer);
  write_forgotten(core, &writer);
  core_show_keys_unsound(&writer, core);
  wire_write_end(&writer, ']');
  core_witnesses_status(core, &writer);
  core_show_keys_due(&writer, core);
  wire_write_end(&writer, '}');
  return code;
}

void core_show_partner_members(const struct core *core, struct wire_writer *writer,
                               const struct core_partner *partner) {
  char room[CORE_SHOW_REASON];
  const struct wire_card *card = &partner->card;
  wire_write_member_text(writer, "name", card->name);
  wire_write_member_text(writer, "origin", card->origin);
  wire_write_member_text(writer, "fingerprint", partner->row.fingerprint);
  wire_write_member_integer(writer, "generation", card->generation);
  wire_write_member_integer(writer, "confirmed", partner->cards.list[0].card.generation);
  wire_write_member_string(writer, "state", core_partner_state_word(partner));
  core_show_time(writer, "stopped", partner->stopped_at);
  wire_write_key(writer, "org");
  wire_write_object(writer);
  for (int i = 0; i < WIRE_LANGUAGES; i++)
    wire_write_member_text(writer, wire_language_codes[i], card->org[i]);
  wire_write_end(writer, '}');
  show_addresses(writer, card);
  core_show_time(writer, "last_contact", partner->row.last_contact);
  wire_write_member_string(writer, "zone", partner->zone);
  wire_write_key(writer, "reconciled");
  wire_write_object(writer);
  core_show_time(writer, "time", partner->compare.compared);
  wire_write_member_bool(writer, "equal", partner->compare.compared != 0 && partner->compare.difference[0] == '\0');
  wire_write_member_integer(writer, "given", (int64_t)partner->compare.given);
  wire_write_member_integer(writer, "taken", (int64_t)partner->compare.taken);
  wire_write_member_bool(writer, "asking", partner->compare.want || partner->compare.running);
  core_show_text(writer, "difference", base_view_text(partner->compare.difference));
  wire_write_member_integer(writer, "rounds", (int64_t)partner->compare.rounds);
  wire_write_end(writer, '}');
  wire_write_member_integer(writer, "sent", (int64_t)partner->row.sent_number);
  wire_write_member_integer(writer, "held", (int64_t)partner->row.received_number);
  core_show_text(writer, "trouble", core_show_trouble(core, partner, room));
}

static enum base_code show_partners(struct core *core, const struct wire_json *request, struct base_buf *out,
                                    struct base_error *err) {
  (void)request;
  (void)err;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_array(&writer);
  for (size_t i = 0; i < core->partner_count; i++) {
    wire_write_object(&writer);
    core_show_partner_members(core, &writer, core->partners[i]);
    wire_write_end(&writer, '}');
  }
  wire_write_end(&writer, ']');
  return BASE_OK;
}

/* --- agreements */

/* What an amendment replaces, and has not yet. */
static bool goes_on(const struct core_agreement *agreement, base_time now) {
  const struct law_agreement *before = &agreement->before;
  return agreement->has_before && before->accepted && before->from <= now && now < law_agreement_until(before);
}

/* The state of its case, but where that alone would mislead: accepted is not yet in force, nor for ever. */
static struct base_view agreement_state(const struct core_agreement *agreement, const struct core_kind *kind,
                                        base_time now) {
  const struct law_agreement *law = &agreement->law;
  if (agreement->damaged)
    return BASE_VIEW("unknown");
  if (agreement->not_taken)
    return BASE_VIEW("not_taken");
  if (law->disputed)
    return BASE_VIEW("disputed");
  if (law->ends != 0)
    return kind->kind.states[agreement->state];
  if (law->accepted && now < law->from && !goes_on(agreement, now))
    return BASE_VIEW("not_yet");
  return law->accepted && now >= law->until ? BASE_VIEW("expired") : kind->kind.states[agreement->state];
}

static enum base_code show_agreements(struct core *core, const struct wire_json *request, struct base_buf *out,
                                      struct base_error *err) {
  (void)request;
  (void)err;
  base_time now = core_now(core);
  const struct core_kind *kind = core_kind_named(core, BASE_VIEW("agreement"));
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_array(&writer);
  for (size_t i = 0; kind != NULL && i < core->agreement_count; i++) {
    const struct core_agreement *agreement = &core->agreements[i];
    const struct law_agreement *law = &agreement->law;
    wire_write_object(&writer);
    wire_write_member_id(&writer, "id", &agreement->id);
    wire_write_member_text(&writer, "state", agreement_state(agreement, kind, now));
    bool before = goes_on(agreement, now);
    wire_write_member_bool(&writer, "in_force", !law->disputed && (before || (law->accepted && law->from <= now && now < law_agreement_until(law))));
    core_show_time(&writer, "from", law->from);
    core_show_time(&writer, "until", law_agreement_until(law));
    core_show_names(&writer, core, "parties", law->parties, law->party_count);
    core_show_words(core, &writer, "title", agreement->title);
    wire_write_end(&writer, '}');
  }
  wire_write_end(&writer, ']');
  return BASE_OK;
}

/* --- dispatch */

static const struct show_row {
  enum link_request_code code;
  core_show_handler *handler;
  const char *content; /* the table word of what the read leaf names, where content is shown */
  const char *verb;
} rows[] = {
    {LINK_NODE_STATUS, show_status, NULL, NULL},
    {LINK_PARTNER_LIST, show_partners, NULL, NULL},
    {LINK_PARTNER_SHOW, core_show_partner, NULL, NULL},
    {LINK_CARD_SHOW, core_show_card, NULL, NULL},
    {LINK_KEY_LIST, core_show_keys, NULL, NULL},
    {LINK_KIND_LIST, core_show_kinds, NULL, NULL},
    {LINK_KIND_SHOW, core_show_kind, NULL, NULL},
    {LINK_KIND_EXAMPLE, core_show_example, NULL, NULL},
    {LINK_AGREEMENT_LIST, show_agreements, NULL, NULL},
    {LINK_AGREEMENT_REVIEW, core_show_review, NULL, NULL},
    {LINK_LAW_EXPLAIN, core_show_explain, NULL, NULL},
    {LINK_CONSENT_LIST, core_show_consents, NULL, NULL},
    {LINK_CASE_LIST, core_show_case_list, NULL, NULL},
    {LINK_CASE_SHOW, core_show_case, "case", "case.show"},
    {LINK_CASE_ITEMS, core_show_case_items, NULL, NULL},
    {LINK_CASE_BALANCE, core_show_case_balance, "case", "case.balance"},
    {LINK_CASE_CROSSCHECK, core_show_crosscheck, NULL, NULL}, /* writes its own leaf */
    {LINK_REVIEW_LIST, core_review_list, NULL, NULL},
    {LINK_PICTURE_SHOW, core_picture_show, NULL, NULL},
    {LINK_STIX_LIST, core_stix_list, NULL, NULL},
    {LINK_STIX_COUNT, core_stix_count, NULL, NULL},
    {LINK_MESSAGE_SHOW, core_show_message, "message", "message.show"},
    {LINK_OUTBOX_LIST, core_show_outbox_list, NULL, NULL},
    {LINK_OUTBOX_SUMMARY, core_show_outbox_summary, NULL, NULL},
    {LINK_REGISTER_HEAD, core_show_head, NULL, NULL},
    {LINK_REGISTER_SHOW, core_show_leaf, NULL, NULL},
    {LINK_REGISTER_TILE, core_show_tile, NULL, NULL},
    {LINK_WITNESS_LIST, core_show_witnesses, NULL, NULL},
};

/* Who opened what, and why: attested before the answer goes out. */
static enum base_code read_leaf(struct core *core, const struct show_row *row, const struct wire_json *request,
                                struct base_error *err) {
  struct base_id id;
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_id(core, request, "id", row->content, &id, err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code != BASE_OK)
    return code;
  struct base_hex_text subject = base_id_text(&id);
  struct wire_opening opening = {.actor = core_actor(core),
                                 .subject = base_view_text(subject.text),
                                 .reason = reason.size > 0 ? reason : base_view_text(row->verb)};
  code = core_register_add(core, core_show_act(request), &opening, NULL, err);
  if (code == BASE_OK && row->code == LINK_MESSAGE_SHOW)
    core_release_opened(core, &id);
  return code;
}

enum wire_act core_show_act(const struct wire_json *request) {
  return wire_json_true(wire_json_get(request, "export")) ? WIRE_ACT_EXPORTED : WIRE_ACT_READ;
}

bool core_show_bare(const struct wire_json *request) {
  return wire_json_true(wire_json_get(request, "bare"));
}

void core_show(struct core *core, enum link_request_code code, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  const struct show_row *row = NULL;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && row == NULL; i++)
    if (rows[i].code == code)
      row = &rows[i];
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  enum base_code status = row != NULL ? core_request_purpose(core_request_text(request, "reason"), &err)
                                      : base_fail(&err, BASE_INTERNAL, "core does not know this request");
  if (status == BASE_OK)
    status = row->handler(core, request, &out, &err);
  /* A failed buffer is answered with its error and has shown nothing. */
  bool opened = row != NULL && row->content != NULL && !(code == LINK_CASE_SHOW && core_show_bare(request));
  if (status == BASE_OK && opened && out.code == BASE_OK)
    status = read_leaf(core, row, request, &err);
  if (status == BASE_OK)
    core_show_answer(core, token, &out);
  else
    core_reply_error(core, token, status, &err);
  if (row != NULL && row->content != NULL && out.data != NULL)
    base_wipe(out.data, out.size);
}
