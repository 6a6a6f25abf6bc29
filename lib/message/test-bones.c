/* What GMime gets to see of a body: bounded whatever comes, each bone in its place. */
#include "message/bones.h"
#include "tests/tap.h"

#include <gmime/gmime.h>

static struct qa_message_limits limits = QA_MESSAGE_LIMITS;
static struct qa_bones bones;

/* The bones behind their head. */
static qa_span
text(void)
{
	const unsigned char *p = bones.text.b.p ? memmem(bones.text.b.p, bones.text.b.n, "\n\n", 2) : NULL;

	return p ? qa_span_cut(qa_sink_span(&bones.text), (size_t)(p + 2 - bones.text.b.p), bones.text.b.n)
		 : qa_span_of(NULL, 0);
}

static bool
make(const char *type, qa_span body)
{
	size_t at = bones.text.b.n, from = 0;
	bool good;

	qa_bones_free(&bones);
	good = qa_bones_make(&bones, qa_span_str(type), body, &limits);
	at = bones.text.b.n - text().n;
	for (size_t i = 0; good && i < bones.n; i++) {
		const struct qa_bone *v = bones.v + i;

		if (v->at < at || v->from < from || v->to <= v->from || v->to > body.n ||
		    bones.text.b.p[v->at - 1] != '\n' || qa_bones_find(&bones, v->from) != i ||
		    qa_bones_start(&bones, v->at + 1) != v->to)
			OKF(0, "bone %zu at %zu, %zu to %zu", i, v->at, v->from, v->to);
		at = v->at + 1;
		from = v->to;
	}
	return good;
}

static size_t
count(const char *what)
{
	qa_span s = text();
	size_t n = 0;

	for (const unsigned char *p; s.n && (p = memmem(s.p, s.n, what, strlen(what))); n++)
		s = qa_span_cut(s, (size_t)(p - s.p) + 1, s.n);
	return n;
}

static void
shape(const char *type, const char *body, const char *want)
{
	static int shapes;
	bool good = make(type, qa_span_str(body));

	if (!OKF(good && qa_span_is(text(), want), "shape %d", ++shapes))
		printf("# have [%.*s]\n", (int)text().n, text().p);
}

static void
lines(void)
{
	shape("multipart/mixed; boundary=b", "x\n--b\n\ny\n--b--\n", "--b\n\nX:\n--b--\n");
	shape("multipart/mixed; boundary=b", "--c\n--b \r\n--bc\n-- b", "--b\nX:\n");
	shape("multipart/mixed; boundary=b",
	      "--b\nTo: a@b\nContent-type: a/b\nContent-Type: c/d\nx\n\nContent-Type: e/f\n",
	      "--b\nX:\nContent-Type: a/b\n\nContent-Type: e/f\n");
	/* known from the head that names it on */
	shape("multipart/mixed; boundary=b", "--c\nContent-Type: multipart/x; boundary=c\n\n--c\n",
	      "Content-Type: multipart/x; boundary=\"c\"\n\n--c\n");
	shape("multipart/mixed; boundary=b", "--b\nContent-Type: A/B (c); x=y\n\n",
	      "--b\nContent-Type: A/B\n\n");
	shape("multipart/mixed; boundary=b",
	      "Content-Type: multipart/x; boundary=\"c\r\n d\\\"e\"; y\n\n--c d\"e--\n",
	      "Content-Type: multipart/x; boundary=\"c d\\\"e\"\n\n--c d\"e--\n");
	shape("multipart/mixed; boundary=b", "Content-Type: nothing\nContent-Transfer-Encoding: x\n y\n",
	      "Content-Transfer-Encoding: x y\n");
	/* blanks that end a head, and those that do not */
	shape("multipart/mixed; boundary=b", "--b\n \ntext\n", "--b\n\nX:\n");
	shape("multipart/mixed; boundary=b", "--b\nTo:\n \nTo: x\n", "--b\nX:\n");
	shape("multipart/mixed; boundary=b", "--b\r--c\r\r", "--b\nX:\n\n");
	shape("multipart/mixed; boundary=\"a\n b\"", "--a b\n", "--a b\n");
	/* of empty lines as many as can end heads */
	shape("multipart/mixed; boundary=b", "\n\n\n\n\n--b\n\nx\n\n\n\ny\n\n", "\n\n\n--b\n\nX:\n\n\n");
}

