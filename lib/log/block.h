/* SPDX-License-Identifier: ISC */
/*
 * The index of a log file: one record for each piece of the file, a block of
 * whole lines, with a filter (Bloom) of the keys in it.  Whoever looks for a
 * key need not read blocks whose filter does not have it.
 *
 * Records are all of one size, appended to a file of their own.  One that does
 * not parse is skipped, and so is what it told; a later one counts for more
 * than an earlier one of the same place.
 */
#ifndef LOG_BLOCK_H
#define LOG_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "log/keys.h"

enum {
	LOG_BLOCK_RECORD = 4096,     /* bytes of a record */
	LOG_BLOCK_FILTER = 3968,     /* of its filter: 24 bits for each of */
	LOG_BLOCK_KEYS = 1320,       /* keys, with which a block is full, or */
	LOG_BLOCK_BYTES = 512 << 10, /* with so much of the log */
};

struct log_block {
	uint64_t offset, length; /* in the log file */
	uint32_t keys;           /* different ones, about */
	/* Times of its first line, and its earliest and latest. */
	char first[LOG_TIME_BYTES];
	char earliest[LOG_TIME_BYTES];
	char latest[LOG_TIME_BYTES];
	unsigned char filter[LOG_BLOCK_FILTER];
};

/* An empty one at OFFSET. */
void log_block_begin(struct log_block *b, uint64_t offset);
/* TEXT, a line with its end, comes next in it; false, and nothing is added,
 * when it bears no time. */
bool log_block_add(struct log_block *b, struct slice text);
bool log_block_full(const struct log_block *b);
/* False: no line of B has the key of that HASH / of one of N. */
bool log_block_may_have(const struct log_block *b, uint64_t hash);
bool log_block_may_have_any(
    const struct log_block *b, const uint64_t *hashes, size_t n);

/* RECORD has LOG_BLOCK_RECORD bytes. */
void log_block_put(const struct log_block *b, char *record);
/* False for what is no record, or not one of this version, or corrupt. */
bool log_block_get(struct log_block *b, const char *record);

#endif
