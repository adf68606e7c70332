/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_ROUTES_H
#define GATE_ROUTES_H

#include "gate/target.h"
#include "link/link.h"
#include "wire/json.h"

/* The local API as a table (spec/api.md): which request of table.def a route becomes, and under which names its pieces
 * and parameters go into the request's JSON object. */

enum gate_way {
  GATE_ASK,      /* no body; the answer is JSON */
  GATE_ASK_RAW,  /* no body; the answer is octets */
  GATE_POST,     /* a JSON object as body; the answer is JSON */
  GATE_OCTETS,   /* octets as body, handed over whole; the answer is JSON */
  GATE_UPLOAD,   /* a part comes in */
  GATE_DOWNLOAD, /* a part goes out */
  GATE_STIX,     /* a part is checked by the worker */
  GATE_SECRET,   /* as GATE_POST, of a body with passwords in it, which core does not get */
  GATE_EVENTS,   /* what changes, for as long as somebody listens */
};
enum gate_member_type { GATE_TEXT, GATE_NUMBER, GATE_FLAG };
enum { GATE_MEMBERS_MAX = 8 };
struct gate_member {
  const char *name;
  enum gate_member_type type;
};
struct gate_route {
  const char *method, *path;
  enum link_request_code request;
  enum gate_way way;
  struct gate_member pieces[GATE_MEMBERS_MAX]; /* of the path, for its placeholders in order */
  struct gate_member query[GATE_MEMBERS_MAX];
};
/* NULL with err filled: no such path, or not with this method. */
const struct gate_route *gate_route_find(const char *method, const struct gate_target *target, struct base_error *err);
/* The method that this path knows; NULL when there is no such path. Every path knows one, or GET and POST. */
const char *gate_route_methods(const struct gate_target *target);
/* Writes the route's pieces and the query's parameters as members into an object that is open. */
BASE_NODISCARD enum base_code gate_route_members(const struct gate_route *route, const struct gate_target *target,
                                                 struct wire_writer *writer, struct base_error *err);
/* For tests: the table's rows, NULL beyond the last. */
const struct gate_route *gate_route_at(size_t index);

#endif
