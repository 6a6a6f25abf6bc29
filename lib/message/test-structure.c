/* The structure of whole messages: boundaries and heads, well made, badly made and half made. */
#include "message/testing.h"
#include "tests/tap.h"

static void
structure(void)
{
	struct qa_document *d;

	/* boundaries: a prefix of another, blanks behind, none at the end, none declared, CR only */
	d = parse_text("Content-Type: multipart/mixed; boundary=ab\n\n--ab  \n\none\n--abc\n--ab\n\ntwo");
	OK(has(d->text, "one\n--abc") && has(d->text, "two") && d->parts == 3);
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed\n\n--guess\nContent-Type: text/html\n\n<b>o</b>ne\n--guess--\n");
	OK(has(d->text, "one") && !has(d->text, "guess") && d->html_parts == 1);
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; boundary=none\n\nwords all the same\n");
	OK(has(d->text, "words all the same"));
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; boundary=b\r\r--b\r\rone\r--b\r\rtwo\r--b--\r");
	OK(has(d->text, "one") && has(d->text, "two") && d->parts == 3);
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n--b--\n");
	OK(d->parts == 1 && !d->fallback && d->text.n == 0); /* to GMime, nothing between boundaries is no part */
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n"
		       "--i\n\nin\n--o\n\nout\n--o--\n"); /* the inner one never ends */
	OK(has(d->text, "in\n\nout"));
	qa_document_free(d);

	d = parse_text("Content-Type: multipart/mixed; boundary=b\n--b\nSubject: x\n--b\n\ntwo\n--b--\n");
	OK(d->parts == 3 && qa_span_is(d->text, "two"));
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; boundary=b\n \n--b\n \none\n--b--\n"); /* blanks end heads */
	OK(d->parts == 2 && has(d->text, "one"));
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; boundary=b\n\nfirst\n\nsecond\n--b--\n");
	OK(has(d->text, "first\n\nsecond"));
	qa_document_free(d);

	/* boundaries of equal name inside each other, one in two lines, one that its head does not name right */
	d = parse_text("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n"
		       "--b\n\nin\n--b--\n--b\nContent-Type: a/b; name=n\n\nout\n--b--\n");
	OK(d->parts == 4 && has(d->text, "in") && d->nattachments == 1 && d->attachments[0].size == 3);
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; boundary=\"a\n b\"\n\n--a b\n\none\n--a b--\n");
	OK(d->parts == 2 && qa_span_is(d->text, "one"));
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; x; boundary=bbb\n\n--bbb\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n"
		       "one\n--c--\n--bbb\nContent-Type: text/html\n\n<b>two\n--bbb--\n");
	OK(d->parts == 4 && d->html_parts == 1 && has(d->text, "one\n\ntwo"));
	qa_document_free(d);
	/* a file name in Shift_JIS, whose second bytes are a backslash and a quote's neighbour, in front of the boundary */
	d = parse_text("Content-Type: multipart/mixed; name=\"\x83\x5c\"; boundary=\"\xe9\"\n\n--\xe9\n\none\n--\xe9--\n");
	OK(d->parts == 2 && qa_span_is(d->text, "one"));
	qa_document_free(d);
	/* of lines that end in CRLF and others, each boundary takes one with it */
	d = parse_text("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b\n\none\n--b\r\nContent-Type: a/b\r\n\r\n"
		       "two\r\n--b\nContent-Type: a/b\n\n\n--b--");
	OK(d->nattachments == 3 && d->attachments[0].size == 3 && d->attachments[1].size == 3 && d->attachments[2].size == 0);
	qa_document_free(d);
	d = parse_text("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nno head\nat all\n\nx\n--b--\n");
	OK(d->messages == 1 && qa_span_is(d->text, "no head\nat all\n\nx"));
	qa_document_free(d);
	d = parse_text("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: in\n\nx\n");
	OK(d->messages == 2 && d->parts == 3 && has(d->text, "Subject: in\n\nx"));
	qa_document_free(d);

	/* heads that are none, or half one */
	d = parse_text("Subject: x\nno field here\nTo: a@b\n\nbody\n");
	OK(strcmp(d->subject, "x") == 0 && d->to.n == 1 && has(d->text, "no field here") && has(d->text, "body"));
	qa_document_free(d);
	d = parse_text("Hello,\nNote: no head\n\nbye\n");
	OK(qa_span_is(d->text, "Hello,\nNote: no head\n\nbye\n"));
	qa_document_free(d);
	d = parse_text("\n\nSubject: x\n\nbody\n");
	OK(strcmp(d->subject, "x") == 0);
	qa_document_free(d);
	d = parse_text("\n\nNote: x\n\nbody\n");
	OK(has(d->text, "Note: x"));
	qa_document_free(d);
	d = parse_text("Content-Type: nonsense\n\nbody\n");
	OK(has(d->text, "body") && d->nattachments == 0);
	qa_document_free(d);
	d = parse_text("Content-Type: text/html\n\n<meta charset=shift_jis>\x95\xdb\x91\xb6");
	OK(has(d->text, "保存"));
	qa_document_free(d);
}

int
main(void)
{
	start();
	structure();
	return done();
}
