/* SPDX-License-Identifier: ISC */
/* Guests that master has let in. */
#ifndef IMAPD_RELAY_VISIT_H
#define IMAPD_RELAY_VISIT_H

#include <stdbool.h>

#include "base/slice.h"

struct session;
struct user;

/* A session of GUEST in USER's account, on FD (taken). */
void visit_start(int fd, struct user *user, struct slice sid,
    struct slice address, struct slice guest);

/* S is a guest's, and may not look any more into what he has selected, or be
 * here at all. */
bool visit_is_over(const struct session *s);

#endif
