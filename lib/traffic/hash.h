/*
 * A hash of a name that is the same for any case of its letters, and what compares such names.
 */
#ifndef QA_TRAFFIC_HASH_H
#define QA_TRAFFIC_HASH_H

#include "base/span.h"

#include <stdint.h>

/* Folds bytes by their bit 0x20, which makes a few others equal too: fine for a hash. Reads up to 8 bytes behind the name, which must be
 * readable. SEED is for tables that strangers fill. */
static inline uint64_t
qa_fold_hash(const unsigned char *p, size_t n, uint64_t seed)
{
	const uint64_t fold = UINT64_C(0x2020202020202020), k = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t h = seed ^ n * k, w;

	for (; n > 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		h = (h ^ (w | fold)) * k;
		h ^= h >> 29;
	}
	memcpy(&w, p, 8);
	w |= fold;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = n ? w >> 8 * (8 - n) : 0;
#else
	w = n ? w << 8 * (8 - n) : 0;
#endif
	h = (h ^ w) * k;
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

static inline unsigned char
qa_fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

/* Whether P, of any case, is NAME, which is in lower case; both of N bytes, with 8 readable bytes behind them. */
static inline bool
qa_fold_is(const unsigned char *p, const unsigned char *name, size_t n)
{
	uint64_t a, b, differ = 0;
	size_t i = 0;

	for (; n - i > 8 && n > i; i += 8) {
		memcpy(&a, p + i, 8);
		memcpy(&b, name + i, 8);
		differ |= a ^ b;
	}
	if (n > i) {
		memcpy(&a, p + i, 8);
		memcpy(&b, name + i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		differ |= (a ^ b) >> 8 * (8 - (n - i));
#else
		differ |= (a ^ b) << 8 * (8 - (n - i));
#endif
	}
	if (!differ)
		return true;
	for (i = 0; i < n; i++)
		if (qa_fold(p[i]) != name[i])
			return false;
	return true;
}

#endif
