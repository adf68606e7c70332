/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/status.h"

#include <string.h>

#include "gate/identity.h"
#include "wire/json.h"

enum base_code gate_status_core(const struct link_family *family, bool status, struct base_error *err) {
  if (family == NULL)
    return BASE_OK;
  enum link_life life = link_family_life(family, LINK_ROLE_CORE);
  unsigned pid = atomic_load(&family->pids[LINK_ROLE_CORE]);
  if (life == LINK_LIFE_HALTED)
    return base_fail(err, BASE_NOT_RUNNING,
                     "core of this node (process %u) is halted by a signal and answers nothing: let it go on with kill "
                     "-CONT %u, or start the node again",
                     pid, pid);
  if (status && life != LINK_LIFE_SERVES)
    return base_fail(err, BASE_NOT_RUNNING,
                     "the node is starting: core does not serve yet; its log says how far it is");
  return BASE_OK;
}

/* Only while the gate towards partners serves, which it says when its key is loaded and its door open. */
static void write_listening(const struct link_family *family, struct wire_writer *writer) {
  wire_write_key(writer, "listening");
  wire_write_array(writer);
  const char *at = link_family_life(family, LINK_ROLE_GATE_PEER) == LINK_LIFE_SERVES ? family->listen : "";
  while (*at != '\0') {
    size_t size = strcspn(at, ",");
    wire_write_text(writer, base_view_of(at, size));
    at += size + (at[size] == ',');
  }
  wire_write_end(writer, ']');
}

/* Of the card that is in force now, by core's answer: partners are sent elsewhere than to this node. */
static void warn_of_addresses(const struct link_family *family, struct base_view answer, struct base_buf *out) {
  WIRE_AUTO_JSON struct wire_json *status = NULL;
  struct base_error ignored;
  struct base_view addresses[WIRE_CARD_ADDRESSES_MAX];
  if (wire_json_parse(answer, answer.size, "the status", &status, &ignored) != BASE_OK)
    return;
  const struct wire_json *list = wire_json_get(status, "addresses");
  size_t count = wire_json_size(list);
  for (size_t i = 0; i < count && i < WIRE_CARD_ADDRESSES_MAX; i++)
    addresses[i] = wire_json_text(wire_json_at(list, i));
  (void)gate_addresses_fit(addresses, count < WIRE_CARD_ADDRESSES_MAX ? count : WIRE_CARD_ADDRESSES_MAX, family, out);
}

void gate_status_join(const struct link_family *family, struct base_view answer, struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf more = {0}, warning = {0};
  struct wire_writer writer;
  warn_of_addresses(family, answer, &warning);
  wire_writer_init(&writer, &more);
  wire_write_object(&writer);
  write_listening(family, &writer);
  wire_write_key(&writer, "processes");
  wire_write_object(&writer);
  for (enum link_role role = LINK_ROLE_GATE_PEER; role < LINK_ROLES; role++)
    wire_write_member_string(&writer, link_role_name(role), link_life_name(link_family_life(family, role)));
  wire_write_end(&writer, '}');
  wire_write_key(&writer, "warnings");
  wire_write_array(&writer);
  if (warning.size > 0)
    wire_write_text(&writer, base_buf_view(&warning));
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  /* Two objects become one; core writes no empty one. */
  base_buf_add(out, answer.data, answer.size > 0 ? answer.size - 1 : 0);
  base_buf_text(out, ",");
  base_buf_add(out, more.data + 1, more.size > 0 ? more.size - 1 : 0);
}
