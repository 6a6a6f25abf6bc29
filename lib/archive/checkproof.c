/* Checking a proof from outside: nothing here reads an archive. */
#include "archive/prove.h"
#include "tlog/proof.h"

#include <errno.h>
#include <stdio.h>

static bool
is_message(const struct qa_leaf *leaf, const struct qa_tlog_extra *extra, qa_span message)
{
	struct qa_digest d = qa_sha256_of(message);

	d = qa_leaf_commit(extra->message_nonce, &d);
	return qa_digest_eq(&d, &leaf->message);
}

static int
check(const struct qa_tlog_key *key, qa_span proof, qa_span message, struct qa_buf *space,
      struct qa_proven *proven_r, struct qa_err *err)
{
	struct qa_tlog_proof p;
	struct qa_tlog_extra extra;
	struct qa_tlog_checkpoint c;
	int rc;

	if (qa_tlog_proof_scan(proof, &p, space, err))
		return qa_fail_in(err, "the proof");
	rc = qa_tlog_extra_scan(p.extra, &extra, err);
	if (rc == 0)
		return qa_fail(err, EPROTO, "the proof: not made by qmail-archive (no leaf in its extra line)");
	if (rc < 0 || qa_leaf_parse(extra.leaf, &proven_r->leaf, err))
		return qa_fail_in(err, "the proof");
	rc = qa_tlog_proof_check(&p, extra.leaf, key, 1, &c, err);
	if (rc == 0)
		qa_fail(err, EBADMSG, "the checkpoint in the proof is not signed by this key");
	if (rc != 1)
		return rc == 0 || errno == EBADMSG ? 0 : -1;
	proven_r->index = p.index;
	proven_r->size = c.size;
	snprintf(proven_r->origin, sizeof proven_r->origin, "%.*s", (int)c.origin.n, (const char *)c.origin.p);
	if (!is_message(&proven_r->leaf, &extra, message)) {
		qa_fail(err, EBADMSG, "the proof is good, but it is about another message");
		return 0;
	}
	/* an event's leaf commits to the digest of nothing, as the leaf of an empty message does */
	if (proven_r->leaf.kind != QA_MESSAGE && message.n == 0) {
		qa_fail(err, EBADMSG, "the proof is good, but it is about an event (%s) without a message",
			qa_kind_name(proven_r->leaf.kind));
		return 0;
	}
	return 1;
}

int
qa_checkproof(const char *vkey, qa_span proof, qa_span message, struct qa_proven *proven_r, struct qa_err *err)
{
	struct qa_buf space = QA_BUF(QA_TLOG_EXTRA_MAX);
	struct qa_tlog_key key;
	int rc;

	memset(proven_r, 0, sizeof *proven_r);
	if (qa_tlog_key_scan(qa_span_str(vkey), &key, err))
		return qa_fail_in(err, "the key");
	rc = check(&key, proof, message, &space, proven_r, err);
	qa_buf_free(&space);
	return rc;
}
