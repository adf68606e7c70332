/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/exchange.h"

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
    code = store_partner_head_put(core->store, partner->row.number, checkpoint->size, base_buf_view(&both), err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  partner->row.head_size = partner->seen_size = checkpoint->size;
  partner->row.head_root = partner->seen_root = checkpoint->root;
  return core_partner_save(core, partner, err);
}

enum base_code core_heads_write(struct core *core, struct core_partner *partner, uint64_t base, struct base_buf *out,
                                struct base_error *err) {
  struct wire_frame frame = {.type = WIRE_FRAME_HEAD, .head = base_buf_view(&core->reg.note)};
  wire_frame_write(&frame, out);
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
  core_head_shown(core, partner);
  return BASE_OK;
}

static enum base_code head_take(struct core *core, struct core_partner *partner, const struct core_heads *heads,
                                struct wire_checkpoint *out_checkpoint, struct base_error *err) {
  struct seal_signer signer = {.log = &partner->log};
  enum base_code code = seal_checkpoint_verify(heads->note, signer, out_checkpoint, NULL, err);
  if (code != BASE_OK)
    return code;
  uint64_t known = partner->seen_size;
  if (out_checkpoint->size < known)
    return base_fail(err, BASE_ROLLBACK, "a head of %llu leaves came, but one of %llu was cosigned before",
                     (unsigned long long)out_checkpoint->size, (unsigned long long)known);
  if (out_checkpoint->size == known) {
    if (known > 0 && !base_hash_equal(&out_checkpoint->root, &partner->seen_root))
      return base_fail(err, BASE_FORK, "two signed heads of %llu leaves differ: the register was forked",
                       (unsigned long long)known);
    /* One that the keeper cosigned just before a crash was not kept: it is now, for it proves what comes under it. */
    if (partner->row.head_size == known)
      return BASE_OK;
  }
  const struct wire_frame *consistency = NULL;
  for (size_t i = 0; i < heads->count; i++)
    if (heads->consistency[i].old_size == known && heads->consistency[i].new_size == out_checkpoint->size)
      consistency = &heads->consistency[i];
  if (consistency == NULL && known > 0 && out_checkpoint->size > known)
    return base_fail(err, BASE_CONFLICT, "no proof from the head of %llu leaves that was cosigned last came along",
                     (unsigned long long)known);
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_init(&line, WIRE_NOTE_MAX);
  code = core->env.keeper.cosign(core->env.keeper.context, &partner->card.log_key, heads->note, known,
                                 consistency != NULL ? consistency->hashes : NULL,
                                 consistency != NULL ? consistency->hash_count : 0, &line, err);
  if (code != BASE_OK)
    return code;
  return head_keep(core, partner, out_checkpoint, heads->note, base_buf_view(&line), err);
}

enum base_code core_head_take(struct core *core, struct core_partner *partner, const struct core_heads *heads,
                              struct wire_checkpoint *out_checkpoint, struct base_error *err) {
  enum base_code code = head_take(core, partner, heads, out_checkpoint, err);
  if (code == BASE_OK || code == BASE_ROLLBACK || code == BASE_FORK || code == BASE_CONSISTENCY) {
    /* An older head may only have been overtaken: what goes to him anyway shows the newer one, nothing goes for that.
     */
    partner->shown_seen = code == BASE_ROLLBACK;
    partner->contradicts = code != BASE_OK;
  }
  return code;
}

enum base_code core_head_line(struct core *core, const struct core_partner *partner, uint64_t size,
                              struct base_buf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  enum base_code code = store_partner_head_get(core->store, partner->row.number, size, &note, err);
  if (code != BASE_OK)
    return code;
  struct wire_note parsed;
  code = wire_note_parse(base_buf_view(&note), &parsed, err);
  if (code != BASE_OK)
    return code;
  for (size_t i = 0; i < parsed.signature_count; i++)
    if (base_view_is(parsed.signatures[i].name, core->info.origin)) {
      wire_signature_write(&parsed.signatures[i], out);
      return base_buf_check(out, "cosignature", err);
    }
  return base_fail(err, BASE_CORRUPT, "our cosignature on a stored head is missing");
}

void core_head_shown(struct core *core, struct core_partner *partner) {
  for (size_t i = 0; i < CORE_SHOWN; i++)
    if (partner->shown[i].size == core->reg.attested)
      return;
  struct core_shown *shown = &partner->shown[partner->shown_next++ % CORE_SHOWN];
  base_buf_free(&shown->note);
  base_buf_init(&shown->note, WIRE_NOTE_MAX);
  shown->size = core->reg.attested;
  base_buf_add_view(&shown->note, base_buf_view(&core->reg.note));
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
                                struct base_error *err) {
  BASE_AUTO_BUF struct base_buf kept = {0};
  base_buf_init(&kept, WIRE_NOTE_MAX);
  struct base_view note = size == 0 ? (struct base_view){0} : head_note(core, partner, size, &kept);
  if (note.size == 0)
    return BASE_OK;
  BASE_AUTO_BUF struct base_buf both = {0};
  base_buf_init(&both, WIRE_NOTE_MAX);
  base_buf_add_view(&both, note);
  base_buf_add_view(&both, line);
  struct wire_vkey log;
  struct wire_checkpoint checkpoint;
  enum base_code code = base_buf_check(&both, "cosigned head", err);
  if (code == BASE_OK)
    code = wire_vkey_parse(core->card.log, &log, err);
  if (code == BASE_OK) {
    struct seal_signer signer = {.log = &log, .witness = &partner->witness};
    code = seal_checkpoint_verify(base_buf_view(&both), signer, &checkpoint, NULL, err);
  }
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
