/*
 * Known answers: a random mailbox and some thousand random queries, each answered by the catalog and by looking at every
 * message with strstr. The mailbox has Japanese runs of all lengths, so that both halves of the trap of neighbour pairs are
 * asked: words cut in the middle of a run, and single characters at every place of one.
 */
#include "catalog/catalog.h"
#include "catalog/find.h"

#include "journal/record.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MONTH (2026 * 12 + 2) /* 2026-03 */
#define START INT64_C(1772323200)
enum { MAILS = 500, EVENTS = 40, QUERIES = 3000, TEXT = 1500 };

/* Texts are kept as " word word ", pieces divided by '|'. */
struct mail {
	char col[QA_COLUMNS][TEXT];
	char address[QA_COLUMNS][400]; /* " a@b c@d " */
	char type[60];		       /* " pdf image/png " */
	int64_t date;
	uint64_t size;
	unsigned flags;
	bool settled;
};

static struct mail box[MAILS + EVENTS + 1];
static uint64_t seed = 88172645463325252u;

static unsigned
rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % n);
}

static void
set(char *to, size_t size, const char *what)
{
	snprintf(to, size, "%s", what);
}

static void
add(char *to, size_t size, const char *what)
{
	size_t n = strlen(to);

	snprintf(to + n, size - n, "%s", what);
}

/* Few common words and many rare ones. */
static const char *
word(void)
{
	static char w[20];
	static const char *const syllables[] = {"ka", "mo", "ri", "tel", "no", "sta", "ven", "zu"};
	unsigned k = rnd(4) ? rnd(12) : rnd(400);

	snprintf(w, sizeof w, "%s%s%s", syllables[k % 8], syllables[k / 8 % 8], k / 64 ? syllables[k / 64 % 8] : "");
	return w;
}

static const char *
kanji(void)
{
	static const char *const all[] = {"\xe6\x9d\xb1", "\xe4\xba\xac", "\xe9\x83\xbd", "\xe5\xa4\xa7",
					  "\xe9\x98\xaa", "\xe3\x81\x82", "\xe3\x82\xab", "\xe6\x97\xa5"};

	return all[rnd(8)];
}

static const char *
run(unsigned most)
{
	static char r[100];

	r[0] = 0;
	for (unsigned n = 1 + rnd(most); n; n--)
		add(r, sizeof r, kanji());
	return r;
}

static const char *
address(void)
{
	static char a[60];
	static const char *const hosts[] = {"a.example", "b.example", "mail.b.example", "xb.example", "c.test"};

	snprintf(a, sizeof a, "u%u@%s", rnd(9), hosts[rnd(5)]);
	return a;
}

static void
make_text(char *to, unsigned pieces, unsigned words)
{
	set(to, TEXT, " ");
	for (unsigned p = 0; p < pieces; p++) {
		if (p)
			add(to, TEXT, "| ");
		for (unsigned w = 1 + rnd(words); w; w--) {
			add(to, TEXT, rnd(5) ? word() : run(6));
			add(to, TEXT, " ");
		}
	}
}

static void
make_addresses(struct mail *m, int col, unsigned most)
{
	unsigned n = rnd(most + 1);

	set(m->col[col], TEXT, " ");
	set(m->address[col], sizeof m->address[col], " ");
	for (unsigned i = 0; i < n; i++) {
		const char *a = address();
		char words[80];

		add(m->address[col], sizeof m->address[col], a);
		add(m->address[col], sizeof m->address[col], " ");
		snprintf(words, sizeof words, "%s%s ", i ? "| " : "", a);
		for (char *p = words; *p; p++)
			if (*p == '@' || *p == '.')
				*p = ' ';
		add(m->col[col], TEXT, words);
	}
}

