/* SPDX-License-Identifier: Apache-2.0
 * For tests of the state of a case: cases written message by message. */
#ifndef WASL_TESTS_UNIT_CORE_SCENE_H
#define WASL_TESTS_UNIT_CORE_SCENE_H

#include "engine/engine.h"
#include "../shipped.h"

/* A scene: messages written one after the other; an id is a byte chosen by the test, so that it decides concurrency. */
enum { SCENE_MAX = 64, A = 0, B = 1, C = 2, STRANGER = 3 };
static const char *const origins[] = {"wasl/a/0000000000000000", "wasl/b/0000000000000000", "wasl/c/0000000000000000",
                                      "wasl/x/0000000000000000"};

struct scene {
  struct shipped shipped;
  size_t parties, count;
  struct wire_header headers[SCENE_MAX];
  struct base_id follows[SCENE_MAX][WIRE_FOLLOWS_MAX];
  struct engine_message messages[SCENE_MAX];
  struct engine_state state;
  char terms[SCENE_MAX][BASE_HEX_ID + 1]; /* what a field of each says */
};

static inline struct base_id id_of(int name) {
  struct base_id id = {{(uint8_t)name}};
  return id;
}

static inline void begin(struct scene *scene, const char *kind, size_t parties) {
  memset(scene, 0, sizeof *scene);
  shipped_load(&scene->shipped, kind);
  scene->parties = parties;
}

/* By a kind that a test wrote itself, with three parties. */
static inline void begin_kind(struct scene *scene, const char *kind) {
  struct base_hash hash;
  struct base_error err;
  memset(scene, 0, sizeof *scene);
  memset(hash.bytes, 0x11, sizeof hash.bytes);
  base_arena_init(&scene->shipped.arena, WIRE_KIND_ARENA);
  if (wire_kind_parse(base_view_text(kind), &hash, &scene->shipped.arena, &scene->shipped.kind, &err))
    fail_msg("%s", err.text);
  scene->parties = 3;
}

static inline void finish(struct scene *scene) {
  base_arena_free(&scene->shipped.arena);
}

/* follows: names of messages, ended by 0; the first message of a scene opens the case. */
static inline struct wire_header *add(struct scene *scene, int name, int author, const char *type, const char *follows) {
  struct wire_header *header = &scene->headers[scene->count];
  scene->messages[scene->count] = (struct engine_message){.id = id_of(name), .header = header};
  header->opens = scene->count == 0;
  header->case_id = scene->messages[0].id;
  header->kind = scene->shipped.kind.name;
  header->kind_hash = scene->shipped.kind.hash;
  header->type = base_view_text(type);
  header->author = base_view_text(origins[author]);
  header->party_count = scene->parties;
  for (size_t i = 0; i < scene->parties; i++)
    header->parties[i] = base_view_text(origins[i]);
  header->follows = scene->follows[scene->count];
  for (; *follows; follows++)
    header->follows[header->follow_count++] = id_of(*follows);
  scene->count++;
  return header;
}

/* One more state field of a message; the text must stay. */
static inline void say(struct wire_header *header, const char *field, const char *text) {
  header->state[header->state_count++] = (struct wire_state_field){base_view_text(field), base_view_text(text)};
}

/* Whose state field `field` names the message of this name. */
static inline struct wire_header *add_about(struct scene *scene, int name, int author, const char *type,
                                            const char *field, int about, const char *follows) {
  char *text = scene->terms[scene->count];
  struct wire_header *header = add(scene, name, author, type, follows);
  struct base_id id = id_of(about);
  base_hex(id.bytes, sizeof id.bytes, text);
  say(header, field, text);
  return header;
}

static inline void add_accept(struct scene *scene, int name, int author, int terms, const char *follows) {
  (void)add_about(scene, name, author, "accept", "terms", terms, follows);
}

static inline void compute(struct scene *scene) {
  struct base_error err;
  if (engine_compute(&scene->shipped.kind, scene->messages, scene->count, &scene->state, &err))
    fail_msg("%s", err.text);
}

static inline enum base_code try_compute(struct scene *scene, struct base_error *err) {
  return engine_compute(&scene->shipped.kind, scene->messages, scene->count, &scene->state, err);
}

static inline const char *state_name(const struct scene *scene) {
  return (const char *)scene->shipped.kind.states[scene->state.state].data;
}

static inline const struct engine_message *message(const struct scene *scene, int name) {
  struct base_id id = id_of(name);
  for (size_t i = 0; i < scene->count; i++)
    if (base_id_equal(&scene->messages[i].id, &id))
      return &scene->messages[i];
  fail_msg("no message %c", name);
  return NULL;
}

static uint64_t seed;
static inline unsigned roll(unsigned sides) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(seed >> 33) % sides;
}

#endif
