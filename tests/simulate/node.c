/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "core/partners.h"
#include "simulate/sim.h"

/* A node: a real core and a real keeper on two simulated disks, called by the simulator as their processes would be. */

enum token { TOKEN_TAKE = 1, TOKEN_GIVE, TOKEN_DONE, TOKEN_PERSON };
enum { TOKEN_SHIFT = 56, STEP_MOST_MS = 12 };

static uint64_t token_of(enum token token, uint64_t number) {
  return (uint64_t)token << TOKEN_SHIFT | number;
}

/* --- what is handed in */

static base_time node_now(void *context) {
  struct sim_node *node = context;
  base_time now = SIM_START + node->sim->now_ms / 1000 + node->sim->later_s + node->clock_off;
  if (now > node->clock_most)
    node->clock_most = now;
  return now;
}

static int64_t node_ms(void *context) {
  const struct sim_node *node = context;
  return 1000 + node->sim->now_ms;
}

static void node_random(void *context, void *out, size_t size) {
  struct sim_node *node = context;
  uint8_t *at = out;
  while (size > 0) {
    uint64_t word = disk_random(&node->random);
    size_t some = size < sizeof word ? size : sizeof word;
    memcpy(at, &word, some);
    at += some;
    size -= some;
  }
}

/* --- the keeper: the real one, called directly, and what it signs is noted */

static enum base_code node_info(void *context, struct wire_keeper_info *out, struct base_error *err) {
  (void)err;
  keeper_describe(((struct sim_node *)context)->keeper, out);
  return BASE_OK;
}

static enum base_code node_attest(void *context, uint64_t size, const struct base_hash *root,
                                  const struct base_hash *proof, size_t count, struct base_buf *out,
                                  struct base_error *err) {
  struct sim_node *node = context;
  enum base_code code = keeper_attest(node->keeper, size, root, proof, count, out, err);
  if (code == BASE_OK && !sim_node_dark(node))
    sim_ledger_signed(node, size, root);
  return code;
}

static enum base_code node_cosign(void *context, const struct wire_key *key, struct base_view note, uint64_t old,
                                  const struct base_hash *proof, size_t count, struct base_buf *out,
                                  struct base_error *err) {
  struct sim_node *node = context;
  enum base_code code = keeper_cosign(node->keeper, key, note, old, proof, count, out, err);
  if (code == BASE_OK && !sim_node_dark(node))
    sim_ledger_cosigned(node, note);
  return code;
}

static enum base_code node_remembers(void *context, struct base_view origin, struct wire_keeper_memory *out,
                                     struct base_error *err) {
  return keeper_remembers(((struct sim_node *)context)->keeper, origin, out, err);
}

static enum base_code node_renew(void *context, unsigned types, struct wire_keeper_info *out, struct base_error *err) {
  enum base_code code = keeper_renew(((struct sim_node *)context)->keeper, types, err);
  return code == BASE_OK ? node_info(context, out, err) : code;
}

static enum base_code node_succeed(void *context, const struct wire_keeper_succeed *form, struct base_buf *succession,
                                   struct base_buf *head, struct base_error *err) {
  struct sim_node *node = context;
  enum base_code code = keeper_succeed(node->keeper, form->head.size, &form->head.root, form->head.proof,
                                       form->head.count, form->card, succession, head, err);
  if (code == BASE_OK && !sim_node_dark(node))
    sim_ledger_signed(node, form->head.size, &form->head.root);
  return code;
}

static enum base_code node_card(void *context, uint32_t generation, struct base_buf *out, struct base_error *err) {
  return keeper_card(((struct sim_node *)context)->keeper, generation, out, err);
}

static enum base_code node_follow(void *context, const struct wire_keeper_follow *form, struct base_error *err) {
  return keeper_follow(((struct sim_node *)context)->keeper, &form->old_key, &form->new_key, form->succession, err);
}

static enum base_code node_forget(void *context, enum wire_keeper_type type, uint32_t number, struct base_error *err) {
  return keeper_forget(((struct sim_node *)context)->keeper, (enum keeper_key_type)type, number, err);
}

static enum base_code node_decapsulate(void *context, const uint8_t id[8], const struct wire_enc *enc, uint8_t out[32],
                                       struct base_error *err) {
  return keeper_decapsulate(((struct sim_node *)context)->keeper, id, enc, out, err);
}

