/* Proofs are given for what is signed and still there as it was, in every place of a tree, also while the tree grows. */
#include "archive/prove.h"
#include "archive/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NOVEMBER test_time(2026, 11, 9)
#define MONTH (2026 * 12 + 10)

static char logs[QA_PATH_MAX];

/* qa_prove's answer for entry N, by a handle of its own; with what qa_checkproof then says of message NUMBER in *good_r. */
static int
prove(uint64_t n, unsigned number, int *good_r, struct qa_proven *proven_r)
{
	struct qa_buf b = QA_BUF(1 << 20), vkey = QA_BUF(1000), m = test_message(number, 100 + number % 7 * 300);
	char path[QA_PATH_MAX];
	struct qa_archive *a;

	MUST(qa_archive_open(test_home, TEST_DOMAIN, &a, &test_err) != 1);
	MUST(qa_home_path(path, logs, &test_err, "vkey"));
	MUST(qa_slurp(AT_FDCWD, path, &vkey, &test_err) != 1);
	int rc = qa_prove(a, &(struct qa_entry_id){MONTH, n}, &b, &test_err);
	*good_r = rc == 1 ? qa_checkproof(qa_buf_cstr(&vkey), qa_buf_span(&b), qa_buf_span(&m), proven_r, &test_err) : -1;
	qa_archive_close(a);
	qa_buf_free(&b);
	qa_buf_free(&m);
	qa_buf_free(&vkey);
	return rc;
}

static bool
proves(uint64_t n, uint64_t size)
{
	struct qa_proven p;
	int good, rc = prove(n, (unsigned)n - 1, &good, &p);

	if (rc == 1 && good == 1 && p.index == n - 1 && p.size == size && p.leaf.id.month == MONTH && p.leaf.id.n == n &&
	    p.leaf.kind == QA_MESSAGE && p.leaf.captured == NOVEMBER)
		return true;
	printf("# entry %llu of %llu: %d %d %s\n", (unsigned long long)n, (unsigned long long)size, rc, good, test_err.text);
	return false;
}

static void
test_sizes(void)
{
	static const unsigned steps[] = {1, 2, 3, 8, 255, 256, 257, 300, 520};
	struct qa_proven p;
	unsigned at = 0;
	int bad = 0, good;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		test_file(test_home, at, steps[i], NOVEMBER);
		at = steps[i];
		for (unsigned n = 1; n <= at; n += n < 6 || n > at - 3 || (n > 250 && n < 260) ? 1 : at / 7 + 1)
			bad += !proves(n, at);
	}
	OKF(bad == 0, "entries all over trees of 1 to %u leaves", at);
	OKF(prove(at + 1, 0, &good, &p) == 0 && errno == ENOENT && strstr(test_err.text, "no entry 2026-11/521"), "%s",
	    test_err.text);
	OKF(prove(7, 7, &good, &p) == 1 && good == 0, "a proof is no proof of another message: %s", test_err.text);
}

static void
test_unsigned(void)
{
	struct qa_proven p;
	struct qa_writer *w;
	int good;

	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	test_commit(w, 520, 530, NOVEMBER);
	OKF(prove(525, 524, &good, &p) == 0 && test_err.num == EAGAIN && strstr(test_err.text, "signed"), "%s", test_err.text);
	OKF(proves(520, 520), "those before it go on being proven");
	MUST(qa_writer_publish(w, &test_err));
	OK(proves(525, 530));
	qa_writer_close(w);
}

/* As of a checkpoint whose partial tiles were replaced since. */
static void
test_growing(void)
{
	struct qa_tile_files files = {test_home, TEST_DOMAIN};
	unsigned char was[QA_TLOG_TILE_BYTES], is[QA_TLOG_TILE_BYTES];
	struct qa_tlog_tile t = {0, 18, 2}; /* of 530 leaves */

	OK(qa_tile_file_read(&files, &t, was, &test_err) == 0);
	test_file(test_home, 530, 560, NOVEMBER);
	char path[QA_PATH_MAX];
	MUST(qa_home_path(path, logs, &test_err, "tile/0/002.p/18"));
	OK(access(path, F_OK) != 0);
	OKF(qa_tile_file_read(&files, &t, is, &test_err) == 0 && memcmp(was, is, 18 * 32) == 0, "from a wider partial tile");
	test_file(test_home, 560, 800, NOVEMBER);
	MUST(qa_home_path(path, logs, &test_err, "tile/0/002.p"));
	OK(access(path, F_OK) != 0);
	OKF(qa_tile_file_read(&files, &t, is, &test_err) == 0 && memcmp(was, is, 18 * 32) == 0, "from the full one");
	t.index = 3;
	t.width = 40;
	OKF(qa_tile_file_read(&files, &t, is, &test_err) == -1 && errno == ENOENT, "a narrower one does not do: %s",
	    test_err.text);
}

