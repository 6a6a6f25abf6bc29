/* The words of a query's text, one token at a time. */
#include "catalog/query-private.h"

#include <errno.h>
#include <stdio.h>

/* Bytes of the blank at I: white space, or U+3000 which Japanese keyboards type; 0 = none. */
static size_t
blank(const struct qa_query_scan *p, size_t i)
{
	const unsigned char *s = p->text.p + i;

	if (i < p->text.n && (s[0] == ' ' || (s[0] >= '\t' && s[0] <= '\r')))
		return 1;
	return i + 2 < p->text.n && memcmp(s, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

int
qa_query_wrong(struct qa_query_scan *p, size_t at, const char *what)
{
	p->wrong = at;
	return qa_fail(p->err, EPROTO, "%s", what);
}

static bool
word_ends(const struct qa_query_scan *p, size_t i)
{
	return i >= p->text.n || blank(p, i) || p->text.p[i] == '(' || p->text.p[i] == ')' || p->text.p[i] == '"';
}

/* A quoted text from its first quote on. */
int
qa_query_quoted(struct qa_query_scan *p)
{
	size_t from = p->at + 1, to = from;

	while (to < p->text.n && p->text.p[to] != '"')
		to++;
	if (to == p->text.n)
		return qa_query_wrong(p, p->at, "this quote is never closed");
	p->value = qa_span_cut(p->text, from, to - from);
	p->at = to + 1;
	p->quoted = true;
	p->prefix = p->at < p->text.n && p->text.p[p->at] == '*';
	p->at += p->prefix;
	p->token = T_VALUE;
	return 0;
}

/* A word up to the next blank, parenthesis or quote; an id may hold those in angle brackets. */
void
qa_query_word(struct qa_query_scan *p, bool id)
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
field_length(const struct qa_query_scan *p)
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
scan_field(struct qa_query_scan *p, size_t n)
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
		qa_query_word(p, false);
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
	return qa_query_wrong(p, p->at, what);
}

/* Reads the next token into p. */
int
qa_query_next(struct qa_query_scan *p)
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
		return qa_query_quoted(p);
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
	qa_query_word(p, false);
	if (qa_span_is(p->value, "AND"))
		p->token = T_AND;
	else if (qa_span_is(p->value, "OR"))
		p->token = T_OR;
	else if (qa_span_is(p->value, "NOT"))
		p->token = T_NOT;
	return 0;
}
