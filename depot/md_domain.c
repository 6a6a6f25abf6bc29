/*
 * md_domain: which domains are archived, how. Edits H/etc/domains, compiles it, makes what a domain needs.
 *
 * All that changes something runs under H/etc/.lock. A new table is checked whole before anything is written; the compiled one
 * is written before the text is published and published right after it, so that only a crash in between leaves them
 * apart, which `md_domain update` mends.
 */
#include "archive/home.h"
#include "archive/key.h"
#include "base/opt.h"
#include "conf/domains.h"
#include "conf/edit.h"
#include "conf/instance.h"
#include "depot/domain-show.h"
#include "sys/publish.h"
#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 64 << 20, CDB_MAX = 128 << 20, JSON = 1000, LOCK_TRIES = 100 }; /* 5 s */

static const char help[] =
    "  add DOMAIN [KEY=VALUE...]   archive a domain; makes an empty instance where there is none\n"
    "  set DOMAIN KEY=VALUE...     change keys of its rule; KEY= takes the key out\n"
    "  remove DOMAIN               take its rule out; what is archived stays\n"
    "  list                        all rules\n"
    "  show DOMAIN                 its rule, folder, verifier key and partitions\n"
    "  update                      check and compile H/etc/domains after editing it\n\n"
    "Keys: archive=both|in|out|no fail=closed|open limit=SIZE over=refuse|head as=DOMAIN\n\n"
    "      --json    list and show: one JSON object a line\n";

static const struct option longs[] = {{"json", no_argument, NULL, JSON}, {NULL, 0, NULL, 0}};
static const struct qa_opt opt = {"md_domain", "add|set|remove|show DOMAIN [KEY=VALUE...] | list | update", help, "",
				  longs};

struct table {
	int etc, lock;
	struct qa_buf text;
	struct qa_domain_line *lines;
	size_t n;
};

static void
bad_line(void *ctx, unsigned number, const char *why)
{
	fprintf(stderr, "md_domain: %s/etc/domains:%u: %s\n", (const char *)ctx, number, why);
}

/* The first bad line of a text that a command made. */
struct first {
	unsigned number;
	char why[256];
};

static void
keep_first(void *ctx, unsigned number, const char *why)
{
	struct first *f = ctx;

	if (f->number == 0) {
		f->number = number;
		snprintf(f->why, sizeof f->why, "%s", why);
	}
}

/* Another md_domain is done in a moment. */
static int
lock(int etc, struct qa_err *err)
{
	struct timespec moment = {.tv_nsec = 50000000};
	int fd = -1;

	for (int i = 0; i < LOCK_TRIES; i++) {
		fd = qa_lock(etc, ".lock", err);
		if (fd >= 0 || errno != EWOULDBLOCK)
			break;
		nanosleep(&moment, NULL);
	}
	return fd;
}

static int
open_table(struct table *t, const char *home, bool change, struct qa_err *err)
{
	char path[PATH_MAX];

	*t = (struct table){.etc = -1, .lock = -1, .text = QA_BUF(TEXT_MAX)};
	if ((size_t)snprintf(path, sizeof path, "%s/etc", home) >= sizeof path)
		return qa_fail(err, ENAMETOOLONG, "cannot use the instance %s: ", home);
	t->etc = qa_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, err);
	if (t->etc < 0)
		return -1;
	if (change && (t->lock = lock(t->etc, err)) < 0)
		return qa_fail_in(err, "%s", path);
	int rc = qa_slurp(t->etc, "domains", &t->text, err);
	if (rc == 0)
		qa_fail(err, ENOENT, "cannot read %s/domains: ", path);
	return rc > 0 ? 0 : -1;
}

static void
close_table(struct table *t)
{
	free(t->lines);
	qa_buf_free(&t->text);
	qa_close(&t->lock);
	qa_close(&t->etc);
}

static int
parse(struct table *t, qa_span text, const char *home, struct qa_err *err)
{
	free(t->lines);
	t->lines = NULL;
	if (qa_domains_parse(text, &t->lines, &t->n, bad_line, (void *)(uintptr_t)home, err))
		return qa_fail(err, EPROTO, "%s/etc/domains has bad lines; nothing was changed", home);
	return 0;
}

