/*
 * The sandbox of a role: which folders and files a process may still touch, by Landlock (Linux 5.13 and
 * later). Everything else of the file system is shut, and, as far as the kernel knows how, TCP, abstract
 * sockets of others, and signals to processes outside.
 *
 * Called once, after all that needs more is done (control files read, listening sockets made, privileges dropped) and
 * before the first byte from outside is looked at. What is open already stays usable. It holds for
 * children and programs started later too, and sets no_new_privs: a set-id program started from here gains nothing.
 *
 * All rights that the running kernel can govern are governed; a right that it does not know yet is simply not
 * restricted there. Not governed by any kernel: stat, times, locks on what can be seen; nor chmod and chown,
 * for which there is qa_sandbox_calls.
 */
#ifndef QA_SYS_SANDBOX_H
#define QA_SYS_SANDBOX_H

#include "base/attr.h"
#include "base/err.h"

#include <stddef.h>

enum qa_sandbox_right {
	QA_SANDBOX_READ = 1,   /* open files for reading, list folders */
	QA_SANDBOX_WRITE = 2,  /* open files for writing, truncate */
	QA_SANDBOX_MAKE = 4,   /* create, rename, link and remove files and folders */
	QA_SANDBOX_SOCKET = 8, /* create and remove UNIX sockets */
	QA_SANDBOX_EXEC = 16,  /* run programs (give QA_SANDBOX_READ with it for scripts and libraries) */
	QA_SANDBOX_MAYBE = 32, /* the path need not exist: then the rule does nothing */
};

struct qa_sandbox_rule {
	const char *path; /* a file, or a folder with all below it */
	unsigned rights;
};

/* 1 applied; 0 the kernel has no Landlock and REQUIRED is 0 (no_new_privs is set all the same); -1. After -1
 * the process must not go on as if it were safe. */
int qa_sandbox_apply(const struct qa_sandbox_rule *rule, size_t n, int required, struct qa_err *err) QA_MUST;

/* Behind qa_sandbox_apply, for a role that needs none of it: the calls that change modes, owners and attributes, which Landlock does
 * not govern, fail with EPERM, and so does making a socket of another kind than UNIX. 1; 0 neither kernel nor processor is known to
 * be able to; -1. */
int qa_sandbox_calls(struct qa_err *err) QA_MUST;

/* The version of the kernel's Landlock interface, 0 when there is none: for md_conf and test output. */
int qa_sandbox_abi(void);

#endif
