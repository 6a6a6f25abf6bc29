#include "archive/round.h"
#include "archive/home.h"
#include "archive/intake.h"
#include "archive/writer.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/domains.h"
#include "journal/route.h"
#include "journal/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

enum {
	ROUND_RECORDS = 4096,
	ROUND_BYTES = 32 << 20,
	ROUND_DOMAINS = 256, /* descriptors and buffers are bounded by this */
	WARM_DOMAINS = 256,  /* writers whose partitions stay open between rounds */
};

/* A record that a domain has not committed yet. */
struct ref {
	struct qa_intake_file *file;
	uint64_t offset;
};

struct target {
	struct target *next;
	char name[QA_DOMAIN_MAX + 1];
	struct qa_writer *w;
	bool begun;   /* part of the round, good so far */
	bool pending; /* has files in var/pending */
	bool unpublished; /* something committed may not be under a checkpoint */
	bool warm;
	struct ref *ref;
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
	struct qa_domains domains;
	bool domains_open;
	struct target *targets;
	size_t begun;
	uint64_t round, last_publish, publish_failing_since;
	bool unpublished;
	bool solo; /* the last round failed as a whole: commit domain by domain to learn which it was */
	bool full_said;
	int lock;
	struct qa_buf fields;
};

/* ---- targets ---- */

static struct target *
target_of(struct qa_importer *im, const char *name)
{
	struct target *t;

	for (t = im->targets; t; t = t->next)
		if (strcmp(t->name, name) == 0)
			return t;
	t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	snprintf(t->name, sizeof t->name, "%s", name);
	t->next = im->targets;
	im->targets = t;
	return t;
}

static int
keep_ref(struct target *t, struct qa_intake_file *f, uint64_t offset, struct qa_err *err)
{
	if (t->refs == t->refs_size) {
		size_t size = t->refs_size ? t->refs_size * 2 : 32;
		struct ref *p = realloc(t->ref, size * sizeof *p);

		if (!p)
			return qa_fail(err, ENOMEM, "cannot hold records of %s: ", t->name);
		t->ref = p;
		t->refs_size = size;
	}
	t->ref[t->refs].file = f;
	t->ref[t->refs++].offset = offset;
	f->unfiled++;
	return 0;
}

/* The refs that a round has committed: all but those put off to the next one. */
static void
drop_done(struct target *t, uint64_t round)
{
	size_t done = t->refs - t->later;

	for (size_t i = 0; i < done; i++) {
		t->ref[i].file->unfiled--;
		t->ref[i].file->round = round;
	}
	if (t->later)
		memmove(t->ref, t->ref + done, t->later * sizeof *t->ref);
	t->refs = t->later;
	t->later = 0;
}

static void
failed(struct qa_importer *im, struct target *t, const struct qa_err *err)
{
	uint64_t now = qa_tick();

	t->later = 0;
	if (t->begun) {
		qa_writer_abort(t->w);
		t->begun = false;
		im->begun--;
	}
	if (!t->failing_since) {
		t->failing_since = now;
		t->backoff = QA_SECOND / 4;
	}
	t->retry_at = now + t->backoff;
	if (t->backoff < 10 * QA_SECOND)
		t->backoff *= 2;
	qa_log(QA_ERROR, "event=import.domain.failing domain=%s records=%zu why=%s", t->name, t->refs,
	       qa_log_quote(err->text));
}

static int
begin(struct qa_importer *im, struct target *t, struct qa_err *err)
{
	if (!t->w && qa_writer_open(im->home, t->name, &t->w, err))
		return -1;
	if (qa_writer_begin(t->w, 2 * QA_SECOND, err))
		return -1;
	t->begun = t->warm = true;
	t->used = im->round;
	im->begun++;
	return 0;
}

/* ---- one record into one domain ---- */

static qa_month
month_for(uint64_t captured)
{
	uint64_t now = qa_now();

	/* a clock far ahead at the capture must not open months to come */
	return qa_month_of(captured > now + 86400 * QA_SECOND ? now : captured);
}

static int
add_record(struct qa_importer *im, struct target *t, const struct qa_route *route, const struct qa_scanned *rec,
	   struct qa_err *err)
{
	struct qa_addition a = {.digest = rec->head.digest, .message = rec->message};
	struct qa_entry_id id;
	struct qa_facts f;
	int rc;

