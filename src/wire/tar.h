/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_TAR_H
#define WASL_WIRE_TAR_H

#include "base/base.h"

/* POSIX ustar, the subset that evidence needs: regular files only, names of at most 100 bytes in [A-Za-z0-9._/-] without "..",
 * "//", a leading or trailing "/" or a component ".", size in octal, checksum right, zero padding, two zero blocks at the
 * end and nothing after them. */

enum { WIRE_TAR_BLOCK = 512, WIRE_TAR_NAME_MAX = 100 };
#define WIRE_TAR_SIZE_MAX (((uint64_t)1 << 33) - 1) /* eleven octal digits */

/* One header block for a member of size bytes, mode 0644, owner 0, time as given. BASE_FIELD for a bad name or time,
 * BASE_TOO_LARGE above WIRE_TAR_SIZE_MAX. */
BASE_NODISCARD enum base_code wire_tar_header(const char *name, uint64_t size, base_time time,
                                              uint8_t out[WIRE_TAR_BLOCK], struct base_error *err);
size_t wire_tar_padding(uint64_t size); /* zero bytes after a member's content */
/* BASE_SYNTAX, BASE_FIELD for a bad name. *end is set at a zero block; the caller checks the second one and the end of the file. */
struct wire_tar_member { char name[WIRE_TAR_NAME_MAX + 1]; uint64_t size; };
BASE_NODISCARD enum base_code wire_tar_parse(const uint8_t block[WIRE_TAR_BLOCK], struct wire_tar_member *out, bool *end,
                                             struct base_error *err);

#endif
