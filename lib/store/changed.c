#include "base/num.h"
#include "store/partition.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>

int
qa_partition_changed(const struct qa_partition_where *w, int64_t *seconds_r, struct qa_err *err)
{
	char month[QA_MONTH_TEXT], path[1024];
	struct qa_names names;
	struct stat st;
	int rc = 0;

	qa_month_text(w->month, month);
	if (snprintf(path, sizeof path, "%s/%s", w->depot, month) >= (int)sizeof path)
		return qa_fail(err, ENAMETOOLONG, "cannot look at %s/%s: ", w->depot, month);
	if (qa_listdir(AT_FDCWD, path, &names, err))
		return -1;
	*seconds_r = 0;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		if (strncmp(names.v[i], "segment-", 8) != 0)
			continue;
		if (snprintf(path, sizeof path, "%s/%s/%s", w->depot, month, names.v[i]) >= (int)sizeof path)
			rc = qa_fail(err, ENAMETOOLONG, "cannot look at %s/%s: ", w->depot, month);
		else if (qa_sys->fstatat(AT_FDCWD, path, &st, 0))
			rc = qa_fail(err, errno, "cannot look at %s: ", path);
		else if (st.st_mtime > *seconds_r)
			*seconds_r = st.st_mtime;
	}
	qa_names_free(&names);
	return rc;
}
