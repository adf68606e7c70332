/* SPDX-License-Identifier: Apache-2.0
 * A session with a token: the module, the slot, the PIN; and what becomes of it. There is one, from the keeper's start
 * to its end: a token that went away ends the process, and the next one logs in anew. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/tokeninside.h"

enum { SLOTS_MAX = 64, MECHANISMS_MAX = 1024 };

/* --- answers */

static const struct {
  CK_RV answer;
  bool gone; /* the session, or what was in it, is not there any more */
  const char *text;
} answers[] = {
    {CKR_TOKEN_NOT_PRESENT, true, "the token is not there"},
    {CKR_TOKEN_NOT_RECOGNIZED, true, "the token is not recognised"},
    {CKR_DEVICE_REMOVED, true, "the device was removed"},
    {CKR_DEVICE_ERROR, true, "the device has a fault"},
    {CKR_SLOT_ID_INVALID, true, "its slot is gone"},
    {CKR_SESSION_HANDLE_INVALID, true, "the session is gone"},
    {CKR_SESSION_CLOSED, true, "the session was closed"},
    {CKR_USER_NOT_LOGGED_IN, true, "nobody is logged in any more"},
    {CKR_OBJECT_HANDLE_INVALID, true, "the key is gone"},
    {CKR_KEY_HANDLE_INVALID, true, "the key is gone"},
    {CKR_CRYPTOKI_NOT_INITIALIZED, true, "its module has ended"},
    {CKR_GENERAL_ERROR, false, "a fault that it does not name"},
    {CKR_FUNCTION_FAILED, false, "it failed"},
    {CKR_HOST_MEMORY, false, "there is no memory"},
    {CKR_DEVICE_MEMORY, false, "the device is full"},
    {CKR_TOKEN_WRITE_PROTECTED, false, "the token may not be written"},
    {CKR_MECHANISM_INVALID, false, "it does not know this kind of key"},
    {CKR_ATTRIBUTE_VALUE_INVALID, false, "it does not take such a key"},
    {CKR_TEMPLATE_INCONSISTENT, false, "it does not take such a key"},
    {CKR_DOMAIN_PARAMS_INVALID, false, "it does not know this curve"},
    {CKR_CURVE_NOT_SUPPORTED, false, "it does not know this curve"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, false, "the key may not be used so"},
    {CKR_PIN_EXPIRED, false, "the PIN has expired"},
};

static const char *text_of(CK_RV answer, bool *gone) {
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
    if (answers[i].answer == answer) {
      *gone |= answers[i].gone;
      return answers[i].text;
    }
  return "it answered what the keeper does not know";
}

static bool alive(const struct keeper_token *token) {
  CK_SESSION_INFO info;
  CK_TOKEN_INFO there;
  return token->open && token->call->C_GetSessionInfo(token->session, &info) == CKR_OK &&
         info.state == CKS_RW_USER_FUNCTIONS && token->call->C_GetTokenInfo(token->slot, &there) == CKR_OK;
}

enum base_code keeper_token_fail(struct keeper_token *token, CK_RV answer, bool must, const char *what,
                                 struct base_error *err) {
  bool gone = must;
  const char *text = text_of(answer, &gone);
  gone = gone || !alive(token);
  if (gone && !token->lost)
    base_log(BASE_LOG_ERROR, "token.lost", "the token %s is lost: %s, for %s (0x%lx)", token->name, what, text, answer);
  token->lost |= gone;
  return base_fail(err, BASE_IO, "the token %s: %s, for %s (0x%lx)%s", token->name, what, text, answer,
                   gone ? "; see that it is there and sound: the node tries again by itself" : "");
}

enum base_code keeper_token_distrust(struct keeper_token *token, const char *what, struct base_error *err) {
  base_log(BASE_LOG_ERROR, "token.lost", "the token %s is not asked any more: %s", token->name, what);
  token->lost = true;
  return base_fail(err, BASE_IO, "the token %s: %s", token->name, what);
}

bool keeper_token_lost(const struct keeper_token *token) {
  return token != NULL && token->lost;
}

/* --- the module */

