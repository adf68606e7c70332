/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/back.h"
#include "core/cards.h"
#include "core/partners.h"
#include "core/register.h"
#include "core/submit.h"

/* Our own register in a later epoch: what was lost stays lost, what is left stays as it is, leaf by leaf, and the next
 * head is signed under the new epoch's origin. Its first leaf says what it goes on from, one for each partner what this
 * node still knows of the exchange with him. Partners learn both, with proof, and take nothing until their officers
 * confirm. */

static const char epoch_fact[] = "epoch";

static void told_fact(const struct core_partner *partner, char out[64]) {
  (void)snprintf(out, 64, "epoch-told/%lld", (long long)partner->row.number);
}

void core_epoch_split(struct core *core) {
  struct base_view origin = base_view_text(core->info.origin);
  core->epoch = wire_origin_epoch(origin);
  core->info.origin[wire_origin_node(origin).size] = '\0';
}

enum base_code core_epoch_ask(struct core *core, struct base_error *err) {
  enum base_code code = core->env.keeper.info(core->env.keeper.context, &core->info, err);
  if (code != BASE_OK)
    return code;
  core_epoch_split(core);
  return BASE_OK;
}

void core_epoch_origin(const struct core *core, char out[WIRE_ORIGIN_MAX + 1]) {
  struct base_view node = core->card.origin;
  if (core->epoch <= 1)
    (void)snprintf(out, WIRE_ORIGIN_MAX + 1, "%.*s", (int)node.size, (const char *)node.data);
  else
    (void)snprintf(out, WIRE_ORIGIN_MAX + 1, "%.*s/%u", (int)node.size, (const char *)node.data, (unsigned)core->epoch);
}

void core_epoch_key(const struct core *core, struct base_buf *out) {
  char origin[WIRE_ORIGIN_MAX + 1];
  struct wire_vkey log = core_cards_newest(&core->cards)->log;
  core_epoch_origin(core, origin);
  log.name = base_view_text(origin);
  log.id = seal_vkey_id(log.name, log.type, &log.key);
  wire_vkey_write(&log, out);
}

/* --- the beginning */

/* SIZE and ROOT of a head. */
static void head_text(uint64_t size, const struct base_hash *root, char out[96]) {
  (void)snprintf(out, 96, "%llu %s", (unsigned long long)size, base_hash_text(root).text);
}

static enum base_code first_leaf(struct core *core, struct base_error *err) {
  char subject[96];
  struct base_hash root;
  enum base_code code = core_register_root(core, core->reg.size, &root, err);
  if (code != BASE_OK)
    return code;
  head_text(core->reg.size, &root, subject);
  struct wire_opening opening = {
      .from = core->card.origin, .to = core->card.origin, .number = core->epoch, .subject = base_view_text(subject)};
  return core_register_add(core, WIRE_ACT_EPOCH, &opening, NULL, err);
}

static enum base_code told_save(struct core *core, const struct core_partner *partner, struct base_error *err) {
  char name[64];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 256);
  const struct core_told *told = &partner->epoch_told;
  told_fact(partner, name);
  base_buf_u32(&fact, core->epoch);
  base_buf_u64(&fact, told->leaf);
  base_buf_add(&fact, told->hash.bytes, sizeof told->hash.bytes);
  base_buf_u8(&fact, told->joined);
  base_buf_u64(&fact, told->lost_from);
  base_buf_u64(&fact, told->lost_to);
  base_buf_u64(&fact, (uint64_t)told->lost_time);
  return store_fact_set(core->store, name, base_buf_view(&fact), err);
}

/* The last head of ours that he cosigned, as far as this register still knows. */
static enum base_code cosigned_head(struct core *core, const struct core_partner *partner, char out[96],
                                    struct base_error *err) {
  struct base_hash root = {{0}};
  uint64_t size = partner->row.cosigned_size;
  enum base_code code = size > 0 && size <= core->epoch_start ? core_register_root(core, size, &root, err) : BASE_OK;
  head_text(size, &root, out);
  return code;
}

