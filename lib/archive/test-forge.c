/*
 * Forging: an archive changed by somebody who knows the formats and makes every check right again, but has no key. Checks and
 * indexes are no secret; what must give the change away is the signed log.
 */
#include "archive/key.h"
#include "archive/testing.h"
#include "archive/verify.h"
#include "base/num.h"
#include "store/codec.h"
#include "store/entry.h"
#include "store/segment.h"
#include "tlog/checkpoint.h"

#include <unistd.h>

static uint64_t kinds[QA_T_KINDS];
static char first[600];

static void
found(void *ctx, enum qa_trouble t, const char *text)
{
	(void)ctx;
	if (!first[0] && t != QA_T_NOTE)
		snprintf(first, sizeof first, "%s: %s", qa_trouble_name(t), text);
	kinds[t]++;
}

static int
verify(qa_span since)
{
	struct qa_verify v = {.home = test_home, .domain = TEST_DOMAIN, .deep = true, .settle_ms = 3, .since = since,
			      .found = found};
	struct qa_verify_stats st;

	memset(kinds, 0, sizeof kinds);
	first[0] = 0;
	return qa_verify(&v, &st, &test_err);
}

static const qa_span none;

/* ---- changing ---- */

static const char depot[] = "domain/" TEST_DOMAIN "/depot/2026-10";

static void
path_of(char out[QA_PATH_MAX], const char *name)
{
	MUST(qa_home_path(out, test_home, &test_err, "%s/%s", depot, name));
}

/* The bytes of the first entry in a frame's unpacked payload, which stays as long as it is. */
typedef void change(unsigned char *entry);

static void
untouched(unsigned char *e)
{
	(void)e;
}

static void
purged(unsigned char *e)
{
	e[1] |= 4;
}

/* Nothing of it is left but its place. */
static void
purged_whole(unsigned char *e)
{
	e[1] = 5;
	memset(e + 16, 0, 8);
	memset(e + 40, 0, 64);
}

/* No message any more, but the digest of it, which is all that the leaf is made of; its trace goes where the fields are. */
static void
event(unsigned char *e)
{
	e[1] = 0;
	memset(e + 4, 0, 20);
}

static void
captured(unsigned char *e)
{
	unsigned char *f = e + QA_ENTRY_HEAD + qa_le32_get(e + 4), *end = f + qa_le32_get(e + 32);
	size_t step;

	for (; f < end; f += step) {
		step = 6 + qa_le32_get(f + 2);
		if (qa_le16_get(f) == QA_F_CAPTURED)
			qa_le64_put(f + 6, qa_le64_get(f + 6) - 86400 * QA_SECOND);
	}
}

static void
secret(unsigned char *e)
{
	e[72] ^= 1;
}

/* Without the trace of its first entry, which an event must not have. */
static void
cut_trace(qa_span raw, struct qa_frame *f, unsigned char *dir, struct qa_buf *out)
{
	uint32_t n = qa_le32_get(dir), trace = n - QA_ENTRY_HEAD - qa_le32_get(raw.p + 32);

	qa_le32_put(dir, n - trace);
	if (qa_buf_addspan(out, qa_span_cut(raw, 0, QA_ENTRY_HEAD)) ||
	    qa_buf_addspan(out, qa_span_cut(raw, QA_ENTRY_HEAD + trace, raw.n)))
		exit(99);
	f->raw -= trace;
}

static void
put_file(const char *path, const struct qa_buf *b)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0644);

	if (fd < 0 || write(fd, b->p, b->n) != (ssize_t)b->n || close(fd))
		exit(99);
}

