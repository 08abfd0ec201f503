/* SPDX-License-Identifier: ISC */
/*
 * The first reading of a message, before any command sees it: is it whole, and
 * whom has it been delivered to already?
 */
#ifndef PIPE_CHECK_H
#define PIPE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct check {
	int file;
	int64_t offset;
	int64_t size;
	int64_t done;  /* bytes read */
	uint32_t want; /* CRC-32C as of its arrival */
	uint32_t crc;  /* of what was read so far */
};

enum check_result {
	CHECK_MORE,    /* call again */
	CHECK_GOOD,    /* all read, the checksum is right */
	CHECK_DAMAGED, /* shorter than it should be, or changed */
	CHECK_FAILED,  /* cannot be read now */
};

/* Read another piece of at most 256 KiB. */
enum check_result check_step(struct check *c, struct err *err);

/* The Delivered-To addresses in the header of the message (the first 64 KiB
 * of it), in canonical form, one a line, in ARENA. */
struct slice check_delivered_to(const struct check *c, struct arena *arena);
/* Is ADDRESS among them?  ASCII case is ignored. */
bool check_was_at(struct slice delivered_to, struct slice address);

#endif
