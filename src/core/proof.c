/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/back.h"
#include "core/clear.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/readers.h"
#include "core/register.h"
#include "core/show.h"
#include "core/witness.h"

/* proof.get: the evidence for one message, as the files of a .wasl-proof (spec/proof.md). For each receiver two leaves:
 * the sender's `sent`, the receiver's `received` or `refused`, each opened and proved under a head that its register
 * signed and the other side cosigned; and of our own leaf once more under a head that witnesses cosigned, when we have
 * any. What is not complete yet is left out and named. */

struct party { /* a history of cards, and which of it is needed */
  const struct core_cards *of;
  uint32_t base, newest; /* generations: the one that the sent leaf names, the last one needed */
};

struct proving {
  struct core *core;
  struct party author;
  struct base_arena arena;
  struct core_content content; /* of one that was erased with its case: its id and whether it is ours, no more */
  bool cleared;
  struct wire_writer *writer;
  struct base_buf missing_bytes;
  struct wire_writer missing;
  /* receivers: proved whole; who may answer yet; of whose proof no witness cosigns the head any more; who may have it
   * though it was ended */
  size_t complete, open, closed, untold;
  char unwitnessed[BASE_ERROR_TEXT_MAX]; /* which witnesses are missing */
  struct base_error *err;
};

/* --- files */

static void write_file(struct proving *proving, const char *name, struct base_view bytes) {
  struct wire_writer *writer = proving->writer;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 2 * WIRE_PART0_MAX);
  base_buf_base64(&text, bytes);
  wire_write_object(writer);
  wire_write_member_string(writer, "name", name);
  wire_write_member_buf(writer, "base64", &text);
  wire_write_end(writer, '}');
  if (text.code != BASE_OK && writer->out->code == BASE_OK)
    writer->out->code = text.code;
}

/* --- cards: the one that the sent leaf names, and those after it: whose keys signed what proves it, and further ones,
 * so that who holds the newest finds his own */

static void party_needs(struct party *party, uint32_t generation) {
  if (generation > party->newest)
    party->newest = generation;
}

static enum base_code party_begin(struct proving *proving, struct party *party, const struct core_cards *of,
                                  const struct base_hash *named) {
  const struct core_card *card = core_cards_hashed(of, named);
  if (card == NULL)
    return base_fail(proving->err, BASE_CORRUPT, "the card that a sent leaf names is not kept here");
  party->of = of;
  if (party->base == 0 || card->card.generation < party->base)
    party->base = card->card.generation;
  party_needs(party, card->card.generation);
  return BASE_OK;
}

static void write_cards(struct proving *proving, const struct party *party) {
  if (party->of == NULL)
    return;
  struct base_view name = core_cards_newest(party->of)->card.name;
  uint32_t last = party->base + WIRE_CARD_LATER_MAX;
  for (uint32_t generation = party->base; generation <= party->newest || generation <= last; generation++) {
    const struct core_card *card = core_cards_generation(party->of, generation);
    if (card == NULL || (generation > party->newest && card->succession.size == 0))
      break;
    char file[BASE_NAME_MAX + 40];
    if (generation == party->base) {
      snprintf(file, sizeof file, "cards/%.*s.card", (int)name.size, (const char *)name.data);
      write_file(proving, file, card->bytes);
      continue;
    }
    snprintf(file, sizeof file, "cards/%.*s.%u.card", (int)name.size, (const char *)name.data, (unsigned)generation);
    write_file(proving, file, card->bytes);
    snprintf(file, sizeof file, "cards/%.*s.%u.note", (int)name.size, (const char *)name.data, (unsigned)generation);
    write_file(proving, file, card->succession);
  }
}

/* A leaf with all that proves it. */
struct proved {
  enum wire_act act;
  struct base_view leaf, opening;
  struct wire_proof proof;
  struct base_buf note; /* the head with both signatures: the register's own, then the cosignature */
};

/* The same leaf under a head of its register with the lines of witnesses. */
struct witnessed {
  bool there;
  struct wire_proof proof;
  struct base_buf note;
};

