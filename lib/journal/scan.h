/*
 * Reading journal files: the records in order, torn tails and damage told apart.
 */
#ifndef QA_JOURNAL_SCAN_H
#define QA_JOURNAL_SCAN_H

#include "journal/record.h"

struct qa_scan {
	int fd;
	const char *name; /* for errors; the caller's */
	struct qa_journal_head head;
	uint64_t at;	  /* where the next record starts */
	const unsigned char *map; /* the file, mapped read-only; remapped as it grows */
	uint64_t mapped;
	uint64_t damaged; /* bytes skipped as damage so far */
};

/* A record in the file: spans point into the mapping, valid until the next call. */
struct qa_scanned {
	uint64_t offset, size;
	struct qa_record_head head;
	qa_span message, fields;
};

/* Opens and checks the header: 1; 0 when the file is too short to have one yet (and so holds nothing); -1. */
int qa_scan_open(struct qa_scan *s, int dirfd, const char *path, const char *name, struct qa_err *err) QA_MUST;

/* The next valid record: 1; 0 when there is none yet: the end, or, with closed=false, a part
 * that may still be being written. With closed=true a bad range with something valid after it is skipped and
 * counted in s->damaged (the record after it is returned); a torn tail ends the scan. The SHA-256 of
 * the message is checked; a record with a wrong one counts as damage, not as the end. */
int qa_scan_next(struct qa_scan *s, bool closed, struct qa_scanned *rec_r, struct qa_err *err) QA_MUST;

void qa_scan_close(struct qa_scan *s);

#endif
