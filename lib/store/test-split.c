#include "store/split.h"
#include "base/buf.h"
#include "tests/tap.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Takes all runs out and puts them back: whether the same bytes come out. *runs_r: how many. */
static int
there_and_back(qa_span rest, int *runs_r, size_t piece)
{
	struct qa_buf out = QA_BUF(0);
	size_t pos = 0, done = 0, before = 0;
	struct qa_run run;
	int good = 1;

	*runs_r = 0;
	while (good && qa_split_run(rest, &pos, &run)) {
		unsigned char *raw = malloc(run.raw + 1), *text = malloc(piece * 6 + 4096);
		struct qa_unrun u;
		struct qa_rerun r;
		size_t n = 0, k;

		++*runs_r;
		good = good && run.at >= before && run.encoded >= QA_RUN_LEAST && run.at + run.encoded <= rest.n;
		before = run.at + run.encoded;
		good = good && qa_buf_add(&out, rest.p + done, run.at - done) == 0;
		qa_unrun_init(&u, rest, &run);
		while (n < run.raw && (k = qa_unrun_read(&u, raw + n, run.raw - n < piece ? run.raw - n : piece)) > 0)
			n += k;
		good = good && n == run.raw && qa_unrun_read(&u, raw + n, 1) == 0;
		good = good && qa_rerun_size(run.raw, run.line, run.crlf) == run.encoded;
		qa_rerun_init(&r, run.line, run.crlf);
		for (size_t at = 0; good && at < n; at += k) {
			k = n - at < piece ? n - at : piece;
			size_t room = qa_rerun_room(&r, k);
			size_t made = qa_rerun_add(&r, qa_span_of(raw + at, k), at + k == n, text);
			good = made <= room && qa_buf_add(&out, text, made) == 0;
		}
		done = run.at + run.encoded;
		free(raw);
		free(text);
	}
	good = good && qa_buf_add(&out, rest.p + done, rest.n - done) == 0;
	good = good && qa_span_eq(qa_buf_span(&out), rest);
	qa_buf_free(&out);
	return good;
}

static size_t
trace(const char *s)
{
	return qa_split_trace(qa_span_str(s));
}

static void
test_trace(void)
{
	OK(trace("") == 0);
	OK(qa_split_trace(qa_span_of(NULL, 0)) == 0);
	OK(trace("Subject: x\n") == 0);
	OK(trace("Received: x\nSubject: y\n") == 12);
	OK(trace("received: x\n\tmore\n more\nSubject: y\n") == 24);
	OK(trace("RETURN-PATH: x\nDelivered-To: y\nX-Original-To: z\nReceived:\n\nbody\n") == 58);
	OK(trace("Received: x") == 0);	       /* no line end: not whole */
	OK(trace("Received: x\n folded") == 0); /* its folded line has none */
	OK(trace("Received: x\nReceived: y\n z") == 12);
	OK(trace("Received : x\n\n") == 0);
	OK(trace("Receivedx: x\n\n") == 0);
	OK(trace("Received: x\r\n\r\n") == 13);
	OK(trace(" Received: x\n") == 0);
	OK(trace("X-Original-Too: x\n") == 0);
	OK(trace("Received") == 0);
	static const char nul[] = "Received: a\0b\nX";
	OK(qa_split_trace(qa_span_of(nul, sizeof nul - 1)) == 14);
}

/* `lines` lines of `length` letters; the last one is `last`. */
static void
block(struct qa_buf *b, int lines, int length, const char *eol, const char *last)
{
	for (int i = 0; i < lines; i++) {
		for (int k = 0; k < length; k++)
			if (qa_buf_addc(b, (unsigned char)('A' + (i * 7 + k * 3) % 26)))
				exit(99);
		if (qa_buf_addstr(b, eol))
			exit(99);
	}
	if (last && qa_buf_addstr(b, last))
		exit(99);
}

static int
runs_in(struct qa_buf *b)
{
	int a, c, d;

	if (!there_and_back(qa_buf_span(b), &a, 1 << 16) || !there_and_back(qa_buf_span(b), &c, 57) ||
	    !there_and_back(qa_buf_span(b), &d, 1) || a != c || a != d)
		a = -1;
	qa_buf_clear(b);
	return a;
}