static enum base_code partner_leaf(struct core *core, struct core_partner *partner, struct base_error *err) {
  char subject[96];
  struct core_leaf leaf;
  const struct store_partner *row = &partner->row;
  enum base_code code = cosigned_head(core, partner, subject, err);
  if (code != BASE_OK)
    return code;
  struct wire_opening opening = {.from = core->card.origin,
                                 .to = partner->card.origin,
                                 .number = core->epoch,
                                 .subject = base_view_text(subject),
                                 .statement = {.given = row->sent_number,
                                               .given_leaf = row->sent_previous,
                                               .taken = row->received_number,
                                               .taken_leaf = row->received_previous}};
  code = core_register_add(core, WIRE_ACT_EPOCH, &opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  partner->epoch_told.leaf = leaf.index;
  partner->epoch_told.hash = leaf.hash;
  partner->epoch_told.joined = false;
  code = told_save(core, partner, err);
  return code == BASE_OK ? core_back_begin(core, partner, row->received_number, err) : code;
}

/* What partners showed of the epoch before stays as evidence, under a name of its own. */
static enum base_code close_lost(struct core *core, struct base_error *err) {
  char name[32];
  BASE_AUTO_BUF struct base_buf lost = {0};
  base_buf_init(&lost, CORE_LOST_MAX);
  if (core->lost[0] != '\0' && core->lost_epoch >= core->epoch) /* not closed by this one: partners hold more of it */
    return BASE_OK;
  enum base_code code = store_fact_get(core->store, CORE_LOST_FACT, &lost, err);
  core->lost[0] = '\0';
  if (code != BASE_OK || lost.size == 0)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  (void)snprintf(name, sizeof name, CORE_LOST_FACT "/%u", (unsigned)core->epoch - 1);
  code = store_fact_set(core->store, name, base_buf_view(&lost), err);
  return code == BASE_OK ? store_fact_set(core->store, CORE_LOST_FACT, BASE_VIEW(""), err) : code;
}

/* Data whose keys were destroyed since: nothing that they prove can be shown any more, and no epoch is begun over them.
 */
static enum base_code check_opens(struct core *core, uint64_t index, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view entry, opening;
  struct base_error why = {0};
  if (index >= core->reg.size || core_register_read(core, index, &arena, &entry, &opening, &why) != BASE_WRONG_KEY)
    return BASE_OK;
  return base_fail(
      err, BASE_ROLLBACK,
      "this database is from before keys were replaced and destroyed, and what it holds cannot be read any "
      "more (leaf %llu: %s); no epoch begins over it: look for a newer copy of the data (docs/backup.md)",
      (unsigned long long)index, why.text);
}

static enum base_code check_all_open(struct core *core, struct base_error *err) {
  enum base_code code = core->reg.size > 0 ? check_opens(core, core->reg.size - 1, err) : BASE_OK;
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++)
    code = check_opens(core, core->partners[i]->row.leaf_index, err);
  return code;
}

static enum base_code begin(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64);
  core->epoch_start = core->reg.size;
  enum base_code code = check_all_open(core, err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = first_leaf(core, err);
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++)
    code = partner_leaf(core, core->partners[i], err);
  if (code == BASE_OK)
    code = core_cards_name_again(core, err);
  base_buf_u32(&fact, core->epoch);
  base_buf_u64(&fact, core->epoch_start);
  if (code == BASE_OK)
    code = store_fact_set(core->store, epoch_fact, base_buf_view(&fact), err);
  if (code == BASE_OK)
    code = close_lost(core, err);
  if (code == BASE_OK)
    base_log(BASE_LOG_WARNING, "register.epoch",
             "epoch %u of this register begins with leaf %llu: each partner's officer must confirm it",
             (unsigned)core->epoch, (unsigned long long)core->epoch_start);
  return code;
}

/* The digits are of the leaf itself: nobody else can make another beginning with the same ones. */
static enum base_code read_first(struct core *core, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view entry, opening;
  struct wire_leaf leaf;
  enum base_code code = core_register_read(core, core->epoch_start, &arena, &entry, &opening, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK && leaf.act != WIRE_ACT_EPOCH)
    code = base_fail(err, BASE_CORRUPT, "leaf %llu does not begin an epoch", (unsigned long long)core->epoch_start);
  if (code == BASE_OK) {
    core->epoch_time = leaf.time;
    seal_fingerprint(entry, core->epoch_digits);
  }
  if (!core_damage(code))
    return code;
  base_log(BASE_LOG_ERROR, "register.corrupt", "leaf %llu, with which epoch %u began, cannot be read: %s",
           (unsigned long long)core->epoch_start, (unsigned)core->epoch, err->text);
  return BASE_OK;
}

enum base_code core_epoch_stored(struct store *store, uint32_t *out, uint64_t *start, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64);
  *out = 1;
  *start = 0;
  enum base_code code = store_fact_get(store, epoch_fact, &fact, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  *out = base_read_u32(&reader);
  *start = base_read_u64(&reader);
  return base_reader_end(&reader, epoch_fact, err);
}

