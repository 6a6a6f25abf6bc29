#include "overview.h"
#include "base/clock.h"
#include "base/text.h"
#include "statline/statline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS(c) c, sizeof c / sizeof *c

static const char *const kinds[QA_SURVEY_KINDS] = {"in", "out", "pop3", "imap", "maillist"};
static const unsigned shown_order[QA_SURVEY_KINDS] = {QA_STAT_IN, QA_STAT_OUT, QA_STAT_LIST, QA_STAT_POP3, QA_STAT_IMAP};

static void
when(int64_t t, char out[32])
{
	struct tm tm;
	time_t at = (time_t)t;

	if (!localtime_r(&at, &tm) || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, 32, "%lld", (long long)t);
}

static void
summary(struct table *t, const struct qa_survey *s)
{
	static const struct table_column columns[] = {
	    {"first", "", TABLE_NAME},	    {"last", "", TABLE_NAME},	       {"lines", "", TABLE_NUMBER},
	    {"counted", "", TABLE_NUMBER},  {"bad", "", TABLE_NUMBER},	       {"by_domain_only", "", TABLE_NUMBER},
	    {"first_line", "", TABLE_NAME}, {"last_line", "", TABLE_NAME}};
	const struct qa_survey_sums *r = &s->sums;
	struct qa_buf line = QA_BUF(0);
	char first[32] = "", last[32] = "";

	if (r->first.is) {
		when(r->first.time, first);
		when(r->last.time, last);
	}
	if (t->form != TABLE_TEXT) {
		table_begin(t, "summary", "", columns, s->verbose ? 8 : 6);
		table_name(t, qa_span_str(first));
		table_name(t, qa_span_str(last));
		table_number(t, s->lines);
		table_number(t, r->lines);
		table_number(t, r->bad.count);
		table_number(t, r->folded);
		if (s->verbose) {
			table_name(t, qa_span_of(r->first.text, r->first.n));
			table_name(t, qa_span_of(r->last.text, r->last.n));
		}
		table_end(t);
		return;
	}
	table_line(t, "Mail traffic: %llu line%s", (unsigned long long)r->lines, r->lines == 1 ? "" : "s");
	if (r->first.is)
		table_line(t, " from %s to %s", first, last);
	table_line(t, "\n");
	if (r->bad.count)
		table_line(t, "%llu of %llu lines in the files are bad\n", (unsigned long long)r->bad.count,
			   (unsigned long long)s->lines);
	if (r->folded)
		table_line(t, "more names than are kept: %llu times one was counted by its domain only\n",
			   (unsigned long long)r->folded);
	for (int i = 0; s->verbose && r->first.is && i < 2; i++) {
		const struct qa_survey_edge *e = i ? &r->last : &r->first;

		qa_buf_clear(&line);
		if (qa_show_add(&line, qa_span_of(e->text, e->n)))
			exit(2);
		table_line(t, "%s line: %.*s\n", i ? "last" : "first", (int)line.n, (const char *)line.p);
	}
	qa_buf_free(&line);
}

static struct qa_count
of_kind(const struct qa_survey_sums *r, unsigned kind)
{
	struct qa_count c = {0, 0};

	for (size_t i = 0; i < r->statuses; i++)
		qa_count_add(&c, r->status[i].c[kind].n, r->status[i].c[kind].bytes);
	return c;
}

static void
totals(struct table *t, const struct qa_survey_sums *r)
{
	static const struct table_column columns[] = {{"kind", "", TABLE_NAME},
						      {"messages", "messages", TABLE_NUMBER},
						      {"lines", "lines", TABLE_NUMBER},
						      {"bytes", "bytes", TABLE_BYTES},
						      {"average", "average", TABLE_BYTES}};
	struct qa_count all = {0, 0};
	uint64_t messages = 0;

	table_begin(t, "totals", "Totals (a line is a recipient, or a session)", COLUMNS(columns));
	for (unsigned i = 0; i <= QA_SURVEY_KINDS; i++) {
		bool sum = i == QA_SURVEY_KINDS;
		struct qa_count c = sum ? all : of_kind(r, shown_order[i]);
		uint64_t m = sum ? messages : r->messages[shown_order[i]];

		table_name(t, qa_span_str(sum ? "all" : kinds[shown_order[i]]));
		table_number(t, m);
		table_number(t, c.n);
		table_number(t, c.bytes);
		table_number(t, c.n ? c.bytes / c.n : 0);
		if (!sum) {
			qa_count_add(&all, c.n, c.bytes);
			messages += m;
		}
	}
	table_end(t);
}

static uint64_t
status_lines(const struct qa_survey_status *s)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < QA_SURVEY_KINDS; k++)
		n += s->c[k].n;
	return n;
}

