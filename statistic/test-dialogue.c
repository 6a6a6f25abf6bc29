/*
 * The follower, by dialogues. A dialogue is text: after "C:" what the client sends, after "S:" what the server sends; a line feed in it
 * is CR LF on the wire, "~" a bare line feed, "^" a bare CR, "`" a NUL. Each runs whole, byte by byte, and cut in two at every place.
 */
#include "statistic/testing-dialogue.h"
#include "tests/tap.h"

struct part {
	bool server;
	unsigned char *p;
	size_t n;
};

enum { PARTS = 64 };

static size_t
parts_of(const char *text, struct part *part)
{
	size_t n = 0;

	while (*text) {
		struct part *q = &part[n++];

		if (n > PARTS || !(q->p = malloc(2 * strlen(text) + 1)))
			abort();
		q->server = *text == 'S';
		q->n = 0;
		for (text += 2; *text && strncmp(text, "C:", 2) != 0 && strncmp(text, "S:", 2) != 0; text++) {
			if (*text == '\n')
				q->p[q->n++] = '\r';
			q->p[q->n++] = (unsigned char)(*text == '~' ? '\n' : *text == '^' ? '\r' : *text == '`' ? '\0' : *text);
		}
	}
	return n;
}

static void
feed(struct qa_dialogue *d, const struct part *q, size_t from, size_t to)
{
	/* exactly as much memory as there are bytes, so that reading further is seen */
	size_t n = to - from;
	unsigned char *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, q->p + from, n);
	if (q->server)
		qa_dialogue_server(d, qa_span_of(copy, n));
	else
		qa_dialogue_client(d, qa_span_of(copy, n));
	free(copy);
}

/* STEP bytes at a time, 0: whole; or whole but the part CUT, which comes in two pieces, the first of AT bytes. */
static void
run(const struct part *part, size_t n, size_t step, size_t cut, size_t at, struct qa_buf *log)
{
	struct qa_dialogue d;

	qa_dialogue_init(&d, note, log);
	for (size_t i = 0; i < n; i++) {
		size_t done = i == cut ? at : 0;

		if (done)
			feed(&d, &part[i], 0, done);
		while (done < part[i].n) {
			size_t to = step && part[i].n - done > step ? done + step : part[i].n;

			feed(&d, &part[i], done, to);
			done = to;
		}
	}
	note_end(&d, log);
}

static bool
same(struct qa_buf *log, const char *wanted, const char *how)
{
	bool good = qa_span_is(qa_buf_span(log), wanted);

	if (!good)
		printf("# %s gives\n%.*s# wanted\n%s", how, (int)log->n, (const char *)log->p, wanted);
	qa_buf_clear(log);
	return good;
}

static void
dialogue(const char *name, const char *text, const char *wanted)
{
	struct part part[PARTS];
	struct qa_buf log = QA_BUF(1 << 20);
	size_t n = parts_of(text, part);

	run(part, n, 0, n, 0, &log);
	bool good = same(&log, wanted, "whole");
	for (size_t step = 1; good && step < 4; step++) {
		run(part, n, step, n, 0, &log);
		good = same(&log, wanted, "in small pieces");
	}
	for (size_t i = 0; good && i < n; i++)
		for (size_t at = 1; good && at < part[i].n; at++) {
			run(part, n, 0, i, at, &log);
			good = same(&log, wanted, "in two pieces");
		}
	OKF(good, "%s", name);
	for (size_t i = 0; i < n; i++)
		free(part[i].p);
	qa_buf_free(&log);
}

#define HELLO "S:220 mx ESMTP\nC:EHLO c\nS:250-mx\n250-PIPELINING\n250-CHUNKING\n250 8BITMIME\n"
#define MAIL "C:MAIL FROM:<a@x>\nS:250 ok\n"
#define RCPT "C:RCPT TO:<b@y>\nS:250 ok\n"
#define DATA "C:DATA\nS:354 go ahead\n"

