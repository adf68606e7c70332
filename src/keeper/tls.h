/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_TLS_H
#define WASL_KEEPER_TLS_H

#include "base/base.h"

#define KEEPER_TLS_KEY "tls.key"
#define KEEPER_TLS_CERTIFICATE "tls.crt"
enum { KEEPER_TLS_YEARS = 50 };

/* Makes the gate's TLS key (EC P-256, PEM, mode 0600) and its self-signed certificate (X.509 v3, CN = origin) in the
 * gate's folder. Partners pin the key (out_pin: the SHA-256 of its SubjectPublicKeyInfo), so the certificate lives long
 * and its dates decide nothing. Neither file may exist. The key's entropy is OpenSSL's own: this key proves nothing but
 * the transport. On failure neither file is left. */
BASE_NODISCARD enum base_code keeper_tls_init(int dir, const char *origin, const struct base_world *world,
                                              struct base_hash *out_pin, struct base_error *err);
/* The same for a key that follows: its files are named by the pin, tls-PIN.key and tls-PIN.crt with the first 16 hex
 * digits of it, so that the gate finds the one that it is to show. The group and owner are those of the folder. */
BASE_NODISCARD enum base_code keeper_tls_renew(int dir, const char *origin, const struct base_world *world,
                                               struct base_hash *out_pin, struct base_error *err);
/* Takes the first two files away, for a caller that cannot finish the node. */
void keeper_tls_remove(int dir);

#endif
