#include "traffic/files.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
known(const struct qa_files *f, dev_t dev, ino_t ino)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].dev == dev && f->v[i].ino == ino)
			return true;
	return false;
}

/* Takes FD over. */
static int
keep(struct qa_files *f, const char *path, int fd, struct qa_err *err)
{
	struct qa_file one = {.fd = fd};
	unsigned char magic[2];
	struct stat st;

	if (qa_sys->fstat(fd, &st)) {
		qa_fail(err, errno, "cannot read %s: ", path);
		goto fail;
	}
	if (S_ISDIR(st.st_mode)) {
		qa_fail(err, EISDIR, "cannot read %s: ", path);
		goto fail;
	}
	if (known(f, st.st_dev, st.st_ino)) {
		qa_close(&fd);
		return 0;
	}
	one.dev = st.st_dev;
	one.ino = st.st_ino;
	one.stream = !S_ISREG(st.st_mode);
	if (!one.stream) {
		one.size = (uint64_t)st.st_size;
		ssize_t r = qa_sys->pread(fd, magic, 2, 0);
		if (r < 0) {
			qa_fail(err, errno, "cannot read %s: ", path);
			goto fail;
		}
		one.stream = r == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
	}
	if (f->n == QA_FILES_MOST) {
		qa_fail(err, E2BIG, "more than %d files to read", QA_FILES_MOST);
		goto fail;
	}
	if (f->n == f->room) {
		size_t room = f->room ? 2 * f->room : 8;
		struct qa_file *v = realloc(f->v, room * sizeof *v);

		if (!v) {
			qa_fail(err, ENOMEM, "cannot read %s: ", path);
			goto fail;
		}
		f->v = v;
		f->room = room;
	}
	if (!(one.name = strdup(path))) {
		qa_fail(err, ENOMEM, "cannot read %s: ", path);
		goto fail;
	}
	f->v[f->n++] = one;
	return 0;
fail:
	qa_close(&fd);
	return -1;
}

int
qa_files_add(struct qa_files *f, const char *path, struct qa_err *err)
{
	int fd;

	if (strcmp(path, "-") == 0) {
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return qa_fail(err, errno, "cannot read standard input: ");
		return keep(f, "standard input", fd, err);
	}
	fd = qa_open(AT_FDCWD, path, O_RDONLY | O_NOCTTY, 0, err);
	return fd < 0 ? -1 : keep(f, path, fd, err);
}

/* "1", "1.gz", "20261122", "2026-11-22-1763769601.gz": what follows "stats." or "stats-". */
static bool
rotated(const char *name, const char *base, bool *packed_r)
{
	size_t n = strlen(base), k = strlen(name);

	if (strncmp(name, base, n) != 0 || (name[n] != '.' && name[n] != '-'))
		return false;
	*packed_r = k > 3 && strcmp(name + k - 3, ".gz") == 0;
	size_t end = *packed_r ? k - 3 : k;
	if (n + 1 >= end || name[n + 1] < '0' || name[n + 1] > '9')
		return false;
	for (size_t i = n + 1; i < end; i++)
		if ((name[i] < '0' || name[i] > '9') && (name[i] != '-' || name[n] == '.'))
			return false;
	return true;
}

static bool
has(const struct qa_names *names, const char *name, size_t n)
{
	for (size_t i = 0; i < names->n; i++)
		if (strncmp(names->v[i], name, n) == 0 && names->v[i][n] == 0)
			return true;
	return false;
}

/* Whether the first N bytes of PATH name an open file: a packed file may be the twin of one that is gone by now. */
static bool
open_as(const struct qa_files *f, const char *path, size_t n)
{
	for (size_t i = 0; i < f->n; i++)
		if (strncmp(f->v[i].name, path, n) == 0 && f->v[i].name[n] == 0)
			return true;
	return false;
}

/* One look into the folder: all that is not yet open and wanted. 1 when something was added, or the next look may find more. */
static int
look(struct qa_files *f, const char *path, int64_t since, struct qa_err *err)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char folder[4096], name[4096 + 256];
	struct qa_names names;
	size_t had = f->n;
	bool packed = false, gone = false;
	int rc = -1;

	if ((size_t)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".") >=
	    sizeof folder)
		return qa_fail(err, ENAMETOOLONG, "cannot read %s: ", path);
	if (qa_listdir(AT_FDCWD, slash == path ? "/" : folder, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *v = names.v[i];
		struct stat st;

		if (strcmp(v, base) != 0) {
			if (!rotated(v, base, &packed) || (packed && has(&names, v, strlen(v) - 3)))
				continue;
		}
		if ((size_t)snprintf(name, sizeof name, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, v) >= sizeof name)
			continue;
		if (strcmp(v, base) != 0 && packed && open_as(f, name, strlen(name) - 3))
			continue;
		int fd = qa_open(AT_FDCWD, name, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0, err);
		if (fd < 0 && errno == ENOENT) {
			gone = true; /* renamed or packed just now: the next look finds it */
			continue;
		}
		if (fd < 0)
			goto end;
		if (qa_sys->fstat(fd, &st)) {
			qa_fail(err, errno, "cannot read %s: ", name);
			qa_close(&fd);
			goto end;
		}
		if (strcmp(v, base) != 0 && (!S_ISREG(st.st_mode) || st.st_mtime < since))
			qa_close(&fd);
		else if (keep(f, name, fd, err))
			goto end;
	}
	rc = f->n > had || gone;
end:
	qa_names_free(&names);
	return rc;
}

int
qa_files_add_rotated(struct qa_files *f, const char *path, int64_t since, struct qa_err *err)
{
	size_t had = f->n;
	int rc = 1;

	/* a rotation between listing and opening shows in the next look, which adds what was missed */
	for (int i = 0; i < 10 && rc == 1; i++)
		if ((rc = look(f, path, since, err)) < 0)
			return -1;
	return f->n > had ? 0 : qa_fail(err, ENOENT, "cannot read %s: ", path);
}

uint64_t
qa_files_size(const struct qa_files *f)
{
	uint64_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->v[i].size;
	return n;
}

uint64_t
qa_files_line(const struct qa_files *f, size_t file, size_t part, uint32_t line)
{
	uint64_t n = 1;

	for (size_t i = 0; i < part && i < f->v[file].parts; i++)
		n += f->v[file].lines[i];
	return n + line;
}

void
qa_files_free(struct qa_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].lines);
		qa_close(&f->v[i].fd);
	}
	free(f->v);
	*f = (struct qa_files)QA_FILES;
}
