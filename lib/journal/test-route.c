/* Who gets an entry: the rules of the page, one by one. */
#include "journal/route.h"
#include "sys/publish.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <stdarg.h>

static const char *home;
static struct qa_domains table;
static struct qa_buf fields = QA_BUF(0);

static void
use_table(const char *text)
{
	char path[700];
	struct qa_err err;

	qa_domains_close(&table);
	snprintf(path, sizeof path, "%s/etc/domains", home);
	if (qa_publish(AT_FDCWD, path, qa_span_str(text), 0644, &err) ||
	    qa_domains_update(home, NULL, NULL, &err) || qa_domains_open(&table, home, &err))
		exit(2);
}

/* A record: pairs of field type and text, ended by 0. */
static void
record(int kind, int source, ...)
{
	va_list ap;
	int type;

	qa_buf_clear(&fields);
	if (qa_field_add(&fields, QA_F_ID, qa_span_of("0123456789abcdef", 16)) ||
	    qa_field_add_u8(&fields, QA_F_KIND, (uint8_t)kind) || qa_field_add_u64(&fields, QA_F_CAPTURED, 1) ||
	    qa_field_add_u8(&fields, QA_F_SOURCE, (uint8_t)source))
		exit(2);
	va_start(ap, source);
	while ((type = va_arg(ap, int)))
		if (qa_field_add_str(&fields, (unsigned)type, va_arg(ap, const char *)))
			exit(2);
	va_end(ap);
}

/* "folder:listed/withheld[*] ..." and ! when it must fail closed; * = all are shown. */
static const char *
routes(void)
{
	static char out[1000];
	struct qa_routes r;
	struct qa_err err;
	size_t n = 0;

	if (qa_route(&table, qa_buf_span(&fields), &r, &err))
		return "error";
	out[0] = 0;
	for (size_t i = 0; i < r.n; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s:%llu/%llu%s", i ? " " : "", r.v[i].rule.folder,
				      (unsigned long long)r.v[i].listed, (unsigned long long)r.v[i].withheld,
				      r.v[i].all ? "*" : "");
	snprintf(out + n, sizeof out - n, "%s", r.fail_open ? "" : "!");
	qa_routes_free(&r);
	return out;
}

#define ROUTES(want) OKF(strcmp(routes(), want) == 0, "%s is %s", want, routes())
#define OUTSIDE QA_F_REMOTE_IP, "192.0.2.1"
#define FROM(x) QA_F_SENDER, x
#define TO(x) QA_F_RECIPIENT, x

