/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/cards.h"
#include "core/epoch.h"
#include "core/register.h"

/* Cards of our own that are lost with the epoch before: the data are from before them, and partners hold them. The
 * keeper kept each with its succession. They come back before the new epoch begins, are verified like a partner's, and
 * are named again by leaves of it, for their own are lost. */

struct regained {
  struct base_buf bytes;
  struct wire_keeper_card form;
};

static enum base_code ask(struct core *core, uint32_t generation, struct regained *out, struct base_error *err) {
  base_buf_reset(&out->bytes);
  enum base_code code = core->env.keeper.card(core->env.keeper.context, generation, &out->bytes, err);
  if (code == BASE_OK)
    code = wire_keeper_card_parse(base_buf_view(&out->bytes), &out->form, err);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "the card of generation %u", (unsigned)generation);
}

static enum base_code verify(const struct core_card *before, const struct wire_keeper_card *form,
                             struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_card card;
  struct wire_succession succession;
  enum base_code code = wire_card_parse(form->card, &arena, &card, err);
  if (code == BASE_OK)
    code = seal_card_check(&card, err);
  if (code == BASE_OK)
    code = seal_succession_verify(form->succession, &before->card, before->bytes, &card, form->card, &succession, err);
  if (code == BASE_OK && wire_checkpoint_position(&succession.checkpoint) <= before->position)
    code = base_fail(err, BASE_CORRUPT, "it is named by a head older than the card before it");
  return code == BASE_OK ? BASE_OK
                         : base_fail_within(err, "the card of generation %u", (unsigned)before->card.generation + 1);
}

/* The newest one here was written, and no head that names it is kept: the keeper may have signed one. */
static enum base_code regain_succession(struct core *core, struct regained *one, struct base_error *err) {
  const struct core_card *newest = core_cards_newest(&core->cards);
  const struct core_card *before = core_cards_generation(&core->cards, newest->card.generation - 1);
  if (!core_card_waits(core) || before == NULL || core->info.generation < newest->card.generation)
    return BASE_OK;
  enum base_code code = ask(core, newest->card.generation, one, err);
  if (code == BASE_OK && !base_view_equal(one->form.card, newest->bytes))
    code = base_fail(err, BASE_FORK, "the keeper signed another card of generation %u than the one that is stored",
                     (unsigned)newest->card.generation);
  if (code == BASE_OK)
    code = verify(before, &one->form, err);
  if (code == BASE_OK)
    code = core_cards_succeed(&core->cards, one->form.succession, err);
  if (code == BASE_OK)
    core->regained = newest->card.generation;
  return code;
}

static enum base_code regain_all(struct core *core, struct regained *one, struct base_error *err) {
  enum base_code code = regain_succession(core, one, err);
  while (code == BASE_OK && core_cards_newest(&core->cards)->card.generation < core->info.generation) {
    const struct core_card *before = core_cards_newest(&core->cards);
    uint32_t generation = before->card.generation + 1;
    code = ask(core, generation, one, err);
    if (code == BASE_OK)
      code = verify(before, &one->form, err);
    if (code == BASE_OK)
      code = core_cards_add(&core->cards, one->form.card, one->form.succession, 0, err);
    if (code == BASE_OK && core->regained == 0)
      core->regained = generation;
  }
  return code;
}

enum base_code core_cards_regain(struct core *core, struct base_error *err) {
  bool begins = false;
  struct regained one = {0};
  enum base_code code = core_epoch_begins(core, &begins, err);
  if (code != BASE_OK || !begins || core_hash_zero(&core->info.card) || core->cards.count == 0)
    return code;
  base_buf_init(&one.bytes, WIRE_KEEPER_CARD_MAX);
  struct base_error why = {0};
  code = regain_all(core, &one, &why);
  base_buf_free(&one.bytes);
  if (code == BASE_OK && !core_card_known(core)) /* another one of that generation */
    return core_card_behind(core, err);
  if (code == BASE_OK && core->regained > 0)
    base_log(BASE_LOG_NOTICE, "card.regained", "generations %u to %u, which the data lost, came back from the keeper",
             (unsigned)core->regained, (unsigned)core_cards_newest(&core->cards)->card.generation);
  if (code == BASE_OK) {
    core_card_in_force(core);
    return BASE_OK;
  }
  if (code == BASE_NOT_FOUND) /* nobody here has it */
    return core_card_behind(core, err);
  *err = why;
  return code;
}

/* The file of the card that is stored here, whole, as the keeper wrote it. */
static enum base_code is_kept(struct core *core, const struct core_card *card, struct regained *one, bool *out,
                              struct base_error *err) {
  struct base_error why = {0};
  enum base_code code = ask(core, card->card.generation, one, &why);
  *out = code == BASE_OK && base_view_equal(one->form.card, card->bytes) &&
         base_view_equal(one->form.succession, card->succession);
  if (code == BASE_OK || core_damage(code) || code == BASE_IO)
    return BASE_OK;
  *err = why;
  return code;
}

enum base_code core_cards_unkept(struct core *core, struct base_error *err) {
  enum { NAMED_MOST = 4 }; /* the sentence is for a person, and has its end */
  BASE_AUTO_BUF struct base_buf names = {0};
  struct regained one = {0};
  unsigned lost = 0;
  enum base_code code = BASE_OK;
  core->keys.unkept[0] = '\0';
  base_buf_init(&one.bytes, WIRE_KEEPER_CARD_MAX);
  for (size_t i = 0; i < core->cards.count && code == BASE_OK; i++) {
    const struct core_card *card = &core->cards.list[i];
    bool kept = true;
    if (card->succession.size > 0 && card->card.generation <= core->info.generation)
      code = is_kept(core, card, &one, &kept, err);
    if (code == BASE_OK && !kept && ++lost <= NAMED_MOST)
      base_buf_printf(&names, "%scard-%u.signed", lost > 1 ? ", " : "", (unsigned)card->card.generation);
  }
  base_buf_free(&one.bytes);
  if (code == BASE_OK)
    code = base_buf_check(&names, "the cards that are kept", err);
  if (code != BASE_OK || lost == 0)
    return code;
  (void)snprintf(core->keys.unkept, sizeof core->keys.unkept,
                 "in keeper/ %.*s%s %s missing or damaged. The node works without, but it could not be brought back "
                 "from data older than that card: put the copy back and start again. Without a copy it cannot be "
                 "written again: make a backup now, and rely on none from before that card",
                 (int)names.size, (const char *)names.data, lost > NAMED_MOST ? ", …" : "", lost > 1 ? "are" : "is");
  base_log(BASE_LOG_WARNING, "card.unkept", "%s", core->keys.unkept);
  return BASE_OK;
}

enum base_code core_cards_name_again(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < core->cards.count && core->regained > 0 && code == BASE_OK; i++) {
    struct core_card *card = &core->cards.list[i];
    struct core_leaf leaf;
    if (card->card.generation < core->regained)
      continue;
    if (card->leaf == 0) { /* one that waited has its leaf */
      code = core_card_leaf(core, &card->hash, &leaf, err);
      card->leaf = code == BASE_OK ? leaf.index : 0;
    }
    if (code == BASE_OK)
      code = core_card_save(core, 0, card, err);
  }
  return code;
}
