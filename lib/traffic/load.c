#include "traffic/load.h"

#include "base/text.h"
#include "sys/sys.h"
#include "traffic/qml.h"
#include "traffic/xfer.h"

#include <errno.h>

/* A file on its way. */
struct job {
	struct qa_db *db;
	const char *server, *dir, *name;
	struct qa_qml_file is;
	struct qa_digest digest;
	char digest_text[QA_SHA256_TEXT];
	qa_span bytes;
	struct qa_load_file *f;
};

/* Reads all lines and adds them up: 0, or -1 with the bad line named. */
static int
check(struct job *j)
{
	struct qa_qml q = {.rest = j->bytes};
	struct qa_qml_row row;
	const char *why;
	int rc;

	while ((rc = qa_qml_next(&q, &row, &why)) == 1) {
		j->f->names++;
		j->f->kb += row.kb;
		if (j->f->kb > INT64_MAX)
			return qa_fail(&j->f->err, EPROTO, "%s/%s:%lu: more traffic than can be added up", j->dir, j->name, q.line);
	}
	if (rc < 0)
		return qa_fail(&j->f->err, EPROTO, "%s/%s:%lu: %s", j->dir, j->name, q.line, why);
	return 0;
}

/* The row of transfile: 1 made by us, 0 there already, -1. */
static int
claim(struct job *j, struct qa_err *err)
{
	static const char sql[] = "INSERT INTO transfile(server, kind, day, file, digest, names, kb)"
				  " VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
	struct qa_db_value v[] = {qa_db_str(j->server), qa_db_str(j->is.kind),	   qa_db_str(j->is.day),
				  qa_db_str(j->name),	qa_db_str(j->digest_text), qa_db_int((int64_t)j->f->names),
				  qa_db_int((int64_t)j->f->kb)};
	int64_t made;

	return qa_db_run(j->db, sql, v, sizeof v / sizeof *v, &made, err) ? -1 : made == 1;
}

