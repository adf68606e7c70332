/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cards.h"
#include "core/partners.h"
#include "core/show.h"

/* Cards and keys shown: public halves, times, and who still holds an older card. */

static void write_card(struct wire_writer *writer, const struct core_card *card) {
  wire_write_object(writer);
  wire_write_member_integer(writer, "generation", card->card.generation);
  wire_write_member_string(writer, "fingerprint", card->fingerprint);
  wire_write_member_hash(writer, "sha256", &card->hash);
  wire_write_member_time(writer, "made", card->card.made);
  wire_write_end(writer, '}');
}

static void write_cards(struct wire_writer *writer, const struct core_cards *cards) {
  wire_write_key(writer, "cards");
  wire_write_array(writer);
  for (size_t i = cards->count; i > 0; i--)
    write_card(writer, &cards->list[i - 1]);
  wire_write_end(writer, ']');
}

enum base_code core_show_card(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  const struct wire_json *asked = wire_json_get(request, "generation");
  int64_t generation = asked != NULL ? wire_json_integer(asked) : core->card.generation;
  const struct core_card *card = generation > 0 && generation <= WIRE_CARD_GENERATION_MAX
                                     ? core_cards_generation(&core->cards, (uint32_t)generation)
                                     : NULL;
  if (card == NULL)
    return base_fail(err, BASE_NOT_FOUND, "this node has no card of generation %lld; its newest is %u",
                     (long long)generation, (unsigned)core->card.generation);
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "generation", card->card.generation);
  wire_write_member_string(&writer, "fingerprint", card->fingerprint);
  wire_write_member_text(&writer, "card", card->bytes);
  wire_write_end(&writer, '}');
  return BASE_OK;
}

enum base_code core_show_partner(struct core *core, const struct wire_json *request, struct base_buf *out,
                                 struct base_error *err) {
  struct base_view name = core_request_text(request, "name");
  const struct core_partner *partner = core_partner_named(core, name);
  if (partner == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "there is no partner named %.*s; wasl partner list shows them",
                     (int)name.size, (const char *)name.data);
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  core_show_partner_members(core, &writer, partner);
  wire_write_member_text(&writer, "card", partner->row.card);
  write_cards(&writer, &partner->cards);
  wire_write_end(&writer, '}');
  return BASE_OK;
}

static void write_due(struct wire_writer *writer, base_time at) {
  core_show_time(writer, "due", at);
}

/* As JOSE and NIST write them. */
static const char *algorithm(const struct wire_keeper_key *key) {
  if (key->type == WIRE_KEEPER_EPOCH)
    return "AES-256";
  if (wire_key_p256(&key->public_key))
    return "P-256";
  return key->type == WIRE_KEEPER_SEAL ? "X25519" : "Ed25519";
}

/* A sealing key ends as the card says, which may be earlier than it was made for. */
static const struct wire_seal_key *on_card(const struct core *core, const struct wire_keeper_key *key) {
  for (size_t i = 0; i < core->card.seal_count; i++)
    if (wire_key_equal(&core->card.seals[i].key, &key->public_key))
      return &core->card.seals[i];
  return NULL;
}

static void write_key(struct wire_writer *writer, const struct core *core, const struct wire_keeper_key *key) {
  static const char *const states[WIRE_KEEPER_STATES] = {"waiting", "in_force", "old"};
  const struct wire_seal_key *seal = key->type == WIRE_KEEPER_SEAL ? on_card(core, key) : NULL;
  bool signs = key->type == WIRE_KEEPER_LOG || key->type == WIRE_KEEPER_WITNESS;
  bool newest = seal == &core->card.seals[0];
  base_time due = signs && key->state == WIRE_KEEPER_IN_FORCE ? key->from + (base_time)CORE_SIGN_DAYS * CORE_DAY
                  : newest                                    ? key->from + (base_time)CORE_SEAL_DAYS * CORE_DAY
                                                              : 0;
  if (key->type == WIRE_KEEPER_EPOCH && key->state == WIRE_KEEPER_IN_FORCE)
    due = key->from + (base_time)CORE_EPOCH_DAYS * CORE_DAY;
  struct base_hash hash = seal_key_hash(&key->public_key);
  wire_write_object(writer);
  wire_write_member_string(writer, "type", core_key_word(key->type));
  wire_write_member_string(writer, "algorithm", algorithm(key));
  wire_write_member_integer(writer, "number", key->number);
  wire_write_member_string(writer, "state",
                           key->type != WIRE_KEEPER_SEAL ? states[key->state]
                           : newest                      ? "in_force"
                           : seal != NULL                ? "old"
                                                         : "waiting");
  wire_write_member_hex(writer, "id", hash.bytes, WIRE_KEEPER_KEY_ID);
  core_show_time(writer, "from", key->from);
  core_show_time(writer, "until", seal != NULL ? seal->until : key->until);
  write_due(writer, due);
  wire_write_end(writer, '}');
}

