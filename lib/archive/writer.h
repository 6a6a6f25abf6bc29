/*
 * The writer of one domain's archive: entries into partitions, leaves into the log, and the commit between
 * them (doc/format-leaf.md, "Commit"). md_import drives many of these side by side; onboarding drives one.
 *
 * States: idle -> begun (the domain's lock is held, the log is current) -> added -> flushed -> logged -> idle.
 * A failure anywhere is answered with qa_writer_abort, which rolls back to the last commit.
 *
 *	begin; add, add, ...; flush(set); set.commit; log(set); set.commit; end
 *
 * Two processes may hold a writer of the same domain; the lock makes them take turns, and begin reads again
 * what the other one wrote.
 */
#ifndef QA_ARCHIVE_WRITER_H
#define QA_ARCHIVE_WRITER_H

#include "archive/read.h"
#include "sys/syncset.h"

struct qa_writer;

enum { QA_WRITER_PARTITIONS = 8 }; /* open at once; the least recently used one is closed */

/* Makes the domain's folders and key when they are missing. Takes no lock yet. */
int qa_writer_open(const char *home, const char *domain, struct qa_writer **w_r, struct qa_err *err) QA_MUST;
void qa_writer_close(struct qa_writer *w);
const char *qa_writer_domain(const struct qa_writer *w);

/* Takes the lock, waiting at most wait_ns: EWOULDBLOCK when somebody else holds it longer. */
int qa_writer_begin(struct qa_writer *w, uint64_t wait_ns, struct qa_err *err) QA_MUST;

/* How far back "known already" looks beside the entry's own month. */
struct qa_addition {
	qa_month month;		 /* the partition it goes to */
	bool has_message;
	qa_span message;	 /* must stay until the call returns */
	struct qa_digest digest; /* of the message (of nothing, when there is none) */
	qa_span fields;
	bool known_by_content;	 /* a message with equal bytes counts as known, not only an equal record id */
	bool filed_once;	 /* when a message with equal bytes is there already, the entry is filed without it */
};

/* 1 added, 0 known already (id_r is the entry there is), -1; EAGAIN: the round holds as many months or entries as it can, and
 * nothing was changed: commit, then add it again. */
int qa_writer_add(struct qa_writer *w, const struct qa_addition *a, struct qa_entry_id *id_r, struct qa_err *err) QA_MUST;

uint64_t qa_writer_committed(const struct qa_writer *w); /* leaves, as of begin or end */
uint64_t qa_writer_added(const struct qa_writer *w); /* since begin */

int qa_writer_flush(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err) QA_MUST;
int qa_writer_log(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err) QA_MUST;
void qa_writer_end(struct qa_writer *w);

/* Back to the last commit, lock released. The handle may be used again. */
void qa_writer_abort(struct qa_writer *w);

/* All in one, for a single domain: flush, sync, log, sync, end; or abort and -1. */
int qa_writer_commit(struct qa_writer *w, struct qa_err *err) QA_MUST;

/* Whether something committed is not in the published checkpoint. */
bool qa_writer_unpublished(const struct qa_writer *w);

/* Publishing (archive/log.h), under the lock: begins and ends it itself. For many domains: tiles(set) of all; commit;
 * checkpoint(set) of all; commit; publish_end of all. */
int qa_writer_publish_tiles(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err) QA_MUST;
int qa_writer_publish_checkpoint(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err) QA_MUST;
int qa_writer_publish_end(struct qa_writer *w, struct qa_err *err) QA_MUST;
int qa_writer_publish(struct qa_writer *w, struct qa_err *err) QA_MUST; /* one domain, all steps */

/* Closes partitions that were not used for a while, to hold few descriptors. */
void qa_writer_rest(struct qa_writer *w);

#endif
