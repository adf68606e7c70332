/* SPDX-License-Identifier: Apache-2.0
 * Cases of kinds that nobody wrote. The first byte says how many bytes the kind is made of: states, types with their
 * fields, transitions, what several parties make together, items, a period, clocks. What the reader of kinds refuses is thrown
 * away. Four bytes a message follow: author and type, what it follows, what it names, id. What must hold of each case:
 * tests/casescene.h. */
#include "../casescene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STATES = 6, TYPES = 8, ITEMS = 3, OWN = 4, BYTES_EACH = 4 };

/* --- choices */

struct bytes {
  const uint8_t *at, *end;
};

/* 0 when there are no more. */
static unsigned pick(struct bytes *bytes, unsigned below) {
  return bytes->at < bytes->end ? *bytes->at++ % below : 0;
}

static bool one_in(struct bytes *bytes, unsigned sides) {
  return pick(bytes, sides) == sides - 1;
}

/* --- a kind */

struct plan {
  struct bytes bytes;
  struct wire_writer json;
  unsigned states, types, items;
  unsigned opened_by[ITEMS], own[ITEMS]; /* own states */
  unsigned about[TYPES];                 /* 1 + the item that it names; 0: none */
  bool moves_case[TYPES], names[TYPES], day[TYPES], party[TYPES], apart[TYPES];
  bool each, period;
};

/* Such as "s2"; the text lives until the fourth one after it. */
static const char *name_of(char letter, unsigned number) {
  static char texts[4][16];
  static unsigned next;
  char *text = texts[next++ % 4];
  (void)snprintf(text, sizeof texts[0], "%c%u", letter, number);
  return text;
}

static void member(struct plan *plan, const char *key, char letter, unsigned number) {
  wire_write_member_string(&plan->json, key, name_of(letter, number));
}

/* Some of them, by a byte; never none: then the one named. */
static void some(struct plan *plan, const char *key, char letter, unsigned count, unsigned one) {
  unsigned bits = pick(&plan->bytes, 256) & ((1u << count) - 1);
  bits = bits != 0 ? bits : 1u << one;
  wire_write_key(&plan->json, key);
  wire_write_array(&plan->json);
  for (unsigned i = 0; i < count; i++)
    if (bits >> i & 1)
      wire_write_string(&plan->json, name_of(letter, i));
  wire_write_end(&plan->json, ']');
}

static void list(struct plan *plan, const char *key, char letter, unsigned count) {
  wire_write_key(&plan->json, key);
  wire_write_array(&plan->json);
  for (unsigned i = 0; i < count; i++)
    wire_write_string(&plan->json, name_of(letter, i));
  wire_write_end(&plan->json, ']');
}

static void who(struct plan *plan, unsigned count) {
  unsigned chosen = pick(&plan->bytes, count);
  if (chosen > 0)
    wire_write_member_string(&plan->json, "who", wire_who_names[chosen]);
}

/* after: the field that it may not be before; NULL: none */
static void write_field(struct plan *plan, const char *name, const char *type, const char *item, const char *after) {
  wire_write_object(&plan->json);
  wire_write_member_string(&plan->json, "name", name);
  wire_write_member_string(&plan->json, "type", type);
  wire_write_member_bool(&plan->json, "required", true);
  wire_write_member_bool(&plan->json, "state", true);
  if (item != NULL)
    wire_write_member_string(&plan->json, "item", item);
  if (strcmp(type, "date") == 0)
    wire_write_member_string(&plan->json, "example", "2026-11-21");
  if (after != NULL) {
    wire_write_key(&plan->json, "not_before");
    wire_write_object(&plan->json);
    wire_write_member_string(&plan->json, "field", after);
    wire_write_end(&plan->json, '}');
  }
  wire_write_end(&plan->json, '}');
}

