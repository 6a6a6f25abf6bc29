/* Checkpoints of all domains together, and the journal files that may go then. */
#include "archive/round-private.h"
#include "base/log.h"

#include <errno.h>

static void
publish_failed(struct qa_target *t, const struct qa_err *err)
{
	t->begun = false;
	t->publish_at = qa_tick() + 10 * QA_SECOND;
	qa_log(QA_ERROR, "event=import.checkpoint.failed domain=%s why=%s", t->name, qa_log_quote(err->text));
}

int
qa_importer_publish(struct qa_importer *im, struct qa_err *err)
{
	static qa_round_stage *const steps[] = {qa_writer_publish_tiles, qa_writer_publish_checkpoint};
	struct qa_syncset set;
	struct qa_err why;
	bool bad = false;

	im->last_publish = qa_tick();
	for (struct qa_target *t = im->targets; t; t = t->next) {
		t->begun = t->unpublished && t->publish_at <= im->last_publish;
		bad |= t->begun != t->unpublished;
		if (t->begun && !t->w && qa_writer_open(im->home, t->name, &t->w, &why)) {
			publish_failed(t, &why);
			bad = true;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		qa_syncset_init(&set);
		for (struct qa_target *t = im->targets; t; t = t->next)
			if (t->begun && steps[i](t->w, &set, &why)) {
				publish_failed(t, &why);
				bad = true;
			}
		if (qa_syncset_commit(&set, err)) {
			for (struct qa_target *t = im->targets; t; t = t->next)
				if (t->begun) {
					qa_writer_abort(t->w);
					t->begun = false;
				}
			bad = true;
			break;
		}
	}
	for (struct qa_target *t = im->targets; t; t = t->next) {
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