static const struct qa_domain_line *
find_line(const struct table *t, const char *domain)
{
	bool wildcard = *domain == '.';

	for (size_t i = 0; i < t->n; i++)
		if (t->lines[i].wildcard == wildcard && strcasecmp(t->lines[i].name, domain + wildcard) == 0)
			return &t->lines[i];
	return NULL;
}

/* Bad lines of the new text are the command's fault: the old one was good. OWN is the line of its domain. */
static int
parse_new(struct table *t, qa_span text, const char *domain, unsigned own, struct qa_err *err)
{
	struct first f = {0, ""};

	free(t->lines);
	t->lines = NULL;
	if (qa_domains_parse(text, &t->lines, &t->n, keep_first, &f, err) == 0)
		return 0;
	if (errno != EPROTO)
		return -1;
	if (f.number == own)
		return qa_fail(err, EPROTO, "%s: %s", domain, f.why);
	return qa_fail(err, EPROTO, "%s: line %u of the table would be bad: %s", domain, f.number, f.why);
}

static unsigned
count_lines(qa_span text)
{
	unsigned n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n' || i + 1 == text.n;
	return n;
}

/* Publishes text (NULL = it is there already) and the compiled form of t->lines. */
static int
publish(struct table *t, const qa_span *text, struct qa_err *err)
{
	struct qa_buf cdb = QA_BUF(CDB_MAX);
	struct qa_publish p;
	int rc = -1;

	if (qa_domains_compile(t->lines, t->n, &cdb, err) == 0 &&
	    qa_publish_begin(&p, t->etc, "domains.cdb", 0644, err) == 0) {
		if (qa_write_all(p.fd, cdb.p, cdb.n, "domains.cdb", err) ||
		    (text && qa_publish(t->etc, "domains", *text, 0644, err)))
			qa_publish_abort(&p);
		else
			rc = qa_publish_end(&p, err);
	}
	qa_buf_free(&cdb);
	return rc;
}

/* What a domain's archive needs, owned by who runs the daemons. */
static int
make_archive(const char *home, const char *folder, struct qa_err *err)
{
	if (qa_instance_become(home, err))
		return -1;
	int rc = qa_home_domain(home, folder, err) || qa_key_init(home, folder, err) ? -1 : 0;
	struct qa_err second;
	if (qa_instance_return(&second) && rc == 0) {
		*err = second;
		rc = -1;
	}
	return rc;
}

static int
add(struct table *t, const char *home, const char *domain, const char *const *pairs, size_t n, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(TEXT_MAX);
	int rc = -1;

	if (parse(t, qa_buf_span(&t->text), home, err))
		return -1;
	const struct qa_domain_line *l = find_line(t, domain);
	if (l)
		return qa_fail(err, EEXIST, "%s has a rule already, in line %u of %s/etc/domains", domain, l->number,
			       home);
	if (qa_edit_add(qa_buf_span(&t->text), domain, pairs, n, &b, err) == 0 &&
	    parse_new(t, qa_buf_span(&b), domain, count_lines(qa_buf_span(&b)), err) == 0) {
		qa_span text = qa_buf_span(&b);
		const struct qa_domain_line *mine = find_line(t, domain);

		if (!mine)
			qa_fail(err, EPROTO, "\"%s\" is not a domain", domain);
		else if (make_archive(home, mine->rule.folder, err) == 0 && (rc = publish(t, &text, err)) == 0)
			printf("%s: added; its archive is %s/domain/%s\n", domain, home, mine->rule.folder);
	}
	qa_buf_free(&b);
	return rc;
}

