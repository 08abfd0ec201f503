/* SPDX-License-Identifier: ISC */
/* What STATUS tells of a mailbox (RFC 9051 6.3.11; SIZE: RFC 8438). */
#ifndef IMAPD_CMD_STATUSITEMS_H
#define IMAPD_CMD_STATUSITEMS_H

#include "base/err.h"
#include "base/slice.h"

struct mailbox;
struct parse;
struct session;

/* "(" status-att *(SP status-att) ")": a set of bits. */
unsigned status_items_parse(struct parse *p);
/* The client asked for them, which may imply CONDSTORE. */
void status_items_enable(struct session *s, unsigned items);
/* "* STATUS name (...)" CRLF.  1: nothing was written, what lies in the
 * directories is taken in first: call again. */
int status_items_put(
    struct session *s, struct mailbox *m, unsigned items, struct err *err);

#endif
