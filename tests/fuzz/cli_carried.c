/* SPDX-License-Identifier: Apache-2.0
 * A file of consignments: walked and read, as an import does. The hash at the end is made right, so that what lies
 * before it is reached; what is accepted is read once more, to the same number of consignments and the same size. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/carried.h"
#include "seal/seal.h"
#include "wire/consignment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void read_all(struct cli_carried *carried, uint64_t count, size_t size) {
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, WIRE_CONSIGNMENT_MAX);
  uint64_t seen = 0, octets = 0;
  bool end = false;
  while (!end) {
    require(cli_carried_next(carried, &out, &end, NULL) == BASE_OK);
    seen += !end;
    octets += 4 + out.size;
  }
  require(seen == count && CLI_CARRIED_MAGIC_SIZE + octets + CLI_CARRIED_HASH_SIZE == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  BASE_AUTO_FD int fd = memfd_create("carried", MFD_CLOEXEC);
  require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
  if (size > CLI_CARRIED_HASH_SIZE) {
    struct base_hash hash = seal_sha256(base_view_of(data, size - CLI_CARRIED_HASH_SIZE));
    require(pwrite(fd, hash.bytes, sizeof hash.bytes, (off_t)(size - sizeof hash.bytes)) == sizeof hash.bytes);
  }
  struct cli_carried carried;
  uint64_t count;
  if (cli_carried_check(fd, &carried, &count, NULL) == BASE_OK)
    read_all(&carried, count, size);
  return 0;
}
