/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zones.h"

#include <stdio.h>
#include <string.h>

#include "core/partners.h"
#include "core/people.h"
#include "core/register.h"

/* The time zones in which deadlines are told to people: the node's own, and each partner's, as officers here set them.
 * They are names and no more: no time limit is computed with them, and core knows no time but UTC. */

struct zone_fact {
  char name[48];
};
static struct zone_fact fact_of(const struct core_partner *partner) {
  struct zone_fact fact = {"zone"};
  if (partner != NULL)
    snprintf(fact.name, sizeof fact.name, "zone of %lld", (long long)partner->row.number);
  return fact;
}

static enum base_code load(struct core *core, const struct core_partner *partner, char out[BASE_ZONE_MAX + 1],
                           struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 4096);
  enum base_code code = store_fact_get(core->store, fact_of(partner).name, &fact, err);
  memset(out, 0, BASE_ZONE_MAX + 1);
  if (code == BASE_OK && base_zone_valid(base_buf_view(&fact)))
    memcpy(out, fact.data, fact.size);
  return core_damage(code) ? BASE_OK : code; /* without a zone the time is told in UTC */
}

enum base_code core_zones_load(struct core *core, struct base_error *err) {
  enum base_code code = load(core, NULL, core->zone, err);
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++)
    code = load(core, core->partners[i], core->partners[i]->zone, err);
  return code;
}

enum base_code core_zones_open(struct core *core, struct base_error *err) {
  static const char file[] = "zone";
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, BASE_ZONE_MAX + 1);
  if (core->zone[0] != '\0')
    return BASE_OK;
  enum base_code code = base_file_read(core->env.dir, file, BASE_ZONE_MAX, &text, err);
  struct base_view zone = base_buf_view(&text);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  if (!base_zone_valid(zone))
    return base_fail(err, BASE_FIELD, "core/zone: no name of the time zone database, as Africa/Casablanca or UTC");
  struct wire_opening opening = {.subject = BASE_VIEW("node"), .reason = zone};
  code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_ZONE, &opening, NULL, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, fact_of(NULL).name, zone, err);
  if (code == BASE_OK)
    memcpy(core->zone, zone.data, zone.size);
  return code;
}

void core_zone_set(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_view name = core_request_text(request, "name"), zone = core_request_text(request, "zone");
  struct core_partner *partner = name.size > 0 ? core_partner_named(core, name) : NULL;
  char *kept = partner != NULL ? partner->zone : core->zone;
  enum base_code code = BASE_OK;
  if (name.size > 0 && partner == NULL)
    code = base_fail(&err, BASE_UNKNOWN_NODE, "there is no partner named %.*s; wasl partner list shows them",
                     (int)name.size, (const char *)name.data);
  else if (!base_zone_valid(zone))
    code = base_fail(&err, BASE_FIELD, "zone: a name of the time zone database, as Africa/Casablanca or UTC");
  if (code == BASE_OK)
    code = core_write(core, &err);
  if (code == BASE_OK) {
    struct wire_opening opening = {.actor = core_actor(core),
                                   .subject = partner != NULL ? partner->card.origin : BASE_VIEW("node"),
                                   .reason = zone};
    code = core_register_add(core, WIRE_ACT_ZONE, &opening, NULL, &err);
    if (code == BASE_OK)
      code = store_fact_set(core->store, fact_of(partner).name, zone, &err);
    if (code != BASE_OK)
      (void)core_lose(core, code, &err);
  }
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  memset(kept, 0, BASE_ZONE_MAX + 1);
  memcpy(kept, zone.data, zone.size);
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "name", name.size > 0 ? name : core->card.name);
  wire_write_member_string(&writer, "zone", kept);
  wire_write_end(&writer, '}');
}
