/*
 * The log made again from the store, which is the truth: all leaves from the first on until one is missing. The newest
 * checkpoint must be among them. What a round that was never committed left may become part of the log so: it is what the
 * journal will bring again, and is known then.
 */
#include "archive/log-private.h"
#include "archive/read.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { TILES_WAITING = 64 * QA_LOG_WIDTH };

/* Leaf hashes by number, in a file without a name: a log is larger than memory should be. */
struct leaves {
	struct qa_digest *hash;
	unsigned char *have; /* a bit each */
	uint64_t signed_size;
	uint64_t n;	     /* entries there are, so no more leaves than that */
};

static int
map_leaves(struct leaves *v, const char *folder, struct qa_err *err)
{
	size_t size = v->n * sizeof *v->hash + v->n / 8 + 1;
	int fd = qa_open(AT_FDCWD, folder, O_TMPFILE | O_RDWR, 0600, err);
	int rc;

	if (fd < 0)
		return -1;
	/* with its blocks, where the file system can: a full disk must be an error, not a signal */
	rc = qa_sys->ftruncate(fd, (off_t)size);
	if (rc == 0 && qa_sys->fallocate(fd, 0, 0, (off_t)size) && errno != EOPNOTSUPP && errno != ENOSYS)
		rc = -1;
	if (rc) {
		qa_fail(err, errno, "cannot make a scratch file in %s: ", folder);
	} else {
		void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (p == MAP_FAILED) {
			rc = qa_fail(err, errno, "cannot map a scratch file in %s: ", folder);
		} else {
			v->hash = p;
			v->have = (unsigned char *)(v->hash + v->n);
		}
	}
	qa_close(&fd);
	return rc;
}

static int
discard(void *ctx, qa_span piece)
{
	(void)ctx;
	(void)piece;
	return 0;
}

/* An entry's leaf. What is not signed may be a round that was never committed, of which anything can be missing: there the message
 * must be good as well. */
static int
read_entry(struct qa_partition *p, qa_month m, const struct qa_entry *e, struct leaves *v, struct qa_err *err)
{
	struct qa_leaf leaf;
	char text[QA_LEAF_MAX];
	uint64_t at = e->leaf;

	if (qa_archive_leaf(m, e, &leaf, err))
		return -1;
	if (at >= v->signed_size && e->has_message && qa_partition_message(p, e, discard, NULL, err))
		return -1;
	v->hash[at] = qa_tlog_leaf_hash(qa_span_of(text, qa_leaf_text(&leaf, text)));
	v->have[at / 8] |= (unsigned char)(1 << at % 8);
	return 0;
}

static int
read_partition(struct qa_partition *p, qa_month m, struct leaves *v, struct qa_err *err)
{
	for (uint64_t n = 1; n <= qa_partition_entries(p); n++) {
		struct qa_entry e;
		int rc = qa_partition_entry(p, n, &e, err);

		if (rc == 1 && e.leaf < v->n)
			rc = read_entry(p, m, &e, v, err);
		/* what is damaged is missing; whether that matters is seen when the leaves are put together */
		if (rc < 0 && errno != EBADMSG)
			return -1;
	}
	return 0;
}

/* What is read may be in memory only (whoever wrote it died before its sync, or the sync failed), and the log will say that it is there. */
static int
make_durable(const struct qa_partition_where *where, struct qa_partition *p, uint64_t signed_size, struct qa_err *err)
{
	char month[QA_MONTH_TEXT], path[QA_PATH_MAX];
	int fd, rc;

	qa_month_text(where->month, month);
	if (qa_home_path(path, where->depot, err, "%s", month) || qa_partition_write_again(p, signed_size, err))
		return -1;
	fd = qa_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return -1;
	rc = qa_sys->syncfs(fd);
	if (rc)
		qa_fail(err, errno, "cannot sync the volume of %s: ", path);
	qa_close(&fd);
	return rc;
}

/* Each partition in turn: first counted (v->hash is NULL), then read. */
static int
each_partition(const char *depot, const char *domain, const qa_month *months, size_t n, struct leaves *v,
	       struct qa_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct qa_partition_where where = {depot, NULL, domain, months[i]};
		struct qa_partition *p;
		int rc = qa_partition_read(&where, &p, err);

		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		rc = 0;
		if (!v->hash)
			v->n += qa_partition_entries(p);
		else if (make_durable(&where, p, v->signed_size, err) || read_partition(p, months[i], v, err))
			rc = -1;
		qa_partition_close(p);
		if (rc)
			return -1;
	}
	return 0;
}