/* On the card, and not in the keeper's folder. */
static void write_missing_seal(struct wire_writer *writer, struct core *core, const struct wire_seal_key *seal) {
  wire_write_object(writer);
  wire_write_member_string(writer, "type", core_key_word(WIRE_KEEPER_SEAL));
  wire_write_member_string(writer, "algorithm", wire_key_p256(&seal->key) ? "P-256" : "X25519");
  wire_write_member_integer(writer, "number", core_seal_number(core, seal));
  wire_write_member_string(writer, "state", "missing");
  wire_write_member_hex(writer, "id", seal->id, sizeof seal->id);
  core_show_time(writer, "from", seal->from);
  core_show_time(writer, "until", seal->until);
  write_due(writer, 0);
  wire_write_end(writer, '}');
}

/* TLS keys are counted as they came onto the card. */
static int64_t tls_number(const struct core *core, const struct base_hash *pin) {
  int64_t number = 0;
  for (size_t i = 0; i < core->cards.count; i++) {
    const struct base_hash *newest = &core->cards.list[i].card.pins[0];
    number += i == 0 || !base_hash_equal(newest, &core->cards.list[i - 1].card.pins[0]);
    if (base_hash_equal(newest, pin))
      return number;
  }
  return number;
}

static void write_tls(struct wire_writer *writer, const struct core *core) {
  for (size_t i = 0; i < core->card.pin_count; i++) {
    const struct base_hash *pin = &core->card.pins[i];
    bool presented = base_hash_equal(pin, core_tls_presented(core));
    wire_write_object(writer);
    wire_write_member_string(writer, "type", "tls");
    wire_write_member_integer(writer, "number", tls_number(core, pin));
    wire_write_member_string(writer, "state",
                             core_tls_missing(core, pin) ? "missing"
                             : presented                 ? "in_force"
                             : i == 0                    ? "waiting"
                                                         : "old");
    wire_write_member_hex(writer, "id", pin->bytes, WIRE_KEEPER_KEY_ID);
    core_show_time(writer, "from", i == 0 ? core_tls_since(core) : 0);
    core_show_time(writer, "until", 0);
    write_due(writer, i == 0 ? core_tls_since(core) + (base_time)CORE_SIGN_DAYS * CORE_DAY : 0);
    wire_write_end(writer, '}');
  }
}

enum base_code core_show_keys(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  (void)request;
  (void)err;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "generation", core->card.generation);
  wire_write_member_string(&writer, "fingerprint", core->fingerprint);
  wire_write_key(&writer, "keys");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->info.count; i++)
    write_key(&writer, core, &core->info.keys[i]);
  for (size_t i = 0; i < core->card.seal_count; i++)
    if (core_seal_missing(core, i))
      write_missing_seal(&writer, core, &core->card.seals[i]);
  write_tls(&writer, core);
  wire_write_end(&writer, ']');
  wire_write_key(&writer, "partners");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->partner_count; i++) {
    wire_write_object(&writer);
    wire_write_member_text(&writer, "name", core->partners[i]->card.name);
    wire_write_member_integer(&writer, "holds", core->partners[i]->told);
    wire_write_end(&writer, '}');
  }
  wire_write_end(&writer, ']');
  write_cards(&writer, &core->cards);
  wire_write_end(&writer, '}');
  return BASE_OK;
}

/* What of the keys is due next, for the status. */
void core_show_keys_due(struct wire_writer *writer, const struct core *core) {
  base_time seal = core->card.seals[0].from + (base_time)CORE_SEAL_DAYS * CORE_DAY, sign = 0;
  const struct wire_keeper_key *log = wire_keeper_key_in_force(&core->info, WIRE_KEEPER_LOG);
  if (log != NULL)
    sign = log->from + (base_time)CORE_SIGN_DAYS * CORE_DAY;
  wire_write_key(writer, "keys");
  wire_write_object(writer);
  wire_write_member_integer(writer, "generation", core->card.generation);
  if (core->backup_key > 0)
    wire_write_member_bool(writer, "backup_opens", core_rewrap_oldest(core) <= core->backup_key);
  if (core->keys.unkept[0] != '\0')
    wire_write_member_string(writer, "unkept", core->keys.unkept);
  core_show_time(writer, "seal_due", seal);
  core_show_time(writer, "sign_due", sign);
  core_show_time(writer, "tls_due", core_tls_since(core) + (base_time)CORE_SIGN_DAYS * CORE_DAY);
  wire_write_end(writer, '}');
}

/* Keys that the card names and that are not there. */
void core_show_keys_unsound(struct wire_writer *writer, const struct core *core) {
  if (core->keys.missing[0] != '\0')
    wire_write_string(writer, core->keys.missing);
  for (size_t i = 0; i < core->card.pin_count; i++) {
    const struct base_hash *pin = &core->card.pins[i];
    char text[BASE_ERROR_TEXT_MAX];
    bool first = base_hash_equal(pin, &core->cards.list[0].card.pins[0]);
    if (!core_tls_missing(core, pin))
      continue;
    (void)snprintf(text, sizeof text,
                   "a TLS key on the node's card is missing in gate/, or damaged: tls%s%.*s.key with its .crt; bring a "
                   "copy back and start again, or make another (wasl key rotate --tls) and, when partners took that "
                   "card, retire this one (wasl key retire --tls)",
                   first ? "" : "-", first ? 0 : 16, base_hash_text(pin).text);
    wire_write_string(writer, text);
  }
}
