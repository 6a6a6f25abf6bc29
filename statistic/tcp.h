/*
 * What the kernel has counted of a TCP connection, so that nobody need copy its bytes. The counts are those of the data that passed, without
 * headers and without what was sent again.
 */
#ifndef QA_STATISTIC_TCP_H
#define QA_STATISTIC_TCP_H

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

struct qa_tcp {
	uint64_t in, out; /* bytes since the connection began; `out` with those that are still to be sent */
	bool broken;	  /* reset, or given up by the kernel */
	bool open;	  /* neither side has ended it */
	uint64_t quiet;	  /* nanoseconds since the last byte came in */
};

/* Whether IN and OUT are one TCP connection whose bytes this kernel counts. */
bool qa_tcp_both(int in, int out);

int qa_tcp_count(int fd, struct qa_tcp *c_r) QA_MUST; /* 0, or -1 with errno */

#endif