static void
make_mail(struct mail *m, unsigned n)
{
	make_text(m->col[QA_COL_BODY], 1 + rnd(2), 60);
	make_text(m->col[QA_COL_SUBJECT], 1, 6);
	make_addresses(m, QA_COL_AUTHOR, 1);
	make_addresses(m, QA_COL_DEST, 3);
	make_addresses(m, QA_COL_COPY, 2);
	make_addresses(m, QA_COL_RCPT, 3);
	m->date = START + (int64_t)rnd(31 * 86400);
	m->size = rnd(100000);
	m->flags = QA_MESSAGE | (1 + rnd(3)) << 4 | QA_ROW_MESSAGE;
	m->settled = m->flags >> 4 != (unsigned)(QA_QUEUE | QA_ROW_MESSAGE >> 4);
	if (m->settled)
		m->flags |= QA_ROW_SETTLED;
	set(m->type, sizeof m->type, " ");
	if (rnd(4) == 0) {
		m->flags |= QA_ROW_ATTACHMENT;
		set(m->type, sizeof m->type, rnd(2) ? " application/pdf pdf " : " image/png png ");
		make_text(m->col[QA_COL_FILE], 1, 2);
	}
	if (rnd(50) == 0)
		m->flags |= QA_ROW_FALLBACK;
	(void)n;
}

static qa_span
S(const char *s)
{
	return qa_span_str(s);
}

/* The pieces of a text, without their bars. */
static void
put_text(struct qa_row *r, enum qa_column c, const char *text)
{
	const char *bar;

	for (; (bar = strchr(text, '|')) != NULL; text = bar + 1)
		qa_row_text(r, c, qa_span_of(text, (size_t)(bar - text)));
	qa_row_text(r, c, S(text));
}

/* The word at the front of a list: what follows it, NULL when there is none. */
static const char *
next_word(const char *list, char *word_r, size_t size)
{
	size_t n;

	list += strspn(list, " ");
	n = strcspn(list, " ");
	snprintf(word_r, size, "%.*s", (int)n, list);
	return n ? list + n : NULL;
}

static int64_t
key(unsigned n)
{
	return (int64_t)n + 1000000;
}

static void
load(const char *dir)
{
	struct qa_catalog *c;
	struct qa_err err = {0};
	struct qa_row r;
	bool good = true;

	qa_row_init(&r);
	if (qa_catalog_write(dir, "d", MONTH, &c, NULL, &err))
		exit(1);
	for (unsigned n = 1; n <= MAILS + EVENTS; n++) {
		struct mail *m = &box[n];

		qa_row_clear(&r);
		r.n = r.leaf = n;
		if (n % 13 == 5 && n / 13 < EVENTS) {
			unsigned about = 1 + rnd(n - 1);

			m->flags = QA_DELIVERY | QA_AGENT << 4;
			m->date = START + (int64_t)rnd(31 * 86400);
			make_addresses(m, QA_COL_RCPT, 2);
			r.refers = key(about);
			if (box[about].flags & QA_ROW_MESSAGE)
				box[about].settled = true;
		} else {
			make_mail(m, n);
			r.digest = key(n);
		}
		r.date = m->date;
		r.size = m->size;
		r.flags = m->flags;
		if (m->flags & QA_ROW_MESSAGE) {
			put_text(&r, QA_COL_BODY, m->col[QA_COL_BODY]);
			put_text(&r, QA_COL_SUBJECT, m->col[QA_COL_SUBJECT]);
			put_text(&r, QA_COL_FILE, m->col[QA_COL_FILE]);
		}
		for (int col = QA_COL_AUTHOR; col <= QA_COL_RCPT; col++) {
			char a[60];

			for (const char *at = m->address[col]; (at = next_word(at, a, sizeof a)) != NULL;)
				qa_row_address(&r, (enum qa_column)col, S(""), S(a));
		}
		char t[60];
		for (const char *at = m->type; (at = next_word(at, t, sizeof t)) != NULL;)
			qa_row_mark(&r, 'T', S(t));
		if (m->flags & QA_ROW_ATTACHMENT)
			qa_row_mark(&r, 'A', S(""));
		good &= qa_catalog_add(c, &r, &err) == 0;
		if (n % 64 == 0)
			good &= qa_catalog_commit(c, &err) == 0;
	}
	OK(good && qa_catalog_commit(c, &err) == 0 && qa_catalog_check(c, &err) == 0);
	qa_catalog_close(c);
	qa_row_free(&r);
}

