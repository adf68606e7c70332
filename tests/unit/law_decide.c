/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "law/law.h"

#define RABAT BASE_VIEW("wasl/rabat/0000000000000000")
#define PARIS BASE_VIEW("wasl/paris/1111111111111111")
#define MADRID BASE_VIEW("wasl/madrid/2222222222222222")

/* One agreement between rabat (its proposer) and paris with one row, in force from 1000 until 2000. */
struct basis {
  struct base_view types[2], purposes[2];
  struct law_row row;
  struct law_agreement agreement;
};

static void basis_init(struct basis *basis, uint8_t id) {
  *basis = (struct basis){.types = {BASE_VIEW("ask"), BASE_VIEW("answer")},
                          .purposes = {BASE_VIEW("terrorism"), BASE_VIEW("drugs")}};
  basis->row = (struct law_row){.id = BASE_VIEW("2.1"),
                                .kind = BASE_VIEW("request"),
                                .types = basis->types,
                                .type_count = 2,
                                .purposes = basis->purposes,
                                .purpose_count = 2};
  basis->agreement = (struct law_agreement){.id = {{id}},
                                            .terms = {{id}},
                                            .proposer = RABAT,
                                            .party_count = 2,
                                            .parties = {PARIS, RABAT},
                                            .accepted = true,
                                            .from = 1000,
                                            .until = 2000,
                                            .rows = &basis->row,
                                            .row_count = 1};
}

static struct law_question question(void) {
  return (struct law_question){.kind = BASE_VIEW("request"),
                               .type = BASE_VIEW("ask"),
                               .purpose = BASE_VIEW("drugs"),
                               .needs_row = true,
                               .from = PARIS,
                               .to = RABAT,
                               .now = 1500};
}

static void names_the_clause(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = question();
  basis_init(&basis, 0xAB);
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  char clause[LAW_CLAUSE_MAX + 1] = "ab";
  memset(clause + 2, '0', 62);
  memcpy(clause + 64, "/2.1", sizeof "/2.1");
  assert_string_equal(answer.clause, clause);
  assert_ptr_equal(answer.agreement, &basis.agreement);
  assert_ptr_equal(answer.row, &basis.row);
  /* Terms that are not the first: the clause says which, so that nobody takes another row 2.1 for it. */
  basis.agreement.terms.bytes[31] = 0xCD;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_int_equal(strlen(answer.clause), 64 + 1 + 64 + 4);
  assert_memory_equal(answer.clause + 62, "00@ab", 5);
  assert_string_equal(answer.clause + 64 + 63, "cd/2.1");
}

static void no_row_is_needed(void **state) {
  (void)state;
  struct law_answer answer = {.row = (const struct law_row *)"x"};
  struct law_question asked = question();
  asked.needs_row = false;
  asked.kind = BASE_VIEW("agreement");
  assert_int_equal(law_decide(&asked, NULL, 0, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "agreement");
  assert_null(answer.row);
  assert_null(answer.agreement);
}

/* In place of a missing row alone: not of a row that is there, nor for a partner who is suspended. */
/* One person's mark is no way around the second one whom the row asks for. What went before there was the row goes on. */
static void an_emergency_lifts_no_ceiling(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer = {.clause = "as it was"};
  struct base_error err = {0};
  struct law_question asked = question();
  basis_init(&basis, 1);
  basis.row.has_handling = true;
  basis.row.handling = LAW_AMBER;
  basis.row.approval = LAW_SUPERVISOR;
  asked.emergency = BASE_VIEW("vital_interests");
  asked.level = WIRE_RED;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), BASE_LAW);
  assert_string_equal(answer.clause, "as it was");
  assert_non_null(strstr(err.text, "permits messages up to amber, and this one is red"));
  assert_non_null(strstr(err.text, "an emergency lifts no ceiling of a row that covers all else: so marked it goes"));
  assert_non_null(strstr(err.text, "a second person has released it"));
  asked.emergency_went = true;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "emergency/vital_interests");
  asked.emergency = BASE_VIEW("convenience");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), BASE_LAW);
  assert_null(strstr(err.text, "emergency"));
  asked.emergency = BASE_VIEW("vital_interests");
  asked.emergency_went = false;
  asked.level = WIRE_AMBER; /* as the sentence says: under the row, by two persons */
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_ptr_equal(answer.row, &basis.row);
  assert_int_equal(answer.approval, LAW_SUPERVISOR);
  asked.level = WIRE_RED;
  asked.personal = WIRE_PERSONAL_SPECIAL; /* the row lacks more than that: it is none for this message */
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "emergency/vital_interests");
  asked.personal = WIRE_PERSONAL_NONE;
  basis.agreement.ends = 1; /* nor is one that is in force no more */
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "emergency/vital_interests");
}

