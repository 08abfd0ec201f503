/* SPDX-License-Identifier: ISC */
/* Another process builds the account's index: a command waits for it. */
#ifndef IMAPD_CONN_AWAIT_H
#define IMAPD_CONN_AWAIT_H

#include <stdbool.h>

struct session;

/* Does the command of S have to wait?  Then it does, as a job that tells the
 * client from time to time that it is still there (RFC 9585), and THEN takes it
 * up again from its text; at the latest after a minute, so that it is refused
 * where the other process does not come to an end. */
bool await_index(struct session *s, void (*then)(struct session *s));

#endif
