/* SPDX-License-Identifier: Apache-2.0
 * For how long a case is meant, by what its messages say. */
#include "law/law.h"

enum { DAY = 86400 };

/* of_day: what a date means, its begin or its end. */
static bool moment(const struct wire_header *header, struct base_view field, base_time of_day, base_time *out) {
  struct base_view text = wire_header_state(header, (const char *)field.data);
  if (base_time_parse(text, out))
    return true;
  if (!base_date_parse(text, out))
    return false;
  *out += of_day;
  return true;
}

bool law_period_said(const struct wire_header *header, struct base_view from, struct base_view to, struct law_period *out) {
  struct law_period read;
  if (!moment(header, from, 0, &read.from) || !moment(header, to, DAY, &read.to))
    return false;
  *out = read;
  return true;
}

bool law_period_read(const struct wire_kind *kind, const struct wire_header *header, struct law_period *out) {
  return kind->period.from.size > 0 && law_period_said(header, kind->period.from, kind->period.to, out);
}

base_time law_period_over(const struct wire_header *header, struct base_view field) {
  base_time over;
  return moment(header, field, DAY, &over) ? over : INT64_MAX;
}

struct law_period law_period_both(struct law_period one, struct law_period other) {
  return (struct law_period){.from = one.from > other.from ? one.from : other.from,
                             .to = one.to < other.to ? one.to : other.to};
}

base_time law_period_binds(const struct wire_kind *kind, const struct wire_header *header, struct base_view type,
                           base_time to) {
  const struct wire_kind_type *known = wire_kind_type_named(kind, type);
  struct law_period own;
  if (kind->period.from.size == 0 || known == NULL)
    return 0;
  bool says = known == &kind->types[kind->opening] || known == kind->period.moved_by;
  if (says && header != NULL && law_period_read(kind, header, &own))
    return own.to;
  return kind->period.after >> (known - kind->types) & 1 ? 0 : to;
}
