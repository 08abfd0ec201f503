/* SPDX-License-Identifier: ISC */
/*
 * What is this address?  The questions that are asked, in this order, until
 * one has an answer:
 *
 *   addresses of SRS in srs_domain, by their looks: keys
 *   transports  the address, its domain
 *   local domain, with and without what stands behind the delimiter:
 *       aliases     name@domain
 *       accounts    name@domain
 *       aliases     name
 *       users of this host
 *     then  aliases @domain, and for postmaster his mailbox
 *   other domain:  transports .parent ..., *; else its MX hosts
 */
#ifndef LOOKUP_RESOLVE_H
#define LOOKUP_RESOLVE_H

#include "base/err.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"

/* Once, when the sandbox has been entered. */
int lookup_resolve_start(int tables_dir, struct err *err);
/* Can the tables be opened, and those that are there be read?  Nothing of it
 * stays. */
int lookup_resolve_try(int tables_dir, struct err *err);
/* lookup_conf is new: open the tables it names. */
int lookup_resolve_configure(struct err *err);
void lookup_resolve_stop(void);

/* What ADDRESS is, as somebody here wants to know it for PEER: an alias with
 * its targets, wherever they lead.  THEN runs once, perhaps from inside, unless
 * PEER goes. */
void lookup_resolve(struct ipc *peer, struct slice address,
    void (*then)(void *arg, const struct msg_lookup_found *a), void *arg);

/* Handler of lookup_address. */
void lookup_on_address(struct ipc *peer, struct msg *m);
/* PEER is gone: nobody waits for its answers. */
void lookup_on_gone(struct ipc *peer);

#endif
