/* Between read.c and stream.c. */
#ifndef QA_TRAFFIC_READ_PRIVATE_H
#define QA_TRAFFIC_READ_PRIVATE_H

#include "traffic/quick.h"
#include "traffic/read.h"

#include <stdatomic.h>

enum {
	QA_READ_CHUNK = 512 << 10,  /* of a plain file in a part */
	QA_READ_LEAD = 4096,	    /* read before it, for the line before */
	QA_READ_TAIL = 4096 + 1024, /* and behind it, for the end of its last line */
	QA_READ_BUFFER = QA_QUICK_PAD + QA_READ_LEAD + QA_READ_CHUNK + QA_READ_TAIL + QA_QUICK_PAD,
};

/* Reads a stream from where its descriptor stands. BUF of QA_READ_BUFFER. Adds what it read to *DONE; gives up quietly at *STOP. */
int qa_read_stream(struct qa_file *file, size_t number, unsigned char *buf, qa_read_part *part, void *worker,
		   _Atomic uint64_t *done, const atomic_bool *stop, struct qa_err *err) QA_MUST;

/* Notes the lines of a part; -1: no memory. */
int qa_read_note(struct qa_file *file, size_t part, uint32_t lines) QA_MUST;

#endif
