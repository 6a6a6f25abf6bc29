#include "traffic/qjoin.h"
#include "traffic/qline.h"
#include "traffic/vdoms.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <time.h>

static struct qa_qline_clock clock_of;

static int
get(const char *line, struct qa_qline *q)
{
	return qa_qline_get(qa_span_str(line), &clock_of, q);
}

static void
stamps(void)
{
	struct qa_qline q;

	OK(get("@4000000065e55d4901c9c380 new msg 4711", &q) == 1 && q.event == QA_QLINE_NEW && q.msg == 4711);
	OK(q.stamped && q.time == 1709530431 && q.nano == 30000000);
	/* the example of tai64n(8): 935467455 seconds of TAI, of which 10 are not UTC's */
	OK(get("@4000000037c219bf2ef02e94 end msg 1", &q) == 1 && q.time == 935467445 && q.nano == 787492500);
	OK(get("@4000000037c219bf2ef02e94", &q) == 0 && q.stamped);
	OK(get("@4000000037c219bf2ef02e9", &q) == -1 && get("@4000000037C219bf2ef02e94 end msg 1", &q) == -1);
	OK(get("@4000000037c219bfffffffff end msg 1", &q) == -1 && get("@c000000037c219bf2ef02e94 end msg 1", &q) == -1);
	OK(get("@0000000037c219bf2ef02e94 end msg 1", &q) == -1 && get("@4000000000000009000000ff end msg 1", &q) == -1);
	OK(get("Mar  4 05:06:07 mx1 qmail: 1709528767.000123 new msg 9", &q) == 1 && q.time == 1709528767 && q.nano == 123000);
	OK(qa_span_is(q.host, "mx1") && qa_span_is(q.tag, "qmail") && q.splogger && !q.more);
	OK(get("Mar  4 05:06:07 mx1 qmail[77]: 1709528767.000123 new msg 9", &q) == 1 && qa_span_is(q.tag, "qmail"));
	OK(get("2024-03-04T05:06:07.123456+01:00 mx1 qmail: 1709528767.000123 end msg 9", &q) == 1 && q.time == 1709528767);
	OK(get("Mar  4 05:06:07 mx1 qmail: 1709528767.000123+abc", &q) == 0 && q.more && qa_span_is(q.rest, "abc"));
	OK(get("Mar  4 05:06:07 mx1 sshd[3]: new msg 9", &q) == 0);
	OK(get("Mar  4 05:06:07 mx1 last message repeated 2 times", &q) == 0);
	OK(get("2024-03-04T06:06:07.1234+01:00 mx1 qmail-send[7]: end msg 9", &q) == 1 && q.time == 1709528767 && q.nano == 123400000);
	OK(qa_span_is(q.tag, "qmail-send") && qa_span_is(q.host, "mx1"));
	OK(get("2024-03-04T05:06:07Z mx1 qmail-send: end msg 9", &q) == 1 && q.time == 1709528767 && q.nano == 0);
	OK(get("2024-03-04T05:06:07 mx1 qmail-send: end msg 9", &q) == 0 && !q.stamped && q.time == 0);
	OK(get("2024-13-04T05:06:07Z mx1 qmail-send: end msg 9", &q) == 0 && get("2024-03-04T05:06:07.Z a b: end msg 9", &q) == 0);
	OK(get("Mar  4 05:06:07 mx1 qmail-send[7]: end msg 9", &q) == 0);
	OK(get("1709528767.000123 bounce msg 9 qp 12", &q) == 1 && q.event == QA_QLINE_BOUNCE && q.qp == 12);
	OK(get("2024-07-04 05:06:07.000000001 new msg 9", &q) == 1 && q.time == 1720069567 && q.nano == 1);
	OK(get("2024-07-04 05:06:08.000000001 new msg 9", &q) == 1 && q.time == 1720069568);
	OK(get("2024-01-04 05:06:07 new msg 9", &q) == 1 && q.time == 1704344767);
	OK(get("new msg 9", &q) == 1 && !q.stamped && get("new msg 9\r", &q) == 1 && get("", &q) == 0);
}

