/* SPDX-License-Identifier: Apache-2.0 */
#include "core/recall.h"
#include "simulate/law.h"

/* What people do about law: terms that begin and end within a run, wide and narrow; information with a time until which
 * it may be kept; passing on with and without consent, which is asked for, given, denied, revoked; recalls that are
 * answered, or not. Much of it is refused, and should be: the judge says which. */

enum { TRIES = 12, ACCEPT_MS = 3000 };

static base_time now_of(struct sim_node *node) {
  return node->world.now(node);
}

static const char *one_of(struct sim *sim, const char *const *words, size_t count) {
  return words[sim_draw(sim, count)];
}
#define ONE_OF(sim, words) one_of(sim, words, sizeof(words) / sizeof *(words))

/* --- terms */

/* Mostly wide and long; some narrow ones, and some that expire within the run, so that law has something to say. */
static void draw_plain(struct sim *sim, struct sim_terms *out) {
  static const char *const directions[] = {"both", "both", "both", "from_proposer", "to_proposer"};
  static const char *const apart[] = {"sar", "tracing", "referral", "voluntary_return", "migration_group"}; /* no "*" is */
  base_time soon = SIM_START + sim->now_ms / 1000 + sim->later_s + 60 + (base_time)sim_draw(sim, 14400);
  bool narrow = sim_chance(sim, 150);
  out->until = sim_chance(sim, 120) ? soon : SIM_START + SIM_FOR_EVER;
  out->row_count = 1;
  out->rows[0] = (struct sim_row){.kind = narrow ? "request" : "*",
                                  .types = "\"*\"",
                                  .purposes = narrow ? "\"trafficking\",\"drugs\"" : "\"*\"",
                                  .direction = directions[sim_chance(sim, 150) ? sim_draw(sim, 5) : 0],
                                  .recipient = SIM_NOBODY,
                                  .personal = sim->profile.kinds > 0 ? WIRE_PERSONAL_SPECIAL : WIRE_PERSONAL_ORDINARY,
                                  .ceiling = 4};
  for (; sim->profile.kinds > 0 && out->row_count < SIM_ROWS_MAX; out->row_count++) {
    out->rows[out->row_count] = out->rows[0];
    out->rows[out->row_count].kind = ONE_OF(sim, apart);
    out->rows[out->row_count].purposes = "\"*\"";
  }
}

static void draw_row(struct sim_node *node, const unsigned *parties, size_t count, struct sim_row *out) {
  static const char *const kinds[] = {"*", "*", "request", "information"};
  static const char *const types[] = {"\"*\"", "\"*\"", "\"ask\",\"answer\",\"clarify\"", "\"provide\""};
  static const char *const purposes[] = {"\"*\"", "\"*\"", "\"trafficking\"", "\"trafficking\",\"drugs\""};
  static const char *const directions[] = {"both", "both", "both", "from_proposer", "to_proposer"};
  static const char *const levels[] = {"clear", "green", "amber", "amber_strict", "red"};
  static const unsigned classes[] = {WIRE_PERSONAL_NONE, WIRE_PERSONAL_ORDINARY, WIRE_PERSONAL_ORDINARY,
                                     WIRE_PERSONAL_SPECIAL};
  struct sim *sim = node->sim;
  bool wide = sim_chance(sim, 500);
  *out = (struct sim_row){.kind = "*",
                          .types = "\"*\"",
                          .purposes = "\"*\"",
                          .direction = "both",
                          .recipient = SIM_NOBODY,
                          .personal = WIRE_PERSONAL_SPECIAL,
                          .ceiling = 4};
  if (!wide) {
    out->kind = ONE_OF(sim, kinds);
    out->types = strcmp(out->kind, "request") == 0       ? types[1 + sim_draw(sim, 2)]
                 : strcmp(out->kind, "information") == 0 ? types[3 * sim_draw(sim, 2)]
                                                         : types[sim_draw(sim, 4)];
    out->purposes = ONE_OF(sim, purposes);
    out->direction = ONE_OF(sim, directions);
    out->recipient = sim_chance(sim, 150) ? parties[sim_draw(sim, count)] : SIM_NOBODY;
    out->personal = classes[sim_draw(sim, 4)];
    out->ceiling = sim_chance(sim, 400) ? (unsigned)sim_draw(sim, 5) : 4;
  }
  out->handling = out->ceiling < 4 ? levels[out->ceiling] : NULL;
  out->onward = (enum sim_onward)(sim_chance(sim, 500) ? sim_draw(sim, 4) : SIM_ONWARD_OPEN);
}

