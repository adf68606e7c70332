/* SPDX-License-Identifier: Apache-2.0
 * Which token, and what its module needs: token.conf, and the URI (RFC 7512) in it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keeper/token.h"

/* --- pieces of text */

/* The piece before the first mark; text goes on behind it. */
static struct base_view cut(struct base_view *text, char mark) {
  const uint8_t *end = text->size > 0 ? memchr(text->data, mark, text->size) : NULL;
  size_t size = end != NULL ? (size_t)(end - text->data) : text->size;
  struct base_view piece = base_view_of(text->data, size);
  size_t used = end != NULL ? size + 1 : size;
  *text = base_view_of(text->data + used, text->size - used);
  return piece;
}

static struct base_view trim(struct base_view text) {
  while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
    text = base_view_of(text.data + 1, text.size - 1);
  while (text.size > 0 &&
         (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t' || text.data[text.size - 1] == '\r'))
    text.size--;
  return text;
}

static bool plain(struct base_view text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] < 0x20 || text.data[i] == 0x7f)
      return false;
  return text.size > 0;
}

/* The beginning of a name, for a sentence. */
#define SHOWN(view) (int)((view).size < 60 ? (view).size : 60), (const char *)(view).data

static enum base_code take(struct base_view value, const char *name, char *out, size_t room, struct base_error *err) {
  if (out[0] != '\0')
    return base_fail(err, BASE_FIELD, "%s stands twice", name);
  if (!plain(value) || value.size >= room)
    return base_fail(err, BASE_FIELD, "%s must have 1 to %zu bytes, without control characters", name, room - 1);
  memcpy(out, value.data, value.size);
  out[value.size] = '\0';
  return BASE_OK;
}

static enum base_code take_path(struct base_view value, const char *name, char out[KEEPER_TOKEN_TEXT_MAX + 1],
                                struct base_error *err) {
  enum base_code code = take(value, name, out, KEEPER_TOKEN_TEXT_MAX + 1, err);
  return code == BASE_OK && out[0] != '/'
             ? base_fail(err, BASE_FIELD, "%s %s: a path must begin with /, because the keeper has a folder of its own",
                         name, out)
             : code;
}

/* --- the URI */

/* %41 is A; everything else stands for itself. */
static bool decode(struct base_view text, struct base_buf *out) {
  for (size_t i = 0; i < text.size; i++) {
    uint8_t byte = text.data[i];
    if (byte == '%' && (i + 3 > text.size || !base_hex_parse(base_view_of(text.data + i + 1, 2), &byte, 1)))
      return false;
    i += text.data[i] == '%' ? 2 : 0;
    base_buf_u8(out, byte);
  }
  return true;
}

static enum base_code take_pin(struct base_view value, struct keeper_token_conf *out, struct base_error *err) {
  static const char scheme[] = "file:";
  size_t size = sizeof scheme - 1;
  if (value.size <= size || memcmp(value.data, scheme, size) != 0)
    return base_fail(err, BASE_FIELD,
                     "pin-source must be file:/PATH: the PIN stands in a file that only the keeper "
                     "may read");
  value = base_view_of(value.data + size, value.size - size);
  if (value.size > 2 && value.data[0] == '/' && value.data[1] == '/') /* file:///PATH, with no host */
    value = base_view_of(value.data + 2, value.size - 2);
  return take_path(value, "pin-source", out->pin, err);
}

