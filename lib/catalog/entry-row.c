#include "catalog/entry-row.h"

#include "base/num.h"
#include "journal/record.h"

void
qa_entry_row_init(struct qa_entry_row *x)
{
	*x = (struct qa_entry_row){0};
	qa_row_init(&x->row);
}

void
qa_entry_row_free(struct qa_entry_row *x)
{
	qa_row_free(&x->row);
	qa_document_free(x->doc);
	x->doc = NULL;
}

static uint64_t
number(qa_span v)
{
	return v.n == 8 ? qa_le64_get(v.p) : 0;
}

/* Kind, source and time: what decides how the rest is taken. Fields that cannot be walked end early. */
static void
basics(struct qa_row *r, qa_span fields)
{
	qa_span v;
	unsigned type, source = 0, kind = 0;
	uint64_t captured = 0, claimed = 0;

	for (size_t at = 0; qa_field_next(fields, &at, &type, &v) == 1;) {
		if (type == QA_F_KIND && v.n == 1)
			kind = v.p[0] & QA_ROW_KIND;
		else if (type == QA_F_SOURCE && v.n == 1)
			source = v.p[0] & (QA_ROW_SOURCE >> 4);
		else if (type == QA_F_CAPTURED)
			captured = number(v);
		else if (type == QA_F_CLAIMED_DATE)
			claimed = number(v);
	}
	r->flags |= kind | source << 4;
	r->date = (int64_t)((claimed ? claimed : captured) / QA_SECOND);
	if (source == QA_AGENT || source == QA_IMPORT || source == QA_FETCH)
		r->flags |= QA_ROW_SETTLED;
}

static void
envelope(struct qa_row *r, qa_span fields)
{
	qa_span v, none = {NULL, 0};
	unsigned type, kind = r->flags & QA_ROW_KIND;
	struct qa_digest d;

	for (size_t at = 0; qa_field_next(fields, &at, &type, &v) == 1;) {
		switch (type) {
		case QA_F_SENDER:
			qa_row_address(r, QA_COL_SENDER, none, v);
			break;
		case QA_F_RECIPIENT:
		case QA_F_MAILBOX:
		case QA_F_RCPT_ENV:
			qa_row_address(r, QA_COL_RCPT, none, v);
			break;
		case QA_F_REFERS:
			if (v.n == sizeof d.b && (kind == QA_DELIVERY || kind == QA_OUTCOME)) {
				memcpy(d.b, v.p, sizeof d.b);
				r->refers = qa_row_key(&d);
			}
			break;
		default:
			break;
		}
	}
}

static void
addresses(struct qa_row *r, enum qa_column c, const struct qa_addresses *a)
{
	for (size_t i = 0; i < a->n; i++)
		qa_row_address(r, c, qa_span_str(a->v[i].name), qa_span_str(a->v[i].addr));
}

static void
attachments(struct qa_row *r, const struct qa_document *d)
{
	if (d->all_attachments) {
		r->flags |= QA_ROW_ATTACHMENT;
		qa_row_mark(r, 'A', qa_span_str(""));
	}
	for (size_t i = 0; i < d->nattachments; i++) {
		const struct qa_attachment *a = &d->attachments[i];
		const char *sub = strchr(a->type, '/'), *dot = strrchr(a->name, '.');

		qa_row_text(r, QA_COL_FILE, qa_span_str(a->name));
		qa_row_mark(r, 'T', qa_span_str(a->type));
		if (sub && sub[1])
			qa_row_mark(r, 'T', qa_span_str(sub + 1));
		/* what could be an extension, and says more than the type */
		if (dot && dot[1] && strlen(dot + 1) <= 8 && !(sub && g_ascii_strcasecmp(dot + 1, sub + 1) == 0))
			qa_row_mark(r, 'T', qa_span_str(dot + 1));
		qa_row_mark_digest(r, 'D', &a->digest);
	}
}

static void
document(struct qa_row *r, const struct qa_document *d)
{
	qa_row_text(r, QA_COL_BODY, d->text);
	qa_row_text(r, QA_COL_BODY, d->attached);
	qa_row_text(r, QA_COL_SUBJECT, qa_span_str(d->subject));
	addresses(r, QA_COL_AUTHOR, &d->from);
	addresses(r, QA_COL_DEST, &d->to);
	addresses(r, QA_COL_COPY, &d->cc);
	addresses(r, QA_COL_BLIND, &d->bcc);
	addresses(r, QA_COL_REPLY, &d->reply_to);
	addresses(r, QA_COL_SENDER, &d->sender);
	/* mail that came without an envelope: what its heads claim */
	if (!r->col[QA_COL_RCPT].raw->len)
		addresses(r, QA_COL_RCPT, &d->delivered);
	if (*d->message_id)
		qa_row_mark_id(r, 'I', qa_span_str(d->message_id));
	bool replies_to_last = false;
	for (size_t i = 0; i < d->nreferences; i++) {
		qa_row_mark_id(r, 'R', qa_span_str(d->references[i]));
		replies_to_last |= strcmp(d->references[i], d->in_reply_to) == 0;
	}
	if (*d->in_reply_to && !replies_to_last)
		qa_row_mark_id(r, 'R', qa_span_str(d->in_reply_to));
	if (*d->list_id)
		qa_row_mark(r, 'L', qa_span_str(d->list_id));
	attachments(r, d);
	if (d->fallback)
		r->flags |= QA_ROW_FALLBACK;
}

int
qa_entry_row_make(struct qa_entry_row *x, const struct qa_entry *e, qa_span fields, bool readable, qa_span message,
		  const struct qa_message_limits *limits, struct qa_err *err)
{
	struct qa_row *r = &x->row;

	qa_row_clear(r);
	qa_document_free(x->doc);
	x->doc = NULL;
	r->n = e->n;
	r->leaf = e->leaf;
	r->size = e->size;
	if (e->has_message || e->purged)
		r->flags |= QA_ROW_MESSAGE;
	if (e->purged)
		r->flags |= QA_ROW_PURGED;
	basics(r, fields);
	envelope(r, fields);
	if (!e->has_message)
		return 0;
	r->digest = qa_row_key(&e->digest);
	if (!readable) {
		r->flags |= QA_ROW_FALLBACK;
		return 0;
	}
	if (qa_message_parse(message, limits, &x->doc, err))
		return -1;
	document(r, x->doc);
	return 0;
}
