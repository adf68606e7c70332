/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/policy.h"

#include <string.h>

struct reading {
  struct wire_policy *policy;
  size_t line;
  bool quorum, taken[WIRE_POLICY_NAMES_MAX]; /* is a member of a group already */
  struct base_error *err;
};

static enum base_code fail(const struct reading *reading, enum base_code code, const char *what) {
  return base_fail(reading->err, code, "policy: line %zu: %s", reading->line, what);
}

/* The next word of the line, which moves behind it; empty at its end. */
static struct base_view next_word(struct base_view *line) {
  size_t at = 0;
  while (at < line->size && (line->data[at] == ' ' || line->data[at] == '\t'))
    at++;
  size_t end = at;
  while (end < line->size && line->data[end] != ' ' && line->data[end] != '\t')
    end++;
  struct base_view word = base_view_of(line->data + at, end - at);
  *line = base_view_of(line->data + end, line->size - end);
  return word;
}

/* A witness or a group of this name, WIRE_POLICY_NONE when there is none. */
static int named(const struct wire_policy *policy, struct base_view name) {
  for (size_t i = 0; i < policy->witness_count; i++)
    if (base_view_equal(policy->names[i], name))
      return (int)i;
  for (size_t i = 0; i < policy->group_count; i++)
    if (base_view_equal(policy->groups[i].name, name))
      return (int)(WIRE_POLICY_WITNESSES_MAX + i);
  return WIRE_POLICY_NONE;
}

static enum base_code new_name(const struct reading *reading, struct base_view name) {
  if (name.size == 0 || name.size > WIRE_KEY_NAME_MAX)
    return fail(reading, BASE_SYNTAX, "a name is missing, or too long");
  if (base_view_is(name, "none") || named(reading->policy, name) != WIRE_POLICY_NONE)
    return fail(reading, BASE_DUPLICATE_KEY, "that name is taken");
  return BASE_OK;
}

/* A key of this type that is none of those before it, and at most a URL behind it. */
static enum base_code read_key(const struct reading *reading, struct base_view *line, uint8_t type,
                               const struct wire_vkey *before, size_t count, size_t most, struct wire_vkey *out) {
  if (count == most)
    return fail(reading, BASE_TOO_LARGE, "more keys of this kind than are allowed");
  if (wire_vkey_parse(next_word(line), out, NULL) != BASE_OK || out->type != type)
    return fail(reading, BASE_FIELD,
                type == WIRE_VKEY_LOG ? "not the verifier key of a register (type 1, or P-256)"
                                      : "not the verifier key of a witness (type 4, or P-256)");
  for (size_t i = 0; i < count; i++)
    if (wire_key_equal(&before[i].key, &out->key))
      return fail(reading, BASE_DUPLICATE_KEY, "that key stands twice");
  (void)next_word(line); /* the URL */
  return BASE_OK;
}

static enum base_code read_witness(struct reading *reading, struct base_view *line) {
  struct wire_policy *policy = reading->policy;
  struct base_view name = next_word(line);
  struct wire_vkey key;
  enum base_code code = new_name(reading, name);
  if (code == BASE_OK)
    code = read_key(reading, line, WIRE_VKEY_WITNESS, policy->witnesses, policy->witness_count,
                    WIRE_POLICY_WITNESSES_MAX, &key);
  if (code != BASE_OK)
    return code;
  policy->names[policy->witness_count] = name;
  policy->witnesses[policy->witness_count++] = key;
  return BASE_OK;
}

static enum base_code read_log(struct reading *reading, struct base_view *line) {
  struct wire_policy *policy = reading->policy;
  struct wire_vkey key;
  enum base_code code =
      read_key(reading, line, WIRE_VKEY_LOG, policy->logs, policy->log_count, WIRE_POLICY_LOGS_MAX, &key);
  if (code == BASE_OK)
    policy->logs[policy->log_count++] = key;
  return code;
}

