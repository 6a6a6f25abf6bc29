/*
 * md_search: finds mail of a domain. Prints a page of hits, or their number, and always how much of the archive was asked.
 */
#include "archive/home.h"
#include "base/num.h"
#include "base/text.h"
#include "catalog/search.h"
#include "catalog/snippet.h"
#include "message/message.h"
#include "index-sandbox.h"
#include "query.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SORT = 1, PAGE, COUNT, JSON, PLAIN, READ_MOST = 16 << 20, SNIPPET = 160, HITS_MOST = 100000 };

static const char help[] =
    "Finds mail. The newest comes first. QUERY is several words, joined by blanks:\n\n"
    "  word \"a phrase\" begin*        from:a@b.example to: cc: rcpt: subject: body:\n"
    "  AND OR NOT -word ( )          filename: type:pdf has:attachment larger:1M smaller:\n"
    "  after:2026-01-01 before:      date:2026-01..2026-03 source: status:unsettled id: sha256:\n\n"
    "  -n N              hits of a page (20)\n"
    "      --page P      which page (1)\n"
    "      --sort ORDER  date (newest first), -date, relevance, size\n"
    "      --count       the number of hits instead of hits\n"
    "      --json        one JSON object a line, the last one says what was covered\n"
    "      --plain       IDs only, one a line\n";
static const struct option longs[] = {{"sort", required_argument, NULL, SORT}, {"page", required_argument, NULL, PAGE},
				      {"count", no_argument, NULL, COUNT},     {"json", no_argument, NULL, JSON},
				      {"plain", no_argument, NULL, PLAIN},     {0}};
static const struct qa_opt opt = {"md_search",
				  "[-n N] [--page P] [--sort ORDER] [--count] [--json|--plain] DOMAIN QUERY...", help,
				  "n:", longs};

struct view {
	struct qa_archive *a;
	struct qa_highlight *h;
	struct qa_buf out, message;
	bool json, plain, terminal;
};

static void
flush(struct view *v)
{
	tool_write(&opt, qa_buf_span(&v->out));
	qa_buf_clear(&v->out);
}

static void
full(int failed)
{
	tool_full(&opt, failed);
}

/* "delivery to you@example.com" */
static void
name_event(struct view *v, const struct qa_hit *hit, const struct qa_entry *e)
{
	const char *kind = qa_kind_name(hit->flags & QA_ROW_KIND);
	struct qa_buf *b = &v->message;
	qa_span mailbox;

	qa_buf_clear(b);
	full(qa_buf_addstr(b, kind ? kind : "an event"));
	if (qa_field_find(e->fields, QA_F_MAILBOX, &mailbox) == 1)
		full(qa_buf_addstr(b, " to ") || qa_show_add(b, mailbox));
}

/* The message of a hit again, parsed; NULL when it is not to be had (why_r; of an event, what it is). */
static struct qa_document *
reread(struct view *v, const struct qa_hit *hit, const char **why_r)
{
	struct qa_entry_id id = {hit->month, hit->n};
	struct qa_partition *p;
	struct qa_entry e;
	struct qa_document *d;
	struct qa_err err;
	int r = qa_archive_entry(v->a, &id, &p, &e, &err);

	*why_r = r == 0 ? "its month is offline" : "it cannot be read; md_verify says why";
	if (r != 1)
		return NULL;
	*why_r = "purged";
	if (!e.has_message) {
		if (!e.purged) {
			name_event(v, hit, &e);
			*why_r = qa_buf_cstr(&v->message);
			full(*why_r == NULL);
		}
		return NULL;
	}
	*why_r = "too large to show here";
	if (e.size > READ_MOST)
		return NULL;
	qa_buf_clear(&v->message);
	*why_r = "it cannot be read; md_verify says why";
	if (qa_partition_message_buf(p, &e, &v->message, &err) ||
	    qa_message_parse(qa_buf_span(&v->message), NULL, &d, &err))
		return NULL;
	return d;
}

static const char *
author(const struct qa_document *d)
{
	const struct qa_addresses *a = d->from.n ? &d->from : &d->sender;

	if (!a->n)
		return "";
	return *a->v[0].name ? a->v[0].name : a->v[0].addr;
}

static void
local_time(int64_t seconds, char *out, size_t size)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(out, size, "%Y-%m-%d %H:%M", &tm))
		snprintf(out, size, "%lld", (long long)seconds);
}

