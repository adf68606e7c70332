/* SPDX-License-Identifier: Apache-2.0
 * Answers for tests/checks/law_oracle: one world a line on stdin, {agreements, questions}; one line of answers on
 * stdout, first whether each agreement's terms could be read, then what law says to each question, a tab before each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "law/law.h"

enum { AGREEMENTS = 16, LINE = 4 << 20 };

static struct base_view text_of(const struct wire_json *object, const char *key) {
  return wire_json_text(wire_json_get(object, key));
}

static int64_t number_of(const struct wire_json *object, const char *key) {
  return wire_json_integer(wire_json_get(object, key));
}

static bool true_of(const struct wire_json *object, const char *key) {
  return wire_json_true(wire_json_get(object, key));
}

static void add_state(struct wire_header *header, const struct wire_json *json, const char *name) {
  struct base_view value = text_of(json, name);
  if (value.size > 0)
    header->state[header->state_count++] = (struct wire_state_field){base_view_text(name), value};
}

/* As core reads them: terms that cannot be read permit nothing. */
static void take_agreement(const struct wire_json *json, struct base_arena *arena, struct law_agreement *out) {
  static struct wire_header header;
  const struct wire_json *parties = wire_json_get(json, "parties");
  memset(&header, 0, sizeof header);
  header.author = text_of(json, "author");
  header.party_count = wire_json_size(parties);
  for (size_t i = 0; i < header.party_count; i++)
    header.parties[i] = wire_json_text(wire_json_at(parties, i));
  add_state(&header, json, "from");
  add_state(&header, json, "until");
  memset(out, 0, sizeof *out);
  bool read = law_terms_parse(wire_json_get(json, "fields"), &header, number_of(json, "accepted_at"), arena, out,
                              NULL) == BASE_OK;
  putchar(read ? '1' : '0');
  if (!base_id_parse(text_of(json, "id"), &out->id) || !base_id_parse(text_of(json, "terms"), &out->terms))
    exit(2);
  out->accepted = read && true_of(json, "accepted");
  out->ends = number_of(json, "ends");
  out->closed = true_of(json, "closed") ? "was declined" : NULL;
}

static void answer(const struct wire_json *json, const struct law_agreement *agreements, size_t count) {
  struct law_answer said;
  struct law_question question = {.kind = text_of(json, "kind"),
                                  .type = text_of(json, "type"),
                                  .purpose = text_of(json, "purpose"),
                                  .needs_row = !true_of(json, "no_row"),
                                  .from = text_of(json, "from"),
                                  .to = text_of(json, "to"),
                                  .personal = (enum wire_personal)number_of(json, "personal"),
                                  .level = (enum wire_level)number_of(json, "level"),
                                  .release = true_of(json, "release"),
                                  .partner_suspended = true_of(json, "suspended"),
                                  .now = number_of(json, "now"),
                                  .emergency = text_of(json, "emergency"),
                                  .derogation = text_of(json, "derogation"),
                                  .emergency_went = true_of(json, "went")};
  enum base_code code = law_decide(&question, agreements, count, &said, NULL);
  printf("\t%s", code == BASE_OK ? said.clause : code == BASE_LAW ? "no" : "suspended");
  if (code == BASE_OK) /* who must release it, by row and type, and by what it holds too */
    printf("|%s|%s", law_approval_names[said.basis], law_approval_names[said.approval]);
}

int main(void) {
  char *line = malloc(LINE);
  while (line != NULL && fgets(line, LINE, stdin) != NULL) {
    WIRE_AUTO_JSON struct wire_json *world = NULL;
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct law_agreement agreements[AGREEMENTS];
    base_arena_init(&arena, 64 << 20);
    if (wire_json_parse(base_view_text(line), LINE, "world", &world, NULL) != BASE_OK)
      return 2;
    const struct wire_json *list = wire_json_get(world, "agreements"), *questions = wire_json_get(world, "questions");
    size_t count = wire_json_size(list);
    for (size_t i = 0; i < count && i < AGREEMENTS; i++)
      take_agreement(wire_json_at(list, i), &arena, &agreements[i]);
    for (size_t i = 0; i < wire_json_size(questions); i++)
      answer(wire_json_at(questions, i), agreements, count);
    putchar('\n');
    (void)fflush(stdout);
  }
  free(line);
  return 0;
}
