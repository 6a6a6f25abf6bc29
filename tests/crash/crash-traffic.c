/*
 * TrafficLoader and xfer_cat: whatever fails, whenever they are killed or the power is cut, after the next run each row is in the
 * table once, and each file is in loaded/ or where it was, whole.
 */
#include "tests/crash/harness.h"
#include "sys/publish.h"
#include "sys/sim.h"
#include "traffic/load.h"
#include "traffic/translog.h"
#include "traffic/xfer.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

static const char *const name[] = {"22.11.2026.qml.txt", "23.11.2026.qml.txt", "23.11.2026.txt"};
static const char *const text[] = {"|a.example|10|1|0|\n|b.example|20|2|0|\n", "|a.example|100|1|0|\n", "|a.example|1000|5|4|\n"};
enum { FILES = 3, KB = 1130 };

static int
say(const struct qa_err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 1;
}

static int
setup(const struct qa_crash_at *at)
{
	int rc = 0;

	for (int i = 0; i < FILES; i++)
		rc |= qa_publish(at->fd, name[i], qa_span_str(text[i]), 0640, NULL);
	return rc;
}

/* ---- xfer_cat ---- */

static int
xfer(const struct qa_crash_at *at)
{
	int rc = 0;

	for (int i = 0; i < FILES; i++) {
		struct qa_err err;

		if (qa_xfer_file(at->fd, ".", name[i], NULL, &err) < 0)
			rc = say(&err);
		else
			qa_crash_ack("%s", name[i]);
	}
	return rc;
}

/* Somebody has packed a file by hand a moment ago, and synced nothing. */
static int
xfer_same(const struct qa_crash_at *at)
{
	unsigned char packed[300];
	z_stream z = {0};
	char path[100];
	struct qa_err err;
	int fd, rc;

	if (deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return 1;
	z.next_in = (z_const Bytef *)(uintptr_t)text[0];
	z.avail_in = (uInt)strlen(text[0]);
	z.next_out = packed;
	z.avail_out = sizeof packed;
	rc = deflate(&z, Z_FINISH) != Z_STREAM_END;
	deflateEnd(&z);
	snprintf(path, sizeof path, "loaded/%s.gz", name[0]);
	if (rc || (qa_sys->mkdirat(at->fd, "loaded", 0755) && errno != EEXIST))
		return 1;
	fd = qa_open(at->fd, path, O_WRONLY | O_CREAT | O_EXCL, 0644, &err);
	if (fd < 0)
		return say(&err);
	rc = qa_write_all(fd, packed, z.total_out, path, &err);
	qa_close(&fd);
	return rc ? say(&err) : xfer(at);
}

/* Half of what was packed by hand is in the way of our own: that is its maker's to put right. */
static int
xfer_same_recover(const struct qa_crash_at *at)
{
	char path[100];

	snprintf(path, sizeof path, "loaded/%s.gz", name[0]);
	if (faccessat(at->fd, name[0], F_OK, 0) == 0 && qa_sys->unlinkat(at->fd, path, 0) && errno != ENOENT)
		return 1;
	return xfer(at);
}

/* Whether loaded/NAME.gz holds what it should: 1, 0 there is none, -1. */
static int
filed(const struct qa_crash_at *at, int i)
{
	char path[600], got[200];
	struct stat st;

	snprintf(path, sizeof path, "%s/loaded/%s.gz", at->path, name[i]);
	if (stat(path, &st))
		return 0;
	gzFile f = gzopen(path, "rb");
	int n = f ? gzread(f, got, sizeof got) : -1;
	if (!f || gzclose(f) != Z_OK)
		n = -1;
	return n >= 0 && qa_span_is(qa_span_of(got, (size_t)n), text[i]) ? 1 : -1;
}

static void
look(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct qa_names names;

	for (int i = 0; i < FILES; i++) {
		struct qa_buf b = QA_BUF(1000);
		int there = qa_slurp(at->fd, name[i], &b, NULL), gz = filed(at, i);

		if (gz < 0)
			qa_crash_wrong(found, "loaded/%s.gz is not what it should be", name[i]);
		if (there == 1 && !qa_span_is(qa_buf_span(&b), text[i]))
			qa_crash_wrong(found, "%s was changed", name[i]);
		if (there != 1 && gz != 1)
			qa_crash_lost(found, "%s is gone", name[i]);
		if (qa_crash_acked(acks, "%s", name[i]) && (there == 1 || gz != 1))
			qa_crash_lost(found, "%s was filed away, and is not", name[i]);
		qa_buf_free(&b);
	}
	if (qa_listdir(at->fd, "loaded", &names, NULL) == 0) {
		for (size_t i = 0; i < names.n; i++)
			if (names.v[i][0] == '.')
				qa_crash_wrong(found, "loaded/%s is left over", names.v[i]);
		qa_names_free(&names);
	}
}

static int
xfer_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	look(at, acks, found);
	return 0;
}

