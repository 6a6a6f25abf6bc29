/*
 * Text to search terms. Index and query call the same code, so that what a person types is
 * cut as the mail was.
 *
 * Text is UTF-8; bytes that are not count as blanks. Each grapheme cluster is brought to
 * NFKC with full case folding and without ignorable characters (soft hyphen, joiners), so
 * half-width kana, full-width letters, ligatures and circled digits meet their plain forms.
 *
 *	words		letters, digits and their marks: "v2", "straße" -> "strasse"; the first
 *			QA_TERM_MAX bytes of a word are its term, cut between characters
 *	runs		Han, kana, Hangul, Bopomofo, Yi, Thai, Lao, Khmer and Myanmar are written
 *			without blanks: each two neighbours are a term, so "東京都" is 東京, 京都.
 *			A line break between two Han or kana characters does not end a run, as
 *			Japanese mail is wrapped in the middle of words.
 *	addresses	foo@example.com is the words foo, example, com and one more term, the whole
 *			address in lower case, at the position of the last word (ASCII addresses
 *			of at most QA_TERM_ADDRESS_MAX bytes)
 *
 * The index also gets the last character of a run as a term of its own, behind the last pair.
 * A query of one such character finds every place when it is asked as a prefix: a pair begins
 * with it, or it ends its run; qa_term_query says which phrases end that way. In a phrase
 * that goes on behind a run the query asks for the run's last character too, so 東京 before
 * "hotel" does not meet 東京都 hotel; and as that character stands between two runs, pairs of
 * one run never seem to be neighbours of pairs of the next (日大 大阪 is not 日大阪).
 *
 * In a query an address that is the first thing in the text is one term, the whole address,
 * and its words are left out; elsewhere it is its words only. Both match the index exactly.
 */
#ifndef QA_TERM_TERM_H
#define QA_TERM_TERM_H

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

/* Raised when the same text may give other terms; a catalog of another version (or Unicode
 * version) is rebuilt. */
#define QA_TERM_VERSION 1

#define QA_TERM_MAX 64
#define QA_TERM_ADDRESS_MAX 318

/* QA_TERM_VERSION and the Unicode version of utf8proc at run time: "1/14.0.0". */
const char *qa_term_version(void);

enum qa_term_mode { QA_TERM_INDEX, QA_TERM_QUERY };

enum {
	QA_TERM_COLOCATED = 1, /* at the position of the term before it */
	QA_TERM_RUN = 2,       /* one or two characters of a run */
	QA_TERM_ADDRESS = 4,   /* a whole address */
	QA_TERM_SINGLE = 8,    /* a run of one character */
};

struct qa_term {
	const char *p;	   /* UTF-8, valid during the call only, no NUL behind it */
	size_t n;	   /* 1 .. QA_TERM_ADDRESS_MAX */
	size_t start, end; /* the bytes of the text it was made from */
	uint32_t position; /* from 1, rising by one except for colocated terms */
	unsigned flags;
};

/* Stops the walk by returning anything but 0. */
typedef int qa_term_fn(void *arg, const struct qa_term *t);

/* Calls FN for each term of TEXT in order: 0, or what FN returned. Needs no memory. Start
 * offsets never fall but for addresses, which start at their own first byte. */
int qa_term_each(qa_span text, enum qa_term_mode mode, qa_term_fn *fn, void *arg) QA_MUST;

/* What a person typed, as phrases: the terms of a phrase must stand side by side in this
 * order, the last one as a prefix if so marked. */
struct qa_term_phrase {
	size_t first, n; /* its terms, n >= 1 */
	bool prefix;
};

struct qa_term_query {
	struct qa_term *terms; /* p points into memory of the query */
	size_t nterms;
	struct qa_term_phrase *phrases;
	size_t nphrases;
	char *bytes;
};

#define QA_TERM_QUERY_MAX 4096 /* bytes of text */

/*
 * TEXT as phrases: one phrase in all when QUOTED, else one for each piece between blanks
 * (also U+3000, which Japanese keyboards type). Text without any term gives no phrase. -1:
 * ENOMEM, or EPROTO when the text is over QA_TERM_QUERY_MAX. Freed by qa_term_query_free.
 */
int qa_term_query(qa_span text, bool quoted, struct qa_term_query *out_r, struct qa_err *err) QA_MUST;
void qa_term_query_free(struct qa_term_query *q);

#endif
