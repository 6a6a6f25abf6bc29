/* Inside lib/catalog: one domain being followed; follow.c has the passes, follow-month.c the work on one month. */
#ifndef QA_CATALOG_FOLLOW_PRIVATE_H
#define QA_CATALOG_FOLLOW_PRIVATE_H

#include "archive/read.h"
#include "catalog/catalog.h"
#include "catalog/entry-row.h"
#include "catalog/follow.h"
#include "sys/sys.h"

enum {
	HELD = 32 << 20, /* larger messages are spooled to a file and mapped, so that memory stays flat */
};

/* What is known of a month since the last pass. */
struct qa_follow_known {
	qa_month month;
	uint64_t done;
	bool sealed;
};

struct qa_follow {
	char *home, *domain, *dir, *checkpoint, *depot;
	struct qa_archive *archive;
	struct qa_follow_hooks hooks;
	struct qa_entry_row row;
	struct qa_buf message, fields;
	GArray *known;
	qa_month newest;
	struct stat seen; /* the checkpoint, before the last pass that ended well */
	uint64_t bound;	  /* leaves under the checkpoint: these are indexed */
	bool fresh;	  /* no pass yet */
	bool store_failed; /* the last error is the depot's, not a catalog's */
	uint64_t fallbacks;

	/* the catalog that the last pass wrote to, kept open for the next one */
	struct qa_catalog *kept;
	qa_month kept_month;
	ino_t kept_file;
};

bool qa_follow_stopped(const struct qa_follow *f);

/* The month's place in f->known, made when it is new. */
struct qa_follow_known *qa_follow_known(struct qa_follow *f, qa_month m);

/* Closes the kept catalog. */
void qa_follow_forget(struct qa_follow *f);

/* ---- follow-entry.c ---- */

/* The leaf hash of entry e of month m; zeros when it cannot be made. Reads no message. */
struct qa_digest qa_follow_hash(qa_month m, const struct qa_entry *e);
int qa_follow_add(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m,
		  const struct qa_entry *e, struct qa_err *err) QA_MUST;
/* The depot's entry N cannot be read. If entries behind it can, its place is taken by a row without words; md_verify names the
 * damage, md_reindex fills the row when it is mended. */
int qa_follow_gap(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m, uint64_t n,
		  struct qa_err *err) QA_MUST;

/* ---- follow-month.c ---- */

/* Brings a month up to what is signed: 1 all is in, 0 not, -1. */
int qa_follow_month(struct qa_follow *f, qa_month m, bool newest, struct qa_err *err) QA_MUST;

/* Makes the month's catalog in folder ASIDE and puts it in place of the old one. */
int qa_follow_aside(struct qa_follow *f, const char *aside, qa_month m, struct qa_err *err) QA_MUST;

#endif
