#include "traffic/xfer.h"

#include "sys/publish.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 64 << 10, GZIP = 16 + MAX_WBITS };

int
qa_xfer_read(int dirfd, const char *dir, const char *name, struct qa_buf *b, struct stat *st_r, struct qa_err *err)
{
	/* a FIFO must not make us wait */
	int fd = qa_sys->openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0), num = 0;
	ssize_t r = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return qa_fail(err, errno, "cannot open %s/%s: ", dir, name);
	if (qa_sys->fstat(fd, st_r))
		num = errno;
	else if (!S_ISREG(st_r->st_mode))
		num = EINVAL;
	else if (qa_buf_reserve(b, (size_t)st_r->st_size + 1))
		num = errno == EOVERFLOW ? EFBIG : errno;
	while (num == 0) {
		if (b->n == b->size && qa_buf_reserve(b, CHUNK)) {
			num = errno == EOVERFLOW ? EFBIG : errno;
			break;
		}
		r = qa_sys->read(fd, b->p + b->n, b->size - b->n);
		if (r < 0)
			num = errno;
		if (r <= 0)
			break;
		b->n += (size_t)r;
	}
	qa_close(&fd);
	if (num == EINVAL && !S_ISREG(st_r->st_mode))
		return qa_fail(err, num, "%s/%s is no regular file", dir, name);
	return num ? qa_fail(err, num, "cannot read %s/%s: ", dir, name) : 1;
}

/* Writes bytes to fd as a gzip file that remembers NAME and its time. */
static int
gz_write(int fd, qa_span bytes, const char *name, const struct stat *st, const char *target, struct qa_err *err)
{
	static unsigned char out[CHUNK];
	char original[300];
	gz_header head = {.time = (uLong)st->st_mtime, .os = 3, .name = (Bytef *)original};
	z_stream z = {0};
	int rc = Z_OK, failed = 0;

	snprintf(original, sizeof original, "%s", name);
	/* the fastest level: a tenth larger than the usual one in a third of the time */
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return qa_fail(err, ENOMEM, "cannot compress %s: ", target);
	deflateSetHeader(&z, &head);
	z.next_in = (z_const Bytef *)(uintptr_t)bytes.p;
	z.avail_in = (uInt)bytes.n; /* below QA_XFER_FILE */
	while (rc == Z_OK && !failed) {
		z.next_out = out;
		z.avail_out = sizeof out;
		rc = deflate(&z, Z_FINISH);
		if (rc == Z_OK || rc == Z_STREAM_END)
			failed = qa_write_all(fd, out, sizeof out - z.avail_out, target, err);
	}
	deflateEnd(&z);
	if (!failed && rc != Z_STREAM_END)
		return qa_fail(err, EINVAL, "cannot compress %s", target);
	return failed;
}

/* Whether the gzip file fd holds exactly bytes: 1, 0, -1. */
static int
gz_same(int fd, qa_span bytes, const char *target, struct qa_err *err)
{
	static unsigned char in[CHUNK], out[CHUNK];
	z_stream z = {0};
	ssize_t got = 0;
	off_t at = 0;
	int rc = Z_OK;

	if (inflateInit2(&z, GZIP) != Z_OK)
		return qa_fail(err, ENOMEM, "cannot read %s: ", target);
	while (rc == Z_OK) {
		if (z.avail_in == 0) {
			got = qa_sys->pread(fd, in, sizeof in, at);
			if (got <= 0)
				break;
			at += got;
			z.next_in = in;
			z.avail_in = (uInt)got;
		}
		z.next_out = out;
		z.avail_out = sizeof out;
		rc = inflate(&z, Z_NO_FLUSH);
		size_t n = sizeof out - z.avail_out;
		if (n > bytes.n || (n && memcmp(out, bytes.p, n) != 0))
			rc = Z_DATA_ERROR;
		bytes = qa_span_cut(bytes, n, bytes.n);
	}
	bool rest = z.avail_in != 0;
	inflateEnd(&z);
	if (rc == Z_STREAM_END && !rest)
		got = qa_sys->pread(fd, in, 1, at);
	if (got < 0)
		return qa_fail(err, errno, "cannot read %s: ", target);
	return rc == Z_STREAM_END && !rest && got == 0 && bytes.n == 0;
}

