/*
 * Bodies with parts in them. GMime finds the parts, in the bones of the body (bones.h), and tells
 * where each of them starts; what the document gets is read from the body itself. Whatever GMime
 * takes for no part's (prologues, epilogues, what it gave up on) is text.
 */
#include "message/bones.h"
#include "message/build.h"

#include <stdio.h>

#define BOUNDARY_MAX 256 /* of a guessed one; RFC 2046 says 70 */
#define NOTICE 512       /* bytes of a prologue for readers without MIME, which is no text */

struct walk {
	struct qa_build *b;
	qa_span body;
	struct qa_bones bones;
	size_t cursor; /* the body in front of it is done */
	bool prologue; /* the cursor stands behind the head of a multipart */
	bool guessed;  /* by its looks: a guess reads the body again, and there is none inside a guess */
};

static void container(struct qa_build *b, qa_span type, qa_span body, unsigned depth, unsigned inside,
		      bool guessed);
static void entity(struct walk *w, GMimeObject *o, enum qa_role role, size_t end, unsigned depth,
		   unsigned inside);

static bool
has_words(qa_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] > ' ')
			return true;
	return false;
}

/* Text around the parts. */
static void
around(struct walk *w, size_t from, size_t to)
{
	qa_span s = qa_span_cut(w->body, from, to - from);

	if ((!w->prologue || s.n > NOTICE) && has_words(s))
		qa_build_raw(w->b, s, true);
	w->prologue = false;
}

/* Takes the cursor behind the last boundary in front of UPTO, which is where the head of the part
 * there starts. */
static void
gap(struct walk *w, size_t upto)
{
	for (size_t i = qa_bones_find(&w->bones, w->cursor); i < w->bones.n && w->bones.v[i].from < upto;
	     i++) {
		if (!w->bones.v[i].boundary)
			continue;
		around(w, w->cursor, w->bones.v[i].from);
		w->cursor = w->bones.v[i].to;
	}
}

/* Where the content of a part is; false when it has none. */
static bool
content(const struct walk *w, GMimeObject *o, size_t *from_r, size_t *to_r)
{
	GMimeDataWrapper *data = GMIME_IS_PART(o) ? g_mime_part_get_content(GMIME_PART(o)) : NULL;
	GMimeStream *s = data ? g_mime_data_wrapper_get_stream(data) : NULL;
	const struct qa_bone *end;
	const unsigned char *p = w->body.p;
	size_t to;

	if (!s || s->bound_start < 0 || s->bound_end < s->bound_start)
		return false;
	*from_r = qa_bones_start(&w->bones, (size_t)s->bound_start);
	end = qa_bones_end(&w->bones, (size_t)s->bound_end);
	to = end ? end->from : w->body.n;
	if (end && to > *from_r) { /* the line break in front of a boundary is part of that */
		to--;
		if (to > *from_r && p[to] == '\n' && p[to - 1] == '\r')
			to--;
	}
	*to_r = to;
	return *from_r <= to;
}

/* The first place in or in front of an object's content that GMime tells; SIZE_MAX: none. */
static size_t
first(const struct walk *w, GMimeObject *o)
{
	for (;;) {
		GMimeHeaderList *l = g_mime_object_get_header_list(o);
		GMimeObject *next = NULL;
		size_t from, to;

		if (l && g_mime_header_list_get_count(l) > 0) {
			gint64 at = g_mime_header_get_offset(g_mime_header_list_get_header_at(l, 0));

			if (at >= 0)
				return qa_bones_start(&w->bones, (size_t)at);
		}
		if (content(w, o, &from, &to))
			return from;
		if (GMIME_IS_MULTIPART(o) && g_mime_multipart_get_count(GMIME_MULTIPART(o)) > 0)
			next = g_mime_multipart_get_part(GMIME_MULTIPART(o), 0);
		else if (GMIME_IS_MESSAGE_PART(o) && g_mime_message_part_get_message(GMIME_MESSAGE_PART(o)))
			next = g_mime_message_get_mime_part(
			    g_mime_message_part_get_message(GMIME_MESSAGE_PART(o)));
		if (!next)
			return SIZE_MAX;
		o = next;
	}
}