static enum base_code write_proved(struct proving *proving, struct base_view folder, struct proved *proved) {
  char file[BASE_NAME_MAX + 32];
  const char *act = wire_act_name(proved->act);
  BASE_AUTO_BUF struct base_buf proof = {0};
  base_buf_init(&proof, WIRE_PROOF_MAX);
  proved->proof.checkpoint = base_buf_view(&proved->note);
  wire_proof_write(&proved->proof, &proof);
  enum base_code code = base_buf_check(&proof, "proof", proving->err);
  if (code != BASE_OK)
    return code;
  snprintf(file, sizeof file, "%.*s/%s.leaf", (int)folder.size, (const char *)folder.data, act);
  write_file(proving, file, proved->leaf);
  snprintf(file, sizeof file, "%.*s/%s.opening", (int)folder.size, (const char *)folder.data, act);
  write_file(proving, file, proved->opening);
  snprintf(file, sizeof file, "%.*s/%s.tlog-proof", (int)folder.size, (const char *)folder.data, act);
  write_file(proving, file, base_buf_view(&proof));
  return BASE_OK;
}

static enum base_code write_witnessed(struct proving *proving, struct base_view folder, enum wire_act act,
                                      struct witnessed *witnessed) {
  char file[BASE_NAME_MAX + 48];
  BASE_AUTO_BUF struct base_buf proof = {0};
  base_buf_init(&proof, WIRE_PROOF_MAX);
  witnessed->proof.checkpoint = base_buf_view(&witnessed->note);
  wire_proof_write(&witnessed->proof, &proof);
  snprintf(file, sizeof file, "%.*s/%s.witnessed.tlog-proof", (int)folder.size, (const char *)folder.data,
           wire_act_name(act));
  write_file(proving, file, base_buf_view(&proof));
  return base_buf_check(&proof, "proof", proving->err);
}

static void write_missing(struct proving *proving, struct base_view to, struct base_view why) {
  wire_write_object(&proving->missing);
  wire_write_member_text(&proving->missing, "to", to);
  core_show_text(&proving->missing, "why", why);
  wire_write_end(&proving->missing, '}');
}

/* --- the two sides of a proof. Both give BASE_NOT_FOUND, with the reason in why, for what is not there yet. */

/* A leaf of our register, under the smallest head over it that the partner cosigned. */
static enum base_code prove_ours(struct proving *proving, const struct core_partner *partner, uint64_t index,
                                 struct proved *out, const char **why) {
  struct core *core = proving->core;
  uint64_t size = 0;
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_init(&line, WIRE_NOTE_MAX);
  enum base_code code =
      store_head_cosigned(core->store, partner->row.number, index + 1, &size, &out->note, &line, proving->err);
  if (code == BASE_NOT_FOUND)
    *why = "the partner has not cosigned a head of this register that covers it yet";
  if (code != BASE_OK)
    return code;
  struct wire_frame_proof frame;
  struct wire_leaf leaf;
  code = core_register_prove(core, index, size, &proving->arena, &frame, proving->err);
  if (code == BASE_OK)
    code = wire_leaf_parse(frame.leaf, &leaf, proving->err);
  if (code != BASE_OK)
    return code;
  if (frame.opening.size == 0) {
    *why = "the opening of its leaf in this register was erased";
    return base_fail(proving->err, BASE_NOT_FOUND, "%s", *why);
  }
  base_buf_add_buf(&out->note, &line);
  out->act = leaf.act;
  out->leaf = frame.leaf;
  out->opening = frame.opening;
  out->proof.index = frame.index;
  out->proof.hash_count = frame.hash_count;
  memcpy(out->proof.hashes, frame.hashes, frame.hash_count * sizeof frame.hashes[0]);
  return base_buf_check(&out->note, "head", proving->err);
}

/* The same under a head that witnesses cosigned, if any did. BASE_NOT_FOUND when they are fewer than the policy wants.
 */
static enum base_code prove_witnessed(struct proving *proving, uint64_t index, struct witnessed *out,
                                      const char **why) {
  const struct core_witnessed *head = NULL;
  enum base_code code = core_witnessed_head(proving->core, index + 1, &head, proving->unwitnessed, proving->err);
  if (code == BASE_NOT_FOUND)
    *why = proving->unwitnessed;
  if (code != BASE_OK || head == NULL)
    return code;
  out->there = true;
  out->proof.index = index;
  base_buf_add_buf(&out->note, &head->head);
  base_buf_add_buf(&out->note, &head->lines);
  code = core_register_inclusion(proving->core, index, head->size, out->proof.hashes, &out->proof.hash_count,
                                 proving->err);
  return code == BASE_OK ? base_buf_check(&out->note, "head", proving->err) : code;
}

