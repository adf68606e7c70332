/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LINK_FAULT_H
#define WASL_LINK_FAULT_H

/* The one way out when a channel can no longer be trusted: a log line, and the process is gone. No handlers run,
 * nothing is flushed: whoever broke the table must not choose what happens next. */
enum {
  LINK_EXIT_VIOLATION = 81, /* "link.violation": the other side sent what the table does not allow */
  LINK_EXIT_FAULT = 82, /* "link.fault": this program asked for what it may not, or has no memory or descriptor left */
};
_Noreturn void link_violation(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void link_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
