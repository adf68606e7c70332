/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KINDS_H
#define WASL_KINDS_H

#include <stddef.h>
#include <stdint.h>

/* The files of kinds/ as they were when the program was built (ci/embed writes the table), sorted by name. */
struct kinds_file {
  const char *name;    /* relative to kinds/: "request.json" */
  const uint8_t *data; /* the exact bytes of the file; one NUL follows them, not counted in size */
  size_t size;
};
extern const struct kinds_file kinds_files[]; /* kinds_count rows, then one zeroed row */
extern const size_t kinds_count;

#endif