/* A leaf of the partner's register as he proved it to us, under the head of his that we cosigned. */
static enum base_code prove_theirs(struct proving *proving, const struct core_partner *partner, struct base_view leaf,
                                   struct base_view opening, struct base_view hashes, uint64_t index, uint64_t size,
                                   struct proved *out, const char **why) {
  struct wire_leaf parsed;
  enum base_code code =
      store_partner_head_get(proving->core->store, partner->row.number, size, &out->note, proving->err);
  if (code == BASE_NOT_FOUND)
    *why = "the partner's head that proves it is not kept here";
  if (code == BASE_OK)
    code = wire_leaf_parse(leaf, &parsed, proving->err);
  if (code == BASE_OK && (hashes.size % sizeof(struct base_hash) != 0 || hashes.size > sizeof out->proof.hashes))
    code = base_fail(proving->err, BASE_CORRUPT, "a stored proof is cut short");
  if (code != BASE_OK)
    return code;
  out->act = parsed.act;
  out->leaf = leaf;
  out->opening = opening;
  out->proof.index = index;
  out->proof.hash_count = hashes.size / sizeof(struct base_hash);
  memcpy(out->proof.hashes, hashes.data, hashes.size);
  return BASE_OK;
}

/* Our own sent leaf that was lost and came back, under the head of the epoch that is closed. */
static enum base_code prove_returned(struct proving *proving, const struct core_partner *partner, uint64_t number,
                                     struct proved *out) {
  struct core_returned returned;
  enum base_code code = core_back_read(proving->core, partner, true, number, &proving->arena, &returned, proving->err);
  if (code == BASE_OK && returned.hashes.size > sizeof out->proof.hashes)
    code = base_fail(proving->err, BASE_CORRUPT, "a stored proof is damaged");
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? base_fail(proving->err, BASE_CORRUPT, "what came back is not kept") : code;
  base_buf_add_view(&out->note, returned.note);
  out->act = WIRE_ACT_SENT;
  out->leaf = returned.leaf;
  out->opening = returned.opening;
  out->proof.index = returned.index;
  out->proof.hash_count = returned.hashes.size / sizeof(struct base_hash);
  if (returned.hashes.size > 0)
    memcpy(out->proof.hashes, returned.hashes.data, returned.hashes.size);
  return base_buf_check(&out->note, "head", proving->err);
}

struct pair {
  struct proved sent, answer;
  struct witnessed witnessed; /* of the one that is ours */
  bool closed;                /* no witness will ever cosign a head over it */
};

/* Its leaf stands under heads that are closed: no witness cosigns them any more, and what they cosigned is lost. */
static enum base_code witnessed_before(struct proving *proving, struct pair *pair, const char **why) {
  if (proving->core->witnesses->quorum == 0)
    return BASE_OK;
  pair->closed = true;
  (void)snprintf(proving->unwitnessed, sizeof proving->unwitnessed,
                 "it was sent in an epoch of this register that is closed, and the cosignatures of witnesses on that "
                 "are lost. Who received it can export it with those of witnesses there; or say wasl witness policy 0, "
                 "and it is exported without");
  *why = proving->unwitnessed;
  return base_fail(proving->err, BASE_NOT_FOUND, "%s", *why);
}

/* Whose keys signed the head: the register's own by its size, the other side's by the id in his line (witness NULL: his
 * is not among them). */
static enum base_code note_needs(struct proving *proving, const struct base_buf *bytes, struct party *log,
                                 struct party *witness) {
  struct wire_note note;
  struct wire_checkpoint head;
  enum base_code code = wire_note_parse(base_buf_view(bytes), &note, proving->err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note.text, &head, proving->err);
  if (code != BASE_OK)
    return code;
  party_needs(log, core_cards_at(log->of, wire_checkpoint_position(&head))->card.generation);
  for (size_t i = 0; witness != NULL && i < note.signature_count; i++) {
    const struct core_card *card = core_cards_witness(witness->of, note.signatures[i].id);
    if (card != NULL)
      party_needs(witness, card->card.generation);
  }
  return BASE_OK;
}

