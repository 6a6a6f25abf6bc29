#include "traffic/qline.h"
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

/* The label of 1970-01-01 00:00:00 UTC is 2^62 seconds, plus the 10 by which daemontools takes TAI to be ahead. */
static const uint64_t tai_epoch = (UINT64_C(1) << 62) + 10;

static bool
number(qa_span *s, uint64_t *out_r)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < s->n && (unsigned)(s->p[i] - '0') < 10; i++) {
		if (i == 19)
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	*out_r = v;
	*s = qa_span_cut(*s, i, s->n);
	return i > 0;
}

/* A number may be followed by what other flavours of qmail append, after a blank. */
static bool
last_number(qa_span *s, uint64_t *out_r)
{
	return number(s, out_r) && (s->n == 0 || s->p[0] == ' ');
}

static int
good(struct qa_qline *q, enum qa_qline_event event, bool is)
{
	q->event = event;
	return is ? 1 : -1;
}

/* An address is printable and without blanks, as qmail-send writes it. */
static bool
address(qa_span s, qa_span *out_r)
{
	unsigned bad = 0;

	for (size_t i = 0; i < s.n; i++)
		bad |= s.p[i] <= ' ' || s.p[i] > '~';
	*out_r = s;
	return !bad;
}

static int
info(qa_span s, struct qa_qline *q)
{
	const unsigned char *end;
	qa_span who;

	if (!number(&s, &q->msg) || !qa_span_skip(&s, ": bytes ") || !number(&s, &q->bytes) || !qa_span_skip(&s, " from <"))
		return -1;
	end = s.n ? memchr(s.p, ' ', s.n) : NULL;
	if (!end || end == s.p || end[-1] != '>')
		return -1;
	who = qa_span_of(s.p, (size_t)(end - 1 - s.p));
	s = qa_span_cut(s, who.n + 1, s.n);
	return good(q, QA_QLINE_INFO,
		    address(who, &q->address) && qa_span_skip(&s, " qp ") && number(&s, &q->qp) && qa_span_skip(&s, " uid ") &&
			    last_number(&s, &q->uid));
}

static int
start(qa_span s, struct qa_qline *q)
{
	if (!number(&s, &q->delivery) || !qa_span_skip(&s, ": msg ") || !number(&s, &q->msg) || !qa_span_skip(&s, " to "))
		return -1;
	q->remote = qa_span_skip(&s, "remote ");
	return good(q, QA_QLINE_START, (q->remote || qa_span_skip(&s, "local ")) && s.n && address(s, &q->address));
}

static int
delivery(qa_span s, struct qa_qline *q)
{
	int rc = -1;

	if (!number(&s, &q->delivery) || !qa_span_skip(&s, ": "))
		return -1;
	if (qa_span_skip(&s, "success:"))
		rc = good(q, QA_QLINE_SUCCESS, true);
	else if (qa_span_skip(&s, "failure:"))
		rc = good(q, QA_QLINE_FAILURE, true);
	else if (qa_span_skip(&s, "deferral:") || qa_span_skip(&s, "report mangled"))
		rc = good(q, QA_QLINE_DEFERRAL, true);
	q->report = s;
	return rc;
}

static int
status(qa_span s, struct qa_qline *q)
{
	uint64_t local, remote, most;

	if (qa_span_skip(&s, "exiting"))
		return good(q, QA_QLINE_EXIT, true);
	if (!qa_span_skip(&s, "local ") || !number(&s, &local) || !qa_span_skip(&s, "/") || !number(&s, &most) || !qa_span_skip(&s, " remote ") ||
	    !number(&s, &remote) || !qa_span_skip(&s, "/") || !last_number(&s, &most))
		return -1;
	q->open = local > UINT32_MAX || remote > UINT32_MAX ? UINT32_MAX : local + remote;
	return good(q, QA_QLINE_STATUS, true);
}

static int
triple(qa_span s, struct qa_qline *q)
{
	const unsigned char *slash = s.n ? memrchr(s.p, '/', s.n) : NULL;

	if (slash)
		s = qa_span_cut(s, (size_t)(slash + 1 - s.p), s.n);
	return good(q, QA_QLINE_TRIPLE, last_number(&s, &q->msg));
}

