#include "store/split.h"

#include <assert.h>

/* ---- trace ---- */

static bool
is_trace_name(const unsigned char *p, size_t n)
{
	static const char *const name[] = {"Return-Path", "Delivered-To", "Received", "X-Original-To"};

	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		if (qa_span_caseeq(qa_span_of(p, n), qa_span_str(name[i])))
			return true;
	return false;
}

/* End of the header field that starts at p, behind the line end of its last line; NULL when it has none. */
static const unsigned char *
field_end(const unsigned char *p, const unsigned char *end)
{
	do {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return NULL;
		p++;
	} while (p < end && (*p == ' ' || *p == '\t'));
	return p;
}

size_t
qa_split_trace(qa_span m)
{
	enum { LONGEST_NAME = 13 };
	const unsigned char *p = m.p, *end = m.p + m.n;

	while (p < end) {
		size_t n = (size_t)(end - p) > LONGEST_NAME + 1 ? LONGEST_NAME + 1 : (size_t)(end - p);
		const unsigned char *colon = memchr(p, ':', n);

		if (!colon || !is_trace_name(p, (size_t)(colon - p)))
			break;
		const unsigned char *next = field_end(colon, end);
		if (!next)
			break;
		p = next;
	}
	return m.n ? (size_t)(p - m.p) : 0;
}

/* ---- base64 ---- */