/* By the clock of who writes them. */
static void draw_terms(struct sim_node *node, const unsigned *parties, size_t count, struct sim_terms *out) {
  struct sim *sim = node->sim;
  base_time now = now_of(node), begin = now;
  if (sim_chance(sim, 350))
    begin = out->from = now - 200 + (base_time)sim_draw(sim, 800);
  out->until = now + SIM_FOR_EVER;
  if (sim_chance(sim, 350))
    out->until = (begin > now ? begin : now) + 120 + (base_time)sim_draw(sim, 1200);
  out->row_count = 1 + sim_draw(sim, SIM_ROWS_MAX);
  for (size_t i = 0; i < out->row_count; i++)
    draw_row(node, parties, count, &out->rows[i]);
}

static void write_row(struct sim *sim, const struct sim_row *row, size_t number, struct base_buf *out) {
  static const char *const classes[] = {
      [WIRE_PERSONAL_NONE] = "none", [WIRE_PERSONAL_ORDINARY] = "ordinary", [WIRE_PERSONAL_SPECIAL] = "special"};
  static const char *const onwards[] = {"", "no", "consent", "parties"};
  base_buf_printf(out, "%s{\"id\":\"%zu\",\"kind\":\"%s\",\"types\":[%s],\"purposes\":[%s],\"direction\":\"%s\"",
                  number > 1 ? "," : "", number, row->kind, row->types, row->purposes, row->direction);
  if (row->recipient != SIM_NOBODY)
    base_buf_printf(out, ",\"recipient\":\"%s\"", sim->nodes[row->recipient].name);
  if (row->personal != WIRE_PERSONAL_ORDINARY) /* what is not said is ordinary */
    base_buf_printf(out, ",\"personal\":\"%s\"", classes[row->personal]);
  if (row->handling != NULL)
    base_buf_printf(out, ",\"handling\":\"%s\"", row->handling);
  if (row->onward != SIM_ONWARD_OPEN)
    base_buf_printf(out, ",\"onward\":\"%s\"", onwards[row->onward]);
  base_buf_text(out, "}");
}

void sim_write_terms(struct sim_node *node, const unsigned *parties, size_t count, struct sim_terms *out, char *json,
                     size_t size) {
  BASE_AUTO_BUF struct base_buf text = {0};
  struct sim *sim = node->sim;
  *out = (struct sim_terms){0};
  if (sim->law->begun && !sim->healed)
    draw_terms(node, parties, count, out);
  else
    draw_plain(sim, out);
  base_buf_init(&text, size);
  base_buf_text(&text, "\"title\":\"اتفاق · accord\",\"legal_basis\":\"article 7\",\"language\":\"fr\",");
  if (out->from != 0)
    base_buf_printf(&text, "\"from\":\"%s\",", base_time_format(out->from).text);
  base_buf_printf(&text, "\"until\":\"%s\",\"articles\":\"1. 2.\",\"rows\":[", base_time_format(out->until).text);
  for (size_t i = 0; i < out->row_count; i++)
    write_row(sim, &out->rows[i], i + 1, &text);
  base_buf_text(&text, "]");
  base_buf_u8(&text, 0);
  if (base_buf_check(&text, "the terms", NULL) != BASE_OK)
    abort();
  memcpy(json, text.data, text.size);
}

/* --- information, with a time to be kept, and what came from others */

/* Some message that somebody wrote, by this node or given to it; NULL: chance found none. */
static const struct sim_written *draw_message(struct sim_node *node, bool own) {
  struct sim_law *law = node->sim->law;
  for (unsigned i = 0; i < TRIES && law->count > 0; i++) {
    const struct sim_written *written = &law->written[sim_draw(node->sim, law->count)];
    bool content = strcmp(written->kind, "information") == 0 || strcmp(written->kind, "request") == 0;
    if (content &&
        (own ? written->by == node->index : written->by != node->index && sim_law_party(written, node->index)))
      return written;
  }
  return NULL;
}

