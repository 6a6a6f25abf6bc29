/* The server's side of the dialogue: replies, and what they mean for the mail. */
#include "statistic/dialogue-private.h"

static bool
is_good(unsigned code)
{
	return code >= 200 && code < 300;
}

static bool
is_refusal(unsigned code)
{
	return code >= 400;
}

static void
answer_mail(struct qa_dialogue *d, unsigned code, qa_span sender)
{
	if (is_good(code))
		qa_dialogue_open(d, sender);
	else
		qa_dialogue_refuse(d, sender);
}

/* Behind a refused MAIL it is that refusal that counts, not the complaint that there was no MAIL. */
static void
answer_rcpt(struct qa_dialogue *d, unsigned code, qa_span recipient)
{
	if (is_good(code))
		qa_dialogue_accept(d, recipient);
	else if (d->mail == QA_MAIL_OPEN)
		qa_dialogue_tell_one(d, QA_STAGE_RCPT, code, qa_span_of(d->text, d->text_n), recipient);
	else if (d->mail == QA_MAIL_REFUSED)
		qa_dialogue_tell_one(d, QA_STAGE_RCPT, d->refusal_code, qa_buf_span(&d->refusal), recipient);
}

static void
answer_data(struct qa_dialogue *d, unsigned code)
{
	if (code == 354) {
		d->transfers++;
		d->bytes = 0;
		d->at = QA_AT_START;
		d->crlf = true;
		d->cr = d->answered = false;
		d->loose = 0;
		qa_dialogue_resume(d, QA_CLIENT_DATA);
		return;
	}
	if (!is_refusal(code)) {
		qa_dialogue_lose(d, "a strange reply to DATA");
		return;
	}
	qa_dialogue_tell(d, QA_STAGE_DATA, code);
	qa_dialogue_resume(d, QA_CLIENT_COMMAND);
}

static void
answer_end(struct qa_dialogue *d, unsigned code)
{
	qa_dialogue_tell(d, QA_STAGE_END, code);
	qa_dialogue_forget(d);
}

/* What has come of a chunk goes to the mail; true when that is all of it. */
static bool
take_chunk(struct qa_dialogue *d, const struct qa_dialogue_entry *e)
{
	uint64_t missing = d->queue_at == d->queue.n ? d->chunk : 0; /* only the last one can be cut */

	if (!d->chunked)
		d->transfers++;
	d->chunked = true;
	d->bytes += e->size - missing;
	return missing == 0;
}

static void
answer_chunk(struct qa_dialogue *d, unsigned code, const struct qa_dialogue_entry *e)
{
	bool whole = take_chunk(d, e);

	if (is_refusal(code))
		qa_dialogue_tell(d, whole ? QA_STAGE_END : QA_STAGE_BREAK, code);
	else if (e->last)
		answer_end(d, code);
}

static void
answer_starttls(struct qa_dialogue *d, unsigned code)
{
	if (code == 220)
		d->state = QA_DIALOGUE_OPAQUE;
	else
		qa_dialogue_resume(d, QA_CLIENT_COMMAND);
}

static void
answer_reset(struct qa_dialogue *d, unsigned code, unsigned kind)
{
	if (!is_good(code))
		return;
	qa_dialogue_forget(d);
	if (kind == QA_COMMAND_HELLO)
		d->chunking = d->offers;
	if (kind == QA_COMMAND_LHLO)
		qa_dialogue_lose(d, "LMTP");
}

static void
answer(struct qa_dialogue *d, unsigned code, const struct qa_dialogue_entry *e, qa_span address)
{
	switch (e->kind) {
	case QA_COMMAND_MAIL:
		answer_mail(d, code, address);
		break;
	case QA_COMMAND_RCPT:
		answer_rcpt(d, code, address);
		break;
	case QA_COMMAND_DATA:
		answer_data(d, code);
		break;
	case QA_ENTRY_END:
		answer_end(d, code);
		break;
	case QA_COMMAND_BDAT:
		answer_chunk(d, code, e);
		break;
	case QA_COMMAND_AUTH:
	case QA_ENTRY_SECRET:
		qa_dialogue_resume(d, code == 334 ? QA_CLIENT_SECRET : QA_CLIENT_COMMAND);
		break;
	case QA_COMMAND_STARTTLS:
		answer_starttls(d, code);
		break;
	case QA_COMMAND_HELLO:
	case QA_COMMAND_LHLO:
	case QA_COMMAND_RSET:
		answer_reset(d, code, e->kind);
		break;
	case QA_COMMAND_QUIT:
		if (is_good(code))
			qa_dialogue_resume(d, QA_CLIENT_OVER);
		break;
	default:
		break;
	}
}