static int
by_lines(const void *x, const void *y)
{
	const struct qa_survey_status *a = *(const struct qa_survey_status *const *)x;
	const struct qa_survey_status *b = *(const struct qa_survey_status *const *)y;
	uint64_t na = status_lines(a), nb = status_lines(b);

	if (na != nb)
		return na > nb ? -1 : 1;
	return strcmp((const char *)a->name, (const char *)b->name);
}

/* Statuses, the most frequent first: pointers to OUT. */
static size_t
sorted(const struct qa_survey_sums *r, const struct qa_survey_status *out[QA_SURVEY_STATUSES + 1])
{
	for (size_t i = 0; i < r->statuses; i++)
		out[i] = &r->status[i];
	qsort(out, r->statuses, sizeof *out, by_lines);
	return r->statuses;
}

static void
statuses(struct table *t, const struct qa_survey_sums *r)
{
	static const struct table_column columns[] = {
	    {"status", "", TABLE_NAME},		       {"in", "in", TABLE_NUMBER},
	    {"out", "out", TABLE_NUMBER},	       {"maillist", "maillist", TABLE_NUMBER},
	    {"sessions", "sessions", TABLE_NUMBER}, {"bytes", "bytes", TABLE_BYTES}};
	const struct qa_survey_status *st[QA_SURVEY_STATUSES + 1];
	size_t n = sorted(r, st);

	table_begin(t, "status", "By status (lines)", COLUMNS(columns));
	for (size_t i = 0; i < n; i++) {
		struct qa_count all = {0, 0};

		for (unsigned k = 0; k < QA_SURVEY_KINDS; k++)
			qa_count_add(&all, st[i]->c[k].n, st[i]->c[k].bytes);
		table_name(t, qa_span_of(st[i]->name, st[i]->n));
		table_number(t, st[i]->c[QA_STAT_IN].n);
		table_number(t, st[i]->c[QA_STAT_OUT].n);
		table_number(t, st[i]->c[QA_STAT_LIST].n);
		table_number(t, st[i]->c[QA_STAT_POP3].n + st[i]->c[QA_STAT_IMAP].n);
		table_number(t, all.bytes);
	}
	table_end(t);
}

static void
refusals(struct table *t, const struct qa_survey_sums *r)
{
	static const struct table_column columns[] = {{"status", "", TABLE_NAME},
						      {"kind", "", TABLE_NAME},
						      {"lines", "lines", TABLE_NUMBER},
						      {"bytes", "bytes", TABLE_BYTES},
						      {"share", "of them", TABLE_SHARE}};
	const struct qa_survey_status *st[QA_SURVEY_STATUSES + 1];
	size_t n = sorted(r, st);

	table_begin(t, "refusals", "Refused and failed", COLUMNS(columns));
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < QA_SURVEY_KINDS; k++) {
			const struct qa_count *c = &st[i]->c[shown_order[k]];

			if (c->n == 0 || strcmp((const char *)st[i]->name, "success") == 0)
				continue;
			table_name(t, qa_span_of(st[i]->name, st[i]->n));
			table_name(t, qa_span_str(kinds[shown_order[k]]));
			table_number(t, c->n);
			table_number(t, c->bytes);
			table_share(t, c->n, of_kind(r, shown_order[k]).n);
		}
	table_end(t);
}

/* Counters by kind as those of names have it. */
static void
three(const struct qa_count c[QA_SURVEY_KINDS], struct qa_count out[QA_SURVEY_SIDES])
{
	out[QA_SURVEY_IN] = c[QA_STAT_IN];
	out[QA_SURVEY_OUT] = c[QA_STAT_OUT];
	out[QA_SURVEY_SESSIONS] = c[QA_STAT_POP3];
	qa_count_add(&out[QA_SURVEY_IN], c[QA_STAT_LIST].n, c[QA_STAT_LIST].bytes);
	qa_count_add(&out[QA_SURVEY_SESSIONS], c[QA_STAT_IMAP].n, c[QA_STAT_IMAP].bytes);
}

static void
hours(struct table *t, const struct qa_survey_sums *r)
{
	static const struct table_column columns[] = {
	    {"hour", "", TABLE_NAME},	 {"in", "in", TABLE_NUMBER},	     {"in_bytes", "bytes", TABLE_BYTES},
	    {"out", "out", TABLE_NUMBER}, {"out_bytes", "bytes", TABLE_BYTES},	     {"sessions", "sessions", TABLE_NUMBER},
	    {"sessions_bytes", "bytes", TABLE_BYTES}};
	char text[8];

	table_begin(t, "hours", "By hour", COLUMNS(columns));
	for (unsigned h = 0; h < 24; h++) {
		struct qa_count c[QA_SURVEY_SIDES];

		three(r->hour[h], c);
		snprintf(text, sizeof text, "%02u", h);
		table_name(t, qa_span_str(text));
		for (unsigned i = 0; i < QA_SURVEY_SIDES; i++) {
			table_number(t, c[i].n);
			table_number(t, c[i].bytes);
		}
	}
	table_end(t);
}

