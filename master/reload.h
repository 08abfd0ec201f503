/* SPDX-License-Identifier: ISC */
#ifndef MASTER_RELOAD_H
#define MASTER_RELOAD_H

#include "base/buf.h"

/* Take up the configuration as it stands in the files now; -1 with a line for
 * each mistake in WHY, and everything goes on as it was. */
int master_reload(struct buf *why);

#endif
