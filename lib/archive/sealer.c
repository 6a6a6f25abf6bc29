#include "archive/sealer.h"
#include "archive/home.h"
#include "archive/writer.h"
#include "base/log.h"
#include "conf/domains.h"
#include "store/seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

enum { WAIT_FIRST = 2, WAIT_SWITCH = 30, ROOM = 1 << 20 };

struct month {
	const struct qa_sealer *s;
	const char *domain;
	char depot[QA_PATH_MAX], var[QA_PATH_MAX];
	struct qa_partition_where where;
	struct qa_writer *w;
	struct qa_seal *seal;
};

static int
paths(struct month *m, const struct qa_sealer *s, const char *domain, qa_month month, struct qa_err *err)
{
	memset(m, 0, sizeof *m);
	m->s = s;
	m->domain = domain;
	m->where = (struct qa_partition_where){m->depot, m->var, domain, month};
	return qa_home_path(m->depot, s->home, err, QA_HOME_DEPOT, domain) ||
			       qa_home_path(m->var, s->home, err, QA_HOME_VAR, domain)
		       ? -1
		       : 0;
}

/* A new segment may be as large as the old one, which stays until then. */
static int
has_room(const struct month *m, uint64_t bytes, struct qa_err *err)
{
	struct statvfs st;

	if (statvfs(m->depot, &st))
		return qa_fail(err, errno, "cannot look at %s: ", m->depot);
	uint64_t room = (uint64_t)st.f_bavail * st.f_frsize, need = bytes + bytes / 16 + ROOM;
	if (room < need || room - need < m->s->reserve)
		return qa_fail(err, ENOSPC, "sealing needs %llu MB for a while: ", (unsigned long long)(need >> 20));
	return 0;
}

/* The partition in good order: what a writer left behind the last commit is cut off. */
static int
tidy(struct month *m, uint64_t *committed_r, struct qa_err *err)
{
	if (qa_writer_begin(m->w, WAIT_FIRST * QA_SECOND, err))
		return -1;
	*committed_r = qa_writer_committed(m->w);
	int rc = qa_seal_tidy(&m->where, *committed_r, err);
	int num = errno;
	qa_writer_abort(m->w);
	errno = num;
	return rc;
}

static int
put_in_place(struct month *m, struct qa_err *err)
{
	if (qa_writer_begin(m->w, WAIT_SWITCH * QA_SECOND, err))
		return -1;
	int rc = qa_seal_switch(m->seal, err);
	int num = errno;
	qa_writer_abort(m->w);
	errno = num;
	return rc;
}

static int
seal_all(struct month *m, struct qa_sealer_stats *st, struct qa_err *err)
{
	uint64_t committed;
	int rc;

	if (qa_writer_open(m->s->home, m->domain, &m->w, err) || tidy(m, &committed, err))
		return -1;
	rc = qa_seal_open(&m->where, &m->seal, err);
	while (rc == 1 && (rc = qa_seal_write(m->seal, committed, m->s->stop, m->s->ctx, err)) == 1) {
		if (put_in_place(m, err))
			return -1;
		st->segments++;
	}
	return rc;
}

int
qa_sealer_month(const struct qa_sealer *s, const char *domain, qa_month month, struct qa_sealer_stats *st,
		struct qa_err *err)
{
	struct qa_seal_state before, now;
	struct month m;

	if (paths(&m, s, domain, month, err))
		return -1;
	int rc = qa_seal_look(&m.where, &before, err);
	if (rc != 1 || before.unsealed == 0)
		return rc < 0 ? -1 : 0;
	rc = has_room(&m, before.largest, err);
	if (rc == 0)
		rc = seal_all(&m, st, err);
	int num = errno;
	qa_seal_close(m.seal);
	qa_writer_close(m.w);
	errno = num;
	if (rc)
		return -1;
	rc = qa_seal_look(&m.where, &now, err);
	if (rc != 1)
		return rc;
	st->months++;
	st->before += before.bytes;
	st->bytes += now.bytes;
	return 1;
}

static uint64_t
end_of(qa_month m)
{
	return (uint64_t)qa_seconds_of((int)(m + 1) / 12, (m + 1) % 12 + 1, 1, 0, 0, 0) * QA_SECOND;
}