static void an_emergency_is_the_way_around(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = question();
  basis_init(&basis, 1);
  asked.emergency = BASE_VIEW("vital_interests");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_ptr_equal(answer.row, &basis.row);
  assert_null(strstr(answer.clause, "emergency"));
  asked.personal = WIRE_PERSONAL_SPECIAL; /* for want of a row that permits it */
  answer.approval = answer.basis = LAW_AUTHORITY;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "emergency/vital_interests");
  assert_null(answer.row);
  assert_null(answer.agreement);
  assert_int_equal(answer.approval, LAW_OFFICER); /* it waits for nobody */
  assert_int_equal(answer.basis, LAW_OFFICER);
  assert_int_equal(law_decide(&asked, NULL, 0, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "emergency/vital_interests");
  asked.emergency = BASE_VIEW("convenience");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_LAW);
  asked.emergency = BASE_VIEW("vital_interests");
  asked.partner_suspended = true;
  assert_int_equal(law_decide(&asked, NULL, 0, &answer, NULL), BASE_SUSPENDED);
  asked.partner_suspended = false;
  asked.needs_row = false;
  asked.kind = BASE_VIEW("recall");
  assert_int_equal(law_decide(&asked, NULL, 0, &answer, NULL), BASE_OK);
  assert_string_equal(answer.clause, "recall");
}

/* What explain tells people, condition by condition. */
static void says_what_a_row_lacks(void **state) {
  (void)state;
  struct basis basis;
  struct law_question asked = question();
  basis_init(&basis, 1);
  struct law_agreement *agreement = &basis.agreement;
  assert_int_equal(law_row_lacks(agreement, &basis.row, &asked), 0);
  basis.row.recipient = RABAT;
  basis.row.personal = WIRE_PERSONAL_ORDINARY;
  asked.personal = WIRE_PERSONAL_ORDINARY;
  assert_int_equal(law_row_lacks(agreement, &basis.row, &asked), 0);
  basis.row.recipient = PARIS;
  assert_int_equal(law_row_lacks(agreement, &basis.row, &asked), LAW_LACKS_RECIPIENT);
  asked.personal = WIRE_PERSONAL_SPECIAL;
  assert_int_equal(law_row_lacks(agreement, &basis.row, &asked), LAW_LACKS_RECIPIENT | LAW_LACKS_PERSONAL);
  basis.row.direction = LAW_FROM_PROPOSER;
  basis.row.kind = BASE_VIEW("crisis");
  basis.row.type_count = basis.row.purpose_count = 0;
  asked.level = WIRE_RED;
  basis.row.has_handling = true;
  basis.row.handling = LAW_AMBER;
  asked.transfer = true;
  assert_int_equal(law_row_lacks(agreement, &basis.row, &asked), LAW_LACKS_ALL);
}

