/* SPDX-License-Identifier: Apache-2.0 */
#include "core/witness.h"

#include <stdio.h>
#include <string.h>

#include "core/cards.h"
#include "core/partners.h"
#include "core/register.h"

/* Heads of our register go to the witnesses in rounds: one head at a time, the same for all of them, so that their
 * cosignatures stand under one checkpoint, and a second's pause in between. The next round takes the newest head, when
 * each witness has cosigned this one or does not answer. So a witness that is away delays nobody but who waits for its
 * line, and a node where nothing happens comes to rest. At its start it asks each of them once, whatever it holds: a
 * folder that was put back to an old copy is told so. */

static const char round_fact[] = "witnessed.round", done_fact[] = "witnessed.done";

/* --- heads with cosignatures */

static void head_begin(struct core_witnessed *head, uint64_t size, struct base_view note) {
  base_buf_free(&head->head);
  base_buf_free(&head->lines);
  base_buf_init(&head->head, WIRE_NOTE_MAX);
  base_buf_init(&head->lines, WIRE_NOTE_MAX);
  base_buf_add_view(&head->head, note);
  head->size = size;
}

static const struct wire_signature *line_of(const struct wire_note *note, const struct wire_vkey *vkey) {
  for (size_t i = 0; i < note->signature_count; i++)
    if (note->signatures[i].id == vkey->id && base_view_equal(note->signatures[i].name, vkey->name))
      return &note->signatures[i];
  return NULL;
}

static bool parse_head(const struct core_witnessed *head, struct base_buf *both, struct wire_note *note) {
  base_buf_init(both, WIRE_NOTE_MAX);
  base_buf_add_buf(both, &head->head);
  base_buf_add_buf(both, &head->lines);
  return head->size > 0 && both->code == BASE_OK && wire_note_parse(base_buf_view(both), note, NULL) == BASE_OK;
}

bool core_witness_signed(struct core *core, const struct core_witness *witness, const struct core_witnessed *head,
                         base_time *out_time) {
  BASE_AUTO_BUF struct base_buf both = {0};
  struct wire_note note;
  struct wire_vkey vkey;
  if (!core_witness_key(core, witness, &vkey) || !parse_head(head, &both, &note))
    return false;
  const struct wire_signature *line = line_of(&note, &vkey);
  if (line == NULL)
    return false;
  if (out_time != NULL) {
    struct base_reader reader = base_reader_of(base_view_of(line->bytes, line->size));
    *out_time = (base_time)base_read_u64(&reader);
  }
  return true;
}

/* How many of those in the list cosigned it. */
static size_t signed_by(struct core *core, const struct core_witnessed *head) {
  size_t count = 0;
  for (size_t i = 0; i < core->witnesses->count; i++)
    count += core_witness_signed(core, &core->witnesses->list[i], head, NULL);
  return count;
}

/* The head with this one line: signed by our register and by that witness, and by nobody else. */
static enum base_code verify_line(const struct core *core, const struct core_witnessed *head, struct base_view line,
                                  const struct wire_vkey *vkey, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf both = {0};
  struct wire_checkpoint checkpoint;
  base_buf_init(&both, WIRE_NOTE_MAX);
  base_buf_add_buf(&both, &head->head);
  base_buf_add_view(&both, line);
  struct seal_signer signer = {.log = &core_cards_signing(core, head->size)->log, .witness = vkey};
  enum base_code code = base_buf_check(&both, "cosigned head", err);
  return code == BASE_OK ? seal_checkpoint_verify(base_buf_view(&both), signer, &checkpoint, NULL, err) : code;
}

/* --- stored: each head is one note, ours with its witnesses' lines */

