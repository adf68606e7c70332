/* SPDX-License-Identifier: Apache-2.0
 * What the two nodes do while their disks fail: a story in chapters, each of which can be ended after any fault in it.
 */
#ifndef WASL_TESTS_SIM_POWERCUT_STORY_H
#define WASL_TESTS_SIM_POWERCUT_STORY_H

#include "powercut_check.h"

enum { LEAVES_OF_A_TILE = 256, READS_AT_ONCE = 40, READS_LAST = 4 };

static const char story_fields[] = "{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"normal\",\"purpose\":\"trafficking\","
                                   "\"question\":\"q\",\"language\":\"fr\"}";

/* Uploads the parts and writes the request's member for them; false when it must be begun anew. */
static bool story_parts(struct site *site, const struct stored_part *parts, size_t count, struct base_buf *json) {
  base_buf_text(json, ",\"parts\":[");
  for (size_t i = 0; i < count; i++) {
    char stage[24];
    if (!upload(site, &parts[i], stage))
      return false;
    base_buf_printf(json, "%s{\"stage\":\"%s\",\"name\":\"part-%zu\",\"type\":\"application/octet-stream\"}",
                    i == 0 ? "" : ",", stage, i);
  }
  base_buf_text(json, "]");
  return true;
}
/* Tries until the request, with its parts, is answered; id as answered, "" when a try before has done it unanswered. */
static void story_send(struct site *site, enum link_request_code code, const char *begin,
                       const struct stored_part *parts, size_t count, char id[65]) {
  bool again = false;
  for (int i = 0; i < TRIES; i++) {
    BASE_AUTO_BUF struct base_buf json = {0};
    base_buf_text(&json, begin);
    if (i > 2)
      lift_fault();
    if (!story_parts(site, parts, count, &json))
      continue;
    base_buf_text(&json, "}");
    base_buf_u8(&json, 0);
    id[0] = '\0';
    enum outcome outcome = try_once(site, code, (const char *)json.data, again, id, 65);
    if (outcome == PERHAPS && code == LINK_CASE_OPEN)
      site->maybe++;
    else
      again = again || outcome == PERHAPS;
    if (outcome != DONE)
      continue;
    site->opened += code == LINK_CASE_OPEN;
    for (size_t k = 0; id[0] != '\0' && k < count; k++) {
      world.parts[world.part_count] = parts[k];
      world.parts[world.part_count++].sha256 = part_hash(&parts[k]);
    }
    return;
  }
  wrong("%s: %d tries were not enough: %s", site->node.name, TRIES, begin);
}
static struct ack *story_open(struct site *site, const struct stored_part *parts, size_t count, char id[65]) {
  BASE_AUTO_BUF struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":%s",
                  other(site)->node.name, story_fields);
  base_buf_u8(&json, 0);
  story_send(site, LINK_CASE_OPEN, (const char *)json.data, parts, count, id);
  return acknowledged(site, id);
}
/* NULL when no id was answered. */
static struct ack *story_say(struct site *site, const char *kase, const char *type, const char *fields,
                             const struct stored_part *parts, size_t count) {
  BASE_AUTO_BUF struct base_buf json = {0};
  char id[65];
  base_buf_printf(&json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":%s", kase, type, fields);
  base_buf_u8(&json, 0);
  story_send(site, LINK_CASE_SEND, (const char *)json.data, parts, count, id);
  return id[0] == '\0' ? NULL : acknowledged(site, id);
}
static void story_end(struct site *site, struct ack *ack) {
  if (ack == NULL)
    return;
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"no longer needed\"}", ack->id);
  ack->ended = true;
  bool again = false;
  for (int i = 0; i < TRIES; i++) {
    /* It may have arrived meanwhile, or been ended by a try that was not answered. */
    note_receipts();
    if (outbox(ack) != STORE_WAITING && outbox(ack) != STORE_UNDER_WAY)
      return;
    enum outcome outcome = try_once(site, LINK_OUTBOX_END, json, again, NULL, 0);
    again = again || outcome == PERHAPS;
    if (outcome == DONE)
      return;
    if (i > 2)
      lift_fault();
  }
  wrong("%s: %d tries were not enough to end a message", site->node.name, TRIES);
}

/* --- the chapters */
static char story_agreement[65], story_request[65];

