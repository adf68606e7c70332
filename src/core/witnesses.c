/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cards.h"
#include "core/epoch.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/register.h"
#include "core/show.h"
#include "core/witness.h"

/* Who witnesses our register, how many of them evidence needs, and whose registers this node witnesses: one document,
 * small and whole. Each change of it is a person's, and a `witness` leaf that commits to all of it; so what is stored
 * can be held against the register. */

static const char list_fact[] = "witnesses";

/* --- the document */

static void write_list(const struct core_witnesses *own, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "quorum", own->quorum);
  wire_write_key(&writer, "witnesses");
  wire_write_array(&writer);
  for (size_t i = 0; i < own->count; i++) {
    const struct core_witness *witness = &own->list[i];
    wire_write_object(&writer);
    wire_write_member_string(&writer, "name", witness->name);
    if (!witness->partner) {
      wire_write_member_string(&writer, "key", witness->key);
      wire_write_member_string(&writer, "url", witness->url);
    }
    if (witness->pinned)
      wire_write_member_hash(&writer, "pin", &witness->pin);
    wire_write_end(&writer, '}');
  }
  wire_write_end(&writer, ']');
  wire_write_key(&writer, "witnessed");
  wire_write_array(&writer);
  for (size_t i = 0; i < own->witnessed_count; i++)
    wire_write_string(&writer, own->witnessed[i]);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
}

static void copy_text(char *out, size_t room, struct base_view text) {
  (void)snprintf(out, room, "%.*s", (int)text.size, (const char *)text.data);
}

/* It was written by write_list, as its leaf proves. */
static void read_list(const struct wire_json *document, struct core_witnesses *own) {
  const struct wire_json *list = wire_json_get(document, "witnesses"),
                         *witnessed = wire_json_get(document, "witnessed");
  own->quorum = (unsigned)wire_json_integer(wire_json_get(document, "quorum"));
  for (size_t i = 0; i < wire_json_size(list) && i < CORE_WITNESSES_MAX; i++) {
    const struct wire_json *row = wire_json_at(list, i);
    struct core_witness *witness = &own->list[own->count++];
    *witness = (struct core_witness){.partner = wire_json_get(row, "key") == NULL};
    copy_text(witness->name, sizeof witness->name, core_request_text(row, "name"));
    copy_text(witness->key, sizeof witness->key, core_request_text(row, "key"));
    copy_text(witness->url, sizeof witness->url, core_request_text(row, "url"));
    witness->pinned = base_hash_parse(core_request_text(row, "pin"), &witness->pin);
  }
  for (size_t i = 0; i < wire_json_size(witnessed) && i < CORE_WITNESSED_MAX; i++)
    copy_text(own->witnessed[own->witnessed_count++], sizeof own->witnessed[0],
              wire_json_text(wire_json_at(witnessed, i)));
}

static enum base_code load_list(struct core *core, struct core_witnesses *own, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, CORE_WITNESSES_DOCUMENT_MAX + 8);
  enum base_code code = store_fact_get(core->store, list_fact, &fact, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  uint64_t leaf = base_read_u64(&reader);
  struct base_view document = reader.rest;
  if (reader.failed)
    return base_fail(err, BASE_CORRUPT, "it is cut short");
  code = core_register_commits(core, leaf, WIRE_ACT_WITNESS, document, err);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (code == BASE_OK)
    code = wire_json_parse(document, CORE_WITNESSES_DOCUMENT_MAX, list_fact, &json, err);
  if (code != BASE_OK)
    return code;
  own->leaf = leaf;
  read_list(json, own);
  return BASE_OK;
}

static void witnessed_free(struct core_witnessed *head) {
  base_buf_free(&head->head);
  base_buf_free(&head->lines);
  head->size = 0;
}

void core_witnesses_free(struct core *core) {
  if (core->witnesses == NULL)
    return;
  witnessed_free(&core->witnesses->round);
  witnessed_free(&core->witnesses->done);
  free(core->witnesses);
  core->witnesses = NULL;
}

