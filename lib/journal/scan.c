#include "journal/scan.h"
#include "base/num.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	WINDOW = 256 << 10,
	SMALL = 1 << 20, /* larger records are mapped */
	PAGE = 4096,	 /* what is skipped at a time where the disk cannot read */
};

/* What stands at a place of the file. */
enum found { GOOD, NOTHING, BAD, UNREADABLE, TROUBLE };

/*
 * At least WANT bytes at AT, fewer only where the file ends (or is unreadable a bit further): 0, or -1 with errno.
 * The window read may be older than this call of qa_scan_next; s->fresh tells.
 */
static int
look(struct qa_scan *s, uint64_t at, size_t want, qa_span *got_r)
{
	if (at >= s->win_at && at - s->win_at <= s->win_n && s->win_n - (at - s->win_at) >= want) {
		size_t skip = (size_t)(at - s->win_at);

		*got_r = qa_span_of(s->win + skip, s->win_n - skip);
		return 0;
	}
	size_t size = want > WINDOW ? want : WINDOW;
	if (size > s->win_size) {
		unsigned char *p = realloc(s->win, size);

		if (!p)
			return -1;
		s->win = p;
		s->win_size = size;
	}
	s->win_at = at;
	s->win_n = 0;
	s->fresh = true;
	while (s->win_n < size) {
		ssize_t r = qa_sys->pread(s->fd, s->win + s->win_n, size - s->win_n, (off_t)(at + s->win_n));

		if (r < 0 && s->win_n < want)
			return -1;
		if (r <= 0)
			break;
		s->win_n += (size_t)r;
	}
	*got_r = qa_span_of(s->win, s->win_n);
	return 0;
}

static void
unmap(struct qa_scan *s)
{
	if (s->map)
		munmap(s->map, s->map_n);
	s->map = NULL;
}

/* Hashes a large message by pread, and reads the fields behind it, so that all is known to be readable. */
static enum found
read_large(struct qa_scan *s, const struct qa_scanned *rec, struct qa_digest *digest_r)
{
	uint64_t at = rec->offset + QA_JOURNAL_RECORD_HEADER, end = rec->offset + rec->size;
	uint64_t message_end = at + rec->head.message;
	struct qa_sha256 sha;
	qa_span got;

	qa_sha256_init(&sha);
	while (at < end) {
		size_t n = end - at > WINDOW ? WINDOW : (size_t)(end - at);

		if (look(s, at, n, &got))
			return errno == EIO ? UNREADABLE : TROUBLE;
		if (got.n < n)
			return BAD;
		if (at < message_end)
			qa_sha256_add(&sha, got.p, message_end - at < n ? (size_t)(message_end - at) : n);
		at += n;
	}
	*digest_r = qa_sha256_end(&sha);
	return GOOD;
}

static enum found
take_large(struct qa_scan *s, struct qa_scanned *rec, const unsigned char *head)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skip = rec->offset % page;
	unsigned char keep[QA_JOURNAL_RECORD_HEADER];
	struct qa_digest digest;
	struct stat st;

	memcpy(keep, head, sizeof keep);
	if (qa_sys->fstat(s->fd, &st))
		return TROUBLE;
	if (st.st_size < 0 || (uint64_t)st.st_size < rec->offset ||
	    (uint64_t)st.st_size - rec->offset < rec->size)
		return BAD;
	enum found found = read_large(s, rec, &digest);
	if (found != GOOD)
		return found;
	s->map_n = (size_t)(skip + rec->size);
	void *p = mmap(NULL, s->map_n, PROT_READ, MAP_SHARED, s->fd, (off_t)(rec->offset - skip));
	if (p == MAP_FAILED)
		return TROUBLE;
	s->map = p;
	rec->message = qa_span_of((const unsigned char *)p + skip + QA_JOURNAL_RECORD_HEADER,
				  (size_t)rec->head.message);
	rec->fields = qa_span_of(rec->message.p + rec->message.n, (size_t)rec->head.fields);
	if (!qa_digest_eq(&digest, &rec->head.digest) || !qa_record_check_fields(keep, rec->fields)) {
		unmap(s);
		return BAD;
	}
	return GOOD;
}

