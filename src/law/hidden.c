/* SPDX-License-Identifier: Apache-2.0
 * Rows that no message is ever sent under, because a row before them covers all that they cover. */
#include "law/law.h"

/* Law itself is asked what either row is short of. A column is looked at apart from the others, since a row covers
 * whatever each of its columns covers. */
struct pair {
  const struct law_agreement *agreement;
  const struct law_row *first, *row; /* whether that one covers all that this one covers */
  bool apart;                        /* what this one is about is humanitarian */
  size_t *left;                      /* questions; none left: it does not, as far as anybody knows */
};

/* Nothing of the question that the row covers in these columns is what the first is short of there. */
static bool goes_on(const struct pair *pair, const struct law_question *question, unsigned columns) {
  if (*pair->left == 0)
    return false;
  --*pair->left;
  return (law_row_lacks(pair->agreement, pair->row, question) & columns) != 0 ||
         (law_row_lacks(pair->agreement, pair->first, question) & columns) == 0;
}

static bool covers_content(const struct pair *pair) {
  struct law_question question = {.kind = pair->row->kind, .apart = pair->apart, .personal = pair->row->personal};
  struct law_question leaving = {.transfer = pair->row->personal != WIRE_PERSONAL_NONE};
  bool covered = goes_on(pair, &question, LAW_LACKS_KIND | LAW_LACKS_PERSONAL) &&
                 goes_on(pair, &leaving, LAW_LACKS_TRANSFER);
  for (question.level = WIRE_CLEAR; question.level <= WIRE_RED && covered; question.level++)
    covered = goes_on(pair, &question, LAW_LACKS_HANDLING);
  for (size_t i = 0; i < pair->row->type_count && covered; i++) {
    question.type = pair->row->types[i];
    covered = goes_on(pair, &question, LAW_LACKS_TYPE);
  }
  for (size_t i = 0; i < pair->row->purpose_count && covered; i++) {
    question.purpose = pair->row->purposes[i];
    covered = goes_on(pair, &question, LAW_LACKS_PURPOSE);
  }
  return covered;
}

/* Each way between two of the parties. */
static bool covers_ways(const struct pair *pair) {
  const struct law_agreement *agreement = pair->agreement;
  for (size_t i = 0; i < agreement->party_count; i++)
    for (size_t k = 0; k < agreement->party_count; k++) {
      struct law_question question = {.from = agreement->parties[i], .to = agreement->parties[k]};
      if (i != k && !goes_on(pair, &question, LAW_LACKS_DIRECTION | LAW_LACKS_RECIPIENT))
        return false;
    }
  return true;
}

const struct law_row *law_row_hider(const struct law_agreement *agreement, const struct law_row *row, bool apart,
                                    size_t *left) {
  struct pair pair = {.agreement = agreement, .row = row, .apart = apart, .left = left};
  for (pair.first = agreement->rows; pair.first < row; pair.first++)
    if (covers_content(&pair) && covers_ways(&pair))
      return pair.first;
  return NULL;
}
