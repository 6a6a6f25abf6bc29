/*
 * A domain's log on disk, for its one writer: edge, tiles, checkpoint (doc/format-leaf.md).
 *
 * States: open (memory equals disk) -> added (leaves in memory only) -> written (a block in the
 * edge, not durable) -> committed (the caller synced it and says so) -> open. Any error leaves the handle good for closing
 * only; opening it again reads what is on disk.
 *
 * Invariants: (1) the committed size grows only after the segments that hold the entries are durable; (2) a published
 * checkpoint is never larger than the committed size, and its tiles are durable before it; (3) tiles are functions of
 * their name and the log: writing one again writes the same bytes.
 */
#ifndef QA_ARCHIVE_LOG_H
#define QA_ARCHIVE_LOG_H

#include "base/err.h"
#include "base/sha256.h"
#include "sys/syncset.h"

#include <stdbool.h>
#include <stdint.h>

struct qa_log;

/* Reads the edge; a torn block behind its good part goes with the next one that is written. What is there is durable
 * afterwards. Makes an empty log when there is none and the depot is empty too. ENODATA: edge missing or damaged:
 * qa_log_rebuild must run first. With doubt (a sync of the edge or of its folder failed, or may have) the edge is written
 * anew: nothing may be built on a file whose sync failed. */
int qa_log_open(const char *home, const char *domain, bool doubt, struct qa_log **l_r, struct qa_err *err) QA_MUST;
void qa_log_close(struct qa_log *l);

/* Whether something was written that is not known to be durable: whoever gives up now opens it with doubt. */
bool qa_log_doubtful(const struct qa_log *l);

uint64_t qa_log_committed(const struct qa_log *l);
uint64_t qa_log_published(const struct qa_log *l); /* size of the checkpoint on disk, 0 = none */
struct qa_digest qa_log_root(const struct qa_log *l); /* of the committed tree */

int qa_log_add(struct qa_log *l, const struct qa_digest *leaf_hash, struct qa_err *err) QA_MUST;

/* Appends what was added to the edge as one block, and the file to the set. */
int qa_log_write(struct qa_log *l, struct qa_syncset *set, struct qa_err *err) QA_MUST;
void qa_log_written(struct qa_log *l); /* after the set was committed */

/* Publishing in three steps, so that many logs share their syncs: tiles and the signed note as a temporary file;
 * rename; and, now and then, a shorter edge. Needs the domain's key. Nothing to publish is fine. */
int qa_log_publish_tiles(struct qa_log *l, struct qa_syncset *set, struct qa_err *err) QA_MUST;
int qa_log_publish_checkpoint(struct qa_log *l, struct qa_syncset *set, struct qa_err *err) QA_MUST;
int qa_log_publish_end(struct qa_log *l, struct qa_err *err) QA_MUST;

/* Makes edge and tiles again from the segments of all partitions, bit for bit, from leaf 0 as far as they go without a gap. Checked
 * against the newest checkpoint when there is one: EBADMSG when the store does not hold the log that was signed. Reads
 * the entries, and the messages behind the checkpoint. */
int qa_log_rebuild(const char *home, const char *domain, struct qa_err *err) QA_MUST;

/* ---- readers ---- */

/* The committed size, from the edge alone: 1; 0 no log; -1. */
int qa_log_size(const char *home, const char *domain, uint64_t *size_r, struct qa_err *err) QA_MUST;

/* What the newest checkpoint on disk says, its signature not checked: 1, 0 none, -1. All under it is durable, which of the
 * edge's last block nobody but its writer knows. */
struct qa_log_head {
	uint64_t size;
	struct qa_digest root;
};
int qa_log_signed(const char *home, const char *domain, struct qa_log_head *head_r, struct qa_err *err) QA_MUST;

#endif