/* Of several that are too low the highest is named, whatever their order. */
static void the_highest_ceiling(void **state) {
  (void)state;
  static const enum law_handling most[] = {LAW_GREEN, LAW_AMBER, LAW_CLEAR};
  struct basis bases[3];
  struct law_agreement agreements[3];
  struct law_answer answer;
  struct base_error err;
  struct law_question asked = question();
  asked.level = WIRE_RED;
  for (unsigned i = 0; i < 3; i++) {
    basis_init(&bases[i], (uint8_t)(i + 1));
    bases[i].row.has_handling = true;
    bases[i].row.handling = most[i];
    agreements[i] = bases[i].agreement;
  }
  assert_int_equal(law_decide(&asked, agreements, 3, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "of agreement 02"));
  assert_non_null(strstr(err.text, "up to amber, and this one is red: it goes"));
  bases[1].row.kind = BASE_VIEW("crisis"); /* which lacks more than the mark */
  assert_int_equal(law_decide(&asked, agreements, 3, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "up to green"));
}

static void the_smaller_id_stays(void **state) {
  (void)state;
  struct basis one, two;
  struct law_answer answer;
  struct base_error err;
  struct law_question asked = question();
  basis_init(&one, 2);
  basis_init(&two, 7);
  struct law_agreement agreements[2];
  agreements[0] = one.agreement;
  agreements[1] = two.agreement;
  assert_int_equal(law_decide(&asked, agreements, 2, &answer, NULL), BASE_OK);
  assert_ptr_equal(answer.agreement, &agreements[0]);
  /* As near as each other: the smaller is told first, whatever their order. */
  asked.type = BASE_VIEW("refuse");
  for (int turn = 0; turn < 2; turn++) {
    assert_int_equal(law_decide(&asked, agreements, 2, &answer, &err), BASE_LAW);
    assert_true(strstr(err.text, "agreement 02") < strstr(err.text, "agreement 07"));
    agreements[0] = two.agreement;
    agreements[1] = one.agreement;
  }
  /* One that begins later and has not the row is nearer than one that nobody can accept any more. */
  agreements[0].accepted = false;
  agreements[0].until = 1400;
  agreements[1].from = 1600;
  assert_int_equal(law_decide(&asked, agreements, 2, &answer, &err), BASE_LAW);
  assert_true(strstr(err.text, "agreement 02") < strstr(err.text, "agreement 07"));
  asked.type = BASE_VIEW("ask");
  assert_int_equal(law_decide(&asked, agreements, 2, &answer, &err), BASE_LAW);
  assert_true(strstr(err.text, "agreement 02") < strstr(err.text, "agreement 07"));
}

/* Who must release it: the strictest of the row, the type's own word and what it holds. */
static void approvals(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = question();
  basis_init(&basis, 1);
  basis.row.personal = WIRE_PERSONAL_SPECIAL;
  for (unsigned row = 0; row < LAW_APPROVALS; row++)
    for (unsigned personal = 0; personal <= WIRE_PERSONAL_SPECIAL; personal++)
      for (unsigned release = 0; release < 2; release++) {
        basis.row.approval = (enum law_approval)row;
        asked.personal = (enum wire_personal)personal;
        asked.release = release == 1;
        unsigned least = release == 1 ? LAW_SUPERVISOR : LAW_OFFICER, want = row > least ? row : least;
        assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
        assert_int_equal(answer.basis, want);
        bool special = personal == WIRE_PERSONAL_SPECIAL && want == LAW_OFFICER;
        assert_int_equal(answer.approval, special ? LAW_SUPERVISOR : want);
      }
  asked.needs_row = false; /* the type's word stands without a row */
  assert_int_equal(law_decide(&asked, NULL, 0, &answer, NULL), BASE_OK);
  assert_int_equal(answer.basis, LAW_SUPERVISOR);
  assert_false(law_authority_is(&answer, PARIS, BASE_VIEW("dgpn")));
}

