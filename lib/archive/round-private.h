/* The importer's inside: shared by round.c (the round itself), round-target.c, round-pending.c, round-publish.c and
 * round-open.c. */
#ifndef QA_ARCHIVE_ROUND_PRIVATE_H
#define QA_ARCHIVE_ROUND_PRIVATE_H

#include "archive/home.h"
#include "archive/intake.h"
#include "archive/round.h"
#include "archive/writer.h"
#include "base/buf.h"
#include "base/clock.h"
#include "conf/domains.h"
#include "journal/route.h"

/* A record that a domain has not committed yet. */
struct qa_ref {
	struct qa_intake_file *file;
	uint64_t offset;
};

struct qa_target {
	struct qa_target *next;
	char name[QA_DOMAIN_MAX + 1];
	struct qa_writer *w;
	bool begun;   /* part of the round, good so far */
	bool pending; /* has files in var/pending */
	bool unpublished; /* something committed may not be under a checkpoint */
	bool warm;
	struct qa_ref *ref;
	size_t refs, refs_size;
	size_t later; /* of the refs, how many at the end are not in this round: it holds no more months */
	uint64_t failing_since, retry_at, backoff, move_at, publish_at;
	uint64_t used;
};

struct qa_importer {
	char home[QA_PATH_MAX];
	struct qa_importer_conf conf;
	struct qa_importer_stats stats;
	struct qa_intake intake;
	uint64_t looked; /* when the intake looked for new files, qa_now */
	struct qa_domains domains;
	bool domains_open;
	struct qa_target *targets;
	void *by_name; /* the set of them; private to round-target.c */
	size_t begun;
	size_t most; /* domains in a round, and writers whose partitions stay open between rounds */
	uint64_t round, last_publish, publish_failing_since;
	bool unpublished;
	bool solo; /* the last round failed as a whole: commit domain by domain to learn which it was */
	bool full_said;
	int lock;
	struct qa_buf fields;
};

/* ---- round-target.c ---- */

struct qa_target *qa_target_of(struct qa_importer *im, const char *name); /* made when it is new; NULL: no memory */
void qa_target_free_all(struct qa_importer *im);
int qa_target_keep(struct qa_target *t, struct qa_intake_file *f, uint64_t offset, struct qa_err *err) QA_MUST;
/* The refs that a round has committed go: all but those put off to the next one. */
void qa_target_done(struct qa_target *t, uint64_t round);
/* Out of the round, rolled back, to be tried again later. */
void qa_target_failed(struct qa_importer *im, struct qa_target *t, const struct qa_err *err);
int qa_target_begin(struct qa_importer *im, struct qa_target *t, struct qa_err *err) QA_MUST;
/* One record into the round. -1 with EAGAIN: its writer holds no more months or entries. */
int qa_target_add(struct qa_importer *im, struct qa_target *t, const struct qa_route *route,
		  const struct qa_scanned *rec, struct qa_err *err) QA_MUST;
/* Adds what the domain could not commit before; what does not fit is put off (later). */
int qa_target_add_held(struct qa_importer *im, struct qa_target *t, struct qa_err *err) QA_MUST;

/* ---- round-pending.c ---- */

/* Moves the records of domains that are stuck for too long. */
void qa_pending_tend(struct qa_importer *im);
/* A domain's pending files into the intake again, each record held by the domain. */
int qa_pending_take(struct qa_importer *im, struct qa_target *t, struct qa_err *err) QA_MUST;

/* ---- round.c ---- */

typedef int qa_round_stage(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err);

#endif
