#include "traffic/qsource-private.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>

/* Where in L the files behind one begin that is not in it any more. */
static size_t
behind_lost(const struct qa_qsource *s, const struct qa_qlist *l)
{
	const char *mine = qa_qlist_base(qa_qfile_path(s->f));
	size_t i;

	if (mine[0] != '@')
		mine = s->last;
	for (i = 0; i < l->n; i++) {
		const char *base = qa_qlist_base(l->v[i].path);

		/* a packed file has the time of the one it was made of; `current`, and the name itself, are behind all */
		if (s->folder ? base[0] != '@' || strcmp(base, mine) > 0
			      : strcmp(l->v[i].path, s->names[s->k]) == 0 || l->v[i].mtime_ns > qa_qfile_mtime(s->f))
			break;
	}
	return i;
}

/* The file behind the one that is read, if it has bytes: its path, to be freed, or NULL. *LOST_R: that one is not there any more. */
static char *
behind(const struct qa_qsource *s, const struct qa_qlist *l, bool *lost_r)
{
	size_t at = 0;

	while (at < l->n && !qa_qfile_is(s->f, l->v[at].dev, l->v[at].ino))
		at++;
	*lost_r = at == l->n;
	at = *lost_r ? behind_lost(s, l) : at + 1;
	for (; at < l->n; at++)
		if (l->v[at].size)
			return g_strdup(l->v[at].path);
	return NULL;
}

static void
left(struct qa_qsource *s, bool carry)
{
	if (qa_qfile_torn(s->f))
		qa_qsource_say(s, true, "%s is packed by gzip, and cut: its end is missing", qa_qfile_path(s->f));
	else if (!carry && s->end > s->done)
		qa_qsource_say(s, false, "%s ends within a line, which is lost", qa_qfile_path(s->f));
}

/*
 * To the next file of the name that is read: 1; 0 when there is none. multilog may rename `current` between the look at the folder and the
 * opening, so what was opened must be what was listed.
 */
static int
next_of_name(struct qa_qsource *s, struct qa_err *err)
{
	for (int tries = 0; tries < TRIES; tries++) {
		struct qa_qlist l;
		struct qa_qfile *f;
		char *path;
		bool lost, same = false, carry;
		uint64_t dev, ino;
		size_t at = 0;

		if (qa_qsource_list(s, s->k, &l, err))
			return -1;
		path = behind(s, &l, &lost);
		f = path ? qa_qfile_open(AT_FDCWD, path, err) : NULL;
		if (f) {
			qa_qfile_id(f, &dev, &ino);
			while (at < l.n && strcmp(l.v[at].path, path) != 0)
				at++;
			same = at < l.n && l.v[at].dev == dev && l.v[at].ino == ino;
		}
		/* multilog parts long lines only where it went on at once; after an outage (.u) it did not */
		carry = s->folder;
		for (size_t i = 0; i < l.n; i++)
			if (qa_qfile_is(s->f, l.v[i].dev, l.v[i].ino) && g_str_has_suffix(l.v[i].path, ".u"))
				carry = false;
		qa_qlist_free(&s->list);
		s->list = l;
		s->list_at = at;
		if (!path)
			return 0;
		g_free(path);
		if (f && same && !qa_qfile_is(s->f, dev, ino) && !s->sure) {
			/* what came between the last look at the old file and its end is still to be read */
			s->sure = true;
			qa_qfile_close(f);
			return 1;
		}
		if (f && same && !qa_qfile_is(s->f, dev, ino)) {
			if (lost && s->folder)
				qa_qsource_say(s, true, "%s was removed before it was left: lines may be missing", qa_qfile_path(s->f));
			left(s, carry);
			qa_qsource_turn(s, f, carry);
			return 1;
		}
		if (!f && errno != ENOENT)
			return -1;
		qa_qfile_close(f);
	}
	return 0;
}

/*
 * To the next file of the folder as it was listed when this one was chosen: 1; 0: it must be listed anew. Between two finished files no other
 * comes, so a folder of many is not listed for each of them.
 */
static int
next_listed(struct qa_qsource *s)
{
	const struct qa_qname *mine, *next;
	struct qa_qfile *f;
	struct qa_err err;
	bool carry;

	if (!s->folder || s->list_at + 1 >= s->list.n)
		return 0;
	mine = &s->list.v[s->list_at];
	next = mine + 1;
	if (strcmp(mine->path, qa_qfile_path(s->f)) != 0 || qa_qlist_base(mine->path)[0] != '@' || qa_qlist_base(next->path)[0] != '@')
		return 0;
	f = qa_qfile_open(AT_FDCWD, next->path, &err);
	if (!f || !qa_qfile_is(f, next->dev, next->ino)) {
		qa_qfile_close(f);
		return 0;
	}
	carry = !g_str_has_suffix(mine->path, ".u");
	left(s, carry);
	qa_qsource_turn(s, f, carry);
	s->list_at++;
	return 1;
}

/* To the next file, when there is one: 1, 0, -1. */
int
qa_qsource_advance(struct qa_qsource *s, struct qa_err *err)
{
	uint64_t size;
	int rc;

	if (!s->f)
		return qa_qsource_first(s, s->k, err);
	if (!qa_qfile_stream(s->f)) {
		if (qa_qfile_cut(s->f, &size)) {
			qa_qsource_say(s, false, "%s was cut from %llu to %llu bytes: reading it from its start", qa_qfile_path(s->f),
			    (unsigned long long)qa_qfile_at(s->f), (unsigned long long)size);
			qa_qsource_pos(s, &s->before);
			qa_qfile_rewind(s->f);
			s->begun = false;
			s->mark = 0;
			s->end = s->done;
			s->carried = 0;
			s->skip = false;
			return size > 0;
		}
		if (s->folder || s->k + 1 == s->n || strcmp(qa_qfile_path(s->f), s->names[s->k]) != 0) {
			rc = next_listed(s);
			if (!rc)
				rc = next_of_name(s, err);
			if (rc)
				return rc;
		}
	}
	if (s->k + 1 == s->n)
		return 0;
	left(s, false);
	return qa_qsource_first(s, s->k + 1, err);
}
