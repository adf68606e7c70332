/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_try.h"

#include "wire/card.h"
#include "wire/register.h"

#define ORIGIN "wasl/rabat/0123456789abcdef"
#define KEY_A "000000000000000000000000000000000000000000000000000000000000aaaa"
#define KEY_B "000000000000000000000000000000000000000000000000000000000000bbbb"
#define SEAL                                                                                                           \
  "{\"id\":\"0011223344556677\",\"suite\":\"" WIRE_SUITE_X25519 "\",\"key\":\"" KEY_A                                  \
  "\",\"from\":\"2026-11-21T08:00:00Z\",\"until\":\"2027-02-19T08:00:00Z\"}"

/* A good card, its verifier keys written by wire itself. */
static const char *vkey(const char *name, uint8_t type, uint8_t first, struct base_buf *out) {
  struct wire_vkey key = {.name = base_view_text(name), .id = 0x01020304, .type = type, .key = {.bytes = {first}}};
  base_buf_reset(out);
  wire_vkey_write(&key, out);
  base_buf_u8(out, 0);
  return (const char *)out->data;
}

static const char *good_card(struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf log = {0}, witness = {0};
  base_buf_reset(out);
  base_buf_printf(
      out,
      "{\"wasl\":\"card/"
      "1\",\"name\":\"rabat\",\"generation\":1,\"org\":{\"ar\":\"الرباط\",\"fr\":\"Rabat\",\"en\":\"Rabat\","
      "\"es\":\"Rabat\",\"pt\":\"Rabat\"},\"address\":[\"node.example:7443\",\"[::1]:7443\"],\"log\":\"%s\","
      "\"witness\":\"%s\",\"seal\":[" SEAL "],\"tls\":[\"" KEY_A "\",\"" KEY_B "\"],\"made\":\"2026-11-21T08:00:00Z\"}",
      vkey(ORIGIN, WIRE_VKEY_LOG, 1, &log), vkey(ORIGIN, WIRE_VKEY_WITNESS, 2, &witness));
  base_buf_u8(out, 0);
  return (const char *)out->data;
}

static enum base_code try_card(const char *from, const char *to, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf good = {0}, text = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  wire_change_text(good_card(&good), from, to, &text);
  struct wire_card card;
  return wire_card_parse(base_buf_view(&text), &arena, &card, err);
}

static void read_and_written(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf good = {0}, out = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  struct base_error err;
  const char *text = good_card(&good);
  wire_expect(wire_card_parse(base_view_text(text), &arena, &card, &err), &err, BASE_OK, "", text);
  assert_true(base_view_is(card.name, "rabat"));
  assert_true(base_view_is(card.org[WIRE_AR], "الرباط"));
  assert_int_equal(card.address_count, 2);
  assert_true(base_view_is(card.addresses[1], "[::1]:7443"));
  assert_true(base_view_is(card.origin, ORIGIN));
  assert_int_equal(card.log_key.bytes[0], 1);
  assert_int_equal(card.witness_key.bytes[0], 2);
  assert_int_equal(card.seal_count, 1);
  assert_int_equal(card.seals[0].id[7], 0x77);
  assert_int_equal(card.seals[0].key.bytes[31], 0xaa);
  assert_int_equal(card.seals[0].until - card.seals[0].from, 90 * 86400);
  assert_int_equal(card.pin_count, 2);
  assert_int_equal(card.made, 1795248000);
  assert_int_equal(wire_card_write(&card, &out, NULL), BASE_OK);
  assert_true(base_view_is(base_buf_view(&out), text));
}

static void follows_another(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf good = {0}, text = {0}, out = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  struct base_error err;
  wire_change_text(good_card(&good), "\"generation\":1",
                   "\"generation\":1048576,\"previous\":\"" KEY_A "\",\"first\":\"" KEY_B "\"", &text);
  wire_expect(wire_card_parse(base_buf_view(&text), &arena, &card, &err), &err, BASE_OK, "", "generation");
  assert_int_equal(card.generation, WIRE_CARD_GENERATION_MAX);
  assert_int_equal(card.previous.bytes[31], 0xaa);
  assert_int_equal(card.first.bytes[31], 0xbb);
  assert_int_equal(wire_card_write(&card, &out, NULL), BASE_OK);
  assert_true(base_view_equal(base_buf_view(&out), base_buf_view(&text)));
  card.generation++;
  assert_int_equal(wire_card_write(&card, &out, NULL), BASE_FIELD);
  wire_expect(wire_card_parse(base_view_text(good_card(&good)), &arena, &card, &err), &err, BASE_OK, "", "first");
  assert_memory_equal(card.first.bytes, card.log_key.bytes, sizeof card.first.bytes);
}

