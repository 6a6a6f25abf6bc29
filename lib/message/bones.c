#include "message/bones.h"

#include <gmime/gmime.h>
#include <stdlib.h>

/* Of a head with a message behind it, and of that message's head: no more matter until another
 * bone comes. */
#define EMPTY_MOST 3
#define BYTES_MOST ((size_t)16 << 20) /* no message that people send has so many fields */

struct maker {
	struct qa_bones *x;
	const struct qa_message_limits *limits;
	qa_span body;
	unsigned char eol;
	GHashTable *boundaries;
	size_t boundary_lines, containers, fields, empty; /* kept; empty: since the last other one */
	bool type, encoding;                              /* this run has one */
};

static void
over(struct maker *m, const char *reason)
{
	if (!m->x->over)
		m->x->over = reason;
}

static bool
blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The end of the line at AT, behind its line break. */
static size_t
line_end(const struct maker *m, size_t at)
{
	const unsigned char *e = memchr(m->body.p + at, m->eol, m->body.n - at);

	return e ? (size_t)(e - m->body.p) + 1 : m->body.n;
}

/* The same bytes give the same, so a boundary stays equal to its lines. Two-byte charsets have
 * quotes and backslashes in them, Shift_JIS as second bytes and ISO-2022-JP between its escapes.
 * */
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
		if (c >= 0x7f || c == '%' || c == '\'' || jis || (c == '?' && i && p[i - 1] == '=') ||
		    (c < ' ' && c != '\t'))
			p[i] = '_';
	}
}

/* One more: the text from LENGTH bytes before the end of x->text on, which stands in the body
 * from FROM to TO. */
static void
bone_add(struct maker *m, size_t length, size_t from, size_t to, bool boundary)
{
	struct qa_bones *x = m->x;
	size_t at = x->text.b.n - length;
	struct qa_bone *v = x->v;

	if ((x->n & (x->n - 1)) == 0 && !(v = reallocarray(x->v, x->n ? x->n * 2 : 1, sizeof *v))) {
		x->text.failed = true;
		return;
	}
	x->v = v;
	v[x->n++] = (struct qa_bone){at, from, to, boundary};
}

