#include "base/maildate.h"

#include "base/clock.h"
#include "base/head.h"

#define FIELD_MAX 1024		 /* bytes of a value that are looked at */
#define HEAD_MAX ((size_t)1 << 20) /* bytes of a head that are looked at */
#define WORDS_MAX 24

/* A date as it is put together; what was not met yet is -1. */
struct parts {
	int year, month, day;
	int hour, minute, second;
	int zone; /* minutes east of UTC */
	bool zone_known;
	bool pm, am;
};

static unsigned char
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 32) : c;
}

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(unsigned char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '"';
}

/* At most WIDTH digits from the front of *s; -1 when there is none. */
static int
number_take(qa_span *s, unsigned width)
{
	int v = -1;

	for (unsigned i = 0; i < width && s->n && is_digit(s->p[0]); i++) {
		v = (v < 0 ? 0 : v) * 10 + (s->p[0] - '0');
		s->p++, s->n--;
	}
	return v;
}

static bool
char_take(qa_span *s, unsigned char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	s->p++, s->n--;
	return true;
}

/* The index of the three letters at the front of s in a list of such, or -1. */
static int
three(qa_span s, const char *list)
{
	if (s.n < 3)
		return -1;
	for (int i = 0; list[3 * i]; i++)
		if (lower(s.p[0]) == (unsigned char)list[3 * i] &&
		    lower(s.p[1]) == (unsigned char)list[3 * i + 1] &&
		    lower(s.p[2]) == (unsigned char)list[3 * i + 2])
			return i;
	return -1;
}

static int
month_of(qa_span s)
{
	return three(s, "janfebmaraprmayjunjulaugsepoctnovdec") + 1;
}

static bool
weekday(qa_span s)
{
	return three(s, "sunmontuewedthufrisat") >= 0;
}

static void
year_set(struct parts *d, int v, unsigned digits)
{
	if (digits == 2)
		v += v < 50 ? 2000 : 1900;
	else if (digits == 3)
		v += 1900;
	d->year = v;
}

static unsigned
digits_of(qa_span s)
{
	unsigned n = 0;

	while (n < s.n && is_digit(s.p[n]))
		n++;
	return n;
}

/* "+0900", "-05:30", "+9": minutes east of UTC. Nonsense counts as UTC. */
static void
offset_set(struct parts *d, qa_span s)
{
	int sign = s.p[0] == '-' ? -1 : 1, h, m = 0;
	unsigned n;

	s = qa_span_cut(s, 1, s.n);
	n = digits_of(s);
	if (n == 0 || n > 4)
		return;
	h = number_take(&s, n <= 2 ? n : n - 2);
	if (n > 2)
		m = number_take(&s, 2);
	else if (char_take(&s, ':') && digits_of(s) == 2)
		m = number_take(&s, 2);
	if (h > 23 || m > 59)
		return;
	d->zone = sign * (h * 60 + m);
	d->zone_known = true;
}

/* RFC 5322 section 4.3; the military letters were so often used wrongly that it wants them
 * read as UTC, as every other unknown word. JST is no zone of the RFC but of our users. */
static void
zone_set(struct parts *d, qa_span s)
{
	static const struct {
		char name[5];
		int minutes;
	} zones[] = {{"edt", -240}, {"est", -300}, {"cdt", -300}, {"cst", -360}, {"mdt", -360}, {"mst", -420},
		     {"pdt", -420}, {"pst", -480}, {"jst", 540},  {"cet", 60},	 {"cest", 120}, {"met", 60},
		     {"mest", 120}, {"bst", 60},   {"hst", -600}, {"kst", 540}};

	if (d->zone_known)
		return;
	d->zone_known = true;
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (qa_span_caseeq(s, qa_span_str(zones[i].name)))
			d->zone = zones[i].minutes;
}

