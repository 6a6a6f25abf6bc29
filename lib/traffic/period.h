/*
 * Traffic months. A traffic month begins on the sign-up day of a month and closes on that of the next, which is the
 * first day of the following one; in a month that is too short the day is its last. With sign-up day 1 it is the calendar's month.
 *
 *	sign-up day 31:  2026-01-31 to 2026-02-27,  2026-02-28 to 2026-03-30,  2026-03-31 to ...
 *
 * Days are texts "YYYY-MM-DD", which sort as they follow each other.
 */
#ifndef QA_TRAFFIC_PERIOD_H
#define QA_TRAFFIC_PERIOD_H

#include "base/attr.h"
#include "base/clock.h"

#include <stdbool.h>

#define QA_PERIOD_DAY 11
enum { QA_PERIOD_DAYS = 62 }; /* of a period, at most */

struct qa_period {
	char from[QA_PERIOD_DAY];
	char to[QA_PERIOD_DAY]; /* the first day that does not belong to it */
	unsigned days;
};

/* The traffic month that begins in month M; sign_up from 1 to 31. */
struct qa_period qa_period_of_month(qa_month m, unsigned sign_up);

/* The traffic month that DAY lies in. */
struct qa_period qa_period_of_day(const char *day, unsigned sign_up);

/* Leaves out DAY and what follows; days may become 0. */
void qa_period_until(struct qa_period *p, const char *day);

/* Day number I of the period, from 0. */
void qa_period_day(const struct qa_period *p, unsigned i, char out[QA_PERIOD_DAY]);

/* The number of DAY in the period: true, or false when it is outside, or no day. */
bool qa_period_index(const struct qa_period *p, const char *day, unsigned *i_r);

/* The day N days after DAY, or before. */
void qa_period_shift(const char *day, int n, char out[QA_PERIOD_DAY]);

/* The local day of a time in seconds since 1970. */
void qa_period_local(int64_t t, char out[QA_PERIOD_DAY]);

#endif
