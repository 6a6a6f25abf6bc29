/* Verifying log/: the signed checkpoint, every tile, the edge, the key, and a checkpoint kept outside. */
#include "archive/edge.h"
#include "archive/home.h"
#include "archive/log.h"
#include "archive/prove.h"
#include "archive/verify-private.h"
#include "sys/sys.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

enum { WIDTH = QA_TLOG_TILE_WIDTH, BYTES = QA_TLOG_TILE_BYTES, SETTLE_MS = 300, TRIES = 3 };

/* The upper rows as computed from the leaves, tile by tile. */
struct rows {
	unsigned char *hash[QA_TLOG_ROWS]; /* BYTES each, from row 1 on */
	unsigned n[QA_TLOG_ROWS];
	uint64_t tile[QA_TLOG_ROWS];
};

static int
settle(const struct qa_verifying *x)
{
	return (int)(x->v->settle_ms ? x->v->settle_ms : SETTLE_MS) / TRIES;
}

static int
read_tile(struct qa_verifying *x, const struct qa_tlog_tile *t, unsigned char *bytes)
{
	struct qa_tile_files files = {x->v->home, x->v->domain};
	char name[QA_TLOG_TILE_PATH];
	struct qa_err err;

	if (qa_tile_file_read(&files, t, bytes, &err) == 0)
		return 0;
	qa_tlog_tile_path(t, name);
	qa_verify_found(x, err.num == ENOENT ? QA_T_MISSING : err.num == EBADMSG ? QA_T_TRUNCATED : QA_T_UNREACHABLE,
			"log/%s: %s", name, err.text);
	return -1;
}

int
qa_verify_logged(struct qa_verifying *x, uint64_t leaf, struct qa_digest *hash_r)
{
	uint64_t index = leaf / WIDTH;

	if (!x->tile_width || x->tile_index != index) {
		struct qa_tlog_tile t = {0, qa_tlog_tile_width(0, index, x->size), index};
		struct qa_tile_files files = {x->v->home, x->v->domain};

		x->tile_width = 0;
		if (qa_tile_file_read(&files, &t, x->tile, NULL))
			return -1;
		x->tile_index = index;
		x->tile_width = t.width;
	}
	memcpy(hash_r->b, x->tile + leaf % WIDTH * QA_SHA256_SIZE, QA_SHA256_SIZE);
	return 0;
}

/* Compares a row's tile as computed with the file. */
static void
compare_row(struct qa_verifying *x, const struct rows *r, unsigned level)
{
	struct qa_tlog_tile t = {level, r->n[level], r->tile[level]};
	unsigned char bytes[BYTES];
	char name[QA_TLOG_TILE_PATH];

	if (read_tile(x, &t, bytes) || memcmp(bytes, r->hash[level], t.width * QA_SHA256_SIZE) == 0)
		return;
	qa_tlog_tile_path(&t, name);
	qa_verify_found(x, QA_T_LOG, "log/%s: does not follow from the tiles below it", name);
}

static void
grow_rows(struct qa_verifying *x, struct rows *r, const struct qa_digest *row, int n)
{
	for (unsigned level = 1; level < (unsigned)n; level++) {
		memcpy(r->hash[level] + r->n[level]++ * QA_SHA256_SIZE, row[level].b, QA_SHA256_SIZE);
		if (r->n[level] < WIDTH)
			continue;
		compare_row(x, r, level);
		r->n[level] = 0;
		r->tile[level]++;
	}
}

/* Every tile of the tree, from the leaves up: its root must be the signed one. */
static void
check_tiles(struct qa_verifying *x, uint64_t old_size, const struct qa_digest *old_root, struct rows *r)
{
	struct qa_tlog_frontier f;
	struct qa_digest row[QA_TLOG_ROWS], root;
	unsigned char bytes[BYTES];

	qa_tlog_frontier_init(&f);
	while (f.size < x->size) {
		struct qa_tlog_tile t = {0, qa_tlog_tile_width(0, f.size / WIDTH, x->size), f.size / WIDTH};

		if (read_tile(x, &t, bytes))
			return; /* without it nothing more can be said about the tree */
		for (unsigned i = 0; i < t.width; i++) {
			struct qa_digest h;
			int n;

			memcpy(h.b, bytes + i * QA_SHA256_SIZE, sizeof h.b);
			n = qa_tlog_frontier_append(&f, &h, row);
			if (n < 0)
				return;
			grow_rows(x, r, row, n);
			if (old_size && f.size == old_size) {
				root = qa_tlog_frontier_root(&f);
				if (!qa_digest_eq(&root, old_root))
					qa_verify_found(x, QA_T_FORKED,
							"log: does not extend the checkpoint of size %llu",
							(unsigned long long)old_size);
			}
		}
	}
	for (unsigned level = 1; level < QA_TLOG_ROWS; level++)
		if (r->n[level])
			compare_row(x, r, level);
	root = qa_tlog_frontier_root(&f);
	if (!qa_digest_eq(&root, &x->root))
		qa_verify_found(x, QA_T_LOG, "log: the tiles do not lead to the root of the checkpoint");
}

