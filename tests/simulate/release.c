/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/cases.h"
#include "simulate/law.h"

/* spec/release.md at nodes where two persons are known: what its kind or special personal data want released waits, and nothing
 * else does; the other person alone lets it go, once he has read it; what was decided on is not kept beside, and no partner
 * ever holds what waited. */

enum { ANSWER_MOST = 1 << 16 };

static void *grow(void *array, size_t *room, size_t count, size_t size) {
  if (count < *room)
    return array;
  *room = *room == 0 ? 16 : 2 * *room;
  array = realloc(array, *room * size);
  if (array == NULL)
    abort();
  return array;
}

void sim_release_begin(struct sim *sim) {
  for (unsigned i = 0; i < sim->node_count && sim->profile.persons > 0 && !sim->violated; i++) {
    struct sim_node *node = &sim->nodes[i];
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    struct base_time_text until = base_time_format(node->world.now(node) + SIM_TOKEN_SECONDS);
    bool made = sim_ask(node, LINK_PERSON_CHANGE, -1,
                        "{\"actor\":\"amal\",\"do\":\"add\",\"person\":\"samir\",\"name\":\"N\",\"unit\":\"U\","
                        "\"roles\":[\"liaison\",\"supervisor\"]}") &&
                node->reply.status == BASE_OK &&
                sim_ask(node, LINK_TOKEN_CHANGE, -1,
                        "{\"actor\":\"amal\",\"do\":\"make\",\"person\":\"samir\",\"label\":\"l\",\"until\":\"%s\"}",
                        until.text) &&
                node->reply.status == BASE_OK &&
                wire_json_parse(base_buf_view(&node->reply.payload), ANSWER_MOST, "token", &json, NULL) == BASE_OK;
    struct base_view secret = wire_json_text(wire_json_get(json, "secret"));
    if (!made || secret.size == 0 || secret.size >= sizeof node->second)
      sim_violate(sim, "persons are added", "%s: %.*s", node->name, (int)node->reply.payload.size,
                  (const char *)node->reply.payload.data);
    else
      memcpy(node->second, secret.data, secret.size);
  }
}

/* By the kind's own word, and by the class of what it holds. */
bool sim_release_needed(const struct sim_node *node, const struct sim_written *written) {
  const struct core_kind *kind = core_kind_named(node->core, base_view_text(written->kind));
  const struct wire_kind_type *type = kind != NULL ? wire_kind_type_named(&kind->kind, base_view_text(written->type)) : NULL;
  return node->second[0] != '\0' &&
         ((type != NULL && type->release != WIRE_RELEASE_NONE) || written->personal == WIRE_PERSONAL_SPECIAL);
}

/* --- what becomes of it */

static bool give(struct sim_node *node, struct sim_held *held) {
  struct sim *sim = node->sim;
  char what[60];
  struct sim_held mine = *held; /* it may move while the node answers */
  (void)snprintf(what, sizeof what, "releases %" PRId64 " as", mine.number);
  if (!sim_ask(node, LINK_MESSAGE_SHOW, -1, "{\"actor\":\"amal\",\"token\":\"%s\",\"id\":\"%s\"}", node->second,
               base_id_text(&mine.message).text))
    return false;
  sim_law_writes(sim, &mine.draft);
  sim->law->releasing = true;
  bool done = sim_ask(node, LINK_RELEASE_GIVE, -1, "{\"actor\":\"amal\",\"token\":\"%s\",\"number\":%" PRId64 "}", node->second,
                      mine.number) &&
              sim_submitted(node, what, mine.part_count, mine.part_size, mine.part_seed);
  sim->law->releasing = false;
  sim_law_wrote(sim);
  return done;
}

bool sim_release_held(struct sim_node *node, const struct wire_json *release, size_t part_count, uint64_t part_size,
                      uint64_t part_seed) {
  struct sim *sim = node->sim;
  struct sim_law *law = sim->law;
  struct sim_held held = {.node = node->index,
                          .number = wire_json_integer(wire_json_get(release, "number")),
                          .draft = law->draft,
                          .part_count = part_count,
                          .part_size = part_size,
                          .part_seed = part_seed};
  bool read = base_id_parse(wire_json_text(wire_json_get(release, "message")), &held.message) && held.number > 0;
  if (!read || !law->writing || !sim_release_needed(node, &held.draft)) {
    sim_violate(sim, "nothing waits that one person may send", "%s: %s %s", node->name, held.draft.kind, held.draft.type);
    return false;
  }
  law->held = grow(law->held, &law->held_room, law->held_count, sizeof *law->held);
  law->held[law->held_count++] = held;
  sim->counts.held++;
  sim_say(sim, node, "holds %s %s as %" PRId64, held.draft.kind, held.draft.type, held.number);
  return sim->healed && give(node, &law->held[law->held_count - 1]); /* nobody comes back to it any more */
}

/* Who submitted it, and has read it. */
static void try_alone(struct sim_node *node, const struct sim_held *held) {
  int64_t number = held->number;
  if (sim_ask(node, LINK_MESSAGE_SHOW, -1, "{\"actor\":\"amal\",\"id\":\"%s\"}", base_id_text(&held->message).text) &&
      sim_ask(node, LINK_RELEASE_GIVE, -1, "{\"actor\":\"amal\",\"number\":%" PRId64 "}", number) &&
      node->reply.status == BASE_OK)
    sim_violate(node->sim, "another person lets it go", "%s: %" PRId64, node->name, number);
}

static void end(struct sim_node *node, size_t at, bool refused) {
  struct sim_law *law = node->sim->law;
  int64_t number = law->held[at].number;
  if (!sim_ask(node, refused ? LINK_RELEASE_REFUSE : LINK_RELEASE_WITHDRAW, -1,
               "{\"actor\":\"amal\"%s%s%s,\"number\":%" PRId64 ",\"reason\":\"r\"}", refused ? ",\"token\":\"" : "",
               refused ? node->second : "", refused ? "\"" : "", number))
    return;
  law->held[at].withheld = law->held[at].withheld || node->reply.status == BASE_OK;
  sim_say(node->sim, node, "%s %" PRId64 ": %s", refused ? "refuses" : "withdraws", number, base_code_name(node->reply.status));
}

void sim_release_acts(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct sim_law *law = sim->law;
  size_t count = 0, at = 0;
  for (size_t i = 0; i < law->held_count; i++)
    if (law->held[i].node == node->index && sim_draw(sim, ++count) == 0)
      at = i;
  uint64_t act = sim_draw(sim, 10);
  if (count == 0 || node->second[0] == '\0')
    return;
  if (act < 6)
    (void)give(node, &law->held[at]);
  else if (act < 8)
    try_alone(node, &law->held[at]);
  else
    end(node, at, act == 8);
}

/* --- in the end */

void sim_release_check(struct sim_node *node) {
  struct sim *sim = node->sim;
  for (size_t i = 0; i < sim->law->held_count && !sim->violated; i++) {
    const struct sim_held *held = &sim->law->held[i];
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct store_message row;
    enum base_code code = store_message_get(node->core->store, &held->message, &arena, &row, NULL);
    if (held->node != node->index && code == BASE_OK)
      sim_violate(sim, "what waits nobody else holds", "%s holds %.12s of %s", node->name, base_id_text(&held->message).text,
                  sim->nodes[held->node].name);
    else if (held->withheld && code == BASE_OK && (row.wrapped_key.size > 0 || row.part0.size > 0))
      sim_violate(sim, "what was not let go is gone", "%s: %.12s", node->name, base_id_text(&held->message).text);
  }
}
