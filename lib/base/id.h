/*
 * Random bytes, and record ids made of them.
 */
#ifndef QA_BASE_ID_H
#define QA_BASE_ID_H

#include "base/attr.h"

#include <stddef.h>

#define QA_ID_SIZE 16 /* a record id: random bytes, made by the capturing program */
#define QA_ID_TEXT 33 /* 32 lower-case hexadecimal digits and a NUL */

struct qa_id {
	unsigned char b[QA_ID_SIZE];
};

/* Fills p from the kernel's generator: 0, or -1 with errno. */
int qa_random(void *p, size_t n) QA_MUST;

#endif
