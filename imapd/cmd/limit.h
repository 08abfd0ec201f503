/* SPDX-License-Identifier: ISC */
/* How many messages one command may be about (RFC 9738). */
#ifndef IMAPD_CMD_LIMIT_H
#define IMAPD_CMD_LIMIT_H

#include <stdint.h>

struct session;

/* MESSAGELIMIT; 0: none. */
uint32_t imapd_limit(void);
/* OK TEXT; LOWEST (not 0): it was done for the last messages only, from this
 * UID on. */
void imapd_ok_limited(struct session *s, uint32_t lowest, const char *text);
/* The same in an untagged line, where the answer has another code. */
void imapd_tell_limited(struct session *s, uint32_t lowest);
/* NO: it would have to be done for more of them. */
void imapd_refuse_limited(struct session *s);

#endif
