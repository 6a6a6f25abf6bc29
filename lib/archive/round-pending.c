/* The records of a stuck domain: out of the journal into its var/pending, and back into the intake. */
#include "archive/round-private.h"
#include "base/log.h"
#include "journal/write.h"

#include <stdio.h>

static bool
is_pending(const struct qa_intake_file *f)
{
	return strncmp(f->name, "domain/", 7) == 0;
}

/* The records that lie in the journal, to the pending folder; those that came from there stay as they are. */
static int
move_to_pending(struct qa_importer *im, struct qa_target *t, struct qa_err *err)
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
waits_in_journal(const struct qa_target *t)
{
	for (size_t i = 0; i < t->refs; i++)
		if (!is_pending(t->ref[i].file))
			return true;
	return false;
}

void
qa_pending_tend(struct qa_importer *im)
{
	uint64_t now = qa_tick();

	for (struct qa_target *t = im->targets; t; t = t->next) {
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
int
qa_pending_take(struct qa_importer *im, struct qa_target *t, struct qa_err *err)
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
			rc = qa_target_keep(t, f, rec.offset, err);
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
