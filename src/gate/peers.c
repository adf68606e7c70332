/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/peers.h"

#include <stdlib.h>
#include <string.h>

static bool copy_text(char *out, size_t room, struct base_view text) {
  if (text.size == 0 || text.size >= room)
    return false;
  memcpy(out, text.data, text.size);
  out[text.size] = '\0';
  return true;
}

static bool read_partner(const struct wire_json *json, struct gate_partner *out) {
  const struct wire_json *pins = wire_json_get(json, "pins");
  struct base_view state = wire_json_text(wire_json_get(json, "state"));
  *out = (struct gate_partner){.active = base_view_is(state, "active"), .pin_count = wire_json_size(pins)};
  if (!copy_text(out->name, sizeof out->name, wire_json_text(wire_json_get(json, "name"))) ||
      !copy_text(out->origin, sizeof out->origin, wire_json_text(wire_json_get(json, "origin"))) ||
      (!out->active && !base_view_is(state, "suspended")) || out->pin_count > GATE_PINS_MAX)
    return false;
  for (size_t i = 0; i < out->pin_count; i++)
    if (!base_hash_parse(wire_json_text(wire_json_at(pins, i)), &out->pins[i]))
      return false;
  return true;
}

/* Which key is presented, and which are on the card. False: nonsense. */
static bool read_own(const struct wire_json *json, struct gate_peers *out) {
  const struct wire_json *own = wire_json_get(json, "own"), *present = wire_json_get(json, "present");
  out->has_own = own != NULL && present != NULL;
  if (!out->has_own)
    return own == NULL && present == NULL;
  out->own_count = wire_json_size(own);
  if (out->own_count == 0 || out->own_count > GATE_PINS_MAX || !base_hash_parse(wire_json_text(present), &out->present))
    return false;
  for (size_t i = 0; i < out->own_count; i++)
    if (!base_hash_parse(wire_json_text(wire_json_at(own, i)), &out->own[i]))
      return false;
  return true;
}

enum base_code gate_peers_load(struct gate_peers *peers, struct base_view text, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  BASE_AUTO_FREE struct gate_partner *partners = NULL;
  enum base_code code = wire_json_parse(text, GATE_TABLE_MAX, "peer.table", &json, err);
  if (code != BASE_OK)
    return code;
  const struct wire_json *list = wire_json_get(json, "partners");
  int64_t version = wire_json_integer(wire_json_get(json, "version"));
  size_t count = wire_json_size(list);
  if (version <= 0 || wire_json_type(list) != WIRE_JSON_ARRAY || count > GATE_PARTNERS_MAX)
    return base_fail(err, BASE_FIELD, "peer.table: no version, or not a list of at most %d partners",
                     GATE_PARTNERS_MAX);
  struct gate_peers loaded = {.version = version, .count = count};
  if (!read_own(json, &loaded))
    return base_fail(err, BASE_FIELD, "peer.table: our own TLS keys cannot be read");
  partners = calloc(count + 1, sizeof *partners);
  if (partners == NULL)
    return base_fail(err, BASE_MEMORY, "peer.table: out of memory");
  for (size_t i = 0; i < count; i++) {
    if (!read_partner(wire_json_at(list, i), &partners[i]))
      return base_fail(err, BASE_FIELD, "peer.table: $.partners[%zu] is not a partner", i);
    const struct gate_partner *before = gate_peers_origin(peers, partners[i].origin);
    partners[i].in_flight = before == NULL ? 0 : before->in_flight;
  }
  free(peers->partners);
  loaded.partners = partners;
  *peers = loaded;
  partners = NULL;
  return BASE_OK;
}

void gate_peers_free(struct gate_peers *peers) {
  if (peers == NULL)
    return;
  free(peers->partners);
  *peers = (struct gate_peers){.version = 0};
}

struct gate_partner *gate_peers_find(const struct gate_peers *peers, const struct base_hash *pin) {
  for (size_t i = 0; i < peers->count; i++)
    for (size_t k = 0; k < peers->partners[i].pin_count; k++)
      if (base_hash_equal(&peers->partners[i].pins[k], pin))
        return &peers->partners[i];
  return NULL;
}

struct gate_partner *gate_peers_origin(const struct gate_peers *peers, const char *origin) {
  for (size_t i = 0; i < peers->count; i++)
    if (strcmp(peers->partners[i].origin, origin) == 0)
      return &peers->partners[i];
  return NULL;
}
