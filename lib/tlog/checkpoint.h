/*
 * Checkpoints (c2sp.org/tlog-checkpoint): which log, how many leaves, which root; as the text
 * of a signed note.
 *
 *	example.com/qmail-archive/5e0a3f19
 *	70000
 *	sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
 */
#ifndef QA_TLOG_CHECKPOINT_H
#define QA_TLOG_CHECKPOINT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sha256.h"
#include "base/span.h"
#include "tlog/note.h"

#include <stdint.h>

#define QA_TLOG_CHECKPOINT_MAX 8192 /* bytes of the text, without signatures */

struct qa_tlog_checkpoint {
	qa_span origin;	 /* within the text it was read from */
	uint64_t size;	 /* leaves, at most QA_TLOG_SIZE_MAX */
	struct qa_digest root;
	qa_span extra; /* further lines with their ends, or empty; we write none */
};

/* Appends the text. EINVAL when a field cannot stand in a checkpoint. */
int qa_tlog_checkpoint_add(struct qa_buf *b, const struct qa_tlog_checkpoint *c, struct qa_err *err) QA_MUST;

/* Reads a text, strictly: what it accepts, qa_tlog_checkpoint_add writes again byte for byte. EPROTO
 * otherwise. */
int qa_tlog_checkpoint_scan(qa_span text, struct qa_tlog_checkpoint *c_r, struct qa_err *err) QA_MUST;

/* Appends the signed note. The signer's name is to be the origin. */
int qa_tlog_checkpoint_sign(struct qa_buf *b, const struct qa_tlog_checkpoint *c,
			    const struct qa_tlog_signer *signer, struct qa_err *err) QA_MUST;

/* Opens a signed checkpoint, which stays the owner of *c_r's spans: 1 when a key whose name is the
 * checkpoint's origin signed it; 0 when none did (*c_r is filled, but nobody's word); -1 with
 * EPROTO, EBADMSG or EINVAL as qa_tlog_note_open. Keys of other names (witnesses) are verified
 * too but do not suffice. */
int qa_tlog_checkpoint_open(qa_span note, const struct qa_tlog_key *keys, size_t n,
			    struct qa_tlog_checkpoint *c_r, struct qa_err *err) QA_MUST;

#endif
