/* The table of domains: what is refused and where, what is found, and a damaged or missing table. */
#include "conf/domains.h"
#include "sys/publish.h"
#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>

static const char *home;

static void
names(void)
{
	static const char *const good[] = {"example.com", "a", "A.B", "x-y.z_9", "_dmarc.example.com", "1.2.3",
					   "xn--bcher-kva.example", NULL};
	static const char *const bad[] = {"", ".", ".a", "a.", "a..b", "-a", "a-", "a-.b", "a.-b", "a b", "a/b", "..",
					  "../etc", "a\tb", "a@b", "b\xc3\xbc", "a.b\n", NULL};
	char out[QA_DOMAIN_MAX + 1], long_name[300];

	for (int i = 0; good[i]; i++)
		OKF(qa_domain_name(qa_span_str(good[i]), out) == 0 && strlen(out) == strlen(good[i]), "%s is a domain",
		    good[i]);
	for (int i = 0; bad[i]; i++)
		OKF(qa_domain_name(qa_span_str(bad[i]), out) == -1, "bad name %d is none", i);
	OK(qa_domain_name(qa_span_of("a\0b", 3), out) == -1);
	memset(long_name, 'a', sizeof long_name);
	for (size_t i = 63; i < sizeof long_name; i += 64)
		long_name[i] = '.';
	OK(qa_domain_name(qa_span_of(long_name, 253), out) == 0 && qa_domain_name(qa_span_of(long_name, 254), out) == -1);
	long_name[63] = 'a';
	OK(qa_domain_name(qa_span_of(long_name, 100), out) == -1);
	OK(qa_domain_name(qa_span_str("ExAmPle.COM"), out) == 0 && strcmp(out, "example.com") == 0);
}

static void
addresses(void)
{
	OK(qa_span_is(qa_address_domain(qa_span_str("a@b")), "b"));
	OK(qa_span_is(qa_address_domain(qa_span_str("a@x@b.")), "b"));
	OK(qa_address_domain(qa_span_str("ab")).n == 0 && qa_address_domain(qa_span_str("a@")).n == 0);
	OK(qa_address_domain(qa_span_str("#@[]")).n == 2 && qa_address_domain((qa_span){NULL, 0}).n == 0);
	OK(qa_address_domain(qa_span_str("a@.")).n == 0);
}

static char complaint[300];
static unsigned complaint_line, complaints;

static void
bad_line(void *ctx, unsigned number, const char *why)
{
	(void)ctx;
	if (complaints++ == 0) {
		complaint_line = number;
		snprintf(complaint, sizeof complaint, "%s", why);
	}
}

/* The text has exactly this many bad lines, the first one is LINE and its complaint holds WHY. */
static bool
refused(const char *text, unsigned count, unsigned line, const char *why)
{
	struct qa_domain_line *lines;
	struct qa_err err = {0, ""};
	size_t n;

	complaints = 0;
	complaint[0] = 0;
	int rc = qa_domains_parse(qa_span_str(text), &lines, &n, bad_line, NULL, &err);
	bool good = rc == -1 && err.num == EPROTO && complaints == count && complaint_line == line &&
		    strstr(complaint, why) && strstr(err.text, complaint);
	if (!good)
		printf("# %d: %u complaints, line %u: %s | %s\n", rc, complaints, complaint_line, complaint, err.text);
	if (rc == 0)
		free(lines);
	return good;
}

