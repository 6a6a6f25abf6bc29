#include "store/known.h"
#include "base/id.h"
#include "base/num.h"
#include "sys/publish.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static const unsigned char magic[8] = {'q', 'a', 'k', 'n', 'o', 'w', '1', '\n'};

enum {
	HEAD = 128,
	COVERED = 96, /* bytes under the header's check */
	SLOT = 16,
	LEAST_BITS = 8,
	MOST_BITS = 40,
	CHUNK = 8, /* slots read at once while looking for a key */
	SAME = 16, /* entries of one message that are worth knowing */
};

struct slot {
	uint64_t hash, number;
};

static uint64_t
slot_place(uint64_t at)
{
	return HEAD + at * SLOT;
}

/* ---- header ---- */

static void
head_put(const struct qa_known *k, unsigned char h[HEAD])
{
	memset(h, 0, HEAD);
	memcpy(h, magic, sizeof magic);
	qa_le32_put(h + 8, k->bits);
	qa_le32_put(h + 12, k->month);
	qa_le64_put(h + 16, k->seed);
	qa_le64_put(h + 24, k->used);
	memcpy(h + 32, k->mark.salt, QA_SEGMENT_SALT);
	qa_le64_put(h + 48, k->mark.entries);
	qa_le64_put(h + 56, k->mark.items);
	memcpy(h + 64, k->mark.id, 8);
	memcpy(h + 72, k->mark.digest, 8);
	struct qa_digest d = qa_sha256_of(qa_span_of(h, COVERED));
	memcpy(h + COVERED, d.b, 32);
}

static bool
head_get(struct qa_known *k, const unsigned char h[HEAD], uint64_t size)
{
	struct qa_digest d = qa_sha256_of(qa_span_of(h, COVERED));

	if (memcmp(h + COVERED, d.b, 32) != 0 || memcmp(h, magic, sizeof magic) != 0 || qa_le32_get(h + 12) != k->month)
		return false;
	k->bits = qa_le32_get(h + 8);
	k->seed = qa_le64_get(h + 16);
	k->used = qa_le64_get(h + 24);
	memcpy(k->mark.salt, h + 32, QA_SEGMENT_SALT);
	k->mark.entries = qa_le64_get(h + 48);
	k->mark.items = qa_le64_get(h + 56);
	memcpy(k->mark.id, h + 64, 8);
	memcpy(k->mark.digest, h + 72, 8);
	return k->bits >= LEAST_BITS && k->bits <= MOST_BITS && size == slot_place(UINT64_C(1) << k->bits) &&
	       k->used <= UINT64_C(1) << k->bits;
}

static int
write_head(struct qa_known *k, struct qa_err *err)
{
	unsigned char h[HEAD];

	head_put(k, h);
	return qa_pwrite_all(k->fd, h, HEAD, 0, k->path, err);
}

/* ---- opening ---- */

/* An empty file of 2^bits slots under a name of its own, to be renamed. */
static int
make(struct qa_known *k, const char *path, unsigned bits, struct qa_err *err)
{
	k->fd = qa_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0600, err);
	if (k->fd < 0)
		return -1;
	k->bits = bits;
	k->used = 0;
	if (qa_sys->ftruncate(k->fd, (off_t)slot_place(UINT64_C(1) << bits)))
		return qa_fail(err, errno, "cannot make %s larger: ", path);
	return write_head(k, err);
}

static char *
temp_name(const struct qa_known *k)
{
	struct qa_buf b = QA_BUF(4096);

	if (qa_buf_addf(&b, "%s.new", k->path)) {
		qa_buf_free(&b);
		return NULL;
	}
	return (char *)b.p;
}

static unsigned
bits_for(uint64_t keys)
{
	unsigned bits = LEAST_BITS;

	while (bits < MOST_BITS && (UINT64_C(1) << bits) / 2 < keys)
		bits++;
	return bits;
}

int
qa_known_reset(struct qa_known *k, uint64_t keys, struct qa_err *err)
{
	qa_close(&k->fd);
	memset(&k->mark, 0, sizeof k->mark);
	if (qa_random(&k->seed, sizeof k->seed))
		return qa_fail(err, errno, "cannot get random bytes: ");
	return make(k, k->path, bits_for(keys), err);
}

int
qa_known_open(struct qa_known *k, const char *path, qa_month month, uint64_t keys, struct qa_err *err)
{
	unsigned char h[HEAD];
	struct stat st;

	*k = (struct qa_known){.fd = -1, .month = month, .path = strdup(path)};
	if (!k->path)
		return qa_fail(err, ENOMEM, "cannot open %s: ", path);
	k->fd = qa_sys->openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	if (k->fd < 0 && errno != ENOENT)
		return qa_fail(err, errno, "cannot open %s: ", path);
	if (k->fd >= 0) {
		if (qa_sys->fstat(k->fd, &st))
			return qa_fail(err, errno, "cannot look at %s: ", path);
		int rc = qa_pread_all(k->fd, h, sizeof h, 0, path, err);
		if (rc < 0)
			return -1;
		if (rc == 1 && head_get(k, h, (uint64_t)st.st_size))
			return 0;
	}
	return qa_known_reset(k, keys, err);
}

