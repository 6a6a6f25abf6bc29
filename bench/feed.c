/*
 * feed: puts messages into a journal as if the door had captured them, at times and for domains of one's choice: the bench's
 * way to make an archive of a given shape from a folder of real mail. Or writes the same messages into a Maildir, for peers.
 *
 *	feed [-m YYYY-MM] [-d DOMAINS] [-c COPIES] [-n MOST] HOME PATH...
 *	feed -o MAILDIR [-c COPIES] [-n MOST] PATH...
 *	-m	month of capture (else this one); times rise through it
 *	-d N	recipients in d1.example ... dN.example, in turn (else all in example.com)
 *	-c N	each message N times: from the second time on with a line of its own in its head and at its end, so
 *		that none is the same as another
 *	-n N	at most N messages
 *
 * Prints the number of messages and their bytes.
 */
#include "archive/source.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/num.h"
#include "journal/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA = QA_JOURNAL_BATCH_BYTES };

static struct {
	struct qa_journal *j;
	const char *maildir;
	uint64_t at, step, n, most, domains, copies, bytes;
	struct qa_buf fields, message;
	unsigned char *arena; /* messages of the batch, as they must stay until its commit */
	size_t used;
	uint32_t seed;
} f = {.copies = 1, .most = UINT64_MAX};

static void __attribute__((noreturn))
die(const char *why)
{
	fprintf(stderr, "feed: %s\n", why);
	exit(2);
}

static void
commit(void)
{
	struct qa_err err;

	if (qa_journal_commit(f.j, &err))
		die(err.text);
	f.used = 0;
}

static void
into_journal(qa_span message)
{
	struct qa_digest digest = qa_sha256_of(message);
	char rcpt[64];
	struct qa_id id;
	struct qa_err err;
	unsigned char *own = NULL;

	if (f.domains)
		snprintf(rcpt, sizeof rcpt, "user%llu@d%llu.example", (unsigned long long)f.n % 97,
			 (unsigned long long)(f.n % f.domains + 1));
	else
		snprintf(rcpt, sizeof rcpt, "user%llu@example.com", (unsigned long long)f.n % 97);
	qa_buf_clear(&f.fields);
	if (qa_random(id.b, sizeof id.b) || qa_field_add(&f.fields, QA_F_ID, qa_span_of(id.b, sizeof id.b)) ||
	    qa_field_add_u8(&f.fields, QA_F_KIND, QA_MESSAGE) ||
	    qa_field_add_u64(&f.fields, QA_F_CAPTURED, f.at + f.n * f.step) ||
	    qa_field_add_u8(&f.fields, QA_F_SOURCE, QA_QUEUE) || qa_field_add_str(&f.fields, QA_F_HOST, "bench") ||
	    qa_field_add_str(&f.fields, QA_F_SENDER, "sender@example.org") ||
	    qa_field_add_str(&f.fields, QA_F_RECIPIENT, rcpt) ||
	    qa_field_add_str(&f.fields, QA_F_REMOTE_IP, "192.0.2.7") || qa_field_add_str(&f.fields, QA_F_PROTO, "TCP"))
		die("no memory");
	if (message.n > ARENA / 2) {
		commit();
	} else {
		if (message.n > ARENA - f.used)
			commit();
		own = f.arena + f.used;
		if (message.n)
			memcpy(own, message.p, message.n);
		f.used += message.n;
		message = qa_span_of(own, message.n);
	}
	if (qa_journal_add(f.j, &digest, message, qa_buf_span(&f.fields), &err)) {
		if (errno != EAGAIN)
			die(err.text);
		if (qa_journal_commit(f.j, &err) ||
		    qa_journal_add(f.j, &digest, message, qa_buf_span(&f.fields), &err))
			die(err.text);
	}
	if (!own)
		commit();
}