static enum base_code load(struct keeper_token *token, const struct keeper_token_conf *conf, struct base_error *err) {
  for (size_t i = 0; i < conf->environment_count; i++) {
    char name[KEEPER_TOKEN_TEXT_MAX + 1];
    size_t size = strcspn(conf->environment[i], "=");
    snprintf(name, sizeof name, "%.*s", (int)size, conf->environment[i]);
    if (setenv(name, conf->environment[i] + size + 1, 1) != 0)
      return base_fail_errno(err, "the module's environment cannot be set");
  }
  /* Never unloaded: modules leave threads and handlers behind. */
  void *module = dlopen(conf->module, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (module == NULL)
    return base_fail(err, BASE_NOT_FOUND, "the token's module %s cannot be loaded: %s", conf->module, dlerror());
  CK_C_GetFunctionList list = NULL;
  void *symbol = dlsym(module, "C_GetFunctionList");
  memcpy(&list, &symbol, sizeof list); /* ISO C knows no way from one kind of pointer to the other */
  if (list == NULL || list(&token->call) != CKR_OK || token->call == NULL)
    return base_fail(err, BASE_FIELD, "%s is no PKCS#11 module", conf->module);
  CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
  CK_RV answer = token->call->C_Initialize(&arguments);
  bool gone = false;
  if (answer == CKR_CRYPTOKI_ALREADY_INITIALIZED)
    return BASE_OK; /* whoever began it ends it */
  if (answer != CKR_OK)
    return base_fail(err, BASE_NOT_RUNNING,
                     "the token's module %s does not begin, for %s (0x%lx): see that it finds its configuration "
                     "(environment and read in " KEEPER_TOKEN_FILE ") and its device",
                     conf->module, text_of(answer, &gone), answer);
  token->initialized = true;
  return BASE_OK;
}

/* --- which token */

/* Padded with blanks, not ended. */
static bool fits(const char *wanted, const void *field, size_t size) {
  const char *text = field;
  while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\0'))
    size--;
  return wanted[0] == '\0' || (strlen(wanted) == size && memcmp(wanted, text, size) == 0);
}

static bool is_meant(const struct keeper_token_conf *conf, const CK_TOKEN_INFO *info) {
  return (info->flags & CKF_TOKEN_INITIALIZED) != 0 && fits(conf->label, info->label, sizeof info->label) &&
         fits(conf->manufacturer, info->manufacturerID, sizeof info->manufacturerID) &&
         fits(conf->model, info->model, sizeof info->model) &&
         fits(conf->serial, info->serialNumber, sizeof info->serialNumber);
}

static enum base_code find_slot(struct keeper_token *token, const struct keeper_token_conf *conf, CK_TOKEN_INFO *out,
                                struct base_error *err) {
  CK_SLOT_ID slots[SLOTS_MAX];
  CK_ULONG count = SLOTS_MAX, meant = 0;
  CK_RV answer = token->call->C_GetSlotList(CK_TRUE, slots, &count);
  if (answer != CKR_OK)
    return keeper_token_fail(token, answer, false, "it shows no slots", err);
  for (CK_ULONG i = 0; i < count; i++) {
    CK_TOKEN_INFO info;
    if (token->call->C_GetTokenInfo(slots[i], &info) != CKR_OK || !is_meant(conf, &info))
      continue;
    token->slot = slots[i];
    *out = info;
    meant++;
  }
  if (meant == 0)
    return base_fail(
        err, BASE_NOT_RUNNING,
        "the token %s is not there: %s shows %lu others, or none that the keeper's user may open; bring it "
        "back, for the node's keys are in it",
        token->name, conf->module, count);
  return meant == 1 ? BASE_OK
                    : base_fail(err, BASE_FIELD, "%lu tokens are called %s: say which, by serial=… in the URI", meant,
                                token->name);
}

/* --- what it can */

static bool can(const CK_MECHANISM_TYPE *list, CK_ULONG count, CK_MECHANISM_TYPE type) {
  for (CK_ULONG i = 0; i < count; i++)
    if (list[i] == type)
      return true;
  return false;
}

static enum base_code check_mechanisms(struct keeper_token *token, struct base_error *err) {
  CK_MECHANISM_TYPE list[MECHANISMS_MAX];
  CK_ULONG count = MECHANISMS_MAX;
  CK_RV answer = token->call->C_GetMechanismList(token->slot, list, &count);
  if (answer != CKR_OK)
    return keeper_token_fail(token, answer, false, "it does not say what it can", err);
  bool edwards = can(list, count, CKM_EC_EDWARDS_KEY_PAIR_GEN), p256 = can(list, count, CKM_EC_KEY_PAIR_GEN),
       agrees = can(list, count, CKM_ECDH1_DERIVE);
  token->montgomery = can(list, count, CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
  token->ed25519 = edwards && can(list, count, CKM_EDDSA);
  token->x25519 = (edwards || token->montgomery) && agrees;
  token->ecdsa = p256 && can(list, count, CKM_ECDSA);
  token->ecdh = p256 && agrees;
  const struct {
    bool can;
    const char *what;
  } needed[] = {
      {token->ed25519 || token->ecdsa, "sign, neither with Ed25519 (CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA) nor with "
                                       "P-256 (CKM_EC_KEY_PAIR_GEN, CKM_ECDSA)"},
      {token->x25519 || token->ecdh, "agree on a secret, neither with X25519 nor with P-256 (CKM_ECDH1_DERIVE)"},
      {can(list, count, CKM_AES_KEY_GEN), "make AES keys (CKM_AES_KEY_GEN)"},
      {can(list, count, CKM_AES_CBC), "encrypt with AES (CKM_AES_CBC)"},
  };
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
    if (!needed[i].can)
      return base_fail(err, BASE_KIND,
                       "the token %s cannot %s, so it cannot hold a node's keys: take another token, or keep the keys "
                       "in files",
                       token->name, needed[i].what);
  return BASE_OK;
}

/* --- the PIN */

static enum base_code check_flags(const struct keeper_token *token, const CK_TOKEN_INFO *info, struct base_error *err) {
  if ((info->flags & CKF_USER_PIN_INITIALIZED) == 0)
    return base_fail(err, BASE_PERMISSION, "the token %s has no user PIN yet: set one with its own tool", token->name);
  if ((info->flags & CKF_USER_PIN_LOCKED) != 0)
    return base_fail(err, BASE_PERMISSION,
                     "the token %s has locked its PIN after too many wrong ones: unlock it with its own tool",
                     token->name);
  if ((info->flags & CKF_USER_PIN_FINAL_TRY) != 0)
    return base_fail(
        err, BASE_POLICY,
        "the token %s locks itself after one more wrong PIN, and the keeper does not risk that: log in once "
        "with its own tool",
        token->name);
  return BASE_OK;
}

static enum base_code log_in(struct keeper_token *token, int dir, const struct keeper_token_conf *conf,
                             struct base_error *err) {
  struct keeper_pin pin = {0};
  enum base_code code = keeper_pin_read(dir, conf, &pin, err);
  if (code != BASE_OK)
    return code;
  CK_RV answer = token->call->C_Login(token->session, CKU_USER, (CK_UTF8CHAR_PTR)pin.text, pin.size);
  switch (answer) {
  case CKR_OK:
  case CKR_USER_ALREADY_LOGGED_IN:
    break;
  case CKR_PIN_INCORRECT:
  case CKR_PIN_INVALID:
  case CKR_PIN_LEN_RANGE:
  case CKR_PIN_LOCKED:
    code = keeper_pin_refused(dir, &pin, err);
    if (code == BASE_OK)
      code =
          base_fail(err, BASE_PERMISSION,
                    "the token %s refuses the PIN in %s%s: write the right one into that file; this one is not tried "
                    "again",
                    token->name, conf->pin, answer == CKR_PIN_LOCKED ? ", and has locked it" : "");
    break;
  default:
    code = keeper_token_fail(token, answer, false, "it lets nobody log in", err);
  }
  base_wipe(&pin, sizeof pin);
  return code;
}

/* --- open and close */

static enum base_code begin(struct keeper_token *token, int dir, const struct keeper_token_conf *conf,
                            struct base_error *err) {
  CK_TOKEN_INFO info = {.flags = 0};
  enum base_code code = load(token, conf, err);
  if (code == BASE_OK)
    code = find_slot(token, conf, &info, err);
  if (code == BASE_OK)
    code = check_mechanisms(token, err);
  if (code == BASE_OK)
    code = check_flags(token, &info, err);
  if (code != BASE_OK)
    return code;
  CK_RV answer =
      token->call->C_OpenSession(token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &token->session);
  if (answer != CKR_OK)
    return keeper_token_fail(token, answer, false, "it opens no session", err);
  token->open = true;
  return log_in(token, dir, conf, err);
}

enum base_code keeper_token_open(int dir, const struct keeper_token_conf *conf, struct keeper_token **out,
                                 struct base_error *err) {
  struct keeper_token *token = calloc(1, sizeof *token);
  if (token == NULL)
    return base_fail(err, BASE_MEMORY, "token: out of memory");
  snprintf(token->name, sizeof token->name, "%s", conf->label[0] != '\0' ? conf->label : conf->serial);
  enum base_code code = begin(token, dir, conf, err);
  if (code == BASE_OK)
    *out = token;
  else
    keeper_token_close(token);
  return code;
}

void keeper_token_close(struct keeper_token *token) {
  if (token == NULL)
    return;
  if (token->open)
    (void)token->call->C_CloseSession(token->session);
  if (token->initialized)
    (void)token->call->C_Finalize(NULL);
  free(token);
}
