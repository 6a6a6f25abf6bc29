/* Starting and ending: settings, the lock, what a crash may have left in each domain. */
#include "archive/round-private.h"
#include "base/log.h"
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

uint64_t
qa_importer_due(const struct qa_importer *im)
{
	uint64_t now = qa_tick(), due = UINT64_MAX, at;

	if (im->unpublished) {
		at = im->last_publish + im->conf.publish_every;
		due = at > now ? at - now : 0;
	}
	for (const struct qa_target *t = im->targets; t; t = t->next) {
		if (!t->refs && !t->pending)
			continue;
		at = t->retry_at > now ? t->retry_at - now : 0;
		due = at < due ? at : due;
	}
	return due;
}

uint64_t
qa_importer_held(const struct qa_importer *im)
{
	uint64_t n = 0;

	for (const struct qa_target *t = im->targets; t; t = t->next)
		n += t->refs + t->pending;
	return n + qa_intake_waiting(&im->intake);
}

const struct qa_importer_stats *
qa_importer_stats(const struct qa_importer *im)
{
	return &im->stats;
}

/* What a crash may have left in each domain: pending records, a log ahead of its checkpoint. */
static int
look_at_domains(struct qa_importer *im, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_names names, pending;
	int rc = 0;

	if (qa_home_path(path, im->home, err, "domain"))
		return -1;
	if (qa_listdir(AT_FDCWD, path, &names, err))
		return errno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char clean[QA_DOMAIN_MAX + 1];
		struct qa_target *t;
		struct qa_err why;

		if (qa_domain_name(qa_span_str(names.v[i]), clean) || strcmp(clean, names.v[i]) != 0)
			continue;
		t = qa_target_of(im, names.v[i]);
		if (!t) {
			rc = qa_fail(err, ENOMEM, "cannot look at the domains: ");
			break;
		}
		if (qa_home_path(path, im->home, &why, QA_HOME_VAR "/pending", t->name) == 0 &&
		    qa_listdir(AT_FDCWD, path, &pending, &why) == 0) {
			t->pending = pending.n > 0;
			qa_names_free(&pending);
		}
		if (qa_target_begin(im, t, &why)) {
			qa_target_failed(im, t, &why);
			t->unpublished = im->unpublished = true; /* nobody knows */
			continue;
		}
		qa_writer_end(t->w);
		t->begun = false;
		im->begun--;
		if (qa_writer_unpublished(t->w))
			t->unpublished = im->unpublished = true;
		else
			qa_writer_rest(t->w);
		t->warm = false;
	}
	qa_names_free(&names);
	return rc;
}

int
qa_importer_conf(const char *home, struct qa_importer_conf *conf_r, struct qa_err *err)
{
	static const char *const keys[] = {"reserve", "stuck_after", "publish_every", "seal_after", NULL};
	char path[QA_PATH_MAX];
	struct qa_conf *c;
	int rc = 0;

	conf_r->reserve = UINT64_C(256) << 20;
	conf_r->stuck_after = 60 * QA_SECOND;
	conf_r->publish_every = 2 * QA_SECOND;
	conf_r->seal_after = 12 * 3600 * QA_SECOND;
	if (qa_home_path(path, home, err, "etc/maildepot.conf") || qa_conf_read(AT_FDCWD, path, &c, err) < 0)
		return -1;
	if (qa_conf_only(c, keys, err) || qa_conf_size(c, "reserve", &conf_r->reserve, err) < 0 ||
	    qa_conf_duration(c, "stuck_after", &conf_r->stuck_after, err) < 0 ||
	    qa_conf_duration(c, "publish_every", &conf_r->publish_every, err) < 0 ||
	    qa_conf_duration(c, "seal_after", &conf_r->seal_after, err) < 0)
		rc = -1;
	qa_conf_free(c);
	return rc;
}

/* As many domains as there are descriptors for: one that comes again in a later round has its partition opened again. */
static size_t
most_domains(void)
{
	enum { LEAST = 16, MOST = 2048, EACH = 10, OTHERS = 64 };
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur < OTHERS + LEAST * EACH)
		return LEAST;
	return (r.rlim_cur - OTHERS) / EACH < MOST ? (size_t)(r.rlim_cur - OTHERS) / EACH : MOST;
}

int
qa_importer_open(const char *home, const struct qa_importer_conf *conf, struct qa_importer **im_r,
		 struct qa_err *err)
{
	struct qa_importer *im = calloc(1, sizeof *im);
	char path[QA_PATH_MAX];

	if (!im)
		return qa_fail(err, ENOMEM, "cannot open %s: ", home);
	im->lock = -1;
	im->most = most_domains();
	im->conf = *conf;
	if (!im->conf.stuck_after)
		im->conf.stuck_after = 60 * QA_SECOND;
	if (!im->conf.publish_every)
		im->conf.publish_every = 2 * QA_SECOND;
	snprintf(im->home, sizeof im->home, "%s", home);
	qa_intake_init(&im->intake, im->home);
	im->intake.pen = conf->pen;
	if (qa_home_path(path, home, err, "var/md_import.lock") ||
	    (im->lock = qa_lock(AT_FDCWD, path, err)) < 0 || look_at_domains(im, err)) {
		qa_importer_close(im);
		return -1;
	}
	*im_r = im;
	return 0;
}

void
qa_importer_close(struct qa_importer *im)
{
	if (!im)
		return;
	qa_target_free_all(im);
	qa_intake_close(&im->intake);
	if (im->domains_open)
		qa_domains_close(&im->domains);
	qa_buf_free(&im->fields);
	qa_close(&im->lock);
	free(im);
}