/* loaded/NAME.gz is there: durable and the same? 1 yes; 0 not there; -1. */
static int
there(int dirfd, const char *dir, const char *target, qa_span bytes, struct qa_err *err)
{
	char path[1024];
	int fd = qa_sys->openat(dirfd, target, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);

	snprintf(path, sizeof path, "%s/%s", dir, target);
	if (fd < 0)
		return errno == ENOENT ? 0 : qa_fail(err, errno, "cannot open %s: ", path);
	int rc = gz_same(fd, bytes, path, err);
	if (rc == 0)
		rc = qa_fail(err, EEXIST, "%s is there already and holds something else", path);
	/* whoever put it there may have died before this */
	if (rc == 1 && qa_fsync(fd, path, err))
		rc = -1;
	if (rc == 1 && qa_fsync_dir(dirfd, "loaded", err))
		rc = -1;
	int num = errno;
	qa_close(&fd);
	errno = num;
	return rc;
}

static int
make(int dirfd, const char *name, const char *target, qa_span bytes, const struct stat *st, struct qa_err *err)
{
	struct qa_publish p;

	if (qa_publish_begin(&p, dirfd, target, st->st_mode & 0777, err))
		return -1;
	int rc = gz_write(p.fd, bytes, name, st, target, err) ? -1 : gz_same(p.fd, bytes, target, err);
	if (rc == 0)
		qa_fail(err, EIO, "%s reads back as something else than was written", target);
	if (rc != 1) {
		qa_publish_abort(&p);
		return -1;
	}
	return qa_publish_end_new(&p, err);
}

/* Whether NAME is still the file that was read. */
static bool
unchanged(int dirfd, const char *name, const struct stat *was)
{
	struct stat st;

	return qa_sys->fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == was->st_dev && st.st_ino == was->st_ino &&
	       st.st_size == was->st_size && st.st_mtim.tv_sec == was->st_mtim.tv_sec && st.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

static int
move(int dirfd, const char *dir, const char *name, qa_span bytes, const struct stat *st, struct qa_err *err)
{
	char target[300];

	if (snprintf(target, sizeof target, "loaded/%s.gz", name) >= (int)sizeof target)
		return qa_fail(err, ENAMETOOLONG, "cannot move %s/%s: ", dir, name);
	int rc = there(dirfd, dir, target, bytes, err);
	if (rc < 0)
		return -1;
	if (rc == 0 && make(dirfd, name, target, bytes, st, err))
		return qa_fail_in(err, "%s/%s stays where it is", dir, name);
	if (!unchanged(dirfd, name, st))
		return qa_fail(err, EBUSY, "%s/%s was changed while it was compressed to loaded/; it stays", dir, name);
	if (qa_sys->unlinkat(dirfd, name, 0) && errno != ENOENT)
		return qa_fail(err, errno, "cannot remove %s/%s: ", dir, name);
	return 1; /* not synced: should a power cut bring it back, the next run removes it again */
}

/* The folder loaded, made if it must be, and ours alone until the descriptor is closed, where locks are to be had. */
static int
loaded_open(int dirfd, const char *dir, struct qa_err *err)
{
	int fd;

	if (qa_mkdirs(dirfd, "loaded", 0755, err))
		return qa_fail_in(err, "%s", dir);
	fd = qa_open(dirfd, "loaded", O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return qa_fail_in(err, "%s", dir);
	/* what a crash left; without a lock it may be another run's */
	if (flock(fd, LOCK_EX) == 0 && qa_publish_sweep(dirfd, "loaded", err) < 0) {
		qa_close(&fd);
		return -1;
	}
	return fd;
}

int
qa_xfer_file(int dirfd, const char *dir, const char *name, const struct qa_digest *loaded, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(QA_XFER_FILE);
	struct stat st;
	int lock = -1, rc = 0;

	if (qa_sys->fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : qa_fail(err, errno, "cannot look at %s/%s: ", dir, name);
	lock = loaded_open(dirfd, dir, err);
	if (lock < 0)
		return -1;
	rc = qa_xfer_read(dirfd, dir, name, &b, &st, err);
	if (rc == 1 && loaded) {
		struct qa_digest now = qa_sha256_of(qa_buf_span(&b));

		if (!qa_digest_eq(&now, loaded))
			rc = qa_fail(err, EBUSY, "%s/%s was changed after it was loaded", dir, name);
	}
	if (rc == 1)
		rc = move(dirfd, dir, name, qa_buf_span(&b), &st, err);
	int num = errno;
	qa_close(&lock);
	qa_buf_free(&b);
	errno = num;
	return rc;
}
