/* The text form of the table of domains: H/etc/domains. */
#include "base/num.h"
#include "conf/domains.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 63 };

/* Where bad lines are reported. */
struct complaints {
	qa_domains_bad *bad;
	void *ctx;
	unsigned count;
	char first[300];
};

static void QA_PRINTF(3, 4)
complain(struct complaints *c, unsigned number, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	for (char *s = why; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			*s = '?';
	if (c->count++ == 0)
		snprintf(c->first, sizeof c->first, "line %u: %s", number, why);
	if (c->bad)
		c->bad(c->ctx, number, why);
}

/* A span for a message: at most 60 bytes of it. */
#define SHOW(s) (int)((s).n > 60 ? 60 : (s).n), (const char *)(s).p

static unsigned char
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

int
qa_domain_name(qa_span s, char out[QA_DOMAIN_MAX + 1])
{
	size_t label = 0;

	if (s.n == 0 || s.n > QA_DOMAIN_MAX)
		return -1;
	for (size_t i = 0; i <= s.n; i++) {
		if (i == s.n || s.p[i] == '.') {
			if (label == 0 || s.p[i - 1] == '-')
				return -1;
			label = 0;
			if (i < s.n)
				out[i] = '.';
			continue;
		}
		unsigned char c = lower(s.p[i]);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c == '-' && label > 0)))
			return -1;
		if (++label > LABEL)
			return -1;
		out[i] = (char)c;
	}
	out[s.n] = 0;
	return 0;
}

static bool
blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of rest, which is moved behind it; empty at the end. */
static qa_span
word(qa_span *rest)
{
	size_t from = 0, to;

	while (from < rest->n && blank(rest->p[from]))
		from++;
	for (to = from; to < rest->n && !blank(rest->p[to]);)
		to++;
	qa_span w = qa_span_cut(*rest, from, to - from);
	*rest = qa_span_cut(*rest, to, rest->n);
	return w;
}

int
qa_domains_line(qa_span line, qa_span *domain_r, qa_span *rest_r)
{
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '#' && (i == 0 || blank(line.p[i - 1]))) {
			line.n = i;
			break;
		}
	}
	*rest_r = line;
	*domain_r = word(rest_r);
	return domain_r->n > 0;
}

enum key { ARCHIVE = 1, FAIL = 2, LIMIT = 4, OVER = 8, AS = 16 };

/* One key=value: which key it was, or 0 when it is bad (reported). */
static unsigned
pair(struct qa_domain_line *l, qa_span w, struct complaints *c)
{
	const unsigned char *eq = w.n ? memchr(w.p, '=', w.n) : NULL;
	size_t klen = eq ? (size_t)(eq - w.p) : w.n;
	qa_span key = qa_span_cut(w, 0, klen), value = qa_span_cut(w, klen + 1, w.n);
	struct qa_rule *r = &l->rule;
	unsigned which = 0;

	if (!eq) {
		complain(c, l->number, "\"%.*s\" is not key=value", SHOW(w));
		return 0;
	}
	if (qa_span_is(key, "archive")) {
		static const char *const names[] = {"no", "in", "out", "both"};

		for (unsigned i = 0; i < 4; i++)
			if (qa_span_is(value, names[i]))
				r->archive = i, which = ARCHIVE;
	} else if (qa_span_is(key, "fail")) {
		r->fail_open = qa_span_is(value, "open");
		which = r->fail_open || qa_span_is(value, "closed") ? FAIL : 0;
	} else if (qa_span_is(key, "limit")) {
		which = qa_scan_size(value, &r->limit) == 0 ? LIMIT : 0;
	} else if (qa_span_is(key, "over")) {
		r->over_head = qa_span_is(value, "head");
		which = r->over_head || qa_span_is(value, "refuse") ? OVER : 0;
	} else if (qa_span_is(key, "as")) {
		which = qa_domain_name(value, l->as) == 0 && strcmp(l->as, "default") != 0 ? AS : 0;
	} else {
		complain(c, l->number, "unknown key \"%.*s\"", SHOW(key));
		return 0;
	}
	if (!which)
		complain(c, l->number, "\"%.*s\" is no value for %.*s", SHOW(value), SHOW(key));
	return which;
}

