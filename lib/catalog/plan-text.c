/* Words and addresses of a query as FTS5 expressions. */
#include "catalog/plan-private.h"

#include "catalog/catalog-private.h"
#include "term/term.h"

#include <string.h>

GString *
qa_plan_token(const void *t, size_t n, bool prefix)
{
	GString *s = g_string_new("\"");

	qa_token_quote(s, false, t, n);
	g_string_append(s, prefix ? "\"*" : "\"");
	return s;
}

static const char *
columns(enum qa_query_field f)
{
	switch (f) {
	case QA_Q_BODY:
		return "body";
	case QA_Q_SUBJECT:
		return "subject";
	case QA_Q_FILENAME:
		return "file";
	case QA_Q_FROM:
		return "author";
	case QA_Q_TO:
		return "dest";
	case QA_Q_CC:
		return "copy";
	case QA_Q_BCC:
		return "blind";
	case QA_Q_REPLY:
		return "reply";
	case QA_Q_SENDER:
		return "sender";
	case QA_Q_RCPT:
		return "rcpt";
	case QA_Q_ADDRESS:
		return "author dest copy blind reply sender rcpt";
	default:
		return NULL;
	}
}

/* The terms of a phrase as an FTS5 string, for messages or for events. */
static void
phrase(const struct qa_term_query *tq, const struct qa_term_phrase *ph, bool event, bool prefix, GString *out)
{
	g_autoptr(GString) t = g_string_new(NULL);

	g_string_append_c(out, '"');
	for (size_t i = ph->first; i < ph->first + ph->n; i++) {
		g_string_truncate(t, 0);
		if (event)
			g_string_append_c(t, QA_TOKEN_EVENT);
		g_string_append_len(t, tq->terms[i].p, (gssize)tq->terms[i].n);
		qa_token_quote(out, (tq->terms[i].flags & QA_TERM_COLOCATED) != 0, t->str, t->len);
	}
	g_string_append(out, ph->prefix || prefix ? "\"*" : "\"");
}

/* All phrases of what was typed, joined by AND; absent when there is none. */
static int
phrases(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	struct qa_term_query tq;
	struct expr all = {0};

	if (qa_term_query(n->text, n->quoted, &tq, p->err))
		return -1;
	for (size_t i = 0; i < tq.nphrases; i++) {
		struct expr one = {g_string_new(NULL), WHOLE};

		phrase(&tq, &tq.phrases[i], event, n->prefix && i + 1 == tq.nphrases, one.s);
		all = qa_expr_glue(all, AND, one);
	}
	qa_term_query_free(&tq);
	*out_r = all;
	return 0;
}

/* One address of which the terms in columns of addresses are made: see qa_token_address. */
static struct expr
address_token(qa_span address, bool event)
{
	g_autoptr(GString) t = g_string_new(NULL);

	qa_token_address(address, t);
	if (event)
		g_string_prepend_c(t, QA_TOKEN_EVENT);
	return (struct expr){qa_plan_token(t->str, t->len, false), WHOLE};
}

/* All addresses of a domain and of the domains below it. */
static struct expr
domain_token(qa_span domain, bool event)
{
	g_autoptr(GString) t = g_string_new("@"), address = g_string_new("@");
	struct expr here, below;

	g_string_append_len(address, (const char *)domain.p, (gssize)domain.n);
	g_string_truncate(t, 0);
	qa_token_address(qa_span_of(address->str, address->len), t);
	if (event)
		g_string_prepend_c(t, QA_TOKEN_EVENT);
	/* it ends in '@', before which no local part stands: that is where those of the domain go on */
	here = (struct expr){qa_plan_token(t->str, t->len, true), WHOLE};
	t->str[t->len - 1] = '.';
	below = (struct expr){qa_plan_token(t->str, t->len, true), WHOLE};
	return qa_expr_glue(here, OR, below);
}

/* The beginning of an address as a phrase of words, the last one unfinished: its one term is in another order. */
static int
address_front(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	struct qa_query_node words = *n;
	g_autofree char *copy = g_strndup((const char *)n->text.p, n->text.n);

	for (size_t i = 0; i < n->text.n; i++)
		if (copy[i] == '@')
			copy[i] = ' ';
	words.text = qa_span_of(copy, n->text.n);
	words.quoted = true;
	return phrases(p, &words, event, out_r);
}

static bool
has_blank(qa_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ')
			return true;
	return false;
}

/* a@b is one term, @b the front of one; what could be a domain is that, or words; the rest is words. */
static int
address(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	qa_span s = n->text;
	const unsigned char *at;
	bool dotted;

	if (s.n > 1 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = qa_span_cut(s, 1, s.n - 2);
	at = memchr(s.p, '@', s.n);
	if (n->prefix)
		return address_front(p, n, event, out_r);
	if (has_blank(s))
		return phrases(p, n, event, out_r);
	if (at == s.p && s.n > 1) {
		*out_r = domain_token(qa_span_cut(s, 1, s.n), event);
		return 0;
	}
	if (at && at + 1 < s.p + s.n) {
		*out_r = address_token(s, event);
		return 0;
	}
	dotted = s.n > 2 && memchr(s.p + 1, '.', s.n - 2) != NULL;
	if (phrases(p, n, event, out_r))
		return -1;
	if (dotted && !at && !n->quoted && out_r->s)
		*out_r = qa_expr_glue(*out_r, OR, domain_token(s, event));
	return 0;
}

/* Text anywhere; an address has one form in text and another one in columns of addresses. */
static int
anywhere(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	qa_span s = n->text;
	const unsigned char *at = memchr(s.p, '@', s.n);

	if (at && n->prefix)
		return address_front(p, n, event, out_r);
	if (phrases(p, n, event, out_r))
		return -1;
	if (at && at > s.p && at + 1 < s.p + s.n && !has_blank(s))
		*out_r = qa_expr_glue(*out_r, OR, address_token(s, event));
	return 0;
}

static int
text_form(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	const char *in = columns(n->field);

	*out_r = (struct expr){0};
	int r = n->field == QA_Q_ANY				   ? anywhere(p, n, event, out_r)
		: n->field >= QA_Q_FROM && n->field <= QA_Q_ADDRESS ? address(p, n, event, out_r)
								   : phrases(p, n, event, out_r);
	if (r)
		return -1;
	if (in && out_r->s) {
		g_string_prepend(out_r->s, "} : (");
		g_string_prepend(out_r->s, in);
		qa_expr_wrap(out_r, "{", ")");
	}
	return 0;
}

int
qa_plan_text(struct planner *p, const struct qa_query_node *n, struct piece *out_r)
{
	struct expr plain, event = {0};

	*out_r = (struct piece){.result = VOID};
	if (text_form(p, n, false, &plain))
		return -1;
	if (!plain.s)
		return 0;
	if (p->q->kinds && p->state->events && text_form(p, n, true, &event)) {
		qa_expr_free(&plain);
		return -1;
	}
	out_r->result = SOME;
	out_r->yes = qa_expr_glue(plain, OR, event);
	return 0;
}
