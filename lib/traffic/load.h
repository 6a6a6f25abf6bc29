/*
 * Loading traffic files into the table translog (traffic/translog.h), once and only once.
 *
 * States of a file:
 *	1  DIR/NAME, not in the database
 *	2  DIR/NAME, and all its rows and its row in transfile in the database: one transaction
 *	3  filed away (traffic/xfer.h), in the database
 * Invariants: the rows of a file and its row of transfile are committed together; a server, kind and day has one row there at most, so
 * a file's rows are there once at most; a file is filed away only with the content that was loaded.
 * From every state a next run goes on. Two runs at once load a file once: the second finds its row, or waits for it.
 */
#ifndef QA_TRAFFIC_LOAD_H
#define QA_TRAFFIC_LOAD_H

#include "db/db.h"

enum qa_load_result {
	QA_LOAD_NEW,	/* loaded, and filed away */
	QA_LOAD_KNOWN,	/* was loaded before; filed away */
	QA_LOAD_GONE,	/* another run was quicker */
	QA_LOAD_BAD,	/* a line cannot be read, or the name is that of no day: nothing of it was loaded */
	QA_LOAD_OTHER,	/* that server's file of that day and kind was loaded before with other content: refused */
	QA_LOAD_STAYS,	/* is in the database, but could not be filed away */
	QA_LOAD_UNREAD, /* the file itself could not be read */
};

struct qa_load_file {
	const char *name;
	enum qa_load_result result;
	uint64_t names, kb; /* rows of the file and their sum, for NEW and KNOWN */
	struct qa_err err;  /* from QA_LOAD_BAD on: what is wrong */
};

/*
 * Loads the traffic files of folder DIR; what is named otherwise is left alone. SAID is told each file. 0; or -1 when the folder cannot be
 * listed, or the database fails (the file at hand is then as if untouched). DB is open for writing and qa_translog_open was called.
 * server: at most 255 bytes, not empty.
 */
int qa_load_dir(struct qa_db *db, const char *dir, const char *server, void (*said)(void *arg, const struct qa_load_file *f), void *arg,
		struct qa_err *err) QA_MUST;

#endif
