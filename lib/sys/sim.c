#include "sys/sim-private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct qa_sim *now;

void
qa_sim_stuck(const char *what)
{
	fprintf(stderr, "simulator: %s: %s\n", what, strerror(errno));
	abort();
}

/* Whether the file behind fd lies below root. The kernel knows its path, also after renames and
 * without a name; so no table of descriptors has to be kept. */
static bool
inside(int fd, struct stat *st_r)
{
	char self[32], path[PATH_MAX];

	if (!now || fstat(fd, st_r) || st_r->st_dev != now->dev)
		return false;
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(self, path, sizeof path - 1);
	if (n < 0 || (size_t)n < now->root_n || memcmp(path, now->root, now->root_n) != 0)
		return false;
	return (size_t)n == now->root_n || path[now->root_n] == '/' || path[now->root_n] == ' ';
}

/* A name to be changed: its folder and last component. */
struct place {
	uint64_t dir;
	char name[NAME_MAX + 1];
};

/* True when PATH's folder lies below root. */
static bool
place_of(int dirfd, const char *path, struct place *p_r)
{
	char folder[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (!now || n == 0 || n >= sizeof folder)
		return false;
	while (n > 1 && path[n - 1] == '/')
		n--;
	size_t base = n;
	while (base > 0 && path[base - 1] != '/')
		base--;
	if (n - base > NAME_MAX)
		return false;
	memcpy(p_r->name, path + base, n - base);
	p_r->name[n - base] = 0;
	if (base == 0)
		memcpy(folder, ".", 2);
	else {
		memcpy(folder, path, base);
		folder[base] = 0;
	}
	int keep = errno, fd = openat(dirfd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool in = fd >= 0 && inside(fd, &st);
	if (fd >= 0)
		close(fd);
	errno = keep;
	p_r->dir = in ? st.st_ino : 0;
	return in;
}

static void
enter(void)
{
	if (pthread_mutex_lock(&now->lock))
		qa_sim_stuck("cannot lock the trace");
}

static void
leave(void)
{
	pthread_mutex_unlock(&now->lock);
}

void
qa_sim_trace_add(struct qa_sim *sim, struct ev *e, const char *name, const char *name2, const void *data)
{
	size_t name_n = name ? strlen(name) : 0, name2_n = name2 ? strlen(name2) : 0;
	size_t size = (sizeof *e + name_n + 1 + name2_n + 1 + e->len + 15) & ~(size_t)15;

	if (size > UINT32_MAX || size > sim->size - sim->used) {
		errno = EFBIG;
		qa_sim_stuck("the trace is full (environment CRASH_TRACE_MB)");
	}
	e->size = (uint32_t)size;
	e->name_n = (uint16_t)name_n;
	e->name2_n = (uint16_t)name2_n;
	unsigned char *p = sim->trace + sim->used;
	memcpy(p, e, sizeof *e);
	p += sizeof *e;
	if (name_n)
		memcpy(p, name, name_n);
	p[name_n] = 0;
	p += name_n + 1;
	if (name2_n)
		memcpy(p, name2, name2_n);
	p[name2_n] = 0;
	if (e->len)
		memcpy(p + name2_n + 1, data, e->len);
	sim->used += size;
}

/* Counts a call, under the lock, and says what is to become of it: 0, -1 fail (errno is set, the
 * trace has it), 1 be short. TAKES: the call takes space. */
static int
count(struct ev *e, bool takes, bool writes)
{
	const struct qa_sim_fault *f = &now->fault;
	int num = 0, rc = 0;

	e->call = ++now->calls;
	if (f->kind == QA_SIM_NONE || f->kind == QA_SIM_READ || e->call < f->at)
		return 0;
	if (e->call == f->at)
		now->struck = true;
	switch (f->kind) {
	case QA_SIM_KILL:
		leave();
		if (now->group > 1)
			kill(-now->group, SIGKILL);
		_exit(137);
	case QA_SIM_FAIL:
		num = e->call == f->at ? f->num : 0;
		break;
	case QA_SIM_FULL:
		num = takes ? f->num : 0;
		break;
	case QA_SIM_SHORT:
		if (e->call == f->at && writes)
			rc = 1;
		else
			num = takes ? f->num : 0;
		break;
	case QA_SIM_NONE:
	case QA_SIM_READ:
		break;
	}
	if (!num)
		return rc;
	e->num = num;
	return -1;
}

static void
add(struct ev *e, const char *name, const char *name2, const void *data)
{
	int keep = errno;

	qa_sim_trace_add(now, e, name, name2, data);
	errno = keep;
}

/* The way out of a call that fault made fail. */
static int
refuse(struct ev *e, const char *name)
{
	int num = e->num;

	e->len = 0;
	add(e, name, NULL, NULL);
	leave();
	errno = num;
	return -1;
}

/* The way out of a call the kernel answered with RC. */
static int
finish(int rc, struct ev *e, const char *name, const char *name2)
{
	int keep = errno;

	e->num = rc < 0 ? keep : 0;
	add(e, name, name2, NULL);
	leave();
	errno = keep;
	return rc;
}

static bool
read_fails(void)
{
	enter();
	bool fail = ++now->reads == now->fault.at && now->fault.kind == QA_SIM_READ;
	if (fail)
		now->struck = true;
	leave();
	if (fail)
		errno = now->fault.num;
	return fail;
}

static int
sim_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	bool nameless = (flags & O_TMPFILE) == O_TMPFILE;
	struct ev e = {.type = nameless ? EV_TMPFILE : EV_CREATE};
	struct place p = {0};
	struct stat st = {0};

	if (nameless) {
		int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		bool in = fd >= 0 && inside(fd, &st);

		if (fd >= 0)
			close(fd);
		if (!in)
			return qa_sys_real.openat(dirfd, path, flags, mode);
	} else {
		if (!place_of(dirfd, path, &p))
			return qa_sys_real.openat(dirfd, path, flags, mode);
		if (!(flags & (O_CREAT | O_TRUNC))) {
			if (read_fails())
				return -1;
			return qa_sys_real.openat(dirfd, path, flags, mode);
		}
	}
	enter();
	if (count(&e, flags & O_CREAT || nameless, false) < 0)
		return refuse(&e, p.name);
	bool had = !nameless && fstatat(dirfd, path, &st, 0) == 0;
	int fd = qa_sys_real.openat(dirfd, path, flags, mode);
	if (fd >= 0 && (!had || flags & O_TRUNC)) {
		if (fstat(fd, &st))
			qa_sim_stuck("cannot stat");
		e.ino = st.st_ino;
		e.mode = st.st_mode;
		if (had)
			e.type = EV_TRUNCATE;
		else
			e.dir = p.dir;
	}
	return finish(fd, &e, p.name, NULL);
}

static ssize_t
sim_read(int fd, void *p, size_t n)
{
	struct stat st;

	if (inside(fd, &st) && read_fails())
		return -1;
	return qa_sys_real.read(fd, p, n);
}

static ssize_t
sim_pread(int fd, void *p, size_t n, off_t at)
{
	struct stat st;

	if (inside(fd, &st) && read_fails())
		return -1;
	return qa_sys_real.pread(fd, p, n, at);
}

/* A file opened with O_SYNC or O_DSYNC needs no sync of its own. */
static void
sync_if_asked(int fd, uint64_t ino)
{
	if (fcntl(fd, F_GETFL) & O_DSYNC)
		add(&(struct ev){.type = EV_SYNC, .ino = ino}, NULL, NULL, NULL);
}

/* At the file's own position when at < 0. */
static ssize_t
write_at(int fd, uint64_t ino, const void *p, size_t n, off_t at)
{
	struct ev e = {.type = EV_WRITE, .ino = ino};
	ssize_t r;

	enter();
	int fault = count(&e, true, true);
	if (fault > 0 && n < 2) {
		e.num = now->fault.num;
		fault = -1;
	}
	if (fault < 0)
		return refuse(&e, NULL);
	if (fault > 0) {
		n /= 2;
		e.asked = 1;
	}
	if (at >= 0)
		r = qa_sys_real.pwrite(fd, p, n, at);
	else {
		r = qa_sys_real.write(fd, p, n);
		at = lseek(fd, 0, SEEK_CUR) - (r > 0 ? r : 0); /* right for O_APPEND as well */
	}
	int keep = errno;
	e.num = r < 0 ? keep : 0;
	e.at = (uint64_t)at;
	e.len = r > 0 ? (uint64_t)r : 0;
	add(&e, NULL, NULL, p);
	if (r > 0)
		sync_if_asked(fd, ino);
	leave();
	errno = keep;
	return r;
}

static ssize_t
sim_write(int fd, const void *p, size_t n)
{
	struct stat st;

	return inside(fd, &st) ? write_at(fd, st.st_ino, p, n, -1) : qa_sys_real.write(fd, p, n);
}

static ssize_t
sim_pwrite(int fd, const void *p, size_t n, off_t at)
{
	struct stat st;

	return inside(fd, &st) ? write_at(fd, st.st_ino, p, n, at) : qa_sys_real.pwrite(fd, p, n, at);
}

static ssize_t
sim_pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	struct stat st;
	size_t size = 0, done = 0;

	if (!inside(fd, &st))
		return qa_sys_real.pwritev(fd, v, n, at);
	for (int i = 0; i < n; i++)
		size += v[i].iov_len;
	unsigned char *p = malloc(size ? size : 1);
	if (!p)
		qa_sim_stuck("no memory");
	for (int i = 0; i < n; i++)
		if (v[i].iov_len) {
			memcpy(p + done, v[i].iov_base, v[i].iov_len);
			done += v[i].iov_len;
		}
	ssize_t r = write_at(fd, st.st_ino, p, size, at);
	int keep = errno;
	free(p);
	errno = keep;
	return r;
}