/* An authority of the sender's, and the one that the row names where it names one. */
static void authorities(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = question();
  struct law_authority list[] = {{BASE_VIEW("dgsn"), RABAT, BASE_VIEW("D")}, {BASE_VIEW("dgpn"), PARIS, BASE_VIEW("P")},
                                 {BASE_VIEW("dnrt"), PARIS, BASE_VIEW("R")}};
  basis_init(&basis, 1);
  basis.agreement.authorities = list;
  basis.agreement.authority_count = 3;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_true(law_authority_is(&answer, PARIS, BASE_VIEW("dgpn")));
  assert_true(law_authority_is(&answer, PARIS, BASE_VIEW("dnrt")));
  assert_false(law_authority_is(&answer, PARIS, BASE_VIEW("dgsn"))); /* rabat's */
  assert_true(law_authority_is(&answer, RABAT, BASE_VIEW("dgsn")));
  basis.agreement.authority_count = 2;
  assert_false(law_authority_is(&answer, PARIS, BASE_VIEW("dnrt"))); /* behind the last */
  basis.agreement.authority_count = 3;
  assert_false(law_authority_is(&answer, PARIS, BASE_VIEW("")));
  basis.row.authority = BASE_VIEW("dnrt");
  assert_false(law_authority_is(&answer, PARIS, BASE_VIEW("dgpn")));
  assert_true(law_authority_is(&answer, PARIS, BASE_VIEW("dnrt")));
}

/* Every mark against every ceiling; what is above is refused with row, mark and ceiling, what is not asked passes. */
static void ceilings(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = question();
  basis_init(&basis, 1);
  asked.level = WIRE_RED;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK); /* the row has none */
  basis.row.has_handling = true;
  for (unsigned most = 0; most < LAW_HANDLINGS; most++)
    for (unsigned level = 0; level < WIRE_LEVELS; level++) {
      struct base_error err = {BASE_OK, ""};
      basis.row.handling = (enum law_handling)most;
      asked.level = (enum wire_level)level;
      bool above = level > 0 && strcmp(wire_level_codes[level], law_handling_names[most]) != 0 && level > most;
      assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), above ? BASE_LAW : BASE_OK);
      char up_to[64], is[64];
      snprintf(up_to, sizeof up_to, "permits messages up to %s,", law_handling_names[most]);
      snprintf(is, sizeof is, "and this one is %s", wire_level_codes[level]);
      if (above && (!strstr(err.text, "row 2.1 of agreement ") || !strstr(err.text, up_to) || !strstr(err.text, is)))
        fail_msg("%s", err.text);
    }
}

static void says_how_an_agreement_stands(void **state) {
  (void)state;
  struct basis basis;
  struct law_question asked = question();
  basis_init(&basis, 1);
  struct law_agreement *agreement = &basis.agreement;
  assert_int_equal(law_standing(agreement, &asked), LAW_IN_FORCE);
  asked.now = 2000;
  assert_int_equal(law_standing(agreement, &asked), LAW_EXPIRED);
  asked.now = 999;
  assert_int_equal(law_standing(agreement, &asked), LAW_NOT_YET);
  agreement->accepted = false;
  assert_int_equal(law_standing(agreement, &asked), LAW_NOT_ACCEPTED);
  agreement->closed = "was declined";
  assert_int_equal(law_standing(agreement, &asked), LAW_CLOSED);
  agreement->disputed = true;
  assert_int_equal(law_standing(agreement, &asked), LAW_DISPUTED);
  asked.arrived = true; /* its sender may not know */
  assert_int_equal(law_standing(agreement, &asked), LAW_CLOSED);
  asked.arrived = false;
  agreement->ends = 1;
  assert_int_equal(law_standing(agreement, &asked), LAW_ENDED);
  asked.to = MADRID;
  assert_int_equal(law_standing(agreement, &asked), LAW_NOT_BETWEEN);
}