static void
flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	unsigned char c;

	if (fd < 0 || pread(fd, &c, 1, at) != 1)
		exit(99);
	c ^= 1;
	if (pwrite(fd, &c, 1, at) != 1 || close(fd))
		exit(99);
}

/* What is given out was verified. */
static void
test_damage(void)
{
	char path[QA_PATH_MAX], other[QA_PATH_MAX];
	struct qa_tlog_checkpoint c;
	struct qa_buf note = QA_BUF(64 << 10);
	struct qa_proven p;
	struct stat st;
	int good, bad = 0;

	OK(proves(300, 800));
	MUST(qa_home_path(path, logs, &test_err, "tile/0/001"));
	flip(path, 42 * 32 + 5);
	OKF(prove(300, 299, &good, &p) == -1 && strstr(test_err.text, "md_verify"), "a tile with another hash: %s", test_err.text);
	flip(path, 42 * 32 + 5);
	MUST(truncate(path, 8191));
	OKF(prove(300, 299, &good, &p) == -1 && errno == EBADMSG, "a tile that is cut: %s", test_err.text);
	unlink(path);
	OKF(prove(300, 299, &good, &p) == -1 && errno == ENOENT, "a tile that is gone: %s", test_err.text);

	/* the store: no flip in it leads to a proof that does not hold */
	MUST(qa_home_path(path, test_home, &test_err, QA_HOME_DEPOT "/2026-11/segment-000001.0", TEST_DOMAIN));
	MUST(stat(path, &st));
	int refused = 0;
	for (off_t at = 64; at < st.st_size; at += st.st_size / 60) {
		flip(path, at);
		int rc = prove(520, 519, &good, &p);
		bad += rc == 1 && good != 1;
		refused += rc == -1;
		flip(path, at);
	}
	OKF(bad == 0, "damage in the store never leads to a bad proof (%d times to none)", refused);

	/* the checkpoint */
	OK(qa_checkpoint_read(test_home, TEST_DOMAIN, &c, &note, &test_err) == 1 && c.size == 800);
	MUST(qa_home_path(path, logs, &test_err, "checkpoint"));
	flip(path, 40);
	qa_buf_clear(&note);
	OKF(qa_checkpoint_read(test_home, TEST_DOMAIN, &c, &note, &test_err) == -1, "changed: %s", test_err.text);
	flip(path, 40);
	MUST(qa_home_path(other, logs, &test_err, "vkey"));
	struct qa_tlog_signer s;
	char text[QA_TLOG_KEY_TEXT];
	MUST(qa_tlog_signer_new("a.example/qmail-archive/00000000", &s, &test_err));
	qa_tlog_key_text(&s.key, text);
	FILE *f = fopen(other, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(99);
	qa_buf_clear(&note);
	OKF(qa_checkpoint_read(test_home, TEST_DOMAIN, &c, &note, &test_err) == -1 && errno == EBADMSG, "of another key: %s",
	    test_err.text);
	unlink(path);
	OKF(qa_checkpoint_read(test_home, TEST_DOMAIN, &c, &note, &test_err) == 0, "none");
	unlink(other);
	OKF(qa_checkpoint_read(test_home, TEST_DOMAIN, &c, &note, &test_err) == -1 && errno == ENOENT, "no vkey: %s", test_err.text);
	qa_buf_free(&note);
}

int
main(void)
{
	test_begin();
	MUST(qa_home_path(logs, test_home, &test_err, QA_HOME_LOG, TEST_DOMAIN));
	test_sizes();
	test_unsigned();
	test_growing();
	test_damage();
	return test_end();
}
