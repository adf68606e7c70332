/* SPDX-License-Identifier: Apache-2.0
 * Each card that followed another one, with its succession, in a file of its own: public, and worth as much as the keys
 * on it. Data that lost a card get it back from here; partners would take no other in its place. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/internal.h"

enum { READ_MAX = WIRE_KEEPER_CARD_MAX + 1 }; /* bytes */

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
  BASE_AUTO_FD int fd = -1;
  enum base_code code = keeper_open_private(dir, name.text, O_RDONLY, &fd, err);
  if (code != BASE_OK)
    return code;
  uint8_t *room = base_buf_reserve(bytes, READ_MAX); /* a longer file must not pass for its beginning */
  if (room == NULL)
    return base_buf_check(bytes, name.text, err);
  ssize_t size = pread(fd, room, READ_MAX, 0);
  if (size < 0)
    return base_fail_errno(err, "%s: cannot be read", name.text);
  bytes->size -= READ_MAX - (size_t)size;
  code = wire_keeper_card_parse(base_buf_view(bytes), out, err);
  return code == BASE_OK ? BASE_OK : base_fail(err, BASE_CORRUPT, "%s is damaged; put its copy back", name.text);
}

bool keeper_card_holds(int dir, uint32_t generation, struct base_view card) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, READ_MAX);
  struct wire_keeper_card kept;
  return keeper_card_read(dir, generation, &bytes, &kept, NULL) == BASE_OK && base_view_equal(kept.card, card);
}

uint32_t keeper_cards_newest(int dir) {
  uint32_t newest = 0;
  int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
  if (folder == NULL)
    base_close_fd(&copy);
  for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
    unsigned generation = 0;
    if (sscanf(entry->d_name, KEEPER_CARD_FILE, &generation) == 1 && generation > newest &&
        strcmp(entry->d_name, name_of(generation).text) == 0)
      newest = generation;
  }
  if (folder != NULL)
    closedir(folder);
  return newest;
}

bool keeper_card_other(const struct keeper *keeper, uint32_t generation, struct base_view card) {
  struct stat status;
  return keeper_heads_epoch(keeper->heads) > 1 && wire_key_none(&keeper_heads_own(keeper->heads)->bound) &&
         fstatat(keeper->dir, name_of(generation).text, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         !keeper_card_holds(keeper->dir, generation, card);
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

/* The card of the next generation, when it is kept, follows this one, and is signed by the keys of both. */
static enum base_code read_next(int dir, struct base_view before, uint32_t generation, struct base_buf *bytes,
                                struct base_view *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 * WIRE_CARD_MAX);
  struct wire_keeper_card kept;
  struct wire_card last, card;
  struct base_error why = {0};
  enum base_code code = keeper_card_read(dir, generation, bytes, &kept, err);
  if (code != BASE_OK)
    return code;
  code = wire_card_parse(before, &arena, &last, &why);
  if (code == BASE_OK)
    code = wire_card_parse(kept.card, &arena, &card, &why);
  if (code == BASE_OK)
    code = seal_card_check(&card, &why);
  if (code == BASE_OK)
    code = seal_succession_verify(kept.succession, &last, before, &card, kept.card, NULL, &why);
  if (code == BASE_MEMORY)
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK || card.generation != generation)
    return base_fail(err, BASE_CORRUPT, "%s does not follow the card before it (%s); put its copy back",
                     name_of(generation).text, why.text);
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
    code = read_next(dir, base_buf_view(newest), *generation + 1, &bytes, &card, err);
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
