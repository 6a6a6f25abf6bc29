#include "traffic/survey.h"
#include "base/id.h"
#include "traffic/quick.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOURS = 512, QUARTER = 900 };

/* A name to be counted, when memory has it. */
struct todo {
	qa_span name;
	uint32_t domain_n;
	uint64_t hash;
	const struct qa_quick_line *l;
};

struct worker {
	const struct qa_survey *what;
	struct qa_survey_sums sums;
	struct qa_quick quick;
	bool failed; /* no memory */
	/* the hour of a quarter of an hour: all zones change at one */
	struct {
		int64_t quarter;
		unsigned hour;
	} hours[HOURS];
	/* of the good line before, for messages */
	struct {
		bool is;
		unsigned char kind;
		uint32_t pid, sender_n;
		int64_t time;
		uint64_t bytes;
		const unsigned char *sender;
	} before;
	uint32_t lines; /* of the part so far */
	/* of the batch at hand; here, so that nothing is cleared for each */
	struct qa_quick_line line[QA_QUICK_BATCH];
	struct todo own[QA_QUICK_BATCH], peer[QA_QUICK_BATCH], late[QA_QUICK_BATCH];
};

/* The two sides of a line. */
struct sides {
	qa_span own, peer;
	uint32_t own_domain, peer_domain;
};

static unsigned
hour_of(struct worker *w, int64_t t)
{
	int64_t quarter = t / QUARTER;
	size_t at = (size_t)quarter % HOURS;
	time_t when = (time_t)t;
	struct tm tm;

	if (w->hours[at].quarter != quarter + 1) { /* 0 is none */
		w->hours[at].hour = localtime_r(&when, &tm) && tm.tm_hour < 24 ? (unsigned)tm.tm_hour : 0;
		w->hours[at].quarter = quarter + 1;
	}
	return w->hours[at].hour;
}

static struct qa_survey_status *
status_of(struct qa_survey_sums *s, const unsigned char *p, size_t n)
{
	static const char other[] = "(other)";

	for (size_t i = 0; i < s->statuses; i++)
		if (s->status[i].n == n && s->status[i].name[0] == p[0] && memcmp(s->status[i].name, p, n) == 0)
			return &s->status[i];
	if ((n > QA_SURVEY_STATUS || s->statuses >= QA_SURVEY_STATUSES) &&
	    (n != sizeof other - 1 || memcmp(p, other, n) != 0))
		return status_of(s, (const unsigned char *)other, sizeof other - 1);
	struct qa_survey_status *one = &s->status[s->statuses++];
	memcpy(one->name, p, n);
	one->n = n;
	return one;
}

/* Whether the line is of the same message as the good one before. */
static bool
goes_on(struct worker *w, const struct qa_quick_line *l)
{
	const unsigned char *sender = l->p + l->sender;
	bool same = w->before.is && w->before.kind == l->kind && w->before.pid == l->pid && w->before.time == l->time &&
		    w->before.bytes == l->bytes && w->before.sender_n == l->sender_n &&
		    memcmp(w->before.sender, sender, l->sender_n) == 0;

	w->before.is = true;
	w->before.kind = l->kind;
	w->before.pid = l->pid;
	w->before.time = l->time;
	w->before.bytes = l->bytes;
	w->before.sender = sender;
	w->before.sender_n = l->sender_n;
	return same;
}

static void
begin_part(struct worker *w, const struct qa_part *part)
{
	struct qa_quick_line l[QA_QUICK_BATCH];

	w->lines = 0;
	w->before.is = false;
	if (part->before.n) {
		qa_quick_start(&w->quick, part->before.p, part->before.n);
		if (qa_quick_next(&w->quick, l) == 1 && !l[0].why)
			goes_on(w, &l[0]);
	}
}

static bool
session(unsigned kind)
{
	return kind == QA_STAT_POP3 || kind == QA_STAT_IMAP;
}

/* An address without the dot behind its domain, or its domain alone. */
static qa_span
side(const struct qa_quick_line *l, uint16_t at, uint16_t n, uint16_t domain, uint16_t domain_n, bool whole)
{
	if (!whole)
		return qa_quick_part(l, domain, domain_n);
	return domain_n ? qa_quick_part(l, at, (uint16_t)(domain + domain_n - at)) : qa_quick_part(l, at, n);
}

