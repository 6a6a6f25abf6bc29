/*
 * Making many files durable at once. A stage of a round adds what it wrote; one call at its end
 * syncs it all: file by file when there are few, by one syncfs for each file system when there are many.
 *
 *	add, add, ... -> commit -> (empty again)
 *
 * Order: what was added is durable after commit, in no particular order before. After a failed commit nothing may be
 * assumed of any of it.
 */
#ifndef QA_SYS_SYNCSET_H
#define QA_SYS_SYNCSET_H

#include "sys/sys.h"

enum { QA_SYNCSET_FEW = 24, QA_SYNCSET_VOLUMES = 64 };

struct qa_syncset {
	size_t n;
	struct {
		int fd;
		bool data_only;
		char name[256];
	} file[QA_SYNCSET_FEW];
	bool many; /* over QA_SYNCSET_FEW: whole volumes */
	size_t volumes;
	struct {
		dev_t dev;
		int fd;
	} volume[QA_SYNCSET_VOLUMES];
};

void qa_syncset_init(struct qa_syncset *s);

/* A file whose data (and size) must be durable. fd is duplicated, so the caller may close it. */
int qa_syncset_file(struct qa_syncset *s, int fd, const char *name, struct qa_err *err) QA_MUST;

/* A folder whose names must be durable. */
int qa_syncset_folder(struct qa_syncset *s, int dirfd, const char *path, struct qa_err *err) QA_MUST;

/* Syncs all; the set is empty afterwards, whatever the result. */
int qa_syncset_commit(struct qa_syncset *s, struct qa_err *err) QA_MUST;

/* Forgets all without syncing. */
void qa_syncset_drop(struct qa_syncset *s);

#endif
