/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/cards.h"
#include "core/epoch.h"
#include "core/partners.h"
#include "core/register.h"

bool core_ours(enum base_code code) {
  /* A right that is missing is missing here: our disk may not be written. */
  return base_code_class(code) != BASE_REFUSED || code == BASE_NOT_RUNNING || code == BASE_PERMISSION;
}

/* --- heads */

static enum base_code head_keep(struct core *core, struct core_partner *partner,
                                const struct wire_checkpoint *checkpoint, struct base_view note, struct base_view line,
                                struct base_error *err) {
  BASE_AUTO_BUF struct base_buf both = {0};
  base_buf_init(&both, WIRE_NOTE_MAX);
  base_buf_add_view(&both, note);
  base_buf_add_view(&both, line);
  enum base_code code = base_buf_check(&both, "head", err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = store_partner_head_put(core->store, partner->row.number, core_head_key(partner, checkpoint->size),
                                  base_buf_view(&both), err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  partner->seen_size = checkpoint->size;
  partner->row.head_size = core_head_key(partner, checkpoint->size);
  partner->unheld = false;
  partner->row.head_root = partner->seen_root = checkpoint->root;
  return core_partner_save(core, partner, err);
}

enum base_code core_heads_write(struct core *core, struct core_partner *partner, uint64_t base, struct base_buf *out,
                                struct base_error *err) {
  struct wire_frame frame = {.type = WIRE_FRAME_HEAD, .head = base_buf_view(&core->reg.note)};
  wire_frame_write(&frame, out);
  enum base_code told = core_epoch_write(core, partner, core->reg.attested, out, err);
  if (told != BASE_OK)
    return told;
  for (size_t i = 0; i <= CORE_SHOWN; i++) {
    uint64_t from = i == CORE_SHOWN ? base : partner->shown[i].size;
    bool again = i < CORE_SHOWN && from == base;
    if (from == 0 || from >= core->reg.attested || again)
      continue;
    frame = (struct wire_frame){.type = WIRE_FRAME_CONSISTENCY, .old_size = from, .new_size = core->reg.attested};
    enum base_code code =
        core_register_consistency(core, from, core->reg.attested, frame.hashes, &frame.hash_count, err);
    if (code != BASE_OK)
      return code;
    wire_frame_write(&frame, out);
  }
  core_head_shown(partner, core->reg.attested, base_buf_view(&core->reg.note));
  return BASE_OK;
}

bool core_heads_frame(struct core_heads *heads, const struct wire_frame *frame) {
  switch (frame->type) {
  case WIRE_FRAME_HEAD:
    heads->note = frame->head;
    heads->has_head = true;
    return true;
  case WIRE_FRAME_CONSISTENCY:
    heads->consistency[heads->count++] = *frame;
    return true;
  case WIRE_FRAME_COSIGN:
    heads->cosign = *frame;
    heads->cosigns = true;
    return true;
  case WIRE_FRAME_HOLDS:
    heads->held = *frame;
    heads->holds = true;
    return true;
  case WIRE_FRAME_EPOCH:
    if (heads->epoch_count < WIRE_EPOCH_LEAVES_MAX)
      heads->epoch[heads->epoch_count++] = *frame;
    return true;
  case WIRE_FRAME_SEEN:
    heads->seen = *frame;
    heads->sees = true;
    return true;
  default:
    return false;
  }
}

enum base_code core_heads_said(struct core *core, struct core_partner *partner, const struct core_heads *heads,
                               enum base_code code, struct base_error *err) {
  bool proved = code == BASE_OK || code == BASE_CONFLICT || code == BASE_ROLLBACK;
  struct base_error why = {0};
  enum base_code said = BASE_OK;
  if (code != BASE_OK && core_ours(code))
    return code;
  if (heads->sees)
    said = core_seen_take(core, partner, heads, &why);
  if (said == BASE_OK && proved && heads->cosigns)
    said = core_cosign_take(core, partner, heads->cosign.new_size, heads->cosign.head, code == BASE_OK, &why);
  if (said == BASE_OK && proved && heads->holds)
    said = core_card_held(core, partner, &heads->held, &why);
  if (said == BASE_OK || (!proved && !core_ours(said)))
    return code;
  *err = why;
  return said;
}

enum base_code core_head_read(const struct core_partner *partner, const struct core_cards *news,
                              const struct core_heads *heads, struct wire_checkpoint *out_checkpoint,
                              const struct wire_key **out_key, struct base_error *err) {
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  enum base_code code = wire_note_parse(heads->note, &note, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(note.text, &checkpoint, err);
  if (code != BASE_OK)
    return code;
  uint64_t position = wire_checkpoint_position(&checkpoint);
  bool later = news->count > 0 && position >= news->list[0].position;
  const struct core_card *card = core_cards_at(later ? news : &partner->cards, position);
  *out_key = &card->card.log_key;
  return seal_checkpoint_verify(heads->note, (struct seal_signer){.log = &card->log}, out_checkpoint, NULL, err);
}

/* The proof from the head that was cosigned last; NULL when there is none. */
static const struct wire_frame *proof_to(const struct core_partner *partner, const struct core_heads *heads,
                                         uint64_t size) {
  for (size_t i = 0; i < heads->count; i++)
    if (heads->consistency[i].old_size == partner->seen_size && heads->consistency[i].new_size == size)
      return &heads->consistency[i];
  return NULL;
}

enum base_code core_head_placed(const struct core_partner *partner, const struct core_heads *heads,
                                const struct wire_checkpoint *checkpoint, struct base_error *err) {
  uint64_t known = partner->seen_size;
  if (checkpoint->size < known)
    return base_fail(err, BASE_ROLLBACK, "a head of %llu leaves came, but one of %llu was cosigned before",
                     (unsigned long long)checkpoint->size, (unsigned long long)known);
  if (checkpoint->size == known && known > 0 && !base_hash_equal(&checkpoint->root, &partner->seen_root))
    return base_fail(err, BASE_FORK, "two signed heads of %llu leaves differ: the register was forked",
                     (unsigned long long)known);
  if (checkpoint->size > known && known > 0 && proof_to(partner, heads, checkpoint->size) == NULL)
    return base_fail(err, BASE_CONFLICT, "no proof from the head of %llu leaves that was cosigned last came along",
                     (unsigned long long)known);
  return BASE_OK;
}

enum base_code core_head_cosign(struct core *core, struct core_partner *partner, const struct core_heads *heads,
                                const struct wire_checkpoint *checkpoint, const struct wire_key *key,
                                struct base_error *err) {
  /* One that the keeper cosigned just before a crash was not kept: it is now, for it proves what comes under it. */
  if (checkpoint->size == partner->seen_size && partner->row.head_size == core_head_key(partner, partner->seen_size))
    return BASE_OK;
  const struct wire_frame *proof = proof_to(partner, heads, checkpoint->size);
  if (partner->unheld && proof != NULL) { /* the keeper knows nothing of it, and asks for no proof */
    enum base_code proved = seal_consistency_verify(partner->seen_size, &partner->seen_root, checkpoint->size,
                                                    &checkpoint->root, proof->hashes, proof->hash_count, err);
    if (proved != BASE_OK)
      return proved == BASE_CONSISTENCY ? core_renewed_step_back(core, partner, err) : proved;
    proof = NULL;
  }
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_init(&line, WIRE_NOTE_MAX);
  enum base_code code =
      core->env.keeper.cosign(core->env.keeper.context, key, heads->note, partner->unheld ? 0 : partner->seen_size,
                              proof != NULL ? proof->hashes : NULL, proof != NULL ? proof->hash_count : 0, &line, err);
  if (code != BASE_OK)
    return code;
  partner->followed = *key;
  return head_keep(core, partner, checkpoint, heads->note, base_buf_view(&line), err);
}

/* The same head once more, by the witness key that is in force now: he holds no other of ours. */
static enum base_code line_anew(struct core *core, const struct core_partner *partner, const struct wire_note *stored,
                                const struct wire_signature *his, struct base_buf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  base_buf_add_view(&note, stored->text);
  base_buf_text(&note, "\n");
  wire_signature_write(his, &note);
  enum base_code code = base_buf_check(&note, "head", err);
  return code == BASE_OK ? core->env.keeper.cosign(core->env.keeper.context, &partner->followed, base_buf_view(&note),
                                                   partner->seen_size, NULL, 0, out, err)
                         : code;
}

enum base_code core_head_line(struct core *core, const struct core_partner *partner, uint64_t size,
                              struct base_buf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  enum base_code code =
      store_partner_head_get(core->store, partner->row.number, core_head_key(partner, size), &note, err);
  if (code != BASE_OK)
    return code;
  struct wire_note parsed;
  code = wire_note_parse(base_buf_view(&note), &parsed, err);
  if (code != BASE_OK)
    return code;
  const struct wire_signature *his = NULL;
  for (size_t i = 0; i < parsed.signature_count; i++) {
    const struct wire_signature *line = &parsed.signatures[i];
    if (!base_view_is(line->name, core->info.origin)) {
      his = line;
    } else if (line->id == core_cards_newest(&core->cards)->witness.id) {
      wire_signature_write(line, out);
      return base_buf_check(out, "cosignature", err);
    }
  }
  return his != NULL && size == partner->seen_size
             ? line_anew(core, partner, &parsed, his, out, err)
             : base_fail(err, BASE_CORRUPT, "our cosignature on a stored head is missing");
}

void core_head_shown(struct core_partner *partner, uint64_t size, struct base_view note) {
  for (size_t i = 0; i < CORE_SHOWN; i++)
    if (partner->shown[i].size == size)
      return;
  struct core_shown *shown = &partner->shown[partner->shown_next++ % CORE_SHOWN];
  base_buf_free(&shown->note);
  base_buf_init(&shown->note, WIRE_NOTE_MAX);
  shown->size = size;
  base_buf_add_view(&shown->note, note);
}

/* A head of ours that the partner was shown: lately on the line, or in a file, for which it was kept (into `kept`). */
static struct base_view head_note(const struct core *core, const struct core_partner *partner, uint64_t size,
                                  struct base_buf *kept) {
  struct base_error missing = {0};
  for (size_t i = 0; i < CORE_SHOWN; i++)
    if (partner->shown[i].size == size)
      return base_buf_view(&partner->shown[i].note);
  if (size == core->reg.attested)
    return base_buf_view(&core->reg.note);
  return store_head_get(core->store, size, NULL, kept, &missing) == BASE_OK ? base_buf_view(kept)
                                                                            : (struct base_view){0};
}

static enum base_code cosign_keep(struct core *core, struct core_partner *partner,
                                  const struct wire_checkpoint *checkpoint, struct base_view note,
                                  struct base_view line, struct base_error *err) {
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_head_put(core->store, checkpoint->size, &checkpoint->root, note, err);
  if (code == BASE_OK)
    code = store_head_cosign(core->store, partner->row.number, checkpoint->size, line, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (checkpoint->size > partner->row.cosigned_size)
    partner->row.cosigned_size = checkpoint->size;
  return core_partner_save(core, partner, err);
}

enum base_code core_cosign_take(struct core *core, struct core_partner *partner, uint64_t size, struct base_view line,
                                bool taken, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf kept = {0};
  base_buf_init(&kept, WIRE_NOTE_MAX);
  struct base_view note = size == 0 ? (struct base_view){0} : head_note(core, partner, size, &kept);
  struct wire_signature signature;
  enum base_code code = wire_signature_parse(line, &signature, err);
  if (code != BASE_OK || note.size == 0)
    return code;
  const struct core_card *his = core_cards_newest(&partner->cards);
  /* Overtaken by his new card, or by the key of one that came along with a head that was not taken: he cosigns once
   * more. */
  if (signature.id != his->witness.id && (!taken || core_cards_witness(&partner->cards, signature.id) != NULL))
    return BASE_OK;
  BASE_AUTO_BUF struct base_buf both = {0};
  base_buf_init(&both, WIRE_NOTE_MAX);
  base_buf_add_view(&both, note);
  base_buf_add_view(&both, line);
  struct wire_checkpoint checkpoint;
  struct seal_signer signer;
  code = base_buf_check(&both, "cosigned head", err);
  if (code == BASE_OK) /* one that was kept may be of an epoch before */
    code = core_head_signers(&core->cards, NULL, note, &signer, err);
  signer.witness = &his->witness;
  if (code == BASE_OK)
    code = seal_checkpoint_verify(base_buf_view(&both), signer, &checkpoint, NULL, err);
  /* A register that lost leaves has other heads of sizes that it had before: what he cosigned then may come in a file
   * at any time. */
  if (code == BASE_SIGNATURE && (core->epoch > 1 || core->lost[0] != '\0'))
    return BASE_OK;
  return code == BASE_OK ? cosign_keep(core, partner, &checkpoint, note, line, err) : code;
}

/* --- proved leaves */

enum base_code core_proof_take(const struct wire_frame_proof *proof, const struct wire_checkpoint *checkpoint,
                               struct base_arena *arena, struct wire_leaf *out_leaf, struct wire_opening *out_opening,
                               struct base_error *err) {
  enum base_code code = wire_leaf_parse(proof->leaf, out_leaf, err);
  if (code != BASE_OK)
    return code;
  struct base_hash commitment = seal_sha256(proof->opening);
  if (!base_hash_equal(&commitment, &out_leaf->commitment))
    return base_fail(err, BASE_COMMITMENT, "the opening is not what the leaf commits to");
  code = wire_opening_parse(out_leaf->act, proof->opening, arena, out_opening, err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_leaf_hash(proof->leaf);
  return seal_inclusion_verify(&hash, proof->index, checkpoint->size, proof->hashes, proof->hash_count,
                               &checkpoint->root, err);
}
