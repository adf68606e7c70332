/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "simulate/law.h"

/* One run: its faults are drawn from the seed, events are taken in the order of their time, and when the time of
 * trouble is over everything is mended, comes to rest and is checked. */

enum {
  MINUTE = 60 * 1000,
  HOUR = 60 * MINUTE,
  REST_MOST = 2 * HOUR,    /* of simulated time: nodes that have nothing to say must have come to rest */
  REST_QUIET = 2 * MINUTE, /* more than any pause between two tries */
  VILLAIN_REST = 8 * MINUTE,
  EVENTS_MOST = 15000, /* and for each node: */
  EVENTS_EACH = 1000,
  LATER_MOST = 9 * 86400, /* longer than any deadline */
  MONTH = 35 * 86400,     /* longer than what is personal outlives its case, and no longer than keys are good for */
  MONTHS = 4,             /* all that filled.h dates is over then */
};
#define KINDS_APART UINT64_C(0x6b696e6473)

const char *sim_villain_name(enum sim_villain villain) {
  static const char *const names[] = {[SIM_HONEST] = "none",
                                      [SIM_OLD_CORE] = "old core",
                                      [SIM_OLD_KEEPER] = "old memory of heads",
                                      [SIM_OLD_NODE] = "old node",
                                      [SIM_COPY] = "copied node",
                                      [SIM_EQUIVOCATES] = "equivocates",
                                      [SIM_BACKDATES] = "backdates",
                                      [SIM_RESTORED] = "restored in a new epoch",
                                      [SIM_VERSION] = "another version"};
  return names[villain];
}

/* --- chance, the trace, violations */

uint64_t sim_draw(struct sim *sim, uint64_t below) {
  return below == 0 ? 0 : disk_random(&sim->random) % below;
}

bool sim_chance(struct sim *sim, unsigned permille) {
  return sim_draw(sim, 1000) < permille;
}

/* Of many small chances none is certain: a geometric series in eighths of the mean. */
int64_t sim_time_about(struct sim *sim, int64_t mean_ms) {
  int64_t step = mean_ms / 8 + 1, time = 1 + (int64_t)sim_draw(sim, (uint64_t)step);
  while (time < 4 * mean_ms && !sim_chance(sim, 125))
    time += step;
  return time;
}

/* FNV-1a over eight octets at a time: cheap, and any difference shows. */
void sim_trace(struct sim *sim, const void *data, size_t size) {
  const uint8_t *at = data;
  uint64_t hash = sim->trace;
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    hash = (hash ^ word) * UINT64_C(1099511628211);
    hash ^= hash >> 29;
  }
  for (; size > 0; at++, size--)
    hash = (hash ^ *at) * UINT64_C(1099511628211);
  sim->trace = hash;
}

void sim_say(struct sim *sim, const struct sim_node *node, const char *format, ...) {
  char *line = sim->shown[sim->shown_count++ % SIM_EVENTS_SHOWN];
  va_list args;
  va_start(args, format);
  int size = snprintf(line, SIM_LINE, "%10.3f %-5s ", (double)sim->now_ms / 1000, node != NULL ? node->name : "");
  size += vsnprintf(line + size, (size_t)(SIM_LINE - size), format, args);
  va_end(args);
  sim_trace(sim, line, strlen(line));
  if (sim->verbose)
    printf("%s\n", line);
}

void sim_violate(struct sim *sim, const char *invariant, const char *format, ...) {
  if (sim->violated)
    return;
  sim->violated = true;
  snprintf(sim->invariant, sizeof sim->invariant, "%s", invariant);
  va_list args;
  va_start(args, format);
  vsnprintf(sim->violation, sizeof sim->violation, format, args);
  va_end(args);
  sim_say(sim, NULL, "VIOLATED: %s", invariant);
}

struct sim_node *sim_of_disk(struct sim *sim, const struct disk *disk) {
  for (unsigned i = 0; i < sim->node_count; i++)
    if (sim->nodes[i].core_disk == disk || sim->nodes[i].keeper_disk == disk)
      return &sim->nodes[i];
  return NULL;
}

/* --- events: a heap by (time, order) */

