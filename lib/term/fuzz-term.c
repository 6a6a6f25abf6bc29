/*
 * Terms of anything: each is short, valid UTF-8 and inside the text; terms folded again are
 * themselves; and a query made of a piece of a text finds that text.
 */
#include "term/fold.h"
#include "term/term.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define TERMS 512

struct kept {
	unsigned char p[QA_TERM_ADDRESS_MAX];
	size_t n, start, end;
	uint32_t position;
	unsigned flags;
};

struct list {
	struct kept t[TERMS];
	size_t n, text;
};

static struct list doc, query;

static void
must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static int
keep(void *arg, const struct qa_term *t)
{
	struct list *l = arg;
	uint32_t before = l->n ? l->t[l->n - 1].position : 0;
	int32_t c;

	must(t->n > 0 && t->n <= QA_TERM_ADDRESS_MAX && (t->n <= QA_TERM_MAX || t->flags & QA_TERM_ADDRESS), "length");
	must(t->start < t->end && t->end <= l->text, "offsets");
	must(t->position == before + !(t->flags & QA_TERM_COLOCATED), "position");
	for (size_t i = 0, used; i < t->n; i += used) {
		used = qa_fold_decode(qa_span_of(t->p + i, t->n - i), &c);
		must(used > 0, "UTF-8");
	}
	if (l->n == TERMS)
		return 1;
	struct kept *k = l->t + l->n++;
	memcpy(k->p, t->p, t->n);
	k->n = t->n, k->start = t->start, k->end = t->end, k->position = t->position, k->flags = t->flags;
	return 0;
}

static int
collect(struct list *l, qa_span s, enum qa_term_mode mode)
{
	l->n = 0;
	l->text = s.n;
	return qa_term_each(s, mode, keep, l);
}

static int
same(void *arg, const struct qa_term *t)
{
	const struct kept *k = arg;

	must(t->position == 1 && k->n == t->n && memcmp(k->p, t->p, t->n) == 0, "a term folded again");
	return 0;
}

static int
matches(const struct kept *q, uint32_t position, int prefix)
{
	for (size_t i = 0; i < doc.n; i++)
		if (doc.t[i].position == position && (prefix ? doc.t[i].n >= q->n : doc.t[i].n == q->n) &&
		    memcmp(doc.t[i].p, q->p, q->n) == 0)
			return 1;
	return 0;
}

static int
phrase_found(void)
{
	for (size_t from = 0; from < doc.n; from++) {
		uint32_t at = doc.t[from].position;
		size_t i = 0;

		while (i < query.n &&
		       matches(query.t + i, at + (uint32_t)i, i + 1 == query.n && query.t[i].flags & QA_TERM_SINGLE))
			i++;
		if (i == query.n)
			return 1;
	}
	return 0;
}

/* A piece may cut runs anywhere, but no word, and no cluster that became several words. */
static int
cuts(size_t at, const struct kept *pivot)
{
	for (size_t i = 0; i < doc.n; i++)
		if (doc.t[i].start < at && at < doc.t[i].end && !(doc.t[i].flags & pivot->flags & QA_TERM_RUN))
			return 1;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct kept *first, *last;
	size_t a, b;

	if (n < 2)
		return 0;
	qa_span s = {p + 2, n - 2};
	if (collect(&doc, s, QA_TERM_INDEX) || !doc.n)
		return 0;
	for (size_t i = 0; i < doc.n; i++)
		must(!qa_term_each(qa_span_of(doc.t[i].p, doc.t[i].n), QA_TERM_QUERY, same, doc.t + i), "no end");
	first = doc.t + p[0] % doc.n;
	last = doc.t + p[1] % doc.n;
	a = first->start;
	b = last->end;
	if (a >= b || memchr(s.p + a, '@', b - a) || cuts(a, first) || cuts(b, last))
		return 0; /* a part of an address is not the address */
	if (collect(&query, qa_span_cut(s, a, b - a), QA_TERM_QUERY) == 0)
		must(phrase_found(), "a piece of the text finds it");
	return 0;
}
