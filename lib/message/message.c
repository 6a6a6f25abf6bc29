/* The structure of a message: heads, multiparts, messages inside messages. */
#include "message/message.h"

#include "message/build.h"
#include "message/charset.h"
#include "message/field.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BOUNDARY_MAX 256 /* RFC 2046 says 70 */
#define TYPE_MAX 128

enum role { MESSAGE, INNER, PART };

static void entity(struct qa_build *b, qa_span s, enum role role, unsigned depth, unsigned inside,
		   const char *assumed);

/* A limit: what was not read yet goes in as it is, and no more is taken apart. */
static void
give_up(struct qa_build *b, qa_span rest, const char *reason)
{
	if (!b->d->fallback) {
		b->d->fallback = true;
		b->d->reason = reason;
	}
	qa_build_raw(b, rest, true);
}

/* The end of the line at AT, behind its line break. */
static size_t
line_end(qa_span s, size_t at, unsigned char eol)
{
	const unsigned char *e = memchr(s.p + at, eol, s.n - at);

	return e ? (size_t)(e - s.p) + 1 : s.n;
}

struct boundary {
	unsigned char p[BOUNDARY_MAX + 2]; /* with its "--" */
	size_t n;
	unsigned char eol;
};

struct delimiter {
	size_t from, to; /* its line, with the line break in front of it and the one behind it */
	bool last;
};

/* The next line at or after AT that is the boundary. */
static bool
delimiter_find(qa_span s, size_t at, const struct boundary *y, struct delimiter *r)
{
	while (at < s.n) {
		const unsigned char *p = memmem(s.p + at, s.n - at, y->p, y->n);
		size_t i, k;

		if (!p)
			return false;
		i = (size_t)(p - s.p);
		at = i + 1;
		if (i > 0 && s.p[i - 1] != y->eol)
			continue;
		k = i + y->n;
		r->last = k + 1 < s.n && s.p[k] == '-' && s.p[k + 1] == '-';
		k += r->last ? 2 : 0;
		while (k < s.n && (s.p[k] == ' ' || s.p[k] == '\t' || (s.p[k] == '\r' && y->eol == '\n')))
			k++;
		if (k < s.n && s.p[k] != y->eol)
			continue;
		r->to = k < s.n ? k + 1 : k;
		r->from = i > 0 ? i - 1 : 0;
		if (r->from > 0 && y->eol == '\n' && s.p[r->from] == '\n' && s.p[r->from - 1] == '\r')
			r->from--;
		return true;
	}
	return false;
}

/* A boundary by its looks: the first line of dashes and more that a field of MIME follows. */
static bool
boundary_guess(qa_span s, struct boundary *y)
{
	size_t to;

	for (size_t at = 0; at < s.n && at < 65536; at = to) {
		qa_span line, after;

		to = line_end(s, at, y->eol);
		line = qa_span_cut(s, at, to - at);
		while (line.n && line.p[line.n - 1] <= ' ')
			line.n--;
		after = qa_span_cut(s, to, 8);
		if (line.n < 4 || line.n > sizeof y->p || line.p[0] != '-' || line.p[1] != '-' ||
		    !qa_span_caseeq(after, qa_span_str("Content-")))
			continue;
		memcpy(y->p, line.p, line.n);
		y->n = line.n;
		return true;
	}
	return false;
}

static bool
boundary_get(struct qa_build *b, qa_span type, qa_span body, struct boundary *y, struct delimiter *first)
{
	qa_span v = qa_build_param(b, type, "boundary");

	y->eol = body.n && !memchr(body.p, '\n', body.n) ? '\r' : '\n';
	if (v.n && v.n <= BOUNDARY_MAX) {
		memcpy(y->p, "--", 2);
		memcpy(y->p + 2, v.p, v.n);
		y->n = v.n + 2;
		while (y->n > 2 && y->p[y->n - 1] == ' ')
			y->n--;
		if (y->n > 2 && delimiter_find(body, 0, y, first))
			return true;
	}
	return boundary_guess(body, y) && delimiter_find(body, 0, y, first);
}

static bool
has_words(qa_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] > ' ')
			return true;
	return false;
}

static void
multipart(struct qa_build *b, const struct qa_entity *e, qa_span type, qa_span body, unsigned depth,
	  unsigned inside)
{
	bool digest = qa_span_is(type, "multipart/digest");
	struct delimiter d, next;
	struct boundary y;
	qa_span around;

	if (!boundary_get(b, e->type, body, &y, &d)) {
		if (has_words(body))
			qa_build_raw(b, body, true); /* no part at all: it is text, whatever it claims */
		return;
	}
	/* the prologue is a notice for readers without MIME, unless it is long */
	around = qa_span_cut(body, 0, d.from);
	if (around.n > 512 || (d.last && has_words(around)))
		qa_build_raw(b, around, true);
	while (!d.last && !b->failed && !b->stopped) {
		bool more = delimiter_find(body, d.to, &y, &next);
		size_t end = more ? next.from : body.n;

		if (b->d->parts >= b->limits->parts) {
			b->stopped = true;
			give_up(b, qa_span_cut(body, d.to, body.n), "more parts than the limit");
			return;
		}
		if (end < d.to)
			end = d.to; /* two boundaries in a row share their line break */
		entity(b, qa_span_cut(body, d.to, end - d.to), PART, depth + 1, inside,
		       digest ? "message/rfc822" : "text/plain");
		if (!more)
			return;
		d = next;
	}
	around = qa_span_cut(body, d.to, body.n);
	if (!b->stopped && has_words(around))
		qa_build_raw(b, around, true);
}

