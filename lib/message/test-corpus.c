/*
 * Every message of tests/corpus, some of them at every length, and, when $QA_CORPUS names a folder of messages, all of
 * those (no more than this: none breaks anything, the same comes out twice, and few need the fallback).
 */
#include "message/sink.h"
#include "message/testing.h"
#include "tests/tap.h"

#include <ftw.h>

static void
list_add(struct qa_sink *s, struct qa_addresses a)
{
	for (size_t i = 0; i < a.n; i++) {
		qa_sink_add(s, a.v[i].name, strlen(a.v[i].name) + 1);
		qa_sink_add(s, a.v[i].addr, strlen(a.v[i].addr) + 1);
		qa_sink_add(s, a.v[i].domain, strlen(a.v[i].domain) + 1);
	}
	qa_sink_addc(s, '\n');
}

/* All of a document as bytes; checks on the way that strings are what the header says. */
static struct qa_digest
sum(const struct qa_document *d)
{
	struct qa_sink s = QA_SINK(0);
	struct qa_digest r;

	qa_sink_add(&s, d->subject, strlen(d->subject) + 1);
	qa_sink_add(&s, d->message_id, strlen(d->message_id) + 1);
	qa_sink_add(&s, d->in_reply_to, strlen(d->in_reply_to) + 1);
	qa_sink_add(&s, d->list_id, strlen(d->list_id) + 1);
	for (size_t i = 0; i < d->nreferences; i++)
		qa_sink_add(&s, d->references[i], strlen(d->references[i]) + 1);
	list_add(&s, d->from);
	list_add(&s, d->sender);
	list_add(&s, d->reply_to);
	list_add(&s, d->to);
	list_add(&s, d->cc);
	list_add(&s, d->bcc);
	list_add(&s, d->delivered);
	for (size_t i = 0; i < d->nattachments; i++) {
		qa_sink_add(&s, d->attachments[i].name, strlen(d->attachments[i].name) + 1);
		qa_sink_add(&s, d->attachments[i].type, strlen(d->attachments[i].type) + 1);
		qa_sink_add(&s, &d->attachments[i].size, sizeof d->attachments[i].size);
		qa_sink_add(&s, &d->attachments[i].digest, sizeof d->attachments[i].digest);
	}
	for (size_t i = 0; i < s.b.n; i++)
		if (s.b.p[i] == '\n')
			s.b.p[i] = 0;
	qa_sink_add(&s, d->text.p, d->text.n);
	qa_sink_add(&s, d->attached.p, d->attached.n);
	if (!qa_utf8_valid(d->text) || !qa_utf8_valid(d->attached) || !qa_utf8_valid(qa_span_str(d->subject)))
		OKF(0, "text is UTF-8");
	for (size_t i = 0; i < d->text.n; i++)
		if (d->text.p[i] < ' ' && d->text.p[i] != '\n' && d->text.p[i] != '\t')
			OKF(0, "text has control character %d at %zu", d->text.p[i], i);
	if (d->text.p[d->text.n] || d->attached.p[d->attached.n])
		OKF(0, "texts end in a NUL");
	r = qa_sha256_of(qa_sink_span(&s));
	qa_sink_free(&s);
	return r;
}

static unsigned long files, fallbacks, changed;

static int
one_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t n = strlen(path);
	struct qa_digest first, again;
	struct qa_document *d;
	qa_span raw;

	(void)ftw;
	if (type != FTW_F || n < 4 || strcmp(path + n - 4, ".eml") != 0 || st->st_size > 1 << 26)
		return 0;
	raw = slurp(path);
	d = parse(raw);
	first = sum(d);
	if (d->fallback) {
		fallbacks++;
		printf("# %s: %s\n", path, d->reason);
	}
	qa_document_free(d);
	d = parse(raw);
	again = sum(d);
	qa_document_free(d);
	changed += !qa_digest_eq(&first, &again);
	files++;
	free((void *)(uintptr_t)raw.p);
	return 0;
}

static void
whole_corpus(void)
{
	const char *more = getenv("QA_CORPUS");

	OK(nftw(CORPUS, one_file, 10, FTW_PHYS) == 0 && files > 60 && changed == 0);
	OK(fallbacks == 1); /* own-deep.eml */
	if (!more)
		return;
	files = fallbacks = 0;
	OK(nftw(more, one_file, 10, FTW_PHYS) == 0 && files > 0 && changed == 0);
	OKF(fallbacks * 1000 <= files + 1000, "%lu messages, %lu fallbacks", files, fallbacks);
}

static void
truncations(void)
{
	static const char *const names[] = {"own-attachments.eml", "own-list.eml", "own-jis.eml", "own-euc.eml",
					    "ruby-mail-japanese-attachment-long-name.eml"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[200];
		qa_span raw;

		snprintf(path, sizeof path, CORPUS "%s", names[i]);
		raw = slurp(path);
		for (size_t n = 0; n < raw.n; n++) {
			unsigned char *p = malloc(n ? n : 1); /* exactly, so that a look behind it shows */
			struct qa_document *d;

			if (!p)
				exit(1);
			memcpy(p, raw.p, n);
			d = parse(qa_span_of(p, n));
			sum(d);
			if (d->fallback)
				OKF(0, "%s cut at %zu falls back", names[i], n);
			qa_document_free(d);
			free(p);
		}
		OKF(1, "%s at every length", names[i]);
		free((void *)(uintptr_t)raw.p);
	}
}

int
main(void)
{
	start();
	truncations();
	whole_corpus();
	return done();
}