static int
sim_ftruncate(int fd, off_t size)
{
	struct ev e = {.type = EV_TRUNCATE};
	struct stat st;

	if (!inside(fd, &st))
		return qa_sys_real.ftruncate(fd, size);
	enter();
	e.ino = st.st_ino;
	e.at = (uint64_t)size;
	if (count(&e, false, false) < 0)
		return refuse(&e, NULL);
	return finish(qa_sys_real.ftruncate(fd, size), &e, NULL, NULL);
}

static int
sim_fallocate(int fd, int mode, off_t at, off_t n)
{
	struct ev e = {.type = EV_ALLOCATE, .at = ULLONG_MAX};
	struct stat st;
	int rc = 0;

	if (!inside(fd, &st))
		return qa_sys_real.fallocate(fd, mode, at, n);
	enter();
	if (fstat(fd, &st))
		qa_sim_stuck("cannot stat");
	e.ino = st.st_ino;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		e.type = EV_ZERO;
		e.at = (uint64_t)at;
		e.dir2 = (uint64_t)n;
	} else if (!(mode & FALLOC_FL_KEEP_SIZE) && at + n > st.st_size)
		e.at = (uint64_t)(at + n);
	if (count(&e, e.type == EV_ALLOCATE, false) < 0)
		return refuse(&e, NULL);
	if (e.type == EV_ZERO)
		rc = qa_sys_real.fallocate(fd, mode, at, n);
	else if (mode & ~FALLOC_FL_KEEP_SIZE) {
		errno = EOPNOTSUPP;
		rc = -1;
	} else if (e.at != ULLONG_MAX)
		rc = qa_sys_real.ftruncate(fd, at + n);
	return finish(rc, &e, NULL, NULL);
}

