/*
 * Sealing what is finished (store/seal.h): md_import does it in the background of its rounds, in a process of its own.
 *
 * A month is finished when the clock is past its end by the grace and nothing was added to it for that long. What comes
 * later opens a new segment in it, which is sealed in its turn.
 *
 * The domain's lock is held for moments, at each segment's beginning and end; between them the writer goes on. A seal that is
 * killed leaves files that the next writer removes.
 */
#ifndef QA_ARCHIVE_SEALER_H
#define QA_ARCHIVE_SEALER_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qa_sealer {
	const char *home;
	uint64_t grace;	  /* ns; pass only */
	uint64_t reserve; /* bytes that must stay free on the volume beside what a seal needs for a while */
	int (*stop)(void *ctx); /* asked every few milliseconds; may be NULL */
	void *ctx;
};

struct qa_sealer_stats {
	uint64_t months;	/* that are sealed now and were not before */
	uint64_t segments;	/* sealed */
	uint64_t before, bytes; /* of the segments of these months */
	uint64_t put_off;	/* months that are due but could not be sealed now */
};

/* Seals one month, finished or not: 1 sealed; 0 there was nothing to seal, or no such month; -1: ENOSPC no room for the
 * new files, EAGAIN something was added meanwhile, EWOULDBLOCK somebody else is at it, ECANCELED told to stop: all later. Adds
 * to the statistics. */
int qa_sealer_month(const struct qa_sealer *s, const char *domain, qa_month m, struct qa_sealer_stats *st,
		    struct qa_err *err) QA_MUST;

/* The months of a domain that ended before NOW (wall clock, ns), the grace included; all = also when something was added
 * lately. free(*v_r). */
int qa_sealer_due(const struct qa_sealer *s, const char *domain, uint64_t now, bool all, qa_month **v_r, size_t *n_r,
		  struct qa_err *err) QA_MUST;

/* Seals what is due in all domains, and logs what it did; a month that cannot be sealed now is put off. 0, -1 the domains cannot
 * be listed. */
int qa_sealer_pass(const struct qa_sealer *s, uint64_t now, struct qa_sealer_stats *st_r, struct qa_err *err) QA_MUST;

#endif
