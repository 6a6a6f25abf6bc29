#include "tlog/checkpoint.h"
#include "tlog/line-private.h"
#include "tlog/merkle.h"

#include <errno.h>
#include <inttypes.h>

/* Non-empty lines, each with its end, or nothing at all. */
static bool
good_extra(qa_span s)
{
	qa_span line;

	if (!qa_tlog_plain(s, true))
		return false;
	while (s.n)
		if (!qa_tlog_line(&s, &line) || line.n == 0)
			return false;
	return true;
}

int
qa_tlog_checkpoint_add(struct qa_buf *b, const struct qa_tlog_checkpoint *c, struct qa_err *err)
{
	size_t start = b->n;

	if (c->origin.n == 0 || !qa_tlog_plain(c->origin, false) || c->size > QA_TLOG_SIZE_MAX || !good_extra(c->extra))
		return qa_fail(err, EINVAL, "cannot write a checkpoint: bad origin, size or further line");
	if (qa_buf_addspan(b, c->origin) || qa_buf_addf(b, "\n%" PRIu64 "\n", c->size) ||
	    qa_tlog_add_digest(b, &c->root) || qa_buf_addspan(b, c->extra)) {
		b->n = start;
		return qa_fail(err, errno, "cannot write a checkpoint: ");
	}
	if (b->n - start > QA_TLOG_CHECKPOINT_MAX) {
		b->n = start;
		return qa_fail(err, EINVAL, "cannot write a checkpoint: it is larger than %d bytes",
			       QA_TLOG_CHECKPOINT_MAX);
	}
	return 0;
}

static int
malformed(const char *why, struct qa_err *err)
{
	return qa_fail(err, EPROTO, "not a checkpoint: %s", why);
}

int
qa_tlog_checkpoint_scan(qa_span text, struct qa_tlog_checkpoint *c_r, struct qa_err *err)
{
	struct qa_tlog_checkpoint c = {{NULL, 0}, 0, {{0}}, {NULL, 0}};
	qa_span rest = text, line;

	if (text.n > QA_TLOG_CHECKPOINT_MAX)
		return malformed("it is too large", err);
	if (!qa_tlog_line(&rest, &c.origin) || c.origin.n == 0 || !qa_tlog_plain(c.origin, false))
		return malformed("no origin in line 1", err);
	if (!qa_tlog_line(&rest, &line) || qa_tlog_scan_number(line, &c.size) || c.size > QA_TLOG_SIZE_MAX)
		return malformed("no tree size in line 2", err);
	if (!qa_tlog_line(&rest, &line) || qa_tlog_scan_digest(line, &c.root))
		return malformed("no root hash in line 3", err);
	if (!good_extra(rest))
		return malformed("an empty or unreadable line after line 3", err);
	c.extra = rest;
	*c_r = c;
	return 0;
}

int
qa_tlog_checkpoint_sign(struct qa_buf *b, const struct qa_tlog_checkpoint *c, const struct qa_tlog_signer *signer,
			struct qa_err *err)
{
	struct qa_buf text = QA_BUF(2 * QA_TLOG_CHECKPOINT_MAX);
	int rc = qa_tlog_checkpoint_add(&text, c, err);

	if (rc == 0)
		rc = qa_tlog_note_sign(b, qa_buf_span(&text), signer, 1, err);
	qa_buf_free(&text);
	return rc;
}

int
qa_tlog_checkpoint_open(qa_span note, const struct qa_tlog_key *keys, size_t n, struct qa_tlog_checkpoint *c_r,
			struct qa_err *err)
{
	struct qa_tlog_note opened;

	if (qa_tlog_note_open(note, keys, n, &opened, err) < 0 || qa_tlog_checkpoint_scan(opened.text, c_r, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (opened.signed_by >> i & 1 && qa_span_is(c_r->origin, keys[i].name))
			return 1;
	return 0;
}
