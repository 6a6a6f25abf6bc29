/* Fields of a head into the document. */
#include "message/build.h"
#include "message/charset.h"
#include "message/field.h"

#include <stdlib.h>

#define ID_MAX 998 /* bytes of a message id that are kept; RFC 5322 allows no longer line */

const char *
qa_build_line(struct qa_build *b, const struct qa_sink *sink)
{
	qa_span s = qa_sink_span(sink);
	char *p;

	b->failed = b->failed || sink->failed;
	while (s.n && s.p[0] <= ' ')
		s.p++, s.n--;
	while (s.n && s.p[s.n - 1] <= ' ')
		s.n--;
	if (!s.n)
		return "";
	p = qa_pool_copy(b->d->pool, s);
	if (!p) {
		b->failed = true;
		return "";
	}
	for (size_t i = 0; i < s.n; i++)
		if (p[i] == '\n' || p[i] == '\t')
			p[i] = ' ';
	return p;
}

static const char *
keep(struct qa_build *b, qa_span s)
{
	qa_sink_clear(&b->line);
	qa_sink_text(&b->line, s);
	return qa_build_line(b, &b->line);
}

static const char *
keep_lower(struct qa_build *b, qa_span s)
{
	const char *p;

	qa_sink_clear(&b->line);
	qa_sink_text(&b->line, s);
	for (size_t i = 0; i < b->line.b.n; i++)
		if (b->line.b.p[i] >= 'A' && b->line.b.p[i] <= 'Z')
			b->line.b.p[i] |= 32;
	p = qa_build_line(b, &b->line);
	return p;
}

static const char *
keep_id(struct qa_build *b, qa_span s)
{
	if (s.n > ID_MAX)
		s.n = ID_MAX;
	return keep(b, s);
}

/* One more element of a list whose memory has ROOM for some: doubled by powers of two. */
static void *
grown(void *v, size_t n, size_t size)
{
	if (n & (n - 1))
		return v;
	return reallocarray(v, n ? n * 2 : 1, size);
}

static void
address_add(struct qa_build *b, struct qa_addresses *list, const struct qa_mailbox *box)
{
	struct qa_address *v = grown(list->v, list->n, sizeof *v), *a;
	const unsigned char *at;

	if (!v) {
		b->failed = true;
		return;
	}
	list->v = v;
	a = v + list->n++;
	qa_sink_clear(&b->line);
	qa_word_text(box->name, &b->line);
	a->name = qa_build_line(b, &b->line);
	a->addr = keep(b, box->addr);
	at = box->addr.n ? memrchr(box->addr.p, '@', box->addr.n) : NULL;
	a->domain = at ? keep_lower(b, qa_span_cut(box->addr, (size_t)(at + 1 - box->addr.p), box->addr.n)) : "";
}

struct filling {
	struct qa_build *b;
	struct qa_addresses *list;
	bool again;
};

static void addresses_add(struct qa_build *b, struct qa_addresses *list, qa_span utf8, bool again);

static bool
address_take(void *arg, const struct qa_mailbox *box)
{
	const struct filling *f = arg;
	struct qa_build *b = f->b;

	if (f->list->n >= b->limits->addresses || b->failed)
		return false;
	/* one big encoded word, which some programs make of "Name <addr>" */
	if (!box->addr.n && !f->again && box->name.n > 2 && memmem(box->name.p, box->name.n, "=?", 2)) {
		struct qa_sink whole = QA_SINK(0);

		qa_word_text(box->name, &whole);
		if (whole.b.n && memchr(whole.b.p, '@', whole.b.n))
			addresses_add(b, f->list, qa_sink_span(&whole), true);
		else
			address_add(b, f->list, box);
		b->failed = b->failed || whole.failed;
		qa_sink_free(&whole);
		return true;
	}
	address_add(b, f->list, box);
	return true;
}

static void
addresses_add(struct qa_build *b, struct qa_addresses *list, qa_span utf8, bool again)
{
	struct filling f = {b, list, again};

	b->failed = !qa_mailbox_each(utf8, address_take, &f) || b->failed;
}

static void
addresses_field(struct qa_build *b, struct qa_addresses *list, qa_span value)
{
	struct qa_sink scratch = QA_SINK(0);

	addresses_add(b, list, qa_field_utf8(value, &scratch), false);
	b->failed = b->failed || scratch.failed;
	qa_sink_free(&scratch);
}

