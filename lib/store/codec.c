#include "store/codec.h"
#include "store/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

static _Thread_local ZSTD_CCtx *packer;
static _Thread_local ZSTD_DCtx *unpacker;
static _Thread_local unsigned char *room;
static _Thread_local size_t room_size;
static _Thread_local unsigned char *in_room;
static _Thread_local size_t in_size;

qa_span
qa_codec_pack(qa_span raw, int level)
{
	qa_span none = {NULL, 0};

	/* less than 40 bytes never shrink enough to matter */
	if (raw.n < 40)
		return none;
	if (room_size < raw.n) {
		free(room);
		room_size = raw.n < QA_FRAME_OPEN ? QA_FRAME_OPEN : QA_FRAME_MAX;
		room = malloc(room_size);
		if (!room) {
			room_size = 0;
			return none;
		}
	}
	if (!packer)
		packer = ZSTD_createCCtx();
	if (!packer)
		return none;
	/* the room is one byte short of the input: a result that is not smaller fails at once */
	size_t n = ZSTD_compressCCtx(packer, room, raw.n - 1, raw.p, raw.n, level);
	if (ZSTD_isError(n))
		return none;
	return qa_span_of(room, n);
}

int
qa_codec_unpack(qa_span stored, unsigned char *out, size_t out_n)
{
	if (!unpacker)
		unpacker = ZSTD_createDCtx();
	if (!unpacker) {
		errno = ENOMEM;
		return -1;
	}
	size_t n = ZSTD_decompressDCtx(unpacker, out, out_n, stored.p, stored.n);
	if (ZSTD_isError(n) || n != out_n) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

unsigned char *
qa_codec_room(size_t n)
{
	if (in_size < n || !in_room) {
		size_t size = n + n / 2 + 4096;

		free(in_room);
		in_room = malloc(size);
		in_size = in_room ? size : 0;
	}
	return in_room;
}

void
qa_codec_free(void)
{
	ZSTD_freeCCtx(packer);
	ZSTD_freeDCtx(unpacker);
	free(room);
	packer = NULL;
	unpacker = NULL;
	room = NULL;
	room_size = 0;
	free(in_room);
	in_room = NULL;
	in_size = 0;
}
