#include "mboxrd.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static const char from_[] = "From ";

static int
put(struct mboxrd *m, const void *p, size_t n)
{
	return m->put(m->ctx, p, n);
}

/* "From sender Mon Nov 23 03:22:05 2026" */
int
mboxrd_begin(struct mboxrd *m, mboxrd_put *put_bytes, void *ctx, qa_span sender, uint64_t ns)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct qa_date d = qa_date_of(ns);
	char line[80];

	*m = (struct mboxrd){.put = put_bytes, .ctx = ctx, .line_start = true, .last = '\n'};
	if (put(m, from_, sizeof from_ - 1))
		return -1;
	for (size_t i = 0; i < sender.n && i < 1000; i++) {
		unsigned char c = sender.p[i] > ' ' && sender.p[i] < 127 ? sender.p[i] : '-';

		if (put(m, &c, 1))
			return -1;
	}
	int n = snprintf(line, sizeof line, "%s %.3s %.3s %2u %02u:%02u:%02u %d\n", sender.n ? "" : "MAILER-DAEMON",
			 days + 3 * d.weekday, months + 3 * (d.month - 1), d.day, d.hour, d.minute, d.second, d.year);
	return put(m, line, (size_t)n);
}

/* What was held back of a line's beginning, with one more '>' when it turned out to be From. */
static int
release(struct mboxrd *m, bool is_from)
{
	if (is_from && put(m, ">", 1))
		return -1;
	for (; m->arrows; m->arrows--)
		if (put(m, ">", 1))
			return -1;
	if (put(m, from_, m->letters))
		return -1;
	m->letters = 0;
	m->line_start = false;
	return 0;
}

int
mboxrd_piece(void *mboxrd, qa_span piece)
{
	struct mboxrd *m = mboxrd;
	size_t i = 0;

	while (i < piece.n) {
		if (m->line_start) {
			unsigned char c = piece.p[i];

			if (c == '>' && m->letters == 0) {
				m->arrows++;
				i++;
			} else if (c == (unsigned char)from_[m->letters]) {
				i++;
				if (++m->letters == sizeof from_ - 1 && release(m, true))
					return -1;
			} else if (release(m, false)) {
				return -1;
			}
			continue;
		}
		const unsigned char *end = memchr(piece.p + i, '\n', piece.n - i);
		size_t n = end ? (size_t)(end - piece.p) + 1 - i : piece.n - i;
		if (put(m, piece.p + i, n))
			return -1;
		i += n;
		m->line_start = end != NULL;
	}
	if (piece.n)
		m->last = piece.p[piece.n - 1];
	return 0;
}

int
mboxrd_end(struct mboxrd *m)
{
	return release(m, false) || (m->last != '\n' && put(m, "\n", 1)) || put(m, "\n", 1) ? -1 : 0;
}
