/*
 * Time: UTC nanoseconds since 1970 (without leap seconds) in a uint64_t, good until 2554.
 */
#ifndef QA_BASE_CLOCK_H
#define QA_BASE_CLOCK_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

#define QA_SECOND UINT64_C(1000000000)
#define QA_LATEST INT64_C(253402300799) /* seconds; the year 9999 ends: no time that a person or a log names is later */

/* Now, by the wall clock. */
uint64_t qa_now(void);

/* Nanoseconds on a clock that never steps, for intervals and deadlines. */
uint64_t qa_tick(void);

struct qa_date {
	int year;	     /* 1970 .. 2554 */
	unsigned month, day; /* from 1 */
	unsigned hour, minute, second;
	unsigned weekday; /* 0 = Sunday */
};

struct qa_date qa_date_of(uint64_t ns);

/* Seconds since 1970 of a civil date and time in UTC; day and month from 1, no range check. */
int64_t qa_seconds_of(int year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s);

/* A partition name: the UTC month as a number, year * 12 + (month - 1), and as "YYYY-MM". */
typedef uint32_t qa_month;
#define QA_MONTH_TEXT 8 /* "2026-11" and a NUL */
qa_month qa_month_of(uint64_t ns);
void qa_month_text(qa_month m, char out[QA_MONTH_TEXT]);
/* Exactly "YYYY-MM", 1970 to 2554: 0, or -1. */
int qa_month_scan(qa_span s, qa_month *out_r) QA_MUST;

/* "2026-11-23T03:22:05.000000001Z" and a NUL (RFC 3339). */
#define QA_RFC3339_TEXT 31
void qa_rfc3339(uint64_t ns, char out[QA_RFC3339_TEXT]);

#endif
