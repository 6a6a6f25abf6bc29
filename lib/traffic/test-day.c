#include "tests/tap.h"
#include "traffic/day.h"

#include <stdlib.h>
#include <time.h>

static void
zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static int64_t
length(const char *day)
{
	struct qa_day d;

	if (qa_day_scan(qa_span_str(day), &d))
		return -1;
	return qa_day_begin(qa_day_plus(d, 1)) - qa_day_begin(d);
}

static bool
scans(const char *s)
{
	struct qa_day d;

	return qa_day_scan(qa_span_str(s), &d) == 0;
}

/* Every second has one day, and days follow each other without a gap, for some years of a zone. */
static bool
whole(const char *tz)
{
	struct qa_day d = {2010, 12, 30}, end = {2013, 1, 3};

	zone(tz);
	for (; qa_day_compare(d, end) < 0; d = qa_day_plus(d, 1)) {
		int64_t begin = qa_day_begin(d), next = qa_day_begin(qa_day_plus(d, 1));

		if (next < begin || next - begin > 49 * 3600)
			return false;
		if (next > begin && (qa_day_compare(qa_day_of(begin), d) != 0 || qa_day_compare(qa_day_of(next - 1), d) != 0))
			return false;
	}
	return true;
}

int
main(void)
{
	struct qa_day d;
	char text[QA_DAY_TEXT];

	OK(qa_day_scan(qa_span_str("22.11.2026"), &d) == 0 && d.year == 2026 && d.month == 11 && d.day == 22);
	qa_day_text(d, text);
	OK(strcmp(text, "22.11.2026") == 0);
	OK(qa_day_scan(qa_span_str("2024-02-29"), &d) == 0 && d.day == 29);
	OK(scans("1.2.2026") && !scans("29.02.2026") && !scans("32.1.2026") && !scans("1.13.2026") && !scans("0.1.2026"));
	OK(!scans("") && !scans("1.2") && !scans("1.2.3.4") && !scans("1.2.2026x") && !scans("2026-1") && !scans("-1-1-1"));
	d = qa_day_plus((struct qa_day){2026, 1, 1}, -1);
	OK(d.year == 2025 && d.month == 12 && d.day == 31);
	OK(qa_day_compare(d, (struct qa_day){2026, 1, 1}) < 0 && qa_day_compare(d, d) == 0);

	zone("UTC");
	OK(length("22.11.2026") == 86400 && qa_day_begin((struct qa_day){1970, 1, 2}) == 86400);
	/* rules written out, so that no table of zones is needed */
	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	OK(length("28.03.2026") == 86400 && length("29.03.2026") == 23 * 3600 && length("25.10.2026") == 25 * 3600);
	OK(qa_day_begin((struct qa_day){2026, 10, 25}) == 1792879200);
	/* midnight itself is left out, or comes twice */
	zone("BRT3BRST,M10.3.0/0,M2.3.0/0");
	OK(length("18.10.2026") == 23 * 3600 && length("14.02.2026") == 25 * 3600);
	OK(whole("BRT3BRST,M10.3.0/0,M2.3.0/0"));
	OK(whole("CET-1CEST,M3.5.0,M10.5.0/3") && whole("NST3:30NDT,M3.2.0/3,M11.1.0/2") && whole("LHST-10:30LHDT-11,M10.1.0,M4.1.0"));
	OK(whole("QQQ-14") && whole("YYY12") && whole("Pacific/Apia"));
	return done();
}
