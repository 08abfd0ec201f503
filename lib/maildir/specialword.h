/* SPDX-License-Identifier: ISC */
/* Special uses of mailboxes as IMAP writes them (RFC 6154, RFC 8457). */
#ifndef MAILDIR_SPECIALWORD_H
#define MAILDIR_SPECIALWORD_H

struct buf;

enum { SPECIALWORDS = 7 };
struct specialword {
	const char *word; /* "\Sent" */
	unsigned special; /* enum mailbox_special */
};
extern const struct specialword specialword_all[SPECIALWORDS];
/* " \Sent" for each bit of SPECIAL. */
void specialword_put(struct buf *out, unsigned special);

#endif