static void write_types(struct plan *plan) {
  wire_write_key(&plan->json, "types");
  wire_write_array(&plan->json);
  for (unsigned i = 0; i < plan->types; i++) {
    unsigned more = pick(&plan->bytes, 32);
    plan->about[i] = i > 0 && plan->items > 0 && (more & 1) ? 1 + pick(&plan->bytes, plan->items) : 0;
    if (plan->about[i] && plan->opened_by[plan->about[i] - 1] == i)
      plan->about[i] = 0;
    plan->names[i] = more & 2;
    plan->day[i] = more & 4;
    plan->party[i] = more & 8;
    plan->apart[i] = i > 0 && plan->day[i] && one_in(&plan->bytes, 3);
    wire_write_object(&plan->json);
    member(plan, "name", 't', i);
    wire_write_key(&plan->json, "fields");
    wire_write_array(&plan->json);
    if (plan->about[i])
      write_field(plan, "about", "message", name_of('i', plan->about[i] - 1), NULL);
    if (plan->names[i])
      write_field(plan, "names", "message", NULL, NULL);
    if (plan->day[i] || (plan->period && i == 0))
      write_field(plan, "day", "date", NULL, NULL);
    if (plan->day[i] || (plan->period && i == 0))
      write_field(plan, "until", "date", NULL, more & 16 ? "day" : NULL);
    if (plan->party[i])
      write_field(plan, "party", "party", NULL, NULL);
    wire_write_end(&plan->json, ']');
    wire_write_end(&plan->json, '}');
  }
  wire_write_end(&plan->json, ']');
}

/* --- what moves the case */

static bool opens(const struct plan *plan, unsigned type) {
  for (unsigned i = 0; i < plan->items; i++)
    if (plan->opened_by[i] == type)
      return true;
  return false;
}

static void write_transition(struct plan *plan, unsigned on, unsigned to) {
  enum { PLAIN, WAITS = 3, STAYS = 5, EACH, ALL, ANEW, SORTS };
  unsigned sort = pick(&plan->bytes, opens(plan, on) || plan->about[on] || plan->apart[on] ? ALL : SORTS);
  wire_write_object(&plan->json);
  member(plan, "on", 't', on);
  some(plan, "from", 's', plan->states, to % plan->states);
  if (sort != STAYS)
    member(plan, "to", 's', to);
  if (sort == ALL || sort == ANEW)
    wire_write_member_bool(&plan->json, "all", true);
  if (sort == ANEW)
    wire_write_member_bool(&plan->json, "anew", true);
  if (sort == EACH) {
    plan->each = true;
    wire_write_member_bool(&plan->json, "each", true);
    wire_write_member_string(&plan->json, "who", one_in(&plan->bytes, 3) ? "opener" : "others");
  } else {
    who(plan, WIRE_WHO_CASE);
    if (plan->names[on] && one_in(&plan->bytes, 2))
      wire_write_member_string(&plan->json, "names", "names");
    if (plan->period && sort == WAITS)
      wire_write_member_string(&plan->json, "after", "day");
  }
  wire_write_end(&plan->json, '}');
  plan->moves_case[on] = true;
}

/* Each state is led to, and each type that is about no item leads somewhere. */
static void write_transitions(struct plan *plan) {
  wire_write_member_string(&plan->json, "opening", "t0");
  wire_write_key(&plan->json, "transitions");
  wire_write_array(&plan->json);
  wire_write_object(&plan->json);
  wire_write_member_string(&plan->json, "on", "t0");
  wire_write_member_string(&plan->json, "to", "s0");
  wire_write_end(&plan->json, '}');
  for (unsigned i = 1; i < plan->states; i++) { /* a plain one for each, or the reader would refuse most kinds */
    unsigned on = 1 + pick(&plan->bytes, plan->types - 1);
    wire_write_object(&plan->json);
    member(plan, "on", 't', on);
    some(plan, "from", 's', plan->states, i - 1);
    member(plan, "to", 's', i);
    who(plan, WIRE_WHO_CASE);
    wire_write_end(&plan->json, '}');
    plan->moves_case[on] = true;
  }
  for (unsigned i = pick(&plan->bytes, 12); i > 0; i--)
    write_transition(plan, 1 + pick(&plan->bytes, plan->types - 1), pick(&plan->bytes, plan->states));
  for (unsigned i = 1; i < plan->types; i++)
    if (!plan->moves_case[i] && !plan->about[i] && !opens(plan, i))
      write_transition(plan, i, pick(&plan->bytes, plan->states));
  wire_write_end(&plan->json, ']');
}

