#include "catalog/query-private.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int
node_new(struct qa_query_scan *p, enum qa_query_kind kind, size_t at, unsigned *out_r)
{
	struct qa_query *q = p->q;

	if (q->n == QA_QUERY_NODES)
		return qa_query_wrong(p, at, "the query has too many parts (512)");
	q->v[q->n] = (struct qa_query_node){.kind = kind, .at = (unsigned)at};
	*out_r = q->n++;
	return 0;
}

static int parse_or(struct qa_query_scan *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r);

static int
parse_term(struct qa_query_scan *p, const struct qa_query_name *name, unsigned *out_r)
{
	static const struct qa_query_name any = {"any", QA_Q_ANY, QA_FORM_TEXT};
	size_t at = p->start;

	if (!name)
		name = &any;
	if (node_new(p, QA_Q_TERM, at, out_r))
		return -1;
	struct qa_query_node *n = &p->q->v[*out_r];
	n->field = name->field;
	n->text = p->value;
	n->quoted = p->quoted;
	n->prefix = p->prefix;
	if (n->prefix && name->form != QA_FORM_TEXT)
		return qa_query_wrong(p, at, "only text can be searched by its beginning (word*)");
	if (qa_query_value(n, name, p->now, p->err)) {
		p->wrong = at;
		return -1;
	}
	if (name->field == QA_Q_KIND)
		p->q->kinds = true;
	if (name->field == QA_Q_STATUS)
		p->q->statuses = true;
	return qa_query_next(p);
}

static int
parse_group(struct qa_query_scan *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	size_t open = p->start;

	if (qa_query_next(p))
		return -1;
	if (p->token == T_CLOSE)
		return qa_query_wrong(p, open, "there is nothing between these parentheses");
	if (parse_or(p, in, depth + 1, out_r))
		return -1;
	if (p->token != T_CLOSE)
		return qa_query_wrong(p, open, "this parenthesis is never closed");
	return qa_query_next(p);
}

static int
parse_field(struct qa_query_scan *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	const struct qa_query_name *name = p->name;
	size_t field = p->start, at = p->at;
	char what[120];

	if (in) {
		snprintf(what, sizeof what, "a field cannot stand inside %s:( )", in->name);
		return qa_query_wrong(p, field, what);
	}
	p->start = at;
	if (at < p->text.n && p->text.p[at] == '"') {
		if (qa_query_quoted(p))
			return -1;
		return parse_term(p, name, out_r);
	}
	if (at < p->text.n && p->text.p[at] == '(') {
		if (name->form != QA_FORM_TEXT) {
			snprintf(what, sizeof what, "%s: takes one value, not a group", name->name);
			return qa_query_wrong(p, at, what);
		}
		p->at++;
		return parse_group(p, name, depth, out_r);
	}
	qa_query_word(p, name->field == QA_Q_ID || name->field == QA_Q_REF);
	if (!p->value.n) {
		snprintf(what, sizeof what, "%s: needs a value right behind the colon", name->name);
		return qa_query_wrong(p, field, what);
	}
	return parse_term(p, name, out_r);
}

static int
parse_not(struct qa_query_scan *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	size_t at = p->start;
	unsigned child;

	if (depth > QA_QUERY_DEPTH)
		return qa_query_wrong(p, at, "the query is nested too deeply (16)");
	switch (p->token) {
	case T_NOT:
	case T_MINUS:
		if (qa_query_next(p))
			return -1;
		if (p->token == T_END || p->token == T_CLOSE || p->token == T_AND || p->token == T_OR)
			return qa_query_wrong(p, at, "there is nothing behind this NOT");
		if (node_new(p, QA_Q_NOT, at, out_r) || parse_not(p, in, depth + 1, &child))
			return -1;
		p->q->v[*out_r].child = child;
		return 0;
	case T_OPEN:
		return parse_group(p, in, depth, out_r);
	case T_STAR:
		if (node_new(p, QA_Q_ALL, at, out_r))
			return -1;
		return qa_query_next(p);
	case T_FIELD:
		return parse_field(p, in, depth, out_r);
	case T_VALUE:
		return parse_term(p, in, out_r);
	case T_AND:
		return qa_query_wrong(p, at, "AND has nothing on its left");
	case T_OR:
		return qa_query_wrong(p, at, "OR has nothing on its left");
	case T_CLOSE:
		return qa_query_wrong(p, at, "this parenthesis was never opened");
	case T_END:
		break;
	}
	return qa_query_wrong(p, at, "something is missing here");
}