/* A name as it was; what stands for several in words. */
static void
name(struct table *t, const struct qa_nametab *table, const struct qa_name *e, bool address)
{
	unsigned char plain[QA_STATLINE_MAX + 2] = "*@";

	if (e->hash == ~table->seed)
		table_name(t, qa_span_str("(all others)"));
	else if (e->n == 0)
		table_name(t, qa_span_str(address ? "<>" : "(no domain)"));
	else if (address && e->n == e->domain_n)
		table_name(t, qa_span_of(plain, 2 + qa_statline_decode(qa_span_of(qa_name_text(table, e), e->n), plain + 2)));
	else
		table_name(t, qa_span_of(plain, qa_statline_decode(qa_span_of(qa_name_text(table, e), e->n), plain)));
}

static uint64_t
all_bytes(const struct qa_nametab *t, const struct qa_name *e)
{
	struct qa_count c = qa_survey_total(t, e);

	/* names without a byte still stand in the list */
	return c.n && c.bytes == 0 ? 1 : c.bytes;
}

/* Names of a table, the largest first: their number; *V_R is to be freed. */
static size_t
largest(const struct qa_nametab *t, qa_survey_number *number, size_t top, uint32_t **v_r)
{
	if (top == 0 || top > t->n)
		top = t->n;
	if (!(*v_r = calloc(top ? top : 1, sizeof **v_r))) {
		fputs("mailstatistics: no memory\n", stderr);
		exit(2);
	}
	return qa_survey_top(t, number, top, *v_r);
}

static void
more(struct table *t, size_t shown, size_t all)
{
	if (shown < all)
		table_line(t, "and %zu more\n", all - shown);
}

static void
own(struct table *t, const char *key, const char *title, const struct qa_nametab *table, size_t top, bool address)
{
	static const struct table_column columns[] = {{"name", "", TABLE_NAME},
						      {"lines", "lines", TABLE_NUMBER},
						      {"in_bytes", "in", TABLE_BYTES},
						      {"out_bytes", "out", TABLE_BYTES},
						      {"sessions_bytes", "sessions", TABLE_BYTES},
						      {"bytes", "all", TABLE_BYTES}};
	uint32_t *v;
	size_t n = largest(table, all_bytes, top, &v);

	table_begin(t, key, title, COLUMNS(columns));
	for (size_t i = 0; i < n; i++) {
		const struct qa_name *e = qa_nametab_at(table, v[i]);
		struct qa_count all = qa_survey_total(table, e);

		name(t, table, e, address);
		table_number(t, all.n);
		for (unsigned k = 0; k < QA_SURVEY_SIDES; k++)
			table_number(t, e->c[k].bytes);
		table_number(t, all.bytes);
	}
	table_end(t);
	more(t, n, table->n);
	free(v);
}

static void
peers(struct table *t, const struct qa_nametab *table, size_t top)
{
	static const struct table_column columns[] = {{"name", "", TABLE_NAME},
						      {"from", "from", TABLE_NUMBER},
						      {"from_bytes", "bytes", TABLE_BYTES},
						      {"to", "to", TABLE_NUMBER},
						      {"to_bytes", "bytes", TABLE_BYTES}};
	uint32_t *v;
	size_t n = largest(table, all_bytes, top, &v);

	table_begin(t, "peers", "Domains that mail came from and went to", COLUMNS(columns));
	for (size_t i = 0; i < n; i++) {
		const struct qa_name *e = qa_nametab_at(table, v[i]);

		name(t, table, e, false);
		for (unsigned k = 0; k < 2; k++) {
			table_number(t, e->c[k].n);
			table_number(t, e->c[k].bytes);
		}
	}
	table_end(t);
	more(t, n, table->n);
	free(v);
}

static uint64_t
in_lines(const struct qa_nametab *t, const struct qa_name *e)
{
	(void)t;
	return e->c[QA_SURVEY_IN].n;
}

static uint64_t
in_bytes(const struct qa_nametab *t, const struct qa_name *e)
{
	(void)t;
	return e->c[QA_SURVEY_IN].bytes;
}

static uint64_t
out_lines(const struct qa_nametab *t, const struct qa_name *e)
{
	(void)t;
	return e->c[QA_SURVEY_OUT].n;
}

static uint64_t
out_bytes(const struct qa_nametab *t, const struct qa_name *e)
{
	(void)t;
	return e->c[QA_SURVEY_OUT].bytes;
}

