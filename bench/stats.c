/*
 * stats: writes a stats file of a busy host to standard output, the same for the same arguments:
 *
 *	stats BYTES DOMAINS BEGIN [SEED]	lines of about BYTES, from the second BEGIN (UTC) on, over one day
 *	stats -l DOMAINS			the hosted domains, one a line
 *
 * A few domains have most of the mail. Three of five lines come in, one goes out, one is a session; one of ten is refused, one of
 * 100000 is no line at all.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STRANGERS = 50000 };

static uint64_t state;

static uint32_t
rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(((state >> 32) * below) >> 32);
}

/* Small numbers much more often: about 1 / n. */
static uint32_t
few(uint32_t below)
{
	return (uint32_t)(((uint64_t)rnd(below) * rnd(65536)) >> 16);
}

static void
domain(char out[64], uint32_t i)
{
	static const char *const word[] = {"garten", "tokyo", "north", "river", "media", "haus", "print", "audio"};
	static const char *const tld[] = {"example", "example.com", "example.net", "test"};

	snprintf(out, 64, "%s-%u.%s", word[i % 8], i, tld[i / 8 % 4]);
}

static void
stranger(char out[96])
{
	static const char *const name[] = {"info", "bounce+a7f3c1", "no-reply", "anna.berg", "sales", "k.tanaka"};

	snprintf(out, 96, "%s%u@mail%u.far.example", name[rnd(6)], few(900), few(STRANGERS));
}

static void
account(char out[96], uint32_t domains)
{
	static const char *const name[] = {"info", "sales", "anna", "webmaster", "k.tanaka", "office"};
	char d[64];

	/* the busy domains have some hundred accounts, most have six */
	uint32_t i = few(domains);
	domain(d, i);
	snprintf(out, 96, "%s%u@%s", name[rnd(6)], rnd(1 + 20000 / (i + 500)), d);
}

static const char *
status(uint32_t r)
{
	static const char *const bad[] = {"rejspam", "rejclam", "timeout", "reject", "bytestooverflow", "mboxoverquota", "defer"};

	return r < 90 ? "success" : bad[r % 7];
}

static unsigned long
number(const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (!*s || *end)
		exit(2);
	return v;
}

int
main(int argc, char **argv)
{
	char buf[1024], a[96], b[96], date[32], d[64];

	if (argc == 3 && strcmp(argv[1], "-l") == 0) {
		for (uint32_t i = 0; i < number(argv[2]); i++) {
			domain(d, i);
			puts(d);
		}
		return fflush(stdout) != 0;
	}
	if (argc < 4)
		return 2;
	uint64_t most = number(argv[1]), done = 0;
	uint32_t domains = (uint32_t)number(argv[2]);
	time_t begin = (time_t)number(argv[3]), now = 0, shown = -1;
	state = 88172645463325252u + (argc > 4 ? number(argv[4]) : 0);
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	while (done < most) {
		uint32_t kind = rnd(100);
		int n;

		now = begin + (time_t)((double)done / (double)most * 86400);
		if (now != shown) {
			struct tm tm;

			localtime_r(&now, &tm);
			strftime(date, sizeof date, "%b %e %H:%M:%S", &tm);
			shown = now;
		}
		if (rnd(100000) == 0)
			n = snprintf(buf, sizeof buf, "%s mx1.host.example in[%u]: %lld|%s", date, rnd(32768), (long long)now, "a@");
		else if (kind < 60) {
			stranger(a);
			account(b, domains);
			n = snprintf(buf, sizeof buf, "%s mx1.host.example in[%u]: %lld|%s|%s|%u|%s|%u", date, rnd(32768), (long long)now,
				     kind < 2 ? "" : kind < 3 ? "web@maillist" : a, b, 700 + few(200000), status(rnd(100)), 1 + few(4));
		} else if (kind < 80) {
			account(a, domains);
			stranger(b);
			n = snprintf(buf, sizeof buf, "%s mx1.host.example out[%u]: %lld|%s|%s|%u|%s|1", date, rnd(32768), (long long)now, a,
				     b, 700 + few(200000), status(rnd(100)));
		} else {
			account(a, domains);
			n = snprintf(buf, sizeof buf, "%s mx1.host.example out[%u]: %lld|%s@%s|%s|%u|success", date, rnd(32768),
				     (long long)now, kind < 92 ? "pop3" : "imap", a, a, 300 + few(500000));
		}
		buf[n++] = '\n';
		fwrite(buf, 1, (size_t)n, stdout);
		done += (uint64_t)n;
	}
	return fflush(stdout) != 0;
}
