#include "archive/source.h"
#include "store/partition.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { DEPTH = 40, NAME = 4096 };
enum { AROUND = 1000, AFTER = 8 }; /* bytes read before and behind a message of an mbox */

struct walk {
	qa_source_each *each;
	qa_source_trouble *trouble;
	void *ctx;
};

static void
complain(const struct walk *w, const char *path, const char *why)
{
	if (w->trouble)
		w->trouble(w->ctx, path, why);
}

static int
join(char out[NAME], const char *a, const char *b)
{
	return snprintf(out, NAME, "%s/%s", a, b) < NAME ? 0 : -1;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_maildir(const char *path)
{
	char sub[NAME];

	return join(sub, path, "cur") == 0 && is_folder(sub) && join(sub, path, "new") == 0 && is_folder(sub);
}

/* Whether the bytes begin with a header field, as a message does. */
static bool
like_message(qa_span head)
{
	size_t i = 0;

	while (i < head.n && i < 200 && head.p[i] > 32 && head.p[i] < 127 && head.p[i] != ':')
		i++;
	return i > 0 && i < head.n && head.p[i] == ':';
}

static int
open_file(const char *path, struct stat *st_r, struct qa_err *err)
{
	int fd = qa_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, err);

	if (fd < 0)
		return -1;
	if (qa_sys->fstat(fd, st_r))
		qa_fail(err, errno, "cannot look at %s: ", path);
	else if (!S_ISREG(st_r->st_mode))
		qa_fail(err, EINVAL, "%s is not a file", path);
	else
		return fd;
	int num = errno;
	qa_close(&fd);
	errno = num;
	return -1;
}

/* Up to n bytes at `at` behind those in b; how many: less at the end of the file. */
static ssize_t
read_more(int fd, const char *path, uint64_t at, size_t n, struct qa_buf *b, struct qa_err *err)
{
	size_t done = 0;

	if (qa_buf_reserve(b, n))
		return qa_fail(err, errno == ENOMEM ? ENOMEM : EFBIG, "cannot hold a message of %s: ", path);
	while (done < n) {
		ssize_t r = qa_sys->pread(fd, b->p + b->n, n - done, (off_t)(at + done));

		if (r < 0)
			return qa_fail(err, errno, "cannot read %s: ", path);
		if (r == 0)
			break;
		b->n += (size_t)r;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

/* ---- an mbox, through a window ---- */

struct window {
	int fd;
	const char *path;
	uint64_t size, at; /* of the file when it was opened; of the window's start in it */
	struct qa_buf b;
	size_t done;	   /* bytes of b that were dealt with */
	bool last;	   /* the file ends with the window */
	bool shrunk;
};

/* Twice as much as what is left of the window, from the message in hand on. */
static int
widen(struct window *w, struct qa_err *err)
{
	size_t left = w->b.n - w->done, more = left > QA_SOURCE_HEAD ? left : QA_SOURCE_HEAD;
	uint64_t rest;
	ssize_t n;

	if (w->done && left)
		memmove(w->b.p, w->b.p + w->done, left);
	w->at += w->done;
	w->done = 0;
	w->b.n = left;
	rest = w->size - w->at - left;
	if (more > rest)
		more = (size_t)rest;
	n = read_more(w->fd, w->path, w->at + left, more, &w->b, err);
	if (n < 0)
		return -1;
	w->shrunk = (size_t)n < more;
	w->last = w->at + w->b.n >= w->size;
	return 0;
}

static int
each_in_mbox(const struct walk *w, struct window *v, struct qa_place *place, struct qa_err *err)
{
	bool dated = qa_mbox_dated(qa_buf_span(&v->b));
	size_t start, end, next;
	struct qa_err why;

	place->mbox = true;
	for (;;) {
		qa_span piece = qa_span_cut(qa_buf_span(&v->b), v->done, v->b.n - v->done);

		if (!qa_mbox_cut(piece, dated, v->last, &start, &end, &next)) {
			if (v->last)
				return 0;
			if (v->shrunk || widen(v, &why)) {
				complain(w, place->path, v->shrunk ? "became shorter while it was read" : why.text);
				return 0;
			}
			continue;
		}
		place->offset = v->at + v->done + start;
		place->length = end - start;
		int rc = w->each(w->ctx, place, qa_span_cut(piece, start, end - start), err);
		if (rc)
			return rc;
		v->done += next;
	}
}

/* ---- files ---- */

/* What a file may be. ANY: it lies in some folder. MAIL: somebody named it, so it is mail whatever it looks like. ONE: its name
 * or its place says that it is one message; a From_ line at its start is its own then. */
enum what { ANY, MAIL, ONE };

static bool
is_eml(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && strcmp(path + n - 4, ".eml") == 0;
}

static int
walk_open(const struct walk *w, struct window *v, struct qa_place *place, enum what what, struct qa_err *err)
{
	struct qa_err why;

	if (v->size == 0) {
		complain(w, place->path, "empty file");
		return 0;
	}
	if (widen(v, &why) || v->b.n == 0) {
		complain(w, place->path, v->shrunk ? "became shorter while it was read" : why.text);
		return 0;
	}
	qa_span head = qa_buf_span(&v->b);
	if (what != ONE && qa_mbox_is(head))
		return each_in_mbox(w, v, place, err);
	if (what != ANY || like_message(head))
		return w->each(w->ctx, place, head, err);
	complain(w, place->path, "not mail: no header at its start");
	return 0;
}

static int
walk_file(const struct walk *w, const char *path, enum what what, struct qa_err *err)
{
	struct window v = {.path = path, .b = QA_BUF(QA_MESSAGE_MAX + 2 * QA_SOURCE_HEAD)};
	struct qa_err why;
	struct stat st;

	v.fd = open_file(path, &st, &why);
	if (v.fd < 0) {
		complain(w, path, why.text);
		return 0;
	}
	v.size = (uint64_t)st.st_size;
	struct qa_place place = {.path = path, .length = v.size, .mtime = st.st_mtime};
	int rc = walk_open(w, &v, &place, what, err);
	qa_buf_free(&v.b);
	qa_close(&v.fd);
	return rc;
}

static int walk_folder(const struct walk *w, const char *path, int depth, struct qa_err *err);

/* cur and new, then the subfolders of Maildir++ (.Name) and nested ones. */
static int
walk_maildir(const struct walk *w, const char *path, int depth, struct qa_err *err)
{
	static const char *const parts[] = {"cur", "new"};
	char sub[NAME], file[NAME];
	struct qa_names names;
	int rc = 0;

	for (size_t k = 0; k < 2 && rc == 0; k++) {
		if (join(sub, path, parts[k]) || qa_listdir(AT_FDCWD, sub, &names, err))
			return -1;
		for (size_t i = 0; i < names.n && rc == 0; i++)
			if (names.v[i][0] != '.' && join(file, sub, names.v[i]) == 0)
				rc = walk_file(w, file, ONE, err);
		qa_names_free(&names);
	}
	if (rc || qa_listdir(AT_FDCWD, path, &names, err))
		return rc ? rc : -1;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		const char *name = names.v[i];

		if (strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0)
			continue;
		if (join(sub, path, name) == 0 && is_folder(sub))
			rc = walk_folder(w, sub, depth + 1, err);
	}
	qa_names_free(&names);
	return rc;
}

static int
walk_folder(const struct walk *w, const char *path, int depth, struct qa_err *err)
{
	char sub[NAME];
	struct qa_names names;
	struct qa_err why;
	int rc = 0;

	if (depth > DEPTH) {
		complain(w, path, "folders nested too deep");
		return 0;
	}
	if (is_maildir(path))
		return walk_maildir(w, path, depth, err);
	if (qa_listdir(AT_FDCWD, path, &names, &why)) {
		complain(w, path, why.text);
		return 0;
	}
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		if (join(sub, path, names.v[i])) {
			complain(w, path, "a name in it is too long");
			continue;
		}
		if (is_folder(sub))
			rc = walk_folder(w, sub, depth + 1, err);
		else
			rc = walk_file(w, sub, is_eml(sub) ? ONE : ANY, err);
	}
	qa_names_free(&names);
	return rc;
}

