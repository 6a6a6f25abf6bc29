#include "sys/sim-disk.h"

#include <errno.h>
#include <stdlib.h>

void *
qa_sim_grow(void *p, size_t n, size_t *room_r, size_t each)
{
	if (n <= *room_r)
		return p;
	size_t room = n + n / 2 + 8;
	p = realloc(p, room * each);
	if (!p)
		qa_sim_stuck("no memory");
	*room_r = room;
	return p;
}

void
qa_sim_bytes_put(struct bytes *b, uint64_t at, const unsigned char *p, size_t n)
{
	if (!n)
		return;
	if (at + n > b->n) {
		b->p = qa_sim_grow(b->p, at + n, &b->room, 1);
		memset(b->p + b->n, 0, at + n - b->n);
		b->n = at + n;
	}
	memcpy(b->p + at, p, n);
	if (b->size < at + n)
		b->size = at + n;
}

void
qa_sim_bytes_apply(struct bytes *b, const struct ev *e)
{
	switch ((enum ev_type)e->type) {
	case EV_WRITE:
		qa_sim_bytes_put(b, e->at, ev_data(e), e->len);
		break;
	case EV_TRUNCATE:
		if (b->n > e->at)
			b->n = e->at;
		b->size = e->at;
		break;
	case EV_ALLOCATE:
		if (e->at != ULLONG_MAX && b->size < e->at)
			b->size = e->at;
		break;
	case EV_ZERO:
		for (uint64_t at = e->at; at < e->at + e->dir2 && at < b->n; at++)
			b->p[at] = 0;
		break;
	default:
		break;
	}
}

static void
set_entry(struct entry **v, size_t *n, size_t *room, const char *name, struct node *node)
{
	size_t i = 0;

	while (i < *n && strcmp((*v)[i].name, name) != 0)
		i++;
	if (!node) {
		if (i < *n)
			(*v)[i] = (*v)[--*n];
		return;
	}
	if (i == *n) {
		*v = qa_sim_grow(*v, *n + 1, room, sizeof **v);
		(*n)++;
	}
	(*v)[i] = (struct entry){name, node};
}

void
qa_sim_entries_apply(struct entry **v, size_t *n, size_t *room, const struct change *c)
{
	if (c->also)
		set_entry(v, n, room, c->also, NULL);
	set_entry(v, n, room, c->name, c->node);
}

static struct node *
find(const struct qa_sim_disk *d, uint64_t ino)
{
	struct node *x = d->table[ino % 4096];

	while (x && x->ino != ino)
		x = x->hash;
	return x;
}

static struct node *
must_find(const struct qa_sim_disk *d, uint64_t ino)
{
	struct node *x = find(d, ino);

	if (!x) {
		errno = ENOENT;
		qa_sim_stuck("a call on a file that is not known");
	}
	return x;
}

/* A new file; one that had this inode number before is gone for good, but names on the disk may still mean
 * it. */
static struct node *
make(struct qa_sim_disk *d, const struct ev *e)
{
	struct node **h = &d->table[e->ino % 4096], *x;

	while (*h && (*h)->ino != e->ino)
		h = &(*h)->hash;
	if (*h)
		*h = (*h)->hash;
	x = calloc(1, sizeof *x);
	if (!x)
		qa_sim_stuck("no memory");
	x->ino = e->ino;
	x->mode = e->mode & 07777;
	x->folder = S_ISDIR(e->mode);
	x->next = d->nodes;
	d->nodes = x;
	x->hash = d->table[e->ino % 4096];
	d->table[e->ino % 4096] = x;
	return x;
}

static struct change *
wait_for_sync(struct node *x, struct change c)
{
	x->change = qa_sim_grow(x->change, x->changes + 1, &x->change_room, sizeof *x->change);
	x->change[x->changes] = c;
	return &x->change[x->changes++];
}

/* The data of lost changes is not there, but what they did to the size is known to the inode. */
static void
sync_file(struct node *x)
{
	struct bytes b = {x->p, x->n, x->room, x->size};

	for (size_t i = 0; i < x->changes; i++) {
		const struct ev *e = x->change[i].e;

		if (!x->change[i].lost)
			qa_sim_bytes_apply(&b, e);
		else if (e->type == EV_WRITE && b.size < e->at + e->len)
			b.size = e->at + e->len;
		else if (e->type == EV_ALLOCATE || e->type == EV_TRUNCATE)
			qa_sim_bytes_apply(&b, e);
	}
	x->p = b.p;
	x->n = b.n;
	x->room = b.room;
	x->size = b.size;
	x->changes = 0;
}

/* Makes the changes of a folder durable until TARGET of them are. A file that came to another folder is
 * durable there before it is gone here. */
