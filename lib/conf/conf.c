#include "conf/conf.h"
#include "base/clock.h"
#include "base/num.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pair {
	unsigned line;
	char *key, *value; /* one allocation: key */
};

struct qa_conf {
	char *name;
	struct pair *v;
	size_t n;
};

int
qa_scan_duration(qa_span s, uint64_t *ns_r)
{
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {{"ms", 1000000}, {"s", QA_SECOND}, {"m", 60 * QA_SECOND}, {"h", 3600 * QA_SECOND},
		     {"d", 86400 * QA_SECOND}};
	uint64_t unit = QA_SECOND, v;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i].suffix);

		if (s.n > n && memcmp(s.p + s.n - n, units[i].suffix, n) == 0) {
			unit = units[i].ns;
			s.n -= n;
			break;
		}
	}
	if (qa_scan_u64(s, &v) || qa_mul_u64(v, unit, &v))
		return -1;
	*ns_r = v;
	return 0;
}

int
qa_scan_bool(qa_span s, bool *v_r)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (unsigned i = 0; i < 8; i++) {
		if (qa_span_caseeq(s, qa_span_str(words[i]))) {
			*v_r = i & 1;
			return 0;
		}
	}
	return -1;
}

static bool
blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
key_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
	       c == '-';
}

static size_t
skip(qa_span s, size_t i)
{
	while (i < s.n && blank(s.p[i]))
		i++;
	return i;
}

/* The value that starts at *at, unquoted, to out; *at moves behind it. NULL, or what is wrong. */
static const char *
value_of(qa_span s, size_t *at, char *out)
{
	size_t i = *at;
	bool quoted = i < s.n && s.p[i] == '"';

	if (!quoted) {
		for (; i < s.n && !blank(s.p[i]) && s.p[i] != '#' && s.p[i] != '"'; i++)
			*out++ = (char)s.p[i];
		if (i == *at)
			return "no value";
	} else {
		for (i++;; i++) {
			if (i == s.n)
				return "no closing quote";
			if (s.p[i] == '"')
				break;
			if (s.p[i] == '\\' && (++i == s.n || (s.p[i] != '"' && s.p[i] != '\\')))
				return "a \\ before something else than \" or \\";
			*out++ = (char)s.p[i];
		}
		i++;
	}
	*out = 0;
	*at = i;
	return NULL;
}

/* One line: 1 and a pair, 0 nothing in it, -1 and *why. */
static int
parse_line(qa_span s, struct pair *p, const char **why)
{
	size_t i = skip(s, 0), from = i;

	if (i == s.n || s.p[i] == '#')
		return 0;
	*why = "not key = \"value\"";
	if (memchr(s.p, 0, s.n))
		return -1;
	while (i < s.n && key_char(s.p[i]))
		i++;
	size_t klen = i - from;
	i = skip(s, i);
	if (!klen || i == s.n || s.p[i] != '=')
		return -1;
	i = skip(s, i + 1);
	p->key = malloc(s.n + 2);
	if (!p->key) {
		*why = NULL;
		return -1;
	}
	memcpy(p->key, s.p + from, klen);
	p->key[klen] = 0;
	p->value = p->key + klen + 1;
	*why = value_of(s, &i, p->value);
	i = skip(s, i);
	if (!*why && i < s.n && s.p[i] != '#')
		*why = "something behind the value";
	if (!*why)
		return 1;
	free(p->key);
	return -1;
}

static const struct pair *
look_up(const struct qa_conf *c, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].key, key) == 0)
			return &c->v[i];
	return NULL;
}

/* Adds one line's pair, if it has one. */
static int
take_line(struct qa_conf *c, qa_span line, unsigned number, struct qa_err *err)
{
	struct pair p = {.line = number};
	const char *why = NULL;
	int rc = parse_line(line, &p, &why);

	if (rc == 0)
		return 0;
	if (rc < 0)
		return why ? qa_fail(err, EPROTO, "%s:%u: %s", c->name, number, why)
			   : qa_fail(err, ENOMEM, "cannot read %s: ", c->name);
	const struct pair *old = look_up(c, p.key);
	if (old || c->n == QA_CONF_KEYS) {
		if (old)
			qa_fail(err, EPROTO, "%s:%u: %s is in line %u already", c->name, number, p.key, old->line);
		else
			qa_fail(err, EPROTO, "%s:%u: more than %d keys", c->name, number, QA_CONF_KEYS);
		free(p.key);
		return -1;
	}
	c->v[c->n++] = p;
	return 0;
}

