/* SPDX-License-Identifier: ISC */
/* Removing messages with \Deleted: EXPUNGE, UID EXPUNGE, CLOSE. */
#ifndef IMAPD_EXPUNGE_H
#define IMAPD_EXPUNGE_H

#include "base/err.h"

struct session;

/* Of all messages that the client knows of. */
int imapd_expunge_all(struct session *s, struct err *err);

#endif
