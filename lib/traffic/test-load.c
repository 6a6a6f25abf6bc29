/* Loading traffic files, once and only once. Faults and kills: tests/crash/crash-traffic.c. */
#include "traffic/load.h"

#include "sys/publish.h"
#include "tests/tap.h"
#include "tests/tmp.h"
#include "traffic/translog.h"

#include <errno.h>
#include <fcntl.h>

static struct qa_err err;
static struct qa_db *db;
static int dir;
static char root[600];

static void
put(const char *name, const char *text)
{
	if (qa_publish(dir, name, qa_span_str(text), 0640, &err))
		perror(name);
}

static bool
is_there(const char *name)
{
	return faccessat(dir, name, F_OK, 0) == 0;
}

static int64_t
number(const char *sql)
{
	struct qa_db_rows *r;
	int64_t n = -1;

	if (qa_db_select(db, sql, NULL, 0, &r, &err))
		return -2;
	if (qa_db_rows_next(r, &err) == 1)
		n = qa_db_rows_int(r, 0);
	qa_db_rows_close(r);
	return n;
}

/* What was said of the files of a run, in order: "n" new, "k" known, "b" bad, ... */
static char heard[100];
static struct qa_err last;

static void
said(void *arg, const struct qa_load_file *f)
{
	size_t n = strlen(heard);

	(void)arg;
	heard[n] = "nkgbosu"[f->result];
	heard[n + 1] = 0;
	if (f->result >= QA_LOAD_BAD)
		last = f->err;
}

static const char *
run(const char *server)
{
	heard[0] = 0;
	return qa_load_dir(db, root, server, said, NULL, &err) ? "failed" : heard;
}

static void
good(void)
{
	put("22.11.2026.qml.txt", "|name|xFer(kB)|Hits_All|Hits_HTML|\n|Example.COM|10|1|0|\n|b.example|20|2|0|\n");
	put("22.11.2026.txt", "|Example.COM|1000|7|5|\n");
	put("22.11.2026.gst.txt", "|Joe|2000|8|0|\n");
	put("22.11.2026.ftp.txt", "");
	put("notes.txt", "not ours\n");
	put("2026-11-22.web.xml", "nor this\n");
	OK(strcmp(run("mx1"), "nnnn") == 0);
	OK(number("SELECT sum(kb) FROM translog") == 3030);
	OK(number("SELECT sum(hits) FROM translog") == 18 && number("SELECT sum(hits_html) FROM translog") == 5);
	OK(number("SELECT count(*) FROM translog WHERE server = 'mx1' AND day = '2026-11-22' AND length(digest) = 64") == 4);
	OK(number("SELECT kb FROM translog WHERE name = 'example.com' AND kind = 'mail' AND file = '22.11.2026.qml.txt'") == 10);
	OK(number("SELECT kb FROM translog WHERE name = 'Joe' AND kind = 'gst'") == 2000);
	OK(number("SELECT count(*) FROM transfile") == 4 && number("SELECT names FROM transfile WHERE kind = 'ftp'") == 0);
	OK(is_there("loaded/22.11.2026.qml.txt.gz") && !is_there("22.11.2026.qml.txt"));
	OK(is_there("notes.txt") && is_there("2026-11-22.web.xml"));
	OK(strcmp(run("mx1"), "") == 0);
}

static void
again(void)
{
	put("22.11.2026.gst.txt", "|Joe|2000|8|0|\n");
	OK(strcmp(run("mx1"), "k") == 0 && !is_there("22.11.2026.gst.txt"));
	OK(number("SELECT sum(kb) FROM translog") == 3030);
	put("22.11.2026.gst.txt", "|Joe|2001|8|0|\n");
	OK(strcmp(run("mx1"), "o") == 0 && is_there("22.11.2026.gst.txt") && last.num == EEXIST);
	OK(strstr(last.text, "22.11.2026.gst.txt") && strstr(last.text, "refused"));
	OK(number("SELECT sum(kb) FROM translog") == 3030);
	/* the other name of the same file */
	OK(renameat(dir, "22.11.2026.gst.txt", dir, "22.11.2026.qml") == 0);
	OK(strcmp(run("mx1"), "o") == 0 && strstr(last.text, "22.11.2026.qml.txt of mx1"));
	/* another server's */
	OK(strcmp(run("mx2"), "n") == 0 && number("SELECT sum(kb) FROM translog") == 5031);
	OK(number("SELECT count(*) FROM translog WHERE server = 'mx2' AND name = 'joe' AND kind = 'mail'") == 1);
}

