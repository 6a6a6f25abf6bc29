/* The words of a command line as a query; a mistake is shown where it is, exit 2. */
#ifndef QA_DEPOT_QUERY_H
#define QA_DEPOT_QUERY_H

#include "base/opt.h"
#include "catalog/query.h"

/* WORDS ends with NULL. One word is the query as it is; several are joined by blanks. */
void query_words(const struct qa_opt *o, char **words, struct qa_query *q_r);

#endif
