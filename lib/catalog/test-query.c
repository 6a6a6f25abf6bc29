#include "catalog/query.h"

#include "base/clock.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define NOW INT64_C(1795404125) /* 2026-11-23 03:22:05 UTC, a Monday */

static void
tree(const char *text, const char *want)
{
	struct qa_query q;
	struct qa_err err = {0};
	struct qa_buf b = QA_BUF(1 << 20);
	size_t at;
	const char *got;

	if (qa_query_parse(qa_span_str(text), NOW, &q, &at, &err)) {
		OKF(0, "%s: %s at %zu", text, err.text, at);
		return;
	}
	got = qa_query_show(&q, &b) ? NULL : qa_buf_cstr(&b);
	OKF(got && strcmp(got, want) == 0, "%s = %s", text, want);
	if (got && strcmp(got, want) != 0)
		printf("# got %s\n", got);
	qa_buf_free(&b);
	qa_query_free(&q);
}

static void
bad(const char *text, size_t where, const char *part)
{
	struct qa_query q;
	struct qa_err err = {0};
	size_t at = 999;
	int r = qa_query_parse(qa_span_str(text), NOW, &q, &at, &err);

	if (!OKF(r == -1 && err.num == EPROTO && at == where && strstr(err.text, part), "refused: %s", text))
		printf("# result %d at %zu: %s\n", r, at, err.text);
	if (!r)
		qa_query_free(&q);
}

static void
test_words(void)
{
	tree("word", "any:word");
	tree("two words", "(AND any:two any:words)");
	tree("two AND words", "(AND any:two any:words)");
	tree("a b c", "(AND any:a any:b any:c)");
	tree("\"a phrase\"", "any:\"a phrase\"");
	tree("pre*", "any:pre*");
	tree("\"two pre\"*", "any:\"two pre\"*");
	tree("a\"b\"c", "(AND any:a any:\"b\" any:c)");
	tree("*", "ALL");
	tree("and or not", "(AND any:and any:or any:not)");
	tree("\xe6\x9d\xb1\xe4\xba\xac\xe3\x80\x80\xe5\xa4\xa7\xe9\x98\xaa",
	     "(AND any:\xe6\x9d\xb1\xe4\xba\xac any:\xe5\xa4\xa7\xe9\x98\xaa)");
	tree("Re: http://example.com/ 12:30", "(AND any:Re: any:http://example.com/ any:12:30)");
	tree("well-known", "any:well-known");
	tree("a - b", "(AND any:a any:- any:b)");
}

static void
test_operators(void)
{
	tree("a OR b", "(OR any:a any:b)");
	tree("a b OR c d", "(OR (AND any:a any:b) (AND any:c any:d))");
	tree("a (b OR c)", "(AND any:a (OR any:b any:c))");
	tree("-a", "(NOT any:a)");
	tree("NOT a", "(NOT any:a)");
	tree("NOT NOT a", "(NOT (NOT any:a))");
	tree("a -b c", "(AND any:a (NOT any:b) any:c)");
	tree("a NOT b OR c", "(OR (AND any:a (NOT any:b)) any:c)");
	tree("-(a OR b) -\"c d\"", "(AND (NOT (OR any:a any:b)) (NOT any:\"c d\"))");
	tree("((a))", "any:a");
	tree("f(x)", "(AND any:f any:x)");
}

static void
test_fields(void)
{
	tree("from:a@b.example", "from:a@b.example");
	tree("FROM:a", "from:a");
	tree("-from:a", "(NOT from:a)");
	tree("subject:\"a b\"*", "subject:\"a b\"*");
	tree("subject:(a OR \"b c\" -d)", "(OR subject:a (AND subject:\"b c\" (NOT subject:d)))");
	tree("id:<a(b)\"c\"@d> x", "(AND id:<a(b)\"c\"@d> any:x)");
	tree("has:attachment", "has=1");
	tree("source:queue", "source=1");
	tree("status:settled status:UNSETTLED", "(AND status=1 status=0)");
	tree("kind:delivery OR kind:any", "(OR kind=2 kind=0)");
	tree("larger:1M", "size[1048577,9223372036854775807)");
	tree("smaller:200k", "size[0,204800)");
	tree("sha256:0123456789abcdefABCDEF", "sha256:0123456789abcdefABCDEF");
	tree("type:pdf filename:report.pdf", "(AND type:pdf filename:report.pdf)");
}