static void
bad(void)
{
	put("23.11.2026.qml.txt", "|a.example|1|1|0|\n|b.example|x|1|0|\n");
	put("24.11.2026.qml.txt", "|a.example|1|1|0|\n");
	put("25.11.2026.qml.txt", "|a.example|1|1|0|\n|a.example|1|1|0");
	put("31.11.2026.qml.txt", "|a.example|1|1|0|\n");
	OK(strcmp(run("mx1"), "bnbb") == 0 && strstr(last.text, "31.11.2026.qml.txt: there is no such day"));
	OK(number("SELECT count(*) FROM translog WHERE day > '2026-11-22'") == 1);
	OK(is_there("23.11.2026.qml.txt") && is_there("25.11.2026.qml.txt") && !is_there("24.11.2026.qml.txt"));
	OK(qa_sys->unlinkat(dir, "31.11.2026.qml.txt", 0) == 0 && qa_sys->unlinkat(dir, "25.11.2026.qml.txt", 0) == 0);
	OK(strcmp(run("mx1"), "b") == 0 && strstr(last.text, "23.11.2026.qml.txt:2: a number"));
	put("23.11.2026.qml.txt", "|a.example|1|1|0|\n|b.example|5|1|0|\n");
	OK(strcmp(run("mx1"), "n") == 0);
	/* loaded, but something else is in its place */
	put("loaded/26.11.2026.qml.txt.gz", "in the way");
	put("26.11.2026.qml.txt", "|a.example|7|1|0|\n");
	OK(strcmp(run("mx1"), "s") == 0 && last.num == EEXIST && is_there("26.11.2026.qml.txt"));
	OK(qa_sys->unlinkat(dir, "loaded/26.11.2026.qml.txt.gz", 0) == 0);
	OK(strcmp(run("mx1"), "k") == 0 && !is_there("26.11.2026.qml.txt"));
	OK(number("SELECT sum(kb) FROM translog WHERE day = '2026-11-26'") == 7);
	OK(symlinkat("/etc/passwd", dir, "27.11.2026.qml.txt") == 0);
	OK(strcmp(run("mx1"), "u") == 0);
	OK(qa_sys->unlinkat(dir, "27.11.2026.qml.txt", 0) == 0);
	put("28.11.2026.qml.txt", "|a.example|1000000000000|1|0|\n|b.example|1000000000000|1000000000000|1000000000000|\n");
	OK(strcmp(run("mx1"), "n") == 0 && number("SELECT sum(kb) FROM translog WHERE day = '2026-11-28'") == 2000000000000);
}

static void
database_gone(void)
{
	put("29.11.2026.qml.txt", "|a.example|7|1|0|\n");
	OK(qa_db_exec(db, "DROP TABLE translog;", &err) == 0);
	OK(strcmp(run("mx1"), "failed") == 0 && strstr(err.text, "29.11.2026.qml.txt") && is_there("29.11.2026.qml.txt"));
	OK(number("SELECT count(*) FROM transfile WHERE day = '2026-11-29'") == 0);
	OK(qa_load_dir(db, "/nonexistent", "mx1", said, NULL, &err) == -1 && err.num == ENOENT);
}

int
main(void)
{
	char path[700];

	snprintf(root, sizeof root, "%s/D", tmp_make());
	snprintf(path, sizeof path, "%s.db", root);
	if (mkdir(root, 0755) || (dir = open(root, O_RDONLY | O_DIRECTORY)) < 0)
		return 2;
	OK(qa_db_open(path, QA_DB_WRITE, &db, &err) == 0 && qa_translog_open(db, &err) == 0);
	good();
	again();
	bad();
	database_gone();
	qa_db_close(db);
	return done();
}
