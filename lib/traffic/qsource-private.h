/* What the parts of qsource share: qsource.c reads, qsource-find.c finds the file to begin with, qsource-next.c the one behind. */
#ifndef QA_TRAFFIC_QSOURCE_PRIVATE_H
#define QA_TRAFFIC_QSOURCE_PRIVATE_H

#include "traffic/qfile.h"
#include "traffic/qlist.h"
#include "traffic/qsource.h"

enum { ROOM = 1 << 20, TRIES = 20 };

struct qa_qsource {
	const char *const *names;
	size_t n, k;		 /* names[k] is read */
	bool folder;		 /* it is one */
	struct qa_qfile *f;	 /* NULL: none found yet */
	struct qa_qlist list;	 /* the folder, when f was chosen out of it */
	size_t list_at;		 /* which one f is there */
	unsigned char *buf;	 /* handed out bytes (for the mark), then bytes to hand out */
	size_t done, end;	 /* up to which they are handed out; of all */
	size_t mark;		 /* of those before done: how many are of this file */
	size_t carried;		 /* of those after done: how many are of the file before */
	bool skip;		 /* within a line that is too long */
	struct qa_qpos before;	 /* the place until something of f is handed out */
	bool begun;		 /* it was */
	bool sure;		 /* the file behind is there, and f was at its end after that was seen */
	uint64_t bytes;
	char last[32];		 /* multilog's name for the last line's stamp; "" when it has none */
	bool gap;
	char said[400];
};

/* Notes what is told by qa_qsource_said. */
void qa_qsource_say(struct qa_qsource *s, bool gap, const char *fmt, ...) QA_PRINTF(3, 4);

bool qa_qsource_is_folder(const char *name);

/* Names that may hold what NAMES[K] did, the oldest first. */
int qa_qsource_list(const struct qa_qsource *s, size_t k, struct qa_qlist *l, struct qa_err *err) QA_MUST;

/* Goes on in F, which becomes the source's. CARRY: what was left of the file before begins its first line. */
void qa_qsource_turn(struct qa_qsource *s, struct qa_qfile *f, bool carry);

/* The place, in any of the names: 1, and it is read from there; 0, -1. */
int qa_qsource_find(struct qa_qsource *s, const struct qa_qpos *from, struct qa_err *err) QA_MUST;

/* The next name that can be opened, from K on; of a folder its first file later than what was read last: 1, 0, -1. */
int qa_qsource_first(struct qa_qsource *s, size_t k, struct qa_err *err) QA_MUST;

/* To the next file, when there is one: 1, 0, -1. */
int qa_qsource_advance(struct qa_qsource *s, struct qa_err *err) QA_MUST;

#endif
