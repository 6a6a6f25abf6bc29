#include "traffic/qsource.h"
#include "traffic/qfile.h"
#include "traffic/qlist.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

enum { ROOM = 1 << 20, TRIES = 20 };

struct qa_qsource {
	const char *const *names;
	size_t n, k;		 /* names[k] is read */
	bool folder;		 /* it is one */
	struct qa_qfile *f;	 /* NULL: none found yet */
	struct qa_qlist list;	 /* the folder, when f was chosen out of it */
	size_t list_at;		 /* which one f is there */
	unsigned char *buf;	 /* handed out bytes (for the mark), then bytes to hand out */
	size_t done, end;	 /* up to which they are handed out; of all */
	size_t mark;		 /* of those before done: how many are of this file */
	size_t carried;		 /* of those after done: how many are of the file before */
	bool skip;		 /* within a line that is too long */
	struct qa_qpos before;	 /* the place until something of f is handed out */
	bool begun;		 /* it was */
	bool sure;		 /* the file behind is there, and f was at its end after that was seen */
	uint64_t bytes;
	char last[32];		 /* multilog's name for the last line's stamp; "" when it has none */
	bool gap;
	char said[400];
};

static void QA_PRINTF(3, 4)
say(struct qa_qsource *s, bool gap, const char *fmt, ...)
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

static bool
is_folder(const char *name)
{
	struct stat st;

	return qa_sys->fstatat(AT_FDCWD, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* Names that may hold what NAMES[K] did, the oldest first. */
static int
list(const struct qa_qsource *s, size_t k, struct qa_qlist *l, struct qa_err *err)
{
	return is_folder(s->names[k]) ? qa_qlist_folder(s->names[k], l, err) : qa_qlist_rotated(s->names[k], l, err);
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
static void
turn_to(struct qa_qsource *s, struct qa_qfile *f, bool carry)
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
static int
find(struct qa_qsource *s, const struct qa_qpos *from, struct qa_err *err)
{
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t k = s->n; k-- > 0;) {
			struct qa_qlist l;
			int rc;

			if (strcmp(s->names[k], "-") == 0)
				continue;
			if (list(s, k, &l, err))
				return -1;
			rc = find_in(s, &l, from, pass == 0, err);
			qa_qlist_free(&l);
			if (rc) {
				s->k = k;
				s->folder = is_folder(s->names[k]);
				return rc;
			}
		}
	return 0;
}

/* The next name that can be opened, from K on; of a folder its first file later than what was read last. */
static int
first_file(struct qa_qsource *s, size_t k, struct qa_err *err)
{
	size_t old = s->k;
	bool old_folder = s->folder;

	for (; k < s->n; k++) {
		struct qa_qfile *f = NULL;
		struct qa_qlist l;

		s->k = k;
		s->folder = strcmp(s->names[k], "-") != 0 && is_folder(s->names[k]);
		if (!s->folder) {
			f = qa_qfile_open(AT_FDCWD, s->names[k], err);
			if (!f)
				return -1;
			turn_to(s, f, false);
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
			turn_to(s, f, false);
			return 1;
		}
	}
	s->k = old;
	s->folder = old_folder;
	return 0;
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
		rc = find(s, from, err);
	if (rc == 0) {
		s->mark = s->done = s->end = 0;
		if (from && from->any) {
			s->before = *from;
			if (last)
				qa_qsource_stamp(s, last, nano);
			say(s, true, "the place where reading ended is in no file any more: lines may be missing");
		}
		rc = first_file(s, 0, err);
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
		say(s, true, "%s is packed by gzip, and cut: its end is missing", qa_qfile_path(s->f));
	else if (!carry && s->end > s->done)
		say(s, false, "%s ends within a line, which is lost", qa_qfile_path(s->f));
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

		if (list(s, s->k, &l, err))
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
				say(s, true, "%s was removed before it was left: lines may be missing", qa_qfile_path(s->f));
			left(s, carry);
			turn_to(s, f, carry);
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
	turn_to(s, f, carry);
	s->list_at++;
	return 1;
}

/* To the next file, when there is one: 1, 0, -1. */
static int
advance(struct qa_qsource *s, struct qa_err *err)
{
	uint64_t size;
	int rc;

	if (!s->f)
		return first_file(s, s->k, err);
	if (!qa_qfile_stream(s->f)) {
		if (qa_qfile_cut(s->f, &size)) {
			say(s, false, "%s was cut from %llu to %llu bytes: reading it from its start", qa_qfile_path(s->f),
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
	return first_file(s, s->k + 1, err);
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
		say(s, false, "%s has a line of more than %d bytes, which is left out", qa_qfile_path(s->f), QA_QSOURCE_LINE);
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
			rc = advance(s, err);
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
