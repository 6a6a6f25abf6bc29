#include "traffic/qsource-private.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>

/* Goes to OFFSET of F, which was just opened: 1, 0 when it is shorter, -1. */
static int
begin_at(struct qa_qsource *s, struct qa_qfile *f, uint64_t offset, struct qa_err *err)
{
	size_t n;
	int rc = qa_qfile_goto(f, offset, s->buf, &n, err);

	s->mark = s->done = s->end = n;
	return rc;
}

/* Whether F holds the place: then it is read from there. */
static int
holds(struct qa_qsource *s, struct qa_qfile *f, const struct qa_qpos *from, struct qa_err *err)
{
	struct qa_digest head, tail;
	int rc = begin_at(s, f, from->offset, err);

	if (rc == 1) {
		head = qa_qfile_head(f, from->offset);
		tail = qa_sha256_of(qa_span_of(s->buf, s->mark));
		rc = qa_digest_eq(&head, &from->head) && qa_digest_eq(&tail, &from->tail);
	}
	return rc;
}

/* Tries the files of L: those that had the place's inode, or the others. */
static int
find_in(struct qa_qsource *s, const struct qa_qlist *l, const struct qa_qpos *from, bool same, struct qa_err *err)
{
	for (size_t i = l->n; i-- > 0;) {
		struct qa_qfile *f;
		int rc;

		if ((l->v[i].dev == from->dev && l->v[i].ino == from->ino) != same)
			continue;
		f = qa_qfile_open(AT_FDCWD, l->v[i].path, err);
		if (!f && errno == ENOENT)
			continue;
		if (!f)
			return -1;
		rc = holds(s, f, from, err);
		if (rc == 1) {
			s->f = f;
			s->begun = true;
			return 1;
		}
		qa_qfile_close(f);
		if (rc < 0 && err->num != EBADMSG)
			return -1;
	}
	return 0;
}

/* The place, in any of the names: 1, 0, -1. */
int
qa_qsource_find(struct qa_qsource *s, const struct qa_qpos *from, struct qa_err *err)
{
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t k = s->n; k-- > 0;) {
			struct qa_qlist l;
			int rc;

			if (strcmp(s->names[k], "-") == 0)
				continue;
			if (qa_qsource_list(s, k, &l, err))
				return -1;
			rc = find_in(s, &l, from, pass == 0, err);
			qa_qlist_free(&l);
			if (rc) {
				s->k = k;
				s->folder = qa_qsource_is_folder(s->names[k]);
				return rc;
			}
		}
	return 0;
}

/* The next name that can be opened, from K on; of a folder its first file later than what was read last. */
int
qa_qsource_first(struct qa_qsource *s, size_t k, struct qa_err *err)
{
	size_t old = s->k;
	bool old_folder = s->folder;

	for (; k < s->n; k++) {
		struct qa_qfile *f = NULL;
		struct qa_qlist l;

		s->k = k;
		s->folder = strcmp(s->names[k], "-") != 0 && qa_qsource_is_folder(s->names[k]);
		if (!s->folder) {
			f = qa_qfile_open(AT_FDCWD, s->names[k], err);
			if (!f)
				return -1;
			qa_qsource_turn(s, f, false);
			return 1;
		}
		if (qa_qlist_folder(s->names[k], &l, err))
			return -1;
		for (size_t i = 0; i < l.n && !f; i++) {
			const char *base = qa_qlist_base(l.v[i].path);

			if (s->last[0] && base[0] == '@' && strncmp(base, s->last, 25) < 0)
				continue;
			f = qa_qfile_open(AT_FDCWD, l.v[i].path, err);
		}
		qa_qlist_free(&l);
		if (f) {
			qa_qsource_turn(s, f, false);
			return 1;
		}
	}
	s->k = old;
	s->folder = old_folder;
	return 0;
}
