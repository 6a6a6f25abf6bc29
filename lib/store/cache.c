/*
 * Segment files, opened when needed and a few kept open; frames in memory.
 */
#include "base/num.h"
#include "store/codec.h"
#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

ptrdiff_t
qa_seg_find(const struct qa_partition *p, uint32_t number)
{
	size_t low = 0, high = p->man.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->man.v[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->man.n && p->man.v[low].number == number ? (ptrdiff_t)low : -1;
}

const char *
qa_seg_text(const struct qa_partition *p, size_t i)
{
	static _Thread_local char ring[4][QA_SEGMENT_NAME + QA_MONTH_TEXT];
	static _Thread_local unsigned turn;
	char *out = ring[turn++ % 4], month[QA_MONTH_TEXT], name[QA_SEGMENT_NAME];

	qa_month_text(p->month, month);
	qa_segment_name(p->man.v[i].number, p->man.v[i].generation, name);
	snprintf(out, sizeof ring[0], "%s/%s", month, name);
	return out;
}

void
qa_seg_close(struct qa_partition *p, size_t i)
{
	if (p->seg[i].fd >= 0)
		p->seg_open--;
	qa_close(&p->seg[i].fd);
}

static void
close_oldest(struct qa_partition *p)
{
	size_t oldest = p->man.n;

	for (size_t i = 0; i < p->man.n; i++)
		if (p->seg[i].fd >= 0 && (oldest == p->man.n || p->seg[i].used < p->seg[oldest].used))
			oldest = i;
	if (oldest < p->man.n)
		qa_seg_close(p, oldest);
}

static int
read_head(struct qa_partition *p, size_t i, const char *path, struct qa_err *err)
{
	const struct qa_manifest_line *l = &p->man.v[i];
	unsigned char h[QA_SEGMENT_HEAD];
	struct qa_segment_head head;
	int rc = qa_pread_all(p->seg[i].fd, h, sizeof h, 0, path, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return qa_fail(err, EBADMSG, "%s ends in its header", path);
	if (qa_segment_head_get(h, p->domain, path, &head, err))
		return -1;
	if (head.number != l->number || head.generation != l->generation || head.month != p->month)
		return qa_fail(err, EBADMSG, "%s is another segment than its name says", path);
	memcpy(p->seg[i].salt, head.salt, sizeof head.salt);
	return 0;
}

int
qa_seg_open(struct qa_partition *p, size_t i, struct qa_err *err)
{
	struct qa_segment *s = &p->seg[i];
	char name[QA_SEGMENT_NAME], path[QA_PATH];

	s->used = ++p->calls;
	if (s->fd >= 0)
		return 0;
	if (p->seg_open >= p->seg_most)
		close_oldest(p);
	qa_segment_name(p->man.v[i].number, p->man.v[i].generation, name);
	if (qa_store_path(p, name, path, err))
		return -1;
	s->fd = qa_open(AT_FDCWD, path, O_RDONLY, 0, err);
	if (s->fd < 0)
		return -1;
	p->seg_open++;
	if (read_head(p, i, path, err)) {
		qa_seg_close(p, i);
		return -1;
	}
	return 0;
}

int
qa_seg_end(struct qa_partition *p, size_t i, uint64_t *end_r, struct qa_err *err)
{
	struct stat st;

	if (qa_seg_open(p, i, err))
		return -1;
	if (qa_sys->fstat(p->seg[i].fd, &st))
		return qa_fail(err, errno, "cannot look at %s: ", qa_seg_text(p, i));
	*end_r = (uint64_t)st.st_size;
	if (p->man.v[i].state != QA_SEGMENT_OPEN && p->man.v[i].size < *end_r)
		*end_r = p->man.v[i].size;
	return 0;
}

/* ---- frames ---- */

void
qa_loaded_free(struct qa_loaded *l)
{
	qa_buf_free(&l->dir);
	qa_buf_free(&l->raw);
	free(l->start);
	memset(l, 0, sizeof *l);
}

static int
room_for(struct qa_loaded *l, const struct qa_frame *f)
{
	qa_buf_clear(&l->dir);
	qa_buf_clear(&l->raw);
	if (qa_buf_reserve(&l->dir, f->dir) || qa_buf_reserve(&l->raw, f->raw))
		return -1;
	if (l->start_n < (size_t)f->count + 1) {
		uint32_t *start = reallocarray(l->start, (size_t)f->count + 1, sizeof *start);

		if (!start)
			return -1;
		l->start = start;
		l->start_n = (size_t)f->count + 1;
	}
	return 0;
}

int
qa_loaded_set(struct qa_loaded *l, const struct qa_frame *f, const unsigned char *dir, qa_span stored)
{
	l->valid = false;
	if (room_for(l, f))
		return -1;
	l->head = *f;
	if (!qa_frame_dir(f, dir, l->start)) {
		errno = EBADMSG;
		return -1;
	}
	if (f->dir)
		memcpy(l->dir.p, dir, f->dir);
	l->dir.n = f->dir;
	if (f->codec == QA_ZSTD) {
		if (qa_codec_unpack(stored, l->raw.p, f->raw))
			return -1;
	} else if (f->raw) {
		memcpy(l->raw.p, stored.p, f->raw);
	}
	l->raw.n = f->raw;
	l->valid = true;
	return 0;
}

static int
damaged(struct qa_partition *p, size_t i, uint64_t offset, struct qa_err *err)
{
	return qa_fail(err, EBADMSG, "%s: the frame at %llu is damaged", qa_seg_text(p, i), (unsigned long long)offset);
}

/* Reads and checks the frame, then unpacks it into l. */
static int
load(struct qa_partition *p, size_t i, uint64_t offset, struct qa_loaded *l, struct qa_err *err)
{
	unsigned char h[QA_FRAME_HEAD], *body;
	const char *name = qa_seg_text(p, i);
	struct qa_frame f;

	l->valid = false;
	if (qa_seg_open(p, i, err))
		return -1;
	int fd = p->seg[i].fd, rc = qa_pread_all(fd, h, sizeof h, offset, name, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || !qa_frame_get(h, &f))
		return damaged(p, i, offset, err);
	body = qa_codec_room((size_t)f.dir + f.stored);
	if (!body)
		return qa_fail(err, ENOMEM, "cannot read %s: ", name);
	rc = qa_pread_all(fd, body, (size_t)f.dir + f.stored, offset + QA_FRAME_HEAD, name, err);
	if (rc < 0)
		return -1;
	qa_span dir = qa_span_of(body, f.dir), stored = qa_span_of(body + f.dir, f.stored);
	if (rc == 0 || (!p->checked && !qa_frame_check(h, p->seg[i].salt, offset, dir, stored)))
		return damaged(p, i, offset, err);
	if (qa_loaded_set(l, &f, body, stored))
		return errno == EBADMSG ? damaged(p, i, offset, err)
					: qa_fail(err, errno, "cannot read %s: ", name);
	return 0;
}

int
qa_frame_load(struct qa_partition *p, enum qa_role role, uint32_t segment, uint64_t offset, struct qa_loaded **l_r,
	      struct qa_err *err)
{
	ptrdiff_t i = qa_seg_find(p, segment);

	if (i < 0)
		return qa_fail(err, EBADMSG, "%s has no segment %u", p->folder, segment);
	uint32_t generation = p->man.v[i].generation;
	for (size_t k = 0; k < QA_ROLES; k++) {
		struct qa_loaded *l = &p->cache[k];

		if (l->valid && l->segment == segment && l->offset == offset && l->generation == generation) {
			*l_r = l;
			return 0;
		}
	}
	struct qa_loaded *l = &p->cache[role];
	if (load(p, (size_t)i, offset, l, err))
		return -1;
	l->segment = segment;
	l->generation = generation;
	l->offset = offset;
	*l_r = l;
	return 0;
}
