#include "term/term.h"

#include "term/fold.h"

#include <stdio.h>
#include <utf8proc.h>

#define LOCAL_MAX 64 /* RFC 5321 section 4.5.3.1 */
#define DOMAIN_MAX 253
#define RUN_CHAR_MAX (QA_TERM_MAX / 2)

struct scan {
	qa_span text;
	enum qa_term_mode mode;
	qa_term_fn *fn;
	void *arg;
	int stop; /* what fn returned */
	uint32_t position;

	char word[QA_TERM_MAX];
	size_t word_n, word_start, word_end;
	bool word_full;

	/* the last two characters of the run, with their marks: [0, last) and [last, run_n) */
	char run[2 * RUN_CHAR_MAX];
	size_t run_n, last, run_length;
	size_t before_start, last_start, last_end;
	bool last_joins; /* Han or kana */
	bool end_waits;	 /* query: the run ended, its last character is asked for if a term follows */
	bool lettered;	 /* the cluster at hand has a letter for its marks */

	size_t addr_start, addr_end; /* an address whose last word is still to come; 0 = none */
};

const char *
qa_term_version(void)
{
	static char v[32];

	if (!v[0])
		snprintf(v, sizeof v, "%d/%s", QA_TERM_VERSION, utf8proc_unicode_version());
	return v;
}

static void end_emit(struct scan *s);

static void
emit(struct scan *s, qa_span bytes, size_t start, size_t end, unsigned flags)
{
	struct qa_term t = {(const char *)bytes.p, bytes.n, start, end, 0, flags};

	end_emit(s);
	if (s->stop)
		return;
	if (!(flags & QA_TERM_COLOCATED))
		s->position++;
	t.position = s->position;
	s->stop = s->fn(s->arg, &t);
}

/* In a query: the last character of the run before, now that a term follows it. */
static void
end_emit(struct scan *s)
{
	if (!s->end_waits)
		return;
	s->end_waits = false;
	emit(s, qa_span_of(s->run + s->last, s->run_n - s->last), s->last_start, s->last_end, QA_TERM_RUN);
}

static void
address_emit(struct scan *s, size_t start, size_t end, unsigned flags)
{
	char lower[QA_TERM_ADDRESS_MAX];
	size_t n = end - start;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = s->text.p[start + i];

		lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
	}
	emit(s, qa_span_of(lower, n), start, end, QA_TERM_ADDRESS | flags);
}

static void
word_finish(struct scan *s)
{
	if (!s->word_n)
		return;
	emit(s, qa_span_of(s->word, s->word_n), s->word_start, s->word_end, 0);
	s->word_n = 0;
	s->word_full = false;
	if (s->addr_end && s->word_end >= s->addr_end) {
		address_emit(s, s->addr_start, s->addr_end, QA_TERM_COLOCATED);
		s->addr_end = 0;
	}
}

/* The last two characters of the run, once no mark can follow them any more. */
static void
run_pair(struct scan *s)
{
	if (s->run_length > 1)
		emit(s, qa_span_of(s->run, s->run_n), s->before_start, s->last_end, QA_TERM_RUN);
}

static void
run_finish(struct scan *s)
{
	run_pair(s);
	if (s->run_length == 1)
		emit(s, qa_span_of(s->run, s->run_n), s->last_start, s->last_end, QA_TERM_RUN | QA_TERM_SINGLE);
	else if (s->run_length && s->mode == QA_TERM_INDEX)
		emit(s, qa_span_of(s->run + s->last, s->run_n - s->last), s->last_start, s->last_end, QA_TERM_RUN);
	else if (s->run_length)
		s->end_waits = true;
	s->run_length = 0;
}

static void
gap(struct scan *s)
{
	if (s->word_n)
		word_finish(s);
	if (s->run_length)
		run_finish(s);
}

static void
word_add(struct scan *s, const char *p, size_t n, size_t start, size_t end)
{
	run_finish(s);
	if (!s->word_n)
		s->word_start = start;
	s->word_end = end;
	if (s->word_full || n > sizeof s->word - s->word_n) {
		s->word_full = true;
		return;
	}
	memcpy(s->word + s->word_n, p, n);
	s->word_n += n;
}

static void
run_add(struct scan *s, const char *p, size_t n, size_t start, size_t end, bool joins)
{
	word_finish(s);
	run_pair(s);
	end_emit(s);
	if (s->run_length) {
		memmove(s->run, s->run + s->last, s->run_n - s->last);
		s->run_n -= s->last;
		s->last = s->run_n;
		s->before_start = s->last_start;
	} else {
		s->run_n = s->last = 0;
	}
	memcpy(s->run + s->run_n, p, n);
	s->run_n += n;
	s->run_length++;
	s->last_start = start;
	s->last_end = end;
	s->last_joins = joins;
}

/* A mark belongs to the character before it; what no longer fits is left out. */
static void
mark_add(struct scan *s, const char *p, size_t n, size_t start, size_t end)
{
	if (s->run_length) {
		if (n > RUN_CHAR_MAX - (s->run_n - s->last))
			return;
		memcpy(s->run + s->run_n, p, n);
		s->run_n += n;
	} else if (s->word_n) {
		word_add(s, p, n, start, end);
	}
}

static void
char_add(struct scan *s, int32_t c, size_t start, size_t end)
{
	char p[4];
	size_t n = (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)p);

	enum qa_fold_kind kind = qa_fold_kind(c);

	switch (kind) {
	case QA_FOLD_KANJI:
	case QA_FOLD_RUN:
		run_add(s, p, n, start, end, kind == QA_FOLD_KANJI);
		break;
	case QA_FOLD_JAMO:
		gap(s);
		run_add(s, p, n, start, end, false);
		run_finish(s);
		break;
	case QA_FOLD_MARK:
		if (s->lettered) /* else it could combine with nothing */
			mark_add(s, p, n, start, end);
		return;
	case QA_FOLD_LETTER:
		word_add(s, p, n, start, end);
		break;
	case QA_FOLD_GAP:
		gap(s);
		break;
	}
	s->lettered = kind != QA_FOLD_GAP;
}

