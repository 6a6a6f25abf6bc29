/*
 * The crash tests' harness: runs an operation, lets every storage call of it fail in turn, kills it there,
 * cuts the power there, recovers, and compares what is left with what had been acknowledged.
 *
 * A crash test is a file tests/crash/crash-NAME.c, found by itself:
 *
 *	static int setup(const struct qa_crash_at *at)      make the instance, as an admin does
 *	static int work(const struct qa_crash_at *at)       the operation; qa_crash_ack after each promise
 *	static int recover(const struct qa_crash_at *at)    what the programs do when they start again
 *	static int verify(at, acks, found)                  compare
 *
 *	static const struct qa_crash_op op = {
 *		.name = "journal-append",
 *		.setup = setup,
 *		.work = work,
 *		.recover = recover,
 *		.verify = verify,
 *		.promise = "the record is in the journal",
 *	};
 *	int main(int argc, char **argv) { return qa_crash_main(argc, argv, &op, 1); }
 *
 * Rules for the four:
 *  - at->path is the root folder, absolute; at->fd is open on it. Everything that lives on disk lies below
 *    it and is done through qa_sys and its helpers. Paths differ from run to run, so none may be stored.
 *  - Each runs in a process of its own (setup once, the others again and again), with 0 for good. Nothing
 *    carries over but the disk. Work, and recover now and then, are simulated; they may fork, their
 *    children are simulated too. What they print goes to a file that is shown when a case fails.
 *  - setup: all it leaves counts as durable. May be NULL.
 *  - work: must succeed (0) when nothing is wrong. When calls fail it may return anything, but must not die
 *    of a signal, and must not acknowledge what it could not do. It should be deterministic and small: every
 *    storage call of it is tried, so a few dozen calls are better than thousands. It should not wait.
 *  - recover: must succeed. With NULL nothing is needed. It may finish the work, and acknowledge that. When it
 *    makes up for what is gone, a loss cannot show: do there only what the programs do.
 *  - verify: counts what was acknowledged and is not there (qa_crash_lost) and what is there twice
 *    (qa_crash_twice); anything else that is wrong is told by qa_crash_wrong. What was never acknowledged
 *    may be there or not, but never in half. Returns 0 when it could look.
 *
 * SQLite: call qa_sim_hook_sqlite() (sys/sim.h) first thing in work and recover.
 *
 * Faults, each at call n = 1, 2, ... N (calls that change or sync something below root):
 *	eio     call n fails with EIO, once
 *	enospc  from call n on, calls that take space fail with ENOSPC (edquot: the same with EDQUOT)
 *	short   write n writes half, then as enospc
 *	read    read n fails with EIO, once (only with op.reads)
 *	kill    kill -9 of the process group before call n
 *	power   the power is cut before call n: nothing un-synced is left (seed 0), or parts of it (from 1)
 *	again   power, then a power cut somewhere in the recovery
 *
 * After kill and the failures the programs start again (recover, simulated), and the tree is verified as it is
 * then, and as a power cut after that leaves it: what was not synced before the restart is still not.
 * After the failures also as power cuts at the end, and somewhere after n, leave it.
 *
 * Output: TAP, one line for each operation and fault; a failed case tells how to run it again alone:
 *	CRASH_ONE=journal-append:power:17:2 build/tests/crash/crash-journal
 * Environment:
 *	CRASH_ONE=OP:FAULT:N[:SEED]  just that case; when it fails the tree is kept, and said where
 *	CRASH_FAULTS=power,kill      only these
 *	CRASH_EVERY=K                only every K-th call
 *	CRASH_CALLS=A-B,C-D...       only these calls
 *	CRASH_MOST=N                 600: when there are more calls than that, every K-th (cuts after a
 *	                             promise are tried all the same)
 *	CRASH_SEEDS=N                4: power cuts at each call
 *	CRASH_SIZE=ci                smaller: CRASH_MOST=150 CRASH_SEEDS=2
 *	CRASH_STOP=1                 end with the first failure
 *	CRASH_JOBS=N                 2: cases at a time
 *	CRASH_DIR=PATH               where to work; else /dev/shm, TMPDIR, /tmp
 *	CRASH_RESULTS=FILE           a line is appended for each operation and fault (tests/crash/matrix)
 *	CRASH_SECONDS=N              60: a step that runs longer has failed
 */
#ifndef QA_TESTS_CRASH_HARNESS_H
#define QA_TESTS_CRASH_HARNESS_H

#include "base/attr.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct qa_crash_at {
	const char *path;
	int fd;
};

/* What work acknowledged before the fault, in order. */
struct qa_crash_acks {
	const qa_span *v;
	size_t n;
};

struct qa_crash_found {
	unsigned long lost, duplicates, wrong;
	char text[300]; /* the first thing that was wrong */
};

struct qa_crash_op {
	const char *name; /* lower case, digits, '-' */
	int (*setup)(const struct qa_crash_at *at);
	int (*work)(const struct qa_crash_at *at);
	int (*recover)(const struct qa_crash_at *at);
	int (*verify)(const struct qa_crash_at *at, const struct qa_crash_acks *acks,
	              struct qa_crash_found *found);
	bool reads;          /* try the fault "read" too */
	const char *promise; /* a few words for the table: what an acknowledgement means */
	const char *faults;  /* only these, in the form of CRASH_FAULTS; NULL: all. The test says why. */
};

/* In work and recover: from here on the caller may rely on what TEXT names. */
void qa_crash_ack(const char *fmt, ...) QA_PRINTF(1, 2);

/* In verify: whether exactly this was acknowledged, and how often. */
size_t qa_crash_acked(const struct qa_crash_acks *acks, const char *fmt, ...) QA_PRINTF(2, 3);

/* In verify: something is wrong that is neither a loss nor a duplicate; the text of the first one is kept.
 * qa_crash_lost and qa_crash_twice count and keep the text alike. */
void qa_crash_wrong(struct qa_crash_found *found, const char *fmt, ...) QA_PRINTF(2, 3);
void qa_crash_lost(struct qa_crash_found *found, const char *fmt, ...) QA_PRINTF(2, 3);
void qa_crash_twice(struct qa_crash_found *found, const char *fmt, ...) QA_PRINTF(2, 3);

/* All of a test's operations; the result is main's. Operands name the operations to run; none: all. */
int qa_crash_main(int argc, char **argv, const struct qa_crash_op *op, size_t n);

#endif
