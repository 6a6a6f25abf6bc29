#include "sys/publish.h"
#include "base/id.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* The folder part of path, "." when it has none. */
static const char *
folder_of(const char *path, char out[512])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	if (slash == path)
		return "/";
	memcpy(out, path, (size_t)(slash - path));
	out[slash - path] = 0;
	return out;
}

int
qa_publish_begin(struct qa_publish *p, int dirfd, const char *path, mode_t mode, struct qa_err *err)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) + 1 : 0;
	unsigned char r[8];

	p->fd = -1;
	p->dirfd = dirfd;
	p->temp[0] = 0;
	if (strlen(path) + 32 > sizeof p->path)
		return qa_fail(err, ENAMETOOLONG, "cannot write %s: ", path);
	if (qa_random(r, sizeof r))
		return qa_fail(err, errno, "cannot get random bytes: ");
	snprintf(p->path, sizeof p->path, "%s", path);
	snprintf(p->temp, sizeof p->temp, "%.*s.tmp.%016llx", folder, path,
		 (unsigned long long)qa_le64_get(r));
	p->fd = qa_open(dirfd, p->temp, O_RDWR | O_CREAT | O_EXCL, mode, err);
	if (p->fd < 0)
		p->temp[0] = 0;
	return p->fd < 0 ? -1 : 0;
}

void
qa_publish_abort(struct qa_publish *p)
{
	int keep = errno;

	if (p->temp[0])
		qa_sys->unlinkat(p->dirfd, p->temp, 0);
	p->temp[0] = 0;
	qa_close(&p->fd);
	errno = keep;
}

static int
finish(struct qa_publish *p, int must_be_new, struct qa_err *err)
{
	char folder[512];
	int rc;

	if (qa_fsync(p->fd, p->path, err))
		goto fail;
	if (must_be_new)
		rc = qa_sys->linkat(p->dirfd, p->temp, p->dirfd, p->path, 0);
	else
		rc = qa_sys->renameat(p->dirfd, p->temp, p->dirfd, p->path);
	if (rc) {
		int num = errno;

		/* whoever put it there may have died before this */
		if (num == EEXIST && qa_fsync_dir(p->dirfd, folder_of(p->path, folder), err))
			goto fail;
		qa_fail(err, num, "cannot publish %s: ", p->path);
		goto fail;
	}
	if (must_be_new && qa_sys->unlinkat(p->dirfd, p->temp, 0)) {
		qa_fail(err, errno, "cannot remove %s: ", p->temp);
		goto fail;
	}
	p->temp[0] = 0;
	qa_close(&p->fd);
	return qa_fsync_dir(p->dirfd, folder_of(p->path, folder), err);
fail:
	qa_publish_abort(p);
	return -1;
}

int
qa_publish_end(struct qa_publish *p, struct qa_err *err)
{
	return finish(p, 0, err);
}

int
qa_publish_end_new(struct qa_publish *p, struct qa_err *err)
{
	return finish(p, 1, err);
}

int
qa_publish_stage(struct qa_publish *p, struct qa_syncset *set, struct qa_err *err)
{
	if (qa_syncset_file(set, p->fd, p->path, err)) {
		qa_publish_abort(p);
		return -1;
	}
	qa_close(&p->fd);
	return 0;
}

int
qa_publish_name(struct qa_publish *p, struct qa_syncset *set, struct qa_err *err)
{
	char folder[512];

	if (qa_sys->renameat(p->dirfd, p->temp, p->dirfd, p->path)) {
		qa_fail(err, errno, "cannot publish %s: ", p->path);
		qa_publish_abort(p);
		return -1;
	}
	p->temp[0] = 0;
	return qa_syncset_folder(set, p->dirfd, folder_of(p->path, folder), err);
}

int
qa_publish_name_new(struct qa_publish *p, struct qa_syncset *set, struct qa_err *err)
{
	char folder[512];
	int rc = qa_sys->linkat(p->dirfd, p->temp, p->dirfd, p->path, 0), num = errno;

	qa_publish_abort(p);
	if (rc && num != EEXIST)
		return qa_fail(err, num, "cannot publish %s: ", p->path);
	return qa_syncset_folder(set, p->dirfd, folder_of(p->path, folder), err) ? -1 : rc == 0;
}

static int
publish(int dirfd, const char *path, qa_span bytes, mode_t mode, int must_be_new, struct qa_err *err)
{
	struct qa_publish p;

	if (qa_publish_begin(&p, dirfd, path, mode, err))
		return -1;
	if (qa_write_all(p.fd, bytes.p, bytes.n, path, err)) {
		qa_publish_abort(&p);
		return -1;
	}
	return finish(&p, must_be_new, err);
}

int
qa_publish(int dirfd, const char *path, qa_span bytes, mode_t mode, struct qa_err *err)
{
	return publish(dirfd, path, bytes, mode, 0, err);
}

int
qa_publish_new(int dirfd, const char *path, qa_span bytes, mode_t mode, struct qa_err *err)
{
	return publish(dirfd, path, bytes, mode, 1, err);
}

int
qa_publish_sweep(int dirfd, const char *path, struct qa_err *err)
{
	struct qa_names names;
	int removed = 0;

	if (qa_listdir(dirfd, path, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		char full[1024];

		if (strncmp(names.v[i], ".tmp.", 5) != 0)
			continue;
		snprintf(full, sizeof full, "%s/%s", path, names.v[i]);
		if (qa_sys->unlinkat(dirfd, full, 0)) {
			qa_fail(err, errno, "cannot remove %s: ", full);
			removed = -1;
			break;
		}
		removed++;
	}
	qa_names_free(&names);
	return removed;
}
