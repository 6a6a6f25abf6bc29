#include "traffic/daily.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct worker {
	const struct qa_hosted *hosted;
	const int64_t *edges; /* the first second of each day and the end of it: 2 * days */
	size_t days;
	struct qa_tally *tally;
	uint64_t *of_day;
	uint64_t lines, good;
	struct qa_bad bad;
	struct qa_quick quick;
	size_t last; /* the day of the line before */
};

/* The day of a time; -1: none of ours. Lines mostly come in order, so the day of the line before is asked first. */
static inline int64_t
day_of(struct worker *w, int64_t t)
{
	if (t >= w->edges[2 * w->last] && t < w->edges[2 * w->last + 1])
		return (int64_t)w->last;
	size_t low = 0, high = w->days;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (t >= w->edges[2 * middle + 1])
			low = middle + 1;
		else
			high = middle;
	}
	if (low == w->days || t < w->edges[2 * low])
		return -1;
	w->last = low;
	return (int64_t)low;
}

/* A refusal that nothing was transferred for is no hit. */
static inline bool
is_traffic(const struct qa_quick_line *l)
{
	return l->bytes || (l->status_n == 7 && memcmp(l->p + l->status, "success", 7) == 0);
}

/* Whose traffic a line is: what comes in the recipient's, what goes out the sender's, a session its account's. */
static inline qa_span
whose(const struct qa_quick_line *l)
{
	if (l->kind == QA_STAT_IN || l->kind == QA_STAT_LIST)
		return qa_quick_part(l, l->to, l->to_n);
	return qa_quick_part(l, l->from, l->from_n);
}

struct pending {
	const struct qa_quick_line *l;
	qa_span domain, to; /* to: of what goes out */
	uint64_t hash, to_hash;
	struct qa_tally *tally;
};

static inline qa_span
near(const struct worker *w, qa_span domain, uint64_t *hash_r)
{
	*hash_r = qa_hosted_hash(domain);
	__builtin_prefetch(qa_hosted_near(w->hosted, *hash_r));
	return domain;
}

/* The lines of our days, up to a batch, one step for all at a time: memory answers while the others are prepared. */
static void
batch(struct worker *w, const struct qa_quick_line *l, size_t k, const struct qa_part *part)
{
	struct pending p[QA_QUICK_BATCH];
	size_t n = 0;

	for (size_t i = 0; i < k; i++) {
		if (l[i].why) {
			qa_bad_note(&w->bad, part, (uint32_t)(w->lines + i), &l[i]);
			continue;
		}
		w->good++;
		int64_t day = day_of(w, l[i].time);
		if (day < 0)
			continue;
		w->of_day[day]++;
		qa_span domain = whose(&l[i]);
		if (domain.n == 0 || !w->hosted || !is_traffic(&l[i]))
			continue;
		p[n].l = &l[i];
		p[n].tally = w->tally + (size_t)day * w->hosted->n;
		p[n].domain = near(w, domain, &p[n].hash);
		p[n].to.n = 0;
		if (l[i].kind == QA_STAT_OUT && l[i].to_n)
			p[n].to = near(w, qa_quick_part(&l[i], l[i].to, l[i].to_n), &p[n].to_hash);
		n++;
	}
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(qa_hosted_nearer(w->hosted, p[i].hash));
	for (size_t i = 0; i < n; i++) {
		int64_t id = qa_hosted_find(w->hosted, p[i].domain, p[i].hash);

		p[i].tally = id < 0 ? NULL : p[i].tally + id;
		__builtin_prefetch(p[i].tally, 1);
	}
	for (size_t i = 0; i < n; i++) {
		struct qa_tally *t = p[i].tally;

		/* what goes from one hosted domain to another was counted when it came in, for the recipient */
		if (!t || (p[i].to.n && qa_hosted_find(w->hosted, p[i].to, p[i].to_hash) >= 0))
			continue;
		t->hits++;
		if (qa_add_u64(t->bytes, p[i].l->bytes, &t->bytes))
			t->bytes = UINT64_MAX;
	}
}

static uint32_t
take(void *worker, const struct qa_part *part)
{
	struct worker *w = worker;
	struct qa_quick_line l[QA_QUICK_BATCH];
	size_t k;

	w->lines = 0;
	qa_quick_start(&w->quick, part->p, part->n);
	while ((k = qa_quick_next(&w->quick, l))) {
		batch(w, l, k, part);
		w->lines += k;
	}
	return (uint32_t)w->lines;
}

static void
free_workers(struct worker *w, unsigned n)
{
	for (unsigned i = 0; w && i < n; i++) {
		free(w[i].tally);
		free(w[i].of_day);
		qa_bad_free(&w[i].bad);
		qa_quick_free(&w[i].quick);
	}
	free(w);
}