/* One line without its end: 1 and the rule, 0 when there is none or it is bad (reported). */
static int
parse_line(qa_span line, struct qa_domain_line *l, struct complaints *c)
{
	qa_span name, rest, w;
	unsigned seen = 0;

	if (line.n > QA_DOMAINS_LINE) {
		complain(c, l->number, "longer than %d bytes", QA_DOMAINS_LINE);
		return 0;
	}
	if (!qa_domains_line(line, &name, &rest))
		return 0;
	qa_span whole = name;
	l->wildcard = name.p[0] == '.';
	if (l->wildcard)
		name = qa_span_cut(name, 1, name.n);
	if (qa_domain_name(name, l->name) || (l->wildcard && strcmp(l->name, "default") == 0)) {
		complain(c, l->number, "\"%.*s\" is not a domain", SHOW(whole));
		return 0;
	}
	l->rule.archive = QA_ARCHIVE_IN | QA_ARCHIVE_OUT;
	while ((w = word(&rest)).n) {
		unsigned which = pair(l, w, c);

		if (!which)
			return 0;
		if (seen & which) {
			complain(c, l->number, "\"%.*s\" has its key twice", SHOW(w));
			return 0;
		}
		seen |= which;
	}
	if ((seen & AS) && seen != AS) {
		complain(c, l->number, "as stands with another key");
		return 0;
	}
	if ((seen & AS) && !l->wildcard && strcmp(l->name, "default") == 0) {
		complain(c, l->number, "default cannot be another name of a domain");
		return 0;
	}
	return 1;
}

/* By name, exact rules before wildcards, then by line. */
static int
by_name(const void *a, const void *b)
{
	const struct qa_domain_line *x = *(struct qa_domain_line *const *)a;
	const struct qa_domain_line *y = *(struct qa_domain_line *const *)b;
	int rc = strcmp(x->name, y->name);

	if (rc == 0)
		rc = (int)x->wildcard - (int)y->wildcard;
	if (rc == 0)
		rc = x->number < y->number ? -1 : x->number > y->number;
	return rc;
}

/* The exact rule of that name, NULL when there is none. */
static struct qa_domain_line *
exact(struct qa_domain_line **sorted, size_t n, const char *name)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int rc = strcmp(sorted[mid]->name, name);

		if (rc == 0 && sorted[mid]->wildcard)
			rc = 1;
		if (rc == 0)
			return sorted[mid];
		if (rc < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Doubles, names behind `as`, folders. */
static int
resolve(struct qa_domain_line *lines, size_t n, struct complaints *c)
{
	struct qa_domain_line **sorted = calloc(n ? n : 1, sizeof *sorted);

	if (!sorted)
		return -1;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &lines[i];
	qsort(sorted, n, sizeof(struct qa_domain_line *), by_name);
	for (size_t i = 1; i < n; i++)
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0 &&
		    sorted[i - 1]->wildcard == sorted[i]->wildcard)
			complain(c, sorted[i]->number, "%s%s has a rule in line %u already",
				 sorted[i]->wildcard ? "." : "", sorted[i]->name, sorted[i - 1]->number);
	for (size_t i = 0; i < n && c->count == 0; i++)
		memcpy(lines[i].rule.folder, lines[i].name, sizeof lines[i].name);
	for (size_t i = 0; i < n && c->count == 0; i++) {
		if (!lines[i].as[0])
			continue;
		const struct qa_domain_line *target = exact(sorted, n, lines[i].as);
		if (!target)
			complain(c, lines[i].number, "as=%s, but %s has no rule", lines[i].as, lines[i].as);
		else if (target->as[0])
			complain(c, lines[i].number, "as=%s, but that is another name itself", lines[i].as);
		else
			lines[i].rule = target->rule;
	}
	free(sorted);
	return 0;
}

int
qa_domains_parse(qa_span text, struct qa_domain_line **lines_r, size_t *n_r, qa_domains_bad *bad, void *ctx,
		 struct qa_err *err)
{
	struct complaints c = {.bad = bad, .ctx = ctx};
	struct qa_domain_line *lines = NULL;
	size_t n = 0, size = 0, at = 0;
	unsigned number = 0;

	while (at < text.n) {
		const unsigned char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.n;

		if (n == size) {
			size = size ? size * 2 : 64;
			struct qa_domain_line *more = realloc(lines, size * sizeof *lines);
			if (!more)
				goto memory;
			lines = more;
		}
		memset(&lines[n], 0, sizeof *lines);
		lines[n].number = ++number;
		if (parse_line(qa_span_cut(text, at, end - at), &lines[n], &c) && ++n > QA_DOMAINS_RULES) {
			complain(&c, number, "more than %d rules", QA_DOMAINS_RULES);
			break;
		}
		at = end + 1;
	}
	if (resolve(lines, n, &c))
		goto memory;
	if (c.count) {
		free(lines);
		return qa_fail(err, EPROTO, "%s%s", c.first, c.count > 1 ? " (and more)" : "");
	}
	*lines_r = lines;
	*n_r = n;
	return 0;
memory:
	free(lines);
	return qa_fail(err, ENOMEM, "cannot read the table of domains: ");
}
