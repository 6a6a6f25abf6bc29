/* What qjoin.c and qjoin-save.c share. */
#ifndef QA_TRAFFIC_QJOIN_PRIVATE_H
#define QA_TRAFFIC_QJOIN_PRIVATE_H

#include "traffic/qjoin.h"
#include "traffic/qline.h"

#include <glib.h>

struct msg;

/* A recipient that has been deferred. In the table of tries, and in its message's list. */
struct try {
	struct msg *msg;
	struct try *next, *prev;
	uint32_t count; /* deliveries so far */
	bool remote;
	uint32_t hash;
	uint32_t n;
	unsigned char address[];
};

/* A delivery under way. In the table by number, and in its message's list. */
struct del {
	uint64_t number;
	struct msg *msg;
	struct del *next, *prev;
	uint32_t count; /* this one included */
	bool remote;
	uint32_t n;
	unsigned char address[];
};

/* In the table by number, and in the order of last use. */
struct msg {
	uint64_t number;
	struct msg *older, *newer;
	struct try *tries;
	struct del *dels;
	uint64_t bytes, qp;
	int64_t touched;
	bool known; /* its info line has been seen */
	uint32_t n;
	unsigned char *sender;
};

struct qa_qjoin {
	struct qa_qjoin_opt o;
	struct qa_qjoin_counts c;
	struct qa_qline_clock clock;
	GHashTable *msgs, *dels, *tries;
	struct msg *oldest, *newest;
	size_t memory;
	uint64_t last_delivery;
	bool has_last, skip;
	int64_t last;
	uint32_t last_nano;
	/* a line that splogger has cut, until its last piece */
	struct qa_buf cut;
	int64_t cut_time;
	uint32_t cut_nano;
	unsigned char host[QA_STATLINE_NAME], tag[64]; /* of the cut line */
	size_t host_n, tag_n;
	unsigned char spare[8192]; /* the sender as expanded */
};

enum { QA_QJOIN_OVERHEAD = 64, QA_QJOIN_ADDRESS = 4096, QA_QJOIN_LINE = 65536 };

/* qjoin-table.c. Finding a message is a use of it. */
struct msg *qa_qjoin_find(struct qa_qjoin *j, uint64_t number);
struct msg *qa_qjoin_msg(struct qa_qjoin *j, uint64_t number); /* finds or makes it */
struct try *qa_qjoin_find_try(struct qa_qjoin *j, struct msg *m, bool remote, qa_span address);
void qa_qjoin_free_msg(struct qa_qjoin *j, struct msg *m); /* with all that belongs to it */
void qa_qjoin_free_try(struct qa_qjoin *j, struct try *t);
void qa_qjoin_free_del(struct qa_qjoin *j, struct del *d);
void qa_qjoin_sender(struct qa_qjoin *j, struct msg *m, qa_span sender);
void qa_qjoin_try(struct qa_qjoin *j, struct msg *m, bool remote, qa_span address, uint32_t count);
void qa_qjoin_del(struct qa_qjoin *j, struct msg *m, uint64_t number, bool remote, qa_span address, uint32_t count);

#endif
