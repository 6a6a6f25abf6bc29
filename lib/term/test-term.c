/* Terms: what the index gets, what a query asks for, and that the two meet. */
#include "term/fold.h"
#include "term/term.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>

static char got[4096];

/* "position:term" with '+' for colocated, '!' for single, '@' for address, by blanks. */
static int
note(void *arg, const struct qa_term *t)
{
	size_t *n = arg;

	*n += (size_t)snprintf(got + *n, sizeof got - *n, "%s%u:%.*s%s%s%s", *n ? " " : "", t->position,
			       (int)t->n, t->p, t->flags & QA_TERM_COLOCATED ? "+" : "",
			       t->flags & QA_TERM_SINGLE ? "!" : "", t->flags & QA_TERM_ADDRESS ? "@" : "");
	return *n >= sizeof got;
}

static const char *
terms(const char *text, enum qa_term_mode mode)
{
	size_t n = 0;

	got[0] = '\0';
	if (qa_term_each(qa_span_str(text), mode, note, &n))
		return "too much";
	return got;
}

static void
gives(const char *text, const char *want)
{
	const char *have = terms(text, QA_TERM_INDEX);

	if (!OKF(strcmp(have, want) == 0, "index: %.30s", want))
		printf("# have %s\n# want %s\n", have, want);
}

static void
asks(const char *text, const char *want)
{
	const char *have = terms(text, QA_TERM_QUERY);

	if (!OKF(strcmp(have, want) == 0, "query: %.30s", want))
		printf("# have %s\n# want %s\n", have, want);
}

static void
words(void)
{
	gives("Hello, World!  don't v2.0_beta 10,000", "1:hello 2:world 3:don 4:t 5:v2 6:0 7:beta 8:10 9:000");
	gives("", "");
	gives(" \t\r\n...", "");
	gives("Straße STRASSE", "1:strasse 2:strasse");
	gives("\xc4\xb0stanbul", "1:i\xcc\x87stanbul"); /* U+0130 folds to i and a dot above */
	gives("e\xcc\x81t\xc3\xa9", "1:\xc3\xa9t\xc3\xa9"); /* combining acute composes */
	gives("\xcc\x81 x", "1:x"); /* a mark alone is no word */
	gives("\xef\xbc\xa1\xef\xbd\x82\xef\xbc\x91", "1:ab1"); /* full-width */
	gives("\xe2\x91\xa0 \xef\xac\x81sh \xe2\x84\xa1", "1:1 2:fish 3:tel"); /* circled, ligature, TEL */
	gives("soft\xc2\xadhyphen", "1:softhyphen");
	gives("\xce\x9f\xce\x94\xce\x9f\xce\xa3 \xd0\x9c\xd0\xb8\xd1\x80",
	      "1:\xce\xbf\xce\xb4\xce\xbf\xcf\x83 2:\xd0\xbc\xd0\xb8\xd1\x80");
	gives("a\xff" "b \xe3\x81 c \xed\xa0\x80 d", "1:a 2:b 3:c 4:d"); /* not UTF-8 */

	struct qa_span nul = {(const unsigned char *)"a\0b", 3};
	size_t n = 0;
	OK(qa_term_each(nul, QA_TERM_INDEX, note, &n) == 0 && strcmp(got, "1:a 2:b") == 0);
}

static void
cut(void)
{
	char text[400], want[80];
	size_t n = 0;

	memset(text, 'a', sizeof text);
	text[399] = '\0';
	terms(text, QA_TERM_INDEX);
	memset(want, 'a', 66);
	memcpy(want, "1:", 2);
	want[66] = '\0';
	OK(strcmp(got, want) == 0);
	/* é at bytes 64 and 65: the cut is before it, and nothing behind it sneaks in */
	memcpy(text + 63, "\xc3\xa9", 2);
	text[70] = '\0';
	terms(text, QA_TERM_INDEX);
	want[65] = '\0';
	OK(strcmp(got, want) == 0);

	/* many marks on one letter: bounded, and the next word is still found */
	memcpy(text, "a", 1);
	for (n = 1; n + 2 < sizeof text - 10; n += 2)
		memcpy(text + n, "\xcc\x81", 2);
	memcpy(text + n, " end", 5);
	terms(text, QA_TERM_INDEX);
	OK(strstr(got, "2:end") != NULL);
}

/* 東 e69db1, 京 e4baac, 都 e983bd */
#define TO "\xe6\x9d\xb1"
#define KYO "\xe4\xba\xac"
#define TO2 "\xe9\x83\xbd"