static void
events(void)
{
	struct qa_qline q;

	OK(get("info msg 9: bytes 310 from <a@b> qp 77 uid 1001", &q) == 1 && q.bytes == 310 && q.qp == 77 && q.uid == 1001);
	OK(qa_span_is(q.address, "a@b"));
	OK(get("info msg 9: bytes 310 from <> qp 77 uid 1001", &q) == 1 && q.address.n == 0);
	OK(get("info msg 9: bytes 310 from <a>_qp_1@b>> qp 77 uid 1001 queue3", &q) == 1 && qa_span_is(q.address, "a>_qp_1@b>"));
	OK(get("info msg 9: bytes 310 from <a b> qp 77 uid 1001", &q) == -1 && get("info msg 9: bytes 310 from <a@b> qp 77 ui", &q) == -1);
	OK(get("info msg 9: bytes 310 from <a@b", &q) == -1 && get("info msg 9: bytes  from <a@b> qp 1 uid 1", &q) == -1);
	OK(get("starting delivery 3: msg 9 to local x@y", &q) == 1 && !q.remote && q.delivery == 3 && q.msg == 9);
	OK(get("starting delivery 3: msg 9 to remote x@y", &q) == 1 && q.remote && qa_span_is(q.address, "x@y"));
	OK(get("starting delivery 3: msg 9 to remote ", &q) == -1 && get("starting delivery 3: msg 9 to", &q) == -1);
	OK(get("delivery 3: success: did_1+0+0/", &q) == 1 && q.event == QA_QLINE_SUCCESS);
	OK(get("delivery 3: failure: no", &q) == 1 && q.event == QA_QLINE_FAILURE && qa_span_is(q.report, " no"));
	OK(get("delivery 3: deferral: no", &q) == 1 && q.event == QA_QLINE_DEFERRAL);
	OK(get("delivery 3: report mangled, will defer", &q) == 1 && q.event == QA_QLINE_DEFERRAL);
	OK(get("delivery 3: ", &q) == -1 && get("delivery 99999999999999999999: success: x", &q) == -1);
	OK(get("triple bounce: discarding bounce/12", &q) == 1 && q.event == QA_QLINE_TRIPLE && q.msg == 12);
	OK(get("status: local 1/10 remote 2/20", &q) == 1 && q.open == 3 && get("status: local 0/10 remote 0/20 exitasap", &q) == 1);
	OK(get("status: exiting", &q) == 1 && q.event == QA_QLINE_EXIT && get("status: local 1", &q) == -1);
	OK(get("warning: unable to stat mess/1/1", &q) == 0 && get("end msg 1x", &q) == -1);
}

/* All lines of a run, joined: "in a@b|x@y|310|success|1\n". */
static char out[1 << 16];
static size_t out_n;
static unsigned said;

static void
line(void *arg, const struct qa_statline *s)
{
	(void)arg;
	int n = snprintf(out + out_n, sizeof out - out_n, "%s%u %lld %.*s|%.*s|%llu|%.*s|%u\n", s->out ? "out" : "in", s->pid,
			 (long long)s->time, (int)s->sender.n, (const char *)s->sender.p, (int)s->recipient.n,
			 (const char *)s->recipient.p, (unsigned long long)s->bytes, (int)s->status.n, (const char *)s->status.p,
			 s->attempts);

	if (n > 0 && (size_t)n < sizeof out - out_n)
		out_n += (size_t)n;
}

static void
words(void *arg, const char *text)
{
	(void)arg;
	(void)text;
	said++;
}

static struct qa_qjoin *
joiner(const struct qa_vdoms *v, size_t memory)
{
	struct qa_qjoin_opt o = {.host = "h", .vdoms = v, .memory = memory, .now = 5, .line = line, .said = words};

	out_n = 0;
	out[0] = 0;
	said = 0;
	return qa_qjoin_new(&o);
}

static void
feed(struct qa_qjoin *j, const char *text)
{
	qa_qjoin_feed(j, qa_span_str(text));
}

