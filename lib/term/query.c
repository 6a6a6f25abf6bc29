#include "term/term.h"

#include <errno.h>
#include <stdlib.h>

struct build {
	struct qa_term_query *q;
	size_t terms_size, bytes_n, bytes_size;
	size_t base; /* offset of the piece in the text */
};

/* Terms point by offset (in p's place) until all bytes are in. */
static int
term_keep(void *arg, const struct qa_term *t)
{
	struct build *b = arg;
	struct qa_term_query *q = b->q;

	if (q->nterms == b->terms_size) {
		size_t size = b->terms_size ? b->terms_size * 2 : 16;
		struct qa_term *p = reallocarray(q->terms, size, sizeof *p);

		if (!p)
			return -1;
		q->terms = p;
		b->terms_size = size;
	}
	if (b->bytes_size - b->bytes_n < t->n) {
		size_t size = (b->bytes_size + t->n) * 2;
		char *p = realloc(q->bytes, size);

		if (!p)
			return -1;
		q->bytes = p;
		b->bytes_size = size;
	}
	memcpy(q->bytes + b->bytes_n, t->p, t->n);
	b->bytes_n += t->n;
	q->terms[q->nterms] = *t;
	q->terms[q->nterms].start += b->base;
	q->terms[q->nterms].end += b->base;
	q->nterms++;
	return 0;
}

static int
phrase_add(struct build *b, qa_span text, size_t from, size_t to, size_t *size)
{
	struct qa_term_query *q = b->q;
	size_t first = q->nterms;

	b->base = from;
	if (qa_term_each(qa_span_cut(text, from, to - from), QA_TERM_QUERY, term_keep, b))
		return -1;
	if (q->nterms == first)
		return 0;
	if (q->nphrases == *size) {
		size_t more = *size ? *size * 2 : 8;
		struct qa_term_phrase *p = reallocarray(q->phrases, more, sizeof *p);

		if (!p)
			return -1;
		q->phrases = p;
		*size = more;
	}
	q->phrases[q->nphrases++] = (struct qa_term_phrase){
	    .first = first,
	    .n = q->nterms - first,
	    .prefix = (q->terms[q->nterms - 1].flags & QA_TERM_SINGLE) != 0,
	};
	return 0;
}

/* The length of the blank at the front of s, 0 when there is none. */
static size_t
blank_length(qa_span s)
{
	if (s.n && (s.p[0] == ' ' || (s.p[0] >= '\t' && s.p[0] <= '\r')))
		return 1;
	return s.n >= 3 && memcmp(s.p, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

int
qa_term_query(qa_span text, bool quoted, struct qa_term_query *out_r, struct qa_err *err)
{
	struct build b = {.q = out_r};
	size_t size = 0, from = 0, i = 0;

	*out_r = (struct qa_term_query){0};
	if (text.n > QA_TERM_QUERY_MAX)
		return qa_fail(err, EPROTO, "query text is longer than %d bytes", QA_TERM_QUERY_MAX);
	while (i < text.n && !quoted) {
		size_t blank = blank_length(qa_span_cut(text, i, text.n));

		if (blank && phrase_add(&b, text, from, i, &size))
			goto memory;
		i += blank ? blank : 1;
		if (blank)
			from = i;
	}
	if (phrase_add(&b, text, from, text.n, &size))
		goto memory;
	size_t at = 0;
	for (size_t k = 0; k < out_r->nterms; k++) {
		out_r->terms[k].p = out_r->bytes + at;
		at += out_r->terms[k].n;
	}
	return 0;
memory:
	qa_term_query_free(out_r);
	return qa_fail(err, ENOMEM, "cannot cut the query into terms: ");
}

void
qa_term_query_free(struct qa_term_query *q)
{
	free(q->terms);
	free(q->phrases);
	free(q->bytes);
	*q = (struct qa_term_query){0};
}