static void
test_runs(void)
{
	struct qa_buf b = QA_BUF(0);

	block(&b, 64, 76, "\n", "\n\n");
	OK(runs_in(&b) == 1);
	block(&b, 64, 76, "\r\n", "QUJD\r\n");
	OK(runs_in(&b) == 1);
	block(&b, 64, 76, "\n", "QQ==\nrest");
	OK(runs_in(&b) == 1);
	block(&b, 64, 76, "\n", "QUI=");
	OK(runs_in(&b) == 1);
	block(&b, 64, 76, "\n", "QR==\n"); /* unused bits: stays behind the run */
	OK(runs_in(&b) == 1);
	block(&b, 64, 76, "\n", "QUL=\n");
	OK(runs_in(&b) == 1);
	block(&b, 64, 76, "\n", "QUJDR\n"); /* not a multiple of 4 */
	OK(runs_in(&b) == 1);
	block(&b, 64, 77, "\n", NULL);
	OK(runs_in(&b) == 0);
	block(&b, 5, 1000, "\n", NULL);
	OK(runs_in(&b) == 0);
	block(&b, 5, 996, "\n", NULL);
	OK(runs_in(&b) == 1);
	block(&b, 1000, 4, "\n", NULL); /* 4,999 bytes with line ends */
	OK(runs_in(&b) == 1);
	block(&b, 819, 4, "\n", NULL); /* 4,094 */
	OK(runs_in(&b) == 0);
	block(&b, 1, 5000, "\n", NULL);
	OK(runs_in(&b) == 0);
	/* 53 lines of 76 and line ends are 4,080 bytes without the last end; a last line makes the difference */
	block(&b, 53, 76, "\n", "QUJDQUJDQUJDQUJD\n");
	OKF(runs_in(&b) == 1, "4,097 bytes are a run");
	block(&b, 53, 76, "\n", "QUJDQUJDQUJD\n");
	OKF(runs_in(&b) == 0, "4,093 bytes are none");
	block(&b, 240, 16, "\n", "QUJDQUJDQUJDQUJD\n");
	OKF(runs_in(&b) == 1, "4,096 bytes are a run");
	block(&b, 240, 16, "\n", "QUJDQUJDQUJD\n");
	OKF(runs_in(&b) == 0, "4,092 bytes are none");
	block(&b, 50, 80, "\r\n", "QUJDQUJD");
	OK(runs_in(&b) == 1);

	/* mixed line ends: each kind is a run of its own */
	block(&b, 60, 76, "\n", NULL);
	block(&b, 60, 76, "\r\n", NULL);
	OK(runs_in(&b) == 2);
	/* a change of length ends a run, and another may begin there */
	block(&b, 60, 76, "\n", NULL);
	block(&b, 80, 72, "\n", NULL);
	int n = runs_in(&b);
	OK(n == 2);
	block(&b, 30, 76, "\n", NULL);
	block(&b, 80, 72, "\n", NULL);
	OKF(runs_in(&b) == 1, "a short run does not take the first line of a long one");
	/* padding in the middle */
	block(&b, 60, 76, "\n", "QQ==\n");
	block(&b, 60, 76, "\n", "\n");
	OK(runs_in(&b) == 2);
	/* a bare CR, a blank, a NUL inside */
	block(&b, 60, 76, "\n", "QUJD\rQUJ\n");
	OK(runs_in(&b) == 1);
	block(&b, 30, 76, "\n", " UJD\n");
	block(&b, 30, 76, "\n", NULL);
	OK(runs_in(&b) == 0);
	if (qa_buf_add(&b, "\0\0\n", 3))
		exit(99);
	block(&b, 60, 76, "\n", NULL);
	if (qa_buf_add(&b, "AB\0D\n", 5))
		exit(99);
	OK(runs_in(&b) == 1);
	block(&b, 60, 76, "\r\r\n", NULL);
	OK(runs_in(&b) == 0);
	block(&b, 60, 76, "\n", "====\n");
	OK(runs_in(&b) == 1);
	block(&b, 60, 76, "\n", "A===\n");
	OK(runs_in(&b) == 1);
	/* a full line with padding ends it */
	block(&b, 60, 8, "\n", NULL);
	for (int i = 0; i < 600; i++)
		block(&b, 0, 0, "", i == 599 ? "QUJDQQ==\n" : "QUJDQUJD\n");
	OK(runs_in(&b) == 1);
	qa_buf_free(&b);
	OK(qa_rerun_size(3, 4, false) == 4 && qa_rerun_size(4, 4, true) == 10 && qa_rerun_size(0, 4, false) == 0);
	OK(qa_rerun_size(3, 6, false) == 0 && qa_rerun_size(3, 1000, false) == 0 && qa_rerun_size(3, 0, false) == 0);
}

/* Random texts out of pieces that are near to base64. */
static void
test_random(void)
{
	static const char *const tail[] = {"\n", "\r\n", "=\n", "==\n", "QQ==\r\n", "A\n", "\n\n", " \n", "QUI=", ""};
	struct qa_buf b = QA_BUF(0);
	uint32_t x = 99991;
	int bad = 0, runs = 0, n;

	for (int round = 0; round < 400; round++) {
		for (int part = 0; part < 6; part++) {
			x = x * 1664525 + 1013904223;
			int length = (int)(x >> 20) % 100, lines = (int)(x >> 8) % 200;

			block(&b, lines, x & 64 ? length / 4 * 4 : length, x & 128 ? "\n" : "\r\n", tail[x % 10]);
		}
		bad += !there_and_back(qa_buf_span(&b), &n, 1 + x % 3000);
		runs += n;
		qa_buf_clear(&b);
	}
	qa_buf_free(&b);
	OKF(bad == 0, "400 random texts come back");
	OKF(runs > 100, "there are %d runs in them", runs);
}

static int files, wrong, with_runs;

static int
one_file(const char *path, const struct stat *st, int type, struct FTW *w)
{
	(void)w;
	FILE *f = type == FTW_F ? fopen(path, "rb") : NULL;
	if (!f)
		return 0;
	unsigned char *p = malloc((size_t)st->st_size + 1);
	size_t n = fread(p, 1, (size_t)st->st_size, f);
	int runs;
	qa_span all = qa_span_of(p, n);
	size_t t = qa_split_trace(all);

	if (t > n || !there_and_back(qa_span_cut(all, t, n), &runs, 1 << 15)) {
		wrong++;
		printf("# %s\n", path);
	} else {
		with_runs += runs > 0;
	}
	files++;
	fclose(f);
	free(p);
	return 0;
}

int
main(void)
{
	const char *corpus = getenv("QA_CORPUS");

	test_trace();
	test_runs();
	test_random();
	if (corpus) {
		nftw(corpus, one_file, 20, FTW_PHYS);
		OKF(files && !wrong, "%d files of the corpus come back, %d of them with runs", files, with_runs);
	}
	return done();
}
