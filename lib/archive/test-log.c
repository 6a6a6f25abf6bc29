/*
 * The log on disk: what is committed is read back, whatever lies behind it; checkpoint and tiles are those of the tree, which this
 * test computes by itself from the definition.
 */
#include "archive/edge.h"
#include "archive/key.h"
#include "archive/log.h"
#include "archive/prove.h"
#include "archive/testing.h"
#include "tlog/merkle.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static char edge[QA_PATH_MAX], checkpoint[QA_PATH_MAX], logs[QA_PATH_MAX];

static struct qa_digest
leaf(uint64_t i)
{
	char text[40];

	snprintf(text, sizeof text, "leaf %llu\n", (unsigned long long)i);
	return qa_tlog_leaf_hash(qa_span_str(text));
}

/* RFC 6962, 2.1: the root over the leaves from .. from + n - 1. */
static struct qa_digest
root_of(uint64_t from, uint64_t n)
{
	uint64_t k = 1;

	if (n == 0)
		return qa_sha256_of(qa_span_str(""));
	if (n == 1)
		return leaf(from);
	while (k * 2 < n)
		k *= 2;
	struct qa_digest a = root_of(from, k), b = root_of(from + k, n - k);
	return qa_tlog_node_hash(&a, &b);
}

static struct qa_log *
opened(bool doubt)
{
	struct qa_log *l;

	MUST(qa_log_open(test_home, TEST_DOMAIN, doubt, &l, &test_err));
	return l;
}

static void
commit(struct qa_log *l, uint64_t n)
{
	struct qa_syncset set;

	qa_syncset_init(&set);
	for (uint64_t from = qa_log_committed(l), i = from; i < from + n; i++) {
		struct qa_digest h = leaf(i);

		MUST(qa_log_add(l, &h, &test_err));
	}
	MUST(qa_log_write(l, &set, &test_err));
	MUST(qa_syncset_commit(&set, &test_err));
	qa_log_written(l);
}

static void
publish(struct qa_log *l)
{
	struct qa_syncset set;

	qa_syncset_init(&set);
	MUST(qa_log_publish_tiles(l, &set, &test_err));
	MUST(qa_syncset_commit(&set, &test_err));
	MUST(qa_log_publish_checkpoint(l, &set, &test_err));
	MUST(qa_syncset_commit(&set, &test_err));
	MUST(qa_log_publish_end(l, &test_err));
}

static bool
holds(const struct qa_log *l, uint64_t n)
{
	struct qa_digest is = qa_log_root(l), want = root_of(0, n);

	return qa_log_committed(l) == n && qa_digest_eq(&is, &want);
}

/* Whether the signed checkpoint is that of n leaves, and each tile of that tree is there. */
static bool
signs(uint64_t n)
{
	struct qa_tlog_checkpoint c;
	struct qa_buf note = QA_BUF(64 << 10);
	struct qa_digest want = root_of(0, n);
	struct qa_tile_files files = {test_home, TEST_DOMAIN};
	struct qa_tlog_tiles it = qa_tlog_tiles_between(0, n);
	struct qa_tlog_tile t;
	bool good = qa_checkpoint_read(test_home, TEST_DOMAIN, &c, &note, &test_err) == 1 && c.size == n &&
		    qa_digest_eq(&c.root, &want);

	qa_buf_free(&note);
	while (good && qa_tlog_tiles_next(&it, &t)) {
		unsigned char bytes[QA_TLOG_TILE_BYTES];
		uint64_t width = 1;

		for (unsigned level = 0; level < t.level; level++)
			width *= 256;
		good = qa_tile_file_read(&files, &t, bytes, &test_err) == 0;
		for (unsigned i = 0; good && i < t.width; i++) {
			struct qa_digest h = root_of((t.index * 256 + i) * width, width);

			good = memcmp(bytes + i * 32, h.b, 32) == 0;
		}
	}
	return good;
}

