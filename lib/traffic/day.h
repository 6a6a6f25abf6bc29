/*
 * Days of the local calendar: when they begin and end, as the host's zone has it (TZ, /etc/localtime), with the days of 23 and
 * 25 hours.
 */
#ifndef QA_TRAFFIC_DAY_H
#define QA_TRAFFIC_DAY_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

struct qa_day {
	int year;	     /* 1970 to 9999 */
	unsigned month, day; /* from 1 */
};

#define QA_DAY_TEXT 11 /* "22.11.2026" and a NUL */

/* "22.11.2026" (also "1.2.2026") or "2026-11-22": 0; -1: no day of the calendar. */
int qa_day_scan(qa_span s, struct qa_day *day_r) QA_MUST;

void qa_day_text(struct qa_day d, char out[QA_DAY_TEXT]); /* "22.11.2026" */

/* The day that is N days later, or earlier. */
struct qa_day qa_day_plus(struct qa_day d, int n);

/* The day of a time (seconds since 1970 UTC). */
struct qa_day qa_day_of(int64_t t);

/* The first second of a day. That of the next day is its end, so that days leave no second out and count none twice. A day that the zone leaves
 * out begins where the next one does. */
int64_t qa_day_begin(struct qa_day d);

/* Earlier, same, later: -1, 0, 1. */
int qa_day_compare(struct qa_day a, struct qa_day b);

#endif