static enum base_code node_wrap(void *context, const struct base_secret *keys, size_t count,
                                uint8_t (*out)[CORE_WRAPPED], uint32_t *epoch, struct base_error *err) {
  return keeper_wrap(((struct sim_node *)context)->keeper, keys, count, out, epoch, err);
}

static enum base_code node_unwrap(void *context, uint32_t epoch, const uint8_t (*wrapped)[CORE_WRAPPED], size_t count,
                                  struct base_secret *out, struct base_error *err) {
  return keeper_unwrap(((struct sim_node *)context)->keeper, epoch, wrapped, count, out, err);
}

static enum base_code node_retire(void *context, const struct wire_keeper_erased *list, size_t count,
                                  struct wire_keeper_retired *out, struct base_error *err) {
  return keeper_retire(((struct sim_node *)context)->keeper, list, count, out, err);
}

static enum base_code node_list(void *context, uint64_t from, size_t most, struct wire_keeper_listed *out,
                                struct base_error *err) {
  return keeper_list(((struct sim_node *)context)->keeper, from, most, out, err);
}

/* --- answers of core */

static void node_answer(void *context, uint64_t token, enum base_code status, struct base_view payload, int fd) {
  struct sim_node *node = context;
  uint64_t number = token & ((UINT64_C(1) << TOKEN_SHIFT) - 1);
  if (sim_node_dark(node)) /* the power went: nobody hears it */
    return;
  sim_ledger_answers(node);
  switch ((enum token)(token >> TOKEN_SHIFT)) {
  case TOKEN_TAKE:
    node->places[number].parked = false;
    if (status == BASE_OK)
      sim_line_send(node, (unsigned)number, payload, fd);
    else
      sim_plan(node->sim, node->sim->now_ms + SIM_TAKE_PAUSE_MS, SIM_ASK_AGAIN, node->index, number, node->life, NULL);
    break;
  case TOKEN_GIVE:
    if (number < node->give_count && node->gives[number] != NULL)
      sim_line_answer(node, node->gives[number], status, payload);
    break;
  case TOKEN_PERSON:
    node->reply.came = true;
    node->reply.status = status;
    base_buf_reset(&node->reply.payload);
    base_buf_add_view(&node->reply.payload, payload);
    break;
  case TOKEN_DONE:
    break;
  }
}

/* --- made and unmade. Keys cost most, so each node is made once in the program's life and copied for each run. */

struct made {
  struct disk *core, *keeper;
  struct base_buf card;
  char name[8], origin[WIRE_ORIGIN_MAX + 1];
};
static struct made pool[SIM_NODES_MAX];

static void write_card(struct made *made, const struct wire_keeper_info *info, const struct base_hash *pin) {
  struct wire_card card = {
      .name = base_view_text(made->name), .generation = 1, .address_count = 1, .seal_count = 1, .pin_count = 1};
  struct base_view origin = base_view_text(made->origin);
  BASE_AUTO_BUF struct base_buf log = {0}, witness = {0};
  const struct wire_key *log_key = &wire_keeper_key_in_force(info, WIRE_KEEPER_LOG)->public_key;
  const struct wire_key *witness_key = &wire_keeper_key_in_force(info, WIRE_KEEPER_WITNESS)->public_key;
  const struct wire_keeper_key *seal = wire_keeper_key_in_force(info, WIRE_KEEPER_SEAL);
  struct base_hash seal_id = seal_key_hash(&seal->public_key);
  struct wire_vkey vkey = {origin, seal_vkey_id(origin, WIRE_VKEY_LOG, log_key), WIRE_VKEY_LOG, *log_key};
  wire_vkey_write(&vkey, &log);
  vkey =
      (struct wire_vkey){origin, seal_vkey_id(origin, WIRE_VKEY_WITNESS, witness_key), WIRE_VKEY_WITNESS, *witness_key};
  wire_vkey_write(&vkey, &witness);
  for (int i = 0; i < WIRE_LANGUAGES; i++)
    card.org[i] = card.name;
  card.addresses[0] = BASE_VIEW("127.0.0.1:7443");
  card.log = base_buf_view(&log);
  card.witness = base_buf_view(&witness);
  card.seals[0] = (struct wire_seal_key){.key = seal->public_key, .from = seal->from, .until = seal->until};
  memcpy(card.seals[0].id, seal_id.bytes, sizeof card.seals[0].id);
  card.pins[0] = *pin;
  card.made = SIM_START;
  base_buf_init(&made->card, WIRE_CARD_MAX);
  struct base_error err = {0};
  if (wire_card_write(&card, &made->card, &err) != BASE_OK) {
    fprintf(stderr, "simulate: %s\n", err.text);
    abort();
  }
}

