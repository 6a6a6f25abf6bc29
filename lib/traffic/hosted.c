#include "traffic/hosted.h"
#include "base/text.h"
#include "traffic/huge.h"
#include "statline/statline.h"

#include <errno.h>
#include <stdlib.h>

/* Names lie in blocks that never move. */
struct arena {
	struct arena *next;
	size_t used;
	unsigned char bytes[(2 << 20) - 16];
};

struct alias {
	uint32_t from, to; /* indexes in names */
};

struct aliases {
	struct alias *v;
	size_t n, room;
};

struct qa_hosted *
qa_hosted_new(void)
{
	struct qa_hosted *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->mask = 1023;
	h->slots = qa_huge_new((h->mask + 1) * sizeof *h->slots);
	h->aliases = calloc(1, sizeof(struct aliases));
	if (!h->slots || !h->aliases) {
		qa_hosted_free(h);
		return NULL;
	}
	return h;
}

void
qa_hosted_free(struct qa_hosted *h)
{
	if (!h)
		return;
	for (struct arena *a = h->arena, *next; a; a = next) {
		next = a->next;
		qa_huge_free(a, sizeof *a);
	}
	if (h->aliases)
		free(((struct aliases *)h->aliases)->v);
	free(h->aliases);
	qa_huge_free(h->slots, (h->mask + 1) * sizeof *h->slots);
	free(h->names);
	free(h);
}

/* A copy in lower case, with bytes behind it that may be read; NULL: no memory. */
static unsigned char *
keep(struct qa_hosted *h, qa_span s)
{
	struct arena *a = h->arena;

	if (!a || sizeof a->bytes - a->used < s.n + 8) {
		if (!(a = qa_huge_new(sizeof *a)))
			return NULL;
		a->next = h->arena;
		h->arena = a;
	}
	unsigned char *p = a->bytes + a->used;
	for (size_t i = 0; i < s.n; i++)
		p[i] = qa_fold(s.p[i]);
	a->used += s.n + 8;
	return p;
}

static struct qa_hosted_slot *
place(struct qa_hosted_slot *slots, size_t mask, const struct qa_hosted_slot *want)
{
	size_t i = want->hash & mask;

	while (slots[i].name && (slots[i].hash != want->hash || slots[i].n != want->n ||
				 memcmp(slots[i].name, want->name, want->n) != 0))
		i = (i + 1) & mask;
	return &slots[i];
}

static int
grow(struct qa_hosted *h)
{
	size_t mask = 2 * h->mask + 1;
	struct qa_hosted_slot *slots = qa_huge_new((mask + 1) * sizeof *slots);

	if (!slots)
		return -1;
	for (size_t i = 0; i <= h->mask; i++)
		if (h->slots[i].name)
			*place(slots, mask, &h->slots[i]) = h->slots[i];
	qa_huge_free(h->slots, (h->mask + 1) * sizeof *slots);
	h->slots = slots;
	h->mask = mask;
	return 0;
}

/* The slot of a name, made when it is missing; the entry is then for nothing yet. NULL: no memory, or too many. */
static struct qa_hosted_slot *
slot(struct qa_hosted *h, qa_span name)
{
	unsigned char low[QA_HOSTED_NAME + 8] = {0};
	struct qa_hosted_slot want = {.name = low, .n = (uint16_t)name.n}, *s;

	for (size_t i = 0; i < name.n; i++)
		low[i] = qa_fold(name.p[i]);
	want.hash = qa_hosted_hash(qa_span_of(low, name.n));
	s = place(h->slots, h->mask, &want);
	if (s->name)
		return s;
	if (h->used == QA_HOSTED_MOST) {
		errno = E2BIG;
		return NULL;
	}
	if (2 * (h->used + 1) > h->mask + 1) {
		if (grow(h))
			return NULL;
		s = place(h->slots, h->mask, &want);
	}
	if (h->n == h->room) {
		size_t room = h->room ? 2 * h->room : 256;
		qa_span *v = realloc(h->names, room * sizeof *v);

		if (!v)
			return NULL;
		h->names = v;
		h->room = room;
	}
	const unsigned char *p = keep(h, name);
	if (!p)
		return NULL;
	want.name = p;
	want.id = (uint32_t)h->n;
	h->names[h->n++] = qa_span_of(p, name.n);
	h->used++;
	*s = want;
	return s;
}

/* What may stand in the daily file (traffic/qml.h). */
static bool
is_name(qa_span s)
{
	for (size_t i = 0, k; i < s.n; i += k) {
		k = qa_utf8_len(qa_span_cut(s, i, s.n));
		if (k == 0 || s.p[i] <= 32 || s.p[i] == 127 || s.p[i] == '|' || s.p[i] == '/')
			return false;
	}
	return s.n > 0 && s.n <= QA_HOSTED_NAME && s.p[0] != '.';
}

/* The name without its last dot, and whether it began with one. */
static int
name_of(qa_span s, qa_span *name_r, bool *below_r, struct qa_err *err)
{
	*below_r = s.n > 1 && s.p[0] == '.';
	if (*below_r)
		s = qa_span_cut(s, 1, s.n);
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	*name_r = s;
	return is_name(s) ? 0 : qa_fail(err, EPROTO, "no name of a domain");
}

