/* HTML to text: what a reader sees, and what must not hide. */
#include "message/html.h"
#include "tests/tap.h"

#include <stdlib.h>

static void
reads(const char *html, const char *want)
{
	struct qa_sink out = QA_SINK(0);

	qa_html_text(qa_span_str(html), &out);
	if (!OKF(qa_span_is(qa_sink_span(&out), want), "%.60s", html))
		printf("# have [%.*s]\n# want [%s]\n", (int)out.b.n, out.b.p, want);
	qa_sink_free(&out);
}

static void
text(void)
{
	reads("plain", "plain");
	reads("<p>one</p><p>two</p>", "one\n\ntwo");
	reads("a<br>b<BR/>c", "a\nb\nc");
	reads("V<b>i</b>a<font color=red>gr</font>a", "Viagra");
	reads("<td>a</td><td>b</td>", "a b");
	reads("  a \n b\t c  ", "a\nb c");
	reads("<div>\n\n<div>\n a</div>", "a");
	reads("<title>t</title><body>b", "t\n\nb");
	reads("\xe6\x9d\xb1\n\xe4\xba\xac", "\xe6\x9d\xb1\n\xe4\xba\xac");
	reads("<img src=x alt=\"a &amp; b\">c<img alt=d>", "a & b c d");
	reads("<img src=\"x>y\" alt='z'>", "z");
	reads("", "");
}

static void
hidden(void)
{
	reads("a<script>x < y</script>b", "ab");
	reads("a<STYLE type='x'>p {}</Style >b", "ab");
	reads("a<!-- x > y -->b", "ab");
	reads("a<!DOCTYPE x><?xml y?>b", "ab");
	reads("a<!--[if mso]>x<![endif]-->b", "ab");
	reads("a<!-->b<!--->c", "abc");
	reads("<a href=\"x>y\" title='>'>z</a>", "z");
}

static void
broken(void)
{
	reads("a <b", "a <b");
	reads("a < b > c", "a < b > c");
	reads("a<script>b", "ab");
	reads("a<style>b<style>c", "abc");
	reads("a<!-- b <i>c</i>", "ac");
	reads("a<!-- never", "a<!-- never");
	reads("<a href=\"never closed>b", "b");
	reads("</", "</");
	reads("<>", "<>");
	reads("a</>b", "a</>b");
	reads("</script>a", "a");
	reads("<script>a</script", "a</script");
}

static void
entities(void)
{
	reads("&lt;&gt;&amp;&quot;&apos;", "<>&\"'");
	reads("&eacute;&Eacute;&eacute &euro;", "\xc3\xa9\xc3\x89\xc3\xa9 \xe2\x82\xac");
	reads("&euro 5", "&euro 5");
	reads("&#12354;&#x3042;&#X3042&#65", "\xe3\x81\x82\xe3\x81\x82\xe3\x81\x82" "A");
	reads("&#0;&#xd800;&#99999999999999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	reads("&#150;&#146;", "\xe2\x80\x93\xe2\x80\x99");
	reads("a&nbsp;b\xc2\xa0" "c&#32;d&#10;e", "a b c d e");
	reads("& && &; &# &#; &#x; &x; &thetasymx; &unknown;", "& && &; &# &#; &#x; &x; &thetasymx; &unknown;");
	reads("&thetasym;", "\xcf\x91");
	reads("AT&T", "AT&T");
}

static void
charsets(void)
{
	OK(qa_span_is(qa_html_charset(qa_span_str("<head><META http-equiv=x content=\"text/html; charset=EUC-JP\">")),
		      "EUC-JP"));
	OK(qa_span_is(qa_html_charset(qa_span_str("<meta name=a><meta charset='utf-8'/>")), "utf-8"));
	OK(qa_html_charset(qa_span_str("<meta charset")).n == 0 && qa_html_charset(qa_span_str("")).n == 0);
}

/* The worst of each kind, a megabyte of it: must end while somebody waits. */
static void
heavy(void)
{
	static const char *const pieces[] = {"<!--",	"<script>", "<a ",	   "<a =\"x>",	"<", "&#", "</",
					     "<img alt=", "<a b=\">", "<style></styl", "&eacute"};
	size_t n = (size_t)1 << 20;
	char *p = malloc(n);

	if (!p)
		exit(1);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct qa_sink out = QA_SINK(0);
		size_t k = strlen(pieces[i]);

		for (size_t at = 0; at < n; at++)
			p[at] = pieces[i][at % k];
		qa_html_text(qa_span_of(p, n), &out);
		OKF(!out.failed, "a megabyte of %s", pieces[i]);
		qa_sink_free(&out);
	}
	free(p);
}

int
main(void)
{
	text();
	hidden();
	broken();
	entities();
	charsets();
	heavy();
	return done();
}
