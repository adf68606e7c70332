/* SPDX-License-Identifier: Apache-2.0
 * Request targets: what is taken is decoded, bounded, free of tricks, and its route's members are one JSON object. */
#include <stdlib.h>
#include <string.h>

#include "gate/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct gate_target *target = malloc(sizeof *target);
  struct base_error err;
  if (target == NULL)
    abort();
  if (gate_target_parse(base_view_of(data, size), target, &err) == BASE_OK) {
    for (size_t i = 0; i < target->piece_count; i++)
      if (target->pieces[i].size == 0 || memchr(target->pieces[i].data, '/', target->pieces[i].size) != NULL ||
          memchr(target->pieces[i].data, 0, target->pieces[i].size) != NULL || !base_utf8_valid(target->pieces[i]))
        abort();
    const struct gate_route *route = gate_route_find("GET", target, &err);
    BASE_AUTO_BUF struct base_buf out = {0};
    struct wire_writer writer;
    wire_writer_init(&writer, &out);
    wire_write_object(&writer);
    if (route != NULL && gate_route_members(route, target, &writer, &err) == BASE_OK) {
      wire_write_end(&writer, '}');
      WIRE_AUTO_JSON struct wire_json *json = NULL;
      if (out.code != BASE_OK || wire_json_parse(base_buf_view(&out), 1 << 20, "members", &json, &err) != BASE_OK)
        abort();
    }
  }
  free(target);
  return 0;
}
