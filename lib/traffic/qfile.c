#include "traffic/qfile.h"
#include "base/clock.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>
#include <unistd.h>
#include <zlib.h>

enum { PACKED = 65536 };

struct qa_qfile {
	char *path;
	int fd;
	bool stream, packed, ended;
	bool within, torn; /* within a member; and there the file ended */
	uint64_t dev, ino;
	uint64_t at; /* unpacked bytes given out */
	size_t head_n;
	unsigned char head[QA_QSOURCE_MARK];
	z_stream z;
	unsigned char *in; /* packed bytes */
};

static int
look(struct qa_qfile *f, struct qa_err *err)
{
	unsigned char magic[2];
	struct stat st;

	if (qa_sys->fstat(f->fd, &st))
		return qa_fail(err, errno, "cannot stat %s: ", f->path);
	if (S_ISDIR(st.st_mode))
		return qa_fail(err, EISDIR, "cannot read %s: ", f->path);
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->stream = !S_ISREG(st.st_mode);
	if (f->stream)
		return 0;
	int rc = qa_pread_all(f->fd, magic, 2, 0, f->path, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || magic[0] != 0x1f || magic[1] != 0x8b)
		return 0;
	f->packed = true;
	f->in = g_malloc(PACKED);
	if (inflateInit2(&f->z, 15 + 16) != Z_OK)
		return qa_fail(err, ENOMEM, "cannot unpack %s: ", f->path);
	return 0;
}

struct qa_qfile *
qa_qfile_open(int dirfd, const char *path, struct qa_err *err)
{
	struct qa_qfile *f = g_new0(struct qa_qfile, 1);

	f->path = g_strdup(path);
	if (strcmp(path, "-") == 0) {
		f->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (f->fd < 0)
			qa_fail(err, errno, "cannot read standard input: ");
	} else {
		f->fd = qa_open(dirfd, path, O_RDONLY | O_NOCTTY, 0, err);
	}
	if (f->fd < 0 || look(f, err)) {
		qa_qfile_close(f);
		return NULL;
	}
	return f;
}

void
qa_qfile_close(struct qa_qfile *f)
{
	int num = errno;

	if (!f)
		return;
	if (f->in) {
		inflateEnd(&f->z);
		g_free(f->in);
	}
	qa_close(&f->fd);
	g_free(f->path);
	g_free(f);
	errno = num;
}

static ssize_t
read_some(struct qa_qfile *f, unsigned char *p, size_t n, struct qa_err *err)
{
	ssize_t r;

	/* a stream has no offset, and a plain file may have been cut under its own */
	if (f->stream || f->packed)
		r = qa_sys->read(f->fd, p, n);
	else
		r = qa_sys->pread(f->fd, p, n, (off_t)f->at);
	if (r < 0)
		qa_fail(err, errno, "cannot read %s: ", f->path);
	return r;
}

static ssize_t
unpack(struct qa_qfile *f, unsigned char *p, size_t n, struct qa_err *err)
{
	f->z.next_out = p;
	f->z.avail_out = (uInt)n;
	while (f->z.avail_out == n && !f->ended) {
		if (f->z.avail_in == 0) {
			ssize_t r = read_some(f, f->in, PACKED, err);

			if (r < 0)
				return -1;
			if (r == 0) {
				f->ended = true;
				f->torn = f->within;
				break;
			}
			f->z.next_in = f->in;
			f->z.avail_in = (uInt)r;
		}
		int rc = inflate(&f->z, Z_NO_FLUSH);
		f->within = rc != Z_STREAM_END;
		if (rc == Z_STREAM_END) {
			/* another member may follow; what else follows is padding */
			if (f->z.avail_in == 0 || f->z.next_in[0] == 0x1f)
				rc = inflateReset(&f->z);
			else
				f->ended = true;
		}
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return qa_fail(err, EBADMSG, "%s is packed by gzip, and damaged after %llu bytes", f->path,
				       (unsigned long long)f->at);
	}
	return (ssize_t)(n - f->z.avail_out);
}