static struct worker *
make_workers(const struct qa_hosted *h, const int64_t *edges, size_t days, unsigned n)
{
	struct worker *w = calloc(n, sizeof *w);
	size_t tallies = h ? h->n * days : 0;

	for (unsigned i = 0; w && i < n; i++) {
		w[i].hosted = h;
		w[i].edges = edges;
		w[i].days = days;
		w[i].tally = calloc(tallies ? tallies : 1, sizeof *w[i].tally);
		w[i].of_day = calloc(days ? days : 1, sizeof *w[i].of_day);
		if (!w[i].tally || !w[i].of_day || qa_quick_init(&w[i].quick)) {
			free_workers(w, n);
			return NULL;
		}
	}
	return w;
}

/* Reads all; the sums are then in the first worker. */
static int
run(struct worker *w, unsigned n, struct qa_files *files, qa_read_progress *progress, void *ctx, struct qa_err *err)
{
	void *workers[QA_READ_WORKERS];

	for (unsigned i = 0; i < n; i++)
		workers[i] = &w[i];
	if (qa_read(files, take, workers, n, progress, ctx, err))
		return -1;
	w->lines = 0;
	for (size_t i = 0; i < files->n; i++)
		w->lines += qa_files_line(files, i, files->v[i].parts, 0) - 1;
	for (unsigned i = 1; i < n; i++) {
		size_t tallies = w->hosted ? w->hosted->n * w->days : 0;

		for (size_t t = 0; t < tallies; t++) {
			w->tally[t].hits += w[i].tally[t].hits;
			if (qa_add_u64(w->tally[t].bytes, w[i].tally[t].bytes, &w->tally[t].bytes))
				w->tally[t].bytes = UINT64_MAX;
		}
		for (size_t t = 0; t < w->days; t++)
			w->of_day[t] += w[i].of_day[t];
		w->good += w[i].good;
		qa_bad_merge(&w->bad, &w[i].bad);
	}
	return 0;
}

int
qa_daily_sum(struct qa_daily *d, struct qa_files *files, struct qa_err *err)
{
	int64_t edges[2 * QA_DAILY_MOST];
	unsigned n = qa_read_workers(files);
	struct worker *w = NULL;

	d->tally = NULL;
	d->of_day = NULL;
	d->lines = d->good = 0;
	d->bad = (struct qa_bad){0};
	if (d->n == 0 || d->n > QA_DAILY_MOST)
		return qa_fail(err, EINVAL, "cannot sum up %zu days: ", d->n);
	for (size_t i = 0; i < d->n; i++) {
		edges[2 * i] = qa_day_begin(d->days[i]);
		edges[2 * i + 1] = qa_day_begin(qa_day_plus(d->days[i], 1));
	}
	if (!(w = make_workers(d->hosted, edges, d->n, n)))
		return qa_fail(err, ENOMEM, "cannot sum up: ");
	if (run(w, n, files, d->progress, d->ctx, err)) {
		free_workers(w, n);
		return -1;
	}
	d->tally = w->tally;
	d->of_day = w->of_day;
	d->lines = w->lines;
	d->good = w->good;
	d->bad = w->bad;
	w->tally = NULL;
	w->of_day = NULL;
	w->bad = (struct qa_bad){0};
	free_workers(w, n);
	return 0;
}

void
qa_daily_free(struct qa_daily *d)
{
	free(d->tally);
	free(d->of_day);
	qa_bad_free(&d->bad);
	d->tally = NULL;
	d->of_day = NULL;
}

int
qa_daily_write(const struct qa_daily *d, size_t day, struct qa_buf *out)
{
	for (size_t i = 0; i < d->hosted->n; i++) {
		const struct qa_tally *t = &d->tally[day * d->hosted->n + i];
		qa_span name = d->hosted->names[i];

		if (t->hits && (qa_buf_addc(out, '|') || qa_buf_addspan(out, name) ||
				qa_buf_addf(out, "|%llu|%llu|0|\n", (unsigned long long)(t->bytes / 1024 + (t->bytes % 1024 != 0)),
					    (unsigned long long)t->hits)))
			return -1;
	}
	return 0;
}

void
qa_daily_name(struct qa_day d, char out[QA_DAILY_NAME])
{
	qa_day_text(d, out);
	memcpy(out + QA_DAY_TEXT - 1, ".qml.txt", 9);
}

int
qa_daily_days(struct qa_files *files, struct qa_day end, bool has_r[QA_DAILY_MOST], qa_read_progress *progress, void *ctx,
	      struct qa_err *err)
{
	struct qa_day days[QA_DAILY_MOST];
	struct qa_daily d = {.days = days, .n = QA_DAILY_MOST, .progress = progress, .ctx = ctx};

	for (int i = 0; i < QA_DAILY_MOST; i++)
		days[i] = qa_day_plus(end, i - QA_DAILY_MOST);
	if (qa_daily_sum(&d, files, err))
		return -1;
	for (int i = 0; i < QA_DAILY_MOST; i++)
		has_r[i] = d.of_day[QA_DAILY_MOST - 1 - i] > 0;
	qa_daily_free(&d);
	return 0;
}
