/* SPDX-License-Identifier: ISC */
/* Guests that master has let in, and sessions that go to their own account as
 * guests do to another's. */
#ifndef IMAPD_RELAY_VISIT_H
#define IMAPD_RELAY_VISIT_H

#include <stdbool.h>

#include "base/slice.h"

struct session;
struct user;

/* A session of GUEST, who is in GROUPS (a line for each), in USER's account, on
 * FD (taken). */
void visit_start(int fd, struct user *user, struct slice sid,
    struct slice address, struct slice guest, struct slice groups);

/* Another session of S's user, on FD (taken), for commands that S gives. */
void visit_self(int fd, const struct session *s);
/* Once: how line.c has one. */
void relay_to_self(void (*visit)(int fd, const struct session *s));

/* The configuration is read again: a guest who is in groups has to come anew,
 * for he may be in them no more. */
void visit_reload(void);

/* S is a guest's, and may not look any more into what he has selected, or be
 * here at all. */
bool visit_is_over(const struct session *s);

#endif
