/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/cases.h"
#include "simulate/law.h"

/* spec/exercise.md, by what people meant when they opened each case: every message of it bears that mark at every party, what
 * the nodes write by themselves included; nothing names one of the other side, goes along with it, is listed beside it or
 * found by it; and the picture counts what is real. */

enum { WEEKS_BEFORE = 60 * 86400 }; /* and behind: a clock may have been off by so much */

/* Whether it is one, by the opening that people wrote; what a node writes by itself is as the message that it is about. False:
 * nobody here remembers. */
static bool meant(struct sim *sim, const struct base_id *case_id, const struct wire_header *opening, bool *out) {
  const struct sim_written *written = sim_law_find(sim, case_id);
  struct base_id about;
  if (written == NULL && base_id_parse(wire_header_state(opening, "message"), &about))
    written = sim_law_find(sim, &about);
  *out = written != NULL && written->exercise;
  return written != NULL;
}

bool sim_exercise_draw(struct sim_node *node, struct sim_written *draft) {
  struct sim *sim = node->sim;
  if (sim->profile.exercises == 0 || strcmp(draft->kind, "agreement") == 0)
    return false;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  const struct sim_written *source = sim_law_find(sim, &draft->source);
  bool wrong = source != NULL && sim_chance(sim, SIM_WRONG_MARK);
  draft->exercise = source != NULL ? source->exercise != wrong : sim_chance(sim, sim->profile.exercises);
  return wrong && store_message_header(node->core->store, &source->id, &arena, &row, NULL) == BASE_OK;
}

void sim_exercise_taken(struct sim_node *node, const char *what, bool wrong) {
  if (wrong)
    sim_violate(node->sim, "who means an exercise says so, and nobody else", "%s: %s", node->name, what);
}

static bool is_exercise(struct sim *sim, const struct wire_frame *frame, const struct base_id *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_header header;
  const struct sim_written *written = sim_law_find(sim, id);
  if (written != NULL || frame->type != WIRE_FRAME_MESSAGE)
    return written != NULL && written->exercise;
  return wire_header_parse(frame->header, &arena, &header, NULL) == BASE_OK && header.exercise;
}

void sim_exercise_goes_along(struct sim_node *node, const struct wire_frame *frame, const struct base_id *id,
                             struct sim_side *side) {
  bool exercise = is_exercise(node->sim, frame, id);
  if (side->any && exercise != side->exercise)
    sim_violate(node->sim, "exercises and what is real are never joined", "%s: a consignment holds both, %.12s too",
                node->name, base_id_text(id).text);
  *side = (struct sim_side){true, exercise};
}

/* --- one side alone */

struct sides {
  struct sim_node *node;
  bool exercise;
};

static bool other_side(const struct sides *sides, const struct base_id *id) {
  const struct sim_written *written = sim_law_find(sides->node->sim, id);
  return written != NULL && written->exercise != sides->exercise;
}

/* Each object of this list is a case of this side. */
static void check_list(const struct sides *sides, const struct wire_json *list, const char *key, const char *what) {
  for (size_t i = 0; i < wire_json_size(list); i++) {
    struct base_id id;
    if (base_id_parse(wire_json_text(wire_json_get(wire_json_at(list, i), key)), &id) && other_side(sides, &id))
      sim_violate(sides->node->sim, "exercises and what is real are never joined", "%s: %s shows case %.12s among %s",
                  sides->node->name, what, base_id_text(&id).text, sides->exercise ? "exercises" : "what is real");
  }
}

static struct wire_json *answered(struct sim_node *node) {
  struct wire_json *json = NULL;
  if (!node->reply.came || node->reply.status != BASE_OK ||
      wire_json_parse(base_buf_view(&node->reply.payload), BASE_BUF_DEFAULT_LIMIT, "the answer", &json, NULL) != BASE_OK)
    sim_violate(node->sim, "what a person asks is answered", "%s: %.*s", node->name, (int)node->reply.payload.size,
                (const char *)node->reply.payload.data);
  return json;
}

static void check_lists(struct sim_node *node) {
  for (int exercise = 0; exercise < 2 && !node->sim->violated; exercise++) {
    struct sides sides = {node, exercise == 1};
    (void)sim_ask(node, LINK_CASE_LIST, -1, "{\"actor\":\"amal\",\"exercise\":%s}", exercise == 1 ? "true" : "false");
    WIRE_AUTO_JSON struct wire_json *json = answered(node);
    check_list(&sides, json, "id", "a list");
  }
}

static bool looks_for_any(const struct wire_kind *kind) {
  for (size_t i = 0; i < kind->type_count; i++)
    if (kind->types[i].matched)
      return true;
  return false;
}

