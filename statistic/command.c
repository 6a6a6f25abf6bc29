#include "statistic/command.h"
#include "base/num.h"

static const struct {
	const char *word;
	enum qa_command_kind kind;
} words[] = {
	{"helo", QA_COMMAND_HELLO},   {"ehlo", QA_COMMAND_HELLO}, {"lhlo", QA_COMMAND_LHLO}, {"mail", QA_COMMAND_MAIL},
	{"rcpt", QA_COMMAND_RCPT},    {"data", QA_COMMAND_DATA},  {"bdat", QA_COMMAND_BDAT}, {"rset", QA_COMMAND_RSET},
	{"auth", QA_COMMAND_AUTH},    {"starttls", QA_COMMAND_STARTTLS}, {"quit", QA_COMMAND_QUIT},
};

static qa_span
without_blanks(qa_span s)
{
	while (s.n && s.p[0] == ' ')
		s = qa_span_cut(s, 1, s.n);
	return s;
}

struct qa_command
qa_command_of(qa_span line)
{
	struct qa_command c = {QA_COMMAND_OTHER, {NULL, 0}};
	const unsigned char *blank = line.n ? memchr(line.p, ' ', line.n) : NULL;
	qa_span word = qa_span_cut(line, 0, blank ? (size_t)(blank - line.p) : line.n);

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (qa_span_caseeq(word, qa_span_str(words[i].word)))
			c.kind = words[i].kind;
	c.argument = without_blanks(qa_span_cut(line, word.n, line.n));
	return c;
}

/* Where the address begins, and the byte it ends before. */
static qa_span
address_start(qa_span argument, unsigned char *end_r)
{
	const unsigned char *p = argument.n ? memchr(argument.p, '<', argument.n) : NULL;
	const unsigned char *colon = argument.n ? memchr(argument.p, ':', argument.n) : NULL;
	qa_span s;

	*end_r = p ? '>' : ' ';
	if (!p)
		p = colon;
	if (!p)
		return qa_span_of(NULL, 0);
	s = without_blanks(qa_span_cut(argument, (size_t)(p + 1 - argument.p), argument.n));
	if (s.n && s.p[0] == '@') {
		const unsigned char *route = memchr(s.p, ':', s.n);

		if (route)
			s = qa_span_cut(s, (size_t)(route + 1 - s.p), s.n);
	}
	return s;
}

size_t
qa_command_address(qa_span argument, unsigned char *out)
{
	unsigned char end;
	qa_span s = address_start(argument, &end);
	bool quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			out[n++] = s.p[++i];
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == end && !quoted)
			break;
		else
			out[n++] = s.p[i];
	}
	return n;
}

int
qa_command_chunk(qa_span argument, uint64_t *size_r, bool *last_r)
{
	const unsigned char *blank = argument.n ? memchr(argument.p, ' ', argument.n) : NULL;
	qa_span size = qa_span_cut(argument, 0, blank ? (size_t)(blank - argument.p) : argument.n);
	qa_span rest = qa_span_trim(qa_span_cut(argument, size.n, argument.n));

	*last_r = rest.n != 0;
	if (rest.n && !qa_span_caseeq(rest, qa_span_str("last")))
		return -1;
	return qa_scan_u64(size, size_r);
}
