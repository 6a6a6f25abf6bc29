/*
 * Onboarding: mail that is in files already goes straight into a domain's archive, past the journal (its source is
 * durable). Files and folders of .eml, Maildir and Maildir++ trees, mbox (mboxrd, mboxo).
 *
 * Pass 1 reads the dates (topmost Received, else Date; believable = 1990 to now + 1 day; else the file's own time);
 * pass 2 files month by month, oldest first, in batches that are committed one by one. A message whose bytes are there
 * already is known and not filed again, so running it twice, or after an interruption, does no harm; a batch that was
 * committed is skipped by its mark in domain/DOMAIN/var/import-*.
 */
#ifndef QA_ARCHIVE_ONBOARD_H
#define QA_ARCHIVE_ONBOARD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qa_onboard_stats {
	uint64_t found, filed, known, failed; /* messages */
	uint64_t bytes, bytes_done;	      /* of messages found, and of those dealt with */
	uint64_t guessed;		      /* messages without a believable date */
	bool counting;			      /* pass 1: found and bytes still grow */
};

struct qa_onboard {
	const char *home, *domain;
	const char *const *paths;
	size_t n;
	const char *operator_name; /* who runs it, for the provenance */
	const char *tool;	   /* program and version */
	int (*stop)(void *ctx);	   /* asked between messages; may be NULL */
	void (*progress)(void *ctx, const struct qa_onboard_stats *st); /* a few times a second; may be NULL */
	void (*trouble)(void *ctx, const char *path, const char *why); /* a file that cannot be read; may be NULL */
	void *ctx;
};

/* 0 all filed or known; 1 stopped; -1 a path cannot be read at all, or the archive cannot be written. */
int qa_onboard(const struct qa_onboard *o, struct qa_onboard_stats *st_r, struct qa_err *err) QA_MUST;

#endif