	qa_buf_clear(&im->fields);
	if (qa_route_fields(&im->domains, route, rec->fields, &im->fields, err) ||
	    qa_facts_get(qa_buf_span(&im->fields), &f, err))
		return -1;
	a.fields = qa_buf_span(&im->fields);
	a.month = month_for(f.captured);
	a.has_message = f.kind == QA_MESSAGE || rec->message.n > 0;
	rc = qa_writer_add(t->w, &a, &id, err);
	if (rc < 0)
		return -1;
	im->stats.entries += rc == 1;
	im->stats.known += rc == 0;
	return 0;
}

/* The route of a record to a domain that was decided before; by the table of now it may go elsewhere, but a record
 * stays with whom it was given to. */
static int
route_to(struct qa_importer *im, const struct target *t, qa_span fields, struct qa_route *route_r,
	 struct qa_err *err)
{
	struct qa_routes routes;

	memset(route_r, 0, sizeof *route_r);
	snprintf(route_r->rule.folder, sizeof route_r->rule.folder, "%s", t->name);
	route_r->all = true;
	if (qa_route(&im->domains, fields, &routes, err))
		return -1;
	for (size_t i = 0; i < routes.n; i++)
		if (strcmp(routes.v[i].rule.folder, t->name) == 0)
			*route_r = routes.v[i];
	qa_routes_free(&routes);
	return 0;
}

/* Adds what the domain could not commit before. */
static int
add_held(struct qa_importer *im, struct target *t, struct qa_err *err)
{
	struct qa_intake_file *file = NULL;
	struct qa_scan s = {.fd = -1};
	struct qa_scanned rec;
	struct qa_route route;
	int rc = 0;

	for (size_t i = 0; i < t->refs && rc == 0; i++) {
		if (t->ref[i].file != file) {
			if (file)
				qa_scan_close(&s);
			s.fd = -1;
			file = t->ref[i].file;
		}
		if (qa_intake_again(file, &s, t->ref[i].offset, &rec, err) ||
		    route_to(im, t, rec.fields, &route, err) || add_record(im, t, &route, &rec, err))
			rc = -1;
		if (rc && errno == EAGAIN && i > 0) {
			t->later = t->refs - i;
			rc = 0;
			break;
		}
	}
	if (file)
		qa_scan_close(&s);
	return rc;
}

/* ---- a stuck domain's records ---- */

static bool
is_pending(const struct qa_intake_file *f)
{
	return strncmp(f->name, "domain/", 7) == 0;
}

/* The records that lie in the journal, to the pending folder; those that came from there stay as they are. */
static int
move_to_pending(struct qa_importer *im, struct target *t, struct qa_err *err)
{
	struct qa_scan s = {.fd = -1};
	struct qa_intake_file *file = NULL;
	struct qa_scanned rec;
	struct qa_journal *j;
	char path[QA_PATH_MAX];
	size_t moved = 0, stay = 0;
	int rc = 0;

	if (qa_home_path(path, im->home, err, QA_HOME_VAR "/pending", t->name) ||
	    qa_home_domain(im->home, t->name, err) || qa_journal_open(path, 0, &j, err))
		return -1;
	for (size_t i = 0; i < t->refs && rc == 0; i++) {
		struct qa_intake_file *f = t->ref[i].file;

		if (is_pending(f))
			continue;
		if (f != file && s.fd >= 0)
			qa_scan_close(&s);
		file = f;
		/* one at a time: a message must stay in memory until the commit, and a scan keeps only one */
		if (qa_intake_again(f, &s, t->ref[i].offset, &rec, err) ||
		    qa_journal_add(j, &rec.head.digest, rec.message, rec.fields, err) || qa_journal_commit(j, err))
			rc = -1;
		moved++;
	}
	if (s.fd >= 0)
		qa_scan_close(&s);
	qa_journal_close(j);
	if (rc)
		return -1;
	for (size_t i = 0; i < t->refs; i++) {
		if (is_pending(t->ref[i].file)) {
			t->ref[stay++] = t->ref[i];
			continue;
		}
		t->ref[i].file->unfiled--;
		t->ref[i].file->round = im->round;
	}
	t->refs = stay;
	t->pending = true;
	qa_log(QA_ALERT, "event=import.domain.pending domain=%s records=%zu", t->name, moved);
	return 0;
}

