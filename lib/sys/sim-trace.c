/* The trace: its memory, the tree it starts with, and questions about its calls. */
#include "sys/sim-private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t
trace_size(void)
{
	const char *mb = getenv("CRASH_TRACE_MB");
	unsigned long n = mb ? strtoul(mb, NULL, 10) : 0;

	return (n ? n : 1024) << 20;
}

/* The file's bytes without the zeros (or the hole) at its end. */
static int
had_file(struct qa_sim *sim, int dirfd, struct ev *e, const char *name, const struct stat *st)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	off_t end = 0;

	if (fd < 0)
		return -1;
	while (end < st->st_size) {
		off_t data = lseek(fd, end, SEEK_DATA);

		if (data < 0)
			break;
		end = lseek(fd, data, SEEK_HOLE);
		if (end < 0)
			end = st->st_size;
	}
	unsigned char *p = malloc(end ? (size_t)end : 1);
	if (!p)
		qa_sim_stuck("no memory");
	ssize_t r = 0;
	for (off_t at = 0; at < end; at += r)
		if ((r = pread(fd, p + at, (size_t)(end - at), at)) <= 0)
			break;
	int keep = errno;
	close(fd);
	if (r < 0) {
		free(p);
		errno = keep;
		return -1;
	}
	while (end > 0 && p[end - 1] == 0)
		end--;
	e->type = EV_HAD_FILE;
	e->at = (uint64_t)st->st_size;
	e->len = (uint64_t)end;
	qa_sim_trace_add(sim, e, name, NULL, p);
	free(p);
	return 0;
}

static int had_folder(struct qa_sim *sim, int fd, uint64_t ino);

static int
had(struct qa_sim *sim, int dirfd, uint64_t dir, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	struct ev e = {.dir = dir, .ino = st.st_ino, .mode = st.st_mode};
	if (S_ISREG(st.st_mode))
		return had_file(sim, dirfd, &e, name, &st);
	if (S_ISLNK(st.st_mode)) {
		char target[PATH_MAX];
		ssize_t n = readlinkat(dirfd, name, target, sizeof target);

		if (n < 0)
			return -1;
		e.type = EV_HAD_LINK;
		e.len = (uint64_t)n;
		qa_sim_trace_add(sim, &e, name, NULL, target);
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return 0; /* a socket, a fifo: made anew by whoever needs it */
	e.type = EV_HAD_DIR;
	qa_sim_trace_add(sim, &e, name, NULL, NULL);
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : had_folder(sim, fd, st.st_ino);
}

static int
had_folder(struct qa_sim *sim, int fd, uint64_t ino)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!d) {
		close(fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = had(sim, dirfd(d), ino, e->d_name);
	int keep = errno;
	closedir(d);
	errno = keep;
	return rc;
}

struct qa_sim *
qa_sim_new(const char *root, struct qa_err *err)
{
	size_t size = trace_size(), n = strlen(root);
	pthread_mutexattr_t shared;
	struct stat st;

	if (root[0] != '/' || n >= PATH_MAX) {
		qa_fail(err, EINVAL, "cannot simulate %s: not an absolute path", root);
		return NULL;
	}
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		qa_fail(err, errno, "cannot open %s: ", root);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	struct qa_sim *sim =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (sim == MAP_FAILED) {
		qa_fail(err, errno, "cannot map a trace: ");
		close(fd);
		return NULL;
	}
	sim->size = size - sizeof *sim;
	sim->dev = st.st_dev;
	memcpy(sim->root, root, n + 1);
	while (n > 1 && sim->root[n - 1] == '/')
		sim->root[--n] = 0;
	sim->root_n = n;
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&sim->lock, &shared);
	pthread_mutexattr_destroy(&shared);
	struct ev e = {.type = EV_HAD_DIR, .ino = st.st_ino, .mode = st.st_mode};
	qa_sim_trace_add(sim, &e, NULL, NULL, NULL);
	if (had_folder(sim, fd, st.st_ino)) {
		qa_fail(err, errno, "cannot read %s: ", root);
		qa_sim_free(sim);
		return NULL;
	}
	return sim;
}

void
qa_sim_free(struct qa_sim *sim)
{
	if (sim)
		munmap(sim, sim->size + sizeof *sim);
}

unsigned long
qa_sim_calls(const struct qa_sim *sim)
{
	return sim->calls;
}

unsigned long
qa_sim_reads(const struct qa_sim *sim)
{
	return sim->reads;
}

bool
qa_sim_struck(const struct qa_sim *sim)
{
	return sim->struck;
}

size_t
qa_sim_room(const struct qa_sim *sim)
{
	return sim->used;
}

static const struct ev *
call_of(const struct qa_sim *sim, unsigned long n)
{
	const struct ev *e;

	for (size_t at = 0; (e = ev_at(sim, at)); at += e->size)
		if (e->call == n && n)
			return e;
	return NULL;
}

const char *
qa_sim_call_name(const struct qa_sim *sim, unsigned long n)
{
	static const char *const name[] = {
	    [EV_CREATE] = "create",     [EV_TMPFILE] = "tmpfile",   [EV_WRITE] = "write",
	    [EV_TRUNCATE] = "truncate", [EV_ALLOCATE] = "allocate", [EV_ZERO] = "hole",
	    [EV_SYNC] = "sync",         [EV_SYNCFS] = "syncfs",     [EV_LINK] = "link",
	    [EV_RENAME] = "rename",     [EV_UNLINK] = "unlink",     [EV_MKDIR] = "mkdir",
	};
	const struct ev *e = call_of(sim, n);

	return e ? name[e->type] : "";
}

bool
qa_sim_writes(const struct qa_sim *sim, unsigned long n)
{
	const struct ev *e = call_of(sim, n);

	return e && e->type == EV_WRITE && e->len > 1;
}

bool
qa_sim_takes(const struct qa_sim *sim, unsigned long n)
{
	const struct ev *e = call_of(sim, n);

	if (!e)
		return false;
	switch ((enum ev_type)e->type) {
	case EV_CREATE:
	case EV_TMPFILE:
	case EV_WRITE:
	case EV_ALLOCATE:
	case EV_LINK:
	case EV_RENAME:
	case EV_MKDIR:
		return true;
	default:
		return false;
	}
}

const char *
qa_sim_call_path(const struct qa_sim *sim, unsigned long n)
{
	static char name[NAME_MAX + 1];
	const struct ev *e, *call = call_of(sim, n);

	name[0] = 0;
	if (!call)
		return name;
	if (call->name_n) {
		snprintf(name, sizeof name, "%s", ev_name(call));
		return name;
	}
	/* the last name this file or folder had got when call n was made */
	for (size_t at = 0; (e = ev_at(sim, at)) && e != call; at += e->size) {
		if (e->ino != call->ino || !e->name_n || e->num)
			continue;
		snprintf(name, sizeof name, "%s", e->type == EV_RENAME ? ev_name2(e) : ev_name(e));
	}
	return name;
}
