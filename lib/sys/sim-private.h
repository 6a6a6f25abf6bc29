/* The simulator's trace, shared by its three parts: the table writes it, the disk plays it. */
#ifndef QA_SYS_SIM_PRIVATE_H
#define QA_SYS_SIM_PRIVATE_H

#include "sys/sim.h"

#include <limits.h>
#include <pthread.h>

/* What a trace entry is. The first ones are not calls: the tree found at the start, and notes. */
enum ev_type {
	EV_HAD_DIR,  /* dir, name, ino, mode; the root itself: dir 0 */
	EV_HAD_FILE, /* dir, name, ino, mode, at = size, data without its tail of zeros */
	EV_HAD_LINK, /* dir, name, ino; data = target of a symbolic link */
	EV_NOTE,     /* data */
	EV_CREATE,   /* dir, name, ino, mode; an existing file that O_CREAT opened: ino 0 */
	EV_TMPFILE,  /* ino, mode */
	EV_WRITE,    /* ino, at, data */
	EV_TRUNCATE, /* ino, at = new size */
	EV_ALLOCATE, /* ino, at = new size, or ULLONG_MAX when the size stays */
	EV_ZERO,     /* ino, at, len: a hole */
	EV_SYNC,     /* ino */
	EV_SYNCFS,
	EV_LINK,   /* dir, name, ino */
	EV_RENAME, /* dir, name, dir2, name2, ino */
	EV_UNLINK, /* dir, name */
	EV_MKDIR,  /* dir, name, ino, mode */
};

struct ev {
	uint32_t size; /* with everything that follows, a multiple of 16 */
	uint16_t type;
	uint16_t name_n, name2_n; /* lengths without their NUL */
	uint16_t asked;           /* 1: the call asked for more than it got */
	int32_t num;              /* errno of a call that failed, else 0 */
	uint32_t mode;
	uint64_t call; /* its number, 0 for what is not a call */
	uint64_t ino, dir, dir2;
	uint64_t at, len; /* len = bytes of data */
};

struct qa_sim {
	pthread_mutex_t lock;
	size_t size, used; /* of trace */
	unsigned long calls, reads;
	struct qa_sim_fault fault;
	bool struck;
	pid_t group;
	dev_t dev;
	size_t root_n;
	char root[PATH_MAX];
	_Alignas(16) unsigned char trace[];
};

static inline const struct ev *
ev_at(const struct qa_sim *sim, size_t at)
{
	return at < sim->used ? (const struct ev *)(const void *)(sim->trace + at) : NULL;
}

static inline const char *
ev_name(const struct ev *e)
{
	return (const char *)(e + 1);
}

static inline const char *
ev_name2(const struct ev *e)
{
	return (const char *)(e + 1) + e->name_n + 1;
}

static inline const unsigned char *
ev_data(const struct ev *e)
{
	return (const unsigned char *)(e + 1) + e->name_n + 1 + e->name2_n + 1;
}

/* Appends *e with its names and e->len bytes from DATA. The caller holds the lock. */
void qa_sim_trace_add(struct qa_sim *sim, struct ev *e, const char *name, const char *name2,
                      const void *data);

/* Ends the process with a message: the test tool itself cannot go on. */
void qa_sim_stuck(const char *what) QA_NORETURN;

#endif
