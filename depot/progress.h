/*
 * A line on the terminal that says how far a long work is, how fast, and how long it will take. Says nothing when standard
 * error is no terminal, and nothing in the first two seconds.
 */
#ifndef QA_DEPOT_PROGRESS_H
#define QA_DEPOT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* "indexed" */
	bool shown, terminal;
	uint64_t begun, last; /* qa_tick */
	uint64_t first;	      /* done when it began */
	const char *domain;
};

void progress_init(struct progress *p, const char *what);
void progress_show(struct progress *p, const char *domain, uint64_t done, uint64_t all);
void progress_end(struct progress *p); /* leaves the line as it was */

/* progress_show as a hook of catalog/follow.h. */
void progress_entries(void *p, const char *domain, uint64_t done, uint64_t all);

#endif
