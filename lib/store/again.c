#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>

enum { PIECE = 1 << 20 };

/* The segment of the last entry below LEAF: what comes behind that entry is in it, or in those after it. */
static int
first_segment(struct qa_partition *p, uint64_t leaf, size_t *i_r, struct qa_err *err)
{
	unsigned char rec[QA_ENTRY_REC];
	struct qa_entry_rec r;

	*i_r = 0;
	for (uint64_t n = p->entries.total; n > 0; n--) {
		int rc = qa_index_get(&p->entries, n, rec, err);

		if (rc < 0 && errno != EBADMSG)
			return -1;
		if (rc != 1)
			continue;
		qa_entry_rec_get(rec, &r);
		ptrdiff_t i = qa_seg_find(p, r.segment);
		if (r.leaf < leaf && i >= 0) {
			*i_r = (size_t)i;
			return 0;
		}
	}
	return 0;
}

static int
write_again(struct qa_partition *p, size_t i, unsigned char *piece, struct qa_err *err)
{
	char name[QA_SEGMENT_NAME], path[QA_PATH];
	uint64_t end, at = 0;
	int rc = 0;

	qa_segment_name(p->man.v[i].number, p->man.v[i].generation, name);
	if (qa_store_path(p, name, path, err))
		return -1;
	if (qa_seg_end(p, i, &end, err)) /* damaged or gone: its entries are missing, which others find */
		return errno == EBADMSG || errno == ENOENT ? 0 : -1;
	int fd = qa_open(AT_FDCWD, path, O_RDWR, 0, err);
	if (fd < 0)
		return -1;
	while (rc == 0 && at < end) {
		size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;

		rc = qa_pread_all(fd, piece, n, at, path, err);
		if (rc == 1)
			rc = qa_pwrite_all(fd, piece, n, at, path, err);
		at += n;
	}
	qa_close(&fd);
	return rc;
}

int
qa_partition_write_again(struct qa_partition *p, uint64_t leaf, struct qa_err *err)
{
	unsigned char *piece = malloc(PIECE);
	size_t i;
	int rc;

	if (!piece)
		return qa_fail(err, ENOMEM, "cannot write %s again: ", p->folder);
	rc = first_segment(p, leaf, &i, err);
	for (; rc == 0 && i < p->man.n; i++)
		rc = write_again(p, i, piece, err);
	free(piece);
	return rc;
}