int
qa_qline_text(qa_span s, struct qa_qline *q)
{
	q->text = s.n;
	if (s.n < 4)
		return 0;
	switch (s.p[0]) {
	case 'n':
		return qa_span_skip(&s, "new msg ") ? good(q, QA_QLINE_NEW, last_number(&s, &q->msg)) : 0;
	case 'i':
		return qa_span_skip(&s, "info msg ") ? info(s, q) : 0;
	case 's':
		if (qa_span_skip(&s, "status: "))
			return status(s, q);
		return qa_span_skip(&s, "starting delivery ") ? start(s, q) : 0;
	case 'd':
		return qa_span_skip(&s, "delivery ") ? delivery(s, q) : 0;
	case 'e':
		return qa_span_skip(&s, "end msg ") ? good(q, QA_QLINE_END, last_number(&s, &q->msg)) : 0;
	case 'b':
		if (!qa_span_skip(&s, "bounce msg "))
			return 0;
		return good(q, QA_QLINE_BOUNCE, number(&s, &q->msg) && qa_span_skip(&s, " qp ") && last_number(&s, &q->qp));
	case 't':
		return qa_span_skip(&s, "triple bounce: discarding ") ? triple(s, q) : 0;
	default:
		return 0;
	}
}

static const unsigned char hex[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* N lower-case digits: false when they are none. */
static bool
hexes(const unsigned char *p, size_t n, uint64_t *out_r)
{
	uint64_t v = 0;
	unsigned bad = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = hex[p[i]];

		bad |= d == 0;
		v = v << 4 | ((d - 1) & 15);
	}
	*out_r = v;
	return !bad;
}

/* "@" and 24 digits, taken off *S. */
static bool
tai64n(qa_span *s, struct qa_qline *q)
{
	uint64_t label, nano;

	if (s->n < 25 || (s->n > 25 && s->p[25] != ' ') || !hexes(s->p + 1, 16, &label) || !hexes(s->p + 17, 8, &nano) ||
	    label < tai_epoch || label - tai_epoch > (uint64_t)QA_LATEST || nano >= 1000000000)
		return false;
	q->stamped = true;
	q->time = (int64_t)(label - tai_epoch);
	q->nano = (uint32_t)nano;
	*s = qa_span_cut(*s, 26, s->n);
	return true;
}

/* SECONDS.MICROSECONDS and a blank, or '+' where splogger goes on with a line it has cut. */
static bool
splogger(qa_span *s, struct qa_qline *q)
{
	qa_span t = *s;
	uint64_t sec, micro;
	const unsigned char *dot;

	if (!number(&t, &sec) || sec > (uint64_t)QA_LATEST || !qa_span_skip(&t, "."))
		return false;
	dot = t.p;
	if (!number(&t, &micro) || t.p - dot != 6 || t.n == 0 || (t.p[0] != ' ' && t.p[0] != '+'))
		return false;
	q->stamped = q->splogger = true;
	q->more = t.p[0] == '+';
	q->time = (int64_t)sec;
	q->nano = (uint32_t)micro * 1000;
	*s = qa_span_cut(t, 1, t.n);
	return true;
}

static bool
shaped(qa_span s, const char *form)
{
	size_t i = 0;

	for (; form[i]; i++)
		if (i >= s.n || (form[i] == '0' ? (unsigned)(s.p[i] - '0') > 9 : s.p[i] != (unsigned char)form[i]))
			return false;
	return true;
}