static base_time draw_keep_until(struct sim_node *node, const struct sim_written *source) {
  struct sim *sim = node->sim;
  base_time until = 0;
  if (sim_chance(sim, 400))
    until = now_of(node) + 30 + (base_time)sim_draw(sim, sim_chance(sim, 500) ? 900 : 400000);
  if (source != NULL && source->keep_until != 0 && (until == 0 || until > source->keep_until))
    until = sim_chance(sim, 900) ? source->keep_until : until;
  return until;
}

/* source: NULL, or what is passed on. ask: NULL, or the question for consent that it keeps to. */
static void provide(struct sim_node *node, const struct sim_written *source, const struct sim_written *ask) {
  static const char *const purposes[] = {"trafficking", "trafficking", "trafficking", "drugs"};
  struct sim *sim = node->sim;
  unsigned to[SIM_RECEIVERS_MAX];
  char more[400] = "", fields[1000];
  struct sim_written draft = {.by = node->index, .kind = "information", .type = "provide", .level = 2};
  bool special = sim_chance(sim, 100);
  draft.marked_for_consent = true;
  draft.personal = special ? WIRE_PERSONAL_SPECIAL : WIRE_PERSONAL_ORDINARY;
  draft.keep_until = draw_keep_until(node, source);
  const char *purpose = ask != NULL ? ask->purpose : ONE_OF(sim, purposes), *handling = sim_draw_handling(sim, &draft);
  (void)snprintf(draft.purpose, sizeof draft.purpose, "%s", purpose);
  size_t used = special ? (size_t)snprintf(more, sizeof more, ",%s", SIM_PERSONS_JSON) : 0;
  if (draft.keep_until != 0)
    used += (size_t)snprintf(more + used, sizeof more - used, ",\"keep_until\":\"%s\"",
                             base_time_format(draft.keep_until).text);
  if (source != NULL) {
    draft.passes = true;
    draft.source = source->id;
    (void)snprintf(more + used, sizeof more - used, ",\"passed_on\":\"%s\"", base_id_text(&source->id).text);
  }
  (void)snprintf(fields, sizeof fields,
                 "{\"subject\":\"s\",\"purpose\":\"%s\",\"information\":\"خبر\",\"language\":\"fr\"%s}", draft.purpose,
                 more);
  size_t count = sim_draw_receivers(node, to);
  if (ask != NULL) {
    count = ask->whom_count;
    memcpy(to, ask->whom, sizeof to);
  }
  sim->counts.passed += sim_open_case(node, &draft, to, count, fields, handling) && draft.passes;
}

/* Some question for consent of this node's own; NULL: chance found none. */
static const struct sim_written *draw_ask(struct sim_node *node) {
  struct sim_law *law = node->sim->law;
  for (unsigned i = 0; i < TRIES && law->count > 0; i++) {
    const struct sim_written *written = &law->written[sim_draw(node->sim, law->count)];
    if (written->by == node->index && strcmp(written->kind, "consent") == 0 && strcmp(written->type, "ask") == 0)
      return written;
  }
  return NULL;
}

static void pass_on(struct sim_node *node) {
  const struct sim_written *ask = sim_chance(node->sim, 600) ? draw_ask(node) : NULL;
  const struct sim_written *source = ask != NULL ? sim_law_find(node->sim, &ask->source) : draw_message(node, false);
  provide(node, source, source != NULL ? ask : NULL);
}

/* --- consent */

static void write_scope(struct sim *sim, const char *first, const unsigned *to, size_t count, const char *purpose,
                        base_time until, char *out, size_t size) {
  size_t used = (size_t)snprintf(out, size, "{%s,\"purpose\":\"%s\",\"until\":\"%s\",\"to\":\"", first, purpose,
                                 base_time_format(until).text);
  for (size_t i = 0; i < count && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s%.*s", i > 0 ? " " : "", (int)sim->nodes[to[i]].origin.size,
                             (const char *)sim->nodes[to[i]].origin.data);
  if (used < size)
    (void)snprintf(out + used, size - used, "\"}");
}

static base_time draw_end(struct sim_node *node) {
  return now_of(node) + 60 + (base_time)sim_draw(node->sim, sim_chance(node->sim, 500) ? 900 : 900000);
}

