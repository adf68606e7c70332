/* SPDX-License-Identifier: Apache-2.0
 * Recipients as a partner may have written them: whoever is named stands there whole, and nobody who is not is covered.
 */
#include <stdlib.h>

#include "law/consent.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct base_view list = base_view_of(data, size), madrid = BASE_VIEW("wasl/madrid/2222222222222222");
  bool valid = law_recipients_valid(list), named = law_recipients_name(list, madrid);
  require(!named || size >= madrid.size);
  require(!valid || law_recipients_within(list, list));
  require(!law_recipients_name(list, (struct base_view){0}));
  require(law_recipients_within(madrid, list) == named);
  struct law_consent consent = {.asker = madrid,
                                .giver = madrid,
                                .state = LAW_CONSENT_GIVEN,
                                .asked_to = list,
                                .to = list,
                                .asked_purpose = BASE_VIEW("drugs"),
                                .purpose = BASE_VIEW("drugs"),
                                .asked_until = 2,
                                .until = 2};
  struct law_passing passing = {
      .by = madrid, .originator = madrid, .to = madrid, .purpose = BASE_VIEW("drugs"), .now = 1};
  require((law_consent_covers(&consent, &passing) == LAW_COVERED) == named);
  return 0;
}
