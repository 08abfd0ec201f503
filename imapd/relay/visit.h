/* SPDX-License-Identifier: ISC */
/* Guests that master has let in. */
#ifndef IMAPD_RELAY_VISIT_H
#define IMAPD_RELAY_VISIT_H

#include "base/slice.h"

struct user;

/* A session of GUEST in USER's account, on FD (taken). */
void visit_start(int fd, struct user *user, struct slice sid,
    struct slice address, struct slice guest);

#endif
