/* The state's text, apart from the files. */
#ifndef QA_TRAFFIC_QKEEP_PRIVATE_H
#define QA_TRAFFIC_QKEEP_PRIVATE_H

#include "traffic/qkeep.h"

struct qa_qstate {
	uint64_t dev, ino, length; /* of the file */
	struct qa_digest last;	   /* of its last bytes before length, up to QA_QSOURCE_MARK */
	struct qa_qpos pos;
	qa_span open, lines; /* of a parsed one: in its text */
};

int qa_qstate_put(const struct qa_qstate *s, struct qa_buf *b) QA_MUST;

/* -1: it is none, or damaged. */
int qa_qstate_get(qa_span text, struct qa_qstate *s_r) QA_MUST;

#endif
