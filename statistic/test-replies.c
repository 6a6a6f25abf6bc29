/* Statuses: what real servers say, the administrator's rules, and rules that are wrong. */
#include "statistic/replies.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>

static struct qa_replies builtin;

static bool
gives(const struct qa_replies *r, enum qa_dialogue_stage stage, const char *reply, const char *wanted)
{
	const struct qa_dialogue_result e = {
		.stage = stage,
		.code = *reply ? (unsigned)strtoul(reply, NULL, 10) : 0,
		.reply = qa_span_str(reply),
	};
	qa_span got = qa_replies_status(r, &e);

	if (qa_span_is(got, wanted))
		return true;
	printf("# %s: %.*s, not %s\n", reply, (int)got.n, (const char *)got.p, wanted);
	return false;
}

#define IS(stage, reply, wanted) OKF(gives(&builtin, stage, reply, wanted), "%s: %s", wanted, reply)

static void
servers(void)
{
	OK(qa_replies_add(&builtin, qa_span_str(qa_replies_builtin), NULL) == 0 && builtin.n > 20);
	/* qmail and its kin */
	IS(QA_STAGE_END, "250 ok 1763880000 qp 4242", "success");
	IS(QA_STAGE_BREAK, "451 timeout (#4.4.2)", "timeout");
	IS(QA_STAGE_END, "554 too many hops, this message is looping (#5.4.6)", "manyhops");
	IS(QA_STAGE_END, "552 sorry, that message size exceeds my databytes limit (#5.3.4)", "bytestooverflow");
	IS(QA_STAGE_RCPT, "552 sorry, that message size exceeds my databytes limit (#5.3.4)", "bytestooverflow");
	IS(QA_STAGE_RCPT, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "reject");
	IS(QA_STAGE_RCPT, "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)", "reject");
	IS(QA_STAGE_END, "554 mail server permanently rejected message (#5.3.0)", "reject");
	IS(QA_STAGE_END, "451 mail server temporarily rejected message (#4.3.0)", "defer");
	IS(QA_STAGE_END, "451 qq timeout (#4.3.0)", "defer");
	IS(QA_STAGE_BREAK, "451 See https://cr.yp.to/docs/smtplf.html.", "defer");
	IS(QA_STAGE_DATA, "451 qqt failure (#4.3.0)", "defer");
	IS(QA_STAGE_END, "554 sorry, invalid message content (#5.3.2)", "badmime");
	IS(QA_STAGE_RCPT, "550 sorry, no mailbox by that name (#5.7.1)", "reject");
	/* chkuser */
	IS(QA_STAGE_RCPT, "550 5.1.1 sorry, no mailbox here by that name (chkuser)", "reject");
	IS(QA_STAGE_RCPT, "552 5.2.2 sorry, recipient mailbox is full (chkuser)", "mboxoverquota");
	IS(QA_STAGE_RCPT, "451 4.3.0 system temporary unavailable, try again later (chkuser)", "defer");
	/* simscan */
	IS(QA_STAGE_END, "554 Your email was rejected because it contains the Eicar-Test-Signature virus", "rejclam");
	IS(QA_STAGE_END, "554 Your email is considered spam (12.30 spam-hits)", "rejspam");
	IS(QA_STAGE_END, "554 Your email was rejected because it contains a bad attachment: .exe", "badmime");
	/* qpsmtpd */
	IS(QA_STAGE_BREAK, "421 timeout; I can't wait that long...", "timeout");
	IS(QA_STAGE_BREAK, "451 Incomplete DATA", "timeout");
	IS(QA_STAGE_END, "552 Message too big!", "bytestooverflow");
	IS(QA_STAGE_END, "552 Too many hops (#5.4.6)", "manyhops");
	IS(QA_STAGE_END, "552 Virus found: Eicar", "rejclam");
	IS(QA_STAGE_END, "552 spam score exceeded threshold", "rejspam");
	IS(QA_STAGE_END, "552 we agree, no spam please", "rejspam");
	IS(QA_STAGE_END, "451 Unable to scan for viruses", "defer");
	/* Postfix */
	IS(QA_STAGE_BREAK, "421 4.4.2 mx.example.com Error: timeout exceeded", "timeout");
	IS(QA_STAGE_RCPT, "552 5.3.4 Message size exceeds fixed limit", "bytestooverflow");
	IS(QA_STAGE_RCPT, "452 4.2.2 Mailbox full", "mboxoverquota");
	/* what a good answer repeats of the mail is not what came of it */
	IS(QA_STAGE_END, "250 Queued! 1763880000 qp 4242 <over quota@example.com>", "success");
	IS(QA_STAGE_END, "250 2.0.0 ok <mailbox.is.full@example.com>", "success");
	IS(QA_STAGE_RCPT, "550 user is over quota", "mboxoverquota");
	IS(QA_STAGE_END, "450 the mailbox is full", "mboxoverquota");
	/* how far the mail was */
	IS(QA_STAGE_RCPT, "553 http://www.spamhaus.org/query/bl?ip=127.0.0.2", "reject");
	IS(QA_STAGE_RCPT, "451 timeout", "defer");
	IS(QA_STAGE_BREAK, "", "timeout");
	IS(QA_STAGE_END, "", "defer");
}

