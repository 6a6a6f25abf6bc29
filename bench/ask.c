/*
 * ask: times searches in an archive, and compares their numbers of hits with a scan of every message.
 *
 *	ask HOME DOMAIN [ROUNDS]
 *
 * Two passes over the archive: the first counts in how many messages each term is and picks queries from messages drawn by
 * a fixed seed; the second finds each query's answers by looking at every term of every message in turn. The terms are those of
 * lib/term, as no index can be exact about words cut otherwise; all that comes after the cutting is done here by other means.
 * Prints a line a class: CLASS QUERIES HITS WALL-P50 WALL-P95 CPU-P50 CPU-P95 WRONG. Milliseconds, for each query the best of
 * ROUNDS (3), 50 hits fetched, from text to last hit, opening included.
 */
#include "archive/home.h"
#include "base/clock.h"
#include "base/num.h"
#include "catalog/entry-row.h"
#include "catalog/search.h"
#include "term/term.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum class { RARE, COMMON, RELEVANCE, AND, PHRASE, PREFIX, FROM, HAN, COUNT, CLASSES };
static const char *const names[] = {"rare", "common", "common-relevance", "and", "phrase", "prefix", "from+range", "han", "count"};
static const unsigned wanted[] = {150, 40, 40, 150, 150, 80, 130, 100, 60};
enum { TERMS = 3, HITS = 50, MISSING = 4 };

struct query {
	enum class class;
	char text[600];
	unsigned terms;
	uint64_t term[TERMS]; /* hashes; of a prefix; of an address */
	unsigned found;	      /* bits, of the message being scanned */
	bool hit;
	int64_t low, high;
	uint64_t should, is;
	double wall, cpu;
};

/* A term of the message being looked at. */
struct seen {
	uint64_t hash, prefix[2]; /* of the first 4 and 5 bytes, 0 = shorter */
	uint32_t position;
	uint8_t column;
};

static const char *home, *domain;
static struct qa_archive *archive;
static GArray *queries, *seen; /* struct query, struct seen */
static GHashTable *df;	       /* hash -> messages */
static GHashTable *asked;      /* hash -> GArray of query numbers */
static GPtrArray *pool[CLASSES]; /* struct query, candidates */
static uint64_t seed = 0x9e3779b97f4a7c15u;
static unsigned column;

static void __attribute__((noreturn))
die(const char *why)
{
	fprintf(stderr, "ask: %s\n", why);
	exit(2);
}

static unsigned
rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 20) % n);
}

static uint64_t
hash(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = 14695981039346656037u;

	while (n--)
		h = (h ^ *s++) * 1099511628211u;
	return h ^ h >> 29;
}

/* ---- the terms of a message ---- */

static uint32_t last;

static void
see(const void *p, size_t n, uint32_t position)
{
	struct seen s = {hash(p, n), {n >= 4 ? hash(p, 4) : 0, n >= 5 ? hash(p, 5) : 0}, position, (uint8_t)column};

	last = position;
	g_array_append_val(seen, s);
}

static uint32_t base;

static int
see_term(void *arg, const struct qa_term *t)
{
	(void)arg;
	see(t->p, t->n, base + t->position);
	return 0;
}

static void
see_column(const struct qa_row_column *c)
{
	last = 0;
	for (size_t at = 0; at < c->raw->len;) {
		const unsigned char *p = c->raw->data + at;
		size_t n = qa_le16_get(p + 1);

		see(p + 3, n, p[0] ? last : last + 1);
		at += 3 + n;
	}
	for (guint i = 0; i < c->texts->len; i++) {
		base = last + (i ? 1 : 0);
		last = base;
		if (qa_term_each(g_array_index(c->texts, qa_span, i), QA_TERM_INDEX, see_term, NULL))
			die("no memory");
	}
}

typedef void look(const struct qa_entry_row *x);

static void
each_message(look *fn)
{
	struct qa_buf fields = QA_BUF(0), message = QA_BUF(0);
	struct qa_entry_row x;
	struct qa_partition *p;
	struct qa_entry e;
	struct qa_err err;
	const qa_month *v;
	size_t months = qa_archive_months(archive, &v);

	qa_entry_row_init(&x);
	for (size_t m = 0; m < months; m++) {
		if (qa_archive_partition(archive, v[m], &p, &err) != 1)
			die(err.text);
		for (uint64_t n = 1; n <= qa_partition_entries(p); n++) {
			qa_buf_clear(&fields);
			qa_buf_clear(&message);
			if (qa_partition_entry(p, n, &e, &err) != 1 || qa_buf_addspan(&fields, e.fields) ||
			    qa_partition_message_buf(p, &e, &message, &err) ||
			    qa_entry_row_make(&x, &e, qa_buf_span(&fields), true, qa_buf_span(&message), NULL, &err))
				die(err.text);
			g_array_set_size(seen, 0);
			for (column = 0; column < QA_COLUMNS; column++)
				see_column(&x.row.col[column]);
			fn(&x);
		}
	}
	qa_entry_row_free(&x);
	qa_buf_free(&fields);
	qa_buf_free(&message);
}

