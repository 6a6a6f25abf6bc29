/*
 * What is open, as text: a line each, the messages in the order of last use, the oldest first.
 *
 *	n DELIVERY LAST NANO HAS SKIP		once, first
 *	c TIME NANO HOST TAG TEXT		a line that splogger has cut; HOST and TAG may be "-"
 *	m NUMBER TOUCHED 0|1 BYTES QP <SENDER>	a message; 1: its sender is known
 *	t l|r COUNT ADDRESS			a deferred recipient of the message before
 *	d l|r COUNT NUMBER ADDRESS		a delivery of it under way
 */
#include "base/num.h"
#include "traffic/qjoin-private.h"

#include <errno.h>

static int
save_msg(const struct msg *m, struct qa_buf *b)
{
	if (qa_buf_addf(b, "m %llu %lld %d %llu %llu <", (unsigned long long)m->number, (long long)m->touched, m->known,
			(unsigned long long)m->bytes, (unsigned long long)m->qp) ||
	    qa_buf_add(b, m->sender, m->n) || qa_buf_addstr(b, ">\n"))
		return -1;
	for (const struct try *t = m->tries; t; t = t->next)
		if (qa_buf_addf(b, "t %c %u ", t->remote ? 'r' : 'l', t->count) || qa_buf_add(b, t->address, t->n) ||
		    qa_buf_addc(b, '\n'))
			return -1;
	for (const struct del *d = m->dels; d; d = d->next)
		if (qa_buf_addf(b, "d %c %u %llu ", d->remote ? 'r' : 'l', d->count, (unsigned long long)d->number) ||
		    qa_buf_add(b, d->address, d->n) || qa_buf_addc(b, '\n'))
			return -1;
	return 0;
}

static int
save_cut(const struct qa_qjoin *j, struct qa_buf *b)
{
	if (!j->cut.n)
		return 0;
	return qa_buf_addf(b, "c %lld %u ", (long long)j->cut_time, j->cut_nano) ||
	       qa_buf_addspan(b, j->host_n ? qa_span_of(j->host, j->host_n) : qa_span_str("-")) || qa_buf_addc(b, ' ') ||
	       qa_buf_addspan(b, j->tag_n ? qa_span_of(j->tag, j->tag_n) : qa_span_str("-")) || qa_buf_addc(b, ' ') ||
	       qa_buf_addspan(b, qa_buf_span(&j->cut)) || qa_buf_addc(b, '\n');
}

int
qa_qjoin_save(const struct qa_qjoin *j, struct qa_buf *b, struct qa_err *err)
{
	int rc = qa_buf_addf(b, "n %llu %lld %u %d %d\n", (unsigned long long)j->last_delivery, (long long)j->last, j->last_nano,
			     j->has_last, j->skip) ||
		 save_cut(j, b);

	for (const struct msg *m = j->oldest; rc == 0 && m; m = m->newer)
		rc = save_msg(m, b);
	return rc ? qa_fail(err, errno, "cannot save the open messages: ") : 0;
}

/* Words of a line, which one blank parts. */
static bool
word(qa_span *s, qa_span *out_r)
{
	const unsigned char *end = s->n ? memchr(s->p, ' ', s->n) : NULL;

	if (!s->n)
		return false;
	*out_r = qa_span_of(s->p, end ? (size_t)(end - s->p) : s->n);
	*s = qa_span_cut(*s, out_r->n + 1, s->n);
	return true;
}

static bool
number(qa_span *s, uint64_t most, uint64_t *out_r)
{
	qa_span w;

	return word(s, &w) && w.n < 21 && qa_scan_u64(w, out_r) == 0 && *out_r <= most;
}

static bool
channel(qa_span *s, bool *remote_r)
{
	qa_span w;

	if (!word(s, &w) || w.n != 1 || (w.p[0] != 'l' && w.p[0] != 'r'))
		return false;
	*remote_r = w.p[0] == 'r';
	return true;
}