/* How many leaves the edge holds as committed; 0 when there is none that can be read. */
static uint64_t
committed(const struct qa_verifying *x)
{
	uint64_t size = 0;

	return qa_log_size(x->v->home, x->v->domain, &size, NULL) == 1 ? size : 0;
}

/* A tile file that the tree does not need: a beginning of one that it has, or of a later tree. */
static void
check_spare(struct qa_verifying *x, const char *path, const char *full)
{
	struct qa_tlog_tile t, have;
	struct qa_buf b = QA_BUF(BYTES);
	unsigned char bytes[BYTES];
	struct qa_err err;

	if (qa_tlog_tile_scan(qa_span_str(path), &t)) {
		qa_verify_found(x, QA_T_ADDED, "log/%s: does not belong there", path);
		return;
	}
	have = t;
	have.width = qa_tlog_tile_width(t.level, t.index, x->size);
	if (have.width == t.width)
		return; /* verified as part of the tree */
	if (have.width < t.width) {
		/* newer than the checkpoint, if there is something that it could be of */
		if (t.width > qa_tlog_tile_width(t.level, t.index, committed(x)))
			qa_verify_found(x, QA_T_ADDED, "log/%s: is of no tree that was ever committed", path);
		return;
	}
	if (qa_slurp(AT_FDCWD, full, &b, &err) < 0)
		qa_verify_found(x, QA_T_UNREACHABLE, "%s", err.text);
	else if (b.n && b.n != t.width * QA_SHA256_SIZE)
		qa_verify_found(x, QA_T_TRUNCATED, "log/%s: %zu bytes, not %u", path, b.n, t.width * QA_SHA256_SIZE);
	else if (b.n && read_tile(x, &have, bytes) == 0 && memcmp(b.p, bytes, b.n) != 0)
		qa_verify_found(x, QA_T_DAMAGED, "log/%s: is not the beginning of its tile", path);
	qa_buf_free(&b);
}

static void
walk_tiles(struct qa_verifying *x, const char *path, int depth)
{
	char full[QA_PATH_MAX], sub[256];
	struct qa_names list;
	struct qa_err err;
	struct stat st;

	if (qa_home_path(full, x->v->home, &err, QA_HOME_LOG "/%s", x->v->domain, path))
		return;
	if (qa_sys->fstatat(AT_FDCWD, full, &st, 0))
		return; /* a partial tile that was replaced meanwhile */
	if (!S_ISDIR(st.st_mode)) {
		check_spare(x, path, full);
		return;
	}
	if (depth > 16 || qa_listdir(AT_FDCWD, full, &list, &err))
		return;
	for (size_t i = 0; i < list.n; i++)
		if (snprintf(sub, sizeof sub, "%s/%s", path, list.v[i]) < (int)sizeof sub)
			walk_tiles(x, sub, depth + 1);
	qa_names_free(&list);
}

static void
check_strangers(struct qa_verifying *x)
{
	static const char *const known[] = {"checkpoint", "vkey", "edge", "tile"};
	char path[QA_PATH_MAX];
	struct qa_names list;
	struct qa_err err;

	if (qa_home_path(path, x->v->home, &err, QA_HOME_LOG, x->v->domain) ||
	    qa_listdir(AT_FDCWD, path, &list, &err))
		return;
	for (size_t i = 0; i < list.n; i++) {
		size_t k = 0;

		while (k < 4 && strcmp(list.v[i], known[k]) != 0)
			k++;
		if (k == 4)
			qa_verify_stranger(x, path, "log", list.v[i]);
	}
	qa_names_free(&list);
	walk_tiles(x, "tile", 0);
}

/* ---- the edge ---- */

static void
compare_edge(struct qa_verifying *x, const struct qa_edge *e)
{
	struct qa_digest h;

	for (uint64_t i = e->head.first; i < e->size && i < x->size; i++)
		if (qa_verify_logged(x, i, &h) == 0 && !qa_digest_eq(&h, &e->hashes[i - e->head.first])) {
			qa_verify_found(x, QA_T_LOG, "log/edge: leaf %llu differs from its tile", (unsigned long long)i);
			return;
		}
}