static const struct made *make_once(struct sim_node *node) {
  struct made *made = &pool[node->index];
  if (made->core != NULL)
    return made;
  uint64_t kept = node->random;
  int64_t kept_ms = node->sim->now_ms;
  node->random = UINT64_C(0x6e6f6465) << 16 | node->index; /* its keys are the same in every run */
  node->sim->now_ms = 0;
  memcpy(made->name, node->name, sizeof made->name);
  made->core = disk_new(made->name);
  made->keeper = disk_new(made->name);
  int dir = disk_open(made->keeper, "keeper");
  struct base_error err = {0};
  struct keeper *keeper = NULL;
  struct wire_keeper_info info;
  if (keeper_init(dir, base_view_text(node->name), &node->world, &err) != BASE_OK ||
      keeper_open(dir, &node->world, &keeper, &err) != BASE_OK) {
    fprintf(stderr, "simulate: %s\n", err.text);
    abort();
  }
  keeper_describe(keeper, &info);
  keeper_close(keeper);
  close(dir);
  memcpy(made->origin, info.origin, sizeof made->origin);
  write_card(made, &info, &node->pin);
  node->random = kept;
  node->sim->now_ms = kept_ms;
  return made;
}

void sim_node_make(struct sim_node *node) {
  snprintf(node->name, sizeof node->name, "n%03u", node->index % 1000);
  node->world = (struct base_world){node, node_now, node_ms, node_random};
  node->pin = seal_sha256(base_view_text(node->name));
  node->core_dir = node->keeper_dir = -1;
  node->speaks = 1;
  node->faithful = true;
  const struct made *made = make_once(node);
  node->card = base_buf_view(&made->card);
  node->origin = base_view_text(made->origin);
  node->core_disk = disk_clone(made->core, node->name);
  node->keeper_disk = disk_clone(made->keeper, node->name);
}

void sim_pool_free(void) {
  for (unsigned i = 0; i < SIM_NODES_MAX; i++) {
    disk_free(pool[i].core);
    disk_free(pool[i].keeper);
    base_buf_free(&pool[i].card);
  }
}

static void drop_inputs(struct sim_node *node) {
  for (size_t i = 0; i < node->input_count; i++) {
    base_buf_free(&node->inputs[i].payload);
    base_close_fd(&node->inputs[i].fd);
    sim_mail_free(node->inputs[i].mail);
  }
  node->input_count = 0;
}

static void drop_gives(struct sim_node *node) {
  for (size_t i = 0; i < node->give_count; i++)
    sim_mail_free(node->gives[i]);
  node->give_count = 0;
}

static void leave_folders(void) {
  BASE_AUTO_FD int nowhere = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (nowhere < 0 || fchdir(nowhere) != 0)
    abort();
}

static void close_all(struct sim_node *node) {
  /* A store that is closed in the dark must not find another node's files under the same names. */
  if (sim_node_dark(node))
    leave_folders();
  else if (node->core_dir >= 0 && fchdir(node->core_dir) != 0)
    abort();
  core_close(node->core);
  keeper_close(node->keeper);
  node->core = NULL;
  node->keeper = NULL;
  base_close_fd(&node->core_dir);
  base_close_fd(&node->keeper_dir);
  sim_gate_close(node);
  drop_inputs(node);
  drop_gives(node);
  node->step_at = SIM_NEVER;
}

void sim_node_free(struct sim_node *node) {
  if (node->core_disk == NULL)
    return;
  close_all(node);
  disk_free(node->core_disk);
  disk_free(node->keeper_disk);
  base_buf_free(&node->reply.payload);
  free(node->inputs);
  free(node->gives);
}

/* --- started and ended */

bool sim_node_dark(const struct sim_node *node) {
  return disk_is_off(node->core_disk) || disk_is_off(node->keeper_disk);
}

/* Once for all nodes. */
static const struct core_shipped *shipped(void) {
  static struct core_shipped *kinds;
  struct base_error err = {0};
  if (kinds == NULL && core_shipped_load(&kinds, &err) != BASE_OK) {
    fprintf(stderr, "the program's kinds: %s\n", err.text);
    abort();
  }
  return kinds;
}

