/*
 * Damaged catalogs: whatever bytes are wrong, md_index gets on (makes the month again when it has to), md_search answers or says
 * which program mends it, and md_reindex mends it.
 */
#include "archive/testing.h"
#include "catalog/catalog.h"
#include "catalog/follow.h"
#include "catalog/search.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define MONTH (2026 * 12 + 10)
#define NOVEMBER test_time(2026, 11, 9)
enum { MAILS = 150 };

static char db[QA_PATH_MAX + 20], wal[QA_PATH_MAX + 30], shm[QA_PATH_MAX + 30], dir[QA_PATH_MAX];
static struct qa_buf good_db = QA_BUF(1 << 28), good_wal = QA_BUF(1 << 28);
static unsigned remade, asked, refused, filed = MAILS;

static void
put(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0644);

	if (fd < 0 || (n && write(fd, p, n) != (ssize_t)n) || close(fd))
		exit(99);
}

static void
restore(void)
{
	unlink(shm);
	put(db, good_db.p, good_db.n);
	if (good_wal.n)
		put(wal, good_wal.p, good_wal.n);
	else
		unlink(wal);
}

static struct qa_follow *
follow(void)
{
	struct qa_follow *f;

	MUST(qa_follow_open(test_home, TEST_DOMAIN, NULL, &f, &test_err) != 1);
	return f;
}

/* As md_index does: 1 all is in within three passes. */
static int
passes(struct qa_follow *f)
{
	int r = 0;

	for (int tries = 0; r != 1 && tries < 3; tries++)
		r = qa_follow_pass(f, &test_err);
	return r == 1 && qa_follow_done(f) == filed;
}

/* Hits for a word that every mail has: their number; -1 the catalog cannot be asked, and the answer names who mends it; -2 any other
 * failure. */
static int
search(void)
{
	struct qa_archive *a;
	struct qa_search *s;
	struct qa_query q;
	struct qa_err err = {0};
	struct qa_hit h;
	size_t at;
	uint64_t n = 0;
	int r = -2;

	MUST(qa_query_parse(qa_span_str("line"), 0, &q, &at, &test_err));
	MUST(qa_archive_open(test_home, TEST_DOMAIN, &a, &test_err) != 1);
	asked++;
	if (qa_search_open(a, dir, &q, &s, &err) == 0) {
		const struct qa_coverage *c = qa_search_coverage(s);

		if (c->damaged->len + c->missing->len + c->ahead->len)
			r = -1; /* md_search says so */
		else if (qa_search_count(s, &n, &err) == 0 && qa_search_start(s, QA_SORT_NEWEST, &err) == 0) {
			while ((r = qa_search_next(s, &h, &err)) == 1)
				continue;
			r = r == 0 ? (int)n : -2;
		}
		qa_search_close(s);
	}
	if (r == -2 && strstr(err.text, "md_reindex"))
		r = -1;
	if (r == -2)
		printf("# search: %s\n", err.text);
	refused += r == -1;
	qa_archive_close(a);
	qa_query_free(&q);
	return r;
}

/* The catalog as it stands now: asked, followed, followed with new mail, made again. */
static int
survives(const char *what, size_t at)
{
	struct qa_follow *f;
	int good = search() != -2;
	struct stat before, after;

	if (!good)
		printf("# %s at %zu: the first search\n", what, at);
	MUST(stat(db, &before) != 0);
	f = follow();
	if (!passes(f)) {
		printf("# %s at %zu: %llu of %u in, %s\n", what, at, (unsigned long long)qa_follow_done(f), filed,
		       test_err.text);
		good = 0;
	}
	if (search() == -2) {
		printf("# %s at %zu: the search after it\n", what, at);
		good = 0;
	}
	remade += stat(db, &after) == 0 && after.st_ino != before.st_ino;
	if (qa_follow_remake(f, MONTH, &test_err) != 1 || search() != (int)filed) {
		printf("# %s at %zu: not made again: %s\n", what, at, test_err.text);
		good = 0;
	}
	qa_follow_close(f);
	return good;
}

static void
smear(size_t at, size_t n, unsigned char with)
{
	struct qa_buf b = QA_BUF(1 << 28);

	if (qa_buf_add(&b, good_db.p, good_db.n))
		exit(99);
	for (size_t i = at; i < at + n && i < b.n; i++)
		b.p[i] ^= with;
	put(db, b.p, b.n);
	qa_buf_free(&b);
}

