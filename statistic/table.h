/*
 * Tables for people and programs: the same rows as text of 80 columns, as JSON (one object with an array for each table), or as CSV
 * (each row begins with the name of its table, and each table with a row of heads).
 *
 *	table_begin(&t, "domains", "By domain", columns, n);
 *	table_name(&t, span); table_number(&t, 5); ...	cell by cell, row by row
 *	table_end(&t);
 *
 * Everything goes to standard output at table_finish, which ends the program with 2 when that fails.
 */
#ifndef QA_STATISTIC_TABLE_H
#define QA_STATISTIC_TABLE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum table_form { TABLE_TEXT, TABLE_JSON, TABLE_CSV };
enum table_type { TABLE_NAME, TABLE_NUMBER, TABLE_BYTES, TABLE_SHARE };

struct table_column {
	const char *key;  /* "in_bytes" */
	const char *head; /* "in" */
	enum table_type type;
};

struct table {
	enum table_form form;
	struct qa_buf out;
	const char *key;
	const struct table_column *columns;
	unsigned n, at, name_width;
	uint64_t rows;
	bool any; /* a table was begun before */
};

void table_init(struct table *t, enum table_form form);
void table_begin(struct table *t, const char *key, const char *title, const struct table_column *columns, unsigned n);
void table_name(struct table *t, qa_span name);
void table_number(struct table *t, uint64_t v);	 /* also bytes */
void table_share(struct table *t, uint64_t part, uint64_t all); /* per cent */
void table_end(struct table *t);

/* A line of text, in form TABLE_TEXT only. */
void table_line(struct table *t, const char *fmt, ...) QA_PRINTF(2, 3);
void table_finish(struct table *t);

/* "44.1 GB" and a NUL; units of 1024. */
enum { TABLE_SIZE = 16 };
void table_size(uint64_t bytes, char out[TABLE_SIZE]);

#endif
