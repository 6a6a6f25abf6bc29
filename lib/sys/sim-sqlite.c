/*
 * SQLite on the simulator. Its "unix" VFS offers most of its system calls for replacement, by name; but it
 * calls fsync and fdatasync directly. So this object, which only tests link, defines these two itself: the
 * dynamic linker then gives them to libsqlite3 as well.
 */
#include "sys/sim.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool hooked;
static _Thread_local int in_table; /* the table itself is calling: on to the kernel */

static int
through(int fd, int (*call)(int), long number)
{
	if (!hooked || in_table)
		return (int)syscall(number, fd);
	in_table = 1;
	int rc = call(fd);
	int keep = errno;
	in_table = 0;
	errno = keep;
	return rc;
}

int
fsync(int fd)
{
	return through(fd, qa_sys->fsync, SYS_fsync);
}

int
fdatasync(int fd)
{
	return through(fd, qa_sys->fdatasync, SYS_fdatasync);
}

static int
hook_open(const char *path, int flags, int mode)
{
	return qa_sys->openat(AT_FDCWD, path, flags, (mode_t)mode);
}

static ssize_t
hook_read(int fd, void *p, size_t n)
{
	return qa_sys->read(fd, p, n);
}

static ssize_t
hook_pread(int fd, void *p, size_t n, off_t at)
{
	return qa_sys->pread(fd, p, n, at);
}

static ssize_t
hook_write(int fd, const void *p, size_t n)
{
	return qa_sys->write(fd, p, n);
}

static ssize_t
hook_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return qa_sys->pwrite(fd, p, n, at);
}

static int
hook_ftruncate(int fd, off_t size)
{
	return qa_sys->ftruncate(fd, size);
}

/* posix_fallocate: the error is the result. */
static int
hook_fallocate(int fd, off_t at, off_t n)
{
	return qa_sys->fallocate(fd, 0, at, n) ? errno : 0;
}

static int
hook_unlink(const char *path)
{
	return qa_sys->unlinkat(AT_FDCWD, path, 0);
}

static int
hook_mkdir(const char *path, mode_t mode)
{
	return qa_sys->mkdirat(AT_FDCWD, path, mode);
}

static int
hook_rmdir(const char *path)
{
	return qa_sys->unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

#define HOOK(f) ((sqlite3_syscall_ptr)(void (*)(void))(f))

void
qa_sim_hook_sqlite(void)
{
	static const struct {
		const char *name;
		sqlite3_syscall_ptr call;
	} hook[] = {
	    {"open", HOOK(hook_open)},           {"read", HOOK(hook_read)},
	    {"pread", HOOK(hook_pread)},         {"pread64", HOOK(hook_pread)},
	    {"write", HOOK(hook_write)},         {"pwrite", HOOK(hook_pwrite)},
	    {"pwrite64", HOOK(hook_pwrite)},     {"ftruncate", HOOK(hook_ftruncate)},
	    {"fallocate", HOOK(hook_fallocate)}, {"unlink", HOOK(hook_unlink)},
	    {"mkdir", HOOK(hook_mkdir)},         {"rmdir", HOOK(hook_rmdir)},
	};
	sqlite3_vfs *unix_vfs = sqlite3_vfs_find("unix");

	if (!unix_vfs || unix_vfs->iVersion < 3 || sizeof(off_t) != 8) {
		fprintf(stderr, "simulator: SQLite has no unix VFS with replaceable calls\n");
		abort();
	}
	for (size_t i = 0; i < sizeof hook / sizeof *hook; i++) {
		/* pread64 and fallocate exist only in some builds: without them the others are in use */
		if (unix_vfs->xGetSystemCall(unix_vfs, hook[i].name) &&
		    unix_vfs->xSetSystemCall(unix_vfs, hook[i].name, hook[i].call) != SQLITE_OK) {
			fprintf(stderr, "simulator: SQLite keeps its %s\n", hook[i].name);
			abort();
		}
	}
	hooked = true;
}