static void check_found(struct sim_node *node, const struct base_id *id, bool exercise) {
  struct sides sides = {node, exercise};
  (void)sim_ask(node, LINK_CASE_CROSSCHECK, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"r\"}", base_id_text(id).text);
  WIRE_AUTO_JSON struct wire_json *json = answered(node);
  check_list(&sides, wire_json_get(json, "hits"), "case", "a cross-check");
}

/* --- the mark */

static void check_named(struct sim_node *node, const struct core_case *kase, const struct engine_message *message,
                        const char *field) {
  const struct wire_header *header = message->header;
  struct base_id id;
  if (!base_id_parse(wire_header_state(header, field), &id))
    return;
  struct sides sides = {node, header->exercise};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  /* What named it before it came stays, and is joined with nothing. */
  if (other_side(&sides, &id) && base_view_equal(header->author, node->origin) &&
      store_message_header(node->core->store, &id, &arena, &row, NULL) == BASE_OK && row.stored < header->time)
    sim_violate(node->sim, "exercises and what is real are never joined", "%s: message %.12s of case %.12s names %.12s",
                node->name, base_id_text(&message->id).text, base_id_text(&kase->id).text, base_id_text(&id).text);
}

struct counted {
  struct base_view kind;
  int64_t real;
};
struct marks {
  struct sim_node *node;
  unsigned looked; /* cross-checks */
  size_t count;
  struct counted kinds[SIM_PICTURED_MAX];
};

static void count_real(struct marks *marks, const struct wire_kind *kind, bool exercise) {
  for (size_t i = 0; i < marks->count && !exercise; i++)
    marks->kinds[i].real += base_view_equal(marks->kinds[i].kind, kind->name);
}

static enum base_code check_case(void *context, const struct store_case *row) {
  struct marks *marks = context;
  struct sim_node *node = marks->node;
  struct core_case kase = {0};
  struct base_id id = row->id;
  bool exercise = false, remembered = false, looks = false;
  if (core_case_look(node->core, row, &kase, NULL) == BASE_OK) {
    remembered = meant(node->sim, &id, kase.messages[0].header, &exercise);
    looks = looks_for_any(&kase.kind->kind);
    count_real(marks, &kase.kind->kind, exercise);
    for (size_t i = 0; i < kase.count && remembered && !node->sim->violated; i++) {
      if (kase.messages[i].header->exercise != exercise || row->exercise != exercise)
        sim_violate(node->sim, "each message is marked as its case was meant", "%s: message %.12s of case %.12s, %.*s",
                    node->name, base_id_text(&kase.messages[i].id).text, base_id_text(&id).text, (int)row->kind.size,
                    (const char *)row->kind.data);
      check_named(node, &kase, &kase.messages[i], "passed_on");
      check_named(node, &kase, &kase.messages[i], "message");
    }
  }
  core_case_release(&kase);
  if (remembered && looks && marks->looked++ < SIM_CROSSCHECKS && !node->sim->violated)
    check_found(node, &id, exercise);
  return BASE_OK;
}

/* --- the picture */

static void check_picture(struct sim_node *node, const struct counted *counted) {
  struct base_time_text from = base_time_format(SIM_START - WEEKS_BEFORE);
  struct base_time_text to = base_time_format(node->world.now(node) + WEEKS_BEFORE);
  (void)sim_ask(node, LINK_PICTURE_SHOW, -1,
                "{\"actor\":\"amal\",\"by\":\"partner\",\"kind\":\"%.*s\",\"from\":\"%.10s\",\"to\":\"%.10s\"}",
                (int)counted->kind.size, (const char *)counted->kind.data, from.text, to.text);
  WIRE_AUTO_JSON struct wire_json *json = answered(node);
  const struct wire_json *rows = wire_json_get(json, "rows");
  int64_t told = 0;
  for (size_t i = 0; i < wire_json_size(rows); i++)
    told += wire_json_integer(wire_json_get(wire_json_at(rows, i), "cases"));
  if (told != counted->real)
    sim_violate(node->sim, "the picture counts what is real", "%s: %" PRId64 " cases of %.*s, and %" PRId64 " are real",
                node->name, told, (int)counted->kind.size, (const char *)counted->kind.data, counted->real);
}

void sim_exercise_check(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct marks marks = {.node = node};
  if (sim->profile.exercises == 0)
    return;
  for (size_t i = 0; i < node->core->kind_count && marks.count < SIM_PICTURED_MAX; i++)
    if (node->core->kinds[i]->kind.picture_field.size > 0)
      marks.kinds[marks.count++].kind = node->core->kinds[i]->kind.name;
  if (store_case_each(node->core->store, (struct base_view){0}, 0, check_case, &marks, NULL) != BASE_OK)
    sim_violate(sim, "cases can be listed", "%s", node->name);
  for (size_t i = 0; i < marks.count && !sim->violated; i++)
    check_picture(node, &marks.kinds[i]);
  if (!sim->violated)
    check_lists(node);
}
