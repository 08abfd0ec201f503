/* SPDX-License-Identifier: ISC */
/* What commands have done, for the scripts that run because of it (events.h),
 * behind their answers. */
#ifndef IMAPD_SCRIPT_NOTE_H
#define IMAPD_SCRIPT_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct event;
struct mailbox;
struct session;

/* What a copy to TO, an APPEND or a STORE leads to (event.h); NULL: nothing. */
struct event *note_copy(
    const struct session *s, struct mailbox *from, struct mailbox *to);
struct event *note_append(const struct session *s, struct mailbox *to);
struct event *note_flags(const struct session *s);
void note_free(struct event **plan);
/* That has happened to UIDS. */
void note_done(const struct session *s, const struct event *plan,
    const uint32_t *uids, size_t n);

/* Flags of some messages in the selected mailbox, before and after they are
 * changed. */
struct note_flags {
	const struct event *plan; /* NULL: nobody wants to know */
	struct buf before;        /* a line for each message */
};
void note_flags_before(struct note_flags *f, const struct session *s,
    const uint32_t *uids, size_t n);
void note_flags_after(struct note_flags *f, const struct session *s,
    const uint32_t *uids, size_t n);

#endif
