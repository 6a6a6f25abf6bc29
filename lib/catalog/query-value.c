/* Fields of the query language and their values: sizes, dates, names, digests. */
#include "catalog/query-private.h"

#include "base/clock.h"
#include "base/num.h"
#include "journal/record.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static const struct qa_query_name names[] = {
	{"body", QA_Q_BODY, QA_FORM_TEXT},	  {"subject", QA_Q_SUBJECT, QA_FORM_TEXT},
	{"filename", QA_Q_FILENAME, QA_FORM_TEXT}, {"from", QA_Q_FROM, QA_FORM_TEXT},
	{"to", QA_Q_TO, QA_FORM_TEXT},		  {"cc", QA_Q_CC, QA_FORM_TEXT},
	{"bcc", QA_Q_BCC, QA_FORM_TEXT},	  {"reply", QA_Q_REPLY, QA_FORM_TEXT},
	{"sender", QA_Q_SENDER, QA_FORM_TEXT},	  {"rcpt", QA_Q_RCPT, QA_FORM_TEXT},
	{"address", QA_Q_ADDRESS, QA_FORM_TEXT},  {"type", QA_Q_TYPE, QA_FORM_EXACT},
	{"id", QA_Q_ID, QA_FORM_EXACT},		  {"ref", QA_Q_REF, QA_FORM_EXACT},
	{"list", QA_Q_LIST, QA_FORM_EXACT},
	{"sha256", QA_Q_SHA256, QA_FORM_DIGEST},  {"has", QA_Q_HAS, QA_FORM_HAS},
	{"source", QA_Q_SOURCE, QA_FORM_SOURCE},  {"status", QA_Q_STATUS, QA_FORM_STATUS},
	{"kind", QA_Q_KIND, QA_FORM_KIND},	  {"larger", QA_Q_SIZE, QA_FORM_LARGER},
	{"smaller", QA_Q_SIZE, QA_FORM_SMALLER},  {"after", QA_Q_DATE, QA_FORM_AFTER},
	{"before", QA_Q_DATE, QA_FORM_BEFORE},	  {"date", QA_Q_DATE, QA_FORM_DATE},
};
enum { NAMES = sizeof names / sizeof names[0], NAME_MAX_LENGTH = 8 };

const struct qa_query_name *
qa_query_name(qa_span s)
{
	for (size_t i = 0; i < NAMES; i++)
		if (qa_span_caseeq(s, qa_span_str(names[i].name)))
			return &names[i];
	return NULL;
}

/* Letters to insert, delete or replace to get from a to b; both short. */
static unsigned
distance(qa_span a, qa_span b)
{
	unsigned row[NAME_MAX_LENGTH + 3];

	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned change = corner + ((a.p[i - 1] | 0x20) != (b.p[j - 1] | 0x20));
			unsigned best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			corner = row[j];
			row[j] = change < best ? change : best;
		}
	}
	return row[b.n];
}

const struct qa_query_name *
qa_query_near(qa_span s)
{
	const struct qa_query_name *best = NULL;
	unsigned least = 3;

	if (s.n < 2 || s.n > NAME_MAX_LENGTH + 2)
		return NULL;
	for (size_t i = 0; i < NAMES; i++) {
		unsigned d = distance(s, qa_span_str(names[i].name));

		if (d < least && d < s.n) {
			least = d;
			best = &names[i];
		}
	}
	return best;
}

const char *
qa_query_field_name(enum qa_query_field f)
{
	if (f == QA_Q_SIZE)
		return "size";
	if (f == QA_Q_DATE)
		return "date";
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].field == f)
			return names[i].name;
	return "any";
}

/* Seconds that the zone is ahead of UTC at T. */
static int64_t
zone_offset(int64_t t)
{
	time_t at = (time_t)t;
	struct tm tm;

	return localtime_r(&at, &tm) ? (int64_t)tm.tm_gmtoff : 0;
}

/* The first and the last instant at which the clocks show this (values beyond their ranges count on): they differ where clocks are
 * set back. Whether they ever show it: where clocks are set forward, both are the instant in its place. Not mktime(3):
 * which of two it gives depends on what it was asked before. */
