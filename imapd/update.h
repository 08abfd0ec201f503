/* SPDX-License-Identifier: ISC */
/* Telling a client what changed in its mailbox. */
#ifndef IMAPD_UPDATE_H
#define IMAPD_UPDATE_H

#include <stdbool.h>

struct message_info;
struct session;

/* Look at the mailbox and write what happened: EXPUNGE (only if EXPUNGES, RFC
 * 9051 7.5.1), EXISTS, RECENT, FLAGS, FETCH.  A mailbox that is gone ends the
 * session with BYE. */
void imapd_update(struct session *s, bool expunges);

/* "* FLAGS (...)" and "* OK [PERMANENTFLAGS (...)]" */
void imapd_put_flags(struct session *s);
/* "FLAGS (...)" of a message for a FETCH answer. */
void imapd_put_message_flags(
    struct session *s, const struct message_info *info);

#endif
