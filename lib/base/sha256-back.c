/*
 * SHA-256 by OpenSSL, which uses the processor's SHA instructions. The low-level calls are
 * deprecated in favour of EVP, but need no allocation: hashing a tree of 64-byte nodes
 * through EVP costs several times more.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct qa_sha256), "OpenSSL's context fits");

static SHA256_CTX *
ctx(struct qa_sha256 *c)
{
	return (SHA256_CTX *)(void *)c->space;
}

void
qa_sha256_init(struct qa_sha256 *c)
{
	SHA256_Init(ctx(c));
}

void
qa_sha256_add(struct qa_sha256 *c, const void *p, size_t n)
{
	SHA256_Update(ctx(c), p, n);
}

struct qa_digest
qa_sha256_end(struct qa_sha256 *c)
{
	struct qa_digest d;

	SHA256_Final(d.b, ctx(c));
	return d;
}

struct qa_digest
qa_sha256_of(qa_span s)
{
	struct qa_sha256 c;

	qa_sha256_init(&c);
	qa_sha256_add(&c, s.p, s.n);
	return qa_sha256_end(&c);
}