static void
refusals(void)
{
	dialogue("one mail", HELLO MAIL RCPT DATA "C:Subject: x\n\nhello\n.\nS:250 ok 17 qp 9\nC:QUIT\nS:221 bye\n",
		 "end 250 a@x>b@y 21 1|250 ok 17 qp 9\n");
	dialogue("a refused recipient", HELLO MAIL "C:RCPT TO:<b@y>\nS:553 no (#5.7.1)\nC:rcpt to:<c@y>\nS:451 later\n",
		 "rcpt 553 a@x>b@y 0 0|553 no (#5.7.1)\nrcpt 451 a@x>c@y 0 0|451 later\n");
	dialogue("DATA refused", HELLO MAIL RCPT "C:DATA\nS:451 qqt failure (#4.3.0)\n", "data 451 a@x>b@y 0 0|451 qqt failure (#4.3.0)\n");
	dialogue("the mail refused, two recipients", HELLO MAIL RCPT "C:RCPT TO:<c@y>\nS:250 ok\n" DATA "C:x\n.\nS:554 no\n",
		 "end 554 a@x>b@y 3 1|554 no\nend 554 a@x>c@y 3 1|554 no\n");
	dialogue("a refused sender", HELLO "C:MAIL FROM:<a@x> SIZE=9\nRCPT TO:<b@y>\nS:552 too big\n503 MAIL first\n",
		 "rcpt 552 a@x>b@y 0 0|552 too big\n");
	/* qmail-smtpd reads a command as far as a NUL */
	dialogue("a NUL in an address", HELLO MAIL "C:RCPT TO:<b@y`@z>\nS:250 ok\n" DATA "C:x\n.\nS:554 no\n",
		 "end 554 a@x>b@y 3 1|554 no\n");
	dialogue("a NUL behind DATA", HELLO MAIL RCPT "C:DATA`x\nS:354 go ahead\nC:MAIL FROM:<c@z>\nRCPT TO:<d@z>\n.\nS:554 no\n",
		 "end 554 a@x>b@y 32 1|554 no\n");
	dialogue("RCPT without MAIL", HELLO "C:RCPT TO:<b@y>\nS:503 MAIL first\n", "");
	dialogue("a reply of several lines", HELLO MAIL "C:RCPT TO:<b@y>\nS:550-one\n550-\n550 two\n", "rcpt 550 a@x>b@y 0 0|550 one  two\n");
	dialogue("a reply of a number", HELLO MAIL "C:RCPT TO:<b@y>\nS:550\n", "rcpt 550 a@x>b@y 0 0|550 \n");
	dialogue("RSET", HELLO MAIL RCPT "C:RSET\nS:250 flushed\n" MAIL "C:RCPT TO:<d@y>\nS:250 ok\n" DATA "C:.\nS:554 no\n",
		 "end 554 a@x>d@y 0 1|554 no\n");
	dialogue("HELO in the middle", HELLO MAIL RCPT "C:HELO c\nS:250 mx\nC:DATA\nS:503 MAIL first\n", "");
	dialogue("a mail, then another", HELLO MAIL RCPT DATA "C:x\n.\nS:250 ok\n" MAIL RCPT DATA "C:yy\n.\nS:451 later\n",
		 "end 250 a@x>b@y 3 1|250 ok\nend 451 a@x>b@y 4 2|451 later\n");
	dialogue("addresses as qmail takes them",
		 HELLO "C:MAIL FROM:<>\nS:250 ok\nC:RCPT TO: <@r,@s:\"a b\"@y>\nRCPT TO:c\\>d@y x\nRCPT to: <\"<\\\">\"@y>\nRCPT\nS:550 1\n550 2\n550 3\n555 4\n",
		 "rcpt 550 >a b@y 0 0|550 1\nrcpt 550 >c>d@y 0 0|550 2\nrcpt 550 ><\">@y 0 0|550 3\nrcpt 555 > 0 0|555 4\n");
}

