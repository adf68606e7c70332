/* SPDX-License-Identifier: Apache-2.0
 * English sentences in the other languages. The programs say what happened in English, in one place each; here the sentence
 * is recognised by the format that it was made of, and said again with the same values. What is not in the table stays
 * English, so nothing is ever lost. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define ISOLATE "\u2066"
#define ISOLATE_END "\u2069"

enum {
  VALUES_MAX = 16,
  DEEP = 8,
  STEPS_MAX = 1 << 22, /* what a stranger wrote may stand in a sentence: who makes it hard to recognise leaves it English */
};

static const struct {
  const char *english, *texts[WIRE_LANGUAGES];
} sentences[] = {
#define CLI_SAID(en, ar, fr, es, pt) {en, {[WIRE_AR] = ar, [WIRE_FR] = fr, [WIRE_EN] = en, [WIRE_ES] = es, [WIRE_PT] = pt}},
#define CLI_SAID_PIECE CLI_SAID
#include "cli/reasons.def"
#include "cli/reasons_more.def"
#include "cli/reasons_core.def"
#include "cli/reasons_core_node.def"
#include "cli/reasons_seal.def"
#include "cli/reasons_wire.def"
#include "cli/reasons_cli.def"
#include "cli/reasons_node.def"
#include "cli/reasons_gate.def"
#include "cli/help.def"
#include "cli/help_options.def"
#undef CLI_SAID_PIECE
#undef CLI_SAID
};

/* The end of a conversion: the letter that says what it writes. */
static const char *conversion(const char *format) {
  return format + 1 + strspn(format + 1, "-+ #0123456789.*hljzt");
}

static bool writes(char letter, uint8_t octet) {
  switch (letter) {
  case 's':
    return true;
  case 'x':
    return (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'f');
  case 'X':
    return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'F');
  case 'c':
    return octet >= ' ';
  default:
    return octet == '-' || (octet >= '0' && octet <= '9');
  }
}

/* What the format says itself stands in the text, in this order: nearly all of the table's formats are done with here, most
 * at their first octet or at what they end with. */
static bool may_be_of(const char *format, struct base_view text) {
  if (*format != '%' && (text.size == 0 || text.data[0] != (uint8_t)*format))
    return false;
  const char *end = strrchr(format, '%');
  end = end == NULL ? format : conversion(end) + 1;
  size_t left = strlen(end);
  if (left > text.size || memcmp(text.data + text.size - left, end, left) != 0)
    return false;
  for (bool first = *format != '%'; *format != 0; first = false) {
    size_t size = strcspn(format, "%");
    if (size > text.size || (first && memcmp(text.data, format, size) != 0))
      return false;
    const uint8_t *at = first ? text.data : memmem(text.data, text.size, format, size);
    if (at == NULL)
      return false;
    text = base_view_of(at + size, text.size - (size_t)(at + size - text.data));
    format += size;
    format = *format == 0 ? format : conversion(format) + 1;
  }
  return true;
}

/* Whether the text can have been made of the format, and of which values: each as short as it can be. */
static bool made_of(const char *format, struct base_view text, struct base_view *values, size_t count, size_t *steps) {
  while (*format != 0 && *format != '%') {
    if (text.size == 0 || text.data[0] != (uint8_t)*format)
      return false;
    format++;
    text = base_view_of(text.data + 1, text.size - 1);
  }
  if (*format == 0)
    return text.size == 0;
  const char *letter = conversion(format);
  if (count == VALUES_MAX)
    return false;
  for (size_t size = 0; *steps > 0; size++) {
    --*steps;
    values[count] = base_view_of(text.data, size);
    bool fits = size > 0 || *letter == 's';
    if (fits && made_of(letter + 1, base_view_of(text.data + size, text.size - size), values, count + 1, steps))
      return true;
    if (size == text.size || !writes(*letter, text.data[size]))
      return false;
  }
  return false;
}

/* How many octets of the format are its own: of two that fit, the one that says more was meant. */
static size_t own_octets(const char *format) {
  size_t count = 0;
  for (; *format != 0; format++)
    if (*format == '%')
      format = conversion(format);
    else
      count++;
  return count;
}

struct saying {
  enum wire_language language;
  bool isolate; /* what is no Arabic keeps its order among it */
  struct base_buf *out;
  size_t *steps; /* that are left to recognise it all */
};

/* What a sentence was recognised as. */
struct reading {
  const char *text;                    /* in the language */
  size_t own;                          /* octets of the format */
  struct base_view values[VALUES_MAX]; /* of the sentence */
};

static bool find(const struct saying *saying, struct base_view english, struct reading *out) {
  size_t count = sizeof sentences / sizeof *sentences;
  *out = (struct reading){0};
  *saying->steps -= *saying->steps < count ? *saying->steps : count;
  for (size_t i = 0; i < count && *saying->steps > 0; i++) {
    struct base_view found[VALUES_MAX] = {0};
    if (!may_be_of(sentences[i].english, english))
      continue;
    size_t own = own_octets(sentences[i].english);
    if (own <= out->own || !made_of(sentences[i].english, english, found, 0, saying->steps))
      continue;
    out->own = own;
    out->text = sentences[i].texts[saying->language];
    memcpy(out->values, found, sizeof found);
  }
  return out->text != NULL;
}

/* The format begins with a value, which takes whatever stands in front. */
static bool open_in_front(const struct reading *reading, struct base_view english) {
  return reading->values[0].data == english.data;
}

