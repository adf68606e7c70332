/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/tls.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seal/seal.h"

enum { DAY = 24 * 60 * 60, SERIAL_BYTES = 16 };

static bool add_extension(X509 *certificate, int kind, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  bool done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return done;
}

static bool set_serial(X509 *certificate, const struct base_world *world) {
  uint8_t bytes[SERIAL_BYTES];
  world->random(world->context, bytes, sizeof bytes);
  bytes[0] = (uint8_t)((bytes[0] & 0x3f) | 0x40); /* positive, and always of one length */
  BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
  bool done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
  BN_free(number);
  return done;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const char *origin, const struct base_world *world) {
  base_time now = world->now(world->context);
  X509_NAME *name = X509_get_subject_name(certificate);
  /* From yesterday: the partner's clock may be behind. */
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate, world) &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(now - DAY)) != NULL &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(now + (base_time)KEEPER_TLS_YEARS * 365 * DAY)) !=
             NULL &&
         X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, (const unsigned char *)origin, -1, -1, 0) ==
             1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

static enum base_code put(int dir, const char *name, BIO *memory, unsigned mode, struct base_error *err) {
  char *text = NULL;
  long size = BIO_get_mem_data(memory, &text);
  return base_file_replace(dir, name, base_view_of(text, size > 0 ? (size_t)size : 0), mode, err);
}

static enum base_code refuse_existing(int dir, const char *name, struct base_error *err) {
  struct stat status;
  return fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0
             ? base_fail(err, BASE_EXISTS, "%s: exists already; a node's key is never overwritten", name)
             : BASE_OK;
}

struct names {
  char key[40], certificate[40];
};

static enum base_code save(int dir, const struct names *names, BIO *secret, BIO *open, struct base_error *err) {
  enum base_code code = put(dir, names->key, secret, 0600, err);
  if (code != BASE_OK)
    return code;
  code = put(dir, names->certificate, open, 0644, err);
  if (code != BASE_OK) {
    unlinkat(dir, names->key, 0);
    unlinkat(dir, names->certificate, 0);
  }
  return code;
}

static bool write_pem(EVP_PKEY *key, X509 *certificate, BIO *secret, BIO *open, struct base_hash *out_pin) {
  uint8_t *spki = NULL;
  int spki_size = i2d_PUBKEY(key, &spki);
  bool done = spki_size > 0 && PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              PEM_write_bio_X509(open, certificate) == 1;
  if (done)
    *out_pin = seal_sha256(base_view_of(spki, (size_t)spki_size));
  OPENSSL_free(spki);
  return done;
}

/* named: the files bear the pin. */
static enum base_code make(int dir, const char *origin, bool named, const struct base_world *world,
                           struct base_hash *out_pin, struct base_error *err) {
  struct names names = {KEEPER_TLS_KEY, KEEPER_TLS_CERTIFICATE};
  struct base_hash pin;
  enum base_code code = BASE_OK;
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  BIO *secret = BIO_new(BIO_s_secmem()), *open = BIO_new(BIO_s_mem());
  if (key == NULL || certificate == NULL || secret == NULL || open == NULL || !fill(certificate, key, origin, world) ||
      !write_pem(key, certificate, secret, open, &pin))
    code = base_fail(err, BASE_INTERNAL, "the TLS key and certificate cannot be made");
  if (code == BASE_OK && named) {
    snprintf(names.key, sizeof names.key, "tls-%.16s.key", base_hash_text(&pin).text);
    snprintf(names.certificate, sizeof names.certificate, "tls-%.16s.crt", base_hash_text(&pin).text);
  }
  if (code == BASE_OK)
    code = refuse_existing(dir, names.key, err);
  if (code == BASE_OK)
    code = refuse_existing(dir, names.certificate, err);
  if (code == BASE_OK)
    code = save(dir, &names, secret, open, err);
  if (code == BASE_OK)
    *out_pin = pin;
  BIO_free(open);
  BIO_free(secret);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return code;
}

enum base_code keeper_tls_init(int dir, const char *origin, const struct base_world *world, struct base_hash *out_pin,
                               struct base_error *err) {
  return make(dir, origin, false, world, out_pin, err);
}

/* Made by the owner of the node, perhaps root; the gate, who owns the folder, must be able to read it. */
static enum base_code give_away(int dir, const struct base_hash *pin, struct base_error *err) {
  struct stat folder;
  struct base_hex_text text = base_hash_text(pin);
  char name[40];
  if (fstat(dir, &folder) != 0)
    return base_fail_errno(err, "the gate's folder cannot be examined");
  for (int i = 0; i < 2; i++) {
    snprintf(name, sizeof name, "tls-%.16s.%s", text.text, i == 0 ? "key" : "crt");
    if (geteuid() != folder.st_uid && fchownat(dir, name, folder.st_uid, folder.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
      return base_fail_errno(err, "%s: cannot be given to the gate", name);
  }
  return BASE_OK;
}

enum base_code keeper_tls_renew(int dir, const char *origin, const struct base_world *world, struct base_hash *out_pin,
                                struct base_error *err) {
  enum base_code code = make(dir, origin, true, world, out_pin, err);
  return code == BASE_OK ? give_away(dir, out_pin, err) : code;
}

void keeper_tls_remove(int dir) {
  unlinkat(dir, KEEPER_TLS_KEY, 0);
  unlinkat(dir, KEEPER_TLS_CERTIFICATE, 0);
}
