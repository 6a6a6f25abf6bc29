/*
 * Publishing a file: nobody ever sees half of it, and once published it survives a power
 * cut. Temporary name, write, fsync, rename (or link, when it must not exist), fsync of the folder.
 *
 * Temporary names are ".tmp." + 16 hex digits; qa_publish_sweep removes what a crash left.
 */
#ifndef QA_SYS_PUBLISH_H
#define QA_SYS_PUBLISH_H

#include "sys/syncset.h"

/* The whole contents at once; replaces an existing file in one step. */
int qa_publish(int dirfd, const char *path, qa_span bytes, mode_t mode, struct qa_err *err) QA_MUST;

/* As qa_publish, but fails with EEXIST when the file is there already; its name is durable then, also when
 * whoever published it died half way. */
int qa_publish_new(int dirfd, const char *path, qa_span bytes, mode_t mode, struct qa_err *err) QA_MUST;

/* Piece by piece: begin, write to p.fd as you like, then end (sync, rename, sync), end_new (the same as qa_publish_new) or abort
 * (remove). All close p.fd and leave p unusable; abort keeps errno. */
struct qa_publish {
	int fd;
	int dirfd;
	char path[512], temp[512]; /* temp: empty when it is not there */
};
int qa_publish_begin(struct qa_publish *p, int dirfd, const char *path, mode_t mode, struct qa_err *err) QA_MUST;
int qa_publish_end(struct qa_publish *p, struct qa_err *err) QA_MUST;
int qa_publish_end_new(struct qa_publish *p, struct qa_err *err) QA_MUST;
void qa_publish_abort(struct qa_publish *p);

/* Many files with few syncs, in two stages:
 *
 *	begin, write, stage -> qa_syncset_commit -> name or name_new -> qa_syncset_commit
 *
 * stage adds the file to the set and closes p->fd. name gives it its name and adds the folder to the set. name_new does so when there is
 * none of that name: 1, or 0 when there is one, whose name is durable after commit all the same. When they fail the temporary file is
 * removed; before name, abort removes it. */
int qa_publish_stage(struct qa_publish *p, struct qa_syncset *set, struct qa_err *err) QA_MUST;
int qa_publish_name(struct qa_publish *p, struct qa_syncset *set, struct qa_err *err) QA_MUST;
int qa_publish_name_new(struct qa_publish *p, struct qa_syncset *set, struct qa_err *err) QA_MUST;

/* Removes left-over temporary files in a folder: the number removed, or -1. */
int qa_publish_sweep(int dirfd, const char *path, struct qa_err *err) QA_MUST;

#endif
