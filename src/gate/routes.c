/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/routes.h"

#include <stdint.h>
#include <string.h>

#include "gate/problem.h"

/* In a path, what begins with a capital is a placeholder. */
static const struct gate_route routes[] = {
    {"GET", "v1/status", LINK_NODE_STATUS, GATE_ASK, {{0}}, {{0}}},
    {"POST", "v1/partners", LINK_PARTNER_ADD, GATE_POST, {{0}}, {{0}}},
    {"GET", "v1/card", LINK_CARD_SHOW, GATE_ASK, {{0}}, {{"generation", GATE_NUMBER}}},
    {"POST", "v1/card", LINK_CARD_CHANGE, GATE_POST, {{0}}, {{0}}},
    {"GET", "v1/keys", LINK_KEY_LIST, GATE_ASK, {{0}}, {{0}}},
    {"POST", "v1/keys/rotate", LINK_KEY_ROTATE, GATE_POST, {{0}}, {{0}}},
    {"POST", "v1/keys/retire", LINK_KEY_RETIRE, GATE_POST, {{0}}, {{0}}},
    {"GET", "v1/partners/NAME", LINK_PARTNER_SHOW, GATE_ASK, {{"name", GATE_TEXT}}, {{0}}},
    {"GET", "v1/partners", LINK_PARTNER_LIST, GATE_ASK, {{0}}, {{0}}},
    {"POST", "v1/partners/NAME/state", LINK_PARTNER_STATE, GATE_POST, {{"name", GATE_TEXT}}, {{0}}},
    {"POST", "v1/partners/NAME/epoch", LINK_PARTNER_EPOCH, GATE_POST, {{"name", GATE_TEXT}}, {{0}}},
    {"POST", "v1/partners/NAME/reconcile", LINK_PARTNER_COMPARE, GATE_POST, {{"name", GATE_TEXT}}, {{0}}},
    {"POST", "v1/zones", LINK_ZONE_SET, GATE_POST, {{0}}, {{0}}},
    {"GET", "v1/kinds", LINK_KIND_LIST, GATE_ASK, {{0}}, {{0}}},
    {"GET", "v1/kinds/KIND", LINK_KIND_SHOW, GATE_ASK, {{"kind", GATE_TEXT}}, {{"version", GATE_NUMBER}}},
    {"GET", "v1/kinds/KIND/example", LINK_KIND_EXAMPLE, GATE_ASK, {{"kind", GATE_TEXT}}, {{"type", GATE_TEXT}, {"version", GATE_NUMBER}}},
    {"POST", "v1/kinds", LINK_KIND_ADD, GATE_POST, {{0}}, {{0}}},
    {"POST", "v1/kinds/KIND/remove", LINK_KIND_REMOVE, GATE_POST, {{"kind", GATE_TEXT}}, {{0}}},
    {"GET", "v1/agreements", LINK_AGREEMENT_LIST, GATE_ASK, {{0}}, {{0}}},
    {"GET", "v1/agreements/ID/review", LINK_AGREEMENT_REVIEW, GATE_ASK, {{"id", GATE_TEXT}}, {{"from", GATE_NUMBER}}},
    {"GET", "v1/consents", LINK_CONSENT_LIST, GATE_ASK, {{0}}, {{0}}},
    {"GET", "v1/law", LINK_LAW_EXPLAIN, GATE_ASK, {{0}}, {{"to", GATE_TEXT}, {"kind", GATE_TEXT}, {"type", GATE_TEXT}, {"purpose", GATE_TEXT}, {"personal", GATE_TEXT}, {"handling", GATE_TEXT}, {"case", GATE_TEXT}}},
    {"POST", "v1/cases", LINK_CASE_OPEN, GATE_POST, {{0}}, {{0}}},
    {"POST", "v1/cases/ID/messages", LINK_CASE_SEND, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"GET", "v1/cases", LINK_CASE_LIST, GATE_ASK, {{0}}, {{"kind", GATE_TEXT}, {"limit", GATE_NUMBER}, {"by", GATE_TEXT}, {"state", GATE_TEXT}, {"after", GATE_TEXT}, {"lane", GATE_TEXT}, {"exercise", GATE_FLAG}}},
    {"GET", "v1/cases/ID/items", LINK_CASE_ITEMS, GATE_ASK, {{"id", GATE_TEXT}}, {{"item", GATE_TEXT}, {"state", GATE_TEXT}}},
    {"GET", "v1/cases/ID/crosscheck", LINK_CASE_CROSSCHECK, GATE_ASK, {{"id", GATE_TEXT}}, {{"reason", GATE_TEXT}}},
    {"GET", "v1/cases/ID/balance", LINK_CASE_BALANCE, GATE_ASK, {{"id", GATE_TEXT}}, {{"reason", GATE_TEXT}}},
    {"GET", "v1/cases/ID", LINK_CASE_SHOW, GATE_ASK, {{"id", GATE_TEXT}}, {{"bare", GATE_FLAG}, {"export", GATE_FLAG}, {"reason", GATE_TEXT}}},
    {"POST", "v1/cases/ID/feed", LINK_CASE_FEED, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"POST", "v1/cases/ID/review", LINK_CASE_REVIEW, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"POST", "v1/cases/ID/erase", LINK_CASE_ERASE, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"GET", "v1/cases/ID/readers", LINK_READER_LIST, GATE_ASK, {{"id", GATE_TEXT}}, {{0}}},
    {"POST", "v1/cases/ID/readers", LINK_READER_CHANGE, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"GET", "v1/reviews", LINK_REVIEW_LIST, GATE_ASK, {{0}}, {{"due", GATE_FLAG}, {"limit", GATE_NUMBER}, {"after", GATE_TEXT}}},
    {"GET", "v1/messages/ID", LINK_MESSAGE_SHOW, GATE_ASK, {{"id", GATE_TEXT}}, {{"export", GATE_FLAG}, {"reason", GATE_TEXT}}},
    {"POST", "v1/messages/ID/erase", LINK_MESSAGE_ERASE, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"POST", "v1/messages/ID/pass-on", LINK_MESSAGE_PASS_ON, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"POST", "v1/messages/ID/certificate", LINK_MESSAGE_CERTIFICATE, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"POST", "v1/messages/ID/recall", LINK_RECALL_OPEN, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"GET", "v1/recalls", LINK_RECALL_LIST, GATE_ASK, {{0}}, {{"limit", GATE_NUMBER}}},
    {"POST", "v1/recalls/ID/answer", LINK_RECALL_ANSWER, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"POST", "v1/recalls/ID/withdraw", LINK_RECALL_WITHDRAW, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"GET", "v1/releases", LINK_RELEASE_LIST, GATE_ASK, {{0}}, {{"all", GATE_FLAG}, {"above", GATE_NUMBER}}},
    {"GET", "v1/releases/NUMBER", LINK_RELEASE_LIST, GATE_ASK, {{"number", GATE_NUMBER}}, {{0}}},
    {"POST", "v1/releases/NUMBER/give", LINK_RELEASE_GIVE, GATE_POST, {{"number", GATE_NUMBER}}, {{0}}},
    {"POST", "v1/releases/NUMBER/refuse", LINK_RELEASE_REFUSE, GATE_POST, {{"number", GATE_NUMBER}}, {{0}}},
    {"POST", "v1/releases/NUMBER/withdraw", LINK_RELEASE_WITHDRAW, GATE_POST, {{"number", GATE_NUMBER}}, {{0}}},
    {"POST", "v1/parts", LINK_PART_BEGIN, GATE_UPLOAD, {{0}}, {{"name", GATE_TEXT}, {"type", GATE_TEXT}, {"as_is", GATE_FLAG}}},
    {"GET", "v1/parts/SHA256", LINK_PART_OPEN, GATE_DOWNLOAD, {{"sha256", GATE_TEXT}}, {{"message", GATE_TEXT}, {"export", GATE_FLAG}, {"reason", GATE_TEXT}}},
    {"GET", "v1/parts/SHA256/stix", LINK_PART_OPEN, GATE_STIX, {{"sha256", GATE_TEXT}}, {{"message", GATE_TEXT}, {"reason", GATE_TEXT}}},
    {"GET", "v1/outbox", LINK_OUTBOX_LIST, GATE_ASK, {{0}}, {{"limit", GATE_NUMBER}, {"open", GATE_FLAG}}},
    {"GET", "v1/outbox/summary", LINK_OUTBOX_SUMMARY, GATE_ASK, {{0}}, {{0}}},
    {"POST", "v1/outbox/ID/end", LINK_OUTBOX_END, GATE_POST, {{"id", GATE_TEXT}}, {{0}}},
    {"POST", "v1/consignments", LINK_CARRY_BEGIN, GATE_POST, {{0}}, {{0}}},
    {"POST", "v1/consignments/FILE/next", LINK_CARRY_NEXT, GATE_ASK_RAW, {{"file", GATE_NUMBER}}, {{0}}},
    {"POST", "v1/consignments/import", LINK_CARRY_TAKE, GATE_OCTETS, {{0}}, {{0}}},
    {"POST", "v1/backups", LINK_BACKUP_BEGIN, GATE_POST, {{0}}, {{0}}},
    {"POST", "v1/backups/BACKUP/next", LINK_BACKUP_NEXT, GATE_ASK_RAW, {{"backup", GATE_NUMBER}}, {{"stop", GATE_FLAG}}},
    {"GET", "v1/register/head", LINK_REGISTER_HEAD, GATE_ASK, {{0}}, {{0}}},
    {"GET", "v1/register/leaves/N", LINK_REGISTER_SHOW, GATE_ASK, {{"n", GATE_NUMBER}}, {{0}}},
    {"GET", "v1/register/check", LINK_REGISTER_CHECK, GATE_ASK, {{0}}, {{"from", GATE_NUMBER}}},
    {"GET", "v1/register/tile/L/N", LINK_REGISTER_TILE, GATE_ASK_RAW, {{"l", GATE_NUMBER}, {"n", GATE_NUMBER}}, {{0}}},
    {"GET", "v1/picture", LINK_PICTURE_SHOW, GATE_ASK, {{0}}, {{"by", GATE_TEXT}, {"from", GATE_TEXT}, {"to", GATE_TEXT}, {"kind", GATE_TEXT}}},
    {"GET", "v1/stix", LINK_STIX_LIST, GATE_ASK, {{0}}, {{"type", GATE_TEXT}, {"id", GATE_TEXT}, {"case", GATE_TEXT}, {"message", GATE_TEXT}, {"limit", GATE_NUMBER}, {"after", GATE_TEXT}, {"lane", GATE_TEXT}, {"reason", GATE_TEXT}}},
    {"GET", "v1/stix/counts", LINK_STIX_COUNT, GATE_ASK, {{0}}, {{"type", GATE_TEXT}, {"lane", GATE_TEXT}}},
    {"POST", "v1/stix/again", LINK_STIX_AGAIN, GATE_POST, {{0}}, {{0}}},
    {"GET", "v1/statistics", LINK_STATISTICS_MAKE, GATE_ASK, {{0}}, {{"from", GATE_TEXT}, {"to", GATE_TEXT}, {"partner", GATE_TEXT}, {"kind", GATE_TEXT}, {"publish", GATE_NUMBER}, {"next", GATE_NUMBER}, {"lane", GATE_TEXT}}},
    {"GET", "v1/witnesses", LINK_WITNESS_LIST, GATE_ASK, {{0}}, {{0}}},
    {"POST", "v1/witnesses", LINK_WITNESS_CHANGE, GATE_POST, {{0}}, {{0}}},
    {"GET", "v1/events", LINK_EVENTS_TAKE, GATE_EVENTS, {{0}}, {{"after", GATE_TEXT}, {"lane", GATE_TEXT}}},
    {"GET", "v1/persons", LINK_PERSON_LIST, GATE_ASK, {{0}}, {{0}}},
    {"GET", "v1/persons/PERSON", LINK_PERSON_LIST, GATE_ASK, {{"person", GATE_TEXT}}, {{0}}},
    {"POST", "v1/persons", LINK_PERSON_CHANGE, GATE_POST, {{0}}, {{0}}},
    {"GET", "v1/tokens", LINK_TOKEN_LIST, GATE_ASK, {{0}}, {{0}}},
    {"POST", "v1/tokens", LINK_TOKEN_CHANGE, GATE_POST, {{0}}, {{0}}},
    {"POST", "v1/login", LINK_LOGIN_FINISH, GATE_SECRET, {{0}}, {{0}}},
    {"POST", "v1/logout", LINK_LOGIN_END, GATE_POST, {{0}}, {{0}}},
    {"POST", "v1/password", LINK_PASSWORD_SET, GATE_SECRET, {{0}}, {{0}}},
    {"POST", "v1/factor", LINK_FACTOR_CHANGE, GATE_POST, {{0}}, {{0}}},
    {"GET", "v1/proofs/ID", LINK_PROOF_GET, GATE_ASK, {{"id", GATE_TEXT}}, {{"reason", GATE_TEXT}}},
};
enum { ROUTES = sizeof routes / sizeof routes[0] };

