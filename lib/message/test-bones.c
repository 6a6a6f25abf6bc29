/* What GMime gets to see of a body: never longer or shorter than it, and bounded whatever comes. */
#include "message/bones.h"
#include "tests/tap.h"

#include <gmime/gmime.h>

static struct qa_message_limits limits = QA_MESSAGE_LIMITS;
static struct qa_bones bones;

static bool
make(const char *type, qa_span body)
{
	bool good;

	qa_bones_free(&bones);
	good = qa_bones_make(&bones, qa_span_str(type), body, &limits);
	if (good && bones.copy.b.n != bones.base + body.n + 2)
		OKF(0, "the copy has the length of the body");
	return good;
}

static qa_span
copy(void)
{
	return qa_span_of(bones.copy.b.p + bones.base, bones.copy.b.n - bones.base - 2);
}

static size_t
count(const char *what)
{
	qa_span s = copy();
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

	if (!OKF(good && qa_span_is(copy(), want), "shape %d", ++shapes))
		printf("# have [%.*s]\n", (int)copy().n, copy().p);
}

static void
lines(void)
{
	shape("multipart/mixed; boundary=b", "x\n--b\n\ny\n--b--\n", "\1\n--b\n\n\1\n--b--\n");
	shape("multipart/mixed; boundary=b", "--c\n--b \n--bc\n-- b", "X:c\n--b \nX:bc\n\1- b");
	shape("multipart/mixed; boundary=b", "--b\nTo: a@b\nContent-type: a/b\nContent-Type: c/d\nx\n\n",
	      "--b\nX:: a@b\nContent-type: a/b\n\1ontent-Type: c/d\n\1\n\n");
	/* known from the head that names it on */
	shape("multipart/mixed; boundary=b", "--c\nContent-Type: multipart/x; boundary=c\n\n--c\n",
	      "X:c\nContent-Type: multipart/x; boundary=c\n\n--c\n");
	shape("multipart/mixed; boundary=b", "--b\nContent-Type: a/b;\n name=c\n folded\n\n", "--b\nContent-Type: a/b;\n name=c\n folded\n\n");
	/* blanks that end a head */
	shape("multipart/mixed; boundary=b", "--b\n \ntext\n", "--b\n\n\nX:xt\n");
	shape("multipart/mixed; boundary=b", "--b\r--c\r\r", "--b\nX:c\n\n");
	shape("multipart/mixed; boundary=\"a\n b\"", "--a b\n", "--a b\n");
	OK(make("multipart/mixed; boundary=b", qa_span_str("--b\nx")) && qa_bones_boundary(&bones, 0) && !qa_bones_boundary(&bones, 4) &&
	   !qa_bones_boundary(&bones, 99));
}

static void
labels(void)
{
	/* no charset for iconv, no quote out of a two-byte character; boundaries stay equal to their lines */
	shape("multipart/mixed; boundary=b", "Content-Type: a/b; x*=utf-7'e'%41; y=\"=?utf-7?q?a?=\"; z=\"\x83\x5c\xe9\"\n",
	      "Content-Type: a/b; x*=utf-7_e__41; y=\"=_utf-7?q?a?=\"; z=\"___\"\n");
	shape("multipart/mixed; boundary=b", "Content-Type: a/b; z=\"\x1b$B\"\"\x1b(B\"\n", "Content-Type: a/b; z=\"______(B\"\n");
	shape("multipart/mixed; boundary=\"=?\xe3\x81\x82'\"", "--=?\xe3\x81\x82'\n--=?\xe3\x81\x84'\n", "--=_____\n--=_____\n");
}

static void
bounds(void)
{
	static char big[300000];
	struct qa_message_limits usual = limits;

	limits.parts = 3;
	OK(make("multipart/mixed; boundary=b", qa_span_str("--b\n--b\n--b\n--b\n")) && count("--b") == 3 && bones.over);
	OK(make("multipart/mixed; boundary=b",
		qa_span_str("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n")) &&
	   count("\nContent") == 1 && bones.over);
	limits = usual;

	memset(big, 'x', sizeof big);
	OK(make("multipart/mixed; boundary=b", qa_span_of(big, sizeof big)) && count("\n") == sizeof big / 65536);
	for (size_t i = 0; i < sizeof big; i += 10)
		big[i] = '\n';
	limits.head_bytes = 1000;
	OK(make("multipart/mixed; boundary=b", qa_span_of(big, sizeof big)) && count("\n\n") >= sizeof big / 1100);
	limits = usual;

	memset(big, 'x', sizeof big);
	memcpy(big, "--b\nContent-Type: a/b;", 22);
	memcpy(big + QA_BONES_FIELD, "\n\n", 2);
	OK(make("multipart/mixed; boundary=b", qa_span_of(big, 20000)) && count("Content") == 1);
	memset(big + QA_BONES_FIELD, 'x', 4);
	memcpy(big + QA_BONES_FIELD + 5, "\n\n", 2);
	OK(make("multipart/mixed; boundary=b", qa_span_of(big, 20000)) && count("Content") == 0);
	memset(big, 'x', sizeof big);
	big[QA_BONES_FIELD + 1] = '\0';
	OK(!make(big, qa_span_str("")) && bones.over);

	memcpy(big, "multipart/mixed; boundary=", 26);
	big[26 + QA_BONES_BOUNDARY] = '\0';
	OK(make(big, qa_span_str("")));
	big[26 + QA_BONES_BOUNDARY] = 'x';
	big[27 + QA_BONES_BOUNDARY] = '\0';
	OK(!make(big, qa_span_str("")) && strstr(bones.over, "boundary"));
	OK(make("multipart/mixed", qa_span_str("--\n")) && make("multipart/mixed; boundary=b", qa_span_of(NULL, 0)));
}

int
main(void)
{
	g_mime_init();
	lines();
	labels();
	bounds();
	qa_bones_free(&bones);
	return done();
}
