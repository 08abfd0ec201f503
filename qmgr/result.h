/* SPDX-License-Identifier: ISC */
/* What an agent said of a recipient: logged, counted, and settled. */
#ifndef QMGR_RESULT_H
#define QMGR_RESULT_H

#include "ipc/role.h"
#include "qmgr/message.h"

void result_init(void);
/* R has its status, dsn, host and text from AGENT; TARGETS counts when it is
 * expanded.  May end the round and free the message. */
void result_apply(struct rcpt *r, enum role agent, struct slice targets);

#endif
