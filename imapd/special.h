/* SPDX-License-Identifier: ISC */
/* What a mailbox is for (RFC 6154, RFC 8457). */
#ifndef IMAPD_SPECIAL_H
#define IMAPD_SPECIAL_H

struct buf;
struct parse;

/* "\Sent": one of enum mailbox_special; P fails for others. */
unsigned special_parse(struct parse *p);
/* " \Sent" for each bit of SPECIAL. */
void special_put(struct buf *out, unsigned special);

#endif
