/* Address lists: RFC 5322 section 3.4 and 4.4, and what stands there instead. */
#include "message/field.h"

#define NESTED 20 /* comments inside comments */

static bool
blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
take(struct qa_mailboxes *m, size_t n)
{
	m->rest.p += n;
	m->rest.n -= n;
}

/* A comment, whose '(' is next, to OUT. One that never ends is no comment: false. */
static bool
comment(struct qa_mailboxes *m, struct qa_sink *out)
{
	unsigned depth = 0;
	size_t i;

	for (i = 0; i < m->rest.n; i++) {
		unsigned char c = m->rest.p[i];

		if (c == '\\' && i + 1 < m->rest.n)
			i++;
		else if (c == '(' && ++depth > NESTED)
			return false;
		else if (c == ')' && --depth == 0)
			break;
	}
	if (i >= m->rest.n)
		return false;
	if (out->b.n)
		qa_sink_addc(out, ' ');
	for (size_t k = 1; k < i; k++) {
		if (m->rest.p[k] == '\\' && k + 1 < i)
			k++;
		qa_sink_addc(out, m->rest.p[k]);
	}
	take(m, i + 1);
	return true;
}

/* A quoted string, whose '"' is next, to OUT without its quotes. */
static void
quoted(struct qa_mailboxes *m, struct qa_sink *out)
{
	size_t i = 1;

	for (; i < m->rest.n && m->rest.p[i] != '"'; i++) {
		if (m->rest.p[i] == '\\' && i + 1 < m->rest.n &&
		    (m->rest.p[i + 1] == '"' || m->rest.p[i + 1] == '\\'))
			i++;
		qa_sink_addc(out, m->rest.p[i]);
	}
	take(m, i < m->rest.n ? i + 1 : i);
}

/* "<...>": the address without blanks, comments and an obsolete route. */
static void
angle(struct qa_mailboxes *m)
{
	take(m, 1);
	qa_sink_clear(&m->addr);
	while (m->rest.n && m->rest.p[0] != '>') {
		unsigned char c = m->rest.p[0];

		if (c == '"') {
			quoted(m, &m->addr);
			continue;
		}
		if (c == '(' && comment(m, &m->comment))
			continue;
		if (c == ',' && m->addr.b.n && m->addr.b.p[0] != '@')
			return; /* never closed: the list goes on */
		if (c == ':' && m->addr.b.n && m->addr.b.p[0] == '@')
			qa_sink_clear(&m->addr);
		else if (!blank(c) && c != '<')
			qa_sink_addc(&m->addr, c);
		take(m, 1);
	}
	if (m->rest.n)
		take(m, 1);
}

static qa_span
trimmed(const struct qa_sink *k)
{
	qa_span s = qa_sink_span(k);

	while (s.n && blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Words without angle brackets: an address if one of them has an '@'; blanks around '@' and
 * '.' belong to it (obsolete, but seen), anything else in front is its name. */
static void
bare(struct qa_mailboxes *m)
{
	qa_span s = trimmed(&m->name);
	const unsigned char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
	size_t a, e;

	if (!at)
		return;
	a = (size_t)(at - s.p);
	e = a + 1;
	while (a > 0 && blank(s.p[a - 1]))
		a--;
	while (a > 0 && !blank(s.p[a - 1]))
		a--;
	while (e < s.n && blank(s.p[e]))
		e++;
	while (e < s.n && !blank(s.p[e]))
		e++;
	for (size_t i = a; i < e; i++)
		if (!blank(s.p[i]))
			qa_sink_addc(&m->addr, s.p[i]);
	m->name.b.n = (size_t)(s.p - m->name.b.p) + a;
}

bool
qa_mailbox_next(struct qa_mailboxes *m, struct qa_mailbox *box_r)
{
	bool closed = false, any = false;

	while (m->rest.n) {
		qa_sink_clear(&m->name);
		qa_sink_clear(&m->comment);
		qa_sink_clear(&m->addr);
		closed = any = false;
		while (m->rest.n) {
			unsigned char c = m->rest.p[0];

			if (c == ',' || c == ';') {
				take(m, 1);
				break;
			}
			if (c == '<') {
				angle(m);
				closed = any = true;
			} else if (c == '"') {
				quoted(m, &m->name);
				any = true;
			} else if (c == ':' && !closed && (!m->name.b.n || !memchr(m->name.b.p, '@', m->name.b.n))) {
				take(m, 1); /* a group: its name names nobody */
				qa_sink_clear(&m->name);
			} else if (c != '(' || !comment(m, &m->comment)) {
				qa_sink_addc(&m->name, c);
				any = any || !blank(c);
				take(m, 1);
			}
		}
		if (!any)
			continue;
		if (!closed)
			bare(m);
		box_r->name = trimmed(&m->name);
		if (!box_r->name.n)
			box_r->name = trimmed(&m->comment);
		box_r->addr = qa_sink_span(&m->addr);
		if (box_r->name.n || box_r->addr.n)
			return true;
	}
	return false;
}

void
qa_mailboxes_end(struct qa_mailboxes *m)
{
	qa_sink_free(&m->name);
	qa_sink_free(&m->comment);
	qa_sink_free(&m->addr);
}
