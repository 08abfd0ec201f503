/* SPDX-License-Identifier: ISC */
/* The pieces of a rendered ENVELOPE (mime/record.h) that sorting asks for,
 * taken where they stand: nothing is copied that need not be. */
#ifndef MAILSEARCH_ENVPARTS_H
#define MAILSEARCH_ENVPARTS_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

enum envpart {
	ENVPART_DATE,
	ENVPART_SUBJECT,
	ENVPART_FROM,
	ENVPART_SENDER,
	ENVPART_REPLY_TO,
	ENVPART_TO,
	ENVPART_CC,
	ENVPART_BCC,
	ENVPART_IN_REPLY_TO,
	ENVPART_MESSAGE_ID,
	ENVPARTS,
};

/* As they are rendered: nstrings, and lists of addresses. */
struct envparts {
	struct slice of[ENVPARTS];
};

/* The parts as far as LAST; those behind it are not looked at, and NIL. Borrows
 * from ENVELOPE; false, and all NIL, when it is none. */
bool envparts_split(
    struct slice envelope, enum envpart last, struct envparts *e);
/* The value of an nstring, empty for NIL; in TEXT, whose content is replaced,
 * where something had to be taken off. */
struct slice envparts_string(struct slice nstring, struct buf *text);

/* The first address of a list, or what a group begins with: nstrings. */
struct envaddress {
	struct slice name, mailbox, host;
};
/* False: there is none. */
bool envparts_first(struct slice list, struct envaddress *a);

#endif
