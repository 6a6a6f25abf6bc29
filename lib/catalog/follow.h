/*
 * Keeps the catalogs of a domain up to its log: what md_index does again and again, and md_reindex once.
 *
 * What is under the log's checkpoint is taken in: that much is durable. A catalog that knows more, or other entries, is made again.
 *
 * The store is only read. What is written lies in H/domain/DOMAIN/var/catalog.
 */
#ifndef QA_CATALOG_FOLLOW_H
#define QA_CATALOG_FOLLOW_H

#include "base/clock.h"
#include "base/err.h"
#include "message/message.h"

#include <stdbool.h>

struct qa_follow;

struct qa_follow_hooks {
	void *ctx;
	/* Asked between entries: true ends the pass after the batch at hand. May be NULL. */
	bool (*stop)(void *ctx);
	/* After each batch: entries of this domain that are in, and those that are to be. May be NULL. */
	void (*progress)(void *ctx, const char *domain, uint64_t done, uint64_t all);
	const struct qa_message_limits *limits; /* NULL = default */
	bool seal;    /* compact every month but the newest at once, not only when it was quiet for QA_FOLLOW_QUIET */
	bool trickle; /* leave folding the WAL to SQLite: passes are frequent and small */
};

enum { QA_FOLLOW_QUIET = 3600 }; /* seconds */

/* 1; 0 no such domain; -1. Makes var/catalog. */
int qa_follow_open(const char *home, const char *domain, const struct qa_follow_hooks *hooks,
		   struct qa_follow **f_r, struct qa_err *err) QA_MUST;
void qa_follow_close(struct qa_follow *f);

/* Closes all files that are kept open between passes; the next pass opens them again. */
void qa_follow_rest(struct qa_follow *f);

/* Whether a month but the newest still waits for its seal: worth a pass now and then. */
bool qa_follow_unsealed(const struct qa_follow *f);

const char *qa_follow_domain(const struct qa_follow *f);

/* Whether the log may have grown since the last pass: a look at one file. */
bool qa_follow_changed(struct qa_follow *f);

/* One pass over all months, the newest first: 1 all that is signed is in; 0 stopped before; -1, errno EWOULDBLOCK when another
 * program writes these catalogs. A month that fails does not keep the others back; the first error is reported, and the next
 * pass tries again. Damaged catalogs are remade on the way. */
int qa_follow_pass(struct qa_follow *f, struct qa_err *err) QA_MUST;

/* Makes a month's catalog again from nothing, beside the old one, which answers until it is replaced: as qa_follow_pass. */
int qa_follow_remake(struct qa_follow *f, qa_month m, struct qa_err *err) QA_MUST;

/* Entries of the domain that are in, after a pass. */
uint64_t qa_follow_done(const struct qa_follow *f);
uint64_t qa_follow_bound(const struct qa_follow *f); /* entries under the checkpoint: what is to be in */
uint64_t qa_follow_fallbacks(const struct qa_follow *f); /* since opening */

#endif
