/*
 * The bytes of a rest as an item: where its parts belong, then the skeleton (doc/format-segment.md, "Items").
 */
#ifndef QA_STORE_ITEM_H
#define QA_STORE_ITEM_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "store/split.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	QA_RECIPE_HEAD = 4,
	QA_RECIPE_PART = 32,
	QA_RECIPE_PARTS = 16384, /* a rest with more runs keeps the others where they are */
};

struct qa_recipe_part {
	uint64_t at;	  /* in the skeleton */
	uint64_t item;	  /* number of the part */
	uint64_t encoded; /* length as it was */
	uint32_t line;
	bool crlf;
};

void qa_recipe_part_put(const struct qa_recipe_part *r, unsigned char out[QA_RECIPE_PART]);

/* Count of parts from the first 4 bytes of an item of this length: true, or false when they cannot be. */
bool qa_recipe_count(const unsigned char in[QA_RECIPE_HEAD], uint64_t length, uint32_t *count_r);

/* A line of the table; before is the line above it (NULL at the first), skeleton the length of the skeleton. */
bool qa_recipe_part_get(const unsigned char in[QA_RECIPE_PART], const struct qa_recipe_part *before, uint64_t skeleton,
			struct qa_recipe_part *r_r);

#endif
