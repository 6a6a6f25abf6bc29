/*
 * A dialogue with its sides interleaved at any byte: a byte 0x80 gives the turn to the client, 0x81 to the server, 0x82 takes the next byte
 * as it is. What comes of it must not depend on the pieces: whole turns, single bytes, and turns cut somewhere.
 */
#include "statistic/testing-dialogue.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void
give(struct qa_dialogue *d, bool server, const struct qa_buf *bytes, size_t from, size_t to)
{
	if (server)
		qa_dialogue_server(d, qa_span_of(bytes->p + from, to - from));
	else
		qa_dialogue_client(d, qa_span_of(bytes->p + from, to - from));
}

static void
turn(struct qa_dialogue *d, bool server, struct qa_buf *bytes, size_t step)
{
	for (size_t at = 0; at < bytes->n; at += step)
		give(d, server, bytes, at, bytes->n - at > step ? at + step : bytes->n);
	qa_buf_clear(bytes);
}

static void
run(const unsigned char *p, size_t n, size_t step, struct qa_buf *log)
{
	struct qa_buf bytes = QA_BUF(0);
	struct qa_dialogue d;
	bool server = true;

	qa_dialogue_init(&d, note, log);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == 0x80 || p[i] == 0x81) {
			turn(&d, server, &bytes, step);
			server = p[i] == 0x81;
			continue;
		}
		if (p[i] == 0x82 && i + 1 < n)
			i++;
		if (qa_buf_addc(&bytes, p[i]))
			abort();
	}
	turn(&d, server, &bytes, step);
	if (d.state != QA_DIALOGUE_FOLLOWING && (d.held.p || d.queue.p || d.recipients.p))
		abort();
	if (d.client != QA_CLIENT_WAIT && d.held.n)
		abort();
	note_end(&d, log);
	qa_buf_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct qa_buf whole = QA_BUF(0), pieces = QA_BUF(0);
	const size_t steps[] = {1, 2, n ? 3 + p[0] % 17u : 3};

	run(p, n, n + 1, &whole);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		run(p, n, steps[i], &pieces);
		if (!qa_span_eq(qa_buf_span(&whole), qa_buf_span(&pieces)))
			abort();
		qa_buf_clear(&pieces);
	}
	qa_buf_free(&whole);
	qa_buf_free(&pieces);
	return 0;
}