/* The cards that the sent leaf names, and what the two heads need of both. */
static enum base_code pair_needs(struct proving *proving, const struct pair *pair, const struct core_cards *author,
                                 struct party *sender, const struct core_cards *receiver, struct party *to) {
  struct wire_opening opening;
  enum base_code code = wire_opening_parse(WIRE_ACT_SENT, pair->sent.opening, &proving->arena, &opening, proving->err);
  if (code == BASE_OK)
    code = party_begin(proving, sender, author, &opening.from_card);
  if (code == BASE_OK)
    code = party_begin(proving, to, receiver, &opening.to_card);
  if (code == BASE_OK)
    code = note_needs(proving, &pair->sent.note, sender, to);
  if (code == BASE_OK && pair->witnessed.there)
    code = note_needs(proving, &pair->witnessed.note, receiver == &proving->core->cards ? to : sender, NULL);
  return code == BASE_OK ? note_needs(proving, &pair->answer.note, to, sender) : code;
}

static struct pair *pair_new(void) {
  struct pair *pair = calloc(1, sizeof *pair);
  if (pair != NULL) {
    base_buf_init(&pair->sent.note, WIRE_NOTE_MAX);
    base_buf_init(&pair->answer.note, WIRE_NOTE_MAX);
    base_buf_init(&pair->witnessed.note, WIRE_NOTE_MAX);
  }
  return pair;
}

static void pair_free(struct pair *pair) {
  if (pair == NULL)
    return;
  base_buf_free(&pair->sent.note);
  base_buf_free(&pair->answer.note);
  base_buf_free(&pair->witnessed.note);
  free(pair);
}

