/* The records of a stuck domain: out of the journal into its var/pending, and back into the intake. */
#include "archive/round-private.h"
#include "base/log.h"
#include "journal/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool
is_pending(const struct qa_intake_file *f)
{
	return strncmp(f->name, "domain/", 7) == 0;
}

/* Records on their way to the pending folder: a scan keeps only one message, so those of a batch are copied until its commit. */
struct mover {
	struct qa_journal *j;
	unsigned char *room;
	size_t used;
};

static int
settle(struct mover *m, struct qa_err *err)
{
	m->used = 0;
	return qa_journal_commit(m->j, err);
}

static int
move_record(struct mover *m, const struct qa_scanned *rec, struct qa_err *err)
{
	bool alone = rec->message.n > QA_JOURNAL_BATCH_BYTES / 4;
	qa_span message = rec->message;

	if ((alone || rec->message.n > QA_JOURNAL_BATCH_BYTES - m->used) && settle(m, err))
		return -1;
	if (!alone && message.n) {
		memcpy(m->room + m->used, message.p, message.n);
		message = qa_span_of(m->room + m->used, message.n);
	}
	int rc = qa_journal_add(m->j, &rec->head.digest, message, rec->fields, err);
	if (rc && errno == EAGAIN && !alone) {
		/* full: what waits goes first, and this is where the room begins again */
		if (settle(m, err))
			return -1;
		if (message.n)
			memmove(m->room, message.p, message.n);
		message = qa_span_of(m->room, message.n);
		rc = qa_journal_add(m->j, &rec->head.digest, message, rec->fields, err);
	}
	if (rc)
		return -1;
	m->used += alone ? 0 : message.n;
	return alone ? settle(m, err) : 0;
}

/* All refs of the target that lie in the journal; how many. */
static int
move_all(struct qa_target *t, struct mover *m, size_t *moved_r, struct qa_err *err)
{
	struct qa_scan s = {.fd = -1};
	struct qa_intake_file *file = NULL;
	struct qa_scanned rec;
	int rc = 0;

	*moved_r = 0;
	for (size_t i = 0; i < t->refs && rc == 0; i++) {
		struct qa_intake_file *f = t->ref[i].file;

		if (is_pending(f))
			continue;
		if (f != file && s.fd >= 0)
			qa_scan_close(&s);
		file = f;
		rc = qa_intake_again(f, &s, t->ref[i].offset, &rec, err) || move_record(m, &rec, err) ? -1 : 0;
		++*moved_r;
	}
	if (s.fd >= 0)
		qa_scan_close(&s);
	return rc ? -1 : settle(m, err);
}

/* The records that lie in the journal, to the pending folder; those that came from there stay as they are. */
static int
move_to_pending(struct qa_importer *im, struct qa_target *t, struct qa_err *err)
{
	struct mover m = {.j = NULL};
	char path[QA_PATH_MAX];
	size_t moved = 0, stay = 0;

	if (qa_home_path(path, im->home, err, QA_HOME_VAR "/pending", t->name) ||
	    qa_home_domain(im->home, t->name, err) || qa_journal_open(path, 0, &m.j, err))
		return -1;
	m.room = malloc(QA_JOURNAL_BATCH_BYTES);
	int rc = m.room ? move_all(t, &m, &moved, err) : qa_fail(err, ENOMEM, "cannot move records of %s: ", t->name);
	qa_journal_close(m.j);
	free(m.room);
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
