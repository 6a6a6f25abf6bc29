#include "term/fold.h"

#include <utf8proc.h>

#define OPTIONS                                                                                               \
	((utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |       \
			     UTF8PROC_IGNORE))

size_t
qa_fold_decode(qa_span s, int32_t *c_r)
{
	utf8proc_ssize_t n;

	if (!s.n)
		return 0;
	n = utf8proc_iterate(s.p, (utf8proc_ssize_t)(s.n < 4 ? s.n : 4), c_r);
	return n > 0 ? (size_t)n : 0;
}

/* Kana and Han that fold to themselves unless a mark follows: most of Japanese text. */
static bool
stable(int32_t c)
{
	return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3041 && c <= 0x3096) || (c >= 0x30a1 && c <= 0x30fa) ||
	       c == 0x30fc || (c >= 0x3001 && c <= 0x3007);
}

size_t
qa_fold_cluster(qa_span s, size_t *used_r, int32_t *out_r)
{
	int32_t c, next, state = 0;
	size_t used = qa_fold_decode(s, &c), n;
	utf8proc_ssize_t got;

	*used_r = used;
	if (!used)
		return 0;
	out_r[0] = c;
	for (unsigned chars = 1; used < s.n && chars < QA_FOLD_CLUSTER; chars++, used += n) {
		if (s.p[used] < 0x80 && used > 1)
			break; /* ASCII extends nothing */
		n = qa_fold_decode(qa_span_cut(s, used, 4), &next);
		if (!n || (stable(next) && chars == 1 && (stable(c) || c < 0x80)) ||
		    utf8proc_grapheme_break_stateful(c, next, &state))
			break;
		c = next;
	}
	*used_r = used;
	if (stable(out_r[0]) && used == 3)
		return 1;
	got = utf8proc_decompose(s.p, (utf8proc_ssize_t)used, out_r, QA_FOLD_MAX, OPTIONS);
	if (got > 0 && got <= QA_FOLD_MAX)
		got = utf8proc_normalize_utf32(out_r, got, OPTIONS);
	return got > 0 && got <= QA_FOLD_MAX ? (size_t)got : 0;
}

static bool
han_kana(int32_t c)
{
	return (c >= 0x3041 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0x3005 && c <= 0x3007) ||
	       (c >= 0x3021 && c <= 0x303c) || (c >= 0x31f0 && c <= 0x31ff) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0x1aff0 && c <= 0x1b16f) || (c >= 0x20000 && c <= 0x3ffff);
}

static bool
unspaced(int32_t c)
{
	return (c >= 0xac00 && c <= 0xd7a3) || (c >= 0x3100 && c <= 0x318f) ||
	       (c >= 0x31a0 && c <= 0x31bf) || (c >= 0xa000 && c <= 0xa4cf) ||
	       (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) || (c >= 0x1780 && c <= 0x17ff);
}

static bool
jamo(int32_t c)
{
	return (c >= 0x1100 && c <= 0x11ff) || (c >= 0xa960 && c <= 0xa97f) || (c >= 0xd7b0 && c <= 0xd7ff);
}

bool
qa_fold_joins(int32_t c)
{
	return han_kana(c) || (c >= 0xff66 && c <= 0xff9f);
}

enum qa_fold_kind
qa_fold_kind(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_NL:
		return han_kana(c)   ? QA_FOLD_KANJI
		       : unspaced(c) ? QA_FOLD_RUN
		       : jamo(c)     ? QA_FOLD_JAMO
				     : QA_FOLD_LETTER;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NO:
		return QA_FOLD_LETTER;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return QA_FOLD_MARK;
	default:
		return QA_FOLD_GAP;
	}
}