static enum found
take_small(struct qa_scan *s, struct qa_scanned *rec)
{
	qa_span got;

	if (look(s, rec->offset, (size_t)rec->size, &got))
		return errno == EIO ? UNREADABLE : TROUBLE;
	if (got.n < rec->size)
		return BAD;
	rec->message = qa_span_cut(got, QA_JOURNAL_RECORD_HEADER, (size_t)rec->head.message);
	rec->fields = qa_span_cut(got, QA_JOURNAL_RECORD_HEADER + (size_t)rec->head.message,
				  (size_t)rec->head.fields);
	struct qa_digest digest = qa_sha256_of(rec->message);
	if (!qa_digest_eq(&digest, &rec->head.digest) || !qa_record_check_fields(got.p, rec->fields))
		return BAD;
	return GOOD;
}

/* The record at OFFSET. rec->size is 8 where not even the header is one, else the record's own. */
static enum found
take(struct qa_scan *s, uint64_t offset, struct qa_scanned *rec, struct qa_err *err)
{
	qa_span got;

	rec->offset = offset;
	rec->size = QA_JOURNAL_ALIGN;
	if (look(s, offset, QA_JOURNAL_RECORD_HEADER, &got)) {
		qa_fail(err, errno, "cannot read %s: ", s->name);
		return errno == EIO ? UNREADABLE : TROUBLE;
	}
	if (got.n < QA_JOURNAL_RECORD_HEADER) {
		for (size_t i = 0; i < got.n; i++)
			if (got.p[i])
				return BAD;
		return NOTHING;
	}
	int rc = qa_record_head_get(got.p, &rec->head, err);
	if (rc == 0)
		return NOTHING;
	if ((rc < 0 && errno != ENOTSUP) || !qa_record_check_head(got.p, s->head.salt, offset))
		return BAD;
	if (rc < 0) {
		qa_fail_in(err, "%s at %llu", s->name, (unsigned long long)offset);
		return TROUBLE;
	}
	if (qa_record_size(&rec->head, &rec->size))
		return BAD;
	enum found found = rec->size > SMALL ? take_large(s, rec, got.p) : take_small(s, rec);
	if (found == UNREADABLE || found == TROUBLE)
		qa_fail(err, errno, "cannot read %s: ", s->name);
	return found;
}

/* The first place from FROM on, a multiple of 8, where a header of a record could start: 1, 0 none, -1. */
static int
next_magic(struct qa_scan *s, uint64_t *from, bool *unreadable, struct qa_err *err)
{
	for (;;) {
		qa_span got;

		if (look(s, *from, QA_JOURNAL_RECORD_HEADER, &got)) {
			if (errno != EIO)
				return qa_fail(err, errno, "cannot read %s: ", s->name);
			*unreadable = true;
			*from += PAGE - *from % PAGE;
			continue;
		}
		if (got.n < QA_JOURNAL_RECORD_HEADER)
			return 0;
		size_t i = 0;
		for (; got.n - i >= QA_JOURNAL_RECORD_HEADER; i += QA_JOURNAL_ALIGN) {
			if (memcmp(got.p + i, "qarc", 4) == 0) {
				*from += i;
				return 1;
			}
		}
		*from += i;
	}
}

/* The first whole record from FROM on. */
static enum found
find_next(struct qa_scan *s, uint64_t from, bool *unreadable, struct qa_scanned *rec, struct qa_err *err)
{
	int rc;

	while ((rc = next_magic(s, &from, unreadable, err)) > 0) {
		enum found found = take(s, from, rec, err);

		if (found == GOOD || found == TROUBLE)
			return found;
		*unreadable |= found == UNREADABLE;
		from += rec->size;
	}
	return rc < 0 ? TROUBLE : NOTHING;
}