/* One receiver: written whole, or named as missing. code: of what was tried so far. */
static enum base_code receiver_end(struct proving *proving, struct base_view folder, struct pair *pair,
                                   enum base_code code, const char *why) {
  if (code == BASE_NOT_FOUND && why != NULL) {
    proving->open += !pair->closed;
    proving->closed += pair->closed;
    write_missing(proving, folder, base_view_text(why));
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = write_proved(proving, folder, &pair->sent);
  if (code == BASE_OK)
    code = write_proved(proving, folder, &pair->answer);
  if (code == BASE_OK && pair->witnessed.there)
    code = write_witnessed(proving, folder, proving->content.row.ours ? pair->sent.act : pair->answer.act,
                           &pair->witnessed);
  proving->complete += code == BASE_OK;
  return code;
}

/* --- a message we sent */

static enum base_code prove_delivery(void *context, const struct store_delivery *row) {
  struct proving *proving = context;
  const struct core_partner *partner = core_partner_numbered(proving->core, row->partner);
  if (partner == NULL)
    return base_fail(proving->err, BASE_CORRUPT, "the message was sent to a partner that is not there");
  if (row->leaf.size == 0) {
    bool over = row->state == STORE_ENDED || row->state == STORE_REFUSED;
    proving->open += !over;
    proving->untold += over && !row->voided_told;
    write_missing(proving, partner->card.name, row->reason.size > 0 ? row->reason : BASE_VIEW("no receipt yet"));
    return BASE_OK;
  }
  struct pair *pair = pair_new();
  const char *why = NULL;
  if (pair == NULL)
    return base_fail(proving->err, BASE_MEMORY, "no memory for a proof");
  bool returned = core_delivery_returned(proving->core, partner, row);
  enum base_code code = returned ? prove_returned(proving, partner, row->number, &pair->sent)
                                 : prove_ours(proving, partner, row->sent_index, &pair->sent, &why);
  if (code == BASE_OK)
    code = prove_theirs(proving, partner, row->leaf, row->opening, row->proof, row->index, row->head_size,
                        &pair->answer, &why);
  if (code == BASE_OK)
    code = returned ? witnessed_before(proving, pair, &why)
                    : prove_witnessed(proving, row->sent_index, &pair->witnessed, &why);
  struct party to = {0};
  if (code == BASE_OK)
    code = pair_needs(proving, pair, &proving->core->cards, &proving->author, &partner->cards, &to);
  size_t before = proving->complete;
  code = receiver_end(proving, partner->card.name, pair, code, why);
  if (code == BASE_OK && proving->complete > before)
    write_cards(proving, &to);
  pair_free(pair);
  return code;
}

static enum base_code prove_sent(struct proving *proving) {
  struct core *core = proving->core;
  struct base_id id = proving->content.row.id;
  enum base_code code = store_delivery_each(core->store, &id, false, 0, prove_delivery, proving, proving->err);
  write_cards(proving, &proving->author);
  return code;
}

/* --- a message we received: the one receiver whose evidence we hold is this node */

static enum base_code prove_received(struct proving *proving) {
  struct core *core = proving->core;
  struct base_id id = proving->content.row.id;
  const struct core_partner *partner = proving->cleared ? NULL : core_partner_of(core, proving->content.header.author);
  struct store_arrival arrival;
  enum base_code code = BASE_NOT_FOUND;
  for (size_t i = 0; code == BASE_NOT_FOUND && i < core->partner_count; i++) {
    if (partner != NULL && partner != core->partners[i])
      continue;
    code = store_arrival_of(core->store, &id, core->partners[i]->row.number, &proving->arena, &arrival, proving->err);
    if (code == BASE_OK)
      partner = core->partners[i];
  }
  if (partner == NULL)
    return base_fail(proving->err, BASE_CORRUPT, "message %s is by nobody who is a partner", base_id_text(&id).text);
  if (code != BASE_OK)
    return code;
  if (!arrival.answered) {
    proving->open++;
    write_missing(proving, core->card.name, BASE_VIEW("it is not complete here and was not receipted yet"));
    return BASE_OK;
  }
  struct pair *pair = pair_new();
  const char *why = NULL;
  if (pair == NULL)
    return base_fail(proving->err, BASE_MEMORY, "no memory for a proof");
  code = prove_theirs(proving, partner, arrival.leaf, arrival.opening, arrival.proof, arrival.index, arrival.head_size,
                      &pair->sent, &why);
  if (code == BASE_OK)
    code = prove_ours(proving, partner, arrival.answer_index, &pair->answer, &why);
  if (code == BASE_OK)
    code = prove_witnessed(proving, arrival.answer_index, &pair->witnessed, &why);
  struct party to = {0};
  if (code == BASE_OK)
    code = pair_needs(proving, pair, &partner->cards, &proving->author, &core->cards, &to);
  code = receiver_end(proving, core->card.name, pair, code, why);
  write_cards(proving, &to);
  write_cards(proving, &proving->author);
  pair_free(pair);
  return code;
}

/* --- the whole */

static void write_message(struct proving *proving) {
  const struct core_content *content = &proving->content;
  if (proving->cleared)
    return;
  write_file(proving, "header.json", content->row.header);
  if (content->dropped)
    return;
  char file[BASE_HEX_ID + 16];
  snprintf(file, sizeof file, "parts/%s", base_hash_text(&content->header.part0).text);
  write_file(proving, file, content->row.part0);
}

static void write_parts(struct proving *proving) {
  const struct wire_part0 *part0 = &proving->content.part0;
  wire_write_key(proving->writer, "parts");
  wire_write_array(proving->writer);
  for (size_t i = 0; i < part0->part_count; i++) {
    bool again = false;
    for (size_t k = 0; k < i && !again; k++)
      again = base_hash_equal(&part0->parts[k].sha256, &part0->parts[i].sha256);
    if (again)
      continue;
    wire_write_object(proving->writer);
    wire_write_member_hash(proving->writer, "sha256", &part0->parts[i].sha256);
    wire_write_member_integer(proving->writer, "size", (int64_t)part0->parts[i].size);
    wire_write_end(proving->writer, '}');
  }
  wire_write_end(proving->writer, ']');
}

static enum base_code prove(struct proving *proving) {
  struct wire_writer *writer = proving->writer;
  wire_write_object(writer);
  wire_write_key(writer, "files");
  wire_write_array(writer);
  write_message(proving);
  enum base_code code = proving->content.row.ours ? prove_sent(proving) : prove_received(proving);
  wire_write_end(writer, ']');
  write_parts(proving);
  wire_write_end(&proving->missing, ']');
  wire_write_key(writer, "missing");
  wire_write_raw(writer, base_buf_view(&proving->missing_bytes));
  wire_write_end(writer, '}');
  if (code == BASE_OK && proving->complete == 0) {
    /* the first reason speaks for all */
    WIRE_AUTO_JSON struct wire_json *missing = NULL;
    struct base_view why = BASE_VIEW("it was sent to nobody");
    if (wire_json_parse(base_buf_view(&proving->missing_bytes), BASE_BUF_DEFAULT_LIMIT, "missing", &missing, NULL) ==
            BASE_OK &&
        wire_json_size(missing) > 0)
      why = core_request_text(wire_json_at(missing, 0), "why");
    code =
        base_fail(proving->err, proving->unwitnessed[0] != '\0' ? BASE_POLICY : BASE_CONFLICT,
                  proving->open > 0     ? "message %s cannot be proved yet: %.*s"
                  : proving->closed > 0 ? "message %s cannot be proved here under this node's policy any more: %.*s"
                  : proving->untold > 0
                      ? "message %s was ended, and no receipt of it will come unless it had arrived before that: "
                        "there is nothing to prove (%.*s)"
                      : "message %s was ended, and no receipt of it will ever come: there is nothing to prove (%.*s)",
                  base_id_text(&proving->content.row.id).text, (int)why.size, (const char *)why.data);
  }
  if (code == BASE_OK)
    code = base_buf_check(&proving->missing_bytes, "the evidence", proving->err);
  return code == BASE_OK ? base_buf_check(writer->out, "the evidence", proving->err) : code;
}

static enum base_code any_way(void *context, const struct store_delivery *row) {
  (void)row;
  *(bool *)context = true;
  return BASE_OK;
}

/* The message; or, of one that was erased with its case, what numbers and leaves say of it. */
static enum base_code read_message(struct proving *proving, const struct base_id *id, struct base_error *err) {
  struct core *core = proving->core;
  struct base_error none = {0};
  enum base_code code = core_content_read(core, id, &proving->arena, &proving->content, err);
  if (code != BASE_NOT_FOUND || core_clear_message(core, id, &proving->cleared, NULL, &none) != BASE_OK ||
      !proving->cleared)
    return code;
  proving->content.row.id = *id;
  proving->content.dropped = true;
  return store_delivery_each(core->store, id, false, 0, any_way, &proving->content.row.ours, err);
}

static enum base_code exported_leaf(struct core *core, const struct base_id *id, struct base_view reason,
                                    struct base_error *err) {
  struct base_hex_text subject = base_id_text(id);
  struct wire_opening opening = {.actor = core_actor(core), .subject = base_view_text(subject.text), .reason = reason};
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? core_register_add(core, WIRE_ACT_EXPORTED, &opening, NULL, err) : code;
}

void core_proof_get(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_id id;
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  struct wire_writer writer;
  struct proving proving = {.core = core, .writer = &writer, .err = &err};
  base_arena_init(&proving.arena, 32 << 20);
  base_buf_init(&proving.missing_bytes, 1 << 20);
  wire_writer_init(&writer, &out);
  wire_writer_init(&proving.missing, &proving.missing_bytes);
  wire_write_array(&proving.missing);
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_purpose(reason, &err);
  if (code == BASE_OK)
    code = core_request_id(core, request, "id", "message", &id, &err);
  if (code == BASE_OK)
    code = core_readers_open(core, &id, true, &err);
  if (code == BASE_OK)
    code = read_message(&proving, &id, &err);
  if (code == BASE_OK)
    code = prove(&proving);
  if (code == BASE_OK)
    code = exported_leaf(core, &id, reason, &err);
  if (code == BASE_OK)
    core_show_answer(core, token, &out);
  else
    core_reply_error(core, token, code, &err);
  if (out.data != NULL)
    base_wipe(out.data, out.size);
  core_content_free(&proving.content);
  base_buf_free(&proving.missing_bytes);
  base_arena_free(&proving.arena);
}