/* ---- picking queries ---- */

struct word {
	char s[QA_TERM_MAX + 1];
	size_t n;
	bool plain, han;
};
static GArray *words; /* of the body of a message that was drawn */

static int
keep_word(void *arg, const struct qa_term *t)
{
	struct word w = {.n = t->n, .plain = t->n >= 2};

	(void)arg;
	if (t->flags & QA_TERM_COLOCATED || t->n > QA_TERM_MAX)
		return 0;
	memcpy(w.s, t->p, t->n);
	for (size_t i = 0; i < t->n; i++)
		w.plain &= g_ascii_isalnum(t->p[i]) != 0;
	/* two characters of three bytes from U+4E00 on */
	w.han = t->flags & QA_TERM_RUN && t->n == 6 && (unsigned char)t->p[0] >= 0xe5 && (unsigned char)t->p[0] <= 0xe9 &&
		(unsigned char)t->p[3] >= 0xe5 && (unsigned char)t->p[3] <= 0xe9;
	g_array_append_val(words, w);
	return 0;
}

static struct query *
candidate(enum class class)
{
	struct query *q = g_new0(struct query, 1);

	q->class = class;
	g_ptr_array_add(pool[class], q);
	return q;
}

static void
pick_words(enum class class, unsigned n, unsigned at)
{
	struct word *w = &g_array_index(words, struct word, at);

	for (unsigned i = 0; i < n; i++)
		if (at + i >= words->len || !w[i].plain)
			return;
	struct query *q = candidate(class);
	g_strlcat(q->text, class == PHRASE ? "\"" : "", sizeof q->text);
	for (unsigned i = 0; i < n; i++) {
		g_strlcat(q->text, i ? " " : "", sizeof q->text);
		g_strlcat(q->text, w[i].s, sizeof q->text);
		q->term[i] = hash(w[i].s, w[i].n);
	}
	g_strlcat(q->text, class == PHRASE ? "\"" : "", sizeof q->text);
	q->terms = n;
}

static void
pick_and(void)
{
	struct word *a = &g_array_index(words, struct word, rnd(words->len));
	struct word *b = &g_array_index(words, struct word, rnd(words->len));

	if (!a->plain || !b->plain)
		return;
	struct query *q = candidate(AND);
	snprintf(q->text, sizeof q->text, "%s %s", a->s, b->s);
	q->terms = 2;
	q->term[0] = hash(a->s, a->n);
	q->term[1] = hash(b->s, b->n);
}

static void
pick_prefix(void)
{
	struct word *w = &g_array_index(words, struct word, rnd(words->len));
	size_t n = 4 + rnd(2);

	if (!w->plain || w->n < n)
		return;
	struct query *q = candidate(PREFIX);
	snprintf(q->text, sizeof q->text, "%.*s*", (int)n, w->s);
	q->terms = 1;
	q->term[0] = hash(w->s, n);
}

static void
pick_from(const struct qa_entry_row *x)
{
	g_autoptr(GString) token = g_string_new(NULL);
	const char *a = x->doc->from.n ? x->doc->from.v[0].addr : "";
	int64_t day = x->row.date - x->row.date % 86400;
	struct qa_date d = qa_date_of((uint64_t)x->row.date * QA_SECOND);
	struct qa_date to = qa_date_of((uint64_t)(day + 7 * 86400) * QA_SECOND);

	if (!strchr(a, '@') || strlen(a) > 200 || strpbrk(a, "\" ()*:,<>'") || x->row.date < 86400)
		return;
	struct query *q = candidate(FROM);
	snprintf(q->text, sizeof q->text, "from:%s after:%04d-%02u-%02u before:%04d-%02u-%02u", a, d.year, d.month, d.day,
		 to.year, to.month, to.day);
	qa_token_address(qa_span_str(a), token);
	q->terms = 1;
	q->term[0] = hash(token->str, token->len);
	q->low = day;
	q->high = day + 7 * 86400;
}

