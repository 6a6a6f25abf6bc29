#include "query.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

void
query_words(const struct qa_opt *o, char **words, struct qa_query *q_r)
{
	struct qa_buf text = QA_BUF(4 * QA_QUERY_MAX), caret = QA_BUF(1 << 20);
	struct qa_err err;
	size_t at;

	for (char **w = words; *w; w++)
		if ((w > words && qa_buf_addc(&text, ' ')) || qa_buf_addstr(&text, *w)) {
			qa_fail(&err, 0, "the query is longer than %d bytes", QA_QUERY_MAX);
			qa_die(o->program, &err);
		}
	if (qa_query_parse(qa_buf_span(&text), (int64_t)(qa_now() / QA_SECOND), q_r, &at, &err)) {
		if (text.n <= QA_QUERY_MAX && qa_query_caret(qa_buf_span(&text), at, &caret) == 0)
			fprintf(stderr, "%.*s", (int)caret.n, (char *)caret.p);
		qa_die(o->program, &err);
	}
	qa_buf_free(&text);
	qa_buf_free(&caret);
}
