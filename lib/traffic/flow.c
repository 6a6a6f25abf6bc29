#include "traffic/flow.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { LINE_MOST = QA_STATLINE_MAX + 2, BUFFER = 256 << 10 };

static void
named_free(void *p)
{
	g_free(((struct qa_flow_named *)p)->name);
	g_free(p);
}

/* The first second of a local day. */
static int64_t
second_of(const char *day)
{
	unsigned y = 0, m = 0, d = 0;
	struct tm tm = {.tm_isdst = -1};

	for (size_t i = 0; day[i]; i++) {
		unsigned *v = i < 4 ? &y : i < 7 ? &m : &d;

		if (day[i] != '-')
			*v = *v * 10 + (unsigned)(day[i] - '0');
	}
	tm.tm_year = (int)y - 1900;
	tm.tm_mon = (int)m - 1;
	tm.tm_mday = (int)d;
	return (int64_t)mktime(&tm);
}

void
qa_flow_init(struct qa_flow *f)
{
	f->status = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, named_free);
	f->account = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, named_free);
	f->from = second_of(f->period.from);
	f->to = second_of(f->period.to);
}

void
qa_flow_free(struct qa_flow *f)
{
	g_hash_table_destroy(f->status);
	g_hash_table_destroy(f->account);
}

const char *
qa_flow_way(unsigned way)
{
	static const char *const name[QA_FLOW_WAYS] = {"in", "out", "pop3", "imap", "list"};

	return name[way];
}

static void
add(struct qa_flow_sum *to, uint64_t bytes)
{
	if (__builtin_add_overflow(to->bytes, bytes, &to->bytes))
		to->bytes = UINT64_MAX;
	to->lines++;
}

/* Memory does not grow with what hosts outside make up: the rest goes to one. */
static void
add_named(GHashTable *t, size_t most, const char *name, uint64_t bytes)
{
	struct qa_flow_named *n = g_hash_table_lookup(t, name);

	if (!n && g_hash_table_size(t) >= most) {
		name = "(others)";
		n = g_hash_table_lookup(t, name);
	}
	if (!n) {
		n = g_new0(struct qa_flow_named, 1);
		n->name = g_strdup(name);
		g_hash_table_insert(t, n->name, n);
	}
	add(&n->sum, bytes);
}

static void
decoded(qa_span s, char out[LINE_MOST + 1])
{
	size_t n = qa_statline_decode(s, (unsigned char *)out);

	out[n] = 0;
	for (char *p = out; *p; p++)
		*p = g_ascii_tolower(*p);
}

static bool
in_domain(const char *address, const char *domain)
{
	const char *at = strrchr(address, '@');

	return !domain || (at && strcmp(at + 1, domain) == 0);
}

void
qa_flow_line(struct qa_flow *f, qa_span line)
{
	char account[LINE_MOST + 1], status[QA_STATLINE_MAX + 1];
	struct qa_statline s;
	const char *why;
	struct tm tm;

	if (qa_statline_get(line, &s, &why)) {
		f->bad++;
		return;
	}
	if (s.time < f->from || s.time >= f->to)
		return;
	enum qa_stat_kind kind = qa_statline_kind(&s);
	decoded(kind == QA_STAT_OUT			       ? s.sender
		: kind == QA_STAT_POP3 || kind == QA_STAT_IMAP ? qa_statline_account(&s)
							       : s.recipient,
		account);
	if (!in_domain(account, f->domain))
		return;
	time_t when = (time_t)s.time;
	f->lines++;
	add(&f->way[kind], s.bytes);
	if (localtime_r(&when, &tm))
		add(&f->hour[tm.tm_hour % 24][kind], s.bytes);
	memcpy(status, s.status.p, s.status.n);
	status[s.status.n] = 0;
	if (kind == QA_STAT_IN || kind == QA_STAT_OUT || kind == QA_STAT_LIST)
		add_named(f->status, QA_FLOW_STATUSES, status, s.bytes);
	if (*account)
		add_named(f->account, QA_FLOW_ACCOUNTS, account, s.bytes);
}

/* Takes the whole lines at the start of P: the bytes used. At the end of the file the last line may be without its end. */
static size_t
lines_take(struct qa_flow *f, const unsigned char *p, size_t n, bool last, bool *cut)
{
	size_t used = 0;

	while (used < n) {
		const unsigned char *end = memchr(p + used, '\n', n - used);
		size_t len = end ? (size_t)(end - p) - used : n - used;

		if (!end && !last)
			break;
		if (*cut)
			f->bad++; /* the end of a line that was too long for the buffer */
		else
			qa_flow_line(f, qa_span_of(p + used, len));
		*cut = false;
		used += len + (end != NULL);
	}
	return used;
}

int
qa_flow_file(struct qa_flow *f, const char *path, struct qa_err *err)
{
	gzFile in = strcmp(path, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb"); /* takes plain files too */
	g_autofree unsigned char *buf = g_malloc(BUFFER);
	size_t have = 0;
	bool cut = false;
	int got, num;

	if (!in)
		return qa_fail(err, errno ? errno : ENOMEM, "cannot open %s: ", path);
	gzbuffer(in, BUFFER);
	errno = 0;
	while ((got = gzread(in, buf + have, (unsigned)(BUFFER - have))) > 0) {
		have += (size_t)got;
		size_t used = lines_take(f, buf, have, false, &cut);
		if (used == 0 && have == BUFFER) { /* one line that fills it all */
			cut = true;
			used = have;
		}
		memmove(buf, buf + used, have - used);
		have -= used;
	}
	lines_take(f, buf, have, true, &cut);
	int saved = errno, rc = 0;
	const char *why = gzerror(in, &num);
	if (got < 0 || num != Z_OK)
		rc = num == Z_ERRNO ? qa_fail(err, saved ? saved : EIO, "cannot read %s: ", path)
				    : qa_fail(err, EBADMSG, "cannot read %s: %s", path, num == Z_BUF_ERROR ? "it was cut off" : why);
	gzclose(in);
	return rc;
}

static int
by_bytes(const void *a, const void *b)
{
	const struct qa_flow_named *x = *(const struct qa_flow_named *const *)a, *y = *(const struct qa_flow_named *const *)b;

	if (x->sum.bytes != y->sum.bytes)
		return x->sum.bytes < y->sum.bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

GPtrArray *
qa_flow_top(GHashTable *t, size_t most)
{
	GPtrArray *v = g_ptr_array_new();
	GHashTableIter it;
	void *n;

	g_hash_table_iter_init(&it, t);
	while (g_hash_table_iter_next(&it, NULL, &n))
		g_ptr_array_add(v, n);
	g_ptr_array_sort(v, by_bytes);
	if (v->len > most)
		g_ptr_array_set_size(v, (gint)most);
	return v;
}
