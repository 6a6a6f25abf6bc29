/*
 * Tiles: the files in which a log keeps its tree (c2sp.org/tlog-tiles). A tile of tile level
 * L holds up to 256 consecutive hashes of tree level 8 * L; the levels between are computed
 * from them. A full tile never changes. At its right edge a tree also has partial tiles, at
 * most one a level.
 */
#ifndef QA_TLOG_TILE_H
#define QA_TLOG_TILE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/sha256.h"
#include "base/span.h"
#include "tlog/merkle.h"

#include <stdbool.h>
#include <stdint.h>

#define QA_TLOG_TILE_WIDTH 256u /* hashes in a full tile */
#define QA_TLOG_TILE_BYTES 8192u

struct qa_tlog_tile {
	unsigned level; /* 0 .. QA_TLOG_ROWS - 1 */
	unsigned width; /* hashes, 1 .. 256; less than 256 = partial */
	uint64_t index; /* the first hash is number index * 256 of its row */
};

#define QA_TLOG_TILE_PATH 48 /* the longest path and a NUL */

/* "tile/0/x001/234", "tile/1/000.p/17": the path below the log's folder. */
void qa_tlog_tile_path(const struct qa_tlog_tile *t, char out[QA_TLOG_TILE_PATH]);

/* Exactly what qa_tlog_tile_path writes: 0, or -1. */
int qa_tlog_tile_scan(qa_span path, struct qa_tlog_tile *t_r) QA_MUST;

/* How many hashes the tile has in a tree of SIZE leaves: 0 (no such tile) to 256. */
unsigned qa_tlog_tile_width(unsigned level, uint64_t index, uint64_t size);

/* Lists the tiles, full and partial, of the tree of TO leaves which that of FROM leaves does not
 * have with the same width: level by level, from left to right. From 0, all tiles of a tree.
 *
 *	struct qa_tlog_tiles it = qa_tlog_tiles_between(from, to);
 *	while (qa_tlog_tiles_next(&it, &tile)) ...
 */
struct qa_tlog_tiles {
	uint64_t from, to, index;
	unsigned level;
};
struct qa_tlog_tiles qa_tlog_tiles_between(uint64_t from, uint64_t to);
bool qa_tlog_tiles_next(struct qa_tlog_tiles *it, struct qa_tlog_tile *tile_r);

/*
 * A hash reader over tiles. The callback fills bytes_r with the width * 32 bytes of the tile.
 * A log may have removed a partial tile whose full one exists: the callback then gives the
 * beginning of that. A tile is asked for with the width it has in the tree of SIZE leaves.
 *
 * The last two tiles of each level stay in memory, so that a proof reads hardly a tile twice;
 * the struct is about 130 KiB. Tiles are taken as they come: a proof made from damaged ones
 * fails its verification, which the maker should therefore do.
 */
typedef int qa_tlog_read_tile(void *ctx, const struct qa_tlog_tile *tile, unsigned char *bytes_r,
			      struct qa_err *err);

struct qa_tlog_tile_reader {
	qa_tlog_read_tile *read;
	void *ctx;
	uint64_t size;
	struct {
		unsigned newest; /* which of the two was used last */
		struct {
			uint64_t index;
			unsigned width; /* 0 = nothing here */
			unsigned char bytes[QA_TLOG_TILE_BYTES];
		} tile[2];
	} row[QA_TLOG_ROWS];
};

void qa_tlog_tile_reader_init(struct qa_tlog_tile_reader *r, uint64_t size, qa_tlog_read_tile *read, void *ctx);

/* A qa_tlog_read whose ctx is a struct qa_tlog_tile_reader. EINVAL for a subtree that is not
 * complete in the tree. */
int qa_tlog_tile_hash(void *reader, unsigned level, uint64_t index, struct qa_digest *out_r,
		      struct qa_err *err) QA_MUST;

#endif
