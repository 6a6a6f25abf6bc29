#include "archive/source.h"
#include "base/head.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DEPTH = 40, NAME = 4096 };

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
each_in_mbox(const struct walk *w, struct qa_place *place, qa_span file, struct qa_err *err)
{
	size_t at = 0;
	qa_span raw;
	int rc;

	place->mbox = true;
	while (qa_mbox_next(file, &at, &raw)) {
		place->offset = raw.n ? (uint64_t)(raw.p - file.p) : at;
		place->length = raw.n;
		rc = w->each(w->ctx, place, raw, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int
map_file(const char *path, struct stat *st_r, const unsigned char **p_r, size_t *n_r, struct qa_err *err)
{
	int fd = qa_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, err);
	int rc = -1;

	if (fd < 0)
		return -1;
	*p_r = NULL;
	*n_r = 0;
	if (qa_sys->fstat(fd, st_r)) {
		qa_fail(err, errno, "cannot look at %s: ", path);
	} else if (!S_ISREG(st_r->st_mode)) {
		qa_fail(err, EINVAL, "%s is not a file", path);
	} else if (st_r->st_size == 0) {
		rc = 0;
	} else {
		void *p = mmap(NULL, (size_t)st_r->st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (p == MAP_FAILED) {
			qa_fail(err, errno, "cannot read %s: ", path);
		} else {
			*p_r = p;
			*n_r = (size_t)st_r->st_size;
			rc = 0;
		}
	}
	qa_close(&fd);
	return rc;
}

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
walk_file(const struct walk *w, const char *path, enum what what, struct qa_err *err)
{
	struct qa_place place = {.path = path};
	const unsigned char *p;
	struct qa_err why;
	struct stat st;
	size_t n;
	int rc = 0;

	if (map_file(path, &st, &p, &n, &why)) {
		complain(w, path, why.text);
		return 0;
	}
	qa_span file = qa_span_of(p, n);
	place.mtime = st.st_mtime;
	place.length = n;
	if (n == 0)
		complain(w, path, "empty file");
	else if (what != ONE && qa_mbox_is(file))
		rc = each_in_mbox(w, &place, file, err);
	else if (what != ANY || like_message(file))
		rc = w->each(w->ctx, &place, file, err);
	else
		complain(w, path, "not mail: no header at its start");
	if (n)
		munmap((void *)(uintptr_t)p, n);
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

int
qa_source_read(struct qa_source_map *m, const struct qa_place *place, struct qa_buf *b, qa_span *message_r,
	       struct qa_err *err)
{
	struct stat st;

	if (strcmp(m->path, place->path) != 0 || !m->p) {
		qa_source_close(m);
		if (map_file(place->path, &st, &m->p, &m->n, err))
			return -1;
		snprintf(m->path, sizeof m->path, "%s", place->path);
	}
	if (place->offset > m->n || m->n - place->offset < place->length || (!place->mbox && m->n != place->length))
		return qa_fail(err, EBADMSG, "%s has changed while it was read", place->path);
	*message_r = qa_span_cut(qa_span_of(m->p, m->n), place->offset, place->length);
	if (!place->mbox || !qa_mbox_quoted(*message_r))
		return 0;
	qa_buf_clear(b);
	if (qa_mbox_unquote(*message_r, b))
		return qa_fail(err, errno, "cannot hold a message of %s: ", place->path);
	*message_r = qa_buf_span(b);
	return 0;
}

void
qa_source_close(struct qa_source_map *m)
{
	if (m->p)
		munmap((void *)(uintptr_t)m->p, m->n);
	m->p = NULL;
	m->n = 0;
	m->path[0] = 0;
}
