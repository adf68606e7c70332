/* SPDX-License-Identifier: Apache-2.0 */
#include "core/kinds.h"
#include "core/show.h"

/* Kinds, told to people and programs. */

enum base_code core_show_kinds(struct core *core, const struct wire_json *request, struct base_buf *out,
                               struct base_error *err) {
  (void)request;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_array(&writer);
  for (size_t i = 0; i < core->kind_count; i++) {
    const struct core_kind *kind = core->kinds[i];
    wire_write_object(&writer);
    wire_write_member_text(&writer, "name", kind->kind.name);
    wire_write_member_hash(&writer, "hash", &kind->kind.hash);
    wire_write_member_integer(&writer, "version", kind->kind.version);
    wire_write_member_bool(&writer, "added", kind->local);
    wire_write_member_bool(&writer, "opens", core_kind_named(core, kind->kind.name) == kind);
    wire_write_key(&writer, "label");
    wire_write_object(&writer);
    for (int language = 0; language < WIRE_LANGUAGES; language++)
      wire_write_member_text(&writer, wire_language_codes[language], kind->titles[language]);
    wire_write_end(&writer, '}');
    wire_write_end(&writer, '}');
  }
  wire_write_end(&writer, ']');
  return base_buf_check(out, "the list of kinds", err);
}

void core_show_kind_of(const struct core *core, struct wire_writer *writer, struct base_view name,
                       const struct base_hash *hash) {
  const struct core_kind *kind = core_kind_hashed(core, name, hash);
  wire_write_member_text(writer, "kind", name);
  wire_write_key(writer, "kind_version");
  if (kind == NULL)
    wire_write_null(writer);
  else
    wire_write_integer(writer, kind->kind.version);
}

static enum base_code request_kind(const struct core *core, const struct wire_json *request,
                                   const struct core_kind **out, struct base_error *err) {
  struct base_view name = core_request_text(request, "kind");
  const struct wire_json *version = wire_json_get(request, "version");
  *out = core_kind_versioned(core, name, wire_json_integer(version));
  if (*out == NULL && core_kind_named(core, name) != NULL)
    return base_fail(err, BASE_KIND, "there is no version %lld of the kind %.*s here; wasl kind list shows those there are",
                     (long long)wire_json_integer(version), (int)name.size, (const char *)name.data);
  return *out != NULL ? BASE_OK : core_kind_none(name, err);
}

enum base_code core_show_kind(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  const struct core_kind *kind = NULL;
  struct wire_labels labels = {0};
  enum base_code code = request_kind(core, request, &kind, err);
  if (code == BASE_OK && kind->local)
    code = core_kind_labels(core, kind, &labels, err);
  if (code != BASE_OK)
    return code;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_kind_write(&kind->kind, kind->local ? &labels : &kind->labels, &writer);
  wire_labels_free(&labels);
  return BASE_OK;
}

enum base_code core_show_example(struct core *core, const struct wire_json *request, struct base_buf *out,
                                 struct base_error *err) {
  const struct core_kind *kind = NULL;
  enum base_code code = request_kind(core, request, &kind, err);
  if (code != BASE_OK)
    return code;
  struct base_view name = core_request_text(request, "type");
  const struct wire_kind_type *type =
      name.size > 0 ? wire_kind_type_named(&kind->kind, name) : &kind->kind.types[kind->kind.opening];
  if (type == NULL)
    return core_kind_lacks(kind, name, err);
  return wire_form_example(&kind->kind, type, core_now(core), NULL, out, err);
}
