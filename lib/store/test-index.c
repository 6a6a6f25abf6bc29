#include "store/index.h"
#include "store/known.h"
#include "store/manifest.h"
#include "store/testing.h"

#include <fcntl.h>

static struct home h;

static void
rec_of(uint64_t n, unsigned char out[QA_ENTRY_REC])
{
	struct qa_entry_rec r = {1, (uint32_t)n, n * 100, n - 1, "idididi", "digests"};

	qa_entry_rec_put(&r, out);
}

static int
holds(struct qa_index *x, uint64_t from, uint64_t to)
{
	unsigned char a[QA_ENTRY_REC], b[QA_ENTRY_REC];

	for (uint64_t n = from; n <= to; n++) {
		rec_of(n, a);
		if (qa_index_get(x, n, b, NULL) != 1 || memcmp(a, b, sizeof a) != 0)
			return 0;
	}
	return 1;
}

static int
append(struct qa_index *x, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		unsigned char r[QA_ENTRY_REC];

		rec_of(x->total + 1, r);
		if (qa_index_append(x, r, 1, NULL))
			return -1;
	}
	return 0;
}

static void
test_index(void)
{
	char path[400];
	struct qa_index x;
	struct qa_err err;
	unsigned char r[QA_ENTRY_REC];

	snprintf(path, sizeof path, "%s/e.idx", h.root);
	OKF(qa_index_open(&x, path, QA_ENTRY_REC, 24322, false, &err) == 0 && x.total == 0, "no file is an empty index");
	qa_index_close(&x);
	OK(qa_index_open(&x, path, QA_ENTRY_REC, 24322, true, &err) == 0 && x.synced == 0);
	OK(append(&x, 1000) == 0 && x.total == 1000 && holds(&x, 1, 1000));
	OK(qa_index_get(&x, 0, r, &err) == 0 && qa_index_get(&x, 1001, r, &err) == 0);
	OK(qa_index_sync(&x, 600, &err) == 0 && x.synced == 600);
	qa_index_close(&x);

	OK(qa_index_open(&x, path, QA_ENTRY_REC, 24322, false, &err) == 0);
	OKF(x.total == 600 && holds(&x, 1, 600), "a reader trusts what is synced");
	rec_of(602, r);
	OK(qa_index_tail(&x, 602, r, &err) == 0 && x.total == 602 && holds(&x, 602, 602));
	OKF(qa_index_get(&x, 601, r, &err) == 1 && qa_le32_get(r) == 0, "a hole is zeros");
	rec_of(601, r);
	OK(qa_index_tail(&x, 601, r, &err) == 0 && holds(&x, 1, 602));
	qa_index_close(&x);

	OK(qa_index_open(&x, path, QA_ENTRY_REC, 24322, true, &err) == 0 && x.total == 600);
	OK(append(&x, 100) == 0 && qa_index_sync(&x, 700, &err) == 0 && append(&x, 100) == 0 &&
	   qa_index_sync(&x, 800, &err) == 0);
	qa_index_cut(&x, 750);
	OK(x.total == 750 && qa_index_get(&x, 751, r, &err) == 0);
	OK(append(&x, 150) == 0 && qa_index_sync(&x, 900, &err) == 0 && holds(&x, 1, 900));
	qa_index_close(&x);

	/* any flipped bit of the header leaves a count that is true, or none */
	int fd = open(path, O_RDWR), bad = 0;
	unsigned char head[QA_INDEX_HEAD], one;
	if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head)
		exit(99);
	for (unsigned i = 0; i < sizeof head * 8; i++) {
		uint64_t claims = 1;

		one = (unsigned char)(head[i / 8] ^ 1 << i % 8);
		if (pwrite(fd, &one, 1, i / 8) != 1 || qa_index_open(&x, path, QA_ENTRY_REC, 24322, false, &err))
			exit(99);
		bad += x.total != 0 && x.total != 800 && x.total != 900;
		bad += qa_index_claims(&x, &claims, &err) != 0;
		qa_index_close(&x);
		if (pwrite(fd, head + i / 8, 1, i / 8) != 1)
			exit(99);
	}
	OK(bad == 0);
	OK(qa_index_open(&x, path, QA_ITEM_REC, 24322, false, &err) == 0 && x.total == 0);
	qa_index_close(&x);
	OK(qa_index_open(&x, path, QA_ENTRY_REC, 24323, false, &err) == 0 && x.total == 0);
	qa_index_close(&x);
	if (ftruncate(fd, QA_INDEX_HEAD + 799 * QA_ENTRY_REC))
		exit(99);
	OKF(qa_index_open(&x, path, QA_ENTRY_REC, 24322, false, &err) == 0 && x.total == 0,
	    "a file shorter than it claims is not trusted");
	qa_index_close(&x);
	close(fd);
}