static void
fresh(void)
{
	if (run("rm", "-rf", test_home, NULL))
		exit(99);
	MUST(qa_home_domain(test_home, TEST_DOMAIN, &test_err));
	MUST(qa_key_init(test_home, TEST_DOMAIN, &test_err));
}

static uint64_t
size(void)
{
	uint64_t n = 9999999;

	return qa_log_size(test_home, TEST_DOMAIN, &n, &test_err) == 1 ? n : 9999999;
}

static void
test_grows(void)
{
	static const uint64_t steps[] = {1, 2, 100, 152, 1, 1, 300, 211, 400};
	struct qa_log_head head;
	struct qa_log *l;
	uint64_t n = 0;
	int bad = 0;

	fresh();
	OKF(qa_log_size(test_home, TEST_DOMAIN, &n, &test_err) == 0, "no log yet");
	l = opened(false);
	OK(holds(l, 0) && qa_log_published(l) == 0 && size() == 0);
	OK(qa_log_signed(test_home, TEST_DOMAIN, &head, &test_err) == 0);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		uint64_t before = n;

		commit(l, steps[i]);
		n += steps[i];
		bad += !holds(l, n) || size() != n || qa_log_doubtful(l);
		bad += qa_log_published(l) != before; /* nothing is signed by a commit */
		if (i % 2) {
			qa_log_close(l);
			l = opened(false);
			bad += !holds(l, n) || qa_log_published(l) != before;
		}
		publish(l);
		bad += !signs(n) || qa_log_published(l) != n;
		bad += qa_log_signed(test_home, TEST_DOMAIN, &head, &test_err) != 1 || head.size != n;
		if (bad)
			printf("# at %llu leaves: %s\n", (unsigned long long)n, test_err.text);
	}
	OKF(bad == 0, "%llu leaves: committed, read back, signed, with all their tiles", (unsigned long long)n);
	/* C2SP: partial tiles of older checkpoints go once they are not needed; the newest's stay */
	char path[QA_PATH_MAX];
	MUST(qa_home_path(path, logs, &test_err, "tile/0/000.p"));
	OKF(access(path, F_OK) != 0, "no partial tile is left of a full one");
	MUST(qa_home_path(path, logs, &test_err, "tile/0/004.p/%u", (unsigned)(n % 256)));
	OK(access(path, F_OK) == 0);
	struct stat was, is;
	MUST(stat(checkpoint, &was));
	publish(l);
	OKF(stat(checkpoint, &is) == 0 && is.st_ino == was.st_ino, "nothing new, nothing written");
	qa_log_close(l);
}

static void
append(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n || close(fd))
		exit(99);
}

/* What lies behind the last good block is nobody's. */
static void
test_torn(void)
{
	struct stat one, two;
	struct qa_log *l;
	int bad = 0;

	fresh();
	l = opened(false);
	commit(l, 10);
	MUST(stat(edge, &one));
	commit(l, 7);
	MUST(stat(edge, &two));
	qa_log_close(l);
	struct qa_buf all = QA_BUF(1 << 20);
	MUST(qa_slurp(AT_FDCWD, edge, &all, &test_err) != 1);
	OK(all.n == (size_t)two.st_size && two.st_size - one.st_size == QA_EDGE_BLOCK + 7 * 32);
	for (off_t cut = one.st_size; cut < two.st_size; cut += 5) {
		MUST(truncate(edge, cut));
		bad += size() != 10;
		append(edge, all.p + cut, all.n - (size_t)cut);
		bad += size() != 17;
	}
	for (size_t i = (size_t)one.st_size; i < all.n; i++) {
		int fd = open(edge, O_WRONLY);
		unsigned char c = all.p[i] ^ 4;

		bad += pwrite(fd, &c, 1, (off_t)i) != 1 || size() != 10 || pwrite(fd, all.p + i, 1, (off_t)i) != 1;
		close(fd);
	}
	OKF(bad == 0 && size() == 17, "a block that is cut or damaged does not count");
	MUST(truncate(edge, two.st_size - 1));
	l = opened(false);
	OK(holds(l, 10));
	commit(l, 3);
	OKF(holds(l, 13) && stat(edge, &two) == 0 && two.st_size == one.st_size + QA_EDGE_BLOCK + 3 * 32, "the next block takes the torn one's place");
	qa_log_close(l);
	append(edge, "rubbish behind", 14);
	l = opened(false);
	OK(holds(l, 13));
	qa_log_close(l);
	qa_buf_free(&all);
}

