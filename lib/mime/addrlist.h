/* SPDX-License-Identifier: ISC */
/*
 * Address lists (RFC 5322 3.4, obsolete forms of 4.4 too) cut into the pieces
 * that IMAP's ENVELOPE wants (RFC 3501 7.4.2).
 *
 * Whatever stands there, something is made of it: words without a host are a
 * mailbox with an empty host, an unclosed quote or comment ends with the
 * text.  Linear time; the list is as long as MAX says and no longer.
 */
#ifndef MIME_ADDRLIST_H
#define MIME_ADDRLIST_H

#include <stddef.h>

#include "base/slice.h"

struct arena;

enum addrlist_kind {
	ADDRLIST_MAILBOX,
	ADDRLIST_GROUP, /* a group begins; its name is in `mailbox` */
	ADDRLIST_GROUP_END,
};

/* Quotes, backslashes, comments and folding are taken off.  p == NULL where
 * something is absent; present and empty is p != NULL, n == 0.  A mailbox
 * always has `mailbox` and `host`, empty when missing. */
struct addrlist_item {
	struct addrlist_item *next;
	enum addrlist_kind kind;
	struct slice
	    name; /* display name (also behind the address, where none is before
		     it), else the last comment; raw RFC 2047 */
	struct slice route; /* "@a,@b": obsolete source route */
	struct slice mailbox;
	struct slice host;
	/* From the first byte of the local part to the last of the domain as
	 * they stand in VALUE (borrowed), comments and blanks between them too;
	 * n == 0 where what stands there is no addr-spec (RFC 5322 3.4.1, 4.4).
	 */
	struct slice spec;
};

/* The list in VALUE (folded or not), at most MAX entries, in A; NULL when
 * there is none.  A group that MAX cut open is closed by one more entry. */
struct addrlist_item *addrlist_parse(
    struct arena *a, struct slice value, size_t max);

#endif
