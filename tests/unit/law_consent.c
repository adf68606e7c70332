/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "law/consent.h"

#define RABAT "wasl/rabat/0000000000000000"
#define PARIS "wasl/paris/1111111111111111"
#define MADRID "wasl/madrid/2222222222222222"
#define LISBOA "wasl/lisboa/3333333333333333/2"

static struct law_consent consent(void) {
  return (struct law_consent){.message = {{7}},
                              .asker = BASE_VIEW(PARIS),
                              .giver = BASE_VIEW(RABAT),
                              .state = LAW_CONSENT_GIVEN,
                              .asked_to = BASE_VIEW(MADRID " " LISBOA),
                              .to = BASE_VIEW(LISBOA " " MADRID),
                              .asked_purpose = BASE_VIEW("drugs"),
                              .purpose = BASE_VIEW("drugs"),
                              .asked_until = 3000,
                              .until = 2000};
}

static struct law_passing passing(void) {
  return (struct law_passing){.message = {{7}},
                              .by = BASE_VIEW(PARIS),
                              .originator = BASE_VIEW(RABAT),
                              .to = BASE_VIEW(MADRID),
                              .purpose = BASE_VIEW("drugs"),
                              .now = 1999};
}

/* Each condition in turn is the only one that fails. */
static void every_condition_counts(void **state) {
  (void)state;
  static const enum law_cover expected[] = {
      LAW_COVERED,         LAW_COVER_ELSE,    LAW_COVER_ELSE,    LAW_COVER_ELSE,      LAW_COVER_ASKED,
      LAW_COVER_DENIED,    LAW_COVER_REVOKED, LAW_COVER_EXPIRED, LAW_COVER_EXPIRED,   LAW_COVER_PURPOSE,
      LAW_COVER_PURPOSE,   LAW_COVER_PURPOSE, LAW_COVER_PURPOSE, LAW_COVER_RECIPIENT, LAW_COVER_RECIPIENT,
      LAW_COVER_RECIPIENT, LAW_COVERED, LAW_COVERED,
  };
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    struct law_consent given = consent();
    struct law_passing wanted = passing();
    switch (i) {
    case 1:
      wanted.message.bytes[31] = 1;
      break;
    case 2:
      wanted.by = BASE_VIEW(LISBOA); /* who did not ask */
      break;
    case 3:
      given.giver = BASE_VIEW(LISBOA); /* who is not the originator */
      break;
    case 4:
      given.state = LAW_CONSENT_ASKED;
      break;
    case 5:
      given.state = LAW_CONSENT_DENIED;
      break;
    case 6:
      given.state = LAW_CONSENT_REVOKED;
      break;
    case 7:
      wanted.now = 2000;
      break;
    case 8:
      given.asked_until = 1999;
      break;
    case 9:
      wanted.purpose = BASE_VIEW("drug");
      break;
    case 10:
      wanted.purpose = given.purpose = given.asked_purpose = (struct base_view){0};
      break;
    case 11:
      given.asked_purpose = BASE_VIEW("terrorism");
      break;
    case 12:
      given.purpose = BASE_VIEW("terrorism");
      break;
    case 13:
      given.to = BASE_VIEW(LISBOA);
      break;
    case 14:
      given.asked_to = BASE_VIEW(LISBOA); /* more was given than asked */
      break;
    case 15:
      given.to = (struct base_view){0};
      break;
    case 16:
      wanted.to = BASE_VIEW(LISBOA);
      break;
    case 17:
      wanted.purpose = given.purpose = given.asked_purpose = BASE_VIEW("d");
      break;
    default:
      break;
    }
    if (law_consent_covers(&given, &wanted) != expected[i])
      fail_msg("case %zu: %d instead of %d", i, (int)law_consent_covers(&given, &wanted), (int)expected[i]);
  }
}

static void an_empty_audience_is_nobody(void **state) {
  (void)state;
  struct base_view empty = {0}, madrid = BASE_VIEW(MADRID);
  assert_false(law_recipients_name(empty, madrid));
  assert_false(law_recipients_name(BASE_VIEW(""), BASE_VIEW("")));
  assert_false(law_recipients_name(BASE_VIEW(MADRID " "), BASE_VIEW("")));
  assert_false(law_recipients_name(BASE_VIEW("*"), madrid));
  assert_false(law_recipients_name(BASE_VIEW(MADRID "/2"), madrid));
  assert_false(law_recipients_name(BASE_VIEW(MADRID "," LISBOA), madrid));
  assert_true(law_recipients_name(BASE_VIEW(LISBOA " " MADRID), madrid));
  assert_false(law_recipients_name(BASE_VIEW(" "), BASE_VIEW(" ")));
  assert_true(law_recipients_name(BASE_VIEW("x"), BASE_VIEW("x")));
  assert_false(law_recipients_within(madrid, empty));
  assert_false(law_recipients_within(BASE_VIEW(MADRID " " LISBOA), madrid));
  assert_true(law_recipients_within(madrid, BASE_VIEW(LISBOA " " MADRID)));
}

static void recipients(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    " ",
                                    "madrid",
                                    "*",
                                    " " MADRID,
                                    MADRID " ",
                                    MADRID "  " LISBOA,
                                    MADRID " " MADRID,
                                    MADRID " " LISBOA " " MADRID,
                                    MADRID "\t" LISBOA,
                                    MADRID " lisboa"};
  assert_true(law_recipients_valid(BASE_VIEW(MADRID)));
  assert_true(law_recipients_valid(BASE_VIEW(MADRID " " LISBOA)));
  assert_false(law_recipients_valid((struct base_view){0}));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (law_recipients_valid(base_view_text(bad[i])))
      fail_msg("taken: '%s'", bad[i]);
  BASE_AUTO_BUF struct base_buf list = {0};
  base_buf_init(&list, 4096);
  for (unsigned i = 0; i <= LAW_RECIPIENTS_MAX; i++) {
    base_buf_printf(&list, "%swasl/n/%016x", i > 0 ? " " : "", i);
    assert_int_equal(law_recipients_valid(base_buf_view(&list)), i < LAW_RECIPIENTS_MAX);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_condition_counts),
      cmocka_unit_test(an_empty_audience_is_nobody),
      cmocka_unit_test(recipients),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