/* The segment of the month again, its first entry changed, each frame with a good check; the indexes go. */
static void
forge(change *fn)
{
	char path[QA_PATH_MAX], index[QA_PATH_MAX];
	struct qa_buf in = QA_BUF(0), out = QA_BUF(0);
	struct qa_segment_head head;
	struct qa_frame f;
	bool done_one = false;

	path_of(path, "segment-000001.0");
	MUST(qa_slurp(AT_FDCWD, path, &in, &test_err) != 1);
	MUST(qa_segment_head_get(in.p, TEST_DOMAIN, path, &head, &test_err));
	if (qa_buf_add(&out, in.p, QA_SEGMENT_HEAD))
		exit(99);
	for (size_t at = QA_SEGMENT_HEAD, size; at + QA_FRAME_HEAD <= in.n && qa_frame_get(in.p + at, &f); at += size) {
		unsigned char *dir = in.p + at + QA_FRAME_HEAD, h[QA_FRAME_HEAD];
		struct qa_buf raw = QA_BUF(0), cut = QA_BUF(0);
		qa_span stored = qa_span_of(dir + f.dir, f.stored);

		size = (size_t)qa_frame_size(&f);
		if (qa_buf_reserve(&raw, f.raw) || qa_buf_reserve(&cut, 1))
			exit(99);
		raw.n = f.raw;
		if (f.codec == QA_ZSTD ? qa_codec_unpack(stored, raw.p, raw.n) : (memcpy(raw.p, stored.p, stored.n), 0))
			exit(99);
		if (f.type == QA_FRAME_ENTRIES && !done_one) {
			done_one = true;
			fn(raw.p);
			if (fn == event) {
				cut_trace(qa_buf_span(&raw), &f, dir, &cut);
				raw.n = 0;
				if (qa_buf_addspan(&raw, qa_buf_span(&cut)))
					exit(99);
			}
		}
		f.codec = QA_STORED;
		f.stored = f.raw;
		qa_frame_put(&f, head.salt, out.n, qa_span_of(dir, f.dir), qa_buf_span(&raw), h);
		if (qa_buf_add(&out, h, sizeof h) || qa_buf_add(&out, dir, f.dir) || qa_buf_addspan(&out, qa_buf_span(&raw)))
			exit(99);
		qa_buf_free(&raw);
		qa_buf_free(&cut);
	}
	if (!done_one)
		exit(99);
	put_file(path, &out);
	path_of(index, "entries.idx");
	unlink(index);
	path_of(index, "items.idx");
	unlink(index);
	qa_buf_free(&in);
	qa_buf_free(&out);
	qa_codec_free();
}

static void
restore(void)
{
	char good[300];

	snprintf(good, sizeof good, "%s/good", test_root);
	if (run("rm", "-rf", test_home, NULL) || run("cp", "-a", good, test_home, NULL))
		exit(99);
}

/* Removes NAME under log/. */
static void
lose(const char *name)
{
	char path[QA_PATH_MAX];

	MUST(qa_home_path(path, test_home, &test_err, "domain/" TEST_DOMAIN "/log/%s", name));
	OK(run("rm", "-r", path, NULL) == 0);
}

/* ---- checkpoints ---- */

/* A checkpoint of SIZE leaves whose root is all ROOT, or that of no leaves, signed by the domain's own key. */
static struct qa_buf
own_checkpoint(uint64_t size, int root)
{
	struct qa_tlog_checkpoint c = {.size = size, .root = qa_sha256_of(qa_span_of(NULL, 0))};
	struct qa_buf b = QA_BUF(1 << 16);
	struct qa_tlog_signer key;

	if (root)
		memset(c.root.b, root, sizeof c.root.b);
	MUST(qa_key_load(test_home, TEST_DOMAIN, &key, &test_err));
	c.origin = qa_span_str(key.key.name);
	MUST(qa_tlog_checkpoint_sign(&b, &c, &key, &test_err));
	qa_tlog_wipe(&key, sizeof key);
	return b;
}

static void
test_checkpoints(void)
{
	struct qa_buf b;

	restore();
	b = own_checkpoint(0, 0);
	OKF(verify(qa_buf_span(&b)) == 0, "every log extends the empty one (%s)", first);
	qa_buf_free(&b);
	b = own_checkpoint(0, 1);
	OKF(verify(qa_buf_span(&b)) == 1 && kinds[QA_T_KEY], "but not with another root (%s)", first);
	qa_buf_free(&b);
	b = own_checkpoint(6, 1);
	OKF(verify(qa_buf_span(&b)) == 1 && kinds[QA_T_FORKED], "equal size, other root (%s)", first);
	qa_buf_free(&b);
}

