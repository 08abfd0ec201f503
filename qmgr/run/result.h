/* SPDX-License-Identifier: ISC */
/* What an agent said of a recipient: logged, counted, and settled. */
#ifndef QMGR_RUN_RESULT_H
#define QMGR_RUN_RESULT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/slice.h"
#include "ipc/role.h"
#include "qmgr/queue/rcpt.h"

void result_init(void);
/* May AGENT's process of UID say that R stands for others?  Only a system
 * user's local (his .forward), and pipe of a list that it was asked to read. */
bool result_may_expand(const struct rcpt *r, enum role agent, uid_t uid);
/* R has its status, dsn, host and text from AGENT's process of UID; TARGETS
 * counts when it is expanded.  May end the round and free the message. */
void result_apply(
    struct rcpt *r, enum role agent, uid_t uid, struct slice targets);

#endif
