/*
 * A span: bytes with a length, owned by somebody else. Mail is never a C string.
 */
#ifndef QA_BASE_SPAN_H
#define QA_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct qa_span {
	const unsigned char *p; /* may be NULL when n is 0 */
	size_t n;
} qa_span;

static inline qa_span
qa_span_of(const void *p, size_t n)
{
	return (qa_span){p, n};
}

static inline qa_span
qa_span_str(const char *s)
{
	return (qa_span){(const unsigned char *)s, s ? strlen(s) : 0};
}

static inline bool
qa_span_eq(qa_span a, qa_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
qa_span_is(qa_span a, const char *s)
{
	return qa_span_eq(a, qa_span_str(s));
}

/* The part from OFFSET on, at most LENGTH bytes; empty when it lies outside. */
static inline qa_span
qa_span_cut(qa_span a, size_t offset, size_t length)
{
	if (offset >= a.n)
		return (qa_span){NULL, 0};
	if (length > a.n - offset)
		length = a.n - offset;
	return (qa_span){a.p + offset, length};
}

/* Space, TAB, CR or LF. */
static inline bool
qa_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without blanks at both ends. */
static inline qa_span
qa_span_trim(qa_span a)
{
	while (a.n && qa_blank(a.p[0]))
		a.p++, a.n--;
	while (a.n && qa_blank(a.p[a.n - 1]))
		a.n--;
	return a;
}

/* Whether it begins so. */
static inline bool
qa_span_begins(qa_span a, const char *with)
{
	size_t n = strlen(with);

	return a.n >= n && memcmp(a.p, with, n) == 0;
}

/* Takes WITH off the beginning: whether it was there. */
static inline bool
qa_span_skip(qa_span *a, const char *with)
{
	if (!qa_span_begins(*a, with))
		return false;
	*a = qa_span_cut(*a, strlen(with), a->n);
	return true;
}

/* ASCII case-insensitive comparison, for header names and domains. */
bool qa_span_caseeq(qa_span a, qa_span b);

#endif
