/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_PICTURE_H
#define WASL_CORE_PICTURE_H

#include "core/cards.h"
#include "core/show.h"
#include "law/picture.h"

/* The picture: how many cases were opened, by field, region, week and partner, and what left its range. spec/picture.md. Not
 * for others. */

enum {
  CORE_PICTURE_WEEKS_MAX = 520, /* that are asked for at once */
  CORE_PICTURE_WEEKS = 13,      /* unless others are: this one and the twelve before */
  CORE_PICTURE_ALERTS = 256,    /* told in one answer */
  CORE_WEEK = 7 * CORE_DAY,
};

/* What a case is counted by; false: its kind is not in the picture. The views are of the case. */
bool core_picture_of(const struct core_case *kase, struct store_pictured *out);
/* A case was opened: it is counted, and an alert told when its series leaves the range. Written in this step. */
BASE_NODISCARD enum base_code core_picture_note(struct core *core, const struct core_case *kase,
                                                const struct wire_header *header, struct base_error *err);
/* The reason that the leaf of an alert has. */
struct core_picture_words {
  char text[96];
};
struct core_picture_words core_picture_words(const struct store_picture_alert *alert);
core_show_handler core_picture_show;
/* The member `alerts` of the node's status: those of this week. */
BASE_NODISCARD enum base_code core_picture_status(struct core *core, struct wire_writer *writer, struct base_error *err);

#endif
