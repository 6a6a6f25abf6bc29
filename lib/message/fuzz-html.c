/* HTML of anything: valid text out of valid text, never more than a few times as much. */
#include "message/html.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_sink in = QA_SINK(0), out = QA_SINK(0), small = QA_SINK(16);
	qa_span s = {p, n}, label = qa_html_charset(s);

	if (label.n && (label.p < p || label.p + label.n > p + n))
		abort();
	qa_sink_text(&in, s);
	qa_html_text(qa_sink_span(&in), &out);
	if (!qa_utf8_valid(qa_sink_span(&out)) || out.b.n > in.b.n * 3 + 3)
		abort();
	for (size_t i = 0; i < out.b.n; i++)
		if ((out.b.p[i] < ' ' && out.b.p[i] != '\n') || out.b.p[i] == 127)
			abort();
	qa_html_text(s, &small); /* bytes that are no UTF-8, and no room */
	if (small.b.n > 16)
		abort();
	qa_sink_free(&in);
	qa_sink_free(&out);
	qa_sink_free(&small);
	return 0;
}
