#include "traffic/qml.h"

#include "base/num.h"
#include "base/text.h"

#include <stdio.h>

static const char heading[] = "|name|xFer(kB)|Hits_All|Hits_HTML|";

static bool
name_good(qa_span s)
{
	if (s.n == 0 || s.n > QA_QML_NAME)
		return false;
	while (s.n) {
		size_t k = s.p[0] < 0x80 ? 1 : qa_utf8_len(s);

		if (k == 0 || s.p[0] <= ' ' || s.p[0] == 0x7f)
			return false;
		s = qa_span_cut(s, k, s.n);
	}
	return true;
}

/* What stands before the next '|', which is taken too: false when there is none. */
static bool
field(qa_span *rest, qa_span *out_r)
{
	const unsigned char *bar = rest->n ? memchr(rest->p, '|', rest->n) : NULL;

	if (!bar)
		return false;
	*out_r = qa_span_of(rest->p, (size_t)(bar - rest->p));
	*rest = qa_span_cut(*rest, out_r->n + 1, rest->n);
	return true;
}

static bool
number(qa_span s, uint64_t *out_r)
{
	return qa_scan_u64(s, out_r) == 0 && *out_r <= QA_QML_MOST;
}

int
qa_qml_line(qa_span line, struct qa_qml_row *row_r, const char **why_r)
{
	qa_span lead, kb, hits, html;

	*why_r = "not of the form |name|kB|hits|hits|";
	if (!field(&line, &lead) || lead.n || !field(&line, &row_r->name) || !field(&line, &kb) || !field(&line, &hits) ||
	    !field(&line, &html) || line.n)
		return -1;
	*why_r = "a name that cannot be one";
	if (!name_good(row_r->name))
		return -1;
	*why_r = "a number that is none, or too large";
	return number(kb, &row_r->kb) && number(hits, &row_r->hits) && number(html, &row_r->html) ? 0 : -1;
}

int
qa_qml_next(struct qa_qml *q, struct qa_qml_row *row_r, const char **why_r)
{
	while (q->rest.n) {
		const unsigned char *end = memchr(q->rest.p, '\n', q->rest.n);

		q->line++;
		if (!end) {
			*why_r = "the last line has no end: the file was cut off, or is still being written";
			return -1;
		}
		qa_span line = qa_span_of(q->rest.p, (size_t)(end - q->rest.p));
		q->rest = qa_span_cut(q->rest, line.n + 1, q->rest.n);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (q->line == 1 && qa_span_is(line, heading))
			continue;
		return qa_qml_line(line, row_r, why_r) ? -1 : 1;
	}
	return 0;
}

static unsigned
digits(const char *p, size_t n)
{
	unsigned v = 0;

	while (n--)
		v = v * 10 + (unsigned)(*p++ - '0');
	return v;
}

int
qa_qml_file(const char *name, struct qa_qml_file *f_r)
{
	static const char form[] = "00.00.0000.";
	static const struct {
		const char *end, *kind;
	} known[] = {{"qml.txt", "mail"}, {"qml", "mail"}, {"txt", "web"}, {"gst.txt", "gst"}, {"ftp.txt", "ftp"}};
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	size_t k = 0;

	for (size_t i = 0; i < sizeof form - 1; i++)
		if (form[i] == '0' ? name[i] < '0' || name[i] > '9' : name[i] != form[i])
			return 0;
	while (k < sizeof known / sizeof *known && strcmp(name + sizeof form - 1, known[k].end) != 0)
		k++;
	if (k == sizeof known / sizeof *known)
		return 0;
	unsigned d = digits(name, 2), m = digits(name + 3, 2), y = digits(name + 6, 4);
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
	if (y < 1970 || m < 1 || m > 12 || d < 1 || d > days[m - 1] + (m == 2 && leap ? 1u : 0u))
		return -1;
	snprintf(f_r->day, sizeof f_r->day, "%04u-%02u-%02u", y % 10000, m % 100, d % 100);
	f_r->kind = known[k].kind;
	return 1;
}