static void
sync_names(struct node *x, size_t target)
{
	while (x->made < target) {
		struct change *c = &x->change[0];

		if (c->other && c->other_n > c->other->made) {
			sync_names(c->other, c->other_n);
			continue; /* which may have needed changes of this folder */
		}
		qa_sim_entries_apply(&x->entry, &x->entries, &x->entry_room, c);
		x->made++;
		x->changes--;
		memmove(x->change, x->change + 1, x->changes * sizeof *x->change);
	}
}

static void
sync_node(struct node *x, bool failed)
{
	if (x->folder && !failed)
		sync_names(x, x->made + x->changes);
	else if (failed)
		for (size_t i = 0; i < x->changes && !x->folder; i++)
			x->change[i].lost = true;
	else
		sync_file(x);
}

static void
had(struct qa_sim_disk *d, const struct ev *e)
{
	struct node *x = find(d, e->ino);

	if (!x || x->folder) {
		x = make(d, e);
		x->size = e->at;
		if (e->type == EV_HAD_LINK)
			x->link = e;
		else if (e->len) {
			struct bytes b = {0};

			qa_sim_bytes_put(&b, 0, ev_data(e), e->len);
			x->p = b.p;
			x->n = b.n;
			x->room = b.room;
		}
	}
	if (!e->dir)
		d->root = x;
	else {
		struct node *dir = must_find(d, e->dir);
		struct change c = {.name = ev_name(e), .node = x};

		qa_sim_entries_apply(&dir->entry, &dir->entries, &dir->entry_room, &c);
	}
}

static void
renamed(struct qa_sim_disk *d, const struct ev *e)
{
	struct node *x = must_find(d, e->ino), *from = must_find(d, e->dir), *to = must_find(d, e->dir2);
	struct change set = {.e = e, .node = x, .name = ev_name2(e)}, gone = {.e = e, .name = ev_name(e)};

	if (from == to) {
		set.also = ev_name(e);
		wait_for_sync(to, set);
		return;
	}
	wait_for_sync(to, set);
	gone.other = to;
	gone.other_n = to->made + to->changes;
	wait_for_sync(from, gone);
}

static void
play(struct qa_sim_disk *d, const struct ev *e)
{
	struct change c = {.e = e, .name = ev_name(e)};

	switch ((enum ev_type)e->type) {
	case EV_HAD_DIR:
	case EV_HAD_FILE:
	case EV_HAD_LINK:
		had(d, e);
		return;
	case EV_NOTE:
		d->note = qa_sim_grow(d->note, d->notes + 1, &d->note_room, sizeof *d->note);
		d->note[d->notes++] = qa_span_of(ev_data(e), e->len);
		return;
	case EV_SYNC:
		sync_node(must_find(d, e->ino), e->num != 0);
		return;
	case EV_SYNCFS:
		for (struct node *x = d->nodes; x; x = x->next)
			sync_node(x, e->num != 0);
		return;
	default:
		break;
	}
	if (e->num)
		return;
	switch ((enum ev_type)e->type) {
	case EV_CREATE:
	case EV_MKDIR:
		if (!e->ino)
			return;
		c.node = make(d, e);
		wait_for_sync(must_find(d, e->dir), c);
		return;
	case EV_TMPFILE:
		make(d, e);
		return;
	case EV_WRITE:
	case EV_TRUNCATE:
	case EV_ALLOCATE:
	case EV_ZERO:
		wait_for_sync(must_find(d, e->ino), c);
		return;
	case EV_LINK:
		c.node = must_find(d, e->ino);
		wait_for_sync(must_find(d, e->dir), c);
		return;
	case EV_UNLINK:
		wait_for_sync(must_find(d, e->dir), c);
		return;
	case EV_RENAME:
		if (e->ino)
			renamed(d, e);
		return;
	default:
		return;
	}
}

struct qa_sim_disk *
qa_sim_disk_new(const struct qa_sim *sim)
{
	struct qa_sim_disk *d = calloc(1, sizeof *d);

	if (!d)
		qa_sim_stuck("no memory");
	d->sim = sim;
	qa_sim_disk_to(d, 1);
	return d;
}

void
qa_sim_disk_to(struct qa_sim_disk *d, unsigned long n)
{
	const struct ev *e;

	while ((e = ev_at(d->sim, d->at)) && e->call < n) {
		play(d, e);
		d->at += e->size;
	}
}

const qa_span *
qa_sim_disk_notes(const struct qa_sim_disk *d, size_t *n_r)
{
	*n_r = d->notes;
	return d->note;
}

void
qa_sim_disk_free(struct qa_sim_disk *d)
{
	if (!d)
		return;
	while (d->nodes) {
		struct node *x = d->nodes;

		d->nodes = x->next;
		free(x->p);
		free(x->entry);
		free(x->change);
		free(x);
	}
	free(d->note);
	free(d);
}
