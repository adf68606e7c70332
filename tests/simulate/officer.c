/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "simulate/sim.h"

/* What people do at a node, by the requests of the local gate: agreements are proposed, countered, accepted, declined,
 * ended; requests are asked, clarified, answered in part or whole, refused, withdrawn, closed; files go along; waiting
 * messages are ended, content is erased, partners suspended and resumed, content is read, evidence exported, the
 * register checked. */

enum { CASES_LOOKED_AT = 12, PART_MOST = 3 * WIRE_RECORD_MAX };

uint8_t sim_octet(uint64_t seed, uint64_t at) {
  return (uint8_t)((at * 2654435761u + seed * 2246822519u) >> 13);
}

static unsigned any_partner(struct sim_node *node) {
  return node->partners[sim_draw(node->sim, node->partner_count)];
}

/* --- a submission */

struct parts { /* of one message: all of the same octets but for the seed */
  size_t count;
  uint64_t size, seed;
  struct base_buf json;
};

static bool upload_piece(struct sim_node *node, const char *stage, uint64_t size, uint64_t seed, uint32_t index) {
  uint64_t at = (uint64_t)index * WIRE_RECORD_MAX;
  size_t length = size - at < WIRE_RECORD_MAX ? (size_t)(size - at) : WIRE_RECORD_MAX;
  uint8_t *piece = malloc(length + 1);
  if (piece == NULL)
    abort();
  for (size_t i = 0; i < length; i++)
    piece[i] = sim_octet(seed, at + i);
  int fd = base_memfd_sealed("piece", base_view_of(piece, length), NULL);
  free(piece);
  return sim_ask(node, LINK_PART_CHUNK, fd, "{\"stage\":\"%s\",\"index\":%u,\"last\":%s}", stage, index,
                 at + length == size ? "true" : "false") &&
         node->reply.status == BASE_OK;
}

static bool upload(struct sim_node *node, struct parts *parts, size_t number) {
  char stage[24];
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (!sim_ask(node, LINK_PART_BEGIN, -1, "{\"actor\":\"amal\"}") || node->reply.status != BASE_OK ||
      wire_json_parse(base_buf_view(&node->reply.payload), 4096, "stage", &json, NULL) != BASE_OK)
    return false;
  struct base_view text = wire_json_text(wire_json_get(json, "stage"));
  snprintf(stage, sizeof stage, "%.*s", (int)text.size, (const char *)text.data);
  for (uint32_t index = 0; index == 0 || (uint64_t)index * WIRE_RECORD_MAX < parts->size; index++)
    if (!upload_piece(node, stage, parts->size, parts->seed + number, index))
      return false;
  base_buf_printf(&parts->json, "%s{\"stage\":\"%s\",\"name\":\"part-%zu.bin\",\"type\":\"application/octet-stream\"}",
                  number == 0 ? ",\"parts\":[" : ",", stage, number);
  node->sim->counts.parts++;
  return true;
}

/* False when a file could not be taken: nothing is sent then. */
static bool draw_parts(struct sim_node *node, struct parts *parts) {
  struct sim *sim = node->sim;
  base_buf_init(&parts->json, 1 << 16);
  if (!sim_chance(sim, sim->profile.parts))
    return true;
  bool many = sim_chance(sim, sim->profile.many_parts);
  parts->count = many ? 2 + sim_draw(sim, 6) : 1;
  parts->size = sim_chance(sim, many ? 0 : 150) ? sim_draw(sim, PART_MOST) : sim_draw(sim, 3000);
  parts->seed = sim_draw(sim, UINT32_MAX);
  for (size_t i = 0; i < parts->count; i++)
    if (!upload(node, parts, i))
      return false;
  base_buf_text(&parts->json, "]");
  return true;
}

static const char *parts_json(struct parts *parts) {
  base_buf_u8(&parts->json, 0);
  return (const char *)parts->json.data;
}

