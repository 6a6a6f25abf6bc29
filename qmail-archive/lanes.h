/*
 * Batches on their way to the disk. One batch gathers records while those before are written and synced. On a quick
 * disk each is written in place and many share one sync: a thread would only cost. On one whose syncs usually take over a
 * millisecond threads do it, up to three side by side and each on a journal file of its own, so that nobody waits for
 * the end of another's sync before his own begins.
 *
 *	qa_lanes_open -> sandbox -> qa_lanes_start -> { qa_lanes_gathering, qa_lanes_send, qa_lanes_done, qa_lanes_reuse }
 *
 * Everything is called by one thread. Four batches bound the memory (batch.h).
 */
#ifndef QA_ARCHIVE_LANES_H
#define QA_ARCHIVE_LANES_H

#include "qmail-archive/batch.h"

enum { QA_LANES = 4 };

struct qa_lanes;

/* Opens the appenders in FOLDER. -1: as qa_journal_open. */
int qa_lanes_open(const char *folder, uint64_t preallocate, struct qa_lanes **l_r, struct qa_err *err) QA_MUST;

/* Starts the threads, which have the sandbox and the signal mask of the caller. Where there is no thread to be
 * had, batches are written in place: slower, nothing else. */
void qa_lanes_start(struct qa_lanes *l);

/* Becomes readable when a batch is done; -1 before the start. To be emptied by qa_lanes_heard before qa_lanes_done. */
int qa_lanes_fd(const struct qa_lanes *l);
void qa_lanes_heard(struct qa_lanes *l);

/* The batch that gathers. Never NULL. */
struct qa_batch *qa_lanes_gathering(struct qa_lanes *l);

/* Sends the batch that gathers, if it holds something and may go now; another one gathers then. */
void qa_lanes_send(struct qa_lanes *l);

/* A batch that is done, NULL for none (with WAIT: none is under way). status_r: 0, or the errno of what failed, with the
 * reason in *err; no record of it counts as stored then. To be given back by qa_lanes_reuse. */
struct qa_batch *qa_lanes_done(struct qa_lanes *l, bool wait, int *status_r, struct qa_err *err);
void qa_lanes_reuse(struct qa_lanes *l, struct qa_batch *b);

/* Whether a batch is under way or done. */
bool qa_lanes_busy(const struct qa_lanes *l);

/* Closes old files of appenders that rest (qa_journal_rotate). */
void qa_lanes_rotate(struct qa_lanes *l);

/* Ends the threads; waits for syncs under way. NULL is allowed. */
void qa_lanes_close(struct qa_lanes *l);

#endif
