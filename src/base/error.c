/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
  enum base_class class;
  int http, exit;
  const char *name, *text;
} codes[BASE_CODES] = {
#define BASE_ERROR(code, class, http, exit, name, text) {BASE_##class, http, exit, name, text},
#include "base/error.def"
#undef BASE_ERROR
};

/* A code from outside the table (a bug, or a wire value not checked) is answered as an internal fault. */
static enum base_code known(enum base_code code) {
  return (unsigned)code < BASE_CODES ? code : BASE_INTERNAL;
}

/* The text was cut inside a UTF-8 character: drop the piece, so that the sentence stays valid text. */
static void drop_partial_character(char *text, size_t size) {
  size_t back = 0;
  while (back < 3 && back < size && ((unsigned char)text[size - 1 - back] & 0xC0) == 0x80)
    back++;
  if (back == size)
    return;
  unsigned char lead = (unsigned char)text[size - 1 - back];
  size_t needs = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (back < needs)
    text[size - 1 - back] = '\0';
}

__attribute__((format(printf, 2, 0))) static void write_text(char *text, const char *format, va_list arguments) {
  int length = vsnprintf(text, BASE_ERROR_TEXT_MAX, format, arguments);
  if (length < 0)
    text[0] = '\0';
  else if (length >= BASE_ERROR_TEXT_MAX)
    drop_partial_character(text, strlen(text));
}

static void append_text(char *text, const char *more) {
  size_t used = strlen(text);
  int length = snprintf(text + used, BASE_ERROR_TEXT_MAX - used, "%s", more);
  if (length < 0)
    text[used] = '\0';
  else if ((size_t)length >= BASE_ERROR_TEXT_MAX - used)
    drop_partial_character(text, strlen(text));
}

enum base_code base_fail(struct base_error *err, enum base_code code, const char *format, ...) {
  if (err == NULL)
    return code;
  /* An argument may point into err->text itself, so the sentence is written beside it first. */
  char text[BASE_ERROR_TEXT_MAX];
  va_list arguments;
  va_start(arguments, format);
  write_text(text, format, arguments);
  va_end(arguments);
  err->code = code;
  memcpy(err->text, text, sizeof text);
  return code;
}

static enum base_code code_of_errno(int number) {
  switch (number) {
  case ENOSPC:
  case EDQUOT:
    return BASE_DISK_FULL;
  case EACCES:
  case EPERM:
  case EROFS:
    return BASE_PERMISSION;
  case ENOENT:
    return BASE_NOT_FOUND;
  case ENOMEM:
    return BASE_MEMORY;
  case EADDRINUSE:
    return BASE_PORT;
  default:
    return BASE_IO;
  }
}

enum base_code base_fail_errno(struct base_error *err, const char *format, ...) {
  int number = errno;
  enum base_code code = code_of_errno(number);
  if (err == NULL)
    return code;
  char text[BASE_ERROR_TEXT_MAX];
  va_list arguments;
  va_start(arguments, format);
  write_text(text, format, arguments);
  va_end(arguments);
  char reason[128];
  append_text(text, ": ");
  append_text(text, strerror_r(number, reason, sizeof reason));
  err->code = code;
  memcpy(err->text, text, sizeof text);
  errno = number;
  return code;
}

enum base_code base_fail_within(struct base_error *err, const char *format, ...) {
  if (err == NULL)
    return BASE_INTERNAL;
  char text[BASE_ERROR_TEXT_MAX];
  va_list arguments;
  va_start(arguments, format);
  write_text(text, format, arguments);
  va_end(arguments);
  append_text(text, ": ");
  append_text(text, err->text);
  memcpy(err->text, text, sizeof text);
  return err->code;
}

enum base_class base_code_class(enum base_code code) {
  return codes[known(code)].class;
}

int base_code_http(enum base_code code) {
  return codes[known(code)].http;
}

int base_code_exit(enum base_code code) {
  return codes[known(code)].exit;
}

const char *base_code_name(enum base_code code) {
  return codes[known(code)].name;
}

const char *base_code_text(enum base_code code) {
  return codes[known(code)].text;
}

enum base_code base_code_by_name(const char *name) {
  unsigned code = 0;
  while (code < BASE_CODES && strcmp(codes[code].name, name) != 0)
    code++;
  return (enum base_code)code;
}
