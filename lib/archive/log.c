#include "archive/log-private.h"
#include "store/partition.h"
#include "tlog/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A hash at the end of a level's row; a tile that it fills waits to be published. */
static int
put(struct qa_log *l, unsigned level, uint64_t index, const struct qa_digest *h, struct qa_err *err)
{
	struct qa_log_level *v = &l->level[level];

	if (!v->hash) {
		v->hash = malloc(QA_LOG_WIDTH * sizeof *v->hash);
		if (!v->hash)
			return qa_fail(err, ENOMEM, "cannot hold the log of %s: ", l->domain);
	}
	v->hash[v->n++] = *h;
	if (v->n < QA_LOG_WIDTH)
		return 0;

	struct qa_log_full *f = malloc(sizeof *f);
	if (!f)
		return qa_fail(err, ENOMEM, "cannot hold the log of %s: ", l->domain);
	f->next = NULL;
	f->level = level;
	f->index = index / QA_LOG_WIDTH;
	memcpy(f->hash, v->hash, sizeof f->hash);
	*l->full_end = f;
	l->full_end = &f->next;
	v->n = 0;
	return 0;
}

int
qa_log_push(struct qa_log *l, const struct qa_digest *leaf, struct qa_err *err)
{
	struct qa_digest row[QA_TLOG_ROWS];
	uint64_t size = l->tree.size + 1;
	int n = qa_tlog_frontier_append(&l->tree, leaf, row);

	if (n < 0)
		return qa_fail(err, errno, "the log of %s is full: ", l->domain);
	for (unsigned level = 0; level < (unsigned)n; level++, size /= QA_LOG_WIDTH)
		if (put(l, level, size - 1, &row[level], err))
			return -1;
	return 0;
}

/* A qa_tlog_read for the peaks of the tree: each lies in the growing tile of its row. */
static int
read_peak(void *ctx, unsigned level, uint64_t index, struct qa_digest *out_r, struct qa_err *err)
{
	const struct qa_log *l = ctx;
	const struct qa_log_level *v = &l->level[level / 8];
	size_t width = (size_t)1 << level % 8, at = (size_t)(index * width % QA_LOG_WIDTH);

	if (at + width > v->n)
		return qa_fail(err, ENODATA, "the log of %s lacks a hash of level %u", l->domain, level);
	*out_r = qa_tlog_fold(v->hash[at].b, width);
	return 0;
}

/* Reads the full tile at level, index as QA_LOG_WIDTH hashes. */
static int
read_tile(const struct qa_log *l, unsigned level, uint64_t index, struct qa_digest *hash, struct qa_err *err)
{
	char name[QA_TLOG_TILE_PATH], path[QA_PATH_MAX];
	struct qa_buf b = QA_BUF(QA_LOG_WIDTH * QA_SHA256_SIZE);
	int rc;

	qa_tlog_tile_path(&(struct qa_tlog_tile){level, QA_LOG_WIDTH, index}, name);
	if (qa_home_path(path, l->home, err, QA_HOME_LOG "/%s", l->domain, name))
		return -1;
	rc = qa_slurp(AT_FDCWD, path, &b, err);
	if (rc == 0)
		rc = qa_fail(err, ENODATA, "cannot open %s: not there", path);
	else if (rc == 1 && b.n != QA_LOG_WIDTH * QA_SHA256_SIZE)
		rc = qa_fail(err, EBADMSG, "%s has %zu bytes, not %d", path, b.n, QA_LOG_WIDTH * QA_SHA256_SIZE);
	else if (rc == 1)
		memcpy(hash, b.p, b.n);
	qa_buf_free(&b);
	return rc == 1 ? 0 : -1;
}