static void
data(void)
{
	dialogue("dots", HELLO MAIL RCPT DATA "C:..\n.a\n...\na.\n\n.\nS:554 no\n", "end 554 a@x>b@y 16 1|554 no\n");
	dialogue("a dot that is cut off", HELLO MAIL RCPT DATA "C:a\n.^", "break 0 a@x>b@y 3 1|\n");
	dialogue("bare line feeds and CRs", HELLO MAIL RCPT DATA "C:a~.~b^.^c~.\nd\n^\n.^e\n.\nS:554 no\n",
		 "end 554 a@x>b@y 21 1|554 no\n");
	dialogue("a server that takes a bare line feed for the end", HELLO MAIL RCPT DATA "C:a~.~S:554 no\n" MAIL "C:RCPT TO:<c@y>\nS:550 n\n",
		 "end 554 a@x>b@y 2 1|554 no\nrcpt 550 a@x>c@y 0 1|550 n\n");
	dialogue("a server that takes LF . CR LF for the end", HELLO MAIL RCPT DATA "C:a~.\nS:250 ok\n" MAIL RCPT DATA "C:.\nS:550 n\n",
		 "end 250 a@x>b@y 2 1|250 ok\nend 550 a@x>b@y 0 2|550 n\n");
	dialogue("a smuggled mail", HELLO MAIL RCPT DATA "C:a~.~MAIL FROM:<c@x>\nS:250 ok\n250 ok\n",
		 "end 250 a@x>b@y 20 1|250 ok\nlost: a reply before the end of the mail\n");
	dialogue("the server says no and listens on", HELLO MAIL RCPT DATA "C:a\nS:552 too big\nC:b\n.\n" MAIL "C:RCPT TO:<c@y>\nS:550 n\n",
		 "break 552 a@x>b@y 3 1|552 too big\nrcpt 550 a@x>c@y 0 1|550 n\n");
	dialogue("the server says no twice", HELLO MAIL RCPT DATA "C:a\nS:552 too big\n552 really\n",
		 "break 552 a@x>b@y 3 1|552 too big\nlost: a reply before the end of the mail\n");
	dialogue("the client goes away", HELLO MAIL RCPT DATA "C:abc", "break 0 a@x>b@y 3 1|\n");
	dialogue("the client goes away at once", HELLO MAIL RCPT DATA, "break 0 a@x>b@y 0 1|\n");
	dialogue("the server says that it waited enough", HELLO MAIL RCPT DATA "C:abc\nS:451 timeout (#4.4.2)\n",
		 "break 451 a@x>b@y 5 1|451 timeout (#4.4.2)\n");
	dialogue("so between commands", HELLO MAIL RCPT "S:451 timeout (#4.4.2)\n", "break 451 a@x>b@y 0 0|451 timeout (#4.4.2)\n");
	dialogue("421 to another command", HELLO MAIL RCPT "C:NOOP\nS:421 going down\n", "break 421 a@x>b@y 0 0|421 going down\n");
	dialogue("421 to a recipient", HELLO MAIL RCPT "C:RCPT TO:<c@y>\nS:421 no\n", "rcpt 421 a@x>c@y 0 0|421 no\nbreak 421 a@x>b@y 0 0|421 no\n");
	dialogue("the server dies behind the mail", HELLO MAIL RCPT DATA "C:abc\n.\n", "end 0 a@x>b@y 5 1|\n");
	dialogue("no recipients, data all the same", HELLO MAIL "C:RCPT TO:<b@y>\nS:550 n\nC:DATA\nS:354 go\nC:.\nS:554 no\n",
		 "rcpt 550 a@x>b@y 0 0|550 n\n");
}

static void
pipelining(void)
{
	dialogue("a group", HELLO "C:MAIL FROM:<a@x>\nRCPT TO:<b@y>\nRCPT TO:<c@y>\nDATA\nS:250 ok\n250 ok\n550 no\n354 go\nC:x\n.\nS:554 no\n",
		 "rcpt 550 a@x>c@y 0 0|550 no\nend 554 a@x>b@y 3 1|554 no\n");
	dialogue("all of it blindly",
		 "C:EHLO c\nMAIL FROM:<a@x>\nRCPT TO:<b@y>\nDATA\nSubject: RCPT TO:<z@y>\n.\nMAIL FROM:<a@x>\nRCPT TO:<c@y>\nDATA\n.\nQUIT\n"
		 "S:220 mx\n250 mx\n250 ok\n250 ok\n354 go\n554 no\n250 ok\n451 no\n503 RCPT first\nC:NOOP\nS:502 what\n502 what\n",
		 "end 554 a@x>b@y 24 1|554 no\nrcpt 451 a@x>c@y 0 1|451 no\n");
	dialogue("the mail behind a DATA that is refused",
		 HELLO MAIL RCPT "C:DATA\nx\n.\nRSET\nS:554 no\n502 x\n502 .\n250 ok\n", "data 554 a@x>b@y 0 0|554 no\n");
	dialogue("two mails, the second's commands behind the first",
		 HELLO MAIL RCPT DATA "C:x\n.\nMAIL FROM:<c@x>\nRCPT TO:<d@y>\nDATA\nS:250 ok\n250 ok\n250 ok\n354 go\nC:y\n.\nS:552 n\n",
		 "end 250 a@x>b@y 3 1|250 ok\nend 552 c@x>d@y 3 2|552 n\n");
	dialogue("bare line feeds end commands", "S:220 mx~C:HELO c~S:250 mx~C:MAIL FROM:<a@x>~RCPT TO:<b@y>~S:250 ok~550 n~", "rcpt 550 a@x>b@y 0 0|550 n\n");
}

