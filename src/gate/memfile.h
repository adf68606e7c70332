/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_MEMFILE_H
#define GATE_MEMFILE_H

#include "base/base.h"

/* A memory file that grows up to a limit and is then sealed against any change, to be handed to another process. */
struct gate_memfile {
  int fd; /* -1: none */
  size_t size, limit;
};
#define GATE_MEMFILE_NONE ((struct gate_memfile){.fd = -1})
BASE_NODISCARD enum base_code gate_memfile_open(struct gate_memfile *file, const char *name, size_t limit,
                                                struct base_error *err);
/* BASE_TOO_LARGE, and nothing written, beyond the limit. */
BASE_NODISCARD enum base_code gate_memfile_add(struct gate_memfile *file, struct base_view data,
                                               struct base_error *err);
BASE_NODISCARD enum base_code gate_memfile_seal(struct gate_memfile *file, struct base_error *err);
void gate_memfile_close(struct gate_memfile *file);

#endif