const struct gate_route *gate_route_at(size_t index) {
  return index < ROUTES ? &routes[index] : NULL;
}

/* The next piece of a route's path; empty at its end. */
static struct base_view next_piece(const char **path) {
  size_t size = strcspn(*path, "/");
  struct base_view piece = base_view_of(*path, size);
  *path += size + ((*path)[size] == '/');
  return piece;
}

static bool is_placeholder(struct base_view piece) {
  return piece.size > 0 && piece.data[0] >= 'A' && piece.data[0] <= 'Z';
}

static bool fits(const char *path, const struct gate_target *target) {
  for (size_t i = 0; i < target->piece_count; i++) {
    struct base_view piece = next_piece(&path);
    if (piece.size == 0 || (!is_placeholder(piece) && !base_view_equal(piece, target->pieces[i])))
      return false;
  }
  return *path == '\0';
}

const struct gate_route *gate_route_find(const char *method, const struct gate_target *target, struct base_error *err) {
  const struct gate_route *other = NULL;
  for (size_t i = 0; i < ROUTES; i++)
    if (fits(routes[i].path, target)) {
      if (strcmp(routes[i].method, method) == 0)
        return &routes[i];
      other = &routes[i];
    }
  if (other != NULL)
    base_fail(err, BASE_METHOD, "/%s does not know this method, but %s", other->path, gate_route_methods(target));
  else
    base_fail(err, BASE_NOT_FOUND, "there is nothing under this path; spec/api.md lists what there is");
  return NULL;
}

