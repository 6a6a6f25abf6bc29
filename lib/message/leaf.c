/* Bodies that are no container: text, attachments, or both. */
#include "message/build.h"
#include "message/charset.h"
#include "message/field.h"
#include "message/html.h"

#include <stdlib.h>

#define STEP ((size_t)64 << 10)

void
qa_build_gap(struct qa_sink *s)
{
	const unsigned char *p = s->b.p;
	size_t n = s->b.n;

	if (n > 0 && p[n - 1] != '\n')
		qa_sink_add(s, "\n\n", 2);
	else if (n > 1 && p[n - 2] != '\n')
		qa_sink_addc(s, '\n');
}

/* Text in any charset to a sink. */
static void
text_add(struct qa_build *b, qa_span label, qa_span bytes, bool html, struct qa_sink *out)
{
	qa_span s = bytes;

	if (html && !label.n)
		label = qa_html_charset(bytes);
	if (!qa_charset_plain(label, bytes)) {
		qa_sink_clear(&b->utf8);
		qa_charset_add(&b->utf8, label, bytes);
		b->failed = b->failed || b->utf8.failed;
		s = qa_sink_span(&b->utf8);
	}
	if (html)
		qa_html_text(s, out);
	else
		qa_sink_text(out, s);
	out->full = out->full || (s.p != bytes.p && b->utf8.full);
}

void
qa_build_raw(struct qa_build *b, qa_span s, bool apart)
{
	struct qa_sink *out = &b->own->text;

	if (!s.n)
		return;
	if (apart)
		qa_build_gap(out);
	text_add(b, qa_span_of(NULL, 0), qa_span_cut(s, 0, b->limits->text_bytes), false, out);
	out->full = out->full || s.n > b->limits->text_bytes;
}

static const char *
name_keep(struct qa_build *b, qa_span utf8)
{
	struct qa_sink clean = QA_SINK(0);
	const char *p;

	qa_sink_text(&clean, utf8);
	p = qa_build_line(b, &clean);
	qa_sink_free(&clean);
	return p;
}

/* The decoded parameter in b->line. */
static qa_span
param(struct qa_build *b, struct qa_params *p, const char *name)
{
	qa_sink_clear(&b->line);
	qa_params_get(p, name, &b->line);
	b->failed = b->failed || b->line.failed;
	return qa_sink_span(&b->line);
}

static const char *
file_name(struct qa_build *b, struct qa_params *disposition, struct qa_params *type)
{
	qa_span name = param(b, disposition, "filename");

	return name_keep(b, name.n ? name : param(b, type, "name"));
}

static enum qa_disposition
disposition_of(const struct qa_params *p)
{
	return !p->value[0] && !p->list ? QA_DISPOSITION_NONE
	       : strcmp(p->value, "inline") == 0 ? QA_DISPOSITION_INLINE
						 : QA_DISPOSITION_ATTACHMENT; /* RFC 2183: unknown ones are that */
}

/* The digest and size of the decoded body; its bytes stay in b->decoded when KEPT. */
static void
digest(struct qa_build *b, GMimeContentEncoding encoding, qa_span body, bool kept, struct qa_attachment *a)
{
	struct qa_transfer t;
	struct qa_sha256 sha;
	unsigned char *out = malloc(STEP + 4);
	size_t n;

	if (!out) {
		b->failed = true;
		return;
	}
	qa_sink_clear(&b->decoded);
	qa_transfer_init(&t, encoding);
	qa_sha256_init(&sha);
	body = qa_transfer_body(encoding, body);
	for (size_t at = 0; at <= body.n; at += STEP) {
		qa_span piece = qa_span_cut(body, at, STEP);

		n = piece.n ? qa_transfer_step(&t, piece, out) : 0;
		if (piece.n < STEP)
			n += qa_transfer_end(&t, out + n);
		qa_sha256_add(&sha, out, n);
		a->size += n;
		if (kept)
			qa_sink_add(&b->decoded, out, n);
	}
	a->digest = qa_sha256_end(&sha);
	b->failed = b->failed || b->decoded.failed;
	free(out);
}

