#include "traffic/marks.h"

#include <stdbool.h>
#include <string.h>

#if defined __x86_64__
#include <immintrin.h>
#endif

/*
 * Each way makes 64 bits out of 64 bytes; their places are written eight at a time, as most blocks hold fewer, without a
 * branch for each.
 */
#define MARKS(name, attributes, block)                                                               \
	attributes static size_t name(const unsigned char *p, size_t n, uint32_t *out)               \
	{                                                                                            \
		uint32_t *to = out;                                                                  \
                                                                                                     \
		for (size_t at = 0; at < n; at += 64) {                                              \
			uint64_t bits = block(p + at);                                               \
                                                                                                     \
			if (n - at < 64)                                                             \
				bits &= (UINT64_C(1) << (n - at)) - 1;                               \
			uint32_t *next = to + __builtin_popcountll(bits);                            \
			while (bits) {                                                               \
				for (int i = 0; i < 8; i++) {                                        \
					to[i] = (uint32_t)at + (uint32_t)__builtin_ctzll(bits | (UINT64_C(1) << 63)); \
					bits &= bits - 1;                                            \
				}                                                                    \
				to += 8;                                                             \
			}                                                                            \
			to = next;                                                                   \
		}                                                                                    \
		return (size_t)(to - out);                                                           \
	}

/* Eight bytes at a time in a word. */
#define EACH(c) (UINT64_C(0x0101010101010101) * (c))

/* The high bit of each byte that is 0, exactly. */
static inline uint64_t
zeros(uint64_t w)
{
	return ~(((w & EACH(0x7f)) + EACH(0x7f)) | w | EACH(0x7f));
}

static inline uint64_t
block_words(const unsigned char *p)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < 8; i++) {
		uint64_t w, hit;

		memcpy(&w, p + 8 * i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		w = __builtin_bswap64(w);
#endif
		hit = zeros(w ^ EACH('|')) | zeros(w ^ EACH('@')) | zeros(w ^ EACH(127)) | zeros(w & EACH(0xe0));
		bits |= ((hit >> 7) * UINT64_C(0x0102040810204080) >> 56) << 8 * i;
	}
	return bits;
}
MARKS(by_words, , block_words)

#if defined __x86_64__
static inline uint64_t
quarter(const unsigned char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('|')), _mm_cmpeq_epi8(v, _mm_set1_epi8('@')));

	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8(127)));
	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(31)), v));
	return (uint32_t)_mm_movemask_epi8(hit);
}

static inline uint64_t
block_sse2(const unsigned char *p)
{
	return quarter(p) | quarter(p + 16) << 16 | quarter(p + 32) << 32 | quarter(p + 48) << 48;
}
MARKS(by_sse2, , block_sse2)

__attribute__((target("avx2"))) static inline uint64_t
half(const unsigned char *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('|')),
				      _mm256_cmpeq_epi8(v, _mm256_set1_epi8('@')));

	hit = _mm256_or_si256(hit, _mm256_cmpeq_epi8(v, _mm256_set1_epi8(127)));
	hit = _mm256_or_si256(hit, _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v));
	return (uint32_t)_mm256_movemask_epi8(hit);
}

__attribute__((target("avx2"))) static inline uint64_t
block_avx2(const unsigned char *p)
{
	return half(p) | half(p + 32) << 32;
}
MARKS(by_avx2, __attribute__((target("avx2,bmi,popcnt"))), block_avx2)
#endif

qa_marks_way *
qa_marks_by(unsigned way)
{
	if (way == 0)
		return by_words;
#if defined __x86_64__
	if (way == 1)
		return by_sse2;
	if (way == 2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt"))
		return by_avx2;
#endif
	return NULL;
}

size_t
qa_marks(const unsigned char *p, size_t n, uint32_t *out)
{
	static qa_marks_way *best;
	qa_marks_way *way = __atomic_load_n(&best, __ATOMIC_RELAXED);

	for (unsigned i = 3; !way && i-- > 0;)
		way = qa_marks_by(i);
	__atomic_store_n(&best, way, __ATOMIC_RELAXED);
	return way(p, n, out);
}
