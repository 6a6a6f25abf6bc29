#include "tool.h"
#include "archive/home.h"
#include "conf/domains.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *
tool_folder(const struct qa_opt *o, const char *domain)
{
	static struct qa_rule rule;
	static char clean[QA_DOMAIN_MAX + 1];
	char path[QA_PATH_MAX];
	struct qa_domains table;
	struct qa_err err;
	struct stat st;
	bool own;

	if (qa_domain_name(qa_span_str(domain), clean)) {
		qa_fail(&err, 0, "%s is not a domain name", domain);
		qa_die(o->program, &err);
	}
	if (qa_home_path(path, qa_opt_home(), &err, "domain/%s", clean))
		qa_die(o->program, &err);
	if (qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0)
		return clean;
	if (qa_domains_open(&table, qa_opt_home(), &err))
		qa_die(o->program, &err);
	own = qa_domains_find(&table, qa_span_str(clean), &rule) == 1;
	qa_domains_close(&table);
	return own ? rule.folder : clean;
}

struct qa_archive *
tool_archive(const struct qa_opt *o, const char *domain)
{
	const char *folder = tool_folder(o, domain);
	struct qa_archive *a;
	struct qa_err err;
	int rc = qa_archive_open(qa_opt_home(), folder, &a, &err);

	if (rc == 0)
		qa_fail(&err, 0, "there is no archive of %s in %s", domain, qa_opt_home());
	if (rc != 1)
		qa_die(o->program, &err);
	return a;
}

struct qa_entry_id
tool_id(const struct qa_opt *o, const char *word)
{
	struct qa_entry_id id;
	struct qa_err err;

	if (qa_entry_id_scan(qa_span_str(word), &id)) {
		qa_fail(&err, 0, "%s is not an ID; one looks like 2026-11/123", word);
		qa_die(o->program, &err);
	}
	return id;
}

void
tool_entry(const struct qa_opt *o, struct qa_archive *a, const struct qa_entry_id *id, struct qa_partition **p_r,
	   struct qa_entry *e_r)
{
	char text[QA_ENTRY_ID_TEXT];
	struct qa_err err;
	int rc = qa_archive_entry(a, id, p_r, e_r, &err);

	if (rc < 0)
		qa_die(o->program, &err);
	if (rc == 0) {
		qa_entry_id_text(id, text);
		fprintf(stderr, "%s: %s has no entry %s\n", o->program, qa_archive_domain(a), text);
		exit(1);
	}
}

void
tool_read(const struct qa_opt *o, const char *path, struct qa_buf *b)
{
	struct qa_err err;
	int rc;

	if (strcmp(path, "-") == 0)
		path = "/dev/stdin";
	rc = qa_slurp(AT_FDCWD, path, b, &err);
	if (rc == 0)
		qa_fail(&err, ENOENT, "cannot open %s: ", path);
	if (rc != 1)
		qa_die(o->program, &err);
}

void
tool_full(const struct qa_opt *o, int failed)
{
	struct qa_err err;

	if (!failed)
		return;
	qa_fail(&err, errno, "cannot hold the answer: ");
	qa_die(o->program, &err);
}

void
tool_write(const struct qa_opt *o, qa_span bytes)
{
	struct qa_err err;

	if (qa_write_all(STDOUT_FILENO, bytes.p, bytes.n, "standard output", &err))
		qa_die(o->program, &err);
}

const char *
tool_key(const struct qa_opt *o, const char *word, struct qa_buf *b)
{
	struct stat st;
	const char *text;

	if (qa_sys->fstatat(AT_FDCWD, word, &st, 0) || !S_ISREG(st.st_mode)) {
		struct qa_err err;

		if (strchr(word, '+'))
			return word;
		qa_fail(&err, 0, "the key: %s is neither a public key (name+id+base64) nor a file that holds one", word);
		qa_die(o->program, &err);
	}
	tool_read(o, word, b);
	while (b->n && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == '\r'))
		b->n--;
	text = qa_buf_cstr(b);
	return text && strlen(text) == b->n ? text : "";
}
