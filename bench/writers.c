/*
 * writers: many processes that each make messages durable one after another, by the journal or without one.
 *
 *	writers journal HOME N COUNT SIZE	hands them to md_journal, waits for each answer
 *	writers files FOLDER N COUNT SIZE	one file, one fsync, one fsync of the folder each
 *
 * Prints RATE P50 P99 FAILED: messages a second, milliseconds.
 */
#include "base/clock.h"
#include "base/num.h"
#include "journal/door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *where;
static unsigned char *bytes;
static size_t size;

/* A message of its own each time. */
static void
change(unsigned writer, unsigned number)
{
	memcpy(bytes, &writer, sizeof writer);
	memcpy(bytes + sizeof writer, &number, sizeof number);
}

static int
write_all(int fd)
{
	for (size_t at = 0; at < size;) {
		ssize_t r = write(fd, bytes + at, size - at);

		if (r <= 0)
			return -1;
		at += (size_t)r;
	}
	return 0;
}

static int
by_file(unsigned writer, unsigned number)
{
	static int folder = -1;
	char name[64];

	if (folder < 0)
		folder = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(name, sizeof name, "%u.%u", writer, number);
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int bad = fd < 0 || write_all(fd) || fsync(fd) || close(fd) || fsync(folder);

	return bad ? -1 : 0;
}

static int
by_journal(void)
{
	static struct qa_buf fields;
	static int sock = -1;
	struct qa_record_head h = {.message = size, .digest = qa_sha256_of(qa_span_of(bytes, size))};
	struct qa_err err;
	struct qa_id id;
	int status = 1, fd = memfd_create("message", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	qa_buf_clear(&fields);
	if (sock < 0 && (sock = qa_door_connect(where, &err)) < 0)
		return -1;
	if (fd < 0 || write_all(fd) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) ||
	    qa_random(id.b, sizeof id.b) || qa_field_add(&fields, QA_F_ID, qa_span_of(id.b, sizeof id.b)) ||
	    qa_field_add_u8(&fields, QA_F_KIND, QA_MESSAGE) || qa_field_add_u64(&fields, QA_F_CAPTURED, qa_now()) ||
	    qa_field_add_u8(&fields, QA_F_SOURCE, QA_QUEUE) || qa_field_add_str(&fields, QA_F_HOST, "bench") ||
	    qa_field_add_str(&fields, QA_F_SENDER, "sender@example.org") ||
	    qa_field_add_str(&fields, QA_F_RECIPIENT, "user@example.com"))
		return -1;
	h.fields = fields.n;
	if (qa_door_send(sock, &h, QA_DOOR_STORE, qa_buf_span(&fields), fd, &err) ||
	    qa_door_wait(sock, qa_tick() + 30 * QA_SECOND, &id, &status, &err) != 1)
		return -1;
	close(fd);
	return status ? -1 : 0;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int
writer(unsigned w, unsigned count, uint64_t *ns, bool files)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t start = qa_tick();

		change(w, i);
		if (files ? by_file(w, i) : by_journal())
			return 1;
		ns[i] = qa_tick() - start;
	}
	return 0;
}

static uint64_t
number(const char *s)
{
	uint64_t v;

	if (qa_scan_u64(qa_span_str(s), &v) || v < 1 || v > 1 << 24) {
		fprintf(stderr, "writers: %s is no good number\n", s);
		exit(2);
	}
	return v;
}

int
main(int argc, char **argv)
{
	int status, failed = 0;

	if (argc != 6) {
		fprintf(stderr, "usage: writers journal|files HOME|FOLDER N COUNT SIZE\n");
		return 2;
	}
	bool files = strcmp(argv[1], "files") == 0;
	unsigned n = (unsigned)number(argv[3]), count = (unsigned)number(argv[4]);
	size_t all = (size_t)n * count;
	uint64_t *ns = mmap(NULL, all * sizeof *ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	where = argv[2];
	size = (size_t)number(argv[5]);
	bytes = calloc(1, size + 16);
	if (ns == MAP_FAILED || !bytes)
		return 2;
	uint64_t start = qa_tick();
	for (unsigned w = 0; w < n; w++)
		if (fork() == 0)
			_exit(writer(w, count, ns + (size_t)w * count, files));
	while (wait(&status) > 0)
		failed += status != 0;
	double took = (double)(qa_tick() - start) / 1e9;
	qsort(ns, all, sizeof *ns, by_size);
	printf("%.0f %.3f %.3f %d\n", (double)all / took, (double)ns[all / 2] / 1e6, (double)ns[all * 99 / 100] / 1e6, failed);
	return failed ? 1 : 0;
}
