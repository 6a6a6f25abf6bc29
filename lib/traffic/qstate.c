#include "base/num.h"
#include "base/text.h"
#include "traffic/qkeep-private.h"

static const char first[] = "logstat 1\n";

int
qa_qstate_put(const struct qa_qstate *s, struct qa_buf *b)
{
	char last[QA_SHA256_TEXT], head[QA_SHA256_TEXT], tail[QA_SHA256_TEXT], sum[QA_SHA256_TEXT];
	size_t began = b->n;
	struct qa_digest d;

	qa_hex(s->last.b, QA_SHA256_SIZE, last);
	qa_hex(s->pos.head.b, QA_SHA256_SIZE, head);
	qa_hex(s->pos.tail.b, QA_SHA256_SIZE, tail);
	if (qa_buf_addf(b, "%sout %llu %llu %llu %s\npos %d %llu %llu %llu %s %s\nopen %zu\n", first, (unsigned long long)s->dev,
			(unsigned long long)s->ino, (unsigned long long)s->length, last, s->pos.any, (unsigned long long)s->pos.dev,
			(unsigned long long)s->pos.ino, (unsigned long long)s->pos.offset, head, tail, s->open.n) ||
	    qa_buf_addspan(b, s->open) || qa_buf_addf(b, "lines %zu\n", s->lines.n) || qa_buf_addspan(b, s->lines))
		return -1;
	d = qa_sha256_of(qa_span_of(b->p + began, b->n - began));
	qa_hex(d.b, sizeof d.b, sum);
	return qa_buf_addf(b, "sha256 %s\n", sum);
}

/* A number and the character behind it. */
static bool
number(qa_span *s, char behind, uint64_t *out_r)
{
	const unsigned char *end = s->n ? memchr(s->p, behind, s->n < 21 ? s->n : 21) : NULL;

	if (!end || qa_scan_u64(qa_span_of(s->p, (size_t)(end - s->p)), out_r))
		return false;
	*s = qa_span_cut(*s, (size_t)(end + 1 - s->p), s->n);
	return true;
}

static bool
digest(qa_span *s, char behind, struct qa_digest *d)
{
	qa_span h = qa_span_cut(*s, 0, 2 * QA_SHA256_SIZE);

	if (s->n <= h.n || s->p[h.n] != behind || qa_unhex(h, d->b, sizeof d->b))
		return false;
	*s = qa_span_cut(*s, h.n + 1, s->n);
	return true;
}

static bool
part(qa_span *s, const char *name, qa_span *out_r)
{
	uint64_t n;

	if (!qa_span_skip(s, name) || !number(s, '\n', &n) || n > s->n)
		return false;
	*out_r = qa_span_cut(*s, 0, (size_t)n);
	*s = qa_span_cut(*s, (size_t)n, s->n);
	return true;
}

int
qa_qstate_get(qa_span text, struct qa_qstate *r)
{
	qa_span s = text;
	struct qa_digest sum, is;
	uint64_t any;

	*r = (struct qa_qstate){.dev = 0};
	if (!qa_span_skip(&s, first) || !qa_span_skip(&s, "out ") || !number(&s, ' ', &r->dev) || !number(&s, ' ', &r->ino) ||
	    !number(&s, ' ', &r->length) || r->length > INT64_MAX || !digest(&s, '\n', &r->last) || !qa_span_skip(&s, "pos ") || !number(&s, ' ', &any) || any > 1 ||
	    !number(&s, ' ', &r->pos.dev) || !number(&s, ' ', &r->pos.ino) || !number(&s, ' ', &r->pos.offset) ||
	    !digest(&s, ' ', &r->pos.head) || !digest(&s, '\n', &r->pos.tail) || !part(&s, "open ", &r->open) ||
	    !part(&s, "lines ", &r->lines))
		return -1;
	r->pos.any = any;
	is = qa_sha256_of(qa_span_of(text.p, text.n - s.n));
	if (!qa_span_skip(&s, "sha256 ") || !digest(&s, '\n', &sum) || s.n || !qa_digest_eq(&sum, &is))
		return -1;
	return r->pos.offset > INT64_MAX ? -1 : 0;
}
