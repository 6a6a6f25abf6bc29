/*
 * For the tests of this folder: a partition in a folder of its own, entries to put in, and what they should be.
 */
#ifndef QA_STORE_TESTING_H
#define QA_STORE_TESTING_H

#include "base/num.h"
#include "store/partition.h"
#include "store/seal.h"
#include "sys/sys.h"
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct home {
	char root[256], depot[300], var[300], folder[320];
	struct qa_partition_where w;
};

__attribute__((unused)) static void
home_make(struct home *h)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(h->root, sizeof h->root, "%s/store.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(h->root)) {
		perror("mkdtemp");
		exit(99);
	}
	snprintf(h->depot, sizeof h->depot, "%s/depot", h->root);
	snprintf(h->var, sizeof h->var, "%s/var", h->root);
	snprintf(h->folder, sizeof h->folder, "%s/2026-11", h->depot);
	if (mkdir(h->depot, 0700) || mkdir(h->var, 0700))
		exit(99);
	h->w = (struct qa_partition_where){h->depot, h->var, "example.com", 2026 * 12 + 10};
}

__attribute__((unused)) static void
run(const char *fmt, const char *a, const char *b)
{
	char cmd[1200];

	snprintf(cmd, sizeof cmd, "%s '%s' '%s'", fmt, a, b);
	fflush(stdout);
	if (system(cmd)) {
		printf("Bail out! %s\n", cmd);
		exit(99);
	}
}

__attribute__((unused)) static void
home_free(struct home *h)
{
	run("rm -rf", h->root, "/nonexistent");
}

