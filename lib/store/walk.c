/*
 * Walking through segments from frame to frame, also over damage.
 */
#include "base/num.h"
#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>

enum { PEEK = 4096, SEARCH = 64 << 10 };

void
qa_walk_segment(struct qa_walk *s, size_t i)
{
	s->i = i;
	s->at = QA_SEGMENT_HEAD;
	s->opened = false;
}

void
qa_walk_init(struct qa_walk *s, struct qa_partition *p, size_t i, uint64_t at, bool check)
{
	*s = (struct qa_walk){.p = p, .check = check, .buf = QA_BUF(4 << 20)};
	qa_walk_segment(s, i);
	if (at)
		s->at = at;
}

void
qa_walk_free(struct qa_walk *s)
{
	qa_buf_free(&s->buf);
}

static int
fill(struct qa_walk *s, size_t n, struct qa_err *err)
{
	struct qa_partition *p = s->p;

	if (n > s->buf.n) {
		size_t have = s->buf.n;

		if (qa_buf_reserve(&s->buf, n - have))
			return qa_fail(err, errno, "cannot read %s: ", qa_seg_text(p, s->i));
		int rc = qa_pread_all(p->seg[s->i].fd, s->buf.p + have, n - have, s->at + have, qa_seg_text(p, s->i), err);
		if (rc <= 0)
			return rc;
		s->buf.n = n;
	}
	return 1;
}

int
qa_walk_next(struct qa_walk *s, struct qa_err *err)
{
	struct qa_frame f;

	if (!s->opened) {
		if (qa_seg_end(s->p, s->i, &s->end, err))
			return -1;
		s->opened = true;
	}
	if (s->at >= s->end)
		return 0;
	uint64_t left = s->end - s->at;
	if (left < QA_FRAME_HEAD)
		return 2;
	/* opened anew when others pushed it out */
	if (qa_seg_open(s->p, s->i, err))
		return -1;
	s->buf.n = 0;
	int rc = fill(s, left < PEEK ? (size_t)left : PEEK, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || !qa_frame_get(s->buf.p, &f) || qa_frame_size(&f) > left)
		return 2;
	rc = fill(s, QA_FRAME_HEAD + f.dir + (s->check ? f.stored : 0), err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return 2;
	s->dir = s->buf.p + QA_FRAME_HEAD;
	s->stored = qa_span_of(s->dir + f.dir, s->check ? f.stored : 0);
	if (s->check && !s->trust &&
	    !qa_frame_check(s->buf.p, s->p->seg[s->i].salt, s->at, qa_span_of(s->dir, f.dir), s->stored))
		return 2;
	if (!qa_frame_dir(&f, s->dir, NULL))
		return 2;
	s->head = f;
	s->offset = s->at;
	s->at += qa_frame_size(&f);
	return 1;
}

/* Whether a frame whose check fits begins here. */
static int
good_here(struct qa_walk *s, uint64_t at, struct qa_err *err)
{
	bool check = s->check, trust = s->trust;

	s->at = at;
	s->check = true;
	s->trust = false;
	int rc = qa_walk_next(s, err);
	s->check = check;
	s->trust = trust;
	if (rc >= 0)
		s->at = at;
	return rc < 0 ? -1 : rc == 1;
}

int
qa_walk_search(struct qa_walk *s, struct qa_err *err)
{
	unsigned char window[SEARCH + 3];
	uint64_t from = s->at + 1;

	while (from + QA_FRAME_HEAD <= s->end) {
		size_t n = s->end - from < sizeof window ? (size_t)(s->end - from) : sizeof window;
		int rc = qa_pread_all(s->p->seg[s->i].fd, window, n, from, qa_seg_text(s->p, s->i), err);

		if (rc < 0)
			return -1;
		if (rc == 0)
			break;
		for (const unsigned char *w = window; (w = memmem(w, n - (size_t)(w - window), "qafr", 4)) != NULL; w++) {
			rc = good_here(s, from + (size_t)(w - window), err);
			if (rc)
				return rc;
		}
		from += n > 3 ? n - 3 : n;
		if (n < sizeof window)
			break;
	}
	s->at = s->end;
	return 0;
}