/* ---- TrafficLoader ---- */

static void
said(void *arg, const struct qa_load_file *f)
{
	int *bad = arg;

	if (f->result >= QA_LOAD_BAD)
		*bad = say(&f->err);
	else if (f->result != QA_LOAD_GONE)
		qa_crash_ack("%s", f->name);
}

static int
load(const struct qa_crash_at *at)
{
	struct qa_db *db = NULL;
	char path[600];
	struct qa_err err;
	int bad = 0;

	qa_sim_hook_sqlite();
	snprintf(path, sizeof path, "%s/traffic.sqlite", at->path);
	if (qa_db_open(path, QA_DB_WRITE, &db, &err))
		return say(&err);
	if (qa_translog_open(db, &err) || qa_load_dir(db, at->path, "mx1", said, &bad, &err))
		bad = say(&err);
	qa_db_close(db);
	return bad;
}

static int64_t
number(struct qa_db *db, const char *sql)
{
	struct qa_db_rows *r;
	int64_t n = -1;

	if (qa_db_select(db, sql, NULL, 0, &r, NULL))
		return -1;
	if (qa_db_rows_next(r, NULL) == 1)
		n = qa_db_rows_int(r, 0);
	qa_db_rows_close(r);
	return n;
}

/* What was filed away must be in the table; then the loader runs, and all must be there once. */
static int
load_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	static const int64_t kb[] = {30, 100, 1000};
	struct qa_db *db;
	char path[600];
	int64_t filed_kb = 0, have;
	struct qa_err err;
	int bad = 0;

	look(at, acks, found);
	for (int i = 0; i < FILES; i++)
		if (filed(at, i) == 1 && faccessat(at->fd, name[i], F_OK, 0))
			filed_kb += kb[i];
	snprintf(path, sizeof path, "%s/traffic.sqlite", at->path);
	if (qa_db_open(path, QA_DB_WRITE, &db, &err) || qa_translog_open(db, &err))
		return say(&err);
	have = number(db, "SELECT coalesce(sum(kb), 0) FROM translog");
	if (have < filed_kb)
		qa_crash_lost(found, "files of %lld kB are filed away, %lld kB are in the table", (long long)filed_kb, (long long)have);
	if (qa_load_dir(db, at->path, "mx1", said, &bad, &err) || bad)
		qa_crash_wrong(found, "the next run fails");
	have = number(db, "SELECT coalesce(sum(kb), 0) FROM translog");
	if (have < KB)
		qa_crash_lost(found, "%lld kB are in the table, not %d", (long long)have, KB);
	if (have > KB)
		qa_crash_twice(found, "%lld kB are in the table, not %d", (long long)have, KB);
	if (number(db, "SELECT count(*) FROM transfile") != FILES || number(db, "SELECT count(*) FROM translog") != 4)
		qa_crash_wrong(found, "the tables do not agree");
	qa_db_close(db);
	return 0;
}

static const struct qa_crash_op op[] = {
    {
        .name = "xfer",
        .setup = setup,
        .work = xfer,
        .recover = xfer,
        .verify = xfer_verify,
        .reads = true,
        .promise = "the file is in loaded/",
    },
    {
        .name = "xfer-same",
        .setup = setup,
        .work = xfer_same,
        .recover = xfer_same_recover,
        .verify = xfer_verify,
        .promise = "the file is in loaded/",
    },
    {
        .name = "load",
        .setup = setup,
        .work = load,
        .recover = load,
        .verify = load_verify,
        .reads = true,
        .promise = "the file is in the table and in loaded/",
    },
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, op, sizeof op / sizeof *op);
}