static void ask_consent(struct sim_node *node) {
  struct sim *sim = node->sim;
  const struct sim_written *source = draw_message(node, false);
  unsigned to[SIM_RECEIVERS_MAX];
  char first[120], fields[800];
  if (source == NULL) {
    provide(node, NULL, NULL);
    return;
  }
  struct sim_written draft = {.by = node->index, .kind = "consent", .type = "ask"};
  unsigned asked = source->by;
  draft.source = source->id;
  size_t count = sim_draw_receivers(node, to);
  draft.whom_count = count;
  memcpy(draft.whom, to, sizeof draft.whom);
  (void)snprintf(draft.purpose, sizeof draft.purpose, "%s", sim_chance(sim, 850) ? "trafficking" : "drugs");
  (void)snprintf(first, sizeof first, "\"message\":\"%s\"", base_id_text(&source->id).text);
  write_scope(sim, first, to, count, draft.purpose, draw_end(node), fields, sizeof fields);
  (void)sim_open_case(node, &draft, &asked, 1, fields, NULL);
}

void sim_write_consent(struct sim_node *node, const struct core_case *kase, char *out, size_t size) {
  struct sim *sim = node->sim;
  const struct wire_header *ask = kase->messages[0].header;
  struct base_view list = wire_header_state(ask, "to"), purpose = wire_header_state(ask, "purpose");
  unsigned to[SIM_RECEIVERS_MAX];
  char first[120], code[49];
  size_t count = 0;
  base_time asked = 0, until = draw_end(node);
  for (unsigned i = 0; i < sim->node_count && count < SIM_RECEIVERS_MAX; i++)
    if (memmem(list.data, list.size, sim->nodes[i].origin.data, sim->nodes[i].origin.size) != NULL &&
        (count == 0 || sim_chance(sim, 800)))
      to[count++] = i;
  if (base_time_parse(wire_header_state(ask, "until"), &asked) && until > asked && sim_chance(sim, 900))
    until = asked;
  (void)snprintf(first, sizeof first, "\"asked\":\"%s\"", base_id_text(&kase->state.by).text);
  (void)snprintf(code, sizeof code, "%.*s", (int)purpose.size, (const char *)purpose.data);
  write_scope(sim, first, to, count, code, until, out, size);
}

/* --- recalls */

static void answered(struct sim_node *node, const char *what) {
  const struct sim_reply *reply = &node->reply;
  sim_say(node->sim, node, "%s: %s%.*s", what, base_code_name(reply->status),
          reply->status == BASE_OK ? 0 : (int)(reply->payload.size < 120 ? reply->payload.size : 120),
          (const char *)reply->payload.data);
  if (base_code_class(reply->status) == BASE_BROKEN && !node->disk_trouble)
    sim_violate(node->sim, "what a person asks is answered", "%s: %s: %.*s", node->name, what, (int)reply->payload.size,
                (const char *)reply->payload.data);
}

/* Something of this node's that somebody passed on; NULL: chance found none. */
static const struct sim_written *draw_passed(struct sim_node *node) {
  struct sim_law *law = node->sim->law;
  for (unsigned i = 0; i < TRIES && law->count > 0; i++) {
    const struct sim_written *written = &law->written[sim_draw(node->sim, law->count)];
    const struct sim_written *source = written->passes ? sim_law_find(node->sim, &written->source) : NULL;
    if (source != NULL && source->by == node->index)
      return source;
  }
  return NULL;
}

static void recall(struct sim_node *node) {
  static const char *const measures[] = {"erase", "erase", "erase", "restrict", "correct"};
  struct sim *sim = node->sim;
  const struct sim_written *written = sim_chance(sim, 600) ? draw_passed(node) : NULL;
  char what[60];
  if (written == NULL)
    written = draw_message(node, sim_chance(sim, 900));
  if (written == NULL)
    return;
  struct base_id id = written->id;
  const char *measure = ONE_OF(sim, measures);
  (void)snprintf(what, sizeof what, "recalls %.12s to %s", base_id_text(&id).text, measure);
  if (!sim_ask(node, LINK_RECALL_OPEN, -1,
               "{\"actor\":\"amal\",\"id\":\"%s\",\"measure\":\"%s\",\"ground\":\"inaccurate\",\"reason\":\"r\"%s}",
               base_id_text(&id).text, measure, strcmp(measure, "correct") == 0 ? ",\"correction\":\"c\"" : ""))
    return;
  answered(node, what);
  if (node->reply.status != BASE_OK)
    return;
  sim->counts.recalls++;
  sim_law_recalls(sim, node->index, &id, measure);
}

