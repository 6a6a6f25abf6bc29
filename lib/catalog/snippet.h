/*
 * The part of a text that shows why it was found: words of the query, and what stands around them.
 */
#ifndef QA_CATALOG_SNIPPET_H
#define QA_CATALOG_SNIPPET_H

#include "base/buf.h"
#include "catalog/query.h"

#include <stdbool.h>

/* The words of a query that a hit contains (not those behind NOT). */
struct qa_highlight;
struct qa_highlight *qa_highlight_new(const struct qa_query *q);
void qa_highlight_free(struct qa_highlight *h);

/*
 * About WIDTH bytes (40 .. 4000) of TEXT, which is UTF-8, around the place with most different words; its beginning when there
 * is none. White space becomes single blanks; what is not fit for a terminal '?'. ON and OFF are put around words (may be
 * ""). At most the first SNIPPET_LOOK bytes are looked at.
 */
enum { QA_SNIPPET_LOOK = 1 << 20 };
int qa_snippet(const struct qa_highlight *h, qa_span text, size_t width, const char *on, const char *off,
	       struct qa_buf *b) QA_MUST;

#endif
