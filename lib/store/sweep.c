/* What a writer or a seal that died left in the folder. */
#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>
#include <sys/file.h>

/* Whether a seal that lives may have made this file (seal.c). */
static bool
of_seal(const struct qa_partition *p, const char *name, bool segment, uint32_t number, uint32_t generation)
{
	ptrdiff_t k = segment ? qa_seg_find(p, number) : -1;

	return segment ? k >= 0 && generation == p->man.v[k].generation + 1 : strncmp(name, ".tmp.seal-", 10) == 0;
}

/* A lock on the folder against a seal that begins; -1 with EWOULDBLOCK: one is under way. */
static int
lock_out_seals(struct qa_partition *p, struct qa_err *err)
{
	int fd = qa_open(AT_FDCWD, p->folder, O_RDONLY | O_DIRECTORY, 0, err);

	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB)) {
		int num = errno;

		qa_close(&fd);
		return qa_fail(err, num, "cannot lock %s: ", p->folder);
	}
	return fd;
}

/* Removes one name that is not in the manifest. That this manifest is the durable one is not known, when the last writer failed to
 * sync the folder: it is published again before a segment goes (*sure). */
static int
sweep_one(struct qa_partition *p, const char *name, bool segment, bool named, bool *sure, struct qa_err *err)
{
	char path[QA_PATH];
	struct stat st;

	if (qa_store_path(p, name, path, err))
		return -1;
	/* without a manifest only an empty segment is a left-over; more than that, and the manifest was lost */
	if (segment && !named && qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0 && st.st_size > QA_SEGMENT_HEAD)
		return qa_fail(err, EBADMSG, "%s has segments, but no manifest", p->folder);
	if (segment && !*sure && qa_store_publish(p, &p->man, err))
		return -1;
	*sure |= segment;
	if (qa_sys->unlinkat(AT_FDCWD, path, 0) && errno != ENOENT)
		return qa_fail(err, errno, "cannot remove %s: ", path);
	return 0;
}

int
qa_store_sweep(struct qa_partition *p, bool named, struct qa_err *err)
{
	struct qa_names names;
	bool sure = !named, sealed_now = false;
	int rc = 0, lock = -1;

	if (qa_listdir(AT_FDCWD, p->folder, &names, err))
		return -1;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		const char *name = names.v[i];
		uint32_t number = 0, generation = 0;
		bool segment = qa_segment_name_get(name, &number, &generation);
		ptrdiff_t k = segment ? qa_seg_find(p, number) : -1;

		if (!segment && strncmp(name, ".tmp.", 5) != 0)
			continue;
		if (k >= 0 && p->man.v[k].generation == generation)
			continue;
		if (of_seal(p, name, segment, number, generation)) {
			if (lock < 0 && !sealed_now && (lock = lock_out_seals(p, err)) < 0 && errno != EWOULDBLOCK)
				rc = -1;
			sealed_now = lock < 0;
			if (sealed_now)
				continue;
		}
		rc = sweep_one(p, name, segment, named, &sure, err);
	}
	qa_names_free(&names);
	qa_close(&lock);
	return rc;
}
