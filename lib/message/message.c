/* A message, from its bytes to its document. */
#include "message/message.h"

#include "message/build.h"
#include "message/charset.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

void
qa_build_over(struct qa_build *b, const char *reason)
{
	if (b->d->fallback)
		return;
	b->d->fallback = true;
	b->d->reason = reason;
}

bool
qa_build_is_message(qa_span type)
{
	static const char *const kinds[] = {"rfc822", "rfc2822", "global", "news", "partial", "external-body"};

	if (!qa_span_is(qa_span_cut(type, 0, 8), "message/"))
		return false;
	type = qa_span_cut(type, 8, type.n);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (qa_span_is(type, kinds[i]))
			return true;
	return false;
}

void
qa_build_inner(struct qa_build *b, const struct qa_entity *e, qa_span body, unsigned depth, unsigned inside)
{
	GMimeContentEncoding encoding = qa_transfer_encoding(e->encoding);
	struct qa_sink decoded = {QA_BUF(b->limits->extract_bytes), false, false};

	b->d->messages++;
	qa_build_gap(&b->own->text);
	if (qa_transfer_encoded(encoding)) {
		qa_transfer_all(encoding, body, &decoded);
		b->failed = b->failed || decoded.failed;
		body = qa_sink_span(&decoded);
	}
	qa_build_message(b, body, QA_ROLE_INNER, depth + 1, inside + 1);
	qa_sink_free(&decoded);
}

/* Behind the first line of a head that only another program's boundary ended: RFC 2046 wants an
 * empty line there. */
static bool
dashes(void *arg, const unsigned char *line)
{
	const struct qa_entity *e = arg;

	return e->type.n > 10 && line[0] == '-' && line[1] == '-' &&
	       qa_span_caseeq(qa_span_cut(e->type, 0, 10), qa_span_str("multipart/"));
}

void
qa_build_message(struct qa_build *b, qa_span s, enum qa_role role, unsigned depth, unsigned inside)
{
	struct qa_entity e = {.type = {NULL, 0}};
	struct qa_params type;
	qa_span body, kind;

	b->d->parts++;
	if (depth > b->limits->depth) {
		qa_build_over(b, "parts deeper than the limit");
		qa_build_raw(b, s, true);
		return;
	}
	body = qa_build_head(b, s, role, dashes, &e, &e);
	if (b->failed || b->stopped) {
		qa_build_raw(b, body, true);
		return;
	}
	qa_params_type(&type, e.type);
	b->failed = b->failed || type.failed;
	kind = qa_span_str(type.value);
	if (qa_span_is(qa_span_cut(kind, 0, 10), "multipart/"))
		qa_build_container(b, e.type, body, depth, inside);
	else if (qa_build_is_message(kind))
		qa_build_inner(b, &e, body, depth, inside);
	else
		qa_build_leaf(b, &e, &type, body, inside);
	qa_params_free(&type);
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

static void
ready(void)
{
	static bool done;

	if (!done)
		g_mime_init();
	done = true;
}

int
qa_message_parse(qa_span raw, const struct qa_message_limits *limits, struct qa_document **doc_r,
		 struct qa_err *err)
{
	static const struct qa_message_limits usual = QA_MESSAGE_LIMITS;
	struct qa_document_own *own = calloc(1, sizeof *own);
	struct qa_build b = {.own = own, .limits = limits ? limits : &usual};

	*doc_r = NULL;
	ready();
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

	raw = qa_build_without_front(raw);
	qa_maildate_scan(raw, b.limits->now ? b.limits->now : (int64_t)time(NULL), &own->d.dates);
	qa_build_message(&b, raw, QA_ROLE_MESSAGE, 0, 0);

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
	ready();
	qa_charset_init();
}
