/* SPDX-License-Identifier: ISC */
/* The users of this host, read once while the daemon may still look at the
 * password file. */
#ifndef LOOKUP_SYSTEM_H
#define LOOKUP_SYSTEM_H

#include <stdint.h>

#include "base/slice.h"

/* Before the doors close. */
void lookup_system_read(void);
/* The uid of NAME; 0 when no user of that name may have mail. */
uint32_t lookup_system_find(struct slice name);

#endif