static bool
load_first(struct qa_qjoin *j, qa_span s)
{
	uint64_t last, nano, has, skip;

	if (!number(&s, UINT64_MAX, &j->last_delivery) || !number(&s, INT64_MAX, &last) || !number(&s, 999999999, &nano) ||
	    !number(&s, 1, &has) || !number(&s, 1, &skip))
		return false;
	j->last = (int64_t)last;
	j->last_nano = (uint32_t)nano;
	j->has_last = has;
	j->skip = skip;
	return s.n == 0;
}

/* "-" stands for nothing. */
static size_t
load_name(qa_span w, unsigned char *out, size_t most)
{
	size_t n = qa_span_is(w, "-") ? 0 : w.n > most ? most : w.n;

	if (n)
		memcpy(out, w.p, n);
	return n;
}

static bool
load_cut(struct qa_qjoin *j, qa_span s)
{
	uint64_t when, nano;
	qa_span host, tag;

	if (j->cut.n || !number(&s, INT64_MAX, &when) || !number(&s, 999999999, &nano) || !word(&s, &host) || !word(&s, &tag))
		return false;
	j->cut_time = (int64_t)when;
	j->cut_nano = (uint32_t)nano;
	j->host_n = load_name(host, j->host, sizeof j->host);
	j->tag_n = load_name(tag, j->tag, sizeof j->tag);
	return s.n && qa_buf_addspan(&j->cut, s) == 0;
}

static struct msg *
load_msg(struct qa_qjoin *j, qa_span s)
{
	uint64_t n, touched, known, bytes, qp;
	struct msg *m;

	if (!number(&s, UINT64_MAX, &n) || !number(&s, INT64_MAX, &touched) || !number(&s, 1, &known) ||
	    !number(&s, UINT64_MAX, &bytes) || !number(&s, UINT64_MAX, &qp) || s.n < 2 || s.p[0] != '<' || s.p[s.n - 1] != '>' ||
	    g_hash_table_contains(j->msgs, &n))
		return NULL;
	m = qa_qjoin_msg(j, n);
	m->bytes = bytes;
	m->qp = qp;
	m->touched = (int64_t)touched;
	if (known)
		qa_qjoin_sender(j, m, qa_span_cut(s, 1, s.n - 2));
	return m;
}

static bool
load_try(struct qa_qjoin *j, struct msg *m, qa_span s)
{
	uint64_t count;
	bool remote;

	if (!m || !m->known || !channel(&s, &remote) || !number(&s, UINT32_MAX, &count) || !s.n)
		return false;
	qa_qjoin_try(j, m, remote, s, (uint32_t)count);
	return true;
}

static bool
load_del(struct qa_qjoin *j, struct msg *m, qa_span s)
{
	uint64_t count, n;
	bool remote;

	if (!m || !m->known || !channel(&s, &remote) || !number(&s, UINT32_MAX, &count) || !number(&s, UINT64_MAX, &n) || !s.n ||
	    g_hash_table_contains(j->dels, &n))
		return false;
	qa_qjoin_del(j, m, n, remote, s, (uint32_t)count);
	return true;
}

int
qa_qjoin_load(struct qa_qjoin *j, qa_span text, struct qa_err *err)
{
	struct msg *m = NULL;
	bool first = true;

	while (text.n) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		qa_span s = qa_span_cut(text, 0, n);
		unsigned char kind = n > 1 && s.p[1] == ' ' ? s.p[0] : 0;
		bool good = end && first == (kind == 'n');

		s = qa_span_cut(s, 2, s.n);
		text = qa_span_cut(text, n + 1, text.n);
		if (good && kind == 'n')
			good = load_first(j, s);
		else if (good && kind == 'c')
			good = load_cut(j, s);
		else if (good && kind == 'm')
			good = (m = load_msg(j, s)) != NULL;
		else if (good && kind == 't')
			good = load_try(j, m, s);
		else
			good = good && kind == 'd' && load_del(j, m, s);
		if (!good)
			return qa_fail(err, EBADMSG, "not a list of open messages");
		first = false;
	}
	return first ? qa_fail(err, EBADMSG, "no list of open messages") : 0;
}
