#include "qmail-archive/claims.h"
#include "base/num.h"
#include "tests/tap.h"

#include <stdlib.h>

/* helo of a head for an address: its length, or -1; text compared. */
static bool
helo_is(const char *head, const char *ip, const char *want)
{
	qa_span got;
	int rc = qa_claims_helo(qa_span_str(head), qa_span_str(ip), &got);

	return want ? rc == 1 && qa_span_is(got, want) : rc == 0;
}

static void
helo(void)
{
	OK(helo_is("Received: from unknown (HELO pc.example) (10.0.0.1)\n  by mx with SMTP; date\n", "10.0.0.1",
		   "pc.example"));
	OK(helo_is("Received: from pc.example (HELO x y) (joe@10.0.0.1)\n", "10.0.0.1", "x y"));
	OK(helo_is("Received: from pc.example (joe@10.0.0.1)\n", "10.0.0.1", "pc.example"));
	OK(helo_is("Received: from pc.example (10.0.0.1)\n", "10.0.0.1", "pc.example"));
	OK(helo_is("Received: from pc (EHLO pc.example) (::1)\n", "::1", "pc.example"));
	OK(helo_is("Received: from unknown (HELO ) (10.0.0.1)\n", "10.0.0.1", ""));
	OK(helo_is("Received: from pc.example (10.0.0.1)", "10.0.0.1", "pc.example"));
	/* not this connection's line */
	OK(helo_is("Received: from pc.example (10.0.0.1)\n", "10.0.0.2", NULL));
	OK(helo_is("Received: from pc.example (10.0.0.11)\n", "10.0.0.1", NULL));
	OK(helo_is("Received: from pc.example (110.0.0.1)\n", "10.0.0.1", NULL));
	OK(helo_is("Received: from 10.0.0.1\n", "10.0.0.1", NULL));
	OK(helo_is("Received: from 10.0.0.1", "10.0.0.1", NULL));
	OK(helo_is("Received: (qmail 1 invoked by uid 0); now\nReceived: from pc (10.0.0.1)\n", "10.0.0.1", NULL));
	OK(helo_is("Subject: x\n", "10.0.0.1", NULL));
	OK(helo_is("", "10.0.0.1", NULL));
	OK(helo_is("Received: from pc.example (10.0.0.1)\n", "", NULL));
}

static bool
field_is(const struct qa_buf *b, unsigned type, const char *want)
{
	qa_span v;
	int rc = qa_field_find(qa_buf_span(b), type, &v);

	return want ? rc == 1 && qa_span_is(v, want) : rc == 0;
}

static void
caller(void)
{
	struct qa_buf b = QA_BUF(0);
	char longer[QA_CLAIM_MAX + 500];
	qa_span v;

	clearenv();
	OK(qa_claims_caller(&b, qa_span_of(NULL, 0)) == 0);
	OK(field_is(&b, QA_F_PROTO, "local") && field_is(&b, QA_F_REMOTE_IP, NULL));
	OK(field_is(&b, QA_F_RELAYCLIENT, NULL) && field_is(&b, QA_F_AUTH, NULL));
	qa_buf_clear(&b);

	setenv("TCPREMOTEIP", "10.0.0.1", 1);
	setenv("TCPREMOTEHOST", "pc.example", 1);
	setenv("TCPREMOTEINFO", "joe", 1);
	setenv("TCPLOCALPORT", "25", 1);
	setenv("PROTO", "TCP", 1);
	OK(qa_claims_caller(&b, qa_span_str("Received: from a (HELO b) (joe@10.0.0.1)\n")) == 0);
	OK(field_is(&b, QA_F_REMOTE_IP, "10.0.0.1") && field_is(&b, QA_F_REMOTE_HOST, "pc.example"));
	OK(field_is(&b, QA_F_LOCAL_PORT, "25") && field_is(&b, QA_F_PROTO, "TCP") && field_is(&b, QA_F_HELO, "b"));
	OK(field_is(&b, QA_F_AUTH, NULL)); /* ident alone is no login */
	qa_buf_clear(&b);

	setenv("RELAYCLIENT", "", 1);
	OK(qa_claims_caller(&b, qa_span_of(NULL, 0)) == 0);
	OK(field_is(&b, QA_F_RELAYCLIENT, "") && field_is(&b, QA_F_AUTH, "joe"));
	qa_buf_clear(&b);

	setenv("AUTHUSER", "c@example.com", 1);
	setenv("SMTPAUTHUSER", "a@example.com", 1);
	setenv("SMTP_AUTH_USER", "b@example.com", 1);
	OK(qa_claims_caller(&b, qa_span_of(NULL, 0)) == 0 && field_is(&b, QA_F_AUTH, "a@example.com"));
	qa_buf_clear(&b);
	setenv("SMTPAUTHUSER", "", 1);
	OK(qa_claims_caller(&b, qa_span_of(NULL, 0)) == 0 && field_is(&b, QA_F_AUTH, "b@example.com"));
	qa_buf_clear(&b);

	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = 0;
	setenv("TCPREMOTEHOST", longer, 1);
	OK(qa_claims_caller(&b, qa_span_of(NULL, 0)) == 0);
	OK(qa_field_find(qa_buf_span(&b), QA_F_REMOTE_HOST, &v) == 1 && v.n == QA_CLAIM_MAX);
	qa_buf_free(&b);
}

static void
capture(void)
{
	struct qa_buf b = QA_BUF(0), small = QA_BUF(40);
	struct qa_id id = {{1, 2, 3}};
	struct qa_facts f;
	qa_span v;

	OK(qa_claims_capture(&b, &id, QA_MESSAGE, QA_QUEUE, "mx.example") == 0);
	OK(qa_field_add_str(&b, QA_F_SENDER, "") == 0);
	OK(qa_facts_get(qa_buf_span(&b), &f, NULL) == 0 && f.kind == QA_MESSAGE && f.source == QA_QUEUE);
	OK(memcmp(f.id.b, id.b, sizeof id.b) == 0 && f.captured > 0);
	OK(field_is(&b, QA_F_HOST, "mx.example"));
	OK(qa_claims_peer(&b, 4711) == 0 && qa_facts_get(qa_buf_span(&b), &f, NULL) == 0);
	OK(qa_field_find(qa_buf_span(&b), QA_F_PEER, &v) == 1 && v.n == 12 && qa_le32_get(v.p + 8) == 4711);
	OK(qa_claims_capture(&small, &id, QA_MESSAGE, QA_QUEUE, "mx.example") == -1);
	qa_buf_free(&b);
	qa_buf_free(&small);
}

int
main(void)
{
	helo();
	caller();
	capture();
	return done();
}