/* Room for one more in the list, or NULL. */
static struct qa_attachment *
attachment_new(struct qa_build *b)
{
	struct qa_document *d = b->d;

	d->all_attachments++;
	if (d->nattachments >= b->limits->attachments)
		return NULL;
	if (d->nattachments == b->attachment_room) {
		size_t room = b->attachment_room ? b->attachment_room * 2 : 4;
		struct qa_attachment *v = reallocarray(d->attachments, room, sizeof *v);

		if (!v) {
			b->failed = true;
			return NULL;
		}
		d->attachments = v;
		b->attachment_room = room;
	}
	d->attachments[d->nattachments] = (struct qa_attachment){.name = "", .type = ""};
	return d->attachments + d->nattachments++;
}

static void
extract(struct qa_build *b, const struct qa_attachment *a)
{
	struct qa_sink out = {QA_BUF(b->limits->text_bytes), false, false};

	if (b->limits->extract(b->limits->extract_arg, a->type, a->name, qa_sink_span(&b->decoded), &out.b)) {
		b->failed = true;
	} else if (out.b.n) {
		qa_build_gap(&b->own->attached);
		qa_sink_text(&b->own->attached, qa_sink_span(&out));
	}
	qa_sink_free(&out);
}

static void
attach(struct qa_build *b, const char *name, enum qa_disposition disposition, qa_span type,
       GMimeContentEncoding encoding, qa_span body, unsigned inside)
{
	struct qa_attachment *a = attachment_new(b);
	bool kept = b->limits->extract && body.n <= b->limits->extract_bytes;

	if (!a)
		return;
	a->name = name;
	a->disposition = disposition;
	a->depth = inside;
	qa_sink_clear(&b->line);
	qa_sink_text(&b->line, type);
	a->type = qa_build_line(b, &b->line);
	digest(b, encoding, body, kept, a);
	if (kept && !b->failed)
		extract(b, a);
}

/* How far lines of uuencoded data go on from the front of s, to behind their "end". */
static size_t
uu_data(qa_span s)
{
	size_t at = 0;

	while (at < s.n) {
		const unsigned char *nl = memchr(s.p + at, '\n', s.n - at);
		size_t n = (nl ? (size_t)(nl - s.p) : s.n) - at, bytes;
		bool cr = n && s.p[at + n - 1] == '\r', end = n - cr == 3 && memcmp(s.p + at, "end", 3) == 0;

		bytes = n > cr ? (unsigned)(s.p[at] - 32) & 63 : 0;
		/* four characters for three bytes, blanks at the end may have been lost */
		if (!end && (n == 0 || s.p[at] > '`' || s.p[at] < ' ' || n > (bytes + 2) / 3 * 4 + 4))
			return 0;
		at += n + (nl != NULL);
		if (end)
			return at;
	}
	return 0;
}

/* Files that old programs put into plain text become attachments; the text comes back with
 * them cut out, or as it is when there are none. */
static qa_span
uu_blocks(struct qa_build *b, qa_span body, unsigned inside)
{
	qa_span left = {NULL, 0}, name;
	size_t from = 0, tries = 0;

	for (size_t at = 0; at < body.n && tries < 1000;) {
		const unsigned char *p = memmem(body.p + at, body.n - at, "begin ", 6);
		size_t i = p ? (size_t)(p - body.p) : body.n, head, data;

		if (!p)
			break;
		at = i + 1;
		if ((i > 0 && body.p[i - 1] != '\n') || !(head = qa_transfer_uu_begin(qa_span_cut(body, i, body.n), &name)))
			continue;
		tries++;
		if (!(data = uu_data(qa_span_cut(body, i + head, body.n))))
			continue;
		if (!left.p)
			qa_sink_clear(&b->parts);
		qa_sink_add(&b->parts, body.p + from, i - from);
		qa_sink_clear(&b->line);
		qa_charset_add(&b->line, qa_span_of(NULL, 0), name);
		attach(b, name_keep(b, qa_sink_span(&b->line)), QA_DISPOSITION_NONE, qa_span_str("application/octet-stream"),
		       GMIME_CONTENT_ENCODING_UUENCODE, qa_span_cut(body, i + head, data), inside);
		from = at = i + head + data;
		left = body;
	}
	if (!left.p)
		return body;
	qa_sink_add(&b->parts, body.p + from, body.n - from);
	b->failed = b->failed || b->parts.failed;
	return qa_sink_span(&b->parts);
}

