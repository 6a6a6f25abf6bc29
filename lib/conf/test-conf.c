/* Settings and control files: quoting, types, limits, and errors that name the line. */
#include "conf/conf.h"
#include "base/clock.h"
#include "sys/publish.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>

static bool
refused(const char *text, const char *want)
{
	struct qa_conf *c;
	struct qa_err err = {0, ""};

	if (qa_conf_parse(qa_span_str(text), "f.conf", &c, &err) == 0) {
		qa_conf_free(c);
		return false;
	}
	printf("# %s\n", err.text);
	return err.num == EPROTO && strncmp(err.text, want, strlen(want)) == 0;
}

static void
settings(void)
{
	struct qa_conf *c;
	struct qa_err err;
	uint64_t v = 42;
	bool b = false;

	OK(qa_conf_parse(qa_span_str("# template\n\n"
				     "db_datadir = \"/opt/data dir\"\n"
				     "  max.size=\"1G\" # comment\n"
				     "quote = \"a \\\"b\\\" \\\\ # c\"\r\n"
				     "bare = 7d#x\n"
				     "wait=\"500ms\"\nempty = \"\"\nyes = On\nlast = \"no\""),
			 "f.conf", &c, &err) == 0);
	OK(strcmp(qa_conf_text(c, "db_datadir"), "/opt/data dir") == 0);
	OK(strcmp(qa_conf_text(c, "quote"), "a \"b\" \\ # c") == 0);
	OK(strcmp(qa_conf_text(c, "empty"), "") == 0 && !qa_conf_text(c, "Empty"));
	OK(qa_conf_size(c, "max.size", &v, &err) == 1 && v == UINT64_C(1) << 30);
	OK(qa_conf_size(c, "none", &v, &err) == 0 && v == UINT64_C(1) << 30);
	OK(qa_conf_size(c, "bare", &v, &err) == -1 && err.num == EPROTO && strcmp(err.text, "f.conf:6: bare = \"7d\" is not a size") == 0);
	OK(qa_conf_duration(c, "bare", &v, &err) == 1 && v == 7 * 86400 * QA_SECOND);
	OK(qa_conf_duration(c, "wait", &v, &err) == 1 && v == QA_SECOND / 2);
	OK(qa_conf_bool(c, "yes", &b, &err) == 1 && b && qa_conf_bool(c, "last", &b, &err) == 1 && !b);
	OK(qa_conf_bool(c, "empty", &b, &err) == -1);
	static const char *const some[] = {"db_datadir", "max.size", "quote", "bare", NULL};
	OK(qa_conf_only(c, some, &err) == -1 && strcmp(err.text, "f.conf:7: unknown key wait") == 0);
	qa_conf_free(c);

	OK(refused("a = \"b\"\na = \"c\"\n", "f.conf:2: a is in line 1 already"));
	OK(refused("\na\n", "f.conf:2: not key"));
	OK(refused("a b = c\n", "f.conf:1: not key"));
	OK(refused("= \"x\"\n", "f.conf:1: not key"));
	OK(refused("a =\n", "f.conf:1: no value"));
	OK(refused("a = # c\n", "f.conf:1: no value"));
	OK(refused("a = \"x\n", "f.conf:1: no closing quote"));
	OK(refused("a = \"x\\", "f.conf:1: a \\ before"));
	OK(refused("a = \"\\n\"\n", "f.conf:1: a \\ before"));
	OK(refused("a = \"x\" y\n", "f.conf:1: something behind"));
	OK(refused("a = x y\n", "f.conf:1: something behind"));
	struct qa_buf many = QA_BUF(0);
	for (int i = 0; i <= QA_CONF_KEYS; i++)
		if (qa_buf_addf(&many, "k%d = 1\n", i))
			exit(2);
	OK(refused(qa_buf_cstr(&many), "f.conf:1001: more than 1000 keys"));
	qa_buf_free(&many);
	OK(qa_conf_parse(qa_span_of("a = \"\0\"", 7), "n", &c, &err) == -1);
}

static void
scanners(void)
{
	uint64_t v;
	bool b;

	OK(qa_scan_duration(qa_span_str("60"), &v) == 0 && v == 60 * QA_SECOND);
	OK(qa_scan_duration(qa_span_str("2h"), &v) == 0 && v == 7200 * QA_SECOND);
	OK(qa_scan_duration(qa_span_str("3m"), &v) == 0 && v == 180 * QA_SECOND);
	OK(qa_scan_duration(qa_span_str("5s"), &v) == 0 && v == 5 * QA_SECOND);
	OK(qa_scan_duration(qa_span_str("ms"), &v) == -1 && qa_scan_duration(qa_span_str("s"), &v) == -1);
	OK(qa_scan_duration(qa_span_str(""), &v) == -1 && qa_scan_duration(qa_span_str("1w"), &v) == -1);
	OK(qa_scan_duration(qa_span_str("99999999999d"), &v) == -1);
	OK(qa_scan_bool(qa_span_str("TRUE"), &b) == 0 && b && qa_scan_bool(qa_span_str("2"), &b) == -1);
}

static void
control(const char *dir)
{
	struct qa_buf out = QA_BUF(0);
	struct qa_err err;
	struct qa_conf *c;
	uint64_t v = 5;
	bool b;
	int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	OK(qa_control_text(d, "none", &out, &err) == 0 && out.n == 0);
	OK(qa_conf_read(d, "none", &c, &err) == 0 && !qa_conf_text(c, "x"));
	qa_conf_free(c);
	if (qa_publish(d, "one", qa_span_str("/var/qmail/bin/qmail-queue \t\r\n\nthe next program\n"), 0644, &err) ||
	    qa_publish(d, "empty", qa_span_str(" \n5\n"), 0644, &err) || qa_publish(d, "size", qa_span_str("16K"), 0644, &err) ||
	    qa_publish(d, "wait", qa_span_str("20s\n"), 0644, &err) || qa_publish(d, "flag", qa_span_str("off\n"), 0644, &err) ||
	    qa_publish(d, "nul", qa_span_of("a\0b\n", 4), 0644, &err))
		exit(2);
	OK(qa_control_text(d, "one", &out, &err) == 1 && qa_span_is(qa_buf_span(&out), "/var/qmail/bin/qmail-queue"));
	OK(qa_control_size(d, "empty", &v, &err) == 0 && v == 5);
	OK(qa_control_size(d, "size", &v, &err) == 1 && v == 16384);
	OK(qa_control_duration(d, "wait", &v, &err) == 1 && v == 20 * QA_SECOND);
	OK(qa_control_bool(d, "flag", &b, &err) == 1 && !b);
	OK(qa_control_size(d, "flag", &v, &err) == -1 && strcmp(err.text, "flag:1: \"off\" is not a size") == 0);
	OK(qa_control_text(d, "nul", &out, &err) == -1 && err.num == EPROTO);
	OK(qa_conf_read(d, "one", &c, &err) == -1 && strncmp(err.text, "one:1: ", 7) == 0);
	close(d);
	qa_buf_free(&out);
}

int
main(void)
{
	settings();
	scanners();
	control(tmp_make());
	return done();
}