const char *gate_route_methods(const struct gate_target *target) {
  bool get = false, post = false;
  for (size_t i = 0; i < ROUTES; i++)
    if (fits(routes[i].path, target)) {
      get = get || strcmp(routes[i].method, "GET") == 0;
      post = post || strcmp(routes[i].method, "POST") == 0;
    }
  return get && post ? "GET, POST" : get ? "GET" : post ? "POST" : NULL;
}

static enum base_code write_member(const struct gate_member *member, struct base_view value, struct wire_writer *writer,
                                   struct base_error *err) {
  uint64_t number;
  switch (member->type) {
  case GATE_NUMBER:
    if (!base_decimal_parse(value, &number) || number > INT64_MAX)
      return base_fail(err, BASE_FIELD, "%s: not a whole number in decimal digits, from 0 to %lld", member->name,
                       (long long)INT64_MAX);
    wire_write_member_integer(writer, member->name, (int64_t)number);
    return BASE_OK;
  case GATE_FLAG:
    if (!base_view_is(value, "true") && !base_view_is(value, "false"))
      return base_fail(err, BASE_FIELD, "%s: neither true nor false", member->name);
    wire_write_member_bool(writer, member->name, base_view_is(value, "true"));
    return BASE_OK;
  default:
    wire_write_member_text(writer, member->name, value);
    return BASE_OK;
  }
}

