/*
 * The one appender: md_journal (and md_import for pending files). One thread, no locks but the
 * process lock on the folder.
 *
 *	open -> add, add, ... -> commit -> (answer) ... -> close
 *
 * Invariants: (1) a record is acknowledged only after the fdatasync behind it and the folder's
 * sync behind the file's creation; (2) after any failed write or sync the file is never
 * written again: the next batch starts a new one; (3) numbers only rise.
 */
#ifndef QA_JOURNAL_WRITE_H
#define QA_JOURNAL_WRITE_H

#include "journal/record.h"

struct qa_journal;

/* FOLDER (path as shown in errors) must exist. preallocate: bytes reserved at a time, 0 = none. */
int qa_journal_open(const char *folder, uint64_t preallocate, struct qa_journal **j_r, struct qa_err *err) QA_MUST;

/* Queues one record of the batch. The message is in memory (kept by the caller until commit).
 * Fields must be whole and are copied. EAGAIN when the batch is full (16 MiB or 1024 records). */
int qa_journal_add(struct qa_journal *j, const struct qa_digest *digest, qa_span message, qa_span fields,
		   struct qa_err *err) QA_MUST;

/* Writes and syncs the batch: all of it is durable, or -1 and none of it counts as stored. */
int qa_journal_commit(struct qa_journal *j, struct qa_err *err) QA_MUST;

/* Closes the current file when it is older than 60 s or past 64 MiB, so that the reader may
 * remove it; the next commit opens another. Call it from the idle loop. */
int qa_journal_rotate(struct qa_journal *j, bool force, struct qa_err *err) QA_MUST;

void qa_journal_close(struct qa_journal *j);

#endif
