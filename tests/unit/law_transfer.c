/* SPDX-License-Identifier: Apache-2.0
 * Personal data that leave the area of Directive (EU) 2016/680: spec/transfer.md, sentence by sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/emergency.h"
#include "law/transfer.h"

#define RABAT BASE_VIEW("wasl/rabat/0000000000000000")
#define PARIS BASE_VIEW("wasl/paris/1111111111111111")
#define MADRID BASE_VIEW("wasl/madrid/2222222222222222")
#define ID "ab00000000000000000000000000000000000000000000000000000000000001"

/* paris is bound, rabat is not; two rows for all, neither with a basis; in force from 1000 until 2000. */
struct basis {
  struct base_view any;
  struct law_row rows[2];
  struct law_party_regime regimes[2];
  struct law_agreement agreement;
};

static void basis_init(struct basis *basis, uint8_t id) {
  *basis = (struct basis){.any = BASE_VIEW("*"), .regimes = {{PARIS, LAW_REGIME_LED}, {RABAT, LAW_REGIME_THIRD_COUNTRY}}};
  basis->rows[0] = (struct law_row){.id = BASE_VIEW("1"),
                                    .kind = basis->any,
                                    .types = &basis->any,
                                    .type_count = 1,
                                    .purposes = &basis->any,
                                    .purpose_count = 1,
                                    .personal = WIRE_PERSONAL_SPECIAL};
  basis->rows[1] = basis->rows[0];
  basis->rows[1].id = BASE_VIEW("2");
  basis->agreement = (struct law_agreement){.id = {{id}},
                                            .terms = {{id}},
                                            .proposer = RABAT,
                                            .party_count = 2,
                                            .parties = {PARIS, RABAT},
                                            .accepted = true,
                                            .from = 1000,
                                            .until = 2000,
                                            .rows = basis->rows,
                                            .row_count = 2,
                                            .regimes = basis->regimes,
                                            .regime_count = 2};
}

static struct law_question question(void) {
  return (struct law_question){.kind = BASE_VIEW("request"),
                               .type = BASE_VIEW("ask"),
                               .purpose = BASE_VIEW("drugs"),
                               .needs_row = true,
                               .from = PARIS,
                               .to = RABAT,
                               .personal = WIRE_PERSONAL_ORDINARY,
                               .now = 1500};
}

static void goes(const struct law_question *asked, const struct law_agreement *agreements, size_t count, const char *end) {
  struct law_answer answer;
  struct base_error err = {0};
  assert_int_equal(law_decide(asked, agreements, count, &answer, &err), BASE_OK);
  assert_int_equal(strlen(answer.clause), 64 + strlen(end));
  assert_string_equal(answer.clause + 64, end);
  assert_int_equal(answer.transfer, law_clause_transfer(base_view_text(answer.clause)));
}

static void stays(const struct law_question *asked, const struct law_agreement *agreements, size_t count, const char *says) {
  struct law_answer answer;
  struct base_error err = {0};
  assert_int_equal(law_decide(asked, agreements, count, &answer, &err), BASE_LAW);
  if (strstr(err.text, says) == NULL)
    fail_msg("not said: %s", err.text);
}

static void without_a_basis_none_leave(void **state) {
  (void)state;
  struct basis basis;
  struct law_question asked = question();
  basis_init(&basis, 1);
  stays(&asked, &basis.agreement, 1,
        "row 1 of agreement 010000000000… covers {kind request, type ask, purpose drugs, transfer without a basis, from paris "
        "to rabat} but names no basis (`transfer`) on which personal data may leave");
  asked.purpose = (struct base_view){0};
  stays(&asked, &basis.agreement, 1, "{kind request, type ask, transfer without a basis, from paris to rabat}");
  asked = question();
  basis.regimes[1].regime = LAW_REGIME_ORGANISATION;
  stays(&asked, &basis.agreement, 1, "names no basis");
  asked.personal = WIRE_PERSONAL_NONE;
  goes(&asked, &basis.agreement, 1, "/1");
}

