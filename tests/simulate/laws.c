/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/law.h"

/* The memory of what people wrote. */

static void *grow(void *array, size_t *room, size_t count, size_t size) {
  if (count < *room)
    return array;
  *room = *room == 0 ? 64 : 2 * *room;
  array = realloc(array, *room * size);
  if (array == NULL)
    abort();
  return array;
}

void sim_law_begin(struct sim *sim) {
  sim->law = calloc(1, sizeof *sim->law);
  if (sim->law == NULL)
    abort();
  sim_judge_begin(sim);
}

void sim_law_free(struct sim *sim) {
  sim_judge_begin(NULL);
  if (sim->law == NULL)
    return;
  free(sim->law->written);
  free(sim->law->recalled);
  free(sim->law->held);
  free(sim->law);
}

unsigned sim_named(const struct sim *sim, struct base_view origin) {
  unsigned i = 0;
  while (i < sim->node_count && !base_view_equal(sim->nodes[i].origin, origin))
    i++;
  return i;
}

struct sim_written *sim_law_find(struct sim *sim, const struct base_id *id) {
  for (size_t i = sim->law->count; i-- > 0;)
    if (base_id_equal(&sim->law->written[i].id, id))
      return &sim->law->written[i];
  return NULL;
}

bool sim_law_party(const struct sim_written *written, unsigned node) {
  for (size_t i = 0; i < written->party_count; i++)
    if (written->parties[i] == node)
      return true;
  return false;
}

void sim_law_writes(struct sim *sim, const struct sim_written *draft) {
  sim->law->draft = *draft;
  sim->law->writing = true;
}

void sim_law_wrote(struct sim *sim) {
  sim->law->writing = false;
}

struct sim_written *sim_law_named(struct sim *sim, const struct base_id *id) {
  struct sim_law *law = sim->law;
  struct sim_written *known = sim_law_find(sim, id);
  if (known != NULL || !law->writing)
    return known;
  law->written = grow(law->written, &law->room, law->count, sizeof *law->written);
  struct sim_written *written = &law->written[law->count++];
  *written = law->draft;
  written->id = *id;
  if (written->opens)
    written->kase = *id;
  return written;
}

void sim_law_recalls(struct sim *sim, unsigned node, const struct base_id *message, const char *measure) {
  struct sim_law *law = sim->law;
  law->recalled = grow(law->recalled, &law->recalled_room, law->recalled_count, sizeof *law->recalled);
  struct sim_recalled *recalled = &law->recalled[law->recalled_count++];
  *recalled = (struct sim_recalled){.node = node, .message = *message};
  (void)snprintf(recalled->measure, sizeof recalled->measure, "%s", measure);
}

bool sim_law_may_end(const struct sim *sim, unsigned node, const struct base_id *message) {
  const struct sim_written *written = sim_law_find((struct sim *)sim, message);
  base_time latest = sim->nodes[node].clock_most;
  bool with_case = written != NULL && written->ends && sim_ends_may((struct sim *)sim, node, written);
  return with_case || (written != NULL && written->keep_until != 0 && written->keep_until <= latest);
}