static enum base_code open_both(struct sim_node *node, struct base_error *err) {
  node->keeper_dir = disk_open(node->keeper_disk, "keeper");
  node->core_dir = disk_open(node->core_disk, "core");
  enum base_code code = keeper_open(node->keeper_dir, &node->world, &node->keeper, err);
  struct core_environment environment = {.world = &node->world,
                                         .keeper = {.context = node,
                                                    .info = node_info,
                                                    .renew = node_renew,
                                                    .succeed = node_succeed,
                                                    .card = node_card,
                                                    .follow = node_follow,
                                                    .forget = node_forget,
                                                    .attest = node_attest,
                                                    .cosign = node_cosign,
                                                    .remembers = node_remembers,
                                                    .decapsulate = node_decapsulate,
                                                    .wrap = node_wrap,
                                                    .unwrap = node_unwrap,
                                                    .retire = node_retire,
                                                    .list = node_list},
                                         .dir = node->core_dir,
                                         .card = node->card,
                                         .shipped = shipped(),
                                         .context = node,
                                         .answer = node_answer};
  if (code == BASE_OK && fchdir(node->core_dir) != 0)
    code = base_fail_errno(err, "core's folder cannot be entered");
  return code == BASE_OK ? core_open(&environment, &node->core, err) : code;
}

static void start_again(struct sim_node *node, int64_t after_ms) {
  sim_plan(node->sim, node->sim->now_ms + after_ms, SIM_START_NODE, node->index, node->life, 0, NULL);
}

/* The power went while the node worked: it comes back after a while. */
static void power_gone(struct sim_node *node) {
  struct sim *sim = node->sim;
  sim_say(sim, node, "crashed at a write point");
  sim->counts.crashes++;
  node->crash_at = 0;
  sim_node_stop(node, SIM_POWER);
  start_again(node, sim_time_about(sim, 20000));
}

bool sim_node_start(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct base_error err = {0};
  node->life++;
  node->step_at = SIM_NEVER;
  sim->counts.starts++;
  sim->stepping = node;
  enum base_code code = open_both(node, &err);
  sim->stepping = NULL;
  if (sim_node_dark(node)) {
    power_gone(node);
    return false;
  }
  if (code != BASE_OK) {
    sim_say(sim, node, "does not start: %s", err.text);
    close_all(node);
    if (node->old_data && code == BASE_ROLLBACK)
      node->refused = true;
    else if (node->disk_trouble)
      start_again(node, sim_time_about(sim, 60000));
    else
      sim_violate(sim, "an honest node starts", "%s does not start: %s", node->name, err.text);
    return false;
  }
  if (node->old_data)
    sim_violate(sim, "a database older than what was signed is not started with", "%s starts with an older database",
                node->name);
  sim_say(sim, node, "starts, %llu leaves", (unsigned long long)node->core->reg.size);
  sim_ledger_follow(node, true);
  sim_ledger_kept(node);
  sim_gate_open(node);
  return !sim->violated;
}

void sim_node_stop(struct sim_node *node, enum sim_ending ending) {
  if (ending != SIM_ENDS) {
    disk_power_off(node->core_disk);
    disk_power_off(node->keeper_disk);
  }
  close_all(node);
  if (ending == SIM_KILLED) {
    disk_wake(node->core_disk);
    disk_wake(node->keeper_disk);
  } else if (ending == SIM_POWER) {
    disk_power_on(node->core_disk, disk_random(&node->sim->random));
    disk_power_on(node->keeper_disk, disk_random(&node->sim->random));
  }
}

/* --- a step */

static void plan_step(struct sim_node *node, int64_t at) {
  if (at < node->busy_until)
    at = node->busy_until;
  if (at >= node->step_at)
    return;
  node->step_at = at < node->sim->now_ms ? node->sim->now_ms : at;
  sim_plan(node->sim, node->step_at, SIM_STEP, node->index, node->life, 0, NULL);
}

static void add_input(struct sim_node *node, enum link_request_code code, uint64_t token, const char *json, int fd,
                      struct sim_mail *mail) {
  if (node->input_count == node->input_room) {
    node->input_room = node->input_room == 0 ? 16 : 2 * node->input_room;
    node->inputs = realloc(node->inputs, node->input_room * sizeof *node->inputs);
    if (node->inputs == NULL)
      abort();
  }
  struct sim_input *input = &node->inputs[node->input_count++];
  *input = (struct sim_input){.code = code, .token = token, .fd = fd, .mail = mail};
  base_buf_init(&input->payload, BASE_BUF_DEFAULT_LIMIT);
  base_buf_text(&input->payload, json);
}

