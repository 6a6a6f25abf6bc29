/*
 * Stats files to be read: plain, packed by gzip, or a stream. All are opened at once, so that a rotation meanwhile
 * changes nothing: each is read as far as it went when it was opened, and a file that is named twice (or was renamed between two
 * looks) is read once.
 *
 * "-" is standard input. Whether a file is packed is told by its first bytes, not by its name.
 */
#ifndef QA_TRAFFIC_FILES_H
#define QA_TRAFFIC_FILES_H

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { QA_FILES_MOST = 10000 };

struct qa_file {
	char *name;
	int fd;
	bool stream;   /* read from its start to its end: packed, or no regular file */
	uint64_t size; /* when it was opened; of a stream that is no regular file 0 */
	dev_t dev;
	ino_t ino;
	/* filled by qa_read */
	uint32_t *lines; /* of each part */
	size_t parts, parts_room;
};

struct qa_files {
	struct qa_file *v;
	size_t n, room;
};

#define QA_FILES {NULL, 0, 0}

int qa_files_add(struct qa_files *f, const char *path, struct qa_err *err) QA_MUST;

/*
 * PATH and what rotation made of it before: PATH.N, PATH-DIGITS (with more digits and dashes), each also with `.gz`, that was written to at
 * SINCE (seconds since 1970) or later. Where both NAME and NAME.gz are there, NAME is taken. 0; -1, also when PATH itself is
 * missing and nothing else was found.
 */
int qa_files_add_rotated(struct qa_files *f, const char *path, int64_t since, struct qa_err *err) QA_MUST;

/* Bytes that reading all will read; streams that are no files count nothing. */
uint64_t qa_files_size(const struct qa_files *f);

/* The number, from 1, of line LINE (from 0) of part PART of a file that was read. */
uint64_t qa_files_line(const struct qa_files *f, size_t file, size_t part, uint32_t line);

void qa_files_free(struct qa_files *f);

#endif