static bool sooner(const struct sim_event *a, const struct sim_event *b) {
  return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap_events(struct sim_event *a, struct sim_event *b) {
  struct sim_event kept = *a;
  *a = *b;
  *b = kept;
}

void sim_plan(struct sim *sim, int64_t at, enum sim_what what, unsigned node, uint64_t a, uint64_t b,
              struct sim_mail *mail) {
  if (sim->event_count == sim->event_room) {
    sim->event_room = sim->event_room == 0 ? 256 : 2 * sim->event_room;
    sim->events = realloc(sim->events, sim->event_room * sizeof *sim->events);
    if (sim->events == NULL)
      abort();
  }
  size_t i = sim->event_count++;
  sim->events[i] = (struct sim_event){.at = at < sim->now_ms ? sim->now_ms : at,
                                      .order = sim->event_order++,
                                      .what = what,
                                      .node = node,
                                      .a = a,
                                      .b = b,
                                      .mail = mail};
  for (; i > 0 && sooner(&sim->events[i], &sim->events[(i - 1) / 2]); i = (i - 1) / 2)
    swap_events(&sim->events[i], &sim->events[(i - 1) / 2]);
}

static struct sim_event next_event(struct sim *sim) {
  struct sim_event first = sim->events[0];
  sim->events[0] = sim->events[--sim->event_count];
  for (size_t i = 0;;) {
    size_t least = i;
    for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
      if (child < sim->event_count && sooner(&sim->events[child], &sim->events[least]))
        least = child;
    if (least == i)
      return first;
    swap_events(&sim->events[i], &sim->events[least]);
    i = least;
  }
}

static void take_event(struct sim *sim, struct sim_event *event) {
  struct sim_node *node = &sim->nodes[event->node];
  switch (event->what) {
  case SIM_STEP:
    if (node->core != NULL && node->life == event->a && node->step_at == event->at)
      sim_node_step(node);
    break;
  case SIM_CONSIGNMENT:
    sim_line_arrives(sim, event->mail);
    event->mail = NULL;
    break;
  case SIM_ANSWER:
    sim_line_answered(sim, event->mail);
    break;
  case SIM_GIVE_UP:
    if (node->core != NULL && node->life == event->b >> 8)
      sim_line_given_up(node, (unsigned)(event->b & 0xFF), event->a);
    break;
  case SIM_ASK_AGAIN:
    if (node->core != NULL && node->life == event->b)
      sim_gate_ask(node, (unsigned)event->a);
    break;
  case SIM_OFFICER:
    if (!sim->healed) {
      sim_plan(sim, sim->now_ms + sim_time_about(sim, sim->profile.officer_ms), SIM_OFFICER, event->node, 0, 0, NULL);
      if (node->core != NULL)
        sim_officer_acts(node);
    }
    break;
  case SIM_TROUBLE:
    if (!sim->healed) {
      sim_plan(sim, sim->now_ms + sim_time_about(sim, sim->profile.trouble_ms), SIM_TROUBLE, 0, 0, 0, NULL);
      sim_trouble(sim);
    }
    break;
  case SIM_VILLAINY:
    if (!sim->healed)
      sim_villain_acts(sim, event->a);
    break;
  case SIM_START_NODE:
    if (node->core == NULL && !node->refused && node->life == event->a)
      (void)sim_node_start(node);
    break;
  case SIM_MEND:
    if (!sim->healed)
      sim_mend(sim, event->a, event->b);
    break;
  }
  sim_mail_free(event->mail);
}

bool sim_until(struct sim *sim, int64_t end_ms) {
  while (sim->event_count > 0 && !sim->violated) {
    if (sim->events[0].at > end_ms) {
      sim->now_ms = end_ms;
      return false;
    }
    struct sim_event event = next_event(sim);
    sim->now_ms = event.at;
    if (++sim->counts.events > EVENTS_MOST + (uint64_t)EVENTS_EACH * sim->node_count)
      sim_violate(sim, "nodes come to rest", "%llu events in one run, many times as many as there should be",
                  (unsigned long long)sim->counts.events);
    take_event(sim, &event);
  }
  return true;
}

/* --- a run */

static unsigned maybe(struct sim *sim, unsigned share, unsigned least, unsigned most) {
  return sim_chance(sim, share) ? least + (unsigned)sim_draw(sim, most - least + 1) : 0;
}

static void draw_profile(struct sim *sim, unsigned nodes) {
  struct sim_profile *profile = &sim->profile;
  uint64_t size = sim_draw(sim, 500);
  profile->nodes = size == 0    ? 16 + (unsigned)sim_draw(sim, 24)
                   : size < 18  ? 5 + (unsigned)sim_draw(sim, 3)
                   : size < 225 ? 2
                   : size < 412 ? 3
                                : 4;
  if (nodes > 0)
    profile->nodes = nodes;
  profile->villain = sim_chance(sim, 500) ? SIM_HONEST : (enum sim_villain)sim_draw(sim, SIM_VILLAINS);
  bool many = profile->nodes > 8, longer = sim_chance(sim, 40);
  profile->chaos_ms = (4 + (int64_t)sim_draw(sim, longer ? 200 : 18)) * MINUTE;
  int64_t actions = many ? 6 : 5 + (int64_t)sim_draw(sim, longer ? 40 : 8);
  profile->officer_ms = profile->chaos_ms / actions;
  profile->trouble_ms = profile->chaos_ms / (2 + (int64_t)sim_draw(sim, 12));
  profile->latency_ms = 2 + (int64_t)sim_draw(sim, sim_chance(sim, 300) ? 2000 : 80);
  profile->drop = maybe(sim, 500, 5, 300);
  profile->duplicate = maybe(sim, 400, 5, 200);
  profile->delay = maybe(sim, 400, 5, 200);
  profile->garble = maybe(sim, 100, 5, 60);
  profile->misdeliver = maybe(sim, 100, 5, 60);
  profile->cut = maybe(sim, 500, 1, 10);
  profile->split = maybe(sim, 400, 1, 6);
  profile->kill = maybe(sim, 400, 1, 10);
  profile->power = maybe(sim, 500, 1, 10);
  profile->crash = maybe(sim, 600, 1, 20);
  profile->clock = maybe(sim, 300, 1, 6);
  profile->full = maybe(sim, 150, 1, 6);
  profile->sync = maybe(sim, 150, 1, 6);
  profile->parts = maybe(sim, 500, 20, 250);
  profile->many_parts = maybe(sim, 200, 20, 300);
  profile->ends = maybe(sim, 500, 10, 80);
  profile->suspends = maybe(sim, 400, 10, 80);
  /* A villain with older keys is another one than these; docs/keys.md says what becomes of him. */
  bool follows = profile->villain == SIM_HONEST || profile->villain == SIM_OLD_CORE || profile->villain == SIM_RESTORED;
  profile->rotates = follows ? maybe(sim, 400, 10, 100) : 0;
  profile->erases = profile->villain == SIM_RESTORED ? 200 : maybe(sim, 600, 40, 200);
  profile->laws = many ? 0 : maybe(sim, profile->nodes > 2 ? 400 : 150, 400, 900);
  profile->later_s = profile->laws > 0 ? (int64_t)sim_draw(sim, LATER_MOST) : 0;
  /* Drawn apart: the runs without them are what they were without this. */
  uint64_t apart = sim->seed ^ KINDS_APART;
  if (!many && disk_random(&apart) % 1000 < (profile->nodes > 2 ? 400 : 250))
    profile->kinds = 300 + (unsigned)(disk_random(&apart) % 400);
  if (profile->kinds > 0 && follows && disk_random(&apart) % 1000 < 900)
    profile->months = MONTHS;
  if (profile->kinds > 0 && profile->nodes < 4 && disk_random(&apart) % 1000 < 350)
    profile->feeds = 400;
  bool plain = profile->kinds > 0 && profile->laws == 0 && profile->feeds == 0 && profile->villain == SIM_HONEST;
  if (plain && disk_random(&apart) % 1000 < 300) {
    profile->persons = 350;
    profile->months = 0; /* longer than a token is good for */
  }
  if ((profile->kinds > 0 || profile->laws > 0) && disk_random(&apart) % 1000 < 500)
    profile->exercises = 100 + (unsigned)(disk_random(&apart) % 500);
}

static void befriend(struct sim *sim, unsigned a, unsigned b) {
  struct sim_node *one = &sim->nodes[a], *two = &sim->nodes[b];
  if (a == b || one->partner_count == SIM_PARTNERS_MAX || two->partner_count == SIM_PARTNERS_MAX)
    return;
  for (size_t i = 0; i < one->partner_count; i++)
    if (one->partners[i] == b)
      return;
  one->partners[one->partner_count++] = b;
  two->partners[two->partner_count++] = a;
}

/* Few nodes are all each other's partners; many stand in a ring with some who know each other across it. */
static void draw_partners(struct sim *sim) {
  bool mesh = sim->node_count <= 8;
  for (unsigned i = 0; i < sim->node_count; i++) {
    for (unsigned k = i + 1; mesh && k < sim->node_count; k++)
      befriend(sim, i, k);
    if (!mesh) {
      befriend(sim, i, (i + 1) % sim->node_count);
      befriend(sim, i, (unsigned)sim_draw(sim, sim->node_count));
    }
  }
}

static bool add_partner(struct sim_node *node, const struct sim_node *other) {
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  seal_fingerprint(other->card, fingerprint);
  BASE_AUTO_BUF struct base_buf card = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &card);
  wire_write_text(&writer, other->card);
  base_buf_u8(&card, 0);
  return sim_ask(node, LINK_PARTNER_ADD, -1, "{\"actor\":\"amal\",\"card\":%s,\"fingerprint\":\"%s\"}",
                 (const char *)card.data, fingerprint) &&
         node->reply.status == BASE_OK;
}