#define BAD 0x80
/* clang-format off */
static const unsigned char value[256] = {
	[0 ... '+' - 1] = BAD, ['+' + 1 ... '/' - 1] = BAD, ['9' + 1 ... 'A' - 1] = BAD, ['Z' + 1 ... 'a' - 1] = BAD,
	['z' + 1 ... 255] = BAD,
	['A'] = 0, ['B'] = 1, ['C'] = 2, ['D'] = 3, ['E'] = 4, ['F'] = 5, ['G'] = 6, ['H'] = 7, ['I'] = 8,
	['J'] = 9, ['K'] = 10, ['L'] = 11, ['M'] = 12, ['N'] = 13, ['O'] = 14, ['P'] = 15, ['Q'] = 16, ['R'] = 17,
	['S'] = 18, ['T'] = 19, ['U'] = 20, ['V'] = 21, ['W'] = 22, ['X'] = 23, ['Y'] = 24, ['Z'] = 25,
	['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31, ['g'] = 32, ['h'] = 33, ['i'] = 34,
	['j'] = 35, ['k'] = 36, ['l'] = 37, ['m'] = 38, ['n'] = 39, ['o'] = 40, ['p'] = 41, ['q'] = 42, ['r'] = 43,
	['s'] = 44, ['t'] = 45, ['u'] = 46, ['v'] = 47, ['w'] = 48, ['x'] = 49, ['y'] = 50, ['z'] = 51,
	['0'] = 52, ['1'] = 53, ['2'] = 54, ['3'] = 55, ['4'] = 56, ['5'] = 57, ['6'] = 58, ['7'] = 59, ['8'] = 60,
	['9'] = 61, ['+'] = 62, ['/'] = 63,
};
/* clang-format on */
static const char letter[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool
all_letters(const unsigned char *p, size_t n)
{
	size_t i = 0;
	unsigned bad = 0;

	/* text gives itself away in its first words */
	for (; i + 16 <= n && !(bad & BAD); i += 16)
		for (size_t k = 0; k < 16; k++)
			bad |= value[p[i + k]];
	for (; i < n; i++)
		bad |= value[p[i]];
	return !(bad & BAD);
}

/* A line at the end of a run: letters, then at most two '=' with the unused bits before them 0. Its length is a
 * multiple of 4. */
static bool
good_last(const unsigned char *p, size_t n)
{
	if (p[n - 1] != '=')
		return all_letters(p, n);
	if (p[n - 2] != '=')
		return all_letters(p, n - 1) && !(value[p[n - 2]] & 3);
	return all_letters(p, n - 2) && !(value[p[n - 3]] & 15);
}

struct line {
	const unsigned char *p;	   /* start */
	size_t n;		   /* without its end */
	const unsigned char *next; /* start of the next one; the end of all when there is none */
	enum { NO_END, LF, CRLF } end;
};

static struct line
line_at(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *lf = memchr(p, '\n', (size_t)(end - p));

	if (!lf)
		return (struct line){p, (size_t)(end - p), end, NO_END};
	if (lf > p && lf[-1] == '\r')
		return (struct line){p, (size_t)(lf - 1 - p), lf + 1, CRLF};
	return (struct line){p, (size_t)(lf - p), lf + 1, LF};
}

static bool
may_begin(const struct line *l)
{
	return l->n >= 4 && l->n <= QA_RUN_LINE && l->n % 4 == 0 && l->end != NO_END && all_letters(l->p, l->n);
}

/* The longest run whose first line is FIRST: its end (behind its last letter) is in *end_r, and where to look for another
 * run, should this one be too short, in *again_r. */
static void
follow(const struct line *first, const unsigned char *end, const unsigned char **end_r, const unsigned char **again_r)
{
	struct line l = *first;

	for (;;) {
		*end_r = l.p + l.n;
		*again_r = l.next;
		if (l.end != first->end || l.next == end)
			return;
		struct line n = line_at(l.next, end);
		if (n.n == 0 || n.n > first->n || n.n % 4)
			return;
		if (n.n < first->n || n.p[n.n - 1] == '=') {
			if (good_last(n.p, n.n))
				*end_r = n.p + n.n;
			return;
		}
		if (!all_letters(n.p, n.n))
			return;
		l = n;
	}
}

int
qa_split_run(qa_span rest, size_t *pos, struct qa_run *r_r)
{
	if (rest.n < QA_RUN_LEAST)
		return 0; /* also when there are no bytes at all to point into */

	const unsigned char *p = rest.p + *pos, *end = rest.p + rest.n;

	while ((size_t)(end - p) >= QA_RUN_LEAST) {
		struct line l = line_at(p, end);
		const unsigned char *stop, *again;

		if (!may_begin(&l)) {
			p = l.next;
			continue;
		}
		follow(&l, end, &stop, &again);
		size_t n = (size_t)(stop - p), eol = l.end == CRLF ? 2 : 1;
		if (n < QA_RUN_LEAST) {
			p = again;
			continue;
		}
		size_t lines = (n + eol + l.n + eol - 1) / (l.n + eol), letters = n - (lines - 1) * eol;
		*r_r = (struct qa_run){
			.at = (size_t)(p - rest.p),
			.encoded = n,
			.raw = letters / 4 * 3 - (stop[-1] == '=') - (stop[-2] == '='),
			.line = (uint32_t)l.n,
			.crlf = l.end == CRLF,
		};
		*pos = (size_t)(stop - rest.p);
		return 1;
	}
	return 0;
}

/* Decodes n letters (a multiple of 4, maybe padded) known to be good: the number of bytes. */
static size_t
decode(const unsigned char *p, size_t n, unsigned char *out)
{
	unsigned char *o = out;
	size_t full = n - (p[n - 1] == '=' ? 4 : 0);

	for (size_t i = 0; i < full; i += 4, o += 3) {
		uint32_t v = (uint32_t)value[p[i]] << 18 | (uint32_t)value[p[i + 1]] << 12 |
			     (uint32_t)value[p[i + 2]] << 6 | value[p[i + 3]];

		o[0] = (unsigned char)(v >> 16);
		o[1] = (unsigned char)(v >> 8);
		o[2] = (unsigned char)v;
	}
	if (full < n) {
		p += full;
		*o++ = (unsigned char)(value[p[0]] << 2 | value[p[1]] >> 4);
		if (p[2] != '=')
			*o++ = (unsigned char)(value[p[1]] << 4 | value[p[2]] >> 2);
	}
	return (size_t)(o - out);
}

void
qa_unrun_init(struct qa_unrun *u, qa_span rest, const struct qa_run *r)
{
	u->p = rest.p + r->at;
	u->end = u->p + r->encoded;
	u->line = r->line;
	u->eol = r->crlf ? 2 : 1;
	u->left_n = u->left_at = 0;
}

size_t
qa_unrun_read(struct qa_unrun *u, unsigned char *out, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t have = u->left_n - u->left_at;

		if (have) {
			size_t k = have < n - done ? have : n - done;

			memcpy(out + done, u->left + u->left_at, k);
			u->left_at += k;
			done += k;
			continue;
		}
		size_t left = (size_t)(u->end - u->p);
		if (left == 0)
			break;
		size_t letters = left < u->line ? left : u->line;
		if (n - done >= letters / 4 * 3) {
			done += decode(u->p, letters, out + done);
		} else {
			u->left_n = decode(u->p, letters, u->left);
			u->left_at = 0;
		}
		u->p += letters == left ? letters : letters + u->eol;
	}
	return done;
}

/* ---- encoding ---- */

void
qa_rerun_init(struct qa_rerun *r, uint32_t line, bool crlf)
{
	assert(line >= 4 && line <= QA_RUN_LINE && line % 4 == 0);
	r->line = line;
	r->raw_line = line / 4 * 3;
	r->crlf = crlf;
	r->begun = false;
	r->left_n = 0;
}

/* Letters in pairs: half as many look-ups. Filled before main, so that threads need not agree who does it. */
static unsigned char pair[4096][2];

__attribute__((constructor)) static void
fill_pairs(void)
{
	for (unsigned i = 0; i < 4096; i++) {
		pair[i][0] = (unsigned char)letter[i >> 6];
		pair[i][1] = (unsigned char)letter[i & 63];
	}
}

static size_t
encode(const unsigned char *p, size_t n, unsigned char *out)
{
	unsigned char *o = out;

	for (; n >= 3; n -= 3, p += 3, o += 4) {
		uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		memcpy(o, pair[v >> 12], 2);
		memcpy(o + 2, pair[v & 4095], 2);
	}
	if (n) {
		uint32_t v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);

		o[0] = (unsigned char)letter[v >> 18];
		o[1] = (unsigned char)letter[v >> 12 & 63];
		o[2] = n == 2 ? (unsigned char)letter[v >> 6 & 63] : '=';
		o[3] = '=';
		o += 4;
	}
	return (size_t)(o - out);
}

