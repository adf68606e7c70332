/* SPDX-License-Identifier: Apache-2.0
 * Moments in time zones, across changes of the clocks. `unit-cli_zone --tell` answers lines "SECONDS ZONE" on stdin, by
 * which tests/checks/zones holds it against another implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

static void expect(base_time time, const char *zone, const char *want) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 256);
  assert_true(cli_zone_time(&text, base_view_text(zone), time));
  base_buf_u8(&text, 0);
  assert_string_equal((const char *)text.data, want);
}

/* Morocco keeps +01:00 and goes back to +00:00 for the month of Ramadan: in 2026 from 15 February to 22 March. */
static void casablanca_around_ramadan(void **state) {
  (void)state;
  expect(1771120799, "Africa/Casablanca", "2026-02-15 02:59:59 +01:00 Africa/Casablanca");
  expect(1771120800, "Africa/Casablanca", "2026-02-15 02:00:00 +00:00 Africa/Casablanca");
  expect(1774144799, "Africa/Casablanca", "2026-03-22 01:59:59 +00:00 Africa/Casablanca");
  expect(1774144800, "Africa/Casablanca", "2026-03-22 03:00:00 +01:00 Africa/Casablanca");
}

static void paris_in_spring_and_autumn(void **state) {
  (void)state;
  expect(1774745999, "Europe/Paris", "2026-03-29 01:59:59 +01:00 Europe/Paris");
  expect(1774746000, "Europe/Paris", "2026-03-29 03:00:00 +02:00 Europe/Paris");
  expect(1792889999, "Europe/Paris", "2026-10-25 02:59:59 +02:00 Europe/Paris");
  expect(1792890000, "Europe/Paris", "2026-10-25 02:00:00 +01:00 Europe/Paris");
  expect(1792890000, "UTC", "2026-10-25 01:00:00 +00:00 UTC");
  expect(1792890000, "Asia/Kolkata", "2026-10-25 06:30:00 +05:30 Asia/Kolkata");
  expect(1792890000, "America/St_Johns", "2026-10-24 22:30:00 -02:30 America/St_Johns");
}

static void only_zones_of_the_machine(void **state) {
  (void)state;
  static const char *const unknown[] = {"",        "Europe/Atlantis", "../../etc/passwd", "/etc/passwd",
                                        "Europe/", "right//UTC"};
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 256);
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    assert_false(cli_zone_time(&text, base_view_text(unknown[i]), 1792890000));
  assert_int_equal(text.size, 0);
}

/* The rest of the program goes on in its own zone. */
static void the_own_zone_is_put_back(void **state) {
  (void)state;
  assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
  expect(0, "UTC", "1970-01-01 00:00:00 +00:00 UTC");
  assert_string_equal(getenv("TZ"), "Asia/Tokyo");
  assert_int_equal(unsetenv("TZ"), 0);
  expect(0, "Asia/Tokyo", "1970-01-01 09:00:00 +09:00 Asia/Tokyo");
  assert_null(getenv("TZ"));
}

static int answer_lines(void) {
  char line[200], zone[100];
  long long time = 0;
  while (fgets(line, sizeof line, stdin) != NULL && sscanf(line, "%lld %99s", &time, zone) == 2) {
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_init(&text, 256);
    bool known = cli_zone_time(&text, base_view_text(zone), (base_time)time);
    printf("%.*s\n", known ? (int)text.size : 1, known ? (const char *)text.data : "?");
  }
  return 0;
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(casablanca_around_ramadan),
      cmocka_unit_test(paris_in_spring_and_autumn),
      cmocka_unit_test(only_zones_of_the_machine),
      cmocka_unit_test(the_own_zone_is_put_back),
  };
  return argc > 1 && strcmp(argv[1], "--tell") == 0 ? answer_lines() : cmocka_run_group_tests(tests, NULL, NULL);
}
