/*
 * What waits to be filed: the files of H/journal and H/journal/direct, in order, and who still needs them.
 *
 * A file goes when it was read to its end, no record of it is unfiled, and what was filed from it is under a published
 * checkpoint; one with damage is kept in H/journal/bad instead. For a direct file that goes, the lines of its record are added to
 * the stats file (man 5 stats): nobody else was there to do it.
 */
#ifndef QA_ARCHIVE_INTAKE_H
#define QA_ARCHIVE_INTAKE_H

#include "journal/scan.h"
#include "statline/pen.h"

#include <stdbool.h>

struct qa_intake_file {
	struct qa_intake_file *next; /* in reading order */
	char name[384];	     /* below H: "journal/000..." or "journal/direct/..." or "domain/D/var/pending/..." */
	char path[1024];
	struct qa_scan scan;
	bool open, finished;
	bool late;	  /* was put behind the others */
	bool lost;	  /* could not be read at all: kept under bad */
	unsigned failures;
	uint64_t retry_at; /* qa_tick; 0 = nothing is wrong with it */
	uint64_t unfiled; /* references held by domains */
	uint64_t round;	  /* the last round that filed something from it */
};

struct qa_intake {
	const char *home;
	struct qa_intake_file *first;
	struct qa_pen *pen; /* for direct files; the caller's, NULL: no lines */
	void *names; /* private: the set of them */
};

void qa_intake_init(struct qa_intake *in, const char *home); /* needs qa_intake_close */

/* Looks for new files: direct ones, to be read first, then journal files by number. */
int qa_intake_refresh(struct qa_intake *in, struct qa_err *err) QA_MUST;

/* Adds the files of a folder below H (a domain's pending folder) that the intake EXCEPT does not have. */
int qa_intake_add_folder(struct qa_intake *in, const char *folder, const struct qa_intake *except,
			 struct qa_err *err) QA_MUST;

/* Moves all files of FROM behind those of IN. */
void qa_intake_join(struct qa_intake *in, struct qa_intake *from);

/* The next record of any file: 1, with its file; 0 nothing more at the moment; -1 trouble with file_r: it is given up
 * (finished), or is tried again later (retry_at), and the caller goes on; or neither (no memory, no descriptors), and the
 * caller stops. A disk that cannot read is tried some times before a file is given up. */
int qa_intake_next(struct qa_intake *in, struct qa_intake_file **file_r, struct qa_scanned *rec_r,
		   struct qa_err *err) QA_MUST;

/* Gives the record just returned back: the next call returns it again. */
int qa_intake_unread(struct qa_intake_file *f, const struct qa_scanned *rec, struct qa_err *err) QA_MUST;

/* The same for a copy of a message, which is to be read behind the message itself wherever that lies: a direct file goes behind
 * all others: 1; 0 not needed, the record is the caller's; -1. */
int qa_intake_defer(struct qa_intake *in, struct qa_intake_file *f, const struct qa_scanned *rec, struct qa_err *err) QA_MUST;

/* Reads the record at an offset again, by a scan of its own (record spans are valid until the next call). */
int qa_intake_again(struct qa_intake_file *f, struct qa_scan *s, uint64_t offset, struct qa_scanned *rec_r,
		    struct qa_err *err) QA_MUST;

/* Removes the files that nobody needs and whose last round is at most ROUND; keeps damaged ones under bad. */
int qa_intake_clean(struct qa_intake *in, uint64_t round, struct qa_err *err) QA_MUST;

/* How many files wait to be tried again. */
size_t qa_intake_waiting(const struct qa_intake *in);

void qa_intake_close(struct qa_intake *in);

#endif
