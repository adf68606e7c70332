/* SPDX-License-Identifier: Apache-2.0
 * When a weekly count leaves its range: how often one does that goes on as it was, and how soon one that doubles. The
 * numbers are those of spec/picture.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "law/picture.h"

enum { DAY = 86400, SERIES_WEEKS = 40000 };

static uint64_t seed;

static double uniform(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (double)(seed >> 11) / 9007199254740992.0;
}

/* A Poisson number (Knuth) of `times` such means, each given as e^-mean. */
static uint64_t poisson(double power, unsigned times) {
  uint64_t count = 0;
  for (unsigned i = 0; i < times; i++)
    for (double product = uniform(); product >= power; product *= uniform())
      count++;
  return count;
}

/* Weeks that come in bursts: of five, four have half as many as the mean, and one has three times as many. */
static uint64_t bursts(double quarter, unsigned times) {
  return poisson(quarter, times * (uniform() < 0.8 ? 2 : 12));
}

static void weeks_begin_on_monday(void **state) {
  (void)state;
  base_time monday = 1795392000; /* 2026-11-23 */
  assert_int_equal(law_picture_week(monday), monday);
  assert_int_equal(law_picture_week(monday + 7 * DAY - 1), monday);
  assert_int_equal(law_picture_week(monday + 7 * DAY), monday + 7 * DAY);
  assert_int_equal(law_picture_week(monday - 1), monday - 7 * DAY);
  assert_int_equal(law_picture_week(0), -3 * DAY);
  assert_int_equal(law_picture_week(4 * DAY), 4 * DAY);
}

static uint64_t most_of(uint64_t even, uint64_t odd, size_t count) {
  uint64_t weeks[LAW_PICTURE_WEEKS];
  for (size_t i = 0; i < count; i++)
    weeks[i] = i % 2 == 0 ? even : odd;
  return law_picture_most(weeks, count);
}

/* By the tail of the negative binomial, computed apart from this with exact fractions. */
static void the_range_of_known_series(void **state) {
  (void)state;
  assert_true(most_of(5, 5, LAW_PICTURE_LEAST_WEEKS - 1) == UINT64_MAX);
  assert_int_equal(most_of(0, 0, LAW_PICTURE_LEAST_WEEKS), LAW_PICTURE_LEAST - 1);
  assert_int_equal(most_of(0, 0, LAW_PICTURE_WEEKS), LAW_PICTURE_LEAST - 1);
  assert_int_equal(most_of(1, 1, 12), 5);
  assert_int_equal(most_of(1, 0, 26), 3);
  assert_int_equal(most_of(5, 5, 12), 12);
  assert_int_equal(most_of(5, 5, 26), 12);
  assert_int_equal(most_of(2, 8, 26), 16);
  assert_int_equal(most_of(0, 40, 26), 110);
  assert_int_equal(most_of(20, 20, 26), 33);
  assert_int_equal(most_of(100, 100, 26), 127);
  assert_int_equal(most_of(1000, 1000, 26), 1084);
  assert_int_equal(most_of(0, 20000, 26), 12819);
}

struct measured {
  unsigned alerts, doubled_first, doubled_month, trials;
};

/* One long series, each week against those before it; now and then it is as if it doubled from this week on. */
static struct measured measure(double power, unsigned times, uint64_t (*draw)(double, unsigned)) {
  struct measured out = {0};
  uint64_t weeks[LAW_PICTURE_WEEKS + 4];
  seed = 20261123;
  for (size_t i = 0; i < LAW_PICTURE_WEEKS; i++)
    weeks[i] = draw(power, times);
  for (unsigned week = 0; week < SERIES_WEEKS; week++) {
    uint64_t most = law_picture_most(weeks, LAW_PICTURE_WEEKS), now = draw(power, times);
    out.alerts += now > most;
    if (week % 20 == 0) {
      bool told = false;
      out.trials++;
      for (unsigned more = 0; more < 4; more++) {
        weeks[LAW_PICTURE_WEEKS + more] = draw(power, 2 * times);
        told = told || weeks[LAW_PICTURE_WEEKS + more] > law_picture_most(weeks + more, LAW_PICTURE_WEEKS);
        out.doubled_first += more == 0 && told;
      }
      out.doubled_month += told;
    }
    for (size_t i = 1; i < LAW_PICTURE_WEEKS; i++)
      weeks[i - 1] = weeks[i];
    weeks[LAW_PICTURE_WEEKS - 1] = now;
  }
  return out;
}

static void how_often_it_is_wrong_and_how_soon_right(void **state) {
  (void)state;
  static const struct {
    const char *what;
    double power; /* e^-mean, of which `times` are added */
    unsigned times;
    uint64_t (*draw)(double, unsigned);
    unsigned rate;           /* at most one alert in so many weeks */
    unsigned first, month;   /* per cent of doublings told in their first week, and within four, at least */
  } cases[] = {
      {"a case in five weeks", 0.8187307530779818, 1, poisson, LAW_PICTURE_RATE, 0, 1},
      {"1 a week", 0.36787944117144233, 1, poisson, LAW_PICTURE_RATE, 2, 8},
      {"5 a week", 0.006737946999085467, 1, poisson, LAW_PICTURE_RATE, 15, 45},
      {"20 a week", 0.006737946999085467, 4, poisson, LAW_PICTURE_RATE, 75, 97},
      {"4 a week, in bursts", 0.36787944117144233, 1, bursts, 30, 5, 15},
      {"20 a week, in bursts", 0.006737946999085467, 1, bursts, 30, 5, 15},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct measured measured = measure(cases[i].power, cases[i].times, cases[i].draw);
    unsigned first = 100 * measured.doubled_first / measured.trials, month = 100 * measured.doubled_month / measured.trials;
    print_message("%s: one alert in %u weeks; doubled: %u %% in the first week, %u %% within four\n", cases[i].what,
                  measured.alerts > 0 ? SERIES_WEEKS / measured.alerts : SERIES_WEEKS, first, month);
    assert_true((uint64_t)measured.alerts * cases[i].rate <= SERIES_WEEKS);
    assert_true(first >= cases[i].first && month >= cases[i].month);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weeks_begin_on_monday),
      cmocka_unit_test(the_range_of_known_series),
      cmocka_unit_test(how_often_it_is_wrong_and_how_soon_right),
  };
  return cmocka_run_group_tests_name("law: the picture", tests, NULL, NULL);
}