static void
show_person(struct view *v, const struct qa_hit *hit, const char *id, const struct qa_document *d, const char *why)
{
	struct qa_buf *b = &v->out;
	const char *on = v->terminal ? "\033[1m" : "", *off = v->terminal ? "\033[0m" : "";
	char when[40];

	local_time(hit->date, when, sizeof when);
	full(qa_buf_addf(b, "%s%-14s%s %s  ", on, id, off, when));
	if (!d) {
		full(qa_buf_addf(b, "(%s)\n", why));
		return;
	}
	full(qa_show_add(b, qa_span_str(author(d))) || qa_buf_addstr(b, "  ") ||
	     qa_show_add(b, qa_span_str(*d->subject ? d->subject : "(no subject)")) ||
	     qa_buf_addstr(b, hit->flags & QA_ROW_ATTACHMENT ? "  [+]\n" : "\n"));
	size_t before = b->n;
	full(qa_buf_addstr(b, "    ") || qa_snippet(v->h, d->text, SNIPPET, on, off, b));
	/* an empty message has no line of text */
	for (size_t i = before; i < b->n; i++)
		if (b->p[i] != ' ') {
			full(qa_buf_addc(b, '\n'));
			return;
		}
	b->n = before;
}

static void
json_string(struct qa_buf *b, const char *key, qa_span value)
{
	full(qa_buf_addf(b, ",\"%s\":", key) || qa_json_add(b, value));
}

static void
json_addresses(struct qa_buf *b, const char *key, const struct qa_addresses *a)
{
	full(qa_buf_addf(b, ",\"%s\":[", key));
	for (size_t i = 0; i < a->n; i++)
		full((i && qa_buf_addc(b, ',')) || qa_json_add(b, qa_span_str(a->v[i].addr)));
	full(qa_buf_addc(b, ']'));
}

static void
show_json(struct view *v, const struct qa_hit *hit, const char *id, const struct qa_document *d, const char *why)
{
	struct qa_buf *b = &v->out, text = QA_BUF(1 << 16);
	char date[QA_RFC3339_TEXT];
	const char *kind = qa_kind_name(hit->flags & QA_ROW_KIND);
	const char *source = qa_source_name((hit->flags & QA_ROW_SOURCE) >> 4);

	qa_rfc3339((uint64_t)(hit->date > 0 ? hit->date : 0) * QA_SECOND, date);
	full(qa_buf_addf(b, "{\"id\":\"%s\",\"date\":\"%s\",\"size\":%llu,\"kind\":\"%s\",\"source\":\"%s\"", id, date,
			 (unsigned long long)hit->size, kind ? kind : "", source ? source : ""));
	full(qa_buf_addf(b, ",\"attachment\":%s,\"raw_text\":%s", hit->flags & QA_ROW_ATTACHMENT ? "true" : "false",
			 hit->flags & QA_ROW_FALLBACK ? "true" : "false"));
	if (!d && !(hit->flags & QA_ROW_MESSAGE)) {
		json_string(b, "event", qa_span_str(why));
	} else if (!d) {
		json_string(b, "unreadable", qa_span_str(why));
	} else {
		json_addresses(b, "from", &d->from);
		json_addresses(b, "to", &d->to);
		json_string(b, "subject", qa_span_str(d->subject));
		json_string(b, "message_id", qa_span_str(d->message_id));
		full(qa_snippet(v->h, d->text, SNIPPET, "", "", &text));
		json_string(b, "snippet", qa_buf_span(&text));
	}
	full(qa_buf_addstr(b, "}\n"));
	qa_buf_free(&text);
}

static void
show(struct view *v, const struct qa_hit *hit)
{
	char id[QA_ENTRY_ID_TEXT];
	const char *why = "";
	struct qa_document *d;

	qa_entry_id_text(&(struct qa_entry_id){hit->month, hit->n}, id);
	if (v->plain) {
		full(qa_buf_addf(&v->out, "%s\n", id));
	} else {
		d = reread(v, hit, &why);
		(v->json ? show_json : show_person)(v, hit, id, d, why);
		qa_document_free(d);
	}
	flush(v);
}

static void
list_months(struct qa_buf *b, const GArray *months, const char *format, const char *between)
{
	for (guint i = 0; i < months->len; i++) {
		char text[QA_MONTH_TEXT];

		qa_month_text(g_array_index(months, qa_month, i), text);
		full((i && qa_buf_addstr(b, between)) || qa_buf_addstr(b, format) || qa_buf_addstr(b, text) ||
		     qa_buf_addstr(b, format));
	}
}

static void
json_coverage(struct qa_buf *b, const struct qa_coverage *c)
{
	full(qa_buf_addf(b, "{\"covers\":%llu,\"of\":%llu,\"raw_text\":%llu,\"missing\":[",
			 (unsigned long long)c->indexed, (unsigned long long)c->committed,
			 (unsigned long long)c->fallbacks));
	list_months(b, c->missing, "\"", ",");
	full(qa_buf_addstr(b, "],\"damaged\":["));
	list_months(b, c->damaged, "\"", ",");
	full(qa_buf_addstr(b, "],\"ahead\":["));
	list_months(b, c->ahead, "\"", ",");
	full(qa_buf_addstr(b, "],\"offline\":["));
	list_months(b, c->offline, "\"", ",");
	full(qa_buf_addstr(b, "]}\n"));
}

static void
say_months(struct qa_buf *b, const GArray *months, const char *what)
{
	if (!months->len)
		return;
	full(qa_buf_addf(b, "; %s: ", what));
	list_months(b, months, "", " ");
}

