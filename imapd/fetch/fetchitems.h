/* SPDX-License-Identifier: ISC */
/* The items of FETCH that are no part of the text (RFC 9051 7.5.2), one line of
 * a table each. */
#ifndef IMAPD_FETCH_FETCHITEMS_H
#define IMAPD_FETCH_FETCHITEMS_H

#include <stdbool.h>

struct mailread;
struct session;

/* What of a message must be ready before its items can be written. */
enum fetch_needs {
	FETCH_NEEDS_INFO = 0,
	FETCH_NEEDS_RECORD = 1 << 0,
	FETCH_NEEDS_TREE = 1 << 1,
	FETCH_NEEDS_THREAD = 1 << 2,
	FETCH_NEEDS_PREVIEW = 1 << 3,
};

/* For ITEMS, a sum of enum fetch_item: a sum of these. */
unsigned imapd_fetch_needs(unsigned items);
/* Write them, with blanks between; false: there was none. */
bool imapd_put_fetch_items(
    struct session *s, const struct mailread *m, unsigned items);

#endif
