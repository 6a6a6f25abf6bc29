/* Signed notes, checkpoints and keys: no crash, and what is accepted is written again byte for byte. */
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/test-keys.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct qa_tlog_key known;

static void
key(qa_span in)
{
	char text[QA_TLOG_SIGNER_TEXT];
	struct qa_tlog_signer s;
	struct qa_tlog_key k;

	qa_span line = in; /* what is read may end in one line feed, what is written does not */

	if (line.n && line.p[line.n - 1] == '\n')
		line.n--;
	if (qa_tlog_key_scan(in, &k, NULL) == 0) {
		qa_tlog_key_text(&k, text);
		assert(qa_span_is(line, text));
	}
	if (qa_tlog_signer_scan(in, &s, NULL) == 0) {
		qa_tlog_signer_text(&s, text);
		assert(qa_span_is(line, text));
	}
}

static void
checkpoint(qa_span text)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_tlog_checkpoint c;

	if (qa_tlog_checkpoint_scan(text, &c, NULL) == 0) {
		int rc = qa_tlog_checkpoint_add(&b, &c, NULL);

		assert(rc == 0 && qa_span_eq(text, qa_buf_span(&b)));
	}
	qa_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	qa_span in = qa_span_of(p, n);
	struct qa_tlog_checkpoint c;
	struct qa_tlog_note note;

	if (known.id == 0 && qa_tlog_key_scan(qa_span_str(TEST_PUBLIC), &known, NULL))
		return -1;
	key(in);
	checkpoint(in);
	int open = qa_tlog_note_open(in, &known, 1, &note, NULL);
	if (open >= 0) {
		assert(note.text.n && note.text.p[note.text.n - 1] == '\n' && note.signatures > 0);
		assert(open == (note.signed_by == 1));
		checkpoint(note.text);
	}
	int is_checkpoint = qa_tlog_checkpoint_open(in, &known, 1, &c, NULL);
	assert(is_checkpoint <= open);
	return 0;
}