#define RUN(text, want) run_one(text, want, __LINE__)
static void
run_one(const char *text, const char *want, int at)
{
	struct qa_qjoin *j = joiner(NULL, 0);

	feed(j, text);
	OKF(strcmp(out, want) == 0, "line %d: the stats lines are those", at);
	if (strcmp(out, want) != 0)
		fprintf(stderr, "got:\n%swanted:\n%s", out, want);
	qa_qjoin_free(j);
}

#define LIFE "new msg 9\ninfo msg 9: bytes 310 from <a@b> qp 77 uid 5\n"
#define TO_R "starting delivery 1: msg 9 to remote x@y\n"
#define TO_L "starting delivery 1: msg 9 to local d-x@y\n"

static void
joined(void)
{
	RUN(LIFE TO_R "delivery 1: success: 1.2.3.4_accepted_message./\nend msg 9\n", "out77 5 a@b|x@y|310|success|1\n");
	RUN(LIFE TO_L "delivery 1: success: did_1+0+0/\nend msg 9\n", "in77 5 a@b|d-x@y|310|success|1\n");
	RUN(LIFE TO_L "delivery 1: failure: Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/\n", "in77 5 a@b|d-x@y|310|reject|1\n");
	RUN(LIFE TO_L "delivery 1: failure: user_is_over_quota/\n", "in77 5 a@b|d-x@y|310|mboxoverquota|1\n");
	RUN(LIFE TO_L "delivery 1: failure: This_message_is_looping:_it_already_has_my_Delivered-To_line._(#5.4.6)/\n",
	    "in77 5 a@b|d-x@y|310|manyhops|1\n");
	RUN(LIFE TO_R "delivery 1: failure: 1.2.3.4_does_not_like_recipient./\n", "out77 5 a@b|x@y|0|reject|1\n");
	RUN(LIFE TO_R "delivery 1: failure: 1.2.3.4_failed_after_I_sent_the_message./\n", "out77 5 a@b|x@y|310|reject|1\n");
	RUN(LIFE TO_R "delivery 1: failure: SMTP_cannot_transfer_messages_with_partial_final_lines._(#5.6.2)/\n",
	    "out77 5 a@b|x@y|310|partial|1\n");
	/* three deliveries, the second of which had sent all of it */
	RUN(LIFE TO_R "delivery 1: deferral: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/\n"
		      "starting delivery 2: msg 9 to remote x@y\n"
		      "delivery 2: deferral: Connected_to_1.2.3.4_but_connection_died._Possible_duplicate!_(#4.4.2)/\n"
		      "starting delivery 5: msg 9 to remote x@y\ndelivery 5: success: ok\nend msg 9\n",
	    "out77 5 a@b|x@y|0|timeout|1\nout77 5 a@b|x@y|310|timeout|2\nout77 5 a@b|x@y|310|success|3\n");
	RUN(LIFE TO_R "delivery 1: deferral: Unable_to_read_message._(#4.3.0)/\n", "out77 5 a@b|x@y|0|readerr|1\n");
	RUN(LIFE TO_R "delivery 1: deferral: 1.2.3.4_does_not_like_recipient./Remote_host_said:_450_busy_(#4.4.1)/\n",
	    "out77 5 a@b|x@y|0|defer|1\n");
	RUN(LIFE TO_R "delivery 1: failure: 1.2.3.4_does_not_like_recipient./Remote_host_said:_550_failed_after_I_sent_the_message/\n",
	    "out77 5 a@b|x@y|0|reject|1\n");
	RUN(LIFE TO_R "delivery 1: deferral: 1.2.3.4_does_not_like_recipient./Remote_host_said:_450_Possible_duplicate!/\n",
	    "out77 5 a@b|x@y|0|defer|1\n");
	RUN(LIFE TO_R "delivery 1: report mangled, will defer\n", "out77 5 a@b|x@y|0|defer|1\n");
	/* one recipient twice, and two at once, reported in another order */
	RUN(LIFE TO_R "starting delivery 2: msg 9 to remote z@y\nstarting delivery 3: msg 9 to remote x@y\n"
		      "delivery 3: success: \ndelivery 2: failure: \ndelivery 1: success: \nend msg 9\n",
	    "out77 5 a@b|x@y|310|success|1\nout77 5 a@b|z@y|0|reject|1\nout77 5 a@b|x@y|310|success|1\n");
	/* a number comes again */
	RUN(LIFE TO_R "delivery 1: deferral: x\nend msg 9\nnew msg 9\ninfo msg 9: bytes 4 from <> qp 78 uid 5\n"
		      "starting delivery 2: msg 9 to remote x@y\ndelivery 2: success: x\nend msg 9\n",
	    "out77 5 a@b|x@y|0|defer|1\nout78 5 |x@y|4|success|1\n");
	/* the clock goes back */
	RUN("1709528767.000000 info msg 9: bytes 310 from <a@b> qp 77 uid 5\n1709528700.000000 starting delivery 1: msg 9 to local x@y\n"
	    "1709528600.000000 delivery 1: success: x\n1709528500.000000 end msg 9\n",
	    "in77 1709528600 a@b|x@y|310|success|1\n");
	/* a sender for each recipient */
	RUN("info msg 9: bytes 310 from <l-owner-@h.org-@[]> qp 77 uid 5\n" TO_R "delivery 1: success: x\n",
	    "out77 5 l-owner-x=y@h.org|x@y|310|success|1\n");
	RUN("info msg 9: bytes 310 from <#@[]> qp 77 uid 5\n" TO_R "delivery 1: success: x\n", "out77 5 #@[]|x@y|310|success|1\n");
}