static enum base_code read_group(struct reading *reading, struct base_view *line) {
  struct wire_policy *policy = reading->policy;
  struct wire_policy_group group = {.name = next_word(line)};
  enum base_code code = new_name(reading, group.name);
  if (code != BASE_OK)
    return code;
  if (policy->group_count == WIRE_POLICY_GROUPS_MAX)
    return fail(reading, BASE_TOO_LARGE, "more groups than are allowed");
  struct base_view need = next_word(line), word;
  while ((word = next_word(line)).size > 0) {
    int member = named(policy, word);
    if (member == WIRE_POLICY_NONE)
      return fail(reading, BASE_FIELD, "a member that no line before it defines");
    if (reading->taken[member])
      return fail(reading, BASE_DUPLICATE_KEY, "a member of a group already");
    reading->taken[member] = true;
    group.members[group.count++] = (uint8_t)member;
  }
  uint64_t number = base_view_is(need, "any") ? 1 : group.count;
  if (!base_view_is(need, "any") && !base_view_is(need, "all") && !base_decimal_parse(need, &number))
    return fail(reading, BASE_SYNTAX, "neither all, any nor a number");
  if (number < 1 || number > group.count)
    return fail(reading, BASE_FIELD, "a group needs 1 member or more, and no more than it has");
  group.need = (size_t)number;
  policy->groups[policy->group_count++] = group;
  return BASE_OK;
}

static enum base_code read_quorum(struct reading *reading, struct base_view *line) {
  struct base_view name = next_word(line);
  if (reading->quorum)
    return fail(reading, BASE_DUPLICATE_KEY, "a second quorum");
  reading->quorum = true;
  reading->policy->quorum = named(reading->policy, name);
  return reading->policy->quorum != WIRE_POLICY_NONE || base_view_is(name, "none")
             ? BASE_OK
             : fail(reading, BASE_FIELD, "a quorum that no line before it defines");
}

static enum base_code read_line(struct reading *reading, struct base_view line) {
  struct base_view word = next_word(&line);
  enum base_code code;
  if (word.size == 0 || word.data[0] == '#')
    return BASE_OK;
  if (base_view_is(word, "log"))
    code = read_log(reading, &line);
  else if (base_view_is(word, "witness"))
    code = read_witness(reading, &line);
  else if (base_view_is(word, "group"))
    code = read_group(reading, &line);
  else if (base_view_is(word, "quorum"))
    code = read_quorum(reading, &line);
  else
    return fail(reading, BASE_UNKNOWN_FIELD, "neither log, witness, group nor quorum");
  return code == BASE_OK && next_word(&line).size > 0 ? fail(reading, BASE_SYNTAX, "a word too many") : code;
}

enum base_code wire_policy_parse(struct base_view bytes, struct wire_policy *out, struct base_error *err) {
  struct wire_policy policy = {.quorum = WIRE_POLICY_NONE};
  struct reading reading = {.policy = &policy, .err = err};
  if (bytes.size > WIRE_POLICY_MAX)
    return base_fail(err, BASE_TOO_LARGE, "policy: %zu bytes, at most %d are allowed", bytes.size, WIRE_POLICY_MAX);
  for (struct base_view rest = bytes; rest.size > 0;) {
    const uint8_t *end = memchr(rest.data, '\n', rest.size);
    reading.line++;
    if (end == NULL)
      return fail(&reading, BASE_SYNTAX, "it does not end in a newline");
    struct base_view line = base_view_of(rest.data, (size_t)(end - rest.data));
    rest = base_view_of(end + 1, rest.size - line.size - 1);
    for (size_t i = 0; i < line.size; i++)
      if ((line.data[i] < 0x20 && line.data[i] != '\t') || line.data[i] == 0x7f)
        return fail(&reading, BASE_SYNTAX, "a control character");
    enum base_code code = read_line(&reading, line);
    if (code != BASE_OK)
      return code;
  }
  if (!reading.quorum)
    return base_fail(err, BASE_FIELD, "policy: no quorum");
  *out = policy;
  return BASE_OK;
}

/* Members are defined before their group, so one pass from the first to the last decides each. */
bool wire_policy_met(const struct wire_policy *policy, const bool cosigned[WIRE_POLICY_WITNESSES_MAX]) {
  bool met[WIRE_POLICY_NAMES_MAX] = {false};
  memcpy(met, cosigned, policy->witness_count * sizeof met[0]);
  for (size_t i = 0; i < policy->group_count; i++) {
    const struct wire_policy_group *group = &policy->groups[i];
    size_t have = 0;
    for (size_t k = 0; k < group->count; k++)
      have += met[group->members[k]];
    met[WIRE_POLICY_WITNESSES_MAX + i] = have >= group->need;
  }
  return policy->quorum == WIRE_POLICY_NONE || met[policy->quorum];
}
