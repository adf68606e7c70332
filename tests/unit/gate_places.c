/* SPDX-License-Identifier: Apache-2.0
 * Who gets a place at the door, and who goes for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "gate/places.h"

static const struct gate_limits limits = {.strangers = 4, .per_address = 2, .connections = 5, .per_key = 3};

static struct gate_place at(const char *address) {
  struct sockaddr_storage store = {.ss_family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET};
  if (store.ss_family == AF_INET6)
    assert_int_equal(inet_pton(AF_INET6, address, &((struct sockaddr_in6 *)(void *)&store)->sin6_addr), 1);
  else
    assert_int_equal(inet_pton(AF_INET, address, &((struct sockaddr_in *)(void *)&store)->sin_addr), 1);
  return (struct gate_place){.address = gate_address_of(&store)};
}

static void enter(struct gate_places *places, struct gate_place *place, enum gate_crowd crowd,
                  const struct gate_place *victim) {
  struct gate_place *found;
  assert_int_equal(gate_places_enter(places, &limits, place, &found), crowd);
  assert_ptr_equal(found, victim);
}

static void promote(struct gate_places *places, struct gate_place *place, uint8_t key, enum gate_crowd crowd,
                    const struct gate_place *victim) {
  struct base_hash pin = {{key}};
  struct gate_place *found;
  assert_int_equal(gate_places_promote(places, &limits, place, &pin, &found), crowd);
  assert_ptr_equal(found, victim);
}

static void strangers(void **state) {
  struct gate_places places = {0};
  struct gate_place all[] = {at("10.0.0.1"), at("10.0.0.1"), at("10.0.0.1"), at("10.0.0.2"),
                             at("10.0.0.3"), at("10.0.0.4"), at("10.0.0.5")};
  (void)state;
  enter(&places, &all[0], GATE_ROOM, NULL);
  enter(&places, &all[1], GATE_ROOM, NULL);
  enter(&places, &all[2], GATE_CROWDED_ADDRESS, &all[0]);
  enter(&places, &all[3], GATE_ROOM, NULL);
  enter(&places, &all[4], GATE_ROOM, NULL);
  /* One that is leaving is there until the library has closed it, and takes nobody's place. */
  assert_int_equal(places.strangers.count, 4);
  enter(&places, &all[5], GATE_CROWDED, &all[1]);
  gate_places_leave(&places, &all[0]);
  gate_places_leave(&places, &all[1]);
  enter(&places, &all[6], GATE_CROWDED, &all[2]);
  assert_int_equal(places.strangers.count, 4);
  for (size_t i = 2; i < 7; i++)
    gate_places_leave(&places, &all[i]);
  assert_int_equal(places.strangers.count, 0);
  assert_null(places.strangers.newest);
  assert_null(places.strangers.oldest);
}

static void one_customer_is_one_address(void **state) {
  struct gate_places places = {0};
  struct gate_place all[] = {at("2001:db8::1"),     at("2001:db8::2"),          at("2001:db8:0:0:ffff::3"),
                             at("2001:db8:0:1::1"), {.address = {.family = 0}}, {.address = {.family = 0}}};
  (void)state;
  enter(&places, &all[0], GATE_ROOM, NULL);
  enter(&places, &all[1], GATE_ROOM, NULL);
  enter(&places, &all[2], GATE_CROWDED_ADDRESS, &all[0]);
  enter(&places, &all[3], GATE_ROOM, NULL);
  /* On a Unix socket nobody has an address. */
  enter(&places, &all[4], GATE_ROOM, NULL);
  enter(&places, &all[5], GATE_CROWDED, &all[1]);
}

static void partners(void **state) {
  struct gate_places places = {0};
  struct gate_place all[12];
  (void)state;
  for (size_t i = 0; i < 12; i++)
    all[i] = (struct gate_place){.address = {.family = 0}};
  for (size_t i = 0; i < 3; i++) {
    enter(&places, &all[i], GATE_ROOM, NULL);
    promote(&places, &all[i], 1, GATE_ROOM, NULL);
  }
  /* Strangers and partners do not take each other's places. */
  assert_int_equal(places.strangers.count, 0);
  assert_int_equal(places.partners.count, 3);
  all[0].busy = true;
  gate_places_rest(&places, &all[1]); /* served last: now 0 (busy), 2, 1 */
  enter(&places, &all[3], GATE_ROOM, NULL);
  promote(&places, &all[3], 1, GATE_CROWDED_KEY, &all[2]);
  gate_places_leave(&places, &all[2]);
  enter(&places, &all[4], GATE_ROOM, NULL);
  promote(&places, &all[4], 2, GATE_ROOM, NULL);
  enter(&places, &all[5], GATE_ROOM, NULL);
  promote(&places, &all[5], 3, GATE_ROOM, NULL);
  enter(&places, &all[6], GATE_ROOM, NULL);
  promote(&places, &all[6], 4, GATE_CROWDED_PARTNERS, &all[1]);
  gate_places_leave(&places, &all[1]);
  /* Nobody is cut off in the middle of a request. */
  for (size_t i = 3; i < 7; i++)
    all[i].busy = true;
  enter(&places, &all[7], GATE_ROOM, NULL);
  promote(&places, &all[7], 5, GATE_CROWDED_PARTNERS, NULL);
  assert_false(all[7].partner);
  assert_int_equal(places.strangers.count, 1);
  assert_int_equal(places.partners.count, 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(strangers), cmocka_unit_test(one_customer_is_one_address),
                                     cmocka_unit_test(partners)};
  cmocka_set_test_filter(getenv("WASL_TEST_ONLY"));
  return cmocka_run_group_tests(tests, NULL, NULL);
}
