/* SPDX-License-Identifier: ISC */
/* Where the time of a recipient went, by stages as Postfix's delays=a/b/c/d.
 * Together they are its message's age. */
#ifndef QMGR_RUN_DELAYS_H
#define QMGR_RUN_DELAYS_H

#include <stdint.h>

#include "ipc/role.h"

struct rcpt;

struct delays {
	int64_t before_ms;  /* until this attempt: received, waited to retry */
	int64_t queue_ms;   /* until an agent had it */
	int64_t connect_ms; /* until the agent could begin to send */
	int64_t send_ms;    /* until the result */
	int64_t all_ms;
};

void delays_init(void);
/* Of R, whose result has just come. */
struct delays delays_of(const struct rcpt *r);
/* For pabal metrics. */
void delays_count(const struct delays *d, enum role agent);

#endif
