/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_PEOPLE_H
#define WASL_CORE_PEOPLE_H

#include "core/internal.h"

/* Persons, their roles, and the tokens by which programs act for them: what people.c, persons.c and tokens.c share, and
 * what the rest of core asks of them. spec/people.md. Each person and each token is a small document, stored as a fact;
 * each change of it is a leaf that commits to all of it, so what is stored can be held against the register. */

enum {
  CORE_PERSONS_MAX = 1024,
  CORE_TOKENS_MAX = 1024,       /* rows; that of one that is over is taken for the next */
  CORE_TOKEN_REQUESTS_MAX = 16, /* requests that one token is limited to */
  CORE_PERSON_ROLES_MAX = 6,    /* items of a list of roles, … */
  CORE_PERSON_LANES_MAX = 3,    /* … and of lanes */
  CORE_TOKEN_SECONDS_MAX = 366 * 86400,
  CORE_PERSON_TEXT_MAX = 128,         /* bytes of a name, a unit, a label */
  CORE_PERSON_DOCUMENT_MAX = 4 << 10, /* bytes of a document */
  CORE_OWNER_FILE_MAX = 4 << 10,      /* of `owner`, which node init left in core's folder */
  CORE_ACTOR_MAX = BASE_NAME_MAX + 80,
  CORE_TOKEN_SECRET = 32, /* random bytes in a token */
  CORE_SALT = 16,         /* bytes: what Argon2id takes */
  CORE_LOGIN_PASSES = 3,  /* of Argon2id, over … */
  CORE_LOGIN_MEMORY = 64 << 20,
  CORE_SESSION_SECONDS = 8 * 3600,
  CORE_SESSION_FIRST_SECONDS = 15 * 60, /* by a first password: time enough to set one's own */
  CORE_SESSIONS_EACH = 8,               /* of one person; a further one ends the oldest */
  CORE_LOGIN_TRIES = 5,                 /* wrong ones in a row; from then on each must wait, … */
  CORE_LOGIN_WAIT_FIRST = 30,           /* … so many seconds, twice as many each time, … */
  CORE_LOGIN_WAIT_MAX = 15 * 60,        /* … and never more */
  CORE_LOGIN_FORGOTTEN = 86400,         /* seconds after the last wrong one it counts from 0 again */
  CORE_LOGIN_TELL_MS = 5000,            /* after the wait began the register is told: no answer waits for it */
  CORE_STRANGERS = 64,                  /* counters for names that nobody has here */
  CORE_FACTOR_SECRET = 20,              /* bytes: RFC 4226 section 4, R6 */
  CORE_FACTOR_SEALED = SEAL_NONCE + CORE_FACTOR_SECRET + SEAL_TAG,
  CORE_FACTOR_STEP = 30, /* seconds: RFC 6238 section 4.1 */
  CORE_FACTOR_DRIFT = 1, /* steps before and after: section 5.2 */
  CORE_FACTOR_DIGITS = 6,
  CORE_FACTOR_FRESH_SECONDS = 5 * 60, /* from a login until a second factor can no longer be begun by its session */
  CORE_PASSWORD_MAX = 256, /* octets of what a person types; the local gate makes CORE_PASSWORD_KEY of it, in hex */
  CORE_PASSWORD_KEY = 32,
};
#define CORE_TOKEN_PREFIX "wasl-token-"
#define CORE_SESSION_PREFIX "wasl-session-"

/* How a person comes in by a password. Without one: zeroed. */
struct core_login {
  bool set, damaged;
  bool first;         /* somebody else set it: good for setting one's own and for nothing more */
  bool factor, armed; /* there is a second factor; a first code confirmed it, so it is asked for */
  uint32_t passes, memory;
  uint8_t salt[CORE_SALT];
  struct base_hash verifier; /* of the key that Argon2id made, under a key of this node */
  uint8_t sealed[CORE_FACTOR_SEALED];
  uint64_t after; /* sessions of leaves before this one are over */
  uint64_t leaf;
};

