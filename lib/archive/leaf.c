/* Entry IDs and leaves: the text that the log commits to (doc/format-leaf.md). */
#include "archive/read.h"
#include "base/num.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>

int
qa_entry_id_scan(qa_span s, struct qa_entry_id *id_r)
{
	if (s.n < 9 || s.p[7] != '/' || s.p[8] == '0' || qa_month_scan(qa_span_cut(s, 0, 7), &id_r->month) ||
	    qa_scan_u64(qa_span_cut(s, 8, s.n), &id_r->n))
		return -1;
	return 0;
}

void
qa_entry_id_text(const struct qa_entry_id *id, char out[QA_ENTRY_ID_TEXT])
{
	char month[QA_MONTH_TEXT];

	qa_month_text(id->month, month);
	snprintf(out, QA_ENTRY_ID_TEXT, "%s/%llu", month, (unsigned long long)id->n);
}

static void
base64_digest(const struct qa_digest *d, char out[48])
{
	unsigned char space[64];
	struct qa_buf b = {space, 0, sizeof space, sizeof space - 1}; /* 44 bytes always fit */

	if (qa_base64_add(&b, qa_span_of(d->b, sizeof d->b)))
		b.n = 0;
	memcpy(out, space, b.n);
	out[b.n] = 0;
}

size_t
qa_leaf_text(const struct qa_leaf *l, char out[QA_LEAF_MAX])
{
	char id[QA_ENTRY_ID_TEXT], record[QA_ID_TEXT], message[48], envelope[48];
	int n;

	qa_entry_id_text(&l->id, id);
	qa_hex(l->record.b, sizeof l->record.b, record);
	base64_digest(&l->message, message);
	base64_digest(&l->envelope, envelope);
	n = snprintf(out, QA_LEAF_MAX, "qmail-archive leaf v1\n%s %s\n%s\n%s\n%llu\n%s\n%s\n",
		     qa_kind_name(l->kind), qa_source_name(l->source), id, record,
		     (unsigned long long)l->captured, message, envelope);
	return n > 0 && n < QA_LEAF_MAX ? (size_t)n : 0;
}

static bool
unbase64_digest(qa_span s, struct qa_digest *d_r)
{
	struct qa_buf b = QA_BUF(64);
	bool good = s.n == 44 && qa_unbase64_add(&b, s) == 0 && b.n == sizeof d_r->b;

	if (good)
		memcpy(d_r->b, b.p, sizeof d_r->b);
	qa_buf_free(&b);
	return good;
}

static bool
kind_and_source(qa_span s, struct qa_leaf *l_r)
{
	char name[40];

	for (unsigned kind = 1; qa_kind_name(kind); kind++)
		for (unsigned source = 1; qa_source_name(source); source++) {
			snprintf(name, sizeof name, "%s %s", qa_kind_name(kind), qa_source_name(source));
			if (qa_span_is(s, name)) {
				l_r->kind = (enum qa_kind)kind;
				l_r->source = (enum qa_source)source;
				return true;
			}
		}
	return false;
}

int
qa_leaf_parse(qa_span text, struct qa_leaf *l_r, struct qa_err *err)
{
	qa_span line[7];
	size_t n = 0, start = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\n')
			continue;
		if (n == 7)
			return qa_fail(err, EPROTO, "leaf has more than 7 lines");
		line[n++] = qa_span_cut(text, start, i - start);
		start = i + 1;
	}
	if (n != 7 || start != text.n)
		return qa_fail(err, EPROTO, "leaf has not 7 whole lines");
	if (!qa_span_is(line[0], "qmail-archive leaf v1"))
		return qa_fail(err, ENOTSUP, "leaf is of a version this program does not know");
	if (!kind_and_source(line[1], l_r))
		return qa_fail(err, EPROTO, "leaf line 2 is not a kind and a source");
	if (qa_entry_id_scan(line[2], &l_r->id))
		return qa_fail(err, EPROTO, "leaf line 3 is not an ID");
	if (qa_unhex(line[3], l_r->record.b, sizeof l_r->record.b))
		return qa_fail(err, EPROTO, "leaf line 4 is not a record id");
	if (qa_scan_u64(line[4], &l_r->captured))
		return qa_fail(err, EPROTO, "leaf line 5 is not a time");
	if (!unbase64_digest(line[5], &l_r->message) || !unbase64_digest(line[6], &l_r->envelope))
		return qa_fail(err, EPROTO, "leaf line 6 or 7 is not a digest");

	/* one spelling only: what is parsed must be what would be written */
	char again[QA_LEAF_MAX];
	size_t m = qa_leaf_text(l_r, again);
	if (!qa_span_eq(text, qa_span_of(again, m)))
		return qa_fail(err, EPROTO, "leaf is not in its canonical form");
	return 0;
}

static void
nonce(const unsigned char secret[32], char which, unsigned char out[32])
{
	char label[] = "qmail-archive nonce ?\n";
	struct qa_sha256 c;
	struct qa_digest d;

	label[sizeof label - 3] = which;
	qa_sha256_init(&c);
	qa_sha256_add(&c, label, sizeof label - 1);
	qa_sha256_add(&c, secret, 32);
	d = qa_sha256_end(&c);
	memcpy(out, d.b, 32);
}

void
qa_leaf_nonces(const unsigned char secret[32], unsigned char message_nonce[32], unsigned char envelope_nonce[32])
{
	nonce(secret, '1', message_nonce);
	nonce(secret, '2', envelope_nonce);
}

struct qa_digest
qa_leaf_commit(const unsigned char nonce[32], const struct qa_digest *digest)
{
	struct qa_sha256 c;

	qa_sha256_init(&c);
	qa_sha256_add(&c, nonce, 32);
	qa_sha256_add(&c, digest->b, sizeof digest->b);
	return qa_sha256_end(&c);
}

int
qa_leaf_make(const struct qa_entry_id *id, const unsigned char secret[32], qa_span fields,
	     const struct qa_digest *digest, struct qa_leaf *l_r, struct qa_err *err)
{
	unsigned char message_nonce[32], envelope_nonce[32];
	struct qa_digest of_fields;
	struct qa_facts f;

	if (qa_facts_get(fields, &f, err))
		return -1;
	qa_leaf_nonces(secret, message_nonce, envelope_nonce);
	of_fields = qa_sha256_of(fields);
	l_r->kind = f.kind;
	l_r->source = f.source;
	l_r->id = *id;
	l_r->record = f.id;
	l_r->captured = f.captured;
	l_r->message = qa_leaf_commit(message_nonce, digest);
	l_r->envelope = qa_leaf_commit(envelope_nonce, &of_fields);
	return 0;
}

int
qa_archive_leaf(qa_month m, const struct qa_entry *e, struct qa_leaf *l_r, struct qa_err *err)
{
	struct qa_entry_id id = {m, e->n};

	return qa_leaf_make(&id, e->secret, e->fields, &e->digest, l_r, err);
}
