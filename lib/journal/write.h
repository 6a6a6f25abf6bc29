/*
 * The appender: md_journal's (and md_import's for pending files). One thread at a time, no locks but the
 * process lock on the folder and a flock on the file in use, by which readers know it is. A process may have several
 * in one folder, each with a file of its own.
 *
 *	open -> add, add, ... -> commit -> (answer) -> add ... -> close
 *
 * States: no file -> file open (first commit) -> no file (rotation, or any failure) ...
 * Invariants: (1) a record is acknowledged only after the fdatasync behind it and the folder's
 * sync behind the file's creation; (2) after any failed write or sync the file is never written or
 * synced again: it is closed and left to the reader, the next batch starts a new one; (3) numbers
 * only rise; (4) a file is written only by a holder of its flock.
 */
#ifndef QA_JOURNAL_WRITE_H
#define QA_JOURNAL_WRITE_H

#include "journal/record.h"

struct qa_journal;

enum {
	QA_JOURNAL_BATCH_BYTES = 16 << 20, /* of messages and fields; one larger record may go alone */
	QA_JOURNAL_BATCH_RECORDS = 1024,
	QA_JOURNAL_ROTATE_BYTES = 64 << 20,
	QA_JOURNAL_ROTATE_SECONDS = 60,
};

/* FOLDER (path as shown in errors) must exist. preallocate: bytes filled with zeros ahead, at most 1 MiB count, 0 = none
 * (for a file that gets little).
 * -1 with EWOULDBLOCK when another process writes there. No file is made before the first commit. */
int qa_journal_open(const char *folder, uint64_t preallocate, struct qa_journal **j_r, struct qa_err *err) QA_MUST;

/* Another appender in the folder of J, for another thread. J is closed last. */
int qa_journal_beside(const struct qa_journal *j, struct qa_journal **j_r, struct qa_err *err) QA_MUST;

/* Queues one record of the batch. The message stays the caller's and must not change until commit;
 * fields must be whole and are copied; the digest is not checked here. EAGAIN when the batch is full:
 * commit, then add again. */
int qa_journal_add(struct qa_journal *j, const struct qa_digest *digest, qa_span message, qa_span fields,
		   struct qa_err *err) QA_MUST;

/* Writes and syncs the batch: all of it is durable, or -1 and none of it counts as stored. Either way
 * the batch is empty after it. An empty batch is 0. */
int qa_journal_commit(struct qa_journal *j, struct qa_err *err) QA_MUST;

/* Closes the current file when it is older than 60 s or past 64 MiB (or FORCE), so that the reader may
 * remove it; the next commit opens another. Commit does the same; call it from the idle loop. */
void qa_journal_rotate(struct qa_journal *j, bool force);

/* The number of the file in use, 0 when there is none. */
uint64_t qa_journal_number(const struct qa_journal *j);

/* Forgets a batch that was not committed. NULL is allowed. */
void qa_journal_close(struct qa_journal *j);

#endif
