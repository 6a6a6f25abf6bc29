#include "statline/file.h"
#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 4 };

static const int quiet[] = {SIGPIPE, SIGXFSZ};
enum { QUIET = sizeof quiet / sizeof *quiet };

/* A file that others may write too exists with its mode or not at all: a moment of another mode would cost their lines. */
static void
make(const char *file)
{
	char temp[PATH_MAX];

	if ((size_t)snprintf(temp, sizeof temp, "%s.new.%ld", file, (long)getpid()) >= sizeof temp)
		return;
	int fd = qa_sys->openat(AT_FDCWD, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (fd < 0)
		return;
	if (fchmod(fd, 0660) == 0)
		(void)qa_sys->linkat(AT_FDCWD, temp, AT_FDCWD, file, 0);
	(void)qa_sys->unlinkat(AT_FDCWD, temp, 0);
	qa_close(&fd);
}

static int
open_file(const char *file)
{
	const int how = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = qa_sys->openat(AT_FDCWD, file, O_RDWR | how, 0);

	if (fd < 0 && errno == ENOENT) {
		make(file);
		/* O_CREAT: where links are not to be had, or a symbolic one leads to nothing yet */
		fd = qa_sys->openat(AT_FDCWD, file, O_RDWR | O_CREAT | how, 0660);
	} else if (fd < 0 && errno == EACCES) {
		fd = qa_sys->openat(AT_FDCWD, file, O_WRONLY | how, 0);
	}
	return fd;
}

/*
 * Whether the last line has no end. While another writer's line crosses a page, the size may be seen between, for as long as that
 * writer does not run: so the size must rest for a moment. Where the file cannot be read nobody can tell.
 */
static bool
torn(int fd, struct stat *st)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	char last;

	for (int i = 0; i < TRIES; i++) {
		if (st->st_size == 0 || qa_sys->pread(fd, &last, 1, st->st_size - 1) != 1 || last == '\n')
			return false;
		if (i < TRIES - 1)
			nanosleep(&moment, NULL);
		if (qa_sys->fstat(fd, st))
			return false;
	}
	return true;
}

static int
add_line(int fd, qa_span line, bool feed)
{
	unsigned char with[QA_STATLINE_MAX + 1];

	if (feed) {
		with[0] = '\n';
		memcpy(with + 1, line.p, line.n);
		line = qa_span_of(with, line.n + 1);
	}
	ssize_t r = qa_sys->write(fd, line.p, line.n);
	if (r >= 0 && (size_t)r < line.n)
		errno = ENOSPC;
	return r >= 0 && (size_t)r == line.n ? 0 : -1;
}

/* Line after line until one cannot be added. */
static int
add_lines(int fd, qa_span bytes, bool feed, size_t *added_r)
{
	while (bytes.n) {
		const unsigned char *end = memchr(bytes.p, '\n', bytes.n);
		size_t n = end ? (size_t)(end + 1 - bytes.p) : 0;

		if (n == 0 || n > QA_STATLINE_MAX) {
			errno = EINVAL;
			return -1;
		}
		if (add_line(fd, qa_span_of(bytes.p, n), feed))
			return -1;
		++*added_r;
		feed = false;
		bytes = qa_span_cut(bytes, n, bytes.n);
	}
	return 0;
}

static int
append(const char *file, qa_span bytes, size_t *added_r, struct qa_err *err)
{
	int fd = open_file(file), rc;
	struct stat st;

	if (fd < 0 || qa_sys->fstat(fd, &st)) {
		qa_fail(err, errno, "cannot open %s: ", file);
		qa_close(&fd);
		return -1;
	}
	if (S_ISFIFO(st.st_mode)) { /* opened for writing alone it tells when nobody reads */
		qa_close(&fd);
		fd = qa_sys->openat(AT_FDCWD, file, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
		if (fd < 0)
			return qa_fail(err, errno, "cannot open the pipe %s: ", file);
	}
	rc = add_lines(fd, bytes, S_ISREG(st.st_mode) && torn(fd, &st), added_r);
	if (rc)
		qa_fail(err, errno, "cannot append to %s: ", file);
	qa_close(&fd);
	return rc;
}

int
qa_stats_append(const char *file, qa_span bytes, size_t *added_r, struct qa_err *err)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before[QUIET];
	size_t added = 0;

	for (size_t i = 0; i < QUIET; i++)
		sigaction(quiet[i], &ignore, &before[i]);
	int rc = append(file, bytes, &added, err);
	int keep = errno;
	for (size_t i = 0; i < QUIET; i++)
		sigaction(quiet[i], &before[i], NULL);
	if (added_r)
		*added_r = added;
	errno = keep;
	return rc;
}

int
qa_stats_write(const struct qa_stats *to, const struct qa_statline *s, struct qa_err *err)
{
	unsigned char line[QA_STATLINE_MAX + 1];
	struct qa_statline whole = *s;

	if (!whole.time)
		whole.time = (int64_t)time(NULL);
	if (!whole.pid)
		whole.pid = (uint32_t)getpid();
	if (!whole.host.n)
		whole.host = qa_span_str(to->host);
	return qa_stats_append(to->path, qa_span_of(line, qa_statline_put(&whole, line)), NULL, err);
}
