/* The part of the query parser that knows what may stand behind each field. */
#ifndef QA_CATALOG_QUERY_PRIVATE_H
#define QA_CATALOG_QUERY_PRIVATE_H

#include "catalog/query.h"

/* What a field name means: field, and how its value becomes the node's low and high. */
enum qa_query_form {
	QA_FORM_TEXT,  /* words, may be grouped: subject:(a OR b) */
	QA_FORM_EXACT, /* text, lower-cased by the planner */
	QA_FORM_DIGEST,
	QA_FORM_HAS,
	QA_FORM_SOURCE,
	QA_FORM_STATUS,
	QA_FORM_KIND,
	QA_FORM_LARGER,
	QA_FORM_SMALLER,
	QA_FORM_AFTER,
	QA_FORM_BEFORE,
	QA_FORM_DATE,
};

struct qa_query_name {
	const char *name;
	enum qa_query_field field;
	enum qa_query_form form;
};

/* The field of that name, in any case; NULL when there is none. */
const struct qa_query_name *qa_query_name(qa_span s);

/* The one whose name is nearest to S, for "did you mean"; NULL when none is near. */
const struct qa_query_name *qa_query_near(qa_span s);

/* The field's name for a person. */
const char *qa_query_field_name(enum qa_query_field f);

/* Reads node->text as the form wants it: 0, or -1 EPROTO. */
int qa_query_value(struct qa_query_node *node, const struct qa_query_name *name, int64_t now,
		   struct qa_err *err) QA_MUST;

/* The scanner and the parser on it. */
enum qa_query_token { T_END, T_OPEN, T_CLOSE, T_MINUS, T_AND, T_OR, T_NOT, T_STAR, T_FIELD, T_VALUE };

struct qa_query_scan {
	struct qa_query *q;
	qa_span text;
	int64_t now;
	size_t at;    /* where the scanner stands */
	size_t start; /* where the token at hand begins */
	size_t wrong; /* what the error points at */
	struct qa_err *err;
	enum qa_query_token token;
	const struct qa_query_name *name; /* of a field */
	qa_span value;
	bool quoted, prefix;
};

/* Reads the next token: 0, -1 EPROTO with s->wrong set. */
int qa_query_next(struct qa_query_scan *s) QA_MUST;

/* What stands at s->at right behind a field's colon: a quoted text, or a word (an id may hold anything in angle brackets). */
int qa_query_quoted(struct qa_query_scan *s) QA_MUST;
void qa_query_word(struct qa_query_scan *s, bool id);

/* EPROTO, pointing at byte AT. Always -1. */
int qa_query_wrong(struct qa_query_scan *s, size_t at, const char *what);

#endif
