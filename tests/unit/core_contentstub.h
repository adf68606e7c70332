/* SPDX-License-Identifier: Apache-2.0
 * What core reads of the content of a case's messages, without a node: the case is computed by the engine, in a kind that is
 * shipped, and what each message says in its part 0 stands here. Reading it can be made to fail. */
#ifndef WASL_TESTS_UNIT_CORE_CONTENTSTUB_H
#define WASL_TESTS_UNIT_CORE_CONTENTSTUB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cases.h"
#include "core/messages.h"
#include "engine_scene.h"

static struct {
  struct {
    const char *fields; /* NULL: it was erased */
    enum base_code code;
  } of[256]; /* of the message whose id begins so */
  size_t reads, held; /* how often one was read; how many were not freed yet */
} content;

static base_time now; /* at which a form is written */

base_time core_now(const struct core *core) {
  (void)core;
  return now;
}

static struct scene scene;
static struct core_kind case_kind;
static struct core_case kase;

enum base_code core_content_read(struct core *core, const struct base_id *id, struct base_arena *arena,
                                 struct core_content *out, struct base_error *err) {
  (void)core;
  const char *fields = content.of[id->bytes[0]].fields;
  enum base_code code = content.of[id->bytes[0]].code;
  assert_true(arena->limit > 0);
  content.reads++;
  content.held++;
  *out = (struct core_content){.row = {.id = *id}, .dropped = fields == NULL};
  if (code != BASE_OK)
    return base_fail(err, code, "it was made to fail");
  if (fields != NULL)
    code = wire_json_parse(base_view_text(fields), 64 << 20, "part 0", &out->part0.document, err);
  out->part0.fields = out->part0.document;
  return code;
}

/* Also of one that nothing was read into. */
void core_content_free(struct core_content *freed) {
  content.held -= freed->row.id.bytes[0] != 0;
  wire_part0_free(&freed->part0);
}

bool core_damage(enum base_code code) {
  return code == BASE_CORRUPT || base_code_class(code) == BASE_REFUSED;
}

static inline void begin_case(const char *kind, size_t parties) {
  memset(&content, 0, sizeof content);
  begin(&scene, kind, parties);
}

static inline void content_of(int name, const char *fields) {
  content.of[(uint8_t)name].fields = fields;
}

/* The case as the messages written so far make it. */
static inline void know_case(void) {
  compute(&scene);
  case_kind.kind = scene.shipped.kind;
  kase = (struct core_case){
      .kind = &case_kind, .count = scene.count, .messages = scene.messages, .state = scene.state, .id = scene.messages[0].id};
}

static inline void end_case(void) {
  assert_int_equal(content.held, 0);
  finish(&scene);
}

#endif
