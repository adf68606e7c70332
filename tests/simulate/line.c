/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "simulate/sim.h"

/* What lies between two cores: the sender's gate, which asks for work, posts it, gives up after a while and tells how
 * it went; a network that loses, repeats, delays and reorders; the receiver's gate, which knows the line by its pin. A
 * hostile network may also change octets and lead a consignment to the wrong node. */

enum { MOST_DELAY_MS = 4 * SIM_EXCHANGE_MS, DETAIL_MAX = 300, MAGIC_VERSION = sizeof WIRE_CONSIGNMENT_MAGIC - 2 };

void sim_mail_free(struct sim_mail *mail) {
  if (mail == NULL)
    return;
  base_buf_free(&mail->bytes);
  free(mail);
}

static struct sim_mail *mail_copy(const struct sim_mail *mail) {
  struct sim_mail *copy = malloc(sizeof *copy);
  if (copy == NULL)
    abort();
  *copy = *mail;
  base_buf_init(&copy->bytes, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add_view(&copy->bytes, base_buf_view(&mail->bytes));
  return copy;
}

/* --- the sender's gate */

void sim_gate_ask(struct sim_node *node, unsigned place) {
  node->places[place] = (struct sim_place){.parked = true};
  sim_node_input(node, LINK_EXCHANGE_TAKE, place, "{}", -1, NULL);
}

void sim_gate_open(struct sim_node *node) {
  for (unsigned i = 0; i < SIM_PLACES; i++)
    sim_gate_ask(node, i);
}

void sim_gate_close(struct sim_node *node) {
  memset(node->places, 0, sizeof node->places);
}

/* Tells core how it went, and asks for the next. answer: NULL when there is none. */
static void tell(struct sim_node *node, unsigned place, enum base_code code, struct base_view detail,
                 const struct base_buf *answer) {
  BASE_AUTO_BUF struct base_buf json = {0}, shown = {0};
  struct wire_writer writer;
  int fd = -1;
  if (answer != NULL)
    fd = base_memfd_sealed("answer", base_buf_view(answer), NULL);
  if (detail.size > DETAIL_MAX)
    detail.size = DETAIL_MAX;
  base_buf_printable(&shown, detail);
  bool reached = code != BASE_UNREACHABLE && code != BASE_TIMEOUT;
  wire_writer_init(&writer, &json);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "exchange", (int64_t)node->places[place].exchange);
  wire_write_member_integer(&writer, "status", code == BASE_OK ? 200 : reached ? base_code_http(code) : 0);
  wire_write_member_string(&writer, "code", base_code_name(code));
  wire_write_member_text(&writer, "detail", base_buf_view(&shown));
  wire_write_end(&writer, '}');
  base_buf_u8(&json, 0);
  sim_node_input(node, LINK_EXCHANGE_DONE, place, (const char *)json.data, fd, NULL);
  sim_gate_ask(node, place);
}

void sim_line_given_up(struct sim_node *node, unsigned place, uint64_t exchange) {
  if (node->places[place].exchange != exchange)
    return;
  sim_say(node->sim, node, "gives the exchange with %s up", node->sim->nodes[node->places[place].to].name);
  tell(node, place, BASE_UNREACHABLE, BASE_VIEW("no answer in time"), NULL);
}

/* --- the network */

static bool silent(const struct sim *sim, unsigned from, unsigned to) {
  return sim->cuts[from * sim->node_count + to] > 0;
}

static int64_t latency(struct sim *sim) {
  int64_t time = 1 + (int64_t)sim_draw(sim, 2 * (uint64_t)sim->profile.latency_ms);
  if (!sim->healed && sim_chance(sim, sim->profile.delay))
    time += (int64_t)sim_draw(sim, MOST_DELAY_MS);
  return time;
}

static void garble(struct sim *sim, struct base_buf *bytes) {
  if (sim->healed || bytes->size == 0 || !sim_chance(sim, sim->profile.garble))
    return;
  sim_say(sim, NULL, "an octet is changed on the way");
  bytes->data[sim_draw(sim, bytes->size)] ^= (uint8_t)(1 << sim_draw(sim, 8));
  if (sim_chance(sim, 300))
    bytes->size = sim_draw(sim, bytes->size);
}

/* A node of another version names another version in its envelope. Everything else of it is what this one writes: there
 * is no other version yet. */
static void respeak(const struct sim_node *node, struct base_buf *bytes) {
  if (node->speaks != 1 && bytes->size > MAGIC_VERSION)
    bytes->data[MAGIC_VERSION] = (uint8_t)('0' + node->speaks);
}

static void leave(struct sim *sim, struct sim_mail *mail) {
  bool lost = silent(sim, mail->from, mail->to) || (!sim->healed && sim_chance(sim, sim->profile.drop));
  garble(sim, &mail->bytes);
  if (!sim->healed && sim_chance(sim, sim->profile.duplicate)) {
    struct sim_mail *echo = mail_copy(mail);
    echo->echo = true;
    sim_plan(sim, sim->now_ms + latency(sim), SIM_CONSIGNMENT, mail->to, 0, 0, echo);
  }
  if (!sim->healed && sim_chance(sim, sim->profile.misdeliver))
    mail->to = (unsigned)sim_draw(sim, sim->node_count);
  if (lost || mail->to == mail->from)
    sim_mail_free(mail);
  else
    sim_plan(sim, sim->now_ms + latency(sim), SIM_CONSIGNMENT, mail->to, 0, 0, mail);
}

