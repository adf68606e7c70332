/* SPDX-License-Identifier: Apache-2.0
 * Nodes that a form names by their origins, as people know them: by the names they have here. */
#include "cli/cli.h"

/* Asked for once, when the first origin is to be shown. Without an answer origins are shown as they are. */
static void ask(struct cli *cli, struct cli_kinds *kinds) {
  struct base_error ignored;
  if (kinds->nodes_asked)
    return;
  kinds->nodes_asked = true;
  if (cli_get(cli, &kinds->partners, &ignored, "/v1/partners") != BASE_OK)
    kinds->partners.json = NULL;
  if (cli_get(cli, &kinds->self, &ignored, "/v1/status") != BASE_OK)
    kinds->self.json = NULL;
}

static struct base_view name_of(const struct cli_kinds *kinds, struct base_view origin) {
  for (size_t i = 0; i < wire_json_size(kinds->partners.json); i++)
    if (base_view_equal(cli_string(wire_json_at(kinds->partners.json, i), "origin"), origin))
      return cli_string(wire_json_at(kinds->partners.json, i), "name");
  return base_view_equal(cli_string(kinds->self.json, "origin"), origin) ? cli_string(kinds->self.json, "name")
                                                                         : (struct base_view){0};
}

/* Cuts the next off; empty at the end. */
static struct base_view next_of(struct base_view *list) {
  size_t size = 0;
  while (size < list->size && list->data[size] != ' ')
    size++;
  struct base_view piece = base_view_of(list->data, size);
  size += size < list->size;
  *list = base_view_of(list->data + size, list->size - size);
  return piece;
}

bool cli_origins(struct cli *cli, struct cli_kinds *kinds, struct base_view list, struct base_buf *out) {
  const char *between = "";
  for (struct base_view rest = list; rest.size > 0;)
    if (!wire_origin_valid(next_of(&rest)))
      return false;
  if (list.size > 0)
    ask(cli, kinds);
  for (struct base_view rest = list; rest.size > 0; between = ", ") {
    struct base_view origin = next_of(&rest), name = name_of(kinds, origin);
    base_buf_text(out, between);
    base_buf_add_view(out, name.size > 0 ? name : origin);
  }
  return list.size > 0;
}