ssize_t
qa_qfile_read(struct qa_qfile *f, unsigned char *p, size_t n, struct qa_err *err)
{
	ssize_t r = f->packed ? unpack(f, p, n, err) : read_some(f, p, n, err);

	if (r <= 0)
		return r;
	if (f->head_n < sizeof f->head && f->at == f->head_n) {
		size_t more = sizeof f->head - f->head_n < (size_t)r ? sizeof f->head - f->head_n : (size_t)r;

		memcpy(f->head + f->head_n, p, more);
		f->head_n += more;
	}
	f->at += (uint64_t)r;
	return r;
}

/* Bytes up to OFFSET; the last ones stay in TAIL. */
static int
skip(struct qa_qfile *f, uint64_t offset, unsigned char *tail, size_t *tail_r, struct qa_err *err)
{
	unsigned char *room = g_malloc(2 * PACKED);
	size_t n = 0;
	ssize_t r = 1;

	while (f->at < offset && r > 0) {
		if (n > PACKED) {
			memmove(room, room + n - QA_QSOURCE_MARK, QA_QSOURCE_MARK);
			n = QA_QSOURCE_MARK;
		}
		r = qa_qfile_read(f, room + n, offset - f->at < PACKED - QA_QSOURCE_MARK ? (size_t)(offset - f->at) : PACKED - QA_QSOURCE_MARK,
				  err);
		n += r > 0 ? (size_t)r : 0;
	}
	*tail_r = n < QA_QSOURCE_MARK ? n : QA_QSOURCE_MARK;
	memcpy(tail, room + n - *tail_r, *tail_r);
	g_free(room);
	if (r < 0)
		return -1;
	return f->at == offset;
}

int
qa_qfile_goto(struct qa_qfile *f, uint64_t offset, unsigned char tail[QA_QSOURCE_MARK], size_t *tail_r, struct qa_err *err)
{
	struct stat st;

	*tail_r = 0;
	if (f->stream)
		return 0;
	if (!f->packed && offset > QA_QSOURCE_MARK * 2) {
		if (qa_sys->fstat(f->fd, &st))
			return qa_fail(err, errno, "cannot stat %s: ", f->path);
		if ((uint64_t)st.st_size < offset)
			return 0;
		int rc = skip(f, QA_QSOURCE_MARK, tail, tail_r, err);
		if (rc != 1)
			return rc;
		f->at = offset - QA_QSOURCE_MARK;
	}
	return skip(f, offset, tail, tail_r, err);
}

struct qa_digest
qa_qfile_head(const struct qa_qfile *f, uint64_t offset)
{
	return qa_sha256_of(qa_span_of(f->head, offset < f->head_n ? (size_t)offset : f->head_n));
}

const char *
qa_qfile_path(const struct qa_qfile *f)
{
	return f->path;
}

bool
qa_qfile_stream(const struct qa_qfile *f)
{
	return f->stream;
}

bool
qa_qfile_packed(const struct qa_qfile *f)
{
	return f->packed;
}

bool
qa_qfile_is(const struct qa_qfile *f, uint64_t dev, uint64_t ino)
{
	return f->dev == dev && f->ino == ino;
}

void
qa_qfile_id(const struct qa_qfile *f, uint64_t *dev_r, uint64_t *ino_r)
{
	*dev_r = f->dev;
	*ino_r = f->ino;
}

uint64_t
qa_qfile_at(const struct qa_qfile *f)
{
	return f->at;
}

bool
qa_qfile_cut(const struct qa_qfile *f, uint64_t *size_r)
{
	struct stat st;

	if (f->stream || f->packed || qa_sys->fstat(f->fd, &st))
		return false;
	*size_r = (uint64_t)st.st_size;
	return *size_r < f->at;
}

void
qa_qfile_rewind(struct qa_qfile *f)
{
	f->at = 0;
	f->head_n = 0;
}

int64_t
qa_qfile_mtime(const struct qa_qfile *f)
{
	struct stat st;

	if (f->stream || qa_sys->fstat(f->fd, &st))
		return (int64_t)qa_now();
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

bool
qa_qfile_torn(const struct qa_qfile *f)
{
	return f->torn;
}