struct core_person {
  char handle[BASE_NAME_MAX + 1]; /* never given to another person */
  char name[CORE_PERSON_TEXT_MAX + 1], unit[CORE_PERSON_TEXT_MAX + 1];
  unsigned roles; /* bits of enum link_person_role */
  unsigned lanes; /* bits of enum wire_lane: on which side of the wall (lane.h) */
  bool owner;     /* the user of the operating system who owns the node acts as this person */
  bool closed;
  bool damaged; /* what is stored is not what the register says: may do nothing */
  uint64_t leaf;
  struct core_login login;
  bool waits; /* wrong logins: the register is yet to be told */
};
struct core_token {
  uint32_t number; /* its row, from 1 */
  char person[BASE_NAME_MAX + 1];
  char label[CORE_PERSON_TEXT_MAX + 1];
  unsigned roles;
  size_t request_count; /* 0: all that the roles may */
  enum link_request_code requests[CORE_TOKEN_REQUESTS_MAX];
  base_time made, until;
  struct base_hash secret; /* SHA-256 of the token's text, which is nowhere else */
  bool session;            /* made by a login */
  bool ended, damaged;
  uint64_t leaf;
};
/* Who asks, while one request is handled. */
struct core_asker {
  char name[CORE_ACTOR_MAX];      /* as leaves say it */
  char handle[BASE_NAME_MAX + 1]; /* "": an owner whom nobody has named yet */
  unsigned roles;
  unsigned lanes; /* 0: nobody asks */
  uint32_t token; /* the number of the one it came with, 0: none */
  bool session;   /* it is one */
};
struct core_people {
  size_t person_count, token_count;
  struct core_person *persons; /* CORE_PERSONS_MAX, in order of their handles */
  struct core_token *tokens;   /* CORE_TOKENS_MAX, in order of their numbers */
  struct core_asker asker;
  bool strangers_wait[CORE_STRANGERS]; /* as core_person.waits */
  int64_t tell_ms;                     /* when the register is told of these; 0: there are none */
};

/* Who may write in cases of the kinds that need no row of an agreement, for they make law and consent themselves, and agree
 * in others to what all must agree to. */
#define CORE_BINDING_ROLES                                                                                             \
  (1U << LINK_PERSON_LIAISON | 1U << LINK_PERSON_SUPERVISOR | 1U << LINK_PERSON_OPERATIONS)

/* --- peoplekept.c */
BASE_NODISCARD enum base_code core_people_load(struct core *core, struct base_error *err);
/* A new node takes in whom node init named as its owner, once. Within the opening's transaction. */
BASE_NODISCARD enum base_code core_people_open(struct core *core, struct base_error *err);
void core_people_free(struct core *core);
/* The leaf and the fact of a changed document. why: what was done, for the leaf. */
BASE_NODISCARD enum base_code core_person_save(struct core *core, struct core_person *person, const char *why,
                                               struct base_error *err);
BASE_NODISCARD enum base_code core_login_save(struct core *core, struct core_person *person, const char *why,
                                              struct base_error *err);
BASE_NODISCARD enum base_code core_token_save(struct core *core, struct core_token *token, const char *why,
                                              struct base_error *err);
/* For the check of the register: the newest `person`, `login` or `token` leaf about its subject is the one that the
 * stored row names. index: of this leaf. */
bool core_people_fits(const struct core *core, enum wire_act act, const struct wire_opening *opening, uint64_t index);
/* Texts into an array that is open: persons who are damaged. */
void core_people_unsound(const struct core *core, struct wire_writer *writer);

/* --- people.c */
/* Before any verb runs: who asks, and may he? BASE_LOGIN: nobody whom this node knows; BASE_POLICY: none of his roles
 * may. What a process asks and no person passes. */
BASE_NODISCARD enum base_code core_people_admit(struct core *core, enum link_request_code code,
                                                const struct wire_json *request, struct base_error *err);
/* Of a message by hand, once its type is known: where that binds the node, whether one of the asker's roles may. */
BASE_NODISCARD enum base_code core_people_binds(struct core *core, const struct wire_kind *kind,
                                                const struct wire_kind_type *type, struct base_error *err);
