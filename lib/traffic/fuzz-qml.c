/* Any bytes as a traffic file: a row that is taken says the same when it is written and read again; a file is read to its end
 * or to a line that is named. */
#include "traffic/qml.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
name(const uint8_t *p, size_t n)
{
	struct qa_qml_file f;
	char text[40] = {0};

	memcpy(text, p, n < sizeof text - 1 ? n : sizeof text - 1);
	if (qa_qml_file(text, &f) == 1 && (strlen(f.day) != 10 || memcmp(f.day, text + 6, 4) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_qml q = {.rest = qa_span_of(p, n)};
	struct qa_qml_row a, b;
	const char *why = NULL;
	char line[400];
	int rc;

	while ((rc = qa_qml_next(&q, &a, &why)) == 1) {
		int k = snprintf(line, sizeof line, "|%.*s|%llu|%llu|%llu|", (int)a.name.n, (const char *)a.name.p, (unsigned long long)a.kb,
				 (unsigned long long)a.hits, (unsigned long long)a.html);

		if (k < 0 || (size_t)k >= sizeof line || qa_qml_line(qa_span_of(line, (size_t)k), &b, &why))
			abort();
		if (!qa_span_eq(a.name, b.name) || a.kb != b.kb || a.hits != b.hits || a.html != b.html)
			abort();
	}
	if ((rc < 0) != (why != NULL && rc != 0) || (rc == 0 && q.rest.n))
		abort();
	name(p, n);
	return 0;
}
