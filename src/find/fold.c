/* SPDX-License-Identifier: Apache-2.0
 * A text without what people write differently: case, marks above and below letters, presentation forms, punctuation. */
#include "find/find.h"

#include <string.h>

static const struct fold {
  uint16_t point;
  const char *text;
} folds[] = {
#define FIND_FOLD(point, text) {point, text},
#include "find/fold.def"
#undef FIND_FOLD
};

/* NULL: it stands for itself. */
static const char *folded(uint32_t point) {
  size_t low = 0, high = sizeof folds / sizeof *folds;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (folds[middle].point < point)
      low = middle + 1;
    else
      high = middle;
  }
  return low < sizeof folds / sizeof *folds && folds[low].point == point ? folds[low].text : NULL;
}

/* A blank is written before the next letter, never behind the last one. */
static void add(struct base_buf *out, const char *text, size_t size, bool *blank) {
  for (size_t i = 0; i < size; i++) {
    if (text[i] == ' ') {
      *blank = out->size > 0;
      continue;
    }
    if (*blank)
      base_buf_u8(out, ' ');
    *blank = false;
    base_buf_u8(out, (uint8_t)text[i]);
  }
}

static char ascii(uint32_t point) {
  if (point >= 'A' && point <= 'Z')
    return (char)(point - 'A' + 'a');
  return (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9') ? (char)point : ' ';
}

void find_fold(struct base_view text, struct base_buf *out) {
  bool blank = false;
  uint32_t point = 0;
  for (size_t size; text.size > 0 && (size = base_utf8_next(text, &point)) > 0;
       text = base_view_of(text.data + size, text.size - size)) {
    char one = ascii(point);
    const char *to = point < 0x80 ? NULL : folded(point);
    if (point < 0x80)
      add(out, &one, 1, &blank);
    else if (to != NULL)
      add(out, to, strlen(to), &blank);
    else
      add(out, (const char *)text.data, size, &blank);
  }
}
