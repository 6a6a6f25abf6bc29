/* Lines for tests of the readers: usual ones, odd ones, and noise. */
#ifndef QA_TRAFFIC_TESTING_H
#define QA_TRAFFIC_TESTING_H

#include "statline/statline.h"
#include "traffic/quick.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t testing_state = 2463534242u;

__attribute__((unused)) static uint32_t
rnd(uint32_t below)
{
	testing_state ^= testing_state << 13;
	testing_state ^= testing_state >> 17;
	testing_state ^= testing_state << 5;
	return testing_state % below;
}

static const char *const testing_lines[] = {
    "Mar  4 05:06:07 mx1.example.net in[4242]: 1709528767|a@example.org|b@example.net|1834|success",
    "Mar  4 05:06:07 mx1.example.net out[1]: 1709528767|a@example.org|b@Example.NET.|1834|reject|3",
    "Mar 14 05:06:07 h out[99999]: 1709528767|pop3@u@d.example|u@d.example|5|success",
    "Mar 14 05:06:07 h out[2]: 1709528767|imap@u|u|5|success|1",
    "Mar 14 05:06:07 h out[2]: 1709528767|pop3@|u|5|success|1",
    "Mar 14 05:06:07 h in[2]: 1709528767|pop3@u@d.example|v@e.example|5|success",
    "Mar 14 05:06:07 h out[2]: 1709528767|pop3@d.example|v@e.example|5|success",
    "Mar 14 05:06:07 h out[2]: 1709528767|imap@u@.|u|5|success|1",
    "1709528767|pop3@u@d.example|u@d.example|5|success",
    "1709528767|pop3@d.example|u@d.example|5|success",
    "Mar 14 05:06:07 h in[2]: 1709528767|web@maillist|l@d.example|5|success",
    "Mar 14 05:06:07 h out[2]: 1709528767|web@maillist|l@d.example|5|success",
    "1709528767||b@example.net|0|rejspam",
    "1|a@b@c|d|18446744073709551615|x",
    "9223372036854775807|a|b|12345678901234567|x|4294967295",
    "9223372036854775808|a|b|1|x",
    "1|a|b|18446744073709551616|x",
    "1|a|b|1|x|4294967296",
    "1|a|b|1|x|",
    "1|a|b|1||1",
    "1|a|b|1|x@y|1",
    "1|a|b|1|x|1|1",
    "1|a|b",
    "|a|b|1|x",
    "Mar  4 05:06:07 h up[1]: 1|a|b|1|x",
    "Mar  4 05:06:07 h in[]: 1|a|b|1|x",
    "Mar  4 05:06:07 h in[4294967296]: 1|a|b|1|x",
    "Mar  4 05:06:07 h in[4294967295]: 1|a|b|1|x",
    "Mar  4 05:06:07 h@x in[4]: 1|a@b|c@d|1|x",
    "Mar  4 05:06:07 h|x in[4]: 1|a@b|c@d|1|x",
    "Mar  4 05:06:07  in[4]: 1|a@b|c@d|1|x",
    "Mar  4 05:06:07 h in[4]:1|a@b|c@d|1|x",
    "Mar  4 05:06",
    "1709528767|a@example.org.|b@.|7|success\r",
    "1|a\r|b|1|x",
    "1|a\177b@c|d@e|1|x",
    "",
    "\r",
    "0000000000000000000012|a@x|b@y|00000000000000000000000000000000000007|ok|0",
    "1|%41@%42|c@d%2E|12|x",
};

/* A line, often with a byte changed, without its line feed: its length. */
__attribute__((unused)) static size_t
testing_line(unsigned char out[256])
{
	static const char some[] = "|@ .\r\t0919:[]\177%\200\377ao";
	const char *s = testing_lines[rnd(sizeof testing_lines / sizeof *testing_lines)];
	size_t n = strlen(s);

	memcpy(out, s, n);
	for (unsigned changes = rnd(3); changes && n; changes--) {
		size_t at = rnd((uint32_t)n);

		switch (rnd(3)) {
		case 0:
			out[at] = (unsigned char)some[rnd(sizeof some - 1)];
			break;
		case 1:
			memmove(out + at, out + at + 1, n - at - 1);
			n--;
			break;
		default:
			memmove(out + at + 1, out + at, n - at);
			n++;
		}
	}
	return n;
}

/* Whether L says of the line P, N (with its end, if it has one) what qa_statline_get says. */
__attribute__((unused)) static bool
testing_same(const struct qa_quick_line *l, const unsigned char *p, size_t n)
{
	struct qa_statline s;
	const char *why;

	if (l->p != p)
		return false;
	if (qa_statline_get(qa_span_of(p, n), &s, &why))
		return l->why && strcmp(l->why, why) == 0;
	bool session = qa_statline_kind(&s) == QA_STAT_POP3 || qa_statline_kind(&s) == QA_STAT_IMAP;
	return !l->why && l->time == s.time && l->bytes == s.bytes && l->pid == s.pid && l->attempts == s.attempts &&
	       l->out == s.out && l->kind == qa_statline_kind(&s) &&
	       qa_span_eq(qa_quick_part(l, l->sender, l->sender_n), s.sender) &&
	       qa_span_eq(qa_quick_part(l, l->recipient, l->recipient_n), s.recipient) &&
	       qa_span_eq(qa_quick_part(l, l->status, l->status_n), s.status) &&
	       qa_span_eq(qa_quick_part(l, l->from, l->from_n), qa_statline_domain(session ? qa_statline_account(&s) : s.sender)) &&
	       qa_span_eq(qa_quick_part(l, l->to, l->to_n), qa_statline_domain(s.recipient));
}

/* Reads P, N (padded) and compares every line; false at the first that differs, or when there are too few. */
__attribute__((unused)) static bool
testing_all(const unsigned char *p, size_t n)
{
	struct qa_quick_line l[QA_QUICK_BATCH];
	const unsigned char *at = p, *end = p + n;
	struct qa_quick q;
	bool good = true;
	size_t k;

	if (qa_quick_init(&q))
		return false;
	qa_quick_start(&q, p, n);
	while (good && (k = qa_quick_next(&q, l)))
		for (size_t i = 0; i < k && good; i++) {
			const unsigned char *e = memchr(at, '\n', (size_t)(end - at));
			size_t whole = e ? (size_t)(e + 1 - at) : (size_t)(end - at);

			good = whole > 0 && testing_same(&l[i], at, whole);
			at += whole;
		}
	qa_quick_free(&q);
	return good && at == end;
}

#endif