static void
auth(void)
{
	dialogue("AUTH LOGIN", HELLO "C:AUTH LOGIN\nS:334 VXNlcg==\nC:RCPT TO:<u@z>\nS:334 x\nC:MAIL FROM:<p@z>\nS:235 ok\n" MAIL "C:RCPT TO:<b@y>\nS:550 n\n",
		 "rcpt 550 a@x>b@y 0 0|550 n\n");
	dialogue("AUTH LOGIN, sent blindly", HELLO "C:AUTH LOGIN\nRCPT\nMAIL\nMAIL FROM:<a@x>\nRCPT TO:<b@y>\nS:334 u\n334 p\n535 no\n250 ok\n550 n\n",
		 "rcpt 550 a@x>b@y 0 0|550 n\n");
	dialogue("AUTH refused, then commands", HELLO "C:AUTH X\nMAIL FROM:<a@x>\nRCPT TO:<b@y>\nS:504 no\n250 ok\n550 n\n", "rcpt 550 a@x>b@y 0 0|550 n\n");
	dialogue("AUTH PLAIN with its answer", HELLO "C:AUTH PLAIN abc\nS:235 ok\n" MAIL "C:RCPT TO:<b@y>\nS:550 n\n", "rcpt 550 a@x>b@y 0 0|550 n\n");
	dialogue("STARTTLS", HELLO "C:STARTTLS\nS:220 go\n\026\003C:\026\003\nRCPT TO:<b@y>\n", "opaque\n");
	dialogue("STARTTLS refused", HELLO "C:STARTTLS\nMAIL FROM:<a@x>\nRCPT TO:<b@y>\nS:502 no\n250 ok\n550 n\n", "rcpt 550 a@x>b@y 0 0|550 n\n");
}

static void
chunks(void)
{
	dialogue("chunks", HELLO MAIL RCPT "C:BDAT 5\nabc\nBDAT 3 LAST\n.\nS:250 5\n554 no\n", "end 554 a@x>b@y 8 1|554 no\n");
	dialogue("an empty last chunk", HELLO MAIL RCPT "C:BDAT 6\nRCPT\nS:250 6\nC:BDAT 0 last\nS:250 ok\n", "end 250 a@x>b@y 6 1|250 ok\n");
	dialogue("a refused chunk, the rest refused with it", HELLO MAIL RCPT "C:BDAT 3\na\nBDAT 3\nb\nBDAT 3 LAST\nc\nS:552 big\n503 n\n503 n\n",
		 "end 552 a@x>b@y 3 1|552 big\n");
	dialogue("a chunk refused before it was there", HELLO MAIL RCPT "C:BDAT 11\nabcS:552 big\nC:def\nx\n" MAIL RCPT DATA "C:.\nS:554 n\n",
		 "break 552 a@x>b@y 3 1|552 big\nend 554 a@x>b@y 0 2|554 n\n");
	dialogue("cut in a chunk", HELLO MAIL RCPT "C:BDAT 9\nabc", "break 0 a@x>b@y 3 1|\n");
	dialogue("cut between chunks", HELLO MAIL RCPT "C:BDAT 3\na\nS:250 ok\n", "break 0 a@x>b@y 3 1|\n");
	dialogue("no answer to the last chunk", HELLO MAIL RCPT "C:BDAT 3\na\nBDAT 3 LAST\nb\nS:250 ok\n", "end 0 a@x>b@y 6 1|\n");
	dialogue("BDAT where it is not offered", "S:220 mx\nC:HELO c\nMAIL FROM:<a@x>\nBDAT 30\nRCPT TO:<b@y>\nS:250 mx\n250 ok\n502 n\n550 n\n",
		 "rcpt 550 a@x>b@y 0 0|550 n\n");
	dialogue("a size that is none", HELLO MAIL RCPT "C:BDAT 18446744073709551616 LAST\nS:501 n\n", "lost: BDAT without a size\n");
}

