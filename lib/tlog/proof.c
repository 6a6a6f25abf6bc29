#include "tlog/proof.h"
#include "tlog/line-private.h"

#include <errno.h>
#include <inttypes.h>

#define FIRST "c2sp.org/tlog-proof@v1"
#define EXTRA "extra "
#define INDEX "index "

/* --- The file --- */

/* How many hashes lead from a leaf to the root: one a level below the point where the ways to this leaf
 * and to the last one part, above it one for each time the way comes from the right. */
static size_t
path_length(uint64_t index, uint64_t size)
{
	uint64_t apart = index ^ (size - 1);
	unsigned below = apart ? 64 - (unsigned)__builtin_clzll(apart) : 0;

	return below + (size_t)(below < 64 ? __builtin_popcountll(index >> below) : 0);
}

/* What can be said of a proof without keys: EPROTO when it leads nowhere. */
static int
check_form(const struct qa_tlog_proof *p, struct qa_err *err)
{
	struct qa_tlog_checkpoint c;

	if (qa_tlog_checkpoint_open(p->checkpoint, NULL, 0, &c, err) < 0)
		return -1;
	if (p->index >= c.size)
		return qa_fail(err, EPROTO, "a tree of %" PRIu64 " leaves has no leaf %" PRIu64, c.size, p->index);
	if (p->path.n != path_length(p->index, c.size))
		return qa_fail(err, EPROTO, "%zu hashes where leaf %" PRIu64 " of %" PRIu64 " needs %zu", p->path.n,
			       p->index, c.size, path_length(p->index, c.size));
	return 0;
}

int
qa_tlog_proof_add(struct qa_buf *b, const struct qa_tlog_proof *p, struct qa_err *err)
{
	size_t start = b->n;
	int rc;

	if (p->extra.n > QA_TLOG_EXTRA_MAX)
		return qa_fail(err, EINVAL, "cannot write a proof: the extra data are too large");
	if (check_form(p, err)) {
		if (err && err->num == EPROTO)
			err->num = EINVAL;
		errno = errno == EPROTO ? EINVAL : errno;
		return qa_fail_in(err, "cannot write a proof");
	}
	rc = qa_buf_addstr(b, FIRST "\n");
	if (rc == 0 && p->extra.n)
		rc = qa_buf_addstr(b, EXTRA) || qa_base64_add(b, p->extra) || qa_buf_addc(b, '\n');
	rc = rc || qa_buf_addf(b, INDEX "%" PRIu64 "\n", p->index);
	for (size_t i = 0; rc == 0 && i < p->path.n; i++)
		rc = qa_tlog_add_digest(b, &p->path.h[i]);
	rc = rc || qa_buf_addc(b, '\n') || qa_buf_addspan(b, p->checkpoint);
	if (rc == 0)
		return 0;
	b->n = start;
	return qa_fail(err, errno, "cannot write a proof: ");
}

static int
malformed(const char *why, struct qa_err *err)
{
	return qa_fail(err, EPROTO, "not a proof: %s", why);
}

int
qa_tlog_proof_scan(qa_span file, struct qa_tlog_proof *p_r, struct qa_buf *space, struct qa_err *err)
{
	qa_span rest = file, line;

	p_r->path.n = 0;
	p_r->extra = qa_span_of(NULL, 0);
	qa_buf_clear(space);
	if (file.n > QA_TLOG_PROOF_FILE_MAX)
		return malformed("it is too large", err);
	if (!qa_tlog_line(&rest, &line) || !qa_span_is(line, FIRST))
		return malformed("it does not begin with " FIRST, err);
	if (!qa_tlog_line(&rest, &line))
		return malformed("it ends after line 1", err);
	if (qa_span_begins(line, EXTRA)) {
		line = qa_span_cut(line, sizeof EXTRA - 1, line.n);
		if (line.n == 0 || qa_unbase64_add(space, line)) {
			if (line.n && errno != EPROTO)
				return qa_fail(err, errno, "cannot read a proof: ");
			return malformed("its extra line is not base64", err);
		}
		if (space->n > QA_TLOG_EXTRA_MAX)
			return malformed("its extra data are too large", err);
		p_r->extra = qa_buf_span(space);
		if (!qa_tlog_line(&rest, &line))
			return malformed("it ends after the extra line", err);
	}
	if (!qa_span_begins(line, INDEX) || qa_tlog_scan_number(qa_span_cut(line, sizeof INDEX - 1, line.n), &p_r->index))
		return malformed("no index where it must be", err);
	for (;;) {
		if (!qa_tlog_line(&rest, &line))
			return malformed("no empty line before the checkpoint", err);
		if (line.n == 0)
			break;
		if (p_r->path.n == QA_TLOG_PATH_MAX)
			return malformed("it has too many hashes", err);
		if (qa_tlog_scan_digest(line, &p_r->path.h[p_r->path.n]))
			return malformed("a line after the index is no hash", err);
		p_r->path.n++;
	}
	p_r->checkpoint = rest;
	return check_form(p_r, err) ? qa_fail_in(err, "not a proof") : 0;
}

