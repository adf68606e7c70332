/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/stix.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/message.h"

enum { UUID_SIZE = 36 };

static void warn(struct wire_stix_report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct wire_stix_report *report, const char *format, ...) {
  report->warnings_in_all++;
  if (report->warning_count == WIRE_STIX_WARNINGS_MAX)
    return;
  char *text = report->warnings[report->warning_count++];
  va_list args;
  va_start(args, format);
  if (vsnprintf(text, sizeof report->warnings[0], format, args) < 0)
    text[0] = 0;
  va_end(args);
}

/* RFC 4122 section 3, any version, hex digits of either case. */
static bool uuid_valid(const uint8_t text[UUID_SIZE]) {
  for (size_t i = 0; i < UUID_SIZE; i++) {
    uint8_t byte = text[i];
    bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    bool hex = (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
    if (hyphen ? byte != '-' : !hex)
      return false;
  }
  return true;
}

/* type--UUID */
static bool id_valid(struct base_view id, struct base_view type) {
  return id.size == type.size + 2 + UUID_SIZE && memcmp(id.data, type.data, type.size) == 0 &&
         memcmp(id.data + type.size, "--", 2) == 0 && uuid_valid(id.data + type.size + 2);
}

static bool type_valid(struct base_view type) {
  for (size_t i = 0; i < type.size; i++) {
    uint8_t byte = type.data[i];
    if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && byte != '-')
      return false;
  }
  return type.size > 0 && type.size <= WIRE_STIX_TYPE_MAX;
}

bool wire_stix_id_valid(struct base_view id, struct base_view type) {
  return type_valid(type) && id_valid(id, type);
}

/* Cyber-observable objects (STIX 2.1 section 6) have no created and modified. Of what others invented (x-…) nobody
 * outside can say. */
static bool has_history(struct base_view type) {
  static const char *const observables[] = {"artifact",
                                            "autonomous-system",
                                            "directory",
                                            "domain-name",
                                            "email-addr",
                                            "email-message",
                                            "file",
                                            "ipv4-addr",
                                            "ipv6-addr",
                                            "mac-addr",
                                            "mutex",
                                            "network-traffic",
                                            "process",
                                            "software",
                                            "url",
                                            "user-account",
                                            "windows-registry-key",
                                            "x509-certificate"};
  if (type.size >= 2 && memcmp(type.data, "x-", 2) == 0)
    return false;
  for (size_t i = 0; i < sizeof observables / sizeof observables[0]; i++)
    if (base_view_is(type, observables[i]))
      return false;
  return true;
}

