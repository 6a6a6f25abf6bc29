#include "traffic/qlist.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>

enum { TRIES = 1000, PAUSE = 1000 }; /* microseconds */

const char *
qa_qlist_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool
qa_qlist_finished(const char *name)
{
	return name[0] == '@' && strspn(name + 1, "0123456789abcdef") == 24 &&
	       (strcmp(name + 25, ".s") == 0 || strcmp(name + 25, ".u") == 0);
}

/* Adds PATH, which becomes the list's, when it is a file that is there. */
static void
add(GArray *a, char *path)
{
	struct qa_qname q = {.path = path};
	struct stat st;

	if (qa_sys->fstatat(AT_FDCWD, path, &st, 0) || S_ISDIR(st.st_mode)) {
		g_free(path);
		return;
	}
	q.dev = st.st_dev;
	q.ino = st.st_ino;
	q.size = (uint64_t)st.st_size;
	q.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	g_array_append_val(a, q);
}

static void
give(GArray *a, struct qa_qlist *l)
{
	l->n = a->len;
	l->v = (struct qa_qname *)(void *)g_array_free(a, FALSE);
}

static bool
same_file(const struct qa_qname *x, const struct qa_qname *y)
{
	return x->dev == y->dev && x->ino == y->ino;
}

/*
 * The folder as it was at one time: a file that gets its name while the folder is listed may be missed, and one that gets its name after it
 * not. `current` is another file after each rotation, so one that was the same before and behind tells that there was none. 1, 0 there
 * was one, -1.
 */
static int
list_folder(const char *folder, GArray *a, struct qa_err *err)
{
	GArray *now = g_array_new(FALSE, FALSE, sizeof(struct qa_qname));
	char *current = g_build_filename(folder, "current", NULL);
	struct qa_names names;
	int rc = -1;

	add(now, g_strdup(current));
	if (qa_listdir(AT_FDCWD, folder, &names, err) == 0) {
		for (size_t i = 0; i < names.n; i++)
			if (qa_qlist_finished(names.v[i]))
				add(a, g_build_filename(folder, names.v[i], NULL));
		qa_names_free(&names);
		add(now, g_strdup(current));
		rc = now->len == 0 ||
		     (now->len == 2 && same_file(&g_array_index(now, struct qa_qname, 0), &g_array_index(now, struct qa_qname, 1)));
	}
	for (guint i = 0; i < now->len; i++)
		g_free(g_array_index(now, struct qa_qname, i).path);
	/* as it is behind the list; whoever opens it compares */
	if (rc == 1 && now->len == 2) {
		struct qa_qname q = g_array_index(now, struct qa_qname, 1);

		q.path = current;
		current = NULL;
		g_array_append_val(a, q);
	}
	g_free(current);
	g_array_free(now, TRUE);
	return rc;
}

int
qa_qlist_folder(const char *folder, struct qa_qlist *l, struct qa_err *err)
{
	*l = (struct qa_qlist){NULL, 0};
	for (int tries = 0; tries < TRIES; tries++) {
		GArray *a = g_array_new(FALSE, FALSE, sizeof(struct qa_qname));
		int rc = list_folder(folder, a, err);

		give(a, l);
		if (rc == 1)
			return 0;
		qa_qlist_free(l);
		if (rc < 0)
			return -1;
		g_usleep(PAUSE);
	}
	return qa_fail(err, EAGAIN, "cannot list %s: it is rotated all the time", folder);
}

/* ".1", "-20240304", "-20240304-1200", each also with ".gz": what rotation puts behind a name. */
static bool
rotated(const char *rest)
{
	size_t n;

	if (*rest != '.' && *rest != '-')
		return false;
	n = strspn(rest + 1, "0123456789-");
	return n && (rest[1 + n] == '\0' || strcmp(rest + 1 + n, ".gz") == 0);
}

static int
by_time(gconstpointer a, gconstpointer b)
{
	const struct qa_qname *x = a, *y = b;

	return x->mtime_ns < y->mtime_ns ? -1 : x->mtime_ns > y->mtime_ns;
}

static bool
has(const struct qa_names *names, const char *name, size_t n)
{
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->v[i]) == n && memcmp(names->v[i], name, n) == 0)
			return true;
	return false;
}

int
qa_qlist_rotated(const char *file, struct qa_qlist *l, struct qa_err *err)
{
	const char *base = qa_qlist_base(file);
	char *folder = g_path_get_dirname(file);
	struct qa_names names;
	size_t n = strlen(base);
	GArray *a;
	int rc;

	*l = (struct qa_qlist){NULL, 0};
	rc = qa_listdir(AT_FDCWD, folder, &names, err);
	if (rc == 0) {
		a = g_array_new(FALSE, FALSE, sizeof(struct qa_qname));
		for (size_t i = 0; i < names.n; i++) {
			const char *s = names.v[i];
			size_t len = strlen(s);

			if (len <= n || memcmp(s, base, n) != 0 || !rotated(s + n))
				continue;
			if (len > 3 && strcmp(s + len - 3, ".gz") == 0 && has(&names, s, len - 3))
				continue;
			add(a, g_build_filename(folder, s, NULL));
		}
		g_array_sort(a, by_time);
		add(a, g_strdup(file));
		qa_names_free(&names);
		give(a, l);
	}
	g_free(folder);
	return rc;
}

void
qa_qlist_free(struct qa_qlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		g_free(l->v[i].path);
	g_free(l->v);
	*l = (struct qa_qlist){NULL, 0};
}