int
qa_source_walk(const char *path, qa_source_each *each, qa_source_trouble *trouble, void *ctx, struct qa_err *err)
{
	struct walk w = {each, trouble, ctx};
	struct stat st;

	if (qa_sys->fstatat(AT_FDCWD, path, &st, 0))
		return qa_fail(err, errno, "cannot open %s: ", path);
	if (S_ISDIR(st.st_mode))
		return walk_folder(&w, path, 0, err);
	if (access(path, R_OK))
		return qa_fail(err, errno, "cannot open %s: ", path);
	return walk_file(&w, path, is_eml(path) ? ONE : MAIL, err);
}

/* ---- reading again ---- */

void
qa_source_init(struct qa_source_file *f)
{
	f->path[0] = 0;
	f->fd = -1;
	f->raw = (struct qa_buf)QA_BUF(QA_MESSAGE_MAX + 2 * AROUND);
	f->message = (struct qa_buf)QA_BUF(QA_MESSAGE_MAX);
}

void
qa_source_close(struct qa_source_file *f)
{
	qa_close(&f->fd);
	qa_buf_free(&f->raw);
	qa_buf_free(&f->message);
	qa_source_init(f);
}

static int
changed(const struct qa_place *place, struct qa_err *err)
{
	return qa_fail(err, EBADMSG, "%s has changed while it was read", place->path);
}

int
qa_source_read(struct qa_source_file *f, const struct qa_place *place, qa_span *message_r, struct qa_err *err)
{
	uint64_t from = place->mbox && place->offset > AROUND ? place->offset - AROUND : 0;
	size_t before = (size_t)(place->offset - from), n;
	struct stat st;

	if (place->length > QA_MESSAGE_MAX)
		return qa_fail(err, EFBIG, "a message of %s is larger than %llu bytes", place->path,
			       (unsigned long long)QA_MESSAGE_MAX);
	if (f->fd < 0 || strcmp(f->path, place->path) != 0) {
		qa_source_close(f);
		f->fd = open_file(place->path, &st, err);
		if (f->fd < 0)
			return -1;
		snprintf(f->path, sizeof f->path, "%s", place->path);
	}
	n = before + (size_t)place->length;
	f->raw.n = 0;
	/* a few bytes more than it has, to see what follows */
	if (read_more(f->fd, place->path, from, n + AFTER, &f->raw, err) < 0)
		return -1;
	qa_span all = qa_buf_span(&f->raw);
	if (all.n < n || (!place->mbox && all.n != n) ||
	    (place->mbox && !qa_mbox_framed(qa_span_cut(all, 0, before), qa_span_cut(all, n, all.n - n))))
		return changed(place, err);
	*message_r = qa_span_cut(all, before, (size_t)place->length);
	if (!place->mbox || !qa_mbox_quoted(*message_r))
		return 0;
	qa_buf_clear(&f->message);
	if (qa_mbox_unquote(*message_r, &f->message))
		return qa_fail(err, errno, "cannot hold a message of %s: ", place->path);
	*message_r = qa_buf_span(&f->message);
	return 0;
}