/* Nothing has to reach a real disk, so the kernel is not asked. */
static int
sync_one(int fd, int (*real)(int), enum ev_type type)
{
	struct ev e = {.type = (uint16_t)type};
	struct stat st;

	if (!inside(fd, &st))
		return real(fd);
	enter();
	e.ino = st.st_ino;
	if (count(&e, false, false) < 0)
		return refuse(&e, NULL);
	return finish(0, &e, NULL, NULL);
}

static int
sim_fsync(int fd)
{
	return sync_one(fd, qa_sys_real.fsync, EV_SYNC);
}

static int
sim_fdatasync(int fd)
{
	return sync_one(fd, qa_sys_real.fdatasync, EV_SYNC);
}

static int
sim_syncfs(int fd)
{
	return sync_one(fd, qa_sys_real.syncfs, EV_SYNCFS);
}

static int
sim_linkat(int from, const char *old, int to, const char *name, int flags)
{
	struct ev e = {.type = EV_LINK};
	struct place p;
	struct stat st = {0};

	if (!place_of(to, name, &p))
		return qa_sys_real.linkat(from, old, to, name, flags);
	enter();
	e.dir = p.dir;
	if (count(&e, true, false) < 0)
		return refuse(&e, p.name);
	int rc = fstatat(from, old, &st,
	                 (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW) | (flags & AT_EMPTY_PATH));
	e.ino = st.st_ino;
	if (rc == 0)
		rc = qa_sys_real.linkat(from, old, to, name, flags);
	return finish(rc, &e, p.name, NULL);
}

