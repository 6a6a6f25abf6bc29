/* SHA-256 by libmd, for programs that may not carry OpenSSL. */
#include "base/sha256.h"

#include <sha2.h>

_Static_assert(sizeof(SHA2_CTX) <= sizeof(struct qa_sha256), "libmd's context fits");

static SHA2_CTX *
ctx(struct qa_sha256 *c)
{
	return (SHA2_CTX *)(void *)c->space;
}

void
qa_sha256_init(struct qa_sha256 *c)
{
	SHA256Init(ctx(c));
}

void
qa_sha256_add(struct qa_sha256 *c, const void *p, size_t n)
{
	SHA256Update(ctx(c), p, n);
}

struct qa_digest
qa_sha256_end(struct qa_sha256 *c)
{
	struct qa_digest d;

	SHA256Final(d.b, ctx(c));
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