void sim_line_send(struct sim_node *node, unsigned place, struct base_view work, int fd) {
  struct sim *sim = node->sim;
  struct base_error err = {0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct base_view sealed = {0};
  struct sim_mail *mail = calloc(1, sizeof *mail);
  if (mail == NULL || wire_json_parse(work, LINK_INLINE_MAX, "exchange.take", &json, &err) != BASE_OK ||
      base_map_sealed(fd, WIRE_CONSIGNMENT_MAX, &sealed, &err) != BASE_OK) {
    sim_violate(sim, "a gate can read its work", "%s: %s", node->name, err.text);
    free(mail);
    return;
  }
  base_buf_init(&mail->bytes, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add_view(&mail->bytes, sealed);
  base_unmap(&sealed);
  struct base_view partner = wire_json_text(wire_json_get(json, "partner"));
  mail->from = node->index;
  mail->to = (unsigned)strtoul((const char *)partner.data + 1, NULL, 10);
  mail->life = node->life;
  mail->place = place;
  mail->exchange = (uint64_t)wire_json_integer(wire_json_get(json, "exchange"));
  node->places[place] = (struct sim_place){.exchange = mail->exchange, .to = mail->to};
  sim->counts.consignments++;
  sim_trace(sim, mail->bytes.data, mail->bytes.size);
  sim_say(sim, node, "-> %s %zu octets", sim->nodes[mail->to].name, mail->bytes.size);
  bool dead = silent(sim, mail->from, mail->to) || sim->nodes[mail->to].core == NULL;
  int64_t patience = dead && sim_chance(sim, 700) ? (int64_t)sim_draw(sim, SIM_CONNECT_MS) : SIM_EXCHANGE_MS;
  sim_plan(sim, sim->now_ms + patience, SIM_GIVE_UP, node->index, mail->exchange, node->life << 8 | place, NULL);
  mail->speaks = node->speaks;
  respeak(node, &mail->bytes);
  leave(sim, mail);
}

/* --- the receiver's gate */

void sim_line_arrives(struct sim *sim, struct sim_mail *mail) {
  struct sim_node *to = &sim->nodes[mail->to];
  if (to->core == NULL || silent(sim, mail->from, mail->to)) {
    sim_mail_free(mail);
    return;
  }
  char json[128];
  snprintf(json, sizeof json, "{\"pin\":\"%s\"}", base_hash_text(&sim->nodes[mail->from].pin).text);
  int fd = base_memfd_sealed("consignment", base_buf_view(&mail->bytes), NULL);
  sim_say(sim, to, "<- %s %zu octets%s", sim->nodes[mail->from].name, mail->bytes.size, mail->echo ? ", again" : "");
  sim_node_input(to, LINK_EXCHANGE_GIVE, 0, json, fd, mail);
}

/* What this node has taken of the sender's numbers is acknowledged now. */
static void note_taken(struct sim_node *node, unsigned other) {
  struct core_partner *partner = sim_partner(node, other);
  if (partner != NULL && partner->row.received_number > node->taken[other])
    node->taken[other] = partner->row.received_number;
}

void sim_line_answer(struct sim_node *node, struct sim_mail *mail, enum base_code status, struct base_view payload) {
  struct sim *sim = node->sim;
  sim_trace(sim, payload.data, payload.size);
  if (status == BASE_OK) {
    note_taken(node, mail->from);
    sim_say(sim, node, "answers %s, %zu octets", sim->nodes[mail->from].name, payload.size);
  } else {
    sim_say(sim, node, "refuses the consignment of %s: %s: %.*s", sim->nodes[mail->from].name, base_code_name(status),
            (int)payload.size, (const char *)payload.data);
    sim->counts.refused_versions += mail->speaks != 1;
  }
  /* Garbled on top of that, it may be anything; and led to a node that does not know its sender, it is refused for that. */
  bool stranger = status == BASE_UNKNOWN_NODE && sim_partner(node, mail->from) == NULL;
  if (mail->speaks != 1 && sim->profile.garble == 0 && !stranger && status != BASE_SUSPENDED && status != BASE_DISK_FULL &&
      (status == BASE_OK || (base_code_class(status) == BASE_REFUSED &&
                             memmem(payload.data, payload.size, "version", strlen("version")) == NULL)))
    sim_violate(sim, "another version is refused, and told so", "%s answers version %u of %s by: %s %.*s", node->name,
                mail->speaks, sim->nodes[mail->from].name, base_code_name(status),
                status == BASE_OK ? 0 : (int)payload.size, (const char *)payload.data);
  bool lost =
      mail->echo || silent(sim, node->index, mail->from) || (!sim->healed && sim_chance(sim, sim->profile.drop));
  if (lost)
    return;
  struct sim_mail *answer = calloc(1, sizeof *answer);
  if (answer == NULL)
    abort();
  *answer = *mail;
  answer->status = status;
  base_buf_init(&answer->bytes, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add_view(&answer->bytes, payload);
  garble(sim, &answer->bytes);
  sim_plan(sim, sim->now_ms + latency(sim), SIM_ANSWER, mail->from, 0, 0, answer);
}

void sim_line_answered(struct sim *sim, struct sim_mail *mail) {
  struct sim_node *node = &sim->nodes[mail->from];
  struct sim_place *place = &node->places[mail->place];
  if (node->core == NULL || node->life != mail->life || place->exchange != mail->exchange)
    return;
  if (mail->status == BASE_OK)
    sim->counts.exchanges++;
  sim_say(sim, node, "has the answer of %s", sim->nodes[mail->to].name);
  if (mail->status == BASE_OK)
    tell(node, mail->place, BASE_OK, (struct base_view){0}, &mail->bytes);
  else
    tell(node, mail->place, mail->status, base_buf_view(&mail->bytes), NULL);
}