static void
references_field(struct qa_build *b, qa_span utf8)
{
	struct qa_document *d = b->d;
	qa_span id;

	while (d->nreferences < b->limits->references && !b->failed && qa_msgid_next(&utf8, &id)) {
		const char **v = grown(d->references, d->nreferences, sizeof *v);

		if (!v) {
			b->failed = true;
			return;
		}
		d->references = v;
		v[d->nreferences++] = keep_id(b, id);
	}
}

static void
list_field(struct qa_build *b, qa_span utf8)
{
	const unsigned char *open = utf8.n ? memrchr(utf8.p, '<', utf8.n) : NULL, *close;

	if (open) {
		utf8 = qa_span_cut(utf8, (size_t)(open + 1 - utf8.p), utf8.n);
		if (utf8.n && (close = memchr(utf8.p, '>', utf8.n)))
			utf8.n = (size_t)(close - utf8.p);
	}
	b->d->list_id = keep_lower(b, utf8);
}

static void
ids_field(struct qa_build *b, const struct qa_field *f)
{
	struct qa_document *d = b->d;
	struct qa_sink scratch = QA_SINK(0);
	qa_span utf8 = qa_field_utf8(f->value, &scratch), all = utf8, id;

	if (qa_field_is(f, "References"))
		references_field(b, utf8);
	else if (qa_field_is(f, "List-Id") && !*d->list_id)
		list_field(b, utf8);
	else if (qa_field_is(f, "In-Reply-To") && !*d->in_reply_to && qa_msgid_next(&utf8, &id))
		d->in_reply_to = keep_id(b, id);
	else if (qa_field_is(f, "Message-ID") && !*d->message_id)
		d->message_id = keep_id(b, qa_msgid_next(&utf8, &id) ? id : all);
	b->failed = b->failed || scratch.failed;
	qa_sink_free(&scratch);
}

static struct qa_addresses *
list_of(struct qa_document *d, const struct qa_field *f)
{
	static const struct {
		const char *name;
		size_t at;
	} lists[] = {
	    {"From", offsetof(struct qa_document, from)},
	    {"To", offsetof(struct qa_document, to)},
	    {"Cc", offsetof(struct qa_document, cc)},
	    {"Bcc", offsetof(struct qa_document, bcc)},
	    {"Sender", offsetof(struct qa_document, sender)},
	    {"Reply-To", offsetof(struct qa_document, reply_to)},
	    {"Delivered-To", offsetof(struct qa_document, delivered)},
	    {"X-Original-To", offsetof(struct qa_document, delivered)},
	    {"Envelope-To", offsetof(struct qa_document, delivered)},
	    {"Apparently-To", offsetof(struct qa_document, to)},
	};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (qa_field_is(f, lists[i].name))
			return (struct qa_addresses *)(void *)((char *)d + lists[i].at);
	return NULL;
}

static void
text_field(struct qa_build *b, const struct qa_field *f, bool named)
{
	struct qa_sink *text = &b->own->text;

	if (named) {
		qa_sink_text(text, f->name);
		qa_sink_add(text, ": ", 2);
	}
	qa_field_text(f->value, text);
	qa_sink_addc(text, '\n');
}

void
qa_build_field(struct qa_build *b, const struct qa_field *f)
{
	struct qa_document *d = b->d;
	struct qa_addresses *list;

	switch (f->name.n ? f->name.p[0] | 32 : 0) {
	case 'f': case 't': case 'c': case 'b': case 's': case 'r': case 'd': case 'x': case 'e': case 'a':
	case 'm': case 'i': case 'l': case 'k': case 'o':
		break;
	default:
		return;
	}
	if ((list = list_of(d, f))) {
		addresses_field(b, list, f->value);
	} else if (qa_field_is(f, "Subject") && !*d->subject) {
		qa_sink_clear(&b->line);
		qa_field_text(f->value, &b->line);
		d->subject = qa_build_line(b, &b->line);
	} else if (qa_field_is(f, "Keywords") || qa_field_is(f, "Comments") || qa_field_is(f, "Organization")) {
		text_field(b, f, false);
	} else {
		ids_field(b, f);
	}
}

void
qa_build_inner_field(struct qa_build *b, const struct qa_field *f)
{
	static const char *const names[] = {"From", "Sender", "To",	  "Cc",		"Bcc",
					    "Date", "Subject", "Reply-To", "Message-ID"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (qa_field_is(f, names[i]))
			text_field(b, f, true);
}
