#include "statline/statline.h"
#include "base/num.h"

static int
wrong(const char **why_r, const char *why)
{
	*why_r = why;
	return -1;
}

/* Digits at the start of *S, taken off it: 0, or -1 when there is none or it does not fit. */
static int
number(qa_span *s, uint64_t *out_r)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++)
		if (qa_mul_u64(v, 10, &v) || qa_add_u64(v, s->p[i] - '0', &v))
			return -1;
	if (i == 0)
		return -1;
	*out_r = v;
	s->p += i;
	s->n -= i;
	return 0;
}

/* The part before the next '|', taken off *S with it; false at the last field, which is then all of *S. */
static bool
field(qa_span *s, qa_span *out_r)
{
	const unsigned char *end = s->n ? memchr(s->p, '|', s->n) : NULL;

	*out_r = qa_span_of(s->p, end ? (size_t)(end - s->p) : s->n);
	if (end) {
		s->n -= (size_t)(end + 1 - s->p);
		s->p = end + 1;
	} else {
		*s = qa_span_of(NULL, 0);
	}
	return end != NULL;
}

/* "DATE HOST in[PID]: ", taken off *S. The date is three words. */
static int
prefix(qa_span *s, struct qa_statline *r, const char **why_r)
{
	const unsigned char *p = s->p, *end = s->p + s->n, *host, *date_end;
	uint64_t pid;

	if (s->n < 16 || p[3] != ' ' || p[6] != ' ' || p[15] != ' ')
		return wrong(why_r, "no date");
	date_end = p + 15;
	host = date_end + 1;
	p = memchr(host, ' ', (size_t)(end - host));
	if (!p || p == host)
		return wrong(why_r, "no host");
	r->date = qa_span_of(s->p, 15);
	r->host = qa_span_of(host, (size_t)(p - host));
	p++;
	if (end - p > 3 && memcmp(p, "in[", 3) == 0)
		p += 3;
	else if (end - p > 4 && memcmp(p, "out[", 4) == 0)
		p += 4, r->out = true;
	else
		return wrong(why_r, "neither in nor out");
	qa_span rest = qa_span_of(p, (size_t)(end - p));
	if (number(&rest, &pid) || pid > UINT32_MAX || rest.n < 3 || memcmp(rest.p, "]: ", 3) != 0)
		return wrong(why_r, "no process id");
	r->pid = (uint32_t)pid;
	*s = qa_span_cut(rest, 3, rest.n);
	return 0;
}

static int
whole_number(qa_span s, uint64_t *out_r)
{
	return number(&s, out_r) || s.n ? -1 : 0;
}

static bool
has_control(qa_span s)
{
	unsigned bad = 0;

	for (size_t i = 0; i < s.n; i++)
		bad |= s.p[i] < 32 || s.p[i] == 127;
	return bad;
}

int
qa_statline_get(qa_span line, struct qa_statline *s_r, const char **why_r)
{
	qa_span part;
	uint64_t n;

	*s_r = (struct qa_statline){.out = false};
	if (line.n > QA_STATLINE_MAX)
		return wrong(why_r, "too long");
	if (line.n && line.p[line.n - 1] == '\n')
		line.n--;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return wrong(why_r, "empty");
	if (has_control(line))
		return wrong(why_r, "a control character");
	if ((line.p[0] < '0' || line.p[0] > '9') && prefix(&line, s_r, why_r))
		return -1;
	if (!field(&line, &part) || whole_number(part, &n) || n > INT64_MAX)
		return wrong(why_r, "no time");
	s_r->time = (int64_t)n;
	if (!field(&line, &s_r->sender))
		return wrong(why_r, "no recipient");
	if (!field(&line, &s_r->recipient))
		return wrong(why_r, "no bytes");
	if (!field(&line, &part) || whole_number(part, &s_r->bytes))
		return wrong(why_r, "no bytes");
	if (field(&line, &s_r->status)) {
		if (field(&line, &part))
			return wrong(why_r, "a field too many");
		if (whole_number(part, &n) || n > UINT32_MAX)
			return wrong(why_r, "attempts are no number");
		s_r->attempts = (uint32_t)n;
	}
	return s_r->status.n ? 0 : wrong(why_r, "no status");
}

enum qa_stat_kind
qa_statline_kind(const struct qa_statline *s)
{
	/* anybody may call himself pop3@somebody: only a line of the right direction, or of none, is taken for one of a session */
	bool session = (s->out || !s->date.n) && s->sender.n > 5 && qa_statline_domain(qa_statline_account(s)).n;

	if (session && qa_span_begins(s->sender, "pop3@"))
		return QA_STAT_POP3;
	if (session && qa_span_begins(s->sender, "imap@"))
		return QA_STAT_IMAP;
	if (!s->out && qa_span_is(s->sender, "web@maillist"))
		return QA_STAT_LIST;
	return s->out ? QA_STAT_OUT : QA_STAT_IN;
}

qa_span
qa_statline_account(const struct qa_statline *s)
{
	return qa_span_cut(s->sender, 5, s->sender.n);
}

qa_span
qa_statline_domain(qa_span address)
{
	const unsigned char *at = address.n ? memrchr(address.p, '@', address.n) : NULL;

	if (!at)
		return qa_span_of(NULL, 0);
	qa_span d = qa_span_cut(address, (size_t)(at + 1 - address.p), address.n);
	if (d.n && d.p[d.n - 1] == '.')
		d.n--;
	return d;
}

static int
digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

size_t
qa_statline_decode(qa_span s, unsigned char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool coded = s.p[i] == '%' && s.n - i > 2 && digit(s.p[i + 1]) >= 0 && digit(s.p[i + 2]) >= 0;

		if (coded) {
			out[n++] = (unsigned char)(digit(s.p[i + 1]) << 4 | digit(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	return n;
}
