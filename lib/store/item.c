#include "store/item.h"
#include "base/num.h"

void
qa_recipe_part_put(const struct qa_recipe_part *r, unsigned char out[QA_RECIPE_PART])
{
	memset(out, 0, QA_RECIPE_PART);
	qa_le64_put(out, r->at);
	qa_le64_put(out + 8, r->item);
	qa_le64_put(out + 16, r->encoded);
	qa_le32_put(out + 24, r->line);
	out[28] = r->crlf;
}

bool
qa_recipe_count(const unsigned char in[QA_RECIPE_HEAD], uint64_t length, uint32_t *count_r)
{
	uint32_t n = qa_le32_get(in);

	if (n > QA_RECIPE_PARTS || QA_RECIPE_HEAD + (uint64_t)n * QA_RECIPE_PART > length)
		return false;
	*count_r = n;
	return true;
}

bool
qa_recipe_part_get(const unsigned char in[QA_RECIPE_PART], const struct qa_recipe_part *before, uint64_t skeleton,
		   struct qa_recipe_part *r_r)
{
	struct qa_recipe_part r = {
		.at = qa_le64_get(in),
		.item = qa_le64_get(in + 8),
		.encoded = qa_le64_get(in + 16),
		.line = qa_le32_get(in + 24),
		.crlf = in[28] == 1,
	};

	if (in[28] > 1 || in[29] || in[30] || in[31])
		return false;
	if (r.at > skeleton || (before && r.at <= before->at) || r.item == 0)
		return false;
	if (r.line < 4 || r.line > QA_RUN_LINE || r.line % 4 || r.encoded < QA_RUN_LEAST)
		return false;
	*r_r = r;
	return true;
}
