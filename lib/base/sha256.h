/*
 * SHA-256 (FIPS 180-4). One interface, two homes: nettle in the front family, OpenSSL in the
 * back family (sha256-front.c, sha256-back.c); a program links one of them.
 */
#ifndef QA_BASE_SHA256_H
#define QA_BASE_SHA256_H

#include "base/span.h"

#include <stdint.h>

#define QA_SHA256_SIZE 32
#define QA_SHA256_TEXT 65 /* lower-case hexadecimal and a NUL */

struct qa_digest {
	unsigned char b[QA_SHA256_SIZE];
};

struct qa_sha256 {
	uint64_t space[32]; /* the library's own context */
};

void qa_sha256_init(struct qa_sha256 *c);
void qa_sha256_add(struct qa_sha256 *c, const void *p, size_t n);
struct qa_digest qa_sha256_end(struct qa_sha256 *c);

struct qa_digest qa_sha256_of(qa_span s);

static inline bool
qa_digest_eq(const struct qa_digest *a, const struct qa_digest *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

#endif
