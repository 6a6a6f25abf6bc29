/* The client's side of the dialogue: commands, mail, chunks. */
#include "statistic/dialogue-private.h"

static void
push_simple(struct qa_dialogue *d, unsigned kind)
{
	const struct qa_dialogue_entry e = {.kind = (uint8_t)kind};

	qa_dialogue_push(d, &e, NULL);
}

static void
push_address(struct qa_dialogue *d, const struct qa_command *c)
{
	unsigned char address[QA_DIALOGUE_LINE];
	const struct qa_dialogue_entry e = {
		.kind = (uint8_t)c->kind,
		.n = (uint32_t)qa_command_address(c->argument, address),
	};

	qa_dialogue_push(d, &e, address);
}

static void
push_chunk(struct qa_dialogue *d, const struct qa_command *c)
{
	struct qa_dialogue_entry e = {.kind = QA_COMMAND_BDAT};

	if (!d->chunking) {
		push_simple(d, QA_COMMAND_OTHER);
		return;
	}
	if (qa_command_chunk(c->argument, &e.size, &e.last)) {
		qa_dialogue_lose(d, "BDAT without a size");
		return;
	}
	qa_dialogue_push(d, &e, NULL);
	d->chunk = e.size;
	if (d->chunk)
		d->client = QA_CLIENT_CHUNK;
}

static void
command(struct qa_dialogue *d)
{
	size_t n = d->line_n;

	if (n && n == d->line_all && d->line[n - 1] == '\r')
		n--;
	/* a NUL ends it for qmail-smtpd, and what it does not take for a command it refuses */
	struct qa_command c = qa_command_of(qa_span_of(d->line, strnlen((const char *)d->line, n)));

	d->line_n = d->line_all = 0;
	switch (c.kind) {
	case QA_COMMAND_MAIL:
	case QA_COMMAND_RCPT:
		push_address(d, &c);
		break;
	case QA_COMMAND_BDAT:
		push_chunk(d, &c);
		break;
	case QA_COMMAND_AUTH:
		explicit_bzero(d->line, n);
		push_simple(d, c.kind);
		d->client = QA_CLIENT_WAIT;
		break;
	case QA_COMMAND_DATA:
	case QA_COMMAND_STARTTLS:
		push_simple(d, c.kind);
		d->client = QA_CLIENT_WAIT;
		break;
	default:
		push_simple(d, c.kind);
		break;
	}
}

static size_t
eat_command(struct qa_dialogue *d, const unsigned char *p, size_t n)
{
	const unsigned char *end = memchr(p, '\n', n);
	size_t part = end ? (size_t)(end - p) : n, keep = sizeof d->line - d->line_n;

	if (keep > part)
		keep = part;
	memcpy(d->line + d->line_n, p, keep);
	d->line_n += keep;
	d->line_all += part;
	if (d->line_all > QA_DIALOGUE_LONGEST)
		qa_dialogue_lose(d, "a command without an end");
	else if (end)
		command(d);
	return end ? part + 1 : n;
}

/* A line of AUTH: counted, never kept. */
static size_t
eat_secret(struct qa_dialogue *d, const unsigned char *p, size_t n)
{
	const unsigned char *end = memchr(p, '\n', n);
	size_t part = end ? (size_t)(end - p) : n;

	d->line_all += part;
	if (d->line_all > QA_DIALOGUE_LONGEST) {
		qa_dialogue_lose(d, "a command without an end");
	} else if (end) {
		d->line_all = 0;
		push_simple(d, QA_ENTRY_SECRET);
		d->client = QA_CLIENT_WAIT;
	}
	return end ? part + 1 : n;
}

static size_t
eat_chunk(struct qa_dialogue *d, size_t n)
{
	if (n > d->chunk)
		n = (size_t)d->chunk;
	d->chunk -= n;
	if (d->chunk == 0)
		d->client = QA_CLIENT_COMMAND;
	return n;
}