static enum base_code stored_epoch(struct core *core, uint32_t *out, struct base_error *err) {
  core->epoch_digits[0] = '\0';
  return core_epoch_stored(core->store, out, &core->epoch_start, err);
}

enum base_code core_epoch_begins(struct core *core, bool *out, struct base_error *err) {
  uint32_t stored = 1;
  enum base_code code = stored_epoch(core, &stored, err);
  *out = code == BASE_OK && stored < core->epoch && core->info.size == 0;
  return code;
}

enum base_code core_epoch_open(struct core *core, struct base_error *err) {
  uint32_t stored = 1;
  enum base_code code = stored_epoch(core, &stored, err);
  if (code != BASE_OK)
    return code;
  if (stored > core->epoch)
    return base_fail(err, BASE_ROLLBACK,
                     "the register is in epoch %u, but the keeper signs epoch %u: its memory is older than this "
                     "database; put back the newest keeper/ with its own heads.state, or, when there is none, open the "
                     "next epoch (wasl node epoch DIR --leaves-lost --number %u)",
                     (unsigned)stored, (unsigned)core->epoch, (unsigned)stored + 1);
  if (stored < core->epoch && core->info.size > 0)
    return base_fail(
        err, BASE_ROLLBACK,
        "the register is in epoch %u, but the keeper has signed heads of epoch %u: this database is older "
        "than what was proved to partners; put the newer one back, or open the next epoch (wasl node epoch)",
        (unsigned)stored, (unsigned)core->epoch);
  if (stored < core->epoch)
    code = begin(core, err);
  return code == BASE_OK && core->epoch > 1 ? read_first(core, err) : code;
}

enum base_code core_epoch_told_load(struct core *core, struct core_partner *partner, struct base_error *err) {
  char name[64];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 256);
  told_fact(partner, name);
  partner->epoch_told = (struct core_told){.joined = true};
  enum base_code code = core->epoch > 1 ? store_fact_get(core->store, name, &fact, err) : BASE_NOT_FOUND;
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  struct core_told told = {0};
  uint32_t epoch = base_read_u32(&reader);
  told.leaf = base_read_u64(&reader);
  base_read_hash(&reader, &told.hash);
  told.joined = base_read_u8(&reader) != 0;
  told.lost_from = base_read_u64(&reader);
  told.lost_to = base_read_u64(&reader);
  told.lost_time = (base_time)base_read_u64(&reader);
  code = base_reader_end(&reader, name, err);
  if (code != BASE_OK)
    return code;
  if (epoch != core->epoch) { /* of one that is closed: what was lost then stays lost */
    told.leaf = 0;
    told.joined = true;
  }
  partner->epoch_told = told;
  return BASE_OK;
}

/* --- with a partner */

bool core_epoch_waits(const struct core_partner *partner) {
  return !partner->epoch_told.joined;
}

static enum base_code leaf_write(struct core *core, uint64_t index, uint64_t size, struct base_buf *out,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_frame frame = {.type = WIRE_FRAME_EPOCH};
  enum base_code code = core_register_prove(core, index, size, &arena, &frame.proof, err);
  if (code == BASE_OK)
    wire_frame_write(&frame, out);
  return code;
}

enum base_code core_epoch_write(struct core *core, const struct core_partner *partner, uint64_t size,
                                struct base_buf *out, struct base_error *err) {
  if (!core_epoch_waits(partner) || partner->epoch_told.leaf >= size)
    return BASE_OK;
  enum base_code code = leaf_write(core, core->epoch_start, size, out, err);
  return code == BASE_OK ? leaf_write(core, partner->epoch_told.leaf, size, out, err) : code;
}

uint64_t core_epoch_base(const struct core *core, const struct core_partner *partner, uint64_t named) {
  /* He may have cosigned one of this epoch already, his answer lost: a proof from there harms in no case. */
  return core_epoch_waits(partner) && named >= core->reg.attested ? 0 : named;
}

