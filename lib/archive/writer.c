/* A writer of one domain: its lock, its rounds, its checkpoints. writer-add.c adds the entries. */
#include "archive/writer-private.h"
#include "archive/key.h"
#include "base/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

void
qa_writer_close_part(struct qa_writer *w, size_t i)
{
	qa_partition_close(w->part[i].p);
	free(w->part[i].leaf);
	w->part[i] = w->part[--w->parts];
}

static void
forget(struct qa_writer *w)
{
	while (w->parts)
		qa_writer_close_part(w, w->parts - 1);
	w->doubt |= w->log && qa_log_doubtful(w->log);
	qa_log_close(w->log);
	w->log = NULL;
}

int
qa_writer_open(const char *home, const char *domain, struct qa_writer **w_r, struct qa_err *err)
{
	struct qa_writer *w;
	char path[QA_PATH_MAX];

	if (qa_home_domain(home, domain, err) || qa_key_init(home, domain, err))
		return -1;
	w = calloc(1, sizeof *w);
	if (!w)
		return qa_fail(err, ENOMEM, "cannot open the archive of %s: ", domain);
	w->lock = -1;
	snprintf(w->home, sizeof w->home, "%s", home);
	snprintf(w->domain, sizeof w->domain, "%s", domain);
	if (qa_random(w->token, sizeof w->token)) {
		qa_fail(err, errno, "cannot get random bytes: ");
		qa_writer_close(w);
		return -1;
	}
	if (qa_home_path(w->depot, home, err, QA_HOME_DEPOT, domain) ||
	    qa_home_path(w->var, home, err, QA_HOME_VAR, domain) ||
	    qa_home_path(path, home, err, QA_HOME_VAR "/lock", domain) ||
	    (w->lock = qa_open(AT_FDCWD, path, O_RDWR | O_CREAT, 0600, err)) < 0) {
		qa_writer_close(w);
		return -1;
	}
	*w_r = w;
	return 0;
}

void
qa_writer_close(struct qa_writer *w)
{
	if (!w)
		return;
	forget(w);
	qa_close(&w->lock); /* the lock goes with it */
	free(w);
}

const char *
qa_writer_domain(const struct qa_writer *w)
{
	return w->domain;
}

/* Under the lock: whether another writer has held it since this one did; leaves our token. */
static int
was_held(struct qa_writer *w, bool *held_r, struct qa_err *err)
{
	unsigned char token[sizeof w->token];
	int rc = qa_pread_all(w->lock, token, sizeof token, 0, "a writer's lock", err);

	if (rc < 0)
		return -1;
	*held_r = rc == 0 || memcmp(token, w->token, sizeof token) != 0;
	return *held_r ? qa_pwrite_all(w->lock, w->token, sizeof token, 0, "a writer's lock", err) : 0;
}

static int
take_lock(struct qa_writer *w, uint64_t wait_ns, struct qa_err *err)
{
	uint64_t until = qa_tick() + wait_ns;

	while (flock(w->lock, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return qa_fail(err, errno, "cannot lock the archive of %s: ", w->domain);
		if (qa_tick() >= until)
			return qa_fail(err, EWOULDBLOCK, "the archive of %s is locked by another writer", w->domain);
		nanosleep(&(struct timespec){0, 3000000}, NULL);
	}
	w->locked = true;
	return 0;
}

static void
drop_lock(struct qa_writer *w)
{
	flock(w->lock, LOCK_UN);
	w->locked = false;
}

/*
 * Cuts off what a writer that died, or a round that was given up, left behind the last commit: it has leaf numbers
 * that the next round will give away again. The edge is written after the segments of a round, so only partitions that
 * were changed later than it can have such a tail; a day is allowed for clocks that step.
 */
static int
cut_tails(struct qa_writer *w, struct qa_err *err)
{
	char edge[QA_PATH_MAX];
	struct stat log;
	qa_month *months;
	size_t n;
	int rc = 0;

	if (qa_home_path(edge, w->home, err, QA_HOME_LOG "/edge", w->domain))
		return -1;
	if (qa_sys->fstatat(AT_FDCWD, edge, &log, 0))
		return qa_fail(err, errno, "cannot look at %s: ", edge);
	if (qa_partition_list(w->depot, &months, &n, err))
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct qa_partition_where where = {w->depot, w->var, w->domain, months[i]};
		struct qa_partition *p;
		int64_t changed;

		rc = qa_partition_changed(&where, &changed, err);
		if (rc || changed + 86400 < log.st_mtime)
			continue;
		rc = qa_partition_append(&where, qa_log_committed(w->log), &p, err);
		if (rc == 0)
			qa_partition_close(p);
	}
	free(months);
	return rc;
}

