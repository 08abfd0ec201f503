/* SPDX-License-Identifier: ISC */
/* Telling a client what changed in its mailbox. */
#ifndef IMAPD_SELECTED_UPDATE_H
#define IMAPD_SELECTED_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

struct message_info;
struct session;

enum updated {
	UPDATED,
	UPDATE_MORE, /* there is more to be told: call again */
	UPDATE_GONE, /* so is the mailbox: the session has to end (RFC 2180 3.3)
		      */
};

/* Look at the mailbox and write what happened, a step of it: EXPUNGE or
 * VANISHED (only if EXPUNGES, RFC 9051 7.5.1, RFC 7162 3.2.10), EXISTS, RECENT,
 * FLAGS, FETCH. */
enum updated imapd_update(struct session *s, bool expunges);
/* The text behind BYE of one that is gone. */
#define IMAPD_DELETED "the selected mailbox was deleted"

/* "* FLAGS (...)" and "* OK [PERMANENTFLAGS (...)]" */
void imapd_put_flags(struct session *s);
/* The same when the client does not know them, so before each FETCH that may
 * name a keyword. */
void imapd_tell_keywords(struct session *s);
/* "FLAGS (...)" of a message for a FETCH answer. */
void imapd_put_message_flags(
    struct session *s, const struct message_info *info);

/* "* SEQ FETCH (UID uid FLAGS (...) MODSEQ (n))" of a message whose flags
 * changed, as far as the client is to be told: UID also where the command is no
 * UID command. */
void imapd_put_changed(struct session *s, uint32_t seq,
    const struct message_info *info, bool uid, bool flags);

#endif