/* Domain names are one in any case; users are not. */
static qa_span
name_kept(const struct job *j, qa_span name, unsigned char room[QA_QML_NAME])
{
	if (strcmp(j->is.kind, "mail") != 0 && strcmp(j->is.kind, "web") != 0)
		return name;
	for (size_t i = 0; i < name.n; i++)
		room[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (unsigned char)(name.p[i] | 32) : name.p[i];
	return qa_span_of(room, name.n);
}

static int
rows_insert(struct job *j, struct qa_err *err)
{
	struct qa_qml q = {.rest = j->bytes};
	struct qa_db_value v[9] = {
	    qa_db_str(j->server), qa_db_str(j->is.day), qa_db_str(j->is.kind), {0}, {0}, {0}, {0}, qa_db_str(j->name),
	    qa_db_str(j->digest_text)};
	struct qa_db_copy *c;
	struct qa_qml_row row;
	unsigned char room[QA_QML_NAME];
	const char *why;
	int rc = 0;

	if (qa_db_copy_begin(j->db, "translog", "server, day, kind, name, kb, hits, hits_html, file, digest", 9, &c, err))
		return -1;
	while (rc == 0 && qa_qml_next(&q, &row, &why) == 1) {
		v[3] = qa_db_span(name_kept(j, row.name, room));
		v[4] = qa_db_int((int64_t)row.kb);
		v[5] = qa_db_int((int64_t)row.hits);
		v[6] = qa_db_int((int64_t)row.html);
		rc = qa_db_copy_row(c, v, err);
	}
	if (rc) {
		qa_db_copy_abort(c);
		return -1;
	}
	return qa_db_copy_end(c, err);
}

/* What is in the database for the file's server, kind and day. */
static int
compare(struct job *j, struct qa_err *err)
{
	struct qa_db_value v[] = {qa_db_str(j->server), qa_db_str(j->is.kind), qa_db_str(j->is.day)};
	struct qa_db_rows *rows;
	int rc;

	if (qa_db_select(j->db, "SELECT digest, file FROM transfile WHERE server = $1 AND kind = $2 AND day = $3", v, 3, &rows, err))
		return -1;
	rc = qa_db_rows_next(rows, err);
	if (rc == 0)
		rc = qa_fail(err, EAGAIN, "database %s: the entry of %s/%s is gone again", qa_db_name(j->db), j->dir, j->name);
	if (rc == 1 && qa_span_is(qa_db_rows_span(rows, 0), j->digest_text)) {
		j->f->result = QA_LOAD_KNOWN;
	} else if (rc == 1) {
		qa_span was = qa_db_rows_span(rows, 1);

		j->f->result = QA_LOAD_OTHER;
		qa_fail(&j->f->err, EEXIST, "%s/%s: refused: %.*s of %s was loaded before, with other content", j->dir, j->name, (int)was.n,
			(const char *)was.p, j->server);
	}
	qa_db_rows_close(rows);
	if (rc == 1 && j->f->result == QA_LOAD_KNOWN)
		return qa_db_settle(j->db, err);
	return rc < 0 ? -1 : 0;
}

/* 0 with the result set, -1. */
static int
load(struct job *j, struct qa_err *err)
{
	int rc;

	if (qa_db_begin(j->db, err))
		return -1;
	rc = claim(j, err);
	if (rc == 1)
		rc = rows_insert(j, err) || qa_db_commit(j->db, err) ? -1 : 1;
	int num = errno;
	if (rc != 1)
		qa_db_rollback(j->db);
	errno = num;
	if (rc < 0)
		return qa_fail_in(err, "%s/%s is not loaded", j->dir, j->name);
	j->f->result = QA_LOAD_NEW;
	return rc == 1 ? 0 : compare(j, err);
}

static int
one(struct job *j, int dirfd, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(QA_XFER_FILE);
	struct stat st;
	int rc = qa_xfer_read(dirfd, j->dir, j->name, &b, &st, &j->f->err);

	j->bytes = qa_buf_span(&b);
	if (rc < 0) {
		j->f->result = QA_LOAD_UNREAD;
	} else if (rc == 0) {
		j->f->result = QA_LOAD_GONE;
	} else if (check(j)) {
		j->f->result = QA_LOAD_BAD;
	} else {
		j->digest = qa_sha256_of(j->bytes);
		qa_hex(&j->digest, sizeof j->digest.b, j->digest_text);
		rc = load(j, err);
	}
	qa_buf_free(&b);
	if (rc < 0 && j->f->result != QA_LOAD_UNREAD)
		return -1;
	if ((j->f->result == QA_LOAD_NEW || j->f->result == QA_LOAD_KNOWN) &&
	    qa_xfer_file(dirfd, j->dir, j->name, &j->digest, &j->f->err) < 0)
		j->f->result = QA_LOAD_STAYS;
	return 0;
}

int
qa_load_dir(struct qa_db *db, const char *dir, const char *server, void (*said)(void *arg, const struct qa_load_file *f), void *arg,
	    struct qa_err *err)
{
	struct qa_names names;
	int rc = 0, fd;

	if (qa_listdir(AT_FDCWD, dir, &names, err))
		return -1;
	fd = qa_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, err);
	for (size_t i = 0; fd >= 0 && rc == 0 && i < names.n; i++) {
		struct qa_load_file f = {.name = names.v[i]};
		struct job j = {.db = db, .server = server, .dir = dir, .name = f.name, .f = &f};
		int is = qa_qml_file(f.name, &j.is);

		if (is == 0)
			continue;
		if (is < 0) {
			f.result = QA_LOAD_BAD;
			qa_fail(&f.err, EPROTO, "%s/%s: there is no such day", dir, f.name);
		} else {
			rc = one(&j, fd, err);
		}
		if (rc == 0)
			said(arg, &f);
	}
	int num = errno;
	qa_names_free(&names);
	if (fd < 0)
		return -1;
	qa_close(&fd);
	errno = num;
	return rc;
}
