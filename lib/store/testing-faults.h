/*
 * For the tests of this folder: a table of system calls that fails on demand, and does not wait for the disk.
 *
 *	faults_use(true);		with true writes fail in the middle, and pwritev is short now and then
 *	faults_at(n, EIO, false);	call n from here on fails, with true every one after it too
 *	faults_off();			none fails any more; faults_calls says how many there were
 */
#ifndef QA_STORE_TESTING_FAULTS_H
#define QA_STORE_TESTING_FAULTS_H

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

static struct qa_sys faults_table;
static long faults_calls, faults_from;
static int faults_num;
static bool faults_for_good, faults_torn;

static bool
fails(void)
{
	faults_calls++;
	if (faults_from && (faults_calls == faults_from || (faults_for_good && faults_calls > faults_from))) {
		errno = faults_num;
		return true;
	}
	return false;
}

static ssize_t
faults_pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (fails()) {
		/* a part of it may arrive all the same */
		if (faults_torn && n > 1 && qa_sys_real.pwrite(fd, p, n / 2, at) < 0)
			return -1;
		errno = faults_num;
		return -1;
	}
	return qa_sys_real.pwrite(fd, p, n, at);
}

static ssize_t
faults_pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	if (fails()) {
		if (faults_torn && qa_sys_real.pwrite(fd, v[0].iov_base, v[0].iov_len / 2, at) < 0)
			return -1;
		errno = faults_num;
		return -1;
	}
	/* short writes are ordinary */
	return qa_sys_real.pwritev(fd, v, faults_torn && faults_calls % 3 == 0 ? 1 : count, at);
}

static ssize_t
faults_write(int fd, const void *p, size_t n)
{
	return fails() ? -1 : qa_sys_real.write(fd, p, n);
}

static int
faults_fsync(int fd)
{
	(void)fd;
	return fails() ? -1 : 0;
}

static int
faults_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	if ((flags & O_CREAT) && fails())
		return -1;
	return qa_sys_real.openat(dirfd, path, flags, mode);
}

static int
faults_renameat(int a, const char *b, int c, const char *d)
{
	return fails() ? -1 : qa_sys_real.renameat(a, b, c, d);
}

static int
faults_unlinkat(int a, const char *b, int c)
{
	return fails() ? -1 : qa_sys_real.unlinkat(a, b, c);
}

static int
faults_ftruncate(int fd, off_t n)
{
	return fails() ? -1 : qa_sys_real.ftruncate(fd, n);
}

__attribute__((unused)) static void
faults_use(bool torn)
{
	faults_torn = torn;
	faults_table = qa_sys_real;
	faults_table.pwrite = faults_pwrite;
	faults_table.pwritev = faults_pwritev;
	faults_table.write = faults_write;
	faults_table.fsync = faults_table.fdatasync = faults_fsync;
	faults_table.openat = faults_openat;
	faults_table.renameat = faults_renameat;
	faults_table.unlinkat = faults_unlinkat;
	faults_table.ftruncate = faults_ftruncate;
	qa_sys = &faults_table;
}

__attribute__((unused)) static void
faults_at(long n, int num, bool for_good)
{
	faults_calls = 0;
	faults_from = n;
	faults_num = num;
	faults_for_good = for_good;
}

__attribute__((unused)) static void
faults_off(void)
{
	faults_from = 0;
}

#endif
