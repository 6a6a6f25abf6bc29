/*
 * Whole messages: the sample mail of tests/corpus with what must be found in it, hostile
 * ones made here, every truncation, and, when $QA_CORPUS names a folder of messages, all of
 * those (no more than this: none breaks anything, and few need the fallback).
 */
#include "message/message.h"
#include "message/sink.h"
#include "tests/tap.h"

#include <ftw.h>
#include <stdlib.h>

#define CORPUS "tests/corpus/"

static struct qa_message_limits limits = QA_MESSAGE_LIMITS;

static qa_span
slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	unsigned char *p = malloc((size_t)1 << 26);
	size_t n;

	if (!f || !p) {
		perror(path);
		exit(1);
	}
	n = fread(p, 1, (size_t)1 << 26, f);
	fclose(f);
	p = realloc(p, n ? n : 1);
	if (!p)
		exit(1);
	return qa_span_of(p, n);
}

static struct qa_document *
parse(qa_span s)
{
	struct qa_document *d;
	struct qa_err err;

	if (qa_message_parse(s, &limits, &d, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	return d;
}

static struct qa_document *
parse_text(const char *s)
{
	return parse(qa_span_str(s));
}

static bool
has(qa_span text, const char *words)
{
	return !*words || (text.n && memmem(text.p, text.n, words, strlen(words)));
}

static void
sample(const char *file, const char *subject, const char *words, const char *attachment)
{
	char path[200];
	qa_span raw;
	struct qa_document *d;
	bool named = !*attachment;

	snprintf(path, sizeof path, CORPUS "%s", file);
	raw = slurp(path);
	d = parse(raw);
	for (size_t i = 0; i < d->nattachments; i++)
		named = named || strcmp(d->attachments[i].name, attachment) == 0;
	if (!OKF(strstr(d->subject, subject) && has(d->text, words) && named, "%s", file)) {
		printf("# subject %s, %zu attachments, text:\n", d->subject, d->nattachments);
		for (size_t i = 0; i < d->nattachments; i++)
			printf("# attachment %s\n", d->attachments[i].name);
		printf("%.*s\n", (int)d->text.n, d->text.p);
	}
	qa_document_free(d);
	free((void *)(uintptr_t)raw.p);
}

static void
samples(void)
{
	static const struct {
		const char *file, *subject, *words, *attachment;
	} all[] = {
	    {"own-jis.eml", "見積書の件", "株式会社サンプル", ""},
	    {"own-sjis.eml", "見積書の件", "株式会社サンプル", ""},
	    {"own-euc.eml", "見積書の件", "株式会社サンプル", ""},
	    {"own-utf8.eml", "見積書の件", "株式会社サンプル", ""},
	    {"own-mislabelled-sjis.eml", "mislabelled", "株式会社サンプル", ""},
	    {"own-mislabelled-euc.eml", "mislabelled", "株式会社サンプル", ""},
	    {"own-unlabelled-jis.eml", "見積書の件", "株式会社サンプル", ""},
	    {"own-halfwidth.eml", "ﾊﾝｶｸｶﾅのテスト", "ﾊﾝｶｸ ｻﾝﾌﾟﾙです", ""},
	    {"own-attachments.eml", "添付ファイル", "Quarterly report attached, grüße.", "四月の請求書.pdf"},
	    {"own-attachments.eml", "添付ファイル", "", "画像.png"},
	    {"own-8bit.eml", "résumé", "café naïve “quoted” don’t", ""},
	    {"own-nul.eml", "a NUL   byte", "before after", ""},
	    {"own-bare-cr.eml", "bare CR", "first\nsecond\n\nthird", ""},
	    {"own-no-head.eml", "", "just some words\nand no head at all", ""},
	    {"own-from-line.eml", "from a mbox", "From here on\n>From there", ""},
	    {"own-deep.eml", "deep", "buried treasure", ""},
	    {"jpmobile-iphone-circled-numbers-in-jis.eml", "テスト①", "丸数字のテストです②", ""},
	    {"jpmobile-iphone-cp932.eml", "【NKSC】test", "㈱", ""},
	    {"jpmobile-au-attached.eml", "題名", "カレンダーだ", "20098calendar01.jpg"},
	    {"jpmobile-softbank-gmail-sjis.eml", "テスト", "", ""},
	    {"ruby-tmail-test.eml", "Sieve of Eratosthenes", "line 2", ""},
	    {"ruby-mail-japanese-attachment-long-name.eml", "", "", "かきくけこかきくけこかきくけこかきくけこかきくけこ.txt"},
	    {"webklex-issue-410.eml", "第132号", "", "☆第132号　「ガーデン&エクステリア」専門店のためのＱ&Ａサロン　【月刊エクステリア・ワーク】"},
	    {"webklex-ks-c-5601-1987-headers.eml", "RE: 회원님께", "", ""},
	    {"webklex-gbk-charset.eml", "Nuu", "Hi", ""},
	    {"stalwart-thirdparty-005.eml", "", "『世界人権宣言』", ""},
	    {"stalwart-legacy-001.eml", "die Frösche", "über ihre mißliche Lage", ""},
	    {"stalwart-legacy-048.eml", "Netscape Communicator", "Slow but steady", "greenball.png"},
	    {"mimekit-japanese.eml", "日本語メールテスト", "正常に\n送れているか", ""},
	    {"sisimai-lhost-mfilter-01.eml", "failure notice", "このメールは「m-FILTER」が", ""},
	    {"phpmime-m0021.eml", "Путін", "mini plain body", ""},
	    {"spamscope-mail-test-12.eml", "代开各地增值税发票", "我公司可代开各类增值税发票", ""},
	    {"enmime-multipart-wo-boundary.eml", "Failure", "multipart message without boundary", ""},
	    {"enmime-bad-header-wrap.eml", "Attachment", "A text section", "7DDA4_foo_9E5D72.zip"},
	    {"enmime-mime-bad-content-transfer-encoding.eml", "alert", "This is an example", ""},
	    {"laminas-mail-blank-top-line.eml", "multipart", "is horizontal", ""},
	    {"mime4j-uu-zeegee.eml", "uudecoding", "another GIF file below.", "zeegee.gif"},
	    {"jsmime-shift-jis-image.eml", "PNG", "ネットワーク・グラフィックス", ""},
	    {"jpmobile-bounced-jp.eml", "Undelivered", "Final-Recipient: rfc822", ""},
	    {"webklex-four-nested-emails.eml", "3-third", "Subject: 0-zero-subject\n\n0-zero-content", ""},
	    {"spamassassin-iso-2022-jp.2.eml", "[ports-jp 8947]", "心当たりがあります", ""},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sample(all[i].file, all[i].subject, all[i].words, all[i].attachment);
}

static void
fields(void)
{
	qa_span raw = slurp(CORPUS "own-list.eml");
	struct qa_document *d = parse(raw);

	OK(strcmp(d->message_id, "own-list3@example.jp") == 0 &&
	   strcmp(d->in_reply_to, "own-list2@example.jp") == 0);
	OK(d->nreferences == 2 && strcmp(d->references[1], "own-list2@example.jp") == 0);
	OK(strcmp(d->list_id, "archive-users.lists.example.net") == 0);
	OK(d->cc.n == 4 && strcmp(d->cc.v[0].name, "Doe, Jane") == 0 &&
	   strcmp(d->cc.v[1].name, "Operations") == 0 && strcmp(d->cc.v[3].addr, "b@example.com") == 0);
	OK(d->dates.has_received && d->dates.received == 1768180507 && d->dates.date == 1768180500);
	qa_document_free(d);
	free((void *)(uintptr_t)raw.p);

	d = parse_text("From: =?utf-8?q?=22A=22_=3Cx=40Y.Example=3E?=\nTo: a@B.C\nTo: d@e\nSubject: =?utf-8?q?a=0Ab?=\n"
		       "Subject: second\nMessage-ID: bare\nReferences: \nDelivered-To: me@here\n\n");
	OK(d->from.n == 1 && strcmp(d->from.v[0].addr, "x@Y.Example") == 0 &&
	   strcmp(d->from.v[0].domain, "y.example") == 0 && strcmp(d->from.v[0].name, "A") == 0);
	OK(d->to.n == 2 && strcmp(d->to.v[0].addr, "a@B.C") == 0 && strcmp(d->to.v[0].domain, "b.c") == 0);
	OK(strcmp(d->subject, "a b") == 0 && strcmp(d->message_id, "bare") == 0 && d->nreferences == 0);
	OK(d->delivered.n == 1 && !d->fallback && !*d->reason && d->cc.n == 0 && !*d->list_id);
	qa_document_free(d);

	d = parse(qa_span_of(NULL, 0));
	OK(d->parts == 1 && d->text.n == 0 && d->attached.n == 0 && !*d->subject);
	qa_document_free(d);
}

static void
attachments(void)
{
	qa_span raw = slurp(CORPUS "own-attachments.eml");
	struct qa_document *d = parse(raw);
	struct qa_digest pdf = qa_sha256_of(
	    qa_span_str("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"));

	OK(d->nattachments == 2 && d->parts == 6 && d->text_parts == 1 && d->html_parts == 1);
	OK(strcmp(d->attachments[0].type, "application/pdf") == 0 && d->attachments[0].size == 69 &&
	   qa_digest_eq(&d->attachments[0].digest, &pdf));
	OK(d->attachments[0].disposition == QA_DISPOSITION_ATTACHMENT &&
	   d->attachments[1].disposition == QA_DISPOSITION_INLINE);
	OK(!has(d->text, "hidden") && !has(d->text, "color") && !has(d->text, "several parts"));
	qa_document_free(d);
	free((void *)(uintptr_t)raw.p);

	d = parse_text("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: TEXT/CSV; name=x.csv\n\n1,zwei\n--b\n"
		       "Content-Type: message/rfc822\n\nSubject: =?utf-8?q?in=20side?=\nFrom: x@y\n\nbody\n--b--\nepilogue\n");
	OK(d->nattachments == 1 && strcmp(d->attachments[0].type, "text/csv") == 0 &&
	   qa_span_is(d->attached, "1,zwei"));
	OK(d->messages == 1 && has(d->text, "Subject: in side") && has(d->text, "From: x@y") &&
	   has(d->text, "body") && has(d->text, "epilogue"));
	OK(!*d->subject && d->from.n == 0); /* of the message inside, not of this one */
	qa_document_free(d);

	d = parse_text("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA0KDQpoaWRkZW4gd29yZHM=\n");
	OK(d->messages == 1 && has(d->text, "hidden words") && has(d->text, "Subject: x"));
	qa_document_free(d);
}

static void
uuencoded(void)
{
	struct qa_document *d = parse_text("\nbefore\nbegin 644 a b.txt\n#86)C\n`\nend\nafter\nbegin 644 none\n\nbegin 1 x\n");
	struct qa_digest abc = qa_sha256_of(qa_span_str("abc"));

	OK(d->nattachments == 1 && strcmp(d->attachments[0].name, "a b.txt") == 0 &&
	   qa_digest_eq(&d->attachments[0].digest, &abc));
	OK(qa_span_is(d->text, "before\nafter\nbegin 644 none\n\nbegin 1 x\n"));
	qa_document_free(d);
	d = parse_text("\nbegin 644 a\x7f\x01\xe9.txt\n#86)C\nend\n");
	OK(d->nattachments == 1 && strcmp(d->attachments[0].name, "a  \xc3\xa9.txt") == 0);
	qa_document_free(d);
}

static int
extract(void *arg, const char *type, const char *name, qa_span bytes, struct qa_buf *text)
{
	++*(int *)arg;
	return qa_buf_addf(text, "extracted %s %s %zu\xff", type, name, bytes.n) && *(int *)arg < 0;
}

static void
doors(void)
{
	struct qa_message_limits l = limits;
	qa_span raw = slurp(CORPUS "own-attachments.eml");
	struct qa_document *d;
	int calls = 0;

	l.extract = extract;
	l.extract_arg = &calls;
	OK(qa_message_parse(raw, &l, &d, NULL) == 0 && calls == 2);
	OK(has(d->attached, "extracted application/pdf 四月の請求書.pdf 69\xef\xbf\xbd"));
	qa_document_free(d);
	l.extract_bytes = 10;
	OK(qa_message_parse(raw, &l, &d, NULL) == 0 && calls == 2 && d->attached.n == 0);
	qa_document_free(d);
	free((void *)(uintptr_t)raw.p);
}

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

/* A megabyte of the worst: linear or it would show. */
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

static void
list_add(struct qa_sink *s, struct qa_addresses a)
{
	for (size_t i = 0; i < a.n; i++) {
		qa_sink_add(s, a.v[i].name, strlen(a.v[i].name) + 1);
		qa_sink_add(s, a.v[i].addr, strlen(a.v[i].addr) + 1);
		qa_sink_add(s, a.v[i].domain, strlen(a.v[i].domain) + 1);
	}
	qa_sink_addc(s, '\n');
}

/* All of a document as bytes; checks on the way that strings are what the header says. */
static struct qa_digest
sum(const struct qa_document *d)
{
	struct qa_sink s = QA_SINK(0);
	struct qa_digest r;

	qa_sink_add(&s, d->subject, strlen(d->subject) + 1);
	qa_sink_add(&s, d->message_id, strlen(d->message_id) + 1);
	qa_sink_add(&s, d->in_reply_to, strlen(d->in_reply_to) + 1);
	qa_sink_add(&s, d->list_id, strlen(d->list_id) + 1);
	for (size_t i = 0; i < d->nreferences; i++)
		qa_sink_add(&s, d->references[i], strlen(d->references[i]) + 1);
	list_add(&s, d->from);
	list_add(&s, d->sender);
	list_add(&s, d->reply_to);
	list_add(&s, d->to);
	list_add(&s, d->cc);
	list_add(&s, d->bcc);
	list_add(&s, d->delivered);
	for (size_t i = 0; i < d->nattachments; i++) {
		qa_sink_add(&s, d->attachments[i].name, strlen(d->attachments[i].name) + 1);
		qa_sink_add(&s, d->attachments[i].type, strlen(d->attachments[i].type) + 1);
		qa_sink_add(&s, &d->attachments[i].size, sizeof d->attachments[i].size);
		qa_sink_add(&s, &d->attachments[i].digest, sizeof d->attachments[i].digest);
	}
	for (size_t i = 0; i < s.b.n; i++)
		if (s.b.p[i] == '\n')
			s.b.p[i] = 0;
	qa_sink_add(&s, d->text.p, d->text.n);
	qa_sink_add(&s, d->attached.p, d->attached.n);
	if (!qa_utf8_valid(d->text) || !qa_utf8_valid(d->attached) || !qa_utf8_valid(qa_span_str(d->subject)))
		OKF(0, "text is UTF-8");
	for (size_t i = 0; i < d->text.n; i++)
		if (d->text.p[i] < ' ' && d->text.p[i] != '\n' && d->text.p[i] != '\t')
			OKF(0, "text has control character %d at %zu", d->text.p[i], i);
	if (d->text.p[d->text.n] || d->attached.p[d->attached.n])
		OKF(0, "texts end in a NUL");
	r = qa_sha256_of(qa_sink_span(&s));
	qa_sink_free(&s);
	return r;
}

static unsigned long files, fallbacks, changed;

static int
one_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t n = strlen(path);
	struct qa_digest first, again;
	struct qa_document *d;
	qa_span raw;

	(void)ftw;
	if (type != FTW_F || n < 4 || strcmp(path + n - 4, ".eml") != 0 || st->st_size > 1 << 26)
		return 0;
	raw = slurp(path);
	d = parse(raw);
	first = sum(d);
	if (d->fallback) {
		fallbacks++;
		printf("# %s: %s\n", path, d->reason);
	}
	qa_document_free(d);
	d = parse(raw);
	again = sum(d);
	qa_document_free(d);
	changed += !qa_digest_eq(&first, &again);
	files++;
	free((void *)(uintptr_t)raw.p);
	return 0;
}

static void
whole_corpus(void)
{
	const char *more = getenv("QA_CORPUS");

	OK(nftw(CORPUS, one_file, 10, FTW_PHYS) == 0 && files > 60 && changed == 0);
	OK(fallbacks == 1); /* own-deep.eml */
	if (!more)
		return;
	files = fallbacks = 0;
	OK(nftw(more, one_file, 10, FTW_PHYS) == 0 && files > 0 && changed == 0);
	OKF(fallbacks * 1000 <= files + 1000, "%lu messages, %lu fallbacks", files, fallbacks);
}

static void
truncations(void)
{
	static const char *const names[] = {"own-attachments.eml", "own-list.eml", "own-jis.eml", "own-euc.eml",
					    "ruby-mail-japanese-attachment-long-name.eml"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[200];
		qa_span raw;

		snprintf(path, sizeof path, CORPUS "%s", names[i]);
		raw = slurp(path);
		for (size_t n = 0; n < raw.n; n++) {
			unsigned char *p = malloc(n ? n : 1); /* exactly, so that a look behind it shows */
			struct qa_document *d;

			if (!p)
				exit(1);
			memcpy(p, raw.p, n);
			d = parse(qa_span_of(p, n));
			sum(d);
			if (d->fallback)
				OKF(0, "%s cut at %zu falls back", names[i], n);
			qa_document_free(d);
			free(p);
		}
		OKF(1, "%s at every length", names[i]);
		free((void *)(uintptr_t)raw.p);
	}
}

int
main(void)
{
	limits.now = 1800000000;
	qa_message_init();
	samples();
	fields();
	attachments();
	uuencoded();
	doors();
	structure();
	limited();
	heavy();
	numbered();
	truncations();
	whole_corpus();
	return done();
}