static void first_start(void) {
  for (int i = 0; i < SITES; i++)
    start(&world.sites[i]);
  for (int i = 0; i < SITES; i++) {
    struct site *site = &world.sites[i], *partner = other(site);
    BASE_AUTO_BUF struct base_buf json = {0};
    char fingerprint[SEAL_FINGERPRINT_TEXT];
    struct wire_writer writer;
    seal_fingerprint(base_buf_view(&partner->node.card), fingerprint);
    wire_writer_init(&writer, &json);
    wire_write_object(&writer);
    wire_write_member_string(&writer, "actor", "test");
    wire_write_member_text(&writer, "card", base_buf_view(&partner->node.card));
    wire_write_member_string(&writer, "fingerprint", fingerprint);
    wire_write_end(&writer, '}');
    base_buf_u8(&json, 0);
    surely(site, LINK_PARTNER_ADD, (const char *)json.data);
  }
}
static void agreement(void) {
  struct site *a = &world.sites[0], *b = &world.sites[1];
  struct pair_answer example;
  while (!ask(a, LINK_KIND_EXAMPLE, "{\"actor\":\"test\",\"kind\":\"agreement\"}", -1, &example) ||
         example.status != BASE_OK)
    lift_fault();
  BASE_AUTO_BUF struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":%.*s", b->node.name,
                  (int)example.payload.size, (const char *)example.payload.data);
  base_buf_u8(&json, 0);
  pair_answer_free(&example);
  story_send(a, LINK_CASE_OPEN, (const char *)json.data, NULL, 0, story_agreement);
  acknowledged(a, story_agreement);
  rest();
  char fields[100];
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", story_agreement);
  story_say(b, story_agreement, "accept", fields, NULL, 0);
  rest();
}
static void request_and_answer(void) {
  struct site *a = &world.sites[0], *b = &world.sites[1];
  static const struct stored_part asked_with[] = {{.size = (1 << 20) + 77777, .seed = 1}, {.size = 1000, .seed = 2}},
                                  answered_with = {.size = 70000, .seed = 3};
  story_open(a, asked_with, 2, story_request);
  rest();
  story_say(b, story_request, "clarify", try_question, NULL, 0);
  rest();
  story_say(a, story_request, "clarification", try_answer, NULL, 0);
  story_say(b, story_request, "answer", try_answer, &answered_with, 1);
  rest();
}
/* A message is ended while its part is under way, so the partner refuses it, and what follows it too. Another one is
 * ended just after it went out: unless the power goes then, it has been receipted. */
static void ended(void) {
  struct site *a = &world.sites[0], *b = &world.sites[1];
  static const struct stored_part part = {.size = (5 << 20) + 1, .seed = 4};
  char id[65];
  size_t parts = world.part_count;
  story_open(a, NULL, 0, id);
  rest();
  struct ack *question = story_say(b, id, "clarify", try_question, &part, 1);
  world.part_count = parts; /* nobody is owed it */
  for (int i = 0; i < 2; i++) {
    pass_time(ROUND_MS);
    hand(b, a);
  }
  struct ack *follows = story_say(b, id, "answer", try_answer, NULL, 0);
  if (follows != NULL)
    follows->follows_ended = true;
  story_end(b, question);
  rest();
  story_open(a, NULL, 0, id);
  rest();
  question = story_say(b, id, "clarify", try_question, NULL, 0);
  pass_time(ROUND_MS);
  hand(b, a);
  story_end(b, question);
  rest();
}
/* A try that was not answered, or whose keeper had no room, may have been enough: then the next one hears so. */
static void erased(void) {
  struct site *a = &world.sites[0], *b = &world.sites[1];
  static const struct stored_part part = {.size = 3000, .seed = 5};
  size_t parts = world.part_count;
  char id[65], json[200];
  story_open(a, &part, 1, id);
  world.part_count = parts; /* it is not at both any more */
  rest();
  if (id[0] == '\0')
    return;
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"it has ended\"}", id);
  for (int i = 0; i < TRIES && world.erased[0] == '\0'; i++) {
    struct pair_answer answer;
    if (i > 2)
      lift_fault();
    if (!ask(b, LINK_MESSAGE_ERASE, json, -1, &answer))
      continue;
    if (answer.status == BASE_OK || (i > 0 && answer.status == BASE_CONFLICT))
      snprintf(world.erased, sizeof world.erased, "%s", id);
    else if (!world.fault.struck)
      wrong("%s: %.*s", b->node.name, (int)answer.payload.size, (const char *)answer.payload.data);
    pair_answer_free(&answer);
    rest(); /* it may not have arrived when the power went */
  }
  if (world.erased[0] == '\0')
    wrong("%s: %d tries were not enough to erase a message", b->node.name, TRIES);
}
/* New keys of all kinds, and a card that follows; a try that was not answered may have made one. */
static void keys_change(void) {
  char id[65];
  for (int site = 0; site < SITES; site++) {
    bool done = false;
    for (int i = 0; i < TRIES && !done; i++) {
      struct pair_answer answer;
      if (i > 2)
        lift_fault();
      if (!ask(&world.sites[site], LINK_KEY_ROTATE, "{\"actor\":\"test\",\"sign\":true,\"seal\":true}", -1, &answer))
        continue;
      done = answer.status == BASE_OK;
      if (!done && !world.fault.struck)
        wrong("%s: %.*s", world.sites[site].node.name, (int)answer.payload.size, (const char *)answer.payload.data);
      pair_answer_free(&answer);
      rest();
    }
    if (!done)
      wrong("%s: %d tries were not enough to change keys", world.sites[site].node.name, TRIES);
  }
  story_open(&world.sites[0], NULL, 0, id);
  rest();
}
/* Reading leaves leaves too: many of them in one step, the last few in one of their own. Memory and system calls fail
 * in those alone, since what went before is the same once more. */
