/* Any bytes as a log, of every form: once as a whole, once saved and loaded after some line. The stats lines must be the same, and
 * each must be one that is read again. */
#include "statline/statline.h"
#include "traffic/qjoin.h"
#include "traffic/vdoms.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct sum {
	uint64_t hash, lines;
};

static void
line(void *arg, const struct qa_statline *s)
{
	struct sum *sum = arg;
	unsigned char out[QA_STATLINE_MAX + 1];
	size_t n = qa_statline_put(s, out);
	struct qa_statline again;
	const char *why;

	if (qa_statline_get(qa_span_of(out, n), &again, &why))
		abort();
	for (size_t i = 0; i < n; i++)
		sum->hash = (sum->hash ^ out[i]) * UINT64_C(0x100000001b3);
	sum->lines++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct qa_vdoms *v;
	struct sum whole = {1, 0}, parts = {1, 0};
	size_t memory = n && p[0] < 32 ? 2000 : 0, cut = n / 2;
	struct qa_buf b = QA_BUF(0), again = QA_BUF(0);
	struct qa_qjoin_opt o = {.host = "h", .memory = memory, .line = line, .arg = &whole};
	struct qa_qjoin *j, *k;
	struct qa_err err;

	if (!v)
		v = qa_vdoms_new(qa_span_str("example.com:example.com\nvip@a.org:vip\n.b.org:b\n"));
	o.vdoms = v;
	j = qa_qjoin_new(&o);
	qa_qjoin_feed(j, qa_span_of(p, n));
	qa_qjoin_free(j);
	while (cut < n && p[cut] != '\n')
		cut++;
	if (cut < n)
		cut++;
	o.arg = &parts;
	j = qa_qjoin_new(&o);
	k = qa_qjoin_new(&o);
	qa_qjoin_feed(j, qa_span_of(p, cut));
	if (qa_qjoin_save(j, &b, &err) || qa_qjoin_load(k, qa_buf_span(&b), &err) || qa_qjoin_save(k, &again, &err))
		abort();
	qa_qjoin_feed(k, qa_span_of(p + cut, n - cut));
	/* at the limit it matters which of two equal ones goes first, so only lines without one are compared */
	if (memory == 0 && (whole.lines != parts.lines || whole.hash != parts.hash || b.n != again.n))
		abort();
	qa_qjoin_free(j);
	qa_qjoin_free(k);
	/* and as what was saved */
	k = qa_qjoin_new(&o);
	int rc = qa_qjoin_load(k, qa_span_of(p, n), &err);
	(void)rc;
	qa_qjoin_free(k);
	qa_buf_free(&b);
	qa_buf_free(&again);
	return 0;
}
