/* The tables of mailstatistics. */
#ifndef QA_STATISTIC_OVERVIEW_H
#define QA_STATISTIC_OVERVIEW_H

#include "table.h"
#include "traffic/survey.h"

/* All tables of a survey to T, lists of names cut at TOP (0: not cut); with the bad lines when they are wanted. */
void overview(struct table *t, const struct qa_survey *s, const struct qa_files *files, size_t top, bool bad);

#endif
