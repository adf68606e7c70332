/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_TOKENINSIDE_H
#define WASL_KEEPER_TOKENINSIDE_H

#include <p11-kit/pkcs11.h>

#include "keeper/token.h"

/* PKCS#11 3.0, in no header of Debian 12. */
#ifndef CKM_EC_MONTGOMERY_KEY_PAIR_GEN
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN 0x1056UL
#endif

/* What token.c (the session) and tokenkeys.c (the keys) share. */
struct keeper_token {
  CK_FUNCTION_LIST *call;
  CK_SLOT_ID slot;
  CK_SESSION_HANDLE session;
  bool initialized, open, lost;
  bool ed25519, x25519; /* it says that it makes and uses them; of a curve only trying tells */
  bool ecdsa, ecdh;     /* with P-256 */
  bool montgomery;      /* it makes X25519 keys by a mechanism of their own (PKCS#11 3.0) */
  char name[32 + 1];
};

/* The sentence for what a call answered, and whether the token is lost by it: when the answer says so, when the session
 * is not there any more, or when it must have succeeded. what: "it does not sign". BASE_IO. */
enum base_code keeper_token_fail(struct keeper_token *token, CK_RV answer, bool must, const char *what,
                                 struct base_error *err);

#endif
