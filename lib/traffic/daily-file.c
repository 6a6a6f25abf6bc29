#include "traffic/daily-file.h"
#include "sys/publish.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>

enum { FILE_MOST = 1 << 30 };

int
qa_daily_folder(const char *dir, struct qa_err *err)
{
	if (qa_mkdirs(AT_FDCWD, dir, 0755, err))
		return -1;
	return qa_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, err);
}

int
qa_daily_there(int dirfd, const char *dir, struct qa_day day, struct qa_err *err)
{
	char name[QA_DAILY_NAME], path[64];
	struct stat st;

	qa_daily_name(day, name);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s%s", i ? "loaded/" : "", name, i == 2 ? ".gz" : "");
		if (qa_sys->fstatat(dirfd, path, &st, 0) == 0)
			return 1;
		if (errno != ENOENT && errno != ENOTDIR)
			return qa_fail(err, errno, "cannot look for %s/%s: ", dir, path);
	}
	return 0;
}

/* One at a time, so that sweeping takes nobody's temporary file. The lock is the folder's own and ends with FD. */
static int
lock(int dirfd, const char *dir, int *fd_r, struct qa_err *err)
{
	int fd = qa_open(dirfd, ".", O_RDONLY | O_DIRECTORY, 0, err), rc;

	if (fd < 0)
		return qa_fail_in(err, "%s", dir);
	do {
		rc = flock(fd, LOCK_EX);
	} while (rc && errno == EINTR);
	if (rc) {
		qa_fail(err, errno, "cannot lock %s: ", dir);
		qa_close(&fd);
		return -1;
	}
	*fd_r = fd;
	return 0;
}

int
qa_daily_publish(int dirfd, const char *dir, const struct qa_daily *d, size_t i, struct qa_err *err)
{
	struct qa_buf text = QA_BUF(FILE_MOST);
	char name[QA_DAILY_NAME];
	int held = -1, rc = -1;

	qa_daily_name(d->days[i], name);
	if (qa_daily_write(d, i, &text))
		qa_fail(err, errno, "cannot write %s/%s: ", dir, name);
	else if (lock(dirfd, dir, &held, err) == 0 && qa_publish_sweep(dirfd, ".", err) >= 0)
		rc = qa_publish(dirfd, name, qa_buf_span(&text), 0644, err);
	if (rc && held >= 0)
		qa_fail_in(err, "%s", dir);
	qa_close(&held);
	qa_buf_free(&text);
	return rc;
}