/* Fills the growing tiles of the levels above 0 for a tree of n leaves, n a multiple of QA_LOG_WIDTH, from the full tiles below. */
static int
load_levels(struct qa_log *l, uint64_t n, struct qa_err *err)
{
	struct qa_digest *hash = malloc(QA_LOG_WIDTH * sizeof *hash);
	int rc = 0;

	if (!hash)
		return qa_fail(err, ENOMEM, "cannot hold the log of %s: ", l->domain);
	for (unsigned level = 1; level < QA_LOG_LEVELS && n >= QA_LOG_WIDTH && rc == 0; level++) {
		uint64_t count = n / QA_LOG_WIDTH; /* full tiles one level down */

		struct qa_log_level *v = &l->level[level];
		v->hash = malloc(QA_LOG_WIDTH * sizeof *v->hash);
		if (!v->hash) {
			rc = qa_fail(err, ENOMEM, "cannot hold the log of %s: ", l->domain);
			break;
		}
		for (uint64_t i = count - count % QA_LOG_WIDTH; i < count && rc == 0; i++) {
			rc = read_tile(l, level - 1, i, hash, err);
			if (rc == 0)
				v->hash[v->n++] = qa_tlog_fold(hash->b, QA_LOG_WIDTH);
		}
		n = count;
	}
	free(hash);
	return rc;
}

int
qa_log_signed(const char *home, const char *domain, struct qa_log_head *head_r, struct qa_err *err)
{
	struct qa_tlog_checkpoint c;
	char path[QA_PATH_MAX];
	struct qa_buf b = QA_BUF(QA_TLOG_NOTE_MAX);
	int rc;

	if (qa_home_path(path, home, err, QA_HOME_LOG "/checkpoint", domain))
		return -1;
	rc = qa_slurp(AT_FDCWD, path, &b, err);
	if (rc == 1 && qa_tlog_checkpoint_open(qa_buf_span(&b), NULL, 0, &c, err) < 0)
		rc = qa_fail_in(err, "%s", path);
	if (rc == 1) {
		head_r->size = c.size;
		head_r->root = c.root;
	}
	qa_buf_free(&b);
	return rc;
}

static int
depot_used(const struct qa_log *l, struct qa_err *err)
{
	char depot[QA_PATH_MAX];
	qa_month *months;
	size_t n;

	if (qa_home_path(depot, l->home, err, QA_HOME_DEPOT, l->domain) || qa_partition_list(depot, &months, &n, err))
		return -1;
	free(months);
	return n > 0;
}

/* Whoever wrote the last block may have died before its sync, and a checkpoint is about to stand on it. */
static int
make_durable(const struct qa_log *l, struct qa_err *err)
{
	int fd = qa_open(AT_FDCWD, l->edge_path, O_RDWR, 0, err);
	int rc = fd < 0 ? -1 : qa_fdatasync(fd, l->edge_path, err);

	qa_close(&fd);
	return rc;
}

static int
load(struct qa_log *l, bool doubt, struct qa_err *err)
{
	struct qa_log_head head;
	struct qa_edge e;
	int have = qa_log_signed(l->home, l->domain, &head, err), rc;

	if (have < 0)
		return -1;
	l->published = have ? head.size : 0;
	rc = qa_edge_read(l->edge_path, &e, err);
	if (rc < 0 && errno == EBADMSG)
		return qa_fail(err, ENODATA, "%s is damaged", l->edge_path);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		/* the edge is there before the first segment; without one, what the depot holds must not be taken for a tail */
		int used = have ? 1 : depot_used(l, err);

		if (used > 0)
			return qa_fail(err, ENODATA, "%s is missing", l->edge_path);
		return used < 0 ? -1 : qa_log_new_edge(l, err);
	}
	l->head = e.head;
	l->edge_bytes = e.bytes;
	rc = load_levels(l, e.head.first, err);
	if (rc == 0)
		rc = qa_tlog_frontier_load(&l->tree, e.head.first, read_peak, l, err);
	for (uint64_t i = e.head.first; i < e.size && rc == 0; i++)
		rc = qa_log_push(l, &e.hashes[i - e.head.first], err);
	l->committed = e.size;
	l->root = qa_tlog_frontier_root(&l->tree);
	if (rc == 0 && e.blocks && !qa_digest_eq(&l->root, &e.root))
		rc = qa_fail(err, ENODATA, "%s does not have the root it states", l->edge_path);
	if (rc == 0 && l->published > l->committed)
		rc = qa_fail(err, ENODATA, "%s ends before the checkpoint", l->edge_path);
	if (rc == 0 && doubt)
		rc = qa_log_write_edge(l, e.head.first, e.hashes, err);
	else if (rc == 0 && l->published < l->committed)
		rc = make_durable(l, err);
	qa_edge_free(&e);
	return rc;
}

