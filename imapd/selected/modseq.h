/* SPDX-License-Identifier: ISC */
/* What a session writes depends on what its client has turned on (RFC 7162,
 * RFC 9586): numbers or UIDs, mod-sequences, EXPUNGE or VANISHED. */
#ifndef IMAPD_SELECTED_MODSEQ_H
#define IMAPD_SELECTED_MODSEQ_H

#include <stdbool.h>
#include <stdint.h>

struct message_info;
struct session;

/* Turn WHAT on (enum enabled), by ENABLE or because a command implies it.  The
 * first that is about mod-sequences tells the mailbox's (RFC 7162 3.1). */
void imapd_enable(struct session *s, unsigned what);
/* HIGHESTMODSEQ of the selected mailbox, as the client was told of it. */
uint64_t imapd_highest(const struct session *s);

/* Does an answer of FETCH carry mod-sequences where flags are told? */
bool imapd_tells_modseq(const struct session *s);
/* Are messages that are gone told by VANISHED? */
bool imapd_tells_vanished(const struct session *s);
/* "* SEQ FETCH (" or, with UIDONLY, "* UID UIDFETCH (". */
void imapd_begin_fetch(struct session *s, uint32_t seq, uint32_t uid);
void imapd_put_modseq(struct session *s, const struct message_info *info);

#endif
