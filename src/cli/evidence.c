/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence.h"

#include <stdio.h>
#include <string.h>

enum { MEMBER_NAME = WIRE_TAR_NAME_MAX + 1 };

struct check {
  const struct cli_trust *trust;
  struct cli_members *members;
  struct cli_evidence *out;
  struct base_arena *arena;
};

void cli_evidence_free(struct cli_evidence *evidence) {
  wire_part0_free(&evidence->part0);
  base_arena_free(&evidence->arena);
}

/* --- cards */

static enum base_code read_card(const struct check *check, const char *member, struct base_view name,
                                struct cli_evidence_card *out, struct base_error *err) {
  enum base_code code = cli_member_load(check->members, member, WIRE_CARD_MAX, check->arena, &out->bytes, err);
  if (code != BASE_OK)
    return code;
  code = wire_card_parse(out->bytes, check->arena, &out->card, err);
  if (code == BASE_OK)
    code = seal_card_check(&out->card, err);
  if (code == BASE_OK && !base_view_equal(out->card.name, name))
    code = base_fail(err, BASE_EVIDENCE, "it is the card of another name");
  if (code != BASE_OK)
    return base_fail_within(err, "%s", member);
  seal_fingerprint(out->bytes, out->fingerprint);
  return BASE_OK;
}

/* cards/NAME.N.card with cards/NAME.N.note, the head that names it. before: the generation before. */
static enum base_code read_later(const struct check *check, struct base_view name, uint32_t generation,
                                 const struct wire_card *before, struct base_view before_bytes, uint64_t after,
                                 struct cli_evidence_card *out, struct base_error *err) {
  char member[MEMBER_NAME];
  struct base_view note;
  struct wire_succession succession;
  (void)snprintf(member, sizeof member, "cards/%.*s.%u.card", (int)name.size, (const char *)name.data,
                 (unsigned)generation);
  enum base_code code = read_card(check, member, name, out, err);
  if (code != BASE_OK)
    return code;
  (void)snprintf(member, sizeof member, "cards/%.*s.%u.note", (int)name.size, (const char *)name.data,
                 (unsigned)generation);
  code = cli_member_load(check->members, member, WIRE_NOTE_MAX, check->arena, &note, err);
  if (code != BASE_OK)
    return code;
  code = seal_succession_verify(note, before, before_bytes, &out->card, out->bytes, &succession, err);
  if (code == BASE_OK && wire_checkpoint_position(&succession.checkpoint) <= after)
    code = base_fail(err, BASE_EVIDENCE, "its head is not later than that of the card before");
  if (code != BASE_OK)
    return base_fail_within(err, "%s", member);
  out->position = wire_checkpoint_position(&succession.checkpoint);
  return BASE_OK;
}

static bool has_later(const struct check *check, struct base_view name, uint32_t generation) {
  char member[MEMBER_NAME];
  (void)snprintf(member, sizeof member, "cards/%.*s.%u.card", (int)name.size, (const char *)name.data,
                 (unsigned)generation);
  return cli_member_named(check->members, member) != NULL;
}