/* From there, between two who are bound, between two who are not, and where nobody said it, no basis is asked for. */
static void what_does_not_leave(void **state) {
  (void)state;
  struct basis basis;
  struct law_question asked = question();
  basis_init(&basis, 1);
  asked.from = RABAT;
  asked.to = PARIS;
  goes(&asked, &basis.agreement, 1, "/1");
  asked = question();
  basis.regimes[1].regime = LAW_REGIME_LED;
  goes(&asked, &basis.agreement, 1, "/1");
  basis.regimes[0].regime = basis.regimes[1].regime = LAW_REGIME_THIRD_COUNTRY;
  goes(&asked, &basis.agreement, 1, "/1");
  basis.agreement.regime_count = 0;
  assert_int_equal(law_agreement_regime(&basis.agreement, PARIS), LAW_REGIME_UNSAID);
  goes(&asked, &basis.agreement, 1, "/1");
  asked.needs_row = false;
  basis_init(&basis, 1);
  struct law_answer answer;
  asked.kind = BASE_VIEW("recall");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "recall");
  assert_int_equal(answer.transfer, LAW_TRANSFER_NONE);
}

static void the_row_with_the_basis(void **state) {
  (void)state;
  struct basis basis;
  struct law_question asked = question();
  basis_init(&basis, 1);
  basis.rows[1].transfer = LAW_TRANSFER_INSTRUMENT;
  goes(&asked, &basis.agreement, 1, "/2 transfer instrument");
  basis.rows[0].transfer = LAW_TRANSFER_ADEQUACY;
  goes(&asked, &basis.agreement, 1, "/1 transfer adequacy");
  asked.personal = WIRE_PERSONAL_NONE; /* nothing that would have to be recorded leaves */
  goes(&asked, &basis.agreement, 1, "/1");
}

/* Only in the absence of the others, and for no missing row. */
static void a_derogation_is_the_last_resort(void **state) {
  (void)state;
  struct basis basis;
  struct law_question asked = question();
  basis_init(&basis, 1);
  for (enum law_transfer one = LAW_TRANSFER_VITAL_INTERESTS; one < LAW_TRANSFERS; one++) {
    char end[64];
    asked.derogation = base_view_text(law_transfer_names[one]);
    (void)snprintf(end, sizeof end, "/1 transfer %s", law_transfer_names[one]);
    goes(&asked, &basis.agreement, 1, end);
  }
  static const char *const none[] = {"adequacy", "instrument", "assessment", "convenience", "vital", ""};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    asked.derogation = base_view_text(none[i]);
    stays(&asked, &basis.agreement, 1, "names no basis");
  }
  asked.derogation = BASE_VIEW("individual_case");
  basis.rows[1].transfer = LAW_TRANSFER_ASSESSMENT;
  goes(&asked, &basis.agreement, 1, "/2 transfer assessment");
  basis.rows[1].transfer = LAW_TRANSFER_NONE;
  basis.agreement.row_count = 1;
  basis.rows[0].personal = WIRE_PERSONAL_NONE;
  stays(&asked, &basis.agreement, 1, "no row {kind request");
}

/* What one agreement in force says of two parties, another takes nothing back of. */
static void one_that_says_so_is_enough(void **state) {
  (void)state;
  struct basis bases[2];
  struct law_agreement both[2];
  struct law_question asked = question();
  basis_init(&bases[0], 1);
  basis_init(&bases[1], 2);
  bases[0].agreement.regime_count = 0;
  both[0] = bases[0].agreement;
  both[1] = bases[1].agreement;
  stays(&asked, both, 2, "row 1 of agreement 01");
  assert_true(law_leaves(PARIS, RABAT, 1500, both, 2));
  assert_false(law_leaves(PARIS, RABAT, 1500, both, 1));
  assert_false(law_leaves(RABAT, PARIS, 1500, both, 2));
  assert_false(law_leaves(PARIS, MADRID, 1500, both, 2));
  both[0].regime_count = 2; /* that the receiver is bound as well */
  bases[0].regimes[1].regime = LAW_REGIME_LED;
  stays(&asked, both, 2, "row 1 of agreement 01");
  bases[1].rows[1].transfer = LAW_TRANSFER_INSTRUMENT;
  goes(&asked, both, 2, "/2 transfer instrument");
  both[1].disputed = true; /* what stops one agreement says nothing less of the law that binds them */
  assert_true(law_leaves(PARIS, RABAT, 1500, both, 2));
  both[1].disputed = false;
  both[1].until = 1500; /* over: nobody says it any more */
  goes(&asked, both, 2, "/1");
}

