#include "message/html.h"

#include <stdlib.h>

enum gap { NONE, BLANK, LINE, BLOCK };

struct html {
	qa_span in;
	struct qa_sink *out;
	enum gap gap; /* owed before the next character */
	bool any;     /* text was put out */
	/* ends that were looked for in vain: no need to look again */
	bool no_comment_end, no_script_end, no_style_end, no_tag_end;
	unsigned astray; /* tags whose quotes did not close */
};

static unsigned char
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 32) : c;
}

static bool
alpha(unsigned char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool
blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
owe(struct html *h, enum gap gap)
{
	if (h->gap < gap)
		h->gap = gap;
}

static void
pay(struct html *h)
{
	static const char *const text[] = {"", " ", "\n", "\n\n"};

	if (h->any && h->gap)
		qa_sink_add(h->out, text[h->gap], strlen(text[h->gap]));
	h->gap = NONE;
	h->any = true;
}

static void
put(struct html *h, const unsigned char *p, size_t n)
{
	pay(h);
	qa_sink_text(h->out, qa_span_of(p, n));
}

/* Elements that do more than dress text, sorted by name. */
enum { SCRIPT = 1, STYLE = 2, ALT = 4 };
static const struct element {
	char name[12];
	enum gap gap;
	int does;
} elements[] = {
    {"address", BLOCK, 0},  {"area", NONE, ALT},	{"article", BLOCK, 0},	{"aside", BLOCK, 0},
    {"blockquote", BLOCK, 0}, {"body", BLOCK, 0},	{"br", LINE, 0},	{"button", BLANK, 0},
    {"caption", BLOCK, 0},  {"center", BLOCK, 0},	{"dd", BLOCK, 0},	{"details", BLOCK, 0},
    {"dir", BLOCK, 0},	    {"div", BLOCK, 0},		{"dl", BLOCK, 0},	{"dt", BLOCK, 0},
    {"fieldset", BLOCK, 0}, {"figcaption", BLOCK, 0},	{"figure", BLOCK, 0},	{"footer", BLOCK, 0},
    {"form", BLOCK, 0},	    {"h1", BLOCK, 0},		{"h2", BLOCK, 0},	{"h3", BLOCK, 0},
    {"h4", BLOCK, 0},	    {"h5", BLOCK, 0},		{"h6", BLOCK, 0},	{"head", BLOCK, 0},
    {"header", BLOCK, 0},   {"hr", BLOCK, 0},		{"html", BLOCK, 0},	{"iframe", BLOCK, 0},
    {"img", NONE, ALT},	    {"input", BLANK, ALT},	{"label", BLANK, 0},	{"legend", BLOCK, 0},
    {"li", BLOCK, 0},	    {"main", BLOCK, 0},		{"map", BLOCK, 0},	{"menu", BLOCK, 0},
    {"nav", BLOCK, 0},	    {"noscript", BLOCK, 0},	{"object", BLOCK, 0},	{"ol", BLOCK, 0},
    {"optgroup", BLOCK, 0}, {"option", BLANK, 0},	{"p", BLOCK, 0},	{"pre", BLOCK, 0},
    {"script", NONE, SCRIPT}, {"section", BLOCK, 0},	{"select", BLANK, 0},	{"style", NONE, STYLE},
    {"summary", BLOCK, 0},  {"table", BLOCK, 0},	{"tbody", BLOCK, 0},	{"td", BLANK, 0},
    {"textarea", BLANK, 0}, {"tfoot", BLOCK, 0},	{"th", BLANK, 0},	{"thead", BLOCK, 0},
    {"title", BLOCK, 0},    {"tr", BLOCK, 0},		{"ul", BLOCK, 0},
};

static int
element_compare(const void *key, const void *e)
{
	return strcmp(key, ((const struct element *)e)->name);
}

static const struct element *
element_of(qa_span name)
{
	static const struct element other = {"", NONE, 0};
	const struct element *e;
	char key[12];

	if (name.n >= sizeof key)
		return &other;
	for (size_t i = 0; i < name.n; i++)
		key[i] = (char)lower(name.p[i]);
	key[name.n] = '\0';
	e = bsearch(key, elements, sizeof elements / sizeof *elements, sizeof *elements, element_compare);
	return e ? e : &other;
}

/* The offset behind the first NEEDLE (lower case) at or after FROM, in any case; 0: none. */
static size_t
find_after(qa_span s, size_t from, const char *needle)
{
	size_t n = strlen(needle);

	for (size_t i = from; i + n <= s.n; i++) {
		const unsigned char *p = memchr(s.p + i, needle[0], s.n - n + 1 - i);
		size_t k = 1;

		if (!p)
			return 0;
		i = (size_t)(p - s.p);
		while (k < n && lower(s.p[i + k]) == (unsigned char)needle[k])
			k++;
		if (k == n)
			return i + n;
	}
	return 0;
}

/* The offset behind the '>' that ends the tag at FROM; quoted values may hold one. Quotes that
 * go astray are given up: in one tag after QUOTES bytes, for good after ASTRAY such tags. */
#define QUOTES 4096
#define ASTRAY 1000
static size_t
tag_end(struct html *h, size_t from)
{
	const unsigned char *p = h->in.p, *gt;
	size_t to = h->in.n - from > QUOTES ? from + QUOTES : h->in.n;

	if (h->no_tag_end)
		return 0;
	for (size_t i = from; i < to && h->astray < ASTRAY; i++) {
		const unsigned char *q;

		if (p[i] == '>')
			return i + 1;
		if ((p[i] != '"' && p[i] != '\'') || i == from || (p[i - 1] != '=' && !blank(p[i - 1])))
			continue;
		q = memchr(p + i + 1, p[i], to - i - 1);
		if (!q) {
			h->astray++;
			break;
		}
		i = (size_t)(q - p);
	}
	gt = memchr(p + from, '>', h->in.n - from);
	if (!gt)
		h->no_tag_end = true;
	return gt ? (size_t)(gt - p) + 1 : 0;
}

/* The value of an attribute of the tag, for the few that are text. */
static qa_span
attribute(qa_span tag, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n + 1 < tag.n; i++) {
		size_t v = i + n, e;
		unsigned char quote;

		if (i > 0 && !blank(tag.p[i - 1]) && tag.p[i - 1] != '"' && tag.p[i - 1] != '\'')
			continue;
		if (!qa_span_caseeq(qa_span_cut(tag, i, n), qa_span_str(name)))
			continue;
		while (v < tag.n && blank(tag.p[v]))
			v++;
		if (v >= tag.n || tag.p[v] != '=')
			continue;
		v++;
		while (v < tag.n && blank(tag.p[v]))
			v++;
		quote = v < tag.n && (tag.p[v] == '"' || tag.p[v] == '\'') ? tag.p[v++] : 0;
		for (e = v; e < tag.n && (quote ? tag.p[e] != quote : !blank(tag.p[e]) && tag.p[e] != '>'); e++)
			;
		return qa_span_cut(tag, v, e - v);
	}
	return qa_span_of(NULL, 0);
}

