/* A state of logstat: any bytes; and the same with the sum that makes them whole, which must come out again as they went in. */
#include "base/text.h"
#include "traffic/qjoin.h"
#include "traffic/qkeep-private.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
line(void *arg, const struct qa_statline *s)
{
	(void)arg;
	(void)s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_qjoin_opt o = {.host = "h", .line = line};
	struct qa_buf b = QA_BUF(0), again = QA_BUF(0);
	struct qa_digest d = qa_sha256_of(qa_span_of(p, n));
	struct qa_qstate s, t;
	struct qa_err err;
	char sum[QA_SHA256_TEXT];
	struct qa_qjoin *j = qa_qjoin_new(&o);

	if (qa_qstate_get(qa_span_of(p, n), &s) == 0)
		(void)!qa_qjoin_load(j, s.open, &err);
	qa_qjoin_free(j);
	qa_hex(d.b, sizeof d.b, sum);
	if (qa_buf_add(&b, p, n) || qa_buf_addf(&b, "sha256 %s\n", sum))
		abort();
	if (qa_qstate_get(qa_buf_span(&b), &s) == 0) {
		if (qa_qstate_put(&s, &again) || qa_qstate_get(qa_buf_span(&again), &t) || s.length != t.length ||
		    !qa_span_eq(s.open, t.open) || !qa_span_eq(s.lines, t.lines) || s.pos.offset != t.pos.offset)
			abort();
		j = qa_qjoin_new(&o);
		if (qa_qjoin_load(j, s.open, &err) == 0)
			qa_qjoin_feed(j, s.lines);
		qa_qjoin_free(j);
	}
	qa_buf_free(&b);
	qa_buf_free(&again);
	return 0;
}
