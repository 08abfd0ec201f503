/* SPDX-License-Identifier: ISC */
/*
 * A record, numbers with the least byte first:
 *
 *   0  magic "pLbk"   4  version   8  offset   16  length   24  keys
 *  28  CRC-32C of the record with zeroes here
 *  32  first   60  earliest   88  latest: 27 bytes and a zero each
 * 116  zeroes to 128, then the filter
 */
#include "log/block.h"

#include <string.h>

#include "base/crc32c.h"

enum {
	MAGIC = 0x6b624c70,
	VERSION = 1,
	HASHES =
	    14, /* a full one has a key that is not there 1 in 90,000 times */
	BITS = LOG_BLOCK_FILTER * 8,
	AT_CRC = 28,
	AT_TIMES = 32,
	TIME_ROOM = LOG_TIME_BYTES + 1,
	AT_FILTER = LOG_BLOCK_RECORD - LOG_BLOCK_FILTER,
};

void
log_block_begin(struct log_block *b, uint64_t offset)
{
	memset(b, 0, sizeof *b);
	b->offset = offset;
}

/* The Ith bit of a key: two hashes are as good as many (Kirsch, Mitzenmacher).
 */
static uint32_t
bit_of(uint64_t hash, uint32_t i)
{
	const uint32_t h = (uint32_t)hash + i * ((uint32_t)(hash >> 32) | 1);

	return (uint32_t)((uint64_t)h * BITS >> 32);
}

static void
add_key(struct log_block *b, uint64_t hash)
{
	bool new = false;

	for (uint32_t i = 0; i < HASHES; i++) {
		const uint32_t bit = bit_of(hash, i);
		const unsigned char mask = (unsigned char)(1U << (bit & 7));

		new |= (b->filter[bit >> 3] & mask) == 0;
		b->filter[bit >> 3] |= mask;
	}
	b->keys += new;
}

static inline bool
may_have(const struct log_block *b, uint64_t hash)
{
	for (uint32_t i = 0; i < HASHES; i++) {
		const uint32_t bit = bit_of(hash, i);

		if ((b->filter[bit >> 3] >> (bit & 7) & 1) == 0)
			return false;
	}
	return true;
}

bool
log_block_may_have(const struct log_block *b, uint64_t hash)
{
	return may_have(b, hash);
}

/* An address leads to hundreds of ids, which are looked for in each block. */
bool
log_block_may_have_any(
    const struct log_block *b, const uint64_t *hashes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (may_have(b, hashes[i]))
			return true;
	return false;
}

bool
log_block_add(struct log_block *b, struct slice text)
{
	const struct slice time = log_time_of(text);
	struct log_keys k;
	uint64_t hash;

	if (time.n == 0)
		return false;
	if (b->length == 0) {
		memcpy(b->first, time.p, sizeof b->first);
		memcpy(b->earliest, time.p, sizeof b->earliest);
	}
	if (memcmp(time.p, b->latest, sizeof b->latest) > 0)
		memcpy(b->latest, time.p, sizeof b->latest);
	if (memcmp(time.p, b->earliest, sizeof b->earliest) < 0)
		memcpy(b->earliest, time.p, sizeof b->earliest);
	b->length += text.n;
	for (k = log_keys_of(text); log_keys_next(&k, &hash);)
		add_key(b, hash);
	return true;
}

bool
log_block_full(const struct log_block *b)
{
	return b->keys >= LOG_BLOCK_KEYS || b->length >= LOG_BLOCK_BYTES;
}

/* ---- as bytes ---- */

static void
put(char *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++, v >>= 8)
		p[i] = (char)(unsigned char)v;
}

static uint64_t
get(const char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = bytes; i-- > 0;)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static uint32_t
crc_of(const char *record)
{
	static const char none[4];
	const struct slice all = slice_of(record, LOG_BLOCK_RECORD);
	uint32_t crc = crc32c(0, slice_sub(all, 0, AT_CRC));

	crc = crc32c(crc, slice_of(none, sizeof none));
	return crc32c(crc, slice_from(all, AT_CRC + sizeof none));
}

void
log_block_put(const struct log_block *b, char *record)
{
	memset(record, 0, LOG_BLOCK_RECORD);
	put(record, MAGIC, 4);
	put(record + 4, VERSION, 4);
	put(record + 8, b->offset, 8);
	put(record + 16, b->length, 8);
	put(record + 24, b->keys, 4);
	memcpy(record + AT_TIMES, b->first, sizeof b->first);
	memcpy(record + AT_TIMES + TIME_ROOM, b->earliest, sizeof b->earliest);
	memcpy(record + AT_TIMES + 2 * TIME_ROOM, b->latest, sizeof b->latest);
	memcpy(record + AT_FILTER, b->filter, sizeof b->filter);
	put(record + AT_CRC, crc_of(record), 4);
}

static bool
take_time(const char *record, int at, char *time)
{
	const char *p = record + AT_TIMES + at * TIME_ROOM;

	memcpy(time, p, LOG_TIME_BYTES);
	return log_time_of(slice_of(p, LOG_TIME_BYTES)).n > 0;
}

bool
log_block_get(struct log_block *b, const char *record)
{
	if (get(record, 4) != MAGIC || get(record + 4, 4) != VERSION ||
	    get(record + AT_CRC, 4) != crc_of(record))
		return false;
	b->offset = get(record + 8, 8);
	b->length = get(record + 16, 8);
	b->keys = (uint32_t)get(record + 24, 4);
	memcpy(b->filter, record + AT_FILTER, sizeof b->filter);
	return b->length > 0 && b->offset <= INT64_MAX &&
	       b->length <= (uint64_t)INT64_MAX - b->offset &&
	       take_time(record, 0, b->first) &&
	       take_time(record, 1, b->earliest) &&
	       take_time(record, 2, b->latest);
}
