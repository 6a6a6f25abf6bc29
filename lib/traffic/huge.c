#include "traffic/huge.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LARGE = 2 << 20 };

static size_t
rounded(size_t n)
{
	return (n + LARGE - 1) / LARGE * LARGE;
}

void *
qa_huge_new(size_t n)
{
	if (n < LARGE)
		return calloc(1, n ? n : 1);
	if (n > SIZE_MAX / 2)
		return NULL;
	/* one large page more, so that a multiple of its size lies in it; what is over at both ends goes back */
	n = rounded(n);
	unsigned char *p = mmap(NULL, n + LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	size_t skip = (LARGE - (uintptr_t)p % LARGE) % LARGE;
	if (skip)
		munmap(p, skip);
	munmap(p + skip + n, LARGE - skip);
	madvise(p + skip, n, MADV_HUGEPAGE);
	return p + skip;
}

void
qa_huge_free(void *p, size_t n)
{
	if (n < LARGE)
		free(p);
	else if (p)
		munmap(p, rounded(n));
}
