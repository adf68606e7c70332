/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seal/seal.h"

enum { MAGIC_SIZE = 8 };
static const char MAGIC[MAGIC_SIZE] = {'W', 'A', 'S', 'L', 'K', 'E', 'Y', '1'};
static const char TOKEN_MAGIC[MAGIC_SIZE] = {'W', 'A', 'S', 'L', 'T', 'O', 'K', '1'};

static const char *const words[KEEPER_KEY_TYPES] = {[KEEPER_KEY_LOG] = "log",
                                                    [KEEPER_KEY_WITNESS] = "witness",
                                                    [KEEPER_KEY_SEAL] = "seal",
                                                    [KEEPER_KEY_EPOCH] = "epoch"};

struct keeper_key_name keeper_key_name(enum keeper_key_type type, uint32_t number) {
  struct keeper_key_name name;
  if (number == 1)
    snprintf(name.text, sizeof name.text, "%s.key", words[type]);
  else
    snprintf(name.text, sizeof name.text, "%s-%u.key", words[type], (unsigned)number);
  return name;
}

bool keeper_key_named(const char *text, enum keeper_key_type *out_type, uint32_t *out_number) {
  for (enum keeper_key_type type = KEEPER_KEY_LOG; type < KEEPER_KEY_TYPES; type++) {
    size_t word = strlen(words[type]), size = strlen(text);
    uint64_t number = 1;
    if (size < word + 4 || memcmp(text, words[type], word) != 0)
      continue;
    if (text[word] == '-' && !base_decimal_parse(base_view_of(text + word + 1, size - word - 5), &number))
      continue;
    if (number == 0 || number > UINT32_MAX || strcmp(text, keeper_key_name(type, (uint32_t)number).text) != 0)
      continue;
    *out_type = type;
    *out_number = (uint32_t)number;
    return true;
  }
  return false;
}

static struct wire_key epoch_check_value(const struct base_secret *secret) {
  static const char domain[] = "wasl epoch key/1\n";
  uint8_t text[sizeof domain - 1 + sizeof secret->bytes];
  memcpy(text, domain, sizeof domain - 1);
  memcpy(text + sizeof domain - 1, secret->bytes, sizeof secret->bytes);
  struct base_hash hash = seal_sha256(base_view_of(text, sizeof text));
  base_wipe(text, sizeof text);
  struct wire_key value = {0};
  memcpy(value.bytes, hash.bytes, sizeof value.bytes);
  return value;
}

enum base_code keeper_key_derive(enum keeper_key_type type, const struct base_secret *secret, struct wire_key *out,
                                 struct base_error *err) {
  if (type == KEEPER_KEY_EPOCH) {
    *out = epoch_check_value(secret);
    return BASE_OK;
  }
  int curve = type == KEEPER_KEY_SEAL ? EVP_PKEY_X25519 : EVP_PKEY_ED25519;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(curve, NULL, secret->bytes, sizeof secret->bytes);
  struct wire_key public_key = {0};
  size_t size = sizeof public_key.bytes;
  bool done = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key.bytes, &size) == 1;
  EVP_PKEY_free(key);
  if (!done)
    return base_fail(err, BASE_INTERNAL, "the cryptographic library cannot use the %s key", words[type]);
  *out = public_key;
  return BASE_OK;
}

enum base_code keeper_key_write(int dir, const struct keeper_key *key, struct base_error *err) {
  struct keeper_key_name name = keeper_key_name(key->type, key->number);
  BASE_AUTO_BUF struct base_buf file;
  base_buf_init(&file, KEEPER_KEY_FILE_MAX);
  /* One piece from the start: a buffer that grows would leave copies of the secret behind in freed memory. */
  if (base_buf_reserve(&file, KEEPER_KEY_FILE_MAX) == NULL)
    return base_buf_check(&file, name.text, err);
  base_buf_reset(&file);
  base_buf_add(&file, key->in_token ? TOKEN_MAGIC : MAGIC, MAGIC_SIZE);
  base_buf_u8(&file, (uint8_t)key->type);
  base_buf_u32(&file, key->number);
  base_buf_u64(&file, (uint64_t)key->from);
  base_buf_u64(&file, (uint64_t)key->until);
  base_buf_block(&file, base_view_text(key->origin));
  wire_key_write(&key->public_key, &file);
  if (key->in_token) {
    base_buf_u8(&file, key->going);
    base_buf_add(&file, key->id, sizeof key->id);
    base_buf_add(&file, key->iv, sizeof key->iv);
    base_buf_add(&file, key->covered, sizeof key->covered);
  } else {
    base_buf_add(&file, key->secret.bytes, sizeof key->secret.bytes);
  }
  struct base_hash checksum = seal_sha256(base_buf_view(&file));
  base_buf_add(&file, checksum.bytes, sizeof checksum.bytes);
  enum base_code code = base_buf_check(&file, name.text, err);
  if (code == BASE_OK)
    code = base_file_replace(dir, name.text, base_buf_view(&file), 0600, err);
  base_wipe(file.data, file.size);
  return code;
}

