/*
 * Proof files (c2sp.org/tlog-proof@v1): one entry's way to a signed checkpoint, to be checked
 * offline with nothing but the log's public key. doc/format-proof.md has the format.
 *
 * The `extra` line, which the specification leaves to the application, holds what is needed to
 * make the leaf's hash from a message in hand: the leaf's text and the two nonces. Nobody signs it;
 * it is believed only as far as the leaf's hash leads to the checkpoint.
 */
#ifndef QA_TLOG_PROOF_H
#define QA_TLOG_PROOF_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

#include <stdint.h>

#define QA_TLOG_NONCE 32
#define QA_TLOG_LEAF_MAX 2000			/* bytes of a leaf's text */
#define QA_TLOG_EXTRA_MAX 8192			/* decoded bytes of any extra line */
#define QA_TLOG_PROOF_FILE_MAX (QA_TLOG_NOTE_MAX + (size_t)16 * 1024) /* bytes of a proof file */

/* --- The file --- */

struct qa_tlog_proof {
	uint64_t index;		  /* of the leaf, from 0 */
	struct qa_tlog_path path; /* from the leaf's sibling to the root's child */
	qa_span extra;		  /* decoded; empty = no such line */
	qa_span checkpoint;	  /* the signed note, byte for byte */
};

/* Appends the file. EINVAL when it would not be one that qa_tlog_proof_scan accepts. */
int qa_tlog_proof_add(struct qa_buf *b, const struct qa_tlog_proof *p, struct qa_err *err) QA_MUST;

/* Takes a file apart, strictly: what it accepts, qa_tlog_proof_add writes again byte for byte. The
 * checkpoint is a well-formed signed note, larger than index, and the path has the length it must
 * have; nothing is verified. p_r's checkpoint lies in FILE, its extra in SPACE (cleared first); both
 * must live as long as it. EPROTO says what is wrong. */
int qa_tlog_proof_scan(qa_span file, struct qa_tlog_proof *p_r, struct qa_buf *space, struct qa_err *err) QA_MUST;

/* Verifies: 1 when a key named like the checkpoint's origin signed the checkpoint and the path leads
 * from LEAF (the text) to its root; *c_r is then the checkpoint. 0 when none of the keys signed
 * it. -1 with EBADMSG when a signature or the path is wrong, else as qa_tlog_checkpoint_open. */
int qa_tlog_proof_check(const struct qa_tlog_proof *p, qa_span leaf, const struct qa_tlog_key *keys, size_t n,
			struct qa_tlog_checkpoint *c_r, struct qa_err *err) QA_MUST;

/* --- Our extra --- */

struct qa_tlog_extra {
	qa_span leaf; /* the leaf's text, 1 .. QA_TLOG_LEAF_MAX bytes */
	unsigned char message_nonce[QA_TLOG_NONCE];
	unsigned char envelope_nonce[QA_TLOG_NONCE];
};

/* Appends the decoded form, which goes into qa_tlog_proof.extra. EINVAL for a leaf of no or too many bytes. */
int qa_tlog_extra_add(struct qa_buf *b, const struct qa_tlog_extra *x, struct qa_err *err) QA_MUST;

/* 1; 0 when these bytes are some other application's; -1 with EPROTO when they are ours but damaged
 * or of a newer major version. The leaf lies within BYTES. */
int qa_tlog_extra_scan(qa_span bytes, struct qa_tlog_extra *x_r, struct qa_err *err) QA_MUST;

#endif