static void
bad_texts(void)
{
	char text[1200];

	OK(refused("a.com\na.com\n", 1, 2, "line 1 already"));
	OK(refused("A.com\n\nb.com\na.COM archive=no\n", 1, 4, "line 1 already"));
	OK(refused(".a.com\na.com\n.A.com", 1, 3, ".a.com has a rule in line 1"));
	OK(refused("default\ndefault\n", 1, 2, "already"));
	OK(refused("# x\n.default\n", 1, 2, "not a domain"));
	OK(refused("a.com archive\n", 1, 1, "not key=value"));
	OK(refused("a.com archive=\n", 1, 1, "no value for archive"));
	OK(refused("a.com archive=Both\n", 1, 1, "no value for archive"));
	OK(refused("a.com =x\n", 1, 1, "unknown key"));
	OK(refused("a.com fail=maybe\n", 1, 1, "fail"));
	OK(refused("a.com limit=-1\n", 1, 1, "limit"));
	OK(refused("a.com limit=99999999999999T\n", 1, 1, "limit"));
	OK(refused("a.com over=cut\n", 1, 1, "over"));
	OK(refused("a.com colour=blue\n", 1, 1, "unknown key \"colour\""));
	OK(refused("a.com limit=1 limit=2\n", 1, 1, "twice"));
	OK(refused("b.com\na.com as=b.com archive=in\n", 1, 2, "another key"));
	OK(refused("a.com as=b.com\n", 1, 1, "b.com has no rule"));
	OK(refused("a.com as=a.com\n", 1, 1, "another name itself"));
	OK(refused("c.com\nb.com as=c.com\na.com as=b.com\n", 1, 3, "another name itself"));
	OK(refused(".b.com\na.com as=b.com\n", 1, 2, "b.com has no rule"));
	OK(refused("b.com\ndefault as=b.com\n", 1, 2, "default"));
	OK(refused("a.com as=default\n", 1, 1, "as"));
	OK(refused("a.com as=../etc\n", 1, 1, "as"));
	OK(refused("../x\n/\na b\n", 3, 1, "\"../x\" is not a domain"));
	OK(refused("a.com\r\n", 1, 1, "\"a.com?\" is not a domain"));
	memset(text, ' ', sizeof text);
	memcpy(text, "a.com", 5);
	text[1001] = 0;
	OK(refused(text, 1, 1, "longer"));
	text[1000] = 0;
	struct qa_domain_line *lines;
	size_t n;
	OK(qa_domains_parse(qa_span_str(text), &lines, &n, NULL, NULL, NULL) == 0 && n == 1);
	free(lines);
	OK(qa_domains_parse(qa_span_of("a\0b.com\n", 8), &lines, &n, NULL, NULL, NULL) == -1);
}

static void
write_table(const char *text)
{
	char path[700];
	struct qa_err err;

	snprintf(path, sizeof path, "%s/etc/domains", home);
	if (qa_publish(AT_FDCWD, path, qa_span_str(text), 0644, &err))
		exit(2);
}

/* What find says: "folder archive fail over limit", with a '*' in front for the default's. */
static const char *
found(const struct qa_domains *d, const char *domain)
{
	static char out[4][400];
	static int k;
	struct qa_rule r;
	char *o = out[k++ % 4];
	int own = qa_domains_find(d, qa_span_str(domain), &r);

	snprintf(o, 400, "%s%s %u%s%s %llu", own ? "" : "*", r.folder, r.archive, r.fail_open ? " open" : "",
		 r.over_head ? " head" : "", (unsigned long long)r.limit);
	return o;
}

#define FINDS(domain, want) OKF(strcmp(found(&d, domain), want) == 0, "%s: %s is %s", domain, want, found(&d, domain))

static void
look_ups(void)
{
	struct qa_domains d;
	struct qa_err err;

	OK(qa_domains_open(&d, home, &err) == 0 && d.missing);
	FINDS("example.com", "*default 3 0");
	qa_domains_close(&d);
	OK(qa_domains_update(home, NULL, NULL, &err) == -1 && err.num == ENOENT);

	write_table("# archive of example\n"
		    "example.com   archive=both\tfail=closed # the firm\n"
		    "EXAMPLE.net as=example.com\n"
		    ".example.com archive=in limit=100M over=head\n"
		    ".deep.example.com as=example.com\n"
		    "no.example.com archive=no fail=open\n"
		    "   indented.org limit=0#not\n");
	OK(qa_domains_update(home, NULL, NULL, &err) == -1 && err.num == EPROTO && strstr(err.text, "domains: line 7"));
	OK(qa_domains_open(&d, home, &err) == 0 && d.missing);
	qa_domains_close(&d);

	write_table("# archive of example\n"
		    "example.com   archive=both\tfail=closed # the firm\n"
		    "EXAMPLE.net as=example.com\n"
		    ".example.com archive=in limit=100M over=head\n"
		    ".deep.example.com as=example.com\n"
		    "no.example.com archive=no fail=open\n"
		    "   indented.org limit=7 #not");
	OK(qa_domains_update(home, NULL, NULL, &err) == 0);
	OK(qa_domains_open(&d, home, &err) == 0 && !d.missing);
	FINDS("example.com", "example.com 3 0");
	FINDS("Example.Com", "example.com 3 0");
	FINDS("example.net", "example.com 3 0");
	FINDS("a.example.com", "example.com 1 head 104857600");
	FINDS("a.b.example.com", "example.com 1 head 104857600");
	FINDS("deep.example.com", "example.com 1 head 104857600");
	FINDS("x.deep.example.com", "example.com 3 0");
	FINDS("no.example.com", "no.example.com 0 open 0");
	FINDS("x.no.example.com", "example.com 1 head 104857600");
	FINDS("x.example.net", "*default 3 0");
	FINDS("com", "*default 3 0");
	FINDS("indented.org", "indented.org 3 7");
	FINDS("", "*default 3 0");
	FINDS("default", "*default 3 0");
	FINDS("[192.0.2.1]", "*default 3 0");
	FINDS(".example.com", "*default 3 0");
	FINDS("=example.com", "*default 3 0");

	/* a broken text leaves the old table; an open one stays as it was */
	write_table("example.com colour=blue\n");
	OK(qa_domains_update(home, NULL, NULL, &err) == -1);
	struct qa_domains e;
	OK(qa_domains_open(&e, home, &err) == 0 && !e.missing);
	qa_domains_close(&e);
	write_table("default archive=in fail=open limit=1k over=head\n");
	OK(qa_domains_update(home, NULL, NULL, &err) == 0);
	FINDS("example.com", "example.com 3 0");
	qa_domains_close(&d);
	OK(qa_domains_open(&d, home, &err) == 0 && !d.missing);
	FINDS("example.com", "*default 1 open head 1024");
	qa_domains_close(&d);
	FINDS("example.com", "*default 3 0");
}

