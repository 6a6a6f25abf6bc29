/* md_domain: which domains are archived, how. The work is lib/archive/admin.c's. */
#include "archive/admin.h"
#include "archive/key.h"
#include "base/opt.h"
#include "base/text.h"
#include "depot/domain-show.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { JSON = 1000 };

static const char help[] =
    "  add DOMAIN... [KEY=VALUE...]  archive domains; makes an empty instance where there is none\n"
    "  set DOMAIN KEY=VALUE...       change keys of its rule; KEY= takes the key out\n"
    "  remove DOMAIN                 take its rule out; what is archived stays\n"
    "  list                          all rules\n"
    "  show DOMAIN                   its rule, folder, verifier key and partitions\n"
    "  update                        check and compile H/etc/domains after editing it\n\n"
    "Keys: archive=both|in|out|no fail=closed|open limit=SIZE over=refuse|head as=DOMAIN\n\n"
    "      --json    list and show: one JSON object a line\n";

static const struct option longs[] = {{"json", no_argument, NULL, JSON}, {NULL, 0, NULL, 0}};
static const struct qa_opt opt = {"md_domain", "add DOMAIN... [KEY=VALUE...] | set|remove|show DOMAIN [KEY=VALUE...] | list | update", help, "",
				  longs};

static void
bad_line(void *ctx, unsigned number, const char *why)
{
	fprintf(stderr, "md_domain: %s/etc/domains:%u: %s\n", (const char *)ctx, number, why);
}

/* Words up to the first KEY=VALUE are domains; behind the first, one without a dot is a KEY that lacks its VALUE. */
static int
add(const char *home, const char *const *word, size_t n, void *ctx, struct qa_err *err)
{
	char(*folder)[QA_DOMAIN_MAX + 1];
	size_t domains = 1;

	while (domains < n && !strchr(word[domains], '=') && strchr(word[domains], '.'))
		domains++;
	folder = calloc(domains, sizeof *folder);
	if (!folder)
		return qa_fail(err, ENOMEM, "cannot add to the table of domains: ");
	int rc = qa_admin_add_all(home, word, domains, word + domains, n - domains, bad_line, ctx, folder, err);
	for (size_t i = 0; i < domains && rc == 0; i++)
		printf("%s: added; its archive is %s/domain/%s\n", word[i], home, folder[i]);
	free(folder);
	return rc;
}

/* set (with pairs) or remove. */
static int
change(const char *home, const char *domain, const char *const *pairs, size_t n, void *ctx, struct qa_err *err)
{
	char folder[QA_DOMAIN_MAX + 1];
	int rc = pairs ? qa_admin_set(home, domain, pairs, n, bad_line, ctx, err)
		       : qa_admin_remove(home, domain, bad_line, ctx, folder, err);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		fprintf(stderr, "md_domain: %s has no rule\n", domain);
		return 1;
	}
	if (pairs)
		printf("%s: set\n", domain);
	else
		printf("%s: rule removed; what is archived stays in %s/domain/%s\n", domain, home, folder);
	return 0;
}

static int
list(const char *home, bool json, void *ctx, struct qa_err *err)
{
	struct qa_domain_line *lines;
	size_t n;

	if (qa_admin_read(home, bad_line, ctx, &lines, &n, err))
		return -1;
	int rc = domain_list(lines, n, json, err);
	free(lines);
	return rc;
}

static int
update(const char *home, void *ctx, struct qa_err *err)
{
	size_t n;

	if (qa_admin_update(home, bad_line, ctx, &n, err))
		return -1;
	printf("%zu %s compiled\n", n, qa_noun(n, "rule", "rules"));
	return 0;
}

static int
show(const char *home, const char *domain, bool json, struct qa_err *err)
{
	char name[QA_DOMAIN_MAX + 1];

	if (*domain == '.')
		return qa_fail(err, EPROTO, "%s is a wildcard; show a name below it", domain);
	if (qa_domain_name(qa_span_str(domain), name))
		return qa_fail(err, EPROTO, "\"%s\" is not a domain", domain);
	int rc = domain_show(home, name, json, err);
	return rc < 0 ? -1 : !rc;
}

/* Runs one command: its exit code, or -1 with err. */
static int
run(const char *home, int argc, const char *const *argv, bool json, struct qa_err *err)
{
	static const struct verb {
		const char *name;
		int least, most; /* words with the verb itself; 0 = any number */
		bool json;
	} verbs[] = {{"add", 2, 0, false},  {"set", 3, 0, false},    {"remove", 2, 2, false},
		     {"list", 1, 1, true},  {"show", 2, 2, true},    {"update", 1, 1, false}};
	enum { ADD, SET, REMOVE, LIST, SHOW, UPDATE, VERBS };
	void *ctx = (void *)(uintptr_t)home;
	int v = 0;

	while (v < VERBS && strcmp(argv[0], verbs[v].name) != 0)
		v++;
	if (v == VERBS || argc < verbs[v].least || (verbs[v].most && argc > verbs[v].most) || (json && !verbs[v].json))
		qa_usage(&opt);
	switch (v) {
	case ADD:
		return add(home, argv + 1, (size_t)(argc - 1), ctx, err);
	case SET:
		return change(home, argv[1], argv + 2, (size_t)(argc - 2), ctx, err);
	case REMOVE:
		return change(home, argv[1], NULL, 0, ctx, err);
	case LIST:
		return list(home, json, ctx, err);
	case SHOW:
		return show(home, argv[1], json, err);
	default:
		return update(home, ctx, err);
	}
}

int
main(int argc, char **argv)
{
	struct qa_err err = {0, ""};
	bool json = false;
	const char **words = calloc((size_t)argc + 1, sizeof *words);
	int n = 0, c;

	if (!words)
		return 2;
	/* options may stand between the words */
	for (;;) {
		while ((c = qa_opt_next(&opt, argc, argv)) != -1)
			json |= c == JSON;
		if (optind >= argc)
			break;
		words[n++] = argv[optind++];
	}
	if (n == 0)
		qa_usage(&opt);
	umask(022);
	qa_key_guard();
	int rc = run(qa_opt_home(), n, words, json, &err);
	if (rc < 0)
		qa_die("md_domain", &err);
	if (fflush(stdout)) {
		qa_fail(&err, errno, "cannot write to standard output: ");
		qa_die("md_domain", &err);
	}
	free(words);
	return rc;
}
