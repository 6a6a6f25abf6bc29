/* Splitting any bytes and putting them together again; a rest's table of parts by hostile hands. */
#include "store/item.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
split(qa_span rest)
{
	size_t pos = 0, end = 0;
	struct qa_run run;

	while (qa_split_run(rest, &pos, &run)) {
		struct qa_unrun u;
		struct qa_rerun r;

		if (run.at < end || run.encoded > rest.n - run.at || run.raw > run.encoded)
			abort();
		end = run.at + run.encoded;
		if (pos != end || qa_rerun_size(run.raw, run.line, run.crlf) != run.encoded)
			abort();
		unsigned char *raw = malloc(run.raw), *again;
		qa_unrun_init(&u, rest, &run);
		if (!raw || qa_unrun_read(&u, raw, run.raw) != run.raw)
			abort();
		qa_rerun_init(&r, run.line, run.crlf);
		again = malloc(qa_rerun_room(&r, run.raw));
		if (!again || qa_rerun_add(&r, qa_span_of(raw, run.raw), true, again) != run.encoded ||
		    memcmp(again, rest.p + run.at, run.encoded) != 0)
			abort();
		free(raw);
		free(again);
	}
}

static void
table(const uint8_t *p, size_t n)
{
	struct qa_recipe_part r, before;
	uint32_t count;

	if (n < QA_RECIPE_HEAD || !qa_recipe_count(p, n, &count))
		return;
	uint64_t skeleton = n - QA_RECIPE_HEAD - (uint64_t)count * QA_RECIPE_PART;
	for (uint32_t i = 0; i < count; i++, before = r)
		if (!qa_recipe_part_get(p + QA_RECIPE_HEAD + (size_t)i * QA_RECIPE_PART, i ? &before : NULL, skeleton, &r))
			return;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	qa_span all = qa_span_of(p, n);
	size_t t = qa_split_trace(all);

	if (t > n)
		abort();
	split(qa_span_cut(all, t, n));
	split(all);
	table(p, n);
	return 0;
}
