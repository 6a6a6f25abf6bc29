/* Publishing: tiles and the signed checkpoint, for readers and for those outside. */
#include "archive/key.h"
#include "archive/log-private.h"
#include "base/id.h"
#include "tlog/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
qa_log_write_edge(struct qa_log *l, uint64_t first, const struct qa_digest *hash, struct qa_err *err)
{
	struct qa_edge_head head = {.first = first};
	struct qa_edge_block block;
	unsigned char bytes[QA_EDGE_HEADER + QA_EDGE_BLOCK];
	struct qa_publish p;
	size_t n = (size_t)(l->committed - first);

	if (qa_random(head.salt, sizeof head.salt))
		return qa_fail(err, errno, "cannot get random bytes: ");
	qa_edge_head_put(&head, bytes);
	block.count = (uint32_t)n;
	block.size = l->committed;
	block.root = l->root;
	qa_edge_block_put(&block, head.salt, QA_EDGE_HEADER, hash, bytes + QA_EDGE_HEADER);
	if (qa_publish_begin(&p, AT_FDCWD, l->edge_path, 0644, err))
		return -1;
	if (qa_write_all(p.fd, bytes, sizeof bytes, l->edge_path, err) ||
	    (n && qa_write_all(p.fd, hash, n * sizeof *hash, l->edge_path, err))) {
		qa_publish_abort(&p);
		return -1;
	}
	if (qa_publish_end(&p, err))
		return -1;
	l->head = head;
	l->edge_bytes = sizeof bytes + n * sizeof *hash;
	return 0;
}

int
qa_log_new_edge(struct qa_log *l, struct qa_err *err)
{
	return qa_log_write_edge(l, l->committed - l->level[0].n, l->level[0].hash, err);
}

/* The folders of a tile below the log's own; whoever calls makes their names durable. */
static int
make_folders(const struct qa_log *l, const char *folder, struct qa_err *err)
{
	char part[QA_PATH_MAX];

	if (qa_home_path(part, l->home, err, QA_HOME_LOG, l->domain))
		return -1;
	for (size_t n = strlen(part); folder[n];) {
		n += strcspn(folder + n + 1, "/") + 1;
		snprintf(part, sizeof part, "%.*s", (int)n, folder);
		if (qa_sys->mkdirat(AT_FDCWD, part, 0755) && errno != EEXIST)
			return qa_fail(err, errno, "cannot make folder %s: ", part);
	}
	return 0;
}

/* A tile's file, written in place: its bytes follow from its name, so a torn one of an earlier crash is overwritten, and whoever
 * reads one that is published already sees nothing of it. */
static int
write_tile(const struct qa_log *l, unsigned level, uint64_t index, const struct qa_digest *hash, unsigned width,
	   struct qa_syncset *set, struct qa_err *err)
{
	char name[QA_TLOG_TILE_PATH], path[QA_PATH_MAX], folder[QA_PATH_MAX];
	bool known = l->tiled;
	int fd, rc;

	qa_tlog_tile_path(&(struct qa_tlog_tile){level, width, index}, name);
	if (qa_home_path(path, l->home, err, QA_HOME_LOG "/%s", l->domain, name))
		return -1;
	snprintf(folder, sizeof folder, "%s", path);
	*strrchr(folder, '/') = 0;
	fd = qa_open(AT_FDCWD, path, O_WRONLY | O_CREAT, 0644, err);
	if (fd < 0 && errno == ENOENT) {
		known = false;
		if (make_folders(l, folder, err))
			return -1;
		fd = qa_open(AT_FDCWD, path, O_WRONLY | O_CREAT, 0644, err);
	}
	if (fd < 0)
		return -1;
	rc = qa_write_all(fd, hash, width * sizeof *hash, path, err);
	if (rc == 0 && qa_sys->ftruncate(fd, (off_t)(width * sizeof *hash)))
		rc = qa_fail(err, errno, "cannot cut %s: ", path);
	if (rc == 0)
		rc = qa_syncset_file(set, fd, path, err);
	qa_close(&fd);
	if (rc == 0)
		rc = qa_syncset_folder(set, AT_FDCWD, folder, err);
	/* a folder that was there may have been made by a process that died before it synced its name */
	for (bool top = known; rc == 0 && !top;) {
		char *slash = strrchr(folder, '/');

		top = strcmp(slash, "/tile") == 0;
		*slash = 0;
		rc = qa_syncset_folder(set, AT_FDCWD, folder, err);
	}
	return rc;
}

