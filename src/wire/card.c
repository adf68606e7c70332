/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/card.h"

#include <string.h>

#include "wire/register.h"

const char *const wire_language_codes[WIRE_LANGUAGES] = {"ar", "fr", "en", "es", "pt"};

enum { DNS_LABEL_MAX = 63, DNS_NAME_MAX = 254, IPV6_GROUPS = 8, SUITE_MAX = 64 };

static bool is_hex(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

static bool is_alphanumeric(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* Labels of letters, digits and inner hyphens; IPv4 addresses have that form too. A last dot means "absolute". */
static bool dns_valid(struct base_view host) {
  if (host.size > DNS_NAME_MAX)
    return false;
  size_t label = 0;
  for (size_t i = 0; i < host.size; i++) {
    uint8_t byte = host.data[i];
    bool edge = label == 0 || i + 1 == host.size || host.data[i + 1] == '.';
    if (byte == '.' && label > 0)
      label = 0;
    else if ((is_alphanumeric(byte) || (byte == '-' && !edge)) && label < DNS_LABEL_MAX)
      label++;
    else
      return false;
  }
  return host.size > 0;
}

/* RFC 4291 section 2.2, forms 1 and 2: groups of one to four digits, one "::" at most. */
static bool ipv6_valid(struct base_view host) {
  size_t groups = 0, at = 0;
  bool gap = false;
  while (at < host.size) {
    size_t digits = 0;
    while (at < host.size && digits < 4 && is_hex(host.data[at]))
      at++, digits++;
    groups += digits > 0;
    if (at == host.size)
      return digits > 0 && (gap ? groups < IPV6_GROUPS : groups == IPV6_GROUPS);
    if (host.data[at++] != ':')
      return false;
    bool two = at < host.size && host.data[at] == ':';
    if (two && gap)
      return false;
    if (!two && digits == 0)
      return false;
    gap |= two;
    at += two;
    if (two && at == host.size)
      return groups < IPV6_GROUPS;
  }
  return false;
}

bool wire_address_valid(struct base_view address) {
  size_t colon = address.size;
  if (address.size > WIRE_ADDRESS_MAX)
    return false;
  while (colon > 0 && address.data[colon - 1] != ':')
    colon--;
  if (colon < 2)
    return false;
  struct base_view host = base_view_of(address.data, colon - 1);
  uint64_t port;
  if (!base_decimal_parse(base_view_of(address.data + colon, address.size - colon), &port) || port == 0 || port > 65535)
    return false;
  if (host.data[0] == '[' && host.data[host.size - 1] == ']' && host.size > 2)
    return ipv6_valid(base_view_of(host.data + 1, host.size - 2));
  return dns_valid(host);
}

/* What parser and writer hold alike. */

static enum base_code check_names(const struct wire_card *card, struct base_error *err) {
  if (!base_name_valid(card->name))
    return base_fail(err, BASE_FIELD, "card: $.name: must be [a-z][a-z0-9-]* of at most %d characters", BASE_NAME_MAX);
  for (size_t i = 0; i < WIRE_LANGUAGES; i++)
    if (card->org[i].size == 0 || card->org[i].size > WIRE_ORG_MAX || !wire_line_valid(card->org[i]))
      return base_fail(err, BASE_FIELD,
                       "card: $.org.%s: must be one line of 1 to %d bytes without control or direction characters",
                       wire_language_codes[i], WIRE_ORG_MAX);
  for (size_t i = 0; i < card->address_count; i++) {
    if (!wire_address_valid(card->addresses[i]))
      return base_fail(err, BASE_FIELD, "card: $.address[%zu]: must be host:port, like node.example:7443 or [::1]:7443",
                       i);
    for (size_t j = 0; j < i; j++)
      if (base_view_equal(card->addresses[i], card->addresses[j]))
        return base_fail(err, BASE_FIELD, "card: $.address[%zu]: stands twice", i);
  }
  return BASE_OK;
}

static enum base_code check_seals(const struct wire_card *card, struct base_error *err) {
  for (size_t i = 0; i < card->seal_count; i++) {
    const struct wire_seal_key *seal = &card->seals[i];
    if (seal->from >= seal->until)
      return base_fail(err, BASE_FIELD, "card: $.seal[%zu].until: must be after from", i);
    for (size_t j = 0; j < i; j++)
      if (memcmp(seal->id, card->seals[j].id, sizeof seal->id) == 0)
        return base_fail(err, BASE_FIELD, "card: $.seal[%zu].id: stands twice", i);
  }
  for (size_t i = 1; i < card->pin_count; i++)
    for (size_t j = 0; j < i; j++)
      if (base_hash_equal(&card->pins[i], &card->pins[j]))
        return base_fail(err, BASE_FIELD, "card: $.tls[%zu]: stands twice", i);
  return BASE_OK;
}

static enum base_code parse_vkey(struct base_view text, const char *key, uint8_t type, struct wire_vkey *out,
                                 struct base_error *err) {
  enum base_code code = wire_vkey_parse(text, out, err);
  if (code)
    return base_fail_within(err, "card: $.%s", key);
  if (out->type != type)
    return base_fail(err, BASE_FIELD, "card: $.%s: the verifier key of a %s, that of a %s was expected", key,
                     wire_vkey_word(out->type), wire_vkey_word(type));
  return BASE_OK;
}

static enum base_code check_keys(const struct wire_card *card, struct wire_vkey *log, struct wire_vkey *witness,
                                 struct base_error *err) {
  enum base_code code = parse_vkey(card->log, "log", WIRE_VKEY_LOG, log, err);
  if (!code)
    code = parse_vkey(card->witness, "witness", WIRE_VKEY_WITNESS, witness, err);
  if (code)
    return code;
  if (!base_view_equal(wire_origin_name(log->name), card->name))
    return base_fail(err, BASE_FIELD, "card: $.log: must be named by an origin that carries the card's name");
  if (!base_view_equal(witness->name, log->name))
    return base_fail(err, BASE_FIELD, "card: $.witness: must be named by the same origin as log");
  if (wire_key_equal(&witness->key, &log->key))
    return base_fail(err, BASE_FIELD, "card: $.witness: must be another key than log");
  return BASE_OK;
}

static enum base_code check_generation(const struct wire_card *card, struct base_error *err) {
  if (card->generation >= 1 && card->generation <= WIRE_CARD_GENERATION_MAX)
    return BASE_OK;
  return base_fail(err, BASE_FIELD, "card: $.generation: from 1 to %d", WIRE_CARD_GENERATION_MAX);
}

static enum base_code check_card(const struct wire_card *card, struct wire_vkey *log, struct wire_vkey *witness,
                                 struct base_error *err) {
  enum base_code code = check_names(card, err);
  if (!code)
    code = check_generation(card, err);
  if (!code)
    code = check_keys(card, log, witness, err);
  return code ? code : check_seals(card, err);
}

static void read_org(struct wire_object *object, struct base_arena *arena, struct wire_card *card) {
  struct wire_object org;
  wire_object_begin_in(&org, object, "org");
  for (size_t i = 0; i < WIRE_LANGUAGES; i++)
    card->org[i] = wire_object_copy(&org, wire_language_codes[i], WIRE_ORG_MAX, arena, true);
  wire_object_close(&org, object);
}

/* The suite says what kind of key follows. */
static void read_seal_key(struct wire_object *item, struct wire_key *out) {
  struct base_view suite = wire_object_text(item, "suite", SUITE_MAX, true);
  bool p256 = base_view_is(suite, WIRE_SUITE_P256);
  if (!p256 && !base_view_is(suite, WIRE_SUITE_X25519))
    wire_object_fail(item, BASE_FIELD, "suite", "must be %s or %s", WIRE_SUITE_X25519, WIRE_SUITE_P256);
  wire_object_key(item, "key", out);
  if (wire_key_p256(out) != p256)
    wire_object_fail(item, BASE_FIELD, "key", "is no key of this suite");
}

static void read_seals(struct wire_object *object, struct wire_card *card) {
  const struct wire_json *array = wire_object_array(object, "seal", 1, WIRE_CARD_SEALS_MAX);
  card->seal_count = wire_json_size(array);
  for (size_t i = 0; i < card->seal_count; i++) {
    struct wire_seal_key *seal = &card->seals[i];
    struct wire_object item;
    wire_object_begin_at(&item, object, "seal", array, i);
    wire_object_hex(&item, "id", seal->id, sizeof seal->id, true);
    read_seal_key(&item, &seal->key);
    seal->from = wire_object_time(&item, "from", true);
    seal->until = wire_object_time(&item, "until", true);
    wire_object_close(&item, object);
  }
}

static void read_card(struct wire_object *object, struct base_arena *arena, struct wire_card *card) {
  wire_object_exact(object, "wasl", "card/1");
  card->name = wire_object_copy(object, "name", BASE_NAME_MAX, arena, true);
  card->generation = (uint32_t)wire_object_integer(object, "generation", 1, WIRE_CARD_GENERATION_MAX, true);
  if (card->generation > 1) {
    wire_object_hash(object, "previous", &card->previous, true);
    wire_object_key(object, "first", &card->first);
  }
  read_org(object, arena, card);
  const struct wire_json *addresses = wire_object_array(object, "address", 1, WIRE_CARD_ADDRESSES_MAX);
  card->address_count = wire_json_size(addresses);
  for (size_t i = 0; i < card->address_count; i++)
    card->addresses[i] = wire_object_copy_at(object, "address", addresses, i, WIRE_ADDRESS_MAX, arena);
  card->log = wire_object_copy(object, "log", WIRE_CARD_MAX, arena, true);
  card->witness = wire_object_copy(object, "witness", WIRE_CARD_MAX, arena, true);
  read_seals(object, card);
  const struct wire_json *pins = wire_object_array(object, "tls", 1, WIRE_CARD_PINS_MAX);
  card->pin_count = wire_json_size(pins);
  for (size_t i = 0; i < card->pin_count; i++)
    wire_object_hex_at(object, "tls", pins, i, card->pins[i].bytes, sizeof card->pins[i].bytes);
  card->made = wire_object_time(object, "made", true);
}

enum base_code wire_card_parse(struct base_view bytes, struct base_arena *arena, struct wire_card *out,
                               struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  enum base_code code = wire_json_parse(bytes, WIRE_CARD_MAX, "card", &document, err);
  if (code)
    return code;
  struct wire_card card = {0};
  struct wire_object object;
  wire_object_begin(&object, document, "card", "$");
  read_card(&object, arena, &card);
  code = wire_object_end(&object, err);
  struct wire_vkey log = {0}, witness = {0};
  if (!code)
    code = check_card(&card, &log, &witness, err);
  if (code)
    return code;
  card.origin = log.name; /* a view into card.log, which is the arena's */
  card.log_key = log.key;
  card.witness_key = witness.key;
  if (card.generation == 1)
    card.first = log.key;
  *out = card;
  return BASE_OK;
}

static void write_seal(struct wire_writer *writer, const struct wire_seal_key *seal) {
  wire_write_object(writer);
  wire_write_member_hex(writer, "id", seal->id, sizeof seal->id);
  wire_write_member_string(writer, "suite", wire_key_p256(&seal->key) ? WIRE_SUITE_P256 : WIRE_SUITE_X25519);
  wire_write_member_key(writer, "key", &seal->key);
  wire_write_member_time(writer, "from", seal->from);
  wire_write_member_time(writer, "until", seal->until);
  wire_write_end(writer, '}');
}

static void write_card(struct wire_writer *writer, const struct wire_card *card) {
  wire_write_object(writer);
  wire_write_member_string(writer, "wasl", "card/1");
  wire_write_member_text(writer, "name", card->name);
  wire_write_member_integer(writer, "generation", card->generation);
  if (card->generation > 1) {
    wire_write_member_hash(writer, "previous", &card->previous);
    wire_write_member_key(writer, "first", &card->first);
  }
  wire_write_key(writer, "org");
  wire_write_object(writer);
  for (size_t i = 0; i < WIRE_LANGUAGES; i++)
    wire_write_member_text(writer, wire_language_codes[i], card->org[i]);
  wire_write_end(writer, '}');
  wire_write_key(writer, "address");
  wire_write_array(writer);
  for (size_t i = 0; i < card->address_count; i++)
    wire_write_text(writer, card->addresses[i]);
  wire_write_end(writer, ']');
  wire_write_member_text(writer, "log", card->log);
  wire_write_member_text(writer, "witness", card->witness);
  wire_write_key(writer, "seal");
  wire_write_array(writer);
  for (size_t i = 0; i < card->seal_count; i++)
    write_seal(writer, &card->seals[i]);
  wire_write_end(writer, ']');
  wire_write_key(writer, "tls");
  wire_write_array(writer);
  for (size_t i = 0; i < card->pin_count; i++)
    wire_write_string(writer, base_hash_text(&card->pins[i]).text);
  wire_write_end(writer, ']');
  wire_write_member_time(writer, "made", card->made);
  wire_write_end(writer, '}');
}

static enum base_code check_count(const char *key, size_t count, size_t most, struct base_error *err) {
  if (count >= 1 && count <= most)
    return BASE_OK;
  return base_fail(err, BASE_FIELD, "card: $.%s: %zu items, from 1 to %zu are allowed", key, count, most);
}

enum base_code wire_card_write(const struct wire_card *card, struct base_buf *out, struct base_error *err) {
  struct wire_vkey log, witness;
  enum base_code code = check_count("address", card->address_count, WIRE_CARD_ADDRESSES_MAX, err);
  if (!code)
    code = check_count("seal", card->seal_count, WIRE_CARD_SEALS_MAX, err);
  if (!code)
    code = check_count("tls", card->pin_count, WIRE_CARD_PINS_MAX, err);
  if (!code)
    code = check_card(card, &log, &witness, err);
  if (code)
    return code;
  size_t start = out->size;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  write_card(&writer, card);
  return wire_document_end(out, start, WIRE_CARD_MAX, "card", err);
}
