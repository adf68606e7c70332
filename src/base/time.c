/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"

enum { DAY = 86400 };
static const base_time LAST_MOMENT = 253402300799; /* 9999-12-31T23:59:59Z */

static bool leap(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t month_length(int64_t year, int64_t month) {
  static const int8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return lengths[month - 1] + (month == 2 && leap(year));
}

/* Days from 1970-01-01 to the first day of a year from 1 on; negative before 1970. */
static int64_t days_before_year(int64_t year) {
  int64_t y = year - 1;
  return 365 * (year - 1970) + (y / 4 - 492) - (y / 100 - 19) + (y / 400 - 4);
}

struct base_time_text base_time_format(base_time time) {
  /* Outside the years that our text can hold the nearest moment is written. */
  if (time < 0)
    time = 0;
  if (time > LAST_MOMENT)
    time = LAST_MOMENT;
  int64_t days = time / DAY, second = time % DAY;
  int64_t year = 1970 + days / 366;
  while (days_before_year(year + 1) <= days)
    year++;
  int64_t rest = days - days_before_year(year), month = 1;
  while (rest >= month_length(year, month))
    rest -= month_length(year, month++);
  /* Bounded again, so that the compiler too sees that each number has its width. */
  struct base_time_text out;
  snprintf(out.text, sizeof out.text, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000, (unsigned)month % 100,
           (unsigned)(rest + 1) % 100, (unsigned)(second / 3600) % 100, (unsigned)(second / 60 % 60),
           (unsigned)(second % 60));
  return out;
}

/* Fixed-width digits at a place; -1 when one is no digit. */
static int64_t digits(struct base_view text, size_t at, size_t count) {
  int64_t value = 0;
  for (size_t i = at; i < at + count; i++) {
    if (text.data[i] < '0' || text.data[i] > '9')
      return -1;
    value = value * 10 + (text.data[i] - '0');
  }
  return value;
}

bool base_zone_valid(struct base_view name) {
  bool begins = true; /* of a piece of the name */
  for (size_t i = 0; i < name.size; i++) {
    char c = (char)name.data[i];
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    bool within = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
    if (!letter && (begins || (!within && c != '/')))
      return false;
    begins = c == '/';
  }
  return name.size > 0 && name.size <= BASE_ZONE_MAX && !begins;
}

/* The parts of a date of the Gregorian calendar, whatever its year; false when there is no such day. */
static bool date_read(struct base_view text, int64_t *year, int64_t *month, int64_t *day) {
  if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-')
    return false;
  *year = digits(text, 0, 4);
  *month = digits(text, 5, 2);
  *day = digits(text, 8, 2);
  return *year >= 1 && *month >= 1 && *month <= 12 && *day >= 1 && *day <= month_length(*year, *month);
}

bool base_date_valid(struct base_view text) {
  int64_t year, month, day;
  return date_read(text, &year, &month, &day);
}

bool base_date_day(struct base_view text, int64_t *out) {
  int64_t year, month, day;
  if (!date_read(text, &year, &month, &day))
    return false;
  int64_t days = days_before_year(year) + day - 1;
  for (int64_t m = 1; m < month; m++)
    days += month_length(year, m);
  *out = days;
  return true;
}

bool base_date_parse(struct base_view text, base_time *out) {
  int64_t day;
  if (!base_date_day(text, &day) || day < 0)
    return false;
  *out = day * DAY;
  return true;
}

bool base_time_parse(struct base_view text, base_time *out) {
  base_time date;
  if (text.size != BASE_TIME_TEXT || text.data[10] != 'T' || text.data[13] != ':' || text.data[16] != ':' ||
      text.data[19] != 'Z' || !base_date_parse(base_view_of(text.data, 10), &date))
    return false;
  int64_t hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return false;
  *out = date + hour * 3600 + minute * 60 + second;
  return true;
}
