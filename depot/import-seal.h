/*
 * Sealing finished months (archive/sealer.h) beside the rounds of md_import: a process of its own at low priority, started now
 * and then, so that no round waits for it.
 */
#ifndef QA_DEPOT_IMPORT_SEAL_H
#define QA_DEPOT_IMPORT_SEAL_H

#include "archive/sealer.h"

#include <sys/types.h>

struct import_seal {
	struct qa_sealer sealer; /* grace 0 = never */
	pid_t pid;		 /* 0 = none runs */
	uint64_t next;		 /* qa_tick when the next one may start */
};

void import_seal_init(struct import_seal *b, const char *home, uint64_t grace, uint64_t reserve, int (*stop)(void *ctx));

/* Starts the process when it is time, or takes note that it has ended. To be called again and again. */
void import_seal_tend(struct import_seal *b);

/* Ends it: in the middle of a segment, which is begun anew another time. */
void import_seal_end(struct import_seal *b);

/* In this process, here and now: 0, 2 trouble. */
int import_seal_now(const struct import_seal *b);

/* md_import --seal: the months of a domain that are over, or the one named; prints what was done. Exit code. */
int import_seal_command(struct import_seal *b, const char *domain, const char *month);

#endif
