/*
 * Reading journal files: the records in order, torn tails and damage told apart.
 *
 *	qa_scan_open -> qa_scan_next ... -> qa_scan_close
 *
 * A record is handed out only when header, fields and message all fit their checks, so one that is
 * still being written is never seen. All bytes are read by pread before anything of them is handed
 * out: a disk that cannot read is an error, not a signal. Records up to 1 MiB lie in a buffer of the
 * scan; larger ones are mapped (a journal file never loses a record while somebody reads it).
 */
#ifndef QA_JOURNAL_SCAN_H
#define QA_JOURNAL_SCAN_H

#include "journal/record.h"

struct qa_scan {
	int fd;
	const char *name; /* for errors; the caller's */
	struct qa_journal_head head;
	uint64_t at;	  /* where the next record starts; 0 = the file header is not read yet */
	uint64_t damaged; /* bytes skipped as damage so far */
	bool torn;	  /* the scan of a closed file ended at a tail that was never acknowledged */
	/* private: the window on the file, and a large record's mapping */
	unsigned char *win;
	size_t win_n, win_size;
	uint64_t win_at;
	bool fresh;
	void *map;
	size_t map_n;
};

/* A record in the file: spans are valid until the next call. */
struct qa_scanned {
	uint64_t offset, size;
	struct qa_record_head head;
	qa_span message, fields;
};

/* Opens; nothing is read yet. -1: ENOENT, ... */
int qa_scan_open(struct qa_scan *s, int dirfd, const char *path, const char *name, struct qa_err *err) QA_MUST;

/* Goes on at a record's offset known from before (the end of the last one consumed). */
int qa_scan_seek(struct qa_scan *s, uint64_t offset, struct qa_err *err) QA_MUST;

/* Whether the writer has left the file for good: 1 yes, and until qa_scan_close none can take it up again; 0
 * it is in use; -1. Files in direct/ have no writer: always 1. */
int qa_scan_claim(struct qa_scan *s, struct qa_err *err) QA_MUST;

/*
 * The next valid record: 1; 0 when there is none; -1: EBADMSG not a journal file or its header damaged (nothing in it
 * can be told), ENOTSUP a file or record of a later version, or trouble.
 *
 * A file without a header (too short, or zeros) holds nothing: 0.
 *
 * closed=false: 0 means none yet. What is there may still be being written, the file header too, and what the disk
 * cannot read is not judged; call again when the file has grown, or when it could be claimed.
 * closed=true: 0 means none any more. A bad range with something valid after it is skipped and counted in
 * s->damaged, and the record after it returned; a bad tail sets s->torn. A range that the disk cannot read
 * is damage even at the end.
 */
int qa_scan_next(struct qa_scan *s, bool closed, struct qa_scanned *rec_r, struct qa_err *err) QA_MUST;

void qa_scan_close(struct qa_scan *s);

#endif