/* Makes `first` the child of a new node, or appends `more` to the list that node has. */
static int
join(struct qa_query_scan *p, enum qa_query_kind kind, unsigned *node, unsigned *last, unsigned first, unsigned more)
{
	if (!*node) {
		if (node_new(p, kind, p->q->v[first].at, node))
			return -1;
		p->q->v[*node].child = first;
		*last = first;
	}
	p->q->v[*last].next = more;
	*last = more;
	return 0;
}

static int
parse_and(struct qa_query_scan *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	unsigned first, node = 0, last = 0, more;

	if (parse_not(p, in, depth, &first))
		return -1;
	while (p->token != T_END && p->token != T_CLOSE && p->token != T_OR) {
		size_t at = p->start;

		if (p->token == T_AND) {
			if (qa_query_next(p))
				return -1;
			if (p->token == T_END || p->token == T_CLOSE || p->token == T_AND || p->token == T_OR)
				return qa_query_wrong(p, at, "AND has nothing on its right");
		}
		if (parse_not(p, in, depth, &more) || join(p, QA_Q_AND, &node, &last, first, more))
			return -1;
	}
	*out_r = node ? node : first;
	return 0;
}

static int
parse_or(struct qa_query_scan *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	unsigned first, node = 0, last = 0, more;

	if (parse_and(p, in, depth, &first))
		return -1;
	while (p->token == T_OR) {
		size_t at = p->start;

		if (qa_query_next(p))
			return -1;
		if (p->token == T_END || p->token == T_CLOSE || p->token == T_AND || p->token == T_OR)
			return qa_query_wrong(p, at, "OR has nothing on its right");
		if (parse_and(p, in, depth, &more) || join(p, QA_Q_OR, &node, &last, first, more))
			return -1;
	}
	*out_r = node ? node : first;
	return 0;
}

int
qa_query_parse(qa_span text, int64_t now, struct qa_query *q_r, size_t *at_r, struct qa_err *err)
{
	struct qa_query_scan p = {.q = q_r, .now = now, .err = err};

	*q_r = (struct qa_query){.n = 1};
	*at_r = 0;
	if (text.n > QA_QUERY_MAX) {
		*at_r = QA_QUERY_MAX;
		return qa_fail(err, EPROTO, "the query is longer than %d bytes", QA_QUERY_MAX);
	}
	q_r->text = malloc(text.n + 1);
	q_r->v = calloc(QA_QUERY_NODES, sizeof *q_r->v);
	if (!q_r->text || !q_r->v) {
		qa_query_free(q_r);
		return qa_fail(err, ENOMEM, "cannot parse the query: ");
	}
	if (text.n)
		memcpy(q_r->text, text.p, text.n);
	q_r->text[text.n] = 0;
	q_r->length = text.n;
	p.text = qa_span_of(q_r->text, text.n);
	if (qa_query_next(&p))
		goto bad;
	if (p.token == T_END) {
		qa_query_wrong(&p, 0, "the query is empty; * finds everything");
		goto bad;
	}
	if (parse_or(&p, NULL, 0, &q_r->root))
		goto bad;
	if (p.token == T_CLOSE) {
		qa_query_wrong(&p, p.start, "this parenthesis was never opened");
		goto bad;
	}
	return 0;
bad:
	*at_r = p.wrong;
	qa_query_free(q_r);
	errno = EPROTO;
	return -1;
}

void
qa_query_free(struct qa_query *q)
{
	free(q->v);
	free(q->text);
	*q = (struct qa_query){0};
}
