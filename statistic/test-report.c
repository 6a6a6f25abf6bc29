#include "statistic/report.h"
#include "tests/tap.h"

#include <stdlib.h>

#define TEXT(s) qa_span_of(s, sizeof(s) - 1)

static char got[200];

/* Status of each recipient, with `+` where the message went over. */
static const char *
outcomes(qa_span report, size_t recipients, int status, size_t piece)
{
	char letters[16];
	struct qa_report r;

	qa_report_init(&r, letters, recipients);
	for (size_t at = 0; at < report.n; at += piece)
		qa_report_add(&r, qa_span_cut(report, at, piece));
	got[0] = 0;
	for (size_t i = 0, n = 0; i < recipients; i++) {
		struct qa_outcome o = qa_report_outcome(&r, i, status);

		n += (size_t)snprintf(got + n, sizeof got - n, "%s%s%s", i ? " " : "", o.status, o.sent ? "+" : "");
	}
	return got;
}

/* Whole, and byte by byte. */
static bool
is(qa_span report, size_t recipients, const char *want)
{
	for (size_t piece = report.n; piece; piece = piece > 1 ? 1 : 0)
		if (strcmp(outcomes(report, recipients, 0, piece), want) != 0) {
			printf("# %s\n", got);
			return false;
		}
	return true;
}

static void
one_recipient(void)
{
	OK(is(TEXT("r\0K192.0.2.1 accepted message.\nRemote host said: 250 ok (#4.4.2)\n\0"), 1, "success+"));
	OK(is(TEXT("h192.0.2.1 does not like recipient.\n\0DGiving up on 192.0.2.1.\n\0"), 1, "reject"));
	OK(is(TEXT("s192.0.2.1 does not like recipient.\n\0DGiving up on 192.0.2.1.\n\0"), 1, "defer"));
	OK(is(TEXT("DConnected to 192.0.2.1 but sender was rejected.\nRemote host said: 550 no (#4.4.1)\n\0"), 1, "reject"));
	OK(is(TEXT("ZConnected to 192.0.2.1 but greeting failed.\nRemote host said: 421\n\0"), 1, "defer"));
	OK(is(TEXT("DSorry, I couldn't find any host named a(#4.4.1).example. (#5.1.2)\n\0"), 1, "reject"));
	OK(is(TEXT("ZCNAME lookup failed temporarily. (#4.4.3)\n\0"), 1, "defer"));
	OK(is(TEXT("ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"), 1, "timeout"));
	OK(is(TEXT("ZConnected to 192.0.2.1 but connection died. (#4.4.2)\n\0"), 1, "timeout"));
	OK(is(TEXT("r\0ZConnected to 192.0.2.1 but connection died. Possible duplicate! (#4.4.2)\n\0"), 1, "timeout+"));
	OK(is(TEXT("r\0D192.0.2.1 failed on DATA command.\nRemote host said: 554 no\n\0"), 1, "reject"));
	OK(is(TEXT("r\0Z192.0.2.1 failed on DATA command.\nRemote host said: 451 no\n\0"), 1, "defer"));
	OK(is(TEXT("r\0D192.0.2.1 failed after I sent the message.\nRemote host said: 554 spam\n\0"), 1, "reject+"));
	OK(is(TEXT("r\0Z192.0.2.1 failed after I sent the message.\nRemote host said: 451 later\n\0"), 1, "defer+"));
	OK(is(TEXT("r\0DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n\0"), 1, "partial+"));
	OK(is(TEXT("r\0ZUnable to read message. (#4.3.0)\n\0"), 1, "readerr+"));
	OK(is(TEXT("ZOut of memory. (#4.3.0)\n\0"), 1, "readerr"));
	OK(is(TEXT("DI (qmail-remote) was invoked improperly. (#5.3.5)\n\0"), 1, "readerr"));
}

static void
several(void)
{
	OK(is(TEXT("r\0hno\0slater\0Kgood\0"), 3, "success+ reject defer"));
	OK(is(TEXT("r\0r\0ZConnected to x but connection died. (#4.4.2)\n\0"), 2, "timeout+ timeout+"));
	OK(is(TEXT("r\0hno\0ZConnected to x but connection died. (#4.4.2)\n\0"), 3, "timeout reject timeout"));
	OK(is(TEXT("r\0D192.0.2.1 failed after I sent the message.\n\0"), 2, "reject reject"));
}

static void
odd(void)
{
	OK(is(TEXT(""), 1, "readerr") && is(TEXT("r\0"), 1, "readerr") && is(TEXT("r\0Kgood"), 1, "readerr"));
	OK(is(TEXT("K\0"), 1, "success+") && is(TEXT("\0\0xwhat\0r\0K\0D\0"), 1, "success+"));
	OK(is(TEXT("r\0r\0r\0K\0"), 1, "success+") && is(TEXT("(#4.4.2)\0"), 1, "readerr"));
	OK(is(TEXT("Z(#4.4.2)\0"), 1, "timeout") && is(TEXT("Z#4.4.2)\0"), 1, "defer") && is(TEXT("Z(#4.4.x)\0"), 1, "defer"));
	OK(strcmp(outcomes(TEXT("r\0K\0"), 1, 111 << 8, 9), "readerr") == 0);
	OK(strcmp(outcomes(TEXT("r\0K\0"), 1, 11, 9), "readerr") == 0);

	/* a host name that fills any line */
	static char long_text[1 << 20] = "ZConnected to ";
	static const char end[] = " but connection died. (#4.4.2)\n";
	memset(long_text + 14, 'x', sizeof long_text - 14);
	memcpy(long_text + sizeof long_text - sizeof end, end, sizeof end);
	OK(is(qa_span_of(long_text, sizeof long_text), 1, "timeout"));
}

int
main(void)
{
	one_recipient();
	several();
	odd();
	return done();
}