/* Lines that do not verify, by those in the list, are left out: they are asked for anew. */
static enum base_code read_head(struct core *core, struct base_view bytes, struct core_witnessed *out,
                                struct base_error *err) {
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  BASE_AUTO_BUF struct base_buf head = {0};
  base_buf_init(&head, WIRE_NOTE_MAX);
  enum base_code code = wire_note_parse(bytes, &note, err);
  if (code != BASE_OK)
    return code;
  base_buf_add_view(&head, note.text);
  base_buf_text(&head, "\n");
  wire_signature_write(&note.signatures[0], &head);
  code = wire_checkpoint_parse(note.text, &checkpoint, err);
  if (code == BASE_OK && (wire_origin_epoch(checkpoint.origin) != core->epoch || checkpoint.size > core->reg.attested))
    code = base_fail(err, BASE_CORRUPT, "it is no head of this register");
  if (code == BASE_OK) {
    struct seal_signer signer = {.log = &core_cards_signing(core, checkpoint.size)->log};
    code = seal_checkpoint_verify(base_buf_view(&head), signer, &checkpoint, NULL, err);
  }
  if (code != BASE_OK)
    return code;
  head_begin(out, checkpoint.size, base_buf_view(&head));
  for (size_t i = 0; i < core->witnesses->count; i++) {
    struct wire_vkey vkey;
    const struct wire_signature *line =
        core_witness_key(core, &core->witnesses->list[i], &vkey) ? line_of(&note, &vkey) : NULL;
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_init(&text, WIRE_SIGNATURE_LINE_MAX);
    if (line == NULL)
      continue;
    wire_signature_write(line, &text);
    if (verify_line(core, out, base_buf_view(&text), &vkey, NULL) == BASE_OK)
      base_buf_add_buf(&out->lines, &text);
  }
  return base_buf_check(&out->lines, "witnessed head", err);
}

static enum base_code load_head(struct core *core, const char *fact, struct core_witnessed *out,
                                struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_NOTE_MAX);
  enum base_code code = store_fact_get(core->store, fact, &bytes, err);
  if (code == BASE_OK)
    code = read_head(core, base_buf_view(&bytes), out, err);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

enum base_code core_witnessed_load(struct core *core, struct base_error *err) {
  struct core_witnesses *own = core->witnesses;
  enum base_code code = load_head(core, done_fact, &own->done, err);
  if (code == BASE_OK)
    code = load_head(core, round_fact, &own->round, err);
  for (size_t i = 0; code == BASE_OK && i < own->count; i++) {
    struct core_witness *witness = &own->list[i];
    if (core_witness_signed(core, witness, &own->round, &witness->last))
      witness->known = own->round.size;
    else if (core_witness_signed(core, witness, &own->done, &witness->last))
      witness->known = own->done.size;
  }
  return code;
}