static void write_rule(struct plan *plan, const char *asks, unsigned state, unsigned makes) {
  wire_write_object(&plan->json);
  if (asks != NULL) {
    wire_write_key(&plan->json, asks);
    wire_write_array(&plan->json);
    wire_write_string(&plan->json, name_of('s', state));
    wire_write_end(&plan->json, ']');
  }
  member(plan, "state", 's', makes);
  wire_write_end(&plan->json, '}');
}

/* A party alone makes its own state. */
static void write_together(struct plan *plan) {
  if (!plan->each)
    return;
  wire_write_key(&plan->json, "together");
  wire_write_array(&plan->json);
  for (unsigned i = pick(&plan->bytes, 4); i > 0; i--) {
    unsigned state = pick(&plan->bytes, plan->states);
    write_rule(plan, "any", state, state);
  }
  for (unsigned i = 0; i < plan->states; i++)
    write_rule(plan, "all", i, i);
  write_rule(plan, NULL, 0, pick(&plan->bytes, plan->states));
  wire_write_end(&plan->json, ']');
}

/* --- items */

/* What a type that is about the item does to it; each of its states is led to by one of the first. */
static void write_item_transition(struct plan *plan, unsigned item, unsigned on, unsigned to) {
  unsigned sort = pick(&plan->bytes, 6);
  bool reaches = to < plan->own[item];
  wire_write_object(&plan->json);
  member(plan, "on", 't', on);
  some(plan, "from", 'p', plan->own[item], reaches && to > 0 ? to - 1 : 0);
  if (reaches || sort > 0)
    member(plan, "to", 'p', reaches ? to : pick(&plan->bytes, plan->own[item]));
  if (sort >= 4 && !plan->moves_case[on] && !plan->apart[on]) {
    wire_write_member_bool(&plan->json, "all", true);
    if (sort == 5)
      wire_write_member_bool(&plan->json, "anew", true);
  }
  who(plan, one_in(&plan->bytes, 2) ? WIRE_WHOS : WIRE_WHO_ASSIGNEE);
  if (one_in(&plan->bytes, 4))
    some(plan, "in", 's', plan->states, 0);
  wire_write_end(&plan->json, '}');
}

static void write_item(struct plan *plan, unsigned item) {
  bool assigned = plan->party[plan->opened_by[item]];
  unsigned movers[TYPES], count = 0;
  for (unsigned i = 0; i < plan->types; i++)
    if (plan->about[i] == item + 1) {
      movers[count++] = i;
      assigned = assigned || plan->party[i];
    }
  if (count == 0)
    plan->own[item] = 1;
  wire_write_object(&plan->json);
  member(plan, "name", 'i', item);
  member(plan, "opened_by", 't', plan->opened_by[item]);
  list(plan, "states", 'p', plan->own[item]);
  if (assigned)
    wire_write_member_string(&plan->json, "assignee_field", "party");
  wire_write_key(&plan->json, "transitions");
  wire_write_array(&plan->json);
  if (one_in(&plan->bytes, 3)) {
    wire_write_object(&plan->json);
    member(plan, "on", 't', plan->opened_by[item]);
    member(plan, "to", 'p', 0);
    who(plan, WIRE_WHO_NOT_LAST);
    wire_write_end(&plan->json, '}');
  }
  for (unsigned i = 0; i < count || (count > 0 && i + 1 < plan->own[item]); i++)
    write_item_transition(plan, item, movers[i % count], i + 1);
  for (unsigned i = count > 0 ? pick(&plan->bytes, 4) : 0; i > 0; i--)
    write_item_transition(plan, item, movers[i % count], plan->own[item]);
  wire_write_end(&plan->json, ']');
  wire_write_end(&plan->json, '}');
}

