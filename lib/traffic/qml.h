/*
 * Traffic files: what the analyzers write each day, one line a name, and TrafficLoader reads. Files of all services have
 * the same lines; the file's name tells day and service:
 *
 *	dd.mm.YYYY.qml.txt (also .qml)   mail, names are domains
 *	dd.mm.YYYY.txt                   web, names are domains
 *	dd.mm.YYYY.gst.txt               FTP of users
 *	dd.mm.YYYY.ftp.txt               virtual FTP
 *
 *	|name|xFer(kB)|Hits_All|Hits_HTML|
 *	|example.com|1834|12|0|
 *
 * The first line may be the heading above, literally. Lines end in LF or CR LF, the last one too: a file that was cut off is not
 * taken for a whole one. An empty file is good: no traffic. Names are 1 to 255 bytes of UTF-8 without blanks, control
 * characters and '|'; numbers decimal, at most QA_QML_MOST.
 */
#ifndef QA_TRAFFIC_QML_H
#define QA_TRAFFIC_QML_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

enum { QA_QML_NAME = 255 };
#define QA_QML_MOST UINT64_C(1000000000000) /* a petabyte in kB; nine million of them can be added up */

struct qa_qml_row {
	qa_span name; /* points into the file's bytes */
	uint64_t kb, hits, html;
};

/* One line without its end: 0, or -1 and a few static words in *why_r. */
int qa_qml_line(qa_span line, struct qa_qml_row *row_r, const char **why_r) QA_MUST;

/* A file, row by row: struct qa_qml q = {.rest = bytes}; */
struct qa_qml {
	qa_span rest;
	unsigned long line; /* number of the line that was looked at last, from 1 */
};

/* 1; 0 at the end; -1 the line is none, why_r as above. */
int qa_qml_next(struct qa_qml *q, struct qa_qml_row *row_r, const char **why_r) QA_MUST;

struct qa_qml_file {
	char day[11];	  /* "2026-11-23" */
	const char *kind; /* "mail", "web", "gst", "ftp"; static */
};

/* What a file is by its name: 1; 0 it is no traffic file; -1 it looks like one, but there is no such day. */
int qa_qml_file(const char *name, struct qa_qml_file *f_r) QA_MUST;

#endif