/* To people after the hits; to programs that want IDs only, on standard error. */
static void
coverage(struct view *v, const struct qa_coverage *c)
{
	if (v->json) {
		json_coverage(&v->out, c);
		flush(v);
		return;
	}
	full(qa_buf_addf(&v->out, "covers %llu of %llu %s", (unsigned long long)c->indexed,
			 (unsigned long long)c->committed, qa_noun(c->committed, "entry", "entries")));
	say_months(&v->out, c->missing, "not indexed yet");
	say_months(&v->out, c->damaged, "catalog damaged (md_reindex mends it)");
	say_months(&v->out, c->ahead, "catalog ahead of the log (md_index or md_reindex makes it again)");
	say_months(&v->out, c->offline, "found but offline");
	full(qa_buf_addc(&v->out, '\n'));
	if (v->plain) {
		fwrite(v->out.p, 1, v->out.n, stderr);
		qa_buf_clear(&v->out);
	}
	flush(v);
}

static enum qa_sort
sort_of(const char *s)
{
	static const struct {
		const char *name;
		enum qa_sort sort;
	} sorts[] = {{"date", QA_SORT_NEWEST},
		     {"-date", QA_SORT_OLDEST},
		     {"relevance", QA_SORT_RELEVANCE},
		     {"size", QA_SORT_SIZE}};
	struct qa_err err;

	for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++)
		if (strcmp(s, sorts[i].name) == 0)
			return sorts[i].sort;
	qa_fail(&err, 0, "cannot sort by %s: by date, -date, relevance or size", s);
	qa_die(opt.program, &err);
}

static uint64_t
number(const char *what, const char *s, uint64_t most)
{
	struct qa_err err;
	uint64_t v;

	if (qa_scan_u64(qa_span_str(s), &v) || v == 0 || v > most) {
		qa_fail(&err, 0, "%s: not a %s (1 to %llu)", s, what, (unsigned long long)most);
		qa_die(opt.program, &err);
	}
	return v;
}

/* Shows the page; whether there was a hit on it. */
static bool
page(struct view *v, struct qa_search *s, enum qa_sort sort, uint64_t n, uint64_t skip)
{
	struct qa_hit hit;
	struct qa_err err;
	bool any = false;
	int r;

	if (qa_search_start(s, sort, &err))
		qa_die(opt.program, &err);
	for (uint64_t i = 0; i < skip + n; i++) {
		r = qa_search_next(s, &hit, &err);
		if (r < 0)
			qa_die(opt.program, &err);
		if (r == 0)
			break;
		if (i < skip)
			continue;
		show(v, &hit);
		any = true;
	}
	return any;
}

static bool
count(struct view *v, struct qa_search *s)
{
	struct qa_err err;
	uint64_t n;

	if (qa_search_count(s, &n, &err))
		qa_die(opt.program, &err);
	full(qa_buf_addf(&v->out, v->json ? "{\"count\":%llu}\n" : "%llu\n", (unsigned long long)n));
	flush(v);
	return n > 0;
}

int
main(int argc, char **argv)
{
	struct view v = {.out.limit = 64 << 20, .message.limit = READ_MOST + 1};
	enum qa_sort sort = QA_SORT_NEWEST;
	uint64_t n = 20, p = 1;
	struct qa_search *s;
	struct qa_query q;
	char dir[QA_PATH_MAX];
	struct qa_err err;
	bool counting = false, any;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1)
		switch (c) {
		case 'n':
			n = number("number of hits", optarg, HITS_MOST);
			break;
		case PAGE:
			p = number("page", optarg, UINT32_MAX);
			break;
		case SORT:
			sort = sort_of(optarg);
			break;
		case COUNT:
			counting = true;
			break;
		case JSON:
			v.json = true;
			break;
		case PLAIN:
			v.plain = true;
			break;
		default:
			qa_usage(&opt);
		}
	if (argc - optind < 2 || (v.json && v.plain))
		qa_usage(&opt);
	query_words(&opt, argv + optind + 1, &q);
	v.a = tool_archive(&opt, argv[optind]);
	if (index_shut_domain(qa_opt_home(), qa_archive_domain(v.a), &err) ||
	    qa_home_path(dir, qa_opt_home(), &err, QA_HOME_VAR "/catalog", qa_archive_domain(v.a)) ||
	    qa_search_open(v.a, dir, &q, &s, &err))
		qa_die(opt.program, &err);
	v.terminal = isatty(STDOUT_FILENO) == 1;
	v.h = qa_highlight_new(&q);
	any = counting ? count(&v, s) : page(&v, s, sort, n, (p - 1) * n);
	coverage(&v, qa_search_coverage(s));
	qa_highlight_free(v.h);
	qa_search_close(s);
	qa_archive_close(v.a);
	qa_query_free(&q);
	qa_buf_free(&v.out);
	qa_buf_free(&v.message);
	return any ? 0 : 1;
}
