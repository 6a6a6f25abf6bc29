/* Messages in files: what is found where, windows, and files that change while they are read. */
#include "archive/source.h"
#include "archive/testing.h"
#include "sys/publish.h"

#include <errno.h>
#include <unistd.h>

#define F "From a@b Mon Nov 23 03:22:05 2026\n"

static char path[400];

static const char *
at(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", test_root, name);
	return path;
}

static void
put(const char *name, qa_span text)
{
	MUST(qa_publish(AT_FDCWD, at(name), text, 0644, &test_err));
}

static void
puts_in(const char *name, const char *text)
{
	put(name, qa_span_str(text));
}

/* What a walk told. */
static struct seen {
	unsigned n, troubles;
	uint64_t bytes;
	struct qa_place place[8];
	char file[8][400], why[300];
	size_t head; /* bytes given of the last one */
	int (*meanwhile)(void);
} seen;

static int
each(void *ctx, const struct qa_place *place, qa_span raw, struct qa_err *err)
{
	struct seen *s = ctx;

	(void)err;
	if (s->n < 8) {
		s->place[s->n] = *place;
		snprintf(s->file[s->n], sizeof s->file[0], "%s", place->path);
		s->place[s->n].path = s->file[s->n];
	}
	s->n++;
	s->bytes += place->length;
	s->head = raw.n;
	return s->meanwhile ? s->meanwhile() : 0;
}

static void
trouble(void *ctx, const char *file, const char *why)
{
	struct seen *s = ctx;

	(void)file;
	s->troubles++;
	snprintf(s->why, sizeof s->why, "%s", why);
}

static int
walk(const char *name)
{
	memset(&seen, 0, sizeof seen);
	return qa_source_walk(at(name), each, trouble, &seen, &test_err);
}

static bool
reads(struct qa_source_file *f, unsigned i, const char *want)
{
	qa_span m;

	return qa_source_read(f, &seen.place[i], &m, &test_err) == 0 && qa_span_is(m, want);
}

static void
test_kinds(void)
{
	struct qa_source_file f;

	qa_source_init(&f);
	OK(walk("nothing") == -1);
	puts_in("one.eml", F "A: 1\n\nx\n");
	OKF(walk("one.eml") == 0 && seen.n == 1 && !seen.place[0].mbox && reads(&f, 0, F "A: 1\n\nx\n"),
	    "an .eml file is one message, byte for byte");
	puts_in("box", F "A: 1\n\nx\n>From y\n\n" F "\n" F "B: 2\n\ny\n");
	OK(walk("box") == 0 && seen.n == 3 && seen.place[2].mbox);
	OK(reads(&f, 0, "A: 1\n\nx\nFrom y\n") && reads(&f, 1, "") && reads(&f, 2, "B: 2\n\ny\n"));
	puts_in("odd", "no header\n");
	OKF(walk("odd") == 0 && seen.n == 1, "what somebody names is mail");
	puts_in("empty", "");
	OK(walk("empty") == 0 && seen.n == 0 && seen.troubles == 1);
	MUST(qa_mkdirs(AT_FDCWD, at("md/cur"), 0755, &test_err));
	MUST(qa_mkdirs(AT_FDCWD, at("md/new"), 0755, &test_err));
	MUST(qa_mkdirs(AT_FDCWD, at("md/.Sent/cur"), 0755, &test_err));
	MUST(qa_mkdirs(AT_FDCWD, at("md/.Sent/new"), 0755, &test_err));
	puts_in("md/cur/1:2,S", F "A: 1\n\nx\n");
	puts_in("md/.Sent/new/2", "B: 2\n\n");
	puts_in("md/dovecot.index", "no mail");
	OK(walk("md") == 0 && seen.n == 2 && seen.troubles == 0 && !seen.place[0].mbox);
	OKF(walk("") == 0 && seen.n == 6 && seen.troubles == 2, "%u messages, %u troubles in the folder", seen.n,
	    seen.troubles);
	qa_source_close(&f);
}

