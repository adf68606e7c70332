/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/world.h"

enum { LINE_MAX_BYTES = 2048 };

/* The only state of base: set once by a process's main, before it has threads. */
static const char *program = "wasl";
static enum base_level most_level = BASE_LOG_INFO;

void base_log_program(const char *name) {
  program = name;
}

void base_log_level(enum base_level most) {
  most_level = most;
}

void base_log(enum base_level level, const char *event, const char *format, ...) {
  if (level > most_level)
    return;
  int saved = errno;
  char text[LINE_MAX_BYTES / 2];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  /* Names from outside reach log lines: one entry stays one line, and no terminal is steered by it. */
  char memory[LINE_MAX_BYTES];
  size_t size = strnlen(text, sizeof text);
  int head =
      snprintf(memory, sizeof memory, "<%d>%s %s %s ", (int)level, base_time_format(time(NULL)).text, program, event);
  if (length >= 0 && head > 0 && (size_t)head < sizeof memory) {
    struct base_buf line;
    base_buf_init(&line, (size_t)4 * LINE_MAX_BYTES);
    base_buf_add(&line, memory, (size_t)head);
    base_buf_printable(&line, base_view_of(text, size));
    base_buf_u8(&line, '\n');
    /* One write, so that lines of several processes do not mix; a log that cannot be written stops nobody. */
    if (line.code == BASE_OK)
      (void)!write(STDERR_FILENO, line.data, line.size);
    base_buf_free(&line);
  }
  errno = saved;
}