/* Notes what was acknowledged, or what was refused and may be. */
static bool submitted(struct sim_node *node, const char *what, const struct parts *parts) {
  struct sim *sim = node->sim;
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct base_id id;
  if (!node->reply.came)
    return false;
  if (node->reply.status != BASE_OK) {
    sim_say(sim, node, "%s: refused: %.*s", what, (int)node->reply.payload.size,
            (const char *)node->reply.payload.data);
    sim->counts.denied += node->reply.status == BASE_LAW;
    if (base_code_class(node->reply.status) == BASE_BROKEN && !node->disk_trouble)
      sim_violate(sim, "an honest node goes on", "%s: %s: %.*s", node->name, what, (int)node->reply.payload.size,
                  (const char *)node->reply.payload.data);
    return false;
  }
  if (wire_json_parse(base_buf_view(&node->reply.payload), 4096, "id", &json, NULL) != BASE_OK ||
      !base_id_parse(wire_json_text(wire_json_get(json, "id")), &id)) {
    sim_violate(sim, "a submission is answered by an id", "%s: %s", node->name, what);
    return false;
  }
  sim_say(sim, node, "%s %.12s", what, base_id_text(&id).text);
  sim_ledger_acked(node, &id, parts->count, parts->size, parts->seed);
  return true;
}

static bool open_case(struct sim_node *node, const char *kind, const unsigned *to, size_t count, const char *fields) {
  BASE_AUTO_BUF struct base_buf names = {0};
  struct parts parts = {0};
  char what[80] = "";
  for (size_t i = 0; i < count; i++)
    base_buf_printf(&names, "%s\"%s\"", i > 0 ? "," : "", node->sim->nodes[to[i]].name);
  base_buf_u8(&names, 0);
  snprintf(what, sizeof what, "opens %s to %.40s", kind, (const char *)names.data);
  bool done = draw_parts(node, &parts) &&
              sim_ask(node, LINK_CASE_OPEN, -1, "{\"actor\":\"amal\",\"kind\":\"%s\",\"to\":[%s],\"fields\":%s%s}",
                      kind, (const char *)names.data, fields, parts_json(&parts)) &&
              submitted(node, what, &parts);
  base_buf_free(&parts.json);
  return done;
}

static void send_in(struct sim_node *node, const struct base_id *kase, const char *type, const char *fields) {
  struct parts parts = {0};
  char what[80];
  snprintf(what, sizeof what, "sends %s in %.12s:", type, base_id_text(kase).text);
  if (draw_parts(node, &parts) &&
      sim_ask(node, LINK_CASE_SEND, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":%s%s}",
              base_id_text(kase).text, type, fields, parts_json(&parts)))
    (void)submitted(node, what, &parts);
  base_buf_free(&parts.json);
}

/* --- agreements and requests */

static const char *const terms_json =
    "\"title\":\"اتفاق · accord\",\"legal_basis\":\"article 7\",\"language\":\"fr\",\"until\":\"%s\",\"articles\":\"1. "
    "2.\",\"rows\":[{\"id\":\"2\",\"kind\":\"%s\",\"types\":[\"*\"],\"purposes\":[%s],\"direction\":\"%s\"}]";

/* Mostly wide and long; some narrow ones, and some that expire within the run, so that law has something to say. */
static void write_terms(struct sim *sim, char *out, size_t size) {
  static const char *const directions[] = {"both", "both", "both", "from_proposer", "to_proposer"};
  struct base_time_text until = base_time_format(SIM_START + sim->now_ms / 1000 + 60 + (base_time)sim_draw(sim, 14400));
  bool soon = sim_chance(sim, 120), narrow = sim_chance(sim, 150);
  snprintf(out, size, terms_json, soon ? until.text : "2036-01-01", narrow ? "request" : "*",
           narrow ? "\"trafficking\",\"drugs\"" : "\"*\"", directions[sim_chance(sim, 150) ? sim_draw(sim, 5) : 0]);
}

