/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_slips.h"

/* Feeds of a kind: what an item became goes on in a case of another kind. */

/* What a shipped kind feeds is a message that the other kind has, with all that it requires. */
static void feeds_fit_the_kinds_that_ship(void **state) {
  (void)state;
  size_t feeds = 0;
  for (size_t i = 0; i < kinds_count; i++) {
    const char *labels = strstr(kinds_files[i].name, ".labels.json"), *suffix = strstr(kinds_files[i].name, ".json");
    if (labels != NULL || suffix == NULL)
      continue;
    char name[WIRE_CODE_MAX + 1], target[WIRE_CODE_MAX + 1];
    struct shipped from, to;
    (void)snprintf(name, sizeof name, "%.*s", (int)(suffix - kinds_files[i].name), kinds_files[i].name);
    shipped_load(&from, name);
    for (size_t k = 0; k < from.kind.feed_count; k++, feeds++) {
      const struct wire_kind_feed *feed = &from.kind.feeds[k];
      (void)snprintf(target, sizeof target, "%.*s", (int)feed->kind.size, (const char *)feed->kind.data);
      shipped_load(&to, target);
      const struct wire_kind_type *type = wire_kind_type_named(&to.kind, feed->type);
      assert_non_null(type);
      const struct wire_kind_field *reference = wire_kind_field_named(type, feed->reference);
      assert_true(reference != NULL && reference->type == WIRE_FIELD_REFERENCE && reference->state);
      assert_ptr_equal(wire_kind_feed_of(&from.kind, feed->item), feed);
      for (size_t f = 0; f < type->field_count; f++) {
        size_t at = 0;
        while (at < feed->field_count && !base_view_equal(feed->fields[at].to, type->fields[f].name))
          at++;
        bool given = at < feed->field_count;
        assert_true(given || !type->fields[f].required || &type->fields[f] == reference);
        assert_true(!given || feed->fields[at].from->type == type->fields[f].type);
        assert_true(!given || !type->fields[f].required || feed->fields[at].from->required);
      }
      base_arena_free(&to.arena);
    }
    base_arena_free(&from.arena);
  }
  assert_true(feeds > 0);
}

#define FEED "{\"item\": \"commitment\", \"states\": [\"agreed\"], \"kind\": \"roadmap\", \"type\": \"measure\", \"reference\": \"from_commitment\""
#define FIELDS "\"fields\": {\"title\": \"title\", \"to\": \"to\", \"leads\": \"leads\", \"due\": \"due\"}"

static void refuses_what_leads_nowhere(void **state) {
  (void)state;
  static const struct slip slips[] = {
      {"\"feeds\": [", "\"feeds\": [], \"x\": [", "$.feeds"},
      {FEED, "{\"item\": \"boat\", \"states\": [\"agreed\"], \"kind\": \"roadmap\", \"type\": \"measure\", \"reference\": \"r\"",
       "$.feeds[0].item: names no item of this kind"},
      {FEED, "{\"item\": \"commitment\", \"states\": [], \"kind\": \"roadmap\", \"type\": \"measure\", \"reference\": \"r\"",
       "$.feeds[0].states: names no state of the item commitment"},
      {FEED, "{\"item\": \"commitment\", \"states\": [\"held\"], \"kind\": \"roadmap\", \"type\": \"measure\", \"reference\": \"r\"",
       "$.feeds[0].states: item 0 names no state of the item"},
      {FEED, "{\"item\": \"commitment\", \"states\": [\"agreed\"], \"kind\": \"Road map\", \"type\": \"measure\", \"reference\": \"r\"",
       "$.feeds[0].kind"},
      {FEED, "{\"item\": \"commitment\", \"states\": [\"agreed\"], \"kind\": \"roadmap\", \"reference\": \"r\"", "$.feeds[0].type"},
      {FEED, "{\"item\": \"commitment\", \"states\": [\"agreed\"], \"kind\": \"roadmap\", \"type\": \"measure\"", "$.feeds[0].reference"},
      {FEED, FEED ", \"colour\": \"red\"", "$.feeds[0].colour"},
      {FEED, FEED ", " FIELDS "}, " FEED, "$.feeds[1].item: commitment has a feed already"},
      {FIELDS, "\"fields\": {}", "$.feeds[0].fields: 1 to 48 are allowed"},
      {FIELDS, "\"fields\": [\"title\"]", "$.feeds[0].fields"},
      {FIELDS, "\"fields\": {\"title\": \"colour\"}", "$.feeds[0].fields: title names no field of commitment"},
      {FIELDS, "\"fields\": {\"Title\": \"title\"}", "$.feeds[0].fields"},
      {FIELDS, "\"fields\": {\"title\": 7}", "$.feeds[0].fields: title names no field of commitment"},
      {FIELDS, "\"fields\": {\"from_commitment\": \"title\"}", "$.feeds[0].fields: from_commitment is the reference"},
  };
  refuses_slips("talks", slips, sizeof slips / sizeof *slips);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(feeds_fit_the_kinds_that_ship),
      cmocka_unit_test(refuses_what_leads_nowhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
