#include "message/bones.h"

#include <gmime/gmime.h>

#define NOTHING '\x01' /* in front of a line: it is no field and no boundary */
#define LINE_MOST ((size_t)64 << 10)

struct maker {
	struct qa_bones *x;
	const struct qa_message_limits *limits;
	unsigned char *p; /* the copy of the body */
	size_t n;
	GHashTable *boundaries;
	size_t lines, containers; /* kept */
	size_t run;		  /* where the lines started that may be a head */
	bool type, encoding;	  /* this run has one */
	bool headed;		  /* this run has a field of any kind */
	bool torn;		  /* the line at hand is the rest of one that was too long */
};

static bool
blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The end of the line at AT, behind its line break, or just past what a line may have. */
static size_t
line_end(const struct maker *m, size_t at)
{
	size_t most = m->n - at <= LINE_MOST ? m->n - at : LINE_MOST + 1;
	const unsigned char *e = memchr(m->p + at, '\n', most);

	return e ? (size_t)(e - m->p) + 1 : at + most;
}

/* The same bytes give the same, so a boundary stays equal to its lines. Two-byte charsets have quotes and backslashes in
 * them, Shift_JIS as second bytes and ISO-2022-JP between its escapes. */
static void
plain(unsigned char *p, size_t n)
{
	bool jis = false;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[i];

		if (c == 0x1b)
			jis = i + 1 < n && p[i + 1] == '$';
		if (c >= 0x81 && i + 1 < n && p[i + 1] >= 0x40 && p[i + 1] < 0x7f)
			p[i + 1] = '_';
		if (c >= 0x7f || c == '%' || c == '\'' || (jis && c != '\n') || (c == '?' && i && p[i - 1] == '=') ||
		    (c < ' ' && c != '\n' && c != '\t' && c != '\r'))
			p[i] = '_';
	}
}

/* The length of a field's name at the front of the line, 0 when there is none. */
static size_t
name_length(const unsigned char *p, size_t n)
{
	size_t i = 0, name;

	while (i < n && p[i] > ' ' && p[i] < 127 && p[i] != ':')
		i++;
	name = i;
	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	return i < n && p[i] == ':' ? name : 0;
}

static void
boundary_add(struct maker *m, const char *boundary)
{
	size_t n = boundary ? strlen(boundary) : 0;

	while (n && blank((unsigned char)boundary[n - 1]))
		n--;
	if (n)
		g_hash_table_add(m->boundaries, g_strndup(boundary, n));
}

/* Whether GMime may see this Content-Type; its boundary is known then. */
static bool
type_known(struct maker *m, const char *value)
{
	GMimeContentType *t = g_mime_content_type_parse(NULL, value);
	const char *boundary = g_mime_content_type_get_parameter(t, "boundary");
	bool holds = g_mime_content_type_is_type(t, "multipart", "*") || g_mime_content_type_is_type(t, "message", "*");
	bool good = !holds || (m->containers < m->limits->parts && (!boundary || strlen(boundary) <= QA_BONES_BOUNDARY));

	if (holds && good) {
		m->containers++;
		boundary_add(m, boundary);
	} else if (!good) {
		m->x->over = m->containers < m->limits->parts ? "a boundary longer than the limit" : "more parts than the limit";
	}
	g_object_unref(t);
	return good;
}

static bool
is_name(const unsigned char *p, size_t n, const char *name)
{
	return qa_span_caseeq(qa_span_of(p, n), qa_span_str(name));
}

/* A field that makes structure, at AT: kept, and where it ends; else AT. */
static size_t
field(struct maker *m, size_t at, size_t to)
{
	size_t name = name_length(m->p + at, to - at), end = to;
	bool type = is_name(m->p + at, name, "Content-Type"), good = true;

	if (type ? m->type : m->encoding || !is_name(m->p + at, name, "Content-Transfer-Encoding"))
		return at;
	while (end < m->n && (m->p[end] == ' ' || m->p[end] == '\t')) {
		size_t next = line_end(m, end), i = end;

		while (i < next && (blank(m->p[i]) || m->p[i] == '\n'))
			i++;
		if (i == next)
			break; /* of blanks only: judged as a line of its own */
		end = next;
	}
	if (end - at > QA_BONES_FIELD)
		return at;
	plain(m->p + at, end - at);
	if (type) {
		g_autofree char *value = g_strndup((char *)m->p + at + name, end - at - name);

		good = type_known(m, strchr(value, ':') + 1);
		m->type = true;
	} else {
		m->encoding = true;
	}
	m->headed = m->headed || good;
	return good ? end : at;
}

static void
run_new(struct maker *m, size_t at)
{
	m->run = at;
	m->type = m->encoding = m->headed = false;
}