/* Up to the end of a line, or of what there is. */
static size_t
eat_middle(struct qa_dialogue *d, const unsigned char *p, size_t n)
{
	const unsigned char *end = memchr(p, '\n', n);
	size_t part = end ? (size_t)(end + 1 - p) : n;

	d->bytes += part;
	if (!end) {
		d->cr = p[n - 1] == '\r';
		return n;
	}
	d->crlf = part > 1 ? p[part - 2] == '\r' : d->cr;
	d->at = QA_AT_START;
	return part;
}

static void
end_of_mail(struct qa_dialogue *d)
{
	if (!d->answered)
		push_simple(d, QA_ENTRY_END);
	d->client = QA_CLIENT_COMMAND;
}

/* A line with nothing but a dot that is not the end by RFC 5321, as a CR is missing somewhere. */
static void
loose_end(struct qa_dialogue *d, unsigned bytes)
{
	d->bytes += bytes;
	d->loose = bytes;
	d->crlf = bytes == 2;
	d->at = QA_AT_START;
}

static size_t
eat_data(struct qa_dialogue *d, const unsigned char *p, size_t n)
{
	switch (d->at) {
	case QA_AT_START:
		d->loose = 0;
		d->cr = false;
		d->at = *p == '.' ? QA_AT_DOT : QA_AT_MIDDLE;
		return d->at == QA_AT_DOT ? 1 : eat_middle(d, p, n);
	case QA_AT_DOT:
		if (*p == '\r') {
			d->at = QA_AT_DOT_CR;
			return 1;
		}
		if (*p == '\n') {
			loose_end(d, 1);
			return 1;
		}
		d->at = QA_AT_MIDDLE;
		return eat_middle(d, p, n);
	case QA_AT_DOT_CR:
		if (*p == '\n' && d->crlf) {
			end_of_mail(d);
			return 1;
		}
		if (*p == '\n') {
			loose_end(d, 2);
			return 1;
		}
		d->bytes++; /* the CR */
		d->at = QA_AT_MIDDLE;
		return eat_middle(d, p, n);
	case QA_AT_MIDDLE:
		break;
	}
	return eat_middle(d, p, n);
}

/* How many of the bytes could be understood: all, unless a reply must come first. */
static size_t
eat(struct qa_dialogue *d, const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && d->state == QA_DIALOGUE_FOLLOWING)
		switch (d->client) {
		case QA_CLIENT_WAIT:
			return i;
		case QA_CLIENT_COMMAND:
			i += eat_command(d, p + i, n - i);
			break;
		case QA_CLIENT_SECRET:
			i += eat_secret(d, p + i, n - i);
			break;
		case QA_CLIENT_CHUNK:
			i += eat_chunk(d, n - i);
			break;
		case QA_CLIENT_DATA:
			i += eat_data(d, p + i, n - i);
			break;
		case QA_CLIENT_OVER:
			return n;
		}
	return n;
}

void
qa_dialogue_client(struct qa_dialogue *d, qa_span bytes)
{
	if (d->state != QA_DIALOGUE_FOLLOWING || bytes.n == 0)
		return;
	size_t used = eat(d, bytes.p, bytes.n);
	if (used < bytes.n && qa_buf_add(&d->held, bytes.p + used, bytes.n - used))
		qa_dialogue_lose(d, "too much was sent without waiting for a reply");
	if (d->state != QA_DIALOGUE_FOLLOWING)
		qa_dialogue_free(d);
}

void
qa_dialogue_resume(struct qa_dialogue *d, enum qa_dialogue_client state)
{
	d->client = state;
	if (d->held.n == 0)
		return;
	size_t used = eat(d, d->held.p, d->held.n), left = d->held.n - used;
	memmove(d->held.p, d->held.p + used, left);
	explicit_bzero(d->held.p + left, used); /* it may have been a password */
	d->held.n = left;
	if (left == 0)
		qa_buf_free(&d->held);
}