static void
rules(void)
{
	use_table("a.com\nb.com archive=in fail=open\nc.com archive=out\nn.com archive=no\nalias.com as=a.com\n"
		  ".w.com archive=in\ndefault archive=both fail=open\n");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@else.org"), TO("u@a.com"), OUTSIDE, 0);
	ROUTES("a.com:1/0!");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@else.org"), TO("u@A.COM."), TO("v@b.com"), TO("w@b.com"), TO("y@else.org"), OUTSIDE, 0);
	ROUTES("a.com:1/3 b.com:2/2!");
	record(QA_MESSAGE, QA_QUEUE, FROM(""), TO("u@alias.com"), TO("v@a.com"), OUTSIDE, 0);
	ROUTES("a.com:2/0!");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@else.org"), TO("u@q.w.com"), OUTSIDE, 0);
	ROUTES("w.com:1/0!");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@else.org"), TO("u@c.com"), OUTSIDE, 0);
	ROUTES("");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@else.org"), TO("u@n.com"), OUTSIDE, 0);
	ROUTES("");
	/* MAIL FROM alone never files into a domain */
	record(QA_MESSAGE, QA_QUEUE, FROM("boss@a.com"), TO("u@b.com"), OUTSIDE, 0);
	ROUTES("b.com:1/0");
	record(QA_MESSAGE, QA_QUEUE, FROM("boss@a.com"), TO("u@else.org"), OUTSIDE, 0);
	ROUTES("default:1/0*");
	record(QA_MESSAGE, QA_AGENT, FROM("boss@a.com"), TO("u@b.com"), 0);
	ROUTES("b.com:1/0");
	/* submitted from inside: by AUTH, RELAYCLIENT, local uid */
	record(QA_MESSAGE, QA_QUEUE, FROM("else@where.org"), TO("u@else.org"), OUTSIDE, QA_F_AUTH, "me@a.com", 0);
	ROUTES("a.com:1/0*!");
	record(QA_MESSAGE, QA_QUEUE, FROM("me@a.com"), TO("u@else.org"), OUTSIDE, QA_F_AUTH, "me", 0);
	ROUTES("a.com:1/0*!");
	record(QA_MESSAGE, QA_QUEUE, FROM("me@a.com"), TO("u@else.org"), OUTSIDE, QA_F_RELAYCLIENT, "", 0);
	ROUTES("a.com:1/0*!");
	record(QA_MESSAGE, QA_QUEUE, FROM("me@a.com"), TO("u@else.org"), 0);
	ROUTES("a.com:1/0*!");
	record(QA_MESSAGE, QA_QUEUE, FROM("me@a.com"), TO("v@b.com"), TO("w@a.com"), TO("x@else.org"), 0);
	ROUTES("a.com:3/0* b.com:1/2!");
	record(QA_MESSAGE, QA_QUEUE, FROM("me@c.com"), TO("v@c.com"), 0);
	ROUTES("c.com:1/0*!");
	record(QA_MESSAGE, QA_QUEUE, FROM("me@b.com"), TO("x@else.org"), 0); /* b.com wants no outgoing mail kept */
	ROUTES("");
	/* what no rule claims */
	record(QA_MESSAGE, QA_QUEUE, FROM(""), TO("root"), 0);
	ROUTES("default:1/0*");
	record(QA_MESSAGE, QA_QUEUE, FROM("#@[]"), 0);
	ROUTES("default:0/0*");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@default"), TO("u@default"), OUTSIDE, 0);
	ROUTES("default:1/0*");
	/* events */
	record(QA_DELIVERY, QA_AGENT, QA_F_FOR_DOMAIN, "b.com", TO("u@a.com"), 0);
	ROUTES("b.com:1/0*");
	record(QA_DELIVERY, QA_AGENT, QA_F_FOR_DOMAIN, "alias.com", 0);
	ROUTES("a.com:0/0*!");
	record(QA_DELIVERY, QA_AGENT, QA_F_FOR_DOMAIN, "n.com", 0);
	ROUTES("");
	record(QA_OUTCOME, QA_SELF, 0);
	ROUTES("default:0/0*");
	record(QA_MESSAGE, QA_QUEUE, TO("u@a.com"), 0);
	ROUTES("error");

	use_table("a.com\ndefault archive=in\n");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@y.z"), TO("u@else.org"), 0);
	ROUTES("");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@y.z"), TO("u@else.org"), OUTSIDE, 0);
	ROUTES("default:1/0*!");

	qa_domains_close(&table); /* missing */
	record(QA_MESSAGE, QA_QUEUE, FROM("x@y.z"), TO("u@a.com"), OUTSIDE, 0);
	ROUTES("default:1/0*!");
}

static enum qa_over
over(uint64_t size)
{
	struct qa_routes r;
	enum qa_over o;

	if (qa_route(&table, qa_buf_span(&fields), &r, NULL))
		exit(2);
	o = qa_routes_over(&r, size);
	qa_routes_free(&r);
	return o;
}

static void
limits(void)
{
	use_table("h1.com limit=1000 over=head\nh2.com limit=2000 over=head\nr.com limit=3000\nfree.com\n"
		  ".h1.com limit=500\n");
	record(QA_MESSAGE, QA_QUEUE, FROM(""), TO("u@h1.com"), TO("u@h2.com"), OUTSIDE, 0);
	OK(over(1000) == QA_OVER_NOT && over(2000) == QA_OVER_NOT && over(2001) == QA_OVER_HEAD);
	record(QA_MESSAGE, QA_QUEUE, FROM(""), TO("u@h1.com"), TO("u@r.com"), OUTSIDE, 0);
	OK(over(3000) == QA_OVER_NOT && over(3001) == QA_OVER_REFUSE);
	record(QA_MESSAGE, QA_QUEUE, FROM(""), TO("u@h1.com"), TO("u@free.com"), OUTSIDE, 0);
	OK(over(UINT64_MAX) == QA_OVER_NOT);
	record(QA_MESSAGE, QA_QUEUE, FROM(""), TO("u@x.h1.com"), TO("u@h1.com"), OUTSIDE, 0);
	OK(over(500) == QA_OVER_NOT && over(501) == QA_OVER_REFUSE);
	record(QA_MESSAGE, QA_QUEUE, FROM(""), TO("u@h1.com"), TO("u@x.h1.com"), OUTSIDE, 0);
	OK(over(501) == QA_OVER_REFUSE);
}

