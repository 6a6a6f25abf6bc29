/*
 * The bytes that give a stats line its shape, found many at a time: '|', '@', and control characters (below 32, and
 * 127), the line feed among them. The quick reader of lines (traffic/quick.h) walks from mark to mark and looks at nothing else.
 */
#ifndef QA_TRAFFIC_MARKS_H
#define QA_TRAFFIC_MARKS_H

#include <stddef.h>
#include <stdint.h>

/* The bytes that must be readable behind what is searched, and the room that OUT needs beyond N. */
enum { QA_MARKS_PAD = 64 };

/* Offsets of all marks in P, rising, to OUT of N + QA_MARKS_PAD: their number. N is below 4 GiB. */
size_t qa_marks(const unsigned char *p, size_t n, uint32_t *out);

/* The same by each way of finding them, for tests: 0 portable, 1, 2 the processor's. NULL where there is none, or this processor
 * cannot. */
typedef size_t qa_marks_way(const unsigned char *p, size_t n, uint32_t *out);
qa_marks_way *qa_marks_by(unsigned way);

#endif