static bool
waits_in_journal(const struct target *t)
{
	for (size_t i = 0; i < t->refs; i++)
		if (!is_pending(t->ref[i].file))
			return true;
	return false;
}

static void
tend_stuck(struct qa_importer *im)
{
	uint64_t now = qa_tick();

	for (struct target *t = im->targets; t; t = t->next) {
		struct qa_err err;

		if (!t->failing_since || now - t->failing_since < im->conf.stuck_after || now < t->move_at ||
		    !waits_in_journal(t))
			continue;
		if (move_to_pending(im, t, &err)) {
			/* each try may leave copies in the folder, which cost space until the domain can commit again */
			t->move_at = now + im->conf.stuck_after;
			qa_log(QA_ERROR, "event=import.domain.stuck domain=%s why=%s", t->name,
			       qa_log_quote(err.text));
		}
	}
}

/*
 * Takes a domain's pending files into the intake again. What cannot be read now is read later with the journal's files, and
 * goes by the table of then: to this domain, unless its rule was changed; the others know it.
 */
static int
take_pending(struct qa_importer *im, struct target *t, struct qa_err *err)
{
	struct qa_intake own;
	struct qa_intake_file *f;
	struct qa_scanned rec;
	char folder[QA_PATH_MAX];
	int rc, got;

	snprintf(folder, sizeof folder, QA_HOME_VAR "/pending", t->name);
	qa_intake_init(&own, im->home);
	rc = qa_intake_add_folder(&own, folder, &im->intake, err);
	t->pending = rc != 0;
	while (rc == 0 && (got = qa_intake_next(&own, &f, &rec, err)) != 0) {
		if (got > 0) {
			rc = keep_ref(t, f, rec.offset, err);
			continue;
		}
		qa_log(QA_ALERT, "event=import.journal.unreadable file=%s why=%s", f->name, qa_log_quote(err->text));
		if (!f->finished && !f->retry_at)
			rc = -1;
	}
	/* they join the others, so that they are cleaned up the same way */
	qa_intake_join(&im->intake, &own);
	qa_intake_close(&own);
	return rc;
}

/* ---- the round ---- */

static bool
room(struct qa_importer *im)
{
	char path[QA_PATH_MAX];
	struct statvfs st;
	bool good = true;

	if (im->conf.reserve && qa_home_path(path, im->home, NULL, "domain") == 0 && statvfs(path, &st) == 0)
		good = (uint64_t)st.f_bavail * st.f_frsize >= im->conf.reserve;
	if (good != !im->full_said) {
		im->full_said = !good;
		if (good)
			qa_log(QA_NOTICE, "event=import.volume.room path=%s", path);
		else
			qa_log(QA_ALERT, "event=import.volume.full path=%s reserve=%llu", path,
			       (unsigned long long)im->conf.reserve);
	}
	return good;
}

/* A record whose fields make no sense: kept beside the journal, out of the way. */
static int
quarantine(struct qa_importer *im, const struct qa_intake_file *f, const struct qa_scanned *rec,
	   const struct qa_err *why, struct qa_err *err)
{
	struct qa_journal *j;
	char path[QA_PATH_MAX];
	int rc;

	qa_log(QA_ALERT, "event=import.record.refused file=%s offset=%llu why=%s", f->name,
	       (unsigned long long)rec->offset, qa_log_quote(why->text));
	im->stats.refused++;
	if (qa_home_path(path, im->home, err, "journal/bad") || qa_mkdirs(AT_FDCWD, path, 0750, err) ||
	    qa_journal_open(path, 0, &j, err))
		return -1;
	rc = qa_journal_add(j, &rec->head.digest, rec->message, rec->fields, err);
	if (rc == 0)
		rc = qa_journal_commit(j, err);
	qa_journal_close(j);
	return rc;
}

