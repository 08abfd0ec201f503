/* SPDX-License-Identifier: ISC */
#ifndef CTL_CHECK_LACKING_H
#define CTL_CHECK_LACKING_H

#include <stdbool.h>

struct instance;

/* Whether master.conf is older than the daemon parking: imapd would park idle
 * sessions, and there is no such service.  False if the files do not load. */
bool lacking_parking(const struct instance *in);

#endif
