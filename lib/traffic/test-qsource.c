#include "traffic/qsource.h"
#include "sys/sys.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static char dir[200];
static struct qa_err err;

static void
path_of(const char *name, char out[400])
{
	snprintf(out, 400, "%s/%s", dir, name);
}

static void
put_n(const char *name, int flags, const void *p, size_t n)
{
	char path[400];

	path_of(name, path);
	int fd = qa_open(AT_FDCWD, path, O_WRONLY | O_CREAT | flags, 0644, &err);
	if (fd < 0 || qa_write_all(fd, p, n, path, &err))
		abort();
	qa_close(&fd);
}

static void
put(const char *name, int flags, const char *text)
{
	put_n(name, flags, text, strlen(text));
}

static void
move(const char *from, const char *to)
{
	char a[400], b[400];

	path_of(from, a);
	path_of(to, b);
	if (rename(a, b))
		abort();
}

static void
gone(const char *name)
{
	char path[400];

	path_of(name, path);
	unlink(path);
}

/* All there is now. */
static char got[1 << 20];

static int
drain(struct qa_qsource *s)
{
	qa_span lines;
	size_t n = 0;
	int rc;

	while ((rc = qa_qsource_next(s, &lines, &err)) == 1) {
		if (lines.n >= sizeof got - n)
			abort();
		memcpy(got + n, lines.p, lines.n);
		n += lines.n;
	}
	got[n] = '\0';
	return rc;
}

static bool
reads(struct qa_qsource *s, const char *want)
{
	bool good = drain(s) == 0 && strcmp(got, want) == 0;

	if (!good)
		fprintf(stderr, "got: %.300s\nwanted: %.300s\n", got, want);
	return good;
}

static bool
quiet(struct qa_qsource *s)
{
	bool gap;

	return qa_qsource_said(s, &gap) == NULL && !gap;
}

static bool
gap(struct qa_qsource *s)
{
	bool is;

	return qa_qsource_said(s, &is) != NULL && is;
}

static struct qa_qsource *
again(struct qa_qsource *s, const char *const *names, size_t n, int64_t last)
{
	struct qa_qpos pos;

	qa_qsource_pos(s, &pos);
	qa_qsource_free(s);
	s = qa_qsource_open(names, n, &pos, last, 0, &err);
	if (!s)
		fprintf(stderr, "%s\n", err.text), abort();
	return s;
}

#define A "@400000000000001000000001"
#define B "@400000000000002000000001"
#define C "@400000000000003000000001"

static void
folder(void)
{
	char log[400];
	const char *names[1] = {log};

	path_of("log", log);
	if (mkdir(log, 0700))
		abort();
	struct qa_qsource *s = qa_qsource_open(names, 1, NULL, 0, 0, &err);
	OK(s && reads(s, "") && quiet(s));
	put("log/" A ".s", 0, "one\ntwo\nthr");
	put("log/" B ".u", 0, "ee\nfour\ntorn");
	put("log/@nonsense.s", 0, "no\n");
	put("log/" C ".t", 0, "no\n");
	put("log/current", 0, "five\nsi");
	OK(reads(s, "one\ntwo\nthree\nfour\nfive\n"));
	OK(!gap(s));
	s = again(s, names, 1, 0);
	OK(reads(s, "") && quiet(s));
	put("log/current", O_APPEND, "x\nseven\n");
	OK(reads(s, "six\nseven\n"));
	/* rotated, with more in it than was read, and twice */
	put("log/current", O_APPEND, "eight\n");
	move("log/current", "log/" C ".s");
	put("log/current", 0, "");
	OK(reads(s, "eight\n"));
	s = again(s, names, 1, 0);
	OK(reads(s, "") && quiet(s));
	put("log/current", O_APPEND, "nine\n");
	OK(reads(s, "nine\n") && quiet(s));
	/* the file is removed while it is read: what follows by name */
	put("log/current", O_APPEND, "ten\n");
	gone("log/current");
	put("log/@400000000000004000000001.s", 0, "eleven\n");
	put("log/current", 0, "twelve\n");
	qa_qsource_stamp(s, 0x30 - 10, 5);
	OK(reads(s, "ten\neleven\ntwelve\n"));
	OK(gap(s));
	qa_qsource_free(s);
}

static void
lost(void)
{
	char log[400];
	const char *names[1] = {log};

	path_of("log", log);
	struct qa_qsource *s = qa_qsource_open(names, 1, NULL, 0, 0, &err);
	OK(s && drain(s) == 0);
	move("log/current", "log/@400000000000005000000001.s");
	put("log/@400000000000006000000001.s", 0, "thirteen\n");
	gone("log/@400000000000005000000001.s");
	put("log/current", 0, "fourteen\n");
	s = again(s, names, 1, 0x50 - 10);
	OK(reads(s, "thirteen\nfourteen\n") && gap(s));
	qa_qsource_free(s);
}

