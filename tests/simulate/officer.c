/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/cases.h"
#include "simulate/law.h"

/* What people do at a node, by the requests of the local gate: agreements are proposed, countered, accepted, declined,
 * ended; requests are asked, clarified, answered in part or whole, refused, withdrawn, closed; files go along; waiting
 * messages are ended, content is erased, partners suspended and resumed, content is read, evidence exported, the
 * register checked. */

enum { CASES_LOOKED_AT = 12, PART_MOST = 3 * WIRE_RECORD_MAX, TERMS_ROOM = 2000, LEVEL_AMBER = 2, SELDOM = 1 };

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

static bool takes_parts(const struct sim_node *node, const struct sim_written *draft) {
  const struct core_kind *kind = core_kind_named(node->core, base_view_text(draft->kind));
  const struct wire_kind_type *type = kind != NULL ? wire_kind_type_named(&kind->kind, base_view_text(draft->type)) : NULL;
  return type == NULL || !type->no_parts;
}

/* False when a file could not be taken: nothing is sent then. */
static bool draw_parts(struct sim_node *node, const struct sim_written *draft, struct parts *parts) {
  struct sim *sim = node->sim;
  base_buf_init(&parts->json, 1 << 16);
  if (!sim_chance(sim, sim->profile.parts) || !takes_parts(node, draft))
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

bool sim_submitted(struct sim_node *node, const char *what, size_t part_count, uint64_t part_size, uint64_t part_seed) {
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
  bool read = wire_json_parse(base_buf_view(&node->reply.payload), BASE_BUF_DEFAULT_LIMIT, "id", &json, NULL) == BASE_OK;
  const struct wire_json *release = wire_json_get(json, "release");
  if (read && wire_json_type(release) == WIRE_JSON_OBJECT)
    return sim_release_held(node, release, part_count, part_size, part_seed);
  if (!read || !base_id_parse(wire_json_text(wire_json_get(json, "id")), &id)) {
    sim_violate(sim, "a submission is answered by an id", "%s: %s", node->name, what);
    return false;
  }
  sim_say(sim, node, "%s %.12s", what, base_id_text(&id).text);
  sim_ledger_acked(node, &id, part_count, part_size, part_seed);
  return true;
}

/* What people do not say of a message: it is of ordinary personal data, and marked as nothing, which is amber. */
static struct sim_written draft_of(const struct sim_node *node, const char *kind, const char *type) {
  struct sim_written draft = {.by = node->index, .personal = WIRE_PERSONAL_ORDINARY, .level = LEVEL_AMBER};
  draft.marked_for_consent = true;
  (void)snprintf(draft.kind, sizeof draft.kind, "%s", kind);
  (void)snprintf(draft.type, sizeof draft.type, "%s", type);
  return draft;
}

const char *sim_draw_handling(struct sim *sim, struct sim_written *draft) {
  static const struct {
    const char *code;
    unsigned level;
    bool consent;
  } marks[] = {{"clear", 0, false}, {"green", 1, false},       {"green no_onward_without_consent", 1, true},
               {"amber", 2, true},  {"amber_strict", 3, true}, {"red", 4, true}};
  if (sim->profile.laws == 0 || sim_chance(sim, 400))
    return NULL;
  size_t mark = sim_draw(sim, sizeof marks / sizeof *marks);
  draft->level = marks[mark].level;
  draft->marked_for_consent = marks[mark].consent;
  return marks[mark].code;
}

static void write_marks(const char *handling, bool exercise, char out[80]) {
  size_t used = handling != NULL ? (size_t)snprintf(out, 80, ",\"handling\":\"%s\"", handling) : 0;
  (void)snprintf(out + used, 80 - used, exercise ? ",\"exercise\":true" : "");
}

bool sim_open_case(struct sim_node *node, const struct sim_written *draft, const unsigned *to, size_t count,
                   const char *fields, const char *handling) {
  BASE_AUTO_BUF struct base_buf names = {0};
  struct sim *sim = node->sim;
  struct parts parts = {0};
  struct sim_written whole = *draft;
  char what[80] = "", mark[80];
  whole.opens = true;
  whole.parties[whole.party_count++] = node->index;
  for (size_t i = 0; i < count; i++) {
    base_buf_printf(&names, "%s\"%s\"", i > 0 ? "," : "", sim->nodes[to[i]].name);
    whole.parties[whole.party_count++] = to[i];
  }
  base_buf_u8(&names, 0);
  bool wrong = sim_exercise_draw(node, &whole);
  write_marks(handling, whole.exercise, mark);
  snprintf(what, sizeof what, "opens %s to %.40s", draft->kind, (const char *)names.data);
  bool done = draw_parts(node, draft, &parts);
  sim_law_writes(sim, &whole);
  done = done &&
         sim_ask(node, LINK_CASE_OPEN, -1, "{\"actor\":\"amal\",\"kind\":\"%s\",\"to\":[%s],\"fields\":%s%s%s}",
                 draft->kind, (const char *)names.data, fields, parts_json(&parts), mark) &&
         sim_submitted(node, what, parts.count, parts.size, parts.seed);
  sim_law_wrote(sim);
  sim_exercise_taken(node, what, wrong && done);
  sim->counts.exercises += whole.exercise && done;
  base_buf_free(&parts.json);
  return done;
}

bool sim_send_in(struct sim_node *node, const struct base_id *kase, const struct sim_written *draft,
                 const char *fields) {
  struct sim *sim = node->sim;
  struct parts parts = {0};
  const struct sim_written *opening = sim_law_find(sim, kase);
  struct sim_written whole = *draft;
  char what[80], mark[80];
  if (opening != NULL) {
    whole.kase = *kase;
    whole.party_count = opening->party_count;
    memcpy(whole.parties, opening->parties, sizeof whole.parties);
    memcpy(whole.purpose, opening->purpose, sizeof whole.purpose);
    whole.exercise = opening->exercise;
  }
  bool wrong = sim->profile.exercises > 0 && opening != NULL && sim_chance(sim, SIM_WRONG_MARK);
  write_marks(sim_draw_handling(sim, &whole), whole.exercise != wrong, mark);
  snprintf(what, sizeof what, "sends %s in %.12s:", draft->type, base_id_text(kase).text);
  bool ready = draw_parts(node, draft, &parts);
  sim_law_writes(sim, &whole);
  bool done = ready &&
              sim_ask(node, LINK_CASE_SEND, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":%s%s%s}",
                      base_id_text(kase).text, draft->type, fields, parts_json(&parts), mark) &&
              sim_submitted(node, what, parts.count, parts.size, parts.seed);
  sim_law_wrote(sim);
  sim_exercise_taken(node, what, wrong && done);
  base_buf_free(&parts.json);
  return done;
}

/* --- agreements and requests */

bool sim_officer_propose(struct sim_node *node, const unsigned *to, size_t count) {
  char terms[TERMS_ROOM], fields[TERMS_ROOM + 8];
  unsigned parties[SIM_PARTIES_MAX];
  struct sim_written draft = draft_of(node, "agreement", "propose");
  memcpy(parties, to, count * sizeof *to);
  parties[count] = node->index;
  sim_write_terms(node, parties, count + 1, &draft.terms, terms, sizeof terms);
  draft.has_terms = true;
  snprintf(fields, sizeof fields, "{%s}", terms);
  return sim_open_case(node, &draft, to, count, fields, NULL);
}

size_t sim_draw_receivers(struct sim_node *node, unsigned out[SIM_RECEIVERS_MAX]) {
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
  size_t count = sim_draw_receivers(node, to);
  (void)sim_officer_propose(node, to, count);
}

static void request(struct sim_node *node) {
  static const char *const purposes[] = {"trafficking", "trafficking", "drugs", "terrorism"};
  struct sim *sim = node->sim;
  unsigned to[SIM_RECEIVERS_MAX];
  char fields[600];
  size_t count = sim_draw_receivers(node, to);
  struct sim_written draft = draft_of(node, "request", "ask");
  const char *purpose = purposes[sim_draw(sim, 4)], *urgency = "normal", *handling = sim_draw_handling(sim, &draft);
  if (sim->profile.laws > 0 && sim_chance(sim, 500))
    urgency = sim_chance(sim, 500) ? "urgent_direct" : "urgent_indirect";
  (void)snprintf(draft.purpose, sizeof draft.purpose, "%s", purpose);
  bool special = sim->profile.laws > 0 && sim_chance(sim, 100);
  draft.personal = special ? WIRE_PERSONAL_SPECIAL : WIRE_PERSONAL_ORDINARY;
  snprintf(
      fields, sizeof fields,
      "{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"%s\",\"urgency_reason\":\"r\",\"purpose\":\"%s\",\"question\":\"متى؟ quand "
      "?\",%s\"language\":\"fr\"}",
      urgency, purpose, special ? SIM_PERSONS_JSON "," : "");
  (void)sim_open_case(node, &draft, to, count, fields, handling);
}

static void write_terms_in(struct sim_node *node, const struct core_case *kase, struct sim_written *draft, char *out,
                           size_t size) {
  const struct sim_written *opening = sim_law_find(node->sim, &kase->id);
  char terms[TERMS_ROOM];
  if (opening == NULL)
    return;
  sim_write_terms(node, opening->parties, opening->party_count, &draft->terms, terms, sizeof terms);
  draft->has_terms = true;
  snprintf(out, size, "{\"reason\":\"trop large\",%s}", terms);
}

/* At once, or with some days' notice. */
static void write_end(struct sim_node *node, struct sim_written *draft, char *out, size_t size) {
  base_time days = (base_time)sim_draw(node->sim, 4), on = node->world.now(node) + days * 86400;
  draft->personal = WIRE_PERSONAL_NONE;
  if (days == 0)
    snprintf(out, size, "{\"reason\":\"r\"}");
  else
    snprintf(out, size, "{\"reason\":\"r\",\"on\":\"%s\"}", base_time_format(on).text);
}

/* And what class of personal data these fields are. */
static void write_fields(struct sim_node *node, const struct core_case *kase, struct sim_written *draft, char *out,
                         size_t size) {
  static const char *const plain[][2] = {{"refuse", "{\"ground\":\"no_competence\"}"},
                                         {"close", "{\"note\":\"merci\"}"},
                                         {"decline", "{\"reason\":\"r\"}"},
                                         {"withdraw", "{\"reason\":\"r\"}"},
                                         {"deny", "{\"reason\":\"r\"}"},
                                         {"revoke", "{\"reason\":\"r\"}"},
                                         {"review", "{\"findings\":\"f\"}"},
                                         {"feedback", "{\"use\":\"used\"}"}};
  const char *type = draft->type;
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (strcmp(type, plain[i][0]) == 0) {
      draft->personal = WIRE_PERSONAL_NONE;
      snprintf(out, size, "%s", plain[i][1]);
      return;
    }
  if (strcmp(type, "counter") == 0 || strcmp(type, "amend") == 0)
    write_terms_in(node, kase, draft, out, size);
  else if (strcmp(type, "accept") == 0)
    snprintf(out, size, "{\"terms\":\"%s\"}", base_id_text(&kase->state.by).text);
  else if (strcmp(type, "end") == 0)
    write_end(node, draft, out, size);
  else if (strcmp(type, "give") == 0)
    sim_write_consent(node, kase, out, size);
  else if (strcmp(type, "clarify") == 0)
    snprintf(out, size, "{\"ground\":\"facts_insufficient\",\"question\":\"أين؟ où ?\"}");
  else if (strcmp(type, "correct") == 0)
    snprintf(out, size, "{\"information\":\"نعم oui\"}");
  else
    snprintf(out, size, "{\"answer\":\"نعم oui\"}");
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
  static const char *const seldom[] = {"end", "decline", "withdraw", "deny"};
  for (size_t i = 0; i < sizeof seldom / sizeof *seldom; i++)
    if (strcmp(type, seldom[i]) == 0)
      return SELDOM;
  return strcmp(type, "accept") == 0 ? 12 : strcmp(type, "give") == 0 ? 6 : 3;
}

bool sim_act_in_case(struct sim_node *node, const char *only) {
  struct sim *sim = node->sim;
  struct looking looking = {0};
  struct core_case *kase = NULL;
  struct base_view of_kind = only != NULL ? base_view_text(only) : (struct base_view){0};
  if (store_case_each(node->core->store, of_kind, CASES_LOOKED_AT, look_at_case, &looking, NULL) != BASE_OK ||
      looking.count == 0)
    return false;
  struct base_id id = looking.found[sim_draw(sim, looking.count)];
  if (core_case_load(node->core, &id, &kase, NULL) != BASE_OK)
    return false;
  const struct wire_kind *kind = &kase->kind->kind;
  const struct wire_kind_type *chosen = NULL;
  unsigned sum = 0;
  if (sim_kind_drawn(kind))
    return sim_move_case(node, &id);
  for (size_t i = 0; i < kind->type_count; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    bool allowed = engine_allows(kind, kase->messages, kase->count, &kase->state, node->core->card.origin, INT64_MAX,
                                 type, NULL) == BASE_OK;
    unsigned share = allowed ? weight((const char *)type->name.data) : sim_chance(sim, 10);
    if (share == SELDOM && !sim_chance(sim, 250))
      continue;
    sum += share;
    if (share > 0 && sim_draw(sim, sum) < share)
      chosen = type;
  }
  if (chosen == NULL)
    return false;
  char type[WIRE_CODE_MAX + 1], name[WIRE_CODE_MAX + 1], fields[TERMS_ROOM + 40] = "{}";
  snprintf(type, sizeof type, "%.*s", (int)chosen->name.size, (const char *)chosen->name.data);
  snprintf(name, sizeof name, "%.*s", (int)kind->name.size, (const char *)kind->name.data);
  struct sim_written draft = draft_of(node, name, type);
  write_fields(node, kase, &draft, fields, sizeof fields);
  (void)sim_send_in(node, &id, &draft, fields);
  return true;
}

void sim_accept(struct sim_node *node, const struct base_id *agreement) {
  struct core_case *kase = NULL;
  if (node->core == NULL || core_case_load(node->core, agreement, &kase, NULL) != BASE_OK ||
      base_view_equal(kase->messages[0].header->author, node->origin))
    return;
  char fields[TERMS_ROOM + 40];
  struct sim_written draft = draft_of(node, "agreement", "accept");
  struct base_id id = *agreement;
  write_fields(node, kase, &draft, fields, sizeof fields);
  (void)sim_send_in(node, &id, &draft, fields);
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

bool sim_officer_erases(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct looking looking = {0};
  struct core_case *kase = NULL;
  if (store_case_each(node->core->store, (struct base_view){0}, CASES_LOOKED_AT, look_at_case, &looking, NULL) !=
          BASE_OK ||
      looking.count == 0)
    return false;
  struct base_id id = {{0}};
  for (int tries = 0; tries < 4 && (kase == NULL || !kase->kind->kind.needs_row); tries++) { /* seldom an agreement */
    id = looking.found[sim_draw(sim, looking.count)];
    if (core_case_load(node->core, &id, &kase, NULL) != BASE_OK)
      return false;
  }
  id = kase->messages[sim_draw(sim, kase->count)].id;
  sim_ledger_erased(node, &id, false);
  if (!sim_ask(node, LINK_MESSAGE_ERASE, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"it has ended\"}",
               base_id_text(&id).text))
    return false;
  sim_say(sim, node, "erases %.12s: %s", base_id_text(&id).text, base_code_name(node->reply.status));
  if (node->reply.status == BASE_OK)
    sim_ledger_erased(node, &id, true);
  else if (base_code_class(node->reply.status) == BASE_BROKEN && !node->disk_trouble)
    sim_violate(sim, "what a person asks is answered", "%s: %.*s", node->name, (int)node->reply.payload.size,
                (const char *)node->reply.payload.data);
  return node->reply.came && node->reply.status == BASE_OK;
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
    if (node->core->agreements[i].law.accepted && node->core->agreements[i].law.ends == 0)
      return true;
  return false;
}

void sim_officer_acts(struct sim_node *node) {
  struct sim *sim = node->sim;
  if (node->partner_count == 0)
    return;
  if (sim->profile.kinds > 0 && sim_chance(sim, sim->profile.kinds))
    sim_kinds_act(node);
  else if (sim->profile.feeds > 0 && sim_chance(sim, sim->profile.feeds))
    sim_feed_acts(node);
  else if (sim->profile.persons > 0 && sim_chance(sim, sim->profile.persons))
    sim_release_acts(node);
  else if (sim_chance(sim, sim->profile.laws))
    sim_parley_acts(node);
  else if (sim_chance(sim, sim->profile.ends))
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
    (void)sim_act_in_case(node, NULL);
  else if (!has_agreement(node) ? sim_chance(sim, 700) : sim_chance(sim, 100))
    propose(node);
  else
    request(node);
}
