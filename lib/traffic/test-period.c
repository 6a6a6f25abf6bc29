/* Traffic months that close on a sign-up day. */
#include "traffic/period.h"

#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static qa_month
month(const char *s)
{
	qa_month m = 0;

	return qa_month_scan(qa_span_str(s), &m) ? 0 : m;
}

static bool
is(struct qa_period p, const char *from, const char *to, unsigned days)
{
	return strcmp(p.from, from) == 0 && strcmp(p.to, to) == 0 && p.days == days;
}

int
main(void)
{
	struct qa_period p;
	char day[QA_PERIOD_DAY];
	unsigned i;

	OK(is(qa_period_of_month(month("2026-11"), 1), "2026-11-01", "2026-12-01", 30));
	OK(is(qa_period_of_month(month("2026-12"), 15), "2026-12-15", "2027-01-15", 31));
	OK(is(qa_period_of_month(month("2026-01"), 31), "2026-01-31", "2026-02-28", 28));
	OK(is(qa_period_of_month(month("2026-02"), 31), "2026-02-28", "2026-03-31", 31));
	OK(is(qa_period_of_month(month("2024-01"), 30), "2024-01-30", "2024-02-29", 30));
	OK(is(qa_period_of_month(month("2024-02"), 29), "2024-02-29", "2024-03-29", 29));
	OK(is(qa_period_of_day("2026-11-22", 1), "2026-11-01", "2026-12-01", 30));
	OK(is(qa_period_of_day("2026-11-22", 22), "2026-11-22", "2026-12-22", 30));
	OK(is(qa_period_of_day("2026-11-22", 23), "2026-10-23", "2026-11-23", 31));
	OK(is(qa_period_of_day("2026-03-30", 31), "2026-02-28", "2026-03-31", 31));
	OK(is(qa_period_of_day("2026-02-28", 31), "2026-02-28", "2026-03-31", 31));
	OK(is(qa_period_of_day("2027-01-01", 2), "2026-12-02", "2027-01-02", 31));

	/* each sign-up day: the months follow each other without a gap or an overlap, and each day is in the one it is said to be in */
	int bad = 0;
	for (unsigned s = 1; s <= 31; s++) {
		for (qa_month m = month("2023-11"); m < month("2028-03"); m++) {
			struct qa_period a = qa_period_of_month(m, s), b = qa_period_of_month(m + 1, s);

			bad += strcmp(a.to, b.from) != 0;
			for (unsigned k = 0; k < a.days; k++) {
				qa_period_day(&a, k, day);
				bad += !is(qa_period_of_day(day, s), a.from, a.to, a.days);
				bad += !qa_period_index(&a, day, &i) || i != k;
			}
			bad += qa_period_index(&a, a.to, &i);
		}
	}
	OK(bad == 0);

	p = qa_period_of_month(month("2026-11"), 1);
	qa_period_until(&p, "2026-11-23");
	OK(is(p, "2026-11-01", "2026-11-23", 22));
	qa_period_until(&p, "2026-12-23");
	OK(p.days == 22);
	qa_period_until(&p, "2026-10-23");
	OK(is(p, "2026-11-01", "2026-11-01", 0));
	OK(!qa_period_index(&p, "2026-11-01", &i) && !qa_period_index(&p, "junk", &i) && !qa_period_index(&p, "2026-02-30", &i));
	qa_period_shift("2026-03-01", -1, day);
	OK(strcmp(day, "2026-02-28") == 0);
	qa_period_shift("2027-12-31", 1, day);
	OK(strcmp(day, "2028-01-01") == 0);
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	qa_period_local(1795348800, day); /* 2026-11-22 12:00 UTC */
	OK(strcmp(day, "2026-11-22") == 0);
	qa_period_local(1795348800 + 4 * 3600, day);
	OK(strcmp(day, "2026-11-23") == 0);
	return done();
}