enum base_code core_witnesses_load(struct core *core, struct base_error *err) {
  struct core_witnesses *own = calloc(1, sizeof *own), *before = core->witnesses;
  if (own == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the witnesses");
  if (before != NULL) {
    own->take_count = before->take_count;
    memcpy(own->takes, before->takes, sizeof own->takes);
    core_witnesses_free(core);
  }
  core->witnesses = own;
  enum base_code code = load_list(core, own, err);
  if (core_damage(code)) {
    base_log(BASE_LOG_ERROR, "witnesses.damaged", "the list of witnesses is not what the register commits to: %s",
             err->text);
    own->damaged = true;
    code = BASE_OK;
  }
  return code == BASE_OK ? core_witnessed_load(core, err) : code;
}

/* --- who they are */

bool core_witness_key(struct core *core, const struct core_witness *witness, struct wire_vkey *out) {
  if (!witness->partner)
    return wire_vkey_parse(base_view_text(witness->key), out, NULL) == BASE_OK;
  const struct core_partner *partner = core_partner_named(core, base_view_text(witness->name));
  if (partner == NULL)
    return false;
  *out = core_cards_newest(&partner->cards)->witness;
  return true;
}

static struct core_witness *named(struct core *core, struct base_view name) {
  for (size_t i = 0; i < core->witnesses->count; i++)
    if (base_view_is(name, core->witnesses->list[i].name))
      return &core->witnesses->list[i];
  return NULL;
}

bool core_witness_of(const struct core *core, const struct core_partner *partner) {
  for (size_t i = 0; i < core->witnesses->witnessed_count; i++)
    if (base_view_is(partner->card.origin, core->witnesses->witnessed[i]))
      return true;
  return false;
}

/* --- changes */

/* The list as it is now, with the leaf that says who changed what. */
static enum base_code save(struct core *core, struct base_view subject, const char *reason, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0}, fact = {0};
  base_buf_init(&document, CORE_WITNESSES_DOCUMENT_MAX);
  base_buf_init(&fact, CORE_WITNESSES_DOCUMENT_MAX + 8);
  write_list(core->witnesses, &document);
  enum base_code code = base_buf_check(&document, "the list of witnesses", err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  struct wire_opening opening = {.actor = core_actor(core),
                                 .subject = subject,
                                 .reason = base_view_text(reason),
                                 .evidence = seal_sha256(base_buf_view(&document))};
  struct core_leaf leaf;
  code = core_register_add(core, WIRE_ACT_WITNESS, &opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  base_buf_u64(&fact, leaf.index);
  base_buf_add_buf(&fact, &document);
  code = base_buf_check(&fact, "the list of witnesses", err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, list_fact, base_buf_view(&fact), err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core->witnesses->leaf = leaf.index;
  return BASE_OK;
}

/* http is for this very machine alone: a witness, or a tunnel to one, that runs here. */
static bool loopback(struct base_view rest) {
  static const char *const hosts[] = {"127.0.0.1", "[::1]", "localhost"};
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
    size_t size = strlen(hosts[i]);
    if (rest.size >= size && memcmp(rest.data, hosts[i], size) == 0 &&
        (rest.size == size || rest.data[size] == ':' || rest.data[size] == '/'))
      return true;
  }
  return false;
}

static bool begins(struct base_view text, const char *with) {
  return text.size > strlen(with) && memcmp(text.data, with, strlen(with)) == 0;
}

static enum base_code check_url(struct base_view url, struct base_error *err) {
  static const char https[] = "https://", http[] = "http://";
  if (url.size > CORE_WITNESS_URL_MAX)
    return base_fail(err, BASE_FIELD, "url: at most %d bytes", CORE_WITNESS_URL_MAX);
  for (size_t i = 0; i < url.size; i++)
    if (url.data[i] <= 0x20 || url.data[i] >= 0x7f || strchr("?#\"\\<>@", url.data[i]) != NULL)
      return base_fail(err, BASE_FIELD, "url: byte %zu does not belong into a submission prefix", i + 1);
  if (url.size > 0 && url.data[url.size - 1] == '/')
    return base_fail(err, BASE_FIELD, "url: the submission prefix, without the slash at its end");
  if (begins(url, https))
    return BASE_OK;
  if (begins(url, http) && loopback(base_view_of(url.data + strlen(http), url.size - strlen(http))))
    return BASE_OK;
  return base_fail(err, BASE_FIELD,
                   begins(url, http) ? "url: plain http is for a witness on this very machine (127.0.0.1, [::1], "
                                       "localhost); any other one is reached by https"
                                     : "url: https://HOST/…, the witness's submission prefix");
}

/* A witness that is no partner: its verifier key and where it is reached. */
static enum base_code read_public(const struct wire_json *request, struct core_witness *witness,
                                  struct base_error *err) {
  struct wire_vkey vkey;
  struct base_view key = core_request_text(request, "key"), url = core_request_text(request, "url"),
                   pin = core_request_text(request, "pin");
  enum base_code code = wire_vkey_parse(key, &vkey, err);
  if (code != BASE_OK)
    return base_fail_within(err, "key");
  if (vkey.type != WIRE_VKEY_WITNESS || !seal_vkey_valid(&vkey))
    return base_fail(err, BASE_FIELD,
                     vkey.type != WIRE_VKEY_WITNESS
                         ? "key: it is the key of a register, not of a witness"
                         : "key: a character was changed: its id does not fit it, or it is no key");
  code = check_url(url, err);
  if (code != BASE_OK)
    return code;
  if (pin.size > 0 && !base_hash_parse(pin, &witness->pin))
    return base_fail(err, BASE_FIELD,
                     "pin: 64 lowercase hex digits, the SHA-256 of the TLS key's SubjectPublicKeyInfo");
  witness->pinned = pin.size > 0;
  copy_text(witness->key, sizeof witness->key, key);
  copy_text(witness->url, sizeof witness->url, url);
  return BASE_OK;
}

static enum base_code add(struct core *core, const struct wire_json *request, struct base_error *err) {
  struct core_witnesses *own = core->witnesses;
  struct base_view name = core_request_text(request, "name");
  struct core_witness witness = {.partner = core_request_text(request, "key").size == 0};
  struct wire_vkey vkey, other;
  if (!base_name_valid(name))
    return base_fail(err, BASE_FIELD, "name: lowercase letters, digits and hyphens, at most %d", BASE_NAME_MAX);
  if (named(core, name) != NULL)
    return base_fail(err, BASE_EXISTS, "%.*s is a witness already", (int)name.size, (const char *)name.data);
  if (own->count == CORE_WITNESSES_MAX)
    return base_fail(err, BASE_POLICY, "a node has at most %d witnesses", CORE_WITNESSES_MAX);
  copy_text(witness.name, sizeof witness.name, name);
  enum base_code code = witness.partner ? BASE_OK : read_public(request, &witness, err);
  if (code != BASE_OK)
    return code;
  if (!core_witness_key(core, &witness, &vkey))
    return base_fail(err, BASE_UNKNOWN_NODE,
                     "there is no partner named %.*s; a witness that is no partner needs its key and url",
                     (int)name.size, (const char *)name.data);
  for (size_t i = 0; i < own->count; i++)
    if (core_witness_key(core, &own->list[i], &other) && wire_key_equal(&other.key, &vkey.key))
      return base_fail(err, BASE_EXISTS, "that key is %s's already: one witness counts once", own->list[i].name);
  if (wire_key_equal(&vkey.key, &core_cards_newest(&core->cards)->witness.key))
    return base_fail(err, BASE_POLICY, "that is this node's own key: nobody is his own witness");
  own->list[own->count++] = witness;
  char reason[WIRE_VKEY_MAX + CORE_WITNESS_URL_MAX + 16];
  (void)snprintf(reason, sizeof reason, "added: %s %s", witness.partner ? "partner" : witness.key, witness.url);
  return save(core, name, reason, err);
}

static enum base_code drop(struct core *core, const struct wire_json *request, struct base_error *err) {
  struct core_witnesses *own = core->witnesses;
  struct base_view name = core_request_text(request, "name");
  struct core_witness *witness = named(core, name);
  if (witness == NULL)
    return base_fail(err, BASE_NOT_FOUND, "there is no witness named %.*s; wasl witness list shows them",
                     (int)name.size, (const char *)name.data);
  if (own->quorum == own->count)
    return base_fail(err, BASE_POLICY,
                     "evidence needs %u cosignatures, and there are no more witnesses than that: say a smaller number "
                     "first (wasl witness policy)",
                     own->quorum);
  size_t at = (size_t)(witness - own->list);
  memmove(witness, witness + 1, (own->count - at - 1) * sizeof *witness);
  own->count--;
  return save(core, name, "removed", err);
}

static enum base_code set_quorum(struct core *core, const struct wire_json *request, struct base_error *err) {
  struct core_witnesses *own = core->witnesses;
  const struct wire_json *quorum = wire_json_get(request, "quorum");
  int64_t wanted = wire_json_integer(quorum);
  if (wanted > 0 && own->count == 0)
    return base_fail(err, BASE_POLICY,
                     "quorum: this node has no witnesses, and without them evidence needs no cosignature: name some first "
                     "(wasl witness add), then say how many of them it needs");
  if (wire_json_type(quorum) != WIRE_JSON_INTEGER || wanted < 0 || (uint64_t)wanted > own->count)
    return base_fail(err, BASE_FIELD, "quorum: a number from 0 to %zu, the number of witnesses", own->count);
  own->quorum = (unsigned)wanted;
  char reason[64];
  (void)snprintf(reason, sizeof reason, "quorum: %u", own->quorum);
  return save(core, BASE_VIEW("policy"), reason, err);
}

/* This node witnesses a partner's register, or does so no more. */
static enum base_code set_partner(struct core *core, const struct wire_json *request, bool on, struct base_error *err) {
  struct core_witnesses *own = core->witnesses;
  struct base_view name = core_request_text(request, "name");
  const struct core_partner *partner = core_partner_named(core, name);
  if (partner == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "there is no partner named %.*s; wasl partner list shows them",
                     (int)name.size, (const char *)name.data);
  if (core_witness_of(core, partner) == on)
    return BASE_OK;
  if (on && own->witnessed_count == CORE_WITNESSED_MAX)
    return base_fail(err, BASE_POLICY, "a node is a witness of at most %d partners", CORE_WITNESSED_MAX);
  struct base_view origin = partner->card.origin;
  if (on) {
    copy_text(own->witnessed[own->witnessed_count++], sizeof own->witnessed[0], origin);
  } else {
    size_t at = 0;
    while (!base_view_is(origin, own->witnessed[at]))
      at++;
    own->witnessed_count--;
    memmove(own->witnessed[at], own->witnessed[at + 1], (own->witnessed_count - at) * sizeof own->witnessed[0]);
  }
  return save(core, origin, on ? "witnessed here" : "not witnessed here any more", err);
}

/* A member that would be passed over is refused: whoever gave it meant something by it. */
static enum base_code check_members(const struct wire_json *request, struct base_error *err) {
  static const char *const members[] = {"name", "key", "url", "pin", "quorum"};
  static const struct {
    const char *what, *takes;
  } rows[] = {
      {"add", "name key url pin"}, {"remove", "name"}, {"quorum", "quorum"}, {"witness", "name"}, {"leave", "name"}};
  struct base_view what = core_request_text(request, "do");
  const char *takes = NULL;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (base_view_is(what, rows[i].what))
      takes = rows[i].takes;
  if (takes == NULL)
    return base_fail(err, BASE_FIELD, "do: add, remove, quorum, witness or leave");
  if (base_view_is(what, "add") && core_request_text(request, "key").size == 0)
    takes = "name"; /* a partner, whose card says the rest */
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
    if (wire_json_get(request, members[i]) != NULL && strstr(takes, members[i]) == NULL)
      return base_fail(err, BASE_FIELD, "%s: does not go with \"%.*s\"%s; allowed are: %s", members[i], (int)what.size,
                       (const char *)what.data, base_view_is(what, "add") ? " without a key" : "", takes);
  return BASE_OK;
}

void core_witness_change(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_view what = core_request_text(request, "do");
  enum base_code code;
  if (core->witnesses->damaged)
    code = base_fail(&err, BASE_CORRUPT,
                     "the list of witnesses is not what the register commits to; wasl register check says more");
  else if (check_members(request, &err) != BASE_OK)
    code = err.code;
  else if (base_view_is(what, "add"))
    code = add(core, request, &err);
  else if (base_view_is(what, "remove"))
    code = drop(core, request, &err);
  else if (base_view_is(what, "quorum"))
    code = set_quorum(core, request, &err);
  else
    code = set_partner(core, request, base_view_is(what, "witness"), &err);
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  if (code == BASE_OK)
    code = core_show_witnesses(core, request, &out, &err);
  if (code == BASE_OK)
    core_show_answer(core, token, &out);
  else
    core_reply_error(core, token, code, &err);
}

/* --- shown */

static void write_witness(struct core *core, const struct core_witness *witness, struct wire_writer *writer) {
  struct wire_vkey vkey;
  BASE_AUTO_BUF struct base_buf key = {0};
  base_buf_init(&key, WIRE_VKEY_MAX);
  if (core_witness_key(core, witness, &vkey))
    wire_vkey_write(&vkey, &key);
  wire_write_object(writer);
  wire_write_member_string(writer, "name", witness->name);
  wire_write_member_bool(writer, "partner", witness->partner);
  wire_write_member_buf(writer, "key", &key);
  wire_write_member_string(writer, "url", witness->url);
  wire_write_member_integer(writer, "size", (int64_t)witness->known);
  uint64_t behind = witness->known < core->reg.attested ? core->reg.attested - witness->known : 0;
  wire_write_member_integer(writer, "behind", (int64_t)behind);
  core_show_time(writer, "last", witness->last);
  wire_write_member_bool(writer, "contradicts", witness->contradicts);
  core_show_text(writer, "trouble", base_view_text(witness->trouble));
  wire_write_end(writer, '}');
}

void core_witnesses_status(struct core *core, struct wire_writer *writer) {
  wire_write_member_integer(writer, "quorum", core->witnesses->quorum);
  wire_write_key(writer, "witnesses");
  wire_write_array(writer);
  for (size_t i = 0; i < core->witnesses->count; i++)
    write_witness(core, &core->witnesses->list[i], writer);
  wire_write_end(writer, ']');
}

void core_witnesses_unsound(const struct core *core, struct wire_writer *writer) {
  if (core->witnesses->damaged)
    wire_write_string(writer, "the list of witnesses is not what the register commits to: wasl register check");
  for (size_t i = 0; i < core->witnesses->count; i++)
    if (core->witnesses->list[i].contradicts)
      wire_write_string(writer, core->witnesses->list[i].trouble);
}

enum base_code core_show_witnesses(struct core *core, const struct wire_json *request, struct base_buf *out,
                                   struct base_error *err) {
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf log = {0};
  (void)request;
  base_buf_init(&log, WIRE_VKEY_MAX);
  core_epoch_key(core, &log);
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_buf(&writer, "log", &log);
  wire_write_member_text(&writer, "key", core->card.witness);
  core_witnesses_status(core, &writer);
  wire_write_key(&writer, "witnessed");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->partner_count; i++)
    if (core_witness_of(core, core->partners[i]))
      wire_write_text(&writer, core->partners[i]->card.name);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  return base_buf_check(out, "the witnesses", err);
}
