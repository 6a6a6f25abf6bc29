#include "traffic/qjoin-private.h"
#include "traffic/vdoms.h"

/* qmail-send has none of these any more: each will be tried again, and had been tried. */
static void
cut_all(struct qa_qjoin *j)
{
	GHashTableIter it;
	gpointer value;

	while (g_hash_table_iter_init(&it, j->dels), g_hash_table_iter_next(&it, NULL, &value)) {
		struct del *d = value;

		j->c.cut++;
		qa_qjoin_try(j, d->msg, d->remote, qa_span_of(d->address, d->n), d->count);
		qa_qjoin_free_del(j, d);
	}
}

static bool
says(qa_span report, const char *words)
{
	return report.n && memmem(report.p, report.n, words, strlen(words)) != NULL;
}

/* In the report blanks are '_', line feeds '/'. */
static const char *
local_status(const struct qa_qline *q, bool *bytes_r)
{
	*bytes_r = q->event != QA_QLINE_DEFERRAL;
	if (q->event == QA_QLINE_SUCCESS)
		return "success";
	if (q->event == QA_QLINE_DEFERRAL)
		return "defer";
	if (says(q->report, "over_quota") || says(q->report, "overquota") || says(q->report, "(#5.2.2)"))
		return "mboxoverquota";
	return says(q->report, "looping") ? "manyhops" : "reject";
}

/* qmail-remote's own words, which stand before what the other host said. */
static qa_span
own_words(qa_span report)
{
	const unsigned char *other = report.n ? memmem(report.p, report.n, "Remote_host_said:", 17) : NULL;

	return other ? qa_span_cut(report, 0, (size_t)(other - report.p)) : report;
}

/* Their code, "(#4.4.2)/", begins with one of CODES, which '|' parts. */
static bool
coded(qa_span report, const char *codes)
{
	const unsigned char *p = report.n ? memmem(report.p, report.n, "(#", 2) : NULL;

	if (!p)
		return false;
	report = qa_span_cut(report, (size_t)(p + 2 - report.p), report.n);
	for (;;) {
		size_t n = strcspn(codes, "|");

		if (report.n > n && memcmp(report.p, codes, n) == 0)
			return true;
		if (!codes[n])
			return false;
		codes += n + 1;
	}
}

/* The words are those of the qmail-remote wrapper (statistic/report.h); what went over the wire it knows better. */
static const char *
remote_status(const struct qa_qline *q, bool *bytes_r)
{
	qa_span report = own_words(q->report);

	*bytes_r = q->event == QA_QLINE_SUCCESS;
	if (q->event == QA_QLINE_SUCCESS)
		return "success";
	*bytes_r = says(report, "failed_after_I_sent_the_message") || says(report, "Possible_duplicate!");
	if (coded(report, "5.6.2)")) {
		*bytes_r = true;
		return "partial";
	}
	if (coded(report, "4.4.1)|4.4.2)"))
		return "timeout";
	if (coded(report, "4.3.|5.3.5)"))
		return "readerr";
	return q->event == QA_QLINE_FAILURE ? "reject" : "defer";
}

/* "list-owner-@host-@[]" for a@b becomes "list-owner-a=b@host", as qmail-send does it. */
static qa_span
expand(struct qa_qjoin *j, qa_span sender, qa_span to)
{
	const unsigned char *at, *his = to.n ? memrchr(to.p, '@', to.n) : NULL;
	size_t n, local;

	if (!his || sender.n < 5 || memcmp(sender.p + sender.n - 4, "-@[]", 4) != 0)
		return sender;
	at = memrchr(sender.p, '@', sender.n - 4);
	if (!at || sender.n + to.n + 2 > sizeof j->spare)
		return sender;
	local = (size_t)(at - sender.p);
	memcpy(j->spare, sender.p, local);
	memcpy(j->spare + local, to.p, to.n);
	j->spare[local + (size_t)(his - to.p)] = '=';
	n = local + to.n;
	memcpy(j->spare + n, at, sender.n - 4 - local);
	return qa_span_of(j->spare, n + sender.n - 4 - local);
}

