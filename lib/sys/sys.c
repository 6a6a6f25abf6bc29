#include "sys/sys.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define AGAIN(call)                              \
	do {                                     \
		r = (call);                      \
	} while (r < 0 && errno == EINTR)

static int
real_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	int r;
	AGAIN(openat(dirfd, path, flags, mode));
	return r;
}

static ssize_t
real_read(int fd, void *p, size_t n)
{
	ssize_t r;
	AGAIN(read(fd, p, n));
	return r;
}

static ssize_t
real_pread(int fd, void *p, size_t n, off_t at)
{
	ssize_t r;
	AGAIN(pread(fd, p, n, at));
	return r;
}

static ssize_t
real_write(int fd, const void *p, size_t n)
{
	ssize_t r;
	AGAIN(write(fd, p, n));
	return r;
}

static ssize_t
real_pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t r;
	AGAIN(pwrite(fd, p, n, at));
	return r;
}

static ssize_t
real_pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	ssize_t r;
	AGAIN(pwritev(fd, v, count, at));
	return r;
}

static int
real_ftruncate(int fd, off_t size)
{
	int r;
	AGAIN(ftruncate(fd, size));
	return r;
}

static int
real_fallocate(int fd, int mode, off_t at, off_t n)
{
	int r;
	AGAIN(fallocate(fd, mode, at, n));
	return r;
}

/* close and the syncs are not retried: after EINTR their state is unknown. */
const struct qa_sys qa_sys_real = {
	.openat = real_openat,
	.close = close,
	.read = real_read,
	.pread = real_pread,
	.write = real_write,
	.pwrite = real_pwrite,
	.pwritev = real_pwritev,
	.ftruncate = real_ftruncate,
	.fallocate = real_fallocate,
	.fsync = fsync,
	.fdatasync = fdatasync,
	.syncfs = syncfs,
	.linkat = linkat,
	.renameat = renameat,
	.unlinkat = unlinkat,
	.mkdirat = mkdirat,
	.fstat = fstat,
	.fstatat = fstatat,
};

const struct qa_sys *qa_sys = &qa_sys_real;

int
qa_open(int dirfd, const char *path, int flags, mode_t mode, struct qa_err *err)
{
	int fd = qa_sys->openat(dirfd, path, flags | O_CLOEXEC, mode);

	if (fd < 0)
		return qa_fail(err, errno, "cannot %s %s: ", flags & O_CREAT ? "create" : "open", path);
	return fd;
}

void
qa_close(int *fd)
{
	if (*fd >= 0) {
		int keep = errno;

		qa_sys->close(*fd);
		errno = keep;
	}
	*fd = -1;
}

int
qa_write_all(int fd, const void *p, size_t n, const char *name, struct qa_err *err)
{
	const unsigned char *s = p;

	while (n) {
		ssize_t r = qa_sys->write(fd, s, n);

		if (r <= 0)
			return qa_fail(err, r ? errno : ENOSPC, "cannot write to %s: ", name);
		s += r;
		n -= (size_t)r;
	}
	return 0;
}

int
qa_pwrite_all(int fd, const void *p, size_t n, uint64_t at, const char *name, struct qa_err *err)
{
	const unsigned char *s = p;

	while (n) {
		ssize_t r = qa_sys->pwrite(fd, s, n, (off_t)at);

		if (r <= 0)
			return qa_fail(err, r ? errno : ENOSPC, "cannot write to %s: ", name);
		s += r;
		n -= (size_t)r;
		at += (size_t)r;
	}
	return 0;
}

int
qa_pwritev_all(int fd, struct iovec *v, int count, uint64_t at, const char *name, struct qa_err *err)
{
	enum { MOST = 1024 }; /* IOV_MAX of Linux */

	while (count > 0) {
		ssize_t r = qa_sys->pwritev(fd, v, count > MOST ? MOST : count, (off_t)at);

		if (r < 0 || (r == 0 && v->iov_len))
			return qa_fail(err, r ? errno : ENOSPC, "cannot write to %s: ", name);
		at += (size_t)r;
		while (count > 0 && (size_t)r >= v->iov_len) {
			r -= (ssize_t)v->iov_len;
			v++;
			count--;
		}
		if (count > 0) {
			v->iov_base = (char *)v->iov_base + r;
			v->iov_len -= (size_t)r;
		}
	}
	return 0;
}

int
qa_pread_all(int fd, void *p, size_t n, uint64_t at, const char *name, struct qa_err *err)
{
	unsigned char *s = p;

	while (n) {
		ssize_t r = qa_sys->pread(fd, s, n, (off_t)at);

		if (r < 0)
			return qa_fail(err, errno, "cannot read %s: ", name);
		if (r == 0)
			return 0;
		s += r;
		n -= (size_t)r;
		at += (size_t)r;
	}
	return 1;
}

