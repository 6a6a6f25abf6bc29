#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"
#include "traffic/hosted.h"

#include <cdb.h>
#include <errno.h>

static const char *folder;

static const char *
put(const char *name, const char *text)
{
	static char path[1024];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(2);
	return path;
}

/* What DOMAIN counts for; "-" for nothing. */
static const char *
of(const struct qa_hosted *h, const char *domain)
{
	static char text[300];
	char padded[2048] = {0};
	size_t n = strlen(domain);

	memcpy(padded, domain, n);
	int64_t id = qa_hosted_find(h, qa_span_of(padded, n), qa_hosted_hash(qa_span_of(padded, n)));
	if (id < 0)
		return "-";
	snprintf(text, sizeof text, "%.*s", (int)h->names[id].n, (const char *)h->names[id].p);
	return text;
}
#define IS(h, domain, want) OKF(strcmp(of(h, domain), want) == 0, "%s counts for %s, wanted %s", domain, of(h, domain), want)

static void
control(void)
{
	struct qa_hosted *h = qa_hosted_new();
	struct qa_err err;
	struct cdb_make m;
	int fd;

	OK(qa_hosted_control(h, folder, &err) == -1 && err.num == ENOENT);
	put("me", "mx.example.com\n");
	put("rcpthosts", "Example.COM  \n# no.example\n\n.wild.example\nown.wild.example\n");
	put("virtualdomains", "virtual.example:virtual.example\nuser@single.example:x\n:all\nnot.example:\n.vwild.example:y\n");
	put("morercpthosts", "more.example\n");
	fd = open(put("morercpthosts.cdb", ""), O_RDWR);
	if (fd < 0 || cdb_make_start(&m, fd) || cdb_make_add(&m, "compiled.example", 16, "", 0) || cdb_make_finish(&m))
		exit(2);
	close(fd);
	OK(qa_hosted_control(h, folder, &err) == 0 && qa_hosted_ready(h, &err) == 0);
	IS(h, "mx.example.com", "mx.example.com");
	IS(h, "EXAMPLE.com", "example.com");
	IS(h, "no.example", "-");
	IS(h, "a.wild.example", "wild.example");
	IS(h, "b.a.wild.example", "wild.example");
	IS(h, "own.wild.example", "own.wild.example");
	char deep[2 * 700 + 40];
	for (size_t i = 0; i < 700; i++)
		memcpy(deep + 2 * i, "a.", 2);
	memcpy(deep + 2 * 700, "wild.example", 13);
	IS(h, deep, "wild.example");
	IS(h, "wild.example", "-");
	IS(h, "virtual.example", "virtual.example");
	IS(h, "single.example", "-");
	IS(h, "not.example", "-");
	IS(h, "x.vwild.example", "vwild.example");
	IS(h, "more.example", "more.example");
	IS(h, "compiled.example", "compiled.example");
	IS(h, "%65xample.com", "example.com");
	IS(h, "xexample.com", "-");
	IS(h, "example.co", "-");
	qa_hosted_free(h);

	put("morercpthosts.cdb", "no cdb");
	h = qa_hosted_new();
	OK(qa_hosted_control(h, folder, &err) == -1 && strstr(err.text, "morercpthosts.cdb"));
	qa_hosted_free(h);
	put("locals", "a b\n");
	h = qa_hosted_new();
	OK(qa_hosted_control(h, folder, &err) == -1 && strstr(err.text, "locals, line 1"));
	qa_hosted_free(h);
}

static void
aliases(void)
{
	struct qa_hosted *h = qa_hosted_new();
	struct qa_err err;

	OK(qa_hosted_list(h, put("list", "b.example # comment\n\n a.example\n"), &err) == 0);
	OK(qa_hosted_alias(h, put("assign", "+b.example-:b.example:89:89:/x:-::\n+old.example-:a.example:89:89:/x:-::\n"
					    "+alias-:alias:1:1:/y:-::\n=root:root:0:0:/:::\n.\n"), &err) == 0);
	OK(qa_hosted_alias(h, put("alias", "# old names\nolder.example old.example\nA.EXAMPLE a.example\n"), &err) == 0);
	OK(qa_hosted_ready(h, &err) == 0);
	OK(h->n == 4 && qa_span_is(h->names[0], "a.example") && qa_span_is(h->names[1], "b.example"));
	IS(h, "old.example", "a.example");
	IS(h, "OLDER.example", "a.example");
	IS(h, "b.example", "b.example");
	IS(h, "alias", "-");
	qa_hosted_free(h);

	h = qa_hosted_new();
	OK(qa_hosted_alias(h, put("alias", "a.x b.x\nb.x c.x\nc.x a.x\n"), &err) == 0 && qa_hosted_ready(h, &err) == -1);
	OK(err.num == EPROTO && strstr(err.text, "circle"));
	OK(qa_hosted_alias(h, put("alias", "\nalone.x\n"), &err) == -1 && strstr(err.text, "line 2"));
	OK(qa_hosted_list(h, "/nonexistent/list", &err) == -1 && err.num == ENOENT);
	qa_hosted_free(h);
}

static void
many(void)
{
	struct qa_hosted *h = qa_hosted_new();
	bool good = true;
	char name[64];

	for (int i = 0; i < 20000; i++) {
		int n = snprintf(name, sizeof name, "Domain-%d.example", i);

		good = good && qa_hosted_add(h, qa_span_of(name, (size_t)n), NULL) == 0;
		good = good && qa_hosted_add(h, qa_span_of(name, (size_t)n), NULL) == 0;
	}
	good = good && qa_hosted_ready(h, NULL) == 0 && h->n == 20000;
	for (int i = 0; i < 20000; i++) {
		char want[64];

		snprintf(name, sizeof name, "dOMAIN-%d.Example", i);
		snprintf(want, sizeof want, "domain-%d.example", i);
		good = good && strcmp(of(h, name), want) == 0;
	}
	OK(good);
	char longest[300];
	memset(longest, 'x', sizeof longest);
	OK(qa_hosted_add(h, qa_span_of(longest, 254), NULL) == -1 && qa_hosted_add(h, qa_span_str("a|b"), NULL) == -1);
	OK(qa_hosted_add(h, qa_span_str("a\377.x"), NULL) == -1 && qa_hosted_add(h, qa_span_str("\303\244.x"), NULL) == 0);
	OK(qa_hosted_add(h, qa_span_str("."), NULL) == -1 && qa_hosted_add(h, qa_span_str(""), NULL) == -1);
	qa_hosted_free(h);
}

int
main(void)
{
	folder = tmp_make();
	control();
	aliases();
	many();
	return done();
}
