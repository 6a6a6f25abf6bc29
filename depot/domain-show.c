#include "depot/domain-show.h"
#include "base/clock.h"
#include "base/text.h"
#include "conf/conf.h"
#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
archive_name(const struct qa_rule *r)
{
	static const char *const names[] = {"no", "in", "out", "both"};

	return names[r->archive & 3];
}

/* A size as the table takes it. */
static void
size_text(uint64_t v, char out[24])
{
	static const char units[] = "KMGT";
	int u = -1;

	while (v && v % 1024 == 0 && u < 3)
		v /= 1024, u++;
	if (u >= 0)
		snprintf(out, 24, "%llu%c", (unsigned long long)v, units[u]);
	else
		snprintf(out, 24, "%llu", (unsigned long long)v);
}

static int
add_rule(struct qa_buf *b, const struct qa_rule *r, bool json)
{
	char limit[24];

	if (json)
		return qa_buf_addf(b, "\"archive\":\"%s\",\"fail\":\"%s\",\"limit\":%llu,\"over\":\"%s\",\"folder\":\"%s\"",
				   archive_name(r), r->fail_open ? "open" : "closed", (unsigned long long)r->limit,
				   r->over_head ? "head" : "refuse", r->folder);
	size_text(r->limit, limit);
	if (qa_buf_addf(b, "archive=%s fail=%s", archive_name(r), r->fail_open ? "open" : "closed"))
		return -1;
	return r->limit ? qa_buf_addf(b, " limit=%s over=%s", limit, r->over_head ? "head" : "refuse") : 0;
}

static int
print(struct qa_buf *b, struct qa_err *err)
{
	if (b->n && (fwrite(b->p, 1, b->n, stdout) != b->n || fflush(stdout)))
		return qa_fail(err, errno, "cannot write to standard output: ");
	return 0;
}

static int
add_line(struct qa_buf *b, const struct qa_domain_line *l, int width, bool json)
{
	const char *dot = l->wildcard ? "." : "";

	if (json) {
		if (qa_buf_addf(b, "{\"domain\":\"%s%s\",\"as\":", dot, l->name) ||
		    (l->as[0] ? qa_buf_addf(b, "\"%s\",", l->as) : qa_buf_addstr(b, "null,")) ||
		    add_rule(b, &l->rule, true))
			return -1;
		return qa_buf_addstr(b, "}\n");
	}
	if (qa_buf_addf(b, "%s%-*s ", dot, width - (int)strlen(dot), l->name) || add_rule(b, &l->rule, false))
		return -1;
	if (strcmp(l->rule.folder, l->name) != 0 && qa_buf_addf(b, " -> %s", l->rule.folder))
		return -1;
	if (l->wildcard && !l->as[0] && qa_buf_addf(b, " -> %s", l->rule.folder))
		return -1;
	return qa_buf_addc(b, '\n');
}

int
domain_list(const struct qa_domain_line *lines, size_t n, bool json, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(0);
	int width = 0, rc = 0;

	for (size_t i = 0; i < n; i++) {
		int len = (int)strlen(lines[i].name) + lines[i].wildcard;

		width = len > width && len < 40 ? len : width;
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		if (add_line(&b, &lines[i], width, json))
			rc = qa_fail(err, errno, "cannot list the domains: ");
	if (rc == 0)
		rc = print(&b, err);
	qa_buf_free(&b);
	return rc;
}

/* Months under domain/FOLDER/depot, in JSON a list. */
static int
add_partitions(struct qa_buf *b, const char *base, bool json, struct qa_err *err)
{
	char path[PATH_MAX + 16];
	struct qa_names names = {NULL, 0};
	qa_month m;
	int rc = 0;

	snprintf(path, sizeof path, "%s/depot", base);
	if (qa_listdir(AT_FDCWD, path, &names, err) && errno != ENOENT)
		return -1;
	for (size_t i = 0, k = 0; i < names.n && rc == 0; i++)
		if (qa_month_scan(qa_span_str(names.v[i]), &m) == 0)
			rc = qa_buf_addf(b, json ? "%s\"%s\"" : "%s%s", k++ ? (json ? "," : " ") : "", names.v[i]);
	qa_names_free(&names);
	return rc ? qa_fail(err, errno, "cannot show the partitions: ") : 0;
}

/* The vkey of a domain that has one. */
static int
read_vkey(const char *base, struct qa_buf *b, struct qa_err *err)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/log/vkey", base);
	return qa_control_text(AT_FDCWD, path, b, err);
}

