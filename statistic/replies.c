#include "statistic/replies.h"

#include <errno.h>

/* What the servers say: qmail 1.03, netqmail, notqmail, s/qmail, chkuser, simscan, qpsmtpd, Postfix. */
const char qa_replies_builtin[] =
    "# qmail, netqmail, notqmail, s/qmail\n"
    "timeout 451 timeout*\n"
    "manyhops 554 too many hops*\n"
    "bytestooverflow 552 *databytes*\n"
    "badmime 554 *invalid message content*\n"
    "# chkuser, vpopmail\n"
    "mboxoverquota 5?? *5.2.2*\n"
    "mboxoverquota 4?? *4.2.2*\n"
    "mboxoverquota 5?? *over quota*\n"
    "mboxoverquota 4?? *over quota*\n"
    "mboxoverquota 5?? *mailbox*full*\n"
    "mboxoverquota 4?? *mailbox*full*\n"
    "# simscan\n"
    "badmime 5?? *bad attachment*\n"
    "rejclam 5?? *virus*\n"
    "rejspam 5?? *considered spam*\n"
    "# qpsmtpd\n"
    "timeout 451 incomplete data*\n"
    "bytestooverflow 552 message too big*\n"
    "rejspam 5?? *spam score exceeded*\n"
    "rejspam 5?? *no spam please*\n"
    "# others, and enhanced codes (RFC 3463)\n"
    "timeout 4?? *timeout*\n"
    "timeout 4?? *timed out*\n"
    "manyhops 5?? *5.4.6*\n"
    "manyhops 5?? *too many hops*\n"
    "bytestooverflow 552 *size*\n"
    "bytestooverflow 5?? *5.3.4*\n"
    "rejclam 5?? *infected*\n"
    "rejspam 5?? *spam*\n"
    "badmime 5?? *5.6.?*\n";

static unsigned char
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static bool
fits(qa_span pattern, qa_span s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, from = 0;

	while (i < s.n)
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = i;
		} else if (p < pattern.n && (pattern.p[p] == '?' || lower(pattern.p[p]) == lower(s.p[i]))) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static bool
is_status(qa_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return s.n && s.n <= QA_REPLIES_STATUS;
}

/* One line, without blanks at its ends: 0, or -1 and why. */
static int
add_line(struct qa_replies *r, qa_span line, const char **why_r)
{
	size_t n = 0;

	if (line.n == 0 || line.p[0] == '#')
		return 0;
	while (n < line.n && !qa_blank(line.p[n]))
		n++;
	qa_span status = qa_span_cut(line, 0, n), pattern = qa_span_trim(qa_span_cut(line, n, line.n));
	if (!is_status(status))
		*why_r = "a status is lower-case letters and digits";
	else if (pattern.n == 0)
		*why_r = "no pattern";
	else if (pattern.n > QA_REPLIES_PATTERN)
		*why_r = "the pattern is too long";
	else if (memchr(pattern.p, 0, pattern.n))
		*why_r = "a NUL";
	else if (r->n == QA_REPLIES_RULES)
		*why_r = "too many rules";
	else {
		r->rule[r->n].status = status;
		r->rule[r->n++].pattern = pattern;
		return 0;
	}
	return -1;
}

int
qa_replies_add(struct qa_replies *r, qa_span text, struct qa_err *err)
{
	size_t before = r->n;
	const char *why;

	for (unsigned number = 1; text.n; number++) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		if (add_line(r, qa_span_trim(qa_span_cut(text, 0, n)), &why)) {
			r->n = before;
			return qa_fail(err, EPROTO, "line %u: %s", number, why);
		}
		text = qa_span_cut(text, n + 1, text.n);
	}
	return 0;
}

/* Whether a status can be that of mail that came so far. */
static bool
may_be(qa_span status, enum qa_dialogue_stage stage)
{
	if (qa_span_is(status, "timeout"))
		return stage == QA_STAGE_BREAK;
	if (qa_span_is(status, "rejclam") || qa_span_is(status, "rejspam") || qa_span_is(status, "badmime"))
		return stage == QA_STAGE_END;
	return true;
}

qa_span
qa_replies_status(const struct qa_replies *r, const struct qa_dialogue_result *e)
{
	for (size_t i = 0; e->code && i < r->n; i++)
		if (may_be(r->rule[i].status, e->stage) && fits(r->rule[i].pattern, e->reply))
			return r->rule[i].status;
	if (e->code == 0)
		return qa_span_str(e->stage == QA_STAGE_BREAK ? "timeout" : "defer");
	return qa_span_str(e->code < 400 ? "success" : e->code < 500 ? "defer" : "reject");
}
