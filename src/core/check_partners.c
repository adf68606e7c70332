/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/cards.h"
#include "core/check.h"
#include "core/epoch.h"
#include "core/partners.h"
#include "core/register.h"

/* Partners as they are stored against their cards; our heads, their cosignatures and the heads of partners against the
 * keys that must have signed them; the facts that the node stands on. */

/* Gives up on counting a partner's rows that come while they are counted. */
enum { AGAIN_MAX = 3 };

static void one_row(struct core_check *check, int cost) {
  check->budget -= cost;
  check->rows++;
  check->total++;
}

/* --- partners */

static enum base_code check_card(struct core *core, const struct store_partner *row, struct core_place place,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_card card;
  struct base_error why = {0};
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  enum base_code code = wire_card_parse(row->card, &arena, &card, &why);
  if (code == BASE_OK)
    code = seal_card_check(&card, &why);
  seal_fingerprint(row->card, fingerprint);
  if (code != BASE_OK)
    core_check_found(core, CORE_SO_PARTNER, place, "its card cannot be read: %s", why.text);
  else if (!base_view_is(row->fingerprint, fingerprint))
    core_check_found(core, CORE_SO_PARTNER, place, "its card has the fingerprint %s, stored is %.*s", fingerprint,
                     (int)row->fingerprint.size, (const char *)row->fingerprint.data);
  else if (!base_view_equal(card.origin, row->origin) || !base_view_equal(card.name, row->name))
    core_check_found(core, CORE_SO_PARTNER, place, "its card is of %.*s, it is stored as %.*s named %.*s",
                     (int)card.origin.size, (const char *)card.origin.data, (int)row->origin.size,
                     (const char *)row->origin.data, (int)row->name.size, (const char *)row->name.data);
  if (code != BASE_OK)
    return BASE_OK;
  code = core_cards_check(core, row->number, card.generation, &why);
  core->check->budget -= CORE_CHECK_COST_SIGNED * (int)card.generation;
  if (core_damage(code))
    core_check_found(core, CORE_SO_PARTNER, place, "the history of its cards does not stand: %s", why.text);
  return core_damage(code) || code == BASE_OK ? BASE_OK : base_fail(err, code, "%s", why.text);
}

/* The leaf that its row names says the same card and state. */
static enum base_code check_confirmed(struct core *core, const struct store_partner *row, struct core_place place,
                                      struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check_leaf leaf;
  struct base_error why = {0};
  struct base_hash hash = seal_sha256(row->card);
  unsigned long long index = (unsigned long long)row->leaf_index;
  enum base_code code = core_check_leaf(core, row->leaf_index, &arena, &leaf, &why);
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK || leaf.leaf.act != WIRE_ACT_PARTNER)
    core_check_found(core, CORE_SO_PARTNER, place, "leaf %llu, which its row names, is not about it", index);
  else if (!core_partner_act_fits(&leaf.opening, row, &hash, &why))
    core_check_found(core, CORE_SO_PARTNER, place, "leaf %llu, the last about it, %s", index, why.text);
  return BASE_OK;
}

/* How far we are with him, against what is kept of it. */
static enum base_code check_progress(struct core *core, const struct store_partner *row, struct core_place place,
                                     struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0}, line = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  base_buf_init(&line, WIRE_NOTE_MAX);
  struct wire_note parsed;
  struct wire_checkpoint head;
  uint64_t size = 0;
  enum base_code code = BASE_OK;
  if (row->cosigned_size > 0) {
    code = store_head_cosigned(core->store, row->number, row->cosigned_size, &size, &note, &line, err);
    if (core_damage(code) || (code == BASE_OK && size != row->cosigned_size))
      core_check_found(core, CORE_SO_PROOF, place, "its cosignature on our head of %llu leaves is not kept any more",
                       (unsigned long long)row->cosigned_size);
  }
  if ((code == BASE_OK || core_damage(code)) && row->head_size > 0) {
    base_buf_reset(&note);
    code = store_partner_head_get(core->store, row->number, row->head_size, &note, err);
    if (code == BASE_OK)
      code = wire_note_parse(base_buf_view(&note), &parsed, err);
    if (code == BASE_OK)
      code = wire_checkpoint_parse(parsed.text, &head, err);
    if (core_damage(code) || (code == BASE_OK && !base_hash_equal(&head.root, &row->head_root)))
      core_check_found(core, CORE_SO_PROOF, place, "its head of %llu leaves is not the one that is kept",
                       (unsigned long long)row->head_size);
  }
  const struct core_partner *partner = core_partner_numbered(core, row->number);
  uint64_t seen = partner != NULL ? core_head_key(partner, partner->seen_size) : 0;
  if (partner != NULL && !partner->unheld &&
      (seen < row->head_size ||
       (seen == row->head_size && row->head_size > 0 && !base_hash_equal(&partner->seen_root, &row->head_root))))
    core_check_found(core, CORE_SO_PARTNER, place,
                     "the keeper remembers another head of it (%llu leaves) than the database (%llu)",
                     (unsigned long long)partner->seen_size, (unsigned long long)row->head_size);
  return core_damage(code) ? BASE_OK : code;
}

