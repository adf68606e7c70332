/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/cards.h"

/* This node's whole folder, its keeper's memory included, was put back to an older copy: only partners can tell.
 * Whoever cosigned a head that this register contradicts shows it, with this node's own signature on it; a claim
 * without proves nothing, and does nothing. What is learnt so outlives a restart: such a register has ended, and
 * nothing new is sent. */

/* A copy from before an epoch knows nothing of it: the next number would be one that partners confirmed already. */
static void say_lost(struct core *core, struct base_view by, uint64_t size, uint32_t epoch) {
  uint32_t last = epoch > core->epoch ? epoch : core->epoch;
  core->lost_epoch = epoch;
  (void)snprintf(
      core->lost, sizeof core->lost,
      "this register lost leaves: %.*s holds a head of it that this node signed (epoch %u, %llu leaves), and that is "
      "no head of what is here (epoch %u, %llu leaves): the folder was put back to an old copy. Nothing new is sent: "
      "put the newest copy of the whole folder back, or go on with epoch %u (wasl node epoch DIR --leaves-lost "
      "--number %u)",
      (int)by.size, (const char *)by.data, (unsigned)epoch, (unsigned long long)size, (unsigned)core->epoch,
      (unsigned long long)core->reg.attested, (unsigned)last + 1, (unsigned)last + 1);
}

enum base_code core_lost_load(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, WIRE_NOTE_MAX + 1024);
  core->lost[0] = '\0';
  enum base_code code = store_fact_get(core->store, CORE_LOST_FACT, &fact, err);
  if (code != BASE_OK || fact.size == 0) /* empty: of an epoch that is closed */
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  uint64_t size = base_read_u64(&reader);
  uint32_t epoch = base_read_u32(&reader);
  struct base_view by = base_read_block(&reader, WIRE_ORIGIN_MAX);
  if (!reader.failed && epoch < core->epoch) /* closed with the epoch that begins in this start */
    return BASE_OK;
  say_lost(core, reader.failed ? BASE_VIEW("a partner") : by, reader.failed ? 0 : size,
           reader.failed ? core->epoch : epoch);
  base_log(BASE_LOG_ERROR, "register.lost", "%s", core->lost);
  return BASE_OK;
}

/* True for a head that this node signed, that the partner cosigned, and that is none of this register. */
static enum base_code contradicts(struct core *core, const struct core_partner *partner, struct base_view note,
                                  uint64_t *out_size, uint32_t *out_epoch, bool *out, struct base_error *err) {
  struct seal_signer signer;
  struct wire_checkpoint head;
  struct base_hash root;
  struct base_error unproved;
  *out = false;
  if (core_head_signers(&core->cards, &partner->cards, note, &signer, &unproved) != BASE_OK ||
      seal_checkpoint_verify(note, signer, &head, NULL, &unproved) != BASE_OK)
    return BASE_OK;
  *out_size = head.size;
  *out_epoch = wire_origin_epoch(head.origin);
  if (*out_epoch < core->epoch) /* of an epoch that is closed: known to be lost */
    return BASE_OK;
  *out = *out_epoch > core->epoch || head.size > core->reg.attested;
  if (*out)
    return BASE_OK;
  enum base_code code = core_register_root(core, head.size, &root, err);
  *out = code == BASE_OK && !base_hash_equal(&root, &head.root);
  return code;
}

enum base_code core_seen_take(struct core *core, const struct core_partner *partner, struct base_view note,
                              struct base_error *err) {
  uint64_t size = 0;
  uint32_t epoch = 0;
  bool lost = false;
  enum base_code code = contradicts(core, partner, note, &size, &epoch, &lost, err);
  bool known = core->lost[0] != '\0' && epoch <= core->lost_epoch; /* the newest epoch that anybody shows is said */
  if (code != BASE_OK || !lost || known)
    return code;
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, WIRE_NOTE_MAX + 1024);
  base_buf_u64(&fact, size);
  base_buf_u32(&fact, epoch);
  base_buf_block(&fact, partner->card.name);
  base_buf_block(&fact, note); /* the proof */
  code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, CORE_LOST_FACT, base_buf_view(&fact), err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  say_lost(core, partner->card.name, size, epoch);
  base_log(BASE_LOG_ERROR, "register.lost", "%s", core->lost);
  return BASE_OK;
}

enum base_code core_seen_write(struct core *core, struct core_partner *partner, struct base_buf *out,
                               struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  if (!partner->contradicts)
    return BASE_OK;
  enum base_code code = store_partner_head_get(core->store, partner->row.number, partner->row.head_size, &note, err);
  if (code == BASE_OK) {
    struct wire_frame frame = {.type = WIRE_FRAME_SEEN, .head = base_buf_view(&note)};
    wire_frame_write(&frame, out);
  }
  partner->shown_seen = code == BASE_OK || core_damage(code);
  return core_damage(code) ? BASE_OK : code;
}
