/* SPDX-License-Identifier: Apache-2.0
 * Personal data that leave the area of Directive (EU) 2016/680. */
#include "law/transfer.h"

#include <string.h>

const char *const law_regime_names[LAW_REGIMES] = {[LAW_REGIME_UNSAID] = "",
                                                   [LAW_REGIME_LED] = "led",
                                                   [LAW_REGIME_THIRD_COUNTRY] = "third_country",
                                                   [LAW_REGIME_ORGANISATION] = "international_organisation"};
const char *const law_transfer_names[LAW_TRANSFERS] = {[LAW_TRANSFER_NONE] = "",
                                                       [LAW_TRANSFER_ADEQUACY] = "adequacy",
                                                       [LAW_TRANSFER_INSTRUMENT] = "instrument",
                                                       [LAW_TRANSFER_ASSESSMENT] = "assessment",
                                                       [LAW_TRANSFER_VITAL_INTERESTS] = "vital_interests",
                                                       [LAW_TRANSFER_LEGITIMATE_INTERESTS] = "legitimate_interests",
                                                       [LAW_TRANSFER_IMMEDIATE_THREAT] = "immediate_threat",
                                                       [LAW_TRANSFER_INDIVIDUAL_CASE] = "individual_case",
                                                       [LAW_TRANSFER_LEGAL_CLAIMS] = "legal_claims"};

bool law_transfer_derogates(enum law_transfer basis) {
  return basis > LAW_TRANSFER_ASSESSMENT;
}

static enum law_transfer named(struct base_view code) {
  for (size_t i = LAW_TRANSFER_NONE + 1; i < LAW_TRANSFERS; i++)
    if (base_view_is(code, law_transfer_names[i]))
      return (enum law_transfer)i;
  return LAW_TRANSFER_NONE;
}

enum law_transfer law_derogation(struct base_view code) {
  enum law_transfer basis = named(code);
  return law_transfer_derogates(basis) ? basis : LAW_TRANSFER_NONE;
}

enum law_transfer law_clause_transfer(struct base_view clause) {
  static const char word[] = " transfer ";
  enum { SIZE = sizeof word - 1 };
  struct law_clause read;
  if (!law_clause_read(clause, &read))
    return LAW_TRANSFER_NONE;
  const uint8_t *rest = read.row.data + read.row.size, *end = clause.data + clause.size;
  if (end - rest <= SIZE || memcmp(rest, word, SIZE) != 0)
    return LAW_TRANSFER_NONE;
  rest += SIZE;
  const uint8_t *blank = memchr(rest, ' ', (size_t)(end - rest)); /* before a consent */
  return named(base_view_of(rest, (size_t)((blank != NULL ? blank : end) - rest)));
}

enum law_regime law_agreement_regime(const struct law_agreement *agreement, struct base_view party) {
  for (size_t i = 0; i < agreement->regime_count; i++)
    if (base_view_equal(agreement->regimes[i].party, party))
      return agreement->regimes[i].regime;
  return LAW_REGIME_UNSAID;
}

bool law_leaves(struct base_view from, struct base_view to, base_time now, const struct law_agreement *agreements,
                size_t count) {
  struct law_question between = {.from = from, .to = to, .now = now, .arrived = true}; /* whatever is disputed of it */
  for (size_t i = 0; i < count; i++)
    if (law_standing(&agreements[i], &between) == LAW_IN_FORCE &&
        law_agreement_regime(&agreements[i], from) == LAW_REGIME_LED &&
        law_agreement_regime(&agreements[i], to) > LAW_REGIME_LED)
      return true;
  return false;
}

bool law_authorised_first(struct base_view author, struct base_view by, struct base_view to, base_time now,
                          const struct law_agreement *agreements, size_t count) {
  struct law_question between = {.from = author, .to = by, .now = now, .arrived = true};
  if (!law_leaves(by, to, now, agreements, count))
    return false;
  for (size_t i = 0; i < count; i++)
    if (law_standing(&agreements[i], &between) == LAW_IN_FORCE &&
        law_agreement_regime(&agreements[i], author) == LAW_REGIME_LED)
      return true;
  return false;
}

bool law_transfers(const struct law_question *question, const struct law_agreement *agreements, size_t count) {
  return question->personal != WIRE_PERSONAL_NONE &&
         law_leaves(question->from, question->to, question->now, agreements, count);
}
