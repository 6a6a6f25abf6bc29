/* The log made again from the store, bit for bit; and when it must not be. */
#include "archive/log.h"
#include "archive/testing.h"
#include "sys/publish.h"

#include <errno.h>
#include <unistd.h>

static char edge[QA_PATH_MAX], checkpoint[QA_PATH_MAX];

static struct qa_buf
contents(const char *path)
{
	struct qa_buf b = QA_BUF(0);

	if (qa_slurp(AT_FDCWD, path, &b, &test_err) != 1)
		exit(99);
	return b;
}

/* Size and root as a writer sees them. */
static uint64_t
head(struct qa_digest *root_r)
{
	struct qa_log *l;

	MUST(qa_log_open(test_home, TEST_DOMAIN, false, &l, &test_err));
	uint64_t n = qa_log_committed(l);
	*root_r = qa_log_root(l);
	qa_log_close(l);
	return n;
}

static int
rebuild(void)
{
	return qa_log_rebuild(test_home, TEST_DOMAIN, &test_err);
}

static void
remove_log(bool tiles)
{
	char path[QA_PATH_MAX];

	unlink(edge);
	MUST(qa_home_path(path, test_home, &test_err, QA_HOME_LOG "/tile", TEST_DOMAIN));
	if (tiles && run("rm", "-rf", path, NULL))
		exit(99);
}

static void
test_again(void)
{
	uint64_t october = test_time(2026, 10, 9), november = test_time(2026, 11, 9);
	struct qa_digest before, after;
	struct qa_log *l;
	char tile[QA_PATH_MAX];

	/* months take turns, more than a tile */
	for (unsigned i = 0; i < 12; i++)
		test_file(test_home, i * 50, (i + 1) * 50, i % 2 ? november : october);
	MUST(qa_home_path(tile, test_home, &test_err, QA_HOME_LOG "/tile/0/001", TEST_DOMAIN));
	struct qa_buf t = contents(tile);
	OK(head(&before) == 600);
	remove_log(true);
	OKF(qa_log_open(test_home, TEST_DOMAIN, false, &l, &test_err) == -1 && errno == ENODATA, "%s", test_err.text);
	OK(rebuild() == 0);
	OKF(head(&after) == 600 && qa_digest_eq(&before, &after), "the same log");
	struct qa_buf again = contents(tile);
	OKF(qa_span_eq(qa_buf_span(&t), qa_buf_span(&again)), "the same tiles");
	OKF(rebuild() == 0 && head(&after) == 600 && qa_digest_eq(&before, &after), "of one that is there, too");
	/* entries behind the newest checkpoint are found as well */
	struct qa_writer *w;
	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	test_commit(w, 600, 610, november);
	qa_writer_close(w);
	OK(head(&before) == 610);
	remove_log(false);
	OK(rebuild() == 0 && head(&after) == 610 && qa_digest_eq(&before, &after));
	/* and who writes on does not notice */
	test_file(test_home, 610, 620, november);
	OK(head(&after) == 620);
	qa_buf_free(&t);
	qa_buf_free(&again);
}

/* What was signed must be in the store: a log that lacks it is no log of this archive. */
static void
test_refused(void)
{
	char month[QA_PATH_MAX], aside[QA_PATH_MAX];
	struct qa_log *l;

	MUST(qa_home_path(month, test_home, &test_err, QA_HOME_DEPOT "/2026-10", TEST_DOMAIN));
	MUST(qa_home_path(aside, test_home, &test_err, "aside"));
	struct qa_buf e = contents(edge);
	if (rename(month, aside))
		exit(99);
	OKF(rebuild() == -1 && errno == EBADMSG, "%s", test_err.text);
	unlink(edge);
	OKF(qa_log_open(test_home, TEST_DOMAIN, false, &l, &test_err) == -1, "and none is begun anew: %s", test_err.text);
	if (rename(aside, month))
		exit(99);
	OK(rebuild() == 0);
	struct qa_buf good = contents(checkpoint);
	MUST(qa_publish(AT_FDCWD, checkpoint, qa_span_str("rubbish\n"), 0644, &test_err));
	OKF(rebuild() == -1, "a checkpoint that cannot be read: %s", test_err.text);
	MUST(qa_publish(AT_FDCWD, checkpoint, qa_buf_span(&good), 0644, &test_err));
	OK(rebuild() == 0);
	qa_buf_free(&e);
	qa_buf_free(&good);
}

int
main(void)
{
	test_begin();
	MUST(qa_home_path(edge, test_home, &test_err, QA_HOME_LOG "/edge", TEST_DOMAIN));
	MUST(qa_home_path(checkpoint, test_home, &test_err, QA_HOME_LOG "/checkpoint", TEST_DOMAIN));
	test_again();
	test_refused();
	return test_end();
}
