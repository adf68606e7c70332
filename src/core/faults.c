/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/internal.h"
#include "core/partners.h"
#include "core/register.h"

/* What a partner did wrong: a leaf, at most one a minute, the rest counted; a fork or roll-back stops the exchange with
 * him. Both outlive a restart, so they are facts of the store, written in the step that they belong to. */

enum { STOPPED_MAX = BASE_TIME_TEXT + 1 + BASE_ERROR_TEXT_MAX }; /* since when, a space, why */

struct fault_fact {
  char name[40];
};

static struct fault_fact fact_of(const char *what, const struct core_partner *partner) {
  struct fault_fact fact;
  snprintf(fact.name, sizeof fact.name, "%s-%lld", what, (long long)partner->row.number);
  return fact;
}

enum base_code core_partner_stop_write(struct core *core, const struct core_partner *partner, struct base_view why,
                                       struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, STOPPED_MAX);
  if (why.size > 0)
    base_buf_printf(&fact, "%s ", base_time_format(partner->stopped_at).text);
  base_buf_add_view(&fact, why);
  enum base_code code = base_buf_check(&fact, "why the exchange stopped", err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, fact_of("stopped", partner).name, base_buf_view(&fact), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* When the last leaf was written, and how many faults came since that no leaf tells of. */
static enum base_code count_write(struct core *core, const struct core_partner *partner, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 64);
  base_buf_u64(&bytes, (uint64_t)partner->fault_since);
  base_buf_u64(&bytes, partner->faults_counted);
  enum base_code code = store_fact_set(core->store, fact_of("faults", partner).name, base_buf_view(&bytes), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code count_read(struct core *core, struct core_partner *partner, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 64);
  enum base_code code = store_fact_get(core->store, fact_of("faults", partner).name, &bytes, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&bytes));
  partner->fault_since = (base_time)base_read_u64(&reader);
  partner->faults_counted = base_read_u64(&reader);
  return base_reader_end(&reader, "the faults counted", err);
}

enum base_code core_partner_faults_load(struct core *core, struct core_partner *partner, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf why = {0};
  base_buf_init(&why, STOPPED_MAX);
  enum base_code code = store_fact_get(core->store, fact_of("stopped", partner).name, &why, err);
  if (code != BASE_OK && code != BASE_NOT_FOUND)
    return code;
  partner->stopped = why.size > 0;
  partner->trouble_code = partner->stopped ? BASE_FORK : BASE_OK;
  struct base_view text = base_buf_view(&why);
  partner->stopped_at = 0;
  if (text.size > BASE_TIME_TEXT && base_time_parse(base_view_of(text.data, BASE_TIME_TEXT), &partner->stopped_at))
    text = base_view_of(text.data + BASE_TIME_TEXT + 1, text.size - BASE_TIME_TEXT - 1);
  snprintf(partner->trouble, sizeof partner->trouble, "%.*s", (int)text.size, (const char *)text.data);
  return count_read(core, partner, err);
}

/* Within the minute of the last leaf. A clock set back is no reason to be silent. */
static bool quiet(const struct core *core, const struct core_partner *partner) {
  base_time passed = core_now(core) - partner->fault_since;
  return partner->fault_since != 0 && passed >= 0 && passed < CORE_FAULT_SECONDS;
}

/* The leaf of those that were only counted. */
static enum base_code flood(struct core *core, struct core_partner *partner, struct base_error *err) {
  if (partner->faults_counted == 0)
    return BASE_OK;
  char reason[64];
  snprintf(reason, sizeof reason, "%llu more fault%s", (unsigned long long)partner->faults_counted,
           partner->faults_counted == 1 ? "" : "s");
  base_log(BASE_LOG_WARNING, "partner.faults", "%.*s: %s", (int)partner->card.name.size,
           (const char *)partner->card.name.data, reason);
  struct wire_opening opening = {.subject = partner->card.origin, .reason = base_view_text(reason)};
  partner->faults_counted = 0;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_FLOOD, &opening, NULL, err);
  return code == BASE_OK ? count_write(core, partner, err) : core_lose(core, code, err);
}

enum base_code core_faults_settle(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++)
    if (!quiet(core, core->partners[i]))
      code = flood(core, core->partners[i], err);
  return code;
}