static int
two(const unsigned char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* "2024-03-04 05:06:07.030000000 ", taken off *S. */
static bool
local(qa_span *s, struct qa_qline_clock *c, struct qa_qline *q)
{
	const unsigned char *p = s->p;
	qa_span t;
	uint64_t nano = 0;

	if (!shaped(*s, "0000-00-00 00:00:00"))
		return false;
	t = qa_span_cut(*s, 19, s->n);
	if (qa_span_skip(&t, ".") && (t.n < 9 || !shaped(t, "000000000") || !number(&t, &nano) || nano > 999999999))
		return false;
	if (!qa_span_skip(&t, " "))
		return false;
	if (memcmp(c->minute, p, 16) != 0) {
		struct tm tm = {.tm_year = two(p) * 100 + two(p + 2) - 1900, .tm_mon = two(p + 5) - 1, .tm_mday = two(p + 8),
				.tm_hour = two(p + 11), .tm_min = two(p + 14), .tm_isdst = -1};
		time_t when = mktime(&tm);

		memcpy(c->minute, p, 16);
		c->seconds = (int64_t)when;
	}
	if (c->seconds < 0)
		return false;
	q->stamped = true;
	q->time = c->seconds + two(p + 17);
	q->nano = (uint32_t)nano;
	*s = t;
	return true;
}

/* Behind "2024-03-04T05:06:07": ".123456", or nothing, and "Z" or "+01:00". */
static bool
fraction_and_zone(qa_span s, struct qa_qline *q)
{
	uint64_t nano = 0;
	int64_t ahead = 0;

	if (qa_span_skip(&s, ".")) {
		size_t i = 0;

		for (; i < s.n && (unsigned)(s.p[i] - '0') < 10; i++)
			if (i < 9)
				nano = nano * 10 + (s.p[i] - '0');
		if (i == 0)
			return false;
		s = qa_span_cut(s, i, s.n);
		for (; i < 9; i++)
			nano *= 10;
	}
	if (s.n == 6 && (shaped(s, "+00:00") || shaped(s, "-00:00")))
		ahead = (s.p[0] == '-' ? -1 : 1) * (two(s.p + 1) * 3600 + two(s.p + 4) * 60);
	else if (!qa_span_is(s, "Z"))
		return false;
	q->time -= ahead;
	q->nano = (uint32_t)nano;
	return true;
}

/* The date of newer syslogs has a year and a zone, so it can stand for splogger's stamp. */
static bool
full_date(qa_span s, struct qa_qline *q)
{
	const unsigned char *p = s.p;
	unsigned month, day;

	if (!shaped(s, "0000-00-00T00:00:00"))
		return false;
	month = (unsigned)two(p + 5);
	day = (unsigned)two(p + 8);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	q->time = qa_seconds_of(two(p) * 100 + two(p + 2), month, day, (unsigned)two(p + 11), (unsigned)two(p + 14),
				(unsigned)two(p + 17));
	if (fraction_and_zone(qa_span_cut(s, 19, s.n), q) && q->time >= 0) {
		q->stamped = true;
		return true;
	}
	q->time = 0;
	q->nano = 0;
	return false;
}

/* "Mar  4 05:06:07 HOST TAG: " or "2024-03-04T... HOST TAG: ", taken off *S. */
static bool
syslog_prefix(qa_span *s, struct qa_qline *q)
{
	qa_span t = *s;
	const unsigned char *end, *colon;
	size_t date = 0;

	if (t.n > 16 && t.p[3] == ' ' && t.p[6] == ' ' && shaped(qa_span_cut(t, 7, 9), "00:00:00 "))
		date = 16;
	else if (shaped(t, "0000-00-00T00:00:00") && (end = memchr(t.p, ' ', t.n > 40 ? 40 : t.n)) != NULL)
		date = (size_t)(end + 1 - t.p);
	if (!date)
		return false;
	t = qa_span_cut(t, date, t.n);
	end = t.n ? memchr(t.p, ' ', t.n) : NULL;
	if (!end)
		return false;
	q->host = qa_span_of(t.p, (size_t)(end - t.p));
	t = qa_span_cut(t, q->host.n + 1, t.n);
	colon = t.n ? memchr(t.p, ':', t.n) : NULL;
	end = t.n ? memchr(t.p, ' ', t.n) : NULL;
	if (!colon || !end || end != colon + 1)
		return false;
	q->tag = qa_span_of(t.p, (size_t)(colon - t.p));
	if (q->tag.n && (colon = memchr(q->tag.p, '[', q->tag.n)) != NULL)
		q->tag.n = (size_t)(colon - q->tag.p);
	*s = qa_span_cut(t, (size_t)(end + 1 - t.p), t.n);
	return true;
}

int
qa_qline_get(qa_span line, struct qa_qline_clock *clock, struct qa_qline *q)
{
	qa_span none = {NULL, 0}, whole;

	q->stamped = q->splogger = q->more = q->remote = false;
	q->time = 0;
	q->nano = 0;
	q->text = 0;
	q->host = q->tag = q->address = q->report = q->rest = none;
	q->msg = q->delivery = q->bytes = q->qp = q->uid = q->open = 0;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return 0;
	whole = line;
	if (line.p[0] == '@') {
		if (!tai64n(&line, q))
			return -1;
	} else if ((unsigned)(line.p[0] - '0') < 10) {
		if (!splogger(&line, q) && !local(&line, clock, q) &&
		    (!syslog_prefix(&line, q) ||
		     (!splogger(&line, q) && !full_date(qa_span_cut(whole, 0, (size_t)(q->host.p - 1 - whole.p)), q))))
			return 0;
	} else if (line.p[0] <= 'Z' && syslog_prefix(&line, q)) {
		if (!splogger(&line, q))
			return 0;
	}
	if (q->more) {
		q->text = line.n;
		q->rest = line;
		return 0;
	}
	return qa_qline_text(line, q);
}
