/*
 * A bar on the terminal that says how far a long reading is. Says nothing when standard error is no terminal, and nothing
 * in the first two seconds.
 */
#ifndef QA_STATISTIC_BAR_H
#define QA_STATISTIC_BAR_H

#include <stdbool.h>
#include <stdint.h>

struct bar {
	uint64_t begun; /* qa_tick */
	bool terminal, shown;
};

void bar_init(struct bar *b);
void bar_show(void *b, uint64_t done, uint64_t all); /* a qa_read_progress */
void bar_end(struct bar *b);			     /* leaves the line as it was */

#endif
