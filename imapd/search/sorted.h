/* SPDX-License-Identifier: ISC */
/*
 * Orders of whole mailboxes that SORT has made, for the next one: a page of a
 * list is asked for with the same SORT again and again.  What order messages
 * have among themselves changes with none of their flags, so that an order
 * holds for any criteria until a message comes, goes, or turns out to have
 * another size.  A few of them in a process, 4 bytes for each message.
 */
#ifndef IMAPD_SEARCH_SORTED_H
#define IMAPD_SEARCH_SORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imapd/search/sortkey.h"
#include "store/mailbox.h"

struct session;

/* Of which messages, and by what. */
struct sorted_key {
	struct sort_program by;
	struct mailbox_status of;
	const char *home; /* of the account; borrowed */
};

struct sorted {
	struct sorted_key key;
	char *home;
	uint32_t *uids;
	size_t n;
	unsigned refs;
};

/* What S has selected, as it is now, by BY; false: nothing is kept of it. */
bool sorted_key(struct sorted_key *k, const struct session *s,
    const struct sort_program *by);
/* Are all messages of that in S's view, and none beside them? */
bool sorted_is_whole(const struct sorted_key *k, const struct session *s);
/* The order that K asks for, counted; NULL: none is kept. */
struct sorted *sorted_find(const struct sorted_key *k);
void sorted_release(struct sorted **s);
/* Keep the order of UIDS, which it takes, unless S's mailbox is not that of K
 * any more. */
void sorted_keep(const struct sorted_key *k, const struct session *s,
    uint32_t **uids, size_t n);

#endif