bool sim_officer_propose(struct sim_node *node, const unsigned *to, size_t count) {
  char terms[800], fields[900];
  write_terms(node->sim, terms, sizeof terms);
  snprintf(fields, sizeof fields, "{%s}", terms);
  return open_case(node, "agreement", to, count, fields);
}

static size_t draw_receivers(struct sim_node *node, unsigned out[SIM_RECEIVERS_MAX]) {
  struct sim *sim = node->sim;
  size_t most = node->partner_count < SIM_RECEIVERS_MAX ? node->partner_count : SIM_RECEIVERS_MAX;
  size_t wanted = sim_chance(sim, 550) ? 1 : 1 + sim_draw(sim, most), count = 0;
  size_t first = sim_draw(sim, node->partner_count);
  for (size_t i = 0; i < node->partner_count && count < wanted; i++)
    out[count++] = node->partners[(first + i) % node->partner_count];
  return count;
}

static void propose(struct sim_node *node) {
  unsigned to[SIM_RECEIVERS_MAX];
  size_t count = draw_receivers(node, to);
  (void)sim_officer_propose(node, to, count);
}

static void request(struct sim_node *node) {
  static const char *const purposes[] = {"trafficking", "trafficking", "drugs", "terrorism"};
  unsigned to[SIM_RECEIVERS_MAX];
  char fields[300];
  size_t count = draw_receivers(node, to);
  snprintf(
      fields, sizeof fields,
      "{\"subject\":\"s\",\"urgency\":\"normal\",\"purpose\":\"%s\",\"question\":\"متى؟ quand ?\",\"language\":\"fr\"}",
      purposes[sim_draw(node->sim, 4)]);
  (void)open_case(node, "request", to, count, fields);
}

static void write_fields(struct sim *sim, const struct core_case *kase, const char *type, char *out, size_t size) {
  char terms[800];
  if (strcmp(type, "counter") == 0) {
    write_terms(sim, terms, sizeof terms);
    snprintf(out, size, "{\"reason\":\"trop large\",%s}", terms);
  } else if (strcmp(type, "accept") == 0) {
    snprintf(out, size, "{\"terms\":\"%s\"}", base_id_text(&kase->state.by).text);
  } else if (strcmp(type, "refuse") == 0) {
    snprintf(out, size, "{\"ground\":\"no_competence\"}");
  } else if (strcmp(type, "clarify") == 0) {
    snprintf(out, size, "{\"ground\":\"facts_insufficient\",\"question\":\"أين؟ où ?\"}");
  } else if (strcmp(type, "close") == 0) {
    snprintf(out, size, "{\"note\":\"merci\"}");
  } else if (strcmp(type, "decline") == 0 || strcmp(type, "withdraw") == 0 || strcmp(type, "end") == 0) {
    snprintf(out, size, "{\"reason\":\"r\"}");
  } else {
    snprintf(out, size, "{\"answer\":\"نعم oui\"}");
  }
}

struct looking {
  size_t count;
  struct base_id found[CASES_LOOKED_AT];
};

static enum base_code look_at_case(void *context, const struct store_case *row) {
  struct looking *looking = context;
  if (looking->count < CASES_LOOKED_AT)
    looking->found[looking->count++] = row->id;
  return BASE_OK;
}

/* Accepting comes before refusing, else nothing would ever be allowed. */
static unsigned weight(const char *type) {
  return strcmp(type, "accept") == 0 ? 12 : strcmp(type, "end") == 0 || strcmp(type, "decline") == 0 ? 1 : 3;
}

