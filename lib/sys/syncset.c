#include "sys/syncset.h"

#include <errno.h>
#include <stdio.h>

void
qa_syncset_init(struct qa_syncset *s)
{
	s->n = s->volumes = 0;
	s->many = false;
}

/* Remembers the volume of fd, which the set then owns; a second file of a volume is not needed. */
static int
add_volume(struct qa_syncset *s, int fd, const char *name, struct qa_err *err)
{
	struct stat st;
	size_t i = 0;

	if (qa_sys->fstat(fd, &st)) {
		int num = errno;

		qa_close(&fd);
		return qa_fail(err, num, "cannot look at %s: ", name);
	}
	while (i < s->volumes && s->volume[i].dev != st.st_dev)
		i++;
	if (i < s->volumes) {
		qa_close(&fd);
		return 0;
	}
	if (i == QA_SYNCSET_VOLUMES) {
		qa_close(&fd);
		return qa_fail(err, EMFILE, "cannot sync %s: more than %d volumes in one round", name,
			       QA_SYNCSET_VOLUMES);
	}
	s->volume[i].dev = st.st_dev;
	s->volume[i].fd = fd;
	s->volumes++;
	return 0;
}

static int
add(struct qa_syncset *s, int fd, bool data_only, const char *name, struct qa_err *err)
{
	if (!s->many && s->n == QA_SYNCSET_FEW) {
		s->many = true;
		while (s->n) {
			s->n--;
			if (add_volume(s, s->file[s->n].fd, s->file[s->n].name, err)) {
				qa_close(&fd);
				return -1;
			}
		}
	}
	if (s->many)
		return add_volume(s, fd, name, err);
	s->file[s->n].fd = fd;
	s->file[s->n].data_only = data_only;
	snprintf(s->file[s->n].name, sizeof s->file[s->n].name, "%s", name);
	s->n++;
	return 0;
}

int
qa_syncset_file(struct qa_syncset *s, int fd, const char *name, struct qa_err *err)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return qa_fail(err, errno, "cannot keep %s open: ", name);
	return add(s, copy, true, name, err);
}

int
qa_syncset_folder(struct qa_syncset *s, int dirfd, const char *path, struct qa_err *err)
{
	int fd = qa_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0, err);

	if (fd < 0)
		return -1;
	return add(s, fd, false, path, err);
}

int
qa_syncset_commit(struct qa_syncset *s, struct qa_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = s->file[i].data_only ? qa_fdatasync(s->file[i].fd, s->file[i].name, err)
					  : qa_fsync(s->file[i].fd, s->file[i].name, err);
	for (size_t i = 0; i < s->volumes && rc == 0; i++)
		if (qa_sys->syncfs(s->volume[i].fd))
			rc = qa_fail(err, errno, "cannot sync a volume: ");
	qa_syncset_drop(s);
	return rc;
}

void
qa_syncset_drop(struct qa_syncset *s)
{
	for (size_t i = 0; i < s->n; i++)
		qa_close(&s->file[i].fd);
	for (size_t i = 0; i < s->volumes; i++)
		qa_close(&s->volume[i].fd);
	qa_syncset_init(s);
}
