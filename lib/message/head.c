/* Heads: which of their fields go where, and what follows them. */
#include "message/build.h"

static void
take(struct qa_build *b, const struct qa_field *f, enum qa_role role, struct qa_entity *e)
{
	if (f->name.n > 8 && (f->name.p[0] | 32) == 'c' && f->name.p[7] == '-') {
		qa_span *to = qa_field_is(f, "Content-Type")                ? &e->type
			      : qa_field_is(f, "Content-Transfer-Encoding") ? &e->encoding
			      : qa_field_is(f, "Content-Disposition")       ? &e->disposition
									    : NULL;

		if (to && !to->n)
			*to = f->value;
		if (to)
			return;
	}
	if (role == QA_ROLE_MESSAGE)
		qa_build_field(b, f);
	else if (role == QA_ROLE_INNER)
		qa_build_inner_field(b, f);
}

static bool
sure_field(const struct qa_field *f)
{
	static const char *const names[] = {"From",         "To",          "Subject",    "Date",
					    "Received",     "Return-Path", "Message-ID", "Delivered-To",
					    "MIME-Version", "Content-Type"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (qa_field_is(f, names[i]))
			return true;
	return false;
}

/* Whether a head that starts with something else has fields all the same. */
static bool
sure_head(qa_span s)
{
	struct qa_head h;
	struct qa_field f;

	qa_head_init(&h, qa_span_cut(s, 0, 4096));
	while (qa_head_next(&h, &f))
		if (sure_field(&f))
			return true;
	return false;
}

/* Without empty lines in front, when a head follows them. */
qa_span
qa_build_without_front(qa_span raw)
{
	qa_span s = raw;
	struct qa_head h;
	struct qa_field f;

	while (s.n && (s.p[0] == '\n' || s.p[0] == '\r'))
		s.p++, s.n--;
	if (s.n == raw.n)
		return raw;
	qa_head_init(&h, qa_span_cut(s, 0, 4096));
	h.junk = true;
	return qa_head_next(&h, &f) && sure_field(&f) ? s : raw;
}

qa_span
qa_build_head(struct qa_build *b, qa_span s, enum qa_role role, qa_build_stop *stop, void *arg,
	      struct qa_entity *e)
{
	size_t fields = 0, used = 0;
	bool broken = false;
	struct qa_head h;
	struct qa_field f;

	qa_head_init(&h, s);
	h.junk = true;
	while (!b->failed && used <= b->limits->head_bytes && qa_head_next(&h, &f)) {
		used += f.whole.n;
		if (!f.name.n && stop && stop(arg, f.whole.p))
			return qa_span_cut(s, (size_t)(f.whole.p - s.p),
					   s.n); /* no empty line in front of it */
		if (!f.name.n && !fields && !broken && !sure_head(s))
			return s; /* no head: all is body */
		if (f.name.n) {
			f.value = qa_span_cut(f.value, 0, b->limits->head_bytes);
			take(b, &f, role, e);
			fields++;
		} else {
			broken = true;
		}
		/* behind a line that is no field, text may look like fields */
		if (broken)
			qa_build_raw(b, f.whole, false);
	}
	if (used > b->limits->head_bytes && !h.ended) {
		b->stopped = true;
		qa_build_over(b, "a head longer than the limit");
		if (f.value.n == b->limits->head_bytes)
			return qa_span_cut(s, (size_t)(f.value.p + f.value.n - s.p), s.n);
	}
	return h.rest;
}
