/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/peer.h"

#include <stdlib.h>
#include <string.h>

#include "gate/peer_internal.h"

/* Without any partner core may have no table to give: then the door opens for strangers to be turned away. */
enum {
  TABLE_PAUSE_MS = 1000,
  DOOR_WAIT_MS = 1000,
  KEY_REST_S = 600, /* a TLS key that is on no card: so long it may still come onto one */
};

/* --- the TLS key that is presented */

const struct gate_pair *gate_peer_pair(const struct gate_peer *peer) {
  return &peer->pairs[peer->pair_count - 1];
}

static enum base_code present(struct gate_peer *peer, struct gate_pair *pair, struct base_error *err) {
  struct gate_pair *grown = realloc(peer->pairs, (peer->pair_count + 1) * sizeof *grown);
  if (grown == NULL)
    return base_fail(err, BASE_MEMORY, "out of memory for the TLS key");
  peer->pairs = grown;
  grown[peer->pair_count++] = *pair;
  *pair = (struct gate_pair){.credentials = NULL};
  peer->tls.credentials = gate_peer_pair(peer)->credentials;
  return BASE_OK;
}

static bool is_own(const struct gate_peers *table, const struct base_hash *pin) {
  for (size_t i = 0; i < table->own_count; i++)
    if (base_hash_equal(&table->own[i], pin))
      return true;
  return false;
}

/* Those that left the card while this process saw it. */
static void destroy_dropped(struct gate_peer *peer) {
  const struct gate_peers *table = &peer->peers;
  for (size_t i = 0; i < peer->had_count; i++)
    if (!is_own(table, &peer->had[i]))
      gate_pair_destroy(peer->setup.dir, &peer->had[i]);
  peer->had_count = table->own_count;
  memcpy(peer->had, table->own, table->own_count * sizeof *table->own);
}

/* Those that left it while no gate ran, and those that were made for a change that came to nothing. */
static void tidy(void *context) {
  struct gate_peer *peer = context;
  gate_pair_keep(peer->setup.dir, peer->peers.own, peer->peers.own_count,
                 peer->setup.world->now(peer->setup.world->context) - KEY_REST_S);
  link_timer_set(peer->tidy_timer, (KEY_REST_S + 1) * 1000);
}

/* Core and who runs the node hear which keys of the card are lost, before the last one is. */
static void look_for_own(struct gate_peer *peer) {
  const struct gate_peers *table = &peer->peers;
  int64_t missing = 0;
  for (size_t i = 0; i < table->own_count; i++) {
    struct gate_pair pair = {.credentials = NULL};
    struct base_error err;
    if (gate_pair_load(peer->setup.dir, &table->own[i], &pair, &err) == BASE_OK) {
      gate_pair_free(&pair);
      continue;
    }
    missing |= (int64_t)1 << i;
    if (peer->missing != missing)
      base_log(BASE_LOG_ERROR, "gate.key", "a TLS key on the node's card is not to be had: %s", err.text);
  }
  peer->missing = missing;
}

/* What core says of our own keys: new connections show the one that it names, those off the card are destroyed. */
static void change_key(struct gate_peer *peer) {
  const struct gate_peers *table = &peer->peers;
  struct gate_pair pair;
  struct base_error err;
  if (!table->has_own || peer->setup.dir < 0)
    return;
  look_for_own(peer);
  if (!base_hash_equal(&gate_peer_pair(peer)->pin, &table->present)) {
    enum base_code code = gate_pair_load(peer->setup.dir, &table->present, &pair, &err);
    if (code == BASE_OK)
      code = present(peer, &pair, &err);
    if (code != BASE_OK) {
      base_log(BASE_LOG_ERROR, "gate.key", "the TLS key stays as it is: %s", err.text);
      return;
    }
    base_log(BASE_LOG_NOTICE, "gate.key", "a new TLS key is presented: %s",
             base_hash_text(&gate_peer_pair(peer)->pin).text);
  }
  destroy_dropped(peer);
  tidy(peer);
}

/* --- the table of partners */

static void open_door(void *context) {
  struct gate_peer *peer = context;
  if (peer->listening || peer->stopping)
    return;
  for (size_t i = 0; i < peer->setup.listen_count; i++) {
    struct base_error err;
    if (gate_http_listen(peer->http, peer->setup.listen[i], &err) == BASE_OK)
      peer->setup.listen[i] = -1;
    else {
      base_log(BASE_LOG_ERROR, "gate.listen", "%s", err.text);
      peer->deaf = true;
      link_loop_end(peer->setup.loop);
      return;
    }
  }
  peer->listening = true;
  if (peer->setup.opened != NULL)
    peer->setup.opened(peer->setup.opened_context);
}

static void ask_table(void *context);

static void table_came(void *context, struct link_message *message) {
  struct gate_peer *peer = context;
  struct base_error err;
  enum base_code code = message->status;
  if (code != BASE_OK)
    code = base_fail(&err, code, "%s", base_code_text(code));
  else
    code = gate_peers_load(&peer->peers, message->payload, &err);
  if (code != BASE_OK) {
    base_log(BASE_LOG_ERROR, "gate.table", "the table of partners was not renewed: %s", err.text);
    link_timer_set(peer->table_timer, TABLE_PAUSE_MS);
    return;
  }
  change_key(peer);
  open_door(peer);
  ask_table(peer);
}

