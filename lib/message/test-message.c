/* Whole messages: the sample mail of tests/corpus with what must be found in it. */
#include "message/testing.h"
#include "tests/tap.h"

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

int
main(void)
{
	start();
	samples();
	fields();
	attachments();
	uuencoded();
	doors();
	return done();
}
