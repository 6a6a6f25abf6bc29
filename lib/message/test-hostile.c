/* Hostile messages: each limit is met, and a megabyte of the worst is linear, or it would show. */
#include "message/sink.h"
#include "message/testing.h"
#include "tests/tap.h"

static void
limited(void)
{
	struct qa_message_limits usual = limits;
	struct qa_sink s = QA_SINK(0);
	struct qa_document *d;

	limits.parts = 10;
	for (int i = 0; i < 30; i++)
		qa_sink_add(&s, i ? "--b\n\npart\n" : "Content-Type: multipart/mixed; boundary=b\n\n", i ? 10 : 43);
	qa_sink_add(&s, "--b\n\nlast words\n", 16);
	d = parse(qa_sink_span(&s));
	OK(d->fallback && strstr(d->reason, "parts") && d->parts == 10 && has(d->text, "last words"));
	qa_document_free(d);

	limits = usual;
	limits.head_bytes = 100;
	qa_sink_clear(&s);
	for (int i = 0; i < 30; i++)
		qa_sink_add(&s, "X-A: b\n", 7);
	qa_sink_add(&s, "Subject: late\n\nbody\n", 20);
	d = parse(qa_sink_span(&s));
	OK(d->fallback && strstr(d->reason, "head") && !*d->subject && has(d->text, "body"));
	qa_document_free(d);

	limits = usual;
	limits.text_bytes = 10;
	d = parse_text("Subject: x\n\nxあいうえお");
	OK(d->text_cut && !d->fallback && qa_span_is(d->text, "xあいう"));
	qa_document_free(d);
	limits.text_bytes = 11;
	d = parse_text("Content-Type: text/html\n\n<p>あ<p>いう");
	OK(d->text_cut && qa_utf8_valid(d->text));
	qa_document_free(d);
	d = parse_text("Content-Transfer-Encoding: base64\n\nYWJjZGVmZ2hpamtsbW5vcA==\n");
	OK(d->text_cut && has(d->text, "abc") && d->text.n <= 11);
	qa_document_free(d);

	limits = usual;
	limits.addresses = 3;
	limits.references = 2;
	limits.attachments = 1;
	d = parse_text("To: a@b, c@d, e@f, g@h\nReferences: <a> <b> <c>\nContent-Type: multipart/mixed; boundary=b\n\n"
		       "--b\nContent-Type: a/b\n\n--b\nContent-Type: c/d\n\n--b--\n");
	OK(d->to.n == 3 && d->nreferences == 2 && d->nattachments == 1 && d->all_attachments == 2);
	qa_document_free(d);
	limits = usual;
	qa_sink_free(&s);
}

/* A megabyte of the worst. */
static void
heavy(void)
{
	static const struct {
		const char *front, *piece;
	} all[] = {
	    {"To: ", "a,"},	      {"To: ", "("},	       {"To: ", "<"},	      {"To: ", "\""},
	    {"To: ", "a b, "},	      {"To: ", "a:"},	       {"To: ", "\\"},	      {"To: ", "Name <a@b>, "},
	    {"To: ", "a@b:"},	      {"To: ", "a@xn--a,"},    {"To: ", "\xe9,"},     {"", "To: a b, c d, e f\n"},
	    {"Subject: ", "=?a?q?"},  {"Subject: ", "=?utf-8?q?a?= "},
	    {"Subject: ", "\xe9"},    {"References: ", "a "},  {"References: ", "<a "},
	    {"Content-Type: a/b; ", "n*1=a;"},		       {"Content-Type: a/b; ", "n*=''%41;"},
	    {"Content-Type: a/b; ", "a=b;"},		       {"Content-Type: a/b; name=", "=?utf-8?q?a?= "},
	    {"Content-Type: a/b", "("},			       {"Content-Type: multipart/mixed", ";("},
	    {"", "Content-Type: multipart/mixed; boundary=b\n"},
	    {"Date: ", "("},				       {"Received: ", ";"},
	    {"", "a:\n"},	      {"", "Subject\n"},       {"Subject: a\n", " a\n"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "--b\n"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\n"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "--b-"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "--c\n"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "x"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "\n"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", " \n"},
	    {"", "Content-Type: message/rfc822\n\n"},
	    {"Content-Type: multipart/digest; boundary=b\n\n", "--b\n\nContent-Type: multipart/digest; boundary=b\n\n"},
	    {"Content-Type: multipart/mixed\n\n", "--g\nContent-Type: multipart/mixed\n\n"},
	    {"Content-Transfer-Encoding: base64\n\n", "="},  {"Content-Transfer-Encoding: quoted-printable\n\n", "="},
	    {"Content-Transfer-Encoding: x-uuencode\n\n", "begin 6"},
	    {"\n", "begin 644 x\n#\n"},
	    {"\n", "\x1b$B"},	      {"\n", "\xa4"},	       {"\n", "\x83\x41\n"},
	};
	size_t n = (size_t)1 << 20;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct qa_sink s = QA_SINK(0);
		struct qa_document *d;

		qa_sink_add(&s, all[i].front, strlen(all[i].front));
		while (s.b.n < n)
			qa_sink_add(&s, all[i].piece, strlen(all[i].piece));
		d = parse(qa_sink_span(&s));
		OKF(d->parts >= 1 && d->parts <= limits.parts + 1, "a megabyte of shape %zu", i);
		qa_document_free(d);
		qa_sink_free(&s);
	}
}

/* PIECE with N for each '#'. */
static void
piece_add(struct qa_sink *s, const char *piece, int n)
{
	char number[20];

	for (; *piece; piece++)
		if (*piece == '#')
			qa_sink_add(s, number, (size_t)snprintf(number, sizeof number, "%d", n));
		else
			qa_sink_addc(s, (unsigned char)*piece);
}

/* The same with numbers in: each piece another boundary, or another parameter. */
static void
numbered(void)
{
	static const struct {
		const char *front, *piece, *reason;
	} all[] = {
	    {"", "Content-Type: multipart/mixed; boundary=b#\n\n--b#\n", "parts"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "--b\nContent-Type: message/rfc822\n\nSubject: # #\n\n", "parts"},
	    {"", "Content-Type: message/rfc822; x=##\n\n", "deeper"},
	    {"Content-Type: multipart/mixed; boundary=b\n\n", "--b\nContent-Type: a/b; name=##\n\n", "parts"},
	    {"Content-Type: a/b; ", "name*#*=#;", "field"},
	    {"Content-Type: text/plain; ", "x#=#;", "field"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct qa_sink s = QA_SINK(0);
		struct qa_document *d;

		qa_sink_add(&s, all[i].front, strlen(all[i].front));
		for (int k = 0; s.b.n < (i < 4 ? (size_t)4 << 20 : 500000); k++)
			piece_add(&s, all[i].piece, k);
		qa_sink_add(&s, "\n\nlast words\n", 14);
		d = parse(qa_sink_span(&s));
		if (!OKF(d->fallback && strstr(d->reason, all[i].reason) && has(i == 4 ? d->attached : d->text, i == 4 ? "" : "last words"),
			 "numbered shape %zu", i))
			printf("# reason %s, %zu bytes of text\n", d->reason, d->text.n);
		qa_document_free(d);
		qa_sink_free(&s);
	}
}

int
main(void)
{
	start();
	limited();
	heavy();
	numbered();
	return done();
}