static void ask_table(void *context) {
  struct gate_peer *peer = context;
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  wire_writer_init(&writer, &payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "version", peer->peers.version);
  if (peer->peers.version > 0 && peer->peers.has_own)
    wire_write_member_integer(&writer, "missing", peer->missing);
  wire_write_end(&writer, '}');
  gate_calls_ask(&peer->core, LINK_PEER_TABLE, base_buf_view(&payload), -1, table_came, peer);
}

/* --- start and stop */

static void loop_over(void *context) {
  struct gate_peer *peer = context;
  link_loop_end(peer->setup.loop);
}

static void end_when_idle(struct gate_peer *peer) {
  if (peer->server_idle && peer->client_idle)
    loop_over(peer);
}

void gate_peer_server_idle(void *context) {
  struct gate_peer *peer = context;
  peer->server_idle = true;
  end_when_idle(peer);
}

void gate_peer_client_idle(struct gate_peer *peer) {
  peer->client_idle = true;
  end_when_idle(peer);
}

static void on_core_end(void *context, struct link_channel *channel) {
  struct gate_peer *peer = (struct gate_peer *)((char *)context - offsetof(struct gate_peer, core));
  (void)channel;
  if (!peer->stopping)
    base_log(BASE_LOG_ERROR, "gate.core", "core is gone");
  loop_over(peer);
}

static void free_pairs(struct gate_peer *peer) {
  for (size_t i = 0; i < peer->pair_count; i++)
    gate_pair_free(&peer->pairs[i]);
  free(peer->pairs);
}

enum base_code gate_peer_new(const struct gate_peer_setup *setup, struct gate_peer **out, struct base_error *err) {
  struct gate_peer *peer = calloc(1, sizeof *peer);
  if (peer == NULL)
    return base_fail(err, BASE_MEMORY, "out of memory for the partner gate");
  peer->setup = *setup;
  struct gate_pair pair = setup->pair;
  enum base_code code = present(peer, &pair, err);
  if (code != BASE_OK) {
    gate_pair_free(&pair);
    free(peer);
    return code;
  }
  const struct gate_pair *first = gate_peer_pair(peer);
  peer->tls = (struct gate_http_tls){.certificate = (const char *)first->certificate.data,
                                     .key = (const char *)first->key.data,
                                     .credentials = first->credentials,
                                     .trusted = gate_peer_trusted};
  struct gate_http_setup http = {.loop = setup->loop,
                                 .world = setup->world,
                                 .limits = setup->limits,
                                 .memory = GATE_PEER_MEMORY,
                                 .tls = &peer->tls,
                                 .handlers = gate_peer_handlers(peer)};
  code = gate_http_new(&http, &peer->http, err);
  if (code == BASE_OK)
    code = gate_client_new(peer, &peer->client, err);
  if (code != BASE_OK) {
    gate_http_free(peer->http);
    free_pairs(peer);
    free(peer);
    return code;
  }
  peer->core.channel = link_channel_new(setup->core, LINK_ROLE_GATE_PEER, LINK_ROLE_CORE);
  link_loop_add(setup->loop, peer->core.channel,
                (struct link_handlers){&peer->core, NULL, gate_calls_on_answer, on_core_end});
  peer->stop_timer = link_loop_timer(setup->loop, loop_over, peer);
  peer->table_timer = link_loop_timer(setup->loop, ask_table, peer);
  peer->door_timer = link_loop_timer(setup->loop, open_door, peer);
  peer->tidy_timer = link_loop_timer(setup->loop, tidy, peer);
  *out = peer;
  return BASE_OK;
}

void gate_peer_open(struct gate_peer *peer) {
  ask_table(peer);
  link_timer_set(peer->door_timer, DOOR_WAIT_MS);
  gate_client_open(peer->client);
}

void gate_peer_stop(void *context) {
  struct gate_peer *peer = context;
  if (peer->stopping)
    return;
  peer->stopping = true;
  link_timer_set(peer->stop_timer, peer->setup.limits->stop_ms);
  gate_http_stop(peer->http);
  gate_client_stop(peer->client);
}

bool gate_peer_deaf(const struct gate_peer *peer) {
  return peer->deaf;
}

bool gate_peer_stopping(const struct gate_peer *peer) {
  return peer->stopping;
}

void gate_peer_free(struct gate_peer *peer) {
  if (peer == NULL)
    return;
  link_timer_set(peer->stop_timer, -1);
  link_timer_set(peer->table_timer, -1);
  link_timer_set(peer->door_timer, -1);
  link_timer_set(peer->tidy_timer, -1);
  gate_http_free(peer->http);
  gate_client_free(peer->client);
  link_channel_free(peer->core.channel);
  gate_peers_free(&peer->peers);
  free_pairs(peer);
  for (size_t i = 0; i < peer->setup.listen_count; i++)
    base_close_fd(&peer->setup.listen[i]);
  free(peer);
}