static enum base_code attribute(struct base_view name, struct base_view value, bool query,
                                struct keeper_token_conf *out, struct base_error *err) {
  const struct {
    const char *name;
    char *place;
    size_t room;
  } texts[] = {{"token", out->label, sizeof out->label},
               {"manufacturer", out->manufacturer, sizeof out->manufacturer},
               {"model", out->model, sizeof out->model},
               {"serial", out->serial, sizeof out->serial}};
  for (size_t i = 0; !query && i < sizeof texts / sizeof texts[0]; i++)
    if (base_view_is(name, texts[i].name))
      return take(value, texts[i].name, texts[i].place, texts[i].room, err);
  if (query && base_view_is(name, "module-path"))
    return take_path(value, "module-path", out->module, err);
  if (query && base_view_is(name, "pin-source"))
    return take_pin(value, out, err);
  if (base_view_is(name, "pin-value"))
    return base_fail(err, BASE_FIELD,
                     "a PIN in the URI is seen by everybody on the machine, so take it as known: change "
                     "it, write it into a file for the keeper alone, and say pin-source=file:/PATH");
  if (!query && (base_view_is(name, "module-path") || base_view_is(name, "pin-source")))
    return base_fail(err, BASE_FIELD,
                     "%.*s stands behind a question mark: pkcs11:token=NAME?module-path=…&pin-source=…", SHOWN(name));
  return base_fail(err, BASE_FIELD,
                   "%.*s says nothing about which token it is: token, serial, manufacturer and model do, and "
                   "module-path and pin-source behind a question mark",
                   SHOWN(name));
}

static enum base_code attributes(struct base_view text, bool query, struct keeper_token_conf *out,
                                 struct base_error *err) {
  enum base_code code = BASE_OK;
  while (code == BASE_OK && text.size > 0) {
    struct base_view value = cut(&text, query ? '&' : ';');
    struct base_view name = cut(&value, '=');
    uint8_t bytes[KEEPER_TOKEN_FILE_MAX];
    BASE_AUTO_BUF struct base_buf decoded = {0};
    base_buf_init(&decoded, sizeof bytes);
    if (!decode(value, &decoded))
      return base_fail(err, BASE_FIELD, "%.*s: two hex digits must stand behind each percent sign", SHOWN(name));
    code = base_buf_check(&decoded, "the URI", err);
    if (code == BASE_OK)
      code = attribute(name, base_buf_view(&decoded), query, out, err);
  }
  return code;
}

static enum base_code read_uri(struct base_view uri, struct keeper_token_conf *out, struct base_error *err) {
  static const char scheme[] = "pkcs11:";
  size_t size = sizeof scheme - 1;
  if (out->module[0] != '\0')
    return base_fail(err, BASE_FIELD, "pkcs11 stands twice: one token holds a node's keys");
  if (uri.size < size || memcmp(uri.data, scheme, size) != 0)
    return base_fail(err, BASE_FIELD, "not a PKCS#11 URI: pkcs11:token=NAME?module-path=/PATH&pin-source=file:/PATH");
  struct base_view query = base_view_of(uri.data + size, uri.size - size);
  struct base_view path = cut(&query, '?');
  enum base_code code = attributes(path, false, out, err);
  if (code == BASE_OK)
    code = attributes(query, true, out, err);
  if (code != BASE_OK)
    return code;
  if (out->label[0] == '\0' && out->serial[0] == '\0')
    return base_fail(err, BASE_FIELD, "which token? pkcs11:token=NAME or pkcs11:serial=NUMBER");
  if (out->module[0] == '\0')
    return base_fail(err, BASE_FIELD, "the token's module is missing: ?module-path=/PATH/OF/MODULE.so");
  if (out->pin[0] == '\0')
    return base_fail(err, BASE_FIELD, "where its PIN stands is missing: &pin-source=file:/PATH");
  return BASE_OK;
}

/* --- the lines */

static enum base_code add_variable(struct base_view value, struct keeper_token_conf *out, struct base_error *err) {
  struct base_view rest = value, name = cut(&rest, '=');
  if (out->environment_count == KEEPER_TOKEN_ENVIRONMENT_MAX)
    return base_fail(err, BASE_FIELD, "more than %d variables", KEEPER_TOKEN_ENVIRONMENT_MAX);
  if (name.size == 0 || name.size == value.size)
    return base_fail(err, BASE_FIELD, "environment must be NAME=VALUE");
  /* What the dynamic loader and the C library take orders from is nothing that a module needs. */
  if (name.size >= 3 && memcmp(name.data, "LD_", 3) == 0)
    return base_fail(err, BASE_FIELD, "environment: %.*s is none of the module's", SHOWN(name));
  return take(value, "environment", out->environment[out->environment_count++], KEEPER_TOKEN_TEXT_MAX + 1, err);
}

