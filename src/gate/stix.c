/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "gate/local_internal.h"
#include "wire/stix.h"

void gate_stix_check(struct gate_job *job, const char *said, const struct gate_memfile *copy, gate_answer done) {
  if (job->local->worker.channel == NULL) {
    gate_http_problem(
        job->request, BASE_NOT_RUNNING,
        base_view_text("the worker that checks STIX is not running: start the node again, then repeat this"));
    return;
  }
  gate_calls_ask(&job->local->worker, LINK_STIX_CHECK, base_view_text(said), copy->fd, done, job);
  gate_http_wait(job->request);
}

void gate_stix_too_large(struct base_buf *out) {
  struct wire_stix_report report = {.warning_count = 1, .warnings_in_all = 1};
  snprintf(report.warnings[0], sizeof report.warnings[0], "not looked into: more than %d octets", WIRE_STIX_MAX);
  wire_stix_write(&report, out);
}
