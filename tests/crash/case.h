/*
 * The harness's inner parts: what a test, a worker and a case are.
 *
 * choose.c   which cases are tried
 * case.c     running one
 * tell.c     telling of those that failed
 * steps.c    a step of a case in a process of its own
 * harness.c  workers, results, main
 */
#ifndef QA_TESTS_CRASH_CASE_H
#define QA_TESTS_CRASH_CASE_H

#include "tests/crash/steps.h"

#include <stdbool.h>
#include <stdio.h>

enum crash_fault { F_EIO, F_ENOSPC, F_EDQUOT, F_SHORT, F_READ, F_KILL, F_POWER, F_AGAIN, F_COUNT };

extern const struct crash_fault_kind {
	const char *name;
	enum qa_sim_kind kind;
	int num;
} crash_faults[F_COUNT];

struct crash_tally {
	unsigned long calls, runs, unreached, lost, duplicates, failed;
};

/* What the parent and its workers share about one operation. */
struct crash_shared_state {
	struct crash_tally tally[F_COUNT];
	unsigned long shown;
	bool stop;
};

/* One operation under test. */
struct crash_test {
	const struct qa_crash_op *op;
	const char *program;
	struct qa_sim *base; /* the tree setup left */
	struct qa_sim *good; /* the trace of the run without faults */
	unsigned long calls, reads;
	unsigned char *after_ack; /* [n]: something was acknowledged just before call n */
	struct crash_shared_state *shared;
	bool one; /* a single case: keep the tree, show the log */
};

/* One process that works off cases. */
struct crash_worker {
	const struct crash_test *t;
	struct qa_sim_disk *base, *good;
	unsigned long good_at;
	char root[400], log[400];
	struct qa_crash_found *found;
	const char *where; /* in the case at hand it went wrong first */
};

/* The case at hand, in the words of CRASH_ONE. */
struct crash_case {
	enum crash_fault fault;
	unsigned long n, seed;
};

/* setup, into t->base: whether it succeeded. w has its log and what was found. */
bool crash_setup(struct crash_test *t, struct crash_worker *w);
/* The operation without faults, by worker 0, which the caller ends: whether all was well. t gets the trace and its numbers;
 * notes_r: acknowledgements. */
bool crash_run_clean(struct crash_test *t, struct crash_worker *w, size_t *notes_r);
/* Worker NUMBER, with a tree of its own. */
void crash_worker_open(struct crash_worker *w, const struct crash_test *t, unsigned long number);
/* Runs the case, counts and tells. */
void crash_case_run(struct crash_worker *w, const struct crash_case *c);
/* Whether the case at hand failed. */
bool crash_went_wrong(const struct crash_worker *w);

bool crash_fault_wanted(const struct qa_crash_op *op, const char *fault);
/* Whether FAULT is tried at call n: it means something there, and n is among those to try. */
bool crash_call_chosen(const struct crash_test *t, enum crash_fault fault, unsigned long n);

/* Keeps how to get this failure again, for crash_show_told. */
void crash_report(const struct crash_worker *w, const struct crash_case *c);
/* Prints, below the failed line of the fault, what the workers told of its failures. */
void crash_show_told(enum crash_fault fault);
void crash_show_log(FILE *out, const char *path);

#endif