static void
check_edge(struct qa_verifying *x)
{
	char path[QA_PATH_MAX];
	struct qa_edge e;
	struct qa_err err;
	int rc = 0;

	if (qa_home_path(path, x->v->home, &err, QA_HOME_LOG "/edge", x->v->domain))
		return;
	/* a block may be being written: what is still torn a moment later is damage */
	for (int tries = 0; tries < TRIES; tries++) {
		rc = qa_edge_read(path, &e, &err);
		if (rc != 1 || e.size >= x->size)
			break; /* what follows the checkpoint, torn or not, is the writer's to mend */
		qa_edge_free(&e);
		rc = 2;
		poll(NULL, 0, settle(x));
	}
	switch (rc) {
	case 1:
		compare_edge(x, &e);
		if (e.size > x->size)
			qa_verify_found(x, QA_T_NOTE, "log/edge: %llu more leaves are committed, but not signed yet: not verified",
					(unsigned long long)(e.size - x->size));
		qa_edge_free(&e);
		break;
	case 2:
		qa_verify_found(x, QA_T_DAMAGED, "log/edge: its whole blocks end before the checkpoint");
		break;
	case 0:
		if (x->size)
			qa_verify_found(x, QA_T_MISSING, "log/edge: not there");
		break;
	default:
		qa_verify_found(x, err.num == EBADMSG ? QA_T_DAMAGED : QA_T_UNREACHABLE, "log/edge: %s", err.text);
	}
}

/* ---- checkpoints ---- */

static int
own_vkey(struct qa_verifying *x, char out[QA_TLOG_KEY_TEXT], struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_buf b = QA_BUF(QA_TLOG_KEY_TEXT);
	int rc;

	if (x->v->vkey) {
		snprintf(out, QA_TLOG_KEY_TEXT, "%s", x->v->vkey);
		return 0;
	}
	if (qa_home_path(path, x->v->home, err, QA_HOME_LOG "/vkey", x->v->domain))
		return -1;
	rc = qa_slurp(AT_FDCWD, path, &b, err);
	if (rc == 0)
		rc = qa_fail(err, ENOENT, "cannot open %s: not there", path);
	while (b.n && b.p[b.n - 1] == '\n')
		b.n--;
	if (rc == 1)
		snprintf(out, QA_TLOG_KEY_TEXT, "%.*s", (int)b.n, (const char *)b.p);
	qa_buf_free(&b);
	return rc < 0 ? -1 : 0;
}

static int
open_checkpoint(struct qa_verifying *x, const struct qa_tlog_key *key, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_buf b = QA_BUF(QA_TLOG_NOTE_MAX);
	struct qa_tlog_checkpoint c;
	int rc;

	if (qa_home_path(path, x->v->home, err, QA_HOME_LOG "/checkpoint", x->v->domain))
		return -1;
	rc = qa_slurp(AT_FDCWD, path, &b, err);
	if (rc == 1) {
		struct qa_err why;

		int good = qa_tlog_checkpoint_open(qa_buf_span(&b), key, key != NULL, &c, &why);

		if (good == 0)
			qa_fail(&why, EBADMSG, "not signed by the key");
		if (good != 1 && key)
			qa_verify_found(x, QA_T_KEY, "log/checkpoint: %s", why.text);
		/* what it says is still worth comparing with the store */
		if (good < 0 && qa_tlog_checkpoint_open(qa_buf_span(&b), NULL, 0, &c, &why) < 0)
			rc = qa_fail(err, EBADMSG, "%s: %s", path, why.text);
		if (rc == 1) {
			x->size = c.size;
			x->root = c.root;
		}
	}
	qa_buf_free(&b);
	return rc;
}

/* Whether some writer holds the domain's lock. */
static bool
writer_at_work(const struct qa_verifying *x)
{
	char path[QA_PATH_MAX];
	int fd;

	if (qa_home_path(path, x->v->home, NULL, QA_HOME_VAR "/lock", x->v->domain))
		return false;
	fd = qa_open(AT_FDCWD, path, O_RDONLY, 0, NULL);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	qa_close(&fd);
	return held;
}