/* An mbox larger than a window, with a message larger than one. */
static void
test_windows(void)
{
	struct qa_buf box = QA_BUF(0), big = QA_BUF(0);
	struct qa_source_file f;
	qa_span m;

	qa_source_init(&f);
	MUST(qa_buf_addstr(&big, "B: big\n\n"));
	while (big.n < 3 * (size_t)QA_SOURCE_HEAD)
		MUST(qa_buf_addf(&big, "From here on %zu\n", big.n));
	for (unsigned i = 0; box.n < 2 * (size_t)QA_SOURCE_HEAD; i++)
		MUST(qa_buf_addf(&box, F "A: %u\n\nbody of %u\n\n", i, i));
	MUST(qa_buf_addstr(&box, F));
	uint64_t place = box.n;
	MUST(qa_buf_addspan(&box, qa_buf_span(&big)));
	MUST(qa_buf_addstr(&box, "\n" F "C: 3\n\nlast"));
	put("large", qa_buf_span(&box));
	size_t start = 0, n = 0;
	qa_span raw;
	while (qa_mbox_next(qa_buf_span(&box), &start, &raw))
		n++;
	OKF(walk("large") == 0 && seen.n == n && seen.troubles == 0, "%u of %zu messages", seen.n, n);
	struct qa_place it = {.path = at("large"), .offset = place, .length = big.n, .mbox = true};
	OK(qa_source_read(&f, &it, &m, &test_err) == 0 && qa_span_eq(m, qa_buf_span(&big)));
	it.offset++;
	OKF(qa_source_read(&f, &it, &m, &test_err) == -1 && errno == EBADMSG, "a place that is none: %s", test_err.text);
	put("large.eml", qa_buf_span(&big));
	OKF(walk("large.eml") == 0 && seen.n == 1 && seen.place[0].length == big.n && seen.head < big.n,
	    "of one message the walk reads the head");
	OK(qa_source_read(&f, &seen.place[0], &m, &test_err) == 0 && qa_span_eq(m, qa_buf_span(&big)));
	qa_source_close(&f);
	qa_buf_free(&box);
	qa_buf_free(&big);
}

static int
cut_short(void)
{
	return seen.n == 1 && truncate(path, QA_SOURCE_HEAD + 100) ? -1 : 0;
}

/* Files that are cut short or written anew meanwhile: an error for what is gone, no more. */
static void
test_changes(void)
{
	struct qa_source_file f;
	qa_span m;

	qa_source_init(&f);
	memset(&seen, 0, sizeof seen);
	seen.meanwhile = cut_short;
	OKF(qa_source_walk(at("large"), each, trouble, &seen, &test_err) == 0 && seen.troubles == 1 && seen.n > 1000,
	    "%u messages, then: %s", seen.n, seen.why);
	puts_in("box", F "A: 1\n\nx\n\n" F "B: 2\n\ny\n");
	OK(walk("box") == 0 && seen.n == 2);
	OK(reads(&f, 0, "A: 1\n\nx\n"));
	if (truncate(at("box"), 60))
		exit(99);
	OKF(qa_source_read(&f, &seen.place[1], &m, &test_err) == -1 && errno == EBADMSG && strstr(test_err.text, "box"),
	    "%s", test_err.text);
	OKF(reads(&f, 0, "A: 1\n\nx\n"), "the one before is still good");
	puts_in("box", F "A: longer than before\n\nx\n\n" F "B: 2\n\ny\n");
	qa_source_close(&f);
	OKF(qa_source_read(&f, &seen.place[1], &m, &test_err) == -1 && errno == EBADMSG, "written anew");
	puts_in("box", F "A: 1\n\nx\n\n" F "B: 2\n\ny\n\n" F "C: 3\n");
	qa_source_close(&f);
	OKF(reads(&f, 1, "B: 2\n\ny\n"), "mail that came behind it does no harm");
	puts_in("one.eml", "A: 1\n\n");
	OK(walk("one.eml") == 0 && seen.n == 1);
	puts_in("one.eml", "A: 12\n\n");
	OK(qa_source_read(&f, &seen.place[0], &m, &test_err) == -1 && errno == EBADMSG);
	unlink(at("one.eml"));
	qa_source_close(&f);
	OKF(qa_source_read(&f, &seen.place[0], &m, &test_err) == -1 && errno == ENOENT, "%s", test_err.text);
	seen.place[0].length = UINT64_MAX / 2;
	OK(qa_source_read(&f, &seen.place[0], &m, &test_err) == -1 && errno == EFBIG);
	qa_source_close(&f);
}

int
main(void)
{
	test_begin();
	test_kinds();
	test_windows();
	test_changes();
	return test_end();
}
