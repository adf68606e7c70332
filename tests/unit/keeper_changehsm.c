/* SPDX-License-Identifier: Apache-2.0
 * The tests of keys that change, once more with the keys in a token, and with a token that has P-256 alone: what is
 * signed, followed and destroyed must not depend on where a key is, nor on what kind it is. */
#include "keeper_hsm.h"

#include <dlfcn.h>

#include "keeper/tokeninside.h"

static struct hsm hsm;
static bool p256; /* the token has nothing else */

static struct keeper *new_in_token(int dir, const struct try_world *world, const char *name) {
  struct base_error err;
  /* No two may find each other's keys, whatever their seeds: what is repeated here is random elsewhere. */
  static uint64_t made;
  ((struct try_world *)(uintptr_t)world)->random += 1000 * ++made;
  try_expect(keeper_init_in_token(dir, base_view_text(name), base_view_text(hsm_conf(&hsm, "wasl%20test")),
                                  &world->world, &err),
             &err, BASE_OK, "");
  struct keeper *keeper = try_open(dir, world);
  struct try_info info;
  try_describe(keeper, &info);
  assert_true(wire_key_p256(&info.log) == p256 && wire_key_p256(&info.seal.key) == p256);
  return keeper;
}

#define IN_TOKEN
#define try_new new_in_token
#define main keeper_change_main
int keeper_change_main(void);
#include "keeper_change.c"
#undef main

/* SoftHSM leaves some octets of each point behind, as in keeper_token.c. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:CRYPTO_zalloc\nleak:ASN1_STRING_set\n";
}

/* Several keepers live here side by side, and the first to close would end the module for all: so it is begun here. */
static CK_FUNCTION_LIST *hold_module(void) {
  CK_FUNCTION_LIST *call = NULL;
  CK_C_GetFunctionList list = NULL;
  void *module = dlopen(HSM_MODULE, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void *symbol = module == NULL ? NULL : dlsym(module, "C_GetFunctionList");
  memcpy(&list, &symbol, sizeof list);
  if (list == NULL || list(&call) != CKR_OK || call->C_Initialize(NULL) != CKR_OK)
    abort();
  return call;
}

static int with_a_token(void) {
  hsm_make(&hsm);
  hsm_can(&hsm, p256 ? HSM_P256 : HSM_ALL);
  CK_FUNCTION_LIST *module = hold_module();
  int failed = keeper_change_main();
  module->C_Finalize(NULL);
  hsm_run((const char *[]){"rm", "-rf", hsm.place, NULL});
  return failed;
}

int main(void) {
  /* In memory where there is such a place: nothing here is about what a disk keeps. */
  if (access("/dev/shm", W_OK | X_OK) == 0)
    setenv("WASL_TEST_TMP", "/dev/shm", 1);
  int failed = with_a_token();
  p256 = true;
  return failed + with_a_token();
}
