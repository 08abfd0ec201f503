/* SPDX-License-Identifier: ISC */
/* Who is dialled for a domain: those with the same MX hosts are one site, so
 * that qmgr's limits and its memory of failures are the hosts'. */
#ifndef LOOKUP_SITE_H
#define LOOKUP_SITE_H

#include "ipc/ipc.h"

struct buf;
struct mx_list;

enum { LOOKUP_SITE_MAX = 255 };

/* Send A, a LOOKUP_RELAY for mail of SENDER and LOGIN to DOMAIN, to PEER with
 * its site, which may take the DNS a few seconds; when it does not say it by
 * then, without. */
void lookup_site_send(struct ipc *peer, struct slice domain,
    struct slice sender, struct slice login, const struct msg_lookup_found *a);
/* PEER is gone. */
void lookup_site_on_gone(struct ipc *peer);
/* The resolver is about to close: who waits is answered without. */
void lookup_site_fail_open(void);

/* Add what LIST is, at PORT (0: the protocol's), of LOOKUP_SITE_MAX bytes. */
void lookup_site_add(
    const struct mx_list *list, uint16_t port, struct buf *out);

#endif
