/* A sync set: what was added is durable after commit, one by one when it is little, by volume when it is much. */
#include "sys/syncset.h"
#include "tests/crash/harness.h"

#include <stdio.h>

enum { ROUNDS = 2, BYTES = 700, MANY = QA_SYNCSET_FEW + 3 };

static int
setup(const struct qa_crash_at *at)
{
	return qa_mkdirs(at->fd, "few", 0755, NULL) || qa_mkdirs(at->fd, "many", 0755, NULL);
}

static int
append(const struct qa_crash_at *at, struct qa_syncset *s, const char *name, int round)
{
	unsigned char p[BYTES];
	struct qa_err err;
	int rc = -1, fd = qa_open(at->fd, name, O_WRONLY | O_CREAT | O_APPEND, 0644, &err);

	memset(p, 'a' + round, sizeof p);
	if (fd >= 0 && qa_write_all(fd, p, sizeof p, name, &err) == 0)
		rc = qa_syncset_file(s, fd, name, &err);
	if (rc)
		fprintf(stderr, "%s\n", err.text);
	qa_close(&fd);
	return rc;
}

/* ROUNDS times: every file of the folder grows; then all of them are promised. */
static int
rounds(const struct qa_crash_at *at, const char *folder, int files)
{
	struct qa_syncset s;
	struct qa_err err;

	for (int round = 0; round < ROUNDS; round++) {
		qa_syncset_init(&s);
		for (int i = 0; i < files; i++) {
			char name[40];

			snprintf(name, sizeof name, "%s/%d", folder, i);
			if (append(at, &s, name, round)) {
				qa_syncset_drop(&s);
				return 1;
			}
		}
		if (qa_syncset_folder(&s, at->fd, folder, &err) || qa_syncset_commit(&s, &err)) {
			qa_syncset_drop(&s);
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
		qa_crash_ack("%s %d", folder, round);
	}
	return 0;
}

static void
check(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found,
      const char *folder, int files)
{
	size_t promised = 0;

	for (int round = 0; round < ROUNDS; round++)
		promised += qa_crash_acked(acks, "%s %d", folder, round) ? BYTES : 0;
	for (int i = 0; promised && i < files; i++) {
		struct qa_buf b = QA_BUF(100000);
		char name[40];

		snprintf(name, sizeof name, "%s/%d", folder, i);
		if (qa_slurp(at->fd, name, &b, NULL) != 1 || b.n < promised)
			qa_crash_lost(found, "%s has %zu bytes of %zu", name, b.n, promised);
		for (size_t k = 0; k < promised && k < b.n; k++)
			if (b.p[k] != 'a' + k / BYTES) {
				qa_crash_lost(found, "%s has other bytes at %zu", name, k);
				break;
			}
		qa_buf_free(&b);
	}
}

static int
few_work(const struct qa_crash_at *at)
{
	return rounds(at, "few", 3);
}

static int
few_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	check(at, acks, found, "few", 3);
	return 0;
}

static int
many_work(const struct qa_crash_at *at)
{
	return rounds(at, "many", MANY);
}

static int
many_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	check(at, acks, found, "many", MANY);
	return 0;
}

static const struct qa_crash_op op[] = {
    {
        .name = "syncset-few",
        .setup = setup,
        .work = few_work,
        .verify = few_verify,
        .promise = "all of the round is there",
    },
    {
        .name = "syncset-many",
        .setup = setup,
        .work = many_work,
        .verify = many_verify,
        .promise = "all of the round is there",
    },
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, op, sizeof op / sizeof *op);
}