struct shown {
	const char *domain, *base;
	struct qa_rule rule;
	int own;       /* a rule speaks for it */
	bool missing;  /* no compiled table */
	struct qa_buf vkey, months;
};

static int
show_json(const struct shown *s, struct qa_buf *b)
{
	if (qa_buf_addstr(b, "{\"domain\":") || qa_json_add(b, qa_span_str(s->domain)) ||
	    qa_buf_addf(b, ",\"rule\":%s,", s->own ? "true" : "false") || add_rule(b, &s->rule, true) ||
	    qa_buf_addstr(b, ",\"path\":") || qa_json_add(b, qa_span_str(s->base)) || qa_buf_addstr(b, ",\"vkey\":") ||
	    (s->vkey.n ? qa_json_add(b, qa_buf_span(&s->vkey)) : qa_buf_addstr(b, "null")) ||
	    qa_buf_addstr(b, ",\"partitions\":[") || qa_buf_addspan(b, qa_buf_span(&s->months)))
		return -1;
	return qa_buf_addstr(b, "]}\n");
}

static int
show_text(const struct shown *s, struct qa_buf *b)
{
	if (qa_buf_addf(b, "domain      %s%s\nrule        ", s->domain,
			s->missing ? " (no compiled table: default takes it)"
			: s->own   ? ""
				   : " (no rule of its own: default takes it)") ||
	    add_rule(b, &s->rule, false) || qa_buf_addf(b, "\nfolder      %s\nvkey        ", s->base) ||
	    (s->vkey.n ? qa_buf_addspan(b, qa_buf_span(&s->vkey)) : qa_buf_addstr(b, "none yet")) ||
	    qa_buf_addstr(b, "\npartitions  ") ||
	    (s->months.n ? qa_buf_addspan(b, qa_buf_span(&s->months)) : qa_buf_addstr(b, "none yet")))
		return -1;
	return qa_buf_addc(b, '\n');
}

int
domain_show(const char *home, const char *domain, bool json, struct qa_err *err)
{
	struct shown s = {.domain = domain, .vkey = QA_BUF(4096), .months = QA_BUF(0)};
	struct qa_buf b = QA_BUF(0);
	char base[PATH_MAX];
	struct qa_domains d;
	int rc = -1;

	if (qa_domains_open(&d, home, err)) {
		qa_domains_close(&d);
		return -1;
	}
	s.missing = d.missing;
	s.own = qa_domains_find(&d, qa_span_str(domain), &s.rule) || strcmp(domain, "default") == 0;
	qa_domains_close(&d);
	s.base = base;
	if ((size_t)snprintf(base, sizeof base, "%s/domain/%s", home, s.rule.folder) >= sizeof base)
		qa_fail(err, ENAMETOOLONG, "cannot show %s: ", domain);
	else if (read_vkey(base, &s.vkey, err) >= 0 && add_partitions(&s.months, base, json, err) == 0) {
		if (json ? show_json(&s, &b) : show_text(&s, &b))
			qa_fail(err, errno, "cannot show %s: ", domain);
		else
			rc = print(&b, err) ? -1 : s.own;
	}
	qa_buf_free(&s.vkey);
	qa_buf_free(&s.months);
	qa_buf_free(&b);
	return rc;
}
