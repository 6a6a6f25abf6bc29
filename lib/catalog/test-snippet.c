#include "catalog/snippet.h"

#include "tests/tap.h"

static void
gives(const char *query, const char *text, size_t width, const char *want)
{
	struct qa_query q;
	struct qa_err err;
	struct qa_highlight *h;
	struct qa_buf b = QA_BUF(10000);
	size_t at;

	if (qa_query_parse(qa_span_str(query), 0, &q, &at, &err)) {
		OKF(0, "%s: %s", query, err.text);
		return;
	}
	h = qa_highlight_new(&q);
	int r = qa_snippet(h, qa_span_str(text), width, "[", "]", &b);
	const char *got = qa_buf_cstr(&b);
	if (!OKF(r == 0 && got && strcmp(got, want) == 0, "%s: %s", query, want))
		printf("# got %s\n", got ? got : "nothing");
	qa_buf_free(&b);
	qa_highlight_free(h);
	qa_query_free(&q);
}

int
main(void)
{
	char text[3000] = "";
	size_t n = 0;

	gives("brown fox", "The quick\r\n\r\n  brown\tfox.", 80, "The quick [brown] [fox].");
	gives("\"brown fox\" OR subject:quick", "The Quick brown fox", 80, "The [Quick] [brown] [fox]");
	gives("bro*", "bro brown brother abro", 80, "[bro] [brown] [brother] abro");
	gives("brown -fox", "brown fox", 80, "[brown] fox");
	gives("zebra", "no such animal", 80, "no such animal");
	gives("type:pdf larger:1", "plain", 80, "plain");
	gives("\xe4\xba\xac\xe9\x83\xbd", "\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd\xe5\xba\x81", 80,
	      "\xe6\x9d\xb1[\xe4\xba\xac\xe9\x83\xbd]\xe5\xba\x81");
	gives("\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd", "\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd\xe5\xba\x81", 80,
	      "[\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd]\xe5\xba\x81");
	gives("\xe9\x83\xbd", "\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd", 80, "\xe6\x9d\xb1\xe4\xba\xac[\xe9\x83\xbd]");
	gives("a@b.example", "write to A@b.example now", 80, "write to [A@b.example] now");
	gives("x", "x \x1b[31m red", 80, "[x] [31m red");
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "filler%02d words ", i);
	gives("filler50", text, 40, "... filler49 words [filler50] words filler51 w ...");
	gives("filler10 filler70 filler71", text, 60, "... filler69 words [filler70] words [filler71] words filler72 words ...");
	gives("nothing", text, 40, "filler00 words filler01 words filler02 w ...");
	return done();
}
