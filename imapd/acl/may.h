/* SPDX-License-Identifier: ISC */
/*
 * What a session's user may with mailboxes (RFC 4314 4; rights as in
 * maildir/rights.h).  Looked up for each command, so that a change counts from
 * then on.  Who may not see that a mailbox is there is told that it is not.
 */
#ifndef IMAPD_ACL_MAY_H
#define IMAPD_ACL_MAY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct mailbox;
struct session;

int may_rights(const struct session *s, struct mailbox *m, unsigned *rights,
    struct err *err);
/* All of NEED with M?  -1: ERR_PERM with ERR_DENIED, or with ERR_NOT_FOUND
 * where M is not for him to see; or ERR_TEMP. */
int may(
    const struct session *s, struct mailbox *m, unsigned need, struct err *err);
/* The same with the mailbox NAME; 0 where there is none. */
int may_by_name(
    const struct session *s, struct slice name, unsigned need, struct err *err);
/* May he make the mailbox NAME?  That is for who has it with the next one above
 * it that is there, and for the owner where there is none. */
int may_create(const struct session *s, struct slice name, struct err *err);
/* As may, where the command under way needs something of the selected mailbox.
 */
int may_command(const struct session *s, struct err *err);

/* The flags that RIGHTS are enough to change. */
struct may_flags {
	unsigned flags; /* enum message_flag */
	bool keywords;
};
struct may_flags may_flags(unsigned rights);
/* With the selected mailbox; none where that cannot be found out. */
struct may_flags may_selected_flags(const struct session *s);

#endif
