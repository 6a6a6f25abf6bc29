#include "qmail-archive/listen.h"
#include "base/clock.h"
#include "base/log.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

/* The mode of a new one is not the umask's to choose: without the group's bits no door could write a direct file. */
static int
make_folder(const char *path, mode_t mode, struct qa_err *err)
{
	struct stat st;
	bool there = stat(path, &st) == 0;

	if (qa_mkdirs(AT_FDCWD, path, mode, err))
		return -1;
	if (!there && chmod(path, mode))
		return qa_fail(err, errno, "cannot set the mode of %s: ", path);
	return 0;
}

int
qa_listen_folders(struct qa_err *err)
{
	return make_folder("journal", 0750, err) || make_folder("journal/direct", 0770, err) ? -1 : 0;
}

void
qa_listen_sweep(void)
{
	const time_t now = (time_t)(qa_now() / QA_SECOND), old = 2 * 86400;
	struct qa_names names;
	struct qa_err err;
	struct stat st;
	int fd = qa_open(AT_FDCWD, "journal/direct", O_RDONLY | O_DIRECTORY, 0, &err);

	if (fd < 0 || qa_listdir(fd, ".", &names, &err)) {
		qa_log(QA_ERROR, "event=journal.sweep.failed why=%s", qa_log_quote(err.text));
		qa_close(&fd);
		return;
	}
	for (size_t i = 0; i < names.n; i++)
		if (strncmp(names.v[i], ".tmp.", 5) == 0 &&
		    qa_sys->fstatat(fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    st.st_mtime < now - old && qa_sys->unlinkat(fd, names.v[i], 0))
			qa_log(QA_ERROR, "event=journal.sweep.failed file=%s why=%s", qa_log_quote(names.v[i]),
			       qa_log_quote(strerror(errno)));
	qa_names_free(&names);
	qa_close(&fd);
}

/* Mode and group before the name, so that nobody meets it half made. */
static int
dress(const char *path, struct qa_err *err)
{
	struct stat st;

	if (stat("journal/direct", &st))
		return qa_fail(err, errno, "cannot see journal/direct: ");
	if (chown(path, (uid_t)-1, st.st_gid))
		return qa_fail(err, errno, "cannot give %s to group %u: ", path, (unsigned)st.st_gid);
	if (chmod(path, 0660))
		return qa_fail(err, errno, "cannot set the mode of %s: ", path);
	return 0;
}

int
qa_listen(struct qa_err *err)
{
	static const char made[] = "journal/.socket.new", name[] = "journal/.socket";
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return qa_fail(err, errno, "cannot make a socket: ");
	if (qa_sys->unlinkat(AT_FDCWD, made, 0) && errno != ENOENT) {
		qa_fail(err, errno, "cannot remove %s: ", made);
		goto fail;
	}
	memcpy(a.sun_path, made, sizeof made);
	if (bind(fd, (const struct sockaddr *)&a, sizeof a) || listen(fd, BACKLOG)) {
		qa_fail(err, errno, "cannot listen on %s: ", made);
		goto fail;
	}
	if (dress(made, err))
		goto fail;
	if (qa_sys->renameat(AT_FDCWD, made, AT_FDCWD, name)) {
		qa_fail(err, errno, "cannot rename %s to %s: ", made, name);
		goto fail;
	}
	return fd;
fail:
	qa_close(&fd);
	return -1;
}
