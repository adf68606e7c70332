/* SPDX-License-Identifier: Apache-2.0
 * A new epoch of our own register: done once, offline, by wasl node epoch. spec/epoch.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/internal.h"

/* What a partner took stays taken: of each card he takes one successor. Data without the last card need it back, and
 * without it closing the register would leave no way on. */
static enum base_code card_lost(const char *which, const struct base_error *why, struct base_error *err) {
  return base_fail(
      err, BASE_ROLLBACK,
      "%s; the data in core/ are from before that, partners take nothing of this node without that card, "
      "and it cannot be brought back (%.160s). Nothing was changed. Look for that file, or for newer data; "
      "without them make a new node (docs/backup.md)",
      which, why->text);
}

/* The card that the data end with, or what it is followed by. */
struct last_card {
  uint32_t generation;
  struct base_hash hash;
  bool kept;             /* this keeper has a copy, so it signed it */
  struct base_buf bytes; /* to be freed */
};

static enum base_code read_card(struct base_view bytes, struct base_arena *arena, struct wire_card *out,
                                struct base_error *err) {
  enum base_code code = wire_card_parse(bytes, arena, out, err);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "the card of the data");
}

/* As far as the cards that are kept go on from that of the data; at most to this generation. why: what ends them. */
static enum base_code seek_last(int dir, struct base_view card, uint32_t most, struct last_card *out,
                                struct base_error *why, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_card parsed;
  enum base_code code = read_card(card, &arena, &parsed, err);
  if (code != BASE_OK)
    return code;
  base_buf_init(&out->bytes, WIRE_CARD_MAX);
  base_buf_add_view(&out->bytes, card);
  out->hash = seal_sha256(card);
  out->generation = parsed.generation;
  code = keeper_cards_follow(dir, most, &out->hash, &out->generation, &out->bytes, why);
  out->kept = out->generation > parsed.generation || keeper_card_holds(dir, parsed.generation, card);
  if (code == BASE_OK || code == BASE_NOT_FOUND || code == BASE_CORRUPT)
    return BASE_OK;
  *err = *why;
  return code;
}

/* The other way round: what has to be put back then are the keys. */
static enum base_code keys_older(uint32_t generation, struct base_error *err) {
  return base_fail(err, BASE_ROLLBACK,
                   "the data in place have the card of generation %u, and keeper/ knows nothing of it: it is an older "
                   "copy than the data. Nothing was changed. Put the newest keeper/ back, all its files with its own "
                   "heads.state (docs/keys.md)",
                   (unsigned)generation);
}

static bool holds(const struct keeper *keeper, enum keeper_key_type type, const struct wire_key *key) {
  for (size_t i = 0; i < keeper->count; i++)
    if (keeper->keys[i].type == type && wire_key_equal(&keeper->keys[i].public_key, key))
      return true;
  return false;
}

/* A card of the data that was signed later than the memory knows, and is kept nowhere here. A memory that was made anew
 * knows no card: there the keys say it. */
static enum base_code check_older(const struct keeper *keeper, const struct keeper_head *own, struct base_view card,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_card parsed;
  enum base_code code = card.size == 0 ? BASE_OK : read_card(card, &arena, &parsed, err);
  if (card.size == 0 || code != BASE_OK || parsed.generation <= own->generation ||
      keeper_card_holds(keeper->dir, parsed.generation, card))
    return code;
  bool anew = keeper_heads_epoch(keeper->heads) > 1 && wire_key_none(&own->bound);
  return anew && holds(keeper, KEEPER_KEY_LOG, &parsed.log_key) &&
                 holds(keeper, KEEPER_KEY_WITNESS, &parsed.witness_key) &&
                 holds(keeper, KEEPER_KEY_SEAL, &parsed.seals[0].key)
             ? BASE_OK
             : keys_older(parsed.generation, err);
}

/* card: of the data. Which one the memory signed last it knows by its hash; zeroes before any. A later one that is kept
 * is taken by it. */
static enum base_code check_signed(int dir, const struct keeper_head *own, struct base_view card,
                                   struct base_error *err) {
  char which[80];
  struct last_card last = {0};
  struct base_error why = {.text = "the data have another one of that generation"};
  if (card.size == 0 || wire_key_none(&own->bound))
    return BASE_OK;
  enum base_code code = seek_last(dir, card, own->generation, &last, &why, err);
  if (code == BASE_OK && last.generation <= own->generation &&
      memcmp(own->bound.bytes, last.hash.bytes, sizeof last.hash.bytes) != 0) {
    (void)snprintf(which, sizeof which, "the keeper signed the card of generation %u last", (unsigned)own->generation);
    code = card_lost(which, &why, err);
  }
  base_buf_free(&last.bytes);
  return code;
}