static size_t
one_line(struct qa_rerun *r, const unsigned char *p, size_t n, unsigned char *out)
{
	size_t k = 0;

	if (r->begun) {
		if (r->crlf)
			out[k++] = '\r';
		out[k++] = '\n';
	}
	r->begun = true;
	return k + encode(p, n, out + k);
}

size_t
qa_rerun_add(struct qa_rerun *r, qa_span in, bool last, unsigned char *out)
{
	size_t done = 0;

	if (r->left_n) {
		size_t k = r->raw_line - r->left_n < in.n ? r->raw_line - r->left_n : in.n;

		memcpy(r->left + r->left_n, in.p, k);
		r->left_n += k;
		in = qa_span_cut(in, k, in.n);
		if (r->left_n == r->raw_line) {
			done += one_line(r, r->left, r->left_n, out + done);
			r->left_n = 0;
		}
	}
	for (; in.n >= r->raw_line; in.p += r->raw_line, in.n -= r->raw_line)
		done += one_line(r, in.p, r->raw_line, out + done);
	if (in.n) {
		memcpy(r->left + r->left_n, in.p, in.n);
		r->left_n += in.n;
	}
	if (last && r->left_n) {
		done += one_line(r, r->left, r->left_n, out + done);
		r->left_n = 0;
	}
	return done;
}

size_t
qa_rerun_room(const struct qa_rerun *r, size_t n)
{
	return ((n + r->left_n) / r->raw_line + 1) * ((size_t)r->line + 2);
}

uint64_t
qa_rerun_size(uint64_t raw, uint32_t line, bool crlf)
{
	if (line < 4 || line > QA_RUN_LINE || line % 4 || raw == 0 || raw > UINT64_C(1) << 40)
		return 0;
	uint64_t letters = (raw + 2) / 3 * 4, lines = (letters + line - 1) / line;
	return letters + (lines - 1) * (crlf ? 2 : 1);
}