static void isolated(const struct saying *saying, struct base_view text) {
  bool isolate = saying->isolate && text.size > 0;
  base_buf_text(saying->out, isolate ? ISOLATE : "");
  base_buf_printable(saying->out, text);
  base_buf_text(saying->out, isolate ? ISOLATE_END : "");
}

static bool say(const struct saying *saying, struct base_view english, unsigned deep);

/* A place in a form is what somebody typed: "$.message" is no message. */
static bool place(struct base_view text) {
  return text.size > 0 && text.data[0] == '$' && memchr(text.data, ' ', text.size) == NULL;
}

static bool colon_at(struct base_view text, size_t at) {
  return at + 1 < text.size && text.data[at] == ':' && text.data[at + 1] == ' ';
}

/* "kind: $.lists: the code": a place, and the beginning of what is said of it. */
static bool place_within(struct base_view text) {
  size_t start = 0;
  for (size_t i = 0; i < text.size; i++)
    if (colon_at(text, i)) {
      if (place(base_view_of(text.data + start, i - start)))
        return true;
      start = i + 2;
    }
  return false;
}

/* As find; but what is said of a place begins behind it: a value in front takes a place with it only where it is a sentence. */
static bool known_behind(const struct saying *saying, struct base_view english, struct reading *out, unsigned deep) {
  if (!find(saying, english, out))
    return false;
  if (!open_in_front(out, english) || !place_within(out->values[0]))
    return true;
  BASE_AUTO_BUF struct base_buf aside = {0};
  base_buf_init(&aside, 8 * BASE_ERROR_TEXT_MAX);
  struct saying trying = {saying->language, false, &aside, saying->steps};
  return say(&trying, out->values[0], deep + 1);
}

static void say_or_leave(const struct saying *saying, struct base_view english, unsigned deep) {
  if (place(english) || !say(saying, english, deep))
    isolated(saying, english);
}

/* "{2}" is the second value; one word, which may be a name or what somebody types, is said in the language only as "{2!}".
 * What stands between grave accents is a command: in Arabic they are for isolates alone. */
static void fill(const struct saying *saying, const char *text, const struct base_view values[VALUES_MAX], unsigned deep) {
  bool within = false;
  for (; *text != 0; text++) {
    bool any = text[0] == '{' && text[1] >= '1' && text[1] <= '9' && text[2] == '!' && text[3] == '}';
    if (any || (text[0] == '{' && text[1] >= '1' && text[1] <= '9' && text[2] == '}')) {
      struct base_view value = values[text[1] - '1'];
      if (any || (value.size > 0 && memchr(value.data, ' ', value.size) != NULL))
        say_or_leave(saying, value, deep + 1);
      else
        isolated(saying, value);
      text += any ? 3 : 2;
    } else if (*text == '`' && saying->language == WIRE_AR) {
      within = !within;
      base_buf_text(saying->out, !saying->isolate ? "" : within ? ISOLATE : ISOLATE_END);
    } else
      base_buf_u8(saying->out, (uint8_t)*text);
  }
}

/* What is said between two sentences, or a sentence and its place. */
static void colon(const struct saying *saying) {
  base_buf_text(saying->out, saying->language == WIRE_FR ? " : " : ": ");
}

/* A sentence, and behind it what the table may not know: a file, or what the system or a library says. One word in front may be
 * what somebody types. */
static bool say_beginning(const struct saying *saying, struct base_view english, unsigned deep) {
  for (size_t i = 1; i + 2 < english.size; i++) {
    struct base_view before = base_view_of(english.data, i);
    struct reading reading;
    if (!colon_at(english, i) || memchr(before.data, ' ', i) == NULL || !find(saying, before, &reading))
      continue;
    fill(saying, reading.text, reading.values, deep);
    colon(saying);
    say_or_leave(saying, base_view_of(english.data + i + 2, english.size - i - 2), deep + 1);
    return true;
  }
  return false;
}

/* As it stands, or "where: what": a place that is the same in every language, and a sentence about it; or both are sentences;
 * or a sentence, and a place of it. Where a value begins the sentence, what is behind a colon may say more of its own. */
static bool say(const struct saying *saying, struct base_view english, unsigned deep) {
  struct reading best, behind;
  if (deep > DEEP || english.size == 0)
    return false;
  bool found = known_behind(saying, english, &best, deep), open = !found || open_in_front(&best, english);
  size_t split = 0;
  for (size_t i = 1; open && i + 2 < english.size; i++) {
    if (!colon_at(english, i))
      continue;
    struct base_view rest = base_view_of(english.data + i + 2, english.size - i - 2);
    if (!place(rest) && known_behind(saying, rest, &behind, deep) && (!found || behind.own > best.own)) {
      found = true;
      best = behind;
      split = i;
      open = open_in_front(&best, rest);
    } else if (!found && place(rest)) {
      split = i;
      break;
    }
  }
  if (split > 0) {
    say_or_leave(saying, base_view_of(english.data, split), deep + 1);
    colon(saying);
    if (!found)
      isolated(saying, base_view_of(english.data + split + 2, english.size - split - 2));
  }
  if (found)
    fill(saying, best.text, best.values, deep);
  return found || split > 0 || say_beginning(saying, english, deep);
}

bool cli_said(enum wire_language language, struct base_view english, bool isolate, struct base_buf *out) {
  size_t steps = STEPS_MAX;
  struct saying saying = {language, isolate, out, &steps};
  return language != WIRE_EN && say(&saying, english, 0);
}
