/* SPDX-License-Identifier: ISC */
/* The METADATA response (RFC 5464 4.4). */
#ifndef IMAPD_METADATA_ANSWER_H
#define IMAPD_METADATA_ANSWER_H

#include <stdint.h>

#include "base/err.h"

struct mailbox;
struct metadata_query;
struct session;

/* "* METADATA mailbox (entry value ...)" CRLF with what Q asks of M (NULL: the
 * server), or nothing where there is nothing.  *LONGEST becomes the size of the
 * largest value that is longer than Q wants, if it is larger. */
int answer_metadata(struct session *s, struct mailbox *m,
    const struct metadata_query *q, uint64_t *longest, struct err *err);

#endif