int
qa_fsync(int fd, const char *name, struct qa_err *err)
{
	if (qa_sys->fsync(fd))
		return qa_fail(err, errno, "cannot sync %s: ", name);
	return 0;
}

int
qa_fdatasync(int fd, const char *name, struct qa_err *err)
{
	if (qa_sys->fdatasync(fd))
		return qa_fail(err, errno, "cannot sync %s: ", name);
	return 0;
}

int
qa_fsync_dir(int dirfd, const char *path, struct qa_err *err)
{
	int fd = qa_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0, err);

	if (fd < 0)
		return -1;
	int rc = qa_fsync(fd, path, err);
	qa_close(&fd);
	return rc;
}

int
qa_slurp(int dirfd, const char *path, struct qa_buf *b, struct qa_err *err)
{
	int fd = qa_open(dirfd, path, O_RDONLY, 0, err);
	ssize_t r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	do {
		if (qa_buf_reserve(b, 16384)) {
			/* near the ceiling: what is left may still be enough */
			size_t limit = b->limit ? b->limit : (size_t)1 << 30;

			if (errno != EOVERFLOW || b->n > limit ||
			    (b->n < limit && qa_buf_reserve(b, limit - b->n))) {
				qa_close(&fd);
				return qa_fail(err, errno, "cannot read %s: ", path);
			}
		}
		r = qa_sys->read(fd, b->p + b->n, b->size - b->n);
		if (r > 0)
			b->n += (size_t)r;
	} while (r > 0 && b->n <= (b->limit ? b->limit : (size_t)1 << 30));
	int num = r < 0 ? errno : r > 0 ? EFBIG : 0;
	qa_close(&fd);
	if (num)
		return qa_fail(err, num, "cannot read %s: ", path);
	return 1;
}

int
qa_mkdirs(int dirfd, const char *path, mode_t mode, struct qa_err *err)
{
	char part[512];
	size_t n = strlen(path), i = 0;
	struct stat st;

	if (n >= sizeof part)
		return qa_fail(err, ENAMETOOLONG, "cannot make folder %s: ", path);
	while (i < n) {
		size_t parent = i; /* length of what exists already */

		while (i < n && path[i] == '/')
			i++;
		while (i < n && path[i] != '/')
			i++;
		memcpy(part, path, i);
		part[i] = 0;
		int num = qa_sys->mkdirat(dirfd, part, mode) ? errno : 0;
		if (num == EROFS && i < n)
			continue;
		if (num && num != EEXIST)
			return qa_fail(err, num, "cannot make folder %s: ", part);
		if (num && i == n && qa_sys->fstatat(dirfd, part, &st, 0) == 0 && !S_ISDIR(st.st_mode))
			return qa_fail(err, ENOTDIR, "cannot make folder %s: ", part);
		/* one that exists may have been made by a process that died before it synced; a parent that
		 * may not be read is none of ours */
		memcpy(part, path, parent);
		part[parent] = 0;
		if (qa_fsync_dir(dirfd, parent ? part : path[0] == '/' ? "/" : ".", err) &&
		    !(num == EEXIST && errno == EACCES))
			return -1;
	}
	return 0;
}

static int
bytewise(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
qa_listdir(int dirfd, const char *path, struct qa_names *names_r, struct qa_err *err)
{
	struct qa_names names = {NULL, 0};
	size_t size = 0;
	int fd = qa_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0, err);

	if (fd < 0)
		return -1;
	DIR *d = fdopendir(fd);
	if (!d) {
		qa_close(&fd);
		return qa_fail(err, errno, "cannot read folder %s: ", path);
	}
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(d);
		if (!e)
			break;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (names.n == size) {
			size = size ? size * 2 : 16;
			char **v = realloc(names.v, size * sizeof *v);
			if (!v)
				break;
			names.v = v;
		}
		names.v[names.n] = strdup(e->d_name);
		if (!names.v[names.n])
			break;
		names.n++;
	}
	int num = errno;
	closedir(d);
	if (num) {
		qa_names_free(&names);
		return qa_fail(err, num, "cannot read folder %s: ", path);
	}
	if (names.n)
		qsort(names.v, names.n, sizeof *names.v, bytewise);
	*names_r = names;
	return 0;
}

void
qa_names_free(struct qa_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	names->v = NULL;
	names->n = 0;
}

int
qa_lock(int dirfd, const char *path, struct qa_err *err)
{
	int fd = qa_open(dirfd, path, O_RDWR | O_CREAT, 0600, err);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int num = errno;

		qa_close(&fd);
		return qa_fail(err, num, num == EWOULDBLOCK ? "%s is locked by another process"
							     : "cannot lock %s",
			       path);
	}
	return fd;
}