static void
count_and_pick(const struct qa_entry_row *x)
{
	static GHashTable *once;

	if (!once)
		once = g_hash_table_new(NULL, NULL);
	g_hash_table_remove_all(once);
	for (guint i = 0; i < seen->len; i++) {
		gpointer h = (gpointer)(uintptr_t)g_array_index(seen, struct seen, i).hash;

		if (g_hash_table_add(once, h))
			g_hash_table_insert(df, h, (gpointer)((uintptr_t)g_hash_table_lookup(df, h) + 1));
	}
	const struct qa_row_column *body = &x->row.col[QA_COL_BODY];
	g_array_set_size(words, 0);
	if (body->texts->len && qa_term_each(g_array_index(body->texts, qa_span, 0), QA_TERM_INDEX, keep_word, NULL))
		die("no memory");
	if (!words->len)
		return;
	for (int i = 0; i < 3; i++) { /* Japanese is rare: from every message */
		unsigned at = rnd(words->len);
		struct word *w = &g_array_index(words, struct word, at);

		if (w->han && pool[HAN]->len < 20000) {
			struct query *q = candidate(HAN);

			memcpy(q->text, w->s, 6);
			q->terms = 1;
			q->term[0] = hash(w->s, 6);
		}
	}
	if (rnd(20) || pool[AND]->len > 5000)
		return;
	for (int i = 0; i < 4; i++) {
		pick_words(RARE, 1, rnd(words->len));
		pick_words(COMMON, 1, rnd(words->len));
	}
	pick_words(PHRASE, 2 + rnd(2), rnd(words->len));
	pick_and();
	pick_prefix();
	pick_from(x);
}

static uintptr_t
df_of(const struct query *q)
{
	return (uintptr_t)g_hash_table_lookup(df, (gpointer)(uintptr_t)q->term[0]);
}

static int
commoner(const void *a, const void *b)
{
	uintptr_t x = df_of(*(struct query *const *)a), y = df_of(*(struct query *const *)b);

	return (x < y) - (x > y);
}

static void
choose(void)
{
	g_autoptr(GHashTable) texts = g_hash_table_new(g_str_hash, g_str_equal);

	g_ptr_array_sort(pool[COMMON], commoner);
	for (guint i = 0; i < pool[COMMON]->len; i++) {
		struct query *q = g_ptr_array_index(pool[COMMON], i);

		*candidate(RELEVANCE) = *q;
		*candidate(COUNT) = *q;
	}
	for (unsigned c = 0; c < CLASSES; c++) {
		unsigned n = 0;

		g_hash_table_remove_all(texts);
		for (guint i = 0; i < pool[c]->len && n < wanted[c]; i++) {
			struct query *q = g_ptr_array_index(pool[c], i);

			q->class = (enum class)c;
			if ((c == RARE && df_of(q) > 20) || !g_hash_table_add(texts, q->text))
				continue;
			g_array_append_val(queries, *q);
			n++;
		}
	}
}

/* ---- the other way to find ---- */

static void
ask_for(uint64_t h, unsigned q)
{
	GArray *a = g_hash_table_lookup(asked, (gpointer)(uintptr_t)h);

	if (!a) {
		a = g_array_new(FALSE, FALSE, sizeof(unsigned));
		g_hash_table_insert(asked, (gpointer)(uintptr_t)h, a);
	}
	g_array_append_val(a, q);
}

/* Whether term i of q stands one position behind the term at number n, and so on. */
static bool
follows(const struct query *q, unsigned i, guint n)
{
	const struct seen *s = &g_array_index(seen, struct seen, n);

	if (i == q->terms)
		return true;
	for (guint k = n + 1; k < seen->len; k++) {
		const struct seen *t = &g_array_index(seen, struct seen, k);

		if (t->column != s->column || t->position > s->position + 1)
			return false;
		if (t->position == s->position + 1 && t->hash == q->term[i] && follows(q, i + 1, k))
			return true;
	}
	return false;
}

static void
meet(struct query *q, const struct seen *s, guint n, bool prefix)
{
	if (q->hit || prefix != (q->class == PREFIX) || (q->class == FROM && s->column != QA_COL_AUTHOR))
		return;
	if (q->class == PHRASE) {
		q->hit = s->hash == q->term[0] && follows(q, 1, n);
		return;
	}
	for (unsigned i = 0; i < q->terms; i++)
		if (q->term[i] == (prefix ? s->prefix[0] : s->hash) || (prefix && q->term[i] == s->prefix[1]))
			q->found |= 1u << i;
	q->hit = q->found == (1u << q->terms) - 1;
}

static void
scan(const struct qa_entry_row *x)
{
	for (guint n = 0; n < seen->len; n++) {
		const struct seen *s = &g_array_index(seen, struct seen, n);
		uint64_t keys[3] = {s->hash, s->prefix[0], s->prefix[1]};

		for (int k = 0; k < 3; k++) {
			GArray *a = keys[k] ? g_hash_table_lookup(asked, (gpointer)(uintptr_t)keys[k]) : NULL;

			for (guint i = 0; a && i < a->len; i++)
				meet(&g_array_index(queries, struct query, g_array_index(a, unsigned, i)), s, n, k > 0);
		}
	}
	for (guint i = 0; i < queries->len; i++) {
		struct query *q = &g_array_index(queries, struct query, i);

		if (q->hit && (q->class != FROM || (x->row.date >= q->low && x->row.date < q->high)))
			q->should++;
		q->hit = false;
		q->found = 0;
	}
}