static void act_in_case(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct looking looking = {0};
  struct core_case *kase = NULL;
  if (store_case_each(node->core->store, (struct base_view){0}, CASES_LOOKED_AT, look_at_case, &looking, NULL) !=
          BASE_OK ||
      looking.count == 0)
    return;
  struct base_id id = looking.found[sim_draw(sim, looking.count)];
  if (core_case_load(node->core, &id, &kase, NULL) != BASE_OK)
    return;
  const struct wire_kind *kind = &kase->kind->kind;
  const struct wire_kind_type *chosen = NULL;
  unsigned sum = 0;
  for (size_t i = 0; i < kind->type_count; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    bool allowed = core_case_allows(kind, kase->messages, kase->count, &kase->state, node->core->card.origin, type,
                                    NULL) == BASE_OK;
    unsigned share = allowed ? weight((const char *)type->name.data) : sim_chance(sim, 10);
    sum += share;
    if (share > 0 && sim_draw(sim, sum) < share)
      chosen = type;
  }
  if (chosen == NULL)
    return;
  char type[WIRE_CODE_MAX + 1], fields[1000];
  snprintf(type, sizeof type, "%.*s", (int)chosen->name.size, (const char *)chosen->name.data);
  write_fields(sim, kase, type, fields, sizeof fields);
  send_in(node, &id, type, fields);
}

/* --- everything else */

struct waiting {
  struct sim *sim;
  size_t count;
  struct base_id chosen;
};

static enum base_code look_at_delivery(void *context, const struct store_delivery *row) {
  struct waiting *waiting = context;
  if (row->state == STORE_WAITING && sim_draw(waiting->sim, ++waiting->count) == 0)
    waiting->chosen = row->message;
  return BASE_OK;
}

static void end_waiting(struct sim_node *node) {
  struct waiting waiting = {.sim = node->sim};
  if (store_delivery_each(node->core->store, NULL, true, 0, look_at_delivery, &waiting, NULL) != BASE_OK ||
      waiting.count == 0)
    return;
  char to[40] = "";
  if (sim_chance(node->sim, 400))
    snprintf(to, sizeof to, ",\"to\":\"%s\"", node->sim->nodes[any_partner(node)].name);
  if (sim_ask(node, LINK_OUTBOX_END, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"no longer needed\"%s}",
              base_id_text(&waiting.chosen).text, to))
    sim_say(node->sim, node, "ends %.12s: %s", base_id_text(&waiting.chosen).text, base_code_name(node->reply.status));
}

void sim_officer_erases(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct looking looking = {0};
  struct core_case *kase = NULL;
  if (store_case_each(node->core->store, (struct base_view){0}, CASES_LOOKED_AT, look_at_case, &looking, NULL) !=
          BASE_OK ||
      looking.count == 0)
    return;
  struct base_id id = {{0}};
  for (int tries = 0; tries < 4 && (kase == NULL || !kase->kind->kind.needs_row); tries++) { /* seldom an agreement */
    id = looking.found[sim_draw(sim, looking.count)];
    if (core_case_load(node->core, &id, &kase, NULL) != BASE_OK)
      return;
  }
  id = kase->messages[sim_draw(sim, kase->count)].id;
  sim_ledger_erased(node, &id, false);
  if (!sim_ask(node, LINK_MESSAGE_ERASE, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"it has ended\"}",
               base_id_text(&id).text))
    return;
  sim_say(sim, node, "erases %.12s: %s", base_id_text(&id).text, base_code_name(node->reply.status));
  if (node->reply.status == BASE_OK)
    sim_ledger_erased(node, &id, true);
  else if (base_code_class(node->reply.status) == BASE_BROKEN && !node->disk_trouble)
    sim_violate(sim, "what a person asks is answered", "%s: %.*s", node->name, (int)node->reply.payload.size,
                (const char *)node->reply.payload.data);
}

