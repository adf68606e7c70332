/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/pair.h"

#include <dirent.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_HERE = 40, PIN_DIGITS = 16 };

struct names {
  char key[NAME_MAX_HERE], certificate[NAME_MAX_HERE];
};

static struct names names_of(const struct base_hash *pin) {
  struct names names;
  struct base_hex_text text = base_hash_text(pin);
  snprintf(names.key, sizeof names.key, "tls-%.*s.key", PIN_DIGITS, text.text);
  snprintf(names.certificate, sizeof names.certificate, "tls-%.*s.crt", PIN_DIGITS, text.text);
  return names;
}

static const struct names first_names = {"tls.key", "tls.crt"};

void gate_pair_free(struct gate_pair *pair) {
  base_wipe(pair->key.data, pair->key.size);
  base_buf_free(&pair->key);
  base_buf_free(&pair->certificate);
  if (pair->credentials != NULL)
    gnutls_certificate_free_credentials(pair->credentials);
  *pair = (struct gate_pair){.credentials = NULL};
}

static bool pin_of(const gnutls_datum_t *pem, struct base_hash *out) {
  gnutls_x509_crt_t certificate = NULL;
  size_t size = sizeof out->bytes;
  if (gnutls_x509_crt_init(&certificate) < 0)
    return false;
  bool found = gnutls_x509_crt_import(certificate, pem, GNUTLS_X509_FMT_PEM) >= 0 &&
               gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, out->bytes, &size) >= 0 &&
               size == sizeof out->bytes;
  gnutls_x509_crt_deinit(certificate);
  return found;
}

/* The buffers hold the texts with their NUL. */
static enum base_code finish(struct gate_pair *pair, struct base_error *err) {
  gnutls_datum_t certificate = {pair->certificate.data, (unsigned)pair->certificate.size - 1};
  gnutls_datum_t key = {pair->key.data, (unsigned)pair->key.size - 1};
  gnutls_certificate_credentials_t credentials = NULL;
  if (gnutls_certificate_allocate_credentials(&credentials) < 0)
    return base_fail(err, BASE_MEMORY, "no memory for the TLS key");
  pair->credentials = credentials;
  return pin_of(&certificate, &pair->pin) &&
                 gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM) >= 0
             ? BASE_OK
             : base_fail(err, BASE_CORRUPT, "not a certificate and its key, in PEM");
}

enum base_code gate_pair_of(const char *certificate, const char *key, struct gate_pair *out, struct base_error *err) {
  struct gate_pair pair = {.credentials = NULL};
  base_buf_init(&pair.certificate, GATE_PEM_MAX);
  base_buf_init(&pair.key, GATE_PEM_MAX);
  base_buf_add(&pair.certificate, certificate, strlen(certificate) + 1);
  base_buf_add(&pair.key, key, strlen(key) + 1);
  enum base_code code = base_buf_check(&pair.certificate, "the TLS certificate", err);
  if (code == BASE_OK)
    code = base_buf_check(&pair.key, "the TLS key", err);
  if (code == BASE_OK)
    code = finish(&pair, err);
  if (code == BASE_OK)
    *out = pair;
  else
    gate_pair_free(&pair);
  return code;
}

static enum base_code read_pem(int dir, const char *name, struct base_buf *out, struct base_error *err) {
  base_buf_init(out, GATE_PEM_MAX + 1);
  enum base_code code = base_file_read(dir, name, GATE_PEM_MAX, out, err);
  base_buf_u8(out, 0);
  return code != BASE_OK ? code : base_buf_check(out, name, err);
}

static enum base_code load(int dir, const struct names *names, struct gate_pair *out, struct base_error *err) {
  struct gate_pair pair = {.credentials = NULL};
  enum base_code code = read_pem(dir, names->certificate, &pair.certificate, err);
  if (code == BASE_OK)
    code = read_pem(dir, names->key, &pair.key, err);
  if (code == BASE_OK)
    code = finish(&pair, err);
  if (code == BASE_OK)
    *out = pair;
  else
    gate_pair_free(&pair);
  return code == BASE_OK || code == BASE_NOT_FOUND ? code : base_fail_within(err, "%s", names->certificate);
}

