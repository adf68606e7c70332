/* SPDX-License-Identifier: Apache-2.0
 * The terms of an agreement, read from what its parties accepted. They come from outside: whatever is not plainly a
 * permission is none. */
#include "law/transfer.h"

enum { ROW_ID_MAX = 32, ROW_CODES_MAX = 256 };

const char *const law_direction_names[LAW_DIRECTIONS] = {
    [LAW_BOTH] = "both", [LAW_FROM_PROPOSER] = "from_proposer", [LAW_TO_PROPOSER] = "to_proposer"};
/* The marks of the Traffic Light Protocol 2.0 (FIRST). */
const char *const law_handling_names[LAW_HANDLINGS] = {[LAW_CLEAR] = "clear",
                                                       [LAW_GREEN] = "green",
                                                       [LAW_AMBER] = "amber",
                                                       [LAW_AMBER_STRICT] = "amber_strict",
                                                       [LAW_RED] = "red"};
const char *const law_onward_names[LAW_ONWARDS] = {
    [LAW_ONWARD_NO] = "no", [LAW_ONWARD_CONSENT] = "consent", [LAW_ONWARD_PARTIES] = "parties"};
const char *const law_approval_names[LAW_APPROVALS] = {
    [LAW_OFFICER] = "officer", [LAW_SUPERVISOR] = "supervisor", [LAW_AUTHORITY] = "authority"};
const char *const law_assurance_names[LAW_ASSURANCES] = {[LAW_NO_DEATH_PENALTY] = "no_death_penalty",
                                                         [LAW_NO_TORTURE] = "no_torture",
                                                         [LAW_FAIR_TRIAL] = "fair_trial",
                                                         [LAW_NOT_POLITICAL] = "not_political",
                                                         [LAW_NO_PERSECUTION] = "no_persecution"};

/* Of an id that is not longer than ROW_ID_MAX. */
static bool row_id_valid(struct base_view id) {
  for (size_t i = 0; i < id.size; i++) {
    uint8_t byte = id.data[i];
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (!letter && !(byte >= '0' && byte <= '9') && byte != '.' && byte != '-')
      return false;
  }
  return id.size > 0;
}

static bool code_or_star(struct base_view code) {
  return base_view_is(code, "*") || wire_code_valid(code);
}

static struct base_view *take_codes(struct wire_object *object, const char *key, struct base_arena *arena,
                                    size_t *count) {
  const struct wire_json *array = wire_object_array(object, key, 1, ROW_CODES_MAX);
  size_t size = wire_json_size(array);
  struct base_view *codes = base_arena_array(arena, size, sizeof *codes);
  if (!codes)
    wire_object_fail(object, BASE_MEMORY, key, "no memory left");
  for (size_t i = 0; i < size && !object->code; i++) {
    codes[i] = wire_object_copy_at(object, key, array, i, WIRE_CODE_MAX, arena);
    if (!code_or_star(codes[i]) || (size > 1 && base_view_is(codes[i], "*")))
      wire_object_fail(object, BASE_FIELD, key, "item %zu must be a code, or \"*\" alone", i);
  }
  *count = size;
  return codes;
}

/* Whether the column is there at all; an empty text is there, and never means what its absence does. */
static bool present(const struct wire_object *object, const char *key) {
  return wire_json_get(object->json, key) != NULL;
}

/* The index of the column's word; `missing` when the column is absent and not required. */
static size_t take_word(struct wire_object *object, const char *key, const char *const *words, size_t count,
                        bool required, size_t missing) {
  struct base_view text = wire_object_text(object, key, WIRE_CODE_MAX, required);
  if (!present(object, key))
    return missing;
  for (size_t i = 0; i < count; i++)
    if (base_view_is(text, words[i]))
      return i;
  wire_object_fail(object, BASE_FIELD, key, "must be one of the %zu words that spec/agreement.md lists, such as %s",
                   count, words[0]);
  return missing;
}

