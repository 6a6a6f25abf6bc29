/*
 * HTML to text, for search and snippets: tags away, scripts and styles away, entities to
 * characters, block elements to line breaks, table cells apart. Not a browser: it never
 * fails, is linear, and when in doubt keeps text (a comment or a style without an end is
 * text again), so that nothing readable hides from the index behind broken markup.
 *
 * A run of blanks with a line break in it becomes one LF, else one blank; block elements
 * make an empty line, which ends runs of Japanese text (term/term.h).
 */
#ifndef QA_MESSAGE_HTML_H
#define QA_MESSAGE_HTML_H

#include "base/span.h"
#include "message/sink.h"

#include <stdint.h>

/* HTML is UTF-8. */
void qa_html_text(qa_span html, struct qa_sink *out);

/* The charset a <meta> names in the first 2 KiB, or empty. */
qa_span qa_html_charset(qa_span html);

/* The entity at the front of s ("&amp;", "&#12354;", "&eacute"): its length, 0 when none. */
size_t qa_html_entity(qa_span s, uint32_t *c_r);

#endif