static void
runs(void)
{
	gives(TO KYO TO2, "1:" TO KYO " 2:" KYO TO2 " 3:" TO2);
	asks(TO KYO TO2, "1:" TO KYO " 2:" KYO TO2);
	gives(TO, "1:" TO "!");
	asks(TO, "1:" TO "!");
	gives("A" TO KYO "tower", "1:a 2:" TO KYO " 3:" KYO " 4:tower");
	asks("A" TO KYO "tower", "1:a 2:" TO KYO " 3:" KYO " 4:tower");
	asks(TO KYO " " TO TO2, "1:" TO KYO " 2:" KYO " 3:" TO TO2);
	asks(KYO " tower", "1:" KYO "! 2:tower");
	gives(TO "1" KYO, "1:" TO "! 2:1 3:" KYO "!");
	/* half-width kana with a voice mark, and its full-width form */
	gives("\xef\xbd\xb6\xef\xbe\x9e\xef\xbd\xbd", "1:\xe3\x82\xac\xe3\x82\xb9 2:\xe3\x82\xb9");
	gives("\xe3\x82\xac\xe3\x82\xb9", "1:\xe3\x82\xac\xe3\x82\xb9 2:\xe3\x82\xb9");
	gives("\xe3\x81\x8b\xe3\x82\x99\xe3\x81\x99", "1:\xe3\x81\x8c\xe3\x81\x99 2:\xe3\x81\x99");
	/* U+337F folds to four Han characters */
	gives("\xe3\x8d\xbf", "1:\xe6\xa0\xaa\xe5\xbc\x8f 2:\xe5\xbc\x8f\xe4\xbc\x9a 3:\xe4\xbc\x9a\xe7\xa4\xbe "
			      "4:\xe7\xa4\xbe");
	/* wrapped in the middle of a word; two breaks, a blank or a quote mark end a run */
	gives(TO "\n" KYO, "1:" TO KYO " 2:" KYO);
	gives(TO "\r\n" KYO, "1:" TO KYO " 2:" KYO);
	gives(TO "\n\n" KYO, "1:" TO "! 2:" KYO "!");
	gives(TO " " KYO, "1:" TO "! 2:" KYO "!");
	gives(TO "\n", "1:" TO "!");
	gives(TO "\nx", "1:" TO "! 2:x");
	/* Hangul and Thai */
	gives("\xed\x95\x9c\xea\xb5\xad", "1:\xed\x95\x9c\xea\xb5\xad 2:\xea\xb5\xad");
	gives("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "1:\xed\x95\x9c!");
	gives("\xed\x95\x9c\n\xea\xb5\xad", "1:\xed\x95\x9c! 2:\xea\xb5\xad!");
	gives("\xe0\xb8\x9c\xe0\xb8\xb9\xe0\xb9\x89\xe0\xb8\x8a", /* marks stay with their letter */
	      "1:\xe0\xb8\x9c\xe0\xb8\xb9\xe0\xb9\x89\xe0\xb8\x8a 2:\xe0\xb8\x8a");
	gives("\xe0\xb9\x84\xe0\xb8\x97\xe0\xb8\xa2",
	      "1:\xe0\xb9\x84\xe0\xb8\x97 2:\xe0\xb8\x97\xe0\xb8\xa2 3:\xe0\xb8\xa2");
}

static void
addresses(void)
{
	gives("<Foo.Bar@Example.COM>", "1:foo 2:bar 3:example 4:com 4:foo.bar@example.com+@");
	asks("<Foo.Bar@Example.COM>", "1:foo.bar@example.com@");
	gives("mailto:a@b.c. x", "1:mailto 2:a 3:b 4:c 4:a@b.c+@ 5:x");
	asks("to a@b.c", "1:to 2:a 3:b 4:c");
	asks("a@b.c to", "1:a@b.c@ 2:to");
	asks("@b.c", "1:b 2:c");
	gives("a@ @b a@-b", "1:a 2:b 3:a 4:b");
	gives("_x+y@localhost", "1:x 2:y 3:localhost 3:_x+y@localhost+@");
	gives("a@b@c", "1:a 2:b 2:a@b+@ 3:c 3:b@c+@");
	gives("a@b..c", "1:a 2:b 2:a@b+@ 3:c");
	gives("\xe5\x85\x88" "a@b.c\xe3\x81\xbe",
	      "1:\xe5\x85\x88! 2:a 3:b 4:c 4:a@b.c+@ 5:\xe3\x81\xbe!");

	char text[700];
	memset(text, 'a', sizeof text);
	text[100] = '@';
	text[699] = '\0';
	terms(text, QA_TERM_INDEX);
	OK(strlen(got) < 64 + 64 + QA_TERM_ADDRESS_MAX + 20);
}

static int
offsets(void *arg, const struct qa_term *t)
{
	size_t *n = arg;

	*n += (size_t)snprintf(got + *n, sizeof got - *n, "%zu-%zu ", t->start, t->end);
	return 0;
}

static int
stop(void *arg, const struct qa_term *t)
{
	(void)t;
	return ++*(int *)arg == 2 ? 42 : 0;
}

static void
places(void)
{
	size_t n = 0;
	int calls = 0;

	OK(!qa_term_each(qa_span_str("ab " TO KYO "\n" TO2 " c\xcc\x81!"), QA_TERM_INDEX, offsets, &n) &&
	   strcmp(got, "0-2 3-9 6-13 10-13 14-17 ") == 0);
	n = 0;
	OK(!qa_term_each(qa_span_str("<a@b.c>"), QA_TERM_INDEX, offsets, &n) &&
	   strcmp(got, "1-2 3-4 5-6 1-6 ") == 0);
	OK(qa_term_each(qa_span_str("a b c d"), QA_TERM_INDEX, stop, &calls) == 42 && calls == 2);
}

/* Does the document hold the query, by the rules a catalog uses? */
struct doc {
	struct {
		char p[QA_TERM_ADDRESS_MAX];
		size_t n;
		uint32_t position;
	} t[200];
	size_t n;
};

static int
doc_add(void *arg, const struct qa_term *t)
{
	struct doc *d = arg;

	memcpy(d->t[d->n].p, t->p, t->n);
	d->t[d->n].n = t->n;
	d->t[d->n++].position = t->position;
	return d->n == 200;
}

static bool
doc_has(const struct doc *d, uint32_t position, const struct qa_term *t, bool prefix)
{
	for (size_t i = 0; i < d->n; i++)
		if ((!position || d->t[i].position == position) &&
		    (prefix ? d->t[i].n >= t->n : d->t[i].n == t->n) && memcmp(d->t[i].p, t->p, t->n) == 0)
			return true;
	return false;
}

static bool
found(const char *text, const char *query)
{
	struct doc d = {.n = 0};
	struct qa_term_query q;
	bool all;

	if (qa_term_each(qa_span_str(text), QA_TERM_INDEX, doc_add, &d) ||
	    qa_term_query(qa_span_str(query), false, &q, NULL))
		return false;
	all = q.nphrases > 0;
	for (size_t i = 0; i < q.nphrases; i++) {
		const struct qa_term_phrase *ph = q.phrases + i;
		bool any = false;

		for (uint32_t pos = 1; pos <= 200 && !any; pos++) {
			any = true;
			for (size_t k = 0; k < ph->n && any; k++)
				any = doc_has(&d, pos + (uint32_t)k, q.terms + ph->first + k,
					      ph->prefix && k + 1 == ph->n);
		}
		all = all && any;
	}
	qa_term_query_free(&q);
	return all;
}

static void
trap(void)
{
	/* the trap: a phrase over the end of a run must ask for the character that stands there alone */
	OK(found(TO KYO TO2 " tower", TO KYO TO2 "tower"));
	OK(found(TO KYO " " TO2, TO KYO));
	OK(!found(TO KYO TO2 " tower", TO KYO "tower") && !found(TO KYO " " KYO TO2, TO KYO TO2));
	OK(!found("x " TO KYO, "x" KYO) && found("x " TO KYO, "x" TO) && found(TO KYO " " KYO TO2, TO KYO "-" KYO));
	OK(found(TO KYO, TO KYO) && found("x" TO KYO TO2, KYO TO2) && found(TO KYO TO2, TO KYO TO2));
	OK(found(TO KYO TO2, TO) && found(TO KYO TO2, KYO) && found(TO KYO TO2, TO2) && found(TO, TO));
	OK(!found(TO KYO, TO2) && !found(TO KYO, KYO TO));
	OK(found(TO2 "1" TO KYO, TO2 "1" TO) && found(TO KYO "1", KYO "1") && !found(TO KYO "1", TO "1"));
	OK(found("mail foo.bar@example.com now", "foo.bar@example.com"));
	OK(found("mail foo.bar@example.com now", "example.com") && found("foo@b.c now", "\"foo@b.c\""));
	OK(!found("mail foo.bar@example.com now", "bar@example.com"));
	OK(found("\xef\xbd\xb6\xef\xbe\x9e\xef\xbd\xbd", "\xe3\x82\xac\xe3\x82\xb9"));
	OK(found("Stra\xc3\x9f" "e", "STRASSE") && found(TO "\n" KYO, TO KYO));
}

static void
queries(void)
{
	struct qa_term_query q;
	struct qa_err err;
	static const char long_text[QA_TERM_QUERY_MAX + 1];

	OK(!qa_term_query(qa_span_str("tax-free  " TO "\xe3\x80\x80" KYO TO2 " !! x"), false, &q, &err));
	OK(q.nphrases == 4 && q.nterms == 5);
	OK(q.phrases[0].n == 2 && !q.phrases[0].prefix && q.phrases[1].prefix && !q.phrases[2].prefix);
	OK(qa_span_is(qa_span_of(q.terms[1].p, q.terms[1].n), "free") && q.terms[1].start == 4);
	OK(qa_span_is(qa_span_of(q.terms[4].p, q.terms[4].n), "x") && q.terms[4].end == 27);
	qa_term_query_free(&q);
	OK(!qa_term_query(qa_span_str("a b " TO), true, &q, &err) && q.nphrases == 1 && q.phrases[0].n == 3 &&
	   q.phrases[0].prefix);
	qa_term_query_free(&q);
	OK(!qa_term_query(qa_span_str(" -- "), false, &q, &err) && q.nphrases == 0);
	qa_term_query_free(&q);
	OK(qa_term_query(qa_span_of(long_text, sizeof long_text), false, &q, &err) == -1 && err.num == EPROTO);
	OK(strncmp(qa_term_version(), "1/", 2) == 0 && strlen(qa_term_version()) > 4);
}

int
main(void)
{
	words();
	cut();
	runs();
	addresses();
	places();
	trap();
	queries();
	return done();
}
