/* Proof files: round trips, every wrong bit, every truncation, limits, and our extra data. */
#include "base/text.h"
#include "tests/tap.h"
#include "tlog/proof.h"
#include "tlog/test-keys.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE 11
#define INDEX 6

static struct qa_err err;
static struct qa_tlog_signer signer;
static struct qa_digest leaves[SIZE];
static const char leaf_text[] = "qmail-archive leaf v1\nleaf 6\n";

static int
serve(void *ctx, unsigned level, uint64_t index, struct qa_digest *out_r, struct qa_err *e)
{
	(void)ctx, (void)e;
	*out_r = qa_tlog_fold(leaves[index << level].b, (size_t)1 << level);
	return 0;
}

static qa_span
nth_leaf(unsigned i, char out[64])
{
	snprintf(out, 64, "qmail-archive leaf v1\nleaf %u\n", i);
	return qa_span_str(out);
}

/* A good proof of leaf INDEX; note holds its checkpoint, extra its extra data. */
static struct qa_tlog_proof
make(struct qa_buf *note, struct qa_buf *extra)
{
	struct qa_tlog_checkpoint c = {qa_span_str(TEST_ORIGIN), SIZE, {{0}}, {NULL, 0}};
	struct qa_tlog_extra x = {.leaf = qa_span_str(leaf_text)};
	struct qa_tlog_proof p = {.index = INDEX};
	char text[64];

	for (unsigned i = 0; i < SIZE; i++)
		leaves[i] = qa_tlog_leaf_hash(nth_leaf(i, text));
	memset(x.message_nonce, 0x4d, sizeof x.message_nonce);
	memset(x.envelope_nonce, 0x45, sizeof x.envelope_nonce);
	if (qa_tlog_signer_scan(qa_span_str(TEST_PRIVATE), &signer, &err) ||
	    qa_tlog_root(SIZE, serve, NULL, &c.root, &err) || qa_tlog_checkpoint_sign(note, &c, &signer, &err) ||
	    qa_tlog_prove_inclusion(INDEX, SIZE, serve, NULL, &p.path, &err) || qa_tlog_extra_add(extra, &x, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	p.extra = qa_buf_span(extra);
	p.checkpoint = qa_buf_span(note);
	return p;
}

static int
check(qa_span file)
{
	struct qa_buf space = QA_BUF(0);
	struct qa_tlog_checkpoint c;
	struct qa_tlog_proof p;
	struct qa_tlog_extra x;
	int rc = qa_tlog_proof_scan(file, &p, &space, &err);

	if (rc == 0 && qa_tlog_extra_scan(p.extra, &x, &err) == 1)
		rc = qa_tlog_proof_check(&p, x.leaf, &signer.key, 1, &c, &err);
	else
		rc = -1;
	qa_buf_free(&space);
	return rc;
}

static void
round_trip(void)
{
	struct qa_buf note = QA_BUF(0), extra = QA_BUF(0), file = QA_BUF(0), again = QA_BUF(0), space = QA_BUF(0);
	struct qa_tlog_proof p = make(&note, &extra), q;
	struct qa_tlog_checkpoint c;
	struct qa_tlog_extra x;
	struct qa_tlog_key other = signer.key;
	unsigned accepted = 0;

	OK(qa_tlog_proof_add(&file, &p, &err) == 0);
	OK(qa_tlog_proof_scan(qa_buf_span(&file), &q, &space, &err) == 0 && q.index == INDEX && q.path.n == p.path.n &&
	   qa_span_eq(q.extra, p.extra) && qa_span_eq(q.checkpoint, p.checkpoint));
	OK(qa_tlog_proof_add(&again, &q, &err) == 0 && qa_span_eq(qa_buf_span(&file), qa_buf_span(&again)));
	OK(qa_tlog_extra_scan(q.extra, &x, &err) == 1 && qa_span_is(x.leaf, leaf_text) && x.message_nonce[31] == 0x4d &&
	   x.envelope_nonce[0] == 0x45);
	OK(qa_tlog_proof_check(&q, x.leaf, &signer.key, 1, &c, &err) == 1 && c.size == SIZE);
	OK(qa_tlog_proof_check(&q, qa_span_str("another leaf"), &signer.key, 1, &c, &err) == -1 && err.num == EBADMSG);
	OK(qa_tlog_proof_check(&q, x.leaf, NULL, 0, &c, &err) == 0);
	other.id++;
	OK(qa_tlog_proof_check(&q, x.leaf, &other, 1, &c, &err) == 0);

	/* The nonces (bytes 16 to 79 of the extra data) and the minor version (10, 11) are not the proof's
	 * to verify; all else is. */
	size_t nonces = sizeof "c2sp.org/tlog-proof@v1\nextra " - 1 + 12 * 4 / 3, end = nonces + 68 * 4 / 3;
	for (size_t i = 0; i < file.n; i++)
		for (int bit = 0; bit < 8 && (i < nonces - 4 || i > end + 4); bit++) {
			file.p[i] ^= (unsigned char)(1 << bit);
			accepted += check(qa_buf_span(&file)) == 1;
			file.p[i] ^= (unsigned char)(1 << bit);
		}
	OKF(accepted == 0, "no wrong bit is accepted (%u were)", accepted);
	for (size_t cut = 0; cut < file.n; cut++)
		accepted += check(qa_span_of(file.p, cut)) != -1;
	OKF(accepted == 0, "no cut file is accepted (%u were)", accepted);
	OK(check(qa_buf_span(&file)) == 1);

	/* without extra data */
	p.extra = qa_span_str("");
	qa_buf_clear(&file);
	OK(qa_tlog_proof_add(&file, &p, &err) == 0 && qa_tlog_proof_scan(qa_buf_span(&file), &q, &space, &err) == 0);
	OK(q.extra.n == 0 && qa_tlog_extra_scan(q.extra, &x, &err) == 0);
	OK(qa_tlog_proof_check(&q, qa_span_str(leaf_text), &signer.key, 1, &c, &err) == 1);

	/* what must not be written */
	qa_buf_clear(&again);
	q = p, q.index++;
	OK(qa_tlog_proof_add(&again, &q, &err) == 0); /* 7 of 11 has a path as long as 6 of 11 */
	qa_buf_clear(&again);
	q = p, q.index = 10;
	OK(qa_tlog_proof_add(&again, &q, &err) == -1 && err.num == EINVAL && again.n == 0);
	q = p, q.index = SIZE;
	OK(qa_tlog_proof_add(&again, &q, &err) == -1 && errno == EINVAL);
	q = p, q.checkpoint = qa_span_str("o\n1\n");
	OK(qa_tlog_proof_add(&again, &q, &err) == -1 && errno == EINVAL);
	struct qa_buf tight = QA_BUF(200);
	OK(qa_tlog_proof_add(&tight, &p, &err) == -1 && err.num == EOVERFLOW && tight.n == 0);
	qa_buf_free(&tight);
	qa_buf_free(&note), qa_buf_free(&extra), qa_buf_free(&file), qa_buf_free(&again), qa_buf_free(&space);
}

/* A proof of leaf INDEX whose parts are as given; good, when they are. */
static int
scan_parts(const char *first, const char *extra, const char *index, const char *hashes, qa_span note)
{
	struct qa_buf b = QA_BUF(0), space = QA_BUF(0);
	struct qa_tlog_proof p;
	int rc = qa_buf_addf(&b, "%s%s%s%s\n", first, extra, index, hashes) || qa_buf_addspan(&b, note) ? 1 : 0;

	if (rc == 0)
		rc = qa_tlog_proof_scan(qa_buf_span(&b), &p, &space, &err);
	qa_buf_free(&b);
	qa_buf_free(&space);
	return rc;
}

static void
strict(void)
{
	static const char *const extras[] = {"extra \n", "extra\n", "extra  QUJD\n", "extra QUJD \n", "extra QUI\n",
					     "extra QUJ=\n", "extra QUJD\nextra QUJD\n", "Extra QUJD\n", "\n"};
	static const char *const indexes[] = {"", "index\n", "index \n", "index 06\n", "index +6\n", "index 6 \n", "index  6\n",
					      "index 11\n", "index 12\n", "index 10\n", "index 99999999999999999999\n", "Index 6\n",
					      "index 6\nindex 6\n"};
	static const char *const firsts[] = {"", "c2sp.org/tlog-proof@v2\n", "c2sp.org/tlog-proof@v1 \n",
					     "c2sp.org/tlog-proof@v1\r\n", "\nc2sp.org/tlog-proof@v1\n"};
	const char *first = "c2sp.org/tlog-proof@v1\n", *h = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	struct qa_buf note = QA_BUF(0), extra = QA_BUF(0), hs = QA_BUF(0);
	int rc = 0;

	make(&note, &extra);
	for (int i = 0; i < 4; i++)
		rc |= qa_buf_addstr(&hs, h);
	char four[4 * 45 + 1];
	snprintf(four, sizeof four, "%.*s", (int)hs.n, (const char *)hs.p);
	OK(rc == 0 && scan_parts(first, "", "index 6\n", four, qa_buf_span(&note)) == 0);
	OK(scan_parts(first, "extra QUJD\n", "index 6\n", four, qa_buf_span(&note)) == 0);
	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
		OK(scan_parts(firsts[i], "", "index 6\n", four, qa_buf_span(&note)) == -1 && err.num == EPROTO);
	for (size_t i = 0; i < sizeof extras / sizeof *extras; i++)
		OK(scan_parts(first, extras[i], "index 6\n", four, qa_buf_span(&note)) == -1 && err.num == EPROTO);
	for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
		OKF(scan_parts(first, "", indexes[i], four, qa_buf_span(&note)) == -1 && err.num == EPROTO,
		    "index %zu (%s)", i, err.text);
	OK(scan_parts(first, "", "index 6\n", four + strlen(h), qa_buf_span(&note)) == -1);
	OK(scan_parts(first, "", "index 6\n", "", qa_buf_span(&note)) == -1);
	OK(qa_buf_addstr(&hs, "AAAA\n") == 0 &&
	   scan_parts(first, "", "index 6\n", qa_buf_cstr(&hs), qa_buf_span(&note)) == -1);
	for (int i = 0; i < 70; i++)
		rc |= qa_buf_addstr(&hs, h);
	OK(rc == 0 && scan_parts(first, "", "index 6\n", qa_buf_cstr(&hs), qa_buf_span(&note)) == -1);
	OK(scan_parts(first, "", "index 6\n", four, qa_span_str("o\n1\n")) == -1);
	OK(scan_parts(first, "", "index 6\n", four, qa_span_str("")) == -1);

	/* the largest extra line, and one byte more */
	struct qa_buf raw = QA_BUF(0), file = QA_BUF(0), space = QA_BUF(0);
	struct qa_tlog_proof p = make((qa_buf_clear(&note), &note), (qa_buf_clear(&extra), &extra)), q;
	while (rc == 0 && raw.n < QA_TLOG_EXTRA_MAX)
		rc = qa_buf_addc(&raw, 'x');
	p.extra = qa_buf_span(&raw);
	OK(rc == 0 && qa_tlog_proof_add(&file, &p, &err) == 0 && qa_tlog_proof_scan(qa_buf_span(&file), &q, &space, &err) == 0);
	OK(qa_buf_addc(&raw, 'x') == 0);
	p.extra = qa_buf_span(&raw);
	OK(qa_tlog_proof_add(&file, &p, &err) == -1);
	qa_buf_clear(&file);
	OK(qa_buf_addstr(&file, "c2sp.org/tlog-proof@v1\nextra ") == 0 && qa_base64_add(&file, p.extra) == 0 &&
	   qa_buf_addstr(&file, "\nindex 6\n") == 0 && qa_buf_addstr(&file, four) == 0);
	OK(qa_tlog_proof_scan(qa_buf_span(&file), &q, &space, &err) == -1 && strstr(err.text, "too large"));
	while (rc == 0 && file.n <= QA_TLOG_PROOF_FILE_MAX)
		rc = qa_buf_addc(&file, 'x');
	OK(qa_tlog_proof_scan(qa_buf_span(&file), &q, &space, &err) == -1 && strstr(err.text, "too large"));
	qa_buf_free(&raw), qa_buf_free(&file), qa_buf_free(&space);
	qa_buf_free(&note), qa_buf_free(&extra), qa_buf_free(&hs);
}

static void
extra_data(void)
{
	struct qa_tlog_extra x = {.leaf = qa_span_str("leaf")}, y;
	struct qa_buf b = QA_BUF(0);
	unsigned char longest[QA_TLOG_LEAF_MAX + 1] = {0};

	OK(qa_tlog_extra_add(&b, &x, &err) == 0 && b.n == 84);
	OK(qa_tlog_extra_scan(qa_buf_span(&b), &y, &err) == 1 && qa_span_is(y.leaf, "leaf"));
	for (size_t cut = 8; cut < b.n; cut++)
		OKF(qa_tlog_extra_scan(qa_span_of(b.p, cut), &y, &err) == -1 && err.num == EPROTO, "cut at %zu", cut);
	OK(qa_tlog_extra_scan(qa_span_of(b.p, 7), &y, &err) == 0);
	b.p[14] = 1;
	OK(qa_tlog_extra_scan(qa_buf_span(&b), &y, &err) == -1);
	b.p[14] = 0, b.p[8] = 2;
	OKF(qa_tlog_extra_scan(qa_buf_span(&b), &y, &err) == -1 && strstr(err.text, "version 2"), "%s", err.text);
	b.p[8] = 1;
	OK(qa_buf_addstr(&b, "more") == 0 && qa_tlog_extra_scan(qa_buf_span(&b), &y, &err) == -1);
	b.p[10] = 1; /* a later minor version */
	OK(qa_tlog_extra_scan(qa_buf_span(&b), &y, &err) == 1 && qa_span_is(y.leaf, "leaf"));
	qa_buf_clear(&b);
	x.leaf = qa_span_of(longest, QA_TLOG_LEAF_MAX);
	OK(qa_tlog_extra_add(&b, &x, &err) == 0 && qa_tlog_extra_scan(qa_buf_span(&b), &y, &err) == 1);
	x.leaf = qa_span_of(longest, QA_TLOG_LEAF_MAX + 1);
	OK(qa_tlog_extra_add(&b, &x, &err) == -1 && err.num == EINVAL);
	x.leaf = qa_span_of(longest, 0);
	OK(qa_tlog_extra_add(&b, &x, &err) == -1);
	qa_buf_free(&b);
}

int
main(void)
{
	round_trip();
	strict();
	extra_data();
	return done();
}
