/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/tar.h"

#include <string.h>

/* IEEE Std 1003.1, pax, "ustar Interchange Format". */
struct ustar {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8], typeflag, linkname[100], magic[6],
      version[2], uname[32], gname[32], devmajor[8], devminor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct ustar) == WIRE_TAR_BLOCK, "a ustar header is one block");

static bool character_valid(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '/' || c == '-';
}

/* Components of allowed characters, none empty, none ".", no ".." anywhere. */
static bool name_valid(const char *name, size_t size) {
  size_t component = 0;
  for (size_t i = 0; i < size; i++) {
    bool last = i + 1 == size || name[i + 1] == '/';
    if (!character_valid(name[i]) || (name[i] == '/' && (component == 0 || i + 1 == size)))
      return false;
    if (name[i] == '.' && ((component == 0 && last) || (i + 1 < size && name[i + 1] == '.')))
      return false;
    component = name[i] == '/' ? 0 : component + 1;
  }
  return size > 0 && size <= WIRE_TAR_NAME_MAX;
}

/* count digits, then a NUL */
static void put_octal(char *field, size_t count, uint64_t value) {
  for (size_t i = count; i-- > 0; value >>= 3)
    field[i] = (char)('0' + (value & 7));
  field[count] = 0;
}

/* One digit at least, then only spaces and NULs. */
static bool get_octal(const char *field, size_t size, uint64_t *out) {
  uint64_t value = 0;
  size_t i = 0;
  for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
    value = value << 3 | (uint64_t)(field[i] - '0');
  if (i == 0 || i == size)
    return false;
  for (; i < size; i++)
    if (field[i] != 0 && field[i] != ' ')
      return false;
  *out = value;
  return true;
}

/* The sum of all bytes with the checksum itself taken as spaces. */
static uint64_t checksum(const struct ustar *header) {
  const uint8_t *bytes = (const uint8_t *)header;
  uint64_t sum = sizeof header->chksum * (uint64_t)' ';
  for (size_t i = 0; i < sizeof *header; i++)
    sum += bytes[i];
  for (size_t i = 0; i < sizeof header->chksum; i++)
    sum -= (uint8_t)header->chksum[i];
  return sum;
}

static bool all_zero(const void *data, size_t size) {
  const uint8_t *bytes = data;
  uint8_t seen = 0;
  for (size_t i = 0; i < size; i++)
    seen |= bytes[i];
  return seen == 0;
}

enum base_code wire_tar_header(const char *name, uint64_t size, base_time time, uint8_t out[WIRE_TAR_BLOCK],
                               struct base_error *err) {
  size_t name_size = strnlen(name, WIRE_TAR_NAME_MAX + 1);
  if (!name_valid(name, name_size))
    return base_fail(err, BASE_FIELD, "tar: a member's name must be a relative path of at most %d of [A-Za-z0-9._/-]",
                     WIRE_TAR_NAME_MAX);
  if (size > WIRE_TAR_SIZE_MAX)
    return base_fail(err, BASE_TOO_LARGE, "tar: %s is larger than the 8 GiB that a ustar member can hold", name);
  if ((uint64_t)time > WIRE_TAR_SIZE_MAX) /* before 1970 too */
    return base_fail(err, BASE_FIELD, "tar: the time of %s cannot be written", name);
  struct ustar header = {.typeflag = '0', .magic = "ustar", .version = {'0', '0'}};
  memcpy(header.name, name, name_size);
  put_octal(header.mode, 7, 0644);
  put_octal(header.uid, 7, 0);
  put_octal(header.gid, 7, 0);
  put_octal(header.size, 11, size);
  put_octal(header.mtime, 11, (uint64_t)time);
  put_octal(header.devmajor, 7, 0);
  put_octal(header.devminor, 7, 0);
  put_octal(header.chksum, 6, checksum(&header));
  header.chksum[7] = ' ';
  memcpy(out, &header, sizeof header);
  return BASE_OK;
}

size_t wire_tar_padding(uint64_t size) {
  return (size_t)(-size % WIRE_TAR_BLOCK);
}

enum base_code wire_tar_parse(const uint8_t block[WIRE_TAR_BLOCK], struct wire_tar_member *out, bool *end,
                              struct base_error *err) {
  struct ustar header;
  memcpy(&header, block, sizeof header);
  if (all_zero(&header, sizeof header)) {
    *end = true;
    return BASE_OK;
  }
  uint64_t sum, size;
  if (memcmp(header.magic, "ustar", sizeof header.magic) != 0 || memcmp(header.version, "00", 2) != 0)
    return base_fail(err, BASE_SYNTAX, "tar: not a ustar header");
  bool ended = header.chksum[6] == 0 && header.chksum[7] == ' '; /* the sum does not cover these two itself */
  if (!ended || !get_octal(header.chksum, sizeof header.chksum, &sum) || sum != checksum(&header))
    return base_fail(err, BASE_SYNTAX, "tar: a header's checksum is wrong");
  if (header.typeflag != '0')
    return base_fail(err, BASE_SYNTAX, "tar: a member is no regular file");
  if (!all_zero(header.linkname, sizeof header.linkname) || !all_zero(header.prefix, sizeof header.prefix) ||
      !all_zero(header.padding, sizeof header.padding))
    return base_fail(err, BASE_SYNTAX, "tar: a member has a link, a name prefix or something in the padding");
  size_t name_size = strnlen(header.name, sizeof header.name);
  if (!name_valid(header.name, name_size) || !all_zero(header.name + name_size, sizeof header.name - name_size))
    return base_fail(err, BASE_FIELD, "tar: a member's name is no relative path of [A-Za-z0-9._/-]");
  if (!get_octal(header.size, sizeof header.size, &size))
    return base_fail(err, BASE_SYNTAX, "tar: the size of %.*s is no octal number", (int)name_size, header.name);
  memcpy(out->name, header.name, name_size);
  out->name[name_size] = 0;
  out->size = size;
  *end = false;
  return BASE_OK;
}