void
qa_known_close(struct qa_known *k)
{
	if (k->path)
		qa_close(&k->fd);
	free(k->path);
	memset(k, 0, sizeof *k);
	k->fd = -1;
}

/* ---- look-up ---- */

/* A bijection of 64 bits (the finisher of MurmurHash3), after the seed and the kind went in. */
static uint64_t
hash_of(const struct qa_known *k, enum qa_known_kind kind, const unsigned char key[8])
{
	uint64_t h = (qa_le64_get(key) ^ k->seed) + (uint64_t)kind * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

void
qa_known_start(const struct qa_known *k, enum qa_known_kind kind, const unsigned char key[8], struct qa_known_walk *w)
{
	w->hash = hash_of(k, kind, key);
	w->at = w->hash >> (64 - k->bits);
	w->left = UINT64_C(1) << k->bits;
}

/* Finds, from w->at on, a slot of this hash (1) or a free one (0); w->at is the place behind it. *at_r: its place. */
static int
seek(struct qa_known *k, struct qa_known_walk *w, struct slot *s_r, uint64_t *at_r, struct qa_err *err)
{
	uint64_t slots = UINT64_C(1) << k->bits;
	unsigned char buf[CHUNK * SLOT];

	while (w->left) {
		uint64_t n = slots - w->at < CHUNK ? slots - w->at : CHUNK;
		int rc = qa_pread_all(k->fd, buf, (size_t)n * SLOT, slot_place(w->at), k->path, err);

		if (rc < 0)
			return -1;
		if (rc == 0)
			return qa_fail(err, EBADMSG, "%s was cut", k->path);
		for (uint64_t i = 0; i < n && w->left; i++, w->left--) {
			s_r->hash = qa_le64_get(buf + i * SLOT);
			s_r->number = qa_le64_get(buf + i * SLOT + 8);
			if (s_r->number && s_r->hash != w->hash)
				continue;
			*at_r = w->at + i;
			w->at = (w->at + i + 1) & (slots - 1);
			w->left = s_r->number ? w->left - 1 : 0;
			return s_r->number != 0;
		}
		w->at = (w->at + n) & (slots - 1);
	}
	*at_r = slots;
	return 0;
}

int
qa_known_next(struct qa_known *k, struct qa_known_walk *w, uint64_t *number_r, struct qa_err *err)
{
	struct slot s;
	uint64_t at;
	int rc = seek(k, w, &s, &at, err);

	if (rc == 1)
		*number_r = s.number;
	return rc;
}

/* 0 it is in (or so many of the same key are that one more does not matter), 1 there is no room, -1. */
static int
put(struct qa_known *k, uint64_t hash, uint64_t number, unsigned most, struct qa_err *err)
{
	struct qa_known_walk w = {hash, hash >> (64 - k->bits), UINT64_C(1) << k->bits};
	unsigned char buf[SLOT];
	struct slot s;
	uint64_t at;
	int rc;

	for (unsigned same = 0; (rc = seek(k, &w, &s, &at, err)) == 1;)
		if (s.number == number || ++same >= most)
			return 0;
	if (rc < 0)
		return -1;
	if (at == UINT64_C(1) << k->bits)
		return 1;
	qa_le64_put(buf, hash);
	qa_le64_put(buf + 8, number);
	if (qa_pwrite_all(k->fd, buf, SLOT, slot_place(at), k->path, err))
		return -1;
	k->used++;
	return 0;
}

/* ---- growing ---- */

/*
 * The old slots in order have homes in order (but for those that had to move on), so the new table fills from front to
 * back. A window of it is kept in memory; what falls outside goes the long way.
 */
enum { WINDOW = 8192, READ = 4096 };

struct grow {
	struct qa_known to;
	unsigned char *window;
	uint64_t first; /* slot of the window's start */
};

static int
window_write(struct grow *g, struct qa_err *err)
{
	uint64_t slots = UINT64_C(1) << g->to.bits;
	uint64_t n = slots - g->first < WINDOW ? slots - g->first : WINDOW;

	return qa_pwrite_all(g->to.fd, g->window, (size_t)n * SLOT, slot_place(g->first), g->to.path, err);
}

/* The window at this place, as the file has it. */
static int
window_read(struct grow *g, uint64_t first, struct qa_err *err)
{
	uint64_t slots = UINT64_C(1) << g->to.bits;
	uint64_t n = slots - first < WINDOW ? slots - first : WINDOW;
	int rc = qa_pread_all(g->to.fd, g->window, (size_t)n * SLOT, slot_place(first), g->to.path, err);

	g->first = first;
	return rc == 1 ? 0 : rc == 0 ? qa_fail(err, EBADMSG, "%s was cut", g->to.path) : -1;
}

/* A slot that was at FROM in the old table. */
static int
grow_put(struct grow *g, const struct slot *s, uint64_t from, struct qa_err *err)
{
	uint64_t home = s->hash >> (64 - g->to.bits);

	/* the window moves on, but not for what had moved from the table's end to its start; some of those that come next
	 * have a home a little before this one */
	if (home >= g->first + WINDOW / 2 && home <= 2 * from + 1 &&
	    (window_write(g, err) || window_read(g, home - WINDOW / 4, err)))
		return -1;
	for (uint64_t at = home; at >= g->first && at < g->first + WINDOW && at < UINT64_C(1) << g->to.bits; at++) {
		unsigned char *w = g->window + (at - g->first) * SLOT;

		if (qa_le64_get(w + 8))
			continue;
		qa_le64_put(w, s->hash);
		qa_le64_put(w + 8, s->number);
		g->to.used++;
		return 0;
	}
	/* before the window, or over its end: by the file */
	if (window_write(g, err))
		return -1;
	int rc = put(&g->to, s->hash, s->number, UINT_MAX, err);
	if (rc)
		return rc < 0 ? -1 : qa_fail(err, EBADMSG, "%s is damaged", g->to.path);
	return window_read(g, g->first, err);
}

static int
grow_all(struct qa_known *k, struct grow *g, struct qa_err *err)
{
	uint64_t slots = UINT64_C(1) << k->bits;
	unsigned char *buf = malloc(READ * SLOT);

	if (!buf)
		return qa_fail(err, ENOMEM, "cannot make %s larger: ", k->path);
	for (uint64_t at = 0; at < slots; at += READ) {
		uint64_t n = slots - at < READ ? slots - at : READ;
		int rc = qa_pread_all(k->fd, buf, (size_t)n * SLOT, slot_place(at), k->path, err);

		for (uint64_t i = 0; rc == 1 && i < n; i++) {
			struct slot s = {qa_le64_get(buf + i * SLOT), qa_le64_get(buf + i * SLOT + 8)};

			if (s.number && grow_put(g, &s, at + i, err))
				rc = -1;
		}
		if (rc != 1) {
			free(buf);
			return rc < 0 ? -1 : qa_fail(err, EBADMSG, "%s was cut", k->path);
		}
	}
	free(buf);
	return window_write(g, err);
}

/* The bigger table takes the file's place. Its header claims nothing until the next sync: a crash before means to catch up from the
 * start. */
static int
grow(struct qa_known *k, struct qa_err *err)
{
	struct grow g = {.to = *k};
	struct qa_known_mark none = {{0}, 0, 0, {0}, {0}};
	char *path = temp_name(k);
	int rc = -1;

	g.to.fd = -1;
	g.to.path = path;
	g.to.mark = none;
	g.window = calloc(WINDOW, SLOT);
	if (!path || !g.window)
		qa_fail(err, ENOMEM, "cannot make %s larger: ", k->path);
	else if (k->bits >= MOST_BITS)
		qa_fail(err, EOVERFLOW, "%s is too large", k->path);
	else if (make(&g.to, path, k->bits + 1, err) == 0 && grow_all(k, &g, err) == 0) {
		rc = qa_sys->renameat(AT_FDCWD, path, AT_FDCWD, k->path);
		if (rc)
			qa_fail(err, errno, "cannot publish %s: ", k->path);
	}
	if (rc == 0) {
		qa_close(&k->fd);
		k->fd = g.to.fd;
		k->bits = g.to.bits;
		k->used = g.to.used;
		k->mark = none;
	} else {
		int keep = errno;

		qa_close(&g.to.fd);
		if (path)
			qa_sys->unlinkat(AT_FDCWD, path, 0);
		errno = keep;
	}
	free(g.window);
	free(path);
	return rc;
}

int
qa_known_add(struct qa_known *k, enum qa_known_kind kind, const unsigned char key[8], uint64_t number,
	     struct qa_err *err)
{
	uint64_t slots = UINT64_C(1) << k->bits;

	if (k->used >= slots / 10 * 7 && grow(k, err))
		return -1;
	/* the count in the header may be behind after a crash */
	uint64_t hash = hash_of(k, kind, key);
	unsigned most = kind == QA_KNOWN_MESSAGE ? SAME : UINT_MAX;
	int rc = put(k, hash, number, most, err);
	if (rc == 1)
		rc = grow(k, err) ? -1 : put(k, hash, number, most, err);
	return rc == 1 ? qa_fail(err, EBADMSG, "%s is damaged", k->path) : rc;
}

int
qa_known_sync(struct qa_known *k, const struct qa_known_mark *mark, struct qa_err *err)
{
	if (qa_fdatasync(k->fd, k->path, err)) {
		/* what it holds is unknown now: begun anew by the next one that opens it */
		qa_sys->unlinkat(AT_FDCWD, k->path, 0);
		return -1;
	}
	k->mark = *mark;
	return write_head(k, err);
}
