/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/memfile.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum base_code gate_memfile_open(struct gate_memfile *file, const char *name, size_t limit, struct base_error *err) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    return base_fail_errno(err, "%s: no memory file", name);
  *file = (struct gate_memfile){.fd = fd, .limit = limit};
  return BASE_OK;
}

enum base_code gate_memfile_add(struct gate_memfile *file, struct base_view data, struct base_error *err) {
  if (data.size > file->limit - file->size)
    return base_fail(err, BASE_TOO_LARGE, "more than %zu octets", file->limit);
  enum base_code code = base_write_all(file->fd, data, err);
  if (code == BASE_OK)
    file->size += data.size;
  return code;
}

enum base_code gate_memfile_seal(struct gate_memfile *file, struct base_error *err) {
  if (lseek(file->fd, 0, SEEK_SET) != 0 ||
      fcntl(file->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return base_fail_errno(err, "a memory file cannot be sealed");
  return BASE_OK;
}

void gate_memfile_close(struct gate_memfile *file) {
  base_close_fd(&file->fd);
  file->size = 0;
}
