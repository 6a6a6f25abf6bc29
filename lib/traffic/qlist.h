/* Which log files there are, in order. A part of qsource. */
#ifndef QA_TRAFFIC_QLIST_H
#define QA_TRAFFIC_QLIST_H

#include "traffic/qfile.h"

struct qa_qname {
	char *path;
	uint64_t dev, ino;
	uint64_t size;
	int64_t mtime_ns;
};

struct qa_qlist {
	struct qa_qname *v;
	size_t n;
};

/* multilog's folder at a moment between two rotations: old files by name, then `current`. -1: also EAGAIN, when there is no such moment for over a second. */
int qa_qlist_folder(const char *folder, struct qa_qlist *l_r, struct qa_err *err) QA_MUST;

/* A file's rotated forms, the oldest first, then the file itself, if it is there. Of NAME and NAME.gz only NAME. */
int qa_qlist_rotated(const char *file, struct qa_qlist *l_r, struct qa_err *err) QA_MUST;

void qa_qlist_free(struct qa_qlist *l);

/* The last part of a path. */
const char *qa_qlist_base(const char *path);

/* One of multilog's finished files: "@" + 24 hexadecimal digits + ".s" or ".u". */
bool qa_qlist_finished(const char *name);

#endif