static void
find_sides(const struct qa_quick_line *l, bool whole, struct sides *p)
{
	bool to = l->kind == QA_STAT_IN || l->kind == QA_STAT_LIST;
	uint16_t skip = session(l->kind) ? 5 : 0; /* pop3@ */
	qa_span from = side(l, (uint16_t)(l->sender + skip), (uint16_t)(l->sender_n - skip), l->from, l->from_n, whole);
	qa_span recipient = side(l, l->recipient, l->recipient_n, l->to, l->to_n, whole);

	p->own = to ? recipient : from;
	p->peer = to ? from : recipient;
	p->own_domain = to ? l->to_n : l->from_n;
	p->peer_domain = to ? l->from_n : l->to_n;
}

static inline void
add(const struct todo *d, struct qa_name *e)
{
	static const unsigned char side_of[QA_SURVEY_KINDS] = {QA_SURVEY_IN, QA_SURVEY_OUT, QA_SURVEY_SESSIONS,
							       QA_SURVEY_SESSIONS, QA_SURVEY_IN};

	qa_count_add(&e->c[side_of[d->l->kind]], 1, d->l->bytes);
}

/*
 * Counts names. Over the limit of addresses it is the domain that counts, for which, and for domains, there is some more room; over
 * that the name without a name. What stands for several has its hash by the inverted seed.
 */
static void
count(struct worker *w, struct qa_nametab *t, size_t most, const struct todo *d, size_t n)
{
	struct todo *late = w->late;
	size_t k = 0;
	struct qa_name *e;

	for (size_t i = 0; i < n; i++)
		qa_nametab_nearer(t, d[i].hash);
	for (size_t i = 0; i < n; i++) {
		if ((e = qa_nametab_find(t, d[i].name, d[i].hash)) ||
		    (t->n < most && (e = qa_nametab_add(t, d[i].name, d[i].domain_n, d[i].hash)))) {
			add(&d[i], e);
			continue;
		}
		late[k] = d[i];
		late[k].name = qa_span_of(d[i].name.p + (d[i].name.n - d[i].domain_n), d[i].domain_n);
		late[k].hash = qa_fold_hash(late[k].name.p, late[k].name.n, ~t->seed);
		qa_nametab_near(t, late[k].hash);
		k++;
	}
	w->sums.folded += k;
	for (size_t i = 0; i < k; i++)
		qa_nametab_nearer(t, late[i].hash);
	for (size_t i = 0; i < k; i++) {
		struct todo *o = &late[i];

		e = qa_nametab_find(t, o->name, o->hash);
		if (!e && t->n >= most + most) {
			o->name.n = o->domain_n = 0;
			o->hash = ~t->seed;
			e = qa_nametab_find(t, o->name, o->hash);
		}
		if (e || (e = qa_nametab_add(t, o->name, o->domain_n, o->hash)))
			add(o, e);
		else
			w->failed = true;
	}
}

static void
edge(const struct qa_part *part, const struct qa_quick_line *l, size_t line, struct qa_survey_edge *e)
{
	e->is = true;
	e->time = l->time;
	e->file = part->file;
	e->part = part->number;
	e->line = line;
	e->n = l->n < QA_SURVEY_LINE ? l->n : QA_SURVEY_LINE;
	memcpy(e->text, l->p, e->n);
}

/* Everything but names. */
static inline void
tell(struct worker *w, const struct qa_quick_line *l, bool same)
{
	struct qa_survey_sums *s = &w->sums;
	struct qa_survey_status *st = status_of(s, l->p + l->status, l->status_n);

	s->lines++;
	s->messages[l->kind] += !same && !session(l->kind);
	qa_count_add(&st->c[l->kind], 1, l->bytes);
	qa_count_add(&s->hour[hour_of(w, l->time)][l->kind], 1, l->bytes);
	s->attempts[l->attempts > QA_SURVEY_ATTEMPTS ? QA_SURVEY_ATTEMPTS : l->attempts][l->kind]++;
}

static bool
wanted(const struct qa_survey *what, const struct sides *p, const struct qa_quick_line *l)
{
	if (l->time < what->from || l->time >= what->to)
		return false;
	if (!what->domain.n)
		return true;
	return qa_span_caseeq(qa_span_of(p->own.p + (p->own.n - p->own_domain), p->own_domain), what->domain);
}