/* Without a good edge the log is not guessed. */
static void
test_missing(void)
{
	struct qa_log *l;
	struct stat st;
	unsigned char salt[2][16];
	int fd;

	fresh();
	l = opened(false);
	commit(l, 20);
	MUST(stat(edge, &st));
	commit(l, 5);
	publish(l);
	qa_log_close(l);
	struct qa_buf all = QA_BUF(1 << 20);
	MUST(qa_slurp(AT_FDCWD, edge, &all, &test_err) != 1);

	MUST(truncate(edge, st.st_size));
	OKF(qa_log_open(test_home, TEST_DOMAIN, false, &l, &test_err) == -1 && errno == ENODATA, "an edge behind the checkpoint: %s",
	    test_err.text);
	MUST(truncate(edge, 30));
	OKF(qa_log_open(test_home, TEST_DOMAIN, false, &l, &test_err) == -1 && errno == ENODATA, "half a header: %s", test_err.text);
	unlink(edge);
	OKF(qa_log_open(test_home, TEST_DOMAIN, false, &l, &test_err) == -1 && errno == ENODATA, "no edge, but a checkpoint: %s",
	    test_err.text);
	unlink(checkpoint);
	char month[QA_PATH_MAX];
	MUST(qa_home_path(month, test_home, &test_err, QA_HOME_DEPOT "/2026-11", TEST_DOMAIN));
	MUST(mkdir(month, 0700));
	OKF(qa_log_open(test_home, TEST_DOMAIN, false, &l, &test_err) == -1 && errno == ENODATA, "nor without one beside a depot: %s",
	    test_err.text);
	rmdir(month);

	fd = open(edge, O_WRONLY | O_CREAT, 0644);
	if (fd < 0 || write(fd, all.p, all.n) != (ssize_t)all.n)
		exit(99);
	close(fd);
	l = opened(false);
	OK(holds(l, 25));
	qa_log_close(l);
	memcpy(salt[0], all.p + 16, 16);
	l = opened(true);
	OK(holds(l, 25));
	qa_log_close(l);
	qa_buf_clear(&all);
	MUST(qa_slurp(AT_FDCWD, edge, &all, &test_err) != 1);
	memcpy(salt[1], all.p + 16, 16);
	OKF(memcmp(salt[0], salt[1], 16) != 0, "in doubt it is written anew");
	l = opened(false);
	OK(holds(l, 25));
	qa_log_close(l);
	qa_buf_free(&all);
}

static void
test_long(void)
{
	struct qa_log *l;
	struct stat st;

	fresh();
	l = opened(false);
	for (int i = 0; i < 5; i++)
		commit(l, 1000);
	publish(l);
	OK(holds(l, 5000) && signs(5000));
	MUST(stat(edge, &st));
	OKF(st.st_size < 5000 * 32 / 10, "an edge whose leaves are in full tiles is made short: %d bytes", (int)st.st_size);
	commit(l, 200);
	qa_log_close(l);
	l = opened(false);
	OKF(holds(l, 5200), "and goes on");
	publish(l);
	OK(signs(5200));
	qa_log_close(l);
}

static struct qa_sys table;
static bool broken;

static ssize_t
my_pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	if (broken) {
		errno = ENOSPC;
		return -1;
	}
	return qa_sys_real.pwritev(fd, v, count, at);
}