int
qa_tlog_proof_check(const struct qa_tlog_proof *p, qa_span leaf, const struct qa_tlog_key *keys, size_t n,
		    struct qa_tlog_checkpoint *c_r, struct qa_err *err)
{
	struct qa_digest hash = qa_tlog_leaf_hash(leaf);
	int rc = qa_tlog_checkpoint_open(p->checkpoint, keys, n, c_r, err);

	if (rc <= 0)
		return rc;
	if (!qa_tlog_verify_inclusion(p->index, c_r->size, &hash, &p->path, &c_r->root))
		return qa_fail(err, EBADMSG, "the proof does not lead from this leaf, number %" PRIu64 ", to the checkpoint of %"
			       PRIu64 " leaves", p->index, c_r->size);
	return 1;
}

/* --- Our extra --- */

static const unsigned char magic[8] = {'q', 'a', 'p', 'r', 'o', 'o', 'f', '\n'};

#define EXTRA_HEADER 80 /* magic, major, minor, leaf length, zeros, two nonces */

int
qa_tlog_extra_add(struct qa_buf *b, const struct qa_tlog_extra *x, struct qa_err *err)
{
	unsigned char h[EXTRA_HEADER] = {0};

	if (x->leaf.n == 0 || x->leaf.n > QA_TLOG_LEAF_MAX)
		return qa_fail(err, EINVAL, "cannot write a proof for a leaf of %zu bytes", x->leaf.n);
	memcpy(h, magic, sizeof magic);
	qa_le16_put(h + 8, 1);
	qa_le16_put(h + 10, 0);
	qa_le16_put(h + 12, (uint16_t)x->leaf.n);
	memcpy(h + 16, x->message_nonce, QA_TLOG_NONCE);
	memcpy(h + 48, x->envelope_nonce, QA_TLOG_NONCE);
	if (qa_buf_reserve(b, sizeof h + x->leaf.n) || qa_buf_add(b, h, sizeof h) || qa_buf_addspan(b, x->leaf))
		return qa_fail(err, errno, "cannot write a proof: ");
	return 0;
}

int
qa_tlog_extra_scan(qa_span bytes, struct qa_tlog_extra *x_r, struct qa_err *err)
{
	unsigned major, minor;
	size_t n;

	if (!qa_span_eq(qa_span_cut(bytes, 0, sizeof magic), qa_span_of(magic, sizeof magic)))
		return 0;
	if (bytes.n < EXTRA_HEADER)
		return malformed("its extra data are cut", err);
	major = qa_le16_get(bytes.p + 8);
	minor = qa_le16_get(bytes.p + 10);
	n = qa_le16_get(bytes.p + 12);
	if (major != 1)
		return qa_fail(err, EPROTO, "cannot read a proof: its extra data have version %u, known is 1", major);
	if (n == 0 || n > QA_TLOG_LEAF_MAX || n > bytes.n - EXTRA_HEADER)
		return malformed("the length of the leaf in its extra data is wrong", err);
	/* a later minor version may add something behind the leaf and use the reserved bytes */
	if (minor == 0 && (n != bytes.n - EXTRA_HEADER || bytes.p[14] || bytes.p[15]))
		return malformed("its extra data have bytes of no use", err);
	x_r->leaf = qa_span_cut(bytes, EXTRA_HEADER, n);
	memcpy(x_r->message_nonce, bytes.p + 16, QA_TLOG_NONCE);
	memcpy(x_r->envelope_nonce, bytes.p + 48, QA_TLOG_NONCE);
	return 1;
}
