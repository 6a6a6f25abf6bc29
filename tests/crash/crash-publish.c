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
stage(const struct qa_crash_at *at, const char *name, int i, struct qa_publish *p, struct qa_syncset *set)
{
	struct qa_err err;

	if (qa_publish_begin(p, at->fd, name, 0644, &err))
		return -1;
	if (qa_write_all(p->fd, contents(i).p, contents(i).n, name, &err)) {
		qa_publish_abort(p);
		return -1;
	}
	return qa_publish_stage(p, set, &err);
}

/* The file with new contents, and two new ones of which the second was there, all in one set. */
static int
staged_work(const struct qa_crash_at *at)
{
	static const char *const name[] = {"file", "new1", "new2"};
	struct qa_publish p[3] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
	struct qa_syncset set;
	int rc = 0;

	qa_syncset_init(&set);
	for (int i = 0; i < 3 && rc == 0; i++)
		rc = stage(at, name[i], i == 2 ? 3 : 1, &p[i], &set);
	if (rc == 0)
		rc = qa_syncset_commit(&set, NULL);
	if (rc == 0 && (qa_publish_name(&p[0], &set, NULL) || qa_publish_name_new(&p[1], &set, NULL) != 1 ||
	                qa_publish_name_new(&p[2], &set, NULL) != 0))
		rc = -1;
	if (rc == 0)
		rc = qa_syncset_commit(&set, NULL);
	if (rc == 0) {
		qa_crash_ack("%d", 1);
		qa_crash_ack("staged");
	}
	qa_syncset_drop(&set);
	for (int i = 0; i < 3; i++)
		qa_publish_abort(&p[i]);
	return rc ? 1 : 0;
}

static int
staged_setup(const struct qa_crash_at *at)
{
	return publish_setup(at) || qa_publish(at->fd, "new2", contents(2), 0644, NULL);
}

static int
staged_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	int one = which(at, "new1");

	if (one != 1 && one != -1)
		qa_crash_wrong(found, "new1 is not what was published");
	else if (one == -1 && qa_crash_acked(acks, "staged"))
		qa_crash_lost(found, "new1 is gone");
	if (which(at, "new2") != 2)
		qa_crash_wrong(found, "new2 is not what was there");
	return publish_verify(at, acks, found);
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
        .name = "publish-staged",
        .setup = staged_setup,
        .work = staged_work,
        .recover = sweep,
        .verify = staged_verify,
        .reads = true,
        .promise = "all files of the set are there",
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