static void
batch(struct worker *w, const struct qa_quick_line *l, size_t k, const struct qa_part *part, const struct qa_quick_line **ends)
{
	const struct qa_survey *what = w->what;
	struct qa_survey_sums *s = &w->sums;
	struct todo *own = w->own, *peer = w->peer;
	size_t owns = 0, peers = 0;
	struct sides p;

	for (size_t i = 0; i < k; i++) {
		if (l[i].why) {
			qa_bad_note(&s->bad, part, w->lines + (uint32_t)i, &l[i]);
			continue;
		}
		bool same = goes_on(w, &l[i]);
		find_sides(&l[i], what->verbose, &p);
		if (!wanted(what, &p, &l[i]))
			continue;
		tell(w, &l[i], same);
		if (!s->first.is || l[i].time < s->first.time)
			edge(part, &l[i], w->lines + i, &s->first);
		if (!s->last.is || l[i].time >= s->last.time) {
			/* mostly each line: it is copied when the batch is through */
			s->last.is = true;
			s->last.time = l[i].time;
			s->last.line = w->lines + i;
			*ends = &l[i];
		}
		own[owns] = (struct todo){p.own, p.own_domain, qa_fold_hash(p.own.p, p.own.n, s->own.seed), &l[i]};
		qa_nametab_near(&s->own, own[owns++].hash);
		if (what->verbose && l[i].kind <= QA_STAT_OUT) {
			peer[peers] = (struct todo){p.peer, p.peer_domain, qa_fold_hash(p.peer.p, p.peer.n, s->peer.seed), &l[i]};
			qa_nametab_near(&s->peer, peer[peers++].hash);
		}
	}
	count(w, &s->own, what->names_most ? what->names_most : QA_SURVEY_NAMES, own, owns);
	count(w, &s->peer, what->names_most ? what->names_most : QA_SURVEY_PEERS, peer, peers);
}

static uint32_t
take(void *worker, const struct qa_part *part)
{
	struct worker *w = worker;
	struct qa_quick_line *l = w->line;
	size_t k;

	begin_part(w, part);
	qa_quick_start(&w->quick, part->p, part->n);
	while ((k = qa_quick_next(&w->quick, l))) {
		const struct qa_quick_line *end = NULL;

		batch(w, l, k, part, &end);
		if (end)
			edge(part, end, w->sums.last.line, &w->sums.last);
		w->lines += (uint32_t)k;
	}
	return w->lines;
}

static void
free_sums(struct qa_survey_sums *s)
{
	qa_nametab_free(&s->own);
	qa_nametab_free(&s->peer);
	qa_bad_free(&s->bad);
}

static int
prepare(struct worker *w, const struct qa_survey *what, uint64_t seed)
{
	size_t most = what->names_most ? what->names_most : QA_SURVEY_NAMES;

	most += most + 2;
	w->what = what;
	return qa_quick_init(&w->quick) || qa_nametab_init(&w->sums.own, QA_SURVEY_SIDES, most, seed) ||
			       qa_nametab_init(&w->sums.peer, 2, most, seed)
		   ? -1
		   : 0;
}

/* Adds FROM's names to INTO, whose limit goes up to hold them. -1: no memory. */
static int
merge_names(struct qa_nametab *into, const struct qa_nametab *from)
{
	into->limit += from->n;
	/* two more go ahead and have memory bring what this one needs */
	uint32_t at = qa_nametab_first(from), near = at, nearer = at;
	for (int i = 0; i < 16; i++)
		near = qa_nametab_next(from, near);
	for (int i = 0; i < 8; i++)
		nearer = qa_nametab_next(from, nearer);
	for (; at; at = qa_nametab_next(from, at)) {
		const struct qa_name *e = qa_nametab_at(from, at);
		qa_span name = qa_span_of(qa_name_text(from, e), e->n);

		if (near)
			qa_nametab_near(into, qa_nametab_at(from, near)->hash);
		if (nearer)
			qa_nametab_nearer(into, qa_nametab_at(from, nearer)->hash);
		near = qa_nametab_next(from, near);
		nearer = qa_nametab_next(from, nearer);
		struct qa_name *to = qa_nametab_find(into, name, e->hash);
		if (!to && !(to = qa_nametab_add(into, name, e->domain_n, e->hash)))
			return -1;
		for (unsigned c = 0; c < into->counts; c++)
			qa_count_add(&to->c[c], e->c[c].n, e->c[c].bytes);
	}
	return 0;
}

