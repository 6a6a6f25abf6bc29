#include "catalog/query-private.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

enum token { T_END, T_OPEN, T_CLOSE, T_MINUS, T_AND, T_OR, T_NOT, T_STAR, T_FIELD, T_VALUE };

struct parser {
	struct qa_query *q;
	qa_span text;
	int64_t now;
	size_t at;    /* where the scanner stands */
	size_t start; /* where the token at hand begins */
	size_t wrong; /* what the error points at */
	struct qa_err *err;
	enum token token;
	const struct qa_query_name *name; /* of a field */
	qa_span value;
	bool quoted, prefix;
};

/* Bytes of the blank at I: white space, or U+3000 which Japanese keyboards type; 0 = none. */
static size_t
blank(const struct parser *p, size_t i)
{
	const unsigned char *s = p->text.p + i;

	if (i < p->text.n && (s[0] == ' ' || (s[0] >= '\t' && s[0] <= '\r')))
		return 1;
	return i + 2 < p->text.n && memcmp(s, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

static int
wrong(struct parser *p, size_t at, const char *what)
{
	p->wrong = at;
	return qa_fail(p->err, EPROTO, "%s", what);
}

static bool
word_ends(const struct parser *p, size_t i)
{
	return i >= p->text.n || blank(p, i) || p->text.p[i] == '(' || p->text.p[i] == ')' || p->text.p[i] == '"';
}

/* A quoted text from its first quote on. */
static int
scan_quoted(struct parser *p)
{
	size_t from = p->at + 1, to = from;

	while (to < p->text.n && p->text.p[to] != '"')
		to++;
	if (to == p->text.n)
		return wrong(p, p->at, "this quote is never closed");
	p->value = qa_span_cut(p->text, from, to - from);
	p->at = to + 1;
	p->quoted = true;
	p->prefix = p->at < p->text.n && p->text.p[p->at] == '*';
	p->at += p->prefix;
	p->token = T_VALUE;
	return 0;
}

/* A word up to the next blank, parenthesis or quote; an id may hold those in angle brackets. */
static void
scan_word(struct parser *p, bool id)
{
	size_t from = p->at, to = from;

	if (id && to < p->text.n && p->text.p[to] == '<')
		while (to < p->text.n && p->text.p[to] != '>' && !blank(p, to))
			to++;
	while (!word_ends(p, to))
		to++;
	p->at = to;
	p->value = qa_span_cut(p->text, from, to - from);
	p->quoted = false;
	p->prefix = p->value.n > 1 && p->value.p[p->value.n - 1] == '*';
	if (p->prefix)
		p->value.n--;
	p->token = T_VALUE;
}

/* The name before a colon, when the word at hand looks like a field: its length, else 0. */
static size_t
field_length(const struct parser *p)
{
	size_t n = 0, i = p->at;

	while (!word_ends(p, i + n) && p->text.p[i + n] != ':')
		n++;
	if (word_ends(p, i + n) || n == 0)
		return 0;
	for (size_t k = 0; k < n; k++) {
		unsigned char c = p->text.p[i + k], l = c | 0x20;

		if (!((l >= 'a' && l <= 'z') || (k && c >= '0' && c <= '9')))
			return 0;
	}
	return n;
}

static int
scan_field(struct parser *p, size_t n)
{
	qa_span name = qa_span_cut(p->text, p->at, n);
	size_t after = p->at + n + 1;

	p->name = qa_query_name(name);
	if (p->name) {
		p->at = after;
		p->token = T_FIELD;
		return 0;
	}
	/* "Re:" and "http://host" are plain words */
	if ((word_ends(p, after) && !(after < p->text.n && p->text.p[after] == '"')) || p->text.p[after] == '/') {
		scan_word(p, false);
		return 0;
	}
	const struct qa_query_name *near = qa_query_near(name);
	char what[200];
	if (near)
		snprintf(what, sizeof what, "there is no field \"%.*s:\"; did you mean \"%s:\"?", (int)n,
			 (const char *)name.p, near->name);
	else
		snprintf(what, sizeof what,
			 "there is no field \"%.*s:\"; put the word in quotes to search for it as text",
			 (int)(n > 60 ? 60 : n), (const char *)name.p);
	return wrong(p, p->at, what);
}

/* Reads the next token into p. */
static int
next(struct parser *p)
{
	size_t n;

	while ((n = blank(p, p->at)) != 0)
		p->at += n;
	p->start = p->at;
	if (p->at == p->text.n) {
		p->token = T_END;
		return 0;
	}
	switch (p->text.p[p->at]) {
	case '(':
		p->token = T_OPEN;
		p->at++;
		return 0;
	case ')':
		p->token = T_CLOSE;
		p->at++;
		return 0;
	case '"':
		return scan_quoted(p);
	case '-':
		if (!word_ends(p, p->at + 1) || (p->at + 1 < p->text.n && !blank(p, p->at + 1))) {
			p->token = T_MINUS;
			p->at++;
			return 0;
		}
		break;
	case '*':
		if (word_ends(p, p->at + 1)) {
			p->token = T_STAR;
			p->at++;
			return 0;
		}
		break;
	default:
		break;
	}
	n = field_length(p);
	if (n)
		return scan_field(p, n);
	scan_word(p, false);
	if (qa_span_is(p->value, "AND"))
		p->token = T_AND;
	else if (qa_span_is(p->value, "OR"))
		p->token = T_OR;
	else if (qa_span_is(p->value, "NOT"))
		p->token = T_NOT;
	return 0;
}

static int
node_new(struct parser *p, enum qa_query_kind kind, size_t at, unsigned *out_r)
{
	struct qa_query *q = p->q;

	if (q->n == QA_QUERY_NODES)
		return wrong(p, at, "the query has too many parts (512)");
	q->v[q->n] = (struct qa_query_node){.kind = kind, .at = (unsigned)at};
	*out_r = q->n++;
	return 0;
}

static int parse_or(struct parser *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r);

static int
parse_term(struct parser *p, const struct qa_query_name *name, unsigned *out_r)
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
		return wrong(p, at, "only text can be searched by its beginning (word*)");
	if (qa_query_value(n, name, p->now, p->err)) {
		p->wrong = at;
		return -1;
	}
	if (name->field == QA_Q_KIND)
		p->q->kinds = true;
	if (name->field == QA_Q_STATUS)
		p->q->statuses = true;
	return next(p);
}

static int
parse_group(struct parser *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	size_t open = p->start;

	if (next(p))
		return -1;
	if (p->token == T_CLOSE)
		return wrong(p, open, "there is nothing between these parentheses");
	if (parse_or(p, in, depth + 1, out_r))
		return -1;
	if (p->token != T_CLOSE)
		return wrong(p, open, "this parenthesis is never closed");
	return next(p);
}

static int
parse_field(struct parser *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	const struct qa_query_name *name = p->name;
	size_t field = p->start, at = p->at;
	char what[120];

	if (in) {
		snprintf(what, sizeof what, "a field cannot stand inside %s:( )", in->name);
		return wrong(p, field, what);
	}
	p->start = at;
	if (at < p->text.n && p->text.p[at] == '"') {
		if (scan_quoted(p))
			return -1;
		return parse_term(p, name, out_r);
	}
	if (at < p->text.n && p->text.p[at] == '(') {
		if (name->form != QA_FORM_TEXT) {
			snprintf(what, sizeof what, "%s: takes one value, not a group", name->name);
			return wrong(p, at, what);
		}
		p->at++;
		return parse_group(p, name, depth, out_r);
	}
	scan_word(p, name->field == QA_Q_ID || name->field == QA_Q_REF);
	if (!p->value.n) {
		snprintf(what, sizeof what, "%s: needs a value right behind the colon", name->name);
		return wrong(p, field, what);
	}
	return parse_term(p, name, out_r);
}

static int
parse_not(struct parser *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	size_t at = p->start;
	unsigned child;

	if (depth > QA_QUERY_DEPTH)
		return wrong(p, at, "the query is nested too deeply (16)");
	switch (p->token) {
	case T_NOT:
	case T_MINUS:
		if (next(p))
			return -1;
		if (p->token == T_END || p->token == T_CLOSE || p->token == T_AND || p->token == T_OR)
			return wrong(p, at, "there is nothing behind this NOT");
		if (node_new(p, QA_Q_NOT, at, out_r) || parse_not(p, in, depth + 1, &child))
			return -1;
		p->q->v[*out_r].child = child;
		return 0;
	case T_OPEN:
		return parse_group(p, in, depth, out_r);
	case T_STAR:
		if (node_new(p, QA_Q_ALL, at, out_r))
			return -1;
		return next(p);
	case T_FIELD:
		return parse_field(p, in, depth, out_r);
	case T_VALUE:
		return parse_term(p, in, out_r);
	case T_AND:
		return wrong(p, at, "AND has nothing on its left");
	case T_OR:
		return wrong(p, at, "OR has nothing on its left");
	case T_CLOSE:
		return wrong(p, at, "this parenthesis was never opened");
	case T_END:
		break;
	}
	return wrong(p, at, "something is missing here");
}

/* Makes `first` the child of a new node, or appends `more` to the list that node has. */
static int
join(struct parser *p, enum qa_query_kind kind, unsigned *node, unsigned *last, unsigned first, unsigned more)
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
parse_and(struct parser *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	unsigned first, node = 0, last = 0, more;

	if (parse_not(p, in, depth, &first))
		return -1;
	while (p->token != T_END && p->token != T_CLOSE && p->token != T_OR) {
		size_t at = p->start;

		if (p->token == T_AND) {
			if (next(p))
				return -1;
			if (p->token == T_END || p->token == T_CLOSE || p->token == T_AND || p->token == T_OR)
				return wrong(p, at, "AND has nothing on its right");
		}
		if (parse_not(p, in, depth, &more) || join(p, QA_Q_AND, &node, &last, first, more))
			return -1;
	}
	*out_r = node ? node : first;
	return 0;
}

static int
parse_or(struct parser *p, const struct qa_query_name *in, unsigned depth, unsigned *out_r)
{
	unsigned first, node = 0, last = 0, more;

	if (parse_and(p, in, depth, &first))
		return -1;
	while (p->token == T_OR) {
		size_t at = p->start;

		if (next(p))
			return -1;
		if (p->token == T_END || p->token == T_CLOSE || p->token == T_AND || p->token == T_OR)
			return wrong(p, at, "OR has nothing on its right");
		if (parse_and(p, in, depth, &more) || join(p, QA_Q_OR, &node, &last, first, more))
			return -1;
	}
	*out_r = node ? node : first;
	return 0;
}

int
qa_query_parse(qa_span text, int64_t now, struct qa_query *q_r, size_t *at_r, struct qa_err *err)
{
	struct parser p = {.q = q_r, .now = now, .err = err};

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
	if (next(&p))
		goto bad;
	if (p.token == T_END) {
		wrong(&p, 0, "the query is empty; * finds everything");
		goto bad;
	}
	if (parse_or(&p, NULL, 0, &q_r->root))
		goto bad;
	if (p.token == T_CLOSE) {
		wrong(&p, p.start, "this parenthesis was never opened");
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