static void an_emergency_may_be_one(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = question();
  basis_init(&basis, 1);
  asked.emergency = BASE_VIEW("vital_interests");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "emergency/vital_interests");
  assert_int_equal(answer.transfer, LAW_TRANSFER_VITAL_INTERESTS);
  assert_int_equal(law_clause_transfer(base_view_text(answer.clause)), LAW_TRANSFER_NONE);
  asked.emergency = BASE_VIEW("immediate_threat");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  asked.emergency = BASE_VIEW("essential_interests");
  stays(&asked, &basis.agreement, 1, "the ground essential_interests lets no personal data leave");
  asked.emergency = BASE_VIEW("individual_case"); /* a derogation, and no emergency */
  stays(&asked, &basis.agreement, 1, "names no basis");
  asked.emergency = BASE_VIEW("essential_interests");
  asked.personal = WIRE_PERSONAL_NONE;
  basis.agreement.row_count = 0;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "emergency/essential_interests");
  assert_int_equal(answer.transfer, LAW_TRANSFER_NONE);
}

static void what_explain_asks(void **state) {
  (void)state;
  struct basis basis;
  struct law_question asked = question();
  basis_init(&basis, 1);
  assert_int_equal(law_row_lacks(&basis.agreement, &basis.rows[0], &asked), 0);
  asked.transfer = law_transfers(&asked, &basis.agreement, 1);
  assert_int_equal(law_row_lacks(&basis.agreement, &basis.rows[0], &asked), LAW_LACKS_TRANSFER);
  basis.rows[0].transfer = LAW_TRANSFER_ASSESSMENT;
  assert_int_equal(law_row_lacks(&basis.agreement, &basis.rows[0], &asked), 0);
  assert_true(law_transfer_derogates(LAW_TRANSFER_VITAL_INTERESTS));
  assert_false(law_transfer_derogates(LAW_TRANSFER_NONE) || law_transfer_derogates(LAW_TRANSFER_ASSESSMENT));
}

/* What madrid gave paris, and paris passes on to rabat. */
static void a_member_state_authorises_first(void **state) {
  (void)state;
  struct basis bases[2];
  struct law_agreement both[2];
  basis_init(&bases[0], 1);
  basis_init(&bases[1], 2);
  bases[1].regimes[1] = (struct law_party_regime){MADRID, LAW_REGIME_LED};
  bases[1].agreement.parties[1] = MADRID;
  both[0] = bases[0].agreement;
  both[1] = bases[1].agreement;
  assert_true(law_authorised_first(MADRID, PARIS, RABAT, 1500, both, 2));
  struct law_agreement turned[2] = {both[1], both[0]};
  assert_true(law_authorised_first(MADRID, PARIS, RABAT, 1500, turned, 2));
  assert_false(law_authorised_first(MADRID, PARIS, RABAT, 1500, both, 1)); /* nobody said where madrid stands */
  assert_false(law_authorised_first(RABAT, PARIS, MADRID, 1500, both, 2)); /* it does not leave */
  assert_false(law_authorised_first(MADRID, PARIS, RABAT, 2000, both, 2));
  bases[1].regimes[1].regime = LAW_REGIME_THIRD_COUNTRY;
  assert_false(law_authorised_first(MADRID, PARIS, RABAT, 1500, both, 2));
}

static void a_clause_names_its_basis(void **state) {
  (void)state;
  static const struct {
    const char *clause;
    enum law_transfer basis;
  } read[] = {{ID "/1", LAW_TRANSFER_NONE},
              {ID "/1 transfer adequacy", LAW_TRANSFER_ADEQUACY},
              {ID "@" ID "/1.a transfer legal_claims consent " ID, LAW_TRANSFER_LEGAL_CLAIMS},
              {ID "/1 consent " ID, LAW_TRANSFER_NONE},
              {ID "/1 transfer ", LAW_TRANSFER_NONE},
              {ID "/1 transfer a", LAW_TRANSFER_NONE},
              {ID "/1 transfer adequacyx", LAW_TRANSFER_NONE},
              {ID "/1 transport adequacy", LAW_TRANSFER_NONE},
              {ID "/1 passedon adequacy", LAW_TRANSFER_NONE},
              {ID "/1 transfer  adequacy", LAW_TRANSFER_NONE},
              {"recall transfer adequacy", LAW_TRANSFER_NONE},
              {"emergency/vital_interests", LAW_TRANSFER_NONE},
              {"", LAW_TRANSFER_NONE}};
  for (size_t i = 0; i < sizeof read / sizeof *read; i++)
    if (law_clause_transfer(base_view_text(read[i].clause)) != read[i].basis)
      fail_msg("%s", read[i].clause);
}

/* --- the terms */