static void
rubbish(void)
{
	dialogue("no SMTP at all", "S:+OK pop\nC:USER x\n", "lost: the server does not speak SMTP\n");
	dialogue("a number that is no reply", "S:220 mx\nC:NOOP\nS:199 x\n", "lost: the server does not speak SMTP\n");
	dialogue("two numbers in one reply", "S:220-mx\n250 mx\n", "lost: the server does not speak SMTP\n");
	dialogue("LMTP", "S:220 mx\nC:LHLO c\nS:250 mx\n", "lost: LMTP\n");
	dialogue("a reply to nothing", HELLO "S:250 ok\n", "lost: a reply to nothing\n");
	dialogue("354 to nothing", HELLO MAIL RCPT "S:354 ok\n", "lost: a reply to nothing\n");
	dialogue("250 to DATA", HELLO MAIL RCPT "C:DATA\nS:250 ok\n", "lost: a strange reply to DATA\n");
	dialogue("a session that never was", "", "");
	dialogue("a greeting that refuses", "S:554 no\nC:QUIT\nS:221 bye\n", "");
	dialogue("lines of rubbish, each answered", HELLO "C:\001\002\n\n \377\nS:502 n\n502 n\n502 n\n" MAIL "C:RCPT TO:<b@y>\nS:550 n\n",
		 "rcpt 550 a@x>b@y 0 0|550 n\n");
}

/* TEXT, then N times the byte C from one side. */
static const char *
flood(const char *text, bool server, unsigned char c, size_t n, size_t step)
{
	static struct qa_dialogue d;
	struct part part[PARTS];
	size_t parts = parts_of(text, part);
	unsigned char *block = malloc(step);

	if (!block)
		abort();
	memset(block, c, step);
	struct qa_buf log = QA_BUF(1 << 20);
	qa_dialogue_init(&d, note, &log);
	for (size_t i = 0; i < parts; i++) {
		feed(&d, &part[i], 0, part[i].n);
		free(part[i].p);
	}
	for (size_t done = 0; done < n; done += step)
		feed(&d, &(struct part){server, block, step}, 0, step);
	free(block);
	bool kept = d.held.size > 2 * QA_DIALOGUE_HELD || d.queue.size > 2 * QA_DIALOGUE_QUEUE;
	const char *why = kept ? "too much memory" : d.state == QA_DIALOGUE_LOST ? d.why : "following";
	qa_dialogue_free(&d);
	qa_buf_free(&log);
	return why;
}

static bool
is(const char *a, const char *b)
{
	if (strcmp(a, b) != 0)
		printf("# %s\n", a);
	return strcmp(a, b) == 0;
}

static void
limits(void)
{
	for (size_t step = 1; step <= 65536; step *= 256) {
		OK(is(flood(HELLO, false, 'x', 65536, step), "following"));
		OK(is(flood(HELLO, false, 'x', 65536 + step, step), "a command without an end"));
		OK(is(flood(HELLO "C:AUTH PLAIN\nS:334 \n", false, 'x', 131072, step), "a command without an end"));
		OK(is(flood(HELLO, false, '\n', 65536, step), "too many commands without a reply"));
		OK(is(flood(HELLO "C:DATA\n", false, 'x', 524288, step < 256 ? 256 : step), "following"));
		OK(is(flood(HELLO "C:DATA\n", false, 'x', 589824, step < 256 ? 256 : step), "too much was sent without waiting for a reply"));
		OK(is(flood(HELLO "S:250 ", true, 'x', 131072, step), "a reply without an end"));
		OK(is(flood(HELLO MAIL RCPT DATA, false, 'x', 1 << 20, step < 256 ? 256 : step), "following"));
	}
}

static void
many_recipients(void)
{
	static const char rcpt[] = "RCPT TO:<someone-with-a-name@example.com>\r\n";
	struct qa_dialogue d;
	struct qa_buf log = QA_BUF(1 << 20);
	unsigned n = 0;

	qa_dialogue_init(&d, note, &log);
	qa_dialogue_server(&d, qa_span_str("220 x\r\n"));
	qa_dialogue_client(&d, qa_span_str("MAIL FROM:<>\r\n"));
	qa_dialogue_server(&d, qa_span_str("250 x\r\n"));
	for (; d.state == QA_DIALOGUE_FOLLOWING && n < 1000000; n++) {
		qa_dialogue_client(&d, qa_span_str(rcpt));
		qa_dialogue_server(&d, qa_span_str("250 x\r\n"));
	}
	OK(n > 100000 && n < 200000);
	OK(d.state == QA_DIALOGUE_LOST && is(d.why, "too many recipients"));
	OK(d.recipients.p == NULL);
	qa_dialogue_free(&d);
	qa_buf_free(&log);
}

int
main(void)
{
	refusals();
	data();
	pipelining();
	auth();
	chunks();
	rubbish();
	limits();
	many_recipients();
	return done();
}