/* "10:42", "10:42:07", "10:42:07.123", each with a zone or AM glued to it. */
static bool
time_set(struct parts *d, qa_span s)
{
	qa_span t = s;
	int h = number_take(&t, 2), m, sec = 0;

	if (h < 0 || !char_take(&t, ':') || (m = number_take(&t, 2)) < 0)
		return false;
	if (char_take(&t, ':') && (sec = number_take(&t, 2)) < 0)
		return false;
	if (h > 23 || m > 59 || sec > 60)
		return false;
	if ((char_take(&t, '.') || char_take(&t, ',')) && digits_of(t))
		t = qa_span_cut(t, digits_of(t), t.n);
	d->hour = h, d->minute = m, d->second = sec;
	if (t.n && (t.p[0] == '+' || t.p[0] == '-'))
		offset_set(d, t);
	else if (qa_span_caseeq(t, qa_span_str("pm")))
		d->pm = true;
	else if (qa_span_caseeq(t, qa_span_str("am")))
		d->am = true;
	else if (t.n)
		zone_set(d, t);
	return true;
}

/* "2003-04-05", "2003/04/05" and, with a T, a time behind it. */
static bool
iso_set(struct parts *d, qa_span s)
{
	qa_span t = s;
	int y, m, day;

	if (digits_of(t) != 4)
		return false;
	y = number_take(&t, 4);
	if (!char_take(&t, '-') && !char_take(&t, '/'))
		return false;
	m = number_take(&t, 2);
	if (!char_take(&t, '-') && !char_take(&t, '/'))
		return false;
	day = number_take(&t, 2);
	if (m < 1 || m > 12 || day < 1)
		return false;
	if (char_take(&t, 'T') || char_take(&t, 't')) {
		if (!time_set(d, t))
			return false;
	} else if (t.n) {
		return false;
	}
	d->year = y, d->month = m, d->day = day;
	return true;
}

/* "1-Jan-98" */
static bool
dashed_set(struct parts *d, qa_span s)
{
	unsigned n = digits_of(s), y;
	int day = number_take(&s, 2), month;

	if (n == 0 || n > 2 || !char_take(&s, '-') || !(month = month_of(s)) || s.n < 4 || s.p[3] != '-')
		return false;
	s = qa_span_cut(s, 4, s.n);
	y = digits_of(s);
	if (y < 2 || y > 4 || y != s.n)
		return false;
	d->day = day, d->month = month;
	year_set(d, number_take(&s, 4), y);
	return true;
}

/* Fits one word into what is known so far: false when it makes the whole no date. */
static bool
word_set(struct parts *d, qa_span s)
{
	if (is_digit(s.p[0])) {
		unsigned n = digits_of(s);
		qa_span t = s;

		if (memchr(s.p, ':', s.n) && !memchr(s.p, '-', n < s.n ? n + 1 : n) && d->hour < 0)
			return time_set(d, s);
		if (n < s.n)
			return d->day < 0 && (iso_set(d, s) || dashed_set(d, s));
		if (d->day < 0 && n <= 2)
			d->day = number_take(&t, 2);
		else if (d->year < 0 && n >= 2 && n <= 4)
			year_set(d, number_take(&t, 4), n);
		else
			return d->year >= 0 && d->hour >= 0; /* a zone that lost its sign is none */
		return true;
	}
	if ((s.p[0] == '+' || s.p[0] == '-') && d->hour >= 0) {
		offset_set(d, s);
		return true;
	}
	if (!is_alpha(s.p[0]))
		return d->hour >= 0 && d->day >= 0; /* junk behind a complete date is let pass */
	if (d->month < 0 && month_of(s)) {
		d->month = month_of(s);
		return true;
	}
	if (d->hour < 0)
		return weekday(s) && d->day < 0;
	if (qa_span_caseeq(s, qa_span_str("pm")))
		d->pm = true;
	else if (qa_span_caseeq(s, qa_span_str("am")))
		d->am = true;
	else if (s.n > 3 && (s.p[3] == '+' || s.p[3] == '-'))
		offset_set(d, qa_span_cut(s, 3, s.n)); /* "GMT+0900" */
	else
		zone_set(d, s);
	return true;
}