/* A file with all in it and no WAL, or a small one with all in the WAL. */
static void
keep_good(bool folded)
{
	struct qa_follow *f = follow();
	struct qa_catalog *c;

	MUST(qa_follow_remake(f, MONTH, &test_err) != 1);
	qa_follow_close(f);
	if (!folded) {
		struct qa_follow_hooks hooks = {.trickle = true};

		MUST(qa_catalog_remove(dir, MONTH, &test_err));
		MUST(qa_follow_open(test_home, TEST_DOMAIN, &hooks, &f, &test_err) != 1);
		MUST(!passes(f));
		qa_buf_clear(&good_db);
		qa_buf_clear(&good_wal);
		/* as a crash leaves it: before the handle is closed */
		MUST(qa_slurp(AT_FDCWD, db, &good_db, &test_err) != 1);
		MUST(qa_slurp(AT_FDCWD, wal, &good_wal, &test_err) < 0);
		qa_follow_close(f);
		return;
	}
	MUST(qa_catalog_write(dir, TEST_DOMAIN, MONTH, &c, NULL, &test_err));
	MUST(qa_catalog_checkpoint(c, &test_err));
	qa_catalog_close(c);
	unlink(shm);
	unlink(wal);
	qa_buf_clear(&good_db);
	qa_buf_clear(&good_wal);
	MUST(qa_slurp(AT_FDCWD, db, &good_db, &test_err) != 1);
}

static void
test_file_bytes(void)
{
	int bad = 0;

	keep_good(true);
	restore();
	OK(search() == (int)filed && good_wal.n == 0);
	remade = 0;
	for (size_t at = 0; at < 100; at += 7) {
		restore();
		smear(at, 1, 0x10);
		bad += !survives("a bit of the header", at);
	}
	for (size_t at = 0; at < good_db.n; at += 4096) {
		restore();
		smear(at, 8, 0xff);
		bad += !survives("the head of a page", at);
		restore();
		smear(at + at / 4096 * 97 % 4000, 60, 0x55);
		bad += !survives("bytes in a page", at);
		restore();
		smear(at, 4096, 0xa5);
		bad += !survives("a page", at);
	}
	OKF(bad == 0, "damage in each of %zu pages, %u times made again by itself", good_db.n / 4096, remade);
	OKF(remade > 10 && refused > 10, "%u of %u searches were refused", refused, asked);
	for (size_t n = 0; n < good_db.n; n += n < 200 ? 50 : 3001) {
		restore();
		MUST(truncate(db, (off_t)n));
		bad += !survives("cut", n);
	}
	OKF(bad == 0, "cut to any length");
}

static void
test_wal(void)
{
	int bad = 0;
	struct qa_buf junk = QA_BUF(1 << 28);

	keep_good(false);
	restore();
	OKF(good_wal.n > 20000, "the WAL has %zu bytes", good_wal.n);
	OK(search() == (int)filed);
	for (size_t at = 0; at < good_wal.n; at += at < 60 ? 9 : good_wal.n / 25) {
		qa_buf_clear(&junk);
		if (qa_buf_add(&junk, good_wal.p, good_wal.n))
			exit(99);
		restore();
		memset(junk.p + at, 0xee, junk.n - at < 40 ? junk.n - at : 40);
		put(wal, junk.p, junk.n);
		bad += !survives("bytes of the WAL", at);
		restore();
		put(wal, good_wal.p, at);
		bad += !survives("a WAL that is cut", at);
	}
	restore();
	unlink(wal);
	bad += !survives("no WAL", 0);
	restore();
	memset(junk.p, 0x5a, junk.n);
	put(wal, junk.p, junk.n);
	bad += !survives("a WAL of rubbish", 0);
	restore();
	put(shm, junk.p, junk.n < 32768 ? junk.n : 32768);
	bad += !survives("its index of rubbish", 0);
	/* the WAL of another state */
	keep_good(true);
	put(wal, junk.p, junk.n);
	bad += !survives("rubbish beside a whole file", 0);
	OKF(bad == 0, "a WAL with wrong bytes, cut, gone, and of rubbish");
	qa_buf_free(&junk);
}

/* The file is damaged beneath a running follower, and mail goes on coming. */
static void
test_beneath(void)
{
	int bad = 0;

	keep_good(true);
	for (size_t at = 0; at < good_db.n; at += good_db.n / 20) {
		struct qa_follow *f = follow();

		restore();
		bad += !passes(f);
		int fd = open(db, O_WRONLY);
		unsigned char junk[5000];
		memset(junk, 0x3c, sizeof junk);
		if (pwrite(fd, junk, sizeof junk, (off_t)at) != sizeof junk)
			exit(99);
		close(fd);
		test_file(test_home, filed, filed + 1, NOVEMBER);
		filed++;
		if (!passes(f)) {
			printf("# beneath, at %zu: %llu of %u in, %s\n", at, (unsigned long long)qa_follow_done(f), filed,
			       test_err.text);
			bad++;
		}
		qa_follow_close(f);
		bad += !survives("beneath", at);
	}
	OKF(bad == 0, "damage beneath a running one");
}

int
main(void)
{
	qa_message_init();
	test_begin();
	MUST(qa_home_path(dir, test_home, &test_err, QA_HOME_VAR "/catalog", TEST_DOMAIN));
	snprintf(db, sizeof db, "%s/2026-11.db", dir);
	snprintf(wal, sizeof wal, "%s-wal", db);
	snprintf(shm, sizeof shm, "%s-shm", db);
	test_file(test_home, 0, MAILS, NOVEMBER);
	test_file_bytes();
	test_wal();
	test_beneath();
	qa_buf_free(&good_db);
	qa_buf_free(&good_wal);
	return test_end();
}
