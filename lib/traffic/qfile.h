/* One log file, plain, packed by gzip or a stream, read forward; and its marks. A part of qsource. */
#ifndef QA_TRAFFIC_QFILE_H
#define QA_TRAFFIC_QFILE_H

#include "traffic/qsource.h"

#include <sys/types.h>

struct qa_qfile;

/* Opens PATH (`-`: standard input): the file, or NULL with ENOENT and others. */
struct qa_qfile *qa_qfile_open(int dirfd, const char *path, struct qa_err *err) QA_MUST;
void qa_qfile_close(struct qa_qfile *f);

/* The next bytes, unpacked: how many, 0 at the end (there may be more later), -1. */
ssize_t qa_qfile_read(struct qa_qfile *f, unsigned char *p, size_t n, struct qa_err *err) QA_MUST;

/* Goes to OFFSET of a file just opened, reading what it must; the last bytes before it, at most QA_QSOURCE_MARK, to TAIL: 1 and their number,
 * 0 when the file is shorter, -1. */
int qa_qfile_goto(struct qa_qfile *f, uint64_t offset, unsigned char tail[QA_QSOURCE_MARK], size_t *tail_r, struct qa_err *err) QA_MUST;

/* Digest of the first bytes, at most QA_QSOURCE_MARK, of those before OFFSET, which has been read. */
struct qa_digest qa_qfile_head(const struct qa_qfile *f, uint64_t offset);

const char *qa_qfile_path(const struct qa_qfile *f);
bool qa_qfile_stream(const struct qa_qfile *f);
bool qa_qfile_packed(const struct qa_qfile *f);
bool qa_qfile_is(const struct qa_qfile *f, uint64_t dev, uint64_t ino);
void qa_qfile_id(const struct qa_qfile *f, uint64_t *dev_r, uint64_t *ino_r);
uint64_t qa_qfile_at(const struct qa_qfile *f); /* bytes read */

/* True when a plain file has become shorter than what was read of it; *SIZE_R is what it is now. */
bool qa_qfile_cut(const struct qa_qfile *f, uint64_t *size_r);
void qa_qfile_rewind(struct qa_qfile *f);
int64_t qa_qfile_mtime(const struct qa_qfile *f); /* nanoseconds; of a stream: now */
bool qa_qfile_torn(const struct qa_qfile *f);	  /* packed, and has ended before its end */

#endif