/* A boundary by its looks: the first line of dashes and more that a field of MIME follows. */
static bool
boundary_guess(qa_span s, bool digest, char *type, size_t size)
{
	unsigned char eol = s.n && !memchr(s.p, '\n', s.n) ? '\r' : '\n';
	size_t to;

	for (size_t at = 0; at < s.n && at < 65536; at = to) {
		const unsigned char *e = memchr(s.p + at, eol, s.n - at);
		qa_span line, after;

		to = e ? (size_t)(e - s.p) + 1 : s.n;
		line = qa_span_cut(s, at, to - at);
		while (line.n && line.p[line.n - 1] <= ' ')
			line.n--;
		after = qa_span_cut(s, to, 8);
		if (line.n < 4 || line.n > BOUNDARY_MAX || line.p[0] != '-' || line.p[1] != '-' ||
		    memchr(line.p, '"', line.n) || memchr(line.p, '\\', line.n) ||
		    memchr(line.p, '\0', line.n) || !qa_span_caseeq(after, qa_span_str("Content-")))
			continue;
		snprintf(type, size, "multipart/%s; boundary=\"%.*s\"", digest ? "digest" : "mixed",
			 (int)line.n - 2, (const char *)line.p + 2);
		return true;
	}
	return false;
}

/* A multipart without parts: its boundary is not what its head says, or there is none, and then
 * it is text, whatever it claims. Its body ends at the last boundary in front of END, which is
 * another's. */
static void
partless(struct walk *w, GMimeObject *o, size_t end, unsigned depth, unsigned inside)
{
	char type[BOUNDARY_MAX + 40];
	bool digest = g_mime_content_type_is_type(g_mime_object_get_content_type(o), "multipart", "digest");
	size_t to = end;
	qa_span s;

	for (size_t i = qa_bones_find(&w->bones, end);
	     end < w->body.n && i-- > 0 && w->bones.v[i].from >= w->cursor;)
		if (w->bones.v[i].boundary) {
			to = w->bones.v[i].from;
			break;
		}
	s = qa_span_cut(w->body, w->cursor, to - w->cursor);
	if (w->guessed || !boundary_guess(s, digest, type, sizeof type))
		return;
	w->cursor = to;
	container(w->b, qa_span_str(type), s, depth, inside, true);
}

/* END: where the next object starts, as far as GMime tells. */
static void
multipart(struct walk *w, GMimeObject *o, size_t end, unsigned depth, unsigned inside)
{
	int n = g_mime_multipart_get_count(GMIME_MULTIPART(o));
	struct qa_build *b = w->b;

	if (n == 0)
		partless(w, o, end, depth, inside);
	w->prologue = n > 0;
	for (int i = 0; i < n && !b->failed && !b->stopped; i++) {
		size_t next =
		    i + 1 < n ? first(w, g_mime_multipart_get_part(GMIME_MULTIPART(o), i + 1)) : end;

		if (b->d->parts >= b->limits->parts) {
			b->stopped = true;
			qa_build_over(b, "more parts than the limit");
			return;
		}
		entity(w, g_mime_multipart_get_part(GMIME_MULTIPART(o), i), QA_ROLE_PART,
		       next == SIZE_MAX ? end : next, depth + 1, inside);
	}
}

static void
message_part(struct walk *w, GMimeObject *o, size_t end, unsigned depth, unsigned inside)
{
	GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));
	GMimeObject *inner = m ? g_mime_message_get_mime_part(m) : NULL;

	w->b->d->messages++;
	qa_build_gap(&w->b->own->text);
	if (inner)
		entity(w, inner, QA_ROLE_INNER, end, depth + 1, inside + 1);
}

