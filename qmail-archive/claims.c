#include "qmail-archive/claims.h"
#include "base/clock.h"
#include "base/num.h"

#include <stdlib.h>
#include <unistd.h>

int
qa_claims_capture(struct qa_buf *fields, const struct qa_id *id, enum qa_kind kind, enum qa_source source,
		  const char *host)
{
	unsigned char uid[4];

	qa_le32_put(uid, getuid());
	return qa_field_add(fields, QA_F_ID, qa_span_of(id->b, sizeof id->b)) ||
			       qa_field_add_u8(fields, QA_F_KIND, (uint8_t)kind) ||
			       qa_field_add_u64(fields, QA_F_CAPTURED, qa_now()) ||
			       qa_field_add_u8(fields, QA_F_SOURCE, (uint8_t)source) ||
			       qa_field_add_str(fields, QA_F_HOST, host) ||
			       qa_field_add(fields, QA_F_UID, qa_span_of(uid, sizeof uid))
		       ? -1
		       : 0;
}

int
qa_claims_peer(struct qa_buf *fields, unsigned pid)
{
	unsigned char peer[12];

	qa_le32_put(peer, geteuid());
	qa_le32_put(peer + 4, getegid());
	qa_le32_put(peer + 8, pid);
	return qa_field_add(fields, QA_F_PEER, qa_span_of(peer, sizeof peer));
}

static qa_span
claim(const char *name)
{
	return qa_span_cut(qa_span_str(getenv(name)), 0, QA_CLAIM_MAX);
}

static int
add(struct qa_buf *fields, enum qa_field type, qa_span value)
{
	return value.n ? qa_field_add(fields, type, value) : 0;
}

static qa_span
auth_user(void)
{
	static const char *const name[] = {"SMTPAUTHUSER", "SMTP_AUTH_USER", "AUTHUSER"};

	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		if (claim(name[i]).n)
			return claim(name[i]);
	return getenv("RELAYCLIENT") ? claim("TCPREMOTEINFO") : qa_span_of(NULL, 0);
}

int
qa_claims_caller(struct qa_buf *fields, qa_span head)
{
	qa_span ip = claim("TCPREMOTEIP"), proto = claim("PROTO"), helo;

	if (add(fields, QA_F_REMOTE_IP, ip) || add(fields, QA_F_REMOTE_HOST, claim("TCPREMOTEHOST")))
		return -1;
	if (qa_claims_helo(head, ip, &helo) && add(fields, QA_F_HELO, helo))
		return -1;
	if (add(fields, QA_F_AUTH, auth_user()))
		return -1;
	if (getenv("RELAYCLIENT") && qa_field_add(fields, QA_F_RELAYCLIENT, claim("RELAYCLIENT")))
		return -1;
	if (qa_field_add(fields, QA_F_PROTO, proto.n ? proto : qa_span_str("local")))
		return -1;
	return add(fields, QA_F_LOCAL_PORT, claim("TCPLOCALPORT"));
}

/* Where WHAT begins in s; s.n when it does not occur. */
static size_t
find(qa_span s, qa_span what)
{
	const void *p = s.n && what.n ? memmem(s.p, s.n, what.p, what.n) : NULL;

	return p ? (size_t)((const unsigned char *)p - s.p) : s.n;
}

int
qa_claims_helo(qa_span head, qa_span remote_ip, qa_span *helo_r)
{
	static const char from[] = "Received: from ", helo[] = " (HELO ", ehlo[] = " (EHLO ";
	qa_span line = qa_span_cut(head, 0, find(head, qa_span_str("\n"))), name;
	size_t start = sizeof from - 1, ip;

	if (remote_ip.n == 0 || line.n < start || memcmp(line.p, from, start) != 0)
		return 0;
	line = qa_span_cut(line, start, line.n);
	ip = find(line, remote_ip);
	if (ip == line.n || ip == 0 || (line.p[ip - 1] != '(' && line.p[ip - 1] != '@') ||
	    ip + remote_ip.n >= line.n || line.p[ip + remote_ip.n] != ')')
		return 0;
	line = qa_span_cut(line, 0, ip);
	start = find(line, qa_span_str(helo));
	if (start == line.n)
		start = find(line, qa_span_str(ehlo));
	if (start < line.n) {
		name = qa_span_cut(line, start + sizeof helo - 1, line.n);
		name = qa_span_cut(name, 0, find(name, qa_span_str(") (")));
	} else {
		name = qa_span_cut(line, 0, find(line, qa_span_str(" (")));
	}
	*helo_r = qa_span_cut(name, 0, QA_CLAIM_MAX);
	return 1;
}
