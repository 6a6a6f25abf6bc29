/* The segment that a writer appends to, and the manifest that names it. */
#include "base/id.h"
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>

void
qa_writer_close_out(struct qa_writer *w)
{
	qa_out_clear(&w->out);
	qa_close(&w->out.fd);
}

int
qa_writer_open_out(struct qa_partition *p, size_t i, uint64_t at, struct qa_err *err)
{
	struct qa_out *o = &p->w->out;
	char name[QA_SEGMENT_NAME];

	if (qa_seg_open(p, i, err))
		return -1;
	qa_segment_name(p->man.v[i].number, p->man.v[i].generation, name);
	if (qa_store_path(p, name, o->name, err))
		return -1;
	o->fd = qa_open(AT_FDCWD, o->name, O_RDWR, 0, err);
	if (o->fd < 0)
		return -1;
	o->segment = p->man.v[i].number;
	memcpy(o->salt, p->seg[i].salt, sizeof o->salt);
	o->at = at;
	return 0;
}

int
qa_store_copy(const struct qa_manifest *from, size_t n, struct qa_manifest *m_r, struct qa_err *err)
{
	*m_r = (struct qa_manifest){NULL, 0};
	for (size_t i = 0; i < n; i++)
		if (qa_manifest_add(m_r, &from->v[i])) {
			qa_manifest_free(m_r);
			return qa_fail(err, ENOMEM, "cannot write a manifest: ");
		}
	return 0;
}

int
qa_store_use(struct qa_partition *p, struct qa_manifest *m, struct qa_err *err)
{
	struct qa_segment *seg = calloc(m->n ? m->n : 1, sizeof *seg);

	if (!seg || qa_store_publish(p, m, err)) {
		if (!seg)
			qa_fail(err, ENOMEM, "cannot write a manifest: ");
		free(seg);
		qa_manifest_free(m);
		return -1;
	}
	for (size_t i = 0; i < m->n; i++) {
		seg[i].fd = -1;
		if (i < p->man.n && p->man.v[i].number == m->v[i].number && p->man.v[i].generation == m->v[i].generation) {
			seg[i] = p->seg[i];
			p->seg[i].fd = -1;
		}
	}
	for (size_t i = 0; i < p->man.n; i++)
		qa_seg_close(p, i);
	free(p->seg);
	qa_manifest_free(&p->man);
	p->seg = seg;
	p->man = *m;
	return 0;
}

/* A file with a header only, durable. Its name is as soon as the manifest is that names it: a folder's changes reach the disk in
 * order, and publishing syncs it. */
static int
make_file(struct qa_partition *p, uint32_t number, struct qa_err *err)
{
	struct qa_segment_head h = {.number = number, .month = p->month};
	unsigned char bytes[QA_SEGMENT_HEAD];
	char name[QA_SEGMENT_NAME], path[QA_PATH];

	qa_segment_name(number, 0, name);
	if (qa_store_path(p, name, path, err))
		return -1;
	if (qa_random(h.salt, sizeof h.salt))
		return qa_fail(err, errno, "cannot get random bytes: ");
	qa_segment_head_put(&h, p->domain, bytes);
	/* what has this name and is not in the manifest is a left-over */
	int fd = qa_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0640, err);
	if (fd < 0)
		return -1;
	int rc = qa_pwrite_all(fd, bytes, sizeof bytes, 0, path, err);
	if (rc == 0)
		rc = qa_fsync(fd, path, err);
	qa_close(&fd);
	if (rc) {
		int keep = errno;

		qa_sys->unlinkat(AT_FDCWD, path, 0);
		errno = keep;
	}
	return rc;
}

int
qa_writer_segment(struct qa_partition *p, struct qa_err *err)
{
	struct qa_manifest_line *last = p->man.n ? &p->man.v[p->man.n - 1] : NULL;
	struct qa_manifest_line line = {.number = last ? last->number + 1 : 1};
	bool open = last && last->state == QA_SEGMENT_OPEN;
	struct qa_manifest m;

	if (open && p->w->out.at <= QA_SEGMENT_FULL)
		return 0;
	if (line.number > QA_SEGMENT_MOST)
		return qa_fail(err, EOVERFLOW, "%s has too many segments", p->folder);
	if (make_file(p, line.number, err) || qa_store_copy(&p->man, p->man.n, &m, err))
		return -1;
	if (open) {
		m.v[m.n - 1].state = QA_SEGMENT_CLOSED;
		m.v[m.n - 1].size = p->w->out.at;
	}
	if (qa_manifest_add(&m, &line)) {
		qa_manifest_free(&m);
		return qa_fail(err, ENOMEM, "cannot write a manifest: ");
	}
	if (qa_store_use(p, &m, err))
		return -1;
	qa_writer_close_out(p->w);
	return qa_writer_open_out(p, p->man.n - 1, QA_SEGMENT_HEAD, err);
}
