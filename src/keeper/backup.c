/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keeper/internal.h"
#include "seal/seal.h"

#define SECRET_PREFIX "wasl-backup-secret+"
enum { DIGITS = 64, SECRET_TEXT = sizeof SECRET_PREFIX - 1 + 16 + 1 + DIGITS };

static enum base_code public_of(const struct base_secret *secret, struct wire_key *out, struct base_error *err) {
  return keeper_key_derive(KEEPER_KEY_SEAL, secret, out, err);
}

static void write_text(const struct base_secret *secret, const struct wire_key *public_key, struct base_buf *out) {
  char id[17], digits[DIGITS + 1], shown[SEAL_BACKUP_KEY_TEXT];
  uint8_t key_id[8];
  seal_backup_key_id(public_key, key_id);
  base_hex(key_id, sizeof key_id, id);
  base_hex(secret->bytes, sizeof secret->bytes, digits);
  seal_backup_key_write(public_key, shown);
  base_buf_printf(out,
                  "# Who has this opens every backup made for %s: keep it offline, on paper too.\n"
                  "# Without it no such backup can be opened by anybody.\n" SECRET_PREFIX "%s+%s\n",
                  shown, id, digits);
  base_wipe(digits, sizeof digits);
}

static enum base_code write_file(const char *path, struct base_view text, struct base_error *err) {
  BASE_AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return base_fail_errno(err, "%s: cannot be made; a key is never written over another file", path);
  enum base_code code = base_write_all(fd, text, err);
  if (code == BASE_OK && fsync(fd) != 0)
    code = base_fail_errno(err, "cannot be made durable");
  if (code == BASE_OK)
    return BASE_OK;
  unlink(path);
  return base_fail_within(err, "%s", path);
}

enum base_code keeper_backup_make(const char *path, const struct base_world *world, struct wire_key *out_public,
                                  struct base_error *err) {
  struct base_secret entropy, secret;
  struct wire_key public_key;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, KEEPER_BACKUP_FILE_MAX);
  world->random(world->context, entropy.bytes, sizeof entropy.bytes);
  seal_kem_derive_private(entropy.bytes, secret.bytes);
  enum base_code code = public_of(&secret, &public_key, err);
  /* One piece from the start: a buffer that grows would leave copies of the secret behind. */
  if (code == BASE_OK && base_buf_reserve(&text, KEEPER_BACKUP_FILE_MAX) != NULL) {
    base_buf_reset(&text);
    write_text(&secret, &public_key, &text);
  }
  if (code == BASE_OK)
    code = base_buf_check(&text, path, err);
  if (code == BASE_OK)
    code = write_file(path, base_buf_view(&text), err);
  if (code == BASE_OK)
    *out_public = public_key;
  if (text.data != NULL)
    base_wipe(text.data, text.size);
  base_wipe(&entropy, sizeof entropy);
  base_wipe(&secret, sizeof secret);
  return code;
}

/* The one line that is no remark. */
static bool find_line(struct base_view text, struct base_view *out) {
  bool found = false;
  while (text.size > 0) {
    const uint8_t *end = memchr(text.data, '\n', text.size);
    struct base_view line = base_view_of(text.data, end != NULL ? (size_t)(end - text.data) : text.size);
    text = base_view_of(text.data + line.size, text.size - line.size);
    if (text.size > 0)
      text = base_view_of(text.data + 1, text.size - 1);
    if (line.size > 0 && line.data[line.size - 1] == '\r')
      line.size--;
    if (line.size == 0 || line.data[0] == '#')
      continue;
    if (found)
      return false;
    *out = line;
    found = true;
  }
  return found;
}

enum base_code keeper_backup_parse(struct base_view text, struct base_secret *out, struct wire_key *out_public,
                                   struct base_error *err) {
  struct base_view line = {0};
  struct base_secret secret;
  struct wire_key public_key;
  uint8_t said[8], id[8];
  size_t at = sizeof SECRET_PREFIX - 1;
  enum base_code code = BASE_OK;
  if (!find_line(text, &line) || line.size != SECRET_TEXT || memcmp(line.data, SECRET_PREFIX, at) != 0 ||
      !base_hex_parse(base_view_of(line.data + at, 16), said, sizeof said) || line.data[at + 16] != '+' ||
      !base_hex_parse(base_view_of(line.data + at + 17, DIGITS), secret.bytes, sizeof secret.bytes))
    code = base_fail(err, BASE_CORRUPT,
                     "it is no secret key for backups: one line " SECRET_PREFIX "16 hex digits+64 hex digits, as "
                     "`wasl backup key` made it");
  if (code == BASE_OK)
    code = public_of(&secret, &public_key, err);
  if (code == BASE_OK) {
    seal_backup_key_id(&public_key, id);
    if (memcmp(id, said, sizeof id) != 0)
      code = base_fail(err, BASE_CORRUPT, "the secret key for backups is not as it was made: a digit is wrong");
  }
  if (code == BASE_OK) {
    *out = secret;
    *out_public = public_key;
  }
  base_wipe(&secret, sizeof secret);
  return code;
}

static enum base_code read_secret(const char *path, struct base_secret *out, struct wire_key *out_public,
                                  struct base_error *err) {
  uint8_t bytes[KEEPER_BACKUP_FILE_MAX + 1];
  BASE_AUTO_FD int fd = -1;
  enum base_code code = keeper_open_private(AT_FDCWD, path, O_RDONLY, &fd, err);
  if (code != BASE_OK)
    return code;
  ssize_t size = pread(fd, bytes, sizeof bytes, 0);
  if (size < 0)
    code = base_fail_errno(err, "%s: cannot be read", path);
  else if ((size_t)size > KEEPER_BACKUP_FILE_MAX)
    code = base_fail(err, BASE_TOO_LARGE, "%s: too long for a key", path);
  else if (keeper_backup_parse(base_view_of(bytes, (size_t)size), out, out_public, err) != BASE_OK)
    code = base_fail_within(err, "%s", path);
  base_wipe(bytes, sizeof bytes);
  return code;
}

static enum base_code decapsulate(const struct base_secret *secret, const struct wire_key *public_key,
                                  const struct wire_enc *enc, uint8_t out_shared[32], struct base_error *err) {
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret->bytes, sizeof secret->bytes);
  uint8_t shared[32];
  enum base_code code = keeper_diffie_hellman(key, enc, shared, err);
  EVP_PKEY_free(key);
  if (code == BASE_OK)
    seal_kem_extract_expand(shared, enc, public_key, out_shared);
  base_wipe(shared, sizeof shared);
  return code;
}

enum base_code keeper_backup_open(const char *path, const struct wire_backup_header *header, uint8_t out_shared[32],
                                  struct base_error *err) {
  struct base_secret secret;
  struct wire_key public_key;
  uint8_t id[8];
  enum base_code code = read_secret(path, &secret, &public_key, err);
  if (code != BASE_OK)
    return code;
  seal_backup_key_id(&public_key, id);
  if (memcmp(id, header->key_id, sizeof id) != 0) {
    char wanted[17], given[17];
    base_hex(header->key_id, sizeof id, wanted);
    base_hex(id, sizeof id, given);
    code = base_fail(err, BASE_WRONG_KEY, "the backup was made for the key %s, and %s holds %s: bring the other one",
                     wanted, path, given);
  } else {
    code = decapsulate(&secret, &public_key, &header->enc, out_shared, err);
  }
  base_wipe(&secret, sizeof secret);
  return code;
}