static int
knows(struct qa_known *k, enum qa_known_kind kind, uint64_t n)
{
	struct qa_known_walk w;
	unsigned char key[8];
	uint64_t got;

	qa_le64_put(key, n * UINT64_C(0x123456789abcdef1));
	qa_known_start(k, kind, key, &w);
	while (qa_known_next(k, &w, &got, NULL) == 1)
		if (got == n)
			return 1;
	return 0;
}

static int
know(struct qa_known *k, enum qa_known_kind kind, uint64_t n)
{
	unsigned char key[8];

	qa_le64_put(key, n * UINT64_C(0x123456789abcdef1));
	return qa_known_add(k, kind, key, n, NULL);
}

static void
test_known(void)
{
	enum { MANY = 50000 };
	char path[400];
	struct qa_known k;
	struct qa_known_mark mark = {.entries = MANY, .items = 7, .id = "ididid", .salt = "salt"};
	struct qa_err err;
	int bad = 0;

	snprintf(path, sizeof path, "%s/known", h.root);
	OK(qa_known_open(&k, path, 24322, 0, &err) == 0 && k.bits == 8);
	for (uint64_t n = 1; n <= MANY; n++)
		bad += know(&k, n % 2 ? QA_KNOWN_ID : QA_KNOWN_ITEM, n) != 0;
	OKF(bad == 0 && k.used == MANY, "%d keys are added, the table has grown to 2^%u", MANY, k.bits);
	for (uint64_t n = 1; n <= MANY; n++)
		bad += !knows(&k, n % 2 ? QA_KNOWN_ID : QA_KNOWN_ITEM, n) || knows(&k, QA_KNOWN_MESSAGE, n);
	OKF(bad == 0, "and found, under their kind only");
	for (uint64_t n = 1; n <= MANY; n++)
		bad += know(&k, n % 2 ? QA_KNOWN_ID : QA_KNOWN_ITEM, n) != 0;
	OKF(bad == 0 && k.used == MANY, "a key is kept once");
	for (uint64_t n = MANY + 1; n < MANY + 1000; n++)
		bad += knows(&k, QA_KNOWN_ID, n);
	OK(bad == 0);
	OK(qa_known_sync(&k, &mark, &err) == 0);
	qa_known_close(&k);
	OK(qa_known_open(&k, path, 24322, 0, &err) == 0 && memcmp(&k.mark, &mark, sizeof mark) == 0 && k.used == MANY);
	for (uint64_t n = 1; n <= MANY; n++)
		bad += !knows(&k, n % 2 ? QA_KNOWN_ID : QA_KNOWN_ITEM, n);
	OK(bad == 0);
	qa_known_close(&k);

	/* growing depends on the seed of the file */
	for (int table = 0; table < 40; table++) {
		snprintf(path, sizeof path, "%s/known.%d", h.root, table);
		bad += qa_known_open(&k, path, 24322, 0, &err) != 0;
		for (uint64_t n = 1; n <= 2000; n++)
			bad += know(&k, QA_KNOWN_ID, n) != 0;
		bad += k.used != 2000;
		for (uint64_t n = 1; n <= 2000; n++)
			bad += !knows(&k, QA_KNOWN_ID, n);
		qa_known_close(&k);
	}
	OKF(bad == 0, "40 tables of 2,000 keys");
	snprintf(path, sizeof path, "%s/known", h.root);

	/* many entries of one message do not make long chains */
	OK(qa_known_open(&k, path, 24322, 0, &err) == 0);
	unsigned char key[8] = "abcdefg";
	uint64_t before = k.used;
	for (uint64_t n = 1; n <= 1000; n++)
		bad += qa_known_add(&k, QA_KNOWN_MESSAGE, key, n, &err) != 0;
	OK(bad == 0 && k.used - before <= 16);
	qa_known_close(&k);

	int fd = open(path, O_RDWR), kept = 0;
	unsigned char head[128], one;
	if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head)
		exit(99);
	for (unsigned i = 0; i < sizeof head; i += 3) {
		one = head[i] ^ 4;
		if (pwrite(fd, &one, 1, i) != 1)
			exit(99);
		close(fd);
		if (qa_known_open(&k, path, 24322, 0, &err))
			exit(99);
		kept += k.mark.entries != 0 || knows(&k, QA_KNOWN_ID, 1);
		qa_known_close(&k);
		fd = open(path, O_RDWR);
		if (pwrite(fd, head, sizeof head, 0) != (ssize_t)sizeof head)
			exit(99);
	}
	OKF(kept == 0, "a damaged header means an empty table");
	close(fd);
}

