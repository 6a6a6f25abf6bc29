#include "store/manifest.h"
#include "base/num.h"
#include "base/text.h"
#include "store/segment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char first_line[] = "qmail-archive partition v1";
static const char *const state_name[] = {"open", "closed", "sealed"};

void
qa_manifest_free(struct qa_manifest *m)
{
	free(m->v);
	m->v = NULL;
	m->n = 0;
}

int
qa_manifest_add(struct qa_manifest *m, const struct qa_manifest_line *l)
{
	struct qa_manifest_line *v = reallocarray(m->v, m->n + 1, sizeof *v);

	if (!v)
		return -1;
	m->v = v;
	m->v[m->n++] = *l;
	return 0;
}

bool
qa_manifest_same(const struct qa_manifest *a, const struct qa_manifest *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct qa_manifest_line *x = &a->v[i], *y = &b->v[i];

		if (x->number != y->number || x->generation != y->generation || x->state != y->state ||
		    x->size != y->size || !qa_digest_eq(&x->digest, &y->digest))
			return false;
	}
	return true;
}

static int
line_put(const struct qa_manifest_line *l, struct qa_buf *b)
{
	char hex[QA_SHA256_TEXT];

	if (qa_buf_addf(b, "segment %u %u %s", l->number, l->generation, state_name[l->state]))
		return -1;
	if (l->state != QA_SEGMENT_OPEN && qa_buf_addf(b, " %llu", (unsigned long long)l->size))
		return -1;
	qa_hex(l->digest.b, sizeof l->digest.b, hex);
	if (l->state == QA_SEGMENT_SEALED && qa_buf_addf(b, " %s", hex))
		return -1;
	return qa_buf_addc(b, '\n');
}

int
qa_manifest_put(const struct qa_manifest *m, const char *domain, qa_month month, struct qa_buf *b)
{
	char name[QA_MONTH_TEXT], hex[QA_SHA256_TEXT];

	qa_month_text(month, name);
	if (qa_buf_addf(b, "%s\ndomain %s\nmonth %s\n", first_line, domain, name))
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if (line_put(&m->v[i], b))
			return -1;
	struct qa_digest d = qa_sha256_of(qa_buf_span(b));
	qa_hex(d.b, sizeof d.b, hex);
	return qa_buf_addf(b, "sha256 %s\n", hex);
}

/* The next line without its end: 1, 0 at the end or when the line has none. */
static int
next_line(qa_span *text, qa_span *line_r)
{
	const unsigned char *lf = text->n ? memchr(text->p, '\n', text->n) : NULL;

	if (!lf)
		return 0;
	*line_r = qa_span_of(text->p, (size_t)(lf - text->p));
	*text = qa_span_of(lf + 1, text->n - line_r->n - 1);
	return 1;
}

static qa_span
word(qa_span *line)
{
	const unsigned char *blank = line->n ? memchr(line->p, ' ', line->n) : NULL;
	qa_span w = *line;

	if (blank)
		w.n = (size_t)(blank - line->p);
	*line = qa_span_cut(*line, w.n + 1, line->n);
	return w;
}

static int
line_get(qa_span line, struct qa_manifest_line *l_r)
{
	struct qa_manifest_line l = {0};
	uint64_t number, generation;

	if (!qa_span_is(word(&line), "segment") || qa_scan_u64(word(&line), &number) ||
	    qa_scan_u64(word(&line), &generation))
		return -1;
	if (number == 0 || number > QA_SEGMENT_MOST || generation > UINT32_MAX)
		return -1;
	l.number = (uint32_t)number;
	l.generation = (uint32_t)generation;
	qa_span state = word(&line);
	for (l.state = QA_SEGMENT_OPEN; !qa_span_is(state, state_name[l.state]); l.state++)
		if (l.state == QA_SEGMENT_SEALED)
			return -1;
	if (l.state != QA_SEGMENT_OPEN && (qa_scan_u64(word(&line), &l.size) || l.size < QA_SEGMENT_HEAD))
		return -1;
	if (l.state == QA_SEGMENT_SEALED && qa_unhex(word(&line), l.digest.b, sizeof l.digest.b))
		return -1;
	if (line.n)
		return -1;
	*l_r = l;
	return 0;
}

/* Cuts the last line off, which is the digest of those before: 0, or -1. */
static int
digest_line(qa_span *text)
{
	enum { LINE = 7 + 64 + 1 };
	char hex[QA_SHA256_TEXT];

	if (text->n < LINE || text->p[text->n - 1] != '\n')
		return -1;
	qa_span last = qa_span_of(text->p + text->n - LINE, LINE - 1);
	if (!qa_span_is(word(&last), "sha256"))
		return -1;
	text->n -= LINE;
	struct qa_digest d = qa_sha256_of(*text);
	qa_hex(d.b, sizeof d.b, hex);
	return qa_span_is(last, hex) ? 0 : -1;
}

static int
parse(qa_span text, const char *domain, const char *month, struct qa_manifest *m)
{
	qa_span line;

	if (!next_line(&text, &line) || !next_line(&text, &line) || !qa_span_is(word(&line), "domain") ||
	    !qa_span_is(line, domain))
		return -1;
	if (!next_line(&text, &line) || !qa_span_is(word(&line), "month") || !qa_span_is(line, month))
		return -1;
	while (next_line(&text, &line)) {
		struct qa_manifest_line l;

		if (line_get(line, &l))
			return -1;
		if (m->n && (l.number <= m->v[m->n - 1].number || m->v[m->n - 1].state == QA_SEGMENT_OPEN))
			return -1;
		if (qa_manifest_add(m, &l))
			return -1;
	}
	return text.n ? -1 : 0;
}

int
qa_manifest_get(qa_span text, const char *domain, qa_month month, struct qa_manifest *m_r, struct qa_err *err)
{
	static const char family[] = "qmail-archive partition v";
	struct qa_manifest m = {NULL, 0};
	char name[QA_MONTH_TEXT];
	qa_span line = {NULL, 0}, peek = text;

	qa_month_text(month, name);
	if (!next_line(&peek, &line) || !qa_span_eq(qa_span_cut(line, 0, sizeof family - 1), qa_span_str(family)))
		return qa_fail(err, EBADMSG, "it is not a manifest, or damaged");
	bool known = qa_span_is(line, first_line);
	if (digest_line(&text))
		return qa_fail(err, EBADMSG, "it is damaged");
	if (!known)
		return qa_fail(err, ENOTSUP, "it is of a version newer than this program");
	if (parse(text, domain, name, &m)) {
		qa_manifest_free(&m);
		return qa_fail(err, EBADMSG, "it is not one of %s, month %s", domain, name);
	}
	*m_r = m;
	return 0;
}
