/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_BASE_WORLD_H
#define WASL_BASE_WORLD_H

#include "base/text.h"

/* What core may not take by itself and is handed in: time and randomness. The simulator hands in its own. */
struct base_world {
  void *context;
  base_time (*now)(void *context);          /* UTC seconds */
  int64_t (*monotonic_ms)(void *context);   /* for timers only */
  void (*random)(void *context, void *out, size_t size); /* never fails: aborts the process instead */
};
/* The machine's clocks and getrandom(2). */
const struct base_world *base_world_system(void);

/* Log lines on stderr: `<N>time program event text`; event is a stable name. No content, no personal data. */
enum base_level { BASE_LOG_ERROR = 3, BASE_LOG_WARNING = 4, BASE_LOG_NOTICE = 5, BASE_LOG_INFO = 6, BASE_LOG_DEBUG = 7 };
void base_log_program(const char *name);       /* once at start; kept by reference */
void base_log_level(enum base_level most);     /* default BASE_LOG_INFO */
void base_log(enum base_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Files, always relative to an open folder. */
BASE_NODISCARD enum base_code base_file_read(int dir, const char *name, size_t max, struct base_buf *out,
                                             struct base_error *err);
/* Whole or not at all: temporary file, fsync, rename, fsync of the folder. mode as open(2). */
BASE_NODISCARD enum base_code base_file_replace(int dir, const char *name, struct base_view content, unsigned mode,
                                                struct base_error *err);
BASE_NODISCARD enum base_code base_write_all(int fd, struct base_view data, struct base_error *err);
/* A memfd with the content, sealed against any change; -1 on failure. */
int base_memfd_sealed(const char *name, struct base_view content, struct base_error *err);
/* Maps a descriptor read-only (a sealed memfd of at most max bytes: checked); unmap with base_unmap. */
BASE_NODISCARD enum base_code base_map_sealed(int fd, size_t max, struct base_view *out, struct base_error *err);
void base_unmap(struct base_view *view);

#endif
