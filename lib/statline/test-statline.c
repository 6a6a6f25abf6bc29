#include "statline/statline.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <time.h>

static const char sample[] = "Mar  4 05:06:07 mx1.example.net in[4242]: 1709528767|a@example.org|b@example.net|1834|success";

static bool
good(const char *line, struct qa_statline *s)
{
	const char *why;

	return qa_statline_get(qa_span_str(line), s, &why) == 0;
}

static bool
bad(const char *line, const char *want)
{
	struct qa_statline s;
	const char *why = "";

	return qa_statline_get(qa_span_str(line), &s, &why) == -1 && strcmp(why, want) == 0;
}

static void
parse(void)
{
	struct qa_statline s;

	OK(good(sample, &s) && qa_span_is(s.date, "Mar  4 05:06:07") && qa_span_is(s.host, "mx1.example.net"));
	OK(!s.out && s.pid == 4242 && s.time == 1709528767 && s.bytes == 1834 && s.attempts == 0);
	OK(qa_span_is(s.sender, "a@example.org") && qa_span_is(s.recipient, "b@example.net") && qa_span_is(s.status, "success"));
	OK(good("Mar 14 05:06:07 h out[1]: 0||b@x|0|reject|3\r\n", &s) && s.out && s.attempts == 3 && s.sender.n == 0);
	OK(good("1709528767|a@x|b@y|18446744073709551615|success", &s) && s.host.n == 0 && s.bytes == UINT64_MAX);
	OK(bad("", "empty") && bad("\r\n", "empty") && bad("|a|b|1|x", "no date") && bad("1|a|b", "no bytes") && bad("1|a|b|1|", "no status") && bad("1|a", "no recipient"));
	OK(bad("1|a|b|1|x|2|3", "a field too many") && bad("1|a|b|1|x|y", "attempts are no number"));
	OK(bad("1|a|b|18446744073709551616|x", "no bytes") && bad("1|a\tb|c|1|x", "a control character"));
	OK(bad("Mar  4 05:06:07 h up[1]: 1|a|b|1|x", "neither in nor out"));
	OK(bad("Mar  4 05:06:07 h in[]: 1|a|b|1|x", "no process id"));
}

static void
kinds(void)
{
	struct qa_statline s;

	OK(good("1|pop3@u@d.example|u@d.example|1|success", &s) && qa_statline_kind(&s) == QA_STAT_POP3);
	OK(qa_span_is(qa_statline_account(&s), "u@d.example"));
	OK(good("1|imap@u@d.example||1|success", &s) && qa_statline_kind(&s) == QA_STAT_IMAP);
	OK(good("1|web@maillist|l@d.example|1|success", &s) && qa_statline_kind(&s) == QA_STAT_LIST);
	OK(good("Mar 14 05:06:07 h out[1]: 1|imap@u@d.example|u|1|success", &s) && qa_statline_kind(&s) == QA_STAT_IMAP);
	/* a sender is believed no direction that his mail has not */
	OK(good("Mar 14 05:06:07 h in[1]: 1|pop3@u@d.example|a@b|1|success", &s) && qa_statline_kind(&s) == QA_STAT_IN);
	OK(good("Mar 14 05:06:07 h out[1]: 1|pop3@d.example|a@b|1|success", &s) && qa_statline_kind(&s) == QA_STAT_OUT);
	OK(good("1|pop3@d.example|a@b|1|success", &s) && qa_statline_kind(&s) == QA_STAT_IN);
	OK(good("Mar 14 05:06:07 h out[1]: 1|web@maillist|a@b|1|success", &s) && qa_statline_kind(&s) == QA_STAT_OUT);
	OK(qa_span_is(qa_statline_domain(qa_span_str("a@b@C.example.")), "C.example") && qa_statline_domain(qa_span_str("x")).n == 0);
}

