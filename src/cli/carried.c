/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/carried.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "seal/seal.h"
#include "wire/consignment.h"

enum { LENGTH = 4, PIECE = 64 << 10 };

/* Exactly size bytes from there, or BASE_EVIDENCE: the file ends before them. */
static enum base_code read_at(int fd, uint64_t at, uint8_t *out, size_t size, struct base_error *err) {
  for (size_t done = 0; done < size;) {
    ssize_t got = pread(fd, out + done, size - done, (off_t)(at + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "byte %llu cannot be read", (unsigned long long)(at + done));
    if (got == 0)
      return base_fail(err, BASE_EVIDENCE,
                       "it ends at byte %llu, in the middle: it was not copied whole; copy it again",
                       (unsigned long long)(at + done));
    done += (size_t)got;
  }
  return BASE_OK;
}

static enum base_code read_length(int fd, uint64_t at, uint8_t bytes[LENGTH], uint32_t *out, struct base_error *err) {
  enum base_code code = read_at(fd, at, bytes, LENGTH, err);
  if (code != BASE_OK)
    return code;
  struct base_reader reader = base_reader_of(base_view_of(bytes, LENGTH));
  uint32_t length = base_read_u32(&reader);
  if (length > WIRE_CONSIGNMENT_MAX)
    return base_fail(err, BASE_EVIDENCE, "at byte %llu a consignment of %u bytes is announced; the largest has %d",
                     (unsigned long long)at, length, WIRE_CONSIGNMENT_MAX);
  *out = length;
  return BASE_OK;
}

static enum base_code hash_range(int fd, uint64_t at, uint64_t size, struct seal_hasher *hasher,
                                 struct base_error *err) {
  uint8_t piece[PIECE];
  while (size > 0) {
    size_t now = size < sizeof piece ? (size_t)size : sizeof piece;
    enum base_code code = read_at(fd, at, piece, now, err);
    if (code != BASE_OK)
      return code;
    seal_hasher_add(hasher, base_view_of(piece, now));
    at += now;
    size -= now;
  }
  return BASE_OK;
}

static enum base_code check_hash(int fd, uint64_t at, struct seal_hasher *hasher, struct base_error *err) {
  struct base_hash stands, is = seal_hasher_end(hasher);
  uint8_t more;
  enum base_code code = read_at(fd, at, stands.bytes, CLI_CARRIED_HASH_SIZE, err);
  if (code != BASE_OK)
    return code;
  if (!base_hash_equal(&stands, &is))
    return base_fail(err, BASE_HASH, "its hash is wrong: it was changed, or damaged on the way; copy it again");
  ssize_t got = pread(fd, &more, 1, (off_t)(at + CLI_CARRIED_HASH_SIZE));
  return got == 0 ? BASE_OK
                  : base_fail(err, BASE_EVIDENCE, "something stands behind its end at byte %llu",
                              (unsigned long long)(at + CLI_CARRIED_HASH_SIZE));
}

static enum base_code walk(int fd, struct seal_hasher *hasher, uint64_t *out_count, struct base_error *err) {
  uint8_t magic[CLI_CARRIED_MAGIC_SIZE];
  uint64_t at = sizeof magic, count = 0;
  enum base_code code = read_at(fd, 0, magic, sizeof magic, err);
  if (code == BASE_OK && memcmp(magic, CLI_CARRIED_MAGIC, sizeof magic) != 0)
    code = base_fail(err, BASE_SYNTAX, "it is no file of consignments: it does not begin with " CLI_CARRIED_MAGIC);
  seal_hasher_add(hasher, base_view_of(magic, sizeof magic));
  while (code == BASE_OK) {
    uint8_t bytes[LENGTH];
    uint32_t length = 0;
    code = read_length(fd, at, bytes, &length, err);
    if (code != BASE_OK)
      break;
    seal_hasher_add(hasher, base_view_of(bytes, LENGTH));
    at += LENGTH;
    if (length == 0) {
      *out_count = count;
      return check_hash(fd, at, hasher, err);
    }
    code = hash_range(fd, at, length, hasher, err);
    at += length;
    count++;
  }
  return code;
}

enum base_code cli_carried_check(int fd, struct cli_carried *out, uint64_t *out_count, struct base_error *err) {
  struct seal_hasher *hasher = seal_hasher_new();
  if (hasher == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a hash");
  enum base_code code = walk(fd, hasher, out_count, err);
  seal_hasher_free(hasher);
  if (code == BASE_OK)
    *out = (struct cli_carried){.fd = fd, .at = CLI_CARRIED_MAGIC_SIZE};
  return code;
}

enum base_code cli_carried_next(struct cli_carried *carried, struct base_buf *out, bool *out_end,
                                struct base_error *err) {
  uint8_t bytes[LENGTH];
  uint32_t length = 0;
  enum base_code code = read_length(carried->fd, carried->at, bytes, &length, err);
  if (code != BASE_OK)
    return code;
  *out_end = length == 0;
  base_buf_reset(out);
  uint8_t *room = length > 0 ? base_buf_reserve(out, length) : NULL;
  if (length > 0 && room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a consignment");
  if (length > 0)
    code = read_at(carried->fd, carried->at + LENGTH, room, length, err);
  carried->at += LENGTH + length;
  return code;
}