enum base_code core_epoch_join(struct core *core, struct core_partner *partner, uint64_t wanted,
                               struct base_error *err) {
  struct core_told *told = &partner->epoch_told;
  if (!core_epoch_waits(partner) || partner->row.cosigned_size <= core->epoch_start || wanted == 0)
    return BASE_OK;
  told->joined = true;
  if (wanted > partner->row.sent_number + 1) {
    if (told->lost_to == 0)
      told->lost_from = partner->row.sent_number + 1;
    told->lost_to = wanted - 1;
    told->lost_time = core->epoch_time;
    partner->row.sent_number = wanted - 1;
    partner->row.sent_previous = told->hash;
    base_log(BASE_LOG_WARNING, "register.lost",
             "%.*s holds messages of ours of which nothing is left here: numbers %llu to %llu",
             (int)partner->card.name.size, (const char *)partner->card.name.data, (unsigned long long)told->lost_from,
             (unsigned long long)told->lost_to);
  }
  partner->maybe = true;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK && told->lost_to == partner->row.sent_number)
    code = core_epoch_chain(core, partner, true, partner->row.sent_number, &partner->row.sent_previous, err);
  if (code == BASE_OK)
    code = told_save(core, partner, err);
  if (code == BASE_OK)
    code = core_back_join(core, partner, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  base_log(BASE_LOG_NOTICE, "register.epoch", "%.*s confirmed epoch %u", (int)partner->card.name.size,
           (const char *)partner->card.name.data, (unsigned)core->epoch);
  return core_partner_save(core, partner, err);
}

/* The first that waits in the consignment of which he says that a number of it is wrong. */
static enum base_code first_waiting(void *context, const struct store_delivery *row) {
  struct store_delivery *found = context;
  if (row->state != STORE_WAITING || row->leaf.size > 0)
    return BASE_OK;
  found->message = row->message;
  found->number = row->number;
  return BASE_EXISTS;
}

/* Why they are refused, as their outbox shows it. */
static const char displaced_why[] = "number: this register lost leaves, and the partner holds another message in its "
                                    "place: write it again in a new case";
static const char behind_why[] = "number: this register lost leaves, and the message before this one was refused for "
                                 "it; the partner never had this one, and cannot take it behind another: write it "
                                 "again in a new case";

enum base_code core_epoch_displace(struct core *core, struct core_partner *partner, uint64_t wanted,
                                   struct base_error *err) {
  struct core_told *told = &partner->epoch_told;
  struct store_delivery found = {0}, delivery;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  if (told->leaf == 0 || !told->joined || wanted == 0)
    return BASE_OK;
  enum base_code code = store_delivery_open(core->store, partner->row.number, 0, INT32_MAX, first_waiting, &found, err);
  if (code != BASE_EXISTS || found.number > partner->flight.last_number || found.number > wanted)
    return code == BASE_EXISTS ? BASE_OK : code;
  bool behind = found.number == wanted; /* he holds nothing under it, and cannot take what names our own before it */
  code = store_delivery_get(core->store, &found.message, partner->row.number, &arena, &delivery, err);
  if (code == BASE_OK)
    code = core_delivery_void(core, partner, &delivery, STORE_REFUSED,
                              base_view_text(behind ? behind_why : displaced_why), err);
  if (code != BASE_OK || behind) /* beyond what he holds: the void travels */
    return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
  if (told->lost_to == 0) { /* nothing else is lost, but this stands in a case that may be older */
    told->lost_from = told->lost_to = found.number;
    told->lost_time = core->epoch_time;
    partner->back.next = found.number + 1;
  }
  core_back_miss(&partner->back, found.number, found.number, CORE_BACK_DISPLACED);
  code = core_void_told(core, partner, &found.message, err);
  if (code == BASE_OK)
    code = core_back_moved(core, partner, err);
  if (code == BASE_OK && found.number == partner->row.sent_number) {
    partner->row.sent_previous = told->hash;
    code = core_epoch_chain(core, partner, true, found.number, &told->hash, err);
  }
  if (code == BASE_OK)
    code = told_save(core, partner, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_epoch_allows(const struct core *core, const struct core_partner *partner, base_time opened,
                                 struct base_error *err) {
  struct base_view he = partner->card.name;
  if (core_epoch_waits(partner))
    return base_fail(
        err, BASE_SUSPENDED,
        "%.*s has not confirmed epoch %u of this register yet: their officer compares these digits with you "
        "by voice: %s",
        (int)he.size, (const char *)he.data, (unsigned)core->epoch, core->epoch_digits);
  if (partner->epoch_told.lost_to > 0 && opened <= partner->epoch_told.lost_time && !core_back_whole(partner))
    return base_fail(
        err, BASE_CONFLICT,
        "%.*s holds messages of this node that are lost here (numbers %llu to %llu), perhaps of this case: "
        "nothing is written in cases from before that until they came back, lest two messages take the same place; "
        "open a new case (wasl node status shows what is still missing)",
        (int)he.size, (const char *)he.data, (unsigned long long)partner->epoch_told.lost_from,
        (unsigned long long)partner->epoch_told.lost_to);
  return BASE_OK;
}
