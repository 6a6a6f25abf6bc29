/* logstat: the stats file and its state, committed file by file of a log; once with the stats file renamed on the way. */
#include "statline/statline.h"
#include "tests/crash/harness.h"
#include "traffic/qjoin.h"
#include "traffic/qkeep.h"
#include "traffic/qsource.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILES = 5, EACH = 7 };

static struct qa_qkeep *keep;
static struct qa_buf expected = QA_BUF(1 << 20);
static bool to_expected;

static void
line(void *arg, const struct qa_statline *s)
{
	unsigned char out[QA_STATLINE_MAX + 1];
	size_t n = qa_statline_put(s, out);

	(void)arg;
	if (to_expected ? qa_buf_add(&expected, out, n) : qa_qkeep_line(keep, qa_span_of(out, n)))
		abort();
}

static struct qa_qjoin *
joiner(void)
{
	struct qa_qjoin_opt o = {.host = "mx1", .line = line};

	return qa_qjoin_new(&o);
}

/* File F of the log; messages reach over its end. */
static void
text_of(unsigned f, struct qa_buf *b)
{
	for (unsigned i = 0; i < EACH; i++) {
		unsigned n = f * EACH + i;

		if (qa_buf_addf(b, "@%016llx00000001 info msg %u: bytes %u from <s%u@a.org> qp 5 uid 5\n",
				(1ULL << 62) + 1700000000 + n, n, 1000 + n, n) ||
		    (n && qa_buf_addf(b, "@%016llx00000002 starting delivery %u: msg %u to local u@b.org\n"
					 "@%016llx00000003 delivery %u: %s: x\n@%016llx00000004 end msg %u\n",
				      (1ULL << 62) + 1700000000 + n, n, n - 1, (1ULL << 62) + 1700000000 + n, n,
				      n % 3 ? "success" : "failure", (1ULL << 62) + 1700000000 + n, n - 1)))
			abort();
	}
}

static void
path_of(const struct qa_crash_at *at, const char *rest, char out[700])
{
	snprintf(out, 700, "%s/%s", at->path, rest);
}

static int
add_log(const struct qa_crash_at *at, unsigned f)
{
	struct qa_buf b = QA_BUF(1 << 20);
	char name[100], path[800];
	int fd, rc;

	snprintf(name, sizeof name, "log/@%016llx00000009.s", (1ULL << 62) + 1700000000 + f * EACH + EACH - 1);
	path_of(at, name, path);
	text_of(f, &b);
	fd = qa_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0644, NULL);
	rc = fd < 0 || qa_write_all(fd, b.p, b.n, path, NULL);
	qa_close(&fd);
	qa_buf_free(&b);
	return rc;
}

/* One run of the program over what there is of the log. The stats file is renamed after ROTATE commits. */
static int
session(const struct qa_crash_at *at, int rotate, bool acks)
{
	char file[700], old[700], state[700], folder[700];
	const char *logs[1] = {folder};
	struct qa_qjoin *j = joiner();
	struct qa_qsource *s;
	struct qa_qpos pos;
	struct qa_err err;
	qa_span lines;
	bool found;
	int rc = -1;

	path_of(at, "stats", file);
	path_of(at, "stats.1", old);
	path_of(at, "state", state);
	path_of(at, "log", folder);
	keep = qa_qkeep_open(file, state, QA_QKEEP_ASK, j, &pos, &found, &err);
	s = keep ? qa_qsource_open(logs, 1, found ? &pos : NULL, 0, 0, &err) : NULL;
	for (int n = 1; s && (rc = qa_qsource_next(s, &lines, &err)) == 1; n++) {
		qa_qjoin_feed(j, lines);
		qa_qsource_pos(s, &pos);
		rc = qa_qkeep_commit(keep, &pos, j, &err);
		if (rc)
			break;
		if (acks)
			qa_crash_ack("lines %llu", (unsigned long long)qa_qsource_bytes(s));
		if (n == rotate && (qa_sys->renameat(AT_FDCWD, file, AT_FDCWD, old) || qa_fsync_dir(AT_FDCWD, at->path, &err))) {
			rc = -1;
			break;
		}
	}
	if (s && rc == 0) {
		bool gap;

		qa_qsource_pos(s, &pos);
		rc = qa_qkeep_settle(keep, &pos, j, &err);
		if (qa_qsource_said(s, &gap) && gap)
			rc = qa_fail(&err, EBADMSG, "the log has a gap");
	}
	if (rc)
		printf("session: %s\n", err.text);
	qa_qsource_free(s);
	qa_qkeep_close(keep);
	qa_qjoin_free(j);
	return rc;
}

static int
setup(const struct qa_crash_at *at)
{
	if (qa_mkdirs(at->fd, "log", 0700, NULL) || add_log(at, 0) || session(at, 0, false))
		return -1;
	for (unsigned f = 1; f < FILES; f++)
		if (add_log(at, f))
			return -1;
	return 0;
}

static int
work(const struct qa_crash_at *at)
{
	return session(at, 0, true);
}

static int
work_rotated(const struct qa_crash_at *at)
{
	return session(at, 2, true);
}

static int
recover(const struct qa_crash_at *at)
{
	return session(at, 0, false);
}

static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct qa_buf all = QA_BUF(1 << 20), log = QA_BUF(1 << 20);
	struct qa_qjoin *j = joiner();
	int rc;

	(void)acks;
	qa_buf_clear(&expected);
	to_expected = true;
	for (unsigned f = 0; f < FILES; f++)
		text_of(f, &log);
	qa_qjoin_feed(j, qa_buf_span(&log));
	to_expected = false;
	qa_qjoin_free(j);
	rc = qa_slurp(at->fd, "stats.1", &all, NULL) < 0 || qa_slurp(at->fd, "stats", &all, NULL) < 0;
	if (all.n < expected.n)
		qa_crash_lost(found, "%zu bytes of %zu", all.n, expected.n);
	else if (all.n > expected.n)
		qa_crash_twice(found, "%zu bytes of %zu", all.n, expected.n);
	else if (!qa_span_eq(qa_buf_span(&all), qa_buf_span(&expected)))
		qa_crash_wrong(found, "the lines are others");
	qa_buf_free(&all);
	qa_buf_free(&log);
	return rc;
}

static const struct qa_crash_op op[] = {
	{.name = "logstat",
	 .setup = setup,
	 .work = work,
	 .recover = recover,
	 .verify = verify,
	 .reads = true,
	 .promise = "the transfer is a line, once"},
	/* trees that a power cut leaves here have other inodes, and a new stats file without lines is known by nothing else */
	{.name = "logstat-rotated",
	 .setup = setup,
	 .work = work_rotated,
	 .recover = recover,
	 .verify = verify,
	 .promise = "the transfer is a line, once, in one of both files",
	 .faults = "kill"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, op, 2);
}