static void
write_out(void)
{
	unsigned char line[QA_STATLINE_MAX + 1], back[QA_STATLINE_MAX];
	struct qa_statline s = {.host = qa_span_str("mx1.example.net"), .pid = 4242, .time = 1709528767, .bytes = 1834,
				.sender = qa_span_str("a@example.org"), .recipient = qa_span_str("b@example.net"),
				.status = qa_span_str("success")};
	struct qa_statline got;
	const char *why;

	setenv("TZ", "UTC", 1);
	tzset();
	size_t n = qa_statline_put(&s, line);
	OK(n == sizeof sample && memcmp(line, sample, n - 1) == 0 && line[n - 1] == '\n');

	unsigned char local[3000];
	for (size_t i = 0; i < sizeof local; i++)
		local[i] = (unsigned char)(i % 40);
	memcpy(local + sizeof local - 11, "@example.jp", 11);
	s.sender = s.recipient = qa_span_of(local, sizeof local);
	s.host = s.status = qa_span_of(local, sizeof local);
	s.pid = s.attempts = UINT32_MAX;
	s.time = INT64_MAX / 1000000000;
	s.bytes = UINT64_MAX;
	s.out = true;
	n = qa_statline_put(&s, line);
	OKF(n <= QA_STATLINE_MAX, "the longest line has %zu bytes", n);
	OK(qa_statline_get(qa_span_of(line, n), &got, &why) == 0 && qa_span_is(qa_statline_domain(got.sender), "example.jp"));

	s.sender = qa_span_of(local, 200);
	n = qa_statline_put(&s, line);
	OK(qa_statline_get(qa_span_of(line, n), &got, &why) == 0 && qa_statline_decode(got.sender, back) == 200 &&
	   memcmp(back, local, 200) == 0);
}

/* Should a torn line be glued to the next one all the same, no cut makes a false line of the two. */
static void
glued(void)
{
	static const char six[] = "Mar  4 05:06:07 mx1.example.net out[4242]: 1709528767|a@example.org|100|1834|success|12";
	char both[sizeof six + sizeof sample];
	struct qa_statline s;
	size_t taken = 0;

	for (size_t cut = 1; cut < sizeof six; cut++) {
		snprintf(both, sizeof both, "%.*s%s", (int)cut, six, sample);
		taken += good(both, &s);
		snprintf(both, sizeof both, "%.*s%s", (int)cut, six, six);
		taken += good(both, &s);
	}
	OKF(taken == 0, "%zu glued lines were taken for one", taken);
}

static void
edges(void)
{
	char line[QA_STATLINE_MAX + 3];
	struct qa_statline s;

	memset(line, 'x', sizeof line);
	memcpy(line, "1|", 2);
	memcpy(line + QA_STATLINE_MAX - 6, "|b|1|s\n", 8);
	OK(strlen(line) == QA_STATLINE_MAX + 1 && bad(line, "too long"));
	memmove(line + 2, line + 3, strlen(line + 3) + 1);
	OK(strlen(line) == QA_STATLINE_MAX && good(line, &s) && s.sender.n == QA_STATLINE_MAX - 9);
	OK(good("1|a@\xc3\xa9.example|b|1|s", &s) && qa_statline_domain(s.sender).n == 10);
	OK(bad("9223372036854775808|a|b|1|s", "no time") && bad("1|a|b|1|s|4294967296", "attempts are no number"));
	OK(bad("Mar  4 05:06:07 h in[4294967296]: 1|a|b|1|s", "no process id") && bad("Mar  4 05:06:07  in[1]: 1|a|b|1|s", "no host"));
	OK(bad("1|a|b|-1|s", "no bytes") && bad("1|a|b| 1|s", "no bytes") && bad("1|a|b|1||2", "no status"));
	OK(bad("Mar  4 05:06:07 h in[1]:", "no process id") && bad("Mar  4 05:06:07 h", "no host"));
}

int
main(void)
{
	parse();
	glued();
	edges();
	kinds();
	write_out();
	return done();
}
