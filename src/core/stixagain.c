/* SPDX-License-Identifier: Apache-2.0 */
#include "core/people.h"
#include "core/stix.h"

/* stix.again: the index made anew from the parts that are held, some messages per request. Each message's rows go and it waits in one
 * step, so a crash leaves each listed as it was or waiting, and whoever asks again loses nothing. */

/* From behind the message `key` on, which is the last one that was looked at from then on. */
static enum base_code go_on(struct core *core, int64_t *key, uint64_t *messages, uint64_t *parts, bool *done,
                            struct base_error *err) {
  enum base_code code = BASE_OK;
  uint64_t dropped = 0;
  for (unsigned i = 0; i < CORE_STIX_AGAIN_MESSAGES && dropped < CORE_STIX_AGAIN_OBJECTS && code == BASE_OK; i++) {
    struct base_id id;
    unsigned wait = 0;
    uint64_t objects = 0;
    code = store_stix_message_next(core->store, key, &id, &objects, err);
    if (code == BASE_NOT_FOUND) {
      *done = true;
      return BASE_OK;
    }
    if (code == BASE_OK)
      code = core_stix_anew(core, &id, &wait, err);
    dropped += objects;
    *messages += wait > 0;
    *parts += wait;
  }
  return code;
}

/* What was counted wrong is right with it. By now the index holds what was listed since alone. */
static enum base_code finish(struct core *core, struct base_error *err) {
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_stix_recount(core->store, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  base_log(BASE_LOG_NOTICE, "stix.again", "the index of STIX objects is made anew: asked for by %s", core_asker(core)->name);
  return BASE_OK;
}

void core_stix_again(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct wire_writer writer;
  int64_t key = wire_json_integer(wire_json_get(request, "from"));
  uint64_t messages = 0, parts = 0;
  bool done = false;
  enum base_code code = key >= 0 ? BASE_OK : base_fail(&err, BASE_FIELD, "from: a whole number from 0");
  if (code == BASE_OK)
    code = go_on(core, &key, &messages, &parts, &done, &err);
  if (code == BASE_OK && done)
    code = finish(core, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "messages", (int64_t)messages);
  wire_write_member_integer(&writer, "parts", (int64_t)parts);
  wire_write_member_integer(&writer, "next", key);
  wire_write_member_bool(&writer, "done", done);
  wire_write_end(&writer, '}');
}