static void refused(void **state) {
  (void)state;
  static const struct wire_change changes[] = {
      {"card/1", "card/2", BASE_FIELD, "card: $.wasl: must be"},
      {"\"name\":\"rabat\",", "", BASE_FIELD, "$.name: missing"},
      {"\"name\":\"rabat\"", "\"name\":\"Rabat\"", BASE_FIELD, "$.name: must be"},
      {"\"name\":\"rabat\"", "\"name\":\"paris\"", BASE_FIELD, "$.log: must be named by an origin"},
      {"\"generation\":1,", "", BASE_FIELD, "$.generation: missing"},
      {"\"generation\":1", "\"generation\":0", BASE_FIELD, "$.generation"},
      {"\"generation\":1", "\"generation\":1048577", BASE_FIELD, "$.generation"},
      {"\"generation\":1", "\"generation\":2", BASE_FIELD, "$.previous: missing"},
      {"\"generation\":1", "\"generation\":2,\"previous\":\"" KEY_A "\"", BASE_FIELD, "$.first: missing"},
      {"\"generation\":1", "\"generation\":2,\"previous\":\"0\",\"first\":\"" KEY_B "\"", BASE_FIELD, "$.previous"},
      {"\"generation\":1", "\"generation\":1,\"previous\":\"" KEY_A "\"", BASE_UNKNOWN_FIELD, "$.previous: unknown"},
      {"\"pt\":\"Rabat\"", "\"PT\":\"Rabat\"", BASE_FIELD, "$.org.pt: missing"},
      {"\"pt\":\"Rabat\"", "\"pt\":\"Rabat\",\"de\":\"Rabat\"", BASE_UNKNOWN_FIELD, "$.org.de: unknown"},
      {"\"pt\":\"Rabat\"", "\"pt\":\"\"", BASE_FIELD, "$.org.pt: must be one line"},
      {"\"fr\":\"Rabat\"", "\"fr\":\"\\u202eRabat\"", BASE_FIELD, "$.org.fr: must be one line"},
      {"\"fr\":\"Rabat\"", "\"fr\":\"Ra\\nbat\"", BASE_FIELD, "$.org.fr: must be one line"},
      {"node.example:7443", "node.example", BASE_FIELD, "$.address[0]: must be host:port"},
      {"[::1]:7443", "node.example:7443", BASE_FIELD, "$.address[1]: stands twice"},
      {"\"node.example:7443\",\"[::1]:7443\"", "", BASE_FIELD, "$.address: 0 items"},
      {"\"log\"", "\"Log\"", BASE_FIELD, "$.log: missing"},
      {"\"log\":\"wasl", "\"log\":\"wasp", BASE_FIELD, "$.log: must be named by an origin"},
      {"\"log\":\"wasl/rabat/0", "\"log\":\"wasl/rabat/1", BASE_FIELD, "$.witness: must be named by the same"},
      {"\"log\":\"wasl/rabat/0123456789abcdef+", "\"log\":\"wasl/rabat/0123456789abcdef", BASE_SYNTAX, "card: $.log"},
      {"+01020304+AQ", "+01020304+BA", BASE_FIELD, "$.log: the verifier key of a witness"},
      {"+01020304+BA", "+01020304+AQ", BASE_FIELD, "$.witness: the verifier key of a register"},
      {"+BAIA", "+BAEA", BASE_FIELD, "$.witness: must be another key"},
      {"\"witness\"", "\"Witness\"", BASE_FIELD, "$.witness: missing"},
      {SEAL, "", BASE_FIELD, "$.seal: 0 items"},
      {SEAL, "1", BASE_FIELD, "$.seal[0]: must be an object"},
      {SEAL, SEAL "," SEAL, BASE_FIELD, "$.seal[1].id: stands twice"},
      {"\"id\":\"00", "\"id\":\"", BASE_FIELD, "$.seal[0].id: must be 16"},
      {"-hkdf", "-HKDF", BASE_FIELD, "$.seal[0].suite: must be"},
      {"\"key\":\"0", "\"key\":\"", BASE_FIELD, "$.seal[0].key: must be a public key: 64"},
      {"\"from\":\"2026", "\"from\":\"26", BASE_DATE, "$.seal[0].from"},
      {"\"until\":\"2027", "\"until\":\"27", BASE_DATE, "$.seal[0].until"},
      {"2027-02-19", "2026-11-21", BASE_FIELD, "$.seal[0].until: must be after from"},
      {"\"until\"", "\"Until\"", BASE_FIELD, "$.seal[0].until: missing"},
      {"\"suite\"", "\"x\":0,\"suite\"", BASE_UNKNOWN_FIELD, "$.seal[0].x: unknown"},
      {"[\"" KEY_A "\",\"" KEY_B "\"]", "[]", BASE_FIELD, "$.tls: 0 items"},
      {"[\"" KEY_A "\",\"" KEY_B "\"]", "[\"" KEY_A "\",\"" KEY_A "\"]", BASE_FIELD, "$.tls[1]: stands twice"},
      {"[\"" KEY_A "\",\"" KEY_B "\"]", "[\"" KEY_A "\",\"0\"]", BASE_FIELD, "$.tls[1]: must be 64"},
      {"\"made\":\"2026", "\"made\":\"x", BASE_DATE, "$.made: must be a time"},
      {",\"made\"", ",\"Made\"", BASE_FIELD, "$.made: missing"},
      {",\"made\"", ",\"x\":null,\"made\"", BASE_UNKNOWN_FIELD, "$.x: unknown"},
      {",\"made\"", ",\"name\":\"rabat\",\"made\"", BASE_DUPLICATE_KEY, "twice"},
      {"{\"wasl", "\xFF{\"wasl", BASE_UTF8, "card: not valid UTF-8"},
  };
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct base_error err;
    enum base_code code = try_card(changes[i].from, changes[i].to, &err);
    wire_expect(code, &err, changes[i].code, changes[i].words, changes[i].to);
  }
}