/* An end that was declared for a day to come: in force until then, ended from then on, and too short for what lasts longer. */
static void ends_from_the_day_that_was_declared(void **state) {
  (void)state;
  struct basis basis;
  struct law_question asked = question();
  struct law_answer answer;
  struct base_error err;
  basis_init(&basis, 1);
  struct law_agreement *agreement = &basis.agreement;
  assert_int_equal(law_agreement_until(agreement), 2000);
  agreement->ends = 2001; /* the terms end before */
  assert_int_equal(law_agreement_until(agreement), 2000);
  asked.now = 2000;
  assert_int_equal(law_standing(agreement, &asked), LAW_EXPIRED);
  agreement->ends = 1800;
  assert_int_equal(law_agreement_until(agreement), 1800);
  asked.now = 1799;
  assert_int_equal(law_standing(agreement, &asked), LAW_IN_FORCE);
  asked.period = 1800;
  assert_int_equal(law_standing(agreement, &asked), LAW_IN_FORCE);
  asked.period = 1801;
  assert_int_equal(law_standing(agreement, &asked), LAW_TOO_SHORT);
  assert_int_equal(law_decide(&asked, agreement, 1, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "ends on 1970-01-01T00:30:00Z, before the period of the case does"));
  asked.period = 0;
  asked.now = 1800;
  assert_int_equal(law_standing(agreement, &asked), LAW_ENDED);
  assert_int_equal(law_decide(&asked, agreement, 1, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "was ended on 1970-01-01T00:30:00Z"));
}

/* Guards the row check of law: each condition in turn is the only one that fails. */
static void every_condition_counts(void **state) {
  (void)state;
  struct law_answer answer;
  struct base_error err;
  for (int i = 0; i < 16; i++) {
    struct basis basis;
    struct law_question asked = question();
    basis_init(&basis, 1);
    switch (i) {
    case 0:
      asked.kind = BASE_VIEW("crisis");
      break;
    case 1:
      asked.type = BASE_VIEW("refuse");
      break;
    case 2:
      asked.purpose = BASE_VIEW("espionage");
      break;
    case 3:
      asked.purpose = BASE_VIEW("");
      break;
    case 4:
      asked.to = MADRID;
      break;
    case 5:
      asked.from = MADRID;
      break;
    case 6:
      basis.agreement.accepted = false;
      break;
    case 7:
      basis.agreement.ends = 1;
      break;
    case 8:
      asked.now = 999;
      break;
    case 9:
      asked.now = 2000;
      break;
    case 10:
      basis.row.direction = LAW_FROM_PROPOSER;
      break;
    case 11:
      basis.row.type_count = 0;
      break;
    case 12:
      basis.row.recipient = PARIS; /* who asks here sends to rabat */
      break;
    case 13:
      asked.personal = WIRE_PERSONAL_ORDINARY;
      break;
    case 14:
      basis.row.personal = WIRE_PERSONAL_ORDINARY;
      asked.personal = WIRE_PERSONAL_SPECIAL;
      break;
    default:
      basis.row.purpose_count = 0;
      break;
    }
    if (law_decide(&asked, &basis.agreement, 1, &answer, &err) != BASE_LAW)
      fail_msg("condition %d did not count", i);
  }
}

static void bounds_of_time_and_direction(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = question();
  basis_init(&basis, 1);
  asked.now = 1000;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  asked.now = 1999;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  basis.row.direction = LAW_TO_PROPOSER;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  asked.from = RABAT;
  asked.to = PARIS;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_LAW);
  basis.row.direction = LAW_FROM_PROPOSER;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
}

static void a_star_covers_all(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = question();
  basis_init(&basis, 1);
  basis.types[0] = basis.purposes[1] = basis.row.kind = BASE_VIEW("*");
  asked.kind = BASE_VIEW("crisis");
  asked.type = BASE_VIEW("alert");
  asked.purpose = BASE_VIEW("");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
}