/* A reply while the mail is still coming. Behind a line that some servers take for the end it is the answer to the mail. */
static void
answer_early(struct qa_dialogue *d, unsigned code)
{
	if (d->loose && !d->answered && (is_good(code) || is_refusal(code))) {
		d->bytes -= d->loose;
		answer_end(d, code);
		d->client = QA_CLIENT_COMMAND;
	} else if (is_refusal(code) && !d->answered) {
		qa_dialogue_tell(d, QA_STAGE_BREAK, code);
		d->answered = true;
	} else {
		if (is_good(code))
			qa_dialogue_tell(d, QA_STAGE_END, code);
		qa_dialogue_lose(d, "a reply before the end of the mail");
	}
}

/* A server that goes says why without being asked (451 timeout, 421). */
static void
answer_nothing(struct qa_dialogue *d, unsigned code)
{
	if (d->unasked || !is_refusal(code)) {
		qa_dialogue_lose(d, "a reply to nothing");
		return;
	}
	d->unasked = true;
	qa_dialogue_tell(d, QA_STAGE_BREAK, code);
}

static void
reply(struct qa_dialogue *d)
{
	struct qa_dialogue_entry e;
	unsigned code = d->code;
	qa_span address;

	if (!d->greeted)
		d->greeted = true;
	else if (d->client == QA_CLIENT_DATA)
		answer_early(d, code);
	else if (qa_dialogue_pop(d, &e, &address))
		answer(d, code, &e, address);
	else
		answer_nothing(d, code);
	if (code == 421 && d->state == QA_DIALOGUE_FOLLOWING)
		qa_dialogue_tell(d, QA_STAGE_BREAK, code);
}

static void
keep(struct qa_dialogue *d, unsigned char c)
{
	if (d->text_n < sizeof d->text)
		d->text[d->text_n++] = c;
}

static void
end_of_line(struct qa_dialogue *d)
{
	const char *blank = memchr(d->word, ' ', d->word_n);
	qa_span word = qa_span_of(d->word, blank ? (size_t)(blank - d->word) : d->word_n);

	if (qa_span_caseeq(word, qa_span_str("CHUNKING")))
		d->offers = true;
	d->reply_line = 0;
	if (d->more)
		return;
	reply(d);
	d->text_n = 0;
	d->offers = false;
}

/* What stands behind the three digits. */
static void
separator(struct qa_dialogue *d, unsigned char c)
{
	if ((d->more && d->code != d->line_code) || d->line_code < 200 || d->line_code > 599 ||
	    (c != ' ' && c != '-' && c != '\r' && c != '\n')) {
		qa_dialogue_lose(d, "the server does not speak SMTP");
		return;
	}
	d->code = d->line_code;
	d->more = c == '-';
	d->word_n = 0;
	keep(d, ' ');
	if (c == '\n')
		end_of_line(d);
}

static void
reply_byte(struct qa_dialogue *d, unsigned char c)
{
	size_t at = d->reply_line++;

	if (at < 3) {
		if (c < '0' || c > '9')
			qa_dialogue_lose(d, "the server does not speak SMTP");
		d->line_code = (at ? d->line_code * 10 : 0) + (unsigned)(c - '0');
		if (!d->more)
			keep(d, c);
	} else if (at == 3) {
		separator(d, c);
	} else if (c == '\n') {
		end_of_line(d);
	} else if (at > QA_DIALOGUE_LONGEST) {
		qa_dialogue_lose(d, "a reply without an end");
	} else if (c != '\r') {
		keep(d, c);
		if (d->word_n < sizeof d->word)
			d->word[d->word_n++] = (char)c;
	}
}

void
qa_dialogue_server(struct qa_dialogue *d, qa_span bytes)
{
	if (d->state != QA_DIALOGUE_FOLLOWING)
		return;
	for (size_t i = 0; i < bytes.n && d->state == QA_DIALOGUE_FOLLOWING; i++)
		reply_byte(d, bytes.p[i]);
	if (d->state != QA_DIALOGUE_FOLLOWING)
		qa_dialogue_free(d);
}

void
qa_dialogue_end(struct qa_dialogue *d)
{
	struct qa_dialogue_entry e;
	qa_span address;

	if (d->state != QA_DIALOGUE_FOLLOWING)
		return;
	if (d->client == QA_CLIENT_DATA) {
		qa_dialogue_tell(d, QA_STAGE_BREAK, 0);
		return;
	}
	while (qa_dialogue_pop(d, &e, &address)) {
		if (e.kind == QA_ENTRY_END || (e.kind == QA_COMMAND_BDAT && take_chunk(d, &e) && e.last)) {
			qa_dialogue_tell(d, QA_STAGE_END, 0);
			return;
		}
		if (e.kind != QA_COMMAND_BDAT)
			break;
	}
	if (d->chunked)
		qa_dialogue_tell(d, QA_STAGE_BREAK, 0);
}