/* ---- the other way to find ---- */

static bool
in_text(const char *text, const struct qa_query_node *n)
{
	char needle[300];
	bool ascii_front = n->text.p[0] < 128, ascii_end = n->text.p[n->text.n - 1] < 128;

	snprintf(needle, sizeof needle, "%s%.*s%s", ascii_front ? " " : "", (int)n->text.n, (const char *)n->text.p,
		 ascii_end && !n->prefix ? " " : "");
	for (char *p = needle; *p; p++)
		if (*p == '@' || *p == '.')
			*p = ' ';
	return strstr(text, needle) != NULL;
}

static bool
in_column(const struct mail *m, int col, const struct qa_query_node *n)
{
	char t[60], needle[80];
	bool whole = memchr(n->text.p, '@', n->text.n) != NULL;

	snprintf(t, sizeof t, "%.*s", (int)n->text.n, (const char *)n->text.p);
	if (t[0] == '@') {
		snprintf(needle, sizeof needle, "%s ", t);
		if (strstr(m->address[col], needle))
			return true;
		snprintf(needle, sizeof needle, ".%s ", t + 1);
		return strstr(m->address[col], needle) != NULL;
	}
	if (whole) {
		snprintf(needle, sizeof needle, " %s%s", t, n->prefix ? "" : " ");
		return strstr(m->address[col], needle) != NULL;
	}
	return in_text(m->col[col], n);
}

static bool
matches(const struct qa_query *q, unsigned i, const struct mail *m)
{
	const struct qa_query_node *n = &q->v[i];
	bool event = !(m->flags & QA_ROW_MESSAGE);
	unsigned c;

	switch (n->kind) {
	case QA_Q_ALL:
		return true;
	case QA_Q_NOT:
		return !matches(q, n->child, m);
	case QA_Q_AND:
		for (c = n->child; c; c = q->v[c].next)
			if (!matches(q, c, m))
				return false;
		return true;
	case QA_Q_OR:
		for (c = n->child; c; c = q->v[c].next)
			if (matches(q, c, m))
				return true;
		return false;
	case QA_Q_TERM:
		break;
	}
	switch (n->field) {
	case QA_Q_ANY:
		for (int col = 0; col < QA_COLUMNS; col++)
			if (in_column(m, col, n))
				return true;
		return false;
	case QA_Q_BODY:
		return in_text(m->col[QA_COL_BODY], n);
	case QA_Q_SUBJECT:
		return in_text(m->col[QA_COL_SUBJECT], n);
	case QA_Q_FILENAME:
		return in_text(m->col[QA_COL_FILE], n);
	case QA_Q_FROM:
		return in_column(m, QA_COL_AUTHOR, n);
	case QA_Q_TO:
		return in_column(m, QA_COL_DEST, n);
	case QA_Q_CC:
		return in_column(m, QA_COL_COPY, n);
	case QA_Q_RCPT:
		return in_column(m, QA_COL_RCPT, n);
	case QA_Q_ADDRESS:
		for (int col = QA_COL_AUTHOR; col <= QA_COL_RCPT; col++)
			if (in_column(m, col, n))
				return true;
		return false;
	case QA_Q_TYPE: {
		char needle[40];

		if (n->text.n == 5)
			return strstr(m->type, " image/") != NULL;
		snprintf(needle, sizeof needle, " %.*s ", (int)n->text.n, (const char *)n->text.p);
		return strstr(m->type, needle) != NULL;
	}
	case QA_Q_HAS:
		return m->flags & (n->low == QA_HAS_ATTACHMENT ? QA_ROW_ATTACHMENT : QA_ROW_FALLBACK);
	case QA_Q_SOURCE:
		return (m->flags & QA_ROW_SOURCE) >> 4 == (unsigned)n->low;
	case QA_Q_KIND:
		return !n->low || (m->flags & QA_ROW_KIND) == (unsigned)n->low;
	case QA_Q_STATUS:
		return !event && m->settled == (n->low == 1);
	case QA_Q_SIZE:
		return (int64_t)m->size >= n->low && (int64_t)m->size < n->high;
	case QA_Q_DATE:
		return m->date >= n->low && m->date < n->high;
	default:
		return false;
	}
}