/* No row covers what is humanitarian and what is not: a star stands for the latter alone. */
static void a_star_is_never_humanitarian(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct base_error err = {0};
  struct law_question asked = question();
  basis_init(&basis, 1);
  asked.apart = true;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK); /* its kind is named */
  basis.row.kind = BASE_VIEW("*");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), BASE_LAW);
  assert_int_equal(law_row_lacks(&basis.agreement, &basis.row, &asked), LAW_LACKS_KIND);
  static const char said[] = "; a row whose kind is * is about no humanitarian kind: it has to name it";
  assert_non_null(strstr(err.text, said));
  basis.row.kind = BASE_VIEW("crisis");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), BASE_LAW);
  assert_null(strstr(err.text, said));
  basis.row.kind = BASE_VIEW("*");
  basis.agreement.parties[0] = MADRID; /* another's agreement */
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), BASE_LAW);
  assert_null(strstr(err.text, said));
  basis.agreement.parties[0] = PARIS;
  asked.apart = false;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
}

static void the_smallest_id_is_named(void **state) {
  (void)state;
  struct basis one, two, three;
  struct law_answer answer;
  struct law_question asked = question();
  basis_init(&one, 7);
  basis_init(&two, 2); /* smaller, but does not cover */
  basis_init(&three, 5);
  two.agreement.ends = 1;
  struct law_agreement agreements[3];
  agreements[0] =
      one.agreement; /* not by initialisers: gcc 12 clears the wrong bytes for -ftrivial-auto-var-init=zero */
  agreements[1] = two.agreement;
  agreements[2] = three.agreement;
  assert_int_equal(law_decide(&asked, agreements, 3, &answer, NULL), BASE_OK);
  assert_memory_equal(answer.clause, "05", 2);
}

static void says_which_row_is_missing(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct base_error err;
  struct law_question asked = question();
  basis_init(&basis, 0x3F);
#define REFUSED(words)                                                                                                 \
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), BASE_LAW);                                  \
  assert_string_equal(err.text,                                                                                        \
                      "no row {kind request, type ask, purpose drugs, from paris to rabat} is in force; " words)
  basis.row.kind = BASE_VIEW("crisis");
  REFUSED("agreement 3f0000000000… has no such row");
  basis.agreement.until = 1200;
  REFUSED("agreement 3f0000000000… expired on 1970-01-01T00:20:00Z");
  basis.agreement.from = 1600;
  REFUSED("agreement 3f0000000000… is in force only from 1970-01-01T00:26:40Z");
  basis.agreement.accepted = false;
  REFUSED("agreement 3f0000000000… is not accepted by all its parties");
  basis.agreement.ends = 1;
  REFUSED("agreement 3f0000000000… was ended on 1970-01-01T00:00:01Z");
  basis.agreement.parties[0] = MADRID;
  REFUSED("there is no agreement between them");
#undef REFUSED
  asked.purpose = BASE_VIEW("");
  assert_int_equal(law_decide(&asked, NULL, 0, &answer, &err), BASE_LAW);
  assert_string_equal(
      err.text, "no row {kind request, type ask, from paris to rabat} is in force; there is no agreement between them");
}

