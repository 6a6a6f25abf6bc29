#include "catalog/snippet.h"

#include "base/text.h"
#include "term/term.h"

#include <errno.h>
#include <glib.h>

enum { PLACES = 4096 };

struct word {
	char *p;
	size_t n;
	bool prefix;
};

struct qa_highlight {
	GArray *words;	    /* struct word */
	GHashTable *exact;  /* GBytes-like key: text of a word -> its number + 1 */
	guint prefixes;
};

/* A word's place in the text. */
struct place {
	size_t start, end;
	unsigned word;
};

struct look {
	const struct qa_highlight *h;
	GArray *places;
	GString *key;
};

static void
word_clear(void *p)
{
	g_free(((struct word *)p)->p);
}

static void
word_add(struct qa_highlight *h, const char *p, size_t n, bool prefix)
{
	struct word w = {g_strndup(p, n), n, prefix};

	g_array_append_val(h->words, w);
	if (prefix)
		h->prefixes++;
	else
		g_hash_table_insert(h->exact, w.p, GUINT_TO_POINTER(h->words->len));
}

static void
term_add(struct qa_highlight *h, const struct qa_query_node *n)
{
	struct qa_term_query tq;

	if (n->field > QA_Q_ADDRESS || qa_term_query(n->text, n->quoted, &tq, NULL))
		return;
	for (size_t i = 0; i < tq.nphrases; i++) {
		const struct qa_term_phrase *ph = &tq.phrases[i];

		for (size_t k = 0; k < ph->n; k++) {
			const struct qa_term *t = &tq.terms[ph->first + k];
			bool last = k + 1 == ph->n;

			word_add(h, t->p, t->n, last && (ph->prefix || (n->prefix && i + 1 == tq.nphrases)));
		}
	}
	qa_term_query_free(&tq);
}

static void
node_add(struct qa_highlight *h, const struct qa_query *q, unsigned i)
{
	const struct qa_query_node *n = &q->v[i];

	if (n->kind == QA_Q_TERM)
		term_add(h, n);
	if (n->kind == QA_Q_AND || n->kind == QA_Q_OR)
		for (unsigned c = n->child; c; c = q->v[c].next)
			node_add(h, q, c);
}

struct qa_highlight *
qa_highlight_new(const struct qa_query *q)
{
	struct qa_highlight *h = g_new0(struct qa_highlight, 1);

	h->words = g_array_new(FALSE, FALSE, sizeof(struct word));
	g_array_set_clear_func(h->words, word_clear);
	h->exact = g_hash_table_new(g_str_hash, g_str_equal);
	node_add(h, q, q->root);
	return h;
}

void
qa_highlight_free(struct qa_highlight *h)
{
	if (!h)
		return;
	g_hash_table_destroy(h->exact);
	g_array_free(h->words, TRUE);
	g_free(h);
}

/* The number of the word that a term is, plus one; 0 = none. */
static unsigned
word_of(struct look *l, const struct qa_term *t)
{
	const struct qa_highlight *h = l->h;

	g_string_truncate(l->key, 0);
	g_string_append_len(l->key, t->p, (gssize)t->n);
	unsigned found = GPOINTER_TO_UINT(g_hash_table_lookup(h->exact, l->key->str));
	for (guint i = 0; !found && h->prefixes && i < h->words->len; i++) {
		const struct word *w = &g_array_index(h->words, struct word, i);

		if (w->prefix && w->n <= t->n && memcmp(w->p, t->p, w->n) == 0)
			found = i + 1;
	}
	return found;
}

static int
look_at(void *arg, const struct qa_term *t)
{
	struct look *l = arg;
	struct place p = {t->start, t->end, word_of(l, t)};

	if (!p.word)
		return 0;
	g_array_append_val(l->places, p);
	return l->places->len == PLACES;
}