static void
places(void)
{
	const struct qa_bone *end;
	size_t at;

	OK(make("multipart/mixed; boundary=b", qa_span_str("x\n--b\nTo: y\n\n\nz\n--b--\n")) && bones.n == 6);
	at = bones.v[0].at;
	OK(qa_bones_start(&bones, at) == 0 && qa_bones_start(&bones, at + 4) == 6 &&
	   qa_bones_start(&bones, at + 8) == 13);
	end = qa_bones_end(&bones, at + 11); /* what ends in front of a line break */
	OK(end && end->from == 16 && end->to == 22 && qa_bones_end(&bones, at + 12) == end);
	OK(!qa_bones_end(&bones, bones.text.b.n) && qa_bones_end(&bones, at) == bones.v);
	OK(qa_bones_find(&bones, 0) == 0 && qa_bones_find(&bones, 3) == 1 && qa_bones_find(&bones, 17) == 6);
}

static void
labels(void)
{
	/* no charset for iconv, no quote out of a two-byte character; boundaries stay equal to their lines */
	shape("multipart/mixed; boundary=b",
	      "Content-Type: multipart/x; y=\"\x83\x5c\"; boundary*=utf-7'e'%41\n",
	      "Content-Type: multipart/x; boundary=\"utf-7_e__41\"\n");
	shape("multipart/mixed; boundary=b",
	      "Content-Type: multipart/x; z=\"\x1b$B\"\"\x1b(B\"; boundary==?utf-7?q?a?=\n",
	      "Content-Type: multipart/x; boundary=\"=_utf-7?q?a?=\"\n");
	shape("multipart/mixed; boundary=b", "Content-Transfer-Encoding: =?utf-7?q?a?=\n",
	      "Content-Transfer-Encoding: =_utf-7?q?a?=\n");
	shape("multipart/mixed; boundary=\"=?\xe3\x81\x82'\"", "--=?\xe3\x81\x82'\n--=?\xe3\x81\x82'--\n",
	      "--=_____\n--=_____--\n");
}

static void
bounds(void)
{
	static char big[20000];
	struct qa_message_limits usual = limits;
	struct qa_sink s = QA_SINK(0);

	limits.parts = 3;
	OK(make("multipart/mixed; boundary=b", qa_span_str("--b\n--b\n--b\n--b\n")) && count("--b") == 3 &&
	   bones.over);
	OK(make("multipart/mixed; boundary=b",
		qa_span_str("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nContent-Type: "
			    "message/rfc822\n\n")) &&
	   count("Content") == 2 && bones.over);
	for (int i = 0; i < 30; i++)
		qa_sink_add(&s, "Content-Type: a/b\n\n", 19);
	OK(make("multipart/mixed; boundary=b", qa_sink_span(&s)) && count("Content") == 24 &&
	   strstr(bones.over, "fields"));
	qa_sink_free(&s);
	limits = usual;

	memset(big, 'x', sizeof big);
	memcpy(big, "--b\nContent-Type: a/b;", 22);
	memcpy(big + QA_BONES_FIELD + 3, "\n\n", 2);
	OK(make("multipart/mixed; boundary=b", qa_span_of(big, sizeof big)) && count("Content") == 1);
	memcpy(big + QA_BONES_FIELD + 3, "x\n\n", 3);
	OK(make("multipart/mixed; boundary=b", qa_span_of(big, sizeof big)) && count("Content") == 0);
	memset(big, 'x', sizeof big);
	big[QA_BONES_FIELD + 1] = '\0';
	OK(!make(big, qa_span_str("")) && bones.over);

	memcpy(big, "multipart/mixed; boundary=", 26);
	big[26 + QA_BONES_BOUNDARY] = '\0';
	OK(make(big, qa_span_str("")));
	big[26 + QA_BONES_BOUNDARY] = 'x';
	big[27 + QA_BONES_BOUNDARY] = '\0';
	OK(!make(big, qa_span_str("")) && strstr(bones.over, "boundary"));
	OK(make("multipart/mixed", qa_span_str("--\n")) &&
	   make("multipart/mixed; boundary=b", qa_span_of(NULL, 0)) && bones.n == 0);
}

int
main(void)
{
	g_mime_init();
	lines();
	places();
	labels();
	bounds();
	qa_bones_free(&bones);
	return done();
}
