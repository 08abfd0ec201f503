/* SPDX-License-Identifier: ISC */
/* What STATUS tells of a mailbox (RFC 9051 6.3.11; SIZE: RFC 8438). */
#ifndef IMAPD_CMD_STATUSITEMS_H
#define IMAPD_CMD_STATUSITEMS_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct mailbox;
struct parse;
struct session;

/* "(" status-att *(SP status-att) ")": a set of bits. */
unsigned status_items_parse(struct parse *p);
/* The client asked for them, which may imply CONDSTORE. */
void status_items_enable(struct session *s, unsigned items);
/* What the messages of a mailbox that are \Deleted come to, as far as they were
 * looked at; zeroed before the first call for a mailbox. */
struct status_sum {
	uint32_t from; /* the UID to go on with */
	uint64_t bytes;
};

/* "* STATUS name (...)" CRLF.  1: nothing was written, what lies in the
 * directories is taken in, or what SUM says is looked at, first: call again. */
int status_items_put(struct session *s, struct mailbox *m, unsigned items,
    struct status_sum *sum, struct err *err);

#endif
