/* Editing the table's text: one rule changes, all else stays byte for byte. */
#include "conf/edit.h"
#include "tests/tap.h"

#include <errno.h>
#include <string.h>

static const char text[] = "# head\n\n  example.com\tarchive=in  limit=5 # the firm\n.example.com\n"
			   "EXAMPLE.net as=example.com#no comment\nlast.org fail=open";
static struct qa_buf out = QA_BUF(0);
static struct qa_err err;

static bool
gives(int rc, int want_rc, const char *want)
{
	bool good = rc == want_rc && qa_span_is(qa_buf_span(&out), want);

	if (!good)
		printf("# %d %s\n# got:\n%s\n", rc, rc < 0 ? err.text : "", qa_buf_cstr(&out));
	qa_buf_clear(&out);
	return good;
}

#define P(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define HEAD "# head\n\n  example.com\tarchive=in  limit=5 # the firm\n"
#define WILD ".example.com\n"
#define NET "EXAMPLE.net as=example.com#no comment\n"
#define LAST "last.org fail=open"

int
main(void)
{
	qa_span t = qa_span_str(text);

	OK(gives(qa_edit_add(t, "new.org", P("archive=out", "fail=open"), &out, &err), 0,
		 HEAD WILD NET LAST "\nnew.org archive=out fail=open\n"));
	OK(gives(qa_edit_add(qa_span_str(""), ".a.org", NULL, 0, &out, &err), 0, ".a.org\n"));
	OK(gives(qa_edit_remove(t, "example.com", &out, &err), 1, "# head\n\n" WILD NET LAST));
	OK(gives(qa_edit_remove(t, ".EXAMPLE.com", &out, &err), 1, HEAD NET LAST));
	OK(gives(qa_edit_remove(t, "last.org", &out, &err), 1, HEAD WILD NET));
	OK(gives(qa_edit_remove(t, "none.org", &out, &err), 0, text));
	OK(gives(qa_edit_set(t, "Example.com", P("limit=7", "over=head"), &out, &err), 1,
		 "# head\n\n  example.com\tarchive=in limit=7 over=head # the firm\n" WILD NET LAST));
	OK(gives(qa_edit_set(t, "example.com", P("limit=", "archive="), &out, &err), 1,
		 "# head\n\n  example.com # the firm\n" WILD NET LAST));
	OK(gives(qa_edit_set(t, ".example.com", P("fail=open"), &out, &err), 1,
		 HEAD ".example.com fail=open\n" NET LAST));
	OK(gives(qa_edit_set(t, "last.org", P("fail=closed"), &out, &err), 1, HEAD WILD NET "last.org fail=closed"));
	OK(gives(qa_edit_set(t, "none.org", P("fail=open"), &out, &err), 0, text));

	/* nothing that is handed in becomes a second line or a comment */
	OK(qa_edit_add(t, "a.org\nb.org", NULL, 0, &out, &err) == -1 && err.num == EPROTO);
	OK(qa_edit_add(t, "#a.org", NULL, 0, &out, &err) == -1 && qa_edit_add(t, "", NULL, 0, &out, &err) == -1);
	OK(qa_edit_add(t, "..", NULL, 0, &out, &err) == -1 && qa_edit_add(t, ".default", NULL, 0, &out, &err) == -1);
	OK(qa_edit_add(t, "a.org", P("fail=open\nb.org"), &out, &err) == -1);
	OK(qa_edit_add(t, "a.org", P("fail=open b.org"), &out, &err) == -1);
	OK(qa_edit_add(t, "a.org", P("as=#"), &out, &err) == -1);
	OK(qa_edit_add(t, "a.org", P("fail"), &out, &err) == -1 && qa_edit_add(t, "a.org", P("=x"), &out, &err) == -1);
	OK(qa_edit_set(t, "a.org", P(""), &out, &err) == -1 && out.n == 0);
	struct qa_buf small = QA_BUF(20);
	OK(qa_edit_add(t, "a.org", NULL, 0, &small, &err) == -1 && err.num == EOVERFLOW);
	qa_buf_free(&small);
	qa_buf_free(&out);
	return done();
}