static void make_nodes(struct sim *sim) {
  sim->node_count = sim->profile.nodes;
  sim->nodes = calloc(sim->node_count, sizeof *sim->nodes);
  sim->cuts = calloc(sim->node_count, sim->node_count);
  sim->registers = calloc(sim->node_count, sizeof *sim->registers);
  sim->cosigned = calloc((size_t)sim->node_count * sim->node_count, sizeof *sim->cosigned);
  if (sim->nodes == NULL || sim->cuts == NULL || sim->registers == NULL || sim->cosigned == NULL)
    abort();
  for (unsigned i = 0; i < sim->node_count; i++) {
    struct sim_node *node = &sim->nodes[i];
    node->sim = sim;
    node->index = i;
    node->random = disk_random(&sim->random);
    sim->registers[i].branch_count = 1;
    sim_node_make(node);
  }
  /* From here on: what is made once in the program's life must not show in a run. */
  disk_seed(sim->seed);
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++) {
    struct sim_node *node = &sim->nodes[i];
    if (!sim_node_start(node))
      sim_violate(sim, "an honest node starts", "%s does not start for the first time", node->name);
  }
  draw_partners(sim);
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++)
    for (size_t k = 0; k < sim->nodes[i].partner_count; k++)
      if (!add_partner(&sim->nodes[i], &sim->nodes[sim->nodes[i].partners[k]]))
        sim_violate(sim, "partners are added", "%s refuses a card: %.*s", sim->nodes[i].name,
                    (int)sim->nodes[i].reply.payload.size, (const char *)sim->nodes[i].reply.payload.data);
}

