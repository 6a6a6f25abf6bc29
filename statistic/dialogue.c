#include "statistic/dialogue-private.h"
#include "base/num.h"

void
qa_dialogue_init(struct qa_dialogue *d, qa_dialogue_result_cb *result, void *ctx)
{
	*d = (struct qa_dialogue){
		.result = result,
		.ctx = ctx,
		.held = QA_BUF(QA_DIALOGUE_HELD),
		.queue = QA_BUF(QA_DIALOGUE_QUEUE),
		.sender = QA_BUF(QA_DIALOGUE_LINE),
		.recipients = QA_BUF(QA_DIALOGUE_RECIPIENTS),
		.refusal = QA_BUF(QA_DIALOGUE_REPLY),
	};
}

void
qa_dialogue_free(struct qa_dialogue *d)
{
	if (d->held.p)
		explicit_bzero(d->held.p, d->held.size); /* may hold a password */
	explicit_bzero(d->line, sizeof d->line);
	qa_buf_free(&d->held);
	qa_buf_free(&d->queue);
	qa_buf_free(&d->sender);
	qa_buf_free(&d->recipients);
	qa_buf_free(&d->refusal);
	d->queue_at = 0;
}

void
qa_dialogue_lose(struct qa_dialogue *d, const char *why)
{
	if (d->state != QA_DIALOGUE_FOLLOWING)
		return;
	d->state = QA_DIALOGUE_LOST;
	d->why = why;
}

void
qa_dialogue_push(struct qa_dialogue *d, const struct qa_dialogue_entry *e, const unsigned char *address)
{
	if (d->queue_at == d->queue.n) {
		d->queue_at = 0;
		qa_buf_clear(&d->queue);
	} else if (d->queue_at > d->queue.n / 2) {
		d->queue.n -= d->queue_at;
		memmove(d->queue.p, d->queue.p + d->queue_at, d->queue.n);
		d->queue_at = 0;
	}
	if (qa_buf_add(&d->queue, e, sizeof *e) || (e->n && qa_buf_add(&d->queue, address, e->n)))
		qa_dialogue_lose(d, "too many commands without a reply");
}

bool
qa_dialogue_pop(struct qa_dialogue *d, struct qa_dialogue_entry *e_r, qa_span *address_r)
{
	if (d->queue_at == d->queue.n)
		return false;
	memcpy(e_r, d->queue.p + d->queue_at, sizeof *e_r);
	*address_r = qa_span_of(d->queue.p + d->queue_at + sizeof *e_r, e_r->n);
	d->queue_at += sizeof *e_r + e_r->n;
	return true;
}

void
qa_dialogue_forget(struct qa_dialogue *d)
{
	d->mail = QA_MAIL_NONE;
	d->bytes = 0;
	d->chunked = false;
	qa_buf_clear(&d->sender);
	qa_buf_clear(&d->recipients);
	qa_buf_clear(&d->refusal);
}

void
qa_dialogue_open(struct qa_dialogue *d, qa_span sender)
{
	qa_dialogue_forget(d);
	d->mail = QA_MAIL_OPEN;
	if (qa_buf_addspan(&d->sender, sender))
		qa_dialogue_lose(d, "no memory");
}

void
qa_dialogue_refuse(struct qa_dialogue *d, qa_span sender)
{
	if (d->mail == QA_MAIL_OPEN)
		return; /* a second MAIL where only one may be */
	qa_dialogue_open(d, sender);
	d->mail = QA_MAIL_REFUSED;
	d->refusal_code = d->code;
	if (qa_buf_add(&d->refusal, d->text, d->text_n))
		qa_dialogue_lose(d, "no memory");
}

void
qa_dialogue_accept(struct qa_dialogue *d, qa_span recipient)
{
	if (d->mail != QA_MAIL_OPEN)
		return;
	if (qa_buf_addle16(&d->recipients, (uint16_t)recipient.n) || qa_buf_addspan(&d->recipients, recipient))
		qa_dialogue_lose(d, "too many recipients");
}

void
qa_dialogue_tell_one(struct qa_dialogue *d, enum qa_dialogue_stage stage, unsigned code, qa_span reply, qa_span recipient)
{
	struct qa_dialogue_result r = {
		.stage = stage,
		.code = code,
		.reply = reply,
		.sender = qa_buf_span(&d->sender),
		.recipient = recipient,
		.bytes = stage == QA_STAGE_RCPT || stage == QA_STAGE_DATA ? 0 : d->bytes,
		.transfers = d->transfers,
	};

	d->result(d->ctx, &r);
}

void
qa_dialogue_tell(struct qa_dialogue *d, enum qa_dialogue_stage stage, unsigned code)
{
	qa_span reply = qa_span_of(d->text, code ? d->text_n : 0);

	for (size_t at = 0; at < d->recipients.n;) {
		size_t n = qa_le16_get(d->recipients.p + at);

		qa_dialogue_tell_one(d, stage, code, reply, qa_span_of(d->recipients.p + at + 2, n));
		at += 2 + n;
	}
	qa_buf_clear(&d->recipients);
}