/* Without the memory: the newest keys must be those on the card. */
static enum base_code check_named(const struct keeper *keeper, const struct last_card *last,
                                  const struct base_error *why, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_card card;
  enum base_code code = read_card(base_buf_view(&last->bytes), &arena, &card, err);
  if (code != BASE_OK)
    return code;
  const struct {
    enum keeper_key_type type;
    const struct wire_key *key;
  } named[] = {
      {KEEPER_KEY_LOG, &card.log_key}, {KEEPER_KEY_WITNESS, &card.witness_key}, {KEEPER_KEY_SEAL, &card.seals[0].key}};
  for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
    const struct keeper_held *held = keeper_ring_newest(keeper, named[i].type);
    char which[80];
    (void)snprintf(which, sizeof which, "the keeper holds %s", keeper_key_name(held->type, held->number).text);
    if (wire_key_equal(&held->public_key, named[i].key))
      continue;
    bool later = last->kept || card.generation == 1 || held->from > card.made; /* the key is */
    return later ? card_lost(which, why, err) : keys_older(card.generation, err);
  }
  return BASE_OK;
}

/* Data of which core could open nothing: it would not start over them, and the register would be closed for nothing. */
static enum base_code check_opens(const struct keeper *keeper, const struct keeper_data *data, struct base_error *err) {
  uint32_t lacks = keeper_ring_find(keeper, KEEPER_KEY_EPOCH, data->oldest) == NULL ? data->oldest : data->newest;
  const struct keeper_held *first = NULL;
  for (size_t i = 0; i < keeper->count && first == NULL; i++)
    if (keeper->keys[i].type == KEEPER_KEY_EPOCH)
      first = &keeper->keys[i];
  if (data->oldest == 0 || first == NULL || keeper_ring_find(keeper, KEEPER_KEY_EPOCH, lacks) != NULL)
    return BASE_OK;
  struct keeper_key_name name = keeper_key_name(KEEPER_KEY_EPOCH, lacks);
  if (lacks > first->number)
    return base_fail(
        err, BASE_ROLLBACK,
        "the data in place are under %s, which is not here: the keys in keeper/ are an older copy than the "
        "data. Nothing was changed. Put the newest copy of the keys back (docs/keys.md)",
        name.text);
  return base_fail(
      err, BASE_ROLLBACK,
      "the data in place are under %s, which was replaced and destroyed since: nothing in them can be read "
      "any more. Nothing was changed. Put newer data back: the old core/, or a backup made after %s, when "
      "%s replaced it (wasl backup verify says when one was made; docs/backup.md)",
      name.text, base_time_format(first->from).text, keeper_key_name(KEEPER_KEY_EPOCH, first->number).text);
}

static enum base_code check_whose(const struct keeper *keeper, const struct keeper_data *data, struct base_error *err) {
  struct base_view origin = data->origin;
  return origin.size == 0 || base_view_is(origin, keeper->origin)
             ? BASE_OK
             : base_fail(err, BASE_WRONG_KEY,
                         "the data in place (core/, or the database that wasl.conf names) are of %.*s, and the keys in "
                         "keeper/ of %s. Nothing was changed. Put this node's own back",
                         (int)origin.size, (const char *)origin.data, keeper->origin);
}

/* The data know which epoch they are in, whatever the memory knows: core would not begin that one, nor one before. */
static enum base_code check_above(uint32_t next, const struct keeper_data *data, struct base_error *err) {
  if (next > data->epoch)
    return BASE_OK;
  if (data->epoch >= WIRE_EPOCHS_MAX)
    return base_fail(err, BASE_TOO_LARGE, "a register has at most %d epochs", WIRE_EPOCHS_MAX);
  return base_fail(err, BASE_FIELD,
                   "the data in place are in epoch %u, and the new one would be epoch %u: the least number is %u "
                   "(--number %u). Nothing was changed",
                   (unsigned)data->epoch, (unsigned)next, (unsigned)data->epoch + 1, (unsigned)data->epoch + 1);
}