static int
read_all(const char *home, const char *domain, struct leaves *v, struct qa_err *err)
{
	char depot[QA_PATH_MAX], var[QA_PATH_MAX];
	qa_month *months;
	size_t n;
	int rc;

	if (qa_home_path(depot, home, err, QA_HOME_DEPOT, domain) || qa_home_path(var, home, err, QA_HOME_VAR, domain) ||
	    qa_partition_list(depot, &months, &n, err))
		return -1;
	rc = each_partition(depot, domain, months, n, v, err);
	if (rc == 0 && v->n)
		rc = map_leaves(v, var, err) || each_partition(depot, domain, months, n, v, err) ? -1 : 0;
	free(months);
	return rc;
}

/* Marks of onboardings speak of a log that may have been longer. */
static int
drop_marks(const char *home, const char *domain, struct qa_err *err)
{
	char var[QA_PATH_MAX], path[QA_PATH_MAX];
	struct qa_names names;
	int rc = 0;

	if (qa_home_path(var, home, err, QA_HOME_VAR, domain) || qa_listdir(AT_FDCWD, var, &names, err))
		return -1;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		if (strncmp(names.v[i], "import-", 7) != 0)
			continue;
		rc = qa_home_path(path, var, err, "%s", names.v[i]);
		if (rc == 0 && qa_sys->unlinkat(AT_FDCWD, path, 0) && errno != ENOENT)
			rc = qa_fail(err, errno, "cannot remove %s: ", path);
	}
	qa_names_free(&names);
	return rc ? rc : qa_fsync_dir(AT_FDCWD, var, err);
}

static int
flush_tiles(struct qa_log *l, struct qa_err *err)
{
	struct qa_syncset set;

	qa_syncset_init(&set);
	if (qa_log_write_full(l, &set, err)) {
		qa_syncset_drop(&set);
		return -1;
	}
	if (qa_syncset_commit(&set, err))
		return -1;
	qa_log_drop_full(l);
	return 0;
}

static int
grow(struct qa_log *l, const struct leaves *v, const struct qa_log_head *head, struct qa_err *err)
{
	struct qa_digest root;
	uint64_t i = 0;

	for (;;) {
		if (i == head->size && i) {
			root = qa_tlog_frontier_root(&l->tree);
			if (!qa_digest_eq(&root, &head->root))
				return qa_fail(err, EBADMSG,
					       "the store of %s does not hold the log that was signed (size %llu)",
					       l->domain, (unsigned long long)head->size);
		}
		if (i == v->n || !(v->have[i / 8] >> i % 8 & 1))
			break;
		if (qa_log_push(l, &v->hash[i++], err))
			return -1;
		if (i % TILES_WAITING == 0 && flush_tiles(l, err))
			return -1;
	}
	if (i < head->size)
		return qa_fail(err, EBADMSG, "the store of %s lacks the entry of leaf %llu", l->domain,
			       (unsigned long long)i);
	return flush_tiles(l, err);
}

int
qa_log_rebuild(const char *home, const char *domain, struct qa_err *err)
{
	struct leaves v = {.hash = NULL};
	struct qa_log_head head = {.size = 0};
	uint64_t leaves = 0;
	struct qa_log *l;
	int rc;

	qa_log(QA_ALERT, "event=log.rebuild.start domain=%s", domain);
	if (qa_log_blank(home, domain, &l, err))
		return -1;
	rc = qa_log_signed(l->home, l->domain, &head, err) < 0 ? -1 : 0;
	v.signed_size = head.size;
	if (rc == 0 &&
	    (drop_marks(home, domain, err) || read_all(home, domain, &v, err) || grow(l, &v, &head, err)))
		rc = -1;
	if (rc == 0) {
		leaves = l->committed = l->tree.size;
		l->root = qa_tlog_frontier_root(&l->tree);
		rc = qa_log_new_edge(l, err);
	}
	if (v.hash)
		munmap(v.hash, v.n * sizeof *v.hash + v.n / 8 + 1);
	qa_log_close(l);
	if (rc) {
		qa_log(QA_ALERT, "event=log.rebuild.failed domain=%s leaves=%llu", domain, (unsigned long long)leaves);
		return qa_fail_in(err, "cannot rebuild the log of %s", domain);
	}
	qa_log(QA_NOTICE, "event=log.rebuild.ok domain=%s leaves=%llu", domain, (unsigned long long)leaves);
	return 0;
}
