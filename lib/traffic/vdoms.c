#include "traffic/vdoms.h"
#include "base/buf.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>

enum { MOST = 64 << 20, KEY = 4096 };

/* Keys are in lower case. */
struct qa_vdoms {
	GHashTable *hosts;   /* key without '@' -> prefix */
	GHashTable *persons; /* "prefix-user@host" -> itself; the value is the prefix */
};

static char *
lowered(qa_span s)
{
	return g_ascii_strdown((const char *)s.p, (gssize)s.n);
}

static void
add_line(struct qa_vdoms *v, qa_span line)
{
	const unsigned char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	qa_span key, prefix;
	GHashTable *t = v->hosts;
	char *name, *value;

	if (!colon || line.p[0] == '#' || line.n > KEY)
		return;
	key = qa_span_of(line.p, (size_t)(colon - line.p));
	prefix = qa_span_cut(line, key.n + 1, line.n);
	value = g_strndup((const char *)prefix.p, prefix.n);
	name = lowered(key);
	if (key.n && memchr(key.p, '@', key.n)) {
		char *low = g_ascii_strdown(value, -1), *whole = g_strconcat(low, "-", name, NULL);

		g_free(low);
		g_free(name);
		name = whole;
		t = v->persons;
	}
	if (g_hash_table_contains(t, name) || (t == v->persons && !*value)) {
		g_free(name);
		g_free(value);
	} else {
		g_hash_table_insert(t, name, value);
	}
}

struct qa_vdoms *
qa_vdoms_new(qa_span text)
{
	struct qa_vdoms *v = g_new(struct qa_vdoms, 1);

	v->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	v->persons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	while (text.n) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		qa_span line = qa_span_cut(text, 0, n);

		text = qa_span_cut(text, n + 1, text.n);
		/* qmail takes blanks off the end only */
		while (line.n && qa_blank(line.p[line.n - 1]))
			line.n--;
		if (line.n && !memchr(line.p, 0, line.n))
			add_line(v, line);
	}
	return v;
}

struct qa_vdoms *
qa_vdoms_open(const char *file, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(MOST);
	struct qa_vdoms *v = NULL;
	int rc = qa_slurp(AT_FDCWD, file, &b, err);

	if (rc == 0)
		qa_fail(err, ENOENT, "cannot open %s: ", file);
	if (rc == 1)
		v = qa_vdoms_new(qa_buf_span(&b));
	qa_buf_free(&b);
	return v;
}

void
qa_vdoms_free(struct qa_vdoms *v)
{
	if (!v)
		return;
	g_hash_table_destroy(v->hosts);
	g_hash_table_destroy(v->persons);
	g_free(v);
}

/* What qmail-send would find for this host in lower case: the prefix, or NULL. */
static const char *
of_host(const struct qa_vdoms *v, const char *host)
{
	const char *p = g_hash_table_lookup(v->hosts, host);

	for (const char *dot = host; !p && *dot; dot++)
		if (*dot == '.' && dot != host)
			p = g_hash_table_lookup(v->hosts, dot);
	return p ? p : g_hash_table_lookup(v->hosts, "");
}

qa_span
qa_vdoms_strip(const struct qa_vdoms *v, qa_span r)
{
	const unsigned char *at = r.n ? memrchr(r.p, '@', r.n) : NULL;
	char low[KEY];
	const char *prefix;
	size_t n;

	if (!at || r.n >= sizeof low)
		return r;
	for (size_t i = 0; i < r.n; i++)
		low[i] = g_ascii_tolower((gchar)r.p[i]);
	low[r.n] = '\0';
	if (g_hash_table_size(v->persons) && (prefix = g_hash_table_lookup(v->persons, low)) != NULL)
		return qa_span_cut(r, strlen(prefix) + 1, r.n);
	prefix = of_host(v, low + (at + 1 - r.p));
	if (!prefix || !*prefix)
		return r;
	n = strlen(prefix);
	if (r.n <= n + 1 || memcmp(r.p, prefix, n) != 0 || r.p[n] != '-' || r.p + n >= at)
		return r;
	return qa_span_cut(r, n + 1, r.n);
}
