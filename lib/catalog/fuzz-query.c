#include "catalog/query.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Whatever is typed: a tree whose spans lie inside the copy, or a place to point at. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_query q;
	struct qa_err err;
	struct qa_buf b = QA_BUF(1 << 22);
	size_t at;

	if (qa_query_parse(qa_span_of(p, n), 1795404125, &q, &at, &err)) {
		if (at > n || !err.text[0] || qa_query_caret(qa_span_of(p, n < 5000 ? n : 5000), at, &b))
			abort();
		qa_buf_free(&b);
		return 0;
	}
	if (!q.root || q.root >= q.n || q.n > QA_QUERY_NODES || qa_query_show(&q, &b))
		abort();
	for (unsigned i = 1; i < q.n; i++) {
		const struct qa_query_node *v = &q.v[i];

		if (v->kind == QA_Q_TERM &&
		    (v->text.p < (unsigned char *)q.text || v->text.p + v->text.n > (unsigned char *)q.text + q.length))
			abort();
		if (v->at > n || v->child >= q.n || v->next >= q.n)
			abort();
	}
	qa_buf_free(&b);
	qa_query_free(&q);
	return 0;
}