/* Whether something should have been signed: tiles, committed leaves, or months that no log answers for. */
static bool
has_history(const struct qa_verifying *x, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	qa_month *months = NULL;
	struct stat st;
	size_t n = 0;

	if (qa_home_path(path, x->v->home, err, QA_HOME_LOG "/tile", x->v->domain) == 0 &&
	    qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0)
		return true;
	if (committed(x))
		return true;
	/* a writer makes the edge before the first month */
	if (qa_home_path(path, x->v->home, err, QA_HOME_LOG "/edge", x->v->domain) == 0 &&
	    qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0)
		return false;
	if (qa_home_path(path, x->v->home, err, QA_HOME_DEPOT, x->v->domain) == 0 &&
	    qa_partition_list(path, &months, &n, err) == 0)
		free(months);
	return n > 0;
}

/* A history, but no checkpoint: a new log's first one comes within seconds of its first commit, or it is gone. As open_checkpoint. */
static int
await_checkpoint(struct qa_verifying *x, const struct qa_tlog_key *key, struct qa_err *err)
{
	enum { MOST = 300, IDLE = 30 }; /* with a writer at work, and without */
	int rc = 0;

	for (int tries = 0, idle = 0; rc == 0 && idle < IDLE && tries < MOST; tries++) {
		idle = writer_at_work(x) ? 0 : idle + 1;
		rc = open_checkpoint(x, key, err);
		if (rc == 0)
			poll(NULL, 0, settle(x));
	}
	return rc;
}

/* The checkpoint kept outside: size and root, when it is one of this log. */
static void
open_since(struct qa_verifying *x, const struct qa_tlog_key *key, struct qa_tlog_checkpoint *old_r)
{
	struct qa_digest empty = qa_sha256_of(qa_span_of(NULL, 0));
	struct qa_err why;

	old_r->size = 0;
	if (!x->v->since.n)
		return;
	int good = qa_tlog_checkpoint_open(x->v->since, key, 1, old_r, &why);
	if (good == 0)
		qa_fail(&why, EBADMSG, "not signed by the key");
	if (good == 1 && old_r->size == 0 && !qa_digest_eq(&old_r->root, &empty))
		good = qa_fail(&why, EBADMSG, "its root is not that of a log without leaves");
	if (good != 1) {
		qa_verify_found(x, QA_T_KEY, "the checkpoint given: %s", why.text);
		old_r->size = 0;
	} else if (old_r->size > x->size) {
		qa_verify_found(x, QA_T_FORKED, "log: has %llu leaves, but the checkpoint given has %llu",
				(unsigned long long)x->size, (unsigned long long)old_r->size);
		old_r->size = 0;
	}
}

int
qa_verify_log(struct qa_verifying *x, struct qa_err *err)
{
	char text[QA_TLOG_KEY_TEXT];
	struct qa_tlog_checkpoint old = {.size = 0};
	struct rows r = {.n = {0}};
	struct qa_tlog_key key;
	struct qa_err why;
	bool have_key;
	int rc;

	x->tile = malloc(BYTES);
	if (!x->tile)
		return qa_fail(err, ENOMEM, "cannot verify %s: ", x->v->domain);
	have_key = own_vkey(x, text, &why) == 0 && qa_tlog_key_scan(qa_span_str(text), &key, &why) == 0;
	if (!have_key) {
		if (x->v->vkey)
			return qa_fail(err, EPROTO, "the key given: %s", why.text);
		qa_verify_found(x, QA_T_KEY, "log/vkey: %s", why.text);
	}
	rc = open_checkpoint(x, have_key ? &key : NULL, err);
	if (rc == 0) {
		bool history = has_history(x, err);

		if (history)
			rc = await_checkpoint(x, have_key ? &key : NULL, err);
		if (rc == 0 && x->v->since.n)
			qa_verify_found(x, QA_T_FORKED, "log: there is no checkpoint, but one was given");
		if (rc == 0 && history)
			qa_verify_found(x, QA_T_MISSING, "log/checkpoint: not there, so nothing can be verified");
		if (rc == 0)
			return 0;
	}
	if (rc < 0)
		return -1;
	if (have_key)
		open_since(x, &key, &old);
	for (unsigned level = 1; level < QA_TLOG_ROWS; level++)
		if (!(r.hash[level] = malloc(BYTES)))
			rc = qa_fail(err, ENOMEM, "cannot verify %s: ", x->v->domain);
	if (rc > 0) {
		check_tiles(x, old.size, &old.root, &r);
		check_edge(x);
		check_strangers(x);
	}
	for (unsigned level = 1; level < QA_TLOG_ROWS; level++)
		free(r.hash[level]);
	return rc < 0 ? -1 : 0;
}
