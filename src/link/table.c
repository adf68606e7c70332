/* SPDX-License-Identifier: Apache-2.0 */
#include "link/link.h"

/* The words of table.def. */
enum {
  LINK_LOCAL = 1U << LINK_ROLE_GATE_LOCAL,
  LINK_PEER = 1U << LINK_ROLE_GATE_PEER,
  LINK_CORE = 1U << LINK_ROLE_CORE
};
/* The roles of persons, as the table names them. */
enum {
  LIA = 1U << LINK_PERSON_LIAISON,
  SUP = 1U << LINK_PERSON_SUPERVISOR,
  OPS = 1U << LINK_PERSON_OPERATIONS,
  INT = 1U << LINK_PERSON_INTEGRATOR,
  AUD = 1U << LINK_PERSON_AUDITOR,
  ADM = 1U << LINK_PERSON_ADMINISTRATOR,
  ALL = LINK_PERSON_ALL
};
enum { FD_NONE = 0, FD_IN = 1, FD_OUT = 2, FD_BOTH = FD_IN | FD_OUT };

static const struct link_row rows[LINK_REQUEST_CODES] = {
#define LINK_REQUEST(code, text, may_send, to, most, fd, park, may_use, may_bare)                                      \
  [LINK_##code] = {.name = (text),                                                                                     \
                   .senders = (may_send),                                                                              \
                   .receiver = LINK_ROLE_##to,                                                                         \
                   .largest = (most),                                                                                  \
                   .fd_in = (FD_##fd & FD_IN) != 0,                                                                    \
                   .fd_out = (FD_##fd & FD_OUT) != 0,                                                                  \
                   .parked = (park) != 0,                                                                              \
                   .roles = (may_use),                                                                                 \
                   .bare = (may_bare)},
#include "link/table.def"
#undef LINK_REQUEST
};

#define LINK_REQUEST(code, text, may_send, to, most, fd, park, may_use, may_bare)                                      \
  _Static_assert((most) <= LINK_INLINE_MAX, text ": a request must fit into one packet");
#include "link/table.def"
#undef LINK_REQUEST

const struct link_row *link_row(enum link_request_code code) {
  return code > LINK_NO_REQUEST && code < LINK_REQUEST_CODES ? &rows[code] : NULL;
}

const char *link_role_name(enum link_role role) {
  static const char *const names[LINK_ROLES] = {
      [LINK_ROLE_WASLD] = "wasld", [LINK_ROLE_GATE_PEER] = "gate-peer", [LINK_ROLE_GATE_LOCAL] = "gate-local",
      [LINK_ROLE_CORE] = "core",   [LINK_ROLE_KEEPER] = "keeper",       [LINK_ROLE_WORKER] = "worker",
  };
  return role < LINK_ROLES ? names[role] : "?";
}

const char *link_person_role_name(enum link_person_role role) {
  static const char *const names[LINK_PERSON_ROLES] = {
      [LINK_PERSON_LIAISON] = "liaison",       [LINK_PERSON_SUPERVISOR] = "supervisor",
      [LINK_PERSON_OPERATIONS] = "operations", [LINK_PERSON_INTEGRATOR] = "integrator",
      [LINK_PERSON_AUDITOR] = "auditor",       [LINK_PERSON_ADMINISTRATOR] = "administrator",
  };
  return role < LINK_PERSON_ROLES ? names[role] : "?";
}

bool link_person_role_named(struct base_view name, enum link_person_role *out) {
  for (enum link_person_role role = 0; role < LINK_PERSON_ROLES; role++)
    if (base_view_is(name, link_person_role_name(role))) {
      *out = role;
      return true;
    }
  return false;
}