static void
missing(void)
{
	struct qa_qjoin *j = joiner(NULL, 0);
	const struct qa_qjoin_counts *c = qa_qjoin_counts(j);

	feed(j, "delivery 70: success: x\n" TO_R "delivery 1: success: x\nend msg 9\n");
	OK(c->orphans == 2 && c->unknown == 1 && c->stats == 0 && qa_qjoin_open(j) == 0);
	/* killed, and begun anew: delivery 1 again, the same recipient, a second attempt */
	feed(j, LIFE TO_R "starting delivery 2: msg 9 to remote z@y\n" TO_R "delivery 1: success: x\n");
	OK(c->cut == 2 && strcmp(out, "out77 5 a@b|x@y|310|success|2\n") == 0);
	feed(j, "starting delivery 2: msg 9 to local z@y\nstatus: local 0/10 remote 0/20\ndelivery 2: success: x\n");
	OK(c->cut == 3 && c->orphans == 3);
	feed(j, "starting delivery 3: msg 9 to local z@y\nstatus: exiting\n");
	OK(c->cut == 4);
	feed(j, LIFE "new msg 9\nnew msg 9\n");
	OK(c->unended == 2 && qa_qjoin_open(j) == 1);
	feed(j, "bounce msg 9 qp 8\ntriple bounce: discarding bounce/9\nend msg 9\nhello\nend msg x\n");
	OK(c->bounces == 1 && c->triple == 1 && qa_qjoin_open(j) == 0 && c->other == 1 && c->torn == 1);
	/* a gap: who knows whose number it is now */
	feed(j, LIFE TO_R);
	qa_qjoin_gap(j);
	feed(j, "delivery 1: success: x\nstarting delivery 2: msg 9 to remote x@y\ndelivery 2: success: x\n");
	OK(c->unended == 3 && c->stats == 1 && qa_qjoin_open(j) == 0);
	qa_qjoin_free(j);
}

