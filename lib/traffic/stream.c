/* A stream: standard input, a pipe, or what gzip packed. */
#include "read-private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { INPUT = 128 << 10 };

struct stream {
	struct qa_file *file;
	_Atomic uint64_t *done;
	bool packed, at_end; /* at_end: no more input */
	bool member;	     /* in the middle of a packed member */
	z_stream z;
	unsigned char in[INPUT];
};

static int
refill(struct stream *s, struct qa_err *err)
{
	ssize_t r = qa_sys->read(s->file->fd, s->in, sizeof s->in);

	if (r < 0)
		return qa_fail(err, errno, "cannot read %s: ", s->file->name);
	s->at_end = r == 0;
	s->z.next_in = s->in;
	s->z.avail_in = (uInt)r;
	if (s->file->size)
		atomic_fetch_add(s->done, (uint64_t)r);
	return 0;
}

static int
damaged(const struct stream *s, const char *why, struct qa_err *err)
{
	return qa_fail(err, EBADMSG, "cannot read %s: %s", s->file->name, why);
}

/* Up to N bytes to OUT, at least 1: their number, 0 at the end, -1. */
static ssize_t
unpack(struct stream *s, unsigned char *out, size_t n, struct qa_err *err)
{
	s->z.next_out = out;
	s->z.avail_out = (uInt)n;
	while (s->z.avail_out == n) {
		if (s->z.avail_in == 0 && !s->at_end && refill(s, err))
			return -1;
		if (s->z.avail_in == 0 && s->at_end)
			return s->member ? damaged(s, "it ends in the middle of its packing", err) : 0;
		if (!s->member && inflateReset(&s->z) != Z_OK)
			return damaged(s, "cannot unpack it", err);
		s->member = true;
		int rc = inflate(&s->z, Z_NO_FLUSH);
		if (rc == Z_STREAM_END)
			s->member = false;
		else if (rc != Z_OK && rc != Z_BUF_ERROR)
			return rc == Z_MEM_ERROR ? qa_fail(err, ENOMEM, "cannot unpack %s: ", s->file->name)
						 : damaged(s, "its packing is damaged", err);
	}
	return (ssize_t)(n - s->z.avail_out);
}

static ssize_t
more(struct stream *s, unsigned char *out, size_t n, struct qa_err *err)
{
	if (s->packed)
		return unpack(s, out, n, err);
	if (s->z.avail_in == 0 && refill(s, err))
		return -1;
	size_t k = s->z.avail_in < n ? s->z.avail_in : n;
	memcpy(out, s->z.next_in, k);
	s->z.next_in += k;
	s->z.avail_in -= (uInt)k;
	return (ssize_t)k;
}

int
qa_read_note(struct qa_file *file, size_t part, uint32_t lines)
{
	if (part >= file->parts_room) {
		size_t room = part + 1 > 2 * file->parts_room ? part + 1 : 2 * file->parts_room;
		uint32_t *v = realloc(file->lines, room * sizeof *v);

		if (!v)
			return -1;
		file->lines = v;
		file->parts_room = room;
	}
	file->lines[part] = lines;
	if (part >= file->parts)
		file->parts = part + 1;
	return 0;
}

/*
 * BUF holds the line before, then lines, then the start of one: START, END. A line that fills the whole buffer is given as it is, and what is left of it
 * passed over.
 */
static int
lines(struct stream *s, size_t number, unsigned char *buf, qa_read_part *part, void *worker, const atomic_bool *stop,
      struct qa_err *err)
{
	unsigned char *p = buf + QA_QUICK_PAD, *most = buf + QA_READ_BUFFER - QA_QUICK_PAD;
	size_t before = 0, n = 0; /* the line before at p, then n bytes */
	struct qa_part one = {.file = number};
	bool passing = false;

	while (!atomic_load(stop)) {
		unsigned char *start = p + before, *cut;
		ssize_t r = more(s, start + n, (size_t)(most - start) - n, err);

		if (r < 0)
			return -1;
		if (passing) {
			cut = r ? memchr(start, '\n', (size_t)r) : NULL;
			n = cut ? (size_t)(start + r - (cut + 1)) : 0;
			passing = !cut && r;
			memmove(start, start + r - n, n);
			if (r)
				continue;
		}
		n += (size_t)r;
		bool full = start + n == most;
		if (r && !full && n < QA_READ_CHUNK)
			continue; /* parts of one size, however the input comes */
		cut = n ? memrchr(start, '\n', n) : NULL;
		size_t whole = cut ? (size_t)(cut + 1 - start) : 0;
		if (r && !whole && !full)
			continue;
		if (r == 0 || (!whole && full)) {
			passing = r && !whole;
			whole = n;
		}
		if (whole) {
			one.p = start;
			one.n = whole;
			one.before = qa_span_of(p, before);
			if (qa_read_note(s->file, one.number, part(worker, &one)))
				return qa_fail(err, ENOMEM, "cannot read %s: ", s->file->name);
			one.number++;
		}
		if (r == 0)
			return 0;
		/* the last line of the part stays, and what follows it */
		unsigned char *last = whole > 1 ? memrchr(start, '\n', whole - 1) : NULL;
		last = last ? last + 1 : start;
		before = whole && !passing ? (size_t)(start + whole - last) : 0;
		if (before > QA_STATLINE_MAX)
			before = 0;
		n -= whole;
		memmove(p, start + whole - before, before + n);
	}
	return 0;
}

int
qa_read_stream(struct qa_file *file, size_t number, unsigned char *buf, qa_read_part *part, void *worker,
	       _Atomic uint64_t *done, const atomic_bool *stop, struct qa_err *err)
{
	struct stream *s = calloc(1, sizeof *s);
	int rc = -1;

	if (!s)
		return qa_fail(err, ENOMEM, "cannot read %s: ", file->name);
	s->file = file;
	s->done = done;
	/* a file may be read again, and a shared descriptor (standard input) may stand anywhere */
	if (file->size && lseek(file->fd, 0, SEEK_SET) < 0) {
		qa_fail(err, errno, "cannot read %s: ", file->name);
		goto end;
	}
	/* a pipe tells by its first bytes too */
	if (refill(s, err))
		goto end;
	if (s->z.avail_in == 1) {
		ssize_t r = qa_sys->read(file->fd, s->in + 1, 1);

		if (r < 0) {
			qa_fail(err, errno, "cannot read %s: ", file->name);
			goto end;
		}
		s->z.avail_in += (uInt)r;
	}
	s->packed = s->z.avail_in >= 2 && s->in[0] == 0x1f && s->in[1] == 0x8b;
	if (s->packed && inflateInit2(&s->z, 15 + 16) != Z_OK) {
		qa_fail(err, ENOMEM, "cannot unpack %s: ", file->name);
		goto end;
	}
	rc = lines(s, number, buf, part, worker, stop, err);
	if (s->packed)
		inflateEnd(&s->z);
end:
	free(s);
	return rc;
}