static int
days_in(int year, int month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static int
parts_seconds(struct parts *d, int64_t *seconds_r)
{
	if (d->year < 1 || d->month < 1 || d->day < 1 || d->day > days_in(d->year, d->month))
		return 0;
	if (d->hour < 0)
		d->hour = d->minute = d->second = 0;
	if (d->pm && d->hour < 12)
		d->hour += 12;
	else if (d->am && d->hour == 12)
		d->hour = 0;
	*seconds_r = qa_seconds_of(d->year, (unsigned)d->month, (unsigned)d->day, (unsigned)d->hour,
				   (unsigned)d->minute, (unsigned)d->second) -
		     (int64_t)d->zone * 60;
	return 1;
}

/* Takes the next word from *s, skipping blanks and comments; empty at the end. */
static qa_span
word_take(qa_span *s)
{
	unsigned depth = 0;
	size_t i = 0, from;

	for (; i < s->n; i++) {
		if (depth && s->p[i] == '\\')
			i++;
		else if (s->p[i] == '(')
			depth++;
		else if (s->p[i] == ')' && depth)
			depth--;
		else if (!depth && !is_space(s->p[i]))
			break;
	}
	if (i > s->n)
		i = s->n;
	from = i;
	while (i < s->n && !is_space(s->p[i]) && s->p[i] != '(')
		i++;
	qa_span word = qa_span_cut(*s, from, i - from);
	*s = qa_span_cut(*s, i, s->n);
	return word;
}

int
qa_maildate_parse(qa_span value, int64_t *seconds_r)
{
	struct parts d = {.year = -1, .month = -1, .day = -1, .hour = -1, .minute = -1, .second = -1};
	qa_span rest = qa_span_cut(value, 0, FIELD_MAX);

	for (unsigned words = 0; words < WORDS_MAX; words++) {
		qa_span w = word_take(&rest);

		if (!w.n)
			return parts_seconds(&d, seconds_r);
		if (!word_set(&d, w))
			return 0;
	}
	return 0;
}

int
qa_maildate_received(qa_span value, int64_t *seconds_r)
{
	/* the date stands after the last ';'; a comment behind it may hold another one */
	for (size_t i = value.n, tries = 0; i > 0 && tries < 4; i--) {
		if (value.p[i - 1] != ';')
			continue;
		if (qa_maildate_parse(qa_span_cut(value, i, value.n), seconds_r))
			return 1;
		tries++;
	}
	return 0;
}

bool
qa_maildate_believable(int64_t seconds, int64_t now)
{
	return seconds >= INT64_C(631152000) && seconds <= now + 86400;
}

void
qa_maildate_scan(qa_span message, int64_t now, struct qa_maildates *out_r)
{
	struct qa_head h;
	struct qa_field f;

	*out_r = (struct qa_maildates){0};
	qa_head_init(&h, qa_span_cut(message, 0, HEAD_MAX));
	while (!(out_r->has_received && out_r->has_date) && qa_head_next(&h, &f)) {
		if (!out_r->has_received && qa_field_is(&f, "Received")) {
			out_r->has_received = qa_maildate_received(f.value, &out_r->received) != 0;
			out_r->received_believable =
			    out_r->has_received && qa_maildate_believable(out_r->received, now);
		} else if (!out_r->has_date && qa_field_is(&f, "Date")) {
			out_r->has_date = qa_maildate_parse(f.value, &out_r->date) != 0;
			out_r->date_believable = out_r->has_date && qa_maildate_believable(out_r->date, now);
		}
	}
}

int
qa_maildate_best(const struct qa_maildates *d, int64_t *seconds_r)
{
	if (d->received_believable)
		*seconds_r = d->received;
	else if (d->date_believable)
		*seconds_r = d->date;
	else
		return 0;
	return 1;
}
