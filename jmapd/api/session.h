/* SPDX-License-Identifier: ISC */
/* The Session object (RFC 8620 2): what a client can do here, and where. */
#ifndef JMAPD_API_SESSION_H
#define JMAPD_API_SESSION_H

#include "base/slice.h"

struct jmapd_request;

struct jsonw;

/* The id of the account, and "accountId": it. */
struct slice session_account_id(void);
void session_put_account(struct jsonw *w);

/* Answer R with it. */
void session_say(struct jmapd_request *r);

enum { SESSION_STATE_SIZE = 17 };
/* It changes with what the object says. */
void session_state(char state[SESSION_STATE_SIZE]);

#endif
