#include "traffic/qkeep-private.h"
#include "traffic/qjoin.h"
#include "traffic/qlist.h"
#include "sys/publish.h"
#include "sys/sys.h"

#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <sys/file.h>

static const size_t most = (size_t)1 << 30;

struct qa_qkeep {
	char *file, *folder, *state;
	int lock, fd;
	uint64_t dev, ino, length; /* of the file that is open; length is ours, with the lines of the state */
	bool unsettled;
	struct qa_buf lines, text, open;
	size_t size;
	char said[300];
};

/* Opens the file, which is made when it is missing, and locks it. */
static int
open_file(struct qa_qkeep *k, struct qa_err *err)
{
	struct stat st;
	k->fd = qa_open(AT_FDCWD, k->file, O_RDWR | O_CREAT | O_NOCTTY | O_NONBLOCK, 0660, err);
	if (k->fd < 0)
		return -1;
	if (qa_sys->fstat(k->fd, &st))
		return qa_fail(err, errno, "cannot stat %s: ", k->file);
	if (!S_ISREG(st.st_mode))
		return qa_fail(err, EINVAL, "%s is no regular file, so it has no place to go on at", k->file);
	if (flock(k->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? qa_fail(err, EWOULDBLOCK, "%s is being written by another process", k->file)
					    : qa_fail(err, errno, "cannot lock %s: ", k->file);
	k->dev = st.st_dev;
	k->ino = st.st_ino;
	k->length = (uint64_t)st.st_size;
	/* whoever made it may have died before its name was durable */
	return qa_fsync_dir(AT_FDCWD, k->folder, err);
}

static int
size_of(const struct qa_qkeep *k, int fd, uint64_t *size_r, struct qa_err *err)
{
	struct stat st;

	if (qa_sys->fstat(fd, &st))
		return qa_fail(err, errno, "cannot stat %s: ", k->file);
	*size_r = (uint64_t)st.st_size;
	return 0;
}

/* Digest of the bytes before LENGTH of FD: 1, 0 when it is shorter, -1. */
static int
last_of(int fd, uint64_t length, const char *name, struct qa_digest *d, struct qa_err *err)
{
	unsigned char p[QA_QSOURCE_MARK];
	size_t n = length < sizeof p ? (size_t)length : sizeof p;
	int rc = n ? qa_pread_all(fd, p, n, length - n, name, err) : 1;

	if (rc == 1)
		*d = qa_sha256_of(qa_span_of(p, n));
	return rc;
}

/* Whether FD goes on, at the length of S, behind what was written before: 1, 0, -1. */
static int
ours(int fd, const struct qa_qstate *s, const char *name, struct qa_err *err)
{
	struct qa_digest d;
	int rc = last_of(fd, s->length, name, &d, err);

	return rc == 1 ? qa_digest_eq(&d, &s->last) : rc;
}

static int
strange(const struct qa_qkeep *k, uint64_t length, uint64_t size, struct qa_err *err)
{
	return qa_fail(err, EBADMSG, "%s has %llu bytes where logstat has written %llu: somebody else writes it", k->file,
		       (unsigned long long)size, (unsigned long long)length);
}

/* The state's lines to their place in FD; again they are the same bytes. */
static int
write_lines(int fd, const struct qa_qstate *s, const char *name, struct qa_err *err)
{
	return qa_pwrite_all(fd, s->lines.p, s->lines.n, s->length, name, err);
}

/* Whether NAME, with ST, may be the file of S under another name: its inode, or what rotation makes of the name. */
static bool
renamed(const struct qa_qkeep *k, const struct qa_qstate *s, const char *name, const struct stat *st)
{
	const char *base = qa_qlist_base(k->file);
	size_t n = strlen(base);

	if (!S_ISREG(st->st_mode) || (uint64_t)st->st_size - s->length > s->lines.n)
		return false;
	return (st->st_dev == s->dev && st->st_ino == s->ino) ||
	       (s->length && strncmp(name, base, n) == 0 && (name[n] == '.' || name[n] == '-'));
}

/* The same for the file that was renamed, if it lies in the same folder: 1, 0 it does not, -1. */
static int
write_old(struct qa_qkeep *k, const struct qa_qstate *s, struct qa_err *err)
{
	struct qa_names names;
	int rc = 0;

	if (qa_listdir(AT_FDCWD, k->folder, &names, err))
		return -1;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char *path = g_build_filename(k->folder, names.v[i], NULL);
		struct stat st;

		if (qa_sys->fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && renamed(k, s, names.v[i], &st)) {
			int fd = qa_open(AT_FDCWD, path, O_RDWR | O_NOFOLLOW, 0, err);

			rc = fd < 0 ? -1 : ours(fd, s, path, err);
			if (rc == 1 && (write_lines(fd, s, path, err) || qa_fdatasync(fd, path, err)))
				rc = -1;
			qa_close(&fd);
		}
		g_free(path);
	}
	qa_names_free(&names);
	return rc;
}

/* The file is another one, or was cut, and the state has lines. */
static int
elsewhere(struct qa_qkeep *k, const struct qa_qstate *s, enum qa_qkeep_pending pending, struct qa_err *err)
{
	int rc = write_old(k, s, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (pending == QA_QKEEP_ASK)
		return qa_fail(err, EBADMSG,
			       "%s was moved or cut after a run that did not end well; whether the last %zu bytes of lines in %s had "
			       "reached it nobody knows: put it back, or say --pending=write or --pending=drop",
			       k->file, s->lines.n, k->state);
	if (pending == QA_QKEEP_DROP)
		return 0;
	if (qa_pwrite_all(k->fd, s->lines.p, s->lines.n, k->length, k->file, err))
		return -1;
	k->length += s->lines.n;
	k->unsettled = true;
	return 0;
}

/* Brings the file up to the state. */
static int
recover(struct qa_qkeep *k, const struct qa_qstate *s, enum qa_qkeep_pending pending, struct qa_err *err)
{
	bool same = k->dev == s->dev && k->ino == s->ino;
	uint64_t size = k->length;
	/* an empty beginning tells nothing about a file */
	int rc = same || s->length ? ours(k->fd, s, k->file, err) : 0;

	if (rc < 0)
		return -1;
	if (rc == 1) {
		if (size - s->length > s->lines.n)
			return strange(k, s->length + s->lines.n, size, err);
		k->length = s->length + s->lines.n;
		k->unsettled = s->lines.n > 0;
		return write_lines(k->fd, s, k->file, err);
	}
	if (same)
		snprintf(k->said, sizeof k->said, "%.200s was cut from %llu to %llu bytes: going on at its end", k->file,
			 (unsigned long long)s->length, (unsigned long long)size);
	return s->lines.n ? elsewhere(k, s, pending, err) : 0;
}

static int
load(struct qa_qkeep *k, enum qa_qkeep_pending pending, struct qa_qjoin *j, struct qa_qpos *pos, struct qa_err *err)
{
	struct qa_qstate s;

	if (qa_qstate_get(qa_buf_span(&k->text), &s))
		return qa_fail(err, EBADMSG, "%s is no state of logstat, or damaged", k->state);
	if (qa_qjoin_load(j, s.open, err))
		return qa_fail_in(err, "%s", k->state);
	*pos = s.pos;
	k->size = k->text.n;
	return recover(k, &s, pending, err);
}

/* The folder of the state, its lock, and what a killed process left in it. */
static int
open_folder(struct qa_qkeep *k, const char *folder, struct qa_err *err)
{
	char *lock = g_build_filename(folder, "lock", NULL);
	struct stat st;

	if (qa_sys->fstatat(AT_FDCWD, folder, &st, 0) == 0 || qa_mkdirs(AT_FDCWD, folder, 0700, err) == 0)
		k->lock = qa_lock(AT_FDCWD, lock, err);
	g_free(lock);
	if (k->lock < 0)
		return errno == EWOULDBLOCK ? qa_fail(err, EWOULDBLOCK, "%s is in use by another logstat", folder) : -1;
	return qa_publish_sweep(AT_FDCWD, folder, err) < 0 ? -1 : 0;
}

struct qa_qkeep *
qa_qkeep_open(const char *file, const char *folder, enum qa_qkeep_pending pending, struct qa_qjoin *j, struct qa_qpos *pos,
	      bool *found_r, struct qa_err *err)
{
	struct qa_qkeep *k = g_new0(struct qa_qkeep, 1);
	int rc;

	*pos = (struct qa_qpos){.any = false};
	k->file = g_strdup(file);
	k->state = g_build_filename(folder, "state", NULL);
	k->folder = g_path_get_dirname(file);
	k->lines.limit = k->text.limit = k->open.limit = most;
	k->fd = k->lock = -1;
	rc = open_folder(k, folder, err) || open_file(k, err) ? -1 : qa_slurp(AT_FDCWD, k->state, &k->text, err);
	*found_r = rc == 1;
	if (rc == 1)
		rc = load(k, pending, j, pos, err);
	if (rc == 0)
		return k;
	qa_qkeep_close(k);
	return NULL;
}

void
qa_qkeep_close(struct qa_qkeep *k)
{
	int num = errno;

	if (!k)
		return;
	qa_close(&k->fd);
	qa_close(&k->lock);
	qa_buf_free(&k->lines);
	qa_buf_free(&k->text);
	qa_buf_free(&k->open);
	g_free(k->file);
	g_free(k->folder);
	g_free(k->state);
	g_free(k);
	errno = num;
}

int
qa_qkeep_line(struct qa_qkeep *k, qa_span line)
{
	return qa_buf_addspan(&k->lines, line);
}

size_t
qa_qkeep_waiting(const struct qa_qkeep *k)
{
	return k->lines.n;
}

bool
qa_qkeep_unsettled(const struct qa_qkeep *k)
{
	return k->unsettled;
}

size_t
qa_qkeep_size(const struct qa_qkeep *k)
{
	return k->size;
}

static int
publish(struct qa_qkeep *k, const struct qa_qpos *pos, const struct qa_qjoin *j, qa_span lines, struct qa_err *err)
{
	struct qa_qstate s = {.dev = k->dev, .ino = k->ino, .length = k->length, .pos = *pos, .lines = lines};
	int rc;

	qa_buf_clear(&k->open);
	qa_buf_clear(&k->text);
	if (qa_qjoin_save(j, &k->open, err))
		return qa_fail_in(err, "cannot write %s", k->state);
	s.open = qa_buf_span(&k->open);
	rc = last_of(k->fd, k->length, k->file, &s.last, err);
	if (rc != 1)
		return rc < 0 ? -1 : strange(k, k->length, 0, err);
	if (qa_qstate_put(&s, &k->text))
		return qa_fail(err, errno, "cannot write %s: ", k->state);
	k->size = k->text.n;
	return qa_publish(AT_FDCWD, k->state, qa_buf_span(&k->text), 0600, err);
}

/* Makes the lines of the last state durable, and leaves a file that was renamed for a new one. */
static int
ready(struct qa_qkeep *k, struct qa_err *err)
{
	struct stat st;
	uint64_t size;

	if (k->unsettled && qa_fdatasync(k->fd, k->file, err))
		return -1;
	if (qa_sys->fstatat(AT_FDCWD, k->file, &st, 0) || st.st_dev != k->dev || st.st_ino != k->ino) {
		qa_close(&k->fd);
		return open_file(k, err);
	}
	if (size_of(k, k->fd, &size, err))
		return -1;
	if (size > k->length)
		return strange(k, k->length, size, err);
	if (size < k->length) {
		snprintf(k->said, sizeof k->said, "%.200s was cut from %llu to %llu bytes: going on at its end", k->file,
			 (unsigned long long)k->length, (unsigned long long)size);
		k->length = size;
	}
	return 0;
}

int
qa_qkeep_commit(struct qa_qkeep *k, const struct qa_qpos *pos, const struct qa_qjoin *j, struct qa_err *err)
{
	qa_span lines = qa_buf_span(&k->lines);

	if (lines.n == 0)
		return qa_qkeep_settle(k, pos, j, err);
	if (ready(k, err) || publish(k, pos, j, lines, err) ||
	    qa_pwrite_all(k->fd, lines.p, lines.n, k->length, k->file, err))
		return -1;
	k->length += lines.n;
	k->unsettled = true;
	qa_buf_clear(&k->lines);
	return 0;
}

int
qa_qkeep_settle(struct qa_qkeep *k, const struct qa_qpos *pos, const struct qa_qjoin *j, struct qa_err *err)
{
	assert(k->lines.n == 0);
	if (ready(k, err) || publish(k, pos, j, qa_span_of(NULL, 0), err))
		return -1;
	k->unsettled = false;
	return 0;
}

const char *
qa_qkeep_said(struct qa_qkeep *k)
{
	static _Thread_local char text[sizeof k->said];

	if (!k->said[0])
		return NULL;
	memcpy(text, k->said, sizeof text);
	k->said[0] = '\0';
	return text;
}