static bool
local_instants(int year, int month, int day, int hour, int minute, int64_t *first_r, int64_t *last_r)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute};
	int64_t shown = (int64_t)timegm(&tm), before = zone_offset(shown - 86400), after = zone_offset(shown + 86400);
	bool first = zone_offset(shown - before) == before, last = zone_offset(shown - after) == after;

	*first_r = shown - (first || !last ? before : after);
	*last_r = shown - (last ? after : before);
	if (*last_r < *first_r) /* not a change of clocks that anybody made within two days of another */
		*last_r = *first_r;
	return first || last;
}

static int64_t
local_seconds(int year, int month, int day)
{
	int64_t first, last;

	(void)local_instants(year, month, day, 0, 0, &first, &last);
	return first;
}

/* Exactly N digits at the front of *s, at most MOST: true, and s moves on. */
static bool
take_digits(qa_span *s, size_t n, unsigned most, unsigned *out_r)
{
	uint64_t v;

	if (s->n < n || qa_scan_u64(qa_span_cut(*s, 0, n), &v) || v > most)
		return false;
	*out_r = (unsigned)v;
	*s = qa_span_cut(*s, n, s->n);
	return true;
}

static bool
take_char(qa_span *s, char c)
{
	if (!s->n || s->p[0] != (unsigned char)c)
		return false;
	*s = qa_span_cut(*s, 1, s->n);
	return true;
}

static unsigned
month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1U : 0U);
}

/* "today", "yesterday", "7d", "2w", "3m", "1y": the local day that many ago. */
static bool
relative_date(qa_span s, int64_t now, int64_t *low_r, int64_t *high_r)
{
	time_t t = (time_t)now;
	struct tm tm;
	uint64_t back = 0;
	int days = 0, months = 0;

	if (!localtime_r(&t, &tm))
		return false;
	if (qa_span_caseeq(s, qa_span_str("yesterday"))) {
		days = 1;
	} else if (!qa_span_caseeq(s, qa_span_str("today"))) {
		if (s.n < 2 || qa_scan_u64(qa_span_cut(s, 0, s.n - 1), &back) || back > 9999)
			return false;
		switch (s.p[s.n - 1] | 0x20) {
		case 'd':
			days = (int)back;
			break;
		case 'w':
			days = (int)back * 7;
			break;
		case 'm':
			months = (int)back;
			break;
		case 'y':
			months = (int)back * 12;
			break;
		default:
			return false;
		}
	}
	int year = tm.tm_year + 1900, month = tm.tm_mon - months;
	while (month < 0) {
		month += 12;
		year--;
	}
	unsigned m = (unsigned)month + 1, last = month_days((unsigned)(year < 0 ? 0 : year), m);
	unsigned day = (unsigned)tm.tm_mday > last ? last : (unsigned)tm.tm_mday;
	*low_r = local_seconds(year, (int)m, (int)day - days);
	*high_r = local_seconds(year, (int)m, (int)day - days + 1);
	return true;
}

/* "2026", "2026-01", "2026-01-31", "2026-01-31T14:05", or relative: the range it covers. */
static int
scan_date(qa_span s, int64_t now, int64_t *low_r, int64_t *high_r, struct qa_err *err)
{
	qa_span rest = s;
	unsigned y, m = 0, d = 0, h = 0, min = 0;

	if (relative_date(s, now, low_r, high_r))
		return 0;
	if (!take_digits(&rest, 4, 2553, &y) || y < 1970)
		goto bad;
	if (!rest.n) {
		*low_r = local_seconds((int)y, 1, 1);
		*high_r = local_seconds((int)y + 1, 1, 1);
		return 0;
	}
	if (!take_char(&rest, '-') || !take_digits(&rest, 2, 12, &m) || !m)
		goto bad;
	if (!rest.n) {
		*low_r = local_seconds((int)y, (int)m, 1);
		*high_r = local_seconds((int)y, (int)m + 1, 1);
		return 0;
	}
	if (!take_char(&rest, '-') || !take_digits(&rest, 2, month_days(y, m), &d) || !d)
		goto bad;
	*low_r = local_seconds((int)y, (int)m, (int)d);
	*high_r = local_seconds((int)y, (int)m, (int)d + 1);
	if (!rest.n)
		return 0;
	if ((!take_char(&rest, 'T') && !take_char(&rest, 't')) || !take_digits(&rest, 2, 23, &h) ||
	    !take_char(&rest, ':') || !take_digits(&rest, 2, 59, &min) || rest.n)
		goto bad;
	if (local_instants((int)y, (int)m, (int)d, (int)h, (int)min, low_r, high_r))
		*high_r += 60;
	return 0;
bad:
	return qa_fail(err, EPROTO,
		       "not a date: write 2026, 2026-01, 2026-01-31, 2026-01-31T14:05, today, yesterday or 7d");
}

