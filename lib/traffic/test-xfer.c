/* Filing traffic files away. */
#include "traffic/xfer.h"

#include "sys/publish.h"
#include "tests/run.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <zlib.h>

static struct qa_err err;
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

/* The text of a gzip file; "" when there is none. */
static const char *
gz(const char *name)
{
	static char text[1000];
	char path[800];
	int n = -1;

	snprintf(path, sizeof path, "%s/%s", root, name);
	gzFile f = gzopen(path, "rb");
	if (f) {
		n = gzread(f, text, sizeof text - 1);
		gzclose(f);
	}
	text[n > 0 ? n : 0] = 0;
	return text;
}

static void
simple(void)
{
	struct qa_digest d = qa_sha256_of(qa_span_str("one\n")), other = qa_sha256_of(qa_span_str("other\n"));
	struct stat st;

	put("a", "one\n");
	OK(qa_xfer_file(dir, "D", "a", NULL, &err) == 1);
	OK(!is_there("a") && strcmp(gz("loaded/a.gz"), "one\n") == 0);
	OK(fstatat(dir, "loaded/a.gz", &st, 0) == 0 && (st.st_mode & 0777) == 0640);
	OK(qa_xfer_file(dir, "D", "a", NULL, &err) == 0);
	/* the same again: the original goes */
	put("a", "one\n");
	OK(qa_xfer_file(dir, "D", "a", NULL, &err) == 1 && !is_there("a"));
	/* something else: nothing is replaced */
	put("a", "two\n");
	OK(qa_xfer_file(dir, "D", "a", NULL, &err) == -1 && err.num == EEXIST && strstr(err.text, "D/loaded/a.gz"));
	OK(is_there("a") && strcmp(gz("loaded/a.gz"), "one\n") == 0);
	put("b", "one\n");
	OK(qa_xfer_file(dir, "D", "b", &other, &err) == -1 && err.num == EBUSY && is_there("b"));
	OK(qa_xfer_file(dir, "D", "b", &d, &err) == 1 && !is_there("b"));
	put("empty", "");
	OK(qa_xfer_file(dir, "D", "empty", NULL, &err) == 1 && is_there("loaded/empty.gz") && !*gz("loaded/empty.gz"));
}

/* What is there looks like the same, but is not. */
static void
targets(void)
{
	static const char *const broken[] = {"", "\037\213", "one\n"};
	char path[800];

	for (size_t i = 0; i < 3; i++) {
		put("c", "one\n");
		put("loaded/c.gz", broken[i]);
		OK(qa_xfer_file(dir, "D", "c", NULL, &err) == -1 && err.num == EEXIST && is_there("c"));
	}
	/* bytes behind the end, and a second member */
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/loaded/c.gz", root);
		gzFile f = gzopen(path, "wb");
		OK(f && gzputs(f, "one\n") == 4 && gzclose(f) == Z_OK);
		OK(qa_xfer_file(dir, "D", "c", NULL, &err) == 1);
		put("c", "one\n");
		if (i == 0) {
			FILE *a = fopen(path, "ab");
			OK(a && fputs("x", a) >= 0 && fclose(a) == 0);
		} else {
			f = gzopen(path, "ab");
			OK(f && gzputs(f, "more") == 4 && gzclose(f) == Z_OK);
		}
		OK(qa_xfer_file(dir, "D", "c", NULL, &err) == -1 && err.num == EEXIST && is_there("c"));
	}
	/* a link, which gzip's own tools would follow */
	put("d", "one\n");
	OK(symlinkat("a.gz", dir, "loaded/d.gz") == 0);
	OK(qa_xfer_file(dir, "D", "d", NULL, &err) == -1 && is_there("d"));
}

static void
refusals(void)
{
	char path[800];

	OK(symlinkat("b", dir, "link") == 0);
	OK(qa_xfer_file(dir, "D", "link", NULL, &err) == -1 && err.num == ELOOP);
	OK(mkdirat(dir, "folder", 0755) == 0);
	OK(qa_xfer_file(dir, "D", "folder", NULL, &err) == -1 && err.num == EINVAL);
	snprintf(path, sizeof path, "%s/fifo", root);
	OK(mkfifo(path, 0600) == 0);
	OK(qa_xfer_file(dir, "D", "fifo", NULL, &err) == -1 && err.num == EINVAL);
	char name[300];
	memset(name, 'n', 254);
	name[254] = 0;
	put(name, "x"); /* fits; with .gz it does not */
	OK(qa_xfer_file(dir, "D", name, NULL, &err) == -1 && is_there(name));
	/* what a crash left is swept */
	put("loaded/.tmp.0123456789abcdef", "rest");
	put("e", "one\n");
	OK(qa_xfer_file(dir, "D", "e", NULL, &err) == 1 && !is_there("loaded/.tmp.0123456789abcdef"));
	OK(qa_sys->unlinkat(dir, "loaded/a.gz", 0) == 0);
	OK(run("rm", "-rf", "--", root, NULL) == 0);
}

int
main(void)
{
	snprintf(root, sizeof root, "%s/D", tmp_make());
	if (mkdir(root, 0755) || (dir = open(root, O_RDONLY | O_DIRECTORY)) < 0)
		return 2;
	simple();
	targets();
	refusals();
	return done();
}
