/*
 * The power-cut simulator: a second table behind sys/sys.h, for tests only (archive sim.a, which no
 * program links).
 *
 * It passes every call through to a real scratch folder, counts the calls that change or sync something, and
 * writes each of them, with its data, to a trace in shared memory. From the trace the disk can be
 * built as a power cut before any call n could have left it; so one run of an operation is enough to cut
 * the power at every call, in many ways.
 *
 * Three steps:
 *
 *	sim = qa_sim_new(root);            reads the tree below root: that much is durable
 *	qa_sim_start(sim, &fault);         in the process that works (it and its children are simulated)
 *	qa_sim_note(sim, span);            "this much was promised to the caller", at this point of the trace
 *	qa_sim_stop();                     the real table again
 *
 *	disk = qa_sim_disk_new(sim);       in any process that has the shared memory
 *	qa_sim_disk_to(disk, n);           all calls before call n were made (forward only)
 *	qa_sim_disk_cut(disk, &cut, dest); makes dest the tree a power cut leaves
 *
 * What is durable, stricter than any one file system, as POSIX promises no more:
 *  - writes, truncates and allocations of a file: after fsync or fdatasync of that file (through any
 *    descriptor), or syncfs. They make its data and size durable, never its name.
 *  - names made, renamed and removed in a folder: after fsync of that folder, or syncfs.
 *  - before that, any subset of a file's changes may have reached the disk, a write by sectors of 512 bytes,
 *    the size with or without its data (zeros, or rubbish where the write was); of a folder's changes a prefix.
 *    A rename over a name leaves the old or the new file; a rename between folders may leave both
 *    names, never none.
 *  - after a failed sync the file's changes it was to make durable are lost at the cut, also when a later
 *    sync succeeds (the kernel marks such pages clean), though the size comes with the later one. A folder's
 *    changes go on waiting: they are the file system's own, which repeats them or stops.
 *
 * Not simulated: what does not go through the table (chmod, mmap, flock, sockets), symbolic links made
 * while it runs, files renamed in from outside root. fallocate makes the file longer but takes no space.
 *
 * The trace lives in memory that fork shares, so a simulated program may fork; calls on simulated files are
 * made one at a time. Running out of memory or trace ends the process with a message: this is a test tool.
 */
#ifndef QA_SYS_SIM_H
#define QA_SYS_SIM_H

#include "base/err.h"
#include "base/span.h"
#include "sys/sys.h"

#include <stdbool.h>
#include <stdint.h>

enum qa_sim_kind {
	QA_SIM_NONE,
	QA_SIM_FAIL,  /* call AT fails with NUM, once */
	QA_SIM_FULL,  /* from call AT on, each call that takes space fails with NUM */
	QA_SIM_SHORT, /* call AT writes half of what it should, then as QA_SIM_FULL */
	QA_SIM_KILL,  /* SIGKILL for the whole process group before call AT */
	QA_SIM_READ,  /* read number AT (openat for reading, read, pread) fails with NUM, once */
};

struct qa_sim_fault {
	enum qa_sim_kind kind;
	unsigned long at; /* from 1 */
	int num;          /* errno */
};

struct qa_sim;
struct qa_sim_disk;

/* Takes the tree below ROOT (an absolute path without symbolic links) as durable. NULL on failure. Call
 * qa_sim_free when neither it nor a disk made of it is needed any more. */
struct qa_sim *qa_sim_new(const char *root, struct qa_err *err) QA_MUST;
void qa_sim_free(struct qa_sim *sim);

/* Puts the table in place in this process and the children it forks from now on. With QA_SIM_KILL the process
 * becomes leader of a process group of its own, which is what gets killed. */
void qa_sim_start(struct qa_sim *sim, const struct qa_sim_fault *fault);
void qa_sim_stop(void);

/* What is running: NULL when nothing is. */
struct qa_sim *qa_sim_now(void);

/* Puts BYTES into the trace at this point. */
void qa_sim_note(struct qa_sim *sim, qa_span bytes);

unsigned long qa_sim_calls(const struct qa_sim *sim); /* counted so far */
unsigned long qa_sim_reads(const struct qa_sim *sim);
bool qa_sim_struck(const struct qa_sim *sim); /* the fault has happened */
size_t qa_sim_room(const struct qa_sim *sim); /* bytes of trace in use */

/* What call n was: "write", "fsync", ...; "" when there is none. For qa_sim_writes: one that QA_SIM_SHORT can
 * shorten; for qa_sim_takes: one that QA_SIM_FULL makes fail. Looks through the whole trace. */
const char *qa_sim_call_name(const struct qa_sim *sim, unsigned long n);
bool qa_sim_writes(const struct qa_sim *sim, unsigned long n);
bool qa_sim_takes(const struct qa_sim *sim, unsigned long n);

/* The path below root that call n named, or the file it worked on as named at the beginning; "" when unknown.
 * Valid until the next call of it. */
const char *qa_sim_call_path(const struct qa_sim *sim, unsigned long n);

enum qa_sim_keep {
	QA_SIM_DROP,  /* nothing that was not synced */
	QA_SIM_ALL,   /* everything, as a killed process leaves it */
	QA_SIM_SOME,  /* a part chosen by seed, lost sectors as zeros or as they were */
	QA_SIM_ROUGH, /* the same, lost sectors may also be rubbish */
};

struct qa_sim_cut {
	enum qa_sim_keep keep;
	uint64_t seed;
};

struct qa_sim_disk *qa_sim_disk_new(const struct qa_sim *sim);
void qa_sim_disk_free(struct qa_sim_disk *d);
void qa_sim_disk_to(struct qa_sim_disk *d, unsigned long n); /* ULONG_MAX: to the end */

/* The notes made so far; valid as long as sim, and until the next qa_sim_disk_to. */
const qa_span *qa_sim_disk_notes(const struct qa_sim_disk *d, size_t *n_r);

/* Makes the folder DEST, which must not exist, and the tree in it. */
int qa_sim_disk_cut(struct qa_sim_disk *d, const struct qa_sim_cut *cut, const char *dest,
                    struct qa_err *err) QA_MUST;

/* Lets SQLite's "unix" VFS, and thereby every SQLite connection of the process, work through qa_sys from now
 * on (sim-sqlite.c; once per process, before the first connection). */
void qa_sim_hook_sqlite(void);

#endif
