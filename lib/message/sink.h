/*
 * Where text gathers. A sink never fails in the middle: at its limit it drops what follows
 * and says `full`, out of memory it says `failed`, and the caller looks once, at the end.
 */
#ifndef QA_MESSAGE_SINK_H
#define QA_MESSAGE_SINK_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

struct qa_sink {
	struct qa_buf b;
	bool full, failed;
};

#define QA_SINK(lim) {QA_BUF(lim), false, false}

/* Any bytes, as they are. */
void qa_sink_add(struct qa_sink *s, const void *p, size_t n);
void qa_sink_addc(struct qa_sink *s, unsigned char c);

/* One character as UTF-8; what is no character becomes U+FFFD. */
void qa_sink_char(struct qa_sink *s, uint32_t c);

/* UTF-8 as text: CRLF and CR become LF, other control characters but TAB a blank; bytes that
 * are no UTF-8 become U+FFFD. */
void qa_sink_text(struct qa_sink *s, qa_span utf8);

/* What the sink holds, with memory for N more; NULL when full or failed. The caller writes
 * there and adds to b.n. */
unsigned char *qa_sink_room(struct qa_sink *s, size_t n);

qa_span qa_sink_span(const struct qa_sink *s);
void qa_sink_clear(struct qa_sink *s);
void qa_sink_free(struct qa_sink *s);

/* Length of the UTF-8 character at the front of s: 1 to 4, 0 when it is none. */
size_t qa_utf8_length(qa_span s);
bool qa_utf8_valid(qa_span s);

/* Memory of one document, freed at once. */
struct qa_pool;
struct qa_pool *qa_pool_new(void);
void qa_pool_free(struct qa_pool *p);
void *qa_pool_alloc(struct qa_pool *p, size_t n) QA_MUST; /* aligned, zeroed; NULL: no memory */

/* A copy with a NUL behind it; NULL: no memory. */
char *qa_pool_copy(struct qa_pool *p, qa_span s) QA_MUST;

#endif
