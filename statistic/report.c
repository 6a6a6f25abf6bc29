#include "statistic/report.h"

#include <sys/wait.h>

void
qa_report_init(struct qa_report *r, char *letters, size_t recipients)
{
	*r = (struct qa_report){.letter = letters, .most = recipients};
}

static void
begin(struct qa_report *r, char letter)
{
	r->record = letter;
	r->first_line = true;
	r->tail_n = 0;
}

static void
end(struct qa_report *r)
{
	switch (r->record) {
	case 'r':
	case 'h':
	case 's':
		if (r->n < r->most)
			r->letter[r->n++] = r->record;
		break;
	case 'K':
	case 'Z':
	case 'D':
		r->final = r->record;
		break;
	default:
		break;
	}
	r->record = 0;
}

static void
text(struct qa_report *r, char c)
{
	if (c == '\n')
		r->first_line = false;
	if (!r->first_line)
		return;
	if (r->tail_n == sizeof r->tail) {
		memmove(r->tail, r->tail + 1, sizeof r->tail - 1);
		r->tail_n--;
	}
	r->tail[r->tail_n++] = c;
}

void
qa_report_add(struct qa_report *r, qa_span bytes)
{
	for (size_t i = 0; i < bytes.n && !r->final; i++) {
		char c = (char)bytes.p[i];

		if (c && r->record)
			text(r, c);
		else if (c)
			begin(r, c);
		else
			end(r);
	}
}

/* Whether the first line of the last record ends so. */
static bool
says(const struct qa_report *r, const char *words)
{
	size_t n = strlen(words);

	return r->tail_n >= n && memcmp(r->tail + r->tail_n - n, words, n) == 0;
}

/* The code at that line's end, "(#4.4.2)": its digits, in three numbers; false when there is none. What the other side said is in
 * the lines below. */
static bool
code(const struct qa_report *r, unsigned digit[3])
{
	const char *p = r->tail + r->tail_n - 8;

	if (r->tail_n < 8 || p[0] != '(' || p[1] != '#' || p[3] != '.' || p[5] != '.' || p[7] != ')')
		return false;
	for (int i = 0; i < 3; i++) {
		digit[i] = (unsigned)(p[2 + 2 * i] - '0');
		if (digit[i] > 9)
			return false;
	}
	return true;
}

/* Whether qmail-remote came to send the message: it has an answer for each recipient, some are good, and it does not say that the other side
 * would not take data. */
static bool
came_to_data(const struct qa_report *r)
{
	return r->n == r->most && memchr(r->letter, 'r', r->n) && !says(r, "failed on DATA command.");
}

static struct qa_outcome
of_all(const struct qa_report *r)
{
	bool sent = came_to_data(r);
	unsigned c[3];

	if (r->final == 'K')
		return (struct qa_outcome){"success", true};
	if (code(r, c)) {
		if (c[0] == 4 && c[1] == 4 && (c[2] == 1 || c[2] == 2))
			return (struct qa_outcome){"timeout", sent};
		if (c[0] == 5 && c[1] == 6 && c[2] == 2)
			return (struct qa_outcome){"partial", sent};
		if ((c[0] == 4 && c[1] == 3) || (c[0] == 5 && c[1] == 3 && c[2] == 5))
			return (struct qa_outcome){"readerr", sent};
	}
	return (struct qa_outcome){r->final == 'Z' ? "defer" : "reject", sent};
}

struct qa_outcome
qa_report_outcome(const struct qa_report *r, size_t i, int status)
{
	char letter = i < r->n ? r->letter[i] : 'r';

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !r->final)
		return (struct qa_outcome){"readerr", false};
	if (letter == 'h')
		return (struct qa_outcome){"reject", false};
	if (letter == 's')
		return (struct qa_outcome){"defer", false};
	return of_all(r);
}