/* The next epoch of a memory that is there; number: what was said, 0 for nothing. */
static enum base_code check_next(const struct keeper *keeper, uint32_t number, uint32_t next,
                                 const struct keeper_data *data, struct base_error *err) {
  uint32_t epoch = keeper_heads_epoch(keeper->heads);
  bool begun = keeper_heads_own(keeper->heads)->size > 0;
  if (next <= epoch)
    return base_fail(err, BASE_FIELD, "epoch %u is %s already: the next one is %u", (unsigned)epoch,
                     begun ? "signed" : "opened", (unsigned)epoch + 1);
  if (next > WIRE_EPOCHS_MAX)
    return base_fail(err, BASE_TOO_LARGE, "a register has at most %d epochs", WIRE_EPOCHS_MAX);
  enum base_code code = check_above(next, data, err);
  if (code == BASE_OK && number == 0 && epoch > 1 && !begun) /* one that is said is meant: that one was the wrong one */
    code = base_fail(err, BASE_CONFLICT, "epoch %u is open already and has not begun: start the node, and it begins",
                     (unsigned)epoch);
  return code;
}

/* Nothing here says which card was signed last but the files: none may be missing or damaged between them. */
static enum base_code find_without_memory(int dir, struct base_view card, struct last_card *out, struct base_error *why,
                                          struct base_error *err) {
  enum base_code code = seek_last(dir, card, UINT32_MAX, out, why, err);
  if (code == BASE_OK && (why->code != BASE_NOT_FOUND || keeper_cards_newest(dir) > out->generation)) {
    char which[80];
    (void)snprintf(which, sizeof which, "the keeper keeps a card of generation %u", (unsigned)keeper_cards_newest(dir));
    code = card_lost(which, why, err);
  }
  return code;
}

/* The keys that the card in force names. */
static enum base_code take_keys(const struct keeper *keeper, const struct last_card *last, struct keeper_head *own,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_card card;
  const struct keeper_held *log = NULL, *witness = NULL;
  enum base_code code = read_card(base_buf_view(&last->bytes), &arena, &card, err);
  for (size_t i = 0; i < keeper->count && code == BASE_OK; i++) {
    const struct keeper_held *held = &keeper->keys[i];
    if (held->type == KEEPER_KEY_LOG && wire_key_equal(&held->public_key, &card.log_key))
      log = held;
    if (held->type == KEEPER_KEY_WITNESS && wire_key_equal(&held->public_key, &card.witness_key))
      witness = held;
  }
  if (code != BASE_OK)
    return code;
  if (log == NULL || witness == NULL)
    return base_fail(err, BASE_NOT_FOUND, "the keys of the card of generation %u are missing; put their copies back",
                     (unsigned)last->generation);
  own->log_before = own->log;
  own->log = log->number;
  own->witness = witness->number;
  own->generation = last->generation;
  memcpy(own->bound.bytes, last->hash.bytes, sizeof last->hash.bytes);
  return BASE_OK;
}

/* A card that is kept, signed by the keys before it, was signed here, whatever the memory knows. */
static enum base_code find_later(const struct keeper *keeper, struct base_view card, struct keeper_head *own,
                                 struct base_error *err) {
  struct last_card last = {0};
  struct base_error why = {0};
  if (card.size == 0)
    return BASE_OK;
  enum base_code code = seek_last(keeper->dir, card, UINT32_MAX, &last, &why, err);
  bool knows = memcmp(own->bound.bytes, last.hash.bytes, sizeof last.hash.bytes) == 0;
  if (code == BASE_OK && last.kept && !knows)
    code = take_keys(keeper, &last, own, err);
  base_buf_free(&last.bytes);
  return code;
}

/* The card that the data end with, and those that were signed after it, are in force with the newest keys that are
 * held; without data core compares those with its own. */
static enum base_code find_in_force(const struct keeper *keeper, struct base_view card, struct keeper_head *head,
                                    struct base_error *err) {
  struct last_card last = {0};
  struct base_error why = {0};
  if (card.size == 0)
    return BASE_OK;
  enum base_code code = find_without_memory(keeper->dir, card, &last, &why, err);
  if (code == BASE_OK &&
      head->kind == KEEPER_HEAD_FREE) /* made anew: the memory does not say which keys are in force */
    code = check_named(keeper, &last, &why, err);
  if (code == BASE_OK && last.kept) { /* of a card that only the data have there is nobody's word but core's */
    head->generation = last.generation;
    memcpy(head->bound.bytes, last.hash.bytes, sizeof last.hash.bytes);
  }
  base_buf_free(&last.bytes);
  return code;
}

