/* Cutting the power: which of the waiting changes reached the disk, and the tree that is left. */
#include "sys/sim-disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECTOR = 512, DEEPEST = 64 };

struct job {
	struct qa_sim_cut how;
	uint64_t random;
	struct qa_err *err;
};

static uint64_t
chance(struct job *j, uint64_t n)
{
	uint64_t x = j->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (x ^ x >> 31) % n;
}

/* A write of which some sectors arrived. */
static void
tear(struct job *j, struct bytes *b, const struct ev *e)
{
	unsigned char rubbish[SECTOR];
	uint64_t end = e->at + e->len;
	bool rough = j->how.keep == QA_SIM_ROUGH && chance(j, 2);

	for (uint64_t at = e->at; at < end;) {
		uint64_t next = (at / SECTOR + 1) * SECTOR;
		size_t n = (size_t)((next < end ? next : end) - at);

		if (chance(j, 2))
			qa_sim_bytes_put(b, at, ev_data(e) + (at - e->at), n);
		else if (rough && chance(j, 2)) {
			for (size_t i = 0; i < n; i++)
				rubbish[i] = (unsigned char)chance(j, 256);
			qa_sim_bytes_put(b, at, rubbish, n);
		}
		at = next;
	}
	if (b->size < end && chance(j, 2))
		b->size = end;
}

/* The file's bytes as the cut leaves them, in memory of their own. */
static struct bytes
file_left(struct job *j, const struct node *x)
{
	struct bytes b = {NULL, 0, 0, 0};

	if (x->n)
		qa_sim_bytes_put(&b, 0, x->p, x->n);
	b.size = x->size;
	if (j->how.keep == QA_SIM_DROP)
		return b;
	/* now and then the newest changes are just not there: the common case of a late cut */
	size_t most = x->changes;
	if (j->how.keep != QA_SIM_ALL && most && chance(j, 3) == 0)
		most = (size_t)chance(j, most + 1);
	for (size_t i = 0; i < most; i++) {
		const struct ev *e = x->change[i].e;

		if (j->how.keep == QA_SIM_ALL)
			qa_sim_bytes_apply(&b, e);
		else if (x->change[i].lost)
			continue;
		else
			switch (chance(j, 4)) {
			case 0:
				if (e->type == EV_WRITE && chance(j, 2) && b.size < e->at + e->len)
					b.size = e->at + e->len; /* the size without the data */
				break;
			case 1:
				if (e->type == EV_WRITE) {
					tear(j, &b, e);
					break;
				}
				__attribute__((fallthrough));
			default:
				qa_sim_bytes_apply(&b, e);
			}
	}
	return b;
}

/* How many changes of each folder happened; a file that went to another folder is in one of the two. */
static void
choose_names(struct job *j, struct qa_sim_disk *d)
{
	bool again;

	for (struct node *x = d->nodes; x; x = x->next) {
		x->path = NULL;
		x->kept = 0;
		if (x->folder && j->how.keep == QA_SIM_ALL)
			x->kept = x->changes;
		else if (x->folder && j->how.keep != QA_SIM_DROP && x->changes)
			x->kept = (size_t)chance(j, x->changes + 1);
	}
	do {
		again = false;
		for (struct node *x = d->nodes; x; x = x->next)
			for (size_t i = 0; x->folder && i < x->kept; i++) {
				const struct change *c = &x->change[i];

				if (!c->other || c->other_n <= c->other->made)
					continue;
				size_t need = c->other_n - c->other->made;
				if (c->other->kept < need) {
					c->other->kept = need;
					again = true;
				}
			}
	} while (again);
}

static int
make_file(struct job *j, struct node *x, const char *path)
{
	if (x->path)
		return link(x->path, path) ? qa_fail(j->err, errno, "cannot link %s: ", path) : 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return qa_fail(j->err, errno, "cannot create %s: ", path);
	struct bytes b = file_left(j, x);
	size_t n = b.n < b.size ? b.n : (size_t)b.size, done = 0;
	ssize_t r = 0;
	while (done < n && (r = write(fd, b.p + done, n - done)) > 0)
		done += (size_t)r;
	int rc = 0;
	if (done < n || (b.size > n && ftruncate(fd, (off_t)b.size)) || fchmod(fd, x->mode))
		rc = qa_fail(j->err, errno, "cannot write %s: ", path);
	close(fd);
	free(b.p);
	x->path = strdup(path);
	if (!x->path)
		qa_sim_stuck("no memory");
	return rc;
}

static int make_node(struct job *j, struct node *x, const char *path, int depth);

static int
make_folder(struct job *j, struct node *x, const char *path, int depth)
{
	struct entry *v = NULL;
	size_t n = 0, room = 0;
	int rc = 0;

	if (depth > DEEPEST)
		return qa_fail(j->err, ELOOP, "folders too deep at %s", path);
	if (mkdir(path, 0700))
		return qa_fail(j->err, errno, "cannot make folder %s: ", path);
	for (size_t i = 0; i < x->entries; i++) {
		struct change c = {.name = x->entry[i].name, .node = x->entry[i].node};

		qa_sim_entries_apply(&v, &n, &room, &c);
	}
	for (size_t i = 0; i < x->kept; i++)
		qa_sim_entries_apply(&v, &n, &room, &x->change[i]);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *inner;

		if (asprintf(&inner, "%s/%s", path, v[i].name) < 0)
			qa_sim_stuck("no memory");
		rc = make_node(j, v[i].node, inner, depth + 1);
		free(inner);
	}
	free(v);
	if (rc == 0 && chmod(path, x->mode))
		rc = qa_fail(j->err, errno, "cannot chmod %s: ", path);
	return rc;
}

static int
make_node(struct job *j, struct node *x, const char *path, int depth)
{
	if (x->folder)
		return make_folder(j, x, path, depth);
	if (!x->link)
		return make_file(j, x, path);
	char target[PATH_MAX];
	size_t n = x->link->len < sizeof target ? x->link->len : sizeof target - 1;
	memcpy(target, ev_data(x->link), n);
	target[n] = 0;
	return symlink(target, path) ? qa_fail(j->err, errno, "cannot link %s: ", path) : 0;
}

int
qa_sim_disk_cut(struct qa_sim_disk *d, const struct qa_sim_cut *cut, const char *dest, struct qa_err *err)
{
	struct job j = {.how = *cut, .random = cut->seed * UINT64_C(0xd1342543de82ef95) + 1, .err = err};

	choose_names(&j, d);
	int rc = make_folder(&j, d->root, dest, 0);
	for (struct node *x = d->nodes; x; x = x->next) {
		free(x->path);
		x->path = NULL;
	}
	return rc;
}
