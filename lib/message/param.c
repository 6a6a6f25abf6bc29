/* Parameters of Content-Type and Content-Disposition: read by GMime, charsets by us. */
#include "message/charset.h"
#include "message/field.h"

#include <stdio.h>
#include <stdlib.h>

/* U+10FF00 and the mark: four bytes, a character GMime takes into every word. */
#define HIDDEN "\xf4\x8f"

/* A dot that GMime takes in no address: "a..b@c", "a.@b", as phones in Japan had them. */
static bool
odd_dot(qa_span s, size_t i)
{
	unsigned char before = i ? s.p[i - 1] : ' ', after = i + 1 < s.n ? s.p[i + 1] : ' ';

	return strchr(".@<", before) || strchr(".@", after) || (strchr(", ", before) && after != ' ');
}

static bool
hides(qa_span s, size_t i, const char *marks)
{
	unsigned char c = s.p[i];

	if (!c || c >= 0x80 || !strchr(marks, c))
		return false;
	if (c == '\\') /* as in C:\TEMP; it is meant to quote these alone */
		return i + 1 >= s.n || (s.p[i + 1] != '"' && s.p[i + 1] != '\\' && s.p[i - (i > 0)] != '\\');
	return c != '.' || odd_dot(s, i);
}

const char *
qa_field_hide(qa_span s, const char *marks, struct qa_sink *out)
{
	size_t from = 0;

	qa_sink_clear(out);
	for (size_t i = 0; i < s.n; i++) {
		bool hidden = hides(s, i, marks);

		if (s.p[i] && !hidden)
			continue;
		qa_sink_add(out, s.p + from, i - from);
		from = i + 1;
		if (hidden) {
			qa_sink_add(out, HIDDEN, 2);
			qa_sink_addc(out, (unsigned char)(0xbc | s.p[i] >> 6));
			qa_sink_addc(out, (unsigned char)(0x80 | (s.p[i] & 0x3f)));
		} else {
			qa_sink_addc(out, ' ');
		}
	}
	if (from < s.n)
		qa_sink_add(out, s.p + from, s.n - from);
	if (out->failed || !qa_buf_cstr(&out->b)) {
		out->failed = true;
		return "";
	}
	return (const char *)out->b.p;
}

void
qa_field_show(const char *hidden, struct qa_sink *out)
{
	const char *p;

	for (const char *at = hidden; (p = strstr(at, HIDDEN)); at = p + 2) {
		unsigned char plane = (unsigned char)p[2];

		if (plane < 0xbc || plane > 0xbd || !p[3])
			continue;
		qa_sink_add(out, hidden, (size_t)(p - hidden));
		qa_sink_addc(out, (unsigned char)((plane & 1) << 6 | ((unsigned char)p[3] & 0x3f)));
		hidden = p + 4;
		p += 2;
	}
	qa_sink_add(out, hidden, strlen(hidden));
}

static const char *
hide(struct qa_params *p, qa_span field)
{
	struct qa_sink scratch = QA_SINK(0);
	const char *s;

	p->cut = field.n > QA_PARAMS_MAX;
	s = qa_field_hide(qa_field_utf8(qa_span_cut(field, 0, QA_PARAMS_MAX), &scratch), "?'%\\", &p->hidden);
	p->failed = scratch.failed || p->hidden.failed;
	qa_sink_free(&scratch);
	return s;
}

static void
value_keep(struct qa_params *p, const char *a, const char *slash, const char *b)
{
	int n = snprintf(p->value, sizeof p->value, "%s%s%s", a ? a : "", slash, b ? b : "");

	if (n < 0 || (size_t)n >= sizeof p->value)
		p->value[0] = '\0';
	for (char *c = p->value; *c; c++)
		*c = g_ascii_tolower(*c);
}