/* Its handles; what cannot be opened ends the test. */
__attribute__((unused)) static struct qa_partition *
home_writer(struct home *h, uint64_t committed)
{
	struct qa_partition *p;
	struct qa_err err;

	if (qa_partition_append(&h->w, committed, &p, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(99);
	}
	return p;
}

__attribute__((unused)) static struct qa_partition *
home_reader(struct home *h)
{
	struct qa_partition *p;
	struct qa_err err;

	if (qa_partition_read(&h->w, &p, &err) != 1) {
		printf("Bail out! cannot read: %s\n", err.text);
		exit(99);
	}
	return p;
}

/* Its files, past the code under test. */
__attribute__((unused)) static void
home_file(struct home *h, const char *name, char out[400])
{
	snprintf(out, 400, "%s/%s", h->folder, name);
}

__attribute__((unused)) static struct qa_buf
home_load(struct home *h, const char *name)
{
	struct qa_buf b = QA_BUF(0);
	char path[400];

	home_file(h, name, path);
	if (qa_slurp(AT_FDCWD, path, &b, NULL) != 1)
		exit(99);
	return b;
}

__attribute__((unused)) static void
home_store(struct home *h, const char *name, const void *p, size_t n)
{
	char path[400];

	home_file(h, name, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n || close(fd))
		exit(99);
}

/* 0: it is not there. */
__attribute__((unused)) static uint64_t
home_size(struct home *h, const char *name)
{
	char path[400];
	struct stat st;

	home_file(h, name, path);
	return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

/* A message made of its number: short, with a trace, with parts, or large, in turn. Free it. */
struct made {
	unsigned char *p;
	size_t n;
	struct qa_new_entry e;
	unsigned char fields[64];
};

__attribute__((unused)) static uint32_t
mix(uint32_t x)
{
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

__attribute__((unused)) static void
put_base64(struct qa_buf *b, uint32_t seed, size_t raw, size_t line, const char *eol)
{
	static const char letter[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t x = seed | 1;
	size_t letters = raw / 3 * 4;

	for (size_t i = 0; i < letters; i++) {
		if (i && i % line == 0 && qa_buf_addstr(b, eol))
			exit(99);
		x = mix(x);
		if (qa_buf_addc(b, (unsigned char)letter[x & 63]))
			exit(99);
	}
	if (qa_buf_addstr(b, eol))
		exit(99);
}

__attribute__((unused)) static void
entry_of(struct made *m, qa_span message, uint32_t seed)
{
	memset(m->fields, 0, sizeof m->fields);
	m->e = (struct qa_new_entry){.has_message = message.p != NULL, .message = message};
	m->e.digest = qa_sha256_of(message);
	for (size_t i = 0; i < 16; i++)
		m->e.id.b[i] = (unsigned char)(seed * 31 + i * 7 + (seed >> 8));
	qa_le32_put(m->e.id.b, mix(seed + 77));
	for (size_t i = 0; i < 32; i++)
		m->e.secret[i] = (unsigned char)(seed + i);
	qa_le16_put(m->fields, 1);
	qa_le32_put(m->fields + 2, 16);
	memcpy(m->fields + 6, m->e.id.b, 16);
	qa_le16_put(m->fields + 22, 8);
	qa_le32_put(m->fields + 24, 4);
	qa_le32_put(m->fields + 28, seed);
	m->e.fields = qa_span_of(m->fields, 32);
}

__attribute__((unused)) static void
make_message(struct made *m, uint32_t k)
{
	struct qa_buf b = QA_BUF(0);

	if (k % 7 == 6) { /* an event */
		m->p = NULL;
		m->n = 0;
		entry_of(m, qa_span_of(NULL, 0), k);
		return;
	}
	if (k % 3 == 0 && qa_buf_addf(&b, "Received: from a by b; %u\n\tfolded\nReturn-Path: <x%u@y>\n", k, k))
		exit(99);
	if (qa_buf_addf(&b, "Subject: message %u\n\nHello %u.\n", k, k / 2))
		exit(99);
	for (uint32_t i = 0; i < mix(k + 1) % 60; i++)
		if (qa_buf_addf(&b, "line %u of message %u says %x\n", i, k, mix(i * k + 3)))
			exit(99);
	if (k % 5 == 1)
		put_base64(&b, k % 15, 6000 + k % 15 * 300, 76, k % 2 ? "\r\n" : "\n");
	if (k % 11 == 3)
		put_base64(&b, k, 90000, 60, "\n");
	m->p = b.p;
	m->n = b.n;
	entry_of(m, qa_span_of(b.p, b.n), k);
}

__attribute__((unused)) static void
made_free(struct made *m)
{
	free(m->p);
	m->p = NULL;
}

/* Entries for the numbers from .. to - 1: 0, -1. */
__attribute__((unused)) static int
add_many(struct qa_partition *p, uint32_t from, uint32_t to, struct qa_err *err)
{
	for (uint32_t k = from; k < to; k++) {
		struct made m;
		uint64_t n;

		make_message(&m, k);
		int rc = qa_partition_add(p, &m.e, &n, err);
		made_free(&m);
		if (rc)
			return -1;
	}
	return 0;
}

__attribute__((unused)) static int
flush_and_sync(struct qa_partition *p, uint64_t first_leaf, struct qa_err *err)
{
	struct qa_syncset set;

	qa_syncset_init(&set);
	if (qa_partition_flush(p, first_leaf, err) || qa_partition_sync(p, &set, err)) {
		qa_syncset_drop(&set);
		return -1;
	}
	return qa_syncset_commit(&set, err);
}

/* A round of entries whose seeds, leaves and numbers are from .. to - 1 (numbers from 1). */
__attribute__((unused)) static int
round_of(struct qa_partition *p, uint32_t from, uint32_t to, struct qa_err *err)
{
	return add_many(p, from, to, err) || flush_and_sync(p, from, err) ? -1 : 0;
}

/* Whether entry n is what make_message(k) gives: reads all of it. */
__attribute__((unused)) static int
same(struct qa_partition *p, uint64_t n, uint32_t k)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_entry e;
	struct qa_err err;
	struct made m;
	int good = 0;

	make_message(&m, k);
	if (qa_partition_entry(p, n, &e, &err) != 1) {
		printf("# entry %llu: %s\n", (unsigned long long)n, err.text);
	} else if (e.n == n && e.has_message == m.e.has_message && qa_span_eq(e.fields, m.e.fields) &&
		   memcmp(e.secret, m.e.secret, 32) == 0 && e.size == m.n) {
		if (qa_partition_message_buf(p, &e, &b, &err))
			printf("# message %llu: %s\n", (unsigned long long)n, err.text);
		else
			good = qa_span_eq(qa_buf_span(&b), qa_span_of(m.p, m.n));
	}
	qa_buf_free(&b);
	made_free(&m);
	return good;
}

/* How many of the entries 1 .. to are what they should be (seed = number - 1). */
__attribute__((unused)) static uint64_t
same_many(struct qa_partition *p, uint64_t to)
{
	uint64_t good = 0;

	for (uint64_t n = 1; n <= to; n++)
		good += same(p, n, (uint32_t)n - 1) != 0;
	return good;
}

struct findings {
	int n, tail, notes;
	int kind[10];
	char first[600], note[600];
};

__attribute__((unused)) static void
note_finding(void *ctx, enum qa_finding_kind kind, const char *text)
{
	struct findings *f = ctx;

	if (kind == QA_FIND_NOTE) {
		f->notes++;
		snprintf(f->note, sizeof f->note, "%s", text);
		return;
	}
	if (f->n + f->tail == 0)
		snprintf(f->first, sizeof f->first, "%s", text);
	f->kind[kind]++;
	if (kind == QA_FIND_TAIL)
		f->tail++;
	else
		f->n++;
}

#endif
