#include "traffic/qsource-private.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

void QA_PRINTF(3, 4)
qa_qsource_say(struct qa_qsource *s, bool gap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->said, sizeof s->said, fmt, ap);
	va_end(ap);
	s->gap |= gap;
}

void
qa_qsource_stamp(struct qa_qsource *s, int64_t last, uint32_t nano)
{
	snprintf(s->last, sizeof s->last, "@%016llx%08x", (unsigned long long)last + (1ULL << 62) + 10, nano);
}

bool
qa_qsource_is_folder(const char *name)
{
	struct stat st;

	return qa_sys->fstatat(AT_FDCWD, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* Names that may hold what NAMES[K] did, the oldest first. */
int
qa_qsource_list(const struct qa_qsource *s, size_t k, struct qa_qlist *l, struct qa_err *err)
{
	return qa_qsource_is_folder(s->names[k]) ? qa_qlist_folder(s->names[k], l, err) : qa_qlist_rotated(s->names[k], l, err);
}

/* The place behind what was handed out of the file that is read. */
static void
place(const struct qa_qsource *s, struct qa_qpos *pos)
{
	pos->any = true;
	qa_qfile_id(s->f, &pos->dev, &pos->ino);
	pos->offset = qa_qfile_at(s->f) - (s->end - s->done);
	pos->head = qa_qfile_head(s->f, pos->offset);
	pos->tail = qa_sha256_of(qa_span_of(s->buf + s->done - s->mark, s->mark));
}

void
qa_qsource_pos(const struct qa_qsource *s, struct qa_qpos *pos)
{
	if (s->begun && s->f && !qa_qfile_stream(s->f))
		place(s, pos);
	else
		*pos = s->before;
}

/* Goes on in F, which becomes the source's. CARRY: what was left of the file before begins its first line. */
void
qa_qsource_turn(struct qa_qsource *s, struct qa_qfile *f, bool carry)
{
	if (s->f) {
		struct qa_qpos here;

		qa_qsource_pos(s, &here);
		s->before = here;
		qa_qfile_close(s->f);
	}
	s->f = f;
	s->begun = s->sure = false;
	s->mark = 0;
	if (!carry) {
		s->end = s->done;
		s->skip = false;
	}
	s->carried = s->end - s->done;
}

struct qa_qsource *
qa_qsource_open(const char *const *names, size_t n, const struct qa_qpos *from, int64_t last, uint32_t nano, struct qa_err *err)
{
	struct qa_qsource *s = g_new0(struct qa_qsource, 1);
	int rc = 0;

	s->names = names;
	s->n = n;
	s->buf = g_malloc(ROOM + QA_QSOURCE_LINE + QA_QSOURCE_MARK);
	if (from && from->any)
		rc = qa_qsource_find(s, from, err);
	if (rc == 0) {
		s->mark = s->done = s->end = 0;
		if (from && from->any) {
			s->before = *from;
			if (last)
				qa_qsource_stamp(s, last, nano);
			qa_qsource_say(s, true, "the place where reading ended is in no file any more: lines may be missing");
		}
		rc = qa_qsource_first(s, 0, err);
	}
	if (rc < 0) {
		qa_qsource_free(s);
		return NULL;
	}
	return s;
}

void
qa_qsource_free(struct qa_qsource *s)
{
	if (!s)
		return;
	qa_qfile_close(s->f);
	qa_qlist_free(&s->list);
	g_free(s->buf);
	g_free(s);
}

/* Bytes before done that are still of use go to the front, the others out. */
static void
compact(struct qa_qsource *s)
{
	size_t keep = s->done < QA_QSOURCE_MARK ? s->done : QA_QSOURCE_MARK, from = s->done - keep;

	if (from == 0)
		return;
	memmove(s->buf, s->buf + from, s->end - from);
	s->done -= from;
	s->end -= from;
	if (s->mark > keep)
		s->mark = keep;
}

/* Takes the bytes up to TO as handed out. */
static qa_span
hand_out(struct qa_qsource *s, size_t to)
{
	qa_span lines = qa_span_of(s->buf + s->done, to - s->done);
	size_t own = lines.n - s->carried;

	s->bytes += lines.n;
	s->begun = true;
	s->carried = 0;
	s->done = to;
	s->mark = s->mark + own < QA_QSOURCE_MARK ? s->mark + own : QA_QSOURCE_MARK;
	return lines;
}

/* A line that gets too long goes, up to its end. */
static void
too_long(struct qa_qsource *s)
{
	if (!s->skip)
		qa_qsource_say(s, false, "%s has a line of more than %d bytes, which is left out", qa_qfile_path(s->f), QA_QSOURCE_LINE);
	s->skip = true;
	hand_out(s, s->end);
}

int
qa_qsource_next(struct qa_qsource *s, qa_span *lines, struct qa_err *err)
{
	for (;;) {
		const unsigned char *p, *end;
		ssize_t r = 0;

		compact(s);
		if (s->f) {
			r = qa_qfile_read(s->f, s->buf + s->end, ROOM + QA_QSOURCE_LINE + QA_QSOURCE_MARK - s->end, err);
			if (r < 0)
				return -1;
		}
		if (r == 0) {
			int rc;

			if (s->f && qa_qfile_stream(s->f) && s->end > s->done) {
				*lines = hand_out(s, s->end);
				return 1;
			}
			rc = qa_qsource_advance(s, err);
			if (rc <= 0)
				return rc;
			continue;
		}
		s->sure = false;
		p = s->buf + s->end;
		s->end += (size_t)r;
		if (s->skip) {
			end = memchr(p, '\n', (size_t)r);
			hand_out(s, end ? (size_t)(end + 1 - s->buf) : s->end);
			s->skip = !end;
			p = s->buf + s->done;
		}
		end = s->end > s->done ? memrchr(p, '\n', s->end - (size_t)(p - s->buf)) : NULL;
		if (end) {
			*lines = hand_out(s, (size_t)(end + 1 - s->buf));
			return 1;
		}
		if (s->end - s->done > QA_QSOURCE_LINE)
			too_long(s);
	}
}

bool
qa_qsource_stream(const struct qa_qsource *s)
{
	return s->f && qa_qfile_stream(s->f);
}

uint64_t
qa_qsource_bytes(const struct qa_qsource *s)
{
	return s->bytes;
}

int64_t
qa_qsource_mtime(const struct qa_qsource *s)
{
	return s->f ? qa_qfile_mtime(s->f) / 1000000000 : 0;
}

bool
qa_qsource_torn(const struct qa_qsource *s)
{
	return s->f && qa_qfile_torn(s->f);
}

const char *
qa_qsource_said(struct qa_qsource *s, bool *gap_r)
{
	static _Thread_local char text[400];

	*gap_r = s->gap;
	s->gap = false;
	if (!s->said[0])
		return NULL;
	memcpy(text, s->said, sizeof text);
	s->said[0] = '\0';
	return text;
}
