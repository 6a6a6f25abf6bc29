/*
 * journal-dump HOME [MESSAGES]: every record in HOME/journal and HOME/journal/direct as text: "record FILE OFFSET", then
 * a line NAME=value for each field (bytes that are not printable as \xx), "message=LENGTH" and "sha256=...". With MESSAGES, a folder,
 * each message is written there as a file named by its record id. Exit 1 when a file is damaged.
 */
#include "base/text.h"
#include "base/num.h"
#include "journal/scan.h"
#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>

static const char *messages;
static int damaged;

static void
show(unsigned type, qa_span v)
{
	char hex[2 * QA_SHA256_SIZE + 1];

	printf("%s=", qa_field_name(type));
	switch (type) {
	case QA_F_ID:
	case QA_F_REFERS:
		qa_hex(v.p, v.n, hex);
		fputs(hex, stdout);
		break;
	case QA_F_KIND:
		fputs(qa_kind_name(v.p[0]), stdout);
		break;
	case QA_F_SOURCE:
		fputs(qa_source_name(v.p[0]), stdout);
		break;
	case QA_F_PEER:
		printf("%u %u %u", qa_le32_get(v.p), qa_le32_get(v.p + 4), qa_le32_get(v.p + 8));
		break;
	case QA_F_UID:
		printf("%u", qa_le32_get(v.p));
		break;
	case QA_F_CAPTURED:
	case QA_F_HEADONLY:
		printf("%llu", (unsigned long long)qa_le64_get(v.p));
		break;
	default:
		for (size_t i = 0; i < v.n; i++)
			printf(v.p[i] < 0x20 || v.p[i] > 0x7e || v.p[i] == '\\' ? "\\%02x" : "%c", v.p[i]);
	}
	putchar('\n');
}

static void
write_message(const struct qa_id *id, qa_span m)
{
	char name[QA_ID_TEXT], path[4096];

	qa_hex(id->b, sizeof id->b, name);
	snprintf(path, sizeof path, "%s/%s", messages, name);
	FILE *f = fopen(path, "wb");
	if (!f || (m.n && fwrite(m.p, 1, m.n, f) != m.n) || fclose(f))
		exit(2);
}

static void
record(const char *name, const struct qa_scanned *r)
{
	char hex[QA_SHA256_TEXT];
	struct qa_facts f;
	size_t at = 0;
	unsigned type;
	qa_span v;

	printf("record %s %llu\n", name, (unsigned long long)r->offset);
	while (qa_field_next(r->fields, &at, &type, &v) == 1)
		show(type, v);
	qa_hex(r->head.digest.b, sizeof r->head.digest.b, hex);
	printf("message=%zu\nsha256=%s\n", r->message.n, hex);
	if (qa_facts_get(r->fields, &f, NULL))
		damaged = 1;
	else if (messages)
		write_message(&f.id, r->message);
}

static void
one_file(int dirfd, const char *below, const char *name)
{
	struct qa_scan s;
	struct qa_scanned r;
	struct qa_err err;
	char path[4096 + 300];
	int rc;

	snprintf(path, sizeof path, "%.4000s/%.256s", below, name);
	if (qa_scan_open(&s, dirfd, name, path, &err)) {
		fprintf(stderr, "journal-dump: %s\n", err.text);
		exit(2);
	}
	while ((rc = qa_scan_next(&s, true, &r, &err)) == 1)
		record(path, &r);
	if (rc < 0)
		fprintf(stderr, "journal-dump: %s\n", err.text);
	if (rc < 0 || s.damaged)
		damaged = 1;
	qa_scan_close(&s);
}

static void
folder(const char *home, const char *below, size_t length)
{
	struct qa_names names;
	struct qa_err err;
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", home, below);
	int dirfd = qa_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &err);
	if (dirfd < 0 || qa_listdir(dirfd, ".", &names, &err)) {
		fprintf(stderr, "journal-dump: %s\n", err.text);
		exit(2);
	}
	for (size_t i = 0; i < names.n; i++)
		if (strlen(names.v[i]) == length)
			one_file(dirfd, path, names.v[i]);
	qa_names_free(&names);
	qa_close(&dirfd);
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: journal-dump HOME [MESSAGES]\n");
		return 2;
	}
	messages = argv[2];
	folder(argv[1], "journal", 16);
	folder(argv[1], "journal/direct", 32);
	return damaged;
}