static unsigned take_assurances(struct wire_object *object) {
  if (!present(object, "assurances"))
    return 0;
  const struct wire_json *array = wire_object_array(object, "assurances", 1, LAW_ASSURANCES);
  unsigned bits = 0;
  for (size_t i = 0; i < wire_json_size(array) && !object->code; i++) {
    unsigned bit = 0;
    for (size_t k = 0; k < LAW_ASSURANCES; k++)
      if (base_view_is(wire_json_text(wire_json_at(array, i)), law_assurance_names[k]))
        bit = 1u << k;
    if (bit == 0 || (bits & bit))
      wire_object_fail(object, BASE_FIELD, "assurances",
                       "item %zu must be an assurance of spec/agreement.md, each once", i);
    bits |= bit;
  }
  return bits;
}

/* The one party that a name or an origin means; empty, and an error, when it is none, or may be two. */
static struct base_view find_party(struct wire_object *object, const char *key, struct base_view name,
                                   const struct law_agreement *terms) {
  struct base_view found = {0};
  size_t count = 0;
  for (size_t i = 0; i < terms->party_count && !object->code; i++)
    if (base_view_equal(terms->parties[i], name) || base_view_equal(wire_origin_name(terms->parties[i]), name)) {
      found = terms->parties[i];
      count++;
    }
  if (!object->code && count != 1)
    wire_object_fail(object, BASE_FIELD, key, "must be the name of a party of this agreement, or its origin");
  return found;
}

static void take_authority(struct wire_object *object, const struct law_agreement *terms, struct law_row *row) {
  struct base_view code = wire_object_text(object, "authority", WIRE_CODE_MAX, false);
  const struct law_authority *found = NULL;
  if (!present(object, "authority"))
    return;
  for (size_t i = 0; i < terms->authority_count; i++)
    if (base_view_equal(terms->authorities[i].code, code))
      found = &terms->authorities[i];
  if (!found)
    wire_object_fail(object, BASE_FIELD, "authority", "must be the code of one of the `authorities`");
  else
    row->authority = found->code;
}

/* The basis, and where it stands, go together. An own assessment (article 37(1)(b)) takes into account that the data serve no
 * death penalty and no cruel treatment (recital 71): the receiver assures it. */
static void take_transfer(struct wire_object *object, struct base_arena *arena, struct law_row *row) {
  enum { NEEDED = 1 << LAW_NO_DEATH_PENALTY | 1 << LAW_NO_TORTURE };
  row->transfer = (enum law_transfer)take_word(object, "transfer", law_transfer_names, LAW_TRANSFER_ASSESSMENT + 1, false,
                                               LAW_TRANSFER_NONE);
  row->transfer_reference = wire_object_copy(object, "transfer_reference", LAW_REFERENCE_MAX, arena, false);
  if (present(object, "transfer") && row->transfer == LAW_TRANSFER_NONE)
    wire_object_fail(object, BASE_FIELD, "transfer", "must be adequacy, instrument or assessment");
  bool stated = row->transfer_reference.size > 0;
  if ((row->transfer != LAW_TRANSFER_NONE) != stated || present(object, "transfer_reference") != stated)
    wire_object_fail(object, BASE_FIELD, "transfer_reference",
                     "goes with `transfer`: the decision, the instrument's article or the assessment that it is");
  if (row->transfer == LAW_TRANSFER_ASSESSMENT && (row->assurances & NEEDED) != NEEDED)
    wire_object_fail(object, BASE_FIELD, "assurances",
                     "must have no_death_penalty and no_torture where the basis is an own assessment");
}

