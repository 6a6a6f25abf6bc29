/*
 * The table of storage system calls. Every open, write, sync, rename of the archive goes
 * through it, so that a test can fail call n, or cut the power there (sys/sim.h).
 *
 * The functions have the contracts of the calls they are named after, but EINTR, which the
 * real table retries, and short writes: qa_write_all and qa_pwrite_all repeat until all
 * is written or a call fails. After a failed sync the file is never synced again: its state is
 * unknown (the kernel may have dropped the pages and marked them clean).
 */
#ifndef QA_SYS_SYS_H
#define QA_SYS_SYS_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

struct qa_sys {
	int (*openat)(int dirfd, const char *path, int flags, mode_t mode);
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *p, size_t n);
	ssize_t (*pread)(int fd, void *p, size_t n, off_t at);
	ssize_t (*write)(int fd, const void *p, size_t n);
	ssize_t (*pwrite)(int fd, const void *p, size_t n, off_t at);
	ssize_t (*pwritev)(int fd, const struct iovec *v, int count, off_t at);
	int (*ftruncate)(int fd, off_t size);
	int (*fallocate)(int fd, int mode, off_t at, off_t n);
	int (*fsync)(int fd);
	int (*fdatasync)(int fd);
	int (*syncfs)(int fd);
	int (*linkat)(int from, const char *old, int to, const char *name, int flags);
	int (*renameat)(int from, const char *old, int to, const char *name);
	int (*unlinkat)(int dirfd, const char *name, int flags);
	int (*mkdirat)(int dirfd, const char *name, mode_t mode);
	int (*fstat)(int fd, struct stat *st_r);
	int (*fstatat)(int dirfd, const char *name, struct stat *st_r, int flags);
};

/* The table in use: &qa_sys_real, unless a test has put another one here. */
extern const struct qa_sys *qa_sys;
extern const struct qa_sys qa_sys_real;

/* Opens with O_CLOEXEC added; the error names PATH. NAME in errors is a path as the user
 * knows it, which is often longer than what dirfd needs. */
int qa_open(int dirfd, const char *path, int flags, mode_t mode, struct qa_err *err) QA_MUST;

/* Closes and forgets: fd becomes -1; -1 is allowed. For files whose writes were synced or
 * do not matter, so the result does not either. */
void qa_close(int *fd);

/* All of it, or -1 (a call that writes nothing without an error is ENOSPC). */
int qa_write_all(int fd, const void *p, size_t n, const char *name, struct qa_err *err) QA_MUST;
int qa_pwrite_all(int fd, const void *p, size_t n, uint64_t at, const char *name, struct qa_err *err) QA_MUST;
int qa_pwritev_all(int fd, struct iovec *v, int count, uint64_t at, const char *name,
		   struct qa_err *err) QA_MUST; /* v is used up */

/* Exactly n bytes at AT: 1; 0 when the file ends before (p is then undefined); -1. */
int qa_pread_all(int fd, void *p, size_t n, uint64_t at, const char *name, struct qa_err *err) QA_MUST;

int qa_fsync(int fd, const char *name, struct qa_err *err) QA_MUST;
int qa_fdatasync(int fd, const char *name, struct qa_err *err) QA_MUST;
int qa_fsync_dir(int dirfd, const char *path, struct qa_err *err) QA_MUST; /* opens, syncs, closes */

/* The whole file appended to b, which limits the size: 1, 0 when there is no such file, -1. */
int qa_slurp(int dirfd, const char *path, struct qa_buf *b, struct qa_err *err) QA_MUST;

/* mkdir -p below dirfd, each folder's name synced. An existing one is fine, and synced too: whoever made it may have
 * died before. So this costs a sync for each component. */
int qa_mkdirs(int dirfd, const char *path, mode_t mode, struct qa_err *err) QA_MUST;

/* The names in a folder but "." and "..", sorted bytewise; free with qa_names_free. */
struct qa_names {
	char **v;
	size_t n;
};
int qa_listdir(int dirfd, const char *path, struct qa_names *names_r, struct qa_err *err) QA_MUST;
void qa_names_free(struct qa_names *names);

/* An exclusive lock that ends with the process: opens (creates) PATH and flocks it without
 * waiting. Returns the fd to keep open; -1 with EWOULDBLOCK when another process holds it. */
int qa_lock(int dirfd, const char *path, struct qa_err *err) QA_MUST;

#endif
