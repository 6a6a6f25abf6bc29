#include "traffic/day.h"
#include "base/clock.h"
#include "base/num.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400 };

static bool
leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static bool
exists(struct qa_day d)
{
	static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return d.year >= 1970 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
	       d.day <= days[d.month - 1] + (d.month == 2 && leap(d.year));
}

/* The number before SEP (0: the end), taken off *S with it. */
static bool
part(qa_span *s, char sep, unsigned long *v_r)
{
	const unsigned char *e = sep ? (s->n ? memchr(s->p, sep, s->n) : NULL) : s->p + s->n;
	uint64_t v;

	if (!s->n || !e || e - s->p > 4 || qa_scan_u64(qa_span_of(s->p, (size_t)(e - s->p)), &v))
		return false;
	*v_r = (unsigned long)v;
	*s = qa_span_cut(*s, (size_t)(e - s->p) + (sep != 0), s->n);
	return true;
}

int
qa_day_scan(qa_span s, struct qa_day *day_r)
{
	bool dots = s.n && memchr(s.p, '.', s.n);
	char sep = dots ? '.' : '-';
	unsigned long v[3];

	if (!part(&s, sep, &v[0]) || !part(&s, sep, &v[1]) || !part(&s, 0, &v[2]))
		return -1;
	*day_r = (struct qa_day){(int)v[dots ? 2 : 0], (unsigned)v[1], (unsigned)v[dots ? 0 : 2]};
	return exists(*day_r) ? 0 : -1;
}

void
qa_day_text(struct qa_day d, char out[QA_DAY_TEXT])
{
	snprintf(out, QA_DAY_TEXT, "%02u.%02u.%04u", d.day % 100, d.month % 100, (unsigned)d.year % 10000);
}

struct qa_day
qa_day_plus(struct qa_day d, int n)
{
	int64_t s = qa_seconds_of(d.year, d.month, d.day, 12, 0, 0) + (int64_t)n * DAY;
	struct qa_date t = qa_date_of(s < 0 ? 0 : (uint64_t)s * QA_SECOND);

	return (struct qa_day){t.year, t.month, t.day};
}

struct qa_day
qa_day_of(int64_t t)
{
	struct tm tm;
	time_t when = (time_t)t;

	if (!localtime_r(&when, &tm) || tm.tm_year < 70)
		return (struct qa_day){1970, 1, 1};
	if (tm.tm_year > 9999 - 1900)
		return (struct qa_day){9999, 12, 31};
	return (struct qa_day){tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday};
}

int
qa_day_compare(struct qa_day a, struct qa_day b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	return (a.day > b.day) - (a.day < b.day);
}

int64_t
qa_day_begin(struct qa_day d)
{
	/* zones are within 26 hours of UTC; asked of the zone itself, as mktime(3) says of a midnight that is left out what it likes */
	int64_t before = qa_seconds_of(d.year, d.month, d.day, 0, 0, 0) - 26 * 3600, at = before + 52 * 3600;

	while (at - before > 1) {
		int64_t middle = before + (at - before) / 2;

		if (qa_day_compare(qa_day_of(middle), d) < 0)
			before = middle;
		else
			at = middle;
	}
	return at;
}