/* Adds one to the count of its type; the list stays sorted. */
static void count_type(struct wire_stix_report *report, struct base_view type, size_t index) {
  char name[sizeof report->types[0].name] = {0};
  if (type.size >= sizeof name) {
    warn(report, "$.objects[%zu]: type of more than %zu bytes, not listed by type", index, sizeof name - 1);
    return;
  }
  memcpy(name, type.data, type.size);
  size_t low = 0, high = report->type_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(report->types[middle].name, name);
    if (order == 0) {
      report->types[middle].count++;
      return;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (report->type_count == WIRE_STIX_TYPES_MAX) {
    warn(report, "$.objects[%zu]: more than %d types, not listed by type", index, WIRE_STIX_TYPES_MAX);
    return;
  }
  memmove(&report->types[low + 1], &report->types[low], (report->type_count - low) * sizeof report->types[0]);
  memcpy(report->types[low].name, name, sizeof name);
  report->types[low].count = 1;
  report->type_count++;
}

/* What refuses a bundle: an object whose type or id nobody could refer to. */
static enum base_code check_object(const struct wire_json *object, size_t index, struct base_error *err) {
  if (wire_json_type(object) != WIRE_JSON_OBJECT)
    return base_fail(err, BASE_FIELD, "STIX: $.objects[%zu]: must be an object", index);
  struct base_view type = wire_json_text(wire_json_get(object, "type"));
  if (!type_valid(type))
    return base_fail(err, BASE_FIELD, "STIX: $.objects[%zu].type: must be a text of [a-z0-9-], 1 to %d bytes", index,
                     WIRE_STIX_TYPE_MAX);
  if (!id_valid(wire_json_text(wire_json_get(object, "id")), type))
    return base_fail(err, BASE_FIELD, "STIX: $.objects[%zu].id: must be %.*s--UUID", index, (int)type.size,
                     (const char *)type.data);
  return BASE_OK;
}

struct named {
  struct base_view id;
  size_t index;
};

static int compare_named(const void *left, const void *right) {
  const struct named *a = left, *b = right;
  int order = memcmp(a->id.data, b->id.data, a->id.size < b->id.size ? a->id.size : b->id.size);
  if (order == 0)
    order = (a->id.size > b->id.size) - (a->id.size < b->id.size);
  return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* For each object, one more than the index of the first object with its id; 0 for that first one. NULL without memory.
 */
static size_t *find_repeated(const struct wire_json *objects, size_t count) {
  struct named *named = calloc(count, sizeof *named);
  size_t *first = calloc(count, sizeof *first);
  if (!named || !first) {
    free(named);
    free(first);
    return NULL;
  }
  for (size_t i = 0; i < count; i++)
    named[i] = (struct named){wire_json_text(wire_json_get(wire_json_at(objects, i), "id")), i};
  qsort(named, count, sizeof *named, compare_named);
  for (size_t i = 1, start = 0; i < count; i++) {
    if (base_view_equal(named[i].id, named[start].id))
      first[named[i].index] = named[start].index + 1;
    else
      start = i;
  }
  free(named);
  return first;
}

/* What is odd but common in real bundles. */
static void look_at(struct wire_stix_report *report, const struct wire_json *object, size_t index) {
  struct base_view type = wire_json_text(wire_json_get(object, "type"));
  count_type(report, type, index);
  if (!base_view_is(wire_json_text(wire_json_get(object, "spec_version")), "2.1"))
    warn(report, "$.objects[%zu]: spec_version is not \"2.1\"", index);
  if (!has_history(type))
    return;
  if (!wire_json_get(object, "created"))
    warn(report, "$.objects[%zu]: created is missing", index);
  if (!wire_json_get(object, "modified") && !base_view_is(type, "marking-definition"))
    warn(report, "$.objects[%zu]: modified is missing", index);
}

static enum base_code check_bundle(const struct wire_json *bundle, struct wire_stix_report *report,
                                   struct base_error *err) {
  if (!id_valid(wire_json_text(wire_json_get(bundle, "id")), BASE_VIEW("bundle")))
    return base_fail(err, BASE_FIELD, "STIX: $.id: must be bundle--UUID");
  const struct wire_json *objects = wire_json_get(bundle, "objects");
  size_t count = wire_json_size(objects);
  if (wire_json_type(objects) != WIRE_JSON_ARRAY || count == 0)
    return base_fail(err, BASE_FIELD, "STIX: $.objects: must be an array of at least one object");
  for (size_t i = 0; i < count; i++) {
    enum base_code code = check_object(wire_json_at(objects, i), i, err);
    if (code)
      return code;
  }
  BASE_AUTO_FREE size_t *first = find_repeated(objects, count);
  if (!first)
    return base_fail(err, BASE_MEMORY, "STIX: out of memory for %zu objects", count);
  report->object_count = count;
  for (size_t i = 0; i < count; i++) {
    if (first[i])
      warn(report, "$.objects[%zu]: repeats the id of $.objects[%zu]", i, first[i] - 1);
    look_at(report, wire_json_at(objects, i), i);
  }
  report->is_stix = true;
  return BASE_OK;
}

static bool is_space(uint8_t byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* "{" and then a quote: spares every other file the parser. */
static bool may_be_object(struct base_view bytes) {
  size_t at = 0;
  while (at < bytes.size && is_space(bytes.data[at]))
    at++;
  if (at == bytes.size || bytes.data[at++] != '{')
    return false;
  while (at < bytes.size && is_space(bytes.data[at]))
    at++;
  return at < bytes.size && bytes.data[at] == '"';
}

enum wire_stix_said wire_stix_said(struct base_view media_type) {
  static const char suffix[] = "+json";
  size_t size = sizeof suffix - 1;
  if (wire_media_type_is(media_type, "application/stix+json"))
    return WIRE_STIX_SAID_STIX;
  bool json = media_type.size > size &&
              wire_media_type_is(base_view_of(media_type.data + media_type.size - size, size), suffix);
  return json || wire_media_type_is(media_type, "application/json") ? WIRE_STIX_SAID_JSON : WIRE_STIX_UNSAID;
}

/* A byte order mark is no JSON, but what stands behind it is looked at all the same. */
static struct base_view pass_mark(struct base_view bytes) {
  static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
  bool marked = bytes.size >= sizeof mark && memcmp(bytes.data, mark, sizeof mark) == 0;
  return marked ? base_view_of(bytes.data + sizeof mark, bytes.size - sizeof mark) : bytes;
}

/* *values: how many there are in what is JSON, else 0. */
static enum base_code check_wellformed(struct base_view bytes, size_t mark, enum wire_stix_said said, size_t *values,
                                       struct wire_stix_report *out, struct base_error *err) {
  struct wire_json_fault fault;
  bool is_json = wire_json_wellformed(bytes, &fault);
  *values = is_json ? fault.values : 0;
  if (is_json)
    return BASE_OK;
  if (said != WIRE_STIX_UNSAID)
    return base_fail(err, BASE_SYNTAX,
                     "STIX: its type says JSON, but it is none: octet %zu (line %zu, column %zu, %s): %s",
                     fault.at + mark, fault.line, fault.column, fault.path, fault.what);
  warn(out, "begins like JSON but is none, so taken as opaque: octet %zu, %s: %s", fault.at + mark, fault.path,
       fault.what);
  return BASE_OK;
}

/* A document that is JSON; not looked into when it passes our own limits. */
static enum base_code look_into(struct base_view bytes, size_t values, enum wire_stix_said said,
                                struct wire_stix_report *out, struct wire_json **bundle, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  struct base_error fault;
  bool may_be = may_be_object(bytes);
  if (may_be && values > WIRE_STIX_VALUES_MAX) {
    warn(out, "not looked into: %zu values, and STIX is checked up to %d", values, WIRE_STIX_VALUES_MAX);
    return BASE_OK;
  }
  enum base_code code = may_be ? wire_json_parse(bytes, WIRE_STIX_MAX, "STIX", &document, &fault) : BASE_OK;
  if (code == BASE_MEMORY)
    return base_fail(err, code, "%s", fault.text);
  if (code) {
    warn(out, "not looked into: %.120s", fault.text);
    return BASE_OK;
  }
  if (document && base_view_is(wire_json_text(wire_json_get(document, "type")), "bundle")) {
    code = check_bundle(document, out, err);
    *bundle = code == BASE_OK ? document : NULL;
    document = code == BASE_OK ? NULL : document;
    return code;
  }
  if (said == WIRE_STIX_SAID_STIX)
    warn(out, "its type says STIX, but it is no bundle");
  return BASE_OK;
}

enum base_code wire_stix_open(struct base_view bytes, enum wire_stix_said said, struct wire_stix_report *out,
                              struct wire_json **bundle, struct base_error *err) {
  size_t values;
  *bundle = NULL;
  memset(out, 0, sizeof *out);
  if (bytes.size > WIRE_STIX_MAX) {
    warn(out, "%zu bytes, not looked at: STIX is checked up to %d", bytes.size, WIRE_STIX_MAX);
    return BASE_OK;
  }
  struct base_view text = pass_mark(bytes);
  if (said == WIRE_STIX_UNSAID && !may_be_object(text))
    return BASE_OK;
  if (text.size < bytes.size)
    warn(out,
         "begins with a UTF-8 byte order mark, which JSON has not (RFC 8259, 8.1): many programs will not read it");
  enum base_code code = check_wellformed(text, bytes.size - text.size, said, &values, out, err);
  if (code == BASE_OK && values > 0)
    code = look_into(text, values, said, out, bundle, err);
  if (code)
    memset(out, 0, sizeof *out);
  return code;
}

enum base_code wire_stix_check(struct base_view bytes, enum wire_stix_said said, struct wire_stix_report *out,
                               struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *bundle = NULL;
  return wire_stix_open(bytes, said, out, &bundle, err);
}

void wire_stix_write(const struct wire_stix_report *report, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_bool(&writer, "stix", report->is_stix);
  wire_write_member_integer(&writer, "objects", (int64_t)report->object_count);
  wire_write_key(&writer, "types");
  wire_write_object(&writer);
  for (size_t i = 0; i < report->type_count; i++)
    wire_write_member_integer(&writer, report->types[i].name, (int64_t)report->types[i].count);
  wire_write_end(&writer, '}');
  wire_write_key(&writer, "warnings");
  wire_write_array(&writer);
  for (size_t i = 0; i < report->warning_count; i++)
    wire_write_string(&writer, report->warnings[i]);
  wire_write_end(&writer, ']');
  wire_write_member_integer(&writer, "warnings_in_all", (int64_t)report->warnings_in_all);
  wire_write_end(&writer, '}');
}
