#include "conf/edit.h"
#include "conf/domains.h"

#include <errno.h>
#include <string.h>

/* Whether DOMAIN and the pairs can stand in a line without becoming something else. */
static int
check(const char *domain, const char *const *pairs, size_t n, struct qa_err *err)
{
	char name[QA_DOMAIN_MAX + 1];

	if (qa_domain_name(qa_span_str(domain + (*domain == '.')), name) || strcmp(domain, ".default") == 0)
		return qa_fail(err, EPROTO, "\"%.100s\" is not a domain", domain);
	for (size_t i = 0; i < n; i++) {
		const char *eq = strchr(pairs[i], '=');

		if (!eq || eq == pairs[i])
			return qa_fail(err, EPROTO, "\"%.100s\" is not key=value", pairs[i]);
		for (const char *s = pairs[i]; *s; s++)
			if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f || *s == '#')
				return qa_fail(err, EPROTO, "%.*s= has a value that cannot stand in the table",
					       (int)(eq - pairs[i]), pairs[i]);
	}
	return 0;
}

static int
full(struct qa_err *err)
{
	return qa_fail(err, errno, "cannot write the table of domains: ");
}

/* The next line of text from *at on, with its end if it has one: 1, 0. */
static int
next_line(qa_span text, size_t *at, qa_span *line_r)
{
	if (*at >= text.n)
		return 0;
	const unsigned char *nl = memchr(text.p + *at, '\n', text.n - *at);
	size_t end = nl ? (size_t)(nl - text.p) + 1 : text.n;
	*line_r = qa_span_cut(text, *at, end - *at);
	*at = end;
	return 1;
}

static qa_span
without_end(qa_span line)
{
	if (line.n && line.p[line.n - 1] == '\n')
		line.n--;
	return line;
}

/* Whether the line is a rule of the domain; rest_r is then what stands behind its name. */
static bool
is_rule(qa_span line, const char *domain, qa_span *name_r, qa_span *rest_r)
{
	return qa_domains_line(without_end(line), name_r, rest_r) && qa_span_caseeq(*name_r, qa_span_str(domain));
}

int
qa_edit_add(qa_span text, const char *domain, const char *const *pairs, size_t n, struct qa_buf *out, struct qa_err *err)
{
	if (check(domain, pairs, n, err))
		return -1;
	if (qa_buf_addspan(out, text) || (text.n && text.p[text.n - 1] != '\n' && qa_buf_addc(out, '\n')) ||
	    qa_buf_addstr(out, domain))
		return full(err);
	for (size_t i = 0; i < n; i++)
		if (qa_buf_addf(out, " %s", pairs[i]))
			return full(err);
	return qa_buf_addc(out, '\n') ? full(err) : 0;
}

int
qa_edit_remove(qa_span text, const char *domain, struct qa_buf *out, struct qa_err *err)
{
	qa_span line, name, rest;
	size_t at = 0;
	int found = 0;

	if (check(domain, NULL, 0, err))
		return -1;
	while (next_line(text, &at, &line)) {
		if (is_rule(line, domain, &name, &rest))
			found = 1;
		else if (qa_buf_addspan(out, line))
			return full(err);
	}
	return found;
}

/* The length of a pair up to and with its '='; all of it when it has none. */
static size_t
key_length(qa_span pair)
{
	const unsigned char *eq = pair.n ? memchr(pair.p, '=', pair.n) : NULL;

	return eq ? (size_t)(eq - pair.p) + 1 : pair.n;
}

static bool
is_set_anew(qa_span pair, const char *const *pairs, size_t n)
{
	size_t len = key_length(pair);

	for (size_t i = 0; i < n; i++)
		if (strncmp(pairs[i], (const char *)pair.p, len) == 0)
			return true;
	return false;
}

/* A rule's line with the pairs in place of its own of the same keys. */
static int
rewrite(qa_span line, qa_span name, qa_span rest, const char *const *pairs, size_t n, struct qa_buf *out)
{
	size_t behind = rest.n ? (size_t)(rest.p + rest.n - line.p) : (size_t)(name.p + name.n - line.p), i = 0;

	if (qa_buf_add(out, line.p, (size_t)(name.p + name.n - line.p)))
		return -1;
	while (i < rest.n) {
		size_t from = i;

		while (i < rest.n && (rest.p[i] == ' ' || rest.p[i] == '\t'))
			i++;
		size_t word = i;
		while (i < rest.n && rest.p[i] != ' ' && rest.p[i] != '\t')
			i++;
		if (i > word && !is_set_anew(qa_span_cut(rest, word, i - word), pairs, n) &&
		    qa_buf_add(out, rest.p + from, i - from))
			return -1;
	}
	for (size_t k = 0; k < n; k++)
		if (pairs[k][strlen(pairs[k]) - 1] != '=' && qa_buf_addf(out, " %s", pairs[k]))
			return -1;
	qa_span tail = qa_span_cut(line, behind, line.n);
	if (tail.n && tail.p[0] == '#' && qa_buf_addc(out, ' '))
		return -1;
	return qa_buf_addspan(out, tail);
}

int
qa_edit_set(qa_span text, const char *domain, const char *const *pairs, size_t n, struct qa_buf *out, struct qa_err *err)
{
	qa_span line, name, rest;
	size_t at = 0;
	int found = 0;

	if (check(domain, pairs, n, err))
		return -1;
	while (next_line(text, &at, &line)) {
		bool it = is_rule(line, domain, &name, &rest);

		found |= it;
		if (it ? rewrite(line, name, rest, pairs, n, out) : qa_buf_addspan(out, line))
			return full(err);
	}
	return found;
}