static const struct gate_member *parameter_of(const struct gate_route *route, struct base_view name) {
  for (size_t i = 0; i < GATE_MEMBERS_MAX; i++)
    if (route->query[i].name != NULL && base_view_is(name, route->query[i].name))
      return &route->query[i];
  return NULL;
}

/* What a caller called it is shown in short and harmless. */
static enum base_code fail_parameter(const struct gate_route *route, struct base_view name, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf shown = {0}, allowed = {0};
  gate_printable(&shown, name, GATE_NAME_SHOWN);
  for (size_t i = 0; i < GATE_MEMBERS_MAX && route->query[i].name != NULL; i++)
    base_buf_printf(&allowed, "%s%s", i > 0 ? ", " : "allowed are: ", route->query[i].name);
  return base_fail(err, BASE_UNKNOWN_FIELD, "%.*s: /%s has no such parameter in its query; %.*s", (int)shown.size,
                   (const char *)shown.data, route->path, (int)(allowed.size > 0 ? allowed.size : 21),
                   allowed.size > 0 ? (const char *)allowed.data : "none is allowed there");
}

enum base_code gate_route_members(const struct gate_route *route, const struct gate_target *target,
                                  struct wire_writer *writer, struct base_error *err) {
  const char *path = route->path;
  enum base_code code = BASE_OK;
  for (size_t i = 0, found = 0; i < target->piece_count && code == BASE_OK; i++)
    if (is_placeholder(next_piece(&path)))
      code = write_member(&route->pieces[found++], target->pieces[i], writer, err);
  for (size_t i = 0; i < target->query_count && code == BASE_OK; i++) {
    const struct gate_member *member = parameter_of(route, target->query[i].name);
    if (member == NULL)
      return fail_parameter(route, target->query[i].name, err);
    code = write_member(member, target->query[i].value, writer, err);
  }
  return code;
}
