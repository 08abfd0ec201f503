/* SPDX-License-Identifier: ISC */
/* What a mailbox is for (RFC 6154, RFC 8457). */
#ifndef IMAPD_PARSE_SPECIAL_H
#define IMAPD_PARSE_SPECIAL_H

struct parse;

enum { SPECIAL_UNKNOWN = 1 << 30 }; /* beside enum mailbox_special */

/* "\Sent": one of enum mailbox_special, or SPECIAL_UNKNOWN. */
unsigned special_parse(struct parse *p);

#endif
