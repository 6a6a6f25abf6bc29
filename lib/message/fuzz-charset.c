/*
 * Bytes in any charset: the first byte picks the label. Text is valid UTF-8 after it passed
 * a sink, whatever was claimed; header values and parameters of the same bytes are taken
 * apart on the way.
 */
#include "message/charset.h"
#include "message/field.h"
#include "message/message.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool
mailbox(void *total, const struct qa_mailbox *box)
{
	if (!qa_utf8_valid(box->name) || !qa_utf8_valid(box->addr))
		abort();
	*(size_t *)total += box->addr.n;
	return true;
}

static void
parameters(void (*read)(struct qa_params *p, qa_span field), qa_span value)
{
	struct qa_sink out = QA_SINK(0);
	struct qa_params p;

	read(&p, value);
	qa_params_get(&p, "name", &out);
	if (p.failed || !qa_utf8_valid(qa_sink_span(&out)))
		abort();
	qa_params_free(&p);
	qa_sink_free(&out);
}

static void
header(qa_span value)
{
	struct qa_sink flat = QA_SINK(0), out = QA_SINK(0);
	qa_span utf8 = qa_field_utf8(value, &flat), rest = utf8, id;
	size_t total = 0;

	if (!qa_utf8_valid(utf8))
		abort();
	qa_word_text(utf8, &out);
	if (!qa_utf8_valid(qa_sink_span(&out)))
		abort();
	parameters(qa_params_type, value);
	parameters(qa_params_disposition, value);
	if (!qa_mailbox_each(utf8, mailbox, &total))
		abort();
	while (qa_msgid_next(&rest, &id))
		total += id.n;
	if (total > utf8.n * 3)
		abort();
	qa_sink_free(&flat);
	qa_sink_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const labels[] = {
	    "",	   "us-ascii",	 "utf-8",  "iso-2022-jp", "shift_jis",	  "euc-jp", "iso-8859-1", "gb2312",
	    "big5", "euc-kr",	 "utf-16", "utf-7",	  "iso-2022-kr", "koi8-r", "utf-32",	 "euc-tw"};
	struct qa_sink raw = QA_SINK(0), text = QA_SINK(0);
	qa_span s, label;

	if (!n)
		return 0;
	qa_message_init();
	s = qa_span_of(p + 1, n - 1);
	label = qa_span_str(labels[p[0] % 16]);
	qa_charset_add(&raw, label, s);
	if (raw.failed || raw.b.n > s.n * 12 + 16)
		abort();
	if (qa_charset_plain(label, s) && !qa_span_eq(s, qa_sink_span(&raw)))
		abort();
	qa_sink_text(&text, qa_sink_span(&raw));
	if (!qa_utf8_valid(qa_sink_span(&text)))
		abort();
	header(s);
	qa_sink_free(&raw);
	qa_sink_free(&text);
	return 0;
}
