/* The quick reader of lines says what the exact parser says, of whatever bytes. */
#include "testing.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	unsigned char *all = calloc(1, n + 2 * QA_QUICK_PAD);

	if (!all)
		return 0;
	memcpy(all + QA_QUICK_PAD, p, n);
	if (!testing_all(all + QA_QUICK_PAD, n)) {
		fputs("the readers differ\n", stderr);
		abort();
	}
	free(all);
	return 0;
}
