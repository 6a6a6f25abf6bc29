#include "table.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 80, NUMBER = 10, BYTES = 9, SHARE = 8, NAME_LEAST = 12 };

static void
must(int failed)
{
	if (failed) {
		fputs("mailstatistics: cannot write the tables: no memory\n", stderr);
		exit(2);
	}
}

void
table_init(struct table *t, enum table_form form)
{
	*t = (struct table){.form = form, .out = QA_BUF(1 << 30)};
	if (form == TABLE_JSON)
		must(qa_buf_addc(&t->out, '{'));
}

void
table_size(uint64_t bytes, char out[TABLE_SIZE])
{
	static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double v = (double)bytes;
	unsigned u = 0;

	for (; v >= 999.5 && u < 6; u++)
		v /= 1024;
	snprintf(out, TABLE_SIZE, u && v < 9.95 ? "%.1f %s" : "%.0f %s", v, unit[u]);
}

static unsigned
width(enum table_type type)
{
	return type == TABLE_NUMBER ? NUMBER : type == TABLE_BYTES ? BYTES : SHARE;
}

void
table_begin(struct table *t, const char *key, const char *title, const struct table_column *columns, unsigned n)
{
	unsigned names = 0, others = 0;

	t->key = key;
	t->columns = columns;
	t->n = n;
	t->at = 0;
	t->rows = 0;
	for (unsigned i = 0; i < n; i++)
		if (columns[i].type == TABLE_NAME)
			names++;
		else
			others += 1 + width(columns[i].type);
	t->name_width = names && PAGE > others + names ? (PAGE - others - (names - 1)) / names : NAME_LEAST;
	if (names > 1)
		t->name_width = NAME_LEAST + 6;
	if (t->form == TABLE_JSON) {
		must(qa_buf_addf(&t->out, "%s\n\"%s\":[", t->any ? "," : "", key));
	} else if (t->form == TABLE_CSV) {
		must(qa_buf_addstr(&t->out, "table"));
		for (unsigned i = 0; i < n; i++)
			must(qa_buf_addf(&t->out, ",%s", columns[i].key));
		must(qa_buf_addc(&t->out, '\n'));
	} else {
		must(qa_buf_addf(&t->out, "%s%s\n", t->any ? "\n" : "", title));
		for (unsigned i = 0; i < n; i++)
			must(columns[i].type == TABLE_NAME
				 ? qa_buf_addf(&t->out, "%s%-*s", i ? " " : "", (int)t->name_width, columns[i].head)
				 : qa_buf_addf(&t->out, "%s%*s", i ? " " : "", (int)width(columns[i].type), columns[i].head));
		must(qa_buf_addc(&t->out, '\n'));
	}
	t->any = true;
}

/* What stands before a cell. */
static void
cell(struct table *t)
{
	if (t->form == TABLE_JSON)
		must(t->at == 0 ? qa_buf_addf(&t->out, "%s\n {\"%s\":", t->rows ? "," : "", t->columns[0].key)
				: qa_buf_addf(&t->out, ",\"%s\":", t->columns[t->at].key));
	else if (t->form == TABLE_CSV)
		must(t->at == 0 ? qa_buf_addf(&t->out, "%s,", t->key) : qa_buf_addc(&t->out, ','));
	else if (t->at)
		must(qa_buf_addc(&t->out, ' '));
}

static void
next(struct table *t)
{
	if (++t->at < t->n)
		return;
	t->at = 0;
	t->rows++;
	if (t->form == TABLE_JSON)
		must(qa_buf_addc(&t->out, '}'));
	else {
		while (t->out.n && t->out.p[t->out.n - 1] == ' ')
			t->out.n--;
		must(qa_buf_addc(&t->out, '\n'));
	}
}

/* In quotes, when a comma, a quote or anything unusual is in it. What a spreadsheet would take for a formula gets a blank before it. */
static void
csv_name(struct table *t, qa_span s)
{
	struct qa_buf shown = QA_BUF(0);

	if (s.n && memchr("=+-@", s.p[0], 4))
		must(qa_buf_addc(&shown, ' '));
	must(qa_show_add(&shown, s));
	must(qa_buf_addc(&t->out, '"'));
	for (size_t i = 0; i < shown.n; i++) {
		if (shown.p[i] == '"')
			must(qa_buf_addc(&t->out, '"'));
		must(qa_buf_addc(&t->out, shown.p[i]));
	}
	must(qa_buf_addc(&t->out, '"'));
	qa_buf_free(&shown);
}

