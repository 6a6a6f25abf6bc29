/*
 * Rounds of md_import. What stands in the journal was promised by the door: whatever dies, it is in the archives of
 * its domains afterwards, once each, and no journal file went before that.
 */
#include "archive/home.h"
#include "archive/round.h"
#include "sys/publish.h"
#include "sys/sys.h"
#include "tests/crash/depot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECORDS = 9 };

/*
 * import-round: two archives with something in them, records of two months in three files, one of them longer than a frame,
 * some for both domains, one for nobody, one that a door wrote into direct/ as well.
 */
static int
round_setup(const struct qa_crash_at *at)
{
	return depot_home(at) || depot_journal(at, 0, 2, 2) || depot_drain(at) || depot_journal(at, 2, RECORDS - 1, 3) ||
	       depot_direct(at, 4) || depot_direct(at, RECORDS - 1);
}

static int
round_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	depot_compare(at, acks, found, RECORDS, 0);
	return 0;
}

/* One that publishes only when asked; NULL when that failed, which has been said. */
static struct qa_importer *
importer(const struct qa_crash_at *at)
{
	struct qa_importer_conf conf = {.publish_every = UINT64_MAX};
	struct qa_importer *im;
	struct qa_err err;

	if (qa_importer_open(at->path, &conf, &im, &err) == 0)
		return im;
	(void)depot_failed(&err);
	return NULL;
}

/*
 * publish: leaves are committed, their tiles and checkpoint wait; with them a tile of 256 becomes full, and the partial
 * one before it is removed.
 */
static int
only_round(const struct qa_crash_at *at)
{
	struct qa_importer *im = importer(at);
	struct qa_err err;

	if (!im)
		return -1;
	int rc = qa_importer_round(im, &err);
	qa_importer_close(im);
	return rc == 1 ? 0 : depot_failed(&err);
}

static int
publish_setup(const struct qa_crash_at *at)
{
	return depot_home(at) || depot_journal(at, 0, DEPOT_TILE - 30, 1000) || depot_drain(at) ||
	       depot_journal(at, DEPOT_TILE - 30, DEPOT_TILE, 1000) || only_round(at);
}

static int
publish_work(const struct qa_crash_at *at)
{
	struct qa_importer *im = importer(at);
	struct qa_err err;

	if (!im)
		return -1;
	int rc = qa_importer_publish(im, &err);
	if (rc == 0)
		depot_promise(at);
	qa_importer_close(im);
	return rc ? depot_failed(&err) : 0;
}

static int
publish_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	depot_compare(at, acks, found, DEPOT_TILE, 0);
	return 0;
}

/*
 * import-pending: the second domain's log cannot be opened (a folder has the edge's name), so its records go to its
 * pending folder, and the journal's files may go.
 */
static int
block(const struct qa_crash_at *at)
{
	return qa_mkdirs(at->fd, "domain/b.example/log/edge", 0755, NULL);
}

static int
unblock(const struct qa_crash_at *at)
{
	if (qa_sys->unlinkat(at->fd, "domain/b.example/log/edge", AT_REMOVEDIR) && errno != ENOENT && errno != ENOTDIR)
		return -1;
	return qa_fsync_dir(at->fd, "domain/b.example/log", NULL);
}

static int
pending_setup(const struct qa_crash_at *at)
{
	return depot_home(at) || block(at) || depot_journal(at, 0, RECORDS - 1, 4) || depot_direct(at, RECORDS - 1);
}

static int
pending_work(const struct qa_crash_at *at)
{
	struct qa_importer_conf conf = {.stuck_after = 1};
	struct qa_importer *im;
	struct qa_err err;
	int rc;

	if (qa_importer_open(at->path, &conf, &im, &err))
		return depot_failed(&err);
	while ((rc = qa_importer_round(im, &err)) > 0)
		continue;
	/* what cannot be published is the domain that is stuck */
	if (rc == 0 && qa_importer_publish(im, &err) == 0)
		rc = qa_fail(&err, EINVAL, "nothing is stuck");
	if (rc == 0)
		depot_promise(at);
	qa_importer_close(im);
	return rc ? depot_failed(&err) : 0;
}

/* Somebody clears the way; the next md_import does the rest. */
static int
pending_recover(const struct qa_crash_at *at)
{
	return unblock(at) || depot_drain(at);
}

/* import-resume: pending records find their way. */
static int
resume_setup(const struct qa_crash_at *at)
{
	return pending_setup(at) || pending_work(at) || unblock(at);
}

