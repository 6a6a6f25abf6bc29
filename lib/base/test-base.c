/* Numbers, text, time and digests: the edges where such code goes wrong. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/num.h"
#include "base/sha256.h"
#include "base/text.h"
#include "tests/tap.h"

#include <errno.h>

static void
numbers(void)
{
	uint64_t v = 7;

	OK(qa_span_is(qa_span_trim(qa_span_str(" \t\r\na b\n ")), "a b"));
	OK(qa_span_trim(qa_span_str(" \r\n")).n == 0 && qa_span_trim(qa_span_of(NULL, 0)).n == 0);
	OK(qa_scan_u64(qa_span_str("18446744073709551615"), &v) == 0 && v == UINT64_MAX);
	OK(qa_scan_u64(qa_span_str("18446744073709551616"), &v) == -1);
	OK(qa_scan_u64(qa_span_str(""), &v) == -1 && qa_scan_u64(qa_span_str("-1"), &v) == -1);
	OK(qa_scan_size(qa_span_str("16G"), &v) == 0 && v == UINT64_C(16) << 30);
	OK(qa_scan_size(qa_span_str("16777216T"), &v) == -1);
	OK(qa_scan_size(qa_span_str("K"), &v) == -1);
	OK(qa_scan_hex64(qa_span_str("00000000000000ff"), &v) == 0 && v == 255);
	OK(qa_scan_hex64(qa_span_str("00000000000000FF"), &v) == -1);
}

static void
bytes(void)
{
	struct qa_buf b = QA_BUF(0), c = QA_BUF(8), d = QA_BUF(0);
	unsigned char raw[3];

	for (unsigned len = 0; len < 70; len++) {
		unsigned char in[70];

		for (unsigned i = 0; i < len; i++)
			in[i] = (unsigned char)(i * 37 + len);
		qa_buf_clear(&b);
		qa_buf_clear(&d);
		if (qa_base64_add(&b, qa_span_of(in, len)) || qa_unbase64_add(&d, qa_buf_span(&b)) ||
		    d.n != len || (len && memcmp(d.p, in, len)))
			OKF(0, "base64 of %u bytes comes back", len);
	}
	qa_buf_clear(&d);
	OK(qa_unbase64_add(&d, qa_span_str("QR==")) == -1 && errno == EPROTO);
	OK(qa_unbase64_add(&d, qa_span_str("QQ=")) == -1 && d.n == 0);
	OK(qa_unbase64_add(&d, qa_span_str("Q=Q=")) == -1);
	OK(qa_unbase64_add(&d, qa_span_str("QQ==")) == 0 && d.n == 1 && d.p[0] == 'A');
	OK(qa_unhex(qa_span_str("00fFa1"), raw, 3) == 0 && raw[1] == 255 && raw[2] == 0xa1);
	OK(qa_unhex(qa_span_str("00fg00"), raw, 3) == -1);

	OK(qa_buf_add(&c, "12345678", 8) == 0 && qa_buf_addc(&c, '9') == -1 && errno == EOVERFLOW);
	OK(c.n == 8 && strcmp(qa_buf_cstr(&c), "12345678") == 0);

	qa_buf_clear(&b);
	OK(qa_json_add(&b, qa_span_of("a\"\\\n\0\xff\xe3\x81\x82", 9)) == 0 &&
	   qa_span_is(qa_buf_span(&b), "\"a\\\"\\\\\\n\\u0000\\ufffd\xe3\x81\x82\""));
	qa_buf_clear(&b);
	OK(strcmp(qa_noun(1, "leaf", "leaves"), "leaf") == 0 && strcmp(qa_noun(0, "leaf", "leaves"), "leaves") == 0 &&
	   strcmp(qa_noun((uint64_t)1 << 32 | 1, "leaf", "leaves"), "leaves") == 0);
	OK(qa_show_add(&b, qa_span_of("a\033[1m\xc2\x9b\xed\xa0\x80z", 11)) == 0 &&
	   qa_span_is(qa_buf_span(&b), "a?[1m????z"));
	qa_buf_clear(&b);
	OK(qa_show_add(&b, qa_span_str("a\xe2\x80\xae" "b\xe2\x80\xa8" "c\xe2\x81\xa6" "d\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5")) == 0 &&
	   qa_span_is(qa_buf_span(&b), "a?b?c?d\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5"));
	qa_buf_clear(&b);
	OK(qa_json_add(&b, qa_span_str("a\x1b\xc2\x9b\xc2\xa0\x7f")) == 0 &&
	   qa_span_is(qa_buf_span(&b), "\"a\\u001b\\u009b\xc2\xa0\\u007f\""));
	qa_buf_free(&b);
	qa_buf_free(&c);
	qa_buf_free(&d);
}

static void
times(void)
{
	char text[QA_RFC3339_TEXT], month[QA_MONTH_TEXT];
	qa_month m;
	int bad = 0;

	qa_rfc3339(UINT64_C(1795404125) * QA_SECOND + 1, text);
	OKF(strcmp(text, "2026-11-23T03:22:05.000000001Z") == 0, "%s", text);
	for (int64_t day = 0; day < 200000; day++) {
		struct qa_date d = qa_date_of((uint64_t)day * 86400 * QA_SECOND);

		bad += qa_seconds_of(d.year, d.month, d.day, 0, 0, 0) != day * 86400;
		bad += d.weekday != (unsigned)((day + 4) % 7);
	}
	OKF(bad == 0, "200000 days there and back");
	OK(qa_month_scan(qa_span_str("2024-02"), &m) == 0);
	qa_month_text(m, month);
	OK(strcmp(month, "2024-02") == 0);
	OK(qa_month_of(UINT64_C(1709251199) * QA_SECOND) == m); /* 2024-02-29T23:59:59 */
	OK(qa_month_of(UINT64_C(1709251200) * QA_SECOND) == m + 1);
	OK(qa_month_scan(qa_span_str("2024-13"), &m) == -1 && qa_month_scan(qa_span_str("2024-2"), &m) == -1);
}

int
main(void)
{
	struct qa_err err;
	struct qa_digest d = qa_sha256_of(qa_span_str("abc"));
	char hex[QA_SHA256_TEXT];

	numbers();
	bytes();
	times();
	qa_hex(d.b, sizeof d.b, hex);
	OK(strcmp(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0);
	OK(qa_fail(&err, ENOENT, "cannot open %s: ", "x") == -1 && errno == ENOENT &&
	   strcmp(err.text, "cannot open x: No such file or directory") == 0);
	OK(qa_fail_in(&err, "domain %s", "d") == -1 &&
	   strcmp(err.text, "domain d: cannot open x: No such file or directory") == 0);
	return done();
}
