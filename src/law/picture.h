/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LAW_PICTURE_H
#define WASL_LAW_PICTURE_H

#include "law/law.h"

/* When a weekly count leaves its range. Pure functions; spec/picture.md says how good they are. */

enum {
  LAW_PICTURE_WEEKS = 26,       /* weeks before that make the range, at most … */
  LAW_PICTURE_LEAST_WEEKS = 12, /* … and at least: with fewer there is none */
  LAW_PICTURE_RATE = 200,       /* of so many series-weeks of a series that goes on as it was, at most one leaves it */
  LAW_PICTURE_LEAST = 3,        /* fewer cases in a week are never called too many */
  LAW_PICTURE_SCATTER_MAX = 100 /* how much more than by chance alone a series may scatter and be followed */
};
/* Monday of the week of this moment, 00:00 UTC: the week's name. */
base_time law_picture_week(base_time at);
/* The most cases in a week that are still in the range of a series with these counts in the weeks before; UINT64_MAX when
 * they are fewer than LAW_PICTURE_LEAST_WEEKS. */
uint64_t law_picture_most(const uint64_t *weeks, size_t count);

#endif