static void
plain(void)
{
	char log[400];
	const char *names[1] = {log};

	path_of("maillog", log);
	OK(qa_qsource_open(names, 1, NULL, 0, 0, &err) == NULL && err.num == 2);
	put("maillog", 0, "one\n");
	struct qa_qsource *s = qa_qsource_open(names, 1, NULL, 0, 0, &err);
	OK(s && reads(s, "one\n"));
	put("maillog", O_APPEND, "two");
	OK(reads(s, ""));
	put("maillog", O_APPEND, "\n");
	OK(reads(s, "two\n"));
	/* syslogd goes on in the renamed file until it is told */
	move("maillog", "maillog.1");
	put("maillog.1", O_APPEND, "three\n");
	put("maillog", 0, "");
	OK(reads(s, "three\n"));
	put("maillog.1", O_APPEND, "four\n");
	put("maillog", O_APPEND, "five\n");
	put("maillog.old", 0, "not rotation's name\n");
	OK(reads(s, "four\nfive\n") && quiet(s));
	s = again(s, names, 1, 0);
	OK(reads(s, "") && quiet(s));
	/* cut under it */
	put("maillog", O_TRUNC, "");
	OK(reads(s, "") && !quiet(s));
	put("maillog", O_APPEND, "six\n");
	OK(reads(s, "six\n"));
	/* cut between two runs */
	put("maillog", O_TRUNC, "7\n");
	s = again(s, names, 1, 0);
	OK(reads(s, "7\n") && gap(s));
	qa_qsource_free(s);
}

static void
long_lines(void)
{
	char log[400];
	const char *names[1] = {log};
	char *text = malloc(300000);

	if (!text)
		abort();
	memset(text, 'x', 300000);
	path_of("long", log);
	put("long", 0, "one\n");
	put_n("long", O_APPEND, text, 300000);
	put("long", O_APPEND, "\ntwo\n");
	struct qa_qsource *s = qa_qsource_open(names, 1, NULL, 0, 0, &err);
	/* read at once it is whole; piece by piece it is not waited for */
	OK(s && drain(s) == 0 && strncmp(got, "one\nxxx", 7) == 0 && strcmp(got + strlen(got) - 5, "\ntwo\n") == 0);
	put_n("long", O_APPEND, text, 100000);
	OK(reads(s, "") && !quiet(s));
	put_n("long", O_APPEND, text, 100000);
	put("long", O_APPEND, "\nthree\n");
	OK(reads(s, "three\n"));
	s = again(s, names, 1, 0);
	OK(reads(s, "") && quiet(s));
	qa_qsource_free(s);
	free(text);
}

static void
packed(void)
{
	char log[400], next[400];
	const char *names[2] = {log, next};
	char command[900];

	path_of("p", log);
	path_of("q", next);
	put("p", 0, "one\ntwo\n");
	snprintf(command, sizeof command, "cd %s && gzip -c p > p1 && cat p1 p1 > p && printf 'three\\n' > q", dir);
	OK(system(command) == 0);
	struct qa_qsource *s = qa_qsource_open(names, 2, NULL, 0, 0, &err);
	OK(s && reads(s, "one\ntwo\none\ntwo\nthree\n") && quiet(s));
	qa_qsource_free(s);
	s = qa_qsource_open(names, 1, NULL, 0, 0, &err);
	OK(s && reads(s, "one\ntwo\none\ntwo\n"));
	s = again(s, names, 2, 0);
	OK(reads(s, "three\n") && quiet(s));
	qa_qsource_free(s);
	/* cut, and damaged */
	snprintf(command, sizeof command, "cd %s && head -c 20 p1 > p", dir);
	OK(system(command) == 0);
	s = qa_qsource_open(names, 2, NULL, 0, 0, &err);
	OK(s && drain(s) == 0 && gap(s));
	qa_qsource_free(s);
	snprintf(command, sizeof command, "cd %s && { head -c 12 p1; printf 'xxxxxxxxxxxxxxxxxxxxxxx'; } > p", dir);
	OK(system(command) == 0);
	s = qa_qsource_open(names, 1, NULL, 0, 0, &err);
	OK(s && drain(s) == -1 && err.num != 0);
	qa_qsource_free(s);
}

int
main(void)
{
	char command[300];

	snprintf(dir, sizeof dir, "%s/qsource.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(dir))
		return 2;
	folder();
	lost();
	plain();
	long_lines();
	packed();
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	OK(system(command) == 0);
	return done();
}
