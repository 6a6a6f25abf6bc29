/*
 * The log files themselves, read in order and followed through rotation, and a place in them that is found again.
 *
 * A name is
 *	a folder that multilog writes: its old files @*.s and @*.u by name, which is by time, then `current`
 *	a file: plain or packed by gzip (told by its first bytes); as the last name it is followed through rotation by rename
 *	(NAME.1, NAME-20240304, with or without .gz, by their times) or by cutting it
 *	`-`: standard input, or any other stream; it has no place
 *
 * A place is told by what the file holds (a digest of its first bytes and of those before the place), so a file that was renamed, packed or
 * copied is found, and one that has merely got the inode of an old one is not taken for it. A file that is finished is left
 * only when the next one has bytes.
 *
 * Lines are handed out whole. A line that multilog has parted between two files, which it does with long ones, is put together.
 * A last line without line feed waits for the rest; in a file that is left it is lost, at the end of a stream it counts.
 * A line over QA_QSOURCE_LINE bytes that is not there at once is left out.
 */
#ifndef QA_TRAFFIC_QSOURCE_H
#define QA_TRAFFIC_QSOURCE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/sha256.h"
#include "base/span.h"

#include <stdint.h>

enum { QA_QSOURCE_LINE = 65536, QA_QSOURCE_MARK = 1024 };

/* All before OFFSET was handed out. */
struct qa_qpos {
	bool any;			/* false: nowhere yet */
	uint64_t dev, ino;		/* where it was; a hint */
	uint64_t offset;		/* in the unpacked bytes */
	struct qa_digest head, tail;	/* of the first, and of the last, up to QA_QSOURCE_MARK bytes before it */
};

struct qa_qsource;

/*
 * Opens NAMES (N at least 1; kept as pointers). With FROM (any) set goes on there; else begins with the oldest file. When FROM is not found the log has a
 * gap (qa_qsource_said): then it begins with the first file that multilog finished after the stamp LAST and NANO, or the first file
 * there is. NULL: cannot.
 */
struct qa_qsource *qa_qsource_open(const char *const *names, size_t n, const struct qa_qpos *from, int64_t last, uint32_t nano,
				   struct qa_err *err) QA_MUST;
void qa_qsource_free(struct qa_qsource *s);

/* Whole lines: 1, and they are valid until the next call; 0: no more for now (later there may be); -1. */
int qa_qsource_next(struct qa_qsource *s, qa_span *lines_r, struct qa_err *err) QA_MUST;

/* The stamp of the last line handed out: by it files are told when the one that was read has been removed. */
void qa_qsource_stamp(struct qa_qsource *s, int64_t last, uint32_t nano);

/* The place behind all lines handed out. */
void qa_qsource_pos(const struct qa_qsource *s, struct qa_qpos *pos_r);

bool qa_qsource_stream(const struct qa_qsource *s); /* reads a stream now */
uint64_t qa_qsource_bytes(const struct qa_qsource *s); /* handed out so far */
int64_t qa_qsource_mtime(const struct qa_qsource *s); /* of the file it is in; of a stream: now */

/* Whether the file it is in is packed, and what was read of it ended before its end: the last one, when nothing follows it. */
bool qa_qsource_torn(const struct qa_qsource *s);

/* What was lost on the way, in words, once: NULL when there is nothing new. GAP_R: lines are missing, and the place was lost. */
const char *qa_qsource_said(struct qa_qsource *s, bool *gap_r);

#endif