/* The first place of the window of WIDTH bytes with most different words. */
static guint
best_place(const GArray *places, size_t width)
{
	guint best = 0;
	unsigned most = 0;

	for (guint i = 0; i < places->len; i++) {
		const struct place *a = &g_array_index(places, struct place, i);
		uint64_t seen = 0;

		for (guint k = i; k < places->len && k < i + 64; k++) {
			const struct place *b = &g_array_index(places, struct place, k);

			if (b->end > a->start + width)
				break;
			seen |= UINT64_C(1) << (b->word & 63);
		}
		unsigned n = (unsigned)__builtin_popcountll(seen);
		if (n > most) {
			most = n;
			best = i;
		}
	}
	return best;
}

static bool
is_blank(unsigned char c)
{
	return c <= ' ';
}

/* Moves a cut to the front of a character, and of a word when one begins near. */
static size_t
cut_before(qa_span t, size_t at)
{
	for (size_t i = at; i > 0 && at - i < 24; i--)
		if (is_blank(t.p[i - 1]))
			return i;
	while (at > 0 && (t.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t
cut_after(qa_span t, size_t at)
{
	while (at < t.n && (t.p[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* TEXT with single blanks, showable. */
static int
put(struct qa_buf *b, qa_span text)
{
	size_t i = 0;

	while (i < text.n) {
		size_t from = i;

		while (i < text.n && !is_blank(text.p[i]))
			i++;
		if (i > from && qa_show_add(b, qa_span_cut(text, from, i - from)))
			return -1;
		from = i;
		while (i < text.n && is_blank(text.p[i]))
			i++;
		if (i > from && b->n && b->p[b->n - 1] != ' ' && qa_buf_addc(b, ' '))
			return -1;
	}
	return 0;
}

static int
put_window(const GArray *places, qa_span text, size_t from, size_t to, const char *on, const char *off,
	   struct qa_buf *b)
{
	size_t at = from;

	if (from && qa_buf_addstr(b, "... "))
		return -1;
	for (guint i = 0; i < places->len; i++) {
		struct place p = g_array_index(places, struct place, i);

		if (p.end > to)
			break;
		if (p.end <= at)
			continue;
		if (p.start < at)
			p.start = at; /* pairs of a run overlap */
		/* a run's next pair goes on in the same marks */
		while (i + 1 < places->len && g_array_index(places, struct place, i + 1).start <= p.end &&
		       g_array_index(places, struct place, i + 1).end <= to) {
			size_t end = g_array_index(places, struct place, ++i).end;

			if (end > p.end)
				p.end = end;
		}
		if (put(b, qa_span_cut(text, at, p.start - at)) || qa_buf_addstr(b, on) ||
		    put(b, qa_span_cut(text, p.start, p.end - p.start)) || qa_buf_addstr(b, off))
			return -1;
		at = p.end;
	}
	if (put(b, qa_span_cut(text, at, to - at)))
		return -1;
	if (to == text.n)
		return 0;
	return qa_buf_addstr(b, b->n && b->p[b->n - 1] == ' ' ? "..." : " ...");
}

int
qa_snippet(const struct qa_highlight *h, qa_span text, size_t width, const char *on, const char *off,
	   struct qa_buf *b)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(struct place));
	g_autoptr(GString) key = g_string_new(NULL);
	struct look l = {h, places, key};
	size_t from = 0, to;

	if (text.n > QA_SNIPPET_LOOK)
		text.n = cut_before(text, QA_SNIPPET_LOOK);
	if (h->words->len && qa_term_each(text, QA_TERM_INDEX, look_at, &l) && places->len < PLACES)
		return qa_fail(NULL, EINVAL, " ");
	if (places->len) {
		from = g_array_index(places, struct place, best_place(places, width)).start;
		from = from > width / 4 ? cut_before(text, from - width / 4) : 0;
	}
	to = text.n - from > width ? cut_after(text, from + width) : text.n;
	return put_window(places, text, from, to, on, off, b);
}
