/* SPDX-License-Identifier: ISC */
/* Rights on a mailbox (RFC 4314 2.1), as the letters that the protocol and
 * Dovecot's files have for them. */
#ifndef MAILDIR_RIGHTS_H
#define MAILDIR_RIGHTS_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

enum right {
	RIGHT_LOOKUP = 1 << 0,      /* l: it is there */
	RIGHT_READ = 1 << 1,        /* r */
	RIGHT_SEEN = 1 << 2,        /* s: set \Seen */
	RIGHT_WRITE = 1 << 3,       /* w: set other flags and keywords */
	RIGHT_INSERT = 1 << 4,      /* i */
	RIGHT_POST = 1 << 5,        /* p: nothing asks for it */
	RIGHT_CREATE = 1 << 6,      /* k: mailboxes below it */
	RIGHT_DELETE = 1 << 7,      /* x: the mailbox itself */
	RIGHT_SET_DELETED = 1 << 8, /* t: set \Deleted */
	RIGHT_EXPUNGE = 1 << 9,     /* e */
	RIGHT_ADMIN = 1 << 10,      /* a: see and change who may what */
	RIGHTS_ALL = (1 << 11) - 1,
	/* What its owner has whatever is written. */
	RIGHTS_OWNER = RIGHT_LOOKUP | RIGHT_ADMIN,
	RIGHTS_FLAGS = RIGHT_SEEN | RIGHT_WRITE | RIGHT_SET_DELETED,
};

/* Letters in any order; false: there is another one among them.  OLD: "c" and
 * "d" of RFC 2086 as well, which stand for kx and te (RFC 4314 2.1.1). */
bool rights_parse(struct slice letters, bool old, unsigned *rights);
/* OLD: "c" and "d" too, where one of their rights is there. */
void rights_put(struct buf *out, unsigned rights, bool old);
/* The word of one in Dovecot's files; 0: there is none such. */
unsigned rights_by_name(struct slice name);

#endif