static void
test_dates(void)
{
	tree("date:2026", "date[1767225600,1798761600)");
	tree("date:2026-02", "date[1769904000,1772323200)");
	tree("date:2026-12", "date[1796083200,1798761600)");
	tree("date:2024-02-29", "date[1709164800,1709251200)");
	tree("date:2026-01..2026-03", "date[1767225600,1775001600)");
	tree("date:2026-01..", "date[1767225600,9223372036854775807)");
	tree("date:..2026-03-01", "date[-9223372036854775808,1772409600)");
	tree("after:2026-01-01", "date[1767225600,9223372036854775807)");
	tree("before:2026-01-01", "date[-9223372036854775808,1767225600)");
	tree("date:2026-11-23T03:22", "date[1795404120,1795404180)");
	tree("date:today", "date[1795392000,1795478400)");
	tree("date:yesterday", "date[1795305600,1795392000)");
	tree("after:7d", "date[1794787200,9223372036854775807)");
	tree("date:9m", "date[1771804800,1771891200)");
	tree("date:1y", "date[1763856000,1763942400)");
	setenv("TZ", "Asia/Tokyo-9", 1);
	setenv("TZ", "JST-9", 1);
	tzset();
	tree("date:2026-02", "date[1769871600,1772290800)");
	/* clocks go back at 3:00 to 2:00: what is shown twice means both */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	tree("date:2025-10-26", "date[1761429600,1761519600)");
	tree("date:2025-10-26T02:30", "date[1761438600,1761442260)");
	tree("after:2025-10-26T02:30", "date[1761438600,9223372036854775807)");
	tree("date:2025-03-30T02:30", "date[1743298200,1743298200)");
	/* and where that is at midnight, a day begins with the first of the two, whatever was asked before it */
	setenv("TZ", "CST5CDT,M3.2.0/0,M11.1.0/1", 1);
	tzset();
	tree("date:2025-12 date:2025-11-02", "(AND date[1764565200,1767243600) date[1762056000,1762146000))");
	tree("date:2025-03-09", "date[1741496400,1741579200)");
	tree("date:2025-03-09T00:30", "date[1741498200,1741498200)");
	setenv("TZ", "UTC", 1);
	tzset();
}

static void
test_errors(void)
{
	bad("", 0, "empty");
	bad("   ", 0, "empty");
	bad("a \"b c", 2, "never closed");
	bad("a (b", 2, "never closed");
	bad("a b)", 3, "never opened");
	bad(")", 0, "never opened");
	bad("a ()", 2, "nothing between");
	bad("a OR", 2, "right");
	bad("OR a", 0, "left");
	bad("a AND AND b", 2, "right");
	bad("(a OR) b", 3, "right");
	bad("a NOT", 2, "behind");
	bad("form:joe", 0, "did you mean \"from:\"");
	bad("x form:joe", 2, "form");
	bad("zzzzzz:joe", 0, "quotes");
	bad("from:", 0, "needs a value");
	bad("from: joe", 0, "needs a value");
	bad("subject:(a from:b)", 11, "inside subject");
	bad("larger:(1M)", 7, "one value");
	bad("larger:big", 7, "not a size");
	bad("larger:-1", 7, "not a size");
	bad("larger:99999999999999999999", 7, "not a size");
	bad("date:2026-13", 5, "not a date");
	bad("date:2026-02-29", 5, "not a date");
	bad("date:20260101", 5, "not a date");
	bad("date:1969", 5, "not a date");
	bad("date:..", 5, "both sides");
	bad("date:2026-03..2026-01", 5, "after the second");
	bad("source:smtp", 7, "queue");
	bad("status:lost", 7, "unsettled");
	bad("kind:x", 5, "message");
	bad("has:x", 4, "attachment");
	bad("sha256:xyz", 7, "SHA-256");
	bad("sha256:012345678", 7, "8, 10, 12");
	bad("sha256:0123456z", 7, "hexadecimal");
	bad("type:pd*", 5, "beginning");
}

static void
test_limits(void)
{
	static char text[QA_QUERY_MAX + 2];
	struct qa_query q;
	struct qa_err err;
	size_t at;

	memset(text, 'a', QA_QUERY_MAX);
	OK(qa_query_parse(qa_span_of(text, QA_QUERY_MAX), NOW, &q, &at, &err) == 0);
	qa_query_free(&q);
	OK(qa_query_parse(qa_span_of(text, QA_QUERY_MAX + 1), NOW, &q, &at, &err) == -1 && err.num == EPROTO);
	for (size_t i = 0; i < 2000; i++)
		text[i] = i % 2 ? ' ' : 'a';
	OK(qa_query_parse(qa_span_of(text, 1020), NOW, &q, &at, &err) == 0 && q.n == 512);
	qa_query_free(&q);
	OK(qa_query_parse(qa_span_of(text, 1100), NOW, &q, &at, &err) == -1 && strstr(err.text, "too many"));
	memset(text, '(', 100);
	memcpy(text + 16, "a", 1);
	memset(text + 17, ')', 16);
	OK(qa_query_parse(qa_span_of(text, 33), NOW, &q, &at, &err) == 0);
	qa_query_free(&q);
	memset(text, '(', 100);
	OK(qa_query_parse(qa_span_of(text, 100), NOW, &q, &at, &err) == -1 && strstr(err.text, "deeply"));
	memset(text, '-', 100);
	text[100] = 'a';
	OK(qa_query_parse(qa_span_of(text, 101), NOW, &q, &at, &err) == -1 && strstr(err.text, "deeply"));
	OK(qa_query_parse(qa_span_of("a\0b", 3), NOW, &q, &at, &err) == 0);
	qa_query_free(&q);
}

static void
test_caret(void)
{
	struct qa_buf b = QA_BUF(1000);
	const char *s = "\xe6\x9d\xb1\x1b[31m form:x";

	OK(qa_query_caret(qa_span_str(s), 9, &b) == 0);
	OK(strcmp(qa_buf_cstr(&b), "\xe6\x9d\xb1?[31m form:x\n        ^\n") == 0);
	printf("# %s\n", qa_buf_cstr(&b));
	qa_buf_free(&b);
}

int
main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	test_words();
	test_operators();
	test_fields();
	test_dates();
	test_errors();
	test_limits();
	test_caret();
	return done();
}
