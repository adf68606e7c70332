/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_TESTS_UNIT_KEEPER_HSM_H
#define WASL_TESTS_UNIT_KEEPER_HSM_H

#include <sys/wait.h>

#include "keeper_try.h"

/* A token of SoftHSM's, in a folder of its own. */
#define HSM_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define HSM_PIN "246810"

enum { HSM_PATH = TRY_PATH + 64 };
struct hsm {
  char place[TRY_PATH], tokens[HSM_PATH], conf[HSM_PATH], pin[HSM_PATH];
};

static inline void hsm_put(const char *path, const char *text) {
  assert_int_equal(base_file_replace(AT_FDCWD, path, base_view_text(text), 0600, NULL), BASE_OK);
}

static inline void hsm_run(const char *const *words) {
  int status;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int out = open("/dev/null", O_WRONLY);
    if (dup2(out, STDOUT_FILENO) >= 0)
      execvp(words[0], (char *const *)(uintptr_t)words);
    _exit(127);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail_msg("%s %s failed; it is in Debian's package softhsm2", words[0], words[1]);
}

/* What the tokens can from the next start of the module on, as SoftHSM's slots.mechanisms says it: lists of what is
 * left, because 2.6.1 throws over those of what is missing, and nothing C++ may throw in a program of C under the
 * sanitizer. */
#define HSM_ALL "ALL"
#define HSM_AES "CKM_AES_KEY_GEN,CKM_AES_CBC"
#define HSM_P256 "CKM_EC_KEY_PAIR_GEN,CKM_ECDSA,CKM_ECDH1_DERIVE," HSM_AES
static inline void hsm_can(const struct hsm *hsm, const char *mechanisms) {
  char text[2 * HSM_PATH];
  snprintf(text, sizeof text, "directories.tokendir = %s\nlog.level = ERROR\nslots.mechanisms = %s\n", hsm->tokens,
           mechanisms);
  hsm_put(hsm->conf, text);
}

/* The token "wasl test"; what follows in this process finds it. */
static inline void hsm_make(struct hsm *hsm) {
  close(try_folder(hsm->place));
  snprintf(hsm->tokens, sizeof hsm->tokens, "%s/tokens", hsm->place);
  snprintf(hsm->conf, sizeof hsm->conf, "%s/softhsm2.conf", hsm->place);
  snprintf(hsm->pin, sizeof hsm->pin, "%s/pin", hsm->place);
  assert_int_equal(mkdir(hsm->tokens, 0700), 0);
  hsm_can(hsm, HSM_ALL);
  hsm_put(hsm->pin, HSM_PIN "\n");
  setenv("SOFTHSM2_CONF", hsm->conf, 1);
  hsm_run((const char *[]){"softhsm2-util", "--init-token", "--free", "--label", "wasl test", "--pin", HSM_PIN,
                           "--so-pin", "13579111", NULL});
}

/* A token.conf; label as in the URI. */
static inline const char *hsm_conf(const struct hsm *hsm, const char *label) {
  static char text[4 * HSM_PATH];
  snprintf(text, sizeof text,
           "# the tests'\npkcs11 = pkcs11:token=%s?module-path=" HSM_MODULE "&pin-source=file:%s\n"
           "environment = SOFTHSM2_CONF=%s\n",
           label, hsm->pin, hsm->conf);
  return text;
}

#endif