static void
emit(struct qa_qjoin *j, const struct del *d, const struct qa_qline *q)
{
	const struct msg *m = d->msg;
	qa_span to = qa_span_of(d->address, d->n);
	bool bytes;
	const char *status = d->remote ? remote_status(q, &bytes) : local_status(q, &bytes);
	struct qa_statline s = {
		.host = q->host.n ? q->host : qa_span_str(j->o.host),
		.out = d->remote,
		.pid = m->qp > UINT32_MAX ? 0 : (uint32_t)m->qp,
		.time = q->time,
		.sender = expand(j, qa_span_of(m->sender, m->n), to),
		.recipient = d->remote || !j->o.vdoms ? to : qa_vdoms_strip(j->o.vdoms, to),
		.bytes = bytes ? m->bytes : 0,
		.status = qa_span_str(status),
		.attempts = d->count,
	};

	j->c.stats++;
	j->o.line(j->o.arg, &s);
}

static void
report(struct qa_qjoin *j, const struct qa_qline *q)
{
	struct del *d = g_hash_table_lookup(j->dels, &q->delivery);
	struct msg *m;
	qa_span to;

	if (!d) {
		j->c.orphans++;
		return;
	}
	m = d->msg;
	to = qa_span_of(d->address, d->n);
	emit(j, d, q);
	if (q->event == QA_QLINE_DEFERRAL) {
		qa_qjoin_try(j, m, d->remote, to, d->count);
	} else {
		struct try *t = qa_qjoin_find_try(j, m, d->remote, to);

		if (t)
			qa_qjoin_free_try(j, t);
	}
	qa_qjoin_free_del(j, d);
	qa_qjoin_find(j, m->number);
}

static void
begin_delivery(struct qa_qjoin *j, const struct qa_qline *q)
{
	struct msg *m;
	struct try *t;
	qa_span to = qa_span_cut(q->address, 0, QA_QJOIN_ADDRESS);

	/* numbers rise as long as one qmail-send lives */
	if (q->delivery <= j->last_delivery)
		cut_all(j);
	j->last_delivery = q->delivery;
	m = qa_qjoin_find(j, q->msg);
	if (!m || !m->known) {
		j->c.unknown++;
		return;
	}
	t = qa_qjoin_find_try(j, m, q->remote, to);
	qa_qjoin_del(j, m, q->delivery, q->remote, to, t && t->count < UINT32_MAX ? t->count + 1 : 1);
}

static void
new_msg(struct qa_qjoin *j, uint64_t number)
{
	struct msg *m = qa_qjoin_find(j, number);

	/* seen again without info: preprocessing had failed and begins again */
	if (m && m->known)
		j->c.unended++;
	if (m)
		qa_qjoin_free_msg(j, m);
	qa_qjoin_msg(j, number);
}

static void
event(struct qa_qjoin *j, const struct qa_qline *q)
{
	struct msg *m;

	switch (q->event) {
	case QA_QLINE_NEW:
		new_msg(j, q->msg);
		break;
	case QA_QLINE_INFO:
		m = qa_qjoin_msg(j, q->msg);
		m->bytes = q->bytes;
		m->qp = q->qp;
		qa_qjoin_sender(j, m, q->address);
		break;
	case QA_QLINE_START:
		begin_delivery(j, q);
		break;
	case QA_QLINE_SUCCESS:
	case QA_QLINE_FAILURE:
	case QA_QLINE_DEFERRAL:
		report(j, q);
		break;
	case QA_QLINE_BOUNCE:
		j->c.bounces++;
		break;
	case QA_QLINE_TRIPLE:
		j->c.triple++;
		break;
	case QA_QLINE_END:
		m = qa_qjoin_find(j, q->msg);
		if (m)
			qa_qjoin_free_msg(j, m);
		break;
	case QA_QLINE_EXIT:
		j->last_delivery = 0;
		cut_all(j);
		break;
	case QA_QLINE_STATUS:
		if (q->open == 0)
			cut_all(j);
		break;
	}
}

/* True: the line is not later than the place that was lost. */
static bool
late(struct qa_qjoin *j, const struct qa_qline *q)
{
	if (!j->skip)
		return false;
	if (q->stamped && (q->time < j->last || (q->time == j->last && q->nano <= j->last_nano)))
		return true;
	j->skip = !q->stamped;
	return false;
}

