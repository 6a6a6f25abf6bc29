#include "base/head.h"

/* Takes one line, with its end, from the front of *rest. */
static qa_span
line_take(qa_span *rest, unsigned char eol)
{
	const unsigned char *e = memchr(rest->p, eol, rest->n);
	qa_span line = {rest->p, e ? (size_t)(e - rest->p) + 1 : rest->n};

	rest->p += line.n;
	rest->n -= line.n;
	return line;
}

static bool
line_empty(qa_span line)
{
	return line.n == 0 || line.p[0] == '\n' || (line.p[0] == '\r' && (line.n == 1 || line.p[1] == '\n'));
}

/* The length of a field name (RFC 5322: printable ASCII but the colon, blanks before it), or 0. */
static size_t
name_length(qa_span line)
{
	size_t i = 0, n;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 127 && line.p[i] != ':')
		i++;
	n = i;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i < line.n && line.p[i] == ':' ? n : 0;
}

/* A line of blanks goes on with the field before it, by the letter. Programs that end the head
 * with one mean otherwise: so it does when no field and no fold follows. */
static bool
blank_ends(qa_span rest, unsigned char eol)
{
	qa_span line = line_take(&rest, eol);

	for (size_t i = 0; i < line.n; i++)
		if (!qa_blank(line.p[i]))
			return false;
	line = line_take(&rest, eol);
	return line.n && line.p[0] != ' ' && line.p[0] != '\t' && !line_empty(line) && !name_length(line);
}

static bool
line_from(qa_span line)
{
	qa_span quoted = qa_span_cut(line, 1, line.n);

	if (name_length(line))
		return false; /* "From  : x" is a field, by obsolete syntax */
	return qa_span_is(qa_span_cut(line, 0, 5), "From ") ||
	       (line.n && line.p[0] == '>' && qa_span_is(qa_span_cut(quoted, 0, 5), "From "));
}

void
qa_head_init(struct qa_head *h, qa_span message)
{
	*h = (struct qa_head){.rest = message, .eol = '\n'};
	if (message.n && !memchr(message.p, '\n', message.n) && memchr(message.p, '\r', message.n))
		h->eol = '\r';
	for (;;) {
		qa_span rest = h->rest;

		if (!rest.n || !line_from(line_take(&rest, h->eol)))
			return;
		h->rest = rest;
	}
}

bool
qa_head_next(struct qa_head *h, struct qa_field *f_r)
{
	while (!h->ended && h->rest.n) {
		qa_span line = line_take(&h->rest, h->eol);
		size_t name;

		if (line_empty(line)) {
			h->ended = true;
			break;
		}
		name = name_length(line);
		if (!name && h->junk) {
			*f_r = (struct qa_field){.value = qa_span_trim(line), .whole = line};
			return true;
		}
		if (!name)
			continue;
		while (h->rest.n && (h->rest.p[0] == ' ' || h->rest.p[0] == '\t')) {
			if (blank_ends(h->rest, h->eol)) {
				line_take(&h->rest, h->eol);
				h->ended = true;
				break;
			}
			line.n += line_take(&h->rest, h->eol).n;
		}
		const unsigned char *colon = memchr(line.p + name, ':', line.n - name);
		size_t skip = (size_t)(colon - line.p) + 1;

		f_r->name = qa_span_of(line.p, name);
		f_r->value = qa_span_trim(qa_span_cut(line, skip, line.n));
		f_r->whole = line;
		return true;
	}
	h->ended = true;
	return false;
}

bool
qa_field_is(const struct qa_field *f, const char *name)
{
	return qa_span_caseeq(f->name, qa_span_str(name));
}
