#include "statline/pen.h"
#include "base/clock.h"
#include "base/num.h"
#include "journal/record.h"

enum { PEER_PID = 8, PEER_SIZE = 12 };

void
qa_pen_init(struct qa_pen *p, const struct qa_stats *to)
{
	p->to = to;
	p->added = p->lost = 0;
	p->late = 0;
	p->err = (struct qa_err){.num = 0};
	p->n = p->lines = 0;
}

void
qa_pen_flush(struct qa_pen *p)
{
	size_t added = 0;

	if (p->lines == 0)
		return;
	if (qa_stats_append(p->to->path, qa_span_of(p->buf, p->n), &added, &p->err))
		p->lost += p->lines - added;
	p->added += added;
	p->n = p->lines = 0;
}

static void
add(struct qa_pen *p, const struct qa_statline *s)
{
	if (sizeof p->buf - p->n <= QA_STATLINE_MAX)
		qa_pen_flush(p);
	p->n += qa_statline_put(s, p->buf + p->n);
	p->lines++;
}

static uint64_t
number(qa_span fields, unsigned type, uint64_t without)
{
	qa_span v;

	return qa_field_find(fields, type, &v) == 1 && v.n == 8 ? qa_le64_get(v.p) : without;
}

void
qa_pen_record(struct qa_pen *p, qa_span fields, uint64_t bytes)
{
	struct qa_statline s = {.host = qa_span_str(p->to->host), .status = qa_span_str("success")};
	struct qa_facts f;
	unsigned type;
	size_t at = 0;
	qa_span v;

	if (qa_facts_get(fields, &f, NULL) || f.kind != QA_MESSAGE || f.source != QA_QUEUE)
		return;
	s.sender = f.sender;
	s.time = (int64_t)(f.captured / QA_SECOND);
	if (p->late && s.time < (int64_t)(qa_now() / QA_SECOND) - p->late)
		s.time = (int64_t)(qa_now() / QA_SECOND);
	s.bytes = number(fields, QA_F_HEADONLY, bytes);
	if (qa_field_find(fields, QA_F_PEER, &v) == 1 && v.n == PEER_SIZE)
		s.pid = qa_le32_get(v.p + PEER_PID);
	while (qa_field_next(fields, &at, &type, &v) > 0)
		if (type == QA_F_RECIPIENT) {
			s.recipient = v;
			add(p, &s);
		}
}
