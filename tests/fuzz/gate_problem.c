/* SPDX-License-Identifier: Apache-2.0
 * A partner's problem document: whatever comes, a known code and a short text that a terminal may show. */
#include <stdlib.h>

#include "gate/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct gate_problem problem;
  gate_problem_read(base_view_of(data, size), 418, &problem);
  struct base_view detail = base_buf_view(&problem.detail);
  if (base_code_by_name(problem.code) == BASE_CODES || detail.size > GATE_DETAIL_MAX || detail.size == 0 ||
      !base_utf8_valid(detail))
    abort();
  for (size_t i = 0; i < detail.size; i++)
    if (detail.data[i] < 0x20 || detail.data[i] == 0x7f)
      abort();
  base_buf_free(&problem.detail);
  return 0;
}
