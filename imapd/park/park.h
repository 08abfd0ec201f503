/* SPDX-License-Identifier: ISC */
/*
 * A session that idles is given to the process `parking` (lib/ipc/parking.def),
 * and comes back when its client moves or its account changes.  So nobody needs
 * a process of imapd to sleep.
 */
#ifndef IMAPD_PARK_PARK_H
#define IMAPD_PARK_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct parking;
struct session;
struct user;

/* S, which is in IDLE until then, is to be parked when it has been quiet for a
 * while; NULL: that is not wanted.  *BEAT_AT_MS: when its client is due a line.
 */
struct parking *park_start(
    struct session *s, int64_t ends_at_ms, const int64_t *beat_at_ms);
/* It is not quiet now.  P may be NULL. */
void park_again(struct parking *p);
/* Accepts a pointer to NULL. */
void park_stop(struct parking **p);
/* Is a session on its way out? */
bool park_busy(void);

/* The session that STATE describes goes on, as one of U, on FD (taken).  False,
 * and FD closed: it cannot. */
bool park_return(int fd, struct user *u, struct slice sid, struct slice state,
    uint32_t beat_ms, uint64_t left_ms);

/* A session came back as STATE that has no place here: its client is told so.
 */
void park_refuse(int fd, struct slice state);

#endif