/* ---- random queries ---- */

static void
some_words(char *to, size_t size)
{
	char t[200] = "";

	switch (rnd(8)) {
	case 0:
		add(to, size, run(1));
		return;
	case 1:
		add(to, size, run(2));
		return;
	case 2:
		add(to, size, run(4));
		return;
	case 3:
		for (unsigned n = 2 + rnd(2); n; n--) {
			add(t, sizeof t, rnd(4) ? word() : run(3));
			add(t, sizeof t, n > 1 ? " " : "");
		}
		add(to, size, "\"");
		add(to, size, t);
		add(to, size, rnd(4) ? "\"" : "\"*");
		return;
	case 4:
		snprintf(t, sizeof t, "%s", word());
		t[2 + rnd(3)] = 0;
		add(to, size, t);
		add(to, size, "*");
		return;
	default:
		add(to, size, word());
	}
}

static void
some_address(char *to, size_t size)
{
	char a[60];

	snprintf(a, sizeof a, "%s", address());
	switch (rnd(5)) {
	case 0:
		add(to, size, strchr(a, '@'));
		break;
	case 1:
		add(to, size, rnd(2) ? "@example" : "@test");
		break;
	case 2:
		*strchr(a, '@') = 0;
		add(to, size, a);
		break;
	case 3:
		a[strlen(a) - 4] = 0;
		add(to, size, a);
		add(to, size, "*");
		break;
	default:
		add(to, size, a);
	}
}

static void
some_term(char *to, size_t size)
{
	static const char *const fields[] = {"from:", "to:", "cc:", "rcpt:", "address:"};
	static const char *const texts[] = {"body:", "subject:", "filename:"};
	static const char *const rest[] = {"has:attachment", "has:fallback", "type:pdf", "type:image",
					   "type:image/png", "source:queue", "source:import", "status:settled",
					   "status:unsettled", "kind:any", "kind:delivery", "kind:message", "*"};
	char t[60];

	switch (rnd(10)) {
	case 0:
	case 1:
		add(to, size, fields[rnd(5)]);
		some_address(to, size);
		break;
	case 2:
	case 3:
		add(to, size, texts[rnd(3)]);
		some_words(to, size);
		break;
	case 4:
		add(to, size, rest[rnd(13)]);
		break;
	case 5:
		snprintf(t, sizeof t, "%s:%u", rnd(2) ? "larger" : "smaller", rnd(100000));
		add(to, size, t);
		break;
	case 6:
		snprintf(t, sizeof t, "date:2026-03-%02u..2026-03-%02u", 1 + rnd(10), 11 + rnd(21));
		add(to, size, rnd(4) ? t : "date:2026-03");
		break;
	default:
		some_words(to, size);
	}
}

static void
some_query(char *to, size_t size, unsigned depth)
{
	unsigned n = 1 + rnd(3);

	for (unsigned i = 0; i < n; i++) {
		if (i)
			add(to, size, rnd(3) ? " " : " OR ");
		if (rnd(5) == 0)
			add(to, size, "-");
		if (depth && rnd(4) == 0) {
			add(to, size, "(");
			some_query(to, size, depth - 1);
			add(to, size, ")");
		} else {
			some_term(to, size);
		}
	}
}

