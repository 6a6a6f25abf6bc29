/*
 * Sealing a finished month: its segments are written again with larger frames and better compression, one by one.
 *
 *	[lock the domain] tidy [unlock]; open; (write; [lock the domain] switch [unlock])*; close
 *
 * The work is done beside a writer who may go on: writing takes long and holds no lock of the domain, the switch takes
 * moments and needs it. What was added to the partition between the two undoes the write, nothing else. Readers and the
 * writer's left-overs: see seal.c.
 */
#ifndef QA_STORE_SEAL_H
#define QA_STORE_SEAL_H

#include "store/partition.h"

struct qa_seal;

/* As a writer does (w->var is needed), under the domain's lock: cuts off what is not committed and completes the index files. */
int qa_seal_tidy(const struct qa_partition_where *w, uint64_t committed, struct qa_err *err) QA_MUST;

/* 1; 0 there is no such partition; -1, EWOULDBLOCK: it is being sealed by somebody else. */
int qa_seal_open(const struct qa_partition_where *w, struct qa_seal **s_r, struct qa_err *err) QA_MUST;

/* Writes the next segment that is not sealed, syncs it and reads every byte back: 1 it waits for the switch, 0 all are
 * sealed. -1, with all as it was: EAGAIN there are entries with a leaf not below committed, or not in the index files (a round was or
 * is under way: tidy);
 * ECANCELED stop() (asked at each frame, may be NULL) said so; ENOSPC; EBADMSG the segment is damaged and stays as it is. */
int qa_seal_write(struct qa_seal *s, uint64_t committed, int (*stop)(void *ctx), void *ctx, struct qa_err *err) QA_MUST;

/* Puts what was written into place, under the domain's lock. Whoever has the partition open for appending must open it
 * again: their handle writes to files that are gone. -1; EAGAIN: the partition has changed since. */
int qa_seal_switch(struct qa_seal *s, struct qa_err *err) QA_MUST;

void qa_seal_close(struct qa_seal *s); /* NULL is allowed; what waits for a switch is removed */

/* All in one, for a caller who holds the domain's lock the whole time: 1 all sealed, 0 no such partition, -1. */
int qa_seal_whole(const struct qa_partition_where *w, uint64_t committed, int (*stop)(void *ctx), void *ctx,
		  struct qa_err *err) QA_MUST;

/* What a partition has, by its manifest and the sizes of its files; for a caller who plans. */
struct qa_seal_state {
	size_t segments, unsealed; /* an open segment without any frame counts as neither */
	uint64_t bytes;		   /* of all segments */
	uint64_t largest;	   /* bytes that sealing needs at a time: the largest unsealed segment and the index files */
};

/* 1; 0 there is no such partition; -1. */
int qa_seal_look(const struct qa_partition_where *w, struct qa_seal_state *st_r, struct qa_err *err) QA_MUST;

#endif
