/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cases.h"
#include "simulate/sim.h"

/* A node that is not what it seems. Its programs are the real ones; what is dishonest is what is done to them: older
 * disks are put in place, the memory of a running core is changed, its clock is moved for one act, the version in its
 * envelopes is another one. The keys are its own, so all that it says is properly signed. */

enum { ACTS = 5 };

static struct sim_node *villain_of(struct sim *sim) {
  return &sim->nodes[sim->villain];
}

void sim_villain_plan(struct sim *sim) {
  sim->villain = (unsigned)sim_draw(sim, sim->node_count);
  int64_t at = sim->now_ms;
  for (uint64_t act = 0; act < ACTS && sim->profile.villain != SIM_HONEST; act++) {
    at += sim_time_about(sim, sim->profile.chaos_ms / (ACTS + 1));
    sim_plan(sim, at, SIM_VILLAINY, sim->villain, act, 0, NULL);
  }
}

/* --- older disks */

/* The newest key under which a core wraps what it stores; its keeper destroys it a while after the next one came. */
static uint32_t epoch_key(const struct sim_node *node) {
  uint32_t newest = 0;
  for (size_t i = 0; i < node->core->info.count; i++) {
    const struct wire_keeper_key *key = &node->core->info.keys[i];
    if (key->type == WIRE_KEEPER_EPOCH && key->number > newest)
      newest = key->number;
  }
  return newest;
}

/* What older disks of the core alone hold can be read only as long as that is there (docs/keys.md). */
static bool opens_copy(const struct sim *sim, const struct sim_node *node) {
  for (size_t i = 0; i < node->core->info.count; i++)
    if (node->core->info.keys[i].type == WIRE_KEEPER_EPOCH && node->core->info.keys[i].number == sim->old_epoch_key)
      return true;
  return false;
}

static void keep_copy(struct sim *sim, struct disk **core, struct disk **keeper) {
  struct sim_node *node = villain_of(sim);
  disk_free(*core);
  disk_free(*keeper);
  *core = disk_clone(node->core_disk, node->name);
  *keeper = disk_clone(node->keeper_disk, node->name);
}

static void put_in_place(struct sim *sim, const struct disk *core, const struct disk *keeper) {
  struct sim_node *node = villain_of(sim);
  sim->counts.restores++;
  if (node->core != NULL)
    sim_node_stop(node, SIM_ENDS);
  if (core != NULL)
    disk_restore(node->core_disk, core);
  if (keeper != NULL)
    disk_restore(node->keeper_disk, keeper);
}

static uint64_t leaves_of(struct sim *sim) {
  const struct sim_register *reg = &sim->registers[sim->villain];
  return reg->branches[reg->current].leaf_count;
}

static void old_core(struct sim *sim, uint64_t act) {
  struct sim_node *node = villain_of(sim);
  if (act == 0 && node->core != NULL) {
    keep_copy(sim, &sim->old_core, &sim->old_keeper);
    sim->old_branch = leaves_of(sim);
    sim->old_epoch_key = epoch_key(node);
  } else if (act == 2 && node->core != NULL && sim->old_core != NULL && leaves_of(sim) > sim->old_branch &&
             opens_copy(sim, node)) {
    sim_say(sim, node, "an older core folder is put in place");
    sim_node_stop(node, SIM_ENDS);
    keep_copy(sim, &sim->new_core, &sim->new_keeper);
    put_in_place(sim, sim->old_core, NULL);
    node->old_data = true;
    (void)sim_node_start(node);
  } else if (act == 4 && node->old_data) {
    sim_villain_heals(sim);
    (void)sim_node_start(node);
  }
}

/* The numbers of the keys that it holds. */
static uint64_t keys_of(const struct sim_node *node) {
  uint64_t mixed = 0;
  for (size_t i = 0; i < node->core->info.count; i++)
    mixed = mixed * 31 + (uint64_t)node->core->info.keys[i].type * 1000 + node->core->info.keys[i].number;
  return mixed;
}

/* Only while the keys are those of the copy: what was wrapped or sealed by later ones would be lost with them, as
 * docs/keys.md says. */
static void old_keeper(struct sim *sim, uint64_t act) {
  struct sim_node *node = villain_of(sim);
  if (act == 0 && node->core != NULL) {
    keep_copy(sim, &sim->old_core, &sim->old_keeper);
    sim->old_keys = keys_of(node);
  } else if (act == 2 && node->core != NULL && sim->old_keeper != NULL && keys_of(node) == sim->old_keys) {
    sim_say(sim, node, "an older memory of heads is put in place");
    put_in_place(sim, NULL, sim->old_keeper);
    (void)sim_node_start(node);
  }
}