/* Gives a record to all domains that get it: 1, 0 when the round is full and it was not taken, -1. */
static int
take(struct qa_importer *im, struct qa_intake_file *f, const struct qa_scanned *rec, struct qa_err *err)
{
	struct qa_routes routes;
	struct qa_err why;
	struct qa_facts facts;
	int rc = 1;

	if (qa_facts_get(rec->fields, &facts, &why) || qa_route(&im->domains, rec->fields, &routes, &why)) {
		if (errno == ENOMEM)
			return qa_fail(err, ENOMEM, "%s", why.text);
		return quarantine(im, f, rec, &why, err) ? -1 : 1;
	}
	if (im->begun + routes.n > ROUND_DOMAINS && im->begun) {
		qa_routes_free(&routes);
		return 0;
	}
	for (size_t i = 0; i < routes.n && rc == 1; i++) {
		struct target *t = target_of(im, routes.v[i].rule.folder);

		if (!t || keep_ref(t, f, rec->offset, err)) {
			rc = qa_fail(err, ENOMEM, "cannot hold a record: ");
			break;
		}
		if (!t->begun && t->failing_since)
			continue; /* its turn comes at retry_at */
		if (t->later) {
			t->later++;
			continue;
		}
		if ((!t->begun && begin(im, t, &why)) || add_record(im, t, &routes.v[i], rec, &why)) {
			if (errno == EAGAIN && t->begun && qa_writer_added(t->w)) {
				t->later = 1; /* the next round begins with it */
				continue;
			}
			failed(im, t, &why);
		}
	}
	qa_routes_free(&routes);
	f->round = im->round;
	im->stats.records++;
	im->stats.bytes += rec->message.n;
	return rc;
}

typedef int stage(struct qa_writer *w, struct qa_syncset *set, struct qa_err *err);

/* One stage for all domains of the round, then its sync. A domain that fails drops out; a sync that fails takes all
 * with it. */
static int
run_stage(struct qa_importer *im, stage *step, struct qa_err *err)
{
	struct qa_syncset set;
	struct qa_err why;

	qa_syncset_init(&set);
	for (struct target *t = im->targets; t; t = t->next)
		if (t->begun && step(t->w, &set, &why))
			failed(im, t, &why);
	if (qa_syncset_commit(&set, err) == 0)
		return 0;
	for (struct target *t = im->targets; t; t = t->next)
		if (t->begun)
			failed(im, t, err);
	return -1;
}

static void
ended(struct qa_importer *im, struct target *t)
{
	t->begun = false;
	im->begun--;
	drop_done(t, im->round);
	if (t->failing_since)
		qa_log(QA_NOTICE, "event=import.domain.recovered domain=%s", t->name);
	t->failing_since = 0;
	t->unpublished = im->unpublished = true;
}

static void
commit(struct qa_importer *im)
{
	struct qa_err err;

	if (im->solo) {
		for (struct target *t = im->targets; t; t = t->next) {
			if (!t->begun)
				continue;
			if (qa_writer_commit(t->w, &err))
				failed(im, t, &err);
			else
				ended(im, t);
		}
		im->solo = false;
		return;
	}
	if (run_stage(im, qa_writer_flush, &err) || run_stage(im, qa_writer_log, &err)) {
		im->solo = true;
		return;
	}
	for (struct target *t = im->targets; t; t = t->next)
		if (t->begun) {
			qa_writer_end(t->w);
			ended(im, t);
		}
}

static void
cool_down(struct qa_importer *im)
{
	size_t warm = 0;

	for (struct target *t = im->targets; t; t = t->next)
		warm += t->warm;
	for (struct target *t = im->targets; t && warm > WARM_DOMAINS; t = t->next)
		if (t->warm && t->used != im->round) {
			qa_writer_rest(t->w);
			t->warm = false;
			warm--;
		}
}

/* Domains whose time to try again has come. */
static void
retry(struct qa_importer *im)
{
	uint64_t now = qa_tick();
	struct qa_err err;

	for (struct target *t = im->targets; t; t = t->next) {
		if ((!t->refs && !t->pending) || now < t->retry_at || im->begun >= ROUND_DOMAINS)
			continue;
		if (t->pending && take_pending(im, t, &err)) {
			failed(im, t, &err);
			continue;
		}
		if (begin(im, t, &err) || add_held(im, t, &err))
			failed(im, t, &err);
	}
}

static int
reload_domains(struct qa_importer *im, struct qa_err *err)
{
	if (im->domains_open)
		qa_domains_close(&im->domains);
	im->domains_open = false;
	if (qa_domains_open(&im->domains, im->home, err))
		return -1;
	im->domains_open = true;
	return 0;
}