void core_people_leave(struct core *core);
/* The person who asks, for the leaf of what he does; valid while the request is handled. */
struct base_view core_actor(const struct core *core);
const struct core_asker *core_asker(const struct core *core);
/* An actor as partners read him: without the number of a token or session and without a user, which are this node's own. */
struct base_view core_actor_plain(struct base_view actor);
/* What a person began in several requests is hers alone: the handle of who began it is that of who asks. */
bool core_asker_began(const struct core *core, const char *handle);
/* Of one who asked before and was not answered yet. BASE_LOGIN: his token is over, or he has left. */
BASE_NODISCARD enum base_code core_asker_check(const struct core *core, const struct core_asker *asker,
                                               struct base_error *err);
struct core_person *core_person_named(const struct core *core, struct base_view handle);
/* Of who was here before the register lost leaves nobody knows whether he left since: until the owner confirms him, nothing of his
 * passes. Not of the owner. */
bool core_person_waits(const struct core *core, const struct core_person *person);
struct core_person *core_person_owner(const struct core *core); /* NULL: nobody was named */
/* "auditor, administrator" */
void core_roles_text(unsigned roles, struct base_buf *out);
/* An array of names of roles; BASE_FIELD when one is unknown, or there is none. */
BASE_NODISCARD enum base_code core_roles_read(const struct wire_json *list, unsigned *out, struct base_error *err);
void core_roles_write(struct wire_writer *writer, unsigned roles);

/* A reason that is kept in the register: at most CORE_REASON_MAX bytes, and nothing in it that does not belong. */
BASE_NODISCARD enum base_code core_request_purpose(struct base_view reason, struct base_error *err);

/* --- persons.c, tokens.c */
void core_person_list(struct core *core, uint64_t token, const struct wire_json *request);
void core_person_change(struct core *core, uint64_t token, const struct wire_json *request);
void core_token_list(struct core *core, uint64_t token);
void core_token_change(struct core *core, uint64_t token, const struct wire_json *request);
/* Neither ended, nor over, nor of a person who is closed; of a session, nor from before the password was set. */
bool core_token_holds(const struct core *core, const struct core_token *token);
/* A new row, or that of one that is over; the register keeps what was there. NULL: there is none. */
struct core_token *core_token_room(struct core *core);
enum { CORE_TOKEN_TEXT = sizeof CORE_SESSION_PREFIX + 2 * CORE_TOKEN_SECRET };
/* A secret of its own with this prefix in front. */
void core_token_secret(struct core *core, const char *prefix, char out[CORE_TOKEN_TEXT]);

/* --- login.c */
/* What Argon2id takes, for a person or a name that nobody has: to nobody does it tell which. */
void core_login_begin(struct core *core, uint64_t token, const struct wire_json *request);
void core_login_finish(struct core *core, uint64_t token, const struct wire_json *request);
void core_login_end(struct core *core, uint64_t token);
/* Whose wrong logins must wait, as leaves; when that is due, -1: there are none. */
BASE_NODISCARD enum base_code core_login_settle(struct core *core, struct base_error *err);
int64_t core_login_due_ms(const struct core *core);
/* Nothing is counted against this person any more. step: of a code that was taken just now; 0: of none. */
BASE_NODISCARD enum base_code core_login_clear(struct core *core, const struct core_person *person, uint64_t step,
                                               struct base_error *err);
/* BASE_LOGIN, and counted as a wrong login, when this key is not that of the person's password. */
BASE_NODISCARD enum base_code core_login_current(struct core *core, struct core_person *person, struct base_view key,
                                                 struct base_error *err);
/* Whether this key, 64 hex digits, is the one that the person's password makes. */
bool core_password_is(const struct core *core, const struct core_person *person, struct base_view key);
struct base_hash core_password_verifier(const struct core *core, struct base_view handle,
                                        const uint8_t key[CORE_PASSWORD_KEY]);

/* --- password.c, factor.c */
void core_password_set(struct core *core, uint64_t token, const struct wire_json *request);
void core_factor_change(struct core *core, uint64_t token, const struct wire_json *request);
/* The step that this code of the person's second factor is for, one of those about now and after `last`; 0: none. An
 * unconfirmed one counts, too. */
uint64_t core_factor_step(const struct core *core, const struct core_person *person, struct base_view code,
                          uint64_t last);

#endif