static void old_node(struct sim *sim, uint64_t act) {
  struct sim_node *node = villain_of(sim);
  if (act == 0 && node->core != NULL) {
    keep_copy(sim, &sim->old_core, &sim->old_keeper);
    sim->old_branch = leaves_of(sim);
  } else if (act == 2 && node->core != NULL && sim->old_core != NULL) {
    sim_say(sim, node, "an older copy of the whole node is put in place");
    node->faithful = false;
    put_in_place(sim, sim->old_core, sim->old_keeper);
    sim_ledger_branch(node, sim->old_branch);
    (void)sim_node_start(node);
  }
}

/* Officers of all partners hear the digits by voice, and confirm. */
static void confirm_epoch(struct sim *sim) {
  const struct sim_node *node = villain_of(sim);
  for (size_t i = 0; i < node->partner_count && !sim->violated; i++) {
    struct sim_node *other = &sim->nodes[node->partners[i]];
    const struct core_partner *partner = other->core != NULL ? sim_partner(other, node->index) : NULL;
    if (partner != NULL && partner->heard.number > 0)
      (void)sim_ask(other, LINK_PARTNER_EPOCH, -1, "{\"actor\":\"amal\",\"name\":\"%s\",\"fingerprint\":\"%s\"}",
                    node->name, partner->heard.digits);
  }
}

/* The copy is made when there is something in it. */
static void restored(struct sim *sim, uint64_t act) {
  enum { COPIED = 1, ERASED, BACK, TRIES = 6 };
  struct sim_node *node = villain_of(sim);
  if (act == COPIED && node->core != NULL) {
    keep_copy(sim, &sim->old_core, &sim->old_keeper);
    sim->old_branch = leaves_of(sim);
    sim->old_epoch_key = epoch_key(node);
  } else if (act == BACK && node->core != NULL && sim->old_core != NULL && leaves_of(sim) > sim->old_branch &&
             opens_copy(sim, node)) {
    char origin[WIRE_ORIGIN_MAX + 1];
    struct base_error err = {0};
    sim_say(sim, node, "an older core folder is put in place, and goes on in a new epoch");
    node->faithful = false;
    put_in_place(sim, sim->old_core, NULL);
    BASE_AUTO_FD int dir = disk_open(node->keeper_disk, "keeper");
    if (keeper_epoch_open(dir, 0, &(struct keeper_data){0}, &node->world, origin, &err) != BASE_OK) {
      sim_violate(sim, "a new epoch can be opened", "%s: %s", node->name, err.text);
      return;
    }
    sim_ledger_branch(node, sim->old_branch);
    (void)sim_node_start(node);
  } else if (act == ERASED) { /* the copy has it, and must not show it again */
    for (unsigned i = 0; i < TRIES && node->core != NULL && !sim_officer_erases(node); i++)
      continue;
  } else {
    confirm_epoch(sim);
  }
}

/* The copy and the node take turns, each going on where it stopped. */
static void take_turns(struct sim *sim, uint64_t act) {
  struct sim_node *node = villain_of(sim);
  struct sim_register *reg = &sim->registers[sim->villain];
  if (node->core == NULL)
    return;
  if (act == 0) {
    keep_copy(sim, &sim->old_core, &sim->old_keeper);
    sim->old_branch = leaves_of(sim);
    return;
  }
  if (sim->old_core == NULL)
    return;
  sim_say(sim, node, "a copy of the whole node takes its place");
  node->faithful = false;
  sim_node_stop(node, SIM_ENDS);
  keep_copy(sim, &sim->new_core, &sim->new_keeper);
  put_in_place(sim, sim->old_core, sim->old_keeper);
  if (reg->branch_count == 1)
    sim_ledger_branch(node, sim->old_branch);
  else
    reg->current = 1 - reg->current;
  struct disk *core = sim->old_core, *keeper = sim->old_keeper;
  sim->old_core = sim->new_core;
  sim->old_keeper = sim->new_keeper;
  sim->new_core = core;
  sim->new_keeper = keeper;
  (void)sim_node_start(node);
}

/* --- lies */

static bool followed(const struct core_case *kase, const struct base_id *id) {
  for (size_t i = 0; i < kase->count; i++)
    for (size_t k = 0; k < kase->messages[i].header->follow_count; k++)
      if (base_id_equal(&kase->messages[i].header->follows[k], id))
        return true;
  return false;
}