/* ASCII letters in lower case and digits; 0 for all other bytes. */
#define TEN(c) c, c + 1, c + 2, c + 3, c + 4, c + 5, c + 6, c + 7, c + 8, c + 9
#define LETTERS TEN('a'), TEN('k'), 'u', 'v', 'w', 'x', 'y', 'z'
static const unsigned char plain[256] = {
    ['0'] = TEN('0'),
    ['A'] = LETTERS,
    ['a'] = LETTERS,
};
#undef LETTERS
#undef TEN

static bool
alnum(unsigned char c)
{
	return plain[c] != 0;
}

/* ASCII letters and digits from FROM to TO. */
static void
word_ascii(struct scan *s, size_t from, size_t to)
{
	size_t n = to - from, room = sizeof s->word - s->word_n;

	if (s->run_length)
		run_finish(s);
	if (!s->word_n)
		s->word_start = from;
	s->word_end = to;
	if (s->word_full)
		return;
	if (n > room) {
		n = room;
		s->word_full = true;
	}
	for (size_t i = 0; i < n; i++)
		s->word[s->word_n + i] = (char)plain[s->text.p[from + i]];
	s->word_n += n;
}

/* What may stand in the part before the '@'. RFC 5322 allows more; that is found as words. */
static bool
local_char(unsigned char c)
{
	return alnum(c) || c == '.' || c == '_' || c == '-' || c == '+';
}

/* The address around the '@' at AT, if there is one. */
static bool
address_at(qa_span t, size_t at, size_t *start_r, size_t *end_r)
{
	size_t a = at, e = at + 1, last = 0;

	while (a > 0 && at - a < LOCAL_MAX && local_char(t.p[a - 1]))
		a--;
	while (a < at && !alnum(t.p[a]) && t.p[a] != '_')
		a++;
	while (e < t.n && e - at <= DOMAIN_MAX && (alnum(t.p[e]) || t.p[e] == '.' || t.p[e] == '-')) {
		if (t.p[e] == '.' && t.p[e - 1] == '.')
			break;
		e++;
		if (alnum(t.p[e - 1]))
			last = e;
	}
	if (a == at || !last || !alnum(t.p[at + 1]))
		return false;
	*start_r = a;
	*end_r = last;
	return true;
}

/* In a query: an address with no term in front of it. Returns where to go on. */
static size_t
query_address(struct scan *s)
{
	const unsigned char *at = memchr(s->text.p, '@', s->text.n);
	size_t start, end;

	if (!at || !address_at(s->text, (size_t)(at - s->text.p), &start, &end))
		return 0;
	for (size_t i = 0; i < start; i++)
		if (s->text.p[i] >= 0x80 || alnum(s->text.p[i]))
			return 0;
	address_emit(s, start, end, 0);
	return end;
}

/* True when the line break at I stands between two Han or kana characters; *next_r is then
 * the offset behind it. */
static bool
break_joins(const struct scan *s, size_t i, size_t *next_r)
{
	int32_t c;

	if (!s->run_length || !s->last_joins)
		return false;
	if (s->text.p[i] == '\r')
		i++;
	if (i >= s->text.n || s->text.p[i] != '\n')
		return false;
	*next_r = ++i;
	return qa_fold_decode(qa_span_cut(s->text, i, 4), &c) && qa_fold_joins(c);
}

/* The ASCII character at I, and more of its kind; returns where to go on. */
static size_t
ascii_add(struct scan *s, size_t i)
{
	const unsigned char *p = s->text.p;
	size_t start, end, next = i + 1;

	if (alnum(p[i])) {
		while (next < s->text.n && alnum(p[next]))
			next++;
		/* a mark behind the last one would belong to it */
		if (next < s->text.n && p[next] >= 0x80 && next > i + 1)
			next--;
		word_ascii(s, i, next);
		return next;
	}
	if ((p[i] == '\n' || p[i] == '\r') && break_joins(s, i, &next))
		return next;
	gap(s);
	if (p[i] == '@' && s->mode == QA_TERM_INDEX && address_at(s->text, i, &start, &end)) {
		s->addr_start = start;
		s->addr_end = end;
	}
	return i + 1;
}

int
qa_term_each(qa_span text, enum qa_term_mode mode, qa_term_fn *fn, void *arg)
{
	struct scan s = {.text = text, .mode = mode, .fn = fn, .arg = arg};
	int32_t folded[QA_FOLD_MAX];
	size_t i = 0;

	if (mode == QA_TERM_QUERY && text.n)
		i = query_address(&s);
	while (i < text.n && !s.stop) {
		size_t used, n;

		if (text.p[i] < 0x80 && (i + 1 >= text.n || text.p[i + 1] < 0x80)) {
			i = ascii_add(&s, i);
			continue;
		}
		n = qa_fold_cluster(qa_span_cut(text, i, text.n), &used, folded);
		if (used == 1 && text.p[i] < 0x80) {
			i = ascii_add(&s, i);
			continue;
		}
		if (!used) {
			gap(&s);
			i++;
			continue;
		}
		s.lettered = false;
		for (size_t k = 0; k < n; k++)
			char_add(&s, folded[k], i, i + used);
		i += used;
	}
	gap(&s);
	return s.stop;
}