static void
inner(struct qa_build *b, const struct qa_entity *e, qa_span body, unsigned depth, unsigned inside)
{
	enum qa_transfer_kind kind = qa_transfer_kind_of(e->encoding);
	struct qa_sink decoded = {QA_BUF(b->limits->extract_bytes), false, false};

	b->d->messages++;
	qa_build_gap(&b->own->text);
	if (kind != QA_TRANSFER_NONE) {
		qa_transfer_all(kind, body, &decoded);
		b->failed = b->failed || decoded.failed;
		body = qa_sink_span(&decoded);
	}
	entity(b, body, INNER, depth + 1, inside + 1, "text/plain");
	qa_sink_free(&decoded);
}

/* The type in lower case, ASSUMED when the field is absent or no type. */
static qa_span
type_of(struct qa_build *b, qa_span field, const char *assumed, char out[TYPE_MAX])
{
	struct qa_sink scratch = QA_SINK(0);
	qa_span v = field.n ? qa_param_value(qa_field_utf8(field, &scratch)) : field;
	size_t n = v.n;

	if (!n || n >= TYPE_MAX || !memchr(v.p, '/', n)) {
		bool text = qa_span_caseeq(v, qa_span_str("text"));

		n = strlen(text ? "text/plain" : assumed);
		memcpy(out, text ? "text/plain" : assumed, n);
	} else {
		for (size_t i = 0; i < n; i++)
			out[i] = (char)(v.p[i] >= 'A' && v.p[i] <= 'Z' ? v.p[i] | 32 : v.p[i]);
	}
	b->failed = b->failed || scratch.failed;
	qa_sink_free(&scratch);
	return qa_span_of(out, n);
}

static void
field_take(struct qa_build *b, const struct qa_field *f, enum role role, struct qa_entity *e)
{
	if (f->name.n > 8 && (f->name.p[0] | 32) == 'c' && f->name.p[7] == '-') {
		qa_span *to = qa_field_is(f, "Content-Type")		    ? &e->type
			      : qa_field_is(f, "Content-Transfer-Encoding") ? &e->encoding
			      : qa_field_is(f, "Content-Disposition")	    ? &e->disposition
									    : NULL;

		if (to && !to->n)
			*to = f->value;
		if (to)
			return;
	}
	if (role == MESSAGE)
		qa_build_field(b, f);
	else if (role == INNER)
		qa_build_inner_field(b, f);
}