/* 1 due, 0, -1. */
static int
is_due(const struct month *m, uint64_t now, bool all, struct qa_err *err)
{
	uint64_t grace = all ? 0 : m->s->grace;
	struct qa_seal_state st;
	int64_t changed;

	if (end_of(m->where.month) > now || now - end_of(m->where.month) < grace)
		return 0;
	if (qa_seal_look(&m->where, &st, err) < 0)
		return -1;
	if (st.unsealed == 0 || all)
		return st.unsealed > 0;
	if (qa_partition_changed(&m->where, &changed, err))
		return -1;
	return changed < 0 || (now / QA_SECOND >= (uint64_t)changed && now - (uint64_t)changed * QA_SECOND >= grace);
}

int
qa_sealer_due(const struct qa_sealer *s, const char *domain, uint64_t now, bool all, qa_month **v_r, size_t *n_r,
	      struct qa_err *err)
{
	struct month m;
	size_t n, due = 0;

	if (paths(&m, s, domain, 0, err) || qa_partition_list(m.depot, v_r, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		m.where.month = (*v_r)[i];
		int rc = is_due(&m, now, all, err);
		if (rc < 0) {
			free(*v_r);
			return -1;
		}
		if (rc)
			(*v_r)[due++] = m.where.month;
	}
	*n_r = due;
	return 0;
}

static void
say(const char *domain, qa_month month, const struct qa_sealer_stats *before, const struct qa_sealer_stats *st, uint64_t since)
{
	char name[QA_MONTH_TEXT];

	qa_month_text(month, name);
	qa_log(QA_INFO, "event=import.seal.ok domain=%s month=%s segments=%llu before=%llu bytes=%llu ms=%llu", domain, name,
	       (unsigned long long)(st->segments - before->segments), (unsigned long long)(st->before - before->before),
	       (unsigned long long)(st->bytes - before->bytes), (unsigned long long)((qa_tick() - since) / 1000000));
}

static void
say_not(const char *domain, qa_month month, const struct qa_err *why)
{
	bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOSPC || errno == EDQUOT;
	char name[QA_MONTH_TEXT];

	qa_month_text(month, name);
	if (later)
		qa_log(QA_NOTICE, "event=import.seal.postponed domain=%s month=%s why=%s", domain, name,
		       qa_log_quote(why->text));
	else
		qa_log(QA_ERROR, "event=import.seal.failed domain=%s month=%s why=%s", domain, name,
		       qa_log_quote(why->text));
}

static bool
must_stop(const struct qa_sealer *s)
{
	return s->stop && s->stop(s->ctx);
}

static void
pass_domain(const struct qa_sealer *s, const char *domain, uint64_t now, struct qa_sealer_stats *st)
{
	qa_month *months;
	struct qa_err why;
	size_t n;

	if (qa_sealer_due(s, domain, now, false, &months, &n, &why)) {
		qa_log(QA_ERROR, "event=import.seal.failed domain=%s why=%s", domain, qa_log_quote(why.text));
		return;
	}
	for (size_t i = 0; i < n && !must_stop(s); i++) {
		struct qa_sealer_stats before = *st;
		uint64_t since = qa_tick();
		int rc = qa_sealer_month(s, domain, months[i], st, &why);

		if (rc == 1) {
			say(domain, months[i], &before, st, since);
		} else if (rc < 0 && errno != ECANCELED) {
			say_not(domain, months[i], &why);
			st->put_off++;
		}
	}
	free(months);
}

int
qa_sealer_pass(const struct qa_sealer *s, uint64_t now, struct qa_sealer_stats *st_r, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_names names;

	memset(st_r, 0, sizeof *st_r);
	if (qa_home_path(path, s->home, err, "domain"))
		return -1;
	if (qa_listdir(AT_FDCWD, path, &names, err))
		return errno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < names.n && !must_stop(s); i++) {
		char clean[QA_DOMAIN_MAX + 1];

		if (qa_domain_name(qa_span_str(names.v[i]), clean) == 0 && strcmp(clean, names.v[i]) == 0)
			pass_domain(s, names.v[i], now, st_r);
	}
	qa_names_free(&names);
	return 0;
}
