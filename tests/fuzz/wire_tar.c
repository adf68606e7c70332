/* SPDX-License-Identifier: Apache-2.0
 * A ustar header: what is read can be written and reads back the same. */
#include <stdlib.h>
#include <string.h>

#include "wire/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

/* A fuzzer never guesses a checksum: each block is tried as it is and with the right one. */
static void set_checksum(uint8_t block[WIRE_TAR_BLOCK]) {
  unsigned sum = 0;
  memset(block + 148, ' ', 8);
  for (size_t i = 0; i < WIRE_TAR_BLOCK; i++)
    sum += block[i];
  for (size_t i = 0; i < 6; i++, sum >>= 3)
    block[153 - i] = (uint8_t)('0' + (sum & 7));
  block[154] = 0;
}

static void try_block(const uint8_t block[WIRE_TAR_BLOCK]) {
  struct wire_tar_member member, back;
  uint8_t again[WIRE_TAR_BLOCK];
  bool end = false;
  if (wire_tar_parse(block, &member, &end, NULL) != BASE_OK || end)
    return;
  require(strlen(member.name) <= WIRE_TAR_NAME_MAX && member.name[0] != '/' && !strstr(member.name, ".."));
  require(wire_tar_header(member.name, member.size, 0, again, NULL) == BASE_OK);
  require(wire_tar_parse(again, &back, &end, NULL) == BASE_OK && !end);
  require(strcmp(member.name, back.name) == 0 && member.size == back.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t block[WIRE_TAR_BLOCK] = {0};
  if (size > 0)
    memcpy(block, data, size < sizeof block ? size : sizeof block);
  try_block(block);
  set_checksum(block);
  try_block(block);
  return 0;
}