void sim_node_input(struct sim_node *node, enum link_request_code code, uint64_t number, const char *json, int fd,
                    struct sim_mail *mail) {
  enum token token = code == LINK_EXCHANGE_TAKE ? TOKEN_TAKE : code == LINK_EXCHANGE_GIVE ? TOKEN_GIVE : TOKEN_DONE;
  add_input(node, code, token_of(token, number), json, fd, mail);
  plan_step(node, node->sim->now_ms);
}

static uint64_t give_number(struct sim_node *node, struct sim_mail *mail) {
  if (node->give_count == node->give_room) {
    node->give_room = node->give_room == 0 ? 16 : 2 * node->give_room;
    node->gives = realloc(node->gives, node->give_room * sizeof(struct sim_mail *));
    if (node->gives == NULL)
      abort();
  }
  node->gives[node->give_count] = mail;
  return node->give_count++;
}

/* All that waits goes in, then it is settled together. */
static void feed(struct sim_node *node) {
  struct sim_input *inputs = node->inputs;
  size_t count = node->input_count;
  node->inputs = NULL; /* what is answered now may ask anew */
  node->input_count = node->input_room = 0;
  for (size_t i = 0; i < count; i++) {
    struct sim_input *input = &inputs[i];
    uint64_t token = input->token;
    if (input->mail != NULL)
      token = token_of(TOKEN_GIVE, give_number(node, input->mail));
    core_input(node->core, input->code, token, base_buf_view(&input->payload), input->fd);
    base_buf_free(&input->payload);
    base_close_fd(&input->fd);
  }
  free(inputs);
}

static void step_lost(struct sim_node *node, const struct base_error *err) {
  struct sim *sim = node->sim;
  sim_say(sim, node, "its core cannot go on: %s", err->text);
  if (!node->disk_trouble) {
    sim_violate(sim, "an honest node goes on", "%s cannot go on: %s", node->name, err->text);
    return;
  }
  sim_node_stop(node, SIM_ENDS);
  start_again(node, sim_time_about(sim, 5000));
}

void sim_node_step(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct base_error err = {0};
  enum base_code fatal = BASE_OK;
  node->step_at = SIM_NEVER;
  sim->stepping = node;
  if (fchdir(node->core_dir) != 0)
    abort();
  feed(node);
  int64_t due = core_settle(node->core, &fatal, &err);
  sim->stepping = NULL;
  drop_gives(node);
  if (sim_node_dark(node)) {
    power_gone(node);
    return;
  }
  if (fatal != BASE_OK) {
    step_lost(node, &err);
    return;
  }
  if (keeper_broken(node->keeper)) { /* its process ends, and the others with it */
    (void)base_fail(&err, BASE_IO, "its keeper ended");
    step_lost(node, &err);
    return;
  }
  sim_ledger_follow(node, false);
  node->busy_until = sim->now_ms + 1 + (int64_t)sim_draw(sim, STEP_MOST_MS);
  if (node->input_count > 0)
    plan_step(node, node->busy_until);
  if (due >= 0)
    plan_step(node, sim->now_ms + due);
}

bool sim_ask(struct sim_node *node, enum link_request_code code, int fd, const char *format, ...) {
  if (node->core == NULL)
    return false;
  BASE_AUTO_BUF struct base_buf json = {0};
  base_buf_init(&json, BASE_BUF_DEFAULT_LIMIT);
  va_list args;
  va_start(args, format);
  int size = vsnprintf(NULL, 0, format, args);
  va_end(args);
  uint8_t *room = base_buf_reserve(&json, (size_t)size + 1);
  va_start(args, format);
  vsnprintf((char *)room, (size_t)size + 1, format, args);
  va_end(args);
  node->reply.came = false;
  if (node->reply.payload.limit == 0)
    base_buf_init(&node->reply.payload, BASE_BUF_DEFAULT_LIMIT);
  add_input(node, code, token_of(TOKEN_PERSON, 0), (const char *)json.data, fd, NULL);
  sim_node_step(node);
  if (!node->reply.came && node->core != NULL)
    sim_violate(node->sim, "every request is answered", "%s does not answer %s", node->name, (const char *)json.data);
  return node->reply.came;
}

struct core_partner *sim_partner(const struct sim_node *node, unsigned other) {
  return core_partner_named(node->core, base_view_text(node->sim->nodes[other].name));
}
