#include "store/testing.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* The sanitizer's shadow is memory too: it is not measured there. */
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static struct qa_err err;

static void
test_add_and_read(void)
{
	struct home h;
	struct qa_partition *p;
	struct qa_entry e;

	home_make(&h);
	OKF(qa_partition_read(&h.w, &p, &err) == 0, "no partition yet");
	p = home_writer(&h, 0);
	OK(qa_partition_entries(p) == 0 && qa_partition_flush(p, 0, &err) == 0);
	OK(round_of(p, 0, 100, &err) == 0 && qa_partition_entries(p) == 100);
	OK(round_of(p, 100, 101, &err) == 0);
	for (uint32_t k = 101; k < 120; k++)
		if (round_of(p, k, k + 1, &err))
			exit(99);
	OKF(same_many(p, 120) == 120, "a writer reads what it flushed");
	struct qa_partition *r = home_reader(&h);
	OK(qa_partition_entries(r) == 120 && same_many(r, 120) == 120);
	OK(qa_partition_entry(r, 0, &e, &err) == 0 && qa_partition_entry(r, 121, &e, &err) == 0);
	OK(qa_partition_entry(r, 50, &e, &err) == 1 && e.leaf == 49);
	OK(qa_partition_items(r) == qa_partition_items(p));
	qa_partition_close(p);
	qa_partition_close(r);
	p = home_writer(&h, 120);
	OK(qa_partition_entries(p) == 120 && same_many(p, 120) == 120);
	OK(round_of(p, 120, 150, &err) == 0);
	qa_partition_close(p);
	r = home_reader(&h);
	OK(qa_partition_entries(r) == 150 && same_many(r, 150) == 150);
	qa_partition_close(r);

	qa_month *v;
	size_t n;
	OK(qa_partition_list(h.depot, &v, &n, &err) == 0 && n == 1 && v[0] == h.w.month);
	free(v);
	home_free(&h);
}

static int
find(struct qa_partition *p, uint32_t k, int what)
{
	uint64_t n = 0;
	struct made m;
	int rc;

	make_message(&m, k);
	if (what == 0)
		rc = qa_partition_find_id(p, &m.e.id, &n, &err);
	else if (what == 1)
		rc = qa_partition_find_message(p, &m.e.digest, &n, &err);
	else {
		/* make_message puts two trace fields before every third */
		struct qa_digest d = m.e.digest;
		if (k % 3 == 0 && m.p) {
			const unsigned char *s = memmem(m.p, m.n, "Subject", 7);
			d = qa_sha256_of(qa_span_of(s, (size_t)(m.p + m.n - s)));
		}
		rc = qa_partition_find_rest(p, &d, &n, &err);
	}
	bool has = m.e.has_message;
	made_free(&m);
	if (what && !has)
		return rc == 0;
	return rc == 1 && n == k + 1;
}

static void
test_find(void)
{
	struct home h;
	uint64_t n;
	int bad = 0;

	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
	if (round_of(p, 0, 200, &err) || add_many(p, 200, 250, &err))
		exit(99);
	for (uint32_t k = 0; k < 250; k++)
		for (int what = 0; what < 3; what++)
			bad += !find(p, k, what);
	OKF(bad == 0, "flushed and waiting entries are found");
	for (uint32_t k = 250; k < 300; k++) {
		struct made m;

		make_message(&m, k);
		bad += qa_partition_find_id(p, &m.e.id, &n, &err) != 0;
		if (m.e.has_message)
			bad += qa_partition_find_message(p, &m.e.digest, &n, &err) != 0 ||
			       qa_partition_find_rest(p, &m.e.digest, &n, &err) != 0;
		made_free(&m);
	}
	OKF(bad == 0, "others are not");
	if (flush_and_sync(p, 200, &err))
		exit(99);
	qa_partition_close(p);
	p = home_writer(&h, 250);
	for (uint32_t k = 0; k < 250; k++)
		for (int what = 0; what < 3; what++)
			bad += !find(p, k, what);
	OKF(bad == 0, "after opening again");
	qa_partition_close(p);
	char known[400];
	snprintf(known, sizeof known, "%s/known-2026-11", h.var);
	OK(unlink(known) == 0);
	p = home_writer(&h, 250);
	for (uint32_t k = 0; k < 250; k++)
		for (int what = 0; what < 3; what++)
			bad += !find(p, k, what);
	OKF(bad == 0, "without the cache");
	struct qa_partition *r = home_reader(&h);
	struct qa_id id = {{1}};
	OKF(qa_partition_find_id(r, &id, &n, &err) == -1 && errno == EBADF, "readers do not look for ids");
	qa_partition_close(r);
	qa_partition_close(p);
	home_free(&h);
}

