/* SPDX-License-Identifier: Apache-2.0
 * Each card that followed another one, with its succession, in a file of its own: public, and worth as much as the keys
 * on it. Data that lost a card get it back from here; partners would take no other in its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "keeper/internal.h"

enum { READ_MAX = WIRE_KEEPER_CARD_MAX + 1 }; /* bytes: a longer file must not pass for its beginning */

struct file_name {
  char text[40];
};

static struct file_name name_of(uint32_t generation) {
  struct file_name name;
  (void)snprintf(name.text, sizeof name.text, KEEPER_CARD_FILE, (unsigned)generation);
  return name;
}

enum base_code keeper_card_keep(int dir, uint32_t generation, struct base_view card, struct base_view succession,
                                struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_KEEPER_CARD_MAX);
  wire_keeper_card_write(&(struct wire_keeper_card){card, succession}, &bytes);
  enum base_code code = base_buf_check(&bytes, "a card", err);
  return code == BASE_OK ? base_file_replace(dir, name_of(generation).text, base_buf_view(&bytes), 0600, err) : code;
}

enum base_code keeper_card_read(int dir, uint32_t generation, struct base_buf *bytes, struct wire_keeper_card *out,
                                struct base_error *err) {
  struct file_name name = name_of(generation);
  struct stat status;
  if (fstatat(dir, name.text, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
    return base_fail(err, BASE_NOT_FOUND, "%s is missing; put its copy back", name.text);
  enum base_code code = base_file_read(dir, name.text, WIRE_KEEPER_CARD_MAX, bytes, err);
  if (code != BASE_OK)
    return code;
  code = wire_keeper_card_parse(base_buf_view(bytes), out, err);
  return code == BASE_OK ? BASE_OK : base_fail(err, BASE_CORRUPT, "%s is damaged; put its copy back", name.text);
}

enum base_code keeper_card(const struct keeper *keeper, uint32_t generation, struct base_buf *out,
                           struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, READ_MAX);
  struct wire_keeper_card kept;
  /* A later one was written and never signed for good: the memory of heads decides. */
  if (generation < 2 || generation > keeper_heads_own(keeper->heads)->generation)
    return base_fail(err, BASE_NOT_FOUND, "keeper.card: generation %u was not signed here", (unsigned)generation);
  enum base_code code = keeper_card_read(keeper->dir, generation, &bytes, &kept, err);
  if (code == BASE_OK)
    wire_keeper_card_write(&kept, out);
  return code;
}

/* The card of the next generation, when it is kept and follows. */
static enum base_code read_next(int dir, const struct base_hash *before, uint32_t generation, struct base_buf *bytes,
                                struct base_view *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_keeper_card kept;
  struct wire_card card;
  struct base_error why = {0};
  enum base_code code = keeper_card_read(dir, generation, bytes, &kept, err);
  if (code != BASE_OK)
    return code;
  code = wire_card_parse(kept.card, &arena, &card, &why);
  if (code == BASE_MEMORY)
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK || card.generation != generation || !base_hash_equal(&card.previous, before))
    return base_fail(err, BASE_CORRUPT, "%s does not follow the card before it", name_of(generation).text);
  *out = kept.card;
  return BASE_OK;
}

enum base_code keeper_cards_follow(int dir, uint32_t most, struct base_hash *hash, uint32_t *generation,
                                   struct base_buf *newest, struct base_error *err) {
  enum base_code code = BASE_OK;
  while (*generation < most) {
    BASE_AUTO_BUF struct base_buf bytes = {0};
    base_buf_init(&bytes, READ_MAX);
    struct base_view card;
    code = read_next(dir, hash, *generation + 1, &bytes, &card, err);
    if (code != BASE_OK)
      break;
    *hash = seal_sha256(card);
    (*generation)++;
    base_buf_reset(newest);
    base_buf_add_view(newest, card);
    code = base_buf_check(newest, "a card", err);
    if (code != BASE_OK)
      break;
  }
  return code;
}
