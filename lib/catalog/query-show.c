/* A query for people: where it is wrong, and what was understood. */
#include "catalog/query-private.h"

#include "base/text.h"

#include <utf8proc.h>

int
qa_query_caret(qa_span text, size_t at, struct qa_buf *b)
{
	size_t i = 0;

	if (qa_show_add(b, text) || qa_buf_addc(b, '\n'))
		return -1;
	while (i < text.n && i < at) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n =
		    utf8proc_iterate(text.p + i, (utf8proc_ssize_t)(text.n - i), &c);
		int width = n > 0 ? utf8proc_charwidth(c) : 1;

		if (n > 0 && c < 0x20)
			width = 1;
		for (; width > 0; width--)
			if (qa_buf_addc(b, ' '))
				return -1;
		i += n > 0 ? (size_t)n : 1;
	}
	return qa_buf_addstr(b, "^\n");
}

static int
show_node(const struct qa_query *q, unsigned i, struct qa_buf *b)
{
	static const char *const ops[] = {"ALL", "", "NOT", "AND", "OR"};
	const struct qa_query_node *n = &q->v[i];

	if (n->kind == QA_Q_ALL)
		return qa_buf_addstr(b, "ALL");
	if (n->kind != QA_Q_TERM) {
		if (qa_buf_addf(b, "(%s", ops[n->kind]))
			return -1;
		for (unsigned c = n->child; c; c = q->v[c].next)
			if (qa_buf_addc(b, ' ') || show_node(q, c, b))
				return -1;
		return qa_buf_addc(b, ')');
	}
	if (qa_buf_addf(b, "%s", qa_query_field_name(n->field)))
		return -1;
	if (n->field == QA_Q_SIZE || n->field == QA_Q_DATE)
		return qa_buf_addf(b, "[%lld,%lld)", (long long)n->low, (long long)n->high);
	if (n->field >= QA_Q_HAS)
		return qa_buf_addf(b, "=%lld", (long long)n->low);
	return qa_buf_addc(b, ':') || (n->quoted && qa_buf_addc(b, '"')) || qa_show_add(b, n->text) ||
		       (n->quoted && qa_buf_addc(b, '"')) || (n->prefix && qa_buf_addc(b, '*'))
		   ? -1
		   : 0;
}

int
qa_query_show(const struct qa_query *q, struct qa_buf *b)
{
	return show_node(q, q->root, b);
}
