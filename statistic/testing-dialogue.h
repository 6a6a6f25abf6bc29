/* For the tests of the follower: a dialogue as text, and its results as text. */
#ifndef QA_STATISTIC_TESTING_DIALOGUE_H
#define QA_STATISTIC_TESTING_DIALOGUE_H

#include "statistic/dialogue.h"

#include <stdio.h>
#include <stdlib.h>

QA_UNUSED static void
note(void *ctx, const struct qa_dialogue_result *r)
{
	static const char *const stages[] = {"rcpt", "data", "break", "end"};
	struct qa_buf *log = ctx;

	if (qa_buf_addf(log, "%s %u ", stages[r->stage], r->code) || qa_buf_addspan(log, r->sender) || qa_buf_addc(log, '>') ||
	    qa_buf_addspan(log, r->recipient) ||
	    qa_buf_addf(log, " %llu %u|", (unsigned long long)r->bytes, r->transfers) || qa_buf_addspan(log, r->reply) ||
	    qa_buf_addc(log, '\n'))
		abort();
}

/* The state at the end, as a line. */
QA_UNUSED static void
note_end(struct qa_dialogue *d, struct qa_buf *log)
{
	qa_dialogue_end(d);
	if (d->state == QA_DIALOGUE_OPAQUE ? qa_buf_addstr(log, "opaque\n")
					   : d->state == QA_DIALOGUE_LOST && qa_buf_addf(log, "lost: %s\n", d->why))
		abort();
	qa_dialogue_free(d);
}

#endif