/* format: always one of the literals below */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static const char *counted(struct base_buf *out, const char *before, const char *format, size_t count) {
  base_buf_reset(out);
  base_buf_text(out, before);
  for (size_t i = 0; i < count; i++) {
    char item[400];
    snprintf(item, sizeof item, format, (unsigned)i);
    base_buf_text(out, i ? "," : "");
    base_buf_text(out, item);
  }
  base_buf_u8(out, 0);
  return (const char *)out->data;
}
#pragma GCC diagnostic pop

static void limits(void **state) {
  (void)state;
  static const char addresses[] = "\"node.example:7443\",\"[::1]:7443\"", pins[] = "\"" KEY_A "\",\"" KEY_B "\"";
  static const char seal[] = "{\"id\":\"%016x\",\"suite\":\"" WIRE_SUITE_X25519 "\",\"key\":\"" KEY_A
                             "\",\"from\":\"2026-11-21T08:00:00Z\",\"until\":\"2027-02-19T08:00:00Z\"}";
  for (size_t more = 0; more < 2; more++) {
    enum base_code code = more ? BASE_FIELD : BASE_OK;
    BASE_AUTO_BUF struct base_buf text = {0}, good = {0};
    struct base_error err;
    const char *to = counted(&text, "", "\"n%u.example:7443\"", WIRE_CARD_ADDRESSES_MAX + more);
    wire_expect(try_card(addresses, to, &err), &err, code, "$.address: 9 items", "addresses");
    to = counted(&text, "", "\"%064x\"", WIRE_CARD_PINS_MAX + more);
    wire_expect(try_card(pins, to, &err), &err, code, "$.tls: 5 items", "pins");
    to = counted(&text, "", seal, WIRE_CARD_SEALS_MAX + more);
    wire_expect(try_card(SEAL, to, &err), &err, code, "$.seal: 5 items", "seals");
    base_buf_reset(&text);
    wire_repeat(&text, "o", WIRE_ORG_MAX + more);
    base_buf_u8(&text, 0);
    wire_expect(try_card("الرباط", (const char *)text.data, &err), &err, code, "$.org.ar: 201 bytes", "org");
    base_buf_reset(&text);
    base_buf_text(&text, "{");
    wire_repeat(&text, " ", WIRE_CARD_MAX - strlen(good_card(&good)) + more);
    base_buf_u8(&text, 0);
    wire_expect(try_card("{", (const char *)text.data, &err), &err, more ? BASE_TOO_LARGE : BASE_OK,
                "card: 16385 bytes, at most 16384", "size");
  }
}