static void
test_manifest(void)
{
	struct qa_manifest m = {NULL, 0}, g;
	struct qa_manifest_line l[3] = {{1, 1, QA_SEGMENT_SEALED, 5000, {{9}}}, {2, 0, QA_SEGMENT_CLOSED, 6000, {{0}}},
					{4, 0, QA_SEGMENT_OPEN, 0, {{0}}}};
	struct qa_buf b = QA_BUF(0);
	struct qa_err err;
	int seen = 0;

	for (int i = 0; i < 3; i++)
		if (qa_manifest_add(&m, &l[i]))
			exit(99);
	OK(qa_manifest_put(&m, "example.com", 24322, &b) == 0);
	OK(qa_manifest_get(qa_buf_span(&b), "example.com", 24322, &g, &err) == 0 && g.n == 3 &&
	   memcmp(g.v[0].digest.b, l[0].digest.b, 32) == 0 && g.v[1].size == 6000 && g.v[2].state == QA_SEGMENT_OPEN);
	qa_manifest_free(&g);
	OK(qa_manifest_get(qa_buf_span(&b), "example.org", 24322, &g, &err) == -1 && errno == EBADMSG);
	OK(qa_manifest_get(qa_buf_span(&b), "example.com", 24323, &g, &err) == -1 && errno == EBADMSG);
	for (size_t i = 0; i < b.n * 8; i++) {
		b.p[i / 8] ^= (unsigned char)(1 << i % 8);
		int rc = qa_manifest_get(qa_buf_span(&b), "example.com", 24322, &g, &err);
		if (rc == 0)
			qa_manifest_free(&g);
		seen += rc == -1;
		b.p[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	OKF((size_t)seen == b.n * 8, "every flipped bit is seen");
	seen = 0;
	for (size_t n = 0; n < b.n; n++)
		seen += qa_manifest_get(qa_span_of(b.p, n), "example.com", 24322, &g, &err) == -1;
	OK((size_t)seen == b.n);
	b.n = 0;
	m.v[0].state = QA_SEGMENT_OPEN;
	OK(qa_manifest_put(&m, "example.com", 24322, &b) == 0 &&
	   qa_manifest_get(qa_buf_span(&b), "example.com", 24322, &g, &err) == -1);
	b.n = 0;
	m.v[0].state = QA_SEGMENT_SEALED;
	m.v[1].number = 1;
	OK(qa_manifest_put(&m, "example.com", 24322, &b) == 0 &&
	   qa_manifest_get(qa_buf_span(&b), "example.com", 24322, &g, &err) == -1);
	b.n = m.n = 0;
	OK(qa_manifest_put(&m, "example.com", 24322, &b) == 0 &&
	   qa_manifest_get(qa_buf_span(&b), "example.com", 24322, &g, &err) == 0 && g.n == 0);
	qa_manifest_free(&g);
	/* a newer version says so, also when its text is unknown */
	static const char newer[] = "qmail-archive partition v2\nwhatever\n";
	char text[200];
	struct qa_digest d = qa_sha256_of(qa_span_str(newer));
	int n = snprintf(text, sizeof text, "%ssha256 ", newer);
	for (int i = 0; i < 32; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%02x", d.b[i]);
	snprintf(text + n, sizeof text - (size_t)n, "\n");
	OK(qa_manifest_get(qa_span_str(text), "example.com", 24322, &g, &err) == -1 && errno == ENOTSUP);
	qa_manifest_free(&m);
	qa_buf_free(&b);
}

int
main(void)
{
	home_make(&h);
	test_index();
	test_known();
	test_manifest();
	home_free(&h);
	return done();
}