/* That none of its rows is kept any more is seen here, that some are missing by those who walk them. */
static enum base_code check_kept(struct core *core, const struct store_partner *row, struct core_place place,
                                 struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_NOTE_MAX);
  uint64_t cosignatures = 0, heads = 0;
  struct store_pair key = {row->number, INT64_MIN};
  enum base_code code = store_partner_kept(core->store, row->number, &cosignatures, &heads, err);
  if (code == BASE_OK)
    code = store_cosignature_next(core->store, &key, &bytes, err);
  if ((code == BASE_OK || code == BASE_NOT_FOUND) && cosignatures > 0 && key.first != row->number)
    code = BASE_NOT_FOUND;
  if (code == BASE_NOT_FOUND && cosignatures > 0)
    core_check_found(core, CORE_SO_PROOF, place, "%llu cosignatures of it were kept, none is here any more",
                     (unsigned long long)cosignatures);
  key = (struct store_pair){row->number, INT64_MIN};
  base_buf_reset(&bytes);
  if (code == BASE_OK || core_damage(code))
    code = store_partner_head_next(core->store, &key, &bytes, err);
  if (heads > 0 && (code == BASE_NOT_FOUND || (code == BASE_OK && key.first != row->number)))
    core_check_found(core, CORE_SO_PROOF, place, "%llu heads of it were kept, none is here any more",
                     (unsigned long long)heads);
  return core_damage(code) ? BASE_OK : code;
}

/* His last statement, which he proved. */
static enum base_code check_his(struct core *core, const struct store_partner *row,
                                const struct store_comparison *compared, struct core_place place,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_leaf leaf;
  struct wire_opening opening;
  struct base_error why = {0};
  const struct core_partner *partner = core_partner_numbered(core, row->number);
  if (partner == NULL || (compared->leaf.size == 0 && compared->compared == 0))
    return BASE_OK;
  enum base_code code =
      core_check_proved(core, partner, compared->leaf, compared->opening, compared->proof,
                        core_head_key_size(compared->his_index), compared->his_head, &arena, &leaf, &opening, &why);
  bool his = code == BASE_OK && leaf.act == WIRE_ACT_STATEMENT && base_view_equal(opening.from, row->origin) &&
             base_view_equal(opening.to, core->card.origin);
  if (!his && (code == BASE_OK || core_damage(code)))
    core_check_found(core, CORE_SO_PROOF, place, "the statement of it that is kept does not verify%s%s",
                     code == BASE_OK ? "" : ": ", code == BASE_OK ? "" : why.text);
  return code == BASE_OK || core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
}

/* What is remembered of the last file that went by hand, and of the last comparison: it decides what goes next and what
 * a person is told; but for his statement it says nothing that the register and the outbox do not. */
static enum base_code check_remembered(struct core *core, const struct store_partner *row, struct core_place place,
                                       struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_carried carried;
  struct store_comparison compared = {0};
  struct core_check_leaf leaf;
  enum base_code code = store_carried_get(core->store, row->number, &carried, err);
  bool beyond = code == BASE_OK && carried.number > row->sent_number;
  for (size_t i = 0; code == BASE_OK && i < carried.base_count; i++)
    beyond = beyond || carried.bases[i] > core->reg.attested;
  if (core_damage(code) || beyond)
    core_check_found(core, CORE_SO_DERIVED, place, "what is kept of files carried to it names what there never was");
  if (code == BASE_OK || core_damage(code))
    code = store_comparison_get(core->store, row->number, &arena, &compared, err);
  if (core_damage(code))
    core_check_found(core, CORE_SO_DERIVED, place, "what is kept of its comparison cannot be read");
  if (code == BASE_OK)
    code = check_his(core, row, &compared, place, err);
  if (code != BASE_OK || compared.index == 0)
    return core_damage(code) ? BASE_OK : code;
  code = core_check_leaf(core, compared.index, &arena, &leaf, err);
  const struct wire_statement *said = &leaf.opening.statement;
  if (core_damage(code) ||
      (code == BASE_OK && (leaf.leaf.act != WIRE_ACT_STATEMENT || !base_view_equal(leaf.opening.to, row->origin) ||
                           said->given != compared.given || said->known != compared.known ||
                           said->taken != compared.taken || said->answered != compared.answered)))
    core_check_found(core, CORE_SO_DERIVED, place, "what is kept of its comparison is not what leaf %llu states",
                     (unsigned long long)compared.index);
  return core_damage(code) ? BASE_OK : code;
}

