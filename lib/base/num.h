/*
 * Numbers: checked arithmetic, little-endian bytes, and scanners that see overflow.
 */
#ifndef QA_BASE_NUM_H
#define QA_BASE_NUM_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

/* Checked sums and products: true when the result does not fit. */
#define qa_add_size(a, b, out) __builtin_add_overflow((size_t)(a), (size_t)(b), (out))
#define qa_mul_size(a, b, out) __builtin_mul_overflow((size_t)(a), (size_t)(b), (out))
#define qa_add_u64(a, b, out) __builtin_add_overflow((uint64_t)(a), (uint64_t)(b), (out))
#define qa_mul_u64(a, b, out) __builtin_mul_overflow((uint64_t)(a), (uint64_t)(b), (out))

static inline uint16_t
qa_le16_get(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
qa_le32_get(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t
qa_le64_get(const unsigned char *p)
{
	return (uint64_t)qa_le32_get(p) | (uint64_t)qa_le32_get(p + 4) << 32;
}

static inline void
qa_le16_put(unsigned char *p, uint16_t v)
{
	p[0] = (unsigned char)v;
	p[1] = (unsigned char)(v >> 8);
}

static inline void
qa_le32_put(unsigned char *p, uint32_t v)
{
	qa_le16_put(p, (uint16_t)v);
	qa_le16_put(p + 2, (uint16_t)(v >> 16));
}

static inline void
qa_le64_put(unsigned char *p, uint64_t v)
{
	qa_le32_put(p, (uint32_t)v);
	qa_le32_put(p + 4, (uint32_t)(v >> 32));
}

/* The whole span as a decimal number without sign: 0, or -1 when it is empty, has another
 * character or does not fit. */
int qa_scan_u64(qa_span s, uint64_t *out_r) QA_MUST;

/* As qa_scan_u64, with one of the suffixes K, M, G, T (powers of 1024, either case). */
int qa_scan_size(qa_span s, uint64_t *out_r) QA_MUST;

/* Exactly 16 lower-case hexadecimal digits. */
int qa_scan_hex64(qa_span s, uint64_t *out_r) QA_MUST;

#endif
