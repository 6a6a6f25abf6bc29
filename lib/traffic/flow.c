#include "traffic/flow.h"

#include "traffic/day.h"
#include "traffic/survey.h"

#include <errno.h>
#include <string.h>

_Static_assert((int)QA_FLOW_WAYS == (int)QA_SURVEY_KINDS, "a way for each kind");

const char *
qa_flow_way(unsigned way)
{
	static const char *const name[QA_FLOW_WAYS] = {"in", "out", "pop3", "imap", "list"};

	return name[way];
}

static void
add(struct qa_flow_sum *to, const struct qa_count *c)
{
	if (__builtin_add_overflow(to->bytes, c->bytes, &to->bytes))
		to->bytes = UINT64_MAX;
	to->lines += c->n;
}

static void
named_clear(void *p)
{
	g_free(((struct qa_flow_named *)p)->name);
}

static int
by_bytes(const void *a, const void *b)
{
	const struct qa_flow_named *x = a, *y = b;

	if (x->sum.bytes != y->sum.bytes)
		return x->sum.bytes < y->sum.bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void
statuses(struct qa_flow *f, const struct qa_survey_sums *s)
{
	for (size_t i = 0; i < s->statuses; i++) {
		const struct qa_survey_status *from = &s->status[i];
		struct qa_flow_named to = {0};

		for (unsigned k = 0; k < QA_FLOW_WAYS; k++)
			if (k != QA_STAT_POP3 && k != QA_STAT_IMAP)
				add(&to.sum, &from->c[k]);
		if (to.sum.lines == 0)
			continue;
		to.name = g_strndup((const char *)from->name, from->n);
		g_array_append_val(f->status, to);
	}
	g_array_sort(f->status, by_bytes);
}

static void
accounts(struct qa_flow *f, const struct qa_nametab *t)
{
	for (uint32_t at = qa_nametab_first(t); at; at = qa_nametab_next(t, at)) {
		const struct qa_name *e = qa_nametab_at(t, at);
		struct qa_count all = qa_survey_total(t, e);
		struct qa_flow_named to = {0};

		if (e->n == 0)
			continue;
		add(&to.sum, &all);
		to.name = g_malloc(e->n + 1u);
		to.name[qa_statline_decode(qa_span_of(qa_name_text(t, e), e->n), (unsigned char *)to.name)] = 0;
		g_array_append_val(f->account, to);
	}
	g_array_sort(f->account, by_bytes);
}

static int64_t
second_of(const char *day)
{
	struct qa_day d;

	return qa_day_scan(qa_span_str(day), &d) ? 0 : qa_day_begin(d);
}

int
qa_flow_read(struct qa_flow *f, const char *const *path, size_t n, struct qa_err *err)
{
	struct qa_survey s = {.verbose = true, .from = second_of(f->period.from), .to = second_of(f->period.to)};
	struct qa_files files = QA_FILES;
	int rc = 0;

	if (f->domain)
		s.domain = qa_span_str(f->domain);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = qa_files_add(&files, path[i], err);
	if (rc == 0)
		rc = qa_survey_run(&s, &files, err);
	int num = errno;
	qa_files_free(&files);
	errno = num;
	if (rc)
		return -1;
	f->status = g_array_new(FALSE, FALSE, sizeof(struct qa_flow_named));
	f->account = g_array_new(FALSE, FALSE, sizeof(struct qa_flow_named));
	g_array_set_clear_func(f->status, named_clear);
	g_array_set_clear_func(f->account, named_clear);
	f->lines = s.sums.lines;
	f->bad = s.sums.bad.count;
	for (unsigned h = 0; h < 24; h++)
		for (unsigned k = 0; k < QA_FLOW_WAYS; k++) {
			add(&f->hour[h][k], &s.sums.hour[h][k]);
			add(&f->way[k], &s.sums.hour[h][k]);
		}
	statuses(f, &s.sums);
	accounts(f, &s.sums.own);
	qa_survey_free(&s);
	return 0;
}

void
qa_flow_free(struct qa_flow *f)
{
	g_array_free(f->status, TRUE);
	g_array_free(f->account, TRUE);
}