int
qa_importer_round(struct qa_importer *im, struct qa_err *err)
{
	struct qa_intake_file *f;
	struct qa_scanned rec;
	struct qa_err why;
	uint64_t records = 0, bytes = 0;
	uint64_t before = im->stats.records + im->stats.entries;
	int rc = 0;

	im->round++;
	if (reload_domains(im, err) || qa_intake_refresh(&im->intake, err))
		return -1;
	if (room(im)) {
		retry(im);
		while (records < ROUND_RECORDS && bytes < ROUND_BYTES &&
		       (rc = qa_intake_next(&im->intake, &f, &rec, &why)) != 0) {
			if (rc < 0) {
				qa_log(QA_ALERT, "event=import.journal.unreadable file=%s why=%s", f->name,
				       qa_log_quote(why.text));
				if (f->finished || f->retry_at)
					continue;
				*err = why; /* no memory, no descriptors: later */
				break;
			}
			rc = take(im, f, &rec, err);
			if (rc <= 0) {
				if (qa_intake_unread(f, &rec, &why))
					f->finished = f->lost = true;
				break;
			}
			records++;
			bytes += rec.message.n;
		}
		commit(im);
		tend_stuck(im);
		cool_down(im);
		im->stats.rounds++;
	}
	if (im->stats.records + im->stats.entries == before || qa_tick() - im->last_publish >= im->conf.publish_every)
		if (qa_importer_publish(im, &why))
			qa_log(QA_ERROR, "event=import.publish.failed why=%s", qa_log_quote(why.text));
	if (rc < 0)
		return -1;
	return im->stats.records + im->stats.entries != before;
}

/* ---- publishing ---- */

static void
publish_failed(struct target *t, const struct qa_err *err)
{
	t->begun = false;
	t->publish_at = qa_tick() + 10 * QA_SECOND;
	qa_log(QA_ERROR, "event=import.checkpoint.failed domain=%s why=%s", t->name, qa_log_quote(err->text));
}

int
qa_importer_publish(struct qa_importer *im, struct qa_err *err)
{
	static stage *const steps[] = {qa_writer_publish_tiles, qa_writer_publish_checkpoint};
	struct qa_syncset set;
	struct qa_err why;
	bool bad = false;

	im->last_publish = qa_tick();
	for (struct target *t = im->targets; t; t = t->next) {
		t->begun = t->unpublished && t->publish_at <= im->last_publish;
		bad |= t->begun != t->unpublished;
		if (t->begun && !t->w && qa_writer_open(im->home, t->name, &t->w, &why)) {
			publish_failed(t, &why);
			bad = true;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		qa_syncset_init(&set);
		for (struct target *t = im->targets; t; t = t->next)
			if (t->begun && steps[i](t->w, &set, &why)) {
				publish_failed(t, &why);
				bad = true;
			}
		if (qa_syncset_commit(&set, err)) {
			for (struct target *t = im->targets; t; t = t->next)
				if (t->begun) {
					qa_writer_abort(t->w);
					t->begun = false;
				}
			bad = true;
			break;
		}
	}
	for (struct target *t = im->targets; t; t = t->next) {
		if (t->begun && qa_writer_publish_end(t->w, &why) == 0) {
			t->unpublished = false;
		} else if (t->begun) {
			publish_failed(t, &why);
			bad = true;
		}
		t->begun = false;
	}
	if (!bad) {
		im->publish_failing_since = 0;
		im->unpublished = false;
	} else if (!im->publish_failing_since) {
		im->publish_failing_since = qa_tick();
	}
	/* what is committed is durable; after a minute a checkpoint that cannot be written no longer holds the journal */
	if ((!bad || qa_tick() - im->publish_failing_since > im->conf.stuck_after) &&
	    qa_intake_clean(&im->intake, im->round, err))
		return -1;
	return !bad ? 0 : qa_fail(err, EIO, "some checkpoints could not be published");
}

uint64_t
qa_importer_due(const struct qa_importer *im)
{
	uint64_t now = qa_tick(), due = UINT64_MAX, at;

	if (im->unpublished) {
		at = im->last_publish + im->conf.publish_every;
		due = at > now ? at - now : 0;
	}
	for (const struct target *t = im->targets; t; t = t->next) {
		if (!t->refs && !t->pending)
			continue;
		at = t->retry_at > now ? t->retry_at - now : 0;
		due = at < due ? at : due;
	}
	return due;
}

uint64_t
qa_importer_held(const struct qa_importer *im)
{
	uint64_t n = 0;

	for (const struct target *t = im->targets; t; t = t->next)
		n += t->refs + t->pending;
	return n + qa_intake_waiting(&im->intake);
}

const struct qa_importer_stats *
qa_importer_stats(const struct qa_importer *im)
{
	return &im->stats;
}

/* What a crash may have left in each domain: pending records, a log ahead of its checkpoint. */
static int
look_at_domains(struct qa_importer *im, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_names names, pending;
	int rc = 0;

	if (qa_home_path(path, im->home, err, "domain"))
		return -1;
	if (qa_listdir(AT_FDCWD, path, &names, err))
		return errno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char clean[QA_DOMAIN_MAX + 1];
		struct target *t;
		struct qa_err why;

		if (qa_domain_name(qa_span_str(names.v[i]), clean) || strcmp(clean, names.v[i]) != 0)
			continue;
		t = target_of(im, names.v[i]);
		if (!t) {
			rc = qa_fail(err, ENOMEM, "cannot look at the domains: ");
			break;
		}
		if (qa_home_path(path, im->home, &why, QA_HOME_VAR "/pending", t->name) == 0 &&
		    qa_listdir(AT_FDCWD, path, &pending, &why) == 0) {
			t->pending = pending.n > 0;
			qa_names_free(&pending);
		}
		if (begin(im, t, &why)) {
			failed(im, t, &why);
			t->unpublished = im->unpublished = true; /* nobody knows */
			continue;
		}
		qa_writer_end(t->w);
		t->begun = false;
		im->begun--;
		if (qa_writer_unpublished(t->w))
			t->unpublished = im->unpublished = true;
		else
			qa_writer_rest(t->w);
		t->warm = false;
	}
	qa_names_free(&names);
	return rc;
}