/* The names of a key that follows: "tls-", digits, ".key". */
static bool later_names(const char *file, struct names *out) {
  size_t size = strlen(file);
  if (size != 4 + PIN_DIGITS + 4 || strncmp(file, "tls-", 4) != 0 || strcmp(file + size - 4, ".key") != 0)
    return false;
  snprintf(out->key, sizeof out->key, "%s", file);
  snprintf(out->certificate, sizeof out->certificate, "%.*s.crt", (int)size - 4, file);
  return true;
}

static DIR *open_folder(int dir) {
  int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy < 0 ? NULL : fdopendir(copy);
  if (folder == NULL)
    base_close_fd(&copy);
  return folder;
}

enum base_code gate_pair_load(int dir, const struct base_hash *pin, struct gate_pair *out, struct base_error *err) {
  struct names names = names_of(pin);
  struct gate_pair pair = {.credentials = NULL};
  enum base_code code = load(dir, &names, &pair, err);
  if (code == BASE_NOT_FOUND)
    code = load(dir, &first_names, &pair, err);
  if (code == BASE_OK && !base_hash_equal(&pair.pin, pin))
    code = BASE_NOT_FOUND;
  if (code == BASE_NOT_FOUND)
    base_fail(err, BASE_NOT_FOUND, "%s and %s, which the node's card names, are not in gate/ (nor is tls.key this key)",
              names.key, names.certificate);
  if (code == BASE_OK)
    *out = pair;
  else
    gate_pair_free(&pair);
  return code;
}

enum base_code gate_pair_of_card(int dir, const struct wire_card *card, struct gate_pair *out, struct base_error *err) {
  enum base_code code = BASE_NOT_FOUND;
  for (size_t i = card->pin_count; i > 0 && code != BASE_OK; i--)
    code = gate_pair_load(dir, &card->pins[i - 1], out, err);
  return code;
}

enum base_code gate_pair_missing(const struct wire_card *card, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  for (size_t i = 0; i < card->pin_count; i++) {
    struct names names = names_of(&card->pins[i]);
    base_buf_printf(&text, "%s%s and %s", i > 0 ? "; or " : "", names.key, names.certificate);
  }
  return base_fail(err, BASE_NOT_FOUND,
                   "no TLS key of the node's card is in gate/: bring back, from a copy of the node, %.*s%s",
                   (int)text.size, (const char *)text.data,
                   card->generation == 1 ? " (made with the node: tls.key and tls.crt)" : "");
}

static void destroy(int dir, const struct names *names) {
  static const uint8_t nothing[4096];
  BASE_AUTO_FD int fd = openat(dir, names->key, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  bool gone = fd >= 0 && pwrite(fd, nothing, sizeof nothing, 0) == (ssize_t)sizeof nothing && fsync(fd) == 0 &&
              unlinkat(dir, names->key, 0) == 0;
  if (!gone)
    base_log(BASE_LOG_WARNING, "gate.key", "%s is not on the card any more and could not be destroyed", names->key);
  else
    base_log(BASE_LOG_NOTICE, "gate.key", "%s is destroyed: it is not on the card any more", names->key);
  unlinkat(dir, names->certificate, 0);
}

void gate_pair_destroy(int dir, const struct base_hash *pin) {
  const struct names both[] = {names_of(pin), first_names};
  for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
    struct gate_pair pair = {.credentials = NULL};
    struct base_error err;
    bool found = load(dir, &both[i], &pair, &err) == BASE_OK && base_hash_equal(&pair.pin, pin);
    gate_pair_free(&pair);
    if (found)
      destroy(dir, &both[i]);
  }
}

static void keep_or_destroy(int dir, const struct names *names, const struct base_hash *pins, size_t count,
                            base_time made) {
  struct stat status;
  struct gate_pair pair = {.credentials = NULL};
  struct base_error err;
  bool kept = fstatat(dir, names->key, &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_mtime > made ||
              load(dir, names, &pair, &err) != BASE_OK; /* what cannot be read is a person's to look at */
  for (size_t i = 0; i < count && !kept; i++)
    kept = base_hash_equal(&pins[i], &pair.pin);
  gate_pair_free(&pair);
  if (!kept)
    destroy(dir, names);
}

void gate_pair_keep(int dir, const struct base_hash *pins, size_t count, base_time made) {
  DIR *folder = open_folder(dir);
  if (folder == NULL)
    return;
  struct names names;
  keep_or_destroy(dir, &first_names, pins, count, made);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (later_names(entry->d_name, &names))
      keep_or_destroy(dir, &names, pins, count, made);
  closedir(folder);
}
