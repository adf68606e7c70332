/* SPDX-License-Identifier: Apache-2.0
 * The terms of an agreement as a partner may have written them: whatever is accepted, law decides by it within its
 * bounds, and never for somebody who is no party. */
#include <stdlib.h>
#include <string.h>

#include "law/law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char stranger[] = "wasl/x/0000000000000000";
  BASE_AUTO_ARENA struct base_arena arena = {0};
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  struct law_agreement terms;
  struct law_answer answer;
  struct wire_header header;
  memset(&header, 0, sizeof header);
  header.opens = true;
  header.party_count = 2;
  header.author = header.parties[0] = BASE_VIEW("wasl/a/0000000000000000");
  header.parties[1] = BASE_VIEW("wasl/b/0000000000000000");
  header.state_count = 1;
  header.state[0] = (struct wire_state_field){BASE_VIEW("until"), BASE_VIEW("2027-11-21")};
  if (wire_json_parse(base_view_of(data, size), WIRE_PART0_MAX, "fields", &fields, NULL) ||
      law_terms_parse(fields, &header, 1795248000, &arena, &terms, NULL))
    return 0;
  require(terms.row_count > 0 && terms.row_count <= LAW_ROWS_MAX && terms.from < terms.until);
  terms.accepted = true;
  struct law_question question = {.kind = BASE_VIEW("request"),
                                  .type = BASE_VIEW("ask"),
                                  .purpose = BASE_VIEW("drugs"),
                                  .needs_row = true,
                                  .from = header.parties[0],
                                  .to = header.parties[1],
                                  .now = terms.from};
  enum base_code code = law_decide(&question, &terms, 1, &answer, NULL);
  require(code == BASE_LAW || (code == BASE_OK && strlen(answer.clause) <= LAW_CLAUSE_MAX));
  require(code != BASE_OK || law_row_lacks(&terms, answer.row, &question) == 0);
  for (size_t i = 0; i < terms.row_count; i++) {
    const struct law_row *row = &terms.rows[i];
    require(row->recipient.size == 0 || wire_header_has_party(&header, row->recipient));
    require(code == BASE_OK || law_row_lacks(&terms, row, &question) != 0);
  }
  question.personal = WIRE_PERSONAL_SPECIAL; /* what permits more permits less */
  require(law_decide(&question, &terms, 1, &answer, NULL) == BASE_LAW || code == BASE_OK);
  question.now = terms.until;
  require(law_decide(&question, &terms, 1, &answer, NULL) == BASE_LAW);
  question.now = terms.from;
  question.to = base_view_text(stranger);
  require(law_decide(&question, &terms, 1, &answer, NULL) == BASE_LAW);
  return 0;
}