static void take_row(struct wire_object *object, struct base_arena *arena, const struct law_agreement *terms,
                     struct law_row *row) {
  row->id = wire_object_copy(object, "id", ROW_ID_MAX, arena, true);
  if (!row_id_valid(row->id))
    wire_object_fail(object, BASE_FIELD, "id", "must be an article such as 12.3: 1 to %d of A-Z a-z 0-9 . -",
                     ROW_ID_MAX);
  row->kind = wire_object_copy(object, "kind", WIRE_CODE_MAX, arena, true);
  if (!code_or_star(row->kind))
    wire_object_fail(object, BASE_FIELD, "kind", "must be a code or \"*\"");
  row->types = take_codes(object, "types", arena, &row->type_count);
  row->purposes = take_codes(object, "purposes", arena, &row->purpose_count);
  row->direction =
      (enum law_direction)take_word(object, "direction", law_direction_names, LAW_DIRECTIONS, true, LAW_BOTH);
  struct base_view recipient = wire_object_text(object, "recipient", WIRE_ORIGIN_MAX, false);
  if (present(object, "recipient"))
    row->recipient = find_party(object, "recipient", recipient, terms);
  row->personal = (enum wire_personal)take_word(object, "personal", law_personal_names, WIRE_PERSONAL_SPECIAL + 1,
                                                false, WIRE_PERSONAL_ORDINARY);
  row->has_handling = present(object, "handling");
  row->handling = (enum law_handling)take_word(object, "handling", law_handling_names, LAW_HANDLINGS, false, LAW_CLEAR);
  row->has_onward = present(object, "onward");
  row->onward = (enum law_onward)take_word(object, "onward", law_onward_names, LAW_ONWARDS, false, LAW_ONWARD_NO);
  row->approval =
      (enum law_approval)take_word(object, "approval", law_approval_names, LAW_APPROVALS, false, LAW_OFFICER);
  row->assurances = take_assurances(object);
  take_transfer(object, arena, row);
  row->retention_days = wire_object_integer(object, "retention_days", 1, LAW_RETENTION_DAYS_MAX, false);
  row->reply_hours = wire_object_integer(object, "reply_hours", 1, LAW_REPLY_HOURS_MAX, false);
  take_authority(object, terms, row);
  row->note = wire_object_copy(object, "note", WIRE_KIND_TEXT_MAX, arena, false);
}

static void take_authorities(struct wire_object *root, struct base_arena *arena, struct law_agreement *terms) {
  if (!present(root, "authorities"))
    return;
  const struct wire_json *array = wire_object_array(root, "authorities", 0, LAW_AUTHORITIES_MAX);
  size_t count = wire_json_size(array);
  terms->authorities = base_arena_array(arena, count, sizeof *terms->authorities);
  if (!terms->authorities)
    wire_object_fail(root, BASE_MEMORY, "authorities", "no memory left");
  for (size_t i = 0; i < count && !root->code; i++) {
    struct law_authority *authority = &terms->authorities[i];
    struct wire_object object;
    wire_object_begin_at(&object, root, "authorities", array, i);
    authority->code = wire_object_copy(&object, "code", WIRE_CODE_MAX, arena, true);
    if (!wire_code_valid(authority->code))
      wire_object_fail(&object, BASE_FIELD, "code", "must be a code");
    for (size_t k = 0; k < i; k++)
      if (base_view_equal(terms->authorities[k].code, authority->code))
        wire_object_fail(&object, BASE_FIELD, "code", "stands twice");
    authority->party = find_party(&object, "party", wire_object_text(&object, "party", WIRE_ORIGIN_MAX, true), terms);
    authority->name = wire_object_copy(&object, "name", WIRE_KIND_TEXT_MAX, arena, true);
    wire_object_close(&object, root);
    terms->authority_count = i + 1;
  }
}

/* Of each party, or of none: who leaves one out has not said that it is bound, nor that it is not. */
static void take_regimes(struct wire_object *root, struct base_arena *arena, struct law_agreement *terms) {
  if (!present(root, "regimes"))
    return;
  const struct wire_json *array = wire_object_array(root, "regimes", terms->party_count, terms->party_count);
  size_t count = wire_json_size(array);
  terms->regimes = base_arena_array(arena, count, sizeof *terms->regimes);
  if (!terms->regimes)
    wire_object_fail(root, BASE_MEMORY, "regimes", "no memory left");
  for (size_t i = 0; i < count && !root->code; i++) {
    struct law_party_regime *stands = &terms->regimes[i];
    struct wire_object object;
    wire_object_begin_at(&object, root, "regimes", array, i);
    struct base_view name = wire_object_text(&object, "party", WIRE_ORIGIN_MAX, true);
    struct base_view party = find_party(&object, "party", name, terms);
    if (law_agreement_regime(terms, party) != LAW_REGIME_UNSAID)
      wire_object_fail(&object, BASE_FIELD, "party", "stands twice");
    stands->party = party;
    stands->regime =
        1 + (enum law_regime)take_word(&object, "regime", &law_regime_names[LAW_REGIME_LED],
                                       LAW_REGIMES - LAW_REGIME_LED, true, 0);
    wire_object_close(&object, root);
    terms->regime_count = i + 1;
  }
}