static enum base_code save_head(struct core *core, const char *fact, const struct core_witnessed *head,
                                struct base_error *err) {
  BASE_AUTO_BUF struct base_buf both = {0};
  base_buf_init(&both, WIRE_NOTE_MAX);
  base_buf_add_buf(&both, &head->head);
  base_buf_add_buf(&both, &head->lines);
  enum base_code code = base_buf_check(&both, "witnessed head", err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, fact, base_buf_view(&both), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* --- what evidence is given out under */

/* Who is missing on that head, and why; before: the leaf is of an epoch before, whose heads do not count here. */
static void say_missing(struct core *core, const struct core_witnessed *head, size_t have, bool before,
                        char why[BASE_ERROR_TEXT_MAX]) {
  const struct core_witnesses *own = core->witnesses;
  char lost[80] = "";
  if (before)
    (void)snprintf(lost, sizeof lost, " (those from before epoch %u are lost)", (unsigned)core->epoch);
  size_t at = (size_t)snprintf(why, BASE_ERROR_TEXT_MAX,
                               "this node's policy wants %u cosignatures of witnesses on a head that covers it, and "
                               "there are %zu%s. The witnesses are asked by themselves for the newest head, which "
                               "covers it; export it then; missing:",
                               own->quorum, have, lost);
  bool first = true;
  for (size_t i = 0; i < own->count && at < BASE_ERROR_TEXT_MAX; i++) {
    const struct core_witness *witness = &own->list[i];
    if (head != NULL && core_witness_signed(core, witness, head, NULL))
      continue;
    const char *trouble = witness->trouble[0] != '\0' ? witness->trouble : "it is asked just now";
    int size = snprintf(why + at, BASE_ERROR_TEXT_MAX - at, "%s %s (%.120s%s)", first ? "" : ",", witness->name,
                        trouble, strlen(trouble) > 120 ? "…" : "");
    at += size > 0 ? (size_t)size : 0;
    first = false;
  }
}

enum base_code core_witnessed_head(struct core *core, uint64_t at_least, const struct core_witnessed **out,
                                   char why[BASE_ERROR_TEXT_MAX], struct base_error *err) {
  struct core_witnesses *own = core->witnesses;
  const struct core_witnessed *best = NULL;
  size_t most = 0;
  const struct core_witnessed *heads[] = {&own->done, &own->round};
  for (size_t i = 0; i < 2; i++) {
    size_t count = heads[i]->size >= at_least ? signed_by(core, heads[i]) : 0;
    if (count > most) {
      best = heads[i];
      most = count;
    }
  }
  *out = best;
  if (most >= own->quorum)
    return BASE_OK;
  const struct core_witnessed *newest = own->round.size >= at_least ? &own->round : NULL;
  say_missing(core, best != NULL ? best : newest, most, core->epoch > 1 && at_least <= core->epoch_start, why);
  return base_fail(err, BASE_NOT_FOUND, "%s", why);
}

/* --- out */

/* It has cosigned a newer head than the one that goes round, one that came to it in an exchange. */
static bool passed_by(const struct core *core, const struct core_witness *witness) {
  return witness->known > core->witnesses->round.size && witness->known <= core->reg.attested;
}

static bool round_over(struct core *core) {
  if (core->witnesses->round.size == 0)
    return true;
  for (size_t i = 0; i < core->witnesses->count; i++) {
    const struct core_witness *witness = &core->witnesses->list[i];
    if (witness->under_way || (witness->failures == 0 && !passed_by(core, witness) &&
                               !core_witness_signed(core, witness, &core->witnesses->round, NULL)))
      return false;
  }
  return true;
}

/* The newest head becomes the one that all are asked to cosign; the one before stays while no other has as much. */
static void round_begin(struct core *core) {
  struct core_witnesses *own = core->witnesses;
  size_t have = signed_by(core, &own->round);
  if (have > 0 && (have >= signed_by(core, &own->done) || have >= own->quorum)) {
    struct core_witnessed old = own->done;
    own->done = own->round;
    own->round = old;
    own->done_news = true;
  }
  head_begin(&own->round, core->reg.attested, base_buf_view(&core->reg.note));
  own->next_round_ms = core_now_ms(core) + CORE_WITNESS_PAUSE_MS;
}

static void witness_trouble(struct core *core, struct core_witness *witness, const char *why) {
  int64_t pause = CORE_WITNESS_RETRY_MS;
  for (unsigned i = 0; i < witness->failures && pause < CORE_WITNESS_RETRY_MOST_MS; i++)
    pause *= 2;
  if (pause > CORE_WITNESS_RETRY_MOST_MS)
    pause = CORE_WITNESS_RETRY_MOST_MS;
  witness->failures++;
  witness->not_before_ms = core_now_ms(core) + pause;
  if (strcmp(witness->trouble, why) != 0)
    base_log(BASE_LOG_WARNING, "witness.trouble", "%s: %s", witness->name, why);
  (void)snprintf(witness->trouble, sizeof witness->trouble, "%s", why);
}

/* Said once, and until it cosigns again: what is here is not what it saw, and most often that is because the folder was
 * put back. Its bare word stops nothing: the sentence says what to look at, and what comes next. */
static void witness_contradicts(struct core *core, struct core_witness *witness, uint64_t size) {
  char why[BASE_ERROR_TEXT_MAX];
  (void)snprintf(
      why, sizeof why,
      "the witness %s cosigned a head of this register of %llu leaves, and that is no head of what is here (%llu "
      "leaves): most likely the folder was put back to an old copy. Put its newest copy back; when there is none, stop "
      "the node and run wasl node epoch DIR --leaves-lost. If nothing was put back, ask partners and who runs it what "
      "they hold: somebody may have this node's key (wasl witness remove %s drops it)",
      witness->name, (unsigned long long)size, (unsigned long long)core->reg.attested, witness->name);
  if (!witness->contradicts)
    base_log(BASE_LOG_ERROR, "witness.contradicts", "%s", why);
  witness->contradicts = true;
  witness_trouble(core, witness, why);
}

static void write_ways(struct core *core, const struct core_witness *witness, struct wire_writer *writer) {
  const struct core_partner *partner =
      witness->partner ? core_partner_named(core, base_view_text(witness->name)) : NULL;
  BASE_AUTO_BUF struct base_buf url = {0};
  base_buf_init(&url, CORE_WITNESS_URL_MAX + 64);
  const struct wire_card *line = partner != NULL ? core_partner_line(partner) : NULL;
  if (line != NULL && line->address_count > 0) {
    base_buf_text(&url, "https://");
    base_buf_add_view(&url, line->addresses[witness->failures % line->address_count]);
    base_buf_text(&url, CORE_WITNESS_PATH);
  } else if (!witness->partner) {
    base_buf_text(&url, witness->url);
  }
  wire_write_member_buf(writer, "url", &url);
  wire_write_key(writer, "pins");
  wire_write_array(writer);
  for (size_t i = 0; line != NULL && i < line->pin_count; i++)
    wire_write_string(writer, base_hash_text(&line->pins[i]).text);
  if (witness->pinned)
    wire_write_string(writer, base_hash_text(&witness->pin).text);
  wire_write_end(writer, ']');
}

/* To a partner with whom nothing is exchanged nothing goes as to a witness, either. */
static enum base_code may_ask(const struct core_witness *witness, const struct core_partner *partner,
                              struct base_error *err) {
  if (!witness->partner)
    return BASE_OK;
  if (partner == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "it is no partner any more");
  if (partner->damaged[0] != '\0')
    return base_fail(err, BASE_CORRUPT, "what is stored of this partner is not what the register says: %.200s",
                     partner->damaged);
  return partner->row.state == STORE_PARTNER_ACTIVE && !core_partner_stopped(partner)
             ? BASE_OK
             : base_fail(err, BASE_SUSPENDED, "the exchange with this partner is %s", core_partner_state_word(partner));
}

/* Answers a parked request with the round's head for this witness. */
static enum base_code hand_over(struct core *core, struct core_witness *witness, uint64_t token,
                                struct base_error *err) {
  struct core_witnessed *round = &core->witnesses->round;
  struct core_partner *partner = witness->partner ? core_partner_named(core, base_view_text(witness->name)) : NULL;
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  size_t count = 0;
  uint64_t known = witness->known;
  enum base_code code = may_ask(witness, partner, err);
  if (code == BASE_OK && known > 0 && known < round->size)
    code = core_register_consistency(core, known, round->size, proof, &count, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_BUF struct base_buf body = {0}, work = {0};
  base_buf_init(&body, WIRE_WITNESS_REQUEST_MAX);
  base_buf_init(&work, LINK_INLINE_MAX);
  wire_witness_request_write(known, proof, count, base_buf_view(&round->head), &body);
  struct wire_writer writer;
  wire_writer_init(&writer, &work);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "witness", witness->name);
  wire_write_member_bool(&writer, "partner", witness->partner);
  write_ways(core, witness, &writer);
  wire_write_member_buf(&writer, "body", &body);
  wire_write_end(&writer, '}');
  code = base_buf_check(&body, "add-checkpoint", err);
  if (code == BASE_OK)
    code = base_buf_check(&work, "the work for a witness", err);
  if (code != BASE_OK)
    return code;
  witness->under_way = true;
  witness->head = round->size;
  if (partner != NULL) /* he may cosign it: what he is sent next is proved from there, too */
    core_head_shown(partner, round->size, base_buf_view(&round->head));
  core->env.answer(core->env.context, token, BASE_OK, base_buf_view(&work), -1);
  return BASE_OK;
}

int64_t core_witness_hand_over(struct core *core) {
  struct core_witnesses *own = core->witnesses;
  int64_t now = core_now_ms(core), due = -1;
  if (own->count == 0 || core_disk_rests(core) || core->reg.note.size == 0)
    return -1;
  bool news = core->reg.attested > own->round.size && round_over(core);
  if (news && now >= own->next_round_ms)
    round_begin(core);
  else if (news)
    due = own->next_round_ms - now;
  for (size_t i = 0; i < own->count; i++) {
    struct core_witness *witness = &own->list[i];
    if (own->round.size == 0 || witness->under_way || passed_by(core, witness) ||
        (witness->asked && core_witness_signed(core, witness, &own->round, NULL)))
      continue;
    if (witness->not_before_ms > now) {
      due = core_soonest(due, witness->not_before_ms - now);
    } else if (own->take_count > 0) { /* else the gate's next request wakes us */
      struct base_error err = {0};
      if (witness->known > own->round.size)
        witness_contradicts(core, witness, witness->known);
      else if (hand_over(core, witness, own->takes[own->take_count - 1], &err) == BASE_OK)
        own->take_count--;
      else
        witness_trouble(core, witness, err.text);
      if (!witness->under_way)
        due = core_soonest(due, witness->not_before_ms - now);
    }
  }
  return due;
}

void core_witness_take(struct core *core, uint64_t token) {
  struct core_witnesses *own = core->witnesses;
  struct base_error err = {0};
  if (own->take_count < CORE_WITNESS_TAKES_MAX)
    own->takes[own->take_count++] = token;
  else
    core_reply_error(core, token, base_fail(&err, BASE_BUSY, "enough requests for work are waiting"), &err);
}

void core_witness_forget(struct core *core, bool (*gone)(void *context, uint64_t token), void *context) {
  struct core_witnesses *own = core->witnesses;
  size_t kept = 0;
  for (size_t i = 0; i < own->take_count; i++)
    if (!gone(context, own->takes[i]))
      own->takes[kept++] = own->takes[i];
  own->take_count = kept;
}

/* --- what they answer */

/* Status 200: their cosignature, among lines that may be anybody's. */
static enum base_code take_lines(struct core *core, struct core_witness *witness, struct base_view body,
                                 struct base_error *err) {
  struct core_witnesses *own = core->witnesses;
  struct wire_vkey vkey;
  struct wire_witness_line line;
  struct base_view found = {0};
  enum base_code code = wire_witness_lines_check(body, err);
  if (code != BASE_OK)
    return code;
  if (!core_witness_key(core, witness, &vkey))
    return base_fail(err, BASE_UNKNOWN_NODE, "it is no partner any more");
  for (struct base_view rest = body; wire_witness_line(&rest, &line);)
    if (line.id == vkey.id && base_view_equal(line.name, vkey.name))
      found = line.line;
  if (found.size == 0)
    return base_fail(err, BASE_WRONG_KEY, "its answer bears no cosignature by the key that was given for it");
  if (witness->head != own->round.size)
    return BASE_OK; /* the list was read anew meanwhile: it is asked for the head that goes round now */
  code = verify_line(core, &own->round, found, &vkey, err);
  if (code != BASE_OK)
    return code;
  base_time before = witness->last;
  witness->asked = true;
  if (!core_witness_signed(core, witness, &own->round, NULL))
    base_buf_add_view(&own->round.lines, found);
  (void)core_witness_signed(core, witness, &own->round, &witness->last);
  witness->known = witness->head;
  if (witness->contradicts || witness->failures > 0)
    base_log(BASE_LOG_NOTICE, "witness.well", "%s cosigns again", witness->name);
  if (witness->last < before)
    base_log(BASE_LOG_WARNING, "witness.clock", "%s cosigned with an earlier time than before", witness->name);
  witness->contradicts = false;
  witness->failures = witness->sizes = 0;
  witness->not_before_ms = 0;
  witness->trouble[0] = '\0';
  code = own->done_news ? save_head(core, done_fact, &own->done, err) : BASE_OK;
  if (code == BASE_OK)
    code = save_head(core, round_fact, &own->round, err);
  own->done_news = own->done_news && code != BASE_OK;
  return code;
}

/* Status 409: the head that it cosigned last has another size. */
static enum base_code take_size(struct core *core, struct core_witness *witness, struct base_view body,
                                struct base_error *err) {
  uint64_t size;
  enum base_code code = wire_witness_size_parse(body, &size, err);
  if (code != BASE_OK)
    return code;
  if (size > core->reg.attested) {
    witness_contradicts(core, witness, size);
    return BASE_OK;
  }
  witness->known = size;
  if (++witness->sizes <= CORE_WITNESS_SIZES_MAX)
    return BASE_OK;
  witness->sizes = 0;
  return base_fail(err, BASE_PROTOCOL, "it names one size after the other (%llu now) and cosigns nothing",
                   (unsigned long long)size);
}

/* Status 404. A new epoch is another origin: who witnessed the one before knows nothing of it yet. */
static enum base_code not_witnessed(const struct core *core, const struct core_witness *witness,
                                    struct base_error *err) {
  struct base_view name = core->card.name;
  if (core->epoch == 1)
    return base_fail(err, BASE_NOT_FOUND,
                     "it does not witness this register: ask who runs it to add it (on a node: wasl witness for %.*s)",
                     (int)name.size, (const char *)name.data);
  return witness->partner ? base_fail(err, BASE_NOT_FOUND,
                                      "it does not witness epoch %u of this register: an officer there confirms it "
                                      "(wasl partner epoch %.*s), by the digits that wasl node status shows here; if "
                                      "not said before, also: wasl witness for %.*s",
                                      (unsigned)core->epoch, (int)name.size, (const char *)name.data, (int)name.size,
                                      (const char *)name.data)
                          : base_fail(err, BASE_NOT_FOUND,
                                      "it does not witness epoch %u of this register, which has a new name and key: "
                                      "give who runs it those (wasl witness list)",
                                      (unsigned)core->epoch);
}

static enum base_code take_answer(struct core *core, struct core_witness *witness, int64_t status,
                                  struct base_view body, struct base_view detail, struct base_error *err) {
  switch (status) {
  case 200:
    return take_lines(core, witness, body, err);
  case 409:
    return take_size(core, witness, body, err);
  case 422:
    if (witness->known == 0)
      return base_fail(err, BASE_PROTOCOL, "it found nothing to follow, and refused the head all the same (HTTP 422)");
    witness_contradicts(core, witness, witness->known);
    return BASE_OK;
  case 403:
    return base_fail(err, BASE_PERMISSION,
                     "it knows this register, but not the key that its head was signed with: tell who runs it the new "
                     "key (wasl witness list shows it), or ask why this node is suspended there");
  case 404:
    return not_witnessed(core, witness, err);
  case 0:
    return base_fail(err, BASE_UNREACHABLE, "%.*s", (int)detail.size, (const char *)detail.data);
  default:
    return base_fail(err, BASE_PROTOCOL, "it answered with HTTP status %lld", (long long)status);
  }
}

void core_witness_done(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct core_witness *witness = NULL;
  BASE_AUTO_BUF struct base_buf body = {0};
  base_buf_init(&body, WIRE_WITNESS_ANSWER_MAX);
  for (size_t i = 0; i < core->witnesses->count; i++)
    if (base_view_is(core_request_text(request, "witness"), core->witnesses->list[i].name))
      witness = &core->witnesses->list[i];
  core_reply(core, token, BASE_OK);
  if (witness == NULL || !witness->under_way)
    return; /* removed meanwhile, or the list was read anew */
  witness->under_way = false;
  enum base_code code = base_base64_parse(core_request_text(request, "body"), &body, &err);
  if (code == BASE_OK)
    code = take_answer(core, witness, wire_json_integer(wire_json_get(request, "status")), base_buf_view(&body),
                       core_request_text(request, "detail"), &err);
  if (code != BASE_OK && core->failed == BASE_OK)
    witness_trouble(core, witness, err.text);
}
