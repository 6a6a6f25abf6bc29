/* Splitting mboxes. */
#include "archive/source.h"

/* A From_ line's shape: "From ", then somewhere a time of day (dd:dd) and a year (four digits from 19 or 20). */
static bool
from_line(qa_span line)
{
	bool clock = false, year = false;

	if (line.n < 5 || memcmp(line.p, "From ", 5) != 0)
		return false;
	for (size_t i = 5; i + 4 < line.n + 1; i++) {
		const unsigned char *p = line.p + i;
#define DIGIT(c) ((c) >= '0' && (c) <= '9')
		if (i + 5 <= line.n && DIGIT(p[0]) && DIGIT(p[1]) && p[2] == ':' && DIGIT(p[3]) && DIGIT(p[4]))
			clock = true;
		if (i + 4 <= line.n && DIGIT(p[0]) && DIGIT(p[1]) && DIGIT(p[2]) && DIGIT(p[3]) &&
		    (p[0] == '1' || p[0] == '2') && !DIGIT(p[-1]) && (i + 4 == line.n || !DIGIT(p[4])))
			year = true;
#undef DIGIT
	}
	return clock && year;
}

static qa_span
line_at(qa_span s, size_t at)
{
	/* no bytes may be no pointer */
	const unsigned char *end = s.n > at ? memchr(s.p + at, '\n', s.n - at) : NULL;

	return qa_span_of(s.p + at, end ? (size_t)(end - (s.p + at)) + 1 : s.n - at);
}

bool
qa_mbox_is(qa_span head)
{
	return head.n >= 5 && memcmp(head.p, "From ", 5) == 0;
}

/* Whether the line that ends before `at` is empty. */
static bool
after_empty(qa_span s, size_t at)
{
	return (at >= 2 && s.p[at - 1] == '\n' && s.p[at - 2] == '\n') ||
	       (at >= 3 && s.p[at - 1] == '\n' && s.p[at - 2] == '\r' && s.p[at - 3] == '\n');
}

bool
qa_mbox_dated(qa_span head)
{
	return from_line(line_at(head, 0));
}

/* Whether the second word is that of a From_ line without a date: "-" as Mozilla writes it, or an address. */
static bool
from_somebody(qa_span line)
{
	size_t i = 5;

	while (i < line.n && line.p[i] != ' ' && line.p[i] != '\n')
		i++;
	return memchr(line.p + 5, '@', i - 5) || (i == 6 && line.p[5] == '-');
}

/* Whether a header field stands at `at`: 1, 0, -1 there is not enough of it to see. */
static int
is_field(qa_span s, size_t at)
{
	size_t i = at;

	while (i < s.n && s.p[i] > ' ' && s.p[i] < 127 && s.p[i] != ':')
		i++;
	return i == s.n ? -1 : i > at && s.p[i] == ':';
}

/* Whether a From_ line at `at` starts a message: 1, 0, -1 it is not whole yet. Not all who wrote mboxes put an empty line
 * in front of it: without one, a header field behind it must tell it from prose. */
static int
starts(qa_span s, size_t at, bool dated, bool last)
{
	qa_span line = line_at(s, at);
	int field;

	if (!last && line.p[line.n - 1] != '\n')
		return -1;
	if (after_empty(s, at))
		return !dated || from_line(line);
	if (dated ? !from_line(line) : !from_somebody(line))
		return 0;
	field = is_field(s, at + line.n);
	return field < 0 && last ? 0 : field;
}

int
qa_mbox_cut(qa_span piece, bool dated, bool last, size_t *start_r, size_t *end_r, size_t *next_r)
{
	size_t start = line_at(piece, 0).n, end;
	int is = 0;

	if (!piece.n || (!last && piece.p[start - 1] != '\n'))
		return 0;
	for (end = start; end < piece.n;) {
		const unsigned char *f = memmem(piece.p + end, piece.n - end, "\nFrom ", 6);

		end = f ? (size_t)(f - piece.p) + 1 : piece.n;
		/* a message may be empty: then the empty line is that behind its From_ line */
		if (f && end > start && (is = starts(piece, end, dated, last)) != 0)
			break;
	}
	if (is <= 0 && !last)
		return 0;
	*next_r = end;
	if (end > start && after_empty(piece, end))
		end -= piece.p[end - 2] == '\r' ? 2 : 1;
	*start_r = start;
	*end_r = end;
	return 1;
}

int
qa_mbox_next(qa_span mbox, size_t *at, qa_span *raw_r)
{
	size_t start, end, next;

	if (*at >= mbox.n || !qa_mbox_cut(qa_span_cut(mbox, *at, mbox.n), qa_mbox_dated(mbox), true, &start, &end, &next))
		return 0;
	*raw_r = qa_span_cut(mbox, *at + start, end - start);
	*at += next;
	return 1;
}

bool
qa_mbox_framed(qa_span before, qa_span behind)
{
	size_t line = before.n, i = 0;

	if (!before.n || before.p[before.n - 1] != '\n')
		return false;
	for (line--; line > 0 && before.p[line - 1] != '\n';)
		line--;
	if (before.n - line < 5 || memcmp(before.p + line, "From ", 5) != 0)
		return false;
	if (i < behind.n && behind.p[i] == '\r')
		i++;
	if (i < behind.n && behind.p[i] == '\n')
		i++;
	return i == behind.n || (behind.n - i >= 5 && memcmp(behind.p + i, "From ", 5) == 0);
}

/* Whether a line is ">From ", ">>From ", ... */
static bool
quoted_line(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] == '>')
		i++;
	return i > 0 && n - i >= 5 && memcmp(p + i, "From ", 5) == 0;
}

bool
qa_mbox_quoted(qa_span raw)
{
	const unsigned char *p = raw.p, *end, *f;

	if (!raw.n)
		return false;
	end = raw.p + raw.n;
	for (; p < end && (f = memmem(p, (size_t)(end - p), ">From ", 6)); p = f + 1) {
		const unsigned char *line = f;

		while (line > raw.p && line[-1] == '>')
			line--;
		if (line == raw.p || line[-1] == '\n')
			return true;
	}
	return false;
}

int
qa_mbox_unquote(qa_span raw, struct qa_buf *b)
{
	if (qa_buf_reserve(b, raw.n))
		return -1;
	for (size_t at = 0; at < raw.n;) {
		qa_span line = line_at(raw, at);
		size_t skip = quoted_line(line.p, line.n);

		if (qa_buf_add(b, line.p + skip, line.n - skip))
			return -1;
		at += line.n;
	}
	return 0;
}