static enum base_code damaged(enum keeper_key_type type, const char *how, struct base_error *err) {
  return base_fail(err, BASE_CORRUPT, "the file of the %s key is damaged (%s); bring it back from where you keep its copy",
                   words[type], how);
}

static void copy(struct base_view from, uint8_t *to) {
  if (from.size > 0)
    memcpy(to, from.data, from.size);
}

/* Where a secret would stand. True when only an epoch key has something covered. */
static bool read_token_fields(struct base_reader *reader, struct keeper_key *key) {
  static const uint8_t nothing[sizeof key->covered];
  uint8_t going = base_read_u8(reader);
  copy(base_read_bytes(reader, sizeof key->id), key->id);
  copy(base_read_bytes(reader, sizeof key->iv), key->iv);
  copy(base_read_bytes(reader, sizeof key->covered), key->covered);
  key->going = going == 1;
  return going <= 1 && (key->type == KEEPER_KEY_EPOCH || (memcmp(key->iv, nothing, sizeof key->iv) == 0 &&
                                                          memcmp(key->covered, nothing, sizeof nothing) == 0));
}

/* The fields, without judging them. */
static bool read_fields(struct base_view body, struct keeper_key *key) {
  struct base_reader reader = base_reader_of(body);
  struct base_view magic = base_read_bytes(&reader, MAGIC_SIZE);
  key->in_token = magic.size == MAGIC_SIZE && memcmp(magic.data, TOKEN_MAGIC, MAGIC_SIZE) == 0;
  if (!key->in_token && (magic.size != MAGIC_SIZE || memcmp(magic.data, MAGIC, MAGIC_SIZE) != 0))
    return false;
  key->type = base_read_u8(&reader);
  key->number = base_read_u32(&reader);
  key->from = (base_time)base_read_u64(&reader);
  key->until = (base_time)base_read_u64(&reader);
  struct base_view origin = base_read_block(&reader, WIRE_ORIGIN_MAX);
  wire_key_read(&reader, &key->public_key);
  struct base_view secret = base_read_bytes(&reader, key->in_token ? 0 : sizeof key->secret.bytes);
  bool good = !key->in_token || read_token_fields(&reader, key);
  if (base_reader_end(&reader, "key", NULL) != BASE_OK || !good || !wire_origin_valid(origin))
    return false;
  memcpy(key->origin, origin.data, origin.size);
  copy(secret, key->secret.bytes);
  return true;
}

enum base_code keeper_key_parse(struct base_view bytes, enum keeper_key_type type, struct keeper_key *out,
                                struct base_error *err) {
  struct keeper_key key = {0};
  struct wire_key derived;
  enum base_code code = BASE_OK;
  if (bytes.size < sizeof(struct base_hash))
    return damaged(type, "too short", err);
  struct base_view body = base_view_of(bytes.data, bytes.size - sizeof(struct base_hash));
  struct base_hash checksum = seal_sha256(body);
  if (memcmp(checksum.bytes, body.data + body.size, sizeof checksum.bytes) != 0)
    return damaged(type, "the checksum does not fit", err);
  if (!read_fields(body, &key))
    code = damaged(type, "not a key file of this version", err);
  else if (key.type != type)
    code = damaged(type, "it holds a key of another type", err);
  else if (!key.in_token)
    code = keeper_key_derive(type, &key.secret, &derived, err);
  if (code == BASE_OK && !key.in_token && !wire_key_equal(&derived, &key.public_key))
    code = damaged(type, "the public part does not fit the secret", err);
  if (code == BASE_OK)
    *out = key;
  base_wipe(&key, sizeof key);
  return code;
}