/* The length of a field's name at the front of the line, 0 when there is none. */
static size_t
name_length(qa_span s)
{
	size_t i = 0, name;

	while (i < s.n && s.p[i] > ' ' && s.p[i] < 127 && s.p[i] != ':')
		i++;
	name = i;
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	return i < s.n && s.p[i] == ':' ? name : 0;
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

/* Whether GMime may see a Content-Type; its boundary is known then. */
static bool
type_known(struct maker *m, GMimeContentType *t, const char *boundary)
{
	if (!g_mime_content_type_is_type(t, "multipart", "*") &&
	    !g_mime_content_type_is_type(t, "message", "*"))
		return true;
	if (m->containers >= m->limits->parts) {
		over(m, "more parts than the limit");
		return false;
	}
	if (boundary && strlen(boundary) > QA_BONES_BOUNDARY) {
		over(m, "a boundary longer than the limit");
		return false;
	}
	m->containers++;
	boundary_add(m, boundary);
	return true;
}

/* Adds a Content-Type by its VALUE: of its parameters, each an object to GMime, only the
 * boundary. False: not added. */
static bool
type_add(struct maker *m, const char *value)
{
	GMimeContentType *t = g_mime_content_type_parse(NULL, value);
	const char *boundary = g_mime_content_type_get_parameter(t, "boundary");
	bool good = memchr(value, '/', strcspn(value, ";")) && type_known(m, t, boundary);
	g_autofree char *type = good ? g_mime_content_type_get_mime_type(t) : NULL;

	if (good) {
		qa_sink_add(&m->x->text, "Content-Type: ", 14);
		qa_sink_add(&m->x->text, type, strlen(type));
	}
	if (good && boundary) {
		qa_sink_add(&m->x->text, "; boundary=\"", 12);
		for (const char *p = boundary; *p; p++) {
			if (*p == '"' || *p == '\\')
				qa_sink_addc(&m->x->text, '\\');
			qa_sink_addc(&m->x->text, (unsigned char)*p);
		}
		qa_sink_addc(&m->x->text, '"');
	}
	g_object_unref(t);
	return good;
}

/* Adds a field without its line breaks: whether it could be. */
static bool
text_add(struct maker *m, qa_span field, bool type)
{
	struct qa_sink line = QA_SINK(0);
	bool good;

	for (size_t i = 0; i < field.n; i++)
		if (field.p[i] != '\n' && field.p[i] != '\r')
			qa_sink_addc(&line, field.p[i]);
	plain(line.b.p, line.b.n);
	good = !line.failed && qa_buf_cstr(&line.b);
	m->x->text.failed = m->x->text.failed || !good;
	if (good && type)
		good = type_add(m, strchr((const char *)line.b.p, ':') + 1);
	else if (good)
		qa_sink_add(&m->x->text, line.b.p, line.b.n);
	if (good)
		qa_sink_addc(&m->x->text, '\n');
	qa_sink_free(&line);
	return good;
}

/* Where the field whose first line ends at TO ends. */
static size_t
field_end(const struct maker *m, size_t to)
{
	while (to < m->body.n && (m->body.p[to] == ' ' || m->body.p[to] == '\t')) {
		size_t next = line_end(m, to), i = to;

		while (i < next && (blank(m->body.p[i]) || m->body.p[i] == '\n'))
			i++;
		if (i == next)
			break; /* of blanks only: judged as a line of its own */
		to = next;
	}
	return to;
}

/* A line that starts like "Content-": whether it is a field that makes structure; *to becomes its end. */
static bool
field(struct maker *m, size_t at, size_t *to)
{
	qa_span name = qa_span_cut(m->body, at, name_length(qa_span_cut(m->body, at, *to - at)));
	bool type = qa_span_caseeq(name, qa_span_str("Content-Type"));
	size_t length = m->x->text.b.n;

	if (type ? m->type : m->encoding || !qa_span_caseeq(name, qa_span_str("Content-Transfer-Encoding")))
		return false;
	*to = field_end(m, *to);
	if (*to - at > QA_BONES_FIELD)
		return false;
	if (m->fields / 8 >= m->limits->parts || m->x->text.b.n > BYTES_MOST) {
		over(m, "more fields than the limit");
		return false;
	}
	if (type)
		m->type = true;
	else
		m->encoding = true;
	if (!text_add(m, qa_span_cut(m->body, at, *to - at), type))
		return false;
	bone_add(m, m->x->text.b.n - length, at, *to, false);
	m->fields++;
	m->empty = 0;
	return true;
}

static void
run_new(struct maker *m)
{
	m->type = m->encoding = false;
}

/* A line of dashes and more: whether it can be a boundary. */
static bool
dashes(struct maker *m, size_t at, size_t to)
{
	unsigned char line[QA_BONES_BOUNDARY + 8];
	size_t n = to - at;
	bool known;

	while (n && (m->body.p[at + n - 1] == '\n' || blank(m->body.p[at + n - 1])))
		n--;
	if (n < 3 || n > QA_BONES_BOUNDARY + 4)
		return false;
	memcpy(line, m->body.p + at, n);
	plain(line, n);
	line[n] = '\0';
	known = g_hash_table_contains(m->boundaries, line + 2);
	if (!known && n > 4 && line[n - 1] == '-' && line[n - 2] == '-') {
		line[n - 2] = '\0';
		known = g_hash_table_contains(m->boundaries, line + 2);
		line[n - 2] = '-';
	}
	if (!known)
		return false;
	if (m->boundary_lines >= m->limits->parts) {
		over(m, "more parts than the limit");
		return false;
	}
	m->boundary_lines++;
	line[n] = '\n';
	qa_sink_add(&m->x->text, line, n + 1);
	bone_add(m, n + 1, at, to, true);
	m->empty = 0;
	return true;
}

/* Blanks alone go on with a field, by the letter; a head may also be meant to end there: see
 * base/head.h. */
static bool
blanks_end(const struct maker *m, size_t at, size_t to)
{
	for (size_t i = at; i < to; i++)
		if (!blank(m->body.p[i]) && m->body.p[i] != '\n')
			return false;
	if (to >= m->body.n || m->body.p[to] == '\n' || blank(m->body.p[to]))
		return false;
	return !name_length(qa_span_cut(m->body, to, line_end(m, to) - to));
}

/* A line that makes no structure, where a head may start: that it is there makes a part or a
 * message of it, to GMime, if it is a field. */
static void
other(struct maker *m, size_t at, size_t to)
{
	const struct qa_bone *last = m->x->n ? m->x->v + m->x->n - 1 : NULL;

	if (!last || last->to != at || !(last->boundary || m->empty))
		return;
	qa_sink_add(&m->x->text, "X:\n", 3);
	bone_add(m, 3, at, to, false);
}

static size_t
line(struct maker *m, size_t at)
{
	const unsigned char *p = m->body.p + at;
	size_t to = line_end(m, at);

	if (*p == '\n' || (*p == '\r' && (to - at == 1 || p[1] == '\n')) ||
	    ((*p == ' ' || *p == '\t') && blanks_end(m, at, to))) {
		if (m->empty++ < EMPTY_MOST) {
			qa_sink_addc(&m->x->text, '\n');
			bone_add(m, 1, at, to, false);
		}
		run_new(m);
	} else if (*p == '-' && to - at > 1 && p[1] == '-' && dashes(m, at, to)) {
		run_new(m);
	} else if ((*p | 32) != 'c' || to - at < 9 || p[7] != '-' || !field(m, at, &to)) {
		other(m, at, to);
	}
	return to;
}

static bool
start(struct maker *m, qa_span type)
{
	struct qa_sink head = QA_SINK(0);
	bool good;

	if (type.n > QA_BONES_FIELD) {
		over(m, "a Content-Type longer than the limit");
		return false;
	}
	qa_sink_add(&head, "Content-Type: ", 14);
	qa_sink_add(&head, type.p, type.n);
	good = text_add(m, qa_sink_span(&head), true);
	m->x->text.failed = m->x->text.failed || head.failed;
	qa_sink_free(&head);
	qa_sink_addc(&m->x->text, '\n');
	return good;
}

bool
qa_bones_make(struct qa_bones *x, qa_span type, qa_span body, const struct qa_message_limits *limits)
{
	struct maker m = {.x = x, .limits = limits, .body = body, .eol = '\n'};
	bool good;

	*x = (struct qa_bones){.over = NULL};
	m.boundaries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (body.n && !memchr(body.p, '\n', body.n))
		m.eol = '\r';
	good = start(&m, type);
	for (size_t at = 0; good && at < body.n;)
		at = line(&m, at);
	g_hash_table_destroy(m.boundaries);
	return good && !x->text.failed;
}

void
qa_bones_free(struct qa_bones *x)
{
	qa_sink_free(&x->text);
	free(x->v);
	x->v = NULL;
	x->n = 0;
}

/* The first bone with v[i].at, or v[i].from, of at least WANT. */
static size_t
search(const struct qa_bones *x, size_t want, bool body)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;

		if ((body ? x->v[i].from : x->v[i].at) < want)
			low = i + 1;
		else
			high = i;
	}
	return low;
}

size_t
qa_bones_start(const struct qa_bones *x, size_t offset)
{
	size_t i = search(x, offset, false);

	return i ? x->v[i - 1].to : 0;
}

const struct qa_bone *
qa_bones_end(const struct qa_bones *x, size_t offset)
{
	size_t i = search(x, offset, false);

	/* it ends in front of the line break that belongs to the boundary: at an empty line, perhaps */
	if (i < x->n && x->v[i].at == offset && !x->v[i].boundary)
		i++;
	return i < x->n && x->v[i].boundary ? x->v + i : NULL;
}

size_t
qa_bones_find(const struct qa_bones *x, size_t from)
{
	return search(x, from, true);
}