static void addresses(void **state) {
  (void)state;
  static const char *const good[] = {"a:1",
                                     "127.0.0.1:65535",
                                     "node-1.example.org:7443",
                                     "node.:7443",
                                     "[::]:1",
                                     "[1:2:3:4:5:6:7:8]:1",
                                     "[1::8]:1",
                                     "[::8]:1",
                                     "[1:2:3:4:5:6:7::]:1",
                                     "[2001:DB8::abcd]:7443",
                                     "xn--mgb.example:1"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    if (!wire_address_valid(base_view_text(good[i])))
      fail_msg("%s was refused", good[i]);
  static const char *const bad[] = {"",
                                    ":1",
                                    "a",
                                    "a:",
                                    "a:0",
                                    "a:65536",
                                    "a:01",
                                    "a:+1",
                                    "a:1 ",
                                    ".:1",
                                    ".a:1",
                                    "a..b:1",
                                    "-a:1",
                                    "a-:1",
                                    "a.-b:1",
                                    "a-.b:1",
                                    "a b:1",
                                    "a/b:1",
                                    "user@a:1",
                                    "é:1",
                                    "::1:1",
                                    "[]:1",
                                    "[:]:1",
                                    "[1]:1",
                                    "[:::]:1",
                                    "[1::2::3]:1",
                                    "[12345::]:1",
                                    "[1:2:3:4:5:6:7]:1",
                                    "[::g]:1",
                                    "[1:2:3:4:5:6:7:8:9]:1",
                                    "[1:2:3:4:5:6:7:8::]:1",
                                    "[::1:2:3:4:5:6:7:8]:1",
                                    "[:1:2:3:4:5:6:7]:1",
                                    "[:1:2:3:4:5:6:7:8]:1",
                                    "[1:2:3:4:5:6:7:]:1",
                                    "[fe80::1%eth0]:1",
                                    "[::1:1",
                                    "::1]:1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (wire_address_valid(base_view_text(bad[i])))
      fail_msg("%s was taken", bad[i]);
  BASE_AUTO_BUF struct base_buf longest = {0};
  wire_repeat(&longest, "a12345678.b12345678.c12345678.d12345678.e12345678.", 5);
  base_buf_text(&longest, "abc.:65535");
  assert_int_equal(longest.size, WIRE_ADDRESS_MAX);
  assert_true(wire_address_valid(base_buf_view(&longest)));
  base_buf_reset(&longest);
  wire_repeat(&longest, "a12345678.b12345678.c12345678.d12345678.e12345678.", 5);
  base_buf_text(&longest, "abcd.:65535");
  assert_false(wire_address_valid(base_buf_view(&longest)));
  longest.size -= 4; /* the host is still too long, the whole no more */
  assert_false(wire_address_valid(base_buf_view(&longest)));
  base_buf_reset(&longest);
  wire_repeat(&longest, "a", 63);
  base_buf_text(&longest, ":1");
  assert_true(wire_address_valid(base_buf_view(&longest)));
  base_buf_reset(&longest);
  wire_repeat(&longest, "a", 64);
  base_buf_text(&longest, ":1");
  assert_false(wire_address_valid(base_buf_view(&longest)));
}

static void write_refused(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf good = {0}, out = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  struct base_error err;
  assert_int_equal(wire_card_parse(base_view_text(good_card(&good)), &arena, &card, NULL), BASE_OK);
  struct wire_card changed = card;
  changed.address_count = WIRE_CARD_ADDRESSES_MAX + 1;
  wire_expect(wire_card_write(&changed, &out, &err), &err, BASE_FIELD, "$.address: 9 items", "addresses");
  changed = card;
  changed.seal_count = 0;
  wire_expect(wire_card_write(&changed, &out, &err), &err, BASE_FIELD, "$.seal: 0 items", "seals");
  changed = card;
  changed.pin_count = WIRE_CARD_PINS_MAX + 1;
  wire_expect(wire_card_write(&changed, &out, &err), &err, BASE_FIELD, "$.tls: 5 items", "pins");
  changed = card;
  char org[WIRE_ORG_MAX + 1];
  memset(org, 'o', sizeof org);
  changed.org[WIRE_PT] = base_view_of(org, sizeof org);
  wire_expect(wire_card_write(&changed, &out, &err), &err, BASE_FIELD, "$.org.pt", "201 bytes");
  changed = card;
  changed.witness = card.log;
  wire_expect(wire_card_write(&changed, &out, &err), &err, BASE_FIELD, "$.witness", "witness");
  changed = card;
  changed.made = -1;
  assert_int_equal(wire_card_write(&changed, &out, &err), BASE_INTERNAL);
  assert_int_equal(out.size, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(read_and_written), cmocka_unit_test(follows_another), cmocka_unit_test(refused),
      cmocka_unit_test(limits),           cmocka_unit_test(addresses),       cmocka_unit_test(write_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
