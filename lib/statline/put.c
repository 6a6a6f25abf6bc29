#include "statline/statline.h"

#include <stdio.h>
#include <time.h>

struct line {
	unsigned char *p;
	size_t n;
};

static void
add(struct line *l, const void *p, size_t n)
{
	memcpy(l->p + l->n, p, n);
	l->n += n;
}

static void
add_number(struct line *l, uint64_t v)
{
	char text[21];

	add(l, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)v));
}

static bool
coded(unsigned char c, bool at_end)
{
	return c < 32 || c == 127 || c == '|' || c == '%' || (c == ' ' && at_end);
}

/* S as it is written, cut before the byte that would exceed MOST: how many bytes of S went in. */
static size_t
add_coded(struct line *l, qa_span s, size_t most)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t began = l->n;

	for (size_t i = 0; i < s.n; i++) {
		bool as_code = coded(s.p[i], i == 0 || i + 1 == s.n);

		if (l->n - began + (as_code ? 3 : 1) > most)
			return i;
		if (as_code) {
			unsigned char three[3] = {'%', (unsigned char)hex[s.p[i] >> 4], (unsigned char)hex[s.p[i] & 15]};

			add(l, three, 3);
		} else {
			l->p[l->n++] = s.p[i];
		}
	}
	return s.n;
}

static void
add_address(struct line *l, qa_span s)
{
	static const char cut[] = "%7E%7E";
	size_t began = l->n;
	const unsigned char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
	qa_span domain = at ? qa_span_cut(s, (size_t)(at - s.p), s.n) : qa_span_of(NULL, 0);

	if (add_coded(l, s, QA_STATLINE_ADDRESS) == s.n)
		return;
	/* the domain first, to know what is left for the local part; one that fills everything is cut like a local part */
	l->n = began;
	size_t most = QA_STATLINE_ADDRESS - (sizeof cut - 1);
	size_t taken = add_coded(l, domain, most), domain_n = l->n - began;
	l->n = began;
	if (taken < domain.n)
		domain_n = 0;
	add_coded(l, s, most - domain_n);
	add(l, cut, sizeof cut - 1);
	if (domain_n)
		add_coded(l, domain, domain_n);
}

static bool
plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

static void
add_name(struct line *l, qa_span s, const char *none)
{
	if (s.n == 0)
		s = qa_span_str(none);
	s = qa_span_cut(s, 0, QA_STATLINE_NAME);
	for (size_t i = 0; i < s.n; i++)
		l->p[l->n++] = plain(s.p[i]) ? s.p[i] : '_';
}

static void
add_date(struct line *l, int64_t when)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)when;
	struct tm tm;
	char text[32];

	if (!localtime_r(&t, &tm))
		memset(&tm, 0, sizeof tm);
	int n = snprintf(text, sizeof text, "%.3s %2d %02d:%02d:%02d ", months + 3 * (tm.tm_mon % 12), tm.tm_mday, tm.tm_hour,
			 tm.tm_min, tm.tm_sec);
	add(l, text, (size_t)n);
}

size_t
qa_statline_put(const struct qa_statline *s, unsigned char out[QA_STATLINE_MAX + 1])
{
	struct line l = {out, 0};
	uint64_t when = s->time < 0 ? 0 : (uint64_t)s->time;

	add_date(&l, (int64_t)when);
	add_name(&l, s->host, "localhost");
	add(&l, s->out ? " out[" : " in[", s->out ? 5 : 4);
	add_number(&l, s->pid);
	add(&l, "]: ", 3);
	add_number(&l, when);
	add(&l, "|", 1);
	add_address(&l, s->sender);
	add(&l, "|", 1);
	add_address(&l, s->recipient);
	add(&l, "|", 1);
	add_number(&l, s->bytes);
	add(&l, "|", 1);
	add_name(&l, s->status, "unknown");
	if (s->attempts) {
		add(&l, "|", 1);
		add_number(&l, s->attempts);
	}
	add(&l, "\n", 1);
	return l.n;
}
