/* What writer.c and writer-add.c share. */
#ifndef QA_ARCHIVE_WRITER_PRIVATE_H
#define QA_ARCHIVE_WRITER_PRIVATE_H

#include "archive/home.h"
#include "archive/log.h"
#include "archive/writer.h"

/* A partition in use, with the leaf hashes of what was added to it in this round. Leaf numbers are
 * given at the flush: partition by partition, so that each has its leaves without gaps. */
struct open_partition {
	struct qa_partition *p;
	qa_month month;
	uint64_t used; /* by the writer's counter */
	struct qa_digest *leaf;
	size_t leaves, leaves_size;
};

struct qa_writer {
	char home[QA_PATH_MAX], domain[256];
	char depot[QA_PATH_MAX], var[QA_PATH_MAX];
	struct qa_log *log;
	int lock;
	unsigned char token[16]; /* stands in the lock file while nobody else has held it since */
	bool locked;
	bool publishing; /* the lock is held by the publishing steps */
	bool doubt; /* the log was given up with something in it that may not be durable */
	uint64_t counter, added;
	struct open_partition part[QA_WRITER_PARTITIONS];
	size_t parts;
};

/* Closes the partition at place i; the last one takes its place. */
void qa_writer_close_part(struct qa_writer *w, size_t i);

#endif