int
qa_log_blank(const char *home, const char *domain, struct qa_log **l_r, struct qa_err *err)
{
	struct qa_log *l = calloc(1, sizeof *l);

	if (!l)
		return qa_fail(err, ENOMEM, "cannot open the log of %s: ", domain);
	snprintf(l->home, sizeof l->home, "%s", home);
	snprintf(l->domain, sizeof l->domain, "%s", domain);
	l->full_end = &l->full;
	l->note.fd = -1;
	qa_tlog_frontier_init(&l->tree);
	l->root = qa_tlog_frontier_root(&l->tree);
	if (qa_home_path(l->edge_path, home, err, QA_HOME_LOG "/edge", domain)) {
		qa_log_close(l);
		return -1;
	}
	*l_r = l;
	return 0;
}

int
qa_log_open(const char *home, const char *domain, bool doubt, struct qa_log **l_r, struct qa_err *err)
{
	struct qa_log *l;

	if (qa_log_blank(home, domain, &l, err))
		return -1;
	if (load(l, doubt, err)) {
		qa_log_close(l);
		return -1;
	}
	*l_r = l;
	return 0;
}

void
qa_log_close(struct qa_log *l)
{
	if (!l)
		return;
	qa_publish_abort(&l->note);
	for (unsigned i = 0; i < QA_LOG_LEVELS; i++)
		free(l->level[i].hash);
	qa_log_drop_full(l);
	free(l->added);
	free(l);
}

bool
qa_log_doubtful(const struct qa_log *l)
{
	return l->written || l->signing;
}

uint64_t
qa_log_committed(const struct qa_log *l)
{
	return l->committed;
}

uint64_t
qa_log_published(const struct qa_log *l)
{
	return l->published;
}

struct qa_digest
qa_log_root(const struct qa_log *l)
{
	return l->root;
}

int
qa_log_add(struct qa_log *l, const struct qa_digest *leaf_hash, struct qa_err *err)
{
	if (l->added_n == l->added_size) {
		size_t size = l->added_size ? l->added_size * 2 : 64;
		struct qa_digest *p = realloc(l->added, size * sizeof *p);

		if (!p)
			return qa_fail(err, ENOMEM, "cannot hold the log of %s: ", l->domain);
		l->added = p;
		l->added_size = size;
	}
	l->added[l->added_n++] = *leaf_hash;
	return qa_log_push(l, leaf_hash, err);
}

int
qa_log_write(struct qa_log *l, struct qa_syncset *set, struct qa_err *err)
{
	struct qa_edge_block block = {.count = (uint32_t)l->added_n, .size = l->tree.size};
	unsigned char bytes[QA_EDGE_BLOCK];
	struct iovec v[2];
	int fd, rc;

	if (l->added_n == 0)
		return 0;
	block.root = l->new_root = qa_tlog_frontier_root(&l->tree);
	qa_edge_block_put(&block, l->head.salt, l->edge_bytes, l->added, bytes);
	fd = qa_open(AT_FDCWD, l->edge_path, O_RDWR, 0, err);
	if (fd < 0)
		return -1;
	v[0].iov_base = bytes;
	v[0].iov_len = sizeof bytes;
	v[1].iov_base = l->added;
	v[1].iov_len = l->added_n * sizeof *l->added;
	/* a torn block behind the good part goes first, or its end could show behind ours */
	rc = qa_sys->ftruncate(fd, (off_t)l->edge_bytes);
	if (rc)
		qa_fail(err, errno, "cannot cut %s: ", l->edge_path);
	if (rc || qa_pwritev_all(fd, v, 2, l->edge_bytes, l->edge_path, err) ||
	    qa_syncset_file(set, fd, l->edge_path, err))
		rc = -1;
	qa_close(&fd);
	l->written = true; /* or some of it */
	return rc;
}

void
qa_log_written(struct qa_log *l)
{
	if (!l->written)
		return;
	l->edge_bytes += QA_EDGE_BLOCK + l->added_n * sizeof *l->added;
	l->committed = l->tree.size;
	l->root = l->new_root;
	l->added_n = 0;
	l->written = false;
}

int
qa_log_size(const char *home, const char *domain, uint64_t *size_r, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_edge e;
	int rc;

	if (qa_home_path(path, home, err, QA_HOME_LOG "/edge", domain))
		return -1;
	rc = qa_edge_read(path, &e, err);
	if (rc == 1) {
		*size_r = e.size;
		qa_edge_free(&e);
	}
	return rc;
}
