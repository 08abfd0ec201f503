/* SPDX-License-Identifier: ISC */
/*
 * Rates of clients: how many connections, authentications, messages and
 * recipients a client has had in the current period, counted by all processes
 * of a service together, in memory that they share.
 *
 * The table has a fixed size.  A client that is not in it takes the place of
 * one whose period is over, or of the one with the lowest counts among those
 * few that its place is chosen from (by a keyed hash, so nobody chooses whom
 * he displaces).  There are no locks: a process that dies leaves nothing
 * locked; counts that two processes make in the instant when a period ends may
 * be lost.  What a process that was taken over writes there can only make the
 * limits of its own service too wide or too narrow.
 */
#ifndef FRONT_RATE_H
#define FRONT_RATE_H

#include <stdint.h>

struct addr;
struct err;

enum {
	RATE_KEY_BYTES = 16, /* IPv4 (mapped), or the first 64 bits of IPv6 */
	RATE_KINDS = 4,      /* of what is counted */
};

/* A new table as a descriptor whose size nobody can change; -1 (ERR_TEMP). */
int rate_create(struct err *err);
/* From now on count in the table FD (not kept).  Without one the process counts
 * alone. */
int rate_use(int fd, struct err *err);

void rate_key(const struct addr *addr, uint8_t key[RATE_KEY_BYTES]);
/* Count one more of WHICH (below RATE_KINDS); how many there are now in the
 * period of KEY, which lasts UNIT_MS from its first count. */
uint32_t rate_count(const uint8_t key[RATE_KEY_BYTES], unsigned which,
    int64_t now_ms, int64_t unit_ms);

#endif
