/* Any bytes as rules, and what follows the first NUL as a reply: a rule that is taken has parts in the text, and each status is a good one. */
#include "statistic/replies.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void
check(const struct qa_replies *r, const struct qa_dialogue_result *e)
{
	qa_span status = qa_replies_status(r, e);

	if (status.n == 0 || status.n > QA_REPLIES_STATUS)
		abort();
	for (size_t i = 0; i < status.n; i++)
		if ((status.p[i] < 'a' || status.p[i] > 'z') && (status.p[i] < '0' || status.p[i] > '9'))
			abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	static struct qa_replies r;
	const unsigned char *end = n ? memchr(p, 0, n) : NULL;
	qa_span text = qa_span_of(p, end ? (size_t)(end - p) : n), reply = qa_span_cut(qa_span_of(p, n), text.n + 1, n);
	struct qa_err err;

	r.n = 0;
	if (qa_replies_add(&r, text, &err) && r.n)
		abort();
	for (size_t i = 0; i < r.n; i++)
		if (r.rule[i].pattern.n == 0 || r.rule[i].pattern.p < text.p ||
		    r.rule[i].pattern.p + r.rule[i].pattern.n > text.p + text.n)
			abort();
	for (int stage = QA_STAGE_RCPT; stage <= QA_STAGE_END; stage++) {
		const struct qa_dialogue_result e = {.stage = (enum qa_dialogue_stage)stage, .code = n ? p[0] * 3u : 0, .reply = reply};

		check(&r, &e);
	}
	return 0;
}