/*
 * import-unpublished: the second domain commits, but cannot publish (a file has the name of its tiles' folder). After a while the
 * journal no longer waits for its checkpoint, so what is committed must stand by itself.
 */
static int
unpublished_setup(const struct qa_crash_at *at)
{
	return depot_home(at) || qa_mkdirs(at->fd, "domain/b.example/log", 0755, NULL) ||
	       qa_publish(at->fd, "domain/b.example/log/tile", qa_span_str("x"), 0644, NULL) ||
	       depot_journal(at, 0, RECORDS, 4);
}

static int
unpublished_work(const struct qa_crash_at *at)
{
	struct qa_importer_conf conf = {.publish_every = UINT64_MAX, .stuck_after = 1};
	struct qa_importer *im;
	struct qa_err err;
	int rc;

	if (qa_importer_open(at->path, &conf, &im, &err))
		return depot_failed(&err);
	while ((rc = qa_importer_round(im, &err)) > 0)
		continue;
	/* the second time it has failed for a while */
	for (int i = 0; i < 2 && rc == 0; i++)
		if (qa_importer_publish(im, &err))
			fprintf(stderr, "%s\n", err.text);
	qa_importer_close(im);
	if (rc == 0 && qa_fsync_dir(at->fd, "journal", &err))
		rc = -1;
	if (rc == 0)
		qa_crash_ack("taken");
	return rc ? depot_failed(&err) : 0;
}

/* Somebody clears the way. */
static int
unpublished_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	unlinkat(at->fd, "domain/b.example/log/tile", 0);
	if (depot_drain(at))
		qa_crash_wrong(found, "md_import does not go on");
	depot_compare(at, acks, found, RECORDS, 0);
	return 0;
}

/*
 * import-damaged: a file of the journal has a record that is not what it was; that one a door wrote into direct/ as
 * well. The file is kept.
 */
static int
damage(const struct qa_crash_at *at, const char *what)
{
	struct qa_buf b = QA_BUF(1 << 20);
	struct qa_names names;
	char path[600];
	int done = 0;

	if (qa_listdir(at->fd, "journal", &names, NULL))
		return -1;
	for (size_t i = 0; i < names.n && !done; i++) {
		snprintf(path, sizeof path, "journal/%s", names.v[i]);
		qa_buf_clear(&b);
		if (qa_slurp(at->fd, path, &b, NULL) != 1)
			continue; /* a folder, the socket */
		unsigned char *p = memmem(b.p, b.n, what, strlen(what));
		int fd = p ? openat(at->fd, path, O_WRONLY | O_CLOEXEC) : -1;
		done = fd >= 0 && pwrite(fd, "X", 1, p - b.p) == 1;
		if (fd >= 0)
			close(fd);
	}
	qa_names_free(&names);
	qa_buf_free(&b);
	return done ? 0 : -1;
}

static int
damaged_setup(const struct qa_crash_at *at)
{
	return depot_home(at) || depot_journal(at, 0, RECORDS, 6) || depot_direct(at, 4) || damage(at, "number 4");
}

static int
damaged_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	depot_compare(at, acks, found, RECORDS, 1);
	return 0;
}

static const struct qa_crash_op ops[] = {
    {.name = "import-round", .setup = round_setup, .work = depot_drain, .recover = depot_drain, .verify = round_verify,
     .reads = true,
     .promise = "what the journal held is in the archives, once, and published heads stay beginnings of the logs"},
    {.name = "import-pending", .setup = pending_setup, .work = pending_work, .recover = pending_recover,
     .verify = round_verify,
     .promise = "the same, for a domain that could not commit for a while"},
    {.name = "import-resume", .setup = resume_setup, .work = depot_drain, .recover = depot_drain, .verify = round_verify,
     .promise = "the same, when it can again"},
    {.name = "import-unpublished", .setup = unpublished_setup, .work = unpublished_work, .recover = unpublished_work,
     .verify = unpublished_verify,
     .promise = "the same, for a domain that cannot publish"},
    {.name = "import-damaged", .setup = damaged_setup, .work = depot_drain, .recover = depot_drain,
     .verify = damaged_verify,
     .promise = "the same, though a journal file is damaged, which is kept"},
    {.name = "log-publish", .setup = publish_setup, .work = publish_work, .recover = depot_drain,
     .verify = publish_verify,
     .promise = "the log of the checkpoint that was published, and its tiles, are there"},
    {.name = "log-publish-kept", .setup = publish_setup, .work = publish_work, .verify = depot_kept,
     .promise = "the checkpoint is there, without another run"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, ops, sizeof ops / sizeof *ops);
}
