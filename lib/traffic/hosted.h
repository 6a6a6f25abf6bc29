/*
 * The domains of a host: those whose traffic is counted, and under which name.
 *
 * They come from qmail's control files or from a list. Letters have no case. `.example.com` stands for all domains below
 * example.com that have no entry of their own, and counts for `example.com`; so no stranger can make the table grow. An alias counts for
 * the domain it stands for.
 *
 *	h = qa_hosted_new();
 *	qa_hosted_control(h, "/var/qmail/control", &err);	and, or
 *	qa_hosted_list(h, "hosted", &err);
 *	qa_hosted_alias(h, "/var/qmail/users/assign", &err);
 *	qa_hosted_ready(h, &err);				sorts; from here on it is only asked
 *
 * Names of more than QA_HOSTED_NAME bytes, or with bytes up to 32, 127, '|' or '/', or what is not UTF-8, are no names: files that hold one are refused, with the
 * number of the line.
 */
#ifndef QA_TRAFFIC_HOSTED_H
#define QA_TRAFFIC_HOSTED_H

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"
#include "traffic/hash.h"

#include <stdbool.h>
#include <stdint.h>

enum { QA_HOSTED_NAME = 253, QA_HOSTED_MOST = 10000000, QA_HOSTED_FILE = 512 << 20 };

struct qa_hosted_slot {
	uint64_t hash;
	const unsigned char *name; /* lower case; NULL: free */
	uint32_t id;		   /* index in names, of what it counts for */
	uint16_t n;
	bool below; /* the entry is for domains below the name too */
	bool own;   /* and for the name itself */
};

struct qa_hosted {
	struct qa_hosted_slot *slots;
	size_t mask, used; /* slots is a power of two, at most half full */
	bool wild;	   /* some entry is for domains below it */
	/* names that are counted for, sorted bytewise after qa_hosted_ready */
	qa_span *names;
	size_t n, room;
	void *arena;   /* private */
	void *aliases; /* private */
	bool ready;
};

struct qa_hosted *qa_hosted_new(void); /* NULL: no memory */
void qa_hosted_free(struct qa_hosted *h); /* NULL is allowed */

/* One domain, or `.domain`. -1 EPROTO: it is none. */
int qa_hosted_add(struct qa_hosted *h, qa_span name, struct qa_err *err) QA_MUST;

/* ALIAS counts for REAL, which is then a domain of the host too. */
int qa_hosted_add_alias(struct qa_hosted *h, qa_span alias, qa_span real, struct qa_err *err) QA_MUST;

/*
 * All domains of a qmail: DIR/locals (DIR/me where that is missing), rcpthosts, morercpthosts, morercpthosts.cdb, virtualdomains. A file that is
 * missing holds nothing; -1 also when all of them are. Users, catch-alls and exceptions in virtualdomains (`user@domain:x`, `:x`,
 * `domain:`) are no domains.
 */
int qa_hosted_control(struct qa_hosted *h, const char *dir, struct qa_err *err) QA_MUST;

/* A list: one domain a line, `#` starts a comment. */
int qa_hosted_list(struct qa_hosted *h, const char *file, struct qa_err *err) QA_MUST;

/* Aliases: lines `alias real`, or those of qmail's users/assign (`+alias-:real:...`), in which other lines say nothing. */
int qa_hosted_alias(struct qa_hosted *h, const char *file, struct qa_err *err) QA_MUST;

/* Follows aliases of aliases (-1 EPROTO: a circle) and sorts the names. */
int qa_hosted_ready(struct qa_hosted *h, struct qa_err *err) QA_MUST;

/* Where the search for a name begins: for a prefetch. */
static inline const void *
qa_hosted_near(const struct qa_hosted *h, uint64_t hash)
{
	return &h->slots[hash & h->mask];
}

/* And then the name that is there. */
static inline const void *
qa_hosted_nearer(const struct qa_hosted *h, uint64_t hash)
{
	return h->slots[hash & h->mask].name;
}

static inline uint64_t
qa_hosted_hash(qa_span domain)
{
	return qa_fold_hash(domain.p, domain.n, 0);
}

/* The entry of exactly this name, of any case; NULL: none. HASH is qa_hosted_hash's. */
static inline const struct qa_hosted_slot *
qa_hosted_exact(const struct qa_hosted *h, qa_span domain, uint64_t hash)
{
	const struct qa_hosted_slot *s;

	for (size_t i = hash & h->mask; (s = &h->slots[i])->name; i = (i + 1) & h->mask)
		if (s->hash == hash && s->n == domain.n && qa_fold_is(domain.p, s->name, domain.n))
			return s;
	return NULL;
}

/* As qa_hosted_find, for what qa_hosted_exact does not know: wildcards, and names with coded bytes. */
int64_t qa_hosted_search(const struct qa_hosted *h, qa_span domain);

/* What a domain as written in a stats line counts for: the index in names, or -1: it is not hosted. Eight bytes behind the
 * domain must be readable. */
static inline int64_t
qa_hosted_find(const struct qa_hosted *h, qa_span domain, uint64_t hash)
{
	const struct qa_hosted_slot *s = qa_hosted_exact(h, domain, hash);

	return s && s->own ? (int64_t)s->id : qa_hosted_search(h, domain);
}

#endif