static void
test_dedupe(void)
{
	struct home h;
	struct qa_buf a = QA_BUF(0), b = QA_BUF(0), c = QA_BUF(0);
	struct made m;
	uint64_t n;

	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
	/* the same rest behind two traces; the same part in another message */
	if (qa_buf_addstr(&a, "Received: one\nSubject: x\n\n"))
		exit(99);
	put_base64(&a, 5, 300000, 76, "\n");
	if (qa_buf_addstr(&b, "Received: two\nDelivered-To: y\n") || qa_buf_add(&b, a.p + 14, a.n - 14))
		exit(99);
	if (qa_buf_addstr(&c, "Subject: another\n\n"))
		exit(99);
	put_base64(&c, 5, 300000, 76, "\n");
	if (qa_buf_addstr(&c, "\nend"))
		exit(99);
	struct qa_buf *all[] = {&a, &b, &c, &a};
	for (uint32_t i = 0; i < 4; i++) {
		entry_of(&m, qa_buf_span(all[i]), i);
		if (qa_partition_add(p, &m.e, &n, &err))
			exit(99);
	}
	OKF(qa_partition_items(p) == 3, "a part, two rests: 3 items for 4 messages in one round");
	OK(flush_and_sync(p, 0, &err) == 0);
	uint64_t size = home_size(&h, "segment-000001.0");
	for (uint32_t i = 0; i < 4; i++) {
		entry_of(&m, qa_buf_span(all[i]), 10 + i);
		if (qa_partition_add(p, &m.e, &n, &err))
			exit(99);
	}
	OK(flush_and_sync(p, 4, &err) == 0 && qa_partition_items(p) == 3);
	OKF(home_size(&h, "segment-000001.0") < size + 1200, "what is known adds its entries only");
	struct qa_partition *r = home_reader(&h);
	int bad = 0;
	for (uint32_t i = 0; i < 8; i++) {
		struct qa_buf got = QA_BUF(0);
		struct qa_entry e;

		bad += qa_partition_entry(r, i + 1, &e, &err) != 1 || qa_partition_message_buf(r, &e, &got, &err) ||
		       !qa_span_eq(qa_buf_span(&got), qa_buf_span(all[i % 4]));
		qa_buf_free(&got);
	}
	OKF(bad == 0, "all come out as they were");
	qa_partition_close(r);

	/* a part and a rest of the same bytes are two items */
	struct qa_buf d = QA_BUF(0);
	if (qa_buf_addstr(&d, ""))
		exit(99);
	for (int i = 0; i < 3072; i++)
		if (qa_buf_addc(&d, (unsigned char)(i * 7)))
			exit(99);
	struct qa_buf f = QA_BUF(0);
	static const char letter[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < 3072; i += 3) {
		uint32_t v = (uint32_t)d.p[i] << 16 | (uint32_t)d.p[i + 1] << 8 | d.p[i + 2];
		char l[5] = {letter[v >> 18], letter[v >> 12 & 63], letter[v >> 6 & 63], letter[v & 63], 0};

		if (qa_buf_addstr(&f, l) || (i / 3 % 19 == 18 && qa_buf_addc(&f, '\n')))
			exit(99);
	}
	entry_of(&m, qa_buf_span(&f), 50);
	if (qa_partition_add(p, &m.e, &n, &err))
		exit(99);
	entry_of(&m, qa_buf_span(&d), 51);
	if (qa_partition_add(p, &m.e, &n, &err) || flush_and_sync(p, 8, &err))
		exit(99);
	OK(qa_partition_items(p) == 6);
	r = home_reader(&h);
	struct qa_entry e;
	struct qa_buf got = QA_BUF(0);
	OK(qa_partition_entry(r, 9, &e, &err) == 1 && qa_partition_message_buf(r, &e, &got, &err) == 0 &&
	   qa_span_eq(qa_buf_span(&got), qa_buf_span(&f)));
	got.n = 0;
	OK(qa_partition_entry(r, 10, &e, &err) == 1 && qa_partition_message_buf(r, &e, &got, &err) == 0 &&
	   qa_span_eq(qa_buf_span(&got), qa_buf_span(&d)));
	got.limit = 10;
	got.n = 0;
	OKF(qa_partition_message_buf(r, &e, &got, &err) == -1 && errno == EOVERFLOW && got.n == 0,
	    "a buffer's limit is an error");
	qa_partition_close(r);
	qa_partition_close(p);
	qa_buf_free(&a);
	qa_buf_free(&b);
	qa_buf_free(&c);
	qa_buf_free(&d);
	qa_buf_free(&f);
	qa_buf_free(&got);
	home_free(&h);
}

