#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t
read_clock(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * QA_SECOND + (uint64_t)t.tv_nsec;
}

uint64_t
qa_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t
qa_tick(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Days from 1970-01-01 by counting years from March, so that the leap day comes last. */
static int64_t
days_of(int64_t y, unsigned m, unsigned d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * ((int64_t)m + (m > 2 ? -3 : 9)) + 2) / 5 + (int64_t)d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int64_t
qa_seconds_of(int year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s)
{
	return days_of(year, month, day) * 86400 + (int64_t)h * 3600 + (int64_t)m * 60 + (int64_t)s;
}

struct qa_date
qa_date_of(uint64_t ns)
{
	uint64_t secs = ns / QA_SECOND, days = secs / 86400, rest = secs % 86400;
	uint64_t z = days + 719468;
	uint64_t doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t mp = (5 * doy + 2) / 153;
	struct qa_date d;

	d.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	d.month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	d.year = (int)(yoe + z / 146097 * 400 + (d.month <= 2));
	d.hour = (unsigned)(rest / 3600);
	d.minute = (unsigned)(rest / 60 % 60);
	d.second = (unsigned)(rest % 60);
	d.weekday = (unsigned)((days + 4) % 7);
	return d;
}

qa_month
qa_month_of(uint64_t ns)
{
	struct qa_date d = qa_date_of(ns);

	return (qa_month)d.year * 12 + d.month - 1;
}

void
qa_month_text(qa_month m, char out[QA_MONTH_TEXT])
{
	unsigned y = m / 12 % 10000, mon = m % 12 + 1;

	snprintf(out, QA_MONTH_TEXT, "%04u-%02u", y, mon % 100);
}

int
qa_month_scan(qa_span s, qa_month *out_r)
{
	unsigned y = 0, m = 0;

	if (s.n != 7 || s.p[4] != '-')
		return -1;
	for (size_t i = 0; i < 7; i++) {
		if (i == 4)
			continue;
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		if (i < 4)
			y = y * 10 + (unsigned)(s.p[i] - '0');
		else
			m = m * 10 + (unsigned)(s.p[i] - '0');
	}
	if (y < 1970 || y > 2554 || m < 1 || m > 12)
		return -1;
	*out_r = y * 12 + m - 1;
	return 0;
}

void
qa_rfc3339(uint64_t ns, char out[QA_RFC3339_TEXT])
{
	struct qa_date d = qa_date_of(ns);
	char big[64];

	snprintf(big, sizeof big, "%04d-%02u-%02uT%02u:%02u:%02u.%09uZ", d.year, d.month, d.day, d.hour,
		 d.minute, d.second, (unsigned)(ns % QA_SECOND));
	memcpy(out, big, QA_RFC3339_TEXT - 1);
	out[QA_RFC3339_TEXT - 1] = 0;
}
