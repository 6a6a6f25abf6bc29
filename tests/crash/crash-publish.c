/* Publishing: the old or the new contents, never half; the new ones once acknowledged. */
#include "tests/crash/harness.h"
#include "sys/publish.h"

#include <errno.h>
#include <stdio.h>

enum { ROUNDS = 3, BYTES = 1500 };

/* Contents number i: as long as a few sectors, so that a torn write shows. */
static qa_span
contents(int i)
{
	static unsigned char p[BYTES];

	memset(p, 'a' + i, sizeof p);
	return qa_span_of(p, sizeof p);
}

/* Which contents a file has; -1: none, -2: something else. */
static int
which(const struct qa_crash_at *at, const char *path)
{
	struct qa_buf b = QA_BUF(100000);
	int rc = qa_slurp(at->fd, path, &b, NULL), i = 0;

	if (rc == 0)
		i = -1;
	else {
		while (i <= ROUNDS && !qa_span_eq(qa_buf_span(&b), contents(i)))
			i++;
		if (rc < 0 || i > ROUNDS)
			i = -2;
	}
	qa_buf_free(&b);
	return i;
}

static int
sweep(const struct qa_crash_at *at)
{
	return qa_publish_sweep(at->fd, ".", NULL) < 0;
}

static void
no_rest(const struct qa_crash_at *at, struct qa_crash_found *found)
{
	struct qa_names names;

	if (qa_listdir(at->fd, ".", &names, NULL)) {
		qa_crash_wrong(found, "cannot list");
		return;
	}
	for (size_t i = 0; i < names.n; i++)
		if (names.v[i][0] == '.')
			qa_crash_wrong(found, "%s is left over", names.v[i]);
	qa_names_free(&names);
}

static int
publish_setup(const struct qa_crash_at *at)
{
	return qa_publish(at->fd, "file", contents(0), 0644, NULL);
}

static int
publish_work(const struct qa_crash_at *at)
{
	int rc = 0;

	for (int i = 1; i <= ROUNDS; i++) {
		struct qa_err err;

		if (qa_publish(at->fd, "file", contents(i), 0644, &err)) {
			fprintf(stderr, "%s\n", err.text);
			rc = 1;
		} else
			qa_crash_ack("%d", i);
	}
	return rc;
}

static int
publish_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	int have = which(at, "file"), newest = 0;

	for (int i = 1; i <= ROUNDS; i++)
		if (qa_crash_acked(acks, "%d", i))
			newest = i;
	if (have < 0)
		qa_crash_wrong(found, have == -1 ? "the file is gone" : "the file is neither old nor new");
	else if (have < newest)
		qa_crash_lost(found, "contents %d were acknowledged, %d are there", newest, have);
	no_rest(at, found);
	return 0;
}

static int
new_work(const struct qa_crash_at *at)
{
	int rc = 0;

	for (int i = 1; i <= ROUNDS; i++) {
		struct qa_err err;
		char name[20];

		snprintf(name, sizeof name, "new%d", i);
		if (qa_publish_new(at->fd, name, contents(i), 0644, &err) == 0)
			qa_crash_ack("%d", i);
		else if (err.num == EEXIST) /* an earlier try came that far: as good as published */
			qa_crash_ack("%d", i);
		else {
			fprintf(stderr, "%s\n", err.text);
			rc = 1;
		}
	}
	return rc;
}

/* A program that starts again finds the name taken and relies on it; it does not make up for what is gone. */
static int
new_recover(const struct qa_crash_at *at)
{
	int rc = sweep(at);

	for (int i = 1; rc == 0 && i <= ROUNDS; i++) {
		char name[20];

		snprintf(name, sizeof name, "new%d", i);
		if (which(at, name) == -1)
			continue;
		struct qa_err err;
		if (qa_publish_new(at->fd, name, contents(0), 0644, &err) < 0 && err.num == EEXIST)
			qa_crash_ack("%d", i);
		else
			rc = 1;
	}
	return rc;
}

static int
new_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	for (int i = 1; i <= ROUNDS; i++) {
		char name[20];

		snprintf(name, sizeof name, "new%d", i);
		int have = which(at, name);
		if (have != -1 && have != i)
			qa_crash_wrong(found, "%s is not what was published", name);
		else if (have == -1 && qa_crash_acked(acks, "%d", i))
			qa_crash_lost(found, "%s is gone", name);
	}
	no_rest(at, found);
	return 0;
}

static int
mkdirs_work(const struct qa_crash_at *at)
{
	struct qa_err err;

	if (qa_mkdirs(at->fd, "a/b/c", 0755, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	qa_crash_ack("a/b/c");
	if (qa_mkdirs(at->fd, "a/b/d/e", 0755, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	qa_crash_ack("a/b/d/e");
	return 0;
}

/* As new_recover: goes on from what is there. */
static int
mkdirs_recover(const struct qa_crash_at *at)
{
	struct stat st;

	return fstatat(at->fd, "a", &st, 0) ? 0 : mkdirs_work(at);
}

static int
mkdirs_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	static const char *const path[] = {"a/b/c", "a/b/d/e"};

	for (size_t i = 0; i < 2; i++) {
		struct stat st;

		if (qa_crash_acked(acks, "%s", path[i]) && fstatat(at->fd, path[i], &st, 0))
			qa_crash_lost(found, "%s is gone", path[i]);
	}
	return 0;
}

static const struct qa_crash_op op[] = {
    {
        .name = "publish",
        .setup = publish_setup,
        .work = publish_work,
        .recover = sweep,
        .verify = publish_verify,
        .reads = true,
        .promise = "the file has the new contents",
    },
    {
        .name = "publish-new",
        .work = new_work,
        .recover = new_recover,
        .verify = new_verify,
        .reads = true,
        .promise = "the new file is there",
    },
    {
        .name = "mkdirs",
        .work = mkdirs_work,
        .recover = mkdirs_recover,
        .verify = mkdirs_verify,
        .promise = "the folders are there",
    },
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, op, sizeof op / sizeof *op);
}