int
qa_importer_conf(const char *home, struct qa_importer_conf *conf_r, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_conf *c;
	int rc = 0;

	conf_r->reserve = UINT64_C(256) << 20;
	conf_r->stuck_after = 60 * QA_SECOND;
	conf_r->publish_every = 2 * QA_SECOND;
	if (qa_home_path(path, home, err, "etc/maildepot.conf") || qa_conf_read(AT_FDCWD, path, &c, err) < 0)
		return -1;
	if (qa_conf_size(c, "reserve", &conf_r->reserve, err) < 0 ||
	    qa_conf_duration(c, "stuck_after", &conf_r->stuck_after, err) < 0 ||
	    qa_conf_duration(c, "publish_every", &conf_r->publish_every, err) < 0)
		rc = -1;
	qa_conf_free(c);
	return rc;
}

int
qa_importer_open(const char *home, const struct qa_importer_conf *conf, struct qa_importer **im_r,
		 struct qa_err *err)
{
	struct qa_importer *im = calloc(1, sizeof *im);
	char path[QA_PATH_MAX];

	if (!im)
		return qa_fail(err, ENOMEM, "cannot open %s: ", home);
	im->lock = -1;
	im->conf = *conf;
	if (!im->conf.stuck_after)
		im->conf.stuck_after = 60 * QA_SECOND;
	if (!im->conf.publish_every)
		im->conf.publish_every = 2 * QA_SECOND;
	snprintf(im->home, sizeof im->home, "%s", home);
	qa_intake_init(&im->intake, im->home);
	if (qa_home_path(path, home, err, "var/md_import.lock") ||
	    (im->lock = qa_lock(AT_FDCWD, path, err)) < 0 || look_at_domains(im, err)) {
		qa_importer_close(im);
		return -1;
	}
	*im_r = im;
	return 0;
}

void
qa_importer_close(struct qa_importer *im)
{
	if (!im)
		return;
	while (im->targets) {
		struct target *t = im->targets;

		im->targets = t->next;
		qa_writer_close(t->w);
		free(t->ref);
		free(t);
	}
	qa_intake_close(&im->intake);
	if (im->domains_open)
		qa_domains_close(&im->domains);
	qa_buf_free(&im->fields);
	qa_close(&im->lock);
	free(im);
}