int
qa_hosted_add(struct qa_hosted *h, qa_span name, struct qa_err *err)
{
	struct qa_hosted_slot *s;
	bool below;

	if (name_of(name, &name, &below, err))
		return -1;
	if (!(s = slot(h, name)))
		return qa_fail(err, errno, "cannot keep the domains: ");
	if (below)
		s->below = h->wild = true;
	else
		s->own = true;
	return 0;
}

int
qa_hosted_add_alias(struct qa_hosted *h, qa_span alias, qa_span real, struct qa_err *err)
{
	struct aliases *a = h->aliases;
	struct qa_hosted_slot *s;
	bool below[2];

	if (name_of(alias, &alias, &below[0], err) || name_of(real, &real, &below[1], err))
		return -1;
	if (below[0] || below[1])
		return qa_fail(err, EPROTO, "an alias is one domain");
	if (a->n == a->room) {
		size_t room = a->room ? 2 * a->room : 64;
		struct alias *v = realloc(a->v, room * sizeof *v);

		if (!v)
			return qa_fail(err, ENOMEM, "cannot keep the domains: ");
		a->v = v;
		a->room = room;
	}
	if (!(s = slot(h, real)))
		return qa_fail(err, errno, "cannot keep the domains: ");
	s->own = true;
	a->v[a->n].to = s->id;
	if (!(s = slot(h, alias)))
		return qa_fail(err, errno, "cannot keep the domains: ");
	s->own = true;
	a->v[a->n++].from = s->id;
	return 0;
}

static int
by_name(const void *x, const void *y, void *names)
{
	const qa_span *v = names;
	qa_span a = v[*(const uint32_t *)x], b = v[*(const uint32_t *)y];
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* What each name counts for, through aliases of aliases: to TARGET. */
static int
follow(struct qa_hosted *h, uint32_t *target, struct qa_err *err)
{
	struct aliases *a = h->aliases;

	for (uint32_t i = 0; i < h->n; i++)
		target[i] = i;
	for (size_t i = 0; i < a->n; i++)
		target[a->v[i].from] = a->v[i].to; /* the last one that is said holds */
	for (uint32_t i = 0; i < h->n; i++) {
		uint32_t t = target[i];

		for (unsigned hops = 0; target[t] != t; t = target[t])
			if (++hops > 16)
				return qa_fail(err, EPROTO, "the aliases of %.*s go in a circle", (int)h->names[i].n,
					       (const char *)h->names[i].p);
		target[i] = t;
	}
	return 0;
}

int
qa_hosted_ready(struct qa_hosted *h, struct qa_err *err)
{
	size_t n = h->n ? h->n : 1;
	uint32_t *target = calloc(n, sizeof *target), *order = calloc(n, sizeof *order), *place_of = calloc(n, sizeof *order);
	qa_span *names = calloc(n, sizeof *names);
	int rc = -1;

	if (!target || !order || !place_of || !names) {
		qa_fail(err, ENOMEM, "cannot keep the domains: ");
		goto end;
	}
	if (follow(h, target, err))
		goto end;
	for (uint32_t i = 0; i < h->n; i++)
		order[i] = i;
	qsort_r(order, h->n, sizeof *order, by_name, h->names);
	for (uint32_t i = 0; i < h->n; i++) {
		place_of[order[i]] = i;
		names[i] = h->names[order[i]];
	}
	for (size_t i = 0; i <= h->mask; i++)
		if (h->slots[i].name)
			h->slots[i].id = place_of[target[h->slots[i].id]];
	free(h->names);
	h->names = names;
	h->room = n;
	names = NULL;
	h->ready = true;
	rc = 0;
end:
	free(target);
	free(order);
	free(place_of);
	free(names);
	return rc;
}

static const struct qa_hosted_slot *
exact(const struct qa_hosted *h, const unsigned char *p, size_t n)
{
	qa_span s = qa_span_of(p, n);

	return qa_hosted_exact(h, s, qa_hosted_hash(s));
}

int64_t
qa_hosted_search(const struct qa_hosted *h, qa_span domain)
{
	unsigned char plain[QA_STATLINE_MAX + 9];
	const struct qa_hosted_slot *s;

	if (domain.n == 0 || domain.n > QA_STATLINE_MAX || (!h->wild && !memchr(domain.p, '%', domain.n)))
		return -1;
	size_t n = qa_statline_decode(domain, plain);
	memset(plain + n, 0, 8);
	if (n && plain[n - 1] == '.')
		n--;
	if ((s = exact(h, plain, n)) && s->own)
		return s->id;
	for (size_t i = n > QA_HOSTED_NAME + 1 ? n - QA_HOSTED_NAME - 1 : 0; h->wild && i < n; i++)
		if (plain[i] == '.' && (s = exact(h, plain + i + 1, n - i - 1)) && s->below)
			return s->id;
	return -1;
}