static void
damaged(void)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_domains d;
	struct qa_err err;
	char path[700];
	unsigned missing = 0, bad = 0;

	write_table("example.com\n.example.com archive=in\ndefault archive=in\n");
	OK(qa_domains_update(home, NULL, NULL, &err) == 0);
	snprintf(path, sizeof path, "%s/etc/domains.cdb", home);
	if (qa_slurp(AT_FDCWD, path, &b, &err) != 1)
		exit(2);
	for (size_t n = 0; n < b.n; n += n < 2040 ? 51 : 1) {
		if (qa_publish(AT_FDCWD, path, qa_span_of(b.p, n), 0644, &err))
			exit(2);
		bad += qa_domains_open(&d, home, &err) != 0;
		missing += d.missing;
		found(&d, "a.example.com");
		qa_domains_close(&d);
	}
	OKF(bad == 0 && missing > 40, "cut tables are missing ones (%u)", missing);
	for (size_t i = 0; i < b.n; i += i < 2040 ? 51 : 1) {
		b.p[i] ^= 0x55;
		if (qa_publish(AT_FDCWD, path, qa_buf_span(&b), 0644, &err))
			exit(2);
		bad += qa_domains_open(&d, home, &err) != 0;
		found(&d, "example.com");
		found(&d, "x.example.com");
		qa_domains_close(&d);
		b.p[i] ^= 0x55;
	}
	OK(bad == 0);
	/* a later major version is not guessed at */
	unsigned char *v = memmem(b.p, b.n, "qadom1\1", 7);
	OK(v != NULL);
	if (v)
		v[6] = 2;
	OK(qa_publish(AT_FDCWD, path, qa_buf_span(&b), 0644, &err) == 0 && qa_domains_open(&d, home, &err) == 0 &&
	   d.missing);
	qa_domains_close(&d);
	qa_buf_free(&b);
}

static void
many(void)
{
	struct qa_buf b = QA_BUF(0), out = QA_BUF(0);
	struct qa_domain_line *lines;
	struct qa_err err;
	size_t n;

	for (unsigned i = 0; i < QA_DOMAINS_RULES; i++)
		if (qa_buf_addf(&b, "d%u.example.org\n", i))
			exit(2);
	OK(qa_domains_parse(qa_buf_span(&b), &lines, &n, NULL, NULL, &err) == 0 && n == QA_DOMAINS_RULES);
	OK(qa_domains_compile(lines, n, &out, &err) == 0 && out.n > 2048);
	free(lines);
	if (qa_buf_addstr(&b, "one.more\n"))
		exit(2);
	OK(qa_domains_parse(qa_buf_span(&b), &lines, &n, NULL, NULL, &err) == -1 && strstr(err.text, "100000"));
	OK(qa_domains_parse((qa_span){NULL, 0}, &lines, &n, NULL, NULL, &err) == 0 && n == 0);
	free(lines);
	qa_buf_free(&b);
	qa_buf_free(&out);
}

int
main(void)
{
	char path[700];

	home = tmp_make();
	snprintf(path, sizeof path, "%s/etc", home);
	mkdir(path, 0700);
	names();
	addresses();
	bad_texts();
	look_ups();
	damaged();
	many();
	return done();
}
