/*
 * md_import's work: records from the journal into the archives of their domains, round by round.
 *
 * A round reads what waits, up to a limit, and commits all domains concerned together: write all, sync, append to
 * all logs, sync (doc/format-leaf.md, "Commit"). Every two seconds checkpoints are published and the journal files that
 * are no longer needed go.
 *
 * Exactly once is by record id: nothing says how far a journal file was read; after a crash it is read again, and what is
 * there already is known.
 *
 * A domain that cannot commit is tried again with growing pauses while the others go on; after 60 seconds its records
 * are moved to domain/DOMAIN/var/pending, durably, so that the journal files can go.
 */
#ifndef QA_ARCHIVE_ROUND_H
#define QA_ARCHIVE_ROUND_H

#include "base/err.h"
#include "statline/pen.h"

#include <stdbool.h>
#include <stdint.h>

struct qa_importer;

struct qa_importer_conf {
	uint64_t reserve;	/* bytes that must stay free on a volume, else nothing is filed there */
	uint64_t stuck_after;	/* ns until a stuck domain's records are moved; 0 = 60 s */
	uint64_t publish_every;	/* ns between checkpoints; 0 = 2 s */
	uint64_t seal_after;	/* ns from a month's end, and from its last addition, until it is sealed; 0 = never. For
				   archive/sealer.h: rounds do not look at it */
	struct qa_pen *pen;	/* the caller's: for the lines of direct files (archive/intake.h); NULL = none */
};

/* From H/etc/maildepot.conf: reserve (size, 256M), stuck_after (60s), publish_every (2s) and seal_after (12h). */
int qa_importer_conf(const char *home, struct qa_importer_conf *conf_r, struct qa_err *err) QA_MUST;

struct qa_importer_stats {
	uint64_t records, entries, known, refused, bytes, rounds;
};

/* Takes the instance's writer lock (EWOULDBLOCK: another md_import runs). */
int qa_importer_open(const char *home, const struct qa_importer_conf *conf, struct qa_importer **im_r,
		     struct qa_err *err) QA_MUST;

/* One round: 1 something was filed, 0 nothing waits (publishing may still have been done), -1 nothing can be done (the
 * journal cannot be read): log it and try again later. */
int qa_importer_round(struct qa_importer *im, struct qa_err *err) QA_MUST;

/* Publishes everything committed and cleans up now, whatever the time. -1 when some domain could not. */
int qa_importer_publish(struct qa_importer *im, struct qa_err *err) QA_MUST;

/* Nanoseconds until there is something to do without new records; UINT64_MAX when nothing is. */
uint64_t qa_importer_due(const struct qa_importer *im);

/* Records that wait for a stuck domain, in memory or in pending files; 0 when all is filed. */
uint64_t qa_importer_held(const struct qa_importer *im);

const struct qa_importer_stats *qa_importer_stats(const struct qa_importer *im);
void qa_importer_close(struct qa_importer *im);

#endif
