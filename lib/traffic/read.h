/*
 * Reads stats files with all processors: the files are cut into parts of whole lines, which the workers take one after
 * the other. A plain file is read with pread(2) into the worker's own memory (a mapped file that somebody cuts kills its
 * reader); a stream is one worker's from start to end.
 *
 * Parts of a file are the same in every run, however many workers there are.
 */
#ifndef QA_TRAFFIC_READ_H
#define QA_TRAFFIC_READ_H

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"
#include "traffic/files.h"

enum { QA_READ_WORKERS = 16 };

struct qa_part {
	size_t file;
	size_t number; /* of the part in its file, from 0 */
	/* lines; QA_QUICK_PAD bytes are readable before and behind. The file's last line may be without its line feed. A line longer
	 * than QA_STATLINE_MAX may be cut. */
	const unsigned char *p;
	size_t n;
	qa_span before; /* the line before, with its line feed; empty at the start of a file, or when it is too long */
};

/* Takes a part, returns the number of its lines. A worker gets the parts in rising order. */
typedef uint32_t qa_read_part(void *worker, const struct qa_part *part);
typedef void qa_read_progress(void *ctx, uint64_t done, uint64_t all);

/* How many workers are of use here: the processors this process may use, at most QA_READ_WORKERS and at most the parts. */
unsigned qa_read_workers(const struct qa_files *f);

/*
 * Reads all. WORKERS of N pointers, one for each thread. PROGRESS (may be NULL) is called in the caller's thread, about four times a
 * second. -1: a file could not be read to its end (also: it became shorter, its packing is damaged); the
 * workers then saw some parts.
 */
int qa_read(struct qa_files *f, qa_read_part *part, void *const *workers, unsigned n, qa_read_progress *progress,
	    void *ctx, struct qa_err *err) QA_MUST;

#endif