static bool
is_html(qa_span type)
{
	return qa_span_is(type, "text/html") || qa_span_is(type, "application/xhtml+xml") ||
	       qa_span_is(type, "text/enriched") || qa_span_is(type, "text/richtext") ||
	       qa_span_is(type, "text/x-amp-html");
}

static bool
is_text(qa_span type)
{
	static const char *const others[] = {"message/delivery-status",	      "message/disposition-notification",
					     "message/feedback-report",	      "message/global-delivery-status",
					     "message/global-headers",	      "message/global-disposition-notification",
					     "message/rfc822-headers",	      "application/pgp",
					     "application/xhtml+xml"};

	if (qa_span_is(qa_span_cut(type, 0, 5), "text/"))
		return true;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (qa_span_is(type, others[i]))
			return true;
	return false;
}

/* A text part without its transfer encoding, up to the limit. */
static qa_span
decoded(struct qa_build *b, GMimeContentEncoding encoding, qa_span body, bool *cut_r)
{
	size_t limit = b->limits->text_bytes;

	if (!qa_transfer_encoded(encoding)) {
		*cut_r = body.n > limit;
		return qa_span_cut(body, 0, limit);
	}
	qa_sink_clear(&b->text);
	qa_transfer_all(encoding, body, &b->text);
	*cut_r = b->text.full;
	b->failed = b->failed || b->text.failed;
	return qa_sink_span(&b->text);
}

static void
leaf(struct qa_build *b, const struct qa_entity *e, struct qa_params *type, struct qa_params *disposed, qa_span body,
     unsigned inside)
{
	GMimeContentEncoding encoding = qa_transfer_encoding(e->encoding);
	enum qa_disposition disposition = disposition_of(disposed);
	const char *name = file_name(b, disposed, type);
	qa_span kind = qa_span_str(*type->value ? type->value : "text/plain");
	bool text = is_text(kind), html = is_html(kind), cut = false;
	bool attached = !text || *name || disposition == QA_DISPOSITION_ATTACHMENT;
	struct qa_sink *out = attached ? &b->own->attached : &b->own->text;

	if (text && encoding == GMIME_CONTENT_ENCODING_BASE64 && !qa_transfer_is_base64(body))
		encoding = GMIME_CONTENT_ENCODING_DEFAULT;
	if (attached)
		attach(b, name, disposition, kind, encoding, body, inside);
	if (!text)
		return;
	if (html)
		b->d->html_parts++;
	else
		b->d->text_parts++;
	body = decoded(b, encoding, body, &cut);
	if (qa_span_is(kind, "text/plain") && !attached)
		body = uu_blocks(b, body, inside);
	qa_build_gap(out);
	text_add(b, param(b, type, "charset"), body, html, out);
	out->full = out->full || cut;
}

void
qa_build_leaf(struct qa_build *b, const struct qa_entity *e, struct qa_params *type, qa_span body, unsigned inside)
{
	struct qa_params disposition;

	qa_params_disposition(&disposition, e->disposition);
	b->failed = b->failed || disposition.failed;
	if (type->cut || disposition.cut) {
		qa_build_over(b, "a field longer than the limit");
		qa_build_raw(b, qa_span_cut(e->type, QA_PARAMS_MAX, e->type.n), true);
		qa_build_raw(b, qa_span_cut(e->disposition, QA_PARAMS_MAX, e->disposition.n), true);
	}
	leaf(b, e, type, &disposition, body, inside);
	qa_params_free(&disposition);
}
