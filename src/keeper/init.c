/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keeper/internal.h"

static enum base_code refuse_filled(int dir, struct base_error *err) {
  int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy < 0 ? NULL : fdopendir(copy);
  if (folder == NULL) {
    enum base_code code = base_fail_errno(err, "the keeper's folder cannot be read");
    base_close_fd(&copy);
    return code;
  }
  const struct dirent *entry;
  enum base_code code = BASE_OK;
  errno = 0;
  while (code == BASE_OK && (entry = readdir(folder)) != NULL)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      code = base_fail(err, BASE_EXISTS, "the keeper's folder is not empty (%s); a node's keys are never overwritten",
                       entry->d_name);
  if (code == BASE_OK && errno != 0)
    code = base_fail_errno(err, "the keeper's folder cannot be read");
  closedir(folder);
  return code;
}

/* One fresh key of each type. The origin is made of the first one and stands in all. */
static enum base_code make_keys(struct keeper_token *token, struct base_view name, const struct base_world *world,
                                struct keeper_key keys[KEEPER_KEY_TYPES], struct base_error *err) {
  enum base_code code = BASE_OK;
  for (enum keeper_key_type type = KEEPER_KEY_LOG; code == BASE_OK && type < KEEPER_KEY_TYPES; type++)
    code = keeper_place_make(token, type, 1, name, world, &keys[type], err);
  if (code != BASE_OK)
    return code;
  char origin[WIRE_ORIGIN_MAX + 1];
  seal_origin(name, &keys[KEEPER_KEY_LOG].public_key, origin);
  for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++)
    memcpy(keys[type].origin, origin, sizeof origin);
  return BASE_OK;
}

static void remove_files(int dir) {
  for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++)
    unlinkat(dir, keeper_key_name(type, 1).text, 0);
  unlinkat(dir, KEEPER_HEADS_FILE, 0);
  unlinkat(dir, KEEPER_RETIRED_FILE, 0);
  unlinkat(dir, KEEPER_TOKEN_FILE, 0);
  unlinkat(dir, KEEPER_TOKEN_REFUSED, 0);
}

void keeper_remove(int dir) {
  struct keeper_token_conf conf;
  struct keeper_token *token = NULL;
  bool there = false;
  if (keeper_token_conf_read(dir, &conf, &there, NULL) == BASE_OK && there &&
      keeper_token_open(dir, &conf, &token, NULL) == BASE_OK)
    for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++) {
      struct keeper_key key = {0};
      if (keeper_key_read(dir, type, 1, &key, NULL) == BASE_OK)
        keeper_place_unmake(token, &key);
    }
  keeper_token_close(token);
  remove_files(dir);
}

/* In a folder that was empty: whatever bears our names is ours. */
static enum base_code make(int dir, struct base_view name, struct keeper_token *token, const struct base_world *world,
                           struct base_error *err) {
  struct keeper_key keys[KEEPER_KEY_TYPES] = {0};
  enum base_code code = make_keys(token, name, world, keys, err);
  for (enum keeper_key_type type = KEEPER_KEY_LOG; code == BASE_OK && type < KEEPER_KEY_TYPES; type++)
    code = keeper_key_write(dir, &keys[type], err);
  if (code == BASE_OK)
    code = keeper_heads_init(dir, keys[KEEPER_KEY_LOG].origin, 1,
                             &(struct keeper_head){.generation = 1, .log = 1, .witness = 1}, err);
  if (code == BASE_OK)
    code = keeper_retired_init(dir, keys[KEEPER_KEY_LOG].origin, err);
  for (enum keeper_key_type type = KEEPER_KEY_LOG; code != BASE_OK && type < KEEPER_KEY_TYPES; type++)
    keeper_place_unmake(token, &keys[type]);
  if (code != BASE_OK)
    remove_files(dir);
  base_wipe(keys, sizeof keys);
  return code;
}

static enum base_code check_place(int dir, struct base_view name, struct base_error *err) {
  return base_name_valid(name)
             ? refuse_filled(dir, err)
             : base_fail(err, BASE_FIELD, "a node's name is a letter a-z and up to 31 of a-z, 0-9 and -");
}

enum base_code keeper_init(int dir, struct base_view name, const struct base_world *world, struct base_error *err) {
  enum base_code code = check_place(dir, name, err);
  return code == BASE_OK ? make(dir, name, NULL, world, err) : code;
}

enum base_code keeper_init_in_token(int dir, struct base_view name, struct base_view text,
                                    const struct base_world *world, struct base_error *err) {
  struct keeper_token_conf conf;
  struct keeper_token *token = NULL;
  enum base_code code = check_place(dir, name, err);
  if (code == BASE_OK && keeper_token_conf_parse(text, &conf, err) != BASE_OK)
    code = base_fail_within(err, "the token");
  if (code != BASE_OK)
    return code;
  code = base_file_replace(dir, KEEPER_TOKEN_FILE, text, 0600, err);
  if (code == BASE_OK)
    code = keeper_token_open(dir, &conf, &token, err);
  if (code == BASE_OK)
    code = make(dir, name, token, world, err);
  else
    remove_files(dir);
  keeper_token_close(token);
  return code;
}
