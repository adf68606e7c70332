/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/cards.h"

/* This node's whole folder, its keeper's memory included, was put back to an older copy: only partners can tell.
 * Whoever cosigned a head that this register contradicts shows it, with this node's own signature on it; a claim
 * without proves nothing, and does nothing. What is learnt so outlives a restart: such a register has ended, and
 * nothing new is sent. */

static void say_lost(struct core *core, struct base_view by, uint64_t size) {
  (void)snprintf(
      core->lost, sizeof core->lost,
      "this register lost leaves: %.*s holds a head of it of %llu leaves that this node signed, and that is no "
      "head of what is here (%llu leaves): the folder was put back to an old copy. Nothing new is sent: put the "
      "newest copy of the whole folder back, or go on with a new epoch (wasl node epoch)",
      (int)by.size, (const char *)by.data, (unsigned long long)size, (unsigned long long)core->reg.attested);
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
  struct base_view by = base_read_block(&reader, WIRE_ORIGIN_MAX);
  say_lost(core, reader.failed ? BASE_VIEW("a partner") : by, reader.failed ? 0 : size);
  base_log(BASE_LOG_ERROR, "register.lost", "%s", core->lost);
  return BASE_OK;
}

/* True for a head that this node signed, that the partner cosigned, and that is none of this register. */
static enum base_code contradicts(struct core *core, const struct core_partner *partner, struct base_view note,
                                  uint64_t *out_size, bool *out, struct base_error *err) {
  struct seal_signer signer;
  struct wire_checkpoint head;
  struct base_hash root;
  struct base_error unproved;
  *out = false;
  if (core_head_signers(&core->cards, &partner->cards, note, &signer, &unproved) != BASE_OK ||
      seal_checkpoint_verify(note, signer, &head, NULL, &unproved) != BASE_OK)
    return BASE_OK;
  *out_size = head.size;
  if (wire_origin_epoch(head.origin) < core->epoch) /* of an epoch that is closed: known to be lost */
    return BASE_OK;
  *out = wire_origin_epoch(head.origin) > core->epoch || head.size > core->reg.attested;
  if (*out)
    return BASE_OK;
  enum base_code code = core_register_root(core, head.size, &root, err);
  *out = code == BASE_OK && !base_hash_equal(&root, &head.root);
  return code;
}

enum base_code core_seen_take(struct core *core, const struct core_partner *partner, struct base_view note,
                              struct base_error *err) {
  uint64_t size = 0;
  bool lost = false;
  enum base_code code = core->lost[0] == '\0' ? contradicts(core, partner, note, &size, &lost, err) : BASE_OK;
  if (code != BASE_OK || !lost)
    return code;
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, WIRE_NOTE_MAX + 1024);
  base_buf_u64(&fact, size);
  base_buf_block(&fact, partner->card.name);
  base_buf_block(&fact, note); /* the proof */
  code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, CORE_LOST_FACT, base_buf_view(&fact), err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  say_lost(core, partner->card.name, size);
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
