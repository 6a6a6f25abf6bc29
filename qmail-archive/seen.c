#include "qmail-archive/seen.h"
#include "base/num.h"

#include <stdlib.h>

/* A ring of digests, oldest overwritten first, and chains through it. Places are counted from 1;
 * 0 ends a chain. */
struct qa_seen {
	struct qa_digest ring[QA_SEEN_MAX];
	uint32_t chain[QA_SEEN_MAX + 1];
	uint32_t bucket[QA_SEEN_MAX];
	uint32_t next; /* place - 1 that is written next */
	bool full;
};

struct qa_seen *
qa_seen_new(void)
{
	return calloc(1, sizeof(struct qa_seen));
}

void
qa_seen_free(struct qa_seen *s)
{
	free(s);
}

/* A digest is evenly spread as it is. */
static uint32_t
bucket_of(const struct qa_digest *d)
{
	return qa_le32_get(d->b) % QA_SEEN_MAX;
}

static void
forget(struct qa_seen *s, uint32_t place)
{
	uint32_t *link = &s->bucket[bucket_of(&s->ring[place - 1])];

	while (*link != place)
		link = &s->chain[*link];
	*link = s->chain[place];
}

bool
qa_seen_has(const struct qa_seen *s, const struct qa_digest *d)
{
	for (uint32_t place = s->bucket[bucket_of(d)]; place; place = s->chain[place])
		if (qa_digest_eq(&s->ring[place - 1], d))
			return true;
	return false;
}

void
qa_seen_add(struct qa_seen *s, const struct qa_digest *d)
{
	uint32_t place = s->next + 1, *first = &s->bucket[bucket_of(d)];

	if (s->full)
		forget(s, place);
	s->ring[place - 1] = *d;
	s->chain[place] = *first;
	*first = place;
	s->next = place % QA_SEEN_MAX;
	s->full = s->full || s->next == 0;
}
