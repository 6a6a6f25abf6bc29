#include "qmail-archive/next.h"
#include "auto.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path we were started by is what the kernel was given, so it needs no /proc. */
bool
qa_next_is_self(const char *path)
{
	const char *name = (const char *)getauxval(AT_EXECFN); /* NOLINT: that is its type */
	struct stat self, other;

	if ((!name || stat(name, &self)) && stat("/proc/self/exe", &self))
		return false;
	return stat(path, &other) == 0 && self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

int
qa_next_find(struct qa_next *next, const char *home, struct qa_err *err)
{
	char buf[QA_CONTROL_MAX], *line[2];
	int got = qa_control_lines(home, "etc/next-queue", buf, line, 2, err);

	if (got < 0)
		return -1;
	if (got == 0 || !*line[0]) {
		memcpy(next->path, QA_QMAIL "/bin/qmail-queue", sizeof QA_QMAIL "/bin/qmail-queue");
		next->offered = false;
	} else {
		memcpy(next->path, line[0], strlen(line[0]) + 1);
		next->offered = strcmp(line[1], "final") != 0;
	}
	/* access goes by the caller's own ids, which are the ones it will run with */
	return access(next->path, X_OK) || qa_next_is_self(next->path) ? 1 : 0;
}

void
qa_next_exec(const struct qa_next *next, int message, int envelope)
{
	char *argv[2], path[QA_CONTROL_MAX];
	gid_t gid = getgid();

	if (message >= 0 && dup2(message, 0) < 0)
		return;
	if (envelope >= 0 && dup2(envelope, 1) < 0)
		return;
	if (getegid() != gid && setresgid(gid, gid, gid))
		return;
	memcpy(path, next->path, sizeof path);
	argv[0] = path;
	argv[1] = NULL;
	execv(path, argv);
}
