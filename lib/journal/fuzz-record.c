/* Journal file bytes, as a stranger or a bad disk would leave them. */
#include "journal/scan.h"
#include "sys/sys.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
scan(int fd, bool closed)
{
	char path[64];
	struct qa_scan s;
	struct qa_scanned rec;
	struct qa_facts f;
	uint64_t at = 0;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (qa_scan_open(&s, AT_FDCWD, path, "input", NULL))
		abort();
	while (qa_scan_next(&s, closed, &rec, NULL) > 0) {
		struct qa_digest d = qa_sha256_of(rec.message);

		if (rec.offset < at || rec.offset % QA_JOURNAL_ALIGN || !qa_digest_eq(&d, &rec.head.digest))
			abort();
		at = rec.offset + rec.size;
		if (qa_facts_get(rec.fields, &f, NULL) == 0 && !qa_kind_name(f.kind))
			abort();
	}
	qa_scan_close(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	scan(fd, true);
	scan(fd, false);
	/* and behind a good header, so that what follows is looked at */
	struct qa_journal_head h = {.number = 1};
	unsigned char head[QA_JOURNAL_FILE_HEADER];

	qa_journal_head_put(&h, head);
	if (pwrite(fd, head, sizeof head, 0) != sizeof head)
		abort();
	scan(fd, true);
	close(fd);
	return 0;
}