static enum base_code add_path(struct base_view value, bool write, struct keeper_token_conf *out,
                               struct base_error *err) {
  if (out->path_count == KEEPER_TOKEN_PATHS_MAX)
    return base_fail(err, BASE_FIELD, "more than %d files and folders for the module", KEEPER_TOKEN_PATHS_MAX);
  out->paths[out->path_count].write = write;
  return take_path(value, write ? "write" : "read", out->paths[out->path_count++].path, err);
}

static enum base_code read_line(struct base_view line, struct keeper_token_conf *out, struct base_error *err) {
  struct base_view value = line, name = trim(cut(&value, '='));
  value = trim(value);
  if (base_view_is(name, "pkcs11"))
    return read_uri(value, out, err);
  if (base_view_is(name, "environment"))
    return add_variable(value, out, err);
  if (base_view_is(name, "read") || base_view_is(name, "write"))
    return add_path(value, base_view_is(name, "write"), out, err);
  return base_fail(err, BASE_FIELD, "%.*s is no setting: pkcs11, environment, read, write", SHOWN(name));
}

enum base_code keeper_token_conf_parse(struct base_view text, struct keeper_token_conf *out, struct base_error *err) {
  struct keeper_token_conf conf = {0};
  if (text.size > KEEPER_TOKEN_FILE_MAX)
    return base_fail(err, BASE_TOO_LARGE, "more than %d bytes", KEEPER_TOKEN_FILE_MAX);
  for (unsigned number = 1; text.size > 0; number++) {
    struct base_view line = trim(cut(&text, '\n'));
    if (line.size > 0 && line.data[0] != '#' && read_line(line, &conf, err) != BASE_OK)
      return base_fail_within(err, "line %u", number);
  }
  if (conf.module[0] == '\0')
    return base_fail(err, BASE_FIELD, "the line `pkcs11 = URI` is missing");
  *out = conf;
  return BASE_OK;
}

static void write_list(const char *name, const char *list, struct base_buf *out) {
  struct base_view rest = base_view_text(list);
  while (rest.size > 0) {
    struct base_view piece = cut(&rest, ',');
    base_buf_printf(out, "%s = %.*s\n", name, (int)piece.size, (const char *)piece.data);
  }
}

void keeper_token_conf_write(const char *uri, const char *environment, const char *read, const char *write,
                             struct base_buf *out) {
  base_buf_printf(out,
                  "# The token that holds this node's keys, read at each start; docs/keys.md says what may stand "
                  "here.\npkcs11 = %s\n",
                  uri);
  write_list("environment", environment, out);
  write_list("read", read, out);
  write_list("write", write, out);
}

enum base_code keeper_token_conf_read(int dir, struct keeper_token_conf *out, bool *out_there, struct base_error *err) {
  BASE_AUTO_FD int fd = -1;
  uint8_t bytes[KEEPER_TOKEN_FILE_MAX + 1];
  /* It names code that the keeper loads: only its owner may write it. */
  enum base_code code = keeper_open_private(dir, KEEPER_TOKEN_FILE, O_RDONLY, &fd, err);
  *out_there = code != BASE_NOT_FOUND;
  if (code != BASE_OK)
    return *out_there ? code : BASE_OK;
  ssize_t size = pread(fd, bytes, sizeof bytes, 0);
  if (size < 0)
    return base_fail_errno(err, KEEPER_TOKEN_FILE ": cannot be read");
  return keeper_token_conf_parse(base_view_of(bytes, (size_t)size), out, err) == BASE_OK
             ? BASE_OK
             : base_fail_within(err, KEEPER_TOKEN_FILE);
}
