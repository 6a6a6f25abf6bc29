#include "traffic/translog.h"

/* Steps are never changed once they were released; a new one is added behind. */
static const struct qa_db_step steps[] = {
    {"CREATE TABLE translog(server @TEXT NOT NULL, day @DAY NOT NULL, kind @TEXT NOT NULL, name @TEXT NOT NULL,"
     " kb bigint NOT NULL, hits bigint NOT NULL, hits_html bigint NOT NULL, file @TEXT NOT NULL, digest @TEXT NOT NULL);"
     "CREATE INDEX translog_day ON translog(day);"
     "CREATE INDEX translog_name ON translog(name, day);"
     "CREATE TABLE transfile(server @TEXT NOT NULL, kind @TEXT NOT NULL, day @DAY NOT NULL, file @TEXT NOT NULL,"
     " digest @TEXT NOT NULL, names bigint NOT NULL, kb bigint NOT NULL, PRIMARY KEY(server, kind, day));"},
};

int
qa_translog_open(struct qa_db *db, struct qa_err *err)
{
	return qa_db_schema(db, "traffic", steps, sizeof steps / sizeof *steps, err);
}