struct looking {
  struct sim *sim;
  size_t count;
  struct base_id chosen;
};

static enum base_code look_at_case(void *context, const struct store_case *row) {
  struct looking *looking = context;
  if (sim_draw(looking->sim, ++looking->count) == 0)
    looking->chosen = row->id;
  return BASE_OK;
}

/* The message, and what of this node's own passes it on: erased by the answer. */
static void note_erased(struct sim_node *node, const struct base_id *message, bool done) {
  struct sim *sim = node->sim;
  sim_ledger_erased(node, message, done);
  for (size_t i = 0; i < sim->law->count; i++) {
    const struct sim_written *written = &sim->law->written[i];
    if (written->by == node->index && written->passes && base_id_equal(&written->source, message))
      sim_ledger_erased(node, &written->id, done);
  }
}

static bool answer_recall(struct sim_node *node) {
  static const char *const outcomes[] = {"erased",     "erased",     "erased",
                                         "restricted", "never_held", "kept\",\"ground\":\"evidence_in_proceedings"};
  struct sim *sim = node->sim;
  struct looking looking = {.sim = sim};
  CORE_AUTO_RECALL struct core_recall recall = {0};
  if (store_case_each(node->core->store, base_view_text("recall"), 0, look_at_case, &looking, NULL) != BASE_OK ||
      looking.count == 0 || core_recall_read(node->core, &looking.chosen, &recall, NULL) != BASE_OK || recall.ours)
    return false;
  const char *outcome = ONE_OF(sim, outcomes);
  bool erases = strcmp(outcome, "erased") == 0;
  char what[60];
  if (erases)
    note_erased(node, &recall.message, false);
  (void)snprintf(what, sizeof what, "answers recall %.12s by %.10s", base_id_text(&looking.chosen).text, outcome);
  if (!sim_ask(node, LINK_RECALL_ANSWER, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"outcome\":\"%s\"}",
               base_id_text(&looking.chosen).text, outcome))
    return true;
  answered(node, what);
  if (erases && node->reply.status == BASE_OK)
    note_erased(node, &recall.message, true);
  return true;
}

void sim_parley_acts(struct sim_node *node) {
  struct sim *sim = node->sim;
  uint64_t act = sim_draw(sim, 20);
  if (act < 5)
    pass_on(node);
  else if (act < 8)
    ask_consent(node);
  else if (act < 10)
    recall(node);
  else if ((act < 13 && answer_recall(node)) || (act < 16 && sim_act_in_case(node, "consent")) ||
           (act < 17 && sim_act_in_case(node, "agreement")))
    return;
  else
    provide(node, NULL, NULL);
}

/* --- what is agreed on before */

static void accept_all(struct sim *sim) {
  size_t count = sim->law->count; /* each acceptance comes behind them */
  for (size_t i = 0; i < count; i++) {
    struct sim_written proposal = sim->law->written[i];
    for (size_t k = 0; k < proposal.party_count && !sim->violated; k++)
      sim_accept(&sim->nodes[proposal.parties[k]], &proposal.id);
  }
}

void sim_parley_begin(struct sim *sim) {
  bool laws = sim->profile.laws > 0;
  if (!laws && sim->profile.kinds == 0)
    return;
  sim->law->begun = laws && sim_chance(sim, 300);
  for (unsigned i = 0; i < (laws ? sim->node_count : 1) && !sim->violated; i++) {
    struct sim_node *node = &sim->nodes[i];
    unsigned to[SIM_RECEIVERS_MAX];
    size_t count = sim_draw_receivers(node, to);
    for (count = i == 0 ? 0 : count; i == 0 && count < node->partner_count && count < SIM_RECEIVERS_MAX; count++)
      to[count] = node->partners[count];
    (void)sim_officer_propose(node, to, count);
    sim->law->begun = laws;
  }
  (void)sim_until(sim, sim->now_ms + ACCEPT_MS);
  accept_all(sim);
  (void)sim_until(sim, sim->now_ms + ACCEPT_MS);
}
