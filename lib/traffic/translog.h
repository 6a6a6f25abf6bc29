/*
 * The tables of traffic, which TrafficLoader fills and mailtraffic reads (part `traffic` of the database's schema):
 *
 *	translog    a row for each line of a loaded file: server, day, kind, name, kb, hits, hits_html, file, digest
 *	transfile   a row for each loaded file: server, kind, day (which are its key), file, digest, names, kb
 *
 * file is the name it was loaded from, digest its SHA-256 in hexadecimal. A day's traffic of a name is the sum over its rows.
 */
#ifndef QA_TRAFFIC_TRANSLOG_H
#define QA_TRAFFIC_TRANSLOG_H

#include "db/db.h"

/* Makes them or brings them to this version (QA_DB_WRITE); with QA_DB_READ only looks. As qa_db_schema. */
int qa_translog_open(struct qa_db *db, struct qa_err *err) QA_MUST;

#endif
