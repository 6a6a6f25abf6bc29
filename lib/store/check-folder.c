/*
 * Deep verification of a partition's folder: what lies there and does not belong there.
 *
 * What a writer that died, or one that is at work, leaves is no finding: nothing reads it, and the next writer to open the
 * partition removes it. That is
 *	.tmp.*                    a file before it is published
 *	a named segment's number, of the generation before or behind the named one: a seal before or after its switch
 *	the number behind the last, with no more than a header: a segment that is not named yet
 *	a higher number, with a good header of this partition: what recovery let go of
 */
#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>

int
qa_check_manifest(const struct qa_partition *p, struct qa_manifest *m_r, struct qa_err *err)
{
	struct qa_partition look = {.folder = p->folder, .domain = p->domain, .month = p->month};
	int rc = qa_store_manifest(&look, err);

	free(look.seg);
	*m_r = look.man;
	return rc == 0 ? qa_fail(err, ENOENT, "%s/manifest is gone: ", p->folder) : rc < 0 ? -1 : 0;
}

static bool
good_head(const struct qa_partition *p, const char *path, uint32_t number, uint32_t generation)
{
	unsigned char bytes[QA_SEGMENT_HEAD];
	struct qa_segment_head h;
	int fd = qa_open(AT_FDCWD, path, O_RDONLY, 0, NULL);
	bool good = fd >= 0 && qa_pread_all(fd, bytes, sizeof bytes, 0, path, NULL) == 1 &&
		    qa_segment_head_get(bytes, p->domain, path, &h, NULL) == 0 && h.number == number &&
		    h.generation == generation && h.month == p->month;

	qa_close(&fd);
	return good;
}

/* Whether a segment that the manifest does not name may be a writer's. */
static bool
left_over(const struct qa_partition *p, const struct qa_manifest *m, const char *path, uint32_t number,
	  uint32_t generation, uint64_t size)
{
	uint32_t last = m->n ? m->v[m->n - 1].number : 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].number == number)
			return generation == m->v[i].generation + 1 || generation + 1 == m->v[i].generation;
	if (number <= last)
		return false;
	return (number == last + 1 && generation == 0 && size <= QA_SEGMENT_HEAD) ||
	       good_head(p, path, number, generation);
}

static int
check_name(struct qa_check *c, const struct qa_manifest *m, const char *name, struct qa_err *err)
{
	static const char *const known[] = {"manifest", "entries.idx", "items.idx"};
	uint32_t number, generation;
	char path[QA_PATH];
	struct stat st;

	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		if (strcmp(name, known[k]) == 0)
			return 0;
	bool segment = qa_segment_name_get(name, &number, &generation);
	for (size_t i = 0; segment && i < m->n; i++)
		if (m->v[i].number == number && m->v[i].generation == generation)
			return 0;
	if (qa_store_path(c->p, name, path, err))
		return -1;
	if (qa_sys->fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT) { /* it was on its way out */
			qa_fail(err, errno, "cannot look at %s: ", path);
			qa_check_say_err(c, err);
		}
		return 0;
	}
	bool file = S_ISREG(st.st_mode);
	if (file && (segment ? left_over(c->p, m, path, number, generation, (uint64_t)st.st_size)
			     : strncmp(name, ".tmp.", 5) == 0))
		qa_check_say(c, QA_FIND_NOTE, "%s is not in use: a writer is at work, or left it; the next one removes it",
			     name);
	else
		qa_check_say(c, QA_FIND_EXTRA, "%s does not belong there", path);
	return 0;
}

int
qa_check_folder(struct qa_check *c, struct qa_err *err)
{
	struct qa_names names;
	struct qa_manifest m;
	int rc;

	/* the names before the manifest: what a writer made and named in between is in it */
	if (qa_listdir(AT_FDCWD, c->p->folder, &names, err))
		return -1;
	rc = qa_check_manifest(c->p, &m, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		rc = check_name(c, &m, names.v[i], err);
	qa_manifest_free(&m);
	qa_names_free(&names);
	return rc;
}
