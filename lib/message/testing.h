/* For the tests of whole messages: read, parsed by limits that a test may change, looked at. */
#ifndef QA_MESSAGE_TESTING_H
#define QA_MESSAGE_TESTING_H

#include "message/message.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS "tests/corpus/"

static struct qa_message_limits limits = QA_MESSAGE_LIMITS;

__attribute__((unused)) static qa_span
slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	unsigned char *p = malloc((size_t)1 << 26);
	size_t n;

	if (!f || !p) {
		perror(path);
		exit(1);
	}
	n = fread(p, 1, (size_t)1 << 26, f);
	fclose(f);
	p = realloc(p, n ? n : 1);
	if (!p)
		exit(1);
	return qa_span_of(p, n);
}

__attribute__((unused)) static struct qa_document *
parse(qa_span s)
{
	struct qa_document *d;
	struct qa_err err;

	if (qa_message_parse(s, &limits, &d, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	return d;
}

__attribute__((unused)) static struct qa_document *
parse_text(const char *s)
{
	return parse(qa_span_str(s));
}

__attribute__((unused)) static bool
has(qa_span text, const char *words)
{
	return !*words || (text.n && memmem(text.p, text.n, words, strlen(words)));
}

/* Once, before the first parse. */
__attribute__((unused)) static void
start(void)
{
	limits.now = 1800000000;
	qa_message_init();
}

#endif