static void write_items(struct plan *plan) {
  wire_write_key(&plan->json, "items");
  wire_write_array(&plan->json);
  for (unsigned i = 0; i < plan->items; i++)
    write_item(plan, i);
  wire_write_end(&plan->json, ']');
}

/* --- the rest */

static void write_period(struct plan *plan) {
  if (!plan->period)
    return;
  wire_write_key(&plan->json, "period");
  wire_write_object(&plan->json);
  wire_write_member_string(&plan->json, "from", "day");
  wire_write_member_string(&plan->json, "to", "until");
  for (unsigned i = 1; i < plan->types; i++)
    if (plan->day[i] && plan->moves_case[i]) {
      member(plan, "moved_by", 't', i);
      break;
    }
  wire_write_end(&plan->json, '}');
}

static void write_aparts(struct plan *plan) {
  bool any = false;
  for (unsigned i = 0; i < plan->types; i++)
    any = any || plan->apart[i];
  if (!any)
    return;
  wire_write_key(&plan->json, "apart");
  wire_write_array(&plan->json);
  for (unsigned i = 0; i < plan->types; i++) {
    if (!plan->apart[i])
      continue;
    wire_write_object(&plan->json);
    member(plan, "type", 't', i);
    wire_write_member_string(&plan->json, "from", "day");
    wire_write_member_string(&plan->json, "to", "until");
    wire_write_end(&plan->json, '}');
  }
  wire_write_end(&plan->json, ']');
}

static void write_clocks(struct plan *plan) {
  wire_write_key(&plan->json, "clocks");
  wire_write_array(&plan->json);
  for (unsigned i = pick(&plan->bytes, 3); i > 0; i--) {
    wire_write_object(&plan->json);
    member(plan, "name", 'c', i);
    member(plan, "starts", 't', pick(&plan->bytes, plan->types));
    wire_write_member_integer(&plan->json, "length", 3600);
    some(plan, "stops", 't', plan->types, 1);
    if (one_in(&plan->bytes, 3))
      wire_write_member_string(&plan->json, "owes", "opener");
    wire_write_end(&plan->json, '}');
  }
  wire_write_end(&plan->json, ']');
}

static void write_kind(struct bytes bytes, struct base_buf *out) {
  struct plan plan = {.bytes = bytes};
  wire_writer_init(&plan.json, out);
  plan.states = 1 + pick(&plan.bytes, STATES);
  plan.types = 2 + pick(&plan.bytes, TYPES - 1);
  plan.items = pick(&plan.bytes, ITEMS + 1);
  plan.period = one_in(&plan.bytes, 4);
  for (unsigned i = 0; i < plan.items; i++) {
    plan.opened_by[i] = 1 + (pick(&plan.bytes, plan.types - 1) + i) % (plan.types - 1);
    plan.own[i] = 1 + pick(&plan.bytes, OWN);
  }
  wire_write_object(&plan.json);
  wire_write_member_string(&plan.json, "wasl", "kind/1");
  wire_write_member_string(&plan.json, "name", "made");
  wire_write_member_integer(&plan.json, "version", 1);
  wire_write_member_bool(&plan.json, "needs_row", true);
  wire_write_key(&plan.json, "lists");
  wire_write_object(&plan.json);
  wire_write_end(&plan.json, '}');
  list(&plan, "states", 's', plan.states);
  write_types(&plan);
  write_transitions(&plan);
  write_together(&plan);
  write_items(&plan);
  write_period(&plan);
  write_aparts(&plan);
  write_clocks(&plan);
  wire_write_end(&plan.json, '}');
}

/* --- a case of it */

/* The place of one that came before, `back` of them. */
static size_t before(const struct casescene *scene, unsigned back) {
  return scene->count - 1 - back % scene->count;
}

/* Or, of those up to it, the last that may open what this type is about. */
static size_t meant(const struct casescene *scene, const struct wire_kind_type *type, size_t from) {
  for (size_t i = from + 1; type->moves != NULL && i-- > 0;)
    if (wire_kind_type_named(scene->kind, scene->headers[i].type)->opens == type->moves)
      return i;
  return from;
}

