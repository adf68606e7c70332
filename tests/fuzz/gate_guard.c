/* SPDX-License-Identifier: Apache-2.0
 * Request headers. The input is split in the way of the HTTP library, hidden octets and all: what the guard lets pass
 * must then, with a target that parses, be exactly its lines, each ended by CR LF. */
#include <stdlib.h>
#include <string.h>

#include "gate/guard.h"
#include "gate/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next line, its end made NUL; as the library does it, a bare line feed ends one too. */
static char *cut_line(char **rest, char *end) {
  char *line = *rest;
  for (char *at = line; at < end; at++)
    if (*at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n')) {
      bool two = *at == '\r';
      *at = '\0';
      if (two)
        at[1] = '\0';
      *rest = at + 1 + two;
      return line;
    }
  return NULL;
}

static bool split(char *text, size_t size, struct gate_head *head) {
  char *rest = text, *end = text + size, *line = cut_line(&rest, end);
  char *target = line == NULL ? NULL : strchr(line, ' ');
  if (target == NULL)
    return false;
  *target++ = '\0';
  char *version = strrchr(target, ' ');
  if (version == NULL)
    return false;
  *version++ = '\0';
  head->method = line;
  head->version = version;
  head->target = base_view_text(target);
  while ((line = cut_line(&rest, end)) != NULL && line[0] != '\0' && head->field_count <= GATE_FIELDS_MAX) {
    char *value = strchr(line, ':');
    if (value == NULL)
      return false;
    *value++ = '\0';
    while (*value == ' ' || *value == '\t')
      value++;
    head->fields[head->field_count++] = (struct gate_field){base_view_text(line), base_view_text(value)};
  }
  head->raw = base_view_of(text, (size_t)(rest - text));
  return line != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  struct gate_head *head = calloc(1, sizeof *head);
  struct gate_body body;
  struct base_error err;
  if (text == NULL || head == NULL)
    abort();
  if (size > 0)
    memcpy(text, data, size);
  text[size] = '\0';
  struct gate_target *target = calloc(1, sizeof *target);
  if (target == NULL)
    abort();
  if (split(text, size, head) && gate_target_parse(head->target, target, &err) == BASE_OK &&
      gate_guard(head, &body, &err) == BASE_OK) {
    /* Every octet of the input that was read has its place: two at the end of each line, and no other that ends
     * anything. (Which two, the library has wiped out: a NUL in place of a carriage return looks and means the same.)
     */
    size_t ends = 0;
    for (size_t i = 0; i < head->raw.size; i++)
      ends += data[i] == 0 || data[i] == '\r' || data[i] == '\n';
    if (ends != 2 * (head->field_count + 2))
      abort();
  }
  free(target);
  free(head);
  free(text);
  return 0;
}