static void read_often(struct site *site, uint64_t leaves) {
  char json[128];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", story_request);
  for (;;) {
    struct pair_answer answer;
    if (dead(site))
      revive(site);
    uint64_t size = site->node.core->reg.size;
    if (size >= leaves)
      return;
    bool last = leaves - size <= READS_LAST;
    uint64_t beside = leaves - size - (last ? 1 : READS_LAST + 1);
    if (beside > READS_AT_ONCE)
      beside = READS_AT_ONCE;
    assert_int_equal(fchdir(site->node.core_dir), 0);
    inside.again = !last;
    for (uint64_t i = 0; i < beside && !dead(site); i++)
      core_input(site->node.core, LINK_CASE_SHOW, 1000000 + i, base_view_text(json), -1);
    bool answered = ask(site, LINK_CASE_SHOW, json, -1, &answer);
    inside.again = false;
    if (answered)
      pair_answer_free(&answer);
    for (uint64_t i = 0; answered && i < beside; i++)
      if (pair_find(&site->node, 1000000 + i, &answer))
        pair_answer_free(&answer);
  }
}
static void more_than_a_tile(void) {
  struct site *a = &world.sites[0], *b = &world.sites[1];
  char id[65];
  read_often(a, LEAVES_OF_A_TILE - 2);
  read_often(b, LEAVES_OF_A_TILE - 2);
  story_open(a, NULL, 0, id);
  rest();
  story_say(b, id, "answer", try_answer, NULL, 0);
  rest();
}
static void restarts(void) {
  char id[65];
  for (int i = 0; i < SITES; i++) {
    struct site *site = &world.sites[i];
    story_open(site, NULL, 0, id);
    if (dead(site))
      continue;
    pair_close(&site->node);
    start(site);
    hand(site, other(site));
  }
  rest();
}
/* The database's log is moved into its file at each step, and begun anew. */
static void tidied(void) {
  char id[65];
  for (int i = 0; i < 2 * SITES; i++) {
    for (int k = 0; k < SITES; k++)
      database(&world.sites[k])->tidy_at = 0;
    story_open(&world.sites[i % 2], NULL, 0, id);
    rest();
  }
}

struct chapter {
  const char *name;
  void (*tell)(void);
};
static const struct chapter chapters[] = {
    {"first start", first_start},
    {"agreement", agreement},
    {"request and answer", request_and_answer},
    {"ended", ended},
    {"erased", erased},
    {"keys change", keys_change},
    {"more than a tile", more_than_a_tile},
    {"restarts", restarts},
    {"tidied", tidied},
};
enum { CHAPTERS = sizeof chapters / sizeof *chapters };

/* After a fault in some chapter: the exchange goes on, once more the power goes everywhere, and all is as it must be.
 */
static void epilogue(size_t chapter) {
  struct site *a = &world.sites[0], *b = &world.sites[1];
  lift_fault();
  world.fault.second = 0;
  if (chapter > 0) {
    char id[65];
    rest();
    if (chapter > 1) {
      story_open(b, NULL, 0, id);
      rest();
      story_say(a, id, "answer", try_answer, NULL, 0);
      rest();
    }
  }
  cut_all(NULL);
  for (int i = 0; i < SITES; i++)
    revive(&world.sites[i]);
  rest();
  check_world();
}

#endif
