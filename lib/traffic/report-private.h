/* What the parts of reports share. */
#ifndef QA_TRAFFIC_REPORT_PRIVATE_H
#define QA_TRAFFIC_REPORT_PRIVATE_H

#include "traffic/report.h"

/* As it may be shown to people: '?' for control characters and bytes that are not UTF-8. To be freed. */
char *qa_report_shown(const char *s);

/* ---- charts: SVG that needs no colours, of series that are told apart by their patterns ---- */

enum { QA_CHART_SERIES = QA_FLOW_WAYS };

struct qa_chart_column {
	char label[8]; /* below the column; both are our own words */
	char full[24]; /* what it is, in full */
	double v[QA_CHART_SERIES]; /* bytes, one on top of the other */
	uint64_t hits;
};

struct qa_chart_bar {
	const char *label; /* any bytes */
	double v;	   /* bytes */
	uint64_t hits;
	unsigned series; /* whose pattern */
};

/* A size in bytes for people: "1.2 GB" (powers of 1024). */
#define QA_SIZE_TEXT 32
void qa_size_text(double bytes, char out[QA_SIZE_TEXT]);

/* S as text or attribute of HTML, made fit to be shown. */
void qa_page_text(GString *out, const char *s);

/* The patterns; once in a page, before all charts. */
void qa_chart_patterns(GString *out);

/* A swatch of a series' pattern. */
void qa_chart_swatch(GString *out, unsigned series);

/* Upright columns over time, N of them, each of SERIES stacked values; TITLE says what the chart is. */
void qa_chart_columns(GString *out, const char *title, const struct qa_chart_column *c, size_t n, unsigned series, const char *hits);

/* Lying bars with their names and values. */
void qa_chart_bars(GString *out, const char *title, const struct qa_chart_bar *b, size_t n, const char *hits);

#endif