static void
into_maildir(qa_span message)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof path, "%s/cur/%llu.M%lluP1.bench:2,S", f.maildir, 1767225600ull + (unsigned long long)f.n,
		 (unsigned long long)f.n);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	while (fd >= 0 && message.n) {
		ssize_t r = write(fd, message.p, message.n);

		if (r <= 0)
			break;
		message = qa_span_of((const unsigned char *)message.p + r, message.n - (size_t)r);
	}
	if (fd < 0 || message.n || close(fd)) {
		perror(path);
		exit(2);
	}
}

static int
one(qa_span message)
{
	size_t n = message.n;

	if (f.maildir)
		into_maildir(message);
	else
		into_journal(message);
	f.bytes += n;
	return ++f.n >= f.most;
}

/* A copy that no other equals: a field in the head, a line at the end. */
static int
vary(qa_span raw, unsigned copy)
{
	uint32_t r = f.seed = f.seed * 1664525u + 1013904223u;

	qa_buf_clear(&f.message);
	if (qa_buf_addf(&f.message, "X-Copy: %u-%08x\n", copy, r) || qa_buf_addspan(&f.message, raw) ||
	    qa_buf_addf(&f.message, "\nnumber %u %08x\n", copy, r))
		die("no memory");
	return one(qa_buf_span(&f.message));
}

static int
each(void *ctx, const struct qa_place *place, qa_span raw, struct qa_err *err)
{
	unsigned copy = *(unsigned *)ctx;
	struct qa_source_file file;
	int rc;

	qa_source_init(&file);
	/* whole, and without quotes */
	if ((raw.n < place->length || place->mbox) && qa_source_read(&file, place, &raw, err))
		die(err->text);
	rc = copy ? vary(raw, copy) : one(raw);
	qa_source_close(&file);
	return rc;
}

static uint64_t
number(const char *word)
{
	uint64_t v;

	if (qa_scan_u64(qa_span_str(word), &v))
		die("an option is no number");
	return v;
}

static void
make_maildir(void)
{
	static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
	char path[1024];

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s%s", f.maildir, parts[i]);
		if (mkdir(path, 0755) && errno != EEXIST) {
			perror(path);
			exit(2);
		}
	}
}

int
main(int argc, char **argv)
{
	qa_month month = qa_month_of(qa_now());
	char path[1024];
	struct qa_err err;
	int c, rc = 0;

	while ((c = getopt(argc, argv, "m:d:c:n:o:")) != -1)
		switch (c) {
		case 'm':
			if (qa_month_scan(qa_span_str(optarg), &month))
				die("-m takes YYYY-MM");
			break;
		case 'd': f.domains = number(optarg); break;
		case 'c': f.copies = number(optarg); break;
		case 'n': f.most = number(optarg); break;
		case 'o': f.maildir = optarg; break;
		default: return 2;
		}
	if (argc - optind < (f.maildir ? 1 : 2)) {
		fprintf(stderr, "usage: feed [-m YYYY-MM] [-d DOMAINS] [-c COPIES] [-n MOST] HOME PATH...\n"
				"       feed -o MAILDIR [-c COPIES] [-n MOST] PATH...\n");
		return 2;
	}
	f.at = (uint64_t)qa_seconds_of((int)(month / 12), month % 12 + 1, 1, 0, 0, 0) * QA_SECOND;
	f.step = QA_SECOND / 2;
	if (f.maildir) {
		make_maildir();
	} else {
		f.arena = malloc(ARENA);
		snprintf(path, sizeof path, "%s/journal", argv[optind++]);
		if (!f.arena)
			die("no memory");
		if (qa_journal_open(path, 0, &f.j, &err))
			die(err.text);
	}
	for (unsigned copy = 0; copy < f.copies && !rc; copy++)
		for (int i = optind; i < argc && !rc; i++)
			if ((rc = qa_source_walk(argv[i], each, NULL, &copy, &err)) < 0)
				die(err.text);
	if (f.j) {
		commit();
		qa_journal_close(f.j);
	}
	free(f.arena);
	printf("%llu messages, %llu bytes\n", (unsigned long long)f.n, (unsigned long long)f.bytes);
	return 0;
}