static enum base_code load_card(const struct check *check, struct base_view name, struct cli_evidence_party *party,
                                struct base_error *err) {
  char member[MEMBER_NAME];
  struct cli_evidence_card first = {0};
  (void)snprintf(member, sizeof member, "cards/%.*s.card", (int)name.size, (const char *)name.data);
  enum base_code code = read_card(check, member, name, &first, err);
  if (code != BASE_OK)
    return code;
  party->bytes = first.bytes;
  party->card = first.card;
  memcpy(party->fingerprint, first.fingerprint, sizeof party->fingerprint);
  party->later = base_arena_array(check->arena, WIRE_CARD_LATER_MAX, sizeof *party->later);
  if (party->later == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the cards");
  const struct cli_evidence_card *before = &first;
  while (has_later(check, name, before->card.generation + 1)) {
    if (party->later_count == WIRE_CARD_LATER_MAX)
      return base_fail(err, BASE_EVIDENCE, "%s: more than %d cards follow it", member, WIRE_CARD_LATER_MAX);
    struct cli_evidence_card *next = &party->later[party->later_count];
    code =
        read_later(check, name, before->card.generation + 1, &before->card, before->bytes, before->position, next, err);
    if (code != BASE_OK)
      return code;
    party->later_count++;
    before = next;
  }
  return BASE_OK;
}

/* Whose log key signs this head. */
const struct wire_card *cli_evidence_card_at(const struct cli_evidence_party *party,
                                             const struct wire_checkpoint *head) {
  for (size_t i = party->later_count; i > 0; i--)
    if (party->later[i - 1].position <= wire_checkpoint_position(head))
      return &party->later[i - 1].card;
  return &party->card;
}

/* The witness key that has this id; that of the first card when none has. */
static enum base_code witness_of(const struct cli_evidence_party *party, const struct wire_note *note,
                                 struct wire_vkey *out, struct base_error *err) {
  for (size_t i = 0; i <= party->later_count; i++) {
    const struct wire_card *card = i == 0 ? &party->card : &party->later[i - 1].card;
    struct wire_vkey vkey;
    enum base_code code = wire_vkey_parse(card->witness, &vkey, err);
    if (code != BASE_OK)
      return code;
    if (i == 0)
      *out = vkey;
    for (size_t k = 0; k < note->signature_count; k++)
      if (note->signatures[k].id == vkey.id && base_view_equal(note->signatures[k].name, vkey.name))
        *out = vkey;
  }
  return BASE_OK;
}

/* --- the message */

static enum base_code check_header(const struct check *check, struct base_error *err) {
  struct base_view bytes;
  enum base_code code = cli_member_load(check->members, "header.json", WIRE_HEADER_MAX, check->arena, &bytes, err);
  if (code != BASE_OK)
    return code;
  struct cli_evidence *out = check->out;
  if (wire_header_parse(bytes, check->arena, &out->header, err) != BASE_OK)
    return base_fail_within(err, "header.json");
  out->message = seal_message_id(bytes);
  code = load_card(check, wire_origin_name(out->header.author), &out->author, err);
  if (code == BASE_OK && !base_view_equal(out->author.card.origin, out->header.author))
    code = base_fail(err, BASE_EVIDENCE, "cards/%.*s.card: not the card of the message's author",
                     (int)out->author.card.name.size, (const char *)out->author.card.name.data);
  return code;
}

static enum base_code load(const struct check *check, const char *folder, const char *stem, const char *ending,
                           size_t max, char name[MEMBER_NAME], struct base_view *out, struct base_error *err) {
  (void)snprintf(name, MEMBER_NAME, "%s/%s.%s", folder, stem, ending);
  return cli_member_load(check->members, name, max, check->arena, out, err);
}

/* The folder of the receiver whose sent.leaf this member is; false: it is another member. */
static bool folder_of(const struct cli_member *member, char folder[BASE_NAME_MAX + 1]) {
  const char *slash = strchr(member->name, '/');
  size_t size = slash == NULL ? 0 : (size_t)(slash - member->name);
  if (slash == NULL || strcmp(slash, "/sent.leaf") != 0 || !base_name_valid(base_view_of(member->name, size)))
    return false;
  memcpy(folder, member->name, size);
  folder[size] = 0;
  return true;
}

/* Without a header the first `sent` opening says which message it is, and by whom; all others must say the same. */
static enum base_code check_headless(const struct check *check, struct base_error *err) {
  struct cli_evidence *out = check->out;
  char folder[BASE_NAME_MAX + 1] = "", name[MEMBER_NAME];
  struct base_view bytes;
  struct wire_opening opening;
  for (size_t i = 0; i < check->members->count && folder[0] == '\0'; i++)
    (void)folder_of(&check->members->list[i], folder);
  if (folder[0] == '\0')
    return base_fail(err, BASE_EVIDENCE, "header.json: is missing, and no NAME/sent.leaf says which message it is");
  enum base_code code = load(check, folder, "sent", "opening", WIRE_OPENING_MAX, name, &bytes, err);
  if (code != BASE_OK)
    return code;
  if (wire_opening_parse(WIRE_ACT_SENT, bytes, check->arena, &opening, err) != BASE_OK)
    return base_fail_within(err, "%s", name);
  out->headless = true;
  out->message = opening.message;
  code = load_card(check, wire_origin_name(opening.from), &out->author, err);
  if (code == BASE_OK && !base_view_equal(out->author.card.origin, opening.from))
    code = base_fail(err, BASE_EVIDENCE, "cards/%.*s.card: not the card of the message's author",
                     (int)out->author.card.name.size, (const char *)out->author.card.name.data);
  return code;
}

/* parts/HASH must hold what its name says, in this size. */
static enum base_code check_part(const struct check *check, const struct base_hash *sha256, uint64_t size,
                                 struct base_error *err) {
  char name[MEMBER_NAME];
  struct base_hash found;
  (void)snprintf(name, sizeof name, "parts/%s", base_hash_text(sha256).text);
  struct cli_member *member = cli_member_named(check->members, name);
  if (member == NULL)
    return base_fail(err, BASE_EVIDENCE, "%s: is missing", name);
  if (member->size != size)
    return base_fail(err, BASE_EVIDENCE, "%s: %llu bytes, part 0 says %llu", name, (unsigned long long)member->size,
                     (unsigned long long)size);
  if (member->used)
    return BASE_OK; /* two parts of the same content */
  member->used = true;
  enum base_code code = cli_member_hash(check->members, member, &found, err);
  if (code == BASE_OK && !base_hash_equal(&found, sha256))
    code = base_fail(err, BASE_EVIDENCE, "%s: its content has another hash", name);
  return code;
}

static bool any_part(const struct cli_members *members) {
  for (size_t i = 0; i < members->count; i++)
    if (strncmp(members->list[i].name, "parts/", 6) == 0 && members->list[i].name[6 + BASE_HEX_ID] == 0)
      return true;
  return false;
}

/* Who refused a message, or erased its content, has only what is left of it; so evidence may lack the content: then all
 * of it. */
static enum base_code check_content(const struct check *check, struct base_error *err) {
  struct cli_evidence *out = check->out;
  out->has_content = !out->headless && any_part(check->members);
  if (!out->has_content)
    return BASE_OK;
  char name[MEMBER_NAME];
  struct base_view bytes;
  (void)snprintf(name, sizeof name, "parts/%s", base_hash_text(&out->header.part0).text);
  enum base_code code = cli_member_load(check->members, name, WIRE_PART0_MAX, check->arena, &bytes, err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_sha256(bytes);
  if (!base_hash_equal(&hash, &out->header.part0))
    return base_fail(err, BASE_EVIDENCE, "%s: its content has another hash", name);
  if (wire_part0_parse(bytes, check->arena, &out->part0, err) != BASE_OK)
    return base_fail_within(err, "%s", name);
  for (size_t i = 0; code == BASE_OK && i < out->part0.part_count; i++)
    code = check_part(check, &out->part0.parts[i].sha256, out->part0.parts[i].size, err);
  return code;
}

/* --- leaves */

struct triple {
  struct base_view leaf_bytes;
  struct wire_leaf leaf;
  struct wire_opening opening;
};

/* The proof: included under a head that this register signed and the other side's witness cosigned, and nobody else. */
static enum base_code check_inclusion(struct base_view leaf_bytes, struct base_view bytes,
                                      const struct cli_evidence_party *log_party,
                                      const struct cli_evidence_party *witness_party, struct cli_evidence_leaf *out,
                                      struct base_error *err) {
  struct wire_proof proof;
  struct wire_note note;
  struct wire_vkey log, witness;
  struct wire_checkpoint checkpoint;
  enum base_code code = wire_proof_parse(bytes, &proof, err);
  if (code == BASE_OK)
    code = wire_note_parse(proof.checkpoint, &note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note.text, &checkpoint, err);
  if (code == BASE_OK)
    code = wire_vkey_parse(cli_evidence_card_at(log_party, &checkpoint)->log, &log, err);
  if (code == BASE_OK)
    code = witness_of(witness_party, &note, &witness, err);
  if (code == BASE_OK)
    code = seal_checkpoint_verify(proof.checkpoint, (struct seal_signer){&log, &witness}, &checkpoint, &out->cosigned,
                                  err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_leaf_hash(leaf_bytes);
  out->index = proof.index;
  out->size = checkpoint.size;
  return seal_inclusion_verify(&hash, proof.index, checkpoint.size, proof.hashes, proof.hash_count, &checkpoint.root,
                               err);
}

/* The leaf once more under a head with lines of witnesses: a plain C2SP tlog-proof. A register's own key is no witness
 * of it, whoever names it as one. */
static enum base_code check_witnessed(const struct check *check, const char *folder, enum wire_act act,
                                      struct base_view leaf_bytes, const struct cli_evidence_party *party,
                                      struct cli_evidence_witnessed *out, struct base_error *err) {
  char name[MEMBER_NAME], stem[64];
  const struct cli_trust *trust = check->trust;
  struct base_view bytes;
  struct wire_proof proof;
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  struct wire_vkey log;
  (void)snprintf(stem, sizeof stem, "%s.witnessed", wire_act_name(act));
  (void)snprintf(name, sizeof name, "%s/%s.tlog-proof", folder, stem);
  if (cli_member_named(check->members, name) == NULL)
    return BASE_OK;
  enum base_code code = load(check, folder, stem, "tlog-proof", WIRE_PROOF_MAX, name, &bytes, err);
  if (code != BASE_OK)
    return code;
  code = wire_proof_parse(bytes, &proof, err);
  if (code == BASE_OK)
    code = wire_note_parse(proof.checkpoint, &note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note.text, &checkpoint, err);
  if (code == BASE_OK)
    code = wire_vkey_parse(cli_evidence_card_at(party, &checkpoint)->log, &log, err);
  if (code == BASE_OK)
    code = seal_witnessed_verify(proof.checkpoint, &log, trust->witnesses, trust->witness_count, &checkpoint,
                                 out->times, &out->others, err);
  struct base_hash hash = seal_leaf_hash(leaf_bytes);
  if (code == BASE_OK)
    code = seal_inclusion_verify(&hash, proof.index, checkpoint.size, proof.hashes, proof.hash_count, &checkpoint.root,
                                 err);
  if (code != BASE_OK)
    return base_fail_within(err, "%s", name);
  out->there = true;
  out->size = checkpoint.size;
  out->unlisted = trust->has_policy && trust->policy.log_count > 0;
  for (size_t i = 0; trust->has_policy && i < trust->policy.log_count; i++)
    out->unlisted = out->unlisted && !wire_key_equal(&trust->policy.logs[i].key, &log.key);
  for (size_t i = 0; i < trust->witness_count; i++) {
    if (base_view_equal(trust->witnesses[i].name, party->card.origin))
      out->times[i] = -1;
    out->count += out->times[i] >= 0;
  }
  return BASE_OK;
}

static enum base_code check_triple(const struct check *check, const char *folder, enum wire_act act,
                                   const struct cli_evidence_party *log_party,
                                   const struct cli_evidence_party *witness_party, struct triple *out,
                                   struct cli_evidence_leaf *told, struct base_error *err) {
  char name[MEMBER_NAME];
  const char *stem = wire_act_name(act);
  struct base_view opening, proof;
  enum base_code code = load(check, folder, stem, "leaf", WIRE_LEAF_MAX, name, &out->leaf_bytes, err);
  if (code != BASE_OK)
    return code;
  if (wire_leaf_parse(out->leaf_bytes, &out->leaf, err) != BASE_OK)
    return base_fail_within(err, "%s", name);
  if (out->leaf.act != act)
    return base_fail(err, BASE_EVIDENCE, "%s: its act is %s", name, wire_act_name(out->leaf.act));
  code = load(check, folder, stem, "opening", WIRE_OPENING_MAX, name, &opening, err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_sha256(opening);
  if (!base_hash_equal(&hash, &out->leaf.commitment))
    return base_fail(err, BASE_EVIDENCE, "%s: its hash is not the leaf's commitment", name);
  if (wire_opening_parse(act, opening, check->arena, &out->opening, err) != BASE_OK)
    return base_fail_within(err, "%s", name);
  if (!out->opening.has_message || !base_id_equal(&out->opening.message, &check->out->message))
    return base_fail(err, BASE_EVIDENCE, "%s: names another message than header.json", name);
  code = load(check, folder, stem, "tlog-proof", WIRE_PROOF_MAX, name, &proof, err);
  if (code != BASE_OK)
    return code;
  told->time = out->leaf.time;
  if (check_inclusion(out->leaf_bytes, proof, log_party, witness_party, told, err) != BASE_OK)
    return base_fail_within(err, "%s", name);
  return BASE_OK;
}

static enum base_code check_ends(const struct check *check, const char *folder, const char *stem,
                                 const struct wire_opening *opening, const struct wire_card *receiver,
                                 struct base_error *err) {
  if (!base_view_equal(opening->from, check->out->author.card.origin))
    return base_fail(err, BASE_EVIDENCE, "%s/%s.opening: `from` is not the author", folder, stem);
  if (!base_view_equal(opening->to, receiver->origin))
    return base_fail(err, BASE_EVIDENCE, "%s/%s.opening: `to` is not the receiver", folder, stem);
  return BASE_OK;
}

/* Keys speak for themselves; names, addresses and dates of a card are held by what the sender committed to. The author
 * may have sent to one receiver under a later card than to another. */
static enum base_code check_cards(const struct check *check, const char *folder, const struct wire_opening *opening,
                                  const struct cli_evidence_party *receiver, struct base_error *err) {
  const struct cli_evidence_party *author = &check->out->author;
  struct base_hash from = seal_sha256(author->bytes), to = seal_sha256(receiver->bytes);
  for (size_t i = 0; i < author->later_count && !base_hash_equal(&from, &opening->from_card); i++)
    from = seal_sha256(author->later[i].bytes);
  if (!base_hash_equal(&from, &opening->from_card))
    return base_fail(err, BASE_EVIDENCE, "cards/%.*s.card: not the card that %s/sent.opening names",
                     (int)author->card.name.size, (const char *)author->card.name.data, folder);
  if (!base_hash_equal(&to, &opening->to_card))
    return base_fail(err, BASE_EVIDENCE, "cards/%s.card: not the card that %s/sent.opening names", folder, folder);
  return BASE_OK;
}

static enum base_code check_answer(const struct check *check, const char *folder,
                                   struct cli_evidence_receiver *receiver, const struct triple *sent,
                                   struct base_error *err) {
  char name[MEMBER_NAME];
  struct triple answer = {0};
  (void)snprintf(name, sizeof name, "%s/refused.leaf", folder);
  receiver->refused = cli_member_named(check->members, name) != NULL;
  enum wire_act act = receiver->refused ? WIRE_ACT_REFUSED : WIRE_ACT_RECEIVED;
  enum base_code code =
      check_triple(check, folder, act, &receiver->party, &check->out->author, &answer, &receiver->answered, err);
  if (code == BASE_OK)
    code = check_ends(check, folder, wire_act_name(act), &answer.opening, &receiver->party.card, err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_sha256(sent->leaf_bytes);
  if (!base_hash_equal(&hash, &answer.opening.sent))
    return base_fail(err, BASE_EVIDENCE, "%s/%s.opening: `sent` is not the hash of sent.leaf", folder,
                     wire_act_name(act));
  receiver->reason = answer.opening.reason;
  code = check_witnessed(check, folder, WIRE_ACT_SENT, sent->leaf_bytes, &check->out->author, &receiver->sent_witnessed,
                         err);
  return code == BASE_OK ? check_witnessed(check, folder, act, answer.leaf_bytes, &receiver->party,
                                           &receiver->answered_witnessed, err)
                         : code;
}

static enum base_code check_receiver(const struct check *check, const char *folder, struct base_error *err) {
  struct cli_evidence *out = check->out;
  if (out->receiver_count == WIRE_PARTIES_MAX)
    return base_fail(err, BASE_EVIDENCE, "%s: more than %d receivers", folder, WIRE_PARTIES_MAX);
  struct cli_evidence_receiver *receiver = &out->receivers[out->receiver_count++];
  struct triple sent = {0};
  if (base_view_is(out->author.card.name, folder))
    return base_fail(err, BASE_EVIDENCE, "%s: the author cannot be a receiver", folder);
  enum base_code code = load_card(check, base_view_text(folder), &receiver->party, err);
  if (code != BASE_OK)
    return code;
  if (!out->headless && !wire_header_has_party(&out->header, receiver->party.card.origin))
    return base_fail(err, BASE_EVIDENCE, "%s: its card is of no party that header.json names", folder);
  code = check_triple(check, folder, WIRE_ACT_SENT, &out->author, &receiver->party, &sent, &receiver->sent, err);
  if (code == BASE_OK)
    code = check_ends(check, folder, "sent", &sent.opening, &receiver->party.card, err);
  if (code != BASE_OK)
    return code;
  code = check_cards(check, folder, &sent.opening, &receiver->party, err);
  if (code != BASE_OK)
    return code;
  receiver->number = sent.opening.number;
  receiver->clause = sent.opening.clause;
  return check_answer(check, folder, receiver, &sent, err);
}

/* Every folder that holds a sent.leaf is a receiver's. */
static enum base_code check_receivers(const struct check *check, struct base_error *err) {
  for (size_t i = 0; i < check->members->count; i++) {
    char folder[BASE_NAME_MAX + 1];
    if (!folder_of(&check->members->list[i], folder))
      continue;
    enum base_code code = check_receiver(check, folder, err);
    if (code != BASE_OK)
      return code;
  }
  if (check->out->receiver_count == 0)
    return base_fail(err, BASE_EVIDENCE, "no receiver: there is no NAME/sent.leaf");
  return BASE_OK;
}

static bool proved(const struct cli_evidence *out, struct base_view origin) {
  bool found = base_view_equal(origin, out->author.card.origin);
  for (size_t i = 0; i < out->receiver_count; i++)
    found = found || base_view_equal(origin, out->receivers[i].party.card.origin);
  return found;
}

static void find_unproved(struct cli_evidence *out) {
  for (size_t i = 0; i < out->header.party_count; i++)
    if (!proved(out, out->header.parties[i]))
      out->unproved[out->unproved_count++] = out->header.parties[i];
}

/* What nothing above has asked for does not belong here. */
static enum base_code check_surplus(const struct cli_members *members, struct base_error *err) {
  for (size_t i = 0; i < members->count; i++)
    if (!members->list[i].used)
      return base_fail(err, BASE_EVIDENCE, "%s: does not belong to this evidence", members->list[i].name);
  return BASE_OK;
}

/* --- the witnesses that the verifying person counts on */

/* Whether those who stand on it are enough for the verifier. */
static bool enough(const struct cli_trust *trust, const struct cli_evidence_witnessed *witnessed) {
  bool cosigned[CLI_EVIDENCE_WITNESSES_MAX] = {false};
  if (!trust->has_policy)
    return witnessed->count >= trust->quorum;
  for (size_t i = 0; witnessed->there && !witnessed->unlisted && i < trust->witness_count; i++)
    cosigned[i] = witnessed->times[i] >= 0;
  return wire_policy_met(&trust->policy, cosigned);
}

/* Each receiver's evidence needs enough of them on one head of one of the two registers: the receipt names the
 * statement that it answers, so what is proved of either holds for both. */
static enum base_code check_quorum(const struct check *check, struct base_error *err) {
  for (size_t i = 0; i < check->out->receiver_count; i++) {
    const struct cli_evidence_receiver *receiver = &check->out->receivers[i];
    const struct cli_evidence_witnessed *sent = &receiver->sent_witnessed, *answered = &receiver->answered_witnessed;
    const struct cli_evidence_witnessed *best = answered->count > sent->count ? answered : sent;
    struct base_view name = receiver->party.card.name;
    if (enough(check->trust, sent) || enough(check->trust, answered))
      continue;
    char seen[300] = "none of them";
    size_t at = 0;
    for (size_t k = 0; best->count > 0 && k < check->trust->witness_count && at < sizeof seen; k++) {
      struct base_view witness = check->trust->witnesses[k].name;
      int size = best->times[k] < 0 ? 0
                                    : snprintf(seen + at, sizeof seen - at, "%s%.*s", at > 0 ? ", " : "",
                                               (int)witness.size, (const char *)witness.data);
      at += size > 0 ? (size_t)size : 0;
    }
    if (check->trust->has_policy)
      return base_fail(
          err, BASE_EVIDENCE,
          "%.*s: the policy's quorum is not met: of its witnesses there cosigned %s%s; the file has %zu more "
          "lines, by keys that it does not name",
          (int)name.size, (const char *)name.data, seen,
          best->unlisted ? ", and it does not name the register's key" : "", sent->others + answered->others);
    return base_fail(err, BASE_EVIDENCE,
                     "%.*s: %zu of the %zu witnesses that were named must have cosigned, and %zu did: %s; the file has "
                     "%zu more lines, by keys that were not named",
                     (int)name.size, (const char *)name.data, check->trust->quorum, check->trust->witness_count,
                     best->count, seen, sent->others + answered->others);
  }
  return BASE_OK;
}

/* --- the cards that the verifying person trusts */

struct names {
  char text[200]; /* cut where it is full */
};
static struct names names_of(const struct cli_evidence *evidence) {
  struct names names;
  size_t at = 0;
  for (size_t i = 0; i <= evidence->receiver_count && at < sizeof names.text; i++) {
    struct base_view name = (i == 0 ? &evidence->author : &evidence->receivers[i - 1].party)->card.name;
    int size = snprintf(names.text + at, sizeof names.text - at, "%s%.*s", i > 0 ? ", " : "", (int)name.size,
                        (const char *)name.data);
    at += size > 0 ? (size_t)size : 0;
  }
  return names;
}

static bool holds_generation(const struct cli_evidence_party *party, uint32_t generation) {
  return generation >= party->card.generation && generation <= party->card.generation + party->later_count;
}

/* Another generation that signs with the same two keys confirms as much: all that is proved is proved by these, and the
 * card in the evidence is named by what they signed. So a node's changes of its sealing keys take nothing from a
 * card that was compared by voice. */
static bool signs_alike(const struct wire_card *card, const struct wire_card *used) {
  return base_view_equal(card->origin, used->origin) && wire_key_equal(&card->log_key, &used->log_key) &&
         wire_key_equal(&card->witness_key, &used->witness_key);
}

static enum base_code confirm(const struct check *check, const struct cli_given_card *given, struct base_error *err) {
  struct wire_card card;
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  if (wire_card_parse(given->bytes, check->arena, &card, err) != BASE_OK)
    return base_fail_within(err, "--card %s", given->file);
  seal_fingerprint(given->bytes, fingerprint);
  for (size_t i = 0; i <= check->out->receiver_count; i++) {
    struct cli_evidence_party *party = i == 0 ? &check->out->author : &check->out->receivers[i - 1].party;
    if (!base_view_equal(card.name, party->card.name))
      continue;
    bool same = base_view_equal(given->bytes, party->bytes) ||
                (card.generation != party->card.generation && signs_alike(&card, &party->card));
    for (size_t k = 0; k < party->later_count && !same; k++)
      same = base_view_equal(given->bytes, party->later[k].bytes);
    if (!same && base_view_equal(card.origin, party->card.origin) && !holds_generation(party, card.generation))
      return base_fail(
          err, BASE_EVIDENCE,
          "--card %s: the same origin, but another generation of the card: it is generation %u of %.*s, the "
          "evidence was made with generation %u, of the fingerprint %s: %s",
          given->file, card.generation, (int)card.name.size, (const char *)card.name.data, party->card.generation,
          party->fingerprint,
          card.generation > party->card.generation
              ? "give that card, or have the evidence exported anew, which then shows how one followed the "
                "other"
              : "get that card, and compare its fingerprint by voice");
    if (!same)
      return base_fail(err, BASE_EVIDENCE,
                       "--card %s: none of the cards of %.*s that this evidence was made with: it has the fingerprint "
                       "%s, the first in the evidence %s",
                       given->file, (int)card.name.size, (const char *)card.name.data, fingerprint, party->fingerprint);
    party->confirmed = true;
    return BASE_OK;
  }
  return base_fail(err, BASE_EVIDENCE,
                   "--card %s: nobody in this evidence is named %.*s: it has the fingerprint %s, and the cards in the "
                   "evidence are those of %s",
                   given->file, (int)card.name.size, (const char *)card.name.data, fingerprint,
                   names_of(check->out).text);
}

/* What reading the file itself can fail with; all else is the evidence's fault. */
static bool ours(enum base_code code) {
  switch (code) {
  case BASE_OK:
  case BASE_IO:
  case BASE_MEMORY:
  case BASE_PERMISSION:
  case BASE_NOT_FOUND:
  case BASE_INTERNAL:
    return true;
  default:
    return false;
  }
}

enum base_code cli_evidence_verify(const struct cli_source *source, const struct cli_trust *trust,
                                   struct cli_evidence *out, struct base_error *err) {
  struct cli_members members;
  struct base_error why = {BASE_OK, ""};
  struct check check = {trust, &members, out, &out->arena};
  base_arena_init(&out->arena, CLI_EVIDENCE_ARENA);
  enum base_code code = cli_members_read(source, &members, &why);
  if (code == BASE_OK)
    code = cli_member_named(&members, "header.json") != NULL ? check_header(&check, &why) : check_headless(&check, &why);
  if (code == BASE_OK)
    code = check_receivers(&check, &why);
  if (code == BASE_OK)
    code = check_content(&check, &why);
  if (code == BASE_OK)
    code = cli_certificate_check(check.out, &why);
  if (code == BASE_OK)
    code = check_surplus(&members, &why);
  if (code == BASE_OK)
    code = check_quorum(&check, &why);
  for (size_t i = 0; code == BASE_OK && i < trust->card_count; i++)
    code = confirm(&check, &trust->cards[i], &why);
  if (code == BASE_OK) {
    find_unproved(out);
    return BASE_OK;
  }
  return base_fail(err, ours(code) ? code : BASE_EVIDENCE, "%s", why.text);
}
