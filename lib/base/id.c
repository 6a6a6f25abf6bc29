#include "base/id.h"

#include <errno.h>
#include <sys/random.h>

int
qa_random(void *p, size_t n)
{
	unsigned char *s = p;

	while (n) {
		ssize_t r = getrandom(s, n, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		s += r;
		n -= (size_t)r;
	}
	return 0;
}
