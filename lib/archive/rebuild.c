/*
 * The log made again from the store, which is the truth: up to the newest checkpoint. What was committed behind it is cut
 * off and filed again: its journal files are kept until a checkpoint covers them.
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
	uint64_t n;	     /* how many the checkpoint covers */
	uint64_t known;
};

static int
map_leaves(struct leaves *v, const char *folder, struct qa_err *err)
{
	size_t size = v->n * sizeof *v->hash + v->n / 8 + 1;
	int fd = qa_open(AT_FDCWD, folder, O_TMPFILE | O_RDWR, 0600, err);
	int rc = -1;

	if (fd < 0)
		return -1;
	if (qa_sys->ftruncate(fd, (off_t)size)) {
		qa_fail(err, errno, "cannot make a scratch file in %s: ", folder);
	} else {
		void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (p == MAP_FAILED) {
			qa_fail(err, errno, "cannot map a scratch file in %s: ", folder);
		} else {
			v->hash = p;
			v->have = (unsigned char *)(v->hash + v->n);
			rc = 0;
		}
	}
	qa_close(&fd);
	return rc;
}

static int
read_partition(struct qa_partition *p, qa_month m, struct leaves *v, struct qa_err *err)
{
	for (uint64_t n = 1; n <= qa_partition_entries(p); n++) {
		struct qa_entry e;
		struct qa_leaf leaf;
		char text[QA_LEAF_MAX];

		if (qa_partition_entry(p, n, &e, err) != 1)
			return -1;
		if (e.leaf >= v->n)
			break;
		if (qa_archive_leaf(m, &e, &leaf, err))
			return -1;
		v->hash[e.leaf] = qa_tlog_leaf_hash(qa_span_of(text, qa_leaf_text(&leaf, text)));
		v->have[e.leaf / 8] |= (unsigned char)(1 << e.leaf % 8);
		v->known++;
	}
	return 0;
}

static int
each_partition(const char *home, const char *domain, struct leaves *v, struct qa_err *err)
{
	char depot[QA_PATH_MAX], var[QA_PATH_MAX];
	qa_month *months;
	size_t n;
	int rc = 0;

	if (qa_home_path(depot, home, err, QA_HOME_DEPOT, domain) || qa_home_path(var, home, err, QA_HOME_VAR, domain) ||
	    qa_partition_list(depot, &months, &n, err))
		return -1;
	rc = map_leaves(v, var, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct qa_partition_where where = {depot, NULL, domain, months[i]};
		struct qa_partition *p;

		rc = qa_partition_read(&where, &p, err);
		if (rc == 1) {
			rc = read_partition(p, months[i], v, err);
			qa_partition_close(p);
		}
	}
	free(months);
	return rc;
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

	for (uint64_t i = 0; i < v->n; i++) {
		if (!(v->have[i / 8] >> i % 8 & 1))
			return qa_fail(err, EBADMSG, "the store of %s lacks the entry of leaf %llu", l->domain,
				       (unsigned long long)i);
		if (qa_log_push(l, &v->hash[i], err))
			return -1;
		if (l->tree.size % TILES_WAITING == 0 && flush_tiles(l, err))
			return -1;
	}
	root = qa_tlog_frontier_root(&l->tree);
	if (!qa_digest_eq(&root, &head->root))
		return qa_fail(err, EBADMSG, "the store of %s does not hold the log that was signed (size %llu)",
			       l->domain, (unsigned long long)head->size);
	return flush_tiles(l, err);
}

int
qa_log_rebuild(const char *home, const char *domain, struct qa_err *err)
{
	struct leaves v = {.hash = NULL};
	struct qa_log_head head;
	struct qa_log *l;
	int have, rc;

	qa_log(QA_ALERT, "event=log.rebuild.start domain=%s", domain);
	if (qa_log_blank(home, domain, &l, err))
		return -1;
	have = qa_log_signed(l, &head, err);
	v.n = have == 1 ? head.size : 0;
	rc = have < 0 ? -1 : 0;
	if (v.n)
		rc = each_partition(home, domain, &v, err) || grow(l, &v, &head, err) ? -1 : 0;
	if (rc == 0) {
		l->committed = l->tree.size;
		l->root = qa_tlog_frontier_root(&l->tree);
		rc = qa_log_new_edge(l, err);
	}
	if (v.hash)
		munmap(v.hash, v.n * sizeof *v.hash + v.n / 8 + 1);
	qa_log_close(l);
	if (rc) {
		qa_log(QA_ALERT, "event=log.rebuild.failed domain=%s leaves=%llu", domain, (unsigned long long)v.known);
		return qa_fail_in(err, "cannot rebuild the log of %s", domain);
	}
	qa_log(QA_NOTICE, "event=log.rebuild.ok domain=%s leaves=%llu", domain, (unsigned long long)v.known);
	return 0;
}