int
qa_conf_parse(qa_span text, const char *name, struct qa_conf **c_r, struct qa_err *err)
{
	struct qa_conf *c = calloc(1, sizeof *c);
	unsigned number = 0;

	if (c) {
		c->name = strdup(name);
		c->v = calloc(QA_CONF_KEYS, sizeof *c->v);
	}
	if (!c || !c->name || !c->v) {
		qa_conf_free(c);
		return qa_fail(err, ENOMEM, "cannot read %s: ", name);
	}
	for (size_t at = 0; at < text.n;) {
		const unsigned char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.n;

		if (take_line(c, qa_span_cut(text, at, end - at), ++number, err)) {
			qa_conf_free(c);
			return -1;
		}
		at = end + 1;
	}
	*c_r = c;
	return 0;
}

int
qa_conf_read(int dirfd, const char *path, struct qa_conf **c_r, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(QA_CONF_FILE);
	int rc = qa_slurp(dirfd, path, &b, err);

	if (rc >= 0 && qa_conf_parse(qa_buf_span(&b), path, c_r, err))
		rc = -1;
	qa_buf_free(&b);
	return rc;
}

void
qa_conf_free(struct qa_conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].key);
	free(c->v);
	free(c->name);
	free(c);
}

const char *
qa_conf_text(const struct qa_conf *c, const char *key)
{
	const struct pair *p = look_up(c, key);

	return p ? p->value : NULL;
}

static int
bad_value(const struct qa_conf *c, const struct pair *p, const char *what, struct qa_err *err)
{
	return qa_fail(err, EPROTO, "%s:%u: %s = \"%.60s\" is not %s", c->name, p->line, p->key, p->value, what);
}

int
qa_conf_size(const struct qa_conf *c, const char *key, uint64_t *v_r, struct qa_err *err)
{
	const struct pair *p = look_up(c, key);

	if (!p)
		return 0;
	return qa_scan_size(qa_span_str(p->value), v_r) ? bad_value(c, p, "a size", err) : 1;
}

int
qa_conf_duration(const struct qa_conf *c, const char *key, uint64_t *ns_r, struct qa_err *err)
{
	const struct pair *p = look_up(c, key);

	if (!p)
		return 0;
	return qa_scan_duration(qa_span_str(p->value), ns_r) ? bad_value(c, p, "a duration", err) : 1;
}

int
qa_conf_bool(const struct qa_conf *c, const char *key, bool *v_r, struct qa_err *err)
{
	const struct pair *p = look_up(c, key);

	if (!p)
		return 0;
	return qa_scan_bool(qa_span_str(p->value), v_r) ? bad_value(c, p, "yes or no", err) : 1;
}

int
qa_conf_only(const struct qa_conf *c, const char *const *keys, struct qa_err *err)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *const *k = keys;

		while (*k && strcmp(*k, c->v[i].key) != 0)
			k++;
		if (!*k)
			return qa_fail(err, EPROTO, "%s:%u: unknown key %s", c->name, c->v[i].line, c->v[i].key);
	}
	return 0;
}

int
qa_control_text(int dirfd, const char *path, struct qa_buf *out, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(QA_CONTROL_FILE);
	int rc = qa_slurp(dirfd, path, &b, err);

	if (rc > 0) {
		const unsigned char *nl = b.n ? memchr(b.p, '\n', b.n) : NULL;
		qa_span line = qa_span_of(b.p, nl ? (size_t)(nl - b.p) : b.n);

		while (line.n && blank(line.p[line.n - 1]))
			line.n--;
		if (line.n && memchr(line.p, 0, line.n))
			rc = qa_fail(err, EPROTO, "%s:1: holds a NUL", path);
		else if (line.n == 0)
			rc = 0;
		else if (qa_buf_addspan(out, line))
			rc = qa_fail(err, errno, "cannot read %s: ", path);
	}
	qa_buf_free(&b);
	return rc;
}

enum type { SIZE, DURATION, TRUTH };

static int
control(int dirfd, const char *path, enum type type, void *v_r, struct qa_err *err)
{
	static const char *const what[] = {"a size", "a duration", "yes or no"};
	struct qa_buf b = QA_BUF(QA_CONTROL_FILE);
	int rc = qa_control_text(dirfd, path, &b, err);

	if (rc > 0) {
		qa_span s = qa_buf_span(&b);
		int bad = type == SIZE ? qa_scan_size(s, v_r)
			  : type == DURATION ? qa_scan_duration(s, v_r)
					     : qa_scan_bool(s, v_r);

		if (bad)
			rc = qa_fail(err, EPROTO, "%s:1: \"%.*s\" is not %s", path, b.n > 60 ? 60 : (int)b.n,
				     (const char *)b.p, what[type]);
	}
	qa_buf_free(&b);
	return rc;
}

int
qa_control_size(int dirfd, const char *path, uint64_t *v_r, struct qa_err *err)
{
	return control(dirfd, path, SIZE, v_r, err);
}

int
qa_control_duration(int dirfd, const char *path, uint64_t *ns_r, struct qa_err *err)
{
	return control(dirfd, path, DURATION, ns_r, err);
}

int
qa_control_bool(int dirfd, const char *path, bool *v_r, struct qa_err *err)
{
	return control(dirfd, path, TRUTH, v_r, err);
}