int64_t core_faults_due(const struct core *core) {
  int64_t due = -1;
  for (size_t i = 0; i < core->partner_count; i++) {
    const struct core_partner *partner = core->partners[i];
    if (partner->faults_counted == 0)
      continue;
    int64_t left = (CORE_FAULT_SECONDS - (core_now(core) - partner->fault_since)) * 1000;
    if (left < 0 || left > CORE_FAULT_SECONDS * 1000)
      left = 0;
    due = due < 0 || left < due ? left : due;
  }
  return due;
}

/* A person decides how it goes on. */
static enum base_code stop(struct core *core, struct core_partner *partner, const struct base_error *fault,
                           uint64_t leaf, struct base_error *err) {
  struct base_view he = partner->card.name;
  partner->stopped = partner->contradicts = true;
  partner->stopped_at = core_now(core);
  partner->shown_seen = false; /* in a consignment of its own, when none goes anyway */
  partner->shown_above = 0;
  partner->trouble_code = fault->code;
  snprintf(
      partner->trouble, sizeof partner->trouble,
      "%.*s contradicts what was signed before: %.120s. Since %s nothing goes there, nothing is taken. The evidence "
      "is kept with leaf %llu (wasl register show %llu -o FILE). Call them, then: wasl partner resume %.*s goes on, "
      "wasl partner suspend %.*s keeps it closed",
      (int)he.size, (const char *)he.data, fault->text, base_time_format(partner->stopped_at).text,
      (unsigned long long)leaf, (unsigned long long)leaf, (int)he.size, (const char *)he.data, (int)he.size,
      (const char *)he.data);
  return core_partner_stop_write(core, partner, base_view_text(partner->trouble), err);
}

/* For a head that contradicts: the one that he signed before, as it is kept, with the new one behind it. So both are in
 * one file, each a signed note that anybody can check with the partner's card alone. */
static enum base_code gather(struct core *core, const struct core_partner *partner, bool contradicts,
                             struct base_view shown, struct base_buf *out, struct base_error *err) {
  enum base_code code = BASE_OK;
  if (contradicts && shown.size > 0 && partner->row.head_size > 0) {
    code = store_partner_head_get(core->store, partner->row.number, partner->row.head_size, out, err);
    if (core_damage(code)) /* what is there proves as much as it can */
      code = BASE_OK;
  }
  base_buf_add_view(out, shown);
  return code == BASE_OK ? base_buf_check(out, "the evidence", err) : code;
}

enum base_code core_partner_fault(struct core *core, struct core_partner *partner, const struct base_error *fault,
                                  struct base_view evidence, struct base_error *err) {
  bool stops = fault->code == BASE_FORK || fault->code == BASE_ROLLBACK || fault->code == BASE_CONSISTENCY;
  bool news = stops && !partner->stopped;
  struct core_leaf leaf = {0};
  enum base_code code = core_write(core, err);
  if (code != BASE_OK)
    return code;
  /* What stops the exchange is written whatever flood it hides in. */
  if (!news && quiet(core, partner)) {
    partner->faults_counted++;
    return count_write(core, partner, err);
  }
  code = flood(core, partner, err);
  partner->fault_since = core_now(core);
  char reason[BASE_ERROR_TEXT_MAX + 64];
  snprintf(reason, sizeof reason, "%s: %s", base_code_name(fault->code), fault->text);
  base_log(BASE_LOG_WARNING, "partner.fault", "%.*s: %s", (int)partner->card.name.size,
           (const char *)partner->card.name.data, reason);
  struct wire_opening opening = {.subject = partner->card.origin, .reason = base_view_text(reason)};
  BASE_AUTO_BUF struct base_buf kept = {0};
  base_buf_init(&kept, CORE_EVIDENCE_MAX);
  if (code == BASE_OK)
    code = gather(core, partner, stops, evidence, &kept, err);
  if (kept.size > 0)
    opening.evidence = seal_sha256(base_buf_view(&kept));
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_FAULT, &opening, &leaf, err);
  if (code == BASE_OK && news)
    code = stop(core, partner, fault, leaf.index, err);
  if (code == BASE_OK)
    code = count_write(core, partner, err);
  if (code == BASE_OK && kept.size > 0)
    code = store_evidence_add(core->store, leaf.index, partner->row.number, base_view_text(base_code_name(fault->code)),
                              base_buf_view(&kept), core_now(core), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}
