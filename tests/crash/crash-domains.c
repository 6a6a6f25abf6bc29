/* md_domain: the table is the old or the new one, the compiled table one of them, and update brings them together. */
#include "archive/admin.h"
#include "tests/crash/harness.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The table after each step; what stands in front of the rules is the template's. */
static const char *const states[] = {
    "example.com\n",
    "example.com\nexample.org fail=open\n",
    "example.com limit=5M over=head\nexample.org fail=open\n",
    "example.com limit=5M over=head\nexample.org fail=open\nexample.net as=example.com\n",
    "example.com limit=5M over=head\nexample.net as=example.com\n",
};
enum { STATES = sizeof states / sizeof *states };

static int
add(const char *home, const char *domain, const char *pair)
{
	char folder[QA_DOMAIN_MAX + 1];
	struct qa_err err;

	if (qa_admin_add(home, domain, &pair, pair != NULL, NULL, NULL, folder, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

static int
setup(const struct qa_crash_at *at)
{
	return add(at->path, "example.com", NULL);
}

/* Step K leads from states[K - 1] to states[K]. */
static int
step(const char *home, int k)
{
	static const char *const pairs[] = {"limit=5M", "over=head"};
	char folder[QA_DOMAIN_MAX + 1];

	switch (k) {
	case 1:
		return add(home, "example.org", "fail=open");
	case 2:
		return qa_admin_set(home, "example.com", pairs, 2, NULL, NULL, NULL) > 0 ? 0 : -1;
	case 3:
		return add(home, "example.net", "as=example.com");
	default:
		return qa_admin_remove(home, "example.org", NULL, NULL, folder, NULL) > 0 ? 0 : -1;
	}
}

static int
work(const struct qa_crash_at *at)
{
	for (int k = 1; k < STATES; k++) {
		if (step(at->path, k))
			return 1; /* a person looks before going on */
		qa_crash_ack("%d", k);
	}
	return 0;
}

static int
recover(const struct qa_crash_at *at)
{
	struct qa_err err;
	size_t n;

	if (qa_admin_update(at->path, NULL, NULL, &n, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return 1;
}

/* Which state the text is in, comments aside; -1 none. */
static int
text_state(qa_span text)
{
	char rules[2000] = "";
	size_t n = 0;

	for (size_t i = 0; i < text.n;) {
		size_t from = i;

		while (i < text.n && text.p[i++] != '\n')
			;
		if (text.p[from] != '#' && n + i - from < sizeof rules) {
			memcpy(rules + n, text.p + from, i - from);
			n += i - from;
		}
	}
	rules[n] = 0;
	for (int k = 0; k < STATES; k++)
		if (strcmp(rules, states[k]) == 0)
			return k;
	return -1;
}

/* Whether the compiled table is that of this text. */
static bool
compiled_is(const struct qa_crash_at *at, qa_span text)
{
	struct qa_buf want = QA_BUF(0), have = QA_BUF(0);
	struct qa_domain_line *lines;
	size_t n;
	bool same = false;

	if (qa_domains_parse(text, &lines, &n, NULL, NULL, NULL) == 0) {
		same = qa_domains_compile(lines, n, &want, NULL) == 0 &&
		       qa_slurp(at->fd, "etc/domains.cdb", &have, NULL) == 1 &&
		       qa_span_eq(qa_buf_span(&want), qa_buf_span(&have));
		free(lines);
	}
	qa_buf_free(&want);
	qa_buf_free(&have);
	return same;
}

static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct qa_buf text = QA_BUF(1 << 20);
	struct qa_names names;
	int newest = 0;

	for (int k = 1; k < STATES; k++)
		if (qa_crash_acked(acks, "%d", k))
			newest = k;
	if (qa_slurp(at->fd, "etc/domains", &text, NULL) != 1) {
		qa_crash_wrong(found, "the table is gone");
		return 0;
	}
	int state = text_state(qa_buf_span(&text));
	if (state < 0)
		qa_crash_wrong(found, "the table is neither old nor new");
	else if (state < newest)
		qa_crash_lost(found, "change %d was acknowledged, the table is at %d", newest, state);
	if (!compiled_is(at, qa_buf_span(&text)))
		qa_crash_wrong(found, "the compiled table is not that of the text");
	if (state >= 1 && state < 4 && faccessat(at->fd, "domain/example.org/log/vkey", 0, 0))
		qa_crash_wrong(found, "a domain in the table has no key");
	qa_buf_free(&text);
	if (qa_listdir(at->fd, "etc", &names, NULL))
		return 1;
	for (size_t i = 0; i < names.n; i++)
		if (strncmp(names.v[i], ".tmp.", 5) == 0)
			qa_crash_wrong(found, "%s is left over", names.v[i]);
	qa_names_free(&names);
	return 0;
}

/* The first domain of all makes the instance. */
static int
first_work(const struct qa_crash_at *at)
{
	if (add(at->path, "example.com", NULL))
		return 1;
	qa_crash_ack("first");
	return 0;
}

/* A person tries again when the rule is not there; else only the two tables are brought together. */
static int
first_recover(const struct qa_crash_at *at)
{
	struct qa_buf text = QA_BUF(1 << 20);
	bool there = qa_slurp(at->fd, "etc/domains", &text, NULL) == 1 && text_state(qa_buf_span(&text)) == 0;

	qa_buf_free(&text);
	if (there ? recover(at) : add(at->path, "example.com", NULL))
		return 1;
	qa_crash_ack("first");
	return 0;
}

static int
first_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	static const char *const must[] = {"etc/domains", "etc/domains.cdb", "etc/maildepot.conf", "var", "journal/direct",
					   "domain/example.com/depot", "domain/example.com/var/pending",
					   "domain/example.com/etc/md_authenticity.conf", "domain/example.com/log/vkey"};

	if (!qa_crash_acked(acks, "first"))
		return 0;
	for (size_t i = 0; i < sizeof must / sizeof *must; i++)
		if (faccessat(at->fd, must[i], 0, 0))
			qa_crash_lost(found, "%s is not there", must[i]);
	return found->lost ? 0 : verify(at, acks, found);
}

static const struct qa_crash_op ops[] = {
    {.name = "md-domain", .setup = setup, .work = work, .recover = recover, .verify = verify, .reads = true,
     .promise = "the change is in the table and compiled"},
    {.name = "md-domain-first", .work = first_work, .recover = first_recover, .verify = first_verify, .reads = true,
     .promise = "the instance and its first domain are there"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, ops, sizeof ops / sizeof *ops);
}
