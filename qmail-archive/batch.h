/*
 * The records that wait for one sync, and who waits for them. Messages are read out of their
 * memory files into one arena, so memory is bounded whatever comes: 16 MiB of messages and fields, and 1024 records.
 */
#ifndef QA_ARCHIVE_BATCH_H
#define QA_ARCHIVE_BATCH_H

#include "journal/write.h"
#include "qmail-archive/request.h"

struct qa_waiter {
	void *who;
	struct qa_id id;
	struct qa_digest digest;
	bool message_whole, told;
	qa_span fields; /* a copy, until the batch is emptied */
	uint64_t bytes;
};

struct qa_batch {
	struct qa_journal *journal;
	unsigned char *arena;
	size_t used;
	struct qa_waiter v[QA_JOURNAL_BATCH_RECORDS];
	size_t n;
};

int qa_batch_open(struct qa_batch *b, struct qa_journal *journal, struct qa_err *err) QA_MUST;
void qa_batch_close(struct qa_batch *b);

/* Reads the message with pread only and queues the record: 0; 1 when the batch is full (commit, empty it, try
 * again); -1 when this record cannot be taken. */
int qa_batch_add(struct qa_batch *b, const struct qa_request *r, void *who, struct qa_err *err) QA_MUST;

/* Forgets the waiters and the messages, after the commit. */
void qa_batch_empty(struct qa_batch *b);

#endif