enum base_code keeper_open_private(int dir, const char *name, int flags, int *out, struct base_error *err) {
  BASE_AUTO_FD int fd = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0)
    return base_fail_errno(err, "%s: cannot be opened", name);
  if (!S_ISREG(status.st_mode))
    return base_fail(err, BASE_CORRUPT, "%s: not an ordinary file", name);
  if ((status.st_mode & 077) != 0)
    return base_fail(err, BASE_PERMISSION,
                     "%s: others than its owner have rights on it (mode %04o); take it as known to them, or run "
                     "`chmod 600 %s` if nobody else could enter the folder",
                     name, (unsigned)status.st_mode & 07777U, name);
  *out = fd;
  fd = -1;
  return BASE_OK;
}

enum base_code keeper_give_to_owner(int dir, const char *name, struct base_error *err) {
  struct stat folder;
  if (fstat(dir, &folder) != 0 ||
      (geteuid() == 0 && fchownat(dir, name, folder.st_uid, folder.st_gid, AT_SYMLINK_NOFOLLOW) != 0))
    return base_fail_errno(err, "%s: cannot be given to the keeper's user", name);
  return BASE_OK;
}

enum base_code keeper_key_read(int dir, enum keeper_key_type type, uint32_t number, struct keeper_key *out,
                               struct base_error *err) {
  struct keeper_key_name name = keeper_key_name(type, number);
  BASE_AUTO_FD int fd = -1;
  enum base_code code = keeper_open_private(dir, name.text, O_RDONLY, &fd, err);
  if (code != BASE_OK)
    return code;
  struct keeper_key key = {0};
  uint8_t bytes[KEEPER_KEY_FILE_MAX + 1]; /* one more: a longer file must not pass for its beginning */
  ssize_t size = pread(fd, bytes, sizeof bytes, 0);
  if (size < 0)
    code = base_fail_errno(err, "it cannot be read");
  else if ((size_t)size > KEEPER_KEY_FILE_MAX)
    code = damaged(type, "too long", err);
  else
    code = keeper_key_parse(base_view_of(bytes, (size_t)size), type, &key, err);
  if (code == BASE_OK && key.number != number)
    code = damaged(type, "it holds a key of another number", err);
  if (code == BASE_OK)
    *out = key;
  base_wipe(&key, sizeof key);
  base_wipe(bytes, sizeof bytes);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "%s", name.text);
}

/* Under the name that no key has: an overwriting that is cut off leaves a file that is no key, and nobody takes it for
 * a damaged one. */
struct gone_name {
  char text[sizeof(struct keeper_key_name) + sizeof KEEPER_KEY_GONE];
};

static struct gone_name gone_name(enum keeper_key_type type, uint32_t number) {
  struct gone_name name;
  (void)snprintf(name.text, sizeof name.text, "%s" KEEPER_KEY_GONE, keeper_key_name(type, number).text);
  return name;
}

/* Over a file that is written in place: on most file systems the old octets are gone then; spec/keeper.md says where
 * not. */
static enum base_code overwrite(int dir, const char *name, struct base_error *err) {
  static const uint8_t nothing[KEEPER_KEY_FILE_MAX];
  BASE_AUTO_FD int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return errno == ENOENT ? BASE_OK : base_fail_errno(err, "%s: cannot be opened to destroy it", name);
  if (pwrite(fd, nothing, sizeof nothing, 0) != (ssize_t)sizeof nothing || fsync(fd) != 0)
    return base_fail_errno(err, "%s: cannot be written over", name);
  if (unlinkat(dir, name, 0) != 0 || fsync(dir) != 0)
    return base_fail_errno(err, "%s: cannot be removed", name);
  return BASE_OK;
}

enum base_code keeper_key_destroy(int dir, enum keeper_key_type type, uint32_t number, struct base_error *err) {
  struct keeper_key_name name = keeper_key_name(type, number);
  struct gone_name gone = gone_name(type, number);
  if (renameat(dir, name.text, dir, gone.text) != 0 && errno != ENOENT)
    return base_fail_errno(err, "%s: cannot be renamed to destroy it", name.text);
  if (fsync(dir) != 0)
    return base_fail_errno(err, "%s: its folder cannot be made durable", name.text);
  return overwrite(dir, gone.text, err);
}

bool keeper_key_gone(const char *text) {
  enum keeper_key_type type;
  uint32_t number;
  struct keeper_key_name name = {{0}};
  size_t size = strlen(text), end = sizeof KEEPER_KEY_GONE - 1;
  if (size <= end || size - end >= sizeof name.text || strcmp(text + size - end, KEEPER_KEY_GONE) != 0)
    return false;
  memcpy(name.text, text, size - end);
  return keeper_key_named(name.text, &type, &number);
}

enum base_code keeper_key_finish(int dir, const char *name, struct base_error *err) {
  return overwrite(dir, name, err);
}
