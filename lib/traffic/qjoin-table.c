/* What is open: messages, their deferred recipients, deliveries under way; and the limit of memory. */
#include "traffic/qjoin-private.h"

#include <stdio.h>

static const size_t usual_memory = (size_t)256 << 20;

/* Tables: numbers by a multiplication, tries by message, channel and address. */
static guint
number_hash(gconstpointer p)
{
	uint64_t v = *(const uint64_t *)p;

	return (guint)(v * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static gboolean
number_equal(gconstpointer a, gconstpointer b)
{
	return *(const uint64_t *)a == *(const uint64_t *)b;
}

static uint32_t
address_hash(const struct msg *m, bool remote, qa_span a)
{
	uint64_t h = m->number * 2 + remote;

	for (size_t i = 0; i < a.n; i++)
		h = (h ^ a.p[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(h >> 32 ^ h);
}

static guint
try_hash(gconstpointer p)
{
	return ((const struct try *)p)->hash;
}

static gboolean
try_equal(gconstpointer a, gconstpointer b)
{
	const struct try *x = a, *y = b;

	return x->hash == y->hash && x->msg == y->msg && x->remote == y->remote && x->n == y->n &&
	       memcmp(x->address, y->address, x->n) == 0;
}

struct qa_qjoin *
qa_qjoin_new(const struct qa_qjoin_opt *o)
{
	struct qa_qjoin *j = g_new0(struct qa_qjoin, 1);

	j->o = *o;
	if (j->o.memory == 0)
		j->o.memory = usual_memory;
	j->cut.limit = QA_QJOIN_LINE;
	j->msgs = g_hash_table_new(number_hash, number_equal);
	j->dels = g_hash_table_new(number_hash, number_equal);
	j->tries = g_hash_table_new(try_hash, try_equal);
	return j;
}

/* The order of last use. */
static void
unlink_msg(struct qa_qjoin *j, struct msg *m)
{
	if (m->older)
		m->older->newer = m->newer;
	else
		j->oldest = m->newer;
	if (m->newer)
		m->newer->older = m->older;
	else
		j->newest = m->older;
}

static void
link_msg(struct qa_qjoin *j, struct msg *m)
{
	m->older = j->newest;
	m->newer = NULL;
	if (j->newest)
		j->newest->newer = m;
	else
		j->oldest = m;
	j->newest = m;
}

void
qa_qjoin_free_try(struct qa_qjoin *j, struct try *t)
{
	g_hash_table_remove(j->tries, t);
	if (t->prev)
		t->prev->next = t->next;
	else
		t->msg->tries = t->next;
	if (t->next)
		t->next->prev = t->prev;
	j->memory -= sizeof *t + t->n + QA_QJOIN_OVERHEAD;
	g_free(t);
}

void
qa_qjoin_free_del(struct qa_qjoin *j, struct del *d)
{
	g_hash_table_remove(j->dels, &d->number);
	if (d->prev)
		d->prev->next = d->next;
	else
		d->msg->dels = d->next;
	if (d->next)
		d->next->prev = d->prev;
	j->memory -= sizeof *d + d->n + QA_QJOIN_OVERHEAD;
	g_free(d);
}

void
qa_qjoin_free_msg(struct qa_qjoin *j, struct msg *m)
{
	while (m->dels) {
		j->c.cut++;
		qa_qjoin_free_del(j, m->dels);
	}
	while (m->tries)
		qa_qjoin_free_try(j, m->tries);
	g_hash_table_remove(j->msgs, &m->number);
	unlink_msg(j, m);
	j->memory -= sizeof *m + m->n + QA_QJOIN_OVERHEAD;
	g_free(m->sender);
	g_free(m);
}

void
qa_qjoin_free(struct qa_qjoin *j)
{
	if (!j)
		return;
	while (j->oldest)
		qa_qjoin_free_msg(j, j->oldest);
	g_hash_table_destroy(j->msgs);
	g_hash_table_destroy(j->dels);
	g_hash_table_destroy(j->tries);
	qa_buf_free(&j->cut);
	g_free(j);
}

/* Over the limit, messages go that were not heard of for the longest time; KEEP and its deliveries stay. */
static void
shrink(struct qa_qjoin *j, struct msg *keep)
{
	while (j->memory > j->o.memory && j->oldest && j->oldest != keep) {
		char text[256];
		struct msg *m = j->oldest;

		snprintf(text, sizeof text, "dropped message %llu from <%.100s>, not heard of for %lld s: over %zu bytes of open messages",
			 (unsigned long long)m->number, m->sender ? (const char *)m->sender : "",
			 (long long)(j->last - m->touched), j->o.memory);
		if (j->o.said)
			j->o.said(j->o.arg, text);
		j->c.dropped++;
		qa_qjoin_free_msg(j, m);
	}
	/* one message alone: its recipients begin to count anew */
	while (j->memory > j->o.memory && keep->tries)
		qa_qjoin_free_try(j, keep->tries);
}

struct msg *
qa_qjoin_find(struct qa_qjoin *j, uint64_t number)
{
	struct msg *m = g_hash_table_lookup(j->msgs, &number);

	if (m && m != j->newest) {
		unlink_msg(j, m);
		link_msg(j, m);
	}
	if (m)
		m->touched = j->last;
	return m;
}

struct msg *
qa_qjoin_msg(struct qa_qjoin *j, uint64_t number)
{
	struct msg *m = qa_qjoin_find(j, number);

	if (m)
		return m;
	m = g_new0(struct msg, 1);
	m->number = number;
	m->touched = j->last;
	g_hash_table_insert(j->msgs, &m->number, m);
	link_msg(j, m);
	j->memory += sizeof *m + QA_QJOIN_OVERHEAD;
	shrink(j, m);
	return m;
}

void
qa_qjoin_sender(struct qa_qjoin *j, struct msg *m, qa_span sender)
{
	sender = qa_span_cut(sender, 0, QA_QJOIN_ADDRESS);
	j->memory -= m->n;
	g_free(m->sender);
	m->sender = g_malloc(sender.n + 1);
	if (sender.n)
		memcpy(m->sender, sender.p, sender.n);
	m->sender[sender.n] = '\0';
	m->n = (uint32_t)sender.n;
	m->known = true;
	j->memory += m->n;
	shrink(j, m);
}

struct try *
qa_qjoin_find_try(struct qa_qjoin *j, struct msg *m, bool remote, qa_span address)
{
	union {
		struct try t;
		unsigned char room[sizeof(struct try) + QA_QJOIN_ADDRESS];
	} key;

	if (!m->tries)
		return NULL;
	key.t.msg = m;
	key.t.remote = remote;
	key.t.n = (uint32_t)address.n;
	key.t.hash = address_hash(m, remote, address);
	memcpy(key.room + offsetof(struct try, address), address.p, address.n);
	return g_hash_table_lookup(j->tries, &key.t);
}

void
qa_qjoin_try(struct qa_qjoin *j, struct msg *m, bool remote, qa_span address, uint32_t count)
{
	struct try *t;

	address = qa_span_cut(address, 0, QA_QJOIN_ADDRESS);
	t = qa_qjoin_find_try(j, m, remote, address);
	if (t) {
		t->count = count > t->count ? count : t->count;
		return;
	}
	t = g_malloc(sizeof *t + address.n);
	*t = (struct try){.msg = m, .next = m->tries, .count = count, .remote = remote, .n = (uint32_t)address.n};
	t->hash = address_hash(m, remote, address);
	if (address.n)
		memcpy(t->address, address.p, address.n);
	if (m->tries)
		m->tries->prev = t;
	m->tries = t;
	g_hash_table_add(j->tries, t);
	j->memory += sizeof *t + t->n + QA_QJOIN_OVERHEAD;
	shrink(j, m);
}

void
qa_qjoin_del(struct qa_qjoin *j, struct msg *m, uint64_t number, bool remote, qa_span address, uint32_t count)
{
	struct del *d;

	address = qa_span_cut(address, 0, QA_QJOIN_ADDRESS);
	d = g_malloc(sizeof *d + address.n);
	*d = (struct del){.number = number, .msg = m, .next = m->dels, .count = count, .remote = remote, .n = (uint32_t)address.n};
	if (address.n)
		memcpy(d->address, address.p, address.n);
	if (m->dels)
		m->dels->prev = d;
	m->dels = d;
	g_hash_table_insert(j->dels, &d->number, d);
	j->memory += sizeof *d + d->n + QA_QJOIN_OVERHEAD;
	shrink(j, m);
	while (j->memory > j->o.memory && d->next) {
		j->c.cut++;
		qa_qjoin_free_del(j, d->next);
	}
}