/* A clause names a row by its id, so ids are unique. */
static void check_ids(struct wire_object *root, const struct law_row *rows, size_t count) {
  for (size_t i = 0; i < count && !root->code; i++)
    for (size_t j = 0; j < i; j++)
      if (base_view_equal(rows[i].id, rows[j].id))
        wire_object_fail(root, BASE_FIELD, "rows", "rows %zu and %zu have the same id", j, i);
}

static void take_rows(struct wire_object *root, struct base_arena *arena, struct law_agreement *terms) {
  const struct wire_json *array = wire_object_array(root, "rows", 1, LAW_ROWS_MAX);
  size_t count = wire_json_size(array);
  terms->rows = base_arena_array(arena, count, sizeof *terms->rows);
  if (!terms->rows)
    wire_object_fail(root, BASE_MEMORY, "rows", "no memory left");
  for (size_t i = 0; i < count && !root->code; i++) {
    struct wire_object row;
    wire_object_begin_at(&row, root, "rows", array, i);
    take_row(&row, arena, terms, &terms->rows[i]);
    wire_object_close(&row, root);
  }
  check_ids(root, terms->rows, count);
  terms->row_count = count;
}

static enum base_code take_moment(const struct wire_header *header, const char *name, base_time missing, base_time *out,
                                  struct base_error *err) {
  struct base_view text = wire_header_state(header, name);
  *out = missing;
  if (text.size == 0 || base_time_parse(text, out) || base_date_parse(text, out))
    return BASE_OK;
  return base_fail(err, BASE_DATE,
                   "agreement: state $.%s: must be a time like 2026-11-21T08:00:00Z, or a date, that exists", name);
}

static enum base_code copy_parties(const struct wire_header *header, struct base_arena *arena,
                                   struct law_agreement *terms, struct base_error *err) {
  terms->party_count = header->party_count;
  for (size_t i = 0; i < header->party_count; i++) {
    terms->parties[i] = base_arena_copy(arena, header->parties[i]);
    if (!terms->parties[i].data)
      return base_fail(err, BASE_MEMORY, "agreement: no memory left for its parties");
    if (base_view_equal(header->parties[i], header->author))
      terms->proposer = terms->parties[i];
  }
  if (!terms->proposer.data)
    return base_fail(err, BASE_FIELD, "agreement: its author is not a party");
  return BASE_OK;
}

/* The terms' own columns, beside the rows. The other fields are for people, and the kind's to check. */
static void take_terms(struct wire_object *root, struct base_arena *arena, struct law_agreement *terms) {
  struct base_view review = wire_object_text(root, "review", sizeof "YYYY-MM-DD", false);
  if (present(root, "review") && !base_date_parse(review, &terms->review))
    wire_object_fail(root, BASE_DATE, "review", "must be a date like 2026-11-21 that exists");
  terms->notice_days = wire_object_integer(root, "notice_days", 1, LAW_NOTICE_DAYS_MAX, false);
  take_authorities(root, arena, terms);
  take_regimes(root, arena, terms);
  take_rows(root, arena, terms);
}

enum base_code law_terms_parse(const struct wire_json *fields, const struct wire_header *header, base_time accepted_at,
                               struct base_arena *arena, struct law_agreement *out, struct base_error *err) {
  struct law_agreement terms = {0};
  struct wire_object root;
  enum base_code code = copy_parties(header, arena, &terms, err);
  if (code)
    return code;
  wire_object_begin(&root, fields, "agreement", "$");
  if (!root.code)
    take_terms(&root, arena, &terms);
  if (root.code) {
    if (err)
      *err = root.error;
    return root.code;
  }
  code = take_moment(header, "from", accepted_at, &terms.from, err);
  if (!code)
    code = take_moment(header, "until", 0, &terms.until, err);
  if (!code && terms.until <= terms.from)
    code = base_fail(err, BASE_FIELD, "agreement: state $.until: must be later than the begin, %s",
                     base_time_format(terms.from).text);
  if (code)
    return code;
  if (!header->opens)
    terms.id = header->case_id;
  *out = terms;
  return BASE_OK;
}
