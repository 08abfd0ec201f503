/* SPDX-License-Identifier: ISC */
/* What was done in an account: in memory that the process which works there
 * shares with the one that tells of it. */
#ifndef CTL_MOVE_TALLY_H
#define CTL_MOVE_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

struct move_tally {
	_Atomic uint64_t folders;
	_Atomic uint64_t expected; /* messages, as far as known */
	_Atomic uint64_t messages; /* that are here now and were not before */
	_Atomic uint64_t bytes;
	_Atomic uint64_t flags;   /* messages whose flags were brought along */
	_Atomic uint64_t deleted; /* that the server has no more */
	_Atomic uint64_t missing; /* that could not be had */
	_Atomic uint64_t failed;  /* folders */
};

#endif
