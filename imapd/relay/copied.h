/* SPDX-License-Identifier: ISC */
/* What a COPY from another account has put into a mailbox so far, in a session
 * that the other end's imapd has here (transfer.h).  It comes as several APPEND
 * commands between XCOPY BEGIN and XCOPY KEEP; with XCOPY UNDO, and when the
 * session ends before either, it is removed. */
#ifndef IMAPD_RELAY_COPIED_H
#define IMAPD_RELAY_COPIED_H

#include <stdbool.h>
#include <stdint.h>

struct mailbox;
struct session;

/* UID was put into M, by S.  False: to stay, it is no part of a COPY. */
bool copied_add(struct session *s, struct mailbox *m, uint32_t uid);
/* Of S, which nobody holds any more, something has to be removed first: it is
 * to be held until RELEASE is called. */
bool copied_end(struct session *s, void (*release)(struct session *s));

#endif
