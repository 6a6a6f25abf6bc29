/*
 * The stats line: any bytes as a line, and any bytes as what a line is made of. What is put can be got, with the addresses as they
 * were; what was got and is put again is the same line in all but its date.
 */
#include "statline/statline.h"

#include <stdint.h>
#include <stdlib.h>

#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool
same_address(qa_span written, qa_span raw)
{
	static unsigned char a[QA_STATLINE_MAX];
	size_t n = qa_statline_decode(written, a);

	MUST(n <= written.n && written.n <= QA_STATLINE_ADDRESS);
	return n == raw.n && (n == 0 || memcmp(a, raw.p, n) == 0);
}

/* How long it is as written, so whether it had to be cut. */
static size_t
written(qa_span raw)
{
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = raw.p[i];

		n += c < 32 || c == 127 || c == '|' || c == '%' || (c == ' ' && (i == 0 || i + 1 == raw.n)) ? 3 : 1;
	}
	return n;
}

static void
check_address(qa_span got, qa_span raw)
{
	qa_span domain = qa_statline_domain(raw);

	if (written(raw) <= QA_STATLINE_ADDRESS)
		MUST(got.n == written(raw) && same_address(got, raw));
	else if (domain.n && written(domain) < 1600)
		MUST(memmem(got.p, got.n, "%7E%7E@", 7));
	else
		MUST(memmem(got.p, got.n, "%7E%7E", 6));
}

static void
put_and_get(const struct qa_statline *s)
{
	unsigned char line[QA_STATLINE_MAX + 1];
	struct qa_statline got;
	const char *why;
	size_t n = qa_statline_put(s, line);

	MUST(n <= QA_STATLINE_MAX && line[n - 1] == '\n' && !memchr(line, '\n', n - 1));
	MUST(qa_statline_get(qa_span_of(line, n), &got, &why) == 0);
	MUST(got.out == s->out && got.pid == s->pid && got.time == s->time && got.bytes == s->bytes && got.attempts == s->attempts);
	MUST(got.date.n == 15 && got.host.n && got.status.n);
	check_address(got.sender, s->sender);
	check_address(got.recipient, s->recipient);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static unsigned char a[QA_STATLINE_MAX], b[QA_STATLINE_MAX];
	struct qa_statline s;
	const char *why = NULL;

	if (qa_statline_get(qa_span_of(p, n), &s, &why) == 0) {
		(void)qa_statline_kind(&s);
		(void)qa_statline_account(&s);
		(void)qa_statline_domain(s.recipient);
		s.sender = qa_span_of(a, qa_statline_decode(s.sender, a));
		s.recipient = qa_span_of(b, qa_statline_decode(s.recipient, b));
		put_and_get(&s);
	} else {
		MUST(why && *why);
	}
	size_t third = n / 3;
	s = (struct qa_statline){.out = n & 1, .pid = (uint32_t)n, .time = (int64_t)n, .bytes = n, .attempts = n & 3,
				 .sender = qa_span_of(p, third), .recipient = qa_span_of(p + third, third),
				 .host = qa_span_of(p + 2 * third, n - 2 * third), .status = qa_span_of(p + third, n - third)};
	put_and_get(&s);
	return 0;
}
