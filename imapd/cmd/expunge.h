/* SPDX-License-Identifier: ISC */
/* Removing the messages that carry \Deleted, for EXPUNGE and CLOSE. */
#ifndef IMAPD_CMD_EXPUNGE_H
#define IMAPD_CMD_EXPUNGE_H

#include "base/err.h"

struct session;

/* All of the selected mailbox, as a job of S that ends with DONE, which answers
 * (RC -1: why stands in ERR, and some may be there still). */
void imapd_expunge_all(struct session *s,
    void (*done)(struct session *s, int rc, const struct err *err));

#endif
