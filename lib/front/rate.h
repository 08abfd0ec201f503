/* SPDX-License-Identifier: ISC */
/*
 * Rates of clients, and their sessions at the same time: how many connections,
 * authentications, messages and recipients a client has had in the current
 * period, counted by all processes of a service together, in memory that they
 * share.
 *
 * The table has a fixed size.  A client that is not in it takes the place of
 * one whose period is over, or of the one with the lowest counts among those
 * few that its place is chosen from (by a keyed hash, so nobody chooses whom
 * he displaces).  There are no locks: a process that dies leaves nothing
 * locked; counts that two processes make in the instant when a period ends may
 * be lost.  What a process that was taken over writes there can only make the
 * limits of its own service too wide or too narrow.
 *
 * Sessions are counted beside it, by each process for itself in places that
 * bear its pid: a count that must go down again is wrong for good when its
 * process dies, so master gives such places back.  Where there is no place
 * (more than 64 processes and clients at one spot of the hash), a process
 * counts alone.
 */
#ifndef FRONT_RATE_H
#define FRONT_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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

/* A place for the sessions that this process has of KEY; NULL: there is none.
 */
struct rate_place;
struct rate_place *rate_place_take(const uint8_t key[RATE_KEY_BYTES]);
/* They are N now, not 0.  P may be NULL. */
void rate_place_set(struct rate_place *p, uint32_t n);
/* There are none any more; accepts a pointer to NULL, leaves NULL. */
void rate_place_free(struct rate_place **p);
/* How many sessions other processes have of KEY. */
uint32_t rate_of_others(const uint8_t key[RATE_KEY_BYTES]);
/* For master: of the table FD only the places of processes stay that LIVE, be
 * they of one that has ended or of one that never was: what is written there
 * is not believed. */
int rate_keep(int fd, bool (*lives)(pid_t pid, const void *arg),
    const void *arg, struct err *err);

#endif
