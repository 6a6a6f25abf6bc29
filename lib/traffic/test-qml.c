/* Traffic files: their names and their lines. */
#include "traffic/qml.h"

#include "tests/tap.h"

static int
line(const char *s, struct qa_qml_row *r)
{
	const char *why = "";

	return qa_qml_line(qa_span_str(s), r, &why);
}

static void
lines(void)
{
	static const char *const bad[] = {"",		  "|",		  "|||||",	   "a|1|2|3|",	     "|a|1|2|3",     "|a|1|2|",
					  "|a|1|2|3|4|",  "|a|1|2|3|x",	  "|a|1|2|3| ",	   " |a|1|2|3|",     "||1|2|3|",     "|a|-1|2|3|",
					  "|a|+1|2|3|",	  "|a| 1|2|3|",	  "|a|1|2||",	   "|a|1.5|2|3|",    "|a|0x1|2|3|",  "|a b|1|2|3|",
					  "|a\tb|1|2|3|", "|a\177|1|2|3|", "|\377|1|2|3|", "|a|1000000000001|2|3|", "|name|xFer(kB)|Hits_All|Hits_HTML|"};
	struct qa_qml_row r;
	char long_name[400];

	OK(line("|example.com|1834|12|0|", &r) == 0 && qa_span_is(r.name, "example.com") && r.kb == 1834 && r.hits == 12 && r.html == 0);
	OK(line("|b\303\274cher|1000000000000|007|18|", &r) == 0 && r.kb == QA_QML_MOST && r.hits == 7 && r.html == 18);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OKF(line(bad[i], &r) == -1, "no line: %s", i == 20 ? "bytes" : bad[i]);
	snprintf(long_name, sizeof long_name, "|%0255d|1|2|3|", 1);
	OK(line(long_name, &r) == 0);
	snprintf(long_name, sizeof long_name, "|%0256d|1|2|3|", 1);
	OK(line(long_name, &r) == -1);
	OK(qa_qml_line(qa_span_of("|a\0b|1|2|3|", 11), &r, &(const char *){NULL}) == -1);
}

static int
file(const char *s, unsigned long *line_r)
{
	struct qa_qml q = {.rest = qa_span_str(s)};
	struct qa_qml_row r;
	const char *why;
	int n = 0, rc;

	while ((rc = qa_qml_next(&q, &r, &why)) == 1)
		n++;
	*line_r = q.line;
	return rc < 0 ? -1 : n;
}

static void
files(void)
{
	unsigned long at;

	OK(file("", &at) == 0);
	OK(file("|name|xFer(kB)|Hits_All|Hits_HTML|\n", &at) == 0);
	OK(file("|name|xFer(kB)|Hits_All|Hits_HTML|\r\n|a|1|2|3|\r\n|b|1|2|3|\n", &at) == 2);
	OK(file("|a|1|2|3|\n|name|xFer(kB)|Hits_All|Hits_HTML|\n", &at) == -1 && at == 2);
	OK(file("|a|1|2|3|\n\n|b|1|2|3|\n", &at) == -1 && at == 2);
	OK(file("|a|1|2|3|\n|b|1|2|3|", &at) == -1 && at == 2);
	OK(file("|a|1|2|3|\n|b|1|2|3|\n|", &at) == -1 && at == 3);
}

static void
names(void)
{
	static const struct {
		const char *name;
		int rc;
		const char *day, *kind;
	} t[] = {
	    {"23.11.2026.qml.txt", 1, "2026-11-23", "mail"},
	    {"23.11.2026.qml", 1, "2026-11-23", "mail"},
	    {"01.01.1970.txt", 1, "1970-01-01", "web"},
	    {"31.12.9999.gst.txt", 1, "9999-12-31", "gst"},
	    {"29.02.2024.ftp.txt", 1, "2024-02-29", "ftp"},
	    {"29.02.2026.ftp.txt", -1, NULL, NULL},
	    {"29.02.1900.txt", -1, NULL, NULL},
	    {"31.04.2026.txt", -1, NULL, NULL},
	    {"00.04.2026.txt", -1, NULL, NULL},
	    {"11.13.2026.qml.txt", -1, NULL, NULL},
	    {"", 0, NULL, NULL},
	    {"23.11.2026", 0, NULL, NULL},
	    {"23.11.2026.", 0, NULL, NULL},
	    {"23.11.2026.qml.txt.gz", 0, NULL, NULL},
	    {"23.11.26.qml.txt", 0, NULL, NULL},
	    {"3.11.2026.qml.txt", 0, NULL, NULL},
	    {"2026-11-23.web.xml", 0, NULL, NULL},
	    {".tmp.0123456789abcdef", 0, NULL, NULL},
	    {"x23.11.2026.txt", 0, NULL, NULL},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct qa_qml_file f;
		int rc = qa_qml_file(t[i].name, &f);

		OKF(rc == t[i].rc && (rc != 1 || (strcmp(f.day, t[i].day) == 0 && strcmp(f.kind, t[i].kind) == 0)), "name %s", t[i].name);
	}
}

int
main(void)
{
	lines();
	files();
	names();
	return done();
}