/* After the troubles every pair can talk again: a proposal, which needs no law, arrives and is receipted. */
static void probe(struct sim *sim) {
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++) {
    struct sim_node *node = &sim->nodes[i];
    for (size_t k = 0; k < node->partner_count && node->core != NULL; k++)
      if (sim->node_count <= 8 && sim_pair_clear(node, &sim->nodes[node->partners[k]]) &&
          !sim_officer_propose(node, &node->partners[k], 1) && !sim->violated)
        sim_violate(sim, "after the troubles messages go again", "%s cannot propose to %s: %.*s", node->name,
                    sim->nodes[node->partners[k]].name, (int)node->reply.payload.size,
                    (const char *)node->reply.payload.data);
  }
}

static bool honest_world(const struct sim *sim) {
  for (unsigned i = 0; i < sim->node_count; i++)
    if (!sim->nodes[i].faithful)
      return false;
  return true;
}

/* At rest: nothing was handed over for a while. Who was stopped is tried again for ever, with pauses. */
static void rest(struct sim *sim) {
  int64_t most = honest_world(sim) ? REST_MOST : VILLAIN_REST, end = sim->now_ms + most;
  /* What a partner could not hand back yet he is asked for again after a while. */
  int64_t quiet = sim->profile.villain == SIM_RESTORED ? CORE_BACK_AGAIN_MS + MINUTE : REST_QUIET;
  uint64_t before;
  do {
    before = sim->counts.consignments;
    (void)sim_until(sim, sim->now_ms + quiet);
  } while (!sim->violated && sim->counts.consignments > before && sim->now_ms < end);
  if (sim->counts.consignments > before && most == REST_MOST)
    sim_violate(sim, "nodes come to rest", "they still exchange consignments %d h after the last trouble",
                REST_MOST / HOUR);
}