/* What the node stands on: its own cards, which partners and evidence are given, and what it learnt of itself. */
static enum base_code check_facts(struct core *core, struct base_error *err) {
  struct base_error why = {0};
  if (core->lost[0] != '\0')
    core_check_found(core, CORE_SO_ONCE, core_place("register"), "%s", core->lost);
  if (core->token_key_lost)
    core_check_found(core, CORE_SO_TABLE, core_place("fact part-token-key"),
                     "it is missing or damaged: parts are not found by their hash, and those that come now neither");
  if (core->login_key_lost)
    core_check_found(core, CORE_SO_TABLE, core_place("fact login-key"),
                     "it is missing or damaged: nobody comes in by a password before a new one is set");
  if (core->match_key_lost)
    core_check_found(core, CORE_SO_TABLE, core_place("fact match-key"),
                     "it is missing or damaged: no cross-check finds anything, and what comes now is not noted for one");
  enum base_code code = core_cards_check(core, 0, core->card.generation, &why);
  if (core_damage(code))
    core_check_found(core, CORE_SO_PROOF, core_place("card"), "the history of this node's cards does not stand: %s",
                     why.text);
  return core_damage(code) || code == BASE_OK ? BASE_OK : base_fail(err, code, "%s", why.text);
}

enum base_code core_check_partners(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check *check = core->check;
  struct store_partner row;
  int64_t before = check->key;
  enum base_code code = store_partner_next(core->store, &check->key, &arena, &row, err);
  one_row(check, CORE_CHECK_COST_SIGNED);
  bool found = core_check_row(core, "partners or partner_progress", check->key != before, &code, done, err);
  if (*done && code == BASE_OK)
    return check_facts(core, err);
  if (!found)
    return code;
  struct core_place place = core_place("partner %.*s", (int)row.name.size, (const char *)row.name.data);
  code = check_card(core, &row, place, err);
  if (code == BASE_OK)
    code = check_confirmed(core, &row, place, err);
  if (code == BASE_OK)
    code = check_progress(core, &row, place, err);
  if (code == BASE_OK)
    code = check_remembered(core, &row, place, err);
  return code == BASE_OK ? check_kept(core, &row, place, err) : code;
}

/* --- our heads, and who cosigned them */

static enum base_code verify(const struct core_cards *log, const struct core_cards *witness, struct base_view note,
                             struct wire_checkpoint *out, struct base_error *err) {
  struct seal_signer signer;
  enum base_code code = core_head_signers(log, witness, note, &signer, err);
  return code == BASE_OK ? seal_checkpoint_verify(note, signer, out, NULL, err) : code;
}

enum base_code core_check_heads(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  struct core_check *check = core->check;
  struct wire_checkpoint head;
  struct base_hash root = {{0}}, computed;
  struct base_error why = {0};
  int64_t before = check->key;
  enum base_code code = store_head_next(core->store, &check->key, &root, &note, err);
  one_row(check, CORE_CHECK_COST_SIGNED);
  if (!core_check_row(core, "heads", check->key != before, &code, done, err))
    return code;
  struct core_place place = core_place("head %lld", (long long)check->key);
  code = verify(&core->cards, NULL, base_buf_view(&note), &head, &why);
  if (code == BASE_OK && (head.size != (uint64_t)check->key || !base_hash_equal(&head.root, &root)))
    code = base_fail(&why, BASE_CORRUPT, "it is of %llu leaves, or of another root than is stored with it",
                     (unsigned long long)head.size);
  if (code == BASE_OK && head.size > core->reg.attested)
    code = base_fail(&why, BASE_CORRUPT, "this register has %llu leaves", (unsigned long long)core->reg.attested);
  if (code == BASE_OK)
    code = core_register_root(core, head.size, &computed, &why);
  if (code == BASE_OK && !base_hash_equal(&computed, &root))
    code = base_fail(&why, BASE_CORRUPT, "the leaves give another root");
  if (core_damage(code))
    core_check_found(core, CORE_SO_PROOF, place, "it is not a head of this register: %s", why.text);
  return core_damage(code) || code == BASE_OK ? BASE_OK : base_fail(err, code, "%s", why.text);
}

