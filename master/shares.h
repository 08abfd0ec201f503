/* SPDX-License-Identifier: ISC */
/* What is configured of sharing. */
#ifndef MASTER_SHARES_H
#define MASTER_SHARES_H

#include <stdbool.h>

/* Does anybody share, and with other domains, too? */
bool shares_on(void);
bool shares_abroad(void);
/* Where it is written who does (shares/shares.h); NULL: nowhere. */
const char *shares_state(void);

#endif