/* ---- asking ---- */

static double
clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
search(struct query *q, const char *dir, bool count)
{
	struct qa_search *s;
	struct qa_query parsed;
	struct qa_hit hit;
	struct qa_err err;
	size_t at;
	int rc = 1;

	if (qa_query_parse(qa_span_str(q->text), (int64_t)(qa_now() / QA_SECOND), &parsed, &at, &err) ||
	    qa_search_open(archive, dir, &parsed, &s, &err))
		die(err.text);
	if (count) {
		if (qa_search_count(s, &q->is, &err))
			die(err.text);
	} else {
		if (qa_search_start(s, q->class == RELEVANCE ? QA_SORT_RELEVANCE : QA_SORT_NEWEST, &err))
			die(err.text);
		for (int i = 0; i < HITS && (rc = qa_search_next(s, &hit, &err)) == 1; i++)
			;
		if (rc < 0)
			die(err.text);
	}
	qa_search_close(s);
	qa_query_free(&parsed);
}

static void
time_it(struct query *q, const char *dir)
{
	double wall = clock_ms(CLOCK_MONOTONIC), cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID);

	search(q, dir, q->class == COUNT);
	wall = clock_ms(CLOCK_MONOTONIC) - wall;
	cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	if (q->wall <= 0 || wall < q->wall)
		q->wall = wall;
	if (q->cpu <= 0 || cpu < q->cpu)
		q->cpu = cpu;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
part(GArray *v, unsigned percent)
{
	g_array_sort(v, by_size);
	return g_array_index(v, double, (v->len - 1) * percent / 100);
}

/* One class, or all of them (CLASSES). Returns how many were wrong. */
static unsigned
report(unsigned class)
{
	g_autoptr(GArray) wall = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) cpu = g_array_new(FALSE, FALSE, sizeof(double));
	unsigned wrong = 0;
	uint64_t hits = 0;

	for (guint i = 0; i < queries->len; i++) {
		struct query *q = &g_array_index(queries, struct query, i);

		if (class != CLASSES && q->class != class)
			continue;
		g_array_append_val(wall, q->wall);
		g_array_append_val(cpu, q->cpu);
		hits += q->should;
		if (q->is == q->should)
			continue;
		if (wrong++ < MISSING && class != CLASSES)
			fprintf(stderr, "ask: %s: %llu hits, but %llu messages have it\n", q->text, (unsigned long long)q->is,
				(unsigned long long)q->should);
	}
	if (wall->len)
		printf("%s %u %llu %.3f %.3f %.3f %.3f %u\n", class == CLASSES ? "all" : names[class], wall->len,
		       (unsigned long long)hits, part(wall, 50), part(wall, 95), part(cpu, 50), part(cpu, 95), wrong);
	return wrong;
}

int
main(int argc, char **argv)
{
	char dir[QA_PATH_MAX];
	struct qa_err err = {.text = "no such domain"};
	uint64_t rounds = 3;

	if (argc < 3 || argc > 4 || (argc == 4 && qa_scan_u64(qa_span_str(argv[3]), &rounds)))
		die("usage: ask HOME DOMAIN [ROUNDS]");
	home = argv[1];
	domain = argv[2];
	setenv("TZ", "UTC", 1);
	if (qa_archive_open(home, domain, &archive, &err) != 1 ||
	    qa_home_path(dir, home, &err, QA_HOME_VAR "/catalog", domain))
		die(err.text);
	queries = g_array_new(FALSE, TRUE, sizeof(struct query));
	seen = g_array_new(FALSE, FALSE, sizeof(struct seen));
	words = g_array_new(FALSE, FALSE, sizeof(struct word));
	df = g_hash_table_new(NULL, NULL);
	asked = g_hash_table_new(NULL, NULL);
	for (int c = 0; c < CLASSES; c++)
		pool[c] = g_ptr_array_new();
	each_message(count_and_pick);
	choose();
	for (unsigned i = 0; i < queries->len; i++) {
		const struct query *q = &g_array_index(queries, struct query, i);

		for (unsigned t = 0; t < (q->class == PHRASE ? 1 : q->terms); t++)
			ask_for(q->term[t], i);
	}
	each_message(scan);
	for (uint64_t r = 0; r < rounds; r++)
		for (guint i = 0; i < queries->len; i++)
			time_it(&g_array_index(queries, struct query, i), dir);
	for (guint i = 0; i < queries->len; i++)
		search(&g_array_index(queries, struct query, i), dir, true);
	for (unsigned c = 0; c < CLASSES; c++)
		report(c);
	unsigned wrong = report(CLASSES);
	qa_archive_close(archive);
	return wrong ? 1 : 0;
}