static bool
sure_field(const struct qa_field *f)
{
	static const char *const names[] = {"From",	   "To",	 "Subject",	 "Date",	 "Received",
					    "Return-Path", "Message-ID", "Delivered-To", "MIME-Version", "Content-Type"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (qa_field_is(f, names[i]))
			return true;
	return false;
}

/* Whether a head that starts with something else has fields all the same. */
static bool
sure_head(qa_span s)
{
	struct qa_head h;
	struct qa_field f;

	qa_head_init(&h, qa_span_cut(s, 0, 4096));
	while (qa_head_next(&h, &f))
		if (sure_field(&f))
			return true;
	return false;
}

/* Without empty lines in front, when a head follows them. */
static qa_span
without_front(qa_span raw)
{
	qa_span s = raw;
	struct qa_head h;
	struct qa_field f;

	while (s.n && (s.p[0] == '\n' || s.p[0] == '\r'))
		s.p++, s.n--;
	if (s.n == raw.n)
		return raw;
	qa_head_init(&h, qa_span_cut(s, 0, 4096));
	h.junk = true;
	return qa_head_next(&h, &f) && sure_field(&f) ? s : raw;
}

/* Reads the head of s; what follows it comes back. */
static qa_span
head(struct qa_build *b, qa_span s, enum role role, struct qa_entity *e)
{
	size_t fields = 0, used = 0;
	bool broken = false;
	struct qa_head h;
	struct qa_field f;

	qa_head_init(&h, s);
	h.junk = true;
	while (!b->failed && used <= b->limits->head_bytes && qa_head_next(&h, &f)) {
		used += f.whole.n;
		if (!f.name.n && !fields && !broken && !sure_head(s))
			return s; /* no head: all is body */
		if (!f.name.n && e->type.n > 10 && f.whole.n > 2 && f.whole.p[0] == '-' && f.whole.p[1] == '-' &&
		    qa_span_caseeq(qa_span_cut(e->type, 0, 10), qa_span_str("multipart/")))
			return qa_span_cut(s, (size_t)(f.whole.p - s.p), s.n); /* a boundary: no empty line */
		if (f.name.n) {
			field_take(b, &f, role, e);
			fields++;
		} else {
			broken = true;
		}
		/* behind a line that is no field, text may look like fields */
		if (broken)
			qa_build_raw(b, f.whole, false);
	}
	if (used > b->limits->head_bytes && !h.ended) {
		b->stopped = true;
		give_up(b, h.rest, "a head longer than the limit");
		return qa_span_of(NULL, 0);
	}
	return h.rest;
}

/* Types whose body starts with a head; what comes instead is text. */
static bool
is_message(qa_span type)
{
	return qa_span_is(type, "message/rfc822") || qa_span_is(type, "message/global") ||
	       qa_span_is(type, "message/news") || qa_span_is(type, "message/partial") ||
	       qa_span_is(type, "message/external-body");
}

static void
entity(struct qa_build *b, qa_span s, enum role role, unsigned depth, unsigned inside, const char *assumed)
{
	struct qa_entity e = {.type = {NULL, 0}};
	char buf[TYPE_MAX];
	qa_span type, body;

	b->d->parts++;
	if (depth > b->limits->depth) {
		give_up(b, s, "parts deeper than the limit");
		return;
	}
	body = head(b, s, role, &e);
	if (b->failed || b->stopped)
		return;
	type = type_of(b, e.type, assumed, buf);
	if (qa_span_is(qa_span_cut(type, 0, 10), "multipart/"))
		multipart(b, &e, type, body, depth, inside);
	else if (is_message(type))
		inner(b, &e, body, depth, inside);
	else
		qa_build_leaf(b, &e, type, body, inside);
}

/* The text of a sink that may have been cut in a character. */
static qa_span
finished(struct qa_build *b, struct qa_sink *s)
{
	size_t n = s->b.n, back = 0;

	while (s->full && back < 4 && back < n && (s->b.p[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (s->full && back < n && s->b.p[n - 1 - back] >= 0xc0 &&
	    !qa_utf8_length(qa_span_of(s->b.p + n - 1 - back, back + 1)))
		s->b.n -= back + 1;
	b->failed = b->failed || s->failed || !qa_buf_cstr(&s->b);
	return qa_sink_span(s);
}

int
qa_message_parse(qa_span raw, const struct qa_message_limits *limits, struct qa_document **doc_r,
		 struct qa_err *err)
{
	static const struct qa_message_limits usual = QA_MESSAGE_LIMITS;
	struct qa_document_own *own = calloc(1, sizeof *own);
	struct qa_build b = {.own = own, .limits = limits ? limits : &usual};

	*doc_r = NULL;
	if (!own || !(own->d.pool = qa_pool_new())) {
		free(own);
		return qa_fail(err, ENOMEM, "cannot parse a message: ");
	}
	b.d = &own->d;
	own->d.subject = own->d.message_id = own->d.in_reply_to = own->d.list_id = own->d.reason = "";
	own->text.b.limit = own->attached.b.limit = b.limits->text_bytes;
	b.decoded.b.limit = b.limits->extract_bytes;
	b.text.b.limit = b.parts.b.limit = b.limits->text_bytes;
	b.utf8.b.limit = b.limits->text_bytes * 4;

	raw = without_front(raw);
	qa_maildate_scan(raw, b.limits->now ? b.limits->now : (int64_t)time(NULL), &own->d.dates);
	entity(&b, raw, MESSAGE, 0, 0, "text/plain");

	own->d.text = finished(&b, &own->text);
	own->d.attached = finished(&b, &own->attached);
	own->d.text_cut = own->text.full;
	own->d.attached_cut = own->attached.full;
	qa_sink_free(&b.decoded);
	qa_sink_free(&b.text);
	qa_sink_free(&b.parts);
	qa_sink_free(&b.utf8);
	qa_sink_free(&b.line);
	if (b.failed) {
		qa_document_free(&own->d);
		return qa_fail(err, ENOMEM, "cannot parse a message of %zu bytes: ", raw.n);
	}
	*doc_r = &own->d;
	return 0;
}

void
qa_document_free(struct qa_document *d)
{
	struct qa_document_own *own = (struct qa_document_own *)(void *)d;

	if (!d)
		return;
	free(d->from.v);
	free(d->sender.v);
	free(d->reply_to.v);
	free(d->to.v);
	free(d->cc.v);
	free(d->bcc.v);
	free(d->delivered.v);
	free(d->references);
	free(d->attachments);
	qa_sink_free(&own->text);
	qa_sink_free(&own->attached);
	qa_pool_free(d->pool);
	free(own);
}

void
qa_message_init(void)
{
	qa_charset_init();
}
