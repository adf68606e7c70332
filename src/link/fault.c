/* SPDX-License-Identifier: Apache-2.0 */
#include "link/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base.h"

static _Noreturn void die(int status, const char *event, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void die(int status, const char *event, const char *format, va_list arguments) {
  char text[BASE_ERROR_TEXT_MAX];
  vsnprintf(text, sizeof text, format, arguments);
  base_log(BASE_LOG_ERROR, event, "%s", text);
  _exit(status);
}

void link_violation(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  die(LINK_EXIT_VIOLATION, "link.violation", format, arguments);
}

void link_fault(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  die(LINK_EXIT_FAULT, "link.fault", format, arguments);
}
