/* SPDX-License-Identifier: ISC */
/* Special uses of mailboxes (RFC 6154), which stand in the mailbox's own file
 * and so survive a rename, and the mailboxes that every account has for them:
 * shown from the start and made on disk when first used. */
#ifndef MAILDIR_SPECIAL_H
#define MAILDIR_SPECIAL_H

#include "base/slice.h"

enum mailbox_special {
	MAILBOX_DRAFTS = 1 << 0,
	MAILBOX_SENT = 1 << 1,
	MAILBOX_JUNK = 1 << 2,
	MAILBOX_TRASH = 1 << 3,
	MAILBOX_ARCHIVE = 1 << 4,
	MAILBOX_FLAGGED = 1 << 5,
	MAILBOX_IMPORTANT = 1 << 6,
};

enum { SPECIAL_BOXES = 5 };
struct special_box {
	const char *name;
	unsigned special;
};
extern const struct special_box special_boxes[SPECIAL_BOXES];
/* The special use that goes with NAME, 0 for one that is none of them. */
unsigned special_of(struct slice name);

#endif
