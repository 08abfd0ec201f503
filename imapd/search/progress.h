/* SPDX-License-Identifier: ISC */
/* "* OK [INPROGRESS ("A1" 175 1000)]" for what takes long (RFC 9585),
 * so that the client and what is between do not give the connection up. */
#ifndef IMAPD_SEARCH_PROGRESS_H
#define IMAPD_SEARCH_PROGRESS_H

#include <stdint.h>

struct session;

struct progress {
	int64_t told_ms; /* by the clock that runs forward; 0: not begun */
};

/* DONE of the mailbox's messages were looked at: tell it when it is time. */
void progress_tell(struct progress *p, struct session *s, uint32_t done);

/* Nobody knows how long it will take, or there is nothing to be counted. */
void progress_wait(struct progress *p, struct session *s, const char *why);

#endif