static int
open_log(struct qa_writer *w, struct qa_err *err)
{
	int rc = qa_log_open(w->home, w->domain, w->doubt, &w->log, err);

	if (rc && errno == ENODATA && qa_log_rebuild(w->home, w->domain, err) == 0)
		rc = qa_log_open(w->home, w->domain, w->doubt, &w->log, err);
	/* the sync may have been what failed */
	w->doubt = rc != 0;
	return rc;
}

/* Under the lock: memory agrees with the disk afterwards. */
static int
make_current(struct qa_writer *w, struct qa_err *err)
{
	bool held;

	if (was_held(w, &held, err))
		return -1;
	if (held)
		forget(w);
	if (w->log)
		return 0;
	return open_log(w, err) || cut_tails(w, err) ? -1 : 0;
}

int
qa_writer_begin(struct qa_writer *w, uint64_t wait_ns, struct qa_err *err)
{
	if (take_lock(w, wait_ns, err))
		return -1;
	w->added = 0;
	if (make_current(w, err) == 0)
		return 0;
	qa_writer_abort(w);
	return -1;
}

uint64_t
qa_writer_committed(const struct qa_writer *w)
{
	return w->log ? qa_log_committed(w->log) : 0;
}

uint64_t
qa_writer_added(const struct qa_writer *w)
{
	return w->added;
}

int
qa_writer_flush(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err)
{
	uint64_t leaf = qa_log_committed(w->log);

	for (size_t i = 0; i < w->parts; i++) {
		struct open_partition *part = &w->part[i];

		if (!part->leaves)
			continue;
		if (qa_partition_flush(part->p, leaf, err) || qa_partition_sync(part->p, set, err))
			return -1;
		for (size_t k = 0; k < part->leaves; k++)
			if (qa_log_add(w->log, &part->leaf[k], err))
				return -1;
		leaf += part->leaves;
	}
	return 0;
}

int
qa_writer_log(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err)
{
	return qa_log_write(w->log, set, err);
}

void
qa_writer_end(struct qa_writer *w)
{
	qa_log_written(w->log);
	for (size_t i = 0; i < w->parts; i++)
		w->part[i].leaves = 0;
	drop_lock(w);
}

void
qa_writer_abort(struct qa_writer *w)
{
	int keep = errno;

	/* what was written behind the commit is cut off when the partitions are opened again */
	forget(w);
	w->added = 0;
	w->publishing = false;
	if (w->locked)
		drop_lock(w);
	errno = keep;
}

int
qa_writer_commit(struct qa_writer *w, struct qa_err *err)
{
	struct qa_syncset set;

	qa_syncset_init(&set);
	if (qa_writer_flush(w, &set, err) || qa_syncset_commit(&set, err) || qa_writer_log(w, &set, err) ||
	    qa_syncset_commit(&set, err)) {
		qa_syncset_drop(&set);
		qa_writer_abort(w);
		return -1;
	}
	qa_writer_end(w);
	return 0;
}

bool
qa_writer_unpublished(const struct qa_writer *w)
{
	return w->log && qa_log_committed(w->log) != qa_log_published(w->log);
}

int
qa_writer_publish_tiles(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err)
{
	if (take_lock(w, 2 * QA_SECOND, err))
		return -1;
	w->publishing = true;
	if (make_current(w, err) == 0 && qa_log_publish_tiles(w->log, set, err) == 0)
		return 0;
	qa_writer_abort(w);
	return -1;
}

int
qa_writer_publish_checkpoint(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err)
{
	if (qa_log_publish_checkpoint(w->log, set, err) == 0)
		return 0;
	qa_writer_abort(w);
	return -1;
}

int
qa_writer_publish_end(struct qa_writer *w, struct qa_err *err)
{
	if (qa_log_publish_end(w->log, err)) {
		qa_writer_abort(w);
		return -1;
	}
	w->publishing = false;
	drop_lock(w);
	return 0;
}

int
qa_writer_publish(struct qa_writer *w, struct qa_err *err)
{
	struct qa_syncset set;

	qa_syncset_init(&set);
	if (qa_writer_publish_tiles(w, &set, err))
		goto drop;
	if (qa_syncset_commit(&set, err))
		goto fail;
	if (qa_writer_publish_checkpoint(w, &set, err))
		goto drop;
	if (qa_syncset_commit(&set, err))
		goto fail;
	return qa_writer_publish_end(w, err);
fail:
	qa_writer_abort(w);
drop:
	qa_syncset_drop(&set);
	return -1;
}

void
qa_writer_rest(struct qa_writer *w)
{
	for (size_t i = w->parts; i-- > 0;)
		if (!w->part[i].leaves)
			qa_writer_close_part(w, i);
}