/* Both ways give the same messages: 1; 0; -1 = nothing to compare. */
static int
same(struct qa_catalog *c, const char *text)
{
	static bool got[MAILS + EVENTS + 1];
	struct qa_query q;
	struct qa_plan plan;
	struct qa_finder *cur;
	struct qa_err err = {0};
	struct qa_hit h;
	size_t at;
	uint64_t count, found = 0, wrong = 0;
	int64_t last = INT64_MAX;

	if (qa_query_parse(S(text), START, &q, &at, &err) ||
	    qa_plan_make(&q, qa_catalog_state(c), (struct qa_plan_around){0}, &plan, &err) ||
	    qa_find_count(c, &plan, &count, &err) || qa_find(c, &plan, QA_SORT_NEWEST, &cur, &err)) {
		printf("# %s: %s\n", text, err.text);
		return 0;
	}
	memset(got, 0, sizeof got);
	while (qa_finder_next(cur, &h, &err) == 1) {
		wrong += h.date > last || got[h.n];
		last = h.date;
		got[h.n] = true;
		found++;
	}
	for (unsigned n = 1; n <= MAILS + EVENTS; n++) {
		bool want = matches(&q, q.root, &box[n]) && (q.kinds || (box[n].flags & QA_ROW_MESSAGE));

		if (want != got[n] && wrong++ < 3)
			printf("# %s: %u is %s\n", text, n, want ? "missing" : "too much");
	}
	wrong += found != count;
	if (wrong)
		printf("# match %s\n# where %s\n", plan.match ? plan.match : "-", plan.where ? plan.where : "-");
	qa_finder_close(cur);
	qa_plan_free(&plan);
	qa_query_free(&q);
	return wrong ? 0 : found ? 2 : 1;
}

/* At every limit of the language, the parsers of SQLite must still cope. */
static void
test_deepest(struct qa_catalog *c)
{
	char text[QA_QUERY_MAX + 1] = "";

	for (int i = 0; i < 8; i++)
		add(text, sizeof text, i % 2 ? "-(kamo larger:5 OR " : "-(status:settled kaka subject:kamo ");
	add(text, sizeof text, "kaka");
	for (int i = 0; i < 8; i++)
		add(text, sizeof text, ")");
	OKF(same(c, text) > 0, "nested as deep as allowed: %s", text);
	text[0] = 0;
	for (int i = 0; i < 250; i++)
		add(text, sizeof text, i % 2 ? "larger:9 OR " : "kaka OR ");
	add(text, sizeof text, "kamo");
	OK(same(c, text) > 0);
	text[0] = 0;
	for (int i = 0; i < 500; i++)
		add(text, sizeof text, "kaka ");
	OK(same(c, text) > 0);
	text[0] = 0;
	for (int i = 0; i < 250; i++)
		add(text, sizeof text, "-larger:9 ");
	OK(same(c, text) > 0);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	char dir[200], text[QA_QUERY_MAX];
	struct qa_catalog *c;
	struct qa_err err = {0};
	int good = 0, some = 0;

	setenv("TZ", "UTC", 1);
	snprintf(dir, sizeof dir, "%s/known-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return 1;
	load(dir);
	if (!OK(qa_catalog_read(dir, "d", MONTH, &c, &err) == 1))
		return done();
	for (int i = 0; i < QUERIES; i++) {
		text[0] = 0;
		if (i < QUERIES / 2)
			some_term(text, sizeof text);
		else
			some_query(text, sizeof text, 2);
		int r = same(c, text);
		good += r > 0;
		some += r == 2;
	}
	OKF(good == QUERIES, "%d of %d queries answered as by looking at each message", good, QUERIES);
	OKF(some > QUERIES / 2, "%d of them found something", some);
	test_deepest(c);
	qa_catalog_close(c);
	OK(qa_catalog_remove(dir, MONTH, &err) == 0 && rmdir(dir) == 0);
	return done();
}