static int
sim_renameat(int from, const char *old, int to, const char *name)
{
	struct ev e = {.type = EV_RENAME};
	struct place p, p2;
	struct stat st = {0}, st2 = {0};

	bool in = place_of(from, old, &p), in2 = place_of(to, name, &p2);
	if (!in && !in2)
		return qa_sys_real.renameat(from, old, to, name);
	if (in != in2) {
		errno = EXDEV;
		qa_sim_stuck("a rename into or out of the simulated folder");
	}
	enter();
	e.dir = p.dir;
	e.dir2 = p2.dir;
	if (count(&e, true, false) < 0)
		return refuse(&e, p.name);
	int rc = fstatat(from, old, &st, AT_SYMLINK_NOFOLLOW);
	bool same = rc == 0 && fstatat(to, name, &st2, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == st2.st_ino;
	rc = qa_sys_real.renameat(from, old, to, name);
	e.ino = same ? 0 : st.st_ino; /* two names of one file: rename does nothing */
	return finish(rc, &e, p.name, p2.name);
}

static int
sim_unlinkat(int dirfd, const char *name, int flags)
{
	struct ev e = {.type = EV_UNLINK};
	struct place p;

	if (!place_of(dirfd, name, &p))
		return qa_sys_real.unlinkat(dirfd, name, flags);
	enter();
	e.dir = p.dir;
	if (count(&e, false, false) < 0)
		return refuse(&e, p.name);
	return finish(qa_sys_real.unlinkat(dirfd, name, flags), &e, p.name, NULL);
}

static int
sim_mkdirat(int dirfd, const char *name, mode_t mode)
{
	struct ev e = {.type = EV_MKDIR};
	struct place p;
	struct stat st = {0};

	if (!place_of(dirfd, name, &p))
		return qa_sys_real.mkdirat(dirfd, name, mode);
	enter();
	e.dir = p.dir;
	if (count(&e, true, false) < 0)
		return refuse(&e, p.name);
	int rc = qa_sys_real.mkdirat(dirfd, name, mode);
	if (rc == 0 && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		qa_sim_stuck("cannot stat a new folder");
	e.ino = st.st_ino;
	e.mode = st.st_mode;
	return finish(rc, &e, p.name, NULL);
}

static int
sim_close(int fd)
{
	return qa_sys_real.close(fd);
}

static int
sim_fstat(int fd, struct stat *st_r)
{
	return qa_sys_real.fstat(fd, st_r);
}

static int
sim_fstatat(int dirfd, const char *name, struct stat *st_r, int flags)
{
	return qa_sys_real.fstatat(dirfd, name, st_r, flags);
}

static const struct qa_sys sim_table = {
    .openat = sim_openat,
    .close = sim_close,
    .read = sim_read,
    .pread = sim_pread,
    .write = sim_write,
    .pwrite = sim_pwrite,
    .pwritev = sim_pwritev,
    .ftruncate = sim_ftruncate,
    .fallocate = sim_fallocate,
    .fsync = sim_fsync,
    .fdatasync = sim_fdatasync,
    .syncfs = sim_syncfs,
    .linkat = sim_linkat,
    .renameat = sim_renameat,
    .unlinkat = sim_unlinkat,
    .mkdirat = sim_mkdirat,
    .fstat = sim_fstat,
    .fstatat = sim_fstatat,
};

void
qa_sim_start(struct qa_sim *sim, const struct qa_sim_fault *fault)
{
	sim->fault = fault ? *fault : (struct qa_sim_fault){0};
	if (sim->fault.kind == QA_SIM_KILL) {
		if (getpgrp() != getpid() && setpgid(0, 0))
			qa_sim_stuck("cannot make a process group");
		sim->group = getpid();
	}
	now = sim;
	qa_sys = &sim_table;
}

void
qa_sim_stop(void)
{
	qa_sys = &qa_sys_real;
	now = NULL;
}

struct qa_sim *
qa_sim_now(void)
{
	return now;
}

void
qa_sim_note(struct qa_sim *sim, qa_span bytes)
{
	struct ev e = {.type = EV_NOTE, .len = bytes.n};
	int keep = errno;

	if (pthread_mutex_lock(&sim->lock))
		qa_sim_stuck("cannot lock the trace");
	qa_sim_trace_add(sim, &e, NULL, NULL, bytes.p);
	pthread_mutex_unlock(&sim->lock);
	errno = keep;
}
