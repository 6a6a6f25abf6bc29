/*
 * Follows an SMTP dialogue by what either side sends, and says how each recipient's mail ended. Pure: no descriptors, no clock; the same
 * bytes in the same order give the same results, in whatever pieces they come.
 *
 *	struct qa_dialogue d;
 *	qa_dialogue_init(&d, result, ctx);
 *	qa_dialogue_client(&d, bytes);		what was read from the client, before it is given to the server
 *	qa_dialogue_server(&d, bytes);		what was read from the server
 *	qa_dialogue_end(&d);			the server has ended
 *	qa_dialogue_free(&d);
 *
 * The server is believed: nothing is accepted, refused or transferred unless it says so. Commands wait in a queue for their replies, so
 * pipelining (RFC 2920) needs nothing special. Three commands make what follows them depend on the reply: DATA, AUTH and
 * STARTTLS. What a client sends behind them without waiting is held until the reply is there.
 *
 *	client side:	COMMAND -> WAIT -> COMMAND	DATA, AUTH or STARTTLS was refused
 *				WAIT -> DATA -> COMMAND	354, up to the line with the dot
 *				WAIT -> SECRET -> WAIT	334: one line of AUTH, which is never kept
 *				WAIT -> (opaque)	220 to STARTTLS
 *			COMMAND -> CHUNK -> COMMAND	BDAT, where EHLO offered CHUNKING (RFC 3030)
 *			COMMAND -> OVER			QUIT was answered
 *
 * What cannot be understood ends in QA_DIALOGUE_LOST: no more results, no more memory; the relay goes on. Memory is bounded by the limits
 * below.
 */
#ifndef QA_STATISTIC_DIALOGUE_H
#define QA_STATISTIC_DIALOGUE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	QA_DIALOGUE_LINE = 4096,	  /* bytes of a line that are looked at */
	QA_DIALOGUE_LONGEST = 64 << 10,	  /* a line over this is no SMTP */
	QA_DIALOGUE_REPLY = 1024,	  /* bytes of a reply that are kept */
	QA_DIALOGUE_QUEUE = 512 << 10,	  /* commands without a reply yet */
	QA_DIALOGUE_HELD = 512 << 10,	  /* bytes sent before they could be understood */
	QA_DIALOGUE_RECIPIENTS = 4 << 20, /* accepted recipients of one mail */
};

enum qa_dialogue_state {
	QA_DIALOGUE_FOLLOWING,
	QA_DIALOGUE_OPAQUE, /* TLS began: nothing more can be seen */
	QA_DIALOGUE_LOST,   /* see why */
};

enum qa_dialogue_stage {
	QA_STAGE_RCPT,	/* the recipient was refused, or the sender before it */
	QA_STAGE_DATA,	/* DATA was refused: nothing was transferred */
	QA_STAGE_BREAK, /* the session broke before the mail was there in full; code 0 when the server said nothing */
	QA_STAGE_END,	/* the answer to the mail; code 0 when the server ended without one */
};

/* How the mail for one recipient ended. Spans are valid during the call. */
struct qa_dialogue_result {
	enum qa_dialogue_stage stage;
	unsigned code;	    /* of the reply; 0: there was none */
	qa_span reply;	    /* "552 words": all lines of it, a blank between them; empty with code 0 */
	qa_span sender, recipient;
	uint64_t bytes;	    /* of the mail as received, without the dots that were put before lines */
	uint32_t transfers; /* of data in this session, this one included */
};
typedef void qa_dialogue_result_cb(void *ctx, const struct qa_dialogue_result *r);

enum qa_dialogue_client { QA_CLIENT_COMMAND, QA_CLIENT_WAIT, QA_CLIENT_DATA, QA_CLIENT_SECRET, QA_CLIENT_CHUNK, QA_CLIENT_OVER };
enum qa_dialogue_mail { QA_MAIL_NONE, QA_MAIL_OPEN, QA_MAIL_REFUSED };
enum qa_dialogue_at { QA_AT_START, QA_AT_MIDDLE, QA_AT_DOT, QA_AT_DOT_CR };

/* Private, but for state and why. */
struct qa_dialogue {
	enum qa_dialogue_state state;
	const char *why; /* of QA_DIALOGUE_LOST; static */
	qa_dialogue_result_cb *result;
	void *ctx;

	/* what the client is sending */
	enum qa_dialogue_client client;
	unsigned char line[QA_DIALOGUE_LINE];
	size_t line_n, line_all; /* kept, seen */
	struct qa_buf held;	 /* seen in WAIT */
	uint64_t chunk;		 /* octets of the last BDAT that have not come */

	/* inside DATA */
	enum qa_dialogue_at at; /* place in the line */
	bool cr;		/* MIDDLE: the last byte was CR */
	bool crlf;		/* the line before ended in CR LF */
	unsigned loose;		/* bytes of a line with one dot that some servers take for the end; 0: not right behind one */
	bool answered;		/* the reply came before the end */

	/* what the server is sending */
	unsigned char text[QA_DIALOGUE_REPLY];
	size_t text_n;
	size_t reply_line; /* bytes of this line */
	unsigned line_code, code;
	bool more;     /* another line of this reply follows */
	char word[16]; /* how the words of this line begin */
	size_t word_n;
	bool greeted;
	bool offers, chunking; /* CHUNKING: in this reply, in force */
	bool unasked;	       /* a reply to nothing came: the server is about to go */

	struct qa_buf queue; /* struct qa_dialogue_entry and what it brings along */
	size_t queue_at;

	/* the mail */
	enum qa_dialogue_mail mail;
	struct qa_buf sender, recipients;
	struct qa_buf refusal; /* what MAIL was refused with */
	unsigned refusal_code;
	uint64_t bytes;
	uint32_t transfers;
	bool chunked; /* a BDAT of this mail was counted as a transfer */
};

void qa_dialogue_init(struct qa_dialogue *d, qa_dialogue_result_cb *result, void *ctx);
void qa_dialogue_client(struct qa_dialogue *d, qa_span bytes);
void qa_dialogue_server(struct qa_dialogue *d, qa_span bytes);

/* No more bytes will come from the server. */
void qa_dialogue_end(struct qa_dialogue *d);

void qa_dialogue_free(struct qa_dialogue *d);

#endif