static enum base_code check_cosignature(struct core *core, const struct core_partner *partner, struct base_view line,
                                        struct core_place place, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, 2 * WIRE_NOTE_MAX);
  struct wire_checkpoint head;
  struct base_hash root;
  struct base_error why = {0};
  uint64_t size = (uint64_t)core->check->pair.second;
  enum base_code code = store_head_get(core->store, size, &root, &note, &why);
  base_buf_add_view(&note, line);
  if (code == BASE_OK)
    code = verify(&core->cards, &partner->cards, base_buf_view(&note), &head, &why);
  if (core_damage(code))
    core_check_found(core, CORE_SO_PROOF, place, "the cosignature of %.*s on it does not verify: %s",
                     (int)partner->card.name.size, (const char *)partner->card.name.data, why.text);
  return core_damage(code) || code == BASE_OK ? BASE_OK : base_fail(err, code, "%s", why.text);
}

/* Counts the rows of the partner at hand; next: the partner of the row that comes, or none. When some came while they
 * were counted, they are counted once more. */
static enum base_code count_kept(struct core *core, int64_t next, bool heads, bool *out_again, struct base_error *err) {
  struct core_check *check = core->check;
  uint64_t kept[2] = {0, 0};
  *out_again = false;
  if (check->counting != next && check->counted > 0) {
    enum base_code code = store_partner_kept(core->store, check->counting, &kept[0], &kept[1], err);
    if (code != BASE_OK && !core_damage(code))
      return code;
    bool moved = code == BASE_OK && kept[heads] != check->kept;
    if (moved && check->again++ < AGAIN_MAX) {
      check->pair = (struct store_pair){check->counting, INT64_MIN};
      check->counted = 0;
      check->kept = kept[heads];
      *out_again = true;
      return BASE_OK;
    }
    if (code == BASE_OK && !moved && check->counted != check->kept)
      core_check_found(core, CORE_SO_PROOF, core_place_partner(core, check->counting),
                       "%llu %s of it were kept, %llu are here", (unsigned long long)check->kept,
                       heads ? "heads" : "cosignatures", (unsigned long long)check->counted);
  }
  if (check->counting == next && check->counted > 0) {
    check->counted++;
    return BASE_OK;
  }
  check->counting = next;
  check->counted = 1;
  check->again = 0;
  if (next == INT64_MIN)
    check->counted = 0;
  else if (core_damage(store_partner_kept(core->store, next, &kept[0], &kept[1], err)))
    kept[heads] = 0;
  check->kept = kept[heads];
  return BASE_OK;
}

/* One row of either table, with all that is counted about it. */
static enum base_code walk_kept(struct core *core, bool heads, struct base_buf *bytes, const struct core_partner **out,
                                bool *done, struct base_error *err) {
  struct core_check *check = core->check;
  struct store_pair before = check->pair;
  *out = NULL;
  enum base_code code = heads ? store_partner_head_next(core->store, &check->pair, bytes, err)
                              : store_cosignature_next(core->store, &check->pair, bytes, err);
  one_row(check, CORE_CHECK_COST_SIGNED);
  bool moved = check->pair.first != before.first || check->pair.second != before.second, again = false;
  bool found = core_check_row(core, heads ? "partner_heads" : "cosignatures", moved, &code, done, err);
  if (code != BASE_OK || (!found && !*done))
    return code;
  code = count_kept(core, found ? check->pair.first : INT64_MIN, heads, &again, err);
  if (again)
    *done = false;
  if (code != BASE_OK || again || !found)
    return code;
  *out = core_partner_numbered(core, check->pair.first);
  if (*out == NULL)
    core_check_found(core, CORE_SO_PARTNER, core_place_partner(core, check->pair.first),
                     "heads or cosignatures of it are kept, but it is not here, or cannot be read");
  return BASE_OK;
}

enum base_code core_check_cosignatures(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_init(&line, WIRE_NOTE_MAX);
  const struct core_partner *partner = NULL;
  enum base_code code = walk_kept(core, false, &line, &partner, done, err);
  if (code != BASE_OK || partner == NULL)
    return code;
  return check_cosignature(core, partner, base_buf_view(&line),
                           core_place("head %lld", (long long)core->check->pair.second), err);
}

enum base_code core_check_partner_heads(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  const struct core_partner *partner = NULL;
  struct wire_checkpoint head;
  struct base_error why = {0};
  enum base_code code = walk_kept(core, true, &note, &partner, done, err);
  if (code != BASE_OK || partner == NULL)
    return code;
  code = verify(&partner->cards, &core->cards, base_buf_view(&note), &head, &why);
  if (code == BASE_OK && head.size != core_head_key_size((uint64_t)core->check->pair.second))
    code = base_fail(&why, BASE_CORRUPT, "it is of %llu leaves", (unsigned long long)head.size);
  if (core_damage(code))
    core_check_found(core, CORE_SO_PROOF, core_place_partner(core, partner->row.number),
                     "its head kept as of %lld leaves does not verify: %s", (long long)core->check->pair.second,
                     why.text);
  return core_damage(code) || code == BASE_OK ? BASE_OK : base_fail(err, code, "%s", why.text);
}