static void
leaf(struct walk *w, const struct qa_entity *e, qa_span body, unsigned depth, unsigned inside)
{
	struct qa_params type;

	qa_params_type(&type, e->type);
	w->b->failed = w->b->failed || type.failed;
	if (qa_build_is_message(qa_span_str(type.value))) {
		qa_build_inner(w->b, e, body, depth, inside);
	} else if (strncmp(type.value, "multipart/", 10) == 0) { /* GMime could not or was not to see it */
		qa_build_over(w->b, "a multipart that cannot be taken apart");
		qa_build_raw(w->b, body, true);
	} else {
		qa_build_leaf(w->b, e, &type, body, inside);
	}
	qa_params_free(&type);
}

static bool
at_boundary(void *arg, const unsigned char *line)
{
	const struct walk *w = arg;
	size_t from = (size_t)(line - w->body.p), i = qa_bones_find(&w->bones, from);

	return i < w->bones.n && w->bones.v[i].from == from && w->bones.v[i].boundary;
}

static void
entity(struct walk *w, GMimeObject *o, enum qa_role role, size_t end, unsigned depth, unsigned inside)
{
	size_t at = first(w, o), from = w->body.n, to = w->body.n;
	struct qa_entity e = {.type = {NULL, 0}};
	struct qa_build *b = w->b;
	bool full = content(w, o, &from, &to);
	qa_span rest;

	if (at == SIZE_MAX)
		return;
	gap(w, at);
	b->d->parts++;
	if (depth > b->limits->depth) { /* stays where the cursor is: text */
		qa_build_over(b, "parts deeper than the limit");
		return;
	}
	if (full && from < w->cursor)
		full = false; /* cannot be; nothing is read twice */
	rest = qa_build_head(b, qa_span_cut(w->body, w->cursor, (full ? from : w->body.n) - w->cursor), role,
			     at_boundary, w, &e);
	w->cursor = rest.p ? (size_t)(rest.p - w->body.p) : full ? from : w->body.n;
	if (b->failed || b->stopped)
		return;
	if (GMIME_IS_MULTIPART(o)) {
		multipart(w, o, end, depth, inside);
	} else if (GMIME_IS_MESSAGE_PART(o)) {
		message_part(w, o, end, depth, inside);
	} else {
		from = w->cursor;
		to = full && to > from ? to : from;
		leaf(w, &e, qa_span_cut(w->body, from, to - from), depth, inside);
		w->cursor = to;
	}
}

static GMimeObject *
parse(GByteArray *bytes)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
	GMimeParser *parser;
	GMimeObject *o;

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	parser = g_mime_parser_new_with_stream(stream);
	o = g_mime_parser_construct_part(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return o;
}

static void
container(struct qa_build *b, qa_span type, qa_span body, unsigned depth, unsigned inside, bool guessed)
{
	struct walk w = {.b = b, .body = body, .guessed = guessed};
	GMimeObject *o = NULL;
	GByteArray bytes; /* lent to the streams of GMime's objects, which read and keep */

	if (qa_bones_make(&w.bones, type, body, b->limits)) {
		bytes = (GByteArray){w.bones.text.b.p, (guint)w.bones.text.b.n};
		o = parse(&bytes);
	} else if (!w.bones.over) {
		b->failed = true;
	}
	if (w.bones.over)
		qa_build_over(b, w.bones.over);
	if (o && GMIME_IS_MULTIPART(o))
		multipart(&w, o, body.n, depth, inside);
	if (o)
		gap(&w, body.n);
	around(&w, w.cursor, body.n);
	g_clear_object(&o);
	qa_bones_free(&w.bones);
}

void
qa_build_container(struct qa_build *b, qa_span type, qa_span body, unsigned depth, unsigned inside)
{
	container(b, type, body, depth, inside, false);
}
