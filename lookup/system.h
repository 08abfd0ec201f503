/* SPDX-License-Identifier: ISC */
/*
 * The users of this host.  A process of its own, which sees /etc and nothing
 * else, reads them and tells this daemon whenever the password file changes;
 * the daemon itself cannot look there.
 */
#ifndef LOOKUP_SYSTEM_H
#define LOOKUP_SYSTEM_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* Before the sandbox is entered: read the users and start the reader.  CONFINE
 * shuts the reader in with the directory DIR. */
int lookup_system_start(
    int (*confine)(int dir, struct err *err), struct err *err);
/* The uid of NAME; 0 when no user of that name may have mail. */
uint32_t lookup_system_find(struct slice name);
/* How often the reader has told the whole list. */
unsigned lookup_system_lists(void);
/* The reader ends, the users are forgotten. */
void lookup_system_stop(void);

#endif
