/*
 * Memory for tables that are met in no order: there a page of 4 kB for each look costs more than the look, so it lies in large pages
 * where the kernel has them.
 */
#ifndef QA_TRAFFIC_HUGE_H
#define QA_TRAFFIC_HUGE_H

#include <stddef.h>

/* N zeroed bytes; NULL: no memory. Below 2 MiB it is ordinary memory. */
void *qa_huge_new(size_t n);

/* With the N it was made with. NULL is allowed. */
void qa_huge_free(void *p, size_t n);

#endif