static void
test_refused(void)
{
	struct home h;
	struct made m;
	uint64_t n;

	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
	make_message(&m, 1);
	m.e.digest.b[3] ^= 1;
	OKF(qa_partition_add(p, &m.e, &n, &err) == -1 && errno == EBADMSG, "another digest is refused");
	m.e.digest.b[3] ^= 1;
	OK(qa_partition_add(p, &m.e, &n, &err) == 0 && n == 1);
	m.e.message.n = QA_MESSAGE_MAX + 1;
	OKF(qa_partition_add(p, &m.e, &n, &err) == -1 && errno == EFBIG, "over 1 GiB is refused");
	OK(flush_and_sync(p, 0, &err) == 0);
	made_free(&m);
	qa_partition_close(p);
	struct qa_partition *r = home_reader(&h);
	OK(same(r, 1, 1));
	OK(qa_partition_add(r, &m.e, &n, &err) == -1 && errno == EBADF);
	OK(qa_partition_rollback(r, 0, &err) == -1);
	qa_partition_close(r);
	home_free(&h);
}

/* Odd messages: empty, trace only, no line end, large fields, a large trace. */
static void
test_odd(void)
{
	struct home h;
	struct made m;
	uint64_t n;
	size_t big = 3 << 20;
	unsigned char *fields = malloc(big);
	struct qa_buf trace = QA_BUF(0);
	struct qa_partition *p;

	home_make(&h);
	p = home_writer(&h, 0);
	while (trace.n < 1500000)
		if (qa_buf_addf(&trace, "Received: from %zu\n", trace.n))
			exit(99);
	if (qa_buf_addstr(&trace, "\nbody"))
		exit(99);
	for (size_t i = 0; i < big; i++)
		fields[i] = (unsigned char)(i * i >> 7);
	qa_span message[] = {qa_span_str(""), qa_span_str("Received: x\n"), qa_span_str("x"), qa_buf_span(&trace),
			     qa_span_cut(qa_buf_span(&trace), 0, 900000), qa_buf_span(&trace), qa_span_str("y")};
	size_t count = sizeof message / sizeof *message;
	for (uint32_t i = 0; i < count; i++) {
		entry_of(&m, message[i], i);
		m.e.has_message = true;
		if (i == 4)
			m.e.fields = qa_span_of(fields, 300000);
		if (i >= 5) {
			memcpy(fields, m.fields, 32);
			qa_le16_put(fields + 32, 40);
			qa_le32_put(fields + 34, (uint32_t)big - 38);
			m.e.fields = qa_span_of(fields, big);
		}
		if (qa_partition_add(p, &m.e, &n, &err))
			printf("# %s\n", err.text);
		OK(n == i + 1);
		if (i >= 5) {
			OKF(qa_partition_find_id(p, &m.e.id, &n, &err) == 1 && n == i + 1, "found by its id");
		}
		OK(flush_and_sync(p, i, &err) == 0);
	}
	qa_partition_close(p);
	p = home_writer(&h, count);
	OK(qa_partition_entries(p) == count);
	qa_partition_close(p);
	p = home_reader(&h);
	for (uint32_t i = 0; i < count; i++) {
		struct qa_buf got = QA_BUF(0);
		struct qa_entry e;

		OK(qa_partition_entry(p, i + 1, &e, &err) == 1 && e.has_message && e.size == message[i].n);
		if (i == 4)
			OK(e.fields.n == 300000 && e.trace.n == 0);
		if (i >= 5)
			OK(e.fields.n == big && memcmp(e.fields.p + 100, fields + 100, big - 100) == 0);
		OK(qa_partition_message_buf(p, &e, &got, &err) == 0 && qa_span_eq(qa_buf_span(&got), message[i]));
		qa_buf_free(&got);
	}
	struct findings f = {0};
	OK(qa_partition_check(p, UINT64_MAX, note_finding, NULL, &f, &err) == 0 && f.n == 0 && f.tail == 0);
	qa_partition_close(p);
	free(fields);
	qa_buf_free(&trace);
	home_free(&h);
}

/* ---- large ---- */

struct compare {
	const unsigned char *p;
	size_t n, done;
	int bad;
};