/* Each ends in a card that follows, which partners take. */
static void rotate_keys(struct sim_node *node) {
  struct sim *sim = node->sim;
  bool sign = sim_chance(sim, 500);
  if (!sim_ask(node, LINK_KEY_ROTATE, -1, "{\"actor\":\"amal\",\"%s\":true}", sign ? "sign" : "seal"))
    return;
  sim_say(sim, node, "makes a new %s key: %s", sign ? "log" : "sealing", base_code_name(node->reply.status));
  sim->counts.rotated += node->reply.status == BASE_OK;
  if (base_code_class(node->reply.status) == BASE_BROKEN && !node->disk_trouble)
    sim_violate(sim, "what a person asks is answered", "%s: %.*s", node->name, (int)node->reply.payload.size,
                (const char *)node->reply.payload.data);
}

static void suspend_or_resume(struct sim_node *node) {
  unsigned other = any_partner(node);
  const struct core_partner *partner = sim_partner(node, other);
  if (partner == NULL || partner->stopped)
    return;
  bool suspended = partner->row.state == STORE_PARTNER_SUSPENDED;
  if (sim_ask(node, LINK_PARTNER_STATE, -1, "{\"actor\":\"amal\",\"name\":\"%s\",\"state\":\"%s\"}",
              node->sim->nodes[other].name, suspended ? "active" : "suspended"))
    sim_say(node->sim, node, "%s %s", suspended ? "resumes" : "suspends", node->sim->nodes[other].name);
}

void sim_officer_resume(struct sim_node *node) {
  for (size_t i = 0; i < node->partner_count && node->core != NULL; i++) {
    const struct core_partner *partner = sim_partner(node, node->partners[i]);
    if (partner != NULL && partner->row.state == STORE_PARTNER_SUSPENDED && !partner->stopped)
      (void)sim_ask(node, LINK_PARTNER_STATE, -1, "{\"actor\":\"amal\",\"name\":\"%s\",\"state\":\"active\"}",
                    node->sim->nodes[node->partners[i]].name);
  }
}

static void look_around(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct looking looking = {0};
  const char *const any = "{\"actor\":\"amal\"}";
  switch (sim_draw(sim, 5)) {
  case 0:
    (void)sim_ask(node, LINK_REGISTER_CHECK, -1, "{\"actor\":\"amal\",\"from\":0}");
    break;
  case 1:
    (void)sim_ask(node, LINK_OUTBOX_LIST, -1, "%s", any);
    break;
  default:
    if (store_case_each(node->core->store, (struct base_view){0}, CASES_LOOKED_AT, look_at_case, &looking, NULL) !=
            BASE_OK ||
        looking.count == 0)
      return;
    bool proof = sim_chance(sim, 300);
    (void)sim_ask(node, proof ? LINK_PROOF_GET : LINK_CASE_SHOW, -1, "{\"actor\":\"amal\",\"id\":\"%s\"}",
                  base_id_text(&looking.found[sim_draw(sim, looking.count)]).text);
  }
  if (node->reply.came && base_code_class(node->reply.status) == BASE_BROKEN && !node->disk_trouble)
    sim_violate(sim, "what a person asks is answered", "%s: %.*s", node->name, (int)node->reply.payload.size,
                (const char *)node->reply.payload.data);
}

static bool has_agreement(const struct sim_node *node) {
  for (size_t i = 0; i < node->core->agreement_count; i++)
    if (node->core->agreements[i].law.accepted && !node->core->agreements[i].law.ended)
      return true;
  return false;
}

void sim_officer_acts(struct sim_node *node) {
  struct sim *sim = node->sim;
  if (node->partner_count == 0)
    return;
  if (sim_chance(sim, sim->profile.ends))
    end_waiting(node);
  else if (sim_chance(sim, sim->profile.suspends))
    suspend_or_resume(node);
  else if (sim_chance(sim, sim->profile.erases))
    sim_officer_erases(node);
  else if (sim_chance(sim, sim->profile.rotates))
    rotate_keys(node);
  else if (sim_chance(sim, 80))
    look_around(node);
  else if (sim_chance(sim, 450))
    act_in_case(node);
  else if (!has_agreement(node) ? sim_chance(sim, 700) : sim_chance(sim, 100))
    propose(node);
  else
    request(node);
}