static int
my_fsync(int fd)
{
	if (broken) {
		errno = EIO;
		return -1;
	}
	return qa_sys_real.fsync(fd);
}

static void
test_failing(void)
{
	struct qa_digest h = leaf(5);
	struct qa_syncset set;
	struct qa_log *l;

	fresh();
	table = qa_sys_real;
	table.pwritev = my_pwritev;
	table.fsync = table.fdatasync = my_fsync;
	qa_sys = &table;
	l = opened(false);
	commit(l, 5);
	broken = true;
	qa_syncset_init(&set);
	MUST(qa_log_add(l, &h, &test_err));
	OKF(qa_log_write(l, &set, &test_err) == -1 && test_err.num == ENOSPC, "a full disk: %s", test_err.text);
	OKF(qa_log_doubtful(l), "something may have been written");
	qa_syncset_drop(&set);
	qa_log_close(l);
	broken = false;
	l = opened(true);
	OK(holds(l, 5));
	OKF(!qa_log_doubtful(l), "no doubt when it is open");
	MUST(qa_log_add(l, &h, &test_err));
	MUST(qa_log_write(l, &set, &test_err));
	broken = true;
	OKF(qa_syncset_commit(&set, &test_err) == -1 && qa_log_doubtful(l), "a sync that fails leaves it in doubt");
	qa_log_close(l);
	broken = false;
	qa_sys = &qa_sys_real;
	OKF(size() == 6, "the block may be there all the same");
	l = opened(true);
	OK(holds(l, 6));
	qa_log_close(l);
}

/* From the segments, bit for bit. */
static void
test_rebuild(void)
{
	struct qa_digest root;
	struct qa_log *l;
	char keep[400], tiles[QA_PATH_MAX];

	if (run("rm", "-rf", test_home, NULL))
		exit(99);
	for (unsigned i = 0; i < 270; i += 90)
		test_file(test_home, i, i + 90, test_time(2026, i % 180 ? 10 : 11, 9));
	l = opened(false);
	root = qa_log_root(l);
	OK(qa_log_committed(l) == 270);
	qa_log_close(l);
	snprintf(keep, sizeof keep, "%s/keep", test_root);
	MUST(qa_home_path(tiles, logs, &test_err, "tile"));
	OK(run("cp", "-a", tiles, keep, NULL) == 0 && run("rm", "-rf", tiles, NULL) == 0);
	unlink(edge);
	OK(qa_log_rebuild(test_home, TEST_DOMAIN, &test_err) == 0);
	l = opened(false);
	struct qa_digest is = qa_log_root(l);
	OK(qa_log_committed(l) == 270 && qa_digest_eq(&is, &root));
	qa_log_close(l);
	snprintf(keep, sizeof keep, "%s/keep/0/000", test_root);
	MUST(qa_home_path(tiles, logs, &test_err, "tile/0/000"));
	OKF(run("cmp", keep, tiles, NULL) == 0, "the full tile is the same");

	/* a month is gone: the log that was signed cannot be made */
	char month[QA_PATH_MAX];
	MUST(qa_home_path(month, test_home, &test_err, QA_HOME_DEPOT "/2026-10", TEST_DOMAIN));
	OK(run("rm", "-rf", month, NULL) == 0);
	unlink(edge);
	OKF(qa_log_rebuild(test_home, TEST_DOMAIN, &test_err) == -1 && errno == EBADMSG && access(edge, F_OK) != 0, "%s",
	    test_err.text);
}

int
main(void)
{
	test_begin();
	MUST(qa_home_path(logs, test_home, &test_err, QA_HOME_LOG, TEST_DOMAIN));
	MUST(qa_home_path(edge, logs, &test_err, "edge"));
	MUST(qa_home_path(checkpoint, logs, &test_err, "checkpoint"));
	test_grows();
	test_torn();
	test_missing();
	test_long();
	test_failing();
	test_rebuild();
	return test_end();
}
