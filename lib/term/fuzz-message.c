/*
 * The whole path of a hostile mail: bytes, document, terms. Twice, for the document must be
 * the same; with small limits, so that each of them is hit.
 */
#include "message/message.h"
#include "message/sink.h"
#include "term/term.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static int
count(void *arg, const struct qa_term *t)
{
	*(uint64_t *)arg = *(uint64_t *)arg * 31 + t->n + t->position;
	return 0;
}

static void
line(const char *s)
{
	must(qa_utf8_valid(qa_span_str(s)), "a line is UTF-8");
	for (; *s; s++)
		must((unsigned char)*s >= ' ' && *s != 127, "a line has no control characters");
}

static uint64_t
text(qa_span s)
{
	uint64_t sum = s.n;

	must(qa_utf8_valid(s) && s.p[s.n] == '\0', "text is UTF-8");
	must(qa_term_each(s, QA_TERM_INDEX, count, &sum) == 0, "terms end");
	return sum;
}

static void
list(struct qa_addresses a)
{
	for (size_t i = 0; i < a.n; i++) {
		line(a.v[i].name);
		line(a.v[i].addr);
		line(a.v[i].domain);
	}
}

static uint64_t
once(qa_span raw, const struct qa_message_limits *l)
{
	struct qa_document *d;
	uint64_t sum;

	must(qa_message_parse(raw, l, &d, NULL) == 0, "nothing fails but memory");
	line(d->subject);
	line(d->message_id);
	line(d->in_reply_to);
	line(d->list_id);
	for (size_t i = 0; i < d->nreferences; i++)
		line(d->references[i]);
	list(d->from);
	list(d->to);
	list(d->cc);
	list(d->bcc);
	list(d->sender);
	list(d->reply_to);
	list(d->delivered);
	for (size_t i = 0; i < d->nattachments; i++) {
		line(d->attachments[i].name);
		line(d->attachments[i].type);
		must(d->attachments[i].size <= raw.n + 8, "decoding makes nothing longer");
	}
	must(d->text.n <= l->text_bytes && d->attached.n <= l->text_bytes, "texts keep their limit");
	must(d->parts <= l->parts + 1, "parts keep their limit");
	must(d->fallback == (*d->reason != 0), "a fallback has a reason");
	sum = text(d->text) * 31 + text(d->attached);
	sum = sum * 31 + d->nattachments + d->from.n * 7 + strlen(d->subject);
	qa_document_free(d);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct qa_message_limits large = QA_MESSAGE_LIMITS, small = QA_MESSAGE_LIMITS;
	qa_span raw = {p, n};

	large.now = small.now = 1700000000;
	small.depth = 2;
	small.parts = 4;
	small.attachments = small.addresses = small.references = 2;
	small.head_bytes = 200;
	small.text_bytes = 64;
	must(once(raw, &large) == once(raw, &large), "the same document again");
	once(raw, &small);
	return 0;
}