/* set and remove: 1 when there is no such rule. */
static int
change(struct table *t, const char *home, const char *domain, const char *const *pairs, size_t n, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(TEXT_MAX);
	qa_span old = qa_buf_span(&t->text);
	int rc;

	if (parse(t, old, home, err))
		return -1;
	const struct qa_domain_line *was = find_line(t, domain);
	char folder[QA_DOMAIN_MAX + 1] = "";
	unsigned own = was ? was->number : 0;
	if (was)
		snprintf(folder, sizeof folder, "%s", was->rule.folder);
	rc = pairs ? qa_edit_set(old, domain, pairs, n, &b, err) : qa_edit_remove(old, domain, &b, err);
	if (rc == 0) {
		fprintf(stderr, "md_domain: %s has no rule\n", domain);
		rc = 1;
	} else if (rc > 0) {
		qa_span text = qa_buf_span(&b);

		rc = parse_new(t, text, domain, pairs ? own : 0, err);
		const struct qa_domain_line *now = rc ? NULL : find_line(t, domain);
		if (now)
			rc = make_archive(home, now->rule.folder, err);
		if (rc == 0)
			rc = publish(t, &text, err);
		if (rc == 0 && pairs)
			printf("%s: set\n", domain);
		else if (rc == 0)
			printf("%s: rule removed; what is archived stays in %s/domain/%s\n", domain, home, folder);
	}
	qa_buf_free(&b);
	return rc;
}

static int
update(struct table *t, const char *home, struct qa_err *err)
{
	int rc = parse(t, qa_buf_span(&t->text), home, err);

	for (size_t i = 0; i < t->n && rc == 0; i++)
		if (t->lines[i].rule.archive && !t->lines[i].as[0])
			rc = make_archive(home, t->lines[i].rule.folder, err);
	if (rc == 0)
		rc = publish(t, NULL, err);
	if (rc == 0)
		printf("%zu rule%s compiled\n", t->n, t->n == 1 ? "" : "s");
	return rc;
}

static int
list(struct table *t, const char *home, bool json, struct qa_err *err)
{
	return parse(t, qa_buf_span(&t->text), home, err) ? -1 : domain_list(t->lines, t->n, json, err);
}

/* Runs one command: its exit code, or -1 with err. */
static int
run(const char *home, int argc, const char *const *argv, bool json, struct qa_err *err)
{
	const char *verb = argv[0], *domain = argc > 1 ? argv[1] : "";
	bool is_add = strcmp(verb, "add") == 0, is_set = strcmp(verb, "set") == 0,
	     is_remove = strcmp(verb, "remove") == 0, is_update = strcmp(verb, "update") == 0,
	     is_list = strcmp(verb, "list") == 0, is_show = strcmp(verb, "show") == 0;
	char name[QA_DOMAIN_MAX + 1];
	struct table t;
	int rc = -1;

	if (!(is_add && argc >= 2) && !(is_set && argc >= 3) && !((is_remove || is_show) && argc == 2) &&
	    !((is_list || is_update) && argc == 1))
		qa_usage(&opt);
	if (json && !is_list && !is_show)
		qa_usage(&opt);
	if (argc > 1 && qa_domain_name(qa_span_str(domain + (*domain == '.')), name))
		return qa_fail(err, EPROTO, "\"%s\" is not a domain", domain);
	if (is_show && *domain == '.')
		return qa_fail(err, EPROTO, "%s is a wildcard; show a name below it", domain);
	if (is_show) {
		rc = domain_show(home, name, json, err);
		return rc < 0 ? -1 : !rc;
	}
	if (is_add) {
		/* the pairs alone, before anything is made for them */
		struct qa_buf line = QA_BUF(0);

		rc = qa_edit_add((qa_span){NULL, 0}, domain, argv + 2, (size_t)(argc - 2), &line, err);
		qa_buf_free(&line);
		if (rc || qa_instance_init(home, err))
			return -1;
	}
	rc = open_table(&t, home, !is_list, err);
	if (rc == 0)
		rc = is_list	 ? list(&t, home, json, err)
		     : is_update ? update(&t, home, err)
		     : is_add	 ? add(&t, home, domain, argv + 2, (size_t)(argc - 2), err)
				 : change(&t, home, domain, is_set ? argv + 2 : NULL, (size_t)(argc - 2), err);
	close_table(&t);
	return rc;
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