/* The places that the character at P fills on a terminal, and its bytes. East Asian characters fill two. */
static unsigned
places_of(qa_span s, size_t *n_r)
{
	static const struct {
		uint32_t from, to;
	} wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
		    {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x3fffd}};
	uint32_t c = s.p[0];

	*n_r = qa_utf8_len(s);
	if (*n_r < 3)
		return 1;
	c &= *n_r == 3 ? 0x0f : 0x07;
	for (size_t i = 1; i < *n_r; i++)
		c = c << 6 | (s.p[i] & 0x3f);
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (c >= wide[i].from && c <= wide[i].to)
			return 2;
	return 1;
}

/* As much of S as fits MOST places: its bytes; the places that fills. */
static size_t
fits(qa_span s, size_t most, size_t *places_r)
{
	size_t at = 0, places = 0, n;

	while (at < s.n) {
		unsigned k = places_of(qa_span_cut(s, at, s.n), &n);

		if (places + k > most)
			break;
		places += k;
		at += n ? n : 1;
	}
	*places_r = places;
	return at;
}

/* Cut to the column, at a whole character, its end marked. */
static void
text_name(struct table *t, qa_span s)
{
	struct qa_buf shown = QA_BUF(0);
	size_t places;

	must(qa_show_add(&shown, s));
	size_t n = fits(qa_buf_span(&shown), t->name_width, &places);
	if (n < shown.n) {
		n = fits(qa_buf_span(&shown), t->name_width - 2, &places);
		shown.n = n;
		must(qa_buf_addstr(&shown, ".."));
		places += 2;
	}
	must(qa_buf_addspan(&t->out, qa_buf_span(&shown)));
	for (; places < t->name_width; places++)
		must(qa_buf_addc(&t->out, ' '));
	qa_buf_free(&shown);
}

void
table_name(struct table *t, qa_span name)
{
	cell(t);
	if (t->form == TABLE_JSON)
		must(qa_json_add(&t->out, name));
	else if (t->form == TABLE_CSV)
		csv_name(t, name);
	else
		text_name(t, name);
	next(t);
}

void
table_number(struct table *t, uint64_t v)
{
	enum table_type type = t->columns[t->at].type;
	char size[TABLE_SIZE];

	cell(t);
	if (t->form != TABLE_TEXT) {
		must(qa_buf_addf(&t->out, "%llu", (unsigned long long)v));
	} else if (type == TABLE_BYTES) {
		table_size(v, size);
		must(qa_buf_addf(&t->out, "%*s", BYTES, v ? size : "-"));
	} else if (v) {
		must(qa_buf_addf(&t->out, "%*llu", NUMBER, (unsigned long long)v));
	} else {
		must(qa_buf_addf(&t->out, "%*s", NUMBER, "-"));
	}
	next(t);
}

void
table_share(struct table *t, uint64_t part, uint64_t all)
{
	double v = all ? 100 * (double)part / (double)all : 0;

	cell(t);
	must(t->form == TABLE_TEXT ? qa_buf_addf(&t->out, "%*.2f %%", SHARE - 2, v) : qa_buf_addf(&t->out, "%.4f", v));
	next(t);
}

void
table_end(struct table *t)
{
	if (t->form == TABLE_JSON)
		must(qa_buf_addstr(&t->out, t->rows ? "\n]" : "]"));
	else if (t->form == TABLE_TEXT && t->rows == 0)
		must(qa_buf_addstr(&t->out, "(none)\n"));
}

void
table_line(struct table *t, const char *fmt, ...)
{
	char text[2000];
	va_list ap;

	if (t->form != TABLE_TEXT)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	must(qa_buf_addstr(&t->out, text));
	t->any = true;
}

void
table_finish(struct table *t)
{
	if (t->form == TABLE_JSON)
		must(qa_buf_addstr(&t->out, "\n}\n"));
	if (fwrite(t->out.p, 1, t->out.n, stdout) != t->out.n || fflush(stdout)) {
		perror("mailstatistics: cannot write to standard output");
		exit(2);
	}
	qa_buf_free(&t->out);
}
