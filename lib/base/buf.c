#include "base/buf.h"
#include "base/num.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int
qa_buf_reserve(struct qa_buf *b, size_t more)
{
	size_t limit = b->limit ? b->limit : (size_t)1 << 30;
	size_t need, size;

	if (qa_add_size(b->n, more, &need) || need > limit) {
		errno = EOVERFLOW;
		return -1;
	}
	if (need < b->size)
		return 0;
	/* one spare byte, so that qa_buf_cstr never has to grow past the limit */
	size = b->size ? b->size : 64;
	while (size <= need)
		size += size / 2;
	if (size > limit + 1)
		size = limit + 1;
	unsigned char *p = realloc(b->p, size);
	if (!p)
		return -1;
	b->p = p;
	b->size = size;
	return 0;
}

int
qa_buf_add(struct qa_buf *b, const void *p, size_t n)
{
	if (qa_buf_reserve(b, n))
		return -1;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	return 0;
}

int
qa_buf_addspan(struct qa_buf *b, qa_span s)
{
	return qa_buf_add(b, s.p, s.n);
}

int
qa_buf_addstr(struct qa_buf *b, const char *s)
{
	return qa_buf_add(b, s, strlen(s));
}

int
qa_buf_addc(struct qa_buf *b, unsigned char c)
{
	return qa_buf_add(b, &c, 1);
}

int
qa_buf_addf(struct qa_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || qa_buf_reserve(b, (size_t)n)) {
		va_end(again);
		return -1;
	}
	vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
	va_end(again);
	b->n += (size_t)n;
	return 0;
}

int
qa_buf_addle16(struct qa_buf *b, uint16_t v)
{
	unsigned char s[2];

	qa_le16_put(s, v);
	return qa_buf_add(b, s, sizeof s);
}

int
qa_buf_addle32(struct qa_buf *b, uint32_t v)
{
	unsigned char s[4];

	qa_le32_put(s, v);
	return qa_buf_add(b, s, sizeof s);
}

int
qa_buf_addle64(struct qa_buf *b, uint64_t v)
{
	unsigned char s[8];

	qa_le64_put(s, v);
	return qa_buf_add(b, s, sizeof s);
}

const char *
qa_buf_cstr(struct qa_buf *b)
{
	if (qa_buf_reserve(b, 0))
		return NULL;
	b->p[b->n] = 0;
	return (const char *)b->p;
}

qa_span
qa_buf_span(const struct qa_buf *b)
{
	return qa_span_of(b->p, b->n);
}

void
qa_buf_clear(struct qa_buf *b)
{
	b->n = 0;
}

void
qa_buf_free(struct qa_buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->size = 0;
}