/* A line of dashes and more: whether it can be a boundary. */
static bool
dashes(struct maker *m, size_t at, size_t to)
{
	char line[QA_BONES_BOUNDARY + 8];
	size_t n = to - at;
	bool known;

	while (n && (m->p[at + n - 1] == '\n' || blank(m->p[at + n - 1])))
		n--;
	if (n < 3 || n - 2 > QA_BONES_BOUNDARY + 2)
		return false;
	memcpy(line, m->p + at + 2, n - 2);
	n -= 2;
	plain((unsigned char *)line, n);
	line[n] = '\0';
	known = g_hash_table_contains(m->boundaries, line);
	if (!known && n > 2 && line[n - 1] == '-' && line[n - 2] == '-') {
		line[n - 2] = '\0';
		known = g_hash_table_contains(m->boundaries, line);
	}
	if (!known)
		return false;
	if (m->lines >= m->limits->parts) {
		m->x->over = "more parts than the limit";
		return false;
	}
	m->lines++;
	plain(m->p + at, to - at);
	return true;
}

/* The line means nothing. In front of all fields of a head GMime may take such a line for the beginning of the next one, when
 * its buffer ends there; so the first becomes a field. */
static void
nothing(struct maker *m, size_t at, size_t to)
{
	if (m->headed || to - at < 3) {
		m->p[at] = NOTHING;
		return;
	}
	m->p[at] = 'X';
	m->p[at + 1] = ':';
	m->headed = true;
}

/* Blanks alone go on with a field, by the letter; a head may also be meant to end there: see base/head.h. */
static bool
blanks_end(const struct maker *m, size_t at, size_t to)
{
	for (size_t i = at; i < to; i++)
		if (!blank(m->p[i]) && m->p[i] != '\n')
			return false;
	if (to >= m->n || m->p[to] == '\n' || blank(m->p[to]))
		return false;
	return !name_length(m->p + to, line_end(m, to) - to);
}

static size_t
line(struct maker *m, size_t at)
{
	size_t to = line_end(m, at), end;
	bool torn = m->torn;

	m->torn = to - at > LINE_MOST;
	if (m->torn) {
		to = at + LINE_MOST;
		m->p[to - 1] = '\n';
	}
	if (torn) {
		nothing(m, at, to);
		return to;
	}
	if (m->p[at] == '\n' || (m->p[at] == '\r' && (to - at == 1 || m->p[at + 1] == '\n'))) {
		run_new(m, to);
		return to;
	}
	if (m->p[at] == '-' && to - at > 1 && m->p[at + 1] == '-' && dashes(m, at, to)) {
		run_new(m, to);
		return to;
	}
	if ((m->p[at] == ' ' || m->p[at] == '\t') ? blanks_end(m, at, to) : at - m->run > m->limits->head_bytes) {
		m->p[at] = '\n';
		run_new(m, to);
		return to;
	}
	if ((m->p[at] | 32) == 'c' && (end = field(m, at, to)) > at)
		return end;
	nothing(m, at, to);
	return to;
}

static bool
start(struct maker *m, qa_span type, qa_span body)
{
	struct qa_sink *copy = &m->x->copy;
	size_t at;

	if (type.n > QA_BONES_FIELD) {
		m->x->over = "a Content-Type longer than the limit";
		return false;
	}
	qa_sink_add(copy, "Content-Type: ", 14);
	at = copy->b.n;
	for (size_t i = 0; i < type.n; i++)
		if (type.p[i] != '\n' && type.p[i] != '\r')
			qa_sink_addc(copy, type.p[i]);
	if (copy->failed)
		return false;
	plain(copy->b.p + at, copy->b.n - at);
	if (!qa_buf_cstr(&copy->b)) {
		copy->failed = true;
		return false;
	}
	if (!type_known(m, (const char *)copy->b.p + at))
		return false;
	qa_sink_add(copy, "\n\n", 2);
	m->x->base = copy->b.n;
	if (!qa_sink_room(copy, body.n + 2)) {
		copy->failed = true;
		return false;
	}
	qa_sink_add(copy, body.p, body.n);
	m->p = copy->b.p + m->x->base;
	m->n = body.n;
	if (body.n && !memchr(m->p, '\n', m->n))
		for (size_t i = 0; i < m->n; i++)
			if (m->p[i] == '\r')
				m->p[i] = '\n';
	return true;
}

bool
qa_bones_make(struct qa_bones *x, qa_span type, qa_span body, const struct qa_message_limits *limits)
{
	struct maker m = {.x = x, .limits = limits};
	bool good;

	*x = (struct qa_bones){.over = NULL};
	m.boundaries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	good = start(&m, type, body);
	for (size_t at = 0; good && at < m.n;)
		at = line(&m, at);
	if (good)
		qa_sink_add(&x->copy, "\n\n", 2);
	g_hash_table_destroy(m.boundaries);
	return good && !x->copy.failed;
}

void
qa_bones_free(struct qa_bones *x)
{
	qa_sink_free(&x->copy);
}

bool
qa_bones_boundary(const struct qa_bones *x, size_t offset)
{
	const unsigned char *p = x->copy.b.p + x->base;

	return x->base + offset + 1 < x->copy.b.n && p[offset] == '-' && p[offset + 1] == '-';
}
