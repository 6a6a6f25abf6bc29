/*
 * A table of names (addresses, domains) with some counters each, for names that strangers choose: letters have no case,
 * the hash has a seed, and the table has a limit.
 */
#ifndef QA_TRAFFIC_NAMES_H
#define QA_TRAFFIC_NAMES_H

#include "base/attr.h"
#include "traffic/hash.h"

#include <stdint.h>

struct qa_count {
	uint64_t n, bytes; /* bytes stays at its most */
};

/* Counters and name lie side by side and begin with a line of the cache; most names fill two. */
struct qa_name {
	uint64_t hash;
	uint32_t n;
	uint32_t domain_n;   /* the last bytes of it are its domain; 0: it has none */
	struct qa_count c[]; /* as many as the table says; then the name in lower case, as written in the stats line, and 8 bytes */
};

struct qa_name_slot {
	uint32_t tag, at; /* at 0: free */
};

struct qa_nametab {
	struct qa_name_slot *slots;
	size_t mask, n, limit;
	unsigned char **blocks; /* of names, which do not move */
	size_t blocks_n;
	uint32_t *used; /* units of each block */
	unsigned counts;
	uint64_t seed;
};

enum { QA_NAMETAB_UNIT = 64, QA_NAMETAB_SHIFT = 15 }; /* a block is 2 MiB */

/* COUNTS counters a name, at most LIMIT names (below 2^31). -1: no memory. */
int qa_nametab_init(struct qa_nametab *t, unsigned counts, size_t limit, uint64_t seed) QA_MUST;
void qa_nametab_free(struct qa_nametab *t);

static inline struct qa_name *
qa_nametab_at(const struct qa_nametab *t, uint32_t at)
{
	return (struct qa_name *)(void *)(t->blocks[at >> QA_NAMETAB_SHIFT] +
					  (size_t)(at & ((1u << QA_NAMETAB_SHIFT) - 1)) * QA_NAMETAB_UNIT);
}

static inline const unsigned char *
qa_name_text(const struct qa_nametab *t, const struct qa_name *e)
{
	return (const unsigned char *)(e->c + t->counts);
}

/* All names, in the order they came: for (at = qa_nametab_first(t); at; at = qa_nametab_next(t, at)). Next of 0 is 0. */
uint32_t qa_nametab_first(const struct qa_nametab *t);
uint32_t qa_nametab_next(const struct qa_nametab *t, uint32_t at);

/* Two steps of prefetch, for who has other things to do in between: the slot, then the name. */
static inline void
qa_nametab_near(const struct qa_nametab *t, uint64_t hash)
{
	__builtin_prefetch(&t->slots[hash & t->mask]);
}

static inline void
qa_nametab_nearer(const struct qa_nametab *t, uint64_t hash)
{
	const struct qa_name_slot *s = &t->slots[hash & t->mask];

	if (s->at) {
		const char *p = (const char *)qa_nametab_at(t, s->at);

		__builtin_prefetch(p, 1);
		__builtin_prefetch(p + 64, 1);
	}
}

/* Adds a name that is not there: NULL when the limit is reached (errno E2BIG) or there is no memory. */
struct qa_name *qa_nametab_add(struct qa_nametab *t, qa_span name, uint32_t domain_n, uint64_t hash);

/* The name, of any case; NULL: not there. Eight bytes behind it must be readable; HASH is qa_fold_hash's with the table's seed. */
static inline struct qa_name *
qa_nametab_find(const struct qa_nametab *t, qa_span name, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	const struct qa_name_slot *s;

	for (size_t i = hash & t->mask; (s = &t->slots[i])->at; i = (i + 1) & t->mask)
		if (s->tag == tag) {
			struct qa_name *e = qa_nametab_at(t, s->at);

			if (e->n == name.n && qa_fold_is(name.p, qa_name_text(t, e), name.n))
				return e;
		}
	return NULL;
}

static inline void
qa_count_add(struct qa_count *c, uint64_t n, uint64_t bytes)
{
	c->n += n;
	if (__builtin_add_overflow(c->bytes, bytes, &c->bytes))
		c->bytes = UINT64_MAX;
}

#endif