#define ROW(more)                                                                                                      \
  "\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"" more "}]"
#define REGIMES(more) "\"regimes\":[" more "],"
#define ONE(party, regime) "{\"party\":\"" party "\",\"regime\":\"" regime "\"}"

static enum base_code parse(const char *fields, struct base_arena *arena, struct law_agreement *out,
                            struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  BASE_AUTO_BUF struct base_buf text = {0};
  struct wire_header header = {.opens = true, .author = RABAT, .party_count = 2, .parties = {PARIS, RABAT}};
  header.state[0] = (struct wire_state_field){BASE_VIEW("until"), BASE_VIEW("2027-11-21")};
  header.state_count = 1;
  base_buf_printf(&text, "{%s}", fields);
  *err = (struct base_error){0};
  assert_int_equal(wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "fields", &json, err), BASE_OK);
  return law_terms_parse(json, &header, 1795248000, arena, out, err);
}

static void terms_say_it(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms;
  struct base_error err;
  const char *fields = REGIMES(ONE("rabat", "international_organisation") "," ONE("wasl/paris/1111111111111111", "led"))
      ROW(",\"transfer\":\"assessment\",\"transfer_reference\":\"D 2026-11\",\"assurances\":[\"no_torture\","
          "\"no_death_penalty\"]");
  assert_int_equal(parse(fields, &arena, &terms, &err), BASE_OK);
  assert_int_equal(terms.regime_count, 2);
  assert_int_equal(law_agreement_regime(&terms, PARIS), LAW_REGIME_LED);
  assert_int_equal(law_agreement_regime(&terms, RABAT), LAW_REGIME_ORGANISATION);
  assert_int_equal(law_agreement_regime(&terms, MADRID), LAW_REGIME_UNSAID);
  assert_int_equal(terms.rows[0].transfer, LAW_TRANSFER_ASSESSMENT);
  assert_true(base_view_is(terms.rows[0].transfer_reference, "D 2026-11"));
  fields = REGIMES(ONE("rabat", "third_country") "," ONE("paris", "led"))
      ROW(",\"transfer\":\"adequacy\",\"transfer_reference\":\"D\"");
  assert_int_equal(parse(fields, &arena, &terms, &err), BASE_OK);
  assert_int_equal(law_agreement_regime(&terms, RABAT), LAW_REGIME_THIRD_COUNTRY);
  assert_int_equal(parse(ROW(""), &arena, &terms, &err), BASE_OK);
  assert_int_equal(terms.regime_count, 0);
  assert_int_equal(terms.rows[0].transfer, LAW_TRANSFER_NONE);
}