/* His core forgets his last message in a case, writes the next one, and remembers: two successors of one message. */
static bool equivocate_in(struct sim_node *node, struct core_case *kase) {
  size_t own = kase->count;
  for (size_t i = 1; i < kase->count; i++)
    if (base_view_equal(kase->messages[i].header->author, node->core->card.origin))
      own = i;
  if (own == kase->count || followed(kase, &kase->messages[own].id))
    return false;
  struct base_id id = kase->id;
  memmove(&kase->messages[own], &kase->messages[own + 1], (kase->count - own - 1) * sizeof kase->messages[0]);
  kase->count--;
  if (engine_compute(&kase->kind->kind, kase->messages, kase->count, &kase->state, NULL) != BASE_OK)
    abort();
  static const char *const acts[][2] = {{"answer", "{\"answer\":\"non\"}"},
                                        {"partial_answer", "{\"answer\":\"peut-être\"}"},
                                        {"clarify", "{\"ground\":\"facts_insufficient\",\"question\":\"?\"}"},
                                        {"decline", "{\"reason\":\"non\"}"}};
  bool done = false;
  for (size_t i = 0; i < sizeof acts / sizeof *acts && !done && node->core != NULL; i++)
    done = sim_ask(node, LINK_CASE_SEND, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":%s}",
                   base_id_text(&id).text, acts[i][0], acts[i][1]) &&
           node->reply.status == BASE_OK;
  if (node->core != NULL)
    core_case_drop(node->core, &id);
  if (done)
    sim_say(node->sim, node, "tells two stories in %.12s", base_id_text(&id).text);
  return done;
}

struct looking {
  size_t count;
  struct base_id found[32];
};

static enum base_code look_at_case(void *context, const struct store_case *row) {
  struct looking *looking = context;
  if (looking->count < sizeof looking->found / sizeof *looking->found)
    looking->found[looking->count++] = row->id;
  return BASE_OK;
}

static void equivocate(struct sim *sim) {
  struct sim_node *node = villain_of(sim);
  struct looking looking = {0};
  if (node->core == NULL ||
      store_case_each(node->core->store, (struct base_view){0}, 32, look_at_case, &looking, NULL) != BASE_OK)
    return;
  for (size_t i = 0; i < looking.count && node->core != NULL; i++) {
    struct core_case *kase = NULL;
    if (core_case_load(node->core, &looking.found[i], &kase, NULL) == BASE_OK && equivocate_in(node, kase)) {
      sim->counts.lies++;
      return;
    }
  }
}

static void backdate(struct sim *sim) {
  struct sim_node *node = villain_of(sim);
  base_time off = node->clock_off;
  if (node->core == NULL)
    return;
  node->clock_off = -(base_time)sim_draw(sim, 30 * 86400);
  sim_say(sim, node, "writes as if it were %lld s earlier", (long long)-node->clock_off);
  sim->counts.lies++;
  sim_officer_acts(node);
  node->clock_off = off;
}

void sim_villain_acts(struct sim *sim, uint64_t act) {
  switch (sim->profile.villain) {
  case SIM_OLD_CORE:
    old_core(sim, act);
    break;
  case SIM_OLD_KEEPER:
    old_keeper(sim, act);
    break;
  case SIM_OLD_NODE:
    old_node(sim, act);
    break;
  case SIM_RESTORED:
    restored(sim, act);
    break;
  case SIM_COPY:
    take_turns(sim, act);
    break;
  case SIM_EQUIVOCATES:
    equivocate(sim);
    break;
  case SIM_BACKDATES:
    backdate(sim);
    break;
  case SIM_VERSION:
    if (act == 1) {
      villain_of(sim)->speaks = sim_chance(sim, 500) ? 0 : 2;
      sim_say(sim, villain_of(sim), "speaks version %u", villain_of(sim)->speaks);
    }
    break;
  default:
    break;
  }
}

/* --- in the end */

void sim_villain_heals(struct sim *sim) {
  struct sim_node *node = villain_of(sim);
  node->speaks = 1;
  if (!node->old_data)
    return;
  sim_say(sim, node, "the newest core folder is put back");
  node->old_data = node->refused = false;
  put_in_place(sim, sim->new_core, NULL);
}

/* A forked or rolled back node meets every partner once more, in both directions: what must be noticed can be. */
void sim_villain_final(struct sim *sim) {
  struct sim_node *node = villain_of(sim);
  if (node->faithful)
    return;
  if (sim->profile.villain == SIM_RESTORED) {
    confirm_epoch(sim);
    return;
  }
  for (size_t i = 0; i < node->partner_count && !sim->violated; i++) {
    struct sim_node *other = &sim->nodes[node->partners[i]];
    if (other->core != NULL)
      (void)sim_officer_propose(other, &node->index, 1);
    if (node->core != NULL)
      (void)sim_officer_propose(node, &other->index, 1);
  }
}
