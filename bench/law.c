/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "law/law.h"

/* What law's answer for one send costs with ROWS rows in force: the covering row is the last, and none is there. Prints
 * microseconds of processor time for each.
 *
 *   build/bench/law */

enum { ROWS = 1000, ROUNDS = 20000 };

static double asked_us(const struct law_question *question, const struct law_agreement *agreement,
                       enum base_code wanted) {
  struct law_answer answer;
  struct base_error err;
  clock_t begin = clock();
  for (int i = 0; i < ROUNDS; i++)
    if (law_decide(question, agreement, 1, &answer, &err) != wanted)
      exit(1);
  return (double)(clock() - begin) / CLOCKS_PER_SEC / ROUNDS * 1e6;
}

int main(void) {
  static struct law_row rows[ROWS];
  static char ids[ROWS][8];
  struct base_view types[] = {BASE_VIEW("ask"), BASE_VIEW("answer"), BASE_VIEW("refuse")}, drugs = BASE_VIEW("drugs"),
                   terrorism = BASE_VIEW("terrorism");
  for (int i = 0; i < ROWS; i++) {
    (void)snprintf(ids[i], sizeof ids[i], "%d", i);
    rows[i] = (struct law_row){.id = base_view_text(ids[i]),
                               .kind = BASE_VIEW("request"),
                               .types = types,
                               .type_count = 3,
                               .purposes = i + 1 < ROWS ? &terrorism : &drugs,
                               .purpose_count = 1,
                               .personal = WIRE_PERSONAL_ORDINARY};
  }
  struct law_agreement agreement = {.accepted = true, .until = 100, .party_count = 2, .row_count = ROWS, .rows = rows};
  agreement.parties[0] = agreement.proposer = BASE_VIEW("wasl/paris/0123456789abcdef");
  agreement.parties[1] = BASE_VIEW("wasl/rabat/0123456789abcdef");
  struct law_question question = {.kind = BASE_VIEW("request"),
                                  .type = BASE_VIEW("answer"),
                                  .purpose = drugs,
                                  .needs_row = true,
                                  .from = agreement.parties[0],
                                  .to = agreement.parties[1],
                                  .now = 50};
  double permitted = asked_us(&question, &agreement, BASE_OK);
  question.purpose = BASE_VIEW("espionage");
  printf("%.2f %.2f\n", permitted, asked_us(&question, &agreement, BASE_LAW));
  return 0;
}