/* A, A..B, A.. or ..B, whole days or months included at both ends. */
static int
scan_dates(qa_span s, int64_t now, struct qa_query_node *node, struct qa_err *err)
{
	int64_t ignored;
	size_t dots = 0;

	while (dots + 1 < s.n && !(s.p[dots] == '.' && s.p[dots + 1] == '.'))
		dots++;
	if (dots + 1 >= s.n)
		return scan_date(s, now, &node->low, &node->high, err);
	qa_span from = qa_span_cut(s, 0, dots), to = qa_span_cut(s, dots + 2, s.n);
	if (!from.n && !to.n)
		return qa_fail(err, EPROTO, "a date is missing on both sides of ..");
	if (from.n && scan_date(from, now, &node->low, &ignored, err))
		return -1;
	if (to.n && scan_date(to, now, &ignored, &node->high, err))
		return -1;
	if (node->low >= node->high)
		return qa_fail(err, EPROTO, "the first date is after the second");
	return 0;
}

static int
scan_size(qa_span s, int64_t *out_r, struct qa_err *err)
{
	uint64_t v;

	if (qa_scan_size(s, &v) || v > INT64_MAX - 1)
		return qa_fail(err, EPROTO, "not a size: write 20000, 200K, 3M or 1G");
	*out_r = (int64_t)v;
	return 0;
}

/* One of the names that name_of has for 1, 2, ...; EXTRA is allowed too and means 0. */
static int
scan_name(struct qa_query_node *node, const char *(*name_of)(unsigned), const char *extra, struct qa_err *err)
{
	char list[200] = "";

	for (unsigned i = 1; name_of(i); i++) {
		if (qa_span_caseeq(node->text, qa_span_str(name_of(i)))) {
			node->low = i;
			return 0;
		}
		size_t n = strlen(list);
		snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", name_of(i));
	}
	if (extra && qa_span_caseeq(node->text, qa_span_str(extra))) {
		node->low = 0;
		return 0;
	}
	return qa_fail(err, EPROTO, "no such name: one of %s%s%s", list, extra ? ", " : "", extra ? extra : "");
}

static const char *
has_name(unsigned i)
{
	static const char *const has[] = {"attachment", "fallback"};

	return i - 1 < 2 ? has[i - 1] : NULL;
}

static const char *
status_name(unsigned i)
{
	return i == 1 ? "settled" : NULL;
}

static int
scan_digest(qa_span s, struct qa_err *err)
{
	if (s.n < 8 || s.n > 64 || s.n % 2)
		return qa_fail(err, EPROTO, "not a SHA-256: write its 64 hexadecimal digits, or the first 8, 10, 12 or more of them");
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f')))
			return qa_fail(err, EPROTO, "not a SHA-256: only hexadecimal digits are allowed");
	return 0;
}

int
qa_query_value(struct qa_query_node *node, const struct qa_query_name *name, int64_t now, struct qa_err *err)
{
	int64_t ignored;

	node->low = 0;
	node->high = INT64_MAX;
	if (name->field == QA_Q_DATE)
		node->low = INT64_MIN;
	switch (name->form) {
	case QA_FORM_TEXT:
	case QA_FORM_EXACT:
		return 0;
	case QA_FORM_DIGEST:
		return scan_digest(node->text, err);
	case QA_FORM_HAS:
		return scan_name(node, has_name, NULL, err);
	case QA_FORM_SOURCE:
		return scan_name(node, qa_source_name, NULL, err);
	case QA_FORM_STATUS:
		return scan_name(node, status_name, "unsettled", err);
	case QA_FORM_KIND:
		return scan_name(node, qa_kind_name, "any", err);
	case QA_FORM_LARGER:
		if (scan_size(node->text, &node->low, err))
			return -1;
		node->low++;
		return 0;
	case QA_FORM_SMALLER:
		return scan_size(node->text, &node->high, err);
	case QA_FORM_AFTER:
		return scan_date(node->text, now, &node->low, &ignored, err);
	case QA_FORM_BEFORE:
		return scan_date(node->text, now, &node->high, &ignored, err);
	case QA_FORM_DATE:
		return scan_dates(node->text, now, node, err);
	}
	return qa_fail(err, EINVAL, "unknown field");
}