int
qa_log_write_full(const struct qa_log *l, struct qa_syncset *set, struct qa_err *err)
{
	for (const struct qa_log_full *f = l->full; f; f = f->next)
		if (write_tile(l, f->level, f->index, f->hash, QA_LOG_WIDTH, set, err))
			return -1;
	return 0;
}

void
qa_log_drop_full(struct qa_log *l)
{
	while (l->full) {
		struct qa_log_full *f = l->full;

		l->full = f->next;
		free(f);
	}
	l->full_end = &l->full;
}

int
qa_log_publish_tiles(struct qa_log *l, struct qa_syncset *set, struct qa_err *err)
{
	struct qa_tlog_checkpoint c = {.size = l->committed, .root = l->root};
	struct qa_tlog_signer key;
	struct qa_buf b = QA_BUF(64 << 10);
	char path[QA_PATH_MAX];
	uint64_t n = l->committed;
	int rc = -1;

	l->signing = 0;
	if (l->added_n || (l->published == l->committed && n))
		return 0;
	if (qa_log_write_full(l, set, err))
		return -1;
	for (unsigned level = 0; level < QA_LOG_LEVELS; level++, n /= QA_LOG_WIDTH)
		if (l->level[level].n &&
		    write_tile(l, level, n / QA_LOG_WIDTH, l->level[level].hash, l->level[level].n, set, err))
			return -1;

	if (qa_key_load(l->home, l->domain, &key, err))
		return -1;
	c.origin = qa_span_str(key.key.name);
	if (qa_tlog_checkpoint_sign(&b, &c, &key, err) == 0 &&
	    qa_home_path(path, l->home, err, QA_HOME_LOG "/checkpoint", l->domain) == 0 &&
	    qa_publish_begin(&l->note, AT_FDCWD, path, 0644, err) == 0) {
		rc = qa_write_all(l->note.fd, b.p, b.n, path, err);
		if (rc)
			qa_publish_abort(&l->note);
		else
			rc = qa_publish_stage(&l->note, set, err);
	}
	if (rc == 0)
		l->signing = l->committed + 1; /* so that an empty log is told from nothing to do */
	qa_tlog_wipe(&key, sizeof key);
	qa_buf_free(&b);
	return rc;
}

int
qa_log_publish_checkpoint(struct qa_log *l, struct qa_syncset *set, struct qa_err *err)
{
	if (!l->signing)
		return 0;
	if (qa_publish_name(&l->note, set, err) == 0)
		return 0;
	l->signing = 0;
	return -1;
}

/* Removes the partial tiles that a tree of size `old` needed and the published one does not. What is left over by a crash
 * does no harm: it verifies like any other tile. */
static void
drop_partials(const struct qa_log *l, uint64_t old)
{
	uint64_t n = old, m = l->published;

	for (unsigned level = 0; level < QA_LOG_LEVELS && n; level++, n /= QA_LOG_WIDTH, m /= QA_LOG_WIDTH) {
		char name[QA_TLOG_TILE_PATH], path[QA_PATH_MAX];
		unsigned width = (unsigned)(n % QA_LOG_WIDTH);

		if (width == 0 || n == m)
			continue;
		qa_tlog_tile_path(&(struct qa_tlog_tile){level, width, n / QA_LOG_WIDTH}, name);
		if (qa_home_path(path, l->home, NULL, QA_HOME_LOG "/%s", l->domain, name))
			continue;
		qa_sys->unlinkat(AT_FDCWD, path, 0);
		*strrchr(path, '/') = 0;
		if (n / QA_LOG_WIDTH != m / QA_LOG_WIDTH) /* full now: the folder of its partials is empty */
			qa_sys->unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
	}
}

int
qa_log_publish_end(struct qa_log *l, struct qa_err *err)
{
	uint64_t old = l->published;

	if (!l->signing)
		return 0;
	l->published = l->signing - 1;
	l->signing = 0;
	l->tiled = true;
	drop_partials(l, old);
	qa_log_drop_full(l);
	if (l->committed - l->level[0].n - l->head.first >= QA_LOG_COMPACT)
		return qa_log_new_edge(l, err);
	return 0;
}

