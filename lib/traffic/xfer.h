/*
 * Filing traffic files away: DIR/NAME becomes DIR/loaded/NAME.gz.
 *
 * States of a file, in order; after a crash between any two the next run goes on from what is there:
 *	1  DIR/NAME
 *	2  DIR/NAME and a temporary file in loaded/ (removed by the next run)
 *	3  DIR/NAME and loaded/NAME.gz, which is whole, was read back and compared, and is durable
 *	4  loaded/NAME.gz
 * Invariants: DIR/NAME goes only in state 3; loaded/NAME.gz is never replaced. A power cut may lead back from 4 to 3.
 *
 * Two runs at once work on a folder in turns.
 */
#ifndef QA_TRAFFIC_XFER_H
#define QA_TRAFFIC_XFER_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sha256.h"

#include <sys/stat.h>

enum { QA_XFER_FILE = 1 << 30 }; /* larger files are refused: EFBIG */

/*
 * Files NAME (without '/') of the folder dirfd away, DIR is what messages call that folder. LOADED, if not NULL, is what the file must
 * still hold. 1 done; 0 there is no such file (another run was quicker); -1: EEXIST loaded/NAME.gz is there with other
 * content, EBUSY the file was changed meanwhile, or does not hold LOADED.
 */
int qa_xfer_file(int dirfd, const char *dir, const char *name, const struct qa_digest *loaded, struct qa_err *err) QA_MUST;

/* The whole of a regular file, appended to b: 1; 0 there is none; -1 (EFBIG over b's limit, EINVAL no regular file). */
int qa_xfer_read(int dirfd, const char *dir, const char *name, struct qa_buf *b, struct stat *st_r, struct qa_err *err) QA_MUST;

#endif