/* Terms end, consents too, what was to be kept until a day is over, and nobody answered: clocks go on by days at once,
 * and at each node a person looks. */
static void pass(struct sim *sim, int64_t seconds) {
  sim->later_s += seconds;
  sim_say(sim, NULL, "%lld s pass", (long long)seconds);
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++)
    if (sim->nodes[i].core != NULL)
      (void)sim_ask(&sim->nodes[i], LINK_RECALL_LIST, -1, "{\"actor\":\"amal\"}");
  if (!sim->violated)
    rest(sim);
}

/* Cases end, and somebody still writes in them. */
static void pass_months(struct sim *sim) {
  for (unsigned i = 0; i < sim->profile.months && !sim->violated; i++)
    pass(sim, MONTH);
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++)
    sim_kinds_act_late(&sim->nodes[i]);
  if (!sim->violated)
    rest(sim);
  if (!sim->violated)
    pass(sim, HOUR / 1000);
}

void sim_run(struct sim *sim, uint64_t seed, unsigned nodes, bool verbose) {
  memset(sim, 0, sizeof *sim);
  sim->seed = sim->random = seed;
  sim->trace = UINT64_C(14695981039346656037);
  sim->verbose = verbose;
  sim_trouble_begin(sim);
  sim_law_begin(sim);
  draw_profile(sim, nodes);
  make_nodes(sim);
  if (!sim->violated)
    sim_parley_begin(sim);
  if (!sim->violated)
    sim_release_begin(sim);
  if (!sim->violated)
    sim_feed_begin(sim);
  sim_say(sim, NULL, "%u nodes, villain: %s, %lld minutes of trouble", sim->node_count,
          sim_villain_name(sim->profile.villain), (long long)(sim->profile.chaos_ms / MINUTE));
  int64_t begin = sim->now_ms, end = begin + sim->profile.chaos_ms;
  for (unsigned i = 0; i < sim->node_count; i++)
    sim_plan(sim, begin + sim_time_about(sim, 20000), SIM_OFFICER, i, 0, 0, NULL);
  sim_plan(sim, begin + sim_time_about(sim, sim->profile.trouble_ms), SIM_TROUBLE, 0, 0, 0, NULL);
  sim_villain_plan(sim);
  (void)sim_until(sim, end);
  if (!sim->violated)
    sim_heal(sim);
  if (!sim->violated)
    rest(sim);
  if (!sim->violated && sim->profile.later_s > 0)
    pass(sim, sim->profile.later_s);
  if (!sim->violated && sim->profile.months > 0)
    pass_months(sim);
  if (!sim->violated) {
    sim_villain_final(sim);
    probe(sim);
    rest(sim);
  }
  if (!sim->violated)
    sim_check(sim);
  for (unsigned i = 0; i < sim->node_count; i++) /* what the registers hold is part of the trace */
    sim_trace(sim, sim->registers[i].branches[0].peaks, sizeof sim->registers[i].branches[0].peaks);
}

void sim_end(struct sim *sim) {
  for (unsigned i = 0; i < sim->node_count; i++)
    sim_node_free(&sim->nodes[i]);
  for (size_t i = 0; i < sim->event_count; i++)
    sim_mail_free(sim->events[i].mail);
  sim_ledger_free(sim);
  disk_free(sim->old_core);
  disk_free(sim->old_keeper);
  disk_free(sim->new_core);
  disk_free(sim->new_keeper);
  free(sim->events);
  free(sim->nodes);
  free(sim->cuts);
  free(sim->registers);
  free(sim->cosigned);
  sim_law_free(sim);
  free(sim->acked);
  free(sim->erased);
}
