/* The harness's processes: one step of a case each, and the scratch folder they work in. */
#ifndef QA_TESTS_CRASH_STEPS_H
#define QA_TESTS_CRASH_STEPS_H

#include "tests/crash/harness.h"
#include "sys/sim.h"

/* The scratch folder of this test, absolute; made at the first call, removed by crash_scratch_end. */
const char *crash_scratch(void);
void crash_scratch_end(void);

/* Removes a tree; what is not there is fine. Ends the process when it cannot. */
void crash_remove(const char *path);

enum crash_step { STEP_SETUP, STEP_WORK, STEP_RECOVER, STEP_VERIFY };

/* One step in a process of its own: 0 it returned 0, 1 it returned something else, 2 it was killed by
 * the simulator, -1 it died or took too long, and found->text says so. LOG gets what it prints. */
struct crash_run {
	const struct qa_crash_op *op;
	const char *root, *log;
	struct qa_sim *sim; /* NULL: on the real table */
	const struct qa_sim_fault *fault;
	struct qa_crash_acks acks;
	struct qa_crash_found *found; /* in shared memory */
};
int crash_step(const struct crash_run *r, enum crash_step step);

unsigned long crash_env(const char *name, unsigned long otherwise);
void *crash_shared(size_t n); /* zeroed memory that children share */

/* "crash: WHAT: strerror", exit 2. */
void crash_stuck(const char *what) QA_NORETURN;

#endif
