#include "traffic/period.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400 };

static unsigned
month_days(int year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static void
text(int64_t day, char out[QA_PERIOD_DAY])
{
	struct qa_date d = qa_date_of((uint64_t)day * DAY * QA_SECOND);

	snprintf(out, QA_PERIOD_DAY, "%04u-%02u-%02u", (unsigned)d.year % 10000, d.month % 100, d.day % 100);
}

/* Days since 1970; -1: DAY is none. */
static int64_t
number(const char *day)
{
	static const char form[] = "0000-00-00";
	unsigned v[3] = {0};

	for (size_t i = 0, k = 0; i < sizeof form; i++) {
		if (form[i] == '0' && day[i] >= '0' && day[i] <= '9')
			v[k] = v[k] * 10 + (unsigned)(day[i] - '0');
		else if (form[i] == '0' || day[i] != form[i])
			return -1;
		else
			k++;
	}
	if (v[0] < 1970 || v[0] > 2553 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > month_days((int)v[0], v[1]))
		return -1;
	return qa_seconds_of((int)v[0], v[1], v[2], 0, 0, 0) / DAY;
}

static int64_t
begin(qa_month m, unsigned sign_up)
{
	int year = (int)(m / 12);
	unsigned month = m % 12 + 1, last = month_days(year, month);

	return qa_seconds_of(year, month, sign_up < last ? sign_up : last, 0, 0, 0) / DAY;
}

struct qa_period
qa_period_of_month(qa_month m, unsigned sign_up)
{
	int64_t from = begin(m, sign_up), to = begin(m + 1, sign_up);
	struct qa_period p = {.days = (unsigned)(to - from)};

	text(from, p.from);
	text(to, p.to);
	return p;
}

struct qa_period
qa_period_of_day(const char *day, unsigned sign_up)
{
	int64_t n = number(day);
	struct qa_date d = qa_date_of((uint64_t)(n < 0 ? 0 : n) * DAY * QA_SECOND);
	qa_month m = (qa_month)d.year * 12 + d.month - 1;

	return qa_period_of_month(begin(m, sign_up) > n ? m - 1 : m, sign_up);
}

void
qa_period_until(struct qa_period *p, const char *day)
{
	if (strcmp(day, p->to) >= 0)
		return;
	if (strcmp(day, p->from) < 0)
		day = p->from;
	p->days = (unsigned)(number(day) - number(p->from));
	memmove(p->to, day, QA_PERIOD_DAY);
}

void
qa_period_day(const struct qa_period *p, unsigned i, char out[QA_PERIOD_DAY])
{
	text(number(p->from) + i, out);
}

void
qa_period_shift(const char *day, int n, char out[QA_PERIOD_DAY])
{
	int64_t to = number(day) + n;

	text(to < 0 ? 0 : to, out);
}

bool
qa_period_index(const struct qa_period *p, const char *day, unsigned *i_r)
{
	int64_t n = number(day), from = number(p->from);

	if (n < from || n - from >= p->days)
		return false;
	*i_r = (unsigned)(n - from);
	return true;
}

void
qa_period_local(int64_t t, char out[QA_PERIOD_DAY])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (!localtime_r(&when, &tm) || tm.tm_year < 70 || tm.tm_year > 653)
		snprintf(out, QA_PERIOD_DAY, "1970-01-01");
	else
		snprintf(out, QA_PERIOD_DAY, "%04u-%02u-%02u", (unsigned)tm.tm_year % 1000 + 1900, (unsigned)(tm.tm_mon + 1) % 100,
			 (unsigned)tm.tm_mday % 100);
}
