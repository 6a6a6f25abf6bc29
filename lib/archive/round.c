/* One round: what waits is given to its domains, and all of them commit together. */
#include "archive/round-private.h"
#include "base/log.h"
#include "journal/write.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>

enum {
	ROUND_RECORDS = 4096,
	ROUND_BYTES = 32 << 20,
};

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
	if (im->begun + routes.n > im->most && im->begun) {
		qa_routes_free(&routes);
		return 0;
	}
	for (size_t i = 0; i < routes.n && rc == 1; i++) {
		struct qa_target *t = qa_target_of(im, routes.v[i].rule.folder);

		if (!t || qa_target_keep(t, f, rec->offset, err)) {
			rc = qa_fail(err, ENOMEM, "cannot hold a record: ");
			break;
		}
		if (!t->begun && t->failing_since)
			continue; /* its turn comes at retry_at */
		if (t->later) {
			t->later++;
			continue;
		}
		if ((!t->begun && qa_target_begin(im, t, &why)) || qa_target_add(im, t, &routes.v[i], rec, &why)) {
			if (errno == EAGAIN && t->begun && qa_writer_added(t->w)) {
				t->later = 1; /* the next round begins with it */
				continue;
			}
			qa_target_failed(im, t, &why);
		}
	}
	qa_routes_free(&routes);
	f->round = im->round;
	im->stats.records++;
	im->stats.bytes += rec->message.n;
	return rc;
}

/* One stage for all domains of the round, then its sync. A domain that fails drops out; a sync that fails takes all
 * with it. */
static int
run_stage(struct qa_importer *im, qa_round_stage *step, struct qa_err *err)
{
	struct qa_syncset set;
	struct qa_err why;

	qa_syncset_init(&set);
	for (struct qa_target *t = im->targets; t; t = t->next)
		if (t->begun && step(t->w, &set, &why))
			qa_target_failed(im, t, &why);
	if (qa_syncset_commit(&set, err) == 0)
		return 0;
	for (struct qa_target *t = im->targets; t; t = t->next)
		if (t->begun)
			qa_target_failed(im, t, err);
	return -1;
}

static void
ended(struct qa_importer *im, struct qa_target *t)
{
	t->begun = false;
	im->begun--;
	qa_target_done(t, im->round);
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
		for (struct qa_target *t = im->targets; t; t = t->next) {
			if (!t->begun)
				continue;
			if (qa_writer_commit(t->w, &err))
				qa_target_failed(im, t, &err);
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
	for (struct qa_target *t = im->targets; t; t = t->next)
		if (t->begun) {
			qa_writer_end(t->w);
			ended(im, t);
		}
}

static void
cool_down(struct qa_importer *im)
{
	size_t warm = 0;

	for (struct qa_target *t = im->targets; t; t = t->next)
		warm += t->warm;
	for (struct qa_target *t = im->targets; t && warm > im->most; t = t->next)
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

	for (struct qa_target *t = im->targets; t; t = t->next) {
		if ((!t->refs && !t->pending) || now < t->retry_at || im->begun >= im->most)
			continue;
		if (t->pending && qa_pending_take(im, t, &err)) {
			qa_target_failed(im, t, &err);
			continue;
		}
		if (qa_target_begin(im, t, &err) || qa_target_add_held(im, t, &err))
			qa_target_failed(im, t, &err);
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

static int
look(struct qa_importer *im, struct qa_err *err)
{
	im->looked = qa_now();
	return qa_intake_refresh(&im->intake, err);
}

/* A copy that the .qmail agent sent along is filed behind what it is a copy of, which is older but may lie anywhere, and may have
 * come when we had our list of files already: 1 when other files are first, and the record is read again; -1. */
static int
must_wait(struct qa_importer *im, struct qa_intake_file *f, const struct qa_scanned *rec, struct qa_err *err)
{
	const struct qa_intake_file *first = im->intake.first;
	struct qa_facts facts;

	if (!rec->message.n || qa_facts_get(rec->fields, &facts, err) || facts.kind == QA_MESSAGE)
		return 0;
	if (facts.captured >= im->looked && look(im, err))
		return -1;
	if (im->intake.first != first)
		return qa_intake_unread(f, rec, err) ? -1 : 1;
	return qa_intake_defer(&im->intake, f, rec, err);
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
	if (reload_domains(im, err) || look(im, err))
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
			rc = must_wait(im, f, &rec, err);
			if (rc > 0)
				continue;
			if (rc == 0)
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
		qa_pending_tend(im);
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