/* FROM's names added up by domain. */
static int
by_domain(struct qa_nametab *into, const struct qa_nametab *from)
{
	if (qa_nametab_init(into, from->counts, from->n + 1, from->seed))
		return -1;
	for (uint32_t at = qa_nametab_first(from); at; at = qa_nametab_next(from, at)) {
		const struct qa_name *e = qa_nametab_at(from, at);
		qa_span domain = qa_span_of(qa_name_text(from, e) + (e->n - e->domain_n), e->domain_n);
		uint64_t hash = qa_fold_hash(domain.p, domain.n, into->seed);
		struct qa_name *to = qa_nametab_find(into, domain, hash);

		if (!to && !(to = qa_nametab_add(into, domain, e->domain_n, hash)))
			return -1;
		for (unsigned c = 0; c < into->counts; c++)
			qa_count_add(&to->c[c], e->c[c].n, e->c[c].bytes);
	}
	return 0;
}

/* One of the two tables of all workers, brought together; each in its own thread. */
struct merging {
	struct qa_nametab *tables[QA_READ_WORKERS], *domains;
	unsigned n;
	bool verbose, failed;
};

static void *
merge_tables(void *arg)
{
	struct merging *m = arg;

	for (unsigned i = 1; i < m->n && !m->failed; i++) {
		m->failed = merge_names(m->tables[0], m->tables[i]) != 0;
		qa_nametab_free(m->tables[i]);
	}
	if (m->verbose && !m->failed)
		m->failed = by_domain(m->domains, m->tables[0]) != 0;
	return NULL;
}

static bool
before(const struct qa_survey_edge *a, const struct qa_survey_edge *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	if (a->file != b->file)
		return a->file < b->file;
	return a->part != b->part ? a->part < b->part : a->line < b->line;
}

static void
merge_sums(struct qa_survey_sums *s, struct qa_survey_sums *from)
{
	s->lines += from->lines;
	s->folded += from->folded;
	for (size_t i = 0; i < from->statuses; i++) {
		struct qa_survey_status *st = status_of(s, from->status[i].name, from->status[i].n);

		for (unsigned k = 0; k < QA_SURVEY_KINDS; k++)
			qa_count_add(&st->c[k], from->status[i].c[k].n, from->status[i].c[k].bytes);
	}
	for (unsigned k = 0; k < QA_SURVEY_KINDS; k++) {
		s->messages[k] += from->messages[k];
		for (unsigned h = 0; h < 24; h++)
			qa_count_add(&s->hour[h][k], from->hour[h][k].n, from->hour[h][k].bytes);
		for (unsigned a = 0; a <= QA_SURVEY_ATTEMPTS; a++)
			s->attempts[a][k] += from->attempts[a][k];
	}
	if (from->first.is && (!s->first.is || before(&from->first, &s->first)))
		s->first = from->first;
	if (from->last.is && (!s->last.is || before(&s->last, &from->last)))
		s->last = from->last;
	qa_bad_merge(&s->bad, &from->bad);
}

static int
merge(struct qa_survey *s, struct worker *w, unsigned n)
{
	struct merging own = {.domains = &s->domains, .n = n, .verbose = s->verbose};
	struct merging peer = {.domains = &s->peers, .n = n, .verbose = s->verbose};
	pthread_t t;

	for (unsigned i = 0; i < n; i++) {
		own.tables[i] = &w[i].sums.own;
		peer.tables[i] = &w[i].sums.peer;
	}
	bool beside = n > 1 && pthread_create(&t, NULL, merge_tables, &peer) == 0;
	merge_tables(&own);
	if (beside)
		pthread_join(t, NULL);
	else
		merge_tables(&peer);
	for (unsigned i = 1; i < n; i++)
		merge_sums(&w[0].sums, &w[i].sums);
	return own.failed || peer.failed ? -1 : 0;
}

