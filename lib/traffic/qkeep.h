/*
 * A stats file that nobody else writes, and beside it a state: how far the log was read, what is open, how long the file is. Lines go
 * in exactly once, whatever happens when.
 *
 * States of the pair, by what is on disk:
 *
 *	clean	the state has no lines in it; the file has LENGTH bytes
 *	within	the state has lines in it; the file has LENGTH bytes of lines before them, and none, some or all of theirs
 *
 *	qa_qkeep_commit		clean or within -> within: 1. sync the file, so that the lines of the state before are durable;
 *				2. publish a state with the place behind the new lines, and the lines; 3. write them at LENGTH
 *	qa_qkeep_settle		within -> clean: sync the file, publish a state without lines
 *	qa_qkeep_open		within -> within: writes the state's lines at LENGTH once more; they are the same bytes
 *
 * Invariants: 1. The state's place is behind the lines that the file and the state hold together, and never before or further. 2. A byte of
 * the file, once there, changes only where a power cut left rubbish, so readers never see a line taken back.
 * 3. A file that has more than LENGTH and the state's lines was written by somebody else: that is refused.
 *
 * The file is known by the bytes before LENGTH. It may be renamed (rotated) at any time: the lines of the state go to the old one, found in the same folder, the next
 * ones to a new one. It may be cut (copytruncate), but when the state has lines then, nobody can know whether they were in it:
 * that is refused until someone says which (enum qa_qkeep_pending).
 *
 * The state is text: "logstat 1", a line "out", a line "pos", "open N" and N bytes (qjoin.h), "lines N" and N bytes, and the SHA-256 of all
 * that. It lies in a folder of its own, beside a file `lock` that is held as long as the pair is open. The file is locked too, so neither may
 * have two writers.
 */
#ifndef QA_TRAFFIC_QKEEP_H
#define QA_TRAFFIC_QKEEP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "traffic/qsource.h"

struct qa_qjoin;
struct qa_qkeep;

enum qa_qkeep_pending {
	QA_QKEEP_ASK,	/* refuse */
	QA_QKEEP_WRITE, /* write them to the file that is there now */
	QA_QKEEP_DROP,	/* they were in the file that is gone */
};

/*
 * Takes both locks (the FOLDER is made when it is missing), loads the state into J and POS when there is one (*FOUND_R), and brings the file up to it. NULL: EWOULDBLOCK, another process
 * has one of them; EBADMSG, the state is damaged or cannot be joined with the file.
 */
struct qa_qkeep *qa_qkeep_open(const char *file, const char *folder, enum qa_qkeep_pending pending, struct qa_qjoin *j,
			       struct qa_qpos *pos_r, bool *found_r, struct qa_err *err) QA_MUST;
void qa_qkeep_close(struct qa_qkeep *k);

/* Adds a line to the next commit. -1: no memory (1 GiB). */
int qa_qkeep_line(struct qa_qkeep *k, qa_span line) QA_MUST;
size_t qa_qkeep_waiting(const struct qa_qkeep *k); /* bytes of such lines */
bool qa_qkeep_unsettled(const struct qa_qkeep *k); /* the state has lines in it */

/* Settle: only with no lines waiting. After -1 the file must not be written any more by this process: open both again. */
int qa_qkeep_commit(struct qa_qkeep *k, const struct qa_qpos *pos, const struct qa_qjoin *j, struct qa_err *err) QA_MUST;
int qa_qkeep_settle(struct qa_qkeep *k, const struct qa_qpos *pos, const struct qa_qjoin *j, struct qa_err *err) QA_MUST;

/* Bytes of the state as last published. */
size_t qa_qkeep_size(const struct qa_qkeep *k);

/* What was found odd about the file, once; NULL: nothing. */
const char *qa_qkeep_said(struct qa_qkeep *k);

#endif
