/* Mboxes: where a message starts and ends, and what quoting did to it. */
#include "archive/source.h"
#include "tests/tap.h"

static int
count(const char *mbox, const char *const *want, int n)
{
	qa_span s = qa_span_str(mbox), raw;
	size_t at = 0;
	int i = 0;

	while (qa_mbox_next(s, &at, &raw)) {
		if (i < n && !qa_span_is(raw, want[i])) {
			printf("# message %d is [%.*s]\n", i, (int)raw.n, (const char *)raw.p);
			return -1;
		}
		i++;
	}
	return i;
}

/* Cut off anywhere, a piece gives the message that the whole gives, or none yet. */
static int
pieces(const char *mbox)
{
	qa_span s = qa_span_str(mbox);
	size_t start, end, next, a, b, c;
	bool dated = qa_mbox_dated(s);
	int early = 0;

	if (!qa_mbox_cut(s, dated, true, &start, &end, &next))
		return -1;
	for (size_t n = 0; n <= s.n; n++) {
		if (!qa_mbox_cut(qa_span_cut(s, 0, n), dated, false, &a, &b, &c))
			continue;
		if (a != start || b != end || c != next)
			return -1;
		early++;
	}
	return early;
}

#define F "From a@b Mon Nov 23 03:22:05 2026\n"

int
main(void)
{
	static const char *const two[] = {"A: 1\n\nx\n", "B: 2\n\ny\n"};
	static const char *const crlf[] = {"A: 1\r\n\r\nx\r\n", "B: 2\r\n"};
	static const char *const inside[] = {"A: 1\n\nFrom me to you, nothing\nx\n"};
	static const char *const glued[] = {"A: 1\n\nx\n" F "y\n"};
	static const char *const empty[] = {"", "B: 2\n"};
	static const char *const open_end[] = {"A: 1\n\nno line end"};
	struct qa_buf b = QA_BUF(0);

	OK(count(F "A: 1\n\nx\n\n" F "B: 2\n\ny\n\n", two, 2) == 2);
	OK(count(F "A: 1\n\nx\n\n" F "B: 2\n\ny\n", two, 2) == 2);
	OK(count("From a Mon Nov 23 03:22:05 2026\r\nA: 1\r\n\r\nx\r\n\r\nFrom b Mon Nov 23 03:22:05 2026\r\nB: 2\r\n",
		 crlf, 2) == 2);
	OKF(count(F "A: 1\n\nFrom me to you, nothing\nx\n", inside, 1) == 1, "a From without a date starts nothing");
	OKF(count(F "A: 1\n\nx\n" F "y\n", glued, 1) == 1, "a From_ line between other lines starts nothing");
	OKF(count(F "A: 1\n\nx\n" F "B: 2\n\ny\n", two, 2) == 2, "but it does where a header follows");
	OKF(count("From a@b\nA: 1\n\nx\nFrom a@b\nB: 2\n\ny\n", two, 2) == 2, "without dates, too");
	OK(count("From - \nA: 1\n\nx\nFrom - \nB: 2\n\ny\n", two, 2) == 2);
	OKF(count("From - \nA: 1\n\nx\nFrom now on\nnote: this\n", NULL, 0) == 1 && count(F "A: 1\n\nFrom now on\nnote: this\n", NULL, 0) == 1,
	    "prose starts nothing");
	OKF(count(F "\n" F "B: 2\n", empty, 2) == 2, "a message may be empty");
	OK(count(F "A: 1\n\nno line end", open_end, 1) == 1);
	OKF(count("From - \nA: 1\n\nx\n\nFrom - \nB: 2\n\ny\n", two, 2) == 2, "From_ lines without dates, when the first has none");
	OK(count("", NULL, 0) == 0);
	OK(count(F, NULL, 0) == 1);
	OK(pieces(F "A: 1\n\nx\n\n" F "B: 2\n\ny\n\n") > 0);
	OK(pieces(F "A: 1\n\nx\n\nFrom me, undated\n\nB") == 0);
	OK(pieces("From - \nA: 1\n\nx\n\nFrom - \nB: 2\n\ny\n") > 0);
	OK(pieces(F "A: 1\n\nx\n" F "B: 2\n\ny\n") > 0);
	OK(pieces(F "\r\n" F "B: 2\n") > 0 && pieces(F) == 0);
	OK(qa_mbox_framed(qa_span_str("x\n" F), qa_span_str("")) && qa_mbox_framed(qa_span_str(F), qa_span_str("\r\nFrom ")));
	OK(!qa_mbox_framed(qa_span_str("x\n" F "y"), qa_span_str("")) && !qa_mbox_framed(qa_span_str(F), qa_span_str("\nFro")) &&
	   !qa_mbox_framed(qa_span_str(""), qa_span_str("")) && !qa_mbox_framed(qa_span_str("y\n"), qa_span_str("")));

	OK(qa_mbox_is(qa_span_str(F)) && !qa_mbox_is(qa_span_str("From: a@b\n")));

	OK(qa_mbox_quoted(qa_span_str("a\n>From x")) && qa_mbox_quoted(qa_span_str(">>From x")));
	OK(!qa_mbox_quoted(qa_span_str("a >From x\n> From y\n>from z\n")));
	OK(qa_mbox_unquote(qa_span_str(">From a\n>>From b\nFrom c\n x>From d\n>Frog\n"), &b) == 0);
	OK(qa_span_is(qa_buf_span(&b), "From a\n>From b\nFrom c\n x>From d\n>Frog\n"));
	qa_buf_free(&b);
	return done();
}
