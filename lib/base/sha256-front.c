/* SHA-256 by nettle, for programs that may not carry OpenSSL. It uses the processor's SHA instructions where there are some. */
#include "base/sha256.h"

#include <nettle/sha2.h>
#include <stdio.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct qa_sha256), "nettle's context fits");

#ifndef __GLIBC__
/*
 * Debian's nettle is compiled for glibc, whose headers give printf another name. Nettle calls it at the start, before it looks which
 * instructions there are, if NETTLE_FAT_VERBOSE is set; it has nothing to say in our programs.
 */
int __fprintf_chk(FILE *f, int flag, const char *format, ...);

int
__fprintf_chk(FILE *f, int flag, const char *format, ...)
{
	(void)f, (void)flag, (void)format;
	return 0;
}
#endif

static struct sha256_ctx *
ctx(struct qa_sha256 *c)
{
	return (struct sha256_ctx *)(void *)c->space;
}

void
qa_sha256_init(struct qa_sha256 *c)
{
	sha256_init(ctx(c));
}

void
qa_sha256_add(struct qa_sha256 *c, const void *p, size_t n)
{
	sha256_update(ctx(c), n, p);
}

struct qa_digest
qa_sha256_end(struct qa_sha256 *c)
{
	struct qa_digest d;

	sha256_digest(ctx(c), sizeof d.b, d.b);
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