/* Witnesses may sign with other algorithms, whose signatures are long (doc/format-log.md). */
static void
test_witness(void)
{
	struct qa_buf b = QA_BUF(QA_TLOG_NOTE_MAX);
	char path[QA_PATH_MAX];

	restore();
	MUST(qa_home_path(path, test_home, &test_err, "domain/" TEST_DOMAIN "/log/checkpoint"));
	MUST(qa_slurp(AT_FDCWD, path, &b, &test_err) != 1);
	if (qa_buf_addstr(&b, "\xe2\x80\x94 witness.example "))
		exit(99);
	for (int i = 0; i < 40000; i++)
		if (qa_buf_addstr(&b, "AAAA"))
			exit(99);
	if (qa_buf_addc(&b, '\n'))
		exit(99);
	put_file(path, &b);
	OKF(verify(qa_buf_span(&b)) == 0, "a checkpoint with a long signature of a witness (%s)", first);
	qa_buf_free(&b);
}

/* Tiles beyond all that was committed. */
static void
test_tiles(void)
{
	static const char *const names[] = {"tile/0/000.p/7", "tile/0/001", "tile/1/000.p/1"};
	struct qa_buf b = QA_BUF(0);
	char path[QA_PATH_MAX];

	if (qa_buf_reserve(&b, 8192))
		exit(99);
	memset(b.p, 7, 8192);
	for (int i = 0; i < 3; i++) {
		static const size_t size[] = {7 * 32, 8192, 32};

		restore();
		MUST(qa_home_path(path, test_home, &test_err, "domain/" TEST_DOMAIN "/log/tile/1/000.p"));
		MUST(qa_mkdirs(AT_FDCWD, path, 0755, &test_err));
		MUST(qa_home_path(path, test_home, &test_err, "domain/" TEST_DOMAIN "/log/%s", names[i]));
		b.n = size[i];
		put_file(path, &b);
		OKF(verify(none) == 1 && kinds[QA_T_ADDED] == 1, "%s (%s)", names[i], first);
	}
	qa_buf_free(&b);
}

static void
test_lost(void)
{
	restore();
	lose("checkpoint");
	lose("tile");
	OKF(verify(none) == 1 && kinds[QA_T_MISSING], "neither checkpoint nor tiles (%s)", first);
	lose("edge");
	OKF(verify(none) == 1 && kinds[QA_T_MISSING], "nor an edge (%s)", first);
}

/* Committed, not signed: told, so that nobody takes it for verified. */
static void
test_unsigned(void)
{
	struct qa_writer *w;

	restore();
	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	test_commit(w, 50, 53, test_time(2026, 10, 3));
	qa_writer_close(w);
	OKF(verify(none) == 0 && kinds[QA_T_NOTE] == 1, "leaves that are not signed yet are noted (%s)", first);
}

int
main(void)
{
	static const struct {
		const char *what;
		change *fn;
		enum qa_trouble kind;
	} forged[] = {{"a message marked as purged", purged, QA_T_MISSING},
		      {"and cleared", purged_whole, QA_T_MISSING},
		      {"a message made an event", event, QA_T_DAMAGED},
		      {"a time of capture set back", captured, QA_T_LOG},
		      {"another secret", secret, QA_T_LOG}};
	char good[300];

	test_begin();
	test_file(test_home, 1, 7, test_time(2026, 10, 2));
	snprintf(good, sizeof good, "%s/good", test_root);
	OK(run("cp", "-a", test_home, good, NULL) == 0);
	forge(untouched);
	OKF(verify(none) == 0, "frames written again are as good as the old ones (%s)", first);
	for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
		restore();
		forge(forged[i].fn);
		OKF(verify(none) == 1 && kinds[forged[i].kind], "%s (%s)", forged[i].what, first);
	}
	test_checkpoints();
	test_witness();
	test_tiles();
	test_lost();
	test_unsigned();
	return test_end();
}
