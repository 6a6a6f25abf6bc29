/*
 * The query language: what a person types, as a tree. Described for users in md_search(1).
 *
 *	or    = and { "OR" and }
 *	and   = not { [ "AND" ] not }
 *	not   = { "NOT" | "-" } item
 *	item  = "(" or ")" | "*" | [ field ":" ] value | field ":" "(" or ")"
 *	value = word [ "*" ] | '"' text '"' [ "*" ]
 *
 * AND, OR, NOT are operators in capitals only. Blanks are ASCII white space and U+3000.
 */
#ifndef QA_CATALOG_QUERY_H
#define QA_CATALOG_QUERY_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	QA_QUERY_MAX = 4096, /* bytes of text */
	QA_QUERY_NODES = 512,
	QA_QUERY_DEPTH = 16, /* parentheses, NOT and fields in each other */
};

enum qa_query_field {
	/* text */
	QA_Q_ANY,
	QA_Q_BODY,
	QA_Q_SUBJECT,
	QA_Q_FILENAME,
	/* text and addresses */
	QA_Q_FROM,
	QA_Q_TO,
	QA_Q_CC,
	QA_Q_BCC,
	QA_Q_REPLY,
	QA_Q_SENDER,
	QA_Q_RCPT,
	QA_Q_ADDRESS, /* all of these seven */
	/* one exact thing, in text */
	QA_Q_TYPE,
	QA_Q_ID,
	QA_Q_REF,
	QA_Q_LIST,
	QA_Q_SHA256,
	/* a name, as a number in low */
	QA_Q_HAS,
	QA_Q_SOURCE, /* enum qa_source */
	QA_Q_STATUS, /* 1 settled, 0 not */
	QA_Q_KIND,   /* enum qa_kind, 0 any */
	/* a range, low <= x < high */
	QA_Q_SIZE,
	QA_Q_DATE, /* seconds since 1970 */
};

enum { QA_HAS_ATTACHMENT = 1, QA_HAS_FALLBACK };

enum qa_query_kind { QA_Q_ALL, QA_Q_TERM, QA_Q_NOT, QA_Q_AND, QA_Q_OR };

struct qa_query_node {
	enum qa_query_kind kind;
	enum qa_query_field field;
	bool quoted, prefix;
	unsigned at;	     /* byte offset in the text, for messages */
	qa_span text;	     /* into the query's copy, without quotes */
	int64_t low, high;
	unsigned child, next; /* node numbers, 0 = none */
};

struct qa_query {
	struct qa_query_node *v; /* v[0] is not used */
	unsigned n;
	unsigned root;
	bool kinds; /* kind: occurs, so entries without a message may be answers */
	bool statuses; /* status: occurs, so events of neighbouring months count */
	char *text;
	size_t length;
};

/*
 * Parses TEXT; dates are days of the process's time zone, NOW (seconds since 1970) is for relative ones. -1: EPROTO with the
 * byte offset of the trouble in *at_r, or ENOMEM. A parsed query is freed by qa_query_free.
 */
int qa_query_parse(qa_span text, int64_t now, struct qa_query *q_r, size_t *at_r, struct qa_err *err) QA_MUST;
void qa_query_free(struct qa_query *q);

/* Two lines for a terminal: the query, made showable, and a caret under byte offset AT. */
int qa_query_caret(qa_span text, size_t at, struct qa_buf *b) QA_MUST;

/* The tree as text, each node in parentheses, for tests and --explain. */
int qa_query_show(const struct qa_query *q, struct qa_buf *b) QA_MUST;

#endif