static void
shown(void)
{
	struct qa_buf out = QA_BUF(0);
	struct qa_routes r;
	struct qa_facts f;
	struct qa_err err;
	qa_span v;

	use_table("a.com\nb.com\n");
	record(QA_MESSAGE, QA_QUEUE, FROM("x@y.z"), TO("1@b.com"), TO("2@a.com"), QA_F_PROTO, "TCP", TO("3@b.com"),
	       TO("4@else.org"), OUTSIDE, 0);
	OK(qa_route(&table, qa_buf_span(&fields), &r, &err) == 0 && r.n == 2);
	OK(qa_route_fields(&table, &r.v[0], qa_buf_span(&fields), &out, &err) == 0);
	OK(qa_facts_get(qa_buf_span(&out), &f, &err) == 0 && f.recipients == 1);
	OK(qa_field_find(qa_buf_span(&out), QA_F_RECIPIENT, &v) == 1 && qa_span_is(v, "2@a.com"));
	OK(qa_field_find(qa_buf_span(&out), QA_F_WITHHELD, &v) == 1 && v.n == 8 && v.p[0] == 3 && r.v[0].withheld == 3);
	OK(qa_field_find(qa_buf_span(&out), QA_F_PROTO, &v) == 1);
	qa_buf_clear(&out);
	OK(qa_route_fields(&table, &r.v[1], qa_buf_span(&fields), &out, &err) == 0 &&
	   qa_facts_get(qa_buf_span(&out), &f, &err) == 0 && f.recipients == 2 && r.v[1].withheld == 2);
	r.v[1].all = true;
	qa_buf_clear(&out);
	OK(qa_route_fields(&table, &r.v[1], qa_buf_span(&fields), &out, &err) == 0 &&
	   qa_span_eq(qa_buf_span(&out), qa_buf_span(&fields)));
	struct qa_buf small = QA_BUF(50);
	OK(qa_route_fields(&table, &r.v[0], qa_buf_span(&fields), &small, &err) == -1 && err.num == EOVERFLOW && small.n == 0);
	qa_buf_free(&small);
	qa_routes_free(&r);
	qa_buf_free(&out);
}

/* More folders than any message has, in the worst order. */
static void
many(void)
{
	struct qa_buf text = QA_BUF(0);
	struct qa_routes r;
	struct qa_err err;
	bool sorted = true;

	for (int i = 0; i < 1000; i++)
		if (qa_buf_addf(&text, "d%d.org\n", i))
			exit(2);
	use_table(qa_buf_cstr(&text));
	record(QA_MESSAGE, QA_QUEUE, FROM("x@y.z"), OUTSIDE, 0);
	for (int i = 2000; i-- > 0;) {
		char to[40];

		snprintf(to, sizeof to, "u@d%d.org", i % 1000);
		if (qa_field_add_str(&fields, QA_F_RECIPIENT, to))
			exit(2);
	}
	OK(qa_route(&table, qa_buf_span(&fields), &r, &err) == 0 && r.n == 1000);
	for (size_t i = 0; i < r.n; i++)
		sorted &= r.v[i].listed == 2 && r.v[i].withheld == 1998 &&
			  (!i || strcmp(r.v[i - 1].rule.folder, r.v[i].rule.folder) < 0);
	OK(sorted);
	qa_routes_free(&r);
	qa_buf_free(&text);
}

int
main(void)
{
	char path[700];

	table.missing = true;
	table.fd = -1;
	home = tmp_make();
	snprintf(path, sizeof path, "%s/etc", home);
	mkdir(path, 0700);
	rules();
	limits();
	shown();
	many();
	qa_domains_close(&table);
	qa_buf_free(&fields);
	return done();
}
