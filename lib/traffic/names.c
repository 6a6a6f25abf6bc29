#include "traffic/names.h"
#include "traffic/huge.h"

#include <errno.h>
#include <stdlib.h>

enum { BLOCK = 1 << QA_NAMETAB_SHIFT, BLOCK_BYTES = BLOCK * QA_NAMETAB_UNIT };

int
qa_nametab_init(struct qa_nametab *t, unsigned counts, size_t limit, uint64_t seed)
{
	*t = (struct qa_nametab){.mask = 4095, .limit = limit, .counts = counts, .seed = seed};
	t->slots = qa_huge_new((t->mask + 1) * sizeof *t->slots);
	return t->slots ? 0 : -1;
}

void
qa_nametab_free(struct qa_nametab *t)
{
	for (size_t i = 0; i < t->blocks_n; i++)
		qa_huge_free(t->blocks[i], BLOCK_BYTES);
	free(t->blocks);
	free(t->used);
	qa_huge_free(t->slots, (t->mask + 1) * sizeof *t->slots);
	memset(t, 0, sizeof *t);
}

static uint32_t
units(const struct qa_nametab *t, size_t n)
{
	size_t bytes = sizeof(struct qa_name) + t->counts * sizeof(struct qa_count) + n + 8;

	return (uint32_t)((bytes + QA_NAMETAB_UNIT - 1) / QA_NAMETAB_UNIT);
}

/* The first name at or behind a place: its block's next, or the first of a later block. */
static uint32_t
from(const struct qa_nametab *t, size_t block, uint32_t unit)
{
	for (; block < t->blocks_n; block++, unit = block ? 0 : 1)
		if (unit < t->used[block])
			return (uint32_t)(block << QA_NAMETAB_SHIFT) | unit;
	return 0;
}

uint32_t
qa_nametab_first(const struct qa_nametab *t)
{
	return from(t, 0, 1);
}

uint32_t
qa_nametab_next(const struct qa_nametab *t, uint32_t at)
{
	if (at == 0)
		return 0;
	return from(t, at >> QA_NAMETAB_SHIFT, (at & (BLOCK - 1)) + units(t, qa_nametab_at(t, at)->n));
}

static int
grow(struct qa_nametab *t)
{
	size_t mask = 4 * t->mask + 3;
	struct qa_name_slot *slots = qa_huge_new((mask + 1) * sizeof *slots);

	if (!slots)
		return -1;
	for (uint32_t at = qa_nametab_first(t); at; at = qa_nametab_next(t, at)) {
		uint64_t hash = qa_nametab_at(t, at)->hash;
		size_t i = hash & mask;

		while (slots[i].at)
			i = (i + 1) & mask;
		slots[i] = (struct qa_name_slot){(uint32_t)(hash >> 32), at};
	}
	qa_huge_free(t->slots, (t->mask + 1) * sizeof *slots);
	t->slots = slots;
	t->mask = mask;
	return 0;
}

/* Room for SIZE units: its place, or 0. Place 0 itself is never given away. */
static uint32_t
room(struct qa_nametab *t, uint32_t size)
{
	size_t b = t->blocks_n;

	if (b == 0 || BLOCK - t->used[b - 1] < size) {
		unsigned char **blocks = realloc(t->blocks, (b + 1) * sizeof *blocks);

		if (!blocks)
			return 0;
		t->blocks = blocks;
		uint32_t *used = realloc(t->used, (b + 1) * sizeof *used);
		if (!used)
			return 0;
		t->used = used;
		if (b == BLOCK || size > BLOCK - 1 || !(blocks[b] = qa_huge_new(BLOCK_BYTES)))
			return 0;
		used[b] = b == 0;
		t->blocks_n = ++b;
	}
	uint32_t at = (uint32_t)((b - 1) << QA_NAMETAB_SHIFT) | t->used[b - 1];
	t->used[b - 1] += size;
	return at;
}

struct qa_name *
qa_nametab_add(struct qa_nametab *t, qa_span name, uint32_t domain_n, uint64_t hash)
{
	uint32_t at;

	if (t->n >= t->limit) {
		errno = E2BIG;
		return NULL;
	}
	if ((2 * (t->n + 1) > t->mask && grow(t)) || !(at = room(t, units(t, name.n)))) {
		errno = ENOMEM;
		return NULL;
	}
	struct qa_name *e = qa_nametab_at(t, at);
	e->hash = hash;
	e->n = (uint32_t)name.n;
	e->domain_n = domain_n;
	unsigned char *p = (unsigned char *)(e->c + t->counts);
	for (size_t i = 0; i < name.n; i++)
		p[i] = qa_fold(name.p[i]);
	size_t i = hash & t->mask;
	while (t->slots[i].at)
		i = (i + 1) & t->mask;
	t->slots[i] = (struct qa_name_slot){(uint32_t)(hash >> 32), at};
	t->n++;
	return e;
}