static int
compare(void *ctx, qa_span piece)
{
	struct compare *c = ctx;

	c->bad |= piece.n > c->n - c->done || memcmp(c->p + c->done, piece.p, piece.n) != 0;
	c->done += piece.n;
	return c->bad ? -1 : 0;
}

static int
stop_at_once(void *ctx, qa_span piece)
{
	(void)ctx;
	(void)piece;
	errno = EPIPE;
	return -1;
}

/* Anonymous memory of this process in KiB. */
static long
memory(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	long n = -1;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "RssAnon: %ld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

/* 64 MiB, half of it one part, in a file that is mapped. */
static void
test_large(void)
{
	struct home h;
	struct made m;
	char path[400];
	size_t n = 0, size = 64 << 20;
	uint64_t number;

	home_make(&h);
	snprintf(path, sizeof path, "%s/message", h.root);
	FILE *f = fopen(path, "w");
	if (!f)
		exit(99);
	n += (size_t)fprintf(f, "Received: x\nSubject: large\n\n");
	for (uint32_t x = 7; n < size / 4;)
		n += (size_t)fprintf(f, "text %08x %zu\n", x = mix(x), n);
	for (uint32_t x = 9; n < size * 3 / 4; n += 61) {
		char line[62];

		for (int i = 0; i < 60; i++)
			line[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(x = mix(x)) & 63];
		line[60] = '\n';
		if (fwrite(line, 1, 61, f) != 61)
			exit(99);
	}
	for (uint32_t x = 7; n < size;)
		n += (size_t)fprintf(f, "more %08x %zu\n", x = mix(x), n);
	fclose(f);
	int fd = open(path, O_RDONLY);
	unsigned char *map = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		exit(99);
	entry_of(&m, qa_span_of(map, n), 1);

	struct qa_partition *p = home_writer(&h, 0);
	long before = memory();
	OK(qa_partition_add(p, &m.e, &number, &err) == 0 && flush_and_sync(p, 0, &err) == 0);
	long after = memory();
	OKF(SANITIZED || after - before < 8 << 10, "%ld KiB of memory to write %zu MiB", after - before, n >> 20);
	OK(qa_partition_items(p) == 2);
	qa_partition_close(p);
	p = home_reader(&h);
	struct compare c = {map, n, 0, 0};
	struct qa_entry e;
	before = memory();
	OK(qa_partition_entry(p, 1, &e, &err) == 1 && qa_partition_message(p, &e, compare, &c, &err) == 0 && c.done == n);
	after = memory();
	OKF(SANITIZED || after - before < 8 << 10, "%ld KiB to read it", after - before);
	OKF(qa_partition_message(p, &e, stop_at_once, NULL, &err) == -1 && errno == EPIPE, "a sink may stop");
	struct findings found = {0};
	OK(qa_partition_check(p, UINT64_MAX, note_finding, NULL, &found, &err) == 0);
	qa_partition_close(p);
	OK(qa_seal_whole(&h.w, 1, NULL, NULL, &err) == 1);
	p = home_reader(&h);
	c.done = 0;
	OK(qa_partition_entry(p, 1, &e, &err) == 1 && qa_partition_message(p, &e, compare, &c, &err) == 0 && c.done == n);
	qa_partition_close(p);
	munmap(map, n);
	home_free(&h);
}

/* ---- a reader beside a writer ---- */

static void
test_beside(void)
{
	struct home h;
	int bad = 0, status;

	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
	if (round_of(p, 0, 3, &err))
		exit(99);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		qa_partition_close(p);
		p = home_writer(&h, 3);
		for (uint32_t k = 3; k < 603; k += 3)
			if (round_of(p, k, k + 3, &err))
				_exit(1);
		qa_partition_close(p);
		_exit(0);
	}
	for (uint64_t n = 0; n < 603;) {
		struct qa_partition *r = home_reader(&h);
		uint64_t now = qa_partition_entries(r);

		bad += now < n || now % 3 != 0;
		for (uint64_t i = n ? n : 1; i <= now; i++)
			bad += !same(r, i, (uint32_t)i - 1);
		n = now;
		qa_partition_close(r);
	}
	OK(waitpid(pid, &status, 0) == pid && status == 0);
	OKF(bad == 0, "each look shows whole rounds, all readable");
	qa_partition_close(p);
	home_free(&h);
}

int
main(void)
{
	test_add_and_read();
	test_find();
	test_dedupe();
	test_refused();
	test_odd();
	test_large();
	test_beside();
	return done();
}