static void
run(struct html *h, qa_span s)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		unsigned char c = s.p[i];
		uint32_t u;

		n = 1;
		if (c == '&' && (n = qa_html_entity(qa_span_cut(s, i, s.n), &u))) {
			if (u == 0xa0 || u <= ' ') {
				owe(h, BLANK);
			} else {
				pay(h);
				qa_sink_char(h->out, u < 0xa0 && u >= 127 ? ' ' : u);
			}
		} else if (blank(c)) {
			owe(h, c == '\n' || c == '\r' ? LINE : BLANK);
		} else if (c == 0xc2 && i + 1 < s.n && s.p[i + 1] == 0xa0) {
			owe(h, BLANK);
			n = 2;
		} else {
			n = 1;
			while (i + n < s.n && !blank(s.p[i + n]) && s.p[i + n] != '&' && s.p[i + n] != 0xc2)
				n++;
			put(h, s.p + i, n);
		}
		if (n == 0)
			n = 1;
	}
}

/* Behind "<!", "<?": comments, declarations, Outlook's conditions. */
static size_t
markup(struct html *h, size_t at)
{
	qa_span s = qa_span_cut(h->in, at, h->in.n);
	size_t end;

	if (qa_span_is(qa_span_cut(s, 0, 4), "<!--") && !h->no_comment_end) {
		/* "<!-->" and "<!--->" are whole comments */
		if (s.n > 4 && s.p[4] == '>')
			return at + 5;
		if ((end = find_after(h->in, at + 4, "-->")))
			return end;
		h->no_comment_end = true;
	}
	if ((end = tag_end(h, at + 1)))
		return end;
	return 0;
}

