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

#endif