/* Who sent and got most. In both tables of names the first two counters are in and out. */
static void
busiest(struct table *t, const struct qa_survey_sums *r, size_t top)
{
	static const struct table_column columns[] = {
	    {"address", "", TABLE_NAME}, {"lines", "lines", TABLE_NUMBER}, {"bytes", "bytes", TABLE_BYTES}};
	const struct {
		const char *key, *title;
		const struct qa_nametab *table;
		qa_survey_number *number;
		unsigned kind;
	} lists[] = {
	    {"in_senders_largest", "Largest senders of what came in", &r->peer, in_bytes, QA_SURVEY_IN},
	    {"in_senders_frequent", "Most frequent senders of what came in", &r->peer, in_lines, QA_SURVEY_IN},
	    {"in_recipients_largest", "Largest recipients of what came in", &r->own, in_bytes, QA_SURVEY_IN},
	    {"in_recipients_frequent", "Most frequent recipients of what came in", &r->own, in_lines, QA_SURVEY_IN},
	    {"out_senders_largest", "Largest senders of what went out", &r->own, out_bytes, QA_SURVEY_OUT},
	    {"out_senders_frequent", "Most frequent senders of what went out", &r->own, out_lines, QA_SURVEY_OUT},
	    {"out_recipients_largest", "Largest recipients of what went out", &r->peer, out_bytes, QA_SURVEY_OUT},
	    {"out_recipients_frequent", "Most frequent recipients of what went out", &r->peer, out_lines, QA_SURVEY_OUT}};

	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
		uint32_t *v;
		size_t n = largest(lists[k].table, lists[k].number, top, &v);

		table_begin(t, lists[k].key, lists[k].title, COLUMNS(columns));
		for (size_t i = 0; i < n; i++) {
			const struct qa_name *e = qa_nametab_at(lists[k].table, v[i]);

			name(t, lists[k].table, e, true);
			table_number(t, e->c[lists[k].kind].n);
			table_number(t, e->c[lists[k].kind].bytes);
		}
		table_end(t);
		free(v);
	}
}

static void
attempts(struct table *t, const struct qa_survey_sums *r)
{
	static const struct table_column columns[] = {
	    {"attempts", "", TABLE_NAME}, {"in", "in", TABLE_NUMBER}, {"out", "out", TABLE_NUMBER}};
	char text[24];

	table_begin(t, "attempts", "Data transfers in the session of a mail", COLUMNS(columns));
	for (unsigned a = 0; a <= QA_SURVEY_ATTEMPTS; a++) {
		if (!r->attempts[a][QA_STAT_IN] && !r->attempts[a][QA_STAT_OUT])
			continue;
		snprintf(text, sizeof text, "%u%s", a, a == QA_SURVEY_ATTEMPTS ? " and more" : "");
		table_name(t, qa_span_str(a ? text : "not said"));
		table_number(t, r->attempts[a][QA_STAT_IN]);
		table_number(t, r->attempts[a][QA_STAT_OUT]);
	}
	table_end(t);
}

static void
bad_lines(struct table *t, const struct qa_bad *b, const struct qa_files *files)
{
	static const struct table_column columns[] = {
	    {"file", "", TABLE_NAME}, {"line", "", TABLE_NUMBER}, {"why", "", TABLE_NAME}, {"text", "", TABLE_NAME}};
	struct qa_buf text = QA_BUF(0);

	if (t->form == TABLE_TEXT) {
		if (qa_bad_show(b, files, &text))
			exit(2);
		table_line(t, "\nBad lines\n%s", b->count ? "" : "(none)\n");
		if (qa_buf_addspan(&t->out, qa_buf_span(&text)))
			exit(2);
		qa_buf_free(&text);
		return;
	}
	table_begin(t, "bad_lines", "", COLUMNS(columns));
	for (size_t i = 0; i < b->n; i++) {
		const struct qa_bad_line *l = &b->kept[i];

		table_name(t, qa_span_str(files->v[l->file].name));
		table_number(t, qa_files_line(files, l->file, l->part, l->line));
		table_name(t, qa_span_str(l->why));
		table_name(t, qa_span_of(l->text, l->n));
	}
	table_end(t);
}

void
overview(struct table *t, const struct qa_survey *s, const struct qa_files *files, size_t top, bool bad)
{
	const struct qa_survey_sums *r = &s->sums;

	summary(t, s);
	totals(t, r);
	statuses(t, r);
	hours(t, r);
	own(t, "domains", "By domain", s->verbose ? &s->domains : &r->own, top, false);
	if (s->verbose) {
		own(t, "accounts", "By account", &r->own, top, true);
		peers(t, &s->peers, top);
		busiest(t, r, top);
		attempts(t, r);
		refusals(t, r);
	}
	if (bad)
		bad_lines(t, &r->bad, files);
}