/* The content of an element that is no text; 0 when it has no end. */
static size_t
raw_end(struct html *h, bool script, size_t from)
{
	bool *none = script ? &h->no_script_end : &h->no_style_end;
	size_t end;

	if (*none)
		return 0;
	end = find_after(h->in, from, script ? "</script" : "</style");
	if (!end) {
		*none = true;
		return 0;
	}
	return tag_end(h, end);
}

/* A tag at AT: the offset behind it, 0 when the '<' is text. */
static size_t
tag(struct html *h, size_t at)
{
	qa_span s = qa_span_cut(h->in, at, h->in.n), name, alt;
	const struct element *e;
	size_t i = 1, end, raw;

	if (s.n < 2)
		return 0;
	if (s.p[1] == '!' || s.p[1] == '?')
		return markup(h, at);
	if (s.p[1] == '/')
		i = 2;
	if (i >= s.n || !alpha(s.p[i]))
		return 0;
	while (i < s.n && i < 40 && (alpha(s.p[i]) || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == ':'))
		i++;
	name = qa_span_cut(s, s.p[1] == '/' ? 2 : 1, i - (s.p[1] == '/' ? 2 : 1));
	if (!(end = tag_end(h, at + i)))
		return 0;
	e = element_of(name);
	owe(h, e->gap);
	if (s.p[1] == '/')
		return end;
	if (e->does & (SCRIPT | STYLE) && (raw = raw_end(h, e->does & SCRIPT, end)))
		return raw;
	if (e->does & ALT &&
	    (alt = attribute(qa_span_cut(h->in, at + i, end - at - i), "alt")).n) {
		owe(h, BLANK);
		run(h, alt);
		owe(h, BLANK);
	}
	return end;
}

void
qa_html_text(qa_span in, struct qa_sink *out)
{
	struct html h = {.in = in, .out = out};
	size_t i = 0;

	while (i < in.n && !out->full && !out->failed) {
		const unsigned char *lt = memchr(in.p + i, '<', in.n - i);
		size_t to = lt ? (size_t)(lt - in.p) : in.n, end;

		run(&h, qa_span_cut(in, i, to - i));
		i = to;
		if (i >= in.n)
			break;
		end = tag(&h, i);
		if (!end) {
			put(&h, (const unsigned char *)"<", 1);
			end = i + 1;
		}
		i = end;
	}
}

qa_span
qa_html_charset(qa_span html)
{
	qa_span s = qa_span_cut(html, 0, 2048), v;
	size_t at = find_after(s, 0, "<meta"), from;

	for (; at; at = find_after(s, at, "<meta")) {
		const unsigned char *gt = memchr(s.p + at, '>', s.n - at);

		v = qa_span_cut(s, at, gt ? (size_t)(gt - s.p) - at : s.n);
		if (!(from = find_after(v, 0, "charset=")))
			continue;
		v = qa_span_cut(v, from, v.n);
		while (v.n && (v.p[0] == '"' || v.p[0] == '\'' || blank(v.p[0])))
			v = qa_span_cut(v, 1, v.n);
		for (size_t i = 0; i < v.n; i++)
			if (blank(v.p[i]) || strchr("\"';>/", v.p[i]))
				v.n = i;
		return v;
	}
	return qa_span_of(NULL, 0);
}
