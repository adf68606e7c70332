/* SPDX-License-Identifier: Apache-2.0
 * The state of a case whose headers a stranger wrote: four bytes a message (author and type, two followed ones, id). Of
 * the first message the second byte chooses the kind, any that is shipped; where it is 0 the type does, an odd one that of
 * tests/kinds, which has items. What must hold of each case: tests/casescene.h. */
#include "../casescene.h"
#include "../shipped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES_EACH = 4, KINDS = 128 };

static struct base_id id_of(uint8_t byte) {
  return (struct base_id){{byte}};
}

static void write_message(struct casescene *scene, const uint8_t *bytes) {
  const struct wire_kind *kind = scene->kind;
  bool opens = scene->count == 0;
  const struct wire_kind_type *type = &kind->types[opens ? kind->opening : (bytes[0] >> 2) % kind->type_count];
  struct wire_header *header = casescene_add(scene, id_of(bytes[3]), type, opens ? 0 : bytes[0] & 3);
  for (size_t i = 1; !opens && i <= 2; i++)
    header->follows[header->follow_count++] = id_of(bytes[i]);
  casescene_fill(scene, type, id_of(bytes[1]), bytes[2] & 3, "2026-11-21");
}

/* What the doubts of a shipped kind are: wire_shipped.c sees to it that there are none about its states. */
struct known {
  struct shipped shipped;
  struct wire_faults doubts;
};

static void load(struct known *known, const char *name) {
  shipped_load(&known->shipped, name);
  wire_kind_doubts(&known->shipped.kind, NULL, NULL, 0, &known->doubts);
}

/* Read once: they do not change. The first two are chosen by the first byte. */
static const struct known *kind_of(const uint8_t *data, size_t size) {
  static struct known kinds[KINDS];
  static size_t count;
  if (count == 0) {
    load(&kinds[count++], "agreement");
    load(&kinds[count++], "relief");
    for (size_t i = 0; i < kinds_count && count < KINDS; i++) {
      char name[64];
      (void)snprintf(name, sizeof name, "%s", kinds_files[i].name);
      char *end = strchr(name, '.');
      if (end == NULL || strcmp(end, ".json") != 0)
        continue;
      *end = 0;
      load(&kinds[count++], name);
    }
  }
  if (size > 1 && data[1] != 0)
    return &kinds[data[1] % count];
  return &kinds[size > 0 ? data[0] >> 2 & 1 : 0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct known *known = kind_of(data, size);
  BASE_AUTO_FREE struct casescene *scene = calloc(1, sizeof *scene);
  casescene_require(scene != NULL);
  scene->kind = &known->shipped.kind;
  for (size_t at = 0; at + BYTES_EACH <= size && scene->count < CASESCENE_MESSAGES; at += BYTES_EACH)
    write_message(scene, data + at);
  (void)casescene_judge(scene, &known->doubts);
  return 0;
}
