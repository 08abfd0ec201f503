/* SPDX-License-Identifier: ISC */
/* Which recipients of a job are in a transaction, by what we and the host take
 * in one (RFC 5321 4.5.3.1.8, RFC 9422). */
#ifndef SMTP_SESSION_CHOICE_H
#define SMTP_SESSION_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "smtp/rcpt.h"

struct smtp_job;
struct smtp_session;

/* The first recipient from I on that is in STATE; nrcpts when none is. */
size_t smtp_choice_next(
    const struct smtp_job *job, size_t i, enum smtp_rcpt_state state);
/* Choose who is in this transaction; the rest waits for the next one.  What a
 * transaction that was cut off has left counts as open. */
void smtp_choice_make(struct smtp_session *s);
/* How many are in it. */
size_t smtp_choice_count(const struct smtp_job *job);
/* Some are left that this host takes in another transaction?  There is an end
 * to that: whoever was in one of which nobody was accepted has a result. */
bool smtp_choice_has_more(const struct smtp_session *s);
/* Has the session had as many transactions as the host takes (RFC 9422)?
 * Domains are counted for the session, so that one that has a limit of them
 * has one transaction. */
bool smtp_choice_is_used_up(const struct smtp_session *s);
/* Those who would be tried again, but not in this session. */
void smtp_choice_leave_rest(struct smtp_job *job);

#endif
