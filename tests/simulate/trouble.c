/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "simulate/sim.h"

/* What goes wrong by itself: lines fall silent in one direction or between two halves of the world, processes are
 * killed, the power goes between two steps or at any write, clocks jump, disks are full or do not sync. In the end all
 * is mended. */

enum mend { MEND_LINE, MEND_SPLIT, MEND_DISK };
enum { CRASH_POINTS = 60, DAY = 86400 };

/* --- disks */

static int watch(void *context, const struct disk_event *event) {
  struct sim *sim = context;
  struct sim_node *node = sim->stepping;
  if (node == NULL || event->call < DISK_CREATE || (event->disk != node->core_disk && event->disk != node->keeper_disk))
    return DISK_GO;
  /* 24 MiB of each node would be most of what a run touches: core goes on without its reserve of room, and says so. */
  if (event->call == DISK_CREATE && strcmp(event->name, "reserve") == 0)
    return EACCES;
  node->points++;
  if (node->crash_at != 0 && node->points >= node->crash_at) {
    disk_power_off(event->disk == node->core_disk ? node->keeper_disk : node->core_disk);
    return DISK_CUT;
  }
  if (node->sync_error != 0 && event->call == DISK_SYNC) {
    int error = node->sync_error;
    node->sync_error = 0;
    sim->counts.disk_errors++;
    sim_say(sim, node, "a sync of %s fails", event->name);
    return error;
  }
  return DISK_GO;
}

void sim_trouble_begin(struct sim *sim) {
  disk_set_watch(watch, sim);
}

static void fill_disk(struct sim *sim, struct sim_node *node) {
  node->disk_trouble = true;
  sim->counts.disk_errors++;
  disk_set_room(node->core_disk, disk_used(node->core_disk) + sim_draw(sim, 200000));
  sim_say(sim, node, "its disk is full");
  sim_plan(sim, sim->now_ms + sim_time_about(sim, 120000), SIM_MEND, node->index, MEND_DISK, node->index, NULL);
}

/* --- lines */

static void cut(struct sim *sim, unsigned from, unsigned to, int by) {
  uint8_t *line = &sim->cuts[from * sim->node_count + to];
  *line = (uint8_t)(*line + by);
}

static bool side_of(uint64_t split, unsigned node) {
  uint64_t state = split + node;
  return (disk_random(&state) & 1) != 0;
}

static void split(struct sim *sim, uint64_t by_seed, int by) {
  for (unsigned i = 0; i < sim->node_count; i++)
    for (unsigned k = 0; k < sim->node_count; k++)
      if (side_of(by_seed, i) != side_of(by_seed, k))
        cut(sim, i, k, by);
}

void sim_mend(struct sim *sim, uint64_t what, uint64_t detail) {
  switch ((enum mend)what) {
  case MEND_LINE:
    cut(sim, (unsigned)(detail >> 16), (unsigned)(detail & 0xFFFF), -1);
    break;
  case MEND_SPLIT:
    split(sim, detail, -1);
    break;
  case MEND_DISK:
    disk_set_room(sim->nodes[detail].core_disk, UINT64_MAX);
    break;
  }
}

static void cut_line(struct sim *sim, struct sim_node *node) {
  unsigned other = node->partner_count == 0 ? node->index : node->partners[sim_draw(sim, node->partner_count)];
  sim->counts.cuts++;
  sim_say(sim, node, "its line to %s is silent in this direction", sim->nodes[other].name);
  cut(sim, node->index, other, 1);
  sim_plan(sim, sim->now_ms + sim_time_about(sim, 180000), SIM_MEND, node->index, MEND_LINE,
           (uint64_t)node->index << 16 | other, NULL);
}

static void split_world(struct sim *sim) {
  uint64_t by_seed = disk_random(&sim->random);
  sim->counts.cuts++;
  sim_say(sim, NULL, "the network falls in two");
  split(sim, by_seed, 1);
  sim_plan(sim, sim->now_ms + sim_time_about(sim, 240000), SIM_MEND, 0, MEND_SPLIT, by_seed, NULL);
}

/* --- nodes */

static void end_node(struct sim *sim, struct sim_node *node, enum sim_ending ending) {
  sim_say(sim, node, ending == SIM_KILLED ? "its processes are killed" : "its power goes");
  sim->counts.kills += ending == SIM_KILLED;
  sim->counts.power_cuts += ending == SIM_POWER;
  sim_node_stop(node, ending);
  sim_plan(sim, sim->now_ms + sim_time_about(sim, 40000), SIM_START_NODE, node->index, node->life, 0, NULL);
}

static void jump(struct sim *sim, struct sim_node *node) {
  static const int64_t reach[] = {300, 7200, 2 * DAY, 40 * DAY};
  int64_t most = reach[sim_draw(sim, 4)];
  node->clock_off = sim_chance(sim, 300) ? 0 : (int64_t)sim_draw(sim, 2 * (uint64_t)most) - most;
  sim->counts.jumps++;
  sim_say(sim, node, "its clock is %lld s off", (long long)node->clock_off);
}

void sim_trouble(struct sim *sim) {
  const struct sim_profile *profile = &sim->profile;
  struct sim_node *node = &sim->nodes[sim_draw(sim, sim->node_count)];
  const unsigned shares[] = {profile->cut,   profile->split, profile->kill, profile->power,
                             profile->crash, profile->clock, profile->full, profile->sync};
  unsigned sum = 0;
  size_t chosen = sizeof shares / sizeof *shares;
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
    sum += shares[i];
    if (shares[i] > 0 && sim_draw(sim, sum) < shares[i])
      chosen = i;
  }
  if (node->core == NULL)
    return;
  switch (chosen) {
  case 0:
    cut_line(sim, node);
    break;
  case 1:
    split_world(sim);
    break;
  case 2:
    end_node(sim, node, SIM_KILLED);
    break;
  case 3:
    end_node(sim, node, SIM_POWER);
    break;
  case 4:
    node->crash_at = node->points + 1 + sim_draw(sim, CRASH_POINTS);
    break;
  case 5:
    jump(sim, node);
    break;
  case 6:
    fill_disk(sim, node);
    break;
  case 7:
    node->disk_trouble = true;
    node->sync_error = EIO;
    break;
  default:
    break;
  }
}

/* --- and all is well again */

void sim_heal(struct sim *sim) {
  sim->healed = true;
  sim_say(sim, NULL, "all is mended");
  memset(sim->cuts, 0, (size_t)sim->node_count * sim->node_count);
  for (unsigned i = 0; i < sim->node_count; i++) {
    struct sim_node *node = &sim->nodes[i];
    node->clock_off = 0;
    node->crash_at = 0;
    node->sync_error = 0;
    disk_set_room(node->core_disk, UINT64_MAX);
  }
  sim_villain_heals(sim);
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++) {
    struct sim_node *node = &sim->nodes[i];
    node->disk_trouble = false;
    if (node->core == NULL)
      (void)sim_node_start(node);
  }
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++)
    sim_officer_resume(&sim->nodes[i]);
}
