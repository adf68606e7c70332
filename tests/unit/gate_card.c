/* SPDX-License-Identifier: Apache-2.0
 * What a node shows to partners against what its card promises, and what its status tells. */
#include "gate_identity.h"

#include <sys/mman.h>

#include "gate/identity.h"
#include "gate/status.h"
#include "wire/json.h"

static struct identity own, other;

static void refused(const char *name, const struct base_hash *pin, const char *certificate, const char *key,
                    const char *words) {
  BASE_AUTO_BUF struct base_buf text = {0}, bytes = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  struct base_error err;
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  make_card(&text, pin, "\"127.0.0.1:7443\"");
  int fd = base_memfd_sealed("card", base_buf_view(&text), &err);
  if (gate_card_read(fd, &bytes, &arena, &card, &err) != BASE_OK)
    fail_msg("%s", err.text);
  close(fd);
  enum base_code code = gate_identity_check(&card, name, certificate, key, &err);
  assert_int_equal(code == BASE_OK, words == NULL);
  if (words != NULL && strstr(err.text, words) == NULL)
    fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void identity_fits_the_card(void **state) {
  (void)state;
  refused("rabat", &own.pin, own.certificate, own.key, NULL);
  refused("paris", &own.pin, own.certificate, own.key, "write name = rabat into wasl.conf");
  refused("rabat", &other.pin, own.certificate, own.key, "is not the one on node.card");
  refused("rabat", &own.pin, other.certificate, own.key, "is not the key of gate/tls.crt");
  refused("rabat", &own.pin, own.certificate, other.key, "is not the key of gate/tls.crt");
  refused("rabat", &own.pin, own.certificate, own.certificate, "tls.key is damaged");
  refused("rabat", &own.pin, own.key, own.key, "tls.crt is damaged");
  refused("rabat", &own.pin, "", own.key, "tls.crt is damaged");
}

static void addresses_of_the_card(void **state) {
  static const struct {
    const char *card, *conf;
    bool fit;
  } tries[] = {
      {"\"127.0.0.1:7443\"", "127.0.0.1:7443", true},
      {"\"[::1]:7443\",\"a.example:1\"", "a.example:1,[::1]:7443,10.0.0.1:2", true},
      {"\"127.0.0.1:7443\"", "127.0.0.1:7444", false},
      {"\"127.0.0.1:7443\"", "127.0.0.1:74433", false},
      {"\"127.0.0.1:7443\",\"a.example:1\"", "127.0.0.1:7443", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
    BASE_AUTO_BUF struct base_buf text = {0}, why = {0};
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct link_family family = {.name = ""};
    struct wire_card card;
    struct base_error err;
    base_arena_init(&arena, 8 * WIRE_CARD_MAX);
    make_card(&text, &own.pin, tries[i].card);
    assert_int_equal(wire_card_parse(base_buf_view(&text), &arena, &card, &err), BASE_OK);
    strcpy(family.addresses, tries[i].conf);
    assert_int_equal(gate_addresses_fit(card.addresses, card.address_count, &family, &why), tries[i].fit);
    assert_int_equal(why.size == 0, tries[i].fit);
  }
}

/* The page that wasld writes: others map it for reading only. */
static void nobody_else_writes_the_page(void **state) {
  struct link_family *page;
  struct base_error err;
  int fd;
  (void)state;
  assert_int_equal(link_family_make(&page, &fd, &err), BASE_OK);
  const struct link_family *seen = link_family_open(fd);
  assert_non_null(seen);
  atomic_store(&page->lives[LINK_ROLE_KEEPER], LINK_LIFE_HALTED);
  assert_int_equal(link_family_life(seen, LINK_ROLE_KEEPER), LINK_LIFE_HALTED);
  atomic_store(&page->lives[LINK_ROLE_KEEPER], 77);
  assert_int_equal(link_family_life(seen, LINK_ROLE_KEEPER), LINK_LIFE_NONE);
  assert_ptr_equal(mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  assert_int_equal(write(fd, "x", 1), -1);
  assert_null(link_family_open(-1));
  int small = base_memfd_sealed("small", BASE_VIEW("x"), &err);
  assert_null(link_family_open(small));
  close(small);
  close(fd);
}

static void status_of_processes(void **state) {
  struct link_family page = {.listen = "127.0.0.1:1,[::1]:2"};
  struct base_error err;
  (void)state;
  assert_int_equal(gate_status_core(NULL, true, &err), BASE_OK);
  assert_int_equal(gate_status_core(&page, false, &err), BASE_OK);
  assert_int_equal(gate_status_core(&page, true, &err), BASE_NOT_RUNNING);
  page.lives[LINK_ROLE_CORE] = LINK_LIFE_HALTED;
  page.pids[LINK_ROLE_CORE] = 42;
  assert_int_equal(gate_status_core(&page, false, &err), BASE_NOT_RUNNING);
  assert_non_null(strstr(err.text, "kill -CONT 42"));
  for (int serves = 0; serves < 2; serves++) {
    BASE_AUTO_BUF struct base_buf out = {0};
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    page.lives[LINK_ROLE_GATE_PEER] = serves ? LINK_LIFE_SERVES : LINK_LIFE_STARTING;
    gate_status_join(&page, BASE_VIEW("{\"name\":\"x\",\"addresses\":[\"a \\\"b\\\"\"]}"), &out);
    assert_int_equal(wire_json_parse(base_buf_view(&out), 4096, "status", &json, &err), BASE_OK);
    assert_int_equal(wire_json_size(wire_json_get(json, "listening")), serves ? 2 : 0);
    const struct wire_json *processes = wire_json_get(json, "processes");
    assert_int_equal(wire_json_size(processes), 5);
    assert_true(base_view_is(wire_json_text(wire_json_get(processes, "gate-peer")), serves ? "serves" : "starting"));
    assert_true(base_view_is(wire_json_text(wire_json_get(processes, "core")), "halted"));
    assert_true(base_view_is(wire_json_text(wire_json_get(processes, "keeper")), "gone"));
    assert_int_equal(wire_json_size(wire_json_get(json, "warnings")), 1);
  }
}

int main(void) {
  make_identity(&own, "own");
  make_identity(&other, "other");
  const struct CMUnitTest tests[] = {cmocka_unit_test(identity_fits_the_card), cmocka_unit_test(addresses_of_the_card),
                                     cmocka_unit_test(nobody_else_writes_the_page),
                                     cmocka_unit_test(status_of_processes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