static void
virtual(void)
{
	struct qa_vdoms *v = qa_vdoms_new(qa_span_str(
		"Example.com:example.com\n.sub.org:joe  \nvip@a.org:vip-box\na.org:a\nhere.net:\n:all\nexample.com:second\n#x:y\n"));
	struct {
		const char *from, *to;
	} t[] = {
		{"example.com-user@example.com", "user@example.com"},
		{"example.com-User-x@EXAMPLE.com", "User-x@EXAMPLE.com"},
		{"user@example.com", "user@example.com"},
		{"joe-u@x.sub.org", "u@x.sub.org"},
		{"joe-u@sub.org", "joe-u@sub.org"},
		{"vip-box-vip@a.org", "vip@a.org"},
		{"a-u@a.org", "u@a.org"},
		{"a-b@here.net", "a-b@here.net"},
		{"all-u@elsewhere", "u@elsewhere"},
		{"all-@elsewhere", "@elsewhere"},
		{"noat", "noat"},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		OKF(qa_span_is(qa_vdoms_strip(v, qa_span_str(t[i].from)), t[i].to), "%s was %s", t[i].from, t[i].to);
	struct qa_qjoin *j = joiner(v, 0);
	feed(j, LIFE "starting delivery 1: msg 9 to local example.com-u@example.com\ndelivery 1: success: x\n"
		     "starting delivery 2: msg 9 to remote example.com-u@example.com\ndelivery 2: success: x\n");
	OK(strcmp(out, "in77 5 a@b|u@example.com|310|success|1\nout77 5 a@b|example.com-u@example.com|310|success|1\n") == 0);
	qa_qjoin_free(j);
	qa_vdoms_free(v);
	qa_vdoms_free(NULL);
	struct qa_err err;
	OK(qa_vdoms_open("/nonexistent/x", &err) == NULL && err.num == 2);
}

/* Saved anywhere and loaded again it goes on as if nothing had been. */
static void
saved(void)
{
	static const char text[] = "new msg 3\n" LIFE TO_R "delivery 1: deferral: x\nstarting delivery 2: msg 9 to local l@y\n"
				   "new msg 10\ninfo msg 10: bytes 1 from <> qp 1 uid 0\n"
				   "starting delivery 4: msg 9 to remote x@y\ndelivery 2: success: x\ndelivery 4: success: x\n"
				   "starting delivery 5: msg 10 to local q@y\ndelivery 5: failure: x\nend msg 9\nend msg 10\nend msg 3\n";
	static const char want[] = "out77 5 a@b|x@y|0|defer|1\nin77 5 a@b|l@y|310|success|1\nout77 5 a@b|x@y|310|success|2\n"
				   "in1 5 |q@y|1|reject|1\n";
	struct qa_err err;
	bool good = true;

	for (size_t cut = 0; cut <= sizeof text - 1; cut++) {
		struct qa_buf b = QA_BUF(0), again = QA_BUF(0);
		struct qa_qjoin *j, *k;

		if (cut && text[cut - 1] != '\n')
			continue;
		j = joiner(NULL, 0);
		qa_qjoin_feed(j, qa_span_of(text, cut));
		good &= qa_qjoin_save(j, &b, &err) == 0;
		qa_qjoin_free(j);
		size_t n = out_n;
		char first = out[0];
		k = joiner(NULL, 0);
		out_n = n;
		out[0] = first;
		good &= qa_qjoin_load(k, qa_buf_span(&b), &err) == 0 && qa_qjoin_save(k, &again, &err) == 0;
		good &= b.n == again.n;
		qa_qjoin_feed(k, qa_span_of(text + cut, sizeof text - 1 - cut));
		good &= strcmp(out, want) == 0 && qa_qjoin_open(k) == 0;
		for (size_t i = 0; good && i < b.n; i++) {
			struct qa_qjoin *torn = joiner(NULL, 0);

			out[0] = first;
			/* a cut at the end of a line is a shorter list; the keeper of the file sees to that */
			if (i == 0 || b.p[i - 1] != '\n')
				good = qa_qjoin_load(torn, qa_span_of(b.p, i), &err) == -1;
			qa_qjoin_free(torn);
		}
		qa_qjoin_free(k);
		qa_buf_free(&b);
		qa_buf_free(&again);
	}
	OK(good);
}

static void
limit(void)
{
	struct qa_qjoin *j = joiner(NULL, 20000);
	const struct qa_qjoin_counts *c = qa_qjoin_counts(j);
	char text[200];

	for (int i = 1; i <= 1000; i++) {
		snprintf(text, sizeof text, "new msg %d\ninfo msg %d: bytes 3 from <s%d@x> qp 1 uid 1\n", i, i, i);
		feed(j, text);
	}
	OK(qa_qjoin_open(j) < 200 && qa_qjoin_open(j) > 20 && c->dropped == 1000 - qa_qjoin_open(j) && said == c->dropped);
	feed(j, "starting delivery 1: msg 1 to local a@b\nstarting delivery 2: msg 1000 to local a@b\n"
		"delivery 1: success: x\ndelivery 2: success: x\n");
	OK(c->unknown == 1 && c->stats == 1);
	/* one message with more recipients than fit, under way and deferred */
	for (int i = 3; i < 3000; i++) {
		snprintf(text, sizeof text, "starting delivery %d: msg 1000 to remote a%d@b\n", i, i);
		feed(j, text);
		if (i % 2)
			snprintf(text, sizeof text, "delivery %d: deferral: x\n", i), feed(j, text);
	}
	OK(c->cut > 1000 && qa_qjoin_open(j) == 1 && c->stats > 1000);
	qa_qjoin_free(j);
}

static void
pieces(void)
{
	struct qa_qjoin *j = joiner(NULL, 0);
	struct qa_buf b = QA_BUF(0);
	struct qa_err err;
	char text[3000], long_name[1500];
	const char *stamp = "Mar  4 05:06:07 mx1 qmail: 1709528767.000100";

	memset(long_name, 'x', sizeof long_name);
	snprintf(text, sizeof text, "starting delivery 1: msg 9 to remote %.1000s@y.org", long_name);
	qa_span whole = qa_span_str(text);
	feed(j, "Mar  4 05:06:07 mx1 qmail: 1709528766.000100 info msg 9: bytes 310 from <a@b> qp 77 uid 5\n");
	char piece[1000];
	snprintf(piece, sizeof piece, "%s %.799s\n", stamp, text);
	feed(j, piece);
	feed(j, "Mar  4 05:06:07 mx1 smtpd: 1709528767.000105 tcpserver: status: 1/40\n");
	OK(qa_qjoin_save(j, &b, &err) == 0);
	qa_qjoin_free(j);
	j = joiner(NULL, 0);
	OK(qa_qjoin_load(j, qa_buf_span(&b), &err) == 0);
	snprintf(piece, sizeof piece, "%s+%.900s\n", stamp, text + 799);
	OK(whole.n > 799);
	feed(j, piece);
	feed(j, "Mar  4 05:06:08 mx1 qmail: 1709528768.000100 delivery 1: success: x\n");
	OK(out_n > 1000 && strstr(out, "x@y.org|310|success|1\n") && !strncmp(out, "out77 1709528768 ", 17));
	/* the rest of what was not seen */
	feed(j, piece);
	OK(qa_qjoin_counts(j)->torn == 0);
	qa_buf_free(&b);
	qa_qjoin_free(j);
}

static void
tags_and_place(void)
{
	struct qa_qjoin_opt o = {.host = "h", .tag = "qmail", .line = line};
	struct qa_qjoin *j = qa_qjoin_new(&o);
	int64_t t;
	uint32_t nano;

	out_n = 0;
	OK(!qa_qjoin_last(j, &t, &nano));
	feed(j, "Mar  4 05:06:07 mx1 qmail2: 1709528767.000100 new msg 3\nMar  4 05:06:07 mx1 qmail: 1709528767.000200 new msg 4\n");
	OK(qa_qjoin_open(j) == 1 && qa_qjoin_last(j, &t, &nano) && t == 1709528767 && nano == 200000);
	qa_qjoin_after_last(j);
	feed(j, "1709528767.000150 new msg 5\n1709528767.000200 new msg 6\n1709528767.000201 new msg 7\n1709528767.000100 new msg 8\n");
	OK(qa_qjoin_counts(j)->late == 2 && qa_qjoin_open(j) == 3);
	qa_qjoin_free(j);
}

int
main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	stamps();
	events();
	joined();
	missing();
	virtual();
	saved();
	limit();
	pieces();
	tags_and_place();
	return done();
}