void
qa_params_type(struct qa_params *p, qa_span field)
{
	GMimeContentType *t;
	const char *s;
	size_t type;

	*p = (struct qa_params){.value = ""};
	if (!field.n)
		return;
	s = hide(p, field);
	type = strcspn(s, ";");
	if (memchr(s, '/', type)) {
		t = g_mime_content_type_parse(NULL, s);
		value_keep(p, g_mime_content_type_get_media_type(t), "/",
			   g_mime_content_type_get_media_subtype(t));
	} else { /* "text; charset=..." and worse: what GMime takes for no type has no parameters either */
		g_autofree char *typed = g_strconcat("text/plain", s + type, NULL);

		t = g_mime_content_type_parse(NULL, typed);
	}
	p->owner = G_OBJECT(t);
	p->list = g_mime_content_type_get_parameters(t);
}

void
qa_params_disposition(struct qa_params *p, qa_span field)
{
	GMimeContentDisposition *d;

	*p = (struct qa_params){.value = ""};
	if (!field.n)
		return;
	d = g_mime_content_disposition_parse(NULL, hide(p, field));
	p->owner = G_OBJECT(d);
	p->list = g_mime_content_disposition_get_parameters(d);
	value_keep(p, g_mime_content_disposition_get_disposition(d), "", "");
}

void
qa_params_free(struct qa_params *p)
{
	g_clear_object(&p->owner);
	p->list = NULL;
	qa_sink_free(&p->hidden);
}

/* Takes "charset'language'" from the front of *v. */
static qa_span
charset_take(qa_span *v)
{
	const unsigned char *a = v->n ? memchr(v->p, '\'', v->n) : NULL, *b;
	qa_span label;

	if (!a || !(b = memchr(a + 1, '\'', v->n - (size_t)(a + 1 - v->p))))
		return qa_span_of(NULL, 0);
	label = qa_span_of(v->p, (size_t)(a - v->p));
	*v = qa_span_cut(*v, (size_t)(b + 1 - v->p), v->n);
	return label;
}

/* The joined pieces of an RFC 2231 value whose first one names a charset. */
static void
extended(qa_span v, struct qa_sink *out)
{
	qa_span label = charset_take(&v);
	g_autoptr(GBytes) bytes =
	    v.n ? g_uri_unescape_bytes((const char *)v.p, (gssize)v.n, NULL, NULL) : NULL;

	if (bytes)
		v.p = g_bytes_get_data(bytes, &v.n);
	qa_charset_add(out, label, v);
}

/* Whether the pieces of NAME are extended: GMime tells only that there were numbers or a star. */
static bool
is_extended(const struct qa_params *p, const char *name)
{
	const char *s = (const char *)p->hidden.b.p;
	size_t n = strlen(name);

	for (const char *star = s; (star = strchr(star, '*')); star++)
		if ((size_t)(star - s) >= n && g_ascii_strncasecmp(star - n, name, n) == 0 &&
		    (star[1] == '=' || (star[1] == '0' && star[2] == '*')))
			return true;
	return false;
}

bool
qa_params_get(struct qa_params *p, const char *name, struct qa_sink *out)
{
	int n = p->list ? g_mime_param_list_length(p->list) : 0;
	GMimeParam *found = NULL;
	struct qa_sink value = QA_SINK(0);

	for (int i = 0; i < n; i++) {
		GMimeParam *a = g_mime_param_list_get_parameter_at(p->list, i);

		if (g_ascii_strcasecmp(g_mime_param_get_name(a), name) != 0)
			continue;
		if (!found)
			found = a;
		if (g_mime_param_get_encoding_method(a) == GMIME_PARAM_ENCODING_METHOD_RFC2231) {
			found = a;
			break;
		}
	}
	if (!found || !g_mime_param_get_value(found))
		return false;
	qa_field_show(g_mime_param_get_value(found), &value);
	if (g_mime_param_get_encoding_method(found) == GMIME_PARAM_ENCODING_METHOD_RFC2231 &&
	    is_extended(p, name))
		extended(qa_sink_span(&value), out);
	else
		qa_word_text(qa_sink_span(&value), out);
	out->failed = out->failed || value.failed;
	qa_sink_free(&value);
	return true;
}
