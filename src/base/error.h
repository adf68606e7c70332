/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_BASE_ERROR_H
#define WASL_BASE_ERROR_H

/* Errors. Every fallible function returns enum base_code (0 is BASE_OK) and takes, as its last argument, a
 * struct base_error that it fills when it fails (NULL is allowed). Outputs are set only on success. */

enum base_code {
#define BASE_ERROR(code, class, http, exit, name, text) BASE_##code,
#include "base/error.def"
#undef BASE_ERROR
  BASE_CODES
};

enum base_class { BASE_FINE, BASE_REFUSED, BASE_LATER, BASE_BROKEN };

enum { BASE_ERROR_TEXT_MAX = 480 };

/* code and one plain sentence for a person: what happened, where (file, line, JSON path), what to do next. */
struct base_error {
  enum base_code code;
  char text[BASE_ERROR_TEXT_MAX];
};

#define BASE_NODISCARD __attribute__((warn_unused_result))

/* Fills err (may be NULL) and returns code, so that `return base_fail(err, BASE_FIELD, "…")` is one line. */
enum base_code base_fail(struct base_error *err, enum base_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As base_fail, with ": " and the text of errno; ENOSPC/EDQUOT become BASE_DISK_FULL, EACCES/EPERM/EROFS
 * BASE_PERMISSION, ENOENT BASE_NOT_FOUND, ENOMEM BASE_MEMORY, EADDRINUSE BASE_PORT, anything else BASE_IO. */
enum base_code base_fail_errno(struct base_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "context: " before the text of err and returns its code. */
enum base_code base_fail_within(struct base_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum base_class base_code_class(enum base_code code);
int base_code_http(enum base_code code);
int base_code_exit(enum base_code code);
const char *base_code_name(enum base_code code);
const char *base_code_text(enum base_code code);
/* BASE_CODES when no code has this name. */
enum base_code base_code_by_name(const char *name);

#endif
