/*
 * A growing byte buffer with a ceiling, for the modules that serve both families (and so
 * may use neither stralloc nor GLib).
 *
 *	struct qa_buf b = QA_BUF(limit);   starts empty, owns nothing
 *	qa_buf_free(&b);                   gives the memory back; b is empty and usable again
 *
 * Every append returns 0, or -1 with errno ENOMEM (no memory) or EOVERFLOW (the ceiling was
 * reached); the contents are then unchanged.
 */
#ifndef QA_BASE_BUF_H
#define QA_BASE_BUF_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

struct qa_buf {
	unsigned char *p;
	size_t n;     /* bytes in use */
	size_t size;  /* bytes allocated */
	size_t limit; /* n never exceeds it; 0 = 1 GiB */
};

#define QA_BUF(lim) {NULL, 0, 0, (lim)}

int qa_buf_reserve(struct qa_buf *b, size_t more) QA_MUST;
int qa_buf_add(struct qa_buf *b, const void *p, size_t n) QA_MUST;
int qa_buf_addspan(struct qa_buf *b, qa_span s) QA_MUST;
int qa_buf_addstr(struct qa_buf *b, const char *s) QA_MUST;
int qa_buf_addc(struct qa_buf *b, unsigned char c) QA_MUST;
int qa_buf_addf(struct qa_buf *b, const char *fmt, ...) QA_MUST QA_PRINTF(2, 3);
int qa_buf_addle16(struct qa_buf *b, uint16_t v) QA_MUST;
int qa_buf_addle32(struct qa_buf *b, uint32_t v) QA_MUST;
int qa_buf_addle64(struct qa_buf *b, uint64_t v) QA_MUST;

/* Ends the contents with a NUL that is not counted, and returns them as a C string; NULL on
 * failure. Only for text known to hold no NUL. */
const char *qa_buf_cstr(struct qa_buf *b) QA_MUST;

qa_span qa_buf_span(const struct qa_buf *b);
void qa_buf_clear(struct qa_buf *b); /* keeps the memory */
void qa_buf_free(struct qa_buf *b);

#endif