static void each_party_once_and_a_basis_with_its_reference(void **state) {
  (void)state;
  static const struct {
    const char *fields, *says;
  } bad[] = {{REGIMES("") ROW(""), "$.regimes: 0 items"},
             {REGIMES(ONE("rabat", "led")) ROW(""), "$.regimes: 1 items"},
             {REGIMES(ONE("rabat", "led") "," ONE("paris", "led") "," ONE("paris", "led")) ROW(""), "$.regimes: 3 items"},
             {REGIMES(ONE("rabat", "led") "," ONE("rabat", "led")) ROW(""), "$.regimes[1].party: stands twice"},
             {REGIMES(ONE("rabat", "led") "," ONE("madrid", "led")) ROW(""), "$.regimes[1].party: must be the name"},
             {REGIMES(ONE("rabat", "led") "," ONE("paris", "")) ROW(""), "$.regimes[1].regime: must be one of the 3"},
             {REGIMES(ONE("rabat", "gdpr") "," ONE("paris", "led")) ROW(""), "$.regimes[0].regime: must be one of the 3"},
             {REGIMES(ONE("rabat", "led") ",{\"party\":\"paris\"}") ROW(""), "$.regimes[1].regime"},
             {ROW(",\"transfer\":\"adequacy\""), "$.rows[0].transfer_reference: goes with"},
             {ROW(",\"transfer_reference\":\"D\""), "$.rows[0].transfer_reference: goes with"},
             {ROW(",\"transfer_reference\":\"\""), "$.rows[0].transfer_reference: goes with"},
             {ROW(",\"transfer\":\"\",\"transfer_reference\":\"D\""), "$.rows[0].transfer: must be adequacy"},
             {ROW(",\"transfer\":\"vital_interests\",\"transfer_reference\":\"D\""), "$.rows[0].transfer: must be"},
             {ROW(",\"transfer\":\"assessment\",\"transfer_reference\":\"D\""), "$.rows[0].assurances: must have"},
             {ROW(",\"transfer\":\"assessment\",\"transfer_reference\":\"D\",\"assurances\":[\"no_torture\"]"),
              "$.rows[0].assurances: must have"},
             {ROW(",\"transfer\":\"assessment\",\"transfer_reference\":\"D\",\"assurances\":[\"no_death_penalty\"]"),
              "$.rows[0].assurances: must have"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct law_agreement terms = {.row_count = 77};
    struct base_error err;
    assert_int_equal(parse(bad[i].fields, &arena, &terms, &err), BASE_FIELD);
    if (strstr(err.text, bad[i].says) == NULL)
      fail_msg("%s: %s", bad[i].fields, err.text);
    assert_int_equal(terms.row_count, 77);
  }
}

static void a_reference_has_its_length(void **state) {
  (void)state;
  for (size_t size = LAW_REFERENCE_MAX; size <= LAW_REFERENCE_MAX + 1; size++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct law_agreement terms;
    struct base_error err;
    char fields[1024];
    (void)snprintf(fields, sizeof fields, ROW(",\"transfer\":\"adequacy\",\"transfer_reference\":\"%0*d\""), (int)size, 0);
    assert_int_equal(parse(fields, &arena, &terms, &err), size > LAW_REFERENCE_MAX ? BASE_FIELD : BASE_OK);
  }
}

static void without_memory(void **state) {
  (void)state;
  bool read = false;
  for (size_t limit = 1; !read; limit += 8) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct law_agreement terms = {.row_count = 77};
    struct base_error err;
    base_arena_init(&arena, limit);
    enum base_code code = parse(REGIMES(ONE("rabat", "led") "," ONE("paris", "third_country"))
                                    ROW(",\"transfer\":\"adequacy\",\"transfer_reference\":\"D\""),
                                &arena, &terms, &err);
    assert_true(code == BASE_OK || code == BASE_MEMORY);
    assert_int_equal(terms.row_count, code == BASE_OK ? 1 : 77);
    read = code == BASE_OK;
    assert_true(limit < 1 << 20);
  }
}

/* What law reads and what the kind lets people write is one list each. */
static void the_lists_are_those_of_the_kind(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "agreement");
  const struct wire_kind_type *propose = shipped_type(&shipped, "propose");
  const struct wire_kind_field *rows = wire_kind_field_named(propose, BASE_VIEW("rows")),
                               *regimes = wire_kind_field_named(propose, BASE_VIEW("regimes"));
  assert_non_null(rows);
  assert_non_null(regimes);
  size_t found = 0;
  for (size_t i = 0; i < rows->column_count; i++) {
    const struct wire_kind_field *column = &rows->columns[i];
    if (base_view_is(column->name, "transfer_reference"))
      assert_int_equal(column->most, LAW_REFERENCE_MAX);
    if (!base_view_is(column->name, "transfer"))
      continue;
    assert_int_equal(column->list->count, LAW_TRANSFER_ASSESSMENT);
    for (size_t k = 0; k < column->list->count; k++)
      assert_true(base_view_is(column->list->codes[k], law_transfer_names[k + 1]));
    found++;
  }
  assert_int_equal(found, 1);
  assert_int_equal(regimes->most, WIRE_PARTIES_MAX);
  assert_int_equal(regimes->columns[1].list->count, LAW_REGIMES - 1);
  for (size_t k = 0; k < LAW_REGIMES - 1; k++)
    assert_true(base_view_is(regimes->columns[1].list->codes[k], law_regime_names[k + 1]));
  base_arena_free(&shipped.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_basis_none_leave),
      cmocka_unit_test(what_does_not_leave),
      cmocka_unit_test(the_row_with_the_basis),
      cmocka_unit_test(a_derogation_is_the_last_resort),
      cmocka_unit_test(one_that_says_so_is_enough),
      cmocka_unit_test(an_emergency_may_be_one),
      cmocka_unit_test(what_explain_asks),
      cmocka_unit_test(a_member_state_authorises_first),
      cmocka_unit_test(a_clause_names_its_basis),
      cmocka_unit_test(terms_say_it),
      cmocka_unit_test(each_party_once_and_a_basis_with_its_reference),
      cmocka_unit_test(a_reference_has_its_length),
      cmocka_unit_test(without_memory),
      cmocka_unit_test(the_lists_are_those_of_the_kind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
