#include "qmail-archive/control.h"
#include "auto.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int
qa_control_path(const char *folder, const char *name, char *out)
{
	size_t f = strlen(folder), n = strlen(name);

	if (f >= QA_PATH_MAX || n >= QA_PATH_MAX - f - 1) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(out, folder, f);
	out[f] = '/';
	memcpy(out + f + 1, name, n + 1);
	return 0;
}

/* All of an open file, up to the buffer's end: its length, or -1. */
static ssize_t
read_all(int fd, char *p, size_t size)
{
	size_t n = 0;

	for (;;) {
		ssize_t r = qa_sys->read(fd, p + n, size - n);

		if (r < 0)
			return -1;
		n += (size_t)r;
		if (r == 0)
			return (ssize_t)n;
		if (n == size) {
			errno = EFBIG;
			return -1;
		}
	}
}

static void
split(char *p, char **line, size_t count)
{
	char *end = p + strlen(p);

	for (size_t i = 0; i < count; i++) {
		char *stop = memchr(p, '\n', (size_t)(end - p));
		char *last;

		if (!stop)
			stop = end;
		line[i] = p;
		p = stop < end ? stop + 1 : end;
		for (last = stop; last > line[i] && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r');)
			last--;
		*last = 0;
	}
}

int
qa_control_lines(const char *folder, const char *name, char buf[QA_CONTROL_MAX], char **line, size_t count,
		struct qa_err *err)
{
	char path[QA_PATH_MAX];

	if (qa_control_path(folder, name, path))
		return qa_fail(err, errno, "cannot read %s in %s: ", name, folder);
	int fd = qa_sys->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0) {
		if (errno == ENOENT)
			return 0;
		return qa_fail(err, errno, "cannot open %s: ", path);
	}
	ssize_t n = read_all(fd, buf, QA_CONTROL_MAX - 1);
	qa_close(&fd);
	if (n < 0)
		return qa_fail(err, errno, "cannot read %s: ", path);
	buf[n] = 0;
	split(buf, line, count);
	return 1;
}

void
qa_control_host(const char *home, char out[QA_HOST_MAX])
{
	static const char *const name[] = {"etc/me", "control/me"};
	const char *const folder[] = {home, QA_QMAIL};
	char buf[QA_CONTROL_MAX], *line;

	for (size_t i = 0; i < 2; i++)
		if (qa_control_lines(folder[i], name[i], buf, &line, 1, NULL) == 1 && *line &&
		    strlen(line) < QA_HOST_MAX) {
			memcpy(out, line, strlen(line) + 1);
			return;
		}
	if (gethostname(out, QA_HOST_MAX))
		out[0] = 0;
	out[QA_HOST_MAX - 1] = 0;
}
