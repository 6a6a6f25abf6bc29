#include "qmail-archive/refuse.h"
#include "base/log.h"
#include "base/num.h"
#include "qmail-archive/control.h"
#include "qmail-archive/start.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_text(const char *s)
{
	size_t n = strlen(s);

	if (n < 3 || n > 255 || (*s != 'Z' && *s != 'D'))
		return false;
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

int
qa_refuse_for_now(const char *home, bool errfd)
{
	char buf[QA_CONTROL_MAX], *line[2];
	uint64_t code;

	if (!errfd || qa_control_lines(home, "etc/errortext", buf, line, 2, NULL) != 1)
		return QA_EXIT_ARCHIVE;
	if (qa_scan_u64(qa_span_str(line[0]), &code) || code < 1 || code > 255 || !is_text(line[1]))
		return QA_EXIT_ARCHIVE;
	if (qa_sys->write(QA_ERRFD, line[1], strlen(line[1])) != (ssize_t)strlen(line[1]))
		return QA_EXIT_ARCHIVE;
	return (int)code;
}

/* The counter is mapped and added to in one step, so no lock can be left behind by a stopped process. It is in the
 * machine's byte order: it never leaves the host. */
static uint64_t *
counter_map(const char *home)
{
	char path[QA_PATH_MAX];
	struct stat st;
	void *p = MAP_FAILED;

	if (qa_control_path(home, "var/failopen", path))
		return NULL;
	/* root may call the door, and var/ is the daemons' own: no link of theirs is followed */
	int fd = qa_open(AT_FDCWD, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0, NULL);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || st.st_size < (off_t)sizeof(uint64_t))
		errno = EBADMSG;
	else
		p = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	qa_close(&fd);
	return p == MAP_FAILED ? NULL : p;
}

static void
count_one(const char *home)
{
	uint64_t *n = counter_map(home);

	if (!n) {
		qa_log(QA_ALERT, "event=door.failopen.uncounted why=%s", qa_log_quote(strerror(errno)));
		return;
	}
	__atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
	munmap(n, sizeof *n);
}

void
qa_refuse_passed_open(const char *home, const char *why)
{
	qa_log_init("qmail-queue", QA_LOG_SYSLOG); /* standard error is the caller's */
	qa_log(QA_ALERT, "event=door.message.failopen home=%s why=%s", qa_log_quote(home), qa_log_quote(why));
	count_one(home);
}