static void
understood(struct qa_qjoin *j, int rc, const struct qa_qline *q)
{
	if (rc == 1)
		event(j, q);
	else if (rc == 0)
		j->c.other++;
	else
		j->c.torn++;
}

/* The pieces of a line that splogger has cut are a line now. */
static void
cut_done(struct qa_qjoin *j)
{
	struct qa_qline q = {.stamped = true, .time = j->cut_time, .nano = j->cut_nano, .host = qa_span_of(j->host, j->host_n)};

	if (!j->cut.n)
		return;
	understood(j, qa_qline_text(qa_buf_span(&j->cut), &q), &q);
	qa_buf_clear(&j->cut);
}

/* Puts together what splogger has cut. True: the line is dealt with. */
static bool
cut_line(struct qa_qjoin *j, const struct qa_qline *q, qa_span text)
{
	bool same = j->cut.n && q->time == j->cut_time && q->nano == j->cut_nano;

	/* another program's line between the pieces */
	if (j->cut.n && !qa_span_eq(q->tag, qa_span_of(j->tag, j->tag_n)))
		return q->more;
	if (q->more) {
		/* without its beginning, or over the limit: the rest tells nothing */
		if (same && (qa_buf_addspan(&j->cut, q->rest) || q->text < QA_QLINE_CUT))
			cut_done(j);
		return true;
	}
	cut_done(j);
	if (q->text < QA_QLINE_CUT)
		return false;
	j->cut_time = q->time;
	j->cut_nano = q->nano;
	j->host_n = q->host.n < sizeof j->host ? q->host.n : sizeof j->host;
	if (j->host_n)
		memcpy(j->host, q->host.p, j->host_n);
	j->tag_n = q->tag.n < sizeof j->tag ? q->tag.n : sizeof j->tag;
	if (j->tag_n)
		memcpy(j->tag, q->tag.p, j->tag_n);
	return qa_buf_addspan(&j->cut, text) == 0;
}

static void
one(struct qa_qjoin *j, qa_span line)
{
	struct qa_qline q;
	int rc = qa_qline_get(line, &j->clock, &q);

	j->c.lines++;
	if (j->o.tag && q.tag.n && !qa_span_is(q.tag, j->o.tag)) {
		j->c.other++;
		return;
	}
	if (late(j, &q)) {
		j->c.late++;
		return;
	}
	if (q.stamped) {
		j->has_last = true;
		j->last = q.time;
		j->last_nano = q.nano;
	} else {
		q.time = j->o.now;
	}
	if (q.splogger && (j->cut.n || q.more || q.text == QA_QLINE_CUT)) {
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (cut_line(j, &q, qa_span_cut(line, line.n - q.text, q.text)))
			return;
	}
	understood(j, rc, &q);
}

void
qa_qjoin_feed(struct qa_qjoin *j, qa_span bytes)
{
	while (bytes.n) {
		const unsigned char *end = memchr(bytes.p, '\n', bytes.n);
		size_t n = end ? (size_t)(end - bytes.p) : bytes.n;

		one(j, qa_span_of(bytes.p, n));
		bytes = qa_span_cut(bytes, n + 1, bytes.n);
	}
}

void
qa_qjoin_vdoms(struct qa_qjoin *j, const struct qa_vdoms *vdoms)
{
	j->o.vdoms = vdoms;
}

void
qa_qjoin_now(struct qa_qjoin *j, int64_t now)
{
	j->o.now = now;
}

const struct qa_qjoin_counts *
qa_qjoin_counts(const struct qa_qjoin *j)
{
	return &j->c;
}

size_t
qa_qjoin_open(const struct qa_qjoin *j)
{
	return g_hash_table_size(j->msgs);
}

bool
qa_qjoin_last(const struct qa_qjoin *j, int64_t *time_r, uint32_t *nano_r)
{
	*time_r = j->last;
	*nano_r = j->last_nano;
	return j->has_last;
}

void
qa_qjoin_gap(struct qa_qjoin *j)
{
	while (j->oldest) {
		j->c.unended++;
		qa_qjoin_free_msg(j, j->oldest);
	}
	qa_buf_clear(&j->cut);
	j->last_delivery = 0;
}

void
qa_qjoin_after_last(struct qa_qjoin *j)
{
	j->skip = j->has_last;
}
