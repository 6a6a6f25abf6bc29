#include "traffic/quick.h"
#include "traffic/marks.h"

#include <stdlib.h>
#include <string.h>

int
qa_quick_init(struct qa_quick *q)
{
	memset(q, 0, sizeof *q);
	q->marks = malloc((QA_QUICK_BLOCK + QA_MARKS_PAD) * sizeof *q->marks);
	return q->marks ? 0 : -1;
}

void
qa_quick_free(struct qa_quick *q)
{
	free(q->marks);
	q->marks = NULL;
}

void
qa_quick_start(struct qa_quick *q, const unsigned char *p, size_t n)
{
	q->at = q->base = q->line = p;
	q->end = p + n;
	q->mark = q->marks_n = 0;
}

static uint32_t
offset(const struct qa_quick_line *l, qa_span s)
{
	return s.n ? (uint32_t)(s.p - l->p) : 0;
}

static void
put(const struct qa_quick_line *l, qa_span s, uint16_t *at_r, uint16_t *n_r)
{
	*at_r = (uint16_t)offset(l, s);
	*n_r = (uint16_t)s.n;
}

/* Any line, by the parser that says what a line is. N is without the line feed. */
static void
exact(struct qa_quick_line *l, const unsigned char *p, size_t n, bool ended)
{
	struct qa_statline s;

	l->p = p;
	l->n = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	l->why = NULL;
	if (qa_statline_get(qa_span_of(p, n + ended), &s, &l->why))
		return;
	l->time = s.time;
	l->bytes = s.bytes;
	l->pid = s.pid;
	l->attempts = s.attempts;
	l->out = s.out;
	l->kind = (unsigned char)qa_statline_kind(&s);
	put(l, s.sender, &l->sender, &l->sender_n);
	put(l, s.recipient, &l->recipient, &l->recipient_n);
	put(l, s.status, &l->status, &l->status_n);
	put(l, qa_statline_domain(s.sender), &l->from, &l->from_n); /* a session's account has the last '@' too */
	put(l, qa_statline_domain(s.recipient), &l->to, &l->to_n);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* N digits, 1 to 8, that end before E; eight bytes before E are readable. */
static inline bool
digits(const unsigned char *e, size_t n, uint64_t *v_r)
{
	uint64_t w;

	memcpy(&w, e - 8, 8);
	w ^= UINT64_C(0x3030303030303030);
	w &= ~UINT64_C(0) << 8 * (8 - n);
	bool good = ((w | (w + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080)) == 0;
	w = w * 2561 >> 8;
	w = (w & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
	w = (w & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
	*v_r = w;
	return good;
}
#else
static inline bool
digits(const unsigned char *e, size_t n, uint64_t *v_r)
{
	uint64_t v = 0;

	for (const unsigned char *p = e - n; p < e; p++) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (*p - '0');
	}
	*v_r = v;
	return true;
}
#endif

/* 1 to 16 digits; false also for what only the exact parser can say. */
static inline bool
number(const unsigned char *p, const unsigned char *e, uint64_t *v_r)
{
	size_t n = (size_t)(e - p);
	uint64_t high;

	if (n - 1 < 8)
		return digits(e, n, v_r);
	if (n - 1 >= 16 || !digits(e - 8, n - 8, &high) || !digits(e, 8, v_r))
		return false;
	*v_r += high * 100000000;
	return true;
}

/* Behind "DATE HOST in[PID]: ", or NULL: ask the exact parser. The line has at least 20 bytes before its first mark. */
static inline const unsigned char *
prefix(struct qa_quick *q, const unsigned char *p, struct qa_quick_line *l)
{
	uint32_t pid = 0;
	unsigned n = 0;

	if (p[3] != ' ' || p[6] != ' ' || p[15] != ' ')
		return NULL;
	p += 16;
	if (q->host_n && memcmp(p, q->host, q->host_n) == 0) {
		p += q->host_n;
	} else {
		const unsigned char *host = p;

		while (*p > ' ')
			p++;
		size_t host_n = (size_t)(p + 1 - host);
		if (*p != ' ' || p == host)
			return NULL;
		p++;
		q->host_n = host_n <= sizeof q->host ? host_n : 0;
		memcpy(q->host, host, q->host_n);
	}
	l->out = p[0] == 'o';
	if (l->out ? p[1] != 'u' || p[2] != 't' || p[3] != '[' : p[0] != 'i' || p[1] != 'n' || p[2] != '[')
		return NULL;
	for (p += l->out ? 4 : 3; *p >= '0' && *p <= '9' && n < 9; p++, n++)
		pid = pid * 10 + (uint32_t)(*p - '0');
	l->pid = pid;
	return n && p[0] == ']' && p[1] == ':' && p[2] == ' ' ? p + 3 : NULL;
}

/* From *P on to the next '|': true, and the place of its domain; *P is then behind the '|'. */
static inline bool
address(const unsigned char *base, const uint32_t **m, const unsigned char **p, uint16_t *n_r, const unsigned char **domain_r,
	uint16_t *domain_n_r)
{
	const unsigned char *e, *domain = NULL;

	for (;;) {
		e = base + *(*m)++;
		if (*e != '@')
			break;
		domain = e + 1;
	}
	if (*e != '|')
		return false;
	*n_r = (uint16_t)(e - *p);
	*domain_r = domain;
	*domain_n_r = domain ? (uint16_t)(e - domain - (e > domain && e[-1] == '.')) : 0;
	*p = e + 1;
	return true;
}

/* As qa_statline_kind. BARE: the line has no prefix. */
static inline void
set_kind(struct qa_quick_line *l, const unsigned char *sender, bool bare)
{
	l->kind = l->out ? QA_STAT_OUT : QA_STAT_IN;
	if (l->sender_n < 5 || sender[4] != '@') {
		if (!l->out && l->sender_n == 12 && memcmp(sender, "web@maillist", 12) == 0)
			l->kind = QA_STAT_LIST;
		return;
	}
	/* an account has an '@' behind that of the pseudo address, and a domain */
	if (!(l->out || bare) || l->from_n == 0 || l->from == l->sender + 5)
		return;
	if (memcmp(sender, "pop3", 4) == 0)
		l->kind = QA_STAT_POP3;
	else if (memcmp(sender, "imap", 4) == 0)
		l->kind = QA_STAT_IMAP;
}

/* A line of the usual form: the number of its marks. 0: it may be anything. */
static inline size_t
usual(struct qa_quick *q, const unsigned char *line, struct qa_quick_line *l)
{
	const unsigned char *base = q->base, *p = line, *e, *domain;
	const uint32_t *m = q->marks + q->mark, *first = m;
	uint64_t v;

	e = base + *m++;
	l->out = false;
	l->pid = 0;
	bool bare = *p >= '0' && *p <= '9';
	if (!bare) {
		if (e - p < 20 || !(p = prefix(q, p, l)))
			return 0;
	}
	if (*e != '|' || e <= p || !number(p, e, &v))
		return 0;
	l->time = (int64_t)v;
	p = e + 1;
	l->sender = (uint16_t)(p - line);
	const unsigned char *sender = p;
	if (!address(base, &m, &p, &l->sender_n, &domain, &l->from_n))
		return 0;
	l->from = l->from_n ? (uint16_t)(domain - line) : 0;
	l->recipient = (uint16_t)(p - line);
	if (!address(base, &m, &p, &l->recipient_n, &domain, &l->to_n))
		return 0;
	l->to = l->to_n ? (uint16_t)(domain - line) : 0;
	e = base + *m++;
	if (*e != '|' || !number(p, e, &l->bytes))
		return 0;
	p = e + 1;
	e = base + *m++;
	l->status = (uint16_t)(p - line);
	l->status_n = (uint16_t)(e - p);
	l->attempts = 0;
	if (e == p)
		return 0;
	if (*e == '|') {
		p = e + 1;
		e = base + *m++;
		if (e - p > 9 || !number(p, e, &v))
			return 0;
		l->attempts = (uint32_t)v;
	}
	if (*e != '\n' || e - line >= QA_STATLINE_MAX)
		return 0;
	l->p = line;
	l->n = (uint32_t)(e - line);
	l->why = NULL;
	set_kind(l, sender, bare);
	return (size_t)(m - first);
}

/* Marks of the next block that holds a whole line; false when there is none, and what is left is in *REST_R. */
static bool
block(struct qa_quick *q, struct qa_quick_line *long_r)
{
	size_t n = (size_t)(q->end - q->at);

	if (n > QA_QUICK_BLOCK)
		n = QA_QUICK_BLOCK;
	q->base = q->line = q->at;
	q->mark = 0;
	q->marks_n = qa_marks(q->base, n, q->marks);
	while (q->marks_n && q->base[q->marks[q->marks_n - 1]] != '\n')
		q->marks_n--;
	if (q->marks_n) {
		q->at = q->base + q->marks[q->marks_n - 1] + 1;
		return true;
	}
	/* a line that is longer than a block, or the last one without its line feed */
	const unsigned char *e = memchr(q->at, '\n', (size_t)(q->end - q->at));
	exact(long_r, q->at, (size_t)((e ? e : q->end) - q->at), e != NULL);
	q->at = e ? e + 1 : q->end;
	return false;
}

size_t
qa_quick_next(struct qa_quick *q, struct qa_quick_line *l)
{
	size_t k = 0;

	while (k < QA_QUICK_BATCH) {
		if (q->mark == q->marks_n) {
			if (q->at == q->end)
				break;
			if (!block(q, l + k)) {
				k++;
				continue;
			}
		}
		size_t taken = usual(q, q->line, l + k);
		if (!taken) {
			while (q->base[q->marks[q->mark + taken++]] != '\n')
				;
			exact(l + k, q->line, (size_t)(q->base + q->marks[q->mark + taken - 1] - q->line), true);
		}
		q->mark += taken;
		q->line = q->base + q->marks[q->mark - 1] + 1;
		k++;
	}
	return k;
}