/* A closed file does not go on at s->at: is it the end, a torn tail, or damage? */
static int
go_on(struct qa_scan *s, enum found found, uint64_t skip, struct qa_scanned *rec, struct qa_err *err)
{
	bool unreadable = found == UNREADABLE;
	struct stat st;

	switch (find_next(s, s->at + skip, &unreadable, rec, err)) {
	case GOOD:
		s->damaged += rec->offset - s->at;
		s->at = rec->offset + rec->size;
		return 1;
	case TROUBLE:
		return -1;
	default:
		break;
	}
	if (unreadable) {
		if (qa_sys->fstat(s->fd, &st))
			return qa_fail(err, errno, "cannot read %s: ", s->name);
		if ((uint64_t)st.st_size > s->at) {
			s->damaged += (uint64_t)st.st_size - s->at;
			s->at = (uint64_t)st.st_size;
		}
	} else if (found == BAD) {
		s->torn = true;
	}
	return 0;
}

/* The file header, when it is there: 1, 0 not yet, -1. In an open file a bad one may be half written: not yet. */
static int
read_head(struct qa_scan *s, bool closed, struct qa_err *err)
{
	static const unsigned char zeros[QA_JOURNAL_FILE_HEADER];
	unsigned char head[QA_JOURNAL_FILE_HEADER];
	int rc = qa_pread_all(s->fd, head, sizeof head, 0, s->name, err);

	if (rc < 0)
		return errno == EIO && !closed ? 0 : -1;
	if (rc == 0 || memcmp(head, zeros, sizeof head) == 0)
		return 0;
	if (qa_journal_head_get(head, &s->head, err))
		return errno == EBADMSG && !closed ? 0 : qa_fail_in(err, "%s", s->name);
	s->at = QA_JOURNAL_FILE_HEADER;
	return 1;
}

int
qa_scan_next(struct qa_scan *s, bool closed, struct qa_scanned *rec_r, struct qa_err *err)
{
	enum found found;

	unmap(s);
	if (s->at == 0) {
		int rc = read_head(s, closed, err);

		if (rc <= 0)
			return rc;
	}
	s->fresh = false;
	found = take(s, s->at, rec_r, err);
	if (found != GOOD && found != TROUBLE && !s->fresh) {
		s->win_n = 0; /* it was read before: the file may have grown since */
		found = take(s, s->at, rec_r, err);
	}
	if (found == GOOD) {
		s->at += rec_r->size;
		return 1;
	}
	if (found == TROUBLE)
		return -1;
	if (!closed)
		return 0;
	return go_on(s, found, rec_r->size, rec_r, err);
}

int
qa_scan_open(struct qa_scan *s, int dirfd, const char *path, const char *name, struct qa_err *err)
{
	memset(s, 0, sizeof *s);
	s->name = name;
	s->fd = qa_sys->openat(dirfd, path, O_RDONLY | O_CLOEXEC, 0);
	if (s->fd < 0)
		return qa_fail(err, errno, "cannot open %s: ", name);
	return 0;
}

int
qa_scan_seek(struct qa_scan *s, uint64_t offset, struct qa_err *err)
{
	if (s->at == 0) {
		int rc = read_head(s, true, err);

		if (rc == 0)
			return qa_fail(err, EBADMSG, "%s has no header", s->name);
		if (rc < 0)
			return -1;
	}
	if (offset < QA_JOURNAL_FILE_HEADER || offset % QA_JOURNAL_ALIGN)
		return qa_fail(err, EINVAL, "no record starts at %llu of %s", (unsigned long long)offset,
			       s->name);
	s->at = offset;
	return 0;
}

int
qa_scan_claim(struct qa_scan *s, struct qa_err *err)
{
	if (flock(s->fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	if (errno == EWOULDBLOCK || errno == EINTR)
		return 0;
	return qa_fail(err, errno, "cannot lock %s: ", s->name);
}

void
qa_scan_close(struct qa_scan *s)
{
	unmap(s);
	free(s->win);
	s->win = NULL;
	s->win_n = s->win_size = 0;
	qa_close(&s->fd);
}