static void
own_rules(void)
{
	static struct qa_replies r;

	OK(qa_replies_add(&r, qa_span_str("# c\r\n\n  none\t451 *grey?ist*  \r\nreject 552 *\nbroken2 5*b*c"), NULL) == 0 && r.n == 3);
	OK(qa_replies_add(&r, qa_span_str(qa_replies_builtin), NULL) == 0);
	OK(gives(&r, QA_STAGE_RCPT, "451 Greylisted, come back", "none"));
	OK(gives(&r, QA_STAGE_RCPT, "450 Greylisted, come back", "defer"));
	OK(gives(&r, QA_STAGE_END, "552 that message size exceeds my databytes limit", "reject"));
	OK(gives(&r, QA_STAGE_END, "554 abab c", "broken2"));
	OK(gives(&r, QA_STAGE_END, "554 abab cd", "reject"));
	OK(gives(&r, QA_STAGE_END, "554 too many hops", "manyhops"));
}

static bool
refused(const char *text, size_t n, const char *why)
{
	static struct qa_replies r;
	struct qa_err err = {0};
	bool good = qa_replies_add(&r, qa_span_of(text, n), &err) == -1 && err.num == EPROTO && r.n == 0 && strcmp(err.text, why) == 0;

	if (!good)
		printf("# %s\n", err.text);
	return good;
}

static void
wrong_rules(void)
{
	static char many[QA_REPLIES_RULES * 4 + 5], long_one[QA_REPLIES_PATTERN + 4] = "x ";

	OK(refused("reject 5*\nReject 5*", 18, "line 2: a status is lower-case letters and digits"));
	OK(refused("a|b 5*", 6, "line 1: a status is lower-case letters and digits"));
	OK(refused("abcdefghijklmnopqrstuvwxyz1234567 5*", 36, "line 1: a status is lower-case letters and digits"));
	OK(refused("\nreject", 7, "line 2: no pattern"));
	OK(refused("reject 5\0*", 10, "line 1: a NUL"));
	memset(long_one + 2, '*', QA_REPLIES_PATTERN + 1);
	OK(refused(long_one, QA_REPLIES_PATTERN + 3, "line 1: the pattern is too long"));
	for (size_t i = 0; i <= QA_REPLIES_RULES; i++)
		memcpy(many + 4 * i, "a *\n", 4);
	OK(refused(many, 4 * (QA_REPLIES_RULES + 1), "line 501: too many rules"));
}

int
main(void)
{
	servers();
	own_rules();
	wrong_rules();
	return done();
}