int
qa_survey_run(struct qa_survey *s, struct qa_files *files, struct qa_err *err)
{
	unsigned n = qa_read_workers(files);
	struct worker *w = calloc(n, sizeof *w);
	void *workers[QA_READ_WORKERS] = {NULL};
	bool good = w != NULL;
	uint64_t seed;
	int rc = -1;

	memset(&s->sums, 0, sizeof s->sums);
	memset(&s->domains, 0, sizeof s->domains);
	memset(&s->peers, 0, sizeof s->peers);
	s->lines = 0;
	if (qa_random(&seed, sizeof seed)) {
		qa_fail(err, errno, "cannot get random bytes: ");
		goto end;
	}
	for (unsigned i = 0; i < n && good; i++) {
		good = prepare(&w[i], s, seed) == 0;
		workers[i] = &w[i];
	}
	if (good && qa_read(files, take, workers, n, s->progress, s->ctx, err))
		goto end;
	for (unsigned i = 0; i < n && good; i++)
		good = !w[i].failed;
	if (!good || merge(s, w, n)) {
		qa_fail(err, ENOMEM, "cannot count the names: ");
		goto end;
	}
	for (size_t i = 0; i < files->n; i++)
		s->lines += qa_files_line(files, i, files->v[i].parts, 0) - 1;
	s->sums = w[0].sums;
	memset(&w[0].sums, 0, sizeof w[0].sums);
	rc = 0;
end:
	for (unsigned i = 0; w && i < n; i++) {
		free_sums(&w[i].sums);
		qa_quick_free(&w[i].quick);
	}
	free(w);
	if (rc)
		qa_survey_free(s);
	return rc;
}

void
qa_survey_free(struct qa_survey *s)
{
	free_sums(&s->sums);
	qa_nametab_free(&s->domains);
	qa_nametab_free(&s->peers);
}

struct qa_count
qa_survey_total(const struct qa_nametab *t, const struct qa_name *e)
{
	struct qa_count c = {0, 0};

	for (unsigned i = 0; i < t->counts; i++)
		qa_count_add(&c, e->c[i].n, e->c[i].bytes);
	return c;
}

struct top {
	const struct qa_nametab *t;
	qa_survey_number *number;
};

/* The smaller comes later. */
static int
order(const struct top *top, uint32_t x, uint32_t y)
{
	const struct qa_name *a = qa_nametab_at(top->t, x), *b = qa_nametab_at(top->t, y);
	uint64_t na = top->number(top->t, a), nb = top->number(top->t, b);

	if (na != nb)
		return na > nb ? -1 : 1;
	int c = memcmp(qa_name_text(top->t, a), qa_name_text(top->t, b), a->n < b->n ? a->n : b->n);
	return c ? c : (a->n > b->n) - (a->n < b->n);
}

static int
by_order(const void *x, const void *y, void *top)
{
	return order(top, *(const uint32_t *)x, *(const uint32_t *)y);
}

size_t
qa_survey_top(const struct qa_nametab *t, qa_survey_number *number, size_t most, uint32_t *out_r)
{
	struct top top = {t, number};
	uint32_t *all;
	size_t n = 0;

	/* a long list: sort them all */
	if (most > 200 && most < t->n && (all = malloc(t->n * sizeof *all)) != NULL) {
		n = qa_survey_top(t, number, t->n, all);
		n = n < most ? n : most;
		memcpy(out_r, all, n * sizeof *all);
		free(all);
		return n;
	}
	if (most >= t->n) {
		for (uint32_t at = qa_nametab_first(t); at; at = qa_nametab_next(t, at))
			if (number(t, qa_nametab_at(t, at)))
				out_r[n++] = at;
		qsort_r(out_r, n, sizeof *out_r, by_order, &top);
		return n;
	}
	uint64_t least = 0; /* the number of the last one in a full list */
	for (uint32_t at = qa_nametab_first(t); at; at = qa_nametab_next(t, at)) {
		uint64_t v = number(t, qa_nametab_at(t, at));

		if (v == 0 || most == 0 || (n == most && (v < least || order(&top, at, out_r[n - 1]) > 0)))
			continue;
		size_t to = n < most ? n++ : n - 1;
		while (to > 0 && order(&top, at, out_r[to - 1]) < 0) {
			out_r[to] = out_r[to - 1];
			to--;
		}
		out_r[to] = at;
		least = number(t, qa_nametab_at(t, out_r[n - 1]));
	}
	return n;
}