/* The next one of a memory that is there. */
static enum base_code go_on(int dir, uint32_t number, const struct keeper_data *data, const struct base_world *world,
                            char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  struct keeper *keeper = NULL;
  enum base_code code = keeper_open(dir, world, &keeper, err);
  if (code != BASE_OK)
    return code;
  uint32_t next = number == 0 ? keeper_heads_epoch(keeper->heads) + 1 : number;
  struct keeper_head own = *keeper_heads_own(keeper->heads);
  code = check_whose(keeper, data, err);
  if (code == BASE_OK)
    code = check_next(keeper, number, next, data, err);
  if (code == BASE_OK)
    code = check_opens(keeper, data, err);
  if (code == BASE_OK)
    code = check_older(keeper, &own, data->card, err);
  if (code == BASE_OK)
    code = check_signed(dir, &own, data->card, err);
  if (code == BASE_OK) /* a memory that was made anew may know too little */
    code = find_later(keeper, data->card, &own, err);
  if (code == BASE_OK) {
    own.origin = keeper_register_hash(keeper->origin, next);
    own.size = 0;
    own.root = (struct base_hash){0};
    code = keeper_heads_store(keeper->heads, 0, &own, err);
  }
  if (code == BASE_OK)
    keeper_register_origin(keeper->origin, next, out);
  keeper_close(keeper);
  return code;
}

static enum base_code make_memory(struct keeper *keeper, int dir, uint32_t number, const struct keeper_data *data,
                                  char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  keeper->dir = dir;
  enum base_code code = keeper_ring_load(keeper, err);
  const struct keeper_held *log = code == BASE_OK ? keeper_ring_newest(keeper, KEEPER_KEY_LOG) : NULL;
  const struct keeper_held *witness = code == BASE_OK ? keeper_ring_newest(keeper, KEEPER_KEY_WITNESS) : NULL;
  for (enum keeper_key_type type = KEEPER_KEY_LOG; code == BASE_OK && type < KEEPER_KEY_TYPES; type++)
    if (keeper_ring_newest(keeper, type) == NULL)
      code = base_fail(err, BASE_NOT_FOUND, "%s is missing, and no later one is there; put its offline copy back",
                       keeper_key_name(type, 1).text);
  struct keeper_head own = {.generation = 1};
  if (code == BASE_OK)
    code = check_whose(keeper, data, err);
  if (code == BASE_OK)
    code = check_above(number, data, err);
  if (code == BASE_OK)
    code = check_opens(keeper, data, err);
  if (code == BASE_OK)
    code = find_in_force(keeper, data->card, &own, err);
  if (code == BASE_OK) {
    own.log = log->number;
    own.witness = witness->number;
    code = keeper_heads_init(dir, keeper->origin, number, &own, err);
  }
  if (code == BASE_OK) {
    keeper_register_origin(keeper->origin, number, out);
    code = keeper_give_to_owner(dir, KEEPER_HEADS_FILE, err);
  }
  keeper_ring_free(keeper);
  return code;
}

/* Without the memory nobody here knows which epochs there were: whoever runs the node must say it. */
static enum base_code begin_anew(int dir, uint32_t number, const struct keeper_data *data,
                                 const struct base_world *world, char out[WIRE_ORIGIN_MAX + 1],
                                 struct base_error *err) {
  if (number < 2 || number > WIRE_EPOCHS_MAX)
    return base_fail(err, BASE_FIELD,
                     KEEPER_HEADS_FILE
                     " is missing: say the number of the new epoch (--number 2 when this is the first "
                     "loss, else one more than the last; from 2 to %d)",
                     WIRE_EPOCHS_MAX);
  struct keeper *keeper = calloc(1, sizeof *keeper);
  if (keeper == NULL)
    return base_fail(err, BASE_MEMORY, "keeper: out of memory");
  keeper->world = world;
  enum base_code code = make_memory(keeper, dir, number, data, out, err);
  free(keeper);
  return code;
}

enum base_code keeper_epoch_open(int dir, uint32_t number, const struct keeper_data *data,
                                 const struct base_world *world, char out[WIRE_ORIGIN_MAX + 1],
                                 struct base_error *err) {
  struct stat status;
  if (fstatat(dir, KEEPER_HEADS_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0)
    return go_on(dir, number, data, world, out, err);
  return errno == ENOENT ? begin_anew(dir, number, data, world, out, err)
                         : base_fail_errno(err, KEEPER_HEADS_FILE ": cannot be examined");
}