static void many_reasons_fit(void **state) {
  (void)state;
  struct law_agreement agreements[40];
  struct basis basis;
  struct law_answer answer;
  struct base_error err;
  struct law_question asked = question();
  for (size_t i = 0; i < 40; i++) {
    basis_init(&basis, (uint8_t)i);
    basis.agreement.ends = 1;
    agreements[i] = basis.agreement;
  }
  assert_int_equal(law_decide(&asked, agreements, 40, &answer, &err), BASE_LAW);
  assert_string_equal(strstr(err.text, " is in force; "),
                      " is in force; agreement 000000000000…, which has the row 2.1, was ended on 1970-01-01T00:00:01Z; agreement "
                      "010000000000…, which has the row 2.1, was ended on 1970-01-01T00:00:01Z; and 38 more");
  /* the nearest first: one in force without the row, a proposal with it, and the dead last */
  struct law_row other = basis.row;
  other.kind = BASE_VIEW("crisis");
  for (size_t i = 0; i < 39; i++)
    agreements[i].rows = &other;
  agreements[20].ends = 0;
  assert_int_equal(law_decide(&asked, agreements, 40, &answer, &err), BASE_LAW);
  assert_string_equal(strstr(err.text, " is in force; "),
                      " is in force; agreement 140000000000… has no such row; agreement 270000000000…, which has the "
                      "row 2.1, was ended on 1970-01-01T00:00:01Z; and 38 more");
  agreements[2].rows = basis.agreement.rows; /* one that was in force is nearer than one that never was */
  agreements[2].ends = agreements[2].accepted = 0;
  agreements[2].closed = "was withdrawn";
  assert_int_equal(law_decide(&asked, agreements, 40, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "; agreement 270000000000…, which has the row 2.1, was ended on 1970-01-01T00:00:01Z; and 38 more"));
  agreements[30].ends = agreements[30].accepted = 0;
  agreements[30].rows = basis.agreement.rows;
  agreements[5].ends = 0;
  agreements[5].closed = "was declined";
  assert_int_equal(law_decide(&asked, agreements, 40, &answer, &err), BASE_LAW);
  assert_string_equal(strstr(err.text, " is in force; "),
                      " is in force; agreement 140000000000… has no such row; agreement 1e0000000000…, which has the "
                      "row 2.1, is not accepted by all its parties; and 38 more");
  assert_int_equal(law_decide(&asked, &agreements[5], 1, &answer, &err), BASE_LAW);
  assert_string_equal(strstr(err.text, " is in force; "), " is in force; agreement 050000000000… was declined");
  agreements[5].disputed = true;
  assert_int_equal(law_decide(&asked, &agreements[5], 1, &answer, &err), BASE_LAW);
  assert_string_equal(strstr(err.text, " is in force; "),
                      " is in force; agreement 050000000000… is disputed: messages of its case contradict each other");
}

static void suspension_comes_first(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct base_error err;
  struct law_question asked = question();
  basis_init(&basis, 1);
  asked.partner_suspended = true;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), BASE_SUSPENDED);
  asked.needs_row = false;
  asked.kind = BASE_VIEW("agreement");
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, &err), BASE_SUSPENDED);
  assert_string_equal(err.text, "paris has suspended the exchange with rabat: wasl partner resume rabat lets it go on");
}

static void some_kinds_need_no_row(void **state) {
  (void)state;
  static const char *const kinds[] = {"agreement", "recall", "consent"};
  struct law_answer answer;
  struct law_question asked = question();
  asked.needs_row = false;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    asked.kind = base_view_text(kinds[i]);
    assert_int_equal(law_decide(&asked, NULL, 0, &answer, NULL), BASE_OK);
    assert_string_equal(answer.clause, kinds[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_the_clause),
      cmocka_unit_test(no_row_is_needed),
      cmocka_unit_test(an_emergency_is_the_way_around),
      cmocka_unit_test(an_emergency_lifts_no_ceiling),
      cmocka_unit_test(says_what_a_row_lacks),
      cmocka_unit_test(approvals),
      cmocka_unit_test(authorities),
      cmocka_unit_test(ceilings),
      cmocka_unit_test(the_highest_ceiling),
      cmocka_unit_test(says_how_an_agreement_stands),
      cmocka_unit_test(ends_from_the_day_that_was_declared),
      cmocka_unit_test(the_smaller_id_stays),
      cmocka_unit_test(every_condition_counts),
      cmocka_unit_test(bounds_of_time_and_direction),
      cmocka_unit_test(a_star_covers_all),
      cmocka_unit_test(a_star_is_never_humanitarian), cmocka_unit_test(the_smallest_id_is_named),
      cmocka_unit_test(says_which_row_is_missing),
      cmocka_unit_test(many_reasons_fit),
      cmocka_unit_test(suspension_comes_first),
      cmocka_unit_test(some_kinds_need_no_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