static void write_message(struct casescene *scene, const uint8_t *bytes) {
  static const char *const days[] = {"2026-11-21", "2026-11-30", "1970-01-01", "9999-12-31"};
  const struct wire_kind *kind = scene->kind;
  bool opens = scene->count == 0;
  struct base_id id = {{bytes[3], (uint8_t)scene->count}}, named = {{0}}, follows[2];
  const struct wire_kind_type *type = &kind->types[opens ? kind->opening : (bytes[0] >> 2) % kind->type_count];
  size_t count = 0;
  if (!opens) {
    follows[count++] = scene->messages[before(scene, bytes[1] & 3)].id;
    follows[count] = scene->messages[before(scene, bytes[1] >> 2)].id;
    count += (bytes[1] & 0x80) != 0 && !base_id_equal(&follows[0], &follows[1]);
    named = scene->messages[meant(scene, type, before(scene, bytes[2] >> 2))].id;
  }
  struct wire_header *header = casescene_add(scene, id, type, opens ? 0 : bytes[0] & 3);
  memcpy(header->follows, follows, count * sizeof *follows);
  header->follow_count = count;
  if (!opens && bytes[3] == UINT8_MAX)
    header->party_count--; /* not all hold it */
  header->time = (base_time)scene->count * 50000; /* after the first of the days is over, from the second message on */
  casescene_fill(scene, type, named, bytes[2] & 3, days[bytes[2] & 3]);
}

/* As the opener and one other party have them, each message received an hour after the one before it. */
static void run_clocks(const struct casescene *scene) {
  struct law_clock_event events[CASESCENE_MESSAGES];
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  size_t count = 0;
  for (size_t i = 0; i < scene->count; i++)
    if (scene->messages[i].effective)
      events[count++] = (struct law_clock_event){.type = wire_kind_type_named(scene->kind, scene->messages[i].header->type),
                                                 .at = (base_time)(i + 1) * 3600,
                                                 .header = scene->messages[i].header,
                                                 .agrees = scene->messages[i].agrees && !scene->messages[i].agreed_by_all,
                                                 .by_opener = base_view_is(scene->messages[i].header->author,
                                                                           casescene_origins[0])};
  size_t started = law_clocks(scene->kind, events, count, clocks);
  casescene_require(started <= scene->kind->clock_count);
  for (size_t i = 0; i < started; i++)
    casescene_require(clocks[i].running != clocks[i].stopped && clocks[i].late >= 0);
}

static void try_case(const struct wire_kind *kind, const uint8_t *data, size_t size) {
  static struct wire_faults doubts;
  BASE_AUTO_FREE struct casescene *scene = calloc(1, sizeof *scene);
  BASE_AUTO_BUF struct base_buf shown = {0};
  struct wire_writer writer;
  casescene_require(scene != NULL);
  wire_writer_init(&writer, &shown);
  wire_kind_write(kind, NULL, &writer);
  casescene_require(shown.code == BASE_OK);
  doubts.count = 0;
  wire_kind_doubts(kind, NULL, NULL, 0, &doubts);
  scene->kind = kind;
  for (size_t at = 0; at + BYTES_EACH <= size && scene->count < CASESCENE_MESSAGES; at += BYTES_EACH)
    write_message(scene, data + at);
  if (scene->count == 0)
    return;
  casescene_require(casescene_judge(scene, &doubts) == BASE_OK); /* each follows what came before it */
  run_clocks(scene);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf json = {0};
  struct base_hash hash = {{0x11}};
  struct base_error err;
  struct wire_kind kind;
  if (size == 0 || (size_t)data[0] + 1 > size)
    return 0;
  write_kind((struct bytes){data + 1, data + 1 + data[0]}, &json);
  casescene_require(json.code == BASE_OK);
  base_arena_init(&arena, WIRE_KIND_ARENA);
  if (wire_kind_parse(base_buf_view(&json), &hash, &arena, &kind, &err) == BASE_OK)
    try_case(&kind, data + 1 + data[0], size - 1 - data[0]);
  return 0;
}
